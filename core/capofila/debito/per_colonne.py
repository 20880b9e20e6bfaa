"""Reading stored records as columns of text, the form in which a flow prepares them.

COPY gives the values of a row as one line: taking a million rows apart costs a fifth of what it costs
to make a record of each, and PostgreSQL reads on meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from capofila.base.database import UnitaDiLavoro

RIGHE_PER_VOLTA: Final = 5000
Ricevi = Callable[[list[list[str]]], Awaitable[None]]

_FUGA: Final = re.compile(r"\\(.)", re.DOTALL)
_LETTERE: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}


def in_colonne(testo: str, quante: int) -> list[list[str]]:
    r"""Take lines of COPY apart, each with so many values, the last line ended as well.

    >>> in_colonne("a\tb\nc\t\n", 2)
    [['a', 'c'], ['b', '']]
    >>> in_colonne("uno\\ndue\t\\\\\n", 2)
    [['uno\ndue'], ['\\']]
    """
    celle = testo.removesuffix("\n").replace("\n", "\t").split("\t")
    if "\\" in testo:
        celle = [_FUGA.sub(lambda f: _LETTERE.get(f[1], f[1]), c) for c in celle]
    return [celle[n::quante] for n in range(quante)]


async def leggi_per_colonne(
    unita: UnitaDiLavoro, colonne: Sequence[str], da: str, valori: Sequence[object], ricevi: Ricevi
) -> None:
    """Read the rows of a query, some thousands at a time.

    Args:
        unita: whose policies hold.
        colonne: the SQL of each; NULL comes as an empty text.
        da: what follows in the query, from FROM on.
        valori: of its parameters.
        ricevi: gets each time one list of texts a column, in the order of the query.
    """
    raccolti: list[bytes] = []
    righe = 0

    async def consegna(fine: bool) -> None:
        nonlocal righe
        intere, a_capo, resto = b"".join(raccolti).rpartition(b"\n")
        if fine and resto:
            raise RuntimeError("the last row of the stream was cut")
        raccolti[:] = [resto]
        righe = 0
        if a_capo:
            await ricevi(in_colonne((intere + a_capo).decode(), len(colonne)))

    async def arriva(dati: bytes) -> None:
        nonlocal righe
        raccolti.append(dati)
        righe += dati.count(b"\n")
        if righe >= RIGHE_PER_VOLTA:
            await consegna(fine=False)

    await unita.copia_da(
        f"SELECT {', '.join(colonne)} {da}", *valori, verso=arriva, format="text", null=""
    )
    await consegna(fine=True)
