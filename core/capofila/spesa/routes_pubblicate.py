"""The page of the published figures: as printed, beside what comes out, and what does not add up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from litestar import Request, get
from litestar.response import Template

from capofila.base.visita import visita_corrente
from capofila.spesa.parole_pubblicate import MISURE, PERIMETRI, TERRITORI, cifra, frase, nome
from capofila.spesa.pubblicate import Accanto, accanto, confronti, figure
from capofila.web.contesto import costruisci_pagina, rispondi
from capofila.web.pagina import Colonna

_COLONNE: Final = (
    Colonna("Figura"), Colonna("Pubblicata", tipo="numero"), Colonna("Calcolata", tipo="numero"),
    Colonna("Differenza", tipo="numero"), Colonna("Come e perché"),
)  # fmt: skip


def calcolata(una: Accanto) -> str:
    """What comes out, with two decimals at most."""
    valore = una.calcolata
    if valore is not None and int(valore.as_tuple().exponent) < -2:
        valore = valore.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return cifra(valore, una.figura.chiave)


def _per_fonte(righe: tuple[Accanto, ...]) -> dict[tuple[int, str], list[Accanto]]:
    gruppi: dict[tuple[int, str], list[Accanto]] = {}
    ordine = list(MISURE)
    for una in sorted(
        righe,
        key=lambda r: (
            r.figura.anno, r.figura.fonte, list(TERRITORI).index(r.figura.territorio),
            list(PERIMETRI).index(r.figura.perimetro),
            ordine.index(r.figura.misura.partition("/")[0]),
        ),
    ):  # fmt: skip
        gruppi.setdefault((una.figura.anno, una.figura.fonte), []).append(una)
    return gruppi


@get(
    "/{ambito:str}/spesa/pubblicate",
    opt={"permesso": "spesa.vedi", "unita": "lettura"},
    include_in_schema=False,
)
async def pagina_pubblicate(request: Request[Any, Any, Any]) -> Template:
    """What was published of 2011 and 2012, beside what comes out of the same formulas."""
    slug = visita_corrente().nell_ambito.slug
    verifiche = confronti()
    return rispondi(
        request,
        "spesa/pubblicate.html",
        costruisci_pagina(
            request, "Figure pubblicate",
            briciole=[("Analisi della spesa", f"/{slug}/spesa/analisi")],
            sommario="La spesa sociale del 2011 e del 2012 come è stata pubblicata, e che cosa esce "
            "dagli stessi conti.",
        ),
        gruppi=_per_fonte(accanto()),
        quante=len(figure()),
        storte=[frase(uno) for uno in verifiche if uno.differenza],
        tornano=sum(not uno.differenza for uno in verifiche),
        colonne=_COLONNE,
        nome=nome,
        cifra=cifra,
        calcolata=calcolata,
    )  # fmt: skip


ROTTE: Final = (pagina_pubblicate,)
