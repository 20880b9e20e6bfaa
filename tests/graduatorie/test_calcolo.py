"""Points, ties, places: exact, explained, and the same whatever the order of the domande."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.graduatorie.calcolo import (
    Esito,
    Evento,
    Posto,
    calcola,
    congela,
    difetti_dati,
    dopo,
    rifai,
    scongela,
    senza_motivi,
    sorteggiato,
)
from tests.graduatorie.casi import REGOLE, chiedi, richiesta


def un_posto(esito: Esito, protocollo: str) -> Posto:
    (posto,) = (uno for uno in esito.posti if uno.protocollo == protocollo)
    return posto


@pytest.mark.parametrize(
    ("dati", "punti"),
    [
        ({"isee": "6000.00"}, "20"),
        ({"isee": "6000.01"}, "10"),
        ({"isee": "12000.01"}, "0"),
        ({}, "0"),
        ({"sola": "si"}, "5"),
        ({"sola": "no"}, "0"),
        ({"eta": "minore"}, "3"),
        ({"eta": "adulta", "isee": "25000.00"}, "0"),
        ({"figli": "2"}, "4"),
        ({"figli": "9"}, "6"),
        # The day of the list is 1 July 2025: on the 2nd the tenth year would be whole.
        ({"dal": "2015-07-02"}, "4.5"),
        ({"dal": "2015-07-01"}, "5.0"),
        ({"dal": "1990-01-01"}, "5"),
        ({"dal": "2030-01-01"}, "0"),
        ({"isee": "100.00", "sola": "si", "figli": "1", "dal": "2020-07-01"}, "29.5"),
    ],
)
def test_i_punti_sono_quelli_dei_criteri(dati: dict[str, str], punti: str) -> None:
    (posto,) = calcola(richiesta(chiedi("1", **dati))).posti
    assert posto.punti == Decimal(punti)
    assert sum(uno.punti for uno in posto.punteggi) == posto.punti
    assert len(posto.punteggi) == len(REGOLE.criteri)
    assert all(uno.perche and "Regolamento, art. 4" in uno.fonte for uno in posto.punteggi)


def test_le_spiegazioni_dicono_il_dato_e_la_regola() -> None:
    (posto,) = calcola(richiesta(chiedi("1", isee="5000.00", dal="2015-07-02", figli="5"))).posti
    detti = {uno.criterio: uno.perche.replace("\u00a0", " ") for uno in posto.punteggi}
    assert detti["fascia"] == "ISEE: 5.000,00 €, nella fascia fino a 6.000,00 €: 20 punti."
    assert detti["nucleo"] == "Vive sola: non indicato, quindi nessun punto: 0 punti."
    assert detti["residenza"].startswith("Residente dal: 2 luglio 2015, 9 anni interi")
    assert detti["punti-figli"] == "Figli minori: 5, 2 punti per ciascuno fino a 6: 6 punti."


def test_un_requisito_esclude_con_il_suo_atto_e_solo_chi_riguarda() -> None:
    esito = calcola(
        richiesta(
            chiedi("1", eta="adulta", isee="25000.01"), chiedi("2", eta="minore", isee="30000.00"),
            chiedi("3", eta="adulta"), chiedi("4", isee="30000.00"),
        )
    )  # fmt: skip
    assert {posto.protocollo: posto.stato for posto in esito.posti} == {
        "1": "esclusa", "2": "ammessa", "3": "esclusa", "4": "ammessa"
    }  # fmt: skip
    (motivo,) = un_posto(esito, "1").motivi
    assert "ISEE fino a 25.000 €" in motivo
    assert "Regolamento, art. 4" in motivo
    assert "non indicato" in un_posto(esito, "3").motivi[0]
    assert un_posto(esito, "1").posizione is None
    # What stands in a list says no datum of the domanda, and what others read no reason either.
    assert un_posto(esito, "1").perche == "Manca: ISEE fino a 25.000 €."
    assert un_posto(senza_motivi(esito), "1").perche == ""


def test_a_pari_punti_decidono_gli_spareggi_e_si_dice_quale_senza_dire_i_dati_altrui() -> None:
    esito = calcola(
        richiesta(
            chiedi("1", isee="4321.00"), chiedi("2", isee="1234.00"), chiedi("3", eta="minore"),
            disponibili=1,
        )
    )  # fmt: skip
    assert [posto.protocollo for posto in esito.posti] == ["2", "1", "3"]
    detto = un_posto(esito, "1").spareggio
    assert "Viene dopo la domanda 2: a pari punti precede l’ISEE più basso" in detto
    assert "1.234" not in detto
    assert un_posto(esito, "3").spareggio == ""
    assert esito.pari == ()


def test_chi_non_dice_il_dato_dello_spareggio_viene_dopo() -> None:
    esito = calcola(richiesta(chiedi("1"), chiedi("2", isee="99999.00")))
    assert [posto.protocollo for posto in esito.posti] == ["2", "1"]


def test_chi_e_pari_in_tutto_si_sorteggia_e_chiunque_puo_rifarlo() -> None:
    pari = [chiedi(str(n), isee="100.00") for n in range(5)]
    prima = calcola(richiesta(*pari, disponibili=2))
    assert prima.da_sorteggiare
    assert prima.pari == (("0", "1", "2", "3", "4"),)
    for seme in ("87", "88"):
        dopo_ = calcola(richiesta(*pari, disponibili=2, seme=seme))
        assert not dopo_.da_sorteggiare
        attesi = sorted((una.protocollo for una in pari), key=lambda p: sorteggiato(seme, p))
        assert [posto.protocollo for posto in dopo_.posti] == attesi
        assert f"seme «{seme}»" in dopo_.posti[0].spareggio


def test_le_risorse_si_danno_in_ordine_e_chi_non_ci_sta_ferma_tutti() -> None:
    domande = (
        chiedi("1", isee="100.00", richiesto="600.00"), chiedi("2", isee="200.00", richiesto="500.00"),
        chiedi("3", isee="300.00", richiesto="100.00"), chiedi("4", isee="1.00"),
    )  # fmt: skip
    esito = calcola(richiesta(*domande, budget=Decimal(1000)))
    assert [(p.protocollo, p.stato) for p in esito.posti] == [
        ("1", "ammessa"), ("2", "in_attesa"), ("3", "in_attesa"), ("4", "esclusa")
    ]  # fmt: skip
    assert "restano 400,00" in un_posto(esito, "2").perche
    assert "Manca l’importo" in un_posto(esito, "4").motivi[0]
    assert calcola(richiesta(*domande, budget=Decimal(1200))).quanti("ammessa") == 3


def test_quando_un_posto_si_libera_sale_chi_e_in_attesa_e_i_punti_restano() -> None:
    domande = [chiedi(str(n), isee=f"{n}00.00") for n in range(1, 6)]
    tutto = richiesta(*domande, disponibili=2)
    esito = calcola(tutto)
    eventi = [
        Evento(specie="rinuncia", giorno=date(2025, 8, 1), atto="Prot. 9", protocollo="1"),
        Evento(specie="decadenza", giorno=date(2025, 9, 1), atto="Det. 3", protocollo="4"),
        Evento(specie="aumento", giorno=date(2025, 9, 2), atto="Det. 4", disponibili=1),
    ]  # fmt: skip
    uno = dopo(tutto, esito, eventi[:1])
    assert [p.stato for p in uno.posti] == [
        "rinunciata", "ammessa", "ammessa", "in_attesa", "in_attesa"
    ]  # fmt: skip
    assert (
        "per scorrimento il 1 agosto 2025 (Prot. 9), al posto della domanda 1"
        in uno.posti[2].perche
    )
    tutti = dopo(tutto, esito, eventi)
    assert [p.stato for p in tutti.posti] == [
        "rinunciata", "ammessa", "ammessa", "decaduta", "ammessa"
    ]  # fmt: skip
    assert "aumento" in tutti.posti[4].perche
    assert [(p.posizione, p.punti) for p in tutti.posti] == [
        (p.posizione, p.punti) for p in esito.posti
    ]


@given(st.integers(0, 2**32))
def test_l_ordine_delle_domande_non_conta_e_ciascuna_ha_un_posto(seme: int) -> None:
    caso = random.Random(seme)
    domande = [
        chiedi(
            f"P{n}", isee=f"{caso.choice((100, 7000, 20000, 30000))}.00",
            sola=caso.choice(("si", "no")), eta=caso.choice(("adulta", "minore")),
        )
        for n in range(caso.randint(1, 12))
    ]  # fmt: skip
    disponibili = caso.randint(0, 6)
    primo = calcola(richiesta(*domande, disponibili=disponibili, seme="7"))
    caso.shuffle(domande)
    assert calcola(richiesta(*domande, disponibili=disponibili, seme="7")) == primo
    ordinati = [posto for posto in primo.posti if posto.stato != "esclusa"]
    assert [posto.posizione for posto in ordinati] == list(range(1, len(ordinati) + 1))
    assert [p.punti for p in ordinati] == sorted((p.punti for p in ordinati), reverse=True)
    assert primo.quanti("ammessa") == min(disponibili, len(ordinati))
    assert all(p.perche or p.motivi for p in primo.posti)


def test_cio_che_e_congelato_si_rifa_dai_soli_byte_e_si_vede_se_e_alterato() -> None:
    domande = [chiedi(str(n), isee=f"{n}00.00") for n in range(1, 4)]
    congelata = congela(richiesta(*domande, disponibili=1), "prova", "1.0")
    letta = scongela(congelata.in_byte())
    assert letta.impronta() == congelata.impronta()
    assert rifai(letta)
    assert congela(richiesta(*domande[::-1], disponibili=1), "prova", "1.0") == congelata
    alterata = msgspec.structs.replace(
        letta, richiesta=msgspec.structs.replace(letta.richiesta, disponibili=2)
    )
    assert not rifai(alterata)


@pytest.mark.parametrize(
    ("dato", "testo"),
    [("isee", "x"), ("isee", "-1"), ("isee", "NaN"), ("isee", "1.234"), ("isee", "1e30"),
     ("sola", "forse"), ("eta", "anziana"), ("dal", "2025-02-30"), ("dal", "0800-01-01"),
     ("altro", "1")],
)  # fmt: skip
def test_un_dato_che_non_si_puo_usare_e_detto(dato: str, testo: str) -> None:
    ((dove, motivo),) = difetti_dati(REGOLE, {dato: testo})
    assert dove == dato
    assert motivo


def test_un_criterio_vale_nei_suoi_giorni() -> None:
    prima, *altri = REGOLE.criteri
    regole = msgspec.structs.replace(
        REGOLE, criteri=(msgspec.structs.replace(prima, valido_al=date(2025, 6, 30)), *altri)
    )
    tutto = msgspec.structs.replace(richiesta(chiedi("1", isee="1.00")), graduatoria=regole)
    assert calcola(tutto).posti[0].punti == 0
    prima_di = msgspec.structs.replace(tutto, giorno=date(2025, 6, 30))
    assert calcola(prima_di).posti[0].punti == 20
