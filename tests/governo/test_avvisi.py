"""Warnings by e-mail, to a real SMTP server: once each, to whoever answers, then to the responsible."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from capofila.base.attivazioni import ROMA, oggi
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import DatiNonValidi, NonAutorizzato
from capofila.governo import avvisi, scadenzario
from capofila.governo.avvisi import Cadenza, Recapito, del_giorno, recapiti, scrivi_recapiti
from capofila.governo.scadenzario import Termine
from capofila.hooks import SpecieProva
from capofila.pulizia import pulisci
from tests.conftest import Banca
from tests.posta import Cassetta, letto, posta
from tests.prestazioni.casi import contesto, interroga

__all__ = ["posta"]

pytestmark = pytest.mark.anyio
ASSEMBLEA = "assemblea-dei-sindaci"


def alle(giorno: str, ora: int = 9) -> datetime:
    return datetime.fromisoformat(giorno).replace(hour=ora, tzinfo=ROMA)


async def tieni(slug: str = "crema", cadenza: Cadenza = "giorno", **indirizzi: str) -> None:
    async with unita_di_lavoro(await contesto(slug)):
        await scrivi_recapiti(
            {
                "" if organo == "responsabile" else organo.replace("_", "-"): Recapito(
                    email=email, cadenza=cadenza
                )
                for organo, email in indirizzi.items()
            }
        )


async def giro(quando: datetime, slug: str = "crema") -> int:
    async with unita_di_lavoro(await contesto(slug)):
        return await del_giorno(quando)


async def arrivino(posta: Cassetta, banca: Banca, quanti: int) -> list[Any]:
    """Wait until so many letters came and no job is open."""
    for _ in range(300):
        aperti = await interroga(
            banca.superutente, "SELECT 1 FROM lavoro WHERE stato IN ('in_attesa', 'in_corso')"
        )
        if len(posta.messaggi) >= quanti and not aperti:
            break
        await asyncio.sleep(0.1)
    assert len(posta.messaggi) == quanti
    return [letto(busta) for busta in posta.messaggi]


async def arrivano(posta: Cassetta, banca: Banca) -> list[Any]:
    """What came once no job is open."""
    for _ in range(300):
        if not await interroga(
            banca.superutente, "SELECT 1 FROM lavoro WHERE stato IN ('in_attesa', 'in_corso')"
        ):
            break
        await asyncio.sleep(0.1)
    return list(posta.messaggi)


async def test_un_preavviso_parte_una_volta_a_chi_risponde(
    posta: Cassetta, banca: Banca, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "capofila")
    await tieni(assemblea_dei_sindaci="assemblea@crema.example")
    # The 29th of January is the Friday before the sixtieth day before the 31st of March.
    assert await giro(alle("2027-01-28")) == 1  # the report on 2026, a week before
    await arrivino(posta, banca, 1)
    assert await giro(alle("2027-01-29", 6)) == 0  # too early in the morning
    assert await giro(alle("2027-01-29")) == 1
    assert await giro(alle("2027-01-29", 18)) == 0
    _, messaggio = await arrivino(posta, banca, 2)
    assert posta.messaggi[1].rcpt_tos == ["assemblea@crema.example"]
    assert messaggio["Subject"] == "Scadenze: 1 da guardare"
    testo = messaggio.get_content()
    assert "Per: Assemblea dei Sindaci" in testo
    assert "Approvazione del Piano Operativo: mercoledì 31 marzo 2027 (fra 61 giorni)" in testo
    assert "https://capofila.ambito.example/crema/adempimenti/piano-operativo/2027" in testo
    assert "Approvazione del Report Annuale: domenica 31 gennaio 2027" in testo
    # The job says which day, and nothing of whom.
    lavori = await interroga(
        banca.superutente, "SELECT parametri, esito FROM lavoro WHERE tipo = 'governo.avvisi'"
    )
    assert {json.loads(uno["parametri"])["giorno"] for uno in lavori} == {
        "2027-01-28",
        "2027-01-29",
    }
    nostri = [r.getMessage() for r in caplog.records if not r.name.startswith("mail.")]
    for parlato in (*nostri, *(str(dict(uno)) for uno in lavori)):
        assert "example" not in parlato


async def test_la_stessa_lettera_due_volte_e_lo_stesso_messaggio(
    posta: Cassetta, banca: Banca
) -> None:
    """A fall between sending and writing that it left: the second copy can be told as one."""
    await tieni("crema", responsabile="ufficio@crema.example")
    assert await giro(alle("2026-04-01"))
    await arrivino(posta, banca, 1)
    await interroga(
        banca.superutente, "UPDATE avviso_adempimento SET stato = 'da_inviare', inviato_il = NULL"
    )
    await interroga(banca.superutente, "DELETE FROM lavoro WHERE tipo = 'governo.avvisi'")
    await giro(alle("2026-04-01", 10))
    prima, seconda = await arrivino(posta, banca, 2)
    assert prima["Message-ID"] == seconda["Message-ID"]
    assert re.fullmatch(r"<[0-9a-f]{40}@[a-z.]+>", prima["Message-ID"])
    await interroga(
        banca.superutente,
        "UPDATE avviso_adempimento SET stato = 'da_inviare', inviato_il = NULL WHERE id = "
        "(SELECT min(id) FROM avviso_adempimento)",
    )
    await interroga(banca.superutente, "DELETE FROM lavoro WHERE tipo = 'governo.avvisi'")
    await giro(alle("2026-04-01", 11))
    altra = (await arrivino(posta, banca, 3))[2]
    assert altra["Message-ID"] != prima["Message-ID"]  # other warnings, another letter


async def test_passata_si_dice_subito_a_chi_risponde_e_al_responsabile(
    posta: Cassetta, banca: Banca
) -> None:
    await tieni(
        cadenza="settimana", assemblea_dei_sindaci="assemblea@crema.example",
        responsabile="responsabile@crema.example",
    )  # fmt: skip
    # A Thursday: a weekly address gets its warnings on Monday, and what has passed at once. The
    # Piano Operativo passed yesterday, the report on 2026 two months ago.
    assert await giro(alle("2027-04-01")) == 5
    messaggi = await arrivino(posta, banca, 2)
    assert {m["To"]: m["Subject"] for m in messaggi} == {
        "assemblea@crema.example": "Scadenze: 2 da guardare, 2 passate",
        "responsabile@crema.example": "Scadenze: 2 da guardare, 2 passate",
    }
    assert "31 marzo 2027 (PASSATA da 1 giorno)" in messaggi[0].get_content()
    assert await giro(alle("2027-04-02")) == 0
    # On Monday the warning of the contract, which has no address of its own, reaches the responsible.
    assert await giro(alle("2027-04-05")) == 0
    *_, ultimo = await arrivino(posta, banca, 3)
    assert ultimo["To"] == "responsabile@crema.example"
    assert "Sottoscrizione del Contratto di Servizio" in ultimo.get_content()


async def test_un_recapito_rifiutato_non_ferma_gli_altri(posta: Cassetta, banca: Banca) -> None:
    await tieni(
        assemblea_dei_sindaci="rifiuta@crema.example", responsabile="responsabile@crema.example"
    )
    assert await giro(alle("2027-04-01")) == 5
    [messaggio] = await arrivino(posta, banca, 1)
    assert messaggio["To"] == "responsabile@crema.example"
    stati = await interroga(
        banca.superutente, "SELECT destinatario, stato FROM avviso_adempimento ORDER BY id"
    )
    assert {(r["destinatario"], r["stato"]) for r in stati} == {
        (ASSEMBLEA, "rifiutato"),
        ("", "inviato"),
    }


async def test_senza_un_recapito_o_un_server_non_si_scrive_nulla(motore: Any, banca: Banca) -> None:
    await tieni(responsabile="responsabile@crema.example")
    assert await giro(alle("2027-04-01")) == 0
    assert await interroga(banca.superutente, "SELECT 1 FROM avviso_adempimento") == []
    await pulisci()
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(DatiNonValidi, match="indirizzo di posta"):
            await scrivi_recapiti({"": Recapito(email="a@b\r\nBcc: tutti@example.it")})
        await scrivi_recapiti({"": None})
        assert await recapiti() == {}
    async with unita_di_lavoro(await contesto("crema", comune="G306")):
        with pytest.raises(NonAutorizzato):
            await scrivi_recapiti({"": Recapito(email="responsabile@crema.example")})


async def test_i_recapiti_di_un_ambito_non_scrivono_delle_scadenze_di_un_altro(
    posta: Cassetta, banca: Banca
) -> None:
    await tieni("cremona", responsabile="responsabile@cremona.example")
    assert await giro(alle("2027-04-01")) == 0
    assert await giro(alle("2027-04-01"), "cremona") == 0  # its plugin declares none
    assert posta.messaggi == []


async def test_dal_giro_della_pulizia_alla_lettera_e_al_calendario(
    posta: Cassetta, banca: Banca, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the worker does each hour, with a deadline of the ambito's own a week from today."""
    monkeypatch.setattr(avvisi, "DALLE", 0)
    await tieni(ufficio_di_piano="ufficio@crema.example", responsabile="capo@crema.example")
    giorno = oggi() + timedelta(days=7)
    termine = Termine(
        titolo="Relazione inventata", organo="ufficio-di-piano", anno=giorno.year, giorno=giorno,
        preavvisi=(30, 7), fonte="Determina inventata n. 1",
    )  # fmt: skip
    async with unita_di_lavoro(await contesto("crema")):
        una = await scadenzario.aggiungi_termine(termine)
    await pulisci()
    await pulisci()
    messaggi = [
        letto(busta)
        for busta in (await arrivano(posta, banca))
        if "ufficio@" in str(busta.rcpt_tos)
    ]
    [testo] = [m.get_content() for m in messaggi]
    assert "Relazione inventata" in testo
    assert "fra 7 giorni" in testo
    righe = await interroga(
        banca.superutente,
        f"SELECT passo, stato FROM avviso_adempimento WHERE adempimento = '{una.codice}'",
    )
    # Of the two steps that have come due only the last is told, once.
    assert [(r["passo"], r["stato"]) for r in righe] == [(7, "inviato")]
    # Done, it is told to nobody any more, not even after its day.
    async with unita_di_lavoro(await contesto("crema")):
        await scadenzario.segna(
            una.codice, una.anno, esito="fatto", giorno=oggi(), prova="PEC inventata", numero=1,
            specie=SpecieProva.DOCUMENTO,
        )  # fmt: skip
        dopo = datetime.combine(giorno + timedelta(days=2), time(9), ROMA)
        await del_giorno(dopo)
    rimaste = await interroga(
        banca.superutente,
        f"SELECT count(*) AS n FROM avviso_adempimento WHERE adempimento = '{una.codice}'",
    )
    assert rimaste[0]["n"] == 1


