"""What completeness counts is kept as it changes, a statement at a time."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000014"
VERSION = "1.38.0"
DESCRIPTION = "Conti delle prestazioni per lotto, anno delle comunicazioni"

SQL = r"""
-- How many records a statement brought in or put out of force, by lotto, year, comune and month (0: no
-- day). Rows are only added, and whoever reads adds them up: an import counts in every block of
-- some thousands of records, and looking for what to add to would cost it more than counting. The
-- lotto needs no foreign key: the records are checked to have theirs.
CREATE TABLE conto_lotto (
  ambito_id smallint NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  lotto_id integer NOT NULL,
  anno smallint NOT NULL,
  comune_titolare text COLLATE "C" NOT NULL,
  mese smallint NOT NULL DEFAULT 0 CHECK (mese BETWEEN 0 AND 12),
  entrate integer NOT NULL DEFAULT 0 CHECK (entrate >= 0),
  uscite integer NOT NULL DEFAULT 0 CHECK (uscite >= 0),
  PRIMARY KEY (ambito_id, id)
);
CREATE INDEX ON conto_lotto (ambito_id, anno);
SELECT proteggi('conto_lotto', 'SELECT, INSERT');
CREATE POLICY comune ON conto_lotto AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)))
  WITH CHECK ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = (SELECT current_setting('capofila.comune', true)));

CREATE FUNCTION prestazione_entrate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO conto_lotto (ambito_id, lotto_id, anno, comune_titolare, mese, entrate)
  SELECT ambito_id, lotto_id, anno, comune_titolare, coalesce(extract(month FROM competenza), 0),
    count(*) FROM nuove GROUP BY 1, 2, 3, 4, 5;
  RETURN NULL;
END $$;
CREATE TRIGGER entrate AFTER INSERT ON prestazione
  REFERENCING NEW TABLE AS nuove FOR EACH STATEMENT EXECUTE FUNCTION prestazione_entrate();

CREATE FUNCTION prestazione_uscite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO conto_lotto (ambito_id, lotto_id, anno, comune_titolare, mese, uscite)
  SELECT n.ambito_id, n.sostituita_lotto, n.anno, n.comune_titolare,
    coalesce(extract(month FROM n.competenza), 0), count(*)
  FROM nuove n JOIN vecchie v ON v.ambito_id = n.ambito_id AND v.id = n.id
  WHERE v.sostituita_lotto IS NULL AND n.sostituita_lotto IS NOT NULL GROUP BY 1, 2, 3, 4, 5;
  RETURN NULL;
END $$;
CREATE TRIGGER uscite AFTER UPDATE ON prestazione
  REFERENCING OLD TABLE AS vecchie NEW TABLE AS nuove
  FOR EACH STATEMENT EXECUTE FUNCTION prestazione_uscite();

INSERT INTO conto_lotto (ambito_id, lotto_id, anno, comune_titolare, mese, entrate, uscite)
SELECT ambito_id, lotto_id, anno, comune_titolare, mese, sum(entrata), sum(uscita) FROM (
  SELECT ambito_id, lotto_id, anno, comune_titolare,
    coalesce(extract(month FROM competenza), 0) AS mese, 1 AS entrata, 0 AS uscita FROM prestazione
  UNION ALL
  SELECT ambito_id, sostituita_lotto, anno, comune_titolare,
    coalesce(extract(month FROM competenza), 0), 0, 1 FROM prestazione
  WHERE sostituita_lotto IS NOT NULL) q
GROUP BY 1, 2, 3, 4, 5;

-- The year of the record that a communication is about, so that counting a year reads no record;
-- where whoever wrote it did not say, the record is asked.
ALTER TABLE comunicazione ADD anno smallint;
UPDATE comunicazione c SET anno = p.anno FROM prestazione p
  WHERE p.ambito_id = c.ambito_id AND p.id = c.prestazione_id AND c.flusso NOT LIKE '%sinba%';
CREATE INDEX comunicazione_senza_anno ON comunicazione (ambito_id, flusso, prestazione_id)
  WHERE anno IS NULL;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
