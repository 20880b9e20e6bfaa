"""The meetings that are to come: of the bodies of the ambito, and of those that another ambito keeps.

Runs inside a unit of work.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Final

import msgspec

from capofila.base.attivazioni import oggi
from capofila.governo.chiamate import condivise_del_comune, del_comune
from capofila.governo.condivise import SedutaPubblicata, di_altri
from capofila.governo.sedute import Adunanza, adunanze


class SedutaAttesa(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting that was called and is not over, of a body of the ambito or of one that it shares.

    Attributes:
        giorno: of the call that is to come, or goes on.
        seconda: whether that is the second call.
        percorso: of its page, below the address of the ambito.
        di: the ambito that keeps the body; None when it is this one.
    """

    giorno: date
    ora: time
    denominazione: str
    luogo: str
    stato: str
    seconda: bool
    percorso: str
    inventata: bool = False
    di: str | None = None


async def prossime_sedute(quante: int) -> list[SedutaAttesa]:
    """The meetings that were called and are not over: what goes on now, then the soonest.

    Who works for a comune sees those that it is called to, also of the bodies that another ambito keeps.

    Args:
        quante: at most.
    """
    giorno = oggi()
    tutte = await adunanze(stati=ATTESE)
    sue = await del_comune(tutte)
    copie = await di_altri(giorno - SECONDA_ENTRO)
    altrove = None if sue is None else await condivise_del_comune(copia for copia, _ in copie)
    attese = [_attesa(una, f"sedute/{una.id}") for una in tutte if sue is None or una.id in sue] + [
        _attesa(letta, f"sedute/condivise/{copia.seduta_id}", copia.di)
        for copia, letta in copie
        if letta.stato in ATTESE and (altrove is None or copia.seduta_id in altrove)
    ]
    da_tenere = [
        una
        for una in attese
        if una is not None
        and (una.giorno >= (giorno - ANCORA_APERTA if una.stato == "aperta" else giorno))
    ]
    return sorted(da_tenere, key=_ordine)[:quante]


def _ordine(una: SedutaAttesa) -> tuple[bool, date, time, str]:
    return una.stato != "aperta", una.giorno, una.ora, una.percorso


ATTESE: Final = ("convocata", "aperta", "deserta")
ANCORA_APERTA: Final = timedelta(days=7)
"""How long a meeting that nobody closed is still one that goes on."""
SECONDA_ENTRO: Final = timedelta(days=60)
"""How long after the first call of another ambito's meeting its second one is still looked for."""


def _attesa(
    una: Adunanza | SedutaPubblicata, percorso: str, di: str | None = None
) -> SedutaAttesa | None:
    """What is to come of a meeting; None of one without quorum that has no second call."""
    seconda = una.stato == "deserta" or (
        una.stato == "aperta" and una.seconda_giorno is not None and una.seconda_giorno <= oggi()
    )
    quando = (una.seconda_giorno, una.seconda_ora) if seconda else (una.giorno, una.ora)
    if quando[0] is None or quando[1] is None:
        return None
    return SedutaAttesa(
        giorno=quando[0], ora=quando[1], denominazione=una.denominazione, luogo=una.luogo,
        stato=una.stato, seconda=seconda, percorso=percorso, inventata=una.inventata, di=di,
    )  # fmt: skip
