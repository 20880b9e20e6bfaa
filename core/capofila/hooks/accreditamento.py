"""What an unità d'offerta must have to be accredited, as declared data: requirements, terms, who decides.

Nothing is computed here: the room ``accreditamenti`` holds the answers of an ente gestore against the
requirements. Each of these cites the act that sets it, and may hold between two days only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from capofila.hooks.atti import Dichiarazione, DichiarazioneErrata

_CODICE: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LARGHEZZA: Final = Decimal(10) ** 6
DURATA_MASSIMA: Final = 240
"""Months."""
GIORNI_MASSIMI: Final = 3_660


class AreaRequisito(StrEnum):
    """What a requirement is about."""

    STRUTTURALE = "strutturale"
    ORGANIZZATIVO = "organizzativo"
    GESTIONALE = "gestionale"
    PROFESSIONALE = "professionale"


class ProvaRequisito(msgspec.Struct, frozen=True, kw_only=True, tag_field="forma"):
    """How a requirement is proven."""


class ProvaSiNo(ProvaRequisito, frozen=True, kw_only=True, tag="si_no"):
    """It is there, or it is not."""


class ProvaDocumento(ProvaRequisito, frozen=True, kw_only=True, tag="documento"):
    """A document of a day; it counts up to the day on which it expires, that day included.

    Attributes:
        con_scadenza: whether the day on which it expires must be said.
        mesi: how many months it counts from its day at the most; None where no source says.
    """

    con_scadenza: bool = False
    mesi: int | None = None


class ProvaCifra(ProvaRequisito, frozen=True, kw_only=True, tag="cifra"):
    """A figure between ``minimo`` and ``massimo``, both included; one of them at least.

    Attributes:
        unita: in Italian, what is counted: ``"ore alla settimana"``.
    """

    unita: str
    minimo: Decimal | None = None
    massimo: Decimal | None = None


class ProvaPerUtenti(ProvaRequisito, frozen=True, kw_only=True, tag="per_utenti"):
    """So many at least for every so many users: an operator for 8 children, 6 square metres for one.

    Attributes:
        unita: in Italian, what is counted: ``"educatori"``.
        minimo: how many.
        ogni: for how many users.
        interi: whether a group of users that is begun counts as a whole one.
    """

    unita: str
    minimo: Decimal
    ogni: int = 1
    interi: bool = False


ProvaAmmessa = ProvaSiNo | ProvaDocumento | ProvaCifra | ProvaPerUtenti


class RequisitoAccreditamento(Dichiarazione, frozen=True, kw_only=True):
    """Something that an unità d'offerta must have.

    Attributes:
        denominazione: in Italian, short: ``"Rapporto fra educatori e bambini"``.
        testo: in Italian, what is asked, as the act says it.
        entro_giorni: within how many days from the evaluation it may still be met; None for one
            without which nothing is accredited.
    """

    codice: str
    denominazione: str
    testo: str
    area: AreaRequisito
    prova: ProvaAmmessa
    entro_giorni: int | None = None


class RegoleAccreditamento(Dichiarazione, frozen=True, kw_only=True):
    """How unità d'offerta of a kind are accredited.

    Attributes:
        unita: in Italian, the kind: ``"Asilo nido"``.
        durata_mesi: how long an accreditation lasts; None where it has no end.
        preavviso_giorni: how long before its end the renewal is to be asked for.
        organo: in Italian, who decides; empty where no source says.
        materia: the matter on which a body must have decided, as the bodies declare it; None when no
            source says so, and the act is then typed in.
        dimostrativa: True when the requirements are invented, because no source gives them.
    """

    codice: str
    denominazione: str
    unita: str
    requisiti: tuple[RequisitoAccreditamento, ...]
    durata_mesi: int | None = None
    preavviso_giorni: int = 0
    organo: str = ""
    materia: str | None = None
    dimostrativa: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not be evaluated.

        Raises:
            DichiarazioneErrata: no requirements, two of one code for the same days, a figure that
                cannot be.
        """
        super().__post_init__()
        if _CODICE.fullmatch(self.codice) is None:
            raise DichiarazioneErrata(
                f"«{self.codice}» non può essere il codice di un accreditamento."
            )
        if not self.denominazione.strip() or not self.unita.strip():
            raise DichiarazioneErrata(
                f"L'accreditamento «{self.codice}» deve avere una denominazione e un'unità d'offerta."
            )
        for motivo in self._difetti():
            raise DichiarazioneErrata(f"Nell'accreditamento «{self.codice}» {motivo}.")

    def _difetti(self) -> Iterator[str]:
        if not self.requisiti:
            yield "non c'è nessun requisito"
        if self.durata_mesi is not None and not 1 <= self.durata_mesi <= DURATA_MASSIMA:
            yield f"la durata non è fra 1 e {DURATA_MASSIMA} mesi"
        if not 0 <= self.preavviso_giorni <= GIORNI_MASSIMI:
            yield f"il preavviso non è fra 0 e {GIORNI_MASSIMI} giorni"
        if self.preavviso_giorni and self.durata_mesi is None:
            yield "c'è un preavviso di rinnovo e nessuna durata"
        for n, uno in enumerate(self.requisiti):
            nome = f"il requisito «{uno.codice}»"
            if _CODICE.fullmatch(uno.codice) is None or not uno.denominazione.strip():
                yield f"{nome} non ha un codice e una denominazione"
            if not uno.testo.strip():
                yield f"{nome} non dice che cosa chiede"
            if any(a.codice == uno.codice and a.si_sovrappone(uno) for a in self.requisiti[:n]):
                yield f"{nome} è dato due volte per gli stessi giorni"
            if uno.entro_giorni is not None and not 1 <= uno.entro_giorni <= GIORNI_MASSIMI:
                yield f"{nome} si adegua entro un numero di giorni fra 1 e {GIORNI_MASSIMI}"
            if motivo := _difetto_prova(uno.prova):
                yield f"{nome} {motivo}"


def _difetto_prova(prova: ProvaAmmessa) -> str:
    match prova:
        case ProvaDocumento(mesi=mesi) if mesi is not None and not 1 <= mesi <= DURATA_MASSIMA:
            return f"ha un documento che vale fra 1 e {DURATA_MASSIMA} mesi"
        case ProvaCifra():
            cifre = [cifra for cifra in (prova.minimo, prova.massimo) if cifra is not None]
            if not cifre:
                return "non dice né un minimo né un massimo"
        case ProvaPerUtenti():
            cifre = [prova.minimo]
        case _:
            return ""
    if not all(c.is_finite() and 0 <= c <= _LARGHEZZA and c == round(c, 4) for c in cifre):
        return "ha cifre che non si possono confrontare"
    if cifre != sorted(cifre):
        return "ha limiti che non vanno insieme"
    if isinstance(prova, ProvaPerUtenti) and not (prova.minimo > 0 and 1 <= prova.ogni <= 10_000):
        return "non dice quanti ogni quanti utenti"
    return "" if prova.unita.strip() else "non dice che cosa si conta"
