"""The regions in INPS's numbering: a list that an installation keeps, followed wherever it is read."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.siuss.casi import BUONA, prepara

from capofila.hooks import Flusso, VoceCodifica
from capofila.hooks.campi import DaTabella
from capofila.hooks.codifiche import in_vigore
from capofila.hooks.flussi import Preparatore, _supplenti
from capofila.hooks.regole import interpreta
from capofila.hooks.setaccio import _supplenti as _supplenti_per_colonne
from capofila.siuss.nomenclatore import (
    LISTA_CON_EVENTO,
    LISTA_CON_SINA,
    LISTA_REGIONI,
    lista_regioni,
    regioni_in_vigore,
)
from capofila.siuss.plugin import LISTE, flussi

Voci = dict[str, VoceCodifica | None]


def _voce(codice: str, dal: str | None = None, al: str | None = None) -> VoceCodifica:
    return VoceCodifica(codice, "Lombardia", "comunicazione di INPS (inventata)", dal=dal, al=al)


CORRETTA: Voci = {"019-10": None, "019-03": _voce("019-03")}
"""The number of Cremona's region was wrong."""
DATATA: Voci = {
    "019-10": _voce("019-10", al="2025-12-31"),
    "019-03": _voce("019-03", dal="2026-01-01"),
}
"""The number changes with the year 2026."""
DUE_VOLTE: Voci = {"019-03": _voce("019-03")}
"""Two numbers for the same days."""
DA_UN_GIORNO: Voci = {
    voce.codice: _voce(voce.codice, dal="2020-01-01") for voce in lista_regioni().voci
}
VUOTA: Voci = dict.fromkeys(voce.codice for voce in lista_regioni().voci)
TUTTE = pytest.mark.parametrize(
    "tenute",
    [{}, CORRETTA, DATATA, DUE_VOLTE, DA_UN_GIORNO, VUOTA],
    ids=["del programma", "corretta", "datata", "due volte", "da un giorno", "vuota"],
)


def _flussi(tenute: Voci) -> tuple[Flusso, Flusso]:
    prestazioni, sinba = flussi(in_vigore(LISTE, {LISTA_REGIONI: tenute}))
    return prestazioni, sinba


def _regione(tenute: Voci, **altro: str) -> tuple[list[str | None], list[str]]:
    """The region of the good row with other values, and what is said of it."""
    lotto = prepara(_flussi(tenute)[0], {**BUONA, **altro})
    return lotto.colonne["regione_residenza"], [e.codice for e in (*lotto.errori, *lotto.avvisi)]


def test_i_numeri_del_programma_sono_supposti_e_lo_dicono_finche_nessuno_li_conferma() -> None:
    lista = lista_regioni()
    assert len({voce.codice for voce in lista.voci}) == len(lista.voci) == 111
    assert {voce.codice[4:] for voce in lista.voci} == {f"{n:02d}" for n in range(1, 22)}
    assert all(lista.da_confermare(voce) and voce.fonte for voce in lista.voci)
    assert "DM 1986" in lista.supposta
    assert not lista.da_confermare(_voce("019-10"))
    supposte = {altra.id for altra in LISTE if altra.supposta}
    assert supposte == {LISTA_REGIONI, LISTA_CON_SINA, LISTA_CON_EVENTO}


def test_chi_corregge_il_numero_ha_l_altro_nel_valore_nella_regola_e_nelle_parole() -> None:
    assert _regione({}) == (["10"], [])
    assert _regione(CORRETTA) == (["03"], [])
    assert _regione(CORRETTA, regione_residenza="10") == (["10"], ["siuss-residenza-regione-altra"])
    indirizzo = '[{"regione":"10","comune":"019036","nazione":"380"}]'
    assert _regione({}, altri_indirizzi=indirizzo)[1] == []
    assert _regione(CORRETTA, altri_indirizzi=indirizzo)[1] == ["siuss-altri-indirizzi-regione"]
    tutte: Voci = {}
    for voce in lista_regioni().voci:
        if voce.etichetta == "Lombardia":
            tutte |= {voce.codice: None, f"{voce.codice[:3]}-03": _voce(f"{voce.codice[:3]}-03")}
    prestazioni, sinba = _flussi(tutte)
    assert prestazioni.campi_per_nome["regione_residenza"].etichetta.endswith("Lombardia è 03)")
    assert "la Lombardia è 03" in sinba.campi_per_nome["codice_regione_residenza"].etichetta
    assert not [regola for regola in sinba.regole if regola.codice.endswith("-istat")]
    assert not [r for r in (*prestazioni.regole, *sinba.regole) if "Lombardia è 10" in r.messaggio]


