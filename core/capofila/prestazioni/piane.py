"""The rows of a table that nothing is wrong with, by whole columns.

What `capofila.hooks.setaccio` does for the flow, done here for the ambito: each row finds its ente,
its comune and its year. The rows that do not pass, whatever the reason, go the way of the others,
one by one, where the reason is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
import polars as pl

from capofila.hooks import LottoPreparato, Preparatore, TracciatoXML
from capofila.hooks.setaccio import Setaccio
from capofila.prestazioni.lettura import Foglio, PerColonne
from capofila.prestazioni.rules import GIORNI, SENZA_ANNO, Riferimenti


class Divise(msgspec.Struct):
    """The rows of a lot.

    Attributes:
        piane: what to store of the plain ones: columns of `prestazione`, as text.
        taciuti: remarks on them that were not written out, by rule.
        altre: the others, None when there are none.
    """

    piane: pl.DataFrame
    taciuti: Counter[str]
    altre: LottoPreparato | None


def dividi(
    preparatore: Preparatore, foglio: Foglio, riferimenti: Riferimenti
) -> Iterator[Divise | LottoPreparato]:
    """The rows of a table, read, checked and put in form a block at a time."""
    vaglio = _Vaglio(preparatore, riferimenti)
    # Without a day the records of a flow have no place to be found: see `Collocazione`.
    per_colonne = GIORNI[0] in preparatore.flusso.campi_per_nome
    prima = 2
    for blocco in foglio.blocchi:
        if isinstance(blocco, PerColonne) and per_colonne:
            yield vaglio.dividi(blocco.tavola, prima)
        else:
            yield _in_forma(preparatore, preparatore.prepara([*blocco], prima))
        prima += len(blocco)


def _in_forma(preparatore: Preparatore, lotto: LottoPreparato) -> LottoPreparato:
    if isinstance(preparatore.flusso.tracciato, TracciatoXML):
        lotto.forme = preparatore.rendi(lotto)
    return lotto


class _Vaglio:
    """Divides the lots of one table."""

    def __init__(self, preparatore: Preparatore, riferimenti: Riferimenti) -> None:
        self._preparatore = preparatore
        self._riferimenti = riferimenti
        self._setaccio = Setaccio(preparatore)

    def dividi(self, celle: pl.DataFrame, prima_riga: int) -> Divise:
        numeri = pl.Series("riga", range(prima_riga, prima_riga + celle.height), dtype=pl.Int32)
        passate = self._setaccio.passa(celle)
        passate.colonne, collocate = _colloca(passate.colonne, self._riferimenti)
        piane, taciuti = passate.scegli(collocate)
        altre = None
        if piane.height < celle.height:
            fuori = ~(passate.buone & collocate)
            altre = _in_forma(
                self._preparatore,
                self._preparatore.prepara_colonne(
                    PerColonne(celle.filter(fuori)).celle, numeri.filter(fuori).to_list()
                ),
            )
        if piane.height:
            piane = piane.with_columns(numeri.filter(passate.buone & collocate))
            rese = self._setaccio.rendi(piane)
            if rese is not None:
                gruppo, riga = rese
                piane = piane.with_columns(forma_riga=riga)
                piane = piane if gruppo is None else piane.with_columns(forma_gruppo=gruppo)
        return Divise(piane, taciuti, altre)


def _colloca(tavola: pl.DataFrame, riferimenti: Riferimenti) -> tuple[pl.DataFrame, pl.Series]:
    """The table with ente, day and year of each row, and which rows have their place."""
    niente = pl.lit(None, dtype=pl.String)
    giorni = [pl.col(nome) for nome in GIORNI if nome in tavola.columns]
    tavola = tavola.with_columns(competenza=pl.coalesce(giorni) if giorni else niente)
    tavola = tavola.with_columns(anno=pl.col("competenza").str.head(4).fill_null(SENZA_ANNO))
    if not {"ente_erogatore", "comune_titolare"} <= {*tavola.columns}:
        return tavola, pl.repeat(value=False, n=tavola.height, eager=True)
    enti = {
        testo: str(ente.id)
        for testo in tavola["ente_erogatore"].drop_nulls().unique().to_list()
        if (ente := riferimenti.ente(testo)) is not None
    }
    tavola = tavola.with_columns(
        ente_erogatore_id=pl.col("ente_erogatore").replace_strict(
            list(enti), list(enti.values()), default=None, return_dtype=pl.String
        )
    )
    return tavola, tavola["ente_erogatore_id"].is_not_null() & _dell_ambito(tavola, riferimenti)


def _dell_ambito(tavola: pl.DataFrame, riferimenti: Riferimenti) -> pl.Series:
    """Where the comune belongs to the ambito on the day of the row, and may be written."""
    comuni, giorni = tavola["comune_titolare"], tavola["competenza"]
    if riferimenti.solo_comune is not None:
        permesso = (comuni == riferimenti.solo_comune).fill_null(value=False)
    else:
        permesso = comuni.is_not_null()
    if riferimenti.sempre_membri(comuni.unique().to_list(), giorni.unique().to_list()):
        return permesso
    coppie = tavola.select("comune_titolare", "competenza").unique()
    membri = [
        comune is not None and riferimenti.membro(comune, giorno)
        for comune, giorno in coppie.iter_rows()
    ]
    dentro = tavola.select("comune_titolare", "competenza").join(
        coppie.with_columns(membro=pl.Series(membri, dtype=pl.Boolean)),
        on=["comune_titolare", "competenza"], how="left", nulls_equal=True, maintain_order="left",
    )  # fmt: skip
    return permesso & dentro["membro"]
