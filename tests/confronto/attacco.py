"""What who reads the published totals can work out of the hidden cells: by a simplex, in exact fractions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from capofila.confronto.soppressione import Cella, Tavola


class Attacco:
    """All the equations of a table, with what is published put in its place."""

    def __init__(
        self,
        tavola: Tavola,
        valori: Mapping[Cella, Any],
        nascoste: Iterable[Cella],
        almeno: int = 0,
    ) -> None:
        """``almeno``: what is known of a hidden cell that is not zero."""
        self.celle = sorted(nascoste)
        self.minimi = [min(Fraction(almeno), Fraction(valori[c])) for c in self.celle]
        posti = {c: n for n, c in enumerate(self.celle)}
        righe = []
        for equazione in tavola.equazioni():
            riga = [Fraction(0)] * (len(posti) + 1)
            for cella, segno in equazione.items():
                if cella in posti:
                    riga[posti[cella]] += segno
                    riga[-1] -= segno * self.minimi[posti[cella]]
                else:
                    riga[-1] -= segno * Fraction(valori[cella])
            if any(riga[:-1]):
                righe.append(riga if riga[-1] >= 0 else [-x for x in riga])
            else:
                assert riga[-1] == 0
        self._prima_base(righe)

    def _prima_base(self, righe: list[list[Fraction]]) -> None:
        """A vertex: artificial variables are driven out."""
        n, m = len(self.celle), len(righe)
        self.tavola = [
            [*riga[:-1], *(Fraction(i == j) for j in range(m)), riga[-1]]
            for i, riga in enumerate(righe)
        ]
        self.base = [n + i for i in range(m)]
        # The sum of the artificial variables is made as small as it can be.
        self._massimizza([Fraction(0)] * n + [Fraction(-1)] * m)
        assert all(self.tavola[i][-1] == 0 for i, b in enumerate(self.base) if b >= n)
        for i in range(m):
            if self.base[i] >= n:
                entra = next((j for j in range(n) if self.tavola[i][j]), None)
                if entra is not None:
                    self._cambia(i, entra)
        tenute = [i for i in range(m) if self.base[i] < n]
        self.tavola = [[*self.tavola[i][:n], self.tavola[i][-1]] for i in tenute]
        self.base = [self.base[i] for i in tenute]

    def _cambia(self, esce: int, entra: int) -> None:
        perno = self.tavola[esce][entra]
        self.tavola[esce] = [x / perno for x in self.tavola[esce]]
        for i, riga in enumerate(self.tavola):
            if i != esce and riga[entra]:
                k = riga[entra]
                self.tavola[i] = [x - k * y for x, y in zip(riga, self.tavola[esce], strict=True)]
        self.base[esce] = entra

    def _massimizza(self, costi: list[Fraction]) -> Fraction | None:
        """Bland's rule; None when there is no bound."""
        while True:
            ridotti = [
                costi[j]
                - sum((costi[b] * self.tavola[i][j] for i, b in enumerate(self.base)), Fraction(0))
                for j in range(len(costi))
            ]
            entra = next((j for j, r in enumerate(ridotti) if r > 0), None)
            if entra is None:
                return sum(
                    (costi[b] * self.tavola[i][-1] for i, b in enumerate(self.base)), Fraction(0)
                )
            prove = [
                (riga[-1] / riga[entra], self.base[i], i)
                for i, riga in enumerate(self.tavola)
                if riga[entra] > 0
            ]
            if not prove:
                return None
            self._cambia(min(prove)[2], entra)

    def fra(self, cella: Cella) -> tuple[Fraction, Fraction | None]:
        """The least and the most that a hidden cell can be; None where it has no bound."""
        qui = self.celle.index(cella)
        massimo = self._massimizza([Fraction(j == qui) for j in range(len(self.celle))])
        minimo = self._massimizza([-Fraction(j == qui) for j in range(len(self.celle))])
        assert minimo is not None
        base = self.minimi[qui]
        return base - minimo, None if massimo is None else base + massimo
