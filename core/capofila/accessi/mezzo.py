"""The middleware of every request: who asks, may they, and the one unit of work.

It stands outermost after telemetry. What a route needs is said in its ``opt``:

``permesso`` (required)
    ``pubblico`` anybody; ``accesso`` whoever is logged in; ``piattaforma.amministra``;
    ``ats.leggi``; or ``<room>.<azione>`` of :data:`rules.DI_AMBITO`, for which the path has
    ``{ambito}`` and the person a charge there.
``unita``
    ``scrittura`` (the default) one unit of work for the request; ``lettura`` a READ ONLY one;
    ``nessuna`` none is held: the handler opens short ones of its own
    (:func:`capofila.accessi.service.contesto_di`), as streams and long uploads do. A route that
    reads and must say so in the audit is ``scrittura`` and calls ``registra_lettura``.

The unit is committed when the answer starts with a status below 400, *before* that start is sent
on; any other answer, or an exception, rolls it back. A refusal (4xx) may ask to be kept, with
``rispondi(…, tieni=True)``: a file with errors waits for a decision. When the commit fails the client gets the
error, not the answer, and no background task of the answer runs. (Compression is the proxy's:
Litestar's would hold the start of a stream back, and the unit with it.)

A body is received before the unit is opened, so that a slow sender holds no connection; a large
one is received only from somebody who may send it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.enums import RequestEncodingType, ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.routes import ASGIRoute, HTTPRoute
from litestar.utils.scope.state import ScopeState

from capofila.accessi import rules, service
from capofila.accessi.rules import Persona
from capofila.base.attivazioni import plugin_attivi, registro
from capofila.base.database import Contesto, UnitaDiLavoro, unita_di_lavoro
from capofila.base.errori import (
    AccessoRichiesto,
    ConfigurazioneNonSicura,
    ErroreCapofila,
    NonAutorizzato,
    SalvataggioFallito,
    ServizioNonDisponibile,
)
from capofila.base.guasti import GUASTO, annota
from capofila.base.plugin import PluginInConflitto, PluginInErrore
from capofila.base.telemetria import traccia_corrente
from capofila.base.visita import TIENI, Visita, imposta_visita

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

Unita = Literal["scrittura", "lettura", "nessuna"]

PICCOLO_CORPO: Final = 64 * 1024
"""Bytes of a body that is received before it is known who sends it."""
_CON_CORPO: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SPECIALI: Final = frozenset({rules.PUBBLICO, rules.ACCESSO, rules.PIATTAFORMA, rules.ATS})


class _SenzaAccesso(Exception):
    """Nobody is logged in and the route wants somebody."""


class _Annullata(Exception):
    """The answer is an error: what the request did is undone."""


class _UnitaDellaRichiesta:
    """The unit of work of a request, ended once: when the answer starts, or when it never does."""

    __slots__ = ("_aperta", "_gestore", "confermata", "fallita")

    def __init__(self, gestore: AbstractAsyncContextManager[UnitaDiLavoro]) -> None:
        self._gestore = gestore
        self._aperta = False
        self.confermata = False
        self.fallita: BaseException | None = None

    async def apri(self) -> UnitaDiLavoro:
        unita = await self._gestore.__aenter__()
        self._aperta = True
        return unita

    async def conferma(self) -> None:
        if not self._aperta:
            return
        self._aperta = False
        try:
            await self._gestore.__aexit__(None, None, None)
        except BaseException as errore:
            self.fallita = errore
            raise
        self.confermata = True

    async def annulla(self) -> None:
        if not self._aperta:
            return
        self._aperta = False
        errore = _Annullata()
        # It undoes, and gives the very exception back.
        await self._gestore.__aexit__(_Annullata, errore, None)


@asynccontextmanager
async def _visita_di_questa_richiesta(visita: Visita) -> AsyncIterator[None]:
    imposta_visita(visita)
    try:
        yield
    finally:
        imposta_visita(None)


class MezzoAccessi(ASGIMiddleware):
    """See the module."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Serve one request."""
        permesso, modo = _opzioni(scope)
        richiesta: Request[Any, Any, Any] = Request(scope, receive=receive, send=send)
        traccia = traccia_corrente()
        impronta = service.impronta_sessione(richiesta.cookies.get(service.COOKIE))
        try:
            if modo == "nessuna":
                persona = None
                if permesso != rules.PUBBLICO:
                    persona = await _chi(impronta, traccia)
                visita, contesto = _ammetti(scope, permesso, persona, traccia, impronta)
                async with _visita_di_questa_richiesta(visita):
                    await next_app(scope, receive, send)
                await _annota_guasto(richiesta, contesto)
                return
            if impronta is None and permesso != rules.PUBBLICO:
                raise _SenzaAccesso
            await self._ricevi(scope, richiesta, permesso, impronta, traccia)
            await self._con_unita(
                richiesta, receive, send, next_app, permesso, modo, impronta, traccia
            )
        except _SenzaAccesso:
            await _chiedi_accesso(richiesta, scope, receive, send)

    async def _ricevi(
        self,
        scope: Scope,
        richiesta: Request[Any, Any, Any],
        permesso: str,
        impronta: str | None,
        traccia: str,
    ) -> None:
        """Receive the body into the request, where the handler finds it."""
        if richiesta.method not in _CON_CORPO:
            return
        dichiarata = richiesta.headers.get("content-length", "")
        lunghezza = int(dichiarata) if dichiarata.isascii() and dichiarata.isdigit() else None
        if lunghezza == 0 or (lunghezza is None and "transfer-encoding" not in richiesta.headers):
            return
        if lunghezza is None or lunghezza > PICCOLO_CORPO:
            persona = await _chi(impronta, traccia)
            _ammetti(scope, permesso, persona, traccia, impronta)
        if richiesta.content_type[0] in {
            RequestEncodingType.MULTI_PART,
            RequestEncodingType.URL_ENCODED,
        }:
            await richiesta.form()
        else:
            await richiesta.body()

    async def _con_unita(
        self,
        richiesta: Request[Any, Any, Any],
        receive: Receive,
        send: Send,
        next_app: ASGIApp,
        permesso: str,
        modo: Unita,
        impronta: str | None,
        traccia: str,
    ) -> None:
        scope, sola_lettura = richiesta.scope, modo == "lettura"
        della_richiesta = _UnitaDellaRichiesta(
            unita_di_lavoro(Contesto(sessione=impronta, traccia=traccia), sola_lettura=sola_lettura)
        )
        unita = await della_richiesta.apri()
        try:
            persona = await service.riconosci(impronta) if impronta is not None else None
            visita, contesto = _ammetti(scope, permesso, persona, traccia, impronta)
            if contesto != unita.contesto:
                await unita.restringi(contesto)

            async def invia(messaggio: Message) -> None:
                if messaggio["type"] == "http.response.start":
                    if messaggio["status"] < 400 or (
                        messaggio["status"] < 500 and richiesta.state.get(TIENI, False)
                    ):
                        mostrati = (
                            len(visita.messaggi) if _mostra_messaggi(richiesta, messaggio) else 0
                        )
                        if mostrati and impronta is not None and not sola_lettura:
                            await service.togli_messaggi(impronta, mostrati)
                        await della_richiesta.conferma()
                        if mostrati and impronta is not None and sola_lettura:
                            async with unita_di_lavoro(Contesto(sessione=impronta)):
                                await service.togli_messaggi(impronta, mostrati)
                    else:
                        await della_richiesta.annulla()
                await send(messaggio)

            async with _visita_di_questa_richiesta(await _con_voci(visita)):
                await next_app(scope, receive, invia)
        except Exception as errore:
            if della_richiesta.fallita is not None:
                # The answer was never sent on: there is still room for another one.
                ScopeState.from_scope(scope).response_started = False
                raise _tradotto(della_richiesta.fallita) from errore
            raise
        finally:
            await della_richiesta.annulla()
        await _annota_guasto(richiesta, contesto)
        if persona is not None and persona.da_segnare and impronta is not None:
            try:
                await service.segna_uso(impronta)
            except (ErroreCapofila, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                return


async def _annota_guasto(richiesta: Request[Any, Any, Any], contesto: Contesto) -> None:
    """What a plugin did wrong while it answered this request, when the request is undone."""
    guasto = richiesta.state.get(GUASTO)
    if guasto is not None:
        await annota(contesto, guasto)


async def _con_voci(visita: Visita) -> Visita:
    """The visit with the entries of the menu that the active plugins add.

    Where no plugin that is installed has any, nothing is asked. A plugin that fails here has no entry:
    the pages of the core do not depend on it.
    """
    if visita.ambito is None or not registro().mostra():
        return visita
    base = f"/{visita.ambito.slug}/p"
    try:
        voci = (await plugin_attivi()).voci_menu()
    except (PluginInErrore, PluginInConflitto):
        return visita
    return msgspec.structs.replace(
        visita,
        voci=tuple(
            (voce.titolo, f"{base}/{manifesto.id}/{pagina.codice}", rules.PER_CHI[pagina.chi])
            for manifesto, voce, pagina in voci
        ),
    )


def _opzioni(scope: Scope) -> tuple[str, Unita]:
    opt = scope["route_handler"].opt
    permesso = opt.get("permesso")
    if permesso is None:
        if scope.get("method") == "OPTIONS":
            return rules.PUBBLICO, "nessuna"
        raise NonAutorizzato("Questa pagina non dichiara chi può aprirla.")
    return str(permesso), cast(Unita, opt.get("unita", "scrittura"))


async def _chi(impronta: str | None, traccia: str) -> Persona | None:
    """Who is asking, in a short unit of its own."""
    if impronta is None:
        return None
    contesto = Contesto(sessione=impronta, traccia=traccia)
    async with unita_di_lavoro(contesto, sola_lettura=True):
        return await service.riconosci(impronta)


def _ammetti(
    scope: Scope, permesso: str, persona: Persona | None, traccia: str, impronta: str | None
) -> tuple[Visita, Contesto]:
    if persona is None and permesso != rules.PUBBLICO:
        raise _SenzaAccesso
    parametri = scope.get("path_params") or {}
    return rules.ammetti(
        permesso,
        persona,
        traccia=traccia,
        sessione=impronta,
        ambito=parametri.get("ambito"),
        ats=parametri.get("ats"),
    )


def _mostra_messaggi(richiesta: Request[Any, Any, Any], inizio: HTTPResponseStartEvent) -> bool:
    """Whether this answer is a whole page, which shows the messages of the session."""
    if inizio["status"] != 200 or "hx-request" in richiesta.headers:
        return False
    return any(
        nome.lower() == b"content-type" and valore.startswith(b"text/html")
        for nome, valore in inizio.get("headers", ())
    )


def _tradotto(errore: BaseException) -> ErroreCapofila:
    if isinstance(errore, ErroreCapofila):
        return errore
    if isinstance(errore, OSError | asyncpg.PostgresConnectionError | asyncpg.InterfaceError):
        return ServizioNonDisponibile(
            "Il database ha smesso di rispondere: non sappiamo se l'operazione è stata salvata. "
            "Ricarica la pagina e controlla prima di ripeterla."
        )
    return SalvataggioFallito(
        "L'operazione non è stata salvata: i dati sono rimasti com'erano. Riprova."
    )


async def _chiedi_accesso(
    richiesta: Request[Any, Any, Any], scope: Scope, receive: Receive, send: Send
) -> None:
    """Send a person to the log-in and back; tell a program that it is not logged in."""
    htmx = richiesta.headers.get("hx-request") == "true"
    accetta = richiesta.headers.get("accept", "")
    if not htmx and "text/html" not in accetta and ("json" in accetta or "*/*" not in accetta):
        raise AccessoRichiesto("Per continuare entra con il tuo nome utente.")
    poi = "/"
    if htmx:
        poi = rules.percorso_locale(_percorso(richiesta.headers.get("hx-current-url", "")))
    elif richiesta.method == "GET":
        poi = rules.percorso_locale(richiesta.url.path)
    indirizzo = "/accesso" if poi == "/" else f"/accesso?poi={poi}"
    risposta = Response(
        content="",
        status_code=401 if htmx else 303,
        headers={"HX-Redirect" if htmx else "Location": indirizzo},
        media_type="text/html",
    )
    await risposta.to_asgi_response(app=None, request=richiesta)(scope, receive, send)


def _percorso(indirizzo: str) -> str:
    """The path of an absolute address."""
    trovato = re.match(r"[a-z]+://[^/?#]*(/[^?#]*)?", indirizzo)
    return (trovato and trovato.group(1)) or "/"


# At start.


def _rotte(app: Litestar) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, methods, opt) of everything that answers, but the OPTIONS that Litestar adds."""
    for rotta in app.routes:
        if isinstance(rotta, HTTPRoute):
            for gestore in rotta.route_handlers:
                metodi = {str(metodo) for metodo in gestore.http_methods}
                if metodi != {"OPTIONS"}:
                    yield rotta.path, ",".join(sorted(metodi)), gestore.opt
        elif isinstance(rotta, ASGIRoute):
            yield rotta.path, "asgi", rotta.route_handler.opt
        else:
            yield rotta.path, "websocket", {}


def verifica_rotte(app: Litestar) -> None:
    """Refuse to start with a route that does not say who may use it.

    Raises:
        ConfigurazioneNonSicura: with every route at fault: no ``permesso``, one that no role has,
            one of an ambito without ``{ambito}`` in the path, an ``unita`` that does not exist; or
            a websocket, which no middleware here guards.
    """
    difetti = []
    for percorso, metodi, opt in _rotte(app):
        permesso, unita = opt.get("permesso"), opt.get("unita", "scrittura")
        difetto = None
        if metodi == "websocket":
            difetto = "i websocket non sono ammessi"
        elif permesso is None:
            difetto = "manca «permesso»"
        elif permesso not in _SPECIALI | rules.DI_AMBITO:
            difetto = f"nessun ruolo ha il permesso «{permesso}»"
        elif permesso in rules.DI_AMBITO and "{ambito:" not in percorso:
            difetto = f"«{permesso}» vale in un ambito e il percorso non ha «ambito»"
        elif unita not in get_args(Unita):
            difetto = f"«unita» non può essere «{unita}»"
        if difetto:
            difetti.append(f"{percorso} [{metodi}]: {difetto}")
    if difetti:
        raise ConfigurazioneNonSicura("Capofila non si avvia: " + "; ".join(sorted(difetti)) + ".")
