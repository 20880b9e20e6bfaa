"""Pages of the debito informativo: flows, files, progress, manifest, download, sending."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Response, Stream, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.archivio import archivio
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, ErroreCapofila
from capofila.base.impostazioni import impostazioni
from capofila.base.lavori import stato as stato_lavoro
from capofila.base.visita import visita_corrente
from capofila.debito import (
    esiti,
    responsabili,
    routes_completezza,
    routes_differenze,
    routes_esiti,
    routes_pdnd,
    routes_registro,
    service,
)
from capofila.debito.parti import zip_a_flusso
from capofila.debito.rules import MEGABYTE, Taglio, periodi_dell_anno, periodo, taglio
from capofila.debito.service import STATI
from capofila.hooks import Flusso, ProspettoSpesa
from capofila.spesa import service as spesa
from capofila.spesa.service import Scheda
from capofila.territorio import service as territorio
from capofila.web.contesto import (
    VoceMenu,
    anno_richiesto,
    costruisci_pagina,
    pagina_richiesta,
    rispondi,
)
from capofila.web.formati import periodo as periodo_in_parole
from capofila.web.pagina import Colonna

MENU = (
    VoceMenu(
        titolo="Debito informativo", percorso="debito", permesso="debito.vedi",
        gruppo="Prestazioni sociali", icona="file-signed", ordine=30,
    ),
    VoceMenu(
        titolo="Completezza", percorso="debito/completezza", permesso="debito.completezza",
        gruppo="Prestazioni sociali", icona="chart-line", ordine=31,
    ),
    VoceMenu(
        titolo="Trasmissioni", percorso="debito/trasmissioni", permesso="debito.vedi",
        gruppo="Prestazioni sociali", icona="note", ordine=32,
    ),
    VoceMenu(
        titolo="Trasmissione PDND", percorso="debito/pdnd", permesso="debito.vedi",
        gruppo="Prestazioni sociali", icona="exchange-circle", ordine=33,
    ),
)  # fmt: skip

PER_PAGINA = 50
CANALI: Final = {
    "portale": "Portale del destinatario", "pec": "PEC",
    "pdnd": "PDND: il destinatario prende le prestazioni una a una", "altro": "Altro",
}  # fmt: skip
_COLONNE: Final = (
    Colonna("File"),
    Colonna("Periodo"),
    Colonna("Ente mittente"),
    Colonna("Stato"),
    Colonna("Da inserire", tipo="numero"),
    Colonna("Da cancellare", tipo="numero"),
    Colonna("Dimensione", tipo="numero"),
    Colonna("Richiesto"),
)
_COLONNE_AVVISI: Final = (Colonna("Che cosa"), Colonna("Righe", tipo="numero"))
_COLONNE_INVII: Final = (
    Colonna("Inviato"),
    Colonna("Canale"),
    Colonna("Protocollo"),
    Colonna("Responsabile"),
    Colonna("Registrato da"),
    Colonna("Bloccato fino al"),
)
_COLONNE_PARTI: Final = (
    Colonna("File"),
    Colonna("Righe", tipo="numero"),
    Colonna("Beneficiari", tipo="numero"),
    Colonna("Dimensione", tipo="numero"),
    Colonna("Impronta SHA-256"),
)
MODI: Final = (
    ("variazioni", "Solo le variazioni", "Quello che il destinatario non sa ancora: le prestazioni "
     "nuove, quelle corrette (prima la cancellazione, poi il nuovo inserimento) e quelle eliminate. "
     "È la scelta giusta quasi sempre."),
    ("completa", "Tutto, di nuovo", "Tutte le prestazioni in vigore nel periodo, anche quelle che il "
     "destinatario ha già: le scarterebbe come doppie. Serve solo se te lo chiede, per esempio "
     "perché ha perso i dati."),
)  # fmt: skip


@get("/{ambito:str}/debito", opt={"permesso": "debito.vedi", "unita": "lettura"})
async def elenco(request: Request[Any, Any, Any]) -> Template:
    """The flows of the ambito and the files made so far."""
    return await _elenco(request)


async def _elenco(
    request: Request[Any, Any, Any],
    errore: str = "",
    stato: int = 200,
    modulo: dict[str, str] | None = None,
) -> Template:
    visita = visita_corrente()
    ambito = visita.nell_ambito
    numero = pagina_richiesta(request)
    flussi = (await plugin_attivi()).flussi()
    anno = anno_richiesto(request)
    tavole = await service.prospetti_noti(anno)
    da_chiedere: list[service.Dichiarato] = [*flussi, *tavole]
    mittenti = [
        (e.codice, f"{e.denominazione} (per l'ambito)" if e.mittente else e.denominazione)
        for e in sorted(await territorio.enti(), key=lambda e: not e.mittente)
        if e.codice
    ]
    nomi_flusso = {
        uno.id: uno.denominazione for uno in (*await service.prospetti_noti(), *da_chiedere)
    }

    def scelto(nome: str, tra: Iterable[str | None]) -> str | None:
        valore = request.query_params.get(nome, "")[:40]
        return valore if valore in tra else None

    filtro = service.Filtro(
        flusso=scelto("flusso", nomi_flusso),
        stato=scelto("stato", STATI),
        ente=scelto("ente", [codice for codice, _ in mittenti]),
    )
    esportazioni = await service.esportazioni(PER_PAGINA + 1, (numero - 1) * PER_PAGINA, filtro)
    pagina = costruisci_pagina(
        request, "Debito informativo", con_anno=True, con_errori=bool(errore),
        sommario="I file che l'ambito deve a INPS, Regione, ISTAT e ATS, sigillati con la prova.",
        aggiornato_il=esportazioni[0].richiesta_il if esportazioni else None,
    )  # fmt: skip
    puo_esportare = visita.puo("debito.esporta")
    return rispondi(
        request,
        "debito/elenco.html",
        pagina,
        frammento="debito/_elenco.html",
        stato=stato,
        esportazioni=esportazioni[:PER_PAGINA],
        altre=len(esportazioni) > PER_PAGINA,
        numero=numero,
        flussi=flussi,
        prospetti=tavole,
        da_chiedere=[(uno.id, uno.denominazione) for uno in da_chiedere],
        nomi_flusso=nomi_flusso,
        enti=mittenti,
        filtro=filtro,
        filtrato=filtro != service.Filtro(),
        anno=anno,
        errore=errore,
        modulo={"flusso": "", "periodo": str(anno), "ente": "", "escludi_errate": "",
                "modo": "variazioni", "taglio": "", "massimo_mb": "", "massimo_beneficiari": ""}
        | (modulo or {}),
        modi=MODI,
        tagli=await _tagli(flussi) if puo_esportare else (),
        periodi=[(nome, periodo_in_parole(nome).capitalize()) for nome in periodi_dell_anno(anno)],
        stati=STATI,
        opzioni_stato=[(nome, parole) for nome, (parole, _) in STATI.items()],
        colonne=_COLONNE,
        base=f"/{ambito.slug}/debito",
        puo_esportare=puo_esportare,
    )  # fmt: skip


async def _tagli(flussi: Iterable[Flusso]) -> list[tuple[str, str, str]]:
    """The choices of the size; the first says what was chosen the last time, flow by flow."""
    ultimi = [(flusso, await service.taglio_scelto(flusso.id)) for flusso in flussi]
    divisi = [f"{flusso.denominazione}: {misura(uno)}" for flusso, uno in ultimi if uno.divide]
    return [
        ("", "Come l'ultima volta", "; ".join(divisi) + "." if divisi else "Un solo file."),
        ("intero", "Un solo file", ""),
        ("dividi", "Più file, ciascuno entro una misura", "Scrivi qui sotto almeno un limite. Una "
         "persona non si divide mai tra due file. La scelta resta per le prossime volte."),
    ]  # fmt: skip


def misura(uno: Taglio) -> str:
    """A size in words."""
    parole = []
    if uno.massimo_byte is not None:
        parole.append(f"{uno.massimo_byte / MEGABYTE:g} MB".replace(".", ","))
    if uno.massimo_beneficiari is not None:
        parole.append(f"{uno.massimo_beneficiari} beneficiari")
    return "al massimo " + " e ".join(parole)


def _taglio(data: dict[str, str]) -> Taglio | None:
    scelta = data.get("taglio") or ""
    if scelta == "intero":
        return Taglio()
    if scelta != "dividi":
        return None
    letto = taglio(
        (data.get("massimo_mb") or "")[:20], (data.get("massimo_beneficiari") or "")[:20]
    )
    if not letto.divide:
        raise DatiNonValidi(
            "Per avere più file scrivi quanti megabyte o quanti beneficiari al più."
        )
    return letto


@post("/{ambito:str}/debito", opt={"permesso": "debito.esporta"}, status_code=200)
async def chiedi(
    request: Request[Any, Any, Any],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """Ask for a file; the page of the file follows its progress."""
    ambito = visita_corrente().nell_ambito
    try:
        quando = periodo((data.get("periodo") or "")[:10])
        esportazione = await service.chiedi_esportazione(
            await service.dichiarato((data.get("flusso") or "")[:40], quando),
            quando,
            ente=(data.get("ente") or "").strip()[:200] or None,
            escludi_errate=data.get("escludi_errate") == "si",
            completa=data.get("modo") == "completa",
            taglio=_taglio(data),
            nuova=data.get("nuova") == "si",
        )
    except ErroreCapofila as errore:
        if errore.stato >= 500:
            raise
        return await _elenco(request, errore.messaggio, errore.stato, dict(data))
    return Redirect(f"/{ambito.slug}/debito/{esportazione.id}", status_code=303)


@get("/{ambito:str}/debito/{id_:uuid}", opt={"permesso": "debito.vedi", "unita": "lettura"})
async def una(request: Request[Any, Any, Any], id_: FromPath[UUID]) -> Template:
    """One file: its state and progress, its manifest, what can be done with it."""
    visita = visita_corrente()
    ambito = visita.nell_ambito
    esportazione = await service.esportazione(id_)
    lavoro = await stato_lavoro(UUID(esportazione.lavoro)) if esportazione.lavoro else None
    pubblica = (
        await stato_lavoro(UUID(esportazione.pubblicazione)) if esportazione.pubblicazione else None
    )
    # What can be waited for or restarted: the writing of the file, then its publishing.
    lavoro = pubblica if esportazione.stato == "in_pubblicazione" else lavoro
    in_corso = esportazione.stato in ("in_preparazione", "in_pubblicazione")
    manifesto: dict[str, Any] | None = None
    if esportazione.sha256:
        manifesto = await service.manifesto_di(id_)
    flussi = {flusso.id: flusso for flusso in (await plugin_attivi()).flussi()}
    flusso: Flusso | ProspettoSpesa | None = flussi.get(esportazione.flusso)
    schede: list[Scheda] = []
    if esportazione.prospetto:
        anno = int(esportazione.periodo[:4])
        suoi = {uno.id: uno for uno in await service.prospetti_noti(anno)}
        flusso = suoi.get(esportazione.flusso)
        schede = await spesa.schede(anno)
    pagina = costruisci_pagina(
        request, esportazione.nome_flusso,
        briciole=[("Debito informativo", f"/{ambito.slug}/debito")],
        aggiornato_il=esportazione.sigillata_il or esportazione.richiesta_il,
    )  # fmt: skip
    return rispondi(
        request,
        "debito/una.html",
        pagina,
        frammento="debito/_stato.html",
        esportazione=esportazione,
        lavoro=lavoro,
        in_corso=in_corso and lavoro and not lavoro.finito,
        rifiuto=pubblica.errore
        if pubblica and pubblica.stato == "respinto" and esportazione.stato == "sigillata"
        else "",
        manifesto=manifesto,
        dati_al=datetime.fromisoformat(manifesto["dati_al"]) if manifesto else None,
        flusso=flusso,
        fonti_regole={regola.codice: regola.fonte for regola in flusso.regole}
        if isinstance(flusso, Flusso)
        else {},
        stati_schede=Counter(una.stato.value for una in schede),
        rilevazione=f"/{ambito.slug}/spesa/rilevazioni/{schede[0].rilevazione_id}"
        if schede and visita.puo("spesa.vedi")
        else "",
        invii=await service.invii(id_),
        esito=await esiti.riepilogo(id_) if esportazione.stato in esiti.INVIATE else None,
        parti=await service.parti(id_) if esportazione.parti else (),
        misura=misura(Taglio(esportazione.massimo_byte, esportazione.massimo_beneficiari)),
        responsabile=await responsabili.in_carica(esportazione.flusso),
        colonne_parti=_COLONNE_PARTI,
        stati=STATI,
        canali=CANALI,
        colonne_avvisi=_COLONNE_AVVISI,
        colonne_invii=_COLONNE_INVII,
        base=f"/{ambito.slug}/debito",
        riavvia=f"/{ambito.slug}/lavori/{lavoro.id}/riavvia"
        if lavoro and lavoro.stato == "fallito" and visita.puo("lavori.riavvia")
        else "",
        puo_scaricare=visita.puo("debito.scarica"),
        puo_inviare=visita.puo("debito.invia"),
        puo_esportare=visita.puo("debito.esporta"),
        puo_esito=visita.puo("debito.esito"),
        puo_nominare=visita.puo("ambito.amministra"),
    )


@get("/{ambito:str}/debito/{id_:uuid}/file", opt={"permesso": "debito.scarica"})
async def scarica(id_: FromPath[UUID]) -> Stream:
    """The sealed file, streamed from the store; the unit of work ends before the stream."""
    dove = await service.per_scaricare(id_)
    if in_parti := await service.parti(id_):
        nome = dove.nome_file.rsplit(".", 1)[0]
        tutti = zip_a_flusso(in_parti, dove.nome_file)
        return Stream(
            _da_capo(await anext(tutti, b""), tutti),
            media_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{nome}.zip"'},
        )
    return await _a_flusso(dove)


async def _a_flusso(dove: service.Oggetto) -> Stream:
    flusso = archivio().leggi_a_flusso(dove.bucket, dove.oggetto, dove.versione)
    # A store that is down answers here, while the page can still say so.
    primo = await anext(flusso, b"")
    return Stream(
        _da_capo(primo, flusso),
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{dove.nome_file}"',
            "Content-Length": str(dove.byte),
        },
    )


@get("/{ambito:str}/debito/{id_:uuid}/parti/{numero:int}/file", opt={"permesso": "debito.scarica"})
async def scarica_parte(id_: FromPath[UUID], numero: FromPath[int]) -> Stream:
    """One of the files that a run was cut into."""
    return await _a_flusso(await service.per_scaricare(id_, numero))


@get(
    "/{ambito:str}/debito/{id_:uuid}/parti/{numero:int}/manifesto.json",
    opt={"permesso": "debito.vedi"},
)
async def manifesto_parte(id_: FromPath[UUID], numero: FromPath[int]) -> Response[bytes]:
    """The manifest of one of the files that a run was cut into."""
    return _manifesto(await service.manifesto_di(id_, numero))


async def _da_capo(primo: bytes, resto: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield primo
    async for pezzo in resto:
        yield pezzo


@get("/{ambito:str}/debito/{id_:uuid}/manifesto.json", opt={"permesso": "debito.vedi"})
async def manifesto(id_: FromPath[UUID]) -> Response[bytes]:
    """The manifest as a file."""
    return _manifesto(await service.manifesto_di(id_))


def _manifesto(contenuto: dict[str, Any]) -> Response[bytes]:
    nome = f"{contenuto['nome_flusso']}.manifesto.json"
    return Response(
        msgspec.json.format(msgspec.json.encode(contenuto), indent=2),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{nome}"'},
    )


@get("/{ambito:str}/debito/{id_:uuid}/invio", opt={"permesso": "debito.invia"})
async def modulo_invio(request: Request[Any, Any, Any], id_: FromPath[UUID]) -> Template:
    """Asks before a sending is written down: it cannot be undone."""
    return await _modulo_invio(request, id_)


async def _modulo_invio(
    request: Request[Any, Any, Any],
    id_: FromPath[UUID],
    errore: str = "",
    stato: int = 200,
    modulo: dict[str, str] | None = None,
) -> Template:
    ambito = visita_corrente().nell_ambito
    esportazione = await service.esportazione(id_)
    if esportazione.stato != "sigillata":
        raise Conflitto("Si registra l'invio di un file sigillato e non ancora inviato.")
    base = f"/{ambito.slug}/debito"
    pagina = costruisci_pagina(
        request, "Registra l'invio", con_errori=bool(errore),
        briciole=[("Debito informativo", base), (esportazione.nome_flusso, f"{base}/{id_}")],
    )  # fmt: skip
    return rispondi(
        request,
        "debito/invio.html",
        pagina,
        stato=stato,
        esportazione=esportazione,
        canali={
            nome: parole
            for nome, parole in CANALI.items()
            if nome != "pdnd" or not esportazione.prospetto
        },
        responsabile=await responsabili.in_carica(esportazione.flusso),
        trasmette=await service.trasmette(id_),
        errore=errore,
        anni=impostazioni().conservazione_anni,
        modulo={"canale": "", "protocollo": ""} | (modulo or {}),
        base=base,
    )


@post("/{ambito:str}/debito/{id_:uuid}/invio", opt={"permesso": "debito.invia"}, status_code=200)
async def invio(
    request: Request[Any, Any, Any],
    id_: FromPath[UUID],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """Register that the file was sent, and lock its object."""
    ambito = visita_corrente().nell_ambito
    if data.get("canale") not in CANALI:
        return await _modulo_invio(
            request, id_, "Scegli il canale: portale, PEC, PDND o altro.", 422, dict(data)
        )
    canale = data.get("canale", "")
    try:
        async with unita_corrente().punto_di_ritorno():
            if canale == "pdnd":
                await service.chiedi_pubblicazione(id_, data.get("protocollo"))
                return Redirect(f"/{ambito.slug}/debito/{id_}", status_code=303)
            superata = await service.invia(id_, canale, data.get("protocollo"))
    except DatiNonValidi as errore:
        return await _modulo_invio(request, id_, errore.messaggio, 422, dict(data))
    if superata is None:
        await aggiungi_messaggio(
            "riuscito", "L'invio è registrato e il file non si può più cancellare."
        )
    else:
        await aggiungi_messaggio("avviso", f"L'invio non è stato registrato. {superata.messaggio}")
    return Redirect(f"/{ambito.slug}/debito/{id_}", status_code=303)


router = Router(
    path="/",
    route_handlers=[
        elenco, routes_pdnd.stato, chiedi, una, scarica, manifesto, scarica_parte, manifesto_parte,
        modulo_invio, invio,
        *routes_esiti.ROTTE, *routes_registro.ROTTE, *routes_completezza.ROTTE,
        *routes_differenze.ROTTE,
    ],
)  # fmt: skip
"""The debito informativo: files for who is owed them, sealed with their proof."""
