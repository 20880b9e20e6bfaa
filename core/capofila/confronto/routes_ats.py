"""The agency's pages: what it may read today, and the ambiti side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from litestar import Request, get
from litestar.params import FromPath
from litestar.response import Redirect, Response, Template
from markupsafe import Markup, escape

from capofila.accessi.service import contesto_di
from capofila.base.database import Contesto
from capofila.base.errori import NonTrovato, RichiestaNonValida
from capofila.base.visita import visita_corrente
from capofila.confronto import immagini, lettura
from capofila.confronto.lettura import Confronto, Domanda, Matrice
from capofila.confronto.rules import (
    DATASET,
    PERIMETRI,
    TUTTI,
    Classifica,
    Posto,
    TipoCifra,
    nome_voce,
)
from capofila.confronto.soppressione import TUTTE
from capofila.spesa import service as spesa
from capofila.spesa.service import ColonnaCifre, RigaCifre, TavolaCifre
from capofila.web import grafici
from capofila.web.contesto import anno_richiesto, costruisci_pagina, pagina_richiesta, rispondi
from capofila.web.formati import importo, numero, percento, senza_zeri
from capofila.web.pagina import Colonna, with_parameters

Richiesta = Request[Any, Any, Any]
_OPT: Final = {"permesso": "ats.leggi", "unita": "nessuna"}
ORDINI: Final = ("-valore", "valore", "nome", "-nome")
GRAFICI: Final = ("ambiti", "anni", "comuni", "pubblicate")
TAVOLE: Final = (*GRAFICI, "figure")
LINEE: Final = 4
"""Lines that are told apart in a chart."""


class FiltroIgnoto(RichiestaNonValida):
    """A filter of the address is of nothing that can be read; `campo` is its name."""

    def __init__(self, messaggio: str, campo: str) -> None:
        super().__init__(messaggio)
        self.campo = campo


class _Ats(NamedTuple):
    slug: str
    nome: str
    contesto: Contesto

    @property
    def base(self) -> str:
        return f"/ats/{self.slug}"


def _ats(slug: str) -> _Ats:
    visita = visita_corrente()
    id_, nome = next((id_, nome) for id_, uno, nome in visita.ats if uno == slug)
    return _Ats(slug, nome, contesto_di(visita, ats=id_))


SCRIVE: Final[Mapping[TipoCifra, Callable[[Any], str]]] = {
    "importo": importo, "quota": percento, "numero": lambda valore: numero(senza_zeri(valore)),
}  # fmt: skip
"""How the pages write a figure."""


def scrivi(valore: Decimal | int | None, tipo: TipoCifra) -> str:
    """A figure as the pages write it."""
    return SCRIVE[tipo](valore)


def scrivi_corto(valore: Decimal | int, tipo: TipoCifra) -> str:
    """A figure in a chart, where the cents of a great amount have no place."""
    cifra = valore if isinstance(valore, Decimal) else Decimal(valore)
    if tipo != "importo" or -1000 < cifra < 1000:
        return scrivi(cifra, tipo)
    if abs(cifra) >= 1_000_000:
        return f"{numero(cifra / 1_000_000, 1)} mln €"
    return f"{numero(cifra, 0)} €"


def scarto(valore: Decimal | None, tipo: TipoCifra) -> str:
    """A difference, with its sign."""
    detto = scrivi(valore, tipo)
    if tipo == "quota" and valore is not None:
        detto = f"{numero(valore * 100, 1)} punti"
    return f"+{detto}" if valore is not None and valore > 0 else detto


@get("/ats/{ats:str}", opt=_OPT, include_in_schema=False)
async def ingresso(request: Richiesta, ats: FromPath[str]) -> Template:
    """The first page of an agency's analyst: what can be read today, and of whom."""
    qui = _ats(ats)
    offerte, convenzioni = await lettura.offerte(qui.contesto)
    pubblicati = lettura.anni_pubblicati("spesa", [a.slug for a, _ in convenzioni])
    return rispondi(
        request,
        "confronto/ingresso.html",
        costruisci_pagina(
            request, qui.nome,
            sommario="Le figure che gli ambiti hanno pubblicato per questa agenzia.",
        ),
        offerte=offerte,
        convenzioni=convenzioni,
        pubblicati=sorted(pubblicati, reverse=True),
        dataset=DATASET,
        base=qui.base,
        colonne=(
            Colonna("Dati"), Colonna("Anno", tipo="numero"), Colonna("Ambiti", tipo="numero"),
            Colonna("Ultima pubblicazione"),
        ),
        colonne_convenzioni=(Colonna("Ambito"), Colonna("Che cosa si può leggere")),
    )  # fmt: skip


