"""Which plugins act in the ambito of the current unit of work, on a day."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from capofila.base.codifiche import NESSUNA, tenute
from capofila.base.database import unita_corrente
from capofila.base.plugin import (
    Attivazione,
    Fissati,
    Fissato,
    PluginAttivi,
    Registro,
    leggi_fissato,
)

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
        "ORDER BY id DESC LIMIT 1) AS revisione, (SELECT json_agg(json_build_array(plugin, anno, "
        "sha256) ORDER BY plugin, anno) FROM anno_fissato WHERE ambito_id = $1)::text AS fissati "
        "FROM attivazione WHERE ambito_id = $1 "
        "ORDER BY plugin, dal",
        unita.ambito,
    )
    presenti = [
        Attivazione(plugin=riga["plugin"], dal=riga["dal"], al=riga["al"])
        for riga in righe
        if riga["plugin"] in installati
    ]
    quando = giorno or oggi()
    revisione = (righe[0]["revisione"] if righe else None) or NESSUNA
    # Also of those that are gone: what they declared of a pinned year stays.
    attivi = {
        riga["plugin"]
        for riga in righe
        if Attivazione(plugin=riga["plugin"], dal=riga["dal"], al=riga["al"]).attiva(quando)
    }
    segnati = msgspec.json.decode((righe[0]["fissati"] if righe else None) or "[]")
    fissati = await _fissati([tuple(uno) for uno in segnati if uno[0] in attivi])
    return registro().attivi(presenti, quando, await tenute(revisione), revisione, fissati)


_LETTI: dict[str, Fissato] = {}
"""What was pinned, by its digest: it never changes."""


async def _fissati(segnati: list[tuple[str, int, str]]) -> Fissati:
    if not segnati:
        return {}
    mancano = [impronta for _, _, impronta in segnati if impronta not in _LETTI]
    if mancano:
        unita = unita_corrente()
        if len(_LETTI) > 500:
            _LETTI.clear()
            mancano = [impronta for _, _, impronta in segnati]
        for riga in await unita.righe(
            "SELECT sha256, risposte FROM anno_fissato "
            "WHERE ambito_id = $1 AND sha256 = ANY ($2::text[])",
            unita.ambito, mancano,
        ):  # fmt: skip
            _LETTI[riga["sha256"]] = leggi_fissato(riga["risposte"].encode(), riga["sha256"])
    return {(plugin, anno): _LETTI[impronta] for plugin, anno, impronta in segnati}
