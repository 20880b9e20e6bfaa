"""Prestazioni sociali, evaluations of minors, and the files they came from."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "Lotti di importazione, prestazioni, schede SINBA"

SQL = r"""
-- The rules and the layout under which a record was checked and put in form: one row a version of
-- a flow, by the digest of its declaration.
CREATE TABLE versione_flusso (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  flusso text COLLATE "C" NOT NULL,
  impronta char(64) NOT NULL,
  vista_il timestamptz NOT NULL DEFAULT now(),
  UNIQUE (flusso, impronta)
);
SELECT condividi('versione_flusso', 'SELECT, INSERT');

-- A file brought in. `errori` and `contenuto` hold what the file says, so they are kept only
-- until somebody decides (keep the good rows, or throw the file away) and never longer than
-- `scade_il`.
CREATE TABLE lotto (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  nome_file text NOT NULL CHECK (length(nome_file) <= 255),
  formato text NOT NULL CHECK (formato IN ('csv', 'xlsx', 'ods', 'xml', 'programma')),
  flusso text COLLATE "C" NOT NULL,
  sha256 char(64) NOT NULL,
  byte bigint NOT NULL,
  stato text NOT NULL CHECK (stato IN ('da_decidere', 'importato', 'annullato')),
  righe integer NOT NULL,
  valide integer NOT NULL,
  importate integer NOT NULL DEFAULT 0,
  errori_totali integer NOT NULL DEFAULT 0,
  errori jsonb,
  avvisi jsonb,
  contenuto bytea,
  intestazione jsonb,
  come_ricevuto boolean NOT NULL DEFAULT false,
  comune text COLLATE "C",
  caricato_da bigint DEFAULT utente_corrente(),
  caricato_il timestamptz NOT NULL DEFAULT now(),
  deciso_il timestamptz,
  scade_il timestamptz,
  PRIMARY KEY (ambito_id, id)
);
ALTER TABLE lotto ALTER contenuto SET STORAGE EXTERNAL;
CREATE INDEX ON lotto (ambito_id, caricato_il DESC);
CREATE INDEX ON lotto (ambito_id, sha256);
SELECT proteggi('lotto');
CREATE POLICY comune ON lotto AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune = (SELECT current_setting('capofila.comune', true)));

-- A prestazione sociale as it was granted to a person: a snapshot, with the personal data of that
-- day. `comune_titolare` (Belfiore) owns it, the ente erogatore pays it. `conforme_a` is the version
-- of the flow whose checks it passed. `forma_gruppo` and `forma_riga` are its text in the national
-- flow: the one it was received with, which goes out again as it is, or ours, written when it came in;
-- where they are missing the export writes them. A record is never changed: `sostituita_lotto` is the lotto that brought its next version,
-- or that took it away.
CREATE TABLE prestazione (
  ambito_id smallint NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY (CACHE 100),
  lotto_id integer NOT NULL,
  riga integer NOT NULL,
  anno smallint NOT NULL,
  competenza date,
  comune_titolare text COLLATE "C" NOT NULL,
  ente_erogatore_id integer NOT NULL,
  codice_fiscale text COLLATE "C" NOT NULL,
  cognome text NOT NULL,
  nome text NOT NULL,
  anno_nascita smallint,
  luogo_nascita text COLLATE "C",
  genere text COLLATE "C",
  cittadinanza text COLLATE "C",
  seconda_cittadinanza text COLLATE "C",
  comune_residenza text COLLATE "C",
  nazione_residenza text COLLATE "C",
  regione_residenza text COLLATE "C",
  altri_indirizzi text,
  tipo_operazione text COLLATE "C" NOT NULL DEFAULT 'I',
  codice_prestazione text COLLATE "C" NOT NULL,
  denominazione_prestazione text,
  protocollo_domanda text COLLATE "C" NOT NULL,
  prova_mezzi text COLLATE "C",
  carattere text COLLATE "C",
  data_evento date,
  data_inizio date,
  data_fine date,
  periodo_erogazione smallint,
  importo_mensile numeric,
  data_erogazione date,
  importo numeric,
  quota_ente numeric,
  quota_utente numeric,
  quota_ssn numeric,
  quota_richiesta numeric,
  soglia_isee numeric,
  dsu_protocollo text COLLATE "C",
  dsu_anno smallint,
  dsu_data date,
  ore_mensili numeric,
  presa_in_carico text COLLATE "C",
  area_utenza text COLLATE "C",
  sina_mobilita text COLLATE "C",
  sina_attivita_vita_quotidiana text COLLATE "C",
  sina_disturbi_area_cognitiva text COLLATE "C",
  sina_disturbi_comportamentali text COLLATE "C",
  sina_necessita_cure_sanitarie text COLLATE "C",
  sina_area_reddituale text COLLATE "C",
  sina_area_supporto text COLLATE "C",
  sina_fonte_derivazione_valutazione text COLLATE "C",
  sina_strumento_valutazione text COLLATE "C",
  sina_fonte_derivazione_invalidita text COLLATE "C",
  sina_necessita_interventi_sociali text COLLATE "C",
  sina_invalidita_civile text COLLATE "C",
  come_ricevuto boolean NOT NULL DEFAULT false,
  conforme_a integer,
  forma_gruppo text COLLATE "C",
  forma_riga text COLLATE "C",
  sostituita_lotto integer,
  PRIMARY KEY (ambito_id, id),
  -- The database's own word on the rules that make a record payable at all.
  CONSTRAINT importi CHECK (come_ricevuto OR (
    coalesce(importo_mensile, importo, 0) > 0
    AND (num_nonnulls(quota_ente, quota_utente, quota_ssn) = 0
         OR coalesce(quota_ente, 0) + coalesce(quota_utente, 0) + coalesce(quota_ssn, 0)
            = coalesce(importo_mensile, importo)))),
  CONSTRAINT periodi CHECK (come_ricevuto OR (
    competenza IS NOT NULL AND anno = extract(year FROM competenza)
    AND (data_fine IS NULL OR data_fine >= data_inizio))),
  CONSTRAINT dsu CHECK (come_ricevuto OR num_nonnulls(dsu_protocollo, dsu_anno, dsu_data) IN (0, 3)),
  CONSTRAINT controllata CHECK (
    CASE WHEN come_ricevuto THEN forma_riga IS NOT NULL ELSE conforme_a IS NOT NULL END)
);
ALTER TABLE prestazione SET (toast_tuple_target = 8160);
-- One domanda, one code, one start: no duplicate among the records in force. It is also the order of
-- the file, an old version before the new one.
CREATE UNIQUE INDEX prestazione_unica ON prestazione
  (ambito_id, anno, codice_fiscale, protocollo_domanda, codice_prestazione, competenza,
   tipo_operazione, ente_erogatore_id, sostituita_lotto) NULLS NOT DISTINCT;
