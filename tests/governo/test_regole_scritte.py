"""The form of the rules that an act gives, and who prepares a matter."""

from __future__ import annotations

from datetime import date

import pytest

from capofila.governo.competenze import StatoCompetenza, propone, puo_decidere
from capofila.governo.regole_scritte import CAMPI, da_modulo, in_modulo
from capofila.governo.seduta import ConteggioRifiutato
from capofila.governo.sedute import regole_date
from capofila.hooks import Misura, Organo
from capofila_crema.organi import ORGANI

GIORNO = date(2016, 11, 10)
MODULO = {
    "regola_organo": "Assemblea", "regola_titolo": "Regolamento", "regola_numero": "7",
    "voto_quota": "almeno 2/3", "voto_misura": "abitanti", "voto_base": "presenti",
    "voto_astensioni": "voto", "quorum_quota": "piu_di 1/2", "quorum_seconda": "almeno 1/3",
    "deleghe": "si", "deleghe_massimo": "2",
}  # fmt: skip


def organi() -> list[Organo]:
    return [uno for uno in ORGANI if uno.vale(GIORNO)]


def test_un_modulo_da_le_regole_di_ogni_convocazione_e_si_ritrova_com_era() -> None:
    regole = da_modulo(MODULO)
    prima, seconda = regole_date(regole, 1), regole_date(regole, 2)
    assert prima.voto is not None
    assert prima.voto.condizioni[0].misura is Misura.ABITANTI
    assert prima.voto.fonte.numero == "7"
    for date_, frazione in ((prima, (1, 2)), (seconda, (1, 3))):
        assert date_.quorum is not None
        assert date_.quorum.condizioni[0].soglia is not None
        assert date_.quorum.condizioni[0].soglia.frazione == frazione
    assert prima.deleghe is not None
    assert (prima.deleghe.ammesse, prima.deleghe.massimo) == (True, 2)
    ritrovato = {nome: testo for nome, testo in in_modulo(regole).items() if testo}
    assert ritrovato == {**MODULO, "quorum_misura": "teste"}


def test_piu_condizioni_insieme_una_quota_e_un_numero() -> None:
    """The double majority of the Casalasco, written by hand: weight and at least eleven comuni."""
    doppio = {
        **MODULO, "voto_numero_2": "11", "voto_misura_2": "teste", "voto_base_2": "aventi diritto",
        "quorum_numero_2": "9", "quorum_misura_2": "teste",
    }  # fmt: skip
    regole = da_modulo(doppio)
    letta = regole_date(regole, 1)
    assert letta.voto is not None
    prima, seconda = letta.voto.condizioni
    assert (prima.misura, seconda.misura) == (Misura.ABITANTI, Misura.TESTE)
    assert seconda.soglia is not None
    assert seconda.soglia.numero == 11
    assert letta.quorum is not None
    assert [c.soglia.numero for c in letta.quorum.condizioni if c.soglia] == [None, 9]
    ritrovato = {nome: testo for nome, testo in in_modulo(regole).items() if testo}
    assert ritrovato == {**doppio, "quorum_misura": "teste"}


def test_un_modulo_vuoto_non_da_regole_e_ne_resta_uno_vuoto() -> None:
    assert da_modulo({"regola_organo": "Assemblea"}) == {}
    assert regole_date({}, 1).voto is None
    assert set(in_modulo({})) == set(CAMPI)


@pytest.mark.parametrize(
    "storta", [{"voto_quota": "almeno x"}, {"deleghe_massimo": "molte"}, {"voto_base": "tutti"}]
)
def test_un_modulo_manomesso_e_rifiutato_con_il_posto(storta: dict[str, str]) -> None:
    with pytest.raises(ConteggioRifiutato):
        regole_date(da_modulo({**MODULO, **storta}), 1)


def test_chi_prepara_una_materia_propone_e_chi_non_c_entra_no() -> None:
    assert propone(organi(), "comitato-ristretto", "piano-operativo")
    assert not propone(organi(), "assemblea-dei-sindaci", "piano-operativo")
    assert not propone(organi(), "tavolo-terzo-settore", "piano-operativo")
    assert not propone(organi(), "nessuno", "piano-operativo")
    ammesso = puo_decidere(organi(), "comitato-ristretto", "piano-operativo", GIORNO, propone=True)
    assert ammesso.stato is StatoCompetenza.AMMESSA
    assert ammesso.fonte is not None
    assert ammesso.fonte.articolo == "7"
    # To say that one only proposes opens no other body's matter.
    rifiutato = puo_decidere(
        organi(), "tavolo-terzo-settore", "piano-operativo", GIORNO, propone=True
    )
    assert rifiutato.stato is StatoCompetenza.RIFIUTATA


def test_una_maggioranza_per_categoria_si_scrive_nel_modulo_e_si_ritrova() -> None:
    per_categoria = {
        **MODULO, "voto_categoria": "sindaco", "quorum_categoria": "sindaco",
        "voto_quota_2": "piu_di 1/2", "voto_misura_2": "teste", "voto_categoria_2": "terzo-settore",
    }  # fmt: skip
    regole = da_modulo(per_categoria)
    prima = regole_date(regole, 1)
    assert prima.voto is not None
    assert [una.categoria for una in prima.voto.condizioni] == ["sindaco", "terzo-settore"]
    for date_ in (prima, regole_date(regole, 2)):
        assert date_.quorum is not None
        assert [una.categoria for una in date_.quorum.condizioni] == ["sindaco"]
    ritrovato = {nome: testo for nome, testo in in_modulo(regole).items() if testo}
    assert ritrovato == {**per_categoria, "quorum_misura": "teste"}
