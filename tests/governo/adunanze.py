"""Meetings for the tests of their life: the Assemblea of the Casalasco with its true comuni, invented votes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from typing import Any

from msgspec import structs

from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.base.database import unita_corrente
from capofila.governo import condivise, deliberazioni, sala, sedute
from capofila.governo.competenze import materie_note
from capofila.governo.deliberazioni import Deliberazione, Votazione
from capofila.governo.quote import QuoteRegistrate, registra_quote
from capofila.governo.sedute import Adunanza, Proposta
from capofila.governo.voti import Scelta, Voto
from capofila.territorio import service as territorio

GIORNO = date(2026, 6, 12)
CASALMAGGIORE, GUSSOLA, PIADENA = "019021", "019052", "019116"
PERCHE = "Statuto, art. 12 (inventato)"
"""Why a body deals with what no source gives to any; kept only of such a matter."""
TRE = (CASALMAGGIORE, PIADENA, GUSSOLA)

REGOLE_DI_CREMA: dict[str, Any] = {
    "atto": {
        "organo": "Esempio",
        "titolo": "Regolamento dell'Assemblea (inventato)",
        "ipotesi": True,
        "nota": "il regolamento a cui l'Accordo rimanda non è stato reperito",
    },
    "voto": {
        "condizioni": [{"misura": "teste", "piu_di": "1/2", "base": "presenti"}],
        "astensioni": "voto",
        "parita": "presidenza",
    },
    "quorum": {"condizioni": [{"misura": "teste", "piu_di": "1/2"}]},
    "quorum_seconda": {"condizioni": [{"misura": "teste", "almeno": "1/3"}]},
    "deleghe": {"ammesse": True, "massimo": 1, "nel_quorum": False},
}


async def materia_nota() -> str:
    """A matter that the plugin of the ambito knows, and that wants nothing before it."""
    note = materie_note((await plugin_attivi(GIORNO)).organi())
    return next(una for una in ("priorita", "quota-dei-comuni") if una in note)


async def prepara(
    *proposte: Proposta, organo: str = "assemblea-dei-sindaci", giorno: date = GIORNO, **altro: Any
) -> tuple[int, list[int]]:
    """A meeting that was called, with a point and its proposals; its number and theirs."""
    id_ = await sedute.crea(
        Adunanza(
            organo=organo, giorno=giorno, ora=time(18), **{"luogo": "Sala consiliare", **altro}
        )
    )
    punto = await sedute.aggiungi_punto(id_, "Quota dei comuni")
    quali = proposte or (Proposta(materia=await materia_nota(), anno=2026, oggetto="La quota"),)
    messe = [
        await sedute.aggiungi_proposta(
            punto, structs.replace(una, motivazione=una.motivazione or PERCHE)
        )
        for una in quali
    ]
    await sedute.convoca(id_, min(giorno.replace(day=1), oggi()))
    return id_, messe


async def tutti(id_: int) -> list[str]:
    """The ids of who is entitled, in their order."""
    return [uno.id for uno in (await sala.sala(id_)).apertura.aventi_diritto]


def voti_di(presenti: Iterable[str], favorevoli: Iterable[str]) -> list[Voto]:
    """Those in favour, and against all the others."""
    si = set(favorevoli)
    return [
        Voto.intero(chi, Scelta.FAVOREVOLE if chi in si else Scelta.CONTRARIO) for chi in presenti
    ]


async def aperta(*proposte: Proposta, **altro: Any) -> tuple[int, list[int]]:
    """The same, open, with everybody there and who the acts say presiding."""
    id_, messe = await prepara(*proposte, **altro)
    await sala.apri(id_)
    await sala.segna_presenza(id_, await tutti(id_), True, ora=time(18))
    await presiede_chi_deve(id_)
    return id_, messe


async def presiede_chi_deve(id_: int) -> None:
    """Who the acts say presides; nobody where they leave it open."""
    regola, _ = await sala.chi_puo_presiedere(await sedute.adunanza(id_), await sala.sala(id_))
    if regola.chi is not None:
        await sala.segna_presidenza(id_, regola.chi, ora=time(18))


async def decidi(
    id_: int, proposta: int, favorevoli: Iterable[str], **altro: Any
) -> tuple[Votazione, Deliberazione | None]:
    """Who is there votes: these in favour, the others against."""
    presenti = (await sala.sala(id_)).presenti
    return await deliberazioni.vota(
        proposta, "appello", voti=voti_di(presenti, favorevoli), ora=time(19), **altro
    )


async def una_seduta(nome: str) -> dict[str, str]:
    """A meeting that is held, marked by a name: an act, what came before it, what is still to be voted."""
    regole = {n: v for n, v in REGOLE_DI_CREMA.items() if n in ("atto", "voto")}
    materia = await materia_nota()
    id_, [votata, resta] = await aperta(
        Proposta(materia=materia, anno=2025, oggetto=f"Atto {nome}", testo=f"Testo {nome}"),
        Proposta(materia=materia, anno=2025, oggetto=f"Resta {nome}"),
        giorno=date(2025, 6, 12),
        luogo=f"Sala {nome}",
        regole=regole,
    )
    documento = await sedute.aggiungi_documento(id_, None, f"{nome}.txt", f"Nota {nome}".encode())
    _, deliberata = await decidi(id_, votata, await tutti(id_))
    assert deliberata is not None
    precedente = await deliberazioni.registra_precedente(
        deliberazioni.Precedente(
            specie="atto", di=materia, materia=materia, giorno=date(2025, 1, 7),
            prova=f"Verbale {nome}", motivazione=PERCHE,
        )
    )  # fmt: skip
    # By hand: the body is of each ambito alone, and its copy is for a third one.
    copia = condivise.in_byte(await condivise.fotografa(id_))
    await unita_corrente().esegui(
        "INSERT INTO pubblicazione_organo (organo, specie, titolo, giorno, contenuto, sha256, "
        "ambiti, seduta_id) SELECT 'assemblea-dei-sindaci', 'seduta', $1, '2025-06-12', $2::bytea, "
        "encode(sha256($2::bytea), 'hex'), array_agg(id), $3 FROM ambito "
        "WHERE slug = 'casalmaggiore'",
        f"Copia {nome}", copia, id_,
    )  # fmt: skip
    quote = await registra_quote(
        QuoteRegistrate(
            id=0, anno=2025, ente=f"Azienda {nome}", organo="Assemblea", numero="1",
            data=date(2025, 1, 7),
        ),
        {uno.istat: Decimal(5) for uno in await territorio.membri(date(2025, 6, 12))},
    )  # fmt: skip
    return {
        "atto_quote": str(quote), "seduta": str(id_), "seduta_condivisa": str(id_),
        "documento_seduta": str(documento),
        "proposta": str(resta),
        "deliberazione": str(deliberata.id), "precedente": str(precedente),
    }  # fmt: skip
