"""The page of the territory in a real browser: accessible and within its width, on several days.

The values are those of the declared folders, put together without a database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.middleware import ASGIMiddleware
from playwright.sync_api import Page, expect
from tests.browser import *  # noqa: F403
from tests.browser import PaginaNuova

from capofila.base.impostazioni import impostazioni
from capofila.base.visita import AmbitoVisita, Visita, imposta_visita
from capofila.territorio import routes
from capofila.territorio.cartelle import DatiAmbito, DatiComuni
from capofila.territorio.quadro import Quadro, componi
from capofila.territorio.rules import Appartenenze, Demografia, Ente
from capofila.web.ambiente import template_config
from capofila.web.contesto import registra_menu
from capofila.web.intestazioni import security_headers
from capofila.web.statici import Statici

pytestmark = pytest.mark.browser


def _quadro(giorno: date, dati: DatiAmbito, comuni: DatiComuni) -> Quadro:
    return componi(
        giorno,
        demografia=Demografia(
            {c.istat: c for c in comuni.comuni},
            comuni.fusioni,
            {(r.istat, r.anno): r for r in comuni.popolazione},
        ),
        appartenenze=Appartenenze.da(dati.appartenenze),
        sub_ambiti=dati.sub_ambiti,
        enti=[
            Ente(
                id=numero,
                tipo=e.tipo,
                denominazione=e.denominazione,
                sigla=e.sigla,
                codice=e.codice,
                istat=e.istat,
                capofila=e.capofila,
                dal=e.dal,
                al=e.al,
                fonte=e.fonte,
            )
            for numero, e in enumerate(dati.enti)
        ],
        componenti=dati.componenti,
        funzioni=dati.funzioni,
        note=dati.note,
    )


class Visitatore(ASGIMiddleware):
    """Stands for the log-in: whoever asks works in the ambito of the address."""

    def __init__(self, ambiti: dict[str, DatiAmbito]) -> None:
        self.ambiti = ambiti

    async def handle(self, scope: Any, receive: Any, send: Any, next_app: Any) -> None:
        slug = scope["path"].split("/")[1]
        if slug in self.ambiti:
            imposta_visita(
                Visita(
                    traccia="prova",
                    utente_id=1,
                    utente_nome="Prova",
                    ambito=AmbitoVisita(1, slug, self.ambiti[slug].nome, "operatore_udp"),
                    permessi=frozenset({"territorio.vedi"}),
                )
            )
        await next_app(scope, receive, send)


@pytest.fixture(scope="module")
def indirizzo(
    sito: Callable[[Callable[[], Any]], str],
    dati_ambiti: dict[str, DatiAmbito],
    dati_comuni: DatiComuni,
) -> Iterator[str]:
    from capofila.base.visita import visita_corrente

    async def quadro(giorno: date) -> Quadro:
        return _quadro(giorno, dati_ambiti[visita_corrente().nell_ambito.slug], dati_comuni)

    def crea() -> Litestar:
        registra_menu(*routes.MENU)
        statici = Statici()
        modelli = Path(routes.__file__).parent / "templates"
        return Litestar(
            route_handlers=[routes.router, statici.handler()],
            middleware=[Visitatore(dati_ambiti)],
            template_config=template_config(statici, {"territorio": modelli}),
            before_send=[security_headers(https=False)],
            openapi_config=None,
        )

    with pytest.MonkeyPatch.context() as toppa:
        toppa.setattr(routes, "quadro", quadro)
        toppa.setenv("CAPOFILA_DATABASE_URL", "postgresql://nessuno")
        impostazioni.cache_clear()
        yield sito(crea)
    impostazioni.cache_clear()


@pytest.mark.parametrize("larghezza", [1280, 390])
@pytest.mark.parametrize(
    "percorso",
    [
        "crema/territorio?giorno=2016-01-01",
        "cremona/territorio",
        "casalmaggiore/territorio?giorno=2013-12-31",
    ],
)
def test_la_pagina_e_accessibile_e_sta_nella_larghezza(
    indirizzo: str,
    percorso: str,
    larghezza: int,
    pagina_nuova: PaginaNuova,
    axe: Callable[[Page], None],
    fotografia: Callable[[Page, str], Path],
) -> None:
    pagina = pagina_nuova(larghezza)
    pagina.goto(f"{indirizzo}/{percorso}")
    fotografia(pagina, f"territorio-{percorso.split('/')[0]}-{larghezza}")
    axe(pagina)
    assert pagina.evaluate("document.documentElement.scrollWidth") <= larghezza


def test_il_giorno_si_sceglie_anche_senza_javascript(
    indirizzo: str, pagina_nuova: PaginaNuova
) -> None:
    pagina = pagina_nuova(javascript=False)
    pagina.goto(f"{indirizzo}/casalmaggiore/territorio")
    expect(pagina.get_by_role("rowheader", name="Drizzona", exact=True)).to_have_count(0)
    pagina.get_by_label("Situazione al giorno").fill("2018-12-31")
    pagina.get_by_role("button", name="Filtra").click()
    expect(pagina.get_by_role("rowheader", name="Drizzona", exact=True)).to_have_count(1)
    pagina.get_by_role("link", name="Togli i filtri").click()
    expect(pagina.get_by_role("rowheader", name="Drizzona", exact=True)).to_have_count(0)
