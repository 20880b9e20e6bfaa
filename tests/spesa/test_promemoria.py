"""Reminders by e-mail, to a real SMTP server: who is written to, once, and what a job and a log may say."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any

import pytest
from tests.conftest import Banca
from tests.posta import Cassetta, letto, posta
from tests.prestazioni.casi import contesto, interroga

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato
from capofila.spesa import service

__all__ = ["posta"]

pytestmark = pytest.mark.anyio

PANDINO, SONCINO, ALTRO = "G306", "I827", "D142"


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
    messaggio = letto(busta)
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
