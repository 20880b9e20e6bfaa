"""The example plugin as it was written for an older minor runs on today's core, which says so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from capofila.base.plugin import Attivazione, Registro, avvisi
from capofila.conformita import Esame, esamina
from capofila.hooks import CONTRATTO

CARTELLA = Path(__file__).resolve().parent / "contratto_1_5" / "mantova"
"""Frozen: what it does not find any more is a break of the contract, never a thing to correct there."""


@pytest.fixture(scope="module")
def esame() -> Esame:
    return esamina("capofila_mantova", [CARTELLA])


def test_e_ancora_conforme(esame: Esame) -> None:
    assert esame.difetti == ()
    assert (esame.plugin, esame.contratto) == ("mantova", "1.5")


def test_chi_lo_esamina_sa_che_e_di_un_minore_precedente(esame: Esame) -> None:
    assert CONTRATTO != "1.5"
    (avviso,) = esame.avvisi
    assert "1.5" in avviso
    assert CONTRATTO in avviso
    assert avvisi(CONTRATTO) == ()


def test_risponde_accanto_ai_plugin_di_oggi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(CARTELLA))
    registro = Registro.carica(distribuzioni=())
    registro.registra(__import__("capofila_mantova"))
    attivazioni = [
        Attivazione(plugin=manifesto.id, dal=date(2013, 1, 1)) for manifesto in registro.manifesti()
    ]
    registro.verifica(attivazioni, date(2025, 3, 1))
    attivi = registro.attivi(attivazioni, date(2025, 3, 1))
    assert "mantova-rendiconto" in [flusso.id for flusso in attivi.flussi()]
    assert "consulta" in [organo.codice for organo in attivi.organi()]
    assert attivi.scadenze(2025)
