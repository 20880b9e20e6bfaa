"""The rules of a waiting list, as declared data: what a domanda says, who is admitted, how many points.

Nothing is computed here: the room ``graduatorie`` counts the points and orders the domande. Every
rule cites the act that sets it, and may hold between two days only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from capofila.hooks.atti import Dichiarazione, DichiarazioneErrata

CODICE: Final = re.compile(r"[a-z][a-z0-9_-]{0,59}")
PRESENTATA: Final = "presentata_il"
"""The day on which a domanda was handed in: every domanda has it, and a tie may be broken by it."""
PUNTI_MASSIMI: Final = Decimal(10_000)
_LARGHEZZA: Final = Decimal(10) ** 9


class TipoDato(StrEnum):
    """What a datum of a domanda is, and how it is written."""

    IMPORTO = "importo"
    """Euro, two decimals: ``"12500.00"``."""
    NUMERO = "numero"
    """``"3"`` or ``"2.5"``."""
    SI_NO = "si_no"
    """``"si"`` or ``"no"``."""
    SCELTA = "scelta"
    """The code of one of the ``scelte``."""
    DATA = "data"
    """``"2025-03-31"``."""


_CIFRE: Final = frozenset({TipoDato.IMPORTO, TipoDato.NUMERO})


class DatoDomanda(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a domanda says, and that points, admission or ties look at."""

    codice: str
    denominazione: str
    """In Italian, as the form asks for it: ``"ISEE sociosanitario"``."""
    tipo: TipoDato
    scelte: tuple[tuple[str, str], ...] = ()
    """Code and words of each, for :attr:`TipoDato.SCELTA`."""
    aiuto: str = ""

    def __post_init__(self) -> None:
        if CODICE.fullmatch(self.codice) is None or self.codice == PRESENTATA:
            raise DichiarazioneErrata(f"«{self.codice}» non può essere il codice di un dato.")
        if (self.tipo is TipoDato.SCELTA) != bool(self.scelte):
            raise DichiarazioneErrata(
                f"Il dato «{self.codice}» ha delle scelte se, e solo se, è una scelta."
            )
        if len(dict(self.scelte)) < len(self.scelte):
            raise DichiarazioneErrata(f"Il dato «{self.codice}» ripete una scelta.")


class RequisitoAccesso(Dichiarazione, frozen=True, kw_only=True):
    """Without it a domanda is excluded. A datum that is not given does not keep it.

    A figure is between ``minimo`` and ``massimo``, both included; a choice is one ``fra`` those; a
    yes or no is yes.
    """

    codice: str
    denominazione: str
    """In Italian, as the exclusion says it: ``"ISEE fino a 25.000 €"``."""
    dato: str
    minimo: Decimal | None = None
    massimo: Decimal | None = None
    fra: tuple[str, ...] = ()
    solo_se: tuple[str, str] | None = None
    """A choice and one of its codes: it is asked of those domande only."""


class FasciaPunti(msgspec.Struct, frozen=True):
    """Up to this figure, the figure included, these points; ``None`` for all that is beyond."""

    fino_a: Decimal | None
    punti: Decimal


class MisuraDato(msgspec.Struct, frozen=True, kw_only=True, tag_field="forma"):
    """How a datum becomes points."""

    dato: str


class PuntiPerFasce(MisuraDato, frozen=True, kw_only=True, tag="fasce"):
    """The points of the band that a figure falls in; beyond the last, none."""

    fasce: tuple[FasciaPunti, ...]


class PuntiSe(MisuraDato, frozen=True, kw_only=True, tag="se"):
    """Points where the datum is yes."""

    punti: Decimal


class PuntiPerScelta(MisuraDato, frozen=True, kw_only=True, tag="scelta"):
    """The points of the choice; one that is not named has none."""

    punti: tuple[tuple[str, Decimal], ...]


class PuntiPerUno(MisuraDato, frozen=True, kw_only=True, tag="per_uno"):
    """So many points for each: for each minor child, for each point of a scale."""

    punti: Decimal
    massimo: Decimal
    """The points that are never passed."""


class Ogni(StrEnum):
    """What seniority is counted in."""

    MESE = "mese"
    ANNO = "anno"


