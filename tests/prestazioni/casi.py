"""The three ambiti in a database, rows as an officer writes them, files of every shape."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from tests.conftest import Banca, _banca, _indirizzo
from tests.siuss.casi import BUONA, MINORE

from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import MOTORE, Contesto, UnitaDiLavoro, unita_di_lavoro
from capofila.base.plugin import PluginAttivi
from capofila.debito.resa_sql import espressioni
from capofila.hooks import ErroreRiga, Flusso
from capofila.hooks.campi import carattere_controllo
from capofila.prestazioni.catalogo import catalogo
from capofila.prestazioni.service import EsitoImportazione, FileRicevuto, Opzioni, importa
from capofila.siuss import FLUSSO_PRESTAZIONI
from capofila.territorio.service import applica, applica_comuni

TENANTS = Path(__file__).resolve().parents[2] / "tenants"
AMBITI = ("crema", "cremona", "casalmaggiore")
MODELLO = "capofila_modello_ambiti"
ANNO_MINORI = 2025


def amministratore(servizi: Any) -> str:
    return _indirizzo(servizi, servizi.postgres_superuser, servizi.postgres_password, "postgres")


async def comanda(indirizzo: str, *comandi: str) -> None:
    connessione = await asyncpg.connect(indirizzo)
    try:
        for comando in comandi:
            await connessione.execute(comando)
    finally:
        await connessione.close()


async def interroga(indirizzo: str, sql: str, *valori: object) -> list[asyncpg.Record]:
    """Rows as the superuser sees them: all of them."""
    connessione = await asyncpg.connect(indirizzo)
    try:
        return list(await connessione.fetch(sql, *valori))
    finally:
        await connessione.close()


@contextmanager
def banca_da(servizi: Any, modello: str, nome: str | None = None) -> Iterator[Banca]:
    """A database cloned from another; dropped at the end."""
    nome = nome or f"prova_{uuid4().hex[:12]}"
    asyncio.run(
        comanda(
            amministratore(servizi),
            f"CREATE DATABASE {nome} TEMPLATE {modello} OWNER capofila_owner",
            f"REVOKE ALL ON DATABASE {nome} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {nome} TO capofila_app, capofila_ats, capofila_relay, "
            "capofila_backup, capofila_migra",
            f"GRANT TEMPORARY ON DATABASE {nome} TO capofila_app, capofila_migra",
        )
    )
    try:
        yield _banca(servizi, nome)
    finally:
        asyncio.run(comanda(amministratore(servizi), f"DROP DATABASE {nome} WITH (FORCE)"))


_fatti: set[str] = set()


@pytest.fixture(scope="session")
def modello(servizi: Any, modello: str) -> str:
    """A migrated database with the three ambiti of `tenants/`; the tests below clone it."""
    if MODELLO not in _fatti:

        async def semina(banca: Banca) -> None:
            await MOTORE.apri({"app": banca.app}, massimo=2)
            try:
                async with unita_di_lavoro(Contesto(amministratore=True)):
                    await applica_comuni(TENANTS / "comuni")
                for slug in AMBITI:
                    async with unita_di_lavoro(Contesto(amministratore=True)):
                        await applica(TENANTS / slug)
            finally:
                await MOTORE.chiudi()

        asyncio.run(
            comanda(
                amministratore(servizi),
                f"CREATE DATABASE {MODELLO} TEMPLATE {modello} OWNER capofila_owner",
                f"GRANT CONNECT, TEMPORARY ON DATABASE {MODELLO} TO capofila_app",
            )
        )
        asyncio.run(semina(_banca(servizi, MODELLO)))
        _fatti.add(MODELLO)
    return MODELLO


def ambiente(servizi: Any, banca: Banca, **altro: str) -> dict[str, str]:
    """The settings that name these services, as the environment has them."""
    return {
        "CAPOFILA_DATABASE_URL": banca.app,
        "CAPOFILA_ATS_URL": banca.ats,
        "CAPOFILA_RELAY_URL": banca.relay,
        "CAPOFILA_BROKER_URL": servizi.valkey_url,
        "CAPOFILA_S3_ENDPOINT": servizi.s3_endpoint,
        "CAPOFILA_S3_ACCESS_KEY": servizi.s3_access_key,
        "CAPOFILA_S3_SECRET_KEY": servizi.s3_secret_key,
        "CAPOFILA_S3_HTTPS": "false",
        "CAPOFILA_S3_PREFISSO_BUCKET": banca.nome.replace("_", "-"),
        "CAPOFILA_HTTPS": "false",
        "CAPOFILA_SEGRETO": "prova-" * 8,
        **{f"CAPOFILA_{nome}": valore for nome, valore in altro.items()},
    }


# --- rows and files -----------------------------------------------------------------------------


def codice_fiscale(n: int, *, genere: str = "F", luogo: str = "D142", omocodia: int = 0) -> str:
    """The n-th person of the tests, born on 1 January 1980; omocodia in the last digits."""
    lettere = "".join(chr(65 + (n // 26**k) % 26) for k in range(5, -1, -1))
    cifre = list(luogo[1:])
    for posto in range(omocodia):
        cifre[-1 - posto] = "LMNPQRSTUV"[int(cifre[-1 - posto])]
    primi = f"{lettere}80A{'41' if genere == 'F' else '01'}{luogo[0]}{''.join(cifre)}"
    return primi + carattere_controllo(primi)


def riga(n: int = 1, **campi: str) -> dict[str, str]:
    """A good row: the n-th person and application, with some cells changed."""
    return {
        **BUONA,
        "codice_fiscale": codice_fiscale(n),
        "protocollo_domanda": f"2025/{n}",
        **campi,
    }


def minore(n: int = 1, **campi: str) -> dict[str, str]:
    """A good row: the n-th minor, by codice fiscale."""
    riga = {nome: valore for nome, valore in MINORE.items() if nome != "id_beneficiario"}
    return {"codice_fiscale": codice_fiscale(n), "anno": str(ANNO_MINORI), **riga, **campi}


def avvisi(esito: EsitoImportazione) -> list[ErroreRiga]:
    """The remarks but those on names: the letters of the codici fiscali of the tests are numbers."""
    return [a for a in esito.avvisi if not a.codice.startswith("siuss-cf-")]


def csv_di(
    *righe: Mapping[str, str],
    separatore: str = ";",
    colonne: Sequence[str] | None = None,
    bom: bool = True,
    fine: str = "\r\n",
) -> bytes:
    """The rows as a CSV; the columns are those of all the rows unless told."""
    nomi = list(colonne) if colonne else list(dict.fromkeys(n for una in righe for n in una))
    uscita = io.StringIO()
    penna = csv.writer(uscita, delimiter=separatore, lineterminator=fine)
    penna.writerow(nomi)
    penna.writerows([una.get(nome, "") for nome in nomi] for una in righe)
    return ("\ufeff" if bom else "").encode() + uscita.getvalue().encode()


# --- inside the database ------------------------------------------------------------------------


async def contesto(slug: str, comune: str | None = None) -> Contesto:
    """The context of somebody who works in an ambito, or for one of its comuni."""
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        ambito = await unita.valore("SELECT id FROM ambito WHERE slug = $1", slug)
    return Contesto(ambito=ambito, comune=comune)


async def attivi() -> PluginAttivi:
    return await plugin_attivi()


async def flussi() -> dict[str, Flusso]:
    return {flusso.id: flusso for flusso in (await plugin_attivi()).flussi()}


async def porta(
    contenuto: bytes, nome: str = "prestazioni.csv", **opzioni: Any
) -> EsitoImportazione:
    """Bring a file in, in the unit of work that is open."""
    from capofila.base.database import unita_corrente

    comune = unita_corrente().contesto.comune
    esito = await importa(
        FileRicevuto(nome, contenuto), await flussi(), Opzioni(comune=comune, **opzioni)
    )
    # Whatever a test brings in, nothing is told that has no name.
    suoi = await plugin_attivi()
    noti = {voce.codice for voce in catalogo(suoi.flusso(esito.flusso), suoi.lettori())}
    assert {errore.codice for errore in (*esito.errori, *esito.avvisi)} <= noti
    return esito


class _Annulla(Exception):
    pass


@asynccontextmanager
async def prova(slug: str = "crema", comune: str | None = None) -> AsyncIterator[UnitaDiLavoro]:
    """A unit of work of which nothing stays."""
    try:
        async with unita_di_lavoro(await contesto(slug, comune)) as unita:
            yield unita
            raise _Annulla
    except _Annulla:
        pass


async def memorizzate(unita: UnitaDiLavoro) -> list[dict[str, Any]]:
    """The prestazioni that are there, in the order in which they came."""
    return [dict(r) for r in await unita.righe("SELECT * FROM prestazione ORDER BY lotto_id, riga")]


async def rese(unita: UnitaDiLavoro) -> list[tuple[str, str]]:
    """Every prestazione as the database would write it, in the order of entry."""
    gruppo, record = espressioni(FLUSSO_PRESTAZIONI, lambda nome: f"p.{nome}::text")
    righe = await unita.righe(
        f"SELECT {gruppo} AS gruppo, {record} AS riga FROM prestazione p ORDER BY id"
    )
    return [(riga["gruppo"], riga["riga"]) for riga in righe]
