"""Deadlines: the day, the year they are about, working days, warnings."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.hooks import (
    Adempimento,
    Atto,
    DichiarazioneErrata,
    DopoAdempimento,
    GiornoLavorativo,
    Partenza,
    RegolaData,
    Sollecito,
    Specie,
    SpecieProva,
    lavorativo,
    perche_non_lavorativo,
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


# --- counted from another deadline (1.5) -----------------------------------------------------------


def _dopo(codice: str = "dopo", **campi: object) -> Adempimento:
    regola = DopoAdempimento(adempimento="prova", **campi)  # type: ignore[arg-type]
    return _adempimento(codice=codice, regola=None, dopo=regola)


def _giorni(*adempimenti: Adempimento, **fatti: date) -> dict[str, date]:
    return {una.adempimento: una.data for una in scadenze(adempimenti, 2025, fatti=fatti)}


def test_i_giorni_si_contano_dalla_scadenza_di_un_altro() -> None:
    assert _giorni(_dopo(giorni=30), _adempimento()) == {
        "prova": date(2025, 3, 31),
        "dopo": date(2025, 4, 30),
    }
    assert _giorni(_dopo(giorni=-10), _adempimento())["dopo"] == date(2025, 3, 21)


def test_dal_giorno_in_cui_e_stato_fatto_e_prima_di_allora_non_c_e_un_giorno() -> None:
    dopo = _dopo(giorni=15, da=Partenza.FATTO)
    assert "dopo" not in _giorni(dopo, _adempimento())
    assert _giorni(dopo, _adempimento(), prova=date(2025, 3, 10))["dopo"] == date(2025, 3, 25)


def test_si_contano_anche_i_soli_giorni_lavorativi() -> None:
    # From Thursday 17 April: Friday, then Easter, Easter Monday and the 25th are not counted.
    pasqua = _dopo(giorni=5, da=Partenza.FATTO, lavorativi=True)
    assert _giorni(pasqua, prova=date(2025, 4, 17)) == {"dopo": date(2025, 4, 28)}


def test_una_catena_si_data_e_un_cerchio_non_ha_un_giorno() -> None:
    terzo = _adempimento(
        codice="terzo", regola=None, dopo=DopoAdempimento(adempimento="dopo", giorni=1)
    )
    assert _giorni(terzo, _dopo(giorni=1), _adempimento())["terzo"] == date(2025, 4, 2)
    cerchio = _adempimento(regola=None, dopo=DopoAdempimento(adempimento="dopo", giorni=1))
    assert _giorni(cerchio, _dopo(giorni=1)) == {}


@pytest.mark.parametrize(
    "campi",
    [
        {"regola": None},
        {"dopo": DopoAdempimento(adempimento="altro", giorni=1)},
        {"regola": None, "dopo": DopoAdempimento(adempimento="prova", giorni=1)},
        {"flusso": "siuss"},
        {"specie_prova": SpecieProva.FLUSSO},
        {"solleciti": (Sollecito(dopo_giorni=1), Sollecito(dopo_giorni=1, a="assemblea"))},
    ],
)
def test_una_dichiarazione_che_si_contraddice_e_rifiutata(campi: dict[str, object]) -> None:
    with pytest.raises(DichiarazioneErrata):
        _adempimento(**campi)


@pytest.mark.parametrize("giorni", [0, 367])
def test_un_sollecito_parte_da_un_giorno_dopo(giorni: int) -> None:
    with pytest.raises(DichiarazioneErrata):
        Sollecito(dopo_giorni=giorni)


def test_prima_di_un_fatto_non_si_puo_contare() -> None:
    with pytest.raises(DichiarazioneErrata, match="negativi"):
        DopoAdempimento(adempimento="prova", giorni=-1, da=Partenza.FATTO)


@given(st.dates(date(2015, 1, 1), date(2035, 12, 31)), st.sampled_from(GiornoLavorativo))
def test_un_giorno_spostato_e_il_primo_lavorativo_da_quella_parte(
    giorno: date, regola: GiornoLavorativo
) -> None:
    spostato = sposta(giorno, regola)
    if regola is GiornoLavorativo.NOMINALE:
        assert spostato == giorno
        return
    assert lavorativo(spostato)
    assert perche_non_lavorativo(spostato) is None
    assert spostato >= giorno if regola is GiornoLavorativo.SUCCESSIVO else spostato <= giorno
    primo, ultimo = sorted((giorno, spostato))
    saltati = [primo + timedelta(days=n) for n in range((ultimo - primo).days + 1)]
    assert all(perche_non_lavorativo(uno) for uno in saltati if uno != spostato)
