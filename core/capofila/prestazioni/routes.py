"""Pages of the prestazioni: the list, one of them, importing a file and deciding on its errors."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Request, Router, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Response, Template

from capofila.accessi.service import aggiungi_messaggio, registra_lettura
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.errori import ErroreCapofila, NonTrovato
from capofila.base.impostazioni import impostazioni
from capofila.base.visita import visita_corrente
from capofila.debito import service as debito
from capofila.hooks import Flusso
from capofila.prestazioni import (
    bozze,
    consultazione,
    guida,
    routes_domande,
    routes_minori,
    routes_modulo,
    service,
    stati,
    versioni,
)
from capofila.prestazioni.consultazione import PER_PAGINA, Filtro
from capofila.prestazioni.pagine import comuni_titolari, file_di
from capofila.prestazioni.rules import file_errori, flusso_minori, flusso_principale
from capofila.prestazioni.scheda import racconta, raggruppa
from capofila.prestazioni.service import versione_in_vigore
from capofila.territorio import service as territorio
from capofila.territorio.rules import MappaComuni
from capofila.web.contesto import (
    VoceMenu,
    anno_richiesto,
    costruisci_pagina,
    pagina_richiesta,
    rispondi,
)
from capofila.web.pagina import Colonna

MENU = (
    VoceMenu(
        titolo="Prestazioni", percorso="prestazioni", permesso="prestazioni.vedi",
        gruppo="Prestazioni sociali", icona="files", ordine=20,
    ),
    VoceMenu(
        titolo="Domande", percorso="domande", permesso="prestazioni.vedi",
        gruppo="Prestazioni sociali", icona="list", ordine=20,
    ),
    VoceMenu(
        titolo="Importazioni", percorso="importazioni", permesso="prestazioni.importa",
        gruppo="Prestazioni sociali", icona="upload", ordine=21,
    ),
    routes_minori.MENU,
    guida.MENU,
)  # fmt: skip

CARATTERI = {"periodica": "Periodica", "occasionale": "Occasionale"}
STATI_LOTTO: Final = {
    "da_decidere": ("Da decidere", "attenzione"),
    "importato": ("Importato", "buono"),
    "annullato": ("Scartato", "neutro"),
}
_COLONNE: Final = (
    Colonna("Persona"),
    Colonna("Prestazione"),
    Colonna("Comune ed ente"),
    Colonna("Periodo"),
    Colonna("Importo", tipo="numero"),
    Colonna("Quote", tipo="numero"),
    Colonna("Stato"),
)
_COLONNE_OPERAZIONI: Final = (
    Colonna("Versione", tipo="numero"),
    Colonna("Che cosa"),
    Colonna("Quando"),
    Colonna("Risposta"),
    Colonna("Invio"),
)
_COLONNE_LOTTI: Final = (
    Colonna("File"),
    Colonna("Arrivato"),
    Colonna("Stato"),
    Colonna("Righe", tipo="numero"),
    Colonna("Importate", tipo="numero"),
    Colonna("Errori", tipo="numero"),
)
_COLONNE_ERRORI: Final = (
    Colonna("Riga", tipo="numero"),
    Colonna("Colonna"),
    Colonna("Valore"),
    Colonna("Messaggio"),
)
_COLONNE_GUIDA: Final = (
    Colonna("Colonna"),
    Colonna("Che cosa contiene"),
    Colonna("Serve sempre"),
    Colonna("Valori ammessi"),
)


def _filtro(
    request: Request[Any, Any, Any], persona: str | None, flusso: str, versione: int
) -> Filtro:
    def scelto(nome: str, lunghezza: int) -> str | None:
        return (request.query_params.get(nome) or "").strip()[:lunghezza] or None

    ente = scelto("ente", 9)
    carattere = scelto("carattere", 20)
    stato = scelto("stato", 20)
    return Filtro(
        anno=anno_richiesto(request),
        comune=scelto("comune", 4),
        codice=scelto("codice", 10),
        carattere=carattere if carattere in CARATTERI else None,
        ente=int(ente) if ente and ente.isascii() and ente.isdigit() else None,
        stato=stato if stato in stati.FILTRI else None,
        flusso=flusso,
        versione=versione,
        persona=persona,
    )


async def _elenco(
    request: Request[Any, Any, Any],
    persona: str | None = None,
    *,
    scritto: str = "",
    errore: str = "",
) -> Template:
    visita = visita_corrente()
    ambito = visita.nell_ambito
    flusso = flusso_principale(await _flussi())
    versione = 0 if flusso is None else await versione_in_vigore(unita_corrente(), flusso)
    filtro = _filtro(request, persona, "" if flusso is None else flusso.id, versione)
    numero = pagina_richiesta(request)
    trovate = await consultazione.trova(filtro, numero)
    righe = trovate.righe
    dette = await stati.comunicate(filtro.flusso, [riga.id for riga in righe])
    comuni = (await territorio.mappa_comuni()).per_belfiore
    enti = await territorio.enti()
    await registra_lettura("prestazioni.elenca", "prestazione", None, righe=len(righe))
    base = f"/{ambito.slug}/prestazioni"
    pagina = costruisci_pagina(
        request, "Prestazioni sociali", con_anno=True,
        sommario=f"Prestazioni con inizio o erogazione nel {filtro.anno}.", con_errori=bool(errore),
    )  # fmt: skip
    scelte = _scelte(filtro)
    if persona is not None or errore:
        # The selectors of the page lead back to the list: a search is asked by POST only.
        pagina = dataclasses.replace(pagina, url=f"{base}?{urlencode(scelte)}")
    contesto: dict[str, Any] = {}
    if request.headers.get("hx-request") != "true":
        nomi = _nomi_codici(flusso)
        contesto = {
            "opzioni_comune": comuni_titolari(enti, comuni),
            "opzioni_codice": [
                (codice, f"{codice} {nome}".strip()) for codice, nome in nomi.items()
            ],
            "opzioni_ente": [(e.id, e.denominazione) for e in enti],
            "opzioni_carattere": list(CARATTERI.items()),
            "opzioni_stato": list(stati.FILTRI.items()),
            "un_comune": ambito.comune,
            "bozze": await bozze.quante() if visita.puo("prestazioni.scrivi") else 0,
        }  # fmt: skip
    return rispondi(
        request,
        "prestazioni/elenco.html",
        pagina,
        frammento="prestazioni/_elenco.html",
        stato=422 if errore else 200,
        filtro=filtro,
        filtrato=len(scelte) > 1,
        pulisci=f"{base}?anno={filtro.anno}" if len(scelte) > 1 else "",
        righe=righe,
        totale=trovate.totale,
        oltre=trovate.oltre,
        massimo=trovate.massimo,
        numero=numero,
        pagine=trovate.pagine,
        per_pagina=PER_PAGINA,
        comuni=comuni,
        enti={ente.id: ente for ente in enti},
        colonne=_COLONNE,
        base=base,
        cerca=f"{base}/cerca?{urlencode(scelte)}",
        persona=scritto or persona or "",
        errore_persona=errore,
        importazioni=f"/{ambito.slug}/importazioni",
        importa=visita.puo("prestazioni.importa"),
        scrivi=visita.puo("prestazioni.scrivi"),
        stati={
            riga.id: stati.STATI[stati.stato_di(riga.in_vigore, dette.get(riga.id))]
            for riga in righe
        },
        versione=versione,
        **contesto,
    )


def _scelte(filtro: Filtro) -> dict[str, object]:
    """The filter as it stands in an address: never the person."""
    scelte = {
        "anno": filtro.anno, "comune": filtro.comune, "codice": filtro.codice,
        "carattere": filtro.carattere, "ente": filtro.ente, "stato": filtro.stato,
    }  # fmt: skip
    return {nome: valore for nome, valore in scelte.items() if valore is not None}


def _nomi_codici(flusso: Flusso | None) -> Mapping[str, str]:
    campo = None if flusso is None else flusso.campi_per_nome.get("codice_prestazione")
    return (campo and campo.codici) or {}


@get("/{ambito:str}/prestazioni", opt={"permesso": "prestazioni.vedi"}, name="prestazioni")
async def elenco(request: Request[Any, Any, Any]) -> Template:
    """The list, filtered by what the address says."""
    return await _elenco(request)


@get("/{ambito:str}/prestazioni/cerca", opt={"permesso": "prestazioni.vedi", "unita": "nessuna"})
async def torna_all_elenco(request: Request[Any, Any, Any]) -> Redirect:
    """The address of a search, opened by itself: the search is not in it, the list is."""
    ambito = visita_corrente().nell_ambito
    query = f"?{request.url.query}" if request.url.query else ""
    return Redirect(f"/{ambito.slug}/prestazioni{query}", status_code=303)


@post("/{ambito:str}/prestazioni/cerca", opt={"permesso": "prestazioni.vedi"}, status_code=200)
async def cerca(
    request: Request[Any, Any, Any],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template:
    """The list for one person: asked by POST, so that no name stands in an address."""
    persona = (data.get("persona") or "").strip()[:60]
    if len(persona) < 2:
        return await _elenco(
            request,
            scritto=persona,
            errore="Scrivi almeno due lettere del cognome, o tutto il codice fiscale.",
        )
    return await _elenco(request, persona)


@get(
    "/{ambito:str}/prestazioni/modello.csv",
    opt={"permesso": "prestazioni.vedi", "unita": "lettura"},
)
async def modello(request: Request[Any, Any, Any]) -> Response[bytes]:
    """An empty file with the header, for the spreadsheet."""
    flusso = flusso_principale(await _flussi())
    if flusso is None:
        raise NonTrovato("Nessun flusso attivo in questo ambito dice quali colonne servono.")
    testo = ";".join(campo.nome for campo in flusso.campi) + "\r\n"
    return Response(
        ("\ufeff" + testo).encode(),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="prestazioni.csv"'},
    )


@get("/{ambito:str}/prestazioni/{id_:int}", opt={"permesso": "prestazioni.vedi"})
async def una(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """One prestazione with its story; that it was read is written in the audit."""
    prestazione = await consultazione.dettaglio(id_)
    await registra_lettura("prestazioni.consulta", "prestazione", str(id_))
    visita = visita_corrente()
    ambito = visita.nell_ambito
    flusso = flusso_principale(await _flussi())
    comuni = await territorio.mappa_comuni()
    storia = await versioni.storia(id_)
    ids = [versione["id"] for versione in storia]
    sigla = "" if flusso is None else flusso.id
    dette = await stati.comunicate(sigla, [id_])
    operazioni = await stati.operazioni_di(sigla, ids)
    in_vigore = prestazione["sostituita_lotto"] is None
    pagina = costruisci_pagina(
        request, f"{prestazione['cognome']} {prestazione['nome']}",
        sommario=f"{prestazione['codice_prestazione']} "
        f"{prestazione['denominazione_prestazione'] or ''}".strip(),
        briciole=[("Prestazioni", f"/{ambito.slug}/prestazioni")],
        aggiornato_il=prestazione["caricato_il"],
    )  # fmt: skip
    return rispondi(
        request,
        "prestazioni/una.html",
        pagina,
        prestazione=prestazione,
        gruppi=raggruppa(prestazione, flusso, comuni),
        file=file_di(prestazione),
        in_vigore=in_vigore,
        stato_record=stati.stato_di(in_vigore, dette.get(id_)),
        stati=stati.STATI,
        detta=dette.get(id_),
        da_ricontrollare=await _da_ricontrollare(prestazione, flusso),
        versioni=await _storia(storia, flusso, comuni),
        operazioni=operazioni,
        colonne_operazioni=_COLONNE_OPERAZIONI,
        destinatario="INPS" if flusso is None else flusso.destinatario,
        puo_scrivere=visita.puo("prestazioni.scrivi"),
        minori=f"/{ambito.slug}/minori" if visita.puo("minori.scrivi") else "",
        debito=f"/{ambito.slug}/debito" if visita.puo("debito.vedi") else "",
        base=f"/{ambito.slug}/prestazioni",
        importazioni=f"/{ambito.slug}/importazioni",
    )


async def _da_ricontrollare(prestazione: Mapping[str, Any], flusso: Flusso | None) -> bool:
    if flusso is None or prestazione["come_ricevuto"] or prestazione["sostituita_lotto"]:
        return False
    versione = await versione_in_vigore(unita_corrente(), flusso)
    return bool(prestazione["conforme_a"] != versione)


async def _storia(
    storia: list[dict[str, Any]], flusso: Flusso | None, comuni: MappaComuni
) -> list[dict[str, Any]]:
    lette = await versioni.leggi_tutte([versione["id"] for versione in storia])
    righe = {riga["id"]: riga | {"ente_erogatore": riga["nome_ente"]} for riga in lette}
    complete = [
        versione | {"lotto_id": righe[versione["id"]]["lotto_id"], "valori": righe[versione["id"]]}
        for versione in storia
    ]
    return racconta(complete, flusso, comuni)


# --- importing ----------------------------------------------------------------------------------


@get("/{ambito:str}/importazioni", opt={"permesso": "prestazioni.importa"})
async def importazioni(request: Request[Any, Any, Any]) -> Template:
    """The files brought in, and the form for another."""
    await service.pulisci_scaduti()
    return await _importazioni(request)


async def _importazioni(
    request: Request[Any, Any, Any],
    errore: str = "",
    stato: int = 200,
    *,
    gia_inviate: bool = False,
) -> Template:
    ambito = visita_corrente().nell_ambito
    numero = pagina_richiesta(request)
    lotti = await consultazione.lotti(numero)
    attivi = await plugin_attivi()
    flusso = flusso_principale({flusso.id: flusso for flusso in attivi.flussi()})
    pagina = costruisci_pagina(
        request, "Importazioni", con_errori=bool(errore),
        sommario="Porta qui le prestazioni da un foglio o dal flusso di un altro programma.",
    )  # fmt: skip
    return rispondi(
        request,
        "prestazioni/importazioni.html",
        pagina,
        stato=stato,
        lotti=lotti[:PER_PAGINA],
        altri=len(lotti) > PER_PAGINA,
        numero=numero,
        errore=errore,
        gia_inviate=gia_inviate,
        destinatario="INPS" if flusso is None else flusso.destinatario,
        massimo=impostazioni().carico_massimo_mb,
        base=f"/{ambito.slug}/importazioni",
        modello=f"/{ambito.slug}/prestazioni/modello.csv",
        modello_minori=""
        if flusso_minori({flusso.id: flusso for flusso in attivi.flussi()}) is None
        else f"/{ambito.slug}/minori/modello.csv",
        campi=() if flusso is None else flusso.campi,
        lettori=[lettore.denominazione for lettore in attivi.lettori()],
        stati=STATI_LOTTO,
        colonne=_COLONNE_LOTTI,
        colonne_guida=_COLONNE_GUIDA,
        un_comune=ambito.comune,
    )


@post("/{ambito:str}/importazioni", opt={"permesso": "prestazioni.importa"}, status_code=200)
async def importa(
    request: Request[Any, Any, Any],
    data: Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Template | Redirect:
    """Bring a file in; what is wrong with it is shown in place.

    A file of which nothing was kept is answered 422, with the page of what is wrong with it.
    """
    ambito = visita_corrente().nell_ambito
    file = data.get("file")
    gia_inviate = data.get("gia_inviate") == "si"
    if not isinstance(file, UploadFile) or not file.filename:
        return await _importazioni(
            request, "Scegli un file da importare.", 422, gia_inviate=gia_inviate
        )
    contenuto = await file.read()
    try:
        esito = await service.importa(
            service.FileRicevuto(_nome_file(file.filename), contenuto),
            await _flussi(),
            service.Opzioni(comune=ambito.comune, gia_inviate=gia_inviate),
        )
    except ErroreCapofila as errore:
        if errore.stato >= 500:
            raise
        return await _importazioni(request, errore.messaggio, errore.stato, gia_inviate=gia_inviate)
    if esito.stato == "da_decidere" and esito.lotto is not None:
        return await _lotto(request, esito.lotto, 422)
    if esito.stato == "gia_importato":
        await aggiungi_messaggio(
            "informazione", "Questo file era già stato importato: nulla è cambiato."
        )
    elif esito.stato == "importato":
        await aggiungi_messaggio("riuscito", await _importate(esito))
    return Redirect(f"/{ambito.slug}/importazioni/{esito.lotto}", status_code=303)


@get("/{ambito:str}/importazioni/{id_:int}", opt={"permesso": "prestazioni.importa"})
async def un_lotto(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """One file: what was found, and the choice when it has errors."""
    return await _lotto(request, id_)


async def _lotto(request: Request[Any, Any, Any], id_: int, stato: int = 200) -> Template:
    ambito = visita_corrente().nell_ambito
    lotto, errori, avvisi = await consultazione.lotto(id_)
    numero = pagina_richiesta(request)
    minori = flusso_minori(await _flussi())
    di_minori = minori is not None and lotto.flusso == minori.id
    pagina = costruisci_pagina(
        request, lotto.nome_file, briciole=[("Importazioni", f"/{ambito.slug}/importazioni")],
        aggiornato_il=lotto.deciso_il or lotto.caricato_il, con_errori=stato >= 400,
    )  # fmt: skip
    return rispondi(
        request,
        "prestazioni/lotto.html",
        pagina,
        frammento="prestazioni/_errori.html",
        stato=stato,
        tieni=stato == 422,
        lotto=lotto,
        errori=errori[(numero - 1) * PER_PAGINA : numero * PER_PAGINA],
        trattenuti=len(errori),
        avvisi=avvisi[:PER_PAGINA],
        avvisi_totali=len(avvisi),
        numero=numero,
        pagine=max(1, -(-len(errori) // PER_PAGINA)),
        per_pagina=PER_PAGINA,
        stati=STATI_LOTTO,
        colonne_errori=_COLONNE_ERRORI,
        **await _spiegazioni(lotto.flusso),
        **await _gia_inviate(lotto),
        base=f"/{ambito.slug}/importazioni/{id_}",
        prestazioni=f"/{ambito.slug}/{'minori' if di_minori else 'prestazioni'}",
        di_minori=di_minori,
    )


async def _spiegazioni(flusso: str) -> dict[str, Any]:
    """Where the rules and the columns of a flow are explained; nothing when it is not active."""
    try:
        scelta = await guida.scegli(flusso)
    except NonTrovato:
        return {
            "regole_note": (), "colonne_note": (), "pagina_regole": "", "pagina_colonne": "",
        }  # fmt: skip
    return {
        "regole_note": {voce.codice for voce in scelta.voci},
        "colonne_note": scelta.flusso.campi_per_nome,
        **guida.indirizzi(scelta.flusso),
    }


async def _gia_inviate(lotto: consultazione.LottoVisto) -> dict[str, Any]:
    """Whose the records may be already, and whether the file can be marked so."""
    flusso = (await _flussi()).get(lotto.flusso)
    return {
        "destinatario": "INPS" if flusso is None else flusso.destinatario,
        "si_segna": lotto.stato == "importato" and lotto.importate > 0
        and flusso is not None and flusso.operazione is not None,
    }  # fmt: skip


@post("/{ambito:str}/importazioni/{id_:int}/gia-inviate", opt={"permesso": "prestazioni.importa"})
async def gia_inviate(
    id_: FromPath[int],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Say that the receiver has the records of a file, or that it has not after all."""
    togli = data.get("azione") == "annulla"
    quante, flusso = await debito.gia_inviate_del_file(id_, togli=togli)
    detto = (
        "sono di nuovo da comunicare: partono con il prossimo invio."
        if togli
        else f"risultano già inviate: {flusso.destinatario} le ha, e il prossimo invio le lascia."
    )
    cosa = "1 prestazione" if quante == 1 else f"{quante:,} prestazioni".replace(",", ".")
    await aggiungi_messaggio("riuscito", f"{cosa} del file {detto}")
    return Redirect(f"/{visita_corrente().nell_ambito.slug}/importazioni/{id_}", status_code=303)


