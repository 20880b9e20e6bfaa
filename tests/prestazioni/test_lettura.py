"""Files of every make read as the same rows; what cannot be read is refused, with what to do."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from tests.prestazioni.casi import csv_di

from capofila.base.errori import DatiNonValidi, ErroreCapofila, RichiestaNonValida, TroppoGrande
from capofila.prestazioni import lettura
from capofila.prestazioni.lettura import Foglio, apri, riconosci

NOTE = ("comune_titolare", "codice_fiscale", "cognome", "importo_mensile", "data_inizio")
COLONNE = ["codice_fiscale", "cognome", "importo_mensile"]
RIGHE = [["RSSMRA80A41D142Q", "Rossi", "312,40"], ["VRDLCU80A01D142N", "Verdi", "10,00"]]


def leggi(contenuto: bytes, nome: str = "file.csv") -> tuple[list[str], list[list[str]]]:
    formato = riconosci(nome, contenuto)
    assert formato != "xml"
    foglio = apri(formato, contenuto, NOTE)
    return foglio.colonne, tutte(foglio)


def righe_di(blocco: lettura.Blocco) -> list[list[str]]:
    righe = zip(*blocco.celle, strict=True) if isinstance(blocco, lettura.PerColonne) else blocco
    return [list(riga) for riga in righe]


def tutte(foglio: Foglio) -> list[list[str]]:
    return [riga for blocco in foglio.blocchi for riga in righe_di(blocco)]


def scritto(
    *, separatore: str = ";", fine: str = "\n", righe: Sequence[Sequence[str]] = RIGHE
) -> str:
    virgolette = '"' if separatore == "," else ""
    corpo = [[f"{virgolette}{cella}{virgolette}" for cella in riga] for riga in righe]
    return fine.join(separatore.join(riga) for riga in [COLONNE, *corpo]) + fine


def rifiuto(contenuto: bytes, nome: str = "file.csv") -> ErroreCapofila:
    with pytest.raises(ErroreCapofila) as caso:
        leggi(contenuto, nome)
    assert 400 <= caso.value.stato < 500
    return caso.value


# --- CSV ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("separatore", [";", ",", "\t"])
@pytest.mark.parametrize("fine", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["senza-bom", "con-bom"])
def test_il_separatore_si_trova_da_solo(separatore: str, fine: str, bom: str) -> None:
    assert leggi((bom + scritto(separatore=separatore, fine=fine)).encode()) == (COLONNE, RIGHE)


def test_il_separatore_e_quello_dei_nomi_noti_non_quello_piu_frequente() -> None:
    contenuto = "codice_fiscale;cognome, come sull'atto, per esteso;importo_mensile\na;b;c\n"
    assert leggi(contenuto.encode())[0] == [
        "codice_fiscale", "cognome, come sull'atto, per esteso", "importo_mensile",
    ]  # fmt: skip


def test_le_celle_tra_virgolette_tengono_separatori_virgolette_e_a_capo() -> None:
    contenuto = b'"codice_fiscale";"cognome"\r\n"a;b";"Rossi ""la Rossa"""\r\n"c\r\nd";e\r\n'
    assert leggi(contenuto)[1] == [["a;b", 'Rossi "la Rossa"'], ["c\r\nd", "e"]]


def test_le_colonne_vuote_in_coda_del_foglio_di_calcolo_non_contano() -> None:
    contenuto = b"codice_fiscale;cognome;;;\r\nA;Rossi;;;\r\nB;Verdi;;;\r\n"
    assert leggi(contenuto) == (["codice_fiscale", "cognome"], [["A", "Rossi"], ["B", "Verdi"]])


def test_una_cella_sotto_una_colonna_senza_nome_non_va_persa_in_silenzio() -> None:
    _, righe = leggi(b"codice_fiscale;cognome;;\r\nA;Rossi;;nota\r\n")
    assert righe == [["A", "Rossi", "", "nota"]]