@pytest.mark.parametrize(
    ("inizio", "fine", "attesa"),
    [("2025-03-01", "2025-12-31", "10"), ("2026-01-01", "2026-12-31", "03")],
)
def test_il_numero_e_quello_del_giorno_della_prestazione(
    inizio: str, fine: str, attesa: str
) -> None:
    giorni = {"data_inizio": inizio, "data_fine": fine}
    assert _regione(DATATA, **giorni) == ([attesa], [])
    altra = "03" if attesa == "10" else "10"
    assert _regione(DATATA, regione_residenza=altra, **giorni)[1] == [
        "siuss-residenza-regione-altra"
    ]
    indirizzi = f'[{{"regione":"{altra}","comune":"019036","nazione":"380"}}]'
    assert _regione(DATATA, altri_indirizzi=indirizzi, **giorni)[1] == [
        "siuss-altri-indirizzi-regione"
    ]


def test_una_prestazione_di_due_anni_ha_in_ognuno_il_suo_numero() -> None:
    riga = {**BUONA, "data_inizio": "2025-06-01", "data_fine": "2026-05-31"}
    preparatore = Preparatore(_flussi(DATATA)[0], [*riga], taglia=True)
    lotto = preparatore.prepara([[*riga.values()]], 2)
    assert lotto.errori == []
    assert lotto.colonne["regione_residenza"] == ["10", "03"]
    scritta = Preparatore(_flussi(DATATA)[0], [*riga, "regione_residenza"], taglia=True)
    lotto = scritta.prepara([[*riga.values(), "10"]], 2)
    assert lotto.colonne["regione_residenza"] == ["10", "10"]
    assert [a.codice for a in lotto.avvisi] == [
        "siuss-divisa-per-anno",
        "siuss-residenza-regione-altra",
    ]


def test_dove_la_lista_ha_due_numeri_o_nessuno_la_regione_si_scrive_a_mano() -> None:
    for tenute in (DUE_VOLTE, VUOTA):
        assert _regione(tenute) == ([None], ["siuss-residenza-regione"])
        assert _regione(tenute, regione_residenza="10") == (["10"], [])


@TUTTE
def test_ogni_lista_fa_dei_flussi_le_cui_regole_reggono_i_loro_esempi(tenute: Voci) -> None:
    for flusso in _flussi(tenute):
        for regola in flusso.regole:
            assert interpreta([regola], regola.esempio_valido) == (), regola.codice
            assert interpreta([regola], regola.esempio_errato) == (0,), regola.codice


@TUTTE
@given(
    righe=st.lists(
        st.tuples(
            st.sampled_from([None, "019035", "021008", "999001"]),
            st.sampled_from([None, "2019-12-31", "2025-12-31", "2026-01-01"]),
            st.sampled_from([None, "2024-01-01", "2026-06-30"]),
        ),
        min_size=1,
    )
)
def test_per_colonne_o_riga_per_riga_il_valore_di_una_cella_vuota_e_lo_stesso(
    tenute: Voci, righe: list[tuple[str | None, str | None, str | None]]
) -> None:
    predefinito = _flussi(tenute)[0].campi_per_nome["regione_residenza"].predefinito
    assert isinstance(predefinito, DaTabella)
    nomi = ("comune_residenza", "data_inizio", "data_erogazione")
    letti = {
        nome: list(valori) for nome, valori in zip(nomi, zip(*righe, strict=True), strict=True)
    }
    colonne = {nome: pl.Series(nome, valori, dtype=pl.String) for nome, valori in letti.items()}
    per_colonne = _supplenti_per_colonne(predefinito, colonne, len(righe))
    assert per_colonne is not None
    assert per_colonne.to_list() == _supplenti(predefinito, letti, len(righe))


@given(
    periodi=st.lists(
        st.tuples(
            st.sampled_from(["019-10", "019-03", "098-10"]),
            st.none() | st.dates(date(2020, 1, 1), date(2026, 12, 31)),
            st.none() | st.dates(date(2020, 1, 1), date(2026, 12, 31)),
        ),
        max_size=6,
        unique_by=lambda una: una[0],
    ),
    giorno=st.dates(date(2019, 1, 1), date(2027, 12, 31)),
)
def test_la_tavola_di_un_giorno_ha_i_codici_in_vigore_quel_giorno(
    periodi: list[tuple[str, date | None, date | None]], giorno: date
) -> None:
    voci = tuple(
        _voce(codice, dal and dal.isoformat(), al and al.isoformat()) for codice, dal, al in periodi
    )
    regioni = regioni_in_vigore({LISTA_REGIONI: voci})
    tavola = DaTabella("c", regioni.prima, 3, ("g",), regioni.tabelle[1:]).tavola(
        giorno.isoformat()
    )
    for provincia in ("019", "098"):
        in_forza = {
            codice[4:]
            for codice, dal, al in periodi
            if codice.startswith(provincia)
            and (dal is None or dal <= giorno)
            and (al is None or giorno <= al)
        }
        assert tavola.get(provincia) == (in_forza.pop() if len(in_forza) == 1 else None)
