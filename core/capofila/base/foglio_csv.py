"""A small CSV that somebody uploads: decoded, split into rows, its columns found, or refused in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence


class CsvNonLeggibile(Exception):
    """A file of which no row can be read: a code, and what to do."""

    def __init__(self, codice: str, messaggio: str) -> None:
        self.codice, self.messaggio = codice, messaggio
        super().__init__(codice)


def leggi_righe(
    contenuto: bytes, obbligatorie: Sequence[str], *, byte: int, righe: int
) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, lower case, and the rows below them.

    Args:
        contenuto: UTF-8, by semicolons or commas.
        obbligatorie: columns that have to be there.
        byte: the most that is read; `righe` likewise.

    Raises:
        CsvNonLeggibile: it is too long, no text, not UTF-8, broken, or lacks a column.
    """
    if len(contenuto) > byte:
        raise CsvNonLeggibile(
            "troppo_grande", f"Il file è troppo grande: al massimo {byte // 1024} KiB."
        )
    try:
        testo = contenuto.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CsvNonLeggibile(
            "csv_non_utf8", "Il file non è in UTF-8: salvalo come «CSV UTF-8»."
        ) from None
    if "\0" in testo:
        raise CsvNonLeggibile("file_non_testo", "Il file non è un testo: serve un CSV.")
    separatore = ";" if testo.partition("\n")[0].count(";") else ","
    try:
        lette = [*csv.reader(io.StringIO(testo, newline=""), delimiter=separatore, strict=True)]
    except csv.Error:
        raise CsvNonLeggibile(
            "csv_rotto", "Le virgolette del file non si chiudono: salvalo di nuovo."
        ) from None
    nomi = [cella.strip().lower() for cella in (lette[0] if lette else ())]
    for nome in obbligatorie:
        if nome not in nomi:
            raise CsvNonLeggibile(
                "colonna_mancante",
                f"Manca la colonna «{nome}»: scrivila nella prima riga, con i nomi delle altre.",
            )
    if len(lette) > righe:
        raise CsvNonLeggibile("troppo_grande", f"Il file ha più di {righe} righe.")
    return nomi, lette[1:]
