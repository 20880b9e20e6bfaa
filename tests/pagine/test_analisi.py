"""The analysis of the social spending in a real browser. It has years of its own, of 2020 at the latest."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from tests.browser import PaginaNuova
from tests.pagine.conftest import Piattaforma, Visita
from tests.pagine.test_pagine import Axe, Fotografia
from tests.spesa.casi import PANDINO, csv_di, porta, riga

pytestmark = pytest.mark.browser

ANNI = (2010, 2011, 2019, 2020)
AREE = ("minori_famiglia", "disabili", "anziani", "emarginazione_poverta")


def _righe(comuni: list[tuple[str, str]], anno: int) -> list[dict[str, str]]:
    """Invented lines of every comune but the last one: some thousands of euro each."""
    righe = []
    for n, (_, istat) in enumerate(comuni[:-1]):
        for m, area in enumerate(AREE):
            utenti, fsr = 300 * (n + 1), 1000 * (m + 1)
            comune = Decimal(20_000 + 1_700 * ((n * 7 + m * 5 + anno) % 23))
            righe.append(
                riga(
                    anno, comune=istat, area=area, gestione=("singola", "associata")[(n + m) % 2],
                    spesa=str(comune + utenti + fsr), quota_utenti=str(utenti), quota_ssn="",
                    risorse_comune=str(comune), fsr=str(fsr), utenti=str(5 + n + m),
                )
            )  # fmt: skip
    return righe


@pytest.fixture(scope="module")
def con_la_spesa(piattaforma: Piattaforma) -> Piattaforma:
    """The platform, with a ledger of four years in Crema."""

    async def porta_tutto() -> None:
        for anno in ANNI:
            esito = await porta(csv_di(*_righe(piattaforma.comuni["crema"], anno)), anno)
            assert not esito.errori_totali, esito.errori[:3]

    piattaforma.esegui(porta_tutto)
    return piattaforma


def _guarda(
    pagina: Page,
    nome: str,
    larghezza: int,
    axe: Axe,
    fotografia: Fotografia,
    titolo: str = "Analisi della spesa",
) -> None:
    fotografia(pagina, f"{nome}-{larghezza}")
    axe(pagina)
    expect(pagina.locator("h1")).to_have_text([titolo])
    assert pagina.evaluate("document.documentElement.scrollWidth") <= larghezza


def test_le_pagine_dell_analisi_sono_accessibili(visita: Visita, con_la_spesa: Piattaforma) -> None:
    pagina = con_la_spesa.entra(visita.nuova(), "olga.oper", "/crema/spesa/analisi?anno=2011")
    _guarda(pagina, "analisi-abitanti", visita.larghezza, visita.axe, visita.fotografia)
    for nome, percorso in {
        "sub-ambiti": "/crema/spesa/analisi?anno=2020&ordina=-pro_capite",
        "filtrata": "/crema/spesa/analisi?anno=2020&sub_ambito=1&area=anziani",
        "vuota": "/crema/spesa/analisi?anno=1999",
    }.items():
        pagina.goto(con_la_spesa.indirizzo + percorso)
        _guarda(pagina, f"analisi-{nome}", visita.larghezza, visita.axe, visita.fotografia)


def test_la_pagina_delle_figure_pubblicate_dice_che_cosa_non_torna(visita: Visita) -> None:
    pagina = visita.entra("vera.cremo", "/cremona/spesa/pubblicate")
    _guarda(
        pagina, "pubblicate", visita.larghezza, visita.axe, visita.fotografia, "Figure pubblicate"
    )
    storte = pagina.locator("#storte li")
    expect(storte).to_have_count(4)
    for differenza in ("55 €", "1 €", "99,95 %"):
        expect(storte.filter(has_text=differenza)).not_to_have_count(0)
    a_testa = pagina.get_by_role("row", name="Cremonese: Spesa per abitante 125,6")
    expect(a_testa).to_contain_text("125,65 €")
    expect(a_testa).to_contain_text("arrotondata, è la stessa")


def test_si_filtra_dall_indirizzo_e_dalla_mappa_anche_senza_javascript(
    con_la_spesa: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = con_la_spesa.entra(
        pagina_nuova(1280, javascript=False), "olga.oper", "/crema/spesa/analisi?anno=2020"
    )
    expect(pagina.locator("#mancanze")).to_contain_text("Senza nessuna riga nel 2020")
    expect(pagina.locator("#tabella-comuni tbody tr")).to_have_count(47)
    pagina.get_by_label("Sub-ambito").select_option("1")
    pagina.get_by_role("button", name="Filtra").click()
    expect(pagina.locator("#tabella-comuni tbody tr")).to_have_count(7)
    assert "sub_ambito=1" in pagina.url
    pagina.locator("svg.carta a[aria-label^='Pandino']").click()
    assert f"comune={PANDINO}" in pagina.url
    expect(pagina.locator("#tabella-comuni tbody tr")).to_have_count(1)
    expect(pagina.locator("#tabella-gestione tbody tr")).to_have_count(1)
    pagina.get_by_role("link", name="Togli i filtri").click()
    expect(pagina.locator("#tabella-comuni tbody tr")).to_have_count(47)


def test_chi_lavora_per_un_comune_vede_solo_il_suo(
    con_la_spesa: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = con_la_spesa.entra(pagina_nuova(1280), "pia.pandino", "/crema/spesa/analisi?anno=2020")
    expect(pagina.locator("#tabella-comuni tbody tr")).to_have_count(1)
    expect(pagina.locator("#tabella-comuni")).to_contain_text("Pandino")
    expect(pagina.locator("main")).not_to_contain_text("senza Crema")
    expect(pagina.locator("main")).not_to_contain_text("Agnadello")
