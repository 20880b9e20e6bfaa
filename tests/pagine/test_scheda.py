"""One prestazione in the words of its flow."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from capofila.prestazioni.scheda import Dato, raggruppa
from capofila.siuss.prestazioni import FLUSSO_PRESTAZIONI
from capofila.territorio.rules import Comune, MappaComuni

COMUNI = MappaComuni.da([Comune(istat="019035", nome="Crema", belfiore="D142", provincia="CR")])
PRESTAZIONE: dict[str, Any] = {
    "cognome": "D'Angelo", "nome": "Zoë", "codice_fiscale": "DNGZOE80A41D142K",
    "anno_nascita": 1980, "luogo_nascita": "Z999", "genere": "F", "cittadinanza": "380",
    "comune_residenza": "019035", "comune_titolare": "D142", "ente_erogatore": "Comune di Crema",
    "codice_prestazione": "A2.07", "denominazione_prestazione": "Assistenza domiciliare",
    "protocollo_domanda": "CRE/1", "prova_mezzi": "1", "carattere": "periodica",
    "data_inizio": date(2025, 1, 1), "importo_mensile": Decimal("250.00"),
    "ore_mensili": Decimal("2.59"), "presa_in_carico": "si", "tipo_operazione": "I",
    "sina_invalidita_civile": "1 6",
    "altri_indirizzi": '[{"nazione":"380","comune":"019036"}]',
}  # fmt: skip


def _dati(flusso: Any = FLUSSO_PRESTAZIONI, **altro: Any) -> dict[str, Dato]:
    gruppi = raggruppa({**PRESTAZIONE, **altro}, flusso, COMUNI)
    return {dato.etichetta: dato for gruppo in gruppi for dato in gruppo.dati}


def test_i_codici_si_leggono_con_il_loro_nome() -> None:
    dati = _dati()
    assert dati["Genere"].valore == "Femmina (F)"
    assert dati["Comune titolare"].valore == "Crema (D142)"
    assert dati["Comune di residenza"].valore == "Crema (019035)"
    assert dati["Luogo di nascita"].valore == "Z999"
    assert dati["Cittadinanza"].valore == "Italia (380)"
    assert dati["Presa in carico"].valore == "Sì"
    assert dati["Invalidità civile"].valore == (
        "Invalidità civile parziale, almeno 75%; L. 104, art. 3 comma 3"
    )
    assert dati["Altri indirizzi"].valore == "Nazione 380, Comune 019036"
    assert dati["Codice della prestazione"].forma == "codice"


def test_date_importi_e_ore_restano_quello_che_sono() -> None:
    dati = _dati()
    assert dati["Data di inizio"] == Dato("Data di inizio", date(2025, 1, 1), "data")
    assert dati["Importo mensile"].forma == "importo"
    assert dati["Ore di servizio al mese"].valore == "2 h 59 min"
    assert _dati(ore_mensili=Decimal("10.00"))["Ore di servizio al mese"].valore == "10 h"


def test_un_dato_obbligatorio_che_manca_si_vede_uno_facoltativo_no() -> None:
    dati = _dati(prova_mezzi=None, data_fine=None)
    assert dati["Presenza della prova dei mezzi"].valore is None
    assert "Data di fine" not in dati


def test_senza_il_flusso_i_dati_restano_leggibili() -> None:
    dati = _dati(flusso=None)
    assert dati["Codice fiscale"].valore == "DNGZOE80A41D142K"
    assert dati["Prova mezzi"].valore == "1"
    assert "Importo" not in dati


def test_un_gruppo_senza_dati_lo_dice() -> None:
    tutti = raggruppa(PRESTAZIONE, FLUSSO_PRESTAZIONI, COMUNI)
    gruppi = {gruppo.titolo: gruppo for gruppo in tutti}
    assert gruppi["DSU"].dati == ()
    assert gruppi["DSU"].vuoto == "La prestazione non richiama una DSU."