async def _domanda(request: Richiesta, qui: _Ats) -> Domanda:
    """What the address asks; what belongs to another dataset falls back to the first of this one.

    Without a year it is the latest that can be read.
    """
    scelti = {nome: request.query_params.get(nome, "")[:60] for nome in (
        "dataset", "indicatore", "voce", "perimetro", "ordina", "ambito",
    )}  # fmt: skip
    dataset = DATASET.get(scelti["dataset"] or "spesa")
    noti = {"", *(i.codice for d in DATASET.values() for i in d.indicatori)}
    if (
        dataset is None
        or scelti["indicatore"] not in noti
        or scelti["perimetro"] not in {"", *PERIMETRI}
        or scelti["ordina"] not in {"", *ORDINI}
        or not scelti["voce"].isprintable()
    ):
        raise RichiestaNonValida(
            "Il confronto chiesto nell'indirizzo non esiste: torna alla pagina dell'ATS e scegli di nuovo."
        )
    anno = None
    if not request.query_params.get("anno"):
        anno = await lettura.ultimo_anno(qui.contesto, dataset.codice)
    return Domanda(
        dataset=dataset,
        anno=anno or anno_richiesto(request),
        indicatore=dataset.indicatore(scelti["indicatore"]) or dataset.indicatori[0],
        voce=scelti["voce"],
        perimetro=(scelti["perimetro"] or TUTTI) if dataset.per_comune else TUTTI,
        ordine=scelti["ordina"] or "-valore",
        ambito=scelti["ambito"],
    )


def _in_indirizzo(domanda: Domanda) -> dict[str, Any]:
    return {
        "dataset": domanda.dataset.codice, "anno": domanda.anno,
        "indicatore": domanda.indicatore.codice, "voce": domanda.voce or None,
        "perimetro": None if domanda.perimetro == TUTTI else domanda.perimetro,
        "ordina": None if domanda.ordine == "-valore" else domanda.ordine,
        "ambito": domanda.ambito or None,
    }  # fmt: skip


async def _leggi(
    request: Richiesta, qui: _Ats, che_cosa: str, *, intero: bool, tutti_i_dettagli: bool = True
) -> Confronto:
    domanda = await _domanda(request, qui)
    letto = await lettura.confronto(
        qui.contesto, domanda, pagina=pagina_richiesta(request), intero=intero,
        tutti_i_dettagli=tutti_i_dettagli,
        che_cosa=f"{che_cosa}: {domanda.dataset.nome} {domanda.anno}, {domanda.indicatore.nome}",
    )  # fmt: skip
    if domanda.voce not in {TUTTE, *letto.voci} and any(
        p.chiave in letto.uscite for p in letto.in_pagina
    ):
        raise FiltroIgnoto(
            f"Ciò che l'indirizzo chiede ({domanda.dataset.voce.lower()}) non è fra le cifre pubblicate: "
            "torna al confronto, togli i filtri e scegli di nuovo.",
            "voce",
        )
    if domanda.ambito and domanda.ambito not in letto.ambiti:
        raise FiltroIgnoto(
            "L'ambito chiesto nell'indirizzo non si può leggere oggi: torna al confronto e scegline uno "
            "fra quelli con una convenzione in vigore.",
            "ambito",
        )
    return letto


async def _leggi_per_file(
    request: Richiesta, qui: _Ats, che_cosa: str, *, intero: bool = True
) -> Confronto:
    """As the page, which chooses a column by itself where their sum means nothing: a file does not."""
    letto = await _leggi(request, qui, che_cosa, intero=intero)
    domanda = letto.domanda
    if not domanda.dataset.totale and not domanda.voce and letto.voci:
        raise FiltroIgnoto(
            f"Nell'indirizzo manca che cosa scaricare ({domanda.dataset.voce.lower()}): torna al "
            "confronto, scegli e scarica di nuovo.",
            "voce",
        )
    return letto


# Tables: the same for the page and for the files.


def _titolo(letto: Confronto) -> str:
    domanda = letto.domanda
    return f"{domanda.indicatore.nome}, {domanda.anno}"


