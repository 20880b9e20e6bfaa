"""The whole platform for the tests of its pages: web and worker as processes, real services.

One database a session, with the three ambiti of `tenants/`, invented prestazioni in Crema, and a
person of each role. A test leaves behind what it does: those that need an untouched ambito take
one that no other test uses.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from playwright.sync_api import Page
from tests.browser import *  # noqa: F403
from tests.browser import PaginaNuova
from tests.conftest import Banca, _banca, _indirizzo

from capofila.accessi.service import aggiungi_utente
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import MOTORE, Contesto, unita_di_lavoro
from capofila.base.impostazioni import impostazioni
from capofila.dimostrazione import genera_csv
from capofila.prestazioni.service import FileRicevuto, importa
from capofila.territorio.service import applica, applica_comuni
from capofila.web.assembla import assemble

TENANTS = Path(__file__).resolve().parents[2] / "tenants"
PAROLA = "quattro parole messe a caso"
ANNO = 2025
RIGHE = 137
PERSONE = (
    ("ada.ammi", "Ada Amministra", "amministratore", None, None),
    ("rita.resp", "Rita Responsabile", "responsabile_udp", "crema", None),
    ("olga.oper", "Olga Operatrice", "operatore_udp", "crema", None),
    ("pia.pandino", "Pia Pandino", "operatore_comune", "crema", "G306"),
    ("vera.cremo", "Vera Cremona", "responsabile_udp", "cremona", None),
    ("ciro.casal", "Ciro Casalmaggiore", "responsabile_udp", "casalmaggiore", None),
    ("carla.casal", "Carla Casalmaggiore", "operatore_comune", "casalmaggiore", "B898"),
)


class Piattaforma:
    """A running platform."""

    def __init__(self, ambiente: dict[str, str], banca: Banca, cartella: Path) -> None:
        self.banca = banca
        self.indirizzo = ""
        self.comuni: dict[str, list[tuple[str, str]]] = {}
        """Belfiore and ISTAT codes of the comuni of each ambito."""
        self._ambiente = {
            **{n: v for n, v in os.environ.items() if not n.startswith("CAPOFILA_")},
            **ambiente,
        }
        self._cartella = cartella
        self._processi: dict[str, subprocess.Popen[bytes]] = {}

    def avvia(self, nome: str, *argomenti: str) -> subprocess.Popen[bytes]:
        """Start a Python module of ours."""
        with (self._cartella / f"{nome}.log").open("ab") as registro:
            processo = subprocess.Popen(
                [sys.executable, "-m", *argomenti],
                env=self._ambiente,
                stdin=subprocess.DEVNULL,
                stdout=registro,
                stderr=registro,
            )
        self._processi[nome] = processo
        return processo

    def ferma(self, nome: str) -> None:
        """Stop one of them, if it runs."""
        processo = self._processi.pop(nome, None)
        if processo is None:
            return
        processo.terminate()
        try:
            processo.wait(20)
        except subprocess.TimeoutExpired:
            processo.kill()
            processo.wait()

    def ferma_tutto(self) -> None:
        """Stop all of them."""
        for nome in list(self._processi):
            self.ferma(nome)

    def avvia_web(self) -> None:
        """Start the web and wait until it answers."""
        with socket.socket() as libero:
            libero.bind(("127.0.0.1", 0))
            porta = libero.getsockname()[1]
        processo = self.avvia(
            "web", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(porta),
            "--log-level", "warning", "--no-ws", "capofila.app:app",
        )  # fmt: skip
        self.indirizzo = f"http://127.0.0.1:{porta}"
        scadenza = time.monotonic() + 180
        while True:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.indirizzo}/salute").status_code == 200:
                    return
            assert processo.poll() is None, (self._cartella / "web.log").read_text()
            assert time.monotonic() < scadenza, "il web non risponde"
            time.sleep(0.1)

    def avvia_worker(self) -> None:
        """Start the worker, if it does not run."""
        if "worker" not in self._processi:
            self.avvia("worker", "capofila.worker")

    def esegui(self, lavoro: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run something in this process, over the platform's own database."""

        async def dentro() -> None:
            await MOTORE.apri({"app": self.banca.app}, massimo=2)
            try:
                await lavoro()
            finally:
                await MOTORE.chiudi()

        with pytest.MonkeyPatch.context() as prova:
            for variabile, valore in self._ambiente.items():
                prova.setenv(variabile, valore)
            impostazioni.cache_clear()
            asyncio.run(dentro())
        impostazioni.cache_clear()

    def csv(self, slug: str, righe: int, seme: int = ANNO) -> bytes:
        """A file of good invented rows."""
        return genera_csv(slug, self.comuni[slug], None, righe, seme)

    def entra(self, pagina: Page, chi: str, percorso: str = "/") -> Page:
        """Log a person in, and open a page."""
        pagina.goto(f"{self.indirizzo}/accesso")
        pagina.get_by_label("Nome utente").fill(chi)
        pagina.get_by_label("Password").fill(PAROLA)
        pagina.get_by_role("button", name="Accedi").click()
        pagina.wait_for_url(lambda url: "/accesso" not in url)
        pagina.goto(self.indirizzo + percorso)
        return pagina


