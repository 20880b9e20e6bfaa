"""The Accordo di Programma, who signed and adhered, who holds the seats of the bodies."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T05:30:00:000030"
VERSION = "1.38.0"
DESCRIPTION = "Accordo di Programma, firmatari, adesioni, incarichi negli organi, pubblicazioni"

SQL = r"""
-- An Accordo with its act. A day that no source gives is null: nobody can then say when it held.
-- `al` moves when a change extends it; the length that was agreed stays in `mesi`.
CREATE TABLE accordo (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  codice text COLLATE "C" NOT NULL CHECK (codice ~ '^[a-z0-9][a-z0-9-]{0,59}$'),
  titolo text NOT NULL CHECK (length(titolo) BETWEEN 1 AND 300),
  capofila_id integer NOT NULL,
  mesi smallint CHECK (mesi BETWEEN 1 AND 240),
  dal date,
  al date,
  organo text NOT NULL CHECK (length(organo) BETWEEN 1 AND 200),
  numero text CHECK (length(numero) BETWEEN 1 AND 40),
  data date,
  rinnova integer,
  risorse text[] NOT NULL DEFAULT '{}' CHECK (cardinality(risorse) <= 30),
  burl_numero text CHECK (length(burl_numero) BETWEEN 1 AND 60),
  burl_data date,
  burl_per_estratto boolean NOT NULL DEFAULT false,
  fonte text CHECK (length(fonte) BETWEEN 1 AND 600),
  inventato boolean NOT NULL DEFAULT false,
  registrato_da bigint DEFAULT utente_corrente(),
  registrato_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, codice),
  FOREIGN KEY (ambito_id, capofila_id) REFERENCES ente (ambito_id, id),
  FOREIGN KEY (ambito_id, rinnova) REFERENCES accordo (ambito_id, id),
  CHECK (al >= dal),
  CHECK (dal IS NOT NULL OR al IS NULL),
  CHECK ((burl_numero IS NULL) = (burl_data IS NULL)),
  CONSTRAINT accordo_uno_al_giorno EXCLUDE USING gist
    (ambito_id WITH =, daterange(dal, al, '[]') WITH &&) WHERE (dal IS NOT NULL)
);
SELECT proteggi('accordo');

-- Who signed it. `firmato_da` is the holder of a public office.
CREATE TABLE firmatario (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  accordo_id integer NOT NULL,
  specie text COLLATE "C" NOT NULL CHECK (specie IN
    ('comune', 'unione', 'azienda', 'ats', 'asst', 'provincia', 'altro')),
  ente text NOT NULL CHECK (length(ente) BETWEEN 1 AND 200),
  istat char(6) REFERENCES comune,
  firmato_da text CHECK (length(firmato_da) BETWEEN 1 AND 120),
  firmato_il date,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, accordo_id) REFERENCES accordo (ambito_id, id),
  CHECK ((specie = 'comune') = (istat IS NOT NULL))
);
CREATE UNIQUE INDEX ON firmatario (ambito_id, accordo_id, lower(ente));
SELECT proteggi('firmatario');

-- Who adhered after, by an act without which there is no seat (Accordo 2015-2017, art. 4). `settore`
-- is the category of the seats that the ente may appoint to.
CREATE TABLE adesione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  accordo_id integer NOT NULL,
  ente text NOT NULL CHECK (length(ente) BETWEEN 1 AND 200),
  settore text COLLATE "C" NOT NULL CHECK (length(settore) BETWEEN 1 AND 60),
  dal date NOT NULL,
  al date,
  organo text NOT NULL CHECK (length(organo) BETWEEN 1 AND 200),
  numero text CHECK (length(numero) BETWEEN 1 AND 40),
  data date NOT NULL,
  inventato boolean NOT NULL DEFAULT false,
  registrata_da bigint DEFAULT utente_corrente(),
  registrata_il timestamptz NOT NULL DEFAULT now(),
  ritirata_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, accordo_id) REFERENCES accordo (ambito_id, id),
  CHECK (al >= dal)
);
CREATE UNIQUE INDEX adesione_una ON adesione (ambito_id, accordo_id, settore, lower(ente))
  WHERE ritirata_il IS NULL;
SELECT proteggi('adesione', 'SELECT, INSERT');
GRANT UPDATE (al, ritirata_il) ON adesione TO capofila_app;

-- What changed while it held. The sub-ambiti of the territory are taken in by themselves (art. 12):
-- a row says by which act. `subentro` puts a union, or who leads a convention, in the place of a
-- comune for the functions that are named (art. 19).
CREATE TABLE modifica_accordo (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  accordo_id integer NOT NULL,
  specie text COLLATE "C" NOT NULL CHECK (specie IN ('proroga', 'sub_ambiti', 'subentro', 'altro')),
  dal date NOT NULL,
  al date,
  descrizione text NOT NULL CHECK (length(descrizione) BETWEEN 1 AND 1000),
  istat char(6) REFERENCES comune,
  ente text CHECK (length(ente) BETWEEN 1 AND 200),
  funzioni text[] NOT NULL DEFAULT '{}' CHECK (cardinality(funzioni) <= 30),
  organo text NOT NULL CHECK (length(organo) BETWEEN 1 AND 200),
  numero text CHECK (length(numero) BETWEEN 1 AND 40),
  data date NOT NULL,
  inventato boolean NOT NULL DEFAULT false,
  registrata_da bigint DEFAULT utente_corrente(),
  registrata_il timestamptz NOT NULL DEFAULT now(),
  ritirata_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, accordo_id) REFERENCES accordo (ambito_id, id),
  CHECK (al >= dal),
  CHECK (specie <> 'proroga' OR al IS NOT NULL),
  CHECK ((specie = 'subentro') = (istat IS NOT NULL AND ente IS NOT NULL
    AND cardinality(funzioni) > 0))
);
CREATE INDEX ON modifica_accordo (ambito_id, accordo_id, dal);
SELECT proteggi('modifica_accordo', 'SELECT, INSERT');
GRANT UPDATE (al, ritirata_il) ON modifica_accordo TO capofila_app;

