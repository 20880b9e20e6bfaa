"""Documents on paper, as PDF that a screen reader can read (PDF/UA-1).

Typst makes them, in this process: one wheel, with its letters, and no library of the system. The
texts go in as data, so nothing that somebody wrote is ever run as markup.
"""

from __future__ import annotations

from typing import Any

import msgspec


def componi(modello: bytes, dati: dict[str, Any]) -> bytes:
    """A document.

    Args:
        modello: a Typst source, which reads ``sys.inputs.dati``.
        dati: what it shows.
    """
    # Some 80 MB: it is loaded when somebody wants a PDF.
    import typst

    return bytes(
        typst.compile(
            modello,
            format="pdf",
            pdf_standards="ua-1",
            ignore_system_fonts=True,
            sys_inputs={"dati": msgspec.json.encode(dati).decode()},
        )
    )
