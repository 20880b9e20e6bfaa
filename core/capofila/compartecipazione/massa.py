"""The quotas of many users as :func:`calcolo.calcola` gives them one by one, by columns where it can be.

Pure. Whoever pays by the same figures is computed together by :mod:`blocco`; whoever the columns give
no quota is done one by one, so that the reason is always that of the one computation there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import polars as pl

from capofila.base.errori import DatiNonValidi
from capofila.compartecipazione.adozioni import Vigenza
from capofila.compartecipazione.blocco import in_centesimi, quote
from capofila.compartecipazione.calcolo import Caso, Quota, calcola, chiede_isee
from capofila.compartecipazione.isee import Difetto, difetto
from capofila.compartecipazione.schemi import Risolto
from capofila.compartecipazione.utenze import CasoUtente

_FACOLTATIVE: Final = ("costo", "punti", "disponibile")
_ERRORI_DI_CHI_SCRIVE: Final = ("isee_negativo", "isee_assurdo")


def quote_di(vigenze: Mapping[str, Vigenza], casi: Sequence[CasoUtente]) -> list[Quota]:
    """The quota of each case by what holds in its comune, in their order, without the trace.

    Args:
        vigenze: by comune, of the service and day of the cases.
        casi: the cases.
    """
    gruppi: dict[object, tuple[Risolto, list[int]]] = {}
    esiti: dict[int, Quota] = {}
    chiavi = {comune: _chiave(vigenza.risolto) for comune, vigenza in vigenze.items()}
    for posto, caso in enumerate(casi):
        vigenza = vigenze[caso.comune]
        if vigenza.risolto is None:
            esiti[posto] = Quota(stato="non_calcolata", motivo=vigenza.motivo or "nessuno_schema")
        else:
            gruppi.setdefault(chiavi[caso.comune], (vigenza.risolto, []))[1].append(posto)
    for risolto, posti in gruppi.values():
        trovate = in_blocco(risolto, [casi[posto].caso for posto in posti])
        esiti.update(zip(posti, trovate, strict=True))
    return [esiti[posto] for posto in range(len(casi))]


def _chiave(risolto: Risolto | None) -> object:
    """Equal where the figures are: comuni that took a scheme by acts of their own pay the same."""
    if risolto is None:
        return None
    valori = sorted((nome, letto.valore) for nome, letto in risolto.letti.items())
    return risolto.schema, risolto.dal, tuple(valori)


def in_blocco(risolto: Risolto, casi: Sequence[Caso]) -> list[Quota]:
    """The quotas of many cases by one scheme, without the trace; the same as one by one."""
    con_isee = chiede_isee(risolto)
    mancanze: list[Difetto | None] = [
        difetto(c.isee, c.giorno, risolto.isee, accetta_omissioni=risolto.accetta_omissioni)
        if con_isee
        else None
        for c in casi
    ]
    esiti: list[Quota | None] = [None] * len(casi)
    # Cases that say the same things stand in one block: a column is there for all of it, or not at all.
    blocchi: dict[tuple[bool, ...], list[int]] = {}
    for posto, (caso, manca) in enumerate(zip(casi, mancanze, strict=True)):
        if manca not in _ERRORI_DI_CHI_SCRIVE and caso.condizioni <= risolto.condizioni.keys():
            detto = tuple(getattr(caso, nome) is not None for nome in _FACOLTATIVE)
            blocchi.setdefault(detto, []).append(posto)
    for posti in blocchi.values():
        for posto, cifra in zip(posti, _centesimi(risolto, casi, mancanze, posti), strict=True):
            if cifra is not None:
                manca = mancanze[posto]
                esiti[posto] = Quota(
                    stato="calcolata" if manca is None else "senza_isee",
                    importo=Decimal(cifra).scaleb(-2), motivo=manca,
                )  # fmt: skip
    return [
        _da_solo(risolto, caso) if esito is None else esito
        for caso, esito in zip(casi, esiti, strict=True)
    ]


def _centesimi(
    risolto: Risolto,
    casi: Sequence[Caso],
    mancanze: Sequence[Difetto | None],
    posti: Sequence[int],
) -> list[int | None]:
    """The cents of some cases; None of all where the columns cannot tell."""
    presi = [casi[posto] for posto in posti]
    colonne = {
        "isee": in_centesimi(
            caso.isee.valore if caso.isee is not None and mancanze[posto] is None else None
            for posto, caso in zip(posti, presi, strict=True)
        ),
        "quantita": in_centesimi(caso.quantita for caso in presi),
        **{
            nome: in_centesimi(getattr(caso, nome) for caso in presi)
            for nome in _FACOLTATIVE
            if getattr(presi[0], nome) is not None
        },
        **{nome: pl.Series([nome in c.condizioni for c in presi]) for nome in risolto.condizioni},
    }
    try:
        trovate: list[int | None] = quote(risolto, pl.DataFrame(colonne)).to_list()
    except DatiNonValidi:
        # Something that the formula looks at was not said, or is out of bounds: each with its reason.
        return [None] * len(posti)
    return trovate


def _da_solo(risolto: Risolto, caso: Caso) -> Quota:
    quota = calcola(risolto, caso)
    return Quota(stato=quota.stato, importo=quota.importo, motivo=quota.motivo)
