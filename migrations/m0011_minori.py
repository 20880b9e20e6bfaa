"""Versions of the SINBA records, and the pseudonyms that stand for the minors."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000011"
VERSION = "1.38.0"
DESCRIPTION = "Versioni delle schede SINBA, pseudonimi dei minori"

SQL = r"""
-- A record is never changed: `sostituita_lotto` is the lotto that brought its next version, or that
-- took it away. One record in force for a minor, a year and an ente.
ALTER TABLE scheda_sinba ADD sostituita_lotto integer,
  -- What a codice fiscale looks like does not enter; a record kept as received is not ours to judge.
  ADD CONSTRAINT senza_codice_fiscale CHECK (NOT dati ? 'codice_fiscale' AND (come_ricevuto OR
    id_beneficiario !~* '^[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$'));
DROP INDEX scheda_sinba_unica;
CREATE UNIQUE INDEX scheda_sinba_unica ON scheda_sinba
  (ambito_id, anno, id_beneficiario, ente_erogatore_id, sostituita_lotto) NULLS NOT DISTINCT;
CREATE INDEX scheda_sinba_minore ON scheda_sinba (ambito_id, id_beneficiario, anno);
CREATE INDEX scheda_sinba_sostituzioni ON scheda_sinba (ambito_id, sostituita_lotto)
  WHERE sostituita_lotto IS NOT NULL;
GRANT UPDATE (sostituita_lotto) ON scheda_sinba TO capofila_app;
CREATE TRIGGER sostituita BEFORE UPDATE OF sostituita_lotto ON scheda_sinba
  FOR EACH ROW EXECUTE FUNCTION prestazione_sostituita();

-- Who stands behind an id of the SINBA file: random, so that nobody computes it from the codice
-- fiscale; of the ambito, so that two ambiti know the same minor by unrelated ids; never changed, so
-- that INPS can follow the minor through the years. The application reads neither column: it has
-- the two functions below (docs/perche/siuss.md).
CREATE TABLE pseudonimo (
  ambito_id smallint NOT NULL REFERENCES ambito,
  codice_fiscale text COLLATE "C" NOT NULL,
  id_beneficiario text COLLATE "C" NOT NULL CHECK (length(id_beneficiario) BETWEEN 1 AND 20),
  creato_il timestamptz NOT NULL DEFAULT now(),
  creato_da bigint DEFAULT utente_corrente(),
  PRIMARY KEY (ambito_id, codice_fiscale),
  UNIQUE (ambito_id, id_beneficiario)
);
SELECT proteggi('pseudonimo', 'SELECT (ambito_id)');

-- The ids of some persons in the ambito of the unit of work. Those without one get the one proposed
-- for them, where it is not another person's; a person who has no row in the answer has none.
CREATE FUNCTION pseudonimi_di(codici text[], proposti text[])
RETURNS TABLE (codice text, pseudonimo text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF cardinality(proposti) > 0 THEN
    INSERT INTO public.pseudonimo (ambito_id, codice_fiscale, id_beneficiario)
    SELECT public.ambito_corrente(), u.c, u.p
    FROM unnest(codici, proposti) AS u(c, p)
    WHERE u.p IS NOT NULL AND NOT EXISTS (SELECT 1 FROM public.pseudonimo x
      WHERE x.ambito_id = public.ambito_corrente() AND x.codice_fiscale = u.c)
    -- In one order, so that two imports of the same persons wait for each other and go on.
    ORDER BY u.c
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN QUERY SELECT x.codice_fiscale, x.id_beneficiario FROM public.pseudonimo x
    WHERE x.ambito_id = public.ambito_corrente() AND x.codice_fiscale = ANY (codici);
END $$;

-- The person behind one id, for whoever sees a record of it; that it was asked is in the audit.
CREATE FUNCTION persona_di(cercato text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  trovato text;
  solo text := coalesce(current_setting('capofila.comune', true), '');
BEGIN
  SELECT x.codice_fiscale INTO trovato FROM public.pseudonimo x
  WHERE x.ambito_id = public.ambito_corrente() AND x.id_beneficiario = cercato
    AND EXISTS (SELECT 1 FROM public.scheda_sinba s
      WHERE s.ambito_id = x.ambito_id AND s.id_beneficiario = x.id_beneficiario
        AND (solo = '' OR s.comune_titolare = solo));
  IF trovato IS NOT NULL THEN
    INSERT INTO public.registro (ambito_id, azione, oggetto, oggetto_id)
    VALUES (public.ambito_corrente(), 'minori.persona', 'pseudonimo', cercato);
  END IF;
  RETURN trovato;
END $$;
REVOKE ALL ON FUNCTION pseudonimi_di(text[], text[]), persona_di(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pseudonimi_di(text[], text[]), persona_di(text) TO capofila_app;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
