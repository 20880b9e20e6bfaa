"""Periods, names and manifests of the files of the debito informativo."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from capofila.base.errori import DatiNonValidi
from capofila.hooks import (
    Flusso,
    IntestazioneFlusso,
    PerFile,
    ProspettoSpesa,
    TracciatoPdf,
    TracciatoXlsx,
    impronta,
)
from capofila.hooks.tracciati import cella_csv

_ANNO = re.compile(r"(19|20)\d{2}\Z")
_MESE = re.compile(r"((?:19|20)\d{2})-(0[1-9]|1[0-2])\Z")
_PARTE = re.compile(r"((?:19|20)\d{2})-([TS])([1-4])\Z")


class Periodo(msgspec.Struct, frozen=True):
    """A span of time that a flow is about; the days are included."""

    nome: str
    dal: date
    al: date


class Taglio(msgspec.Struct, frozen=True):
    """The size at which the files of a run are cut; nothing given is one file.

    Attributes:
        massimo_byte: the most bytes of a file.
        massimo_beneficiari: the most persons in a file.
        massimo_record: the most records of a file; of the flow, and not chosen.
        per: what the records of a file have in common; of the flow too.
    """

    massimo_byte: int | None = None
    massimo_beneficiari: int | None = None
    massimo_record: int | None = None
    per: PerFile | None = None

    @property
    def divide(self) -> bool:
        """Whether there is anything to cut."""
        return any(
            limite is not None
            for limite in (
                self.massimo_byte, self.massimo_beneficiari, self.massimo_record, self.per
            )
        )  # fmt: skip

    def ci_sta(self, byte: int, beneficiari: int, record: int) -> bool:
        """Whether a file of so many bytes, persons and records is within the size."""
        return (
            (self.massimo_byte is None or byte <= self.massimo_byte)
            and (self.massimo_beneficiari is None or beneficiari <= self.massimo_beneficiari)
            and (self.massimo_record is None or record <= self.massimo_record)
        )


def taglio_del_flusso(scelto: Taglio, flusso: Flusso) -> Taglio:
    """The size of the files of a run: as it was chosen, within what the flow and its layout want.

    Raises:
        DatiNonValidi: bytes were chosen for a list on paper, whose bytes are not known before.
    """
    divisione = flusso.divisione
    byte, record = scelto.massimo_byte, list[int]()
    if byte is not None and isinstance(flusso.tracciato, TracciatoPdf):
        raise DatiNonValidi(
            "Un elenco in PDF non si divide per dimensione: scegli un numero di beneficiari, o "
            "nessuna misura."
        )
    if isinstance(flusso.tracciato, TracciatoPdf | TracciatoXlsx):
        record.append(flusso.tracciato.massimo_record)
    if divisione is not None:
        record += [divisione.massimo_record] if divisione.massimo_record else []
        if divisione.massimo_byte is not None:
            byte = min(byte or divisione.massimo_byte, divisione.massimo_byte)
    return Taglio(
        massimo_byte=byte, massimo_beneficiari=scelto.massimo_beneficiari,
        massimo_record=min(record, default=None), per=divisione.per if divisione else None,
    )  # fmt: skip


MEGABYTE = 1_000_000


def taglio(mega: str, beneficiari: str) -> Taglio:
    """Read a size as it was typed: megabytes (of a million bytes) and persons, or nothing.

    >>> taglio("2,5", "")
    Taglio(massimo_byte=2500000, massimo_beneficiari=None, massimo_record=None, per=None)

    Raises:
        DatiNonValidi: they are no numbers, or no file could be so small or so big.
    """
    massimo_byte = massimo_beneficiari = None
    if mega := mega.strip().replace(",", "."):
        if not re.fullmatch(r"\d{1,5}(\.\d{1,3})?", mega) or not 0.01 <= float(mega) <= 10_000:
            raise DatiNonValidi(
                "La dimensione massima è un numero di megabyte, da 0,01 a 10.000: per esempio 50."
            )
        massimo_byte = round(float(mega) * MEGABYTE)
    if beneficiari := beneficiari.strip().replace(".", ""):
        if not re.fullmatch(r"[0-9]{1,7}", beneficiari) or int(beneficiari) < 1:
            raise DatiNonValidi(
                "Il numero massimo di beneficiari è un numero intero, da 1: per esempio 5000."
            )
        massimo_beneficiari = int(beneficiari)
    return Taglio(massimo_byte, massimo_beneficiari)


def periodo(testo: str) -> Periodo:
    """Read a period: a year, a month, a quarter or a half year.

    >>> periodo("2025").al, periodo("2025-02").al, periodo("2025-T2").dal
    (datetime.date(2025, 12, 31), datetime.date(2025, 2, 28), datetime.date(2025, 4, 1))

    Raises:
        DatiNonValidi: it is none of them.
    """
    testo = testo.strip().upper()
    if _ANNO.match(testo):
        anno = int(testo)
        return Periodo(testo, date(anno, 1, 1), date(anno, 12, 31))
    if mese := _MESE.match(testo):
        anno, numero = int(mese[1]), int(mese[2])
        return Periodo(
            testo, date(anno, numero, 1), date(anno, numero, calendar.monthrange(anno, numero)[1])
        )
    if (parte := _PARTE.match(testo)) and (parte[2] == "T" or parte[3] in "12"):
        anno, mesi = int(parte[1]), 3 if parte[2] == "T" else 6
        ultimo = int(parte[3]) * mesi
        primo = ultimo - mesi + 1
        return Periodo(
            testo,
            date(anno, primo, 1),
            date(anno, ultimo, calendar.monthrange(anno, ultimo)[1]),
        )
    raise DatiNonValidi(
        f"«{testo[:20]}» non è un periodo: scrivi un anno (2025), un mese (2025-03), un trimestre "
        "(2025-T1) o un semestre (2025-S1)."
    )


def periodi_dell_anno(anno: int) -> list[str]:
    """The periods of a year, the longest first.

    >>> periodi_dell_anno(2025)[:4]
    ['2025', '2025-S1', '2025-S2', '2025-T1']
    """
    parti = [f"S{n}" for n in (1, 2)] + [f"T{n}" for n in range(1, 5)]
    parti += [f"{n:02}" for n in range(1, 13)]
    return [str(anno), *(f"{anno}-{parte}" for parte in parti)]


def nome_oggetto(flusso: Flusso | ProspettoSpesa, periodo_: str, nome: str) -> str:
    """Where a file stands in the bucket of the ambito."""
    return f"debito/{flusso.id}/{periodo_}/{nome}.{flusso.estensione}"


def regole_di(flusso: Flusso) -> dict[str, Any]:
    """Under which rules the records of a flow are checked, as the manifest says it."""
    return {
        "impronta": impronta(flusso),
        "verificate": [regola.codice for regola in flusso.regole],
    }


def manifesto(
    *,
    flusso: Flusso | ProspettoSpesa,
    esportazione: str,
    ambito: str,
    periodo_: Periodo,
    intestazione: IntestazioneFlusso,
    conteggi: dict[str, int],
    sha256: str,
    regole: dict[str, Any],
    plugin: dict[str, str],
    versione: str,
    dati_al: str,
    creato_il: str,
    avvisi: list[dict[str, Any]],
    **altro: Any,
) -> dict[str, Any]:
    """What proves a file: its digest and counts, and under which rules and data it was made.

    ``regole`` has the digest of those that it was made by (``impronta``) and what was checked
    (``verificate``). It names no person but the operator whose code is in the file. ``altro`` is
    what only a run cut into several files has to say.
    """
    return {
        "manifesto": 1,
        "esportazione": esportazione,
        "ambito": ambito,
        "flusso": flusso.id,
        "denominazione": flusso.denominazione,
        "destinatario": flusso.destinatario,
        "versione_schema": flusso.versione_schema,
        "fonti_normative": list(flusso.fonti_normative),
        "nome_flusso": intestazione.nome,
        "ente": {
            "codice": intestazione.ente_codice,
            "denominazione": intestazione.ente_denominazione,
        },
        "periodo": {
            "nome": periodo_.nome,
            "dal": periodo_.dal.isoformat(),
            "al": periodo_.al.isoformat(),
        },
        "conteggi": conteggi,
        "sha256": sha256,
        "regole": regole,
        "plugin": plugin,
        "capofila": versione,
        "dati_al": dati_al,
        "creato_il": creato_il,
        "avvisi": avvisi,
        **altro,
    }


def tabella_csv(righe: Iterable[Iterable[object]]) -> bytes:
    """Rows as a CSV for the spreadsheet; what it would run as a formula is made harmless."""
    return "".join(
        ";".join(cella_csv("" if valore is None else str(valore)) for valore in riga) + "\r\n"
        for riga in righe
    ).encode()
