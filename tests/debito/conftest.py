"""The three ambiti in a fresh database for each test, and a worker in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.conftest import Banca
from tests.debito.casi import officina
from tests.prestazioni.casi import banca_da, modello

from capofila.base.impostazioni import Impostazioni

__all__ = ["modello"]


@pytest.fixture
async def lavora(impostazioni_prova: Impostazioni) -> AsyncIterator[Impostazioni]:
    async with officina(impostazioni_prova):
        yield impostazioni_prova


@pytest.fixture
def altra_banca(servizi: Any, modello: str) -> Iterator[Banca]:
    with banca_da(servizi, modello) as banca:
        yield banca
