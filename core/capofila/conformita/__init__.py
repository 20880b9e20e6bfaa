"""The conformance kit: what a plugin must keep, checked from outside on any plugin.

A vendor's test inherits `Conformita`; ``capofila plugin check`` runs the same on a wheel. Either way
the plugin's code runs in a process of its own (`sonda`), with a guard (`guardia`) that sees it touch
a file, the network, the clock or the environment.
"""

from __future__ import annotations

from capofila.conformita.esame import CONTROLLI, Controllo, Difetto, Esame, esamina
from capofila.conformita.suite import Conformita

__all__ = ["CONTROLLI", "Conformita", "Controllo", "Difetto", "Esame", "esamina"]
