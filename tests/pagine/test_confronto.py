"""The releases of an ambito and the agency's comparison, in a real browser. Years of its own: 2013 and 2014."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect
from tests.browser import PaginaNuova
from tests.confronto.casi import ATTO, ats, conviene, pubblica, spende
from tests.conoscenza.casi import porta as porta_indicatori
from tests.pagine.conftest import PAROLA, Piattaforma, Visita
from tests.pagine.test_pagine import Axe, Fotografia
from tests.prestazioni.casi import contesto

from capofila.accessi.service import aggiungi_utente
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.confronto import aperti, pubblicazioni
from capofila.territorio import service as territorio

pytestmark = pytest.mark.browser
ANNI = (2013, 2014)


@pytest.fixture(scope="module")
def con_le_figure(piattaforma: Piattaforma) -> Piattaforma:
    """Three ambiti with a convention; two released their spending of two years, one of none."""

    async def porta() -> None:
        await ats()
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await aggiungi_utente(
                "anna.ats", "Anna Analista", PAROLA, "analista_ats", None, None, ats="valpadana"
            )
        for slug, euro in (("crema", 1000), ("cremona", 1700)):
            convenzione = await conviene(
                slug, dal="2020-01-01", dataset=("spesa", "indicatori", "utenti")
            )
            comuni = [istat for _, istat in piattaforma.comuni[slug]]
            capoluogo = {"crema": "019035", "cremona": "019036"}[slug]
            comuni = [capoluogo, *[c for c in comuni if c != capoluogo][:12]]
            for anno in ANNI:
                await spende(slug, anno, comuni, euro=euro + anno - 2000)
                await pubblica(slug, anno, convenzione)
            await porta_indicatori("VUL-D-01;2013;ambito;512;ALER", slug=slug)
            await pubblica(slug, 2013, convenzione, "indicatori")
        await conviene("casalmaggiore", dal="2020-01-01")

    piattaforma.esegui(porta)
    return piattaforma


def _guarda(pagina: Page, nome: str, larghezza: int, axe: Axe, fotografia: Fotografia) -> None:
    fotografia(pagina, f"{nome}-{larghezza}")
    axe(pagina)
    expect(pagina.locator("h1")).to_have_count(1)
    assert pagina.evaluate("document.documentElement.scrollWidth") <= larghezza


def test_le_pagine_dell_ats_sono_accessibili(visita: Visita, con_le_figure: Piattaforma) -> None:
    pagina = con_le_figure.entra(visita.nuova(), "anna.ats", "/ats/valpadana")
    _guarda(pagina, "ats-ingresso", visita.larghezza, visita.axe, visita.fotografia)
    for nome, query in {
        "spesa": "dataset=spesa&anno=2014&indicatore=spesa",
        "filtrata": "dataset=spesa&anno=2014&indicatore=utenti&voce=disabili&perimetro=senza_capoluogo",
        "pubblicate": "dataset=spesa&anno=2011",
        "vuota": "dataset=utenti&anno=2014",
    }.items():
        pagina.goto(f"{con_le_figure.indirizzo}/ats/valpadana/confronto?{query}")
        _guarda(pagina, f"ats-{nome}", visita.larghezza, visita.axe, visita.fotografia)


def test_le_pagine_delle_pubblicazioni_sono_accessibili(
    visita: Visita, con_le_figure: Piattaforma
) -> None:
    pagina = con_le_figure.entra(visita.nuova(), "rita.resp", "/crema/pubblicazioni")
    _guarda(pagina, "pubblicazioni", visita.larghezza, visita.axe, visita.fotografia)
    pagina.locator("#scelta-anno").select_option("2014")
    pagina.get_by_role("button", name="Vedi l’anteprima").click()
    expect(pagina.locator("h1")).to_have_text("Anteprima: Spesa sociale 2014")
    _guarda(pagina, "pubblicazioni-anteprima", visita.larghezza, visita.axe, visita.fotografia)
    expect(pagina.get_by_text("soppressa", exact=True).first).to_be_visible()
    # The act is wanted, and said where it is missing.
    pagina.locator("#campo-atto").evaluate("e => e.removeAttribute('required')")
    pagina.locator("#campo-atto_data").evaluate("e => e.removeAttribute('required')")
    pagina.get_by_role("button", name="Pubblica").click()
    expect(pagina.locator("#riepilogo-errori li")).to_have_count(2)
    _guarda(pagina, "pubblicazioni-errori", visita.larghezza, visita.axe, visita.fotografia)
    pagina.goto(f"{con_le_figure.indirizzo}/crema/pubblicazioni")
    pagina.get_by_role("link", name=re.compile("Spesa sociale 2013")).first.click()
    _guarda(pagina, "pubblicazione", visita.larghezza, visita.axe, visita.fotografia)
    pagina.get_by_role("link", name="Ritira").click()
    _guarda(pagina, "pubblicazione-ritira", visita.larghezza, visita.axe, visita.fotografia)
    pagina.goto(f"{con_le_figure.indirizzo}/crema/pubblicazioni/letture")
    _guarda(pagina, "letture", visita.larghezza, visita.axe, visita.fotografia)


def test_si_confronta_si_filtra_e_si_scarica_anche_senza_javascript(
    con_le_figure: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = con_le_figure.entra(
        pagina_nuova(1280, javascript=False), "anna.ats",
        "/ats/valpadana/confronto?dataset=spesa&anno=2014&indicatore=spesa",
    )  # fmt: skip
    righe = pagina.locator("#tabella-ambiti tbody tr")
    expect(righe).to_have_count(3)
    expect(righe.nth(0)).to_contain_text("1º")
    expect(righe.nth(0)).to_contain_text("Cremon")
    expect(righe.nth(2)).to_contain_text("Non pubblicata")
    expect(pagina.locator("#tabella-anni tbody tr")).to_have_count(3)
    pagina.get_by_label("Area").select_option("disabili")
    pagina.get_by_label("Capoluoghi").select_option("senza_capoluogo")
    pagina.get_by_role("button", name="Filtra").click()
    assert "voce=disabili" in pagina.url
    assert "perimetro=senza_capoluogo" in pagina.url
    expect(pagina.locator("#comuni h2")).to_contain_text("senza i capoluoghi")
    pagina.get_by_label("Ambito", exact=True).select_option("crema")
    pagina.get_by_role("button", name="Filtra").click()
    expect(pagina.locator("#tabella-ambiti tbody tr")).to_have_count(1)
    expect(pagina.get_by_label("Ambito", exact=True)).to_have_value("crema")
    # Another dataset has no such area: the page goes on without it.
    pagina.goto(pagina.url.replace("voce=disabili", "voce=sad").replace("ambito=crema", ""))
    assert "voce" not in pagina.url
    expect(pagina.locator("#tabella-ambiti tbody tr")).to_have_count(3)
    for nome, inizio in (
        ("CSV", b"\xef\xbb\xbf"),
        ("Foglio di calcolo", b"PK"),
        ("Immagine PNG", b"\x89PNG"),
    ):
        indirizzo = (
            pagina.locator("#ambiti")
            .get_by_role("link", name=re.compile(nome))
            .get_attribute("href")
        )
        risposta = pagina.request.get(con_le_figure.indirizzo + str(indirizzo))
        assert (risposta.status, risposta.body()[: len(inizio)]) == (200, inizio), nome
    for grafico in ("anni", "comuni"):
        risposta = pagina.request.get(
            f"{con_le_figure.indirizzo}/ats/valpadana/confronto/{grafico}.png?anno=2014&indicatore=spesa"
        )
        assert risposta.body().startswith(b"\x89PNG")
    for strano in ("voce=%00", "ordina=x", f"anno={'9' * 5000}"):
        risposta = pagina.request.get(f"{con_le_figure.indirizzo}/ats/valpadana/confronto?{strano}")
        assert risposta.status == 400, strano[:20]


def test_le_figure_del_2011_ci_sono_con_i_55_euro_che_non_tornano(
    con_le_figure: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = con_le_figure.entra(
        pagina_nuova(1280), "anna.ats", "/ats/valpadana/confronto?dataset=spesa&anno=2011"
    )
    righe = pagina.locator("#tabella-pubblicate tbody tr")
    expect(righe).to_have_count(3)
    for n, (distretto, euro) in enumerate(
        (("Casalasco", "129,80"), ("Cremonese", "125,60"), ("Cremasco", "98,00"))
    ):
        expect(righe.nth(n)).to_contain_text(distretto)
        expect(righe.nth(n)).to_contain_text(euro)
    expect(pagina.locator("#storte li")).to_have_count(2)
    expect(pagina.locator("#storte")).to_contain_text("55 €")
    expect(pagina.locator("#tabella-figure")).to_contain_text("40.615.777 €")
    # Each source has what it printed.
    expect(pagina.locator("#tabella-figure")).to_contain_text("presentazione, marzo 2014")
    expect(pagina.locator("#tabella-figure")).not_to_contain_text("Lombardia")
    expect(pagina.locator("#tabella-figure-2")).to_contain_text("Lombardia: Spesa per abitante")
    expect(pagina.locator("#niente")).to_contain_text("non hanno pubblicato dati loro del 2011")
    figure = pagina.locator("#pubblicate").get_by_role("link", name="CSV della tabella «figure»")
    risposta = pagina.request.get(con_le_figure.indirizzo + str(figure.get_attribute("href")))
    assert "Casalasco: Spesa per abitante, € (Il welfare dei tre" in risposta.text()
    assert ";Pubblicata;129,8\r\n" in risposta.text()
    foglio = pagina.request.get(
        f"{con_le_figure.indirizzo}/ats/valpadana/confronto.xlsx?dataset=spesa&anno=2011"
    )
    with ZipFile(io.BytesIO(foglio.body())) as cartella:
        assert "differenza 55 €" in cartella.read("xl/sharedStrings.xml").decode()
    immagine = pagina.locator("#pubblicate").get_by_role("link", name=re.compile("Immagine PNG"))
    risposta = pagina.request.get(con_le_figure.indirizzo + str(immagine.get_attribute("href")))
    assert risposta.body().startswith(b"\x89PNG")


def test_senza_anno_si_apre_l_ultimo_che_c_e(
    con_le_figure: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    radice = f"{con_le_figure.indirizzo}/ats/valpadana"
    pagina = con_le_figure.entra(
        pagina_nuova(1280), "anna.ats", "/ats/valpadana/confronto?indicatore=utenti"
    )
    expect(pagina.get_by_label("Anno")).to_have_value("2014")
    expect(pagina.get_by_label("Misura")).to_have_value("utenti")
    expect(pagina.locator("#tabella-ambiti tbody tr").first).to_contain_text("1º")
    pagina.goto(f"{radice}/matrice?dataset=indicatori")
    expect(pagina.get_by_label("Anno")).to_have_value("2013")
    file = pagina.request.get(f"{radice}/matrice.csv").headers["content-disposition"]
    assert file.endswith('-2014.csv"')
    # A year with nothing says so, and goes to one that has something.
    for dove in ("confronto", "matrice"):
        pagina.goto(f"{radice}/{dove}?anno=2009&perimetro=senza_capoluogo")
        expect(pagina.locator(".vuoto")).to_contain_text(
            "Nessun ambito ha pubblicato questi dati per il 2009"
        )
        pagina.get_by_role("link", name="Vedi il 2014").click()
        expect(pagina.get_by_label("Anno")).to_have_value("2014")
        expect(pagina.get_by_label("Capoluoghi", exact=True)).to_have_value("senza_capoluogo")
        expect(pagina.locator(".vuoto")).to_have_count(0)
        # Of these data there is nothing at all.
        pagina.goto(f"{radice}/{dove}?dataset=utenti")
        expect(pagina.locator(".vuoto")).to_contain_text("Nessun ambito ha")
        pagina.get_by_role("link", name="Che cosa si può confrontare").click()
        expect(pagina.locator("#offerte")).to_be_visible()


def test_un_file_che_non_c_e_si_rifiuta_dicendo_che_fare(
    con_le_figure: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    radice = f"{con_le_figure.indirizzo}/ats/valpadana"
    pagina = con_le_figure.entra(pagina_nuova(1280), "anna.ats", "/ats/valpadana")
    rifiuti = {
        "confronto.csv?anno=2014&tavola=zzz": (400, "torna al confronto e scarica da lì"),
        "confronto.xlsx?anno=2014&tavola=zzz": (400, "torna al confronto e scarica da lì"),
        "confronto.csv?anno=2014&tavola=pubblicate": (404, "Del 2014 questa tabella non c&#39;è"),
        "confronto.csv?anno=2014&voce=zzz": (400, "(area) non è fra le cifre pubblicate"),
        "confronto.csv?anno=2014&ambito=nessuno": (400, "non si può leggere oggi"),
        "confronto/ambiti.png?anno=2014&ambito=nessuno": (400, "non si può leggere oggi"),
        "confronto.csv?dataset=indicatori&anno=2013": (
            400,
            "manca che cosa scaricare (indicatore)",
        ),
        "confronto.xlsx?dataset=indicatori&anno=2013": (
            400,
            "manca che cosa scaricare (indicatore)",
        ),
        "matrice.csv?anno=2009": (404, "per il 2009: scegli un altro anno"),
        "matrice.xlsx?anno=2009": (404, "per il 2009: scegli un altro anno"),
    }
    for dove, (stato, detto) in rifiuti.items():
        risposta = pagina.request.get(f"{radice}/{dove}")
        assert risposta.status == stato, dove
        assert detto in risposta.text(), dove
    # The page goes on without what cannot be read.
    pagina.goto(f"{radice}/confronto?anno=2014&ambito=nessuno&voce=zzz")
    assert "ambito=" not in pagina.url
    assert "voce=" not in pagina.url
    expect(pagina.locator("#tabella-ambiti tbody tr")).to_have_count(3)


def test_cio_che_non_si_somma_non_ha_la_colonna_del_totale(
    con_le_figure: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = con_le_figure.entra(
        pagina_nuova(1280), "anna.ats", "/ats/valpadana/matrice?dataset=indicatori&anno=2013"
    )
    teste = pagina.locator("#tabella-matrice thead th")
    expect(teste).to_have_count(2)
    expect(teste.nth(1)).to_contain_text("VUL-D-01")
    expect(pagina.locator("#tabella-matrice tbody tr")).to_have_count(3)
    file = pagina.request.get(pagina.url.replace("/matrice?", "/matrice.csv?")).text()
    assert "Scegli un indicatore" not in file
    assert ";512\r\n" in file
    # What has no figure by that measure says so, in the matrix, in the file, in the comparison.
    rapporto = "dataset=indicatori&anno=2013&indicatore=percento"
    radice = f"{con_le_figure.indirizzo}/ats/valpadana"
    pagina.goto(f"{radice}/matrice?{rapporto}")
    expect(pagina.locator(".vuoto")).to_contain_text("Nessuna cifra con questa misura")
    risposta = pagina.request.get(f"{radice}/matrice.csv?{rapporto}")
    assert (risposta.status, "un&#39;altra misura" in risposta.text()) == (404, True)
    pagina.goto(f"{radice}/confronto?{rapporto}")
    expect(pagina.locator("#niente")).to_contain_text("scegli un’altra misura")


def test_l_ambito_vede_chi_ha_letto(con_le_figure: Piattaforma, pagina_nuova: PaginaNuova) -> None:
    pagina = con_le_figure.entra(
        pagina_nuova(1280), "anna.ats", "/ats/valpadana/confronto?dataset=spesa&anno=2013"
    )
    expect(pagina.locator("#tabella-ambiti tbody tr")).to_have_count(3)
    altra = con_le_figure.entra(pagina_nuova(1280), "vera.cremo", "/cremona/pubblicazioni/letture")
    riga = altra.locator("#letture tbody tr").first
    expect(riga).to_contain_text("Anna Analista")
    expect(riga).to_contain_text("Spesa sociale 2013")
    altra.goto(f"{con_le_figure.indirizzo}/cremona/pubblicazioni/letture?pagina=99")
    expect(altra.locator(".vuoto")).to_contain_text("Questa pagina dell’elenco non c’è")
    altra.get_by_role("link", name="Vai alla prima pagina").click()
    expect(altra.locator("#letture")).to_be_visible()


def _a_parte(piattaforma: Piattaforma, cosa: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do something behind the pages, in a thread: the browser's loop runs in this one."""
    with ThreadPoolExecutor(1) as filo:
        filo.submit(piattaforma.esegui, cosa).result()


