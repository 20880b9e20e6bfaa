"""Throwing away what has had its time: sessions, counted tries, used vouchers, files that
nobody decided upon, outcomes of old runs, old failures of plugins and rows that their jobs put others in
the place of. The reminders and the warnings that fall today are asked for at the same time.

The worker does it, because every installation has one. Each piece is one statement over what has
expired at that moment, in a transaction of its own: two workers at the same time find, between the
two of them, the same rows that one would find.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import asyncpg

from capofila.accessi.service import elimina_scaduti
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.errori import ErroreCapofila
from capofila.base.guasti import pulisci_guasti
from capofila.compartecipazione.service import pulisci_esiti
from capofila.debito import pdnd
from capofila.estensioni.tabelle import pulisci_sostituite
from capofila.governo.service import avvisi_del_giorno
from capofila.prestazioni.service import pulisci_scaduti
from capofila.spesa.service import promemoria_del_giorno, pulisci_carichi

_log = logging.getLogger(__name__)


async def pulisci() -> int:
    """Do it once, on the platform and in every ambito; returns how many files were thrown away."""
    await elimina_scaduti()
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        ambiti = await unita.righe("SELECT id FROM ambito ORDER BY id")
    tolti = 0
    for riga in ambiti:
        async with unita_di_lavoro(Contesto(ambito=riga["id"])):
            tolti += await pulisci_scaduti()
            tolti += await pulisci_carichi()
            await pulisci_esiti()
            await promemoria_del_giorno()
            await pdnd.pulisci_voucher()
            await pulisci_guasti()
        await _da_solo(riga["id"], pulisci_sostituite)
        await _da_solo(riga["id"], avvisi_del_giorno)
    return tolti


async def _da_solo(ambito: int, che_cosa: Callable[[], Awaitable[object]]) -> None:
    """What asks the plugins; one that cannot answer stops that much, in its ambito only."""
    try:
        async with unita_di_lavoro(Contesto(ambito=ambito)):
            await che_cosa()
    except ErroreCapofila as errore:
        _log.warning("%s non fatto nell'ambito %d: %s", che_cosa.__name__, ambito, type(errore))


async def pulisci_ogni(secondi: float) -> None:
    """Do it now and again, until cancelled; a database that does not answer is waited for."""
    while True:
        try:
            await pulisci()
        except (ErroreCapofila, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as errore:
            _log.warning("pulizia rimandata: %s", type(errore))
        await asyncio.sleep(secondi)
