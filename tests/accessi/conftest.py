"""A small application with the middleware and the routes of the accounts, and people in it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from argon2 import PasswordHasher
from litestar import Litestar, Request, Response, get, post
from litestar.config.csrf import CSRFConfig
from litestar.params import FromPath

from capofila.accessi import routes, service
from capofila.accessi.mezzo import MezzoAccessi, verifica_rotte
from capofila.base.database import Contesto, unita_corrente, unita_di_lavoro
from capofila.base.errori import ErroreCapofila
from capofila.base.visita import visita_corrente
from capofila.web.ambiente import template_config
from capofila.web.statici import Statici

PAROLA = "quattro parole messe a caso"


class Persone(NamedTuple):
    """Accounts by what they are."""

    amministratore: int
    responsabile: int
    operatore: int
    comune: int
    analista: int
    nessuno: int
    cremona: int


@pytest.fixture
async def ambiti(motore: Any, banca: Any) -> dict[str, int]:
    """Two ambiti with one comune each, and an agency."""
    async with unita_di_lavoro(Contesto(amministratore=True)) as unita:
        righe = await unita.righe(
            "INSERT INTO ambito (slug, nome, capofila, provincia) VALUES"
            " ('crema', 'Ambito Cremasco', 'Comune di Crema', 'CR'),"
            " ('cremona', 'Ambito di Cremona', 'Comune di Cremona', 'CR') RETURNING slug, id"
        )
        await unita.esegui("INSERT INTO ats (slug, nome) VALUES ('valpadana', 'ATS Val Padana')")
        await unita.esegui(
            "INSERT INTO comune (istat, nome, belfiore, provincia, fonte) VALUES"
            " ('019035', 'Crema', 'D142', 'CR', 'prova'),"
            " ('019036', 'Cremona', 'D150', 'CR', 'prova')"
        )
    ambiti = {r["slug"]: r["id"] for r in righe}
    for slug, istat in (("crema", "019035"), ("cremona", "019036")):
        async with unita_di_lavoro(Contesto(ambito=ambiti[slug])) as unita:
            await unita.esegui(
                "INSERT INTO appartenenza (istat, fonte) VALUES ($1, 'prova')", istat
            )
    return ambiti


async def nuovo(nome: str, ruolo: str | None, *luogo: str | None, **altro: Any) -> int:
    """An account, made as the platform's administration makes one."""
    async with unita_di_lavoro(Contesto(amministratore=True)):
        return await service.aggiungi_utente(
            nome, nome.replace(".", " ").title(), PAROLA, ruolo, *luogo, **altro
        )