def _sottotitolo(letto: Confronto) -> str:
    domanda = letto.domanda
    parti = [domanda.dataset.nome, nome_voce(domanda.dataset, domanda.voce, letto.voci)]
    if domanda.dataset.per_comune:
        parti.append(PERIMETRI[domanda.perimetro])
    return ", ".join(parti)


def _tavola_ambiti(letto: Confronto) -> TavolaCifre:
    tipo = letto.domanda.indicatore.tipo
    return TavolaCifre(
        codice="ambiti", titolo="Ambiti", testa="Ambito",
        colonne=(
            ColonnaCifre("Posto", "numero"), ColonnaCifre(letto.domanda.indicatore.nome, tipo),
            ColonnaCifre("Scarto dalla media", tipo), ColonnaCifre("Scarto in percentuale", "quota"),
        ),
        righe=tuple(
            RigaCifre(
                p.chiave, letto.ambiti[p.chiave].nome, (p.posto, p.valore, p.scarto, p.scarto_parte)
            )
            for p in letto.in_pagina
        ),
    )  # fmt: skip


def _anni(letto: Confronto) -> list[int]:
    """The years with a figure of somebody on the page, and those between them."""
    noti = sorted({anno for serie in letto.serie.values() for anno in serie})
    return [*range(noti[0], noti[-1] + 1)] if noti else []


def _tavola_anni(letto: Confronto) -> TavolaCifre:
    tipo, anni = letto.domanda.indicatore.tipo, _anni(letto)
    return TavolaCifre(
        codice="anni", titolo="Negli anni", testa="Ambito",
        colonne=tuple(ColonnaCifre(str(anno), tipo) for anno in anni),
        righe=tuple(
            RigaCifre(
                p.chiave, letto.ambiti[p.chiave].nome,
                tuple(letto.serie[p.chiave].get(anno) for anno in anni),
            )
            for p in letto.dettagli
        ),
    )  # fmt: skip


def _tavola_comuni(letto: Confronto) -> TavolaCifre:
    return TavolaCifre(
        codice="comuni", titolo="Comuni", testa="Comune",
        colonne=(ColonnaCifre(letto.domanda.indicatore.nome, letto.domanda.indicatore.tipo),),
        righe=tuple(
            RigaCifre(c.istat, f"{c.nome} ({c.ambito})", (c.valore,)) for c in letto.comuni
        ),
    )  # fmt: skip


def _tavola_pubblicate(letto: Confronto) -> TavolaCifre | None:
    if letto.pubblicate is None or letto.pubblicate.classifica is None:
        return None
    tipo = letto.domanda.indicatore.tipo
    return TavolaCifre(
        codice="pubblicate", titolo="Figure già pubblicate", testa="Distretto",
        colonne=_tavola_ambiti(letto).colonne,
        righe=tuple(
            RigaCifre(
                p.chiave, spesa.TERRITORI[p.chiave], (p.posto, p.valore, p.scarto, p.scarto_parte)
            )
            for p in letto.pubblicate.classifica.posti
        ),
        nota=f"Fonte: {'; '.join(letto.pubblicate.fonti)}. Media semplice: "
        f"{scrivi(letto.pubblicate.classifica.media, tipo)}.",
    )  # fmt: skip


def _tavola_figure(letto: Confronto) -> TavolaCifre | None:
    """All that others published of the year, in the units in which it was printed."""
    if letto.pubblicate is None:
        return None
    return TavolaCifre(
        codice="figure", titolo="Tutte le figure pubblicate", testa="Figura, unità, fonte",
        colonne=(ColonnaCifre("Pubblicata", "numero"),),
        righe=tuple(
            RigaCifre(
                f"{una.territorio}/{una.perimetro}/{una.misura}",
                f"{spesa.nome_pubblicata(una.chiave)}, "
                f"{spesa.unita_pubblicata(una.chiave) or 'persone'} ({una.fonte})",
                (una.valore,),
            )
            for una in letto.pubblicate.righe
        ),
        nota=" ".join(("Come stampate: nulla è aggiustato.", *letto.pubblicate.storte)),
    )  # fmt: skip


def _tavole(letto: Confronto) -> list[TavolaCifre]:
    tutte = (
        _tavola_ambiti(letto), _tavola_anni(letto), _tavola_comuni(letto), _tavola_pubblicate(letto),
        _tavola_figure(letto),
    )  # fmt: skip
    return [t for t in tutte if t is not None and t.righe]


