"""Real services for the tests: PostgreSQL, Valkey and S3 from wheels, started once a session.

Each test that asks for ``banca`` gets a database of its own, cloned from a migrated one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest
from hypothesis import settings

from capofila.base.database import MOTORE
from capofila.base.impostazioni import Impostazioni, impostazioni
from capofila.base.migrazione import migra
from capofila.base.ruoli import ParoleChiave, prepara

# How long an example takes depends on what else the machine does.
settings.register_profile("capofila", deadline=None)
settings.load_profile("capofila")

PAROLE = ParoleChiave(*(f"prova-{nome}" for nome in ("migra", "app", "ats", "relay", "backup")))
MODELLO = "capofila_modello"


class Banca(NamedTuple):
    """A database of one test, with the address for each role."""

    nome: str
    superutente: str
    migra: str
    app: str
    ats: str
    relay: str
    backup: str


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def servizi() -> Iterator[Any]:
    """The embedded services of this test session (their ``StatoServizi``)."""
    from capofila_embedded import Servizi

    cartella = Path(tempfile.mkdtemp(prefix="capofila-prova-"))
    gestore = Servizi(cartella)
    try:
        stato = gestore.avvia()
        asyncio.run(_senza_riguardi(stato))
        yield stato
    finally:
        gestore.ferma()
        shutil.rmtree(cartella, ignore_errors=True)


async def _senza_riguardi(servizi: Any) -> None:
    """Do not wait for the disk: a database of a test lives less than the machine. What a killed server
    loses is tried elsewhere (``tests/guasti``), on services as they are."""
    connessione = await asyncpg.connect(
        _indirizzo(servizi, servizi.postgres_superuser, servizi.postgres_password, "postgres")
    )
    for comando in ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off"):
        await connessione.execute(comando)
    await connessione.execute("SELECT pg_reload_conf()")
    await connessione.close()


def _indirizzo(servizi: Any, utente: str, parola: str, banca: str) -> str:
    return f"postgresql://{utente}:{parola}@{servizi.postgres_host}:{servizi.postgres_port}/{banca}"


def _banca(servizi: Any, nome: str) -> Banca:
    return Banca(
        nome,
        _indirizzo(servizi, servizi.postgres_superuser, servizi.postgres_password, nome),
        *(
            _indirizzo(servizi, f"capofila_{ruolo}", getattr(PAROLE, f"capofila_{ruolo}"), nome)
            for ruolo in ("migra", "app", "ats", "relay", "backup")
        ),
    )


@pytest.fixture(scope="session")
def modello(servizi: Any) -> str:
    """A migrated, empty database, cloned for each test."""
    amministratore = _indirizzo(
        servizi, servizi.postgres_superuser, servizi.postgres_password, "postgres"
    )

    async def crea() -> None:
        await prepara(amministratore, MODELLO, PAROLE)
        await migra(_banca(servizi, MODELLO).migra)

    asyncio.run(crea())
    return MODELLO


@pytest.fixture
def banca(servizi: Any, modello: str) -> Iterator[Banca]:
    """A fresh migrated database; nothing is connected to it yet."""
    nome = f"prova_{uuid.uuid4().hex[:12]}"
    amministratore = _indirizzo(
        servizi, servizi.postgres_superuser, servizi.postgres_password, "postgres"
    )

    async def comanda(*comandi: str) -> None:
        connessione = await asyncpg.connect(amministratore)
        try:
            for comando in comandi:
                await connessione.execute(comando)
        finally:
            await connessione.close()

    asyncio.run(
        comanda(
            f"CREATE DATABASE {nome} TEMPLATE {modello} OWNER capofila_owner STRATEGY FILE_COPY",
            f"REVOKE ALL ON DATABASE {nome} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {nome} TO capofila_app, capofila_ats, capofila_relay, "
            "capofila_backup, capofila_migra",
            f"GRANT TEMPORARY ON DATABASE {nome} TO capofila_app, capofila_migra",
        )
    )
    yield _banca(servizi, nome)
    asyncio.run(comanda(f"DROP DATABASE {nome} WITH (FORCE)"))


@pytest.fixture
def impostazioni_prova(servizi: Any, banca: Banca, monkeypatch: pytest.MonkeyPatch) -> Impostazioni:
    """Settings of this test, in the environment too."""
    ambiente = {
        "DATABASE_URL": banca.app,
        "ATS_URL": banca.ats,
        "RELAY_URL": banca.relay,
        "MIGRAZIONI_URL": banca.migra,
        "BROKER_URL": servizi.valkey_url,
        "S3_ENDPOINT": servizi.s3_endpoint,
        "S3_ACCESS_KEY": servizi.s3_access_key,
        "S3_SECRET_KEY": servizi.s3_secret_key,
        "S3_HTTPS": "false",
        "S3_PREFISSO_BUCKET": banca.nome.replace("_", "-"),
        "HTTPS": "false",
        "SEGRETO": "prova-" * 8,
    }
    for nome in [n for n in os.environ if n.startswith("CAPOFILA_") and n != "CAPOFILA_DATA"]:
        if not nome.startswith(("CAPOFILA_SIUSS_", "CAPOFILA_TEST_")):
            monkeypatch.delenv(nome)
    for nome, valore in ambiente.items():
        monkeypatch.setenv(f"CAPOFILA_{nome}", valore)
    impostazioni.cache_clear()
    return impostazioni()


@pytest.fixture
async def motore(impostazioni_prova: Impostazioni) -> AsyncIterator[Any]:
    """The engine, open on this test's database as ``capofila_app``, ``_ats`` and ``_relay``."""
    await MOTORE.apri(
        {
            "app": impostazioni_prova.database_url,
            "ats": impostazioni_prova.ats_url,
            "relay": impostazioni_prova.relay_url,
        },
        massimo=4,
    )
    yield MOTORE
    await MOTORE.chiudi()
