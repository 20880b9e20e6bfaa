"""Pages of the deadlines: timeline, one of them, the ambito's own, whom to warn, the calendar feed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, cast

from litestar import Request, get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.params import Body, FromPath
from litestar.response import Redirect, Response, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base import posta
from capofila.base.attivazioni import oggi
from capofila.base.errori import DatiNonValidi, ErroreCapofila, NonTrovato, TroppeRichieste
from capofila.base.impostazioni import impostazioni
from capofila.base.telemetria import traccia_corrente
from capofila.base.visita import visita_corrente
from capofila.debito import service as debito
from capofila.governo import avvisi, calendario, scadenzario
from capofila.governo.adempimenti import (
    RESPONSABILE,
    SOLLECITI,
    Esito,
    Istanza,
    ScadenzaVista,
    mostra,
    per_mese,
    spiega,
)
from capofila.governo.feste import festivi
from capofila.governo.rules import distanza
from capofila.governo.scadenzario import PROPRIO, Termine
from capofila.hooks import SpecieProva
from capofila.web import formati
from capofila.web.contesto import anno_richiesto, costruisci_pagina, rispondi
from capofila.web.lettura import Lettura

Richiesta = Request[Any, Any, Any]
Modulo = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
Errori = Sequence[tuple[str, str]]

STATI: Final = {
    "in_attesa": ("Senza giorno", "neutro"),
    "futuro": ("Futura", "attesa"),
    "in_avviso": ("Si avvicina", "attenzione"),
    "in_scadenza": ("In scadenza", "attenzione"),
    "scaduto": ("Scaduta", "errore"),
    "fatto": ("Fatto", "buono"),
    "fatto_in_ritardo": ("Fatto in ritardo", "attenzione"),
    "non_dovuto": ("Non dovuto", "chiuso"),
}
FILTRI: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "aperte": (
        "Da fare",
        frozenset({"in_attesa", "futuro", "in_avviso", "in_scadenza", "scaduto"}),
    ),
    "vicine": ("Si avvicinano", frozenset({"in_avviso", "in_scadenza"})),
    "scadute": ("Scadute", frozenset({"scaduto"})),
    "fatte": ("Fatte", frozenset({"fatto", "fatto_in_ritardo"})),
    "in-ritardo": ("Fatte in ritardo", frozenset({"fatto_in_ritardo"})),
    "non-dovute": ("Non dovute", frozenset({"non_dovuto"})),
}
PROVE: Final = {
    SpecieProva.ATTO: "Un atto, con organo, numero e data",
    SpecieProva.DOCUMENTO: "Un documento o un protocollo",
    SpecieProva.FLUSSO: "Un file sigillato del debito informativo",
}


PARTI: Final[Mapping[str, str]] = {
    parte: formati.periodo(f"2001-{parte}").removesuffix(" 2001") if parte else "Tutto l’anno"
    for parte in ("", *(uno.partition("-")[2] for uno in debito.periodi_dell_anno(2001)[1:]))
}
"""The parts of a year that a flow may be about."""


def base() -> str:
    """The address of the deadlines in this ambito."""
    return f"/{visita_corrente().nell_ambito.slug}/adempimenti"


def _indirizzo(una: Istanza) -> str:
    return f"{base()}/{una.codice}/{una.anno}"


@get("/{ambito:str}/adempimenti", opt={"permesso": "adempimenti.vedi", "unita": "lettura"})
async def adempimenti(request: Richiesta) -> Template:
    """The deadlines that fall in a year, by month: this year when none is asked for."""
    giorno = oggi()
    anno = anno_richiesto(request) if "anno" in request.query_params else giorno.year
    tutte = await scadenzario.istanze_fra(date(anno, 1, 1), date(anno, 12, 31))
    viste = [mostra(una, giorno) for una in tutte]
    organi = sorted({una.organo: una.organo_nome for una in tutte}.items(), key=lambda c: c[1])
    organo = request.query_params.get("organo", "")[:80]
    organo = organo if organo in dict(organi) else ""
    stato = request.query_params.get("stato", "")[:20]
    stato = stato if stato in FILTRI else ""
    scelte = [
        una
        for una in viste
        if (not organo or una.una.organo == organo) and (not stato or una.stato in FILTRI[stato][1])
    ]
    pagina = costruisci_pagina(
        request, "Scadenze", con_anno=True,
        sommario="Quello che gli atti dell'ambito chiedono di fare, entro quando, e la prova che è fatto.",
    )  # fmt: skip
    # Records are about the year before, deadlines about the days to come.
    anni = sorted({*pagina.anni, giorno.year + 1, anno}, reverse=True)
    mesi = per_mese(scelte)
    return rispondi(
        request,
        "governo/adempimenti.html",
        dataclasses.replace(pagina, anno=anno, anni=anni),
        mesi=mesi,
        senza_giorno=[una for una in scelte if una.una.data is None],
        quante=len(scelte),
        nessuna=not tutte,
        ipotesi=any(una.una.ipotesi for una in scelte),
        conti=_conti(viste),
        # Where today stands in the line: before this one; after all when it is None.
        oggi=giorno,
        prima=_prima_da(mesi, giorno) if anno == giorno.year else None,
        in_corso=anno == giorno.year,
        flussi=await scadenzario.flussi_senza_giorno(anno) if not (organo or stato) else [],
        anno=anno,
        stati=STATI,
        filtri=[(nome, parole) for nome, (parole, _) in FILTRI.items()],
        organi=organi,
        organo=organo,
        stato_scelto=stato,
        distanza=distanza,
        ambito=visita_corrente().nell_ambito.nome,
        base=base(),
        puo_scrivere=visita_corrente().puo("adempimenti.scrivi"),
    )


def _conti(viste: Sequence[ScadenzaVista]) -> list[tuple[str, int]]:
    quali = ("scadute", "vicine", "aperte", "fatte")
    return [(FILTRI[q][0], sum(una.stato in FILTRI[q][1] for una in viste)) for q in quali]


def _prima_da(mesi: Sequence[tuple[str, list[ScadenzaVista]]], giorno: date) -> Istanza | None:
    for _, viste in mesi:
        for vista in viste:
            if vista.una.data is not None and vista.una.data >= giorno:
                return vista.una
    return None


# One of them.


async def _una(
    request: Richiesta,
    una: Istanza,
    scritto: Mapping[str, str] | None = None,
    errori: Errori = (),
    stato: int = 200,
) -> Template:
    giorno, visita = oggi(), visita_corrente()
    vista = mostra(una, giorno)
    storia = await scadenzario.storia(una.codice, una.anno)
    puo_scrivere = visita.puo("adempimenti.scrivi")
    nomi = await scadenzario.organi_noti()
    dopo = None if una.dichiarazione is None else una.dichiarazione.dopo
    altro = "" if dopo is None else await _titolo_di(dopo.adempimento, una.anno)
    pagina = costruisci_pagina(
        request, una.titolo, briciole=[("Scadenze", f"{base()}?anno={(una.data or giorno).year}")],
        sommario=f"Riguarda il {una.anno}. Risponde: {una.organo_nome}.",
        con_errori=bool(errori),
    )  # fmt: skip
    chiudibile = puo_scrivere and una.aperta
    return rispondi(
        request,
        "governo/adempimento.html",
        pagina,
        stato=stato,
        una=una,
        vista=vista,
        stati=STATI,
        distanza=distanza,
        spiegazione=spiega(una, await festivi([una.anno, (una.data or giorno).year]), altro),
        storia=storia,
        prove=[
            (uno.value, parole)
            for uno, parole in PROVE.items()
            if uno is not SpecieProva.FLUSSO or visita.puo("debito.vedi")
        ],
        file=[
            (uno.id, f"{uno.nome_flusso} ({formati.periodo(uno.periodo)})")
            for uno in (await scadenzario.file_sigillati() if chiudibile and not una.sa else ())
        ],
        atti=[
            (uno.id, f"{uno.cita()}: {uno.oggetto}"[:140])
            for uno in (await scadenzario.atti_del_registro() if chiudibile and not una.sa else ())
        ],
        solleciti=[
            (uno.dopo_giorni, "responsabile dell’Ufficio di Piano" if uno.a is None
             else scadenzario.nome_organo(uno.a, nomi))
            for uno in una.solleciti or SOLLECITI
        ],
        solleciti_propri=bool(una.solleciti),
        scritto=scritto or {"specie": una.specie_prova or ""},
        errori=errori,
        sbagli=dict(errori),
        numero=storia[0].numero + 1 if storia else 1,
        puo_scrivere=puo_scrivere,
        puo_debito=visita.puo("debito.vedi"),
        puo_sedute=visita.puo("sedute.vedi"),
        proprio=una.codice.removeprefix(PROPRIO) if una.origine == "ambito" else "",
        base=base(),
        qui=_indirizzo(una),
    )  # fmt: skip


async def _titolo_di(codice: str, anno: int) -> str:
    try:
        return (await scadenzario.istanza(codice, anno)).titolo
    except NonTrovato:
        return codice


@get(
    "/{ambito:str}/adempimenti/{codice:str}/{anno:int}",
    opt={"permesso": "adempimenti.vedi", "unita": "lettura"},
)
async def uno(request: Richiesta, codice: FromPath[str], anno: FromPath[int]) -> Template:
    """One deadline: its source, how its day was computed, what was done."""
    return await _una(request, await scadenzario.istanza(codice, anno))


def _numero(testo: str) -> int | None:
    return int(testo) if testo.isascii() and testo.isdigit() and len(testo) < 10 else None


@post(
    "/{ambito:str}/adempimenti/{codice:str}/{anno:int}",
    opt={"permesso": "adempimenti.scrivi"},
    status_code=200,
)
async def segna(
    request: Richiesta, codice: FromPath[str], anno: FromPath[int], data: Modulo
) -> Template | Redirect:
    """Write down that it was done, that it is not due, or that what was written is wrong."""
    una = await scadenzario.istanza(codice, anno)
    lettura = Lettura(data)
    esito = lettura.scritto.get("esito", "")
    if esito not in ("fatto", "non_dovuto", "riaperto"):
        raise DatiNonValidi("Scegli che cosa scrivere di questa scadenza.")
    numero = lettura.scritto.get("numero", "")
    giorno: date | None = oggi()
    specie: SpecieProva | None = None
    if esito == "fatto":
        giorno = lettura.giorno("giorno", "Scrivi il giorno in cui è stato fatto, come 31/03/2027.")
        try:
            specie = SpecieProva(lettura.scritto.get("specie", ""))
        except ValueError:
            lettura.errori["specie"] = "Scegli che cosa lo prova."
        del_file = specie is SpecieProva.FLUSSO
        scelto = specie is SpecieProva.ATTO and bool(lettura.scritto.get("deliberazione"))
        prova = lettura.testo(
            "prova", 300, "" if del_file or scelto else "Scrivi quale atto o documento."
        )
        if del_file and not lettura.scritto.get("esportazione"):
            lettura.errori["esportazione"] = "Scegli il file."
        elif prova and not (del_file or scelto) and len(prova) < 3:
            lettura.errori["prova"] = (
                "Scrivi quale atto o documento: bastano organo, numero e data."
            )
    else:
        campo = f"motivo-{esito}"
        prova = lettura.testo(campo, 300, "Scrivi il motivo.")
        if prova and len(prova) < 3:
            lettura.errori[campo] = "Scrivi il motivo con qualche parola in più."
    if lettura.errori or giorno is None:
        return await _una(request, una, lettura.scritto, list(lettura.errori.items()), 422)
    try:
        await scadenzario.segna(
            codice, anno, esito=cast(Esito, esito), giorno=giorno, prova=prova, specie=specie,
            esportazione=lettura.scritto.get("esportazione") or None,
            deliberazione=_numero(lettura.scritto.get("deliberazione", "")),
            numero=int(numero) if numero.isascii() and numero.isdigit() and len(numero) < 4 else 0,
        )  # fmt: skip
    except ErroreCapofila as rifiuto:
        if rifiuto.stato >= 500:
            raise
        campo = "giorno" if isinstance(rifiuto, DatiNonValidi) and esito == "fatto" else ""
        errori = [(campo, rifiuto.messaggio)]
        return await _una(request, una, lettura.scritto, errori, rifiuto.stato)
    parole = {"fatto": "segnata come fatta", "non_dovuto": "segnata come non dovuta",
              "riaperto": "di nuovo aperta"}[esito]  # fmt: skip
    await aggiungi_messaggio("riuscito", f"La scadenza è {parole}.")
    return Redirect(_indirizzo(una), status_code=303)


# The ambito's own.


async def _nuovo(
    request: Richiesta, scritto: Mapping[str, str], errori: Errori = (), stato: int = 200
) -> Template:
    anno = scritto.get("anno", "")
    quale = int(anno) if anno.isascii() and anno.isdigit() and len(anno) == 4 else oggi().year
    pagina = costruisci_pagina(
        request, "Nuova scadenza dell’ambito", briciole=[("Scadenze", base())],
        sommario="Un termine che nessun plugin dichiara: dato dal Piano di Zona, o da un atto dell’ambito.",
        con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "governo/adempimento_nuovo.html",
        pagina,
        stato=stato,
        scritto=scritto,
        errori=errori,
        sbagli=dict(errori),
        organi=sorted((await scadenzario.organi_noti()).items(), key=lambda c: c[1]),
        flussi=await scadenzario.flussi_dell_anno(quale),
        parti=[*PARTI.items()][1:],
        base=base(),
    )


@get("/{ambito:str}/adempimenti/nuovo", opt={"permesso": "adempimenti.scrivi", "unita": "lettura"})
async def nuovo(request: Richiesta) -> Template:
    """The form of a deadline of the ambito's own; the address may name the flow."""
    anno = anno_richiesto(request) if "anno" in request.query_params else oggi().year
    flussi = dict(await scadenzario.flussi_dell_anno(anno))
    flusso = request.query_params.get("flusso", "")[:80]
    scritto = {"anno": str(anno), "organo": scadenzario.UFFICIO, "preavvisi": "30, 7"}
    if flusso in flussi:
        scritto |= {"flusso": flusso, "titolo": f"Invio: {flussi[flusso]}, {anno}"[:160]}
    return await _nuovo(request, scritto)


