"""The public keys of the PDND, from a file or from the address where the platform publishes them.

What is fetched is bounded in bytes and seconds and comes from one configured address, without
redirects. It is kept for an hour; a voucher with a key that is not there makes it be fetched again,
once a minute at most, so that neither a rotation of the keys nor an invented `kid` costs more than
one request. An address that does not answer leaves the keys that were there.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from capofila.base.errori import ConfigurazioneNonSicura, ServizioNonDisponibile
from capofila.base.impostazioni import Impostazioni
from capofila.debito.voucher import Chiave, Chiavi, chiavi_da

LOG = logging.getLogger("capofila.pdnd")

DURATA: Final = 3600.0
"""Seconds for which fetched keys are good without asking again."""
RIPOSO: Final = 60.0
"""Seconds between two fetches, whatever asks for them."""
BYTE_MASSIMI: Final = 1_000_000
SECONDI_MASSIMI: Final = 5.0

Preleva = Callable[[str], bytes]


class Fonte(Protocol):
    """Where keys come from."""

    async def per(self, kid: str | None) -> Mapping[str, Chiave]:
        """The keys by `kid`, those of now when that one is among them."""
        ...


class DaFile:
    """The keys of a file, which somebody else renews."""

    def __init__(self, percorso: str) -> None:
        self._chiavi = Chiavi(percorso)

    async def per(self, kid: str | None) -> Mapping[str, Chiave]:
        """The keys of the file as it is now."""
        return self._chiavi.adesso()


class _SenzaRinvii(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: the keys come from the address that was written down."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def preleva(indirizzo: str) -> bytes:
    """The bytes at an address.

    Raises:
        OSError: it does not answer in time, with a 200.
        ValueError: there are too many.
    """
    fine = time.monotonic() + SECONDI_MASSIMI
    # An opener of its own: neither proxies nor redirects of the environment.
    apri = urllib.request.build_opener(_SenzaRinvii, urllib.request.ProxyHandler({}))
    pezzi: list[bytes] = []
    quanti = 0
    with apri.open(indirizzo, timeout=SECONDI_MASSIMI) as risposta:
        while pezzo := risposta.read1(65536):
            pezzi.append(pezzo)
            quanti += len(pezzo)
            if quanti > BYTE_MASSIMI:
                raise ValueError("a key set of more than a megabyte")
            if time.monotonic() > fine:
                raise TimeoutError("the key set comes too slowly")
    return b"".join(pezzi)


class DaIndirizzo:
    """The keys at an address, fetched when they are old or lack one that is asked for."""

    def __init__(
        self,
        indirizzo: str,
        *,
        preleva: Preleva = preleva,
        orologio: Callable[[], float] = time.monotonic,
    ) -> None:
        self._indirizzo, self._preleva, self._orologio = indirizzo, preleva, orologio
        self._chiavi: Mapping[str, Chiave] = {}
        self._presi_il = self._provato_il = float("-inf")
        self._uno = threading.Lock()

    async def per(self, kid: str | None) -> Mapping[str, Chiave]:
        """The keys by `kid`.

        Raises:
            ServizioNonDisponibile: none was ever fetched.
        """
        if self._serve(kid):
            await asyncio.to_thread(self._rinnova, kid)
        if not self._chiavi:
            raise ServizioNonDisponibile(
                "Il servizio non ha le chiavi con cui controllare i voucher: riprova più tardi."
            )
        return self._chiavi

    def _serve(self, kid: str | None) -> bool:
        adesso = self._orologio()
        if adesso - self._provato_il < RIPOSO:
            return False
        vecchie = adesso - self._presi_il >= DURATA
        return vecchie or (kid is not None and kid not in self._chiavi)

    def _rinnova(self, kid: str | None) -> None:
        with self._uno:
            # Those who waited here find what the first one fetched.
            if not self._serve(kid):
                return
            self._provato_il = self._orologio()
            try:
                self._chiavi = chiavi_da(self._preleva(self._indirizzo))
            except (OSError, ValueError) as errore:
                LOG.error("le chiavi della PDND non si prelevano: %s", type(errore))
            else:
                self._presi_il = self._orologio()


def fonte(valori: Impostazioni) -> Fonte:
    """Where this installation has the keys from: the address, when there is one.

    Raises:
        ConfigurazioneNonSicura: the address is not https.
    """
    return _fonte(valori.pdnd_chiavi, valori.pdnd_chiavi_url)


@lru_cache(maxsize=4)
def _fonte(percorso: str, indirizzo: str) -> Fonte:
    if not indirizzo:
        return DaFile(percorso)
    parti = urlsplit(indirizzo)
    locale = parti.scheme == "http" and parti.hostname == "127.0.0.1"
    if parti.scheme != "https" and not locale:
        raise ConfigurazioneNonSicura("CAPOFILA_PDND_CHIAVI_URL deve cominciare con https://.")
    return DaIndirizzo(indirizzo)
