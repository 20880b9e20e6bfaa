"""No hidden cell comes back: totals are subtracted, and a simplex tries all the rest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capofila.confronto.soppressione import (
    LARGHEZZA_IMPORTI,
    TUTTE,
    Cella,
    Tavola,
    intervallo,
    sopprimi,
)
from tests.confronto.attacco import Attacco

SOGLIA = 5


def tavola(comuni: int, colonne: int, *, capoluogo: bool = True) -> Tavola:
    righe = tuple(f"c{n}" for n in range(comuni))
    if not capoluogo:
        return Tavola(righe, tuple(f"v{n}" for n in range(colonne)), dict.fromkeys(righe, "tutti"))
    sopra = dict.fromkeys(righe[1:], "senza_capoluogo") | {
        "c0": "tutti", "senza_capoluogo": "tutti"
    }  # fmt: skip
    return Tavola(righe, tuple(f"v{n}" for n in range(colonne)), sopra)


def piena(t: Tavola, *righe: tuple[int, ...]) -> dict[Cella, Any]:
    return t.completa(
        {
            (riga, colonna): valore
            for riga, valori in zip(t.righe, righe, strict=True)
            for colonna, valore in zip(t.colonne, valori, strict=True)
        }
    )


@st.composite
def tavole(disegna: st.DrawFn) -> tuple[Tavola, dict[Cella, Any], dict[Cella, Any]]:
    """Persons, many of them few, and what was spent for them."""
    t = tavola(
        disegna(st.integers(2, 4)), disegna(st.integers(1, 3)), capoluogo=disegna(st.booleans())
    )
    conti = st.one_of(st.integers(0, 6), st.integers(0, 40))
    persone = {(r, c): disegna(conti) for r in t.righe for c in t.colonne}
    euro = {k: v * disegna(st.integers(1, 90)) for k, v in persone.items()}
    return t, t.completa(persone), t.completa(euro)


@given(tavole())
@settings(max_examples=60)
def test_il_simplesso_trova_gli_stessi_intervalli_e_nessuno_stretto(
    una: tuple[Tavola, dict[Cella, Any], dict[Cella, Any]],
) -> None:
    t, persone, euro = una
    nascoste = sopprimi(t, persone, SOGLIA, importi=[euro])
    piccole = {c for c in t.celle if 0 < persone[c] < SOGLIA}
    assert piccole <= nascoste
    # Who reads knows that a hidden cell has somebody: empty ones are shown.
    for valori, larghe, almeno in (
        (persone, dict.fromkeys(nascoste, SOGLIA), 1),
        (euro, {c: euro[c] * LARGHEZZA_IMPORTI for c in piccole}, 0),
    ):
        attacco = Attacco(t, valori, nascoste, almeno)
        for cella in nascoste:
            basso, alto = attacco.fra(cella)
            assert basso <= valori[cella]
            assert alto is None or alto - basso >= Decimal(larghe.get(cella, 0))
            nostro = intervallo(t, valori, nascoste, cella, 10_000_000, almeno)
            assert (nostro[0], None if alto is None else nostro[1]) == (basso, alto)
    # What nobody is in is never a way round, and nothing is hidden without a small cell.
    assert all(persone[c] for c in nascoste)
    assert nascoste if piccole else not nascoste


def test_senza_la_seconda_soppressione_la_cella_tornerebbe() -> None:
    t = tavola(3, 2)
    persone = piena(t, (30, 40), (12, 2), (20, 25))
    assert intervallo(t, persone, {("c1", "v1")}, ("c1", "v1"), 100) == (2, 2)
    nascoste = sopprimi(t, persone, SOGLIA)
    basso, alto = intervallo(t, persone, nascoste, ("c1", "v1"), 100)
    assert alto - basso >= SOGLIA
    # The totals stay.
    assert all(c != TUTTE and r in t.righe for r, c in nascoste)
    assert len(nascoste) == 4


def test_l_ambito_meno_la_riga_senza_capoluogo_non_dice_il_capoluogo() -> None:
    t = tavola(4, 3)
    persone = piena(t, (3, 60, 50), (10, 12, 9), (8, 11, 7), (30, 20, 10))
    nascoste = sopprimi(t, persone, SOGLIA)
    assert ("c0", "v0") in nascoste
    # One of the two totals that would tell it is hidden too.
    assert nascoste & {("senza_capoluogo", "v0"), ("tutti", "v0")}
    assert Attacco(t, persone, nascoste).fra(("c0", "v0")) != (3, 3)


def test_un_totale_piccolo_si_nasconde_anche_lui() -> None:
    t = tavola(3, 2)
    nascoste = sopprimi(t, piena(t, (1, 80), (1, 30), (0, 20)), SOGLIA)
    assert ("tutti", "v0") in nascoste
    assert ("c2", "v0") not in nascoste


@pytest.mark.parametrize("altra", [("c0", "v1"), ("c2", "v2")])
def test_cio_che_fu_nascosto_in_una_versione_resta_nascosto(altra: Cella) -> None:
    t = tavola(3, 3)
    persone = piena(t, (30, 40, 50), (12, 2, 9), (20, 25, 31))
    assert altra not in sopprimi(t, persone, SOGLIA)
    nascoste = sopprimi(t, persone, SOGLIA, gia=[altra])
    assert altra in nascoste
    basso, alto = Attacco(t, persone, nascoste).fra(altra)
    assert alto is None or alto - basso >= SOGLIA


def test_di_un_solo_comune_e_una_sola_voce_non_resta_che_niente() -> None:
    t = Tavola(("c0",), ("v0",), {"c0": "tutti"})
    assert sopprimi(t, piena(t, (2,)), SOGLIA) == {*t.celle}


def test_di_un_ambito_vero_non_torna_nulla_e_si_legge_quasi_tutto() -> None:
    """48 comuni by 8 areas, as in Crema: every hidden cell by the flow, one in twelve by the simplex."""
    t = tavola(48, 8)
    righe = [
        tuple((7 * n + 11 * m * m + n * m) % (9 if n else 900) for m in range(8)) for n in range(48)
    ]
    persone = piena(t, *righe)
    nascoste = sopprimi(t, persone, SOGLIA)
    piccole = [c for c in t.celle if 0 < persone[c] < SOGLIA]
    assert len(nascoste) < 1.25 * len(piccole) < len(t.celle) / 2
    assert not any(r == "tutti" for r, _ in nascoste)
    for cella in nascoste:
        basso, alto = intervallo(t, persone, nascoste, cella, SOGLIA, 1)
        assert alto - basso >= SOGLIA


def test_di_tante_celle_con_uno_solo_non_si_dice_neanche_il_totale() -> None:
    """Five hidden comuni and a total of five: since none is empty, each has one."""
    t = tavola(5, 1, capoluogo=False)
    persone = piena(t, *[(1,)] * 5)
    comuni = {(r, c) for r in t.righe for c in ("v0", TUTTE)}
    assert Attacco(t, persone, comuni, 1).fra(("c0", "v0")) == (1, 1)
    assert sopprimi(t, persone, SOGLIA) == {*t.celle}


@given(tavole(), st.data())
@settings(max_examples=60)
def test_chi_ha_letto_la_versione_di_prima_non_ricava_la_cella_che_ora_e_piccola(
    una: tuple[Tavola, dict[Cella, Any], dict[Cella, Any]], dati: st.DataObject
) -> None:
    """All but some comuni are as they were: what was shown of the others protects nothing any more."""
    t, prima, _ = una
    nascoste_prima = sopprimi(t, prima, SOGLIA)
    cambiate = dati.draw(
        st.sets(st.sampled_from([(r, c) for r in t.righe for c in t.colonne]), max_size=3)
    )
    dopo = t.completa(
        {
            (r, c): dati.draw(st.integers(0, 12)) if (r, c) in cambiate else prima[r, c]
            for r in t.righe for c in t.colonne
        }
    )  # fmt: skip
    viste = {c for c in t.celle if c not in nascoste_prima}
    sapute = {c for c in viste if prima[c] == dopo[c]}
    nascoste = sopprimi(t, dopo, SOGLIA, gia=nascoste_prima, sapute=[sapute])
    ignote = nascoste - sapute
    attacco = Attacco(t, dopo, ignote, 1)
    for cella in ignote:
        if 0 < dopo[cella] < SOGLIA:
            basso, alto = attacco.fra(cella)
            assert alto is None or alto - basso >= SOGLIA, (cella, basso, alto)


def test_la_cella_accanto_che_era_gia_nota_non_la_protegge() -> None:
    t = tavola(4, 1, capoluogo=False)
    prima, dopo = piena(t, (20,), (8,), (9,), (14,)), piena(t, (20,), (3,), (9,), (14,))
    sapute = {c for c in t.celle if prima[c] == dopo[c]}
    # Without knowing it, the total stays and the comune beside, known since, gives the other back.
    ingenue = sopprimi(t, dopo, SOGLIA)
    assert ("tutti", "v0") not in ingenue
    assert Attacco(t, dopo, ingenue - sapute, 1).fra(("c1", "v0")) == (3, 3)
    assert ("tutti", "v0") in sopprimi(t, dopo, SOGLIA, sapute=[sapute])


def test_cio_che_era_gia_nascosto_non_protegge_la_cella_che_ora_e_piccola() -> None:
    """Two comuni were hidden and are as they were: what the total has lost is what the third has lost."""
    t = tavola(5, 1, capoluogo=False)
    prima = piena(t, (2,), (30,), (40,), (50,), (60,))
    dopo = piena(t, (2,), (30,), (3,), (50,), (60,))
    nascoste_prima = sopprimi(t, prima, SOGLIA)
    assert {r for r, _ in nascoste_prima} == {"c0", "c1"}
    sapute = {c for c in t.celle if c not in nascoste_prima and prima[c] == dopo[c]}
    nascoste = sopprimi(t, dopo, SOGLIA, gia=nascoste_prima, sapute=[sapute])
    cella = ("c2", "v0")
    basso, alto = Attacco(t, dopo, nascoste - sapute - nascoste_prima, 1).fra(cella)
    assert alto is None or alto - basso >= SOGLIA


def test_la_somma_che_era_nascosta_porta_la_differenza_fino_al_totale() -> None:
    """The row without the capoluogo was hidden already: the total, which was not, would tell the loss."""
    t = tavola(5, 1)
    prima = piena(t, (2,), (20,), (4,), (8,), (4,))
    dopo = piena(t, (2,), (20,), (4,), (2,), (4,))
    nascoste_prima = sopprimi(t, prima, SOGLIA)
    assert ("senza_capoluogo", "v0") in nascoste_prima
    assert not nascoste_prima & {("c3", "v0"), ("tutti", "v0")}
    sapute = {c for c in t.celle if c not in nascoste_prima and prima[c] == dopo[c]}
    nascoste = sopprimi(t, dopo, SOGLIA, gia=nascoste_prima, sapute=[sapute])
    come_prima = {c for c in nascoste_prima if prima[c] == dopo[c]}
    basso, alto = Attacco(t, dopo, nascoste - sapute - come_prima, 1).fra(("c3", "v0"))
    assert alto is None or alto - basso >= SOGLIA
