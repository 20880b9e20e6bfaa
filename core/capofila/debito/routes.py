"""Pages of the debito informativo: flows, files, progress, manifest, download, sending."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
from capofila.base.errori import Conflitto, ErroreCapofila, NonTrovato, RichiestaNonValida
from capofila.base.impostazioni import impostazioni
from capofila.base.lavori import stato as stato_lavoro
from capofila.base.visita import visita_corrente
from capofila.debito import routes_pdnd, service
from capofila.debito.rules import periodi_dell_anno, periodo
from capofila.territorio import service as territorio
from capofila.web.contesto import VoceMenu, anno_richiesto, costruisci_pagina, rispondi
from capofila.web.formati import periodo as periodo_in_parole
from capofila.web.pagina import Colonna

MENU = (
    VoceMenu(
        titolo="Debito informativo", percorso="debito", permesso="debito.vedi",
        gruppo="Prestazioni sociali", icona="file-signed", ordine=30,
    ),
    VoceMenu(
        titolo="Trasmissione PDND", percorso="debito/pdnd", permesso="debito.vedi",
        gruppo="Prestazioni sociali", icona="exchange-circle", ordine=31,
    ),
)  # fmt: skip

PER_PAGINA = 50
STATI = {
    "in_preparazione": ("In preparazione", "corso"),
    "sigillata": ("Sigillata", "buono"),
    "respinta": ("Respinta", "errore"),
    "inviata": ("Inviata", "chiuso"),
}
CANALI = {"portale": "Portale del destinatario", "pec": "PEC", "altro": "Altro"}
_COLONNE: Final = (
    Colonna("File"),
    Colonna("Periodo"),
    Colonna("Ente mittente"),
    Colonna("Stato"),
    Colonna("Righe", tipo="numero"),
    Colonna("Dimensione", tipo="numero"),
    Colonna("Richiesto"),
)
_COLONNE_AVVISI: Final = (Colonna("Che cosa"), Colonna("Righe", tipo="numero"))
_COLONNE_INVII: Final = (
    Colonna("Inviato"),
    Colonna("Canale"),
    Colonna("Protocollo"),
    Colonna("Bloccato fino al"),
)


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
    testo = request.query_params.get("pagina", "1")
    if not (testo.isascii() and testo.isdigit()) or not 1 <= int(testo) <= 100_000:
        raise RichiestaNonValida("Il numero di pagina nell'indirizzo non è valido.")
    numero = int(testo)
    esportazioni = await service.esportazioni(PER_PAGINA + 1, (numero - 1) * PER_PAGINA)
    flussi = (await plugin_attivi()).flussi()
    anno = anno_richiesto(request)
    pagina = costruisci_pagina(
        request, "Debito informativo", con_anno=True, con_errori=bool(errore),
        sommario="I file che l'ambito deve a INPS, Regione, ISTAT e ATS, sigillati con la prova.",
        aggiornato_il=esportazioni[0].richiesta_il if esportazioni else None,
    )  # fmt: skip
    return rispondi(
        request,
        "debito/elenco.html",
        pagina,
        stato=stato,
        esportazioni=esportazioni[:PER_PAGINA],
        altre=len(esportazioni) > PER_PAGINA,
        numero=numero,
        flussi=flussi,
        nomi_flusso={flusso.id: flusso.denominazione for flusso in flussi},
        enti=[
            (e.codice, f"{e.denominazione} (per l'ambito)" if e.mittente else e.denominazione)
            for e in sorted(await territorio.enti(), key=lambda e: not e.mittente)
            if e.codice
        ],
        anno=anno,
        errore=errore,
        modulo={"flusso": "", "periodo": str(anno), "ente": "", "escludi_errate": ""}
        | (modulo or {}),
        periodi=[(nome, periodo_in_parole(nome).capitalize()) for nome in periodi_dell_anno(anno)],
        stati=STATI,
        colonne=_COLONNE,
        base=f"/{ambito.slug}/debito",
        puo_esportare=visita.puo("debito.esporta"),
    )


@post("/{ambito:str}/debito", opt={"permesso": "debito.esporta"}, status_code=200)
async def chiedi(
    request: Request[Any, Any, Any],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """Ask for a file; the page of the file follows its progress."""
    ambito = visita_corrente().nell_ambito
    try:
        attivi = await plugin_attivi()
        esportazione = await service.chiedi_esportazione(
            attivi.flusso((data.get("flusso") or "")[:40]),
            periodo((data.get("periodo") or "")[:10]),
            ente=(data.get("ente") or "").strip()[:200] or None,
            escludi_errate=data.get("escludi_errate") == "si",
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
    manifesto: dict[str, Any] | None = None
    if esportazione.sha256:
        manifesto = await service.manifesto_di(id_)
    flussi = {flusso.id: flusso for flusso in (await plugin_attivi()).flussi()}
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
        in_corso=esportazione.stato == "in_preparazione" and lavoro and not lavoro.finito,
        manifesto=manifesto,
        dati_al=datetime.fromisoformat(manifesto["dati_al"]) if manifesto else None,
        flusso=(flusso := flussi.get(esportazione.flusso)),
        fonti_regole={regola.codice: regola.fonte for regola in flusso.regole} if flusso else {},
        invii=await service.invii(id_),
        stati=STATI,
        canali=CANALI,
        colonne_avvisi=_COLONNE_AVVISI,
        colonne_invii=_COLONNE_INVII,
        base=f"/{ambito.slug}/debito",
        riavvia=f"/{ambito.slug}/lavori/{esportazione.lavoro}/riavvia"
        if lavoro and lavoro.stato == "fallito" and visita.puo("lavori.riavvia")
        else "",
        puo_scaricare=visita.puo("debito.scarica"),
        puo_inviare=visita.puo("debito.invia"),
        puo_esportare=visita.puo("debito.esporta"),
    )


@get("/{ambito:str}/debito/{id_:uuid}/file", opt={"permesso": "debito.scarica"})
async def scarica(id_: FromPath[UUID]) -> Stream:
    """The sealed file, streamed from the store; the unit of work ends before the stream."""
    dove = await service.per_scaricare(id_)
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


async def _da_capo(primo: bytes, resto: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield primo
    async for pezzo in resto:
        yield pezzo


@get("/{ambito:str}/debito/{id_:uuid}/manifesto.json", opt={"permesso": "debito.vedi"})
async def manifesto(id_: FromPath[UUID]) -> Response[bytes]:
    """The manifest as a file."""
    contenuto = await service.manifesto_di(id_)
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
    id_: UUID,
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
        canali=CANALI,
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
            request, id_, "Scegli il canale: portale, PEC o altro.", 422, dict(data)
        )
    dove = await service.per_scaricare(id_)
    if dove.versione is None:
        raise NonTrovato("L'archivio non ha la versione di questo file: esportalo di nuovo.")
    fino = await service.registra_invio(id_, data.get("canale", ""), data.get("protocollo"))
    await archivio().blocca(dove.bucket, dove.oggetto, dove.versione, fino)
    await aggiungi_messaggio(
        "riuscito", "L'invio è registrato e il file non si può più cancellare."
    )
    return Redirect(f"/{ambito.slug}/debito/{id_}", status_code=303)


router = Router(
    path="/",
    route_handlers=[
        elenco,
        routes_pdnd.stato,
        chiedi,
        una,
        scarica,
        manifesto,
        modulo_invio,
        invio,
    ],
)
