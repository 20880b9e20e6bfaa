"""What is paid: by hand for each shape, and the same from a frozen trace years later."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.compartecipazione.calcolo import (
    Caso,
    Quota,
    calcola,
    congela,
    in_parole,
    rifai,
    scongela,
)
from capofila.compartecipazione.isee import Attestazione, SpecieISEE
from capofila.compartecipazione.schemi import Risolto, Schema
from tests.compartecipazione.schemi import SAD, con_passi, scritto

D = Decimal
GIORNO = date(2025, 3, 1)


@pytest.fixture(scope="module")
def sad(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    return scritto(tmp_path_factory.mktemp("sad"), SAD)


def risolto(schema: Schema, giorno: date = GIORNO) -> Risolto:
    trovato = schema.risolvi(giorno)
    assert trovato is not None
    return trovato


def caso(isee: str | None = "4500", **altro: Any) -> Caso:
    mostrato = None if isee is None else Attestazione(valore=D(isee))
    return Caso(**{"giorno": GIORNO, "isee": mostrato, **altro})


def quota(schema: Schema, isee: str | None = "4500", **altro: Any) -> Quota:
    uno = caso(isee, **altro)
    return calcola(risolto(schema, uno.giorno), uno)


@pytest.mark.parametrize(
    ("isee", "attesa"),
    [
        ("0", "0.00"),
        ("3000", "0.00"),
        ("3000.01", "2.19"),
        ("4500", "3.62"),
        ("6000", "5.04"),
        ("13000", "15.52"),
        ("19999.99", "26.00"),
        ("20000", "26.00"),
        ("35000", "26.00"),
    ],
)
def test_i_punti_del_sad_con_le_tariffe_del_2025(sad: Schema, isee: str, attesa: str) -> None:
    assert quota(sad, isee).importo == D(attesa)


def test_prima_dell_arrotondamento_la_cifra_e_esatta_e_la_traccia_lo_dice(sad: Schema) -> None:
    fatta = quota(sad, "4500")
    assert fatta.stato == "calcolata"
    assert [riga.valore for riga in fatta.traccia] == ["3.615", "3.62"]
    prima, dopo = fatta.traccia
    assert "fra 3.000,00 € e 6.000,00 €" in prima.testo
    assert "da 2,19 € a 5,04 €" in prima.testo
    assert "3,615 € all'ora" in prima.testo
    assert {(letto.nome, str(letto.valore)) for letto in prima.letti} == {
        ("isee_iniziale", "3000"), ("tariffa_minima", "2.19"),
        ("isee_intermedio", "6000"), ("tariffa_intermedia", "5.04"),
    }  # fmt: skip
    assert "Arrotondato al centesimo: 3,62 €" in dopo.testo


def test_le_tariffe_di_prima_valgono_fino_al_loro_ultimo_giorno(sad: Schema) -> None:
    # 1.79 + (4500 − 3000) / 3000 × (4.10 − 1.79) = 2.945, half-up 2.95
    assert quota(sad, "4500", giorno=date(2024, 12, 31)).importo == D("2.95")
    assert quota(sad, "4500", giorno=date(2025, 1, 1)).importo == D("3.62")


def test_la_quantita_moltiplica_dopo_l_arrotondamento_dichiarato(sad: Schema) -> None:
    fatta = quota(sad, "4500", quantita=D("12.5"))
    assert fatta.importo == D("45.25")  # 3.62 × 12.5, not 3.615 × 12.5 = 45.19
    assert "3,62 € all'ora per 12,5: 45,25 €" in fatta.traccia[-1].testo


def test_una_riduzione_vale_per_chi_e_nella_condizione(sad: Schema) -> None:
    assert quota(sad, "20000", condizioni=frozenset({"fratelli"})).importo == D("23.40")
    assert quota(sad, "20000", condizioni=frozenset()).importo == D("26.00")
    # Who shows no ISEE pays the tariff for it whole, and is told why.
    senza = quota(sad, None, condizioni=frozenset({"fratelli"}))
    assert senza.importo == D("26.00")
    assert "Le riduzioni valgono solo con un ISEE." in senza.traccia[0].testo


@pytest.mark.parametrize(
    ("cambi", "stato", "motivo", "importo"),
    [
        ({"isee": None}, "senza_isee", "isee_mancante", "26.00"),
        ({"isee": None, "quantita": D(2)}, "senza_isee", "isee_mancante", "52.00"),
        ({"isee": Attestazione(valore=D(1), presentata=date(2024, 5, 1))}, "senza_isee",
         "isee_scaduto", "26.00"),
        ({"isee": Attestazione(valore=D(1), omissioni=True)}, "senza_isee",
         "isee_con_omissioni", "26.00"),
        ({"isee": Attestazione(valore=D(1), specie=SpecieISEE.UNIVERSITARIO)}, "senza_isee",
         "isee_di_altra_specie", "26.00"),
        ({"isee": Attestazione(valore=D(-1))}, "non_calcolata", "isee_negativo", None),
        ({"isee": Attestazione(valore=D(10**9))}, "non_calcolata", "isee_assurdo", None),
        ({"quantita": D(0)}, "non_calcolata", "quantita_errata", None),
        ({"quantita": D(-1)}, "non_calcolata", "quantita_errata", None),
        ({"quantita": D("NaN")}, "non_calcolata", "quantita_errata", None),
        ({"quantita": D("1e-999999")}, "non_calcolata", "quantita_errata", None),
        ({"quantita": D("1e999999")}, "non_calcolata", "quantita_errata", None),
        ({"isee": Attestazione(valore=D("NaN"))}, "non_calcolata", "isee_assurdo", None),
        ({"isee": Attestazione(valore=D("sNaN"))}, "non_calcolata", "isee_assurdo", None),
        ({"isee": Attestazione(valore=D("0.0000001"))}, "non_calcolata", "isee_assurdo", None),
        ({"isee": Attestazione(valore=D(1), presentata=date(2025, 3, 2))}, "senza_isee",
         "isee_futuro", "26.00"),
        ({"costo": D("Infinity")}, "non_calcolata", "costo_errato", None),
        ({"costo": D(-5)}, "non_calcolata", "costo_errato", None),
        ({"condizioni": frozenset({"cugini"})}, "non_calcolata", "condizione_sconosciuta", None),
    ],
)  # fmt: skip
def test_ogni_caso_ha_un_esito_dichiarato(
    sad: Schema, cambi: dict[str, Any], stato: str, motivo: str, importo: str | None
) -> None:
    fatta = calcola(risolto(sad), msgspec.structs.replace(caso(), **cambi))
    assert (fatta.stato, fatta.motivo) == (stato, motivo)
    assert fatta.importo == (None if importo is None else D(importo))
    assert in_parole(motivo)
    assert bool(fatta.traccia) == (importo is not None)


def test_fuori_dai_giorni_dello_schema_non_si_calcola(sad: Schema) -> None:
    fatta = calcola(sad.risolvi(date(2023, 1, 1)), caso())
    assert (fatta.stato, fatta.motivo, fatta.importo) == ("non_calcolata", "nessuno_schema", None)


def test_dove_lo_schema_non_ha_una_tariffa_senza_isee_non_si_inventa(tmp_path: Path) -> None:
    schema = con_passi(tmp_path, "- {forma: esente, fino_a: soglia}\n- {forma: fissa, tariffa: t}",
                       {"soglia": 5000, "t": 30})  # fmt: skip
    assert quota(schema, None).motivo == "isee_mancante"
    assert quota(schema, None).importo is None
    assert quota(schema, "5000").importo == 0
    assert quota(schema, "5000.01").importo == 30


FASCE = """
- forma: fasce
  modo: {modo}
  fasce:
    - {{fino_a: f1, tariffa: t1}}
    - {{fino_a: f2, tariffa: t2}}
    - {{tariffa: t3}}
