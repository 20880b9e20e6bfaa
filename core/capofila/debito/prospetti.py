"""The runs of tables of the social spending: files of the debito that have no records.

The tables come from the room of the spending. From there on a run is like any other: a row, a job, a
name, a seal, a manifest, a sending, an outcome. What speaks of records (variations, parts, discarded
rows, differences, the PDND) has nothing to say of it, and says so.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final
from uuid import UUID

import msgspec

from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import DatiNonValidi
from capofila.debito.responsabili import oggi
from capofila.debito.rules import Periodo
from capofila.hooks import Flusso, ProspettoSpesa
from capofila.spesa import service as spesa

Dichiarato = Flusso | ProspettoSpesa
"""What a run may be of."""

SENZA_RECORD: Final = (
    "Questo file è un prospetto di tavole e non ha record: {che_cosa}. Torna alla pagina del file."
)
ANNI_NOTI: Final = 3
"""Years for which tables are looked for where no year is told: they are owed the year after."""


def rifiuta_record(che_cosa: str) -> DatiNonValidi:
    """Why something that speaks of records cannot be done of tables."""
    return DatiNonValidi(SENZA_RECORD.format(che_cosa=che_cosa))


async def dichiarato(id_: str, periodo_: Periodo) -> Dichiarato:
    """The flow, or the tables of the year of a period, with that name.

    Raises:
        NonTrovato: no active plugin offers it.
    """
    attivi = await plugin_attivi()
    for uno in attivi.prospetti_spesa(periodo_.dal.year):
        if uno.id == id_:
            return uno
    return attivi.flusso(id_)


async def noti(*anni: int) -> list[ProspettoSpesa]:
    """The tables owed about some years, or about the last ones; the latest declaration of each."""
    attivi = await plugin_attivi()
    ora = oggi().year
    trovati: dict[str, ProspettoSpesa] = {}
    for anno in sorted({*(anni or range(ora - ANNI_NOTI + 1, ora + 1))}):
        trovati |= {uno.id: uno for uno in attivi.prospetti_spesa(anno)}
    return [trovati[id_] for id_ in sorted(trovati)]


def controlla_richiesta(
    periodo_: Periodo, *, escludi_errate: bool, ricevuto: int | None, divide: bool
) -> None:
    """Refuse what cannot be asked of tables.

    Raises:
        DatiNonValidi: a period that is not a year, or a choice about records.
    """
    if (periodo_.dal.month, periodo_.al.month) != (1, 12):
        raise DatiNonValidi(
            f"Questo prospetto è di un anno intero: scegli {periodo_.dal.year} come periodo."
        )
    if escludi_errate:
        raise rifiuta_record("non ci sono righe errate da lasciare fuori")
    if ricevuto is not None:
        raise rifiuta_record("non c'è un flusso ricevuto da restituire")
    if divide:
        raise rifiuta_record("non si divide in più file")


async def impronta_dati(prospetto: ProspettoSpesa, ente: str, periodo_: Periodo) -> str:
    """A digest of all that decides the content of a run."""
    contenuto = [ente, await spesa.impronta_del_prospetto(prospetto, periodo_.dal.year)]
    return hashlib.sha256(msgspec.json.encode(contenuto)).hexdigest()


async def superato(unita: UnitaDiLavoro, riga: Any) -> str:
    """Why a sealed run must not be sent any more, with what to do; empty when it may.

    The sheets stay as they are until the unit ends.
    """
    anno = riga["dal"].year
    aperte = await spesa.non_approvate(anno, blocca=True)
    if aperte:
        return (
            "Dopo che questo file è stato preparato sono state riaperte delle schede ("
            f"{', '.join(una.nome for una in aperte)}): approvale, poi prepara il file di nuovo."
        )
    periodo_ = Periodo(riga["periodo"], riga["dal"], riga["al"])
    prospetto = await dichiarato(riga["flusso"], periodo_)
    codice = await unita.valore(
        "SELECT codice FROM ente WHERE ambito_id = $1 AND id = $2", unita.ambito, riga["ente_id"]
    )
    assert isinstance(prospetto, ProspettoSpesa)
    if await impronta_dati(prospetto, codice, periodo_) != riga["impronta_dati"]:
        return (
            "Dopo che questo file è stato preparato la spesa è cambiata: prepara il file di nuovo e "
            "invia quello."
        )
    return ""


async def dopo_invio(riga: Any) -> None:
    """Send the sheets of the survey with the run, where the tables say so."""
    if await _trasmette(riga):
        await spesa.segna_trasmesse(riga["dal"].year, f"con il file {riga['nome_flusso']}")


async def registra_esito(riga: Any, esito: str, testo: str | None) -> None:
    """Give a run that was sent its outcome, and the sheets theirs where the tables say so."""
    unita = unita_corrente()
    detto = (testo or "").strip()[:2000]
    await unita.esegui(
        "UPDATE esportazione SET stato = $3, esito_testo = nullif($4, ''), "
        "esiti_il = clock_timestamp() WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        riga["id"],
        esito,
        detto,
    )
    if await _trasmette(riga):
        motivo = f"{esito}, file {riga['nome_flusso']}" + (f": {detto}" if detto else "")
        await spesa.segna_esito(riga["dal"].year, motivo)


async def _trasmette(riga: Any) -> bool:
    for uno in (await plugin_attivi()).prospetti_spesa(riga["dal"].year):
        if uno.id == riga["flusso"]:
            return uno.trasmette
    return False


async def trasmette(id_: UUID) -> int:
    """The year of the survey whose sheets go on with a run; 0 when none do."""
    unita = unita_corrente()
    riga = await unita.riga(
        "SELECT flusso, dal, prospetto FROM esportazione WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        id_,
    )
    va = riga is not None and riga["prospetto"] and await _trasmette(riga)
    return riga["dal"].year if va else 0


async def e_prospetto(id_: UUID) -> bool:
    """Whether a run is of tables."""
    unita = unita_corrente()
    trovato = await unita.valore(
        "SELECT prospetto FROM esportazione WHERE ambito_id = $1 AND id = $2", unita.ambito, id_
    )
    return bool(trovato)
