"""The application over a database with the three ambiti, and people who may and may not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from tests.accessi.conftest import campo_nascosto
from tests.conftest import Banca
from tests.isolamento.conftest import PAROLA, Entra, Navigatore
from tests.prestazioni.casi import ambiente, banca_da, modello

from capofila.accessi import service
from capofila.app import crea_app
from capofila.base.database import MOTORE, Contesto, unita_di_lavoro
from capofila.base.impostazioni import impostazioni
from capofila.web.assembla import assemble

__all__ = ["modello"]

PERSONE: tuple[tuple[str, str, str | None], ...] = (
    ("anna.ammi", "amministratore", None),
    ("rita.crema", "responsabile_udp", "crema"),
    ("vera.cremona", "responsabile_udp", "cremona"),
)


@pytest.fixture
def banca_tre(servizi: Any, modello: str) -> Iterator[Banca]:
    assemble()
    with banca_da(servizi, modello) as banca, pytest.MonkeyPatch.context() as prova:
        for nome, valore in ambiente(servizi, banca).items():
            prova.setenv(nome, valore)
        prova.setattr(service, "_ARGON", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        service._impronta_a_vuoto.cache_clear()
        impostazioni.cache_clear()
        yield banca
    service._impronta_a_vuoto.cache_clear()
    impostazioni.cache_clear()


@pytest.fixture
async def tre(banca_tre: Banca) -> AsyncIterator[Banca]:
    """The engine, open on a database of this test."""
    await MOTORE.apri({"app": banca_tre.app}, massimo=4)
    yield banca_tre
    await MOTORE.chiudi()


@pytest.fixture
async def entra(tre: Banca) -> AsyncIterator[Entra]:
    """Log a person in, as a browser does; None is nobody."""
    app = crea_app()
    aperti: list[Navigatore] = []
    for nome, ruolo, slug in PERSONE:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await service.aggiungi_utente(nome, nome.title(), PAROLA, ruolo, slug, None)

    async def apri(nome: str | None) -> Navigatore:
        cliente = Navigatore(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),  # type: ignore[arg-type]
            base_url="http://capofila.test", headers={"accept": "text/html"},
        )  # fmt: skip
        aperti.append(cliente)
        cliente.gettone = campo_nascosto((await cliente.get("/accesso")).text, "_csrf_token")
        if nome is not None:
            risposta = await cliente.vai(
                "POST", "/accesso", {"nome_utente": nome, "password": PAROLA}
            )
            assert risposta.status_code == 303, risposta.text
        return cliente

    yield apri
    for cliente in aperti:
        await cliente.aclose()
