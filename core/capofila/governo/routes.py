"""Pages of the deadlines and of the bodies of an ambito."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any, Final

from litestar import Request, Router, get
from litestar.response import Template

from capofila.base.attivazioni import oggi
from capofila.base.visita import visita_corrente
from capofila.governo import service
from capofila.governo.rules import distanza
from capofila.web.contesto import VoceMenu, anno_richiesto, costruisci_pagina, rispondi
from capofila.web.pagina import Colonna

MENU = (
    VoceMenu(
        titolo="Scadenze", percorso="adempimenti", permesso="adempimenti.vedi",
        gruppo="Governo", icona="calendar", ordine=40,
    ),
    VoceMenu(
        titolo="Organi", percorso="organi", permesso="adempimenti.vedi",
        gruppo="Governo", icona="pa", ordine=41,
    ),
)  # fmt: skip

STATI: Final = {
    "passata": ("Passata", "neutro"),
    "oggi": ("Oggi", "errore"),
    "vicina": ("Si avvicina", "attenzione"),
    "futura": ("Futura", "attesa"),
}
_COLONNE: Final = (
    Colonna("Scadenza"),
    Colonna("Adempimento"),
    Colonna("Organo responsabile"),
    Colonna("Stato"),
    Colonna("Fonte"),
)


@get("/{ambito:str}/adempimenti", opt={"permesso": "adempimenti.vedi", "unita": "lettura"})
async def adempimenti(request: Request[Any, Any, Any]) -> Template:
    """The deadlines that fall in a year: this one when none is asked for."""
    anno = anno_richiesto(request) if "anno" in request.query_params else oggi().year
    scadenze = await service.scadenze_fra(date(anno, 1, 1), date(anno, 12, 31))
    pagina = costruisci_pagina(
        request, "Scadenze", con_anno=True,
        sommario="Quello che gli atti dell'ambito chiedono di fare, ed entro quando.",
    )  # fmt: skip
    # Records are about the year before, deadlines about the days to come.
    anni = sorted({*pagina.anni, oggi().year + 1, anno}, reverse=True)
    return rispondi(
        request,
        "governo/adempimenti.html",
        dataclasses.replace(pagina, anno=anno, anni=anni),
        scadenze=scadenze,
        anno=anno,
        stati=STATI,
        distanza=distanza,
        colonne=_COLONNE,
        ambito=visita_corrente().nell_ambito.nome,
    )


@get("/{ambito:str}/organi", opt={"permesso": "adempimenti.vedi", "unita": "lettura"})
async def organi(request: Request[Any, Any, Any]) -> Template:
    """The bodies of the ambito, as its plugin declares them for today."""
    pagina = costruisci_pagina(
        request, "Organi",
        sommario="Chi decide in questo ambito, come è composto e come vota.",
    )  # fmt: skip
    return rispondi(
        request,
        "governo/organi.html",
        pagina,
        organi=await service.organi(),
        oggi=oggi(),
    )


router = Router(path="/", route_handlers=[adempimenti, organi])
