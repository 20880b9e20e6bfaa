"""Declared layouts: how canonical values become the text of a file, always the same bytes.

A flow declares its file as data: the elements with their attributes in order, or the columns of a
CSV. From the declaration come the head and tail of the document and, for each record, two
fragments of text that the export only has to concatenate:

- the *gruppo*, what opens the element of the person (with the children that come before the
  records); equal persons give equal text, so a change of text is a change of person;
- the *riga*, the whole element of one record.

A fragment never contains a line feed, a tab or another control character: inside attributes and
text they are written as character references, as XML 1.0 section 2.11 and 3.3.3 demand if they are
to survive, so fragments may travel one to a line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import repeat
from typing import Final, Protocol

import msgspec

from capofila.hooks.campi import LATINE, Campo, Tipo, caratteri

Colonne = Mapping[str, Sequence["str | None"]]
"""Canonical values by field, all of one length. A field that is not there is absent throughout."""

LIMITE_MEMORIA: Final = 8_192
"""Entries a memo of repeated values may hold before it starts again."""

_SPECIALI: Final = re.compile('[&<>"\t\n\r\x85\u2028]')
RIFERIMENTI: Final = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;",
    "\r": "&#13;", "\x85": "&#133;", "\u2028": "&#8232;",
}  # fmt: skip


def proteggi(testo: str) -> str:
    """A text as it must stand inside an XML element or between double quotes in an attribute."""
    if _SPECIALI.search(testo) is None:
        return testo
    return _SPECIALI.sub(lambda trovato: RIFERIMENTI[trovato[0]], testo)


class Attributo(msgspec.Struct, frozen=True):
    """An attribute written from a field; left out when the field is absent.

    Attributes:
        nome: its name in the file.
        campo: the field.
        valori: canonical value to the value in the file, where they differ.
    """

    nome: str
    campo: str
    valori: Mapping[str, str] = {}


class Figlio(msgspec.Struct, frozen=True, tag=True):
    """What may stand inside an element: the subclasses below."""


class Elemento(Figlio, frozen=True, tag="elemento"):
    """An element; a `facoltativo` one is left out when all its fields are absent."""

    nome: str
    attributi: tuple[Attributo, ...] = ()
    figli: tuple[Figlio, ...] = ()
    facoltativo: bool = False


class Lista(Figlio, frozen=True, tag="lista"):
    """A container with one child for each code of a `lista_codici`; left out when absent."""

    contenitore: str
    elemento: str
    campo: str


class Ripetuto(Figlio, frozen=True, tag="ripetuto"):
    """One element for each block of a `blocchi` field."""

    elemento: str
    campo: str
    attributi: tuple[Attributo, ...]


class IntestazioneFlusso(msgspec.Struct, frozen=True):
    """Who sends: what the head of a file says.

    Attributes:
        nome: identifier of the flow.
        ente_codice: code of the ente at the receiver.
        ente_denominazione: name of the ente; may be empty.
        ente_indirizzo: Belfiore code of its legal seat.
        cf_operatore: codice fiscale of the person who answers for the sending.
    """

    nome: str
    ente_codice: str
    ente_denominazione: str
    ente_indirizzo: str
    cf_operatore: str


class Tracciato(Protocol):
    """What the pipeline and the export need of any layout."""

    def chiusura_gruppo(self) -> str:
        """The text that ends the gruppo, after its last riga; empty when there are no gruppi."""
        ...

    def testata(self, intestazione: IntestazioneFlusso) -> bytes:
        """The bytes before the first record."""
        ...

    def coda(self) -> bytes:
        """The bytes after the last record."""
        ...

    def resa_gruppo(self) -> Resa | None:
        """A renderer of the gruppo, or None when records stand alone."""
        ...

    def resa_riga(self) -> Resa:
        """A renderer of the riga."""
        ...


def sempre_diversi(valori: Sequence[object], quota: float = 0.9) -> bool:
    """Whether a column hardly repeats itself, judged by its first rows: no use in a memo then."""
    campione = valori[:128]
    return len(set(campione)) > len(campione) * quota and len(campione) > 16


class Testi(dict["str | None", str]):
    """A memo from canonical values to the text they become, bounded."""

    __slots__ = ("scrivi", "vuoto")

    def __init__(self, scrivi: Callable[[str], str], vuoto: str = "") -> None:
        super().__init__({None: vuoto})
        self.scrivi = scrivi
        self.vuoto = vuoto

    def colonna(self, valori: Sequence[str | None]) -> list[str]:
        """The texts of a column."""
        return list(map(self.__getitem__, valori))

    def __missing__(self, valore: str) -> str:
        testo = self.scrivi(valore)
        if len(self) >= LIMITE_MEMORIA:
            self.clear()
            self[None] = self.vuoto
        if len(valore) <= 256:
            self[valore] = testo
        return testo


def unisci(pezzi: Sequence[str | list[str]], quante: int) -> str | list[str]:
    """Join constants and columns row by row; all constants give one constant."""
    compatti: list[str | list[str]] = []
    for pezzo in pezzi:
        if isinstance(pezzo, str) and compatti and isinstance(compatti[-1], str):
            compatti[-1] += pezzo
        elif pezzo != "":
            compatti.append(pezzo)
    if not compatti:
        return ""
    if len(compatti) == 1:
        return compatti[0]
    colonne: list[Iterable[str]] = [
        repeat(pezzo, quante) if isinstance(pezzo, str) else pezzo for pezzo in compatti
    ]
    return list(map("".join, zip(*colonne, strict=True)))


class Resa:
    """Writes fragments from columns. Keeps memos, so one serves all the lots of a file."""

    def __init__(self, scrivi: Callable[[Colonne, int], str | list[str]]) -> None:
        self._scrivi = scrivi

    def rendi(self, colonne: Colonne, quante: int) -> list[str]:
        """One fragment for each of the `quante` rows."""
        testi = self._scrivi(colonne, quante)
        return [testi] * quante if isinstance(testi, str) else testi


class _TestiAttributo(Testi):
    """The memo of an attribute; a column without repetitions is written without it."""

    __slots__ = ("diretto", "prima")

    def __init__(self, attributo: Attributo) -> None:
        prima, valori = f' {attributo.nome}="', attributo.valori
        self.prima, self.diretto = prima, not valori
        super().__init__(lambda valore: f'{prima}{proteggi(valori.get(valore, valore))}"')

    def colonna(self, valori: Sequence[str | None]) -> list[str]:
        if self.diretto and sempre_diversi(valori, 0.25):
            presenti = "".join(filter(None, valori))
            if _SPECIALI.search(presenti) is None:
                prima = self.prima
                return ["" if v is None else f'{prima}{v}"' for v in valori]
        return list(map(self.__getitem__, valori))


def testi_lista(lista: Lista) -> Testi:
    """The memo of a list of codes."""
    apri, chiudi = f"<{lista.elemento}>", f"</{lista.elemento}>"

    def scrivi(valore: str) -> str:
        voci = "".join(f"{apri}{proteggi(voce)}{chiudi}" for voce in valore.split(" "))
        return f"<{lista.contenitore}>{voci}</{lista.contenitore}>"

    return Testi(scrivi)


def testi_ripetuto(ripetuto: Ripetuto) -> Testi:
    testi = [(attributo.campo, _TestiAttributo(attributo)) for attributo in ripetuto.attributi]

    def scrivi(valore: str) -> str:
        blocchi = msgspec.json.decode(valore, type=list[dict[str, str]])
        return "".join(
            f"<{ripetuto.elemento}{''.join(t[blocco.get(campo)] for campo, t in testi)}/>"
            for blocco in blocchi
        )

    return Testi(scrivi)


class _ScritturaElemento:
    """The renderer of one element and of what stands inside it."""

    def __init__(self, elemento: Elemento) -> None:
        self.elemento = elemento
        self.attributi = [(a.campo, _TestiAttributo(a)) for a in elemento.attributi]
        self.figli: list[_ScritturaElemento | tuple[str, Testi]] = []
        for figlio in elemento.figli:
            match figlio:
                case Elemento():
                    self.figli.append(_ScritturaElemento(figlio))
                case Lista():
                    self.figli.append((figlio.campo, testi_lista(figlio)))
                case Ripetuto():
                    self.figli.append((figlio.campo, testi_ripetuto(figlio)))

    def _attributi(self, colonne: Colonne, quante: int) -> str | list[str]:
        return unisci(self._pezzi_attributi(colonne), quante)

    def _pezzi_attributi(self, colonne: Colonne) -> list[str | list[str]]:
        return [
            testi.colonna(colonne[campo]) for campo, testi in self.attributi if campo in colonne
        ]

    def _interno(self, colonne: Colonne, quante: int) -> str | list[str]:
        pezzi: list[str | list[str]] = []
        for figlio in self.figli:
            if isinstance(figlio, tuple):
                campo, testi = figlio
                if campo in colonne:
                    pezzi.append(testi.colonna(colonne[campo]))
            else:
                pezzi.append(figlio.scrivi(colonne, quante))
        return unisci(pezzi, quante)

    def apertura(self, colonne: Colonne, quante: int) -> str | list[str]:
        """The start tag and the children, without the end tag."""
        return unisci(
            [
                f"<{self.elemento.nome}",
                *self._pezzi_attributi(colonne),
                ">",
                self._interno(colonne, quante),
            ],
            quante,
        )

    def scrivi(self, colonne: Colonne, quante: int) -> str | list[str]:
        """The whole element."""
        nome = self.elemento.nome
        interno = self._interno(colonne, quante)
        if not self.elemento.facoltativo and isinstance(interno, str):
            chiusura = f">{interno}</{nome}>" if interno else "/>"
            return unisci([f"<{nome}", *self._pezzi_attributi(colonne), chiusura], quante)
        attributi = self._attributi(colonne, quante)
        facoltativo = self.elemento.facoltativo

        def uno(a: str, i: str) -> str:
            if i:
                return f"<{nome}{a}>{i}</{nome}>"
            return "" if facoltativo and not a else f"<{nome}{a}/>"

        if isinstance(attributi, str) and isinstance(interno, str):
            return uno(attributi, interno)
        return list(
            map(
                uno,
                repeat(attributi, quante) if isinstance(attributi, str) else attributi,
                repeat(interno, quante) if isinstance(interno, str) else interno,
            )
        )


class TracciatoXML(msgspec.Struct, frozen=True, tag="xml"):
    """A bulk XML document in one namespace: head, gruppi of righe (or righe alone), tail.

    Attributes:
        spazio_nomi: the namespace, declared as default on the root.
        radice: the root element.
        intestazione: the head; its attributes read the fields of `IntestazioneFlusso`.
        riga: the element of a record.
        gruppo: the element that opens around the records of a person, if any.
    """

    spazio_nomi: str
    radice: str
    intestazione: Elemento
    riga: Elemento
    gruppo: Elemento | None = None

    def chiusura_gruppo(self) -> str:
        """The end tag of the gruppo; empty when records stand alone."""
        return f"</{self.gruppo.nome}>" if self.gruppo else ""

    def testata(self, intestazione: IntestazioneFlusso) -> bytes:
        """XML declaration, root and head. An empty value is left out."""
        valori: dict[str, list[str | None]] = {
            nome: [valore]
            for nome, valore in msgspec.structs.asdict(intestazione).items()
            if valore
        }
        testa = Resa(_ScritturaElemento(self.intestazione).scrivi).rendi(valori, 1)[0]
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<{self.radice} xmlns="{proteggi(self.spazio_nomi)}">{testa}\n'
        ).encode()

    def coda(self) -> bytes:
        """The end of the root."""
        return f"</{self.radice}>\n".encode()

    def resa_gruppo(self) -> Resa | None:
        """A renderer of the gruppo's opening."""
        return Resa(_ScritturaElemento(self.gruppo).apertura) if self.gruppo else None

    def resa_riga(self) -> Resa:
        """A renderer of whole records."""
        return Resa(_ScritturaElemento(self.riga).scrivi)


