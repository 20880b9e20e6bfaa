"""One index less for an import to keep: another finds the same records."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000016"
VERSION = "1.38.0"
DESCRIPTION = "Un indice in meno sulle prestazioni"

SQL = r"""
-- The records of a person's application are found by `prestazione_unica` too: PostgreSQL 18 skips
-- from year to year over its second column, and years are few. Keeping this one, whose order is not
-- that in which rows come, was a fifth of the work of the database in an import.
DROP INDEX prestazione_domande;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