class PuntiPerAnzianita(MisuraDato, frozen=True, kw_only=True, tag="anzianita"):
    """So many points for each whole month or year from a date to the day of the list."""

    punti: Decimal
    ogni: Ogni
    massimo: Decimal


MisuraPunti = PuntiPerFasce | PuntiSe | PuntiPerScelta | PuntiPerUno | PuntiPerAnzianita


class CriterioPunti(Dichiarazione, frozen=True, kw_only=True):
    """Something that gives points. A datum that is not given gives none."""

    codice: str
    denominazione: str
    misura: MisuraPunti

    @property
    def massimo(self) -> Decimal:
        """The most points that it can give."""
        misura = self.misura
        match misura:
            case PuntiPerFasce():
                return max((fascia.punti for fascia in misura.fasce), default=Decimal(0))
            case PuntiPerScelta():
                return max((punti for _, punti in misura.punti), default=Decimal(0))
            case PuntiSe():
                return misura.punti
            case _:
                return misura.massimo


class Verso(StrEnum):
    """Who comes first of two domande with the same points."""

    IL_MINORE = "il minore"
    IL_MAGGIORE = "il maggiore"


class Spareggio(Dichiarazione, frozen=True, kw_only=True):
    """How a tie is broken: by a figure, a date or a yes of the domanda, or by a criterion's points."""

    di: str
    """The code of a datum or of a criterion, or ``presentata_il``."""
    verso: Verso
    denominazione: str
    """In Italian, as the explanation says it: ``"l'ISEE più basso"``."""