def _note(letto: Confronto) -> list[str]:
    nascosti = [
        letto.ambiti[p.chiave].nome
        for p in letto.in_pagina
        if (u := letto.uscite.get(p.chiave)) is not None and u.soppressa
    ]
    note = [
        f"Media semplice degli ambiti: {scrivi(letto.classifica.media, letto.domanda.indicatore.tipo)}."
    ]
    if nascosti:
        note.append(
            f"Cella soppressa, di poche persone o da cui se ne ricaverebbero: {', '.join(nascosti)}."
        )
    return note + [f"Fonte, {fonte}" for fonte in letto.fonti]


def _opzioni_ambiti(letto: Confronto) -> Markup:
    """The options of the filter, written once for all the pages."""
    opzioni = letto.scritto.get("opzioni")
    if opzioni is None:
        opzioni = letto.scritto["opzioni"] = "".join(
            f'    <option value="{escape(a.slug)}">{escape(a.nome)}</option>\n'
            for a in sorted(letto.ambiti.values(), key=lambda a: a.nome)
        )
    if letto.domanda.ambito in letto.ambiti:
        questa = f'value="{escape(letto.domanda.ambito)}"'
        opzioni = opzioni.replace(questa, f"{questa} selected")
    return Markup(opzioni)  # noqa: S704 - our own marks around escaped texts


def _righe_ambiti(letto: Confronto) -> Callable[[Callable[..., str]], Markup]:
    """The rows of the ambiti, for the macro that writes one: each is written once for all the pages."""

    def righe(scrivi_riga: Callable[..., str]) -> Markup:
        mancano = [p for p in letto.in_pagina if f"riga {p.chiave}" not in letto.scritto]
        barre = _barre(letto.classifica, mancano) if mancano else {}
        for p in mancano:
            letto.scritto[f"riga {p.chiave}"] = scrivi_riga(p, barre[p.chiave])
        return Markup("".join(letto.scritto[f"riga {p.chiave}"] for p in letto.in_pagina))  # noqa: S704 - what the macro wrote

    return righe


def _celle_anni(letto: Confronto, anni: list[int]) -> dict[str, Markup]:
    """The cells of each row of the years, put together here: there may be thousands."""
    scritto = SCRIVE[letto.domanda.indicatore.tipo]
    inizi = [f'<td class="cifra" data-etichetta="{anno}">' for anno in anni]
    return {
        chiave: Markup(  # noqa: S704 - our own marks around figures
            "".join(
                f"{inizio}{scritto(serie.get(anno))}</td>"
                for inizio, anno in zip(inizi, anni, strict=True)
            )
        )
        for chiave, serie in letto.serie.items()
    }


def _righe_comuni(letto: Confronto) -> Markup:
    """The rows of the comuni, put together here: there may be thousands."""
    scritto = SCRIVE[letto.domanda.indicatore.tipo]
    misura = escape(letto.domanda.indicatore.nome)
    ambiti = {nome: escape(nome) for nome in {c.ambito for c in letto.comuni}}
    return Markup(  # noqa: S704 - our own marks around escaped texts
        "".join(
            f'<tr><th scope="row">{escape(c.nome)}</th><td data-etichetta="Ambito">{ambiti[c.ambito]}</td>'
            f'<td class="cifra" data-etichetta="{misura}">'
            f"{'soppressa' if c.soppressa else scritto(c.valore)}</td></tr>"
            for c in letto.comuni
        )
    )


def _per_fonte(letto: Confronto) -> dict[str, list[tuple[str, str]]]:
    """What others published of the year, in words, by who printed it."""
    gruppi: dict[str, list[tuple[str, str]]] = {}
    for nome, cifra, fonte in letto.pubblicate.figure if letto.pubblicate is not None else ():
        gruppi.setdefault(fonte, []).append((nome, cifra))
    return gruppi


# Charts.


def _barre(classifica: Classifica, posti: Iterable[Posto]) -> dict[str, list[grafici.Tratto]]:
    massimo = max((p.valore for p in classifica.posti if p.valore is not None), default=Decimal(0))
    return {p.chiave: grafici.barra([p.valore], massimo) for p in posti}


def _linee(letto: Confronto, anni: list[int]) -> tuple[grafici.Linee | None, list[str]]:
    """The lines of the first ambiti on the page; none of one year alone."""
    scelti = [
        p.chiave
        for p in letto.dettagli
        if any(v is not None for v in letto.serie[p.chiave].values())
    ]
    scelti = scelti[:LINEE]
    if len(anni) < 2:
        return None, []
    serie = [
        grafici.Serie(letto.ambiti[s].nome, {a: letto.serie[s].get(a) for a in anni})
        for s in scelti
    ]
    return grafici.linee(serie), [una.nome for una in serie]


