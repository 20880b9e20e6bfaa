"""The home and the running of an ambito, gathered from its rooms. Runs inside a unit of work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from capofila.accessi.service import registra
from capofila.base import lavori
from capofila.base.attivazioni import attivazioni, oggi, plugin_attivi, registro
from capofila.base.lavori import StatoLavoro
from capofila.base.plugin import Attivazione
from capofila.base.visita import Visita
from capofila.debito import service as debito
from capofila.debito.service import Esportazione
from capofila.gestione.rules import DaFare, FileInAttesa, LavoroFermo, da_fare, respinti_aperti
from capofila.governo import service as governo
from capofila.governo.service import ScadenzaVista, SedutaAttesa
from capofila.hooks import (
    Adempimento,
    Flusso,
    LettoreFlussi,
    Manifesto,
    ModuloSpesa,
    Organo,
    ProspettoSpesa,
    RapportoSpesa,
)
from capofila.prestazioni import service as prestazioni

NOMI_LAVORO: Final = {
    "debito.esporta": "Preparazione di un file del debito informativo",
    "debito.pubblica": "Pubblicazione di un flusso per la PDND",
    "spesa.promemoria": "Promemoria ai comuni sulla spesa sociale",
    "conoscenza.promemoria": "Promemoria sugli indicatori",
    "governo.avvisi": "Avvisi delle scadenze",
    "compartecipazione.ricalcola": "Ricalcolo delle quote",
    "compartecipazione.decidi": "Decisione di molte quote con un solo atto",
    "governo.convoca": "Convocazioni di una seduta per posta",
    "plugin.lavoro": "Calcolo di una tabella di un plugin",
    "confronto.pubblica": "Pubblicazione di dati per l'ATS",
}
FERMI_DA: Final = timedelta(days=14)
"""A job that failed longer ago is found among the jobs, not among what is to be done."""


class Casa(msgspec.Struct, frozen=True, kw_only=True):
    """The home of an ambito, for one person: what the role may not see is None.

    Attributes:
        prestazioni: how many of the year, counted up to a limit.
        prodotti, inviati: files of the debito that are about the year.
        sedute: the meetings to come, also of the bodies that other ambiti keep.
    """

    da_fare: list[DaFare]
    prestazioni: int | None = None
    in_attesa: int | None = None
    prodotti: int | None = None
    inviati: int | None = None
    esportazioni: list[Esportazione] | None = None
    scadenze: list[ScadenzaVista] | None = None
    sedute: list[SedutaAttesa] | None = None


async def casa(visita: Visita, anno: int) -> Casa:
    """Gather the home: each block only if the role may see it."""
    base = f"/{visita.nell_ambito.slug}"
    quante = in_attesa = None
    file: list[FileInAttesa] = []
    if visita.puo("prestazioni.vedi"):
        quante = await prestazioni.quante(anno)
    if visita.puo("prestazioni.importa"):
        file = [
            FileInAttesa(
                id=lotto.id,
                nome_file=lotto.nome_file,
                valide=lotto.valide,
                errori_totali=lotto.errori_totali,
            )
            for lotto in await prestazioni.file_da_decidere()
        ]
        in_attesa = len(file)
    fatte = await debito.esportazioni(100) if visita.puo("debito.vedi") else None
    dell_anno = [una for una in fatte or () if una.periodo.startswith(str(anno))]
    fermi: list[LavoroFermo] = []
    if visita.puo("lavori.vedi"):
        soglia = datetime.now(UTC) - FERMI_DA
        fermi = [
            LavoroFermo(nome=nome_lavoro(uno), errore=uno.descrizione)
            for uno in await lavori.elenco(stati=("fallito",), quanti=10)
            if uno.richiesto_il > soglia
        ]
    scadenze = None
    if visita.puo("adempimenti.vedi"):
        scadenze = await governo.prossime_scadenze(366)
    return Casa(
        da_fare=da_fare(
            base,
            file=file,
            respinti=respinti_aperti(fatte or ()),
            lavori=fermi,
            scadenze=scadenze or (),
        ),
        prestazioni=quante,
        in_attesa=in_attesa,
        prodotti=None
        if fatte is None
        else sum(una.stato in ("sigillata", "inviata") for una in dell_anno),
        inviati=None if fatte is None else sum(una.stato == "inviata" for una in dell_anno),
        esportazioni=None if fatte is None else fatte[:5],
        scadenze=None
        if scadenze is None
        else [una for una in scadenze if una.stato != "scaduto"][:5],
        sedute=await governo.prossime_sedute(3) if visita.puo("sedute.vedi") else None,
    )


def nome_lavoro(lavoro: StatoLavoro) -> str:
    """What a job does, in words."""
    return NOMI_LAVORO.get(lavoro.tipo, lavoro.tipo)


async def riavvia(lavoro_id: UUID) -> None:
    """Put a failed job back in the queue, and write down that it was done.

    Raises:
        NonTrovato: there is none of that id here.
        Conflitto: it has not failed.
    """
    await lavori.riavvia(lavoro_id)
    await registra("lavori.riavvia", "lavoro", str(lavoro_id))


class PluginVisto(msgspec.Struct, frozen=True, kw_only=True):
    """An active plugin: its manifest, its activation, and what it gives to the ambito."""

    manifesto: Manifesto
    dal: date
    al: date | None
    flussi: tuple[Flusso, ...]
    lettori: tuple[LettoreFlussi, ...]
    organi: tuple[Organo, ...]
    adempimenti: tuple[Adempimento, ...]
    moduli: tuple[ModuloSpesa, ...]
    prospetti: tuple[ProspettoSpesa, ...]
    rapporti: tuple[RapportoSpesa, ...]


async def plugin() -> list[PluginVisto]:
    """The plugins that act in the ambito today."""
    giorno = oggi()
    date_ = {una.plugin: una for una in await attivazioni() if una.attiva(giorno)}
    return [_visto(uno, date_[uno.id], giorno) for uno in (await plugin_attivi()).manifesti]


def _visto(manifesto: Manifesto, attivazione: Attivazione, giorno: date) -> PluginVisto:
    solo = registro().attivi([attivazione], giorno)
    return PluginVisto(
        manifesto=manifesto,
        dal=attivazione.dal,
        al=attivazione.al,
        flussi=solo.flussi(),
        lettori=solo.lettori(),
        organi=solo.organi(),
        adempimenti=_in_vigore(solo.adempimenti(giorno.year), giorno),
        moduli=solo.moduli_spesa(giorno.year),
        prospetti=solo.prospetti_spesa(giorno.year),
        rapporti=solo.rapporti_spesa(giorno.year),
    )


def _in_vigore(adempimenti: Iterable[Adempimento], giorno: date) -> tuple[Adempimento, ...]:
    return tuple(uno for uno in adempimenti if uno.vale(uno.nel(giorno.year) or giorno))
