"""A real SMTP server for the tests of what is sent by e-mail, and a worker that sends it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from email import message_from_string
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from capofila.base.impostazioni import Impostazioni, impostazioni
from tests.conftest import Banca
from tests.debito.casi import officina


class Cassetta:
    """Keeps what it is given; a recipient that begins with «rifiuta» is refused."""

    def __init__(self) -> None:
        self.messaggi: list[Envelope] = []

    async def handle_RCPT(
        self, _: SMTP, __: Session, busta: Envelope, indirizzo: str, ___: list[str]
    ) -> str:
        if indirizzo.startswith("rifiuta"):
            return "550 no such mailbox"
        busta.rcpt_tos.append(indirizzo)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, busta: Envelope) -> str:
        self.messaggi.append(busta)
        return "250 OK"


@pytest.fixture
async def posta(
    impostazioni_prova: Impostazioni, banca: Banca, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Cassetta]:
    """A worker, and the server that its e-mail goes to.

    Its hourly round does not begin by itself: what that tells depends on the day of the tests.
    """

    async def mai(_secondi: float) -> None:
        await asyncio.Event().wait()

    cassetta = Cassetta()
    with socket.socket() as libero:
        libero.bind(("127.0.0.1", 0))
        porta = libero.getsockname()[1]
    controllo = Controller(cassetta, hostname="127.0.0.1", port=porta)
    controllo.start()
    try:
        monkeypatch.setenv("CAPOFILA_SMTP_URL", f"smtp://127.0.0.1:{porta}")
        monkeypatch.setenv("CAPOFILA_SMTP_MITTENTE", "capofila@ambito.example")
        monkeypatch.setenv("CAPOFILA_INDIRIZZO", "https://capofila.ambito.example")
        monkeypatch.setattr("capofila.pulizia.pulisci_ogni", mai)
        impostazioni.cache_clear()
        async with officina(impostazioni()):
            yield cassetta
    finally:
        await asyncio.to_thread(controllo.stop)
        impostazioni.cache_clear()


def letto(busta: Envelope) -> EmailMessage:
    """The message in an envelope."""
    testo = str(busta.content, "utf-8") if isinstance(busta.content, bytes) else str(busta.content)
    messaggio = message_from_string(testo, policy=default)
    assert isinstance(messaggio, EmailMessage)
    return messaggio