@post("/{ambito:str}/adempimenti/nuovo", opt={"permesso": "adempimenti.scrivi"}, status_code=200)
async def aggiungi(request: Richiesta, data: Modulo) -> Template | Redirect:
    """Write it down, or say why not."""
    lettura = Lettura(data)
    titolo = lettura.testo("titolo", 160, "Scrivi che cosa va fatto.")
    fonte = lettura.testo("fonte", 300, "Scrivi l’atto che dà il termine.")
    for campo, testo in (("titolo", titolo), ("fonte", fonte)):
        if testo and len(testo) < 3:
            lettura.errori[campo] = "Scrivi qualche parola in più."
    organo = lettura.testo("organo", 80, "Scegli l’organo responsabile.")
    giorno = lettura.giorno("giorno", "Scrivi il giorno, come 30/06/2027.")
    anno = lettura.testo("anno", 4, "Scrivi l’anno a cui si riferisce.")
    if anno and not (anno.isascii() and anno.isdigit() and len(anno) == 4):
        lettura.errori["anno"] = "L’anno si scrive con quattro cifre, come 2027."
    preavvisi = lettura.testo("preavvisi", 60)
    giorni = [parte.strip() for parte in preavvisi.split(",") if parte.strip()]
    if not all(parte.isascii() and parte.isdigit() and int(parte) <= 366 for parte in giorni):
        lettura.errori["preavvisi"] = (
            "I preavvisi sono giorni, da 0 a 366, con una virgola in mezzo."
        )
    flusso = lettura.testo("flusso", 80) or None
    parte = lettura.scritto.get("parte", "") if flusso else ""
    if parte not in PARTI:
        lettura.errori["parte"] = "Scegli il periodo dall’elenco."
    if lettura.errori or giorno is None:
        return await _nuovo(request, lettura.scritto, list(lettura.errori.items()), 422)
    try:
        una = await scadenzario.aggiungi_termine(
            Termine(
                titolo=titolo, organo=organo, anno=int(anno), giorno=giorno, fonte=fonte,
                preavvisi=tuple(int(parte) for parte in giorni), flusso=flusso,
                periodo=(f"{anno}-{parte}" if parte else anno) if flusso else None,
            )
        )  # fmt: skip
    except DatiNonValidi as rifiuto:
        return await _nuovo(request, lettura.scritto, [("", rifiuto.messaggio)], rifiuto.stato)
    await aggiungi_messaggio("riuscito", "La scadenza è registrata.")
    return Redirect(_indirizzo(una), status_code=303)


