"""`capofila conoscenza import`: figures in, and what is wrong said with its place; nothing half-way."""

from __future__ import annotations

import io

import xlsxwriter

from tests.conoscenza.casi import PANDINO, csv_di
from tests.debito.test_riga_di_comando import Comando, Macchina, macchina

__all__ = ["macchina"]


def importa(macchina: Macchina, nome: str, contenuto: bytes, *altro: str) -> Comando:
    return macchina.capofila(
        "conoscenza",
        "import",
        macchina.file(nome, contenuto),
        "--ambito",
        "crema",
        "--json",
        *altro,
    )


def test_le_cifre_entrano_e_si_dice_che_cosa_ne_e_stato(macchina: Macchina) -> None:
    buono = csv_di("VUL-B-21;2019;;10;Stima", f"VUL-B-22;2019;{PANDINO};4;")
    prova = importa(macchina, "cifre.csv", buono, "--dry-run")
    assert (prova.stato, prova.json["stato"], prova.json["importate"]) == (0, "prova", 0)
    assert macchina.conta("valore_indicatore") == 0
    for stato in ("importato", "gia_importato"):
        fatto = importa(macchina, "cifre.csv", buono)
        assert fatto.stato == 0
        assert fatto.json | {"lotto": None} == {
            "righe": 2, "valide": 2, "importate": 2, "sostituite": 0, "errori": [], "errori_totali": 0,
            "avvisi": [], "lotto": None, "stato": stato,
        }  # fmt: skip
    assert macchina.conta("valore_indicatore") == 2


CATTIVE = (
    ("NIENTE;2019;;1;", "codice", "indicatore_ignoto"),
    ("FAM-B-05;2019;;1;", "codice", "rapporto"),
    ("NAD-D-10;2019;;1;", "codice", "calcolato"),
    ("VUL-B-10;2019;;100,5;", "valore", "percentuale"),
    ("VUL-B-23;2019;;-1;", "valore", "valore"),
    ("VUL-B-23;2019;;1.234;", "valore", "valore"),
    ("VUL-B-23;2019;;=1+1;", "valore", "valore"),
    ("VUL-B-23;2019;;#DIV/0!;", "valore", "valore"),
    ("VUL-B-23;2098;;1;", "anno", "anno_futuro"),
    ("VUL-B-23;19;;1;", "anno", "anno"),
    ("VUL-B-23;2019;Milano;1;", "territorio", "territorio_ignoto"),
    ("VUL-B-24;2019;;2;", "codice", "doppia"),
)


def test_le_righe_cattive_si_dicono_una_per_una_e_tengono_fuori_tutto_il_foglio(
    macchina: Macchina,
) -> None:
    prima = macchina.conta("valore_indicatore")
    esito = importa(
        macchina, "cattivo.csv", csv_di("VUL-B-24;2019;;1;", *(riga for riga, _, _ in CATTIVE))
    )
    assert (esito.stato, esito.json["stato"], esito.json["importate"]) == (1, "respinto", 0)
    assert [(e["riga"], e["colonna"], e["codice"]) for e in esito.json["errori"]] == [
        (n, colonna, codice) for n, (_, colonna, codice) in enumerate(CATTIVE, 3)
    ]
    assert all(e["messaggio"] for e in esito.json["errori"])
    assert macchina.conta("valore_indicatore") == prima


def test_un_foglio_di_centomila_righe_si_rifiuta_e_dice_di_dividerlo(macchina: Macchina) -> None:
    righe = [f"VUL-B-{n % 10 + 21};{1990 + n % 30};;{n};" for n in range(100_000)]
    esito = importa(macchina, "lungo.csv", csv_di(*righe))
    assert esito.stato == 1
    assert esito.json["errori_totali"] > 1000
    assert len(esito.json["errori"]) == 1000
    assert esito.json["importate"] == 0


def formule() -> bytes:
    foglio = io.BytesIO()
    with xlsxwriter.Workbook(foglio) as cartella:
        pagina = cartella.add_worksheet()
        pagina.write_row(0, 0, ["codice", "anno", "territorio", "valore"])
        pagina.write_row(1, 0, ["VUL-B-25", 2019, "ambito"])
        pagina.write_formula(1, 3, "=10+2", None, 12)
    return foglio.getvalue()


def test_cio_che_non_si_legge_e_detto_e_finisce_con_uno_o_due(macchina: Macchina) -> None:
    for nome, contenuto in (
        ("vuoto.csv", b""), ("rotto.xlsx", b"PK\x03\x04non e' un foglio"), ("formule.xlsx", formule()),
        ("nomi.csv", csv_di("VUL-B-21;1", colonne="codice;cifra")),
    ):  # fmt: skip
        esito = importa(macchina, nome, contenuto)
        assert esito.stato == 1, nome
        assert esito.errore or esito.json["errori"], nome
        if nome == "formule.xlsx":
            assert "contiene una formula" in str(esito)
    senza = macchina.capofila("conoscenza", "import", "manca.csv", "--ambito", "crema")
    assert senza.stato == 1
    assert "manca.csv" in senza.errore
    assert macchina.capofila("conoscenza", "import", "x.csv").stato == 2


def test_doctor_dice_che_cosa_manca_al_catalogo(macchina: Macchina) -> None:
    esiti = {uno["cosa"]: uno for uno in macchina.capofila("doctor", "--json").json}
    assert "tenants/crema/ambito.yaml" in esiti["dati aperti"]["messaggio"]
    assert "CAPOFILA_DATI_APERTI_EDITORE_IPA" in esiti["dati aperti"]["messaggio"]
