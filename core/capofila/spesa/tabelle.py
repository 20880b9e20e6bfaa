"""How the tables of figures are drawn: cells, bars, lines; the same for the analysis and the reports."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.response import Template
from markupsafe import Markup

from capofila.base.visita import visita_corrente
from capofila.spesa import tavole
from capofila.spesa.cifre import Lettura
from capofila.spesa.rilevazioni import rilevazioni
from capofila.spesa.tavole import TavolaCifre
from capofila.web import grafici
from capofila.web.contesto import anno_richiesto, costruisci_pagina, rispondi
from capofila.web.formati import importo, numero, percento
from capofila.web.pagina import Colonna

_IGNOTA: Final = (
    '<span class="manca"><span aria-hidden="true">—</span>'
    '<span class="testo-nascosto">non si conosce</span></span>'
)
_ORDINABILI: Final = {"Spesa": "spesa", "Per abitante": "pro_capite"}


def scrivi(valore: Decimal | int | None, tipo: str) -> str:
    """A figure as the pages write it."""
    if tipo == "importo":
        return importo(valore)  # type: ignore[arg-type]
    return percento(valore) if tipo == "quota" else numero(valore)  # type: ignore[arg-type]


def euro(valore: grafici.Cifra) -> str:
    """An amount in a chart, where cents have no place."""
    if valore >= 1_000_000:
        return f"{numero(Decimal(valore) / 1_000_000, 1)} mln"
    return f"{numero(Decimal(valore), 0)} €"


def colonne(tavola: TavolaCifre, *, ordinabile: bool = False) -> list[Colonna]:
    """The columns of a table on a page."""
    return [
        Colonna(tavola.testa, "nome" if ordinabile else ""),
        *([Colonna("Grafico")] if tavola.serie else []),
        *(
            Colonna(c.titolo, _ORDINABILI.get(c.titolo, "") if ordinabile else "", "numero")
            for c in tavola.colonne
        ),
    ]


def celle(tavola: TavolaCifre) -> dict[str, Markup]:
    """The cells of each row. Put together here: a page has hundreds, and figures need no escaping."""
    inizi = [
        Markup('<td class="cifra" data-etichetta="{}">').format(colonna.titolo)
        for colonna in tavola.colonne
    ]
    return {
        riga.chiave: Markup(  # noqa: S704 - our own marks around figures
            "".join(
                f"{inizio}{_IGNOTA if valore is None else scrivi(valore, colonna.tipo)}</td>"
                for inizio, colonna, valore in zip(inizi, tavola.colonne, riga.valori, strict=True)
            )
        )
        for riga in tavola.righe
    }


def barre(tavola: TavolaCifre) -> dict[str, list[grafici.Tratto]]:
    """The bar of each row, on the scale of the longest."""
    massimo = max((sum(riga.barra, Decimal(0)) for riga in tavola.righe), default=Decimal(0))
    return {riga.chiave: grafici.barra(riga.barra, massimo) for riga in tavola.righe if riga.barra}


class LineeAnni(msgspec.Struct, frozen=True):
    """The lines of the years; None when there are not two. `titolo` says of what."""

    disegno: grafici.Linee | None
    nomi: list[str]
    titolo: str


def linee(letta: Lettura) -> LineeAnni:
    """The series: per inhabitant where it is known of two years at least, else the spending."""
    anni, dice = letta.cifre.anni, tavole.senza(letta)
    note = [uno for uno in anni if uno.pro_capite.valore is not None]
    per_abitante = len(note) > 1
    nomi = [tavole.titolo_filtro(letta)] + ([dice[0].upper() + dice[1:]] if dice else [])
    serie = [
        {a.anno: a.pro_capite.valore if per_abitante else a.spesa for a in anni},
        {
            a.anno: a.pro_capite_senza_capoluogo.valore if per_abitante else a.senza_capoluogo
            for a in anni
        },
    ]
    # A year without a survey breaks the line.
    vuoti = dict.fromkeys(range(anni[0].anno, anni[-1].anno + 1)) if anni else {}
    serie = [{**vuoti, **una} for una in serie]
    disegno = (
        grafici.linee([grafici.Serie(n, s) for n, s in zip(nomi, serie, strict=False)])
        if len(anni) > 1
        else None
    )
    return LineeAnni(disegno, nomi, "Spesa per abitante" if per_abitante else "Spesa")


async def senza_rilevazione(
    request: Request[Any, Any, Any],
    titolo: str,
    pagina: str,
    briciole: Sequence[tuple[str, str]] = (),
) -> Template:
    """There is no survey of the year that is asked for: which years have one, and what to do.

    Args:
        titolo: of the page.
        pagina: its address, after that of the spending.
        briciole: the pages above it.
    """
    return rispondi(
        request,
        "spesa/analisi_vuota.html",
        costruisci_pagina(request, titolo, con_anno=True, briciole=[*briciole]),
        anno=anno_richiesto(request),
        anni=[una.anno for una, _ in await rilevazioni()],
        altro_anno=pagina,
        base=f"/{visita_corrente().nell_ambito.slug}/spesa",
    )
