"""Where a value comes from: the act that set it, or the source that reports it.

Nothing in a plugin stands without an :class:`Atto`. What no source says stays ``None``; what we
only suppose carries an act with ``ipotesi=True``, and every page that shows the value shows that.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TypeVar

import msgspec

_S = TypeVar("_S", bound=msgspec.Struct)


class DichiarazioneErrata(ValueError):
    """A plugin declares something that cannot be; the message, in Italian, says what."""

    codice = "dichiarazione_errata"

    def __init__(self, messaggio: str) -> None:
        super().__init__(messaggio)
        self.messaggio = messaggio


def variante(valore: _S, **campi: object) -> _S:
    """The same declared value with some fields changed; it is checked again."""
    return msgspec.structs.replace(valore, **campi)


class Specie(StrEnum):
    """What kind of source an act is."""

    LEGGE = "legge"
    DECRETO = "decreto"
    DELIBERAZIONE = "deliberazione"
    ACCORDO = "accordo"
    STATUTO = "statuto"
    REGOLAMENTO = "regolamento"
    DISCIPLINARE = "disciplinare"
    """Technical specification of a receiving authority (schemas, code lists, instructions)."""
    STAMPA = "stampa"
    """A newspaper that reports an act which we have not read."""
    STUDIO = "studio"


class Atto(msgspec.Struct, frozen=True, kw_only=True):
    """An act or another source, precise enough to be found again."""

    specie: Specie
    organo: str
    """Who adopted the act, or published the report."""
    titolo: str
    numero: str | None = None
    data: date | None = None
    articolo: str | None = None
    """Article and paragraph, as they are cited: ``"13, lettera a"``."""
    url: str | None = None
    nota: str | None = None
    """In Italian: what the source says less clearly than one would like."""
    ipotesi: bool = False
    """True when the source does not say this and we suppose it; ``nota`` must give the reason."""

    def __post_init__(self) -> None:
        if not self.organo.strip() or not self.titolo.strip():
            raise DichiarazioneErrata("Un atto deve avere l'organo che lo ha adottato e un titolo.")
        if self.ipotesi and not (self.nota or "").strip():
            raise DichiarazioneErrata(
                f"«{self.titolo}» è un'ipotesi: la nota deve dire su che cosa si fonda."
            )
        if self.url is not None and not self.url.startswith(("https://", "http://")):
            raise DichiarazioneErrata(f"L'indirizzo di «{self.titolo}» non è un indirizzo web.")

    @property
    def normativo(self) -> bool:
        """Whether it binds by itself: neither a report of the press, nor a study, nor supposed."""
        return not self.ipotesi and self.specie not in (Specie.STAMPA, Specie.STUDIO)

    def cita(self) -> str:
        """The citation in Italian, as the pages print it."""
        parti = [self.titolo]
        if self.articolo is not None:
            parti.append(f"art. {self.articolo}")
        estremi = self.organo
        if self.numero is not None:
            estremi += f" n. {self.numero}"
        if self.data is not None:
            estremi += f" del {self.data:%d/%m/%Y}"
        parti.append(estremi)
        testo = ", ".join(parti)
        return f"{testo} (ipotesi: {self.nota})" if self.ipotesi else testo


class Dichiarazione(msgspec.Struct, frozen=True, kw_only=True):
    """Something declared: it holds between two days, both included, because a source says so.

    A missing day means that the source does not give it; the declaration then counts as valid on
    that side.
    """

    fonte: Atto
    valido_dal: date | None = None
    valido_al: date | None = None

    def __post_init__(self) -> None:
        if (
            self.valido_dal is not None
            and self.valido_al is not None
            and self.valido_al < self.valido_dal
        ):
            raise DichiarazioneErrata(
                f"La validità finisce il {self.valido_al:%d/%m/%Y}, "
                f"prima di cominciare il {self.valido_dal:%d/%m/%Y}."
            )

    @property
    def ipotesi(self) -> bool:
        """Whether this is only supposed."""
        return self.fonte.ipotesi

    def vale(self, giorno: date) -> bool:
        """Whether it holds on that day."""
        return (self.valido_dal is None or self.valido_dal <= giorno) and (
            self.valido_al is None or giorno <= self.valido_al
        )

    def si_sovrappone(self, altra: Dichiarazione) -> bool:
        """Whether there is a day on which both hold."""
        return (
            self.valido_dal is None or altra.valido_al is None or self.valido_dal <= altra.valido_al
        ) and (
            altra.valido_dal is None or self.valido_al is None or altra.valido_dal <= self.valido_al
        )
