"""The pages of the social spending, put together: each subject has its module."""

from __future__ import annotations

from litestar import Router

from capofila.spesa import (
    routes_analisi,
    routes_importa,
    routes_promemoria,
    routes_pubblicate,
    routes_rapporto,
    routes_rilevazioni,
    routes_riparti,
    routes_schede,
)

MENU = (routes_rilevazioni.MENU, routes_analisi.MENU)

router = Router(
    path="/",
    route_handlers=[
        *routes_rilevazioni.ROTTE,
        *routes_schede.ROTTE,
        *routes_importa.ROTTE,
        *routes_riparti.ROTTE,
        *routes_promemoria.ROTTE,
        *routes_analisi.ROTTE,
        *routes_rapporto.ROTTE,
        *routes_pubblicate.ROTTE,
    ],
)
