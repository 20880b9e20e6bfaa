"""The bodies of an ambito, as declared data: seats, presidency, invitees, matters, elections.

Nothing is computed here: who has a seat today is told by the territory and the appointments, an
outcome by the room ``governo``. What the acts leave open is left open.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from capofila.hooks.atti import Atto, Dichiarazione, DichiarazioneErrata
from capofila.hooks.votazioni import Convocazione, Deleghe, Quorum, RegolaVoto


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
    di_referente: bool = False
    """Of the comune that leads the sub-ambito, or of the union that has its role."""
    ratificato_da: str | None = None
    """The code of the body that must ratify who was appointed, without which they do not sit."""
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
    categoria: str | None = None
    """The category of the seat whose holder presides, where it is one of the seats."""
    nomina: Nomina | None = None
    sostituto: str | None = None
    """Who stands in when the president is absent or prevented, as the act says it."""
    fonte: Atto | None = None


class Invitato(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes part without a vote and without a seat."""

    denominazione: str
    permanente: bool = True
    fonte: Atto | None = None


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


DECISIVE = frozenset(
    {Competenza.DECIDE, Competenza.APPROVA, Competenza.RATIFICA, Competenza.NOMINA}
)
"""What ends a matter: the rest prepares it, follows it or answers for it."""


class SpecieRequisito(StrEnum):
    """What a decision may need before it."""

    PROPOSTA = "proposta"
    """The proposal of another body on the same matter and year."""
    CONFRONTO = "confronto"
    """A meeting with who must be heard, on the same matter and year."""
    ATTO = "atto"
    """Another matter, decided and in force."""


class Requisito(msgspec.Struct, frozen=True, kw_only=True):
    """Something without which a body may not decide yet."""

    specie: SpecieRequisito
    di: str
    """The code of the body that proposes, of who is heard, or of the matter decided before."""
    denominazione: str
    """In Italian, as the refusal says it: ``"il confronto con i sindacati"``."""
    stesso_anno: bool = True
    """Whether it must be about the year of the decision; false for what lasts longer."""
    fonte: Atto | None = None

    def __post_init__(self) -> None:
        if not self.di.strip() or not self.denominazione.strip():
            raise DichiarazioneErrata("Un requisito dice di chi o di che cosa è, e come si chiama.")


class Attribuzione(msgspec.Struct, frozen=True, kw_only=True):
    """A matter and what the body does about it."""

    materia: str
    """A stable code, the same in every body that has to do with the matter."""
    competenza: Competenza
    oggetto: str
    """In Italian, for the page."""
    requisiti: tuple[Requisito, ...] = ()
    """What must have happened before."""
    fonte: Atto | None = None

    @property
    def decide(self) -> bool:
        """Whether the body ends the matter, rather than preparing or following it."""
        return self.competenza in DECISIVE


class Materia(msgspec.Struct, frozen=True, kw_only=True):
    """A matter that the ambito deals with and that no source found so far gives to a body."""

    codice: str
    """Stable, as in :class:`Attribuzione`."""
    oggetto: str
    """In Italian, for the page."""
    fonte: Atto | None = None
    """What speaks of the matter, without saying who decides it."""

    def __post_init__(self) -> None:
        if not self.codice.strip() or not self.oggetto.strip():
            raise DichiarazioneErrata("Una materia ha un codice e un nome.")


class ParitaElezione(StrEnum):
    """Who is elected of those with as many votes."""

    ANZIANO = "il più anziano di età"
    SORTEGGIO = "il sorteggiato"
    BALLOTTAGGIO = "chi vince il ballottaggio"


class Elezione(Dichiarazione, frozen=True, kw_only=True):
    """How a body chooses persons: those with most votes, up to the places."""

    materia: str
    """The matter, as in the :class:`Attribuzione` by which the body appoints."""
    posti: int
    """How many are elected in each unit."""
    per: Per = Per.ORGANO
    """The units that are elected apart: one for the body, or one a sub-ambito."""
    preferenze: int | None = None
    """How many names on a ballot: as many as the places, or fewer for a limited vote."""
    segreta: bool | None = None
    parita: ParitaElezione | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.posti < 1 or (self.preferenze is not None and self.preferenze < 1):
            raise DichiarazioneErrata("I posti e le preferenze di un'elezione sono almeno uno.")


class RegolaAlbo(Dichiarazione, frozen=True, kw_only=True):
    """How the acts of a body are published, and when they take effect (from 1.6).

    D.Lgs. 267/2000 gives it for the bodies of a comune (art. 124: fifteen days at the albo pretorio;
    art. 134: executive after the tenth day). For a body of an ambito only its own act does.
    """

    entro_giorni: int | None = None
    """Days from the decision by which the publication begins."""
    giorni: int | None = None
    """How many days in a row it lasts."""
    esecutiva_dopo: int | None = None
    """Days of publication after which the act takes effect."""
    conta_il_primo: bool = False
    """Whether the day on which it is put up is one of them; as a rule it is not."""

    def __post_init__(self) -> None:
        super().__post_init__()
        dati = [g for g in (self.entro_giorni, self.giorni, self.esecutiva_dopo) if g is not None]
        if not dati:
            raise DichiarazioneErrata(
                "Una regola di pubblicazione dice almeno un numero di giorni."
            )
        if not all(0 <= uno <= 366 for uno in dati):
            raise DichiarazioneErrata("I giorni di una pubblicazione vanno da 0 a 366.")


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
    quorum: tuple[Quorum, ...] = ()
    deleghe: tuple[Deleghe, ...] = ()
    convocazione: tuple[Convocazione, ...] = ()
    elezioni: tuple[Elezione, ...] = ()
    attribuzioni: tuple[Attribuzione, ...] = ()
    materie: tuple[Materia, ...] = ()
    """What it deals with though no source says that it decides: each time with a written reason."""
    condiviso_tra: tuple[str, ...] = ()
    """Distretti of which it is one and the same body; empty for a body of this one alone."""
    albo: tuple[RegolaAlbo, ...] = ()
    """How its acts are published; empty when no source says it (from 1.6)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.codice.strip() or not self.denominazione.strip():
            raise DichiarazioneErrata("Un organo deve avere un codice e una denominazione.")
        if len({seggio.categoria for seggio in self.seggi}) < len(self.seggi):
            raise DichiarazioneErrata(f"I seggi di «{self.denominazione}» ripetono una categoria.")
        if len({una.codice for una in self.materie}) < len(self.materie):
            raise DichiarazioneErrata(f"Le materie di «{self.denominazione}» si ripetono.")
        if (
            self.presidenza is not None
            and self.presidenza.categoria is not None
            and self.presidenza.categoria not in {seggio.categoria for seggio in self.seggi}
        ):
            raise DichiarazioneErrata(
                f"Presiede «{self.denominazione}» chi tiene un seggio che l'organo non ha."
            )

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
