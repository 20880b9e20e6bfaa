"""The choice of persons: most votes, limited votes, ties, and only numbers."""

from __future__ import annotations

import pytest

from capofila.governo.elezioni import (
    Collegio,
    Preferenze,
    StatoCollegio,
    difetti_elezione,
    eleggi,
)
from capofila.hooks import Elezione, Per
from tests.governo.casi import ATTO, enti, seduta

DUE = Elezione(materia="comitato-ristretto", posti=2, per=Per.SUB_AMBITO, fonte=ATTO)


def collegio(schede: int = 10, bianche: int = 0, nome: str = "1", **voti: int) -> Collegio:
    return Collegio(
        nome=nome, schede=schede, bianche=bianche,
        candidati=tuple(Preferenze(nome=chi, voti=quanti) for chi, quanti in voti.items()),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("voti", "stato", "eletti", "a_pari", "contesi"),
    [
        ({"a": 5, "b": 3, "c": 2}, StatoCollegio.COMPLETO, ("a", "b"), (), 0),
        ({"c": 2, "b": 3, "a": 5}, StatoCollegio.COMPLETO, ("a", "b"), (), 0),
        ({"a": 5, "b": 5, "c": 0}, StatoCollegio.COMPLETO, ("a", "b"), (), 0),
        ({"a": 4, "b": 3, "c": 3}, StatoCollegio.PARITA, ("a",), ("b", "c"), 1),
        ({"a": 3, "b": 3, "c": 3}, StatoCollegio.PARITA, (), ("a", "b", "c"), 2),
        ({"a": 10, "b": 0}, StatoCollegio.INCOMPLETO, ("a",), (), 0),
        ({}, StatoCollegio.INCOMPLETO, (), (), 0),
    ],
)
def test_si_eleggono_i_piu_votati_e_la_parita_resta_da_decidere(
    voti: dict[str, int], stato: StatoCollegio, eletti: tuple[str, ...],
    a_pari: tuple[str, ...], contesi: int,
) -> None:  # fmt: skip
    esito = eleggi(DUE, collegio(**voti))
    assert (esito.stato, esito.eletti, esito.a_pari, esito.posti_contesi) == (
        stato, eletti, a_pari, contesi,
    )  # fmt: skip


def test_col_voto_limitato_una_minoranza_prende_un_posto() -> None:
    # 6 and 4 voters: two names a ballot give both places to the six, one name shares them.
    assert eleggi(DUE, collegio(a=6, b=6, c=4, d=4)).eletti == ("a", "b")
    assert eleggi(DUE, collegio(a=6, c=4)).eletti == ("a", "c")


@pytest.mark.parametrize(
    ("uno", "preferenze", "luogo", "motivo"),
    [
        (collegio(schede=11, a=11), 1, "schede", "chi può votare qui sono 10"),
        (collegio(bianche=11), 1, "bianche", "più delle schede"),
        (collegio(bianche=2, a=9), 1, "candidati[1].voti", "9 voti con 8 schede valide"),
        (collegio(a=6, b=6), 1, "candidati", "sono fra 10 e 10"),
        (collegio(a=4, b=4), 2, "candidati", "sono fra 10 e 20"),
    ],
)
def test_schede_e_voti_devono_tornare(
    uno: Collegio, preferenze: int, luogo: str, motivo: str
) -> None:
    trovati = [str(d) for d in difetti_elezione(DUE, seduta(enti(10)), (uno,), preferenze)]
    assert any(
        detto.startswith(f"elezione.collegi[1].{luogo}: ") and motivo in detto for detto in trovati
    )


def test_ogni_unita_elegge_una_volta_e_non_piu_nomi_dei_posti() -> None:
    chi = seduta(enti(10))
    buono = collegio(a=10, b=10)
    assert difetti_elezione(DUE, chi, (buono,), 2) == []
    assert [d.luogo for d in difetti_elezione(DUE, chi, (buono, buono), 2)] == [
        "elezione.collegi[2].nome"
    ]
    assert [d.luogo for d in difetti_elezione(DUE, chi, (collegio(a=10, b=10, c=10),), 3)] == [
        "elezione.preferenze"
    ]
    assert [d.luogo for d in difetti_elezione(DUE, chi, (), 1)] == ["elezione.collegi"]
    interessato = seduta(enti(10), interessati=("a",))
    assert difetti_elezione(DUE, interessato, (buono,), 2)[0].luogo == "elezione.collegi[1].schede"
