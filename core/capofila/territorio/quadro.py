"""The territory of an ambito on a day, put together for whoever looks at it.

Pure. A total is given only when every comune has its figure; a figure without a year says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise

import msgspec

from capofila.territorio.cartelle import Nota
from capofila.territorio.rules import (
    UN_GIORNO,
    Appartenenza,
    Appartenenze,
    Componente,
    Comune,
    Demografia,
    Ente,
    FunzioneTrasferita,
    Fusione,
    Popolazione,
    SubAmbito,
    vigenti,
)


class RigaComune(msgspec.Struct, frozen=True, kw_only=True):
    """A member comune on the day, with its inhabitants in each year shown."""

    comune: Comune
    appartenenza: Appartenenza
    referente: bool
    popolazioni: tuple[Popolazione | None, ...]


class Gruppo(msgspec.Struct, frozen=True, kw_only=True):
    """A sub-ambito (None: the comuni of none) with its comuni and, where whole, its totals."""

    sub_ambito: SubAmbito | None
    referente: Comune | None
    righe: tuple[RigaComune, ...]
    totali: tuple[int | None, ...]


class UnioneQuadro(msgspec.Struct, frozen=True, kw_only=True):
    """A union with its known comuni; ``fuori`` are those that are not of this ambito."""

    ente: Ente
    comuni: tuple[Comune, ...]
    fuori: tuple[Comune, ...]
    attestata_il: date | None
    fonti: tuple[str, ...]
    funzioni: tuple[tuple[Comune, FunzioneTrasferita], ...]


class Vicenda(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Something that changed the territory: a day, a sentence, a source."""

    giorno: date
    testo: str
    fonte: str


class Quadro(msgspec.Struct, frozen=True, kw_only=True):
    """The territory on a day. ``anni`` are the columns of population; None: year not stated."""

    giorno: date
    anni: tuple[int | None, ...]
    fonti_popolazione: tuple[tuple[int | None, tuple[str, ...]], ...]
    gruppi: tuple[Gruppo, ...]
    totali: tuple[int | None, ...]
    enti: tuple[Ente, ...]
    unioni: tuple[UnioneQuadro, ...]
    note: tuple[Nota, ...]
    vicende: tuple[Vicenda, ...]

    @property
    def comuni(self) -> int:
        """How many comuni."""
        return sum(len(gruppo.righe) for gruppo in self.gruppi)


def _totali(righe: Sequence[RigaComune], quanti: int) -> tuple[int | None, ...]:
    totali: list[int | None] = []
    for colonna in range(quanti):
        cifre = [r.popolazioni[colonna] for r in righe]
        buone = [p.residenti for p in cifre if p is not None]
        totali.append(sum(buone) if righe and len(buone) == len(cifre) else None)
    return tuple(totali)


def componi(
    giorno: date,
    *,
    demografia: Demografia,
    appartenenze: Appartenenze,
    sub_ambiti: Sequence[SubAmbito],
    enti: Sequence[Ente],
    componenti: Sequence[Componente],
    funzioni: Sequence[FunzioneTrasferita],
    note: Sequence[Nota],
) -> Quadro:
    """Put the page of a day together."""
    comuni = demografia.comuni
    anni = demografia.anni
    gruppi: list[Gruppo] = []
    per_gruppo = appartenenze.per_gruppo(giorno)
    for sub_ambito in (*sub_ambiti, None):
        codice = sub_ambito.codice if sub_ambito else None
        righe = []
        for istat in per_gruppo.get(codice, ()):
            appartenenza = appartenenze.del_giorno(istat, giorno)
            if appartenenza is not None:
                righe.append(
                    RigaComune(
                        comune=comuni[istat],
                        appartenenza=appartenenza,
                        referente=sub_ambito is not None and sub_ambito.referente == istat,
                        popolazioni=tuple(
                            demografia.popolazione(istat, giorno, anno) for anno in anni
                        ),
                    )
                )
        if righe:
            gruppi.append(
                Gruppo(
                    sub_ambito=sub_ambito,
                    referente=comuni.get(sub_ambito.referente)
                    if sub_ambito and sub_ambito.referente
                    else None,
                    righe=tuple(righe),
                    totali=_totali(righe, len(anni)),
                )
            )
    tutte = [riga for gruppo in gruppi for riga in gruppo.righe]
    membri = {riga.comune.istat for riga in tutte}
    return Quadro(
        giorno=giorno,
        anni=anni,
        fonti_popolazione=tuple(
            (
                anno,
                tuple(
                    dict.fromkeys(
                        fonte
                        for riga in tutte
                        if (cifra := riga.popolazioni[colonna]) is not None
                        for fonte in cifra.fonti
                    )
                ),
            )
            for colonna, anno in enumerate(anni)
        ),
        gruppi=tuple(gruppi),
        totali=_totali(tutte, len(anni)),
        enti=tuple(e for e in vigenti(enti, giorno) if e.tipo not in ("comune", "unione")),
        unioni=_unioni(giorno, enti, componenti, funzioni, comuni, membri),
        note=vigenti(note, giorno),
        vicende=tuple(
            sorted(vicende(comuni, demografia.fusioni, appartenenze, sub_ambiti), reverse=True)
        ),
    )


