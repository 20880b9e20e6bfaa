"""What is the same for all the ambiti is kept by whoever reads it, until it changes."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T13:20:00:000047"
VERSION = "1.47.0"
DESCRIPTION = (
    "Il segno del territorio: comuni, fusioni e popolazione si tengono finché non cambiano"
)

SQL = r"""
-- One row. `segno` changes with the comuni, their mergers and their inhabitants, once a transaction, which
-- leaves its own number: until it has ended, it reads what it writes and keeps nothing.
CREATE TABLE segno_territorio (
  unico boolean PRIMARY KEY DEFAULT true CHECK (unico),
  segno uuid NOT NULL DEFAULT gen_random_uuid(),
  transazione xid8 NOT NULL DEFAULT pg_current_xact_id()
);
SELECT condividi('segno_territorio', 'SELECT, UPDATE');
INSERT INTO segno_territorio DEFAULT VALUES;
CREATE FUNCTION cambia_segno_territorio() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE segno_territorio SET segno = gen_random_uuid(), transazione = pg_current_xact_id()
    WHERE transazione <> pg_current_xact_id();
  RETURN NULL;
END $$;
CREATE TRIGGER segno AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON comune
  FOR EACH STATEMENT EXECUTE FUNCTION cambia_segno_territorio();
CREATE TRIGGER segno AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON fusione
  FOR EACH STATEMENT EXECUTE FUNCTION cambia_segno_territorio();
CREATE TRIGGER segno AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON popolazione
  FOR EACH STATEMENT EXECUTE FUNCTION cambia_segno_territorio();
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
