"""The health agency's entrance: it shows what ambiti have released, and nothing else exists for it."""

from __future__ import annotations

from typing import Any

from litestar import Request, Router, get
from litestar.params import FromPath
from litestar.response import Template

from capofila.base.visita import visita_corrente
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi

MENU: tuple[VoceMenu, ...] = ()


@get("/ats/{ats:str}", opt={"permesso": "ats.leggi", "unita": "lettura"})
async def ingresso(request: Request[Any, Any, Any], ats: FromPath[str]) -> Template:
    """The first page of an agency's analyst."""
    nome = next(nome for _, slug, nome in visita_corrente().ats if slug == ats)
    pagina = costruisci_pagina(
        request, nome, sommario="Le figure che gli ambiti hanno pubblicato per questa agenzia."
    )
    return rispondi(request, "confronto/ingresso.html", pagina)


router = Router(path="/", route_handlers=[ingresso])
