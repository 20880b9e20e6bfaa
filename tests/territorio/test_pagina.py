"""The page of the territory, as its route renders it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response
from litestar.middleware import ASGIMiddleware
from tests.territorio.conftest import AMBITI, Applica

from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.errori import ErroreCapofila, RichiestaNonValida
from capofila.base.visita import AmbitoVisita, Visita, imposta_visita
from capofila.territorio import routes, service
from capofila.web.ambiente import template_config
from capofila.web.statici import Statici

pytestmark = pytest.mark.anyio

Legge = Any


class Visitatore(ASGIMiddleware):
    """Stands for the log-in: whoever asks works in the ambito of the address."""

    async def handle(self, scope: Any, receive: Any, send: Any, next_app: Any) -> None:
        slug = scope["path"].split("/")[1]
        async with unita_di_lavoro(Contesto(), sola_lettura=True):
            ambito = await service.ambito_da_slug(slug)
        imposta_visita(
            Visita(
                traccia="prova",
                utente_id=1,
                utente_nome="Prova",
                ambito=AmbitoVisita(ambito.id, slug, ambito.nome, "operatore_udp"),
                permessi=frozenset({"territorio.vedi"}),
            )
        )
        async with unita_di_lavoro(Contesto(ambito=ambito.id), sola_lettura=True):
            await next_app(scope, receive, send)
        imposta_visita(None)


def _rifiuto(_: Request[Any, Any, Any], errore: ErroreCapofila) -> Response[str]:
    return Response(errore.messaggio, status_code=errore.stato, media_type="text/plain")


@pytest.fixture
async def legge(applica_cartelle: Applica) -> AsyncIterator[Legge]:
    await applica_cartelle(*AMBITI)
    cartella = routes.__file__.replace("routes.py", "templates")
    app = Litestar(
        route_handlers=[routes.router],
        middleware=[Visitatore()],
        template_config=template_config(Statici(), {"territorio": cartella}),  # type: ignore[dict-item]
        exception_handlers={ErroreCapofila: _rifiuto},
        openapi_config=None,
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://prova"
    ) as cliente:

        async def esegui(percorso: str) -> tuple[int, str]:
            risposta = await cliente.get(percorso)
            testo = re.sub(r"<[^>]+>", " ", risposta.text.split("<main", 1)[-1])
            return risposta.status_code, re.sub(r"\s+", " ", testo).replace("&#39;", "'")

        yield esegui


async def test_la_pagina_mostra_i_sub_ambiti_con_referenti_popolazione_e_fonti(
    legge: Legge,
) -> None:
    stato, testo = await legge("/crema/territorio?giorno=2016-01-01")
    assert stato == 200
    assert "Sub-ambito 4 Comune referente: Soncino" in testo
    assert "Genivolta 019047 D966 1.178" in testo
    assert "Totale (48" not in testo
    assert "161.155" in testo
    assert "anno non indicato dalla fonte" in testo
    assert "ISTAT, censimento della popolazione del 2011" in testo
    assert "Comunità Sociale Cremasca a.s.c." in testo
    assert "Unione lombarda Soresinese" in testo
    assert "Fuori da questo ambito: Casalmorano" in testo


async def test_la_pagina_di_un_giorno_prima_delle_fusioni_ha_i_comuni_di_allora(
    legge: Legge,
) -> None:
    _, prima = await legge("/casalmaggiore/territorio?giorno=2018-12-31")
    _, dopo = await legge("/casalmaggiore/territorio?giorno=2019-01-01")
    assert "Drizzona 019042 D370 552" in prima
    assert "Piadena Drizzona 019116 M418 4.132 somma di 2 comuni di allora" in dopo
    assert "Drizzona 019042 D370" not in dopo
    for testo in (prima, dopo):
        assert "01/01/2019 : Drizzona confluisce in Piadena Drizzona." in testo
    assert (
        "Residenti non disponibili anno non indicato dalla fonte: manca il dato di qualche comune"
        in prima
    )


async def test_la_pagina_dice_i_dubbi_delle_fonti(legge: Legge) -> None:
    _, testo = await legge("/casalmaggiore/territorio?giorno=2026-11-22")
    assert "Torre de' Picenardi ha chiesto di entrare nell'Azienda Sociale Cremonese" in testo
    _, testo = await legge("/casalmaggiore/territorio?giorno=2013-06-01")
    assert "ha chiesto di entrare nell'Azienda" not in testo


async def test_senza_giorno_la_pagina_e_quella_di_oggi(legge: Legge) -> None:
    stato, testo = await legge("/cremona/territorio")
    assert stato == 200
    assert "Azienda Sociale Cremonese (ASC) ente capofila" in testo
    assert "Togli i filtri" not in testo
    assert "Comuni senza sub-ambito" in testo


@pytest.mark.parametrize("giorno", ["2015-02-30", "ieri", "01/05/2015", "20150501", "0000-00-00"])
async def test_un_giorno_impossibile_e_una_richiesta_non_valida(legge: Legge, giorno: str) -> None:
    stato, testo = await legge(f"/crema/territorio?giorno={giorno}")
    assert stato == 400
    assert "scrivilo come 2015-05-01" in testo


def test_il_giorno_si_legge_dall_indirizzo() -> None:
    assert routes.leggi_giorno("2015-05-01") == date(2015, 5, 1)
    assert routes.leggi_giorno("") == routes.leggi_giorno(None)
    with pytest.raises(RichiestaNonValida):
        routes.leggi_giorno("2015-5-1")
