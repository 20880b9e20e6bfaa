"""Where a record belongs: the parts that need no database."""

from __future__ import annotations

from datetime import date

import pytest

from capofila.prestazioni.rules import Riferimenti

OGGI = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("nome", "anno"),
    [
        ("D142.SINBA.20250301.0000001", 2025),
        ("D142.SINBA.ENTE.20160423.1", 2016),
        ("minori_2024-12-31", 2024),
        ("D142.SINBA.20251331.20240229", 2024),
        ("D142.SINBA.20520301.0000001", 2026),
        ("D142.SINBA.120250301.1", 2026),
        ("MINORI", 2026),
        ("", 2026),
    ],
)
def test_l_anno_di_un_flusso_e_quello_nel_nome_o_quello_in_cui_e_arrivato(
    nome: str, anno: int
) -> None:
    assert Riferimenti.anno_flusso({"nome": nome}, OGGI) == anno


def test_un_flusso_senza_intestazione_e_dell_anno_in_cui_e_arrivato() -> None:
    assert Riferimenti.anno_flusso(None, OGGI) == 2026
