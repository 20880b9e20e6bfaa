"""The pages of the compartecipazione in a real browser: adopted, entered, decided, written."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.browser import PaginaNuova
from tests.pagine.conftest import Piattaforma, Visita
from tests.prestazioni.casi import codice_fiscale

pytestmark = pytest.mark.browser

Axe = Callable[[Page], None]
STANZA = "/crema/compartecipazione"
COMUNI = {1280: ("L539", "Vailate"), 390: ("L535", "Vaiano Cremasco")}
"""A comune of its own for each width."""


def compila(pagina: Page, **campi: str) -> None:
    for nome, valore in campi.items():
        pagina.locator(f"#campo-{nome}").fill(valore)


def premi(pagina: Page, testo: str, poi: str) -> None:
    pagina.get_by_role("button", name=testo, exact=True).click()
    pagina.wait_for_url(re.compile(poi))


def test_dall_adozione_alla_prestazione(visita: Visita) -> None:
    comune, nome = COMUNI[visita.larghezza]
    pagina = visita.entra("olga.oper", f"{STANZA}/adozioni")
    expect(pagina.locator("#matrice tbody tr")).to_have_count(48)
    visita.scatta(pagina, "quote-adozioni")
    pagina.get_by_role("link", name=re.compile(f"Registra: {nome},")).click()
    # A variant that does not hold is refused, with the field and the reason; what was typed stays.
    pagina.get_by_label("Adotta con varianti").check()
    compila(pagina, dal="01/01/2024", organo="Consiglio comunale", numero="9", data="20/12/2023")
    pagina.locator("#campo-variante-tariffa_massima").fill("2")
    pagina.get_by_role("button", name="Registra l’adozione").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("le tariffe dei nodi non crescono")
    expect(pagina.locator("#campo-organo")).to_have_value("Consiglio comunale")
    visita.scatta(pagina, "quote-adozione-errori")
    pagina.locator("#campo-variante-tariffa_massima").fill("15,50")
    premi(pagina, "Registra l’adozione", "adozioni\\?giorno=")
    riga = pagina.locator("#matrice tr", has_text=nome)
    expect(riga).to_contain_text("Con varianti")
    riga.get_by_role("link").click()
    expect(pagina.locator("#storia")).to_contain_text("Tariffa massima: 15,5")
    visita.scatta(pagina, "quote-adozione")

    pagina.goto(f"{visita.piattaforma.indirizzo}{STANZA}/persone/nuova")
    compila(pagina, codice_fiscale="SBAGLIATO", cognome="D’Angelo", nome="Ida")
    pagina.get_by_role("button", name="Registra la persona").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "quote-persona-errori")
    compila(pagina, codice_fiscale=codice_fiscale(9000 + visita.larghezza))
    pagina.locator("#campo-comune").select_option(comune)
    premi(pagina, "Registra la persona", r"/persone/\d+$")
    persona = pagina.url
    pagina.get_by_role("link", name="Aggiungi un servizio").click()
    compila(pagina, dal="01/01/2024", al="31/12/2024", quantita="0", costo="20,00")
    pagina.get_by_role("button", name="Registra il servizio").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("maggiore di zero")
    visita.scatta(pagina, "quote-servizio-errori")
    compila(pagina, quantita="10")
    premi(pagina, "Registra il servizio", r"/persone/\d+$")

    # Without an ISEE, and without a tariff for it: a stated outcome.
    pagina.get_by_role("link", name=re.compile("Calcola e decidi la quota")).click()
    compila(pagina, dal="01/03/2024")
    pagina.get_by_role("button", name="Calcola").click()
    expect(pagina.locator("main")).to_contain_text("Non c'è un ISEE")
    expect(pagina.get_by_role("button", name="Decidi questa quota")).to_have_count(0)
    visita.scatta(pagina, "quote-senza-isee")
    pagina.goto(f"{persona}/isee")
    compila(pagina, valore="-1", protocollo="INPS-ISEE-2024-1", presentata="15/01/2024")
    pagina.get_by_role("button", name="Registra l’ISEE").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_visible()
    compila(pagina, valore="4.500,00")
    visita.scatta(pagina, "quote-isee")
    premi(pagina, "Registra l’ISEE", r"/persone/\d+$")
    pagina.get_by_role("link", name=re.compile("Calcola e decidi la quota")).click()
    compila(pagina, dal="01/03/2024")
    pagina.get_by_role("button", name="Calcola").click()
    expect(pagina.locator("#quota")).to_contain_text("29,50")
    pagina.get_by_role("button", name="Decidi questa quota").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("Scrivi chi ha deciso")
    compila(pagina, organo="Servizi sociali", numero="31", data="20/02/2024")
    visita.scatta(pagina, "quote-decidi")
    premi(pagina, "Decidi questa quota", r"/decisioni/\d+$")
    expect(pagina.locator("#prova")).to_contain_text("Rifatta adesso, al centesimo")
    visita.scatta(pagina, "quote-decisione")
    with pagina.expect_download() as scaricata:
        pagina.get_by_role("link", name=re.compile("Scarica la lettera")).click()
    assert scaricata.value.path().read_bytes().startswith(b"%PDF")

    pagina.get_by_role("link", name="Porta la quota nelle prestazioni").click()
    expect(pagina.locator("#campo-importo_mensile")).to_have_value("200,00")
    compila(pagina, importo_mensile="20")
    pagina.get_by_role("button", name="Vedi che cosa si scrive").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("supera il costo del mese")
    compila(
        pagina, importo_mensile="200,00", protocollo_domanda=f"SAD/{visita.larghezza}",
        comune_residenza=nome,
    )  # fmt: skip
    pagina.get_by_label("Sì", exact=True).check()
    pagina.locator("#campo-area_utenza").select_option("2")
    pagina.get_by_role("button", name="Vedi che cosa si scrive").click()
    expect(pagina.locator("#anteprima")).to_contain_text("dal 01/03/2024 al 31/12/2024")
    expect(pagina.locator("#anteprima")).to_contain_text("170,50")
    visita.scatta(pagina, "quote-prestazione")
    premi(pagina, "Scrivi nelle prestazioni", r"/decisioni/\d+$")
    pagina.locator("#prestazioni").get_by_role("link", name=re.compile(r"n\. \d+")).click()
    expect(pagina.locator("main")).to_contain_text("170,50")
    pagina.goto(persona)
    visita.scatta(pagina, "quote-persona")
    pagina.goto(f"{visita.piattaforma.indirizzo}{STANZA}?giorno=01/04/2024")
    expect(pagina.locator("#utenti")).to_contain_text("D’Angelo")
    visita.scatta(pagina, "quote-utenti")
    assert "Angelo" not in pagina.url


def test_dalla_tastiera_e_senza_il_comune_degli_altri(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe
) -> None:
    pagina = piattaforma.entra(pagina_nuova(1280), "pia.pandino", f"{STANZA}/adozioni")
    expect(pagina.locator("#matrice tbody tr")).to_have_count(1)
    pagina.goto(f"{piattaforma.indirizzo}{STANZA}/persone/nuova")
    expect(pagina.locator("#campo-comune option")).to_have_text(["Scegli", "Pandino"])
    pagina.locator("#campo-codice_fiscale").focus()
    pagina.keyboard.type(codice_fiscale(9900))
    pagina.keyboard.press("Tab")
    pagina.keyboard.press("Tab")
    pagina.keyboard.type("Bianchi")
    pagina.keyboard.press("Tab")
    pagina.keyboard.type("Lea")
    pagina.keyboard.press("Enter")
    pagina.wait_for_url(re.compile(r"/persone/\d+$"))
    expect(pagina.get_by_role("heading", level=1)).to_have_text("Bianchi Lea")
    axe(pagina)
