"""The database engine and the unit of work: fail-closed tenancy.

Piccolo finds its connection in a context variable and, when there is none, quietly takes
another from the pool or opens a new one; its batches always do. Under row-level security that
means rows of nobody, or, worse, a setting left by somebody else. This engine has one way to the
database: a unit of work, opened for one context (ambito, person, trace), used by the task that
opened it, committed or rolled back as a whole.

What raises :class:`FuoriUnitaDiLavoro` (each has a test that fails on plain Piccolo):
a query outside a unit; from another task; on another node; a unit nested for another context.
A failed commit gives its connection back; batches ride the unit's transaction and pass errors on.

The context is set by ``set_config(…, true)`` in the very message that begins the transaction, so
it ends with it; nothing is ever set for the session.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import asyncpg
import msgspec
from opentelemetry.trace import SpanKind
from piccolo.engine.postgres import Atomic, PostgresEngine

from capofila.base.errori import FuoriUnitaDiLavoro, SalvataggioFallito, ServizioNonDisponibile
from capofila.base.telemetria import annota, inizia_span, segna_errore

if TYPE_CHECKING:
    from piccolo.query.base import Query
    from piccolo.querystring import QueryString

Ruolo = Literal["app", "ats", "relay"]
"""The database role whose pool a unit takes its connection from."""

_NON_RISPONDE = "Il database non risponde. I dati già salvati sono al sicuro: riprova fra poco."
_SICURO = re.compile(r"[A-Za-z0-9_.:/-]*\Z")


class Contesto(msgspec.Struct, frozen=True, kw_only=True):
    """For whom a unit of work acts. The database's policies read nothing else.

    ``comune`` (Belfiore code) narrows the unit to one comune of the ambito; ``sessione`` and
    ``accesso`` show the one session or account that a log-in is about, and nobody else's. A unit
    with a session and no person acts for whoever the session belongs to: the database finds it.
    """

    ambito: int | None = None
    utente: int | None = None
    comune: str | None = None
    ats: int | None = None
    sessione: str | None = None
    accesso: str | None = None
    traccia: str | None = None
    amministratore: bool = False

    def impostazioni(self) -> dict[str, str]:
        """The settings of the transaction, all of them, so that none can be left over."""
        return {
            "capofila.ambito": "" if self.ambito is None else str(self.ambito),
            "capofila.utente": "" if self.utente is None else str(self.utente),
            "capofila.comune": self.comune or "",
            "capofila.ats": "" if self.ats is None else str(self.ats),
            "capofila.sessione": self.sessione or "",
            "capofila.accesso": (self.accesso or "").encode().hex(),
            "capofila.traccia": self.traccia or "",
            "capofila.amministratore": "si" if self.amministratore else "",
        }


def _set_config(valori: Mapping[str, str]) -> str:
    """The SELECT that sets the context; values are checked, since this message takes no parameters."""
    for nome, valore in valori.items():
        if not _SICURO.match(valore):
            raise ValueError(f"value of {nome} cannot be a setting")
    return "SELECT " + ", ".join(f"set_config('{n}','{v}',true)" for n, v in valori.items())


# In the message that begins the transaction, so that it costs no round trip: the person of the
# session, or nobody.
_PERSONA_DELLA_SESSIONE = (
    "; SELECT set_config('capofila.utente', coalesce((SELECT utente_id::text FROM sessione"
    " WHERE impronta = current_setting('capofila.sessione') AND scade_il > now()), ''), true)"
)


class UnitaDiLavoro:
    """An open transaction for one context, owned by one task."""

    __slots__ = ("_prossimo", "compito", "connessione", "conta_query", "contesto", "ruolo")

    def __init__(self, connessione: Any, contesto: Contesto, ruolo: Ruolo) -> None:
        self.connessione = connessione
        self.contesto = contesto
        self.ruolo = ruolo
        self.compito: asyncio.Task[Any] | None = asyncio.current_task()
        self.conta_query = 0
        self._prossimo = 0

    def _verifica(self) -> Any:
        if self.compito is None:
            raise FuoriUnitaDiLavoro("Questa unità di lavoro è già finita.")
        if asyncio.current_task() is not self.compito:
            raise FuoriUnitaDiLavoro(
                "Query da un altro compito: ogni compito apre la propria unità di lavoro."
            )
        self.conta_query += 1
        return self.connessione

    @property
    def ambito(self) -> int:
        """The ambito of this unit.

        Raises:
            FuoriUnitaDiLavoro: the unit acts for no ambito.
        """
        if self.contesto.ambito is None:
            raise FuoriUnitaDiLavoro("Questa unità di lavoro non ha un ambito.")
        return self.contesto.ambito

    async def restringi(self, contesto: Contesto) -> None:
        """Go on for a narrower context: the same session, now known to be somebody's.

        The web does this once a request: first the session is read, then the unit becomes that
        person's in one ambito. An ambito or a person once set cannot be changed.
        """
        vecchio = self.contesto
        for campo in ("ambito", "utente"):
            prima, dopo = getattr(vecchio, campo), getattr(contesto, campo)
            if prima is not None and prima != dopo:
                raise FuoriUnitaDiLavoro(f"L'unità di lavoro ha già un altro {campo}.")
        await self._verifica().execute(_set_config(contesto.impostazioni()))
        self.contesto = contesto

    async def righe(self, sql: str, *valori: object) -> list[Any]:
        """Rows of a hand-written query (``$1`` parameters)."""
        righe: list[Any] = await self._verifica().fetch(sql, *valori)
        return righe

    async def riga(self, sql: str, *valori: object) -> Any:
        """First row of a hand-written query, or None."""
        return await self._verifica().fetchrow(sql, *valori)

    async def valore(self, sql: str, *valori: object) -> Any:
        """First value of the first row, or None."""
        return await self._verifica().fetchval(sql, *valori)

    async def esegui(self, sql: str, *valori: object) -> str:
        """Run a statement; returns PostgreSQL's command tag."""
        tag: str = await self._verifica().execute(sql, *valori)
        return tag

    async def esegui_per_ognuna(self, sql: str, righe: Sequence[Sequence[object]]) -> None:
        """Run a statement for each row of values, without waiting between one and the next."""
        await self._verifica().executemany(sql, righe)

    async def copia_in(
        self, tabella: str, colonne: Sequence[str], fonte: Any, **opzioni: Any
    ) -> str:
        """COPY into a temporary table (policies refuse COPY into a protected one)."""
        tag: str = await self._verifica().copy_to_table(
            tabella, source=fonte, columns=list(colonne), schema_name="pg_temp", **opzioni
        )
        return tag

    async def copia_da(self, sql: str, *valori: object, verso: Any, **opzioni: Any) -> str:
        """COPY the rows of a query, under the policies, to an asynchronous sink of bytes."""
        tag: str = await self._verifica().copy_from_query(sql, *valori, output=verso, **opzioni)
        return tag

    async def cursore(self, sql: str, *valori: object) -> Any:
        """A cursor over a hand-written query, to fetch its rows a batch at a time."""
        return await self._verifica().cursor(sql, *valori)

    @asynccontextmanager
    async def punto_di_ritorno(self) -> AsyncIterator[None]:
        """A savepoint: what fails inside is undone, the unit goes on."""
        connessione = self._verifica()
        self._prossimo += 1
        nome = f"punto_{self._prossimo}"
        await connessione.execute(f"SAVEPOINT {nome}")
        try:
            yield
        except BaseException:
            await connessione.execute(f"ROLLBACK TO SAVEPOINT {nome}; RELEASE SAVEPOINT {nome}")
            raise
        await connessione.execute(f"RELEASE SAVEPOINT {nome}")


