"""The web application: it assembles the rooms and decides nothing."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, get
from litestar.config.csrf import CSRFConfig
from litestar.exceptions import HTTPException
from litestar.plugins.htmx import HTMXPlugin
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from capofila.accessi import routes as accessi
from capofila.accessi.mezzo import MezzoAccessi, verifica_rotte
from capofila.accreditamenti import routes as accreditamenti
from capofila.base.attivazioni import registro
from capofila.base.database import MOTORE, Contesto, unita_di_lavoro
from capofila.base.errori import ErroreCapofila
from capofila.base.guasti import GUASTO
from capofila.base.impostazioni import Impostazioni, impostazioni
from capofila.base.plugin import PluginInErrore
from capofila.base.ruoli import rifiuta_ruolo_pericoloso
from capofila.base.telemetria import MezzoTelemetria, avvia_telemetria, traccia_corrente
from capofila.codifiche import routes as codifiche
from capofila.compartecipazione import routes as compartecipazione
from capofila.confronto import routes as confronto
from capofila.conoscenza import routes as conoscenza
from capofila.debito import routes as debito
from capofila.debito import waas
from capofila.estensioni import routes as estensioni
from capofila.gestione import routes as gestione
from capofila.governo import routes as governo
from capofila.graduatorie import routes as graduatorie
from capofila.prestazioni import routes as prestazioni
from capofila.riparto import routes as riparto
from capofila.spesa import routes as spesa
from capofila.territorio import routes as territorio
from capofila.web import pubbliche
from capofila.web.ambiente import template_config
from capofila.web.contesto import registra_menu
from capofila.web.errori import error_response, http_error
from capofila.web.intestazioni import security_headers
from capofila.web.statici import Statici

LOG = logging.getLogger("capofila.web")

STANZE = {
    "accessi": accessi,
    "territorio": territorio,
    "prestazioni": prestazioni,
    "debito": debito,
    "compartecipazione": compartecipazione,
    "graduatorie": graduatorie,
    "accreditamenti": accreditamenti,
    "spesa": spesa,
    "riparto": riparto,
    "governo": governo,
    "gestione": gestione,
    "confronto": confronto,
    "conoscenza": conoscenza,
    "codifiche": codifiche,
    "estensioni": estensioni,
}
"""The rooms with pages, by the name that their templates are reached by."""


@get("/salute", opt={"permesso": "pubblico", "unita": "nessuna"}, include_in_schema=False)
async def salute() -> dict[str, str]:
    """For whoever keeps watch: the process answers and reaches its database."""
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        await unita.valore("SELECT 1")
    return {"stato": "bene"}


def _errore_di_dominio(request: Request[Any, Any, Any], errore: ErroreCapofila) -> Response[Any]:
    if isinstance(errore, PluginInErrore):
        request.state[GUASTO] = errore
    if errore.stato >= 500:
        LOG.error("%s", type(errore))
        testo = errore.messaggio if errore.stato == 503 else ""
    else:
        testo = errore.messaggio
    return error_response(request, errore.stato, testo=testo, traccia=traccia_corrente())


def _errore_http(request: Request[Any, Any, Any], errore: HTTPException) -> Response[Any]:
    if request.scope["path"].startswith(waas.RADICE):
        return waas.http(request, errore)
    return http_error(request, errore)


def _errore_inatteso(request: Request[Any, Any, Any], errore: Exception) -> Response[Any]:
    LOG.error("errore inatteso", exc_info=errore)
    return error_response(request, 500, traccia=traccia_corrente())


def crea_app(valori: Impostazioni | None = None) -> Litestar:
    """Put the application together.

    Raises:
        ConfigurazioneNonSicura: a setting is missing, or the database role is unsafe (at start).
        AvvioRifiutato: a plugin cannot be taken in.
    """
    valori = valori or impostazioni()
    avvia_telemetria("capofila-web")
    registro()
    statici = Statici()
    cartelle = {nome: Path(str(s.__file__)).parent / "templates" for nome, s in STANZE.items()}
    rotte: list[ControllerRouterHandler] = [salute, statici.handler()]
    rotte += [pubbliche.router, waas.router]
    for stanza in STANZE.values():
        rotte.append(stanza.router)
        registra_menu(*stanza.MENU)

    @asynccontextmanager
    async def ciclo(_: Litestar) -> AsyncIterator[None]:
        ruoli = {"app": valori.database_url}
        if valori.ats_url:
            ruoli["ats"] = valori.ats_url
        await MOTORE.apri(ruoli, massimo=valori.pool_massimo)  # type: ignore[arg-type]
        try:
            async with unita_di_lavoro(Contesto()) as unita:
                await rifiuta_ruolo_pericoloso(unita)
            yield
        finally:
            await MOTORE.chiudi()

    app = Litestar(
        route_handlers=rotte,
        middleware=[MezzoTelemetria(), MezzoAccessi()],
        plugins=[HTMXPlugin()],
        template_config=template_config(statici, {n: c for n, c in cartelle.items() if c.is_dir()}),
        csrf_config=CSRFConfig(
            secret=valori.segreto,
            cookie_name="capofila_csrf",
            cookie_secure=valori.https,
            cookie_httponly=True,
        ),
        exception_handlers={
            ErroreCapofila: _errore_di_dominio,
            HTTPException: _errore_http,
            Exception: _errore_inatteso,
        },
        before_send=[security_headers(https=valori.https)],
        lifespan=[ciclo],
        request_max_body_size=valori.carico_massimo + 65536,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    verifica_rotte(app)
    return app


def __getattr__(nome: str) -> Any:
    """``capofila.app:app`` for the web server, made when it is asked for."""
    if nome == "app":
        return crea_app()
    raise AttributeError(nome)
