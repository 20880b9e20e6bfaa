"""Meetings of the bodies: call, presences, proxies, votes, deliberations, minutes."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T02:00:00:000031"
VERSION = "1.38.0"
DESCRIPTION = "Governo: sedute, votazioni, deliberazioni, verbali"

SQL = r"""
-- A meeting of a body. `regole` are those that the plugin leaves open, with their act, in the form of
-- the file of a vote. After the call only its state goes on.
CREATE TABLE seduta (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  organo text COLLATE "C" NOT NULL CHECK (length(organo) BETWEEN 1 AND 60),
  denominazione text NOT NULL CHECK (length(denominazione) BETWEEN 1 AND 200),
  giorno date NOT NULL,
  ora time NOT NULL,
  luogo text NOT NULL CHECK (length(luogo) BETWEEN 1 AND 200),
  seconda_giorno date,
  seconda_ora time,
  urgente boolean NOT NULL DEFAULT false,
  anno_pesi smallint CHECK (anno_pesi BETWEEN 1990 AND 2100),
  regole jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(regole) = 'object'),
  stato text COLLATE "C" NOT NULL DEFAULT 'bozza' CHECK (stato IN ('bozza', 'convocata', 'aperta',
    'deserta', 'chiusa', 'verbalizzata', 'pubblicata', 'revocata')),
  convocata_il date,
  pubblicare_entro date,
  pubblicata_il date,
  pubblicata_dove text CHECK (length(pubblicata_dove) BETWEEN 1 AND 200),
  inventata boolean NOT NULL DEFAULT false,
  creata_da bigint DEFAULT utente_corrente(),
  creata_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  CHECK ((seconda_giorno IS NULL) = (seconda_ora IS NULL)),
  CHECK (seconda_giorno IS NULL OR (seconda_giorno, seconda_ora) > (giorno, ora)),
  CHECK ((convocata_il IS NULL) = (stato = 'bozza') OR stato = 'revocata'),
  CHECK ((pubblicata_il IS NULL) = (stato <> 'pubblicata'))
);
CREATE INDEX ON seduta (ambito_id, giorno);
SELECT proteggi('seduta', 'SELECT, INSERT');
GRANT UPDATE (giorno, ora, luogo, seconda_giorno, seconda_ora, urgente, anno_pesi, regole, stato,
  convocata_il, pubblicare_entro, pubblicata_il, pubblicata_dove) ON seduta TO capofila_app;

CREATE FUNCTION vita_di_una_seduta() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.stato <> NEW.stato AND NOT (OLD.stato || '>' || NEW.stato) = ANY (ARRAY[
    'bozza>convocata', 'bozza>revocata', 'convocata>revocata', 'convocata>aperta',
    'aperta>deserta', 'deserta>aperta', 'aperta>chiusa', 'deserta>chiusa',
    'chiusa>verbalizzata', 'verbalizzata>pubblicata']) THEN
    RAISE EXCEPTION 'seduta %: da % a % non si va', OLD.id, OLD.stato, NEW.stato
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF OLD.stato <> 'bozza' AND (OLD.giorno, OLD.ora, OLD.luogo, OLD.seconda_giorno, OLD.seconda_ora,
      OLD.urgente, OLD.anno_pesi, OLD.regole, OLD.convocata_il)
    IS DISTINCT FROM (NEW.giorno, NEW.ora, NEW.luogo, NEW.seconda_giorno, NEW.seconda_ora,
      NEW.urgente, NEW.anno_pesi, NEW.regole, NEW.convocata_il) THEN
    RAISE EXCEPTION 'seduta %: è già convocata', OLD.id
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER vita BEFORE UPDATE ON seduta FOR EACH ROW EXECUTE FUNCTION vita_di_una_seduta();

-- What belongs to a meeting is written while it is in one of these states.
CREATE FUNCTION con_la_seduta() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  riga record;
  adesso text;
BEGIN
  IF TG_OP = 'DELETE' THEN riga := OLD; ELSE riga := NEW; END IF;
  SELECT stato INTO adesso FROM seduta WHERE ambito_id = riga.ambito_id AND id = riga.seduta_id
    FOR SHARE;
  IF NOT adesso = ANY (TG_ARGV) THEN
    RAISE EXCEPTION 'seduta %: è %', riga.seduta_id, adesso
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN riga;
END $$;

