"""Reading a scheme: what it is on a day, and each mistake refused at its line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from capofila.base.dichiarato import CartellaNonValida
from tests.compartecipazione.schemi import SAD, scritto


def test_uno_schema_e_letto_con_i_suoi_valori_di_ogni_giorno(tmp_path: Path) -> None:
    schema = scritto(tmp_path, SAD)
    assert schema.unita == "ora"
    prima, dopo = schema.risolvi(date(2024, 12, 31)), schema.risolvi(date(2025, 1, 1))
    assert prima is not None
    assert dopo is not None
    assert prima.letti["tariffa_minima"].valore == Decimal("1.79")
    assert dopo.letti["tariffa_minima"].valore == Decimal("2.19")
    assert dopo.letti["tariffa_minima"].dal == date(2025, 1, 1)
    assert dopo.letti["tariffa_minima"].atto == "Tariffe, Consiglio n. 7 del 20/02/2025"
    assert dopo.letti["isee_finale"].ipotesi
    assert schema.risolvi(date(2023, 12, 31)) is None
    assert schema.cambi == (date(2024, 1, 1), date(2025, 1, 1))


SBAGLI = {
    "chiave_doppia": ("unita: ora\n", "unita: ora\nunita: mese\n", 5, "«unita» è scritta due volte"),
    "chiave_sconosciuta": ("unita: ora\n", "unita: ora\ncolore: blu\n", 5, "chiave sconosciuta"),
    "data_inesistente": (
        "isee_iniziale:\n    valori: [{dal: 2024-01-01",
        "isee_iniziale:\n    valori: [{dal: 2024-02-30", 19, "«2024-02-30» non è una data",
    ),
    "buco": (
        'al: 2024-12-31, valore: "4.10"', 'al: 2024-11-30, valore: "4.10"', 31,
        "manca dal 2024-12-01 al 2024-12-31",
    ),
    "sovrapposizione": (
        'al: 2024-12-31, valore: "4.10"', 'al: 2025-01-01, valore: "4.10"', 31, "si sovrappone",
    ),
    "codice_della_prestazione": (
        "unita: ora\n", "unita: ora\ncodice_prestazione: sad\n", 5, "«sad» non va bene",
    ),
    "riduzione_di_piu_di_tutto": (
        "valore: 10, atto", "valore: 101, atto", 39, "la riduzione «sconto» toglie più del 100%",
    ),
    "nodi_che_non_crescono": (
        "valore: 6000", "valore: 2999", 39, "gli ISEE dei nodi non crescono: 3000, 2999, 20000",
    ),
    "tariffe_che_non_crescono": (
        'valore: 26,', 'valore: 5,', 39, "le tariffe dei nodi non crescono: 2.19, 5.04, 5",
    ),
    "parametro_ignoto": ("percento: sconto", "percento: scontone", 42, "«scontone» non è dichiarato"),
    "atto_ignoto": ("valore: 3000, atto: soglie", "valore: 3000, atto: boh", 19, "l'atto «boh»"),
    "forma_ignota": ("forma: arrotonda", "forma: gonfia", 50, "la forma «gonfia» non esiste"),
    "condizione_ignota": ("se: fratelli", "se: cugini", 49, "scegli fra fratelli"),
    "isee_ignoto": ("[ordinario, sociosanitario]", "[straordinario]", 5, "scegli fra ordinario"),
    "unita_ignota": ("unita: ora", "unita: secolo", 4, "«secolo» non va bene"),
    "valore_negativo": ('valore: "1.79"', 'valore: "-1.79"', 26, "«-1.79» non va bene"),
    "comincia_tardi": (
        "valori: [{dal: 2024-01-01, valore: 10,", "valori: [{dal: 2024-03-01, valore: 10,", 39,
        "«sconto» comincia il 2024-03-01, la formula il 2024-01-01",
    ),
    "finisce_presto": (
        "valori: [{dal: 2024-01-01, valore: 10,",
        "valori: [{dal: 2024-01-01, al: 2024-05-31, valore: 10,", 39,
        "«sconto» finisce il 2024-05-31",
    ),
    "due_tariffe": (
        "- {forma: per_quantita}", "- {forma: fissa, tariffa: sconto}", 42, "uno solo: fissa",
    ),
    "ipotesi_senza_nota": ("    nota: il giornale parla del 2021\n", "", 12, "ipotesi: la nota"),
}  # fmt: skip


@pytest.mark.parametrize("nome", SBAGLI)
def test_uno_sbaglio_si_rifiuta_con_la_riga_e_il_motivo(tmp_path: Path, nome: str) -> None:
    giusto, sbagliato, riga, motivo = SBAGLI[nome]
    assert SAD.count(giusto) == 1, "the example has to change one place"
    with pytest.raises(CartellaNonValida) as detto:
        scritto(tmp_path, SAD.replace(giusto, sbagliato))
    trovati = [p for p in detto.value.problemi if motivo in p.motivo]
    assert trovati, [str(p) for p in detto.value.problemi]
    assert trovati[0].riga == riga, str(trovati[0])
    assert trovati[0].file.endswith("schema.yaml")


def test_un_file_che_non_e_yaml_si_rifiuta(tmp_path: Path) -> None:
    with pytest.raises(CartellaNonValida, match="riga 2"):
        scritto(tmp_path, "id: uno\n  servizio: [")
    with pytest.raises(CartellaNonValida, match="almeno una formula"):
        scritto(tmp_path, SAD.split("formule:")[0])
