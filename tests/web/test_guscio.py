"""Headers, static files, addresses, errors: what the shell promises without a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateNotFound, UndefinedError
from litestar import Litestar
from litestar.testing import TestClient
from tests.web.catalogo import build_app

from capofila.web import assembla
from capofila.web.ambiente import build_environment
from capofila.web.messaggi import ERRORI, error_text
from capofila.web.pagina import (
    Ambito,
    Pagina,
    options,
    page_numbers,
    sort_link,
    with_parameters,
)
from capofila.web.statici import Statici, TerzeMancanti


@pytest.fixture(scope="module")
def cliente() -> Iterator[TestClient[Litestar]]:
    assembla.assemble()
    with TestClient(build_app(), raise_server_exceptions=False) as cliente:
        yield cliente


@pytest.mark.parametrize(
    "percorso", ["/", "/non-esiste", "/rotto", "/valida", "/static/capofila.css"]
)
def test_ogni_risposta_porta_le_intestazioni_di_sicurezza(
    cliente: TestClient[Litestar], percorso: str
) -> None:
    risposta = cliente.get(percorso)  # /valida is POST only: a 405 that Litestar makes itself
    politica = risposta.headers["content-security-policy"]
    assert "script-src 'self';" in politica
    assert "unsafe" not in politica
    assert risposta.headers["x-content-type-options"] == "nosniff"
    assert risposta.headers["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in risposta.headers


def test_con_https_il_browser_e_tenuto_a_tornare_con_https() -> None:
    with TestClient(build_app(), base_url="https://capofila.example") as cliente:
        assert "max-age=" in cliente.get("/").headers["strict-transport-security"]


def test_una_pagina_non_resta_in_nessuna_copia(cliente: TestClient[Litestar]) -> None:
    risposta = cliente.get("/")
    assert risposta.headers["cache-control"] == "no-store"
    assert "hx-request" in risposta.headers["vary"]


def test_nessuna_pagina_ha_stili_o_script_in_linea(cliente: TestClient[Litestar]) -> None:
    for percorso in ("/", "/catalogo", "/accesso", "/scelta", "/errore/500"):
        html = cliente.get(percorso).text
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", html), percorso
        assert all("src=" in script for script in re.findall(r"<script[^>]*>", html))


def test_un_file_statico_ha_un_indirizzo_che_cambia_col_contenuto(
    cliente: TestClient[Litestar],
) -> None:
    indirizzo = Statici().url("capofila.css")
    risposta = cliente.get(indirizzo)
    assert "immutable" in risposta.headers["cache-control"]
    assert risposta.headers["content-encoding"] == "gzip"
    assert risposta.headers["content-type"] == "text/css; charset=utf-8"
    assert cliente.get("/static/capofila.css").headers["cache-control"] == "public, max-age=3600"
    etichetta = {"if-none-match": risposta.headers["etag"]}
    assert cliente.get(indirizzo, headers=etichetta).status_code == 304
    assert cliente.head(indirizzo).content == b""
    assert cliente.post(indirizzo).status_code == 405


@pytest.mark.parametrize(
    "percorso", ["../pagina.py", "..%2fpagina.py", "terze/.timbro", ".gitignore", "terze"]
)
def test_fuori_dalla_cartella_non_si_legge_niente(
    cliente: TestClient[Litestar], percorso: str
) -> None:
    assert cliente.get(f"/static/{percorso}").status_code == 404


def test_gli_asset_non_chiamano_nessuno(cliente: TestClient[Litestar]) -> None:
    foglio = cliente.get("/static/terze/bootstrap-italia.css").text
    assert "@font-face" in foglio
    assert not re.search(r"url\(['\"]?(https?:)?//", foglio)
    assert not re.search(r"@font-face\{[^}]*data:", foglio)
    for nome in ("htmx.min.js", "popper.min.js", "bootstrap-italia.min.js"):
        assert "sourceMappingURL" not in cliente.get(f"/static/terze/{nome}").text


def test_il_lucchetto_non_nomina_nessun_registro() -> None:
    testo = (assembla.QUI / "package-lock.json").read_text()
    assert "resolved" not in testo
    versioni = json.loads((assembla.QUI / "package.json").read_text())["dependencies"].values()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", versione) for versione in versioni)


def test_una_seconda_volta_non_si_assembla(monkeypatch: pytest.MonkeyPatch) -> None:
    assembla.assemble()
    monkeypatch.setattr(assembla, "npm_command", lambda: pytest.fail("npm chiamato"))
    assert assembla.assemble() is False


def test_senza_asset_si_dice_che_cosa_eseguire(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capofila.web.statici.is_assembled", lambda: False)
    with pytest.raises(TerzeMancanti, match=r"capofila\.web\.assembla"):
        Statici()


@pytest.mark.parametrize("codice", [400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503])
def test_ogni_errore_dice_che_cosa_fare_in_italiano(
    cliente: TestClient[Litestar], codice: int
) -> None:
    risposta = cliente.get(f"/errore/{codice}")
    assert risposta.status_code == codice
    assert ERRORI[codice].titolo in risposta.text
    assert "Che cosa puoi fare" in risposta.text
    assert ("4bf92f3577b3" in risposta.text) == (codice >= 500)


def test_un_guasto_non_mostra_niente_dell_interno(cliente: TestClient[Litestar]) -> None:
    risposta = cliente.get("/rotto")
    assert risposta.status_code == 500
    assert "Mario Rossi" not in risposta.text
    assert "RuntimeError" not in risposta.text


def test_un_errore_e_frammento_per_htmx_e_json_per_un_programma(
    cliente: TestClient[Litestar],
) -> None:
    frammento = cliente.get("/errore/409", headers={"hx-request": "true"})
    assert frammento.headers["hx-retarget"] == "#messaggi"
    assert "<html" not in frammento.text
    programma = cliente.get("/errore/409", headers={"accept": "application/json"})
    assert programma.json()["codice"] == 409


def test_un_codice_senza_parole_sue_prende_quelle_della_sua_classe() -> None:
    assert error_text(418).codice == 400
    assert error_text(502).codice == 500


def test_nessun_modello_di_un_plugin_prende_il_posto_di_uno_del_guscio(tmp_path: Path) -> None:
    (tmp_path / "pagina.html").write_text("preso")
    ambiente = build_environment(Statici(), {"invadente": tmp_path})
    assert ambiente.get_template("pagina.html").filename != str(tmp_path / "pagina.html")
    assert ambiente.get_template("invadente/pagina.html").render() == "preso"
    with pytest.raises(TemplateNotFound):
        ambiente.get_template("altro/pagina.html")


def test_un_nome_sbagliato_in_un_modello_e_un_errore_e_il_testo_e_protetto() -> None:
    ambiente = build_environment(Statici())
    with pytest.raises(UndefinedError):
        ambiente.from_string("{{ mai_visto }}").render()
    modello = '{% from "componenti.html" import campo %}{{ campo("a", "<b>", valore=v) }}'
    html = ambiente.from_string(modello).render(v='"><script>')
    assert "<script>" not in html
    assert "<b>" not in html


def test_indirizzi_con_un_parametro_cambiato() -> None:
    assert with_parameters("/p?a=1&pagina=3&a=2", pagina=None, anno=2024) == "/p?a=1&a=2&anno=2024"
    assert with_parameters("//altrove.example/p?x=1", y=2) == "/p?x=1&y=2"
    assert sort_link("/p?pagina=3", "data", "data") == ("/p?ordina=-data", "ascending")
    assert sort_link("/p", "data", "-data") == ("/p?ordina=data", "descending")
    assert sort_link("/p", "data", "") == ("/p?ordina=data", "")


@given(
    st.text(st.sampled_from("/ab.~-_?&=#% è+")).map("/".__add__),
    st.dictionaries(
        st.sampled_from(["a", "pagina", "è"]), st.none() | st.integers() | st.text(max_size=6)
    ),
)
def test_un_indirizzo_piano_e_scritto_come_gli_altri(
    url: str, parametri: dict[str, int | str | None]
) -> None:
    parti = urlsplit(url)
    coppie = [c for c in parse_qsl(parti.query, keep_blank_values=True) if c[0] not in parametri]
    coppie += [(n, str(v)) for n, v in parametri.items() if v is not None and v != ""]
    atteso = urlunsplit(("", "", parti.path, urlencode(coppie), ""))
    assert with_parameters(url, **parametri) == atteso


def test_le_opzioni_di_un_elenco_sono_scritte_senza_fidarsi() -> None:
    assert options([("<a>", "<b>"), (2, "due")], "2") == (
        '    <option value="&lt;a&gt;">&lt;b&gt;</option>\n    <option value="2" selected>due</option>\n'
    )


def test_numeri_di_pagina() -> None:
    assert page_numbers(1, 1) == [1]
    assert page_numbers(3, 5) == [1, 2, 3, 4, 5]
    assert page_numbers(10, 20) == [1, 0, 9, 10, 11, 0, 20]


def test_i_collegamenti_del_piede_sono_dell_ambito_e_poi_della_piattaforma() -> None:
    ambito = Ambito("crema", "Crema", "/", link_privacy="/privacy/crema")
    pagina = Pagina(titolo="x", ambito=ambito, link_privacy="/privacy", link_accessibilita="/acc")
    assert (pagina.privacy, pagina.accessibilita) == ("/privacy/crema", "/acc")
    assert Pagina(titolo="x").privacy == "/privacy"
