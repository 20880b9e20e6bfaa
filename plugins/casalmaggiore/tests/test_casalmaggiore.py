"""Casalmaggiore: one head one vote until the new statute, then inhabitants and eleven comuni."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

import capofila_casalmaggiore
from capofila.hooks import Base, Misura, Organo, Per, RegolaVoto, Soglia, difetti


def _organo(codice: str, giorno: date) -> Organo:
    (organo,) = (
        uno for uno in capofila_casalmaggiore.organi() if uno.codice == codice and uno.vale(giorno)
    )
    return organo


def _regola(giorno: date) -> RegolaVoto:
    (regola,) = (
        una for una in _organo("assemblea-dei-sindaci", giorno).regole_voto if una.vale(giorno)
    )
    return regola


def test_il_manifesto_e_in_ordine_e_dice_la_versione_della_distribuzione() -> None:
    progetto = tomllib.loads(
        (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text("utf-8")
    )["project"]
    manifesto = capofila_casalmaggiore.manifesto()
    assert difetti(manifesto) == ()
    assert manifesto.versione == progetto["version"]
    assert list(progetto["entry-points"]["capofila.distretti"]) == [manifesto.id]
    assert progetto["dependencies"] == ["capofila"]


@pytest.mark.parametrize("giorno", [date(2013, 1, 1), date(2014, 4, 2)])
def test_prima_del_nuovo_statuto_ogni_comune_ha_un_voto(giorno: date) -> None:
    regola = _regola(giorno)
    assert not regola.doppia
    assert [condizione.misura for condizione in regola.condizioni] == [Misura.TESTE]


@pytest.mark.parametrize("giorno", [date(2014, 4, 3), date(2026, 1, 1)])
def test_poi_servono_il_peso_degli_abitanti_e_undici_comuni(giorno: date) -> None:
    regola = _regola(giorno)
    assert regola.doppia
    peso, teste = regola.condizioni
    assert peso.misura is Misura.ABITANTI
    assert (teste.misura, teste.soglia, teste.base) == (
        Misura.TESTE,
        Soglia(numero=11),
        Base.AVENTI_DIRITTO,
    )


def test_la_decorrenza_e_la_soglia_del_peso_sono_ipotesi_e_gli_undici_comuni_no() -> None:
    regola = _regola(date(2026, 1, 1))
    peso, teste = regola.condizioni
    assert regola.ipotesi
    assert peso.fonte is not None
    assert peso.fonte.ipotesi
    assert teste.fonte is not None
    assert not teste.fonte.ipotesi


def test_tre_comuni_soli_passerebbero_la_soglia_del_peso_come_dice_la_fonte() -> None:
    # Census of 2011: Casalmaggiore 15,111, Gussola 2,873, Piadena and Drizzona together 4,132,
    # of 39,550 inhabitants of the ambito (ISTAT).
    peso, _ = _regola(date(2026, 1, 1)).condizioni
    assert peso.soglia is not None
    assert peso.soglia.frazione is not None
    numeratore, denominatore = peso.soglia.frazione
    assert (15_111 + 2_873 + 4_132) * denominatore > 39_550 * numeratore


def test_il_consiglio_di_amministrazione_ha_un_presidente_e_un_componente_per_zona() -> None:
    consiglio = _organo("consiglio-di-amministrazione", date(2020, 1, 1))
    assert consiglio.posti({Per.ZONA: 4}) == 5
    assert {seggio.categoria: seggio.designato_da for seggio in consiglio.seggi}[
        "presidente"
    ] == "Comune di Casalmaggiore"
    assert consiglio.ipotesi


def test_prima_dell_annuncio_non_c_e_un_consiglio_di_amministrazione() -> None:
    assert not any(
        organo.codice == "consiglio-di-amministrazione" and organo.vale(date(2014, 4, 2))
        for organo in capofila_casalmaggiore.organi()
    )
