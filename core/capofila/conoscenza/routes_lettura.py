"""Pages that read the figures: a theme in three columns, a territory's profile, a focus's overview."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.attivazioni import oggi
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.base.visita import visita_corrente
from capofila.conoscenza import note, valori
from capofila.conoscenza.catalogo import COORDINA, DIMENSIONI, FOCUS, catalogo
from capofila.conoscenza.routes_base import (
    NOME,
    SCRIVI,
    VEDI,
    Richiesta,
    base,
    di_quando,
    mancano,
    modulo,
    noi,
    per_mille,
    puo_scrivere,
    scrivi_valore,
)
from capofila.conoscenza.routes_catalogo import anni_fino_a, autore, linee_di, versione_vista
from capofila.conoscenza.rules import AMBITO, Cifra, Territorio, fine
from capofila.conoscenza.valori import Luoghi
from capofila.hooks import Indicatore
from capofila.spesa import service as spesa
from capofila.web.contesto import anno_richiesto, costruisci_pagina, rispondi
from capofila.web.formati import numero, parte_dell_anno
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
    solo = await valori.solo_comune()
    nostro = noi(dove, solo)
    # The computed ones ask whole rooms: of the other years, only where a theme is chosen.
    cifre = await valori.cifre(noto, anni if scelto else anni[-2:], [u.codice for u in scelti])
    anni = anni if scelto else anni[-2:]

    def una(indicatore: Indicatore, quando: int) -> tuple[Cifra, str]:
        propria = cifre.di(indicatore.codice, quando, nostro)
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
            if ora.valore is not None and prima.valore and ora.parte == prima.parte:
                cambio = ora.valore - prima.valore
            righe.append(
                {
                    "uno": indicatore, "cifra": ora, "di_chi": di_chi,
                    "detta": scrivi_valore(indicatore, ora.valore), "quando": di_quando(ora),
                    "manca": mancano(ora, len(nostro.comuni)),
                    "cambio": "" if cambio is None
                    else _differenza(indicatore, cambio),
                    "per_mille": per_mille(ora, indicatore, nostro.abitanti),
                    "negli_anni": [
                        (scrivi_valore(indicatore, c.valore), di_quando(c))
                        for c in (una(indicatore, a)[0] for a in anni)
                    ],
                }
            )  # fmt: skip
        con = [r for r in righe if r["cifra"].valore is not None]
        # One axis: amounts, shares and what is of the province only are in the table.
        disegnati = [
            r["uno"] for r in con
            if scelto and r["uno"].unita not in ("euro", "percento") and not (r["quando"] or r["di_chi"])
        ][:LINEE]  # fmt: skip
        linee = linee_di(
            cifre, [(u, nostro) for u in disegnati], anni, [u.denominazione for u in disegnati]
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
        nostro=nostro, solo=solo,
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
async def profili(request: Richiesta) -> Template | Redirect:
    """The territories that have a profile; whoever works for a comune goes to its own."""
    anno, solo = anno_richiesto(request), await valori.solo_comune()
    if solo is not None:
        return Redirect(f"{base()}/profili/{solo}?anno={anno}", status_code=303)
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


class _Riga(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator in a profile; `ambito`: that of the whole, to be compared with."""

    uno: Indicatore
    ora: Cifra
    prima: Cifra
    per_mille: Decimal | None
    ambito: Cifra
    ambito_per_mille: Decimal | None


