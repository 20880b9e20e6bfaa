"""Reading a cell: what each kind of column takes, what it makes of it, why it refuses."""

from __future__ import annotations

import random
import string
from datetime import date
from decimal import Decimal

import codicefiscale
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from capofila.hooks import campi
from capofila.hooks.campi import (
    Campo,
    Rifiuto,
    Tipo,
    carattere_controllo,
    contiene_formula,
    importo_leggibile,
    leggi,
    leggibile,
    senza_omocodia,
)

TESTO = Campo("cognome", Tipo.TESTO, "Cognome", lunghezza=(1, 36))
CODICE_FISCALE = Campo("cf", Tipo.CODICE_FISCALE, "Codice fiscale")
BELFIORE = Campo("b", Tipo.BELFIORE, "Belfiore")
ISTAT = Campo("i", Tipo.COMUNE_ISTAT, "Comune")
NAZIONE = Campo("n", Tipo.CIFRE, "Nazione", lunghezza=(3, 3), zeri=True)
CIFRE_ESATTE = Campo("n", Tipo.CIFRE, "Tre cifre", lunghezza=(3, 3))
DATA = Campo("d", Tipo.DATA, "Data")
MESE = Campo("m", Tipo.MESE_ANNO, "Mese")
ANNO = Campo("a", Tipo.ANNO, "Anno")
PERIODO = Campo("p", Tipo.INTERO, "Periodo", lunghezza=(1, 12))
IMPORTO = Campo("e", Tipo.IMPORTO, "Importo")
POSITIVO = Campo("e", Tipo.IMPORTO, "Importo", positivo=True)
ORE = Campo("o", Tipo.ORE, "Ore", lunghezza=(0, 744))
SI_NO = Campo("s", Tipo.SI_NO, "Sì o no")
GENERE = Campo("g", Tipo.CODICE, "Genere", codici={"M": "Maschio", "F": "Femmina"},
               varianti={"1": "M", "2": "F"})  # fmt: skip
LISTA = Campo("l", Tipo.LISTA_CODICI, "Codici", codici={"A1.01": "a", "A1.02": "b", "A2.07": "c"},
              lunghezza=(1, 2))  # fmt: skip
BLOCCHI = Campo("x", Tipo.BLOCCHI, "Indirizzi", lunghezza=(0, 2), sottocampi=(
    Campo("comune", Tipo.COMUNE_ISTAT, "Comune"),
    Campo("nazione", Tipo.CIFRE, "Nazione", obbligatorio=True, lunghezza=(3, 3), zeri=True),
))  # fmt: skip


