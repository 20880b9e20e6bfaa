"""Completeness as it is defined: every record of two years, with the last thing said of it."""

from typing import Final

QUERY: Final = """
WITH dette AS MATERIALIZED (
  SELECT prestazione_id, max(id * 8 + CASE operazione WHEN 'I' THEN 1 ELSE 0 END
    + CASE esito WHEN 'accolta' THEN 2 WHEN 'scartata' THEN 4 ELSE 0 END) & 7 AS ultima
  FROM comunicazione WHERE ambito_id = $1 AND flusso = $3 GROUP BY prestazione_id
), invii AS (
  SELECT comune_titolare,
    max(comunicata_il) FILTER (WHERE esportazione_id IS NOT NULL) AS ultimo_invio
  FROM comunicazione WHERE ambito_id = $1 AND flusso = $3 GROUP BY comune_titolare
), voci AS (
  SELECT p.comune_titolare, p.anno = $2 AS ora, p.sostituita_lotto IS NULL AS viva, p.lotto_id,
    CASE WHEN p.sostituita_lotto IS NULL AND p.competenza IS NOT NULL
      THEN 1 << (extract(month FROM p.competenza)::int - 1) END AS mese, d.ultima,
    CASE WHEN p.sostituita_lotto IS NOT NULL AND p.anno = $2 THEN (
      SELECT c.operazione FROM comunicazione c WHERE c.ambito_id = $1 AND c.flusso = $3
        AND c.prestazione_id = p.id AND c.esito IS DISTINCT FROM 'scartata'
      ORDER BY c.id DESC LIMIT 1) END AS nota
  FROM prestazione p LEFT JOIN dette d ON d.prestazione_id = p.id
  WHERE p.ambito_id = $1 AND p.anno IN ($2, $2 - 1)
), gruppi AS (
  SELECT comune_titolare,
    count(*) FILTER (WHERE ora AND viva) AS in_vigore,
    count(*) FILTER (WHERE ora AND viva AND ultima IS NULL) AS mai_dette,
    count(*) FILTER (WHERE ora AND viva AND ultima IN (0, 1)) AS senza_esito,
    count(*) FILTER (WHERE ora AND viva AND ultima IN (2, 3)) AS accolte,
    count(*) FILTER (WHERE ora AND viva AND ultima IN (4, 5)) AS scartate,
    count(*) FILTER (WHERE nota = 'I') AS da_annullare,
    max(lotto_id) FILTER (WHERE ora) AS ultimo_lotto,
    coalesce(bit_or(mese) FILTER (WHERE ora), 0) AS mesi_ora,
    coalesce(bit_or(mese) FILTER (WHERE NOT ora), 0) AS mesi_prima
  FROM voci GROUP BY comune_titolare
), bozze AS (
  SELECT comune_titolare, count(*) AS bozze, count(*) FILTER (WHERE errori > 0) AS bozze_errate
  FROM bozza WHERE ambito_id = $1 AND fonte = $4 GROUP BY 1
), fermi AS (
  SELECT comune AS comune_titolare, count(*) AS file_da_decidere
  FROM lotto WHERE ambito_id = $1 AND stato = 'da_decidere' AND comune IS NOT NULL GROUP BY 1
)
SELECT comune_titolare, g.*, i.ultimo_invio, b.bozze, b.bozze_errate, f.file_da_decidere, l.caricato_il
FROM gruppi g FULL JOIN bozze b USING (comune_titolare) FULL JOIN fermi f USING (comune_titolare)
LEFT JOIN invii i USING (comune_titolare) LEFT JOIN lotto l ON l.ambito_id = $1 AND l.id = g.ultimo_lotto
"""
