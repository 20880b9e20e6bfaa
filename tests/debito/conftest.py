"""The three ambiti in a fresh database for each test, and a worker in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.conftest import Banca
from tests.debito.casi import officina
from tests.prestazioni.casi import ambiente, banca_da, modello

from capofila.base.impostazioni import Impostazioni, impostazioni

__all__ = ["modello"]


@pytest.fixture
async def lavora(impostazioni_prova: Impostazioni) -> AsyncIterator[Impostazioni]:
    async with officina(impostazioni_prova):
        yield impostazioni_prova


@pytest.fixture
def altra_banca(servizi: Any, modello: str) -> Iterator[Banca]:
    with banca_da(servizi, modello) as banca:
        yield banca


@pytest.fixture
def senza_lavoratore(
    servizi: Any, banca: Banca, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """The settings, here and for whoever is started: the worker is the test's to start and kill."""
    variabili = ambiente(servizi, banca)
    for nome, valore in variabili.items():
        monkeypatch.setenv(nome, valore)
    impostazioni.cache_clear()
    yield variabili
    impostazioni.cache_clear()
