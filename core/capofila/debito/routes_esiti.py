"""Pages of the answers to a run: one for all, a list of them, the refused records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, cast
from uuid import UUID

from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Response, Stream, Template

from capofila.accessi.service import aggiungi_messaggio, contesto_di, registra_lettura
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, ErroreCapofila
from capofila.base.impostazioni import impostazioni
from capofila.base.visita import visita_corrente
from capofila.debito import esiti, service
from capofila.debito.prospetti import rifiuta_record
from capofila.debito.rules import tabella_csv
from capofila.debito.selezione import tabella_di
from capofila.hooks import ErroreRiga
from capofila.web.contesto import costruisci_pagina, pagina_richiesta, rispondi
from capofila.web.pagina import Colonna

PER_PAGINA: Final = 50
ERRORI_MOSTRATI: Final = 200
SCELTE: Final = (
    ("accolta", "Accolta", "Il destinatario ha preso tutte le prestazioni del file."),
    ("scartata", "Scartata", "Il destinatario le ha rifiutate tutte: le rimanda il prossimo file."),
)
SCELTE_PROSPETTO: Final = (
    ("accolta", "Accolto", "Il destinatario ha preso le tavole."),
    ("scartata", "Scartato", "Il destinatario le ha rifiutate: correggi la spesa e prepara un altro "
     "file."),
)  # fmt: skip
OPERAZIONI: Final = {"I": "Inserimento", "C": "Cancellazione"}
_COLONNE_ERRORI: Final = (
    Colonna("Riga", tipo="numero"),
    Colonna("Colonna"),
    Colonna("Valore"),
    Colonna("Messaggio"),
)
_COLONNE_GUIDA: Final = (Colonna("Colonna"), Colonna("Che cosa contiene"), Colonna("Serve sempre"))
_COLONNE_SCARTATE: Final = (
    Colonna("Persona"),
    Colonna("Prestazione"),
    Colonna("Data"),
    Colonna("Operazione"),
    Colonna("Perché è stata scartata"),
    Colonna("Che cosa fare"),
)
_COLONNE_MINORI: Final = (
    Colonna("Minore"),
    Colonna("Prestazioni"),
    Colonna("Anno", tipo="numero"),
    Colonna("Perché è stata scartata"),
    Colonna("Che cosa fare"),
)


@get("/{ambito:str}/debito/{id_:uuid}/esito", opt={"permesso": "debito.esito"})
async def modulo(request: Request[Any, Any, Any], id_: FromPath[UUID]) -> Template:
    """Where the answer of the receiver is written down: for all, or as a list."""
    return await _modulo(request, id_)


async def _modulo(
    request: Request[Any, Any, Any],
    id_: FromPath[UUID],
    *,
    errori: list[tuple[str, str]] | None = None,
    righe_errate: list[ErroreRiga] | None = None,
    stato: int = 200,
    valori: dict[str, str] | None = None,
) -> Template:
    ambito = visita_corrente().nell_ambito
    esportazione = await service.esportazione(id_)
    if esportazione.stato not in esiti.INVIATE:
        raise Conflitto("L'esito si scrive dopo l'invio: registra prima l'invio del file.")
    base = f"/{ambito.slug}/debito"
    pagina = costruisci_pagina(
        request, "Registra l'esito", con_errori=bool(errori or righe_errate),
        briciole=[("Debito informativo", base), (esportazione.nome_flusso, f"{base}/{id_}")],
    )  # fmt: skip
    return rispondi(
        request,
        "debito/esito.html",
        pagina,
        stato=stato,
        esportazione=esportazione,
        esito=await esiti.riepilogo(id_),
        scelte_esito=SCELTE_PROSPETTO if esportazione.prospetto else SCELTE,
        trasmette=await service.trasmette(id_),
        errori=errori or [],
        righe_errate=(righe_errate or [])[:ERRORI_MOSTRATI],
        righe_errate_totali=len(righe_errate or []),
        colonne_errori=_COLONNE_ERRORI,
        colonne_guida=_COLONNE_GUIDA,
        campi=esiti.campi_di(await esiti.tabella_della_corsa(id_)),
        modello=f"{base}/esiti-modello.csv?flusso={esportazione.flusso}",
        modulo={"esito": "", "testo": "", "altre_accolte": "si"} | (valori or {}),
        massimo=impostazioni().carico_massimo_mb,
        base=base,
    )


@post("/{ambito:str}/debito/{id_:uuid}/esito", opt={"permesso": "debito.esito"}, status_code=200)
async def registra(
    request: Request[Any, Any, Any],
    id_: FromPath[UUID],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """One answer for all that has none yet."""
    ambito = visita_corrente().nell_ambito
    if data.get("esito") not in ("accolta", "scartata"):
        errore = ("esito", "Scegli se il destinatario ha accolto o scartato il file.")
        return await _modulo(request, id_, errori=[errore], stato=422, valori=dict(data))
    try:
        await esiti.registra_esito(id_, cast(esiti.Esito, data["esito"]), data.get("testo"))
    except Conflitto as errore:
        return await _modulo(
            request, id_, errori=[("esito", errore.messaggio)], stato=409, valori=dict(data)
        )
    await aggiungi_messaggio("riuscito", "L'esito è registrato.")
    return Redirect(f"/{ambito.slug}/debito/{id_}", status_code=303)


@post("/{ambito:str}/debito/{id_:uuid}/esiti", opt={"permesso": "debito.esito"}, status_code=200)
async def importa(
    request: Request[Any, Any, Any],
    id_: FromPath[UUID],
    data: Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Template | Redirect:
    """A list of answers; what is wrong with it is shown in place, and nothing is written then."""
    ambito = visita_corrente().nell_ambito
    await service.esportazione(id_)
    file = data.get("file")
    valori = {"altre_accolte": "si" if data.get("altre_accolte") == "si" else ""}
    if not isinstance(file, UploadFile) or not file.filename:
        errore = ("file", "Scegli il file con gli esiti.")
        return await _modulo(request, id_, errori=[errore], stato=422, valori=valori)
    nome = file.filename.replace("\\", "/").rsplit("/", 1)[-1][-255:] or "file"
    try:
        elenco = await esiti.importa_esiti(
            id_, nome, await file.read(), altre_accolte=bool(valori["altre_accolte"])
        )
    except ErroreCapofila as errore_dominio:
        if errore_dominio.stato >= 500 or errore_dominio.stato == 404:
            raise
        return await _modulo(
            request, id_, errori=[("file", errore_dominio.messaggio)], stato=errore_dominio.stato,
            valori=valori,
        )  # fmt: skip
    if elenco.errori:
        quanti = len(elenco.errori)
        parole = "c'è un errore" if quanti == 1 else f"ci sono {quanti} errori"
        return await _modulo(
            request, id_, errori=[("file", f"Nel file {parole}: non è stato registrato nulla.")],
            righe_errate=elenco.errori, stato=422, valori=valori,
        )  # fmt: skip
    scritti = "1 esito" if elenco.scritte == 1 else f"{elenco.scritte} esiti"
    await aggiungi_messaggio("riuscito", f"Dall'elenco: {scritti}.")
    return Redirect(f"/{ambito.slug}/debito/{id_}", status_code=303)


@get("/{ambito:str}/debito/esiti-modello.csv", opt={"permesso": "debito.esito", "unita": "lettura"})
async def modello(request: Request[Any, Any, Any]) -> Response[bytes]:
    """An empty list of answers with the header, for the spreadsheet; of the flow in the address."""
    chiesto = request.query_params.get("flusso")
    campi = next(
        (
            esiti.campi_di(tabella_di(flusso))
            for flusso in (await plugin_attivi()).flussi()
            if flusso.id == chiesto
        ),
        esiti.CAMPI,
    )
    return Response(
        b"\xef\xbb\xbf" + tabella_csv([[campo.nome for campo in campi]]),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="esiti.csv"'},
    )


@get("/{ambito:str}/debito/{id_:uuid}/scartate", opt={"permesso": "debito.vedi"})
async def scartate(request: Request[Any, Any, Any], id_: FromPath[UUID]) -> Template:
    """The refused records, each with the words of the receiver and the way to correct it."""
    visita = visita_corrente()
    ambito = visita.nell_ambito
    esportazione = await service.esportazione(id_)
    if esportazione.prospetto:
        raise rifiuta_record("il destinatario lo accoglie o lo scarta tutto")
    numero = pagina_richiesta(request)
    esito = await esiti.riepilogo(id_)
    righe = await esiti.risposte(id_, numero, PER_PAGINA)
    await registra_lettura("debito.scartate", "esportazione", str(id_), righe=len(righe))
    base = f"/{ambito.slug}/debito"
    di_minori = await esiti.tabella_della_corsa(id_) == "scheda_sinba"
    pagina = costruisci_pagina(
        request, "Schede scartate" if di_minori else "Prestazioni scartate",
        sommario="Correggi ciò che non va: il prossimo file delle variazioni lo rimanda.",
        briciole=[("Debito informativo", base), (esportazione.nome_flusso, f"{base}/{id_}")],
    )  # fmt: skip
    return rispondi(
        request,
        "debito/scartate.html",
        pagina,
        frammento="debito/_scartate.html",
        esportazione=esportazione,
        righe=righe[:PER_PAGINA],
        totale=esito.scartate,
        da_rimandare=esito.da_rimandare,
        numero=numero,
        pagine=max(1, -(-esito.scartate // PER_PAGINA)),
        per_pagina=PER_PAGINA,
        operazioni=OPERAZIONI,
        colonne=_COLONNE_MINORI if di_minori else _COLONNE_SCARTATE,
        base=f"{base}/{id_}",
        minori=f"/{ambito.slug}/minori" if di_minori and visita.puo("minori.vedi") else "",
        di_minori=di_minori,
        prestazioni=f"/{ambito.slug}/prestazioni" if visita.puo("prestazioni.vedi") else "",
    )


@get("/{ambito:str}/debito/{id_:uuid}/scartate.csv", opt={"permesso": "debito.scarica"})
async def scartate_csv(id_: FromPath[UUID]) -> Stream:
    """The refused records as a file, page by page."""
    esportazione = await service.esportazione(id_)
    if esportazione.prospetto:
        raise rifiuta_record("il destinatario lo accoglie o lo scarta tutto")
    await registra_lettura("debito.scarica_scartate", "esportazione", str(id_))
    contesto = contesto_di(visita_corrente())

    celle = _CELLE
    if await esiti.tabella_della_corsa(id_) == "scheda_sinba":
        celle = _CELLE_MINORI

    async def pezzi() -> AsyncIterator[bytes]:
        yield b"\xef\xbb\xbf" + tabella_csv([celle])
        async with unita_di_lavoro(contesto, sola_lettura=True):
            async for righe in esiti.tutte_le_scartate(id_):
                yield tabella_csv([[riga[nome] for nome in celle] for riga in righe])

    nome = f"scartate-{esportazione.nome_flusso}.csv"
    return Stream(
        pezzi(),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{nome}"'},
    )


_CELLE_MINORI: Final[tuple[str, ...]] = (
    "id_beneficiario", "anno", "comune_titolare", "esito", "codice_esito", "messaggio", "scheda",
)  # fmt: skip
_CELLE: Final[tuple[str, ...]] = (
    "codice_fiscale", "cognome", "nome", "protocollo_domanda", "codice_prestazione", "data",
    "comune_titolare", "operazione", "esito", "codice_esito", "messaggio", "prestazione",
)  # fmt: skip

ROTTE: Final = (modulo, registra, importa, modello, scartate, scartate_csv)
