"""The rules of a meeting in words, as whoever is called to it reads them: how one votes, who must be there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from capofila.base.attivazioni import plugin_attivi
from capofila.governo import sedute
from capofila.governo.conteggio import dove_e_aperto, regola_in_vigore
from capofila.governo.lettura import RegoleDate
from capofila.governo.rules import cita, fonti_di, quorum_in_parole, regola_in_parole
from capofila.governo.sala import Apertura
from capofila.governo.sedute import Adunanza, Punto
from capofila.governo.voti import scegli_regola
from capofila.hooks import Organo


class ComeSiVota(msgspec.Struct, frozen=True):
    """How a proposal is voted, in words, and by what source."""

    regola: str
    fonti: str = ""
    ipotesi: bool = False


def come_si_vota(organo: Organo | None, giorno: date, materia: str, date: RegoleDate) -> ComeSiVota:
    """The rule of a vote, in words; what no source gives is said."""
    regola = regola_in_vigore(organo, giorno, materia, date) if organo else None
    if regola is None:
        return ComeSiVota("Nessuna fonte dice con quale maggioranza si decide.")
    return ComeSiVota(regola_in_parole(regola), fonti_di(regola), regola.ipotesi)


def quorum_detto(
    organo: Organo | None, giorno: date, convocazione: int, date: RegoleDate
) -> ComeSiVota:
    """Who must be there, in words."""
    quorum = scegli_regola(organo.quorum, giorno, "", convocazione) if organo else None
    quorum = quorum or date.quorum
    if quorum is None:
        rimesso = (
            f" È rimesso a: {organo.regolamento.cita()}." if organo and organo.regolamento else ""
        )
        return ComeSiVota(f"Nessuna fonte dice quanti devono essere presenti.{rimesso}")
    detto = ", e insieme ".join(quorum_in_parole(una) for una in quorum.condizioni)
    return ComeSiVota(f"La seduta è valida se sono presenti {detto}.", cita(quorum.fonte))


async def regole_per(
    una: Adunanza, aperte: Sequence[Apertura]
) -> tuple[Organo | None, date, int, RegoleDate]:
    """The body, day, call and rules given of a meeting: the frozen ones as soon as there are."""
    if aperte:
        ultima = aperte[-1]
        organo = next((o for o in ultima.regolamento.organi if o.codice == una.organo), None)
        return organo, ultima.giorno, ultima.convocazione, ultima.regolamento.date
    organi = (await plugin_attivi(una.giorno)).organi()
    organo = next((o for o in organi if o.codice == una.organo), None)
    return organo, una.giorno, 1, sedute.regole_date(una.regole, 1)


async def come_votare(
    una: Adunanza, aperte: Sequence[Apertura], punti: Sequence[Punto]
) -> tuple[ComeSiVota, dict[int, ComeSiVota]]:
    """Who must be there, and how each proposal of a meeting is voted, by its number."""
    organo, giorno, convocazione, date_ = await regole_per(una, aperte)
    return quorum_detto(organo, giorno, convocazione, date_), {
        p.id: come_si_vota(
            organo, giorno, p.materia,
            dove_e_aperto(organo, giorno, p.materia, convocazione, date_) if organo else date_,
        )
        for punto in punti for p in punto.proposte
    }  # fmt: skip
