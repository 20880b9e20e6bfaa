"""What a person pays: adoptions of the comuni, persons with their ISEE and services, decisions."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T02:00:00:000025"
VERSION = "1.38.0"
DESCRIPTION = "Compartecipazione: adozioni, assistiti, attestazioni, utenze, decisioni"

SQL = r"""
-- What a comune did with the scheme of a service; `comune` is its Belfiore code, by which a person's
-- charge names it. One registered by mistake is withdrawn.
CREATE TABLE adozione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  comune text COLLATE "C" NOT NULL,
  servizio text COLLATE "C" NOT NULL CHECK (length(servizio) BETWEEN 1 AND 60),
  stato text COLLATE "C" NOT NULL CHECK (stato IN ('adotta', 'non_adotta', 'adotta_con_varianti')),
  dal date NOT NULL,
  al date,
  organo text NOT NULL CHECK (length(organo) BETWEEN 1 AND 120),
  numero text CHECK (length(numero) BETWEEN 1 AND 40),
  data date NOT NULL,
  articolo text CHECK (length(articolo) BETWEEN 1 AND 80),
  varianti jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(varianti) = 'object'),
  registrata_da bigint DEFAULT utente_corrente(),
  registrata_il timestamptz NOT NULL DEFAULT now(),
  ritirata_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, id, comune),
  CHECK (al >= dal),
  CONSTRAINT varianti_dette CHECK ((stato = 'adotta_con_varianti') = (varianti <> '{}')),
  CONSTRAINT adozione_una_al_giorno EXCLUDE USING gist (ambito_id WITH =, comune WITH =,
    servizio WITH =, daterange(dal, al, '[]') WITH &&) WHERE (ritirata_il IS NULL)
);
CREATE INDEX ON adozione (ambito_id, servizio, comune, dal);
SELECT proteggi('adozione', 'SELECT, INSERT');
GRANT UPDATE (al, ritirata_il) ON adozione TO capofila_app;

-- Somebody who is or was a user of a service of a comune.
CREATE TABLE assistito (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  comune text COLLATE "C" NOT NULL,
  codice_fiscale text COLLATE "C" NOT NULL CHECK (length(codice_fiscale) BETWEEN 1 AND 16),
  cognome text NOT NULL CHECK (length(cognome) BETWEEN 1 AND 100),
  nome text NOT NULL CHECK (length(nome) BETWEEN 1 AND 100),
  registrato_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, comune, codice_fiscale),
  UNIQUE (ambito_id, id, comune)
);
SELECT proteggi('assistito', 'SELECT, INSERT');
GRANT UPDATE (cognome, nome) ON assistito TO capofila_app;

-- An ISEE as it was attested; never changed, withdrawn while no decision uses it.
CREATE TABLE attestazione_isee (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  assistito_id bigint NOT NULL,
  comune text COLLATE "C" NOT NULL,
  specie text COLLATE "C" NOT NULL CHECK (specie IN ('ordinario', 'minorenni', 'sociosanitario',
    'sociosanitario_residenze', 'corrente', 'universitario')),
  valore numeric(12, 2) NOT NULL CHECK (valore BETWEEN 0 AND 10000000),
  protocollo text COLLATE "C" NOT NULL CHECK (length(protocollo) BETWEEN 1 AND 60),
  presentata date NOT NULL,
  ultimo_giorno date,
  omissioni boolean NOT NULL DEFAULT false,
  componenti jsonb CHECK (jsonb_typeof(componenti) = 'object'),
  registrata_da bigint DEFAULT utente_corrente(),
  registrata_il timestamptz NOT NULL DEFAULT now(),
  ritirata_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, id, comune),
  CHECK (ultimo_giorno >= presentata),
  FOREIGN KEY (ambito_id, assistito_id, comune) REFERENCES assistito (ambito_id, id, comune)
);
CREATE INDEX ON attestazione_isee (ambito_id, assistito_id, presentata);
CREATE UNIQUE INDEX attestazione_isee_unica
  ON attestazione_isee (ambito_id, assistito_id, specie, protocollo) WHERE ritirata_il IS NULL;
SELECT proteggi('attestazione_isee', 'SELECT, INSERT');
GRANT UPDATE (ritirata_il) ON attestazione_isee TO capofila_app;

-- A person in a service; a change is a new row from a day.
CREATE TABLE utenza (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  assistito_id bigint NOT NULL,
  comune text COLLATE "C" NOT NULL,
  servizio text COLLATE "C" NOT NULL CHECK (length(servizio) BETWEEN 1 AND 60),
  dal date NOT NULL,
  al date,
  quantita numeric(8, 2) NOT NULL CHECK (quantita > 0 AND quantita <= 100000),
  costo numeric(10, 2) CHECK (costo BETWEEN 0 AND 10000000),
  punti numeric(10, 2) CHECK (punti BETWEEN 0 AND 10000000),
  disponibile numeric(10, 2) CHECK (disponibile BETWEEN 0 AND 10000000),
  condizioni text[] NOT NULL DEFAULT '{}' CHECK (cardinality(condizioni) <= 20),
  registrata_da bigint DEFAULT utente_corrente(),
  registrata_il timestamptz NOT NULL DEFAULT now(),
  ritirata_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, id, comune),
  CHECK (al >= dal),
  FOREIGN KEY (ambito_id, assistito_id, comune) REFERENCES assistito (ambito_id, id, comune),
  CONSTRAINT utenza_una_al_giorno EXCLUDE USING gist (ambito_id WITH =, assistito_id WITH =,
    servizio WITH =, daterange(dal, al, '[]') WITH &&) WHERE (ritirata_il IS NULL)
);
CREATE INDEX ON utenza (ambito_id, servizio, dal);
SELECT proteggi('utenza', 'SELECT, INSERT');
GRANT UPDATE (al, ritirata_il) ON utenza TO capofila_app;

