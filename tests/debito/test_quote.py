"""From a decided quota to the file for INPS, and a new decision after the first was accepted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from lxml import etree
from tests.compartecipazione.casi import attesta, persona, registra
from tests.compartecipazione.test_adozioni import ATTO
from tests.compartecipazione.test_registro import SCRITTI
from tests.debito.casi import esporta
from tests.debito.test_variazioni import Destinatario, esito, in_vigore, invia, nostra
from tests.prestazioni.casi import contesto
from tests.siuss.casi import NS, controlla_schema

from capofila.base.database import unita_di_lavoro
from capofila.base.impostazioni import Impostazioni
from capofila.compartecipazione import decisioni, registro, service

pytestmark = pytest.mark.anyio


async def scrivi(decisa: decisioni.Decisa) -> None:
    """The quota of a decision in the ledger, beside a cost of 250 € a month."""
    operazioni = registro.piano(await registro.base(decisa), SCRITTI, Decimal(250))
    assert await registro.prova(operazioni) == []
    await registro.scrivi(decisa, operazioni)


def voci(xml: bytes) -> list[tuple[str, ...]]:
    """Operation, first day, shares of the person and of the ente, as the file says them."""
    nomi = ("TipoOperazione", "DataInizioPrestazione", "DataFinePrestazione",
            "ImportoQuotaUtente", "ImportoQuotaEnte")  # fmt: skip
    return [
        tuple(voce.get(nome, "") for nome in nomi)
        for voce in etree.fromstring(xml).iter(f"{NS}PrestazioniSociali")
    ]


async def test_la_quota_decisa_e_nel_file_e_la_nuova_decisione_lo_corregge(
    lavora: Impostazioni,
) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await registra("D966", dal=date(2024, 1, 1))
        utenza = await persona(
            1, "D966", dal=date(2025, 1, 1), quantita=Decimal(10), costo=Decimal(25)
        )
        await attesta(utenza, "4500")
        await scrivi(await decisioni.leggi(await service.decidi(utenza, date(2025, 1, 15), ATTO)))
    inps = Destinatario()
    prima = await esporta()
    assert (prima.inserimenti, prima.cancellazioni) == (1, 0)
    xml = await invia(prima)
    controlla_schema(xml, "PS_PSA_SINA201812.xsd")
    assert voci(xml) == [("I", "2025-01-15", "2025-12-31", "36.20", "213.80")]
    assert inps.riceve(xml) == []
    await esito(prima, [])

    async with unita_di_lavoro(await contesto("crema")):
        await attesta(utenza, "13000", presentata=date(2025, 5, 2))
        await scrivi(await decisioni.leggi(await service.decidi(utenza, date(2025, 6, 1), ATTO)))
    assert len(await in_vigore()) == 2
    seconda = await esporta()
    assert (seconda.inserimenti, seconda.cancellazioni) == (2, 1)
    xml = await invia(seconda)
    controlla_schema(xml, "PS_PSA_SINA201812.xsd")
    # What INPS had is taken back whole, then said again until the day before, then the new quota.
    assert voci(xml) == [
        ("C", "2025-01-15", "2025-12-31", "36.20", "213.80"),
        ("I", "2025-01-15", "2025-05-31", "36.20", "213.80"),
        ("I", "2025-06-01", "2025-12-31", "155.20", "94.80"),
    ]
    assert inps.riceve(xml) == []
    assert inps.archivio == await nostra()
    await esito(seconda, [])
    assert (await esporta()).stato == "respinta", "nothing else changed"
