"""PS-PSA-SINA: every rule by name, the fields, and the file that comes out."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.siuss.casi import (
    BUONA,
    controlla_schema,
    documento,
    forme,
    prepara,
    prestazioni_valide,
)

from capofila.hooks import Preparatore
from capofila.hooks.regole import OGGI, Regola, campi_letti, compila, interpreta
from capofila.siuss import (
    FLUSSO_PRESTAZIONI,
    PRESTAZIONI,
    Prestazione,
    flusso_prestazioni,
    leggi,
)

CON_DATE = flusso_prestazioni(
    (
        *(p for p in PRESTAZIONI if p.codice != "A1.05"),
        Prestazione("A1.05", "Contributi economici per alloggio", "prova", al="2024-12-31"),
    )
)
"""The flow of an installation whose table closes a code: it has every rule."""
REGOLE = CON_DATE.regole
COLONNE_CSV = [
    "comune_titolare",
    "ente_erogatore",
    "codice_fiscale",
    "cognome",
    "nome",
    "anno_nascita",
    "luogo_nascita",
    "genere",
    "cittadinanza",
    "comune_residenza",
    "codice_prestazione",
    "denominazione_prestazione",
    "protocollo_domanda",
    "prova_mezzi",
    "carattere",
    "data_evento",
    "data_inizio",
    "data_fine",
    "periodo_erogazione",
    "importo_mensile",
    "data_erogazione",
    "importo",
    "quota_ente",
    "quota_utente",
    "quota_ssn",
    "quota_richiesta",
    "soglia_isee",
    "dsu_protocollo",
    "dsu_anno",
    "dsu_data",
    "ore_mensili",
    "presa_in_carico",
    "area_utenza",
]


def _codici(*righe: Mapping[str, str | None]) -> list[tuple[str, str]]:
    lotto = prepara(FLUSSO_PRESTAZIONI, *righe)
    return [(e.colonna, e.codice) for e in lotto.errori]


@pytest.mark.parametrize("regola", REGOLE, ids=lambda regola: regola.codice)
def test_ogni_regola_tiene_sul_suo_esempio_e_cade_sul_suo_controesempio(regola: Regola) -> None:
    letti = campi_letti(regola.controllo)
    assert {*regola.esempio_valido, *regola.esempio_errato} <= {
        OGGI, *(c.nome for c in FLUSSO_PRESTAZIONI.campi)}  # fmt: skip
    for esempio, rotte in ((regola.esempio_valido, ()), (regola.esempio_errato, (0,))):
        assert interpreta([regola], esempio) == rotte
        assert compila([regola], letti)(*[esempio.get(campo) for campo in letti]) == rotte
    assert regola.fonte
    assert regola.codice.startswith("siuss-")


@pytest.mark.parametrize("regola", REGOLE, ids=lambda regola: regola.codice)
def test_ogni_controesempio_e_segnalato_al_suo_campo_dentro_una_riga_intera(regola: Regola) -> None:
    # The fields of the rule come from its example, the rest from a good row.
    base = {k: v for k, v in BUONA.items() if k not in campi_letti(regola.controllo)}
    if "nazione_residenza" in campi_letti(regola.controllo):
        base.pop("comune_residenza", None)
    riga = base | dict(regola.esempio_errato)
    colonne = [campo.nome for campo in CON_DATE.campi]
    lotto = Preparatore(CON_DATE, colonne, oggi=riga.get(OGGI)).prepara(
        [[riga.get(colonna) or "" for colonna in colonne]]
    )
    elenco = lotto.errori if regola.gravita == "errore" else lotto.avvisi
    trovati = [e for e in elenco if e.codice == regola.codice]
    assert [e.colonna for e in trovati] == [regola.campo]
    assert "{" not in trovati[0].messaggio


def test_la_riga_buona_e_buona_e_il_file_e_quello_atteso() -> None:
    lotto = prepara(FLUSSO_PRESTAZIONI, BUONA)
    assert (lotto.errori, lotto.avvisi) == ([], [])
    gruppo, riga = forme(FLUSSO_PRESTAZIONI, lotto)
    assert gruppo == [
        '<Beneficiario CodiceFiscale="RSSMRA80A41D142Q"><Anagrafica Cognome="Rossi" Nome="Maria" '
        'AnnoNascita="1980" LuogoNascita="D142" Genere="2" CodiceCittadinanza="380"/>'
        '<Indirizzo CodiceRegione="10" CodiceComune="019035" CodiceNazione="380"/>'
    ]
    assert riga == [
        '<PrestazioniSociali TipoOperazione="I" PresenzaProvaMezzi="1" CaratterePrestazione="1" '
        'CodicePrestazione="A2.07" DenominazionePrestazione="Assistenza domiciliare '
        'socio-assistenziale" ProtocolloDomanda="2025/1" DataInizioPrestazione="2025-01-01" '
        'DataFinePrestazione="2025-12-31" ImportoMensile="312.40" ImportoQuotaEnte="200.00" '
        'ImportoQuotaUtente="112.40" PresaCarico="1" AreaUtenza="1"/>'
    ]
    controlla_schema(documento(FLUSSO_PRESTAZIONI, lotto), "PS_PSA_SINA201812.xsd")


def test_le_colonne_del_csv_sono_quelle_dichiarate_e_in_quell_ordine() -> None:
    assert [campo.nome for campo in FLUSSO_PRESTAZIONI.campi][:33] == COLONNE_CSV


@pytest.mark.parametrize(
    ("cambi", "atteso"),
    [
        ({"codice_prestazione": "A9.99"}, [("codice_prestazione", "codice_sconosciuto")]),
        ({"codice_prestazione": "Z9.99"}, [("codice_prestazione", "codice_sconosciuto")]),
        ({"codice_prestazione": "A2.20"}, [("denominazione_prestazione", "obbligatorio")]),
        (
            {"denominazione_prestazione": "Mensa"},
            [("denominazione_prestazione", "siuss-denominazione-corta")],
        ),
        ({"codice_fiscale": "RSSMRA80A41D142A"}, [("codice_fiscale", "codice_fiscale_controllo")]),
        ({"comune_residenza": ""}, [("comune_residenza", "siuss-residenza-mancante")]),
        ({"comune_residenza": "999001"}, [("regione_residenza", "siuss-residenza-regione")]),
        ({"comune_residenza": "999001", "regione_residenza": "13"}, []),
        ({"comune_residenza": "068001"}, []),
        ({"importo_mensile": "312,41"}, [("importo_mensile", "siuss-quote-mensile")]),
        ({"importo_mensile": "0"}, [("importo_mensile", "importo_zero")]),
        ({"quota_utente": "-1"}, [("quota_utente", "importo_negativo")]),
        ({"cognome": "=HYPERLINK(1)"}, [("cognome", "formula")]),
        ({"cognome": "Nguyễn"}, []),
        ({"cognome": "D’Àvila-O'Neil"}, []),
        ({"codice_fiscale": "RSSMRA80A41D14NF"}, []),
        ({"genere": "2", "presa_in_carico": "1", "carattere": "PERIODICA"}, []),
        ({"altri_indirizzi": '[{"comune":"019036"}]'}, [("altri_indirizzi", "obbligatorio")]),
        (
            {"altri_indirizzi": '[{"nazione":"380"}]'},
            [("altri_indirizzi", "siuss-altri-indirizzi-incompleti")],
        ),
        (
            {"codice_prestazione": "A2.16", "presa_in_carico": "no", "area_utenza": ""},
            [("presa_in_carico", "siuss-solo-in-carico")],
        ),
        ({"codice_prestazione": "A1.05.01"}, []),
        ({"data_fine": "2034-12-31"}, [("data_fine", "siuss-fine-altro-anno")]),
        ({"data_fine": "2035-01-01"}, [("data_fine", "siuss-troppi-anni")]),
        ({"ore_mensili": "2,5"}, [("ore_mensili", "ore_ambigue")]),
    ],
    ids=str,
)
def test_un_valore_cambiato_nella_riga_buona(
    cambi: dict[str, str], atteso: list[tuple[str, str]]
) -> None:
    assert _codici({**BUONA, **cambi}) == atteso


@pytest.mark.parametrize(
    "campo", [c.nome for c in FLUSSO_PRESTAZIONI.campi if c.obbligatorio and not c.predefinito]
)
def test_ogni_campo_obbligatorio_vuoto_e_segnalato(campo: str) -> None:
    assert (campo, "obbligatorio") in _codici({**BUONA, campo: ""})


def test_la_regione_e_quella_della_codifica_che_inps_chiede_e_non_quella_di_istat() -> None:
    # Both sample flows of INPS have this pair; by ISTAT Abruzzo would be 13.
    for comune, regione in (("068001", "01"), ("019035", "10"), ("021008", "03"), ("022205", "18")):
        lotto = prepara(FLUSSO_PRESTAZIONI, {**BUONA, "comune_residenza": comune})
        assert lotto.colonne["regione_residenza"] == [regione]
        assert (lotto.errori, lotto.avvisi) == ([], [])


def test_la_tabella_delle_prestazioni_si_estende_con_i_dati() -> None:
    nuova = Prestazione("A3.04", "Servizio di prova locale", "deliberazione di prova")
    flusso = flusso_prestazioni((*PRESTAZIONI, nuova))
    riga = {**BUONA, "codice_prestazione": "a3.04"}
    assert prepara(FLUSSO_PRESTAZIONI, riga).errori[0].codice == "codice_sconosciuto"
    lotto = prepara(flusso, riga)
    assert lotto.errori == []
    assert lotto.colonne["denominazione_prestazione"] == ["Servizio di prova locale"]


def test_la_tabella_delle_prestazioni_e_fatta_di_codici_distinti_con_la_loro_fonte() -> None:
    codici = [p.codice for p in PRESTAZIONI]
    assert len(set(codici)) == len(codici) == 53
    for prestazione in PRESTAZIONI:
        assert re.fullmatch(r"A[1-3]\.\d\d(\.\d\d)?", prestazione.codice)
        assert prestazione.fonte
        assert prestazione.denominazione is None or len(prestazione.denominazione) >= 10


@pytest.mark.parametrize(
    ("cambi", "attesi"),
    [
        ({"cognome": "Bianchi"}, ["siuss-cf-cognome"]),
        ({"nome": "Anna Maria"}, ["siuss-cf-nome"]),
        ({"cognome": "Rossi-Sala"}, []),
        ({"cognome": "Róssì", "nome": "MARIA"}, []),
        ({"cognome": "Росси", "nome": "Мария"}, []),
        ({"cognome": "Maria", "nome": "Rossi"}, ["siuss-cf-cognome", "siuss-cf-nome"]),
        ({"area_utenza": "2"}, ["siuss-sina-mancante"]),
        ({"area_utenza": "2", "codice_prestazione": "A2.02"}, []),
        ({"importo": "10,00"}, ["siuss-periodica-con-importo"]),
        ({"dsu_protocollo": "INPS-ISEE-2024-1", "dsu_anno": "2024", "dsu_data": "2025-01-02"},
         ["siuss-dsu-anno"]),
    ],
    ids=str,
)  # fmt: skip
def test_cio_che_va_guardato_non_toglie_la_riga(cambi: dict[str, str], attesi: list[str]) -> None:
    lotto = prepara(FLUSSO_PRESTAZIONI, {**BUONA, **cambi})
    assert ([e.codice for e in lotto.avvisi], lotto.errori) == (attesi, [])


@pytest.mark.parametrize(
    ("inizio", "codici"),
    [("2024-12-31", []), ("2025-01-01", ["siuss-codice-non-in-vigore"])],
)
def test_un_codice_chiuso_vale_per_le_prestazioni_di_prima(inizio: str, codici: list[str]) -> None:
    riga = {**BUONA, "codice_prestazione": "A1.05", "data_inizio": inizio, "data_fine": ""}
    assert [e.codice for e in prepara(CON_DATE, riga).errori] == codici


def test_un_codice_che_ne_precisa_un_altro_ne_segue_le_regole() -> None:
    sotto = Prestazione("A2.16.01", "Alloggio temporaneo di prova", "prova")
    riga = {**BUONA, "codice_prestazione": "A2.16.01", "presa_in_carico": "no", "area_utenza": ""}
    lotto = prepara(flusso_prestazioni((*PRESTAZIONI, sotto)), riga)
    assert [e.codice for e in lotto.errori] == ["siuss-solo-in-carico"]


def test_una_prestazione_di_piu_anni_diventa_una_per_anno_con_la_stessa_domanda() -> None:
    colonne = list(BUONA)
    riga = [*{**BUONA, "data_inizio": "01/09/2024", "data_fine": "30/06/2026"}.values()]
    lotto = Preparatore(FLUSSO_PRESTAZIONI, colonne, taglia=True).prepara([riga])
    assert lotto.errori == []
    assert [*zip(lotto.colonne["data_inizio"], lotto.colonne["data_fine"], strict=True)] == [
        ("2024-09-01", "2024-12-31"),
        ("2025-01-01", "2025-12-31"),
        ("2026-01-01", "2026-06-30"),
    ]
    assert lotto.colonne["protocollo_domanda"] == ["2025/1"] * 3
    assert lotto.colonne["importo_mensile"] == ["312.40"] * 3
    assert (lotto.numeri, lotto.righe, lotto.valide) == ([2, 2, 2], 1, 1)
    assert [e.codice for e in lotto.avvisi] == ["siuss-divisa-per-anno"]
    assert "3" in lotto.avvisi[0].messaggio


@settings(max_examples=150, deadline=None)
@given(st.lists(prestazioni_valide(), min_size=1, max_size=5))
def test_ogni_insieme_valido_esce_conforme_allo_schema_e_rientra_uguale(
    record: list[dict[str, str]],
) -> None:
    uscita = prepara(FLUSSO_PRESTAZIONI, *record)
    assert uscita.errori == []
    contenuto = documento(FLUSSO_PRESTAZIONI, uscita)
    controlla_schema(contenuto, "PS_PSA_SINA201812.xsd")

    lettura = leggi(io.BytesIO(contenuto))
    letti = list(lettura)
    assert lettura.flusso_id == "siuss"
    rientro = prepara(
        FLUSSO_PRESTAZIONI, *[dict(zip(lettura.colonne, x.celle, strict=True)) for x in letti]
    )
    assert rientro.errori == []
    assert rientro.colonne == uscita.colonne
    nostre = forme(FLUSSO_PRESTAZIONI, uscita)
    assert [(x.gruppo, x.forma) for x in letti] == list(zip(*nostre, strict=True))
    assert all(x.ignoti == () for x in letti)
