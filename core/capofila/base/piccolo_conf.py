"""Piccolo's own configuration, used by its migrations only: the migrator's role, no pool.

The rooms never import this; they name :data:`capofila.base.database.MOTORE`.
"""

from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine

_indirizzo = urlsplit(os.environ["CAPOFILA_MIGRAZIONI_URL"])

DB = PostgresEngine(
    config={
        "host": _indirizzo.hostname,
        "port": _indirizzo.port or 5432,
        "user": unquote(_indirizzo.username or ""),
        "password": unquote(_indirizzo.password or ""),
        "database": _indirizzo.path.lstrip("/"),
    }
)

APP_REGISTRY = AppRegistry(apps=["capofila.base.piccolo_app"])
