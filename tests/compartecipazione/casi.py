"""Adoptions, persons and attestations as an officer would enter them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from capofila.base.database import unita_corrente
from capofila.compartecipazione import ricalcoli, service, utenze
from capofila.compartecipazione.calcolo import congela
from capofila.compartecipazione.isee import Attestazione, SpecieISEE
from capofila.compartecipazione.schemi import Fissa, Letto, Risolto
from tests.prestazioni.casi import codice_fiscale, contesto

__all__ = ["attesta", "contesto", "persona", "registra", "riempi"]


async def registra(comune: str, **campi: Any) -> tuple[int, service.Adozione | None]:
    """An adoption of the home care by an act of 2 January 2024."""
    valori = {
        "servizio": "sad", "stato": "adotta", "organo": "Consiglio comunale", "numero": "7",
        "data": date(2024, 1, 2), "articolo": "3", **campi,
    }  # fmt: skip
    return await service.registra_adozione(service.Adozione(comune=comune, **valori))


async def persona(n: int, comune: str, **campi: Any) -> int:
    """The n-th person as a user of the home care; returns the utenza."""
    chi = await service.apri_assistito(comune, codice_fiscale(n), "Rossi", f"Anna {n}")
    utenza = utenze.Utenza(**{"assistito_id": chi, "servizio": "sad", **campi})
    return (await service.registra_utenza(utenza))[0]


async def attesta(utenza: int, valore: str, **campi: Any) -> int:
    """An ISEE of a user, by a DSU of 10 January 2025."""
    chi = (await utenze.leggi_utenza(utenza)).assistito_id
    presentata = campi.get("presentata", date(2025, 1, 10))
    valori = {
        "valore": Decimal(valore), "specie": SpecieISEE.ORDINARIO, "presentata": presentata,
        "protocollo": f"INPS-ISEE-{presentata:%Y}-{valore}", **campi,
    }  # fmt: skip
    return await service.registra_attestazione(chi, Attestazione(**valori))


async def riempi(comune: str, codice: str, cognome: str) -> dict[str, str]:
    """A row of each table of the room, also where no plugin declares a scheme; ids by what they are."""
    unita = unita_corrente()
    giorno = date(2025, 1, 1)
    chi = await service.apri_assistito(comune, codice, cognome, f"Persona {cognome}")
    adozione = await unita.valore(
        "INSERT INTO adozione (comune, servizio, stato, dal, organo, data) "
        "VALUES ($1, 'pasti', 'adotta', $2, $3, $2) RETURNING id",
        comune, giorno, f"Giunta {cognome}",
    )  # fmt: skip
    utenza = await unita.valore(
        "INSERT INTO utenza (assistito_id, comune, servizio, dal, quantita) "
        "VALUES ($1, $2, 'pasti', $3, 10) RETURNING id",
        chi, comune, giorno,
    )  # fmt: skip
    risolto = Risolto(
        schema="pasti", denominazione="Pasti", unita="pasto", isee=frozenset(),
        accetta_omissioni=False, giorno=giorno, dal=giorno, atto="Un atto",
        passi=(Fissa(tariffa="pasto"),), senza_isee=None, condizioni={},
        letti={"pasto": Letto("pasto", Decimal("5.50"), giorno, "Un atto")},
    )  # fmt: skip
    congelata = congela(risolto, service.Caso(giorno=giorno, quantita=Decimal(10)))
    decisione = await unita.valore(
        "INSERT INTO decisione_quota (utenza_id, comune, adozione_id, dal, stato, quota, organo, "
        "numero, data, congelata, sha256) VALUES ($1, $2, $3, $4, 'calcolata', 55, $5, '1', $4, "
        "$6, $7) RETURNING id",
        utenza, comune, adozione, giorno, f"Giunta {cognome}", congelata.in_byte(),
        congelata.impronta(),
    )  # fmt: skip
    isee = await service.registra_attestazione(
        chi,
        Attestazione(
            valore=Decimal(4500), protocollo=f"INPS-{cognome}", presentata=date(2025, 1, 10)
        ),
    )
    ricalcolo = await ricalcoli.chiedi(None, giorno)
    await unita.esegui(
        "INSERT INTO ricalcolo_esito (ricalcolo_id, utenza_id, comune, stato, quota, prima, "
        "decisione_prima) VALUES ($1, $2, $3, 'calcolata', 60, 55, $4)",
        ricalcolo, utenza, comune, decisione,
    )  # fmt: skip
    await unita.esegui("UPDATE ricalcolo SET finito_il = now() WHERE id = $1", ricalcolo)
    return {
        "ricalcolo": str(ricalcolo), "assistito": str(chi),
        "adozione": str(adozione), "attestazione": str(isee),
        "utenza": str(utenza), "decisione": str(decisione),
    }  # fmt: skip