def _apri(con_le_figure: Piattaforma, slug: str, anno: int) -> None:
    """Open the publication of a year that is in force, unless it is open already."""

    async def apre() -> None:
        async with unita_di_lavoro(await contesto(slug)):
            gia = await aperti.aperte()
            for una in await pubblicazioni.pubblicazioni():
                if una.anno == anno and una.ritirata_il is None and una.id not in gia:
                    await aperti.apri(una.id, {**ATTO, "licenza": "cc-by-4.0"})

    _a_parte(con_le_figure, apre)


def test_i_dati_aperti_sono_accessibili_e_senza_accesso(
    visita: Visita, con_le_figure: Piattaforma
) -> None:
    _apri(con_le_figure, "cremona", 2013)
    pagina = visita.nuova()
    pagina.goto(f"{con_le_figure.indirizzo}/accesso")
    pagina.get_by_role("link", name="Dati aperti").first.click()
    expect(pagina.locator("h1")).to_have_text("Dati aperti")
    _guarda(pagina, "dati-aperti", visita.larghezza, visita.axe, visita.fotografia)
    pagina.locator("#insiemi").get_by_role("link", name=re.compile("^Spesa sociale 2013")).click()
    expect(pagina.locator("h1")).to_contain_text("Spesa sociale 2013")
    expect(pagina.get_by_role("link", name=re.compile("CC BY 4.0"))).to_be_visible()
    _guarda(pagina, "dato-aperto", visita.larghezza, visita.axe, visita.fotografia)
    assert not pagina.context.cookies()[1:]
    pagina.goto(f"{con_le_figure.indirizzo}/dati-aperti?dataset=debito")
    _guarda(pagina, "dati-aperti-nessuno", visita.larghezza, visita.axe, visita.fotografia)


