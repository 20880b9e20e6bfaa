"""SINBA: the fields of the schema, the lists, and the file that comes out."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.siuss.casi import MINORE, controlla_schema, documento, forme, minori_validi, prepara

from capofila.siuss import FLUSSO_SINBA, leggi
from capofila.siuss.sinba import nome_campo


def test_il_minore_di_esempio_esce_come_vuole_lo_schema_e_senza_codice_fiscale() -> None:
    lotto = prepara(FLUSSO_SINBA, MINORE)
    assert lotto.errori == []
    gruppo, riga = forme(FLUSSO_SINBA, lotto)
    assert gruppo == [None]
    assert riga[0] == (
        '<SINBA IDBeneficiario="M-0001" MinoreStranieroNoAcc="2" CondizioneMinore="1" '
        'LuogoVita="1" ScuolaFrequentata="5" CondizioneLavoro="1" Disabilita="2" '
        'DataPrimaSegnalazione="03/2024" FonteSegnalazione="13" ValutazioneMinore="1" '
        'ValutazioneFamigliaMinore="2" SegnalazioneAutoritaGiudiziaria="2" '
        'ProvvedimentoGiudiziario="2" FasciaEtaBeneficiario="3" AnnoNascita="2017" '
        'CodiceNazioneResidenza="380"><Prestazioni><CodicePrestazione>A2.02</CodicePrestazione>'
        "<CodicePrestazione>A2.11</CodicePrestazione></Prestazioni><Famiglia>"
        "<ComposizioneFamiglia>1</ComposizioneFamiglia>"
        "<ComposizioneFamiglia>3</ComposizioneFamiglia></Famiglia></SINBA>"
    )
    controlla_schema(documento(FLUSSO_SINBA, lotto), "SINBA.xsd")


@pytest.mark.parametrize("campo", [c.nome for c in FLUSSO_SINBA.campi if c.obbligatorio])
def test_ogni_campo_obbligatorio_vuoto_e_segnalato(campo: str) -> None:
    lotto = prepara(FLUSSO_SINBA, {**MINORE, campo: ""})
    assert [(e.colonna, e.codice) for e in lotto.errori] == [(campo, "obbligatorio")]


@pytest.mark.parametrize(
    ("campo", "valore", "codice"),
    [
        ("id_beneficiario", "x" * 21, "lunghezza"),
        ("fonte_segnalazione", "15", "codice_sconosciuto"),
        ("valutazione_minore", "14", "codice_sconosciuto"),
        ("numero_componenti_isee", "10", "intero"),
        ("data_prima_segnalazione", "2024-13", "mese_inesistente"),
        ("codice_regione_residenza", "Lombardia", "cifre"),
        ("composizione_famiglia", "7", "codice_sconosciuto"),
        ("prestazioni", "A9.99", "codice_sconosciuto"),
    ],
)
def test_un_valore_fuori_dallo_schema_e_rifiutato(campo: str, valore: str, codice: str) -> None:
    lotto = prepara(FLUSSO_SINBA, {**MINORE, campo: valore})
    assert [(e.colonna, e.codice) for e in lotto.errori] == [(campo, codice)]


def test_i_nomi_dei_campi_vengono_dagli_attributi() -> None:
    assert nome_campo("IDBeneficiario") == "id_beneficiario"
    assert nome_campo("FasciaISEEBeneficiario") == "fascia_isee_beneficiario"
    assert nome_campo("TipoInterventoAffido") == "tipo_intervento_affido"


@settings(max_examples=100, deadline=None)
@given(st.lists(minori_validi, min_size=1, max_size=4))
def test_ogni_insieme_valido_esce_conforme_allo_schema_e_rientra_uguale(
    minori: list[dict[str, str]],
) -> None:
    uscita = prepara(FLUSSO_SINBA, *minori)
    assert uscita.errori == []
    contenuto = documento(FLUSSO_SINBA, uscita)
    controlla_schema(contenuto, "SINBA.xsd")
    lettura = leggi(io.BytesIO(contenuto))
    letti = list(lettura)
    assert lettura.flusso_id == "siuss-sinba"
    rientro = prepara(
        FLUSSO_SINBA, *[dict(zip(lettura.colonne, x.celle, strict=True)) for x in letti]
    )
    assert rientro.colonne == uscita.colonne
    assert [x.forma for x in letti] == forme(FLUSSO_SINBA, uscita)[1]
