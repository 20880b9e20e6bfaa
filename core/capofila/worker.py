"""The worker process: relay, hourly purge, and Dramatiq's threads, over one event loop.

``python -m capofila.worker`` runs until SIGTERM or SIGINT. It then takes nothing more, lets the
jobs that run finish for a while, and gives back those that do not.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import signal
import sys
from collections.abc import Callable, Sequence

import redis
from dramatiq import Worker

from capofila.base.database import MOTORE, Contesto, Ruolo
from capofila.base.errori import ConfigurazioneNonSicura, ErroreCapofila, ServizioNonDisponibile
from capofila.base.impostazioni import Impostazioni, impostazioni
from capofila.base.lavori import Esecutore, Tempi, crea_broker
from capofila.base.ruoli import rifiuta_ruolo_pericoloso
from capofila.base.staffetta import Staffetta
from capofila.base.telemetria import avvia_telemetria, spegni_telemetria

MODULI: tuple[str, ...] = (
    "capofila.debito.jobs", "capofila.spesa.promemoria", "capofila.compartecipazione.ricalcoli",
    "capofila.governo.avvisi", "capofila.governo.convocazioni", "capofila.estensioni.jobs",
    "capofila.conoscenza.consegne", "capofila.confronto.rilasci",
)  # fmt: skip
"""The modules that register jobs."""

PRONTO = "worker pronto"
"""The text of the log line that says that jobs are taken from now on."""

SENZA_ANNUNCI = "--senza-annunci"
"""For a command that starts it as its child and speaks to people itself."""

_log = logging.getLogger("capofila.worker")  # also as __main__


async def avvia_worker(
    valori: Impostazioni,
    *,
    moduli: Sequence[str] = MODULI,
    tempi: Tempi | None = None,
    pronto: Callable[[], None] | None = None,
    arresto: asyncio.Event | None = None,
    annuncia: bool = True,
) -> None:
    """Run jobs until told to stop.

    Args:
        valori: the settings.
        moduli: imported for the jobs that they register.
        tempi: how long things wait.
        pronto: called when jobs are taken.
        arresto: set by whoever wants the end; by default SIGTERM and SIGINT do.
        annuncia: say in the log that it begins and that it has ended.

    Raises:
        ConfigurazioneNonSicura: a setting is missing, or a database role is unsafe.
    """
    for nome, valore in (
        ("CAPOFILA_RELAY_URL", valori.relay_url),
        ("CAPOFILA_BROKER_URL", valori.broker_url),
    ):
        if not valore:
            raise ConfigurazioneNonSicura(f"Manca {nome}: il worker ne ha bisogno.")
    from capofila.pulizia import pulisci_ogni  # the rooms are for a worker that works

    fine = arresto or _segnali()
    tempi = tempi or Tempi()
    for modulo in moduli:
        importlib.import_module(modulo)
    if not await _apri(valori, fine):
        return
    try:
        esecutore = Esecutore(tempi)
        broker = crea_broker(valori)
        esecutore.dichiara(broker)
        filoni = max(1, valori.filoni_lavoro)
        worker = Worker(broker, worker_threads=filoni, worker_timeout=200)
        # No more in hand than is being done: what waits, waits where another worker can take it.
        worker.queue_prefetch = filoni
        await asyncio.to_thread(worker.start)
        staffetta = asyncio.create_task(
            Staffetta(valori.relay_url, broker, tempi).corri(), name="staffetta"
        )
        pulizia = asyncio.create_task(pulisci_ogni(tempi.pulizia), name="pulizia")
        attesa = asyncio.create_task(fine.wait())
        try:
            if annuncia:
                _log.info(PRONTO)
            if pronto is not None:
                pronto()
            await asyncio.wait({attesa, staffetta}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            attesa.cancel()
            staffetta.cancel()
            pulizia.cancel()
            await asyncio.wait({staffetta, pulizia})
            try:
                # The threads take nothing more from now on, and end as their jobs do.
                fermata = asyncio.to_thread(worker.stop, int(tempi.grazia * 1000) + 30_000)
                await asyncio.gather(esecutore.ferma(), fermata)
            except (redis.RedisError, OSError):
                _log.info("code non raggiungibili alla chiusura: i lavori restano in uscita")
            broker.close()
        if not staffetta.cancelled() and staffetta.exception() is not None:
            raise RuntimeError("the relay has ended") from staffetta.exception()
    finally:
        await MOTORE.chiudi()
    if annuncia:
        _log.info("worker fermato")


async def _apri(valori: Impostazioni, fine: asyncio.Event) -> bool:
    """Connect, waiting for a database that is not up yet; False when told to stop meanwhile."""
    pausa, detto = 0.5, False
    while not fine.is_set():
        try:
            await MOTORE.apri(
                # A job has a connection for its data and one for its progress.
                {"app": valori.database_url, "relay": valori.relay_url},
                massimo=2 * max(1, valori.filoni_lavoro) + 2,
            )
        except ServizioNonDisponibile:
            if not detto:
                _log.warning("il database non risponde, il worker attende")
                detto = True
        else:
            try:
                ruoli: tuple[Ruolo, ...] = ("app", "relay")
                for ruolo in ruoli:
                    async with MOTORE.unita(Contesto(), ruolo=ruolo) as unita:
                        await rifiuta_ruolo_pericoloso(unita)
            except BaseException:
                await MOTORE.chiudi()
                raise
            return True
        try:
            async with asyncio.timeout(pausa):
                await fine.wait()
        except TimeoutError:
            pausa = min(10.0, pausa * 2)
    return False


def _segnali() -> asyncio.Event:
    fine = asyncio.Event()
    ciclo = asyncio.get_running_loop()
    for segnale in (signal.SIGTERM, signal.SIGINT):
        ciclo.add_signal_handler(segnale, fine.set)
    return fine


def main(*, annuncia: bool = True) -> int:
    """Run the worker of this installation; the exit status."""
    try:
        valori = impostazioni()
        avvia_telemetria("capofila-worker")
        asyncio.run(avvia_worker(valori, annuncia=annuncia))
    except ErroreCapofila as errore:
        sys.stderr.write(f"{errore.messaggio}\n")
        return 1
    finally:
        spegni_telemetria()
    return 0


if __name__ == "__main__":
    sys.exit(main(annuncia=SENZA_ANNUNCI not in sys.argv))
