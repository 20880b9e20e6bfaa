"""Shares are exact, stay within their limits, do not depend on the order, and say why."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capofila.base.errori import DatiNonValidi
from capofila.hooks import (
    Atto,
    CriteriRiparto,
    DichiarazioneErrata,
    FraRiparto,
    Grandezza,
    LimiteRiparto,
    OrigineGrandezza,
    Premialita,
    Premio,
    QuotaRiparto,
    RestoRiparto,
    Specie,
    Trattenuta,
    VersoLimite,
    VoceRiparto,
    variante,
)
from capofila.riparto.calcolo import (
    Beneficiario,
    RipartoNonPossibile,
    Traccia,
    calcola,
    congela,
    rifatto_uguale,
    rileggi,
)
from capofila.riparto.dati import leggi_dati

ATTO = Atto(specie=Specie.ACCORDO, organo="Comuni", titolo="Accordo di prova")
D = Decimal


def grandezza(codice: str, **altro: Any) -> Grandezza:
    return Grandezza(
        **{"codice": codice, "denominazione": codice, "origine": OrigineGrandezza.INSERITA, **altro}
    )


def quota(codice: str, peso: int) -> QuotaRiparto:
    return QuotaRiparto(codice=codice, denominazione=codice, peso=D(peso), grandezza=codice)


def limite(verso: VersoLimite, valore: str, **altro: Any) -> LimiteRiparto:
    return LimiteRiparto(denominazione=f"il {verso}", verso=verso, valore=D(valore), **altro)


CRITERI = CriteriRiparto(
    codice="prova", denominazione="Prova", fondo="fnps", nome_fondo="FNPS", fra=FraRiparto.COMUNI,
    grandezze=(grandezza("abitanti"), grandezza("utenti")),
    quote=(quota("abitanti", 3), quota("utenti", 1)), fonte=ATTO,
)  # fmt: skip
PREMIALITA = Premialita(
    peso=D(1),
    premi=(
        Premio(codice="a", denominazione="tanti", punti=D(2), grandezza="utenti", minimo=D(50)),
        Premio(codice="b", denominazione="pochi", punti=D(1), grandezza="utenti", massimo=D(60)),
    ),
)


def chi(*figure: tuple[int, int]) -> list[Beneficiario]:
    return [
        Beneficiario(codice=f"{n}", nome=f"Comune {n}", valori={"abitanti": D(ab), "utenti": D(ut)})
        for n, (ab, ut) in enumerate(figure)
    ]


SOLO = Beneficiario(codice="0", nome="Solo", valori={"abitanti": D(1)})


def piana(frase: str) -> str:
    """With plain blanks where amounts have fixed ones."""
    return frase.replace("\xa0", " ")


def dato(criteri: CriteriRiparto, fondo: str, tutti: list[Beneficiario]) -> list[Decimal]:
    return [una.importo for una in calcola(criteri, D(fondo), tutti).assegnazioni]


def test_i_pesi_dividono_il_fondo_e_ogni_parte_la_sua_grandezza() -> None:
    esito = calcola(CRITERI, D("1000.00"), chi((300, 10), (100, 30)))
    # 750 by inhabitants (3 to 1), 250 by users (1 to 3).
    assert [una.importo for una in esito.assegnazioni] == [D("625.00"), D("375.00")]
    assert [parte.importo for parte in esito.assegnazioni[0].parti] == [D("562.50"), D("62.50")]
    assert piana(esito.assegnazioni[0].parti[0].spiegazione) == (
        "abitanti: 750,00 € per «abitanti», 300 su 400, cioè 562,50 €."
    )


def test_i_centesimi_vanno_ai_maggiori_resti_o_al_maggiore() -> None:
    tre = chi((1, 1), (1, 1), (1, 1))
    assert dato(CRITERI, "100.00", tre) == [D("33.34"), D("33.33"), D("33.33")]
    al_maggiore = variante(CRITERI, resto=RestoRiparto.AL_MAGGIORE)
    quattro = chi((1, 1), (1, 1), (2, 2))
    assert dato(al_maggiore, "0.05", quattro) == [D("0.01"), D("0.01"), D("0.03")]


def test_la_premialita_va_a_chi_ha_punti_e_altrimenti_torna_agli_altri() -> None:
    con = variante(CRITERI, premialita=PREMIALITA, quote=(quota("abitanti", 1),))
    esito = calcola(con, D("1000.00"), chi((1, 55), (1, 70)))
    # Half by inhabitants; of the other half three points to two.
    assert [una.importo for una in esito.assegnazioni] == [D("550.00"), D("450.00")]
    assert "3 su 5 («tanti» 2, «pochi» 1)" in esito.assegnazioni[0].parti[1].spiegazione
    nessuno = variante(con, premialita=variante(PREMIALITA, premi=PREMIALITA.premi[:1]))
    esito = calcola(nessuno, D("1000.00"), chi((1, 1), (3, 1)))
    assert [una.importo for una in esito.assegnazioni] == [D("250.00"), D("750.00")]
    assert esito.note == ("Nessuno ha punti di premialità: la sua parte va alle altre.",)
    per = variante(con, premialita=variante(PREMIALITA, per="abitanti"))
    esito = calcola(per, D("1000.00"), chi((1, 55), (3, 55)))
    assert [una.importo for una in esito.assegnazioni] == [D("250.00"), D("750.00")]


def test_si_trattiene_prima() -> None:
    con = variante(
        CRITERI,
        trattenute=(
            Trattenuta(codice="x", denominazione="X", valore=D(10), percento=True),
            Trattenuta(codice="y", denominazione="Y", valore=D(50)),
        ),
    )
    esito = calcola(con, D("1000.00"), chi((1, 1), (1, 1)))
    assert ([una.importo for una in esito.trattenute], esito.ripartito) == (
        [D("100.00"), D("50.00")], D("850.00"),
    )  # fmt: skip
    with pytest.raises(RipartoNonPossibile, match="tutto il fondo"):
        calcola(con, D("50.00"), chi((1, 1)))


def test_minimi_e_massimi_spostano_gli_altri_in_proporzione() -> None:
    soli = variante(CRITERI, quote=(quota("abitanti", 1),))
    minimo = variante(soli, limiti=(limite(VersoLimite.MINIMO, "200"),))
    esito = calcola(minimo, D("1000.00"), chi((1, 0), (3, 0), (6, 0)))
    # 100, 300, 600: the first has 200, the others 800 by 3 to 6.
    assert [una.importo for una in esito.assegnazioni] == [D("200.00"), D("266.67"), D("533.33")]
    assert [piana(nota) for nota in esito.assegnazioni[0].note] == [
        "Portato al minimo «il minimo», 200,00 €: le parti fanno 100,00 €.",
    ]
    assert piana(esito.assegnazioni[1].note[0]) == (
        "Le parti fanno 300,00 €, e per i minimi e i massimi degli altri diventano 266,67 €."
    )
    massimo = variante(soli, limiti=(limite(VersoLimite.MASSIMO, "50", percento=True),))
    assert dato(massimo, "1000.00", chi((1, 0), (3, 0), (6, 0))) == [
        D("125.00"), D("375.00"), D("500.00"),
    ]  # fmt: skip
    garantito = variante(soli, limiti=(limite(VersoLimite.MINIMO, "0.8", grandezza="utenti"),))
    assert dato(garantito, "1000.00", chi((1, 500), (9, 0))) == [D("400.00"), D("600.00")]


@pytest.mark.parametrize(
    ("limiti", "perche"),
    [
        ((limite(VersoLimite.MINIMO, "600"),), "più di quanto"),
        (
            (limite(VersoLimite.MINIMO, "300"), limite(VersoLimite.MASSIMO, "200")),
            "supera il massimo",
        ),
    ],
)
def test_limiti_che_contraddicono_il_fondo_si_rifiutano(
    limiti: tuple[LimiteRiparto, ...], perche: str
) -> None:
    with pytest.raises(RipartoNonPossibile, match=perche):
        calcola(variante(CRITERI, limiti=limiti), D("1000.00"), chi((1, 1), (1, 1)))


@pytest.mark.parametrize(
    ("fondo", "tutti", "perche"),
    [
        ("0", chi((1, 1)), "maggiore di zero"),
        ("1.001", chi((1, 1)), "due decimali"),
        ("10", [], "nessuno fra cui"),
        ("10", chi((0, 1)), "Nessuno ha «abitanti»"),
        ("10", chi((-1, 1)), "non è una cifra ammessa"),
        ("10", chi((1, 1)) * 2, "due volte"),
        (
            "10",
            [SOLO],
            "Manca «utenti» di Solo",
        ),
        (
            "10",
            [variante(SOLO, valori={"abitanti": D("nan"), "utenti": D(1)})],
            "non è una cifra",
        ),
    ],
)
def test_quello_che_non_si_puo_ripartire_dice_perche(
    fondo: str, tutti: list[Beneficiario], perche: str
) -> None:
    with pytest.raises(RipartoNonPossibile, match=perche):
        calcola(CRITERI, D(fondo), tutti)


def test_cio_che_i_massimi_lasciano_resta_detto_e_tenuto() -> None:
    fermi = variante(CRITERI, limiti=(limite(VersoLimite.MASSIMO, "300"),))
    esito = calcola(fermi, D("1000.00"), chi((1, 1), (3, 1)))
    assert [una.importo for una in esito.assegnazioni] == [D("300.00"), D("300.00")]
    assert (esito.ripartito, esito.avanzo) == (D("600.00"), D("400.00"))
    assert "400,00" in esito.note[-1]
    traccia = Traccia(
        anno=2025, criteri=fermi, importo=D("1000.00"), beneficiari=tuple(chi((1, 1), (3, 1))), fonti={},
        plugin={}, capofila="0", esito=esito,
    )  # fmt: skip
    testo, _ = congela(traccia)
    assert rileggi(testo) == traccia
    assert rifatto_uguale(rileggi(testo))
    pieno = calcola(fermi, D("600.00"), chi((1, 1), (3, 1)))
    assert pieno.avanzo is msgspec.UNSET
    assert "avanzo" not in msgspec.json.encode(pieno).decode()


_LIMITI = st.sampled_from(
    [
        (),
        (limite(VersoLimite.MINIMO, "3.33"),),
        (limite(VersoLimite.MASSIMO, "40", percento=True),),
        (
            limite(VersoLimite.MINIMO, "0.07", grandezza="utenti"),
            limite(VersoLimite.MASSIMO, "900"),
        ),
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    centesimi=st.integers(1, 10**9),
    figure=st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 99)), min_size=1, max_size=12),
    limiti=_LIMITI,
    resto=st.sampled_from(list(RestoRiparto)),
    girato=st.randoms(use_true_random=False),
)
def test_le_parti_fanno_sempre_il_fondo_e_l_ordine_non_conta(
    centesimi: int, figure: list[tuple[int, int]], limiti: Any, resto: RestoRiparto, girato: Any
) -> None:
    criteri = variante(CRITERI, limiti=limiti, resto=resto, premialita=PREMIALITA)
    tutti, fondo = chi(*figure), D(centesimi) / 100
    mescolati = tutti[:]
    girato.shuffle(mescolati)
    try:
        esito = calcola(criteri, fondo, tutti)
    except RipartoNonPossibile:
        with pytest.raises(RipartoNonPossibile):
            calcola(criteri, fondo, mescolati)
        return
    parti = {una.codice: una.importo for una in esito.assegnazioni}
    assert sum(parti.values()) == fondo - (esito.avanzo or 0)
    assert sum(Fraction(una.esatto) for una in esito.assegnazioni) == Fraction(esito.ripartito)
    assert parti == {u.codice: u.importo for u in calcola(criteri, fondo, mescolati).assegnazioni}
    for uno in tutti:
        for un_limite in limiti:
            estremo = Fraction(un_limite.valore)
            if un_limite.percento:
                estremo = estremo * Fraction(fondo) / 100
            elif un_limite.grandezza:
                estremo *= Fraction(uno.valori["utenti"])
            preso = Fraction(parti[uno.codice])
            if un_limite.verso is VersoLimite.MINIMO:
                assert preso >= estremo
            else:
                assert preso <= estremo
    if resto is RestoRiparto.MAGGIORI_RESTI:
        for una in esito.assegnazioni:
            assert abs(Fraction(una.importo) - Fraction(una.esatto)) < Fraction(1, 100)


def test_una_traccia_si_rilegge_e_si_rifa() -> None:
    tutti = chi((7, 3), (5, 11))
    traccia = Traccia(
        anno=2025, criteri=CRITERI, importo=D("99.99"), beneficiari=tuple(tutti), fonti={},
        plugin={"prova": "1"}, capofila="0", esito=calcola(CRITERI, D("99.99"), tutti),
    )  # fmt: skip
    testo, sha256 = congela(traccia)
    letta = rileggi(testo)
    assert (letta, congela(letta)) == (traccia, (testo, sha256))
    assert rifatto_uguale(letta)
    un_altro_fondo = msgspec.structs.replace(letta, importo=D("99.98"))
    assert not rifatto_uguale(un_altro_fondo)


@pytest.mark.parametrize(
    ("campi", "perche"),
    [
        ({"quote": ()}, "almeno una quota"),
        ({"quote": (quota("altro", 1),)}, "non dichiarano"),
        ({"grandezze": (*CRITERI.grandezze, grandezza("utenti"))}, "ripetuto"),
        ({"fra": FraRiparto.SERVIZI}, "se e solo se"),
        ({"servizi": (VoceRiparto(codice="a", denominazione="A"),)}, "se e solo se"),
        ({"fondo": "FNPS 2025"}, "non è un codice"),
        (
            {
                "fra": FraRiparto.SERVIZI,
                "servizi": (VoceRiparto(codice="a", denominazione="A"),),
                "grandezze": (
                    grandezza("abitanti", origine=OrigineGrandezza.ABITANTI),
                    grandezza("utenti"),
                ),
            },
            "va inserita",
        ),
    ],
)
def test_criteri_che_non_si_possono_calcolare_non_si_dichiarano(
    campi: dict[str, Any], perche: str
) -> None:
    with pytest.raises(DichiarazioneErrata, match=perche):
        variante(CRITERI, **campi)


@pytest.mark.parametrize(
    "fai",
    [
        lambda: grandezza("a", scarto_anni=1),
        lambda: grandezza("a", si_no=True, origine=OrigineGrandezza.SPESA),
        lambda: grandezza("a", origine=OrigineGrandezza.ASSEGNATO),
        lambda: Premio(codice="a", denominazione="A", punti=D(1), grandezza="b"),
        lambda: Premio(
            codice="a", denominazione="A", punti=D(1), grandezza="b", minimo=D(2), massimo=D(1)
        ),
        lambda: Premialita(peso=D(1), premi=()),
        lambda: limite(VersoLimite.MINIMO, "0"),
        lambda: limite(VersoLimite.MINIMO, "1", percento=True, grandezza="a"),
        lambda: Trattenuta(codice="a", denominazione="A", valore=D(100), percento=True),
        lambda: QuotaRiparto(codice="a", denominazione=" ", peso=D(1), grandezza="a"),
        lambda: QuotaRiparto(codice="a", denominazione="A", peso=D("inf"), grandezza="a"),
    ],
)
def test_una_dichiarazione_impossibile_si_rifiuta(fai: Any) -> None:
    with pytest.raises(DichiarazioneErrata):
        fai()


def test_le_cifre_si_leggono_da_un_csv() -> None:
    letto = leggi_dati("codice;utenti;ore\r\na;1.234,50;3\r\n\r\nb;;4\r\n".encode("utf-8-sig"))
    assert letto == {"utenti": {"a": D("1234.50")}, "ore": {"a": D("3.00"), "b": D("4.00")}}


@pytest.mark.parametrize(
    ("contenuto", "perche"),
    [
        (b"codice\n", "La prima riga"),
        (b"codice;a;a\n", "La prima riga"),
        (b"codice;a\nx;1;2\n", "Riga 2: le celle"),
        (b"codice;a\nx;uno\n", "Riga 2, a"),
        (b"codice;a\nx;1\nx;2\n", "Riga 3: «x»"),
        (b"codice;a\nx;\xff\n", "UTF-8"),
        (b"x" * 1_000_001, "megabyte"),
    ],
)
def test_un_csv_sbagliato_dice_la_riga(contenuto: bytes, perche: str) -> None:
    with pytest.raises(DatiNonValidi, match=perche):
        leggi_dati(contenuto)
