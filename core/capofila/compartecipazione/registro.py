"""From a decided quota to the records of the prestazioni, by the rules of their ledger.

Runs inside a unit of work of the ambito. Nothing is written by itself: whoever decided looks at what
would be written, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec

from capofila.accessi.service import registra
from capofila.base.database import unita_corrente
from capofila.base.errori import ErroreCapofila
from capofila.compartecipazione.catalogo import schema
from capofila.compartecipazione.decisioni import Decisa, decisioni_di, in_vigore
from capofila.compartecipazione.utenze import DatiRifiutati, assistito, attestazioni, leggi_utenza
from capofila.prestazioni import service as prestazioni

CHIESTI: Final = (
    "importo_mensile", "protocollo_domanda", "ente_erogatore", "cittadinanza", "comune_residenza",
    "presa_in_carico", "area_utenza",
)  # fmt: skip
"""What the form asks for: the rest follows from the decision and from the person."""
_CENTESIMO: Final = Decimal("0.01")


class Operazione(msgspec.Struct, frozen=True, kw_only=True):
    """A record to be written; ``sostituisce`` is the one that it corrects."""

    detta: str
    celle: Mapping[str, str]
    sostituisce: int | None = None


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision becomes in the ledger, before anybody types anything.

    Attributes:
        celle: the cells that are known.
        proposti: what the form begins with.
        record: the records of the same person, comune and code on those days.
    """

    decisa: Decisa
    codice: str
    dal: date
    al: date
    celle: Mapping[str, str]
    proposti: Mapping[str, str]
    record: list[Mapping[str, str]]


async def scritte(decisione_id: int) -> list[int]:
    """The records that a decision became already."""
    unita = unita_corrente()
    return [
        riga["prestazione_id"]
        for riga in await unita.righe(
            "SELECT prestazione_id FROM decisione_prestazione WHERE ambito_id = $1 "
            "AND decisione_id = $2 ORDER BY prestazione_id",
            unita.ambito,
            decisione_id,
        )
    ]


async def aree() -> list[tuple[str, str]]:
    """Codes and words of the areas of users that the flow has."""
    campo = (await prestazioni.flusso_attivo()).campi_per_nome.get("area_utenza")
    return [] if campo is None else list((campo.codici or {}).items())


async def perche_no(decisa: Decisa) -> str:
    """Why nothing of a decision goes into the ledger, in words; empty when it may."""
    if await scritte(decisa.id):
        return "La quota di questa decisione è già nelle prestazioni."
    tutte = await decisioni_di(decisa.assistito_id, decisa.servizio)
    ultima = in_vigore(tutte, decisa.dal)
    if ultima is not None and ultima.id != decisa.id:
        return "Un’altra decisione ha preso il posto di questa: nelle prestazioni va quella."
    if decisa.cosa.risolto.unita == "anno":
        return "La tariffa è di un anno e le prestazioni si scrivono per mese: va inserita a mano."
    try:
        codice = (await schema(decisa.servizio, decisa.dal)).codice_prestazione
    except ErroreCapofila as errore:
        return f"{errore.messaggio} Il codice della prestazione non si può sapere."
    if codice is None:
        return (
            "Lo schema di questo servizio non dice a quale codice delle prestazioni INPS corrisponde: "
            "nelle prestazioni non va nulla."
        )
    return ""


async def base(decisa: Decisa) -> Base:
    """What is known of the record to be.

    Raises:
        DatiRifiutati: nothing goes into the ledger, with the reason.
    """
    perche = await perche_no(decisa)
    if perche:
        raise DatiRifiutati([("", perche)])
    di_chi = await assistito(decisa.assistito_id)
    utenza = await leggi_utenza(decisa.utenza_id)
    codice = (await schema(decisa.servizio, decisa.dal)).codice_prestazione
    assert codice is not None
    fine = date(decisa.dal.year, 12, 31)
    al = fine if utenza.al is None else max(decisa.dal, min(fine, utenza.al))
    record = await prestazioni.in_vigore_di(
        di_chi.codice_fiscale, di_chi.comune, codice, decisa.dal, al
    )
    persona = await prestazioni.dati_della_persona(di_chi.codice_fiscale)
    caso = decisa.cosa.caso
    celle = {
        **persona,
        "codice_fiscale": di_chi.codice_fiscale, "cognome": di_chi.cognome, "nome": di_chi.nome,
        "comune_titolare": di_chi.comune, "codice_prestazione": codice, "carattere": "periodica",
        "prova_mezzi": "1", "data_inizio": decisa.dal.isoformat(), "data_fine": al.isoformat(),
        "quota_utente": _cifra(decisa.quota),
    }  # fmt: skip
    celle |= await _dsu(decisa)
    proposti = {nome: persona.get(nome, "") for nome in CHIESTI}
    proposti["cittadinanza"] = proposti["cittadinanza"] or "380"
    if record:
        proposti |= {nome: record[-1].get(nome, "") for nome in CHIESTI if record[-1].get(nome)}
    if caso.costo is not None:
        proposti["importo_mensile"] = _cifra(caso.costo * caso.quantita)
    return Base(
        decisa=decisa, codice=codice, dal=decisa.dal, al=al, celle=celle, proposti=proposti,
        record=record,
    )  # fmt: skip


