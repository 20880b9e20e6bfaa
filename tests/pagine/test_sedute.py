"""A meeting by its pages: prepared, called, opened, voted, closed; read on a phone by who is called to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.pagine.conftest import Piattaforma, Visita

from capofila.base.attivazioni import oggi

pytestmark = pytest.mark.browser

SEDUTE = "/casalmaggiore/sedute"
TRE = ("019021", "019116", "019052")
"""Casalmaggiore, Piadena Drizzona, Gussola."""


def prepara(piattaforma: Piattaforma, pagina: Page, oggetti: tuple[str, ...]) -> str:
    """A meeting of today with its proposals, called and opened; the address of its page."""
    piattaforma.entra(pagina, "ciro.casal", f"{SEDUTE}/nuova")
    return bozza(pagina, oggetti, "quota-dei-comuni")


def bozza(pagina: Page, oggetti: tuple[str, ...], materia: str) -> str:
    """A draft of today with its proposals on a matter, from the form of a new meeting."""
    pagina.get_by_label("Organo").select_option("assemblea-dei-sindaci")
    pagina.locator("#campo-giorno").fill(f"{oggi():%d/%m/%Y}")
    pagina.locator("#campo-ora").fill("0:30")
    pagina.locator("#campo-luogo").fill("Sala consiliare (inventata)")
    pagina.get_by_role("button", name="Salva la bozza").click()
    pagina.wait_for_url(re.compile(r"/prepara$"))
    pagina.get_by_label("Nuovo punto").fill(f"{materia} (inventato)")
    pagina.get_by_role("button", name="Aggiungi il punto").click()
    for oggetto in oggetti:
        pagina.locator("#campo-oggetto").fill(oggetto)
        pagina.locator("#campo-materia").select_option(materia)
        if materia == "quota-dei-comuni":
            pagina.locator("#campo-motivazione").fill("Statuto, articolo 12 (inventato)")
        pagina.locator("#campo-anno").fill("2026")
        pagina.locator("#campo-testo").fill(
            "La quota è di 7,50 € per abitante.\nSi paga in due rate."
        )
        pagina.get_by_role("button", name="Aggiungi la proposta").click()
        expect(pagina.locator("#ordine")).to_contain_text(oggetto)
    trovato = re.match(r".*/sedute/\d+", pagina.url)
    assert trovato is not None
    return trovato[0]


def apri(pagina: Page, seduta: str) -> None:
    """Call and open it."""
    pagina.goto(seduta)
    pagina.get_by_role("button", name="Convoca").click()
    pagina.get_by_role("button", name="Apri la seduta").click()
    pagina.wait_for_url(re.compile(r"/banco$"))


def test_una_seduta_si_prepara_si_apre_si_vota_e_si_legge(visita: Visita) -> None:
    pagina = visita.entra("ciro.casal", f"{SEDUTE}/nuova")
    pagina.get_by_role("button", name="Salva la bozza").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "seduta-nuova-errori")
    seduta = prepara(
        visita.piattaforma,
        pagina,
        (f"La quota {visita.larghezza}", f"La quota {visita.larghezza}, rivista"),
    )
    pagina.locator("#campo-file").set_input_files(
        {"name": "relazione.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 inventato"}
    )
    pagina.get_by_role("button", name="Carica il documento").click()
    expect(pagina.locator("#ordine")).to_contain_text("relazione.pdf")
    visita.scatta(pagina, "seduta-prepara")
    apri(pagina, seduta)
    visita.scatta(pagina, "banco-vuoto")
    # axe leaves empty styles behind, which HTMX would carry over: from the page anew.
    pagina.reload()
    for riga in pagina.locator("[data-tasti]").all():
        riga.check()
    pagina.get_by_role("button", name="Segna presenti").click()
    expect(pagina.locator("#quorum")).to_contain_text("Presenti 18 su 18")
    pagina.locator("#campo-presidente").select_option(TRE[0])
    pagina.get_by_role("button", name="Segna chi presiede").click()
    expect(pagina.locator("#quorum")).to_contain_text("Presiede Casalmaggiore")
    visita.scatta(pagina, "banco")
    # The three big ones alone: the weight, and not eleven.
    pagina.get_by_role("link", name=f"La quota {visita.larghezza}", exact=True).click()
    pagina.get_by_label("Chi non è segnato").select_option("contrario")
    for chi in TRE:
        pagina.locator(f"input[name='voto-{chi}'][value=favorevole]").check()
    visita.scatta(pagina, "votazione")
    pagina.get_by_role("button", name="Conta e registra").click()
    pagina.wait_for_url(re.compile(r"/banco$"))
    expect(pagina.locator("#messaggi")).to_contain_text("La proposta è respinta.")
    # Eleven of them, by the keyboard alone.
    pagina.get_by_role("link", name=f"La quota {visita.larghezza}, rivista").click()
    pagina.get_by_label("Chi non è segnato").select_option("non_vota")
    pagina.locator("[data-riga] input").first.focus()
    for _ in range(17):
        pagina.keyboard.press("f")
    pagina.keyboard.press("c")
    assert pagina.locator("[data-riga] input:checked").count() == 18
    pagina.get_by_role("button", name="Conta e registra").click()
    expect(pagina.locator("#messaggi")).to_contain_text("La proposta è approvata.")
    expect(pagina.locator("#messaggi")).to_contain_text("nel registro")
    visita.scatta(pagina, "banco-votato")
    pagina.goto(seduta)
    pagina.get_by_role("button", name="Chiudi la seduta").click()
    pagina.get_by_role("button", name="Prepara il verbale").click()
    expect(pagina.locator("#messaggi")).to_contain_text("Il verbale è pronto")
    with pagina.expect_download() as scaricato:
        pagina.get_by_role("link", name="verbale-assemblea").click()
    assert Path(scaricato.value.path()).read_bytes().startswith(b"%PDF-1.7")
    visita.scatta(pagina, "seduta-segreteria")
    pagina.get_by_role("link", name=re.compile("Deliberazione n")).click()
    expect(pagina.locator("main")).to_contain_text("Contato di nuovo ora")
    visita.scatta(pagina, "deliberazione")
    pagina.goto(f"{visita.piattaforma.indirizzo}/casalmaggiore/deliberazioni")
    pagina.get_by_label("Parole o numero").fill(f"{visita.larghezza}, rivista")
    pagina.get_by_role("button", name="Cerca").click()
    expect(pagina.locator("#registro")).to_contain_text("1 deliberazione")
    visita.scatta(pagina, "registro")
    pagina.goto(f"{visita.piattaforma.indirizzo}/casalmaggiore/deliberazioni/precedenti")
    visita.scatta(pagina, "precedenti")
    pagina.goto(f"{seduta}/recapiti")
    visita.scatta(pagina, "recapiti-organo")
    # A mayor, on the phone.
    altra = visita.entra("carla.casal", SEDUTE)
    visita.scatta(altra, "sedute")
    altra.goto(seduta)
    expect(altra.locator("#mio")).to_contain_text("14.974 abitanti su 37.493")
    expect(altra.locator("#segreteria")).to_have_count(0)
    visita.scatta(altra, "seduta-sindaco")


def test_una_decisione_fuori_ordine_e_rifiutata_con_l_articolo(visita: Visita) -> None:
    pagina = visita.entra("rita.resp", "/crema/sedute/nuova")
    oggetto = f"Il Piano Operativo {visita.larghezza}"
    apri(pagina, bozza(pagina, (oggetto,), "piano-operativo"))
    # The mayor of Crema presides by right, and is proposed as soon as he is there.
    pagina.locator("[data-tasti]").first.check()
    pagina.locator("[data-tasti][value='019035']").check()
    pagina.get_by_role("button", name="Segna presenti").click()
    expect(pagina.locator("#campo-presidente")).to_have_value("019035")
    expect(pagina.locator("#presidenza")).to_contain_text("di diritto")
    pagina.reload()
    pagina.get_by_role("link", name=oggetto).click()
    avviso = pagina.get_by_role("alert")
    expect(avviso).to_contain_text("Ora non si può decidere")
    pagina.get_by_label("Chi non è segnato").select_option("favorevole")
    pagina.get_by_role("button", name="Conta e registra").click()
    expect(avviso).to_contain_text("La decisione è rifiutata")
    expect(avviso).to_contain_text("era l'art. 7")
    expect(avviso).to_contain_text("per il 2026")
    visita.scatta(pagina, "votazione-rifiutata")
    pagina.get_by_role("link", name="Che cosa è venuto prima").click()
    expect(pagina.locator("h1")).to_contain_text("Che cosa è venuto prima")
