"""The surroundings of a page, from the visit to what the templates show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jinja2 import ChoiceLoader, DictLoader
from litestar import Request
from litestar.testing import RequestFactory

from capofila.base.errori import RichiestaNonValida
from capofila.base.visita import AmbitoVisita, Visita, imposta_visita
from capofila.web import assembla
from capofila.web.ambiente import build_environment
from capofila.web.contesto import anno_richiesto, costruisci_pagina, rispondi
from capofila.web.pagina import Pagina
from capofila.web.statici import Statici

CREMA = AmbitoVisita(1, "crema", "Ambito Cremasco", "operatore_udp", capofila="Comune di Crema")
CREMONA = AmbitoVisita(2, "cremona", "Ambito Cremonese", capofila="Azienda Sociale Cremonese")


@pytest.fixture(autouse=True)
def visita(impostazioni_prova: object) -> Iterator[None]:
    imposta_visita(
        Visita(traccia="t", utente_id=1, utente_nome="Io", ambito=CREMA, ambiti=(CREMA, CREMONA))
    )
    yield
    imposta_visita(None)


def richiesta(indirizzo: str, **intestazioni: str) -> Request[Any, Any, Any]:
    percorso, _, query = indirizzo.partition("?")
    parametri = dict(coppia.split("=") for coppia in query.split("&") if coppia)
    return RequestFactory().get(percorso, query_params=parametri, headers=intestazioni)


def pagina(indirizzo: str, *, con_anno: bool = True) -> Pagina:
    return costruisci_pagina(richiesta(indirizzo), "Prova", con_anno=con_anno)


def parte(indirizzo: str, *, con_anno: bool = True) -> str:
    """What HTMX gets of a page whose part is one word."""
    risposta = rispondi(
        richiesta(indirizzo, **{"hx-request": "true"}), "intera.html",
        pagina(indirizzo, con_anno=con_anno), frammento="una.html",
    )  # fmt: skip
    assembla.assemble()
    ambiente = build_environment(Statici())
    assert ambiente.loader is not None
    ambiente.loader = ChoiceLoader([DictLoader({"una.html": "<p>una</p>"}), ambiente.loader])
    modello = ambiente.get_template(risposta.template_name or "")
    return modello.render(risposta.context)


def test_htmx_riceve_con_la_parte_il_selettore_dell_anno_con_i_filtri_di_adesso() -> None:
    html = parte("/crema/prestazioni?anno=2024&carattere=occasionale&pagina=3")
    assert html.strip().startswith("<p>una</p>")
    assert 'id="scelta-anno" data-fuori-posto hx-swap-oob="true"' in html
    assert 'href="/crema/prestazioni?carattere=occasionale&amp;anno=2023"' in html
    assert "pagina=" not in html


def test_dove_non_c_e_un_anno_htmx_riceve_la_parte_e_basta() -> None:
    assert parte("/crema/lavori", con_anno=False).strip() == "<p>una</p>"


def test_la_testata_dice_l_ente_capofila_di_ogni_ambito() -> None:
    fatta = pagina("/crema/prestazioni")
    assert fatta.ambito is not None
    assert fatta.ambito.ente_capofila == "Comune di Crema"
    assert [uno.ente_capofila for uno in fatta.ambiti] == [
        "Comune di Crema",
        "Azienda Sociale Cremonese",
    ]


@pytest.mark.parametrize("anno", ["x", "٢٠٢٤", "1899", "02024", "9" * 5000])
def test_un_anno_che_non_si_legge_e_detto(anno: str) -> None:
    with pytest.raises(RichiestaNonValida):
        anno_richiesto(richiesta(f"/crema/prestazioni?anno={anno}"))
