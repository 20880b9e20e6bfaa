"""Deadlines that return every year: declared by a plugin, dated here.

The plugin says "by the end of March of each year, because article 13 says so"; which day that is
in 2027, and whether the article still holds then, is computed from it.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

import msgspec

from capofila.hooks.atti import Atto, Dichiarazione, DichiarazioneErrata

SCARTO_MASSIMO = 2
"""How many years a deadline may lie before or after the year that it is about."""
GIORNI_MASSIMI = 366
"""How many days may be counted from another deadline, or before a reminder."""


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


class Partenza(StrEnum):
    """Which day of another deadline the days are counted from."""

    SCADENZA = "scadenza"
    """The day by which the other is due, whether or not it was done."""
    FATTO = "fatto"
    """The day on which the other was done: until then there is no day."""


class DopoAdempimento(msgspec.Struct, frozen=True, kw_only=True):
    """A day counted from another deadline of the same year of reference."""

    adempimento: str
    """The ``codice`` of the other one."""
    giorni: int
    """How many days after; negative is before, which only a deadline that has its day allows."""
    da: Partenza = Partenza.SCADENZA
    lavorativi: bool = False
    """Whether only working days are counted."""

    def __post_init__(self) -> None:
        if abs(self.giorni) > GIORNI_MASSIMI:
            raise DichiarazioneErrata(
                f"Una scadenza si conta al massimo {GIORNI_MASSIMI} giorni da un'altra."
            )
        if self.giorni < 0 and self.da is Partenza.FATTO:
            raise DichiarazioneErrata(
                f"Non si sa prima quando «{self.adempimento}» sarà fatto: i giorni da allora non "
                "possono essere negativi."
            )

    def dal(self, giorno: date, festivi: frozenset[date] = frozenset()) -> date:
        """The day, counted from one; that one is not counted."""
        if not self.lavorativi:
            return giorno + timedelta(days=self.giorni)
        passo = timedelta(days=1 if self.giorni > 0 else -1)
        mancano = abs(self.giorni)
        while mancano:
            giorno += passo
            mancano -= lavorativo(giorno, festivi)
        return giorno


class SpecieProva(StrEnum):
    """What kind of thing shows that a deadline was met."""

    ATTO = "atto"
    """An act with its number and day, such as a resolution."""
    DOCUMENTO = "documento"
    """A document or a protocol number."""
    FLUSSO = "flusso"
    """The sending of a file of the debito informativo, which the platform knows by itself."""


class Sollecito(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told when a deadline has passed and nothing says that it was met."""

    dopo_giorni: int
    """Days after the deadline, from one."""
    a: str | None = None
    """The ``codice`` of a body; ``None`` is the responsible of the Ufficio di Piano."""

    def __post_init__(self) -> None:
        if not 1 <= self.dopo_giorni <= GIORNI_MASSIMI:
            raise DichiarazioneErrata(
                f"Un sollecito parte da 1 a {GIORNI_MASSIMI} giorni dopo la scadenza."
            )