-- The agenda. What is added after the call is known by its moment.
CREATE TABLE punto (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  seduta_id integer NOT NULL,
  ordine smallint NOT NULL CHECK (ordine BETWEEN 1 AND 200),
  titolo text NOT NULL CHECK (length(titolo) BETWEEN 3 AND 300),
  dopo_la_convocazione boolean NOT NULL DEFAULT false,
  creato_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, id, seduta_id),
  UNIQUE (ambito_id, seduta_id, ordine),
  FOREIGN KEY (ambito_id, seduta_id) REFERENCES seduta (ambito_id, id)
);
SELECT proteggi('punto', 'SELECT, INSERT, DELETE');
CREATE TRIGGER seduta_viva BEFORE INSERT ON punto
  FOR EACH ROW EXECUTE FUNCTION con_la_seduta('bozza', 'convocata', 'aperta');
CREATE TRIGGER seduta_in_bozza BEFORE DELETE ON punto
  FOR EACH ROW EXECUTE FUNCTION con_la_seduta('bozza');

-- What is put to the vote: its matter, the year that it is about, its words. `cessa_id` is the
-- deliberation that stops standing when this one is approved: a key to it would go round in a ring, so
-- it is looked for when it is written, and held by the key of `cessazione_deliberazione`.
CREATE TABLE proposta (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  seduta_id integer NOT NULL,
  punto_id integer NOT NULL,
  materia text COLLATE "C" NOT NULL CHECK (length(materia) BETWEEN 1 AND 60),
  anno smallint CHECK (anno BETWEEN 1990 AND 2100),
  oggetto text NOT NULL CHECK (length(oggetto) BETWEEN 3 AND 500),
  testo text NOT NULL DEFAULT '' CHECK (length(testo) <= 20000),
  cessa_id integer,
  cessa text COLLATE "C" CHECK (cessa IN ('annullata', 'sostituita')),
  creata_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, id, seduta_id),
  CHECK ((cessa_id IS NULL) = (cessa IS NULL)),
  FOREIGN KEY (ambito_id, punto_id, seduta_id) REFERENCES punto (ambito_id, id, seduta_id)
);
CREATE INDEX ON proposta (ambito_id, seduta_id);
SELECT proteggi('proposta', 'SELECT, INSERT, DELETE');
CREATE TRIGGER seduta_viva BEFORE INSERT ON proposta
  FOR EACH ROW EXECUTE FUNCTION con_la_seduta('bozza', 'convocata', 'aperta');
CREATE TRIGGER seduta_in_bozza BEFORE DELETE ON proposta
  FOR EACH ROW EXECUTE FUNCTION con_la_seduta('bozza');

CREATE TABLE emendamento (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  seduta_id integer NOT NULL,
  proposta_id integer NOT NULL,
  ordine smallint NOT NULL CHECK (ordine BETWEEN 1 AND 200),
  testo text NOT NULL CHECK (length(testo) BETWEEN 3 AND 5000),
  proponente text NOT NULL CHECK (length(proponente) BETWEEN 1 AND 200),
  creato_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, id, proposta_id),
  UNIQUE (ambito_id, proposta_id, ordine),
  FOREIGN KEY (ambito_id, proposta_id, seduta_id) REFERENCES proposta (ambito_id, id, seduta_id)
);
SELECT proteggi('emendamento', 'SELECT, INSERT');
CREATE TRIGGER seduta_viva BEFORE INSERT ON emendamento
  FOR EACH ROW EXECUTE FUNCTION con_la_seduta('bozza', 'convocata', 'aperta');

-- Objects in the store, by digest: what is discussed, and the minutes.
CREATE TABLE documento_seduta (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  seduta_id integer NOT NULL,
  punto_id integer,
  specie text COLLATE "C" NOT NULL CHECK (specie IN ('allegato', 'verbale')),
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
  FOREIGN KEY (ambito_id, seduta_id) REFERENCES seduta (ambito_id, id),
  FOREIGN KEY (ambito_id, punto_id, seduta_id) REFERENCES punto (ambito_id, id, seduta_id)
);
CREATE INDEX ON documento_seduta (ambito_id, seduta_id);
CREATE UNIQUE INDEX verbale_uno ON documento_seduta (ambito_id, seduta_id) WHERE specie = 'verbale';
SELECT proteggi('documento_seduta', 'SELECT, INSERT');
CREATE TRIGGER seduta_viva BEFORE INSERT ON documento_seduta
  FOR EACH ROW EXECUTE FUNCTION con_la_seduta('bozza', 'convocata', 'aperta', 'chiusa');

