"""The social spending: an import against calamine alone, the figures of a year against their queries."""

from __future__ import annotations

import asyncio
import io
import os
import random
import statistics
import time
from collections.abc import Collection
from typing import Any

import asyncpg
import httpx
import python_calamine
import xlsxwriter

from capofila.accessi.service import aggiungi_utente, entra
from capofila.app import crea_app
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.impostazioni import impostazioni
from capofila.cli import _motore, contesto_ambito
from capofila.spesa import routes_analisi, service
from capofila.web.assembla import assemble
from tests.bench.misure import SLUG, Figura

COLONNE = (
    "anno", "comune", "area", "voce", "gestione", "modalita", "utenti", "spesa", "quota_utenti",
    "quota_ssn", "risorse_comune", "fsr", "fnps", "fna", "altri",
)  # fmt: skip
AREE = ("minori_famiglia", "disabili", "anziani", "immigrazione", "emarginazione_poverta")


def genera(comuni: list[str], voci: int, anno: int, seme: int = 0) -> bytes:
    """An invented workbook of so many voci for each comune."""
    caso = random.Random(f"{anno}-{seme}")
    uscita = io.BytesIO()
    with xlsxwriter.Workbook(uscita) as cartella:
        foglio = cartella.add_worksheet()
        foglio.write_row(0, 0, COLONNE)
        numero = 0
        for comune in comuni:
            for voce in range(voci):
                numero += 1
                parti = [caso.randrange(10_000_000) for _ in range(7)]
                foglio.write_row(
                    numero, 0,
                    [anno, comune, AREE[voce % len(AREE)], f"voce {voce:04}",
                     ("singola", "associata")[voce % 2], "diretta", caso.randrange(200),
                     sum(parti) / 100, *(parte / 100 for parte in parti)],
                )  # fmt: skip
    return uscita.getvalue()


async def _importa(file: bytes, anno: int) -> float:
    inizio = time.perf_counter()
    async with unita_di_lavoro(await contesto_ambito(SLUG)):
        esito = await service.importa(
            service.FileSpesa("bench.xlsx", file), anno, service.OpzioniSpesa(apri_se_manca=True)
        )
    durata = time.perf_counter() - inizio
    if esito.errori_totali:
        raise RuntimeError(f"bench data refused: {esito.errori[0]}")
    return durata


def _calamine(file: bytes) -> float:
    inizio = time.perf_counter()
    cartella = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(file))
    righe = sum(1 for _ in cartella.get_sheet_by_index(0).iter_rows())
    durata = time.perf_counter() - inizio
    assert righe > 50_000
    return durata


async def _vuota() -> None:
    proprietario = await asyncpg.connect(os.environ["CAPOFILA_MIGRAZIONI_URL"])
    await proprietario.execute("TRUNCATE riga_spesa, lotto_spesa")
    await proprietario.close()


