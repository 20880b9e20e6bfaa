"""Ambiti that release something to an agency, each in a year of its own."""

from __future__ import annotations

from datetime import date
from typing import Any

from capofila.base.database import Contesto, unita_di_lavoro
from capofila.confronto import pubblicazioni
from capofila.confronto.lettura import Confronto, Domanda, confronto
from capofila.confronto.rules import DATASET
from tests.prestazioni.casi import contesto
from tests.spesa.casi import csv_di, porta, riga

ATTO = {"atto": "Delibera dell'Assemblea n. 7", "atto_data": "2026-03-01"}
COMUNI = {
    "crema": ("019035", "019067", "019097", "019001"),
    "cremona": ("019036", "019003", "019004"),
    "casalmaggiore": ("019021", "019052"),
}
"""The capoluogo first."""


async def ats(slug: str = "valpadana") -> int:
    """An agency, made once."""
    async with unita_di_lavoro(Contesto(amministratore=True)) as unita:
        await unita.esegui(
            "INSERT INTO ats (slug, nome) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            slug,
            f"ATS {slug}",
        )
        id_: int = await unita.valore("SELECT id FROM ats WHERE slug = $1", slug)
    return id_


async def chi_legge(slug: str = "valpadana") -> Contesto:
    """The context of an analyst of the agency."""
    return Contesto(ats=await ats(slug), traccia="t")


async def spende(
    slug: str, anno: int, comuni: list[str], utenti: int = 12, euro: int = 1000
) -> None:
    """A ledger of some comuni, two areas each: many users, and those of the last comune in one area few."""
    righe = [
        riga(
            anno, comune=istat, area=area, utenti=str(utenti + n if area == "anziani" or n else 2),
            spesa=str(euro * (n + 1)), quota_utenti="", quota_ssn="", risorse_comune=str(euro * (n + 1)),
            fsr="", gestione=("singola", "associata")[n % 2],
        )
        for n, istat in enumerate(reversed(comuni))
        for area in ("anziani", "disabili")
    ]  # fmt: skip
    esito = await porta(csv_di(*righe), anno, slug=slug)
    assert not esito.errori_totali, esito.errori[:3]


async def conviene(
    slug: str, agenzia: str = "valpadana", *, dataset: tuple[str, ...] = ("spesa",), soglia: int = 5,
    dal: str = "2026-01-01", al: str = "",
) -> int:  # fmt: skip
    """A convention of an ambito; what it had with that agency is revoked first."""
    id_ats = await ats(agenzia)
    async with unita_di_lavoro(await contesto(slug)):
        for una in await pubblicazioni.convenzioni():
            if una.ats_id == id_ats and una.revocata_il is None:
                await pubblicazioni.revoca_convenzione(una.id, {"motivo": "ne viene un'altra"})
        return await pubblicazioni.registra_convenzione(
            {**ATTO, "ats": str(id_ats), "soglia": str(soglia), "dal": dal, "al": al}, [*dataset]
        )


async def pubblica(slug: str, anno: int, convenzione: int, dataset: str = "spesa") -> int:
    async with unita_di_lavoro(await contesto(slug)):
        return await pubblicazioni.pubblica(dataset, anno, convenzione, ATTO)


async def legge(
    anno: int,
    agenzia: str = "valpadana",
    *,
    dataset: str = "spesa",
    indicatore: str = "",
    pagina: int | None = None,
    **altro: Any,
) -> Confronto:
    quale = DATASET[dataset]
    scelto = quale.indicatore(indicatore)
    assert scelto is not None
    domanda = Domanda(dataset=quale, anno=anno, indicatore=scelto, **altro)
    return await confronto(
        await chi_legge(agenzia),
        domanda,
        intero=pagina is None,
        pagina=pagina or 1,
        che_cosa="Prova",
    )


async def scadi(banca: Any, convenzione: int) -> None:
    """Make a convention end yesterday, as time would."""
    from tests.prestazioni.casi import interroga

    await interroga(
        banca.superutente,
        "UPDATE convenzione SET dal = '2020-01-01', al = $2 WHERE id = $1",
        convenzione, date(2020, 12, 31),
    )  # fmt: skip