@pytest.mark.parametrize(
    ("campo", "testo", "canonico"),
    [
        (TESTO, "  Rossi ", "Rossi"),
        (TESTO, "   ", None),
        (TESTO, "D'Amico", "D'Amico"),
        (TESTO, "D’Amico", "D’Amico"),
        (TESTO, "Nicolo\u0300", "Nicolò"),
        (TESTO, "Өндөр", "Өндөр"),
        (TESTO, "محمد", "محمد"),
        (TESTO, "𠮷田", "𠮷田"),
        (TESTO, "-", "-"),
        (TESTO, "-Rossi", "-Rossi"),
        (TESTO, "+39", "+39"),
        (TESTO, "@maria", "@maria"),
        (CODICE_FISCALE, " rssmra80a41d142q ", "RSSMRA80A41D142Q"),
        (CODICE_FISCALE, "RSSMRA80A41D14NF", "RSSMRA80A41D14NF"),
        (CODICE_FISCALE, "RSSMRA80A4MDMQNB", "RSSMRA80A4MDMQNB"),
        (CODICE_FISCALE, "00000000000     ", "00000000000"),
        (CODICE_FISCALE, "12345678903", "12345678903"),
        (BELFIORE, "d142", "D142"),
        (BELFIORE, "Z129", "Z129"),
        (ISTAT, "019035", "019035"),
        (ISTAT, "19035", "019035"),
        (NAZIONE, "380", "380"),
        (NAZIONE, "8", "008"),
        (DATA, "2024-02-29", "2024-02-29"),
        (DATA, "29/02/2024", "2024-02-29"),
        (DATA, "1/2/2025", "2025-02-01"),
        (MESE, "03/2024", "03/2024"),
        (MESE, "2024-03", "03/2024"),
        (ANNO, "1999", "1999"),
        (PERIODO, "012", "12"),
        (IMPORTO, "1234.56", "1234.56"),
        (IMPORTO, "1234,56", "1234.56"),
        (IMPORTO, "1.234,56", "1234.56"),
        (IMPORTO, "€ 1.234.567,8", "1234567.80"),
        (IMPORTO, "12,5 €", "12.50"),
        (IMPORTO, "1.234.567", "1234567.00"),
        (IMPORTO, "007,00", "7.00"),
        (IMPORTO, "0", "0.00"),
        (IMPORTO, "17000.0", "17000.00"),
        (POSITIVO, "0,01", "0.01"),
        (ORE, "2,59", "2.59"),
        (ORE, "12:30", "12.30"),
        (ORE, "40", "40.00"),
        (ORE, "0.0", "0.00"),
        (SI_NO, "SI\u0300", "si"),
        (SI_NO, "Sì", "si"),
        (SI_NO, "1", "si"),
        (SI_NO, "2", "no"),
        (SI_NO, "NO", "no"),
        (GENERE, "f", "F"),
        (GENERE, "1", "M"),
        (LISTA, "a1.01, A2.07", "A1.01 A2.07"),
        (LISTA, "A2.07|A2.07", "A2.07"),
        (LISTA, " | ", None),
        (BLOCCHI, '[{"nazione":"380","comune":"19035"}]', '[{"comune":"019035","nazione":"380"}]'),
        (BLOCCHI, "[]", None),
    ],
)  # fmt: skip
def test_una_cella_scritta_come_si_usa_viene_capita(
    campo: Campo, testo: str, canonico: str | None
) -> None:
    assert leggi(campo, testo) == canonico


