"""The database's roles, least privilege each, and the refusal to run as an unsafe one.

========================  =========================================================================
``capofila_owner``        owns everything, cannot log in
``capofila_migra``        logs in to migrate, acting as the owner
``capofila_app``          the application: no superuser, no BYPASSRLS, owner of nothing
``capofila_ats``          the health agency's readings: published tables only
``capofila_relay``        sends committed jobs to the broker: the outbox only
``capofila_backup``       reads everything for the back-up, writes nothing
========================  =========================================================================
"""

from __future__ import annotations

import asyncpg
import msgspec

from capofila.base.database import UnitaDiLavoro
from capofila.base.errori import ConfigurazioneNonSicura

CON_ACCESSO = (
    "capofila_migra",
    "capofila_app",
    "capofila_ats",
    "capofila_relay",
    "capofila_backup",
)


class ParoleChiave(msgspec.Struct, frozen=True):
    """A password for each role that logs in."""

    capofila_migra: str
    capofila_app: str
    capofila_ats: str
    capofila_relay: str
    capofila_backup: str


async def prepara(amministratore: str, nome: str, parole: ParoleChiave) -> None:
    """Make the roles and the empty database, or bring them back to what they must be.

    Args:
        amministratore: address of any database of the server with a superuser's role; used here
            only, once, by whoever installs.
        nome: the database to make.
        parole: the passwords to set.
    """
    connessione = await asyncpg.connect(amministratore)
    try:
        for ruolo in ("capofila_owner", *CON_ACCESSO):
            if not await connessione.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", ruolo):
                await connessione.execute(f"CREATE ROLE {ruolo} NOLOGIN")
            await connessione.execute(
                f"ALTER ROLE {ruolo} NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION"
            )
        for ruolo in CON_ACCESSO:
            parola = getattr(parole, ruolo).replace("'", "''")
            await connessione.execute(f"ALTER ROLE {ruolo} LOGIN PASSWORD '{parola}'")
        await connessione.execute("GRANT capofila_owner TO capofila_migra")
        await connessione.execute("ALTER ROLE capofila_migra SET role = 'capofila_owner'")
        await connessione.execute("ALTER ROLE capofila_app SET statement_timeout = '10min'")
        await connessione.execute(
            "ALTER ROLE capofila_app SET idle_in_transaction_session_timeout = '15min'"
        )
        if not await connessione.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", nome):
            await connessione.execute(f'CREATE DATABASE "{nome}" OWNER capofila_owner')
        await connessione.execute(f'REVOKE ALL ON DATABASE "{nome}" FROM PUBLIC')
        await connessione.execute(f'GRANT CONNECT ON DATABASE "{nome}" TO {", ".join(CON_ACCESSO)}')
        await connessione.execute(
            f'GRANT TEMPORARY ON DATABASE "{nome}" TO capofila_app, capofila_migra'
        )
    finally:
        await connessione.close()

    interna = await asyncpg.connect(amministratore, database=nome)
    try:
        await interna.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        await interna.execute("ALTER SCHEMA public OWNER TO capofila_owner")
        await interna.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        await interna.execute(f"GRANT USAGE ON SCHEMA public TO {', '.join(CON_ACCESSO)}")
    finally:
        await interna.close()


async def rifiuta_ruolo_pericoloso(unita: UnitaDiLavoro) -> None:
    """Refuse to go on as a role that could bypass the policies.

    Raises:
        ConfigurazioneNonSicura: the role is a superuser, has BYPASSRLS, can become another role
            that is or has, or owns a table.
    """
    riga = await unita.riga(
        """
        SELECT current_user AS ruolo,
          (SELECT bool_or(r.rolsuper) FROM pg_roles r
            WHERE pg_has_role(current_user, r.oid, 'MEMBER')) AS superutente,
          (SELECT bool_or(r.rolbypassrls) FROM pg_roles r
            WHERE pg_has_role(current_user, r.oid, 'MEMBER')) AS scavalca,
          (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm')
              AND (n.nspname = 'public' OR n.nspname LIKE 'plugin\\_%')
              AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS possedute
        """
    )
    motivi = [
        motivo
        for vero, motivo in (
            (riga["superutente"], "è (o può diventare) superutente"),
            (riga["scavalca"], "può scavalcare le regole di riga (BYPASSRLS)"),
            (riga["possedute"], "possiede tabelle, e un proprietario può togliere le regole"),
        )
        if vero
    ]
    if motivi:
        raise ConfigurazioneNonSicura(
            f"Capofila non si avvia con il ruolo «{riga['ruolo']}»: {'; '.join(motivi)}. "
            "Usa in CAPOFILA_DATABASE_URL il ruolo capofila_app creato da «capofila database prepare»."
        )
