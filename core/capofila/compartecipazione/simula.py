"""What a change of the rule would do: who pays more or less, in which band, and what it costs each comune.

Two ways to compute the same cases side by side, in exact cents by :mod:`blocco`. Whoever has no quota by
one of them is counted apart, and is in no total: otherwise a rule without a tariff for who has no ISEE
would look like a saving.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
import polars as pl

from capofila.base.errori import DatiNonValidi
from capofila.compartecipazione.blocco import CENTO, quote
from capofila.compartecipazione.schemi import CIFRE_MASSIME, DECIMALI, Risolto, non_tengono

FASCE: Final = tuple(map(Decimal, (3_000, 6_000, 10_000, 15_000, 20_000, 30_000)))
"""Bands of ISEE that the results are told by, where nobody asks for others: up to each, it included."""
PROVA: Final = "Valore di prova, di nessun atto"


class Variazione(msgspec.Struct, frozen=True, kw_only=True):
    """What changes for some people; amounts in euro, of those who have a quota both ways."""

    persone: int
    di_piu: int
    """They would pay more."""
    di_meno: int
    uguali: int
    senza_quota: int
    """One of the two ways gives none for them."""
    prima: Decimal
    """What they pay."""
    dopo: Decimal
    """What they would pay."""

    @property
    def differenza(self) -> Decimal:
        """What people would pay more; below zero less."""
        return self.dopo - self.prima

    @property
    def costo(self) -> Decimal:
        """What it costs whoever pays the rest; below zero it is saved."""
        return self.prima - self.dopo


class Fascia(msgspec.Struct, frozen=True, kw_only=True):
    """Some people by their ISEE: beyond one value, up to another."""

    oltre: Decimal | None = None
    """None for the first band, and for whoever has no ISEE."""
    fino_a: Decimal | None = None
    """None for the last band, and for whoever has no ISEE."""
    con_isee: bool = True
    cambia: Variazione


class Effetto(msgspec.Struct, frozen=True, kw_only=True):
    """What changes for all, by band of ISEE and by comune."""

    tutti: Variazione
    fasce: tuple[Fascia, ...]
    """Those that have people; last whoever has no ISEE."""
    comuni: dict[str, Variazione]
    """By the key that the cases have, in its order."""


def con_valori(risolto: Risolto, valori: Mapping[str, Decimal]) -> Risolto:
    """A scheme with other figures for some of its parameters, on the same day; its trace says it is a trial.

    Raises:
        DatiNonValidi: a parameter that the scheme does not read on that day, a figure out of bounds, or
            nodes, bands and percentages that no scheme could declare.
    """
    letti = dict(risolto.letti)
    for nome, valore in valori.items():
        if nome not in letti:
            raise DatiNonValidi(f"In quel giorno lo schema non legge il parametro «{nome}».")
        if (
            not valore.is_finite()
            or not 0 <= valore <= CIFRE_MASSIME
            or valore != round(valore, DECIMALI)
        ):
            raise DatiNonValidi(f"Il valore di «{nome}» non va bene: scrivi una cifra come 2,19.")
        if valore != letti[nome].valore:
            letti[nome] = msgspec.structs.replace(
                letti[nome], valore=valore, dal=risolto.giorno, atto=PROVA, ipotesi=True
            )
    provato = msgspec.structs.replace(risolto, letti=letti)
    cifre = {nome: letto.valore for nome, letto in letti.items()}
    if difetti := [*non_tengono(provato.passi, cifre, provato.costo)]:
        raise DatiNonValidi(" ".join(f"Con questi valori {difetto}" for difetto in difetti))
    return provato


def a_confronto(prima: Risolto, dopo: Risolto, casi: pl.DataFrame) -> pl.DataFrame:
    """The quotas of each case both ways, in cents: ``comune``, ``isee``, ``prima``, ``dopo``.

    Cases whose comuni have different schemes are put side by side a scheme at a time, and their frames
    one under the other.

    Args:
        prima: the rule as it is.
        dopo: the rule as it would be.
        casi: as :func:`blocco.quote`, with the key of the comune in ``comune``.

    Raises:
        DatiNonValidi: as :func:`blocco.quote`; or the two quotas are of different units.
    """
    if prima.unita != dopo.unita:
        raise DatiNonValidi(
            f"I due schemi non sono della stessa unità ({prima.unita} e {dopo.unita}): le quote non si "
            "possono confrontare."
        )
    isee = casi["isee"] if "isee" in casi.columns else pl.Series([None] * len(casi), dtype=pl.Int64)
    return pl.DataFrame(
        {
            "comune": casi["comune"],
            "isee": isee,
            "prima": quote(prima, casi),
            "dopo": quote(dopo, casi),
        }
    )


def riassumi(quote: pl.DataFrame, fasce: Sequence[Decimal] = FASCE) -> Effetto:
    """The effect, from the frames of :func:`a_confronto`.

    Raises:
        DatiNonValidi: the limits of the bands do not grow.
    """
    limiti = [int(limite * CENTO) for limite in fasce]
    if sorted(set(limiti)) != limiti:
        raise DatiNonValidi("I limiti delle fasce devono crescere.")
    fascia = pl.lit(None, pl.Int32)
    for posto, limite in reversed([*enumerate(limiti)]):
        fascia = pl.when(pl.col("isee") <= limite).then(posto).otherwise(fascia)
    fascia = (
        pl.when(pl.col("isee").is_null())
        .then(len(limiti) + 1)
        .otherwise(fascia.fill_null(len(limiti)))
    )
    per_fascia = _per(quote, fascia)
    return Effetto(
        tutti=_per(quote, pl.lit(0)).get(0) or _variazione(*[0] * 7),
        fasce=tuple(
            Fascia(
                oltre=fasce[posto - 1] if 0 < posto <= len(limiti) else None,
                fino_a=fasce[posto] if posto < len(limiti) else None,
                con_isee=posto <= len(limiti),
                cambia=variazione,
            )
            for posto, variazione in per_fascia.items()
        ),
        comuni=_per(quote, pl.col("comune")),
    )


def _per(quote: pl.DataFrame, chiave: pl.Expr) -> dict[Any, Variazione]:
    """The sums by a key, in the order of it; beyond 63 bits too."""
    prima, dopo = pl.col("prima"), pl.col("dopo")
    tutt_e_due = prima.is_not_null() & dopo.is_not_null()
    gruppi = (
        quote.group_by(chiave.alias("chiave"))
        .agg(
            pl.len(),
            (dopo > prima).sum().alias("di_piu"),
            (dopo < prima).sum().alias("di_meno"),
            (dopo == prima).sum().alias("uguali"),
            (~tutt_e_due).sum().alias("senza"),
            prima.filter(tutt_e_due).cast(pl.Int128).sum().alias("somma_prima"),
            dopo.filter(tutt_e_due).cast(pl.Int128).sum().alias("somma_dopo"),
        )
        .sort("chiave")
    )
    return {chiave: _variazione(*cifre) for chiave, *cifre in gruppi.iter_rows()}


def _variazione(
    persone: int, di_piu: int, di_meno: int, uguali: int, senza: int, prima: int, dopo: int
) -> Variazione:
    return Variazione(
        persone=persone, di_piu=di_piu, di_meno=di_meno, uguali=uguali, senza_quota=senza,
        prima=Decimal(prima).scaleb(-2), dopo=Decimal(dopo).scaleb(-2),
    )  # fmt: skip
