"""The sign of the comparison never comes back; a new membership costs the same among many."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T16:50:00:000050"
VERSION = "1.50.0"
DESCRIPTION = "Il segno del confronto non si ripete mai; appartenenze e pubblicazioni trovate prima"

SQL = r"""
-- A counter would pass again by what it was, were a backup restored under a process that keeps pages.
ALTER TABLE segno_confronto ALTER segno DROP DEFAULT,
  ALTER segno TYPE uuid USING gen_random_uuid(), ALTER segno SET DEFAULT gen_random_uuid();
CREATE OR REPLACE FUNCTION cambia_segno() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO segno_confronto AS s (ats_id) SELECT DISTINCT n.ats_id FROM nuove n ORDER BY 1
    ON CONFLICT (ats_id) DO UPDATE SET segno = gen_random_uuid();
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION cambia_segni() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE segno_confronto SET segno = gen_random_uuid();
  RETURN NULL;
END $$;

-- The years of those on a page, without going through those of all the others.
CREATE INDEX pubblicazione_degli_ambiti ON pubblicazione (ambito_id, ats_id, dataset);

-- The same rule on the code as a number: fixed keys, so that the tree stays low with the comuni of all Italy.
ALTER TABLE appartenenza DROP CONSTRAINT appartenenza_senza_sovrapposizioni;
ALTER TABLE appartenenza ADD CONSTRAINT appartenenza_senza_sovrapposizioni EXCLUDE USING gist
  (ambito_id WITH =, (istat::integer) WITH =, daterange(dal, al, '[]') WITH &&) DEFERRABLE;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
