"""The page of what INPS takes by itself: e-services, published flows, outcomes."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, get
from litestar.response import Template

from capofila.base.errori import NonTrovato, RichiestaNonValida
from capofila.base.visita import visita_corrente
from capofila.debito import pdnd
from capofila.debito.pdnd import FlussoPubblicato
from capofila.web.contesto import costruisci_pagina, rispondi
from capofila.web.pagina import Colonna

PER_PAGINA = 50
PAGINE_MASSIME = 2000
ESITI: Final = {
    "OK": ("Accolto", "buono"),
    "RICHIESTA_INVALIDA": ("Scartato: richiesta non valida", "errore"),
    "DATI_NON_TROVATI": ("Scartato: dati non trovati", "errore"),
    "ERRORE_GENERICO": ("Scartato: errore durante l'acquisizione", "errore"),
}
OPERAZIONI: Final = {"I": "Inserimento", "C": "Cancellazione"}
_COLONNE_SERVIZI: Final = (
    Colonna("Ente"),
    Colonna("Stato"),
    Colonna("Indirizzo"),
    Colonna("Ultimo flusso pubblicato"),
    Colonna("Presi da INPS fino a"),
    Colonna("Ultima chiamata"),
)
_COLONNE_FLUSSI: Final = (
    Colonna("Flusso"),
    Colonna("Operazione"),
    Colonna("Pubblicato"),
    Colonna("Stato"),
    Colonna("Che cosa dice INPS"),
)
_COLONNE_ORFANI: Final = (
    Colonna("Flusso"),
    Colonna("Ente"),
    Colonna("Esito"),
    Colonna("Che cosa dice INPS"),
    Colonna("Ricevuto"),
)


def stato_flusso(flusso: FlussoPubblicato) -> tuple[str, str]:
    """The state of a flow in words, and its tone."""
    if flusso.codice_esito is not None:
        return ESITI[flusso.codice_esito]
    if flusso.prelevato:
        return "Preso da INPS, senza esito", "corso"
    return "INPS deve ancora prenderlo", "attesa"


@get("/{ambito:str}/debito/pdnd", opt={"permesso": "debito.vedi", "unita": "lettura"})
async def stato(request: Request[Any, Any, Any]) -> Template:
    """The e-services of the ambito, and the latest flows of one of them."""
    ambito = visita_corrente().nell_ambito
    testo = request.query_params.get("pagina", "1")
    if not (testo.isascii() and testo.isdigit()) or not 1 <= int(testo) <= PAGINE_MASSIME:
        raise RichiestaNonValida("Il numero di pagina nell'indirizzo non è valido.")
    numero = int(testo)
    servizi = await pdnd.eservices()
    codice = request.query_params.get("ente") or (servizi[0].codice if servizi else "")
    scelto = next((servizio for servizio in servizi if servizio.codice == codice), None)
    if codice and scelto is None:
        raise NonTrovato("Questo ente non ha un e-service: torna all'elenco.")
    flussi = (
        await pdnd.ultimi_flussi(codice, PER_PAGINA + 1, (numero - 1) * PER_PAGINA)
        if scelto
        else []
    )
    base = f"/{ambito.slug}/debito"
    pagina = costruisci_pagina(
        request, "Trasmissione PDND", briciole=[("Debito informativo", base)],
        sommario="I flussi che INPS viene a prendere da sé, uno per prestazione, e i loro esiti.",
        aggiornato_il=scelto.pubblicati_fino if scelto else None,
    )  # fmt: skip
    return rispondi(
        request,
        "debito/pdnd.html",
        pagina,
        servizi=servizi,
        scelto=scelto,
        flussi=[(flusso, stato_flusso(flusso)) for flusso in flussi[:PER_PAGINA]],
        altri=len(flussi) > PER_PAGINA,
        numero=numero,
        orfani=await pdnd.esiti_orfani(),
        esiti=ESITI,
        operazioni=OPERAZIONI,
        colonne_servizi=_COLONNE_SERVIZI,
        colonne_flussi=_COLONNE_FLUSSI,
        colonne_orfani=_COLONNE_ORFANI,
        base=base,
    )