class _Profilo(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a territory in a year, by focus; ``senza`` are the indicators without any."""

    anno: int
    questo: Territorio
    dove: Luoghi
    gruppi: Mapping[str, list[_Riga]]
    senza: int
    con_ambito: bool
    solo: str | None


async def _leggi_profilo(request: Request[Any, Any, Any], territorio: str) -> _Profilo:
    anno, noto, solo = anno_richiesto(request), await catalogo(), await valori.solo_comune()
    if solo not in (None, territorio):
        raise NonAutorizzato(
            "Puoi leggere il profilo del tuo comune: torna al sistema di conoscenza."
        )
    dove = await valori.luoghi(anno)
    questo = dove.uno(territorio)
    cifre = await valori.cifre(noto, [anno - 1, anno])
    gruppi: dict[str, list[_Riga]] = {f: [] for f in FOCUS}
    senza = 0
    for indicatore in noto.scelti():
        ora = cifre.di(indicatore.codice, anno, questo)
        prima = cifre.di(indicatore.codice, anno - 1, questo)
        if ora.valore is None and prima.valore is None and not ora.mancano:
            senza += 1
            continue
        dell_ambito = (
            cifre.della_parte(indicatore.codice, anno, ora.parte, dove.ambito)
            if solo is None
            else Cifra()
        )
        gruppi[indicatore.focus].append(
            _Riga(
                uno=indicatore, ora=ora, prima=prima, ambito=dell_ambito,
                per_mille=per_mille(ora, indicatore, questo.abitanti),
                ambito_per_mille=per_mille(dell_ambito, indicatore, dove.ambito.abitanti),
            )
        )  # fmt: skip
    return _Profilo(
        anno=anno, questo=questo, dove=dove, gruppi=gruppi, senza=senza, solo=solo,
        con_ambito=solo is None and territorio != AMBITO,
    )  # fmt: skip


@get("/{ambito:str}/conoscenza/profili/{territorio:str}", opt=VEDI, include_in_schema=False)
async def profilo(request: Richiesta, territorio: FromPath[str]) -> Template:
    """All the figures of a territory, beside those of the year before and of the ambito."""
    letto = await _leggi_profilo(request, territorio)
    anno, questo, dove = letto.anno, letto.questo, letto.dove
    da_dare: list[tuple[Indicatore, list[str]]] = []
    if territorio in dove.comuni:
        noto, hanno = await catalogo(), await valori.valori([anno])
        presenti = {(v.codice, v.parte) for v in hanno if v.territorio == territorio}
        da_dare = [
            (u, [p for p in noto.parti(u.codice)
                 if (u.codice, p) not in presenti and not (p and fine(anno, p) >= oggi())])
            for u in valori.dati_da(noto, await valori.incarichi(), questo.nome)
        ]  # fmt: skip
    return rispondi(
        request,
        "conoscenza/profilo.html",
        costruisci_pagina(
            request, f"Profilo: {questo.nome}", con_anno=True,
            briciole=[] if letto.solo else [(NOME, base()), ("Profili", f"{base()}/profili?anno={anno}")],
            sommario=f"Che cosa si sa nel {anno}.",
        ),
        letto=letto, anno=anno, questo=questo, dove=dove, focus=FOCUS, dimensioni=DIMENSIONI,
        quanti=sum(map(len, letto.gruppi.values())),
        nomi_comuni=[dove.comuni[i].nome for i in questo.comuni],
        e_capoluogo=territorio == dove.capoluogo, da_dare=da_dare,
        puo_importare=letto.solo is not None and visita_corrente().puo("conoscenza.scrivi"),
        scrivi=scrivi_valore, di_quando=di_quando, mancano=mancano, nome_parte=parte_dell_anno,
        base=base(), qui=f"{base()}/profili/{territorio}",
        colonne=(
            Colonna("Indicatore"), Colonna("Dimensione"), Colonna(str(anno), tipo="numero"),
            Colonna(str(anno - 1), tipo="numero"), Colonna("Ogni 1.000 abitanti", tipo="numero"),
            *([Colonna("Ambito", tipo="numero")] if letto.con_ambito else []),
        ),
        colonne_da_dare=(Colonna("Indicatore"), Colonna("Unità"), Colonna("Che cosa manca")),
    )  # fmt: skip


def _tavole(letto: _Profilo) -> list[spesa.TavolaCifre]:
    """The tables of a profile, to be a file: one a focus."""
    colonne = [str(letto.anno), str(letto.anno - 1), "Ogni 1.000 abitanti"]
    if letto.con_ambito:
        colonne += ["Ambito", "Ambito, ogni 1.000 abitanti"]
    return [
        spesa.TavolaCifre(
            codice=codice, titolo=FOCUS[codice], testa="Indicatore",
            colonne=tuple(spesa.ColonnaCifre(nome, "numero") for nome in colonne),
            righe=tuple(
                spesa.RigaCifre(
                    r.uno.codice, _nome(r),
                    (r.ora.valore, r.prima.valore, r.per_mille,
                     r.ambito.valore, r.ambito_per_mille)[: len(colonne)],
                )
                for r in righe
            ),
        )
        for codice, righe in letto.gruppi.items() if righe
    ]  # fmt: skip


def _nome(riga: _Riga) -> str:
    """An indicator, with what its figure is of where it is not the year."""
    pezzi = [di_quando(riga.ora), riga.uno.unita or ""]
    detti = ", ".join(p for p in pezzi if p)
    return f"{riga.uno.denominazione} ({detti})" if detti else riga.uno.denominazione


def _file(letto: _Profilo, contenuto: bytes, tipo: str, estensione: str) -> Response[bytes]:
    di_chi = re.sub("[^a-z0-9]+", "-", letto.questo.nome.lower()).strip("-")
    nome = f"profilo-{di_chi}-{letto.anno}.{estensione}"
    return Response(
        contenuto,
        media_type=tipo,
        headers={"Content-Disposition": f'attachment; filename="{nome}"'},
    )


@get(
    "/{ambito:str}/conoscenza/profili/{territorio:str}/dati.csv", opt=VEDI, include_in_schema=False
)
async def profilo_csv(request: Richiesta, territorio: FromPath[str]) -> Response[bytes]:
    """A profile, one figure a line."""
    letto = await _leggi_profilo(request, territorio)
    return _file(letto, spesa.csv_di(_tavole(letto)), "text/csv", "csv")


@get(
    "/{ambito:str}/conoscenza/profili/{territorio:str}/dati.xlsx", opt=VEDI, include_in_schema=False
)
async def profilo_xlsx(request: Richiesta, territorio: FromPath[str]) -> Response[bytes]:
    """A profile as a workbook: a sheet a focus, and the sources."""
    letto = await _leggi_profilo(request, territorio)
    righe = [r for una in letto.gruppi.values() for r in una]
    documento = spesa.Documento(
        titolo=f"Profilo di {letto.questo.nome}, {letto.anno}",
        sottotitolo=f"Abitanti: {numero(letto.questo.abitanti)}",
        tavole=_tavole(letto),
        note=[
            *(f"{r.uno.codice} {r.uno.denominazione}: {r.ora.fonte}." for r in righe if r.ora.fonte),
            *(f"{r.uno.codice} {r.uno.denominazione}: {detto}." for r in righe
              if (detto := mancano(r.ora, len(letto.questo.comuni)))),
            *(f"Abitanti: {f}." for f in letto.dove.fonti_abitanti),
        ],
    )  # fmt: skip
    return _file(letto, spesa.xlsx_di(documento), spesa.XLSX, "xlsx")


@get("/{ambito:str}/conoscenza/panorama/{focus:str}", opt=VEDI, include_in_schema=False)
async def panorama(request: Richiesta, focus: FromPath[str]) -> Template:
    """The overview of a focus in a year, with all its versions."""
    return await _panorama(request, _focus(focus))


async def _panorama(
    request: Richiesta, focus: str, errore: str = "", scritto: Mapping[str, str] | None = None,
    stato: int = 200,
) -> Template:  # fmt: skip
    valori.ufficio_di_piano()
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
        puo=puo_scrivere(),
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


ROTTE: Final[tuple[Any, ...]] = (
    tema, profili, profilo, profilo_csv, profilo_xlsx, panorama, scrivi_panorama,
)  # fmt: skip
