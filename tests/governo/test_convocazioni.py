"""The call of a meeting by e-mail, to a real SMTP server, with its calendar invitation."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import date, time, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from icalendar import Calendar

from capofila.base.attivazioni import oggi
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.governo import convocazioni, sedute
from capofila.governo.sedute import Adunanza
from tests.conftest import Banca
from tests.governo.adunanze import prepara
from tests.prestazioni.casi import contesto, interroga, modello
from tests.spesa.test_promemoria import Cassetta, posta

__all__ = ["modello", "posta"]

pytestmark = pytest.mark.anyio

CASALMAGGIORE, GUSSOLA = "019021", "019052"


async def _attendi(banca: Banca) -> dict[str, str]:
    for _ in range(300):
        righe = await interroga(banca.superutente, "SELECT avente, stato FROM invito_seduta")
        stati = {riga["avente"]: riga["stato"] for riga in righe}
        if stati and "da_inviare" not in stati.values():
            return stati
        await asyncio.sleep(0.1)
    raise AssertionError("the calls were not sent")


async def test_la_convocazione_parte_con_l_ordine_del_giorno_e_il_calendario(
    posta: Cassetta, banca: Banca, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "capofila")
    giorno = oggi() + timedelta(days=40)
    async with unita_di_lavoro(await contesto("casalmaggiore")):
        id_ = await sedute.crea(
            Adunanza(
                organo="assemblea-dei-sindaci", giorno=giorno, ora=time(18, 30),
                luogo="Sala, via Roma", seconda_giorno=giorno, seconda_ora=time(19, 30),
            )
        )  # fmt: skip
        await sedute.aggiungi_punto(id_, "Quota dei comuni")
        with pytest.raises(Conflitto, match="convocata"):
            await convocazioni.invita(id_)
        await sedute.convoca(id_)
        with pytest.raises(DatiNonValidi):
            await convocazioni.scrivi_recapiti("assemblea-dei-sindaci", {GUSSOLA: "sindaco"})
        await convocazioni.scrivi_recapiti(
            "assemblea-dei-sindaci",
            {CASALMAGGIORE: "sindaco@casal.example", GUSSOLA: "rifiuta@gussola.example"},
        )
        quanti, senza = await convocazioni.invita(id_)
        assert (quanti, len(senza)) == (2, 16)
    assert await _attendi(banca) == {CASALMAGGIORE: "inviato", GUSSOLA: "rifiutato"}
    [busta] = posta.messaggi
    assert busta.rcpt_tos == ["sindaco@casal.example"]
    assert isinstance(busta.content, bytes)
    messaggio = message_from_bytes(busta.content, policy=default)
    corpo = messaggio.get_body(("plain",))
    assert corpo is not None
    assert "1. Quota dei comuni" in corpo.get_content()
    assert f"/casalmaggiore/sedute/{id_}" in corpo.get_content()
    [allegato] = messaggio.iter_attachments()
    eventi = Calendar.from_ical(allegato.get_content()).walk("VEVENT")
    assert [evento.decoded("dtstart").time() for evento in eventi] == [time(18, 30), time(19, 30)]
    assert eventi[0].decoded("dtstart").date() == giorno
    # The job says which meeting, and nothing of whom.
    [lavoro] = await interroga(
        banca.superutente, "SELECT parametri FROM lavoro WHERE tipo = 'governo.convoca'"
    )
    assert json.loads(lavoro["parametri"]) == {"seduta": id_}
    nostri = [r.getMessage() for r in caplog.records if r.name.startswith("capofila")]
    assert not any("casal.example" in riga for riga in nostri)
    # Who was written to is not written to again.
    async with unita_di_lavoro(await contesto("casalmaggiore")):
        assert (await convocazioni.invita(id_))[0] == 0
        assert await convocazioni.inviti(id_) == {"inviato": 1, "rifiutato": 1}


async def test_senza_posta_la_convocazione_si_manda_con_altri_mezzi(
    motore: None, banca: Banca
) -> None:
    async with unita_di_lavoro(await contesto("casalmaggiore")):
        id_, _ = await prepara(giorno=date(2026, 6, 12))
        with pytest.raises(Conflitto, match="non è configurato"):
            await convocazioni.invita(id_)
