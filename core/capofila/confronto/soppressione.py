"""Which cells of a table of persons are not shown, so that none of them can be got back. Pure.

The table has rows that make rows (comuni, the ambito without its capoluogo, the ambito) and columns
that make a total. Each figure stands in two equations at most, with opposite signs, so the whole is a
network: a figure is an arc, an equation a node, and how much a figure could be other than it is, the
published ones being what they are, is a flow. Why it is done so: docs/perche/confronto.md.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from math import sqrt
from typing import Final

import msgspec

TUTTE: Final = ""
"""The column that is the sum of the others."""

Cella = tuple[str, str]
"""Row, column."""
Cifra = Decimal | int
Valori = Mapping[Cella, Cifra]
_Nodo = tuple[str, ...]
_FUORI: Final[_Nodo] = ("fuori",)

LARGHEZZA_IMPORTI: Final = Decimal("0.2")
"""How wide the interval of a suppressed amount is, at least, as a part of it."""


class Tavola(msgspec.Struct, frozen=True, dict=True):
    """The shape of a table.

    Attributes:
        righe: those that are counted.
        colonne: without their total.
        sopra: of every row but the last sum, the row that it is an addend of.
    """

    righe: tuple[str, ...]
    colonne: tuple[str, ...]
    sopra: Mapping[str, str]

    @cached_property
    def tutte_le_righe(self) -> tuple[str, ...]:
        """Those that are counted, then the sums, the innermost first."""
        somme: dict[str, None] = {}
        livello: Iterable[str] = self.righe
        while livello := dict.fromkeys(self.sopra[r] for r in livello if r in self.sopra):
            for una in livello:
                somme.pop(una, None)
                somme[una] = None
        return (*self.righe, *somme)

    @cached_property
    def celle(self) -> tuple[Cella, ...]:
        """Every figure that would be published."""
        return tuple((r, c) for r in self.tutte_le_righe for c in (*self.colonne, TUTTE))

    def completa(self, contate: Valori) -> dict[Cella, Cifra]:
        """The counted cells with all their totals; what is not given is zero."""
        piene: dict[Cella, Cifra] = dict.fromkeys(self.celle, 0)
        for riga in self.righe:
            for colonna in self.colonne:
                valore = contate.get((riga, colonna), 0)
                piene[riga, colonna] = valore
                piene[riga, TUTTE] += valore
        for riga in self.tutte_le_righe:
            if riga in self.sopra:
                for colonna in (*self.colonne, TUTTE):
                    piene[self.sopra[riga], colonna] += piene[riga, colonna]
        return piene

    def equazioni(self) -> list[dict[Cella, int]]:
        """All that must make zero, the redundant ones included: what an attacker may write down."""
        trovate: list[dict[Cella, int]] = [
            {**{(riga, c): 1 for c in self.colonne}, (riga, TUTTE): -1}
            for riga in self.tutte_le_righe
        ]
        for somma in self.tutte_le_righe[len(self.righe) :]:
            addendi = [r for r, su in self.sopra.items() if su == somma]
            trovate += [
                {**{(r, c): 1 for r in addendi}, (somma, c): -1} for c in (*self.colonne, TUTTE)
            ]
        return trovate

    def comuni_a(self, una: Cella, altra: Cella) -> bool:
        """Whether one of two cells counts what the other counts, or a part of it."""
        if TUTTE not in (una[1], altra[1]) and una[1] != altra[1]:
            return False
        return altra[0] in self._da(una[0]) or una[0] in self._da(altra[0])

    def _da(self, riga: str) -> list[str]:
        """A row and the sums that it is in."""
        sue = [riga]
        while sue[-1] in self.sopra:
            sue.append(self.sopra[sue[-1]])
        return sue

    def _capi(self, cella: Cella) -> tuple[_Nodo, _Nodo]:
        """The equations where a cell has plus and minus one, once signs are set as in a network."""
        riga, colonna = cella
        dentro: _Nodo = ("riga", riga) if riga in self._contate else ("somma", riga, colonna)
        fuori: _Nodo = ("somma", self.sopra[riga], colonna) if riga in self.sopra else _FUORI
        return (fuori, dentro) if colonna == TUTTE else (dentro, fuori)

    @cached_property
    def _contate(self) -> frozenset[str]:
        return frozenset(self.righe)

    @cached_property
    def _vicini(self) -> dict[_Nodo, list[tuple[Cella, _Nodo, bool]]]:
        """From each node: the cell, where it leads, whether the cell grows when gone through so."""
        vicini: dict[_Nodo, list[tuple[Cella, _Nodo, bool]]] = {}
        for cella in self.celle:
            da, a = self._capi(cella)
            vicini.setdefault(da, []).append((cella, a, True))
            vicini.setdefault(a, []).append((cella, da, False))
        return vicini


class _Strato(msgspec.Struct, frozen=True):
    """What is published of each cell.

    Attributes:
        almeno: what a hidden cell has at least, as who reads knows: cells with nobody are shown, so a
            hidden one has one person.
    """

    valori: Valori
    almeno: int = 0

    def avanzo(self, cella: Cella) -> Cifra:
        """How much less it could be."""
        valore = self.valori[cella]
        return valore - min(valore, self.almeno)


def sopprimi(
    tavola: Tavola,
    persone: Valori,
    soglia: int,
    *,
    importi: Sequence[Valori] = (),
    gia: Iterable[Cella] = (),
    sapute: Sequence[Iterable[Cella]] = (),
) -> frozenset[Cella]:
    """The cells that are not shown.

    Args:
        tavola: the shape.
        persone: persons in every cell, totals included (:meth:`Tavola.completa`).
        soglia: a cell with fewer, and not none, is not shown.
        importi: what stands beside the persons, in euro, and is hidden with them.
        gia: what was not shown in an earlier version. Where it has not changed, what it sums up to there
            is known: it protects, of what is hidden now for the first time, nothing.
        sapute: of the persons, then of each of the amounts, the cells that who reads has seen with
            the very same figure: hidden, they would protect no other.
    """
    viste = [{*celle} for celle in sapute] or [set() for _ in (persone, *importi)]
    piccole = [c for c in tavola.celle if 0 < persone[c] < soglia]
    vecchie = {c for c in gia if c in persone}
    nascoste = {*piccole, *vecchie}
    ammesse = {c for c in tavola.celle if any(strato[c] > 0 for strato in (persone, *importi))}
    strato = _Strato(persone, 1)
    da_vedere = [*piccole, *(c for c in nascoste if c not in {*piccole})]
    while da_vedere:
        cella = da_vedere.pop()
        if cella not in viste[0]:
            for ferme in _ferme(tavola, cella, viste[0], vecchie):
                nuove = _proteggi(tavola, strato, nascoste - ferme, ammesse - ferme, cella, soglia)
                nascoste |= nuove
                da_vedere += nuove
    for strato, vista in zip(map(_Strato, importi), viste[1:], strict=True):
        for cella in piccole:
            larga = strato.valori[cella] * LARGHEZZA_IMPORTI
            if larga > 0 and cella not in vista:
                for ferme in _ferme(tavola, cella, vista, vecchie):
                    nascoste |= _proteggi(
                        tavola, strato, nascoste - ferme, ammesse - ferme, cella, larga
                    )
    return frozenset(nascoste)


def _ferme(
    tavola: Tavola, cella: Cella, viste: set[Cella], vecchie: set[Cella]
) -> list[set[Cella]]:
    """What may not protect a cell; then, where that leaves too little, only what was shown.

    What was hidden before and has persons of the cell in it, or is in it, has changed with it; the rest may
    be as it was, and cancels out between the two versions.
    """
    if not vecchie or cella in vecchie:
        return [viste]
    return [viste | {c for c in vecchie if not tavola.comuni_a(cella, c)}, viste]


def intervallo(
    tavola: Tavola, valori: Valori, nascoste: Iterable[Cella], cella: Cella, limite: Cifra,
    almeno: int = 0,
) -> tuple[Cifra, Cifra]:  # fmt: skip
    """Between what and what a hidden cell could be, for who sees all the others and knows no negative.

    Args:
        limite: no more than so far from the value is looked for.
        almeno: what a hidden cell has at least, as who reads knows.
    """
    ferme, strato, da, a = {*nascoste}, _Strato(valori, almeno), *tavola._capi(cella)
    su, _ = _flusso(tavola, strato, ferme, set(), cella, (a, da), limite)
    giu, _ = _flusso(
        tavola, strato, ferme, set(), cella, (da, a), min(limite, strato.avanzo(cella))
    )
    return valori[cella] - giu, valori[cella] + su


def _proteggi(
    tavola: Tavola,
    strato: _Strato,
    nascoste: set[Cella],
    ammesse: set[Cella],
    cella: Cella,
    larga: Cifra,
) -> set[Cella]:
    """What else is to be hidden, for the interval of a cell to be so wide."""
    da, a = tavola._capi(cella)
    su, _ = _flusso(tavola, strato, nascoste, set(), cella, (a, da), larga)
    if su >= larga:
        return set()
    giu, _ = _flusso(
        tavola, strato, nascoste, set(), cella, (da, a), min(larga, strato.avanzo(cella))
    )
    if su + giu >= larga:
        return set()
    _, usate = _flusso(tavola, strato, nascoste, ammesse, cella, (a, da), larga)
    return usate - nascoste


def _flusso(
    tavola: Tavola,
    strato: _Strato,
    libere: set[Cella],
    ammesse: set[Cella],
    cella: Cella,
    fra: tuple[_Nodo, _Nodo],
    quanto: Cifra,
) -> tuple[Cifra, set[Cella]]:
    """How much can go from a node to another round a cell, and through which cells.

    Hidden cells (`libere`) cost nothing, the others that may be hidden (`ammesse`) what is lost.
    """
    spostate: dict[Cella, Cifra] = {}
    usate: set[Cella] = set()
    fatto: Cifra = 0
    while fatto < quanto:
        passi = _cammino(tavola, strato, spostate, libere, ammesse, cella, fra)
        if not passi:
            break
        tratto = quanto - fatto
        for una, cresce in passi:
            if not cresce:
                tratto = min(tratto, strato.avanzo(una) + spostate.get(una, 0))
        for una, cresce in passi:
            spostate[una] = spostate.get(una, 0) + (tratto if cresce else -tratto)
            usate.add(una)
        fatto += tratto
    return fatto, usate


def _cammino(
    tavola: Tavola,
    strato: _Strato,
    spostate: Mapping[Cella, Cifra],
    libere: set[Cella],
    ammesse: set[Cella],
    cella: Cella,
    fra: tuple[_Nodo, _Nodo],
) -> list[tuple[Cella, bool]]:
    """The cheapest way from a node to another that does not go through a cell; empty when none."""
    inizio, fine = fra
    costi = {inizio: 0.0}
    da_dove: dict[_Nodo, tuple[_Nodo, Cella, bool]] = {}
    coda: list[tuple[float, _Nodo]] = [(0.0, inizio)]
    while coda:
        costo, nodo = heapq.heappop(coda)
        if nodo == fine:
            break
        if costo > costi[nodo]:
            continue
        for una, verso, cresce in tavola._vicini[nodo]:
            if una == cella or (una not in libere and una not in ammesse):
                continue
            if not cresce and strato.avanzo(una) + spostate.get(una, 0) <= 0:
                continue
            # Among free ways the shortest one.
            nuovo = costo + (0.001 if una in libere else _perdita(tavola, una, strato.valori[una]))
            if nuovo < costi.get(verso, float("inf")):
                costi[verso] = nuovo
                da_dove[verso] = (nodo, una, cresce)
                heapq.heappush(coda, (nuovo, verso))
    if fine not in da_dove:
        return []
    passi = []
    while fine != inizio:
        fine, una, cresce = da_dove[fine]
        passi.append((una, cresce))
    return passi


def _perdita(tavola: Tavola, cella: Cella, valore: Cifra) -> float:
    """What the reader loses with a cell: the more the greater it is, and totals above all."""
    riga, colonna = cella
    perdita = 10 + sqrt(valore)
    if colonna == TUTTE:
        perdita *= 20
    return perdita if riga in tavola._contate else perdita * 100
