"""The door of the room: a list described in a file, counted by the declared rules of an ambito."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from capofila.base.errori import DatiNonValidi
from capofila.base.foglio_json import leggi_json
from capofila.graduatorie import bandi, calcolo
from capofila.graduatorie.bandi import BandoNuovo as BandoNuovo
from capofila.graduatorie.bandi import DomandaNuova as DomandaNuova
from capofila.graduatorie.bandi import apri as apri
from capofila.graduatorie.bandi import dichiarate as dichiarate
from capofila.graduatorie.bandi import iscrivi as iscrivi
from capofila.graduatorie.calcolo import Congelata, Iscritta, Richiesta
from capofila.graduatorie.calcolo import in_punti as in_punti

DIMENSIONE_MASSIMA: Final = 20_000_000


class FileGraduatoria(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of ``capofila graduatorie compute``, as docs/uso/graduatorie.md describes it."""

    graduatoria: str
    giorno: date
    posti: int | None = None
    budget: Decimal | None = None
    seme: str | None = None
    domande: list[Iscritta]


async def calcola_file(contenuto: bytes) -> Congelata:
    """The list that a file describes, by the rules that the active plugins declare for its day.

    Raises:
        DatiNonValidi: the file cannot be read, or says what cannot be.
        NonTrovato: nobody declares those rules for that day.
    """
    letto = leggi_json(
        contenuto, FileGraduatoria, massimo=DIMENSIONE_MASSIMA, che_cosa="una graduatoria",
        guida="docs/uso/graduatorie.md",
    )  # fmt: skip
    graduatoria = await bandi.regole(letto.graduatoria, letto.giorno)
    if (letto.posti or 0) < 0 or (letto.budget or 0) < 0:
        raise DatiNonValidi("I posti e il budget non possono essere negativi.")
    if letto.budget is not None and graduatoria.importo is None:
        raise DatiNonValidi(
            "In questa graduatoria le domande non hanno un importo: togli il budget."
        )
    if len(letto.domande) > calcolo.DOMANDE_MASSIME:
        raise DatiNonValidi(f"Le domande sono al massimo {calcolo.DOMANDE_MASSIME}.")
    if len({una.protocollo for una in letto.domande}) < len(letto.domande):
        raise DatiNonValidi("Due domande hanno lo stesso protocollo.")
    for n, una in enumerate(letto.domande):
        for codice, motivo in calcolo.difetti_dati(graduatoria, una.dati):
            raise DatiNonValidi(f"$.domande[{n}].dati.{codice[:60]}: {motivo}")
    manifesto = await bandi.dichiarata_da(letto.graduatoria, letto.giorno)
    return calcolo.congela(
        Richiesta(
            graduatoria=graduatoria, giorno=letto.giorno, disponibili=letto.posti,
            budget=letto.budget, seme=letto.seme, domande=tuple(letto.domande),
        ),
        manifesto.id, manifesto.versione,
    )  # fmt: skip


def racconta(congelata: Congelata) -> dict[str, Any]:
    """A list in the form that the command line prints."""
    esito = congelata.esito
    return {
        "graduatoria": congelata.richiesta.graduatoria.codice,
        "giorno": congelata.richiesta.giorno,
        "plugin": congelata.plugin,
        "versione": congelata.versione,
        "impronta": congelata.impronta(),
        "pari": [list(gruppo) for gruppo in esito.pari],
        "posti": [
            msgspec.to_builtins(posto, builtin_types=(Decimal, date)) for posto in esito.posti
        ],
    }