class Graduatoria(Dichiarazione, frozen=True, kw_only=True):
    """How the domande for one service are put in order."""

    codice: str
    denominazione: str
    servizio: str
    """In Italian, what who is admitted has: ``"Nido d'infanzia"``."""
    dati: tuple[DatoDomanda, ...]
    criteri: tuple[CriterioPunti, ...]
    requisiti: tuple[RequisitoAccesso, ...] = ()
    spareggi: tuple[Spareggio, ...] = ()
    """In their order; who is equal in all of them is drawn by lot."""
    importo: str | None = None
    """The datum with what a domanda takes of the budget, where there is one; nothing is paid without."""
    materia: str | None = None
    """The matter of the act that opens the list, as a body declares it, where one does."""
    dimostrativa: bool = False
    """True when the criteria are invented, because no source gives them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if CODICE.fullmatch(self.codice) is None:
            raise DichiarazioneErrata(
                f"«{self.codice}» non può essere il codice di una graduatoria."
            )
        if not self.denominazione.strip() or not self.servizio.strip():
            raise DichiarazioneErrata(
                f"La graduatoria «{self.codice}» deve avere una denominazione e un servizio."
            )
        if not self.criteri:
            raise DichiarazioneErrata(f"La graduatoria «{self.codice}» non ha criteri.")
        for motivo in self._difetti():
            raise DichiarazioneErrata(f"Nella graduatoria «{self.codice}» {motivo}.")

    def dato(self, codice: str) -> DatoDomanda | None:
        """A datum by its code."""
        return next((uno for uno in self.dati if uno.codice == codice), None)

    def _difetti(self) -> Iterator[str]:
        per_codice = {uno.codice: uno for uno in self.dati}
        codici = [*per_codice, *dict.fromkeys(uno.codice for uno in self.criteri)]
        if len(per_codice) < len(self.dati) or len({*codici}) < len(codici):
            yield "due cose hanno lo stesso codice"
        yield from _difetti_versioni(self.criteri)
        yield from _difetti_versioni(self.requisiti)
        for criterio in self.criteri:
            yield from _difetti_misura(criterio, per_codice.get(criterio.misura.dato))
        for requisito in self.requisiti:
            yield from _difetti_requisito(requisito, per_codice)
        confrontabili = {uno.codice for uno in self.dati if uno.tipo is not TipoDato.SCELTA}
        confrontabili |= {uno.codice for uno in self.criteri} | {PRESENTATA}
        for spareggio in self.spareggi:
            if spareggio.di not in confrontabili:
                yield f"lo spareggio «{spareggio.di}» non è un dato che si ordina, né un criterio"
        if self.importo is not None:
            dato = per_codice.get(self.importo)
            if dato is None or dato.tipo is not TipoDato.IMPORTO:
                yield f"«{self.importo}» non è un dato che sia un importo"


def _difetti_versioni(
    dichiarati: Sequence[CriterioPunti | RequisitoAccesso],
) -> Iterator[str]:
    for n, uno in enumerate(dichiarati):
        if CODICE.fullmatch(uno.codice) is None or not uno.denominazione.strip():
            yield f"«{uno.codice}» non ha un codice e una denominazione"
        if any(a.codice == uno.codice and a.si_sovrappone(uno) for a in dichiarati[:n]):
            yield f"«{uno.codice}» è dato due volte per gli stessi giorni"


def _finito(cifra: Decimal, massimo: Decimal) -> bool:
    return cifra.is_finite() and abs(cifra) <= massimo and cifra == round(cifra, 4)


def _difetti_misura(criterio: CriterioPunti, dato: DatoDomanda | None) -> Iterator[str]:
    misura, nome = criterio.misura, f"il criterio «{criterio.codice}»"
    if dato is None:
        yield f"{nome} guarda a «{misura.dato}», che non è un dato"
        return
    punti: list[Decimal]
    match misura:
        case PuntiPerFasce():
            tipi, punti = _CIFRE, [fascia.punti for fascia in misura.fasce]
            limiti = [fascia.fino_a for fascia in misura.fasce]
            chiusi = [limite for limite in limiti if limite is not None]
            if not limiti or None in limiti[:-1]:
                yield f"{nome} non ha fasce, o una senza limite prima dell'ultima"
            if chiusi != sorted({*chiusi}) or not all(_finito(x, _LARGHEZZA) for x in chiusi):
                yield f"{nome} ha fasce che non crescono"
        case PuntiSe():
            tipi, punti = frozenset({TipoDato.SI_NO}), [misura.punti]
        case PuntiPerScelta():
            tipi, punti = frozenset({TipoDato.SCELTA}), [cifra for _, cifra in misura.punti]
            dette = [codice for codice, _ in misura.punti]
            if not dette or len({*dette}) < len(dette) or {*dette} - {*dict(dato.scelte)}:
                yield f"{nome} non dà punti alle scelte del suo dato, una volta ciascuna"
        case PuntiPerUno():
            tipi, punti = _CIFRE, [misura.punti, misura.massimo]
        case PuntiPerAnzianita():
            tipi, punti = frozenset({TipoDato.DATA}), [misura.punti, misura.massimo]
    if dato.tipo not in tipi:
        yield f"{nome} non può guardare a «{dato.codice}», che è «{dato.tipo}»"
    if not all(_finito(cifra, PUNTI_MASSIMI) and cifra >= 0 for cifra in punti):
        yield f"{nome} ha punti che non sono cifre fra 0 e {PUNTI_MASSIMI}"


def _difetti_requisito(uno: RequisitoAccesso, dati: dict[str, DatoDomanda]) -> Iterator[str]:
    dato, nome = dati.get(uno.dato), f"il requisito «{uno.codice}»"
    if dato is None:
        yield f"{nome} guarda a «{uno.dato}», che non è un dato"
        return
    limiti = [limite for limite in (uno.minimo, uno.massimo) if limite is not None]
    if dato.tipo is TipoDato.DATA:
        yield f"{nome} non può guardare a una data"
    elif (dato.tipo in _CIFRE) != bool(limiti) or (dato.tipo is TipoDato.SCELTA) != bool(uno.fra):
        yield f"{nome} non dice che cosa chiede al dato «{uno.dato}», o lo dice di un altro tipo"
    if limiti != sorted(limiti) or not all(_finito(x, _LARGHEZZA) for x in limiti):
        yield f"{nome} ha limiti che non vanno insieme"
    if {*uno.fra} - {*dict(dato.scelte)}:
        yield f"{nome} vuole una scelta che il dato non ha"
    if uno.solo_se is not None:
        altro = dati.get(uno.solo_se[0])
        if altro is None or uno.solo_se[1] not in dict(altro.scelte):
            yield f"{nome} vale solo per una scelta che nessun dato ha"
