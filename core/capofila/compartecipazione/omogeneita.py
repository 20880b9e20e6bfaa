"""How even a service is across the comuni: what it costs, what its users pay, how far from the mean.

The measures are those of the table «Poco omogeneità nella compartecipazione e nel costo dei servizi» of
the Piano di Zona of Cremona (12 March 2015): cost by user, share of the user, and what part of the cost
that share is. Pure but for :func:`leggi`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec
import polars as pl

from capofila.compartecipazione.adozioni import StatoAdozione, servizi
from capofila.compartecipazione.blocco import in_centesimi
from capofila.compartecipazione.ricalcoli import decise_il, quote_adesso
from capofila.compartecipazione.schemi import Risolto
from capofila.prestazioni import service as prestazioni

ZERO: Final = Decimal(0)


class Misura(msgspec.Struct, frozen=True, kw_only=True):
    """The users of a comune, or of all; sums in euro."""

    utenti: int = 0
    con_costo: int = 0
    costo: Decimal = ZERO
    con_quota: int = 0
    quota: Decimal = ZERO
    decise: int = 0
    completi: int = 0
    """Both are known."""
    costo_completi: Decimal = ZERO
    quota_completi: Decimal = ZERO

    @property
    def costo_medio(self) -> Decimal | None:
        """By user whose cost is known."""
        return _tondo(self.costo, self.con_costo, "0.01")

    @property
    def quota_media(self) -> Decimal | None:
        """By user whose share is known."""
        return _tondo(self.quota, self.con_quota, "0.01")

    @property
    def incidenza(self) -> Decimal | None:
        """What part of the cost the users pay, of those of whom both are known."""
        return _tondo(self.quota_completi, self.costo_completi, "0.0001")


def _tondo(somma: Decimal, su: Decimal | int, posto: str) -> Decimal | None:
    return (somma / su).quantize(Decimal(posto), rounding=ROUND_HALF_UP) if su else None


class Omogeneita(msgspec.Struct, frozen=True, kw_only=True):
    """A service across the comuni on a day."""

    servizio: str
    denominazione: str
    dimostrativo: bool
    unita: str
    giorno: date
    comuni: dict[str, Misura]
    """By Belfiore code."""
    ambito: Misura
    adozioni: dict[str, StatoAdozione | None]
    motivi: dict[str, int]
    """Why somebody has no share, and how many."""
    codice_prestazione: str | None = None
    registrate: dict[str, Misura] = {}
    """The same measures of the records of the ledger that hold on the day."""


def per_comune(utenti: pl.DataFrame) -> dict[str, Misura]:
    """The measure of each comune.

    Args:
        utenti: by ``comune``; ``costo`` of a month (of a year for yearly tariffs) in hundredths of a
            cent and ``quota`` in cents, empty where not known; whether it was ``decisa``.
    """
    costo, quota = pl.col("costo").cast(pl.Int128), pl.col("quota").cast(pl.Int128)
    completi = costo.is_not_null() & quota.is_not_null()
    gruppi = utenti.group_by("comune").agg(
        pl.len().alias("utenti"),
        costo.count().alias("con_costo"), costo.sum().alias("costo"),
        quota.count().alias("con_quota"), quota.sum().alias("quota"),
        pl.col("decisa").sum().alias("decise"), completi.sum().alias("completi"),
        costo.filter(completi).sum().alias("costo_completi"),
        quota.filter(completi).sum().alias("quota_completi"),
    )  # fmt: skip
    posti = {"costo": -4, "costo_completi": -4, "quota": -2, "quota_completi": -2}
    misure = {}
    for riga in gruppi.sort("comune").iter_rows(named=True):
        cifre: dict[str, Any] = {
            nome: Decimal(valore).scaleb(posti[nome]) if nome in posti else valore
            for nome, valore in riga.items()
            if nome != "comune"
        }
        misure[riga["comune"]] = Misura(**cifre)
    return misure


def somma(misure: Mapping[str, Misura]) -> Misura:
    """All of them together."""
    return Misura(
        **{
            nome: sum((getattr(una, nome) for una in misure.values()), getattr(Misura(), nome))
            for nome in Misura.__struct_fields__
        }
    )


async def leggi(servizio: str, giorno: date) -> Omogeneita:
    """A service on a day, from what the unit of work shows.

    The share of a user is what was decided and holds on the day; where nothing was, what the rule gives.
    Her cost is the recorded one of a unit, or that of the scheme, by her quantity.
    """
    trovato = (await servizi(giorno)).get(servizio)
    decise = await decise_il(servizio, giorno)
    utenti, valgono = await quote_adesso(servizio, giorno)
    della_persona = [decise.get(assistito) for assistito in utenti["assistito"]]
    decisa = pl.Series([una is not None for una in della_persona], dtype=pl.Boolean)
    utenti = utenti.with_columns(
        pl.coalesce(
            pl.col("costo"),
            pl.col("comune").replace_strict(
                [*valgono], [_costo(v.risolto) for v in valgono.values()], return_dtype=pl.Int64
            ),
        ) * pl.col("quantita"),
        pl.coalesce(
            in_centesimi(None if una is None else una[1] for una in della_persona),
            pl.col("quota"),
        ).alias("quota"),
        decisa.alias("decisa"),
    )  # fmt: skip
    comuni = per_comune(utenti)
    codice = None if trovato is None else trovato.codice_prestazione
    return Omogeneita(
        servizio=servizio,
        denominazione=servizio if trovato is None else trovato.denominazione,
        dimostrativo=trovato is not None and trovato.dimostrativo,
        unita="" if trovato is None else trovato.unita,
        giorno=giorno,
        comuni=comuni,
        ambito=somma(comuni),
        adozioni={c: None if v.adozione is None else v.adozione.stato for c, v in valgono.items()},
        motivi=dict(Counter(utenti.filter(pl.col("quota").is_null())["motivo"])),
        codice_prestazione=codice,
        registrate={} if codice is None else await _registrate(codice, giorno),
    )


def _costo(risolto: Risolto | None) -> int | None:
    """What a unit costs in cents, where the scheme says it."""
    if risolto is None or risolto.costo is None:
        return None
    return int(risolto.letti[risolto.costo].valore.scaleb(2))


async def _registrate(codice: str, giorno: date) -> dict[str, Misura]:
    return {
        comune: Misura(
            utenti=quante, con_costo=quante, costo=costo, con_quota=con_quota, quota=quota,
            completi=con_quota, costo_completi=costo_con_quota, quota_completi=quota,
        )
        for comune, quante, costo, con_quota, costo_con_quota, quota in await prestazioni.quote_mensili(
            codice, giorno
        )
    }  # fmt: skip
