"""All that a check may find, by name: the faults of reading and the rules of a flow, in one list.

A person who gets an error wants to know what is asked, by whom, and how it is written well. So
every code that the pipeline can give stands here with its severity, its message, its source, one
example that passes and one that fails; the tests run both, and hold that nothing else comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from capofila.hooks.campi import Campo, Rifiuto, Tipo, leggi
from capofila.hooks.flussi import Flusso
from capofila.hooks.regole import Gravita

Livello = Literal["file", "insieme", "lettura", "regola"]
"""What is looked at: the file as a whole, a row among the others, a cell, a record."""


class Voce(msgspec.Struct, frozen=True, kw_only=True):
    """A named check.

    Attributes:
        codice: stable name, as errors carry it.
        livello: what it looks at.
        gravita: an `errore` keeps the row out, an `avviso` does not.
        messaggio: Italian, says what to do; names in braces are values of the record.
        fonte: where it comes from.
        campi: the fields at which it may be told; none when it is about a row or a file.
        esempio_valido: what passes, by field; for a file or a set of rows, in words under ``""``.
        esempio_errato: what does not.
    """

    codice: str
    livello: Livello
    gravita: Gravita
    messaggio: str
    fonte: str
    campi: tuple[str, ...] = ()
    esempio_valido: Mapping[str, str] = {}
    esempio_errato: Mapping[str, str] = {}


class DifettoLettura(msgspec.Struct, frozen=True):
    """A way in which a cell cannot be read.

    Attributes:
        codice: of the refusal.
        fonte: why the reader refuses it.
        campo: a field that has this reader.
        valido: a cell that it reads.
        errato: a cell that it refuses with this code.
    """

    codice: str
    fonte: str
    campo: Campo
    valido: str
    errato: str

    @property
    def messaggio(self) -> str:
        """What the reader says of the wrong cell."""
        letto = leggi(self.campo, self.errato)
        return letto.messaggio if isinstance(letto, Rifiuto) else MANCA


MANCA: Final = "manca un dato obbligatorio: scriverlo"
"""The message of an empty mandatory cell, as the catalogue says it for all of them."""

_FILE: Final = "tracciato: un file XML 1.0 deve poter portare il valore"
_CF: Final = "DM 23/12/1976"
_DENARO: Final = "importi in euro con due decimali, come li vuole il tracciato"
_GIORNO: Final = "calendario; il tracciato vuole AAAA-MM-GG"

_TESTO: Final = Campo("cognome", Tipo.TESTO, "Cognome", lunghezza=(1, 36))
_CODICE: Final = Campo(
    "carattere", Tipo.CODICE, "Carattere", codici={"periodica": "", "occasionale": ""}
)
_LISTA: Final = Campo(
    "codici", Tipo.LISTA_CODICI, "Codici", codici={str(n): "" for n in range(1, 9)},
    lunghezza=(1, 3),
)  # fmt: skip
_FISCALE: Final = Campo("codice_fiscale", Tipo.CODICE_FISCALE, "Codice fiscale", obbligatorio=True)
_DATA: Final = Campo("data_inizio", Tipo.DATA, "Data di inizio")
_MESE: Final = Campo("data_segnalazione", Tipo.MESE_ANNO, "Mese della segnalazione")
_IMPORTO: Final = Campo("importo", Tipo.IMPORTO, "Importo", positivo=True)
_ORE: Final = Campo("ore_mensili", Tipo.ORE, "Ore", lunghezza=(0, 744))
_BLOCCHI: Final = Campo(
    "altri_indirizzi", Tipo.BLOCCHI, "Altri indirizzi", lunghezza=(0, 2),
    sottocampi=(Campo("comune", Tipo.COMUNE_ISTAT, "Comune"),),
)  # fmt: skip

LETTURA: Final[tuple[DifettoLettura, ...]] = (
    DifettoLettura("obbligatorio", "il campo è obbligatorio nel tracciato", _FISCALE,
                   "RSSMRA80A41D142Q", ""),
    DifettoLettura("carattere_non_ammesso", _FILE, _TESTO, "Rossi", "Ros\tsi"),
    DifettoLettura("lunghezza", "lunghezza del campo nel tracciato", _TESTO, "Rossi", "R" * 37),
    DifettoLettura("formula", "sicurezza: un foglio di calcolo la eseguirebbe", _TESTO, "Rossi",
                   "=A1"),
    DifettoLettura("codice_sconosciuto", "elenco dei codici del campo", _CODICE, "periodica",
                   "mensile"),
    DifettoLettura("quanti_codici", "quanti codici il campo ammette", _LISTA, "1 3", "1 2 3 4"),
    DifettoLettura("codice_fiscale_forma", _CF, _FISCALE, "RSSMRA80A41D142Q", "RSSMRA80"),
    DifettoLettura("codice_fiscale_giorno", _CF, _FISCALE, "RSSMRA80A41D142Q",
                   "RSSMRA80A00D142Q"),
    DifettoLettura("codice_fiscale_controllo", _CF, _FISCALE, "RSSMRA80A41D142Q",
                   "RSSMRA80A41D142A"),
    DifettoLettura("belfiore", "codici catastali dei comuni (Agenzia delle Entrate)",
                   Campo("comune_titolare", Tipo.BELFIORE, "Comune"), "D142", "Crema"),
    DifettoLettura("comune_istat", "codici ISTAT dei comuni",
                   Campo("comune_residenza", Tipo.COMUNE_ISTAT, "Comune"), "019035", "Crema"),
    DifettoLettura("cifre", "forma del campo nel tracciato",
                   Campo("cittadinanza", Tipo.CIFRE, "Cittadinanza", lunghezza=(3, 3)), "380",
                   "IT"),
    DifettoLettura("data_non_leggibile", _GIORNO, _DATA, "31/01/2025", "gennaio 2025"),
    DifettoLettura("data_inesistente", _GIORNO, _DATA, "28/02/2025", "30/02/2025"),
    DifettoLettura("data_fuori_intervallo", "plausibilità: anni dal 1900 al 2100", _DATA,
                   "31/01/2025", "31/01/0025"),
    DifettoLettura("mese_non_leggibile", "il tracciato vuole MM/AAAA", _MESE, "03/2024",
                   "marzo 2024"),
    DifettoLettura("mese_inesistente", "il tracciato vuole MM/AAAA, anni dal 1900 al 2099", _MESE,
                   "03/2024", "13/2024"),
    DifettoLettura("anno_non_valido", "il tracciato vuole quattro cifre",
                   Campo("anno_nascita", Tipo.ANNO, "Anno di nascita"), "1938", "38"),
    DifettoLettura("intero", "forma del campo nel tracciato",
                   Campo("periodo_erogazione", Tipo.INTERO, "Periodo", lunghezza=(1, 12)), "12",
                   "13"),
    DifettoLettura("si_no", "il tracciato vuole sì oppure no",
                   Campo("presa_in_carico", Tipo.SI_NO, "Presa in carico"), "si", "forse"),
    DifettoLettura("importo_non_leggibile", _DENARO, _IMPORTO, "1.234,56", "circa cento"),
    DifettoLettura("importo_ambiguo", _DENARO, _IMPORTO, "1234,00", "1.234"),
    DifettoLettura("importo_decimali", _DENARO, _IMPORTO, "12,34", "12,345"),
    DifettoLettura("importo_negativo", _DENARO, _IMPORTO, "12,34", "-12,34"),
    DifettoLettura("importo_troppo_grande", _DENARO, _IMPORTO, "12,34", "1234567890123,00"),
    DifettoLettura("importo_zero", "il tracciato vuole un importo maggiore di zero", _IMPORTO,
                   "0,01", "0"),
    DifettoLettura("ore_non_leggibili", "il tracciato vuole HH,MM: ore e minuti", _ORE, "2,59",
                   "due ore"),
    DifettoLettura("ore_ambigue", "il tracciato vuole HH,MM: ore e minuti", _ORE, "2,50", "2,5"),
    DifettoLettura("ore_minuti", "il tracciato vuole HH,MM: ore e minuti", _ORE, "2,59", "2,75"),
    DifettoLettura("ore_troppe", "le ore che ci sono in un mese", _ORE, "744,00", "745,00"),
    DifettoLettura("blocchi", "forma della colonna: un elenco JSON di oggetti", _BLOCCHI,
                   '[{"comune":"019036"}]', "019036"),
    DifettoLettura("blocchi_troppi", "quanti elementi il tracciato ammette", _BLOCCHI,
                   '[{"comune":"019036"}]', '[{"comune":"019036"},{},{}]'),
    DifettoLettura("blocchi_campo", "voci degli elementi nel tracciato", _BLOCCHI,
                   '[{"comune":"019036"}]', '[{"via":"Mazzini"}]'),
)  # fmt: skip
"""Each way once, with the plainest field that shows it."""

_DEL_TIPO: Final[Mapping[Tipo, frozenset[str]]] = {
    Tipo.TESTO: frozenset({"carattere_non_ammesso", "lunghezza", "formula"}),
    Tipo.ENTE: frozenset({"carattere_non_ammesso", "lunghezza", "formula"}),
    Tipo.CODICE: frozenset({"codice_sconosciuto"}),
    Tipo.LISTA_CODICI: frozenset({"codice_sconosciuto"}),
    Tipo.CODICE_FISCALE: frozenset(
        {"codice_fiscale_forma", "codice_fiscale_giorno", "codice_fiscale_controllo"}
    ),
    Tipo.BELFIORE: frozenset({"belfiore"}),
    Tipo.COMUNE_ISTAT: frozenset({"comune_istat"}),
    Tipo.CIFRE: frozenset({"cifre"}),
    Tipo.DATA: frozenset({"data_non_leggibile", "data_inesistente", "data_fuori_intervallo"}),
    Tipo.MESE_ANNO: frozenset({"mese_non_leggibile", "mese_inesistente"}),
    Tipo.ANNO: frozenset({"anno_non_valido"}),
    Tipo.INTERO: frozenset({"intero"}),
    Tipo.SI_NO: frozenset({"si_no"}),
    Tipo.IMPORTO: frozenset(
        {"importo_non_leggibile", "importo_ambiguo", "importo_decimali", "importo_negativo",
         "importo_troppo_grande"}
    ),
    Tipo.ORE: frozenset({"ore_non_leggibili", "ore_ambigue", "ore_minuti", "ore_troppe"}),
    Tipo.BLOCCHI: frozenset({"blocchi", "blocchi_troppi", "blocchi_campo"}),
}  # fmt: skip


def codici_di_lettura(campo: Campo) -> frozenset[str]:
    """The codes that reading a field may give."""
    codici = _DEL_TIPO[campo.tipo]
    if campo.tipo is Tipo.LISTA_CODICI and campo.lunghezza:
        codici |= {"quanti_codici"}
    if campo.positivo:
        codici |= {"importo_zero"}
    if campo.obbligatorio:
        codici |= {"obbligatorio"}
    for sotto in campo.sottocampi:
        codici |= codici_di_lettura(sotto)
    return codici


_CELLE: Final = Voce(
    codice="celle",
    livello="file",
    gravita="errore",
    messaggio="la riga ha più o meno celle dell'intestazione: controllare i separatori e le "
    "virgolette",
    fonte="forma del file: ogni riga ha le celle dell'intestazione",
    esempio_valido={"": "intestazione di tre colonne, riga di tre celle"},
    esempio_errato={"": "intestazione di tre colonne, riga di due o di quattro celle"},
)


def voci_del_flusso(flusso: Flusso) -> tuple[Voce, ...]:
    """The named checks that a flow brings: of its rows' shape, of its cells, of its records."""
    voci = [_CELLE]
    for difetto in LETTURA:
        campi = tuple(c.nome for c in flusso.campi if difetto.codice in codici_di_lettura(c))
        if campi:
            voci.append(
                Voce(
                    codice=difetto.codice,
                    livello="lettura",
                    gravita="errore",
                    messaggio=difetto.messaggio,
                    fonte=difetto.fonte,
                    campi=campi,
                    esempio_valido={difetto.campo.nome: difetto.valido},
                    esempio_errato={difetto.campo.nome: difetto.errato},
                )
            )
    voci += [
        Voce(
            codice=regola.codice,
            livello="regola",
            gravita=regola.gravita,
            messaggio=regola.messaggio,
            fonte=regola.fonte,
            campi=(regola.campo,),
            esempio_valido=regola.esempio_valido,
            esempio_errato=regola.esempio_errato,
        )
        for regola in flusso.regole
    ]
    if flusso.taglio is not None:
        taglio = flusso.taglio
        solo = dict([taglio.solo]) if taglio.solo else {}
        voci.append(
            Voce(
                codice=taglio.codice,
                livello="regola",
                gravita="avviso",
                messaggio=taglio.messaggio,
                fonte=taglio.fonte,
                campi=(taglio.fine,),
                esempio_valido={**solo, taglio.inizio: "2025-01-01", taglio.fine: "2025-12-31"},
                esempio_errato={**solo, taglio.inizio: "2024-09-01", taglio.fine: "2025-06-30"},
            )
        )
    return tuple(voci)