-- An opening: the bodies with their rules, the rules of the meeting and the versions of the plugins
-- as bytes that count by themselves.
CREATE TABLE apertura_seduta (
  ambito_id smallint NOT NULL REFERENCES ambito,
  seduta_id integer NOT NULL,
  convocazione smallint NOT NULL CHECK (convocazione IN (1, 2)),
  giorno date NOT NULL,
  anno_pesi smallint,
  congelata bytea NOT NULL CHECK (length(congelata) <= 2000000),
  sha256 char(64) NOT NULL CHECK (sha256 = encode(sha256(congelata), 'hex')),
  aperta_da bigint DEFAULT utente_corrente(),
  aperta_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, seduta_id, convocazione),
  FOREIGN KEY (ambito_id, seduta_id) REFERENCES seduta (ambito_id, id)
);
SELECT proteggi('apertura_seduta', 'SELECT, INSERT');

-- Who is entitled and what they weigh: written once, when the meeting opens.
CREATE TABLE peso_seduta (
  ambito_id smallint NOT NULL REFERENCES ambito,
  seduta_id integer NOT NULL,
  convocazione smallint NOT NULL,
  avente text COLLATE "C" NOT NULL CHECK (length(avente) BETWEEN 1 AND 80),
  ordine smallint NOT NULL,
  nome text NOT NULL CHECK (length(nome) BETWEEN 1 AND 200),
  categoria text COLLATE "C",
  adesione text,
  abitanti integer CHECK (abitanti >= 0),
  quote numeric(16, 6) CHECK (quote >= 0),
  fonte text,
  PRIMARY KEY (ambito_id, seduta_id, convocazione, avente),
  FOREIGN KEY (ambito_id, seduta_id, convocazione)
    REFERENCES apertura_seduta (ambito_id, seduta_id, convocazione)
);
SELECT proteggi('peso_seduta', 'SELECT, INSERT');

-- Events of the room, each with its minute; only ever added.
CREATE TABLE presenza (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  seduta_id integer NOT NULL,
  convocazione smallint NOT NULL,
  avente text COLLATE "C" NOT NULL,
  presente boolean NOT NULL,
  per_l_ente text CHECK (length(per_l_ente) BETWEEN 1 AND 200),
  quando timestamptz NOT NULL,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, seduta_id, convocazione, avente)
    REFERENCES peso_seduta (ambito_id, seduta_id, convocazione, avente)
);
CREATE INDEX ON presenza (ambito_id, seduta_id);
SELECT proteggi('presenza', 'SELECT, INSERT');
CREATE TRIGGER seduta_aperta BEFORE INSERT ON presenza
  FOR EACH ROW EXECUTE FUNCTION con_la_seduta('aperta');

CREATE TABLE delega (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  seduta_id integer NOT NULL,
  convocazione smallint NOT NULL,
  da text COLLATE "C" NOT NULL,
  a text COLLATE "C" NOT NULL,
  data boolean NOT NULL,
  carta text NOT NULL CHECK (length(carta) BETWEEN 1 AND 200),
  quando timestamptz NOT NULL,
  PRIMARY KEY (ambito_id, id),
  CHECK (da <> a),
  FOREIGN KEY (ambito_id, seduta_id, convocazione, da)
    REFERENCES peso_seduta (ambito_id, seduta_id, convocazione, avente),
  FOREIGN KEY (ambito_id, seduta_id, convocazione, a)
    REFERENCES peso_seduta (ambito_id, seduta_id, convocazione, avente)
);
CREATE INDEX ON delega (ambito_id, seduta_id);
SELECT proteggi('delega', 'SELECT, INSERT');
CREATE TRIGGER seduta_aperta BEFORE INSERT ON delega
  FOR EACH ROW EXECUTE FUNCTION con_la_seduta('aperta');

CREATE TABLE presidenza_seduta (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  seduta_id integer NOT NULL,
  convocazione smallint NOT NULL,
  avente text COLLATE "C" NOT NULL,
  quando timestamptz NOT NULL,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, seduta_id, convocazione, avente)
    REFERENCES peso_seduta (ambito_id, seduta_id, convocazione, avente)
);
CREATE INDEX ON presidenza_seduta (ambito_id, seduta_id);
SELECT proteggi('presidenza_seduta', 'SELECT, INSERT');
CREATE TRIGGER seduta_aperta BEFORE INSERT ON presidenza_seduta
  FOR EACH ROW EXECUTE FUNCTION con_la_seduta('aperta');

