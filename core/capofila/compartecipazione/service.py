"""The door of the room: the schemes of an ambito, and what a person pays by them."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from capofila.base.attivazioni import plugin_attivi
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.plugin import PluginAttivi
from capofila.compartecipazione.calcolo import Caso as Caso
from capofila.compartecipazione.calcolo import Congelata, calcola, congela
from capofila.compartecipazione.calcolo import in_parole as in_parole
from capofila.compartecipazione.isee import Attestazione as Attestazione
from capofila.compartecipazione.isee import SpecieISEE as SpecieISEE
from capofila.compartecipazione.schemi import Schema, leggi


@lru_cache(maxsize=256)
def _letto(percorso: Path, _quando: int) -> Schema:
    return leggi(percorso)


def schemi(attivi: PluginAttivi) -> dict[str, Schema]:
    """The schemes that the active plugins declare, by their id.

    Raises:
        CartellaNonValida: a file of them is wrong; it says the line and the reason.
        Conflitto: two files have one id.
    """
    trovati: dict[str, Schema] = {}
    for manifesto, percorso in attivi.schemi():
        schema = _letto(percorso, percorso.stat().st_mtime_ns)
        if schema.id in trovati:
            raise Conflitto(
                f"Lo schema «{schema.id}» è dichiarato due volte, anche dal plugin «{manifesto.id}»."
            )
        trovati[schema.id] = schema
    return {nome: trovati[nome] for nome in sorted(trovati)}


async def schema(servizio: str, giorno: date) -> Schema:
    """The scheme of a service in the current ambito.

    Raises:
        NonTrovato: no active plugin declares one.
        Conflitto: more than one holds on that day.
    """
    tutti = [s for s in schemi(await plugin_attivi(giorno)).values() if s.servizio == servizio]
    in_vigore = [s for s in tutti if s.formula(giorno) is not None] or tutti
    if not in_vigore:
        raise NonTrovato(
            f"In questo ambito nessun plugin attivo dichiara uno schema per il servizio «{servizio}»."
        )
    if len(in_vigore) > 1:
        nomi = ", ".join(s.id for s in in_vigore)
        raise Conflitto(f"Per il servizio «{servizio}» valgono più schemi: {nomi}.")
    return in_vigore[0]


async def quota(servizio: str, caso: Caso) -> tuple[Schema, Congelata | None]:
    """What a case pays in the current ambito, with all that it came from; None outside the scheme's days.

    Raises:
        NonTrovato, Conflitto: as :func:`schema`.
    """
    trovato = await schema(servizio, caso.giorno)
    risolto = trovato.risolvi(caso.giorno)
    return trovato, None if risolto is None else congela(risolto, caso)


def racconta(schema: Schema, caso: Caso, congelata: Congelata | None) -> dict[str, Any]:
    """A quota as the command line prints it: the figure, where it comes from, and each step."""
    quota = calcola(None, caso) if congelata is None else congelata.quota
    risolto = None if congelata is None else congelata.risolto
    letti = [letto for riga in quota.traccia for letto in riga.letti]
    return {
        "stato": quota.stato,
        "quota": quota.importo,
        "unita": schema.unita,
        "quantita": caso.quantita,
        "motivo": quota.motivo,
        "schema": schema.id,
        "denominazione": schema.denominazione,
        "versione": None if risolto is None else risolto.versione,
        "dimostrativo": schema.dimostrativo,
        "atti": [] if risolto is None else [
            *dict.fromkeys([risolto.atto, *(letto.atto for letto in letti)])
        ],
        "traccia": [
            {
                "testo": riga.testo,
                "valore": riga.valore,
                "parametri": [
                    {"nome": letto.nome, "valore": letto.valore, "dal": letto.dal,
                     "atto": letto.atto, "ipotesi": letto.ipotesi}
                    for letto in riga.letti
                ],
            }
            for riga in quota.traccia
        ],
        "impronta": None if congelata is None else congelata.impronta(),
    }  # fmt: skip
