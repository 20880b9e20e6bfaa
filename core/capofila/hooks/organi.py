"""The bodies of an ambito, as declared data: seats, presidency, invitees, voting rules, matters.

Nothing is computed here: who has a seat today is told by the territory and the appointments, an
outcome by the room ``governo``. What the acts leave open is left open.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from capofila.hooks.atti import Atto, Dichiarazione, DichiarazioneErrata


class Per(StrEnum):
    """What a number of seats is counted over."""

    ORGANO = "organo"
    COMUNE = "comune"
    SUB_AMBITO = "sub_ambito"
    ZONA = "zona"
    """A group of comuni that is not a sub-ambito of the territory (the four of the Casalasco)."""


class Seggio(msgspec.Struct, frozen=True, kw_only=True):
    """Seats of one category."""

    categoria: str
    denominazione: str
    numero: int | None = 1
    """How many for each unit; ``None`` when the source does not say."""
    per: Per = Per.ORGANO
    designato_da: str | None = None
    """Who appoints, in Italian as the act says it."""
    eleggibili: tuple[str, ...] = ()
    """Among whom; empty when the act sets no limit."""
    solo_aderenti: bool = False
    """Only who adhered to the Accordo may appoint and be appointed."""
    fonte: Atto | None = None
    """When it is another source than the body's own."""

    def __post_init__(self) -> None:
        if self.numero is not None and self.numero < 1:
            raise DichiarazioneErrata(f"I seggi «{self.denominazione}» devono essere almeno uno.")


class Nomina(StrEnum):
    """How somebody comes to preside."""

    DI_DIRITTO = "di diritto"
    ELETTA = "eletta"
    """By the body, among its members."""
    DESIGNATA = "designata"
    """By somebody else."""


class Presidenza(msgspec.Struct, frozen=True, kw_only=True):
    """Who presides, and who stands in."""

    titolare: str
    nomina: Nomina | None = None
    sostituto: str | None = None
    """Who stands in when the president is absent or prevented, as the act says it."""
    fonte: Atto | None = None


