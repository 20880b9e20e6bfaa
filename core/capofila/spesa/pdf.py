"""The tables of the analysis as a PDF that a screen reader can read (PDF/UA-1).

Typst makes it, in this process: one wheel, with its letters, and no library of the system. The
texts go in as data, so nothing that somebody wrote is ever run as markup.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib.resources import files

import msgspec

from capofila.spesa.scarichi import Documento


def pdf_di(documento: Documento, scrivi: Callable[[Decimal | int | None, str], str]) -> bytes:
    """The document on A4 paper; `scrivi` says how a figure of a kind is written."""
    # Some 80 MB: it is loaded when somebody wants a PDF.
    import typst

    dati = {
        "titolo": documento.titolo,
        "sottotitolo": documento.sottotitolo,
        "note": list(documento.note),
        "tavole": [
            {
                "titolo": tavola.titolo,
                "testa": tavola.testa,
                "colonne": [colonna.titolo for colonna in tavola.colonne],
                "righe": [
                    [riga.nome]
                    + [
                        scrivi(valore, colonna.tipo)
                        for colonna, valore in zip(tavola.colonne, riga.valori, strict=True)
                    ]
                    for riga in tavola.righe
                ],
                "nota": tavola.nota,
            }
            for tavola in documento.tavole
            if tavola.righe
        ],
    }
    modello = (files(__package__) / "pdf.typ").read_bytes()
    return bytes(
        typst.compile(
            modello,
            format="pdf",
            pdf_standards="ua-1",
            ignore_system_fonts=True,
            sys_inputs={"dati": msgspec.json.encode(dati).decode()},
        )
    )
