"""The indicators of the sistema di conoscenza, as declared data.

An indicator belongs to a focus, to one of needs, demand and supply, and to a theme. What its source
does not say (unit, level, frequency, holder) stays open. It is counted by somebody (elementary),
divided from two others (ratio), or asked of a room of the platform (computed).
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from capofila.hooks.atti import Dichiarazione, DichiarazioneErrata

FocusIndicatore = Literal["non_autosufficienza", "famiglie", "vulnerabilita"]
DimensioneIndicatore = Literal["bisogni", "domanda", "offerta"]
LivelloIndicatore = Literal["comune", "ambito", "provincia"]
FrequenzaIndicatore = Literal["annuale", "semestrale", "trimestrale", "mensile"]
MisuraStanza = Literal[
    "spesa.importo", "spesa.utenti", "prestazioni.utenti", "compartecipazione.utenti",
    "compartecipazione.quota", "compartecipazione.costo", "debito.invii", "debito.accolti",
]  # fmt: skip

_CODICE: Final = re.compile(r"(?:[a-z][a-z0-9_]{0,30}\.)?[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


class CalcoloIndicatore(msgspec.Struct, frozen=True, kw_only=True):
    """What a room of the platform is asked for.

    Attributes:
        misura: the room and what is taken of it, of a year.
        voci: areas of the spending, SIUSS codes of the prestazioni, services of the
            compartecipazione or flows of the debito; all of them when empty.
    """

    misura: MisuraStanza
    voci: tuple[str, ...] = ()


class Indicatore(Dichiarazione, frozen=True, kw_only=True):
    """Something that is known of a territory in a year, or in a part of it.

    Attributes:
        codice: stable name; of a plugin, its id and a point come before it.
        denominazione: a few words.
        focus: whose subject it is.
        dimensione: need, demand or supply.
        tema: within them.
        luogo: where in its source it stands.
        definizione: what is counted, in our words.
        unita: of what; None where the source does not say.
        livelli: territories that it is given of; empty where the source does not say.
        frequenza: how often it is given; None where the source does not say, and then it is of a year. A
            ratio has that of its terms; what a room computes is of a year.
        banca_dati: where it is found; None where the source does not say.
        titolare: who holds it; None where the source does not say.
        sopra: code of the term that is divided, of a ratio; `sotto` of what divides it.
        per: a ratio is told so many times.
        calcolo: what a room is asked for; None when it is not computed.
        persone: small figures would show persons, so that they are hidden when it is released.
        somma: the figures of the comuni make that of the ambito.
        termine: the source does not list it: it is only a term of a ratio.
    """

    codice: str
    denominazione: str
    focus: FocusIndicatore
    dimensione: DimensioneIndicatore
    tema: str
    luogo: str
    definizione: str | None = None
    unita: str | None = None
    livelli: tuple[LivelloIndicatore, ...] = ()
    frequenza: FrequenzaIndicatore | None = None
    banca_dati: str | None = None
    titolare: str | None = None
    sopra: str | None = None
    sotto: str | None = None
    per: int = 1
    calcolo: CalcoloIndicatore | None = None
    persone: bool = True
    somma: bool = True
    termine: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if _CODICE.fullmatch(self.codice) is None:
            raise DichiarazioneErrata(
                f"«{self.codice[:60]}» non è il codice di un indicatore: lettere, cifre e trattini, fino a 40."
            )
        if not self.denominazione.strip() or not self.tema.strip() or not self.luogo.strip():
            raise DichiarazioneErrata(
                f"L'indicatore «{self.codice}» ha una denominazione, un tema e il luogo nella sua fonte."
            )
        if (self.sopra is None) != (self.sotto is None):
            raise DichiarazioneErrata(
                f"L'indicatore «{self.codice}» è un rapporto con un termine solo."
            )
        if self.sopra is not None and (
            self.calcolo is not None or self.somma or self.codice in (self.sopra, self.sotto)
        ):
            raise DichiarazioneErrata(
                f"L'indicatore «{self.codice}» è un rapporto: ha due termini che sono altri indicatori, non si "
                "somma e nessuna stanza lo calcola."
            )
        if self.frequenza not in (None, "annuale") and self.specie != "elementare":
            raise DichiarazioneErrata(
                f"L'indicatore «{self.codice}» non è dato da nessuno: non ha una frequenza sua."
            )
        if self.per < 1:
            raise DichiarazioneErrata(f"Nell'indicatore «{self.codice}» «per» è almeno 1.")

    @property
    def specie(self) -> Literal["elementare", "rapporto", "calcolato"]:
        """What kind it is."""
        if self.sopra is not None:
            return "rapporto"
        return "elementare" if self.calcolo is None else "calcolato"

    def ammette(self, livello: str) -> bool:
        """Whether it may be given of such a territory."""
        return not self.livelli or livello in self.livelli
