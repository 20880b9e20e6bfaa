"""What an approved plugin answers, to compare it before it is installed; what of plugins is thrown away."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T12:50:00:000049"
VERSION = "1.49.0"
DESCRIPTION = (
    "Plugin: risposte delle versioni approvate, pulizia dei guasti e delle righe sostituite"
)

SQL = r"""
-- What the examination of a wheel got for an answer to each of its questions: two versions are compared
-- without installing either. Empty for those that were approved before.
ALTER TABLE plugin_approvato ADD COLUMN risposte text CHECK (length(risposte) BETWEEN 2 AND 20000000);
GRANT UPDATE (risposte) ON plugin_approvato TO capofila_app;

-- Whoever runs the platform sees which years an ambito has pinned, to tell what an upgrade would change.
CREATE POLICY amministrazione ON anno_fissato FOR SELECT TO capofila_app
  USING ((SELECT current_setting('capofila.amministratore', true)) = 'si');

-- Old failures go; those of the last days stay whatever asks.
GRANT DELETE ON guasto_plugin TO capofila_app;
CREATE POLICY vecchi ON guasto_plugin AS RESTRICTIVE FOR DELETE TO capofila_app
  USING (ultimo < now() - interval '1 day');

-- Of a plugin's own tables only rows that were withdrawn can be thrown away; those made from now on have
-- the policy from the start (capofila.estensioni.schema). The right itself comes with `plugin migrate`.
DO $$
DECLARE tabella regclass;
BEGIN
  FOR tabella IN
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname LIKE 'plugin\_%' AND c.relkind = 'r'
  LOOP
    EXECUTE format('CREATE POLICY solo_ritirate ON %s AS RESTRICTIVE FOR DELETE TO capofila_app '
      'USING (ritirata_il IS NOT NULL)', tabella);
  END LOOP;
END $$;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
