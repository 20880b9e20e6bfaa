"""What an ambito releases to its health agency, under which convention, and who read it."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T06:00:00:000034"
VERSION = "1.38.0"
DESCRIPTION = "Convenzioni, pubblicazioni, letture dell'ATS"

SQL = r"""
-- What an agency may read of an ambito, from when to when, and below how many persons a cell is not
-- shown. Never changed: it runs out, or it is revoked once.
CREATE TABLE convenzione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  ats_id smallint NOT NULL REFERENCES ats,
  dataset text[] NOT NULL CHECK (cardinality(dataset) BETWEEN 1 AND 20),
  soglia smallint NOT NULL CHECK (soglia BETWEEN 3 AND 100),
  dal date NOT NULL,
  al date,
  atto text NOT NULL CHECK (length(atto) BETWEEN 5 AND 300),
  atto_data date NOT NULL,
  registrata_il timestamptz NOT NULL DEFAULT now(),
  registrata_da bigint DEFAULT utente_corrente(),
  revocata_il timestamptz,
  revocata_da bigint,
  motivo_revoca text CHECK (length(motivo_revoca) BETWEEN 5 AND 500),
  PRIMARY KEY (ambito_id, id),
  CHECK (al IS NULL OR al >= dal),
  CHECK ((revocata_il IS NULL) = (motivo_revoca IS NULL)),
  CONSTRAINT convenzione_senza_sovrapposizioni EXCLUDE USING gist
    (ambito_id WITH =, ats_id WITH =, daterange(dal, al, '[]') WITH &&) WHERE (revocata_il IS NULL)
);
SELECT proteggi('convenzione', 'SELECT, INSERT');
GRANT UPDATE (revocata_il, revocata_da, motivo_revoca) ON convenzione TO capofila_app;
CREATE FUNCTION convenzione_revocata() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.revocata_il IS NOT NULL THEN
    RAISE EXCEPTION 'una convenzione revocata non cambia più' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER una_volta BEFORE UPDATE ON convenzione
  FOR EACH ROW EXECUTE FUNCTION convenzione_revocata();

-- A frozen snapshot of a dataset and a year. `soglia` is that of the convention by which it was made,
-- `voci` what its columns are called. Rows are only added.
CREATE TABLE pubblicazione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  ats_id smallint NOT NULL REFERENCES ats,
  dataset text COLLATE "C" NOT NULL,
  anno smallint NOT NULL,
  versione smallint NOT NULL CHECK (versione > 0),
  soglia smallint NOT NULL,
  fonte text NOT NULL CHECK (length(fonte) BETWEEN 5 AND 1000),
  metodo text NOT NULL CHECK (length(metodo) BETWEEN 5 AND 2000),
  atto text NOT NULL CHECK (length(atto) BETWEEN 5 AND 300),
  atto_data date NOT NULL,
  voci jsonb NOT NULL,
  capoluogo char(6) REFERENCES comune,
  sha256 char(64) NOT NULL,
  pubblicata_il timestamptz NOT NULL DEFAULT now(),
  pubblicata_da bigint DEFAULT utente_corrente(),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, id, ats_id),
  UNIQUE (ambito_id, ats_id, dataset, anno, versione)
);
CREATE INDEX pubblicazione_confronto ON pubblicazione (ats_id, dataset, anno);
SELECT proteggi('pubblicazione', 'SELECT, INSERT');

-- Its figures: of a comune (ISTAT code), of the ambito ("tutti") or of the ambito without the
-- capoluogo ("senza_capoluogo"); of a voce, or of all of them (""). They enter with their publication,
-- in one transaction, and never after.
CREATE TABLE cifra_pubblicata (
  ambito_id smallint NOT NULL,
  pubblicazione_id integer NOT NULL,
  riga text COLLATE "C" NOT NULL,
  voce text COLLATE "C" NOT NULL,
  misura text COLLATE "C" NOT NULL,
  valore numeric,
  soppressa boolean NOT NULL DEFAULT false,
  PRIMARY KEY (ambito_id, pubblicazione_id, riga, voce, misura),
  FOREIGN KEY (ambito_id, pubblicazione_id) REFERENCES pubblicazione (ambito_id, id),
  CHECK (NOT soppressa OR valore IS NULL)
);
SELECT proteggi('cifra_pubblicata', 'SELECT, INSERT');
CREATE POLICY con_la_sua ON cifra_pubblicata AS RESTRICTIVE FOR INSERT TO capofila_app
  WITH CHECK (EXISTS (SELECT FROM pubblicazione p WHERE p.ambito_id = cifra_pubblicata.ambito_id
    AND p.id = pubblicazione_id AND p.pubblicata_il = (SELECT now())));

