"""A fund shared in an ambito, and approved by an invented act."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from capofila.governo import deliberazioni
from capofila.hooks import CriteriRiparto
from capofila.riparto import service

ANNO = 2012
"""The criteria look at the year before, whose inhabitants are published."""
CRITERI = {"crema": "crema-fnps-abitanti", "cremona": "cremona-fna"}


async def scritti(criteri: CriteriRiparto, anno: int) -> dict[str, dict[str, Decimal]]:
    """Ten for everybody, of every quantity that is asked."""
    chi = await service.fra_chi(criteri, anno)
    return {
        una.codice: {uno.codice: Decimal(10) for uno in chi}
        for una in await service.da_scrivere(criteri, anno)
    }


async def delibera(nome: str, anno: int = ANNO) -> None:
    """An act of the Assemblea of Crema, voted elsewhere."""
    await deliberazioni.registra_precedente(
        deliberazioni.Precedente(
            specie="atto", di="", materia="riparto-risorse", anno=anno, giorno=date(anno, 10, 1),
            prova=f"Atto {nome}", inventato=True,
        )
    )  # fmt: skip


async def approvato(slug: str, nome: str) -> dict[str, str]:
    """A riparto that was approved, and its criteria, in the unit that is open."""
    criteri = await service.uno_dei_criteri(ANNO, CRITERI[slug])
    if criteri.materia is not None:
        await delibera(nome)
    traccia = await service.simula(ANNO, criteri, Decimal("60000.01"), await scritti(criteri, ANNO))
    atto = service.Atto(cita=f"Atto {nome}", data=date(ANNO, 10, 1))
    return {
        "riparto_fondo": str(await service.approva(traccia, atto)), "criteri": criteri.codice
    }  # fmt: skip
