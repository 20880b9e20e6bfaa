"""Drafts: what was typed in a form, kept as it is, with no claim to be right.

A draft is of the prestazioni or of the minors, as the ``fonte`` of its flow says. That of a minor
never holds a codice fiscale (a constraint of the table): who the minor is stands under
:data:`MINORE`, as everywhere. Only the program writes the keys that begin with an underscore.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from capofila.accessi.service import registra
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.righe import BIGINT, riga_numero
from capofila.prestazioni.rules import FONTE, FONTE_MINORI

SOSTITUISCE: Final = "_sostituisce"
"""The record that a draft corrects."""
SEGUE: Final = "_segue"
"""The record of a minor from which that of another year goes on."""
MINORE: Final = "_minore"
"""The pseudonym of the minor, who was named by the codice fiscale."""
PER_PAGINA: Final = 50
_MASSIMA: Final = 20_000
_CODICE_FISCALE: Final = re.compile(
    "[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]", re.IGNORECASE
)
_NON_C_E: Final = "Questa bozza non c'è più: torna all'elenco delle bozze."


def senza_persona(valori: Mapping[str, str]) -> dict[str, str]:
    """The values of the form of a minor that a draft may keep: no codice fiscale, wherever typed."""
    return {
        nome: testo
        for nome, testo in valori.items()
        if nome != "codice_fiscale"
        # As the constraint of the table reads it.
        and _CODICE_FISCALE.search(msgspec.json.encode(testo).decode()) is None
    }


async def tieni(
    valori: Mapping[str, str],
    errori: int,
    *,
    bozza: int | None,
    comune: str | None,
    fonte: str = FONTE,
) -> int:
    """Put a form aside as it is; returns the draft.

    Args:
        valori: what was typed, by field.
        errori: how many data are missing or wrong.
        bozza: the draft that it takes the place of.
        comune: Belfiore code of the only comune of whoever writes.
        fonte: of the flow.

    Raises:
        NonTrovato: the draft is not there any more.
        Conflitto: it is too long to be kept.
    """
    unita = unita_corrente()
    testo = msgspec.json.encode(dict(valori)).decode()
    if len(testo) > _MASSIMA:
        raise Conflitto("Il modulo è troppo lungo per tenerlo come bozza: accorcia i testi.")
    titolare = comune or valori.get("comune_titolare", "").strip().upper()[:4]
    if bozza is None:
        nuova: int = await unita.valore(
            "INSERT INTO bozza (comune_titolare, valori, errori, fonte) "
            "VALUES ($1, $2::jsonb, $3, $4) RETURNING id",
            titolare,
            testo,
            errori,
            fonte,
        )
        await registra(f"{_DI[fonte]}.bozza", "bozza", str(nuova))
        return nuova
    trovata = await unita.valore(
        "UPDATE bozza SET valori = $3::jsonb, errori = $4, comune_titolare = $5, "
        "modificata_il = now() WHERE ambito_id = $1 AND id = $2 AND fonte = $6 RETURNING id",
        unita.ambito,
        bozza,
        testo,
        errori,
        titolare,
        fonte,
    )
    if trovata is None:
        raise NonTrovato(_NON_C_E)
    return bozza


_DI: Final = {FONTE: "prestazioni", FONTE_MINORI: "minori"}


async def quante(fonte: str = FONTE) -> int:
    """How many drafts wait."""
    unita = unita_corrente()
    trovate: int = await unita.valore(
        "SELECT count(*) FROM bozza WHERE ambito_id = $1 AND fonte = $2", unita.ambito, fonte
    )
    return trovate


async def elenco(fonte: str = FONTE, pagina: int = 1) -> list[dict[str, Any]]:
    """The drafts, the latest first; one more than a page when there are others."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT id, comune_titolare, valori, errori, modificata_il FROM bozza "
        "WHERE ambito_id = $1 AND fonte = $2 ORDER BY modificata_il DESC, id DESC LIMIT $3 OFFSET $4",
        unita.ambito,
        fonte,
        PER_PAGINA + 1,
        (pagina - 1) * PER_PAGINA,
    )
    return [dict(riga) | {"valori": msgspec.json.decode(riga["valori"])} for riga in righe]


async def leggi(id_: int, fonte: str = FONTE) -> dict[str, str]:
    """The values of a draft.

    Raises:
        NonTrovato: there is none with this number in the ambito.
    """
    riga = await riga_numero(
        "SELECT valori FROM bozza WHERE ambito_id = $1 AND id = $2 AND fonte = $3",
        id_,
        _NON_C_E,
        fonte,
    )
    valori: dict[str, str] = msgspec.json.decode(riga["valori"])
    return valori


async def butta(id_: int, fonte: str = FONTE) -> None:
    """Throw a draft away; nothing happens when it is not there.

    The pseudonym that was made for it, and that no record has, goes with it.
    """
    unita = unita_corrente()
    if id_ not in BIGINT:
        return
    minore = await unita.valore(
        "DELETE FROM bozza WHERE ambito_id = $1 AND id = $2 AND fonte = $3 RETURNING valori ->> $4",
        unita.ambito,
        id_,
        fonte,
        MINORE,
    )
    if minore is not None:
        await unita.valore("SELECT libera_pseudonimo($1)", minore)