-- A vote with all that it was counted from and its outcome: the bytes replay by themselves.
CREATE TABLE votazione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  seduta_id integer NOT NULL,
  convocazione smallint NOT NULL,
  proposta_id integer NOT NULL,
  emendamento_id integer,
  modo text COLLATE "C" NOT NULL CHECK (modo IN ('appello', 'alzata', 'segreta', 'elezione')),
  quando timestamptz NOT NULL,
  esito text COLLATE "C" NOT NULL CHECK (esito IN ('approvata', 'respinta', 'non_determinabile',
    'eletti', 'da_completare')),
  congelata bytea NOT NULL CHECK (length(congelata) <= 4000000),
  sha256 char(64) NOT NULL CHECK (sha256 = encode(sha256(congelata), 'hex')),
  presa_da bigint DEFAULT utente_corrente(),
  presa_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, id, modo),
  UNIQUE (ambito_id, id, proposta_id),
  UNIQUE NULLS NOT DISTINCT (ambito_id, proposta_id, emendamento_id),
  CHECK (emendamento_id IS NULL OR modo <> 'elezione'),
  FOREIGN KEY (ambito_id, seduta_id, convocazione)
    REFERENCES apertura_seduta (ambito_id, seduta_id, convocazione),
  FOREIGN KEY (ambito_id, proposta_id, seduta_id) REFERENCES proposta (ambito_id, id, seduta_id),
  FOREIGN KEY (ambito_id, emendamento_id, proposta_id)
    REFERENCES emendamento (ambito_id, id, proposta_id)
);
CREATE INDEX ON votazione (ambito_id, seduta_id);
SELECT proteggi('votazione', 'SELECT, INSERT');
CREATE TRIGGER seduta_aperta BEFORE INSERT ON votazione
  FOR EACH ROW EXECUTE FUNCTION con_la_seduta('aperta');

-- Ballots by seat, in hundredths; of a secret scrutiny there can be none.
CREATE TABLE voto (
  ambito_id smallint NOT NULL REFERENCES ambito,
  votazione_id integer NOT NULL,
  modo text COLLATE "C" NOT NULL CHECK (modo IN ('appello', 'alzata')),
  avente text COLLATE "C" NOT NULL CHECK (length(avente) BETWEEN 1 AND 80),
  favorevole numeric(5, 2) NOT NULL CHECK (favorevole >= 0),
  contrario numeric(5, 2) NOT NULL CHECK (contrario >= 0),
  astenuto numeric(5, 2) NOT NULL CHECK (astenuto >= 0),
  PRIMARY KEY (ambito_id, votazione_id, avente),
  CHECK (favorevole + contrario + astenuto = 100),
  FOREIGN KEY (ambito_id, votazione_id, modo) REFERENCES votazione (ambito_id, id, modo)
);
SELECT proteggi('voto', 'SELECT, INSERT');

CREATE TABLE scrutinio (
  ambito_id smallint NOT NULL REFERENCES ambito,
  votazione_id integer NOT NULL,
  modo text COLLATE "C" NOT NULL CHECK (modo IN ('segreta', 'elezione')),
  numeri jsonb NOT NULL CHECK (jsonb_typeof(numeri) IN ('object', 'array')),
  PRIMARY KEY (ambito_id, votazione_id),
  FOREIGN KEY (ambito_id, votazione_id, modo) REFERENCES votazione (ambito_id, id, modo)
);
SELECT proteggi('scrutinio', 'SELECT, INSERT');

-- The last number of each register. Its row is locked while a number is given, and numbers go up by one:
-- none is missing.
CREATE TABLE registro_deliberazioni (
  ambito_id smallint NOT NULL REFERENCES ambito,
  organo text COLLATE "C" NOT NULL,
  anno smallint NOT NULL,
  ultimo integer NOT NULL CHECK (ultimo > 0),
  PRIMARY KEY (ambito_id, organo, anno)
);
SELECT proteggi('registro_deliberazioni', 'SELECT, INSERT');
GRANT UPDATE (ultimo) ON registro_deliberazioni TO capofila_app;
CREATE FUNCTION un_numero_dopo_l_altro() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.ultimo <> (CASE WHEN TG_OP = 'INSERT' THEN 1 ELSE OLD.ultimo + 1 END) THEN
    RAISE EXCEPTION 'un numero viene dopo l''altro'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER un_numero_dopo_l_altro BEFORE INSERT OR UPDATE OF ultimo ON registro_deliberazioni
  FOR EACH ROW EXECUTE FUNCTION un_numero_dopo_l_altro();

