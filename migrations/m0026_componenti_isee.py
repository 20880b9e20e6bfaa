"""The components of an ISEE can be kept with its attestation, once it is there."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T03:00:00:000026"
VERSION = "1.38.0"
DESCRIPTION = "Compartecipazione: componenti di un'attestazione ISEE"

SQL = r"""
-- They check a value and are corrected as it is looked at: no quota is computed from them. What is
-- withdrawn keeps those that it has (migration 25).
GRANT UPDATE (componenti) ON attestazione_isee TO capofila_app;
ALTER TABLE attestazione_isee ADD CONSTRAINT componenti_misurati
  CHECK (length(componenti::text) <= 20000);
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
