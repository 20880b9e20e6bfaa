"""The open data: pages, files and catalogue for anybody, without an account.

Each answer has an ETag, and asked for again unchanged it is not sent again; whoever asks too often
waits. The addresses of the files name an ambito, a dataset and a year, and stay.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
from collections.abc import Sequence
from functools import cache, partial
from typing import Any, Final, Literal

import msgspec
from litestar import Litestar, Request, Router, route
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import License
from litestar.params import FromPath, FromQuery
from litestar.response import Response, Template

from capofila.accessi.rules import rete
from capofila.base.errori import ErroreCapofila, RichiestaNonValida
from capofila.base.impostazioni import impostazioni
from capofila.base.ritmo import Ritmo, conta_chiamata
from capofila.confronto import aperti
from capofila.confronto.aperti import PER_PAGINA, Insieme, NonPiuAperto, Riga
from capofila.confronto.catalogo import FORMATI, SCRITTURE, triple
from capofila.confronto.rules import DATASET, IN_EURO, LICENZE
from capofila.hooks.tracciati import cella_csv
from capofila.web.contesto import pagina_richiesta
from capofila.web.errori import error_response
from capofila.web.formati import importo, numero, senza_zeri
from capofila.web.messaggi import error_text
from capofila.web.pagina import Colonna, with_parameters
from capofila.web.pubbliche import pagina_pubblica

Richiesta = Request[Any, Any, Any]
RADICE: Final = "/dati-aperti"
_OPT: Final = {"permesso": "pubblico", "unita": "nessuna", "exclude_from_csrf": True}
_leggi: Final = partial(route, http_method=["GET", "HEAD"])
"""Who gathers catalogues asks for the head first."""
_CACHE: Final = {"Cache-Control": "public, max-age=300, must-revalidate"}
_DI_PAGINA: Final = {"Cache-Control": "no-cache"}
"""What was withdrawn is not shown again by who reads."""
_DI_TUTTI: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_COLONNE_CSV: Final = (
    "ambito", "dataset", "anno", "versione", *Riga.__struct_fields__,
)  # fmt: skip


class Troppe(ErroreCapofila):
    """More requests than are answered in a minute."""

    codice = "troppe_richieste"
    stato = 429

    def __init__(self, ritmo: Ritmo) -> None:
        super().__init__(
            f"Più di {ritmo.massimo} richieste in un minuto: riprova fra {ritmo.secondi} secondi."
        )
        self.ritmo = ritmo


async def _conta(request: Richiesta) -> None:
    """Count a request of a network address, which is kept as a keyed digest for two minutes."""
    valori = impostazioni()
    indirizzo = request.client.host if request.client is not None else ""
    chi = hmac.new(valori.segreto.encode(), f"aperti:{rete(indirizzo)}".encode(), hashlib.sha256)
    ritmo = await conta_chiamata(
        valori, "aperti", chi.hexdigest()[:32], valori.dati_aperti_al_minuto
    )
    if ritmo is not None and ritmo.esaurito:
        raise Troppe(ritmo)


def _sito(request: Richiesta) -> str:
    """Where this installation is reached."""
    return impostazioni().indirizzo or str(request.base_url).rstrip("/")


def _risposta(
    request: Richiesta,
    segno: str,
    corpo: bytes | None,
    tipo: str,
    altre: dict[str, str] | None = None,
) -> Response[bytes]:
    """An answer with its ETag; 304 to who has it already."""
    intestazioni = {"ETag": f'"{segno}"', **_CACHE, **_DI_TUTTI}
    if corpo is None or _ha_gia(request, segno):
        return Response(b"", status_code=304, headers=intestazioni)
    return Response(corpo, media_type=tipo, headers=intestazioni | (altre or {}))


def _ha_gia(request: Richiesta, segno: str) -> bool:
    noti = {
        uno.strip().removeprefix("W/")
        for uno in request.headers.get("if-none-match", "").split(",")
    }
    return f'"{segno}"' in noti or "*" in noti


def _segno(*parti: object) -> str:
    return hashlib.sha256("|".join(map(str, parti)).encode()).hexdigest()[:32]


# What goes wrong.


class Problema(msgspec.Struct, frozen=True):
    """A problem (RFC 9457). ``sostituita_da`` is where the version in force is."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    sostituita_da: str | None = None


def _problema(
    stato: int, dettaglio: str, dove: str | None, altre: dict[str, str]
) -> Response[bytes]:
    corpo = Problema(error_text(stato).titolo, stato, dettaglio, sostituita_da=dove)
    return Response(
        msgspec.json.encode(corpo), status_code=stato, media_type="application/problem+json",
        headers=altre | _DI_TUTTI,
    )  # fmt: skip


