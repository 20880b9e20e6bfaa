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

from capofila.hooks.regole import Regola, campi_letti, compila, interpreta
from capofila.siuss import (
    FLUSSO_PRESTAZIONI,
    PRESTAZIONI,
    Prestazione,
    flusso_prestazioni,
    leggi,
)

REGOLE = FLUSSO_PRESTAZIONI.regole
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
    assert {*regola.esempio_valido, *regola.esempio_errato} <= {c.nome for c in
                                                              FLUSSO_PRESTAZIONI.campi}  # fmt: skip
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
    lotto = prepara(FLUSSO_PRESTAZIONI, base | dict(regola.esempio_errato))
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
        '<Indirizzo CodiceRegione="03" CodiceComune="019035" CodiceNazione="380"/>'
    ]
    assert riga == [
        '<PrestazioniSociali TipoOperazione="I" PresenzaProvaMezzi="1" CaratterePrestazione="1" '
        'CodicePrestazione="A2.07" DenominazionePrestazione="Assistenza domiciliare '
        'socio-assistenziale" ProtocolloDomanda="2025/1" DataInizioPrestazione="2025-01-01" '
        'DataFinePrestazione="2025-12-31" ImportoMensile="312.40" ImportoQuotaEnte="200.00" '
        'ImportoQuotaUtente="112.40" PresaCarico="1" AreaUtenza="2"/>'
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
        ({"denominazione_prestazione": "Mensa"}, [("denominazione_prestazione", "lunghezza")]),
        ({"codice_fiscale": "RSSMRA80A41D142A"}, [("codice_fiscale", "codice_fiscale_controllo")]),
        ({"comune_residenza": ""}, [("comune_residenza", "siuss-residenza-mancante")]),
        ({"comune_residenza": "068001"}, [("regione_residenza", "siuss-residenza-regione")]),
        ({"comune_residenza": "068001", "regione_residenza": "13"}, []),
        ({"importo_mensile": "312,41"}, [("importo_mensile", "siuss-quote-mensile")]),
        ({"importo_mensile": "0"}, [("importo_mensile", "importo_zero")]),
        ({"quota_utente": "-1"}, [("quota_utente", "importo_negativo")]),
        ({"cognome": "=HYPERLINK(1)"}, [("cognome", "formula")]),
        ({"cognome": "Nguyễn"}, []),
        ({"cognome": "D’Àvila-O'Neil"}, []),
        ({"codice_fiscale": "RSSMRA80A41D14NF"}, []),
        ({"genere": "2", "presa_in_carico": "1", "carattere": "PERIODICA"}, []),
        ({"altri_indirizzi": '[{"comune":"019036"}]'}, [("altri_indirizzi", "obbligatorio")]),
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
