"""The pictures of the documentation are taken of pages that open, over demonstration data.

They go into ``CAPOFILA_IMMAGINI`` when it is set (``make immagini``), and nowhere otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser import PaginaNuova
from tests.docs.immagini import ALTA, BYTE_MASSIMI, CARTELLA, FOTO, LARGA, Foto, misure, palette
from tests.estensioni.conftest import FORNITORE, installato
from tests.pagine import test_plugin
from tests.pagine.conftest import Piattaforma, accesa

from capofila.dimostrazione import PAROLA, prepara_dimostrazione

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def piattaforma(
    servizi: Any, modello: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Piattaforma]:
    """A platform with the demonstration's data, and the vendor's plugin in an ambito of his."""
    pacchetti = tmp_path_factory.mktemp("installato")

    async def prepara() -> None:
        await prepara_dimostrazione(None, lambda _: None)
        await test_plugin._prepara()

    with (
        installato(pacchetti),
        accesa(
            servizi, modello, tmp_path_factory.mktemp("immagini"), "_immagini", vuota=True,
            PYTHONPATH=f"{pacchetti}:{FORNITORE}",
        ) as tutto,
    ):  # fmt: skip
        tutto.esegui(prepara)
        yield tutto


@pytest.mark.parametrize("foto", FOTO, ids=lambda foto: foto.nome)
def test_ogni_immagine_si_rifa(
    foto: Foto, piattaforma: Piattaforma, pagina_nuova: PaginaNuova
) -> None:
    pagina = pagina_nuova(LARGA, ALTA)
    pagina.goto(f"{piattaforma.indirizzo}/accesso")
    pagina.get_by_label("Nome utente").fill(foto.chi)
    pagina.get_by_label("Password").fill(PAROLA)
    pagina.get_by_role("button", name="Accedi").click()
    pagina.wait_for_url(lambda url: "/accesso" not in url)
    risposta = pagina.goto(piattaforma.indirizzo + foto.percorso)
    assert risposta is not None
    assert risposta.status == 200
    if foto.segui:
        pagina.locator(foto.segui).first.click()
    for campo, testo in foto.scrivi:
        pagina.locator(campo).fill(testo)
    if foto.premi:
        pagina.get_by_role("button", name=foto.premi).first.click()
    pagina.wait_for_load_state()
    if foto.cerca:
        pagina.locator(foto.cerca).evaluate("uno => uno.scrollIntoView(true)")
    assert pagina.locator("h1").count() == 1
    assert pagina.get_by_text("Dimostrazione").count()
    png = palette(pagina.screenshot())
    assert misure(png) == (LARGA, ALTA, 3)
    assert len(png) <= BYTE_MASSIMI, f"{foto.nome} pesa {len(png)} byte"
    if dove := os.environ.get("CAPOFILA_IMMAGINI"):
        (Path(dove) / f"{foto.nome}.png").write_bytes(png)
    assert (CARTELLA / f"{foto.nome}.png").is_file(), "«make immagini» la scrive"
