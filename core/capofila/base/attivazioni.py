"""Which plugins act in the ambito of the current unit of work, on a day."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from capofila.base.codifiche import NESSUNA, tenute
from capofila.base.database import unita_corrente
from capofila.base.plugin import Attivazione, PluginAttivi, Registro

ROMA = ZoneInfo("Europe/Rome")


def oggi() -> date:
    """Today in Italy, whatever the clock of the machine is set to."""
    return datetime.now(ROMA).date()


@lru_cache(maxsize=1)
def registro() -> Registro:
    """The plugins of this process, loaded and checked once.

    Raises:
        AvvioRifiutato: a plugin cannot be taken in.
    """
    return Registro.carica()


async def attivazioni() -> list[Attivazione]:
    """The dated activations of the ambito."""
    unita = unita_corrente()
    return [
        Attivazione(plugin=riga["plugin"], dal=riga["dal"], al=riga["al"])
        for riga in await unita.righe(
            "SELECT plugin, dal, al FROM attivazione WHERE ambito_id = $1 ORDER BY plugin, dal",
            unita.ambito,
        )
    ]


async def plugin_attivi(giorno: date | None = None) -> PluginAttivi:
    """The plugins that act in the ambito on a day, today when not given.

    A plugin that is activated and not installed any more is left out: what it once decided stays
    readable without it.
    """
    unita = unita_corrente()
    installati = {manifesto.id for manifesto in registro().manifesti()}
    righe = await unita.righe(
        "SELECT plugin, dal, al, (SELECT id || ' ' || quando FROM codifica_revisione "
        "ORDER BY id DESC LIMIT 1) AS revisione FROM attivazione WHERE ambito_id = $1 "
        "ORDER BY plugin, dal",
        unita.ambito,
    )
    presenti = [
        Attivazione(plugin=riga["plugin"], dal=riga["dal"], al=riga["al"])
        for riga in righe
        if riga["plugin"] in installati
    ]
    revisione = (righe[0]["revisione"] if righe else None) or NESSUNA
    return registro().attivi(presenti, giorno or oggi(), await tenute(revisione), revisione)
