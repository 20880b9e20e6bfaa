"""All the users together, in a real browser: recomputed, decided, tried by another rule, comune by comune."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import expect
from tests.compartecipazione.casi import attesta, contesto, persona, registra
from tests.pagine.conftest import Piattaforma, Visita

from capofila.base.database import unita_di_lavoro

pytestmark = pytest.mark.browser

STANZA = "/crema/compartecipazione"
ADOTTA, VARIANTI, NON_ADOTTA, PANDINO = "A570", "B881", "B484", "G306"
GIORNI = {1280: (2025, 2), 390: (2025, 3)}
"""A day for each width, that no other test computes: these users are there from 2025."""


@pytest.fixture(scope="module", autouse=True)
def utenti(piattaforma: Piattaforma) -> None:
    """Eight users from 2025 on, of four comuni."""

    async def popola() -> None:
        async with unita_di_lavoro(await contesto("crema")):
            await registra(ADOTTA, dal=date(2025, 1, 1))
            await registra(PANDINO, dal=date(2025, 1, 1))
            await registra(NON_ADOTTA, stato="non_adotta", dal=date(2025, 1, 1))
            await registra(
                VARIANTI, stato="adotta_con_varianti", dal=date(2025, 1, 1),
                varianti={"tariffa_massima": Decimal(20)},
            )  # fmt: skip
            for n in range(8):
                una = await persona(
                    7000 + n, (ADOTTA, VARIANTI, NON_ADOTTA, PANDINO)[n % 4],
                    dal=date(2025, 1, 1), quantita=Decimal(10),
                    costo=None if n == 4 else Decimal("25.00"),
                )  # fmt: skip
                if n != 1:
                    await attesta(una, f"{4500 + 2500 * n}", presentata=date(2025, 1, 5))

    piattaforma.esegui(popola)


def test_si_ricalcola_si_guarda_e_si_decide(visita: Visita) -> None:
    anno, mese = GIORNI[visita.larghezza]
    pagina = visita.entra("olga.oper", f"{STANZA}/ricalcoli")
    pagina.locator("#campo-giorno").fill("31/02/2025")
    pagina.get_by_role("button", name="Ricalcola").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "ricalcoli-errori")
    pagina.locator("#campo-servizio").select_option("sad")
    pagina.locator("#campo-giorno").fill(f"01/{mese:02d}/{anno}")
    pagina.get_by_role("button", name="Ricalcola").click()
    pagina.wait_for_url(re.compile(r"/ricalcoli/\d+$"))
    expect(pagina.locator(".metriche")).to_be_visible(timeout=30_000)
    qui = pagina.url
    pagina.goto(f"{qui}?quali=non_calcolate")
    righe = pagina.locator("#esiti tbody tr", has_text="Anna 70")
    expect(righe).to_have_count(3)
    expect(righe.filter(has_text="Anna 7001")).to_contain_text("Non c'è un ISEE")
    expect(righe.filter(has_text="Anna 7002")).to_contain_text("non ha adottato")
    visita.scatta(pagina, "ricalcolo-senza-quota")
    pagina.goto(qui)
    da_decidere = 5 if visita.larghezza == 1280 else 0
    if da_decidere:
        expect(pagina.locator("#esiti tbody tr", has_text="Anna 70")).to_have_count(da_decidere)
        pagina.get_by_role("button", name="Decidi tutte").click()
        expect(pagina.locator("#riepilogo-errori")).to_contain_text("Scrivi chi ha deciso")
        visita.scatta(pagina, "ricalcolo-decidi-errori")
        for nome, valore in (
            ("organo", "Servizi sociali"),
            ("numero", "44"),
            ("data", "20/01/2025"),
        ):
            pagina.locator(f"#campo-{nome}").fill(valore)
        pagina.get_by_role("button", name="Decidi tutte").click()
        expect(pagina.locator("main")).to_contain_text(
            "con l’atto di Servizi sociali", timeout=30_000
        )
        pagina.goto(f"{qui}?quali=tutti")
        expect(pagina.locator("#esiti a", has_text="Decisa")).to_have_count(da_decidere)
    else:
        # What the other width decided holds on: nothing of those changes.
        pagina.goto(f"{qui}?quali=tutti")
    visita.scatta(pagina, "ricalcolo")
    pagina.goto(f"{visita.piattaforma.indirizzo}{STANZA}/ricalcoli")
    visita.scatta(pagina, "ricalcoli")
    assert "Anna" not in qui


def test_se_cambiasse_la_regola_si_vede_chi_paga_e_quanto_costa(visita: Visita) -> None:
    pagina = visita.entra("olga.oper", f"{STANZA}/effetti?giorno=01/04/2025&servizio=sad")
    pagina.locator("#campo-comune").select_option(ADOTTA)
    pagina.locator("#campo-variante-tariffa_massima").fill("2")
    pagina.get_by_role("button", name="Mostra che cosa cambia").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("le tariffe dei nodi non crescono")
    visita.scatta(pagina, "effetti-errori")
    pagina.locator("#campo-variante-tariffa_massima").fill("19,00")
    pagina.get_by_role("button", name="Mostra che cosa cambia").click()
    # ISEE 4.500 pays 3.62 an hour as before; 14.500 pays 17.77 today and 13.52 then: 42.50 in ten hours.
    expect(pagina.locator("#effetto")).to_contain_text(
        "Su 2 utenti, 0 pagherebbero di più e 1 di meno"
    )
    expect(pagina.locator("#effetto")).to_contain_text("42,50 €")
    expect(pagina.locator("#tabella-comuni tbody tr")).to_have_count(1)
    expect(pagina.locator("#curve")).to_be_visible()
    visita.scatta(pagina, "effetti")
    assert "variante-tariffa_massima=19" in pagina.url
    pagina.goto(
        f"{visita.piattaforma.indirizzo}{STANZA}/effetti?giorno=01/04/2025&servizio=sad&contro=comune&con={NON_ADOTTA}"
    )
    expect(pagina.locator("#effetto")).to_contain_text("Nessuno pagherebbe di più o di meno")
    pagina.goto(
        f"{visita.piattaforma.indirizzo}{STANZA}/effetti?giorno=01/04/2025&servizio=sad&contro=giorno&altro=32/1/2025"
    )
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()


def test_i_comuni_accanto_con_lo_scarto_dalla_media(visita: Visita) -> None:
    percorso = f"{STANZA}/omogeneita?giorno=01/04/2025&servizio=sad"
    pagina = visita.entra("olga.oper", percorso)
    tabella = pagina.locator("#tabella-sad")
    expect(tabella.locator("tr", has_text="Camisano")).to_contain_text("Non adotta")
    expect(tabella.locator("tbody tr").last).to_contain_text("Ambito")
    expect(pagina.locator("#servizio-sad")).to_contain_text(
        "Utenti di cui il costo non è registrato: 1"
    )
    visita.scatta(pagina, "omogeneita")
    for nome, inizio in (("Foglio di calcolo", b"PK"), ("CSV", "﻿tavola;".encode())):
        with pagina.expect_download() as scaricata:
            pagina.get_by_role("link", name=nome).click()
        assert scaricata.value.path().read_bytes().startswith(inizio)
    # Whoever works for a comune sees its row, and no sum of the others.
    sua = visita.entra("pia.pandino", percorso)
    expect(sua.locator("#tabella-sad tbody tr")).to_have_count(1)
    expect(sua.locator("#tabella-sad")).to_contain_text("Pandino")
    expect(sua.locator("main")).to_contain_text("la media dell’ambito le vede l’Ufficio di Piano")
    visita.scatta(sua, "omogeneita-di-un-comune")
