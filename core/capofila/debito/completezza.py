"""What of a year has been entered and sent, comune by comune, and what is missing.

The figures, and the months without records where the year before had some. A million records are
never read for it: they are counted as they come and go, and what was said of them has their year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from capofila.base.database import unita_corrente
from capofila.prestazioni.service import FONTE, FONTE_MINORI, RIMASTA

MESI: Final = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre",
    "ottobre", "novembre", "dicembre",
)  # fmt: skip


class Completezza(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a comune titolare in a year, or of all of them together.

    Attributes:
        belfiore: of the comune; empty for the whole.
        in_vigore: records that hold.
        mai_dette: never communicated.
        senza_esito: communicated, and not answered yet.
        accolte, scartate: by the last answer.
        da_annullare: superseded or taken away, and the receiver still has them.
        bozze: drafts, of any year; ``bozze_errate`` those with errors.
        file_da_decidere: imported files on which nobody has decided.
        ultimo_inserimento, ultimo_invio: the last entry of the year, and the last sending of any.
        mesi_mancanti: months (1 to 12) without a record where the year before had some.
        si_annullano: the flow has a cancellation: what was taken away is still to be said.
    """

    belfiore: str
    nome: str
    in_vigore: int = 0
    mai_dette: int = 0
    senza_esito: int = 0
    accolte: int = 0
    scartate: int = 0
    da_annullare: int = 0
    bozze: int = 0
    bozze_errate: int = 0
    file_da_decidere: int = 0
    ultimo_inserimento: datetime | None = None
    ultimo_invio: datetime | None = None
    mesi_mancanti: tuple[int, ...] = ()
    si_annullano: bool = True

    @property
    def vuoto(self) -> bool:
        """Nothing at all in the year."""
        return not (self.in_vigore or self.da_annullare)

    @property
    def da_inviare(self) -> int:
        """What the next run would say."""
        return self.mai_dette + self.scartate + (self.da_annullare if self.si_annullano else 0)


ORDINABILI: Final = (
    "nome", "in_vigore", "mai_dette", "senza_esito", "accolte", "scartate", "da_annullare", "bozze",
    "ultimo_inserimento", "ultimo_invio",
)  # fmt: skip


def mesi_mancanti(ora: int, prima: int, anno: int, oggi: date) -> tuple[int, ...]:
    """The months of a year without a record, where the year before had some; not those to come.

    Args:
        ora, prima: a bit a month (January the lowest) of the year and of the one before.

    >>> mesi_mancanti(0b0001, 0b0111, 2025, date(2026, 1, 1))
    (2, 3)
    >>> mesi_mancanti(0, 0b0111, 2026, date(2026, 2, 15))
    (1,)
    """
    passati = 12 if anno < oggi.year else oggi.month - 1 if anno == oggi.year else 0
    return tuple(
        m for m in range(1, passati + 1) if prima >> (m - 1) & 1 and not ora >> (m - 1) & 1
    )


def in_parole(mesi: Sequence[int]) -> str:
    """Months in words, those in a row as a span.

    >>> in_parole((1, 2, 3, 6)), in_parole((11,)), in_parole(())
    ('gennaio-marzo, giugno', 'novembre', '')
    """
    tratti: list[list[int]] = []
    for mese in mesi:
        if tratti and mese == tratti[-1][1] + 1:
            tratti[-1][1] = mese
        else:
            tratti.append([mese, mese])
    return ", ".join(MESI[a - 1] if a == b else f"{MESI[a - 1]}-{MESI[b - 1]}" for a, b in tratti)


def totale(righe: Iterable[Completezza]) -> Completezza:
    """All the comuni together."""
    tutte = list(righe)
    somme = {
        nome: sum(getattr(riga, nome) for riga in tutte)
        for nome in ("in_vigore", "mai_dette", "senza_esito", "accolte", "scartate", "da_annullare",
                     "bozze", "bozze_errate", "file_da_decidere")
    }  # fmt: skip
    ultimi = {
        nome: max((q for riga in tutte if (q := getattr(riga, nome)) is not None), default=None)
        for nome in ("ultimo_inserimento", "ultimo_invio")
    }
    return Completezza(
        belfiore="",
        nome="Tutto l'ambito",
        si_annullano=all(riga.si_annullano for riga in tutte),
        **somme,
        **ultimi,  # type: ignore[arg-type]
    )


def ordina(righe: Iterable[Completezza], ordine: str) -> list[Completezza]:
    """By a column (``-`` before it: descending), then by name; nothing comes last."""
    per_nome = sorted(righe, key=lambda riga: riga.nome)
    chiave = ordine.removeprefix("-")
    if chiave not in ORDINABILI:
        return per_nome
    presenti = [riga for riga in per_nome if getattr(riga, chiave) is not None]
    presenti.sort(key=lambda riga: getattr(riga, chiave), reverse=ordine.startswith("-"))
    return presenti + [riga for riga in per_nome if getattr(riga, chiave) is None]


