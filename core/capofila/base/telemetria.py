"""Traces, metrics and logs that can leave the house: they say what happened, never to whom.

A span, a metric or a log line is read by people who may not see the data of the ambiti, so
nothing of theirs may enter one. Two belts: the helpers here take only listed attributes, and what
leaves the process passes a filter that knows nothing but the list (``ATTRIBUTI``). A log line
prints the text of the code and, of its arguments, only what cannot be data: numbers, UUIDs, names
that the code vouches for (:class:`Etichetta`); an exception is its class and the place, never its
message, because PostgreSQL's DETAIL, msgspec and ``int()`` all quote values.

Without ``OTEL_EXPORTER_OTLP_ENDPOINT`` nothing is recorded and nothing is sent; a trace id exists
all the same, so that an error page can show one and the log of the worker can be found by it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from opentelemetry import context as otel_context
from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

Valore = str | int | float | bool

_CODICE_FISCALE = re.compile(
    r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]", re.I
)
_ETICHETTA = re.compile(r"[a-z][a-z0-9_.:-]{0,63}\Z")
_ROTTA = re.compile(r"/[A-Za-z0-9_./{}:-]{0,200}\Z")
_CLASSE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}\Z")
_METODO = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ALTRO)\Z")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})\Z")

ATTRIBUTI: dict[str, type[int] | type[float] | re.Pattern[str]] = {
    "http.request.method": _METODO,
    "http.route": _ROTTA,
    "http.response.status_code": int,
    "capofila.ambito": int,
    "capofila.lavoro": _UUID,
    "capofila.lavoro.tipo": _ETICHETTA,
    "capofila.lavoro.stato": _ETICHETTA,
    "capofila.tentativo": int,
    "capofila.invio": int,
    "capofila.flusso": _ETICHETTA,
    "capofila.ruolo": _ETICHETTA,
    "capofila.query": int,
    "capofila.righe": int,
    "capofila.byte": int,
    "capofila.parti": int,
    "error.type": _CLASSE,
    "messaging.system": _ETICHETTA,
    "messaging.operation.name": _ETICHETTA,
    "db.system.name": _ETICHETTA,
}
"""Every attribute that may leave the process, and what its value must be. Free text never is."""

DIMENSIONI = frozenset(
    {
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "capofila.lavoro.tipo",
        "capofila.lavoro.stato",
        "capofila.flusso",
        "error.type",
    }
)
"""The attributes of a metric: few values each."""


def _ammesso(nome: str, valore: object) -> bool:
    regola = ATTRIBUTI.get(nome)
    if regola is None:
        return False
    if isinstance(regola, re.Pattern):
        return (
            isinstance(valore, str)
            and regola.match(valore) is not None
            and _CODICE_FISCALE.search(valore) is None
        )
    return isinstance(valore, (int, regola)) and not isinstance(valore, bool)


def ammessi(attributi: Mapping[str, object]) -> dict[str, Valore]:
    """Of these attributes, those that may leave the process."""
    return {n: v for n, v in attributi.items() if _ammesso(n, v)}  # type: ignore[misc]


# Traces.

_fornitore: TracerProvider | None = None
_contatore: MeterProvider | None = None
_tracciatore: trace.Tracer = trace.NoOpTracer()
_traccia_della_richiesta: ContextVar[str | None] = ContextVar("capofila_traccia", default=None)


def _contesto_di(traccia: str, span: str, segni: int) -> Context:
    genitore = SpanContext(int(traccia, 16), int(span, 16), True, TraceFlags(segni))
    return trace.set_span_in_context(NonRecordingSpan(genitore), Context())


def vettore() -> dict[str, str]:
    """The W3C carrier of the current span, to travel with a job. Never any baggage."""
    contesto = trace.get_current_span().get_span_context()
    if contesto.is_valid:
        traccia, span, segni = contesto.trace_id, contesto.span_id, int(contesto.trace_flags)
        return {"traceparent": f"00-{traccia:032x}-{span:016x}-{segni:02x}"}
    return {"traceparent": f"00-{traccia_corrente()}-{secrets.token_hex(8)}-00"}


def traccia_di(portato: Mapping[str, str]) -> str:
    """The trace id of a carrier made by :func:`vettore`."""
    return portato["traceparent"].split("-")[1]


def contesto_da(portato: Mapping[str, object] | None) -> Context:
    """The context of a carrier; a new trace where it holds none that can be read."""
    letto = _TRACEPARENT.match(str((portato or {}).get("traceparent", "")))
    if letto and int(letto[1], 16) and int(letto[2], 16):
        return _contesto_di(letto[1], letto[2], int(letto[3], 16))
    return _nuovo()


def _nuovo() -> Context:
    """A trace of its own: begun by the first span, or, with nothing recorded, by a random id."""
    if _fornitore is not None:
        return Context()
    return _contesto_di(secrets.token_hex(16), secrets.token_hex(8), 0)


def traccia_corrente() -> str:
    """The trace id of what is being done now, 32 hexadecimal digits.

    Outside any request or job it is a random one, different at each call.
    """
    contesto = trace.get_current_span().get_span_context()
    if contesto.is_valid:
        return f"{contesto.trace_id:032x}"
    return _traccia_della_richiesta.get() or secrets.token_hex(16)


@contextmanager
def nel_contesto(contesto: Context) -> Iterator[None]:
    """Do something as part of another trace."""
    segno = otel_context.attach(contesto)
    try:
        yield
    finally:
        otel_context.detach(segno)


@contextmanager
def nuova_traccia() -> Iterator[str]:
    """Something that begins here: a command, a scheduled task. Yields its trace id."""
    with nel_contesto(_nuovo()):
        if _fornitore is None:
            yield traccia_corrente()
        else:
            with span("capofila.comando"):
                yield traccia_corrente()


def inizia_span(
    nome: str,
    attributi: Mapping[str, Valore] | None = None,
    *,
    tipo: SpanKind = SpanKind.INTERNAL,
    contesto: Context | None = None,
) -> Span:
    """A span to be ended by hand, for what neither begins nor ends in one block."""
    filtrati = ammessi(attributi) if attributi and _fornitore is not None else None
    return _tracciatore.start_span(
        nome, contesto, kind=tipo, attributes=filtrati, record_exception=False
    )


def annota(span_: Span, attributi: Mapping[str, Valore]) -> None:
    """Add attributes to a span; those not on the list are left out."""
    if span_.is_recording():
        span_.set_attributes(ammessi(attributi))


def segna_errore(span_: Span, errore: BaseException | type[BaseException]) -> None:
    """Mark a span as failed: the class of the error, nothing that it says."""
    if span_.is_recording():
        classe = errore if isinstance(errore, type) else type(errore)
        span_.set_status(Status(StatusCode.ERROR))
        annota(span_, {"error.type": classe.__name__})


@contextmanager
def span(
    nome: str,
    attributi: Mapping[str, Valore] | None = None,
    *,
    tipo: SpanKind = SpanKind.INTERNAL,
) -> Iterator[Span]:
    """A span around a block; an error passes through and leaves its class."""
    corrente = inizia_span(nome, attributi, tipo=tipo)
    segno = otel_context.attach(trace.set_span_in_context(corrente))
    try:
        yield corrente
    except BaseException as errore:
        segna_errore(corrente, errore)
        raise
    finally:
        otel_context.detach(segno)
        corrente.end()


def _pulisci(originale: ReadableSpan) -> ReadableSpan:
    """A span with what the list allows, and nothing else: no events, no description of a status."""
    from opentelemetry.sdk.trace import ReadableSpan

    attributi = ammessi(dict(originale.attributes or {}))
    nome = originale.name if _ETICHETTA.match(originale.name) else "senza_nome"
    if "http.route" in attributi and "http.request.method" in attributi:
        nome = f"{attributi['http.request.method']} {attributi['http.route']}"
    return ReadableSpan(
        name=nome,
        context=originale.context,
        parent=originale.parent,
        resource=originale.resource,
        attributes=attributi,
        events=(),
        links=tuple(trace.Link(unito.context) for unito in originale.links),
        kind=originale.kind,
        status=Status(originale.status.status_code),
        start_time=originale.start_time,
        end_time=originale.end_time,
        instrumentation_scope=originale.instrumentation_scope,
    )


# Metrics. The instruments exist from the start and do nothing until a provider is configured.


class _Misure:
    """The instruments of Capofila."""

    def __init__(self, strumenti: metrics.Meter) -> None:
        self._richieste = strumenti.create_histogram(
            "capofila.http.durata", "s", "Requests answered, by method, route and status"
        )
        self._lavori = strumenti.create_counter(
            "capofila.lavori", "{lavoro}", "Changes of state of the jobs, by kind and state"
        )
        self._durata_lavori = strumenti.create_histogram(
            "capofila.lavori.durata", "s", "Duration of an attempt, by kind and outcome"
        )
        self._righe = strumenti.create_counter(
            "capofila.righe_esportate", "{riga}", "Rows written in files, by flow"
        )
        self._byte = strumenti.create_counter(
            "capofila.archivio.byte", "By", "Bytes sent to the object store"
        )

    def richiesta(self, metodo: str, rotta: str, stato: int, secondi: float) -> None:
        """A request has been answered."""
        self._richieste.record(
            secondi,
            ammessi(
                {
                    "http.request.method": metodo,
                    "http.route": rotta,
                    "http.response.status_code": stato,
                }
            ),
        )

    def lavoro(self, tipo: str, stato: str, secondi: float | None = None) -> None:
        """A job has come into a state, after an attempt of so many seconds."""
        attributi = ammessi({"capofila.lavoro.tipo": tipo, "capofila.lavoro.stato": stato})
        self._lavori.add(1, attributi)
        if secondi is not None:
            self._durata_lavori.record(secondi, attributi)

    def righe_esportate(self, flusso: str, righe: int) -> None:
        """A file has so many rows."""
        self._righe.add(righe, ammessi({"capofila.flusso": flusso}))

    def byte_archiviati(self, quanti: int) -> None:
        """So many bytes are in the object store."""
        self._byte.add(quanti)


_misure = _Misure(metrics.NoOpMeter("capofila"))


def misure() -> _Misure:
    """The instruments of this process."""
    return _misure


# Configuration.


def avvia_telemetria(
    servizio: str,
    *,
    esportatore: SpanExporter | None = None,
    lettore: MetricReader | None = None,
) -> bool:
    """Set up the logs, and start recording when there is where to send it.

    Args:
        servizio: ``capofila-web``, ``capofila-worker``.
        esportatore: where spans go, at once (tests); by default OTLP over http to
            ``OTEL_EXPORTER_OTLP_ENDPOINT``, in batches.
        lettore: who reads the metrics; by default OTLP, every minute.

    Returns:
        Whether anything is recorded.
    """
    global _contatore, _fornitore, _misure, _tracciatore
    configura_log()
    remoto = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if esportatore is None and lettore is None and not remoto:
        return False
    spegni_telemetria()

    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.view import View
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    class Filtrato(SpanProcessor):
        """Passes on what the list allows, whoever made the span."""

        def __init__(self, seguito: SpanProcessor) -> None:
            self._seguito = seguito

        def on_end(self, span: ReadableSpan) -> None:
            self._seguito.on_end(_pulisci(span))

        def shutdown(self) -> None:
            self._seguito.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return self._seguito.force_flush(timeout_millis)

    # No detector of the SDK: they would add the command line and the user of the process.
    risorsa = Resource({"service.name": os.environ.get("OTEL_SERVICE_NAME") or servizio})
    seguito: SpanProcessor
    if esportatore is not None:
        seguito = SimpleSpanProcessor(esportatore)
    elif remoto:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        seguito = BatchSpanProcessor(OTLPSpanExporter())
    else:
        seguito = SpanProcessor()
    _fornitore = TracerProvider(resource=risorsa, shutdown_on_exit=False)
    _fornitore.add_span_processor(Filtrato(seguito))
    _tracciatore = _fornitore.get_tracer("capofila")

    if lettore is None and remoto:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

        lettore = PeriodicExportingMetricReader(OTLPMetricExporter())
    _contatore = MeterProvider(
        metric_readers=[lettore] if lettore else [],
        resource=risorsa,
        views=[View(instrument_name="*", attribute_keys=set(DIMENSIONI))],
        shutdown_on_exit=False,
    )
    _misure = _Misure(_contatore.get_meter("capofila"))
    return True


def spegni_telemetria() -> None:
    """Send what is waiting, and stop recording."""
    global _contatore, _fornitore, _misure, _tracciatore
    fornitore, contatore = _fornitore, _contatore
    _fornitore, _contatore = None, None
    _tracciatore = trace.NoOpTracer()
    _misure = _Misure(metrics.NoOpMeter("capofila"))
    if fornitore is not None:
        fornitore.shutdown()
    if contatore is not None:
        contatore.shutdown(timeout_millis=5_000)


# Requests.

_Scope = MutableMapping[str, Any]
_Riceve = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Manda = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_App = Callable[[Any, Any, Any], Awaitable[None]]


class MezzoTelemetria:
    """ASGI middleware, the outermost: a span and a measure for each request.

    The name of the span is the method and the *template* of the route (``/{ambito}/lavori/{id}``),
    which the router leaves in the scope; the raw path and the query never enter it. A trace that
    the client sends along is not taken over: anybody could write into anybody's.

    Args:
        rotta: finds the template in the scope; by default where Litestar leaves it.
    """

    def __init__(self, rotta: Callable[[_Scope], str | None] | None = None) -> None:
        self._rotta = rotta or (lambda scope: scope.get("path_template"))

    def __call__(self, app: _App) -> _App:
        """The application, observed."""

        async def osservata(scope: Any, riceve: Any, manda: Any) -> None:
            if scope["type"] == "http":
                await self._osserva(app, scope, riceve, manda)
            else:
                await app(scope, riceve, manda)

        return osservata

    async def _osserva(self, app: _App, scope: _Scope, riceve: _Riceve, manda: _Manda) -> None:
        metodo = scope["method"] if _METODO.match(scope["method"]) else "ALTRO"
        stato: int | None = None
        inizio = time.perf_counter()

        async def manda_osservato(messaggio: MutableMapping[str, Any]) -> None:
            nonlocal stato
            if messaggio["type"] == "http.response.start":
                stato = messaggio["status"]
            await manda(messaggio)

        with nel_contesto(_nuovo()):
            corrente = inizia_span(
                "http.richiesta", {"http.request.method": metodo}, tipo=SpanKind.SERVER
            )
            contesto = trace.set_span_in_context(corrente) if _fornitore else None
            with nel_contesto(contesto) if contesto else nullcontext():
                # Kept after the span: the page of an error is made outside of all middleware.
                _traccia_della_richiesta.set(traccia_corrente())
                try:
                    await app(scope, riceve, manda_osservato)
                except Exception as errore:
                    if stato is None:
                        suo = getattr(errore, "stato", None) or getattr(errore, "status_code", None)
                        stato = suo if isinstance(suo, int) else 500
                    if stato >= 500:
                        segna_errore(corrente, errore)
                    raise
                finally:
                    rotta = self._rotta(scope) or "/{senza_rotta}"
                    risposta = stato or 500
                    annota(corrente, {"http.route": rotta, "http.response.status_code": risposta})
                    if risposta >= 500 and corrente.is_recording():
                        corrente.set_status(Status(StatusCode.ERROR))
                    corrente.end()
                    misure().richiesta(metodo, rotta, risposta, time.perf_counter() - inizio)


# Logs.


class Etichetta(str):
    """A technical name that the code vouches for (a kind of job, a service): never data.

    >>> Etichetta("debito.esporta")
    'debito.esporta'
    >>> Etichetta("RSSMRA80A01D142X")
    'etichetta_non_valida'
    """

    __slots__ = ()

    def __new__(cls, testo: str) -> Etichetta:
        buono = _ETICHETTA.match(testo) and not _CODICE_FISCALE.search(testo)
        return super().__new__(cls, testo if buono else "etichetta_non_valida")


_RIPETITIVI = "dramatiq"
_RADICE = Path(__file__).resolve().parents[2]
_SEGNAPOSTO = re.compile(r"%(\((?P<nome>\w+)\))?[#0\- +]*(\d+|\*)?(\.(\d+|\*))?[hlL]?[a-zA-Z%]")


def _argomento(valore: object) -> str:
    """What an argument of a log line becomes."""
    if valore is None or isinstance(valore, (bool, int, UUID)):
        return str(valore)
    if isinstance(valore, float):
        return f"{valore:.3f}"
    if isinstance(valore, Etichetta):
        return str.__str__(valore)
    if isinstance(valore, type):
        return valore.__name__
    return f"<{type(valore).__name__}>"


def _letterale(record: logging.LogRecord) -> bool:
    """Whether the text of a record stands as such in the code that logs it.

    A text put together beforehand (an f-string, a joined list) may hold values; a constant of the
    calling function cannot. The caller is still on the stack while its record is formatted.
    """
    quadro: FrameType | None = sys._getframe(1)
    while quadro is not None:
        codice = quadro.f_code
        if codice.co_filename == record.pathname and codice.co_name == record.funcName:
            return record.msg in codice.co_consts
        quadro = quadro.f_back
    return False


def _testo(record: logging.LogRecord) -> str:
    """The text of a line: what the code wrote, and the arguments that cannot be data."""
    if not isinstance(record.msg, str) or not _letterale(record):
        return "(testo composto, non riportato)"
    argomenti = record.args
    if not argomenti:
        return record.msg
    posizione = iter(argomenti if isinstance(argomenti, tuple) else ())

    def prossimo(trovato: re.Match[str]) -> str:
        if trovato[0] == "%%":
            return "%"
        if trovato["nome"] is not None and isinstance(argomenti, Mapping):
            return _argomento(argomenti.get(trovato["nome"]))
        return _argomento(next(posizione, None))

    return _SEGNAPOSTO.sub(prossimo, record.msg)


def _luogo(file: str, riga: int, funzione: str) -> str:
    percorso = Path(file)
    try:
        corto = percorso.resolve().relative_to(_RADICE)
    except ValueError:
        corto = Path(*percorso.parts[-2:])
    return f"{corto}:{riga}:{funzione}"


def errore_senza_valori(
    errore: BaseException, traccia: TracebackType | None = None
) -> dict[str, Any]:
    """An exception as it may be written down: the classes of the chain and the places."""
    classi: list[str] = []
    corrente: BaseException | None = errore
    while corrente is not None and len(classi) < 6:
        sqlstate = getattr(corrente, "sqlstate", None)
        nome = type(corrente).__name__
        classi.append(f"{nome}[{sqlstate}]" if isinstance(sqlstate, str) else nome)
        seguente = corrente.__cause__
        if seguente is None and not corrente.__suppress_context__:
            seguente = corrente.__context__
        corrente = seguente
    righe = traceback.extract_tb(traccia or errore.__traceback__)
    return {
        "errore": " < ".join(classi),
        "dove": [_luogo(q.filename, q.lineno or 0, q.name) for q in righe[-12:]],
    }


class RigaUnica(logging.Formatter):
    """One line of JSON a record, with the trace id, and nothing that could be data."""

    def format(self, record: logging.LogRecord) -> str:
        riga: dict[str, Any] = {
            "quando": datetime.fromtimestamp(record.created, UTC).isoformat("T", "milliseconds"),
            "livello": record.levelname,
            "da": record.name.split("(", 1)[0][:80],
            "testo": _testo(record),
        }
        contesto = trace.get_current_span().get_span_context()
        if contesto.is_valid:
            riga["traccia"] = f"{contesto.trace_id:032x}"
        if record.exc_info and record.exc_info[1] is not None:
            riga |= errore_senza_valori(record.exc_info[1], record.exc_info[2])
        if not record.name.startswith("capofila"):
            riga["luogo"] = _luogo(record.pathname, record.lineno, record.funcName)
        return json.dumps(riga, ensure_ascii=False)


class _SenzaRipetizioni(logging.Filter):
    """The same line of a library at most once a minute: a service that is down says so once."""

    def __init__(self) -> None:
        super().__init__()
        self._visti: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(_RIPETITIVI):
            return True
        chiave, adesso = (record.name, str(record.msg)), time.monotonic()
        if adesso - self._visti.get(chiave, -3600.0) < 60:
            return False
        self._visti[chiave] = adesso
        return True


def configura_log(livello: int | str = logging.INFO) -> None:
    """Send every log line of this process to standard error, one line each, without data.

    What nobody catches (main thread, other threads, destructors) takes the same way: Python's own
    tracebacks would print the values in the message.
    """
    gestore = logging.StreamHandler(sys.stderr)
    gestore.setFormatter(RigaUnica())
    gestore.addFilter(_SenzaRipetizioni())
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    radice = logging.getLogger()
    # Whatever writes to a stream is replaced; those of a test runner that collect records stay.
    radice.handlers[:] = [
        *(h for h in radice.handlers if type(h) is not logging.StreamHandler),
        gestore,
    ]
    radice.setLevel(livello)
    for rumoroso in ("urllib3", "asyncio", "opentelemetry", "py.warnings", "dramatiq"):
        logging.getLogger(rumoroso).setLevel(logging.WARNING)

    registro = logging.getLogger("capofila")

    def non_preso(
        classe: type[BaseException], errore: BaseException, traccia: TracebackType | None
    ) -> None:
        if not issubclass(classe, KeyboardInterrupt):
            registro.critical("errore non gestito", exc_info=(classe, errore, traccia))

    def non_preso_in_filo(caso: threading.ExceptHookArgs) -> None:
        if caso.exc_value is not None and not isinstance(caso.exc_value, SystemExit):
            non_preso(caso.exc_type, caso.exc_value, caso.exc_traceback)

    def non_sollevabile(caso: Any) -> None:
        if caso.exc_value is not None:
            non_preso(caso.exc_type, caso.exc_value, caso.exc_traceback)

    sys.excepthook = non_preso
    threading.excepthook = non_preso_in_filo
    sys.unraisablehook = non_sollevabile
