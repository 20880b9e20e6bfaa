"""The catalogue has what annex 2 lists, and nothing that the annex does not say."""

from __future__ import annotations

from collections import Counter

import pytest

from capofila.conoscenza.catalogo import COORDINA, DIMENSIONI, FOCUS, componi, dell_allegato
from capofila.hooks import DichiarazioneErrata, variante


def test_gli_indicatori_dell_allegato_per_focus_e_dimensione() -> None:
    catalogo = componi(dell_allegato())
    assert Counter((u.focus, u.dimensione) for u in catalogo.scelti()) == {
        ("non_autosufficienza", "bisogni"): 5,
        ("non_autosufficienza", "domanda"): 14,
        ("non_autosufficienza", "offerta"): 32,
        ("famiglie", "bisogni"): 15,
        ("famiglie", "domanda"): 16,
        ("famiglie", "offerta"): 13,
        ("vulnerabilita", "bisogni"): 37,
        ("vulnerabilita", "domanda"): 17,
        ("vulnerabilita", "offerta"): 19,
    }
    assert len(catalogo.scelti()) == 168
    assert {*FOCUS} == {*COORDINA}
    assert len({u.codice for u in dell_allegato()}) == len(dell_allegato())


def test_ognuno_ha_fonte_luogo_e_definizione_nostra() -> None:
    for uno in dell_allegato():
        assert "allegato 2" in uno.fonte.titolo
        assert uno.luogo.startswith(FOCUS[uno.focus])
        assert uno.tema in uno.luogo
        assert uno.denominazione
        assert uno.definizione is not None
        assert len(uno.definizione) < 160
        # No place of the annex gives a frequency.
        assert uno.frequenza is None


def test_i_temi_della_vulnerabilita_attraversano_bisogni_domanda_e_offerta() -> None:
    catalogo = componi(dell_allegato())
    assert catalogo.temi("vulnerabilita") == [
        "Casa", "Lavoro", "Povertà", "Isolamento e povertà relazionale",
    ]  # fmt: skip
    for tema in catalogo.temi("vulnerabilita"):
        assert {u.dimensione for u in catalogo.scelti("vulnerabilita", tema=tema)} == {*DIMENSIONI}


def test_un_rapporto_ha_due_termini_che_sono_indicatori_e_chi_non_e_elencato_e_un_termine() -> None:
    catalogo = componi(dell_allegato())
    rapporti = [u for u in catalogo.per_codice.values() if u.specie == "rapporto"]
    assert len(rapporti) == 11
    termini = {t for u in rapporti for t in (u.sopra, u.sotto)}
    assert {u.codice for u in catalogo.per_codice.values() if u.termine} <= termini
    # The two columns where the annex names its source or level are kept, the others are open.
    assert catalogo.uno("NAD-B-04").titolare == "ASL"
    assert catalogo.uno("VUL-B-08").livelli == ("provincia",)
    assert catalogo.uno("VUL-B-21").titolare is None


def test_cio_che_non_si_compone_e_rifiutato() -> None:
    uno, rapporto = dell_allegato()[0], componi(dell_allegato()).uno("FAM-B-05")
    with pytest.raises(DichiarazioneErrata, match="due volte"):
        componi([uno, uno])
    with pytest.raises(DichiarazioneErrata, match="per termine «FAM-B-05a»"):
        componi([uno, rapporto])
    altro = variante(rapporto, codice="x.y", sopra="FAM-B-06")
    with pytest.raises(DichiarazioneErrata, match="che non c'è o è un rapporto"):
        componi([*dell_allegato(), altro])
