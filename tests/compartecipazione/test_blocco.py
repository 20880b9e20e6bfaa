"""Many people at once pay the same cents as one by one, by schemes of every shape."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capofila.base.errori import DatiNonValidi
from capofila.compartecipazione.blocco import in_centesimi, quote
from capofila.compartecipazione.calcolo import Caso, calcola
from capofila.compartecipazione.isee import Attestazione
from capofila.compartecipazione.schemi import Schema
from tests.compartecipazione.schemi import SAD, con_passi, scritto
from tests.compartecipazione.test_calcolo import FASCE, GIORNO, VALORI, risolto

TRATTI = """
- forma: tratti
  sotto: {}
  nodi: [{{isee: a, tariffa: t}}, {{isee: b, tariffa: u}}, {{isee: c, tariffa: v}}]"""
NODI = {"a": "3000.5", "b": 7000, "c": 20000, "t": "1.7", "u": "1.7", "v": "33.333"}
FORME: dict[str, tuple[str, dict[str, object], str]] = {
    "tratti": (TRATTI.format("minima"), NODI, ""),
    "tratti_esenti_e_senza_isee": (
        f"{TRATTI.format('esente')}\n- {{forma: arrotonda, decimali: 1}}\n- {{forma: per_quantita}}",
        NODI, "    senza_isee: v\n",
    ),
    "fasce": (FASCE.format(modo="intera"), VALORI, ""),
    "fasce_progressive": (FASCE.format(modo="progressiva"), VALORI, "    senza_isee: t3\n"),
    "fasce_di_percentuali": (
        f"{FASCE.format(modo='percentuale')}\n- {{forma: per_quantita}}\n- {{forma: tetto}}",
        {**VALORI, "t2": "33.333", "t3": 100, "c": "17.35"}, "    costo: c\n    senza_isee: c\n",
    ),
    "esente_e_fissa": (
        "- {forma: esente, fino_a: a}\n- {forma: fissa, tariffa: u}\n- {forma: tetto}", NODI, "",
    ),
    "percentuale": ("- {forma: percentuale, percento: v}", NODI, ""),
    "proporzionale": ("- {forma: proporzionale, isee_finale: c, minima: v}", NODI, ""),
    "proporzionale_con_tetto": (
        "- {forma: proporzionale, isee_finale: c}\n- {forma: tetto, importo: v}", NODI, "",
    ),
    "minimo": ("- {forma: fissa, tariffa: c}\n- {forma: minimo_garantito, importo: a}", NODI, ""),
    "riduzioni": (
        f"{TRATTI.format('minima')}\n- {{forma: riduzione, percento: v, se: fratelli}}\n"
        "- {forma: riduzione, percento: t, se: secondo_figlio}\n- {forma: arrotonda, decimali: 0}",
        NODI, "",
    ),
    "punti": ("- forma: punti\n  fasce: [{fino_a: t, tariffa: u}, {tariffa: v}]", NODI, ""),
}  # fmt: skip
CENTESIMI = st.integers(0, 3_000_000)
INTORNO = st.sampled_from(
    [0, 1, 300_049, 300_050, 300_051, 700_000, 1_999_999, 2_000_000, 2_000_001]
)
PERSONA = st.fixed_dictionaries({
    "isee": st.none() | CENTESIMI | INTORNO,
    "quantita": st.integers(1, 100_000),
    "costo": st.none() | CENTESIMI,
    "punti": st.integers(0, 500),
    "disponibile": CENTESIMI,
    "fratelli": st.booleans(),
    "secondo_figlio": st.booleans(),
})  # fmt: skip


def uno_per_uno(schema: Schema, persone: list[dict[str, Any]]) -> list[Decimal | None]:
    def decimale(cifra: int | None) -> Any:
        return None if cifra is None else Decimal(cifra).scaleb(-2)

    return [
        calcola(
            risolto(schema),
            Caso(
                giorno=GIORNO,
                isee=None if p["isee"] is None else Attestazione(valore=decimale(p["isee"])),
                condizioni=frozenset(n for n in ("fratelli", "secondo_figlio")
                                     if p[n] and n in schema.condizioni),
                **{n: decimale(p[n]) for n in ("quantita", "costo", "punti", "disponibile")},
            ),
        ).importo
        for p in persone
    ]  # fmt: skip


def insieme(schema: Schema, persone: list[dict[str, Any]]) -> list[Decimal | None]:
    tavola = pl.DataFrame(persone, schema_overrides={"isee": pl.Int64, "costo": pl.Int64})
    return [None if q is None else Decimal(q).scaleb(-2) for q in quote(risolto(schema), tavola)]


@pytest.mark.parametrize("forma", FORME)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(persone=st.lists(PERSONA, min_size=1, max_size=30))
def test_insieme_e_uno_per_uno_sono_gli_stessi_centesimi(
    tmp_path: Path, forma: str, persone: list[dict[str, Any]]
) -> None:
    schema = con_passi(tmp_path, *FORME[forma])
    if risolto(schema).costo is None:
        persone = [{**p, "costo": p["costo"] or 0} for p in persone]
    assert insieme(schema, persone) == uno_per_uno(schema, persone)


def test_le_cifre_che_non_stanno_in_sessantatre_bit_sono_esatte_lo_stesso(tmp_path: Path) -> None:
    schema = con_passi(tmp_path, "- forma: tratti\n  nodi: [{isee: a, tariffa: t}, {isee: b, tariffa: u}]",
                       {"a": "0", "b": "9999999.97", "t": "0.000001", "u": "9999.999999"})  # fmt: skip
    persone = [
        {"isee": isee, "quantita": 9_999_999, "costo": 0, "punti": 0, "disponibile": 0,
         "fratelli": False, "secondo_figlio": False}
        for isee in (0, 1, 333_333_333, 999_999_996, 999_999_997)
    ]  # fmt: skip
    assert insieme(schema, persone) == uno_per_uno(schema, persone)


def test_il_sad_di_tutti_gli_isee_fino_a_ventimila_euro(tmp_path: Path) -> None:
    schema = scritto(tmp_path, SAD)
    tavola = pl.DataFrame(
        {"isee": in_centesimi(Decimal(c).scaleb(-2) for c in range(0, 2_100_000, 37))}
    )
    quota = quote(risolto(schema), tavola)
    assert quota.null_count() == 0
    assert quota.is_sorted()
    assert (quota.min(), quota.max()) == (0, 2600)
    for isee, attesa in ((450_000, 362), (600_000, 504), (1_300_000, 1552)):
        assert quote(risolto(schema), pl.DataFrame({"isee": [isee]}))[0] == attesa


@pytest.mark.parametrize(
    "colonne",
    [
        {"isee": [-1]},
        {"isee": [10**9 + 1]},
        {"isee": [1], "quantita": [0]},
        {"isee": [1], "costo": [-5]},
    ],
)
def test_una_cifra_fuori_dai_limiti_si_rifiuta(
    tmp_path: Path, colonne: dict[str, list[int]]
) -> None:
    with pytest.raises(DatiNonValidi, match="negativa o smisurata"):
        quote(risolto(scritto(tmp_path, SAD)), pl.DataFrame(colonne))


def test_una_colonna_che_lo_schema_chiede_ci_deve_essere(tmp_path: Path) -> None:
    schema = con_passi(tmp_path, "- {forma: percentuale, percento: p}", {"p": 10})
    with pytest.raises(DatiNonValidi, match="«costo»"):
        quote(risolto(schema), pl.DataFrame({"isee": [1]}))
