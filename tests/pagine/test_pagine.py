"""The pages of the main job in a real browser, over the real platform."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from playwright.sync_api import Page, expect
from tests.browser import PaginaNuova
from tests.pagine.conftest import RIGHE, Piattaforma, Visita

pytestmark = pytest.mark.browser

Axe = Callable[[Page], None]
Fotografia = Callable[[Page, str], Path]

PAGINE = {
    "casa": "/crema?anno=2025",
    "prestazioni": "/crema/prestazioni?anno=2025",
    "prestazioni-vuote": "/crema/prestazioni?anno=2011",
    "prestazione": "/crema/prestazioni/1",
    "regole": "/crema/prestazioni/regole",
    "regole-avvisi": "/crema/prestazioni/regole?flusso=siuss-sinba&gravita=avviso",
    "colonne": "/crema/prestazioni/colonne",
    "importazioni": "/crema/importazioni",
    "lotto": "/crema/importazioni/1",
    "debito": "/crema/debito?anno=2025",
    "pdnd-senza-e-service": "/crema/debito/pdnd",
    "completezza": "/crema/debito/completezza?anno=2025",
    "trasmissioni": "/crema/debito/trasmissioni?anno=2025",
    "responsabili": "/crema/debito/responsabili",
    "adempimenti": "/crema/adempimenti?anno=2027",
    "adempimenti-vuoti": "/crema/adempimenti?anno=2011",
    "organi": "/crema/organi",
    "lavori": "/crema/lavori",
    "plugin": "/crema/plugin",
}


def rovina(contenuto: bytes, *guasti: tuple[int, str, str]) -> bytes:
    """A file with wrong cells: (row, the header being 1; column; value)."""
    righe = list(csv.reader(io.StringIO(contenuto.decode("utf-8-sig")), delimiter=";"))
    for riga, colonna, valore in guasti:
        righe[riga - 1][righe[0].index(colonna)] = valore
    uscita = io.StringIO()
    csv.writer(uscita, delimiter=";", lineterminator="\r\n").writerows(righe)
    return uscita.getvalue().encode()


def carica(pagina: Page, nome: str, contenuto: bytes) -> None:
    pagina.get_by_label("File delle prestazioni").set_input_files(
        {"name": nome, "mimeType": "text/csv", "buffer": contenuto}
    )
    pagina.get_by_role("button", name="Importa", exact=True).click()


def esegui(piattaforma: Piattaforma, comando: str) -> list[asyncpg.Record]:
    """Something that no page does, straight in the database."""

    async def fai() -> list[asyncpg.Record]:
        connessione = await asyncpg.connect(piattaforma.banca.superutente)
        try:
            return list(await connessione.fetch(comando))
        finally:
            await connessione.close()

    return asyncio.run_coroutine_threadsafe(fai(), _ciclo()).result(30)


_CICLI: list[asyncio.AbstractEventLoop] = []


def _ciclo() -> asyncio.AbstractEventLoop:
    """A loop in a thread of its own: Playwright's is running in this one."""
    if not _CICLI:
        _CICLI.append(asyncio.new_event_loop())
        threading.Thread(target=_CICLI[0].run_forever, daemon=True).start()
    return _CICLI[0]


def test_ogni_pagina_e_accessibile_e_sta_nella_larghezza(visita: Visita) -> None:
    pagina = visita.entra("rita.resp")
    for nome, percorso in PAGINE.items():
        risposta = pagina.goto(visita.piattaforma.indirizzo + percorso)
        assert risposta is not None
        assert risposta.status == 200, percorso
        visita.fotografia(pagina, f"{nome}-{visita.larghezza}")
        visita.axe(pagina)
        assert pagina.locator("h1").count() == 1
        largo = pagina.evaluate("document.documentElement.scrollWidth")
        assert largo <= visita.larghezza, f"{nome} è larga {largo}"


