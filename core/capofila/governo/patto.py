"""The Accordo di Programma of an ambito: whether it holds, what changed, who stands for whom. Pure.

Source: D.Lgs. 267/2000, art. 34 (an accordo is approved by a formal act and published in the
Bollettino ufficiale of the region); Accordo di Programma 2015-2017 of the ambito Cremasco, art. 3, 4,
11, 12, 16, 18 and 19.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, Literal

import msgspec

from capofila.governo.composizione import Adesione, cita_atto, fine_del_mandato
from capofila.territorio.rules import Appartenenza, FunzioneTrasferita, Fusione, successore

SpecieEnte = Literal["comune", "unione", "azienda", "ats", "asst", "provincia", "altro"]
SPECIE_ENTE: Final[Mapping[SpecieEnte, str]] = {
    "comune": "Comune",
    "unione": "Unione di comuni",
    "azienda": "Azienda",
    "ats": "ATS",
    "asst": "ASST",
    "provincia": "Provincia",
    "altro": "Altro ente",
}
SpecieModifica = Literal["proroga", "sub_ambiti", "subentro", "altro"]
SPECIE_MODIFICA: Final[Mapping[SpecieModifica, str]] = {
    "proroga": "Proroga",
    "sub_ambiti": "Sub-ambiti",
    "subentro": "Subentro di un’unione o di una convenzione",
    "altro": "Altra modifica",
}
COMUNI: Final = "comuni"
"""The sector in which a comune that did not sign adheres: its seats are its own, by right."""
PUBBLICAZIONE: Final = "D.Lgs. 267/2000, art. 34, comma 4"


class Accordo(msgspec.Struct, frozen=True, kw_only=True):
    """An Accordo with its act.

    Attributes:
        mesi: the length that was agreed.
        dal: its first day; None when no source gives it.
        al: its last day, as it is now after what extended it.
        rinnova: the number of the one that it renews.
        risorse: what its fund is made of, as the act lists it.
        burl_per_estratto: whether the Bollettino has only a part of it.
    """

    id: int = 0
    codice: str
    titolo: str
    capofila_id: int
    capofila: str = ""
    mesi: int | None = None
    dal: date | None = None
    al: date | None = None
    organo: str
    numero: str | None = None
    data: date | None = None
    rinnova: int | None = None
    risorse: tuple[str, ...] = ()
    burl_numero: str | None = None
    burl_data: date | None = None
    burl_per_estratto: bool = False
    fonte: str | None = None
    inventato: bool = False

    def vale(self, giorno: date) -> bool:
        """Whether it is in force on a day; never when its days are not known."""
        return (
            self.dal is not None and self.dal <= giorno and (self.al is None or giorno <= self.al)
        )

    @property
    def originaria(self) -> date | None:
        """The last day by the length that was agreed."""
        return fine_del_mandato(self.dal, self.mesi) if self.dal and self.mesi else None

    def cita(self) -> str:
        """The act."""
        return cita_atto(self.organo, self.numero, self.data)


class Firmatario(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed it."""

    id: int = 0
    specie: SpecieEnte
    ente: str
    istat: str | None = None
    firmato_da: str | None = None
    firmato_il: date | None = None


class Modifica(msgspec.Struct, frozen=True, kw_only=True):
    """A change while the Accordo held, by an act.

    Attributes:
        al: until when a union stands for the comune; for an extension, the new last day.
        cessata_dal: of an extension that another act withdrew or annulled, the first day on which it
            does not hold; ``cessata_con`` that act.
        funzioni: the functions in which ``ente`` stands for the comune ``istat``, and no others.
    """

    id: int = 0
    accordo_id: int
    specie: SpecieModifica
    dal: date
    al: date | None = None
    descrizione: str
    istat: str | None = None
    ente: str | None = None
    funzioni: tuple[str, ...] = ()
    organo: str
    numero: str | None = None
    data: date
    inventato: bool = False
    cessata_dal: date | None = None
    cessata_con: str | None = None

    def cita(self) -> str:
        """The act."""
        return cita_atto(self.organo, self.numero, self.data)


class StatoAccordo(StrEnum):
    """Where an Accordo is on a day."""

    IN_VIGORE = "in vigore"
    FUTURO = "futuro"
    SCADUTO = "scaduto"
    NON_NOTO = "giorni non noti"


