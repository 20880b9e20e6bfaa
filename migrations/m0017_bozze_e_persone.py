"""Drafts of the minors' records; a corrected codice fiscale keeps its pseudonym."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000017"
VERSION = "1.38.0"
DESCRIPTION = "Bozze dei minori, codice fiscale corretto con lo stesso pseudonimo"

SQL = r"""
-- Whose draft it is: what its flow declares as its `fonte`. That of a minor holds no codice fiscale,
-- not even one typed where it does not belong.
ALTER TABLE bozza ADD fonte text COLLATE "C" NOT NULL DEFAULT 'prestazioni'
    CHECK (fonte IN ('prestazioni', 'sinba')),
  ADD CONSTRAINT senza_codice_fiscale CHECK (fonte <> 'sinba' OR (NOT valori ? 'codice_fiscale' AND
    valori::text !~* '[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]'));

-- Several codici fiscali may lead to one id: the one that the minor has, and those of before that
-- files may still bring.
ALTER TABLE pseudonimo ADD attuale boolean NOT NULL DEFAULT true,
  DROP CONSTRAINT pseudonimo_ambito_id_id_beneficiario_key;
CREATE UNIQUE INDEX pseudonimo_attuale ON pseudonimo (ambito_id, id_beneficiario) WHERE attuale;

-- As before; the ids handed out to be written stay until the end of the unit of work.
CREATE OR REPLACE FUNCTION pseudonimi_di(codici text[], proposti text[])
RETURNS TABLE (codice text, pseudonimo text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF cardinality(proposti) = 0 THEN
    RETURN QUERY SELECT x.codice_fiscale, x.id_beneficiario FROM public.pseudonimo x
      WHERE x.ambito_id = public.ambito_corrente() AND x.codice_fiscale = ANY (codici);
    RETURN;
  END IF;
  INSERT INTO public.pseudonimo (ambito_id, codice_fiscale, id_beneficiario)
  SELECT public.ambito_corrente(), u.c, u.p
  FROM unnest(codici, proposti) AS u(c, p)
  WHERE u.p IS NOT NULL AND NOT EXISTS (SELECT 1 FROM public.pseudonimo x
    WHERE x.ambito_id = public.ambito_corrente() AND x.codice_fiscale = u.c)
  -- In one order, so that two imports of the same persons wait for each other and go on.
  ORDER BY u.c
  ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT x.codice_fiscale, x.id_beneficiario FROM public.pseudonimo x
    WHERE x.ambito_id = public.ambito_corrente() AND x.codice_fiscale = ANY (codici)
    ORDER BY x.codice_fiscale FOR KEY SHARE;
END $$;

-- Whether the context sees a record or a draft of an id. Who the minor of a draft is, is said by a key
-- that only the program writes.
CREATE FUNCTION minore_visto(cercato text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM public.scheda_sinba s
    WHERE s.ambito_id = public.ambito_corrente() AND s.id_beneficiario = cercato
      AND coalesce(current_setting('capofila.comune', true), '') IN ('', s.comune_titolare))
  OR EXISTS (SELECT 1 FROM public.bozza b
    WHERE b.ambito_id = public.ambito_corrente() AND b.fonte = 'sinba'
      AND b.valori ->> '_minore' = cercato
      AND coalesce(current_setting('capofila.comune', true), '') IN ('', b.comune_titolare))
$$;

-- As before, of the codice fiscale that the minor has now; a draft is seen as a record is.
CREATE OR REPLACE FUNCTION persona_di(cercato text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  trovato text;
BEGIN
  SELECT x.codice_fiscale INTO trovato FROM public.pseudonimo x
  WHERE x.ambito_id = public.ambito_corrente() AND x.id_beneficiario = cercato AND x.attuale
    AND public.minore_visto(cercato);
  IF trovato IS NOT NULL THEN
    INSERT INTO public.registro (ambito_id, azione, oggetto, oggetto_id)
    VALUES (public.ambito_corrente(), 'minori.persona', 'pseudonimo', cercato);
  END IF;
  RETURN trovato;
END $$;

-- Forget an id that no record and no draft has: nobody was ever told it.
CREATE FUNCTION libera_pseudonimo(cercato text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Whoever is writing a record of it holds the row: what is there is looked at after the wait.
  PERFORM 1 FROM public.pseudonimo x WHERE x.ambito_id = public.ambito_corrente()
    AND x.id_beneficiario = cercato ORDER BY x.codice_fiscale FOR UPDATE;
  IF EXISTS (SELECT 1 FROM public.scheda_sinba s
      WHERE s.ambito_id = public.ambito_corrente() AND s.id_beneficiario = cercato)
    OR EXISTS (SELECT 1 FROM public.bozza b WHERE b.ambito_id = public.ambito_corrente()
      AND b.fonte = 'sinba' AND b.valori ->> '_minore' = cercato) THEN
    RETURN false;
  END IF;
  DELETE FROM public.pseudonimo x
  WHERE x.ambito_id = public.ambito_corrente() AND x.id_beneficiario = cercato;
  RETURN true;
END $$;

-- Give an id to the codice fiscale that its minor has now; `prima_vale` keeps the one of before as
-- another way to the same id. Returns what stands in the way, or nothing; what was done is in the audit.
CREATE FUNCTION correggi_persona(cercato text, nuovo text, prima_vale boolean, motivo text)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  qui smallint := public.ambito_corrente();
  solo text := coalesce(current_setting('capofila.comune', true), '');
  vecchio text;
  di_chi text;
BEGIN
  SELECT x.codice_fiscale INTO vecchio FROM public.pseudonimo x
  WHERE x.ambito_id = qui AND x.id_beneficiario = cercato AND x.attuale
    AND public.minore_visto(cercato) FOR UPDATE;
  IF vecchio IS NULL THEN
    RETURN 'senza_persona';
  ELSIF vecchio = nuovo THEN
    RETURN 'uguale';
  ELSIF solo <> '' AND EXISTS (SELECT 1 FROM public.scheda_sinba s WHERE s.ambito_id = qui
      AND s.id_beneficiario = cercato AND s.comune_titolare <> solo) THEN
    RETURN 'di_altri_comuni';
  END IF;
  SELECT x.id_beneficiario INTO di_chi FROM public.pseudonimo x
  WHERE x.ambito_id = qui AND x.codice_fiscale = nuovo;
  IF di_chi = cercato THEN
    DELETE FROM public.pseudonimo x WHERE x.ambito_id = qui AND x.codice_fiscale = nuovo;
  ELSIF di_chi IS NOT NULL AND NOT public.libera_pseudonimo(di_chi) THEN
    RETURN 'di_altri';
  END IF;
  IF prima_vale THEN
    UPDATE public.pseudonimo x SET attuale = false WHERE x.ambito_id = qui AND x.codice_fiscale = vecchio;
    INSERT INTO public.pseudonimo (ambito_id, codice_fiscale, id_beneficiario)
    VALUES (qui, nuovo, cercato);
  ELSE
    UPDATE public.pseudonimo x SET codice_fiscale = nuovo
    WHERE x.ambito_id = qui AND x.codice_fiscale = vecchio;
  END IF;
  INSERT INTO public.registro (ambito_id, azione, oggetto, oggetto_id, dettagli)
  VALUES (qui, 'minori.correggi_persona', 'pseudonimo', cercato,
    jsonb_build_object('motivo', motivo));
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION minore_visto(text), libera_pseudonimo(text),
  correggi_persona(text, text, boolean, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION libera_pseudonimo(text), correggi_persona(text, text, boolean, text)
  TO capofila_app;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
