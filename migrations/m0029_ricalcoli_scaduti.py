"""Outcomes of old runs are thrown away; the run stays, and says so."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T06:00:00:000029"
VERSION = "1.38.0"
DESCRIPTION = "Compartecipazione: gli esiti dei ricalcoli finiti da tempo si tolgono"

SQL = r"""
ALTER TABLE ricalcolo ADD esiti_tolti_il timestamptz;
ALTER TABLE ricalcolo ADD CHECK (esiti_tolti_il IS NULL OR finito_il IS NOT NULL);
GRANT UPDATE (esiti_tolti_il) ON ricalcolo TO capofila_app;
GRANT DELETE ON ricalcolo_esito TO capofila_app;
-- The outcomes of a run go all together, after it was said that they go.
CREATE POLICY tolti_col_ricalcolo ON ricalcolo_esito AS RESTRICTIVE FOR DELETE TO capofila_app
  USING (EXISTS (SELECT 1 FROM ricalcolo r WHERE r.ambito_id = ricalcolo_esito.ambito_id
    AND r.id = ricalcolo_esito.ricalcolo_id AND r.esiti_tolti_il IS NOT NULL));
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
