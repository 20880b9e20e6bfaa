"""A comune brings in sheets of its own figures: it sees, and undoes, those that are its own."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T17:00:00:000051"
VERSION = "1.51.0"
DESCRIPTION = "Indicatori: i fogli dei comuni"

SQL = r"""
-- Whose sheet it is: a comune, by Belfiore code, or the Ufficio di Piano.
ALTER TABLE lotto_indicatori ADD comune text COLLATE "C"
  DEFAULT nullif(current_setting('capofila.comune', true), '');

DROP POLICY intero ON lotto_indicatori;
CREATE POLICY del_comune ON lotto_indicatori AS RESTRICTIVE TO capofila_app
  USING ((SELECT coalesce(current_setting('capofila.comune', true), '') = '')
         OR comune = (SELECT current_setting('capofila.comune', true)));
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
