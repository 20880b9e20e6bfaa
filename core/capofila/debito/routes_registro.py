"""Pages of who answers for the sending, and of the register of what was sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Stream, Template

from capofila.accessi.service import aggiungi_messaggio, contesto_di
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto
from capofila.base.visita import visita_corrente
from capofila.debito import responsabili
from capofila.debito.prospetti import Dichiarato
from capofila.debito.responsabili import FiltroRegistro, NominaNonValida
from capofila.debito.rules import tabella_csv
from capofila.debito.service import STATI, prospetti_noti
from capofila.territorio import service as territorio
from capofila.web.contesto import (
    anno_richiesto,
    costruisci_pagina,
    pagina_richiesta,
    rispondi,
)
from capofila.web.pagina import Colonna

CANALI: Final = {"portale": "Portale", "pec": "PEC", "altro": "Altro", "pdnd": "PDND"}
ESITI: Final = ("inviata", "accolta", "accolta_in_parte", "scartata")
_COLONNE_STORIA: Final = (
    Colonna("Responsabile"),
    Colonna("Atto di nomina"),
    Colonna("Dal"),
    Colonna("Al"),
)
_COLONNE: Final = (
    Colonna("Inviato"),
    Colonna("File"),
    Colonna("Canale e protocollo"),
    Colonna("Righe", tipo="numero"),
    Colonna("Responsabile"),
    Colonna("Registrato da"),
    Colonna("Esito"),
)


async def _dichiarati() -> list[Dichiarato]:
    """The flows, and the tables that are owed."""
    return [*(await plugin_attivi()).flussi(), *await prospetti_noti()]


@get("/{ambito:str}/debito/responsabili", opt={"permesso": "debito.vedi", "unita": "lettura"})
async def pagina_responsabili(request: Request[Any, Any, Any]) -> Template:
    """Who answers for the sending of each flow, and who did before."""
    return await _responsabili(request)


async def _responsabili(
    request: Request[Any, Any, Any],
    errori: dict[str, str] | None = None,
    stato: int = 200,
    modulo: dict[str, str] | None = None,
) -> Template:
    visita = visita_corrente()
    ambito = visita.nell_ambito
    flussi = await _dichiarati()
    storia = await responsabili.storia()
    base = f"/{ambito.slug}/debito"
    pagina = costruisci_pagina(
        request, "Responsabili dell'invio", con_errori=bool(errori),
        briciole=[("Debito informativo", base)],
        sommario="Per ogni flusso una persona nominata con un atto: risponde dell'invio.",
    )  # fmt: skip
    return rispondi(
        request,
        "debito/responsabili.html",
        pagina,
        stato=stato,
        flussi=flussi,
        nomi_flusso={flusso.id: flusso.denominazione for flusso in flussi},
        in_carica={flusso.id: await responsabili.in_carica(flusso.id) for flusso in flussi},
        storia=storia,
        colonne=_COLONNE_STORIA,
        errori=errori or {},
        modulo={"flusso": "", "nome": "", "qualifica": "", "email": "", "atto": "",
                "dal": responsabili.oggi().isoformat()} | (modulo or {}),
        base=base,
        puo_nominare=visita.puo("ambito.amministra"),
    )  # fmt: skip


@post("/{ambito:str}/debito/responsabili", opt={"permesso": "ambito.amministra"}, status_code=200)
async def nomina(
    request: Request[Any, Any, Any],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """Name somebody; whoever was before stays in the history."""
    ambito = visita_corrente().nell_ambito
    flussi = {flusso.id for flusso in await _dichiarati()}
    if data.get("flusso") not in flussi:
        return await _responsabili(
            request, {"flusso": "Scegli il flusso."}, 422, {n: v[:300] for n, v in data.items()}
        )
    try:
        nominato = await responsabili.nomina(data["flusso"], dict(data))
    except NominaNonValida as errore:
        return await _responsabili(
            request, errore.campi, 422, {n: v[:300] for n, v in data.items()}
        )
    except Conflitto as errore:
        return await _responsabili(request, {"dal": errore.messaggio}, 409, dict(data))
    await aggiungi_messaggio(
        "riuscito", f"{nominato.nome} risponde dell'invio dal {nominato.dal:%d/%m/%Y}."
    )
    return Redirect(f"/{ambito.slug}/debito/responsabili", status_code=303)


def _filtro(request: Request[Any, Any, Any], flussi: set[str]) -> FiltroRegistro:
    flusso, ente, esito = (
        request.query_params.get(nome, "")[:40] for nome in ("flusso", "ente", "esito")
    )
    return FiltroRegistro(
        anno=anno_richiesto(request),
        flusso=flusso if flusso in flussi else None,
        ente=ente or None,
        esito=esito if esito in ESITI else None,
    )


@get("/{ambito:str}/debito/trasmissioni", opt={"permesso": "debito.vedi", "unita": "lettura"})
async def trasmissioni(request: Request[Any, Any, Any]) -> Template:
    """All that was sent in a year: when, what, how, by whom, and what became of it."""
    visita = visita_corrente()
    ambito = visita.nell_ambito
    flussi = await _dichiarati()
    filtro = _filtro(request, {flusso.id for flusso in flussi})
    numero = pagina_richiesta(request)
    righe, totale = await responsabili.trasmissioni(filtro, numero)
    base = f"/{ambito.slug}/debito"
    pagina = costruisci_pagina(
        request, "Registro delle trasmissioni", con_anno=True,
        briciole=[("Debito informativo", base)],
        sommario=f"Che cosa è stato inviato nel {filtro.anno}, quando, come e da chi.",
    )  # fmt: skip
    return rispondi(
        request,
        "debito/trasmissioni.html",
        pagina,
        frammento="debito/_trasmissioni.html",
        righe=righe,
        totale=totale,
        numero=numero,
        pagine=max(1, -(-totale // responsabili.PER_PAGINA)),
        per_pagina=responsabili.PER_PAGINA,
        filtro=filtro,
        filtrato=bool(filtro.flusso or filtro.ente or filtro.esito),
        nomi_flusso={flusso.id: flusso.denominazione for flusso in flussi},
        enti=[(e.codice, e.denominazione) for e in await territorio.enti() if e.codice],
        opzioni_esito=[(nome, STATI[nome][0]) for nome in ESITI],
        stati=STATI,
        canali=CANALI,
        colonne=_COLONNE,
        base=base,
        qui=f"{base}/trasmissioni",
    )


_CELLE: Final = (
    "inviata_il", "flusso", "periodo", "modo", "ente", "nome_flusso", "parte", "sha256", "righe",
    "byte", "canale", "protocollo", "responsabile", "qualifica", "atto", "registrata_da", "stato",
)  # fmt: skip


@get("/{ambito:str}/debito/trasmissioni.csv", opt={"permesso": "debito.vedi", "unita": "lettura"})
async def trasmissioni_csv(request: Request[Any, Any, Any]) -> Stream:
    """The register of a year as a file, one line a file that was sent."""
    flussi = {flusso.id for flusso in await _dichiarati()}
    filtro = _filtro(request, flussi)
    contesto = contesto_di(visita_corrente())

    async def pezzi() -> AsyncIterator[bytes]:
        yield b"\xef\xbb\xbf" + tabella_csv([_CELLE])
        async with unita_di_lavoro(contesto, sola_lettura=True):
            async for riga in responsabili.tutte(filtro):
                riga["inviata_il"] = riga["inviata_il"].isoformat(timespec="seconds")
                yield tabella_csv([[riga[nome] for nome in _CELLE]])

    return Stream(
        pezzi(),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="trasmissioni-{filtro.anno}.csv"'},
    )


ROTTE: Final = (pagina_responsabili, nomina, trasmissioni, trasmissioni_csv)