def test_dall_accesso_si_arriva_all_unico_ambito(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "rita.resp")
    if not pagina.url.endswith("/crema"):
        pagina.get_by_role("link", name="Ambito distrettuale Cremasco").first.click()
    expect(pagina.get_by_role("heading", level=1)).to_have_text("Da fare oggi")
    expect(pagina.get_by_role("heading", name="Prossime scadenze")).to_be_visible()
    expect(pagina.locator(".testata-nome-ente")).to_have_text("Ente capofila: Comune di Crema")


def test_l_elenco_si_filtra_e_si_sfoglia(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "rita.resp", "/crema/prestazioni?anno=2025")
    expect(pagina.locator("#elenco .conteggio")).to_contain_text("prestazioni")
    expect(pagina.locator("#elenco tbody tr")).to_have_count(50)
    pagina.get_by_role("link", name="Pagina 2").click()
    expect(pagina.locator('#elenco [aria-current="page"]')).to_contain_text("2")
    assert "pagina=2" in pagina.url
    pagina.get_by_label("Carattere").select_option("occasionale")
    pagina.get_by_role("button", name="Filtra").click()
    pagina.wait_for_url("**carattere=occasionale**")
    assert "pagina" not in pagina.url
    expect(pagina.locator("#annuncio")).to_contain_text("prestazion")
    expect(pagina.locator("#elenco tbody")).not_to_contain_text("al mese")
    pagina.go_back()
    expect(pagina.locator('#elenco [aria-current="page"]')).to_contain_text("2")


def test_dopo_un_filtro_l_anno_si_cambia_e_una_persona_si_cerca_senza_perderlo(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "rita.resp", "/crema/prestazioni?anno=2025")
    expect(pagina.get_by_role("link", name="Togli i filtri")).to_have_count(0)
    pagina.get_by_label("Carattere").select_option("occasionale")
    pagina.get_by_role("button", name="Filtra").click()
    pagina.wait_for_url("**carattere=occasionale**")
    expect(pagina.get_by_role("link", name="Togli i filtri")).to_be_visible()
    expect(pagina.locator("#scelta-anno")).to_have_count(1)
    # The focus stays where it was: the selector of the year was only renewed.
    assert pagina.evaluate("document.activeElement.textContent").strip() == "Filtra"
    pagina.locator("#scelta-anno summary").click()
    pagina.get_by_role("link", name="2024", exact=True).click()
    pagina.wait_for_url("**anno=2024**")
    assert "carattere=occasionale" in pagina.url
    expect(pagina.get_by_label("Carattere")).to_have_value("occasionale")
    pagina.goto(f"{piattaforma.indirizzo}/crema/prestazioni?anno=2025")
    pagina.get_by_label("Carattere").select_option("periodica")
    pagina.get_by_role("button", name="Filtra").click()
    pagina.wait_for_url("**carattere=periodica**")
    expect(pagina.locator("#elenco tbody")).to_contain_text("al mese")
    pagina.get_by_label("Cognome o codice fiscale").fill("Qu")
    pagina.get_by_role("button", name="Cerca la persona").click()
    expect(pagina.get_by_label("Carattere")).to_have_value("periodica")
    assert "Qu" not in pagina.url


