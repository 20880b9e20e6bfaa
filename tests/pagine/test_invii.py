"""The life of a run in a real browser: size, sending, answers, completeness, register."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser import PaginaNuova
from tests.pagine.conftest import Piattaforma
from tests.pagine.test_pagine import carica, esegui

pytestmark = pytest.mark.browser

Axe = Callable[[Page], None]
Fotografia = Callable[[Page, str], Path]


def _guarda(pagina: Page, stretta: Page, axe: Axe, fotografia: Fotografia, nome: str) -> None:
    """The same page wide and at 390 px, photographed, without axe violations."""
    fotografia(pagina, f"{nome}-1280")
    axe(pagina)
    stretta.goto(pagina.url)
    fotografia(stretta, f"{nome}-390")
    axe(stretta)
    assert stretta.evaluate("document.documentElement.scrollWidth") <= 390, nome


def _prepara(pagina: Page, *, diviso: bool = False, tutto: bool = False) -> None:
    """Ask for a file, and wait until it is sealed."""
    if tutto:
        pagina.get_by_label("Tutto, di nuovo").check()
    if diviso:
        pagina.get_by_text("Un file solo o più file").click()
        pagina.get_by_label("Più file, ciascuno entro una misura").check()
        pagina.get_by_label("Beneficiari al massimo per file").fill("30")
    pagina.get_by_role("button", name="Prepara il file").click()
    # The steps name «Sigillata» from the beginning: only a sealed file has its proof.
    expect(pagina.locator("#manifesto")).to_be_visible(timeout=90_000)


def test_un_invio_dalla_misura_all_esito(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe, fotografia: Fotografia
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "ciro.casal", "/casalmaggiore/importazioni")
    stretta = piattaforma.entra(pagina_nuova(390), "ciro.casal")
    guarda = partial(_guarda, pagina, stretta, axe, fotografia)

    # Of a year that no other test looks at.
    file_csv = piattaforma.csv("casalmaggiore", 70, 4242).replace(b"2025", b"2024")
    carica(pagina, "per-l-invio.csv", file_csv)
    casa = f"{piattaforma.indirizzo}/casalmaggiore/debito"
    pagina.goto(f"{casa}?anno=2024")
    guarda("invii-elenco")
    _prepara(pagina, diviso=True)
    file = pagina.url
    expect(pagina.locator("#parti tbody tr")).not_to_have_count(0)
    expect(pagina.locator("#stato")).to_contain_text("Manca il responsabile dell’invio")
    guarda("invii-diviso")
    with pagina.expect_download() as scarico:
        pagina.get_by_role("link", name="file (zip)").click()
    assert scarico.value.suggested_filename.endswith(".zip")
    pagina.get_by_role("link", name="Nomina il responsabile").click()
    pagina.get_by_label("Nome e cognome").fill("Ciro Casalmaggiore")
    pagina.get_by_label("Qualifica").fill("Responsabile dell'Ufficio di Piano")
    pagina.get_by_label("Atto di nomina").fill("Decreto n. 3 del 12/01/2026")
    pagina.get_by_label("Dal giorno").fill("2020-01-01")
    pagina.get_by_label("E-mail").fill("ciro@prova")
    pagina.get_by_role("button", name="Nomina", exact=True).click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    axe(pagina)
    pagina.get_by_label("E-mail").fill("ciro@comune.it")
    pagina.get_by_role("button", name="Nomina", exact=True).click()
    expect(pagina.locator("#in-carica")).to_contain_text("Ciro Casalmaggiore")
    guarda("invii-responsabili")

    pagina.goto(file)
    pagina.get_by_role("link", name="Registra l’invio").click()
    expect(pagina.locator("form.conferma")).to_contain_text("Risponde dell’invio Ciro")
    guarda("invii-invio")
    pagina.get_by_label("Canale").select_option("portale")
    pagina.get_by_label("Protocollo o ricevuta").fill("INPS.7788")
    pagina.get_by_role("button", name="Registra l’invio").click()
    expect(pagina.locator("#invii")).to_contain_text("Ciro Casalmaggiore")
    guarda("invii-inviata")

    pagina.get_by_role("link", name="Registra l’esito").click()
    guarda("invii-esito")
    pagina.get_by_role("button", name="Registra l’esito").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("Scegli se")
    colonne = "codice_fiscale;protocollo_domanda;codice_prestazione;data;esito;messaggio\r\n"
    sbagliato = f"{colonne}RSSMRA80A01D142X;NO/1;A1.05;2025-01-01;scartata;no\r\n".encode()
    righe = file_csv.decode("utf-8-sig").splitlines()
    testa = righe[0].split(";")
    prima = dict(zip(testa, righe[1].split(";"), strict=False))
    giorno = prima["data_inizio"] or prima["data_erogazione"]
    buono = (
        f"{colonne}{prima['codice_fiscale']};{prima['protocollo_domanda']};"
        f"{prima['codice_prestazione']};{giorno};scartata;codice fiscale non trovato\r\n"
    ).encode()
    for contenuto in (sbagliato, buono):
        pagina.get_by_label("File degli esiti").set_input_files(
            {"name": "esiti.csv", "mimeType": "text/csv", "buffer": contenuto}
        )
        pagina.get_by_role("button", name="Carica l’elenco").click()
        if contenuto is sbagliato:
            expect(pagina.locator("#tabella-errori")).to_be_visible()
            fotografia(pagina, "invii-esiti-errati")
            axe(pagina)
    expect(pagina.locator("#stato")).to_contain_text("Accolta in parte")
    guarda("invii-accolta-in-parte")
    pagina.get_by_role("link", name="Vedi le scartate").click()
    expect(pagina.locator("#tabella-scartate tbody tr")).to_have_count(1)
    guarda("invii-scartate")
    with pagina.expect_download() as scarico:
        pagina.get_by_role("link", name="Scarica (CSV)").click()
    scaricato = scarico.value.path().read_text(encoding="utf-8-sig")
    assert "codice fiscale non trovato" in scaricato

    pagina.goto(f"{casa}?anno=2024")
    _prepara(pagina, tutto=True)
    ultimo = pagina.url
    pagina.get_by_role("link", name="Confronta con il precedente").click()
    expect(pagina.locator("#confronto")).to_contain_text("Uguali nei due file")
    guarda("invii-confronto")
    for percorso, nome in (
        ("completezza?anno=2024", "invii-completezza"),
        (f"trasmissioni?anno={_quest_anno()}", "invii-trasmissioni"),
        ("?stato=accolta_in_parte&anno=2024", "invii-filtrati"),
    ):
        pagina.goto(f"{casa}/{percorso}".replace("/?", "?"))
        guarda(nome)
    expect(pagina.locator("#elenco tbody tr")).to_have_count(1)

    # Something else was sent in the meantime.
    esegui(
        piattaforma,
        f"UPDATE esportazione SET stato = 'superata' WHERE id = '{ultimo.rsplit('/', 1)[1]}'",
    )
    pagina.goto(ultimo)
    expect(pagina.locator("#stato")).to_contain_text("Superata")
    guarda("invii-superata")
    pagina.get_by_role("button", name="Prepara di nuovo").click()
    expect(pagina.locator("#stato")).to_contain_text("Sigillata", timeout=90_000)
    assert pagina.url != ultimo


def test_un_invio_con_la_pdnd_in_ogni_suo_stato(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe, fotografia: Fotografia
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "ciro.casal", "/casalmaggiore/importazioni")
    stretta = piattaforma.entra(pagina_nuova(390), "ciro.casal")
    guarda = partial(_guarda, pagina, stretta, axe, fotografia)

    def chiedi() -> None:
        pagina.goto(f"{file}/invio")
        pagina.get_by_label("Canale").select_option("pdnd")
        pagina.get_by_role("button", name="Registra l’invio").click()

    def riavvia() -> None:
        pagina.get_by_role("button", name="Riavvia la pubblicazione").click()
        expect(pagina.locator("#preparazione")).to_be_visible()

    def ferma_la_pubblicazione() -> None:
        """A fault that came back at each try: somebody has to restart it."""
        esegui(
            piattaforma,
            "WITH fermi AS (UPDATE lavoro SET stato = 'fallito', finito_il = now(), tentativi = 8, "
            "errore = 'L''archivio dei file non risponde.' "
            "WHERE tipo = 'debito.pubblica' AND stato = 'in_attesa' RETURNING id) "
            "DELETE FROM lavoro_uscita USING fermi WHERE lavoro_id = fermi.id",
        )
        pagina.goto(file)

    carica(
        pagina,
        "con-la-pdnd.csv",
        piattaforma.csv("casalmaggiore", 20, 77).replace(b"2025", b"2023"),
    )
    pagina.goto(f"{piattaforma.indirizzo}/casalmaggiore/debito?anno=2023")
    _prepara(pagina)
    file = pagina.url
    chiedi()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("e-service attivo")
    fotografia(pagina, "pdnd-senza-eservice-1280")
    axe(pagina)
    esegui(
        piattaforma,
        "INSERT INTO eservice (ambito_id, ente_id, codice, audience, attivo) SELECT ambito_id, id, "
        "codice, 'https://capofila.example/' || codice, true FROM ente WHERE mittente AND "
        + _QUI
        + " ON CONFLICT (ambito_id, ente_id) DO UPDATE SET attivo = true",
    )
    piattaforma.ferma("worker")
    try:
        chiedi()
        expect(pagina.locator("#stato")).to_contain_text("In pubblicazione")
        expect(pagina.locator("#preparazione")).to_contain_text("Puoi lasciare questa pagina")
        guarda("pdnd-in-pubblicazione")
        ferma_la_pubblicazione()
        expect(pagina.locator("#fermata")).to_contain_text("Nessuna prestazione è stata pubblicata")
        guarda("pdnd-fermata")
        # Switched off meanwhile: sealed again, with the reason and the way out.
        esegui(piattaforma, "UPDATE eservice SET attivo = false WHERE " + _QUI)
        riavvia()
    finally:
        piattaforma.avvia_worker()
    expect(pagina.locator("#stato")).to_contain_text(
        "Non è stato pubblicato sulla PDND", timeout=60_000
    )
    expect(pagina.get_by_role("link", name="Registra l’invio")).to_be_visible()
    guarda("pdnd-tornata-sigillata")
    esegui(piattaforma, "UPDATE eservice SET attivo = true WHERE " + _QUI)
    piattaforma.ferma("worker")
    try:
        chiedi()
        expect(pagina.locator("#preparazione")).to_be_visible()
        ferma_la_pubblicazione()
        riavvia()
    finally:
        piattaforma.avvia_worker()
    expect(pagina.locator("#invii")).to_contain_text("PDND", timeout=60_000)
    guarda("pdnd-inviata")


_QUI = "ambito_id = (SELECT id FROM ambito WHERE slug = 'casalmaggiore')"


def _quest_anno() -> int:
    from capofila.debito.responsabili import oggi

    return oggi().year


def test_la_completezza_si_ordina_e_chi_lavora_per_un_comune_vede_il_suo(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "rita.resp", "/crema/debito/completezza?anno=2025")
    righe = pagina.locator("#tabella-completezza tbody tr")
    assert righe.count() > 20
    expect(righe.last).to_contain_text("Tutto l'ambito")
    for ordine in ("in_vigore", "-in_vigore"):
        pagina.get_by_role("link", name="In vigore", exact=True).click()
        pagina.wait_for_url(f"**ordina={ordine}")
        pagina.wait_for_load_state("networkidle")
    quante = [int(t.replace(".", "")) for t in
              pagina.locator("#tabella-completezza tbody tr:not(.totale) td:nth-child(3)")
              .all_inner_texts()]  # fmt: skip
    assert quante == sorted(quante, reverse=True)
    comune = piattaforma.entra(pagina_nuova(), "pia.pandino", "/crema/debito/completezza?anno=2025")
    expect(comune.locator("#tabella-completezza tbody tr")).to_have_count(1)
    expect(comune.locator("#tabella-completezza tbody th")).to_have_text("Pandino")
    axe(comune)
