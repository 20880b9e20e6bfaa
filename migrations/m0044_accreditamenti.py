"""Accreditation: unità d'offerta, domande, answers, documents, acts, prescriptions."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T09:08:00:000044"
VERSION = "1.44.0"
DESCRIPTION = "Accreditamenti: unità d'offerta, domande, istruttoria, atti, prescrizioni"

SQL = r"""
-- An unità d'offerta, or a service, and the ente that runs it. `comune` is a Belfiore code.
CREATE TABLE unita_offerta (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  denominazione text NOT NULL CHECK (length(denominazione) BETWEEN 2 AND 160),
  ente text NOT NULL CHECK (length(ente) BETWEEN 2 AND 160),
  codice_fiscale text COLLATE "C" CHECK (length(codice_fiscale) BETWEEN 11 AND 16),
  comune text COLLATE "C" NOT NULL CHECK (length(comune) = 4),
  indirizzo text NOT NULL DEFAULT '' CHECK (length(indirizzo) <= 160),
  chiusa_il date,
  registrata_da bigint DEFAULT utente_corrente(),
  registrata_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id)
);
SELECT proteggi('unita_offerta', 'SELECT, INSERT');
GRANT UPDATE (denominazione, ente, codice_fiscale, comune, indirizzo, chiusa_il)
  ON unita_offerta TO capofila_app;

-- What an ente asks for one of them: by which declared rules, and the kind as they name it. `posti` is NULL of a service without any.
CREATE TABLE domanda_accreditamento (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  unita_id integer NOT NULL,
  regole text COLLATE "C" NOT NULL CHECK (length(regole) BETWEEN 1 AND 40),
  tipologia text NOT NULL CHECK (length(tipologia) BETWEEN 1 AND 200),
  protocollo text COLLATE "C" NOT NULL CHECK (length(protocollo) BETWEEN 1 AND 32),
  presentata_il date NOT NULL,
  posti integer CHECK (posti BETWEEN 0 AND 100000),
  ritirata_il date,
  registrata_da bigint DEFAULT utente_corrente(),
  registrata_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, unita_id) REFERENCES unita_offerta (ambito_id, id),
  UNIQUE (ambito_id, protocollo)
);
CREATE INDEX ON domanda_accreditamento (ambito_id, unita_id);
SELECT proteggi('domanda_accreditamento', 'SELECT, INSERT');
GRANT UPDATE (posti, ritirata_il) ON domanda_accreditamento TO capofila_app;

-- The answers; rows are only added, and the last to a requirement counts. NULL takes an answer away.
CREATE TABLE risposta_accreditamento (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  domanda_id integer NOT NULL,
  requisito text COLLATE "C" NOT NULL CHECK (length(requisito) BETWEEN 1 AND 40),
  valore text COLLATE "C" CHECK (length(valore) BETWEEN 1 AND 20),
  utenti integer CHECK (utenti BETWEEN 0 AND 100000),
  dal date,
  scade date,
  scritta_da bigint DEFAULT utente_corrente(),
  scritta_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, domanda_id) REFERENCES domanda_accreditamento (ambito_id, id)
);
CREATE INDEX ON risposta_accreditamento (ambito_id, domanda_id, requisito, id DESC);
SELECT proteggi('risposta_accreditamento', 'SELECT, INSERT');

-- Objects in the store, by digest: what proves an answer.
CREATE TABLE documento_accreditamento (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  domanda_id integer NOT NULL,
  requisito text COLLATE "C" NOT NULL CHECK (length(requisito) BETWEEN 1 AND 40),
  nome text NOT NULL CHECK (length(nome) BETWEEN 1 AND 200),
  media_type text COLLATE "C" NOT NULL CHECK (length(media_type) BETWEEN 3 AND 100),
  byte integer NOT NULL CHECK (byte > 0),
  sha256 char(64) NOT NULL,
  bucket text COLLATE "C" NOT NULL,
  oggetto text COLLATE "C" NOT NULL,
  versione text COLLATE "C",
  messo_da bigint DEFAULT utente_corrente(),
  messo_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, domanda_id) REFERENCES domanda_accreditamento (ambito_id, id)
);
CREATE INDEX ON documento_accreditamento (ambito_id, domanda_id);
SELECT proteggi('documento_accreditamento', 'SELECT, INSERT');