_DA_VIRGOLETTE: Final = re.compile('[;,"\r\n\t]')
_AVVIO_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class ColonnaCSV(msgspec.Struct, frozen=True):
    """A column of a CSV: header, field, values where they differ, decimal comma for a number."""

    nome: str
    campo: str
    valori: Mapping[str, str] = {}
    numero: bool = False


def cella_csv(valore: str, numero: bool = False, virgola: bool = True) -> str:
    """A cell: numbers with the decimal comma, texts that a spreadsheet would run made harmless."""
    if numero:
        return valore.replace(".", ",") if virgola else valore
    if valore.startswith(_AVVIO_FORMULA):
        valore = "'" + valore
    if _DA_VIRGOLETTE.search(valore) is not None:
        valore = '"' + valore.replace('"', '""') + '"'
    return valore


class TracciatoCSV(msgspec.Struct, frozen=True, tag="csv"):
    """A CSV for Italian spreadsheets: `;`, byte order mark, decimal comma unless told otherwise."""

    colonne: tuple[ColonnaCSV, ...]
    virgola: bool = True
    segno_ordine: bool = True

    def chiusura_gruppo(self) -> str:
        """A CSV has no gruppi."""
        return ""

    def testata(self, intestazione: IntestazioneFlusso) -> bytes:
        """The header row."""
        nomi = ";".join(cella_csv(colonna.nome) for colonna in self.colonne)
        return f"{nomi}\r\n".encode("utf-8-sig" if self.segno_ordine else "utf-8")

    def coda(self) -> bytes:
        """Nothing."""
        return b""

    def resa_gruppo(self) -> Resa | None:
        """A CSV has no gruppi."""
        return None

    def resa_riga(self) -> Resa:
        """A renderer of lines, each with its line end."""
        testi = [(colonna, self._testi(colonna)) for colonna in self.colonne]

        def scrivi(colonne: Colonne, quante: int) -> str | list[str]:
            pezzi: list[str | list[str]] = []
            for ordine, (colonna, memoria) in enumerate(testi):
                if ordine:
                    pezzi.append(";")
                if colonna.campo in colonne:
                    pezzi.append(memoria.colonna(colonne[colonna.campo]))
            return unisci([*pezzi, "\r\n"], quante)

        return Resa(scrivi)

    def _testi(self, colonna: ColonnaCSV) -> Testi:
        valori, numero, virgola = colonna.valori, colonna.numero, self.virgola
        return Testi(lambda valore: cella_csv(valori.get(valore, valore), numero, virgola))


