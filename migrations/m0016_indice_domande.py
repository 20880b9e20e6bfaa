"""One index less for an import to keep, one sub-select less for a query."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000016"
VERSION = "1.38.0"
DESCRIPTION = "Un indice in meno sulle prestazioni, una politica più svelta"

SQL = r"""
-- The records of a person's application are found by `prestazione_unica` too: PostgreSQL 18 skips
-- from year to year over its second column, and years are few. Keeping this one, whose order is not
-- that in which rows come, was a fifth of the work of the database in an import.
DROP INDEX prestazione_domande;

-- A sub-select is prepared for each query even where it is never asked: for the queries of the whole
-- ambito the second one was a twentieth of a page. Without it, those of a comune read the setting
-- for each row, which is little.
ALTER POLICY comune ON prestazione
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = current_setting('capofila.comune', true))
  WITH CHECK ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune_titolare = current_setting('capofila.comune', true));
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
