"""What the receiver knows of each prestazione: read from the communications, never written here.

The room `debito` writes them (docs/perche/siuss.md); this one shows them beside the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from capofila.base.database import unita_corrente

STATI: Final[dict[str, tuple[str, str]]] = {
    "da_comunicare": ("Da comunicare", "attesa"),
    "comunicata": ("Comunicata", "corso"),
    "accolta": ("Accolta", "buono"),
    "scartata": ("Scartata", "errore"),
    "da_annullare": ("Da annullare", "attenzione"),
    "annullata": ("Annullata", "chiuso"),
    "tolta": ("Tolta", "neutro"),
}
"""Each state in words, with the tone of its badge."""

FILTRI: Final[dict[str, str]] = {
    "da_comunicare": "Da comunicare",
    "comunicata": "Comunicate, senza risposta",
    "accolta": "Accolte",
    "scartata": "Scartate",
    "da_ricontrollare": "Da ricontrollare",
    "da_annullare": "Tolte, da annullare",
}
"""What the list can be narrowed to. Only the last shows records that are no longer in force."""


class Comunicata(msgspec.Struct, frozen=True):
    """What was said of one record last.

    Attributes:
        operazione: I or C, the last said.
        esito: of that operation; None while nobody answered.
        nota: the last operation that was not refused, which is what the receiver holds.
        testo: the words of the answer.
        altro_programma: no run of ours said it; the program used before did.
    """

    operazione: str
    esito: str | None
    nota: str | None
    testo: str | None = None
    quando: datetime | None = None
    altro_programma: bool = False

    @property
    def presente(self) -> bool:
        """Whether the receiver has the record, as far as anybody knows."""
        return self.nota == "I"


def stato_di(in_vigore: bool, comunicata: Comunicata | None) -> str:
    """The state of a record, one of :data:`STATI`."""
    if not in_vigore:
        if comunicata is None or comunicata.nota is None:
            return "tolta"
        return "da_annullare" if comunicata.presente else "annullata"
    if comunicata is None:
        return "da_comunicare"
    return comunicata.esito or "comunicata"


class Operazione(msgspec.Struct, frozen=True):
    """One communication, as the page of a record shows it.

    Attributes:
        canale: ``altro_programma`` when no run of ours said it, and the receiver had it already;
            then ``lotto_id`` is the file that came from there.
    """

    prestazione_id: int
    operazione: str
    esportazione_id: UUID | None
    canale: str
    lotto_id: int | None
    comunicata_il: datetime
    esito: str | None
    esito_codice: str | None
    esito_testo: str | None
    esito_il: datetime | None


_ULTIMA: Final = "(array_agg({0} ORDER BY c.id DESC))[1]"


async def comunicate(flusso: str, ids: Sequence[int]) -> dict[int, Comunicata]:
    """What was said of these records, in one query; those of which nothing was are not there."""
    unita = unita_corrente()
    ultime = ", ".join(
        _ULTIMA.format(nome)
        for nome in ("c.operazione", "c.esito", "c.esito_testo", "c.comunicata_il")
    )
    righe = await unita.righe(
        f"SELECT c.prestazione_id, {ultime}, {_ULTIMA.format('c.lotto_id')} IS NOT NULL, "
        "(array_agg(c.operazione ORDER BY c.id DESC) "
        "FILTER (WHERE c.esito IS DISTINCT FROM 'scartata'))[1] FROM comunicazione c "
        "WHERE c.ambito_id = $1 AND c.flusso = $2 AND c.prestazione_id = ANY($3::bigint[]) "
        "GROUP BY 1",
        unita.ambito,
        flusso,
        list(ids),
    )
    return {
        id_: Comunicata(operazione, esito, nota, testo, quando, altro)
        for id_, operazione, esito, testo, quando, altro, nota in righe
    }


async def operazioni_di(flusso: str, ids: Sequence[int]) -> list[Operazione]:
    """Every communication of these records, the oldest first."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT c.prestazione_id, c.operazione, c.esportazione_id, "
        "coalesce(e.canale, 'altro_programma'), c.lotto_id, c.comunicata_il, "
        "c.esito, c.esito_codice, c.esito_testo, c.esito_il FROM comunicazione c "
        "LEFT JOIN esportazione e ON e.ambito_id = c.ambito_id AND e.id = c.esportazione_id "
        "WHERE c.ambito_id = $1 AND c.flusso = $2 AND c.prestazione_id = ANY($3::bigint[]) "
        "ORDER BY c.id",
        unita.ambito,
        flusso,
        list(ids),
    )
    return [Operazione(*riga) for riga in righe]


def condizione(
    stato: str, flusso: str, versione: int, *, tavola: str = "prestazione"
) -> tuple[str, list[object]]:
    """SQL that a row of `tavola` is in that state, with a ``{}`` for each value.

    The rows are those in force already, or those taken away for ``da_annullare``.
    """

    def ultima(cosa: str, anche: str = "") -> str:
        return (
            f"(SELECT {cosa} FROM comunicazione c WHERE c.ambito_id = {tavola}.ambito_id "
            f"AND c.flusso = {{}} AND c.prestazione_id = {tavola}.id{anche} "
            "ORDER BY c.id DESC LIMIT 1)"
        )

    def ultima_e(esito: str) -> str:
        # Few are: an index of those alone is where to begin.
        return (
            f"EXISTS (SELECT 1 FROM comunicazione r WHERE r.ambito_id = {tavola}.ambito_id "
            f"AND r.flusso = {{}} AND r.prestazione_id = {tavola}.id AND r.esito {esito} "
            "AND NOT EXISTS (SELECT 1 FROM comunicazione d WHERE d.ambito_id = r.ambito_id "
            "AND d.flusso = r.flusso AND d.prestazione_id = r.prestazione_id AND d.id > r.id))"
        )

    match stato:
        case "da_comunicare":
            return f"NOT EXISTS {ultima('1')}", [flusso]
        case "comunicata":
            return ultima_e("IS NULL"), [flusso]
        case "accolta":
            return ultima("c.esito") + " = 'accolta'", [flusso]
        case "scartata":
            return ultima_e("= 'scartata'"), [flusso]
        case "da_annullare":
            non_rifiutata = " AND c.esito IS DISTINCT FROM 'scartata'"
            return ultima("c.operazione", non_rifiutata) + " = 'I'", [flusso]
        case "da_ricontrollare":
            return (
                # Said as two ranges: an index knows them, and no other way to say «not this one».
                f"NOT {tavola}.come_ricevuto "
                f"AND ({tavola}.conforme_a < {{}} OR {tavola}.conforme_a > {{}})",
                [versione, versione],
            )
        case _:
            raise ValueError(stato)
