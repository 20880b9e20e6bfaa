"""Answers to errors: a page, a fragment for HTMX, or JSON, from one table of words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.response import Response, Template

from capofila.web.messaggi import error_text
from capofila.web.pagina import Pagina

if TYPE_CHECKING:
    from litestar import Request

_SOPRA_LA_PAGINA = {
    "HX-Retarget": "#messaggi",
    "HX-Reswap": "innerHTML",
    "HX-Reselect": "unset",
    "HX-Push-Url": "false",
}


def error_response(
    request: Request[Any, Any, Any],
    codice: int,
    *,
    testo: str = "",
    traccia: str = "",
    pagina: Pagina | None = None,
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    """Tell the reader of an error in the form that the request can use.

    Args:
        request: decides between page, fragment and JSON.
        codice: the HTTP status.
        testo: what happened, when the domain knows better than the table; already in Italian.
        traccia: the trace id, shown where the support may ask for it.
        pagina: the surroundings, where they are known; without them the page shows no menu.
        headers: headers of the exception, such as ``Retry-After`` or ``Allow``.
    """
    errore = error_text(codice)
    if testo:
        errore = replace(errore, testo=testo)
    intestazioni = dict(headers or {})
    if request.headers.get("hx-request") == "true":
        return Template(
            "frammenti/errore.html",
            context={"errore": errore, "traccia": traccia},
            status_code=codice,
            headers={**intestazioni, **_SOPRA_LA_PAGINA},
        )
    if _wants_json(request.headers.get("accept", "")):
        return Response(
            {"codice": codice, "titolo": errore.titolo, "testo": errore.testo, "traccia": traccia},
            status_code=codice,
            headers=intestazioni,
            media_type=MediaType.JSON,
        )
    contorno = pagina or Pagina(titolo=errore.titolo)
    return Template(
        "errori.html",
        context={
            "pagina": replace(contorno, titolo=errore.titolo, traccia=traccia or contorno.traccia),
            "errore": errore,
        },
        status_code=codice,
        headers=intestazioni,
        media_type=MediaType.HTML,
    )


def http_error(request: Request[Any, Any, Any], errore: HTTPException) -> Response[Any]:
    """The handler for Litestar's own exceptions; their English details are for the log."""
    return error_response(request, errore.status_code, headers=errore.headers)


def _wants_json(accetta: str) -> bool:
    return "application/json" in accetta and "text/html" not in accetta