async def _togli(request: Richiesta, id_: int, motivo: str = "", errori: Errori = ()) -> Template:
    una = await scadenzario.termine(id_)
    pagina = costruisci_pagina(
        request, "Togli la scadenza",
        briciole=[("Scadenze", base()), (una.titolo, _indirizzo(una))], con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request, "governo/adempimento_togli.html", pagina, stato=422 if errori else 200, una=una,
        motivo=motivo, errori=errori, sbagli=dict(errori), qui=_indirizzo(una),
        azione=f"{base()}/propri/{id_}/togli",
    )  # fmt: skip


@get(
    "/{ambito:str}/adempimenti/propri/{id_:int}/togli",
    opt={"permesso": "adempimenti.scrivi", "unita": "lettura"},
)
async def chiedi_di_togliere(request: Richiesta, id_: FromPath[int]) -> Template:
    """Ask before a deadline of the ambito's own is taken away."""
    return await _togli(request, id_)


@post(
    "/{ambito:str}/adempimenti/propri/{id_:int}/togli",
    opt={"permesso": "adempimenti.scrivi"},
    status_code=200,
)
async def togli(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Take it away, with the reason."""
    lettura = Lettura(data)
    motivo = lettura.testo("motivo", 300, "Scrivi il motivo.")
    if motivo and len(motivo) < 3:
        lettura.errori["motivo"] = "Scrivi il motivo con qualche parola in più."
    if lettura.errori:
        return await _togli(request, id_, motivo, list(lettura.errori.items()))
    await scadenzario.togli_termine(id_, motivo)
    await aggiungi_messaggio("riuscito", "La scadenza è tolta; resta scritto il motivo.")
    return Redirect(base(), status_code=303)


# Whom to warn.


async def _recapiti(
    request: Richiesta, scritti: Mapping[str, tuple[str, str]], errori: Errori = ()
) -> Template:
    nomi = await scadenzario.organi_noti()
    organi = [("responsabile", "Responsabile dell’Ufficio di Piano"), *sorted(
        ((f"organo-{codice}", nome) for codice, nome in nomi.items()), key=lambda c: c[1]
    )]  # fmt: skip
    pagina = costruisci_pagina(
        request, "Chi avvisare", briciole=[("Scadenze", base())], con_errori=bool(errori),
        sommario="L’ufficio a cui si scrive per le scadenze di ogni organo.",
    )  # fmt: skip
    return rispondi(
        request, "governo/adempimenti_recapiti.html", pagina, stato=422 if errori else 200,
        organi=organi, scritti=scritti, errori=errori, sbagli=dict(errori),
        cadenze=[*avvisi.CADENZE.items()], configurata=posta.configurata(), base=base(),
    )  # fmt: skip


def _campo(organo: str) -> str:
    return "responsabile" if organo == RESPONSABILE else f"organo-{organo}"


@get(
    "/{ambito:str}/adempimenti/recapiti",
    opt={"permesso": "adempimenti.scrivi", "unita": "lettura"},
)
async def recapiti(request: Richiesta) -> Template:
    """The addresses that are held."""
    tenuti = await avvisi.recapiti()
    return await _recapiti(
        request, {_campo(organo): (uno.email, uno.cadenza) for organo, uno in tenuti.items()}
    )


@post("/{ambito:str}/adempimenti/recapiti", opt={"permesso": "adempimenti.scrivi"}, status_code=200)
async def scrivi_recapiti(request: Richiesta, data: Modulo) -> Template | Redirect:
    """Keep the addresses; one that is none is told at its body, and nothing is kept."""
    scritti: dict[str, tuple[str, str]] = {}
    nuovi: dict[str, avvisi.Recapito | None] = {}
    errori: list[tuple[str, str]] = []
    nomi = {RESPONSABILE: "Responsabile dell’Ufficio di Piano"} | await scadenzario.organi_noti()
    for organo, nome in nomi.items():
        campo = _campo(organo)
        if campo not in data:
            continue
        email = data[campo].replace("\0", "").strip()[:250]
        cadenza: avvisi.Cadenza = (
            "settimana" if data.get(f"cadenza-{campo}") == "settimana" else "giorno"
        )
        scritti[campo] = (email, cadenza)
        nuovi[organo] = avvisi.Recapito(email=email, cadenza=cadenza) if email else None
        if email and not posta.indirizzo_valido(email):
            errori.append(
                (campo, f"{nome}: non è un indirizzo di posta, scriverlo come ufficio@comune.it")
            )
    if errori:
        return await _recapiti(request, scritti, errori)
    await avvisi.scrivi_recapiti(nuovi)
    await aggiungi_messaggio("riuscito", "I recapiti sono salvati.")
    return Redirect(base(), status_code=303)


# The calendar feed.


async def _calendario(request: Richiesta, nuovo: str = "") -> Template:
    pagina = costruisci_pagina(
        request, "Le scadenze nel tuo calendario", briciole=[("Scadenze", base())],
        sommario="Un indirizzo segreto da cui il programma del calendario le legge e le tiene aggiornate.",
    )  # fmt: skip
    sito = impostazioni().indirizzo or str(request.base_url).rstrip("/")
    return rispondi(
        request, "governo/adempimenti_calendario.html", pagina, mio=await calendario.mio(),
        indirizzo=sito + calendario.percorso(nuovo) if nuovo else "", base=base(),
    )  # fmt: skip


@get(
    "/{ambito:str}/adempimenti/calendario", opt={"permesso": "adempimenti.vedi", "unita": "lettura"}
)
async def mio_calendario(request: Richiesta) -> Template:
    """Whether one has a feed, and how to have one."""
    return await _calendario(request)


@post("/{ambito:str}/adempimenti/calendario", opt={"permesso": "adempimenti.vedi"}, status_code=200)
async def cambia_calendario(request: Richiesta, data: Modulo) -> Template | Redirect:
    """Make a new address, which is shown this once, or end the one there is."""
    if data.get("azione") == "crea":
        return await _calendario(request, await calendario.rigenera())
    tolto = await calendario.revoca()
    await aggiungi_messaggio(
        "riuscito" if tolto else "informazione",
        "L’indirizzo del calendario non vale più."
        if tolto
        else "Non c’era un indirizzo da revocare.",
    )
    return Redirect(f"{base()}/calendario", status_code=303)


@get("/calendario/{nome:str}", opt={"permesso": "pubblico", "unita": "nessuna"})
async def feed(request: Richiesta, nome: FromPath[str]) -> Response[bytes]:
    """The feed of a secret address; unchanged, it is not sent again."""
    chi = request.client.host if request.client is not None else ""
    try:
        flusso = await calendario.apri(nome[:80], chi, traccia_corrente())
    except TroppeRichieste as errore:
        raise HTTPException(
            status_code=429, detail=errore.messaggio, headers={"Retry-After": "900"}
        ) from None
    intestazioni = {"ETag": flusso.etag, "Cache-Control": "private, max-age=3600"}
    noti = request.headers.get("if-none-match", "")
    if flusso.etag in {uno.strip().removeprefix("W/") for uno in noti.split(",")}:
        return Response(b"", status_code=304, headers=intestazioni)
    return Response(
        flusso.contenuto, media_type="text/calendar",
        headers=intestazioni | {"Content-Disposition": 'inline; filename="scadenze.ics"'},
    )  # fmt: skip


ROTTE: Final = (
    adempimenti, uno, segna, nuovo, aggiungi, chiedi_di_togliere, togli, recapiti, scrivi_recapiti,
    mio_calendario, cambia_calendario, feed,
)  # fmt: skip
