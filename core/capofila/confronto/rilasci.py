"""Releasing is a job: with many small cells it takes seconds, and whoever asked may go elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from capofila.base.errori import NonTrovato
from capofila.base.lavori import Compito, StatoLavoro, lavoro, richiedi, stato
from capofila.confronto.pubblicazioni import convenzione_per, leggi_atto, pubblica
from capofila.confronto.rules import DatiConvenzione

TIPO: Final = "confronto.pubblica"
PASSI: Final = 3


async def chiedi(
    dataset: str, anno: int, id_convenzione: int, valori: Mapping[str, str], vista: str
) -> UUID:
    """Ask for a release; the same asked again while it is open is that one.

    Args:
        dataset: its code.
        anno: of the figures.
        id_convenzione: by which they are released.
        valori: ``atto`` and ``atto_data``, as typed.
        vista: digest of the figures that were seen.

    Raises:
        DatiConvenzione: the act is not said.
        NonTrovato, Conflitto: as :func:`capofila.confronto.pubblicazioni.convenzione_per`.
    """
    campi: dict[str, str] = {}
    atto, atto_data = leggi_atto(dict(valori), campi)
    if campi:
        raise DatiConvenzione(campi)
    questa = await convenzione_per(dataset, id_convenzione)
    return await richiedi(
        TIPO,
        {
            "dataset": dataset, "anno": anno, "convenzione": id_convenzione, "atto": atto,
            "atto_data": atto_data.isoformat(), "vista": vista,
        },
        chiave=f"{questa.ats_id}/{dataset}/{anno}",
        totale=PASSI,
    )  # fmt: skip


async def andamento(lavoro_id: UUID) -> StatoLavoro:
    """How far a release is.

    Raises:
        NonTrovato: no release of this ambito has that id.
    """
    questo = await stato(lavoro_id)
    if questo.tipo != TIPO:
        raise NonTrovato("Questa pubblicazione non c'è: torna all'elenco.")
    return questo


@lavoro(TIPO, limite=600, uno_per_ambito=True)
async def _pubblica(compito: Compito) -> dict[str, Any]:
    """Release what was seen."""
    chiesto = compito.parametri

    async def avanza(fatto: int, fase: str) -> None:
        await compito.avanza(fatto, PASSI, fase)

    async with compito.unita() as unita:
        id_ = await pubblica(
            chiesto["dataset"], chiesto["anno"], chiesto["convenzione"],
            {"atto": chiesto["atto"], "atto_data": chiesto["atto_data"]}, chiesto["vista"],
            lavoro=compito.id, avanza=avanza,
        )  # fmt: skip
        await compito.conferma(unita)
    return {"pubblicazione": id_}