def test_i_blocchi_non_perdono_ne_ripetono_righe() -> None:
    quante = 2 * lettura.RIGHE_PER_BLOCCO + 7
    contenuto = "codice_fiscale;cognome\n" + "".join(f'{n};"x"\n' for n in range(quante))
    foglio = apri("csv", contenuto.encode(), NOTE)
    blocchi = [righe_di(blocco) for blocco in foglio.blocchi]
    assert [len(b) for b in blocchi] == [lettura.RIGHE_PER_BLOCCO] * 2 + [7]
    assert [riga[0] for b in blocchi for riga in b] == [str(n) for n in range(quante)]


_riga_semplice = st.lists(
    st.sampled_from(["", " ", "a", "àè", "1.5", "'x'", "\0", "\x85", "\u2028"]), max_size=5
)


@given(
    st.lists(_riga_semplice.map(";".join) | st.just("a;b;c"), max_size=30),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.sampled_from(["codice_fiscale;cognome;x", "codice_fiscale;cognome;;", "cognome"]),
    st.sampled_from([1, 8, 64, lettura.CARATTERI_PER_BLOCCO]),
)
def test_senza_virgolette_si_legge_come_il_lettore_di_csv(
    linee: list[str], fine: str, finale: bool, intestazione: str, blocco: int
) -> None:
    testo = fine.join([intestazione, *linee]) + (fine if finale else "")
    larghezza = len(intestazione.rstrip(";").split(";"))
    attese = [
        riga[:larghezza] if not any(riga[larghezza:]) and intestazione[-1] == ";" else riga
        for riga in list(csv.reader(io.StringIO(testo, newline=""), delimiter=";"))[1:]
    ]
    with pytest.MonkeyPatch.context() as cambia:
        cambia.setattr(lettura, "CARATTERI_PER_BLOCCO", blocco)
        foglio = apri("csv", testo.encode(), NOTE)
        assert (foglio.colonne, tutte(foglio)) == (intestazione.rstrip(";").split(";"), attese)


def test_un_file_semplice_si_legge_per_colonne() -> None:
    foglio = apri("csv", b"codice_fiscale;cognome\r\nA;Rossi\r\nB;\r\n", NOTE)
    [blocco] = foglio.blocchi
    assert isinstance(blocco, lettura.PerColonne)
    assert blocco.celle == [["A", "B"], ["Rossi", ""]]
    assert [*blocco] == [("A", "Rossi"), ("B", "")]


@pytest.mark.parametrize("cella", ["\ufeffA", "\x1c", "\x1f ", " ", "\u00a0"])
def test_una_riga_che_si_legge_in_due_modi_si_legge_come_riga(cella: str) -> None:
    foglio = apri("csv", f"codice_fiscale;cognome\n{cella};\n".encode(), NOTE)
    assert tutte(foglio) == [[cella, ""]]
    assert not any(isinstance(b, lettura.PerColonne) for b in apri(
        "csv", f"codice_fiscale;cognome\n{cella};\n".encode(), NOTE).blocchi)  # fmt: skip


def test_una_cella_troppo_lunga_e_rifiutata_anche_senza_virgolette() -> None:
    lunga = "x" * (csv.field_size_limit() + 1)
    errore = rifiuto(f"codice_fiscale;cognome\nA;Rossi\nB;{lunga}\nC;Verdi\n".encode())
    assert "troppo lunga" in str(errore)


def _ole(contenuto: bytes = b"") -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + contenuto.ljust(4096, b"\0")


def _zip(parti: Mapping[str, bytes], metodo: int = zipfile.ZIP_DEFLATED) -> bytes:
    uscita = io.BytesIO()
    with zipfile.ZipFile(uscita, "w", metodo) as archivio:
        for nome, contenuto in parti.items():
            archivio.writestr(nome, contenuto)
    return uscita.getvalue()


