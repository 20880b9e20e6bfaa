"""Jobs: a row written in the transaction that asks for it, run once, visible until its end.

A room asks with :func:`richiedi` inside its unit of work and registers the function that does it
with :func:`lavoro`. What is committed is sent to the broker by the relay
(:mod:`capofila.base.staffetta`) and run here, by :class:`Esecutore`, in Dramatiq's threads.

The message is only a call to look: it carries the job's id, its ambito, its kind and the trace.
Whoever receives it takes the job with one UPDATE, so a message that comes twice does nothing, and
a job that has ended never runs again. While it runs, its row is beaten every few seconds; a row
that has not been for a minute belongs to a dead worker and may be taken over, and the outbox row,
which lives until the job ends, brings the message again by itself. So neither a dead worker nor a
lost broker loses a job.

An attempt that fails is tried again after a growing pause, which stands in the row and is kept by
the outbox too: Dramatiq's own Retries would put the text of the exception into the message, and
lose the job when the broker is down at that moment (dramatiq#545). Retries remains for what
happens before the row can say anything, such as a database that does not answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import CancelledError as FuturoAnnullato
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar, Token
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import asyncpg
import dramatiq
import msgspec
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import Retry
from dramatiq.middleware import Middleware, MiddlewareError, Retries
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind
from redis.backoff import ConstantBackoff
from redis.retry import Retry as RitentaRedis

from capofila.base.database import MOTORE, Contesto, UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, ErroreCapofila, NonTrovato
from capofila.base.guasti import annota
from capofila.base.impostazioni import Impostazioni
from capofila.base.plugin import PluginInErrore
from capofila.base.telemetria import (
    Etichetta,
    contesto_da,
    inizia_span,
    misure,
    segna_errore,
    span,
    traccia_corrente,
    traccia_di,
    vettore,
)

_log = logging.getLogger(__name__)

Stato = Literal["in_attesa", "in_corso", "da_ritentare", "riuscito", "respinto", "fallito"]

FINITI: frozenset[Stato] = frozenset({"riuscito", "respinto", "fallito"})
ATTORE = "capofila.esegui"
CODA = "lavori"
_TIPO = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\Z")


class Tempi(msgspec.Struct, frozen=True, kw_only=True):
    """How long things wait, in seconds. Tests shorten them."""

    battito: float = 10
    """Between two signs of life of a running job."""
    stantio: float = 60
    """Without a sign of life, after which a job may be taken over."""
    rinvio: float = 90
    """After which a message that nobody took is sent again; doubled each time."""
    rinvio_massimo: float = 1800
    giro: float = 2
    """Between two looks of the relay at the outbox, when no notification comes."""
    progresso: float = 0.5
    """Between two writings of the progress."""
    pausa_minima: float = 5
    """Before the second attempt; doubled at each of the next."""
    pausa_massima: float = 900
    turno: float = 5
    """Before looking again whether another job of the same kind has ended."""
    grazia: float = 25
    """Given to running jobs when the worker is asked to stop."""
    pulizia: float = 3600
    """Between two rounds that throw away what has expired."""

    def pausa(self, tentativo: int) -> float:
        """Seconds to wait after this attempt: exponential, capped, with jitter."""
        piena = min(self.pausa_massima, self.pausa_minima * 2.0 ** min(tentativo - 1, 20))
        return piena * random.uniform(0.75, 1.25)  # noqa: S311


# What a room sees.


class StatoLavoro(msgspec.Struct, frozen=True, kw_only=True):
    """A job as a page shows it."""

    id: UUID
    tipo: str
    stato: Stato
    fatto: int
    totale: int | None
    fase: str | None
    tentativi: int
    errore: str | None
    esito: dict[str, Any] | None
    parametri: dict[str, Any]
    chiave: str | None
    traccia: str | None
    richiesto_da: int | None
    richiesto_il: datetime
    iniziato_il: datetime | None
    finito_il: datetime | None
    riprova_il: datetime | None
    inviato: bool
    """Whether the queue has it; a job that waits without is waiting for the queue to come back."""
    attesa: float
    """Seconds since it was asked for."""

    @property
    def finito(self) -> bool:
        """Whether nothing more will happen unless somebody restarts it."""
        return self.stato in FINITI

    @property
    def percentuale(self) -> int | None:
        """Progress, 0 to 100; None where the total is unknown."""
        if self.stato == "riuscito":
            return 100
        if not self.totale:
            return None
        return max(0, min(100, self.fatto * 100 // self.totale))

    @property
    def descrizione(self) -> str:
        """What is happening, in one Italian sentence."""
        match self.stato:
            case "in_attesa" if not self.inviato and self.attesa > 10:
                return (
                    "In attesa: il servizio che esegue i lavori non risponde. La richiesta è "
                    "salvata e parte da sola appena torna."
                )
            case "in_attesa":
                return "In attesa: parte appena c'è posto."
            case "in_corso":
                return self.fase or "In corso."
            case "da_ritentare":
                return f"Non riuscito: nuovo tentativo fra poco. {self.errore or ''}".strip()
            case "riuscito":
                return "Concluso."
            case "respinto":
                return self.errore or "Respinto."
            case "fallito":
                return f"Fallito dopo {self.tentativi} tentativi. {self.errore or ''}".strip()


def _verifica_tipo(tipo: str) -> None:
    if not _TIPO.match(tipo):
        raise ValueError("a kind of job is a dotted lower-case name")


async def richiedi(
    tipo: str,
    parametri: Mapping[str, Any],
    *,
    chiave: str | None = None,
    totale: int | None = None,
) -> UUID:
    """Ask for a job, in the current unit of work: it exists if and when that commits.

    Args:
        tipo: as registered with :func:`lavoro`.
        parametri: what the job needs, naming rows by id: no personal data.
        chiave: asking again with the same one while that job is open returns that job.
        totale: how much there is to do, when it is already known.

    Returns:
        The id of the job.
    """
    _verifica_tipo(tipo)
    unita = unita_corrente()
    testo = msgspec.json.encode(dict(parametri)).decode()
    portato = vettore()
    for _ in range(3):
        nuovo: UUID | None = await unita.valore(
            """
            INSERT INTO lavoro (ambito_id, tipo, parametri, chiave, totale, traccia)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (ambito_id, tipo, chiave)
              WHERE chiave IS NOT NULL AND stato IN ('in_attesa', 'in_corso', 'da_ritentare')
              DO NOTHING
            RETURNING id
            """,
            *(unita.ambito, tipo, testo, chiave, totale, traccia_di(portato)),
        )
        if nuovo is not None:
            await _metti_in_uscita(unita, nuovo, tipo, portato)
            misure().lavoro(tipo, "in_attesa")
            return nuovo
        aperto: UUID | None = await unita.valore(
            """
            SELECT id FROM lavoro WHERE ambito_id = $1 AND tipo = $2 AND chiave = $3
              AND stato IN ('in_attesa', 'in_corso', 'da_ritentare')
            """,
            *(unita.ambito, tipo, chiave),
        )
        if aperto is not None:
            return aperto
        # It ended between the two statements: ask again.
    raise Conflitto("La stessa richiesta è in corso: riprova fra poco.")


async def _metti_in_uscita(
    unita: UnitaDiLavoro, lavoro_id: UUID, tipo: str, portato: Mapping[str, str]
) -> None:
    await unita.esegui(
        "INSERT INTO lavoro_uscita (ambito_id, lavoro_id, tipo, traccia) VALUES ($1, $2, $3, $4)",
        *(unita.ambito, lavoro_id, tipo, msgspec.json.encode(portato).decode()),
    )


_COLONNE = """
  l.id, l.tipo, l.stato, l.fatto, l.totale, l.fase, l.tentativi, l.errore, l.esito, l.parametri,
  l.chiave, l.traccia, l.richiesto_da, l.richiesto_il, l.iniziato_il, l.finito_il, l.riprova_il,
  u.inviato_il IS NOT NULL AS inviato,
  extract(epoch FROM now() - l.richiesto_il)::float8 AS attesa
  FROM lavoro l LEFT JOIN lavoro_uscita u ON (u.ambito_id, u.lavoro_id) = (l.ambito_id, l.id)
