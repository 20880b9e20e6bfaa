"""A job of one ambito does nothing to another, whatever its parameters say."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from tests.conftest import Banca
from tests.debito.casi import attendi, chiedi, com_e, esporta, importa
from tests.isolamento.conftest import fotografia
from tests.prestazioni.casi import contesto, csv_di, riga

from capofila.base.database import unita_di_lavoro
from capofila.base.impostazioni import Impostazioni
from capofila.base.lavori import richiedi
from capofila.base.lavori import stato as stato_lavoro

pytestmark = pytest.mark.anyio


async def test_un_lavoro_che_nomina_il_file_di_un_altro_ambito_non_gli_fa_nulla(
    lavora: Impostazioni, banca: Banca
) -> None:
    await importa(csv_di(riga(1, comune_titolare="D150", ente_erogatore="D150")), slug="cremona")
    sua = await esporta(slug="cremona")
    prima = await fotografia(banca, "cremona")
    async with unita_di_lavoro(await contesto("crema")):
        lavoro = await richiedi("debito.esporta", {"esportazione": sua.id})
    for _ in range(200):
        async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
            adesso = await stato_lavoro(lavoro)
        if adesso.finito:
            break
        await asyncio.sleep(0.05)
    assert adesso.stato == "respinto"
    assert sua.id not in str(adesso.esito)
    assert await fotografia(banca, "cremona") == prima


async def test_due_ambiti_esportano_insieme_ognuno_il_suo(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1)))
    await importa(csv_di(riga(2, comune_titolare="D150", ente_erogatore="D150")), slug="cremona")
    chieste = [await chiedi(slug=slug) for slug in ("crema", "cremona")]
    fatte = [await attendi(una) for una in chieste]
    assert [(f.ambito, f.righe, f.stato) for f in fatte] == [
        ("crema", 1, "sigillata"), ("cremona", 1, "sigillata"),
    ]  # fmt: skip
    assert len({f.uri.split("/")[2] for f in fatte if f.uri}) == 2
    assert UUID(fatte[0].id) != UUID(fatte[1].id)
    assert (await com_e(fatte[0].id))[1].esito == {
        "esportazione": fatte[0].id, "stato": "sigillata", "righe": 1,
    }  # fmt: skip
