"""What others have published of the social spending: as printed, with its source, never mended.

Sources: the presentation on the welfare of the three distretti of Cremona (March 2014, figures of
2011) and «Insieme verso il Piano di Zona» (Cremona, 12 March 2015, figures of 2012). Figures stand at
the level at which they were published. Sums that should hold among them are declared below; one that
does not is told with its difference.
"""

from __future__ import annotations

import csv
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Final

import msgspec

FONTI: Final = {
    "000": "Il welfare dei tre distretti cremonesi, presentazione, marzo 2014",
    "002": "Insieme verso il Piano di Zona, Comune di Cremona e Azienda Sociale Cremonese, "
    "12 marzo 2015",
}

Chiave = tuple[int, str, str, str]
"""Year, territory, perimeter, measure."""


class Figura(msgspec.Struct, frozen=True, kw_only=True):
    """A published number, with the decimals with which it was printed."""

    fonte: str
    anno: int
    territorio: str
    perimetro: str
    misura: str
    valore: Decimal

    @property
    def chiave(self) -> Chiave:
        """What it is the value of; each is published once."""
        return (self.anno, self.territorio, self.perimetro, self.misura)


class Identita(msgspec.Struct, frozen=True, kw_only=True):
    """Published figures that should make another one, or a number known by itself (100 %)."""

    addendi: tuple[Chiave, ...]
    totale: Chiave | Decimal


class Confronto(msgspec.Struct, frozen=True, kw_only=True):
    """An identity computed again."""

    identita: Identita
    pubblicato: Decimal
    calcolato: Decimal

    @property
    def differenza(self) -> Decimal:
        """What was published less what comes out; zero when it adds up."""
        return self.pubblicato - self.calcolato


@lru_cache(maxsize=1)
def figure() -> dict[Chiave, Figura]:
    """All that is published and held here."""
    testo = (files(__package__) / "pubblicate.csv").read_text("utf-8")
    lette = [
        Figura(
            fonte=FONTI[riga["fonte"]],
            anno=int(riga["anno"]),
            territorio=riga["territorio"],
            perimetro=riga["perimetro"],
            misura=riga["misura"],
            valore=Decimal(riga["valore"]),
        )
        for riga in csv.DictReader(testo.splitlines())
    ]
    return {una.chiave: una for una in lette}


_DISTRETTI: Final = ("casalmaggiore", "crema", "cremona")


def identita() -> tuple[Identita, ...]:
    """The sums that should hold."""
    return (
        *(
            Identita(
                addendi=tuple((2011, uno, "intero", misura) for uno in _DISTRETTI),
                totale=(2011, "provincia", "intero", misura),
            )
            for misura in ("totale", "aziende", "comuni")
        ),
        *(
            Identita(
                addendi=((2011, uno, "intero", "aziende"), (2011, uno, "intero", "comuni")),
                totale=(2011, uno, "intero", "totale"),
            )
            for uno in (*_DISTRETTI, "provincia")
        ),
        *(
            Identita(
                addendi=((2012, "cremona", uno, "associata"), (2012, "cremona", uno, "diretta")),
                totale=(2012, "cremona", uno, "totale"),
            )
            for uno in ("intero", "senza_capoluogo")
        ),
        Identita(
            addendi=tuple(k for k in sorted(figure()) if k[3].startswith("target_pct/")),
            totale=Decimal(100),
        ),
    )


def confronti() -> tuple[Confronto, ...]:
    """Every identity, computed again on the published figures."""
    note = figure()
    return tuple(
        Confronto(
            identita=una,
            pubblicato=una.totale if isinstance(una.totale, Decimal) else note[una.totale].valore,
            calcolato=sum((note[k].valore for k in una.addendi), Decimal(0)),
        )
        for una in identita()
    )
