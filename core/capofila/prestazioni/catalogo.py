"""All that an import may find wrong, by name: a flow's checks, a reader's, and those of this room.

The room's own are about the file as a whole and about a row among the others: what stands twice,
what is of another ambito. See `capofila.hooks.catalogo` for the rest.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from capofila.base.errori import ErroreCapofila
from capofila.hooks import Flusso, LettoreFlussi, Voce
from capofila.hooks.catalogo import voci_del_flusso
from capofila.prestazioni import lettura, schede
from capofila.prestazioni.rules import FONTE_MINORI

TABELLA_BUONA: Final = b"codice_fiscale;cognome\r\nRSSMRA80A41D142Q;Rossi\r\n"


class DifettoFile(msgspec.Struct, frozen=True):
    """A way in which a whole file is refused before any of its rows.

    Attributes:
        codice: of the refusal.
        esempio: such a file, in words.
        fai: makes one.
        fonte: why it is refused.
    """

    codice: str
    esempio: str
    fai: Callable[[], bytes]
    fonte: str = "forma dei file che si leggono: CSV in UTF-8, xlsx, ods, XML"

    def prova(self, contenuto: bytes) -> ErroreCapofila | None:
        """What reading such a content gives."""
        try:
            formato = lettura.riconosci("file", contenuto)
            if formato != "xml":
                foglio = lettura.apri(formato, contenuto, ("codice_fiscale", "cognome"))
                for _ in foglio.blocchi:
                    pass
        except ErroreCapofila as errore:
            return errore
        return None


def _zip(parti: Mapping[str, bytes]) -> bytes:
    uscita = io.BytesIO()
    with zipfile.ZipFile(uscita, "w") as archivio:
        for nome, contenuto in parti.items():
            archivio.writestr(nome, contenuto)
    return uscita.getvalue()


def _cifrato(parti: Mapping[str, bytes]) -> bytes:
    """The archive with its parts declared encrypted (a flag of the central directory)."""
    contenuto = bytearray(_zip(parti))
    posto = contenuto.find(b"PK\x01\x02")
    while posto >= 0:
        contenuto[posto + 8] |= 1
        posto = contenuto.find(b"PK\x01\x02", posto + 4)
    return bytes(contenuto)


_TABELLE: Final = b"<office:spreadsheet>"
_ODS_VUOTO: Final = (
    b'<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body>'
    + _TABELLE + b"</office:spreadsheet></office:body></office:document-content>"
)  # fmt: skip


def _ods(contenuto: bytes) -> bytes:
    return _zip(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": b"<manifest:manifest "
            b'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
            "content.xml": contenuto,
        }
    )


_LIBRO: Final = "xl/workbook.xml"
_FOGLIO: Final = "xl/worksheets/sheet1.xml"

DIFETTI_FILE: Final[tuple[DifettoFile, ...]] = (
    DifettoFile("file_vuoto", "un file di zero byte", lambda: b""),
    DifettoFile("file_pdf", "una stampa in PDF", lambda: b"%PDF-1.7\n"),
    DifettoFile("excel_vecchio", "un .xls del vecchio Excel",
                lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64)),
    DifettoFile("file_utf16", "un testo salvato come «Unicode»",
                lambda: TABELLA_BUONA.decode().encode("utf-16")),
    DifettoFile("file_non_testo", "un'immagine", lambda: b"\x89PNG\r\n\x1a\n\x00\x00"),
    DifettoFile("file_danneggiato", "uno xlsx tagliato a metà", lambda: b"PK\x03\x04" + bytes(64)),
    DifettoFile("archivio_compresso", "uno zip con dentro il file",
                lambda: _zip({"prestazioni.csv": TABELLA_BUONA})),
    DifettoFile("csv_non_utf8", "un CSV salvato nella codifica di Windows",
                lambda: "cognome\r\nNicolò\r\n".encode("cp1252")),
    DifettoFile("csv_rotto", "una virgoletta aperta e mai chiusa",
                lambda: b'codice_fiscale;cognome\r\nX;"Rossi\r\n'),
    DifettoFile("intestazione_vuota", "un foglio che comincia con una riga vuota",
                lambda: b";;\r\n1;2;3\r\n"),
    DifettoFile("troppe_colonne", "cinquecentouna colonne", lambda: b";".join([b"x"] * 501)),
    DifettoFile("cartella_senza_fogli", "una cartella di lavoro senza fogli",
                lambda: _ods(_ODS_VUOTO)),
    DifettoFile("cartella_non_leggibile", "uno xlsx senza le sue parti",
                lambda: _zip({_LIBRO: b"<workbook/>"})),
    DifettoFile("foglio_vuoto", "un primo foglio senza nulla",
                lambda: _ods(_ODS_VUOTO.replace(_TABELLE, _TABELLE + b'<table:table table:name="a"/>'))),
    DifettoFile("cartella_danneggiata", "uno xlsx protetto da una parola chiave",
                lambda: _cifrato({_LIBRO: b"<workbook/>"})),
    DifettoFile("formula_nel_foglio", "la cella B2 contiene =A1+1",
                lambda: _zip({_LIBRO: b"<workbook/>", _FOGLIO: b'<c r="B2"><f>A1+1</f></c>'}),
                "si legge il valore di una cella, mai una formula"),
    DifettoFile("errore_nel_foglio", "la cella B2 contiene #N/D",
                lambda: _zip({_LIBRO: b"<workbook/>", _FOGLIO: b'<c r="B2" t="e"><v>#N/A</v></c>'}),
                "un errore del foglio di calcolo non è una cella vuota"),
    DifettoFile("cartella_troppo_grande", "una cartella di lavoro con più di mille parti",
                lambda: _zip({_LIBRO: b"<workbook/>"}
                             | {str(n): b"" for n in range(lettura.MASSIMO_PARTI)}),
                "limiti: ciò che una cartella di lavoro può diventare in memoria"),
)  # fmt: skip


def _voce(
    codice: str, messaggio: str, fonte: str, valido: str, errato: str, campo: str = "",
    *, file: bool = False, avviso: bool = False,
) -> Voce:  # fmt: skip
    return Voce(
        codice=codice,
        livello="file" if file else "insieme",
        gravita="avviso" if avviso else "errore",
        messaggio=messaggio,
        fonte=fonte,
        campi=(campo,) if campo else (),
        esempio_valido={"": valido},
        esempio_errato={"": errato},
    )


_INTESTAZIONE: Final = "forma del file: la prima riga ha i nomi delle colonne"

DELLA_STANZA: Final[tuple[Voce, ...]] = (
    _voce("troppo_grande", "Il file è più grande di quanto si accetta: dividilo in più file (per "
          "comune o per mese) e caricali uno alla volta.", "impostazione CAPOFILA_CARICO_MASSIMO_MB",
          "un file entro il massimo", "un file oltre il massimo", file=True),
    _voce("senza_lettore", "Nessun plugin attivo in questo ambito legge questo XML: controlla di "
          "aver scelto il file giusto.", "plugin attivi nell'ambito", "un flusso SIUSS",
          "un XML di un altro programma", file=True),
    _voce("intestazione", "La prima riga non contiene i nomi delle colonne: controlla il separatore "
          "(punto e virgola o virgola) e che l'intestazione ci sia.", _INTESTAZIONE,
          "codice_fiscale;cognome;…", "RSSMRA80A41D142Q;Rossi;…", file=True),
    _voce("colonna_mancante", "Manca una colonna obbligatoria: aggiungila all'intestazione.",
          _INTESTAZIONE, "tutte le colonne obbligatorie", "senza la colonna cognome", file=True),
    _voce("colonna_doppia", "Colonna presente due volte: lasciane una sola.", _INTESTAZIONE,
          "cognome;nome", "cognome;nome;cognome", file=True),
    _voce("colonna_sconosciuta", "Colonna non prevista: non viene importata.", _INTESTAZIONE,
          "cognome;nome", "cognome;nome;note", file=True, avviso=True),
    _voce("attributo_sconosciuto", "Il file ha un dato che lo schema non prevede: viene conservato "
          "se il file è nel tracciato, altrimenti non viene importato.", "schema del flusso",
          "solo attributi dello schema", "un attributo Vecchio=\"si\"", file=True, avviso=True),
    _voce("nessuna_riga", "Sotto l'intestazione non c'è nessuna riga: aggiungi i dati.",
          "forma del file", "una riga sotto l'intestazione", "solo l'intestazione", file=True),
    _voce("duplicato", "Prestazione già presente: stessa persona, domanda, codice e data di inizio. "
          "Togli la riga, oppure correggi la domanda o la data.",
          "una domanda, un codice, un inizio: INPS riconosce così una prestazione, e due uguali non "
          "si potrebbero cancellare una alla volta", "due righe con domande diverse",
          "due righe uguali nella persona, nella domanda, nel codice e nell'inizio",
          "protocollo_domanda"),
    _voce("ente_fuori_ambito", "Questo ente non è tra quelli dell'ambito: scrivi il suo codice "
          "Belfiore o il nome come nella pagina Territorio.", "enti dell'ambito (pagina Territorio)",
          "l'azienda sociale dell'ambito", "un ente di un altro ambito", "ente_erogatore"),
    _voce("comune_fuori_ambito", "Questo comune non fa parte dell'ambito: controlla il codice "
          "Belfiore e la data della prestazione.",
          "appartenenza dei comuni all'ambito, con le sue date (pagina Territorio); chi lavora per "
          "un comune porta solo le righe del suo", "un comune dell'ambito in quel giorno",
          "un comune di un altro ambito", "comune_titolare"),
)  # fmt: skip
"""The checks of this room; their examples are run by the tests over a real database."""

_PSEUDONIMO: Final = (
    "lo pseudonimo di un minore è uno e resta quello, così INPS lo segue negli anni"
)
DEI_MINORI: Final[tuple[Voce, ...]] = (
    _voce("duplicato", schede.ERRORE_DOPPIO, "una scheda per minore, anno ed ente",
          "due righe di due minori", "due righe dello stesso minore, dello stesso anno",
          "codice_fiscale"),
    _voce("pseudonimo_diverso", schede.ERRORE_DIVERSO, _PSEUDONIMO,
          "la seconda scheda di un minore senza pseudonimo",
          "la seconda scheda di un minore con un altro pseudonimo", "id_beneficiario"),
    _voce("pseudonimo_di_altri", schede.ERRORE_DI_ALTRI, _PSEUDONIMO,
          "due minori con due pseudonimi", "due minori con lo stesso pseudonimo",
          "id_beneficiario"),
)  # fmt: skip
"""Those of the records of minors; the first takes the place of the one above."""


@lru_cache(maxsize=1)
def _dei_file() -> tuple[Voce, ...]:
    voci = []
    for difetto in DIFETTI_FILE:
        trovato = difetto.prova(difetto.fai())
        voci.append(
            _voce(difetto.codice, trovato.messaggio if trovato else "", difetto.fonte,
                  "un CSV in UTF-8 con la sua intestazione", difetto.esempio, file=True)
        )  # fmt: skip
    return tuple(voci)


def catalogo(flusso: Flusso, lettori: Iterable[LettoreFlussi] = ()) -> tuple[Voce, ...]:
    """Every named check of an import by a flow, each code once, files first.

    Where two checks have one code (the codice fiscale of a person and that of the operator in the
    head of a file) the one of the rows is shown, with the fields of both.
    """
    ordine: dict[str, Voce] = {}
    tutte = [*_dei_file(), *DELLA_STANZA]
    for lettore in lettori:
        tutte += lettore.controlli
    minori = DEI_MINORI if flusso.fonte == FONTE_MINORI else ()
    tutte = [v for v in tutte if v.codice not in {voce.codice for voce in minori}]
    for voce in (*tutte, *minori, *voci_del_flusso(flusso)):
        gia = ordine.pop(voce.codice, None)
        if gia is not None:
            campi = tuple(dict.fromkeys((*voce.campi, *gia.campi)))
            voce = msgspec.structs.replace(voce, campi=campi)
        ordine[voce.codice] = voce
    posti = {"file": 0, "insieme": 1, "lettura": 2, "regola": 3}
    return tuple(sorted(ordine.values(), key=lambda voce: posti[voce.livello]))
