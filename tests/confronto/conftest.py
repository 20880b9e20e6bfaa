"""A database with the three ambiti for each module, open as the application and as the agency's role."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from capofila.base.database import MOTORE
from tests.conftest import Banca
from tests.prestazioni.conftest import banca_del_modulo, modello

__all__ = ["banca_del_modulo", "modello"]


@pytest.fixture(scope="module")
async def ambiti(banca_del_modulo: Banca) -> AsyncIterator[Banca]:
    """The engine, open on the database of this module."""
    await MOTORE.apri({"app": banca_del_modulo.app, "ats": banca_del_modulo.ats}, massimo=4)
    yield banca_del_modulo
    await MOTORE.chiudi()
