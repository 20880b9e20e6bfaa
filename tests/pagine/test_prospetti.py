"""The tables of the social spending among the files of the debito, and the reports, in a real browser.

Years of its own, in Cremona: 2015 and 2021 for the files, 2017 for the reports.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser import PaginaNuova
from tests.pagine.conftest import Piattaforma, Visita
from tests.prestazioni.casi import contesto
from tests.spesa.casi import a_carico_del_comune, approva, csv_di, porta, riga

from capofila.base.database import unita_di_lavoro
from capofila.spesa import service as spesa

pytestmark = pytest.mark.browser

Axe = Callable[[Page], None]
Fotografia = Callable[[Page, str], Path]
CREMONA, CASALBUTTANO = "019036", "019016"
CASA = "/cremona/debito"


@pytest.fixture(scope="module")
def con_le_schede(piattaforma: Piattaforma) -> Piattaforma:
    """Surveys of two comuni: of 2021 with one approved, of 2015 with both; a ledger of 2017."""

    async def porta_tutto() -> None:
        for anno in (2015, 2021):
            async with unita_di_lavoro(await contesto("cremona")):
                await spesa.apri(spesa.Apertura(anno=anno, comuni=(CREMONA, CASALBUTTANO)))
        for anno in (2015, 2017, 2021):
            esito = await porta(
                csv_di(
                    riga(anno, comune=CREMONA),
                    a_carico_del_comune(anno, "3000", comune=CREMONA, area="servizi_sociali",
                                        voce="segretariato", gestione="singola"),
                    a_carico_del_comune(anno, "500", comune=CASALBUTTANO, gestione="singola"),
                ),
                anno,
                slug="cremona",
            )  # fmt: skip
            assert not esito.errori_totali, esito.errori[:3]
        await approva(2021, CREMONA, slug="cremona")
        await approva(2015, CREMONA, CASALBUTTANO, slug="cremona")

    piattaforma.esegui(porta_tutto)
    return piattaforma


def test_le_tavole_dalla_richiesta_all_esito(
    con_le_schede: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe, fotografia: Fotografia
) -> None:
    piattaforma = con_le_schede
    pagina = piattaforma.entra(pagina_nuova(), "vera.cremo", f"{CASA}?anno=2021")
    stretta = piattaforma.entra(pagina_nuova(390), "vera.cremo")

    def guarda(nome: str) -> None:
        fotografia(pagina, f"{nome}-1280")
        axe(pagina)
        stretta.goto(pagina.url)
        fotografia(stretta, f"{nome}-390")
        axe(stretta)
        assert stretta.evaluate("document.documentElement.scrollWidth") <= 390, nome

    def chiedi(flusso: str, periodo: str) -> None:
        pagina.goto(f"{piattaforma.indirizzo}{CASA}?anno={periodo[:4]}")
        pagina.locator("#campo-flusso").select_option(flusso)
        pagina.locator("#campo-periodo").select_option(periodo)
        pagina.get_by_role("button", name="Prepara il file").click()

    guarda("prospetti-elenco")
    chiedi("spesa-regione", "2021-T1")
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("anno intero")
    chiedi("spesa-regione", "2021")
    # One comune is not approved: it says which, and leads to the survey.
    expect(pagina.locator("#motivi")).to_contain_text(
        "La scheda di Casalbuttano ed Uniti non è approvata: è aperta.", timeout=60_000
    )
    expect(pagina.locator("#motivi")).not_to_contain_text("errat")
    guarda("prospetti-respinta")
    pagina.locator("#motivi").get_by_role("link", name="rilevazione 2021").click()
    pagina.wait_for_url(re.compile(r"/spesa/rilevazioni/\d+$"))

    chiedi("spesa-regione", "2015")
    expect(pagina.locator("#manifesto")).to_be_visible(timeout=60_000)
    expect(pagina.locator("#stato")).to_contain_text("2 in stato «approvata»")
    expect(pagina.locator("#avvisi")).to_contain_text("il tracciato regionale non è pubblico")
    expect(pagina.locator("#stato")).not_to_contain_text("Beneficiari")
    expect(pagina.get_by_role("link", name="Confronta con il precedente")).to_have_count(0)
    guarda("prospetti-sigillata")
    file = pagina.url
    with pagina.expect_download() as scarico:
        pagina.get_by_role("link", name="Scarica il file").click()
    assert scarico.value.suggested_filename.endswith(".xlsx")
    # What speaks of records says that there are none, and is no dead end.
    for dove in ("confronto", "scartate"):
        risposta = pagina.goto(f"{file}/{dove}")
        assert risposta is not None
        assert risposta.status < 500
        expect(pagina.locator("main")).to_contain_text("non ha record")
        axe(pagina)

    pagina.goto(f"{file}/invio")
    expect(pagina.locator("form.conferma")).to_contain_text("rilevazione 2015")
    expect(pagina.locator("#campo-canale option[value=pdnd]")).to_have_count(0)
    guarda("prospetti-invio")
    pagina.get_by_label("Canale").select_option("pec")
    pagina.get_by_role("button", name="Registra l’invio").click()
    expect(pagina.locator("#invii")).to_be_visible()
    expect(pagina.locator("#stato")).to_contain_text("2 in stato «trasmessa»")
    guarda("prospetti-inviata")
    pagina.get_by_role("link", name="Registra l’esito").click()
    expect(pagina.get_by_label("File degli esiti")).to_have_count(0)
    guarda("prospetti-esito")
    pagina.get_by_label("Scartato").check()
    pagina.get_by_label("Le sue parole").fill("Manca un comune.")
    pagina.get_by_role("button", name="Registra l’esito").click()
    expect(pagina.locator("#stato")).to_contain_text("«Manca un comune.»")
    expect(pagina.locator("#stato")).to_contain_text("2 in stato «esito»")
    guarda("prospetti-scartata")
    anno = datetime.now(UTC).year
    pagina.goto(f"{piattaforma.indirizzo}/cremona/debito/trasmissioni?anno={anno}")
    expect(pagina.locator("#tabella-trasmissioni")).to_contain_text("tavole regionali A, B e C")


def test_il_rapporto_si_raggiunge_dall_analisi_e_si_scarica(
    visita: Visita, con_le_schede: Piattaforma
) -> None:
    pagina = con_le_schede.entra(visita.nuova(), "vera.cremo", "/cremona/spesa/analisi?anno=2017")
    expect(pagina.get_by_role("navigation").get_by_text("Rapporto")).to_have_count(0)
    pagina.get_by_role("link", name="La spesa sociale dei comuni, con e senza Cremona").click()
    expect(pagina.locator("h1")).to_have_text("La spesa sociale dei comuni, con e senza Cremona")
    expect(pagina.locator("main")).to_contain_text("Ambito senza Cremona")
    expect(pagina.locator("main")).to_contain_text("Azienda Sociale Cremonese del 12/03/2015")
    visita.fotografia(pagina, f"rapporto-cremona-{visita.larghezza}")
    visita.axe(pagina)
    assert pagina.evaluate("document.documentElement.scrollWidth") <= visita.larghezza
    for estensione, nome in (("xlsx", "Foglio di calcolo"), ("pdf", "PDF")):
        with pagina.expect_download() as scarico:
            pagina.get_by_role("link", name=nome).click()
        assert scarico.value.suggested_filename == (
            f"spesa-con-e-senza-cremona-cremona-2017.{estensione}"
        )
    pagina.goto(f"{con_le_schede.indirizzo}/cremona/spesa/analisi/rapporto?anno=2016")
    expect(pagina.locator("main")).to_contain_text("Nessuna rilevazione nel 2016")
    visita.axe(pagina)
    risposta = pagina.goto(
        f"{con_le_schede.indirizzo}/cremona/spesa/analisi/rapporto?anno=2017&codice=spesa-per-sub-ambito"
    )
    assert risposta is not None
    assert risposta.status == 404
    expect(pagina.locator("main")).to_contain_text("Nessun plugin attivo")
    visita.axe(pagina)
