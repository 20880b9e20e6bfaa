"""The schemes that the active plugins of an ambito declare, read from their files."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

from capofila.base.attivazioni import plugin_attivi
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.plugin import PluginAttivi
from capofila.compartecipazione.schemi import Schema, leggi
from capofila.web import formati


@lru_cache(maxsize=256)
def _letto(percorso: Path, _quando: int) -> Schema:
    return leggi(percorso)


def schemi(attivi: PluginAttivi) -> dict[str, Schema]:
    """The schemes that the active plugins declare, by their id.

    Raises:
        CartellaNonValida: a file of them is wrong; it says the line and the reason.
        Conflitto: two files have one id.
    """
    trovati: dict[str, Schema] = {}
    for manifesto, percorso in attivi.schemi():
        schema = _letto(percorso, percorso.stat().st_mtime_ns)
        if schema.id in trovati:
            raise Conflitto(
                f"Lo schema «{schema.id}» è dichiarato due volte, anche dal plugin «{manifesto.id}»."
            )
        trovati[schema.id] = schema
    return {nome: trovati[nome] for nome in sorted(trovati)}


async def schema(servizio: str, giorno: date) -> Schema:
    """The scheme of a service in the current ambito.

    Raises:
        NonTrovato: no active plugin declares one.
        Conflitto: more than one holds on that day.
    """
    tutti = [s for s in schemi(await plugin_attivi(giorno)).values() if s.servizio == servizio]
    in_vigore = [s for s in tutti if s.formula(giorno) is not None] or tutti
    if not in_vigore:
        raise NonTrovato(
            f"In questo ambito nessun plugin attivo il {formati.data(giorno)} dichiara uno schema per il "
            f"servizio «{servizio}»: controlla il servizio e il giorno."
        )
    if len(in_vigore) > 1:
        nomi = ", ".join(s.id for s in in_vigore)
        raise Conflitto(f"Per il servizio «{servizio}» valgono più schemi: {nomi}.")
    return in_vigore[0]