_unita: ContextVar[UnitaDiLavoro | None] = ContextVar("capofila_unita", default=None)


def unita_corrente() -> UnitaDiLavoro:
    """The unit of work of this task.

    Raises:
        FuoriUnitaDiLavoro: there is none, or it belongs to another task.
    """
    unita = _unita.get()
    if unita is None:
        raise FuoriUnitaDiLavoro("Query fuori da un'unità di lavoro.")
    if unita.compito is None:
        raise FuoriUnitaDiLavoro("Questa unità di lavoro è già finita.")
    if asyncio.current_task() is not unita.compito:
        raise FuoriUnitaDiLavoro(
            "Query da un altro compito: ogni compito apre la propria unità di lavoro."
        )
    return unita


class _NessunNodo(dict[str, Any]):
    """Other nodes have no tenant: asking for one raises."""

    def __missing__(self, nodo: str) -> NoReturn:
        raise FuoriUnitaDiLavoro(f"Query su un altro nodo ({nodo}): non è ammessa.")

    def get(self, nodo: str, predefinito: Any = None) -> NoReturn:
        self.__missing__(nodo)


class _Lotti:
    """Piccolo's batch, on the unit's own transaction, letting errors through."""

    def __init__(self, unita: UnitaDiLavoro, query: Query[Any, Any], quante: int) -> None:
        self._unita, self._query, self._quante = unita, query, quante
        self._cursore: Any = None

    async def __aenter__(self) -> _Lotti:
        sql, valori = self._query.querystrings[0].compile_string()
        self._cursore = await self._unita._verifica().cursor(sql, *valori)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._cursore = None

    def __aiter__(self) -> _Lotti:
        return self

    async def __anext__(self) -> list[dict[str, Any]]:
        righe = await self._cursore.fetch(self._quante)
        if not righe:
            raise StopAsyncIteration
        esito: list[dict[str, Any]] = await self._query._process_results(righe)
        return esito


