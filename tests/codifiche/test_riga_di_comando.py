"""`capofila codifiche`, and a worker that was already running when a list changed."""

from __future__ import annotations

import csv
import io

from tests.debito.test_riga_di_comando import Macchina, macchina
from tests.prestazioni.casi import codice_fiscale, csv_di, riga

__all__ = ["macchina"]

LISTA = "siuss-prestazioni"


def test_le_liste_si_elencano_e_si_esportano(macchina: Macchina) -> None:
    liste = macchina.capofila("codifiche", "list", "--json").json
    assert LISTA in {una["lista"] for una in liste}
    codici = macchina.capofila("codifiche", "list", "siuss-area-utenza", "--json").json
    assert [una["codice"] for una in codici] == ["1", "2", "3"]
    assert {una["lista"] for una in liste if una["da_confermare"]} == {
        "siuss-regioni", "siuss-con-sina", "siuss-con-data-evento",
    }  # fmt: skip
    supposte = macchina.capofila("codifiche", "list", "siuss-regioni", "--json").json
    assert all(una["da_confermare"] for una in supposte)
    assert macchina.capofila("codifiche", "export", LISTA, "-o", "codici.csv").stato == 0
    testo = (macchina.cartella / "codici.csv").read_text("utf-8-sig")
    righe = list(csv.DictReader(io.StringIO(testo), delimiter=";"))
    assert righe[0]["codice"] == "A1.01"
    assert macchina.capofila("codifiche", "list", "altro", "--json").stato == 1


def test_una_lista_si_importa_e_il_worker_gia_avviato_la_vede(macchina: Macchina) -> None:
    nuovo = macchina.file(
        "nuovo.csv", b"codice;etichetta;fonte\r\nA3.04;Servizio di prova locale;prova\r\n"
    )
    prova = macchina.capofila("codifiche", "import", LISTA, nuovo, "--dry-run", "--json").json
    assert (prova["aggiunti"], prova["scritto"]) == (1, False)
    fatto = macchina.capofila("codifiche", "import", LISTA, nuovo, "--json")
    assert (fatto.stato, fatto.json["scritto"]) == (0, True)
    di_nuovo = macchina.capofila("codifiche", "import", LISTA, nuovo, "--json").json
    assert (di_nuovo["aggiunti"], di_nuovo["uguali"]) == (0, 1)
    guasto = macchina.file("guasto.csv", b"codice;fonte\r\nA3;prova\r\n")
    rifiuto = macchina.capofila("codifiche", "import", LISTA, guasto, "--json")
    assert (rifiuto.stato, rifiuto.json["errori"][0]["riga"]) == (1, 2)

    file = macchina.file(
        "con-il-nuovo.csv",
        csv_di(riga(1, codice_fiscale=codice_fiscale(4321), codice_prestazione="A3.04",
                    protocollo_domanda="codifiche/1", data_inizio="2023-01-01",
                    data_fine="2023-12-31")),
    )  # fmt: skip
    importata = macchina.capofila("prestazioni", "import", file, "--ambito", "crema", "--json")
    assert (importata.stato, importata.json["importate"]) == (0, 1)
    esito = macchina.capofila(
        "debito", "export", "siuss", "--ambito", "crema", "--periodo", "2023", "--json"
    )
    assert (esito.stato, esito.json["stato"], esito.json["righe"]) == (0, "sigillata", 1)
