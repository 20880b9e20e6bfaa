"""The page where the administration loads inhabitants and boundaries, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.pagine.conftest import Visita

pytestmark = pytest.mark.browser


def test_i_dati_dei_comuni_dicono_da_dove_vengono_e_che_cosa_non_va(visita: Visita) -> None:
    pagina = visita.entra("ada.ammi", "/amministrazione/territorio")
    expect(pagina.locator("#anni")).to_contain_text("ISTAT, censimento della popolazione del 2011")
    visita.scatta(pagina, "dati-comuni")
    pagina.locator("#campo-popolazione").set_input_files(
        {"name": "p.csv", "mimeType": "text/csv", "buffer": b"istat;anno;residenti\n019035;x;1\n"}
    )
    pagina.locator("#campo-fonte").fill("Una fonte di prova")
    pagina.get_by_role("button", name="Carica la popolazione").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("Riga 2: «x» non è un anno")
    expect(pagina.locator("#campo-fonte")).to_have_value("Una fonte di prova")
    visita.scatta(pagina, "dati-comuni-errore")