"""


def _letto(riga: Any) -> StatoLavoro:
    valori = dict(riga)
    for nome in ("esito", "parametri"):
        valori[nome] = None if valori[nome] is None else msgspec.json.decode(valori[nome])
    return StatoLavoro(**valori)


async def stato(lavoro_id: UUID) -> StatoLavoro:
    """A job of the current ambito.

    Raises:
        NonTrovato: there is none of that id here.
    """
    unita = unita_corrente()
    riga = await unita.riga(
        f"SELECT {_COLONNE} WHERE l.ambito_id = $1 AND l.id = $2",
        *(unita.ambito, lavoro_id),
    )
    if riga is None:
        raise NonTrovato("Questo lavoro non esiste.")
    return _letto(riga)


async def elenco(
    *,
    tipo: str | None = None,
    stati: Sequence[Stato] | None = None,
    prima_di: datetime | None = None,
    quanti: int = 50,
) -> list[StatoLavoro]:
    """The jobs of the current ambito, the last asked for first.

    Args:
        tipo: only of this kind.
        stati: only in these states; ``("fallito", "respinto")`` are the dead letters.
        prima_di: the next page: only those asked for before the last one shown.
        quanti: at most.
    """
    unita = unita_corrente()
    righe = await unita.righe(
        f"""
        SELECT {_COLONNE}
        WHERE l.ambito_id = $1 AND ($2::text IS NULL OR l.tipo = $2)
          AND ($3::text[] IS NULL OR l.stato = ANY ($3))
          AND ($4::timestamptz IS NULL OR l.richiesto_il < $4)
        ORDER BY l.richiesto_il DESC LIMIT $5
        """,
        *(unita.ambito, tipo, None if stati is None else list(stati), prima_di, quanti),
    )
    return [_letto(riga) for riga in righe]


async def riavvia(lavoro_id: UUID) -> None:
    """Put a job that failed or was refused back in the queue, its attempts counted anew.

    Raises:
        NonTrovato: there is none of that id here.
        Conflitto: it has not failed, or the same was asked for again in the meantime.
    """
    unita = unita_corrente()
    portato = vettore()
    try:
        async with unita.punto_di_ritorno():
            tipo: str | None = await unita.valore(
                """
                UPDATE lavoro SET stato = 'in_attesa', tentativi = 0, fatto = 0, fase = NULL,
                  errore = NULL, esito = NULL, finito_il = NULL, riprova_il = NULL, traccia = $3
                WHERE ambito_id = $1 AND id = $2 AND stato IN ('fallito', 'respinto')
                RETURNING tipo
                """,
                *(unita.ambito, lavoro_id, traccia_di(portato)),
            )
            if tipo is not None:
                await _metti_in_uscita(unita, lavoro_id, tipo, portato)
    except asyncpg.UniqueViolationError:
        raise Conflitto("La stessa richiesta è già in corso: attendi che finisca.") from None
    if tipo is None:
        attuale = await stato(lavoro_id)
        raise Conflitto(
            "Il lavoro si è già concluso bene."
            if attuale.stato == "riuscito"
            else "Il lavoro è già in coda o in corso."
        )
    misure().lavoro(tipo, "in_attesa")


class Compito:
    """A job being done: what its function gets."""

    def __init__(
        self,
        *,
        id_: UUID,
        tipo: str,
        parametri: dict[str, Any],
        tentativo: int,
        ultimo: bool,
        preso_il: datetime,
        contesto: Contesto,
        totale: int | None = None,
    ) -> None:
        self.id = id_
        self.tipo = tipo
        self.parametri = parametri
        self.tentativo = tentativo
        self.ultimo = ultimo
        """Whether nothing more is tried if this attempt fails."""
        self.contesto = contesto
        """The ambito, the person who asked and the trace, for the units of work of the job."""
        self._preso_il = preso_il
        self._avanzamento: tuple[int, int | None, str | None] = (0, totale, None)
        self._cambiato = asyncio.Event()

    @property
    def ambito(self) -> int:
        """The ambito of the job."""
        assert self.contesto.ambito is not None
        return self.contesto.ambito

    @property
    def utente(self) -> int | None:
        """Who asked for the job."""
        return self.contesto.utente

    @property
    def traccia(self) -> str | None:
        """The trace id of the request."""
        return self.contesto.traccia

    def unita(
        self, *, sola_lettura: bool = False, istantanea: bool = False
    ) -> AbstractAsyncContextManager[UnitaDiLavoro]:
        """A unit of work for the person who asked for the job, with that person's limits."""
        return MOTORE.unita(self.contesto, sola_lettura=sola_lettura, istantanea=istantanea)

    async def avanza(self, fatto: int, totale: int | None = None, fase: str | None = None) -> None:
        """Say how far it is. Costs nothing: it is written from another task, twice a second.

        Args:
            fatto: how much is done.
            totale: of how much; the last one said stays.
            fase: what is being done, in Italian, for the page; no data of persons.
        """
        _, prima, fase_prima = self._avanzamento
        self._avanzamento = (
            fatto,
            prima if totale is None else totale,
            fase_prima if fase is None else fase,
        )
        self._cambiato.set()

    async def conferma(self, unita: UnitaDiLavoro) -> None:
        """Make sure, before the unit commits what the job has made, that the job is still ours.

        Raises:
            LavoroPerso: another worker has taken it over; the unit must not commit.
        """
        mio = await unita.valore(
            """
            SELECT true FROM lavoro WHERE ambito_id = $1 AND id = $2 AND stato = 'in_corso'
              AND iniziato_il = $3 FOR UPDATE
            """,
            *(self.ambito, self.id, self._preso_il),
        )
        if not mio:
            raise LavoroPerso("Il lavoro è passato a un altro esecutore.")


