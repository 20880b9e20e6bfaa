"""What the plugins of the ambito say about its bodies and deadlines, and the count of a vote.

Runs inside a unit of work.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from hashlib import sha256
from typing import Final

import msgspec

from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.governo import lettura
from capofila.governo.accordo import accordo_del_giorno, applica_accordi, esercita
from capofila.governo.adempimenti import SILENZIO, ScadenzaVista, mostra
from capofila.governo.avvisi import del_giorno as avvisi_del_giorno
from capofila.governo.chiamate import condivise_del_comune, del_comune
from capofila.governo.composizione import Adesione, Incarico, StatoSeggio, Titolare
from capofila.governo.condivise import SedutaPubblicata, di_altri
from capofila.governo.conteggio import (
    DECISI,
    SENZA_ESITO,
    Conteggio,
    con_le_unita,
    conta,
    difetti_materia,
    difetti_modo,
)
from capofila.governo.deliberazioni import CHIAVE, AttoTrovato, atto_in_vigore, per_chiave
from capofila.governo.incarichi import aventi_diritto, chi_presiede, nomi_delle_unita, titolari
from capofila.governo.lettura import DIMENSIONE_MASSIMA
from capofila.governo.rules import distanza
from capofila.governo.scadenzario import istanze_fra as istanze_fra
from capofila.governo.seduta import ConteggioRifiutato, Difetto
from capofila.governo.sedute import Adunanza, adunanze, festivi_del_preavviso

__all__ = [
    "CHIAVE",
    "DIMENSIONE_MASSIMA",
    "SENZA_ESITO",
    "Adesione",
    "AttoTrovato",
    "Conteggio",
    "Incarico",
    "ScadenzaVista",
    "SedutaAttesa",
    "StatoSeggio",
    "Titolare",
    "accordo_del_giorno",
    "applica_accordi",
    "atto_in_vigore",
    "aventi_diritto",
    "avvisi_del_giorno",
    "chi_presiede",
    "conta_voti",
    "distanza",
    "esercita",
    "per_chiave",
    "prossime_scadenze",
    "prossime_sedute",
    "titolari",
]


async def prossime_scadenze(giorni: int) -> list[ScadenzaVista]:
    """The open deadlines of the days to come, and those that have passed not long ago."""
    giorno = oggi()
    viste = [
        mostra(una, giorno)
        for una in await istanze_fra(giorno - timedelta(days=SILENZIO), giorno + timedelta(giorni))
        if una.aperta and una.data is not None
    ]
    return sorted(viste, key=lambda vista: (vista.una.data, vista.una.codice))


class SedutaAttesa(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting that was called and is not over, of a body of the ambito or of one that it shares.

    Attributes:
        giorno: of the call that is to come, or goes on.
        seconda: whether that is the second call.
        percorso: of its page, below the address of the ambito.
        di: the ambito that keeps the body; None when it is this one.
    """

    giorno: date
    ora: time
    denominazione: str
    luogo: str
    stato: str
    seconda: bool
    percorso: str
    inventata: bool = False
    di: str | None = None


async def prossime_sedute(quante: int) -> list[SedutaAttesa]:
    """The meetings that were called and are not over, the soonest first.

    Who works for a comune sees those that it is called to, also of the bodies that another ambito keeps.

    Args:
        quante: at most.
    """
    giorno = oggi()
    tutte = await adunanze(stati=ATTESE)
    sue = await del_comune(tutte)
    copie = await di_altri(giorno - SECONDA_ENTRO)
    altrove = None if sue is None else await condivise_del_comune(copia for copia, _ in copie)
    attese = [_attesa(una, f"sedute/{una.id}") for una in tutte if sue is None or una.id in sue] + [
        _attesa(letta, f"sedute/condivise/{copia.seduta_id}", copia.di)
        for copia, letta in copie
        if letta.stato in ATTESE and (altrove is None or copia.seduta_id in altrove)
    ]
    da_tenere = [
        una for una in attese if una is not None and (una.stato == "aperta" or una.giorno >= giorno)
    ]
    return sorted(da_tenere, key=lambda una: (una.giorno, una.ora, una.percorso))[:quante]


ATTESE: Final = ("convocata", "aperta", "deserta")
SECONDA_ENTRO: Final = timedelta(days=60)
"""How long after the first call of another ambito's meeting its second one is still looked for."""


def _attesa(
    una: Adunanza | SedutaPubblicata, percorso: str, di: str | None = None
) -> SedutaAttesa | None:
    """What is to come of a meeting; None of one without quorum that has no second call."""
    seconda = una.stato == "deserta"
    quando = (una.seconda_giorno, una.seconda_ora) if seconda else (una.giorno, una.ora)
    if quando[0] is None or quando[1] is None:
        return None
    return SedutaAttesa(
        giorno=quando[0], ora=quando[1], denominazione=una.denominazione, luogo=una.luogo,
        stato=una.stato, seconda=seconda, percorso=percorso, inventata=una.inventata, di=di,
    )  # fmt: skip


async def conta_voti(ambito: str, contenuto: bytes) -> Conteggio:
    """The outcome of a vote that is described in a file, by the rules of the day of its meeting.

    Args:
        ambito: the slug of the ambito of the unit of work.
        contenuto: the file, as docs/uso/votazioni.md describes it.

    Raises:
        ConteggioRifiutato: the file cannot be read or contradicts the rules; no plugin knows the
            matter; or it votes in favour and against where persons are elected.
    """
    richiesta = lettura.leggi(contenuto)
    giorno = richiesta.seduta.giorno
    attivi = await plugin_attivi(giorno)
    organi = attivi.organi()
    organo = next((uno for uno in organi if uno.codice == richiesta.organo), None)
    if organo is not None:
        trovati = difetti_materia(organi, organo, richiesta) or difetti_modo(
            organo, giorno, richiesta.materia, con_i_nomi=richiesta.collegi is not None
        )
        if trovati:
            raise ConteggioRifiutato(trovati)
        richiesta = con_le_unita(richiesta, organo, await nomi_delle_unita(giorno))
    feste = tuple(sorted(await festivi_del_preavviso(richiesta.giorno_convocato)))
    contato = conta(
        ambito,
        msgspec.structs.replace(richiesta, festivi=feste or msgspec.UNSET),
        organi,
        plugin=attivi.versioni(),
        impronta=sha256(contenuto).hexdigest(),
    )
    if richiesta.collegi is None and not contato.voti.votanti and contato.esito in DECISI:
        raise ConteggioRifiutato(
            [
                Difetto(
                    "voti",
                    "nessuno ha votato, e la seduta è valida: scrivi chi ha votato che cosa.",
                )
            ]
        )
    return contato
