"""What the tests of the bodies register: an Accordo, who adhered, who sits. All invented."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

from capofila.base.database import unita_corrente, unita_di_lavoro
from capofila.governo import accordo, incarichi
from capofila.governo.composizione import Adesione, Incarico, Titolare
from capofila.governo.patto import Accordo, Firmatario, Modifica
from capofila.territorio import service as territorio
from tests.prestazioni.casi import TENANTS, contesto

GIORNO = date(2016, 3, 20)
PANDINO, SERGNANO, AGNADELLO, CREMA = "019067", "019094", "019002", "019035"


class _Disfa(Exception):
    pass


@asynccontextmanager
async def crema() -> AsyncIterator[int]:
    """A unit of work of Crema with the Accordo of 2015, undone at the end; gives its number."""
    try:
        async with unita_di_lavoro(await contesto("crema")):
            await accordo.applica_accordi(TENANTS / "crema")
            vigente = await accordo.accordo_del_giorno(GIORNO)
            assert vigente is not None
            yield vigente.id
            raise _Disfa
    except _Disfa:
        pass


async def aderisce(accordo_id: int, settore: str = "cooperazione-sociale", **altro: Any) -> int:
    valori: dict[str, Any] = {
        "id": 0, "ente": f"Ente {settore}", "settore": settore, "dal": date(2015, 5, 15),
        "organo": "Consiglio direttivo", "numero": "1", "data": date(2015, 5, 10),
    }  # fmt: skip
    return await accordo.aderisci(accordo_id, Adesione(**(valori | altro)))


def incarico(organo: str, categoria: str | None, **altro: Any) -> Incarico:
    valori: dict[str, Any] = {
        "persona": "Ida Prova", "dal": date(2015, 6, 1), "data": date(2015, 5, 20),
        "designato_da": "Assemblea dei Sindaci",
    }  # fmt: skip
    return Incarico(organo=organo, categoria=categoria, **(valori | altro))


async def assegna(organo: str, categoria: str | None, **altro: Any) -> int:
    return await incarichi.assegna(incarico(organo, categoria, **altro))


async def componente(sub_ambito: str = "1", **altro: Any) -> int:
    """A member of the Comitato Ristretto."""
    valori: dict[str, Any] = {"unita": sub_ambito, "carica": "sindaco", "istat": PANDINO}
    return await assegna("comitato-ristretto", "componente", **(valori | altro))


def subentro(accordo_id: int, **altro: Any) -> Modifica:
    valori: dict[str, Any] = {
        "specie": "subentro", "dal": date(2016, 1, 1), "descrizione": "Subentra l'unione",
        "istat": AGNADELLO, "ente": "Unione dei Prati", "funzioni": ("tutela minori",),
        "organo": "Consiglio comunale", "numero": "9", "data": date(2015, 12, 1),
    }  # fmt: skip
    return Modifica(accordo_id=accordo_id, **(valori | altro))


async def seggio(organo: str, chiave: str, giorno: date = GIORNO) -> Titolare:
    (trovato,) = (u for u in await incarichi.titolari(organo, giorno) if u.chiave == chiave)
    return trovato


async def rifiuto(attesa: Any) -> str:
    """The words of a refusal."""
    try:
        await attesa
    except (incarichi.NominaRifiutata, accordo.AccordoRifiutato) as no:
        return no.messaggio
    raise AssertionError("it was not refused")


async def popola(nome: str) -> dict[str, str]:
    """One row of each table of the bodies in the ambito of the unit, with a name to know it by.

    Written by hand: not every ambito declares seats for who adheres, or a body that it shares.
    """
    unita = unita_corrente()
    capofila = next(ente for ente in await territorio.enti() if ente.capofila)
    nuovo = Accordo(
        codice="prova", titolo=f"Accordo {nome}", capofila_id=capofila.id, mesi=36,
        dal=date(2025, 1, 1), al=date(2027, 12, 31), organo="Enti", data=date(2024, 12, 1),
    )  # fmt: skip
    accordo_id = await accordo.registra_accordo(
        nuovo, [Firmatario(specie="altro", ente=f"Ente {nome}")]
    )
    adesione = await unita.valore(
        "INSERT INTO adesione (accordo_id, ente, settore, dal, organo, data) "
        "VALUES ($1, $2, 'volontariato', '2025-01-01', 'Consiglio', '2025-01-01') RETURNING id",
        accordo_id,
        f"Associazione {nome}",
    )
    modifica = await unita.valore(
        "INSERT INTO modifica_accordo (accordo_id, specie, dal, descrizione, organo, data) "
        "VALUES ($1, 'altro', '2025-02-01', $2, 'Enti', '2025-01-20') RETURNING id",
        accordo_id,
        f"Modifica {nome}",
    )
    comune = (await territorio.membri(date(2025, 1, 1)))[0].istat
    nominato = await unita.valore(
        "INSERT INTO incarico_organo (organo, categoria, unita, istat, persona, dal, designato_da, "
        "data) VALUES ('assemblea-dei-sindaci', 'sindaco', $1::text, $1::text, $2, '2025-01-01', 'Elettori', "
        "'2025-01-01') RETURNING id",
        comune,
        f"Persona {nome}",
    )
    pubblicata = await unita.valore(
        "INSERT INTO pubblicazione_organo (organo, specie, titolo, giorno, contenuto, sha256, "
        "ambiti) SELECT 'cabina-di-regia', 'seduta', $1, '2025-01-01', '\\x7b7d'::bytea, "
        "encode(sha256('\\x7b7d'::bytea), 'hex'), array_agg(id) FROM ambito "
        "WHERE slug = 'casalmaggiore' RETURNING id",
        f"Seduta {nome}",
    )
    return {
        "accordo": str(accordo_id), "adesione_accordo": str(adesione),
        "modifica_accordo": str(modifica), "incarico_organo": str(nominato),
        "pubblicazione_organo": str(pubblicata),
    }  # fmt: skip
