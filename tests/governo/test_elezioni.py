"""The choice of persons: most votes, limited votes, ties, and only numbers."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from capofila.governo.elezioni import (
    Collegio,
    EsitoCollegio,
    Preferenze,
    Ripresa,
    StatoCollegio,
    difetti_elezione,
    eleggi,
    elezione_contata,
    riprese,
)
from capofila.hooks import Elezione, ParitaElezione, Per, variante
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


# --- a tie, and what comes after ----------------------------------------------------------------

BALLOTTAGGIO = variante(DUE, parita=ParitaElezione.BALLOTTAGGIO)
ANZIANO = variante(DUE, parita=ParitaElezione.ANZIANO)


def test_il_piu_anziano_e_eletto_solo_se_si_dice_chi_va_prima_e_la_regola_lo_vuole() -> None:
    pari = collegio(a=4, b=3, c=3)
    assert eleggi(ANZIANO, pari).stato is StatoCollegio.PARITA
    con_ordine = replace(pari, precedenza=("c", "b"))
    assert eleggi(ANZIANO, replace(pari, precedenza=("C ", "B"))) == eleggi(ANZIANO, con_ordine)
    esito = eleggi(ANZIANO, con_ordine)
    assert (esito.stato, esito.eletti) == (StatoCollegio.COMPLETO, ("a", "c"))
    assert esito.per_precedenza == ("c",)
    # Half an order says nothing, and no order counts where the rule is a run-off or is not known.
    assert eleggi(ANZIANO, replace(pari, precedenza=("c",))).stato is StatoCollegio.PARITA
    assert eleggi(ANZIANO, replace(pari, precedenza=("c", "c"))).stato is StatoCollegio.PARITA
    for regola in (DUE, BALLOTTAGGIO):
        assert eleggi(regola, con_ordine).stato is StatoCollegio.PARITA
    # It breaks the tie, and gives nobody who had more votes away.
    vinta = replace(collegio(a=2, b=5, c=3), precedenza=("a", "c", "b"))
    assert eleggi(ANZIANO, vinta).eletti == ("b", "c")
    errori = difetti_elezione(
        ANZIANO, seduta(enti(10)), (replace(pari, precedenza=("nessuno",)),), 2
    )
    assert any("non è fra i nomi votati" in str(uno) for uno in errori)


def test_al_ballottaggio_vanno_i_pari_per_i_posti_che_restano() -> None:
    primo = eleggi(BALLOTTAGGIO, collegio(a=4, b=3, c=3))
    intero = EsitoCollegio(nome="2", stato=StatoCollegio.COMPLETO, eletti=("x", "y"))
    restano = riprese(BALLOTTAGGIO, [primo, intero])
    assert restano == (
        Ripresa(nome="1", eletti=("a",), posti=1, fra=("b", "c")),
        Ripresa(nome="2", eletti=("x", "y"), posti=0),
    )
    # No source narrows it: anybody may be voted again.
    assert riprese(DUE, [primo])[0].fra == ()
    assert riprese(BALLOTTAGGIO, [intero]) == ()
    dopo = elezione_contata(BALLOTTAGGIO, [collegio(b=6, c=4)], restano)
    assert [(uno.nome, uno.eletti) for uno in dopo] == [("1", ("a", "b")), ("2", ("x", "y"))]
    # A second tie leaves the same place.
    ancora = elezione_contata(BALLOTTAGGIO, [collegio(b=5, c=5)], restano)
    assert riprese(BALLOTTAGGIO, ancora)[0] == restano[0]


@pytest.mark.parametrize(
    ("uno", "motivo"),
    [
        (collegio(b=6, d=4), "non va al ballottaggio"),
        (collegio(a=10), "già fra gli eletti"),
        (collegio(nome="2", x=10), "non ha posti da coprire"),
        (collegio(nome="2", x=10), "mancano le schede di «1»"),
        (collegio(b=10, c=10), "sono fra 10 e 10"),
    ],
)
def test_una_ripresa_e_solo_per_cio_che_resta(uno: Collegio, motivo: str) -> None:
    restano = (
        Ripresa(nome="1", eletti=("a",), posti=1, fra=("b", "c")),
        Ripresa(nome="2", eletti=("x", "y"), posti=0),
    )
    trovati = difetti_elezione(BALLOTTAGGIO, seduta(enti(10)), (uno,), 2, restano)
    assert any(motivo in str(difetto) for difetto in trovati)