def scatta(
    pagina: Page,
    nome: str,
    larghezza: int,
    axe: Callable[[Page], None],
    fotografia: Callable[[Page, str], Path],
) -> None:
    """A picture of a page, which breaks no rule, has one title and is not wider than the screen."""
    fotografia(pagina, f"{nome}-{larghezza}")
    axe(pagina)
    assert pagina.locator("h1").count() == 1
    largo = pagina.evaluate("document.documentElement.scrollWidth")
    assert largo <= larghezza, f"{nome} è larga {largo}"


@dataclass(frozen=True)
class Visita:
    """Somebody at a screen of one width, who looks at pages of the platform."""

    piattaforma: Piattaforma
    larghezza: int
    axe: Callable[[Page], None]
    fotografia: Callable[[Page, str], Path]
    apri: PaginaNuova

    def nuova(self) -> Page:
        """An empty page of this width."""
        return self.apri(self.larghezza)

    def entra(self, chi: str, percorso: str = "/") -> Page:
        """Log a person in, and open a page."""
        return self.piattaforma.entra(self.nuova(), chi, percorso)

    def scatta(self, pagina: Page, nome: str) -> None:
        """Look at a page, as :func:`scatta`."""
        scatta(pagina, nome, self.larghezza, self.axe, self.fotografia)


@pytest.fixture(params=[1280, 390])
def visita(
    request: pytest.FixtureRequest,
    piattaforma: Piattaforma,
    axe: Callable[[Page], None],
    fotografia: Callable[[Page, str], Path],
    pagina_nuova: PaginaNuova,
) -> Visita:
    """A visit at a desk, and one by phone."""
    return Visita(piattaforma, request.param, axe, fotografia, pagina_nuova)


@pytest.fixture(scope="session")
def piattaforma(
    servizi: Any, modello: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Piattaforma]:
    """The platform of this session."""
    with accesa(servizi, modello, tmp_path_factory.mktemp("piattaforma")) as tutto:
        yield tutto


