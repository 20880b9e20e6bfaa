"""The code lists of the receivers, as this installation keeps them."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000008"
VERSION = "1.38.0"
DESCRIPTION = "Codifiche: liste di codici per revisione"

SQL = r"""
-- One row each time that somebody changed a list. The number of the last one is the version of all
-- the lists: whoever holds them in memory compares it.
CREATE TABLE codifica_revisione (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lista text COLLATE "C" NOT NULL CHECK (length(lista) <= 80),
  origine text NOT NULL CHECK (origine IN ('programma', 'pagina', 'file', 'comando')),
  nota text CHECK (length(nota) <= 500),
  utente_id bigint DEFAULT utente_corrente(),
  quando timestamptz NOT NULL DEFAULT now()
);

-- A code as it was from a revision on. The one in force is that of the last revision; nothing is
-- changed or deleted, so what was in force at any moment can be told. A code that no source names has
-- no label and is to be loaded; one entered by mistake is withdrawn.
CREATE TABLE codifica (
  lista text COLLATE "C" NOT NULL,
  codice text COLLATE "C" NOT NULL CHECK (length(codice) BETWEEN 1 AND 20),
  revisione integer NOT NULL REFERENCES codifica_revisione,
  etichetta text CHECK (length(etichetta) BETWEEN 1 AND 500),
  dal date,
  al date,
  fonte text NOT NULL CHECK (length(fonte) BETWEEN 1 AND 500),
  da_caricare boolean NOT NULL GENERATED ALWAYS AS (etichetta IS NULL) STORED,
  ritirata boolean NOT NULL DEFAULT false,
  PRIMARY KEY (lista, codice, revisione),
  CONSTRAINT validita CHECK (al >= dal)
);

SELECT condividi('codifica_revisione', 'SELECT, INSERT'), condividi('codifica', 'SELECT, INSERT');
ALTER TABLE codifica_revisione ENABLE ROW LEVEL SECURITY;
ALTER TABLE codifica_revisione FORCE ROW LEVEL SECURITY;
ALTER TABLE codifica ENABLE ROW LEVEL SECURITY;
ALTER TABLE codifica FORCE ROW LEVEL SECURITY;
-- Everybody checks by them; the platform's administration alone changes them.
CREATE POLICY lettura ON codifica_revisione FOR SELECT TO capofila_app USING (true);
CREATE POLICY aggiunta ON codifica_revisione FOR INSERT TO capofila_app
  WITH CHECK ((SELECT current_setting('capofila.amministratore', true)) = 'si');
CREATE POLICY lettura ON codifica FOR SELECT TO capofila_app USING (true);
CREATE POLICY aggiunta ON codifica FOR INSERT TO capofila_app
  WITH CHECK ((SELECT current_setting('capofila.amministratore', true)) = 'si');
CREATE POLICY proprietario ON codifica_revisione TO capofila_owner USING (true) WITH CHECK (true);
CREATE POLICY proprietario ON codifica TO capofila_owner USING (true) WITH CHECK (true);
CREATE POLICY copia_di_sicurezza ON codifica_revisione FOR SELECT TO capofila_backup USING (true);
CREATE POLICY copia_di_sicurezza ON codifica FOR SELECT TO capofila_backup USING (true);
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
