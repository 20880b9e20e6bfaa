"""Pages about all the users together: what a change of the rule would do, and how even a service is.

Their addresses hold a service, a day, a comune and figures of a rule: nothing of anybody. Who works for
one comune sees its users only, and no sum of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

import msgspec
from litestar import get
from litestar.response import Response, Template

from capofila.base.errori import ErroreCapofila
from capofila.base.visita import visita_corrente
from capofila.compartecipazione import effetti, omogeneita, ricalcoli
from capofila.compartecipazione.calcolo import Caso, in_parole
from capofila.compartecipazione.effetti import Contro, Prova
from capofila.compartecipazione.omogeneita import Misura, Omogeneita
from capofila.compartecipazione.routes_adozioni import (
    STATI,
    Richiesta,
    base,
    comuni_possibili,
    giorno_chiesto,
    parametri_del_giorno,
    servizi_del_giorno,
    valori_scritti,
)
from capofila.compartecipazione.routes_schemi import colonne_curva, disegno, euro, migliaia
from capofila.compartecipazione.schemi import Schema
from capofila.compartecipazione.simula import Effetto, Fascia, Variazione
from capofila.spesa import service as spesa
from capofila.spesa.service import ColonnaCifre, RigaCifre, TavolaCifre
from capofila.web import formati, grafici
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.lettura import Lettura
from capofila.web.pagina import Colonna

MENU: Final = (
    VoceMenu(
        titolo="Se cambiasse la regola", percorso="compartecipazione/effetti",
        permesso="compartecipazione.vedi", gruppo="Compartecipazione", icona="exchange-circle",
        ordine=41,
    ),
    VoceMenu(
        titolo="Omogeneità fra i comuni", percorso="compartecipazione/omogeneita",
        permesso="compartecipazione.vedi", gruppo="Compartecipazione", icona="chart-line", ordine=42,
    ),
)  # fmt: skip
_OPT: Final = {"permesso": "compartecipazione.vedi", "unita": "lettura"}
_CONTRO: Final[Mapping[Contro, str]] = {
    "valori": "i valori scritti sotto",
    "giorno": "le regole di un altro giorno",
    "ambito": "lo schema dell’ambito, uguale in tutti i comuni",
    "comune": "ciò che vale in un altro comune",
    "schema": "un altro schema dell’ambito",
}
_COLONNE_EFFETTO: Final = (
    Colonna("Grafico"), *(
        Colonna(titolo, tipo="numero")
        for titolo in ("Persone", "Di più", "Di meno", "Uguale", "Senza quota", "Pagano",
                       "Pagherebbero", "Costo")
    ),
)  # fmt: skip


# ---- what a change would do ----


@get("/{ambito:str}/compartecipazione/effetti", opt=_OPT)
async def effetti_pagina(request: Richiesta) -> Template:
    """Who would pay more or less by another rule, and what it costs each comune."""
    lettura = Lettura(dict(request.query_params))
    giorno, errore = giorno_chiesto(request)
    if errore:
        lettura.errori["giorno"] = errore
    servizi, guasto = await servizi_del_giorno(giorno)
    comuni = dict(await comuni_possibili())
    scelto = _scelto(lettura, servizi)
    comune = lettura.scritto.get("comune", "")
    comune = next(iter(comuni)) if len(comuni) == 1 else comune if comune in comuni else ""
    altri = await _altri_schemi(scelto, giorno)
    prova = _prova(lettura, comuni, altri)
    chiesta = "contro" in lettura.scritto and scelto is not None and not lettura.errori
    trovato, curve = None, None
    if chiesta and scelto is not None:
        cambiati = _cambiati(prova, scelto, giorno)
        try:
            trovato = await effetti.effetto(scelto.servizio, giorno, cambiati, comune or None)
            prima, dopo = await effetti.due_regole(
                scelto.servizio, giorno, cambiati, comune or None
            )
        except ErroreCapofila as rifiuto:
            if rifiuto.stato >= 500:
                raise
            lettura.errori[""] = rifiuto.messaggio
        else:
            if prima is not None and dopo is not None and prima != dopo:
                caso = Caso(giorno=giorno)
                curve = disegno([("Oggi", prima, caso), ("Dopo", dopo, caso)])
    testi = {"contro": "valori", **lettura.scritto, "comune": comune,
             "giorno": lettura.scritto.get("giorno") or f"{giorno:%d/%m/%Y}",
             "servizio": "" if scelto is None else scelto.servizio}  # fmt: skip
    pagina = costruisci_pagina(
        request, "Se cambiasse la regola", briciole=[("Compartecipazione", base())],
        sommario="Chi pagherebbe di più o di meno, fra chi usa davvero il servizio, e il costo per i comuni.",
        con_errori=bool(lettura.errori),
    )  # fmt: skip
    return rispondi(
        request,
        "compartecipazione/effetti.html",
        pagina,
        stato=422 if lettura.errori else 200,
        testi=testi,
        errori=list(lettura.errori.items()),
        sbagli=lettura.errori,
        guasto=guasto,
        servizi=[(nome, s.denominazione) for nome, s in servizi.items()],
        opzioni_comune=list(comuni.items()),
        comuni=comuni,
        schema=scelto,
        parametri=parametri_del_giorno(scelto, giorno),
        contro=[
            (nome, detto)
            for nome, detto in _CONTRO.items()
            if (nome != "comune" or len(comuni) > 1) and (nome != "schema" or altri)
        ],
        altri_schemi=list(altri.items()),
        trovato=trovato,
        fasce=[] if trovato is None else _righe_fasce(trovato),
        per_comune=[] if trovato is None else _righe_comuni(trovato, comuni),
        colonne_fasce=(Colonna("ISEE"), *_COLONNE_EFFETTO),
        colonne_comuni=(Colonna("Comune"), *_COLONNE_EFFETTO),
        periodo="all’anno" if scelto is not None and scelto.unita == "anno" else "al mese",
        disegno=curve,
        colonne_curva=colonne_curva(["Oggi", "Dopo", "Differenza"]) if curve else (),
        migliaia=migliaia,
        euro=euro,
        base=base(),
    )


def _scelto(lettura: Lettura, servizi: Mapping[str, Schema]) -> Schema | None:
    servizio = lettura.scritto.get("servizio", "")
    if servizio and servizio not in servizi:
        lettura.errori["servizio"] = (
            "In quel giorno nessuno schema è di questo servizio: scegline un altro."
        )
    return servizi.get(servizio or next(iter(servizi), ""))


async def _altri_schemi(scelto: Schema | None, giorno: date) -> dict[str, str]:
    """Id and name of the schemes that could take the place of one."""
    if scelto is None:
        return {}
    try:
        altri = await effetti.altri_schemi(scelto.servizio, giorno)
    except ErroreCapofila:
        # What is wrong with the schemes is said by the page already.
        return {}
    return {altro.id: altro.denominazione for altro in altri}


def _prova(lettura: Lettura, comuni: Mapping[str, str], altri: Mapping[str, str]) -> Prova:
    """The other rule that the address asks for; what is wrong goes into the errors."""
    chiesto = lettura.scritto.get("contro", "valori")
    contro = cast(Contro, chiesto if chiesto in _CONTRO else "valori")
    altro, con, schema = None, None, None
    if contro == "giorno":
        altro = lettura.giorno("altro", "Scrivi l’altro giorno, come 01/01/2024.")
    elif contro == "comune":
        con = lettura.scritto.get("con", "")
        if con not in comuni:
            lettura.errori["con"] = "Scegli il comune con cui confrontare."
    elif contro == "schema":
        schema = lettura.scritto.get("schema", "")
        if schema not in altri:
            lettura.errori["schema"] = "Scegli lo schema con cui confrontare."
    valori = valori_scritti(lettura) if contro == "valori" else {}
    return Prova(contro=contro, valori=valori, giorno=altro, comune=con, schema=schema)


def _cambiati(prova: Prova, schema: Schema, giorno: Any) -> Prova:
    """Without the values that are those of the scheme: a comune keeps its own there."""
    del_giorno = {nome: schema.valore(nome, giorno) for nome in prova.valori}
    valori = {
        nome: valore
        for nome, valore in prova.valori.items()
        if (suo := del_giorno[nome]) is None or suo.valore != valore
    }
    return msgspec.structs.replace(prova, valori=valori)


def nome_fascia(fascia: Fascia) -> str:
    """A band in words.

    >>> nome_fascia(Fascia(oltre=Decimal(3000), fino_a=Decimal(6000), cambia=None))
    'Oltre 3.000 fino a 6.000\\xa0€'
    """
    if not fascia.con_isee:
        return "Senza un ISEE utilizzabile"
    if fascia.fino_a is None:
        return f"Oltre {formati.numero(fascia.oltre)}{formati.NBSP}€"
    fino = f"{formati.numero(fascia.fino_a)}{formati.NBSP}€"
    return (
        f"Fino a {fino}"
        if fascia.oltre is None
        else f"Oltre {formati.numero(fascia.oltre)} fino a {fino}"
    )


_Riga = tuple[str, Variazione, list[grafici.Tratto]]


def _barre(righe: Sequence[tuple[str, Variazione]]) -> list[_Riga]:
    massimo = max((cambia.persone for _, cambia in righe), default=0)
    return [(nome, c, grafici.barra([c.di_piu, c.di_meno, c.uguali], massimo)) for nome, c in righe]


def _righe_fasce(trovato: Effetto) -> list[_Riga]:
    return _barre([(nome_fascia(fascia), fascia.cambia) for fascia in trovato.fasce])


def _righe_comuni(trovato: Effetto, comuni: Mapping[str, str]) -> list[_Riga]:
    return _barre(sorted((comuni.get(c, c), cambia) for c, cambia in trovato.comuni.items()))


# ---- how even a service is ----


@get("/{ambito:str}/compartecipazione/omogeneita", opt=_OPT)
async def omogeneita_pagina(request: Richiesta) -> Template:
    """Each service across the comuni: cost, share, how far from the mean, what was adopted."""
    giorno, errore = giorno_chiesto(request)
    servizi, guasto = await servizi_del_giorno(giorno)
    viste = await _viste(request)
    comuni = dict(await comuni_possibili())
    filtro = _filtro(request, comuni)
    pagina = costruisci_pagina(
        request, "Omogeneità fra i comuni", briciole=[("Compartecipazione", base())],
        sommario=f"Il costo dei servizi e la parte che ne pagano gli utenti, il {formati.data(giorno)}.",
        con_errori=bool(errore),
    )  # fmt: skip
    return rispondi(
        request,
        "compartecipazione/omogeneita.html",
        pagina,
        stato=422 if errore else 200,
        giorno=giorno,
        errore=errore,
        guasto=guasto,
        servizi=[(nome, s.denominazione) for nome, s in servizi.items()],
        servizio=request.query_params.get("servizio", "")[:60],
        comune=filtro or "",
        opzioni_comune=list(comuni.items()),
        viste=[
            (vista, tavole(vista, comuni, filtro), mancanze(vista), _barre_di(vista))
            for vista in viste
        ],
        colonne=_colonne,
        stati=STATI,
        solo_uno=_solo_uno(),
        celle=_celle,
        base=base(),
    )


async def _viste(request: Richiesta) -> list[Omogeneita]:
    """The services that somebody uses on the day, or the one of the address."""
    giorno, _ = giorno_chiesto(request)
    usati = await ricalcoli.servizi_usati(giorno)
    chiesto = request.query_params.get("servizio", "")
    return [
        await omogeneita.leggi(servizio, giorno) for servizio in usati if chiesto in ("", servizio)
    ]


def _filtro(request: Richiesta, comuni: Mapping[str, str]) -> str | None:
    comune = request.query_params.get("comune", "")
    return comune if comune in comuni and len(comuni) > 1 else None


def _solo_uno() -> bool:
    """Whether who looks works for one comune: then the mean of the ambito is not known here."""
    return visita_corrente().nell_ambito.comune is not None


_TITOLI: Final = (
    ("Costo per utente", "importo"), ("Scarto del costo", "importo"),
    ("Quota per utente", "importo"), ("Scarto della quota", "importo"), ("Incidenza", "quota"),
    ("Scarto in punti", "quota"),
)  # fmt: skip


def tavole(
    vista: Omogeneita, comuni: Mapping[str, str], solo: str | None = None
) -> list[TavolaCifre]:
    """The tables of a service: its users, and the records of the ledger where it has a code.

    Args:
        vista: the service.
        comuni: the names.
        solo: one comune, beside the whole ambito.
    """
    fatte = [_tavola(vista.servizio, ("Utenti e quote", "Utenti"), vista.comuni, comuni, solo)]
    if vista.registrate:
        fatte.append(
            _tavola(f"{vista.servizio}-prestazioni", ("Nelle prestazioni registrate", "Prestazioni"),
                    vista.registrate, comuni, solo)
        )  # fmt: skip
    return fatte


def _tavola(
    codice: str,
    titoli: tuple[str, str],
    misure: Mapping[str, Misura],
    comuni: Mapping[str, str],
    solo: str | None,
) -> TavolaCifre:
    media = None if _solo_uno() else omogeneita.somma(misure)
    righe = [
        _riga(comune, comuni.get(comune, comune), misure[comune], media)
        for comune in sorted(misure, key=lambda c: comuni.get(c, c))
        if solo in (None, comune)
    ]
    if media is not None:
        righe.append(_riga("ambito", "Ambito", media, None))
    return TavolaCifre(
        codice=codice, titolo=titoli[0], testa="Comune", serie=("Incidenza",),
        colonne=(
            ColonnaCifre(titoli[1], "numero"),
            *(ColonnaCifre(t, cast(Any, tipo)) for t, tipo in _TITOLI),
        ),
        righe=tuple(righe),
    )  # fmt: skip


def _riga(chiave: str, nome: str, una: Misura, media: Misura | None) -> RigaCifre:
    def scarto(nome: str) -> Decimal | None:
        mio, loro = getattr(una, nome), None if media is None else getattr(media, nome)
        return None if mio is None or loro is None else mio - loro

    return RigaCifre(
        chiave, nome,
        (una.utenti, una.costo_medio, scarto("costo_medio"), una.quota_media, scarto("quota_media"),
         una.incidenza, scarto("incidenza")),
        () if una.incidenza is None else (una.incidenza,),
    )  # fmt: skip


def mancanze(vista: Omogeneita) -> list[str]:
    """What the figures of a service do not have, a sentence each."""
    tutti, frasi = vista.ambito, list[str]()
    if senza := tutti.utenti - tutti.con_costo:
        frasi.append(
            f"Utenti di cui il costo non è registrato: {senza}. Si scrive nel servizio della persona; "
            "senza, non entrano nel costo e nell’incidenza."
        )
    frasi += [
        f"Utenti senza una quota: {quanti}. {in_parole(motivo)}"
        for motivo, quanti in sorted(vista.motivi.items())
    ]
    if tutti.decise < tutti.con_quota:
        frasi.append(
            f"Quote calcolate e non ancora decise: {tutti.con_quota - tutti.decise} su {tutti.con_quota}."
        )
    if vista.codice_prestazione is None:
        frasi.append(
            "Lo schema non dice a quale codice delle prestazioni corrisponde il servizio: le "
            "prestazioni registrate qui non si contano."
        )
    elif not vista.registrate:
        frasi.append(
            f"In quel giorno nessuna prestazione registrata ha il codice {vista.codice_prestazione}."
        )
    if _solo_uno():
        frasi.append(
            "Le cifre degli altri comuni e la media dell’ambito le vede l’Ufficio di Piano."
        )
    return frasi


def _barre_di(vista: Omogeneita) -> dict[str, dict[str, list[grafici.Tratto]]]:
    """By table and row; the whole width is the whole cost."""
    return {
        nome: {
            comune: grafici.barra([una.incidenza], 1)
            for comune, una in (*misure.items(), ("ambito", omogeneita.somma(misure)))
        }
        for nome, misure in (
            (vista.servizio, vista.comuni),
            (f"{vista.servizio}-prestazioni", vista.registrate),
        )
    }


def _colonne(tavola: TavolaCifre, *, con_adozione: bool) -> list[Colonna]:
    """Those of the page: a distance stands below its figure."""
    return [
        Colonna("Comune"),
        *([Colonna("Schema")] if con_adozione else []),
        Colonna("Grafico"),
        *(Colonna(titolo, tipo="numero") for titolo, *_ in _celle(tavola, tavola.righe[0])),
    ]


def _celle(tavola: TavolaCifre, riga: RigaCifre) -> list[tuple[str, str, str]]:
    """Title, figure, distance from the mean where there is one."""
    scritte: list[tuple[str, str, str]] = []
    for colonna, valore in zip(tavola.colonne, riga.valori, strict=True):
        if not colonna.titolo.startswith("Scarto"):
            scritte.append((colonna.titolo, _scrivi(valore, colonna.tipo), ""))
        elif valore is not None:
            titolo, figura, _ = scritte[-1]
            segno = "+" if valore > 0 else ""
            detto = _scrivi(valore, colonna.tipo)
            scritte[-1] = (titolo, figura, segno + detto.replace("%", " punti"))
    return scritte


def _scrivi(valore: Decimal | int | None, tipo: str) -> str:
    if valore is None:
        return formati.MANCA
    if tipo == "importo":
        return formati.importo(Decimal(valore))
    return formati.percento(Decimal(valore)) if tipo == "quota" else formati.numero(valore)


@get("/{ambito:str}/compartecipazione/omogeneita.csv", opt=_OPT, include_in_schema=False)
async def omogeneita_csv(request: Richiesta) -> Response[bytes]:
    """The figures one a line: table, comune, measure, value."""
    _, fatte, _ = await _documento(request)
    return _file(spesa.csv_di(fatte), "text/csv", "csv")


@get("/{ambito:str}/compartecipazione/omogeneita.xlsx", opt=_OPT, include_in_schema=False)
async def omogeneita_xlsx(request: Richiesta) -> Response[bytes]:
    """The figures, a sheet a table, and what they do not have."""
    sottotitolo, fatte, note = await _documento(request)
    documento = spesa.Documento(
        titolo="Omogeneità fra i comuni", sottotitolo=sottotitolo, tavole=fatte, note=note
    )
    return _file(spesa.xlsx_di(documento), spesa.XLSX, "xlsx")


async def _documento(request: Richiesta) -> tuple[str, list[TavolaCifre], list[str]]:
    giorno, _ = giorno_chiesto(request)
    comuni = dict(await comuni_possibili())
    filtro = _filtro(request, comuni)
    fatte, note = list[TavolaCifre](), list[str]()
    for vista in await _viste(request):
        con_stato = {
            comune: f"{nome} ({STATI[vista.adozioni[comune] or ''][0].lower()})"
            if comune in vista.adozioni
            else nome
            for comune, nome in comuni.items()
        }
        fatte += [
            TavolaCifre(
                codice=t.codice, titolo=f"{t.codice}"[:31], testa=t.testa, colonne=t.colonne,
                righe=t.righe,
            )
            for t in tavole(vista, con_stato, filtro)
        ]  # fmt: skip
        if vista.dimostrativo:
            note.append(f"{vista.denominazione}: le tariffe sono inventate.")
        note += [f"{vista.denominazione}: {frase}" for frase in mancanze(vista)]
    return f"{visita_corrente().nell_ambito.nome}, {formati.data(giorno)}", fatte, note


def _file(contenuto: bytes, tipo: str, estensione: str) -> Response[bytes]:
    nome = f"omogeneita-{visita_corrente().nell_ambito.slug}.{estensione}"
    return Response(
        contenuto,
        media_type=tipo,
        headers={"Content-Disposition": f'attachment; filename="{nome}"'},
    )


ROTTE: Final = (effetti_pagina, omogeneita_pagina, omogeneita_csv, omogeneita_xlsx)
