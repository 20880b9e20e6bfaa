"""The schemes, the simulator and two rules side by side, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.pagine.conftest import Visita

pytestmark = pytest.mark.browser


def test_gli_schemi_dell_ambito_con_la_storia_e_gli_atti(visita: Visita) -> None:
    stanza = "/crema/compartecipazione"
    pagina = visita.entra("olga.oper", f"{stanza}/schemi?giorno=01/03/2025")
    expect(pagina.locator("#schemi")).to_contain_text("cifre supposte")
    visita.scatta(pagina, "schemi")
    pagina.get_by_role("link", name="Servizio di assistenza domiciliare (SAD)").click()
    expect(pagina.locator("#regola")).to_contain_text("5,04 € a 6.000,00 € di ISEE")
    expect(pagina.locator("#regola")).to_contain_text("lo schema non ha una tariffa")
    righe = pagina.locator("#parametri tbody tr", has_text="Tariffa massima")
    expect(righe).to_have_count(2)
    expect(righe.first).to_contain_text("26,00")
    expect(righe.nth(1)).to_contain_text("17,00")
    expect(righe.nth(1)).to_contain_text("Supposto")
    expect(pagina.locator("#curva-tabella")).to_contain_text("3.000,01")
    visita.scatta(pagina, "schema")
    pagina.get_by_role("link", name="dal 1 gennaio 2024").click()
    expect(pagina.locator("#regola")).to_contain_text("4,10 € a 6.000,00 € di ISEE")
    pagina.goto(f"{visita.piattaforma.indirizzo}{stanza}/schemi/uno?id=crema-sad&giorno=01/01/2020")
    expect(pagina.locator("#regola")).to_contain_text("non ha una formula")
    visita.scatta(pagina, "schema-senza-formula")
    pagina.goto(f"{visita.piattaforma.indirizzo}{stanza}/schemi?giorno=31/02/2025")
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()


def test_il_simulatore_dice_quanto_e_perche_e_l_isee_non_va_nell_indirizzo(visita: Visita) -> None:
    stanza = "/crema/compartecipazione"
    pagina = visita.entra("olga.oper", f"{stanza}/simulatore?servizio=sad&giorno=01/03/2025")
    expect(pagina.locator("#curva-tabella")).to_be_visible()
    expect(pagina.locator("#quota")).to_have_count(0)
    visita.scatta(pagina, "simulatore-vuoto")
    pagina.locator("#campo-isee").fill("tremila")
    pagina.get_by_role("button", name="Calcola").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "simulatore-errori")
    pagina.locator("#campo-isee").fill("4.500,00")
    pagina.locator("#campo-quantita").fill("12,5")
    pagina.get_by_role("button", name="Calcola").click()
    quota = pagina.locator("#quota")
    expect(quota).to_be_focused()
    expect(quota).to_contain_text("Perché 45,25 €")
    expect(quota).to_contain_text("Arrotondato al centesimo: 3,62 € all'ora.")
    expect(quota).to_contain_text("La Provincia di Cremona e Crema del 27/02/2025")
    assert "4500" not in pagina.url.replace(".", "").replace("%2C", "")
    assert "giorno=01%2F03%2F2025" in pagina.url
    visita.scatta(pagina, "simulatore")
    # Without an ISEE the scheme has no tariff: it says so, and the form is still there.
    pagina.locator("#campo-isee").fill("")
    pagina.get_by_role("button", name="Calcola").click()
    expect(quota).to_contain_text("chiedi alla persona di presentare la DSU")
    expect(pagina.locator("#campo-isee")).to_be_visible()


def test_due_giorni_dello_stesso_schema_uno_accanto_all_altro(visita: Visita) -> None:
    pagina = visita.entra("olga.oper",
        "/crema/compartecipazione/schemi/uno?id=crema-sad&giorno=01/03/2025",
    )  # fmt: skip
    pagina.get_by_role("link", name="Confronta con prima").click()
    expect(pagina.locator("#campo-giorno")).to_have_value("31/12/2024")
    expect(pagina.locator("#campo-altro_giorno")).to_have_value("01/03/2025")
    riga = pagina.locator("#curva-tabella tbody tr", has_text="20.000,00")
    expect(riga.locator("td")).to_have_text(["17,00\u00a0€", "26,00\u00a0€", "9,00\u00a0€"])
    visita.scatta(pagina, "confronto")
    pagina.locator("#campo-altro_giorno").fill("31/02/2025")
    pagina.get_by_role("button", name="Confronta").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    pagina.locator("#campo-altro_giorno").fill("01/03/2025")
    pagina.locator("#campo-altro_comune").select_option(label="Pandino")
    pagina.get_by_role("button", name="Confronta").click()
    expect(pagina.locator("#regole")).to_contain_text("Pandino, 1 marzo 2025")


def test_una_retta_dimostrativa_con_le_spese_personali(visita: Visita) -> None:
    pagina = visita.entra("ciro.casal",
        "/casalmaggiore/compartecipazione/simulatore?servizio=residenze&giorno=01/03/2025",
    )  # fmt: skip
    expect(pagina.locator("main")).to_contain_text("Schema dimostrativo.")
    for nome, valore in (("isee", "20000"), ("quantita", "30"), ("disponibile", "1300")):
        pagina.locator(f"#campo-{nome}").fill(valore)
    pagina.get_by_label("Specie dell’ISEE").select_option("sociosanitario_residenze")
    pagina.get_by_role("button", name="Calcola").click()
    expect(pagina.locator("#quota")).to_contain_text("Perché 1.150,00 €")
    expect(pagina.locator("#quota")).to_contain_text("ne restano 150,00 €")
    visita.scatta(pagina, "simulatore-retta")
    pagina.goto(
        f"{visita.piattaforma.indirizzo}/casalmaggiore/compartecipazione/simulatore/confronto?servizio=sad"
        "&altro_servizio=residenze"
    )
    expect(pagina.locator("main")).to_contain_text("scegli due servizi della stessa unità")
