"""The dataset of the indicators: each is a table of its own, for they do not add up to anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from capofila.confronto.memoria import NIENTE, VALORE, Memoria
from capofila.confronto.rules import ABITANTI, SENZA_CAPOLUOGO, TUTTI, Cifra
from capofila.confronto.soppressione import TUTTE, Cella, Tavola, sopprimi
from capofila.conoscenza import service as conoscenza
from capofila.conoscenza.service import DaRilasciare, Rilascio

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
    uno: DaRilasciare, capoluogo: str | None, soglia: int, prima: Memoria = NIENTE,
    altre: Iterable[str] = (),
) -> dict[str, Cifra]:  # fmt: skip
    """The figures of an indicator by row, the small ones and those beside them hidden.

    Args:
        uno: the indicator.
        capoluogo: its ISTAT code.
        soglia: a figure of fewer persons is not shown.
        prima: what was said of them before.
        altre: rows that are hidden too.
    """
    tavola, piene = tavola_di(uno, capoluogo), piene_di(uno, capoluogo)
    nascoste: frozenset[Cella] = frozenset()
    if uno.persone:
        # The column and its total are the same figures: who knows one knows the other.
        via = {r for r, codice in prima.nascoste if codice == uno.codice}.union(altre)
        note = {r for r, c in prima.sapute(VALORE, piene) if c == uno.codice}
        nascoste = sopprimi(
            tavola, piene, soglia, gia=_doppie(via, uno.codice), sapute=[_doppie(note, uno.codice)]
        )
    nascoste_righe = {riga for riga, _ in nascoste}
    return {
        riga: Cifra(
            riga, uno.codice, VALORE,
            None if riga in nascoste_righe else Decimal(piene[riga, uno.codice]), riga in nascoste_righe,
        )
        for riga in tavola.tutte_le_righe
    }  # fmt: skip


def piene_di(uno: DaRilasciare, capoluogo: str | None) -> dict[Cella, Decimal | int]:
    """All the figures of an indicator, the sums too."""
    contate = uno.comuni or {TUTTI: uno.ambito or Decimal(0)}
    return tavola_di(uno, capoluogo).completa({(r, uno.codice): v for r, v in contate.items()})


def _doppie(righe: Iterable[str], codice: str) -> list[Cella]:
    return [(riga, c) for riga in righe for c in (codice, TUTTE)]


def _complementi(rilascio: Rilascio, capoluogo: str | None, soglia: int) -> dict[str, set[str]]:
    """Rows of the terms that are few less than what divides them, by code.

    Ninety-eight out of a hundred tells of two: a part is hidden where the rest of it is small.
    """
    piene = {uno.codice: (uno, piene_di(uno, capoluogo)) for uno in rilascio.indicatori}
    trovate: dict[str, set[str]] = {}
    for _, sopra, sotto in rilascio.rapporti.values():
        (parte, sue), (tutto, loro) = piene[sopra], piene[sotto]
        if not (parte.persone and tutto.persone):
            continue
        comuni = {r for r, c in sue if c == sopra} & {r for r, c in loro if c == sotto}
        trovate.setdefault(sopra, set()).update(
            r for r in comuni if 0 < loro[r, sotto] - sue[r, sopra] < soglia
        )
    return trovate


def cifre(
    rilascio: Rilascio, capoluogo: str | None, soglia: int, prima: Memoria = NIENTE
) -> tuple[Cifra, ...]:
    """All that is released of a year: indicators, the terms of their ratios, inhabitants."""
    resti = _complementi(rilascio, capoluogo, soglia)
    per_codice: Mapping[str, Mapping[str, Cifra]] = {
        uno.codice: cifre_di(uno, capoluogo, soglia, prima, resti.get(uno.codice, ()))
        for uno in rilascio.indicatori
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