def test_una_persona_si_cerca_senza_che_il_nome_stia_in_un_indirizzo(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe
) -> None:
    pagina = pagina_nuova()
    indirizzi: list[str] = []
    pagina.on("request", lambda richiesta: indirizzi.append(richiesta.url))
    piattaforma.entra(pagina, "rita.resp", "/crema/prestazioni?anno=2025")
    cognome = str(pagina.locator("#elenco tbody th a").first.inner_text()).split()[0]
    pagina.get_by_label("Cognome o codice fiscale").fill(cognome.lower())
    pagina.get_by_role("button", name="Cerca la persona").click()
    expect(pagina.get_by_text("Prestazioni della persona cercata")).to_be_visible()
    for persona in pagina.locator("#elenco tbody th a").all_inner_texts():
        assert persona.startswith(cognome)
    axe(pagina)
    assert not [uno for uno in indirizzi if cognome.lower() in uno.lower()]
    assert "persona=" not in pagina.url
    # The selector of the year leads back to the list, which can be opened by its address.
    pagina.locator(".scelte summary").last.click()
    pagina.get_by_role("link", name="2024", exact=True).click()
    expect(pagina.get_by_role("heading", level=1)).to_have_text("Prestazioni sociali")
    pagina.goto(f"{piattaforma.indirizzo}/crema/prestazioni/cerca?anno=2025")
    assert pagina.url.endswith("/crema/prestazioni?anno=2025")


def test_una_ricerca_troppo_corta_si_corregge_dove_si_scrive(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "rita.resp", "/crema/prestazioni?anno=2025")
    pagina.get_by_label("Cognome o codice fiscale").fill("r")
    pagina.get_by_role("button", name="Cerca la persona").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    expect(pagina.get_by_label("Cognome o codice fiscale")).to_have_value("r")
    axe(pagina)


def test_un_file_buono_si_importa_e_una_seconda_volta_non_cambia_nulla(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "ciro.casal", "/casalmaggiore/importazioni")
    contenuto = piattaforma.csv("casalmaggiore", 12)
    carica(pagina, "buono.csv", contenuto)
    expect(pagina.get_by_text("Sono state importate 12 prestazioni.")).to_be_visible()
    expect(pagina.get_by_text("Importato", exact=True)).to_be_visible()
    pagina.goto(f"{piattaforma.indirizzo}/casalmaggiore/importazioni")
    carica(pagina, "lo-stesso.csv", contenuto)
    expect(pagina.get_by_text("era già stato importato")).to_be_visible()
    pagina.goto(f"{piattaforma.indirizzo}/casalmaggiore/prestazioni?anno=2025")
    expect(pagina.locator("#elenco .conteggio")).to_have_text("12 prestazioni")


def test_un_file_del_vecchio_programma_entra_come_gia_inviato(visita: Visita) -> None:
    pagina = visita.entra("ciro.casal", "/casalmaggiore/importazioni")

    def guarda(nome: str) -> None:
        visita.fotografia(pagina, f"{nome}-{visita.larghezza}")
        visita.axe(pagina)
        assert pagina.evaluate("document.documentElement.scrollWidth") <= visita.larghezza

    # A year that no other test looks at.
    contenuto = visita.piattaforma.csv("casalmaggiore", 3, visita.larghezza).replace(
        b"2025", b"2022"
    )
    pagina.get_by_label("INPS ha già queste prestazioni").check()
    guarda("importa-gia-inviate")
    carica(pagina, "del-vecchio.csv", contenuto)
    expect(pagina.locator("#gia-inviate")).to_contain_text("Sì: sono state segnate")
    guarda("lotto-gia-inviato")
    pagina.goto(f"{visita.piattaforma.indirizzo}/casalmaggiore/prestazioni?anno=2022&stato=accolta")
    expect(pagina.locator("#prestazioni tbody tr")).to_have_count(
        3 if visita.larghezza > 400 else 6
    )
    pagina.locator("#prestazioni tbody a").first.click()
    expect(pagina.locator("#stato")).to_contain_text("inviata con il programma di prima")
    guarda("scheda-gia-inviata")
    pagina.get_by_role("link", name="Apri il file importato").click()
    pagina.get_by_role("button", name="Non è vero: sono da comunicare").click()
    expect(pagina.get_by_text("3 prestazioni del file sono di nuovo da comunicare")).to_be_visible()
    pagina.get_by_role("button", name="Sì: sono già state inviate").click()
    expect(pagina.get_by_text("3 prestazioni del file risultano già inviate")).to_be_visible()


