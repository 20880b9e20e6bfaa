"""All the users of a service on a day, by columns: what each uses, and the ISEE of her quota.

Runs inside a unit of work of the ambito. Amounts and quantities are in hundredths, as :mod:`blocco`
wants them. Which attestation counts, and what keeps it out, are the rules of one person
(:func:`utenze.scegli`, :func:`isee.difetto`): asked once for all who showed the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import polars as pl

from capofila.base.database import unita_corrente
from capofila.compartecipazione.catalogo import schema
from capofila.compartecipazione.isee import Attestazione, SpecieISEE, difetto
from capofila.compartecipazione.schemi import Schema

_MOSTRATO: Final = {
    "specie": pl.String(), "presentata": pl.Date(), "ultimo_giorno": pl.Date(),
    "omissioni": pl.Boolean(),
}  # fmt: skip
"""What of an attestation decides whether it can be used; its value is always one that can be an ISEE."""
ATTESTAZIONI: Final = {
    "assistito": pl.Int64(), "attestazione": pl.Int64(), "isee": pl.Int64(), **_MOSTRATO,
}  # fmt: skip
UTENTI: Final = {
    "utenza": pl.Int64(), "assistito": pl.Int64(), "comune": pl.String(), "quantita": pl.Int64(),
    "costo": pl.Int64(), "punti": pl.Int64(), "disponibile": pl.Int64(),
    "condizioni": pl.String(),
}  # fmt: skip
_DI: Final = (
    "z.ambito_id = $1 AND z.servizio = $2 AND z.ritirata_il IS NULL AND z.dal <= $3 "
    "AND (z.al IS NULL OR z.al >= $3)"
)


async def utenti(servizio: str, giorno: date) -> list[int]:
    """The numbers of the users of a service on a day, in the order of :func:`casi`."""
    unita = unita_corrente()
    righe = await unita.righe(
        f"SELECT z.id FROM utenza z WHERE {_DI} ORDER BY z.comune, z.id",
        unita.ambito,
        servizio,
        giorno,
    )
    return [riga["id"] for riga in righe]


async def casi(servizio: str, giorno: date) -> pl.DataFrame:
    """The case of every user of a service on a day, by comune and number, in a fixed number of queries.

    What holds in each comune is :func:`capofila.compartecipazione.adozioni.vigenze`.

    Returns:
        The columns of :data:`UTENTI`, conditions as lists of names, and those of :data:`ATTESTAZIONI`,
        empty for who showed nothing.

    Raises:
        NonTrovato, Conflitto: as :func:`capofila.compartecipazione.catalogo.schema`.
    """
    return await casi_per(await schema(servizio, giorno), servizio, giorno)


async def casi_per(
    trovato: Schema | None, servizio: str, giorno: date, fra: Sequence[int] | None = None
) -> pl.DataFrame:
    """The same by a scheme, some of them where ``fra`` names them; without a scheme no ISEE is looked at."""
    unita = unita_corrente()
    # Two queries and not one with an OR: of that one PostgreSQL would soon keep a plan that reads all.
    fra_questi = "true" if fra is None else "z.id = ANY ($4::bigint[])"
    chiesti = (unita.ambito, servizio, giorno, *([] if fra is None else [list(fra)]))
    mostrate: Sequence[Any] = ()
    if trovato is not None:
        mostrate = await unita.righe(
            "SELECT t.assistito_id, t.id, (t.valore * 100)::bigint, t.specie, t.presentata, "
            "t.ultimo_giorno, t.omissioni FROM attestazione_isee t WHERE t.ambito_id = $1 "
            "AND t.ritirata_il IS NULL AND t.assistito_id IN "
            f"(SELECT z.assistito_id FROM utenza z WHERE {_DI} AND {fra_questi})",
            *chiesti,
        )
    trovati = await unita.righe(
        "SELECT z.id, z.assistito_id, z.comune, (z.quantita * 100)::bigint, "
        "(z.costo * 100)::bigint, (z.punti * 100)::bigint, (z.disponibile * 100)::bigint, "
        f"array_to_string(z.condizioni, ' ') FROM utenza z WHERE {_DI} AND {fra_questi} "
        "ORDER BY z.comune, z.id",
        *chiesti,
    )
    isee = _colonne(mostrate, ATTESTAZIONI)
    if trovato is not None:
        isee = scelte(isee, giorno, trovato.isee, accetta_omissioni=trovato.accetta_omissioni)
    utenti = _colonne(trovati, UTENTI)
    return utenti.with_columns(pl.col("condizioni").str.extract_all(r"\S+")).join(
        isee, on="assistito", how="left", maintain_order="left"
    )


def _colonne(righe: Sequence[Any], tipi: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Rows of a query by columns."""
    valori: Sequence[Any] = [*zip(*righe, strict=True)] or [()] * len(tipi)
    return pl.DataFrame(
        {n: pl.Series(v, dtype=t) for (n, t), v in zip(tipi.items(), valori, strict=True)}
    )


def scelte(
    attestazioni: pl.DataFrame,
    giorno: date,
    specie: frozenset[SpecieISEE],
    *,
    accetta_omissioni: bool = False,
) -> pl.DataFrame:
    """Of each person the attestation by which a quota is computed, as :func:`utenze.scegli` chooses it.

    Args:
        attestazioni: the columns of :data:`ATTESTAZIONI`, none of them withdrawn.
        giorno: the day.
        specie: the kinds that the service takes.
        accetta_omissioni: whether it takes one with omissions.
    """
    buona = difetti(attestazioni, giorno, specie, accetta_omissioni=accetta_omissioni).is_null()
    corrente = attestazioni["specie"] == SpecieISEE.CORRENTE.value
    return attestazioni.sort(
        buona, buona & corrente, attestazioni["presentata"] <= giorno, "presentata", "attestazione"
    ).unique("assistito", keep="last", maintain_order=True)


def difetti(
    mostrate: pl.DataFrame,
    giorno: date,
    specie: frozenset[SpecieISEE],
    *,
    accetta_omissioni: bool = False,
) -> pl.Series:
    """Why each ISEE cannot be used on a day, as :func:`isee.difetto` says; empty where it can.

    Args:
        mostrate: the columns of an attestation; without a value there is none.
        giorno: the day.
        specie: the kinds that the service takes.
        accetta_omissioni: whether it takes one with omissions.
    """
    chiavi = mostrate.select(pl.col("isee").is_not_null().alias("mostrato"), *_MOSTRATO)
    diverse = chiavi.unique()
    detti = [
        difetto(
            Attestazione(
                valore=Decimal(0), specie=SpecieISEE(una["specie"]), presentata=una["presentata"],
                ultimo_giorno=una["ultimo_giorno"], omissioni=una["omissioni"],
            ) if una["mostrato"] else None,
            giorno, specie, accetta_omissioni=accetta_omissioni,
        )
        for una in diverse.iter_rows(named=True)
    ]  # fmt: skip
    return chiavi.join(
        diverse.with_columns(pl.Series("difetto", detti, dtype=pl.String)),
        on=chiavi.columns, how="left", nulls_equal=True, maintain_order="left",
    )["difetto"]  # fmt: skip
