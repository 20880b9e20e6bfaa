"""The curve of a scheme: what is paid by the ISEE, at the points where the rule bends and between them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

import polars as pl

from capofila.base.errori import DatiNonValidi
from capofila.compartecipazione.blocco import CENTO, quote
from capofila.compartecipazione.calcolo import Caso
from capofila.compartecipazione.isee import ISEE_MASSIMO
from capofila.compartecipazione.schemi import Esente, Fasce, Proporzionale, Risolto, Tratti

_FRA: Final = 120
"""Points between one end and the other, beside those where the rule bends."""
_OLTRE: Final = Decimal("1.2")
_MIGLIAIA: Final = 1_000 * CENTO


def soglie(risolto: Risolto) -> list[int]:
    """The ISEE at which the rule bends, in cents, and the first cent beyond each."""
    valori = {_centesimi(valore) for valore in _soglie(risolto)}
    return sorted(c for v in valori for c in (v, v + 1) if v <= ISEE_MASSIMO * CENTO)


def _soglie(risolto: Risolto) -> Iterator[Decimal]:
    letti = risolto.letti
    for passo in risolto.passi:
        match passo:
            case Esente(fino_a=fino_a):
                yield letti[fino_a].valore
            case Tratti(nodi=nodi):
                yield from (letti[nodo.isee].valore for nodo in nodi)
            case Fasce(fasce=fasce):
                yield from (letti[g.fino_a].valore for g in fasce if g.fino_a is not None)
            case Proporzionale(isee_finale=finale, minima=minima):
                yield letti[finale].valore
                if minima is not None:
                    yield letti[finale].valore * letti[minima].valore / CENTO


def _centesimi(valore: Decimal) -> int:
    return math.floor(valore * CENTO)


def punti(risolti: Iterable[Risolto]) -> tuple[list[int], list[int]]:
    """ISEE in cents for the table, and for the drawing of one or more schemes.

    Those of the table are zero, where a rule bends, and something beyond the last bend; there are none
    where no rule looks at the ISEE.
    """
    piegano = sorted({cento for risolto in risolti for cento in soglie(risolto)})
    if not piegano:
        return [], []
    fine = math.ceil(piegano[-1] * _OLTRE / _MIGLIAIA) * _MIGLIAIA
    tavola = sorted({0, *piegano, fine})
    fra = (fine * posto // _FRA for posto in range(_FRA + 1))
    return tavola, sorted({*tavola, *fra})


def quote_per_isee(
    risolto: Risolto, caso: Caso, isee: list[int]
) -> Mapping[Decimal, Decimal | None]:
    """What a case would pay with each ISEE; nothing where the case lacks what the scheme looks at.

    Args:
        risolto: a scheme on a day.
        caso: everything but the ISEE.
        isee: in cents.
    """
    colonne: dict[str, object] = {"isee": pl.Series(isee, dtype=pl.Int64)}
    for nome in ("quantita", "costo", "punti", "disponibile"):
        valore: Decimal | None = getattr(caso, nome)
        if valore is not None:
            colonne[nome] = pl.repeat(int(valore * CENTO), len(isee), dtype=pl.Int64, eager=True)
    for nome in caso.condizioni:
        colonne[nome] = pl.repeat(True, len(isee), dtype=pl.Boolean, eager=True)
    try:
        fatte = quote(risolto, pl.DataFrame(colonne))
    except DatiNonValidi:
        return {}
    return {
        Decimal(uno).scaleb(-2): None if quota is None else Decimal(quota).scaleb(-2)
        for uno, quota in zip(isee, fatte, strict=True)
    }