@pytest.mark.parametrize(
    ("campo", "testo", "codice"),
    [
        (TESTO, "Ros\x00si", "carattere_non_ammesso"),
        (TESTO, "Ros\nsi", "carattere_non_ammesso"),
        (TESTO, "Ros\tsi", "carattere_non_ammesso"),
        (TESTO, "Ros\ufffesi", "carattere_non_ammesso"),
        (TESTO, "Ros\ud800si", "carattere_non_ammesso"),
        (TESTO, "\u202eissoR", "carattere_non_ammesso"),
        (TESTO, "R" * 37, "lunghezza"),
        (TESTO, "=1+1", "formula"),
        (TESTO, "\t=cmd|' /C calc'!A0", "formula"),
        (TESTO, '=HYPERLINK("x")', "formula"),
        (TESTO, "+SUM(A1:A9)", "formula"),
        (TESTO, "-2+3+cmd|x", "formula"),
        (TESTO, "@SUM(1)", "formula"),
        (TESTO, "-A1", "formula"),
        (CODICE_FISCALE, "RSSMRA80A41D142A", "codice_fiscale_controllo"),
        (CODICE_FISCALE, "12345678901", "codice_fiscale_controllo"),
        (CODICE_FISCALE, "RSSMRA80A41D142", "codice_fiscale_forma"),
        (CODICE_FISCALE, "RSSMRA80Z41D142Q", "codice_fiscale_forma"),
        (CODICE_FISCALE, "RSSMRA80A99D142Q", "codice_fiscale_giorno"),
        (CODICE_FISCALE, "RSSMRA80A00D142Q", "codice_fiscale_giorno"),
        (CODICE_FISCALE, "١٢٣٤٥٦٧٨٩٠١", "codice_fiscale_forma"),
        (CODICE_FISCALE, "RﬆMRA80A41D142Q", "codice_fiscale_forma"),
        (BELFIORE, "D14", "belfiore"),
        (BELFIORE, "Crema", "belfiore"),
        (ISTAT, "0190355", "comune_istat"),
        (ISTAT, "Crema", "comune_istat"),
        (NAZIONE, "3800", "cifre"),
        (NAZIONE, "IT", "cifre"),
        (CIFRE_ESATTE, "8", "cifre"),
        (DATA, "2025-02-29", "data_inesistente"),
        (DATA, "31/04/2025", "data_inesistente"),
        (DATA, "2025-13-01", "data_inesistente"),
        (DATA, "0025-01-01", "data_fuori_intervallo"),
        (DATA, "01/01/2101", "data_fuori_intervallo"),
        (DATA, "01/02/25", "data_non_leggibile"),
        (DATA, "45000", "data_non_leggibile"),
        (MESE, "13/2024", "mese_inesistente"),
        (MESE, "2024", "mese_non_leggibile"),
        (ANNO, "1899", "anno_non_valido"),
        (ANNO, "99", "anno_non_valido"),
        (ANNO, "20250", "anno_non_valido"),
        (PERIODO, "0", "intero"),
        (PERIODO, "13", "intero"),
        (PERIODO, "1,0", "intero"),
        (IMPORTO, "1.234", "importo_ambiguo"),
        (IMPORTO, "-5", "importo_negativo"),
        (IMPORTO, "\u22125", "importo_negativo"),
        (IMPORTO, "1,234", "importo_decimali"),
        (IMPORTO, "1234.567", "importo_decimali"),
        (IMPORTO, "12.34,5", "importo_non_leggibile"),
        (IMPORTO, "1e3", "importo_non_leggibile"),
        (IMPORTO, "nan", "importo_non_leggibile"),
        (IMPORTO, "1234567890123", "importo_troppo_grande"),
        (POSITIVO, "0,00", "importo_zero"),
        (POSITIVO, "0", "importo_zero"),
        (ORE, "2,60", "ore_minuti"),
        (ORE, "2,5", "ore_ambigue"),
        (ORE, "745", "ore_troppe"),
        (ORE, "2h", "ore_non_leggibili"),
        (SI_NO, "forse", "si_no"),
        (GENERE, "X", "codice_sconosciuto"),
        (LISTA, "A1.01 A9.99", "codice_sconosciuto"),
        (LISTA, "A1.01 A1.02 A2.07", "quanti_codici"),
        (BLOCCHI, '[{"comune":"19035"}]', "obbligatorio"),
        (BLOCCHI, '[{"nazione":"380"},{"nazione":"380"},{"nazione":"380"}]', "blocchi_troppi"),
        (BLOCCHI, '[{"nazione":"ITA"}]', "cifre"),
        (BLOCCHI, '[{"paese":"380"}]', "blocchi_campo"),
        (BLOCCHI, "[" * 5000, "blocchi"),
        (BLOCCHI, "via Roma", "blocchi"),
    ],
)  # fmt: skip
def test_una_cella_sbagliata_e_rifiutata_con_il_suo_motivo(
    campo: Campo, testo: str, codice: str
) -> None:
    esito = leggi(campo, testo)
    assert isinstance(esito, Rifiuto)
    assert esito.codice == codice
    assert len(esito.messaggio) > 10


def test_un_importo_ambiguo_dice_come_si_scrive() -> None:
    esito = leggi(IMPORTO, "1.234")
    assert isinstance(esito, Rifiuto)
    assert "1234,00" in esito.messaggio
    assert "1,23" in esito.messaggio


def test_il_carattere_di_controllo_e_quello_della_libreria_su_codici_a_caso() -> None:
    caso = random.Random(1976)
    for _ in range(2000):
        primi = "".join(caso.choices(string.ascii_uppercase + string.digits, k=15))
        assert carattere_controllo(primi) == codicefiscale.encode_cin(primi)


@pytest.mark.parametrize("quale", range(128))
def test_ogni_omocodia_di_una_persona_e_accettata_e_ricondotta_alle_cifre(quale: int) -> None:
    omocodici = codicefiscale.decode("RSSMRA80A41D142Q")["omocodes"]
    assert len(omocodici) == 128
    codice = omocodici[quale]
    assert leggi(CODICE_FISCALE, codice) == codice
    assert senza_omocodia(codice)[:15] == "RSSMRA80A41D142"


