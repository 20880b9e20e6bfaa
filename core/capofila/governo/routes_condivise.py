"""Pages of the meetings of a body that ambiti share, as those read them who do not keep it."""

from __future__ import annotations

from typing import Final

from litestar import get
from litestar.params import FromPath
from litestar.response import Response, Template

from capofila.base.visita import visita_corrente
from capofila.governo import condivise, verbali
from capofila.governo.routes_sedute import ESITI, STATI, VEDI, Richiesta, base
from capofila.web.contesto import come_file, costruisci_pagina, rispondi
from capofila.web.formati import data

ATS: Final = {"permesso": "ats.leggi", "unita": "lettura"}


async def _pagina(
    request: Richiesta, id_: int, qui: str, briciole: list[tuple[str, str]]
) -> Template:
    una, letta = await condivise.leggi(id_)
    pagina = costruisci_pagina(
        request, f"{letta.denominazione}, {data(letta.giorno)}", briciole=briciole,
        sommario=f"Pubblicata da {una.di}, che tiene l’organo.",
    )  # fmt: skip
    return rispondi(
        request,
        "governo/seduta_condivisa.html",
        pagina,
        una=una,
        letta=letta,
        stati=STATI,
        esiti=ESITI,
        modi=verbali.MODI,
        voto_in_parole=verbali.voto_in_parole,
        documenti=list(enumerate(letta.documenti, 1)),
        torna=briciole[-1],
        qui=qui,
    )


async def _file(id_: int, numero: int) -> Response[bytes]:
    uno, contenuto = await condivise.documento(id_, numero)
    return come_file(contenuto, uno.media_type, uno.nome)


@get("/{ambito:str}/sedute/condivise/{id_:int}", opt=VEDI)
async def condivisa(request: Richiesta, id_: FromPath[int]) -> Template:
    """A meeting that another ambito published for this one, or the copy of one of ours."""
    return await _pagina(request, id_, f"{base()}/condivise/{id_}", [("Sedute", base())])


@get(
    "/{ambito:str}/sedute/condivise/{id_:int}/documenti/{numero:int}",
    opt=VEDI,
    include_in_schema=False,
)
async def documento(id_: FromPath[int], numero: FromPath[int]) -> Response[bytes]:
    """A file of a published meeting."""
    return await _file(id_, numero)


@get("/ats/{ats:str}/organi/sedute/{id_:int}", opt=ATS)
async def condivisa_ats(request: Richiesta, ats: FromPath[str], id_: FromPath[int]) -> Template:
    """A meeting that an ambito published for an agency."""
    nome = next(nome for _, slug, nome in visita_corrente().ats if slug == ats)
    return await _pagina(
        request, id_, f"/ats/{ats}/organi/sedute/{id_}",
        [(nome, f"/ats/{ats}"), ("Organi in comune", f"/ats/{ats}/organi")],
    )  # fmt: skip


@get(
    "/ats/{ats:str}/organi/sedute/{id_:int}/documenti/{numero:int}",
    opt=ATS,
    include_in_schema=False,
)
async def documento_ats(
    ats: FromPath[str], id_: FromPath[int], numero: FromPath[int]
) -> Response[bytes]:
    """A file of a meeting that was published for an agency."""
    return await _file(id_, numero)


ROTTE: Final = (condivisa, documento, condivisa_ats, documento_ats)
