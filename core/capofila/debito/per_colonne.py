"""Reading stored records as columns of text, the form in which a flow checks them.

COPY gives the values of a row as one line: taking a million rows apart by columns costs a fraction of
what it costs to make a record of each, and PostgreSQL reads on meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import polars as pl

from capofila.base.database import UnitaDiLavoro
from capofila.hooks import ErroreRiga, Flusso, Preparatore, TracciatoXML
from capofila.hooks.setaccio import Setaccio

RIGHE_PER_VOLTA: Final = 10_000
Ricevi = Callable[[pl.DataFrame], Awaitable[None]]

_FUGA: Final = re.compile(r"\\(.)", re.DOTALL)
_LETTERE: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}


def in_colonne(testo: str, quante: int) -> pl.DataFrame:
    r"""Take lines of COPY apart, each with so many values, the last line ended as well.

    >>> in_colonne("a\tb\nc\t\n", 2).rows()
    [('a', 'b'), ('c', None)]
    >>> in_colonne("uno\\ndue\t\\\\\n", 2).rows()
    [('uno\ndue', '\\')]
    """
    schema = {str(n): pl.String for n in range(quante)}
    if "\\" not in testo and quante > 1:
        return pl.read_csv(
            testo.encode(), has_header=False, schema=schema, separator="\t", quote_char=None
        )
    celle = testo.removesuffix("\n").replace("\n", "\t").split("\t")
    lette = [_FUGA.sub(lambda f: _LETTERE.get(f[1], f[1]), c) or None for c in celle]
    return pl.DataFrame([lette[n::quante] for n in range(quante)], schema=schema)


async def leggi_per_colonne(
    unita: UnitaDiLavoro, colonne: Sequence[str], da: str, valori: Sequence[object], ricevi: Ricevi
) -> None:
    """Read the rows of a query, some thousands at a time.

    Args:
        unita: whose policies hold.
        colonne: the SQL of each; an empty text comes as NULL.
        da: what follows in the query, from FROM on.
        valori: of its parameters.
        ricevi: gets each time a table of texts, its columns in the order of the query.
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


class Controllore:
    """Checks stored records again: by columns where nothing is wrong, one by one elsewhere.

    Args:
        flusso: whose rules hold now.
    """

    def __init__(self, flusso: Flusso) -> None:
        self.nomi = [campo.nome for campo in flusso.campi]
        self._preparatore = Preparatore(flusso, self.nomi)
        # What passes the sieve is written by columns too, and that is for XML only.
        xml = isinstance(flusso.tracciato, TracciatoXML)
        self._setaccio = Setaccio(self._preparatore) if xml else None

    def controlla(self, celle: pl.DataFrame) -> Controllati:
        """Check some records: columns of text in the order of the fields."""
        return Controllati(celle, self._preparatore, self._setaccio)


class Controllati:
    """Some records that were checked.

    Attributes:
        quanti: how many.
        errori: what is wrong; the row is the place of the record, from 1.
    """

    def __init__(
        self, celle: pl.DataFrame, preparatore: Preparatore, setaccio: Setaccio | None
    ) -> None:
        self._preparatore, self._setaccio = preparatore, setaccio
        self._passate = None if setaccio is None else setaccio.passa(celle)
        self.quanti = celle.height
        self._altri = [*range(celle.height)]
        if self._passate is not None:
            fuori = ~self._passate.buone
            self._altri = fuori.arg_true().to_list()
            celle = celle.filter(fuori)
        self._lotto = preparatore.prepara_colonne(
            [colonna.fill_null("").to_list() for colonna in celle],
            [posto + 1 for posto in self._altri],
        )
        self.errori: list[ErroreRiga] = self._lotto.errori

    def rendi(self) -> tuple[list[str | None], list[str | None]]:
        """The fragments of all of them, as `Preparatore.rendi`; None where there is an error."""
        rese = self._preparatore.rendi(self._lotto)
        if self._passate is None or self._setaccio is None:
            return rese
        piane, _ = self._passate.scegli(self._passate.buone)
        scritte = self._setaccio.rendi(piane) if piane.height else None
        if scritte is None:
            return rese
        posti = self._passate.buone.arg_true().to_list()
        gruppo, riga = scritte
        gruppi = [None] * piane.height if gruppo is None else gruppo.to_list()
        return (
            _al_posto(self.quanti, (self._altri, rese[0]), (posti, gruppi)),
            _al_posto(self.quanti, (self._altri, rese[1]), (posti, riga.to_list())),
        )


def _al_posto(quanti: int, *parti: tuple[Sequence[int], Sequence[str | None]]) -> list[str | None]:
    """Values given with their places, in one list."""
    tutti: list[str | None] = [None] * quanti
    for posti, valori in parti:
        for posto, valore in zip(posti, valori, strict=True):
            tutti[posto] = valore
    return tutti
