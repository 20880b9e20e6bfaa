"""The bare handler of the e-service: a hundred rows by key, the same bytes, no voucher, no policies."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
from litestar import Litestar, Response, get

_stato: dict[str, Any] = {}
_EPOCA = datetime(1970, 1, 1, tzinfo=UTC)


class Flusso(msgspec.Struct):
    codice_ente: str
    denominazione_ente: str
    id_flusso: str
    tipo: str
    ts_flusso: str
    flusso: bytes


@asynccontextmanager
async def ciclo(_: Litestar) -> AsyncIterator[None]:
    _stato["pool"] = await asyncpg.create_pool(
        os.environ["CAPOFILA_MIGRAZIONI_URL"], max_size=10, server_settings={"timezone": "UTC"}
    )
    _stato["ente"] = await _stato["pool"].fetchrow(
        "SELECT e.ambito_id, e.ente_id, n.denominazione FROM eservice e JOIN ente n "
        "ON n.ambito_id = e.ambito_id AND n.id = e.ente_id"
    )
    yield
    await _stato["pool"].close()


@get("/waas/v1/{codice:str}/flussi")
async def flussi(codice: str, since: int, limit: int) -> Response[bytes]:
    ambito, ente, nome = _stato["ente"]
    async with _stato["pool"].acquire() as connessione:
        righe = await connessione.fetch(
            "SELECT id_flusso, tipo, ts, corpo FROM flusso_pdnd "
            "WHERE ambito_id = $1 AND ente_id = $2 AND ts > $3 ORDER BY ts LIMIT $4",
            ambito, ente, _EPOCA + timedelta(milliseconds=since), limit,
        )  # fmt: skip
    corpo = msgspec.json.encode(
        {
            "elenco_flussi": [
                Flusso(
                    codice, nome, id_flusso, tipo,
                    ts.isoformat(timespec="milliseconds").replace("+00:00", "Z"), testo.encode(),
                )
                for id_flusso, tipo, ts, testo in righe
            ]
        }
    )  # fmt: skip
    return Response(corpo, media_type="application/json; charset=utf-8")


app = Litestar([flussi], lifespan=[ciclo], openapi_config=None)
