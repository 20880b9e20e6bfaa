"""A scheme in plain Italian: what each step does, with the figures of a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from capofila.compartecipazione.calcolo import al_posto
from capofila.compartecipazione.lettera import cifra
from capofila.compartecipazione.schemi import (
    Arrotonda,
    Esente,
    Fasce,
    Fissa,
    Forma,
    Gradino,
    Letto,
    MinimoGarantito,
    Percentuale,
    PerQuantita,
    Proporzionale,
    Punti,
    Riduzione,
    Risolto,
    Tetto,
    Tratti,
)

UNITA: Final[Mapping[str, str]] = {
    "ora": "all’ora", "giorno": "al giorno", "pasto": "a pasto", "mese": "al mese",
    "accesso": "ad accesso", "anno": "all’anno",
}  # fmt: skip
QUANTE: Final[Mapping[str, str]] = {
    "ora": "Ore", "giorno": "Giorni", "pasto": "Pasti", "mese": "Mesi", "accesso": "Accessi",
    "anno": "Anni",
}  # fmt: skip


def passi_in_parole(risolto: Risolto) -> list[str]:
    """The steps of a scheme on a day, in their order."""
    return [_passo(passo, risolto) for passo in risolto.passi]


def _passo(passo: Forma, risolto: Risolto) -> str:
    letti = risolto.letti

    def euro(nome: str) -> str:
        return f"{cifra(letti[nome])} €"

    def percento(nome: str) -> str:
        return f"{cifra(letti[nome]).removesuffix(',00')}%"

    match passo:
        case Esente(fino_a=fino_a):
            return f"Fino a un ISEE di {euro(fino_a)} non si paga nulla."
        case Fissa(tariffa=tariffa):
            return f"La tariffa è di {euro(tariffa)} {UNITA[risolto.unita]} per tutti."
        case Tratti(nodi=nodi, sotto=sotto):
            punti = ", ".join(f"{euro(n.tariffa)} a {euro(n.isee)} di ISEE" for n in nodi)
            prima = (
                f"fino a {euro(nodi[0].isee)} non si paga nulla"
                if sotto == "esente"
                else f"sotto {euro(nodi[0].isee)} si paga la prima"
            )
            return (
                f"La tariffa cresce in proporzione all’ISEE fra questi punti: {punti}; {prima}, oltre "
                f"{euro(nodi[-1].isee)} l’ultima."
            )
        case Fasce(fasce=fasce, modo="intera"):
            return f"La tariffa è quella della fascia dell’ISEE: {_fasce(fasce, letti, euro)}."
        case Fasce(fasce=fasce, modo="percentuale"):
            return (
                f"Si paga la percentuale del costo della fascia dell’ISEE: "
                f"{_fasce(fasce, letti, percento)}."
            )
        case Fasce(fasce=fasce):
            return (
                f"Di ogni parte dell’ISEE si paga la percentuale della sua fascia: "
                f"{_fasce(fasce, letti, percento)}."
            )
        case Percentuale(percento=parte):
            return f"Si paga il {percento(parte)} del costo."
        case Proporzionale(isee_finale=finale, minima=minima):
            almeno = f", almeno il {percento(minima)}" if minima is not None else ""
            return f"Si paga la parte del costo che l’ISEE è di {euro(finale)}{almeno}; oltre, tutto il costo."
        case Punti(fasce=fasce):
            return f"La tariffa dipende dai punti della valutazione: {_fasce(fasce, letti, euro)}."
        case MinimoGarantito(importo=importo):
            return f"Alla persona restano {euro(importo)} al mese: non paga più del resto."
        case Riduzione(percento=parte, se=se):
            return f"Riduzione del {percento(parte)}: {risolto.condizioni[se]}."
        case Tetto(importo=None):
            return "Non si paga più del costo del servizio."
        case Tetto(importo=str(importo)):
            return f"Non si paga più di {euro(importo)}."
        case PerQuantita():
            return "La tariffa si moltiplica per la quantità."
        case Arrotonda(decimali=decimali):
            return f"Si arrotonda {al_posto(decimali)}, la metà verso l’alto."
    raise AssertionError(passo)  # pragma: no cover


def _fasce(fasce: tuple[Gradino, ...], letti: Mapping[str, Letto], tariffa: object) -> str:
    assert callable(tariffa)
    return ", ".join(
        f"{tariffa(g.tariffa)} fino a {cifra(letti[g.fino_a])}" if g.fino_a is not None
        else f"{tariffa(g.tariffa)} oltre" for g in fasce
    )  # fmt: skip