@pytest.mark.parametrize(
    ("nome", "contenuto", "stato", "parole"),
    [
        ("a.csv", b"", 400, ("vuoto",)),
        ("a.csv", b"\xef\xbb\xbf \r\n\r\n", 400, ("vuoto",)),
        ("a.xlsx", b"", 400, ("vuoto",)),
        ("a.csv", b";;;\r\n1;2;3;4\r\n", 400, ("prima riga", "nomi delle colonne")),
        ("a.csv", "cognome\nRossi\nNicolò\n".encode("latin-1"), 400, ("riga 3", "UTF-8", "salvalo")),
        ("a.csv", b"\xef\xbb\xbfcognome\nRossi\nNicol\xf2\n", 400, ("riga 3", "UTF-8")),
        ("a.csv", "cognome\nRossi\n".encode("utf-16"), 400, ("UTF-16", "CSV UTF-8")),
        ("a.csv", b"cognome\nRo\x00ssi\n", 400, ("non è un testo",)),
        ("a.csv", b'cognome;nome\nRossi;"Ma"ria\n', 400, ("riga 2", "virgolette")),
        ("a.csv", b'cognome;nome\nRossi;"Maria\nVerdi;Luca\n', 400, ("virgolette",)),
        ("a.csv", b'"cognome;nome\n', 400, ("virgolette",)),
        ("a.csv", b'cognome\n"' + b"x" * 140_000 + b'"\n', 400, ("riga 2", "troppo lunga")),
        ("a.csv", ";".join(f"c{n}" for n in range(501)).encode() + b"\n", 400, ("501", "troppe")),
        ("a.xls", _ole(), 400, (".xls", ".xlsx", "salvalo")),
        ("a.xlsx", _ole("EncryptedPackage".encode("utf-16-le")), 400, ("parola chiave", "togli")),
        ("a.zip", _zip({"dati.csv": b"cognome\nRossi\n"}), 400, ("archivio compresso", "estrai")),
        ("a.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", 400, ("PDF", "CSV")),
        ("a.xlsx", b"PK\x03\x04" + b"\x00" * 200, 400, ("danneggiato", "salvalo di nuovo")),
    ],
    ids=["vuoto", "solo-bianchi", "vuoto-xlsx", "intestazione-vuota", "latin-1", "latin-1-con-bom",
         "utf-16", "nul", "virgolette-in-mezzo", "virgolette-aperte", "virgolette-in-testa",
         "cella-enorme", "troppe-colonne", "xls", "protetto", "zip", "pdf", "zip-rotto"],
)  # fmt: skip
def test_cio_che_non_si_legge_e_rifiutato_con_il_posto_e_il_rimedio(
    nome: str, contenuto: bytes, stato: int, parole: Sequence[str]
) -> None:
    errore = rifiuto(contenuto, nome)
    assert errore.stato == stato
    for parola in parole:
        assert parola in errore.messaggio
    assert errore.messaggio.endswith(".")


def test_un_file_con_la_sola_intestazione_non_ha_righe() -> None:
    assert leggi(b"codice_fiscale;cognome\r\n") == (["codice_fiscale", "cognome"], [])


@pytest.mark.parametrize(
    ("nome", "contenuto"),
    [("a.xml", b"<Flusso/>"), ("senza-nome", b"\xef\xbb\xbf  <?xml version='1.0'?><Flusso/>"),
     ("a.csv", b"\n<Flusso/>"), ("a.xml", "<Flusso/>".encode("utf-16"))],
)  # fmt: skip
def test_un_flusso_xml_si_riconosce_dal_contenuto_o_dal_nome(nome: str, contenuto: bytes) -> None:
    assert riconosci(nome, contenuto) == "xml"


# --- workbooks ----------------------------------------------------------------------------------

Celle = Sequence[Sequence[Any]]

