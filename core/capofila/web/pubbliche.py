"""Pages that anybody may read: accessibility and privacy of the platform.

An ambito that has published its own declaration and notice names them in its folder, and the
footer leads there. Until then it leads here, where it is said plainly that they are missing.
"""

from __future__ import annotations

from typing import Any

from litestar import Request, Router, get
from litestar.response import Template

from capofila.base.impostazioni import impostazioni
from capofila.web.contesto import VoceMenu, csrf
from capofila.web.pagina import Pagina

MENU: tuple[VoceMenu, ...] = ()
PUBBLICO = {"permesso": "pubblico", "unita": "nessuna"}


def pagina_pubblica(request: Request[Any, Any, Any], titolo: str, sommario: str) -> Pagina:
    """The surroundings of a page that anybody may read."""
    return Pagina(
        titolo=titolo,
        sommario=sommario,
        url=request.url.path,
        csrf_token=csrf(request),
        dimostrazione=impostazioni().dimostrazione,
    )


@get("/accessibilita", opt=PUBBLICO)
async def accessibilita(request: Request[Any, Any, Any]) -> Template:
    """How accessible the pages are, and whom to tell of a barrier."""
    pagina = pagina_pubblica(
        request, "Accessibilità", "Come usare Capofila con ogni mezzo, e a chi dire di un ostacolo."
    )
    return Template("accessibilita.html", context={"pagina": pagina}, media_type="text/html")


@get("/privacy", opt=PUBBLICO)
async def privacy(request: Request[Any, Any, Any]) -> Template:
    """What the platform keeps of whoever uses it and of the people it is about."""
    pagina = pagina_pubblica(
        request, "Dati personali", "Quali dati tratta Capofila, dove stanno e chi li vede."
    )
    return Template("privacy.html", context={"pagina": pagina}, media_type="text/html")


router = Router(path="/", route_handlers=[accessibilita, privacy])
