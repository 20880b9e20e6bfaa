"""The surroundings of a page, from the visit to what the templates show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from litestar.testing import RequestFactory

from capofila.base.visita import AmbitoVisita, Visita, imposta_visita
from capofila.web.contesto import costruisci_pagina
from capofila.web.pagina import Pagina

CREMA = AmbitoVisita(1, "crema", "Ambito Cremasco", "operatore_udp", capofila="Comune di Crema")
CREMONA = AmbitoVisita(2, "cremona", "Ambito Cremonese", capofila="Azienda Sociale Cremonese")


@pytest.fixture(autouse=True)
def visita(impostazioni_prova: object) -> Iterator[None]:
    imposta_visita(
        Visita(traccia="t", utente_id=1, utente_nome="Io", ambito=CREMA, ambiti=(CREMA, CREMONA))
    )
    yield
    imposta_visita(None)


def pagina(indirizzo: str) -> Pagina:
    percorso, _, query = indirizzo.partition("?")
    parametri = dict(coppia.split("=") for coppia in query.split("&") if coppia)
    richiesta = RequestFactory().get(percorso, query_params=parametri)
    return costruisci_pagina(richiesta, "Prova", con_anno=True)


def test_la_testata_dice_l_ente_capofila_di_ogni_ambito() -> None:
    fatta = pagina("/crema/prestazioni")
    assert fatta.ambito is not None
    assert fatta.ambito.ente_capofila == "Comune di Crema"
    assert [uno.ente_capofila for uno in fatta.ambiti] == [
        "Comune di Crema",
        "Azienda Sociale Cremonese",
    ]
