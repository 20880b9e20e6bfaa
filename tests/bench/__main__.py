"""`make bench`: every figure against a plain way of doing the same, in the same run.

Machines are noisy: what counts is the ratio. Rows are invented (capofila.dimostrazione), the
services are the embedded ones in a folder of their own, the worker and the web are the real ones.

    python -m tests.bench [--righe 100000 1000000] [--solo export import pagina regole rls spesa analisi confronto compartecipazione]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SENZA_SERVIZI = ("compartecipazione",)
CON_SERVIZI = (
    "import",
    "export",
    "regole",
    "rls",
    "pagina",
    "pdnd",
    "spesa",
    "analisi",
    "confronto",
)
FIGURE: list[dict[str, Any]] = []


def figura(nome: str, valore: float, chiesto: str, vero: bool, **altro: Any) -> None:
    """Print one figure with what is asked of it."""
    FIGURE.append(
        {"figura": nome, "valore": round(valore, 3), "chiesto": chiesto, "raggiunta": vero, **altro}
    )
    segno = "✓" if vero else "✗"
    dettagli = "  ".join(f"{n}={v}" for n, v in altro.items())
    print(f"{segno} {nome}: {valore:.2f} (chiesto {chiesto})  {dettagli}", flush=True)


@contextlib.contextmanager
def installazione() -> Iterator[Path]:
    """A fresh installation of its own."""
    cartella = Path(tempfile.mkdtemp(prefix="capofila-bench-"))
    os.environ["CAPOFILA_DATA"] = str(cartella)
    os.environ["CAPOFILA_CARICO_MASSIMO_MB"] = "400"
    try:
        yield cartella
    finally:
        shutil.rmtree(cartella, ignore_errors=True)


def _con_i_servizi(solo: list[str], quante: list[int], grafico: Path | None) -> None:
    from capofila import locale
    from tests.bench import confronto, misure, pdnd, spesa

    with installazione(), locale.servizi(propri=True):
        comuni = asyncio.run(misure.prepara())
        file = (
            b""
            if {*solo} <= {"pdnd", "spesa", "analisi", "confronto", *SENZA_SERVIZI}
            else misure.genera(comuni, 100_000, "a")
        )
        if "import" in solo:
            asyncio.run(misure.importa(file, figura))
        elif file:
            asyncio.run(misure.carica([file]))
        if "rls" in solo:
            asyncio.run(misure.rls(figura))
        if "pagina" in solo:
            misure.pagina(figura)
        spesa.tutto(figura, comuni, solo)
        if "confronto" in solo:
            confronto.tutto(figura, comuni, grafico)
        if "pdnd" in solo:
            pdnd.flussi(max(quante), figura)
        if {"export", "regole"} & {*solo}:
            for righe in sorted(quante):
                asyncio.run(misure.riempi(comuni, righe))
                if "regole" in solo:
                    misure.regole(righe, figura)
                if "export" in solo:
                    misure.esporta(righe, figura)


def main() -> None:
    """Run the figures."""
    argomenti = argparse.ArgumentParser()
    argomenti.add_argument("--righe", type=int, nargs="+", default=[100_000, 1_000_000])
    argomenti.add_argument(
        "--solo",
        nargs="+",
        default=[*SENZA_SERVIZI, *CON_SERVIZI],
    )
    argomenti.add_argument(
        "--grafico", type=Path, help="where the chart of the comparison's growth is written (SVG)"
    )
    scelte = argomenti.parse_args()

    from tests.bench import compartecipazione

    compartecipazione.tutto(figura, scelte.solo)
    if {*scelte.solo} & {*CON_SERVIZI}:
        _con_i_servizi(scelte.solo, scelte.righe, scelte.grafico)
    print(json.dumps(FIGURE, ensure_ascii=False, indent=1))
    mancate = [f["figura"] for f in FIGURE if not f["raggiunta"]]
    print(f"{len(FIGURE) - len(mancate)} figure raggiunte su {len(FIGURE)}.", file=sys.stderr)


if __name__ == "__main__":
    main()