def test_un_file_che_non_si_legge_e_spiegato_nel_modulo(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "rita.resp", "/crema/importazioni")
    carica(pagina, "vecchio.csv", "cognome;nome\nNicolò;Èzio\n".encode("latin-1"))
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("non è UTF-8")
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    assert pagina.title().startswith("Errore: ")
    axe(pagina)


def test_gli_errori_si_vedono_riga_per_riga_e_si_tengono_le_righe_buone(visita: Visita) -> None:
    pagina = visita.entra("vera.cremo", "/cremona/importazioni")
    contenuto = rovina(
        visita.piattaforma.csv("cremona", 80, visita.larghezza),
        *((riga, "codice_prestazione", "Z9.99") for riga in range(2, 62)),
        (62, "data_evento", "31/02/2025"),
    )
    carica(pagina, "errori.csv", contenuto)
    expect(pagina.locator("#errori .conteggio")).to_have_text("61 errori")
    prima = pagina.locator("#tabella-errori tbody tr").first
    expect(prima).to_contain_text("codice_prestazione")
    expect(prima).to_contain_text("Z9.99")
    expect(prima).to_contain_text("Codice sconosciuto")
    expect(prima.locator("th")).to_have_text("Riga 2")
    visita.fotografia(pagina, f"errori-{visita.larghezza}")
    visita.axe(pagina)
    pagina.get_by_role("link", name="Pagina 2").click()
    expect(pagina.locator("#tabella-errori tbody tr")).to_have_count(11)
    expect(pagina.locator("#tabella-errori tbody tr").last).to_contain_text("31/02/2025")
    with pagina.expect_download() as scarico:
        pagina.get_by_role("link", name="Scarica gli errori (CSV)").click()
    righe = scarico.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert righe[0] == "riga;colonna;valore;codice;messaggio"
    assert len(righe) == 62
    pagina.get_by_role("button", name="Tieni le righe buone").click()
    expect(pagina.get_by_text("Sono state importate 19 prestazioni.")).to_be_visible()
    expect(pagina.get_by_text("Le righe con errori sono rimaste fuori")).to_be_visible()
    visita.axe(pagina)


