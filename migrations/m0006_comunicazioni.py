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
  ADD escluse_id bigint[] NOT NULL DEFAULT '{}',
  ADD esiti_il timestamptz,
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
  id bigint GENERATED ALWAYS AS IDENTITY,
  flusso text COLLATE "C" NOT NULL,
  prestazione_id bigint NOT NULL,
  operazione text COLLATE "C" NOT NULL CHECK (operazione IN ('I', 'C')),
  esportazione_id uuid NOT NULL,
  comunicata_il timestamptz NOT NULL DEFAULT now(),
  esito text COLLATE "C" CHECK (esito IN ('accolta', 'scartata')),
  esito_codice text CHECK (length(esito_codice) <= 40),
  esito_testo text CHECK (length(esito_testo) <= 2000),
  esito_il timestamptz,
  comune_titolare text COLLATE "C" NOT NULL,
  PRIMARY KEY (ambito_id, flusso, prestazione_id, id),
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

-- A prestazione that is not ready: what was typed in its form, kept until it is saved or thrown away.
CREATE TABLE bozza (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  comune_titolare text COLLATE "C" NOT NULL,
  valori jsonb NOT NULL CHECK (length(valori::text) <= 40000),
  errori integer NOT NULL,
  creata_da bigint DEFAULT utente_corrente(),
  creata_il timestamptz NOT NULL DEFAULT now(),
  modificata_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id)
);
CREATE INDEX ON bozza (ambito_id, modificata_il DESC);
SELECT proteggi('bozza', 'SELECT, INSERT, UPDATE, DELETE');
CREATE POLICY comune ON bozza AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)))
  WITH CHECK ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)));

-- To walk from a version to the next and back.
CREATE INDEX prestazione_sostituzioni ON prestazione (ambito_id, sostituita_lotto)
  WHERE sostituita_lotto IS NOT NULL;
CREATE INDEX prestazione_salvataggi ON prestazione (ambito_id, lotto_id) WHERE riga = 1;

-- A version is superseded once, by a lotto of its ambito, and never comes back.
CREATE FUNCTION prestazione_sostituita() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.sostituita_lotto IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM lotto l WHERE l.ambito_id = NEW.ambito_id AND l.id = NEW.sostituita_lotto) THEN
    RAISE EXCEPTION 'la prestazione % non si può sostituire', OLD.id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER sostituita BEFORE UPDATE OF sostituita_lotto ON prestazione
  FOR EACH ROW EXECUTE FUNCTION prestazione_sostituita();
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
