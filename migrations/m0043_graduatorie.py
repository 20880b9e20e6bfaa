"""Waiting lists: bandi, their domande, the approvals, what happens afterwards."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T09:07:00:000043"
VERSION = "1.43.0"
DESCRIPTION = "Graduatorie: bandi, domande, approvazioni, scorrimenti"

SQL = r"""
-- A list that is opened for a service: by which declared rules, on which day, for how many.
CREATE TABLE bando (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  graduatoria text COLLATE "C" NOT NULL CHECK (length(graduatoria) BETWEEN 1 AND 60),
  titolo text NOT NULL CHECK (length(titolo) BETWEEN 3 AND 160),
  anno smallint NOT NULL CHECK (anno BETWEEN 1990 AND 2100),
  giorno date NOT NULL,
  disponibili integer CHECK (disponibili BETWEEN 0 AND 100000),
  budget numeric(14, 2) CHECK (budget BETWEEN 0 AND 1000000000),
  atto text CHECK (length(atto) BETWEEN 3 AND 300),
  deliberazione_id bigint,
  seme text CHECK (length(seme) BETWEEN 1 AND 60),
  aperto_da bigint DEFAULT utente_corrente(),
  aperto_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id)
);
CREATE INDEX ON bando (ambito_id, anno);
SELECT proteggi('bando', 'SELECT, INSERT');
GRANT UPDATE (seme) ON bando TO capofila_app;

-- Who asked, and what the domanda says. `comune` is the Belfiore code of the comune that took it in.
CREATE TABLE domanda_bando (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  bando_id integer NOT NULL,
  comune text COLLATE "C" NOT NULL,
  protocollo text COLLATE "C" NOT NULL CHECK (length(protocollo) BETWEEN 1 AND 32),
  presentata_il date NOT NULL,
  codice_fiscale text COLLATE "C" NOT NULL CHECK (length(codice_fiscale) BETWEEN 1 AND 16),
  cognome text NOT NULL CHECK (length(cognome) BETWEEN 1 AND 100),
  nome text NOT NULL CHECK (length(nome) BETWEEN 1 AND 100),
  dati jsonb NOT NULL DEFAULT '{}'
    CHECK (jsonb_typeof(dati) = 'object' AND length(dati::text) <= 20000),
  domanda_id bigint,
  registrata_da bigint DEFAULT utente_corrente(),
  registrata_il timestamptz NOT NULL DEFAULT now(),
  ritirata_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, bando_id) REFERENCES bando (ambito_id, id),
  FOREIGN KEY (ambito_id, domanda_id) REFERENCES domanda (ambito_id, id)
);
CREATE UNIQUE INDEX domanda_bando_protocollo
  ON domanda_bando (ambito_id, bando_id, protocollo) WHERE ritirata_il IS NULL;
CREATE UNIQUE INDEX domanda_bando_persona
  ON domanda_bando (ambito_id, bando_id, codice_fiscale) WHERE ritirata_il IS NULL;
CREATE INDEX ON domanda_bando (ambito_id, domanda_id);
SELECT proteggi('domanda_bando', 'SELECT, INSERT');
GRANT UPDATE (presentata_il, cognome, nome, dati, ritirata_il) ON domanda_bando TO capofila_app;

-- What was approved: the rules, and each domanda by protocol number with its place and its points.
CREATE TABLE graduatoria_approvata (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  bando_id integer NOT NULL,
  organo text NOT NULL CHECK (length(organo) BETWEEN 1 AND 120),
  numero text NOT NULL CHECK (length(numero) BETWEEN 1 AND 40),
  data date NOT NULL,
  regole bytea NOT NULL CHECK (length(regole) <= 1000000),
  posti bytea NOT NULL CHECK (length(posti) <= 20000000),
  sha256 char(64) NOT NULL,
  approvata_da bigint DEFAULT utente_corrente(),
  approvata_il timestamptz NOT NULL DEFAULT now(),
  annullata_il timestamptz,
  annullata_atto text CHECK (length(annullata_atto) BETWEEN 3 AND 300),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, bando_id) REFERENCES bando (ambito_id, id),
  CHECK ((annullata_il IS NULL) = (annullata_atto IS NULL))
);
CREATE UNIQUE INDEX graduatoria_approvata_una
  ON graduatoria_approvata (ambito_id, bando_id) WHERE annullata_il IS NULL;
