"""The page of the territory: who was part of the ambito on a day, and how we know."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from litestar import Request, Router, get
from litestar.response import Template

from capofila.base.errori import RichiestaNonValida
from capofila.base.visita import visita_corrente
from capofila.territorio.service import quadro
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.formati import ROMA

MENU = (
    VoceMenu(
        titolo="Territorio",
        percorso="territorio",
        permesso="territorio.vedi",
        gruppo="Ambito",
        icona="map-marker",
        ordine=60,
    ),
)


def leggi_giorno(testo: str | None) -> date:
    """The day asked for; today in Italy when none is.

    Raises:
        RichiestaNonValida: it is not a day.
    """
    if not testo:
        return datetime.now(ROMA).date()
    try:
        if len(testo) != 10:
            raise ValueError
        return date.fromisoformat(testo)
    except ValueError:
        raise RichiestaNonValida(
            "Il giorno indicato non è una data: scrivilo come 2015-05-01."
        ) from None


@get(
    "/{ambito:str}/territorio",
    name="territorio",
    opt={"permesso": "territorio.vedi", "unita": "lettura"},
    include_in_schema=False,
)
async def territorio(request: Request[Any, Any, Any]) -> Template:
    """Comuni by sub-ambito with their inhabitants, enti, unions, notes and what changed."""
    giorno = request.query_params.get("giorno")
    scelto = leggi_giorno(giorno)
    visto = await quadro(scelto)
    return rispondi(
        request,
        "territorio/quadro.html",
        costruisci_pagina(
            request,
            "Territorio",
            sommario="Chi fa parte dell’ambito, da quando e secondo quale fonte",
        ),
        quadro=visto,
        azione=f"/{visita_corrente().nell_ambito.slug}/territorio",
        oggi=not giorno,
    )


router = Router(path="/", route_handlers=[territorio])
