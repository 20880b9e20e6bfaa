"""The survey of the comuni's social spending: sheets, ledger, imports, steps."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000020"
VERSION = "1.38.0"
DESCRIPTION = "Spesa sociale: rilevazioni, schede, righe, lotti, riparti, passaggi"

SQL = r"""
-- One survey a year. `modulo_sha256` is the digest of the form that it was opened with: a plugin may
-- declare another one meanwhile, and then it is said.
CREATE TABLE rilevazione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  anno smallint NOT NULL CHECK (anno BETWEEN 1990 AND 2100),
  modulo text COLLATE "C" NOT NULL,
  modulo_sha256 char(64) NOT NULL,
  dal date NOT NULL,
  scadenza date,
  promemoria date[] NOT NULL DEFAULT '{}' CHECK (cardinality(promemoria) <= 20),
  aperta_da bigint DEFAULT utente_corrente(),
  aperta_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, anno),
  UNIQUE (ambito_id, id, anno),
  CHECK (scadenza >= dal)
);
SELECT proteggi('rilevazione', 'SELECT, INSERT');
GRANT UPDATE (scadenza, promemoria) ON rilevazione TO capofila_app;

-- What one comune answers. `comune` is its Belfiore code, by which a person's charge names it;
-- `valori` are the fields that the form asks for once, beside the lines.
CREATE TABLE scheda_spesa (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  rilevazione_id integer NOT NULL,
  anno smallint NOT NULL,
  istat char(6) NOT NULL REFERENCES comune,
  comune text COLLATE "C" NOT NULL,
  stato text COLLATE "C" NOT NULL DEFAULT 'aperta' CHECK (stato IN ('aperta', 'compilata', 'inviata',
    'verificata', 'approvata', 'trasmessa', 'esito', 'riaperta')),
  proroga date,
  valori jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(valori) = 'object'),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, rilevazione_id, istat),
  FOREIGN KEY (ambito_id, rilevazione_id, anno) REFERENCES rilevazione (ambito_id, id, anno)
);
CREATE INDEX ON scheda_spesa (ambito_id, anno);
SELECT proteggi('scheda_spesa', 'SELECT, INSERT');
GRANT UPDATE (stato, proroga, valori) ON scheda_spesa TO capofila_app;

-- A file brought in, with the lines that it took the place of, so that it can be undone.
CREATE TABLE lotto_spesa (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  rilevazione_id integer NOT NULL,
  anno smallint NOT NULL,
  nome_file text NOT NULL CHECK (length(nome_file) <= 255),
  sha256 char(64) NOT NULL,
  stato text COLLATE "C" NOT NULL DEFAULT 'importato' CHECK (stato IN ('importato', 'annullato')),
  righe integer NOT NULL CHECK (righe >= 0),
  importate integer NOT NULL CHECK (importate >= 0),
  sostituite integer NOT NULL CHECK (sostituite >= 0),
  avvisi jsonb NOT NULL DEFAULT '[]',
  prima jsonb,
  comune text COLLATE "C",
  caricato_da bigint DEFAULT utente_corrente(),
  caricato_il timestamptz NOT NULL DEFAULT now(),
  annullato_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, rilevazione_id, anno) REFERENCES rilevazione (ambito_id, id, anno)
);
CREATE INDEX ON lotto_spesa (ambito_id, anno, caricato_il DESC);
SELECT proteggi('lotto_spesa', 'SELECT, INSERT');
GRANT UPDATE (stato, importate, sostituite, prima, annullato_il) ON lotto_spesa TO capofila_app;

-- What the azienda spent, as it entered it, with the key by which it was spread.
CREATE TABLE riparto_spesa (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  rilevazione_id integer NOT NULL,
  anno smallint NOT NULL,
  descrizione text NOT NULL CHECK (length(descrizione) BETWEEN 3 AND 300),
  riga jsonb NOT NULL,
  chiave text COLLATE "C" NOT NULL CHECK (chiave IN ('parti_uguali', 'abitanti', 'utenti', 'quote')),
  pesi jsonb NOT NULL,
  atto text CHECK (length(atto) <= 300),
  stato text COLLATE "C" NOT NULL DEFAULT 'attivo' CHECK (stato IN ('attivo', 'annullato')),
  creato_da bigint DEFAULT utente_corrente(),
  creato_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, rilevazione_id, anno) REFERENCES rilevazione (ambito_id, id, anno)
);
CREATE INDEX ON riparto_spesa (ambito_id, anno);
SELECT proteggi('riparto_spesa', 'SELECT, INSERT');
GRANT UPDATE (stato) ON riparto_spesa TO capofila_app;

