"""The invented spending of the demonstration: a year can be shown to its end."""

from __future__ import annotations

import pytest
from tests.conftest import Banca
from tests.prestazioni.casi import contesto

from capofila.base.database import unita_di_lavoro
from capofila.dimostrazione import (
    MOTIVO_INVENTATO,
    SPESA_APPROVATA,
    _approva_spesa,
    _importa_spesa,
)
from capofila.spesa import service
from capofila.spesa_sociale import PROSPETTI

pytestmark = pytest.mark.anyio


async def test_nella_dimostrazione_un_anno_ha_le_schede_approvate_e_i_prospetti_si_fanno(
    ambiti: Banca,
) -> None:
    ((slug, anno),) = SPESA_APPROVATA.items()
    chi = await contesto(slug)
    entrate = await _importa_spesa(chi, slug)
    quante = await _approva_spesa(chi, anno)
    # Made again, as `capofila demo` does, it finds them done.
    assert await _importa_spesa(chi, slug) == entrate > 0
    assert await _approva_spesa(chi, anno) == quante > 10
    async with unita_di_lavoro(chi):
        regione = await service.prepara_prospetto(PROSPETTI[0], anno, "Casalmaggiore")
        assert regione.contenuto[:2] == b"PK"
        passi = await service.passaggi(anno, (await service.schede(anno))[0].istat)
        assert {uno.motivo for uno in passi} == {MOTIVO_INVENTATO}
        assert [uno.per_conto for uno in passi] == [True, True, False, False]