SELECT proteggi('graduatoria_approvata', 'SELECT, INSERT');
GRANT UPDATE (annullata_il, annullata_atto) ON graduatoria_approvata TO capofila_app;

-- All that it came from: the bytes are done again by themselves. They hold what the domande of every
-- comune say, so whoever works for one does not read them.
CREATE TABLE graduatoria_congelata (
  ambito_id smallint NOT NULL REFERENCES ambito,
  approvata_id integer NOT NULL,
  congelata bytea NOT NULL CHECK (length(congelata) <= 100000000),
  PRIMARY KEY (ambito_id, approvata_id),
  FOREIGN KEY (ambito_id, approvata_id) REFERENCES graduatoria_approvata (ambito_id, id)
);
SELECT proteggi('graduatoria_congelata', 'SELECT, INSERT');

-- What frees or adds places afterwards; rows are only added.
CREATE TABLE scorrimento (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  approvata_id integer NOT NULL,
  specie text COLLATE "C" NOT NULL CHECK (specie IN ('rinuncia', 'decadenza', 'aumento')),
  giorno date NOT NULL,
  atto text NOT NULL CHECK (length(atto) BETWEEN 3 AND 300),
  protocollo text COLLATE "C" CHECK (length(protocollo) BETWEEN 1 AND 32),
  disponibili integer NOT NULL DEFAULT 0 CHECK (disponibili BETWEEN 0 AND 100000),
  budget numeric(14, 2) NOT NULL DEFAULT 0 CHECK (budget BETWEEN 0 AND 1000000000),
  registrato_da bigint DEFAULT utente_corrente(),
  registrato_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, approvata_id) REFERENCES graduatoria_approvata (ambito_id, id),
  CHECK ((specie = 'aumento') = (protocollo IS NULL)),
  CHECK ((specie = 'aumento') = (disponibili > 0 OR budget > 0)),
  UNIQUE (ambito_id, approvata_id, protocollo)
);
SELECT proteggi('scorrimento', 'SELECT, INSERT');

-- While an approval stands, nothing that it came from is changed, and none is added.
CREATE FUNCTION bando_approvato() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  quale CONSTANT integer := CASE TG_TABLE_NAME WHEN 'bando' THEN (to_jsonb(NEW) ->> 'id')::integer
    ELSE (to_jsonb(NEW) ->> 'bando_id')::integer END;
BEGIN
  IF EXISTS (SELECT 1 FROM graduatoria_approvata g WHERE g.ambito_id = NEW.ambito_id
      AND g.bando_id = quale AND g.annullata_il IS NULL) THEN
    RAISE EXCEPTION 'bando %: la graduatoria è approvata', quale
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER approvato BEFORE UPDATE ON bando FOR EACH ROW EXECUTE FUNCTION bando_approvato();
CREATE TRIGGER approvato BEFORE INSERT OR UPDATE ON domanda_bando
  FOR EACH ROW EXECUTE FUNCTION bando_approvato();

-- Whoever works for one comune sees and writes its domande only (see migration 16 for the form).
DO $$
DECLARE
  condizione CONSTANT text :=
    $c$(SELECT coalesce(current_setting('capofila.comune', true), '') = '')
      OR comune = current_setting('capofila.comune', true)$c$;
BEGIN
  EXECUTE format('CREATE POLICY comune ON domanda_bando AS RESTRICTIVE TO capofila_app USING (%s) WITH CHECK (%s)',
    condizione, condizione);
  EXECUTE $p$CREATE POLICY comune ON graduatoria_congelata AS RESTRICTIVE TO capofila_app
    USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = ''))$p$;
END $$;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
