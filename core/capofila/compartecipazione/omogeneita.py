"""How even a service is across the comuni: what it costs, what its users pay, how far from the mean.

The measures are those of the table «Poco omogeneità nella compartecipazione e nel costo dei servizi» of
the Piano di Zona of Cremona (12 March 2015): cost by user, share of the user, and what part of the cost
that share is. Pure but for :func:`leggi`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from capofila.compartecipazione.adozioni import StatoAdozione, servizi
from capofila.compartecipazione.calcolo import Motivo
from capofila.compartecipazione.ricalcoli import decise_il, quote_adesso
from capofila.prestazioni import service as prestazioni

ZERO: Final = Decimal(0)


class Utente(msgspec.Struct, frozen=True, kw_only=True):
    """A user: cost and share of a month (of a year for yearly tariffs), in euro; None where not known."""

    comune: str
    costo: Decimal | None
    quota: Decimal | None
    decisa: bool = False
    motivo: Motivo | None = None


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


def misura(utenti: Iterable[Utente]) -> Misura:
    """The measure of some users."""
    tutti = list(utenti)
    costi = [u.costo for u in tutti if u.costo is not None]
    quote = [u.quota for u in tutti if u.quota is not None]
    completi = [(u.costo, u.quota) for u in tutti if u.costo is not None and u.quota is not None]
    return Misura(
        utenti=len(tutti), con_costo=len(costi), costo=sum(costi, ZERO), con_quota=len(quote),
        quota=sum(quote, ZERO), decise=sum(u.decisa for u in tutti), completi=len(completi),
        costo_completi=sum((c for c, _ in completi), ZERO),
        quota_completi=sum((q for _, q in completi), ZERO),
    )  # fmt: skip


def per_comune(utenti: Iterable[Utente]) -> dict[str, Misura]:
    """The measure of each comune."""
    gruppi: dict[str, list[Utente]] = {}
    for uno in utenti:
        gruppi.setdefault(uno.comune, []).append(uno)
    return {comune: misura(suoi) for comune, suoi in gruppi.items()}


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
    utenti, adottato = [], dict[str, StatoAdozione | None]()
    for uno, quota, vigenza in await quote_adesso(servizio, giorno):
        decisa = decise.get(uno.assistito)
        costo, risolto = uno.caso.costo, vigenza.risolto
        if costo is None and risolto is not None and risolto.costo is not None:
            costo = risolto.letti[risolto.costo].valore
        adottato[uno.comune] = None if vigenza.adozione is None else vigenza.adozione.stato
        utenti.append(
            Utente(
                comune=uno.comune,
                costo=None if costo is None else costo * uno.caso.quantita,
                quota=quota.importo if decisa is None else decisa[1],
                decisa=decisa is not None,
                motivo=quota.motivo if decisa is None and quota.importo is None else None,
            )
        )
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
        adozioni=adottato,
        motivi=dict(Counter(u.motivo for u in utenti if u.motivo is not None)),
        codice_prestazione=codice,
        registrate={} if codice is None else await _registrate(codice, giorno),
    )


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
