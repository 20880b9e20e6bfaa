"""`capofila accreditamenti compute`: what follows from the answers of a file, by Crema's declared rules."""

from __future__ import annotations

import json
from pathlib import Path

from tests.debito.test_riga_di_comando import Macchina, macchina

__all__ = ["macchina"]


def test_la_valutazione_di_un_file_con_le_sue_spiegazioni(
    macchina: Macchina, tmp_path: Path
) -> None:
    file = tmp_path / "valutazione.json"
    risposte: list[dict[str, object]] = [
        {"requisito": "antincendio", "valore": "si", "dal": "2020-07-02"},
        {"requisito": "superficie", "valore": "150"},
        {"requisito": "rapporto-educatori", "valore": "3", "utenti": 25},
        {"requisito": "apertura", "valore": "45"},
        {"requisito": "polizza", "valore": "si", "dal": "2025-01-01", "scade": "2025-12-31"},
    ]
    contenuto = {
        "accreditamento": "asilo-nido", "giorno": "2025-07-01", "posti": 24, "risposte": risposte
    }  # fmt: skip
    file.write_text(json.dumps(contenuto))
    comando = ("accreditamenti", "compute", str(file), "--ambito", "crema")
    fatta = macchina.capofila(*comando, "--json")
    assert (fatta.json["giudizio"], fatta.json["plugin"]) == ("non_accreditabile", "crema")
    assert {v["requisito"]: v["stato"] for v in fatta.json["requisiti"]} == {
        "antincendio": "rispettato", "superficie": "rispettato", "giardino": "da_adeguare",
        "rapporto-educatori": "non_rispettato", "apertura": "rispettato",
        "carta-dei-servizi": "da_adeguare", "polizza": "rispettato",
    }  # fmt: skip
    assert len(fatta.json["impronta"]) == 64
    risposte[2]["utenti"] = 24
    file.write_text(json.dumps(contenuto))
    a_parole = macchina.capofila(*comando)
    assert "È accreditabile con prescrizioni" in a_parole.uscita
    assert "Risposta: 3 per 24 utenti, e ne occorrono 3" in a_parole.uscita
    risposte[0]["valore"] = "forse"
    file.write_text(json.dumps(contenuto))
    rifiuto = macchina.capofila(*comando, "--json")
    assert (rifiuto.stato, rifiuto.json["errore"]) == (1, "dati_non_validi")
    assert "$.risposte[0].valore" in rifiuto.json["messaggio"]
    file.write_bytes('{"accreditamento": "asilo-nido à"}'.encode("latin-1"))
    rifiuto = macchina.capofila(*comando, "--json")
    assert (rifiuto.stato, rifiuto.json["errore"]) == (1, "dati_non_validi")
    assert "UTF-8" in rifiuto.json["messaggio"]