def _carta(letto: Confronto) -> dict[str, Any] | None:
    """The comuni of the ambiti on the page: boundaries where they are loaded, circles elsewhere."""
    mostrati = {c.istat for c in letto.comuni}
    luoghi: dict[str, Any] = {
        c.istat: {"type": "Point", "coordinates": c.centro} for c in letto.comuni if c.centro
    } | {i: g for i, g in letto.confini.geometrie.items() if i in mostrati}
    disegno = grafici.mappa(luoghi) if len(luoghi) > 1 else None
    if disegno is None:
        return None
    valori = {c.istat: c.valore for c in letto.comuni if c.istat in luoghi}
    return {
        "mappa": disegno,
        "classi": grafici.classi(valori),
        "valori": valori,
        "nomi": {c.istat: f"{c.nome} ({c.ambito})" for c in letto.comuni},
        "attribuzioni": letto.confini.attribuzioni,
        "cerchi": len(luoghi) - len(letto.confini.geometrie),
    }


@get("/ats/{ats:str}/confronto", opt=_OPT, include_in_schema=False)
async def pagina_confronto(request: Richiesta, ats: FromPath[str]) -> Template | Redirect:
    """The ambiti side by side: table, bars, years, map."""
    qui = _ats(ats)
    try:
        letto = await _leggi(
            request, qui, "Pagina", intero=request.query_params.get("tutti") == "si",
            tutti_i_dettagli=False,
        )  # fmt: skip
    except FiltroIgnoto as errore:
        # Other data were chosen, and the area or the service is still that of the ones before; or the
        # convention of that ambito is over.
        tolto: dict[str, Any] = {errore.campo: None}
        qui_senza = with_parameters(f"{request.url.path}?{request.url.query}", **tolto)
        return Redirect(qui_senza, status_code=303)
    if not letto.domanda.dataset.totale and not letto.domanda.voce and letto.voci:
        # Their sum means nothing: the first one, until another is chosen.
        prima = next(iter(letto.voci))
        return Redirect(
            with_parameters(f"{request.url.path}?{request.url.query}", voce=prima), status_code=303
        )
    domanda, tipo = letto.domanda, letto.domanda.indicatore.tipo
    base, dati = f"{qui.base}/confronto", _in_indirizzo(letto.domanda)
    anni = _anni(letto)
    disegno, nomi_linee = _linee(letto, anni)
    pubblicate = letto.pubblicate
    return rispondi(
        request,
        "confronto/confronto.html",
        costruisci_pagina(
            request, "Confronto fra gli ambiti", briciole=[(qui.nome, qui.base)],
            sommario=f"{_titolo(letto)}. {_sottotitolo(letto)}.",
        ),
        letto=letto,
        domanda=domanda,
        inizio=qui.base,
        base=base,
        dati=dati,
        scelte={
            "dataset": [(d.codice, d.nome) for d in DATASET.values()],
            "anni": [(a, str(a)) for a in sorted({*letto.anni, domanda.anno}, reverse=True)],
            "indicatori": [(i.codice, i.nome) for i in domanda.dataset.indicatori],
            "voci": list(letto.voci.items()),
            "perimetri": list(PERIMETRI.items()) if domanda.dataset.per_comune else [],
            "ambiti": _opzioni_ambiti(letto) if len(letto.ambiti) > 1 else "",
        },
        scrivi=SCRIVE[tipo],
        scrivi_corto=lambda valore: scrivi_corto(valore, tipo),
        scarto=lambda valore: scarto(valore, tipo),
        righe_ambiti=_righe_ambiti(letto),
        con_barre=any(p.valore is not None and p.valore > 0 for p in letto.in_pagina),
        barre_pubblicate=_barre(pubblicate.classifica, pubblicate.classifica.posti)
        if pubblicate is not None and pubblicate.classifica is not None
        else {},
        territori=spesa.TERRITORI,
        per_fonte=_per_fonte(letto),
        ultimo=max((a for a in letto.anni if a != domanda.anno), default=None),
        anni=anni,
        celle_anni=_celle_anni(letto, anni),
        righe_comuni=_righe_comuni(letto),
        con_fonti=any(u is not None and u.fonte for u in map(letto.uscite.get, letto.serie)),
        linee=disegno,
        nomi_linee=nomi_linee,
        carta=_carta(letto),
        url=with_parameters(base, **dati),
        voce=nome_voce(domanda.dataset, domanda.voce, letto.voci),
        matrice=with_parameters(f"{qui.base}/matrice", **_scelte_matrice(domanda)),
        colonne=(
            Colonna("Posto", "valore", "numero"), Colonna("Ambito", "nome"), Colonna("Grafico"),
            Colonna(domanda.indicatore.nome, tipo="numero"), Colonna("Scarto dalla media", tipo="numero"),
            Colonna("Scarto %", tipo="numero"), Colonna("Pubblicata"),
        ),
        colonne_anni=(Colonna("Ambito"), *(Colonna(str(a), tipo="numero") for a in anni)),
        colonne_comuni=(
            Colonna("Comune"), Colonna("Ambito"), Colonna(domanda.indicatore.nome, tipo="numero"),
        ),
        colonne_pubblicate=(
            Colonna("Posto", tipo="numero"), Colonna("Distretto"), Colonna("Grafico"),
            Colonna(domanda.indicatore.nome, tipo="numero"), Colonna("Scarto dalla media", tipo="numero"),
            Colonna("Scarto %", tipo="numero"),
        ),
        colonne_figure=(Colonna("Figura"), Colonna("Pubblicata", tipo="numero")),
    )  # fmt: skip


