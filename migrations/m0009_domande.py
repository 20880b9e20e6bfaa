"""The ledger behind the records: domande, decisions, payments; and why a record was corrected."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000009"
VERSION = "1.38.0"
DESCRIPTION = "Motivi delle correzioni, domande, decisioni, pagamenti"

SQL = r"""
-- What was said when a record was corrected or taken away by hand.
ALTER TABLE lotto ADD motivo text CHECK (length(motivo) <= 200);

-- Refusals are few among the communications, and they are what people look for.
CREATE INDEX comunicazione_scartate ON comunicazione (ambito_id, flusso, prestazione_id)
  WHERE esito = 'scartata';

-- What a person asked of a comune. Its periods are the records of `prestazione` with the same comune,
-- person, protocollo and code: they hang together by what they say, so that imported records need
-- nothing more.
CREATE TABLE domanda (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  comune_titolare text COLLATE "C" NOT NULL,
  codice_fiscale text COLLATE "C" NOT NULL CHECK (length(codice_fiscale) BETWEEN 1 AND 16),
  cognome text NOT NULL CHECK (length(cognome) <= 100),
  nome text NOT NULL CHECK (length(nome) <= 100),
  protocollo text COLLATE "C" NOT NULL CHECK (length(protocollo) BETWEEN 1 AND 32),
  codice_prestazione text COLLATE "C" NOT NULL CHECK (length(codice_prestazione) <= 20),
  presentata_il date,
  richiesta text CHECK (length(richiesta) <= 500),
  creata_da bigint DEFAULT utente_corrente(),
  creata_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, comune_titolare, codice_fiscale, protocollo, codice_prestazione)
);
SELECT proteggi('domanda', 'SELECT, INSERT');
GRANT UPDATE (presentata_il, richiesta) ON domanda TO capofila_app;
CREATE POLICY comune ON domanda AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)))
  WITH CHECK ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)));

-- What was decided of a domanda, by which act. Rows are only added: the last one holds.
CREATE TABLE decisione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  domanda_id bigint NOT NULL,
  comune_titolare text COLLATE "C" NOT NULL,
  esito text NOT NULL CHECK (esito IN ('accolta', 'respinta', 'rinunciata', 'decaduta')),
  atto_organo text NOT NULL CHECK (length(atto_organo) BETWEEN 1 AND 120),
  atto_numero text NOT NULL CHECK (length(atto_numero) BETWEEN 1 AND 40),
  atto_data date NOT NULL,
  dal date,
  al date,
  importo_mensile numeric(14,2) CHECK (importo_mensile > 0),
  importo numeric(14,2) CHECK (importo > 0),
  quota_ente numeric(14,2) CHECK (quota_ente >= 0),
  quota_utente numeric(14,2) CHECK (quota_utente >= 0),
  quota_ssn numeric(14,2) CHECK (quota_ssn >= 0),
  presa_da bigint DEFAULT utente_corrente(),
  presa_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, domanda_id) REFERENCES domanda (ambito_id, id),
  CHECK (al >= dal),
  CONSTRAINT concessione CHECK (
    CASE WHEN esito = 'accolta' THEN dal IS NOT NULL AND num_nonnulls(importo_mensile, importo) = 1
    ELSE num_nonnulls(importo_mensile, importo, quota_ente, quota_utente, quota_ssn) = 0 END),
  CONSTRAINT quote CHECK (num_nonnulls(quota_ente, quota_utente, quota_ssn) = 0
    OR coalesce(quota_ente, 0) + coalesce(quota_utente, 0) + coalesce(quota_ssn, 0)
       = coalesce(importo_mensile, importo))
);
CREATE INDEX ON decisione (ambito_id, domanda_id, id);
SELECT proteggi('decisione', 'SELECT, INSERT');
CREATE POLICY comune ON decisione AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)))
  WITH CHECK ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)));

-- What was paid, by which ente. Rows are never changed: a wrong payment is taken back by another row
-- of the opposite sign, once.
CREATE TABLE pagamento (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  domanda_id bigint NOT NULL,
  prestazione_id bigint NOT NULL,
  comune_titolare text COLLATE "C" NOT NULL,
  ente_erogatore_id integer NOT NULL,
  competenza date NOT NULL,
  pagato_il date NOT NULL,
  importo numeric(14,2) NOT NULL CHECK (importo <> 0),
  quota_ente numeric(14,2) NOT NULL,
  quota_utente numeric(14,2) NOT NULL,
  quota_ssn numeric(14,2) NOT NULL,
  mandato text NOT NULL CHECK (length(mandato) BETWEEN 1 AND 40),
  storna bigint,
  registrato_da bigint DEFAULT utente_corrente(),
  registrato_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, storna),
  FOREIGN KEY (ambito_id, domanda_id) REFERENCES domanda (ambito_id, id),
  FOREIGN KEY (ambito_id, prestazione_id) REFERENCES prestazione (ambito_id, id),
  FOREIGN KEY (ambito_id, ente_erogatore_id) REFERENCES ente (ambito_id, id),
  FOREIGN KEY (ambito_id, storna) REFERENCES pagamento (ambito_id, id),
  CONSTRAINT segno CHECK ((importo < 0) = (storna IS NOT NULL)),
  CONSTRAINT quote CHECK (quota_ente + quota_utente + quota_ssn = importo)
);
CREATE INDEX ON pagamento (ambito_id, domanda_id, id);
SELECT proteggi('pagamento', 'SELECT, INSERT');
CREATE POLICY comune ON pagamento AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)))
  WITH CHECK ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)));

-- The records of a person's application.
CREATE INDEX prestazione_domande ON prestazione (ambito_id, codice_fiscale, protocollo_domanda)
  WHERE sostituita_lotto IS NULL;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