def test_si_apre_e_si_toglie_dalla_pagina_della_pubblicazione(
    visita: Visita, con_le_figure: Piattaforma
) -> None:
    async def ripubblica() -> None:
        async with unita_di_lavoro(await contesto("cremona")):
            questa = next(c for c in await pubblicazioni.convenzioni() if not c.revocata_il)
            await pubblicazioni.pubblica("spesa", 2014, questa.id, ATTO)

    _a_parte(con_le_figure, ripubblica)
    pagina = con_le_figure.entra(visita.nuova(), "vera.cremo", "/cremona/pubblicazioni")
    pagina.locator("#rilasci tr", has_text="Pubblicata").get_by_role(
        "link", name=re.compile("Spesa sociale 2014")
    ).first.click()
    pagina.get_by_role("link", name="Apri a tutti").click()
    _guarda(pagina, "apri", visita.larghezza, visita.axe, visita.fotografia)
    pagina.get_by_label("Atto che apre i dati").fill("Determina del responsabile n. 5")
    pagina.get_by_label("Giorno dell’atto").fill("2026-02-03")
    pagina.get_by_role("button", name="Apri a tutti").click()
    expect(pagina.get_by_text("come li legge chiunque")).to_be_visible()
    _guarda(pagina, "aperta", visita.larghezza, visita.axe, visita.fotografia)
    qui = pagina.url
    pagina.get_by_role("link", name="come li legge chiunque").click()
    expect(pagina.locator("h1")).to_contain_text("Spesa sociale 2014")
    dove = pagina.url
    pagina.goto(qui)
    pagina.get_by_role("link", name="Togli dai dati aperti").click()
    pagina.get_by_label("Motivo").fill("un ripensamento")
    pagina.get_by_role("button", name="Togli").click()
    expect(pagina.get_by_text("Non più aperti")).to_be_visible()
    # What has ended is not asked again: an address that was kept goes to how it stands.
    for fine in ("apri", "chiudi"):
        pagina.goto(f"{qui}/{fine}")
        assert pagina.url == qui, fine
    pagina.goto(f"{con_le_figure.indirizzo}/cremona/pubblicazioni")
    pagina.locator("#rilasci tr", has_text="Sostituita").get_by_role("link").first.click()
    sostituita = pagina.url
    for fine in ("ritira", "apri"):
        pagina.goto(f"{sostituita}/{fine}")
        assert pagina.url == sostituita, fine
    risposta = pagina.goto(dove)
    assert risposta is not None
    assert risposta.status == 410
    expect(pagina.get_by_role("link", name="Tutti i dati aperti")).to_be_visible()
    _guarda(pagina, "dato-ritirato", visita.larghezza, visita.axe, visita.fotografia)


