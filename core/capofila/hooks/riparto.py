"""How a fund of a year is shared: weights over declared quantities, rewards, limits, as data.

A set of criteria says among whom the fund is shared, which quantities are looked at and with what
weight, what is kept back before and who is rewarded, and where a share has a floor or a cap. The
platform computes: exact fractions all the way, cents at the very end.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from capofila.hooks.atti import Atto, Dichiarazione, DichiarazioneErrata

__all__ = [
    "CriteriRiparto",
    "FraRiparto",
    "Grandezza",
    "LimiteRiparto",
    "OrigineGrandezza",
    "Premialita",
    "Premio",
    "QuotaRiparto",
    "RestoRiparto",
    "Trattenuta",
    "VersoLimite",
    "VoceRiparto",
]

_CODICE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}\Z")


class FraRiparto(StrEnum):
    """Among whom a fund is shared."""

    COMUNI = "comuni"
    """Those of the ambito on the last day of the year."""
    SUB_AMBITI = "sub-ambiti"
    """The groups of comuni; a comune of no group stands by itself."""
    SERVIZI = "servizi"
    """Those that the criteria list."""


class OrigineGrandezza(StrEnum):
    """Where the figures of a quantity come from."""

    PARTI_UGUALI = "parti uguali"
    """One for everybody."""
    ABITANTI = "abitanti"
    """Inhabitants on 31 December; of a sub-ambito, the sum of its comuni."""
    SPESA = "spesa"
    """Gross social spending of the year in the survey, in euro."""
    ASSOCIATA = "quota associata"
    """The part of that spending that is managed jointly, in hundredths of it (from 0 to 100)."""
    CONSEGNA = "consegna nei termini"
    """1 when the survey of the year was handed in by its last day, by all the comuni of a
    sub-ambito, 0 when it was not."""
    ASSEGNATO = "assegnato"
    """What the same beneficiary got of the same fund in the year, as it was approved here."""
    INSERITA = "inserita"
    """Typed in by the Ufficio di Piano: users, surfaces, inhabitants of an age."""


PER_SERVIZI: Final = frozenset(
    {OrigineGrandezza.PARTI_UGUALI, OrigineGrandezza.ASSEGNATO, OrigineGrandezza.INSERITA}
)
"""The origins that a service may have: the others are of a territory."""


class Grandezza(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity that the criteria look at.

    Attributes:
        denominazione: in Italian, as the explanation says it: «abitanti al 31 dicembre».
        scarto_anni: the year of the figures less the year of the fund: -1 is the year before.
        si_no: of one that is typed in: yes counts 1, no counts 0.
        fonte: when it is another source than that of the criteria.
    """

    codice: str
    denominazione: str
    origine: OrigineGrandezza
    scarto_anni: int = 0
    si_no: bool = False
    fonte: Atto | None = None

    def __post_init__(self) -> None:
        _codice(self.codice)
        _detta(self.denominazione, self.codice)
        if not -10 <= self.scarto_anni <= 0:
            raise DichiarazioneErrata(f"«{self.codice}»: lo scarto di anni va da -10 a 0.")
        if self.si_no and self.origine is not OrigineGrandezza.INSERITA:
            raise DichiarazioneErrata(f"«{self.codice}»: sì o no si dice di ciò che si scrive.")
        if self.origine is OrigineGrandezza.ASSEGNATO and self.scarto_anni == 0:
            raise DichiarazioneErrata(f"«{self.codice}»: l'assegnato è di un anno precedente.")


