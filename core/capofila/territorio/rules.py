"""Who belongs where on a day, what became of a comune that ended, who acts in its place.

A period goes from ``dal`` to ``al``, both included; a missing ``dal`` is a beginning that no source
gives, a missing ``al`` has not come. Nothing here reads a clock: the day is always an argument.

Sources: Accordo di programma 2015-2017 of the ambito Cremasco, art. 3 (members), 12 (sub-ambiti
with a lead comune, whose composition may change), 19 (a union or the lead of a convention takes
over what a comune transferred to it, and nothing else). Mergers of 1 January 2019: L.R. Lombardia
26/2018 (Piadena, Drizzona), incorporation of Ca' d'Andrea into Torre de' Picenardi.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Literal, Protocol, TypeVar

import msgspec

TipoEnte = Literal["comune", "azienda", "unione", "ats", "altro"]
TipoGruppo = Literal["sub_ambito", "zona"]

UN_GIORNO = timedelta(days=1)


class ConPeriodo(Protocol):
    """Whatever holds between two days."""

    @property
    def dal(self) -> date | None: ...
    @property
    def al(self) -> date | None: ...


_P = TypeVar("_P", bound=ConPeriodo)


class Comune(msgspec.Struct, frozen=True, kw_only=True):
    """A comune of today or of yesterday, with its codes. ``al`` is its last day."""

    istat: str
    nome: str
    belfiore: str
    provincia: str
    cap: str | None = None
    latitudine: Decimal | None = None
    longitudine: Decimal | None = None
    dal: date | None = None
    al: date | None = None
    fonte: str = ""


class Fusione(msgspec.Struct, frozen=True, kw_only=True):
    """From ``dal`` the territory of ``cessato`` is part of ``nuovo``."""

    cessato: str
    nuovo: str
    dal: date
    fonte: str = ""


class Residenti(msgspec.Struct, frozen=True, kw_only=True):
    """Inhabitants of a comune; ``anno`` is None where the source does not state it."""

    istat: str
    anno: int | None
    residenti: int
    fonte: str = ""


class Appartenenza(msgspec.Struct, frozen=True, kw_only=True):
    """A comune is of the ambito, and of one of its groups (by code) or of none."""

    istat: str
    sub_ambito: str | None = None
    dal: date | None = None
    al: date | None = None
    atto: str | None = None
    fonte: str = ""


class SubAmbito(msgspec.Struct, frozen=True, kw_only=True):
    """A group of comuni: a sub-ambito with its lead comune, or a zone of representation."""

    codice: str
    nome: str
    tipo: TipoGruppo = "sub_ambito"
    referente: str | None = None
    dal: date | None = None
    al: date | None = None
    fonte: str = ""


class Ente(msgspec.Struct, frozen=True, kw_only=True):
    """A public body that acts in the ambito. ``codice`` is its Belfiore code, where it has one."""

    id: int
    tipo: TipoEnte
    denominazione: str
    sigla: str | None = None
    codice: str | None = None
    istat: str | None = None
    sede: str | None = None
    cf_operatore: str | None = None
    capofila: bool = False
    come_ricevuto: bool = False
    invio_proprio: bool = False
    mittente: bool = False
    operatore_dimostrativo: bool = False
    dal: date | None = None
    al: date | None = None
    fonte: str | None = None


class Componente(msgspec.Struct, frozen=True, kw_only=True):
    """A comune is in a union (by its name)."""

    unione: str
    istat: str
    dal: date | None = None
    al: date | None = None
    attestata_il: date | None = None
    """The day of the source that names it, when its beginning is not known."""
    fonte: str = ""


class FunzioneTrasferita(msgspec.Struct, frozen=True, kw_only=True):
    """A comune transferred a function to a union, by an act."""

    unione: str
    istat: str
    funzione: str
    dal: date
    al: date | None = None
    atto: str | None = None
    fonte: str = ""


# Periods.


def vale(periodo: ConPeriodo, giorno: date) -> bool:
    """Whether it holds on that day."""
    return (periodo.dal is None or periodo.dal <= giorno) and (
        periodo.al is None or giorno <= periodo.al
    )


def vigenti(periodi: Iterable[_P], giorno: date) -> tuple[_P, ...]:
    """Those that hold on that day, in the order given."""
    return tuple(periodo for periodo in periodi if vale(periodo, giorno))


def si_sovrappongono(uno: ConPeriodo, altro: ConPeriodo) -> bool:
    """Whether there is a day on which both hold."""
    return (uno.al is None or altro.dal is None or altro.dal <= uno.al) and (
        altro.al is None or uno.dal is None or uno.dal <= altro.al
    )


def contenuto(dentro: ConPeriodo, fuori: ConPeriodo) -> bool:
    """Whether the first holds only while the second does."""
    return (fuori.dal is None or (dentro.dal is not None and fuori.dal <= dentro.dal)) and (
        fuori.al is None or (dentro.al is not None and dentro.al <= fuori.al)
    )


def copre(periodi: Iterable[ConPeriodo], intero: ConPeriodo) -> bool:
    """Whether the first, together, hold on every day of the second.

    An ``intero`` without a first day asks for a period without one; so for the last day.
    """
    prossimo = intero.dal
    aperto = prossimo is None
    for periodo in sorted(periodi, key=lambda p: p.dal or date.min):
        if aperto:
            if periodo.dal is not None:
                return False
        elif prossimo is not None and periodo.dal is not None and periodo.dal > prossimo:
            return False
        if periodo.al is None:
            return True
        if prossimo is None or periodo.al >= prossimo:
            prossimo, aperto = periodo.al + UN_GIORNO, False
            if intero.al is not None and prossimo > intero.al:
                return True
    return False


def in_parole(periodo: ConPeriodo) -> str:
    """A period as a clause in Italian, with ISO days: for messages and for the change log."""
    if periodo.dal is None and periodo.al is None:
        return "senza limiti di tempo"
    if periodo.dal is None:
        return f"fino al {periodo.al}"
    if periodo.al is None:
        return f"dal {periodo.dal}"
    return f"dal {periodo.dal} al {periodo.al}"


# Comuni, mergers, population.


def comuni_alla_data(comuni: Iterable[Comune], giorno: date) -> tuple[Comune, ...]:
    """The comuni that exist on a day: 115 in the province of Cremona in 2013, 113 from 2019."""
    return vigenti(comuni, giorno)


def successore(istat: str, giorno: date, fusioni: Sequence[Fusione]) -> str:
    """The comune that on that day holds the territory of a comune of any time."""
    visti = {istat}
    while True:
        nuovo = next((f.nuovo for f in fusioni if f.cessato == istat and f.dal <= giorno), None)
        if nuovo is None or nuovo in visti:
            return istat
        istat = nuovo
        visti.add(istat)


def predecessori(
    istat: str,
    giorno: date,
    momento: date,
    comuni: Mapping[str, Comune],
    fusioni: Sequence[Fusione],
) -> frozenset[str] | None:
    """The comuni that at ``momento`` made up the territory that ``istat`` has on ``giorno``.

    Returns:
        Their ISTAT codes, or None when at ``momento`` that territory was part of a larger comune
        and cannot be told apart.
    """
    if momento < giorno:
        insieme = {istat}
        while True:
            entrati = {
                f.cessato for f in fusioni if f.nuovo in insieme and momento < f.dal <= giorno
            } - insieme
            if not entrati:
                break
            insieme |= entrati
        return frozenset(i for i in insieme if i in comuni and vale(comuni[i], momento))
    for fusione in fusioni:
        if giorno < fusione.dal <= momento and istat in (fusione.cessato, fusione.nuovo):
            return None
    return frozenset({istat})


class Popolazione(msgspec.Struct, frozen=True, kw_only=True):
    """Inhabitants of a comune's territory, with the figures they were summed from."""

    istat: str
    anno: int | None
    residenti: int
    addendi: tuple[Residenti, ...]

    @property
    def fonti(self) -> tuple[str, ...]:
        """The sources of the figures, each once."""
        return tuple(dict.fromkeys(addendo.fonte for addendo in self.addendi))