def stato_accordo(accordo: Accordo, giorno: date) -> StatoAccordo:
    """Where an Accordo is on a day."""
    if accordo.dal is None:
        return StatoAccordo.NON_NOTO
    if giorno < accordo.dal:
        return StatoAccordo.FUTURO
    return StatoAccordo.IN_VIGORE if accordo.vale(giorno) else StatoAccordo.SCADUTO


def difetti_accordo(nuovo: Accordo, altri: Iterable[Accordo]) -> list[tuple[str, str]]:
    """Why an Accordo cannot be registered: (field, words)."""
    trovati: list[tuple[str, str]] = []
    if nuovo.dal and nuovo.al and nuovo.al < nuovo.dal:
        trovati.append(("al", "La scadenza viene prima della decorrenza: correggi una delle due."))
    elif nuovo.originaria and nuovo.al and nuovo.al != nuovo.originaria:
        trovati.append(
            (
                "al",
                f"{nuovo.mesi} mesi da quel giorno finiscono il {nuovo.originaria:%d/%m/%Y}: "
                "correggi la scadenza o la durata.",
            )
        )
    for altro in altri:
        if altro.codice == nuovo.codice:
            trovati.append(("codice", "C’è già un Accordo con questo codice: scegline un altro."))
        elif _insieme(nuovo, altro):
            trovati.append(
                ("dal", f"In alcuni di quei giorni vale «{altro.titolo}»: correggi le date.")
            )
    return trovati


def _insieme(uno: Accordo, altro: Accordo) -> bool:
    if uno.dal is None or altro.dal is None:
        return False
    return (uno.al is None or altro.dal <= uno.al) and (altro.al is None or uno.dal <= altro.al)


def difetti_modifica(
    accordo: Accordo, nuova: Modifica, altri: Iterable[Accordo] = ()
) -> list[tuple[str, str]]:
    """Why a change cannot be registered: (field, words)."""
    trovati: list[tuple[str, str]] = []
    if accordo.dal is None:
        return [
            ("dal", "Di questo Accordo non si conoscono i giorni: non si può dire che lo cambi.")
        ]
    # An extension may also begin where the Accordo would end.
    dopo = nuova.specie == "proroga" and nuova.dal - timedelta(days=1) == accordo.al
    if not accordo.vale(nuova.dal) and not dopo:
        fine = "" if accordo.al is None else f" fino al {accordo.al:%d/%m/%Y}"
        trovati.append(
            (
                "dal",
                f"In quel giorno l’Accordo non è in vigore: vale dal {accordo.dal:%d/%m/%Y}{fine}. "
                "Correggi la data.",
            )
        )
    if nuova.specie == "proroga" and accordo.al is not None and nuova.data > accordo.al:
        trovati.append(("data", "L’atto è di dopo la scadenza: un Accordo scaduto non si proroga."))
    elif nuova.data > nuova.dal and nuova.specie != "altro":
        trovati.append(("data", "L’atto è di dopo il giorno da cui vale: correggi una delle date."))
    if nuova.specie == "proroga":
        if nuova.al is None or (accordo.al is not None and nuova.al <= accordo.al):
            trovati.append(("al", "La nuova scadenza viene dopo quella di ora: scrivila."))
        elif any(
            altro.id != accordo.id
            and _insieme(msgspec.structs.replace(accordo, al=nuova.al), altro)
            for altro in altri
        ):
            trovati.append(("al", "In quei giorni vale già un altro Accordo."))
    elif nuova.al is not None and nuova.al < nuova.dal:
        trovati.append(("al", "La fine viene prima dell’inizio: correggi una delle due date."))
    if nuova.specie == "subentro" and not (nuova.istat and nuova.ente and nuova.funzioni):
        trovati.append(
            (
                "funzioni",
                "Scrivi il comune, chi subentra e in quali funzioni: nelle altre resta il comune.",
            )
        )
    return trovati


