"""A database with the three ambiti for each module."""

from __future__ import annotations

from tests.prestazioni.conftest import ambiti, banca_del_modulo, modello

__all__ = ["ambiti", "banca_del_modulo", "modello"]
