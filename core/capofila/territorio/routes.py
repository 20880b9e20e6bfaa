"""The page of the territory: who was part of the ambito on a day, and how we know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final

from litestar import Request, Router, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.errori import RichiestaNonValida
from capofila.base.visita import visita_corrente
from capofila.territorio import service
from capofila.territorio.caricamenti import BYTE_CONFINI, BYTE_POPOLAZIONE, FONTE, FileNonValido
from capofila.territorio.service import quadro
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.formati import ROMA
from capofila.web.pagina import Colonna

DATI: Final = "/amministrazione/territorio"
_OPT: Final = {"permesso": "piattaforma.amministra"}
_COLONNE_ANNI: Final = (Colonna("Anno"), Colonna("Comuni", tipo="numero"), Colonna("Fonti"))
_BUSTA: Final = 64 * 1024
"""What a form adds to the file that it sends."""

Richiesta = Request[Any, Any, Any]
Modulo = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)]

MENU = (
    VoceMenu(
        titolo="Territorio",
        percorso="territorio",
        permesso="territorio.vedi",
        gruppo="Ambito",
        icona="map-marker",
        ordine=60,
    ),
    VoceMenu(
        titolo="Dati dei comuni",
        percorso=DATI,
        permesso="piattaforma.amministra",
        gruppo="Piattaforma",
        icona="map-marker",
        ordine=95,
    ),
)


def leggi_giorno(testo: str | None) -> date:
    """The day asked for; today in Italy when none is.

    Raises:
        RichiestaNonValida: it is not a day.
    """
    if not testo:
        return datetime.now(ROMA).date()
    try:
        if len(testo) != 10:
            raise ValueError
        return date.fromisoformat(testo)
    except ValueError:
        raise RichiestaNonValida(
            "Il giorno indicato non è una data: scrivilo come 2015-05-01."
        ) from None


@get(
    "/{ambito:str}/territorio",
    name="territorio",
    opt={"permesso": "territorio.vedi", "unita": "lettura"},
    include_in_schema=False,
)
async def territorio(request: Request[Any, Any, Any]) -> Template:
    """Comuni by sub-ambito with their inhabitants, enti, unions, notes and what changed."""
    giorno = request.query_params.get("giorno")
    scelto = leggi_giorno(giorno)
    visto = await quadro(scelto)
    return rispondi(
        request,
        "territorio/quadro.html",
        costruisci_pagina(
            request,
            "Territorio",
            sommario="Chi fa parte dell’ambito, da quando e secondo quale fonte",
        ),
        quadro=visto,
        azione=f"/{visita_corrente().nell_ambito.slug}/territorio",
        oggi=not giorno,
    )


# ---- what the platform's administration loads ----


async def _dati(
    request: Richiesta,
    stato: int = 200,
    *,
    errori: Mapping[str, str] | None = None,
    valori: Mapping[str, str] | None = None,
) -> Template:
    return rispondi(
        request,
        "territorio/dati.html",
        costruisci_pagina(
            request,
            "Dati dei comuni",
            sommario="Popolazione e confini, uguali per tutti gli ambiti della piattaforma.",
            con_errori=bool(errori),
        ),
        stato=stato,
        anni=await service.anni_di_popolazione(),
        confini=await service.confini_caricati(),
        errori=errori or {},
        valori=valori or {},
        colonne=_COLONNE_ANNI,
        lunghezza=FONTE[1],
        mega=BYTE_CONFINI // 1024 // 1024,
        qui=DATI,
    )


@get(DATI, opt={**_OPT, "unita": "lettura"}, include_in_schema=False)
async def dati(request: Richiesta) -> Template:
    """What is held of inhabitants and boundaries, and the forms to load them."""
    return await _dati(request)


async def _file(data: Mapping[str, Any], nome: str) -> bytes:
    file = data.get(nome)
    if not isinstance(file, UploadFile) or not file.filename:
        raise FileNonValido("Scegli un file.")
    return await file.read()


@post(
    f"{DATI}/popolazione",
    opt=_OPT,
    request_max_body_size=BYTE_POPOLAZIONE + _BUSTA,
    include_in_schema=False,
    status_code=200,
)
async def popolazione(request: Richiesta, data: Modulo) -> Template | Redirect:
    """Load the inhabitants of one or more years."""
    fonte = str(data.get("fonte", ""))[:1000]
    try:
        esito = await service.carica_popolazione(await _file(data, "popolazione"), fonte)
    except FileNonValido as errore:
        campo = "fonte" if errore.messaggio.startswith("Fonte") else "popolazione"
        return await _dati(
            request, 422, errori={campo: errore.messaggio}, valori={"fonte": fonte}
        )  # fmt: skip
    anni = ", ".join(f"{anno} ({quanti} comuni)" for anno, quanti in esito.anni.items())
    fuori = f" Comuni non di questa installazione, lasciati fuori: {esito.fuori}."
    await aggiungi_messaggio(
        "riuscito", f"Popolazione caricata: {anni}.{fuori if esito.fuori else ''}"
    )
    return Redirect(DATI, status_code=303)


@post(
    f"{DATI}/confini",
    opt=_OPT,
    request_max_body_size=BYTE_CONFINI + _BUSTA,
    include_in_schema=False,
    status_code=200,
)
async def confini(request: Richiesta, data: Modulo) -> Template | Redirect:
    """Load the boundaries in the place of those that there are, or take them away."""
    if data.get("azione") == "togli":
        await service.togli_confini()
        await aggiungi_messaggio("riuscito", "I confini sono tolti: le mappe hanno cerchi.")
        return Redirect(DATI, status_code=303)
    attribuzione = str(data.get("attribuzione", ""))[:1000]
    try:
        quanti = await service.carica_confini(await _file(data, "confini"), attribuzione)
    except FileNonValido as errore:
        campo = "attribuzione" if errore.messaggio.startswith("Attribuzione") else "confini"
        return await _dati(
            request, 422, errori={campo: errore.messaggio}, valori={"attribuzione": attribuzione}
        )
    await aggiungi_messaggio("riuscito", f"Confini caricati: {quanti} comuni.")
    return Redirect(DATI, status_code=303)


router = Router(path="/", route_handlers=[territorio, dati, popolazione, confini])
