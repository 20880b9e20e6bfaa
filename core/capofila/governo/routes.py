"""The menu and the routes of the room."""

from __future__ import annotations

from litestar import Router

from capofila.governo import (
    routes_accordo,
    routes_adempimenti,
    routes_condivise,
    routes_deliberazioni,
    routes_organi,
    routes_quote,
    routes_sedute,
)
from capofila.web.contesto import VoceMenu

MENU = (
    VoceMenu(
        titolo="Scadenze", percorso="adempimenti", permesso="adempimenti.vedi",
        gruppo="Governo", icona="calendar", ordine=40,
    ),
    routes_organi.MENU,
    routes_accordo.MENU,
    routes_sedute.MENU,
    routes_deliberazioni.MENU,
)  # fmt: skip


router = Router(
    path="/",
    route_handlers=[
        *routes_adempimenti.ROTTE,
        *routes_quote.ROTTE,
        *routes_organi.ROTTE,
        *routes_accordo.ROTTE,
        *routes_condivise.ROTTE,
        *routes_sedute.ROTTE,
        *routes_deliberazioni.ROTTE,
    ],
)
