"""The pages of the code lists in a real browser: accessible, as wide as the screen, and usable."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser import PaginaNuova
from tests.pagine.conftest import Piattaforma, Visita
from tests.pagine.test_pagine import Axe, Fotografia

pytestmark = pytest.mark.browser

BASE = "/amministrazione/codifiche"
LISTA = f"{BASE}/siuss-sinba-luogo-vita"


def _guarda(pagina: Page, nome: str, larghezza: int, axe: Axe, fotografia: Fotografia) -> None:
    fotografia(pagina, f"{nome}-{larghezza}")
    axe(pagina)
    assert pagina.locator("h1").count() == 1
    assert pagina.evaluate("document.documentElement.scrollWidth") <= larghezza


def test_le_pagine_delle_codifiche_sono_accessibili(visita: Visita) -> None:
    pagina = visita.entra("ada.ammi", BASE)
    _guarda(pagina, "codifiche", visita.larghezza, visita.axe, visita.fotografia)
    for nome, percorso in {
        "lista": LISTA, "codice": f"{LISTA}/codici/1", "ritira": f"{LISTA}/codici/1/ritira",
        "regioni": f"{BASE}/siuss-regioni", "regione": f"{BASE}/siuss-regioni/codici/019-10",
    }.items():  # fmt: skip
        pagina.goto(visita.piattaforma.indirizzo + percorso)
        _guarda(pagina, f"codifiche-{nome}", visita.larghezza, visita.axe, visita.fotografia)


def test_un_file_di_codici_si_guarda_e_si_conferma(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe, fotografia: Fotografia
) -> None:
    pagina = piattaforma.entra(pagina_nuova(390), "ada.ammi", LISTA)
    testo = "codice;etichetta;fonte\r\n8;senza dimora (prova);prova\r\n9;altro luogo;prova\r\n"
    pagina.get_by_label("Lista di codici").set_input_files(
        {"name": "luoghi.csv", "mimeType": "text/csv", "buffer": testo.encode()}
    )
    pagina.get_by_role("button", name="Vedi che cosa cambia").click()
    expect(pagina.get_by_text("Codici nuovi: 1; cambiati: 1; già così: 0.")).to_be_visible()
    _guarda(pagina, "codifiche-anteprima", 390, axe, fotografia)
    pagina.get_by_role("button", name="Aggiorna la lista").click()
    expect(pagina.get_by_text("Sono stati aggiornati 2 codici.")).to_be_visible()
    expect(pagina.locator("#codici")).to_contain_text("altro luogo")
    expect(pagina.locator("#storia tbody tr")).to_have_count(2)
    pagina.get_by_role("link", name="Modifica il codice 9").click()
    pagina.get_by_label("In vigore fino al").fill("2025-12-31")
    pagina.get_by_role("button", name="Salva").click()
    expect(pagina.get_by_text("Il codice 9 è stato aggiornato.")).to_be_visible()
    expect(pagina.locator("#storia")).to_contain_text("fino al 31 dicembre 2025")