TIPI: Celle = [
    ["comune_residenza", "cittadinanza", "data_inizio", "importo_mensile", "quota_ente",
     "presa_in_carico", "cognome"],
    [19035, 8, date(2025, 1, 31), 312.4, 200, True, "D’Angelo & figli"],
    ["019035", "008", "31/01/2025", "312,40", "200,00", "si", "Ševčenko 李"],
]  # fmt: skip
ATTESE = [
    ["19035", "8", "2025-01-31", "312.4", "200", "si", "D’Angelo & figli"],
    ["019035", "008", "31/01/2025", "312,40", "200,00", "si", "Ševčenko 李"],
]


def xlsx(celle: Celle, **altri: Celle) -> bytes:
    libro = openpyxl.Workbook()
    assert libro.active is not None
    for riga in celle:
        libro.active.append(list(riga))
    for nome, contenuto in altri.items():
        foglio = libro.create_sheet(nome)
        for riga in contenuto:
            foglio.append(list(riga))
    uscita = io.BytesIO()
    libro.save(uscita)
    return uscita.getvalue()


def ods(celle: Celle) -> bytes:
    libro = OpenDocumentSpreadsheet()
    tabella = Table(name="Foglio1")
    for riga in celle:
        fila = TableRow()
        for cella in riga:
            fila.addElement(_cella_ods(cella))
        tabella.addElement(fila)
    libro.spreadsheet.addElement(tabella)
    uscita = io.BytesIO()
    libro.write(uscita)
    return uscita.getvalue()


def _cella_ods(cella: Any) -> TableCell:
    match cella:
        case None:
            return TableCell()
        case bool():
            return TableCell(valuetype="boolean", booleanvalue=str(cella).lower())
        case int() | float():
            return TableCell(valuetype="float", value=str(cella))
        case datetime() | date():
            return TableCell(valuetype="date", datevalue=cella.isoformat())
        case str() if cella.startswith("="):
            return TableCell(formula=f"of:{cella}", valuetype="float", value="3")
    fatta = TableCell(valuetype="string")
    fatta.addElement(P(text=str(cella)))
    return fatta


@pytest.mark.parametrize(("nome", "fai"), [("a.xlsx", xlsx), ("a.ods", ods)])
def test_excel_e_ods_danno_le_righe_del_csv(nome: str, fai: Callable[[Celle], bytes]) -> None:
    assert leggi(fai([COLONNE, *RIGHE]), nome) == leggi(scritto().encode())


@pytest.mark.parametrize(("nome", "fai"), [("a.xlsx", xlsx), ("a.ods", ods)])
def test_date_numeri_e_zeri_scritti_come_numeri_diventano_testo(
    nome: str, fai: Callable[[Celle], bytes]
) -> None:
    assert leggi(fai(TIPI), nome) == (list(TIPI[0]), ATTESE)


@pytest.mark.parametrize(("nome", "fai"), [("a.xlsx", xlsx), ("a.ods", ods)])
def test_le_righe_vuote_contano_perche_il_numero_di_riga_e_quello_del_foglio(
    nome: str, fai: Callable[[Celle], bytes]
) -> None:
    _, righe = leggi(fai([["cognome", "codice_fiscale"], [None, None], ["Rossi", "A"]]), nome)
    assert righe == [["", ""], ["Rossi", "A"]]


def test_i_totali_di_una_somma_in_virgola_mobile_non_hanno_cifre_spurie() -> None:
    assert leggi(xlsx([["importo_mensile"], [0.1 + 0.2], [1e12]]), "a.xlsx")[1] == [
        ["0.3"], ["1000000000000"],
    ]  # fmt: skip


def test_un_momento_di_excel_e_il_suo_giorno() -> None:
    contenuto = xlsx([["data_inizio"], [datetime(2025, 1, 31, 10, 30)]])  # noqa: DTZ001
    assert leggi(contenuto, "a.xlsx")[1] == [["2025-01-31"]]


def test_si_legge_solo_il_primo_foglio() -> None:
    assert leggi(xlsx([COLONNE, *RIGHE], Note=[["=1+1"]]), "a.xlsx") == (COLONNE, RIGHE)


