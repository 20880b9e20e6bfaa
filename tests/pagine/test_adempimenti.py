"""The deadlines in a real browser: the line, one of them closed and opened again, the calendar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.pagine.conftest import Visita

pytestmark = pytest.mark.browser

Axe = Callable[[Page], None]
Fotografia = Callable[[Page, str], Path]
# No other test of the pages asks for the deadlines of these years.
ANNO = 2023


def _guarda(pagina: Page, nome: str, axe: Axe, fotografia: Fotografia) -> None:
    larghezza = pagina.viewport_size["width"]  # type: ignore[index]
    fotografia(pagina, f"{nome}-{larghezza}")
    axe(pagina)
    largo = pagina.evaluate("document.documentElement.scrollWidth")
    assert largo <= larghezza, f"{nome} è larga {largo}"


def test_si_segna_con_la_prova_e_si_riapre(visita: Visita) -> None:
    anno = ANNO if visita.larghezza > 1000 else ANNO + 1
    elenco = f"/crema/adempimenti?anno={anno}"
    pagina = visita.entra("olga.oper", elenco)
    _guarda(pagina, "scadenze", visita.axe, visita.fotografia)
    pagina.get_by_role("link", name="Approvazione del Piano Operativo").click()
    expect(pagina.get_by_role("heading", name="Come si è contato")).to_be_visible()
    _guarda(pagina, "scadenza-aperta", visita.axe, visita.fotografia)
    pagina.get_by_role("button", name="Segna come fatto").click()
    expect(pagina.get_by_role("alert")).to_be_focused()
    _guarda(pagina, "scadenza-errata", visita.axe, visita.fotografia)
    pagina.get_by_label("Fatto il").fill(f"26/03/{anno}")
    pagina.get_by_label("Che cosa lo prova").select_option("atto")
    pagina.get_by_label("Quale atto o documento").fill("Deliberazione inventata n. 4")
    pagina.get_by_role("button", name="Segna come fatto").click()
    expect(pagina.get_by_role("heading", name="La prova")).to_be_visible()
    _guarda(pagina, "scadenza-fatta", visita.axe, visita.fotografia)
    pagina.goto(visita.piattaforma.indirizzo + elenco + "&stato=fatte")
    expect(pagina.locator(".tappa")).to_have_count(1)
    pagina.get_by_role("link", name="Approvazione del Piano Operativo").click()
    pagina.get_by_text("È un errore: riaprila").click()
    pagina.get_by_label("Motivo").fill("Era di un altro anno")
    pagina.get_by_role("button", name="Riapri la scadenza").click()
    expect(pagina.locator("#quando .stato")).to_have_text("Scaduta")
    expect(pagina.locator("#storia")).to_contain_text("Era di un altro anno")


def test_l_indirizzo_del_calendario_si_vede_una_volta(visita: Visita) -> None:
    chi, slug = (
        ("ciro.casal", "casalmaggiore") if visita.larghezza > 1000 else ("rita.resp", "crema")
    )
    pagina = visita.entra(chi, f"/{slug}/adempimenti")
    pagina.get_by_role("link", name="Nel tuo calendario").click()
    pagina.get_by_role("button", name="Crea l’indirizzo").click()
    indirizzo = pagina.get_by_label("Indirizzo del calendario").input_value()
    _guarda(pagina, "calendario", visita.axe, visita.fotografia)
    risposta = pagina.request.get(indirizzo)
    assert risposta.status == 200
    assert risposta.text().startswith("BEGIN:VCALENDAR")
    pagina.get_by_role("button", name="Revocalo").click()
    expect(pagina.locator("#messaggi")).to_contain_text("non vale più")
    assert pagina.request.get(indirizzo).status == 404


def test_una_scadenza_dell_ambito_e_i_recapiti(visita: Visita) -> None:
    pagina = visita.entra("vera.cremo", f"/cremona/adempimenti?anno={ANNO}")
    pagina.get_by_role("link", name="Fissa un termine").first.click()
    _guarda(pagina, "scadenza-nuova", visita.axe, visita.fotografia)
    pagina.get_by_label("Entro il").fill(f"30/09/{ANNO}")
    pagina.get_by_label("L’atto che lo dice").fill("Atto inventato n. 1")
    pagina.get_by_role("button", name="Aggiungi la scadenza").click()
    expect(pagina.locator("#segna")).to_contain_text("Si chiude da sé")
    pagina.get_by_role("link", name="Togli questa scadenza").click()
    pagina.get_by_label("Motivo").fill("Era una prova")
    _guarda(pagina, "scadenza-togli", visita.axe, visita.fotografia)
    pagina.get_by_role("button", name="Togli la scadenza").click()
    expect(pagina.locator("#messaggi")).to_contain_text("resta scritto il motivo")
    pagina.get_by_role("link", name="Chi avvisare").click()
    pagina.get_by_label("Indirizzo di posta").first.fill("ufficio")
    pagina.get_by_role("button", name="Salva i recapiti").click()
    expect(pagina.get_by_role("alert")).to_be_focused()
    _guarda(pagina, "scadenze-recapiti", visita.axe, visita.fotografia)
