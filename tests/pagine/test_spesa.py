"""The pages of the survey of the social spending in a real browser: opened, filled in, sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser import PaginaNuova
from tests.pagine.conftest import Piattaforma, scatta
from tests.spesa.casi import csv_di, riga

pytestmark = pytest.mark.browser

Axe = Callable[[Page], None]
Fotografia = Callable[[Page, str], Path]
SPESA = "/casalmaggiore/spesa"


def apri(piattaforma: Piattaforma, pagina: Page, anno: int, comune: str = "Casalmaggiore") -> str:
    """A survey of a year and the sheet of a comune, by the pages; the address of the sheet."""
    piattaforma.entra(pagina, "ciro.casal", f"{SPESA}/nuova")
    pagina.get_by_label("Anno della spesa").fill(str(anno))
    pagina.get_by_label("Scadenza").fill((date.today() + timedelta(days=30)).isoformat())  # noqa: DTZ011
    pagina.get_by_role("button", name="Apri la rilevazione").click()
    pagina.wait_for_url(re.compile(r"/spesa/rilevazioni/\d+$"))
    pagina.locator("#comuni").get_by_role("link", name=comune, exact=True).click()
    pagina.wait_for_url(re.compile(r"/spesa/schede/\d+$"))
    return pagina.url


def aggiungi(pagina: Page, area: str, voce: str, gestione: str = "singola") -> None:
    for campo, valore in (("area", area), ("voce", voce), ("gestione", gestione),
                          ("modalita", "diretta")):  # fmt: skip
        pagina.locator(f"#aggiungi #campo-{campo}").select_option(valore)
    pagina.get_by_role("button", name="Aggiungi la riga").click()
    pagina.wait_for_url(re.compile("#campo-"))


def cella(pagina: Page, voce: str, colonna: str) -> str:
    """The selector of a cell of the grid."""
    riga = pagina.locator("tr[id^=riga-]", has_text=voce).get_attribute("id") or ""
    return f"#{riga} input[name$='.{colonna}']"


@pytest.mark.parametrize(("larghezza", "anno"), [(1280, 2014), (390, 2016)])
def test_una_rilevazione_si_apre_e_una_scheda_si_compila(
    piattaforma: Piattaforma,
    larghezza: int,
    anno: int,
    pagina_nuova: PaginaNuova,
    axe: Axe,
    fotografia: Fotografia,
) -> None:
    pagina = piattaforma.entra(pagina_nuova(larghezza), "ciro.casal", f"{SPESA}/nuova")
    pagina.get_by_label("Anno della spesa").fill("20")
    pagina.get_by_role("button", name="Apri la rilevazione").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    scatta(pagina, "spesa-nuova-errori", larghezza, axe, fotografia)
    scheda = apri(piattaforma, pagina, anno)
    scatta(pagina, "spesa-scheda-vuota", larghezza, axe, fotografia)
    aggiungi(pagina, "anziani", "sad")
    aggiungi(pagina, "minori_famiglia", "nido")
    pagina.locator(cella(pagina, "SAD", "spesa")).fill("1.000,50")
    pagina.locator(cella(pagina, "SAD", "spesa")).press("Tab")
    expect(pagina.locator("#salvataggio")).to_contain_text("Salvato alle")
    expect(pagina.locator("#riassunto")).to_contain_text("1 errore")
    expect(pagina.locator("#elenco-rilievi")).to_contain_text("quote e fonti non fanno la spesa")
    pagina.locator(cella(pagina, "Nidi", "spesa")).fill("mille")
    pagina.locator(cella(pagina, "Nidi", "spesa")).press("Tab")
    expect(pagina.locator("#salvataggio")).to_contain_text("Non salvato")
    expect(pagina.locator(cella(pagina, "Nidi", "spesa"))).to_have_attribute("aria-invalid", "true")
    scatta(pagina, "spesa-scheda-errori", larghezza, axe, fotografia)
    # axe leaves empty styles behind, which HTMX would carry over: from the page anew.
    pagina.locator(cella(pagina, "Nidi", "spesa")).fill("")
    pagina.once("dialog", lambda domanda: domanda.accept())
    pagina.goto(scheda)
    pagina.locator(cella(pagina, "SAD", "risorse_comune")).fill("1000,50")
    pagina.locator(cella(pagina, "SAD", "risorse_comune")).press("Tab")
    expect(pagina.locator("#elenco-rilievi")).to_contain_text("non trovano nulla")
    spesa = pagina.locator(cella(pagina, "SAD", "spesa"))
    spesa.focus()
    pagina.keyboard.press("Shift+F2")
    expect(pagina.locator("#campo-testo")).to_be_focused()
    expect(pagina.locator("#commenti")).to_contain_text("Commento alla riga «")
    expect(pagina.locator("#commenti").get_by_label("Cella")).to_have_value("spesa")
    scatta(pagina, "spesa-commento", larghezza, axe, fotografia)
    pagina.keyboard.type("Il SAD è quello di tutto l’anno.")
    pagina.locator("#commenti").get_by_role("button", name="Commenta").click()
    expect(pagina.locator(cella(pagina, "SAD", "spesa"))).to_be_focused()
    expect(pagina.locator("#commenti")).to_contain_text("tutto l’anno")
    expect(pagina.locator(cella(pagina, "SAD", "spesa")).locator("xpath=..")).to_contain_text(
        "Commento"
    )
    scatta(pagina, "spesa-scheda", larghezza, axe, fotografia)
    pagina.get_by_role("navigation", name="Percorso").get_by_text(f"Rilevazione {anno}").click()
    scatta(pagina, "spesa-rilevazione", larghezza, axe, fotografia)
    pagina.goto(f"{piattaforma.indirizzo}{SPESA}")
    scatta(pagina, "spesa-rilevazioni", larghezza, axe, fotografia)
    pagina.goto(f"{piattaforma.indirizzo}{SPESA}/recapiti")
    pagina.get_by_label("Gussola").fill("ufficio")
    # The browser itself would refuse it: what the platform says is looked at.
    pagina.locator("form[data-custodisci]").evaluate("form => { form.noValidate = true; }")
    pagina.get_by_role("button", name="Salva i recapiti").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("Gussola: non è un indirizzo")
    scatta(pagina, "spesa-recapiti", larghezza, axe, fotografia)


def test_nella_griglia_ci_si_muove_con_la_tastiera_e_le_righe_si_salvano_da_sole(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = pagina_nuova(1280)
    scheda = apri(piattaforma, pagina, 2018)
    aggiungi(pagina, "anziani", "sad")
    aggiungi(pagina, "minori_famiglia", "nido")
    # The line just added has the focus.
    expect(pagina.locator(cella(pagina, "Nidi", "utenti"))).to_be_focused()
    pagina.keyboard.press("ArrowRight")
    expect(pagina.locator(cella(pagina, "Nidi", "spesa"))).to_be_focused()
    pagina.keyboard.type("10")
    pagina.keyboard.press("Enter")
    expect(pagina.locator(cella(pagina, "SAD", "spesa"))).to_be_focused()
    pagina.keyboard.type("25,5")
    # Inside a text the arrows move the caret.
    pagina.keyboard.press("ArrowLeft")
    expect(pagina.locator(cella(pagina, "SAD", "spesa"))).to_be_focused()
    pagina.keyboard.press("Shift+Enter")
    expect(pagina.locator(cella(pagina, "Nidi", "spesa"))).to_be_focused()
    pagina.keyboard.type("99")
    pagina.keyboard.press("Escape")
    expect(pagina.locator(cella(pagina, "Nidi", "spesa"))).to_have_value("10")
    pagina.keyboard.press("ArrowDown")
    expect(pagina.locator("#totale-spesa")).to_have_text(re.compile(r"35,50"))
    expect(pagina.locator("tr.riga-da-salvare")).to_have_count(0)
    pagina.goto(scheda)
    expect(pagina.locator(cella(pagina, "Nidi", "spesa"))).to_have_value("10,00")
    expect(pagina.locator(cella(pagina, "SAD", "spesa"))).to_have_value("25,50")
    # A finding leads to its cell.
    pagina.locator("#elenco-rilievi").get_by_role("link", name=re.compile("SAD")).click()
    expect(pagina.locator(cella(pagina, "SAD", "spesa"))).to_be_focused()


def test_una_cella_si_salva_prima_che_il_suo_commento_porti_altrove(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = pagina_nuova(1280)
    scheda = apri(piattaforma, pagina, 2026)
    aggiungi(pagina, "anziani", "sad")
    pagina.locator(cella(pagina, "SAD", "spesa")).fill("77")
    pagina.keyboard.press("Shift+F2")
    expect(pagina.locator("#campo-testo")).to_be_focused()
    pagina.goto(scheda)
    expect(pagina.locator(cella(pagina, "SAD", "spesa"))).to_have_value("77,00")


def test_senza_javascript_la_griglia_e_un_modulo(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    scheda = apri(piattaforma, pagina_nuova(1280), 2020)
    pagina = piattaforma.entra(pagina_nuova(1280, javascript=False), "carla.casal", SPESA)
    pagina.goto(scheda)
    aggiungi(pagina, "anziani", "sad")
    pagina.locator(cella(pagina, "SAD", "spesa")).fill("70")
    pagina.locator(cella(pagina, "SAD", "altri")).fill("settanta")
    pagina.get_by_role("button", name="Salva tutte le righe").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("non è un importo")
    expect(pagina.locator(cella(pagina, "SAD", "spesa"))).to_have_value("70")
    pagina.locator(cella(pagina, "SAD", "altri")).fill("70")
    pagina.get_by_role("button", name="Salva tutte le righe").click()
    expect(pagina.locator("#messaggi")).to_contain_text("Salvata 1 riga")
    for azione in ("Segna come compilata", "Invia all’Ufficio di Piano"):
        pagina.get_by_role("button", name=azione).click()
    expect(pagina.locator("main")).to_contain_text("Si può solo leggere")
    expect(pagina.locator("#griglia input")).to_have_count(0)


@pytest.mark.parametrize(("larghezza", "anno"), [(1280, 2022), (390, 2024)])
def test_un_foglio_e_una_riga_dell_azienda_si_vedono_prima_di_confermare(
    piattaforma: Piattaforma,
    larghezza: int,
    anno: int,
    pagina_nuova: PaginaNuova,
    axe: Axe,
    fotografia: Fotografia,
) -> None:
    pagina = pagina_nuova(larghezza)
    apri(piattaforma, pagina, anno)
    pagina.get_by_role("navigation", name="Percorso").get_by_text(f"Rilevazione {anno}").click()
    rilevazione = pagina.url
    pagina.get_by_role("link", name="Importa un foglio").click()
    scatta(pagina, "spesa-importa", larghezza, axe, fotografia)
    casalmaggiore = "019021"
    buona = riga(anno, comune=casalmaggiore)
    for righe in ([buona, riga(anno, comune=casalmaggiore, voce="nido", spesa="9")], [buona]):
        pagina.goto(f"{rilevazione}/importa")
        pagina.locator("#campo-file").set_input_files(
            {"name": "spesa.csv", "mimeType": "text/csv", "buffer": csv_di(*righe)}
        )
        pagina.get_by_role("button", name="Leggi il foglio").click()
        pagina.wait_for_url(re.compile(r"/spesa/carichi/\d+$"))
        scatta(pagina, f"spesa-carico-{len(righe)}", larghezza, axe, fotografia)
    pagina.get_by_role("button", name="Importa 1 riga").click()
    expect(pagina.locator("#messaggi")).to_contain_text("Righe importate: 1")
    pagina.get_by_role("link", name="Annulla spesa.csv").click()
    scatta(pagina, "spesa-annulla-lotto", larghezza, axe, fotografia)

    pagina.goto(f"{rilevazione}/riparti")
    scatta(pagina, "spesa-riparti-vuoto", larghezza, axe, fotografia)
    pagina.get_by_role("link", name="Scrivi la prima riga").click()
    pagina.locator("#campo-descrizione").fill("SAD gestito dall’azienda")
    for campo, valore in (("area", "anziani"), ("voce", "sad"), ("modalita", "appalto")):
        pagina.locator(f"#campo-{campo}").select_option(valore)
    pagina.locator("#campo-spesa").fill("1000,01")
    pagina.locator("#campo-altri").fill("1000,01")
    pagina.get_by_label("In parti uguali").check()
    pagina.get_by_role("button", name="Vedi che cosa riceve ogni comune").click()
    expect(pagina.locator("#anteprima")).to_contain_text("1.000,01")
    scatta(pagina, "spesa-riparto", larghezza, axe, fotografia)
    pagina.get_by_role("button", name="Conferma il riparto").click()
    expect(pagina.locator("#messaggi")).to_contain_text("1.000,01")
    scatta(pagina, "spesa-riparti", larghezza, axe, fotografia)