async def _dsu(decisa: Decisa) -> dict[str, str]:
    """The three data of the DSU, where the decision used one whose protocol fits."""
    for una in await attestazioni(decisa.assistito_id):
        if una.id == decisa.attestazione_id and len(una.protocollo) <= 30:
            return {
                "dsu_protocollo": una.protocollo, "dsu_anno": str(una.presentata.year),
                "dsu_data": una.presentata.isoformat(),
            }  # fmt: skip
    return {}


def piano(di: Base, scritti: Mapping[str, str], importo: Decimal) -> list[Operazione]:
    """What would be written.

    Args:
        di: what is known.
        scritti: what was typed in the fields of :data:`CHIESTI`.
        importo: the cost of a month, in euro.

    Raises:
        DatiRifiutati: the person would pay more than the cost, or the records there are cannot make
            room by themselves.
    """
    if importo <= 0:
        raise DatiRifiutati(
            [("importo_mensile", "Il costo del mese deve essere maggiore di zero.")]
        )
    if di.decisa.quota > importo:
        raise DatiRifiutati(
            [("importo_mensile", "La quota della persona supera il costo del mese: controllalo.")]
        )
    celle = {
        **di.celle, **scritti, "importo_mensile": _cifra(importo),
        "quota_ente": _cifra(importo - di.decisa.quota),
    }  # fmt: skip
    stessi = [
        r
        for r in di.record
        if r.get("protocollo_domanda") == " ".join(scritti.get("protocollo_domanda", "").split())
    ]
    prima = [r for r in stessi if r["data_inizio"] < di.dal.isoformat()]
    dopo = [r for r in stessi if r["data_inizio"] >= di.dal.isoformat()]
    if len(dopo) > 1:
        raise DatiRifiutati(
            [("", "In quei giorni la domanda ha più prestazioni: correggile una per una dalla loro pagina.")]
        )  # fmt: skip
    operazioni = [
        Operazione(
            detta=f"La prestazione n. {r['id']} finisce il {di.dal - timedelta(days=1):%d/%m/%Y}.",
            celle={**_senza_id(r), "data_fine": (di.dal - timedelta(days=1)).isoformat()},
            sostituisce=int(r["id"]),
        )
        for r in prima
    ]
    giorni = f"dal {di.dal:%d/%m/%Y} al {di.al:%d/%m/%Y}"
    if dopo:
        operazioni.append(
            Operazione(
                detta=f"La prestazione n. {dopo[0]['id']} è corretta: vale {giorni}.",
                celle={**_senza_id(dopo[0]), **celle}, sostituisce=int(dopo[0]["id"]),
            )
        )  # fmt: skip
    else:
        operazioni.append(Operazione(detta=f"Si aggiunge una prestazione {giorni}.", celle=celle))
    return operazioni


async def prova(operazioni: list[Operazione]) -> list[tuple[str, str]]:
    """What the rules of the ledger say against it: (field, words)."""
    errori: list[tuple[str, str]] = []
    for una in operazioni:
        esito = await prestazioni.scrivi_record(una.celle, prova=True)
        errori += [(errore.colonna, errore.messaggio) for errore in esito.errori]
    return list(dict.fromkeys(errori))


async def scrivi(decisa: Decisa, operazioni: list[Operazione]) -> list[int]:
    """Write the records, all or none; returns those of the decision.

    Raises:
        DatiRifiutati: the rules of the ledger refuse one.
        NonTrovato, Conflitto: a record was corrected in the meantime.
    """
    unita = unita_corrente()
    # Two who confirm at once write it once.
    await unita.esegui(
        "SELECT 1 FROM assistito WHERE ambito_id = $1 AND id = $2 FOR UPDATE",
        unita.ambito,
        decisa.assistito_id,
    )
    perche = await perche_no(decisa)
    if perche:
        raise DatiRifiutati([("", perche)])
    fatte: list[int] = []
    async with unita.punto_di_ritorno():
        for una in operazioni:
            esito = await prestazioni.scrivi_record(
                una.celle, sostituisce=una.sostituisce,
                motivo=f"Quota decisa con l’atto n. {decisa.numero} del {decisa.data:%d/%m/%Y}"
                if una.sostituisce is not None else "",
            )  # fmt: skip
            if esito.errori:
                raise DatiRifiutati([(e.colonna, e.messaggio) for e in esito.errori])
            fatte = esito.prestazioni
        for id_ in fatte:
            await unita.esegui(
                "INSERT INTO decisione_prestazione (decisione_id, prestazione_id, comune) "
                "VALUES ($1, $2, $3)",
                decisa.id,
                id_,
                decisa.comune,
            )
    await registra(
        "compartecipazione.scrivi", "decisione_quota", str(decisa.id), prestazioni=len(fatte)
    )
    return fatte


def _senza_id(record: Mapping[str, str]) -> dict[str, Any]:
    return {
        nome: valore for nome, valore in record.items() if nome not in ("id", "tipo_operazione")
    }


def _cifra(valore: Decimal) -> str:
    return f"{valore.quantize(_CENTESIMO, rounding=ROUND_HALF_UP):f}".replace(".", ",")