-- The ledger. A line is found by what it is about; `riparto_spesa_id` is zero for what the comune
-- spent by itself, so that a share of the azienda's stands beside it. `fonti` holds the amount of
-- each source of funds of the form, which a plugin may add to.
CREATE TABLE riga_spesa (
  ambito_id smallint NOT NULL,
  scheda_spesa_id integer NOT NULL,
  anno smallint NOT NULL,
  istat char(6) NOT NULL,
  comune text COLLATE "C" NOT NULL,
  area text COLLATE "C" NOT NULL,
  voce text COLLATE "C" NOT NULL CHECK (length(voce) BETWEEN 1 AND 100),
  gestione text COLLATE "C" NOT NULL,
  modalita text COLLATE "C" NOT NULL,
  riparto_spesa_id integer NOT NULL DEFAULT 0,
  utenti integer CHECK (utenti >= 0),
  spesa numeric(14, 2) NOT NULL CHECK (spesa >= 0),
  quota_utenti numeric(14, 2) NOT NULL DEFAULT 0 CHECK (quota_utenti >= 0),
  quota_ssn numeric(14, 2) NOT NULL DEFAULT 0 CHECK (quota_ssn >= 0),
  fonti jsonb NOT NULL DEFAULT '{}',
  lotto_spesa_id integer,
  riga integer,
  modificata_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, anno, istat, area, voce, gestione, modalita, riparto_spesa_id)
);
SELECT proteggi('riga_spesa', 'SELECT, INSERT, DELETE');
GRANT UPDATE (utenti, spesa, quota_utenti, quota_ssn, fonti, lotto_spesa_id, riga, modificata_il)
  ON riga_spesa TO capofila_app;

-- The references of a line, and the lock of its sheet, checked a statement at a time: a foreign key
-- is checked a row at a time, which costs more than the rest of an import.
CREATE FUNCTION riga_spesa_in_scheda_aperta() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE chiusa record;
BEGIN
  SELECT n.istat, n.anno, s.stato INTO chiusa
  FROM (SELECT DISTINCT ambito_id, scheda_spesa_id, anno, istat, comune FROM toccate) n
  LEFT JOIN scheda_spesa s ON s.ambito_id = n.ambito_id AND s.id = n.scheda_spesa_id
    AND s.anno = n.anno AND s.istat = n.istat AND s.comune = n.comune
  WHERE s.id IS NULL OR s.stato NOT IN ('aperta', 'riaperta') LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'la scheda di % per il % non si può modificare: %', chiusa.istat, chiusa.anno,
      coalesce(chiusa.stato, 'non c''è') USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER aggiunte AFTER INSERT ON riga_spesa REFERENCING NEW TABLE AS toccate
  FOR EACH STATEMENT EXECUTE FUNCTION riga_spesa_in_scheda_aperta();
CREATE TRIGGER modificate AFTER UPDATE ON riga_spesa REFERENCING NEW TABLE AS toccate
  FOR EACH STATEMENT EXECUTE FUNCTION riga_spesa_in_scheda_aperta();
CREATE TRIGGER tolte AFTER DELETE ON riga_spesa REFERENCING OLD TABLE AS toccate
  FOR EACH STATEMENT EXECUTE FUNCTION riga_spesa_in_scheda_aperta();