def comuni_nel_patto(
    accordo: Accordo | None,
    firmatari: Iterable[str],
    adesioni: Iterable[Adesione],
    giorno: date,
    fusioni: Sequence[Fusione] = (),
) -> frozenset[str] | None:
    """The comuni that an Accordo binds on a day: who signed, and who adhered by an act.

    A comune born of one that signed stands in its place.

    Args:
        accordo: the one in force that day, None where none is.
        firmatari: ISTAT codes of the comuni that signed it.
        adesioni: those to it, past ones included.
        giorno: the day.
        fusioni: the mergers of comuni.

    Returns:
        None in a transition: no Accordo is in force, or none of its signatories is known to be a
        comune. Then nobody is left out: the assembly of the comuni is there by law, and the act
        that would say who sits is not.
    """
    firmato = frozenset(firmatari)
    if accordo is None or not firmato:
        return None
    aderiscono = {una.istat for una in adesioni if una.istat is not None and una.vale(giorno)}
    return frozenset(successore(istat, giorno, fusioni) for istat in firmato | aderiscono)


def fine_proroga(
    accordo: Accordo, proroga: Modifica, tutte: Iterable[Modifica], dal: date
) -> tuple[date | None, list[tuple[str, str]]]:
    """The last day of an Accordo once one of its extensions holds no more.

    Withdrawn from a day, the days in between stand; annulled from its beginning, it never held.

    Args:
        accordo: with its last day as it is now.
        proroga: the extension.
        tutte: all the changes of the Accordo.
        dal: the first day on which the extension does not hold.

    Returns:
        The new last day, and why it cannot be: (field, words).
    """
    valide = [una for una in tutte if una.specie == "proroga" and una.cessata_dal is None]
    if proroga.specie != "proroga" or proroga.id not in {una.id for una in valide}:
        return None, [("", "Questa proroga non vale già più, oppure non è una proroga.")]
    if any((una.al or date.min) > (proroga.al or date.min) for una in valide):
        return None, [("", "Dopo questa ce n’è un’altra: prima registra la fine di quella.")]
    altre = [una.al for una in valide if una.id != proroga.id and una.al is not None]
    prima = max([*altre, *([accordo.originaria] if accordo.originaria else [])], default=None)
    if prima is None:
        return None, [("", "Non si conosce la scadenza di prima della proroga: la durata manca.")]
    if accordo.al is not None and dal > accordo.al:
        return None, [
            ("dal", f"La proroga finisce già il {accordo.al:%d/%m/%Y}: correggi la data.")
        ]
    return max(prima, dal - timedelta(days=1)), []


def trasferimenti(modifiche: Iterable[Modifica]) -> tuple[FunzioneTrasferita, ...]:
    """What unions and conventions took over by a change of the Accordo, as the territory tells it."""
    return tuple(
        FunzioneTrasferita(
            unione=una.ente, istat=una.istat, funzione=funzione, dal=una.dal, al=una.al,
            atto=una.cita(), fonte="Accordo di Programma",
        )
        for una in modifiche
        if una.specie == "subentro" and una.ente and una.istat
        for funzione in una.funzioni
    )  # fmt: skip


class Recepita(msgspec.Struct, frozen=True, kw_only=True):
    """A comune changed sub-ambito while the Accordo held, which took that in by itself."""

    istat: str
    giorno: date
    da: str | None
    a: str | None
    atto: str | None


def recepite(accordo: Accordo, appartenenze: Iterable[Appartenenza]) -> list[Recepita]:
    """The changes of the sub-ambiti that an Accordo took in by itself, oldest first.

    Args:
        accordo: the Accordo.
        appartenenze: the dated memberships of the ambito.
    """
    per_comune: dict[str, list[Appartenenza]] = {}
    for una in appartenenze:
        per_comune.setdefault(una.istat, []).append(una)
    trovate = []
    for istat, periodi in per_comune.items():
        ordinati: Sequence[Appartenenza] = sorted(periodi, key=lambda p: p.dal or date.min)
        for prima, dopo in pairwise(ordinati):
            if (
                dopo.dal is not None
                and accordo.dal is not None
                and accordo.dal < dopo.dal
                and accordo.vale(dopo.dal)
                and prima.sub_ambito != dopo.sub_ambito
            ):
                trovate.append(
                    Recepita(
                        istat=istat, giorno=dopo.dal, da=prima.sub_ambito, a=dopo.sub_ambito,
                        atto=dopo.atto,
                    )
                )  # fmt: skip
    return sorted(trovate, key=lambda una: (una.giorno, una.istat))
