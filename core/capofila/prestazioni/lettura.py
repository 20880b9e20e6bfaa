"""Files as they come: CSV, Excel and ODS turned into a header and rows of text.

Nothing here knows what a column means. What is refused is refused with the place and with what to
do: an encoding that is not UTF-8, a broken quote, a workbook that would unpack to gigabytes, a
formula where a value must stand. XML flows are read by the plugin that declares them.
"""

from __future__ import annotations

import csv
import gc
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeVar

import msgspec
import python_calamine
from isal import isal_zlib
from lxml import etree

from capofila.base.errori import DatiNonValidi, RichiestaNonValida, TroppoGrande

if TYPE_CHECKING:  # it is loaded by whoever reads a file, not by every process
    import polars as pl

Formato = Literal["csv", "xlsx", "ods", "xml"]
_R = TypeVar("_R")

MASSIMO_ESPANSO: Final = 600 * 1024 * 1024
"""What a workbook may unpack to, in bytes: some twenty times the largest real one."""
MASSIMO_RAPPORTO: Final = 200
"""How many times larger than itself a part of a workbook may unpack; text rarely passes 30."""
MASSIMO_PARTI: Final = 1000
MASSIMO_COLONNE: Final = 500
RIGHE_PER_BLOCCO: Final = 5_000
CARATTERI_PER_BLOCCO: Final = 1 << 20
"""Of a CSV without quotes: as many rows, more or less, as in the other blocks."""
SEPARATORI: Final = (";", ",", "\t")


class PerColonne(msgspec.Struct):
    """A block of whole rows, none of them blank, as columns of text where an empty cell is null."""

    tavola: pl.DataFrame

    @property
    def celle(self) -> list[list[str]]:
        """The columns as lists; an empty cell is an empty text."""
        return [colonna.fill_null("").to_list() for colonna in self.tavola]

    def __len__(self) -> int:
        """Rows."""
        return self.tavola.height

    def __iter__(self) -> Iterator[Sequence[str]]:
        """The rows, for whoever wants them one by one."""
        return zip(*self.celle, strict=True)


class DiCartella(msgspec.Struct):
    """A block of rows of a workbook, with the cells as the workbook types them."""

    righe: list[Sequence[object]]
    larghezza: int

    def __len__(self) -> int:
        """Rows."""
        return len(self.righe)

    def __iter__(self) -> Iterator[Sequence[str]]:
        """The rows as text, for whoever wants them one by one."""
        return map(self.testo, range(len(self.righe)))

    def testo(self, numero: int) -> list[str]:
        """A row as somebody would have written it."""
        celle = [_testo_cella(cella) for cella in self.righe[numero]]
        celle.extend("" for _ in range(self.larghezza - len(celle)))
        # A cell beyond the header stays, and the row is refused for it: nothing is lost in silence.
        while len(celle) > self.larghezza and not celle[-1]:
            celle.pop()
        return celle


Blocco = list[Sequence[str]] | PerColonne | DiCartella


class Foglio(msgspec.Struct):
    """A file open for reading: its columns, and its rows a block at a time.

    A row keeps its number: the first under the header is 2.
    """

    colonne: list[str]
    blocchi: Iterator[Blocco]


