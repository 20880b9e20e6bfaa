"""Cremona as far as the press gives it."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import capofila_cremona
from capofila.hooks import Nomina, Organo, Per, Specie, difetti


def _organi(giorno: date) -> dict[str, Organo]:
    return {organo.codice: organo for organo in capofila_cremona.organi() if organo.vale(giorno)}


def test_il_manifesto_e_in_ordine_e_dice_la_versione_della_distribuzione() -> None:
    progetto = tomllib.loads(
        (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text("utf-8")
    )["project"]
    manifesto = capofila_cremona.manifesto()
    assert difetti(manifesto) == ()
    assert manifesto.versione == progetto["version"]
    assert list(progetto["entry-points"]["capofila.distretti"]) == [manifesto.id]
    assert progetto["dependencies"] == ["capofila"]


def test_ogni_organo_e_noto_dalla_stampa_e_nessuno_ha_regole_di_voto() -> None:
    for organo in capofila_cremona.organi():
        assert organo.fonte.specie is Specie.STAMPA
        assert organo.fonte.url is not None
        assert organo.regole_voto == ()


def test_l_assemblea_e_presieduta_dal_sindaco_di_cremona() -> None:
    assemblea = _organi(date(2019, 10, 29))["assemblea-dei-sindaci"]
    assert assemblea.presidenza is not None
    assert assemblea.presidenza.titolare == "Sindaco del Comune di Cremona"
    # Whether by right or elected, the source does not say.
    assert assemblea.presidenza.nomina is not Nomina.DI_DIRITTO
    assert assemblea.presidenza.nomina is None
    assert assemblea.posti({Per.COMUNE: 47}) == 47


def test_il_comitato_ristretto_del_2019_ha_due_componenti_per_sei_sub_ambiti() -> None:
    comitato = _organi(date(2019, 10, 2))["comitato-ristretto"]
    assert comitato.posti({Per.SUB_AMBITO: 6}) == 12
    assert len(comitato.invitati) == 1
    assert comitato.invitati[0].permanente
    assert "comitato-ristretto" not in _organi(date(2019, 10, 1))


def test_il_consiglio_di_amministrazione_del_2025_e_di_cinque_per_cinque_anni() -> None:
    consiglio = _organi(date(2025, 7, 18))["consiglio-di-amministrazione"]
    assert consiglio.posti({}) == 5
    assert consiglio.durata_mesi == 60
    assert "consiglio-di-amministrazione" not in _organi(date(2025, 7, 17))
