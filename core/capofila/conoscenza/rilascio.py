"""What of a year may be released: figures that were given, of the ambito or of all its comuni.

What the rooms compute is not here: they release it themselves, and two patterns of hidden cells over the
same figures could be subtracted from each other. Why: docs/perche/conoscenza.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from capofila.conoscenza.catalogo import Catalogo, catalogo
from capofila.conoscenza.rules import AMBITO, Valore
from capofila.conoscenza.valori import Luoghi, luoghi, valori


class DaRilasciare(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of an indicator.

    Attributes:
        persone: small ones would show persons.
        comuni: by ISTAT code, of all the comuni or of none.
        ambito: its own figure, where the comuni have none.
    """

    codice: str
    nome: str
    persone: bool
    comuni: Mapping[str, Decimal]
    ambito: Decimal | None


class Rilascio(msgspec.Struct, frozen=True, kw_only=True):
    """A year.

    Attributes:
        rapporti: of each ratio, its name and its two terms, which are among the indicators.
        incompleti: codes of those that some comuni have and others have not.
    """

    indicatori: tuple[DaRilasciare, ...]
    rapporti: Mapping[str, tuple[str, str, str]]
    incompleti: tuple[str, ...]
    dove: Luoghi


def scegli(noto: Catalogo, dove: Luoghi, dati: list[Valore]) -> Rilascio:
    """What may be released of the figures of a year. Means and amounts go out of the ambito only."""
    per_codice: dict[str, dict[str, Decimal]] = {}
    for uno in dati:
        if uno.anno == dove.anno and uno.codice in noto.per_codice:
            per_codice.setdefault(uno.codice, {})[uno.territorio] = uno.valore
    buoni: dict[str, DaRilasciare] = {}
    incompleti = []
    for codice, celle in per_codice.items():
        indicatore = noto.uno(codice)
        conta = indicatore.somma and indicatore.unita != "euro"
        comuni = {i: v for i, v in celle.items() if i in dove.comuni} if conta else {}
        if len(comuni) < len(dove.comuni):
            incompleti += [codice] if comuni else []
            comuni = {}
        if comuni or AMBITO in celle:
            detta = f"{codice} {indicatore.denominazione}"
            buoni[codice] = DaRilasciare(
                codice=codice, nome=f"{detta} ({indicatore.unita})" if indicatore.unita else detta,
                persone=indicatore.persone, comuni=comuni,
                ambito=None if comuni else celle.get(AMBITO),
            )  # fmt: skip
    return Rilascio(
        indicatori=tuple(buoni[c] for c in sorted(buoni)),
        rapporti={
            u.codice: (f"{u.codice} {u.denominazione} (rapporto)", u.sopra, u.sotto)
            for u in noto.per_codice.values()
            if u.sopra in buoni and u.sotto in buoni and u.sopra is not None and u.sotto is not None
        },
        incompleti=tuple(sorted(incompleti)),
        dove=dove,
    )  # fmt: skip


async def da_rilasciare(anno: int) -> Rilascio:
    """What may be released of a year, in a unit of work of the whole ambito."""
    return scegli(await catalogo(), await luoghi(anno), await valori([anno]))
