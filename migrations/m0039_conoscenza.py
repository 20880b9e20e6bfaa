"""What an ambito knows of its territory: figures of the indicators, what is said beside them, who owes them."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T09:30:00:000039"
VERSION = "1.42.0"
DESCRIPTION = "Valori degli indicatori, note, incarichi e promemoria"

SQL = r"""
-- A file brought in, with the figures that it took the place of, so that it can be undone.
CREATE TABLE lotto_indicatori (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  nome_file text NOT NULL CHECK (length(nome_file) <= 255),
  sha256 char(64) NOT NULL,
  stato text COLLATE "C" NOT NULL DEFAULT 'importato' CHECK (stato IN ('importato', 'annullato')),
  righe integer NOT NULL CHECK (righe >= 0),
  importate integer NOT NULL CHECK (importate >= 0),
  sostituite integer NOT NULL CHECK (sostituite >= 0),
  prima jsonb,
  caricato_da bigint DEFAULT utente_corrente(),
  caricato_il timestamptz NOT NULL DEFAULT now(),
  annullato_il timestamptz,
  PRIMARY KEY (ambito_id, id)
);
SELECT proteggi('lotto_indicatori', 'SELECT, INSERT');
GRANT UPDATE (stato, prima, annullato_il) ON lotto_indicatori TO capofila_app;

-- The figure of an indicator, of a comune (ISTAT code), of the ambito or of its province, in a year.
-- Of a ratio there is none: it is divided when it is read.
CREATE TABLE valore_indicatore (
  ambito_id smallint NOT NULL REFERENCES ambito,
  codice text COLLATE "C" NOT NULL CHECK (length(codice) BETWEEN 2 AND 80),
  anno smallint NOT NULL CHECK (anno BETWEEN 1990 AND 2100),
  territorio text COLLATE "C" NOT NULL CHECK (territorio ~ '^([0-9]{6}|ambito|provincia)$'),
  valore numeric(18, 4) NOT NULL CHECK (valore >= 0),
  fonte text CHECK (length(fonte) BETWEEN 3 AND 300),
  lotto_indicatori_id integer,
  scritto_da bigint DEFAULT utente_corrente(),
  scritto_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, codice, anno, territorio),
  FOREIGN KEY (ambito_id, lotto_indicatori_id) REFERENCES lotto_indicatori (ambito_id, id)
);
CREATE INDEX ON valore_indicatore (ambito_id, lotto_indicatori_id);
SELECT proteggi('valore_indicatore', 'SELECT, INSERT, DELETE');

-- What is said and not counted. Each version is a row: what was once written stays.
-- `oggetto` is an indicator (sentito, critica), a focus (panorama), or 'anno' (the theme of a year).
CREATE TABLE nota_conoscenza (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  specie text COLLATE "C" NOT NULL CHECK (specie IN ('sentito', 'critica', 'panorama', 'tema')),
  oggetto text COLLATE "C" NOT NULL CHECK (length(oggetto) BETWEEN 2 AND 80),
  anno smallint NOT NULL CHECK (anno BETWEEN 1990 AND 2100),
  versione smallint NOT NULL CHECK (versione > 0),
  focus text COLLATE "C" CHECK (length(focus) <= 40),
  testo text NOT NULL CHECK (length(testo) BETWEEN 1 AND 8000),
  chi text NOT NULL CHECK (length(chi) BETWEEN 1 AND 200),
  scritta_da bigint DEFAULT utente_corrente(),
  scritta_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, specie, oggetto, anno, versione)
);
SELECT proteggi('nota_conoscenza', 'SELECT, INSERT');

-- Who gives an indicator in this ambito, where the catalogue leaves it open or is not right here.
CREATE TABLE incarico_indicatore (
  ambito_id smallint NOT NULL REFERENCES ambito,
  codice text COLLATE "C" NOT NULL CHECK (length(codice) BETWEEN 2 AND 80),
  titolare text NOT NULL CHECK (length(titolare) BETWEEN 2 AND 120),
  scritto_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, codice)
);
SELECT proteggi('incarico_indicatore', 'SELECT, INSERT, DELETE');

CREATE TABLE recapito_indicatori (
  ambito_id smallint NOT NULL REFERENCES ambito,
  titolare text NOT NULL CHECK (length(titolare) BETWEEN 2 AND 120),
  email text NOT NULL CHECK (length(email) BETWEEN 3 AND 200),
  scritto_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, titolare)
);
SELECT proteggi('recapito_indicatori', 'SELECT, INSERT, DELETE');

-- The outbox: a reminder is a row, sent by a job. One a day to a holder about a year.
CREATE TABLE promemoria_indicatori (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  titolare text NOT NULL CHECK (length(titolare) BETWEEN 2 AND 120),
  anno smallint NOT NULL,
  giorno date NOT NULL,
  stato text COLLATE "C" NOT NULL DEFAULT 'da_inviare'
    CHECK (stato IN ('da_inviare', 'inviato', 'rifiutato')),
  chiesto_da bigint DEFAULT utente_corrente(),
  chiesto_il timestamptz NOT NULL DEFAULT now(),
  inviato_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, titolare, anno, giorno)
);
CREATE INDEX ON promemoria_indicatori (ambito_id) WHERE stato = 'da_inviare';
SELECT proteggi('promemoria_indicatori', 'SELECT, INSERT');
GRANT UPDATE (stato, inviato_il) ON promemoria_indicatori TO capofila_app;

-- The figures of all the comuni are the Ufficio di Piano's: whoever works for one comune sees none.
DO $$
DECLARE
  tabella text;
BEGIN
  FOREACH tabella IN ARRAY ARRAY['lotto_indicatori', 'valore_indicatore', 'nota_conoscenza',
    'incarico_indicatore', 'recapito_indicatori', 'promemoria_indicatori'] LOOP
    EXECUTE format('CREATE POLICY intero ON %I AS RESTRICTIVE TO capofila_app USING '
      '((SELECT coalesce(current_setting(''capofila.comune'', true), '''') = ''''))', tabella);
  END LOOP;
END $$;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