@post("/{ambito:str}/importazioni/{id_:int}/decidi", opt={"permesso": "prestazioni.importa"})
async def decidi(
    request: Request[Any, Any, Any],
    id_: FromPath[int],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Keep the good rows of a file, or throw it away."""
    ambito = visita_corrente().nell_ambito
    tieni = data.get("azione") == "tieni"
    esito = await service.decidi(id_, await _flussi(), tieni_valide=tieni, comune=ambito.comune)
    if tieni:
        await aggiungi_messaggio("riuscito", await _importate(esito))
        return Redirect(f"/{ambito.slug}/importazioni/{esito.lotto}", status_code=303)
    await aggiungi_messaggio("informazione", "Il file è stato scartato: nulla è stato importato.")
    return Redirect(f"/{ambito.slug}/importazioni", status_code=303)


@get("/{ambito:str}/importazioni/{id_:int}/errori.csv", opt={"permesso": "prestazioni.importa"})
async def errori_csv(request: Request[Any, Any, Any], id_: FromPath[int]) -> Response[bytes]:
    """The errors as a file, to correct the source row by row."""
    _, errori, _ = await consultazione.lotto(id_)
    await registra_lettura("prestazioni.scarica_errori", "lotto", str(id_))
    return Response(
        file_errori(errori),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="errori-{id_}.csv"'},
    )


async def _flussi() -> dict[str, Flusso]:
    return {flusso.id: flusso for flusso in (await plugin_attivi()).flussi()}


def _nome_file(nome: str) -> str:
    """The name without a path, however the browser sends it."""
    return nome.replace("\\", "/").rsplit("/", 1)[-1][-255:] or "file"


async def _importate(esito: service.EsitoImportazione) -> str:
    minori = flusso_minori(await _flussi())
    una, tante = (
        ("scheda", "schede")
        if minori is not None and esito.flusso == minori.id
        else ("prestazione", "prestazioni")
    )
    if esito.importate == 1:
        return f"È stata importata 1 {una}."
    return f"Sono state importate {esito.importate:,} {tante}.".replace(",", ".")


router = Router(
    path="/",
    route_handlers=[
        elenco, torna_all_elenco, cerca, modello, una, importazioni, importa, un_lotto, decidi,
        gia_inviate,
        errori_csv, guida.regole, guida.colonne, *routes_modulo.GESTORI,
        *routes_domande.GESTORI, *routes_minori.GESTORI,
    ],
)  # fmt: skip
