"""The quotas of many users as :func:`calcolo.calcola` gives them one by one, by columns where it can be.

Pure. Whoever pays by the same figures is computed together by :mod:`blocco`; whoever the columns give
no quota is done one by one, so that the reason is always that of the one computation there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import polars as pl

from capofila.base.errori import DatiNonValidi
from capofila.compartecipazione.adozioni import Vigenza
from capofila.compartecipazione.blocco import quote
from capofila.compartecipazione.calcolo import Caso, calcola, chiede_isee
from capofila.compartecipazione.isee import Attestazione, SpecieISEE
from capofila.compartecipazione.schemi import Risolto
from capofila.compartecipazione.utenti import difetti

_FACOLTATIVE: Final = ("costo", "punti", "disponibile")
_ESITI: Final = {
    "posto": pl.UInt32(), "stato": pl.String(), "quota": pl.Int64(), "motivo": pl.String(),
}  # fmt: skip


def quote_di(vigenze: Mapping[str, Vigenza], casi: pl.DataFrame, giorno: date) -> pl.DataFrame:
    """The quota of each case by what holds in its comune: ``stato``, ``quota`` in cents, ``motivo``.

    Args:
        vigenze: by comune; those of all the cases are there.
        casi: as :func:`utenti.casi` gives them; the outcomes are in their order.
        giorno: the day of the cases.
    """
    righe = casi.with_row_index("posto")
    gruppi: dict[object, tuple[Vigenza, list[str]]] = {}
    for comune, vigenza in vigenze.items():
        gruppi.setdefault(_chiave(vigenza), (vigenza, []))[1].append(comune)
    fatte = [
        _del_gruppo(vigenza, suoi, giorno)
        for vigenza, comuni in gruppi.values()
        if (suoi := righe.filter(pl.col("comune").is_in(comuni))).height
    ]
    return pl.concat([pl.DataFrame(schema=_ESITI), *fatte]).sort("posto").drop("posto")


def _chiave(vigenza: Vigenza) -> object:
    """Equal where the figures are: comuni that took a scheme by acts of their own pay the same."""
    risolto = vigenza.risolto
    if risolto is None:
        return vigenza.motivo
    valori = sorted((nome, letto.valore) for nome, letto in risolto.letti.items())
    return risolto.schema, risolto.dal, tuple(valori)


def _del_gruppo(vigenza: Vigenza, casi: pl.DataFrame, giorno: date) -> pl.DataFrame:
    """The outcomes of those who pay by the same figures."""
    risolto = vigenza.risolto
    if risolto is None:
        motivo = vigenza.motivo or "nessuno_schema"
        return _esiti(casi, pl.lit("non_calcolata"), pl.lit(None), pl.lit(motivo))
    manca = pl.Series("manca", [None] * casi.height, dtype=pl.String)
    if chiede_isee(risolto):
        manca = difetti(
            casi, giorno, risolto.isee, accetta_omissioni=risolto.accetta_omissioni
        ).alias("manca")
    # Cases that say the same things stand in one block: a column is there for all of it, or not at all.
    detto = casi.with_columns(
        manca,
        pl.col("condizioni").list.eval(pl.element().is_in([*risolto.condizioni])).list.all()
        .alias("note"),
        *(pl.col(nome).is_not_null().alias(f"con_{nome}") for nome in _FACOLTATIVE),
    )  # fmt: skip
    blocchi = detto.partition_by("note", *(f"con_{nome}" for nome in _FACOLTATIVE))
    fatte = []
    for uno in blocchi:
        quota = pl.Series("quota", _centesimi(risolto, uno), dtype=pl.Int64)
        stato = pl.when(pl.col("manca").is_null()).then(pl.lit("calcolata"))
        calcolati = uno.with_columns(quota)
        fatte.append(
            _esiti(
                calcolati.filter(pl.col("quota").is_not_null()),
                stato.otherwise(pl.lit("senza_isee")), pl.col("quota"), pl.col("manca"),
            )
        )  # fmt: skip
        fatte.append(_da_soli(risolto, calcolati.filter(pl.col("quota").is_null()), giorno))
    return pl.concat(fatte)


def _esiti(casi: pl.DataFrame, stato: pl.Expr, quota: pl.Expr, motivo: pl.Expr) -> pl.DataFrame:
    colonne = {"stato": stato, "quota": quota, "motivo": motivo}
    return casi.select("posto", **{nome: c.cast(_ESITI[nome]) for nome, c in colonne.items()})


def _centesimi(risolto: Risolto, casi: pl.DataFrame) -> pl.Series | list[None]:
    """The cents of some cases; none of all where the columns cannot tell."""
    if not casi["note"][0]:
        return [None] * casi.height
    colonne = casi.select(
        pl.when(pl.col("manca").is_null()).then(pl.col("isee")).alias("isee"),
        "quantita",
        *(nome for nome in _FACOLTATIVE if casi[f"con_{nome}"][0]),
        *(pl.col("condizioni").list.contains(nome).alias(nome) for nome in risolto.condizioni),
    )
    try:
        return quote(risolto, colonne)
    except DatiNonValidi:
        # Something that the formula looks at was not said, or is out of bounds: each with its reason.
        return [None] * casi.height


def _da_soli(risolto: Risolto, casi: pl.DataFrame, giorno: date) -> pl.DataFrame:
    """The outcomes of those whom the columns give no quota."""
    fatte = [calcola(risolto, _caso(uno, giorno)) for uno in casi.iter_rows(named=True)]
    return pl.DataFrame(
        {
            "posto": casi["posto"],
            "stato": [quota.stato for quota in fatte],
            "quota": [None if q.importo is None else int(q.importo.scaleb(2)) for q in fatte],
            "motivo": [quota.motivo for quota in fatte],
        },
        schema=_ESITI,
    )


def _caso(uno: Mapping[str, Any], giorno: date) -> Caso:
    """One row as the computation of one reads it."""

    def decimale(nome: str) -> Any:
        return None if uno[nome] is None else Decimal(uno[nome]).scaleb(-2)

    isee = None
    if uno["isee"] is not None:
        isee = Attestazione(
            valore=decimale("isee"), specie=SpecieISEE(uno["specie"]),
            presentata=uno["presentata"], ultimo_giorno=uno["ultimo_giorno"],
            omissioni=uno["omissioni"],
        )  # fmt: skip
    return Caso(
        giorno=giorno, isee=isee, condizioni=frozenset(uno["condizioni"]),
        **{nome: decimale(nome) for nome in ("quantita", *_FACOLTATIVE)},
    )  # fmt: skip
