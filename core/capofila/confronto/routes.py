"""The pages of the room: the ambito's, the agency's and everybody's."""

from __future__ import annotations

from litestar import Router

from capofila.confronto import routes_ambito, routes_aperti, routes_ats

MENU = (routes_ambito.MENU,)

router = Router(
    path="/", route_handlers=[*routes_ambito.ROTTE, *routes_ats.ROTTE, *routes_aperti.ROTTE]
)
