"""`capofila spesa`: a file in, its figures out, and what is wrong said with its place."""

from __future__ import annotations

from tests.debito.test_riga_di_comando import Comando, Macchina, macchina
from tests.spesa.casi import CREMA, PANDINO, a_carico_del_comune, csv_di, riga

__all__ = ["macchina"]

MISURA = [
    "spesa", "associata", "singola", "quota_associata", "utenti", "quota_utenti",
    "incidenza_utenti", "pro_capite",
]  # fmt: skip


def test_un_file_entra_e_le_sue_cifre_escono_come_le_leggono_i_programmi(
    macchina: Macchina,
) -> None:
    def spesa(comando: str, *resto: str, anno: int = 2011) -> Comando:
        return macchina.capofila(
            "spesa", comando, *resto, "--ambito", "crema", "--anno", str(anno), "--json"
        )

    buono = macchina.file(
        "spesa.csv",
        csv_di(
            a_carico_del_comune(2011, "300000,00", gestione="singola"),
            riga(2011, comune=PANDINO),
        ),
    )
    for stato, importate in (("importato", 2), ("gia_importato", 2)):
        entrato = spesa("import", buono)
        assert (entrato.stato, entrato.json["stato"], entrato.json["importate"]) == (
            0, stato, importate,
        )  # fmt: skip
    uscito = spesa("analisi")
    assert uscito.stato == 0
    cifre = uscito.json
    assert list(cifre) == [
        "ambito", "anno", "totale", "senza_capoluogo", "per_area", "per_comune",
    ]  # fmt: skip
    assert (cifre["ambito"], cifre["anno"]) == ("crema", 2011)
    assert list(cifre["totale"]) == list(cifre["senza_capoluogo"]) == MISURA
    assert list(cifre["totale"]["pro_capite"]) == ["valore", "min", "media", "mediana", "max"]
    assert cifre["totale"]["spesa"] == 301000.50
    assert cifre["totale"]["quota_associata"] == 0.0033
    assert cifre["senza_capoluogo"] | {"pro_capite": None} == {
        "spesa": 1000.50, "associata": 1000.50, "singola": 0.00, "quota_associata": 1.0000,
        "utenti": 12, "quota_utenti": 200.00, "incidenza_utenti": 0.2222, "pro_capite": None,
    }  # fmt: skip
    assert cifre["per_area"] == [{"area": "anziani", "spesa": 301000.50, "quota": 1.0000}]
    assert [uno["istat"] for uno in cifre["per_comune"]] == [CREMA, PANDINO]
    assert cifre["per_comune"][1]["pro_capite"] > 0
    assert "senza cifre: 46" in uscito.errore

    guasto = macchina.file("guasto.csv", csv_di(riga(2011), riga(2011, comune="999999")))
    rifiuto = spesa("import", guasto)
    assert (rifiuto.stato, rifiuto.json["stato"], rifiuto.json["importate"]) == (1, "respinto", 0)
    [errore] = rifiuto.json["errori"]
    assert (errore["riga"], errore["colonna"], errore["valore"]) == (3, "comune", "999999")
    assert "riga 3 comune «999999»:" in rifiuto.errore
    assert spesa("analisi").json == cifre
    assert spesa("analisi", anno=2019).stato == 1
    assert spesa("import", buono, anno=2012).json["errori"][0]["codice"] == "anno_diverso"
    assert spesa("analisi", anno=2012).stato == 1
