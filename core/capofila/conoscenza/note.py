"""What is said and not counted: the *sentito* beside a figure, the critique of an indicator, the overview
of a focus, the theme of the year. Who writes, when; each version stays. Inside a unit of work of the ambito.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.conoscenza.catalogo import FOCUS
from capofila.conoscenza.rules import ANNI
from capofila.conoscenza.valori import ufficio_di_piano

SpecieNota = Literal["sentito", "critica", "panorama", "tema"]
SPECIE_NOTE: Final[Mapping[SpecieNota, str]] = {
    "sentito": "Il sentito", "critica": "Critica dell'indicatore",
    "panorama": "Panorama di sintesi", "tema": "Tema dell'anno",
}  # fmt: skip
TESTO_MASSIMO: Final = 8000
DELL_ANNO: Final = "anno"
"""What the theme of a year is about."""


class Nota(msgspec.Struct, frozen=True, kw_only=True):
    """A version of what somebody wrote. ``oggetto``: an indicator, a focus, or ``anno``."""

    id: int
    specie: SpecieNota
    oggetto: str
    anno: int
    versione: int
    focus: str | None
    testo: str
    chi: str
    scritta_il: datetime


async def versioni(specie: SpecieNota, oggetto: str, anno: int | None = None) -> list[Nota]:
    """All the versions, the latest first; of one year or of all."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT id, specie, oggetto, anno, versione, focus, testo, chi, scritta_il FROM nota_conoscenza "
        "WHERE ambito_id = $1 AND specie = $2 AND oggetto = $3 AND ($4::integer IS NULL OR anno = $4) "
        "ORDER BY anno DESC, versione DESC LIMIT 200",
        unita.ambito, specie, oggetto, anno,
    )  # fmt: skip
    return [Nota(**dict(r)) for r in righe]


async def ultime(specie: SpecieNota, anno: int) -> dict[str, Nota]:
    """The latest version of each of a year, by what it is about."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT DISTINCT ON (oggetto) id, specie, oggetto, anno, versione, focus, testo, chi, scritta_il "
        "FROM nota_conoscenza WHERE ambito_id = $1 AND specie = $2 AND anno = $3 "
        "ORDER BY oggetto, versione DESC",
        unita.ambito, specie, anno,
    )  # fmt: skip
    return {r["oggetto"]: Nota(**dict(r)) for r in righe}


_SCRITTA_INTANTO: Final = (
    "Qualcuno ha scritto mentre scrivevi: leggi la sua versione e salva di nuovo la tua."
)


async def scrivi(
    specie: SpecieNota,
    oggetto: str,
    anno: int,
    testo: str,
    *,
    chi: str,
    focus: str | None = None,
    vista: int = 0,
) -> None:
    """Add a version.

    Args:
        specie: what it is.
        oggetto: the indicator, the focus, or ``anno``.
        anno: which it is about.
        testo: what is said; no name of a person.
        chi: who writes, by name.
        focus: of the theme of a year, the focus that it is taken from.
        vista: the version that was on the page, 0 for none.

    Raises:
        DatiNonValidi: no text, one too long, a year or a focus that cannot be.
        Conflitto: somebody wrote meanwhile.
    """
    unita, pulito = ufficio_di_piano(), testo.replace("\r\n", "\n").strip()
    if anno not in ANNI:
        raise DatiNonValidi(f"L'anno va da {ANNI[0]} a {ANNI[-1]}.")
    if not pulito or len(pulito) > TESTO_MASSIMO or "\0" in pulito:
        raise DatiNonValidi(f"Scrivere un testo, di {TESTO_MASSIMO} caratteri al più.")
    if specie == "tema" and focus not in FOCUS:
        raise DatiNonValidi("Scegliere il focus da cui viene il tema dell'anno.")
    ultima = await unita.valore(
        "SELECT coalesce(max(versione), 0) FROM nota_conoscenza "
        "WHERE ambito_id = $1 AND specie = $2 AND oggetto = $3 AND anno = $4",
        unita.ambito, specie, oggetto, anno,
    )  # fmt: skip
    if ultima != vista:
        raise Conflitto(_SCRITTA_INTANTO)
    try:
        async with unita.punto_di_ritorno():
            await unita.esegui(
                "INSERT INTO nota_conoscenza (specie, oggetto, anno, versione, focus, testo, chi) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7)",
                specie, oggetto, anno, vista + 1, focus, pulito,
                chi,
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Conflitto(_SCRITTA_INTANTO) from None
    await registra(
        "conoscenza.nota", "nota_conoscenza", oggetto, specie=specie, anno=anno, versione=vista + 1
    )
