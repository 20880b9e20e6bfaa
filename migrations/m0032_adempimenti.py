"""Deadlines: what was done and by what proof, the ambito's own, the warnings, the calendar feeds."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T06:00:00:000032"
VERSION = "1.38.0"
DESCRIPTION = "Adempimenti: prove, termini propri, avvisi, calendari"

SQL = r"""
-- The address of the feeds is /calendario/…: no ambito may be called so.
ALTER TABLE ambito ADD CONSTRAINT ambito_slug_calendario CHECK (slug <> 'calendario');

-- What happened to a deadline. Rows are only added: a mistake is put right by a later row, dated and
-- with its reason. `numero` makes two people who write at the same time one after the other.
CREATE TABLE adempimento_fatto (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  adempimento text COLLATE "C" NOT NULL CHECK (length(adempimento) BETWEEN 1 AND 80),
  anno smallint NOT NULL CHECK (anno BETWEEN 1990 AND 2100),
  numero smallint NOT NULL CHECK (numero > 0),
  esito text COLLATE "C" NOT NULL CHECK (esito IN ('fatto', 'non_dovuto', 'riaperto')),
  giorno date NOT NULL,
  specie_prova text COLLATE "C" CHECK (specie_prova IN ('atto', 'documento', 'flusso')),
  prova text NOT NULL CHECK (length(prova) BETWEEN 1 AND 300),
  esportazione_id uuid,
  registrato_da bigint DEFAULT utente_corrente(),
  registrato_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, adempimento, anno, numero),
  FOREIGN KEY (ambito_id, esportazione_id) REFERENCES esportazione (ambito_id, id),
  CHECK ((esito = 'fatto') = (specie_prova IS NOT NULL)),
  CHECK ((esportazione_id IS NOT NULL) = (specie_prova IS NOT DISTINCT FROM 'flusso'))
);
SELECT proteggi('adempimento_fatto', 'SELECT, INSERT');

-- A deadline that the ambito gives itself, by an act of its own; with a flow, the day by which that
-- is sent, since no source gives one.
CREATE TABLE termine_proprio (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  titolo text NOT NULL CHECK (length(titolo) BETWEEN 3 AND 160),
  organo text COLLATE "C" NOT NULL CHECK (length(organo) BETWEEN 1 AND 80),
  anno smallint NOT NULL CHECK (anno BETWEEN 1990 AND 2100),
  giorno date NOT NULL,
  preavvisi smallint[] NOT NULL DEFAULT '{}' CHECK (cardinality(preavvisi) <= 6),
  flusso text COLLATE "C" CHECK (length(flusso) <= 80),
  periodo text COLLATE "C" CHECK (length(periodo) <= 12),
  fonte text NOT NULL CHECK (length(fonte) BETWEEN 3 AND 300),
  scritto_da bigint DEFAULT utente_corrente(),
  scritto_il timestamptz NOT NULL DEFAULT now(),
  tolto_il timestamptz,
  tolto_da bigint,
  motivo text CHECK (length(motivo) BETWEEN 3 AND 300),
  PRIMARY KEY (ambito_id, id),
  CHECK ((flusso IS NULL) = (periodo IS NULL)),
  CHECK ((tolto_il IS NULL) = (motivo IS NULL))
);
CREATE INDEX ON termine_proprio (ambito_id, anno) WHERE tolto_il IS NULL;
SELECT proteggi('termine_proprio', 'SELECT, INSERT');
GRANT UPDATE (tolto_il, tolto_da, motivo) ON termine_proprio TO capofila_app;

-- Where the office of a body is written to; '' is the responsible of the Ufficio di Piano.
CREATE TABLE recapito_organo (
  ambito_id smallint NOT NULL REFERENCES ambito,
  organo text COLLATE "C" NOT NULL CHECK (length(organo) <= 80),
  email text NOT NULL CHECK (length(email) BETWEEN 3 AND 200),
  cadenza text COLLATE "C" NOT NULL DEFAULT 'giorno' CHECK (cadenza IN ('giorno', 'settimana')),
  scritto_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, organo)
);
SELECT proteggi('recapito_organo', 'SELECT, INSERT, DELETE');
GRANT UPDATE (email, cadenza, scritto_il) ON recapito_organo TO capofila_app;

-- The outbox: a warning is a row, so it goes out once; of a deadline that is moved, once more.
CREATE TABLE avviso_adempimento (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  adempimento text COLLATE "C" NOT NULL,
  anno smallint NOT NULL,
  specie text COLLATE "C" NOT NULL CHECK (specie IN ('preavviso', 'sollecito')),
  passo smallint NOT NULL CHECK (passo BETWEEN 0 AND 800),
  destinatario text COLLATE "C" NOT NULL,
  scadenza date NOT NULL,
  stato text COLLATE "C" NOT NULL DEFAULT 'da_inviare'
    CHECK (stato IN ('da_inviare', 'inviato', 'rifiutato', 'superato')),
  creato_il timestamptz NOT NULL DEFAULT now(),
  inviato_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, adempimento, anno, scadenza, specie, passo, destinatario)
);
CREATE INDEX ON avviso_adempimento (ambito_id) WHERE stato = 'da_inviare';
SELECT proteggi('avviso_adempimento', 'SELECT, INSERT');
GRANT UPDATE (stato, inviato_il) ON avviso_adempimento TO capofila_app;

-- The secret of a feed, as its digest: the address is shown once. One a person and ambito.
CREATE TABLE segreto_calendario (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  utente_id bigint NOT NULL DEFAULT utente_corrente() REFERENCES utente,
  impronta text COLLATE "C" NOT NULL CONSTRAINT segreto_calendario_impronta UNIQUE
    CHECK (impronta ~ '^[0-9a-f]{64}$'),
  creato_il timestamptz NOT NULL DEFAULT now(),
  revocato_il timestamptz,
  PRIMARY KEY (ambito_id, id)
);
CREATE UNIQUE INDEX segreto_calendario_uno ON segreto_calendario (ambito_id, utente_id)
  WHERE revocato_il IS NULL;
SELECT proteggi('segreto_calendario', 'SELECT, INSERT');
GRANT UPDATE (revocato_il) ON segreto_calendario TO capofila_app;

-- Asked before any context exists: whose feed an address is. Whoever has the digest had the secret.
CREATE FUNCTION calendario_di(chiamato text) RETURNS TABLE (
  ambito_id smallint, utente_id bigint, impronta text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.ambito_id, s.utente_id, s.impronta FROM public.segreto_calendario s
  WHERE s.impronta = chiamato AND s.revocato_il IS NULL
$$;
REVOKE ALL ON FUNCTION calendario_di(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calendario_di(text) TO capofila_app;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
