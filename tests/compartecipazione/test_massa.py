"""All users by columns: the attestation, the quota and the reason are those of one by one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capofila.compartecipazione.adozioni import Vigenza
from capofila.compartecipazione.calcolo import calcola
from capofila.compartecipazione.isee import SpecieISEE
from capofila.compartecipazione.massa import quote_di
from capofila.compartecipazione.schemi import Schema
from capofila.compartecipazione.simula import con_valori
from capofila.compartecipazione.utenti import ATTESTAZIONI, UTENTI, scelte
from capofila.compartecipazione.utenze import AttestazioneISEE, Utenza, scegli
from tests.compartecipazione.schemi import SAD, con_passi, scritto
from tests.compartecipazione.test_blocco import CENTESIMI
from tests.compartecipazione.test_calcolo import GIORNO, risolto

CIFRE = {"a": "3000", "t": "4.37", "m": "120"}
SCHEMI = {
    "sad": "",
    "del_costo": "- {forma: esente, fino_a: a}\n- {forma: percentuale, percento: t}",
    "residenziale": "- {forma: fissa, tariffa: m}\n- {forma: minimo_garantito, importo: t}",
}
MOSTRATA = st.fixed_dictionaries({
    "specie": st.sampled_from([*SpecieISEE]),
    "valore": CENTESIMI,
    "presentata": st.dates(date(2024, 6, 1), date(2025, 6, 1)),
    "ultimo_giorno": st.none() | st.dates(date(2025, 1, 1), date(2025, 12, 31)),
    "omissioni": st.booleans(),
})  # fmt: skip
UTENTE = st.fixed_dictionaries({
    "comune": st.sampled_from(["adotta", "varia", "non_adotta"]),
    "quantita": st.integers(1, 100_000),
    "costo": st.none() | CENTESIMI,
    "disponibile": st.none() | CENTESIMI,
    "condizioni": st.sets(st.sampled_from(["fratelli", "sconosciuta"])),
    "isee": st.lists(MOSTRATA, max_size=3),
})  # fmt: skip


def _in_euro(cifra: int | None) -> Any:
    return None if cifra is None else Decimal(cifra).scaleb(-2)


@pytest.mark.parametrize("nome", SCHEMI)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(persone=st.lists(UTENTE, min_size=1, max_size=12))
def test_per_colonne_e_uno_per_uno_sono_lo_stesso_esito(
    tmp_path: Path, nome: str, persone: list[dict[str, Any]]
) -> None:
    schema = con_passi(tmp_path, SCHEMI[nome], CIFRE) if SCHEMI[nome] else scritto(tmp_path, SAD)
    vigenze = _vigenze(schema)
    mostrate = [
        AttestazioneISEE(
            id=10 * n + k, assistito_id=n, comune="", protocollo="",
            **{**una, "valore": _in_euro(una["valore"])},
        )
        for n, chi in enumerate(persone) for k, una in enumerate(chi["isee"])
    ]  # fmt: skip
    attestate = scelte(
        pl.DataFrame(
            [(a.assistito_id, a.id, int(a.valore * 100), a.specie.value, a.presentata,
              a.ultimo_giorno, a.omissioni) for a in mostrate],
            schema=ATTESTAZIONI, orient="row",
        ),
        GIORNO, schema.isee,
    )  # fmt: skip
    utenti = pl.DataFrame(
        [(n, n, p["comune"], p["quantita"], p["costo"], None, p["disponibile"], [*p["condizioni"]])
         for n, p in enumerate(persone)],
        schema={**UTENTI, "condizioni": pl.List(pl.String)}, orient="row",
    )  # fmt: skip
    casi = utenti.join(attestate, on="assistito", how="left", maintain_order="left")
    trovate = quote_di(vigenze, casi, GIORNO)
    for n, persona in enumerate(persone):
        scelta = scegli([a for a in mostrate if a.assistito_id == n], GIORNO, schema)
        assert casi["attestazione"][n] == (None if scelta is None else scelta.id)
        utenza = Utenza(
            assistito_id=n, servizio="prova", dal=GIORNO,
            quantita=_in_euro(persona["quantita"]), costo=_in_euro(persona["costo"]),
            disponibile=_in_euro(persona["disponibile"]),
            condizioni=frozenset(persona["condizioni"]),
        )  # fmt: skip
        vigenza = vigenze[persona["comune"]]
        attesa = calcola(
            vigenza.risolto, utenza.caso(GIORNO, None if scelta is None else scelta.mostrata)
        )
        stato, quota, motivo = trovate.row(n)
        assert (stato, _in_euro(quota)) == (attesa.stato, attesa.importo)
        assert motivo == (vigenza.motivo or attesa.motivo)


def _vigenze(schema: Schema) -> dict[str, Vigenza]:
    come_e = risolto(schema)
    nome = next(iter(come_e.letti))
    altro = con_valori(come_e, {nome: come_e.letti[nome].valore + 1})
    campi: dict[str, Any] = {"servizio": "prova", "giorno": GIORNO}
    return {
        "adotta": Vigenza(comune="adotta", risolto=come_e, **campi),
        "varia": Vigenza(comune="varia", risolto=altro, **campi),
        "non_adotta": Vigenza(comune="non_adotta", motivo="comune_non_adotta", **campi),
    }
