"""What the plugins that are installed do wrong, own and keep: faults, own tables, pinned years."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T09:41:00:000041"
VERSION = "1.41.0"
DESCRIPTION = "Guasti, tabelle e anni fissati dei plugin"

SQL = r"""
-- A plugin that failed while it answered for an ambito: who wrote it, where its code stopped, and what it
-- was given, as words that hold no value and a keyed digest by which the same input is known again. The
-- same failure of the same day is one line.
CREATE TABLE guasto_plugin (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  giorno date NOT NULL DEFAULT current_date,
  plugin text NOT NULL CHECK (length(plugin) BETWEEN 2 AND 31),
  versione text NOT NULL CHECK (length(versione) BETWEEN 1 AND 60),
  fornitore text NOT NULL CHECK (length(fornitore) BETWEEN 1 AND 200),
  hook text NOT NULL CHECK (length(hook) BETWEEN 1 AND 60),
  causa text NOT NULL CHECK (length(causa) BETWEEN 1 AND 300),
  punto text NOT NULL DEFAULT '' CHECK (length(punto) <= 200),
  ingresso text NOT NULL DEFAULT '' CHECK (length(ingresso) <= 300),
  sha256 text NOT NULL DEFAULT '' CHECK (sha256 ~ '^([0-9a-f]{64})?$'),
  volte integer NOT NULL DEFAULT 1 CHECK (volte > 0),
  ultimo timestamptz NOT NULL DEFAULT now(),
  traccia text CHECK (length(traccia) <= 60),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, giorno, plugin, versione, hook, causa, punto, ingresso, sha256)
);
SELECT proteggi('guasto_plugin');

-- Whoever runs the platform sees where a plugin acts and where it failed; not what it was given.
CREATE POLICY amministrazione ON guasto_plugin FOR SELECT TO capofila_app
  USING ((SELECT current_setting('capofila.amministratore', true)) = 'si');
CREATE POLICY amministrazione ON attivazione FOR SELECT TO capofila_app
  USING ((SELECT current_setting('capofila.amministratore', true)) = 'si');

-- The migrations of plugins that were done: what they declared is kept, so that the tables can be read
-- when the plugin is gone. Written by the owner alone, with `capofila plugin migrate`.
CREATE TABLE migrazione_plugin (
  plugin text NOT NULL CHECK (length(plugin) BETWEEN 2 AND 31),
  codice text NOT NULL CHECK (codice ~ '^[0-9]{4}_[a-z][a-z0-9_]{1,39}$'),
  sha256 char(64) NOT NULL,
  dichiarata jsonb NOT NULL,
  versione text NOT NULL CHECK (length(versione) BETWEEN 1 AND 60),
  applicata_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (plugin, codice)
);
SELECT condividi('migrazione_plugin');

-- A year of an ambito keeps what a plugin declared about it when it was pinned, whatever version is
-- installed later. Written once.
CREATE TABLE anno_fissato (
  ambito_id smallint NOT NULL REFERENCES ambito,
  anno smallint NOT NULL CHECK (anno BETWEEN 1990 AND 2100),
  plugin text NOT NULL CHECK (length(plugin) BETWEEN 2 AND 31),
  versione text NOT NULL CHECK (length(versione) BETWEEN 1 AND 60),
  contratto text NOT NULL CHECK (length(contratto) BETWEEN 3 AND 20),
  fornitore text NOT NULL CHECK (length(fornitore) BETWEEN 1 AND 200),
  risposte text NOT NULL CHECK (length(risposte) BETWEEN 2 AND 20000000),
  sha256 char(64) NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  fissato_il timestamptz NOT NULL DEFAULT now(),
  fissato_da bigint DEFAULT utente_corrente(),
  PRIMARY KEY (ambito_id, anno, plugin)
);
SELECT proteggi('anno_fissato', 'SELECT, INSERT');
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
