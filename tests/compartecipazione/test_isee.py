"""The ISEE by D.P.C.M. 159/2013, on figures worked out by hand, and when one can be used."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.compartecipazione.isee import (
    DETTO,
    Attestazione,
    Componenti,
    Difetto,
    Immobile,
    Nucleo,
    Persona,
    SpecieISEE,
    calcola,
    difetto,
    scade,
    scala,
)

D = Decimal


@pytest.mark.parametrize(
    ("nucleo", "atteso"),
    [
        ({"componenti": 1}, "1.00"),
        ({"componenti": 2}, "1.57"),
        ({"componenti": 3}, "2.04"),
        ({"componenti": 4}, "2.46"),
        ({"componenti": 5}, "2.85"),
        ({"componenti": 6}, "3.20"),
        ({"componenti": 8}, "3.90"),
        ({"componenti": 4, "figli": 2}, "2.46"),
        ({"componenti": 5, "figli": 3}, "3.05"),
        ({"componenti": 6, "figli": 4}, "3.55"),
        ({"componenti": 7, "figli": 5}, "4.05"),
        ({"componenti": 9, "figli": 7}, "4.75"),
        ({"componenti": 3, "figli": 1, "minori": True}, "2.04"),
        ({"componenti": 3, "figli": 1, "minori": True, "genitori_al_lavoro": True}, "2.24"),
        ({"componenti": 2, "figli": 1, "minori": True, "solo_genitore_con_minori": True}, "1.77"),
        (
            {"componenti": 3, "figli": 1, "minori": True, "minore_di_tre": True,
             "genitori_al_lavoro": True},
            "2.34",
        ),
        ({"componenti": 1, "disabili": 1}, "1.50"),
        ({"componenti": 3, "figli": 1, "disabili": 2}, "3.04"),
    ],
)  # fmt: skip
def test_la_scala_di_equivalenza(nucleo: dict[str, Any], atteso: str) -> None:
    assert scala(Nucleo(**nucleo)) == D(atteso)


@pytest.mark.parametrize(
    "nucleo",
    [
        {"componenti": 0},
        {"componenti": 31},
        {"componenti": 2, "figli": 2},
        {"componenti": 2, "disabili": 3},
        {"componenti": 2, "minori": True},
        {"componenti": 2, "figli": 1, "minore_di_tre": True},
        {"componenti": 3, "figli": 1, "minori": True, "solo_genitore_con_minori": True},
        {"componenti": 2, "figli": 1, "minori": True, "solo_genitore_con_minori": True,
         "genitori_al_lavoro": True},
    ],
)  # fmt: skip
def test_un_nucleo_che_non_puo_essere_si_rifiuta(nucleo: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Nucleo(**nucleo)


def test_un_isee_calcolato_a_mano() -> None:
    """Two parents who work, two children, a home with a mortgage, some savings.

    Incomes: 20,000 − 3,000 (20 % is 4,000) = 17,000; 10,000 − 2,000 = 8,000; ISR 25,000.
    Home: 120,000 − 40,000 = 80,000; beyond 52,500 are 27,500, two thirds are 18,333.33…
    Savings: 14,000 less 6,000 + 2,000 × 3 = 12,000, but 10,000 at most: 4,000. ISP 22,333.33…
    ISE 25,000 + 4,466.66… = 29,466.67. Scale 2.46 + 0.2 = 2.66. ISEE 11,077.69.
    """
    fatto = calcola(
        Componenti(
            nucleo=Nucleo(componenti=4, figli=2, minori=True, genitori_al_lavoro=True),
            persone=(Persona(lavoro_dipendente=D(20_000)), Persona(lavoro_dipendente=D(10_000))),
            immobili=(Immobile(valore=D(120_000), mutuo=D(40_000), abitazione=True),),
            mobiliare=D(14_000),
        )
    )
    assert (fatto.isr, fatto.isp) == (D("25000.00"), D("22333.33"))
    assert (fatto.ise, fatto.scala, fatto.isee) == (D("29466.67"), D("2.66"), D("11077.69"))


def test_una_pensionata_in_affitto_calcolata_a_mano() -> None:
    """12,000 − 1,000 (20 % is 2,400) = 11,000, less 6,000 of rent and 500 of other: 4,500.

    Savings 9,000 − 6,000 = 3,000; a field of 2,000 without mortgage. ISP 5,000, ISE 5,500.
    """
    fatto = calcola(
        Componenti(
            nucleo=Nucleo(componenti=1),
            persone=(Persona(pensione=D(12_000)),),
            canone=D(6_000), altre_detrazioni=D(500), mobiliare=D(9_000),
            immobili=(Immobile(valore=D(2_000)),),
        )
    )  # fmt: skip
    assert (fatto.isr, fatto.isp, fatto.isee) == (D("4500.00"), D("5000.00"), D("5500.00"))


@pytest.mark.parametrize(
    ("lavoro", "pensione", "isr"),
    [(20_000, 10_000, 27_000), (1_000, 9_000, 9_000), (5_000, 5_000, 9_000), (0, 4_000, 3_200)],
)
def test_di_lavoro_e_pensione_si_toglie_una_quota_sola(
    lavoro: int, pensione: int, isr: int
) -> None:
    """Art. 4, c. 3, d): the share of the pension is the alternative to that of the wages."""
    persona = Persona(lavoro_dipendente=D(lavoro), pensione=D(pensione))
    assert calcola(Componenti(nucleo=Nucleo(componenti=1), persone=(persona,))).isr == isr


@pytest.mark.parametrize(("figli", "canone"), [(0, 7_000), (2, 7_000), (3, 7_500), (5, 8_500)])
def test_dell_affitto_si_toglie_fino_a_un_limite(figli: int, canone: int) -> None:
    fatto = calcola(
        Componenti(
            nucleo=Nucleo(componenti=figli + 1, figli=figli),
            persone=(Persona(altri_redditi=D(20_000)),),
            canone=D(50_000),
        )
    )
    assert fatto.isr == 20_000 - canone


def test_ne_redditi_ne_patrimonio_scendono_sotto_zero() -> None:
    fatto = calcola(
        Componenti(
            nucleo=Nucleo(componenti=2),
            persone=(Persona(lavoro_dipendente=D(1_000), detrazioni=D(9_000)),
                     Persona(altri_redditi=D(500))),
            immobili=(Immobile(valore=D(10_000), mutuo=D(90_000), abitazione=True),
                      Immobile(valore=D(10_000), mutuo=D(90_000))),
            canone=D(9_000), mobiliare=D(100),
        )
    )  # fmt: skip
    assert fatto.isee == fatto.isr == fatto.isp == 0


def test_un_componente_negativo_o_una_persona_di_troppo_si_rifiutano() -> None:
    uno = Nucleo(componenti=1)
    with pytest.raises(ValueError, match="negativo"):
        calcola(Componenti(nucleo=uno, persone=(Persona(pensione=D(-1)),)))
    with pytest.raises(ValueError, match="negativo"):
        calcola(Componenti(nucleo=uno, persone=(), immobili=(Immobile(valore=D(1), mutuo=D(-1)),)))
    with pytest.raises(ValueError, match="più persone"):
        calcola(Componenti(nucleo=uno, persone=(Persona(), Persona())))


IMPORTI = st.decimals(min_value=0, max_value=10**6, places=2)


@given(IMPORTI, IMPORTI, IMPORTI, st.integers(1, 8))
def test_chi_ha_di_piu_non_ha_un_isee_minore(
    reddito: Decimal, altro: Decimal, risparmi: Decimal, quanti: int
) -> None:
    nucleo = Nucleo(componenti=quanti)

    def isee(reddito: Decimal, risparmi: Decimal) -> Decimal:
        persona = Persona(lavoro_dipendente=reddito)
        return calcola(Componenti(nucleo=nucleo, persone=(persona,), mobiliare=risparmi)).isee

    assert isee(reddito, risparmi) <= isee(reddito + altro, risparmi)
    assert isee(reddito, risparmi) <= isee(reddito, risparmi + altro)


OGGI = date(2025, 3, 1)
BUONO = Attestazione(valore=D(4500), presentata=date(2025, 1, 20))


@pytest.mark.parametrize(
    ("cambi", "giorno", "atteso"),
    [
        ({}, OGGI, None),
        ({}, date(2025, 12, 31), None),
        ({}, date(2026, 1, 1), "isee_scaduto"),
        ({}, date(2025, 1, 19), "isee_futuro"),
        ({"presentata": date(2024, 12, 31)}, OGGI, "isee_scaduto"),
        ({"presentata": None}, OGGI, None),
        ({"valore": D("-0.01")}, OGGI, "isee_negativo"),
        ({"valore": D("10000000.01")}, OGGI, "isee_assurdo"),
        ({"valore": D("NaN")}, OGGI, "isee_assurdo"),
        ({"omissioni": True}, OGGI, "isee_con_omissioni"),
        ({"specie": SpecieISEE.CORRENTE}, OGGI, None),
        ({"specie": SpecieISEE.CORRENTE}, date(2025, 7, 20), None),
        ({"specie": SpecieISEE.CORRENTE}, date(2025, 7, 21), "isee_scaduto"),
        (
            {"specie": SpecieISEE.CORRENTE, "ultimo_giorno": date(2025, 12, 31)},
            date(2025, 7, 21),
            None,
        ),
        ({"presentata": None, "ultimo_giorno": date(2025, 2, 28)}, OGGI, "isee_scaduto"),
        ({"specie": SpecieISEE.UNIVERSITARIO}, OGGI, "isee_di_altra_specie"),
    ],
)
def test_quando_un_isee_si_puo_usare(
    cambi: dict[str, Any], giorno: date, atteso: Difetto | None
) -> None:
    mostrato = msgspec.structs.replace(BUONO, **cambi)
    detto = difetto(mostrato, giorno, frozenset({SpecieISEE.ORDINARIO}))
    assert detto == atteso
    assert detto is None or DETTO[detto]


def test_senza_isee_e_con_le_omissioni_ammesse() -> None:
    assert difetto(None, OGGI) == "isee_mancante"
    incompleto = msgspec.structs.replace(BUONO, omissioni=True)
    assert difetto(incompleto, OGGI, accetta_omissioni=True) is None
    assert scade(date(2025, 1, 20)) == date(2025, 12, 31)