def _unioni(
    giorno: date,
    enti: Sequence[Ente],
    componenti: Sequence[Componente],
    funzioni: Sequence[FunzioneTrasferita],
    comuni: Mapping[str, Comune],
    membri: set[str],
) -> tuple[UnioneQuadro, ...]:
    unioni = []
    for ente in vigenti(enti, giorno):
        if ente.tipo != "unione":
            continue
        suoi = [c for c in vigenti(componenti, giorno) if c.unione == ente.denominazione]
        attestate = [c.attestata_il for c in suoi if c.attestata_il is not None]
        unioni.append(
            UnioneQuadro(
                ente=ente,
                comuni=tuple(comuni[c.istat] for c in suoi),
                fuori=tuple(comuni[c.istat] for c in suoi if c.istat not in membri),
                attestata_il=max(attestate, default=None),
                fonti=tuple(dict.fromkeys(c.fonte for c in suoi)),
                funzioni=tuple(
                    (comuni[f.istat], f)
                    for f in vigenti(funzioni, giorno)
                    if f.unione == ente.denominazione
                ),
            )
        )
    return tuple(unioni)


def vicende(
    comuni: Mapping[str, Comune],
    fusioni: Iterable[Fusione],
    appartenenze: Appartenenze,
    sub_ambiti: Sequence[SubAmbito],
) -> list[Vicenda]:
    """What changed the territory: mergers, comuni that came and went, moves between groups.

    The day on which a whole group begins is told once, not comune by comune.
    """
    nomi = {s.codice: s.nome for s in sub_ambiti}
    fatti: list[Vicenda] = []
    coinvolti = set(appartenenze.per_comune)
    confluiti: set[tuple[str, date]] = set()
    for fusione in fusioni:
        if {fusione.cessato, fusione.nuovo} & coinvolti:
            fatti.append(
                Vicenda(
                    giorno=fusione.dal,
                    testo=f"{comuni[fusione.cessato].nome} confluisce in "
                    f"{comuni[fusione.nuovo].nome}.",
                    fonte=fusione.fonte,
                )
            )
            confluiti |= {(fusione.cessato, fusione.dal), (fusione.nuovo, fusione.dal)}
    nati: dict[tuple[date, str], list[str]] = {}
    for gruppo in sub_ambiti:
        if gruppo.dal is not None:
            nati.setdefault((gruppo.dal, gruppo.fonte), []).append(f"«{gruppo.nome}»")
    for (giorno, fonte), elenco in nati.items():
        verbo = "Comincia" if len(elenco) == 1 else "Cominciano"
        fatti.append(Vicenda(giorno=giorno, testo=f"{verbo} {', '.join(elenco)}.", fonte=fonte))
    nascite = {(s.codice, s.dal) for s in sub_ambiti}
    for istat, periodi in appartenenze.per_comune.items():
        nome = comuni[istat].nome
        primo, ultimo = periodi[0], periodi[-1]
        if primo.dal is not None and (istat, primo.dal) not in confluiti:
            fatti.append(
                Vicenda(giorno=primo.dal, testo=f"{nome} entra nell'ambito.", fonte=primo.fonte)
            )
        if ultimo.al is not None and (istat, ultimo.al + UN_GIORNO) not in confluiti:
            fatti.append(
                Vicenda(
                    giorno=ultimo.al + UN_GIORNO,
                    testo=f"{nome} non fa più parte dell'ambito.",
                    fonte=ultimo.fonte,
                )
            )
        for prima, poi in pairwise(periodi):
            if poi.dal is None:
                continue
            if prima.al is not None and poi.dal > prima.al + UN_GIORNO:
                fatti.append(
                    Vicenda(giorno=poi.dal, testo=f"{nome} torna nell'ambito.", fonte=poi.fonte)
                )
            elif prima.sub_ambito != poi.sub_ambito and (poi.sub_ambito, poi.dal) not in nascite:
                dove = nomi.get(poi.sub_ambito, "") if poi.sub_ambito else ""
                fatti.append(
                    Vicenda(
                        giorno=poi.dal,
                        testo=f"{nome} passa a «{dove}»."
                        if dove
                        else f"{nome} resta senza sub-ambito.",
                        fonte=poi.fonte,
                    )
                )
    return fatti
