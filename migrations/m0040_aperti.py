"""What an ambito opens to everybody, and a sign of what each agency may read, for the pages that keep it."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T09:40:00:000040"
VERSION = "1.40.0"
DESCRIPTION = "Dati aperti; segno del confronto; pubblicazioni per lavoro"

SQL = r"""
-- The address of the open data is nobody's.
ALTER TABLE ambito ADD CONSTRAINT ambito_slug_dati_aperti CHECK (slug <> 'dati-aperti');
-- What a harvester of open data wants to know of who holds them; open where it is not known.
ALTER TABLE ambito ADD codice_ipa text CHECK (codice_ipa ~ '^[A-Za-z0-9_]{2,30}$');
ALTER TABLE ambito ADD contatto_dati text CHECK (length(contatto_dati) BETWEEN 6 AND 200);

-- A publication that the ambito opens to everybody, under a licence and by an act. Closed once: by a
-- person, because the publication is withdrawn, or because another version takes its place.
ALTER TABLE pubblicazione ADD UNIQUE (ambito_id, id, ats_id, dataset, anno, versione);
CREATE TABLE apertura (
  ambito_id smallint NOT NULL REFERENCES ambito,
  pubblicazione_id integer NOT NULL,
  ats_id smallint NOT NULL,
  dataset text COLLATE "C" NOT NULL,
  anno smallint NOT NULL,
  versione smallint NOT NULL,
  licenza text NOT NULL CHECK (licenza ~ '^[a-z0-9.-]{3,20}$'),
  atto text NOT NULL CHECK (length(atto) BETWEEN 5 AND 300),
  atto_data date NOT NULL,
  aperta_il timestamptz NOT NULL DEFAULT now(),
  aperta_da bigint DEFAULT utente_corrente(),
  chiusa_il timestamptz,
  chiusa_da bigint,
  motivo text CHECK (length(motivo) BETWEEN 5 AND 500),
  PRIMARY KEY (ambito_id, pubblicazione_id),
  FOREIGN KEY (ambito_id, pubblicazione_id, ats_id, dataset, anno, versione)
    REFERENCES pubblicazione (ambito_id, id, ats_id, dataset, anno, versione),
  CHECK ((chiusa_il IS NULL) = (motivo IS NULL)),
  -- Two agencies may have got other cells hidden: who had both could subtract one from the other.
  CONSTRAINT apertura_di_una_sola_agenzia EXCLUDE USING gist
    (ambito_id WITH =, dataset WITH =, anno WITH =, ats_id WITH <>)
);
CREATE UNIQUE INDEX apertura_in_vigore ON apertura (ambito_id, dataset, anno) WHERE chiusa_il IS NULL;
SELECT proteggi('apertura', 'SELECT, INSERT');
GRANT UPDATE (chiusa_il, chiusa_da, motivo) ON apertura TO capofila_app;
CREATE POLICY non_ritirata ON apertura AS RESTRICTIVE FOR INSERT TO capofila_app
  WITH CHECK (chiusa_il IS NULL AND NOT EXISTS (SELECT FROM ritiro_pubblicazione r
    WHERE r.ambito_id = apertura.ambito_id AND r.pubblicazione_id = apertura.pubblicazione_id));
CREATE FUNCTION apertura_chiusa() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.chiusa_il IS NOT NULL THEN
    RAISE EXCEPTION 'un''apertura chiusa non cambia più' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER una_volta BEFORE UPDATE ON apertura FOR EACH ROW EXECUTE FUNCTION apertura_chiusa();
-- What is withdrawn is not open any more, whoever withdraws it.
CREATE FUNCTION chiudi_apertura() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE apertura SET chiusa_il = now(), chiusa_da = utente_corrente(), motivo = NEW.motivo
    WHERE ambito_id = NEW.ambito_id AND pubblicazione_id = NEW.pubblicazione_id AND chiusa_il IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER chiudi_apertura AFTER INSERT ON ritiro_pubblicazione
  FOR EACH ROW EXECUTE FUNCTION chiudi_apertura();

-- Whoever asks without an account is the reading role with no agency: what is open now, and that
-- something was open once (its figures are not shown any more).
GRANT SELECT (ambito_id, pubblicazione_id, dataset, anno, versione, licenza, atto, atto_data,
  aperta_il, chiusa_il) ON apertura TO capofila_ats;
CREATE POLICY aperti ON apertura FOR SELECT TO capofila_ats
  USING ((SELECT nullif(current_setting('capofila.ats', true), '')) IS NULL);
CREATE POLICY aperti ON pubblicazione FOR SELECT TO capofila_ats USING (
  (SELECT nullif(current_setting('capofila.ats', true), '')) IS NULL
  AND EXISTS (SELECT FROM apertura a WHERE a.ambito_id = pubblicazione.ambito_id
    AND a.pubblicazione_id = pubblicazione.id AND a.chiusa_il IS NULL));

-- The job that released it: run again from the start, it finds what it had done.
ALTER TABLE pubblicazione ADD lavoro_id uuid;
ALTER TABLE pubblicazione ADD UNIQUE (ambito_id, lavoro_id);

-- A number for each agency that changes with whatever changes what it may read or how it is called,
-- in the same transaction: pages keep what they have worked out as long as it is the same.
CREATE TABLE segno_confronto (
  ats_id smallint PRIMARY KEY REFERENCES ats,
  segno bigint NOT NULL DEFAULT 1
);
SELECT condividi('segno_confronto', 'SELECT, INSERT, UPDATE');
GRANT SELECT ON segno_confronto TO capofila_ats;
CREATE FUNCTION cambia_segno() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO segno_confronto AS s (ats_id) SELECT DISTINCT n.ats_id FROM nuove n ORDER BY 1
    ON CONFLICT (ats_id) DO UPDATE SET segno = s.segno + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER segno AFTER INSERT ON convenzione REFERENCING NEW TABLE AS nuove
  FOR EACH STATEMENT EXECUTE FUNCTION cambia_segno();
CREATE TRIGGER segno_revoca AFTER UPDATE ON convenzione REFERENCING NEW TABLE AS nuove
  FOR EACH STATEMENT EXECUTE FUNCTION cambia_segno();
CREATE TRIGGER segno AFTER INSERT ON pubblicazione REFERENCING NEW TABLE AS nuove
  FOR EACH STATEMENT EXECUTE FUNCTION cambia_segno();
CREATE TRIGGER segno AFTER INSERT ON ritiro_pubblicazione REFERENCING NEW TABLE AS nuove
  FOR EACH STATEMENT EXECUTE FUNCTION cambia_segno();
CREATE FUNCTION cambia_segni() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE segno_confronto SET segno = segno + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER segno AFTER UPDATE OF nome, slug ON ambito
  FOR EACH STATEMENT EXECUTE FUNCTION cambia_segni();
INSERT INTO segno_confronto (ats_id) SELECT id FROM ats;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
