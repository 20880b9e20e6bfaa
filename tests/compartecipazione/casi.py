"""Adoptions, persons and attestations as an officer would enter them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from capofila.compartecipazione import service, utenze
from capofila.compartecipazione.isee import Attestazione, SpecieISEE
from tests.prestazioni.casi import codice_fiscale, contesto

__all__ = ["attesta", "contesto", "persona", "registra"]


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