def riconosci(nome: str, contenuto: bytes) -> Formato:
    """What a file is, by its content, with its name as a hint.

    Raises:
        RichiestaNonValida: none of the formats that are read here.
    """
    if not contenuto.strip(b"\xef\xbb\xbf \t\r\n"):
        raise RichiestaNonValida(
            "Il file è vuoto: controlla di aver scelto quello giusto.", codice="file_vuoto"
        )
    suffisso = PurePath(nome).suffix.lower()
    if contenuto[:4] == b"PK\x03\x04":
        return _riconosci_zip(contenuto)
    if contenuto[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise RichiestaNonValida(
            "Il file è un Excel del vecchio formato (.xls) oppure è protetto da una parola "
            "chiave: aprilo, togli la protezione e salvalo come «Cartella di lavoro .xlsx».",
            codice="excel_vecchio",
        )
    if contenuto[:4] == b"%PDF":
        raise RichiestaNonValida(
            "Il file è un PDF: servono CSV, Excel (.xlsx), ODS o XML.", codice="file_pdf"
        )
    inizio = contenuto[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if inizio[:1] == b"<" or suffisso == ".xml":
        return "xml"
    if contenuto[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise RichiestaNonValida(
            "Il file è in UTF-16: salvalo come «CSV UTF-8 (delimitato da separatore di elenco)».",
            codice="file_utf16",
        )
    if b"\x00" in contenuto[:65536]:
        raise RichiestaNonValida(
            "Il file non è un testo: servono CSV (UTF-8), Excel (.xlsx), ODS o XML.",
            codice="file_non_testo",
        )
    return "csv"


def _riconosci_zip(contenuto: bytes) -> Formato:
    try:
        with zipfile.ZipFile(io.BytesIO(contenuto)) as archivio:
            nomi = set(archivio.namelist()[: MASSIMO_PARTI + 1])
            if "xl/workbook.xml" in nomi:
                return "xlsx"
            if "content.xml" in nomi:
                return "ods"
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise RichiestaNonValida(
            "Il file è danneggiato: riaprilo nel programma di origine e salvalo di nuovo.",
            codice="file_danneggiato",
        ) from None
    raise RichiestaNonValida(
        "Il file è un archivio compresso: estrai il file e carica quello (CSV, .xlsx, .ods o XML).",
        codice="archivio_compresso",
    )


def apri(formato: Formato, contenuto: bytes, colonne_note: Iterable[str]) -> Foglio:
    """Open a table.

    Args:
        formato: ``csv``, ``xlsx`` or ``ods``.
        contenuto: the whole file.
        colonne_note: names that the header may have; they choose the delimiter of a CSV.

    Raises:
        RichiestaNonValida: it cannot be read as what it is.
        DatiNonValidi: a formula stands where a value must.
        TroppoGrande: a workbook unpacks to more than is allowed.
    """
    if formato == "csv":
        return _apri_csv(contenuto, colonne_note)
    return _apri_cartella(formato, contenuto)


# --- CSV ----------------------------------------------------------------------------------------


def _apri_csv(contenuto: bytes, colonne_note: Iterable[str]) -> Foglio:
    contenuto = contenuto.removeprefix(b"\xef\xbb\xbf")
    try:
        testo = contenuto.decode("utf-8")
    except UnicodeDecodeError as errore:
        riga = contenuto.count(b"\n", 0, errore.start) + 1
        raise RichiestaNonValida(
            f"Alla riga {riga} c'è un carattere che non è UTF-8: apri il file nel foglio di "
            "calcolo e salvalo come «CSV UTF-8 (delimitato da separatore di elenco)».",
            codice="csv_non_utf8",
        ) from None
    separatore = _separatore(testo, set(colonne_note))
    if _e_semplice(testo, separatore):
        linee = testo.replace("\r\n", "\n")
        prima = linee.split("\n", 1)[0]
        colonne = _intestazione(prima.split(separatore))
        if len(colonne) == prima.count(separatore) + 1:
            linee = linee if linee.endswith("\n") else linee + "\n"
            return Foglio(
                colonne, _blocchi_semplici(linee, len(prima) + 1, separatore, len(colonne))
            )
    lettore = csv.reader(io.StringIO(testo, newline=""), delimiter=separatore, strict=True)
    try:
        intestazione = next(lettore, [])
    except csv.Error as errore:
        raise _csv_rotto(lettore.line_num, errore) from None
    colonne = _intestazione(intestazione)
    blocchi = _blocchi_csv(lettore)
    if len(colonne) < len(intestazione):
        return Foglio(colonne, _senza_coda(blocchi, len(colonne)))
    return Foglio(colonne, blocchi)


def _separatore(testo: str, note: set[str]) -> str:
    """The delimiter under which the first line has most known names, then most cells."""
    prima = testo.split("\n", 1)[0].rstrip("\r")

    def voto(separatore: str) -> tuple[int, int]:
        celle = [cella.strip().strip('"').strip().lower() for cella in prima.split(separatore)]
        return len(note.intersection(celle)), len(celle)

    return max(SEPARATORI, key=voto)


def _e_semplice(testo: str, separatore: str) -> bool:
    """Whether splitting gives what `csv.reader` does: no quotes, no lone \\r, no cell too long."""
    if '"' in testo or testo.count("\r") != testo.count("\r\n"):
        return False
    # A cell longer than the limit would fill one of these stretches.
    passo = csv.field_size_limit() // 2
    return all(
        testo.find(separatore, inizio, inizio + passo) >= 0
        or testo.find("\n", inizio, inizio + passo) >= 0
        for inizio in range(0, len(testo) - passo, passo)
    )


def _blocchi_semplici(linee: str, inizio: int, separatore: str, larghezza: int) -> Iterator[Blocco]:
    """Rows by columns, where all those of a block are whole; as rows elsewhere."""
    while inizio < len(linee):
        fine = linee.find("\n", min(inizio + CARATTERI_PER_BLOCCO, len(linee) - 1)) + 1
        blocco = linee[inizio:fine]
        inizio = fine
        tavola = _tavola(blocco, separatore, larghezza)
        if tavola is not None:
            yield PerColonne(tavola)
            continue
        yield [
            linea.split(separatore) if linea else []
            for linea in blocco.removesuffix("\n").split("\n")
        ]


def _tavola(blocco: str, separatore: str, larghezza: int) -> pl.DataFrame | None:
    """Whole lines without quotes as columns; None when one is blank or has not all its cells."""
    import polars as pl

    righe = blocco.count("\n")
    # Polars takes a byte order mark away wherever it begins; here it is a character like any other.
    if blocco.count(separatore) != righe * (larghezza - 1) or blocco.startswith("\ufeff"):
        return None
    try:
        tavola = pl.read_csv(
            blocco.encode(),
            has_header=False,
            schema={str(n): pl.String for n in range(larghezza)},
            separator=separatore,
            quote_char=None,
        )
    except pl.exceptions.PolarsError:  # lines of several lengths
        return None
    prima = tavola.to_series(0)
    if (
        tavola.height != righe
        or prima.null_count()
        or not prima.str.contains(r"[^\s\x1c-\x1f]").all()
    ):
        return None
    return tavola


def _blocchi_csv(lettore: Iterator[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    while True:
        try:
            blocco = _prossime(lettore)
        except csv.Error as errore:
            raise _csv_rotto(getattr(lettore, "line_num", 0), errore) from None
        if not blocco:
            return
        yield blocco


def _prossime(righe: Iterator[_R]) -> list[_R]:
    """The rows of a block.

    Every row is a list that lives for a moment: the search for cycles would look at each.
    """
    attiva = gc.isenabled()
    gc.disable()
    try:
        return [*islice(righe, RIGHE_PER_BLOCCO)]
    finally:
        if attiva:
            gc.enable()


def _senza_coda(blocchi: Iterator[list[Sequence[str]]], larghezza: int) -> Iterator[Blocco]:
    """Rows of a table whose last columns have no name: empty cells there do not count."""
    for blocco in blocchi:
        yield [riga if any(riga[larghezza:]) else riga[:larghezza] for riga in blocco]


def _csv_rotto(riga: int, errore: csv.Error) -> RichiestaNonValida:
    testo = str(errore)
    if "unexpected end" in testo or "expected after" in testo:
        motivo = "le virgolette non si chiudono come dovrebbero"
    elif "field larger" in testo:
        motivo = "una cella è troppo lunga, forse per virgolette che non si chiudono"
    else:
        motivo = "la riga non si legge"
    return RichiestaNonValida(
        f"Vicino alla riga {riga} {motivo}: correggila, oppure salva di nuovo il file come CSV.",
        codice="csv_rotto",
    )


def _intestazione(celle: Sequence[object]) -> list[str]:
    nomi = [str(cella or "").strip() for cella in celle]
    while nomi and not nomi[-1]:
        nomi.pop()
    if not nomi:
        raise RichiestaNonValida(
            "La prima riga è vuota: deve contenere i nomi delle colonne (codice_fiscale, …).",
            codice="intestazione_vuota",
        )
    if len(nomi) > MASSIMO_COLONNE:
        raise RichiestaNonValida(
            f"Il file ha {len(nomi)} colonne, troppe: controlla il separatore e il foglio scelto.",
            codice="troppe_colonne",
        )
    return nomi


# --- workbooks ----------------------------------------------------------------------------------

_FORMULA_XLSX: Final = re.compile(rb"<(?!xm:)(?:[\w.-]+:)?f[\s/>]")
"""A formula of a cell; those of other parts of a sheet are `formula`, `formula1`, `xm:f`."""
_CELLA_XLSX: Final = re.compile(
    rb'<(?:[\w.-]+:)?c\s[^<>]*?\br="([A-Z]{1,3}[0-9]{1,7})"[^<>]*>\s*\Z'
)
_ERRORE_XLSX: Final = re.compile(rb"""<(?:[\w.-]+:)?c\s([^<>]*\bt=["']e["'][^<>]*)>""")
"""A cell that holds an error (#N/D, #DIV/0!): the reader would give it as an empty one."""
_RIFERIMENTO: Final = re.compile(rb"""\br=["']([A-Z]{1,3}[0-9]{1,7})["']""")
_FOGLI_XLSX: Final = "xl/worksheets/"
_INDICI_XLSX: Final = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
_MASSIMO_INDICE: Final = 1024 * 1024
_ERRORE_ODS: Final = re.compile(rb"""\bcalcext:value-type\s*=\s*["']error["']""")
_FORMULA_ODS: Final = re.compile(rb"\btable:formula\s*=")


def _apri_cartella(formato: Formato, contenuto: bytes) -> Foglio:
    _verifica_cartella(formato, contenuto)
    try:
        cartella = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(contenuto))
        if not cartella.sheet_names:
            raise RichiestaNonValida(
                "La cartella di lavoro non ha fogli.", codice="cartella_senza_fogli"
            )
        foglio = cartella.get_sheet_by_index(0)
        righe = foglio.iter_rows()
        intestazione = next(righe, None)
    except (python_calamine.CalamineError, OSError, ValueError):
        raise RichiestaNonValida(
            "La cartella di lavoro non si legge: riaprila nel programma di origine e salvala di "
            "nuovo, senza protezione.",
            codice="cartella_non_leggibile",
        ) from None
    if intestazione is None:
        raise RichiestaNonValida(
            "Il primo foglio è vuoto: i dati devono stare nel primo foglio.", codice="foglio_vuoto"
        )
    colonne = _intestazione(intestazione)
    return Foglio(colonne, _blocchi_cartella(righe, len(colonne)))


def _blocchi_cartella(righe: Iterator[Sequence[object]], larghezza: int) -> Iterator[Blocco]:
    while blocco := _prossime(righe):
        yield DiCartella(blocco, larghezza)


def _testo_cella(cella: object) -> str:
    """A typed cell as somebody would have written it."""
    match cella:
        case str():
            return cella
        case None:
            return ""
        case bool():
            return "si" if cella else "no"
        case float():
            return str(int(cella)) if cella.is_integer() else repr(round(cella, 6))
        case datetime():
            return cella.date().isoformat()
        case date():
            return cella.isoformat()
        case time() | timedelta():
            return str(cella)
        case _:
            return str(cella)


_ROTTA: Final[tuple[type[Exception], ...]] = (  # type: ignore[assignment]  # a wrong stub of isal
    zipfile.BadZipFile, zlib.error, isal_zlib.IsalError, ValueError, OSError, NotImplementedError,
    RuntimeError,
)  # fmt: skip
"""What a damaged or protected workbook raises while it unpacks."""


def _verifica_cartella(formato: Formato, contenuto: bytes) -> None:
    """Unpack every part once, counting, before the reader does it for real.

    The sizes that the archive declares are not believed: what is counted is what comes out.
    """
    totale = 0
    vietate: dict[str, _Vietata] = {}
    indici: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(contenuto)) as archivio:
            parti = archivio.infolist()
            if len(parti) > MASSIMO_PARTI:
                raise _bomba()
            if sum(parte.compress_size for parte in parti) > len(contenuto):
                raise _bomba()
            for parte in parti:
                nome = parte.filename
                controlla = nome not in vietate and (
                    nome.startswith(_FOGLI_XLSX) if formato == "xlsx" else nome == "content.xml"
                )
                coda = b""
                espanso = 0
                for pezzo in _espandi(contenuto, parte):
                    espanso += len(pezzo)
                    totale += len(pezzo)
                    if totale > MASSIMO_ESPANSO or espanso > MASSIMO_RAPPORTO * max(
                        parte.compress_size, 65536
                    ):
                        raise _bomba()
                    if nome in _INDICI_XLSX and espanso <= _MASSIMO_INDICE:
                        indici[nome] = indici.get(nome, b"") + pezzo
                    if controlla and nome not in vietate:
                        testo = coda + pezzo
                        trovata = _cerca_vietata(formato, testo)
                        if trovata is not None:
                            vietate[nome] = trovata
                        coda = testo[-512:]
    except _ROTTA:
        raise RichiestaNonValida(
            "La cartella di lavoro è danneggiata o protetta: riaprila nel programma di origine e "
            "salvala di nuovo, senza parola chiave.",
            codice="cartella_danneggiata",
        ) from None
    if vietate:
        _rifiuta(formato, vietate, indici)


def _espandi(contenuto: bytes, parte: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a part, straight from its compressed data."""
    inizio = parte.header_offset
    if contenuto[inizio : inizio + 4] != b"PK\x03\x04":
        raise zipfile.BadZipFile
    nome = int.from_bytes(contenuto[inizio + 26 : inizio + 28], "little")
    extra = int.from_bytes(contenuto[inizio + 28 : inizio + 30], "little")
    dati = memoryview(contenuto)[inizio + 30 + nome + extra :][: parte.compress_size]
    if parte.flag_bits & 0x1:
        raise zipfile.BadZipFile
    if parte.compress_type == zipfile.ZIP_STORED:
        yield bytes(dati)
        return
    if parte.compress_type != zipfile.ZIP_DEFLATED:
        raise NotImplementedError
    espansore = isal_zlib.decompressobj(-15)
    resto: bytes | memoryview = dati
    while not espansore.eof:
        pezzo = espansore.decompress(resto, 1 << 20)
        resto = espansore.unconsumed_tail
        if not pezzo and not resto:
            break
        yield pezzo


class _Vietata(NamedTuple):
    """A cell that is not to be read: which one (empty when the file does not say), and what it holds."""

    cella: str
    che_cosa: Literal["formula", "errore"]


def _cerca_vietata(formato: Formato, testo: bytes) -> _Vietata | None:
    """The first formula, or else the first error, of a piece of a sheet."""
    if formato == "ods":
        if _FORMULA_ODS.search(testo):
            return _Vietata("", "formula")
        return _Vietata("", "errore") if _ERRORE_ODS.search(testo) else None
    # A sheet has millions of elements: where no name begins with an f there is nothing to look at.
    trovata = _FORMULA_XLSX.search(testo) if b"<f" in testo or b":f" in testo else None
    if trovata is not None:
        cella = _CELLA_XLSX.search(testo[max(0, trovata.start() - 512) : trovata.start()])
        return _Vietata("" if cella is None else cella[1].decode("ascii"), "formula")
    sbagliata = _ERRORE_XLSX.search(testo) if b't="e"' in testo or b"t='e'" in testo else None
    if sbagliata is None:
        return None
    riferimento = _RIFERIMENTO.search(sbagliata[1])
    return _Vietata("" if riferimento is None else riferimento[1].decode("ascii"), "errore")


def _rifiuta(
    formato: Formato, vietate: Mapping[str, _Vietata], indici: Mapping[str, bytes]
) -> None:
    """Refuse what the sheet that is read has; other sheets may have theirs."""
    primo = None if formato == "ods" else _primo_foglio(indici)
    if primo is not None and primo not in vietate:
        return
    cella, che_cosa = vietate[primo or next(iter(vietate))]
    if che_cosa == "errore":
        dove = f"La cella {cella}" if cella else "Una cella del foglio"
        raise DatiNonValidi(
            f"{dove} contiene un errore del foglio di calcolo, come #N/D: scrivi il valore giusto, "
            "oppure svuotala, e salva di nuovo il file.",
            codice="errore_nel_foglio",
        )
    if formato == "ods":
        raise DatiNonValidi(
            "Il foglio contiene almeno una formula: copia le celle, incollale come «Valori» "
            "(Incolla speciale, solo testo, numeri e date) e salva di nuovo il file.",
            codice="formula_nel_foglio",
        )
    dove = f"La cella {cella} contiene una formula" if cella else "Una cella contiene una formula"
    raise DatiNonValidi(
        f"{dove}: copia le celle, incollale come «Valori» e salva di nuovo il file.",
        codice="formula_nel_foglio",
    )


def _primo_foglio(indici: Mapping[str, bytes]) -> str | None:
    """The part of the first sheet of an xlsx; None when its indexes do not say."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        libro, legami = (etree.fromstring(indici[nome], parser) for nome in _INDICI_XLSX)
    except (KeyError, etree.XMLSyntaxError):
        return None
    primo = next(libro.iter("{*}sheet"), None)
    legame = None if primo is None else next(
        (valore for nome, valore in primo.attrib.items() if str(nome).endswith("}id")), None
    )  # fmt: skip
    for uno in legami.iter("{*}Relationship"):
        if uno.get("Id") == legame:
            # The target is relative to xl/, or absolute in the archive.
            return posixpath.normpath(posixpath.join("/xl", str(uno.get("Target"))))[1:]
    return None


def _bomba() -> TroppoGrande:
    return TroppoGrande(
        "La cartella di lavoro si espande oltre misura: tieni solo il foglio con i dati, senza "
        "righe e immagini superflue, oppure salva come CSV.",
        codice="cartella_troppo_grande",
    )
