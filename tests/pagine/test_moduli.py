"""The form of a prestazione in a real browser: checks while typing, the keyboard alone, no script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser import PaginaNuova
from tests.pagine.conftest import Piattaforma, Visita
from tests.prestazioni.casi import codice_fiscale

pytestmark = pytest.mark.browser

Axe = Callable[[Page], None]


def compila(pagina: Page, n: int, **altro: str) -> None:
    """Fill the form in as a person does, field by field."""
    pagina.locator("#campo-codice_fiscale").fill(codice_fiscale(n))
    pagina.locator("#campo-codice_fiscale").blur()
    expect(pagina.locator("#campo-anno_nascita")).to_have_value("1980")
    for nome, valore in {
        "cognome": "Modulo", "nome": "Prova", "cittadinanza": "380", "comune_residenza": "Crema",
        "protocollo_domanda": f"MOD/{n}", "data_inizio": "01/03/2025", "importo_mensile": "250,00",
        **altro,
    }.items():  # fmt: skip
        pagina.locator(f"#campo-{nome}").fill(valore)
    pagina.locator("#campo-comune_titolare").select_option("D142")
    pagina.locator("#campo-prova_mezzi").select_option("1")
    pagina.locator("#campo-codice_prestazione").select_option("A2.07")
    pagina.get_by_label("Periodica").check()
    pagina.locator("#riga-presa_in_carico").get_by_label("No").check()


def test_le_pagine_del_modulo_sono_accessibili(visita: Visita) -> None:
    pagina = visita.entra("rita.resp", "/crema/prestazioni/nuova")
    expect(pagina.locator("#campo-codice_fiscale")).to_be_focused()
    visita.scatta(pagina, "modulo")

    pagina.locator("#campo-cognome").fill("Rossi")
    pagina.get_by_label("Occasionale").check()
    expect(pagina.locator("#campo-importo")).to_be_visible()
    expect(pagina.locator("#campo-importo_mensile")).to_be_hidden()
    pagina.get_by_role("button", name="Salva", exact=True).click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "modulo-errori")
    pagina.locator("#riepilogo-errori a").first.click()

    pagina.get_by_role("button", name="Salva come bozza").click()
    expect(pagina.get_by_role("heading", level=1)).to_have_text("Bozze")
    visita.scatta(pagina, "bozze")
    pagina.get_by_role("link", name="Butta la bozza di Rossi").click()
    visita.scatta(pagina, "butta-bozza")
    pagina.get_by_role("button", name="Butta la bozza").click()
    expect(pagina.get_by_text("La bozza è stata buttata.")).to_be_visible()

    pagina.goto(f"{visita.piattaforma.indirizzo}/crema/prestazioni/nuova")
    compila(
        pagina,
        visita.larghezza,
        cognome=f"Storia{'Larga' if visita.larghezza > 400 else 'Stretta'}",
    )
    pagina.get_by_role("button", name="Salva", exact=True).click()
    expect(pagina.get_by_text("La prestazione è stata salvata")).to_be_visible()
    visita.scatta(pagina, "scheda-nuova")
    pagina.get_by_role("link", name="Correggi").click()
    visita.scatta(pagina, "correggi")
    pagina.locator("#campo-importo_mensile").fill("300,00")
    pagina.locator("#campo-quota_ente").fill("300,00")
    pagina.get_by_label("Motivo (facoltativo)").fill("Importo dell’atto 12")
    pagina.get_by_role("button", name="Salva la correzione").click()
    expect(pagina.locator("#storia")).to_contain_text("Versione 2")
    visita.scatta(pagina, "scheda-storia")
    pagina.get_by_role("link", name="Togli").click()
    visita.scatta(pagina, "togli")
    pagina.get_by_label("Perché si toglie").select_option("doppia")
    pagina.get_by_role("button", name="Togli la prestazione").click()
    expect(pagina.get_by_text("Questa prestazione è stata tolta.")).to_be_visible()
    visita.scatta(pagina, "scheda-tolta")
    pagina.goto(f"{visita.piattaforma.indirizzo}/crema/prestazioni?anno=2025&stato=da_comunicare")
    visita.scatta(pagina, "elenco-stati")


def test_gli_errori_arrivano_mentre_si_scrive_senza_perdere_il_fuoco(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "rita.resp", "/crema/prestazioni/nuova")
    codice = pagina.locator("#campo-codice_fiscale")
    codice.fill("RSSMRA80A41D142X")
    pagina.keyboard.press("Tab")
    esito = pagina.locator("#campo-codice_fiscale-esito")
    expect(esito).to_contain_text("carattere di controllo")
    expect(codice).to_have_attribute("aria-invalid", "true")
    expect(pagina.locator("#campo-cognome")).to_be_focused()
    assert esito.get_attribute("aria-live") == "polite"
    expect(pagina.locator("#campo-nome-esito")).to_be_empty()
    axe(pagina)
    codice.fill("RSSMRA80A41D142Q")
    codice.blur()
    expect(esito).to_be_empty()
    expect(codice).not_to_have_attribute("aria-invalid", "true")
    expect(pagina.locator("#campo-anno_nascita")).to_have_value("1980")
    expect(pagina.locator("#campo-luogo_nascita")).to_have_value("Crema (D142)")
    expect(pagina.get_by_label("Femmina")).to_be_checked()
    pagina.locator("#campo-importo_mensile").fill("1.234")
    pagina.locator("#campo-importo_mensile").blur()
    expect(pagina.locator("#campo-importo_mensile-esito")).to_contain_text("migliaia")
    # The other carattere does not hide what somebody wrote.
    pagina.get_by_label("Occasionale").check()
    expect(pagina.locator("#campo-importo_mensile")).to_be_visible()
    expect(pagina.locator("#campo-data_inizio")).to_be_hidden()


def test_con_la_sola_tastiera_si_inseriscono_due_domande_di_fila(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "olga.oper", "/crema/prestazioni/nuova")
    tasti = pagina.keyboard

    def scrivi(*cose: str) -> None:
        for cosa in cose:
            if cosa:
                tasti.type(cosa)
            tasti.press("Tab")

    def fino_a(nome: str) -> None:
        for _ in range(80):
            if pagina.evaluate("document.activeElement.textContent.trim()") == nome:
                return
            tasti.press("Tab")
        raise AssertionError(nome)

    tasti.type(codice_fiscale(701))
    tasti.press("Tab")
    expect(pagina.locator("#campo-anno_nascita")).to_have_value("1980")
    # Surname, name; year, place and gender are there already.
    scrivi("Tastiera", "Rapida", "", "", "", "380", "Crema (019035)")
    scrivi("")  # the group that stays closed
    scrivi("TAS/1", "Crema", "", "Soggetta", "")
    scrivi("A2.07", "")
    tasti.press("Space")  # periodica
    scrivi("", "", "01/01/2025", "31/12/2025", "")
    scrivi("312,40", "200,00", "112,40", "", "", "")
    tasti.press("ArrowDown")  # presa in carico: no
    tasti.press("Tab")
    fino_a("Salva e nuova domanda per la stessa persona")
    tasti.press("Enter")
    expect(pagina.get_by_text("La prestazione è stata salvata")).to_be_visible()
    expect(pagina.locator("#campo-protocollo_domanda")).to_be_focused()
    expect(pagina.locator("#campo-cognome")).to_have_value("Tastiera")
    expect(pagina.locator("#campo-comune_titolare")).to_have_value("D142")


TASTI_PER_UNA_PRESTAZIONE = 54
"""Of a series, for a person who is known: 32 characters, and 22 keys to get to where they go."""
TASTI_PER_UNA_DOMANDA = 29
"""The same of a domanda: 24 characters, and 5 keys."""


class Tasti:
    """The keyboard, counted."""

    def __init__(self, pagina: Page) -> None:
        self.pagina = pagina
        self.premuti = 0

    def scrivi(self, testo: str) -> None:
        self.premuti += len(testo)
        self.pagina.keyboard.type(testo)

    def premi(self, tasto: str) -> None:
        self.premuti += 1
        self.pagina.keyboard.press(tasto)

    def fino_a(self, campo: str) -> None:
        while self.pagina.evaluate("document.activeElement.id") != f"campo-{campo}":
            assert self.premuti < 300, campo
            self.premi("Tab")


def test_la_prestazione_dopo_costa_pochi_tasti(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "olga.oper", "/crema/prestazioni/nuova")
    compila(pagina, 703, protocollo_domanda="SER/1", data_fine="31/12/2025")
    pagina.get_by_role("button", name="Salva e nuova", exact=True).click()
    for n in (2, 3):
        expect(pagina.get_by_text("La prestazione è stata salvata")).to_be_visible()
        expect(pagina.locator("#campo-codice_fiscale")).to_be_focused()
        expect(pagina.locator("#campo-codice_fiscale")).to_have_value("")
        tasti = Tasti(pagina)
        tasti.scrivi(codice_fiscale(703))
        tasti.premi("Tab")
        expect(pagina.locator("#campo-cognome")).to_have_value("Modulo")
        expect(pagina.locator("#campo-cognome")).to_be_focused()
        expect(pagina.locator("#campo-cittadinanza")).not_to_have_value("")
        tasti.fino_a("protocollo_domanda")
        tasti.scrivi(f"SER/{n}00000")
        tasti.fino_a("importo_mensile")
        tasti.scrivi("250,00")
        tasti.premi("Enter")
        assert tasti.premuti <= TASTI_PER_UNA_PRESTAZIONE
    expect(pagina.get_by_text("La prestazione è stata salvata")).to_be_visible()


def test_la_domanda_dopo_costa_pochi_tasti(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "olga.oper", "/crema/prestazioni/nuova")
    compila(pagina, 704, protocollo_domanda="SERD/0", cognome="Ritrovata")
    pagina.get_by_role("button", name="Salva", exact=True).click()
    expect(pagina.get_by_text("La prestazione è stata salvata")).to_be_visible()
    pagina.goto(f"{piattaforma.indirizzo}/crema/domande/nuova")
    pagina.locator("#campo-codice_fiscale").fill(codice_fiscale(705))
    pagina.locator("#campo-codice_fiscale").blur()
    for nome, valore in {
        "cognome": "Prima", "nome": "Domanda", "protocollo": "SERD/1", "presentata_il": "10/01/2025",
    }.items():  # fmt: skip
        pagina.locator(f"#campo-{nome}").fill(valore)
    pagina.locator("#campo-comune_titolare").select_option("D142")
    pagina.locator("#campo-codice_prestazione").select_option("A2.07")
    pagina.get_by_role("button", name="Registra e nuova").click()
    for n in (2, 3):
        expect(pagina.get_by_text("La domanda è stata registrata.")).to_be_visible()
        expect(pagina.locator("#campo-codice_fiscale")).to_be_focused()
        tasti = Tasti(pagina)
        tasti.scrivi(codice_fiscale(704))
        tasti.premi("Tab")
        expect(pagina.locator("#campo-cognome")).to_have_value("Ritrovata")
        expect(pagina.locator("#persona-nota")).to_contain_text("SERD/0")
        tasti.fino_a("protocollo")
        tasti.scrivi(f"SERD/{n}00")
        tasti.premi("Enter")
        assert tasti.premuti <= TASTI_PER_UNA_DOMANDA
    expect(pagina.get_by_text("La domanda è stata registrata.")).to_be_visible()


def test_cio_che_si_scrive_intanto_vale_piu_di_cio_che_si_propone(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "olga.oper", "/crema/prestazioni/nuova")
    compila(pagina, 706, protocollo_domanda="INT/0", cognome="Proposta")
    pagina.get_by_role("button", name="Salva", exact=True).click()
    expect(pagina.get_by_text("La prestazione è stata salvata")).to_be_visible()
    ferme: list[Route] = []

    def trattieni(rotta: Route) -> None:
        ferme.append(rotta)

    for indirizzo in ("domande/nuova", "prestazioni/nuova"):
        pagina.goto(f"{piattaforma.indirizzo}/crema/{indirizzo}")
        ferme.clear()
        chiesta = "**/domande/persona" if indirizzo[0] == "d" else "**/prestazioni/controlla"
        pagina.route(chiesta, trattieni)
        with pagina.expect_request(chiesta):
            pagina.locator("#campo-codice_fiscale").fill(codice_fiscale(706))
            pagina.locator("#campo-codice_fiscale").press("Tab")
        pagina.keyboard.type("Mia")
        ferme[0].continue_()
        expect(pagina.locator("#campo-nome")).to_have_value("Prova")
        expect(pagina.locator("#campo-cognome")).to_have_value("Mia")
        pagina.unroute(chiesta)


def test_senza_javascript_il_modulo_funziona_intero(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(
        pagina_nuova(javascript=False), "rita.resp", "/crema/prestazioni/nuova"
    )
    pagina.locator("#campo-codice_fiscale").fill(codice_fiscale(801))
    pagina.get_by_role("button", name="Salva", exact=True).click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("Cognome")
    expect(pagina.locator("#campo-codice_fiscale")).to_have_value(codice_fiscale(801))
    for nome, valore in {
        "cognome": "Senza", "nome": "Script", "anno_nascita": "1980", "luogo_nascita": "D142",
        "cittadinanza": "380", "comune_residenza": "019035", "protocollo_domanda": "SJ/1",
        "data_erogazione": "05/05/2025", "importo": "80,00",
    }.items():  # fmt: skip
        if nome == "data_erogazione":
            pagina.get_by_label("Occasionale").check()
        pagina.locator(f"#campo-{nome}").fill(valore)
    pagina.get_by_label("Femmina").check()
    pagina.locator("#campo-comune_titolare").select_option("D142")
    pagina.locator("#campo-prova_mezzi").select_option("4")
    pagina.locator("#campo-codice_prestazione").select_option("A1.05")
    pagina.locator("#riga-presa_in_carico").get_by_label("No").check()
    pagina.get_by_role("button", name="Salva", exact=True).click()
    expect(pagina.get_by_role("heading", level=1)).to_have_text("Senza Script")


def test_le_pagine_delle_domande_sono_accessibili(visita: Visita) -> None:
    pagina = visita.entra("rita.resp", "/crema/domande/nuova")
    visita.scatta(pagina, "domanda-nuova")
    pagina.goto(
        f"{visita.piattaforma.indirizzo}/crema/prestazioni/{1 if visita.larghezza > 400 else 2}"
    )
    pagina.get_by_role("link", name="Domanda e pagamenti").click()
    visita.scatta(pagina, "domanda-appena-aperta")
    pagina.get_by_role("button", name="Registra la decisione").click()
    expect(pagina.get_by_role("heading", level=1)).to_have_text("Registra la decisione")
    pagina.get_by_role("button", name="Registra la decisione").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "decisione-errori")
    pagina.get_by_label("Accolta").check()
    for campo, valore in {
        "atto_organo": "Ufficio di Piano", "atto_numero": "12", "atto_data": "20/12/2024",
        "dal": "01/01/2025", "al": "31/03/2025", "importo_mensile": "300,00",
    }.items():  # fmt: skip
        pagina.locator(f"#campo-{campo}").fill(valore)
    pagina.get_by_role("button", name="Registra la decisione").click()
    pagina.get_by_role("link", name="Registra un pagamento").click()
    visita.scatta(pagina, "pagamento")
    expect(pagina.locator("#campo-competenza")).not_to_have_value("")
    pagina.locator("#campo-pagato_il").fill("05/01/2026")
    pagina.locator("#campo-mandato").fill("M-77")
    pagina.locator("#campo-importo").fill("99999,00")
    pagina.locator("#campo-quota_ente").fill("99999,00")
    pagina.get_by_role("button", name="Registra il pagamento").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "pagamento-oltre")
    pagina.locator("#campo-oltre").check()
    pagina.get_by_role("button", name="Registra il pagamento").click()
    expect(pagina.get_by_text("Pagato oltre il deciso.")).to_be_visible()
    visita.scatta(pagina, "domanda")
    pagina.get_by_role("link", name="Storna il pagamento").click()
    visita.scatta(pagina, "storna")
    pagina.get_by_role("button", name="Storna il pagamento").click()
    expect(pagina.get_by_text("Il pagamento è stato stornato")).to_be_visible()
    pagina.goto(f"{visita.piattaforma.indirizzo}/crema/domande")
    visita.scatta(pagina, "domande")
