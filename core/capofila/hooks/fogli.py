"""Layouts of files that people open: a worksheet, a list on paper.

As of any layout, a record becomes a fragment of text, and the platform puts head, fragments and tail
one after the other; around that text it then puts what makes it a workbook (which streams) or a
document (whose size is bounded by the records that a file may have).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import ClassVar, Final

import msgspec

from capofila.hooks.campi import Campo, Tipo
from capofila.hooks.tracciati import (
    Colonne,
    IntestazioneFlusso,
    Resa,
    Testi,
    proteggi,
    unisci,
)

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RIGHE_FOGLIO: Final = 1_048_575
"""Records that a worksheet holds, beside its head."""
RIGHE_CARTA: Final = 2_000
"""The most records of one document on paper: it is made in memory."""
_VIETATI: Final = frozenset("[]:*?/\\'")
_PRIMO_GIORNO: Final = date(1900, 3, 1)
"""Before it the days of a worksheet are not those of the calendar: such a day is written as a text."""
_GIORNO_ZERO: Final = date(1899, 12, 30)


class FormaFoglio(StrEnum):
    """How a value stands in a cell."""

    TESTO = "testo"
    NUMERO = "numero"
    """A whole number, or an amount with its two decimals."""
    DATA = "data"


_TIPI: Final[Mapping[FormaFoglio, frozenset[Tipo]]] = {
    FormaFoglio.NUMERO: frozenset({Tipo.INTERO, Tipo.IMPORTO}),
    FormaFoglio.DATA: frozenset({Tipo.DATA}),
}


class ColonnaFoglio(msgspec.Struct, frozen=True):
    """A column: its head, its field, how it is written, and the values where they differ.

    Attributes:
        larghezza: against that of the other columns, on paper; in characters, in a worksheet.
    """

    nome: str
    campo: str
    forma: FormaFoglio = FormaFoglio.TESTO
    valori: Mapping[str, str] = {}
    larghezza: int = 16

    def __post_init__(self) -> None:
        """Refuse what can never be written.

        Raises:
            ValueError: no head, a width out of 1-100, a number or a day with other values.
        """
        if not self.nome.strip() or not 1 <= self.larghezza <= 100:
            raise ValueError(f"{self.campo}: a head, and a width from 1 to 100")
        if self.valori and self.forma is not FormaFoglio.TESTO:
            raise ValueError(f"{self.campo}: a number or a day has no other values")

    def difetto(self, campo: Campo) -> str | None:
        """Why the values of a field could not be written so; None when they can."""
        if campo.tipo not in _TIPI.get(self.forma, frozenset({campo.tipo})):
            return f"{self.forma} is not a form of {campo.tipo}"
        return None


class _Tavola(msgspec.Struct, frozen=True):
    """What the two layouts have in common: columns, and no element of a person."""

    colonne: tuple[ColonnaFoglio, ...]

    def chiusura_gruppo(self) -> str:
        """There are no gruppi."""
        return ""

    def resa_gruppo(self) -> Resa | None:
        """There are no gruppi."""
        return None

    def coda(self) -> bytes:
        """Nothing."""
        return b""

    def _resa(self, testi: list[tuple[ColonnaFoglio, Testi]], fra: tuple[str, str, str]) -> Resa:
        apri, separa, chiudi = fra

        def scrivi(colonne: Colonne, quante: int) -> str | list[str]:
            pezzi: list[str | list[str]] = [apri]
            for ordine, (colonna, memoria) in enumerate(testi):
                if ordine and separa:
                    pezzi.append(separa)
                if colonna.campo in colonne:
                    pezzi.append(memoria.colonna(colonne[colonna.campo]))
                else:
                    pezzi.append(memoria.vuoto)
            return unisci([*pezzi, chiudi], quante)

        return Resa(scrivi)


class TracciatoXlsx(_Tavola, frozen=True, tag="xlsx"):
    """A workbook of one worksheet, a record a row; texts are texts, also where they look like formulas.

    Attributes:
        foglio: the name of the worksheet.
    """

    foglio: str = "Dati"

    estensione: ClassVar[str] = "xlsx"
    media_type: ClassVar[str] = XLSX
    massimo_record: ClassVar[int] = RIGHE_FOGLIO

    def __post_init__(self) -> None:
        """Refuse what no workbook can be.

        Raises:
            ValueError: no column, or a name that a worksheet cannot have.
        """
        if not self.colonne or not 1 <= len(self.foglio) <= 31 or _VIETATI & {*self.foglio}:
            raise ValueError(f"{self.foglio!r}: columns, and a name of 31 characters at most")

    def testata(self, intestazione: IntestazioneFlusso) -> bytes:
        """The beginning of the worksheet and its head."""
        larghe = "".join(
            f'<col min="{n}" max="{n}" width="{colonna.larghezza}" customWidth="1"/>'
            for n, colonna in enumerate(self.colonne, 1)
        )
        nomi = "".join(
            f'<c s="2" t="inlineStr"><is><t>{proteggi(colonna.nome)}</t></is></c>'
            for colonna in self.colonne
        )
        return (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns='
            '"http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews>'
            '<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
            'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f"<cols>{larghe}</cols><sheetData><row>{nomi}</row>"
        ).encode()

    def coda(self) -> bytes:
        """The end of the worksheet."""
        return b"</sheetData></worksheet>"

    def resa_riga(self) -> Resa:
        """A renderer of rows."""
        testi = [(colonna, Testi(_cella(colonna), "<c/>")) for colonna in self.colonne]
        return self._resa(testi, ("<row>", "", "</row>"))


class TracciatoPdf(_Tavola, frozen=True, tag="pdf"):
    """A list on A4 paper that a screen reader can read (PDF/UA-1), a record a line of its table.

    Attributes:
        massimo_record: records of one file; a run with more becomes several.
        orizzontale: whether the paper lies on its long side.
    """

    massimo_record: int = 1_000
    orizzontale: bool = True

    estensione: ClassVar[str] = "pdf"
    media_type: ClassVar[str] = "application/pdf"

    def __post_init__(self) -> None:
        """Refuse what cannot be made in a bounded memory.

        Raises:
            ValueError: no column or more than twenty, or too many records in a file.
        """
        if not 1 <= len(self.colonne) <= 20 or not 1 <= self.massimo_record <= RIGHE_CARTA:
            raise ValueError(f"from 1 to 20 columns, from 1 to {RIGHE_CARTA} records a file")

    def testata(self, intestazione: IntestazioneFlusso) -> bytes:
        """Who sends, on a line of its own."""
        return _json([intestazione.nome, intestazione.ente_denominazione]) + b"\n"

    def resa_riga(self) -> Resa:
        """A renderer of the texts of a record, on a line of their own."""
        testi = [(colonna, Testi(_su_carta(colonna), '""')) for colonna in self.colonne]
        return self._resa(testi, ("[", ",", "]\n"))


def _json(valore: object) -> bytes:
    return msgspec.json.encode(valore)


def _cella(colonna: ColonnaFoglio) -> Callable[[str], str]:
    def scrivi(valore: str) -> str:
        if colonna.forma is FormaFoglio.NUMERO:
            return f'<c s="3"><v>{valore}</v></c>' if "." in valore else f"<c><v>{valore}</v></c>"
        if colonna.forma is FormaFoglio.DATA:
            giorno = date.fromisoformat(valore)
            if giorno >= _PRIMO_GIORNO:
                return f'<c s="1"><v>{(giorno - _GIORNO_ZERO).days}</v></c>'
        testo = proteggi(colonna.valori.get(valore, valore))
        return f'<c t="inlineStr"><is><t xml:space="preserve">{testo}</t></is></c>'

    return scrivi


def _su_carta(colonna: ColonnaFoglio) -> Callable[[str], str]:
    def scrivi(valore: str) -> str:
        testo = colonna.valori.get(valore, valore)
        if colonna.forma is FormaFoglio.DATA:
            testo = f"{valore[8:10]}/{valore[5:7]}/{valore[:4]}"
        elif colonna.forma is FormaFoglio.NUMERO:
            intero, punto, decimali = valore.partition(".")
            testo = f"{int(intero):,}".replace(",", ".") + (f",{decimali}" if punto else "")
        return _json(testo).decode()

    return scrivi


class PerFile(StrEnum):
    """What all the records of a file have in common."""

    ENTE = "ente"
    """Who supplied them."""
    COMUNE = "comune"
    """The comune that is responsible."""
    MESE = "mese"
    """The month of their competenza."""
    TRIMESTRE = "trimestre"


class DivisioneFile(msgspec.Struct, frozen=True, kw_only=True):
    """How the receiver wants a run to be cut into files; whoever asks for it may cut smaller.

    Attributes:
        per: a file for each ente, comune, month or quarter.
        massimo_record: the most records of a file.
        massimo_byte: the most bytes of a file; not of a list on paper.
        fonte: where the receiver says so.
    """

    per: PerFile | None = None
    massimo_record: int | None = None
    massimo_byte: int | None = None
    fonte: str = ""

    def __post_init__(self) -> None:
        """Refuse a division that divides nothing, or into nothing.

        Raises:
            ValueError: it is so.
        """
        if self.per is None and self.massimo_record is None and self.massimo_byte is None:
            raise ValueError("a division says by what")
        if self.massimo_record is not None and self.massimo_record < 1:
            raise ValueError("a file has a record at least")
        if self.massimo_byte is not None and self.massimo_byte < 10_000:
            raise ValueError("a file may have ten thousand bytes at least")

    @property
    def con_giorno(self) -> bool:
        """Whether it looks at the day of a record."""
        return self.per in (PerFile.MESE, PerFile.TRIMESTRE)
