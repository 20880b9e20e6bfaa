"""The system catalog says whether every table is protected; then two ambiti prove it.

A table is either a tenant table with all that belongs to one, or stands in :data:`CONDIVISE` with
the reason why it is not. A new migration that forgets something fails here, by name.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from piccolo.columns import Integer, SmallInt
from piccolo.table import create_table_class

from capofila.base.database import MOTORE, Contesto, unita_di_lavoro

pytestmark = pytest.mark.anyio

CONDIVISE: dict[str, str] = {
    "ambito": "the list of the ambiti: names and links, read before one is chosen",
    "ats": "the list of the agencies",
    "comune": "ISTAT's comuni, the same for everybody",
    "fusione": "comuni that merged, the same for everybody",
    "popolazione": "residents by comune, published by ISTAT",
    "confine": "boundaries of the comuni, the same for everybody; policies of its own",
    "codifica": "the receivers' codes, the same for everybody; policies of their own",
    "codifica_revisione": "who changed the receivers' codes; policies of their own",
    "plugin_approvato": "the index of approved plugins, of the whole installation; policies of its own",
    "migrazione_plugin": "what the plugins' own tables are made of: no data of anybody",
    "versione_flusso": "digests of the declared layouts: no data of anybody",
    "utente": "an account works for several ambiti; policies of its own",
    "credenziale": "the digest of an account's password; policies of its own",
    "incarico_ats": "charges in an agency; policies of its own",
    "sessione": "found by the digest of its token only; policies of its own",
    "tentativo_accesso": "keyed digests, before anybody is known",
    "segno_confronto": "one sign for each agency, that changes with what it may read",
    "segno_territorio": "one row, that changes with the comuni: no data of anybody",
    "registro_piattaforma": "what happened outside any ambito; written by all, read by one role",
    "migration": "Piccolo's list of what has run; the application has no right on it",
}

PROTETTE_ALTRIMENTI = frozenset(
    {
        "utente",
        "credenziale",
        "incarico_ats",
        "sessione",
        "registro_piattaforma",
        "codifica",
        "codifica_revisione",
        "confine",
        "plugin_approvato",
    }
)
"""Shared, and under row-level security all the same."""

INDICI_SENZA_AMBITO: dict[str, str] = {
    "incarico_utente_id_idx": "the ambiti of a person, before one is chosen",
    "lavoro_uscita_prossimo": "the relay takes the oldest job of all ambiti",
    "eservice_codice": "the address of an e-service is one of the whole installation",
    "segreto_calendario_impronta": "the address of a feed is one of the whole installation",
    "eservice_audience": "a voucher opens one e-service of the whole installation",
    "pubblicazione_confronto": "an agency compares what all its ambiti released",
}

DELL_ATS: dict[str, str] = {
    "pubblicazione": "what was released to an agency, under a convention in force, not withdrawn",
    "cifra_pubblicata": "the figures of those publications",
    "convenzione": "its own conventions in force: the policy of the publications asks them",
    "ritiro_pubblicazione": "what was withdrawn from it: the policy of the publications asks it",
    "apertura": "with no agency: what is open to everybody; the policy of the publications asks it",
    "segno_confronto": "whether what it may read has changed: no ambito in it",
}
"""Tables of the ambiti of which an agency reads something, by a policy of its own that says whose."""

SI_CANCELLANO: dict[str, str] = {
    "bozza": "a form put aside, saved or thrown away",
    "carico_spesa": "a file that waited a day, came in or was thrown away",
    "comunicazione": "only what another program sent, marked by mistake; a policy keeps the rest",
    "confine": "boundaries that newer ones take the place of; the administration alone, by policy",
    "festa_locale": "a holiday that the folder of the ambito declares no more",
    "guasto_plugin": "a failure of a plugin, of long ago or far behind the last; by policy",
    "incarico_indicatore": "who gives an indicator, said otherwise",
    "lavoro_uscita": "the outbox: a row goes when its job has ended",
    "proposta": "of a meeting that is being prepared: a trigger refuses it after the call",
    "punto": "of a meeting that is being prepared: a trigger refuses it after the call",
    "recapito_indicatori": "an address that is to be written to no more",
    "recapito_organo": "an address that is to be written to no more",
    "recapito_seggio": "an address that is to be written to no more",
    "recapito_spesa": "an address that is to be written to no more",
    "ricalcolo_esito": "an outcome of a run that ended long ago and says that they went; by policy",
    "riga_spesa": "a line taken off a sheet that is being filled in, or undone with its file",
    "sessione": "log-out, expiry",
    "tentativo_accesso": "forgotten after a success or a quarter of an hour",
    "valore_indicatore": "a figure that another takes the place of, or undone with its file",
    "voucher_usato": "forgotten when the voucher has ended",
}

CONGELATE = frozenset({"pubblicazione", "cifra_pubblicata", "ritiro_pubblicazione", "lettura_ats"})
"""Tables whose rows are written once."""

SOLO_DA_FUNZIONI: dict[str, str] = {
    "pseudonimo": "who a minor is: asked by one's own codice fiscale, or one record at a time",
}
"""Tables of which the application reads nothing but whose rows they are, and writes nothing."""

CON_I_DIRITTI_DEL_PROPRIETARIO: dict[str, str] = {
    "analizza_pubblicati": "what the planner knows of two tables: shows nothing, changes no row",
    "calendario_di": "whose feed a secret address is, before there is a context: ids only",
    "eservice_di": "which ambito an e-service is of, before there is a context: public facts only",
    "pseudonimi_di": "the ids of persons whose codice fiscale is known, in the ambito in force",
    "persona_di": "the person behind an id of a record that the context shows, with its audit",
    "libera_pseudonimo": "forgets an id of the ambito in force that no record and no draft has",
    "segna_lettura_ats": "writes that the agency in force read what was released to it; gives a count",
    "correggi_persona": "another person for an id of a record that the context shows, with its audit",
}
"""Functions that read as their owner; each takes a code and gives back listed columns."""

POLITICA = (
    "(ambito_id = ( SELECT (NULLIF(current_setting('capofila.ambito'::text, true), ''::text))"
    '::smallint AS "nullif"))'
)
"""What ``proteggi`` writes, as PostgreSQL spells it: the setting in a sub-select, read once."""

_NOME = "(CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname)"
_SCHEMI = "(n.nspname = 'public' OR n.nspname LIKE 'plugin\\_%')"
_NON_DI_ESTENSIONE = (
    "NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = {0}.oid AND d.deptype = 'e')"
)


async def difetti(c: Any) -> list[str]:
    """Everything that is wrong with the catalog, in words."""
    trovati: list[str] = []
    tabelle = await c.fetch(
        f"""
        SELECT c.oid, n.nspname, c.relname, c.relkind::text AS tipo, c.relrowsecurity AS attiva,
          c.relforcerowsecurity AS forzata, c.reloptions,
          pg_get_userbyid(c.relowner) AS proprietario,
          {_NOME} AS nome
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_SCHEMI} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
          AND {_NON_DI_ESTENSIONE.format("c")}
        ORDER BY nome
        """
    )
    for t in tabelle:
        nome = t["nome"]
        if t["tipo"] == "m":
            trovati.append(f"{nome}: a materialised view ignores the policies")
        elif t["tipo"] == "f":
            trovati.append(f"{nome}: a foreign table has no policies")
        elif t["tipo"] == "v":
            if "security_invoker=true" not in (t["reloptions"] or []):
                trovati.append(f"{nome}: a view without security_invoker reads as its owner")
        elif nome in CONDIVISE:
            if nome in PROTETTE_ALTRIMENTI and not (t["attiva"] and t["forzata"]):
                trovati.append(f"{nome}: row-level security is not enabled and forced")
        else:
            trovati += [f"{nome}: {d}" for d in await _difetti_tabella(c, t)]
        if t["proprietario"] == "capofila_app":
            trovati.append(f"{nome}: owned by the application")
    esistenti = {t["nome"] for t in tabelle}
    trovati += [
        f"{n}: in the list of shared tables and not there" for n in set(CONDIVISE) - esistenti
    ]
    trovati += await _difetti_funzioni(c)
    trovati += await _difetti_diritti(c)
    return sorted(trovati)


async def _difetti_tabella(c: Any, t: Any) -> list[str]:
    oid, trovati = t["oid"], []
    ambito = await c.fetchrow(
        """
        SELECT a.attnum, a.attnotnull, format_type(a.atttypid, a.atttypmod) AS tipo,
          pg_get_expr(d.adbin, d.adrelid) AS predefinito
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = $1 AND a.attname = 'ambito_id' AND NOT a.attisdropped
        """,
        oid,
    )
    if ambito is None:
        return ["no ambito_id, and not in the list of shared tables"]
    if not ambito["attnotnull"]:
        trovati.append("ambito_id may be null")
    if ambito["tipo"] != "smallint":
        trovati.append(f"ambito_id is {ambito['tipo']}")
    if ambito["predefinito"] != "ambito_corrente()":
        trovati.append("ambito_id has no default from the unit of work")
    if not t["attiva"]:
        trovati.append("row-level security is not enabled")
    if not t["forzata"]:
        trovati.append("row-level security is not forced on its owner")
    trovati += await _difetti_politiche(c, oid)

    indici = await c.fetch(
        """
        SELECT i.relname AS nome, x.indisprimary, x.indkey[0] AS prima
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = $1
        """,
        oid,
    )
    if not any(i["indisprimary"] for i in indici):
        trovati.append("no primary key")
    trovati += [
        f"index {i['nome']} does not begin with ambito_id"
        for i in indici
        if i["prima"] != ambito["attnum"] and i["nome"] not in INDICI_SENZA_AMBITO
    ]
    chiavi = await c.fetch(
        """
        SELECT k.conname AS nome, f.relname AS verso,
          EXISTS (SELECT 1 FROM unnest(k.conkey, k.confkey) AS p(da, a)
            JOIN pg_attribute x ON x.attrelid = k.conrelid AND x.attnum = p.da
            JOIN pg_attribute y ON y.attrelid = k.confrelid AND y.attnum = p.a
            WHERE x.attname = 'ambito_id' AND y.attname = 'ambito_id') AS composta,
          EXISTS (SELECT 1 FROM pg_attribute y WHERE y.attrelid = f.oid AND y.attname = 'ambito_id')
            AS di_ambito
        FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid
        WHERE k.conrelid = $1 AND k.contype = 'f'
        """,
        oid,
    )
    trovati += [
        f"foreign key {k['nome']} to {k['verso']} can point into another ambito"
        for k in chiavi
        if k["di_ambito"] and not k["composta"]
    ]
    return trovati


async def _difetti_politiche(c: Any, oid: int) -> list[str]:
    trovati = []
    politiche = await c.fetch(
        """
        SELECT p.polname, p.polrelid::regclass::text AS tabella, p.polcmd::text AS comando,
          p.polpermissive AS permissiva,
          pg_get_expr(p.polqual, p.polrelid) AS usa,
          pg_get_expr(p.polwithcheck, p.polrelid) AS controlla,
          ARRAY(SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r)::text END
                FROM unnest(p.polroles) r) AS ruoli
        FROM pg_policy p WHERE p.polrelid = $1
        """,
        oid,
    )
    principale = [p for p in politiche if p["polname"] == "ambito"]
    if len(principale) != 1:
        return ["no policy of the ambito"]
    p = principale[0]
    if (p["comando"], p["permissiva"], p["ruoli"]) != ("*", True, ["capofila_app"]):
        trovati.append("the policy of the ambito is not for every command of the application")
    if re.sub(r"\s+", " ", p["usa"] or "") != POLITICA or p["controlla"] != p["usa"]:
        trovati.append("the policy of the ambito is not the one that is computed once a query")
    for altra in politiche:
        if altra["polname"] == "ambito" or not altra["permissiva"]:
            continue
        if "PUBLIC" in altra["ruoli"]:
            trovati.append(f"policy {altra['polname']} is for everybody")
        if "capofila_ats" in altra["ruoli"] and not (
            altra["tabella"] in DELL_ATS
            and altra["comando"] == "r"
            and re.search(r"capofila\.ats'|FROM pubblicazione p", altra["usa"] or "")
        ):
            trovati.append(f"policy {altra['polname']} shows rows of an ambito to the agency")
        if "capofila_app" in altra["ruoli"]:
            if altra["comando"] != "r":
                trovati.append(f"policy {altra['polname']} lets the application write elsewhere")
            if altra["usa"] == "true":
                trovati.append(f"policy {altra['polname']} shows everything")
    return trovati


async def _difetti_funzioni(c: Any) -> list[str]:
    righe = await c.fetch(
        f"""
        SELECT p.proname, p.proconfig, pg_get_userbyid(p.proowner) AS proprietario,
          has_function_privilege('capofila_ats', p.oid, 'EXECUTE') AS di_tutti
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE {_SCHEMI} AND p.prosecdef AND {_NON_DI_ESTENSIONE.format("p")}
        """
    )
    trovati = []
    for r in righe:
        if r["proname"] not in CON_I_DIRITTI_DEL_PROPRIETARIO:
            trovati.append(f"{r['proname']}(): SECURITY DEFINER reads as its owner")
        elif r["proconfig"] != ["search_path=pg_catalog, pg_temp"]:
            trovati.append(f"{r['proname']}(): its search_path can be led astray")
        elif r["proprietario"] != "capofila_owner" or r["di_tutti"]:
            trovati.append(f"{r['proname']}(): of another owner, or for everybody")
    return trovati


async def _difetti_diritti(c: Any) -> list[str]:
    diritti = await c.fetch(
        f"""
        SELECT {_NOME} AS nome,
          r.rolname AS ruolo, d.diritto,
          n.nspname LIKE 'plugin\\_%' AND EXISTS (SELECT 1 FROM pg_policy p
            WHERE p.polrelid = c.oid AND p.polcmd = 'd' AND NOT p.polpermissive
            AND pg_get_expr(p.polqual, p.polrelid) = '(ritirata_il IS NOT NULL)') AS ritirate,
          EXISTS (SELECT 1 FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attname = 'ambito_id') AS di_ambito
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
          pg_roles r, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
                                   'TRIGGER', 'MAINTAIN']) AS d(diritto)
        WHERE {_SCHEMI} AND c.relkind IN ('r', 'p', 'v', 'm')
          AND r.rolname IN ('capofila_app', 'capofila_ats', 'capofila_relay', 'capofila_backup')
          AND CASE WHEN d.diritto IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
            THEN has_any_column_privilege(r.rolname, c.oid, d.diritto)
            ELSE has_table_privilege(r.rolname, c.oid, d.diritto) END
        """
    )
    trovati = []
    for r in diritti:
        nome, ruolo, diritto = r["nome"], r["ruolo"], r["diritto"]
        troppo = {
            "capofila_app": diritto in {"TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"}
            or (diritto == "UPDATE" and nome in CONGELATE)
            or (diritto == "DELETE" and nome not in SI_CANCELLANO and not r["ritirate"])
            or nome == "migration",
            "capofila_ats": diritto != "SELECT" or nome not in DELL_ATS,
            "capofila_relay": nome != "lavoro_uscita" or diritto not in {"SELECT", "UPDATE"},
            "capofila_backup": diritto != "SELECT",
        }[ruolo]
        if troppo:
            trovati.append(f"{nome}: {ruolo} has {diritto}")
    pericolosi = await c.fetch(
        """
        SELECT r.rolname FROM pg_roles r WHERE r.rolname LIKE 'capofila\\_%' AND (r.rolsuper
          OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
          OR (r.rolname = 'capofila_owner' AND r.rolcanlogin))
        """
    )
    trovati += [f"{r['rolname']}: a role with powers that it must not have" for r in pericolosi]
    membri = await c.fetch(
        """
        SELECT m.member::regrole::text AS chi, m.roleid::regrole::text AS di FROM pg_auth_members m
        WHERE m.member::regrole::text IN
          ('capofila_app', 'capofila_ats', 'capofila_relay', 'capofila_backup')
        """
    )
    return trovati + [f"{m['chi']}: can become {m['di']}" for m in membri]


async def test_ogni_tabella_e_protetta_o_condivisa_per_una_ragione(banca: Any) -> None:
    c = await asyncpg.connect(banca.superutente)
    try:
        assert await difetti(c) == []
        usati = {r["relname"] for r in await c.fetch("SELECT relname FROM pg_class")}
        assert set(INDICI_SENZA_AMBITO) <= usati
    finally:
        await c.close()


BUONA = "ambito_id smallint NOT NULL, id int NOT NULL, PRIMARY KEY (ambito_id, id)"
GUASTI = [
    ("CREATE TABLE nuova (id int PRIMARY KEY)", "not in the list of shared tables"),
    ("CREATE TABLE nuova (id int PRIMARY KEY, ambito_id smallint); SELECT proteggi('nuova')",
     "may be null"),
    ("CREATE TABLE nuova (ambito_id int NOT NULL, id int, PRIMARY KEY (ambito_id, id));"
     " SELECT proteggi('nuova')", "ambito_id is integer"),
    (f"CREATE TABLE nuova ({BUONA})", "row-level security is not enabled"),
    (f"CREATE TABLE nuova ({BUONA}); SELECT proteggi('nuova');"
     " ALTER TABLE nuova NO FORCE ROW LEVEL SECURITY", "not forced"),
    (f"CREATE TABLE nuova ({BUONA}); SELECT proteggi('nuova');"
     " ALTER TABLE nuova ALTER ambito_id DROP DEFAULT", "no default"),
    (f"CREATE TABLE nuova ({BUONA}); SELECT proteggi('nuova'); DROP POLICY ambito ON nuova",
     "no policy"),
    (f"CREATE TABLE nuova ({BUONA}); SELECT proteggi('nuova'); DROP POLICY ambito ON nuova;"
     " CREATE POLICY ambito ON nuova TO capofila_app USING (ambito_id = ambito_corrente())",
     "computed once a query"),
    (f"CREATE TABLE nuova ({BUONA}); SELECT proteggi('nuova');"
     " ALTER POLICY ambito ON nuova WITH CHECK (true)", "computed once a query"),
    (f"CREATE TABLE nuova ({BUONA}); SELECT proteggi('nuova');"
     " CREATE POLICY comoda ON nuova USING (true)", "is for everybody"),
    (f"CREATE TABLE nuova ({BUONA}); SELECT proteggi('nuova');"
     " CREATE POLICY comoda ON nuova FOR UPDATE TO capofila_app USING (id > 0)", "write elsewhere"),
    (f"CREATE TABLE nuova ({BUONA}); SELECT proteggi('nuova');"
     " CREATE POLICY comoda ON nuova FOR SELECT TO capofila_app USING (true)", "shows everything"),
    ("CREATE TABLE nuova (ambito_id smallint NOT NULL, id int PRIMARY KEY);"
     " SELECT proteggi('nuova')", "nuova_pkey does not begin"),
    (f"CREATE TABLE nuova ({BUONA}, cf text UNIQUE); SELECT proteggi('nuova')",
     "nuova_cf_key does not begin"),
    (f"CREATE TABLE nuova ({BUONA}, quando date); SELECT proteggi('nuova');"
     " CREATE INDEX nuova_quando ON nuova (quando, ambito_id)", "nuova_quando does not begin"),
    ("CREATE TABLE madre (ambito_id smallint NOT NULL, id int UNIQUE, PRIMARY KEY (ambito_id, id));"
     f" CREATE TABLE nuova ({BUONA}, madre int REFERENCES madre (id)); SELECT proteggi('nuova')",
     "can point into another ambito"),
    ("CREATE VIEW nuova AS SELECT * FROM prestazione", "reads as its owner"),
    ("CREATE MATERIALIZED VIEW nuova AS SELECT * FROM prestazione", "ignores the policies"),
    ("CREATE FUNCTION nuova() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
     "SECURITY DEFINER"),
    ("ALTER FUNCTION eservice_di(text) RESET search_path", "led astray"),
    ("GRANT EXECUTE ON FUNCTION eservice_di(text) TO PUBLIC", "for everybody"),
    (f"CREATE SCHEMA plugin_prova; CREATE TABLE plugin_prova.nuova ({BUONA})",
     "plugin_prova.nuova: row-level security"),
    ("CREATE SCHEMA plugin_prova; CREATE TABLE plugin_prova.ambito (id int)",
     "plugin_prova.ambito: no ambito_id"),
    (f"CREATE SCHEMA plugin_prova; CREATE TABLE plugin_prova.nuova ({BUONA}); "
     "SELECT proteggi('plugin_prova.nuova', 'SELECT, DELETE')", "capofila_app has DELETE"),
    ("GRANT DELETE ON prestazione TO capofila_app", "capofila_app has DELETE"),
    ("GRANT TRUNCATE ON sessione TO capofila_app", "capofila_app has TRUNCATE"),
    ("GRANT SELECT ON migration TO capofila_app", "migration: capofila_app has SELECT"),
    ("GRANT SELECT ON prestazione TO capofila_ats", "capofila_ats has SELECT"),
    ("GRANT SELECT ON comune TO capofila_ats", "capofila_ats has SELECT"),
    ("GRANT INSERT ON cifra_pubblicata TO capofila_ats", "capofila_ats has INSERT"),
    ("CREATE POLICY larga ON pubblicazione FOR SELECT TO capofila_ats USING (id > 0)",
     "shows rows of an ambito to the agency"),
    ("CREATE POLICY larga ON riga_spesa FOR SELECT TO capofila_ats USING (ambito_id > 0)",
     "shows rows of an ambito to the agency"),
    ("GRANT UPDATE ON pubblicazione TO capofila_app", "pubblicazione: capofila_app has UPDATE"),
    ("GRANT SELECT (codice_fiscale) ON prestazione TO capofila_ats", "capofila_ats has SELECT"),
    ("GRANT SELECT ON lavoro TO capofila_relay", "capofila_relay has SELECT"),
    ("GRANT INSERT ON ente TO capofila_backup", "capofila_backup has INSERT"),
    ("ALTER TABLE ente OWNER TO capofila_app", "owned by the application"),
    ("ALTER TABLE sessione DISABLE ROW LEVEL SECURITY", "sessione: row-level security"),
    ("GRANT capofila_owner TO capofila_app", "can become capofila_owner"),
    ("ALTER ROLE capofila_app BYPASSRLS", "powers that it must not have"),
]  # fmt: skip


async def test_l_impronta_di_una_parola_la_legge_solo_chi_entra_con_quel_nome(banca: Any) -> None:
    """Who may read the table, by policy; and no other table keeps such a thing."""
    c = await asyncpg.connect(banca.superutente)
    try:
        politiche = await c.fetch(
            "SELECT policyname, cmd, roles::text[] AS ruoli, qual FROM pg_policies "
            "WHERE tablename = 'credenziale' AND cmd IN ('SELECT', 'ALL')"
        )
        lette = {r["policyname"]: r for r in politiche}
        assert set(lette) == {"accesso", "se_stesso", "proprietario", "copia_di_sicurezza"}
        dell_app = {n: r["qual"] for n, r in lette.items() if "capofila_app" in r["ruoli"]}
        assert set(dell_app) == {"accesso", "se_stesso"}
        assert "capofila.accesso" in dell_app["accesso"]
        assert "capofila.utente" in dell_app["se_stesso"]
        colonne = await c.fetch(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_name ~ 'parola|password|impronta'"
        )
        assert {tuple(r) for r in colonne} == {
            ("credenziale", "impronta"), ("sessione", "impronta"), ("versione_flusso", "impronta"),
            ("esportazione", "impronta_dati"), ("voucher_usato", "impronta"),
                ("segreto_calendario", "impronta"),
        }  # fmt: skip
    finally:
        await c.close()


async def test_ogni_guasto_e_visto(banca: Any) -> None:
    """Each mistake is made in a transaction, seen, and undone."""
    c = await asyncpg.connect(banca.superutente)
    try:
        non_visti = []
        for guasto, parole in GUASTI:
            transazione = c.transaction()
            await transazione.start()
            await c.execute(guasto)
            if not any(parole in d for d in await difetti(c)):
                non_visti.append(guasto)
            await transazione.rollback()
        assert non_visti == []
        assert await difetti(c) == []
    finally:
        await c.close()


# Two ambiti.


_VALORI: dict[str, Any] = {
    "smallint": 2025,
    "integer": 1,
    "bigint": 1,
    "numeric": Decimal("10"),
    "boolean": False,
    "date": date(2025, 3, 1),
    "time without time zone": time(18),
    "timestamp with time zone": datetime(2025, 3, 1, tzinfo=UTC),
    "jsonb": "{}",
    "bytea": b"x",
    "text[]": ["spesa"],
    "integer[]": [1],
}


async def _riempi(c: Any, tabella: str, ambito: int, noti: dict[str, Any]) -> None:
    """One row with every column that needs a value, whatever the table is."""
    colonne = await c.fetch(
        """
        SELECT a.attname AS nome, format_type(a.atttypid, NULL) AS tipo,
          (SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k WHERE k.conrelid = a.attrelid
             AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum] LIMIT 1) AS controllo,
          information_schema._pg_char_max_length(a.atttypid, a.atttypmod) AS lunghezza
        FROM pg_attribute a WHERE a.attrelid = $1::text::regclass AND a.attnum > 0
          AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
        """,
        tabella,
    )
    valori: dict[str, Any] = {"ambito_id": ambito}
    for colonna in colonne:
        nome, tipo = colonna["nome"], colonna["tipo"]
        if nome in noti:
            valori[nome] = noti[nome]
        elif tipo == "uuid":
            valori[nome] = uuid.uuid4()
        elif tipo in _VALORI:
            valori[nome] = _VALORI[tipo]
        else:
            scelta = re.search(r"'([^']*)'::text", colonna["controllo"] or "")
            valori[nome] = (scelta.group(1) if scelta else "prova")[: colonna["lunghezza"] or 999]
    davanti = f"{tabella}."
    valori |= {n.removeprefix(davanti): v for n, v in noti.items() if n.startswith(davanti)}
    segni = ", ".join(f"${n}" for n in range(1, len(valori) + 1))
    await c.execute(
        f"INSERT INTO {tabella} ({', '.join(valori)}) VALUES ({segni})", *valori.values()
    )


async def _tabelle_di_ambito(c: Any) -> list[str]:
    """Every tenant table, those that others point at first."""
    righe = await c.fetch(
        f"""
        SELECT {_NOME} AS nome,
          ARRAY(SELECT k.confrelid::regclass::text FROM pg_constraint k WHERE k.conrelid = c.oid
                AND k.contype = 'f' AND k.confrelid <> c.oid) AS verso
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_SCHEMI} AND c.relkind IN ('r', 'p') AND EXISTS (SELECT 1 FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attname = 'ambito_id' AND NOT a.attisdropped)
        ORDER BY 1
        """
    )
    restano = {r["nome"]: set(r["verso"]) for r in righe}
    # Checked by trigger instead of a foreign key.
    restano["prestazione"] |= {"lotto", "ente"}
    restano["riga_spesa"] |= {"scheda_spesa"}
    ordine: list[str] = []
    while restano:
        pronte = [n for n, verso in restano.items() if not verso & restano.keys()]
        assert pronte, f"tables that point at each other: {restano}"
        ordine += pronte
        for nome in pronte:
            del restano[nome]
    return ordine


@pytest.fixture
async def due_ambiti(motore: Any, banca: Any) -> list[str]:
    """One row of ambito 1 and one of ambito 2 in every tenant table; their names."""
    c = await asyncpg.connect(banca.superutente)
    try:
        await c.execute(
            "INSERT INTO ambito (id, slug, nome, capofila, provincia) VALUES"
            " (1, 'crema', 'Crema', 'Crema', 'CR'), (2, 'cremona', 'Cremona', 'Cremona', 'CR');"
            "INSERT INTO comune (istat, nome, belfiore, provincia, fonte)"
            " VALUES ('019035', 'Crema', 'D142', 'CR', 'prova');"
            "INSERT INTO utente (nome_accesso, nome) VALUES ('prova', 'P');"
            "INSERT INTO ats (id, slug, nome) VALUES (1, 'prova', 'P')"
        )
        tabelle = await _tabelle_di_ambito(c)
        for ambito in (1, 2):
            noti: dict[str, Any] = {
                "istat": "019035",
                "comune_titolare": "D142",
                "ente.istat": "019035",
                "sha256": "0" * 64,
                "azione": "prova",
                "decisione.esito": "respinta",
                "pagamento.quota_utente": Decimal(0),
                "pagamento.quota_ssn": Decimal(0),
                "prestazione.come_ricevuto": True,
                "prestazione.forma_riga": "<prova/>",
                "scheda_sinba.come_ricevuto": True,
                "scheda_sinba.forma_riga": "<prova/>",
                "eservice.codice": f"D14{ambito}",
                "eservice.audience": f"https://prova.example/{ambito}",
                "prelievo.flussi": 0,
                "valore_indicatore.territorio": "ambito",
                "incarico_indicatore.titolare": "Prova",
                "adempimento_fatto.specie_prova": "atto",
                "avviso_adempimento.passo": 7,
                "segreto_calendario.utente_id": 1,
                "segreto_calendario.impronta": f"{ambito:064x}",
                # The digest of the bytes that the row has.
                "decisione_quota.sha256": hashlib.sha256(b"x").hexdigest(),
                "accordo.codice": "prova",
                "firmatario.specie": "altro",
                "modifica_accordo.specie": "altro",
                "incarico_organo.categoria": "sindaco",
                "pubblicazione_organo.sha256": hashlib.sha256(b"x").hexdigest(),
                "pubblicazione_organo.ats": [1],
                "festa_locale.mese": 6,
                "festa_locale.giorno": 10,
                "seduta.stato": "aperta",
                "seduta.convocata_il": date(2025, 1, 1),
                "punto.ordine": 1,
                "emendamento.ordine": 1,
                "apertura_seduta.convocazione": 1,
                "apertura_seduta.sha256": hashlib.sha256(b"x").hexdigest(),
                "peso_seduta.convocazione": 1,
                "presenza.convocazione": 1,
                "presidenza_seduta.convocazione": 1,
                "delega.convocazione": 1,
                "delega.a": "altro",
                "votazione.convocazione": 1,
                "anno_fissato.sha256": hashlib.sha256(b"x").hexdigest(),
                "riparto_fondo.sha256": hashlib.sha256(b"prova").hexdigest(),
                "unita_offerta.comune": "D142",
                "valutazione_accreditamento.sha256": hashlib.sha256(b"prova").hexdigest(),
                "atto_accreditamento.numero": 1,
                "votazione.sha256": hashlib.sha256(b"x").hexdigest(),
                "voto.favorevole": 100,
                "voto.contrario": 0,
                "voto.astenuto": 0,
                "registro_deliberazioni.ultimo": 1,
                "deliberazione.anno": 2025,
                "deliberazione.giorno": date(2025, 1, 1),
                "cessazione_deliberazione.atto": "Sentenza",
                "ricalcolo_esito.stato": "non_calcolata",
                "ricalcolo_esito.motivo": "isee_mancante",
                "ats_id": 1,
                "apertura.licenza": "cc-by-4.0",
                "convenzione.soglia": 5,
                "scorrimento.protocollo": "P",
                **{
                    f"{tabella}.comune": "D142"
                    for tabella in (
                        *("scheda_spesa", "riga_spesa", "lotto_spesa", "commento_spesa"),
                        *("eccezione_spesa", "passaggio_spesa", "adozione", "assistito"),
                        *("attestazione_isee", "utenza", "decisione_quota"),
                        *("decisione_prestazione", "ricalcolo_esito", "domanda_bando"),
                    )
                },
            }
            for tabella in tabelle:
                await _riempi(c, tabella, ambito, noti)
                if tabella == "peso_seduta":
                    # A proxy is between two, and a secret vote is not one by seat.
                    await _riempi(c, tabella, ambito, {**noti, "peso_seduta.avente": "altro"})
                elif tabella == "votazione":
                    await _riempi(
                        c, tabella, ambito,
                        {**noti, "votazione.modo": "segreta",
                         "votazione.emendamento_id": noti["emendamento_id"]},
                    )  # fmt: skip
                    noti["scrutinio.votazione_id"] = await c.fetchval(
                        "SELECT id FROM votazione WHERE modo = 'segreta' AND ambito_id = $1", ambito
                    )
                riga = await c.fetchrow(
                    f"SELECT * FROM {tabella} WHERE ambito_id = $1 ORDER BY 2", ambito
                )
                for chiave, valore in riga.items():
                    if chiave == "id":
                        nome = tabella.rsplit(".", 1)[-1]
                        noti[f"{nome}_id"] = valore
                        if nome == "ente":
                            noti["ente_erogatore_id"] = noti["capofila_id"] = valore
                        if nome == "unita_offerta":
                            noti["unita_id"] = valore
                        if nome == "domanda_accreditamento":
                            for una in ("risposta", "documento", "atto"):
                                noti[f"{una}_accreditamento.domanda_id"] = valore
                        if nome == "atto_accreditamento":
                            noti["atto_id"] = valore
                        if nome == "graduatoria_approvata":
                            noti["approvata_id"] = valore
                        if nome == "esportazione":
                            noti["comunicazione.esportazione_id"] = valore
        return tabelle
    finally:
        await c.close()


async def test_in_un_ambito_non_si_vede_niente_dell_altro(due_ambiti: list[str]) -> None:
    assert len(due_ambiti) >= 14
    for io in (1, 2):
        async with unita_di_lavoro(Contesto(ambito=io), sola_lettura=True) as unita:
            for tabella in due_ambiti:
                righe = await unita.righe(f"SELECT ambito_id FROM {tabella}")
                assert {r["ambito_id"] for r in righe} == {io}, tabella
                filtrata = await unita.righe(
                    f"SELECT 1 FROM {tabella} WHERE ambito_id = $1", 3 - io
                )
                assert filtrata == [], tabella


async def test_senza_ambito_non_si_vede_niente(due_ambiti: list[str]) -> None:
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        for tabella in due_ambiti:
            che_cosa = "ambito_id" if tabella in SOLO_DA_FUNZIONI else "*"
            assert await unita.righe(f"SELECT {che_cosa} FROM {tabella}") == [], tabella


async def test_con_piccolo_non_si_vede_niente_dell_altro(due_ambiti: list[str]) -> None:
    for tabella in due_ambiti:
        modello = create_table_class(
            "Modello",
            class_kwargs={"tablename": tabella, "db": MOTORE},
            class_members={"ambito_id": SmallInt(), "id": Integer(primary_key=True)},
        )
        async with unita_di_lavoro(Contesto(ambito=1), sola_lettura=True):
            righe = await modello.select(modello._meta.get_column_by_name("ambito_id"))
            assert {r["ambito_id"] for r in righe} == {1}, tabella
            async with await modello.select(
                modello._meta.get_column_by_name("ambito_id")
            ).batch() as lotti:
                blocchi = [riga["ambito_id"] async for blocco in lotti for riga in blocco]
            assert {*blocchi} == {1}, tabella


async def test_niente_dell_altro_si_cambia_si_cancella_o_si_aggiunge(
    due_ambiti: list[str], banca: Any
) -> None:
    c = await asyncpg.connect(banca.superutente)
    prima = {t: await c.fetch(f"SELECT * FROM {t} WHERE ambito_id = 2") for t in due_ambiti}
    async with unita_di_lavoro(Contesto(ambito=1)) as unita:
        for tabella in due_ambiti:
            colonne = await unita.righe(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass"
                " AND attnum > 0 AND NOT attisdropped AND attidentity = ''"
                " AND attname <> 'ambito_id'"
                " AND has_column_privilege(attrelid, attnum, 'UPDATE')",
                tabella,
            )
            for colonna in (r["attname"] for r in colonne):
                tag = await unita.esegui(
                    f"UPDATE {tabella} SET {colonna} = {colonna} WHERE ambito_id = 2"
                )
                assert tag == "UPDATE 0", (tabella, colonna)
            try:
                async with unita.punto_di_ritorno():
                    tag = await unita.esegui(f"DELETE FROM {tabella} WHERE ambito_id = 2")
                    assert tag == "DELETE 0", tabella
            except asyncpg.InsufficientPrivilegeError:
                pass
            scritta_da_funzioni = tabella in {*SOLO_DA_FUNZIONI, "lettura_ats"}
            rifiuto = "permission denied" if scritta_da_funzioni else "row-level security"
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match=rifiuto):
                async with unita.punto_di_ritorno():
                    await _riempi(unita.connessione, tabella, 2, {"istat": "019035"})
    dopo = {t: await c.fetch(f"SELECT * FROM {t} WHERE ambito_id = 2") for t in due_ambiti}
    await c.close()
    assert dopo == prima


async def test_una_riga_non_cambia_ambito(due_ambiti: list[str]) -> None:
    provate = 0
    async with unita_di_lavoro(Contesto(ambito=1)) as unita:
        for tabella in due_ambiti:
            if not await unita.valore(
                "SELECT has_column_privilege($1::text::regclass, 'ambito_id', 'UPDATE')", tabella
            ):
                continue
            provate += 1
            with pytest.raises(asyncpg.PostgresError) as errore:
                async with unita.punto_di_ritorno():
                    await unita.esegui(f"UPDATE {tabella} SET ambito_id = 2")
            assert isinstance(errore.value, asyncpg.InsufficientPrivilegeError), tabella
    assert provate > 5


async def test_l_ats_e_la_staffetta_non_leggono_le_tabelle_degli_ambiti(
    due_ambiti: list[str],
) -> None:
    for ruolo in ("ats", "relay"):
        for tabella in due_ambiti:
            if (ruolo, tabella) == ("relay", "lavoro_uscita"):
                continue
            if ruolo == "ats" and tabella in DELL_ATS:
                # Whoever has no agency sees what is open, or was: an agency that it is not for does not.
                nessuna = None if tabella != "apertura" else 2
                async with unita_di_lavoro(Contesto(ambito=1, ats=nessuna), ruolo="ats") as unita:
                    assert await unita.righe(f"SELECT ambito_id FROM {tabella}") == []
                continue
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with unita_di_lavoro(Contesto(ambito=1), ruolo=ruolo) as unita:  # type: ignore[arg-type]
                    await unita.righe(f"SELECT 1 FROM {tabella}")


async def test_chi_lavora_per_un_comune_vede_solo_quello(due_ambiti: list[str]) -> None:
    for comune, righe in (("D142", 1), ("D150", 0)):
        async with unita_di_lavoro(Contesto(ambito=1, comune=comune)) as unita:
            assert await unita.valore("SELECT count(*) FROM riparto_spesa") == 0
            for tabella in (
                *("prestazione", "scheda_sinba", "scheda_spesa", "riga_spesa", "lotto_spesa"),
                *("commento_spesa", "eccezione_spesa", "passaggio_spesa"),
            ):
                assert await unita.valore(f"SELECT count(*) FROM {tabella}") == righe, tabella


async def test_la_copia_di_sicurezza_legge_tutto_e_non_scrive(
    due_ambiti: list[str], banca: Any
) -> None:
    c = await asyncpg.connect(banca.backup)
    try:
        for tabella in due_ambiti:
            ambiti = await c.fetch(f"SELECT DISTINCT ambito_id FROM {tabella} ORDER BY 1")
            assert [r["ambito_id"] for r in ambiti] == [1, 2], tabella
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await c.execute(f"DELETE FROM {tabella}")
    finally:
        await c.close()


async def test_chi_e_un_minore_non_si_legge_dalla_tabella(due_ambiti: list[str]) -> None:
    assert set(SOLO_DA_FUNZIONI) <= set(due_ambiti)
    for tabella in SOLO_DA_FUNZIONI:
        async with unita_di_lavoro(Contesto(ambito=1)) as unita:
            for comando in (
                f"SELECT * FROM {tabella}",
                f"SELECT codice_fiscale FROM {tabella}",
                f"SELECT id_beneficiario FROM {tabella}",
                f"INSERT INTO {tabella} (codice_fiscale, id_beneficiario) VALUES ('a', 'b')",
                f"UPDATE {tabella} SET id_beneficiario = 'x'",
                f"DELETE FROM {tabella}",
                f"COPY {tabella} TO STDOUT",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with unita.punto_di_ritorno():
                        await unita.esegui(comando)
