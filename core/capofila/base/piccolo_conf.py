"""Piccolo's own configuration, used by its migrations only: the migrator's role, no pool.

The rooms never import this; they name :data:`capofila.base.database.MOTORE`.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine


def configurazione(indirizzo: str) -> dict[str, Any]:
    """What asyncpg wants of an address."""
    parti = urlsplit(indirizzo)
    return {
        "host": parti.hostname,
        "port": parti.port or 5432,
        "user": unquote(parti.username or ""),
        "password": unquote(parti.password or ""),
        "database": parti.path.lstrip("/"),
    }


DB = PostgresEngine(config=configurazione(os.environ["CAPOFILA_MIGRAZIONI_URL"]))

APP_REGISTRY = AppRegistry(apps=["capofila.base.piccolo_app"])