def test_una_pubblicazione_e_un_lavoro_che_si_segue(
    con_le_figure: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe
) -> None:
    pagina = con_le_figure.entra(pagina_nuova(1280), "rita.resp", "/crema/pubblicazioni")
    pagina.locator("#scelta-anno").select_option("2014")
    pagina.get_by_role("button", name="Vedi l’anteprima").click()
    pagina.get_by_label("Atto che approva").fill("Determina del responsabile n. 9")
    pagina.get_by_label("Giorno dell’atto").fill("2026-02-03")
    pagina.get_by_role("button", name="Pubblica").click()
    expect(pagina.locator("h1")).to_have_text("Pubblicazione: Spesa sociale 2014")
    axe(pagina)
    # It goes on by itself.
    expect(pagina.get_by_text("Le cifre sono pubblicate")).to_be_visible(timeout=60_000)
    axe(pagina)
    pagina.get_by_role("link", name="Vedi la pubblicazione").click()
    expect(pagina.get_by_text("Determina del responsabile n. 9")).to_be_visible()


def test_gli_ambiti_per_area_sono_accessibili_e_interi_sulla_carta(
    visita: Visita, con_le_figure: Piattaforma
) -> None:
    pagina = con_le_figure.entra(
        visita.nuova(),
        "anna.ats",
        "/ats/valpadana/confronto?dataset=spesa&anno=2013&indicatore=spesa",
    )
    pagina.get_by_role("link", name="Gli ambiti per area, in una tabella sola").click()
    righe = pagina.locator("#tabella-matrice tbody tr")
    expect(righe).to_have_count(4)
    expect(righe.last).to_contain_text("Media semplice")
    expect(pagina.locator("#tabella-matrice")).to_contain_text("Non pubblicata")
    _guarda(pagina, "matrice", visita.larghezza, visita.axe, visita.fotografia)
    intera = righe.nth(1).inner_text()
    for fine, inizio in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")):
        risposta = pagina.request.get(pagina.url.replace("/matrice?", f"/matrice.{fine}?"))
        assert (risposta.status, risposta.body()[: len(inizio)]) == (200, inizio)
    pagina.get_by_role("link", name="Senza il capoluogo").click()
    expect(righe).to_have_count(4)
    assert righe.nth(1).inner_text() != intera
    if visita.larghezza < 1280:
        return
    # On paper: A4 lying down, 12 mm of margin; no cell is cut, nothing to click is there.
    pagina.emulate_media(media="print")
    larga = int((297 - 24) / 25.4 * 96)
    pagina.set_viewport_size({"width": larga, "height": 700})
    oltre = pagina.evaluate(
        "larga => [...document.querySelectorAll('#tabella-matrice th, #tabella-matrice td')]"
        ".filter(c => c.getBoundingClientRect().right > larga + 1 || c.scrollWidth > c.clientWidth + 1)"
        ".map(c => c.textContent)",
        larga,
    )
    assert oltre == []
    for tolto in (".menu", ".filtri", ".azioni", ".briciole", ".non-in-stampa"):
        for uno in pagina.locator(tolto).all():
            expect(uno).to_be_hidden()
    expect(pagina.locator("#tabella-matrice")).to_be_visible()
    carta = pagina.pdf(prefer_css_page_size=True)
    assert carta.startswith(b"%PDF")
    visita.fotografia(pagina, "matrice-carta")


