"""By when an act is published, until when, from when it takes effect. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from capofila.base.errori import DatiNonValidi
from capofila.governo.albo import albo, regola_albo, termine
from capofila.hooks import Atto, DichiarazioneErrata, RegolaAlbo, Specie

TUEL = Atto(specie=Specie.DECRETO, organo="Stato", titolo="D.Lgs. 267/2000", articolo="124 e 134")
GIORNO = date(2026, 3, 2)


def regola(**altro: Any) -> RegolaAlbo:
    return RegolaAlbo(**({"giorni": 15, "esecutiva_dopo": 10, "fonte": TUEL} | altro))


def test_art_124_e_134_del_tuel_quindici_giorni_ed_esecutiva_dopo_il_decimo() -> None:
    visto = albo(regola(entro_giorni=20), GIORNO, date(2026, 3, 9))
    assert visto is not None
    assert visto.entro == date(2026, 3, 22)
    assert visto.al == date(2026, 3, 24)
    assert visto.esecutiva_dal == date(2026, 3, 20)
    conta = albo(regola(conta_il_primo=True), GIORNO, date(2026, 3, 9))
    assert conta is not None
    assert (conta.al, conta.esecutiva_dal) == (date(2026, 3, 23), date(2026, 3, 19))


def test_cio_che_la_regola_non_dice_resta_aperto() -> None:
    assert albo(None, GIORNO, GIORNO) is None
    solo = albo(RegolaAlbo(giorni=15, fonte=TUEL), GIORNO)
    assert solo is not None
    assert (solo.entro, solo.al, solo.esecutiva_dal) == (None, None, None)
    with pytest.raises(DichiarazioneErrata, match="almeno un numero"):
        RegolaAlbo(fonte=TUEL)
    with pytest.raises(DichiarazioneErrata, match="da 0 a 366"):
        RegolaAlbo(giorni=400, fonte=TUEL)


def test_vale_la_regola_del_giorno() -> None:
    prima = regola(valido_al=date(2025, 12, 31))
    poi = regola(valido_dal=date(2026, 1, 1))
    assert regola_albo((prima, poi), GIORNO) is poi
    assert regola_albo((prima,), GIORNO) is None


def test_un_altro_giorno_vuole_un_motivo() -> None:
    proposto, oggi = date(2026, 3, 22), date(2026, 3, 5)
    assert termine(proposto, None, "", oggi) == (proposto, None)
    assert termine(proposto, proposto, "motivo che non serve", oggi) == (proposto, None)
    # The day of the rule has passed: it is late, and says so by itself.
    assert termine(proposto, None, "", date(2026, 4, 1)) == (proposto, None)
    with pytest.raises(DatiNonValidi, match="scrivi il motivo"):
        termine(proposto, date(2026, 3, 30), "", oggi)
    altro = date(2026, 3, 30)
    assert termine(proposto, altro, "Sciopero", oggi) == (altro, "Sciopero")
    assert termine(None, altro, "", oggi) == (altro, None)
    with pytest.raises(DatiNonValidi, match="già passato"):
        termine(None, date(2026, 3, 1), "", oggi)