def test_da_un_errore_si_arriva_alla_sua_regola_e_alla_sua_colonna(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(pagina_nuova(390), "vera.cremo", "/cremona/importazioni")
    contenuto = rovina(
        piattaforma.csv("cremona", 5, 4), (2, "importo_mensile", "-1,00"), (2, "importo", "-1,00")
    )
    carica(pagina, "un-errore.csv", contenuto)
    prima = pagina.locator("#tabella-errori tbody tr").first
    prima.get_by_role("link", name="Regola importo_negativo").click()
    expect(pagina).to_have_url(re.compile(r"/prestazioni/regole\?flusso=siuss#regola-importo_neg"))
    regola = pagina.locator("#regola-importo_negativo")
    expect(regola).to_contain_text("Non va bene: importo: -12,34")
    expect(regola).to_be_in_viewport()
    regola.get_by_role("link", name="importo_mensile").click()
    colonna = pagina.locator("#colonna-importo_mensile")
    expect(colonna).to_contain_text("maggiore di zero")
    expect(colonna).to_be_in_viewport()
    pagina.get_by_role("link", name="Vedi le regole").click()
    pagina.get_by_label("Gravità").select_option("avviso")
    pagina.get_by_role("button", name="Filtra").click()
    expect(pagina.locator("#regola-siuss-cf-cognome")).to_be_visible()
    expect(pagina.locator("#regola-importo_negativo")).to_have_count(0)
    pagina.get_by_label("Flusso").select_option("siuss-sinba")
    pagina.get_by_label("Gravità").select_option("")
    pagina.get_by_role("button", name="Filtra").click()
    expect(pagina.locator("#regola-mese_inesistente")).to_be_visible()


def test_un_file_da_decidere_e_fra_le_cose_da_fare_e_si_scarta(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe, fotografia: Fotografia
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "ciro.casal", "/casalmaggiore/importazioni")
    guasto = rovina(piattaforma.csv("casalmaggiore", 5, 77), (3, "importo_mensile", "molto"))
    carica(pagina, "da-decidere.csv", guasto)
    expect(pagina.get_by_role("heading", name="Che cosa vuoi fare di questo file?")).to_be_visible()
    pagina.goto(f"{piattaforma.indirizzo}/casalmaggiore")
    fotografia(pagina, "casa-con-cose-da-fare")
    axe(pagina)
    pagina.get_by_role("link", name="Decidi di da-decidere.csv").click()
    pagina.get_by_role("button", name="Scarta il file").click()
    expect(pagina.get_by_text("nulla è stato importato")).to_be_visible()
    pagina.goto(f"{piattaforma.indirizzo}/casalmaggiore")
    expect(pagina.get_by_text("Oggi non c’è niente che aspetti")).to_be_visible()


def test_l_esportazione_aspetta_se_il_servizio_manca_poi_si_sigilla_si_scarica_e_si_invia(
    piattaforma: Piattaforma,
    pagina_nuova: PaginaNuova,
    axe: Axe,
    fotografia: Fotografia,
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "rita.resp", "/crema/debito?anno=2025")
    piattaforma.ferma("worker")
    pagina.get_by_role("button", name="Prepara il file").click()
    stato = pagina.locator("#stato")
    expect(stato).to_contain_text("In preparazione")
    expect(stato).to_contain_text("resta in coda e parte da solo", timeout=40_000)
    fotografia(pagina, "esportazione-in-attesa")
    axe(pagina)
    piattaforma.avvia_worker()
    # The page follows by itself: nobody touches it.
    expect(pagina.get_by_role("link", name="Scarica il file")).to_be_visible(timeout=60_000)
    assert stato.get_attribute("hx-get") is None
    expect(pagina.locator("#annuncio")).to_contain_text("Sigillata")
    impronta = pagina.locator("#manifesto code").first.inner_text()
    with pagina.expect_download() as scarico:
        pagina.get_by_role("link", name="Scarica il file").click()
    contenuto = scarico.value.path().read_bytes()
    assert hashlib.sha256(contenuto).hexdigest() == impronta
    assert scarico.value.suggested_filename.endswith(".xml")
    with pagina.expect_download() as scarico:
        pagina.get_by_role("link", name="Scarica il manifesto").click()
    manifesto = json.loads(scarico.value.path().read_text())
    assert manifesto["sha256"] == impronta
    assert manifesto["conteggi"]["byte"] == len(contenuto)
    # The imported ones and whatever other tests wrote down by hand before this one.
    [presenti] = esegui(
        piattaforma,
        "SELECT count(*) FROM prestazione p JOIN ambito a ON a.id = p.ambito_id "
        "WHERE a.slug = 'crema' AND p.anno = 2025 AND p.sostituita_lotto IS NULL",
    )
    assert presenti["count"] >= RIGHE
    assert manifesto["conteggi"]["righe"] == presenti["count"]
    pagina.get_by_text("regole verificate").click()
    fotografia(pagina, "esportazione-sigillata")
    axe(pagina)

    pagina.get_by_role("link", name="Registra l’invio").click()
    fotografia(pagina, "invio")
    axe(pagina)
    pagina.get_by_label("Canale").select_option("pec")
    pagina.get_by_label("Protocollo o ricevuta").fill("PROT/2026/1")
    pagina.get_by_role("button", name="Registra l’invio").click()
    expect(pagina.locator("#stato")).to_contain_text("Inviata")
    expect(pagina.locator("#invii")).to_contain_text("PROT/2026/1")
    fotografia(pagina, "esportazione-inviata")
    axe(pagina)


def test_un_file_respinto_dice_perche_e_si_rifa_senza_le_righe_errate(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe, fotografia: Fotografia
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "vera.cremo", "/cremona/importazioni")
    # All paid by the Comune di Cremona, which sends its own.
    righe = [(riga, "ente_erogatore", "D150") for riga in range(2, 62)]
    carica(pagina, "per-il-debito.csv", rovina(piattaforma.csv("cremona", 60, 5), *righe))
    expect(pagina.get_by_text("Sono state importate 60 prestazioni.")).to_be_visible()
    # A comune turns out to have left the ambito before its prestazioni.
    esegui(
        piattaforma,
        "UPDATE appartenenza SET dal = NULL, al = '2024-12-31' WHERE id = (SELECT a.id FROM "
        "appartenenza a JOIN comune c USING (istat) JOIN prestazione p ON "
        "p.ambito_id = a.ambito_id AND p.comune_titolare = c.belfiore JOIN ambito m ON "
        "m.id = a.ambito_id WHERE m.slug = 'cremona' AND a.al IS NULL AND c.belfiore <> 'D150' "
        "LIMIT 1)",
    )
    pagina.goto(f"{piattaforma.indirizzo}/cremona/debito?anno=2025")
    pagina.locator("#campo-ente").select_option("D150")
    pagina.get_by_role("button", name="Prepara il file").click()
    stato = pagina.locator("#stato")
    expect(stato).to_contain_text("Respinta", timeout=60_000)
    expect(stato).to_contain_text("non fa parte dell'ambito")
    fotografia(pagina, "esportazione-respinta")
    axe(pagina)
    pagina.goto(f"{piattaforma.indirizzo}/cremona")
    pagina.get_by_role("link", name="è respinto").first.click()
    pagina.get_by_role("button", name="Prepara senza").click()
    expect(pagina.get_by_role("link", name="Scarica il file")).to_be_visible(timeout=60_000)
    expect(pagina.locator("#avvisi")).to_contain_text("restano fuori")
    pagina.goto(f"{piattaforma.indirizzo}/cremona")
    expect(pagina.get_by_role("link", name="è respinto")).to_have_count(0)


def test_un_lavoro_fallito_si_riavvia(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe, fotografia: Fotografia
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "rita.resp", "/crema/debito?anno=2025")
    piattaforma.ferma("worker")
    pagina.get_by_label("Periodo").select_option("2025-S2")
    pagina.get_by_label("Tutto, di nuovo").check()  # what was sent before does not matter
    pagina.get_by_role("button", name="Prepara il file").click()
    expect(pagina.locator("#stato")).to_contain_text("In preparazione")
    esegui(
        piattaforma,
        "WITH f AS (UPDATE lavoro SET stato = 'fallito', tentativi = 8, finito_il = now(), "
        "errore = 'L''archivio dei file non risponde.' WHERE stato = 'in_attesa' "
        "RETURNING ambito_id, id) DELETE FROM lavoro_uscita u USING f "
        "WHERE (u.ambito_id, u.lavoro_id) = (f.ambito_id, f.id)",
    )
    expect(pagina.locator("#stato")).to_contain_text("La preparazione si è fermata", timeout=10_000)
    fotografia(pagina, "esportazione-fermata")
    axe(pagina)
    pagina.goto(f"{piattaforma.indirizzo}/crema/lavori")
    fotografia(pagina, "lavori-con-uno-fallito")
    axe(pagina)
    pagina.get_by_role("button", name="Riavvia").click()
    expect(pagina.get_by_text("di nuovo in coda")).to_be_visible()
    piattaforma.avvia_worker()
    expect(pagina.locator("#lavori tbody tr").first).to_contain_text("Riuscito", timeout=60_000)


def test_senza_javascript_si_legge_si_filtra_e_si_importa(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = pagina_nuova(javascript=False)
    piattaforma.entra(pagina, "rita.resp", "/crema/prestazioni?anno=2025")
    pagina.get_by_role("link", name="Pagina 2").click()
    expect(pagina.locator('#elenco [aria-current="page"]')).to_contain_text("2")
    pagina.get_by_label("Carattere").select_option("occasionale")
    pagina.get_by_role("button", name="Filtra").click()
    expect(pagina.get_by_label("Carattere")).to_have_value("occasionale")
    expect(pagina.locator("#elenco tbody")).not_to_contain_text("al mese")
    pagina.locator("#elenco tbody th a").first.click()
    expect(pagina.get_by_role("heading", name="Periodo e importi")).to_be_visible()
    pagina.goto(f"{piattaforma.indirizzo}/crema/importazioni")
    carica(pagina, "senza-js.csv", rovina(piattaforma.csv("crema", 3, 3), (2, "genere", "Z")))
    expect(pagina.locator("#tabella-errori")).to_contain_text("genere")
    pagina.get_by_role("button", name="Scarta il file").click()
    expect(pagina.get_by_text("nulla è stato importato")).to_be_visible()


def test_l_esportazione_si_fa_con_la_sola_tastiera(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "olga.oper", "/crema/debito?anno=2025")

    def arriva(testo: str) -> None:
        for _ in range(60):
            pagina.keyboard.press("Tab")
            fuoco = pagina.evaluate(
                "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()"
            )
            if fuoco.startswith(testo):
                return
        pytest.fail(f"«{testo}» non si raggiunge con il tabulatore")

    pagina.keyboard.press("Tab")
    expect(pagina.locator("a.salto").first).to_be_focused()
    pagina.keyboard.press("Enter")
    arriva("Periodo")
    pagina.keyboard.press("ArrowDown")
    expect(pagina.get_by_label("Periodo")).to_have_value("2025-S1")
    arriva("Solo le variazioni")
    pagina.keyboard.press("ArrowDown")
    expect(pagina.get_by_label("Tutto, di nuovo")).to_be_checked()
    arriva("Prepara il file")
    pagina.keyboard.press("Enter")
    expect(pagina.get_by_role("link", name="Scarica il file")).to_be_visible(timeout=60_000)
    arriva("Scarica il file")
    with pagina.expect_download():
        pagina.keyboard.press("Enter")
    # An operator downloads, and leaves the sending to the responsabile.
    expect(pagina.get_by_role("link", name="Registra l’invio")).to_have_count(0)


def test_chi_lavora_per_un_comune_vede_solo_il_suo(
    piattaforma: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe
) -> None:
    pagina = piattaforma.entra(pagina_nuova(), "pia.pandino", "/crema")
    expect(pagina.get_by_role("heading", name="Prossime scadenze")).to_be_visible()
    expect(pagina.get_by_role("heading", name="Ultimi file del debito")).to_have_count(0)
    axe(pagina)
    pagina.goto(f"{piattaforma.indirizzo}/crema/prestazioni?anno=2025")
    expect(pagina.get_by_label("Comune titolare")).to_have_count(0)
    celle = pagina.locator('#elenco td[data-etichetta="Comune ed ente"]').all_inner_texts()
    assert celle
    assert all(cella.startswith("Pandino") for cella in celle)
    for vietata in ("debito", "lavori", "plugin"):
        risposta = pagina.goto(f"{piattaforma.indirizzo}/crema/{vietata}")
        assert risposta is not None
        assert risposta.status == 403
    risposta = pagina.goto(f"{piattaforma.indirizzo}/cremona")
    assert risposta is not None
    assert risposta.status == 404


def test_dei_flussi_della_pdnd_si_vede_chi_li_ha_presi_e_che_cosa_ne_dice(visita: Visita) -> None:
    esegui(visita.piattaforma, PDND_DI_CREMONA)
    pagina = visita.entra("vera.cremo", "/cremona/debito")
    if visita.larghezza < 700:
        pagina.goto(f"{visita.piattaforma.indirizzo}/cremona/debito/pdnd")
    else:
        pagina.get_by_role("link", name="Trasmissione PDND").click()
    expect(pagina.get_by_role("heading", level=1)).to_have_text("Trasmissione PDND")
    expect(pagina.locator('[aria-current="page"]').filter(has_text="informativo")).to_have_count(0)
    expect(pagina.locator("#servizi tbody")).to_contain_text("/waas/v1/D150")
    righe = pagina.locator("#flussi tbody tr")
    expect(righe).to_have_count(50)
    expect(righe.nth(0)).to_contain_text("INPS deve ancora prenderlo")
    expect(righe.nth(48)).to_contain_text("Preso da INPS, senza esito")
    expect(pagina.locator("#tabella-orfani tbody tr")).to_have_count(1)
    visita.fotografia(pagina, f"pdnd-{visita.larghezza}")
    visita.axe(pagina)
    largo = pagina.evaluate("document.documentElement.scrollWidth")
    assert largo <= visita.larghezza
    pagina.get_by_role("link", name="Meno recenti").click()
    expect(righe).to_have_count(2)
    expect(righe.nth(0)).to_contain_text("Scartato: richiesta non valida")
    expect(righe.nth(0)).to_contain_text("Il codice fiscale non esiste")
    expect(righe.nth(1)).to_contain_text("Acquisito con il numero 22738")
    visita.axe(pagina)
    expect(pagina.get_by_role("link", name="Più recenti")).to_be_visible()


PDND_DI_CREMONA = """
WITH chi AS (
  SELECT e.ambito_id, e.id FROM ente e JOIN ambito a ON a.id = e.ambito_id
  WHERE a.slug = 'cremona' AND e.codice = 'D150'),
servizio AS (
  INSERT INTO eservice (ambito_id, ente_id, codice, audience, attivo)
  SELECT ambito_id, id, 'D150', 'https://capofila.example/D150', true FROM chi
  ON CONFLICT DO NOTHING RETURNING ambito_id, ente_id),
corsa AS (
  INSERT INTO esportazione (ambito_id, flusso, periodo, dal, al, ente_id, nome_flusso)
  SELECT ambito_id, 'siuss', '2025', '2025-01-01', '2025-12-31', ente_id, 'D150.PS.20260301.0000001'
  FROM servizio RETURNING ambito_id, ente_id, id),
flussi AS (
  INSERT INTO flusso_pdnd (ambito_id, ente_id, ts, id_flusso, flusso, tipo, record_id, operazione,
    corpo, byte, esportazione_id, comune_titolare, codice_esito, descrizione_esito, id_acquisizione,
    ts_acquisizione)
  SELECT ambito_id, ente_id, timestamptz '2026-03-01 10:00Z' + n * interval '1 ms',
    'D150.PS.20260301.' || 1000000 + n, 'siuss', 'PS_PSA_SINA', n, CASE n WHEN 3 THEN 'C' ELSE 'I' END,
    'x', 1, id, 'D150', CASE n WHEN 1 THEN 'OK' WHEN 2 THEN 'RICHIESTA_INVALIDA' END,
    CASE n WHEN 2 THEN 'Il codice fiscale non esiste' END, CASE n WHEN 1 THEN '22738' END,
    CASE WHEN n < 3 THEN now() END
  FROM corsa, generate_series(1, 52) n),
presi AS (
  INSERT INTO prelievo (ambito_id, ente_id, da, fino, flussi)
  SELECT ambito_id, ente_id, '1970-01-01Z', timestamptz '2026-03-01 10:00:00.010Z', 10 FROM corsa)
INSERT INTO esito_orfano (ambito_id, ente_id, id_flusso, tipo, ts_flusso, ts_acquisizione,
  codice_esito)
SELECT ambito_id, ente_id, 'D150.PS.20190101.0000001', 'PS_PSA_SINA', now(), now(), 'DATI_NON_TROVATI'
FROM corsa
"""
