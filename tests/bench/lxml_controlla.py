"""The plain check of a file: lxml parses it and, given a schema, validates it.

Prints the seconds of the one and of the other.

    python -m tests.bench.lxml_controlla FILE [SCHEMA]
"""

from __future__ import annotations

import sys
import time

from lxml import etree


def main(file: str, schema: str | None = None) -> None:
    controllo = None if schema is None else etree.XMLSchema(etree.parse(schema))
    inizio = time.perf_counter()
    # A text node may be long, and the tree of a million records is deep in nothing but siblings.
    albero = etree.parse(file, etree.XMLParser(huge_tree=True))
    letto = time.perf_counter()
    if controllo is not None and not controllo.validate(albero):
        raise SystemExit(f"not valid: {controllo.error_log[0].message}")
    print(letto - inizio, time.perf_counter() - letto)


if __name__ == "__main__":
    main(*sys.argv[1:])
