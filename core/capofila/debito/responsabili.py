"""Who answers for the sending of a flow, day by day, and the register of what was sent.

D.lgs 147/2017, art. 24: whoever does not send commits a disciplinary offence, and answers with his
own money for what was paid unduly. Corte dei conti Veneto 113/2023 condemned who had not named who
sends: so a name stands for each flow, with the act that names it, and never disappears.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi

PER_PAGINA: Final = 50
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+\Z")


class Responsabile(msgspec.Struct, frozen=True, kw_only=True):
    """A person named for the sending of a flow; ``al`` is None while the charge lasts."""

    id: int
    flusso: str
    nome: str
    qualifica: str
    email: str | None
    atto: str
    dal: date
    al: date | None
    nominato_il: datetime | None = None


class NominaNonValida(DatiNonValidi):
    """A form of nomination with faults; ``campi`` says which, by field."""

    def __init__(self, campi: dict[str, str]) -> None:
        super().__init__(" ".join(campi.values()))
        self.campi = campi


_COLONNE: Final = ", ".join(Responsabile.__struct_fields__)


def oggi() -> date:
    """The day of the platform."""
    return datetime.now(UTC).date()


async def in_carica(flusso: str, giorno: date | None = None) -> Responsabile | None:
    """Who answers for a flow on a day (today when not given); None when nobody was named."""
    unita = unita_corrente()
    riga = await unita.riga(
        f"SELECT {_COLONNE} FROM responsabile_invio WHERE ambito_id = $1 AND flusso = $2 "
        "AND daterange(dal, al, '[]') @> $3::date",
        unita.ambito,
        flusso,
        giorno or oggi(),
    )
    return None if riga is None else Responsabile(**dict(riga))


async def storia() -> list[Responsabile]:
    """All who were ever named, by flow, the latest first."""
    unita = unita_corrente()
    righe = await unita.righe(
        f"SELECT {_COLONNE} FROM responsabile_invio WHERE ambito_id = $1 "
        "ORDER BY flusso, dal DESC, id DESC",
        unita.ambito,
    )
    return [Responsabile(**dict(riga)) for riga in righe]


def controlla_nomina(valori: dict[str, str]) -> tuple[dict[str, str], date | None]:
    """Clean the fields of a nomination, touching no database.

    Raises:
        NominaNonValida: a field is missing or is not what it should be.
    """
    puliti = {n: " ".join((valori.get(n) or "").split()) for n in
              ("nome", "qualifica", "email", "atto", "dal")}  # fmt: skip
    chiedi = {
        "nome": "Scrivi nome e cognome di chi risponde dell'invio.",
        "qualifica": "Scrivi la qualifica, per esempio «Responsabile dell'Ufficio di Piano».",
        "atto": "Scrivi l'atto di nomina: organo, numero e data.",
    }
    campi = {nome: testo for nome, testo in chiedi.items() if len(puliti[nome]) < 2}
    for nome, massimo in (("nome", 120), ("qualifica", 120), ("atto", 200), ("email", 200)):
        if len(puliti[nome]) > massimo:
            campi[nome] = f"Al massimo {massimo} caratteri."
    if puliti["email"] and not _EMAIL.match(puliti["email"]):
        campi["email"] = "Scrivi un indirizzo e-mail completo, per esempio nome@comune.it."
    dal = None
    try:
        dal = date.fromisoformat(puliti["dal"])
    except ValueError:
        campi["dal"] = "Scegli il giorno da cui vale la nomina."
    if dal is not None and not date(2000, 1, 1) <= dal <= oggi() + timedelta(days=366):
        campi["dal"] = "La nomina può valere al più tardi da un anno a partire da oggi."
    if campi:
        raise NominaNonValida(campi)
    return puliti, dal


async def nomina(flusso: str, valori: dict[str, str]) -> Responsabile:
    """Name who answers for a flow from a day on; whoever did until then ends the day before.

    Args:
        flusso: an active flow.
        valori: ``nome``, ``qualifica``, ``email``, ``atto``, ``dal`` (ISO), as typed.

    Raises:
        NominaNonValida: a field is wrong, or somebody is named from that day or a later one.
    """
    unita = unita_corrente()
    puliti, dal = controlla_nomina(valori)
    assert dal is not None
    ultima = await unita.valore(
        "SELECT max(dal) FROM responsabile_invio WHERE ambito_id = $1 AND flusso = $2",
        unita.ambito,
        flusso,
    )
    if ultima is not None and ultima >= dal:
        raise NominaNonValida(
            {"dal": f"C'è già una nomina dal {ultima:%d/%m/%Y}: scegli un giorno successivo."}
        )
    try:
        async with unita.punto_di_ritorno():
            await unita.esegui(
                "UPDATE responsabile_invio SET al = $3::date - 1 WHERE ambito_id = $1 "
                "AND flusso = $2 AND (al IS NULL OR al >= $3)",
                unita.ambito,
                flusso,
                dal,
            )
            riga = await unita.riga(
                "INSERT INTO responsabile_invio (flusso, nome, qualifica, email, atto, dal) "
                f"VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_COLONNE}",
                flusso,
                puliti["nome"],
                puliti["qualifica"],
                puliti["email"] or None,
                puliti["atto"],
                dal,
            )
    except asyncpg.ExclusionViolationError:
        raise Conflitto(
            "Qualcuno ha appena nominato un responsabile: ricarica la pagina."
        ) from None
    nominato = Responsabile(**dict(riga))
    await registra("debito.nomina", "responsabile_invio", str(nominato.id), flusso=flusso)
    return nominato


# --- the register -------------------------------------------------------------------------------


class FiltroRegistro(msgspec.Struct, frozen=True):
    """Which sendings the register shows: those of a year; ``esito`` is a state of the run."""

    anno: int
    flusso: str | None = None
    ente: str | None = None
    esito: str | None = None


_REGISTRO: Final = (
    "SELECT i.inviata_il, i.canale, i.protocollo, e.id::text AS esportazione, e.flusso, e.periodo, "
    "e.modo, e.stato, n.denominazione AS ente, coalesce(t.nome_flusso, e.nome_flusso) AS nome_flusso, "
    "coalesce(t.sha256, e.sha256) AS sha256, coalesce(t.righe, e.righe) AS righe, "
    "coalesce(t.byte, e.byte) AS byte, t.numero AS parte, "
    "r.nome AS responsabile, r.qualifica, r.atto, u.nome AS registrata_da "
    "FROM invio i JOIN esportazione e ON e.ambito_id = i.ambito_id AND e.id = i.esportazione_id "
    "JOIN ente n ON n.ambito_id = e.ambito_id AND n.id = e.ente_id "
    "LEFT JOIN parte t ON t.ambito_id = e.ambito_id AND t.esportazione_id = e.id "
    "AND t.sha256 IS NOT NULL "
    "LEFT JOIN responsabile_invio r ON r.ambito_id = i.ambito_id AND r.id = i.responsabile_id "
    "LEFT JOIN utente u ON u.id = i.inviata_da "
    "WHERE i.ambito_id = $1 AND i.inviata_il >= make_timestamptz($2, 1, 1, 0, 0, 0, 'Europe/Rome') "
    "AND i.inviata_il < make_timestamptz($2 + 1, 1, 1, 0, 0, 0, 'Europe/Rome') "
    "AND ($3::text IS NULL OR e.flusso = $3) AND ($4::text IS NULL OR n.codice = $4) "
    "AND ($5::text IS NULL OR e.stato = $5)"
)


def _valori(filtro: FiltroRegistro) -> tuple[object, ...]:
    return (unita_corrente().ambito, filtro.anno, filtro.flusso, filtro.ente, filtro.esito)


async def trasmissioni(filtro: FiltroRegistro, pagina: int = 1) -> tuple[list[dict[str, Any]], int]:
    """A page of the files sent in a year, the latest first, and how many there are."""
    unita = unita_corrente()
    valori = _valori(filtro)
    totale: int = await unita.valore(f"SELECT count(*) FROM ({_REGISTRO}) t", *valori)
    righe = await unita.righe(
        f"{_REGISTRO} ORDER BY i.inviata_il DESC, i.id DESC, t.numero LIMIT $6 OFFSET $7",
        *valori,
        PER_PAGINA,
        (pagina - 1) * PER_PAGINA,
    )
    return [dict(riga) for riga in righe], totale


async def tutte(filtro: FiltroRegistro) -> AsyncIterator[dict[str, Any]]:
    """All the files sent in a year, the first one first, for the CSV."""
    cursore = await unita_corrente().cursore(
        f"{_REGISTRO} ORDER BY i.inviata_il, i.id, t.numero", *_valori(filtro)
    )
    while righe := await cursore.fetch(500):
        for riga in righe:
            yield dict(riga)
