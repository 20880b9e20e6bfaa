"""Who may preside over a meeting now: the president, who stands in, or whom the acts leave free.

To preside is personal: a seat that somebody else of the same ente takes for its head is there for
the vote and not for the presidency. Pure.

Source: the presidency of each body as its plugin declares it; for Crema the Accordo di Programma
2015-2017, art. 6 (by right, with a substitute that the Assemblea appoints), 7 and 11.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from capofila.governo.rules import cita, presidenza_in_parole
from capofila.hooks import Organo


class Guida(msgspec.Struct, frozen=True, kw_only=True):
    """Who may preside with these people in the room.

    Attributes:
        chi: the only seat that may; None where there is none such.
        libera: anybody may where ``chi`` is None, and the minutes say ``testo``; otherwise nobody.
        testo: why, in Italian, with its act.
    """

    chi: str | None
    libera: bool
    testo: str


def guida(
    organo: Organo,
    *,
    presidente: str | None,
    sostituto: str | None,
    in_sala: Collection[str],
    nome: Callable[[str], str],
) -> Guida:
    """Who may preside.

    Args:
        organo: as it was frozen when the meeting opened.
        presidente: the key of the seat that presides; None where it is not known.
        sostituto: the key of the seat that was appointed to stand in.
        in_sala: the keys of the seats whose own holder is there.
        nome: how a seat is called.
    """
    dichiarata = organo.presidenza
    if dichiarata is None:
        return Guida(
            chi=None,
            libera=True,
            testo=f"Nessuna fonte dice chi presiede «{organo.denominazione}».",
        )
    regola = f"{presidenza_in_parole(dichiarata)} ({cita(dichiarata.fonte or organo.fonte)})"
    if presidente is not None and presidente in in_sala:
        return Guida(chi=presidente, libera=False, testo=f"Presiede {nome(presidente)}: {regola}.")
    if sostituto is not None and sostituto in in_sala:
        return Guida(
            chi=sostituto,
            libera=False,
            testo=f"Presiede {nome(sostituto)}, che sostituisce il presidente: {regola}.",
        )
    if dichiarata.sostituto is not None:
        return Guida(
            chi=None,
            libera=False,
            testo=f"Chi presiede o sostituisce non risulta in sala: {regola}. Se è arrivato segna la "
            "sua presenza; se la designazione manca, falla deliberare e registrala con il suo atto "
            "fra gli incarichi dell'organo.",
        )
    manca = (
        "chi presiede non risulta registrato"
        if presidente is None
        else f"{nome(presidente)} non è in sala, e la fonte non dice chi presiede allora"
    )
    return Guida(chi=None, libera=True, testo=f"Presidenza: {regola}; {manca}.")


def ammesso(guida: Guida, chi: str, nominato: str | None = None) -> tuple[bool, str | None]:
    """Whether one may preside, and what the minutes or the refusal say of it.

    Args:
        guida: who may.
        chi: the key of the seat.
        nominato: the seat that the declaration names, without saying how it comes to preside.
    """
    if guida.chi is not None:
        return chi == guida.chi, None if chi == guida.chi else guida.testo
    if guida.libera:
        return True, None if chi == nominato else guida.testo
    return False, guida.testo
