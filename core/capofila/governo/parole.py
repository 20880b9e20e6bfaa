"""The rules of a body in words: who must be there, who may stand for whom, notice, elections, matters.

Pure. Each sentence goes with its source; what a source leaves open is said to be open.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from capofila.governo.rules import VERBI, cita, in_lettere, quorum_in_parole
from capofila.hooks import Atto, Convocazione, Deleghe, Elezione, Organo, Per, Quorum, Termine

Frase = tuple[str, str]
"""What holds, and by which source."""

_PER_UNITA: Final = {
    Per.ORGANO: "",
    Per.COMUNE: " per ogni comune",
    Per.SUB_AMBITO: " per ogni sub-ambito",
    Per.ZONA: " per ogni zona",
}


class MateriaVista(msgspec.Struct, frozen=True, kw_only=True):
    """A matter of a body: what it does about it, what must come before, by which source.

    Attributes:
        prima: what must come before, with its source; None where it is that of the body.
        fonte: None where it is that of the body.
    """

    verbo: str
    oggetto: str
    prima: tuple[tuple[str, str | None], ...] = ()
    fonte: str | None


class RegoleViste(msgspec.Struct, frozen=True, kw_only=True):
    """How a body meets and chooses, as its page says it."""

    quorum: tuple[Frase, ...] = ()
    deleghe: tuple[Frase, ...] = ()
    convocazione: tuple[Frase, ...] = ()
    elezioni: tuple[Frase, ...] = ()
    materie: tuple[MateriaVista, ...] = ()


def regole_viste(organo: Organo, giorno: date) -> RegoleViste:
    """What a body declares for a day, besides its voting rules."""
    nomi = {una.materia: una.oggetto for una in organo.attribuzioni if una.decide}
    return RegoleViste(
        quorum=tuple((_quorum(uno), cita(uno.fonte)) for uno in organo.quorum if uno.vale(giorno)),
        deleghe=tuple(
            (_deleghe(una), cita(una.fonte)) for una in organo.deleghe if una.vale(giorno)
        ),
        convocazione=tuple(
            (_convocazione(una), cita(una.fonte)) for una in organo.convocazione if una.vale(giorno)
        ),
        elezioni=tuple(
            (_elezione(una, nomi), cita(una.fonte)) for una in organo.elezioni if una.vale(giorno)
        ),
        materie=tuple(
            MateriaVista(
                verbo=VERBI[una.competenza],
                oggetto=una.oggetto,
                prima=tuple(
                    (
                        uno.denominazione[:1].upper() + uno.denominazione[1:],
                        _altra(uno.fonte or una.fonte, organo),
                    )
                    for uno in una.requisiti
                ),
                fonte=_altra(una.fonte, organo),
            )
            for una in organo.attribuzioni
        ),
    )


def _altra(propria: Atto | None, organo: Organo) -> str | None:
    """A source, where what is read of it is not the body's own."""
    detta = None if propria is None else cita(propria)
    return None if detta == cita(organo.fonte) else detta


def _quorum(quorum: Quorum) -> str:
    quando = {1: "In prima convocazione", 2: "In seconda convocazione"}.get(
        quorum.convocazione or 0, "La seduta"
    )
    valida = "è valida" if quorum.convocazione is None else "la seduta è valida"
    condizioni = ", e insieme ".join(quorum_in_parole(una) for una in quorum.condizioni)
    return f"{quando} {valida} se sono presenti {condizioni}{_per_materie(quorum.materie)}."


def _per_materie(materie: tuple[str, ...]) -> str:
    return f" (materie: {', '.join(m.replace('-', ' ') for m in materie)})" if materie else ""


def _deleghe(deleghe: Deleghe) -> str:
    if not deleghe.ammesse:
        return "Nessuno può votare per un altro."
    testo = "Chi è assente può delegare un altro avente diritto, finché è presente"
    if deleghe.massimo is not None:
        testo += f"; al massimo {'una' if deleghe.massimo == 1 else in_lettere(deleghe.massimo)} a persona"
    return (
        testo
        + {
            True: ". Chi delega conta nel numero legale.",
            False: ". Chi delega non conta nel numero legale.",
            None: ". La fonte non dice se chi delega conta nel numero legale.",
        }[deleghe.nel_quorum]
    )


def _termine(termine: Termine) -> str:
    quanti = "un giorno" if termine.giorni == 1 else f"{in_lettere(termine.giorni)} giorni"
    lavorativi = " lavorativi" if termine.lavorativi else ""
    liberi = " liberi" if termine.liberi else ""
    if termine.giorni == 1:
        lavorativi, liberi = lavorativi.replace("vi", "vo"), liberi.replace("ri", "ro")
    return f"{quanti}{lavorativi}{liberi}"


def _convocazione(convocazione: Convocazione) -> str:
    chi = convocazione.chi or "La fonte non dice chi"
    testo = f"{chi} convoca"
    if convocazione.termine is None:
        testo += "; la fonte non dice quanti giorni prima"
    else:
        testo += f", almeno {_termine(convocazione.termine)} prima"
    if convocazione.urgenza is not None:
        testo += f" ({_termine(convocazione.urgenza)} se è urgente)"
    return f"{testo[:1].upper()}{testo[1:]}."


def _elezione(elezione: Elezione, nomi: dict[str, str]) -> str:
    oggetto = nomi.get(elezione.materia, elezione.materia.replace("-", " "))
    posti = "un posto" if elezione.posti == 1 else f"{in_lettere(elezione.posti)} posti"
    testo = f"{oggetto}: {posti}{_PER_UNITA[elezione.per]}, a chi ha più voti"
    if elezione.preferenze is not None:
        nomi_scritti = (
            "un nome" if elezione.preferenze == 1 else f"{in_lettere(elezione.preferenze)} nomi"
        )
        testo += f"; al massimo {nomi_scritti} per scheda"
    if elezione.segreta is not None:
        testo += "; a voto segreto" if elezione.segreta else "; a voto palese"
    if elezione.parita is not None:
        testo += f"; a parità, {elezione.parita.value}"
    return f"{testo[:1].upper()}{testo[1:]}."
