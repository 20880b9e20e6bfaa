"""The pages of the survey of the social spending in a real browser: opened, filled in, sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser import PaginaNuova
from tests.pagine.conftest import Piattaforma
from tests.pagine.test_moduli import scatta

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
    return f"#{riga} [data-colonna={colonna}]"


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
    pagina.goto(f"{scheda}?commenta=#commenti")
    pagina.locator("#campo-testo").fill("Il SAD è quello di tutto l’anno.")
    pagina.get_by_role("button", name="Commenta").click()
    expect(pagina.locator("#commenti")).to_contain_text("tutto l’anno")
    scatta(pagina, "spesa-scheda", larghezza, axe, fotografia)
    pagina.get_by_role("navigation", name="Percorso").get_by_text(f"Rilevazione {anno}").click()
    scatta(pagina, "spesa-rilevazione", larghezza, axe, fotografia)
    pagina.goto(f"{piattaforma.indirizzo}{SPESA}")
    scatta(pagina, "spesa-rilevazioni", larghezza, axe, fotografia)
