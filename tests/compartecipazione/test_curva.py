"""The curve of a scheme and its steps in words."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from capofila.compartecipazione.calcolo import calcola
from capofila.compartecipazione.curva import punti, quote_per_isee
from capofila.compartecipazione.parole import passi_in_parole
from capofila.compartecipazione.schemi import Schema
from tests.compartecipazione.schemi import SAD, con_passi, scritto
from tests.compartecipazione.test_blocco import FORME
from tests.compartecipazione.test_calcolo import GIORNO, caso, risolto
from tests.compartecipazione.test_schemi_dei_distretti import SCHEMI

D = Decimal


@pytest.fixture(scope="module")
def sad(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    return scritto(tmp_path_factory.mktemp("sad"), SAD)


def test_la_tavola_ha_i_punti_dove_la_regola_cambia_e_il_primo_centesimo_dopo(sad: Schema) -> None:
    tavola, disegnati = punti([risolto(sad)])
    assert tavola == [0, 300_000, 300_001, 600_000, 600_001, 2_000_000, 2_000_001, 2_500_000]
    assert set(tavola) < set(disegnati)
    assert disegnati == sorted(set(disegnati))


def test_due_schemi_hanno_i_punti_di_tutti_e_due(sad: Schema, tmp_path: Path) -> None:
    altro = con_passi(
        tmp_path, "- {forma: esente, fino_a: a}\n- {forma: fissa, tariffa: t}",
        {"a": "41234.56", "t": 9},
    )  # fmt: skip
    tavola, _ = punti([risolto(sad), risolto(altro)])
    assert {300_000, 4_123_456, 4_123_457} < set(tavola)
    assert tavola[-1] == 5_000_000  # something beyond the last bend, in whole thousands


def test_ogni_punto_della_curva_e_la_quota_di_chi_ha_quell_isee(sad: Schema) -> None:
    _, disegnati = punti([risolto(sad)])
    uno = caso(None, quantita=D("7.5"), condizioni=frozenset({"fratelli"}))
    curva = quote_per_isee(risolto(sad), uno, disegnati)
    assert len(curva) == len(disegnati)
    for isee, quota in curva.items():
        atteso = caso(str(isee), quantita=D("7.5"), condizioni=frozenset({"fratelli"}))
        assert quota == calcola(risolto(sad), atteso).importo


def test_dove_la_regola_non_guarda_all_isee_o_manca_qualcosa_non_c_e_curva(tmp_path: Path) -> None:
    fissa = con_passi(tmp_path, "- {forma: fissa, tariffa: t}", {"t": 9})
    assert punti([risolto(fissa)]) == ([], [])
    sul_costo = con_passi(
        tmp_path, "- {forma: proporzionale, isee_finale: f, minima: m}", {"f": 20000, "m": 10}
    )
    tavola, _ = punti([risolto(sul_costo)])
    assert tavola[:3] == [0, 200_000, 200_001]
    assert quote_per_isee(risolto(sul_costo), caso(None), tavola) == {}
    assert quote_per_isee(risolto(sul_costo), caso(None, costo=D(20)), tavola)[D(2000)] == D(2)


@pytest.mark.parametrize("forma", FORME)
def test_ogni_forma_si_dice_in_parole(tmp_path: Path, forma: str) -> None:
    schema = risolto(con_passi(tmp_path, *FORME[forma]))
    parole = passi_in_parole(schema)
    assert len(parole) == len(schema.passi)
    for frase in parole:
        assert frase[0].isupper()
        assert frase.endswith(".")
        assert "_" not in frase


def test_gli_schemi_dei_distretti_in_parole() -> None:
    def detto(nome: str) -> list[str]:
        trovato = SCHEMI[nome].risolvi(GIORNO)
        assert trovato is not None
        return passi_in_parole(trovato)

    assert detto("cremona-sad")[0] == (
        "Si paga la percentuale del costo della fascia dell’ISEE: 10% fino a 5.000,00, 35% fino a "
        "12.000,00, 70% fino a 25.000,00, 100% oltre."
    )
    assert detto("casalmaggiore-sad")[:3] == [
        "Fino a un ISEE di 2.500,00 € non si paga nulla.",
        "Si paga la parte del costo che l’ISEE è di 24.000,00 €, almeno il 15%; oltre, tutto il costo.",
        "Non si paga più di 21,50 €.",
    ]
    assert "Alla persona restano 150,00 € al mese: non paga più del resto." in detto(
        "casalmaggiore-residenze"
    )