-- What was decided, with all that it came from: the bytes replay by themselves, and have their digest.
CREATE TABLE decisione_quota (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  utenza_id bigint NOT NULL,
  comune text COLLATE "C" NOT NULL,
  attestazione_id bigint,
  adozione_id integer NOT NULL,
  dal date NOT NULL,
  stato text COLLATE "C" NOT NULL CHECK (stato IN ('calcolata', 'senza_isee')),
  quota numeric(14, 2) NOT NULL CHECK (quota >= 0),
  organo text NOT NULL CHECK (length(organo) BETWEEN 1 AND 120),
  numero text NOT NULL CHECK (length(numero) BETWEEN 1 AND 40),
  data date NOT NULL,
  congelata bytea NOT NULL CHECK (length(congelata) <= 1000000),
  sha256 char(64) NOT NULL CHECK (sha256 = encode(sha256(congelata), 'hex')),
  sostituisce bigint,
  presa_da bigint DEFAULT utente_corrente(),
  presa_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, id, comune),
  FOREIGN KEY (ambito_id, utenza_id, comune) REFERENCES utenza (ambito_id, id, comune),
  FOREIGN KEY (ambito_id, attestazione_id, comune)
    REFERENCES attestazione_isee (ambito_id, id, comune),
  FOREIGN KEY (ambito_id, adozione_id, comune) REFERENCES adozione (ambito_id, id, comune),
  FOREIGN KEY (ambito_id, sostituisce, comune) REFERENCES decisione_quota (ambito_id, id, comune)
);
CREATE INDEX ON decisione_quota (ambito_id, utenza_id, id);
CREATE INDEX ON decisione_quota (ambito_id, attestazione_id);
CREATE INDEX ON decisione_quota (ambito_id, adozione_id);
SELECT proteggi('decisione_quota', 'SELECT, INSERT');

-- Which records of the ledger a decision became.
CREATE TABLE decisione_prestazione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  decisione_id bigint NOT NULL,
  prestazione_id bigint NOT NULL,
  comune text COLLATE "C" NOT NULL,
  scritta_da bigint DEFAULT utente_corrente(),
  scritta_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, decisione_id, prestazione_id),
  FOREIGN KEY (ambito_id, decisione_id, comune) REFERENCES decisione_quota (ambito_id, id, comune),
  FOREIGN KEY (ambito_id, prestazione_id) REFERENCES prestazione (ambito_id, id)
);
SELECT proteggi('decisione_prestazione', 'SELECT, INSERT');

-- What a decision rests on stays; what was withdrawn does not come back.
CREATE FUNCTION fondamento_di_una_decisione() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  qui CONSTANT text := TG_TABLE_NAME;
  usata boolean;
BEGIN
  IF OLD.ritirata_il IS NOT NULL THEN
    RAISE EXCEPTION '% %: già ritirata', qui, OLD.id
      USING ERRCODE = 'object_not_in_prerequisite_state';
  ELSIF NEW.ritirata_il IS NULL THEN
    RETURN NEW;
  END IF;
  SELECT EXISTS (SELECT 1 FROM decisione_quota d WHERE d.ambito_id = OLD.ambito_id AND CASE qui
    WHEN 'adozione' THEN d.adozione_id = OLD.id WHEN 'utenza' THEN d.utenza_id = OLD.id
    ELSE d.attestazione_id = OLD.id END) INTO usata;
  IF usata THEN
    RAISE EXCEPTION '% %: una decisione vi si fonda', qui, OLD.id
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER fondamento BEFORE UPDATE ON adozione
  FOR EACH ROW EXECUTE FUNCTION fondamento_di_una_decisione();
CREATE TRIGGER fondamento BEFORE UPDATE ON attestazione_isee
  FOR EACH ROW EXECUTE FUNCTION fondamento_di_una_decisione();
CREATE TRIGGER fondamento BEFORE UPDATE ON utenza
  FOR EACH ROW EXECUTE FUNCTION fondamento_di_una_decisione();

-- Whoever works for one comune sees and writes its rows only (see migration 16 for the form).
DO $$
DECLARE
  tabella text;
  condizione CONSTANT text :=
    $c$(SELECT coalesce(current_setting('capofila.comune', true), '') = '')
      OR comune = current_setting('capofila.comune', true)$c$;
BEGIN
  FOREACH tabella IN ARRAY ARRAY['adozione', 'assistito', 'attestazione_isee', 'utenza',
    'decisione_quota', 'decisione_prestazione'] LOOP
    EXECUTE format('CREATE POLICY comune ON %I AS RESTRICTIVE TO capofila_app USING (%s) WITH CHECK (%s)',
      tabella, condizione, condizione);
  END LOOP;
END $$;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
