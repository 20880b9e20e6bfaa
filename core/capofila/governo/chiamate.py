"""Which meetings a comune is called to: those of the bodies in which somebody of it has a seat, also
of the bodies that another ambito keeps and publishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_corrente
from capofila.governo import pubblicazioni
from capofila.governo.composizione import Incarico, Titolare, chiave_seggio
from capofila.governo.incarichi import incarichi, titolari_di
from capofila.governo.nomine import stesso
from capofila.governo.pubblicazioni import ComposizionePubblicata, Pubblicazione
from capofila.governo.sedute import Adunanza
from capofila.hooks import Per
from capofila.territorio import service as territorio

GIORNI_MASSIMI: Final = 24
"""Of how many days the seats are looked up, for meetings that did not open; the latest ones."""


def ha_un_seggio(posti: Iterable[Titolare], istat: str) -> bool:
    """Whether a comune has a seat among these, held by somebody or its own by right."""
    return any(uno.in_carica and uno.istat == istat for uno in posti)


def _chiavi(una: Adunanza, istat: str, suoi: Iterable[Incarico]) -> set[str]:
    """The keys of the seats of a comune in a body on the days of a meeting: its own by right, and
    those that somebody of it held then, by appointments that were not withdrawn.
    """
    giorni = [giorno for giorno in (una.giorno, una.seconda_giorno) if giorno is not None]
    return {istat} | {
        chiave_seggio(uno.categoria, uno.unita, uno.posto, Per.ORGANO)
        for uno in suoi
        if uno.organo == una.organo and uno.categoria and any(uno.vale(g) for g in giorni)
    }


async def del_comune(tutte: Sequence[Adunanza]) -> set[int] | None:
    """Which of these meetings the comune of the unit is called to, by number.

    Of one that opened, those entitled were frozen; of the others the seats of its day are read.

    Returns:
        None when the unit is not narrowed to a comune: then all of them.
    """
    unita = unita_corrente()
    if not unita.contesto.comune:
        return None
    comune = (await territorio.mappa_comuni()).cerca(unita.contesto.comune)
    if comune is None:
        return set()
    suoi = [uno for uno in await incarichi() if uno.istat == comune.istat and uno.categoria]
    pesate: dict[int, set[str]] = {}
    for riga in await unita.righe(
        "SELECT DISTINCT seduta_id, avente FROM peso_seduta WHERE ambito_id = $1 "
        "AND seduta_id = ANY ($2::int[])",
        unita.ambito,
        [una.id for una in tutte],
    ):
        pesate.setdefault(riga["seduta_id"], set()).add(riga["avente"])
    chiuse = sorted({una.giorno for una in tutte if una.id not in pesate}, reverse=True)
    seduti: dict[date, set[str]] = {}
    for giorno in chiuse[:GIORNI_MASSIMI]:
        organi = (await plugin_attivi(giorno)).organi()
        posti = await titolari_di(organi, giorno) if organi else {}
        seduti[giorno] = {
            o for o, titolari in posti.items() if ha_un_seggio(titolari, comune.istat)
        }
    return {
        una.id
        for una in tutte
        if (
            not pesate[una.id].isdisjoint(_chiavi(una, comune.istat, suoi))
            if una.id in pesate
            else una.organo in seduti.get(una.giorno, ())
        )
    }


async def condivise_del_comune(copie: Iterable[Pubblicazione]) -> set[int]:
    """Which of the meetings that other ambiti publish the comune of the unit has a seat in.

    The seats of a body that another ambito keeps are known here as it published them: the last
    composition of the body on the day of the meeting, or the first one after it.

    Returns:
        The numbers of the meetings; empty when the unit is not narrowed to a comune.
    """
    unita = unita_corrente()
    comune = (await territorio.mappa_comuni()).cerca(unita.contesto.comune or "")
    if comune is None:
        return set()
    composizioni = [
        una
        for una in await pubblicazioni.pubblicazioni(specie="composizione")
        if not una.propria and una.ritirata_il is None
    ]
    siede: dict[int, bool] = {}
    sue = set()
    for copia in copie:
        scelta = _composizione_del(copia, composizioni)
        if scelta is None or copia.seduta_id is None:
            continue
        if scelta.id not in siede:
            _, contenuto = await pubblicazioni.leggi_pubblicazione(scelta.id)
            siede[scelta.id] = ente_che_siede(
                pubblicazioni.leggi_composizione(contenuto), comune.nome
            )
        if siede[scelta.id]:
            sue.add(copia.seduta_id)
    return sue


def _composizione_del(
    copia: Pubblicazione, composizioni: Iterable[Pubblicazione]
) -> Pubblicazione | None:
    """The composition that held on the day of a meeting; the first after it where there is none."""
    del_suo = [una for una in composizioni if (una.organo, una.di) == (copia.organo, copia.di)]
    prima = [una for una in del_suo if una.giorno <= copia.giorno]
    if prima:
        return max(prima, key=lambda una: (una.giorno, una.pubblicata_il))
    return min(del_suo, key=lambda una: (una.giorno, una.pubblicata_il), default=None)


def ente_che_siede(composizione: ComposizionePubblicata, comune: str) -> bool:
    """Whether a comune holds a seat of a body as it was published, by its name."""
    return any(
        stesso(uno.ente, comune) or stesso(uno.ente, f"Comune di {comune}")
        for uno in composizione.seggi
        if uno.ente
    )
