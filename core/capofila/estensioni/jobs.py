"""The jobs of the plugins: a pure function of theirs, in a process of its own, over rows of their tables."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import msgspec

from capofila.base.attivazioni import plugin_attivi, registro
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.lavori import Compito, lavoro, richiedi
from capofila.base.plugin import PluginInErrore
from capofila.base.visita import Visita
from capofila.estensioni import pagine, tabelle
from capofila.estensioni.esecuzione import ESITO_MASSIMO, Chiesto, Risposto
from capofila.hooks import LavoroPlugin, Manifesto
from capofila.hooks.tabelle import RigaPlugin

TIPO: Final = "plugin.lavoro"
RIGHE_MASSIME: Final = 50_000
"""Rows that a job may give back."""
ATTESA: Final = 10
"""Seconds that its process may take beyond those of the job, to begin and to end."""


async def chiedi(visita: Visita, plugin: str, codice: str, tabella: str) -> UUID:
    """Ask for the job that fills a table that a page shows.

    Raises:
        NonTrovato: the plugin is not active, or nothing fills the table.
        NonAutorizzato: this person may not write the table.
    """
    await pagine.tabella_della_pagina(visita, plugin, codice, tabella)
    for manifesto, uno in (await plugin_attivi()).lavori():
        if (manifesto.id, uno.verso) == (plugin, tabella):
            return await richiedi(
                TIPO, {"plugin": plugin, "lavoro": uno.codice}, chiave=f"{plugin}.{uno.codice}"
            )
    raise NonTrovato("Questa tabella non si calcola.")


async def che_riempiono(plugin: str) -> dict[str, LavoroPlugin]:
    """The jobs of a plugin that is active today, by the table that they fill."""
    return {
        uno.verso: uno
        for manifesto, uno in (await plugin_attivi()).lavori()
        if manifesto.id == plugin
    }


@lavoro(TIPO, tentativi=1, limite=600)
async def esegui(compito: Compito) -> dict[str, Any]:
    """Read the rows, compute, and put the new ones in the place of those of before.

    Raises:
        NonTrovato: the plugin is not active any more.
        PluginInErrore: it failed, took too long, or gave rows that are none of its table.
    """
    plugin, codice = str(compito.parametri["plugin"]), str(compito.parametri["lavoro"])
    async with compito.unita(sola_lettura=True):
        manifesto, uno = (await plugin_attivi()).lavoro(plugin, codice)
        sue = registro().tabelle(plugin)
        for tabella in (uno.da, uno.verso):
            if not await tabelle.ci_sono(plugin, tabella):
                raise Conflitto(
                    f"Le tabelle del plugin «{plugin}» non ci sono ancora: chi amministra la piattaforma "
                    "esegue «capofila plugin migrate»."
                )
        lette = await tabelle.righe(plugin, sue[uno.da], tabelle.TENUTE)
    await compito.avanza(0, totale=len(lette), fase="Calcolo in corso.")
    ingresso = [riga.valori for riga in reversed(lette)]
    nuove = await _calcola(manifesto, uno, ingresso)
    try:
        buone = [tabelle.leggi_riga(sue[uno.verso], riga) for riga in nuove]
    except tabelle.RigheRifiutate as rifiuto:
        campi = ", ".join(sorted(rifiuto.errori))
        raise _guasto(manifesto, uno, f"una riga non va nella tabella: {campi}", ingresso) from None
    async with compito.unita() as unita:
        await compito.conferma(unita)
        (await plugin_attivi()).lavoro(plugin, codice)
        await tabelle.ritira(plugin, sue[uno.verso])
        await tabelle.aggiungi(plugin, sue[uno.verso], buone)
    return {"righe": len(buone)}


async def _calcola(
    manifesto: Manifesto, uno: LavoroPlugin, righe: Sequence[RigaPlugin]
) -> list[dict[str, str | None]]:
    """The job's function, in a process that can be stopped."""
    chiesto = Chiesto(
        modulo=registro().modulo(manifesto.id), lavoro=uno.codice, righe=[dict(r) for r in righe],
        secondi=uno.secondi, megabyte=uno.megabyte,
    )  # fmt: skip
    processo = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "capofila.estensioni.esecuzione",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8", "PATH": os.defpath,
             "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
    )  # fmt: skip
    try:
        async with asyncio.timeout(uno.secondi + ATTESA):
            uscita = await _scambia(processo, msgspec.json.encode(chiesto))
    except TimeoutError:
        raise _guasto(manifesto, uno, "non ha finito in tempo ed è stato fermato", righe) from None
    finally:
        if processo.returncode is None:
            processo.kill()
            await processo.wait()
    if processo.returncode != 0:
        causa = "è stato fermato: troppo tempo, troppa memoria o una risposta troppo grande"
        raise _guasto(manifesto, uno, causa, righe)
    try:
        risposto = msgspec.json.decode(uscita, type=Risposto)
    except msgspec.MsgspecError:
        raise _guasto(manifesto, uno, "ha scritto dove va solo la sua risposta", righe) from None
    if risposto.causa:
        raise _guasto(manifesto, uno, risposto.causa, righe, risposto.punto)
    if len(risposto.righe) > RIGHE_MASSIME:
        raise _guasto(manifesto, uno, f"dà {len(risposto.righe)} righe, troppe", righe)
    return risposto.righe


async def _scambia(processo: asyncio.subprocess.Process, domanda: bytes) -> bytes:
    """Give the process what is asked, and take its answer: never more than an answer may have."""
    if processo.stdin is None or processo.stdout is None:  # pragma: no cover - they are pipes
        raise RuntimeError("a process without its pipes")
    with suppress(BrokenPipeError, ConnectionResetError):
        processo.stdin.write(domanda)
        await processo.stdin.drain()
    processo.stdin.close()
    letti = bytearray()
    while pezzo := await processo.stdout.read(1 << 16):
        letti += pezzo
        if len(letti) > ESITO_MASSIMO:
            processo.kill()
            break
    await processo.wait()
    return bytes(letti)


def _guasto(
    manifesto: Manifesto,
    uno: LavoroPlugin,
    causa: str,
    righe: Sequence[RigaPlugin],
    punto: str = "",
) -> PluginInErrore:
    return PluginInErrore.con_ingresso(
        manifesto, f"lavori/{uno.codice}", causa, punto or None, righe=list(righe)
    )
