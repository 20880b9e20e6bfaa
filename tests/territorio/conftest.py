"""The declared folders of this repository, and copies of them that a test may spoil."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from capofila.base.database import Contesto, unita_di_lavoro
from capofila.territorio.cartelle import DatiAmbito, DatiComuni, leggi_ambito, leggi_comuni
from capofila.territorio.service import Applicazione, applica, applica_comuni

TENANTS = Path(__file__).resolve().parents[2] / "tenants"
AMBITI = ("crema", "cremona", "casalmaggiore")

Applica = Callable[..., Awaitable[Applicazione]]


@pytest.fixture(scope="session")
def dati_comuni() -> DatiComuni:
    return leggi_comuni(TENANTS / "comuni")


@pytest.fixture(scope="session")
def dati_ambiti(dati_comuni: DatiComuni) -> dict[str, DatiAmbito]:
    comuni = {c.istat: c for c in dati_comuni.comuni}
    return {slug: leggi_ambito(TENANTS / slug, comuni) for slug in AMBITI}


@pytest.fixture
def cartelle(tmp_path: Path) -> Path:
    """A copy of ``tenants/``."""
    return Path(shutil.copytree(TENANTS, tmp_path / "tenants"))


@pytest.fixture
async def applica_cartelle(motore: object, cartelle: Path) -> Applica:
    """Applies the copy: the comuni, then each folder named, each in a unit of its own."""

    async def esegui(*slug: str) -> Applicazione:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            esito = await applica_comuni(cartelle / "comuni")
        for uno in slug:
            async with unita_di_lavoro(Contesto(amministratore=True)):
                esito = await applica(cartelle / uno)
        return esito

    return esegui
