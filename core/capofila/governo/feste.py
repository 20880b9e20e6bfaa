"""The local holidays by which the working days of an ambito are counted.

The bodies of an ambito use the offices of its lead ente: the patron saint of that comune is a day
without work for them. What no folder declares is not a holiday.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from capofila.territorio import service as territorio


async def festivi(anni: Iterable[int]) -> frozenset[date]:
    """The local holidays of some years, the year before and the one after included."""
    quali = {
        vicino for anno in anni for vicino in (anno - 1, anno, anno + 1) if 1 <= vicino <= 9998
    }
    feste = await territorio.feste_del_capofila()
    giorni = (festa.nel(anno) for festa in feste for anno in quali)
    return frozenset(giorno for giorno in giorni if giorno is not None)