SELECT proteggi('prestazione', 'SELECT, INSERT');
GRANT UPDATE (conforme_a, sostituita_lotto) ON prestazione TO capofila_app;
-- Whoever works for one comune sees that comune's rows only. The first half is one boolean computed
-- once a query: an IS NULL there would be taken for a condition that hardly any row meets, and the
-- ambito's own queries would be planned badly.
CREATE POLICY comune ON prestazione AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)))
  WITH CHECK ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)));

-- The references of a prestazione (its ambito through the lotto), checked a statement at a time:
-- foreign keys checked a row at a time cost more than all the rest of an import
-- (docs/perche/prestazioni.md). They hold as well, because nobody may delete or renumber a lotto, an
-- ente or a comune.
CREATE FUNCTION prestazione_riferimenti() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE mancante record;
BEGIN
  SELECT n.* INTO mancante
  FROM (SELECT DISTINCT ambito_id, lotto_id, ente_erogatore_id, comune_titolare, come_ricevuto
        FROM nuove) n
  LEFT JOIN lotto l ON l.ambito_id = n.ambito_id AND l.id = n.lotto_id
  LEFT JOIN ente e ON e.ambito_id = n.ambito_id AND e.id = n.ente_erogatore_id
  LEFT JOIN comune c ON c.belfiore = n.comune_titolare
  WHERE l.id IS NULL OR e.id IS NULL OR (c.istat IS NULL AND NOT n.come_ricevuto)
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'riferimento mancante: lotto %, ente %, comune %',
      mancante.lotto_id, mancante.ente_erogatore_id, mancante.comune_titolare
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER riferimenti AFTER INSERT ON prestazione
  REFERENCING NEW TABLE AS nuove FOR EACH STATEMENT EXECUTE FUNCTION prestazione_riferimenti();

-- A record of the SINBA flow: a minor under a pseudonym, never a codice fiscale.
CREATE TABLE scheda_sinba (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  lotto_id integer NOT NULL,
  riga integer NOT NULL,
  anno smallint NOT NULL,
  ente_erogatore_id integer NOT NULL,
  comune_titolare text COLLATE "C" NOT NULL,
  id_beneficiario text COLLATE "C" NOT NULL,
  dati jsonb NOT NULL,
  come_ricevuto boolean NOT NULL DEFAULT false,
  conforme_a integer,
  forma_gruppo text COLLATE "C",
  forma_riga text COLLATE "C",
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, lotto_id) REFERENCES lotto (ambito_id, id),
  FOREIGN KEY (ambito_id, ente_erogatore_id) REFERENCES ente (ambito_id, id),
  CONSTRAINT controllata CHECK (
    CASE WHEN come_ricevuto THEN forma_riga IS NOT NULL ELSE conforme_a IS NOT NULL END)
);
CREATE UNIQUE INDEX scheda_sinba_unica ON scheda_sinba (ambito_id, anno, id_beneficiario, ente_erogatore_id);
SELECT proteggi('scheda_sinba', 'SELECT, INSERT');
GRANT UPDATE (conforme_a) ON scheda_sinba TO capofila_app;
CREATE POLICY comune ON scheda_sinba AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)))
  WITH CHECK ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)));
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
