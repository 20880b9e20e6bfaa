"""The index of approved plugins: what of which content may be activated."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T06:00:00:000035"
VERSION = "1.38.0"
DESCRIPTION = "Plugin approvati"

SQL = r"""
-- One line for each wheel that whoever runs the platform approved. `contenuto` is the digest of its
-- files, which an installed distribution still has: what was changed after it was installed is not
-- what was approved. Nothing is deleted: an approval is withdrawn, with the reason.
CREATE TABLE plugin_approvato (
  plugin text NOT NULL CHECK (plugin ~ '^[a-z][a-z0-9_]{1,30}$'),
  versione text NOT NULL CHECK (length(versione) BETWEEN 1 AND 60),
  contenuto char(64) NOT NULL CHECK (contenuto ~ '^[0-9a-f]{64}$'),
  sha256 char(64) NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  fornitore text NOT NULL CHECK (length(fornitore) BETWEEN 1 AND 200),
  contratto text NOT NULL CHECK (length(contratto) BETWEEN 3 AND 20),
  approvato_il timestamptz NOT NULL DEFAULT now(),
  ritirato_il timestamptz,
  motivo text CHECK (length(motivo) BETWEEN 5 AND 300),
  PRIMARY KEY (plugin, versione, contenuto),
  CHECK ((ritirato_il IS NULL) = (motivo IS NULL))
);
SELECT condividi('plugin_approvato', 'SELECT, INSERT, UPDATE (ritirato_il, motivo, approvato_il)');
ALTER TABLE plugin_approvato ENABLE ROW LEVEL SECURITY;
ALTER TABLE plugin_approvato FORCE ROW LEVEL SECURITY;
CREATE POLICY lettura ON plugin_approvato FOR SELECT TO capofila_app USING (true);
CREATE POLICY aggiunta ON plugin_approvato FOR INSERT TO capofila_app
  WITH CHECK ((SELECT current_setting('capofila.amministratore', true)) = 'si');
CREATE POLICY modifica ON plugin_approvato FOR UPDATE TO capofila_app
  USING ((SELECT current_setting('capofila.amministratore', true)) = 'si')
  WITH CHECK ((SELECT current_setting('capofila.amministratore', true)) = 'si');
CREATE POLICY proprietario ON plugin_approvato TO capofila_owner USING (true) WITH CHECK (true);
CREATE POLICY copia_di_sicurezza ON plugin_approvato FOR SELECT TO capofila_backup USING (true);
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
