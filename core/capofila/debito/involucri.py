"""What makes a file of the text of its records: a workbook around a worksheet, a document of a list.

A workbook is put together while its text goes by: the same bytes each time, in the memory of a piece.
A document is composed at its end: its layout bounds how many records it may have.
"""

from __future__ import annotations

import asyncio
import io
import zipfile
from importlib.resources import files
from typing import Any, Final, Protocol
from xml.sax.saxutils import quoteattr

import msgspec

from capofila.base.archivio import OggettoScritto, Scrittore
from capofila.hooks import Flusso, TracciatoPdf, TracciatoXlsx
from capofila.web.carta import componi

AVVOLTO: Final = 4_096
"""Bytes that a workbook has beside its worksheet, at the most."""


class Foglio(Protocol):
    """What a file is written to, as `base.archivio.Scrittore` is."""

    async def scrivi(self, dati: bytes) -> None:
        """Add a piece."""
        ...

    async def chiudi(self) -> OggettoScritto:
        """End the file, which is then in the store."""
        ...

    async def annulla(self) -> None:
        """Throw it away."""
        ...


def avvolgi(flusso: Flusso, scrittore: Scrittore) -> Foglio:
    """The writer of a file of a flow: the store's own, or with what its layout wants around."""
    if isinstance(flusso.tracciato, TracciatoXlsx):
        return _Cartella(flusso.tracciato, scrittore)
    if isinstance(flusso.tracciato, TracciatoPdf):
        return _Carta(flusso, flusso.tracciato, scrittore)
    return scrittore


class Uscita(io.RawIOBase):
    """What a zip has written since it was last asked; it cannot be sought in."""

    def __init__(self) -> None:
        self._pezzi: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, dati: Any) -> int:
        self._pezzi.append(bytes(dati))
        return len(dati)

    def prendi(self) -> bytes:
        """All of it, and nothing the next time."""
        pezzi, self._pezzi = self._pezzi, []
        return b"".join(pezzi)


def voce_zip(nome: str) -> zipfile.ZipInfo:
    """An entry that is the same whenever and wherever it is written."""
    voce = zipfile.ZipInfo(nome, date_time=(1980, 1, 1, 0, 0, 0))
    voce.compress_type = zipfile.ZIP_DEFLATED
    voce.external_attr = 0o644 << 16
    voce.create_system = 3
    return voce


_TESTA: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACK: Final = "http://schemas.openxmlformats.org/package/2006"
_TIPO: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTI: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_PACK}/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TIPO}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TIPO}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TIPO}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACK}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACK}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    # As the layout counts on: nothing, a day, a head, an amount.
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/>'
    '<name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill>'
    '<patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/>'
    '<top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" '
    'fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>",
}  # fmt: skip


class _Cartella:
    """A workbook that streams: its worksheet is the last of its entries."""

    def __init__(self, tracciato: TracciatoXlsx, scrittore: Scrittore) -> None:
        self._scrittore, self._uscita = scrittore, Uscita()
        self._zip = zipfile.ZipFile(
            self._uscita,
            "w",
            zipfile.ZIP_DEFLATED,
            compresslevel=6,
        )
        cartella = (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet '
            f'name={quoteattr(tracciato.foglio)} sheetId="1" r:id="rId1"/></sheets></workbook>'
        )
        for nome, testo in (*_PARTI.items(), ("xl/workbook.xml", cartella)):
            with self._zip.open(voce_zip(nome), "w") as voce:
                voce.write((_TESTA + testo).encode())
        self._foglio = self._zip.open(voce_zip("xl/worksheets/sheet1.xml"), "w", force_zip64=True)

    async def scrivi(self, dati: bytes) -> None:
        """Add a piece of the worksheet."""
        self._foglio.write(dati)
        if pronti := self._uscita.prendi():
            await self._scrittore.scrivi(pronti)

    async def chiudi(self) -> OggettoScritto:
        """End the worksheet, and the workbook."""
        self._foglio.close()
        self._zip.close()
        await self._scrittore.scrivi(self._uscita.prendi())
        return await self._scrittore.chiudi()

    async def annulla(self) -> None:
        """Throw the file away."""
        await self._scrittore.annulla()


class _Carta:
    """A list on paper: who sends on the first line, then a record a line."""

    def __init__(self, flusso: Flusso, tracciato: TracciatoPdf, scrittore: Scrittore) -> None:
        self._flusso, self._tracciato, self._scrittore = flusso, tracciato, scrittore
        self._righe: list[bytes] = []

    async def scrivi(self, dati: bytes) -> None:
        """Add some whole lines."""
        self._righe += dati.splitlines()

    async def chiudi(self) -> OggettoScritto:
        """Compose the document."""
        (nome, ente), *righe = [msgspec.json.decode(riga) for riga in self._righe]
        self._righe = []
        if len(righe) > self._tracciato.massimo_record:
            raise RuntimeError("more records than a document of this layout may have")
        dati = {
            "titolo": self._flusso.denominazione,
            "sottotitolo": f"{ente} · {nome}" if ente else nome,
            "per": f"Per: {self._flusso.destinatario}",
            "orizzontale": self._tracciato.orizzontale,
            "colonne": [colonna.nome for colonna in self._tracciato.colonne],
            "larghezze": [colonna.larghezza for colonna in self._tracciato.colonne],
            "numeri": [colonna.forma == "numero" for colonna in self._tracciato.colonne],
            "righe": righe,
        }
        modello = (files(__package__) / "elenco.typ").read_bytes()
        await self._scrittore.scrivi(await asyncio.to_thread(componi, modello, dati))
        return await self._scrittore.chiudi()

    async def annulla(self) -> None:
        """Throw the file away."""
        self._righe = []
        await self._scrittore.annulla()