@contextmanager
def accesa(
    servizi: Any, modello: str, cartella: Path, nome: str = "", *, vuota: bool = False, **altro: str
) -> Iterator[Piattaforma]:
    """A platform with a database of its own, without prestazioni when `vuota`; `altro` is more of its
    environment."""
    assemble()
    nome = f"prova_pagine{nome}_{os.getpid()}"
    banca = _banca(servizi, nome)
    amministratore = _indirizzo(
        servizi, servizi.postgres_superuser, servizi.postgres_password, "postgres"
    )
    ambiente = {
        "CAPOFILA_DATABASE_URL": banca.app,
        "CAPOFILA_ATS_URL": banca.ats,
        "CAPOFILA_RELAY_URL": banca.relay,
        "CAPOFILA_BROKER_URL": servizi.valkey_url,
        "CAPOFILA_S3_ENDPOINT": servizi.s3_endpoint,
        "CAPOFILA_S3_ACCESS_KEY": servizi.s3_access_key,
        "CAPOFILA_S3_SECRET_KEY": servizi.s3_secret_key,
        "CAPOFILA_S3_HTTPS": "false",
        "CAPOFILA_S3_PREFISSO_BUCKET": nome.replace("_", "-"),
        "CAPOFILA_HTTPS": "false",
        "CAPOFILA_SEGRETO": "prova-" * 8,
        "CAPOFILA_DIMOSTRAZIONE": "true",
        **altro,
    }
    tutto = Piattaforma(ambiente, banca, cartella)
    with pytest.MonkeyPatch.context() as prova:
        for variabile, valore in ambiente.items():
            prova.setenv(variabile, valore)
        impostazioni.cache_clear()
        asyncio.run(_prepara(tutto, amministratore, modello, vuota))
    impostazioni.cache_clear()
    try:
        tutto.avvia_web()
        tutto.avvia_worker()
        yield tutto
    finally:
        tutto.ferma_tutto()
        asyncio.run(_comanda(amministratore, f"DROP DATABASE {nome} WITH (FORCE)"))


async def _comanda(indirizzo: str, *comandi: str) -> None:
    connessione = await asyncpg.connect(indirizzo)
    try:
        for comando in comandi:
            await connessione.execute(comando)
    finally:
        await connessione.close()


async def _prepara(tutto: Piattaforma, amministratore: str, modello: str, vuota: bool) -> None:
    nome = tutto.banca.nome
    await _comanda(
        amministratore,
        f"CREATE DATABASE {nome} TEMPLATE {modello} OWNER capofila_owner",
        f"GRANT CONNECT ON DATABASE {nome} TO capofila_app, capofila_ats, capofila_relay",
        f"GRANT TEMPORARY ON DATABASE {nome} TO capofila_app",
    )
    await MOTORE.apri({"app": tutto.banca.app}, massimo=4)
    try:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await applica_comuni(TENANTS / "comuni")
        for slug in ("crema", "cremona", "casalmaggiore"):
            async with unita_di_lavoro(Contesto(amministratore=True)):
                await applica(TENANTS / slug)
        for nome_accesso, chi, ruolo, slug, comune in PERSONE:
            async with unita_di_lavoro(Contesto(amministratore=True)):
                await aggiungi_utente(nome_accesso, chi, PAROLA, ruolo, slug, comune)
        async with unita_di_lavoro(Contesto()) as unita:
            ambiti = {r["slug"]: r["id"] for r in await unita.righe("SELECT id, slug FROM ambito")}
        for slug, ambito in ambiti.items():
            async with unita_di_lavoro(Contesto(ambito=ambito)) as unita:
                righe = await unita.righe(
                    "SELECT c.belfiore, c.istat FROM appartenenza a JOIN comune c USING (istat) "
                    "WHERE a.ambito_id = $1 AND c.al IS NULL AND a.al IS NULL ORDER BY c.istat",
                    ambito,
                )
                tutto.comuni[slug] = [(r["belfiore"], r["istat"]) for r in righe]
        if vuota:
            return
        async with unita_di_lavoro(Contesto(ambito=ambiti["crema"])):
            flussi = {flusso.id: flusso for flusso in (await plugin_attivi()).flussi()}
            esito = await importa(
                FileRicevuto("prestazioni-crema.csv", tutto.csv("crema", RIGHE)), flussi
            )
        assert esito.importate == RIGHE, esito.errori[:3]
    finally:
        await MOTORE.chiudi()
