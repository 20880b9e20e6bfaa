"""Reminders by e-mail to whoever is late, as several rooms send them: addresses that are held, what was asked.

A room has a table of addresses by whom they are of, and an outbox (`capofila.base.posta`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal, NamedTuple

import msgspec

from capofila.base import posta
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi


class Rubrica(NamedTuple):
    """A table of addresses, and the column that says whose; ``esempio`` of one."""

    tabella: Literal["recapito_indicatori", "recapito_spesa"]
    di_chi: Literal["titolare", "comune"]
    esempio: str


INDICATORI: Final = Rubrica("recapito_indicatori", "titolare", "ufficio@ente.it")
SPESA: Final = Rubrica("recapito_spesa", "comune", "ufficio@comune.it")


class Chiesti(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request: how many will be written to, and who cannot be."""

    quanti: int
    senza_recapito: tuple[str, ...] = ()


class Ultimo(msgspec.Struct, frozen=True, kw_only=True):
    """The last reminder."""

    giorno: date
    stato: str


def esigi_la_posta() -> None:
    """Go on only where e-mail can be sent.

    Raises:
        Conflitto: this platform sends none.
    """
    if not posta.configurata():
        raise Conflitto("L'invio della posta non è configurato: chiedi a chi gestisce Capofila.")


async def leggi(rubrica: Rubrica) -> dict[str, str]:
    """The addresses that are held, by whom they are of."""
    unita = unita_corrente()
    righe = await unita.righe(
        f"SELECT {rubrica.di_chi} AS chi, email FROM {rubrica.tabella} WHERE ambito_id = $1",  # noqa: S608  (names of ours)
        unita.ambito,
    )
    return {riga["chi"]: riga["email"] for riga in righe}


async def scrivi(rubrica: Rubrica, nuovi: Mapping[str, str]) -> None:
    """Keep the address of each that is named; an empty one is forgotten.

    Raises:
        DatiNonValidi: an address that is none.
    """
    if not all(not email or posta.indirizzo_valido(email) for email in nuovi.values()):
        raise DatiNonValidi(
            f"Un recapito non è un indirizzo di posta: scriverlo come {rubrica.esempio}"
        )
    unita, pieni = unita_corrente(), {chi: email for chi, email in nuovi.items() if email}
    await unita.esegui(
        f"DELETE FROM {rubrica.tabella} WHERE ambito_id = $1 AND {rubrica.di_chi} = ANY ($2::text[])",  # noqa: S608
        unita.ambito, [*nuovi],
    )  # fmt: skip
    await unita.esegui(
        f"INSERT INTO {rubrica.tabella} ({rubrica.di_chi}, email) "  # noqa: S608
        "SELECT * FROM unnest($1::text[], $2::text[])",
        [*pieni], [*pieni.values()],
    )  # fmt: skip
