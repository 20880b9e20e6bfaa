"""The pages of the minors in a real browser: the form, the list, one record, who the minor is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser import PaginaNuova
from tests.pagine.conftest import Piattaforma, Visita, scatta
from tests.prestazioni.casi import carattere_controllo, csv_di, minore

pytestmark = pytest.mark.browser

Axe = Callable[[Page], None]
UNA = re.compile(r"/crema/minori/\d+$")
Fotografia = Callable[[Page, str], Path]


def cf(n: int) -> str:
    """A child of 2017."""
    primi = f"MNR{chr(65 + n // 26)}{chr(65 + n % 26)}X17A41D142"
    return primi + carattere_controllo(primi)


def compila(pagina: Page, n: int, **altro: str) -> None:
    """Fill the form in as a person does."""
    pagina.locator("#campo-codice_fiscale").fill(cf(n))
    pagina.locator("#campo-codice_fiscale").blur()
    expect(pagina.locator("#campo-anno_nascita")).to_have_value("2017")
    for nome, valore in {
        "anno": "2025", "data_prima_segnalazione": "03/2024", "codice_nazione_residenza": "380",
        "codice_regione_residenza": "10", **altro,
    }.items():  # fmt: skip
        pagina.locator(f"#campo-{nome}").fill(valore)
    for nome, codice in {
        "comune_titolare": "D142", "fascia_eta_beneficiario": "3", "condizione_minore": "1",
        "luogo_vita": "1", "scuola_frequentata": "5", "condizione_lavoro": "1",
        "fonte_segnalazione": "13", "valutazione_minore": "1", "valutazione_famiglia_minore": "2",
    }.items():  # fmt: skip
        pagina.locator(f"#campo-{nome}").select_option(codice)
    for nome in ("minore_straniero_no_acc", "disabilita", "segnalazione_autorita_giudiziaria",
                 "provvedimento_giudiziario"):  # fmt: skip
        pagina.locator(f"#riga-{nome}").get_by_label("No", exact=True).check()
    pagina.locator("#riga-composizione_famiglia").get_by_label("Madre").check()
    scegli_prestazioni(pagina, "A2.02", "A2.11")


def scegli_prestazioni(pagina: Page, *codici: str) -> None:
    """Open the group of the codes A2, and tick some."""
    riga = pagina.locator("#riga-prestazioni")
    gruppo = riga.locator("details", has_text="Codici A2")
    if gruppo.get_attribute("open") is None:
        gruppo.locator("summary").click()
    for codice in codici:
        riga.get_by_label(re.compile(rf"^{re.escape(codice)} ")).check()


def test_le_pagine_dei_minori_sono_accessibili(visita: Visita) -> None:
    pagina = visita.entra("rita.resp", "/crema/minori/nuova")
    expect(pagina.locator("#campo-codice_fiscale")).to_be_focused()
    visita.scatta(pagina, "minore-nuovo")
    pagina.get_by_role("button", name="Salva", exact=True).click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "minore-errori")

    n = 1 if visita.larghezza == 1280 else 2
    pagina.goto(f"{visita.piattaforma.indirizzo}/crema/minori/nuova")
    compila(pagina, n)
    pagina.get_by_role("button", name="Salva", exact=True).click()
    pagina.wait_for_url(UNA)
    assert cf(n) not in pagina.content()
    assert cf(n) not in pagina.url
    visita.scatta(pagina, "minore")
    qui = pagina.url
    pagina.get_by_role("button", name="Mostra il codice fiscale").click()
    expect(pagina.locator("#persona")).to_contain_text(cf(n))
    visita.scatta(pagina, "minore-persona")

    pagina.goto(f"{qui}/correggi")
    expect(pagina.locator("#campo-codice_fiscale")).to_have_count(0)
    pagina.locator("#campo-luogo_vita").select_option("2")
    pagina.get_by_label("Motivo (facoltativo)").fill("è andato dai nonni")
    visita.scatta(pagina, "minore-correggi")
    pagina.get_by_role("button", name="Salva la correzione").click()
    expect(pagina.locator("#storia")).to_contain_text("presso parenti")
    visita.scatta(pagina, "minore-corretto")
    pagina.goto(f"{pagina.url}/togli")
    visita.scatta(pagina, "minore-togli")

    pagina.goto(f"{visita.piattaforma.indirizzo}/crema/minori?anno=2025")
    visita.scatta(pagina, "minori")
    pagina.get_by_label("Codice fiscale o pseudonimo").fill(cf(n))
    pagina.get_by_role("button", name="Cerca il minore").click()
    expect(pagina.locator("#schede tbody tr")).to_have_count(1)
    assert cf(n) not in pagina.url
    visita.scatta(pagina, "minori-cercato")
    pagina.goto(
        f"{visita.piattaforma.indirizzo}/crema/debito/completezza?anno=2025&flusso=siuss-sinba"
    )
    visita.scatta(pagina, "minori-completezza")


def test_mentre_si_scrive_il_modulo_dice_che_cosa_non_va(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(pagina_nuova(1280), "olga.oper", "/crema/minori/nuova")
    pagina.locator("#campo-codice_fiscale").fill("MNRAAX17A41D142X")
    pagina.locator("#campo-codice_fiscale").blur()
    expect(pagina.locator("#campo-codice_fiscale-esito")).to_contain_text("carattere di controllo")
    compila(pagina, 5)
    expect(pagina.locator("#campo-codice_fiscale-esito")).to_be_empty()
    pagina.locator("#campo-luogo_vita").select_option("3")
    expect(pagina.locator("#campo-luogo_vita-esito")).to_contain_text("affido")
    pagina.locator("#campo-luogo_vita").select_option("1")
    for codice in ("A2.02", "A2.11"):
        pagina.locator(f"#riga-prestazioni [value='{codice}']").uncheck()
    expect(pagina.locator("#campo-prestazioni-esito")).to_contain_text("Manca: Prestazioni")
    scegli_prestazioni(pagina, "A2.11")
    expect(pagina.locator("#campo-prestazioni-esito")).to_be_empty()


def test_un_anno_nuovo_parte_dalla_scheda_e_un_doppio_lo_dice(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(pagina_nuova(1280), "olga.oper", "/crema/minori/nuova")
    compila(pagina, 6, anno="2024")
    pagina.keyboard.press("Enter")
    pagina.wait_for_url(UNA)
    chi = pagina.locator("h1").inner_text()
    pagina.get_by_role("link", name="Scheda di un altro anno").click()
    expect(pagina.locator("#campo-anno")).to_have_value("2025")
    pagina.get_by_role("button", name="Salva", exact=True).click()
    pagina.wait_for_url(UNA)
    expect(pagina.locator("h1")).to_have_text(chi)
    expect(pagina.locator("#persona")).to_contain_text("2024")
    pagina.goto(f"{piattaforma.indirizzo}/crema/minori/nuova")
    compila(pagina, 6)
    pagina.get_by_role("button", name="Salva", exact=True).click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("Scheda già presente")


def test_una_scheda_si_mette_da_parte_e_il_codice_fiscale_si_corregge(visita: Visita) -> None:
    n = 20 if visita.larghezza == 1280 else 22
    pagina = visita.entra("olga.oper", "/crema/minori/nuova")
    compila(pagina, n, anno="2022")
    pagina.locator("#campo-luogo_vita").select_option("3")
    pagina.get_by_role("button", name="Salva come bozza").click()
    expect(pagina.locator("main")).to_contain_text("La bozza è stata salvata")
    visita.scatta(pagina, "minori-bozze")
    pagina.get_by_role("link", name="Continua la bozza").first.click()
    expect(pagina.locator("#campo-luogo_vita-esito")).to_contain_text("affido")
    assert cf(n) not in pagina.content()
    visita.scatta(pagina, "minori-bozza")
    pagina.get_by_role("button", name="Mostra il codice fiscale").click()
    expect(pagina.locator("form.modulo")).to_contain_text(cf(n))
    pagina.locator("#campo-luogo_vita").select_option("1")
    pagina.get_by_role("button", name="Salva", exact=True).click()
    pagina.wait_for_url(UNA)
    chi = pagina.locator("h1").inner_text()

    pagina.get_by_role("link", name="Correggi il codice fiscale").click()
    visita.scatta(pagina, "minore-codice")
    pagina.get_by_role("button", name="Correggi il codice fiscale").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "minore-codice-errori")
    pagina.get_by_label("Codice fiscale giusto").fill(cf(n + 1))
    pagina.get_by_label("Perché si corregge").select_option("errore")
    pagina.get_by_role("button", name="Correggi il codice fiscale").click()
    expect(pagina.locator("main")).to_contain_text("Il codice fiscale è stato corretto")
    assert pagina.locator("h1").inner_text() == chi

    pagina.goto(f"{visita.piattaforma.indirizzo}/crema/minori/nuova")
    pagina.get_by_role("button", name="Salva come bozza").click()
    pagina.get_by_role("link", name="Butta la bozza di Senza codice fiscale").first.click()
    visita.scatta(pagina, "minori-butta-bozza")
    pagina.get_by_role("button", name="Butta la bozza").click()
    expect(pagina.locator("main")).to_contain_text("La bozza è stata buttata")


def test_un_foglio_dei_minori_si_importa_dalla_stessa_pagina(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe, fotografia: Fotografia
) -> None:
    pagina = piattaforma.entra(pagina_nuova(1280), "rita.resp", "/crema/importazioni")
    righe = [minore(8, codice_fiscale=cf(8)), minore(9, codice_fiscale=cf(9), luogo_vita="99")]
    pagina.locator("input[type=file]").set_input_files(
        {"name": "minori.csv", "mimeType": "text/csv", "buffer": csv_di(*righe)}
    )
    pagina.get_by_role("button", name="Importa").click()
    expect(pagina.locator("main")).to_contain_text("luogo_vita")
    scatta(pagina, "minori-importati", 1280, axe, fotografia)
