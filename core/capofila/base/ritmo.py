"""How often a service may be called: so many calls a minute, whichever process answers.

The calls are counted in Valkey, one key a caller and minute. When Valkey does not answer nobody is
refused for it: the limit spares the installation, and does not protect the data.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from typing import Any, Final
from weakref import WeakKeyDictionary

import msgspec
import redis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from capofila.base.impostazioni import Impostazioni

LOG = logging.getLogger("capofila.ritmo")

INTERVALLO: Final = 60
"""Seconds of an interval; each begins at a whole minute, the same for all processes."""
_PAUSA: Final = 10.0
"""Seconds for which Valkey is not asked again when it did not answer."""


class Ritmo(msgspec.Struct, frozen=True):
    """What is left of an interval: calls allowed in it, calls still free, seconds to its end."""

    massimo: int
    restano: int
    secondi: int

    @property
    def esaurito(self) -> bool:
        """Whether this call is one too many."""
        return self.restano < 0

    @property
    def intestazioni(self) -> dict[str, str]:
        """The headers that tell it, as INPS's description names them."""
        return {
            "X-RateLimit-Limit": str(self.massimo),
            "X-RateLimit-Remaining": str(max(0, self.restano)),
            "X-RateLimit-Reset": str(self.secondi),
        } | ({"Retry-After": str(self.secondi)} if self.esaurito else {})


class Contatore:
    """Counts the calls of one event loop's connections; the keys are everybody's."""

    def __init__(self, valori: Impostazioni) -> None:
        self._prefisso = valori.s3_prefisso_bucket
        self._cliente: Redis = Redis.from_url(
            valori.broker_url,
            socket_connect_timeout=0.5,
            socket_timeout=0.5,
            retry=Retry(NoBackoff(), 0),
        )
        self._muto_fino = 0.0

    async def conta(self, uso: str, codice: str, massimo: int) -> Ritmo | None:
        """Count a call of a caller; None when calls cannot be counted."""
        if time.monotonic() < self._muto_fino:
            return None
        ora = time.time()
        intervallo = int(ora // INTERVALLO)
        chiave = f"{self._prefisso}:{uso}:{codice}:{intervallo}"
        try:
            async with self._cliente.pipeline(transaction=True) as comandi:
                comandi.incr(chiave)
                comandi.expire(chiave, 2 * INTERVALLO)
                chiamate, _ = await comandi.execute()
        except (redis.RedisError, OSError, TimeoutError) as errore:
            self._muto_fino = time.monotonic() + _PAUSA
            LOG.warning("le chiamate non si contano: %s", type(errore))
            return None
        fine = (intervallo + 1) * INTERVALLO - ora
        return Ritmo(massimo, massimo - int(chiamate), max(1, math.ceil(fine)))


_contatori: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Impostazioni, Contatore]]
_contatori = WeakKeyDictionary()


async def conta_chiamata(valori: Impostazioni, uso: str, codice: str, massimo: int) -> Ritmo | None:
    """Count a call; None when there is no limit, or no Valkey to keep it.

    Args:
        valori: where Valkey is.
        uso: which service, one word.
        codice: who calls: no personal data.
        massimo: calls allowed in a minute; 0 is no limit.
    """
    if not (massimo and valori.broker_url):
        return None
    ciclo: Any = asyncio.get_running_loop()
    tenuto = _contatori.get(ciclo)
    if tenuto is None or tenuto[0] != valori:
        tenuto = _contatori[ciclo] = (valori, Contatore(valori))
    return await tenuto[1].conta(uso, codice, massimo)