-- What was decided of a domanda; rows are only added. `scade` is of an act that grants. `rinnovo_entro` is
-- the day by which the renewal is to be asked for.
CREATE TABLE atto_accreditamento (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  domanda_id integer NOT NULL,
  numero smallint NOT NULL CHECK (numero > 0),
  specie text COLLATE "C" NOT NULL
    CHECK (specie IN ('concede', 'nega', 'sospende', 'riattiva', 'revoca')),
  dal date NOT NULL,
  scade date CHECK (scade >= dal),
  rinnovo_entro date,
  atto text NOT NULL CHECK (length(atto) BETWEEN 5 AND 1000),
  atto_data date NOT NULL,
  deliberazione_id integer,
  motivazione text NOT NULL DEFAULT '' CHECK (length(motivazione) <= 1000),
  registrato_da bigint DEFAULT utente_corrente(),
  registrato_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, domanda_id) REFERENCES domanda_accreditamento (ambito_id, id),
  FOREIGN KEY (ambito_id, deliberazione_id) REFERENCES deliberazione (ambito_id, id),
  UNIQUE (ambito_id, domanda_id, numero),
  CHECK ((numero = 1) = (specie IN ('concede', 'nega'))),
  CHECK (scade IS NULL OR specie = 'concede'),
  CHECK (rinnovo_entro IS NULL OR scade IS NOT NULL)
);
SELECT proteggi('atto_accreditamento', 'SELECT, INSERT');

-- What an act that grants or refuses was decided upon, as it was: it is done again by itself.
CREATE TABLE valutazione_accreditamento (
  ambito_id smallint NOT NULL REFERENCES ambito,
  atto_id integer NOT NULL,
  traccia text NOT NULL CHECK (length(traccia) <= 2000000),
  sha256 char(64) NOT NULL CHECK (sha256 = encode(sha256(convert_to(traccia, 'UTF8')), 'hex')),
  PRIMARY KEY (ambito_id, atto_id),
  FOREIGN KEY (ambito_id, atto_id) REFERENCES atto_accreditamento (ambito_id, id)
);
SELECT proteggi('valutazione_accreditamento', 'SELECT, INSERT');

-- What is to be adapted after an act that grants, and when the answers said that it was.
CREATE TABLE prescrizione_accreditamento (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  atto_id integer NOT NULL,
  requisito text COLLATE "C" NOT NULL CHECK (length(requisito) BETWEEN 1 AND 40),
  denominazione text NOT NULL CHECK (length(denominazione) BETWEEN 1 AND 300),
  entro date NOT NULL,
  adempiuta_il date,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, atto_id) REFERENCES atto_accreditamento (ambito_id, id),
  UNIQUE (ambito_id, atto_id, requisito)
);
SELECT proteggi('prescrizione_accreditamento', 'SELECT, INSERT');
GRANT UPDATE (adempiuta_il) ON prescrizione_accreditamento TO capofila_app;

-- An act follows what was decided before it, on days that do not go back.
CREATE FUNCTION atto_accreditamento_segue() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ultimo record;
BEGIN
  SELECT numero, specie, dal INTO ultimo FROM atto_accreditamento a
    WHERE a.ambito_id = NEW.ambito_id AND a.domanda_id = NEW.domanda_id AND a.numero < NEW.numero
    ORDER BY numero DESC LIMIT 1;
  IF (FOUND AND (NEW.numero <> ultimo.numero + 1 OR NEW.dal < ultimo.dal
        OR ultimo.specie IN ('nega', 'revoca')))
      OR (NOT FOUND AND NEW.numero <> 1) THEN
    RAISE EXCEPTION 'domanda %: l''atto non segue quelli di prima', NEW.domanda_id
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER segue AFTER INSERT ON atto_accreditamento
  FOR EACH ROW EXECUTE FUNCTION atto_accreditamento_segue();

-- Whoever works for one comune reads the register, and not what the enti answered.
DO $$
DECLARE
  tabella text;
BEGIN
  FOREACH tabella IN ARRAY ARRAY['risposta_accreditamento', 'documento_accreditamento',
      'valutazione_accreditamento'] LOOP
    EXECUTE format($p$CREATE POLICY comune ON %I AS RESTRICTIVE TO capofila_app
      USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = ''))$p$, tabella);
  END LOOP;
END $$;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
