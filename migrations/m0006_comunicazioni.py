"""What INPS was told, what it answered, and the grants behind the records."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000006"
VERSION = "1.38.0"
DESCRIPTION = "Comunicazioni, esiti, domande, e-service PDND, pseudonimi, codifiche"

SQL = r"""
-- A run writes down the lotti that it saw (docs/perche/siuss.md): with them, and with what had been
-- sent before, its content can be selected again.
ALTER TABLE esportazione
  ADD modo text NOT NULL DEFAULT 'completa' CHECK (modo IN ('completa', 'variazioni')),
  ADD lotti int4multirange,
  ADD canale text NOT NULL DEFAULT 'file' CHECK (canale IN ('file', 'pdnd')),
  ADD inserimenti bigint,
  ADD cancellazioni bigint,
  DROP CONSTRAINT esportazione_stato_check,
  ADD CONSTRAINT esportazione_stato_check CHECK (stato IN (
    'in_preparazione', 'sigillata', 'respinta', 'superata', 'inviata', 'accolta',
    'accolta_in_parte', 'scartata'));
ALTER TABLE invio DROP CONSTRAINT invio_canale_check,
  ADD CONSTRAINT invio_canale_check CHECK (canale IN ('portale', 'pec', 'pdnd', 'altro'));

-- One row an operation that was sent. INPS has a record when the last operation on it that was not
-- refused is an insertion. `esito` is NULL until INPS answers. Rows are only added, and their esito
-- is written once or corrected by a later answer.
CREATE TABLE comunicazione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY (CACHE 100),
  prestazione_id bigint NOT NULL,
  operazione text COLLATE "C" NOT NULL CHECK (operazione IN ('I', 'C')),
  esportazione_id uuid NOT NULL,
  comunicata_il timestamptz NOT NULL DEFAULT now(),
  esito text COLLATE "C" CHECK (esito IN ('accolta', 'scartata')),
  esito_codice text CHECK (length(esito_codice) <= 40),
  esito_testo text CHECK (length(esito_testo) <= 2000),
  esito_il timestamptz,
  comune_titolare text COLLATE "C" NOT NULL,
  PRIMARY KEY (ambito_id, prestazione_id, id),
  FOREIGN KEY (ambito_id, esportazione_id) REFERENCES esportazione (ambito_id, id)
);
CREATE INDEX ON comunicazione (ambito_id, esportazione_id, esito);
SELECT proteggi('comunicazione', 'SELECT, INSERT');
GRANT UPDATE (esito, esito_codice, esito_testo, esito_il) ON comunicazione TO capofila_app;
CREATE POLICY comune ON comunicazione AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)))
  WITH CHECK ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)));
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