# The ambiti by the areas.


async def _leggi_matrice(request: Richiesta, qui: _Ats, che_cosa: str, *, intero: bool) -> Matrice:
    domanda = await _domanda(request, qui)
    return await lettura.matrice(
        qui.contesto, domanda, pagina=pagina_richiesta(request), intero=intero,
        che_cosa=f"{che_cosa}: {domanda.dataset.nome} {domanda.anno}, {domanda.indicatore.nome}",
    )  # fmt: skip


def _scelte_matrice(domanda: Domanda) -> dict[str, Any]:
    """What of the question a matrix keeps in its address."""
    return {**_in_indirizzo(domanda), "voce": None, "ordina": None, "ambito": None}


def _sottotitolo_matrice(letta: Matrice) -> str:
    domanda = letta.domanda
    dove = f", {PERIMETRI[domanda.perimetro].lower()}" if domanda.dataset.per_comune else ""
    return f"{domanda.indicatore.nome}, {domanda.anno}{dove}"


def _codici(letta: Matrice) -> list[str]:
    """The columns of a matrix that have the measure: their total first, where they make one."""
    prima = [TUTTE] if letta.domanda.dataset.totale else []
    return [codice for codice in (*prima, *letta.voci) if codice in letta.medie]


def _tavola_matrice(letta: Matrice) -> TavolaCifre:
    """The matrix as a table.

    Raises:
        NonTrovato: nobody released anything of that year, or of that measure.
    """
    domanda, codici = letta.domanda, _codici(letta)
    if not codici:
        raise NonTrovato(
            f"Nessun ambito ha pubblicato questi dati per il {domanda.anno}: scegli un altro anno."
            if not letta.voci
            else f"Di ciò che è pubblicato del {domanda.anno} nulla ha la misura "
            f"«{domanda.indicatore.nome}»: scegli un'altra misura, o tutto l'ambito."
        )
    return TavolaCifre(
        codice="matrice", titolo="Ambiti per colonna", testa="Ambito",
        colonne=tuple(
            ColonnaCifre(nome_voce(domanda.dataset, c, letta.voci), domanda.indicatore.tipo)
            for c in codici
        ),
        righe=(
            *(
                RigaCifre(a.slug, a.nome, tuple(
                    cella.valore if (cella := celle.get(c)) is not None else None for c in codici
                ))
                for a, celle in letta.ambiti
            ),
            RigaCifre("media", "Media semplice", tuple(letta.medie.get(c) for c in codici)),
        ),
    )  # fmt: skip


