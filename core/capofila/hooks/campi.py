"""Declared fields: what a column may hold, how it is read, and why a value is refused.

A flow of the debito informativo, a table to import and a plugin's own file all describe their
columns with `Campo`. Reading is pure: the text of a cell goes in, canonical text, nothing, or a
`Rifiuto` with a stable code and a message for the person who has to correct the file comes out.

Sources: the check character of the codice fiscale is that of DM 23/12/1976 (and its table of
substitute letters for equal codes, omocodia); the check digit of the 11-digit codes is the Luhn
one of DM 23/12/1976 art. 7; characters are those of XML 1.0, section 2.2, because every flow ends
in a file that must carry them.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from operator import eq
from typing import Final

import msgspec


class Tipo(StrEnum):
    """The kinds of column. Each has one reader and one canonical form."""

    TESTO = "testo"
    CODICE = "codice"
    CODICE_FISCALE = "codice_fiscale"
    BELFIORE = "belfiore"
    COMUNE_ISTAT = "comune_istat"
    CIFRE = "cifre"
    ENTE = "ente"
    DATA = "data"
    MESE_ANNO = "mese_anno"
    ANNO = "anno"
    INTERO = "intero"
    IMPORTO = "importo"
    ORE = "ore"
    SI_NO = "si_no"
    LISTA_CODICI = "lista_codici"
    BLOCCHI = "blocchi"


class Predefinito(msgspec.Struct, frozen=True, tag=True):
    """What an empty cell means. The closed vocabulary is the subclasses below."""


class Costante(Predefinito, frozen=True, tag="costante"):
    """Always the same value."""

    valore: str


class Copia(Predefinito, frozen=True, tag="copia"):
    """The value of another field of the row."""

    campo: str


class SePresente(Predefinito, frozen=True, tag="se_presente"):
    """A value that holds where another field is filled in."""

    campo: str
    valore: str


class DaTabella(Predefinito, frozen=True, tag="da_tabella"):
    """A value looked up by another field (by its first `prefisso` characters when not 0).

    Attributes:
        campo: the other field.
        tabella: the values.
        prefisso: how many characters are looked up.
        giorni: the fields of the day, in the order in which they are looked at, where the table
            changes with it.
        poi: the tables that came after `tabella`, each from its first day (ISO) on, in order of time.
            A row without a day has `tabella`.
    """

    campo: str
    tabella: Mapping[str, str]
    prefisso: int = 0
    giorni: tuple[str, ...] = ()
    poi: tuple[tuple[str, Mapping[str, str]], ...] = ()

    def tavola(self, giorno: str | None) -> Mapping[str, str]:
        """The table of a day (ISO)."""
        for dal, tavola in reversed(self.poi):
            if giorno is not None and dal <= giorno:
                return tavola
        return self.tabella


class Campo(msgspec.Struct, frozen=True):
    """One declared column.

    Attributes:
        nome: name of the column in the file, and of the value everywhere else.
        tipo: which reader.
        etichetta: label for a page, in Italian.
        obbligatorio: an empty cell is an error (after the default was applied).
        codici: admitted codes and their labels; the codes are the canonical values.
        lunghezza: characters of a text, digits of `cifre`, bounds of an `intero`, hours before the
            comma of `ore` (only the maximum), elements of a list.
        alias: other header names of the same column.
        varianti: other spellings of a code, in lower case, and the code they mean.
        positivo: an amount of zero is refused.
        zeri: leading zeros that a spreadsheet dropped are given back.
        predefinito: what an empty cell means.
        sottocampi: the columns of each element of `blocchi`.
        fonte: where the rule of this field comes from.
    """

    nome: str
    tipo: Tipo
    etichetta: str
    obbligatorio: bool = False
    codici: Mapping[str, str] | None = None
    lunghezza: tuple[int, int] | None = None
    alias: tuple[str, ...] = ()
    fonte: str = ""
    varianti: Mapping[str, str] = {}
    positivo: bool = False
    zeri: bool = False
    predefinito: Predefinito | None = None
    sottocampi: tuple[Campo, ...] = ()


class Rifiuto(msgspec.Struct, frozen=True):
    """Why a value was refused: a stable code for programs, a message for people."""

    codice: str
    messaggio: str


Lettore = Callable[[str], "str | Rifiuto | None"]
"""A reader: the text of a cell to its canonical text, None when empty, or a refusal."""

# Controls, lone surrogates and non-characters cannot stand in XML 1.0 (or would vanish in it);
# the direction overrides let a name be shown other than it is.
_PROIBITI: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)

# A spreadsheet runs a cell that starts so. A lone sign, a signed number and a name that starts
# with a hyphen are left alone.
_FORMULA: Final = re.compile(
    r"=\s*\S"
    r"|[@+-]\s*[+\-@=]*\s*(?:[A-Za-z_][\w.$]*\s*[(!|]|\$?[A-Za-z]{1,3}\$?[0-9]+\b|[0-9.,]+\s*[-+*/^&]"
    r"|['\"(])"
)


def pulisci(testo: str) -> str | Rifiuto | None:
    """Trim and normalise (NFC) a text; None when nothing is left, a refusal when unfit for XML."""
    t = testo.strip()
    if not t:
        return None
    if t.isascii() and t.isprintable():
        return t
    t = unicodedata.normalize("NFC", t)
    trovato = _PROIBITI.search(t)
    if trovato is not None:
        return Rifiuto(
            "carattere_non_ammesso",
            f"la cella contiene un carattere non ammesso (U+{ord(trovato.group()):04X}, "
            f"posizione {trovato.start() + 1}): riscrivere il testo senza a capo, tabulazioni e "
            "caratteri invisibili",
        )
    return t


def contiene_formula(testo: str) -> bool:
    """Whether a spreadsheet would run this text as a formula."""
    return _FORMULA.match(testo.lstrip()) is not None


_OMOCODIA_LETTERE: Final = "LMNPQRSTUV"
_OMOCODIA_CIFRE: Final = {ord(lettera): str(n) for n, lettera in enumerate(_OMOCODIA_LETTERE)}
_MESI: Final = "ABCDEHLMPRST"
_CIFRA: Final = f"[0-9{_OMOCODIA_LETTERE}]"
_CF16: Final = re.compile(
    f"[A-Z]{{6}}{_CIFRA}{{2}}[{_MESI}]{_CIFRA}{{2}}[A-Z]{_CIFRA}{{3}}[A-Z]", re.ASCII
)
_CF16_CIFRE: Final = re.compile(
    f"[A-Z]{{6}}[0-9]{{2}}[{_MESI}](?:[04][1-9]|[1256][0-9]|[37][01])[A-Z][0-9]{{3}}[A-Z]", re.ASCII
)
"""The usual form, without omocodia and with a day that exists: most codes need no longer look."""
_CF11: Final = re.compile("[0-9]{11}", re.ASCII)

# DM 23/12/1976: the value of a character in an odd position, 0-9 (and A-J alike), then K-Z.
_DISPARI: Final = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
_DISPARI_KZ: Final = (2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def _tabelle_controllo() -> tuple[bytes, bytes]:
    """Two byte tables, odd and even positions, so that a sum of a translated slice is enough."""
    dispari, pari = bytearray(256), bytearray(256)
    for n in range(10):
        dispari[ord("0") + n] = dispari[ord("A") + n] = _DISPARI[n]
        pari[ord("0") + n] = n
    for n in range(26):
        pari[ord("A") + n] = n
        if n >= 10:
            dispari[ord("A") + n] = _DISPARI_KZ[n - 10]
    return bytes(dispari), bytes(pari)


_TABELLA_DISPARI, _TABELLA_PARI = _tabelle_controllo()


def carattere_controllo(primi15: str) -> str:
    """The check character (DM 23/12/1976) of the first fifteen of a codice fiscale."""
    b = primi15[:15].encode("ascii")
    somma = sum(b[0::2].translate(_TABELLA_DISPARI)) + sum(b[1::2].translate(_TABELLA_PARI))
    return chr(65 + somma % 26)


_COLONNA_CF: Final = re.compile(f"(?:{_CF16_CIFRE.pattern}\n)*", re.ASCII)
_MODULO_26: Final = bytes(n % 26 for n in range(256))
_LETTERA: Final = bytes(65 + n % 26 for n in range(256))


def codici_fiscali_semplici(celle: Sequence[str]) -> list[str | None] | None:
    """A whole column of codici fiscali read at once, or None when some cell needs the reader.

    All are of the usual form and right.
    """
    tutti = "\n".join(celle) + "\n"
    if len(tutti) != 17 * len(celle) or _COLONNA_CF.fullmatch(tutti) is None:
        return None
    return [*celle] if all(controlli_giusti(celle)) else None


def controlli_giusti(codici: Sequence[str]) -> list[bool]:
    """Whether the last letter of each codice fiscale of the usual form checks it.

    The sums are made for the whole column: the characters of one position are the bytes of one
    integer, and no sum of theirs reaches 256.
    """
    b, quanti = "\n".join([*codici, ""]).encode("ascii"), len(codici)
    somme = [
        sum(int.from_bytes(b[i::17].translate(tabella), "little") for i in range(primo, 15, 2))
        .to_bytes(quanti, "little")
        .translate(_MODULO_26)
        for primo, tabella in ((0, _TABELLA_DISPARI), (1, _TABELLA_PARI))
    ]
    somma = sum(int.from_bytes(s, "little") for s in somme).to_bytes(quanti, "little")
    return list(map(eq, somma.translate(_LETTERA), b[15::17]))


def senza_omocodia(codice: str) -> str:
    """The digits of a codice fiscale of 16 characters where omocodia put letters.

    The last character is left as it was: it checks the code as written.
    """
    return (
        codice[:6]
        + codice[6:8].translate(_OMOCODIA_CIFRE)
        + codice[8]
        + codice[9:11].translate(_OMOCODIA_CIFRE)
        + codice[11]
        + codice[12:15].translate(_OMOCODIA_CIFRE)
        + codice[15]
    )


def sembra_codice_fiscale(testo: str) -> bool:
    """Whether a text has the form of a codice fiscale of 16 characters, right or wrong."""
    return len(testo) == 16 and testo.isascii() and _CF16.fullmatch(testo.upper()) is not None


# Letters that NFKD does not take apart, by what passports and registers write for them.
LATINE: Final = {
    ord(lettera): forma
    for lettera, forma in {
        "ß": "SS", "Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH",
        "Ħ": "H", "Ŧ": "T", "Ŋ": "N", "ı": "I", "Ə": "A",
    }.items()
}  # fmt: skip
_DIERESI: Final = {ord("Ä"): "AE", ord("Ö"): "OE", ord("Ü"): "UE"}
_VOCALI: Final = frozenset("AEIOU")


def _forme_latine(nome: str) -> tuple[str, ...]:
    """The letters A-Z of a name, without marks, blanks and apostrophes; empty when it has others.

    Ä, Ö and Ü are written in two ways (A or AE), and nothing at hand says by which one a code was
    made: both are given.
    """
    maiuscolo = unicodedata.normalize("NFC", nome).replace("ß", "SS").upper()
    forme = []
    for testo in dict.fromkeys((maiuscolo, maiuscolo.translate(_DIERESI))):
        piatto = unicodedata.normalize("NFKD", testo).translate(LATINE).upper()
        lettere = [c for c in piatto if c.isalpha()]
        if not lettere or not all("A" <= c <= "Z" for c in lettere):
            return ()
        forme.append("".join(lettere))
    return tuple(dict.fromkeys(forme))


def _consonanti_e_vocali(lettere: str) -> tuple[str, str]:
    return (
        "".join(c for c in lettere if c not in _VOCALI),
        "".join(c for c in lettere if c in _VOCALI),
    )


def lettere_cognome(cognome: str) -> tuple[str, ...]:
    """What the first three letters of a codice fiscale may be, for a surname.

    The consonants in their order, then the vowels, then X. Several surnames and particles count as
    one word. Empty when the surname has letters that are not Latin.

    Source: DM 23/12/1976, art. 2 and 3.

    >>> lettere_cognome("De Nicolò"), lettere_cognome("Fo"), lettere_cognome("Müller")
    (('DNC',), ('FOX',), ('MLL',))
    """
    trovate = []
    for forma in _forme_latine(cognome):
        consonanti, vocali = _consonanti_e_vocali(forma)
        trovate.append((consonanti + vocali + "XX")[:3])
    return tuple(dict.fromkeys(trovate))


def lettere_nome(nome: str) -> tuple[str, ...]:
    """What letters four to six of a codice fiscale may be, for a name.

    As for a surname; but of four consonants or more the first, the third and the fourth are taken.

    Source: DM 23/12/1976, art. 2 and 4.

    >>> lettere_nome("Gianfranco"), lettere_nome("Maria"), lettere_nome("Al")
    (('GFR',), ('MRA',), ('LAX',))
    """
    trovate = []
    for forma in _forme_latine(nome):
        consonanti, vocali = _consonanti_e_vocali(forma)
        if len(consonanti) > 3:
            consonanti = consonanti[0] + consonanti[2:4]
        trovate.append((consonanti + vocali + "XX")[:3])
    return tuple(dict.fromkeys(trovate))


def _cifra_luhn(primi10: str) -> int:
    somma = 0
    for posizione, carattere in enumerate(primi10):
        n = int(carattere)
        if posizione % 2:
            n *= 2
            n = n - 9 if n > 9 else n
        somma += n
    return -somma % 10


def leggi_codice_fiscale(testo: str) -> str | Rifiuto | None:
    """A codice fiscale of 16 characters (omocodia accepted) or 11 digits, with its check."""
    if _CF16_CIFRE.fullmatch(testo) is not None and carattere_controllo(testo) == testo[15]:
        return testo
    testo = testo.strip()
    if not testo:
        return None
    t = testo.upper()
    # upper() makes ASCII letters out of others (ligatures, long s): the code must be ASCII before.
    if testo.isascii() and _CF16.fullmatch(t) is not None:
        giorno = int(t[9:11].translate(_OMOCODIA_CIFRE))
        if not 1 <= (giorno - 40 if giorno > 40 else giorno) <= 31:
            return Rifiuto(
                "codice_fiscale_giorno",
                "il giorno di nascita dentro il codice fiscale non esiste: ricontrollare il codice",
            )
        if carattere_controllo(t) != t[15]:
            return Rifiuto(
                "codice_fiscale_controllo",
                "il carattere di controllo del codice fiscale non torna: ricontrollare il codice "
                "sulla tessera sanitaria",
            )
        return t
    if _CF11.fullmatch(t) is not None:
        if _cifra_luhn(t[:10]) != int(t[10]):
            return Rifiuto(
                "codice_fiscale_controllo",
                "la cifra di controllo del codice fiscale provvisorio (11 cifre) non torna: "
                "ricontrollare il codice",
            )
        return t
    return Rifiuto(
        "codice_fiscale_forma",
        "non è un codice fiscale: servono 16 caratteri (oppure 11 cifre se è provvisorio)",
    )


_BELFIORE: Final = re.compile("[A-Z][0-9]{3}", re.ASCII)
_DATA_ISO: Final = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_DATA_IT: Final = re.compile("([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", re.ASCII)
_MESE_ANNO: Final = re.compile("([0-9]{1,2})/([0-9]{4})|([0-9]{4})-([0-9]{2})", re.ASCII)
_INTERO: Final = re.compile("[0-9]{1,9}", re.ASCII)
_IMPORTO_SEMPLICE: Final = re.compile(r"(?:0|[1-9][0-9]{0,11})[.,][0-9]{2}", re.ASCII)
_IMPORTO: Final = re.compile(
    r"(?P<intero>[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,(?P<cent>[0-9]{1,2}))?"
    r"|(?P<intero_p>[0-9]+)\.(?P<cent_p>[0-9]{1,2})",
    re.ASCII,
)
_AMBIGUO: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})", re.ASCII)
_ORE: Final = re.compile(r"([0-9]{1,4})(?:[.,:]([0-9]{1,2}))?", re.ASCII)
_SEPARATORI: Final = re.compile(r"[\s,|]+")
_CIFRE_IMPORTO: Final = 12
"""Integer digits of an amount: those of NUMERIC(14,2)."""

ANNO_MINIMO: Final = 1900
ANNO_MASSIMO: Final = 2100

_SI_NO: Final = {
    "si": "si", "sì": "si", "s": "si", "1": "si", "true": "si", "vero": "si",
    "no": "no", "n": "no", "2": "no", "false": "no", "falso": "no",
}  # fmt: skip


def _data(anno: str, mese: str, giorno: str) -> str | Rifiuto:
    a, m, g = int(anno), int(mese), int(giorno)
    if not ANNO_MINIMO <= a <= ANNO_MASSIMO:
        return Rifiuto(
            "data_fuori_intervallo",
            f"l'anno della data deve stare tra {ANNO_MINIMO} e {ANNO_MASSIMO}",
        )
    if not 1 <= m <= 12 or not 1 <= g <= calendar.monthrange(a, m)[1]:
        return Rifiuto("data_inesistente", "questo giorno non esiste nel calendario")
    return f"{a:04d}-{m:02d}-{g:02d}"


def leggi_data(testo: str) -> str | Rifiuto | None:
    """A date written 2025-01-31 or 31/01/2025; canonical is the first."""
    t = testo.strip()
    if not t:
        return None
    trovata = _DATA_ISO.fullmatch(t)
    if trovata is not None:
        return _data(trovata[1], trovata[2], trovata[3])
    trovata = _DATA_IT.fullmatch(t)
    if trovata is not None:
        return _data(trovata[3], trovata[2], trovata[1])
    return Rifiuto(
        "data_non_leggibile", "non è una data: scriverla come 31/01/2025 oppure 2025-01-31"
    )


def leggi_mese_anno(testo: str) -> str | Rifiuto | None:
    """A month written 03/2024 (canonical) or 2024-03."""
    t = testo.strip()
    if not t:
        return None
    trovata = _MESE_ANNO.fullmatch(t)
    if trovata is None:
        return Rifiuto("mese_non_leggibile", "non è un mese: scriverlo come 03/2024")
    mese, anno = int(trovata[1] or trovata[4]), int(trovata[2] or trovata[3])
    if not 1 <= mese <= 12 or not ANNO_MINIMO <= anno <= 2099:
        return Rifiuto(
            "mese_inesistente", f"il mese va da 01 a 12 e l'anno da {ANNO_MINIMO} a 2099"
        )
    return f"{mese:02d}/{anno:04d}"


def leggi_anno(testo: str) -> str | Rifiuto | None:
    """A year of four digits, 1900 to 2100."""
    t = testo.strip()
    if not t:
        return None
    if len(t) == 4 and _INTERO.fullmatch(t) and ANNO_MINIMO <= int(t) <= ANNO_MASSIMO:
        return t
    return Rifiuto(
        "anno_non_valido", f"non è un anno di quattro cifre tra {ANNO_MINIMO} e {ANNO_MASSIMO}"
    )


def leggi_importo(testo: str, positivo: bool = False) -> str | Rifiuto | None:
    """An amount in euro, not negative; canonical is digits, a point and two decimals."""
    if _IMPORTO_SEMPLICE.fullmatch(testo) is not None and not (positivo and testo[0] == "0"):
        return f"{testo[:-3]}.{testo[-2:]}"
    t = testo.strip()
    if not t:
        return None
    t = t.replace("€", "").replace("\u00a0", " ").strip()
    if t[:1] in ("-", "\u2212"):
        return Rifiuto("importo_negativo", "l'importo non può essere negativo")
    if _AMBIGUO.fullmatch(t) is not None:
        return Rifiuto(
            "importo_ambiguo",
            f"non si capisce se «{t}» sono migliaia o decimali: scrivere "
            f"{t.replace('.', '')},00 oppure {t.split('.')[0]},{t.split('.')[1][:2]}",
        )
    trovato = _IMPORTO.fullmatch(t)
    if trovato is None:
        if re.fullmatch(r"[0-9.]*[0-9][.,][0-9]{3,}", t, re.ASCII) is not None:
            return Rifiuto("importo_decimali", "l'importo può avere al più due decimali")
        return Rifiuto("importo_non_leggibile", "non è un importo: scriverlo come 1234,56")
    intero = (trovato["intero"] or trovato["intero_p"]).replace(".", "").lstrip("0") or "0"
    if len(intero) > _CIFRE_IMPORTO:
        return Rifiuto("importo_troppo_grande", "l'importo ha troppe cifre: ricontrollarlo")
    canonico = f"{intero}.{(trovato['cent'] or trovato['cent_p'] or '').ljust(2, '0')}"
    if positivo and canonico == "0.00":
        return Rifiuto(
            "importo_zero", "l'importo deve essere maggiore di zero: se non c'è, lasciare vuoto"
        )
    return canonico


def leggi_ore(testo: str, massimo: int = 9999) -> str | Rifiuto | None:
    """Hours and minutes written HH,MM (2,59 is 2 hours 59 minutes); canonical has a point."""
    t = testo.strip()
    if not t:
        return None
    trovato = _ORE.fullmatch(t)
    if trovato is None:
        return Rifiuto(
            "ore_non_leggibili", "scrivere ore e minuti come HH,MM: 2,59 sono 2 ore e 59 minuti"
        )
    ore, minuti = int(trovato[1]), trovato[2] or "00"
    if len(minuti) == 1:
        if minuti != "0":
            return Rifiuto(
                "ore_ambigue",
                f"«{t}» non si capisce: scrivere {ore},0{minuti} oppure {ore},{minuti}0 "
                "(ore e minuti, due cifre per i minuti)",
            )
        minuti = "00"
    if int(minuti) > 59:
        return Rifiuto(
            "ore_minuti",
            f"i minuti vanno da 00 a 59 (dopo la virgola ci sono minuti, non decimi): «{t}»",
        )
    if ore > massimo:
        return Rifiuto("ore_troppe", f"le ore non possono essere più di {massimo}")
    return f"{ore}.{minuti}"


def leggi_si_no(testo: str) -> str | Rifiuto | None:
    """Yes or no: si, sì, s, 1 / no, n, 2, in any case; canonical is si or no."""
    t = testo.strip()
    if not t:
        return None
    canonico = _SI_NO.get(unicodedata.normalize("NFC", t).lower())
    if canonico is None:
        return Rifiuto("si_no", "scrivere si oppure no")
    return canonico


def leggi_belfiore(testo: str) -> str | Rifiuto | None:
    """A Belfiore (cadastral) code: a letter and three digits; foreign states begin with Z."""
    testo = testo.strip()
    if not testo:
        return None
    t = testo.upper()
    if not testo.isascii() or _BELFIORE.fullmatch(t) is None:
        return Rifiuto(
            "belfiore", "non è un codice Belfiore: serve una lettera e tre cifre, come D142"
        )
    return t


def leggi_cifre(testo: str, quante: tuple[int, int], zeri: bool) -> str | Rifiuto | None:
    """A code of digits only; with `zeri` a shorter one gets back its leading zeros."""
    t = testo.strip()
    if not t:
        return None
    minimo, massimo = quante
    if _INTERO.fullmatch(t) is not None and len(t) <= massimo and (len(t) >= minimo or zeri):
        return t.zfill(minimo)
    servono = str(minimo) if minimo == massimo else f"da {minimo} a {massimo}"
    return Rifiuto("cifre", f"servono {servono} cifre, zeri iniziali compresi")


def _leggi_comune_istat(testo: str) -> str | Rifiuto | None:
    t = testo.strip()
    if not t:
        return None
    # 019035 comes back from a spreadsheet as 19035; no ISTAT code is shorter than 001001.
    if _INTERO.fullmatch(t) is not None and 4 <= len(t) <= 6:
        return t.zfill(6)
    return Rifiuto("comune_istat", "non è un codice ISTAT di comune: servono 6 cifre, come 019035")


_TESTO: Final = (0, 4000)
"""Characters of a text whose field declares no length."""

_SEGNI_AVVIO: Final = re.compile("^[=+@-]", re.MULTILINE)


def testi_semplici(campo: Campo, celle: Sequence[str]) -> list[str | None] | None:
    """A whole column of texts read at once, or None when some cell needs the reader of the field.

    The columns that hardly repeat themselves (protocols) are texts, and mostly plain ones: empty,
    or within the lengths, printable ASCII, beginning with no sign.
    """
    if campo.tipo is not Tipo.TESTO and campo.tipo is not Tipo.ENTE:
        return None
    puliti = [cella.strip() for cella in celle]
    tutti = "\n".join(puliti)
    if not tutti.isascii() or not tutti.replace("\n", "").isprintable():
        return None
    if tutti.count("\n") >= len(celle) or _SEGNI_AVVIO.search(tutti) is not None:
        return None
    minimo, massimo = campo.lunghezza or _TESTO
    pieni = [*filter(None, puliti)]
    lunghezze = list(map(len, pieni))
    if pieni and (min(lunghezze) < minimo or max(lunghezze) > massimo):
        return None
    return [*puliti] if len(pieni) == len(puliti) else [t or None for t in puliti]


_COLONNA_IMPORTI: Final = re.compile(
    r"(?:(?:0|[1-9][0-9]{0,11})[.,][0-9]{2})?(?:\n(?:(?:0|[1-9][0-9]{0,11})[.,][0-9]{2})?)*",
    re.ASCII,
)
_INIZIO_ZERO: Final = re.compile("^0", re.MULTILINE)


def importi_semplici(celle: Sequence[str], positivo: bool) -> list[str | None] | None:
    """A whole column of amounts read at once, or None when some cell needs the reader of the field.

    Amounts hardly repeat themselves, and are nearly always digits with two decimals, or empty.
    """
    tutti = "\n".join(celle)
    if tutti.count("\n") >= len(celle) or _COLONNA_IMPORTI.fullmatch(tutti) is None:
        return None
    if positivo and _INIZIO_ZERO.search(tutti) is not None:
        return None
    return [importo or None for importo in tutti.replace(",", ".").split("\n")]


def _lettore_testo(campo: Campo) -> Lettore:
    minimo, massimo = campo.lunghezza or _TESTO

    def leggi(testo: str) -> str | Rifiuto | None:
        t = pulisci(testo)
        if t is None or isinstance(t, Rifiuto):
            return t
        if not minimo <= len(t) <= massimo:
            return Rifiuto(
                "lunghezza",
                f"il testo ha {len(t)} caratteri: devono essere da {max(minimo, 1)} a {massimo}",
            )
        if t[0] in "=+-@" and _FORMULA.match(t) is not None:
            return Rifiuto(
                "formula", "la cella contiene una formula: scrivere il valore, non la formula"
            )
        return t

    return leggi


def _tavola_codici(campo: Campo) -> dict[str, str]:
    tavola = {codice.lower(): codice for codice in campo.codici or {}}
    tavola.update({variante.lower(): codice for variante, codice in campo.varianti.items()})
    return tavola


def _elenco(codici: Mapping[str, str] | None) -> str:
    voci = list(codici or {})
    return ", ".join(voci) if len(voci) <= 14 else f"{', '.join(voci[:3])}, … {voci[-1]}"


def _lettore_codice(campo: Campo) -> Lettore:
    tavola = _tavola_codici(campo)
    rifiuto = Rifiuto(
        "codice_sconosciuto",
        f"codice sconosciuto: i codici ammessi sono {_elenco(campo.codici)}",
    )

    def leggi(testo: str) -> str | Rifiuto | None:
        t = testo.strip()
        if not t:
            return None
        return tavola.get(t.lower(), rifiuto)

    return leggi


def _lettore_lista(campo: Campo) -> Lettore:
    tavola = _tavola_codici(campo)
    minimo, massimo = campo.lunghezza or (0, 1000)

    def leggi(testo: str) -> str | Rifiuto | None:
        trovati: dict[str, None] = {}
        for voce in _SEPARATORI.split(testo):
            if not voce:
                continue
            codice = tavola.get(voce.lower())
            if codice is None:
                mostrata = voce if len(voce) <= 20 else voce[:20] + "…"
                return Rifiuto(
                    "codice_sconosciuto",
                    f"codice sconosciuto «{mostrata}»: i codici ammessi sono "
                    f"{_elenco(campo.codici)}, separati da spazio, virgola o |",
                )
            trovati[codice] = None
        if trovati and not minimo <= len(trovati) <= massimo:
            return Rifiuto("quanti_codici", f"i codici devono essere da {minimo} a {massimo}")
        return " ".join(trovati) or None

    return leggi


def _lettore_intero(campo: Campo) -> Lettore:
    minimo, massimo = campo.lunghezza or (0, 999_999_999)

    def leggi(testo: str) -> str | Rifiuto | None:
        t = testo.strip()
        if not t:
            return None
        if _INTERO.fullmatch(t) is None or not minimo <= int(t) <= massimo:
            return Rifiuto("intero", f"serve un numero intero da {minimo} a {massimo}")
        return str(int(t))

    return leggi


def _lettore_blocchi(campo: Campo) -> Lettore:
    lettori = {sotto.nome: lettore(sotto) for sotto in campo.sottocampi}
    massimo = campo.lunghezza[1] if campo.lunghezza else 1000

    def leggi(testo: str) -> str | Rifiuto | None:
        t = testo.strip()
        if not t:
            return None
        try:
            elementi = msgspec.json.decode(t, type=list[dict[str, str | None]])
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return Rifiuto("blocchi", "non è un elenco JSON di oggetti con valori di testo")
        if len(elementi) > massimo:
            return Rifiuto("blocchi_troppi", f"gli elementi possono essere al più {massimo}")
        canonici: list[dict[str, str]] = []
        for ordine, elemento in enumerate(elementi, 1):
            ignoti = [nome for nome in elemento if nome not in lettori]
            if ignoti:
                return Rifiuto(
                    "blocchi_campo", f"elemento {ordine}: voce sconosciuta «{ignoti[0]}»"
                )
            canonico: dict[str, str] = {}
            for sotto in campo.sottocampi:
                valore = lettori[sotto.nome](elemento.get(sotto.nome) or "")
                if isinstance(valore, Rifiuto):
                    return Rifiuto(
                        valore.codice, f"elemento {ordine}, {sotto.nome}: {valore.messaggio}"
                    )
                if valore is not None:
                    canonico[sotto.nome] = valore
                elif sotto.obbligatorio:
                    return Rifiuto("obbligatorio", f"elemento {ordine}: manca {sotto.nome}")
            canonici.append(canonico)
        return msgspec.json.encode(canonici).decode() if canonici else None

    return leggi


def lettore(campo: Campo) -> Lettore:
    """The reader of a field: pure, and to be kept, since making it compiles its tables."""
    match campo.tipo:
        case Tipo.TESTO | Tipo.ENTE:
            return _lettore_testo(campo)
        case Tipo.CODICE:
            return _lettore_codice(campo)
        case Tipo.LISTA_CODICI:
            return _lettore_lista(campo)
        case Tipo.CODICE_FISCALE:
            return leggi_codice_fiscale
        case Tipo.BELFIORE:
            return leggi_belfiore
        case Tipo.COMUNE_ISTAT:
            return _leggi_comune_istat
        case Tipo.CIFRE:
            quante, zeri = campo.lunghezza or (1, 9), campo.zeri
            return lambda testo: leggi_cifre(testo, quante, zeri)
        case Tipo.DATA:
            return leggi_data
        case Tipo.MESE_ANNO:
            return leggi_mese_anno
        case Tipo.ANNO:
            return leggi_anno
        case Tipo.INTERO:
            return _lettore_intero(campo)
        case Tipo.IMPORTO:
            positivo = campo.positivo
            return lambda testo: leggi_importo(testo, positivo)
        case Tipo.ORE:
            massimo = campo.lunghezza[1] if campo.lunghezza else 9999
            return lambda testo: leggi_ore(testo, massimo)
        case Tipo.SI_NO:
            return leggi_si_no
        case Tipo.BLOCCHI:
            return _lettore_blocchi(campo)


_CARATTERI: Final = {
    Tipo.CODICE_FISCALE: 16, Tipo.BELFIORE: 4, Tipo.COMUNE_ISTAT: 6, Tipo.DATA: 10,
    Tipo.MESE_ANNO: 7, Tipo.ANNO: 4, Tipo.SI_NO: 2,
}  # fmt: skip


def caratteri(campo: Campo) -> int | None:
    """The most characters that a canonical value of the field has; None for a list or blocks.

    The field's declared length counts. An amount has up to twelve digits, a point and two decimals.
    """
    dichiarata = campo.lunghezza
    match campo.tipo:
        case Tipo.TESTO | Tipo.ENTE:
            return (dichiarata or _TESTO)[1]
        case Tipo.CIFRE:
            return (dichiarata or (1, 9))[1]
        case Tipo.INTERO:
            return len(str((dichiarata or (0, 999_999_999))[1]))
        case Tipo.ORE:
            return len(str((dichiarata or (0, 9999))[1])) + 3
        case Tipo.IMPORTO:
            return _CIFRE_IMPORTO + 3
        case Tipo.CODICE:
            return max(map(len, campo.codici or {}), default=None)
        case Tipo.LISTA_CODICI | Tipo.BLOCCHI:
            return None
    return _CARATTERI[campo.tipo]


def leggi(campo: Campo, testo: str) -> str | Rifiuto | None:
    """Read one cell. For many cells keep the `lettore` of the field."""
    return lettore(campo)(testo)


def importo_leggibile(canonico: str) -> str:
    """An amount as people write it: 1234.56 becomes 1.234,56."""
    intero, _, cent = canonico.partition(".")
    return f"{int(intero):,}".replace(",", ".") + "," + (cent or "00")


def leggibile(campo: Campo, canonico: str) -> str:
    """A canonical value as an Italian reader expects it in a message or on a page."""
    match campo.tipo:
        case Tipo.IMPORTO:
            return importo_leggibile(canonico)
        case Tipo.DATA:
            return f"{canonico[8:10]}/{canonico[5:7]}/{canonico[:4]}"
        case Tipo.ORE:
            return canonico.replace(".", ",")
        case _:
            return canonico
