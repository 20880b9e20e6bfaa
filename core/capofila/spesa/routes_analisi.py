"""The page of the analysis of the social spending, and the files of the same figures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar import Request, get
from litestar.response import Response, Template

from capofila.base.attivazioni import plugin_attivi
from capofila.base.errori import NonTrovato, RichiestaNonValida
from capofila.base.visita import visita_corrente
from capofila.hooks import ModuloSpesa, RapportoSpesa
from capofila.spesa import cifre, scarichi, tavole
from capofila.spesa.carta import carta
from capofila.spesa.cifre import Filtro, Lettura
from capofila.spesa.pdf import pdf_di
from capofila.spesa.rilevazioni import modulo_se_c_e
from capofila.spesa.tabelle import barre, celle, colonne, euro, linee, scrivi, senza_rilevazione
from capofila.spesa.tavole import TavolaCifre
from capofila.web.contesto import VoceMenu, anno_richiesto, costruisci_pagina, rispondi
from capofila.web.pagina import with_parameters

MENU: Final = VoceMenu(
    titolo="Analisi della spesa", percorso="spesa/analisi", permesso="spesa.vedi",
    gruppo="Spesa sociale", icona="presentation", ordine=46,
)  # fmt: skip

_OPT: Final = {"permesso": "spesa.vedi", "unita": "lettura"}


class Vista(msgspec.Struct, frozen=True):
    """What a page or a file of the analysis shows."""

    anno: int
    letta: Lettura
    modulo: ModuloSpesa | None
    tavole: tuple[TavolaCifre, ...]
    mancanze: tuple[str, ...]
    rapporti: tuple[RapportoSpesa, ...]

    @property
    def titolo(self) -> str:
        """Of what the figures are."""
        return f"Spesa sociale {self.anno}, {visita_corrente().nell_ambito.nome}"

    @property
    def sottotitolo(self) -> str:
        """The filter in words; empty when there is none."""
        filtro = self.letta.filtro
        parti = []
        if filtro.comune or filtro.sub_ambito:
            parti.append(tavole.titolo_filtro(self.letta))
        if filtro.area:
            parti.append(f"area {self.nomi_aree.get(filtro.area, filtro.area)}")
        return ", ".join(parti)

    @property
    def nomi_aree(self) -> dict[str, str]:
        """The areas that may be chosen."""
        return {} if self.modulo is None else {
            a.codice: a.denominazione for a in self.modulo.aree
        }  # fmt: skip


def _filtro(request: Request[Any, Any, Any]) -> Filtro:
    sub_ambito, comune, area = (
        request.query_params.get(nome, "")[:60] or None for nome in ("sub_ambito", "comune", "area")
    )
    return Filtro(sub_ambito=sub_ambito, comune=comune, area=area)


async def _vista(
    request: Request[Any, Any, Any], ordine: str = "", *, con_confini: bool = False
) -> Vista:
    anno, filtro = anno_richiesto(request), _filtro(request)
    letta = await cifre.leggi(anno, filtro, confini=con_confini)
    # Asked once: a page has few queries.
    attivi = await plugin_attivi()
    modulo = await modulo_se_c_e(anno, letta.modulo, attivi)
    aree = {filtro.area} if modulo is None else {a.codice for a in modulo.aree}
    for scelto, fra in (
        (filtro.comune, {*letta.comuni}),
        (filtro.sub_ambito, {*letta.sub_ambiti}),
        (filtro.area, aree),
    ):
        if scelto is not None and scelto not in fra:
            raise RichiestaNonValida(
                "Il filtro nell'indirizzo non è di questa rilevazione: togli i filtri e scegli di "
                "nuovo."
            )
    return Vista(
        anno, letta, modulo, tavole.tavole(letta, modulo, ordine), tavole.mancanze(letta, modulo),
        attivi.rapporti_spesa(anno),
    )  # fmt: skip


def _scelte(vista: Vista) -> dict[str, Sequence[tuple[str, str]]]:
    return {
        "sub_ambiti": list(vista.letta.sub_ambiti.items()),
        "comuni": sorted(((i, c.nome) for i, c in vista.letta.comuni.items()), key=lambda c: c[1]),
        "aree": list(vista.nomi_aree.items()),
    }


@get("/{ambito:str}/spesa/analisi", opt=_OPT, include_in_schema=False)
async def pagina_analisi(request: Request[Any, Any, Any]) -> Template:
    """The figures of a year: tables, bars, lines, map."""
    base = f"/{visita_corrente().nell_ambito.slug}/spesa"
    ordine = request.query_params.get("ordina", "-spesa")[:20]
    anno = anno_richiesto(request)
    try:
        vista = await _vista(request, ordine, con_confini=True)
    except NonTrovato:
        return await senza_rilevazione(request, "Analisi della spesa", "analisi")
    pagina = costruisci_pagina(
        request, "Analisi della spesa", con_anno=True,
        sommario=f"Che cosa spendono i comuni per il sociale nel {anno}, con e senza il capoluogo.",
    )  # fmt: skip
    di_uno = with_parameters(pagina.url, comune=None, sub_ambito=None)
    di_uno += "&" if "?" in di_uno else "?"
    return rispondi(
        request,
        "spesa/analisi.html",
        pagina,
        vista=vista,
        filtro=vista.letta.filtro,
        scelte=_scelte(vista),
        ordine=ordine,
        colonne={t.codice: colonne(t, ordinabile=t.codice == "comuni") for t in vista.tavole},
        barre={t.codice: barre(t) for t in vista.tavole if t.serie},
        linee=linee(vista.letta),
        carta=carta(vista.letta),
        celle={t.codice: celle(t) for t in vista.tavole},
        euro=euro,
        del_comune=lambda istat: f"{di_uno}comune={istat}",
        base=base,
        con_parametri_attuali={
            nome: valore
            for nome, valore in (
                ("anno", anno),
                *msgspec.structs.asdict(vista.letta.filtro).items(),
            )
            if valore
        },
    )


def _file(vista: Vista, contenuto: bytes, tipo: str, estensione: str) -> Response[bytes]:
    nome = f"spesa-sociale-{visita_corrente().nell_ambito.slug}-{vista.anno}.{estensione}"
    return Response(
        contenuto,
        media_type=tipo,
        headers={"Content-Disposition": f'attachment; filename="{nome}"'},
    )


@get("/{ambito:str}/spesa/analisi.csv", opt=_OPT, include_in_schema=False)
async def analisi_csv(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The figures one a line: table, row, measure, value."""
    vista = await _vista(request)
    return _file(vista, scarichi.csv_di(vista.tavole), "text/csv", "csv")


@get("/{ambito:str}/spesa/analisi.xlsx", opt=_OPT, include_in_schema=False)
async def analisi_xlsx(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The figures, a sheet a table."""
    vista = await _vista(request)
    return _file(vista, scarichi.xlsx_di(_documento(vista)), scarichi.XLSX, "xlsx")


@get("/{ambito:str}/spesa/analisi.pdf", opt=_OPT, include_in_schema=False)
async def analisi_pdf(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The figures on paper."""
    vista = await _vista(request, con_confini=True)
    documento = msgspec.structs.replace(_documento(vista), carta=carta(vista.letta))
    contenuto = await asyncio.to_thread(pdf_di, documento, scrivi)
    return _file(vista, contenuto, "application/pdf", "pdf")


def _documento(vista: Vista) -> scarichi.Documento:
    disegno = linee(vista.letta)
    return scarichi.Documento(
        titolo=vista.titolo,
        sottotitolo=vista.sottotitolo,
        tavole=vista.tavole,
        note=(*vista.mancanze, f"Fonte: {vista.letta.fonte}."),
        linee=disegno.disegno,
        nomi_linee=disegno.nomi,
    )


ROTTE: Final = (pagina_analisi, analisi_csv, analisi_xlsx, analisi_pdf)
