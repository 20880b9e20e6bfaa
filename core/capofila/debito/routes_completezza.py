"""Page of the completeness: what each comune entered and sent in a year, and what is missing."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Request, get
from litestar.response import Response, Template

from capofila.base.attivazioni import plugin_attivi
from capofila.base.visita import visita_corrente
from capofila.debito import completezza, responsabili
from capofila.debito.completezza import Completezza
from capofila.debito.rules import tabella_csv
from capofila.prestazioni.service import flusso_minori, flusso_principale
from capofila.territorio import service as territorio
from capofila.web.contesto import anno_richiesto, costruisci_pagina, rispondi
from capofila.web.pagina import Colonna

_COLONNE: Final = (
    Colonna("Comune", "nome"),
    Colonna("Che cosa manca"),
    Colonna("In vigore", "in_vigore", "numero"),
    Colonna("Mai inviate", "mai_dette", "numero"),
    Colonna("Senza esito", "senza_esito", "numero"),
    Colonna("Accolte", "accolte", "numero"),
    Colonna("Scartate", "scartate", "numero"),
    Colonna("Da annullare", "da_annullare", "numero"),
    Colonna("Bozze", "bozze", "numero"),
    Colonna("Ultimo inserimento", "ultimo_inserimento"),
    Colonna("Ultimo invio", "ultimo_invio"),
)
_COLONNE_MINORI: Final = tuple(
    Colonna("Tolte, INPS le ha", "da_annullare", "numero")
    if colonna.titolo == "Da annullare"
    else colonna
    for colonna in _COLONNE
)
"""A record of a minor has no cancellation."""


class Lettura(msgspec.Struct, frozen=True, kw_only=True):
    """What the page is about.

    Attributes:
        righe: the figures, by comune.
        flusso: the id of the flow; empty when none is active.
        scelte: the flows that may be chosen: id and name.
        di_minori: it is that of the minors in charge.
        fermi: files of the ambito that wait.
    """

    righe: list[Completezza]
    flusso: str
    scelte: list[tuple[str, str]]
    di_minori: bool
    fermi: int


async def _leggi(request: Request[Any, Any, Any], anno: int) -> Lettura:
    ambito = visita_corrente().nell_ambito
    attivi = {f.id: f for f in (await plugin_attivi()).flussi()}
    minori = flusso_minori(attivi)
    principale = flusso_principale(attivi)
    di_minori = minori is not None and request.query_params.get("flusso") == minori.id
    flusso = minori if di_minori else principale
    oggi = responsabili.oggi()
    comuni = (await territorio.mappa_comuni()).per_belfiore
    dell_anno = {a.istat for a in await territorio.appartenenze() if _nell_anno(a, anno)}
    membri = {belfiore for belfiore, comune in comuni.items() if comune.istat in dell_anno}
    if ambito.comune is not None:
        membri = {ambito.comune}
    righe = await completezza.per_comune(
        anno, "" if flusso is None else flusso.id, membri,
        {belfiore: comune.nome for belfiore, comune in comuni.items()}, oggi, di_minori=di_minori,
    )  # fmt: skip
    fermi = 0 if ambito.comune is not None else await completezza.file_dell_ambito()
    return Lettura(
        righe=righe,
        flusso="" if flusso is None else flusso.id,
        scelte=[(f.id, f.denominazione) for f in (principale, minori) if f is not None],
        di_minori=di_minori,
        fermi=fermi,
    )


def _nell_anno(periodo: Any, anno: int) -> bool:
    return (periodo.dal is None or periodo.dal.year <= anno) and (
        periodo.al is None or periodo.al.year >= anno
    )


@get(
    "/{ambito:str}/debito/completezza",
    opt={"permesso": "debito.completezza", "unita": "lettura"},
)
async def pagina_completezza(request: Request[Any, Any, Any]) -> Template:
    """By comune and for the whole ambito: entered, sent, answered, missing."""
    visita = visita_corrente()
    ambito = visita.nell_ambito
    anno = anno_richiesto(request)
    letta = await _leggi(request, anno)
    righe, flusso, fermi = letta.righe, letta.flusso, letta.fermi
    ordine = request.query_params.get("ordina", "nome")[:40]
    pagina = costruisci_pagina(
        request, "Completezza", con_anno=True,
        sommario=f"{'Schede dei minori' if letta.di_minori else 'Prestazioni'} del {anno}: che cosa è "
        "stato inserito e inviato, e che cosa manca.",
    )  # fmt: skip
    return rispondi(
        request,
        "debito/completezza.html",
        pagina,
        frammento="debito/_completezza.html",
        anno=anno,
        righe=completezza.ordina(righe, ordine),
        totale=completezza.totale(righe),
        fermi=fermi,
        vuoti=sum(riga.vuoto for riga in righe),
        con_buchi=sum(bool(riga.mesi_mancanti) for riga in righe),
        ordine=ordine,
        mesi=completezza.in_parole,
        colonne=_COLONNE_MINORI if letta.di_minori else _COLONNE,
        di_minori=letta.di_minori,
        flusso=flusso,
        flussi=letta.scelte,
        responsabile=await responsabili.in_carica(flusso) if flusso else None,
        un_comune=ambito.comune,
        base=f"/{ambito.slug}/debito",
        prestazioni=f"/{ambito.slug}/{'minori' if letta.di_minori else 'prestazioni'}",
        importazioni=f"/{ambito.slug}/importazioni",
        puo_nominare=visita.puo("ambito.amministra"),
        puo_vedere=visita.puo("debito.vedi"),
    )


@get(
    "/{ambito:str}/debito/completezza.csv",
    opt={"permesso": "debito.completezza", "unita": "lettura"},
)
async def completezza_csv(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The same figures for the spreadsheet."""
    anno = anno_richiesto(request)
    letta = await _leggi(request, anno)
    righe = letta.righe
    tutte = [*completezza.ordina(righe, "nome"), completezza.totale(righe)]
    testo = tabella_csv(
        [
            ("comune", *_NUMERI, "ultimo_inserimento", "ultimo_invio", "mesi_mancanti"),
            *(
                (
                    riga.nome,
                    *(getattr(riga, nome) for nome in _NUMERI),
                    riga.ultimo_inserimento and riga.ultimo_inserimento.date(),
                    riga.ultimo_invio and riga.ultimo_invio.date(),
                    completezza.in_parole(riga.mesi_mancanti),
                )
                for riga in tutte
            ),
        ]
    )
    return Response(
        b"\xef\xbb\xbf" + testo,
        media_type="text/csv",
        headers={
            "Content-Disposition": f'attachment; filename="completezza-{letta.flusso}-{anno}.csv"'
        },
    )


_NUMERI: Final = (
    "in_vigore", "mai_dette", "senza_esito", "accolte", "scartate", "da_annullare", "bozze",
    "bozze_errate", "file_da_decidere",
)  # fmt: skip

ROTTE: Final = (pagina_completezza, completezza_csv)