# --- fields in words ----------------------------------------------------------------------------

FORMA: Final[Mapping[Tipo, str]] = {
    Tipo.TESTO: "testo",
    Tipo.CODICE: "codice",
    Tipo.CODICE_FISCALE: "16 caratteri, omocodia compresa, o 11 cifre; il controllo deve tornare",
    Tipo.BELFIORE: "una lettera e tre cifre",
    Tipo.COMUNE_ISTAT: "6 cifre; gli zeri iniziali perduti sono rimessi",
    Tipo.CIFRE: "cifre; gli zeri iniziali perduti sono rimessi",
    Tipo.ENTE: "codice Belfiore o denominazione di un ente dell'ambito",
    Tipo.DATA: "31/01/2025 o 2025-01-31",
    Tipo.MESE_ANNO: "mese e anno, 03/2024",
    Tipo.ANNO: "quattro cifre",
    Tipo.INTERO: "numero intero",
    Tipo.IMPORTO: "euro, virgola o punto decimale, al più due decimali",
    Tipo.ORE: "ore e minuti: 2,30 sono 2 ore e 30 minuti",
    Tipo.SI_NO: "si o no",
    Tipo.LISTA_CODICI: "codici separati da spazio, virgola o barra",
    Tipo.BLOCCHI: "elenco JSON",
}
"""How a value of each kind is written, in Italian."""


def forma(campo: Campo) -> str:
    """How a value of this field is written, its codes apart."""
    testo = FORMA[campo.tipo]
    if campo.tipo in (Tipo.TESTO, Tipo.ENTE) and campo.lunghezza:
        testo += ", {}-{} caratteri".format(*campo.lunghezza)
    elif campo.tipo is Tipo.CIFRE and campo.lunghezza:
        testo = f"{campo.lunghezza[0]} {testo}"
    elif campo.tipo is Tipo.INTERO and campo.lunghezza:
        testo += " da {} a {}".format(*campo.lunghezza)
    elif campo.tipo is Tipo.ORE and campo.lunghezza:
        testo += f"; al più {campo.lunghezza[1]} ore"
    elif campo.tipo is Tipo.BLOCCHI:
        nomi = ", ".join(sotto.nome for sotto in campo.sottocampi)
        testo += f", al più {(campo.lunghezza or (0, 0))[1]} elementi con {nomi}"
    return f"{testo}, maggiore di zero" if campo.positivo else testo
