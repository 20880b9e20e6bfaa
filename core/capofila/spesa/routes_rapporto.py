"""The report of a distretto: tables of the analysis that its plugin has chosen, on screen and as files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar import Request, get
from litestar.response import Response, Template

from capofila.base.attivazioni import plugin_attivi
from capofila.base.errori import NonTrovato
from capofila.base.plugin import PluginAttivi
from capofila.base.visita import visita_corrente
from capofila.hooks import RapportoSpesa
from capofila.spesa import cifre, scarichi, tavole
from capofila.spesa.cifre import Filtro, Lettura
from capofila.spesa.pdf import pdf_di
from capofila.spesa.rilevazioni import modulo_se_c_e
from capofila.spesa.tabelle import barre, celle, colonne, euro, linee, scrivi, senza_rilevazione
from capofila.spesa.tavole import TavolaCifre
from capofila.web.contesto import anno_richiesto, costruisci_pagina, rispondi

_OPT: Final = {"permesso": "spesa.vedi", "unita": "lettura"}


class Vista(msgspec.Struct, frozen=True):
    """What a report shows."""

    anno: int
    rapporto: RapportoSpesa
    letta: Lettura
    tavole: tuple[TavolaCifre, ...]
    mancanze: tuple[str, ...]

    @property
    def premessa(self) -> tuple[str, ...]:
        """What it is modelled on, and its source."""
        fonte = f"Impostazione: {self.rapporto.fonte.cita()}."
        return (self.rapporto.premessa, fonte) if self.rapporto.premessa else (fonte,)


async def _scelto(request: Request[Any, Any, Any], attivi: PluginAttivi) -> RapportoSpesa:
    """The report that is asked for by its `codice`, or the first one.

    Raises:
        NonTrovato: the active plugins do not declare it.
    """
    anno, codice = anno_richiesto(request), request.query_params.get("codice", "")[:60]
    for uno in attivi.rapporti_spesa(anno):
        if codice in ("", uno.codice):
            return uno
    raise NonTrovato(
        f"Nessun plugin attivo in questo ambito dichiara questo rapporto per il {anno}: le stesse "
        "cifre sono nell'analisi della spesa."
    )


async def _vista(
    request: Request[Any, Any, Any], rapporto: RapportoSpesa, attivi: PluginAttivi
) -> Vista:
    anno = anno_richiesto(request)
    letture: dict[tuple[str, ...], Lettura] = {(): await cifre.leggi(anno)}
    modulo = await modulo_se_c_e(anno, letture[()].modulo, attivi)
    fatte = []
    for numero, una in enumerate(rapporto.sezioni, 1):
        if una.voci not in letture:
            letture[una.voci] = await cifre.leggi(anno, Filtro(voci=una.voci))
        tavola = tavole.sezione(letture[una.voci], modulo, una)
        fatte.append(msgspec.structs.replace(tavola, codice=f"{tavola.codice}-{numero}"))
    letta = letture[()]
    return Vista(anno, rapporto, letta, tuple(fatte), tavole.mancanze(letta, modulo))


@get("/{ambito:str}/spesa/analisi/rapporto", opt=_OPT, include_in_schema=False)
async def pagina_rapporto(request: Request[Any, Any, Any]) -> Template:
    """A report of a year."""
    attivi = await plugin_attivi()
    rapporto = await _scelto(request, attivi)
    base = f"/{visita_corrente().nell_ambito.slug}/spesa"
    anno = anno_richiesto(request)
    briciole = [("Analisi della spesa", f"{base}/analisi?anno={anno}")]
    try:
        vista = await _vista(request, rapporto, attivi)
    except NonTrovato:
        return await senza_rilevazione(
            request, rapporto.denominazione, "analisi/rapporto", briciole
        )
    pagina = costruisci_pagina(
        request, rapporto.denominazione, con_anno=True, briciole=briciole,
        sommario=f"Le cifre della spesa sociale del {vista.anno}, come le presenta questo ambito.",
    )  # fmt: skip
    return rispondi(
        request,
        "spesa/rapporto.html",
        pagina,
        vista=vista,
        altri=[uno for uno in attivi.rapporti_spesa(anno) if uno.codice != rapporto.codice],
        colonne={t.codice: colonne(t) for t in vista.tavole},
        barre={t.codice: barre(t) for t in vista.tavole if t.serie},
        celle={t.codice: celle(t) for t in vista.tavole},
        linee=linee(vista.letta),
        euro=euro,
        base=base,
    )


def _file(vista: Vista, contenuto: bytes, tipo: str, estensione: str) -> Response[bytes]:
    ambito = visita_corrente().nell_ambito
    nome = f"{vista.rapporto.codice}-{ambito.slug}-{vista.anno}.{estensione}"
    return Response(
        contenuto,
        media_type=tipo,
        headers={"Content-Disposition": f'attachment; filename="{nome}"'},
    )


def _documento(vista: Vista) -> scarichi.Documento:
    disegno = linee(vista.letta)
    return scarichi.Documento(
        titolo=f"{vista.rapporto.denominazione}, {vista.anno}",
        sottotitolo=visita_corrente().nell_ambito.nome,
        tavole=_con_righe(vista.tavole),
        note=(*vista.mancanze, f"Fonte: {vista.letta.fonte}."),
        premessa=vista.premessa,
        linee=disegno.disegno,
        nomi_linee=disegno.nomi,
    )


def _con_righe(tutte: Sequence[TavolaCifre]) -> list[TavolaCifre]:
    return [tavola for tavola in tutte if tavola.righe]


async def _del_file(request: Request[Any, Any, Any]) -> Vista:
    attivi = await plugin_attivi()
    return await _vista(request, await _scelto(request, attivi), attivi)


@get("/{ambito:str}/spesa/analisi/rapporto.xlsx", opt=_OPT, include_in_schema=False)
async def rapporto_xlsx(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A report as a workbook, a sheet a table."""
    vista = await _del_file(request)
    return _file(vista, scarichi.xlsx_di(_documento(vista)), scarichi.XLSX, "xlsx")


@get("/{ambito:str}/spesa/analisi/rapporto.pdf", opt=_OPT, include_in_schema=False)
async def rapporto_pdf(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A report on paper."""
    vista = await _del_file(request)
    contenuto = await asyncio.to_thread(pdf_di, _documento(vista), scrivi)
    return _file(vista, contenuto, "application/pdf", "pdf")


ROTTE: Final = (pagina_rapporto, rapporto_xlsx, rapporto_pdf)
