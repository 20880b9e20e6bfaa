"""What the ledger says, out of a few sums: totals, shares, per inhabitant, by area, source and year.

Pure. Every figure is given with and without the capoluogo, since a city is half of its ambito.
What is missing is None, never zero: a comune without lines, a population that is not held, users
that nobody counted. Source of the figures: the analysis that Cremona published of 2012 (total,
associata and its share, per inhabitant with least, mean and most, users, spending per user).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from statistics import median
from typing import Final

import msgspec

from capofila.spesa.rules import CENTESIMO, incidenza_utenti, per_uno, quota

ASSOCIATA: Final = "associata"
SINGOLA: Final = "singola"
_NULLA: Final = Decimal("0.00")


class Somma(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a comune in an area, under a gestione, added up by the database.

    Attributes:
        utenti: of the lines where they are known; None where they are known in none.
        senza_utenti: lines whose users are not known.
        comuni_noti, quota_utenti_nota: what the comuni and the users paid in the lines whose users
            are known: those that may be divided by them.
        fonti: by source of funds.
    """

    istat: str
    area: str
    gestione: str
    righe: int
    spesa: Decimal
    quota_utenti: Decimal
    quota_ssn: Decimal
    utenti: int | None
    senza_utenti: int
    comuni_noti: Decimal
    quota_utenti_nota: Decimal
    fonti: Mapping[str, Decimal] = {}


class SommaAnno(msgspec.Struct, frozen=True, kw_only=True):
    """What a comune spent in a year."""

    anno: int
    istat: str
    spesa: Decimal
    associata: Decimal


class ProCapite(msgspec.Struct, frozen=True, kw_only=True):
    """Euro an inhabitant: of the whole, and of its comuni one by one.

    Attributes:
        valore: spending over inhabitants, so weighted; None when one population is missing.
        min, media, mediana, max: of the comuni whose population is held, each counting for one.
    """

    valore: Decimal | None
    min: Decimal | None
    media: Decimal | None
    mediana: Decimal | None
    max: Decimal | None


