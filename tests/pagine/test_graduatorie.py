"""The waiting lists in a real browser: a bando from its opening to what follows the approval."""

from __future__ import annotations

import re
from datetime import date

import pytest
from playwright.sync_api import Page, expect
from tests.graduatorie.casi import contesto, iscrivi, un_bando
from tests.pagine.conftest import Piattaforma, Visita
from tests.prestazioni.casi import codice_fiscale

from capofila.base.database import unita_di_lavoro
from capofila.graduatorie import bandi

pytestmark = pytest.mark.browser

STANZA = "/crema/graduatorie"


BANDI: dict[str | int, int] = {}
"""One to be worked on at each width, one that stays open, one that is approved."""


@pytest.fixture(scope="module", autouse=True)
def bandi_di_prova(piattaforma: Piattaforma) -> None:
    """Four domande for one place: two are equal in all, one is excluded."""

    async def popola() -> None:
        async with unita_di_lavoro(await contesto("crema")):
            for nome in (1280, 390, "aperto", "approvato"):
                bando = await un_bando(titolo=f"Misura B2, prova {nome}", disponibili=1)
                for n, isee in enumerate(("5000.00", "5000.00", "26000.00"), 1):
                    await iscrivi(bando, n, isee=isee)
                await iscrivi(bando, 4, "G306", isee="9000.00")
                BANDI[nome] = bando
            await bandi.sorteggia(bando, "5")
            vista = (await bandi.provvisoria(await bandi.leggi(bando))).impronta()
            await bandi.approva(bando, "Responsabile", "8", date(2025, 7, 11), vista)

    piattaforma.esegui(popola)


def scrivi(pagina: Page, **campi: str) -> None:
    for nome, valore in campi.items():
        pagina.locator(f"#campo-{nome}").fill(valore)


def test_si_apre_un_bando_e_si_iscrive_una_domanda(visita: Visita) -> None:
    pagina = visita.entra("olga.oper", f"{STANZA}/nuovo")
    pagina.get_by_role("button", name="Apri il bando").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "graduatorie-nuovo-errori")
    scrivi(pagina, titolo="Misura B2 2025", giorno="01/07/2025", anno_bando="2025", disponibili="2")
    pagina.locator("#campo-graduatoria").select_option("misura-b2")
    pagina.get_by_role("button", name="Apri il bando").click()
    pagina.wait_for_url(re.compile(r"/graduatorie/\d+$"))
    visita.scatta(pagina, "graduatorie-bando-vuoto")
    pagina.get_by_role("link", name="Iscrivi una domanda").first.click()
    scrivi(pagina, cognome="Rossi", nome="Anna")
    pagina.locator("#campo-dato-isee").fill("molto")
    pagina.get_by_role("button", name="Iscrivi la domanda").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "graduatorie-domanda-errori")
    scrivi(
        pagina, codice_fiscale=codice_fiscale(77), protocollo="2025/77", presentata_il="02/06/2025",
    )  # fmt: skip
    pagina.locator("#campo-comune").select_option("D142")
    for nome, valore in (("isee", "5.000,00"), ("bisogno", "4"), ("residente", "30/06/2015")):
        pagina.locator(f"#campo-dato-{nome}").fill(valore)
    for nome, valore in (
        ("eta", "adulto"), ("gravita", "l104"), ("domicilio", "si"), ("progetto", "si"),
        ("nucleo", "sola"),
    ):  # fmt: skip
        pagina.locator(f"#campo-dato-{nome}").select_option(valore)
    pagina.get_by_role("button", name="Iscrivi la domanda").click()
    expect(pagina.locator("#perche")).to_contain_text("Perché 55 punti")
    expect(pagina.locator("#perche")).to_contain_text("nella fascia fino a 6.000,00")
    visita.scatta(pagina, "graduatorie-domanda")
    assert "Rossi" not in pagina.url
    pagina.goto(visita.piattaforma.indirizzo + STANZA)
    visita.scatta(pagina, "graduatorie")


def test_dal_sorteggio_allo_scorrimento(visita: Visita) -> None:
    pagina = visita.entra("olga.oper", f"{STANZA}/{BANDI[visita.larghezza]}")
    expect(pagina.locator("#sorteggio")).to_contain_text("2025/1, 2025/2")
    expect(pagina.locator("#posti")).not_to_contain_text("Rossi")
    visita.scatta(pagina, "graduatorie-provvisoria")
    scrivi(pagina, seme="73")
    pagina.get_by_role("button", name="Registra il sorteggio").click()
    pagina.get_by_role("link", name="Approva la graduatoria").click()
    pagina.get_by_role("button", name="Approva la graduatoria").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "graduatorie-approva-errori")
    scrivi(pagina, organo="Responsabile dell’Ufficio di Piano", numero="7", data="10/07/2025")
    pagina.get_by_role("button", name="Approva la graduatoria").click()
    expect(pagina.locator("#prova")).to_contain_text("Rifatta adesso, uguale")
    primo = pagina.locator("#posti tbody tr").first.locator("th").inner_text()
    pagina.get_by_role("link", name="Registra uno scorrimento").click()
    visita.scatta(pagina, "graduatorie-scorrimento")
    pagina.get_by_label("Rinuncia").check()
    pagina.locator("#campo-protocollo").select_option(primo)
    scrivi(pagina, giorno="01/08/2025", atto="Comunicazione prot. 900")
    pagina.get_by_role("button", name="Registra", exact=True).click()
    expect(pagina.locator("#posti")).to_contain_text("Ammessa per scorrimento il 1 agosto 2025")
    visita.scatta(pagina, "graduatorie-approvata")
    with pagina.expect_download() as scarico:
        pagina.get_by_role("link", name="CSV").click()
    testo = scarico.value.path().read_text("utf-8-sig")
    assert testo.splitlines()[0] == "posizione;protocollo;punti;esito"
    assert "Rossi" not in testo
    assert len(testo.splitlines()) == 5
    for forma, inizio in (("PDF", b"%PDF"), ("Foglio di calcolo", b"PK")):
        with pagina.expect_download() as scarico:
            pagina.get_by_role("link", name=forma).click()
        assert scarico.value.path().read_bytes().startswith(inizio)
    pagina.get_by_role("link", name=re.compile("Annulla l’approvazione")).click()
    visita.scatta(pagina, "graduatorie-annulla")


def test_chi_lavora_per_un_comune_vede_le_sue_domande_e_la_graduatoria_approvata(
    visita: Visita,
) -> None:
    pagina = visita.entra("pia.pandino", f"{STANZA}/{BANDI['aperto']}")
    expect(pagina.locator("#domande li")).to_have_count(1)
    visita.scatta(pagina, "graduatorie-comune")
    pagina.goto(f"{visita.piattaforma.indirizzo}{STANZA}/{BANDI['approvato']}")
    expect(pagina.locator("#posti tbody tr")).to_have_count(4)
    expect(pagina.locator("#posti a")).to_have_count(1)
    pagina.locator("#posti a").click()
    expect(pagina.locator("#perche")).to_contain_text("9.000,00")
    visita.scatta(pagina, "graduatorie-domanda-comune")
