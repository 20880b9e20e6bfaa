"""A meeting at the moment of a vote: who is entitled, who is there, who stands for whom, who weighs what.

Weights are frozen when a meeting opens: the vote reads them from here, whatever the register of the
inhabitants says later. Figures are exact fractions. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Final

import msgspec

from capofila.base.errori import DatiNonValidi
from capofila.hooks import Deleghe, Misura

TESTA: Final = Fraction(1)


class Difetto(msgspec.Struct, frozen=True, order=True):
    """What is wrong with what was given: where it stands, and what to do."""

    luogo: str
    motivo: str

    def __str__(self) -> str:
        return f"{self.luogo}: {self.motivo}" if self.luogo else self.motivo


class ConteggioRifiutato(DatiNonValidi):
    """Nothing was counted: what was given contradicts itself or the rules of the body."""

    codice = "conteggio_rifiutato"

    def __init__(self, difetti: Iterable[Difetto]) -> None:
        self.difetti = tuple(dict.fromkeys(difetti))
        n = len(self.difetti)
        quanti = "C'è un errore" if n == 1 else f"Ci sono {n} errori"
        mostrati = self.difetti[:MOSTRATI]
        righe = [f"{quanti}; non è stato contato nulla.", *(f"- {uno}" for uno in mostrati)]
        if n > len(mostrati):
            righe.append(f"- e altri {n - len(mostrati)}.")
        super().__init__("\n".join(righe))


MOSTRATI: Final = 50


class AventeDiritto(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a vote in the body, with what it weighs.

    Attributes:
        abitanti: inhabitants in the year of the weights; None when they were not given.
        quote: quotas, in the unit of the act that sets them.
        categoria: of the seat, as the body declares it.
        adesione: the act by which the ente adhered to the Accordo, where a seat asks for it.
    """

    id: str
    nome: str
    categoria: str | None = None
    abitanti: Fraction | None = None
    quote: Fraction | None = None
    adesione: str | None = None

    def peso(self, misura: Misura) -> Fraction | None:
        """What it weighs; a head is one."""
        match misura:
            case Misura.TESTE:
                return TESTA
            case Misura.ABITANTI:
                return self.abitanti
            case Misura.QUOTE:
                return self.quote


class Delega(msgspec.Struct, frozen=True):
    """One who is entitled, and the other who stands for them."""

    da: str
    a: str


