"""Figures of a part of a year; a comune reads its own, and writes what it is to give."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T12:50:00:000048"
VERSION = "1.43.0"
DESCRIPTION = "Indicatori: periodi più brevi di un anno, cifre scritte dai comuni"

SQL = r"""
-- Which part of the year: empty for the whole, S1-S2, T1-T4, or the month.
ALTER TABLE valore_indicatore ADD parte text COLLATE "C" NOT NULL DEFAULT ''
  CHECK (parte ~ '^(|S[12]|T[1-4]|0[1-9]|1[0-2])$');
ALTER TABLE valore_indicatore DROP CONSTRAINT valore_indicatore_pkey,
  ADD PRIMARY KEY (ambito_id, codice, anno, parte, territorio);

-- How often the ambito gets an indicator, where its source does not say; with or without who gives it.
ALTER TABLE incarico_indicatore ALTER titolare DROP NOT NULL,
  ADD frequenza text COLLATE "C" CHECK (frequenza IN ('annuale', 'semestrale', 'trimestrale', 'mensile')),
  ADD CHECK (titolare IS NOT NULL OR frequenza IS NOT NULL);

-- Whoever works for a comune has its figures (`territorio` is the ISTAT code) and no others.
DROP POLICY intero ON valore_indicatore;
CREATE POLICY del_comune ON valore_indicatore AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR territorio = (SELECT c.istat FROM comune c
                          WHERE c.belfiore = (SELECT current_setting('capofila.comune', true))));

-- Who gives what is no secret of anybody; the Ufficio di Piano says it.
DROP POLICY intero ON incarico_indicatore;
CREATE POLICY intero_scrive ON incarico_indicatore AS RESTRICTIVE FOR INSERT TO capofila_app
  WITH CHECK ((SELECT coalesce(current_setting('capofila.comune', true), '') = ''));
CREATE POLICY intero_toglie ON incarico_indicatore AS RESTRICTIVE FOR DELETE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = ''));
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
