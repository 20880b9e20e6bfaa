"""Files cut to a size, who answers for the sending, and the register of what was sent."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000010"
VERSION = "1.38.0"
DESCRIPTION = "Parti dei file, responsabili dell'invio"

SQL = r"""
-- The size at which the files of a flow are cut, as it was last chosen; none is one file.
CREATE TABLE taglio (
  ambito_id smallint NOT NULL REFERENCES ambito,
  flusso text COLLATE "C" NOT NULL,
  massimo_byte bigint CHECK (massimo_byte > 0),
  massimo_beneficiari integer CHECK (massimo_beneficiari > 0),
  PRIMARY KEY (ambito_id, flusso)
);
SELECT proteggi('taglio');

ALTER TABLE esportazione
  ADD massimo_byte bigint CHECK (massimo_byte > 0),
  ADD massimo_beneficiari integer CHECK (massimo_beneficiari > 0);

-- One of the files of a run that was cut. Its name is reserved before it is written, so that a job
-- that begins again writes the same bytes; a name that was not used in the end has no digest.
CREATE TABLE parte (
  ambito_id smallint NOT NULL REFERENCES ambito,
  esportazione_id uuid NOT NULL,
  numero integer NOT NULL CHECK (numero >= 1),
  nome_flusso text COLLATE "C" NOT NULL,
  righe bigint,
  beneficiari bigint,
  byte bigint,
  sha256 char(64),
  bucket text,
  oggetto text,
  versione_oggetto text,
  manifesto jsonb,
  PRIMARY KEY (ambito_id, esportazione_id, numero),
  FOREIGN KEY (ambito_id, esportazione_id) REFERENCES esportazione (ambito_id, id),
  CHECK (sha256 IS NULL OR (oggetto IS NOT NULL AND manifesto IS NOT NULL))
);
CREATE INDEX ON parte (ambito_id, nome_flusso);
SELECT proteggi('parte');

-- Who answers for the sending of a flow (D.lgs 147/2017, art. 24; Corte dei conti Veneto 113/2023):
-- one on any day, and whoever was before stays written.
CREATE TABLE responsabile_invio (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  flusso text COLLATE "C" NOT NULL,
  nome text NOT NULL CHECK (length(nome) BETWEEN 2 AND 120),
  qualifica text NOT NULL CHECK (length(qualifica) BETWEEN 2 AND 120),
  email text CHECK (length(email) <= 200),
  atto text NOT NULL CHECK (length(atto) BETWEEN 2 AND 200),
  dal date NOT NULL,
  al date,
  nominato_da bigint DEFAULT utente_corrente(),
  nominato_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  CHECK (al IS NULL OR al >= dal),
  CONSTRAINT responsabile_uno_al_giorno EXCLUDE USING gist
    (ambito_id WITH =, flusso WITH =, daterange(dal, al, '[]') WITH &&)
);
SELECT proteggi('responsabile_invio', 'SELECT, INSERT');
GRANT UPDATE (al) ON responsabile_invio TO capofila_app;

-- Who answered for it when it was sent.
ALTER TABLE invio
  ADD responsabile_id integer,
  ADD FOREIGN KEY (ambito_id, responsabile_id) REFERENCES responsabile_invio (ambito_id, id);
CREATE INDEX ON invio (ambito_id, inviata_il DESC);
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