class FormaFissa(StrEnum):
    """How a value stands in its place of a fixed-width line."""

    TESTO = "testo"
    """As it is, from the left, then spaces."""
    CIFRE = "cifre"
    """As it is, zeros before; an absent value is all zeros."""
    CENTESIMI = "centesimi"
    """An amount without its point, zeros before: 12.50 in six places is 001250."""
    GGMMAAAA = "ggmmaaaa"
    """A day as 31012025; an absent one is all zeros."""
    AAAAMMGG = "aaaammgg"
    """A day as 20250131; an absent one is all zeros."""


_DATE_FISSE: Final = (FormaFissa.GGMMAAAA, FormaFissa.AAAAMMGG)


class PostoFisso(msgspec.Struct, frozen=True):
    """A place of a fixed-width line: so many characters, from a field or always the same.

    Attributes:
        larghezza: characters.
        campo: the field; empty where the line says always the same, or nothing.
        forma: how the value is written.
        costante: what stands there without a field, from the left.
        valori: canonical value to the value in the file, where they differ.
    """

    larghezza: int
    campo: str = ""
    forma: FormaFissa = FormaFissa.TESTO
    costante: str = ""
    valori: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        """Refuse what can never be written.

        Raises:
            ValueError: a width out of 1-1000, a constant beside a field or too long, a day that is
                not eight places wide.
        """
        if not 1 <= self.larghezza <= 1_000:
            raise ValueError(f"{self.campo or self.costante!r}: a width from 1 to 1000")
        if self.costante and (self.campo or len(_ascii(self.costante)) > self.larghezza):
            raise ValueError(f"{self.costante!r}: longer than its place, or beside a field")
        if self.forma in _DATE_FISSE and self.larghezza != 8:
            raise ValueError(f"{self.campo}: a day takes eight places")

    def difetto(self, campo: Campo) -> str | None:
        """Why the values of a field could not all be written here; None when they can."""
        tipi = {FormaFissa.CENTESIMI: Tipo.IMPORTO}
        tipi.update(dict.fromkeys(_DATE_FISSE, Tipo.DATA))
        if campo.tipo is not tipi.get(self.forma, campo.tipo):
            return f"{self.forma} is not a form of {campo.tipo}"
        serve = caratteri(campo)
        if self.valori:
            codici = dict.fromkeys(campo.codici or self.valori)
            serve = max(len(self.valori.get(codice, codice)) for codice in codici)
        elif self.forma in _DATE_FISSE:
            serve = 8
        elif self.forma is FormaFissa.CENTESIMI and serve is not None:
            serve -= 1
        if serve is None or serve > self.larghezza:
            return f"{self.larghezza} places for up to {serve or 'any number of'} characters"
        return None

    def scrivi(self, valore: str | None) -> str:
        """The characters of a canonical value, as many as the place is wide.

        Raises:
            ValueError: it does not fit. A flow is refused before it can come to this.
        """
        vuoto = "0" if valore is None and self.forma is not FormaFissa.TESTO else ""
        testo = vuoto if valore is None else self.valori.get(valore, valore)
        if valore is not None:
            match self.forma:
                case FormaFissa.CENTESIMI:
                    testo = testo.replace(".", "")
                case FormaFissa.AAAAMMGG:
                    testo = testo.replace("-", "")
                case FormaFissa.GGMMAAAA:
                    testo = testo[8:10] + testo[5:7] + testo[:4]
                case FormaFissa.TESTO if not testo.isascii():
                    # Æ is two letters: a text that fitted must not be too long for that.
                    testo = _ascii(testo)[: max(self.larghezza, len(testo))]
        if len(testo) > self.larghezza:
            raise ValueError(f"{self.campo}: {len(testo)} characters for {self.larghezza} places")
        if self.forma is FormaFissa.TESTO:
            return testo.ljust(self.larghezza)
        return testo.rjust(self.larghezza, "0")


