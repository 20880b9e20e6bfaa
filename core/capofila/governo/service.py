"""What the plugins of the ambito say about its bodies and deadlines, and the count of a vote.

Runs inside a unit of work.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import msgspec

from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.governo import lettura
from capofila.governo.accordo import accordo_del_giorno, applica_accordi, esercita
from capofila.governo.adempimenti import SILENZIO, ScadenzaVista, mostra
from capofila.governo.attese import SedutaAttesa, prossime_sedute
from capofila.governo.avvisi import del_giorno as avvisi_del_giorno
from capofila.governo.composizione import Adesione, Incarico, StatoSeggio, Titolare
from capofila.governo.conteggio import (
    DECISI,
    SENZA_ESITO,
    Conteggio,
    con_le_unita,
    conta,
    difetti_materia,
    difetti_modo,
)
from capofila.governo.deliberazioni import (
    CHIAVE,
    AttoTrovato,
    Deliberazione,
    annullate,
    atto_in_vigore,
    per_chiave,
)
from capofila.governo.incarichi import aventi_diritto, chi_presiede, nomi_delle_unita, titolari
from capofila.governo.lettura import DIMENSIONE_MASSIMA
from capofila.governo.rules import distanza
from capofila.governo.scadenzario import istanze_fra as istanze_fra
from capofila.governo.seduta import ConteggioRifiutato, Difetto
from capofila.governo.sedute import festivi_del_preavviso

__all__ = [
    "CHIAVE",
    "DIMENSIONE_MASSIMA",
    "SENZA_ESITO",
    "Adesione",
    "AttoTrovato",
    "Conteggio",
    "Deliberazione",
    "Incarico",
    "ScadenzaVista",
    "SedutaAttesa",
    "StatoSeggio",
    "Titolare",
    "accordo_del_giorno",
    "annullate",
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
