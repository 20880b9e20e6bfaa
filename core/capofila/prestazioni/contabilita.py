"""What was granted, what was paid, what is left: by period and by quota.

Pure. A period is a record of the ledger: so much a month, or once. The months of a monthly grant
are those that it touches, first and last included, never beyond the calendar year of its start
(INPS keeps a record within the year); no source of ours divides a month by days. A payment belongs
to the period whose months hold its competenza. The comune titolare owns the grant, whoever pays it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

ZERO: Final = Decimal("0.00")
QUOTE: Final = ("quota_ente", "quota_utente", "quota_ssn")


class Somme(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in euro and how it divides; what is divided in no quota is the ente's."""

    importo: Decimal = ZERO
    quota_ente: Decimal = ZERO
    quota_utente: Decimal = ZERO
    quota_ssn: Decimal = ZERO

    def __add__(self, altra: Somme) -> Somme:
        return Somme(
            importo=self.importo + altra.importo,
            quota_ente=self.quota_ente + altra.quota_ente,
            quota_utente=self.quota_utente + altra.quota_utente,
            quota_ssn=self.quota_ssn + altra.quota_ssn,
        )

    def __sub__(self, altra: Somme) -> Somme:
        return self + altra.per(-1)

    def per(self, volte: int) -> Somme:
        """So many times."""
        return Somme(
            importo=self.importo * volte,
            quota_ente=self.quota_ente * volte,
            quota_utente=self.quota_utente * volte,
            quota_ssn=self.quota_ssn * volte,
        )


class Periodo(msgspec.Struct, frozen=True, kw_only=True):
    """A record in force. ``al`` is None while its end is not known."""

    id: int
    dal: date
    al: date | None
    mensile: bool
    somme: Somme

    @property
    def ultimo(self) -> date:
        """The last day of the record: of its year when the end is not known."""
        return self.al or (date(self.dal.year, 12, 31) if self.mensile else self.dal)


class Pagamento(msgspec.Struct, frozen=True, kw_only=True):
    """A payment; one that takes another back is negative."""

    competenza: date
    somme: Somme


class Situazione(msgspec.Struct, frozen=True, kw_only=True):
    """A period with its totals. ``maturato`` is what was due by the given day."""

    periodo: Periodo
    concesso: Somme
    maturato: Somme
    pagato: Somme

    @property
    def resta(self) -> Somme:
        """Granted and not paid; negative when more was paid than granted."""
        return self.concesso - self.pagato

    @property
    def manca(self) -> bool:
        """Whether something that is due was not paid."""
        return self.pagato.importo < self.maturato.importo

    @property
    def troppo(self) -> bool:
        """Whether more was paid than granted, in all or of one quota."""
        resta = self.resta
        return any(
            v < 0 for v in (resta.importo, resta.quota_ente, resta.quota_utente, resta.quota_ssn)
        )


def somme_di(
    importo: Decimal,
    ente: Decimal | None = None,
    utente: Decimal | None = None,
    ssn: Decimal | None = None,
) -> Somme:
    """An amount with its quotas; without any, all of it is the ente's."""
    if ente is None and utente is None and ssn is None:
        ente = importo
    return Somme(
        importo=importo, quota_ente=ente or ZERO, quota_utente=utente or ZERO, quota_ssn=ssn or ZERO
    )


def mesi(dal: date, al: date) -> int:
    """The calendar months that a period touches; 0 when it ends before it begins.

    >>> mesi(date(2025, 1, 15), date(2025, 3, 1))
    3
    """
    if al < dal:
        return 0
    return (al.year - dal.year) * 12 + al.month - dal.month + 1


def concesso(periodo: Periodo) -> Somme:
    """All that the period grants."""
    return periodo.somme.per(mesi(periodo.dal, periodo.ultimo) if periodo.mensile else 1)


def maturato(periodo: Periodo, oggi: date) -> Somme:
    """What is due by a day: the months that are over before its month, or the payment of once."""
    if not periodo.mensile:
        return periodo.somme if periodo.dal <= oggi else Somme()
    interi = (oggi.year - periodo.dal.year) * 12 + oggi.month - periodo.dal.month
    return periodo.somme.per(max(0, min(interi, mesi(periodo.dal, periodo.ultimo))))


def periodo_di(periodi: Sequence[Periodo], competenza: date) -> Periodo | None:
    """The period whose months hold that day; of several, the one that began last."""
    mese = (competenza.year, competenza.month)
    adatti = [
        p
        for p in periodi
        if (p.dal.year, p.dal.month) <= mese <= (p.ultimo.year, p.ultimo.month)
    ]  # fmt: skip
    return max(adatti, key=lambda p: p.dal, default=None)


def prossimo_da_pagare(
    periodi: Sequence[Periodo], pagamenti: Iterable[Pagamento]
) -> tuple[Periodo, date] | None:
    """The first month for which nothing was paid, and its period; None when there is none."""
    pagati: dict[tuple[int, int], Decimal] = {}
    for p in pagamenti:
        mese = (p.competenza.year, p.competenza.month)
        pagati[mese] = pagati.get(mese, ZERO) + p.somme.importo
    for periodo in sorted(periodi, key=lambda p: p.dal):
        for n in range(mesi(periodo.dal, periodo.ultimo) if periodo.mensile else 1):
            anno, mese_ = divmod(periodo.dal.month - 1 + n, 12)
            giorno = date(periodo.dal.year + anno, mese_ + 1, 1)
            if not pagati.get((giorno.year, giorno.month)):
                return periodo, giorno
    return None


def situazioni(
    periodi: Sequence[Periodo], pagamenti: Iterable[Pagamento], oggi: date
) -> tuple[list[Situazione], Somme]:
    """Every period with its totals, and what was paid for months that no period holds."""
    pagato = {p.id: Somme() for p in periodi}
    fuori = Somme()
    for pagamento in pagamenti:
        periodo = periodo_di(periodi, pagamento.competenza)
        if periodo is None:
            fuori += pagamento.somme
        else:
            pagato[periodo.id] += pagamento.somme
    return [
        Situazione(periodo=p, concesso=concesso(p), maturato=maturato(p, oggi), pagato=pagato[p.id])
        for p in periodi
    ], fuori


def avviso_di_eccesso(prima: Situazione, nuovo: Somme) -> str:
    """What a payment would go beyond, in words; empty when nothing."""
    resta = prima.resta - nuovo
    difetti = []
    for nome, valore in (
        ("quanto è stato concesso", resta.importo),
        ("la quota dell’ente", resta.quota_ente),
        ("la quota dell’utente", resta.quota_utente),
        ("la quota del SSN", resta.quota_ssn),
    ):
        if valore < 0:
            difetti.append(f"{nome} di {in_cifre(-valore)} €")
    return f"Questo pagamento supera {', '.join(difetti)}." if difetti else ""


def in_cifre(valore: Decimal) -> str:
    """An amount as people write it.

    >>> in_cifre(Decimal("1234.5"))
    '1.234,50'
    """
    return f"{valore:,.2f}".translate(str.maketrans(",.", ".,"))
