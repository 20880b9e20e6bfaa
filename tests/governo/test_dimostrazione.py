"""The demonstration meetings: once, marked as invented, with the outcome that they are to show."""

from __future__ import annotations

import pytest

from capofila.base.database import unita_di_lavoro
from capofila.dimostrazione_sedute import inventa_sedute
from capofila.governo import deliberazioni, sedute, service
from tests.conftest import Banca
from tests.prestazioni.casi import contesto
from tests.prestazioni.conftest import ambiti, banca_del_modulo, modello

__all__ = ["ambiti", "banca_del_modulo", "modello"]

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("slug", "esiti"),
    [("crema", ["approvata"]), ("cremona", ["approvata"]),
     ("casalmaggiore", ["respinta", "approvata"])],
)  # fmt: skip
async def test_ogni_ambito_ha_una_seduta_tenuta_e_una_convocata(
    ambiti: Banca, slug: str, esiti: list[str]
) -> None:
    dove = await contesto(slug)
    assert await inventa_sedute(dove, slug) == 2
    assert await inventa_sedute(dove, slug) == 2
    async with unita_di_lavoro(dove):
        convocata, tenuta = await sedute.adunanze()
        assert (convocata.stato, tenuta.stato) == ("convocata", "verbalizzata")
        assert [una.percorso for una in await service.prossime_sedute(3)] == [
            f"sedute/{convocata.id}"
        ]
        assert convocata.inventata
        assert tenuta.inventata
        assert [v.risultato for v in await deliberazioni.votazioni(tenuta.id)] == esiti
        assert len(await deliberazioni.della_seduta(tenuta.id)) == 1
