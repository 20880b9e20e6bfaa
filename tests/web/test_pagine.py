"""The shell in a real browser: accessible, within its security policy, reachable by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser import PaginaNuova
from tests.web.catalogo import build_app

pytestmark = pytest.mark.browser
PAGINE = {
    "elenco": "/",
    "catalogo": "/catalogo",
    "grafici": "/grafici",
    "accesso": "/accesso",
    "accesso-rifiutato": "/accesso?rifiutato=1&senza_conti=1",
    "accesso-sospeso": "/accesso?attesa=90",
    "scelta": "/scelta",
    "scelta-nessuno": "/scelta?nessuno=1",
    "errore-403": "/errore/403",
    "errore-500": "/errore/500",
    "errore-404": "/non-esiste",
}


@pytest.fixture(scope="session")
def indirizzo(sito: Callable[[Callable[[], Any]], str]) -> str:
    return sito(build_app)


@pytest.mark.parametrize("larghezza", [1280, 390])
def test_ogni_pagina_e_accessibile_e_sta_nella_larghezza(
    indirizzo: str,
    larghezza: int,
    pagina_nuova: PaginaNuova,
    axe: Callable[[Page], None],
    fotografia: Callable[[Page, str], Path],
) -> None:
    pagina = pagina_nuova(larghezza)
    for nome, percorso in PAGINE.items():
        pagina.goto(indirizzo + percorso)
        fotografia(pagina, f"{nome}-{larghezza}")
        axe(pagina)
        assert pagina.locator("h1").count() == 1
        largo = pagina.evaluate("document.documentElement.scrollWidth")
        assert largo <= larghezza, f"{nome} è larga {largo}"


def test_la_pagina_regge_a_320_punti(indirizzo: str, pagina_nuova: PaginaNuova) -> None:
    pagina = pagina_nuova(320)
    for percorso in PAGINE.values():
        pagina.goto(indirizzo + percorso)
        assert pagina.evaluate("document.documentElement.scrollWidth") <= 320, percorso


def test_da_tastiera_si_salta_al_contenuto_e_si_arriva_ai_selettori(
    indirizzo: str, pagina_nuova: PaginaNuova
) -> None:
    pagina = pagina_nuova()
    pagina.goto(indirizzo)
    raggiunti = []
    for _ in range(8):
        pagina.keyboard.press("Tab")
        raggiunti.append(pagina.evaluate("document.activeElement.innerText.trim()"))
    assert raggiunti[:2] == ["Vai al contenuto", "Vai al menu"]
    assert any("Ambito di Crema" in testo for testo in raggiunti)
    assert any("2025" in testo for testo in raggiunti)

    pagina.goto(indirizzo)
    pagina.keyboard.press("Tab")
    pagina.keyboard.press("Enter")
    assert pagina.evaluate("document.activeElement.id") == "contenuto"


def test_il_menu_a_tendina_si_apre_da_tastiera_e_si_chiude_con_esc(
    indirizzo: str, pagina_nuova: PaginaNuova, axe: Callable[[Page], None]
) -> None:
    pagina = pagina_nuova()
    pagina.goto(indirizzo)
    sommario = pagina.locator("summary", has_text="Anno")
    sommario.focus()
    pagina.keyboard.press("Enter")
    expect(pagina.get_by_role("link", name="2024")).to_be_visible()
    axe(pagina)
    pagina.keyboard.press("Escape")
    expect(pagina.get_by_role("link", name="2024")).to_be_hidden()
    expect(sommario).to_be_focused()


def test_senza_javascript_si_cambia_anno_ordine_e_pagina(
    indirizzo: str, pagina_nuova: PaginaNuova
) -> None:
    pagina = pagina_nuova(390, javascript=False)
    pagina.goto(indirizzo + "/?comune=D142")
    pagina.locator(".menu-stretto summary").click()
    expect(pagina.get_by_role("link", name="Scadenze")).to_be_visible()
    pagina.locator("summary", has_text="Anno").click()
    pagina.get_by_role("link", name="2024").click()
    assert pagina.url.endswith("/?comune=D142&anno=2024")
    pagina.get_by_role("link", name="Pagina successiva").click()
    assert pagina.url.endswith("/?comune=D142&anno=2024&pagina=2")


def test_con_htmx_si_ordina_senza_perdere_il_fuoco_e_il_conteggio_e_annunciato(
    indirizzo: str, pagina_nuova: PaginaNuova
) -> None:
    pagina = pagina_nuova()
    pagina.goto(indirizzo)
    pagina.get_by_role("link", name="Comune", exact=True).focus()
    with pagina.expect_response(re.compile("ordina=comune")) as risposta:
        pagina.keyboard.press("Enter")
    assert risposta.value.request.headers["hx-request"] == "true"
    expect(pagina).to_have_url(re.compile("ordina=comune"))
    expect(pagina.locator("th", has=pagina.get_by_role("link", name="Comune"))).to_have_attribute(
        "aria-sort", "ascending"
    )
    expect(pagina.get_by_role("link", name="Comune", exact=True)).to_be_focused()
    expect(pagina.locator("#annuncio")).to_have_text("1.204 prestazioni")
    # HTMX notes where it is, and keeps no copy of any page.
    assert pagina.evaluate("Object.keys({...localStorage, ...sessionStorage})") == [
        "htmx-current-path-for-history"
    ]

    pagina.get_by_role("link", name="Pagina successiva").click()
    expect(pagina).to_have_url(re.compile("pagina=2"))
    expect(pagina.locator(".paginazione [aria-current]")).to_contain_text("2")
    with pagina.expect_event("load"):
        pagina.go_back()
    expect(pagina.locator(".paginazione [aria-current]")).to_have_text("Pagina 1")


def test_un_modulo_rifiutato_porta_il_fuoco_al_riepilogo(
    indirizzo: str, pagina_nuova: PaginaNuova
) -> None:
    pagina = pagina_nuova()
    pagina.goto(indirizzo + "/catalogo")
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    pagina.get_by_label("Comune titolare").select_option("D142")
    pagina.get_by_role("button", name="Salva").click()
    expect(pagina.locator("#modulo #riepilogo-errori")).to_be_focused()
    pagina.get_by_role("link", name="La data di inizio è dopo").click()
    expect(pagina.locator("#campo-inizio")).to_be_focused()


def test_htmx_manda_il_gettone_e_un_guasto_si_legge_sopra_la_pagina(
    indirizzo: str, pagina_nuova: PaginaNuova, axe: Callable[[Page], None]
) -> None:
    pagina = pagina_nuova()
    pagina.goto(indirizzo)
    with pagina.expect_request("**/ricevuto") as richiesta:
        pagina.evaluate("htmx.ajax('POST', '/ricevuto', {swap: 'none'})")
    assert richiesta.value.headers["x-csrftoken"] == "gettone"
    pagina.evaluate("htmx.ajax('GET', '/rotto', {target: '#risultati'})")
    avviso = pagina.locator("#messaggi [role=alert]")
    expect(avviso).to_contain_text("4bf92f3577b34da6a3ce929d0e0e4736")
    expect(avviso).to_be_focused()
    expect(pagina.locator("#risultati table")).to_be_visible()
    axe(pagina)


def test_un_modulo_a_meta_non_si_perde_senza_avviso(
    indirizzo: str, pagina_nuova: PaginaNuova
) -> None:
    pagina = pagina_nuova()
    pagina.goto(indirizzo + "/catalogo")
    domande: list[str] = []
    pagina.on("dialog", lambda domanda: (domande.append(domanda.type), domanda.accept()))
    pagina.get_by_label("Note").fill("a metà")
    pagina.goto(indirizzo)
    assert domande == ["beforeunload"]


def test_il_collegamento_accessibilita_e_quello_dell_ambito(
    indirizzo: str, pagina_nuova: PaginaNuova
) -> None:
    pagina = pagina_nuova()
    pagina.goto(indirizzo)
    collegamento = pagina.locator('[data-element="accessibility-link"]')
    assert collegamento.get_attribute("href") == "/accessibilita/crema"


def test_la_stampa_non_porta_menu_ne_pulsanti(
    indirizzo: str, pagina_nuova: PaginaNuova, fotografia: Callable[[Page, str], Path]
) -> None:
    pagina = pagina_nuova(800)
    pagina.goto(indirizzo)
    pagina.emulate_media(media="print")
    fotografia(pagina, "stampa")
    for nascosto in (".menu-fianco", ".filtri", ".intestazione .azioni", ".paginazione ul"):
        expect(pagina.locator(nascosto)).to_be_hidden()