def _di_dominio(request: Richiesta, errore: ErroreCapofila) -> Response[bytes]:
    altre, dove = {}, None
    if isinstance(errore, Troppe):
        altre = errore.ritmo.intestazioni
    elif isinstance(errore, NonPiuAperto) and errore.al_suo_posto:
        dove = f"{_sito(request)}{RADICE}/api/insiemi/{errore.al_suo_posto}/dati.json"
        altre = {"Link": f'<{dove}>; rel="successor-version"'}
    pubblico = errore.stato < 500 or errore.stato == 503
    detto = errore.messaggio if pubblico else error_text(500).testo
    return _problema(errore.stato, detto, dove, altre)


def _http(_: Richiesta, errore: HTTPException) -> Response[bytes]:
    testo = error_text(errore.status_code).testo
    if errore.status_code == 400:
        # The framework reads the filters that are numbers before we do.
        testo = (
            "Un filtro nell'indirizzo non si può leggere: anno è di quattro cifre, pagina un numero da 1. "
            f"Gli indirizzi sono descritti in {RADICE}/openapi.json."
        )
    return _problema(errore.status_code, testo, None, dict(errore.headers or {}))


def _troppe_in_pagina(request: Richiesta, errore: Troppe) -> Response[Any]:
    return error_response(request, 429, testo=errore.messaggio, headers=errore.ritmo.intestazioni)


def _ritirato_in_pagina(request: Richiesta, errore: NonPiuAperto) -> Template:
    return Template(
        "confronto/dato_ritirato.html",
        context={
            "pagina": pagina_pubblica(request, "Non è più pubblico", ""),
            "detto": errore.messaggio,
            "al_suo_posto": errore.al_suo_posto,
            "radice": RADICE,
        },
        status_code=410, media_type="text/html",
    )  # fmt: skip


# The API.


