"""The accreditations in a real browser: from the unità d'offerta to the register."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.accreditamenti.casi import concedi, una_domanda
from tests.pagine.conftest import Piattaforma, Visita
from tests.prestazioni.casi import contesto

from capofila.base.database import unita_di_lavoro

pytestmark = pytest.mark.browser

STANZA = "/crema/accreditamenti"
DOMANDE: dict[str, int] = {}


@pytest.fixture(scope="module", autouse=True)
def accreditamenti_di_prova(piattaforma: Piattaforma) -> None:
    """One that stands."""

    async def popola() -> None:
        async with unita_di_lavoro(await contesto("crema")):
            DOMANDE["data"] = await una_domanda("2025/900")
            await concedi(DOMANDE["data"])

    piattaforma.esegui(popola)


def scrivi(pagina: Page, **campi: str) -> None:
    for nome, valore in campi.items():
        pagina.locator(f"#campo-{nome}").fill(valore)


def test_dalla_domanda_all_atto_con_prescrizioni(visita: Visita, tmp_path: Path) -> None:
    pagina = visita.entra("rita.resp", f"{STANZA}/unita/nuova")
    pagina.get_by_role("button", name="Registra l’unità d’offerta").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "accreditamenti-unita-errori")
    nome = f"SAD Il Filo {visita.larghezza}"
    scrivi(pagina, denominazione=nome, ente="Cooperativa Il Filo")
    pagina.locator("#campo-comune").select_option("D142")
    pagina.get_by_role("button", name="Registra l’unità d’offerta").click()
    pagina.wait_for_url(re.compile(r"/unita/\d+/domande/nuova$"))
    visita.scatta(pagina, "accreditamenti-domanda-nuova")
    pagina.locator("#campo-regole").select_option("assistenza-domiciliare")
    scrivi(pagina, protocollo=f"2025/{visita.larghezza}", presentata_il="01/02/2025")
    pagina.get_by_role("button", name="Registra la domanda").click()
    pagina.wait_for_url(re.compile(r"/accreditamenti/\d+/istruttoria$"))
    scrivi(pagina, **{"valore-operatori-qualificati": "molti"})
    pagina.get_by_role("button", name="Registra le risposte").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text(
        "Operatori per persone seguite: non è una cifra"
    )
    visita.scatta(pagina, "accreditamenti-istruttoria-errori")
    pagina.locator("#campo-valore-coordinatore").select_option("si")
    pagina.locator("#campo-valore-carta-dei-servizi").select_option("no")
    pagina.locator("#campo-valore-polizza").select_option("si")
    scrivi(
        pagina,
        **{
            "valore-operatori-qualificati": "4,5", "utenti-operatori-qualificati": "40",
            "valore-formazione": "12", "valore-sostituzioni": "24",
            "dal-polizza": "01/01/2025", "scade-polizza": "31/12/2099",
        },
    )  # fmt: skip
    pagina.get_by_role("button", name="Registra le risposte").click()
    pagina.wait_for_url(re.compile(r"/accreditamenti/\d+$"))
    expect(pagina.locator("#valutazione")).to_contain_text("accreditabile con prescrizioni")
    expect(pagina.locator("#valutazione")).to_contain_text("4,5 per 40 utenti")
    assert "Filo" not in pagina.url
    visita.scatta(pagina, "accreditamenti-valutazione")
    pagina.get_by_role("link", name="Risposte e documenti").click()
    expect(pagina.locator("#campo-valore-operatori-qualificati")).to_have_value("4,5")
    file = tmp_path / "polizza.pdf"
    file.write_bytes(b"%PDF-1.4 prova")
    pagina.locator("#campo-requisito").select_option("polizza")
    pagina.locator("#campo-file").set_input_files(file)
    pagina.get_by_role("button", name="Carica il documento").click()
    expect(pagina.get_by_role("link", name="polizza.pdf")).to_be_visible()
    visita.scatta(pagina, "accreditamenti-istruttoria")
    pagina.get_by_role("link", name="Annulla").click()
    pagina.get_by_role("link", name="Registra un atto").click()
    pagina.get_by_role("button", name="Registra l’atto").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "accreditamenti-atto-errori")
    pagina.get_by_label("Accredita").check()
    scrivi(pagina, atto="Responsabile, n. 4", atto_data="03/03/2025", dal="10/03/2025")
    pagina.get_by_role("button", name="Registra l’atto").click()
    expect(pagina.locator("#prova")).to_contain_text("Rifatta adesso, uguale")
    expect(pagina.locator("#prescrizioni")).to_contain_text("Carta dei servizi, entro il")
    visita.scatta(pagina, "accreditamenti-accreditata")
    pagina.goto(visita.piattaforma.indirizzo + STANZA)
    expect(pagina.locator("#albo")).to_contain_text(nome)
    visita.scatta(pagina, "accreditamenti-albo")
    with pagina.expect_download() as scarico:
        pagina.get_by_role("link", name="Scarica CSV").click()
    testo = scarico.value.path().read_text("utf-8-sig")
    assert testo.splitlines()[0].startswith("tipologia;unita_offerta;ente_gestore;comune")
    assert f"{nome};Cooperativa Il Filo;Crema" in testo


def test_i_requisiti_e_un_atto_che_revoca(visita: Visita) -> None:
    pagina = visita.entra("rita.resp", f"{STANZA}/requisiti/asilo-nido")
    expect(pagina.locator("#requisiti")).to_contain_text("Metri quadrati: almeno 6 per ogni utente")
    visita.scatta(pagina, "accreditamenti-requisiti")
    pagina.goto(f"{visita.piattaforma.indirizzo}{STANZA}/{DOMANDE['data']}/atto")
    visita.scatta(pagina, "accreditamenti-atto-revoca")


def test_chi_lavora_per_un_comune_legge_l_albo_e_non_le_risposte(visita: Visita) -> None:
    pagina = visita.entra("pia.pandino", STANZA)
    expect(pagina.locator("#albo")).to_contain_text("Unità 2025/900")
    expect(pagina.get_by_role("link", name="Nuova unità d’offerta")).to_have_count(0)
    visita.scatta(pagina, "accreditamenti-albo-comune")
    pagina.goto(f"{visita.piattaforma.indirizzo}{STANZA}/{DOMANDE['data']}")
    expect(pagina.locator("#atti")).to_contain_text("Accreditamento dal")
    expect(pagina.locator("#valutazione")).to_have_count(0)
    expect(pagina.locator("#prova")).to_have_count(0)
    visita.scatta(pagina, "accreditamenti-domanda-comune")
    risposta = pagina.goto(f"{visita.piattaforma.indirizzo}{STANZA}/{DOMANDE['data']}/istruttoria")
    assert risposta is not None
    assert risposta.status in (403, 404)
