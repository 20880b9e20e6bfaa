"""Who may preside: by right, by category, elected, who stands in, the eldest, or whoever there is."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from capofila.governo.presidenza import Guida, ammesso, guida
from capofila.hooks import Atto, Nomina, Organo, Presidenza, Specie

STATUTO = Atto(specie=Specie.STATUTO, organo="Consorzio", titolo="Statuto", articolo="9")
ORGANO = Organo(
    codice="assemblea",
    denominazione="Assemblea",
    presidenza=Presidenza(titolare="Il presidente", nomina=Nomina.ELETTA, fonte=STATUTO),
    fonte=STATUTO,
)


def chi(
    *in_sala: str, presidente: str | None = "p", sostituto: str | None = None,
    organo: Organo = ORGANO,
) -> Guida:  # fmt: skip
    return guida(
        organo, presidente=presidente, sostituto=sostituto, in_sala=in_sala, nome=str.upper
    )


def test_se_il_presidente_c_e_presiede_lui_e_nessun_altro_con_l_articolo() -> None:
    regola = chi("p", "s", "x", sostituto="s")
    assert ammesso(regola, "p") == (True, None)
    si, perche = ammesso(regola, "s")
    assert not si
    assert perche is not None
    assert "Presiede P" in perche
    assert "art. 9" in perche


def test_se_non_c_e_presiede_chi_lo_sostituisce() -> None:
    regola = chi("s", "x", sostituto="s")
    assert ammesso(regola, "s") == (True, None)
    assert not ammesso(regola, "x")[0]


def test_se_nessuno_dei_due_c_e_e_l_atto_dice_chi_sostituisce_non_si_accetta_un_altro() -> None:
    si, perche = ammesso(_detto("x"), "x")
    assert not si
    assert perche is not None
    assert "un altro sindaco" in perche
    assert "registrala con il suo atto" in perche


def _detto(*in_sala: str) -> Guida:
    assert ORGANO.presidenza is not None
    dice = replace(ORGANO.presidenza, sostituto="Un altro sindaco, designato dall'Assemblea")
    return chi(*in_sala, sostituto="s", organo=replace(ORGANO, presidenza=dice))


@pytest.mark.parametrize(
    ("regola", "detto"),
    [
        (chi("x"), "P non è in sala"),
        (chi("x", presidente=None), "non risulta registrato"),
        (chi("x", organo=replace(ORGANO, presidenza=None)), "Nessuna fonte dice chi presiede"),
    ],
)
def test_dove_l_atto_tace_si_accetta_e_il_verbale_lo_dice(regola: Guida, detto: str) -> None:
    si, nota = ammesso(regola, "x")
    assert si
    assert nota is not None
    assert detto in nota


def test_chi_la_fonte_nomina_presiede_senza_altra_nota() -> None:
    assert ammesso(chi("x", presidente=None), "x", "x") == (True, None)
