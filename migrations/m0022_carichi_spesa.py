"""A file of the social spending that waits, between its preview and the word of who brought it."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T14:00:00:000022"
VERSION = "1.38.0"
DESCRIPTION = "Spesa sociale: file in attesa di conferma"

SQL = r"""
-- `mappa` says which column of the form each column of the file is; empty for one that is left out.
-- The file is kept for a day, then thrown away.
CREATE TABLE carico_spesa (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  rilevazione_id integer NOT NULL,
  anno smallint NOT NULL,
  nome_file text NOT NULL CHECK (length(nome_file) <= 255),
  contenuto bytea NOT NULL,
  mappa jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(mappa) = 'object'),
  comune text COLLATE "C",
  caricato_da bigint DEFAULT utente_corrente(),
  caricato_il timestamptz NOT NULL DEFAULT now(),
  scade_il timestamptz NOT NULL DEFAULT now() + interval '1 day',
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, rilevazione_id, anno) REFERENCES rilevazione (ambito_id, id, anno)
);
ALTER TABLE carico_spesa ALTER contenuto SET STORAGE EXTERNAL;
CREATE INDEX ON carico_spesa (ambito_id, scade_il);
CREATE INDEX ON carico_spesa (ambito_id, rilevazione_id);
SELECT proteggi('carico_spesa', 'SELECT, INSERT, DELETE');
GRANT UPDATE (mappa) ON carico_spesa TO capofila_app;

-- Whoever works for one comune sees its own only (see migration 16 for the form).
CREATE POLICY comune ON carico_spesa AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
    OR comune = current_setting('capofila.comune', true))
  WITH CHECK ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
    OR comune = current_setting('capofila.comune', true));
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