async def test_l_avviso_di_un_termine_tolto_mentre_aspettava_il_lunedi_non_parte(
    posta: Cassetta, banca: Banca
) -> None:
    await tieni(cadenza="settimana", ufficio_di_piano="ufficio@crema.example")
    termine = Termine(
        titolo="Termine inventato", organo="ufficio-di-piano", anno=2033, giorno=date(2033, 6, 30),
        preavvisi=(7,), fonte="Determina inventata n. 2",
    )  # fmt: skip
    async with unita_di_lavoro(await contesto("crema")):
        una = await scadenzario.aggiungi_termine(termine)
    assert await giro(alle("2033-06-23")) >= 1  # a Thursday
    prima = len(await arrivano(posta, banca))
    async with unita_di_lavoro(await contesto("crema")):
        await scadenzario.togli_termine(
            int(una.codice.removeprefix(scadenzario.PROPRIO)), "Era un errore"
        )
    await giro(alle("2033-06-27"))  # the Monday after
    for busta in (await arrivano(posta, banca))[prima:]:
        assert "Termine inventato" not in letto(busta).get_content()
    [riga] = await interroga(
        banca.superutente,
        f"SELECT stato FROM avviso_adempimento WHERE adempimento = '{una.codice}'",
    )
    assert riga["stato"] == "superato"