class Adempimento(Dichiarazione, frozen=True, kw_only=True):
    """Something that a body must do every year by a day.

    It is in force for a year when its day, before any shift for holidays, falls within its
    validity. Its day comes from `regola` or from `dopo`: one of the two.
    """

    codice: str
    titolo: str
    organo: str
    """The ``codice`` of the body that answers for it."""
    regola: RegolaData | None = None
    preavvisi: tuple[int, ...] = ()
    """Days before the deadline on which to warn. A service of the platform, not of the act."""
    lavorativo: GiornoLavorativo = GiornoLavorativo.NOMINALE
    descrizione: str = ""
    prova: str | None = None
    """The document that shows it was done."""
    dopo: DopoAdempimento | None = None
    """Where the source counts the days from another deadline (from 1.5)."""
    specie_prova: SpecieProva | None = None
    """What kind of thing `prova` is; ``None`` where the source does not say (from 1.5)."""
    flusso: str | None = None
    """The flow, or the tables of the spending, whose sending is the proof (from 1.5)."""
    solleciti: tuple[Sollecito, ...] = ()
    """Who is told once it has passed. A service of the platform, not of the act (from 1.5)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.regola is None) == (self.dopo is None):
            raise DichiarazioneErrata(
                f"«{self.titolo}» deve avere un giorno dell'anno oppure un altro adempimento da cui "
                "contarlo, e non tutti e due."
            )
        if self.dopo is not None and self.dopo.adempimento == self.codice:
            raise DichiarazioneErrata(f"«{self.titolo}» non si conta da sé stesso.")
        if (self.flusso is not None) != (self.specie_prova is SpecieProva.FLUSSO):
            raise DichiarazioneErrata(
                f"«{self.titolo}»: il flusso si indica quando la prova è il suo invio, e allora serve."
            )
        if len({uno.dopo_giorni for uno in self.solleciti}) < len(self.solleciti):
            raise DichiarazioneErrata(f"«{self.titolo}» ha due solleciti dello stesso giorno.")
        if not self.codice.strip() or not self.titolo.strip() or not self.organo.strip():
            raise DichiarazioneErrata(
                "Un adempimento deve avere un codice, un titolo e l'organo responsabile."
            )
        if any(giorni < 0 for giorni in self.preavvisi):
            raise DichiarazioneErrata(
                f"I preavvisi di «{self.titolo}» sono giorni prima della scadenza: "
                "non possono essere negativi."
            )

    def nel(self, anno: int) -> date | None:
        """The day that the calendar gives for a year; ``None`` when it hangs on another deadline."""
        return None if self.regola is None else self.regola.nel(anno)


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
    dichiarazione: Adempimento
    """What was declared, in the version that gave this day."""
    partenza: date | None = None
    """The day that it was counted from, when it hangs on another deadline."""


@lru_cache(maxsize=256)
def _feste_nazionali(anno: int) -> Mapping[date, str]:
    # Imported late: it brings every country of the world with it, about a second.
    from holidays.countries.italy import Italy

    return dict(Italy(years=anno, language="it_IT"))  # type: ignore[no-untyped-call]


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


def perche_non_lavorativo(giorno: date, festivi: frozenset[date] = frozenset()) -> str | None:
    """Why offices do not work on a day, in Italian; ``None`` when they do.

    >>> perche_non_lavorativo(date(2025, 5, 31)), perche_non_lavorativo(date(2025, 6, 2))
    ('sabato', 'Festa della Repubblica')
    """
    if festa := _feste_nazionali(giorno.year).get(giorno):
        return festa
    if giorno.weekday() >= 5:
        return "sabato" if giorno.weekday() == 5 else "domenica"
    return "festa locale" if giorno in festivi else None


def _data(
    adempimento: Adempimento,
    anno: int,
    nominale: date,
    festivi: frozenset[date],
    partenza: date | None = None,
) -> Scadenza:
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
        dichiarazione=adempimento,
        partenza=partenza,
    )


def scadenze(
    adempimenti: Iterable[Adempimento],
    anno: int,
    festivi: frozenset[date] = frozenset(),
    fatti: Mapping[str, date] | None = None,
) -> tuple[Scadenza, ...]:
    """The dated deadlines of what is about one year.

    Args:
        adempimenti: what the plugins declare.
        anno: the year that the deadlines are about: with 2025 comes the report due in January
            2026, and not the one due in January 2025.
        festivi: local holidays to add to the national ones.
        fatti: the days on which those of that year were done, by code.

    Returns:
        Those in force, earliest first. One that is counted from another has no day, and is not
        here, while the other has none, or was not done yet where the days run from then.
    """
    tutti = tuple(adempimenti)
    trovate = [
        _data(uno, anno, nominale, festivi)
        for uno in tutti
        if (nominale := uno.nel(anno)) is not None and uno.vale(nominale)
    ]
    note = {una.adempimento: una.data for una in trovate}
    restano = [uno for uno in tutti if uno.dopo is not None]
    # One after the other, as their own beginning comes to have a day; a circle never does.
    while pronti := [uno for uno in restano if _partenza(uno, note, fatti or {}) is not None]:
        for uno in pronti:
            restano.remove(uno)
            partenza = _partenza(uno, note, fatti or {})
            assert uno.dopo is not None
            assert partenza is not None
            nominale = uno.dopo.dal(partenza, festivi)
            if uno.vale(nominale):
                trovate.append(_data(uno, anno, nominale, festivi, partenza))
                note[uno.codice] = trovate[-1].data
    return tuple(sorted(trovate, key=lambda scadenza: (scadenza.data, scadenza.adempimento)))


def _partenza(uno: Adempimento, note: Mapping[str, date], fatti: Mapping[str, date]) -> date | None:
    if uno.dopo is None:
        return None
    dove = note if uno.dopo.da is Partenza.SCADENZA else fatti
    return dove.get(uno.dopo.adempimento)