def test_una_cella_fuori_dall_intestazione_di_excel_non_va_persa_in_silenzio() -> None:
    contenuto = xlsx([["cognome", "codice_fiscale"], ["Rossi", "A", None, "nota"], ["Verdi", "B"]])
    assert leggi(contenuto, "a.xlsx")[1] == [["Rossi", "A", "", "nota"], ["Verdi", "B"]]


@pytest.mark.parametrize(("nome", "fai"), [("a.xlsx", xlsx), ("a.ods", ods)])
def test_un_foglio_vuoto_o_senza_intestazione_si_rifiuta(
    nome: str, fai: Callable[[Celle], bytes]
) -> None:
    for celle in ([], [[None, None], ["cognome", "nome"]]):
        assert "prim" in rifiuto(fai(celle), nome).messaggio.lower()


# --- formulas -----------------------------------------------------------------------------------


def test_una_formula_in_excel_si_rifiuta_con_la_cella() -> None:
    errore = rifiuto(xlsx([["cognome", "importo_mensile"], ["Rossi", "10"], ["Verdi", "=A1&B2"]]),
                     "a.xlsx")  # fmt: skip
    assert isinstance(errore, DatiNonValidi)
    assert "cella B3" in errore.messaggio
    assert "Valori" in errore.messaggio


def test_una_formula_lontana_nel_foglio_si_trova() -> None:
    celle: list[list[Any]] = [["cognome", "importo_mensile"]]
    celle += [[f"cognome {n} " + "x" * 80, n] for n in range(9000)]
    celle[8000][1] = "=SUM(B2:B7999)"
    assert "cella B8001" in rifiuto(xlsx(celle), "a.xlsx").messaggio


def test_una_formula_nel_primo_foglio_si_trova_comunque_si_chiami_la_sua_parte() -> None:
    libro = openpyxl.Workbook()
    libro.create_sheet("Dati", 0).append(["cognome"])
    libro["Dati"].append(["=1+1"])
    libro["Sheet"].append(["altro"])
    uscita = io.BytesIO()
    libro.save(uscita)
    # The first sheet in the order of the workbook stands in a part that is not sheet1.xml.
    scambiato = _scambia(uscita.getvalue(), "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml")
    assert leggi_nomi(scambiato) == "Dati"
    assert "cella A2" in rifiuto(scambiato, "a.xlsx").messaggio


def leggi_nomi(contenuto: bytes) -> str:
    return openpyxl.load_workbook(io.BytesIO(contenuto)).sheetnames[0]


def _scambia(contenuto: bytes, uno: str, altro: str) -> bytes:
    """Exchange two parts, names and references alike."""
    uscita = io.BytesIO()
    brevi = uno.rsplit("/", 1)[1].encode(), altro.rsplit("/", 1)[1].encode()
    with zipfile.ZipFile(io.BytesIO(contenuto)) as prima, zipfile.ZipFile(uscita, "w") as dopo:
        for nome in prima.namelist():
            dati = prima.read(nome)
            if nome.endswith((".rels", "[Content_Types].xml")):
                dati = dati.replace(brevi[0], b"@@").replace(brevi[1], brevi[0])
                dati = dati.replace(b"@@", brevi[1])
            dopo.writestr({uno: altro, altro: uno}.get(nome, nome), dati)
    return uscita.getvalue()


def _foglio_riscritto(cambia: Callable[[bytes], bytes], celle: Celle) -> bytes:
    uscita = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx(celle))) as prima, zipfile.ZipFile(uscita, "w") as dopo:
        for nome in prima.namelist():
            dati = prima.read(nome)
            dopo.writestr(nome, cambia(dati) if nome.endswith("sheet1.xml") else dati)
    return uscita.getvalue()


