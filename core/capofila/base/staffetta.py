"""The relay: committed jobs go from the outbox to the broker.

It logs in as ``capofila_relay``, which sees the outbox of all ambiti and nothing else. A commit
wakes it (NOTIFY), and every two seconds it looks by itself. Rows are taken with FOR UPDATE SKIP
LOCKED, so several relays share the work.

A row stays until its job ends, and carries the moment of its next sending: sent again when nobody
took it (the broker lost it), when the pause of a retry is over, when a worker has died. A message
too many does nothing (:mod:`capofila.base.lavori`), so the relay need not know why it sends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import dramatiq
import msgspec
import redis
from opentelemetry.trace import SpanKind

from capofila.base.lavori import Tempi, messaggio_dramatiq
from capofila.base.telemetria import contesto_da, nel_contesto, span, vettore

_log = logging.getLogger(__name__)

CANALE = "capofila_lavori"
_ALLA_VOLTA = 100


class _Coda(Exception):
    """The broker does not take messages now."""


class Staffetta:
    """Sends what is due, until it is cancelled; services that are down are waited for.

    Args:
        relay_url: address of the database as ``capofila_relay``.
        broker: where to send.
        tempi: how long things wait.
    """

    def __init__(self, relay_url: str, broker: dramatiq.Broker, tempi: Tempi | None = None) -> None:
        self._url, self._broker, self._tempi = relay_url, broker, tempi or Tempi()
        self._sveglia = asyncio.Event()
        self._giu: dict[str, bool] = {}

    async def corri(self) -> None:
        """Work until cancelled."""
        pausa = 0.5
        while True:
            try:
                await self._collegata()
            except (
                OSError,
                TimeoutError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,  # the connection ended in the middle of an answer
            ) as errore:
                self._stato("database", errore)
            # From the second try on, less often.
            pausa = 0.5 if not self._giu.get("database") else min(15.0, pausa * 2)
            await asyncio.sleep(pausa)

    async def _collegata(self) -> None:
        connessione = await asyncpg.connect(
            self._url,
            timeout=10,
            command_timeout=30,
            server_settings={"application_name": "capofila-staffetta", "timezone": "UTC"},
        )
        caduta = asyncio.Event()
        try:
            connessione.add_termination_listener(lambda _: caduta.set())
            connessione.add_termination_listener(lambda _: self._sveglia.set())
            await connessione.add_listener(CANALE, lambda *_: self._sveglia.set())
            self._stato("database", None)
            pausa = 0.5
            while not caduta.is_set():
                # Cleared before looking: a commit during the look wakes the next one.
                self._sveglia.clear()
                try:
                    attesa = await self._giro(connessione)
                except _Coda as errore:
                    self._stato("code", errore)
                    await asyncio.sleep(pausa)
                    pausa = min(15.0, pausa * 2)
                    continue
                pausa = 0.5
                with contextlib.suppress(TimeoutError):
                    # Not wait_for: in Python 3.11 it loses a cancellation that comes with the event.
                    async with asyncio.timeout(attesa):
                        await self._sveglia.wait()
        finally:
            with contextlib.suppress(
                OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InternalClientError
            ):
                await connessione.close(timeout=3)

    def _stato(self, servizio: str, errore: BaseException | None) -> None:
        """One line for each change, and none while it lasts."""
        prima, adesso = self._giu.get(servizio), errore is not None
        self._giu[servizio] = adesso
        if prima == adesso or (prima is None and not adesso):
            return
        if servizio == "database" and adesso:
            _log.warning("il database non risponde, la staffetta attende: %s", type(errore))
        elif servizio == "database":
            _log.info("il database risponde di nuovo, la staffetta riprende")
        elif adesso:
            _log.warning("le code non rispondono, i lavori attendono: %s", type(errore))
        else:
            _log.info("le code rispondono di nuovo, i lavori partono")

    async def _giro(self, connessione: Any) -> float:
        """Send what is due; returns the seconds until the next look."""
        while True:
            async with connessione.transaction():
                righe = await connessione.fetch(
                    """
                    SELECT ambito_id, lavoro_id, tipo, traccia, invii FROM lavoro_uscita
                    WHERE prossimo_invio_il <= now() ORDER BY prossimo_invio_il LIMIT $1
                    FOR UPDATE SKIP LOCKED
                    """,
                    _ALLA_VOLTA,
                )
                if not righe:
                    break
                inviate, guasto = await asyncio.to_thread(self._invia, righe)
                await connessione.executemany(
                    """
                    UPDATE lavoro_uscita SET inviato_il = now(), invii = least(invii + 1, 32767),
                      prossimo_invio_il = now() + $3::interval
                    WHERE ambito_id = $1 AND lavoro_id = $2
                    """,
                    [(a, i, self._rinvio(invii)) for a, i, invii in inviate],
                )
            if guasto is not None:
                raise guasto
            self._stato("code", None)
            if len(righe) < _ALLA_VOLTA:
                break
        prossima: float | None = await connessione.fetchval(
            """
            SELECT extract(epoch FROM min(prossimo_invio_il) - clock_timestamp())::float8
            FROM lavoro_uscita
            """
        )
        giro = self._tempi.giro
        return giro if prossima is None else max(0.02, min(giro, prossima + 0.005))

    def _rinvio(self, invii: int) -> timedelta:
        secondi = self._tempi.rinvio * 2.0 ** min(invii, 20)
        return timedelta(seconds=min(self._tempi.rinvio_massimo, secondi))

    def _invia(self, righe: Sequence[Any]) -> tuple[list[tuple[int, UUID, int]], _Coda | None]:
        """Enqueue, in a thread; what went before a failure counts as sent."""
        inviate: list[tuple[int, UUID, int]] = []
        for riga in righe:
            ambito, lavoro_id, tipo, invii = (
                riga["ambito_id"],
                riga["lavoro_id"],
                riga["tipo"],
                riga["invii"],
            )
            with nel_contesto(contesto_da(msgspec.json.decode(riga["traccia"]))):
                try:
                    with span(
                        "lavoro.invia",
                        {
                            "messaging.system": "dramatiq",
                            "messaging.operation.name": "send",
                            "capofila.lavoro": str(lavoro_id),
                            "capofila.lavoro.tipo": tipo,
                            "capofila.ambito": ambito,
                            "capofila.invio": invii + 1,
                        },
                        tipo=SpanKind.PRODUCER,
                    ):
                        self._broker.enqueue(messaggio_dramatiq(lavoro_id, ambito, tipo, vettore()))
                except (redis.RedisError, OSError) as errore:
                    return inviate, _Coda(type(errore).__name__)
            inviate.append((ambito, lavoro_id, invii))
        return inviate, None
