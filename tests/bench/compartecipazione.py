"""The quotas of the home care of Crema, against openfisca-core in the same run and to the cent."""

from __future__ import annotations

import array
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Collection
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from capofila.compartecipazione.blocco import quote
from capofila.compartecipazione.calcolo import Caso, calcola
from capofila.compartecipazione.isee import Attestazione
from capofila.compartecipazione.schemi import Schema, leggi

RADICE = Path(__file__).parents[2]
SCHEMA = RADICE / "plugins/crema/capofila_crema/schemi/sad.yaml"
ALTRO = RADICE / ".venv-bench/bin/python"
GIORNO = date(2025, 3, 1)
PERSONE, GIRI, VOLTE, SOLE = 1_000_000, 5, 7, 2000
CENTO = 100
NODI = ((3000, "2.19"), (6000, "5.04"), (20000, "26"))


def tutto(figura: Callable[..., None], solo: Collection[str]) -> None:
    """Run the figures of the room."""
    if "compartecipazione" in solo:
        quota(figura)


def quota(figura: Callable[..., None]) -> None:
    """A million people by columns, and one person with the trace; in turn with openfisca-core."""
    caso = random.Random(5)
    isee = [caso.randrange(4_000_000) for _ in range(PERSONE)]
    ore = [caso.randrange(1, 10_000) for _ in range(PERSONE)]
    byte = array.array("d", [cifra / CENTO for cifra in isee + ore]).tobytes()
    tavola, schema = pl.DataFrame({"isee": isee, "quantita": ore}), leggi(SCHEMA)
    nostri, loro = [], []
    for _ in range(GIRI):
        quote_loro, *tempi = _openfisca(byte)
        loro.append(tempi)
        nostri.append((_insieme(schema, tavola), *_sole(schema, isee, ore)))
    # The best of each: what the rest of the machine takes away belongs to neither.
    insieme, intera, sola = map(min, zip(*nostri, strict=True))
    altrui, altrui_intera, altrui_sola = map(min, zip(*loro, strict=True))
    fatte = quote(_risolto(schema), tavola).to_list()
    sbagliate = sum(a != _a_mano(i, o) for a, i, o in zip(fatte, isee, ore, strict=True))
    # That engine rounds nothing, and carries numbers of 32 bits: the same formula, not the same cents.
    stessa = max(abs(a / CENTO - b) for a, b in zip(fatte, quote_loro, strict=True))
    assert stessa < 1, stessa
    figura(
        "compartecipazione: un milione di quote / openfisca-core", altrui / insieme, "> 1",
        insieme < altrui, milioni_s=round(PERSONE / insieme / 1e6, 1),
        openfisca_milioni_s=round(PERSONE / altrui / 1e6, 1),
    )  # fmt: skip
    figura(
        "compartecipazione: quote diverse dal conto fatto a parte", sbagliate, "= 0", sbagliate == 0
    )
    for come, nostra, altra in (
        ("il solo calcolo", sola, altrui_sola),
        ("dati della persona compresi", intera, altrui_intera),
    ):
        figura(
            f"compartecipazione: una persona con la traccia / openfisca-core senza, {come}",
            altra / nostra, "≥ 1", nostra <= altra,
            ms=round(1000 * nostra, 3), openfisca_ms=round(1000 * altra, 3),
        )  # fmt: skip


def _openfisca(byte: bytes) -> tuple[Any, ...]:
    """Its quotas, and how long it took for all, for one with its data, for one."""
    esito = subprocess.run(
        [ALTRO, Path(__file__).with_name("openfisca.py"), str(PERSONE)],
        input=byte, capture_output=True, check=True,
    )  # fmt: skip
    return array.array("d", esito.stdout), *map(float, esito.stderr.split())


def _risolto(schema: Schema) -> Any:
    risolto = schema.risolvi(GIORNO)
    assert risolto is not None
    return risolto


def _insieme(schema: Schema, tavola: pl.DataFrame) -> float:
    tempi = []
    for _ in range(VOLTE):
        inizio = time.perf_counter()
        quote(_risolto(schema), tavola)
        tempi.append(time.perf_counter() - inizio)
    return min(tempi)


def _sole(schema: Schema, isee: list[int], ore: list[int]) -> tuple[float, float]:
    """One person with the trace in words: with and without the making of the case."""
    intere, sole = [], []
    for posto in range(SOLE):
        inizio = time.perf_counter()
        uno = Caso(
            giorno=GIORNO,
            isee=Attestazione(valore=Decimal(isee[posto]) / CENTO),
            quantita=Decimal(ore[posto]) / CENTO,
        )
        mezzo = time.perf_counter()
        fatta = calcola(schema.risolvi(GIORNO), uno)
        fine = time.perf_counter()
        assert fatta.importo is not None
        assert fatta.traccia
        intere.append(fine - inizio)
        sole.append(fine - mezzo)
    return statistics.median(intere), statistics.median(sole)


def _a_mano(isee: int, ore: int) -> int:
    """The cents of one person by the decimal module, half-up where the scheme says so."""
    tariffa = Decimal(0) if isee <= NODI[0][0] * CENTO else Decimal(NODI[-1][1])
    for (da, bassa), (a, alta) in pairwise(NODI):
        if da * CENTO < isee <= a * CENTO:
            parte = (isee - da * CENTO) * (Decimal(alta) - Decimal(bassa))
            tariffa = Decimal(bassa) + parte / ((a - da) * CENTO)
    oraria = tariffa.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return int((oraria * ore).quantize(Decimal(1), ROUND_HALF_UP))