@pytest.mark.parametrize(
    ("prima", "dopo"),
    [(b'<c r="A2"><f>', b"<c><f>"), (b'<c r="A2"><f>', b'<c r="A2"><f t="shared" si="0">')],
    ids=["senza-riferimento", "condivisa"],
)
def test_una_formula_scritta_altrimenti_si_trova(prima: bytes, dopo: bytes) -> None:
    contenuto = _foglio_riscritto(lambda dati: dati.replace(prima, dopo), [["cognome"], ["=1+1"]])
    assert "formula" in rifiuto(contenuto, "a.xlsx").messaggio


def test_una_cella_con_un_errore_non_si_legge_come_vuota() -> None:
    contenuto = xlsx([["cognome", "utenti"], ["Rossi", "3"], ["Verdi", "#N/A"]])
    assert b't="e"' in zipfile.ZipFile(io.BytesIO(contenuto)).read("xl/worksheets/sheet1.xml")
    errore = rifiuto(contenuto, "a.xlsx")
    assert errore.codice == "errore_nel_foglio"
    assert "cella B3" in errore.messaggio
    in_ods = _con_tipo_di_errore(ods([["cognome"], ["#N/D"]]))
    assert rifiuto(in_ods, "a.ods").codice == "errore_nel_foglio"


def test_un_testo_che_parla_di_un_errore_non_lo_e() -> None:
    contenuto = xlsx([["cognome"], ['t="e"'], ["N/D"]])
    assert leggi(contenuto, "a.xlsx") == (["cognome"], [['t="e"'], ["N/D"]])


def _con_tipo_di_errore(contenuto: bytes) -> bytes:
    uscita = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(contenuto)) as prima, zipfile.ZipFile(uscita, "w") as dopo:
        for nome in prima.namelist():
            dati = prima.read(nome)
            if nome == "content.xml":
                dati = dati.replace(
                    b'office:value-type="string"',
                    b'office:value-type="string" calcext:value-type="error" '
                    b'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"',
                )
            dopo.writestr(nome, dati)
    return uscita.getvalue()


def test_una_formula_in_ods_si_rifiuta() -> None:
    errore = rifiuto(ods([["cognome", "importo_mensile"], ["Rossi", "=[.A1]"]]), "a.ods")
    assert isinstance(errore, DatiNonValidi)
    assert "formula" in errore.messaggio
    assert "Incolla speciale" in errore.messaggio


def test_regole_di_convalida_e_formati_del_foglio_non_sono_formule() -> None:
    from openpyxl.formatting.rule import FormulaRule
    from openpyxl.worksheet.datavalidation import DataValidation

    libro = openpyxl.Workbook()
    foglio = libro.active
    assert foglio is not None
    for riga in [COLONNE, *RIGHE]:
        foglio.append(riga)
    convalida = DataValidation(type="list", formula1='"periodica,occasionale"')
    convalida.add("A2")
    foglio.add_data_validation(convalida)
    foglio.conditional_formatting.add("A2:A9", FormulaRule(formula=["$A2=1"]))
    uscita = io.BytesIO()
    libro.save(uscita)
    assert leggi(uscita.getvalue(), "a.xlsx") == (COLONNE, RIGHE)


# --- workbooks that harm ------------------------------------------------------------------------


def _con_parte(nome: str, dati: bytes) -> bytes:
    """A good workbook with one more part."""
    uscita = io.BytesIO(xlsx([COLONNE, *RIGHE]))
    with zipfile.ZipFile(uscita, "a", zipfile.ZIP_DEFLATED) as archivio:
        archivio.writestr(nome, dati)
    return uscita.getvalue()


def test_una_bomba_che_si_espande_mille_volte_si_rifiuta() -> None:
    contenuto = _con_parte("xl/media/bomba.bin", bytes(64 * 1024 * 1024))
    assert len(contenuto) < 200_000
    errore = rifiuto(contenuto, "a.xlsx")
    assert isinstance(errore, TroppoGrande)
    assert "salva come CSV" in errore.messaggio


