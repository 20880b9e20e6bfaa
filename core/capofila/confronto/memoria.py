"""What was said before of the figures that are about to be released: who reads remembers it.

Two releases that hide different cells of the same figures can be subtracted from each other: what was
hidden stays so, and what was shown, and has not changed, protects nothing. The same figures may
stand in two datasets (users of a service, and an indicator that somebody gave of them).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from capofila.base.database import unita_corrente
from capofila.confronto.rules import ABITANTI, Cifra
from capofila.confronto.soppressione import TUTTE, Cella

PERSONE: Final = "persone"
VALORE: Final = "valore"
_NOTE_PER_ESSERE_UGUALI: Final = 2
"""Shown figures of persons that two columns have in common, at least, to be taken for the same."""


class Memoria(msgspec.Struct, frozen=True):
    """What who reads has seen.

    Attributes:
        nascoste: cells that an earlier release hid, from whomever.
        dette: figures that this reader was shown, by row, column and measure: each value that they had.
    """

    nascoste: frozenset[Cella] = frozenset()
    dette: Mapping[tuple[str, str, str], frozenset[Decimal]] = {}

    def sapute(self, misura: str, ora: Mapping[Cella, Decimal | int]) -> set[Cella]:
        """The cells of a measure that were shown as they are now."""
        return {
            (riga, voce)
            for (riga, voce, quale), valori in self.dette.items()
            if quale == misura and (riga, voce) in ora and ora[riga, voce] in valori
        }


NIENTE: Final = Memoria()


class Uscita(msgspec.Struct, frozen=True):
    """A cell of an earlier release; ``letta``: this reader could read it."""

    pubblicazione: int
    dataset: str
    riga: str
    voce: str
    misura: str
    valore: Decimal | None
    soppressa: bool
    letta: bool


class Trattenuta(msgspec.Struct, frozen=True):
    """An indicator that cannot go out of a year: it did already, of periods of another length.

    Attributes:
        voci: its columns, all hidden.
        ora: how long its periods are, a key of :data:`DURATE`.
        uscite: how long those that went out are.
    """

    codice: str
    voci: tuple[str, ...]
    ora: str
    uscite: tuple[str, ...]


DURATE: Final[Mapping[str, str]] = {
    "": "annuale", "S": "semestrale", "T": "trimestrale", "mese": "mensile",
}  # fmt: skip
"""What a figure is called, by the length of its period."""


def ricorda(
    dataset: str, nostre: Mapping[Cella, Decimal], misura: str, uscite: Iterable[Uscita]
) -> Memoria:
    """Put together what was said. Pure.

    Args:
        dataset: which is about to be released.
        nostre: its persons, by comune and column.
        misura: what that measure is called.
        uscite: cells of the earlier releases of the year, of every dataset.
    """
    uscite = [*uscite]
    nascoste = _di_altri_periodi(nostre.keys(), [u for u in uscite if u.dataset == dataset])
    dette: dict[tuple[str, str, str], set[Decimal]] = {}
    altre: dict[tuple[int, str, str], list[Uscita]] = {}
    for una in uscite:
        if una.dataset == dataset:
            if una.soppressa:
                nascoste.add((una.riga, una.voce))
            elif una.letta and una.valore is not None:
                dette.setdefault((una.riga, una.voce, una.misura), set()).add(una.valore)
        if una.misura in (PERSONE, VALORE) and una.voce != TUTTE:
            altre.setdefault((una.pubblicazione, una.dataset, una.voce), []).append(una)
    per_voce: dict[str, dict[str, Decimal]] = {}
    for (riga, voce), valore in nostre.items():
        if valore:
            per_voce.setdefault(voce, {})[riga] = valore
    for (_, di, sua), celle in altre.items():
        for voce, colonna in per_voce.items():
            if (di, sua) != (dataset, voce) and _stesse(colonna, celle):
                for una in celle:
                    if una.soppressa:
                        nascoste.add((una.riga, voce))
                    elif una.letta and una.valore is not None:
                        dette.setdefault((una.riga, voce, misura), set()).add(una.valore)
    return Memoria(frozenset(nascoste), {k: frozenset(v) for k, v in dette.items()})


def _di_altri_periodi(nostre: Collection[Cella], uscite: Collection[Uscita]) -> set[Cella]:
    """All the cells of our columns that were released of other parts of the year.

    A year less a half of it is the other half: of an indicator that is now given more often, or less, what
    went out before stays the only thing that is said of the year.
    """
    righe = {u.riga for u in uscite}
    voci = che_chiudono((u.pubblicazione, u.voce, u.valore is not None) for u in uscite)
    return {
        (riga, voce)
        for voce in {v for _, v in nostre}
        if any(_altro_periodo(voce, una) for una in voci)
        for riga in righe.union(r for r, _ in nostre)
    }


def che_chiudono(uscite: Iterable[tuple[int, str, bool]]) -> set[str]:
    """The columns after which those of other periods do not go out. Pure.

    One that was withheld itself says nothing, and does not. One that was hidden because it is small does:
    two halves that are fewer than five each, and a year of eight, are four and four.

    Args:
        uscite: (publication, column, whether a figure was shown).
    """
    per_pubblicazione: dict[int, dict[str, bool]] = {}
    for quale, voce, mostrata in uscite:
        sue = per_pubblicazione.setdefault(quale, {})
        sue[voce] = sue.get(voce, False) or mostrata
    chiudono: set[str] = set()
    for _, sue in sorted(per_pubblicazione.items()):
        chiudono |= {
            voce
            for voce, mostrata in sue.items()
            if mostrata or not any(_altro_periodo(voce, una) for una in chiudono)
        }
    return chiudono


def trattieni(cifre: Iterable[Cifra], uscite: Collection[str]) -> tuple[Trattenuta, ...]:
    """The indicators that are hidden whole because of what went out before. Pure.

    Args:
        cifre: those of a release.
        uscite: the columns of earlier releases of the year, as :func:`che_chiudono`.
    """
    trovate: dict[str, list[str]] = {}
    for voce in _tutte_nascoste(cifre):
        if any(_altro_periodo(voce, una) for una in uscite):
            trovate.setdefault(voce.partition("@")[0], []).append(voce)
    return tuple(
        Trattenuta(
            codice, tuple(voci), _durata(voci[0].partition("@")[2]),
            tuple(sorted({_durata(u.partition("@")[2]) for u in uscite if _altro_periodo(voci[0], u)})),
        )
        for codice, voci in trovate.items()
    )  # fmt: skip


def _tutte_nascoste(cifre: Iterable[Cifra]) -> list[str]:
    nascoste: dict[str, bool] = {}
    for una in cifre:
        if una.misura != ABITANTI and una.voce != TUTTE:
            nascoste[una.voce] = nascoste.get(una.voce, True) and una.soppressa
    return sorted(voce for voce, tutta in nascoste.items() if tutta)


def _altro_periodo(una: str, altra: str) -> bool:
    """Whether two columns are of one indicator, and of periods of different lengths."""
    (codice, _, parte), (altro, _, sua) = una.partition("@"), altra.partition("@")
    return codice == altro and _durata(parte) != _durata(sua)


def _durata(parte: str) -> str:
    return "mese" if parte.isdigit() else parte[:1]


def _stesse(colonna: Mapping[str, Decimal], celle: Iterable[Uscita]) -> bool:
    """Whether a released column has the figures of ours, as far as it shows them."""
    loro = {una.riga: una.valore for una in celle if una.riga.isdigit()}
    note = {riga: valore for riga, valore in loro.items() if valore is not None}
    return (
        len([v for v in note.values() if v]) >= _NOTE_PER_ESSERE_UGUALI
        and colonna.keys() <= loro.keys()
        and all(colonna.get(riga, 0) == valore for riga, valore in note.items())
    )


async def memoria(
    dataset: str, anno: int, ats_id: int, nostre: Mapping[Cella, Decimal], misura: str
) -> Memoria:
    """What was said of the figures of a year, as an agency may know it: released to it, or opened."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT p.id, p.dataset, c.riga, c.voce, c.misura, c.valore, c.soppressa, "
        "p.ats_id = $3 OR EXISTS (SELECT 1 FROM apertura a WHERE a.ambito_id = p.ambito_id "
        "AND a.pubblicazione_id = p.id) FROM cifra_pubblicata c JOIN pubblicazione p "
        "ON p.ambito_id = c.ambito_id AND p.id = c.pubblicazione_id WHERE c.ambito_id = $1 "
        "AND p.anno = $2 AND c.misura <> 'abitanti' AND (p.dataset = $4 OR c.misura IN ('persone', 'valore'))",
        unita.ambito, anno, ats_id, dataset,
    )  # fmt: skip
    return ricorda(dataset, nostre, misura, (Uscita(*riga) for riga in righe))


async def trattenute(
    dataset: str, anno: int, cifre: Collection[Cifra], prima_di: int | None = None
) -> tuple[Trattenuta, ...]:
    """The indicators of a release that are withheld for what went out before.

    Args:
        dataset: of the release.
        anno: of its figures.
        cifre: its figures.
        prima_di: the publication that it is; None when it is not out yet.
    """
    if not _tutte_nascoste(cifre):
        return ()
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT p.id, c.voce, bool_or(c.valore IS NOT NULL) FROM cifra_pubblicata c JOIN pubblicazione p "
        "ON p.ambito_id = c.ambito_id AND p.id = c.pubblicazione_id WHERE c.ambito_id = $1 "
        "AND p.anno = $2 AND p.dataset = $3 AND c.misura <> 'abitanti' "
        "AND ($4::integer IS NULL OR p.id < $4) GROUP BY p.id, c.voce",
        unita.ambito, anno, dataset, prima_di,
    )  # fmt: skip
    return trattieni(cifre, che_chiudono((r[0], r[1], r[2]) for r in righe))
