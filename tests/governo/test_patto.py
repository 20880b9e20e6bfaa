"""Who is in an Accordo on a day, and when an extension ends. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from capofila.governo.composizione import Adesione, StatoSeggio, seggi
from capofila.governo.patto import (
    Accordo,
    Modifica,
    comuni_nel_patto,
    difetti_modifica,
    fine_proroga,
)
from capofila.hooks import Per, variante
from capofila.territorio.rules import Fusione
from tests.governo.test_composizione import COMUNI, GIORNO, UNITA, organo

FIRMATO = [uno.codice for uno in COMUNI[:47]]
MANCA = COMUNI[47].codice


def accordo(**altro: Any) -> Accordo:
    valori: dict[str, Any] = {
        "codice": "adp", "titolo": "Accordo", "capofila_id": 1, "mesi": 36, "organo": "Enti",
        "dal": date(2015, 5, 1), "al": date(2018, 4, 30),
    }  # fmt: skip
    return Accordo(**(valori | altro))


def proroga(id_: int, dal: date, al: date, **altro: Any) -> Modifica:
    return Modifica(
        id=id_, accordo_id=1, specie="proroga", dal=dal, al=al, descrizione="Proroga",
        organo="Assemblea", data=dal, **altro,
    )  # fmt: skip


def adesione(dal: date) -> Adesione:
    return Adesione(
        id=1, ente="Comune 48", settore="comuni", dal=dal, organo="Consiglio", data=dal,
        accordo_al=date(2018, 4, 30), istat=MANCA,
    )  # fmt: skip


def test_art_4_chi_non_ha_firmato_non_ha_un_seggio_finche_non_aderisce() -> None:
    dentro = comuni_nel_patto(accordo(), FIRMATO, [], GIORNO)
    posti = seggi(organo("assemblea-dei-sindaci"), GIORNO, UNITA, [], nel_patto=dentro)
    assert sum(uno.in_carica for uno in posti) == 47
    (fuori,) = [uno for uno in posti if not uno.in_carica]
    assert (fuori.chiave, fuori.stato) == (MANCA, StatoSeggio.FUORI)
    assert "non ha firmato" in fuori.motivi[0]
    aderente = [adesione(date(2016, 3, 1))]
    for giorno, quanti in ((date(2016, 2, 28), 47), (GIORNO, 48)):
        dentro = comuni_nel_patto(accordo(), FIRMATO, aderente, giorno)
        posti = seggi(organo("assemblea-dei-sindaci"), giorno, UNITA, [], nel_patto=dentro)
        assert sum(uno.in_carica for uno in posti) == quanti


def test_senza_un_accordo_in_vigore_siedono_tutti() -> None:
    assert comuni_nel_patto(None, FIRMATO, [], GIORNO) is None
    # Of an Accordo whose comuni nobody wrote down one cannot say who is out.
    assert comuni_nel_patto(accordo(), [], [], GIORNO) is None
    posti = seggi(organo("assemblea-dei-sindaci"), GIORNO, UNITA, [], nel_patto=None)
    assert sum(uno.in_carica for uno in posti) == 48


def test_un_comune_nato_da_uno_che_ha_firmato_sta_al_suo_posto() -> None:
    fusione = Fusione(cessato=FIRMATO[0], nuovo=MANCA, dal=date(2016, 1, 1), fonte="Legge")
    prima = comuni_nel_patto(accordo(), FIRMATO, [], date(2015, 12, 31), [fusione])
    poi = comuni_nel_patto(accordo(), FIRMATO, [], GIORNO, [fusione])
    assert prima is not None
    assert poi is not None
    assert MANCA not in prima
    assert MANCA in poi


def test_i_seggi_che_non_sono_dei_comuni_non_dipendono_dalla_firma() -> None:
    posti = seggi(organo("ufficio-di-piano"), GIORNO, UNITA, [], nel_patto=frozenset())
    assert {uno.stato for uno in posti} == {StatoSeggio.VACANTE}
    assert Per.COMUNE not in {s.per for s in organo("ufficio-di-piano").seggi}


@pytest.mark.parametrize(
    ("dal", "data", "campo"),
    [
        (date(2018, 4, 1), date(2018, 3, 1), None),
        # From the day after the one on which it would end, decided before.
        (date(2018, 5, 1), date(2018, 4, 30), None),
        (date(2018, 5, 1), date(2018, 5, 1), "data"),
        (date(2018, 5, 2), date(2018, 4, 30), "dal"),
    ],
)
def test_una_proroga_comincia_anche_il_giorno_dopo_la_scadenza(
    dal: date, data: date, campo: str | None
) -> None:
    una = variante(proroga(1, dal, date(2018, 12, 31)), data=data)
    trovati = difetti_modifica(accordo(al=date(2018, 4, 30)), una)
    assert [dove for dove, _ in trovati] == ([campo] if campo else [])


def test_una_proroga_annullata_non_e_mai_valsa_e_una_revocata_vale_fino_al_giorno_prima() -> None:
    una = proroga(1, date(2018, 4, 1), date(2018, 12, 31))
    prorogato = accordo(al=date(2018, 12, 31))
    for dal, al in (
        (date(2018, 4, 1), date(2018, 4, 30)),
        (date(2018, 5, 1), date(2018, 4, 30)),
        (date(2018, 9, 1), date(2018, 8, 31)),
    ):
        assert fine_proroga(prorogato, una, [una], dal) == (al, [])


def test_finisce_prima_l_ultima_proroga_e_resta_quella_di_prima() -> None:
    una = proroga(1, date(2018, 4, 1), date(2018, 12, 31))
    due = proroga(2, date(2018, 12, 1), date(2019, 12, 31))
    prorogato = accordo(al=date(2019, 12, 31))
    nuova, errori = fine_proroga(prorogato, una, [una, due], date(2018, 9, 1))
    assert nuova is None
    assert "ce n’è un’altra" in errori[0][1]
    assert fine_proroga(prorogato, due, [una, due], date(2018, 12, 1))[0] == date(2018, 12, 31)


@pytest.mark.parametrize(
    ("quale", "di", "dal", "parola"),
    [
        ({"specie": "altro"}, {}, date(2018, 9, 1), "non è una proroga"),
        ({"cessata_dal": date(2018, 6, 1), "cessata_con": "x"}, {}, date(2018, 9, 1), "già più"),
        ({}, {"mesi": None}, date(2018, 9, 1), "Non si conosce"),
        ({}, {}, date(2019, 1, 1), "finisce già"),
    ],
)
def test_cio_che_non_torna_e_rifiutato(
    quale: dict[str, Any], di: dict[str, Any], dal: date, parola: str
) -> None:
    una = proroga(1, date(2018, 4, 1), date(2018, 12, 31))
    storta = Modifica(**{n: getattr(una, n) for n in una.__struct_fields__} | quale)
    nuova, errori = fine_proroga(
        accordo(**({"al": date(2018, 12, 31)} | di)), storta, [storta], dal
    )
    assert nuova is None
    assert parola in errori[0][1]
