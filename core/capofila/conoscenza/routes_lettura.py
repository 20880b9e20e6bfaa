"""Pages that read the figures: a theme in three columns, a territory's profile, a focus's overview."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.base.visita import visita_corrente
from capofila.conoscenza import note, valori
from capofila.conoscenza.catalogo import COORDINA, DIMENSIONI, FOCUS, catalogo
from capofila.conoscenza.routes_base import (
    NOME,
    SCRIVI,
    VEDI,
    Richiesta,
    base,
    mancano,
    modulo,
    per_mille,
    scrivi_valore,
)
from capofila.conoscenza.routes_catalogo import anni_fino_a, autore, linee_di, versione_vista
from capofila.conoscenza.rules import AMBITO, Cifra
from capofila.hooks import Indicatore
from capofila.web.contesto import anno_richiesto, costruisci_pagina, rispondi
from capofila.web.formati import numero
from capofila.web.pagina import Colonna

LINEE: Final = 4
"""Lines that are told apart in a chart."""


def _focus(testo: str) -> str:
    if testo not in FOCUS:
        raise NonTrovato("Questo focus non c'è: torna al sistema di conoscenza e scegline uno.")
    return testo


def _differenza(indicatore: Indicatore, quanto: Decimal) -> str:
    """A change, with its sign; of a percentage, in points."""
    detta = scrivi_valore(indicatore, quanto)
    if indicatore.unita == "percento":
        detta = f"{detta.removesuffix('%')} punti"
    return f"+{detta}" if quanto > 0 else detta


@get("/{ambito:str}/conoscenza/focus/{focus:str}", opt=VEDI, include_in_schema=False)
async def tema(request: Richiesta, focus: FromPath[str]) -> Template:
    """Needs against demand against supply, of a theme or of the whole focus, over the years."""
    anno, noto, nome = anno_richiesto(request), await catalogo(), _focus(focus)
    temi, scelto = noto.temi(nome), request.query_params.get("tema", "")[:100]
    if scelto and scelto not in temi:
        raise NonTrovato("Questo tema non è del focus: torna alla pagina del focus e scegline uno.")
    scelti = noto.scelti(nome, tema=scelto)
    dove, anni = await valori.luoghi(anno), anni_fino_a(anno)
    # The computed ones ask whole rooms: of the other years, only where a theme is chosen.
    cifre = await valori.cifre(noto, anni if scelto else anni[-2:], [u.codice for u in scelti])
    anni = anni if scelto else anni[-2:]

    def una(indicatore: Indicatore, quando: int) -> tuple[Cifra, str]:
        propria = cifre.di(indicatore.codice, quando, dove.ambito)
        if propria.valore is None and not propria.mancano:
            della = cifre.di(indicatore.codice, quando, dove.provincia)
            if della.valore is not None:
                return della, "provincia"
        return propria, ""

    colonne: list[dict[str, Any]] = []
    for dimensione, titolo in DIMENSIONI.items():
        righe: list[dict[str, Any]] = []
        for indicatore in (u for u in scelti if u.dimensione == dimensione):
            ora, di_chi = una(indicatore, anno)
            prima, _ = una(indicatore, anno - 1)
            cambio = None
            if ora.valore is not None and prima.valore:
                cambio = ora.valore - prima.valore
            righe.append(
                {
                    "uno": indicatore, "cifra": ora, "di_chi": di_chi,
                    "detta": scrivi_valore(indicatore, ora.valore),
                    "manca": mancano(ora, len(dove.ambito.comuni)),
                    "cambio": "" if cambio is None
                    else _differenza(indicatore, cambio),
                    "per_mille": per_mille(ora, indicatore, dove.ambito.abitanti),
                    "negli_anni": [scrivi_valore(indicatore, una(indicatore, a)[0].valore) for a in anni],
                }
            )  # fmt: skip
        con = [r for r in righe if r["cifra"].valore is not None]
        disegnati = [r["uno"] for r in con if r["uno"].unita != "euro"][:LINEE] if scelto else []
        linee = linee_di(
            cifre, [(u, dove.ambito) for u in disegnati], anni, [u.denominazione for u in disegnati]
        )
        colonne.append(
            {"codice": dimensione, "titolo": titolo, "righe": righe, "con": con, "linee": linee,
             "nomi": [u.denominazione for u in disegnati]}
        )  # fmt: skip
    sentiti = await note.ultime("sentito", anno)
    return rispondi(
        request,
        "conoscenza/tema.html",
        costruisci_pagina(
            request, scelto or FOCUS[nome], con_anno=True,
            briciole=[(NOME, base()), *([(FOCUS[nome], f"{base()}/focus/{nome}")] if scelto else [])],
            sommario=f"Bisogni, domanda e offerta nel {anno}. Focus coordinato da {COORDINA[nome]}.",
        ),
        anno=anno, anni=anni, focus=nome, tema=scelto, temi=[(t, t) for t in temi], colonne=colonne, dove=dove,
        numero_corto=lambda v: numero(v),
        sentiti=[(u, sentiti[u.codice]) for u in scelti if u.codice in sentiti],
        panorama=(await note.ultime("panorama", anno)).get(nome),
        base=base(),
        intestazioni={
            d: (Colonna("Indicatore"), *(Colonna(str(a), tipo="numero") for a in anni))
            for d in DIMENSIONI
        },
    )  # fmt: skip


@get("/{ambito:str}/conoscenza/profili", opt=VEDI, include_in_schema=False)
async def profili(request: Richiesta) -> Template:
    """The territories that have a profile."""
    anno = anno_richiesto(request)
    dove = await valori.luoghi(anno)
    dati: dict[str, int] = {}
    for uno in await valori.valori([anno]):
        dati[uno.territorio] = dati.get(uno.territorio, 0) + 1
    return rispondi(
        request,
        "conoscenza/profili.html",
        costruisci_pagina(
            request, "Profili", con_anno=True, briciole=[(NOME, base())],
            sommario=f"Che cosa si sa nel {anno} dell'ambito, dei sub-ambiti e di ogni comune.",
        ),
        anno=anno, dove=dove, dati=dati, base=base(),
        colonne=(
            Colonna("Territorio"), Colonna("Comuni", tipo="numero"), Colonna("Abitanti", tipo="numero"),
            Colonna("Cifre proprie", tipo="numero"),
        ),
    )  # fmt: skip


@get("/{ambito:str}/conoscenza/profili/{territorio:str}", opt=VEDI, include_in_schema=False)
async def profilo(request: Richiesta, territorio: FromPath[str]) -> Template:
    """All the figures of a territory, beside those of the year before and of the ambito."""
    anno, noto = anno_richiesto(request), await catalogo()
    dove = await valori.luoghi(anno)
    questo = dove.uno(territorio)
    cifre = await valori.cifre(noto, [anno - 1, anno])
    gruppi: dict[str, list[dict[str, Any]]] = {f: [] for f in FOCUS}
    senza = 0
    for indicatore in noto.scelti():
        ora = cifre.di(indicatore.codice, anno, questo)
        prima = cifre.di(indicatore.codice, anno - 1, questo)
        if ora.valore is None and prima.valore is None and not ora.mancano:
            senza += 1
            continue
        dell_ambito = cifre.di(indicatore.codice, anno, dove.ambito)
        gruppi[indicatore.focus].append(
            {
                "uno": indicatore, "detta": scrivi_valore(indicatore, ora.valore),
                "manca": mancano(ora, len(questo.comuni)), "cifra": ora,
                "prima": scrivi_valore(indicatore, prima.valore),
                "per_mille": per_mille(ora, indicatore, questo.abitanti),
                "ambito": per_mille(dell_ambito, indicatore, dove.ambito.abitanti),
                "ambito_detto": scrivi_valore(indicatore, dell_ambito.valore),
            }
        )  # fmt: skip
    sono_ambito = territorio == AMBITO
    return rispondi(
        request,
        "conoscenza/profilo.html",
        costruisci_pagina(
            request, f"Profilo: {questo.nome}", con_anno=True,
            briciole=[(NOME, base()), ("Profili", f"{base()}/profili?anno={anno}")],
            sommario=f"Che cosa si sa nel {anno}.",
        ),
        anno=anno, questo=questo, dove=dove, gruppi=gruppi, senza=senza, focus=FOCUS,
        dimensioni=DIMENSIONI, nomi_comuni=[dove.comuni[i].nome for i in questo.comuni],
        e_capoluogo=territorio == dove.capoluogo, con_ambito=not sono_ambito, base=base(),
        colonne=(
            Colonna("Indicatore"), Colonna("Dimensione"), Colonna(str(anno), tipo="numero"),
            Colonna(str(anno - 1), tipo="numero"), Colonna("Ogni 1.000 abitanti", tipo="numero"),
            *([Colonna("Ambito", tipo="numero")] if not sono_ambito else []),
        ),
    )  # fmt: skip


@get("/{ambito:str}/conoscenza/panorama/{focus:str}", opt=VEDI, include_in_schema=False)
async def panorama(request: Richiesta, focus: FromPath[str]) -> Template:
    """The overview of a focus in a year, with all its versions."""
    return await _panorama(request, _focus(focus))


async def _panorama(
    request: Richiesta, focus: str, errore: str = "", scritto: Mapping[str, str] | None = None,
    stato: int = 200,
) -> Template:  # fmt: skip
    anno = anno_richiesto(request)
    versioni = await note.versioni("panorama", focus, anno)
    return rispondi(
        request,
        "conoscenza/panorama.html",
        costruisci_pagina(
            request, "Panorama di sintesi", con_anno=True, con_errori=bool(errore),
            briciole=[(NOME, base()), (FOCUS[focus], f"{base()}/focus/{focus}?anno={anno}")],
            sommario=f"{FOCUS[focus]}, {anno}.",
        ),
        stato=stato, anno=anno, versioni=versioni, errore=errore,
        testo=(scritto or {}).get("testo", versioni[0].testo if versioni else ""),
        puo=visita_corrente().puo("conoscenza.scrivi"),
        qui=f"{base()}/panorama/{focus}?anno={anno}",
    )  # fmt: skip


@post("/{ambito:str}/conoscenza/panorama/{focus:str}", opt=SCRIVI, status_code=200)
async def scrivi_panorama(request: Richiesta, focus: FromPath[str]) -> Template | Redirect:
    """Write a version of the overview."""
    quale, anno, campi = _focus(focus), anno_richiesto(request), await modulo(request)
    try:
        await note.scrivi(
            "panorama",
            quale,
            anno,
            campi.get("testo", ""),
            chi=autore(),
            vista=versione_vista(campi),
        )
    except (DatiNonValidi, Conflitto) as errore:
        return await _panorama(request, quale, errore.messaggio, campi, errore.stato)
    await aggiungi_messaggio("riuscito", "Il panorama è scritto: le versioni di prima restano.")
    return Redirect(f"{base()}/panorama/{quale}?anno={anno}", status_code=303)


ROTTE: Final[tuple[Any, ...]] = (tema, profili, profilo, panorama, scrivi_panorama)