async def importa(figura: Figura, comuni: list[str]) -> None:
    """50,000 rows in, in turn with calamine that only reads them."""
    file = genera(comuni, -(-50_000 // len(comuni)), 2024)
    async with _motore():
        nostri, nudi = [], []
        for _ in range(5):
            nudi.append(_calamine(file))
            nostri.append(await _importa(file, 2024))
            await _vuota()
        nostro, nudo = statistics.median(nostri), statistics.median(nudi)
        figura(
            "spesa: import xlsx di 50.000 righe / calamine che legge", nudo / nostro, "≥ 0.33",
            nudo / nostro >= 1 / 3, secondi=round(nostro, 2), calamine_s=round(nudo, 2),
        )  # fmt: skip


async def analisi(figura: Figura, comuni: list[str]) -> None:
    """Ten years of 60 voci for each comune, and the page of one of them."""
    async with _motore():
        for anno in range(2015, 2025):
            await _importa(genera(comuni, 60, anno), anno)
        proprietario = await asyncpg.connect(os.environ["CAPOFILA_MIGRAZIONI_URL"])
        await proprietario.execute("VACUUM ANALYZE riga_spesa")
        await proprietario.close()
        await _cifre(figura)


class Spia:
    """Writes down what every connection is asked while it is open."""

    METODI = ("fetch", "fetchrow", "fetchval", "execute")

    def __init__(self) -> None:
        self.chieste: list[tuple[str, tuple[Any, ...]]] = []
        self._veri = {nome: getattr(asyncpg.Connection, nome) for nome in self.METODI}

    def __enter__(self) -> Spia:
        for nome, vero in self._veri.items():

            async def scritto(
                connessione: Any, sql: str, *valori: Any, _vero: Any = vero, **altro: Any
            ) -> Any:
                self.chieste.append((sql, valori))
                return await _vero(connessione, sql, *valori, **altro)

            setattr(asyncpg.Connection, nome, scritto)
        return self

    def __exit__(self, *_: object) -> None:
        for nome, vero in self._veri.items():
            setattr(asyncpg.Connection, nome, vero)


async def _entra() -> str:
    nome, parola = "bench.spesa", "cavallo batteria graffetta 42"
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await aggiungi_utente(nome, "Prova Spesa", parola, "responsabile_udp", SLUG)
    return (await entra(nome, parola, "127.0.0.1", traccia="0" * 32)).token


async def _cifre(figura: Figura) -> None:
    """The page of a year, ten years in the ledger, against its own queries sent bare.

    Its own are those of the handler: who is asking is found out by the platform before it.
    """
    os.environ["CAPOFILA_HTTPS"] = "false"
    impostazioni.cache_clear()
    assemble()
    trasporto = httpx.ASGITransport(crea_app())  # type: ignore[arg-type]
    async with httpx.AsyncClient(
        transport=trasporto, base_url="http://127.0.0.1", headers={"accept": "text/html"},
        cookies={"capofila_sessione": await _entra()},
    ) as cliente:  # fmt: skip

        async def pagina() -> None:
            risposta = await cliente.get(f"/{SLUG}/spesa/analisi?anno=2024")
            assert risposta.status_code == 200, risposta.text[:500]
            assert risposta.text.count("<circle") >= 48

        proprie: list[tuple[str, tuple[Any, ...]]] = []
        vera = routes_analisi._vista
        with Spia() as spia:

            async def guardata(*argomenti: Any, **altro: Any) -> Any:
                prima = len(spia.chieste)
                vista = await vera(*argomenti, **altro)
                proprie.extend(spia.chieste[prima:])
                return vista

            routes_analisi._vista = guardata
            await pagina()
            routes_analisi._vista = vera
            tutte = len(spia.chieste)
        intere, nude = [], []
        for giro in range(33):
            inizio = time.perf_counter()
            await pagina()
            if giro > 2:
                intere.append(time.perf_counter() - inizio)
            async with unita_di_lavoro(await contesto_ambito(SLUG), sola_lettura=True) as unita:
                inizio = time.perf_counter()
                for sql, valori in proprie:
                    await unita.connessione.fetch(sql, *valori)
                if giro > 2:
                    nude.append(time.perf_counter() - inizio)
    intera, nuda = statistics.median(intere), statistics.median(nude)
    figura(
        "analisi: pagina di un anno / le sue query nude", intera / nuda, "≤ 2", intera <= 2 * nuda,
        ms=round(1000 * intera, 1), nude_ms=round(1000 * nuda, 1),
    )  # fmt: skip
    figura(
        "analisi: query della pagina", len(proprie), "≤ 8", len(proprie) <= 8,
        con_quelle_dell_accesso=tutte,
    )  # fmt: skip


def tutto(figura: Figura, comuni: list[tuple[str, str]], solo: Collection[str]) -> None:
    """Run the figures of the room."""
    istat = [codice for _, codice in comuni]
    if "spesa" in solo:
        asyncio.run(importa(figura, istat))
    if "analisi" in solo:
        asyncio.run(analisi(figura, istat))