@given(st.decimals(min_value=0, max_value=Decimal("999999999999.99"), places=2))
def test_un_importo_si_legge_uguale_in_tutte_le_scritture(importo: Decimal) -> None:
    canonico = f"{importo:.2f}"
    assert leggi(IMPORTO, canonico) == canonico
    assert leggi(IMPORTO, canonico.replace(".", ",")) == canonico
    assert leggi(IMPORTO, f"€ {importo_leggibile(canonico)}") == canonico


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31)))
def test_una_data_si_legge_uguale_nelle_due_scritture(giorno: date) -> None:
    iso = f"{giorno:%Y-%m-%d}"
    assert leggi(DATA, iso) == leggi(DATA, f"{giorno:%d/%m/%Y}") == iso


@pytest.mark.parametrize("campo", [TESTO, CODICE_FISCALE, BELFIORE, ISTAT, NAZIONE, DATA, MESE,
                                   ANNO, PERIODO, IMPORTO, POSITIVO, ORE, SI_NO, GENERE, LISTA,
                                   BLOCCHI], ids=lambda c: c.tipo)  # fmt: skip
@given(st.text() | st.from_regex(r"[0-9.,/ €+-]{1,12}", fullmatch=True))
def test_leggere_due_volte_non_cambia_nulla_e_niente_fa_cadere_un_lettore(
    campo: Campo, testo: str
) -> None:
    esito = leggi(campo, testo)
    if isinstance(esito, str):
        assert esito
        assert leggi(campo, esito) == esito


@given(st.lists(st.text(max_size=40), min_size=1, max_size=30))
def test_una_colonna_di_testi_letta_in_blocco_e_uguale_a_cella_per_cella(celle: list[str]) -> None:
    semplici = campi.testi_semplici(TESTO, celle)
    if semplici is not None:
        assert semplici == [leggi(TESTO, cella) for cella in celle]


def test_una_colonna_di_protocolli_si_legge_in_blocco() -> None:
    assert campi.testi_semplici(TESTO, [" 2025/1", "2025/2 "]) == ["2025/1", "2025/2"]
    assert campi.testi_semplici(TESTO, ["2025/1", ""]) == ["2025/1", None]
    for strana in ("=1", "à", "a\nb", "x" * 37):
        assert campi.testi_semplici(TESTO, ["2025/1", strana]) is None
    assert campi.testi_semplici(DATA, ["2025-01-01"]) is None


_cf_giusto = st.builds(
    lambda cognome, giorno, luogo: (
        (p := f"{cognome}RSS80A{giorno:02d}D{luogo:03d}") + campi.carattere_controllo(p)
    ),
    st.text("ABMZ", min_size=3, max_size=3),
    st.integers(1, 31) | st.integers(41, 71),
    st.integers(0, 999),
)
_cf_strano = st.sampled_from(
    ["", " ", "12345678903", "RSSMRA80A41D142A", "RSSMRA80A99D142Q", "RSSMRA80A41D14NF",
     "rssmra80a41d142q", " RSSMRA80A41D142Q", "RSSMRA80A41D142Q\nRSSMRA80A41D142Q", "RSSMRA80A41D14"]
)  # fmt: skip


@given(st.lists(_cf_giusto, min_size=1), st.lists(_cf_strano, max_size=1), st.randoms())
def test_una_colonna_di_codici_fiscali_e_quella_del_lettore(
    giusti: list[str], strani: list[str], caso: random.Random
) -> None:
    celle = [*giusti, *strani]
    caso.shuffle(celle)
    assert campi.codici_fiscali_semplici(giusti) == giusti
    assert strani == [] or campi.codici_fiscali_semplici(celle) is None
    sbagliati = [*giusti[:-1], giusti[-1][:15] + chr(65 + (ord(giusti[-1][15]) - 64) % 26)]
    assert campi.codici_fiscali_semplici(sbagliati) is None


@given(st.text(alphabet="=+-@ A1(!", min_size=1, max_size=8))
def test_niente_che_cominci_con_uguale_passa_per_testo(coda: str) -> None:
    assume(coda.strip())
    assert contiene_formula("=" + coda)
    assert isinstance(leggi(TESTO, "=" + coda), Rifiuto)


def test_i_valori_si_mostrano_come_li_scrive_la_gente() -> None:
    assert leggibile(IMPORTO, "1234567.80") == "1.234.567,80"
    assert leggibile(DATA, "2025-01-31") == "31/01/2025"
    assert leggibile(ORE, "2.59") == "2,59"
    assert leggibile(GENERE, "M") == "M"
