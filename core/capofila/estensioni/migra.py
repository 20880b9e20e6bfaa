"""The plugins' own tables, made and taken away as the owner of the database: ``capofila plugin migrate``.

What was done is written with what was declared, so that the rows can still be read when the plugin is
gone. A plugin that is not installed any more keeps its tables, which then nobody writes.
"""

from __future__ import annotations

import asyncpg
import msgspec

from capofila.base.attivazioni import registro
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.plugin import Registro
from capofila.estensioni.schema import crea_schema, impronta, schema_di, sql
from capofila.hooks import MigrazionePlugin

_CHIAVE = 41_041
"""Of the lock that lets one at a time do this."""


async def migra_plugin(indirizzo: str, plugin: Registro | None = None) -> list[str]:
    """Do the migrations that the installed plugins declare and that are not done yet.

    Args:
        indirizzo: address of the database with the migrator's role.
        plugin: the registry; by default that of this process.

    Returns:
        What was done, as ``mantova 0001_verbali``.

    Raises:
        Conflitto: a migration that was done is not declared as it was.
        PluginInErrore: a plugin fails to declare them.
    """
    plugin = plugin or registro()
    connessione = await asyncpg.connect(indirizzo)
    try:
        async with connessione.transaction():
            await connessione.execute("SELECT pg_advisory_xact_lock($1)", _CHIAVE)
            fatte = {
                (riga["plugin"], riga["codice"]): riga["sha256"]
                for riga in await connessione.fetch(
                    "SELECT plugin, codice, sha256 FROM migrazione_plugin"
                )
            }
            nuove: list[str] = []
            for manifesto in plugin.manifesti():
                nuove += await _di_uno(connessione, plugin, manifesto.id, manifesto.versione, fatte)
            presenti = {manifesto.id for manifesto in plugin.manifesti()}
            for id in sorted({id for id, _ in fatte} | {voce.split()[0] for voce in nuove}):
                await _scrivibili(connessione, id, id in presenti)
            return nuove
    finally:
        await connessione.close()


async def _di_uno(
    connessione: asyncpg.Connection,
    plugin: Registro,
    id: str,
    versione: str,
    fatte: dict[tuple[str, str], str],
) -> list[str]:
    dichiarate = plugin.migrazioni(id)
    nuove: list[str] = []
    gia = {codice for altro, codice in fatte if altro == id}
    if mancano := sorted(gia - {una.codice for una in dichiarate}):
        raise Conflitto(
            f"Il plugin «{id}» {versione} non ha più la migrazione «{mancano[0]}», che è stata fatta: "
            "installa la versione che l'ha, o una successiva."
        )
    for una in dichiarate:
        segno = impronta(una)
        fatta = fatte.get((id, una.codice))
        if fatta is not None:
            if fatta != segno:
                raise Conflitto(
                    f"La migrazione «{una.codice}» del plugin «{id}» è cambiata dopo essere stata fatta: "
                    "il fornitore ne aggiunga una nuova."
                )
            continue
        if any(codice > una.codice for codice in gia):
            raise Conflitto(
                f"La migrazione «{una.codice}» del plugin «{id}» viene prima di una già fatta."
            )
        if not gia and not nuove:
            await connessione.execute(crea_schema(id))
        await connessione.execute(sql(id, una))
        await connessione.execute(
            "INSERT INTO migrazione_plugin (plugin, codice, sha256, dichiarata, versione) "
            "VALUES ($1, $2, $3, $4, $5)",
            id, una.codice, segno, msgspec.json.encode(una).decode(), versione[:60],
        )  # fmt: skip
        nuove.append(f"{id} {una.codice}")
    return nuove


async def _scrivibili(connessione: asyncpg.Connection, id: str, presente: bool) -> None:
    """The rows of a plugin that is gone are read only."""
    comando, verso = ("GRANT", "TO") if presente else ("REVOKE", "FROM")
    await connessione.execute(
        f'{comando} INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema_di(id)}" {verso} capofila_app'
    )


async def ricrea(indirizzo: str, plugin: Registro | None = None) -> list[str]:
    """Make the tables that the written migrations declare, when a back-up is being restored.

    Also those of plugins that are not installed any more: their rows are in the back-up too.

    Returns:
        What was done, as ``mantova 0001_verbali``.

    Raises:
        Conflitto: the tables of a plugin are there already.
    """
    presenti = {manifesto.id for manifesto in (plugin or registro()).manifesti()}
    connessione = await asyncpg.connect(indirizzo)
    try:
        async with connessione.transaction():
            await connessione.execute("SELECT pg_advisory_xact_lock($1)", _CHIAVE)
            righe = await connessione.fetch(
                "SELECT plugin, codice, dichiarata::text FROM migrazione_plugin ORDER BY plugin, codice"
            )
            for id in dict.fromkeys(riga["plugin"] for riga in righe):
                if await connessione.fetchval("SELECT to_regnamespace($1)", schema_di(id)):
                    raise Conflitto(
                        f"Le tabelle del plugin «{id}» ci sono già: non c'è nulla da rifare."
                    )
                await connessione.execute(crea_schema(id))
                for riga in righe:
                    if riga["plugin"] == id:
                        una = msgspec.json.decode(riga["dichiarata"], type=MigrazionePlugin)
                        await connessione.execute(sql(id, una))
                await _scrivibili(connessione, id, id in presenti)
            return [f"{riga['plugin']} {riga['codice']}" for riga in righe]
    finally:
        await connessione.close()


async def elimina(indirizzo: str, id: str, plugin: Registro | None = None) -> None:
    """Throw away the tables of a plugin that is not installed any more, with their rows.

    Raises:
        NonTrovato: it has none.
        Conflitto: it is installed, or active somewhere.
    """
    plugin = plugin or registro()
    if any(manifesto.id == id for manifesto in plugin.manifesti()):
        raise Conflitto(f"Il plugin «{id}» è installato: prima si disinstalla.")
    connessione = await asyncpg.connect(indirizzo)
    try:
        async with connessione.transaction():
            await connessione.execute("SELECT pg_advisory_xact_lock($1)", _CHIAVE)
            if await connessione.fetchval(
                "SELECT true FROM attivazione WHERE plugin = $1 AND (al IS NULL OR al >= current_date)",
                id,
            ):
                raise Conflitto(
                    f"Un ambito usa ancora il plugin «{id}»: prima si chiude nella sua cartella."
                )
            if not await connessione.fetchval(
                "SELECT true FROM migrazione_plugin WHERE plugin = $1", id
            ):
                raise NonTrovato(f"Il plugin «{id[:40]}» non ha tabelle.")
            await connessione.execute("DELETE FROM migrazione_plugin WHERE plugin = $1", id)
            await connessione.execute(f'DROP SCHEMA "{schema_di(id)}" CASCADE')
    finally:
        await connessione.close()
