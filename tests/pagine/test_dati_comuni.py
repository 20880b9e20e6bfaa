"""The page where the administration loads inhabitants and boundaries, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser import PaginaNuova
from tests.pagine.conftest import Piattaforma
from tests.pagine.test_moduli import scatta

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("larghezza", [1280, 390])
def test_i_dati_dei_comuni_dicono_da_dove_vengono_e_che_cosa_non_va(
    piattaforma: Piattaforma,
    larghezza: int,
    pagina_nuova: PaginaNuova,
    axe: Callable[[Page], None],
    fotografia: Callable[[Page, str], Path],
) -> None:
    pagina = piattaforma.entra(pagina_nuova(larghezza), "ada.ammi", "/amministrazione/territorio")
    expect(pagina.locator("#anni")).to_contain_text("ISTAT, censimento della popolazione del 2011")
    scatta(pagina, "dati-comuni", larghezza, axe, fotografia)
    pagina.locator("#campo-popolazione").set_input_files(
        {"name": "p.csv", "mimeType": "text/csv", "buffer": b"istat;anno;residenti\n019035;x;1\n"}
    )
    pagina.locator("#campo-fonte").fill("Una fonte di prova")
    pagina.get_by_role("button", name="Carica la popolazione").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("Riga 2: «x» non è un anno")
    expect(pagina.locator("#campo-fonte")).to_have_value("Una fonte di prova")
    scatta(pagina, "dati-comuni-errore", larghezza, axe, fotografia)