# What is in force is counted by lotto as it changes (`conto_lotto`), so no record is read: of the
# communications of the year the last thing said of a record is one number, the id and what it was (1
# insertion; 2 accepted, 4 refused) in the lowest bits. The few records that no longer hold are looked
# up one by one: what was said of them counts apart.
_QUERY: Final = """
WITH superate AS MATERIALIZED (
  SELECT p.id, p.comune_titolare, (
    SELECT c.operazione FROM comunicazione c WHERE c.ambito_id = $1 AND c.flusso = $3
      AND c.prestazione_id = p.id AND c.esito IS DISTINCT FROM 'scartata'
    ORDER BY c.id DESC LIMIT 1) AS nota
  FROM prestazione p
  WHERE p.ambito_id = $1 AND p.sostituita_lotto IS NOT NULL AND p.anno = $2
), dell_anno AS (
  SELECT prestazione_id, comune_titolare, id, operazione, esito
  FROM comunicazione WHERE ambito_id = $1 AND flusso = $3 AND anno = $2
  UNION ALL
  SELECT c.prestazione_id, c.comune_titolare, c.id, c.operazione, c.esito FROM comunicazione c
  JOIN prestazione p ON p.ambito_id = c.ambito_id AND p.id = c.prestazione_id
  WHERE c.ambito_id = $1 AND c.flusso = $3 AND c.anno IS NULL AND p.anno = $2
), ultime AS (
  SELECT prestazione_id, min(comune_titolare) AS comune_titolare,
    max(id * 8 + CASE operazione WHEN 'I' THEN 1 ELSE 0 END
      + CASE esito WHEN 'accolta' THEN 2 WHEN 'scartata' THEN 4 ELSE 0 END) & 7 AS ultima
  FROM dell_anno GROUP BY prestazione_id
), dette AS (
  SELECT comune_titolare, count(*) AS dette,
    count(*) FILTER (WHERE ultima IN (0, 1)) AS senza_esito,
    count(*) FILTER (WHERE ultima IN (2, 3)) AS accolte,
    count(*) FILTER (WHERE ultima IN (4, 5)) AS scartate
  FROM ultime u WHERE NOT EXISTS (SELECT FROM superate s WHERE s.id = u.prestazione_id)
  GROUP BY comune_titolare
), da_annullare AS (
  SELECT comune_titolare, count(*) FILTER (WHERE nota = 'I') AS da_annullare
  FROM superate GROUP BY comune_titolare
), invii AS (
  SELECT comune_titolare, max(comunicata_il) AS ultimo_invio
  FROM comunicazione WHERE ambito_id = $1 AND flusso = $3 AND esportazione_id IS NOT NULL
  GROUP BY comune_titolare
), mesi AS (
  SELECT comune_titolare, anno, mese, sum(entrate - uscite) AS vive,
    max(lotto_id) FILTER (WHERE entrate > 0) AS ultimo_lotto
  FROM conto_lotto WHERE ambito_id = $1 AND anno IN ($2, $2 - 1) GROUP BY 1, 2, 3
), gruppi AS (
  SELECT comune_titolare,
    coalesce(sum(vive) FILTER (WHERE anno = $2), 0)::bigint AS in_vigore,
    max(ultimo_lotto) FILTER (WHERE anno = $2) AS ultimo_lotto,
    coalesce(bit_or(1 << mese - 1) FILTER (WHERE anno = $2 AND vive > 0 AND mese > 0), 0)
      AS mesi_ora,
    coalesce(bit_or(1 << mese - 1) FILTER (WHERE anno < $2 AND vive > 0 AND mese > 0), 0)
      AS mesi_prima
  FROM mesi GROUP BY comune_titolare
), bozze AS (
  SELECT comune_titolare, count(*) AS bozze, count(*) FILTER (WHERE errori > 0) AS bozze_errate
  FROM bozza WHERE ambito_id = $1 AND fonte = $4 GROUP BY 1
), fermi AS (
  SELECT comune AS comune_titolare, count(*) AS file_da_decidere
  FROM lotto WHERE ambito_id = $1 AND stato = 'da_decidere' AND comune IS NOT NULL GROUP BY 1
)
SELECT comune_titolare, g.*, g.in_vigore - coalesce(d.dette, 0) AS mai_dette, d.senza_esito,
  d.accolte, d.scartate, a.da_annullare, i.ultimo_invio, b.bozze, b.bozze_errate,
  f.file_da_decidere, l.caricato_il
FROM gruppi g FULL JOIN bozze b USING (comune_titolare) FULL JOIN fermi f USING (comune_titolare)
LEFT JOIN dette d USING (comune_titolare) LEFT JOIN da_annullare a USING (comune_titolare)
LEFT JOIN invii i USING (comune_titolare)
LEFT JOIN lotto l ON l.ambito_id = $1 AND l.id = g.ultimo_lotto
"""


