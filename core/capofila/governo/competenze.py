"""Who may decide what: the wrong body, the wrong order, a hearing that was not held.

A refusal carries the act that says so. Where no plugin declares who decides a matter nothing is
refused and nothing is allowed: the sources do not say. Pure.

Source: the matters of the bodies, as their plugins declare them; for Crema the Accordo di Programma
2015-2017, art. 4-17.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Final

import msgspec

from capofila.governo.voti import StatoQuorum
from capofila.hooks import (
    Atto,
    Attribuzione,
    Competenza,
    Organo,
    Requisito,
    Seggio,
    SpecieRequisito,
)


class Compiuto(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened before a decision.

    Attributes:
        specie: a proposal, a hearing or an act.
        di: the body that proposed, who was heard, or the matter that was decided.
        materia: what it was about; for an act the same as ``di``.
        anno: the year that it is about, where it is about one.
        annullato_il: from when it does not stand any more.
    """

    specie: SpecieRequisito
    di: str
    materia: str
    giorno: date
    anno: int | None = None
    annullato_il: date | None = None

    def sta(self, giorno: date) -> bool:
        """Whether it had happened and stood on that day."""
        return self.giorno <= giorno and (self.annullato_il is None or giorno < self.annullato_il)


class Motivo(StrEnum):
    """Why a decision is refused."""

    ORGANO_IGNOTO = "organo_ignoto"
    NON_COMPETENTE = "non_competente"
    MANCA_PROPOSTA = "manca_proposta"
    MANCA_CONFRONTO = "manca_confronto"
    MANCA_ATTO = "manca_atto"
    SENZA_QUORUM = "senza_quorum"
    CONVOCAZIONE_TARDIVA = "convocazione_tardiva"


class Diniego(msgspec.Struct, frozen=True, kw_only=True):
    """One reason, in Italian, with the act that gives it."""

    motivo: Motivo
    testo: str
    fonte: Atto


class StatoCompetenza(StrEnum):
    """Whether a body may decide."""

    AMMESSA = "ammessa"
    RIFIUTATA = "rifiutata"
    NON_DICHIARATA = "non_dichiarata"
    """No source says who decides this matter."""


