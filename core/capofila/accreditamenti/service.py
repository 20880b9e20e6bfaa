"""The door of the room: an evaluation described in a file, by the declared requirements of an ambito."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec

from capofila.accreditamenti import calcolo, pratiche
from capofila.accreditamenti.calcolo import Richiesta, Risposta, Traccia
from capofila.accreditamenti.pratiche import Decisione as Decisione
from capofila.accreditamenti.pratiche import DomandaNuova as DomandaNuova
from capofila.accreditamenti.pratiche import UnitaNuova as UnitaNuova
from capofila.accreditamenti.pratiche import decidi as decidi
from capofila.accreditamenti.pratiche import dichiarate as dichiarate
from capofila.accreditamenti.pratiche import domanda as domanda
from capofila.accreditamenti.pratiche import presenta as presenta
from capofila.accreditamenti.pratiche import scrivi_risposte as scrivi_risposte
from capofila.accreditamenti.pratiche import scrivi_unita as scrivi_unita
from capofila.accreditamenti.pratiche import vista as vista
from capofila.base.errori import DatiNonValidi
from capofila.base.foglio_json import leggi_json

DIMENSIONE_MASSIMA: Final = 1_000_000


class FileAccreditamento(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of ``capofila accreditamenti compute``, as docs/uso/accreditamenti.md describes it."""

    accreditamento: str
    giorno: date
    posti: int | None = None
    risposte: list[Risposta]


async def valuta_file(contenuto: bytes) -> Traccia:
    """The evaluation that a file describes, by the rules that the active plugins declare for its day.

    Raises:
        DatiNonValidi: the file cannot be read, or says what cannot be.
        NonTrovato: nobody declares those rules for that day.
    """
    letto = leggi_json(
        contenuto, FileAccreditamento, massimo=DIMENSIONE_MASSIMA, che_cosa="una valutazione",
        guida="docs/uso/accreditamenti.md",
    )  # fmt: skip
    regole = await pratiche.regole(letto.accreditamento, letto.giorno)
    if not 0 <= (letto.posti or 0) <= calcolo.UTENTI_MASSIMI:
        raise DatiNonValidi(f"I posti vanno da 0 a {calcolo.UTENTI_MASSIMI}.")
    if len({una.requisito for una in letto.risposte}) < len(letto.risposte):
        raise DatiNonValidi("Due risposte sono dello stesso requisito.")
    per_codice = {uno.codice: uno for uno in calcolo.in_vigore(regole, letto.giorno)}
    for n, una in enumerate(letto.risposte):
        uno = per_codice.get(una.requisito)
        if uno is None:
            raise DatiNonValidi(
                f"$.risposte[{n}]: «{una.requisito[:40]}» non è un requisito di quel giorno."
            )
        for campo, motivo in calcolo.difetti(uno, una).items():
            raise DatiNonValidi(f"$.risposte[{n}].{campo}: {motivo}")
    risposte = tuple(sorted(letto.risposte, key=lambda una: una.requisito))
    return await pratiche.traccia_di(
        Richiesta(regole=regole, giorno=letto.giorno, posti=letto.posti, risposte=risposte)
    )


def racconta(traccia: Traccia) -> dict[str, Any]:
    """An evaluation in the form that the command line prints."""
    return {
        "accreditamento": traccia.richiesta.regole.codice,
        "giorno": traccia.richiesta.giorno,
        "dimostrativa": traccia.richiesta.regole.dimostrativa,
        "plugin": traccia.plugin,
        "versione": traccia.versione,
        "giudizio": traccia.esito.giudizio,
        "perche": traccia.esito.perche,
        "requisiti": [
            msgspec.to_builtins(voce, builtin_types=(date,)) for voce in traccia.esito.voci
        ],
        "impronta": traccia.congela()[1],
    }
