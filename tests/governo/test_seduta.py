"""A meeting that contradicts itself or the rules is refused, with every place."""

from __future__ import annotations

from typing import Any

import pytest

from capofila.governo.seduta import AventeDiritto, ConteggioRifiutato, Difetto, Seduta, difetti
from capofila.hooks import Deleghe, variante
from tests.governo.casi import ATTO, DELEGHE, GIORNO, enti, seduta

TRE = enti(3)


def _difetti(chi: Seduta, deleghe: Deleghe | None = DELEGHE, **altro: Any) -> list[str]:
    return [str(uno) for uno in difetti(chi, deleghe=deleghe, **altro)]


def test_una_seduta_in_ordine_non_ha_difetti() -> None:
    assert _difetti(seduta(TRE, "ab", deleghe=["ca"], presidente="b", interessati=("c",))) == []


@pytest.mark.parametrize(
    ("chi", "luogo", "motivo"),
    [
        (seduta(()), "aventi_diritto", "è vuoto"),
        (seduta(TRE, convocazione=3), "convocazione", "prima (1)"),
        (seduta((*TRE, TRE[0]), "abc"), "aventi_diritto[4]", "scritto due volte"),
        (seduta(enti(2, abitanti=[5, -1])), "aventi_diritto[2].abitanti", "negativo"),
        (seduta(enti(2, quote=[-5, 1])), "aventi_diritto[1].quote", "negativo"),
        (seduta(TRE, "abz"), "presenti[3]", "«z» non è fra gli aventi diritto"),
        (seduta(TRE, "aba"), "presenti[3]", "scritto due volte"),
        (seduta(TRE, interessati=("z",)), "interessati[1]", "non è fra gli aventi diritto"),
        (seduta(TRE, presidente="z"), "presidente", "non è fra gli aventi diritto"),
        (seduta(TRE, "ab", presidente="c"), "presidente", "non è fra i presenti"),
        (seduta(TRE, "ab", deleghe=["za"]), "deleghe[1].da", "«z» non è fra gli aventi diritto"),
        (seduta(TRE, "ab", deleghe=["cz"]), "deleghe[1].a", "«z» non è fra gli aventi diritto"),
        (seduta(TRE, "ab", deleghe=["cc"]), "deleghe[1]", "delega se stesso"),
        (seduta(TRE, "ab", deleghe=["ba"]), "deleghe[1].da", "«B» è presente"),
        (seduta(TRE, "a", deleghe=["bc"]), "deleghe[1].a", "«C» non è presente"),
        (seduta(TRE, "ab", deleghe=["ca", "cb"]), "deleghe[2].da", "ha già dato una delega"),
    ],
)
def test_ogni_contraddizione_ha_il_suo_posto_e_dice_che_fare(
    chi: Seduta, luogo: str, motivo: str
) -> None:
    trovati = _difetti(chi)
    assert len(trovati) == 1
    assert trovati[0].startswith(f"{luogo}: ")
    assert motivo in trovati[0]


def test_le_deleghe_hanno_il_limite_della_regola() -> None:
    chi = seduta(enti(5), "ab", deleghe=["ca", "da", "eb"])
    (troppe,) = _difetti(chi, variante(DELEGHE, massimo=1))
    assert "«A» porta 2 deleghe, e al massimo sono 1 (Statuto (inventato), art. 7" in troppe
    assert _difetti(chi, variante(DELEGHE, massimo=2)) == []


def test_senza_una_regola_o_con_una_che_le_vieta_nessuno_si_fa_rappresentare() -> None:
    chi = seduta(TRE, "ab", deleghe=["ca"])
    (ignota,) = _difetti(chi, None)
    assert "nessuna fonte dice" in ignota
    (vietata,) = _difetti(chi, Deleghe(ammesse=False, fonte=ATTO))
    assert "non sono ammesse (Statuto (inventato), art. 7, Comuni)" in vietata


def test_un_seggio_di_chi_ha_aderito_vuole_l_atto_di_adesione() -> None:
    cooperativa = AventeDiritto(id="x", nome="Cooperativa X", categoria="cooperazione-sociale")
    chi = Seduta(giorno=GIORNO, aventi_diritto=(cooperativa,), presenti=("x",))
    (senza,) = _difetti(chi, solo_aderenti={"cooperazione-sociale"})
    assert senza.startswith("aventi_diritto[1].adesione: ")
    aderente = variante(cooperativa, adesione="Adesione del 12 maggio 2015")
    assert (
        _difetti(variante(chi, aventi_diritto=(aderente,)), solo_aderenti={"cooperazione-sociale"})
        == []
    )


def test_il_rifiuto_dice_quanti_sono_e_non_ripete_all_infinito() -> None:
    uno = ConteggioRifiutato([Difetto("voti[1]", "così no.")])
    assert uno.messaggio == "C'è un errore; non è stato contato nulla.\n- voti[1]: così no."
    molti = ConteggioRifiutato(Difetto(f"voti[{n}]", "così no.") for n in range(80))
    assert molti.messaggio.startswith("Ci sono 80 errori")
    assert molti.messaggio.endswith("e altri 30.")
    assert len(molti.difetti) == 80