"""
VALORI = {"f1": 5000, "f2": 10000, "t1": 1, "t2": 2, "t3": 5}


@pytest.mark.parametrize(
    ("isee", "intera", "progressiva"),
    [
        ("0", "1.00", "0.00"),
        ("5000", "1.00", "50.00"),
        ("5000.01", "2.00", "50.00"),
        ("8000", "2.00", "110.00"),
        ("12000", "5.00", "250.00"),
    ],
)
def test_le_fasce_intere_e_quelle_progressive(
    tmp_path: Path, isee: str, intera: str, progressiva: str
) -> None:
    schema = con_passi(tmp_path, FASCE.format(modo="intera"), VALORI)
    assert quota(schema, isee).importo == D(intera)
    schema = con_passi(tmp_path, FASCE.format(modo="progressiva"), VALORI)
    assert quota(schema, isee).importo == D(progressiva)


@pytest.mark.parametrize(
    ("passi", "valori", "cambi", "attesa"),
    [
        ("- {forma: fissa, tariffa: t}", {"t": "12.345"}, {}, "12.35"),
        ("- {forma: fissa, tariffa: t}", {"t": "1.005"}, {"quantita": D(3)}, "3.02"),
        ("- {forma: percentuale, percento: p}", {"p": 35}, {"costo": D("99.99")}, "35.00"),
        ("- {forma: proporzionale, isee_finale: f}", {"f": 18000}, {"costo": D(600)}, "150.00"),
        ("- {forma: proporzionale, isee_finale: f}", {"f": 4000}, {"costo": D(600)}, "600.00"),
        ("- {forma: proporzionale, isee_finale: f, minima: m}", {"f": 45000, "m": 20},
         {"costo": D(600)}, "120.00"),
        ("- {forma: fissa, tariffa: t}\n- {forma: tetto}", {"t": 90}, {"costo": D("61.5")}, "61.50"),
        ("- {forma: fissa, tariffa: t}\n- {forma: tetto, importo: x}", {"t": 90, "x": 70}, {}, "70.00"),
        ("- {forma: fissa, tariffa: t}\n- {forma: tetto, importo: x}", {"t": 60, "x": 70}, {}, "60.00"),
        ("- {forma: fissa, tariffa: t}\n- {forma: minimo_garantito, importo: m}",
         {"t": 1500, "m": 120}, {"disponibile": D(1000)}, "880.00"),
        ("- {forma: fissa, tariffa: t}\n- {forma: minimo_garantito, importo: m}",
         {"t": 1500, "m": 120}, {"disponibile": D(100)}, "0.00"),
        ("- {forma: fissa, tariffa: t}\n- {forma: riduzione, percento: r, se: secondo_figlio}",
         {"t": 200, "r": 30}, {"condizioni": frozenset({"secondo_figlio"})}, "140.00"),
        ("- {forma: fissa, tariffa: t}\n- {forma: arrotonda, decimali: 0}", {"t": "12.5"}, {}, "13.00"),
        ("- {forma: fissa, tariffa: t}\n- {forma: arrotonda, decimali: 1}\n- {forma: per_quantita}",
         {"t": "1.25"}, {"quantita": D(4)}, "5.20"),
        ("- forma: punti\n  fasce: [{fino_a: a, tariffa: t}, {tariffa: u}]",
         {"a": 10, "t": 5, "u": 9}, {"punti": D(11)}, "9.00"),
        (FASCE.format(modo="percentuale"), {**VALORI, "t1": 20, "t2": 50, "t3": 100},
         {"costo": D("33.33")}, "6.67"),
        ("- {forma: fissa, tariffa: t}\n- {forma: per_quantita}\n- {forma: tetto}", {"t": 9},
         {"costo": D(7), "quantita": D(3)}, "21.00"),
        ("- forma: tratti\n  nodi: [{isee: a, tariffa: t}, {isee: b, tariffa: u}]",
         {"a": 5000, "b": 15000, "t": 100, "u": 300}, {}, "100.00"),
        ("- forma: tratti\n  nodi: [{isee: a, tariffa: t}, {isee: b, tariffa: u}]",
         {"a": 1500, "b": 7500, "t": 100, "u": 300}, {}, "200.00"),
    ],
)  # fmt: skip
def test_ogni_forma_calcolata_a_mano(
    tmp_path: Path, passi: str, valori: dict[str, object], cambi: dict[str, Any], attesa: str
) -> None:
    assert quota(con_passi(tmp_path, passi, valori), "4500", **cambi).importo == D(attesa)


@pytest.mark.parametrize(
    ("passi", "motivo"),
    [
        ("- {forma: percentuale, percento: p}", "costo_mancante"),
        ("- {forma: fissa, tariffa: p}\n- {forma: tetto}", "costo_mancante"),
        ("- forma: punti\n  fasce: [{tariffa: p}]", "punti_mancanti"),
        ("- {forma: fissa, tariffa: p}\n- {forma: minimo_garantito, importo: p}",
         "disponibile_mancante"),
    ],
)  # fmt: skip
def test_quel_che_manca_si_dice(tmp_path: Path, passi: str, motivo: str) -> None:
    fatta = quota(con_passi(tmp_path, passi, {"p": 10}), "4500")
    assert (fatta.stato, fatta.motivo) == ("non_calcolata", motivo)


def test_una_quota_congelata_si_rifa_senza_lo_schema(sad: Schema) -> None:
    fatta = congela(risolto(sad), caso("7123.45", quantita=D("3.5")))
    dati = fatta.in_byte()
    ripresa = scongela(dati)
    assert rifai(ripresa) == fatta.quota == ripresa.quota
    assert ripresa.impronta() == fatta.impronta()
    altra = congela(risolto(sad), caso("7123.46", quantita=D("3.5")))
    assert altra.impronta() != fatta.impronta()
    with pytest.raises(msgspec.ValidationError):
        scongela(dati.replace(b'"tratti"', b'"boh"', 1))


ISEE = st.decimals(min_value=0, max_value=60_000, places=2)


@given(ISEE, ISEE)
def test_chi_ha_un_isee_maggiore_non_paga_meno(sad: Schema, uno: Decimal, altro: Decimal) -> None:
    basso, alto = sorted((uno, altro))
    prima, dopo = quota(sad, str(basso)).importo, quota(sad, str(alto)).importo
    assert prima is not None
    assert dopo is not None
    assert prima <= dopo


@given(ISEE, st.decimals(min_value="0.01", max_value=999, places=2))
def test_la_traccia_finisce_con_la_quota_e_si_rifa_uguale(
    sad: Schema, isee: Decimal, quantita: Decimal
) -> None:
    fatta = congela(risolto(sad), caso(str(isee), quantita=quantita))
    assert Decimal(fatta.quota.traccia[-1].valore) == fatta.quota.importo
    assert rifai(scongela(fatta.in_byte())) == fatta.quota
