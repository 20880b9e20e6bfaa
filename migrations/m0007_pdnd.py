"""The e-service that INPS calls: who has one, the flows it gives out, what was asked and answered."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000007"
VERSION = "1.38.0"
DESCRIPTION = "E-service PDND, flussi pubblicati, prelievi, voucher usati, esiti orfani"

SQL = r"""
-- The e-services have the address /waas/…: no ambito may be called so.
ALTER TABLE ambito ADD CONSTRAINT ambito_slug_riservato CHECK (slug <> 'waas');

-- An ente that INPS calls through the PDND. Its code is the address of the e-service and the audience
-- is what a voucher is made out to, so neither may belong to two enti of the installation: the two
-- indexes without the ambito say nothing of people. `ultimo_ts` is the moment of the last flow
-- published: whoever publishes locks the row, and keeps it to the end of the transaction.
CREATE TABLE eservice (
  ambito_id smallint NOT NULL,
  ente_id integer NOT NULL,
  codice text COLLATE "C" NOT NULL CHECK (codice ~ '^[A-Z][0-9]{3}$'),
  audience text COLLATE "C" NOT NULL CHECK (length(audience) BETWEEN 1 AND 300),
  fruitore text COLLATE "C" CHECK (length(fruitore) BETWEEN 1 AND 100),
  attivo boolean NOT NULL DEFAULT false,
  uso_voucher text COLLATE "C" NOT NULL DEFAULT 'richiesta'
    CHECK (uso_voucher IN ('richiesta', 'unico')),
  dichiarato_il timestamptz NOT NULL DEFAULT now(),
  ultimo_ts timestamptz(3),
  PRIMARY KEY (ambito_id, ente_id),
  FOREIGN KEY (ambito_id, ente_id) REFERENCES ente (ambito_id, id)
);
CREATE UNIQUE INDEX eservice_codice ON eservice (codice);
CREATE UNIQUE INDEX eservice_audience ON eservice (audience);
SELECT proteggi('eservice');

-- Asked before any context exists: which ambito is called, and what its vouchers must say. It gives
-- nothing that the catalogue of the PDND does not publish, but the ids.
CREATE FUNCTION eservice_di(chiamato text) RETURNS TABLE (
  ambito_id smallint, ente_id integer, denominazione text, audience text, fruitore text,
  attivo boolean, uso_voucher text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT e.ambito_id, e.ente_id, n.denominazione, e.audience, e.fruitore, e.attivo, e.uso_voucher
  FROM public.eservice e
  JOIN public.ente n ON n.ambito_id = e.ambito_id AND n.id = e.ente_id
  WHERE e.codice = chiamato
$$;
REVOKE ALL ON FUNCTION eservice_di(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION eservice_di(text) TO capofila_app;

-- A flow as INPS takes it: one person, one prestazione (or one minor), the XML as it was when it was
-- published. `ts` is INPS's cursor: whole milliseconds, one flow each within the ente, growing in
-- the order in which transactions end. Only the outcome is ever written afterwards.
CREATE TABLE flusso_pdnd (
  ambito_id smallint NOT NULL,
  ente_id integer NOT NULL,
  ts timestamptz(3) NOT NULL,
  id_flusso text COLLATE "C" NOT NULL CHECK (length(id_flusso) <= 64),
  flusso text COLLATE "C" NOT NULL,
  tipo text COLLATE "C" NOT NULL CHECK (tipo IN ('PS_PSA_SINA', 'SINBA')),
  record_id bigint NOT NULL,
  operazione text COLLATE "C" NOT NULL CHECK (operazione IN ('I', 'C')),
  corpo text NOT NULL,
  byte integer NOT NULL CONSTRAINT flusso_pdnd_10_mb CHECK (byte BETWEEN 1 AND 7500000),
  esportazione_id uuid NOT NULL,
  comune_titolare text COLLATE "C" NOT NULL,
  codice_esito text COLLATE "C"
    CHECK (codice_esito IN ('OK', 'DATI_NON_TROVATI', 'RICHIESTA_INVALIDA', 'ERRORE_GENERICO')),
  descrizione_esito text CHECK (length(descrizione_esito) <= 2000),
  id_acquisizione text CHECK (length(id_acquisizione) <= 200),
  ts_acquisizione timestamptz,
  esito_il timestamptz,
  PRIMARY KEY (ambito_id, ente_id, ts),
  UNIQUE (ambito_id, id_flusso),
  FOREIGN KEY (ambito_id, ente_id) REFERENCES eservice (ambito_id, ente_id),
  FOREIGN KEY (ambito_id, esportazione_id) REFERENCES esportazione (ambito_id, id)
);
SELECT proteggi('flusso_pdnd', 'SELECT, INSERT');
GRANT UPDATE (codice_esito, descrizione_esito, id_acquisizione, ts_acquisizione, esito_il)
  ON flusso_pdnd TO capofila_app;
CREATE POLICY comune ON flusso_pdnd AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)))
  WITH CHECK ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)));

-- A call of INPS for flows: from which moment, up to which. Rows are only added. A flow was taken when
-- some row reaches it, so taking a hundred flows writes one row and touches none of them.
CREATE TABLE prelievo (
  ambito_id smallint NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  ente_id integer NOT NULL,
  quando timestamptz NOT NULL DEFAULT now(),
  da timestamptz(3) NOT NULL,
  fino timestamptz(3),
  flussi integer NOT NULL CHECK (flussi BETWEEN 0 AND 100),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, ente_id) REFERENCES eservice (ambito_id, ente_id),
  CHECK ((fino IS NULL) = (flussi = 0))
);
CREATE INDEX ON prelievo (ambito_id, ente_id, fino);
CREATE INDEX ON prelievo (ambito_id, ente_id, id);
SELECT proteggi('prelievo', 'SELECT, INSERT');

-- What a voucher was used for, until it ends: the same message is not taken twice.
CREATE TABLE voucher_usato (
  ambito_id smallint NOT NULL REFERENCES ambito,
  impronta char(64) COLLATE "C" NOT NULL,
  scade_il timestamptz NOT NULL,
  PRIMARY KEY (ambito_id, impronta)
);
CREATE INDEX ON voucher_usato (ambito_id, scade_il);
SELECT proteggi('voucher_usato', 'SELECT, INSERT, DELETE');

-- Outcomes of flows that this ente never published: kept as they came, and shown.
CREATE TABLE esito_orfano (
  ambito_id smallint NOT NULL,
  ente_id integer NOT NULL,
  id_flusso text COLLATE "C" NOT NULL CHECK (length(id_flusso) <= 200),
  tipo text COLLATE "C" NOT NULL CHECK (tipo IN ('PS_PSA_SINA', 'SINBA')),
  ts_flusso timestamptz NOT NULL,
  ts_acquisizione timestamptz NOT NULL,
  codice_esito text COLLATE "C" NOT NULL
    CHECK (codice_esito IN ('OK', 'DATI_NON_TROVATI', 'RICHIESTA_INVALIDA', 'ERRORE_GENERICO')),
  descrizione_esito text CHECK (length(descrizione_esito) <= 2000),
  id_acquisizione text CHECK (length(id_acquisizione) <= 200),
  ricevuto_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, ente_id, id_flusso, ts_acquisizione, codice_esito),
  FOREIGN KEY (ambito_id, ente_id) REFERENCES eservice (ambito_id, ente_id)
);
CREATE INDEX ON esito_orfano (ambito_id, ricevuto_il);
SELECT proteggi('esito_orfano', 'SELECT, INSERT');
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
