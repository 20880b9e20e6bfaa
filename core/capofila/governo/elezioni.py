"""The choice of persons: who has most votes, up to the places; only numbers are known. Pure.

Source: Accordo di Programma 2015-2017 of Crema, art. 7 (two members of the Comitato Ristretto for
each sub-ambito); the same in Cremona (Assemblea of 2 October 2019).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from capofila.governo.seduta import Difetto, Seduta
from capofila.hooks import Elezione, ParitaElezione


class Preferenze(msgspec.Struct, frozen=True, kw_only=True):
    """What a person had; no one knows from whom."""

    nome: str
    voti: int


class Collegio(msgspec.Struct, frozen=True, kw_only=True):
    """The ballots of one unit that elects apart: the body, or a sub-ambito.

    Attributes:
        schede: how many ballots were cast, blank and void ones included.
        bianche: blank and void ones.
        precedenza: of those with as many votes, who goes first: the eldest, or as drawn. Left out
            where nobody needed it, so that what was stored before reads the same.
    """

    nome: str
    schede: int
    candidati: tuple[Preferenze, ...]
    bianche: int = 0
    precedenza: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class Ripresa(msgspec.Struct, frozen=True, kw_only=True):
    """What an election left to a further vote, in a unit.

    Attributes:
        eletti: who was elected already, and stays so.
        posti: how many places are still to be filled; none where the unit is done.
        fra: the only ones who may be voted, where the rule is a run-off; empty for anybody.
    """

    nome: str
    eletti: tuple[str, ...]
    posti: int
    fra: tuple[str, ...] = ()


class StatoCollegio(StrEnum):
    """What came out of a unit."""

    COMPLETO = "completo"
    PARITA = "parita"
    """The last places are between persons with as many votes."""
    INCOMPLETO = "incompleto"
    """Fewer persons had votes than there are places."""


class EsitoCollegio(msgspec.Struct, frozen=True, kw_only=True):
    """Who is elected in a unit.

    Attributes:
        eletti: those who are elected whatever becomes of a tie, most votes first.
        a_pari: those between whom the last places are.
        posti_contesi: how many places are between them.
        per_precedenza: who was elected of those with as many votes, because they go first.
        votato: whether the unit voted at all.
    """

    nome: str
    stato: StatoCollegio
    eletti: tuple[str, ...]
    a_pari: tuple[str, ...] = ()
    posti_contesi: int = 0
    per_precedenza: tuple[str, ...] = ()
    votato: bool = True


def piano(nome: str) -> str:
    """A name as it is compared: whatever its capital letters and spaces.

    >>> piano(" Anna  ROSSI ")
    'anna rossi'
    """
    return " ".join(nome.casefold().split())


CHI_VA_PRIMA: Final = frozenset({ParitaElezione.ANZIANO, ParitaElezione.SORTEGGIO})
"""Ties that are broken at once, by an order that who keeps the minutes writes down."""


def riprese(regola: Elezione, esiti: Iterable[EsitoCollegio]) -> tuple[Ripresa, ...]:
    """What is left to a further vote; empty when all the places are filled.

    Who has as many votes as another for the last place goes to a run-off only where the rule says
    so: otherwise anybody may be voted again, because no source narrows it.
    """
    trovate = [
        Ripresa(
            nome=uno.nome,
            eletti=uno.eletti,
            posti=max(regola.posti - len(uno.eletti), 0),
            fra=uno.a_pari
            if uno.stato is StatoCollegio.PARITA and regola.parita is ParitaElezione.BALLOTTAGGIO
            else (),
        )
        for uno in esiti
    ]
    return tuple(trovate) if any(una.posti for una in trovate) else ()


def difetti_elezione(
    regola: Elezione,
    seduta: Seduta,
    collegi: tuple[Collegio, ...],
    preferenze: int,
    da_riprendere: tuple[Ripresa, ...] = (),
    attese: tuple[str, ...] = (),
) -> list[Difetto]:
    """Everything that keeps the ballots from being counted; empty when they are good.

    Args:
        regola: how the body chooses.
        seduta: who could vote.
        collegi: the ballots of each unit.
        preferenze: how many names a ballot may have.
        da_riprendere: what an earlier vote left; empty for a first vote.
        attese: the units that elect apart on the day; empty where they are not known.
    """
    trovati = _difetti_ripresa(collegi, da_riprendere)
    if not da_riprendere and attese:
        trovati += [
            Difetto(
                f"elezione.collegi[{posto}].nome",
                f"«{uno.nome[:60]}» non elegge a parte: scegli fra "
                f"{', '.join(f'«{nome}»' for nome in attese)}.",
            )
            for posto, uno in enumerate(collegi, 1)
            if uno.nome not in attese
        ]
    restano = {una.nome: una.posti for una in da_riprendere}
    if not collegi:
        trovati.append(Difetto("elezione.collegi", "l'elenco è vuoto: scrivi le schede."))
    if preferenze > regola.posti:
        trovati.append(
            Difetto(
                "elezione.preferenze",
                f"sono {preferenze}, più dei posti ({regola.posti}): ricontrolla.",
            )
        )
    possono = len(seduta.rappresentati - set(seduta.interessati))
    nomi: set[str] = set()
    for posto, uno in enumerate(collegi, 1):
        luogo = f"elezione.collegi[{posto}]"
        if piano(uno.nome) in nomi:
            trovati.append(
                Difetto(f"{luogo}.nome", f"«{uno.nome}» è scritto due volte: uniscili in uno.")
            )
        nomi.add(piano(uno.nome))
        if uno.schede > possono:
            trovati.append(
                Difetto(
                    f"{luogo}.schede",
                    f"le schede sono {uno.schede}, e chi può votare qui sono {possono}.",
                )
            )
        if not 0 <= uno.bianche <= uno.schede:
            trovati.append(Difetto(f"{luogo}.bianche", "sono più delle schede: ricontrolla."))
            continue
        valide = uno.schede - uno.bianche
        scritti = [candidato.nome for candidato in uno.candidati]
        trovati += [
            Difetto(
                f"{luogo}.candidati",
                f"«{doppio}» è scritto due volte: se è una persona sola somma i suoi voti in una "
                "voce, se sono due scrivi nel nome che cosa le distingue, come il comune.",
            )
            for doppio, quante in Counter(piano(nome) for nome in scritti).items()
            if quante > 1
        ]
        trovati += [
            Difetto(
                f"{luogo}.candidati[{n}].voti",
                f"«{candidato.nome}» ha {candidato.voti} voti con {valide} schede valide.",
            )
            for n, candidato in enumerate(uno.candidati, 1)
            if not 0 <= candidato.voti <= valide
        ]
        trovati += [
            Difetto(
                f"{luogo}.precedenza",
                f"«{nome}» non è fra i nomi votati: correggi il nome, o toglilo.",
            )
            for nome in _ordine(uno)
            if piano(nome) not in {piano(scritto) for scritto in scritti}
        ]
        totale = sum(candidato.voti for candidato in uno.candidati)
        nomi_massimi = min(preferenze, restano.get(uno.nome) or preferenze)
        if not valide <= totale <= valide * nomi_massimi:
            trovati.append(
                Difetto(
                    f"{luogo}.candidati",
                    f"i voti sono {totale}: con {valide} schede valide e al massimo "
                    f"{nomi_massimi} nomi per scheda sono fra {valide} e {valide * nomi_massimi}.",
                )
            )
    return trovati


def _difetti_ripresa(
    collegi: tuple[Collegio, ...], da_riprendere: tuple[Ripresa, ...]
) -> list[Difetto]:
    """A further vote is on the places that are left, and on nothing else."""
    if not da_riprendere:
        return []
    restano = {una.nome: una for una in da_riprendere if una.posti}
    votati = {uno.nome for uno in collegi}
    trovati = [
        Difetto("elezione.collegi", f"mancano le schede di «{nome}», che ha posti da coprire.")
        for nome in restano
        if nome not in votati
    ]
    for posto, uno in enumerate(collegi, 1):
        luogo = f"elezione.collegi[{posto}]"
        ripresa = restano.get(uno.nome)
        if ripresa is None:
            trovati.append(
                Difetto(
                    f"{luogo}.nome",
                    f"«{uno.nome}» non ha posti da coprire: si rivota soltanto per "
                    f"{', '.join(f'«{nome}»' for nome in restano)}.",
                )
            )
            continue
        for n, candidato in enumerate(uno.candidati, 1):
            if piano(candidato.nome) in {piano(eletto) for eletto in ripresa.eletti}:
                trovati.append(
                    Difetto(
                        f"{luogo}.candidati[{n}].nome",
                        f"«{candidato.nome}» è già fra gli eletti: togli il nome.",
                    )
                )
            elif ripresa.fra and piano(candidato.nome) not in {piano(n) for n in ripresa.fra}:
                trovati.append(
                    Difetto(
                        f"{luogo}.candidati[{n}].nome",
                        f"«{candidato.nome}» non va al ballottaggio, che è fra "
                        f"{', '.join(ripresa.fra)}: togli il nome.",
                    )
                )
    return trovati


def _ordine(collegio: Collegio) -> tuple[str, ...]:
    return () if isinstance(collegio.precedenza, msgspec.UnsetType) else collegio.precedenza


def eleggi(regola: Elezione, collegio: Collegio, ripresa: Ripresa | None = None) -> EsitoCollegio:
    """Who is elected: most votes first, nobody without one.

    A tie for the last places is broken by the order that was written down, where the rule is the
    age or a draw; otherwise it is left to a further vote. No draw is made here.

    Args:
        regola: how the body chooses.
        collegio: the ballots.
        ripresa: what an earlier vote left, of which this is the next; those elected then stay so.
    """
    prima = ripresa.eletti if ripresa else ()
    posti = ripresa.posti if ripresa else regola.posti
    in_ordine = sorted(
        (uno for uno in collegio.candidati if uno.voti > 0), key=lambda uno: (-uno.voti, uno.nome)
    )
    if len(in_ordine) <= posti:
        return EsitoCollegio(
            nome=collegio.nome,
            stato=StatoCollegio.COMPLETO if len(in_ordine) == posti else StatoCollegio.INCOMPLETO,
            eletti=(*prima, *(uno.nome for uno in in_ordine)),
        )
    ultimo = in_ordine[posti - 1].voti
    if in_ordine[posti].voti < ultimo:
        return EsitoCollegio(
            nome=collegio.nome,
            stato=StatoCollegio.COMPLETO,
            eletti=(*prima, *(uno.nome for uno in in_ordine[:posti])),
        )
    sicuri = tuple(uno.nome for uno in in_ordine if uno.voti > ultimo)
    a_pari = tuple(uno.nome for uno in in_ordine if uno.voti == ultimo)
    contesi = posti - len(sicuri)
    per_nome = {piano(nome): nome for nome in a_pari}
    ordine = [per_nome[piano(nome)] for nome in _ordine(collegio) if piano(nome) in per_nome]
    if regola.parita in CHI_VA_PRIMA and len(ordine) == len(a_pari) == len(set(ordine)):
        vincono = tuple(ordine[:contesi])
        return EsitoCollegio(
            nome=collegio.nome,
            stato=StatoCollegio.COMPLETO,
            eletti=(*prima, *sicuri, *vincono),
            per_precedenza=vincono,
        )
    return EsitoCollegio(
        nome=collegio.nome,
        stato=StatoCollegio.PARITA,
        eletti=(*prima, *sicuri),
        a_pari=a_pari,
        posti_contesi=contesi,
    )


def elezione_contata(
    regola: Elezione,
    collegi: Iterable[Collegio],
    da_riprendere: tuple[Ripresa, ...] = (),
    attese: tuple[str, ...] = (),
) -> tuple[EsitoCollegio, ...]:
    """Who is elected in every unit; those that an earlier vote had completed stay as they were.

    A unit that is expected and did not vote has all its places still to be filled.
    """
    votati = {uno.nome: uno for uno in collegi}
    if not da_riprendere:
        return tuple(eleggi(regola, uno) for uno in votati.values()) + tuple(
            EsitoCollegio(nome=nome, stato=StatoCollegio.INCOMPLETO, eletti=(), votato=False)
            for nome in attese
            if nome not in votati
        )
    return tuple(
        eleggi(regola, votati[una.nome], una)
        if una.posti and una.nome in votati
        else EsitoCollegio(nome=una.nome, stato=StatoCollegio.COMPLETO, eletti=una.eletti)
        for una in da_riprendere
    )
