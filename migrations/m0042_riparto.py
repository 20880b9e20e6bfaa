"""The funds that were shared: by which criteria, by which act, and the computation as it was."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T09:06:00:000042"
VERSION = "1.42.0"
DESCRIPTION = "Riparto dei fondi"

SQL = r"""
-- A fund of a year as it was shared and approved. Never changed: a later version of the same fund and
-- year takes its place. `traccia` has in it all that is needed to share the fund again.
CREATE TABLE riparto_fondo (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  fondo text COLLATE "C" NOT NULL CHECK (length(fondo) BETWEEN 1 AND 40),
  nome_fondo text NOT NULL CHECK (length(nome_fondo) BETWEEN 1 AND 200),
  anno smallint NOT NULL,
  versione smallint NOT NULL CHECK (versione > 0),
  criteri text COLLATE "C" NOT NULL,
  importo numeric(14, 2) NOT NULL CHECK (importo > 0),
  atto text NOT NULL CHECK (length(atto) BETWEEN 5 AND 1000),
  atto_data date NOT NULL,
  deliberazione_id integer,
  traccia text NOT NULL CHECK (length(traccia) <= 10000000),
  sha256 char(64) NOT NULL CHECK (sha256 = encode(sha256(convert_to(traccia, 'UTF8')), 'hex')),
  approvato_il timestamptz NOT NULL DEFAULT now(),
  approvato_da bigint DEFAULT utente_corrente(),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, deliberazione_id) REFERENCES deliberazione (ambito_id, id),
  UNIQUE (ambito_id, fondo, anno, versione)
);
SELECT proteggi('riparto_fondo', 'SELECT, INSERT');
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