-- Who holds a seat of a body. `unita` is the comune (ISTAT), the sub-ambito or the zona (code) that
-- the seat is of; `posto` tells the seats of one category and unit apart. A `presidenza` or a
-- `sostituzione` names who presides or stands in; `unita` is then the key of the seat of that member.
-- Vacancies and lapses are not stored: they are what is missing on a day.
CREATE TABLE incarico_organo (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  organo text COLLATE "C" NOT NULL CHECK (length(organo) BETWEEN 1 AND 60),
  funzione text COLLATE "C" NOT NULL DEFAULT 'componente'
    CHECK (funzione IN ('componente', 'presidenza', 'sostituzione')),
  categoria text COLLATE "C" CHECK (length(categoria) BETWEEN 1 AND 60),
  unita text COLLATE "C" CHECK (length(unita) BETWEEN 1 AND 60),
  posto smallint NOT NULL DEFAULT 1 CHECK (posto BETWEEN 1 AND 1000),
  ente text CHECK (length(ente) BETWEEN 1 AND 200),
  istat char(6) REFERENCES comune,
  adesione_id integer,
  persona text NOT NULL CHECK (length(persona) BETWEEN 1 AND 120),
  carica text CHECK (length(carica) BETWEEN 1 AND 120),
  sostituto text CHECK (length(sostituto) BETWEEN 1 AND 120),
  dal date NOT NULL,
  al date,
  designato_da text NOT NULL CHECK (length(designato_da) BETWEEN 1 AND 200),
  numero text CHECK (length(numero) BETWEEN 1 AND 40),
  data date NOT NULL,
  ratificato_il date,
  ratifica text CHECK (length(ratifica) BETWEEN 1 AND 200),
  cessazione text CHECK (length(cessazione) BETWEEN 1 AND 300),
  inventato boolean NOT NULL DEFAULT false,
  registrato_da bigint DEFAULT utente_corrente(),
  registrato_il timestamptz NOT NULL DEFAULT now(),
  ritirato_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, adesione_id) REFERENCES adesione (ambito_id, id),
  CHECK (al >= dal),
  CHECK ((funzione = 'componente') = (categoria IS NOT NULL)),
  CHECK ((ratificato_il IS NULL) = (ratifica IS NULL)),
  CONSTRAINT incarico_organo_uno_al_giorno EXCLUDE USING gist (ambito_id WITH =, organo WITH =,
    funzione WITH =, coalesce(categoria, '') WITH =,
    (CASE WHEN funzione = 'componente' THEN coalesce(unita, '') ELSE '' END) WITH =, posto WITH =,
    daterange(dal, al, '[]') WITH &&) WHERE (ritirato_il IS NULL)
);
CREATE INDEX ON incarico_organo (ambito_id, organo, dal);
SELECT proteggi('incarico_organo', 'SELECT, INSERT');
GRANT UPDATE (al, cessazione, sostituto, ratificato_il, ratifica, ritirato_il)
  ON incarico_organo TO capofila_app;

-- What a body shared by ambiti (the Cabina di Regia) has published. The body's rows stay of the
-- ambito that convenes it; this copy, whole and sealed by its digest, is all that the others and the
-- agency read, and only while it is not withdrawn.
CREATE TABLE pubblicazione_organo (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  organo text COLLATE "C" NOT NULL CHECK (length(organo) BETWEEN 1 AND 60),
  specie text COLLATE "C" NOT NULL CHECK (specie IN ('composizione', 'seduta', 'deliberazione')),
  titolo text NOT NULL CHECK (length(titolo) BETWEEN 1 AND 300),
  giorno date NOT NULL,
  contenuto bytea NOT NULL CHECK (length(contenuto) <= 1000000),
  sha256 char(64) NOT NULL CHECK (sha256 = encode(sha256(contenuto), 'hex')),
  ambiti smallint[] NOT NULL DEFAULT '{}' CHECK (cardinality(ambiti) <= 100),
  ats smallint[] NOT NULL DEFAULT '{}' CHECK (cardinality(ats) <= 100),
  pubblicata_da bigint DEFAULT utente_corrente(),
  pubblicata_il timestamptz NOT NULL DEFAULT now(),
  ritirata_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  CHECK (cardinality(ambiti) + cardinality(ats) > 0)
);
CREATE INDEX ON pubblicazione_organo (ambito_id, organo, giorno);
SELECT proteggi('pubblicazione_organo', 'SELECT, INSERT');
GRANT UPDATE (ritirata_il) ON pubblicazione_organo TO capofila_app;
CREATE POLICY destinatari ON pubblicazione_organo FOR SELECT TO capofila_app
  USING (ritirata_il IS NULL AND
    (SELECT nullif(current_setting('capofila.ambito', true), '')::smallint) = ANY (ambiti));
CREATE POLICY agenzie ON pubblicazione_organo FOR SELECT TO capofila_app
  USING (ritirata_il IS NULL AND
    (SELECT nullif(current_setting('capofila.ats', true), '')::smallint) = ANY (ats));
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
