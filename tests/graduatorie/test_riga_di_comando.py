"""`capofila graduatorie compute`: the list of a file and why, by Crema's declared rules."""

from __future__ import annotations

import json
from pathlib import Path

from tests.debito.test_riga_di_comando import Macchina, macchina
from tests.graduatorie.casi import buona

__all__ = ["macchina"]


def test_la_graduatoria_di_un_file_con_le_sue_spiegazioni(
    macchina: Macchina, tmp_path: Path
) -> None:
    file = tmp_path / "graduatoria.json"
    contenuto = {
        "graduatoria": "misura-b2", "giorno": "2025-07-01", "posti": 1,
        "domande": [
            {"protocollo": protocollo, "presentata_il": "2025-06-02", "dati": buona(isee)}
            for protocollo, isee in (("A", "9000.00"), ("B", "5000.00"), ("C", "30000.00"))
        ],
    }  # fmt: skip
    file.write_text(json.dumps(contenuto))
    comando = ("graduatorie", "compute", str(file), "--ambito", "crema")
    fatta = macchina.capofila(*comando, "--json")
    assert [(p["protocollo"], p["stato"], p["punti"]) for p in fatta.json["posti"]] == [
        ("B", "ammessa", 55), ("A", "in_attesa", 49), ("C", "esclusa", 0)
    ]  # fmt: skip
    assert fatta.json["plugin"] == "crema"
    assert len(fatta.json["impronta"]) == 64
    a_parole = macchina.capofila(*comando)
    assert "nella fascia fino a 6.000,00\xa0€: 20 punti" in a_parole.uscita
    assert "ISEE sociosanitario fino a 25.000" in a_parole.uscita
    file.write_text(json.dumps({**contenuto, "domande": [{"protocollo": 1}]}))
    rifiuto = macchina.capofila(*comando, "--json")
    assert (rifiuto.stato, rifiuto.json["errore"]) == (1, "dati_non_validi")
    assert "$.domande[0]" in rifiuto.json["messaggio"]