def test_la_mappa_ha_i_confini_che_l_amministratore_ha_caricato(
    con_le_figure: Piattaforma, pagina_nuova: PaginaNuova, axe: Axe
) -> None:
    def quadrato(istat: str, est: float, nord: float) -> dict[str, object]:
        angoli = [(0, 0), (0.05, 0), (0.06, 0.04), (0, 0.05), (0, 0)]
        anello = [[round(est + x, 4), round(nord + y, 4)] for x, y in angoli]
        return {
            "type": "Feature",
            "properties": {"istat": istat},
            "geometry": {"type": "Polygon", "coordinates": [anello]},
        }

    comuni = [istat for _, istat in con_le_figure.comuni["crema"] if istat != "019035"][:2]
    figure = [quadrato(c, 9.6 + n / 10, 45.3) for n, c in enumerate(["019035", *comuni])]
    file = json.dumps({"type": "FeatureCollection", "features": figure}).encode()

    async def carica() -> None:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await territorio.carica_confini(file, "Confini inventati per la prova")

    async def togli() -> None:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await territorio.togli_confini()

    dove = "/ats/valpadana/confronto?dataset=spesa&anno=2013&indicatore=spesa"
    pagina = con_le_figure.entra(pagina_nuova(1280), "anna.ats", dove)
    expect(pagina.locator("#comuni svg.carta path")).to_have_count(0)
    _a_parte(con_le_figure, carica)
    try:
        pagina.reload()
        expect(pagina.locator("#comuni svg.carta path")).to_have_count(3)
        expect(pagina.locator("#comuni")).to_contain_text("Confini inventati per la prova")
        expect(pagina.locator("#comuni")).to_contain_text("Un cerchio dove il confine non c’è")
        axe(pagina)
    finally:
        _a_parte(con_le_figure, togli)
