"""How a body meets and chooses, in words; what no source says is said to be open."""

from __future__ import annotations

from typing import Any

import pytest

import capofila_crema
from capofila.governo.parole import regole_viste
from capofila.hooks import (
    Convocazione,
    Deleghe,
    Elezione,
    Organo,
    ParitaElezione,
    Per,
    Termine,
)
from tests.governo.casi import ATTO, GIORNO, condizione, quorum


def organo(**campi: Any) -> Organo:
    return Organo(codice="prova", denominazione="Prova", fonte=ATTO, **campi)


def test_il_numero_legale_dice_la_convocazione_e_ogni_condizione() -> None:
    viste = regole_viste(
        organo(
            quorum=(
                quorum(condizione(), convocazione=1),
                quorum(condizione("1/3"), convocazione=2, materie=("piano-di-zona",)),
                quorum(condizione("45")),
            )
        ),
        GIORNO,
    )
    assert [frase for frase, _ in viste.quorum] == [
        "In prima convocazione la seduta è valida se sono presenti più della metà fra gli aventi "
        "diritto.",
        "In seconda convocazione la seduta è valida se sono presenti almeno un terzo fra gli "
        "aventi diritto (materie: piano di zona).",
        "La seduta è valida se sono presenti almeno 45 fra gli aventi diritto.",
    ]
    assert {fonte for _, fonte in viste.quorum} == {ATTO.cita()}


@pytest.mark.parametrize(
    ("deleghe", "frase"),
    [
        (Deleghe(ammesse=False, fonte=ATTO), "Nessuno può votare per un altro."),
        (
            Deleghe(ammesse=True, massimo=2, nel_quorum=True, fonte=ATTO),
            "Chi è assente può delegare un altro avente diritto, finché è presente; al massimo due "
            "a persona. Chi delega conta nel numero legale.",
        ),
        (
            Deleghe(ammesse=True, fonte=ATTO),
            "Chi è assente può delegare un altro avente diritto, finché è presente. La fonte non "
            "dice se chi delega conta nel numero legale.",
        ),
    ],
)
def test_le_deleghe(deleghe: Deleghe, frase: str) -> None:
    assert regole_viste(organo(deleghe=(deleghe,)), GIORNO).deleghe == ((frase, ATTO.cita()),)


@pytest.mark.parametrize(
    ("convocazione", "frase"),
    [
        (Convocazione(fonte=ATTO), "La fonte non dice chi convoca; la fonte non dice quanti giorni prima."),
        (
            Convocazione(
                chi="Il presidente", termine=Termine(giorni=5, liberi=True),
                urgenza=Termine(giorni=1, lavorativi=True), fonte=ATTO,
            ),
            "Il presidente convoca, almeno cinque giorni liberi prima (un giorno lavorativo se è "
            "urgente).",
        ),
    ],
)  # fmt: skip
def test_la_convocazione(convocazione: Convocazione, frase: str) -> None:
    viste = regole_viste(organo(convocazione=(convocazione,)), GIORNO)
    assert [detta for detta, _ in viste.convocazione] == [frase]


def test_un_elezione_dice_posti_preferenze_segretezza_e_parita() -> None:
    una = Elezione(
        materia="comitato", posti=2, per=Per.SUB_AMBITO, preferenze=1, segreta=True,
        parita=ParitaElezione.ANZIANO, fonte=ATTO,
    )  # fmt: skip
    ((frase, _),) = regole_viste(organo(elezioni=(una,)), GIORNO).elezioni
    assert frase == (
        "Comitato: due posti per ogni sub-ambito, a chi ha più voti; al massimo un nome per "
        "scheda; a voto segreto; a parità, il più anziano di età."
    )


def test_le_materie_di_crema_dicono_che_cosa_ci_vuole_prima_e_la_fonte_se_e_un_altra() -> None:
    assemblea = next(u for u in capofila_crema.organi() if u.codice == "assemblea-dei-sindaci")
    viste = {
        una.oggetto: una for una in regole_viste(assemblea, assemblea.valido_dal or GIORNO).materie
    }
    piano = viste["Piano Operativo annuale"]
    assert piano.fonte is None
    assert [detto for detto, _ in piano.prima] == [
        "Il Piano di Zona approvato", "La proposta del Comitato Ristretto",
        "Il confronto con il Forum Cremasco del Terzo Settore",
        "Il confronto con le Organizzazioni Sindacali",
    ]  # fmt: skip
    assert "art. 7" in (piano.prima[1][1] or "")
    sovrintendenza = viste["Due sindaci che sovrintendono all'Accordo con quello di Crema"]
    assert "art. 17" in (sovrintendenza.fonte or "")
