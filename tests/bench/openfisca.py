"""The home care of Crema in openfisca-core: what the engine of the compartecipazione is measured against.

Run by the interpreter of `.venv-bench`, which has openfisca-core and nothing of Capofila. The formula is
the same one, with the parameters dated as there, in floats and without rounding, as that engine does.

    .venv-bench/bin/python tests/bench/openfisca.py PERSONE < ISEE_E_ORE > QUOTE

It reads so many ISEE and so many hours as 64-bit floats, writes the quotas as 64-bit floats, and on
the error channel three durations in seconds: the quotas of all, those of one person with and without
the making of the simulation.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

import numpy as np
from openfisca_core.entities import Entity
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import Simulation, SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

MESE = "2025-03"
VOLTE, SOLE = 7, 2000
NODI = {
    "isee_iniziale": {"2024-01-01": 3000},
    "isee_intermedio": {"2024-01-01": 6000},
    "isee_finale": {"2024-01-01": 20000},
    "tariffa_minima": {"2024-01-01": 1.79, "2025-01-01": 2.19},
    "tariffa_intermedia": {"2024-01-01": 4.10, "2025-01-01": 5.04},
    "tariffa_massima": {"2024-01-01": 17, "2025-01-01": 26},
}
PERSONA = Entity("persona", "persone", "", "")


class isee(Variable):
    value_type, entity, definition_period = float, PERSONA, DateUnit.MONTH


class ore(Variable):
    value_type, entity, definition_period = float, PERSONA, DateUnit.MONTH


class quota(Variable):
    value_type, entity, definition_period = float, PERSONA, DateUnit.MONTH

    def formula(persona: Any, period: Any, parameters: Any) -> Any:
        valore, sad = persona("isee", period), parameters(period).sad
        tariffa = np.interp(
            valore,
            [sad.isee_iniziale, sad.isee_intermedio, sad.isee_finale],
            [sad.tariffa_minima, sad.tariffa_intermedia, sad.tariffa_massima],
        )
        return np.where(valore <= sad.isee_iniziale, 0, tariffa) * persona("ore", period)


def sistema() -> TaxBenefitSystem:
    """The three variables and the six parameters."""
    fatto = TaxBenefitSystem([PERSONA])
    for variabile in (isee, ore, quota):
        fatto.add_variable(variabile)
    valori = {n: {"values": {g: {"value": v} for g, v in d.items()}} for n, d in NODI.items()}
    fatto.parameters = ParameterNode("", data={"sad": valori})
    return fatto


def simulazione(leggi: TaxBenefitSystem, valori: Any, quante: Any) -> Simulation:
    """The people, not yet computed."""
    fatta = SimulationBuilder().build_default_simulation(leggi, len(valori))
    fatta.set_input("isee", MESE, valori)
    fatta.set_input("ore", MESE, quante)
    return fatta


def main() -> None:
    """Compute all, then one at a time."""
    persone, leggi = int(sys.argv[1]), sistema()
    letti = np.frombuffer(sys.stdin.buffer.read(), dtype="<f8")
    valori, quante = letti[:persone], letti[persone:]
    simulazione(leggi, valori[:10], quante[:10]).calculate("quota", MESE)
    insieme = []
    for _ in range(VOLTE):
        tutte = simulazione(leggi, valori, quante)
        inizio = time.perf_counter()
        quote = tutte.calculate("quota", MESE)
        insieme.append(time.perf_counter() - inizio)
    intere, sole = [], []
    for posto in range(SOLE):
        inizio = time.perf_counter()
        una = simulazione(leggi, valori[posto : posto + 1], quante[posto : posto + 1])
        mezzo = time.perf_counter()
        una.calculate("quota", MESE)
        fine = time.perf_counter()
        intere.append(fine - inizio)
        sole.append(fine - mezzo)
    sys.stdout.buffer.write(quote.astype("<f8").tobytes())
    print(min(insieme), *map(statistics.median, (intere, sole)), file=sys.stderr)


if __name__ == "__main__":
    main()
