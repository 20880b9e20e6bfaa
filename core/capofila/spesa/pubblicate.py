"""What others have published of the social spending: as printed, with its source, never mended.

Sources: the presentation on the welfare of the three distretti of Cremona (March 2014, figures of
2011) and «Insieme verso il Piano di Zona» (Cremona, 12 March 2015, figures of 2012). Figures stand at
the level at which they were published. Sums that should hold among them are declared below; one that
does not is told with its difference.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
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


# What was published and is made of other numbers, beside what our own formulas make of them.


class Derivata(msgspec.Struct, frozen=True, kw_only=True):
    """A published number that is made of others.

    Attributes:
        calcolato: what our formula makes of the terms, at the decimals of the print; None where a
            term is neither published nor held.
        termini: on what it was computed.
        ragione: why it may differ; empty where it is computed on published terms only.
    """

    figura: Figura
    calcolato: Decimal | None
    termini: str
    ragione: str = ""

    @property
    def differenza(self) -> Decimal | None:
        """What was published less what comes out."""
        return None if self.calcolato is None else self.figura.valore - self.calcolato


_PUBBLICATI: Final = "termini pubblicati"


def derivate(abitanti: Mapping[str, int]) -> tuple[Derivata, ...]:
    """The derived figures, computed again.

    Args:
        abitanti: of 2011, by territory (``crema``, ``cremona``, ``casalmaggiore``), as far as they
            are held; that of the province is their sum.
    """
    note = figure()

    def valore(*chiave_: int | str) -> Decimal:
        return note[chiave_].valore  # type: ignore[index]

    def una(
        chiave_: Chiave, calcolato: Decimal | None, termini: str = _PUBBLICATI, ragione: str = ""
    ) -> Derivata:
        figura = note[chiave_]
        if calcolato is not None:
            calcolato = calcolato.quantize(figura.valore, ROUND_HALF_UP)
        return Derivata(figura=figura, calcolato=calcolato, termini=termini, ragione=ragione)

    def in_cento(parte: Decimal, totale: Decimal) -> Decimal:
        # Rounded once, to the decimals of the print.
        return parte * 100 / totale

    residenti = dict(abitanti)
    if {*_DISTRETTI} <= {*residenti}:
        residenti["provincia"] = sum(residenti[nome] for nome in _DISTRETTI)
    trovate = []
    for nome in (*_DISTRETTI, "provincia"):
        totale = valore(2011, nome, "intero", "totale")
        trovate.append(
            una(
                (2011, nome, "intero", "quota_aziende_pct"),
                in_cento(valore(2011, nome, "intero", "aziende"), totale),
            )
        )
        trovate.append(
            una(
                (2011, nome, "intero", "totale_pro_capite"),
                totale / residenti[nome] if nome in residenti else None,
                f"{residenti[nome]} abitanti al censimento del 2011" if nome in residenti else "",
                "La popolazione con cui fu calcolata non è pubblicata"
                + (
                    ": qui si divide per quella del censimento del 2011, l'unica che si ha."
                    if nome in residenti
                    else ", e qui manca."
                ),
            )
        )
    for perimetro in ("intero", "senza_capoluogo"):
        trovate.append(
            una(
                (2012, "cremona", perimetro, "quota_associata_pct"),
                in_cento(
                    valore(2012, "cremona", perimetro, "associata"),
                    valore(2012, "cremona", perimetro, "totale"),
                ),
            )
        )
    servizi = (2012, "cremona", "dieci_servizi")
    comuni, utente = (
        valore(*servizi, nome) for nome in ("comuni_per_utente", "quota_utenti_per_utente")
    )
    utenti = int(valore(*servizi, "utenti"))
    trovate += [
        una((*servizi, "comuni_per_utente"), valore(*servizi, "comuni") / utenti),
        una(
            (*servizi, "incidenza_utenti_pct"),
            in_cento(utente, comuni + utente),
        ),
        una(
            (2012, "cremona", "intero", "sostegno_reddito_per_maggiorenne"), None, "",
            "Il numero dei maggiorenni con cui fu calcolata non è pubblicato e qui non si ha.",
        ),
    ]  # fmt: skip
    return tuple(trovate)
