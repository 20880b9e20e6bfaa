"""The dataset of the indicators: each is a table of its own, for they do not add up to anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from capofila.confronto.rules import ABITANTI, SENZA_CAPOLUOGO, TUTTI, Cifra
from capofila.confronto.soppressione import TUTTE, Cella, Tavola, sopprimi
from capofila.conoscenza import service as conoscenza
from capofila.conoscenza.service import DaRilasciare, Rilascio

VALORE: Final = "valore"
SOPRA: Final = "sopra"
SOTTO: Final = "sotto"


def tavola_di(uno: DaRilasciare, capoluogo: str | None) -> Tavola:
    """The shape of an indicator: its comuni with their sums, or the ambito alone."""
    if not uno.comuni:
        return Tavola((TUTTI,), (uno.codice,), {})
    righe = tuple(sorted(uno.comuni))
    if capoluogo not in righe or len(righe) < 2:
        return Tavola(righe, (uno.codice,), dict.fromkeys(righe, TUTTI))
    sopra = {r: TUTTI if r == capoluogo else SENZA_CAPOLUOGO for r in righe}
    return Tavola(righe, (uno.codice,), {**sopra, SENZA_CAPOLUOGO: TUTTI})


def cifre_di(
    uno: DaRilasciare, capoluogo: str | None, soglia: int, gia: Iterable[Cella]
) -> dict[str, Cifra]:
    """The figures of an indicator by row, the small ones and those beside them hidden.

    Args:
        uno: the indicator.
        capoluogo: its ISTAT code.
        soglia: a figure of fewer persons is not shown.
        gia: cells that an earlier version hid.
    """
    tavola = tavola_di(uno, capoluogo)
    contate = uno.comuni or {TUTTI: uno.ambito or Decimal(0)}
    piene = tavola.completa({(riga, uno.codice): v for riga, v in contate.items()})
    nascoste: frozenset[Cella] = frozenset()
    if uno.persone:
        # The column and its total are the same figures: who knows one knows the other.
        prima = [(r, c) for r, codice in gia if codice == uno.codice for c in (uno.codice, TUTTE)]
        nascoste = sopprimi(tavola, piene, soglia, gia=prima)
    via = {riga for riga, _ in nascoste}
    return {
        riga: Cifra(
            riga,
            uno.codice,
            VALORE,
            None if riga in via else Decimal(piene[riga, uno.codice]),
            riga in via,
        )
        for riga in tavola.tutte_le_righe
    }


def cifre(
    rilascio: Rilascio, capoluogo: str | None, soglia: int, gia: Iterable[Cella] = ()
) -> tuple[Cifra, ...]:
    """All that is released of a year: indicators, the terms of their ratios, inhabitants."""
    hanno = [*gia]
    per_codice: Mapping[str, Mapping[str, Cifra]] = {
        uno.codice: cifre_di(uno, capoluogo, soglia, hanno) for uno in rilascio.indicatori
    }
    uscite = [c for righe in per_codice.values() for c in righe.values()]
    for codice, (_, sopra, sotto) in rilascio.rapporti.items():
        uno, altro = per_codice[sopra], per_codice[sotto]
        for riga in uno.keys() & altro.keys():
            # A ratio is of two shown figures; it never hides less than its terms.
            via = uno[riga].soppressa or altro[riga].soppressa
            uscite += [
                Cifra(riga, codice, misura, None if via else termine[riga].valore, via)
                for misura, termine in ((SOPRA, uno), (SOTTO, altro))
            ]
    righe = {c.riga for c in uscite}
    abitanti = {
        TUTTI: rilascio.dove.ambito.abitanti,
        **{i: t.abitanti for i, t in rilascio.dove.comuni.items()},
    }
    altri = [t.abitanti for i, t in rilascio.dove.comuni.items() if i != capoluogo]
    noti = [n for n in altri if n is not None]
    abitanti[SENZA_CAPOLUOGO] = sum(noti) if len(noti) == len(altri) else None
    uscite += [
        Cifra(riga, TUTTE, ABITANTI, Decimal(quanti))
        for riga, quanti in abitanti.items() if riga in righe and quanti is not None
    ]  # fmt: skip
    return tuple(sorted(uscite, key=lambda c: (c.riga, c.voce, c.misura)))


async def rilascio(anno: int) -> Rilascio:
    """What may be released of a year."""
    return await conoscenza.da_rilasciare(anno)
