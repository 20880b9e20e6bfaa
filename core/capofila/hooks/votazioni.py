"""How a body decides, as declared data: what a vote needs, who must be there, who may stand for whom.

Nothing is computed here: the room ``governo`` does. What an act leaves open stays ``None``: a count
is then made under every reading, and stands only where all of them agree.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from capofila.hooks.atti import Atto, Dichiarazione, DichiarazioneErrata


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
    """One thing that a proposal needs to pass, or a meeting to be valid."""

    misura: Misura
    soglia: Soglia | None = None
    """``None`` when the source names the condition without its figure."""
    base: Base | None = None
    anno_pesi: int | None = None
    """The year of the inhabitants or quotas that weigh, where the act fixes it."""
    categoria: str | None = None
    """Only the seats of this category count: one condition for each makes separate majorities."""
    fonte: Atto | None = None


class Astensione(StrEnum):
    """What an abstention is, where a share of those voting is taken."""

    VOTO = "voto"
    """Who abstains is among those voting."""
    NON_VOTO = "non voto"


class Interesse(StrEnum):
    """What becomes of who may not vote because the matter is their own."""

    CONTATO = "contato"
    """Present and entitled like the others, and without a vote."""
    FUORI_DALLA_BASE = "fuori dalla base"
    """In the quorum, and not among those of whom a share of the vote is taken."""
    FUORI = "fuori"
    """Neither in the quorum nor in the vote."""


class Parita(StrEnum):
    """What becomes of a proposal with as much against as in favour, where it needs more than a half."""

    RESPINTA = "respinta"
    PRESIDENZA = "presidenza"
    """The vote of who presides decides."""


class RegolaVoto(Dichiarazione, frozen=True, kw_only=True):
    """How a body decides: every condition must be met."""

    condizioni: tuple[Condizione, ...]
    materie: tuple[str, ...] = ()
    """The matters it is for, as in :class:`Attribuzione`; empty for all."""
    astensioni: Astensione | None = None
    parita: Parita | None = None
    interesse: Interesse | None = None
    segreto: bool = False
    """Whether only the numbers are known, and not who voted what."""
    divisibile: bool = False
    """Whether one who is entitled may give a part of the weight to each side."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.condizioni:
            raise DichiarazioneErrata("Una regola di voto deve avere almeno una condizione.")
        if len({(una.misura, una.categoria) for una in self.condizioni}) < len(self.condizioni):
            raise DichiarazioneErrata("Una regola di voto conta due volte la stessa misura.")
        if self.segreto and any(
            una.misura is not Misura.TESTE or una.categoria for una in self.condizioni
        ):
            raise DichiarazioneErrata(
                "Una regola di voto segreto conta soltanto le teste, di tutti insieme: un peso o "
                "una categoria direbbero chi ha votato."
            )

    @property
    def doppia(self) -> bool:
        """Whether weight and heads must both agree."""
        misure = {condizione.misura for condizione in self.condizioni}
        return Misura.TESTE in misure and len(misure) > 1


class Quorum(Dichiarazione, frozen=True, kw_only=True):
    """Who must be there for a meeting to be valid; a share is of all who are entitled."""

    condizioni: tuple[Condizione, ...]
    """Every one must be met; their ``base`` is not read."""
    convocazione: int | None = None
    """1 or 2; ``None`` when it is the same for both."""
    materie: tuple[str, ...] = ()
    """The matters it is for; empty for all."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.condizioni:
            raise DichiarazioneErrata("Un quorum deve avere almeno una condizione.")
        if self.convocazione not in (None, 1, 2):
            raise DichiarazioneErrata("Una convocazione è la prima (1) o la seconda (2).")


class Deleghe(Dichiarazione, frozen=True, kw_only=True):
    """Whether one who is entitled may be stood for by another who is, and is present."""

    ammesse: bool
    massimo: int | None = None
    """How many one person may carry; ``None`` when the act sets no limit."""
    nel_quorum: bool | None = None
    """Whether who is stood for counts as there."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.massimo is not None and self.massimo < 1:
            raise DichiarazioneErrata("Il massimo delle deleghe è almeno uno.")


class Termine(msgspec.Struct, frozen=True, kw_only=True):
    """How many days must pass between two things."""

    giorni: int
    liberi: bool = False
    """Clear days: neither the first nor the last is counted. Otherwise only the first is not."""
    lavorativi: bool = False
    """Only days on which offices work are counted."""

    def __post_init__(self) -> None:
        if not 1 <= self.giorni <= 365:
            raise DichiarazioneErrata("Un termine è di almeno un giorno e di non più di un anno.")


class Convocazione(Dichiarazione, frozen=True, kw_only=True):
    """Who calls a body, and how long before."""

    chi: str | None = None
    """Who calls, in Italian as the act says it."""
    termine: Termine | None = None
    urgenza: Termine | None = None
    """The notice when it is urgent, where the act allows one."""


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