class Misura(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a perimeter. `spesa` is gross; shares are fractions with four decimals."""

    spesa: Decimal
    associata: Decimal
    singola: Decimal
    quota_associata: Decimal | None
    utenti: int | None
    quota_utenti: Decimal
    incidenza_utenti: Decimal | None
    pro_capite: ProCapite


class Parte(msgspec.Struct, frozen=True, kw_only=True):
    """An area or a source of funds, with its share of the total, with and without the capoluogo."""

    codice: str
    spesa: Decimal
    quota: Decimal | None
    senza_capoluogo: Decimal
    quota_senza_capoluogo: Decimal | None


class PerUtente(msgspec.Struct, frozen=True, kw_only=True):
    """What a user costs to the comuni, and what it pays, over the lines whose users are known."""

    comuni: Decimal | None
    utente: Decimal | None
    senza_utenti: int


class DelComune(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a comune."""

    istat: str
    spesa: Decimal
    associata: Decimal
    pro_capite: Decimal | None
    misura: Misura
    per_utente: PerUtente


class DelGruppo(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a sub-ambito; None for the comuni of none.

    Attributes:
        comuni: those with lines.
        senza_capoluogo: the same without it; None where it is not one of them, or the only one.
    """

    sub_ambito: str | None
    comuni: tuple[str, ...]
    per_area: Mapping[str, Decimal]
    misura: Misura
    per_utente: PerUtente
    senza_capoluogo: Misura | None
    per_utente_senza_capoluogo: PerUtente | None


class DellAnno(msgspec.Struct, frozen=True, kw_only=True):
    """A year of the series, with and without the capoluogo."""

    anno: int
    spesa: Decimal
    quota_associata: Decimal | None
    pro_capite: ProCapite
    senza_capoluogo: Decimal
    quota_associata_senza_capoluogo: Decimal | None
    pro_capite_senza_capoluogo: ProCapite


class Analisi(msgspec.Struct, frozen=True, kw_only=True):
    """A year of an ambito.

    Attributes:
        capoluogo: its ISTAT code; None when the ambito has none in the survey.
        mancano: comuni of the survey without a line.
        senza_popolazione: comuni with lines whose inhabitants of that year are not held.
    """

    anno: int
    capoluogo: str | None
    totale: Misura
    senza_capoluogo: Misura
    per_area: tuple[Parte, ...]
    per_fonte: tuple[Parte, ...]
    per_comune: tuple[DelComune, ...]
    per_sub_ambito: tuple[DelGruppo, ...]
    per_utente: PerUtente
    per_utente_senza_capoluogo: PerUtente
    anni: tuple[DellAnno, ...]
    mancano: tuple[str, ...]
    senza_popolazione: tuple[str, ...]


def analizza(
    anno: int,
    somme: Iterable[Somma],
    *,
    comuni: Collection[str],
    abitanti: Mapping[int, Mapping[str, int]],
    capoluogo: str | None = None,
    gruppi: Mapping[str, str | None] | None = None,
    anni: Iterable[SommaAnno] = (),
) -> Analisi:
    """Put the figures of a year together.

    Args:
        anno: of the spending.
        somme: the ledger of that year.
        comuni: ISTAT codes of those that the survey asks.
        abitanti: at the end of each year, by comune, where they are held.
        capoluogo: its ISTAT code.
        gruppi: sub-ambito by comune.
        anni: spending by year and comune, for the series.
    """
    somme = tuple(somme)
    residenti = abitanti.get(anno, {})
    del_comune: dict[str, list[Somma]] = {}
    for una in somme:
        del_comune.setdefault(una.istat, []).append(una)
    altri = tuple(una for una in somme if una.istat != capoluogo)
    totale, senza = misura(somme, residenti), misura(altri, residenti)
    di_chi = gruppi or {}
    return Analisi(
        anno=anno,
        capoluogo=capoluogo,
        totale=totale,
        senza_capoluogo=senza,
        per_area=_parti(_per_area, somme, altri),
        per_fonte=_parti(_per_fonte, somme, altri),
        per_comune=tuple(
            _del_comune(istat, del_comune[istat], residenti) for istat in sorted(del_comune)
        ),
        per_sub_ambito=tuple(
            _del_gruppo(
                gruppo,
                {i: sue for i, sue in del_comune.items() if di_chi.get(i) == gruppo},
                residenti,
                capoluogo,
            )
            for gruppo in sorted({di_chi.get(i) for i in del_comune}, key=lambda g: (g is None, g))
        ),
        per_utente=per_utente(somme),
        per_utente_senza_capoluogo=per_utente(altri),
        anni=_anni(anni, abitanti, capoluogo),
        mancano=tuple(sorted({*comuni} - {*del_comune})),
        senza_popolazione=tuple(sorted({*del_comune} - {*residenti})),
    )


def misura(somme: Iterable[Somma], abitanti: Mapping[str, int]) -> Misura:
    """The figures of some comuni."""
    somme = tuple(somme)
    spesa = sum((una.spesa for una in somme), _NULLA)
    per_gestione = {
        gestione: sum((una.spesa for una in somme if una.gestione == gestione), _NULLA)
        for gestione in (ASSOCIATA, SINGOLA)
    }
    quota_utenti = sum((una.quota_utenti for una in somme), _NULLA)
    quota_ssn = sum((una.quota_ssn for una in somme), _NULLA)
    noti = [una.utenti for una in somme if una.utenti is not None]
    return Misura(
        spesa=spesa,
        associata=per_gestione[ASSOCIATA],
        singola=per_gestione[SINGOLA],
        quota_associata=quota(per_gestione[ASSOCIATA], spesa),
        utenti=sum(noti) if noti else None,
        quota_utenti=quota_utenti,
        incidenza_utenti=incidenza_utenti(spesa, quota_utenti, quota_ssn),
        pro_capite=pro_capite(_somma_per((una.istat, una.spesa) for una in somme), abitanti),
    )


def pro_capite(spesa: Mapping[str, Decimal], abitanti: Mapping[str, int]) -> ProCapite:
    """Spending per inhabitant of some comuni, rounded to the cent at the end."""
    noti = sorted(
        Fraction(importo) / abitanti[istat]
        for istat, importo in spesa.items()
        if abitanti.get(istat)
    )
    residenti = sum(abitanti.get(istat, 0) for istat in spesa)
    if not noti:
        return ProCapite(valore=None, min=None, media=None, mediana=None, max=None)
    return ProCapite(
        valore=per_uno(sum(spesa.values(), _NULLA), residenti) if len(noti) == len(spesa) else None,
        min=_euro(noti[0]),
        media=_euro(sum(noti, Fraction(0)) / len(noti)),
        mediana=_euro(median(noti)),
        max=_euro(noti[-1]),
    )


def per_utente(somme: Iterable[Somma]) -> PerUtente:
    """What a user costs to the comuni and pays."""
    somme = tuple(somme)
    utenti = sum(una.utenti or 0 for una in somme)
    return PerUtente(
        comuni=per_uno(sum((una.comuni_noti for una in somme), _NULLA), utenti),
        utente=per_uno(sum((una.quota_utenti_nota for una in somme), _NULLA), utenti),
        senza_utenti=sum(una.senza_utenti for una in somme),
    )


def _del_comune(istat: str, somme: Sequence[Somma], abitanti: Mapping[str, int]) -> DelComune:
    sua = misura(somme, abitanti)
    return DelComune(
        istat=istat,
        spesa=sua.spesa,
        associata=sua.associata,
        pro_capite=sua.pro_capite.valore,
        misura=sua,
        per_utente=per_utente(somme),
    )


def _del_gruppo(
    gruppo: str | None,
    comuni: Mapping[str, Sequence[Somma]],
    abitanti: Mapping[str, int],
    capoluogo: str | None,
) -> DelGruppo:
    somme = [una for sue in comuni.values() for una in sue]
    altri = [una for una in somme if una.istat != capoluogo]
    diversi = 0 < len(altri) < len(somme)
    return DelGruppo(
        sub_ambito=gruppo,
        comuni=tuple(sorted(comuni)),
        per_area=_per_area(somme),
        misura=misura(somme, abitanti),
        per_utente=per_utente(somme),
        senza_capoluogo=misura(altri, abitanti) if diversi else None,
        per_utente_senza_capoluogo=per_utente(altri) if diversi else None,
    )


def _per_area(somme: Iterable[Somma]) -> dict[str, Decimal]:
    return _somma_per((una.area, una.spesa) for una in somme)


def _per_fonte(somme: Iterable[Somma]) -> dict[str, Decimal]:
    return _somma_per(
        parte
        for una in somme
        for parte in (
            *una.fonti.items(),
            ("quota_utenti", una.quota_utenti),
            ("quota_ssn", una.quota_ssn),
        )
    )


def _parti(
    come: Callable[[Iterable[Somma]], dict[str, Decimal]],
    somme: Sequence[Somma],
    altri: Sequence[Somma],
) -> tuple[Parte, ...]:
    capoluogo = {una.istat for una in somme} - {una.istat for una in altri}
    sue = come(altri)
    del_capoluogo = come([una for una in somme if una.istat in capoluogo])
    tutte = dict(sorted(_somma_per([*sue.items(), *del_capoluogo.items()]).items()))
    # Of the spending, also where a sheet that is still open does not balance.
    totale, senza = (sum((una.spesa for una in quali), _NULLA) for quali in (somme, altri))
    return tuple(
        Parte(
            codice=codice,
            spesa=spesa,
            quota=quota(spesa, totale),
            senza_capoluogo=sue.get(codice, _NULLA),
            quota_senza_capoluogo=quota(sue.get(codice, _NULLA), senza),
        )
        for codice, spesa in tutte.items()
    )


def _anni(
    somme: Iterable[SommaAnno], abitanti: Mapping[int, Mapping[str, int]], capoluogo: str | None
) -> tuple[DellAnno, ...]:
    per_anno: dict[int, list[SommaAnno]] = {}
    for una in somme:
        per_anno.setdefault(una.anno, []).append(una)
    serie = []
    for anno, sue in sorted(per_anno.items()):
        spesa, associata = (
            sum(v, _NULLA) for v in zip(*((s.spesa, s.associata) for s in sue), strict=True)
        )
        altre = [una for una in sue if una.istat != capoluogo]
        senza = sum((una.spesa for una in altre), _NULLA)
        serie.append(
            DellAnno(
                anno=anno,
                spesa=spesa,
                quota_associata=quota(associata, spesa),
                pro_capite=pro_capite(
                    {una.istat: una.spesa for una in sue}, abitanti.get(anno, {})
                ),
                senza_capoluogo=senza,
                quota_associata_senza_capoluogo=quota(
                    sum((una.associata for una in altre), _NULLA), senza
                ),
                pro_capite_senza_capoluogo=pro_capite(
                    {una.istat: una.spesa for una in altre}, abitanti.get(anno, {})
                ),
            )
        )
    return tuple(serie)


def _somma_per(coppie: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    somme: dict[str, Decimal] = {}
    for chiave, importo in coppie:
        somme[chiave] = somme.get(chiave, _NULLA) + importo
    return somme


def _euro(valore: Fraction) -> Decimal:
    """A fraction of euro to the cent, half up."""
    centesimi = valore * 100
    intero = (2 * centesimi.numerator + centesimi.denominator) // (2 * centesimi.denominator)
    return (Decimal(intero) * CENTESIMO).quantize(CENTESIMO, ROUND_HALF_UP)
