"""Why a record was corrected or taken away; what the receiver refused is found at once."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000009"
VERSION = "1.38.0"
DESCRIPTION = "Motivi delle correzioni, domande, decisioni, pagamenti"

SQL = r"""
-- What was said when a record was corrected or taken away by hand.
ALTER TABLE lotto ADD motivo text CHECK (length(motivo) <= 200);

-- Refusals are few among the communications, and they are what people look for.
CREATE INDEX comunicazione_scartate ON comunicazione (ambito_id, flusso, prestazione_id)
  WHERE esito = 'scartata';
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
