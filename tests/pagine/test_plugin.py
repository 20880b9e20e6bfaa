"""The pages about plugins and those that a vendor's plugin brings, on a platform where it is installed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tests.estensioni.conftest import FORNITORE, installato
from tests.estensioni.test_vita import versione_nuova
from tests.pagine.conftest import PAROLA, Piattaforma, Visita, accesa

from capofila.accessi.service import aggiungi_utente
from capofila.base.approvazioni import Approvazione, approva, contenuto_installato, installati
from capofila.base.attivazioni import registro
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.guasti import annota
from capofila.base.plugin import PluginInErrore
from capofila.estensioni.migra import migra_plugin
from capofila.territorio.service import applica, applica_comuni


@pytest.fixture(scope="module")
def piattaforma(
    servizi: Any, modello: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Piattaforma]:
    """A platform with the vendor's plugin, an ambito of his, and a failure that was written."""
    pacchetti = tmp_path_factory.mktemp("installato")
    percorso = f"{pacchetti}:{FORNITORE}"
    with (
        installato(pacchetti),
        accesa(
            servizi, modello, tmp_path_factory.mktemp("mantova"), "_plugin", PYTHONPATH=percorso
        ) as tutto,
    ):
        asyncio.run(migra_plugin(tutto.banca.migra))
        tutto.esegui(_prepara)
        yield tutto


async def _prepara() -> None:
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await applica_comuni(FORNITORE / "ambito" / "comuni")
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await applica(FORNITORE / "ambito" / "mantova")
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await aggiungi_utente("mara", "Mara Mantova", PAROLA, "responsabile_udp", "mantova", None)
    async with unita_di_lavoro(Contesto()) as unita:
        ambito = await unita.valore("SELECT id FROM ambito WHERE slug = 'mantova'")
    prima, dopo = versione_nuova()
    quelli = (
        ("0.1.0", contenuto_installato(installati()["mantova"]), prima),
        ("0.2.0", "b" * 64, dopo),
    )
    async with unita_di_lavoro(Contesto(amministratore=True)):
        for versione, contenuto, risposte in quelli:
            una = Approvazione(
                plugin="mantova", versione=versione, contenuto=contenuto, sha256="0" * 64,
                fornitore="Fornitore di prova", contratto="1.6",
            )  # fmt: skip
            await approva(una, risposte)
    guasto = PluginInErrore.con_ingresso(
        registro().manifesto("mantova"), "adempimenti", "KeyError", "capofila_mantova:81", anno=2025
    )
    await annota(Contesto(ambito=ambito), guasto)


def test_l_amministrazione_vede_tutti_i_plugin(visita: Visita) -> None:
    pagina = visita.entra("ada.ammi", "/amministrazione/plugin")
    scheda = pagina.locator("#plugin-mantova")
    for cosa in ("Fornitore di prova", "Approvato", "tabelle proprie", "KeyError"):
        assert scheda.get_by_text(cosa).first.is_visible(), cosa
    visita.scatta(pagina, "plugin-installati")
    scheda.get_by_role("link", name="che cosa cambierebbe con la 0.2.0").click()
    assert pagina.get_by_text("Titolo della versione nuova").first.is_visible()
    visita.scatta(pagina, "plugin-anteprima")


def test_la_pagina_del_plugin_si_legge_e_si_compila(visita: Visita) -> None:
    pagina = visita.entra("mara", "/mantova/p/mantova/visite")
    modulo = pagina.get_by_role("form", name="Aggiungi a Visite alle sedi")
    modulo.get_by_label("Giorno").fill("ieri")
    modulo.get_by_role("button", name="Aggiungi").click()
    assert pagina.get_by_role("alert").is_visible()
    visita.scatta(pagina, "plugin-pagina-errori")
    modulo = pagina.get_by_role("form", name="Aggiungi a Visite alle sedi")
    modulo.get_by_label("Giorno").fill("3/2/2025")
    modulo.get_by_label("Sede visitata").fill("Casa Verde")
    modulo.get_by_label("Esito").select_option("rivedere")
    modulo.get_by_label("Spesa di viaggio").fill("12,50")
    modulo.get_by_role("button", name="Aggiungi").click()
    assert pagina.get_by_text("La riga è aggiunta.").is_visible()
    pagina.get_by_role("button", name="Ricalcola il riepilogo").click()
    assert pagina.get_by_text("Il calcolo è chiesto").is_visible()
    for _ in range(60):
        pagina.wait_for_timeout(250)
        pagina.reload()
        if pagina.locator("#righe-riepilogo").count():
            break
    assert pagina.locator("#righe-riepilogo").get_by_text("2025").first.is_visible()
    visita.scatta(pagina, "plugin-pagina")


def test_la_pagina_dei_plugin_dell_ambito_dice_i_guasti_e_gli_anni(visita: Visita) -> None:
    pagina = visita.entra("mara", "/mantova/plugin")
    assert pagina.get_by_role("heading", name="Errori dei plugin in questo ambito").is_visible()
    visita.scatta(pagina, "plugin-ambito")
    pagina.get_by_role("link", name="Anni fissati").click()
    pagina.get_by_label("Anno", exact=False).last.fill("2019" if visita.larghezza > 500 else "2018")
    pagina.get_by_role("button", name="Fissa", exact=True).click()
    assert pagina.get_by_text("è fissato").first.is_visible()
    visita.scatta(pagina, "plugin-anni")
    pagina.get_by_role("link", name="Distretto di Mantova con la versione").first.click()
    assert pagina.get_by_role("heading", name="Nessuna differenza").is_visible()
    visita.scatta(pagina, "plugin-differenze")
