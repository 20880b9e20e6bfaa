"""A bridge to the real PostgreSQL that a test can stop at a moment of its choice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Ponte:
    """Carries bytes both ways; what the server sends can be kept back.

    Attributes:
        url: the server's address, by the bridge.
        passano: clear while the answers wait here.
        finisce: clear while the end of a connection waits here.
        trattenuta: set when an answer waits.
        morta: set when the server has ended a connection.
    """

    def __init__(self, url: str) -> None:
        self._server = urlsplit(url)
        self.url = ""
        self.passano, self.finisce = asyncio.Event(), asyncio.Event()
        self.trattenuta, self.morta = asyncio.Event(), asyncio.Event()
        self.passano.set()
        self.finisce.set()

    async def collega(self, lui: asyncio.StreamReader, a_lui: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        server, al_server = await asyncio.open_connection(self._server.hostname, self._server.port)
        verso = asyncio.create_task(self._porta(lui, al_server))
        try:
            while dati := await server.read(65536):
                if not self.passano.is_set():
                    self.trattenuta.set()
                    await self.passano.wait()
                a_lui.write(dati)
                await a_lui.drain()
            self.morta.set()
            await self.finisce.wait()
        except ConnectionError:
            pass
        finally:
            verso.cancel()
            a_lui.close()
            al_server.close()

    @staticmethod
    async def _porta(da: asyncio.StreamReader, a: asyncio.StreamWriter) -> None:
        while dati := await da.read(65536):
            a.write(dati)
            await a.drain()
        a.close()

    def da_qui(self, porta: int) -> str:
        """The server's address with the port of the bridge."""
        chi = self._server.netloc.rpartition("@")[0]
        return self._server._replace(netloc=f"{chi}@127.0.0.1:{porta}").geturl()


@asynccontextmanager
async def ponte(url: str) -> AsyncIterator[Ponte]:
    """A bridge to the server of an address."""
    questo = Ponte(url)
    ascolto = await asyncio.start_server(questo.collega, "127.0.0.1", 0)
    questo.url = questo.da_qui(ascolto.sockets[0].getsockname()[1])
    try:
        yield questo
    finally:
        questo.passano.set()
        questo.finisce.set()
        ascolto.close()
        await ascolto.wait_closed()