_IN_ASCII: Final = {
    **LATINE, **{ord(chr(n).lower()): forma.lower() for n, forma in LATINE.items()},
    ord("’"): "'", ord("–"): "-",
}  # fmt: skip


def _ascii(testo: str) -> str:
    """A text in ASCII, so that places and bytes are the same: à becomes a, what is not Latin ?."""
    if testo.isascii():
        return testo
    piatto = unicodedata.normalize("NFKD", testo.translate(_IN_ASCII))
    return "".join(c if c.isascii() else "?" for c in piatto if not unicodedata.combining(c))


class TracciatoFisso(msgspec.Struct, frozen=True, tag="fisso"):
    """Lines of fixed width, in ASCII, each ended by CR LF.

    Attributes:
        posti: the line of a record.
        prima: the line before the first record; its fields are those of `IntestazioneFlusso`.
        dopo: the line after the last one, of constants.
    """

    posti: tuple[PostoFisso, ...]
    prima: tuple[PostoFisso, ...] = ()
    dopo: tuple[PostoFisso, ...] = ()

    def chiusura_gruppo(self) -> str:
        """There are no gruppi."""
        return ""

    def testata(self, intestazione: IntestazioneFlusso) -> bytes:
        """The first line, if one is declared.

        Raises:
            ValueError: something of the ente does not fit.
        """
        valori = {k: v or None for k, v in msgspec.structs.asdict(intestazione).items()}
        return _riga_fissa(self.prima, valori)

    def coda(self) -> bytes:
        """The last line, if one is declared."""
        return _riga_fissa(self.dopo, {})

    def resa_gruppo(self) -> Resa | None:
        """There are no gruppi."""
        return None

    def resa_riga(self) -> Resa:
        """A renderer of lines, each with its line end."""
        testi = [(posto, self._testi(posto)) for posto in self.posti]

        def scrivi(colonne: Colonne, quante: int) -> str | list[str]:
            pezzi: list[str | list[str]] = [
                memoria.colonna(colonne[posto.campo]) if posto.campo in colonne else _vuoto(posto)
                for posto, memoria in testi
            ]
            return unisci([*pezzi, _FINE_RIGA], quante)

        return Resa(scrivi)

    def _testi(self, posto: PostoFisso) -> Testi:
        return Testi(posto.scrivi, _vuoto(posto))


_FINE_RIGA: Final = "\r\n"


def _vuoto(posto: PostoFisso) -> str:
    """A place whose field has no value, or that has no field."""
    if not posto.campo:
        return _ascii(posto.costante).ljust(posto.larghezza)
    return posto.scrivi(None)


def _riga_fissa(posti: Sequence[PostoFisso], valori: Mapping[str, str | None]) -> bytes:
    if not posti:
        return b""
    riga = "".join(
        posto.scrivi(valori[posto.campo]) if posto.campo else _vuoto(posto) for posto in posti
    )
    return f"{riga}{_FINE_RIGA}".encode("ascii")
