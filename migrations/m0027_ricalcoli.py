"""Quotas of all the users on a day, computed by a job; their outcomes, and what was decided of them."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T03:00:00:000027"
VERSION = "1.38.0"
DESCRIPTION = "Compartecipazione: ricalcoli di molti e loro esiti"

SQL = r"""
-- Asked for once, written all at once by its job; without a servizio it is of all services, without a
-- comune of all comuni. The act is that by which the quotas that change are decided.
CREATE TABLE ricalcolo (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  comune text COLLATE "C" DEFAULT nullif(current_setting('capofila.comune', true), ''),
  servizio text COLLATE "C" CHECK (length(servizio) BETWEEN 1 AND 60),
  giorno date NOT NULL,
  lavoro_id uuid NOT NULL,
  richiesto_da bigint DEFAULT utente_corrente(),
  richiesto_il timestamptz NOT NULL DEFAULT now(),
  finito_il timestamptz,
  organo text CHECK (length(organo) BETWEEN 1 AND 120),
  numero text CHECK (length(numero) BETWEEN 1 AND 40),
  data date,
  decide_lavoro_id uuid,
  deciso_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, lavoro_id),
  UNIQUE (ambito_id, decide_lavoro_id),
  FOREIGN KEY (ambito_id, lavoro_id) REFERENCES lavoro (ambito_id, id),
  FOREIGN KEY (ambito_id, decide_lavoro_id) REFERENCES lavoro (ambito_id, id),
  CONSTRAINT atto_intero CHECK (num_nulls(organo, numero, data, decide_lavoro_id) IN (0, 4))
);
CREATE INDEX ON ricalcolo (ambito_id, richiesto_il);
SELECT proteggi('ricalcolo', 'SELECT, INSERT');
GRANT UPDATE (finito_il, organo, numero, data, decide_lavoro_id, deciso_il) ON ricalcolo TO capofila_app;

-- What came out for one user: always an outcome, and where there is no quota the reason. `prima` is
-- what was decided for that person and service, as it held on the day.
CREATE TABLE ricalcolo_esito (
  ambito_id smallint NOT NULL REFERENCES ambito,
  ricalcolo_id bigint NOT NULL,
  utenza_id bigint NOT NULL,
  comune text COLLATE "C" NOT NULL,
  stato text COLLATE "C" NOT NULL CHECK (stato IN ('calcolata', 'senza_isee', 'non_calcolata')),
  motivo text COLLATE "C" CHECK (length(motivo) BETWEEN 1 AND 60),
  quota numeric(14, 2) CHECK (quota >= 0),
  prima numeric(14, 2) CHECK (prima >= 0),
  decisione_prima bigint,
  supposta boolean NOT NULL DEFAULT false,
  decisione_id bigint,
  non_decisa text CHECK (length(non_decisa) BETWEEN 1 AND 60),
  PRIMARY KEY (ambito_id, ricalcolo_id, utenza_id),
  FOREIGN KEY (ambito_id, ricalcolo_id) REFERENCES ricalcolo (ambito_id, id),
  FOREIGN KEY (ambito_id, utenza_id, comune) REFERENCES utenza (ambito_id, id, comune),
  FOREIGN KEY (ambito_id, decisione_prima, comune) REFERENCES decisione_quota (ambito_id, id, comune),
  FOREIGN KEY (ambito_id, decisione_id, comune) REFERENCES decisione_quota (ambito_id, id, comune),
  CONSTRAINT esito_detto CHECK ((stato = 'non_calcolata') = (quota IS NULL)),
  CONSTRAINT motivo_detto CHECK (stato = 'calcolata' OR motivo IS NOT NULL),
  CONSTRAINT prima_detta CHECK ((prima IS NULL) = (decisione_prima IS NULL))
);
CREATE INDEX ON ricalcolo_esito (ambito_id, utenza_id);
CREATE INDEX ON ricalcolo_esito (ambito_id, decisione_prima);
CREATE INDEX ON ricalcolo_esito (ambito_id, decisione_id);
SELECT proteggi('ricalcolo_esito', 'SELECT, INSERT');
GRANT UPDATE (decisione_id, non_decisa) ON ricalcolo_esito TO capofila_app;

-- Whoever works for one comune sees and writes its rows only (see migration 16 for the form); what was
-- asked for all comuni is not a comune's.
DO $$
DECLARE
  tabella text;
  condizione CONSTANT text :=
    $c$(SELECT coalesce(current_setting('capofila.comune', true), '') = '')
      OR comune = current_setting('capofila.comune', true)$c$;
BEGIN
  FOREACH tabella IN ARRAY ARRAY['ricalcolo', 'ricalcolo_esito'] LOOP
    EXECUTE format('CREATE POLICY comune ON %I AS RESTRICTIVE TO capofila_app USING (%s) WITH CHECK (%s)',
      tabella, condizione, condizione);
  END LOOP;
END $$;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
