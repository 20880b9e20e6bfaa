"""The pages of the compartecipazione, put together: each subject has its module."""

from __future__ import annotations

from litestar import Router

from capofila.compartecipazione import (
    routes_adozioni,
    routes_componenti,
    routes_decisioni,
    routes_effetti,
    routes_ricalcoli,
    routes_schemi,
    routes_simula,
    routes_utenze,
)

MENU = (
    routes_utenze.MENU,
    routes_adozioni.MENU,
    routes_schemi.MENU,
    routes_simula.MENU,
    routes_ricalcoli.MENU,
    *routes_effetti.MENU,
)

router = Router(
    path="/",
    route_handlers=[
        *routes_utenze.ROTTE,
        *routes_componenti.ROTTE,
        *routes_adozioni.ROTTE,
        *routes_decisioni.ROTTE,
        *routes_schemi.ROTTE,
        *routes_simula.ROTTE,
        *routes_ricalcoli.ROTTE,
        *routes_effetti.ROTTE,
    ],
)
