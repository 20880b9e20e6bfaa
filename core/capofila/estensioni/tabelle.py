"""The rows of the plugins' own tables, read and written by what they declare. Inside a unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.estensioni.schema import SPECIE, nome_pieno
from capofila.hooks import Campo, MigrazionePlugin, Rifiuto, TabellaPlugin, Tipo
from capofila.hooks.campi import leggi, leggibile
from capofila.hooks.tabelle import RigaPlugin, tabelle

MOSTRATE: Final = 500
"""Rows that a page shows, the last first."""
TENUTE: Final = 50_000
"""Rows that a table of a plugin may have in an ambito."""


CONSERVAZIONE: Final = timedelta(days=30)
"""How long the rows stay that a job put others in the place of."""
VOLTE_TENUTE: Final = 5
"""Times that a job ran of which the rows stay, besides the last."""


class RigheRifiutate(DatiNonValidi):
    """A row cannot be written; the errors by field."""

    def __init__(self, errori: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{campo}: {testo}" for campo, testo in errori.items()))
        self.errori = errori


class Riga(msgspec.Struct, frozen=True):
    """A row of a table: its number, and the canonical text of each field."""

    id: int
    valori: dict[str, str | None]

    def leggibile(self, campo: Campo) -> str:
        """A value as people read it."""
        valore = self.valori.get(campo.nome)
        if valore is None:
            return "—"
        if campo.codici:
            return campo.codici.get(valore, valore)
        return (
            {"si": "Sì", "no": "No"}.get(valore, valore)
            if campo.tipo is Tipo.SI_NO
            else (leggibile(campo, valore))
        )

    def tipata(self, campi: Sequence[Campo]) -> dict[str, Any]:
        """The values as a template reads them: amounts, whole numbers, days."""
        return {campo.nome: _tipato(campo, self.valori.get(campo.nome)) for campo in campi}


def _tipato(campo: Campo, valore: str | None) -> Any:
    if valore is None:
        return None
    match campo.tipo:
        case Tipo.IMPORTO:
            return Decimal(valore)
        case Tipo.INTERO | Tipo.ANNO:
            return int(valore)
        case Tipo.DATA:
            return date.fromisoformat(valore)
    return valore


async def ci_sono(plugin: str, tabella: str) -> bool:
    """Whether the table was made."""
    presente: bool = await unita_corrente().valore(
        "SELECT to_regclass($1) IS NOT NULL", nome_pieno(plugin, tabella)
    )
    return presente


async def righe(plugin: str, tabella: TabellaPlugin, quante: int = MOSTRATE) -> list[Riga]:
    """The rows of a table that were not withdrawn, the last first."""
    colonne = ", ".join(f'"{campo.nome}"::text' for campo in tabella.campi)
    return [
        Riga(riga["id"], {campo.nome: riga[campo.nome] for campo in tabella.campi})
        for riga in await unita_corrente().righe(
            f"SELECT id, {colonne} FROM {nome_pieno(plugin, tabella.codice)} "
            "WHERE ambito_id = $1 AND ritirata_il IS NULL ORDER BY id DESC LIMIT $2",
            unita_corrente().ambito, quante,
        )
    ]  # fmt: skip


def leggi_riga(tabella: TabellaPlugin, celle: Mapping[str, str | None]) -> dict[str, str | None]:
    """The canonical values of a row.

    Raises:
        RigheRifiutate: with every field that is wrong.
    """
    valori: dict[str, str | None] = {}
    errori: dict[str, str] = {}
    for campo in tabella.campi:
        letto = leggi(campo, (celle.get(campo.nome) or "")[:4000])
        if isinstance(letto, Rifiuto):
            errori[campo.nome] = f"{letto.messaggio[:1].upper()}{letto.messaggio[1:]}."
        elif letto is None and campo.obbligatorio:
            errori[campo.nome] = f"Scrivi «{campo.etichetta}»."
        else:
            valori[campo.nome] = letto
    if errori:
        raise RigheRifiutate(errori)
    return valori


async def aggiungi(plugin: str, tabella: TabellaPlugin, nuove: Sequence[RigaPlugin]) -> None:
    """Write rows whose values were read with :func:`leggi_riga`.

    Raises:
        Conflitto: the table is full.
    """
    unita = unita_corrente()
    pieno = nome_pieno(plugin, tabella.codice)
    gia = await unita.valore(
        f"SELECT count(*) FROM {pieno} WHERE ambito_id = $1 AND ritirata_il IS NULL", unita.ambito
    )
    if gia + len(nuove) > TENUTE:
        raise Conflitto(f"La tabella «{tabella.denominazione}» è piena: ritira le righe vecchie.")
    nomi = [campo.nome for campo in tabella.campi]
    colonne = ", ".join(f'"{nome}"' for nome in nomi)
    posti = ", ".join(
        f"${n}::text::{SPECIE[campo.tipo]}" for n, campo in enumerate(tabella.campi, 2)
    )
    await unita.esegui_per_ognuna(
        f"INSERT INTO {pieno} (ambito_id, {colonne}) VALUES ($1, {posti})",
        [[unita.ambito, *(riga.get(nome) for nome in nomi)] for riga in nuove],
    )


async def ritira(plugin: str, tabella: TabellaPlugin, id_: int | None = None) -> None:
    """Withdraw a row, or all of them: it stays in the table and is shown no more.

    Raises:
        NonTrovato: there is no such row here.
    """
    if id_ is not None and id_ > 2_147_483_647:
        raise NonTrovato("Questa riga non c'è più.")
    unita = unita_corrente()
    tag = await unita.esegui(
        f"UPDATE {nome_pieno(plugin, tabella.codice)} SET ritirata_il = now() "
        "WHERE ambito_id = $1 AND ($2::integer IS NULL OR id = $2) AND ritirata_il IS NULL",
        unita.ambito, id_,
    )  # fmt: skip
    if id_ is not None and tag == "UPDATE 0":
        raise NonTrovato("Questa riga non c'è più.")


async def pulisci_sostituite() -> None:
    """Throw away the rows of the current ambito that a job put others in the place of, long ago or often.

    Only of tables that the jobs of the active plugins fill: what a person withdrew stays.
    """
    unita = unita_corrente()
    for manifesto, uno in (await plugin_attivi()).lavori():
        if not await ci_sono(manifesto.id, uno.verso):
            continue
        pieno = nome_pieno(manifesto.id, uno.verso)
        await unita.esegui(
            f"DELETE FROM {pieno} WHERE ambito_id = $1 AND ritirata_il IS NOT NULL "
            "AND (ritirata_il < now() - $2::interval OR ritirata_il NOT IN ("
            f"SELECT DISTINCT ritirata_il FROM {pieno} WHERE ambito_id = $1 "
            "AND ritirata_il IS NOT NULL ORDER BY ritirata_il DESC LIMIT $3))",
            unita.ambito, CONSERVAZIONE, VOLTE_TENUTE,
        )  # fmt: skip


async def tabelle_tenute() -> dict[str, dict[str, TabellaPlugin]]:
    """The tables of all plugins that were made, by plugin, whether or not it is still installed."""
    dichiarate: dict[str, list[MigrazionePlugin]] = {}
    for riga in await unita_corrente().righe(
        "SELECT plugin, dichiarata::text FROM migrazione_plugin ORDER BY plugin, codice"
    ):
        dichiarate.setdefault(riga["plugin"], []).append(
            msgspec.json.decode(riga["dichiarata"], type=MigrazionePlugin)
        )
    return {plugin: tabelle(sue) for plugin, sue in dichiarate.items()}