Funzione = Callable[[Compito], Awaitable[Mapping[str, Any] | None]]


class Definizione(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of job."""

    tipo: str
    funzione: Funzione
    tentativi: int
    limite: float
    uno_per_ambito: bool


REGISTRO: dict[str, Definizione] = {}
"""The kinds of jobs that this process can do."""


def lavoro(
    tipo: str, *, tentativi: int = 5, limite: float = 3600, uno_per_ambito: bool = False
) -> Callable[[Funzione], Funzione]:
    """Register the function that does a kind of job.

    It must bear to be run again from the start with the same id: an attempt may have ended
    anywhere. An :class:`ErroreCapofila` with a status below 500 refuses the job (state
    ``respinto``, its message on the page); anything else is tried again, then ``fallito``.

    Args:
        tipo: dotted lower-case name, ``debito.esporta``.
        tentativi: how many at most.
        limite: seconds that one attempt may take.
        uno_per_ambito: at most one of this kind at a time in each ambito.
    """
    _verifica_tipo(tipo)

    def registra(funzione: Funzione) -> Funzione:
        gia = REGISTRO.get(tipo)
        if gia is not None and gia.funzione is not funzione:
            raise ValueError(f"two functions for the job {tipo}")
        REGISTRO[tipo] = Definizione(
            tipo=tipo,
            funzione=funzione,
            tentativi=tentativi,
            limite=limite,
            uno_per_ambito=uno_per_ambito,
        )
        return funzione

    return registra


# Errors of the machinery.


class LavoroPerso(Exception):
    """Another worker has taken the job over; what this one has made must not be stored."""


class TempoScaduto(Exception):
    """An attempt took longer than it may."""


class _SiFerma(Exception):
    """This worker takes no more jobs; the message is for the next one."""


class AmbitoNonStabilito(MiddlewareError):
    """A message does not say for whom: it is neither sent nor run.

    A subclass of Dramatiq's MiddlewareError, because any other exception of a middleware is
    logged and swallowed, and the actor would run without a tenant.
    """


_SENZA_RISPOSTA = (
    asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError,
)  # fmt: skip
"""A connection that broke; the internal error is that of one that ended in the middle of an answer."""


def _frase(errore: BaseException) -> str:
    """What the row says of an error: its class, and a sentence without values."""
    nome = type(errore).__name__
    if isinstance(errore, ErroreCapofila):
        return f"{errore.messaggio} ({nome})"
    if isinstance(errore, TempoScaduto):
        return "Il lavoro ha superato il tempo massimo: riduci il periodo oppure riavvialo."
    if isinstance(errore, _SENZA_RISPOSTA):
        return f"Un servizio interno non ha risposto: riavvia il lavoro fra poco. ({nome})"
    return (
        f"Errore imprevisto ({nome}). Riavvia il lavoro; se si ripete, comunica all'assistenza "
        f"il codice {traccia_corrente()}."
    )


# The messages.


class Messaggio(msgspec.Struct, frozen=True):
    """All that a message says."""

    lavoro: UUID
    ambito: int
    tipo: str


_messaggio: ContextVar[Messaggio | None] = ContextVar("capofila_messaggio", default=None)


def messaggio_dramatiq(
    lavoro_id: UUID, ambito: int, tipo: str, portato: Mapping[str, str]
) -> dramatiq.Message[Any]:
    """The message of a job."""
    return dramatiq.Message(
        queue_name=CODA,
        actor_name=ATTORE,
        args=(),
        kwargs={"lavoro": str(lavoro_id), "ambito": ambito, "tipo": tipo},
        options={"traccia": dict(portato)},
    )


def _leggi_messaggio(messaggio: dramatiq.Message[Any] | dramatiq.MessageProxy) -> Messaggio:
    try:
        letto = msgspec.convert(messaggio.kwargs, Messaggio)
        if messaggio.args or set(messaggio.kwargs) != {"lavoro", "ambito", "tipo"}:
            raise AmbitoNonStabilito("a message with more than it may carry")
    except msgspec.ValidationError:
        raise AmbitoNonStabilito("a message without job, ambito and kind") from None
    if not 0 < letto.ambito < 2**15 or not _TIPO.match(letto.tipo):
        raise AmbitoNonStabilito("a message for no possible ambito or kind")
    return letto


class ContestoDelLavoro(Middleware):
    """First of the middleware: for whom a message acts, and in which trace.

    Being first, its hooks run before all others and are undone after all others, so what these
    send (retries) is sent in the same context.
    """

    def __init__(self) -> None:
        self._aperti: dict[int, tuple[Span, Any, Token[Messaggio | None]]] = {}

    def before_enqueue(
        self, broker: dramatiq.Broker, message: dramatiq.Message[Any], delay: int | None
    ) -> None:
        """Refuse to send what says not for whom; nothing is overwritten at a retry."""
        _leggi_messaggio(message)
        message.options.setdefault("traccia", vettore())

    def before_process_message(
        self, broker: dramatiq.Broker, message: dramatiq.MessageProxy
    ) -> None:
        letto = _leggi_messaggio(message)
        portato = message.options.get("traccia")
        contesto = contesto_da(portato if isinstance(portato, dict) else None)
        consumo = inizia_span(
            "lavoro.esegui",
            {
                "messaging.system": "dramatiq",
                "messaging.operation.name": "process",
                "capofila.lavoro": str(letto.lavoro),
                "capofila.lavoro.tipo": letto.tipo,
                "capofila.ambito": letto.ambito,
            },
            tipo=SpanKind.CONSUMER,
            contesto=contesto,
        )
        segno = otel_context.attach(trace.set_span_in_context(consumo, contesto))
        self._aperti[id(message)] = (consumo, segno, _messaggio.set(letto))

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: dramatiq.MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        aperto = self._aperti.pop(id(message), None)
        if aperto is None:
            return
        consumo, segno, gettone = aperto
        if exception is not None:
            segna_errore(consumo, exception)
        _messaggio.reset(gettone)
        otel_context.detach(segno)
        consumo.end()

    def after_skip_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        self.after_process_message(broker, message)


def crea_broker(impostazioni: Impostazioni) -> RedisBroker:
    """The broker of this installation; nothing is connected yet.

    Its keys begin with the installation's prefix, so that several can share a Valkey.
    """
    cliente = redis.Redis.from_url(
        impostazioni.broker_url,
        socket_connect_timeout=3,
        socket_timeout=15,
        health_check_interval=30,
        retry=RitentaRedis(ConstantBackoff(0.2), 1),
    )
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=cliente,
        namespace=f"{impostazioni.s3_prefisso_bucket}:dramatiq",
        # ContestoDelLavoro must stay first.
        middleware=[
            ContestoDelLavoro(),
            Retries(max_retries=8, min_backoff=2_000, max_backoff=300_000),
        ],
        # Often enough that what a dead worker had in hand is seen again; nothing depends on it.
        maintenance_chance=10_000,
    )


# The execution.


class _InCorso(msgspec.Struct):
    compito: Compito
    definizione: Definizione
    opera: asyncio.Task[Mapping[str, Any] | None]
    da_restituire: bool = False
    perso: bool = False


_PRESO = """
UPDATE lavoro SET stato = 'in_corso', tentativi = tentativi + 1, fatto = 0, fase = NULL,
  iniziato_il = clock_timestamp(), battito_il = clock_timestamp(), riprova_il = NULL,
  finito_il = NULL
WHERE ambito_id = $1 AND id = $2 AND tipo = $3
  AND (stato = 'in_attesa'
    OR stato = 'da_ritentare' AND (riprova_il IS NULL OR riprova_il <= now() + interval '50 ms')
    OR stato = 'in_corso' AND battito_il < now() - $4::interval)
RETURNING parametri, tentativi, iniziato_il, totale, richiesto_da, comune
"""
_OCCUPATO = """
SELECT EXISTS (SELECT FROM lavoro WHERE ambito_id = $1 AND tipo = $3 AND id <> $2
  AND stato = 'in_corso' AND battito_il >= now() - $4::interval)
"""
_GUASTI = (
    ErroreCapofila, OSError, asyncpg.PostgresError, asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)  # fmt: skip


class Esecutore:
    """Runs jobs: called by Dramatiq's threads, working on the event loop of its process."""

    def __init__(self, tempi: Tempi | None = None) -> None:
        self.tempi = tempi or Tempi()
        self._ciclo = asyncio.get_running_loop()
        self._in_corso: dict[UUID, _InCorso] = {}
        self._arresto = asyncio.Event()
        self._vuoto = asyncio.Event()
        self._vuoto.set()

    def dichiara(self, broker: dramatiq.Broker) -> None:
        """Declare the one actor that runs all jobs."""
        dramatiq.actor(
            actor_name=ATTORE,
            queue_name=CODA,
            broker=broker,
            throws=AmbitoNonStabilito,
        )(self._attore)

    def _attore(self, lavoro: str, ambito: int, tipo: str) -> None:
        """Run in one of Dramatiq's threads: hand the job to the loop and wait for it."""
        messaggio = _messaggio.get()
        if messaggio is None:
            raise AmbitoNonStabilito("the actor was called without its middleware")
        futuro = asyncio.run_coroutine_threadsafe(self._esegui(messaggio), self._ciclo)
        guasto: str | None = None
        try:
            futuro.result()
        except FuturoAnnullato:
            return
        except _SiFerma:
            guasto = "_SiFerma"
        except Exception as errore:
            _log.warning(
                "lavoro %s rimandato: non si può scrivere lo stato",
                messaggio.lavoro,
                exc_info=errore,
            )
            guasto = type(errore).__name__
        if guasto is not None:
            # Raised outside of the handler: Retries stores the traceback in the broker.
            raise Retry(guasto)

    async def _esegui(self, messaggio: Messaggio) -> None:
        definizione = REGISTRO.get(messaggio.tipo)
        if definizione is None:
            _log.error("nessuno sa eseguire il lavoro %s", messaggio.lavoro)
            return
        if self._arresto.is_set():
            raise _SiFerma
        if messaggio.lavoro in self._in_corso:
            return
        compito = await self._prendi(messaggio, definizione)
        if compito is None:
            return
        opera = asyncio.create_task(_chiama(definizione.funzione, compito))
        corrente = _InCorso(compito=compito, definizione=definizione, opera=opera)
        self._in_corso[compito.id] = corrente
        self._vuoto.clear()
        polso = asyncio.create_task(self._polso(corrente))
        inizio = time.monotonic()
        try:
            if self._arresto.is_set():
                corrente.da_restituire = True
                opera.cancel()
            await asyncio.wait({opera}, timeout=definizione.limite)
            scaduto = not opera.done()
            if scaduto:
                opera.cancel()
                await asyncio.wait({opera}, timeout=30)
        finally:
            polso.cancel()
            await asyncio.wait({polso})
        try:
            await self._chiudi(corrente, scaduto, time.monotonic() - inizio)
        finally:
            self._in_corso.pop(compito.id, None)
            if not self._in_corso:
                self._vuoto.set()

    async def _prendi(self, messaggio: Messaggio, definizione: Definizione) -> Compito | None:
        """Take the job, if it is to be had."""
        traccia = traccia_corrente()
        stantio = timedelta(seconds=self.tempi.stantio)
        chi = (messaggio.ambito, messaggio.lavoro, messaggio.tipo, stantio)
        async with MOTORE.unita(Contesto(ambito=messaggio.ambito, traccia=traccia)) as unita:
            if definizione.uno_per_ambito:
                await unita.esegui(
                    "SELECT pg_advisory_xact_lock($1, hashtext($2))",
                    *(messaggio.ambito, f"lavoro:{messaggio.tipo}"),
                )
                if await unita.valore(_OCCUPATO, *chi):
                    await self._rimanda(unita, messaggio, self.tempi.turno)
                    return None
            riga = await unita.riga(_PRESO, *chi)
            if riga is None:
                return None
            # As long as the heart beats the message needs no sending again.
            await self._rimanda(unita, messaggio, self.tempi.stantio)
            if riga["tentativi"] > definizione.tentativi:
                await self._termina(
                    unita,
                    messaggio,
                    riga["iniziato_il"],
                    "fallito",
                    "Il lavoro si è interrotto più volte senza un errore: può essere troppo "
                    "grande per questo servizio. Riduci il periodo oppure riavvialo.",
                )
                return None
        misure().lavoro(messaggio.tipo, "in_corso")
        return Compito(
            id_=messaggio.lavoro,
            tipo=messaggio.tipo,
            parametri=msgspec.json.decode(riga["parametri"]),
            tentativo=riga["tentativi"],
            ultimo=riga["tentativi"] >= definizione.tentativi,
            preso_il=riga["iniziato_il"],
            totale=riga["totale"],
            contesto=Contesto(
                ambito=messaggio.ambito,
                utente=riga["richiesto_da"],
                comune=riga["comune"],
                traccia=traccia,
            ),
        )

    async def _rimanda(
        self, unita: UnitaDiLavoro, messaggio: Messaggio | Compito, secondi: float
    ) -> None:
        lavoro_id = messaggio.id if isinstance(messaggio, Compito) else messaggio.lavoro
        await unita.esegui(
            """
            UPDATE lavoro_uscita SET prossimo_invio_il = now() + $3::interval
            WHERE ambito_id = $1 AND lavoro_id = $2
            """,
            *(messaggio.ambito, lavoro_id, timedelta(seconds=secondi)),
        )

    async def _polso(self, corrente: _InCorso) -> None:
        """Write the progress and the sign of life, in short units of this task's own."""
        compito, ultimo = corrente.compito, time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                resta = max(0.05, self.tempi.battito - (time.monotonic() - ultimo))
                # Not wait_for: in Python 3.11 it loses a cancellation that comes with the event.
                async with asyncio.timeout(resta):
                    await compito._cambiato.wait()
            compito._cambiato.clear()
            batte = time.monotonic() - ultimo >= self.tempi.battito
            fatto, totale, fase = compito._avanzamento
            try:
                async with MOTORE.unita(compito.contesto) as unita:
                    tag = await unita.esegui(
                        """
                        UPDATE lavoro SET fatto = $4, totale = coalesce($5, totale), fase = $6,
                          battito_il = clock_timestamp()
                        WHERE ambito_id = $1 AND id = $2 AND stato = 'in_corso' AND iniziato_il = $3
                        """,
                        *(compito.ambito, compito.id, compito._preso_il, fatto, totale, fase),
                    )
                    if batte:
                        await self._rimanda(unita, compito, self.tempi.stantio)
            except _GUASTI as err:
                _log.warning("battito del lavoro %s non scritto: %s", compito.id, type(err))
            else:
                if batte:
                    ultimo = time.monotonic()
                if not tag.endswith(" 1"):
                    corrente.perso = True
                    corrente.opera.cancel()
                    return
            await asyncio.sleep(self.tempi.progresso)

    async def _chiudi(self, corrente: _InCorso, scaduto: bool, secondi: float) -> None:
        """Write how an attempt ended."""
        compito, definizione, opera = corrente.compito, corrente.definizione, corrente.opera
        errore: BaseException | None = None
        if corrente.perso:
            _log.warning("lavoro %s passato a un altro esecutore", compito.id)
            return
        if scaduto:
            errore = TempoScaduto()
        elif opera.cancelled():
            if corrente.da_restituire:
                await self._restituisci(compito)
                return
            errore = asyncio.CancelledError()
        else:
            errore = opera.exception()
        if isinstance(errore, LavoroPerso):
            _log.warning("lavoro %s passato a un altro esecutore", compito.id)
            return

        esito: dict[str, Any] | None = None
        messaggio: str | None = None
        nuovo: Stato
        if errore is None:
            nuovo, ritorno = "riuscito", opera.result()
            esito = None if ritorno is None else dict(ritorno)
        elif isinstance(errore, ErroreCapofila) and errore.stato < 500:
            nuovo, messaggio = "respinto", errore.messaggio
        else:
            nuovo = "fallito" if compito.ultimo else "da_ritentare"
            messaggio = _frase(errore)
            segna_errore(trace.get_current_span(), errore)
            _log.error(
                "lavoro %s di tipo %s: tentativo %d di %d non riuscito",
                *(compito.id, Etichetta(compito.tipo), compito.tentativo, definizione.tentativi),
                exc_info=(type(errore), errore, errore.__traceback__),
            )
        if isinstance(errore, PluginInErrore):
            await annota(compito.contesto, errore)
        await self._scrivi_la_fine(compito, nuovo, messaggio, esito)
        misure().lavoro(compito.tipo, nuovo, secondi)

    async def _scrivi_la_fine(
        self, compito: Compito, nuovo: Stato, messaggio: str | None, esito: dict[str, Any] | None
    ) -> None:
        """Write the end, also when the database is away for a moment: the work is already done."""
        for pausa in (0.5, 2.0, 5.0, 10.0, None):
            try:
                async with MOTORE.unita(compito.contesto) as unita:
                    if nuovo == "da_ritentare":
                        await self._ritenta(unita, compito, messaggio)
                    else:
                        preso = compito._preso_il
                        await self._termina(unita, compito, preso, nuovo, messaggio, esito)
                return
            except _GUASTI:
                if pausa is None:
                    raise
            await asyncio.sleep(pausa)

    async def _ritenta(self, unita: UnitaDiLavoro, compito: Compito, messaggio: str | None) -> None:
        pausa = self.tempi.pausa(compito.tentativo)
        tag = await unita.esegui(
            """
            UPDATE lavoro SET stato = 'da_ritentare', errore = $4,
              riprova_il = now() + $5::interval
            WHERE ambito_id = $1 AND id = $2 AND stato = 'in_corso' AND iniziato_il = $3
            """,
            *(compito.ambito, compito.id, compito._preso_il, messaggio, timedelta(seconds=pausa)),
        )
        if tag.endswith(" 1"):
            await self._rimanda(unita, compito, pausa)
            await _cedi_il_turno(unita, compito.ambito, compito.tipo, compito.id)

    async def _termina(
        self,
        unita: UnitaDiLavoro,
        messaggio: Messaggio | Compito,
        preso_il: datetime,
        nuovo: Stato,
        errore: str | None,
        esito: dict[str, Any] | None = None,
    ) -> None:
        lavoro_id = messaggio.id if isinstance(messaggio, Compito) else messaggio.lavoro
        fatto, totale, fase = (
            messaggio._avanzamento if isinstance(messaggio, Compito) else (None, None, None)
        )
        tag = await unita.esegui(
            """
            UPDATE lavoro SET stato = $4, errore = $5, esito = $6, finito_il = now(),
              fatto = coalesce($7, fatto), totale = coalesce($8, totale), fase = $9
            WHERE ambito_id = $1 AND id = $2 AND stato = 'in_corso' AND iniziato_il = $3
            """,
            *(messaggio.ambito, lavoro_id, preso_il, nuovo, errore),
            None if esito is None else msgspec.json.encode(esito).decode(),
            *(fatto, totale, fase),
        )
        if tag.endswith(" 1"):
            await unita.esegui(
                "DELETE FROM lavoro_uscita WHERE ambito_id = $1 AND lavoro_id = $2",
                *(messaggio.ambito, lavoro_id),
            )
            await _cedi_il_turno(unita, messaggio.ambito, messaggio.tipo, lavoro_id)

    async def _restituisci(self, compito: Compito) -> None:
        """Give a job back whose attempt was cut short by us: it does not count."""
        async with MOTORE.unita(compito.contesto) as unita:
            tag = await unita.esegui(
                """
                UPDATE lavoro SET stato = 'da_ritentare', tentativi = tentativi - 1,
                  riprova_il = NULL, errore = NULL
                WHERE ambito_id = $1 AND id = $2 AND stato = 'in_corso' AND iniziato_il = $3
                """,
                *(compito.ambito, compito.id, compito._preso_il),
            )
            if tag.endswith(" 1"):
                await self._rimanda(unita, compito, 0)
                await unita.esegui("SELECT pg_notify('capofila_lavori', '')")
        _log.info("lavoro %s restituito", compito.id)

    async def ferma(self) -> None:
        """Take no more jobs; wait for those that run, then give back what does not end in time."""
        self._arresto.set()
        opere = {c.opera for c in self._in_corso.values()}
        if opere:
            await asyncio.wait(opere, timeout=self.tempi.grazia)
        for corrente in list(self._in_corso.values()):
            if not corrente.opera.done():
                corrente.da_restituire = True
                corrente.opera.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(20):
                await self._vuoto.wait()


async def _cedi_il_turno(unita: UnitaDiLavoro, ambito: int, tipo: str, finito: UUID) -> None:
    """Wake the next job of the same kind, if its message came while this one was running."""
    definizione = REGISTRO.get(tipo)
    if definizione is None or not definizione.uno_per_ambito:
        return
    tag = await unita.esegui(
        """
        UPDATE lavoro_uscita u SET prossimo_invio_il = now() FROM lavoro l
        WHERE (l.ambito_id, l.id) = (u.ambito_id, u.lavoro_id) AND u.ambito_id = $1 AND u.tipo = $2
          AND u.lavoro_id <> $3 AND l.stato = 'in_attesa'
        """,
        *(ambito, tipo, finito),
    )
    if not tag.endswith(" 0"):
        await unita.esegui("SELECT pg_notify('capofila_lavori', '')")


async def _chiama(funzione: Funzione, compito: Compito) -> Mapping[str, Any] | None:
    with span("lavoro.opera", {"capofila.tentativo": compito.tentativo}):
        return await funzione(compito)


__all__ = [
    "ATTORE",
    "CODA",
    "FINITI",
    "REGISTRO",
    "AmbitoNonStabilito",
    "Compito",
    "ContestoDelLavoro",
    "Definizione",
    "Esecutore",
    "LavoroPerso",
    "Stato",
    "StatoLavoro",
    "Tempi",
    "TempoScaduto",
    "crea_broker",
    "elenco",
    "lavoro",
    "messaggio_dramatiq",
    "riavvia",
    "richiedi",
    "stato",
]
