"""The e-service that INPS calls: `/waas/v1/{codice_ente}/flussi`, `/esiti`, `/status`.

It stands outside sessions, CSRF and pages. Whoever calls shows a voucher of the PDND; the ambito is
found by the code of the ente in the address, and the voucher must be made out to that e-service. A
refusal never tells why: the log does, without the voucher. Every error is `application/problem+json`.

Source: INPS, OpenAPI "WAAS-SIUSS-Alimentazione" 2.0.1 of 22/05/2025; RFC 9457, RFC 6750.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable
from typing import Any, Final

import asyncpg
import msgspec
from litestar import Request, Router, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Response

from capofila.base.database import Contesto, UnitaDiLavoro, unita_di_lavoro
from capofila.base.errori import ErroreCapofila, RichiestaNonValida, ServizioNonDisponibile
from capofila.base.impostazioni import impostazioni
from capofila.base.ritmo import Ritmo, conta_chiamata
from capofila.base.telemetria import Etichetta, traccia_corrente
from capofila.debito import pdnd
from capofila.debito.chiavi_pdnd import fonte
from capofila.debito.pdnd import ElencoEsiti, EService
from capofila.debito.voucher import (
    Contenuto,
    VoucherRifiutato,
    controlla,
    dalla_intestazione,
    firmato,
    impronta_uso,
    kid_di,
)

LOG = logging.getLogger("capofila.pdnd")

RADICE: Final = "/waas/"
CORPO_MASSIMO: Final = 1_000_000
"""Bytes of a notification; one hundred outcomes have some forty thousand."""
LIMITE: Final = 10
_SINCE_MASSIMO: Final = 10**20
_CODICE: Final = re.compile(r"[A-Z][0-9]{3}")
_CIFRE: Final = re.compile(r"[0-9]{1,21}", re.ASCII)
_PROBLEMA: Final = "application/problem+json"
_APERTA: Final = {"permesso": "pubblico", "unita": "nessuna", "exclude_from_csrf": True}

TITOLI: Final = {
    200: "Servizio attivo",
    400: "Richiesta non valida",
    401: "Voucher non valido",
    404: "Non trovato",
    405: "Metodo non ammesso",
    413: "Richiesta troppo grande",
    415: "Formato non ammesso",
    429: "Troppe richieste",
    500: "Errore interno",
    503: "Servizio non disponibile",
}
_RIFIUTO: Final = "Il voucher manca o non è valido per questo servizio."
_GUASTO: Final = "Qualcosa non ha funzionato: la richiesta si può ripetere."


class Problema(msgspec.Struct, frozen=True):
    """A problem, as the description wants it."""

    detail: str
    instance: str
    status: int
    title: str
    type: str = "about:blank"


def problema(
    stato: int, dettaglio: str, intestazioni: dict[str, str] | None = None
) -> Response[bytes]:
    """An answer that says what happened; `instance` is the trace, which the log has too."""
    titolo = TITOLI.get(stato) or TITOLI[500 if stato >= 500 else 400]
    corpo = Problema(dettaglio, f"urn:capofila:traccia:{traccia_corrente()}", stato, titolo)
    altre = {"Retry-After": "60"} if stato == 503 else {}
    return Response(
        msgspec.json.encode(corpo),
        status_code=stato,
        media_type=_PROBLEMA,
        headers={**altre, **(intestazioni or {})},
    )


@get("/{codice_ente:str}/flussi", opt=_APERTA)
async def flussi(request: Request[Any, Any, Any], codice_ente: FromPath[str]) -> Response[bytes]:
    """The flows after the cursor, oldest first."""
    letto = await _presentato(request, codice_ente)
    query = bytes(request.scope["query_string"])
    async with unita_di_lavoro(Contesto(traccia=traccia_corrente())) as unita:
        messaggio = (b"GET", b"flussi", codice_ente.encode(), query, b"")
        eservice = await _ammetti(unita, codice_ente, letto, messaggio)
        since, limite = parametri(request.query_params.multi_items())
        righe = await pdnd.servi(unita, eservice, since, limite)
    return Response(
        pdnd.risposta(codice_ente, eservice, righe), media_type="application/json; charset=utf-8"
    )


@post("/{codice_ente:str}/esiti", opt=_APERTA, status_code=204)
async def esiti(request: Request[Any, Any, Any], codice_ente: FromPath[str]) -> None:
    """Outcomes of flows that INPS took."""
    letto = await _presentato(request, codice_ente)
    corpo = await request.body()
    query = bytes(request.scope["query_string"])
    async with unita_di_lavoro(Contesto(traccia=traccia_corrente())) as unita:
        messaggio = (b"POST", b"esiti", codice_ente.encode(), query, corpo)
        eservice = await _ammetti(unita, codice_ente, letto, messaggio)
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            raise HTTPException(status_code=415)
        await pdnd.ricevi_esiti(unita, eservice, codice_ente, notifica(corpo).elenco_esiti)


@get("/{codice_ente:str}/status", opt=_APERTA)
async def status(codice_ente: FromPath[str]) -> Response[bytes]:
    """Whether a call would be served now: the database answers, the keys are there."""
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        eservice = await _chiamato(unita, codice_ente)
    if eservice is None:
        return problema(404, "Nessun servizio risponde a questo indirizzo.")
    await fonte(impostazioni()).per(None)
    _attivo(eservice)
    return problema(200, "Il servizio funziona correttamente.")


# Who calls.


async def _presentato(request: Request[Any, Any, Any], codice: str) -> Contenuto:
    """The voucher of the request, once its signature holds: nothing was asked of the database yet.

    Only calls with a voucher of the PDND count for the rate, so that nobody else can use it up.

    Raises:
        VoucherRifiutato: there is none, or none of our keys signed it.
        TroppeChiamate: the ente was called too often in this minute.
    """
    token = dalla_intestazione(request.headers.get("authorization"))
    valori = impostazioni()
    letto = firmato(token, await fonte(valori).per(kid_di(token)))
    ritmo = None
    if _CODICE.fullmatch(codice):
        ritmo = await conta_chiamata(valori, "pdnd", codice, valori.pdnd_richieste_al_minuto)
    if ritmo is not None and ritmo.esaurito:
        raise TroppeChiamate(ritmo)
    return letto


class TroppeChiamate(Exception):
    """An e-service was called more often than it may."""

    def __init__(self, ritmo: Ritmo) -> None:
        super().__init__()
        self.ritmo = ritmo


async def _chiamato(unita: UnitaDiLavoro, codice: str) -> EService | None:
    return await pdnd.eservice_di(unita, codice) if _CODICE.fullmatch(codice) else None


async def _ammetti(
    unita: UnitaDiLavoro, codice: str, letto: Contenuto, messaggio: tuple[bytes, ...]
) -> EService:
    """Let the caller into the ambito of the e-service that the voucher is for.

    What is refused afterwards undoes the use of the voucher with everything else.

    Raises:
        VoucherRifiutato: no such e-service, not its voucher, or used before.
        ServizioNonDisponibile: the e-service is not active.
    """
    eservice = await _chiamato(unita, codice)
    if eservice is None:
        raise VoucherRifiutato("eservice_sconosciuto")
    valori = impostazioni()
    voucher = controlla(
        letto,
        emittente=valori.pdnd_emittente,
        audience=eservice.audience,
        eta_massima=valori.pdnd_eta_massima,
        adesso=time.time(),
        fruitore=eservice.fruitore,
    )
    _attivo(eservice)
    await unita.restringi(msgspec.structs.replace(unita.contesto, ambito=eservice.ambito_id))
    impronta = impronta_uso(voucher, None if eservice.uso_voucher == "unico" else messaggio)
    if not await pdnd.usa_voucher(unita, impronta, voucher.scade):
        raise VoucherRifiutato("gia_usato")
    return eservice


def _attivo(eservice: EService) -> None:
    if not eservice.attivo:
        raise ServizioNonDisponibile("Il servizio di questo ente è sospeso.")


# What is asked.


def parametri(coppie: Iterable[tuple[str, str]]) -> tuple[int, int]:
    """`since` and `limit` of a query; `max_entries` is another name of the limit.

    >>> parametri([("since", "0"), ("max_entries", "25")])
    (0, 25)

    Raises:
        RichiestaNonValida: one is missing, repeated, or out of its bounds.
    """
    valori: dict[str, int] = {}
    for nome, testo in coppie:
        if nome not in ("since", "limit", "max_entries"):
            continue
        massimo = _SINCE_MASSIMO if nome == "since" else pdnd.FLUSSI_MASSIMI
        if nome in valori:
            raise RichiestaNonValida(f"Il parametro «{nome}» è ripetuto.")
        if not _CIFRE.fullmatch(testo) or int(testo) > massimo:
            raise RichiestaNonValida(
                f"Il parametro «{nome}» deve essere un numero intero fra 0 e {massimo}."
            )
        valori[nome] = int(testo)
    if "since" not in valori:
        raise RichiestaNonValida("Manca il parametro «since»: alla prima richiesta vale 0.")
    return valori["since"], valori.get("limit", valori.get("max_entries", LIMITE))


def notifica(corpo: bytes) -> ElencoEsiti:
    """The outcomes of a body.

    Raises:
        RichiestaNonValida: it is not what the description says; the place is told, no value is.
    """
    try:
        return _NOTIFICA.decode(corpo)
    except msgspec.ValidationError as errore:
        luogo = re.search(r"`(\$[\w.\[\]]*)`\Z", str(errore))
        raise RichiestaNonValida(
            "Il contenuto non corrisponde allo schema ElencoEsiti"
            + (f": controlla {luogo[1]}." if luogo else ".")
        ) from None
    except (msgspec.DecodeError, ValueError):
        raise RichiestaNonValida("Il contenuto non è un JSON leggibile.") from None


_NOTIFICA: Final = msgspec.json.Decoder(ElencoEsiti)


# What goes wrong.


def _rifiuto(_: Request[Any, Any, Any], errore: VoucherRifiutato) -> Response[bytes]:
    LOG.warning("voucher rifiutato: %s", Etichetta(errore.motivo))
    senza = errore.motivo == "assente"
    sfida = "Bearer" if senza else 'Bearer error="invalid_token"'
    return problema(401, _RIFIUTO, {"WWW-Authenticate": sfida})


def _troppe(_: Request[Any, Any, Any], errore: TroppeChiamate) -> Response[bytes]:
    ritmo = errore.ritmo
    return problema(
        429,
        f"Più di {ritmo.massimo} richieste in un minuto: riprova fra {ritmo.secondi} secondi.",
        ritmo.intestazioni,
    )


def _di_dominio(_: Request[Any, Any, Any], errore: ErroreCapofila) -> Response[bytes]:
    if errore.stato >= 500:
        LOG.error("%s", type(errore))
    return problema(
        errore.stato, errore.messaggio if errore.stato in (503, *range(400, 500)) else _GUASTO
    )


def http(_: Request[Any, Any, Any], errore: HTTPException) -> Response[bytes]:
    """For what the framework refuses: no such address, another method, a body too large."""
    stato = errore.status_code
    dettaglio = {
        404: "Nessun servizio risponde a questo indirizzo.",
        405: "Questo indirizzo non ammette il metodo usato.",
        413: f"Il contenuto supera {CORPO_MASSIMO} byte.",
        415: "Il contenuto deve essere application/json.",
    }.get(stato, _GUASTO if stato >= 500 else "La richiesta non si può leggere.")
    return problema(stato, dettaglio, dict(errore.headers or {}))


_PASSEGGERI: Final = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)
"""What may go well the next time."""


def _inatteso(_: Request[Any, Any, Any], errore: Exception) -> Response[bytes]:
    if isinstance(errore, _PASSEGGERI):
        LOG.error("%s", type(errore))
        return problema(503, "Il database ha smesso di rispondere: riprova fra poco.")
    LOG.error("errore inatteso", exc_info=errore)
    return problema(500, _GUASTO)


router = Router(
    path=f"{RADICE}v1",
    route_handlers=[flussi, esiti, status],
    request_max_body_size=CORPO_MASSIMO,
    exception_handlers={
        VoucherRifiutato: _rifiuto,
        TroppeChiamate: _troppe,
        ErroreCapofila: _di_dominio,
        HTTPException: http,
        Exception: _inatteso,
    },
)
