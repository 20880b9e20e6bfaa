"""Reminders about the indicators, to a real SMTP server: who is written to, once, and what a job says."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.conoscenza import consegne
from tests.conftest import Banca
from tests.posta import Cassetta, letto, posta
from tests.prestazioni.casi import contesto, interroga

__all__ = ["posta"]

pytestmark = pytest.mark.anyio


async def attendi(banca: Banca) -> dict[str, str]:
    for _ in range(300):
        righe = await interroga(
            banca.superutente, "SELECT titolare, stato FROM promemoria_indicatori"
        )
        stati = {r["titolare"]: r["stato"] for r in righe}
        if "da_inviare" not in stati.values():
            return stati
        await asyncio.sleep(0.1)
    raise AssertionError("the reminders were not sent")


async def test_si_scrive_una_volta_a_chi_non_ha_consegnato(posta: Cassetta, banca: Banca) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await consegne.scrivi_recapiti({"ASL": "ufficio@asl.example"})
        chiesti = await consegne.chiedi(2020)
    assert chiesti.quanti == 1
    assert "ALER" in chiesti.senza_recapito
    assert await attendi(banca) == {"ASL": "inviato"}
    [busta] = posta.messaggi
    assert busta.rcpt_tos == ["ufficio@asl.example"]
    messaggio = letto(busta)
    assert messaggio["Subject"] == "Indicatori 2020: che cosa manca"
    assert "NAD-B-04" in messaggio.get_content()
    assert "VUL-B-19" not in messaggio.get_content()
    async with unita_di_lavoro(await contesto("crema")):
        assert (await consegne.chiedi(2020)).quanti == 0
        assert (await consegne.ultimi(2020))["ASL"].stato == "inviato"
    [lavoro] = await interroga(
        banca.superutente, "SELECT parametri FROM lavoro WHERE tipo = 'conoscenza.promemoria'"
    )
    assert json.loads(lavoro["parametri"]) == {"anno": 2020}


async def test_senza_un_server_lo_si_dice(motore: Any) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(Conflitto, match="non è configurato"):
            await consegne.chiedi(2020)
        with pytest.raises(DatiNonValidi, match="indirizzo di posta"):
            await consegne.scrivi_recapiti({"ASL": "a@b\r\nBcc: tutti@example.it"})
