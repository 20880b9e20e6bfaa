"""Plugins that failed: a line in the ambito that asked, with the vendor's name and what it was given.

What it was given is told by words that hold no value (how long, of what kind) and by a keyed digest:
the same input is known again by whoever has it, and by nobody else.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from datetime import date, datetime, timedelta
from typing import Final

import asyncpg
import msgspec

from capofila.base.database import Contesto, unita_corrente, unita_di_lavoro
from capofila.base.errori import ErroreCapofila
from capofila.base.impostazioni import impostazioni
from capofila.base.plugin import PluginInErrore

_log = logging.getLogger("capofila.plugin")

AL_GIORNO: Final = 200
"""Different failures of a plugin that are written in a day, for each ambito."""
CONSERVAZIONE: Final = timedelta(days=90)
"""How long a failure is kept after it happened for the last time."""
TENUTI: Final = 1000
"""Failures that an ambito keeps; those of the last day are kept however many they are."""
GUASTO: Final = "capofila_guasto_plugin"
"""In the state of a request: the failure that its answer told."""


class Guasto(msgspec.Struct, frozen=True, kw_only=True):
    """A failure, as often as it happened on a day."""

    giorno: date
    plugin: str
    versione: str
    fornitore: str
    hook: str
    causa: str
    punto: str
    volte: int
    ultimo: datetime
    ingresso: str = ""
    impronta: str = ""
    traccia: str | None = None
    ambito: str = ""


async def annota(contesto: Contesto, errore: PluginInErrore) -> None:
    """Write a failure into the ambito it happened in, in a unit of its own; never raises.

    Args:
        contesto: of what failed. Without an ambito nothing is written but the line of the log.
        errore: what happened.
    """
    _log.error(
        "plugin %s %s di %s: %s in %s", errore.plugin, errore.versione, errore.fornitore, errore.hook,
        errore.punto or "—",
    )  # fmt: skip
    if contesto.ambito is None or errore.annotato:
        return
    errore.annotato = True
    dove = Contesto(ambito=contesto.ambito, utente=contesto.utente, traccia=contesto.traccia)
    try:
        async with unita_di_lavoro(dove) as unita:
            await unita.esegui(
                "INSERT INTO guasto_plugin (ambito_id, plugin, versione, fornitore, hook, causa, punto, "
                "ingresso, sha256, traccia) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 "
                "WHERE (SELECT count(*) FROM guasto_plugin WHERE ambito_id = $1 AND plugin = $2 "
                "AND giorno = current_date) < $11 "
                "ON CONFLICT (ambito_id, giorno, plugin, versione, hook, causa, punto, ingresso, sha256) "
                "DO UPDATE SET volte = guasto_plugin.volte + 1, ultimo = now(), "
                "traccia = excluded.traccia",
                dove.ambito, errore.plugin, errore.versione[:60], errore.fornitore[:200], errore.hook[:60],
                errore.causa[:300] or "—", (errore.punto or "")[:200], errore.ingresso[:300],
                _con_chiave(errore.impronta), (dove.traccia or "")[:60] or None, AL_GIORNO,
            )  # fmt: skip
    except (ErroreCapofila, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as guasto:
        _log.error("guasto di un plugin non annotato: %s", type(guasto).__name__)


def _con_chiave(impronta: str) -> str:
    """The digest of an input, keyed: a short input could be found again by trying."""
    if not impronta:
        return ""
    return hmac.new(impostazioni().segreto.encode(), impronta.encode(), hashlib.sha256).hexdigest()


async def pulisci_guasti() -> None:
    """Throw away those of the current ambito that are old, or far behind the last ones."""
    unita = unita_corrente()
    await unita.esegui(
        "DELETE FROM guasto_plugin WHERE ambito_id = $1 AND ultimo < now() - interval '1 day' "
        "AND (ultimo < now() - $2::interval OR id NOT IN (SELECT id FROM guasto_plugin "
        "WHERE ambito_id = $1 ORDER BY ultimo DESC, id DESC LIMIT $3))",
        unita.ambito, CONSERVAZIONE, TENUTI,
    )  # fmt: skip


async def guasti(quanti: int = 100) -> list[Guasto]:
    """The failures in the current ambito, the last first."""
    return [
        msgspec.convert(dict(riga), Guasto)
        for riga in await unita_corrente().righe(
            "SELECT giorno, plugin, versione, fornitore, hook, causa, punto, volte, ultimo, ingresso, "
            "sha256 AS impronta, traccia FROM guasto_plugin WHERE ambito_id = $1 ORDER BY ultimo DESC LIMIT $2",
            unita_corrente().ambito, quanti,
        )
    ]  # fmt: skip


async def guasti_di_tutti(quanti: int = 200) -> list[Guasto]:
    """The failures in all the ambiti, for whoever runs the platform: without what was given."""
    return [
        msgspec.convert(dict(riga), Guasto)
        for riga in await unita_corrente().righe(
            "SELECT g.giorno, g.plugin, g.versione, g.fornitore, g.hook, g.causa, g.punto, g.volte, "
            "g.ultimo, a.nome AS ambito FROM guasto_plugin g JOIN ambito a ON a.id = g.ambito_id "
            "ORDER BY g.ultimo DESC LIMIT $1",
            quanti,
        )
    ]
