"""The catalogue: its first page, the list of the indicators, one of them with its figures and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    FREQUENZE,
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
    noi,
    per_mille,
    puo_scrivere,
    scrivi_valore,
)
from capofila.conoscenza.rules import (
    AMBITO,
    PROVINCIA,
    Cifra,
    Cifre,
    Territorio,
    lo_da_il_comune,
    lo_da_ogni_comune,
)
from capofila.hooks import Indicatore
from capofila.hooks.tracciati import cella_csv
from capofila.web import grafici
from capofila.web.contesto import VoceMenu, anno_richiesto, costruisci_pagina, rispondi
from capofila.web.formati import parte_dell_anno, parte_in_breve
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
async def ingresso(request: Richiesta) -> Template | Redirect:
    """The three focuses, the theme of the year, and where to go; of a comune, its profile."""
    solo = await valori.solo_comune()
    if solo is not None:
        return Redirect(f"{base()}/profili/{solo}?anno={anno_richiesto(request)}", status_code=303)
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
        puo=puo_scrivere(),
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
        incarichi=await valori.incarichi(),
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
    return _disegna(
        [
            grafici.Serie(nome, {a: cifre.di(i.codice, a, dove).valore for a in anni})
            for (i, dove), nome in zip(voci, nomi, strict=True)
        ]
    )


def linee_nel_tempo(
    letti: Mapping[str, Mapping[tuple[int, str], Cifra]], parti: Sequence[str]
) -> grafici.Linee | None:
    """Lines of the same indicator, one a territory, over the periods; None of fewer than two figures.

    Of one that is given more often than the year each period has its place, also without a figure, from the
    first year that has one.

    Args:
        letti: by the name of the territory, its figures by year and part.
        parti: of a year, that the indicator is given of.
    """
    quante = len(parti)

    def posto(anno: int, parte: str) -> int:
        return anno * quante + parti.index(parte)

    def detto(quale: int) -> str:
        parte = parti[quale % quante]
        return f"{parte_dell_anno(parte)} {quale // quante}" if parte else str(quale)

    con = [a for sue in letti.values() for (a, _), c in sue.items() if c.valore is not None]
    dal = min(con, default=0) if quante > 1 else 0
    return _disegna(
        [
            grafici.Serie(nome, {posto(*k): c.valore for k, c in sue.items() if k[0] >= dal})
            for nome, sue in letti.items()
        ],
        grafici.Tempo([parte_in_breve(p) for p in parti], detto) if quante > 1 else grafici.ANNI,
    )


def _disegna(
    serie: list[grafici.Serie], tempo: grafici.Tempo = grafici.ANNI
) -> grafici.Linee | None:
    noti = {q for una in serie for q, v in una.valori.items() if v is not None}
    return grafici.linee(serie, tempo) if len(noti) > 1 else None


def _parte(request: Richiesta, cifre: Cifre, codice: str, dove: list[Territorio]) -> str:
    """The part of the year that a page is about: as chosen, or the latest that has a figure."""
    anno, parti = anno_richiesto(request), cifre.catalogo.parti(codice)
    scelta = request.query_params.get("periodo", "")
    if scelta and scelta not in parti:
        raise RichiestaNonValida("Questo indicatore non si dà per quel periodo: scegline un altro.")
    con = [
        p
        for p in parti
        if any(cifre.della_parte(codice, anno, p, t).valore is not None for t in dove)
    ]
    return scelta or (con[-1] if con else parti[-1])


async def _uno(
    request: Richiesta,
    codice: str,
    errori: Mapping[str, str] | None = None,
    scritti: Mapping[str, str] | None = None,
    stato: int = 200,
) -> Template:
    anno, noto, solo = anno_richiesto(request), await catalogo(), await valori.solo_comune()
    indicatore, parti = noto.uno(codice), noto.parti(codice)
    dove, anni = await valori.luoghi(anno), anni_fino_a(anno)
    nostro = noi(dove, solo)
    cifre = await valori.cifre(noto, anni, [codice])

    def nel_tempo(chi: Territorio) -> dict[tuple[int, str], Cifra]:
        return {(a, p): cifre.della_parte(codice, a, p, chi) for a in anni for p in parti}

    nostre, provincia = nel_tempo(nostro), nel_tempo(dove.provincia)
    quali = [dove.comuni[solo]] if solo else [*dove.comuni.values()]
    parte = _parte(request, cifre, codice, [*quali, nostro])
    dei_comuni = [
        (t, c) for t in quali if (c := cifre.della_parte(codice, anno, parte, t)).valore is not None
    ]
    gruppi = [
        (t, cifre.della_parte(codice, anno, parte, t)) for t in dove.sub_ambiti.values() if not solo
    ]
    incarichi = await valori.incarichi()
    titolare = incarichi.get(codice, indicatore.titolare)
    massimo = max((c.valore for _, c in dei_comuni if c.valore is not None), default=Decimal(0))
    serie = {nostro.nome: nostre}
    if any(c.valore is not None for c in provincia.values()):
        serie["Provincia"] = provincia
    nomi = [*serie]
    con = [k for una in serie.values() for k, c in una.items() if c.valore is not None]
    prima = min(con, default=(anno, parti[0]))
    dati = [
        (chi, dato) for chi in ([nostro] if solo else [nostro, dove.provincia])
        for p in parti if (dato := cifre.valori.get((codice, anno, p, chi.codice))) is not None
        and not dato.calcolato
    ]  # fmt: skip
    puo_cifra = puo_scrivere() or (
        solo is not None
        and visita_corrente().puo("conoscenza.scrivi")
        and lo_da_il_comune(titolare, nostro.nome)
        and indicatore.ammette("comune")
    )
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
        uno=indicatore, noto=noto, anno=anno, anni=anni, parti=parti, parte=parte, nostro=nostro, solo=solo,
        # A hole is a row, as it is a break of the line.
        periodi=[k for k in reversed(nostre) if len(parti) == 1 or k[0] == anno or k >= prima],
        scelte_parti=[(p, parte_dell_anno(p).capitalize()) for p in parti if p],
        nostre=nostre, provincia=provincia, con_provincia=len(nomi) > 1,
        dei_comuni=dei_comuni, gruppi=[(t, c) for t, c in gruppi if c.valore is not None or c.mancano],
        barre={t.codice: grafici.barra([c.valore], massimo) for t, c in dei_comuni},
        linee=linee_nel_tempo(serie, parti), nomi_linee=nomi,
        fonti=[*dict.fromkeys(c.fonte for una in serie.values() for c in una.values() if c.fonte)],
        ultima=max((v.scritto_il for v in cifre.valori.values() if v.scritto_il is not None), default=None),
        dove=dove, scrivi=lambda v: scrivi_valore(indicatore, v),
        mancano=lambda c, t=nostro: mancano(c, len(t.comuni)),
        per_mille=lambda c, t: per_mille(c, indicatore, t.abitanti),
        dati=dati, puo_cifra=puo_cifra,
        livelli=[LIVELLI[x] for x in indicatore.livelli],
        scelte_territorio=[(nostro.codice, nostro.nome)] if solo else [
            *([(AMBITO, dove.ambito.nome)] if "ambito" in livelli_di(indicatore) else []),
            *([(PROVINCIA, "Provincia")] if "provincia" in livelli_di(indicatore) else []),
            *([(t.codice, t.nome) for t in dove.comuni.values()] if "comune" in livelli_di(indicatore) else []),
        ],
        titolare=titolare, incaricato=incarichi.get(codice, ""), dai_comuni=lo_da_ogni_comune(titolare),
        frequenze=FREQUENZE, puo_frequenza=consegne.puo_avere_frequenza(noto, indicatore),
        specie=SPECIE,
        note=[(s, note.SPECIE_NOTE[s], await note.versioni(s, codice, anno)) for s in _NOTE.values()],
        errori=errori or {}, scritti=scritti or {},
        puo=puo_scrivere(),
        base=base(), qui=f"{base()}/indicatori/{codice}",
        colonne_anni=(
            Colonna("Periodo"), Colonna(nostro.nome, tipo="numero"),
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
            await valori.togli_uno(
                codice, anno, campi.get("periodo", "")[:2], campi.get("territorio", "")[:20]
            )
        elif azione == "incarico":
            await consegne.incarica(codice, campi.get("titolare", ""), campi.get("frequenza", ""))
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
