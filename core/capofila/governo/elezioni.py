"""The choice of persons: who has most votes, up to the places; only numbers are known. Pure.

Source: Accordo di Programma 2015-2017 of Crema, art. 7 (two members of the Comitato Ristretto for
each sub-ambito); the same in Cremona (Assemblea of 2 October 2019).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from capofila.governo.seduta import Difetto, Seduta
from capofila.hooks import Elezione


class Preferenze(msgspec.Struct, frozen=True, kw_only=True):
    """What a person had; no one knows from whom."""

    nome: str
    voti: int


class Collegio(msgspec.Struct, frozen=True, kw_only=True):
    """The ballots of one unit that elects apart: the body, or a sub-ambito.

    Attributes:
        schede: how many ballots were cast, blank and void ones included.
        bianche: blank and void ones.
    """

    nome: str
    schede: int
    candidati: tuple[Preferenze, ...]
    bianche: int = 0


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
    """

    nome: str
    stato: StatoCollegio
    eletti: tuple[str, ...]
    a_pari: tuple[str, ...] = ()
    posti_contesi: int = 0


def difetti_elezione(
    regola: Elezione, seduta: Seduta, collegi: tuple[Collegio, ...], preferenze: int
) -> list[Difetto]:
    """Everything that keeps the ballots from being counted; empty when they are good.

    Args:
        regola: how the body chooses.
        seduta: who could vote.
        collegi: the ballots of each unit.
        preferenze: how many names a ballot may have.
    """
    trovati: list[Difetto] = []
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
        if uno.nome in nomi:
            trovati.append(Difetto(f"{luogo}.nome", f"«{uno.nome}» è scritto due volte."))
        nomi.add(uno.nome)
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
        if len(set(scritti)) < len(scritti):
            trovati.append(Difetto(f"{luogo}.candidati", "un nome è scritto due volte."))
        trovati += [
            Difetto(
                f"{luogo}.candidati[{n}].voti",
                f"«{candidato.nome}» ha {candidato.voti} voti con {valide} schede valide.",
            )
            for n, candidato in enumerate(uno.candidati, 1)
            if not 0 <= candidato.voti <= valide
        ]
        totale = sum(candidato.voti for candidato in uno.candidati)
        if not valide <= totale <= valide * preferenze:
            trovati.append(
                Difetto(
                    f"{luogo}.candidati",
                    f"i voti sono {totale}: con {valide} schede valide e al massimo {preferenze} "
                    f"nomi per scheda sono fra {valide} e {valide * preferenze}.",
                )
            )
    return trovati


def eleggi(regola: Elezione, collegio: Collegio) -> EsitoCollegio:
    """Who is elected: most votes first, nobody without one.

    A tie for the last places is left to what the rule says of it, and to who applies it.
    """
    in_ordine = sorted(
        (uno for uno in collegio.candidati if uno.voti > 0), key=lambda uno: (-uno.voti, uno.nome)
    )
    if len(in_ordine) <= regola.posti:
        return EsitoCollegio(
            nome=collegio.nome,
            stato=StatoCollegio.COMPLETO
            if len(in_ordine) == regola.posti
            else StatoCollegio.INCOMPLETO,
            eletti=tuple(uno.nome for uno in in_ordine),
        )
    ultimo = in_ordine[regola.posti - 1].voti
    if in_ordine[regola.posti].voti < ultimo:
        return EsitoCollegio(
            nome=collegio.nome,
            stato=StatoCollegio.COMPLETO,
            eletti=tuple(uno.nome for uno in in_ordine[: regola.posti]),
        )
    sicuri = tuple(uno.nome for uno in in_ordine if uno.voti > ultimo)
    return EsitoCollegio(
        nome=collegio.nome,
        stato=StatoCollegio.PARITA,
        eletti=sicuri,
        a_pari=tuple(uno.nome for uno in in_ordine if uno.voti == ultimo),
        posti_contesi=regola.posti - len(sicuri),
    )
