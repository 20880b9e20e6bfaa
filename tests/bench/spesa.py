"""The social spending: an import against calamine alone, the figures of a year against their queries."""

from __future__ import annotations

import asyncio
import io
import os
import random
import statistics
import time
from typing import Any

import asyncpg
import python_calamine
import xlsxwriter

from capofila.base.database import unita_di_lavoro
from capofila.cli import _motore, contesto_ambito
from capofila.spesa import service
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


async def misura(figura: Figura, comuni: list[str]) -> None:
    """50,000 rows in, in turn with calamine that only reads them; then the figures of a year."""
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
        for anno in range(2015, 2025):
            await _importa(genera(comuni, 60, anno), anno)
        proprietario = await asyncpg.connect(os.environ["CAPOFILA_MIGRAZIONI_URL"])
        await proprietario.execute("VACUUM ANALYZE riga_spesa")
        await proprietario.close()
        await _cifre(figura)


async def _cifre(figura: Figura) -> None:
    """The figures of a year, ten years in the ledger, against the same queries sent bare."""
    async with unita_di_lavoro(await contesto_ambito(SLUG), sola_lettura=True) as unita:
        interrogazioni: list[tuple[str, tuple[Any, ...]]] = []
        vera = unita.connessione.fetch
        with_fetchrow = unita.connessione.fetchrow

        class Spia:
            """Writes down what is asked, and asks it."""

            def __getattr__(self, nome: str) -> Any:
                return getattr(connessione, nome)

            async def fetch(self, sql: str, *valori: Any) -> Any:
                interrogazioni.append((sql, valori))
                return await vera(sql, *valori)

            async def fetchrow(self, sql: str, *valori: Any) -> Any:
                interrogazioni.append((sql, valori))
                return await with_fetchrow(sql, *valori)

        connessione, unita.connessione = unita.connessione, Spia()
        await service.analisi(2024)
        unita.connessione = connessione
        intere, nude = [], []
        for _ in range(30):
            inizio = time.perf_counter()
            await service.analisi(2024)
            intere.append(time.perf_counter() - inizio)
            inizio = time.perf_counter()
            for sql, valori in interrogazioni:
                await vera(sql, *valori)
            nude.append(time.perf_counter() - inizio)
    intera, nuda = statistics.median(intere), statistics.median(nude)
    figura(
        "spesa: cifre di un anno / le loro query nude", intera / nuda, "≤ 2", intera <= 2 * nuda,
        ms=round(1000 * intera, 1), query=len(interrogazioni),
    )  # fmt: skip
    figura("spesa: query delle cifre", len(interrogazioni), "≤ 8", len(interrogazioni) <= 8)


def tutto(figura: Figura, comuni: list[tuple[str, str]]) -> None:
    """Run the figures of the room."""
    asyncio.run(misura(figura, [istat for _, istat in comuni]))
