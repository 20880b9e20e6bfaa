"""The pages of the social spending: what the application and the menu need to know of them."""

from __future__ import annotations

from litestar import Router

from capofila.spesa import routes_analisi, routes_pubblicate
from capofila.web.contesto import VoceMenu

MENU = (
    VoceMenu(
        titolo="Analisi della spesa",
        percorso="spesa/analisi",
        permesso="spesa.vedi",
        gruppo="Spesa sociale",
        icona="presentation",
        ordine=46,
    ),
)

router = Router(path="/", route_handlers=[*routes_analisi.ROTTE, *routes_pubblicate.ROTTE])
