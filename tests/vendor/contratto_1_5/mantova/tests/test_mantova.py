"""What the plugin declares: all of the contract by the suite, and its own figures."""

from __future__ import annotations

from datetime import date

import capofila_mantova

from capofila.conformita import Conformita
from capofila.hooks import scadenze


class TestConforme(Conformita):
    plugin = capofila_mantova


def test_il_rendiconto_del_2025_e_dovuto_il_primo_giugno_perche_il_31_maggio_e_domenica() -> None:
    (scadenza,) = scadenze(capofila_mantova.adempimenti(2025), 2025)
    assert scadenza.data == date(2026, 6, 1)
