"""What a plugin declares of votes, quorums, proxies and elections: what cannot be is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from capofila.hooks import (
    OLTRE_META,
    Atto,
    Attribuzione,
    Competenza,
    Condizione,
    Deleghe,
    DichiarazioneErrata,
    Elezione,
    Misura,
    Quorum,
    RegolaVoto,
    Requisito,
    Specie,
    SpecieRequisito,
)

ATTO = Atto(specie=Specie.STATUTO, organo="Comuni", titolo="Statuto (inventato)")
TESTE = Condizione(misura=Misura.TESTE, soglia=OLTRE_META)


@pytest.mark.parametrize(
    ("dichiara", "motivo"),
    [
        (lambda: Quorum(condizioni=(), fonte=ATTO), "almeno una condizione"),
        (lambda: Quorum(condizioni=(TESTE,), convocazione=3, fonte=ATTO), "la seconda"),
        (lambda: Deleghe(ammesse=True, massimo=0, fonte=ATTO), "almeno uno"),
        (lambda: Elezione(materia="m", posti=0, fonte=ATTO), "almeno uno"),
        (lambda: Elezione(materia="m", posti=2, preferenze=0, fonte=ATTO), "almeno uno"),
        (
            lambda: Requisito(specie=SpecieRequisito.ATTO, di=" ", denominazione="x"),
            "come si chiama",
        ),
        (
            lambda: RegolaVoto(
                condizioni=(Condizione(misura=Misura.ABITANTI, soglia=OLTRE_META),),
                segreto=True, fonte=ATTO,
            ),
            "conta soltanto le teste",
        ),
        (
            lambda: RegolaVoto(
                condizioni=(Condizione(misura=Misura.TESTE, categoria="comune"),),
                segreto=True, fonte=ATTO,
            ),
            "conta soltanto le teste",
        ),
    ],
)  # fmt: skip
def test_cio_che_non_puo_essere_e_rifiutato(dichiara: Callable[[], object], motivo: str) -> None:
    with pytest.raises(DichiarazioneErrata, match=motivo):
        dichiara()


def test_le_teste_di_due_categorie_sono_due_condizioni() -> None:
    regola = RegolaVoto(
        condizioni=tuple(
            Condizione(misura=Misura.TESTE, soglia=OLTRE_META, categoria=categoria)
            for categoria in ("comune", "terzo-settore")
        ),
        fonte=ATTO,
    )
    assert not regola.doppia


@pytest.mark.parametrize(
    ("competenza", "decide"),
    [
        (Competenza.DECIDE, True),
        (Competenza.APPROVA, True),
        (Competenza.RATIFICA, True),
        (Competenza.NOMINA, True),
        (Competenza.PREPARA, False),
        (Competenza.CONCORRE, False),
        (Competenza.SENTE, False),
        (Competenza.ESEGUE, False),
    ],
)
def test_chi_prepara_non_decide(competenza: Competenza, decide: bool) -> None:
    assert Attribuzione(materia="m", competenza=competenza, oggetto="M").decide is decide
