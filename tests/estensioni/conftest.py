"""The plugin of a vendor, installed for a while; an ambito of his and one more where it acts too."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
from argon2 import PasswordHasher
from litestar import Litestar
from tests.accessi.conftest import campo_nascosto
from tests.conftest import Banca
from tests.debito.casi import officina
from tests.isolamento.conftest import PAROLA, Navigatore
from tests.prestazioni.casi import ambiente, banca_da, modello

from capofila.accessi import service
from capofila.app import crea_app
from capofila.base.attivazioni import registro
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.impostazioni import impostazioni
from capofila.estensioni.migra import migra_plugin
from capofila.territorio.service import applica, applica_comuni
from capofila.web.assembla import assemble

__all__ = ["modello"]

FORNITORE = Path(__file__).resolve().parents[1] / "vendor" / "mantova"
PERSONE = (
    ("mara", "Mara Mantova", "responsabile_udp", "mantova", None),
    ("ugo", "Ugo Ufficio", "operatore_udp", "mantova", None),
    ("bice", "Bice Comune", "operatore_comune", "mantova", "E897"),
    ("carla", "Carla Crema", "responsabile_udp", "crema", None),
    ("anna", "Anna Amministra", "amministratore", None, None),
)


@contextmanager
def installato(cartella: Path, sorgente: Path = FORNITORE) -> Iterator[None]:
    """The plugin is importable and has its entry point, as when its wheel is installed."""
    scritta = cartella / "capofila_mantova-0.1.0.dist-info"
    scritta.mkdir(parents=True, exist_ok=True)
    (scritta / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: capofila-mantova\nVersion: 0.1.0\n"
    )
    (scritta / "entry_points.txt").write_text("[capofila.distretti]\nmantova = capofila_mantova\n")
    prima = [*sys.path]
    sys.path[:0] = [str(cartella), str(sorgente)]
    registro.cache_clear()
    try:
        yield
    finally:
        sys.path[:] = prima
        for nome in [n for n in sys.modules if n.split(".")[0] == "capofila_mantova"]:
            del sys.modules[nome]
        registro.cache_clear()


@contextmanager
def disinstallato() -> Iterator[None]:
    """The plugin cannot be imported and has no entry point any more, as after `pip uninstall`."""
    prima = [*sys.path]
    sys.path[:] = [
        uno
        for uno in prima
        if uno != str(FORNITORE) and not [*Path(uno).glob("capofila_mantova-*.dist-info")]
    ]
    moduli = {n: m for n, m in sys.modules.items() if n.split(".")[0] == "capofila_mantova"}
    for nome in moduli:
        del sys.modules[nome]
    registro.cache_clear()
    try:
        yield
    finally:
        sys.path[:] = prima
        sys.modules.update(moduli)
        registro.cache_clear()


class Casa(NamedTuple):
    """The platform with the vendor's plugin."""

    banca: Banca
    app: Litestar
    ambiti: dict[str, int]


@pytest.fixture(scope="module")
def banca_mantova(
    servizi: Any, modello: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Banca]:
    assemble()
    with (
        installato(tmp_path_factory.mktemp("installato")),
        banca_da(servizi, modello) as banca,
        pytest.MonkeyPatch.context() as prova,
    ):
        for nome, valore in ambiente(servizi, banca).items():
            prova.setenv(nome, valore)
        prova.setattr(service, "_ARGON", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        service._impronta_a_vuoto.cache_clear()
        impostazioni.cache_clear()
        yield banca
    service._impronta_a_vuoto.cache_clear()
    impostazioni.cache_clear()


@pytest.fixture(scope="module")
async def casa(banca_mantova: Banca) -> AsyncIterator[Casa]:
    assert await migra_plugin(banca_mantova.migra) == [
        "mantova 0001_visite", "mantova 0002_riepilogo",
    ]  # fmt: skip
    app = crea_app()
    async with officina(impostazioni()):
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await applica_comuni(FORNITORE / "ambito" / "comuni")
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await applica(FORNITORE / "ambito" / "mantova")
        async with unita_di_lavoro(Contesto()) as unita:
            ambiti = {r["slug"]: r["id"] for r in await unita.righe("SELECT slug, id FROM ambito")}
        for nome, chi, ruolo, slug, comune in PERSONE:
            async with unita_di_lavoro(Contesto(amministratore=True)):
                await service.aggiungi_utente(nome, chi, PAROLA, ruolo, slug, comune)
        yield Casa(banca_mantova, app, ambiti)


Entra = Callable[[str], Awaitable[Navigatore]]


@pytest.fixture
async def entra(casa: Casa) -> AsyncIterator[Entra]:
    """Log a person in, as a browser does."""
    aperti: list[Navigatore] = []

    async def apri(nome: str) -> Navigatore:
        cliente = Navigatore(
            transport=httpx.ASGITransport(casa.app, raise_app_exceptions=False),  # type: ignore[arg-type]
            base_url="http://capofila.test", headers={"accept": "text/html"},
        )  # fmt: skip
        aperti.append(cliente)
        cliente.gettone = campo_nascosto((await cliente.get("/accesso")).text, "_csrf_token")
        risposta = await cliente.vai("POST", "/accesso", {"nome_utente": nome, "password": PAROLA})
        assert risposta.status_code == 303, risposta.text
        return cliente

    yield apri
    for cliente in aperti:
        await cliente.aclose()


@pytest.fixture
def attivo_a_crema(casa: Casa) -> Iterator[None]:
    """The plugin acts in another ambito too, for the time of a test."""

    async def comanda(comando: str) -> None:
        connessione = await asyncpg.connect(casa.banca.superutente)
        try:
            await connessione.execute(comando, casa.ambiti["crema"])
        finally:
            await connessione.close()

    def fai(comando: str) -> None:
        with asyncio.Runner() as giro:
            giro.run(comanda(comando))

    fai("INSERT INTO attivazione (ambito_id, plugin, dal) VALUES ($1, 'mantova', '2013-01-01')")
    yield
    fai("DELETE FROM attivazione WHERE ambito_id = $1 AND plugin = 'mantova'")