class Voce(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that is open: what it is, by which licence, where its files are."""

    ambito: str
    titolare: str
    dataset: str
    titolo: str
    anno: int
    versione: int
    licenza: str
    fonte: str
    metodo: str
    atto: str
    soglia: int
    aperto_il: str
    impronta: str
    pagina: str
    csv: str
    json: str


class Elenco(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the datasets that are open."""

    quanti: int
    pagina: int
    pagine: int
    insiemi: list[Voce]


class Dati(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset with its figures. A suppressed figure has no value."""

    insieme: Voce
    cifre: list[Riga]


def _voce(sito: str, questo: Insieme) -> Voce:
    file = f"{sito}{RADICE}/api/insiemi/{questo.percorso}/dati"
    return Voce(
        ambito=questo.titolare.slug, titolare=f"{questo.titolare.nome}, {questo.titolare.capofila}",
        dataset=questo.dataset.codice, titolo=questo.titolo, anno=questo.anno,
        versione=questo.versione, licenza=LICENZE[questo.licenza].indirizzo, fonte=questo.fonte,
        metodo=questo.metodo, atto=f"{questo.atto}, {questo.atto_data.isoformat()}",
        soglia=questo.soglia, aperto_il=questo.aperta_il.isoformat(), impronta=questo.sha256,
        pagina=f"{sito}{RADICE}/{questo.percorso}", csv=f"{file}.csv", json=f"{file}.json",
    )  # fmt: skip


_IN_JSON: Final = msgspec.json.Encoder(decimal_format="number")
_NON_CI_SONO: Final[dict[int, ResponseSpec]] = {
    400: ResponseSpec(
        Problema, description="L'indirizzo non si può leggere", media_type="application/problem+json"
    ),
    404: ResponseSpec(Problema, description="Mai stato aperto", media_type="application/problem+json"),
    410: ResponseSpec(
        Problema, description="Ritirato o sostituito", media_type="application/problem+json"
    ),
    429: ResponseSpec(
        Problema, description="Troppe richieste: Retry-After dice quanto aspettare",
        media_type="application/problem+json",
    ),
}  # fmt: skip


def _filtri(request: Richiesta) -> tuple[str, str, int | None]:
    """What the address asks for: ambito, dataset, year."""
    slug, dataset, anno = (
        request.query_params.get(n, "")[:40] for n in ("ambito", "dataset", "anno")
    )
    if (
        dataset not in {"", *DATASET}
        or (slug and not (slug.isascii() and slug.replace("-", "").isalnum()))
        or (anno and not (anno.isascii() and anno.isdigit() and len(anno) == 4))
    ):
        raise RichiestaNonValida(
            "Il filtro nell'indirizzo non si può leggere: torna ai dati aperti e scegli di nuovo."
        )
    return slug, dataset, int(anno) if anno else None


@_leggi(
    "/insiemi", opt=_OPT, summary="Gli insiemi di dati aperti",
    description="A pagine di 50. Filtri: ambito, dataset, anno.",
    responses={200: ResponseSpec(Elenco), **{n: _NON_CI_SONO[n] for n in (400, 429)}},
)  # fmt: skip
async def insiemi(
    request: Richiesta,
    ambito: FromQuery[str] = "",
    dataset: FromQuery[str] = "",
    anno: FromQuery[int | None] = None,
    pagina: FromQuery[int] = 1,
) -> Response[bytes]:
    """What is open now."""
    del ambito, dataset, anno, pagina  # declared for the description; read, and bounded, below
    numero_pagina = pagina_richiesta(request)
    trovati, quanti = await aperti.insiemi(*_filtri(request), pagina=numero_pagina)
    corpo = _IN_JSON.encode(
        Elenco(
            quanti=quanti, pagina=numero_pagina, pagine=max(1, -(-quanti // PER_PAGINA)),
            insiemi=[_voce(_sito(request), uno) for uno in trovati],
        )
    )  # fmt: skip
    return _risposta(request, _segno(hashlib.sha256(corpo).hexdigest()), corpo, "application/json")


def in_csv(questo: Insieme, righe: Sequence[Riga]) -> bytes:
    """The figures, one a line: commas, decimal point, UTF-8."""
    uscita = io.StringIO()
    scrivi = csv.writer(uscita, lineterminator="\r\n")
    scrivi.writerow(_COLONNE_CSV)
    capo = (questo.titolare.slug, questo.dataset.codice, questo.anno, questo.versione)
    for r in righe:
        scrivi.writerow(
            (
                *capo, r.riga, r.comune or "", _testo(r.denominazione), _testo(r.voce),
                _testo(r.nome_voce), r.misura, r.nome_misura,
                "" if r.valore is None else f"{_valore(r):f}", "si" if r.soppressa else "no",
            )
        )  # fmt: skip
    return uscita.getvalue().encode()


def _valore(riga: Riga) -> Any:
    """A count has no cents."""
    return riga.valore if riga.misura in IN_EURO else senza_zeri(riga.valore)


def _testo(testo: str) -> str:
    """A text that a spreadsheet would run is made harmless; the writer puts the quotes."""
    return "'" + testo if cella_csv(testo[:1]).startswith("'") and testo else testo


async def _file(
    request: Richiesta, slug: str, dataset: str, anno: int, versione: int | None, formato: str
) -> Response[bytes]:
    questo = await aperti.insieme(slug[:60], dataset[:60], anno, versione)
    sito = _sito(request)
    segno = _segno(questo.segno, formato, sito)
    tipo = FORMATI[formato][1]
    if _ha_gia(request, segno):
        return _risposta(request, segno, None, tipo)
    righe = await aperti.righe(questo)
    if formato == "csv":
        corpo = in_csv(questo, righe)
    else:
        corpo = _IN_JSON.encode(Dati(insieme=_voce(sito, questo), cifre=righe))
    nome = f"{questo.percorso.replace('/', '-')}-v{questo.versione}.{formato}"
    licenza = f'<{LICENZE[questo.licenza].indirizzo}>; rel="license"'
    return _risposta(
        request, segno, corpo, tipo,
        {"Content-Disposition": f'inline; filename="{nome}"', "Link": licenza},
    )  # fmt: skip


_CSV: Final[dict[int, ResponseSpec]] = {
    200: ResponseSpec(str, description="Le cifre, una per riga", media_type="text/csv"),
    **_NON_CI_SONO,
}
_JSON: Final[dict[int, ResponseSpec]] = {200: ResponseSpec(Dati), **_NON_CI_SONO}


@_leggi("/insiemi/{slug:str}/{dataset:str}/{anno:int}/dati.csv", opt=_OPT, responses=_CSV,
     summary="La versione in vigore, CSV")  # fmt: skip
async def dati_csv(
    request: Richiesta, slug: FromPath[str], dataset: FromPath[str], anno: FromPath[int]
) -> Response[bytes]:
    """The version in force."""
    return await _file(request, slug, dataset, anno, None, "csv")


@_leggi("/insiemi/{slug:str}/{dataset:str}/{anno:int}/dati.json", opt=_OPT, responses=_JSON,
     summary="La versione in vigore, JSON")  # fmt: skip
async def dati_json(
    request: Richiesta, slug: FromPath[str], dataset: FromPath[str], anno: FromPath[int]
) -> Response[bytes]:
    """The version in force."""
    return await _file(request, slug, dataset, anno, None, "json")


@_leggi("/insiemi/{slug:str}/{dataset:str}/{anno:int}/versioni/{versione:int}/dati.csv", opt=_OPT,
     responses=_CSV, summary="Una versione, CSV")  # fmt: skip
async def versione_csv(
    request: Richiesta,
    slug: FromPath[str],
    dataset: FromPath[str],
    anno: FromPath[int],
    versione: FromPath[int],
) -> Response[bytes]:
    """That very version, or what replaced it."""
    return await _file(request, slug, dataset, anno, versione, "csv")


@_leggi("/insiemi/{slug:str}/{dataset:str}/{anno:int}/versioni/{versione:int}/dati.json", opt=_OPT,
     responses=_JSON, summary="Una versione, JSON")  # fmt: skip
async def versione_json(
    request: Richiesta,
    slug: FromPath[str],
    dataset: FromPath[str],
    anno: FromPath[int],
    versione: FromPath[int],
) -> Response[bytes]:
    """That very version, or what replaced it."""
    return await _file(request, slug, dataset, anno, versione, "json")


_fatti: dict[str, tuple[str, bytes]] = {}
"""The last catalogue made, by format, with the sign of what it is of."""


async def _catalogo(
    request: Richiesta, formato: Literal["rdf", "ttl", "jsonld"]
) -> Response[bytes]:
    tutti, _ = await aperti.insiemi()
    sito, valori = _sito(request), impostazioni()
    editore = (valori.dati_aperti_editore, valori.dati_aperti_editore_ipa)
    segno = _segno(formato, sito, *editore, *(f"{i.percorso} {i.segno}" for i in tutti))
    tipo, scrivi = SCRITTURE[formato]
    if _ha_gia(request, segno):
        return _risposta(request, segno, None, tipo)
    noto, corpo = _fatti.get(formato, ("", b""))
    if noto != segno:
        corpo = scrivi(triple(sito, tutti, *editore))
        _fatti[formato] = (segno, corpo)
    return _risposta(request, segno, corpo, tipo)


def _del_catalogo(formato: str, tipo: str) -> dict[int, ResponseSpec]:
    return {
        200: ResponseSpec(str, description=f"Il catalogo ({formato})", media_type=tipo),
        429: _NON_CI_SONO[429],
    }


@_leggi("/catalogo.rdf", opt=_OPT, summary="Il catalogo DCAT-AP_IT, RDF/XML",
     responses=_del_catalogo("RDF/XML", "application/rdf+xml"))  # fmt: skip
async def catalogo_rdf(request: Richiesta) -> Response[bytes]:
    """The catalogue, for who gathers catalogues."""
    return await _catalogo(request, "rdf")


@_leggi("/catalogo.ttl", opt=_OPT, summary="Il catalogo DCAT-AP_IT, Turtle",
     responses=_del_catalogo("Turtle", "text/turtle"))  # fmt: skip
async def catalogo_ttl(request: Richiesta) -> Response[bytes]:
    """The catalogue, for who gathers catalogues."""
    return await _catalogo(request, "ttl")


@_leggi("/catalogo.jsonld", opt=_OPT, summary="Il catalogo DCAT-AP_IT, JSON-LD",
     responses=_del_catalogo("JSON-LD", "application/ld+json"))  # fmt: skip
async def catalogo_jsonld(request: Richiesta) -> Response[bytes]:
    """The catalogue, for who gathers catalogues."""
    return await _catalogo(request, "jsonld")


@cache
def _descrizione() -> bytes:
    """The OpenAPI of these addresses and no other."""
    app = Litestar(
        [Router(RADICE, route_handlers=[*_DESCRITTE_NELL_API, *_CATALOGHI])],
        openapi_config=OpenAPIConfig(
            title="Dati aperti degli ambiti sociali", version="1",
            description="Ciò che gli ambiti hanno aperto a tutti: nessun accesso, solo lettura. Ogni risposta "
            "ha un ETag; troppe richieste in un minuto hanno 429 con Retry-After.",
            license=License(name="EUPL-1.2", identifier="EUPL-1.2"),
        ),
        logging_config=None,
    )  # fmt: skip
    schema = app.openapi_schema.to_schema()
    for indirizzo in schema["paths"].values():
        del indirizzo["head"]
    return msgspec.json.encode(schema)


@_leggi("/openapi.json", opt=_OPT, include_in_schema=False)
async def descrizione(request: Richiesta) -> Response[bytes]:
    """How to ask: the OpenAPI of the open data."""
    corpo = _descrizione()
    return _risposta(
        request, _segno(hashlib.sha256(corpo).hexdigest()), corpo,
        "application/vnd.oai.openapi+json",
    )  # fmt: skip


# The pages.


@_leggi("/", opt=_OPT, include_in_schema=False)
async def elenco(request: Richiesta) -> Template | Response[bytes]:
    """What is open, in words."""
    slug, dataset, anno = _filtri(request)
    pagina = pagina_richiesta(request)
    trovati, quanti = await aperti.insiemi(slug, dataset, anno, pagina=pagina)
    filtro = {"ambito": slug or None, "dataset": dataset or None, "anno": anno}
    ambiti, anni = await aperti.scelte()
    return Template(
        "confronto/dati_aperti.html",
        context={
            "pagina": pagina_pubblica(
                request, "Dati aperti",
                "Le figure dei servizi sociali che gli ambiti hanno aperto a tutti.",
            ),
            "insiemi": trovati,
            "quanti": quanti,
            "pagina_ora": pagina,
            "pagine": max(1, -(-quanti // PER_PAGINA)),
            "per_pagina": PER_PAGINA,
            "filtro": filtro,
            "filtrato": any(filtro.values()),
            "dataset": [(d.codice, d.nome) for d in DATASET.values()],
            "ambiti": [(t.slug, t.nome) for t in ambiti],
            "anni": [(str(a), str(a)) for a in sorted({*anni, *filter(None, (anno,))}, reverse=True)],
            "licenze": LICENZE,
            "url": with_parameters(RADICE, **filtro),
            "radice": RADICE,
            "colonne": (
                Colonna("Dati"), Colonna("Ambito"), Colonna("Anno", tipo="numero"), Colonna("Licenza"),
                Colonna("Aperti il"), Colonna("File"),
            ),
        },
        media_type="text/html", headers=_DI_PAGINA,
    )  # fmt: skip


@_leggi("/{slug:str}/{dataset:str}/{anno:int}", opt=_OPT, include_in_schema=False)
async def scheda(
    request: Richiesta, slug: FromPath[str], dataset: FromPath[str], anno: FromPath[int]
) -> Template:
    """A dataset: what it is, by which licence, its files and its figures."""
    questo = await aperti.insieme(slug[:60], dataset[:60], anno)
    righe = await aperti.righe(questo)
    pagina = pagina_pubblica(
        request,
        questo.titolo,
        f"Versione {questo.versione}, ente capofila {questo.titolare.capofila}.",
    )
    return Template(
        "confronto/dato_aperto.html",
        context={
            "pagina": pagina,
            "questo": questo,
            "licenza": LICENZE[questo.licenza],
            "soppresse": len({(r.riga, r.voce) for r in righe if r.soppressa}),
            "righe": [(r, _scritta(r)) for r in righe],
            "radice": RADICE,
            "colonne": (
                Colonna("Di chi"), Colonna(questo.dataset.voce), Colonna("Misura"),
                Colonna("Cifra", tipo="numero"),
            ),
        },
        media_type="text/html", headers=_DI_PAGINA,
    )  # fmt: skip


def _scritta(riga: Riga) -> str:
    if riga.soppressa:
        return "soppressa"
    return importo(riga.valore) if riga.misura in IN_EURO else numero(_valore(riga))


_DESCRITTE: Final = (insiemi, dati_csv, dati_json, versione_csv, versione_json)
_DESCRITTE_NELL_API: Final = (Router("/api", route_handlers=_DESCRITTE),)
_CATALOGHI: Final = (catalogo_rdf, catalogo_ttl, catalogo_jsonld)
_ERRORI: Final[Any] = {ErroreCapofila: _di_dominio, HTTPException: _http}

ROTTE: Final = (
    Router(
        RADICE,
        before_request=_conta,
        route_handlers=[
            Router(
                "/",
                route_handlers=[elenco, scheda],
                exception_handlers={Troppe: _troppe_in_pagina, NonPiuAperto: _ritirato_in_pagina},
            ),
            Router(
                "/",
                route_handlers=[
                    Router("/api", route_handlers=_DESCRITTE), *_CATALOGHI, descrizione,
                ],
                exception_handlers=_ERRORI,
            ),
        ],
    ),
)  # fmt: skip