class Responso(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a body may decide a matter now, and if not why."""

    stato: StatoCompetenza
    dinieghi: tuple[Diniego, ...] = ()
    fonte: Atto | None = None
    """What gives the matter to the body."""


_MANCA: Final = {
    SpecieRequisito.PROPOSTA: Motivo.MANCA_PROPOSTA,
    SpecieRequisito.CONFRONTO: Motivo.MANCA_CONFRONTO,
    SpecieRequisito.ATTO: Motivo.MANCA_ATTO,
}
_CHE_COSA_FA: Final = {
    Competenza.PREPARA: "la prepara",
    Competenza.CONCORRE: "vi concorre",
    Competenza.VERIFICA: "la verifica",
    Competenza.SENTE: "sente altri su di essa",
    Competenza.ESEGUE: "la esegue",
    Competenza.RISPONDE: "ne risponde",
}


def puo_decidere(
    organi: Sequence[Organo],
    organo: str,
    materia: str,
    giorno: date,
    *,
    anno: int | None = None,
    compiuti: Iterable[Compiuto] = (),
    quorum: StatoQuorum | None = None,
    fonte_quorum: Atto | None = None,
    propone: bool = False,
) -> Responso:
    """Whether a body may decide a matter on a day.

    Args:
        organi: the bodies of the ambito on that day, as their plugin declares them.
        organo: the code of the one that would decide.
        materia: the code of the matter.
        giorno: the day of the decision.
        anno: the year that the decision is about.
        compiuti: proposals, hearings and acts so far.
        quorum: what is known of the quorum; a missing one refuses.
        fonte_quorum: the act that sets the quorum, for the refusal.
        propone: the body votes what it proposes to the one that decides; nothing must come before.

    Returns:
        Allowed; refused, with every reason and its article; or not declared by any source.
    """
    chi = {uno.codice: uno for uno in organi}.get(organo)
    chi_decide = _chi_decide(organi, materia)
    dinieghi: list[Diniego] = []
    fonte: Atto | None = None
    propria = [attribuzione for uno, attribuzione in chi_decide if uno.codice == organo]
    if chi is not None and quorum is StatoQuorum.MANCANTE:
        dinieghi.append(
            Diniego(
                motivo=Motivo.SENZA_QUORUM,
                testo="Non c'è il numero legale: nulla può essere deciso.",
                fonte=fonte_quorum or chi.fonte,
            )
        )
    if propone and chi is not None and (prepara := _prepara(chi, materia)) is not None:
        fonte = prepara.fonte or chi.fonte
    elif propria and chi is not None:
        fonte = propria[0].fonte or chi.fonte
        dinieghi += _requisiti(propria[0], chi, materia, giorno, anno, tuple(compiuti))
    elif chi_decide:
        dinieghi.append(_altro_organo(chi, organo, materia, chi_decide[0]))
    elif not dinieghi:
        return Responso(stato=StatoCompetenza.NON_DICHIARATA)
    return Responso(
        stato=StatoCompetenza.RIFIUTATA if dinieghi else StatoCompetenza.AMMESSA,
        dinieghi=tuple(dinieghi),
        fonte=fonte,
    )


def _chi_decide(organi: Sequence[Organo], materia: str) -> list[tuple[Organo, Attribuzione]]:
    """Who ends the matter; who carries it out, where it is not for anybody to decide."""
    tutte = [
        (uno, attribuzione)
        for uno in organi
        for attribuzione in uno.attribuzioni
        if attribuzione.materia == materia
    ]
    return [coppia for coppia in tutte if coppia[1].decide] or [
        coppia for coppia in tutte if coppia[1].competenza is Competenza.ESEGUE
    ]


_PROPONE: Final = frozenset({Competenza.PREPARA, Competenza.CONCORRE, Competenza.VERIFICA})


def _prepara(chi: Organo, materia: str) -> Attribuzione | None:
    return next(
        (una for una in chi.attribuzioni if una.materia == materia and una.competenza in _PROPONE),
        None,
    )


def propone(organi: Sequence[Organo], organo: str, materia: str) -> bool:
    """Whether a body prepares a matter that another one ends: it votes a proposal, not an act."""
    if any(uno.codice == organo for uno, _ in _chi_decide(organi, materia)):
        return False
    chi = {uno.codice: uno for uno in organi}.get(organo)
    return chi is not None and _prepara(chi, materia) is not None


def _altro_organo(
    chi: Organo | None, codice: str, materia: str, decide: tuple[Organo, Attribuzione]
) -> Diniego:
    competente, attribuzione = decide
    nome = chi.denominazione if chi else codice
    fa = next(
        (
            _CHE_COSA_FA[una.competenza]
            for una in (chi.attribuzioni if chi else ())
            if una.materia == materia and una.competenza in _CHE_COSA_FA
        ),
        None,
    )
    testo = f"{attribuzione.oggetto}: decide «{competente.denominazione}», e non «{nome}»"
    return Diniego(
        motivo=Motivo.NON_COMPETENTE if chi else Motivo.ORGANO_IGNOTO,
        testo=f"{testo}{f', che {fa}' if fa else ''}.",
        fonte=attribuzione.fonte or competente.fonte,
    )


def _requisiti(
    attribuzione: Attribuzione,
    chi: Organo,
    materia: str,
    giorno: date,
    anno: int | None,
    compiuti: tuple[Compiuto, ...],
) -> list[Diniego]:
    return [
        Diniego(
            motivo=_MANCA[requisito.specie],
            testo=(
                f"Manca {requisito.denominazione}"
                f"{_per_l_anno(anno) if requisito.stesso_anno else ''}."
            ),
            fonte=requisito.fonte or attribuzione.fonte or chi.fonte,
        )
        for requisito in attribuzione.requisiti
        if not any(_soddisfa(uno, requisito, materia, giorno, anno) for uno in compiuti)
    ]


def _per_l_anno(anno: int | None) -> str:
    return f" per il {anno}" if anno else ": la proposta non dice di quale anno tratta"


def _soddisfa(
    compiuto: Compiuto, requisito: Requisito, materia: str, giorno: date, anno: int | None
) -> bool:
    return (
        compiuto.specie is requisito.specie
        and compiuto.di == requisito.di
        and (requisito.specie is SpecieRequisito.ATTO or compiuto.materia == materia)
        and (not requisito.stesso_anno or (anno is not None and compiuto.anno == anno))
        and compiuto.sta(giorno)
    )


def requisiti_di(organi: Sequence[Organo], organo: str, materia: str) -> tuple[Requisito, ...]:
    """What must have come before a body ends a matter; empty where it does not."""
    return next(
        (una.requisiti for uno, una in _chi_decide(organi, materia) if uno.codice == organo), ()
    )


def puo_designare(seggio: Seggio, adesione: date | None, giorno: date) -> bool:
    """Whether an ente may appoint to a seat: for some, only after it adhered to the Accordo.

    Args:
        seggio: as the body declares it.
        adesione: the day on which the ente adhered; None when it did not.
        giorno: the day of the appointment.
    """
    return not seggio.solo_aderenti or (adesione is not None and adesione <= giorno)


# --- which matters there are --------------------------------------------------------------------


def materie_note(organi: Iterable[Organo]) -> dict[str, str]:
    """The matters that the plugins of an ambito know, by code, with their names in Italian."""
    trovate: dict[str, str] = {}
    citate: dict[str, str] = {}
    for organo in organi:
        for una in organo.attribuzioni:
            trovate.setdefault(una.materia, una.oggetto)
            for requisito in una.requisiti:
                if requisito.specie is SpecieRequisito.ATTO:
                    citate.setdefault(requisito.di, requisito.denominazione)
        for nota in organo.materie:
            citate.setdefault(nota.codice, nota.oggetto)
        for codice in (
            *(una.materia for una in organo.elezioni),
            *(codice for regola in organo.regole_voto for codice in regola.materie),
            *(codice for quorum in organo.quorum for codice in quorum.materie),
        ):
            citate.setdefault(codice, codice.replace("-", " ").capitalize())
    return citate | trovate


def ignota(note: Mapping[str, str], materia: str) -> str:
    """Why a matter that no plugin knows is refused, with those that they know."""
    elenco = ", ".join(f"{nome} ({codice})" for codice, nome in _per_nome(note)[:40]) or "nessuna"
    return (
        f"Il plugin del distretto non conosce la materia «{materia[:60]}». Scegline una di quelle che "
        f"conosce ({elenco}), oppure chiedi a chi lo cura di aggiungerla con la sua fonte."
    )


def _per_nome(note: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(note.items(), key=lambda coppia: coppia[1].lower())


def senza_competenza(organi: Sequence[Organo], materia: str, organo: str | None = None) -> bool:
    """Whether no source says who ends a matter.

    Args:
        organi: the bodies of the ambito on a day.
        materia: the code of the matter.
        organo: one that would vote a proposal on it, which it may where it prepares the matter.
    """
    chi = {uno.codice: uno for uno in organi}.get(organo or "")
    return not _chi_decide(organi, materia) and not (chi and _prepara(chi, materia))


class Interlocutore(msgspec.Struct, frozen=True, order=True):
    """Who is heard, or which body proposes, before a matter: kind, code and name."""

    specie: str
    codice: str
    nome: str


def interlocutori(organi: Sequence[Organo], materia: str | None = None) -> list[Interlocutore]:
    """Who must be heard or propose, for a matter or for all of them, as the acts say it."""
    nomi = {uno.codice: uno.denominazione for uno in organi}
    trovati: dict[tuple[str, str], str] = {}
    for organo in organi:
        for una in organo.attribuzioni:
            if materia is not None and una.materia != materia:
                continue
            if una.competenza in _PROPONE:
                trovati.setdefault(("proposta", organo.codice), organo.denominazione)
            for requisito in una.requisiti:
                if requisito.specie is not SpecieRequisito.ATTO:
                    nome = nomi.get(requisito.di, _senza_articolo(requisito.denominazione))
                    trovati.setdefault((requisito.specie.value, requisito.di), nome)
    return sorted(Interlocutore(s, codice, nome) for (s, codice), nome in trovati.items())


def _senza_articolo(nome: str) -> str:
    """The words of a requirement as a name of a list.

    >>> _senza_articolo("il confronto con i sindacati")
    'Confronto con i sindacati'
    """
    for articolo in ("il ", "lo ", "la ", "l'", "l’", "i ", "gli ", "le "):
        if nome.startswith(articolo):
            nome = nome.removeprefix(articolo)
            break
    return nome[:1].upper() + nome[1:]