class Demografia(msgspec.Struct, frozen=True, dict=True):
    """Comuni, mergers and published figures: enough to tell the inhabitants of a territory."""

    comuni: Mapping[str, Comune]
    fusioni: tuple[Fusione, ...]
    residenti: Mapping[tuple[str, int | None], Residenti]

    @cached_property
    def anni(self) -> tuple[int | None, ...]:
        """The years for which there are figures; None, for those without a year, comes last."""
        anni = {anno for _, anno in self.residenti}
        return (*sorted(a for a in anni if a is not None), *((None,) if None in anni else ()))

    def popolazione(self, istat: str, giorno: date, anno: int | None) -> Popolazione | None:
        """Inhabitants in a year, within the borders that the comune has on a day.

        A figure of before a merger is summed over the comuni of that time. A figure of after it
        says nothing about the comuni of before. A figure without a year is of the latest borders.

        Returns:
            None when the comune does not exist on that day or a figure is missing: a sum with a
            hole would pass for a population.
        """
        comune = self.comuni.get(istat)
        if comune is None or not vale(comune, giorno):
            return None
        momento = date.max if anno is None else date(anno, 12, 31)
        parti = predecessori(istat, giorno, momento, self.comuni, self.fusioni)
        if not parti:
            return None
        addendi = []
        for parte in sorted(parti):
            if (cifra := self.residenti.get((parte, anno))) is None:
                return None
            addendi.append(cifra)
        return Popolazione(
            istat=istat,
            anno=anno,
            residenti=sum(a.residenti for a in addendi),
            addendi=tuple(addendi),
        )