# A record of a minor has no month; what was taken away stays with the receiver.
_QUERY_MINORI: Final = f"""
WITH dette AS MATERIALIZED (
  SELECT prestazione_id, max(id * 8 + CASE esito WHEN 'accolta' THEN 2 WHEN 'scartata' THEN 4
    ELSE 0 END) & 7 AS ultima
  FROM comunicazione WHERE ambito_id = $1 AND flusso = $3 GROUP BY prestazione_id
), invii AS (
  SELECT comune_titolare,
    max(comunicata_il) FILTER (WHERE esportazione_id IS NOT NULL) AS ultimo_invio
  FROM comunicazione WHERE ambito_id = $1 AND flusso = $3 GROUP BY comune_titolare
), gruppi AS (
  SELECT s.comune_titolare,
    count(*) FILTER (WHERE s.sostituita_lotto IS NULL) AS in_vigore,
    count(*) FILTER (WHERE s.sostituita_lotto IS NULL AND d.ultima IS NULL) AS mai_dette,
    count(*) FILTER (WHERE s.sostituita_lotto IS NULL AND d.ultima = 0) AS senza_esito,
    count(*) FILTER (WHERE s.sostituita_lotto IS NULL AND d.ultima = 2) AS accolte,
    count(*) FILTER (WHERE s.sostituita_lotto IS NULL AND d.ultima = 4) AS scartate,
    count(*) FILTER (WHERE {RIMASTA.replace("{}", "$3")}) AS da_annullare,
    max(s.lotto_id) AS ultimo_lotto
  FROM scheda_sinba s LEFT JOIN dette d ON d.prestazione_id = s.id
  WHERE s.ambito_id = $1 AND s.anno = $2 GROUP BY 1
), bozze AS (
  SELECT comune_titolare, count(*) AS bozze, count(*) FILTER (WHERE errori > 0) AS bozze_errate
  FROM bozza WHERE ambito_id = $1 AND fonte = $4 GROUP BY 1
), fermi AS (
  SELECT comune AS comune_titolare, count(*) AS file_da_decidere FROM lotto
  WHERE ambito_id = $1 AND flusso = $3 AND stato = 'da_decidere' AND comune IS NOT NULL GROUP BY 1
)
SELECT comune_titolare, g.*, i.ultimo_invio, b.bozze, b.bozze_errate, f.file_da_decidere,
  l.caricato_il, 0 AS mesi_ora, 0 AS mesi_prima
FROM gruppi g FULL JOIN bozze b USING (comune_titolare) FULL JOIN fermi f USING (comune_titolare)
LEFT JOIN invii i USING (comune_titolare)
LEFT JOIN lotto l ON l.ambito_id = $1 AND l.id = g.ultimo_lotto
"""


async def per_comune(
    anno: int,
    flusso: str,
    attesi: Iterable[str],
    nomi: Mapping[str, str],
    oggi: date,
    *,
    di_minori: bool = False,
) -> list[Completezza]:
    """The figures of every comune, those with nothing at all included.

    Args:
        anno: of the prestazioni.
        flusso: by which they are sent.
        attesi: Belfiore codes of the comuni that should be there.
        nomi: names by Belfiore code.
        oggi: months from this one on are not missing yet.
        di_minori: the flow is that of the minors in charge.
    """
    unita = unita_corrente()
    # What has been said of a million records fits in memory at once better than in many turns.
    await unita.esegui("SET LOCAL work_mem = '256MB'")
    trovate = {
        riga["comune_titolare"]: riga
        for riga in await unita.righe(
            _QUERY_MINORI if di_minori else _QUERY,
            unita.ambito,
            anno,
            flusso,
            FONTE_MINORI if di_minori else FONTE,
        )
    }
    righe = [
        _riga(belfiore, nomi.get(belfiore, belfiore), trovate.get(belfiore), anno, oggi)
        for belfiore in {*attesi, *trovate}
    ]
    if di_minori:
        righe = [msgspec.structs.replace(riga, si_annullano=False) for riga in righe]
    return righe


def _riga(belfiore: str, nome: str, riga: Any, anno: int, oggi: date) -> Completezza:
    if riga is None:
        return Completezza(belfiore=belfiore, nome=nome)
    conti: dict[str, Any] = {
        colonna: riga[colonna] or 0
        for colonna in ("in_vigore", "mai_dette", "senza_esito", "accolte", "scartate",
                        "da_annullare", "bozze", "bozze_errate", "file_da_decidere")
    }  # fmt: skip
    return Completezza(
        belfiore=belfiore,
        nome=nome,
        **conti,
        ultimo_inserimento=riga["caricato_il"],
        ultimo_invio=riga["ultimo_invio"],
        mesi_mancanti=mesi_mancanti(riga["mesi_ora"] or 0, riga["mesi_prima"] or 0, anno, oggi),
    )


async def file_dell_ambito() -> int:
    """Files of no single comune that wait for a decision."""
    unita = unita_corrente()
    quanti: int = await unita.valore(
        "SELECT count(*) FROM lotto WHERE ambito_id = $1 AND stato = 'da_decidere' "
        "AND comune IS NULL",
        unita.ambito,
    )
    return quanti
