"""The door of the room: the schemes of an ambito, and what a person pays by them."""

from __future__ import annotations

from typing import Any

import msgspec

from capofila.compartecipazione.adozioni import Adozione as Adozione
from capofila.compartecipazione.adozioni import AdozioneRifiutata as AdozioneRifiutata
from capofila.compartecipazione.adozioni import StatoAdozione as StatoAdozione
from capofila.compartecipazione.adozioni import Vigenza as Vigenza
from capofila.compartecipazione.adozioni import registra_adozione as registra_adozione
from capofila.compartecipazione.adozioni import ritira_adozione as ritira_adozione
from capofila.compartecipazione.adozioni import servizi as servizi
from capofila.compartecipazione.adozioni import vigente as vigente
from capofila.compartecipazione.adozioni import vigenze as vigenze
from capofila.compartecipazione.calcolo import Caso as Caso
from capofila.compartecipazione.calcolo import Congelata, calcola, congela
from capofila.compartecipazione.calcolo import in_parole as in_parole
from capofila.compartecipazione.catalogo import schema as schema
from capofila.compartecipazione.catalogo import schemi as schemi
from capofila.compartecipazione.decisioni import Anteprima as Anteprima
from capofila.compartecipazione.decisioni import Decisa as Decisa
from capofila.compartecipazione.decisioni import NonSiDecide as NonSiDecide
from capofila.compartecipazione.decisioni import Provvedimento as Provvedimento
from capofila.compartecipazione.decisioni import anteprima as anteprima
from capofila.compartecipazione.decisioni import decidi as decidi
from capofila.compartecipazione.decisioni import rifai as rifai
from capofila.compartecipazione.isee import Attestazione as Attestazione
from capofila.compartecipazione.isee import SpecieISEE as SpecieISEE
from capofila.compartecipazione.omogeneita import leggi as omogeneita
from capofila.compartecipazione.ricalcoli import pulisci_esiti as pulisci_esiti
from capofila.compartecipazione.schemi import Risolto as Risolto
from capofila.compartecipazione.schemi import Schema
from capofila.compartecipazione.simula import Effetto as Effetto
from capofila.compartecipazione.simula import Variazione as Variazione
from capofila.compartecipazione.simula import a_confronto as a_confronto
from capofila.compartecipazione.simula import con_valori as con_valori
from capofila.compartecipazione.simula import riassumi as riassumi
from capofila.compartecipazione.utenti import casi as casi
from capofila.compartecipazione.utenze import DatiRifiutati as DatiRifiutati
from capofila.compartecipazione.utenze import Utenza as Utenza
from capofila.compartecipazione.utenze import apri_assistito as apri_assistito
from capofila.compartecipazione.utenze import registra_attestazione as registra_attestazione
from capofila.compartecipazione.utenze import registra_utenza as registra_utenza

__all__ = ["omogeneita"]


async def quota_del_comune(
    servizio: str, comune: str, caso: Caso
) -> tuple[Schema, Vigenza, Congelata | None]:
    """What a case pays in a comune, by what it adopted on that day; None where the comune has no quota.

    Args:
        servizio: the service.
        comune: Belfiore code.
        caso: the case.

    Raises:
        NonTrovato, Conflitto: as :func:`schema`.
    """
    trovato = await schema(servizio, caso.giorno)
    vigenza = await vigente(comune, servizio, caso.giorno)
    return trovato, vigenza, None if vigenza.risolto is None else congela(vigenza.risolto, caso)


async def quota(servizio: str, caso: Caso) -> tuple[Schema, Congelata | None]:
    """What a case pays in the current ambito, with all that it came from; None outside the scheme's days.

    Raises:
        NonTrovato, Conflitto: as :func:`schema`.
    """
    trovato = await schema(servizio, caso.giorno)
    risolto = trovato.risolvi(caso.giorno)
    return trovato, None if risolto is None else congela(risolto, caso)


def racconta(
    schema: Schema, caso: Caso, congelata: Congelata | None, vigenza: Vigenza | None = None
) -> dict[str, Any]:
    """A quota as the command line prints it: the figure, where it comes from, and each step."""
    quota = calcola(None, caso) if congelata is None else congelata.quota
    if vigenza is not None and vigenza.motivo is not None:
        quota = msgspec.structs.replace(quota, motivo=vigenza.motivo)
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
        "comune": None if vigenza is None else _in_comune(vigenza),
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


def _in_comune(vigenza: Vigenza) -> dict[str, Any]:
    adozione = vigenza.adozione
    return {
        "comune": vigenza.comune,
        "stato": "non_registrata" if adozione is None else adozione.stato,
        "atto": None if adozione is None else adozione.cita(),
        "varianti": {} if adozione is None else adozione.varianti,
        "supposta": vigenza.supposta,
    }
