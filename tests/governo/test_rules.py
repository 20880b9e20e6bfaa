"""What is declared about bodies and deadlines, in words."""

from __future__ import annotations

from datetime import date

import pytest

from capofila.governo.rules import (
    distanza,
    durata_in_parole,
    mostra_organo,
    presidenza_in_parole,
    regola_in_parole,
    seggio_in_parole,
)
from capofila.hooks import (
    OLTRE_META,
    Atto,
    Base,
    Condizione,
    Misura,
    Nomina,
    Per,
    Presidenza,
    RegolaVoto,
    Seggio,
    Soglia,
    Specie,
    per_testa,
    pesato_per_abitanti,
)
from capofila_casalmaggiore import ORGANI as CASALMAGGIORE
from capofila_crema.organi import ORGANI as CREMA

ATTO = Atto(specie=Specie.STATUTO, organo="Comuni", titolo="Statuto (inventato)")


def _regola(*condizioni: Condizione, materie: tuple[str, ...] = ()) -> str:
    return regola_in_parole(RegolaVoto(condizioni=condizioni, materie=materie, fonte=ATTO))


def test_la_doppia_maggioranza_di_casalmaggiore_si_legge_in_una_frase() -> None:
    assemblea = mostra_organo(CASALMAGGIORE[0], date(2025, 6, 1), 20)
    ((regola, fonti),) = assemblea.regole_voto
    assert regola == (
        "Una proposta passa con voti che rappresentano più della metà degli abitanti di tutti gli "
        "aventi diritto, e insieme con almeno 11 voti favorevoli fra gli aventi diritto, uno ciascuno."
    )
    assert "ipotesi" in fonti
    assert assemblea.seggi == ("Sindaco: uno per ogni comune, 20 in tutto",)


def test_fino_all_aprile_2014_casalmaggiore_votava_per_testa_senza_una_soglia_nota() -> None:
    assemblea = mostra_organo(CASALMAGGIORE[0], date(2014, 1, 1))
    assert [regola for regola, _ in assemblea.regole_voto] == [
        "Una proposta passa con il voto dei componenti, uno ciascuno: la fonte non dice quanti ne "
        "servono."
    ]


@pytest.mark.parametrize(
    ("condizione", "parole"),
    [
        (
            per_testa(fonte=ATTO, soglia=OLTRE_META, base=Base.PRESENTI)[0],
            "il voto favorevole di più della metà fra i presenti, uno ciascuno",
        ),
        (
            per_testa(fonte=ATTO, soglia=Soglia(frazione=(2, 3)))[0],
            "il voto favorevole di almeno due terzi fra i componenti, uno ciascuno",
        ),
        (
            per_testa(fonte=ATTO, soglia=Soglia(numero=1), base=Base.VOTANTI)[0],
            "almeno 1 voto favorevole fra i votanti, uno ciascuno",
        ),
        (
            pesato_per_abitanti(
                fonte=ATTO, soglia=Soglia(frazione=(1, 1)), base=Base.AVENTI_DIRITTO, anno_pesi=2013
            )[0],
            "voti che rappresentano la totalità degli abitanti di tutti gli aventi diritto "
            "(anno 2013)",
        ),
        (
            Condizione(misura=Misura.QUOTE, soglia=Soglia(frazione=(5, 9), stretta=True)),
            "voti che rappresentano più di 5/9 delle quote",
        ),
        (
            Condizione(misura=Misura.ABITANTI, soglia=Soglia(numero=9000)),
            "voti che rappresentano almeno 9000 abitanti",
        ),
    ],
)
def test_ogni_condizione_ha_le_sue_parole(condizione: Condizione, parole: str) -> None:
    assert _regola(condizione) == f"Una proposta passa con {parole}."


def test_una_regola_di_alcune_materie_le_nomina() -> None:
    regola = _regola(*per_testa(fonte=ATTO, soglia=OLTRE_META), materie=("piano-di-zona",))
    assert regola.endswith("(materie: piano di zona).")


def test_un_seggio_dice_quanti_chi_li_designa_e_fra_chi() -> None:
    seggio = Seggio(
        categoria="componente",
        denominazione="Componente",
        numero=2,
        per=Per.SUB_AMBITO,
        designato_da="Assemblea",
        eleggibili=("sindaco", "assessore"),
    )
    assert seggio_in_parole(seggio) == (
        "Componente: due per ogni sub-ambito (designazione: Assemblea); fra sindaco, assessore"
    )
    aperto = Seggio(categoria="t", denominazione="Terzo settore", numero=None)
    assert seggio_in_parole(aperto) == "Terzo settore: numero non indicato dalla fonte"


def test_la_presidenza_dice_come_si_diventa_e_chi_sostituisce() -> None:
    presidenza = Presidenza(
        titolare="Sindaco di Crema", nomina=Nomina.DI_DIRITTO, sostituto="Un altro sindaco"
    )
    assert presidenza_in_parole(presidenza) == (
        "Sindaco di Crema, di diritto. In sua assenza: un altro sindaco"
    )


def test_di_crema_dopo_il_2018_si_dice_che_e_un_ipotesi() -> None:
    organi = [uno for uno in CREMA if uno.codice == "assemblea-dei-sindaci"]
    allora, adesso = (
        mostra_organo(uno, giorno, 48)
        for uno, giorno in zip(organi, (date(2016, 1, 1), date(2026, 1, 1)), strict=True)
    )
    assert not allora.ipotesi
    assert adesso.ipotesi
    assert adesso.nota is not None
    assert adesso.nota not in adesso.fonte
    assert adesso.regole_voto == ()
    assert adesso.regolamento is not None
    assert "non è stato reperito" in adesso.regolamento


def test_le_distanze_e_le_durate_si_dicono_come_si_parla() -> None:
    assert [distanza(g) for g in (-1, 0, 1, 2, -30)] == [
        "ieri", "oggi", "domani", "fra 2 giorni", "30 giorni fa",
    ]  # fmt: skip
    assert [durata_in_parole(m) for m in (1, 12, 18, 36)] == [
        "1 mese", "1 anno", "18 mesi", "3 anni",
    ]  # fmt: skip
