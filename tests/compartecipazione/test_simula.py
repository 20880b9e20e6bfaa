"""A change of the rule, for many people: the same as one by one, and what it costs each comune."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capofila.base.errori import DatiNonValidi
from capofila.compartecipazione.calcolo import calcola
from capofila.compartecipazione.schemi import Schema
from capofila.compartecipazione.simula import (
    FASCE,
    Variazione,
    a_confronto,
    con_valori,
    riassumi,
)
from tests.compartecipazione.schemi import SAD, con_passi, scritto
from tests.compartecipazione.test_calcolo import caso, risolto

D = Decimal
COMUNI = ("019035", "019036", "019070")
PERSONE = st.lists(
    st.tuples(
        st.sampled_from(COMUNI), st.none() | st.integers(0, 4_000_000), st.integers(1, 20_000)
    ),
    max_size=40,
)
CAMBI = st.fixed_dictionaries({
    "tariffa_massima": st.decimals(6, 60, places=2),
    "isee_finale": st.decimals(7000, 40_000, places=2),
    "tariffa_minima": st.decimals(0, 5, places=3),
})  # fmt: skip


@pytest.fixture(scope="module")
def sad(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    # Without the tariff for whoever has no ISEE: somebody has no quota.
    testo = SAD.replace("    senza_isee: tariffa_massima\n", "")
    return scritto(tmp_path_factory.mktemp("sad"), testo)


def casi(persone: list[tuple[str, int | None, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        persone,
        schema={"comune": pl.String, "isee": pl.Int64, "quantita": pl.Int64},
        orient="row",
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(persone=PERSONE, cambi=CAMBI)
def test_l_effetto_e_quello_di_uno_per_uno(
    sad: Schema, persone: list[tuple[str, int | None, int]], cambi: dict[str, Decimal]
) -> None:
    prima, dopo = risolto(sad), con_valori(risolto(sad), cambi)
    effetto = riassumi(a_confronto(prima, dopo, casi(persone)))
    attesi: dict[Any, Counter[str]] = {}
    for comune, isee, quantita in persone:
        uno = caso(
            None if isee is None else str(D(isee).scaleb(-2)), quantita=D(quantita).scaleb(-2)
        )
        a, b = calcola(prima, uno).importo, calcola(dopo, uno).importo
        fascia = "senza" if isee is None else sum(isee > limite * 100 for limite in FASCE)
        for chiave in ("tutti", comune, fascia):
            conto = attesi.setdefault(chiave, Counter())
            conto["persone"] += 1
            if a is None or b is None:
                conto["senza_quota"] += 1
            else:
                conto["di_piu" if b > a else "di_meno" if b < a else "uguali"] += 1
                conto["prima"] += a  # type: ignore[assignment]
                conto["dopo"] += b  # type: ignore[assignment]

    def detto(variazione: Variazione) -> Counter[str]:
        nomi = ("persone", "di_piu", "di_meno", "uguali", "senza_quota", "prima", "dopo")
        return Counter({n: getattr(variazione, n) for n in nomi})

    assert detto(effetto.tutti) == attesi.get("tutti", Counter())
    assert {c: detto(v) for c, v in effetto.comuni.items()} == {
        c: attesi[c] for c in sorted(attesi.keys() & {*COMUNI})
    }
    assert {
        "senza" if not f.con_isee else 0 if f.oltre is None else FASCE.index(f.oltre) + 1: detto(
            f.cambia
        )
        for f in effetto.fasce
    } == {c: v for c, v in attesi.items() if c == "senza" or isinstance(c, int)}


def test_una_tariffa_massima_di_trenta_euro_si_vede_per_fascia_e_per_comune(sad: Schema) -> None:
    persone = casi([
        ("019035", 200_000, 1000), ("019035", 1_300_000, 1000), ("019036", 2_500_000, 1000),
        ("019036", None, 1000),
    ])  # fmt: skip
    dopo = con_valori(risolto(sad), {"tariffa_massima": D(30)})
    effetto = riassumi(a_confronto(risolto(sad), dopo, persone))
    # 15.52 becomes 17.52 and 26 becomes 30, for ten hours each.
    assert (effetto.tutti.prima, effetto.tutti.dopo) == (D("415.20"), D("475.20"))
    assert (effetto.tutti.differenza, effetto.tutti.costo) == (D("60.00"), D("-60.00"))
    assert (effetto.tutti.di_piu, effetto.tutti.uguali, effetto.tutti.senza_quota) == (2, 1, 1)
    assert {c: v.costo for c, v in effetto.comuni.items()} == {
        "019035": D("-20.00"), "019036": D("-40.00"),
    }  # fmt: skip
    assert [(f.oltre, f.fino_a, f.con_isee, f.cambia.differenza) for f in effetto.fasce] == [
        (None, D(3000), True, D(0)), (D(10000), D(15000), True, D("20.00")),
        (D(20000), D(30000), True, D("40.00")), (None, None, False, D(0)),
    ]  # fmt: skip


def test_un_valore_di_prova_si_vede_nella_traccia(sad: Schema) -> None:
    provato = con_valori(risolto(sad), {"tariffa_massima": D(30), "tariffa_minima": D("2.19")})
    letti = calcola(provato, caso("25000")).traccia[0].letti
    assert [(letto.nome, letto.atto, letto.ipotesi) for letto in letti] == [
        ("isee_finale", risolto(sad).letti["isee_finale"].atto, True),
        ("tariffa_massima", "Valore di prova, di nessun atto", True),
    ]
    # What was given as it was has not changed.
    assert provato.letti["tariffa_minima"] == risolto(sad).letti["tariffa_minima"]


@pytest.mark.parametrize(
    ("valori", "motivo"),
    [
        ({"boh": D(1)}, "non legge il parametro «boh»"),
        ({"tariffa_massima": D(-1)}, "non va bene"),
        ({"tariffa_massima": D("NaN")}, "non va bene"),
        ({"tariffa_massima": D("1.0000001")}, "non va bene"),
        ({"tariffa_massima": D(5)}, "le tariffe dei nodi non crescono: 2.19, 5.04, 5"),
        ({"isee_finale": D(6000)}, "gli ISEE dei nodi non crescono"),
        ({"sconto": D(101)}, "«sconto» è più di 100"),
    ],
)
def test_un_valore_che_nessuno_schema_potrebbe_avere_si_rifiuta(
    sad: Schema, valori: dict[str, Decimal], motivo: str
) -> None:
    with pytest.raises(DatiNonValidi, match=motivo):
        con_valori(risolto(sad), valori)


def test_due_unita_diverse_non_si_confrontano(sad: Schema, tmp_path: Path) -> None:
    mensile = con_passi(tmp_path, "- {forma: fissa, tariffa: t}", {"t": 10})
    with pytest.raises(DatiNonValidi, match="stessa unità"):
        a_confronto(risolto(sad), risolto(mensile), casi([("019035", 1, 1)]))
    with pytest.raises(DatiNonValidi, match="devono crescere"):
        riassumi(a_confronto(risolto(sad), risolto(sad), casi([])), (D(2), D(1)))
