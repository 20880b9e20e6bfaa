"""The components of an ISEE in a real browser: typed, done again, tried, kept; also from the keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.pagine.conftest import Visita
from tests.pagine.test_compartecipazione import STANZA, compila, premi
from tests.prestazioni.casi import codice_fiscale

pytestmark = pytest.mark.browser

COMUNI = {1280: "L426", 390: "L389"}
"""A comune of its own for each width."""


def test_l_isee_dai_componenti(visita: Visita) -> None:
    pagina = visita.entra("olga.oper", f"{STANZA}/persone/nuova")
    compila(
        pagina, codice_fiscale=codice_fiscale(9500 + visita.larghezza), cognome="Conti", nome="Eva"
    )
    pagina.locator("#campo-comune").select_option(COMUNI[visita.larghezza])
    premi(pagina, "Registra la persona", r"/persone/\d+$")
    persona = pagina.url
    pagina.get_by_role("link", name="Aggiungi un servizio").click()
    compila(pagina, dal="01/01/2024", al="31/12/2024", quantita="10")
    premi(pagina, "Registra il servizio", r"/persone/\d+$")
    pagina.goto(f"{persona}/isee")
    compila(pagina, valore="4500", protocollo="INPS-ISEE-2024-7", presentata="15/01/2024")
    premi(pagina, "Registra l’ISEE", r"/persone/\d+$")

    pagina.get_by_role("link", name=re.compile("Rifai il conto dai componenti")).click()
    visita.scatta(pagina, "isee-componenti-vuoto")
    compila(pagina, componenti="2", figli="2", **{"persona-1-pensione": "-5"})
    # Enter does the computation, not one of the other buttons.
    pagina.locator("#campo-giorno").press("Enter")
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("meno dei componenti")
    expect(pagina.locator("#campo-persona-1-pensione-errore")).to_contain_text("negativo")
    visita.scatta(pagina, "isee-componenti-errori")
    compila(pagina, figli="0", **{"persona-1-pensione": "8.065,00"})
    pagina.get_by_role("button", name="Aggiungi una persona").click()
    expect(pagina.locator("#campo-persona-1-pensione")).to_have_value("8.065,00")
    expect(pagina.locator("#campo-persona-2-pensione")).to_be_visible()
    pagina.get_by_role("button", name="Calcola l’ISEE").click()
    expect(pagina.locator("#esito")).to_contain_text("lo stesso ISEE attestato")
    premi(pagina, "Conserva con l’attestazione", "/componenti$")
    expect(pagina.locator("#campo-persona-1-pensione")).to_have_value("8.065,00")
    compila(pagina, mobiliare="30.000,00")
    pagina.get_by_role("button", name="Calcola l’ISEE").click()
    expect(pagina.locator("#esito")).to_contain_text("2.802,55 € in più di quello attestato")
    expect(pagina.locator("#esito")).to_contain_text(
        "Con i componenti conservati l’ISEE è 4.500,00"
    )
    expect(pagina.locator("#quote")).to_contain_text("29,50")
    expect(pagina.locator("#quote")).to_contain_text("in più")
    visita.scatta(pagina, "isee-componenti")
    assert "Conti" not in pagina.url
