"""A cancellation that comes together with what was awaited must not be lost.

``asyncio.wait_for`` of Python 3.11 gives the result back and forgets the cancellation when both
come in the same turn of the loop: whoever then waits for the end of the task waits forever.
"""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
import pytest
from tests.conftest import Banca
from tests.debito.casi import VELOCI, officina
from tests.prestazioni.casi import interroga

from capofila.base.database import MOTORE, Contesto
from capofila.base.impostazioni import Impostazioni
from capofila.base.lavori import REGISTRO, Compito, crea_broker, lavoro, richiedi, stato
from capofila.base.staffetta import Staffetta

pytestmark = [
    pytest.mark.anyio,
]


@pytest.fixture
async def casa(impostazioni_prova: Impostazioni, banca: Banca) -> Impostazioni:
    await interroga(
        banca.superutente,
        "INSERT INTO ambito (id, slug, nome, capofila, provincia) "
        "VALUES (1, 'prova', 'Prova', 'Prova', 'CR')",
    )
    return impostazioni_prova


async def test_la_staffetta_si_ferma_anche_se_in_quel_momento_la_si_sveglia(
    casa: Impostazioni,
) -> None:
    lenti = msgspec.structs.replace(VELOCI, giro=30)
    staffetta = Staffetta(casa.relay_url, crea_broker(casa), lenti)
    opera = asyncio.create_task(staffetta.corri())
    await asyncio.sleep(1)
    staffetta._sveglia.set()
    await asyncio.sleep(0)
    opera.cancel()
    finite, _ = await asyncio.wait({opera}, timeout=3)
    if not finite:
        opera.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await opera
    assert finite


async def test_un_lavoro_che_finisce_mentre_dice_a_che_punto_e_si_chiude(
    casa: Impostazioni,
) -> None:
    @lavoro("prova.svelta")
    async def _svelta(compito: Compito) -> None:
        await asyncio.sleep(0.5)
        await compito.avanza(1, totale=1)

    try:
        async with officina(casa):
            contesto = Contesto(ambito=1)
            async with MOTORE.unita(contesto):
                chiesto = await richiedi("prova.svelta", {})
            for _ in range(100):
                async with MOTORE.unita(contesto, sola_lettura=True):
                    adesso = await stato(chiesto)
                if adesso.finito:
                    break
                await asyncio.sleep(0.05)
            assert adesso.stato == "riuscito"
    finally:
        REGISTRO.pop("prova.svelta")
