"""The figures that the Ufficio di Piano knows, from a file: a line for each beneficiary."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Final

from capofila.base.errori import DatiNonValidi
from capofila.hooks.campi import Rifiuto, leggi_importo

DIMENSIONE_MASSIMA: Final = 1_000_000
"""Bytes of a file of figures."""


def leggi_dati(contenuto: bytes) -> dict[str, dict[str, Decimal]]:
    """The figures of a CSV, by code of the quantity and then of the beneficiary.

    The first column is the code of the beneficiary, each other one a quantity, called by its code;
    an empty cell is a figure that is not given.

    Raises:
        DatiNonValidi: it is too large, or cannot be read; the message says the line.
    """
    if len(contenuto) > DIMENSIONE_MASSIMA:
        raise DatiNonValidi("Il file delle cifre supera un megabyte.")
    try:
        testo = contenuto.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DatiNonValidi("Il file delle cifre non è in UTF-8: salvalo di nuovo così.") from None
    prima = testo.partition("\n")[0]
    righe = csv.reader(io.StringIO(testo), delimiter=";" if ";" in prima else ",", strict=True)
    valori: dict[str, dict[str, Decimal]] = {}
    try:
        testata = [nome.strip() for nome in next(righe, [])]
        if len(testata) < 2 or len({*testata}) < len(testata):
            raise DatiNonValidi(
                "La prima riga ha il codice del beneficiario e poi le grandezze, ognuna una volta."
            )
        for riga in righe:
            if not any(cella.strip() for cella in riga):
                continue
            if len(riga) != len(testata):
                raise DatiNonValidi(f"Riga {righe.line_num}: le celle non sono {len(testata)}.")
            chi = riga[0].strip()
            for nome, cella in zip(testata[1:], riga[1:], strict=True):
                cifra = leggi_importo(cella)
                if isinstance(cifra, Rifiuto):
                    raise DatiNonValidi(f"Riga {righe.line_num}, {nome}: {cifra.messaggio}.")
                if chi in valori.get(nome, {}):
                    raise DatiNonValidi(f"Riga {righe.line_num}: «{chi[:40]}» c’è già.")
                if cifra is not None:
                    valori.setdefault(nome, {})[chi] = Decimal(cifra)
    except csv.Error:
        raise DatiNonValidi(f"Riga {righe.line_num}: non è un CSV.") from None
    return valori
