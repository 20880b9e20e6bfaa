"""Reminders by e-mail, to a real SMTP server: who is written to, once, and what a job and a log may say."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
from collections.abc import AsyncIterator
from email import message_from_string
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.conftest import Banca
from tests.debito.casi import officina
from tests.prestazioni.casi import contesto, interroga

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato
from capofila.base.impostazioni import Impostazioni, impostazioni
from capofila.spesa import service

pytestmark = pytest.mark.anyio

PANDINO, SONCINO, ALTRO = "G306", "I827", "D142"


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
    """A worker, and the server that its e-mail goes to."""
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
        impostazioni.cache_clear()
        async with officina(impostazioni()):
            yield cassetta
    finally:
        await asyncio.to_thread(controllo.stop)
        impostazioni.cache_clear()


async def apri(anno: int) -> service.Rilevazione:
    async with unita_di_lavoro(await contesto("crema")):
        return await service.apri(
            service.Apertura(anno=anno, comuni=("019035", "019067", "019097"))
        )


async def stati(banca: Banca) -> dict[str, str]:
    righe = await interroga(banca.superutente, "SELECT comune, stato FROM promemoria_spesa")
    return {riga["comune"]: riga["stato"] for riga in righe}


async def attendi(banca: Banca) -> dict[str, str]:
    for _ in range(200):
        if "da_inviare" not in (trovati := await stati(banca)).values():
            return trovati
        await asyncio.sleep(0.1)
    raise AssertionError("the reminders were not sent")


async def test_si_scrive_una_volta_a_chi_tarda_e_ha_un_recapito(
    posta: Cassetta, banca: Banca, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "capofila")
    questa = await apri(2013)
    async with unita_di_lavoro(await contesto("crema")):
        await service.scrivi_recapiti(
            {PANDINO: "ufficio@pandino.example", ALTRO: "rifiuta@crema.example"}
        )
        chiesti = await service.chiedi_promemoria(questa)
        di_pandino = await service.scheda(2013, "019067")
    assert (chiesti.quanti, chiesti.senza_recapito) == (2, ("Soncino",))
    assert await attendi(banca) == {PANDINO: "inviato", ALTRO: "rifiutato"}
    [busta] = posta.messaggi
    assert busta.rcpt_tos == ["ufficio@pandino.example"]
    testo = str(busta.content, "utf-8") if isinstance(busta.content, bytes) else str(busta.content)
    messaggio = message_from_string(testo, policy=default)
    assert messaggio["Subject"] == "Spesa sociale 2013: scheda di Pandino da inviare"
    # The sheet is one step away; the address names nobody.
    [pagina] = re.findall(r"https?://\S+", messaggio.get_content())
    assert pagina == f"https://capofila.ambito.example/crema/spesa/schede/{di_pandino.id}"
    # The same day nobody is written to again.
    async with unita_di_lavoro(await contesto("crema")):
        assert (await service.chiedi_promemoria(questa)).quanti == 0
        assert (await service.ultimi_promemoria(2013)).keys()
    # The job says which survey, and nothing of whom.
    [lavoro] = await interroga(
        banca.superutente, "SELECT parametri, esito FROM lavoro WHERE tipo = 'spesa.promemoria'"
    )
    assert json.loads(lavoro["parametri"]) == {"rilevazione": questa.id}
    # The server of the test writes what it receives; what counts is what we write.
    nostri = [r.getMessage() for r in caplog.records if not r.name.startswith("mail.")]
    for parlato in (*nostri, str(dict(lavoro))):
        assert "example" not in parlato


async def test_nei_giorni_di_promemoria_si_scrive_da_soli(posta: Cassetta, banca: Banca) -> None:
    from capofila.base.attivazioni import oggi

    questa = await apri(2014)
    async with unita_di_lavoro(await contesto("crema")):
        await service.scrivi_recapiti({SONCINO: "ufficio@soncino.example"})
        assert await service.promemoria_del_giorno() == 0
        await service.cambia_termini(questa.anno, None, [oggi()])
        assert await service.promemoria_del_giorno() == 1
        assert await service.promemoria_del_giorno() == 0
    assert await attendi(banca) == {SONCINO: "inviato"}
    assert len(posta.messaggi) == 1


async def test_senza_un_server_non_parte_nulla_e_lo_si_dice(motore: Any) -> None:
    questa = await apri(2015)
    async with unita_di_lavoro(await contesto("crema")):
        assert await service.promemoria_del_giorno() == 0
        with pytest.raises(Conflitto, match="non è configurato"):
            await service.chiedi_promemoria(questa)
        with pytest.raises(DatiNonValidi, match="indirizzo di posta"):
            await service.scrivi_recapiti({PANDINO: "a@b\r\nBcc: tutti@example.it"})
    async with unita_di_lavoro(await contesto("crema", comune=PANDINO)):
        assert await service.recapiti() == {}
        with pytest.raises(NonAutorizzato):
            await service.scrivi_recapiti({PANDINO: "ufficio@pandino.example"})