CREATE TABLE ritiro_pubblicazione (
  ambito_id smallint NOT NULL,
  pubblicazione_id integer NOT NULL,
  ats_id smallint NOT NULL,
  sostituita_da integer,
  motivo text NOT NULL CHECK (length(motivo) BETWEEN 5 AND 500),
  ritirata_il timestamptz NOT NULL DEFAULT now(),
  ritirata_da bigint DEFAULT utente_corrente(),
  PRIMARY KEY (ambito_id, pubblicazione_id),
  FOREIGN KEY (ambito_id, pubblicazione_id, ats_id) REFERENCES pubblicazione (ambito_id, id, ats_id),
  FOREIGN KEY (ambito_id, sostituita_da) REFERENCES pubblicazione (ambito_id, id)
);
SELECT proteggi('ritiro_pubblicazione', 'SELECT, INSERT');

-- Who read what: a row for each ambito whose figures a page or a file shows.
CREATE TABLE lettura_ats (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id bigint GENERATED ALWAYS AS IDENTITY,
  ats_id smallint NOT NULL REFERENCES ats,
  utente_id bigint,
  chi text NOT NULL,
  che_cosa text NOT NULL CHECK (length(che_cosa) BETWEEN 3 AND 200),
  pubblicazioni integer[] NOT NULL,
  quando timestamptz NOT NULL DEFAULT now(),
  traccia text,
  PRIMARY KEY (ambito_id, id)
);
CREATE INDEX ON lettura_ats (ambito_id, quando DESC);
SELECT proteggi('lettura_ats', 'SELECT');

-- Written by the agency's unit of work, which is in no ambito: of its own agency, of publications that
-- were released to it, by the person of the unit.
CREATE FUNCTION segna_lettura_ats(vista text, di smallint[], lette integer[]) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH scritte AS (
    INSERT INTO public.lettura_ats
      (ambito_id, ats_id, utente_id, chi, che_cosa, pubblicazioni, traccia)
    SELECT p.ambito_id, p.ats_id, public.utente_corrente(),
      coalesce((SELECT u.nome FROM public.utente u WHERE u.id = public.utente_corrente()),
               'Riga di comando'),
      vista, array_agg(p.id ORDER BY p.id), nullif(current_setting('capofila.traccia', true), '')
    FROM unnest(di, lette) AS l (ambito_id, id) JOIN public.pubblicazione p USING (ambito_id, id)
    WHERE p.ats_id = nullif(current_setting('capofila.ats', true), '')::smallint
    GROUP BY p.ambito_id, p.ats_id
    RETURNING 1)
  SELECT count(*) FROM scritte
$$;
REVOKE ALL ON FUNCTION segna_lettura_ats(text, smallint[], integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION segna_lettura_ats(text, smallint[], integer[]) TO capofila_app;

-- The agency: what was released to it, under a convention in force today, and not withdrawn. A policy
-- reads the other tables with the same eyes, so each says its own part.
GRANT SELECT (ambito_id, ats_id, dataset, soglia, dal, al, revocata_il) ON convenzione TO capofila_ats;
CREATE POLICY ats ON convenzione FOR SELECT TO capofila_ats USING (
  ats_id = (SELECT nullif(current_setting('capofila.ats', true), '')::smallint)
  AND revocata_il IS NULL AND dal <= (SELECT (now() AT TIME ZONE 'Europe/Rome')::date)
  AND (al IS NULL OR al >= (SELECT (now() AT TIME ZONE 'Europe/Rome')::date)));
GRANT SELECT (ambito_id, pubblicazione_id, ats_id) ON ritiro_pubblicazione TO capofila_ats;
CREATE POLICY ats ON ritiro_pubblicazione FOR SELECT TO capofila_ats
  USING (ats_id = (SELECT nullif(current_setting('capofila.ats', true), '')::smallint));
GRANT SELECT (ambito_id, id, ats_id, dataset, anno, versione, soglia, fonte, metodo, atto, atto_data,
  voci, capoluogo, sha256, pubblicata_il) ON pubblicazione TO capofila_ats;
CREATE POLICY ats ON pubblicazione FOR SELECT TO capofila_ats USING (
  ats_id = (SELECT nullif(current_setting('capofila.ats', true), '')::smallint)
  AND EXISTS (SELECT FROM convenzione c WHERE c.ambito_id = pubblicazione.ambito_id
    AND c.ats_id = pubblicazione.ats_id AND pubblicazione.dataset = ANY (c.dataset)
    AND c.soglia <= pubblicazione.soglia)
  AND NOT EXISTS (SELECT FROM ritiro_pubblicazione r WHERE r.ambito_id = pubblicazione.ambito_id
    AND r.pubblicazione_id = pubblicazione.id));
GRANT SELECT ON cifra_pubblicata TO capofila_ats;
CREATE POLICY ats ON cifra_pubblicata FOR SELECT TO capofila_ats USING (
  EXISTS (SELECT FROM pubblicazione p WHERE p.ambito_id = cifra_pubblicata.ambito_id
    AND p.id = pubblicazione_id));
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
