"""Deadlines seen from a day: the state, how the day was counted, whom to warn of what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.governo.adempimenti import (
    IMMINENTE,
    RESPONSABILE,
    SILENZIO,
    Fatto,
    Istanza,
    Stato,
    avvisi_del_giorno,
    da_dichiarazione,
    da_scadenza,
    in_parole,
    lettera,
    mostra,
    per_mese,
    spiega,
    stato,
)
from capofila.hooks import (
    Adempimento,
    Atto,
    DopoAdempimento,
    GiornoLavorativo,
    Partenza,
    RegolaData,
    Sollecito,
    Specie,
    scadenze,
)
from capofila_crema.adempimenti import ADEMPIMENTI

ATTO = Atto(specie=Specie.ACCORDO, organo="Comuni", titolo="Accordo (inventato)")
GIORNO = date(2027, 3, 31)
FATTO = Fatto(esito="fatto", giorno=GIORNO, prova="Deliberazione n. 4")


def _una(**campi: object) -> Istanza:
    tutti: dict[str, object] = {
        "codice": "piano-operativo", "anno": 2027, "titolo": "Piano Operativo",
        "organo": "assemblea", "organo_nome": "Assemblea", "data": GIORNO, "data_nominale": GIORNO,
        "avvisi": (date(2027, 1, 29), date(2027, 3, 1), date(2027, 3, 24)),
    }  # fmt: skip
    return Istanza(**{**tutti, **campi})  # type: ignore[arg-type]


def _dichiarata(anno: int = 2027, altri: tuple[Adempimento, ...] = (), **campi: object) -> Istanza:
    tutti: dict[str, object] = {
        "codice": "x", "titolo": "Cosa", "organo": "assemblea", "fonte": ATTO,
        "regola": RegolaData(mese=1, scarto_anni=1),
    }  # fmt: skip
    uno = Adempimento(**{**tutti, **campi})  # type: ignore[arg-type]
    trovate = [s for s in scadenze((uno, *altri), anno) if s.adempimento == "x"]
    return da_scadenza(trovate[0], "A") if trovate else da_dichiarazione(uno, anno, "A")


@pytest.mark.parametrize(
    ("oggi", "atteso"),
    [
        (date(2027, 1, 28), "futuro"),
        (date(2027, 1, 29), "in_avviso"),
        (date(2027, 3, 23), "in_avviso"),
        (date(2027, 3, 24), "in_scadenza"),
        (GIORNO, "in_scadenza"),
        (date(2027, 4, 1), "scaduto"),
    ],
)
def test_una_scadenza_aperta_si_avvicina_e_passa(oggi: date, atteso: Stato) -> None:
    assert stato(_una(), oggi) == atteso


def test_senza_avvisi_dichiarati_si_avvicina_da_trenta_giorni() -> None:
    una = _una(avvisi=())
    assert stato(una, date(2027, 2, 28)) == "futuro"
    assert stato(una, date(2027, 3, 1)) == "in_avviso"


def test_fatta_l_ultimo_giorno_e_in_tempo_e_il_giorno_dopo_in_ritardo() -> None:
    dopo = Fatto(esito="fatto", giorno=GIORNO + timedelta(days=1), prova="X")
    assert stato(_una(fatto=FATTO), date(2030, 1, 1)) == "fatto"
    assert stato(_una(fatto=dopo), date(2030, 1, 1)) == "fatto_in_ritardo"


def test_non_dovuta_non_scade_e_riaperta_torna_com_era() -> None:
    esito = Fatto(esito="non_dovuto", giorno=GIORNO, prova="Un altro atto lo ha tolto")
    assert stato(_una(fatto=esito), date(2030, 1, 1)) == "non_dovuto"
    aperta = _una(fatto=Fatto(esito="riaperto", giorno=GIORNO, prova="Errore"))
    assert aperta.aperta
    assert stato(aperta, date(2027, 4, 1)) == "scaduto"


def test_senza_un_giorno_si_attende() -> None:
    assert stato(_una(data=None), date(2030, 1, 1)) == "in_attesa"
    assert mostra(_una(data=None), GIORNO).giorni is None


@given(
    st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.dates(date(2026, 1, 1), date(2028, 12, 31))
)
def test_col_passare_dei_giorni_lo_stato_non_torna_indietro(uno: date, altro: date) -> None:
    ordine = ["futuro", "in_avviso", "in_scadenza", "scaduto"]
    prima, dopo = sorted((uno, altro))
    assert ordine.index(stato(_una(), prima)) <= ordine.index(stato(_una(), dopo))


# --- how a day was counted -----------------------------------------------------------------------


def test_art_13_il_mese_di_marzo_finisce_il_31_e_non_si_sposta() -> None:
    piano = next(s for s in scadenze(ADEMPIMENTI, 2029) if s.adempimento == "piano-operativo")
    assert spiega(da_scadenza(piano, "Assemblea dei Sindaci")) == [
        "L’atto dice un mese, marzo 2029: vale l’ultimo giorno, sabato 31 marzo 2029.",
        "Cade di sabato; l’atto non dice che cosa accade allora, e il giorno resta quello.",
    ]


def test_un_giorno_spostato_dice_quali_ha_saltato_e_perche() -> None:
    una = _dichiarata(
        2025, regola=RegolaData(mese=5, giorno=31), lavorativo=GiornoLavorativo.SUCCESSIVO
    )
    assert spiega(una) == [
        "L’atto dice il 31 maggio 2025.",
        "Il 31 maggio 2025 è sabato, il 1° giugno 2025 è domenica, il 2 giugno 2025 è Festa della "
        "Repubblica: per la regola dell’atto vale il primo giorno lavorativo dopo, martedì 3 giugno "
        "2025.",
    ]
    prima = _dichiarata(
        2025, regola=RegolaData(mese=4, giorno=25), lavorativo=GiornoLavorativo.PRECEDENTE
    )
    assert spiega(prima)[1].endswith("primo giorno lavorativo prima, giovedì 24 aprile 2025.")


def test_un_giorno_contato_da_un_altro_dice_da_quale() -> None:
    piano = Adempimento(
        codice="piano", titolo="Piano", organo="a", regola=RegolaData(mese=3), fonte=ATTO
    )
    dopo = DopoAdempimento(adempimento="piano", giorni=30)
    una = _dichiarata(altri=(piano,), regola=None, dopo=dopo)
    assert spiega(una, altro="Piano")[0] == (
        "L’atto conta 30 giorni dopo la scadenza di «Piano», che è mercoledì 31 marzo 2027."
    )
    fatto = DopoAdempimento(adempimento="piano", giorni=1, da=Partenza.FATTO, lavorativi=True)
    assert spiega(_dichiarata(regola=None, dopo=fatto), altro="Piano") == [
        "L’atto conta 1 giorno lavorativo dal giorno in cui «Piano» è fatto: fino ad allora non c’è "
        "un giorno."
    ]


def test_le_scadenze_stanno_nel_loro_mese_in_ordine() -> None:
    viste = [
        mostra(_una(codice=str(n), data=giorno), GIORNO)
        for n, giorno in enumerate(
            (date(2027, 3, 9), None, date(2026, 12, 1), date(2027, 3, 1), date(2026, 12, 1))
        )
    ]
    assert [(mese, [v.una.codice for v in m]) for mese, m in per_mese(viste)] == [
        ("Dicembre 2026", ["2", "4"]),
        ("Marzo 2027", ["3", "0"]),
    ]


# --- whom to warn --------------------------------------------------------------------------------


def _detti(oggi: date, *istanze: Istanza) -> list[tuple[str, int, str]]:
    return [(a.specie, a.passo, a.destinatario) for a in avvisi_del_giorno(istanze, oggi)]


def test_di_piu_preavvisi_passati_si_dice_solo_l_ultimo() -> None:
    assert _detti(date(2027, 1, 28), _una()) == []
    assert _detti(date(2027, 1, 29), _una()) == [("preavviso", 61, "assemblea")]
    assert _detti(date(2027, 3, 26), _una()) == [("preavviso", 7, "assemblea")]


def test_il_giorno_dopo_si_dice_a_chi_risponde_e_al_responsabile() -> None:
    assert _detti(date(2027, 4, 1), _una()) == [
        ("sollecito", 1, "assemblea"),
        ("sollecito", 1, RESPONSABILE),
    ]


def test_i_solleciti_dichiarati_vanno_a_chi_e_quando_dice_chi_li_dichiara() -> None:
    una = _una(solleciti=(Sollecito(dopo_giorni=10, a="comitato"), Sollecito(dopo_giorni=30)))
    assert _detti(date(2027, 4, 9), una) == [("sollecito", 1, "assemblea")]
    assert _detti(date(2027, 4, 30), una)[1:] == [
        ("sollecito", 10, "comitato"),
        ("sollecito", 30, RESPONSABILE),
    ]


def test_di_cio_che_e_fatto_non_si_scrive_e_dopo_novanta_giorni_si_tace() -> None:
    assert _detti(date(2027, 4, 1), _una(fatto=FATTO)) == []
    assert _detti(GIORNO + timedelta(days=SILENZIO), _una())
    assert _detti(GIORNO + timedelta(days=SILENZIO + 1), _una()) == []


@given(
    st.lists(st.integers(0, 200), max_size=5),
    st.sets(st.integers(-220, 120), min_size=1),
)
def test_qualunque_giorno_salti_ogni_avviso_esce_una_volta_e_mai_dopo_uno_piu_vicino(
    prima: list[int], accesi: set[int]
) -> None:
    """`accesi`: the days, from the deadline, on which the platform ran."""
    una = _una(avvisi=tuple(sorted({GIORNO - timedelta(days=n) for n in prima})))
    passi: list[int] = []
    for giorno in sorted(accesi):
        detti = list(avvisi_del_giorno([una], GIORNO + timedelta(days=giorno)))
        assert len([a for a in detti if a.specie == "preavviso"]) <= 1
        assert all((a.specie == "sollecito") == (giorno > 0) for a in detti)
        passi += [a.passo for a in detti if a.specie == "preavviso" and a.passo not in passi]
    assert passi == sorted(passi, reverse=True)
    assert {*passi} <= {*prima}


def test_la_lettera_dice_che_cosa_entro_quando_e_dove() -> None:
    oggi = date(2027, 4, 2)
    una, altra = _una(), _una(codice="y", titolo="Contratto", data=date(2027, 4, 30))
    [sollecito, _] = avvisi_del_giorno([una], oggi)
    oggetto, testo = lettera(
        "Ambito di prova", "Assemblea", [(una, sollecito)], [altra], oggi, "https://x.example/p"
    )
    assert oggetto == "Scadenze: 1 da guardare, 1 passata"
    assert "- Piano Operativo: mercoledì 31 marzo 2027 (PASSATA da 2 giorni)" in testo
    assert "https://x.example/p/piano-operativo/2027" in testo
    assert "- Contratto: venerdì 30 aprile 2027" in testo
    assert in_parole(date(2027, 5, 1)) == "sabato 1° maggio 2027"


def test_imminente_e_una_settimana() -> None:
    assert stato(_una(avvisi=()), GIORNO - timedelta(days=IMMINENTE)) == "in_scadenza"
    assert stato(_una(avvisi=()), GIORNO - timedelta(days=IMMINENTE + 1)) == "in_avviso"
