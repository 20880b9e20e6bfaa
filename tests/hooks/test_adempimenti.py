"""Deadlines: the day, the year they are about, working days, warnings."""

from __future__ import annotations

from datetime import date

import pytest

from capofila.hooks import (
    Adempimento,
    Atto,
    DichiarazioneErrata,
    GiornoLavorativo,
    RegolaData,
    Specie,
    lavorativo,
    scadenze,
    sposta,
)

ATTO = Atto(specie=Specie.ACCORDO, organo="Comuni", titolo="Accordo di prova")


def _adempimento(**campi: object) -> Adempimento:
    tutti: dict[str, object] = {
        "codice": "prova",
        "titolo": "Prova",
        "organo": "assemblea",
        "regola": RegolaData(mese=3),
        "fonte": ATTO,
    }
    return Adempimento(**{**tutti, **campi})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("regola", "anno", "attesa"),
    [
        (RegolaData(mese=3), 2025, date(2025, 3, 31)),
        (RegolaData(mese=2), 2024, date(2024, 2, 29)),
        (RegolaData(mese=2), 2025, date(2025, 2, 28)),
        (RegolaData(mese=4, giorno=15), 2025, date(2025, 4, 15)),
        (RegolaData(mese=1, scarto_anni=1), 2025, date(2026, 1, 31)),
        (RegolaData(mese=12, scarto_anni=-1), 2025, date(2024, 12, 31)),
    ],
)
def test_il_giorno_si_conta_dall_anno_di_riferimento(
    regola: RegolaData, anno: int, attesa: date
) -> None:
    assert regola.nel(anno) == attesa


@pytest.mark.parametrize(
    "campi",
    [
        {"mese": 13},
        {"mese": 0},
        {"mese": 4, "giorno": 31},
        {"mese": 2, "giorno": 29},
        {"mese": 2, "giorno": 0},
        {"mese": 1, "scarto_anni": 3},
    ],
)
def test_un_giorno_che_non_c_e_ogni_anno_e_rifiutato(campi: dict[str, int]) -> None:
    with pytest.raises(DichiarazioneErrata):
        RegolaData(**campi)


@pytest.mark.parametrize(
    ("giorno", "lavora"),
    [
        (date(2025, 4, 25), False),
        (date(2025, 4, 21), False),  # lunedì dell'Angelo
        (date(2025, 4, 22), True),
        (date(2025, 4, 26), False),  # sabato
        (date(2025, 12, 8), False),
        (date(2025, 10, 3), True),
        (date(2024, 10, 4), True),
        (date(2027, 10, 4), False),  # san Francesco, festa nazionale dal 2026
    ],
)
def test_giorni_lavorativi_in_italia(giorno: date, lavora: bool) -> None:
    assert lavorativo(giorno) is lavora


def test_la_festa_del_patrono_si_aggiunge() -> None:
    patrono = date(2025, 6, 10)
    assert lavorativo(patrono)
    assert not lavorativo(patrono, frozenset({patrono}))
    assert sposta(patrono, GiornoLavorativo.SUCCESSIVO, frozenset({patrono})) == date(2025, 6, 11)


@pytest.mark.parametrize(
    ("regola", "attesa"),
    [
        (GiornoLavorativo.NOMINALE, date(2025, 4, 25)),
        (GiornoLavorativo.PRECEDENTE, date(2025, 4, 24)),
        (GiornoLavorativo.SUCCESSIVO, date(2025, 4, 28)),
    ],
)
def test_il_25_aprile_di_venerdi_si_sposta_secondo_la_regola(
    regola: GiornoLavorativo, attesa: date
) -> None:
    assert sposta(date(2025, 4, 25), regola) == attesa


def test_gli_avvisi_cadono_in_giorni_lavorativi_e_in_ordine() -> None:
    (scadenza,) = scadenze(
        (_adempimento(regola=RegolaData(mese=5, giorno=5), preavvisi=(1, 10, 4)),), 2025
    )
    # The 4th is a Sunday, the 1st of May a holiday, the 25th of April another.
    assert scadenza.avvisi == (date(2025, 4, 24), date(2025, 4, 30), date(2025, 5, 2))


def test_l_ultimo_giorno_di_validita_vale_e_quello_dopo_no() -> None:
    a_marzo = _adempimento(valido_al=date(2025, 3, 31))
    assert [uno.data for uno in scadenze((a_marzo,), 2025)] == [date(2025, 3, 31)]
    assert scadenze((_adempimento(valido_al=date(2025, 3, 30)),), 2025) == ()
    assert scadenze((a_marzo,), 2026) == ()


def test_vale_la_data_nominale_e_non_quella_spostata() -> None:
    sabato = _adempimento(
        regola=RegolaData(mese=5, giorno=31),
        lavorativo=GiornoLavorativo.SUCCESSIVO,
        valido_al=date(2025, 5, 31),
    )
    (scadenza,) = scadenze((sabato,), 2025)
    assert (scadenza.data_nominale, scadenza.data) == (date(2025, 5, 31), date(2025, 6, 3))


def test_un_preavviso_negativo_e_rifiutato() -> None:
    with pytest.raises(DichiarazioneErrata, match="negativi"):
        _adempimento(preavvisi=(30, -1))


def test_una_validita_al_contrario_e_rifiutata() -> None:
    with pytest.raises(DichiarazioneErrata, match="prima di cominciare"):
        _adempimento(valido_dal=date(2025, 1, 1), valido_al=date(2024, 12, 31))
