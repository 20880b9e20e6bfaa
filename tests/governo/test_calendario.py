"""The calendar feed: read back as a calendar program reads it, by a secret that can be ended."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from icalendar import Calendar
from lxml import html as albero

from capofila.accessi import rules
from capofila.governo.adempimenti import Fatto, Istanza
from capofila.governo.calendario import componi
from tests.conftest import Banca
from tests.isolamento.conftest import Navigatore
from tests.prestazioni.casi import interroga
from tests.prestazioni.test_moduli import Entra, entra

__all__ = ["entra"]

pytestmark = pytest.mark.anyio
GIORNO = date(2027, 3, 31)


def _una(**campi: object) -> Istanza:
    tutti: dict[str, object] = {
        "codice": "piano", "anno": 2027, "titolo": "Piano; operativo, così", "organo": "a",
        "organo_nome": "Assemblea", "data": GIORNO, "data_nominale": GIORNO,
        "avvisi": (date(2027, 3, 1), date(2027, 3, 24)), "fonte_testo": "Accordo, art. 13",
    }  # fmt: skip
    return Istanza(**{**tutti, **campi})  # type: ignore[arg-type]


def _letto(contenuto: bytes) -> dict[str, object]:
    calendario = Calendar.from_ical(contenuto)
    return {str(e["uid"]): e for e in calendario.walk("VEVENT")}


def test_un_adempimento_e_un_giorno_intero_con_le_sue_sveglie() -> None:
    [(uid, evento)] = _letto(componi([_una()], "Prova", "crema", "https://x.example")).items()
    assert uid == "piano-2027@crema.capofila"
    assert evento["summary"] == "Piano; operativo, così"  # type: ignore[index]
    assert evento.decoded("dtstart") == GIORNO  # type: ignore[attr-defined]
    assert evento.decoded("dtend") == date(2027, 4, 1)  # type: ignore[attr-defined]
    assert evento["url"] == "https://x.example/crema/adempimenti/piano/2027"  # type: ignore[index]
    sveglie = [s.decoded("trigger") for s in evento.walk("VALARM")]  # type: ignore[attr-defined]
    assert sveglie == [timedelta(days=-30, hours=9), timedelta(days=-7, hours=9)]
    assert "Accordo, art. 13" in evento["description"]  # type: ignore[index]


def test_fatta_non_suona_piu_e_la_prova_non_c_e() -> None:
    fatto = Fatto(esito="fatto", giorno=GIORNO, prova="Firmato da Mario Rossi", numero=1)
    contenuto = componi([_una(fatto=fatto)], "Prova", "crema", "")
    [evento] = _letto(contenuto).values()
    assert evento["summary"].startswith("Fatto: ")  # type: ignore[index]
    assert evento.walk("VALARM") == []  # type: ignore[attr-defined]
    assert b"Rossi" not in contenuto
    non_dovuta = Fatto(esito="non_dovuto", giorno=GIORNO, prova="No", numero=2)
    [altro] = _letto(componi([_una(fatto=non_dovuta)], "Prova", "crema", "")).values()
    assert altro["status"] == "CANCELLED"  # type: ignore[index]


def test_spostata_tiene_il_suo_identificativo_e_senza_giorno_non_c_e() -> None:
    prima = _letto(componi([_una()], "P", "crema", ""))
    dopo = _letto(componi([_una(data=date(2027, 4, 5))], "P", "crema", ""))
    assert prima.keys() == dopo.keys()
    assert _letto(componi([_una(data=None)], "P", "crema", "")) == {}
    # The same deadlines are the same bytes, in whatever order.
    due = [_una(), _una(codice="altro")]
    assert componi(due, "P", "crema", "") == componi(due[::-1], "P", "crema", "")


async def crea(cliente: Navigatore, slug: str = "crema") -> str:
    """A new feed by its page; its path."""
    risposta = await cliente.vai("POST", f"/{slug}/adempimenti/calendario", {"azione": "crea"})
    assert risposta.status_code == 200
    [indirizzo] = albero.fromstring(risposta.text).xpath("//input[@name='indirizzo']/@value")
    return str(re.sub(r"^https?://[^/]+", "", indirizzo))


async def test_l_indirizzo_si_vede_una_volta_si_rifa_e_si_revoca(
    entra: Entra, ambiti: Banca
) -> None:
    cliente = await entra("olga.crema")
    primo = await crea(cliente)
    assert re.fullmatch(r"/calendario/[A-Za-z0-9_-]{43}\.ics", primo)
    # Nobody is logged in: the address is enough.
    nessuno = Navigatore(transport=cliente._transport, base_url="http://capofila.test")
    risposta = await nessuno.get(primo)
    assert risposta.status_code == 200
    assert risposta.headers["content-type"] == "text/calendar; charset=utf-8"
    assert risposta.headers["cache-control"] == "private, max-age=3600"
    eventi = _letto(risposta.content)
    assert all(uid.endswith("@crema.capofila") for uid in eventi)
    assert any(uid.startswith("piano-operativo-") for uid in eventi)
    uguale = await nessuno.get(primo, headers={"if-none-match": risposta.headers["etag"]})
    assert (uguale.status_code, uguale.content) == (304, b"")
    # The secret is not held, and the page does not show it again.
    segreto = primo.removeprefix("/calendario/").removesuffix(".ics")
    assert segreto not in (await cliente.get("/crema/adempimenti/calendario")).text
    righe = await interroga(ambiti.superutente, "SELECT * FROM segreto_calendario")
    audit = await interroga(ambiti.superutente, "SELECT * FROM registro")
    assert segreto not in str([dict(r) for r in (*righe, *audit)])
    secondo = await crea(cliente)
    assert (await nessuno.get(primo)).status_code == 404
    assert (await nessuno.get(secondo)).status_code == 200
    via = await cliente.vai("POST", "/crema/adempimenti/calendario", {"azione": "revoca"})
    assert via.status_code == 303
    assert (await nessuno.get(secondo)).status_code == 404
    await nessuno.aclose()


async def test_un_indirizzo_apre_il_suo_ambito_e_finisce_con_l_incarico(
    entra: Entra, ambiti: Banca
) -> None:
    cliente = await entra("vera.cremona")
    suo = await crea(cliente, "cremona")
    # Cremona's plugin declares no deadline: nothing of Crema's shows.
    assert _letto((await cliente.get(suo)).content) == {}
    modulo = {
        "titolo": "Termine di Cremona", "giorno": "15/10/2026", "anno": "2026", "preavvisi": "",
        "organo": "ufficio-di-piano", "fonte": "Atto inventato",
    }  # fmt: skip
    assert (await cliente.vai("POST", "/cremona/adempimenti/nuovo", modulo)).status_code == 303
    [evento] = _letto((await cliente.get(suo)).content).values()
    assert evento["summary"] == "Termine di Cremona"  # type: ignore[index]
    altrui = await crea(await entra("rita.crema"))
    assert b"Termine di Cremona" not in (await cliente.get(altrui)).content
    await interroga(
        ambiti.superutente,
        "UPDATE incarico SET dal = '2020-01-01', al = '2020-12-31' WHERE utente_id = "
        "(SELECT id FROM utente WHERE nome_accesso = 'vera.cremona')",
    )
    assert (await cliente.get(suo)).status_code == 404


async def test_chi_lavora_per_un_comune_ha_il_suo(entra: Entra) -> None:
    cliente = await entra("pia.pandino")
    assert (await cliente.get(await crea(cliente))).status_code == 200


@pytest.mark.parametrize(
    "nome", ["x.ics", "A" * 43, f"{'A' * 43}.ics", f"{'A' * 42}%00.ics", "%2e%2e.ics", "à.ics"]
)
async def test_un_indirizzo_sbagliato_non_dice_perche(entra: Entra, nome: str) -> None:
    risposta = await (await entra("olga.crema")).get(f"/calendario/{nome}")
    assert risposta.status_code == 404


async def test_troppi_indirizzi_sbagliati_fermano_chi_prova(
    entra: Entra, ambiti: Banca, monkeypatch: pytest.MonkeyPatch
) -> None:
    cliente = await entra("olga.crema")
    buono = await crea(cliente)
    await interroga(ambiti.superutente, "DELETE FROM tentativo_accesso")
    stati = [
        (await cliente.get(f"/calendario/{'B' * 43}.ics")).status_code
        for _ in range(rules.SOGLIA_INDIRIZZO + 1)
    ]
    assert stati == [404] * rules.SOGLIA_INDIRIZZO + [429]
    fermo = await cliente.get(buono)
    assert fermo.status_code == 429
    assert "retry-after" in fermo.headers
    await interroga(ambiti.superutente, "DELETE FROM tentativo_accesso")
    assert (await cliente.get(buono)).status_code == 200
