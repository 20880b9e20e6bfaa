"""A database with the three ambiti for each module; each test undoes what it does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.conftest import Banca
from tests.prestazioni.casi import ambiente, banca_da, modello

from capofila.base.database import MOTORE
from capofila.base.impostazioni import impostazioni

__all__ = ["modello"]


@pytest.fixture(scope="module")
def banca_del_modulo(servizi: Any, modello: str) -> Iterator[Banca]:
    with banca_da(servizi, modello) as banca:
        with pytest.MonkeyPatch.context() as prova:
            for nome, valore in ambiente(servizi, banca).items():
                prova.setenv(nome, valore)
            impostazioni.cache_clear()
            yield banca
        impostazioni.cache_clear()


@pytest.fixture(scope="module")
async def ambiti(banca_del_modulo: Banca) -> AsyncIterator[Banca]:
    """The engine, open on the database of this module."""
    await MOTORE.apri({"app": banca_del_modulo.app}, massimo=4)
    yield banca_del_modulo
    await MOTORE.chiudi()
