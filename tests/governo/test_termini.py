"""Notice periods and working days. Holidays are those of the library, Easter included."""

from __future__ import annotations

from datetime import date

import pytest

from capofila.governo.termini import preavviso, ultimo_giorno, ultimo_giorno_di_validita
from capofila.hooks import (
    Convocazione,
    DichiarazioneErrata,
    GiornoLavorativo,
    Termine,
    lavorativo,
    sposta,
)
from tests.governo.casi import ATTO


@pytest.mark.parametrize(
    ("seduta", "termine", "entro"),
    [
        # Five days before Thursday 14 May 2026: the day of the call is not counted.
        (date(2026, 5, 14), Termine(giorni=5), date(2026, 5, 9)),
        # Five clear days: neither is that of the meeting.
        (date(2026, 5, 14), Termine(giorni=5, liberi=True), date(2026, 5, 8)),
        # Working days: the 9th and 10th are a Saturday and a Sunday.
        (date(2026, 5, 14), Termine(giorni=5, lavorativi=True), date(2026, 5, 7)),
        (date(2026, 5, 14), Termine(giorni=5, lavorativi=True, liberi=True), date(2026, 5, 6)),
        # Over Easter Monday, 6 April 2026.
        (date(2026, 4, 8), Termine(giorni=3, lavorativi=True), date(2026, 4, 2)),
        # Over the turn of the year, with the Epiphany.
        (date(2026, 1, 8), Termine(giorni=5, lavorativi=True), date(2025, 12, 30)),
        (date(2026, 3, 1), Termine(giorni=1), date(2026, 2, 28)),
    ],
)
def test_l_ultimo_giorno_per_convocare(seduta: date, termine: Termine, entro: date) -> None:
    assert ultimo_giorno(seduta, termine) == entro


def test_il_santo_patrono_e_festivo_se_lo_si_dice() -> None:
    san_pantaleone = frozenset({date(2026, 6, 10)})
    termine = Termine(giorni=2, lavorativi=True)
    assert ultimo_giorno(date(2026, 6, 11), termine) == date(2026, 6, 9)
    assert ultimo_giorno(date(2026, 6, 11), termine, san_pantaleone) == date(2026, 6, 8)


def test_una_convocazione_urgente_ha_il_suo_termine_se_la_regola_lo_da() -> None:
    regola = Convocazione(termine=Termine(giorni=5), urgenza=Termine(giorni=1), fonte=ATTO)
    chiamata, seduta = date(2026, 5, 12), date(2026, 5, 14)
    assert preavviso(regola, chiamata, seduta).in_tempo is False
    assert preavviso(regola, chiamata, seduta, urgente=True).in_tempo is True
    senza_urgenza = Convocazione(termine=Termine(giorni=5), fonte=ATTO)
    assert preavviso(senza_urgenza, chiamata, seduta, urgente=True).in_tempo is False


@pytest.mark.parametrize("regola", [None, Convocazione(chi="Il presidente", fonte=ATTO)])
def test_se_nessuna_fonte_da_il_preavviso_non_lo_si_giudica(regola: Convocazione | None) -> None:
    trovato = preavviso(regola, date(2026, 5, 13), date(2026, 5, 14))
    assert (trovato.entro, trovato.in_tempo) == (None, None)


@pytest.mark.parametrize(
    ("regola", "spostata"),
    [
        (GiornoLavorativo.NOMINALE, date(2024, 3, 31)),
        (GiornoLavorativo.PRECEDENTE, date(2024, 3, 29)),
        (GiornoLavorativo.SUCCESSIVO, date(2024, 4, 2)),
    ],
)
def test_una_scadenza_che_cade_a_pasqua_va_dove_dice_la_regola(
    regola: GiornoLavorativo, spostata: date
) -> None:
    assert not lavorativo(date(2024, 3, 31))
    assert sposta(date(2024, 3, 31), regola) == spostata


@pytest.mark.parametrize(
    ("decorrenza", "mesi", "fine"),
    [
        (date(2015, 5, 1), 36, date(2018, 4, 30)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 1, 15), 12, date(2026, 1, 14)),
        (date(2025, 12, 1), 1, date(2025, 12, 31)),
    ],
)
def test_la_validita_in_mesi_finisce_il_giorno_prima(
    decorrenza: date, mesi: int, fine: date
) -> None:
    assert ultimo_giorno_di_validita(decorrenza, mesi) == fine


@pytest.mark.parametrize("giorni", [0, -1, 366])
def test_un_termine_assurdo_e_rifiutato(giorni: int) -> None:
    with pytest.raises(DichiarazioneErrata, match="almeno un giorno"):
        Termine(giorni=giorni)
