"""The pages of the room."""

from __future__ import annotations

from litestar import Router

from capofila.conoscenza import routes_catalogo, routes_consegne, routes_lettura, routes_valori

MENU = (routes_catalogo.MENU,)

router = Router(
    path="/",
    route_handlers=[
        *routes_catalogo.ROTTE, *routes_valori.ROTTE, *routes_lettura.ROTTE, *routes_consegne.ROTTE,
    ],
)  # fmt: skip