CREATE TABLE deliberazione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  organo text COLLATE "C" NOT NULL,
  anno smallint NOT NULL,
  numero integer NOT NULL,
  seduta_id integer NOT NULL,
  proposta_id integer NOT NULL,
  votazione_id integer NOT NULL,
  denominazione text NOT NULL,
  materia text COLLATE "C" NOT NULL,
  anno_di_riferimento smallint,
  propone boolean NOT NULL,
  oggetto text NOT NULL CHECK (length(oggetto) BETWEEN 3 AND 500),
  testo text NOT NULL CHECK (length(testo) <= 200000),
  giorno date NOT NULL,
  scritta_da bigint DEFAULT utente_corrente(),
  scritta_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, organo, anno, numero),
  UNIQUE (ambito_id, proposta_id),
  CHECK (anno = extract(year FROM giorno)),
  FOREIGN KEY (ambito_id, proposta_id, seduta_id) REFERENCES proposta (ambito_id, id, seduta_id),
  FOREIGN KEY (ambito_id, votazione_id, proposta_id)
    REFERENCES votazione (ambito_id, id, proposta_id)
);
CREATE INDEX ON deliberazione (ambito_id, materia, giorno);
SELECT proteggi('deliberazione', 'SELECT, INSERT');

CREATE FUNCTION numera_deliberazione() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO registro_deliberazioni AS r (ambito_id, organo, anno, ultimo)
    VALUES (NEW.ambito_id, NEW.organo, NEW.anno, 1)
    ON CONFLICT (ambito_id, organo, anno) DO UPDATE SET ultimo = r.ultimo + 1
    RETURNING ultimo INTO NEW.numero;
  RETURN NEW;
END $$;
CREATE TRIGGER numera BEFORE INSERT ON deliberazione
  FOR EACH ROW EXECUTE FUNCTION numera_deliberazione();

-- An act stops standing by another act, here or elsewhere.
CREATE TABLE cessazione_deliberazione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  deliberazione_id integer NOT NULL,
  specie text COLLATE "C" NOT NULL CHECK (specie IN ('annullata', 'sostituita')),
  dal date NOT NULL,
  con_id integer,
  atto text CHECK (length(atto) BETWEEN 3 AND 300),
  scritta_da bigint DEFAULT utente_corrente(),
  scritta_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, deliberazione_id),
  CHECK ((con_id IS NULL) <> (atto IS NULL)),
  CHECK (con_id <> deliberazione_id),
  FOREIGN KEY (ambito_id, deliberazione_id) REFERENCES deliberazione (ambito_id, id),
  FOREIGN KEY (ambito_id, con_id) REFERENCES deliberazione (ambito_id, id)
);
SELECT proteggi('cessazione_deliberazione', 'SELECT, INSERT');

-- What came before a decision and was not voted here: a hearing, a proposal of another body, an act.
CREATE TABLE confronto (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  specie text COLLATE "C" NOT NULL CHECK (specie IN ('confronto', 'proposta', 'atto')),
  di text COLLATE "C" NOT NULL CHECK (length(di) BETWEEN 1 AND 60),
  materia text COLLATE "C" NOT NULL CHECK (length(materia) BETWEEN 1 AND 60),
  anno smallint CHECK (anno BETWEEN 1990 AND 2100),
  giorno date NOT NULL,
  prova text NOT NULL CHECK (length(prova) BETWEEN 3 AND 300),
  annullato_il date,
  inventato boolean NOT NULL DEFAULT false,
  scritto_da bigint DEFAULT utente_corrente(),
  scritto_il timestamptz NOT NULL DEFAULT now(),
  ritirato_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  CHECK (specie <> 'atto' OR di = materia),
  CHECK (annullato_il >= giorno)
);
CREATE INDEX ON confronto (ambito_id, materia);
SELECT proteggi('confronto', 'SELECT, INSERT');
GRANT UPDATE (annullato_il, ritirato_il) ON confronto TO capofila_app;

-- Where each one entitled is written to, and the calls that left or wait.
CREATE TABLE recapito_seggio (
  ambito_id smallint NOT NULL REFERENCES ambito,
  organo text COLLATE "C" NOT NULL CHECK (length(organo) BETWEEN 1 AND 60),
  avente text COLLATE "C" NOT NULL CHECK (length(avente) BETWEEN 1 AND 80),
  email text NOT NULL CHECK (length(email) BETWEEN 3 AND 200),
  PRIMARY KEY (ambito_id, organo, avente)
);
SELECT proteggi('recapito_seggio', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE invito_seduta (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  seduta_id integer NOT NULL,
  avente text COLLATE "C" NOT NULL CHECK (length(avente) BETWEEN 1 AND 80),
  stato text COLLATE "C" NOT NULL DEFAULT 'da_inviare'
    CHECK (stato IN ('da_inviare', 'inviato', 'rifiutato')),
  inviato_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, seduta_id, avente),
  FOREIGN KEY (ambito_id, seduta_id) REFERENCES seduta (ambito_id, id)
);
SELECT proteggi('invito_seduta', 'SELECT, INSERT');
GRANT UPDATE (stato, inviato_il) ON invito_seduta TO capofila_app;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