@get("/ats/{ats:str}/matrice", opt=_OPT, include_in_schema=False)
async def pagina_matrice(request: Richiesta, ats: FromPath[str]) -> Template:
    """The ambiti by the areas: one measure, every area, with and without the capoluoghi."""
    qui = _ats(ats)
    letta = await _leggi_matrice(
        request, qui, "Pagina", intero=request.query_params.get("tutti") == "si"
    )
    domanda, dati = letta.domanda, _scelte_matrice(letta.domanda)
    base = f"{qui.base}/matrice"
    codici = _codici(letta)
    offerte, _ = await lettura.offerte(qui.contesto)
    letti = {o.anno for o in offerte if o.dataset == domanda.dataset.codice}
    return rispondi(
        request,
        "confronto/matrice.html",
        costruisci_pagina(
            request, f"Ambiti per {domanda.dataset.voce.lower()}",
            briciole=[
                (qui.nome, qui.base),
                ("Confronto", with_parameters(f"{qui.base}/confronto", **dati)),
            ],
            sommario=f"{domanda.dataset.nome}: {_sottotitolo_matrice(letta)}.",
        ),
        letta=letta,
        domanda=domanda,
        codici=codici,
        inizio=qui.base,
        base=base,
        dati=dati,
        url=with_parameters(base, **dati),
        titolo=_sottotitolo_matrice(letta),
        ultimo=max(letti, default=None),
        altro_perimetro=[
            (nome, with_parameters(base, **{**dati, "perimetro": None if p == TUTTI else p}))
            for p, nome in PERIMETRI.items()
            if p != domanda.perimetro and domanda.dataset.per_comune
        ],
        scelte={
            "dataset": [(d.codice, d.nome) for d in DATASET.values()],
            "anni": [(a, str(a)) for a in sorted({*letti, domanda.anno}, reverse=True)],
            "indicatori": [(i.codice, i.nome) for i in domanda.dataset.indicatori],
            "perimetri": list(PERIMETRI.items()) if domanda.dataset.per_comune else [],
        },
        scrivi=SCRIVE[domanda.indicatore.tipo],
        colonne=(
            Colonna("Ambito"),
            *(Colonna(nome_voce(domanda.dataset, c, letta.voci), tipo="numero") for c in codici),
        ),
    )  # fmt: skip


def _file_matrice(letta: Matrice, contenuto: bytes, tipo: str, estensione: str) -> Response[bytes]:
    return _scaricato(letta.domanda, "matrice", contenuto, tipo, estensione)


@get("/ats/{ats:str}/matrice.csv", opt=_OPT, include_in_schema=False)
async def matrice_csv(request: Richiesta, ats: FromPath[str]) -> Response[bytes]:
    """The whole matrix, one figure a line."""
    letta = await _leggi_matrice(request, _ats(ats), "CSV", intero=True)
    return _file_matrice(letta, spesa.csv_di([_tavola_matrice(letta)]), "text/csv", "csv")


@get("/ats/{ats:str}/matrice.xlsx", opt=_OPT, include_in_schema=False)
async def matrice_xlsx(request: Richiesta, ats: FromPath[str]) -> Response[bytes]:
    """The whole matrix as a sheet, and where it comes from."""
    letta = await _leggi_matrice(request, _ats(ats), "Foglio di calcolo", intero=True)
    documento = spesa.Documento(
        titolo=letta.domanda.dataset.nome, sottotitolo=_sottotitolo_matrice(letta),
        tavole=[_tavola_matrice(letta)], note=[f"Fonte, {fonte}" for fonte in letta.fonti],
    )  # fmt: skip
    return _file_matrice(letta, spesa.xlsx_di(documento), spesa.XLSX, "xlsx")


def _file(letto: Confronto, contenuto: bytes, tipo: str, estensione: str) -> Response[bytes]:
    return _scaricato(letto.domanda, "confronto", contenuto, tipo, estensione)


def _scaricato(
    domanda: Domanda, come: str, contenuto: bytes, tipo: str, estensione: str
) -> Response[bytes]:
    nome = (
        f"{come}-{domanda.dataset.codice}-{domanda.indicatore.codice}-{domanda.anno}.{estensione}"
    )
    return Response(
        contenuto,
        media_type=tipo,
        headers={"Content-Disposition": f'attachment; filename="{nome}"'},
    )


@get("/ats/{ats:str}/confronto.csv", opt=_OPT, include_in_schema=False)
async def confronto_csv(request: Richiesta, ats: FromPath[str]) -> Response[bytes]:
    """All the figures, one a line; of one table where it is named."""
    letto = await _leggi_per_file(request, _ats(ats), "CSV")
    return _file(letto, spesa.csv_di(_scelte(request, letto)), "text/csv", "csv")


