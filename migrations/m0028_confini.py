"""Boundaries of the comuni, and steps of a sheet of the spending taken on behalf of its comune."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T02:00:00:000028"
VERSION = "1.38.0"
DESCRIPTION = "Confini dei comuni; passi della spesa per conto del comune"

SQL = r"""
-- A step that belongs to the comune and was taken by the Ufficio di Piano, which says why.
ALTER TABLE passaggio_spesa ADD per_conto boolean NOT NULL DEFAULT false;
ALTER TABLE passaggio_spesa ADD CHECK (NOT per_conto OR length(coalesce(motivo, '')) >= 5);

-- The boundaries that whoever runs the platform loaded, the same for every ambito: a GeoJSON
-- Polygon or MultiPolygon each, already simplified. The words that whoever drew them wants beside
-- every map stay with each of them.
CREATE TABLE confine (
  istat char(6) PRIMARY KEY REFERENCES comune,
  geometria jsonb NOT NULL CHECK (geometria ->> 'type' IN ('Polygon', 'MultiPolygon')),
  attribuzione text NOT NULL CHECK (length(attribuzione) BETWEEN 5 AND 300),
  caricato_il timestamptz NOT NULL DEFAULT now()
);
SELECT condividi('confine', 'SELECT, INSERT, DELETE');
ALTER TABLE confine ENABLE ROW LEVEL SECURITY;
ALTER TABLE confine FORCE ROW LEVEL SECURITY;
-- Everybody draws by them; the platform's administration alone changes them.
CREATE POLICY lettura ON confine FOR SELECT TO capofila_app USING (true);
CREATE POLICY aggiunta ON confine FOR INSERT TO capofila_app
  WITH CHECK ((SELECT current_setting('capofila.amministratore', true)) = 'si');
CREATE POLICY cancellazione ON confine FOR DELETE TO capofila_app
  USING ((SELECT current_setting('capofila.amministratore', true)) = 'si');
CREATE POLICY proprietario ON confine TO capofila_owner USING (true) WITH CHECK (true);
CREATE POLICY copia_di_sicurezza ON confine FOR SELECT TO capofila_backup USING (true);

-- The names of the columns of a file that waits and its first rows: it is opened once to be shown.
-- What waits now, for a day at most, is uploaded again.
TRUNCATE carico_spesa;
ALTER TABLE carico_spesa ADD testa jsonb NOT NULL;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
