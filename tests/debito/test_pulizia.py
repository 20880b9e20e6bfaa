"""What has had its time is thrown away wherever a worker runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from tests.conftest import Banca
from tests.debito.casi import VELOCI, officina
from tests.prestazioni.casi import contesto, csv_di, interroga, porta, riga

from capofila import pulizia
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import ServizioNonDisponibile
from capofila.base.impostazioni import Impostazioni
from capofila.pulizia import pulisci

pytestmark = pytest.mark.anyio

SPESSO = msgspec.structs.replace(VELOCI, pulizia=0.2)


async def in_attesa(banca: Banca, numero: int, slug: str = "crema") -> None:
    """A file with errors on which nobody has decided, and whose time is over."""
    altro = {} if slug == "crema" else {"comune_titolare": "D150", "ente_erogatore": "D150"}
    async with unita_di_lavoro(await contesto(slug)):
        esito = await porta(csv_di(riga(numero, genere="X", **altro)))
    assert esito.stato == "da_decidere"
    await interroga(banca.superutente, "UPDATE lotto SET scade_il = now() - interval '1 day'")


async def contenuti(banca: Banca) -> int:
    (riga_,) = await interroga(banca.superutente, "SELECT count(contenuto) FROM lotto")
    quanti: int = riga_[0]
    return quanti


async def fino_a(vero: Callable[[], Awaitable[bool]]) -> None:
    limite = time.monotonic() + 20
    while not await vero():
        assert time.monotonic() < limite, "it never came true"
        await asyncio.sleep(0.05)


async def test_il_worker_da_solo_butta_i_file_scaduti_di_ogni_ambito_e_continua(
    impostazioni_prova: Impostazioni, banca: Banca
) -> None:
    async def vuoto() -> bool:
        return await contenuti(banca) == 0

    async with officina(impostazioni_prova, SPESSO):
        for numero in (1, 2):
            await in_attesa(banca, numero)
            await in_attesa(banca, numero, "cremona")
            await fino_a(vuoto)
        stati = await interroga(banca.superutente, "SELECT DISTINCT stato FROM lotto")
        assert [r["stato"] for r in stati] == ["annullato"]


@pytest.mark.usefixtures("motore")
async def test_due_worker_insieme_buttano_ogni_file_una_volta(banca: Banca) -> None:
    for numero in range(3):
        await in_attesa(banca, numero)
    tolti = await asyncio.gather(pulisci(), pulisci(), pulisci())
    assert sum(tolti) == 3
    assert await contenuti(banca) == 0


async def test_una_pulizia_non_riuscita_si_rifa(
    impostazioni_prova: Impostazioni, banca: Banca, monkeypatch: pytest.MonkeyPatch
) -> None:
    vera, volte = pulizia.elimina_scaduti, 0

    async def guasta() -> tuple[int, int]:
        nonlocal volte
        volte += 1
        if volte < 3:
            raise ServizioNonDisponibile("Il database non risponde.")
        return await vera()

    async def rifatta() -> bool:
        return volte > 3

    monkeypatch.setattr(pulizia, "elimina_scaduti", guasta)
    async with officina(impostazioni_prova, SPESSO):
        await in_attesa(banca, 1)
        await fino_a(rifatta)
        assert await contenuti(banca) == 0
