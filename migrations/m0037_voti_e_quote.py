"""What meetings lacked: further ballots, why a matter is dealt with, who presided and why, quotas."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T09:10:00:000037"
VERSION = "1.40.0"
DESCRIPTION = "Governo: altre votazioni di un'elezione, ragioni scritte, quote dei comuni"

SQL = r"""
-- `motivazione` is why the body deals with a matter that no source assigns to any. `segue_id` is the
-- vote that left places to be filled, of which this is the next: a key to it would go round in a ring,
-- so it is looked for when it is written.
ALTER TABLE proposta
  ADD COLUMN motivazione text CHECK (length(motivazione) BETWEEN 3 AND 500),
  ADD COLUMN segue_id integer,
  ADD UNIQUE (ambito_id, segue_id);

-- The same reason of an act that was voted elsewhere, and the act that ended it.
ALTER TABLE confronto
  ADD COLUMN motivazione text CHECK (length(motivazione) BETWEEN 3 AND 500),
  ADD COLUMN annullato_con text CHECK (length(annullato_con) BETWEEN 3 AND 300);
GRANT UPDATE (annullato_con) ON confronto TO capofila_app;

-- Why who presides may, where no source says who does.
ALTER TABLE presidenza_seduta ADD COLUMN nota text CHECK (length(nota) BETWEEN 3 AND 600);

-- Where the quotas that weighed come from, apart from the inhabitants.
ALTER TABLE peso_seduta ADD COLUMN fonte_quote text;

-- The quotas of the comuni in the azienda or ente that they own together, by year, with their act.
CREATE TABLE atto_quote (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  anno smallint NOT NULL CHECK (anno BETWEEN 1990 AND 2100),
  ente text NOT NULL CHECK (length(ente) BETWEEN 1 AND 200),
  organo text NOT NULL CHECK (length(organo) BETWEEN 1 AND 200),
  numero text CHECK (length(numero) BETWEEN 1 AND 60),
  data date NOT NULL,
  inventato boolean NOT NULL DEFAULT false,
  scritto_da bigint DEFAULT utente_corrente(),
  scritto_il timestamptz NOT NULL DEFAULT now(),
  ritirato_il timestamptz,
  PRIMARY KEY (ambito_id, id)
);
CREATE UNIQUE INDEX quote_di_un_anno ON atto_quote (ambito_id, anno) WHERE ritirato_il IS NULL;
SELECT proteggi('atto_quote', 'SELECT, INSERT');
GRANT UPDATE (ritirato_il) ON atto_quote TO capofila_app;

CREATE TABLE quota_comune (
  ambito_id smallint NOT NULL REFERENCES ambito,
  atto_quote_id integer NOT NULL,
  istat char(6) COLLATE "C" NOT NULL,
  quote numeric(16, 6) NOT NULL CHECK (quote >= 0),
  PRIMARY KEY (ambito_id, atto_quote_id, istat),
  FOREIGN KEY (ambito_id, atto_quote_id) REFERENCES atto_quote (ambito_id, id)
);
SELECT proteggi('quota_comune', 'SELECT, INSERT');
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
