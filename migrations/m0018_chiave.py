"""One person, domanda, code and start is one prestazione, whoever pays; a cancellation goes first."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000018"
VERSION = "1.38.0"
DESCRIPTION = "La chiave di una prestazione senza chi la paga"

SQL = r"""
-- The receiver tells a prestazione by person, domanda, code and start: who pays is not in the file.
-- With the payer in the key two enti could enter the same one twice, and a correction of the payer
-- could say the new version before taking the old one back. The order of the index is that of the
-- file, so the version comes right after what the receiver knows.
DO $$
DECLARE doppie bigint;
BEGIN
  SELECT count(*) INTO doppie FROM (
    SELECT 1 FROM prestazione GROUP BY ambito_id, anno, codice_fiscale, protocollo_domanda,
      codice_prestazione, competenza, tipo_operazione, sostituita_lotto HAVING count(*) > 1) d;
  IF doppie > 0 THEN
    RAISE EXCEPTION '% prestazioni sono state inserite da due enti con la stessa persona, domanda, '
      'codice e data di inizio: togline una delle due dalla pagina Prestazioni, poi migra di nuovo',
      doppie;
  END IF;
END $$;
DROP INDEX prestazione_unica;
CREATE UNIQUE INDEX prestazione_unica ON prestazione
  (ambito_id, anno, codice_fiscale, protocollo_domanda, codice_prestazione, competenza,
   sostituita_lotto, tipo_operazione) NULLS NOT DISTINCT;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