class Invitato(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes part without a vote and without a seat."""

    denominazione: str
    permanente: bool = True
    fonte: Atto | None = None


class Misura(StrEnum):
    """What a condition of a vote counts."""

    TESTE = "teste"
    ABITANTI = "abitanti"
    QUOTE = "quote"


class Base(StrEnum):
    """Of whom a share is taken."""

    AVENTI_DIRITTO = "aventi diritto"
    PRESENTI = "presenti"
    VOTANTI = "votanti"


class Soglia(msgspec.Struct, frozen=True, kw_only=True):
    """How much is needed: a number, or a share given as numerator and denominator."""

    numero: int | None = None
    frazione: tuple[int, int] | None = None
    stretta: bool = False
    """True for "more than", false for "at least"."""

    def __post_init__(self) -> None:
        if (self.numero is None) == (self.frazione is None):
            raise DichiarazioneErrata("Una soglia è un numero oppure una frazione.")
        if self.numero is not None and self.numero < 1:
            raise DichiarazioneErrata("Una soglia deve essere almeno uno.")
        if self.frazione is not None:
            numeratore, denominatore = self.frazione
            if denominatore < 1 or not 0 < numeratore <= denominatore:
                raise DichiarazioneErrata("Una soglia in frazione sta tra zero e uno.")


OLTRE_META = Soglia(frazione=(1, 2), stretta=True)


class Condizione(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a proposal needs to pass."""

    misura: Misura
    soglia: Soglia | None = None
    """``None`` when the source names the condition without its figure."""
    base: Base | None = None
    anno_pesi: int | None = None
    """The year of the inhabitants or quotas that weigh, where the act fixes it."""
    fonte: Atto | None = None


class RegolaVoto(Dichiarazione, frozen=True, kw_only=True):
    """How a body decides: every condition must be met."""

    condizioni: tuple[Condizione, ...]
    materie: tuple[str, ...] = ()
    """The matters it is for, as in :class:`Attribuzione`; empty for all."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.condizioni:
            raise DichiarazioneErrata("Una regola di voto deve avere almeno una condizione.")
        if len({condizione.misura for condizione in self.condizioni}) < len(self.condizioni):
            raise DichiarazioneErrata("Una regola di voto conta due volte la stessa misura.")

    @property
    def doppia(self) -> bool:
        """Whether weight and heads must both agree."""
        misure = {condizione.misura for condizione in self.condizioni}
        return Misura.TESTE in misure and len(misure) > 1


def per_testa(
    *, fonte: Atto, soglia: Soglia | None = None, base: Base | None = None
) -> tuple[Condizione, ...]:
    """Conditions of a vote in which every member counts one."""
    return (Condizione(misura=Misura.TESTE, soglia=soglia, base=base, fonte=fonte),)


def pesato_per_abitanti(
    *,
    fonte: Atto,
    soglia: Soglia | None = None,
    base: Base | None = None,
    anno_pesi: int | None = None,
) -> tuple[Condizione, ...]:
    """Conditions of a vote in which every comune counts its inhabitants."""
    return (
        Condizione(
            misura=Misura.ABITANTI, soglia=soglia, base=base, anno_pesi=anno_pesi, fonte=fonte
        ),
    )


def doppia_maggioranza(
    *, peso: tuple[Condizione, ...], soglia_teste: int, fonte: Atto
) -> tuple[Condizione, ...]:
    """Conditions of a vote that needs a weight and, besides, a number of members in favour.

    Args:
        peso: the conditions on the weight.
        soglia_teste: how many of those entitled must be in favour, whatever they weigh.
        fonte: what sets the number of heads.
    """
    return (
        *peso,
        Condizione(
            misura=Misura.TESTE,
            soglia=Soglia(numero=soglia_teste),
            base=Base.AVENTI_DIRITTO,
            fonte=fonte,
        ),
    )


class Competenza(StrEnum):
    """What a body does about a matter."""

    DECIDE = "decide"
    APPROVA = "approva"
    PREPARA = "prepara"
    CONCORRE = "concorre"
    VERIFICA = "verifica"
    RATIFICA = "ratifica"
    NOMINA = "nomina"
    SENTE = "sente"
    """Hears others before the matter is decided."""
    ESEGUE = "esegue"
    RISPONDE = "risponde"
    """Answers for it towards others."""


class Attribuzione(msgspec.Struct, frozen=True, kw_only=True):
    """A matter and what the body does about it."""

    materia: str
    """A stable code, the same in every body that has to do with the matter."""
    competenza: Competenza
    oggetto: str
    """In Italian, for the page."""
    fonte: Atto | None = None


class Organo(Dichiarazione, frozen=True, kw_only=True):
    """A body. Its composition changes with its dated versions, its ``codice`` does not."""

    codice: str
    denominazione: str
    seggi: tuple[Seggio, ...] = ()
    presidenza: Presidenza | None = None
    invitati: tuple[Invitato, ...] = ()
    segreteria: str | None = None
    durata_mesi: int | None = None
    regole_voto: tuple[RegolaVoto, ...] = ()
    """Empty when no source gives them."""
    regolamento: Atto | None = None
    """The act to which the source leaves quorum, notice and votes."""
    attribuzioni: tuple[Attribuzione, ...] = ()
    condiviso_tra: tuple[str, ...] = ()
    """Distretti of which it is one and the same body; empty for a body of this one alone."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.codice.strip() or not self.denominazione.strip():
            raise DichiarazioneErrata("Un organo deve avere un codice e una denominazione.")
        if len({seggio.categoria for seggio in self.seggi}) < len(self.seggi):
            raise DichiarazioneErrata(f"I seggi di «{self.denominazione}» ripetono una categoria.")

    def posti(self, unita: Mapping[Per, int]) -> int | None:
        """How many seats there are.

        Args:
            unita: how many comuni, sub-ambiti or zones there are, for the seats that need it.

        Returns:
            The number of seats, or ``None`` when the source leaves a number open.

        Raises:
            KeyError: seats are counted over something that ``unita`` does not give.
        """
        if not self.seggi or any(seggio.numero is None for seggio in self.seggi):
            return None
        return sum(
            (seggio.numero or 0) * (1 if seggio.per is Per.ORGANO else unita[seggio.per])
            for seggio in self.seggi
        )