def test_una_bomba_in_molte_parti_si_rifiuta_per_il_totale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettura, "MASSIMO_ESPANSO", 4 * 1024 * 1024)
    uscita = io.BytesIO(xlsx([COLONNE, *RIGHE]))
    with zipfile.ZipFile(uscita, "a", zipfile.ZIP_DEFLATED) as archivio:
        for n in range(8):
            archivio.writestr(f"xl/media/{n}.bin", bytes(1024 * 1024))
    assert isinstance(rifiuto(uscita.getvalue(), "a.xlsx"), TroppoGrande)


def test_una_bomba_in_ods_si_rifiuta() -> None:
    righe = b"<a/>" * (16 * 1024 * 1024)
    contenuto = _zip({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
                      "content.xml": righe})  # fmt: skip
    assert isinstance(rifiuto(contenuto, "a.ods"), TroppoGrande)


def test_alle_misure_dichiarate_nell_archivio_non_si_crede() -> None:
    contenuto = bytearray(_con_parte("xl/media/bomba.bin", bytes(64 * 1024 * 1024)))
    # The uncompressed size in the central directory and in the local header: ten bytes, it says.
    vera = struct.pack("<I", 64 * 1024 * 1024)
    trovate = 0
    while (posto := contenuto.find(vera)) >= 0:
        contenuto[posto : posto + 4] = struct.pack("<I", 10)
        trovate += 1
    assert trovate == 2
    assert isinstance(rifiuto(bytes(contenuto), "a.xlsx"), TroppoGrande)


def test_parti_che_dichiarano_piu_di_quanto_il_file_contiene_si_rifiutano() -> None:
    contenuto = bytearray(_con_parte("xl/media/x.bin", b"x" * 1000))
    direttorio = contenuto.rfind(b"PK\x01\x02")
    contenuto[direttorio + 20 : direttorio + 24] = struct.pack("<I", 1 << 30)
    assert rifiuto(bytes(contenuto), "a.xlsx").stato in (400, 413)


def test_mille_parti_si_rifiutano() -> None:
    uscita = io.BytesIO(xlsx([COLONNE, *RIGHE]))
    with zipfile.ZipFile(uscita, "a") as archivio:
        for n in range(lettura.MASSIMO_PARTI + 1):
            archivio.writestr(f"xl/media/{n}.bin", b"")
    assert isinstance(rifiuto(uscita.getvalue(), "a.xlsx"), TroppoGrande)


def test_una_cartella_rovinata_si_rifiuta() -> None:
    buona = xlsx([COLONNE, *RIGHE])
    with zipfile.ZipFile(io.BytesIO(buona)) as archivio:
        parte = archivio.getinfo("xl/worksheets/sheet1.xml")
    guasta = bytearray(buona)
    inizio = parte.header_offset + 30 + len(parte.filename)
    guasta[inizio : inizio + 20] = b"\xff" * 20
    errore = rifiuto(bytes(guasta), "a.xlsx")
    assert isinstance(errore, RichiestaNonValida)
    assert "danneggiat" in errore.messaggio
    assert "danneggiat" in rifiuto(buona[: len(buona) // 2], "a.xlsx").messaggio


def test_una_cartella_con_xml_rotto_si_rifiuta() -> None:
    rotta = _foglio_riscritto(lambda dati: dati[: len(dati) // 2], [COLONNE, *RIGHE])
    assert rifiuto(rotta, "a.xlsx").stato == 400


def test_un_ods_protetto_si_rifiuta() -> None:
    contenuto = _zip({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
                      "META-INF/manifest.xml": b"<encrypted/>",
                      "content.xml": zlib.compress(b"cifrato")})  # fmt: skip
    assert rifiuto(contenuto, "a.ods").stato == 400


def test_il_csv_di_prova_ha_la_forma_che_i_test_credono() -> None:
    assert leggi(csv_di({"cognome": "D'Angelo; Rossi"}))[1] == [["D'Angelo; Rossi"]]
