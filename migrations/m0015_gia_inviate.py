"""Records that the receiver has from another program; the states of a record found again soon."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000015"
VERSION = "1.38.0"
DESCRIPTION = "Prestazioni già inviate con un altro programma, indici degli stati"

SQL = r"""
-- Whoever brought the file in said that the receiver has its records: they went out with the program
-- that was used before.
ALTER TABLE lotto ADD gia_inviate boolean NOT NULL DEFAULT false;

-- Such a record is known to the receiver, and no run of ours said it: its communication names the
-- lotto instead. It is the only kind that can be taken back, when the lotto was marked by mistake:
-- what a run said stays.
ALTER TABLE comunicazione
  ALTER esportazione_id DROP NOT NULL,
  ADD lotto_id integer,
  ADD FOREIGN KEY (ambito_id, lotto_id) REFERENCES lotto (ambito_id, id),
  ADD CONSTRAINT comunicazione_provenienza CHECK (num_nonnulls(esportazione_id, lotto_id) = 1);
CREATE INDEX comunicazione_lotto ON comunicazione (ambito_id, lotto_id) WHERE lotto_id IS NOT NULL;
GRANT DELETE ON comunicazione TO capofila_app;
CREATE POLICY solo_altro_programma ON comunicazione AS RESTRICTIVE FOR DELETE TO capofila_app
  USING (lotto_id IS NOT NULL);

-- By state, people look for what is not as it should be: few among very many. Each of these indexes
-- has only those, and none of them is touched by an import.
CREATE INDEX comunicazione_in_attesa ON comunicazione (ambito_id, flusso, prestazione_id)
  WHERE esito IS NULL;
CREATE INDEX prestazione_superate ON prestazione (ambito_id, anno, id)
  WHERE sostituita_lotto IS NOT NULL;
-- The rows of a lotto lie side by side and have one version of the checks: a summary of every
-- hundred pages finds them, and costs an import nothing that could be measured.
CREATE INDEX prestazione_tratti ON prestazione
  USING brin (ambito_id, lotto_id, conforme_a) WITH (autosummarize = on);
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
