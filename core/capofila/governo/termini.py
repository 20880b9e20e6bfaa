"""Days: how long before a meeting its call must leave, until when an accordo holds. Pure.

Working days are those of the deadlines (`capofila.hooks.lavorativo`): Saturdays, Sundays, national
and local holidays are not. An act that says nothing of them counts every day.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Final

import msgspec

from capofila.hooks import Convocazione, Termine, lavorativo

UN_GIORNO: Final = timedelta(days=1)


def ultimo_giorno(seduta: date, termine: Termine, festivi: frozenset[date] = frozenset()) -> date:
    """The last day on which the call may leave.

    The day of the call is not counted and that of the meeting is; of clear days neither is.

    Args:
        seduta: the day of the meeting.
        termine: how many days, and of which.
        festivi: local holidays to add to the national ones.
    """
    mancano = termine.giorni
    giorno = seduta if termine.liberi else seduta + UN_GIORNO
    while mancano:
        giorno -= UN_GIORNO
        if not termine.lavorativi or lavorativo(giorno, festivi):
            mancano -= 1
    return giorno - UN_GIORNO


class Preavviso(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a meeting was called in time.

    Attributes:
        entro: the last day on which the call could leave; None when no source gives a notice.
        in_tempo: None when no source gives a notice.
    """

    entro: date | None
    in_tempo: bool | None


def preavviso(
    regola: Convocazione | None,
    chiamata: date,
    seduta: date,
    *,
    urgente: bool = False,
    festivi: frozenset[date] = frozenset(),
) -> Preavviso:
    """Whether the call left early enough; for an urgent one by the shorter notice, where there is."""
    termine = None
    if regola is not None:
        termine = (regola.urgenza if urgente else None) or regola.termine
    if termine is None:
        return Preavviso(entro=None, in_tempo=None)
    entro = ultimo_giorno(seduta, termine, festivi)
    return Preavviso(entro=entro, in_tempo=chiamata <= entro)


def ultimo_giorno_di_validita(decorrenza: date, mesi: int) -> date:
    """The last day of what lasts some months from a day, that day included.

    >>> ultimo_giorno_di_validita(date(2015, 5, 1), 36)
    datetime.date(2018, 4, 30)
    """
    anni, mese = divmod(decorrenza.month - 1 + mesi, 12)
    anno = decorrenza.year + anni
    giorno = min(decorrenza.day, monthrange(anno, mese + 1)[1])
    fine = date(anno, mese + 1, giorno)
    # A month without that day ends on its own last one.
    return fine if giorno < decorrenza.day else fine - UN_GIORNO
