"""What the plugins of the ambito say about its bodies and deadlines, and the count of a vote.

Runs inside a unit of work.
"""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256

from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.governo import lettura
from capofila.governo.conteggio import SENZA_ESITO, Conteggio, conta
from capofila.governo.lettura import DIMENSIONE_MASSIMA
from capofila.governo.rules import (
    OrganoVisto,
    ScadenzaVista,
    distanza,
    mostra_organo,
    mostra_scadenza,
)
from capofila.territorio import service as territorio

__all__ = [
    "DIMENSIONE_MASSIMA",
    "SENZA_ESITO",
    "Conteggio",
    "OrganoVisto",
    "ScadenzaVista",
    "conta_voti",
    "distanza",
    "organi",
    "prossime_scadenze",
    "scadenze_fra",
]


async def scadenze_fra(dal: date, al: date) -> list[ScadenzaVista]:
    """The deadlines that fall between two days, both included, whatever year they are about."""
    attivi = await plugin_attivi()
    organi = {organo.codice: organo.denominazione for organo in attivi.organi()}
    giorno = oggi()
    return [mostra_scadenza(una, giorno, organi) for una in attivi.calendario(dal, al)]


async def prossime_scadenze(giorni: int) -> list[ScadenzaVista]:
    """The deadlines of today and of the days to come."""
    return await scadenze_fra(oggi(), oggi() + timedelta(days=giorni))


async def organi() -> list[OrganoVisto]:
    """The bodies that the ambito has today."""
    giorno = oggi()
    comuni = len(await territorio.membri(giorno))
    return [mostra_organo(uno, giorno, comuni) for uno in (await plugin_attivi()).organi()]


async def conta_voti(ambito: str, contenuto: bytes) -> Conteggio:
    """The outcome of a vote that is described in a file, by the rules of the day of its meeting.

    Args:
        ambito: the slug of the ambito of the unit of work.
        contenuto: the file, as docs/uso/votazioni.md describes it.

    Raises:
        ConteggioRifiutato: the file cannot be read or contradicts the rules.
    """
    richiesta = lettura.leggi(contenuto)
    attivi = await plugin_attivi(richiesta.seduta.giorno)
    return conta(
        ambito,
        richiesta,
        attivi.organi(),
        plugin=attivi.versioni(),
        impronta=sha256(contenuto).hexdigest(),
    )
