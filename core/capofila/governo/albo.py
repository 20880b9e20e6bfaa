"""The publication of an act: by when, until when, from when it takes effect. Pure.

Source: D.Lgs. 267/2000, art. 124 (fifteen days in a row at the albo pretorio) and art. 134, comma 3
(executive after the tenth day), for the bodies of a comune. For another body only where its act says
so, which the plugin declares; otherwise everything here is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from capofila.base.errori import DatiNonValidi
from capofila.hooks import RegolaAlbo


class Albo(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says of an act; None where it says nothing, or it is not published yet.

    Attributes:
        entro: the last day on which its publication may begin.
        al: the last day of its publication.
        esecutiva_dal: the first day on which it has effect.
        fonte: the act that says so.
    """

    entro: date | None = None
    al: date | None = None
    esecutiva_dal: date | None = None
    fonte: str = ""
    ipotesi: bool = False


def regola_albo(regole: Iterable[RegolaAlbo], giorno: date) -> RegolaAlbo | None:
    """The rule in force on a day."""
    return next((una for una in regole if una.vale(giorno)), None)


def albo(regola: RegolaAlbo | None, giorno: date, pubblicata_il: date | None = None) -> Albo | None:
    """The days of an act, by a rule; None without one.

    Args:
        regola: as the body declares it.
        giorno: the day of the decision.
        pubblicata_il: the day on which it was put up.

    >>> from capofila.hooks import Atto, Specie
    >>> tuel = Atto(specie=Specie.DECRETO, organo="Stato", titolo="TUEL")
    >>> regola = RegolaAlbo(giorni=15, esecutiva_dopo=10, fonte=tuel)
    >>> visto = albo(regola, date(2026, 3, 1), date(2026, 3, 2))
    >>> visto.al, visto.esecutiva_dal
    (datetime.date(2026, 3, 17), datetime.date(2026, 3, 13))
    """
    if regola is None:
        return None
    primo = pubblicata_il
    if primo is not None and regola.conta_il_primo:
        primo -= timedelta(days=1)

    def dopo(inizio: date | None, giorni: int | None) -> date | None:
        return None if inizio is None or giorni is None else inizio + timedelta(days=giorni)

    ultimo = dopo(primo, regola.esecutiva_dopo)
    return Albo(
        entro=dopo(giorno, regola.entro_giorni),
        al=dopo(primo, regola.giorni),
        esecutiva_dal=None if ultimo is None else ultimo + timedelta(days=1),
        fonte=regola.fonte.cita(),
        ipotesi=regola.ipotesi,
    )


def termine(
    proposto: date | None, scritto: date | None, motivo: str, oggi: date
) -> tuple[date | None, str | None]:
    """By when the minutes are to be published, and why it is another day than the rule gives.

    Args:
        proposto: the day by the declared rule; None where no source gives one.
        scritto: what the secretary wrote; None to take the one of the rule.
        motivo: why it is another.
        oggi: the day of the minutes.

    Raises:
        DatiNonValidi: another day without a reason, or one written that has already passed.
    """
    if scritto is None or scritto == proposto:
        return proposto, None
    if scritto < oggi:
        raise DatiNonValidi(
            "Il termine per pubblicare è già passato: correggilo, o lascialo vuoto."
        )
    if proposto is None:
        return scritto, motivo or None
    if len(motivo) < 3:
        raise DatiNonValidi(
            f"La regola dell’organo dà il {proposto:%d/%m/%Y}: per un altro giorno scrivi il motivo."
        )
    return scritto, motivo
