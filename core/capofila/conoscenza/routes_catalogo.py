"""The catalogue: its first page, the list of the indicators, one of them with its figures and notes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.errori import Conflitto, DatiNonValidi, RichiestaNonValida
from capofila.base.visita import visita_corrente
from capofila.conoscenza import consegne, note, valori
from capofila.conoscenza.catalogo import (
    COORDINA,
    DIMENSIONI,
    FOCUS,
    LIVELLI,
    SPECIE,
    Catalogo,
    catalogo,
    livelli_di,
)
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
from capofila.conoscenza.rules import AMBITO, PROVINCIA, Cifre, Territorio
from capofila.hooks import Indicatore
from capofila.hooks.tracciati import cella_csv
from capofila.web import grafici
from capofila.web.contesto import VoceMenu, anno_richiesto, costruisci_pagina, rispondi
from capofila.web.pagina import Colonna

MENU: Final = VoceMenu(
    titolo=NOME, percorso="conoscenza", permesso="conoscenza.vedi", gruppo="Programmazione",
    icona="chart-line", ordine=56,
)  # fmt: skip
ANNI_MOSTRATI: Final = 6
_NOTE: Final[Mapping[str, note.SpecieNota]] = {"sentito": "sentito", "critica": "critica"}
_CSV: Final = (
    "codice", "denominazione", "focus", "dimensione", "tema", "definizione", "unita", "livelli", "frequenza",
    "banca_dati", "titolare", "specie", "sopra", "sotto", "fonte", "luogo",
)  # fmt: skip


@get("/{ambito:str}/conoscenza", opt=VEDI, include_in_schema=False)
async def ingresso(request: Richiesta) -> Template:
    """The three focuses, the theme of the year, and where to go."""
    return await _ingresso(request)


async def _ingresso(
    request: Richiesta, errore: str = "", scritto: Mapping[str, str] | None = None, stato: int = 200
) -> Template:
    anno, noto = anno_richiesto(request), await catalogo()
    attese = await consegne.dell_anno(anno, noto)
    temi = await note.versioni("tema", note.DELL_ANNO, anno)
    return rispondi(
        request,
        "conoscenza/ingresso.html",
        costruisci_pagina(
            request, NOME, con_anno=True, con_errori=bool(errore),
            sommario=f"Bisogni, domanda e offerta del territorio nel {anno}, letti nel tempo e insieme.",
        ),
        stato=stato,
        anno=anno,
        focus=FOCUS,
        coordina=COORDINA,
        dimensioni=DIMENSIONI,
        quanti={
            f: {d: len(noto.scelti(f, d)) for d in DIMENSIONI} for f in FOCUS
        },
        dati={
            f: len([a for a in attese if a.indicatore.focus == f and a.dati]) for f in FOCUS
        },
        panorami=await note.ultime("panorama", anno),
        temi=temi,
        errore=errore,
        scritto=scritto or {"testo": temi[0].testo, "focus": temi[0].focus or ""} if temi or scritto
        else {"testo": "", "focus": ""},
        puo=visita_corrente().puo("conoscenza.scrivi"),
        base=base(),
        colonne=(
            Colonna("Focus"), Colonna("Coordina"),
            *(Colonna(nome, tipo="numero") for nome in DIMENSIONI.values()),
            Colonna(f"Con cifre del {anno}", tipo="numero"), Colonna("Panorama di sintesi"),
        ),
    )  # fmt: skip


@post("/{ambito:str}/conoscenza", opt=SCRIVI, status_code=200)
async def scrivi_tema(request: Richiesta) -> Template | Redirect:
    """Say what the theme of the year is."""
    anno, campi = anno_richiesto(request), await modulo(request)
    try:
        await note.scrivi(
            "tema", note.DELL_ANNO, anno, campi.get("testo", ""), focus=campi.get("focus") or None,
            chi=autore(), vista=versione_vista(campi),
        )  # fmt: skip
    except (DatiNonValidi, Conflitto) as errore:
        return await _ingresso(
            request, errore.messaggio, {"testo": "", "focus": "", **campi}, errore.stato
        )
    await aggiungi_messaggio("riuscito", f"Il tema del {anno} è scritto.")
    return Redirect(f"{base()}?anno={anno}", status_code=303)


def autore() -> str:
    """Who is writing, by name."""
    return (visita_corrente().utente_nome or "Riga di comando")[:200]


def versione_vista(campi: Mapping[str, str]) -> int:
    """The version of a note that was on the page."""
    testo = campi.get("vista", "0")
    return int(testo) if testo.isascii() and testo.isdigit() and len(testo) < 5 else 0


def _filtro(request: Richiesta, noto: Catalogo) -> dict[str, str]:
    scelti = {
        n: request.query_params.get(n, "")[:100] for n in ("focus", "dimensione", "tema", "cerca")
    }
    if (
        scelti["focus"] not in {"", *FOCUS}
        or scelti["dimensione"] not in {"", *DIMENSIONI}
        or scelti["tema"] not in {"", *(t for f in FOCUS for t in noto.temi(f))}
    ):
        raise RichiestaNonValida(
            "Il filtro nell'indirizzo non è del catalogo: togli i filtri e scegli di nuovo."
        )
    return scelti


def _trovati(noto: Catalogo, filtro: Mapping[str, str]) -> list[Indicatore]:
    cercato = filtro["cerca"].casefold()
    return [
        uno
        for uno in noto.scelti(filtro["focus"], filtro["dimensione"], filtro["tema"], termini=True)
        if cercato in f"{uno.codice} {uno.denominazione} {uno.definizione}".casefold()
    ]


@get("/{ambito:str}/conoscenza/catalogo", opt=VEDI, include_in_schema=False)
async def elenco(request: Richiesta) -> Template:
    """The indicators, by focus, dimension and theme."""
    noto = await catalogo()
    filtro = _filtro(request, noto)
    temi = dict.fromkeys(t for f in FOCUS if filtro["focus"] in ("", f) for t in noto.temi(f))
    trovati = _trovati(noto, filtro)
    return rispondi(
        request,
        "conoscenza/catalogo.html",
        costruisci_pagina(
            request, "Catalogo degli indicatori", briciole=[(NOME, base())],
            sommario="Gli indicatori dell'allegato 2 dell'Accordo di Programma, e quelli aggiunti dai plugin.",
        ),
        trovati=trovati,
        elencati=len([u for u in trovati if not u.termine]),
        incarichi=await consegne.incarichi(),
        filtro=filtro,
        scelte={"focus": list(FOCUS.items()), "dimensioni": list(DIMENSIONI.items()),
                "temi": [(t, t) for t in temi]},
        focus=FOCUS, dimensioni=DIMENSIONI, specie=SPECIE, livelli=LIVELLI,
        base=base(),
        colonne=(
            Colonna("Codice"), Colonna("Indicatore"), Colonna("Dove"), Colonna("Unità"), Colonna("Livello"),
            Colonna("Chi lo dà"), Colonna("Specie"),
        ),
    )  # fmt: skip


@get("/{ambito:str}/conoscenza/catalogo.csv", opt=VEDI, include_in_schema=False)
async def elenco_csv(request: Richiesta) -> Response[bytes]:
    """The catalogue as a file; what the source does not say is empty."""
    noto = await catalogo()
    righe = [";".join(_CSV)]
    for uno in _trovati(noto, _filtro(request, noto)):
        celle = {
            **{nome: getattr(uno, nome) for nome in _CSV if nome not in ("fonte", "livelli")},
            "fonte": uno.fonte.cita(), "livelli": "+".join(uno.livelli),
        }  # fmt: skip
        righe.append(";".join(cella_csv(str(celle[n] or "")) for n in _CSV))
    return Response(
        ("\ufeff" + "\r\n".join(righe) + "\r\n").encode(),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="catalogo-indicatori.csv"'},
    )


# One indicator.


@get("/{ambito:str}/conoscenza/indicatori/{codice:str}", opt=VEDI, include_in_schema=False)
async def uno(request: Richiesta, codice: FromPath[str]) -> Template:
    """An indicator: what it is, its figures over the years, what is said of it."""
    return await _uno(request, codice)


def anni_fino_a(anno: int) -> list[int]:
    """The years that a page shows: the last ones, up to that of the page."""
    return list(range(anno - ANNI_MOSTRATI + 1, anno + 1))


def linee_di(
    cifre: Cifre, voci: list[tuple[Indicatore, Territorio]], anni: list[int], nomi: list[str]
) -> grafici.Linee | None:
    """Lines of some indicators, each of its territory; None of fewer than two figures."""
    serie = [
        grafici.Serie(nome, {a: cifre.di(i.codice, a, dove).valore for a in anni})
        for (i, dove), nome in zip(voci, nomi, strict=True)
    ]
    noti = {a for una in serie for a, v in una.valori.items() if v is not None}
    return grafici.linee(serie) if len(noti) > 1 else None


async def _uno(
    request: Richiesta,
    codice: str,
    errori: Mapping[str, str] | None = None,
    scritti: Mapping[str, str] | None = None,
    stato: int = 200,
) -> Template:
    anno, noto = anno_richiesto(request), await catalogo()
    indicatore = noto.uno(codice)
    dove, anni = await valori.luoghi(anno), anni_fino_a(anno)
    cifre = await valori.cifre(noto, anni, [codice])
    dell_ambito = {a: cifre.di(codice, a, dove.ambito) for a in anni}
    dei_comuni = [
        (t, c) for t in dove.comuni.values() if (c := cifre.di(codice, anno, t)).valore is not None
    ]
    gruppi = [(t, cifre.di(codice, anno, t)) for t in dove.sub_ambiti.values()]
    provincia = {a: cifre.di(codice, a, dove.provincia) for a in anni}
    incarichi = await consegne.incarichi()
    massimo = max((c.valore for _, c in dei_comuni if c.valore is not None), default=Decimal(0))
    voci, nomi = [(indicatore, dove.ambito)], [dove.ambito.nome]
    if any(c.valore is not None for c in provincia.values()):
        voci, nomi = [*voci, (indicatore, dove.provincia)], [*nomi, "Provincia"]
    return rispondi(
        request,
        "conoscenza/indicatore.html",
        costruisci_pagina(
            request, indicatore.denominazione, con_anno=True, con_errori=bool(errori),
            briciole=[(NOME, base()), ("Catalogo degli indicatori", f"{base()}/catalogo")],
            sommario=f"{indicatore.codice}. {FOCUS[indicatore.focus]}, "
            f"{DIMENSIONI[indicatore.dimensione].lower()}, {indicatore.tema}.",
        ),
        stato=stato,
        uno=indicatore, noto=noto, anno=anno, anni=anni,
        dell_ambito=dell_ambito, provincia=provincia, con_provincia=len(nomi) > 1,
        dei_comuni=dei_comuni, gruppi=[(t, c) for t, c in gruppi if c.valore is not None or c.mancano],
        barre={t.codice: grafici.barra([c.valore], massimo) for t, c in dei_comuni},
        linee=linee_di(cifre, voci, anni, nomi), nomi_linee=nomi,
        dove=dove, scrivi=lambda v: scrivi_valore(indicatore, v),
        mancano=lambda c, t=dove.ambito: mancano(c, len(t.comuni)),
        per_mille=lambda c, t: per_mille(c, indicatore, t.abitanti),
        dato_ambito=cifre.valori.get((codice, anno, AMBITO)),
        dato_provincia=cifre.valori.get((codice, anno, PROVINCIA)),
        livelli=[LIVELLI[x] for x in indicatore.livelli],
        scelte_territorio=[
            *([(AMBITO, dove.ambito.nome)] if "ambito" in livelli_di(indicatore) else []),
            *([(PROVINCIA, "Provincia")] if "provincia" in livelli_di(indicatore) else []),
            *([(t.codice, t.nome) for t in dove.comuni.values()] if "comune" in livelli_di(indicatore) else []),
        ],
        titolare=incarichi.get(codice, indicatore.titolare), incaricato=incarichi.get(codice, ""),
        specie=SPECIE,
        note=[(s, note.SPECIE_NOTE[s], await note.versioni(s, codice, anno)) for s in _NOTE.values()],
        errori=errori or {}, scritti=scritti or {},
        puo=visita_corrente().puo("conoscenza.scrivi"),
        base=base(), qui=f"{base()}/indicatori/{codice}",
        colonne_anni=(
            Colonna("Anno"), Colonna(dove.ambito.nome, tipo="numero"),
            *([Colonna("Provincia", tipo="numero")] if len(nomi) > 1 else []), Colonna("Da dove viene"),
        ),
        colonne_comuni=(
            Colonna("Comune"), Colonna("Grafico"), Colonna("Cifra", tipo="numero"),
            Colonna("Ogni 1.000 abitanti", tipo="numero"), Colonna("Da dove viene"),
        ),
        colonne_gruppi=(Colonna("Sub-ambito"), Colonna("Cifra", tipo="numero"),
                        Colonna("Ogni 1.000 abitanti", tipo="numero")),
    )  # fmt: skip


@post("/{ambito:str}/conoscenza/indicatori/{codice:str}", opt=SCRIVI, status_code=200)
async def cambia(request: Richiesta, codice: FromPath[str]) -> Template | Redirect:
    """Type a figure, take one away, write a note, or say who gives the indicator."""
    anno, campi = anno_richiesto(request), await modulo(request)
    azione = campi.get("azione", "")
    try:
        if azione == "cifra":
            errori = await valori.scrivi_uno({**campi, "codice": codice, "anno": str(anno)})
            if errori:
                return await _uno(request, codice, errori, campi, 422)
        elif azione == "togli":
            await valori.togli_uno(codice, anno, campi.get("territorio", "")[:20])
        elif azione == "incarico":
            await consegne.incarica(codice, campi.get("titolare", ""))
        elif azione in _NOTE:
            (await catalogo()).uno(codice)
            await note.scrivi(
                _NOTE[azione],
                codice,
                anno,
                campi.get("testo", ""),
                chi=autore(),
                vista=versione_vista(campi),
            )
        else:
            raise RichiestaNonValida("Non si capisce che cosa fare: torna alla pagina e riprova.")
    except (DatiNonValidi, Conflitto) as errore:
        chiave = {"incarico": "titolare"}.get(azione, azione)
        return await _uno(request, codice, {chiave: errore.messaggio}, campi, errore.stato)
    await aggiungi_messaggio("riuscito", "Salvato.")
    return Redirect(f"{base()}/indicatori/{codice}?anno={anno}", status_code=303)


ROTTE: Final[tuple[Any, ...]] = (ingresso, scrivi_tema, elenco, elenco_csv, uno, cambia)
