"""SINBA: the fields of the schema, the lists, and the file that comes out."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.siuss.casi import MINORE, controlla_schema, documento, forme, minori_validi, prepara

from capofila.hooks import Preparatore, VoceCodifica
from capofila.hooks.regole import OGGI, Regola, campi_letti, compila, interpreta
from capofila.siuss import FLUSSO_SINBA, flusso_sinba, leggi
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
        'CodiceRegioneResidenza="10" CodiceNazioneResidenza="380"><Prestazioni>'
        "<CodicePrestazione>A2.02</CodicePrestazione>"
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


LUOGHI = tuple(
    VoceCodifica(codice, luogo, "prova", al="2024-12-31" if codice == "8" else None)
    for codice, luogo in (FLUSSO_SINBA.campi_per_nome["luogo_vita"].codici or {}).items()
)
CON_DATE = flusso_sinba(codifiche={"siuss-sinba-luogo-vita": LUOGHI})
"""The flow of an installation whose list closes a code: it has every kind of rule."""


def _prepara_oggi(riga: dict[str, str]) -> tuple[list[str], list[str]]:
    colonne = [campo.nome for campo in CON_DATE.campi]
    lotto = Preparatore(CON_DATE, colonne, oggi=riga.get(OGGI)).prepara(
        [[riga.get(colonna) or "" for colonna in colonne]]
    )
    return [e.codice for e in lotto.errori], [e.codice for e in lotto.avvisi]


@pytest.mark.parametrize("regola", CON_DATE.regole, ids=lambda regola: regola.codice)
def test_ogni_regola_tiene_sul_suo_esempio_e_cade_sul_suo_controesempio(regola: Regola) -> None:
    letti = campi_letti(regola.controllo)
    for esempio, rotte in ((regola.esempio_valido, ()), (regola.esempio_errato, (0,))):
        assert {*esempio} <= {OGGI, *CON_DATE.campi_per_nome}
        assert interpreta([regola], esempio) == rotte
        assert compila([regola], letti)(*[esempio.get(campo) for campo in letti]) == rotte
    assert regola.codice.startswith("sinba-")
    assert regola.fonte
    # What is ours and not the receiver's never keeps a record out.
    assert ("coerenza" in regola.fonte) is (regola.gravita == "avviso")


@pytest.mark.parametrize("regola", CON_DATE.regole, ids=lambda regola: regola.codice)
def test_ogni_controesempio_e_segnalato_dentro_una_scheda_intera(regola: Regola) -> None:
    base = {k: v for k, v in MINORE.items() if k not in campi_letti(regola.controllo)}
    errori, avvisi = _prepara_oggi(base | dict(regola.esempio_errato))
    assert regola.codice in (errori if regola.gravita == "errore" else avvisi)


@pytest.mark.parametrize(
    ("cambi", "attesi"),
    [
        ({}, []),
        ({"minore_straniero_no_acc": "si", "luogo_vita": "4"}, ["sinba-luogo-senza-inserimento"]),
        ({"fascia_eta_beneficiario": "6"}, ["sinba-fascia-eta", "sinba-scuola-eta"]),
        ({"fascia_eta_beneficiario": "2"}, []),
        ({"fascia_eta_beneficiario": "1"}, ["sinba-fascia-eta", "sinba-scuola-eta"]),
        ({"fascia_eta_beneficiario": "4"}, []),
        ({"data_prima_segnalazione": "01/2036"},
         ["sinba-data-prima-segnalazione-futura", "sinba-maggiorenne", "sinba-fascia-eta"]),
        ({"numero_componenti_isee": "3", "fascia_isee_beneficiario": "1"}, []),
    ],
    ids=str,
)  # fmt: skip
def test_cio_che_va_guardato_in_una_scheda(cambi: dict[str, str], attesi: list[str]) -> None:
    colonne = [campo.nome for campo in FLUSSO_SINBA.campi]
    riga = {**MINORE, **cambi}
    lotto = Preparatore(FLUSSO_SINBA, colonne, oggi="2026-11-22").prepara(
        [[riga.get(colonna) or "" for colonna in colonne]]
    )
    assert ([e.codice for e in lotto.avvisi], lotto.errori) == (attesi, [])


def test_una_scheda_non_porta_mai_un_codice_fiscale() -> None:
    for scritto in ("RSSMRA17A41D142X", "rssmra17a41d142x", "RSSMRA17A41DMQNB"):
        errori, _ = _prepara_oggi({**MINORE, "id_beneficiario": scritto})
        assert errori == ["sinba-id-codice-fiscale"]


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
