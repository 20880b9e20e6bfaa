"""Runs of tables without records: what they are, and what the receiver said of the whole."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T02:00:00:000024"
VERSION = "1.38.0"
DESCRIPTION = "Prospetti della spesa tra i file del debito"

SQL = r"""
-- A run of a prospetto has no records, so nothing of it is in `comunicazione`: its outcome is its state,
-- and the words of the receiver stand here.
ALTER TABLE esportazione
  ADD prospetto boolean NOT NULL DEFAULT false,
  ADD esito_testo text CHECK (length(esito_testo) <= 2000);
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
