"""What a change of the rule would do to those who use a service, from what the unit of work shows.

The same people, with the ISEE and the quantities that they have on a day, by two rules: the one that
holds in their comune, and another. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec
import polars as pl

from capofila.base.attivazioni import plugin_attivi
from capofila.base.errori import DatiNonValidi, NonTrovato
from capofila.compartecipazione.adozioni import Vigenza, vigente, vigenze
from capofila.compartecipazione.catalogo import schema, schemi
from capofila.compartecipazione.massa import quote_di
from capofila.compartecipazione.schemi import Risolto, Schema
from capofila.compartecipazione.simula import Effetto, con_valori, riassumi
from capofila.compartecipazione.utenti import casi_per, difetti

Contro = Literal["valori", "giorno", "ambito", "comune", "schema"]


class Prova(msgspec.Struct, frozen=True, kw_only=True):
    """The other rule: values of its own, the rule of another day, the scheme of the ambito for all, what
    holds in one comune for all, or another scheme for all.
    """

    contro: Contro = "valori"
    valori: Mapping[str, Decimal] = {}
    giorno: date | None = None
    comune: str | None = None
    schema: str | None = None
    """The id of another scheme."""


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
    presi = await casi_per(trovato, servizio, giorno)
    if comune is not None:
        presi = presi.filter(pl.col("comune") == comune)
    comuni = presi["comune"].unique().to_list()
    adesso = await vigenze(servizio, giorno, comuni)
    poi = await _altra_regola(servizio, giorno, prova, adesso)
    unita = {v.risolto.unita for v in (*adesso.values(), *poi.values()) if v.risolto is not None}
    if len(unita) > 1:
        raise DatiNonValidi(
            "Le due regole non sono della stessa unità: non si possono confrontare."
        )
    # The ISEE that a band is told by is one that the service can use on the day.
    manca = difetti(
        presi, giorno, trovato.isee, accetta_omissioni=trovato.accetta_omissioni
    ).is_not_null()
    return riassumi(
        pl.DataFrame(
            {
                "comune": presi["comune"],
                "isee": presi["isee"].set(manca, None),
                "prima": quote_di(adesso, presi, giorno)["quota"],
                "dopo": quote_di(poi, presi, giorno)["quota"],
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
        case "comune":
            suo = await vigente(prova.comune or "", servizio, giorno)
            risolto, motivo = suo.risolto, suo.motivo
        case "ambito" | "schema":
            risolto = await _di_uno_schema(servizio, giorno, prova)
            motivo = None if risolto is not None else "nessuno_schema"
    return {
        comune: una
        if una.motivo == "comune_fuori_ambito"
        else cambia(una, risolto=risolto, motivo=motivo)
        for comune, una in adesso.items()
    }


async def altri_schemi(servizio: str, giorno: date) -> list[Schema]:
    """The schemes that the users of a service could be tried by: those of its unit with a formula that day.

    Raises:
        NonTrovato, Conflitto: as :func:`capofila.compartecipazione.catalogo.schema`.
    """
    suo = await schema(servizio, giorno)
    return [
        altro
        for altro in schemi(await plugin_attivi(giorno)).values()
        if altro.id != suo.id and altro.unita == suo.unita and altro.formula(giorno) is not None
    ]


async def _di_uno_schema(servizio: str, giorno: date, prova: Prova) -> Risolto | None:
    """The scheme of the ambito on a day, or the other one that is tried.

    Raises:
        NonTrovato: the other one is not among :func:`altri_schemi`.
    """
    if prova.contro == "ambito":
        return (await schema(servizio, giorno)).risolvi(giorno)
    for altro in await altri_schemi(servizio, giorno):
        if altro.id == prova.schema:
            return altro.risolvi(giorno)
    raise NonTrovato(
        "Questo schema in quel giorno non c’è, o è di un’altra unità: scegline un altro."
    )


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
        case "ambito" | "schema":
            return prima, await _di_uno_schema(servizio, giorno, prova)
