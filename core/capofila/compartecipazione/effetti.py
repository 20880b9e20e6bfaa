"""What a change of the rule would do to those who use a service, from what the unit of work shows.

The same people, with the ISEE and the quantities that they have on a day, by two rules: the one that
holds in their comune, and another. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec
import polars as pl

from capofila.base.errori import DatiNonValidi
from capofila.compartecipazione.adozioni import Vigenza, vigente, vigenze
from capofila.compartecipazione.blocco import in_centesimi
from capofila.compartecipazione.calcolo import Quota
from capofila.compartecipazione.catalogo import schema
from capofila.compartecipazione.isee import difetto
from capofila.compartecipazione.massa import quote_di
from capofila.compartecipazione.schemi import Risolto, Schema
from capofila.compartecipazione.simula import Effetto, con_valori, riassumi
from capofila.compartecipazione.utenze import CasoUtente, casi

Contro = Literal["valori", "giorno", "ambito", "comune"]


class Prova(msgspec.Struct, frozen=True, kw_only=True):
    """The other rule: values of its own, the rule of another day, the scheme of the ambito for all, or
    what holds in one comune for all.
    """

    contro: Contro = "valori"
    valori: Mapping[str, Decimal] = {}
    giorno: date | None = None
    comune: str | None = None


async def effetto(servizio: str, giorno: date, prova: Prova, comune: str | None = None) -> Effetto:
    """Who would pay more or less, by band of ISEE and by comune.

    Args:
        servizio: the service.
        giorno: the day of the people, and of the rule as it is.
        prova: the other rule.
        comune: of one comune only, by its Belfiore code.

    Raises:
        NonTrovato, Conflitto: as :func:`capofila.compartecipazione.catalogo.schema`.
        DatiNonValidi: values that no scheme could have, or a rule of another unit.
    """
    trovato = await schema(servizio, giorno)
    presi = [uno for uno in await casi(servizio, giorno) if comune in (None, uno.comune)]
    comuni = {uno.comune for uno in presi}
    adesso = await vigenze(servizio, giorno, comuni)
    poi = await _altra_regola(servizio, giorno, prova, adesso)
    unita = {v.risolto.unita for v in (*adesso.values(), *poi.values()) if v.risolto is not None}
    if len(unita) > 1:
        raise DatiNonValidi(
            "Le due regole non sono della stessa unità: non si possono confrontare."
        )
    return riassumi(
        pl.DataFrame(
            {
                "comune": pl.Series([uno.comune for uno in presi], dtype=pl.String),
                "isee": in_centesimi(_isee(uno, trovato) for uno in presi),
                "prima": _centesimi(quote_di(adesso, presi)),
                "dopo": _centesimi(quote_di(poi, presi)),
            }
        )
    )


async def _altra_regola(
    servizio: str, giorno: date, prova: Prova, adesso: Mapping[str, Vigenza]
) -> dict[str, Vigenza]:
    """By comune, what would hold; people, and their day, stay the same."""
    cambia = msgspec.structs.replace
    match prova.contro:
        case "valori":
            return {
                comune: una
                if una.risolto is None
                else cambia(una, risolto=con_valori(una.risolto, prova.valori))
                for comune, una in adesso.items()
            }
        case "giorno":
            return await vigenze(servizio, prova.giorno or giorno, adesso)
        case "ambito":
            risolto = (await schema(servizio, giorno)).risolvi(giorno)
            motivo = None if risolto is not None else "nessuno_schema"
            return {
                comune: una
                if una.motivo == "comune_fuori_ambito"
                else cambia(una, risolto=risolto, motivo=motivo)
                for comune, una in adesso.items()
            }  # fmt: skip
        case "comune":
            suo = await vigente(prova.comune or "", servizio, giorno)
            return {
                comune: una
                if una.motivo == "comune_fuori_ambito"
                else cambia(una, risolto=suo.risolto, motivo=suo.motivo)
                for comune, una in adesso.items()
            }  # fmt: skip


async def due_regole(
    servizio: str, giorno: date, prova: Prova, comune: str | None = None
) -> tuple[Risolto | None, Risolto | None]:
    """The two rules themselves, in a comune or as the ambito has them."""
    if comune is not None:
        adesso = {comune: await vigente(comune, servizio, giorno)}
        poi = await _altra_regola(servizio, giorno, prova, adesso)
        return adesso[comune].risolto, poi[comune].risolto
    prima = (await schema(servizio, giorno)).risolvi(giorno)
    match prova.contro:
        case "valori":
            return prima, None if prima is None else con_valori(prima, prova.valori)
        case "giorno":
            altro = prova.giorno or giorno
            return prima, (await schema(servizio, altro)).risolvi(altro)
        case "comune":
            return prima, (await vigente(prova.comune or "", servizio, giorno)).risolto
        case "ambito":
            return prima, prima


def _isee(uno: CasoUtente, schema: Schema) -> Decimal | None:
    """The ISEE that a band is told by: one that the service can use on the day."""
    isee = uno.caso.isee
    accetta = schema.accetta_omissioni
    manca = difetto(isee, uno.caso.giorno, schema.isee, accetta_omissioni=accetta)
    return None if isee is None or manca is not None else isee.valore


def _centesimi(quote: Sequence[Quota]) -> pl.Series:
    return in_centesimi(quota.importo for quota in quote)
