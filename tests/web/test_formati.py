"""Figures, amounts and dates as an Italian reads them; Babel it_IT is the reference."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from capofila.web import formati

IMPORTI = st.decimals(
    min_value=Decimal("-999999999999.99"), max_value=Decimal("999999999999.99"), places=2
)


@given(IMPORTI)
def test_un_importo_e_scritto_come_lo_scrive_babel(valore: Decimal) -> None:
    assert formati.importo(valore) == format_currency(valore, "EUR", locale="it_IT")


@given(st.integers(min_value=-(10**18), max_value=10**18))
def test_un_numero_e_scritto_come_lo_scrive_babel(valore: int) -> None:
    assert formati.numero(valore) == format_decimal(valore, locale="it_IT")


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)))
def test_una_data_e_scritta_come_la_scrive_babel(giorno: date) -> None:
    assert formati.data(giorno) == format_date(giorno, "long", locale="it_IT")
    assert formati.data_breve(giorno) == format_date(giorno, "dd/MM/yyyy", locale="it_IT")


@pytest.mark.parametrize(
    ("scritto", "atteso"),
    [
        (formati.importo(Decimal("1234.565")), "1.234,57\xa0€"),
        (formati.importo(Decimal("-0.5")), "-0,50\xa0€"),
        (formati.importo(None), "—"),
        (formati.numero(Decimal("1234.50")), "1.234,50"),
        (formati.numero(Decimal("2.5"), 0), "3"),
        (formati.percento(Decimal("0.1864")), "18,6%"),
        (formati.data(date(2025, 3, 12)), "12 marzo 2025"),
        (formati.data_ora(datetime(2025, 3, 12, 13, 5, tzinfo=UTC)), "12 marzo 2025, 14:05"),
        (formati.data_ora(datetime(2025, 7, 31, 23, 0, tzinfo=UTC)), "1 agosto 2025, 01:00"),
        (formati.data(datetime(2024, 12, 31, 23, 30, tzinfo=UTC)), "1 gennaio 2025"),
        (formati.durata(0.42), "0,4\xa0s"),
        (formati.durata(95), "1\xa0min 35\xa0s"),
        (formati.durata(timedelta(hours=2)), "2\xa0h"),
        (formati.durata(timedelta(days=1, minutes=5)), "1\xa0g"),
        (formati.byte(0), "0\xa0byte"),
        (formati.byte(999_960), "1\xa0MB"),
        (formati.byte(1_234_567), "1,2\xa0MB"),
        (formati.periodo("2025"), "anno 2025"),
        (formati.periodo("2025-S2"), "2° semestre 2025"),
        (formati.periodo("2025-T3"), "3° trimestre 2025"),
        (formati.periodo("2025-03"), "marzo 2025"),
        (
            formati.periodo((date(2025, 1, 8), date(2025, 11, 11))),
            "dall’8 gennaio 2025 all’11 novembre 2025",
        ),
        (formati.periodo((None, date(2025, 6, 30))), "fino al 30 giugno 2025"),
    ],
)
def test_forma(scritto: str, atteso: str) -> None:
    assert scritto == atteso


@pytest.mark.parametrize("filtro", [formati.importo, formati.numero, formati.percento])
def test_un_importo_in_virgola_mobile_e_rifiutato(filtro: Any) -> None:
    with pytest.raises(TypeError):
        filtro(1.1)


def test_un_momento_senza_fuso_e_rifiutato() -> None:
    with pytest.raises(ValueError, match="time zone"):
        formati.data_ora(datetime(2025, 3, 12, 13, 5))  # noqa: DTZ001
