"""What some prestazioni want, by the lists that an installation keeps."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.siuss.casi import BUONA, prepara

from capofila.hooks.codifiche import VoceCodifica, in_vigore
from capofila.hooks.regole import vale
from capofila.siuss.nomenclatore import (
    LISTA_CON_EVENTO,
    LISTA_CON_SINA,
    LISTA_IN_CARICO,
    lista_solo_in_carico,
)
from capofila.siuss.plugin import LISTE, flussi

Tenute = Mapping[str, VoceCodifica | None]


def _voce(codice: str, dal: str | None = None, al: str | None = None) -> VoceCodifica:
    return VoceCodifica(codice, "una prestazione di prova", "prova", dal, al)


def _detto(lista: str, tenute: Tenute, **altro: str) -> set[str]:
    """What is said of the good row with other values, under a list that somebody changed."""
    flusso = flussi(in_vigore(LISTE, {lista: tenute}))[0]
    lotto = prepara(flusso, {**BUONA, **altro})
    return {e.codice for e in (*lotto.errori, *lotto.avvisi)}


NON_IN_CARICO = {"presa_in_carico": "no", "area_utenza": ""}
DISABILE = {"area_utenza": "2"}


@pytest.mark.parametrize(
    ("lista", "codice", "altro"),
    [
        (LISTA_IN_CARICO, "siuss-solo-in-carico", NON_IN_CARICO),
        (LISTA_CON_SINA, "siuss-sina-mancante", {**DISABILE, "codice_prestazione": "A3.03"}),
        (LISTA_CON_EVENTO, "siuss-evento-richiesto", {}),
    ],
)
def test_un_codice_aggiunto_alla_lista_e_guardato_nei_suoi_giorni(
    lista: str, codice: str, altro: dict[str, str]
) -> None:
    quale = altro.get("codice_prestazione", BUONA["codice_prestazione"])
    assert codice not in _detto(lista, {}, **altro)
    assert codice in _detto(lista, {quale: _voce(quale)}, **altro)
    assert codice in _detto(lista, {quale: _voce(quale, dal="2025-01-01")}, **altro)
    assert codice not in _detto(lista, {quale: _voce(quale, dal="2025-01-02")}, **altro)
    assert codice not in _detto(lista, {quale: _voce(quale, al="2024-12-31")}, **altro)


def test_un_codice_tolto_dalla_lista_non_e_piu_guardato() -> None:
    assert "siuss-sina-mancante" in _detto(LISTA_CON_SINA, {}, **DISABILE)
    assert "siuss-sina-mancante" not in _detto(LISTA_CON_SINA, {"A2.07": None}, **DISABILE)


def test_una_lista_vuota_non_ha_regola_e_le_altre_restano() -> None:
    vuota = dict.fromkeys(voce.codice for voce in lista_solo_in_carico().voci)
    codici = {r.codice for r in flussi(in_vigore(LISTE, {LISTA_IN_CARICO: vuota}))[0].regole}
    assert "siuss-solo-in-carico" not in codici
    assert {"siuss-sina-mancante", "siuss-evento-richiesto"} <= codici


def test_chi_specifica_un_codice_ne_segue_la_sorte_e_gli_esempi_tengono() -> None:
    tenute = {"A2.07": _voce("A2.07", dal="2025-01-01", al="2025-06-30")}
    flusso = flussi(
        in_vigore(
            LISTE, {LISTA_IN_CARICO: tenute, "siuss-prestazioni": {"A2.07.01": _voce("A2.07.01")}}
        )
    )[0]
    (regola,) = [r for r in flusso.regole if r.codice == "siuss-solo-in-carico"]
    assert vale(regola.controllo, {"codice_prestazione": "A2.07.01", "data_inizio": "2025-07-01"})
    assert not vale(
        regola.controllo,
        {"codice_prestazione": "A2.07.01", "data_inizio": "2025-06-30", "presa_in_carico": "no"},
    )
    assert vale(regola.controllo, regola.esempio_valido)
    assert not vale(regola.controllo, regola.esempio_errato)
