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


PRIMA = (
    "  - {{dal: 2022-01-01, al: {}, atto: tariffe-2024,\n"
    "     passi: [{{forma: fissa, tariffa: sconto}}]}}\n"
)
"""A formula that comes before the one of the scheme."""
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
    "buco_fra_due_formule": (
        "formule:\n", f"formule:\n{PRIMA.format('2022-12-31')}", 41, "la formula manca dal 2023-01-01",
    ),
    "formule_sovrapposte": (
        "formule:\n", f"formule:\n{PRIMA.format('2024-01-01')}", 41, "la formula dal 2024-01-01 si sovrappone",
    ),
    "codice_della_prestazione": (
        "unita: ora\n", "unita: ora\ncodice_prestazione: sad\n", 5, "«sad» non va bene",
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
    "unita_mancante": ("unita: ora\n", "", 1, "manca: scrivi un valore"),
    "atto_mancante": ("valore: 3000, atto: soglie", "valore: 3000", 19, "manca: scrivi un valore"),
    "data_mancante": (
        "isee_iniziale:\n    valori: [{dal: 2024-01-01, ", "isee_iniziale:\n    valori: [{", 19,
        "manca: scrivi una data",
    ),
    "data_del_trentuno_febbraio": (
        '{dal: 2025-01-01, valore: "2.19"', '{dal: 2025-02-31, valore: "2.19"', 27,
        "«2025-02-31» non è una data",
    ),
    "data_di_una_settimana": (
        '{dal: 2025-01-01, valore: "2.19"', '{dal: 2025-W01-1, valore: "2.19"', 27,
        "«2025-W01-1» non è una data",
    ),
    "valore_con_un_trattino_basso": ("valore: 6000", "valore: 6_000", 21, "«6_000» non va bene"),
    "valore_in_altre_cifre": ("valore: 6000", "valore: ٦٠٠٠", 21, "«٦٠٠٠» non va bene"),
    "isee_che_non_finisce_ai_centesimi": (
        "valore: 6000", "valore: 6000.005", 39, "l'ISEE «isee_intermedio» ha più di due decimali: 6000.005",
    ),
    "condizione_di_uno_schema_che_non_ne_ha": (
        "condizioni:\n  fratelli: Un fratello usa lo stesso servizio\n", "", 47,
        "«fratelli» non è fra quelle che lo schema dichiara",
    ),
    "anno_impossibile": (
        '{dal: 2025-01-01, valore: "2.19"', '{dal: 0001-01-01, valore: "2.19"', 27,
        "scrivi un anno fra 1990 e 2100",
    ),
    "finisce_prima_di_cominciare": (
        "al: 2024-12-31", "al: 2023-12-31", 30, "prima di cominciare",
    ),
    "valore_che_non_e_un_numero": ("valore: 6000", "valore: nan", 21, "«nan» non va bene"),
    "valore_infinito": ("valore: 6000", "valore: .inf", 21, "«.inf» non va bene"),
    "valore_smisurato": ("valore: 6000", "valore: 1e999999", 21, "«1e999999» non va bene"),
    "valore_con_la_virgola": ('valore: "1.79"', 'valore: "1,79"', 26, "«1,79» non va bene"),
    "troppi_decimali": ('valore: "1.79"', 'valore: "1.7912345"', 26, "ha troppi decimali"),
    "percentuale_oltre_cento": ("valore: 10,", "valore: 101,", 39, "«sconto» è più di 100: 101"),
    "passi_in_disordine": (
        "      - forma: tratti\n", "      - {forma: arrotonda, decimali: 1}\n      - forma: tratti\n", 42,
        "prima della tariffa sta solo «esente»",
    ),
    "quantita_due_volte": (
        "- {forma: per_quantita}", "- {forma: per_quantita}\n      - {forma: per_quantita}", 42,
        "una volta sola",
    ),
    "decimali_mancanti": (", decimali: 2", "", 50, "manca: scrivi un valore"),
    "un_minimo_al_mese_per_un_ora": (
        "- {forma: per_quantita}",
        "- {forma: minimo_garantito, importo: sconto}\n      - {forma: per_quantita}", 42,
        "quel che resta alla persona è di un mese",
    ),
    "un_solo_nodo": (
        "          - {isee: isee_iniziale, tariffa: tariffa_minima}\n"
        "          - {isee: isee_intermedio, tariffa: tariffa_intermedia}\n", "", 45,
        "almeno due nodi",
    ),
    "formula_mancante": ("formule:\n  - dal: 2024-01-01\n", "formule:\n  - dal: 2024-02-30\n", 39,
                         "«2024-02-30» non è una data"),
    "un_riferimento_a_se_stesso": ("fratelli: Un fratello usa lo stesso servizio",
                                   "fratelli: &a [*a]", 7, "YAML non leggibile"),
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


FASCE = """\
      - forma: fasce
        fasce: [{fino_a: isee_finale, tariffa: tariffa_minima}, {tariffa: tariffa_massima}]
"""


@pytest.mark.parametrize(
    ("fasce", "riga", "motivo"),
    [
        (FASCE, 0, ""),
        (FASCE.replace("isee_finale", "isee_iniziale").replace(
            "{tariffa", "{fino_a: isee_iniziale, tariffa: tariffa_minima}, {tariffa"), 39,
         "i limiti delle fasce non crescono: 3000, 3000"),
        (FASCE.replace("tariffa_minima", "isee_finale"), 39,
         "le tariffe delle fasce non crescono: 20000, 17"),
        (FASCE.replace("{tariffa: t", "{fino_a: isee_finale, tariffa: t"), 44, "solo l'ultima fascia"),
        (FASCE.replace("fino_a: isee_finale, ", ""), 44, "solo l'ultima fascia"),
        ("      - forma: fasce\n", 43, "almeno una fascia"),
        (FASCE.replace("fasce:", "modo: percentuale\n        fasce:").replace("_massima", "_finale"),
         42, "«tariffa_finale» non è dichiarato"),
        (FASCE.replace("fasce: [", "modo: strana\n        fasce: ["), 44, "«strana» non va bene"),
    ],
)  # fmt: skip
def test_le_fasce_sbagliate_si_rifiutano(
    tmp_path: Path, fasce: str, riga: int, motivo: str
) -> None:
    prima, _ = SAD.split("      - forma: tratti")
    if not motivo:
        assert scritto(tmp_path, prima + fasce)
        return
    with pytest.raises(CartellaNonValida) as detto:
        scritto(tmp_path, prima + fasce)
    trovati = [p for p in detto.value.problemi if motivo in p.motivo]
    assert {p.riga for p in trovati} == {riga}, [str(p) for p in detto.value.problemi]


def test_una_formula_puo_leggere_un_parametro_che_finisce_con_lei(tmp_path: Path) -> None:
    """The one before the last has no end of its own: the next one ends it."""
    prima, passi = SAD.split("formule:\n")
    finita = prima.replace(
        "{dal: 2024-01-01, valore: 10,", "{dal: 2024-01-01, al: 2024-12-31, valore: 10,"
    )
    dopo = passi.replace("dal: 2024-01-01", "dal: 2025-01-01").replace(
        "      - {forma: riduzione, percento: sconto, se: fratelli}\n", ""
    )
    schema = scritto(tmp_path, f"{finita}formule:\n{passi}{dopo}")
    ultimo, primo = schema.risolvi(date(2024, 12, 31)), schema.risolvi(date(2025, 1, 1))
    assert ultimo is not None
    assert primo is not None
    assert "sconto" in ultimo.letti
    assert "sconto" not in primo.letti


def test_un_costo_finisce_ai_centesimi(tmp_path: Path) -> None:
    testo = SAD.replace("    senza_isee:", "    costo: sconto\n    senza_isee:")
    assert scritto(tmp_path, testo)
    with pytest.raises(CartellaNonValida, match=r"riga 39.*più di due decimali"):
        scritto(tmp_path, testo.replace("valore: 10,", "valore: 9.999,"))


def test_una_bomba_di_riferimenti_si_rifiuta_subito(tmp_path: Path) -> None:
    livelli = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    livelli += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    with pytest.raises(CartellaNonValida, match="chiave sconosciuta"):
        scritto(tmp_path, "\n".join([*livelli, "parametri: *a29", "atti: *a29", "formule: *a29"]))
    with pytest.raises(CartellaNonValida, match="YAML non leggibile"):
        scritto(tmp_path, "formule: " + "[" * 100_000)
