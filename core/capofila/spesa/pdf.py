"""The tables of the analysis as a PDF that a screen reader can read (PDF/UA-1).

How it is made: :mod:`capofila.web.carta`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib.resources import files

from capofila.spesa.scarichi import Documento
from capofila.web.carta import componi


def pdf_di(documento: Documento, scrivi: Callable[[Decimal | int | None, str], str]) -> bytes:
    """The document on A4 paper; `scrivi` says how a figure of a kind is written."""
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
    return componi((files(__package__) / "pdf.typ").read_bytes(), dati)
