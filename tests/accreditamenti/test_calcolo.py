"""Requirements on a day: met, to be adapted, expired, not met, each with its reason."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.accreditamenti.calcolo import (
    DOPO,
    Passo,
    Risposta,
    Traccia,
    Voce,
    difetti,
    dopo_mesi,
    in_parole,
    rifatta_uguale,
    rileggi,
    stato_al,
    ultimo_giorno,
    valuta,
)
from capofila.governo.termini import ultimo_giorno_di_validita
from capofila.hooks import ProvaPerUtenti, ProvaSiNo
from tests.accreditamenti.casi import BUONE, GIORNO, REGOLE, requisito, richiesta


def di(codice: str, *cambiate: Risposta, **campi: Any) -> Voce:
    (voce,) = (una for una in valuta(richiesta(*cambiate, **campi)).voci if una.requisito == codice)
    return voce


def documento(dal: date | None, scade: date | None, valore: str = "si") -> Risposta:
    return Risposta(requisito="certificato", valore=valore, dal=dal, scade=scade)


def test_chi_rispetta_tutto_e_accreditabile_fino_a_che_un_documento_non_scade() -> None:
    esito = valuta(richiesta())
    assert (esito.giudizio, [una.stato for una in esito.voci]) == (
        "accreditabile", ["rispettato"] * 4
    )  # fmt: skip
    assert esito.fino_al == date(2027, 12, 31)
    assert all(una.perche and una.fonte == ATTO_CITATO for una in esito.voci)


ATTO_CITATO = "Regolamento, art. 4, Comuni"


@pytest.mark.parametrize(
    ("risposta", "stato", "detto"),
    [
        (Risposta(requisito="carta", valore="si"), "rispettato", "Il carta. Risposta: sì."),
        (Risposta(requisito="carta", valore="no"), "da_adeguare", "entro il 30 agosto 2025"),
        (Risposta(requisito="orario", valore="34.99"), "non_rispettato", "Risposta: 34,99."),
        (Risposta(requisito="orario", valore="35"), "rispettato", "Ore: almeno 35 e al massimo 60."),
        (Risposta(requisito="orario", valore="60"), "rispettato", "Risposta: 60."),
        (Risposta(requisito="orario", valore="60.01"), "non_rispettato", "Risposta: 60,01."),
        (Risposta(requisito="orario", valore="tante"), "non_rispettato", "non si può leggere"),
        # 24 places are three groups of eight, 25 users begin a fourth one.
        (Risposta(requisito="educatori", valore="3"), "rispettato", "e ne occorrono 3"),
        (Risposta(requisito="educatori", valore="3", utenti=25), "non_rispettato", "e ne occorrono 4"),
        (Risposta(requisito="educatori", valore="0", utenti=0), "rispettato", "e ne occorrono 0"),
        (documento(date(2025, 7, 1), date(2025, 7, 1)), "rispettato", "fino al 1 luglio 2025"),
        (documento(date(2024, 7, 1), date(2025, 6, 30)), "scaduto", "scaduto il 30 giugno 2025"),
        # Five years from its day, whatever it says.
        (documento(date(2020, 7, 1), date(2030, 1, 1)), "scaduto", "scaduto il 30 giugno 2025"),
        (documento(date(2020, 7, 2), date(2030, 1, 1)), "rispettato", "fino al 1 luglio 2025"),
        (documento(date(2025, 7, 2), date(2030, 1, 1)), "non_rispettato", "soltanto dal 2 luglio"),
        (documento(None, None, "no"), "non_rispettato", "non c’è"),
    ],
)  # fmt: skip
def test_ogni_prova_ha_il_suo_stato_e_il_suo_perche(
    risposta: Risposta, stato: str, detto: str
) -> None:
    voce = di(risposta.requisito, risposta)
    assert (voce.stato, detto in voce.perche) == (stato, True), voce.perche


@pytest.mark.parametrize(
    ("senza", "giudizio"),
    [
        ((), "accreditabile"),
        (("carta",), "con_prescrizioni"),
        (("orario",), "non_accreditabile"),
        (("carta", "orario"), "non_accreditabile"),
    ],
)
def test_il_giudizio_segue_dal_peggiore(senza: tuple[str, ...], giudizio: str) -> None:
    esito = valuta(richiesta(senza=senza))
    assert esito.giudizio == giudizio
    assert all(codice.capitalize() in esito.perche for codice in senza[-1:])


def test_una_prescrizione_ha_il_suo_termine_e_dopo_il_requisito_non_e_rispettato() -> None:
    entro = GIORNO + timedelta(days=10)
    prima = di("carta", senza=("carta",), prescritti={"carta": entro})
    assert (prima.stato, prima.entro) == ("da_adeguare", entro)
    oltre = di("carta", senza=("carta",), prescritti={"carta": GIORNO - timedelta(days=1)})
    assert oltre.stato == "non_rispettato"
    assert "Andava adeguato entro il 30 giugno 2025" in oltre.perche
    assert di("carta", prescritti={"carta": entro}).entro is None


def test_un_servizio_senza_posti_dice_i_suoi_utenti() -> None:
    assert "Non è detto" in di("educatori", posti=None).perche
    uno = Risposta(requisito="educatori", valore="1", utenti=8)
    assert di("educatori", uno, posti=None).stato == "rispettato"


def test_il_numero_che_occorre_e_esatto_e_scritto_basta() -> None:
    metri = requisito("metri", ProvaPerUtenti(unita="mq", minimo=Decimal("2.5"), ogni=3))
    regole = msgspec.structs.replace(REGOLE, requisiti=(metri,))

    def con(valore: str) -> Voce:
        risposta = Risposta(requisito="metri", valore=valore, utenti=1)
        return valuta(richiesta(risposta, regole=regole)).voci[0]

    assert "e ne occorrono 0,84" in con("0.83").perche
    assert (con("0.8333").stato, con("0.8334").stato) == ("non_rispettato", "rispettato")
    assert in_parole(metri) == "Mq: almeno 2,5 ogni 3 utenti"


def test_un_requisito_vale_nei_suoi_giorni() -> None:
    nuovo = requisito("nuovo", ProvaSiNo(), valido_dal=date(2025, 7, 2))
    regole = msgspec.structs.replace(REGOLE, requisiti=(*REGOLE.requisiti, nuovo))
    assert valuta(richiesta(regole=regole)).giudizio == "accreditabile"
    dopo = valuta(richiesta(regole=regole, giorno=date(2025, 7, 2)))
    assert dopo.giudizio == "non_accreditabile"
    sole = msgspec.structs.replace(REGOLE, requisiti=(nuovo,))
    assert valuta(richiesta(regole=sole)).giudizio == "non_accreditabile"


_RISPOSTE = st.fixed_dictionaries(
    {},
    optional={
        "carta": st.sampled_from(["si", "no"]).map(lambda v: Risposta(requisito="carta", valore=v)),
        "orario": st.integers(20, 70).map(lambda v: Risposta(requisito="orario", valore=str(v))),
        "educatori": st.tuples(st.integers(0, 9), st.none() | st.integers(0, 99)).map(
            lambda c: Risposta(requisito="educatori", valore=str(c[0]), utenti=c[1])
        ),
        "certificato": st.tuples(st.integers(-3000, 100), st.integers(0, 3000)).map(
            lambda c: documento(GIORNO + timedelta(days=c[0]), GIORNO + timedelta(days=c[0] + c[1]))
        ),
    },
)
_GRAVE = {"accreditabile": 0, "con_prescrizioni": 1, "non_accreditabile": 2}


@given(_RISPOSTE, st.integers(0, 2**16), st.sampled_from([*BUONE]))
def test_l_ordine_non_conta_e_adeguarsi_non_peggiora(
    risposte: dict[str, Risposta], seme: int, quale: str
) -> None:
    tutto = msgspec.structs.replace(richiesta(), risposte=tuple(risposte.values()))
    esito = valuta(tutto)
    mescolate = list(risposte.values())
    random.Random(seme).shuffle(mescolate)
    assert valuta(msgspec.structs.replace(tutto, risposte=tuple(mescolate))) == esito
    assert [una.requisito for una in esito.voci] == [uno.codice for uno in REGOLE.requisiti]
    assert (esito.giudizio == "accreditabile") == all(u.stato == "rispettato" for u in esito.voci)
    assert all((una.stato == "da_adeguare") == (una.entro is not None) for una in esito.voci)
    adeguata = msgspec.structs.replace(
        tutto, risposte=tuple({**risposte, quale: BUONE[quale]}.values())
    )
    assert _GRAVE[valuta(adeguata).giudizio] <= _GRAVE[esito.giudizio]


@given(st.integers(1, 4000))
def test_col_tempo_le_stesse_risposte_non_migliorano(giorni: int) -> None:
    dopo = richiesta(giorno=GIORNO + timedelta(days=giorni))
    scaduto = dopo.giorno > date(2027, 12, 31)
    assert valuta(dopo).giudizio == ("non_accreditabile" if scaduto else "accreditabile")


def test_cio_che_e_congelato_si_rifa_senza_il_plugin_e_si_vede_se_e_alterato() -> None:
    tutto = richiesta(senza=("carta",))
    traccia = Traccia(
        richiesta=tutto, esito=valuta(tutto), plugin="prova", versione="1.0", capofila="0"
    )
    testo, sha256 = traccia.congela()
    letta = rileggi(testo)
    assert (letta, letta.congela()) == (traccia, (testo, sha256))
    assert rifatta_uguale(letta)
    alterata = msgspec.structs.replace(letta, richiesta=richiesta())
    assert not rifatta_uguale(alterata)


@pytest.mark.parametrize(
    ("risposta", "campo"),
    [
        (Risposta(requisito="carta", valore="forse"), "valore"),
        (Risposta(requisito="carta", valore="si", utenti=3), "utenti"),
        (Risposta(requisito="carta", valore="si", scade=GIORNO), "scade"),
        (Risposta(requisito="carta", valore="si", dal=date(1800, 1, 1)), "dal"),
        (Risposta(requisito="orario", valore="-1"), "valore"),
        (Risposta(requisito="orario", valore="NaN"), "valore"),
        (Risposta(requisito="orario", valore="1e30"), "valore"),
        (Risposta(requisito="orario", valore="1.00001"), "valore"),
        (Risposta(requisito="educatori", valore="1", utenti=100_001), "utenti"),
        (documento(None, GIORNO), "dal"),
        (documento(GIORNO, None), "scade"),
        (documento(GIORNO, GIORNO - timedelta(days=1)), "scade"),
    ],
)
def test_una_risposta_che_non_si_puo_usare_e_detta(risposta: Risposta, campo: str) -> None:
    (uno,) = (u for u in REGOLE.requisiti if u.codice == risposta.requisito)
    assert [*difetti(uno, risposta)] == [campo]
    assert difetti(uno, BUONE[uno.codice]) == {}


@pytest.mark.parametrize(
    ("passi", "giorno", "stato"),
    [
        ((), "2025-07-01", "in_istruttoria"),
        ((("nega", "2025-03-01"),), "2025-07-01", "negata"),
        ((("concede", "2025-03-01"),), "2025-02-28", "futura"),
        ((("concede", "2025-03-01"),), "2025-03-01", "accreditata"),
        ((("concede", "2025-03-01"),), "2028-02-29", "accreditata"),
        ((("concede", "2025-03-01"),), "2028-03-01", "scaduta"),
        ((("concede", "2025-03-01"), ("sospende", "2025-06-01")), "2025-05-31", "accreditata"),
        ((("concede", "2025-03-01"), ("sospende", "2025-06-01")), "2025-06-01", "sospesa"),
        ((("concede", "2025-03-01"), ("sospende", "2025-06-01")), "2028-03-01", "scaduta"),
        (
            (("concede", "2025-03-01"), ("sospende", "2025-06-01"), ("riattiva", "2025-07-01")),
            "2025-07-01",
            "accreditata",
        ),
        ((("concede", "2025-03-01"), ("revoca", "2025-06-01")), "2028-03-01", "revocata"),
    ],
)
def test_lo_stato_di_un_giorno_segue_dagli_atti(
    passi: tuple[tuple[Any, str], ...], giorno: str, stato: str
) -> None:
    fatti = [
        Passo(
            specie=specie,
            dal=date.fromisoformat(dal),
            scade=ultimo_giorno(date.fromisoformat(dal), 36) if specie == "concede" else None,
        )
        for specie, dal in passi
    ]
    assert stato_al(fatti, date.fromisoformat(giorno)) == stato


def test_una_domanda_ritirata_non_e_in_istruttoria_e_dopo_una_revoca_non_c_e_altro() -> None:
    assert stato_al((), GIORNO, ritirata=True) == "ritirata"
    assert (DOPO["revoca"], DOPO["nega"]) == ((), ())


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 240))
def test_un_periodo_in_mesi_finisce_come_la_validita_di_una_nomina(dal: date, mesi: int) -> None:
    assert ultimo_giorno(dal, mesi) == ultimo_giorno_di_validita(dal, mesi)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 240))
def test_i_mesi_si_contano_senza_saltarne(giorno: date, mesi: int) -> None:
    dopo = dopo_mesi(giorno, mesi)
    assert (dopo.year - giorno.year) * 12 + dopo.month - giorno.month == mesi
    assert dopo.day == giorno.day or (dopo + timedelta(days=1)).day == 1
