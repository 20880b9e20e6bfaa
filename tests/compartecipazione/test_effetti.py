"""Another rule for those who use a service, and the comuni beside each other: the sums of one by one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import DatiNonValidi
from capofila.compartecipazione import decisioni, omogeneita, service
from capofila.compartecipazione.effetti import Prova, effetto
from capofila.compartecipazione.omogeneita import per_comune
from capofila.compartecipazione.routes_adozioni import valori_scritti
from capofila.web.lettura import Lettura
from tests.compartecipazione.casi import attesta, contesto, persona, registra

pytestmark = pytest.mark.anyio

GIORNO = date(2025, 3, 1)
D = Decimal


async def popola() -> None:
    await registra("A076", dal=date(2025, 1, 1))
    await registra("A570", stato="non_adotta", dal=date(2025, 1, 1))
    await registra(
        "B881", stato="adotta_con_varianti", dal=date(2025, 1, 1),
        varianti={"tariffa_massima": D("22.5")},
    )  # fmt: skip
    for n, (comune, isee) in enumerate(
        [("A076", "25000"), ("A076", "4500"), ("A570", "4500"), ("B881", "25000"), ("B881", "")]
    ):
        una = await persona(
            n, comune, dal=date(2025, 1, 1), quantita=D(10), costo=D(30) if n else None
        )
        if isee:
            await attesta(una, isee)


@pytest.mark.usefixtures("motore")
async def test_i_valori_di_prova_e_quanto_costano_a_ogni_comune() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await popola()
        trovato = await effetto("sad", GIORNO, Prova(valori={"tariffa_massima": D(20)}))
        # 26 and 22.50 an hour become 20: 60 and 25 euro in ten hours.
        assert (trovato.tutti.persone, trovato.tutti.di_meno, trovato.tutti.uguali) == (5, 2, 1)
        assert trovato.tutti.senza_quota == 2
        assert {c: v.costo for c, v in trovato.comuni.items()} == {
            "A076": D(60), "A570": D(0), "B881": D(25),
        }  # fmt: skip
        # Who has an ISEE stands in its band, also where the comune does not adopt.
        assert [f.cambia.persone for f in trovato.fasce] == [2, 2, 1]
        uno = await effetto("sad", GIORNO, Prova(valori={"tariffa_massima": D(20)}), "B881")
        assert [*uno.comuni] == ["B881"]
        with pytest.raises(DatiNonValidi, match="non crescono"):
            await effetto("sad", GIORNO, Prova(valori={"tariffa_massima": D(1)}))


@pytest.mark.usefixtures("motore")
async def test_le_regole_di_un_altro_giorno_di_un_altro_comune_e_dell_ambito() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await popola()
        ieri = await effetto("sad", GIORNO, Prova(contro="giorno", giorno=date(2024, 3, 1)))
        # 17 an hour in 2024 for 26 and for the 22.50 of the variant, that did not hold yet; 2.95 for 3.62.
        assert ieri.comuni["A076"].dopo == D("199.50")
        assert ieri.comuni["B881"].dopo == D("170.00")
        uguale = await effetto("sad", GIORNO, Prova(contro="ambito"))
        assert uguale.comuni["B881"].differenza == D("35.00")
        assert uguale.tutti.senza_quota == 2
        come_b881 = await effetto("sad", GIORNO, Prova(contro="comune", comune="B881"))
        assert come_b881.comuni["A076"].differenza == D("-35.00")


@pytest.mark.usefixtures("motore")
async def test_i_comuni_accanto_con_cio_che_manca() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await popola()
        vista = await omogeneita.leggi("sad", GIORNO)
        primo = vista.comuni["A076"]
        assert (primo.utenti, primo.con_costo, primo.con_quota, primo.decise) == (2, 1, 2, 0)
        assert (primo.costo_medio, primo.quota_media) == (D("300.00"), D("148.10"))
        # Of whom both are known: 36.20 of 300.
        assert primo.incidenza == D("0.1207")
        assert vista.comuni["A570"].incidenza is None
        assert vista.motivi == {"comune_non_adotta": 1, "isee_mancante": 1}
        assert vista.adozioni["A570"] == "non_adotta"
        una = (await service.casi("sad", GIORNO))["utenza"][0]
        atto = service.Provvedimento(organo="Servizi", numero="1", data=GIORNO)
        await decisioni.decidi(una, GIORNO, atto)
        assert (await omogeneita.leggi("sad", GIORNO)).comuni["A076"].decise == 1


def test_la_misura_e_quella_pubblicata() -> None:
    """Cremona in 2012: the comuni spent 3,740 euro by user, a user 854: «19%»."""
    utenti = {"comune": ["D150"], "costo": [45_940_000], "quota": [85_400], "decisa": [False]}
    una = per_comune(pl.DataFrame(utenti))["D150"]
    assert (una.costo_medio, una.quota_media) == (D(3740 + 854), D(854))
    assert una.incidenza is not None
    assert round(una.incidenza, 2) == D("0.19")


@pytest.mark.parametrize(
    ("scritto", "letto"),
    [("3.000", "3000"), ("3.000,5", "3000.5"), ("2.19", "2.19"), ("2,19", "2.19"), ("1.234.567", "1234567")],
)  # fmt: skip
def test_una_cifra_si_legge_come_le_pagine_la_scrivono(scritto: str, letto: str) -> None:
    assert valori_scritti(Lettura({"variante-x": scritto})) == {"x": D(letto)}
