"""Migrations: one written in SQL, and all of them run.

Piccolo keeps the list of what has run and wraps each in a transaction; the SQL is ours, since
composite keys and row-level security are beyond its automatic diff.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager


def da_sql(id_: str, descrizione: str, sql: str) -> Callable[[], Awaitable[MigrationManager]]:
    """The ``forwards`` of a migration that runs a script in its transaction."""

    async def forwards() -> MigrationManager:
        manager = MigrationManager(migration_id=id_, app_name="capofila", description=descrizione)

        async def esegui() -> None:
            from capofila.base.piccolo_conf import DB

            transazione = DB.current_transaction.get()
            assert transazione is not None
            await transazione.connection.execute(sql)

        manager.add_raw(esegui)
        return manager

    return forwards


async def migra(indirizzo: str) -> list[str]:
    """Run what has not run yet, as the migrator.

    Args:
        indirizzo: address of the database with the migrator's role, which acts as the owner.

    Returns:
        The ids of all migrations in force.
    """
    os.environ["CAPOFILA_MIGRAZIONI_URL"] = indirizzo
    os.environ["PICCOLO_CONF"] = "capofila.base.piccolo_conf"
    from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
    from piccolo.apps.migrations.tables import Migration

    from capofila.base.piccolo_app import APP_CONFIG
    from capofila.base.piccolo_conf import DB, configurazione

    # The module is imported once, for whichever database came first.
    DB.config = configurazione(indirizzo)
    Migration._meta.db = DB

    class Nostre(ForwardsMigrationManager):
        def get_app_config(self, app_name: str) -> Any:
            return APP_CONFIG

    with contextlib.redirect_stdout(sys.stderr if os.environ.get("CAPOFILA_LOQUACE") else _Muto()):
        esito = await Nostre(app_name="capofila").run()
    if not esito.success:
        raise RuntimeError(f"migration failed: {esito.message}")
    return sorted(await Migration.get_migrations_which_ran("capofila"))


class _Muto:
    """Where Piccolo's progress goes when nobody wants it."""

    def write(self, testo: str) -> int:
        return len(testo)

    def flush(self) -> None:
        return None