class QuotaRiparto(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the fund, shared in proportion to a quantity.

    Attributes:
        peso: against that of the other parts and of the reward: 70 and 30, or 1 and 2.
        grandezza: the code of the quantity.
    """

    codice: str
    denominazione: str
    peso: Decimal
    grandezza: str
    fonte: Atto | None = None

    def __post_init__(self) -> None:
        _codice(self.codice)
        _detta(self.denominazione, self.codice)
        _positivo(self.peso, f"Il peso di «{self.codice}»")


class Premio(msgspec.Struct, frozen=True, kw_only=True):
    """Points for whoever reaches a value of a quantity.

    Attributes:
        minimo, massimo: the values within which the points are earned; one of them at least.
    """

    codice: str
    denominazione: str
    punti: Decimal
    grandezza: str
    minimo: Decimal | None = None
    massimo: Decimal | None = None
    fonte: Atto | None = None

    def __post_init__(self) -> None:
        _codice(self.codice)
        _detta(self.denominazione, self.codice)
        _positivo(self.punti, f"I punti di «{self.codice}»")
        if self.minimo is None and self.massimo is None:
            raise DichiarazioneErrata(f"Il premio «{self.codice}» dice da quale valore spetta.")
        if self.minimo is not None and self.massimo is not None and self.massimo < self.minimo:
            raise DichiarazioneErrata(f"Il premio «{self.codice}» non può spettare a nessuno.")

    def spetta(self, valore: Decimal) -> bool:
        """Whether a value earns the points; the ends do."""
        return (self.minimo is None or valore >= self.minimo) and (
            self.massimo is None or valore <= self.massimo
        )


class Premialita(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the fund, shared in proportion to points; when nobody has any it goes to the others.

    Attributes:
        peso: against that of the `QuotaRiparto`.
        per: the code of a quantity that multiplies the points, so that a point of a large comune
            is worth more; None when a point is a point.
    """

    peso: Decimal
    premi: tuple[Premio, ...]
    per: str | None = None
    fonte: Atto | None = None

    def __post_init__(self) -> None:
        _positivo(self.peso, "Il peso della premialità")
        _distinti([uno.codice for uno in self.premi], "premi")
        if not self.premi:
            raise DichiarazioneErrata("La premialità ha almeno un premio.")


class VersoLimite(StrEnum):
    """On which side a limit is."""

    MINIMO = "minimo"
    MASSIMO = "massimo"


class LimiteRiparto(msgspec.Struct, frozen=True, kw_only=True):
    """A floor or a cap of every share; of several the tightest counts.

    Attributes:
        valore: euro; or hundredths of what is shared, when `percento`; or euro for each unit of the
            quantity, when there is one: 0.80 of what was assigned the year before.
    """

    denominazione: str
    verso: VersoLimite
    valore: Decimal
    percento: bool = False
    grandezza: str | None = None
    fonte: Atto | None = None

    def __post_init__(self) -> None:
        _detta(self.denominazione, str(self.verso))
        _positivo(self.valore, f"Il limite «{self.denominazione}»")
        if self.percento and self.grandezza is not None:
            raise DichiarazioneErrata(
                f"Il limite «{self.denominazione}» è in centesimi del fondo o di una grandezza."
            )


class Trattenuta(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept back before the fund is shared: euro, or hundredths of the fund."""

    codice: str
    denominazione: str
    valore: Decimal
    percento: bool = False
    fonte: Atto | None = None

    def __post_init__(self) -> None:
        _codice(self.codice)
        _detta(self.denominazione, self.codice)
        _positivo(self.valore, f"La trattenuta «{self.codice}»")
        if self.percento and self.valore >= 100:
            raise DichiarazioneErrata(f"La trattenuta «{self.codice}» è meno di tutto il fondo.")


class VoceRiparto(msgspec.Struct, frozen=True, kw_only=True):
    """A service among which the fund is shared."""

    codice: str
    denominazione: str

    def __post_init__(self) -> None:
        _codice(self.codice)
        _detta(self.denominazione, self.codice)


class RestoRiparto(StrEnum):
    """Who gets the cents that the rounding leaves."""

    MAGGIORI_RESTI = "maggiori resti"
    """One each to the largest remainders; of equal ones to the lower code."""
    AL_MAGGIORE = "al maggiore"
    """All of them to the largest share that its cap leaves room for, as far as it does."""


class CriteriRiparto(Dichiarazione, frozen=True, kw_only=True):
    """By which criteria a fund is shared; they hold for the funds of the years between its days.

    Attributes:
        fondo: the code of the fund, the same in every set: ``fnps``, ``fsr``, ``fna``.
        nome_fondo: of the fund, in Italian.
        materia: the matter on which a body must have decided, as the bodies declare it; None when
            no source says who decides, and the act is then typed in.
    """

    codice: str
    denominazione: str
    fondo: str
    nome_fondo: str
    fra: FraRiparto
    grandezze: tuple[Grandezza, ...]
    quote: tuple[QuotaRiparto, ...]
    premialita: Premialita | None = None
    limiti: tuple[LimiteRiparto, ...] = ()
    trattenute: tuple[Trattenuta, ...] = ()
    servizi: tuple[VoceRiparto, ...] = ()
    resto: RestoRiparto = RestoRiparto.MAGGIORI_RESTI
    materia: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be computed.

        Raises:
            DichiarazioneErrata: nothing to share by, a quantity that is not declared, services
                without a list or a list without services.
        """
        super().__post_init__()
        _codice(self.codice)
        _codice(self.fondo)
        _detta(self.denominazione, self.codice)
        _detta(self.nome_fondo, self.fondo)
        if not self.quote:
            raise DichiarazioneErrata(f"I criteri «{self.codice}» hanno almeno una quota.")
        _distinti([una.codice for una in self.grandezze], "grandezze")
        _distinti([una.codice for una in self.quote], "quote")
        _distinti([una.codice for una in self.trattenute], "trattenute")
        _distinti([uno.codice for uno in self.servizi], "servizi")
        ignote = self._lette() - {una.codice for una in self.grandezze}
        if ignote:
            raise DichiarazioneErrata(
                f"I criteri «{self.codice}» guardano a «{min(ignote)}», che non dichiarano."
            )
        if (self.fra is FraRiparto.SERVIZI) != bool(self.servizi):
            raise DichiarazioneErrata(
                f"I criteri «{self.codice}» elencano dei servizi se e solo se ripartiscono fra quelli."
            )
        for una in self.grandezze if self.servizi else ():
            if una.origine not in PER_SERVIZI:
                raise DichiarazioneErrata(
                    f"«{una.codice}»: di un servizio non si conosce «{una.origine}», va inserita."
                )

    def _lette(self) -> set[str]:
        lette = {una.grandezza for una in self.quote}
        lette |= {uno.grandezza for uno in self.limiti if uno.grandezza is not None}
        if self.premialita is not None:
            lette |= {uno.grandezza for uno in self.premialita.premi}
            lette |= {self.premialita.per} if self.premialita.per else set()
        return lette


def _codice(codice: str) -> None:
    if _CODICE.match(codice) is None:
        raise DichiarazioneErrata(
            f"«{codice}» non è un codice: minuscole, cifre, trattini, fino a quaranta."
        )


def _detta(testo: str, di: str) -> None:
    if not testo.strip():
        raise DichiarazioneErrata(f"«{di}» deve avere una denominazione.")


def _positivo(valore: Decimal, che_cosa: str) -> None:
    if not valore.is_finite() or valore <= 0:
        raise DichiarazioneErrata(f"{che_cosa} è un numero maggiore di zero.")


def _distinti(codici: list[str], che_cosa: str) -> None:
    if len({*codici}) < len(codici):
        raise DichiarazioneErrata(f"Un codice è ripetuto: {che_cosa}.")
