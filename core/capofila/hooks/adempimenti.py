"""Deadlines that return every year: declared by a plugin, dated here.

The plugin says "by the end of March of each year, because article 13 says so"; which day that is
in 2027, and whether the article still holds then, is computed from it.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

import msgspec

from capofila.hooks.atti import Atto, Dichiarazione, DichiarazioneErrata

SCARTO_MASSIMO = 2
"""How many years a deadline may lie before or after the year that it is about."""


class GiornoLavorativo(StrEnum):
    """What becomes of a deadline that falls on a day without work."""

    NOMINALE = "nominale"
    """Nothing: the source gives no rule."""
    PRECEDENTE = "precedente"
    SUCCESSIVO = "successivo"


class RegolaData(msgspec.Struct, frozen=True, kw_only=True):
    """A day of the year, counted from the year that the thing is about."""

    mese: int
    giorno: int | None = None
    """``None`` is the last day of the month ("by the month of March")."""
    scarto_anni: int = 0
    """1 when the deadline falls in the year after: the report on 2025 is due in January 2026."""

    def __post_init__(self) -> None:
        if not 1 <= self.mese <= 12:
            raise DichiarazioneErrata(f"Il mese {self.mese} non esiste.")
        if self.giorno is not None and not 1 <= self.giorno <= monthrange(2023, self.mese)[1]:
            raise DichiarazioneErrata(
                f"Il giorno {self.giorno} del mese {self.mese} non c'è in ogni anno; "
                "senza giorno la scadenza è l'ultimo del mese."
            )
        if abs(self.scarto_anni) > SCARTO_MASSIMO:
            raise DichiarazioneErrata(
                f"Una scadenza può cadere al massimo {SCARTO_MASSIMO} anni prima o dopo "
                "l'anno di riferimento."
            )

    def nel(self, anno: int) -> date:
        """The day, for what is about that year."""
        caduta = anno + self.scarto_anni
        return date(caduta, self.mese, self.giorno or monthrange(caduta, self.mese)[1])


class Adempimento(Dichiarazione, frozen=True, kw_only=True):
    """Something that a body must do every year by a day.

    It is in force for a year when its day, before any shift for holidays, falls within its
    validity.
    """

    codice: str
    titolo: str
    organo: str
    """The ``codice`` of the body that answers for it."""
    regola: RegolaData
    preavvisi: tuple[int, ...] = ()
    """Days before the deadline on which to warn. A service of the platform, not of the act."""
    lavorativo: GiornoLavorativo = GiornoLavorativo.NOMINALE
    descrizione: str = ""
    prova: str | None = None
    """The document that shows it was done."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.codice.strip() or not self.titolo.strip() or not self.organo.strip():
            raise DichiarazioneErrata(
                "Un adempimento deve avere un codice, un titolo e l'organo responsabile."
            )
        if any(giorni < 0 for giorni in self.preavvisi):
            raise DichiarazioneErrata(
                f"I preavvisi di «{self.titolo}» sono giorni prima della scadenza: "
                "non possono essere negativi."
            )


class Scadenza(msgspec.Struct, frozen=True, kw_only=True):
    """A deadline with its day."""

    adempimento: str
    titolo: str
    organo: str
    anno: int
    """The year that it is about, which may not be the year in which it falls."""
    data_nominale: date
    """As the act says it."""
    data: date
    """After the rule for days without work."""
    avvisi: tuple[date, ...]
    """When to warn, earliest first; on working days."""
    fonte: Atto


@lru_cache(maxsize=256)
def _feste_nazionali(anno: int) -> frozenset[date]:
    # Imported late: it brings every country of the world with it, about a second.
    from holidays.countries.italy import Italy

    return frozenset(Italy(years=anno))  # type: ignore[no-untyped-call]


def lavorativo(giorno: date, festivi: frozenset[date] = frozenset()) -> bool:
    """Whether Italian offices work on that day.

    Args:
        giorno: the day.
        festivi: local holidays to add, such as the patron saint of the ente capofila.

    Returns:
        False on Saturdays, Sundays, national holidays of that year and the local ones given.
    """
    return (
        giorno.weekday() < 5
        and giorno not in festivi
        and giorno not in _feste_nazionali(giorno.year)
    )


def sposta(giorno: date, regola: GiornoLavorativo, festivi: frozenset[date] = frozenset()) -> date:
    """The day to which the rule moves a deadline."""
    if regola is GiornoLavorativo.NOMINALE:
        return giorno
    passo = timedelta(days=1 if regola is GiornoLavorativo.SUCCESSIVO else -1)
    while not lavorativo(giorno, festivi):
        giorno += passo
    return giorno


def _data(adempimento: Adempimento, anno: int, festivi: frozenset[date]) -> Scadenza:
    nominale = adempimento.regola.nel(anno)
    giorno = sposta(nominale, adempimento.lavorativo, festivi)
    avvisi = {
        sposta(giorno - timedelta(days=prima), GiornoLavorativo.PRECEDENTE, festivi)
        for prima in adempimento.preavvisi
    }
    return Scadenza(
        adempimento=adempimento.codice,
        titolo=adempimento.titolo,
        organo=adempimento.organo,
        anno=anno,
        data_nominale=nominale,
        data=giorno,
        avvisi=tuple(sorted(avvisi)),
        fonte=adempimento.fonte,
    )


def scadenze(
    adempimenti: Iterable[Adempimento], anno: int, festivi: frozenset[date] = frozenset()
) -> tuple[Scadenza, ...]:
    """The dated deadlines of what is about one year.

    Args:
        adempimenti: what the plugins declare.
        anno: the year that the deadlines are about: with 2025 comes the report due in January
            2026, and not the one due in January 2025.
        festivi: local holidays to add to the national ones.

    Returns:
        Those in force, earliest first.
    """
    return tuple(
        sorted(
            (
                _data(adempimento, anno, festivi)
                for adempimento in adempimenti
                if adempimento.vale(adempimento.regola.nel(anno))
            ),
            key=lambda scadenza: (scadenza.data, scadenza.adempimento),
        )
    )
