"""Lines of the social spending as a comune writes them, and files of every shape of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from tests.prestazioni.casi import contesto

from capofila.base.database import unita_di_lavoro
from capofila.base.importazioni import EsitoFoglio
from capofila.spesa import service

COLONNE = (
    "anno", "comune", "area", "voce", "gestione", "modalita", "utenti", "spesa", "quota_utenti",
    "quota_ssn", "risorse_comune", "fsr", "fnps", "fna", "altri",
)  # fmt: skip
CREMA, PANDINO, SONCINO = "019035", "019067", "019097"


def riga(anno: int, **celle: str) -> dict[str, str]:
    """A good line: 1,000.50 euro of home care in Crema, paid by users, SSN and two sources."""
    return {
        "anno": str(anno), "comune": CREMA, "area": "anziani", "voce": "sad",
        "gestione": "associata", "modalita": "appalto", "utenti": "12", "spesa": "1000,50",
        "quota_utenti": "200,00", "quota_ssn": "100,50", "risorse_comune": "400", "fsr": "300",
        "fnps": "", "fna": "0", "altri": "", **celle,
    }  # fmt: skip


def a_carico_del_comune(anno: int, spesa: str, **celle: str) -> dict[str, str]:
    """A line that the comune pays for by itself."""
    return riga(
        anno, spesa=spesa, risorse_comune=spesa, quota_utenti="", quota_ssn="", fsr="", **celle
    )


def csv_di(*righe: Mapping[str, str], colonne: Sequence[str] = COLONNE) -> bytes:
    uscita = io.StringIO()
    penna = csv.DictWriter(
        uscita, colonne, delimiter=";", lineterminator="\r\n", extrasaction="ignore"
    )
    penna.writeheader()
    penna.writerows(righe)
    return uscita.getvalue().encode()


def _valore(testo: str) -> Any:
    numero = testo.replace(",", ".")
    return float(numero) if numero.replace(".", "").isdigit() and "." not in testo else testo


def xlsx_di(*righe: Mapping[str, str]) -> bytes:
    """A workbook whose numbers are numbers."""
    uscita = io.BytesIO()
    with xlsxwriter.Workbook(uscita) as cartella:
        foglio = cartella.add_worksheet()
        foglio.write_row(0, 0, COLONNE)
        for numero, una in enumerate(righe, 1):
            for posto, nome in enumerate(COLONNE):
                if una[nome]:
                    foglio.write(
                        numero, posto, una[nome] if nome == "comune" else _valore(una[nome])
                    )
    return uscita.getvalue()


def ods_di(*righe: Mapping[str, str]) -> bytes:
    documento = OpenDocumentSpreadsheet()
    tavola = Table(name="spesa")
    for celle in (COLONNE, *([una[nome] for nome in COLONNE] for una in righe)):
        riga_ods = TableRow()
        for cella in celle:
            testo = TableCell(valuetype="string")
            testo.addElement(P(text=cella))
            riga_ods.addElement(testo)
        tavola.addElement(riga_ods)
    documento.spreadsheet.addElement(tavola)
    uscita = io.BytesIO()
    documento.save(uscita)
    return uscita.getvalue()


async def porta(
    contenuto: bytes,
    anno: int,
    nome: str = "spesa.csv",
    *,
    slug: str = "crema",
    comune: str | None = None,
    **opzioni: Any,
) -> EsitoFoglio:
    """Bring a file in, in a unit of its own."""
    async with unita_di_lavoro(await contesto(slug, comune=comune)):
        return await service.importa(
            service.FileSpesa(nome, contenuto),
            anno,
            service.OpzioniSpesa(**{"apri_se_manca": True, **opzioni}),
        )


async def cifre(anno: int, slug: str = "crema") -> Any:
    async with unita_di_lavoro(await contesto(slug), sola_lettura=True):
        return await service.analisi(anno)


async def approva(anno: int, *comuni: str, slug: str = "crema", fino_a: int = 4) -> None:
    """Take the sheets of some comuni (ISTAT codes) to approvata, or fewer steps on."""
    async with unita_di_lavoro(await contesto(slug), sola_lettura=True):
        belfiore = {una.istat: una.comune for una in await service.schede(anno)}
    for istat in comuni:
        for azione in ("completa", "invia", "verifica", "approva")[:fino_a]:
            suo = belfiore[istat] if azione in ("completa", "invia") else None
            async with unita_di_lavoro(await contesto(slug, comune=suo)):
                await service.passo(anno, istat, azione)
