"""Publishing a run by the PDND becomes a job, which the run names."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000013"
VERSION = "1.38.0"
DESCRIPTION = "Pubblicazione PDND come lavoro"

SQL = r"""
ALTER TABLE esportazione
  ADD pubblicazione_id uuid,
  ADD FOREIGN KEY (ambito_id, pubblicazione_id) REFERENCES lavoro (ambito_id, id),
  DROP CONSTRAINT esportazione_stato_check,
  ADD CONSTRAINT esportazione_stato_check CHECK (stato IN (
    'in_preparazione', 'sigillata', 'respinta', 'superata', 'in_pubblicazione', 'inviata', 'accolta',
    'accolta_in_parte', 'scartata')),
  ADD CHECK (stato <> 'in_pubblicazione' OR pubblicazione_id IS NOT NULL);
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
