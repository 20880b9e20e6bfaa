"""The tables of the analysis as files: CSV and workbook.

A text that a spreadsheet would run as a formula stays a text: in the CSV by an apostrophe, in the
workbook because a text is written as a text.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import msgspec
import xlsxwriter

from capofila.hooks.tracciati import cella_csv
from capofila.spesa.carta import Carta
from capofila.spesa.tavole import TavolaCifre
from capofila.web.formati import senza_zeri
from capofila.web.grafici import Linee

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMATI: Final = {"importo": "#,##0.00 €", "quota": "0.0%", "numero": "#,##0"}
_CON_DECIMALI: Final = "#,##0.0#"
"""Of a number that is not whole, as so many by thousand."""
_COLONNA_PIU_LARGA: Final = 60


class Documento(msgspec.Struct, frozen=True, kw_only=True):
    """A file of tables: what it is about, and what its figures do not have."""

    titolo: str
    sottotitolo: str
    tavole: Sequence[TavolaCifre]
    note: Sequence[str]
    premessa: Sequence[str] = ()
    """What stands before the tables: what they are modelled on, where they come from."""
    linee: Linee | None = None
    """The lines of the table ``anni``, with the names of their series."""
    nomi_linee: Sequence[str] = ()
    carta: Carta | None = None
    """The map that stands with the table ``comuni``."""


def csv_di(tavole: Sequence[TavolaCifre]) -> bytes:
    """One figure a line, with the decimal comma; shares are fractions, what is not known is empty."""
    righe = ["tavola;riga;voce;misura;valore"]
    for tavola in tavole:
        for riga in tavola.righe:
            di_chi = [cella_csv(testo) for testo in (tavola.codice, riga.chiave, riga.nome)]
            for colonna, valore in zip(tavola.colonne, riga.valori, strict=True):
                detto = senza_zeri(valore) if colonna.tipo == "numero" else valore
                cifra = "" if detto is None else cella_csv(str(detto), numero=True)
                righe.append(";".join((*di_chi, cella_csv(colonna.titolo), cifra)))
    return "".join(f"{riga}\r\n" for riga in righe).encode("utf-8-sig")


def xlsx_di(documento: Documento) -> bytes:
    """A workbook: a sheet a table, and a last one of what the figures do not have."""
    uscita = io.BytesIO()
    opzioni = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False,
        "strings_to_urls": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(uscita, opzioni) as cartella:
        cartella.set_properties({"title": documento.titolo, "company": ""})
        grassetto = cartella.add_format({"bold": True})
        testa = cartella.add_format({"bold": True, "text_wrap": True, "bottom": 1})
        formati = {t: cartella.add_format({"num_format": f}) for t, f in _FORMATI.items()}
        con_decimali = cartella.add_format({"num_format": _CON_DECIMALI})
        for tavola in documento.tavole:
            foglio = cartella.add_worksheet(tavola.titolo[:31])
            foglio.write_string(0, 0, f"{documento.titolo}: {tavola.titolo}", grassetto)
            foglio.write_string(1, 0, documento.sottotitolo)
            for posto, nome in enumerate((tavola.testa, *(c.titolo for c in tavola.colonne))):
                foglio.write_string(3, posto, nome, testa)
            for numero, riga in enumerate(tavola.righe, 4):
                foglio.write_string(numero, 0, riga.nome)
                for posto, (colonna, valore) in enumerate(
                    zip(tavola.colonne, riga.valori, strict=True), 1
                ):
                    if valore is not None:
                        rotto = colonna.tipo == "numero" and valore != int(valore)
                        foglio.write_number(
                            numero, posto, valore, con_decimali if rotto else formati[colonna.tipo]
                        )
            largo = max((len(riga.nome) for riga in tavola.righe), default=0)
            foglio.set_column(0, 0, min(max(largo, 12), _COLONNA_PIU_LARGA))
            foglio.set_column(1, len(tavola.colonne), 16)
            foglio.freeze_panes(4, 1)
            if tavola.nota:
                foglio.write_string(len(tavola.righe) + 5, 0, tavola.nota)
        note = cartella.add_worksheet("Avvertenze")
        for numero, frase in enumerate((*documento.premessa, *(documento.note or ("Nessuna.",)))):
            note.write_string(numero, 0, frase)
    return uscita.getvalue()