-- Spending is what users, SSN and sources pay for, to the cent: of every line, as soon as its sheet
-- is no longer being filled in. Before, a comune writes one amount after the other.
CREATE FUNCTION scheda_spesa_quadra() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE storta record;
BEGIN
  SELECT r.area, r.voce INTO storta FROM riga_spesa r
  WHERE r.ambito_id = NEW.ambito_id AND r.anno = NEW.anno AND r.istat = NEW.istat
    AND r.spesa <> r.quota_utenti + r.quota_ssn + (SELECT coalesce(sum(f.importo::numeric), 0)
      FROM jsonb_each_text(r.fonti) AS f (fonte, importo)) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'la riga %, % non quadra', storta.area, storta.voce
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER quadra BEFORE INSERT OR UPDATE OF stato ON scheda_spesa FOR EACH ROW
  WHEN (NEW.stato NOT IN ('aperta', 'riaperta')) EXECUTE FUNCTION scheda_spesa_quadra();

-- A cell is written area/voce/gestione/modalità/column; empty for the sheet as a whole.
CREATE TABLE commento_spesa (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  scheda_spesa_id integer NOT NULL,
  comune text COLLATE "C" NOT NULL,
  cella text COLLATE "C" NOT NULL DEFAULT '' CHECK (length(cella) <= 400),
  testo text NOT NULL CHECK (length(testo) BETWEEN 1 AND 2000),
  scritto_da bigint DEFAULT utente_corrente(),
  scritto_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, scheda_spesa_id) REFERENCES scheda_spesa (ambito_id, id)
);
CREATE INDEX ON commento_spesa (ambito_id, scheda_spesa_id);
SELECT proteggi('commento_spesa', 'SELECT, INSERT');

-- Why a finding is right as it is, for the values that the cell had: other values, another reason.
CREATE TABLE eccezione_spesa (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  scheda_spesa_id integer NOT NULL,
  comune text COLLATE "C" NOT NULL,
  regola text COLLATE "C" NOT NULL,
  cella text COLLATE "C" NOT NULL CHECK (length(cella) <= 400),
  valori text COLLATE "C" NOT NULL CHECK (length(valori) <= 400),
  motivo text NOT NULL CHECK (length(motivo) BETWEEN 5 AND 2000),
  spiegata_da bigint DEFAULT utente_corrente(),
  spiegata_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, scheda_spesa_id) REFERENCES scheda_spesa (ambito_id, id)
);
CREATE INDEX ON eccezione_spesa (ambito_id, scheda_spesa_id);
SELECT proteggi('eccezione_spesa', 'SELECT, INSERT');

-- Who took which step; `righe` are the lines as they were approved.
CREATE TABLE passaggio_spesa (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  scheda_spesa_id integer NOT NULL,
  comune text COLLATE "C" NOT NULL,
  azione text COLLATE "C" NOT NULL,
  da text COLLATE "C" NOT NULL,
  a text COLLATE "C" NOT NULL,
  motivo text CHECK (length(motivo) <= 2000),
  righe jsonb,
  fatto_da bigint DEFAULT utente_corrente(),
  fatto_il timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, scheda_spesa_id) REFERENCES scheda_spesa (ambito_id, id)
);
CREATE INDEX ON passaggio_spesa (ambito_id, scheda_spesa_id, id);
SELECT proteggi('passaggio_spesa', 'SELECT, INSERT');

-- Whoever works for one comune sees and writes its rows only (see migration 16 for the form), and
-- nothing of what the azienda entered for all.
DO $$
DECLARE
  tabella text;
  dell_ambito CONSTANT text :=
    $c$(SELECT coalesce(current_setting('capofila.comune', true), '') = '')$c$;
  condizione text;
BEGIN
  FOREACH tabella IN ARRAY ARRAY['scheda_spesa', 'lotto_spesa', 'riga_spesa', 'commento_spesa',
    'eccezione_spesa', 'passaggio_spesa', 'riparto_spesa'] LOOP
    condizione := dell_ambito;
    IF tabella <> 'riparto_spesa' THEN
      condizione := condizione || $c$ OR comune = current_setting('capofila.comune', true)$c$;
    END IF;
    EXECUTE format('CREATE POLICY comune ON %I AS RESTRICTIVE TO capofila_app USING (%s) WITH CHECK (%s)',
      tabella, condizione, condizione);
  END LOOP;
END $$;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