class _Annidata:
    """Piccolo's ``transaction()`` inside a unit: a savepoint, never another transaction."""

    def __init__(self, unita: UnitaDiLavoro) -> None:
        self._punto = unita.punto_di_ritorno()

    async def __aenter__(self) -> _Annidata:
        await self._punto.__aenter__()
        return self

    async def __aexit__(self, *errore: Any) -> bool | None:
        return await self._punto.__aexit__(*errore)


async def _nessun_ripristino(_: Any) -> None:
    """Nothing is ever set for a session, so a connection needs no reset but the rollback."""


class Motore(PostgresEngine):
    """Piccolo's engine with one way in: the unit of work.

    It is made at import, without a server, so that tables can name it; :meth:`apri` gives it
    its pools, in the event loop that will use them.
    """

    __slots__ = ("_pools",)

    def __init__(self) -> None:
        super().__init__(config={"database": "capofila"}, extra_nodes=_NessunNodo())
        self.extra_nodes = _NessunNodo()
        self._pools: dict[Ruolo, Any] = {}

    async def get_version(self) -> float:
        """Asked for at import by Piccolo, when there is no server yet."""
        return 18.0

    async def apri(self, indirizzi: Mapping[Ruolo, str], *, massimo: int = 10) -> None:
        """Open a pool for each role.

        Raises:
            ServizioNonDisponibile: the database does not answer.
        """
        if self._pools:
            raise RuntimeError("the engine is already open")
        try:
            for ruolo, indirizzo in indirizzi.items():
                self._pools[ruolo] = await asyncpg.create_pool(
                    indirizzo,
                    min_size=1,
                    max_size=massimo,
                    reset=_nessun_ripristino,
                    max_inactive_connection_lifetime=300,
                    server_settings={
                        "application_name": f"capofila-{ruolo}",
                        "timezone": "UTC",
                        "datestyle": "ISO",
                    },
                )
        except (OSError, asyncpg.PostgresError) as errore:
            await self.chiudi()
            raise ServizioNonDisponibile(
                f"Il database non risponde ({type(errore).__name__})."
            ) from None

    async def chiudi(self) -> None:
        """Close the pools; open connections are ended."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            try:
                await asyncio.wait_for(pool.close(), 5)
            except TimeoutError:
                pool.terminate()

    def _pool(self, ruolo: Ruolo) -> Any:
        try:
            return self._pools[ruolo]
        except KeyError:
            raise FuoriUnitaDiLavoro(f"Nessuna connessione aperta come «{ruolo}».") from None

    @asynccontextmanager
    async def unita(
        self,
        contesto: Contesto,
        *,
        ruolo: Ruolo = "app",
        sola_lettura: bool = False,
        istantanea: bool = False,
    ) -> AsyncIterator[UnitaDiLavoro]:
        """Open a unit of work: committed at the end, rolled back on an error.

        Inside a unit of the same context it is a savepoint of that one.

        Args:
            contesto: for whom it acts.
            ruolo: the database role whose connection it takes.
            sola_lettura: writing is refused.
            istantanea: all its queries see the data of one moment.

        Raises:
            FuoriUnitaDiLavoro: a unit for another context is already open in this task.
        """
        aperta = _unita.get()
        if aperta is not None and aperta.compito is asyncio.current_task():
            if aperta.contesto != contesto or aperta.ruolo != ruolo:
                raise FuoriUnitaDiLavoro("Unità di lavoro annidata per un altro contesto.")
            async with aperta.punto_di_ritorno():
                yield aperta
            return

        pool = self._pool(ruolo)
        try:
            connessione = await pool.acquire(timeout=30)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as errore:
            raise ServizioNonDisponibile(_NON_RISPONDE) from errore
        unita = None
        misurata = inizia_span(
            "unita_di_lavoro",
            {
                "db.system.name": "postgresql",
                "capofila.ruolo": ruolo,
                "capofila.ambito": contesto.ambito or 0,
            },
            tipo=SpanKind.CLIENT,
        )
        try:
            inizio = "BEGIN"
            inizio += " ISOLATION LEVEL REPEATABLE READ" if istantanea else ""
            inizio += " READ ONLY" if sola_lettura else ""
            inizio += f"; {_set_config(contesto.impostazioni())}"
            if contesto.sessione and contesto.utente is None:
                inizio += _PERSONA_DELLA_SESSIONE
            try:
                await connessione.execute(inizio)
            except (
                OSError,
                asyncpg.PostgresConnectionError,
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,  # the connection ended in the middle of an answer
            ) as errore:
                raise ServizioNonDisponibile(_NON_RISPONDE) from errore
            except asyncio.CancelledError:
                # The server may have begun, its answer being still under way.
                await _quietamente(connessione.execute("ROLLBACK"))
                raise
            unita = UnitaDiLavoro(connessione, contesto, ruolo)
            _unita.set(unita)
            try:
                yield unita
            except BaseException:
                await _quietamente(connessione.execute("ROLLBACK"))
                raise
            # After an error that somebody swallowed, PostgreSQL answers a COMMIT by rolling back.
            if await connessione.execute("COMMIT") != "COMMIT":
                raise SalvataggioFallito(
                    "Non è stato salvato nulla: un errore precedente ha annullato l'operazione."
                )
        except BaseException as errore:
            segna_errore(misurata, errore)
            raise
        finally:
            if unita is not None:
                annota(misurata, {"capofila.query": unita.conta_query})
                unita.compito = None
                _unita.set(None)
            misurata.end()
            await asyncio.shield(pool.release(connessione))

    # What Piccolo calls.

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:
        sql, valori = querystring.compile_string(engine_type=self.engine_type)
        return await unita_corrente()._verifica().fetch(sql, *valori)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:
        return await unita_corrente()._verifica().fetch(ddl)

    async def batch(  # type: ignore[override]
        self, query: Query[Any, Any], batch_size: int = 100, node: str | None = None
    ) -> _Lotti:
        if node is not None:
            self.extra_nodes[node]
        return _Lotti(unita_corrente(), query, batch_size)

    async def get_new_connection(self) -> NoReturn:
        raise FuoriUnitaDiLavoro("Una connessione si ottiene solo con un'unità di lavoro.")

    async def start_connection_pool(self, **_: Any) -> None:
        raise FuoriUnitaDiLavoro("Le connessioni si aprono con Motore.apri.")

    def transaction(self, allow_nested: bool = True) -> _Annidata:  # type: ignore[override]
        return _Annidata(unita_corrente())

    def atomic(self) -> Atomic:
        unita_corrente()
        return super().atomic()


async def _quietamente(attesa: Any) -> None:
    """Await, and let a broken connection be: its transaction is gone with it."""
    try:
        await asyncio.shield(attesa)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        return


MOTORE = Motore()
"""The engine of this process; every table of Capofila names it."""

unita_di_lavoro = MOTORE.unita


def a_blocchi(righe: Sequence[Any], quante: int) -> Iterator[Sequence[Any]]:
    """Slices of at most so many rows."""
    for inizio in range(0, len(righe), quante):
        yield righe[inizio : inizio + quante]