class Seduta(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A meeting when it votes. :func:`difetti` says whether it can be.

    Attributes:
        convocazione: 1 for the first call, 2 for the second.
        presenti: who is there in person, or by somebody of the same ente.
        presidente: who presides, when entitled.
        interessati: who may not vote on this proposal, because it is about their own.
        anno_pesi: the year of the inhabitants or of the quotas.
    """

    giorno: date
    aventi_diritto: tuple[AventeDiritto, ...]
    presenti: tuple[str, ...]
    convocazione: int = 1
    deleghe: tuple[Delega, ...] = ()
    presidente: str | None = None
    interessati: tuple[str, ...] = ()
    anno_pesi: int | None = None

    @cached_property
    def per_id(self) -> Mapping[str, AventeDiritto]:
        """Who is entitled, by id."""
        return {uno.id: uno for uno in self.aventi_diritto}

    @cached_property
    def in_persona(self) -> frozenset[str]:
        """Who is there in person."""
        return frozenset(self.presenti)

    @cached_property
    def rappresentati(self) -> frozenset[str]:
        """Who is there, in person or by a proxy that holds now."""
        return self.in_persona | {una.da for una in in_essere(self.deleghe, self.in_persona)}

    @cached_property
    def _omonimi(self) -> frozenset[str]:
        quanti = Counter(uno.nome for uno in self.per_id.values())
        return frozenset(nome for nome, n in quanti.items() if n > 1)

    def nome(self, id: str) -> str:
        """How one who is entitled is called, with the id where another has the same name; the id itself
        for somebody unknown.
        """
        trovato = self.per_id.get(id)
        if trovato is None:
            return id
        return f"{trovato.nome} ({id})" if trovato.nome in self._omonimi else trovato.nome


def in_essere(deleghe: Iterable[Delega], in_persona: Collection[str]) -> tuple[Delega, ...]:
    """The proxies that hold now: who carries one is in the room, and who gave it is not.

    So a proxy ends when its bearer leaves, and when its giver arrives; it never passes on.
    """
    return tuple(una for una in deleghe if una.a in in_persona and una.da not in in_persona)


def difetti(
    seduta: Seduta, *, deleghe: Deleghe | None, solo_aderenti: Collection[str] = ()
) -> list[Difetto]:
    """Everything that keeps a meeting from being counted; empty when it is good.

    Args:
        seduta: as it was given.
        deleghe: the rule of the proxies on the day; None when no source gives one.
        solo_aderenti: the categories of seats that only those who adhered may hold.
    """
    trovati: list[Difetto] = []
    noti = seduta.per_id
    if not seduta.aventi_diritto:
        trovati.append(
            Difetto("aventi_diritto", "l'elenco è vuoto: scrivi chi ha diritto di voto.")
        )
    if seduta.convocazione not in (1, 2):
        trovati.append(Difetto("convocazione", "è la prima (1) o la seconda (2)."))
    trovati += _doppi((uno.id for uno in seduta.aventi_diritto), "aventi_diritto")
    for posto, uno in enumerate(seduta.aventi_diritto, 1):
        trovati += [
            Difetto(
                f"aventi_diritto[{posto}].{misura}", f"un peso non può essere negativo ({peso})."
            )
            for misura, peso in (("abitanti", uno.abitanti), ("quote", uno.quote))
            if peso is not None and peso < 0
        ]
        if uno.categoria in solo_aderenti and not uno.adesione:
            trovati.append(
                Difetto(
                    f"aventi_diritto[{posto}].adesione",
                    f"il seggio di «{uno.nome}» è di chi ha aderito all'Accordo: scrivi l'atto di "
                    "adesione, o togli l'ente.",
                )
            )
    for luogo, ids in (("presenti", seduta.presenti), ("interessati", seduta.interessati)):
        trovati += [*_sconosciuti(ids, luogo, noti), *_doppi(ids, luogo)]
    if seduta.presidente is not None:
        if seduta.presidente not in noti:
            trovati += _sconosciuti((seduta.presidente,), "presidente", noti)
        elif seduta.presidente not in seduta.in_persona:
            trovati.append(
                Difetto("presidente", "chi presiede non è fra i presenti: aggiungilo, o cambialo.")
            )
    return trovati + _difetti_deleghe(seduta, deleghe)


def _difetti_deleghe(seduta: Seduta, regola: Deleghe | None) -> list[Difetto]:
    if not seduta.deleghe:
        return []
    if regola is None:
        return [
            Difetto(
                "deleghe",
                "nessuna fonte dice se in questo organo ci si possa far rappresentare: dichiara "
                "la regola con il suo atto, o togli le deleghe.",
            )
        ]
    if not regola.ammesse:
        return [Difetto("deleghe", f"in questo organo non sono ammesse ({regola.fonte.cita()}).")]
    trovati: list[Difetto] = []
    date: set[str] = set()
    for posto, una in enumerate(seduta.deleghe, 1):
        luogo = f"deleghe[{posto}]"
        trovati += _sconosciuti((una.da,), f"{luogo}.da", seduta.per_id)
        trovati += _sconosciuti((una.a,), f"{luogo}.a", seduta.per_id)
        if una.da == una.a:
            trovati.append(Difetto(luogo, "nessuno delega se stesso: togli la delega."))
        elif una.da in seduta.in_persona:
            trovati.append(
                Difetto(
                    f"{luogo}.da",
                    f"«{seduta.nome(una.da)}» è presente, e la sua delega non vale: togli la "
                    "delega o la presenza.",
                )
            )
        elif una.a in seduta.per_id and una.a not in seduta.in_persona:
            trovati.append(
                Difetto(
                    f"{luogo}.a",
                    f"«{seduta.nome(una.a)}» non è presente: una delega vale soltanto finché chi "
                    "la porta è in sala.",
                )
            )
        if una.da in date:
            trovati.append(
                Difetto(
                    f"{luogo}.da",
                    f"«{seduta.nome(una.da)}» ha già dato una delega: tienine una sola.",
                )
            )
        date.add(una.da)
    if regola.massimo is not None:
        quante = Counter(una.a for una in seduta.deleghe)
        trovati += [
            Difetto(
                "deleghe",
                f"«{seduta.nome(chi)}» porta {n} deleghe, e al massimo sono {regola.massimo} "
                f"({regola.fonte.cita()}).",
            )
            for chi, n in quante.items()
            if n > regola.massimo
        ]
    return trovati


def _sconosciuti(
    ids: Iterable[str], luogo: str, noti: Mapping[str, AventeDiritto]
) -> list[Difetto]:
    scritti = list(ids)
    return [
        Difetto(
            f"{luogo}[{posto}]" if luogo in ("presenti", "interessati") else luogo,
            f"«{id[:60]}» non è fra gli aventi diritto: correggi il nome, o aggiungilo.",
        )
        for posto, id in enumerate(scritti, 1)
        if id not in noti
    ]


def _doppi(ids: Iterable[str], luogo: str) -> list[Difetto]:
    visti: set[str] = set()
    trovati = []
    for posto, id in enumerate(ids, 1):
        if id in visti:
            trovati.append(
                Difetto(f"{luogo}[{posto}]", f"«{id[:60]}» è scritto due volte: tienilo una volta.")
            )
        visti.add(id)
    return trovati
