"""A database with the three ambiti for each module; each test has a year of its own."""

from __future__ import annotations

from tests.confronto.conftest import ambiti, banca_del_modulo, modello

__all__ = ["ambiti", "banca_del_modulo", "modello"]
