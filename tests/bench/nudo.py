"""The bare handler: the same query and the same template, no session, policies or audit.

What surrounds the rows (menu, filters) is put together once, at start, by the real page.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from litestar import Litestar, get
from litestar.response import Template
from litestar.testing import RequestFactory

from capofila.accessi.rules import PERMESSI
from capofila.app import STANZE
from capofila.base.database import MOTORE, Contesto, unita_di_lavoro
from capofila.base.impostazioni import impostazioni
from capofila.base.visita import AmbitoVisita, Visita, imposta_visita
from capofila.prestazioni import routes
from capofila.prestazioni.consultazione import (
    _COLONNE,
    CONTEGGIO_MASSIMO,
    PER_PAGINA,
    Filtro,
    RigaElenco,
    _dove,
)
from capofila.prestazioni.tables import Prestazione
from capofila.web.ambiente import template_config
from capofila.web.contesto import registra_menu
from capofila.web.statici import Statici

_stato: dict[str, Any] = {}


@asynccontextmanager
async def ciclo(_: Litestar) -> AsyncIterator[None]:
    _stato["pool"] = await asyncpg.create_pool(
        os.environ["CAPOFILA_MIGRAZIONI_URL"], max_size=impostazioni().pool_massimo
    )
    for stanza in STANZE.values():
        registra_menu(*stanza.MENU)
    await MOTORE.apri({"app": impostazioni().database_url}, massimo=1)
    async with unita_di_lavoro(Contesto()) as unita:
        ambito = await unita.riga("SELECT id, slug, nome FROM ambito LIMIT 1")
    async with unita_di_lavoro(Contesto(ambito=ambito["id"])):
        visita = AmbitoVisita(
            ambito["id"], ambito["slug"], ambito["nome"], ruolo="responsabile_udp"
        )
        imposta_visita(
            Visita(traccia="0" * 32, utente_id=1, utente_nome="Prova Misure", ambito=visita,
                   ambiti=(visita,), permessi=PERMESSI["responsabile_udp"])
        )  # fmt: skip
        richiesta = RequestFactory().get(f"/{ambito['slug']}/prestazioni?anno=2025")
        _stato["contesto"] = (await routes._elenco(richiesta)).context
        query = Prestazione.select(*_COLONNE).where(_dove(Filtro(anno=2025)))
        query = query.order_by(Prestazione.id, ascending=False).limit(PER_PAGINA)
        _stato["elenco"] = query.querystrings[0].compile_string()
        conta = Prestazione.select(Prestazione.id).where(_dove(Filtro(anno=2025)))
        sql, valori = conta.limit(CONTEGGIO_MASSIMO + 1).querystrings[0].compile_string()
        _stato["conta"] = (f"SELECT count(*) FROM ({sql}) q", valori)
    await MOTORE.chiudi()
    yield
    await _stato["pool"].close()


@get("/{ambito:str}/prestazioni")
async def elenco(ambito: str) -> Template:
    async with _stato["pool"].acquire() as connessione:
        totale = await connessione.fetchval(_stato["conta"][0], *_stato["conta"][1])
        righe = [
            RigaElenco(**riga)
            for riga in await connessione.fetch(_stato["elenco"][0], *_stato["elenco"][1])
        ]
    return Template(
        "prestazioni/elenco.html",
        context={**_stato["contesto"], "righe": righe, "totale": totale},
        media_type="text/html",
    )


def _cartelle() -> dict[str, Any]:
    from pathlib import Path

    return {"prestazioni": Path(str(routes.__file__)).parent / "templates"}


app = Litestar(
    [elenco], lifespan=[ciclo], template_config=template_config(Statici(), _cartelle()),
    openapi_config=None,
)  # fmt: skip
