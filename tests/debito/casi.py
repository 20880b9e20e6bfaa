"""A worker in this process, and the main job asked for and awaited."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

from tests.prestazioni.casi import contesto, porta

from capofila.base.archivio import archivio
from capofila.base.database import unita_di_lavoro
from capofila.base.impostazioni import Impostazioni
from capofila.base.lavori import StatoLavoro, Tempi
from capofila.base.lavori import stato as stato_lavoro
from capofila.debito.rules import periodo
from capofila.debito.service import Esportazione, chiedi_esportazione, dichiarato, esportazione
from capofila.worker import avvia_worker

VELOCI = Tempi(
    battito=0.3, stantio=2, rinvio=1, rinvio_massimo=2, giro=0.2, progresso=0.1,
    pausa_minima=0.3, pausa_massima=1, turno=0.2, grazia=1,
)  # fmt: skip
GIORNO = date(2026, 3, 1)
MORTO_DA_TEMPO = (
    "UPDATE lavoro SET battito_il = now() - interval '5 minutes' WHERE stato = 'in_corso'",
    "UPDATE lavoro_uscita SET prossimo_invio_il = now()",
)
"""Ages the sign of life of a worker that was killed, instead of waiting for its minute."""

_LAVORATORE = """
import asyncio
from capofila.base.impostazioni import impostazioni
from capofila.worker import avvia_worker

asyncio.run(avvia_worker(impostazioni()))
"""


def lavoratore_a_parte(variabili: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A worker as a process of its own, which a test can kill."""
    return subprocess.Popen([sys.executable, "-c", _LAVORATORE], env={**os.environ, **variabili})


@asynccontextmanager
async def officina(valori: Impostazioni, tempi: Tempi = VELOCI) -> AsyncIterator[None]:
    """The worker, as ``capofila.worker`` runs it; its engine serves the test too."""
    arresto, pronto = asyncio.Event(), asyncio.Event()
    opera = asyncio.create_task(
        avvia_worker(valori, tempi=tempi, arresto=arresto, pronto=pronto.set)
    )
    attesa = asyncio.create_task(pronto.wait())
    await asyncio.wait({opera, attesa}, return_when=asyncio.FIRST_COMPLETED)
    if opera.done():
        attesa.cancel()
        opera.result()
    try:
        yield
    finally:
        arresto.set()
        fermati, _ = await asyncio.wait({opera}, timeout=30)
        assert fermati, "the worker was told to stop and did not"
        opera.result()


async def importa(
    contenuto: bytes, nome: str = "prestazioni.csv", slug: str = "crema", **opzioni: Any
) -> int:
    """Bring a good file in; its lotto."""
    async with unita_di_lavoro(await contesto(slug)):
        esito = await porta(contenuto, nome, **opzioni)
    assert esito.stato == "importato", esito.errori[:3]
    assert esito.lotto is not None
    return esito.lotto


async def sql(comando: str, *valori: object, slug: str = "crema") -> None:
    async with unita_di_lavoro(await contesto(slug)) as unita:
        await unita.esegui(comando, *valori)


async def chiedi(
    quando: str = "2025", flusso: str = "siuss", slug: str = "crema", **opzioni: Any
) -> Esportazione:
    """Ask for a file."""
    async with unita_di_lavoro(await contesto(slug)):
        opzioni.setdefault("giorno", GIORNO)
        dato = await dichiarato(flusso, periodo(quando))
        return await chiedi_esportazione(dato, periodo(quando), **opzioni)


async def com_e(id_: str, slug: str = "crema") -> tuple[Esportazione, StatoLavoro]:
    async with unita_di_lavoro(await contesto(slug), sola_lettura=True):
        lavoro = (await esportazione(UUID(id_))).lavoro
        assert lavoro is not None
        # The job first: when it has ended, the file is as it left it.
        stato = await stato_lavoro(UUID(lavoro))
        return await esportazione(UUID(id_)), stato


async def attendi(chiesta: Esportazione, entro: float = 90) -> Esportazione:
    """Wait until its job has ended."""
    limite = time.monotonic() + entro
    while True:
        trovata, lavoro = await com_e(chiesta.id, chiesta.ambito)
        if lavoro.finito:
            assert lavoro.stato != "fallito", lavoro.errore
            return trovata
        assert time.monotonic() < limite, lavoro
        await asyncio.sleep(0.05)


async def esporta(quando: str = "2025", **opzioni: Any) -> Esportazione:
    return await attendi(await chiedi(quando, **opzioni))


async def contenuto(trovata: Esportazione) -> bytes:
    """The file, from the store."""
    assert trovata.uri is not None
    bucket, _, oggetto = trovata.uri.removeprefix("s3://").partition("/")
    pezzi = [p async for p in archivio().leggi_a_flusso(bucket, oggetto, trovata.versione_oggetto)]
    return b"".join(pezzi)
