"""Whether what is owed was sent: asked by whoever keeps the deadlines."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import msgspec

from capofila.base.database import unita_corrente
from capofila.debito.rules import periodo


class Inviato(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent of a flow for a period.

    Attributes:
        esportazione: the run, of the file that was sent last among those that are owed.
        nome_flusso: its name.
        giorno: the day on which the last of those that are owed was sent, in Italy.
        enti: who owes it, by name, each with whether it was sent.
    """

    esportazione: str
    nome_flusso: str
    giorno: date
    enti: tuple[tuple[str, bool], ...] = ()

    @property
    def tutti(self) -> bool:
        """Whether all who owe it have sent it."""
        return all(fatto for _, fatto in self.enti)


async def inviati(chieste: Collection[tuple[str, str]]) -> dict[tuple[str, str], Inviato]:
    """What was sent of each flow (or tables) and period asked for, and by whom it is still owed.

    A file that the receiver refused whole proves nothing; one that it took in part was sent. A flow
    is owed by the ente that sends for the ambito, by each one that sends its own, and by each one
    whose records go out as they were received; the tables of the spending by the first alone.

    Args:
        chieste: flow and period, ``("siuss", "2025")``.

    Returns:
        Only those of which something was sent.
    """
    if not chieste:
        return {}
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT DISTINCT ON (e.flusso, e.periodo, e.ente_id) e.flusso, e.periodo, e.ente_id, e.id, "
        "e.nome_flusso, e.prospetto, "
        "(i.inviata_il AT TIME ZONE 'Europe/Rome')::date AS giorno "
        "FROM unnest($2::text[], $3::text[]) AS c(flusso, periodo) "
        "JOIN esportazione e ON e.ambito_id = $1 AND e.flusso = c.flusso AND e.periodo = c.periodo "
        "JOIN invio i ON i.ambito_id = e.ambito_id AND i.esportazione_id = e.id "
        "WHERE e.stato IN ('inviata', 'accolta', 'accolta_in_parte') "
        "ORDER BY e.flusso, e.periodo, e.ente_id, i.inviata_il, i.id",
        unita.ambito, [flusso for flusso, _ in chieste], [periodo for _, periodo in chieste],
    )  # fmt: skip
    if not righe:
        return {}
    devono = await unita.righe(
        "SELECT id, denominazione, mittente, dal, al FROM ente WHERE ambito_id = $1 "
        "AND (mittente OR invio_proprio OR come_ricevuto) ORDER BY NOT mittente, denominazione",
        unita.ambito,
    )
    per_chiave: dict[tuple[str, str], list[Any]] = {}
    for riga in righe:
        per_chiave.setdefault((riga["flusso"], riga["periodo"]), []).append(riga)
    return {
        chiave: _inviato(
            chiave[1], sue, [d for d in devono if d["mittente"] or not sue[0]["prospetto"]]
        )
        for chiave, sue in per_chiave.items()
    }


def _inviato(periodo_: str, mandate: list[Any], devono: list[Any]) -> Inviato:
    quando = periodo(periodo_)
    per_ente = {riga["ente_id"]: riga for riga in mandate}
    dovuti = [
        d
        for d in devono
        if (d["dal"] is None or d["dal"] <= quando.al)
        and (d["al"] is None or d["al"] >= quando.dal)
    ]
    contano = [per_ente[d["id"]] for d in dovuti if d["id"] in per_ente] or mandate
    ultima = max(contano, key=lambda riga: (riga["giorno"], riga["ente_id"]))
    return Inviato(
        esportazione=str(ultima["id"]), nome_flusso=ultima["nome_flusso"], giorno=ultima["giorno"],
        enti=tuple((d["denominazione"], d["id"] in per_ente) for d in dovuti),
    )  # fmt: skip
