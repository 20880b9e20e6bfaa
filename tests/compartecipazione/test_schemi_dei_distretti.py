"""The schemes of the three distretti: points worked out by hand, and that they differ in kind."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import capofila_casalmaggiore
import capofila_crema
import capofila_cremona
from capofila.compartecipazione.calcolo import Caso, calcola
from capofila.compartecipazione.isee import Attestazione, SpecieISEE
from capofila.compartecipazione.schemi import Schema, leggi

D = Decimal
SCHEMI: dict[str, Schema] = {
    schema.id: schema
    for plugin in (capofila_crema, capofila_cremona, capofila_casalmaggiore)
    for schema in map(leggi, plugin.schemi())
}
RESIDENZE = SpecieISEE.SOCIOSANITARIO_RESIDENZE


def quota(schema: str, isee: str | None, giorno: date = date(2025, 9, 15), **altro: Any) -> Any:
    specie = altro.pop("specie", SpecieISEE.ORDINARIO)
    mostrato = None if isee is None else Attestazione(valore=D(isee), specie=specie)
    return calcola(
        SCHEMI[schema].risolvi(giorno), Caso(giorno=giorno, isee=mostrato, **altro)
    ).importo


@pytest.mark.parametrize(
    ("schema", "isee", "altro", "attesa"),
    [
        ("crema-sad", "3000.01", {}, "2.19"),
        ("crema-sad", "4500", {}, "3.62"),
        ("crema-sad", "4500", {"giorno": date(2024, 6, 1)}, "2.95"),
        ("crema-sad", "20000", {"giorno": date(2024, 6, 1)}, "17.00"),
        ("crema-sad", None, {}, None),
        # 10 %, 35 %, 70 % and all of 24.60.
        ("cremona-sad", "5000", {}, "2.46"),
        ("cremona-sad", "5000.01", {}, "8.61"),
        ("cremona-sad", "25000", {"quantita": D(10)}, "172.20"),
        ("cremona-sad", "60000", {}, "24.60"),
        ("cremona-sad", "60000", {"giorno": date(2024, 12, 31)}, "23.40"),
        ("cremona-sad", None, {"quantita": D(2)}, "49.20"),
        # 24.60 × 0.35 × 0.75 × 0.85 × 3 = 16.466625: rounded once, at the end.
        ("cremona-sad", "9000", {"condizioni": frozenset({"disabilita", "stesso_nucleo"}),
                                 "quantita": D(3)}, "16.47"),
        ("cremona-sad", "9000", {"costo": D("30.00")}, "10.50"),
        ("cremona-mensa", "6000", {"quantita": D(20)}, "30.00"),
        ("cremona-mensa", "6000.01", {"quantita": D(20)}, "68.00"),
        ("cremona-mensa", "15000.01", {"quantita": D(20)}, "107.00"),
        ("cremona-mensa", "15000.01", {"quantita": D(20), "giorno": date(2025, 5, 1)}, "104.00"),
        ("cremona-mensa", "8000", {"condizioni": frozenset({"secondo_figlio"})}, "2.72"),
        ("cremona-mensa", "8000", {"condizioni": frozenset({"fratelli"})}, "1.70"),
        ("cremona-mensa", "8000", {"condizioni": frozenset({"disabilita"})}, "0.00"),
        ("cremona-mensa", None, {"quantita": D(20)}, "107.00"),
        ("casalmaggiore-sad", "2500", {}, "0.00"),
        # 2,500.01 of 24,000 is 10.4 %: the least share is 15 % of 23.70, 3.555.
        ("casalmaggiore-sad", "2500.01", {}, "3.60"),
        ("casalmaggiore-sad", "12000", {"quantita": D(3)}, "35.70"),
        ("casalmaggiore-sad", "23000", {}, "21.50"),
        ("casalmaggiore-sad", None, {}, "21.50"),
        # 18 + (20,000 − 6,500) / 23,500 × 45 = 43.851…; thirty days are 1,315.50, and of 1,300
        # a month 150 stay to the person.
        ("casalmaggiore-residenze", "20000", {"specie": RESIDENZE, "quantita": D(30),
                                              "disponibile": D(2000)}, "1315.50"),
        ("casalmaggiore-residenze", "20000", {"specie": RESIDENZE, "quantita": D(30),
                                              "disponibile": D(1300)}, "1150.00"),
        ("casalmaggiore-residenze", "20000", {"specie": RESIDENZE, "quantita": D(30),
                                              "disponibile": D(100)}, "0.00"),
        ("casalmaggiore-residenze", "20000", {"specie": RESIDENZE}, None),
    ],
)  # fmt: skip
def test_i_punti_calcolati_a_mano(
    schema: str, isee: str | None, altro: dict[str, Any], attesa: str | None
) -> None:
    assert quota(schema, isee, **altro) == (None if attesa is None else D(attesa))


def test_lo_stesso_servizio_ha_nei_tre_distretti_una_forma_diversa() -> None:
    basi = {
        schema.id: [type(passo).__name__ for passo in schema.formule[-1].passi]
        for schema in SCHEMI.values()
        if schema.servizio == "sad"
    }
    assert [next(n for n in nomi if n in ("Tratti", "Fasce", "Proporzionale"))
            for _, nomi in sorted(basi.items())] == ["Proporzionale", "Tratti", "Fasce"]  # fmt: skip


def test_dove_nessuna_fonte_da_le_cifre_lo_schema_dice_di_essere_dimostrativo() -> None:
    for nome, schema in SCHEMI.items():
        assert schema.dimostrativo == (not nome.startswith("crema-"))
        assert not schema.dimostrativo or all(a.ipotesi for a in schema.atti.values())


def test_ogni_file_degli_schemi_e_dichiarato_dal_suo_plugin() -> None:
    radice = Path(__file__).parents[2] / "plugins"
    assert len(SCHEMI) == len([*radice.glob("*/capofila_*/schemi/*.yaml")])