# Membership.


class Appartenenze(msgspec.Struct, frozen=True):
    """The dated memberships of one ambito, ready to be asked row by row of a large import."""

    per_comune: Mapping[str, tuple[Appartenenza, ...]]

    @classmethod
    def da(cls, periodi: Iterable[Appartenenza]) -> Appartenenze:
        """Group them by comune."""
        per_comune: dict[str, list[Appartenenza]] = {}
        for periodo in periodi:
            per_comune.setdefault(periodo.istat, []).append(periodo)
        return cls({istat: tuple(elenco) for istat, elenco in per_comune.items()})

    def __iter__(self) -> Iterator[Appartenenza]:
        for elenco in self.per_comune.values():
            yield from elenco

    def del_giorno(self, istat: str, giorno: date) -> Appartenenza | None:
        """How a comune belongs to the ambito on a day, or None when it does not."""
        for periodo in self.per_comune.get(istat, ()):
            if vale(periodo, giorno):
                return periodo
        return None

    def membri(self, giorno: date) -> tuple[str, ...]:
        """ISTAT codes of the members on a day."""
        return tuple(
            istat
            for istat, elenco in self.per_comune.items()
            if any(vale(periodo, giorno) for periodo in elenco)
        )

    def per_gruppo(self, giorno: date) -> dict[str | None, tuple[str, ...]]:
        """Members on a day by sub-ambito code; None for those of no group."""
        gruppi: dict[str | None, list[str]] = {}
        for istat in self.membri(giorno):
            periodo = self.del_giorno(istat, giorno)
            gruppi.setdefault(periodo.sub_ambito if periodo else None, []).append(istat)
        return {codice: tuple(membri) for codice, membri in gruppi.items()}


# Unions.


class Esercizio(msgspec.Struct, frozen=True):
    """Who exercises a function of a comune, and why."""

    istat: str
    funzione: str
    unione: str | None
    """The union's name; None when the comune itself does."""
    perche: str


def chi_esercita(
    istat: str, funzione: str, giorno: date, trasferimenti: Iterable[FunzioneTrasferita]
) -> Esercizio:
    """Who exercises a function of a comune on a day.

    The union replaces the comune only in what was transferred to it (Accordo 2015-2017, art. 19):
    being in a union is not enough.
    """
    for trasferita in trasferimenti:
        if (
            trasferita.istat == istat
            and trasferita.funzione == funzione
            and vale(trasferita, giorno)
        ):
            atto = f" ({trasferita.atto})" if trasferita.atto else ""
            return Esercizio(
                istat,
                funzione,
                trasferita.unione,
                f"Il comune ha trasferito la funzione a {trasferita.unione}, "
                f"{in_parole(trasferita)}{atto}.",
            )
    return Esercizio(
        istat, funzione, None, "Nessun trasferimento a un'unione: la esercita il comune."
    )


# Names and codes, as people write them.

_APOSTROFI = str.maketrans({"’": "'", "`": "'", "´": "'", "ʼ": "'"})
_NON_PAROLA = re.compile(r"[^a-z0-9]+")
_PREFISSO = re.compile(r"^(?:comune di|comune) ")
_FORMA = re.compile(r" (?:a s c|asc|azienda speciale consortile)$")


