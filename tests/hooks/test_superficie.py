"""A change of the contract without a version fails here."""

from __future__ import annotations

import hashlib

import pytest
from tests.hooks.superficie import CHIUSI, file, righe

from capofila.hooks import CONTRATTO


def _lette(minore: str) -> list[str]:
    return file(minore).read_text("utf-8").splitlines()


def test_la_superficie_del_contratto_e_quella_scritta_per_la_sua_versione() -> None:
    """On a failure: `python -m tests.hooks.superficie`, and a line in the changelog of the contract."""
    assert righe() == _lette(CONTRATTO)


@pytest.mark.parametrize("minore", CHIUSI)
def test_un_minore_chiuso_non_si_riscrive(minore: str) -> None:
    assert hashlib.sha256(file(minore).read_bytes()).hexdigest() == CHIUSI[minore]


@pytest.mark.parametrize("minore", CHIUSI)
def test_quello_che_un_minore_offriva_c_e_ancora(minore: str) -> None:
    """But for what the modules do inside, which the new minor may do better; a field may take more
    kinds of value than it did.
    """
    offerto = {una for una in _lette(minore) if not una.startswith("semantica ")}
    adesso = {nome: {*tipi.split(" | ")} for nome, _, tipi in (r.partition(": ") for r in righe())}
    mancano = []
    for una in offerto - set(righe()):
        nome, _, tipi = una.partition(": ")
        if not tipi or not {*tipi.split(" | ")} <= adesso.get(nome, set()):
            mancano.append(una)
    assert mancano == []