@get("/ats/{ats:str}/confronto.xlsx", opt=_OPT, include_in_schema=False)
async def confronto_xlsx(request: Richiesta, ats: FromPath[str]) -> Response[bytes]:
    """All the figures, a sheet a table, and where they come from."""
    letto = await _leggi_per_file(request, _ats(ats), "Foglio di calcolo")
    documento = spesa.Documento(
        titolo=_titolo(letto), sottotitolo=_sottotitolo(letto), tavole=_scelte(request, letto),
        note=_note(letto) + ([] if letto.pubblicate is None else [*letto.pubblicate.storte]),
    )  # fmt: skip
    return _file(letto, spesa.xlsx_di(documento), spesa.XLSX, "xlsx")


def _scelte(request: Richiesta, letto: Confronto) -> list[TavolaCifre]:
    """The tables of a file: all of them, or the one that is named.

    Raises:
        RichiestaNonValida: there is no table of that name.
        NonTrovato: there is none of it in this comparison.
    """
    tavola = request.query_params.get("tavola", "")
    if tavola not in {"", *TAVOLE}:
        raise RichiestaNonValida(
            "La tabella chiesta nell'indirizzo non esiste: torna al confronto e scarica da lì."
        )
    scelte = [t for t in _tavole(letto) if tavola in ("", t.codice)]
    if not scelte:
        raise NonTrovato(
            f"Del {letto.domanda.anno} questa tabella non c'è: torna al confronto e scegli un altro anno."
        )
    return scelte


@get("/ats/{ats:str}/confronto/{grafico:str}", opt=_OPT, include_in_schema=False)
async def confronto_png(
    request: Richiesta, ats: FromPath[str], grafico: FromPath[str]
) -> Response[bytes]:
    """A chart of the page as a picture.

    Raises:
        NonTrovato: there is no such chart, or nothing to draw.
    """
    codice = grafico.removesuffix(".png")
    if codice not in GRAFICI or codice == grafico:
        raise NonTrovato("Questo grafico non c'è: torna al confronto.")
    letto = await _leggi_per_file(request, _ats(ats), "Immagine", intero=False)
    tipo = letto.domanda.indicatore.tipo
    anni = _anni(letto)
    disegno, nomi = _linee(letto, anni)
    carta, legenda = _carta(letto), list[tuple[str, str]]()
    note = _note(letto)
    if codice == "anni":
        legenda = [(f"serie-{n}", nome) for n, nome in enumerate(nomi, 1)]
    if codice == "comuni" and carta is not None:
        legenda = [
            (f"classe-{n}", f"da {scrivi_corto(a, tipo)} a {scrivi_corto(b, tipo)}")
            for n, (a, b) in enumerate(carta["classi"].limiti, 1)
        ]
        note += carta["attribuzioni"]
    barre = _barre(letto.classifica, letto.in_pagina)
    righe = [
        (letto.ambiti[p.chiave].nome, scrivi(p.valore, tipo), barre[p.chiave])
        for p in letto.in_pagina
        if barre[p.chiave]
    ]
    altri = letto.pubblicate
    if codice == "pubblicate":
        righe = []
        if altri is not None and altri.classifica is not None:
            barre = _barre(altri.classifica, altri.classifica.posti)
            righe = [
                (spesa.TERRITORI[p.chiave], scrivi(p.valore, tipo), barre[p.chiave])
                for p in sorted(altri.classifica.posti, key=lambda p: p.posto or 0)
            ]
            note = [f"Come pubblicato. Fonte: {'; '.join(altri.fonti)}.", *altri.storte]
    if not {"ambiti": righe, "anni": disegno, "comuni": carta, "pubblicate": righe}[codice]:
        raise NonTrovato("Non c'è ancora nulla da disegnare: torna al confronto.")
    assert request.app.template_engine is not None
    svg = request.app.template_engine.get_template("confronto/immagine.html").render(
        codice=codice, righe=righe, linee=disegno, carta=carta, scrivi=lambda v: scrivi_corto(v, tipo),
        titolo=_titolo(letto),
    )  # fmt: skip
    titolo = _titolo(letto)
    if codice == "anni":
        titolo = f"{letto.domanda.indicatore.nome}, {anni[0]}-{anni[-1]}"
    contenuto = await asyncio.to_thread(
        immagini.png, svg, titolo, _sottotitolo(letto), note, legenda
    )
    return _file(letto, contenuto, "image/png", "png")


ROTTE: Final = (
    ingresso, pagina_confronto, confronto_csv, confronto_xlsx, confronto_png, pagina_matrice, matrice_csv,
    matrice_xlsx,
)  # fmt: skip
