"""Files of figures, and bringing them in."""

from __future__ import annotations

from capofila.base.database import unita_di_lavoro
from capofila.base.importazioni import EsitoFoglio
from capofila.conoscenza.valori import importa
from tests.prestazioni.casi import contesto

CREMA, PANDINO, SONCINO = "019035", "019067", "019097"


def csv_di(*righe: str, colonne: str = "codice;anno;territorio;valore;fonte") -> bytes:
    return "\r\n".join((colonne, *righe, "")).encode()


async def porta(*righe: str, slug: str = "crema", prova: bool = False) -> EsitoFoglio:
    async with unita_di_lavoro(await contesto(slug)):
        return await importa("cifre.csv", csv_di(*righe), prova=prova)