class FestaLocale(msgspec.Struct, frozen=True, kw_only=True):
    """The day on which the offices of a comune do not work, every year: its patron saint."""

    istat: str
    mese: int
    giorno: int
    nome: str
    fonte: str

    def nel(self, anno: int) -> date | None:
        """The day in a year; None for the 29th of February of a year without it."""
        try:
            return date(anno, self.mese, self.giorno)
        except ValueError:
            return None


def normalizza(testo: str) -> str:
    """A name without case, accents and punctuation, so that two spellings of it are one."""
    semplice = unicodedata.normalize("NFKD", testo.translate(_APOSTROFI)).casefold()
    senza_accenti = "".join(c for c in semplice if not unicodedata.combining(c))
    return _NON_PAROLA.sub(" ", senza_accenti).strip()


def _compatta(testo: str) -> str:
    return testo.replace(" ", "")


class MappaComuni(msgspec.Struct, frozen=True):
    """The comuni by ISTAT code, Belfiore code and name; built once for many look-ups."""

    per_istat: Mapping[str, Comune]
    per_belfiore: Mapping[str, Comune]
    per_nome: Mapping[str, Comune]

    @classmethod
    def da(cls, comuni: Iterable[Comune]) -> MappaComuni:
        """Build it. Of two comuni of one name the one that still exists answers to it."""
        elenco = tuple(comuni)
        ordinati = sorted(elenco, key=lambda c: (c.al is None, c.al or date.max))
        return cls(
            {c.istat: c for c in elenco},
            {c.belfiore: c for c in elenco},
            {normalizza(c.nome): c for c in ordinati},
        )

    def cerca(self, testo: str) -> Comune | None:
        """The comune that a code (ISTAT, Belfiore) or a name stands for."""
        codice = testo.strip().upper()
        return (
            self.per_istat.get(codice)
            or self.per_belfiore.get(codice)
            or self.per_nome.get(_PREFISSO.sub("", normalizza(testo)))
        )

    def istat(self, belfiore: str) -> str | None:
        """The ISTAT code of a Belfiore code."""
        comune = self.per_belfiore.get(belfiore)
        return comune.istat if comune else None

    def belfiore(self, istat: str) -> str | None:
        """The Belfiore code of an ISTAT code."""
        comune = self.per_istat.get(istat)
        return comune.belfiore if comune else None


class MappaEnti(msgspec.Struct, frozen=True):
    """The enti of an ambito by code and by name; built once for many look-ups."""

    per_id: Mapping[int, Ente]
    _chiavi: Mapping[str, Ente]

    @classmethod
    def da(cls, enti: Iterable[Ente]) -> MappaEnti:
        """Build it: an exact code or name comes before a short form that could be another's."""
        elenco = tuple(enti)
        chiavi: dict[str, Ente] = {}
        ambigue: set[str] = set()
        for ente in elenco:
            for codice in (ente.codice, ente.istat):
                if codice:
                    chiavi.setdefault(codice.upper(), ente)
            chiavi[normalizza(ente.denominazione)] = ente
        brevi: dict[str, Ente] = {}
        for ente in elenco:
            for breve in _forme_brevi(ente):
                if breve in chiavi and chiavi[breve] is not ente:
                    continue
                if brevi.setdefault(breve, ente) is not ente:
                    ambigue.add(breve)
        chiavi.update({b: e for b, e in brevi.items() if b not in ambigue})
        return cls({e.id: e for e in elenco}, chiavi)

    def cerca(self, testo: str) -> Ente | None:
        """The ente that a code (Belfiore, ISTAT), a name or its abbreviation stands for."""
        return (
            self._chiavi.get(testo.strip().upper())
            or self._chiavi.get(nome := normalizza(testo))
            or self._chiavi.get(_compatta(nome))
            or self._chiavi.get(_FORMA.sub("", nome))
        )


def _forme_brevi(ente: Ente) -> set[str]:
    nome = normalizza(ente.denominazione)
    forme = {_FORMA.sub("", nome)}
    if ente.tipo == "comune":
        forme.add(_PREFISSO.sub("", nome))
    if ente.sigla:
        forme |= {normalizza(ente.sigla), _compatta(normalizza(ente.sigla))}
    return forme - {""}