ARGON_VERO = service._ARGON
ARGON_LEGGERO = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(autouse=True)
def argon_leggero(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hundreds of log-ins with the real parameters would take minutes; one test uses those."""
    monkeypatch.setattr(service, "_ARGON", ARGON_LEGGERO)
    service._impronta_a_vuoto.cache_clear()
    yield
    service._impronta_a_vuoto.cache_clear()


@pytest.fixture(scope="session")
def impronta_parola() -> str:
    """The digest of everybody's password, computed once."""
    return ARGON_LEGGERO.hash(PAROLA)


@pytest.fixture
async def persone(
    ambiti: dict[str, int], impronta_parola: str, monkeypatch: pytest.MonkeyPatch
) -> Persone:
    """One person of each kind."""

    async def gia_calcolata(_: str) -> str:
        return impronta_parola

    with monkeypatch.context() as veloce:
        veloce.setattr(service, "calcola_impronta", gia_calcolata)
        return await _persone()


async def _persone() -> Persone:
    return Persone(
        await nuovo("anna.ammi", "amministratore"),
        await nuovo("rita.resp", "responsabile_udp", "crema"),
        await nuovo("olga.oper", "operatore_udp", "crema"),
        await nuovo("carlo.comu", "operatore_comune", "crema", "D142"),
        await nuovo("aldo.anal", "analista_ats", ats="valpadana"),
        await nuovo("nora.ness", None),
        await nuovo("vera.cremo", "responsabile_udp", "cremona"),
    )


def rispondi(_: Request[Any, Any, Any], errore: ErroreCapofila) -> Response[Any]:
    """What the app does with an error of the domain, in brief."""
    return Response(
        {"codice": errore.codice, "messaggio": errore.messaggio}, status_code=errore.stato
    )


@get("/{ambito:str}/prestazioni", opt={"permesso": "prestazioni.vedi", "unita": "lettura"})
async def prestazioni(ambito: FromPath[str]) -> dict[str, Any]:
    contesto = unita_corrente().contesto
    return {"ambito": contesto.ambito, "comune": contesto.comune, "utente": contesto.utente}


@post("/{ambito:str}/prestazioni", opt={"permesso": "prestazioni.importa"})
async def importa(ambito: FromPath[str]) -> None:
    await service.registra("prestazioni.importate", "lotto", "1", righe=2)


@get("/{ambito:str}/debito", opt={"permesso": "debito.vedi", "unita": "lettura"})
async def debito(ambito: FromPath[str]) -> None: ...


@post("/{ambito:str}/debito/invia", opt={"permesso": "debito.invia"})
async def invia(ambito: FromPath[str]) -> None: ...


@get("/{ambito:str}/gestione", opt={"permesso": "ambito.amministra"})
async def gestione(ambito: FromPath[str]) -> None: ...


@get("/ats/{ats:str}", opt={"permesso": "ats.leggi", "unita": "lettura"})
async def confronto(ats: FromPath[str]) -> dict[str, Any]:
    return {"ats": unita_corrente().contesto.ats}


@get("/aperta", opt={"permesso": "pubblico", "unita": "lettura"})
async def aperta() -> dict[str, Any]:
    return {"chi": visita_corrente().utente_nome}


@get("/salute", opt={"permesso": "pubblico", "unita": "nessuna"})
async def salute() -> str:
    return "bene"


ALTRE: tuple[Any, ...] = (
    prestazioni, importa, debito, invia, gestione, confronto, aperta, salute,
)  # fmt: skip


@cache
def _statici() -> Statici:
    return Statici()


MODELLI = Path(routes.__file__).parent / "templates"


def piccola_app(rotte: Sequence[Any] = (), *, csrf: bool = False, **opzioni: Any) -> Litestar:
    """The routes of the accounts and some more, behind the middleware."""
    app = Litestar(
        [routes.router, *ALTRE, *rotte],
        middleware=[MezzoAccessi()],
        exception_handlers={ErroreCapofila: rispondi},  # type: ignore[dict-item]
        csrf_config=CSRFConfig(secret="s" * 32, cookie_name="capofila_csrf") if csrf else None,
        template_config=template_config(
            Statici(), {"accessi": Path(routes.__file__).parent / "templates"}
        ),
        openapi_config=None,
        logging_config=None,
        **opzioni,
    )
    verifica_rotte(app)
    return app


Navigatore = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def naviga(persone: Persone) -> AsyncIterator[Navigatore]:
    """Makes browsers: ``await naviga("rita.resp")`` is logged in, ``await naviga()`` is not."""
    aperti: list[httpx.AsyncClient] = []

    async def apri(nome: str | None = None, app: Litestar | None = None) -> httpx.AsyncClient:
        trasporto = httpx.ASGITransport(app or piccola_app(), raise_app_exceptions=False)  # type: ignore[arg-type]
        cliente = httpx.AsyncClient(
            transport=trasporto,
            base_url="http://capofila.test",
            headers={"accept": "text/html"},
        )
        aperti.append(cliente)
        if nome is not None:
            ingresso = await service.entra(nome, PAROLA, "192.0.2.1")
            cliente.cookies.set(service.COOKIE, ingresso.token)
        return cliente

    yield apri
    for cliente in aperti:
        await cliente.aclose()


def campo_nascosto(pagina: str, nome: str) -> str:
    """The value of a hidden field of a form."""
    trovato = re.search(rf'name="{nome}" value="([^"]*)"', pagina)
    assert trovato is not None, f"no field {nome}"
    return trovato.group(1)
