"""Reminders of the survey of the social spending: whom to write to, and what was written."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T14:30:00:000023"
VERSION = "1.38.0"
DESCRIPTION = "Spesa sociale: recapiti dei comuni e promemoria"

SQL = r"""
-- Where the office of a comune is written to; `comune` is its Belfiore code.
CREATE TABLE recapito_spesa (
  ambito_id smallint NOT NULL REFERENCES ambito,
  comune text COLLATE "C" NOT NULL,
  email text NOT NULL CHECK (length(email) BETWEEN 3 AND 200),
  scritto_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, comune)
);
SELECT proteggi('recapito_spesa', 'SELECT, INSERT, DELETE');
GRANT UPDATE (email, scritto_il) ON recapito_spesa TO capofila_app;

-- The outbox: a reminder is a row, sent by a job. One a day to a sheet, whoever asks for it.
CREATE TABLE promemoria_spesa (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  scheda_spesa_id integer NOT NULL,
  comune text COLLATE "C" NOT NULL,
  giorno date NOT NULL,
  stato text COLLATE "C" NOT NULL DEFAULT 'da_inviare'
    CHECK (stato IN ('da_inviare', 'inviato', 'rifiutato')),
  chiesto_da bigint DEFAULT utente_corrente(),
  chiesto_il timestamptz NOT NULL DEFAULT now(),
  inviato_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, scheda_spesa_id, giorno),
  FOREIGN KEY (ambito_id, scheda_spesa_id) REFERENCES scheda_spesa (ambito_id, id)
);
CREATE INDEX ON promemoria_spesa (ambito_id) WHERE stato = 'da_inviare';
SELECT proteggi('promemoria_spesa', 'SELECT, INSERT');
GRANT UPDATE (stato, inviato_il) ON promemoria_spesa TO capofila_app;

-- Whoever works for one comune sees its own only (see migration 16 for the form).
DO $$
DECLARE
  tabella text;
  condizione CONSTANT text :=
    $c$(SELECT coalesce(current_setting('capofila.comune', true), '') = '')
      OR comune = current_setting('capofila.comune', true)$c$;
BEGIN
  FOREACH tabella IN ARRAY ARRAY['recapito_spesa', 'promemoria_spesa'] LOOP
    EXECUTE format('CREATE POLICY comune ON %I AS RESTRICTIVE TO capofila_app USING (%s) WITH CHECK (%s)',
      tabella, condizione, condizione);
  END LOOP;
END $$;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
