"""Readers of the files that other programs have written: how a received flow comes in.

A reader declares the root element of the documents that are its own, and opens one of them. The
platform looks at the beginning of an XML, chooses the reader, and takes the records in: it checks
them by the flow that the reader names, as it does with the rows of a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final
from xml.parsers import expat

import msgspec

from capofila.hooks.catalogo import Voce
from capofila.hooks.flussi import ErroreRiga
from capofila.hooks.tracciati import IntestazioneFlusso

PROLOGO_MASSIMO: Final = 64 * 1024
"""Bytes of a document within which its root element must begin."""


class FileNonLeggibile(Exception):
    """The file is not what a reader reads, or not one that may be read.

    Attributes:
        codice: stable code of the fault.
        messaggio: Italian, for the person who gave the file.
        linea: line of the file, when known.
    """

    def __init__(self, codice: str, messaggio: str, linea: int | None = None) -> None:
        super().__init__(messaggio)
        self.codice = codice
        self.messaggio = messaggio
        self.linea = linea


class RadiceXML(msgspec.Struct, frozen=True):
    """The root element of a document; an empty `spazio_nomi` is none."""

    spazio_nomi: str
    nome: str


class RecordLetto(msgspec.Struct, frozen=True, kw_only=True):
    """One record as received.

    Attributes:
        celle: raw text in the order of `FlussoRicevuto.colonne`, ready for a `Preparatore`.
        forma: verbatim element of the record, in the layout of the flow; None when the file has
            another layout.
        gruppo: verbatim opening of the person's element; None for a flow that has none.
        ignoti: attributes and elements that the layout does not have, kept in the fragments.
        linea: line of the file where its start tag ends; None when not known.
    """

    celle: tuple[str, ...]
    forma: str | None = None
    gruppo: str | None = None
    ignoti: tuple[str, ...] = ()
    linea: int | None = None


class FlussoRicevuto(msgspec.Struct, kw_only=True):
    """An open file: its head at once, its records one by one (only once).

    Attributes:
        flusso: id of the flow whose columns the records give. It must be the principal one of its
            `fonte`, by which records are stored.
        colonne: the columns of `RecordLetto.celle`.
        intestazione: who sent it, values as received (empty where missing).
        record: the records, in the order of the file; it may raise `FileNonLeggibile` further on.
        testata: the head verbatim, when the file is in the layout of the flow: then each record has
            its `forma`, and what is kept as received goes out again as it came in. None when the
            file has another layout: its records are taken like the rows of a table.
        difetti: the faults of the head, at row 1.
        ignoti: attributes and elements of the head that the layout does not have.
    """

    flusso: str
    colonne: tuple[str, ...]
    intestazione: IntestazioneFlusso
    record: Iterator[RecordLetto]
    testata: bytes | None = None
    difetti: tuple[ErroreRiga, ...] = ()
    ignoti: tuple[str, ...] = ()


class LettoreFlussi(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin can read of other programs.

    Attributes:
        denominazione: of the kind of file, for people, in Italian.
        radice: the root element of its documents. No two active readers have the same.
        apri: opens one. It is called in the thread that will read on to the end, with a file that
            has no DTD; it raises `FileNonLeggibile` for one that it cannot read.
        controlli: what it may find wrong with a file or its head, by name: every code of a
            `FileNonLeggibile` and of a difetto, so that people find it explained.
    """

    denominazione: str
    radice: RadiceXML
    apri: Callable[[BinaryIO], FlussoRicevuto]
    controlli: tuple[Voce, ...] = ()


class _Trovata(Exception):
    pass


def radice_xml(inizio: bytes) -> RadiceXML:
    """The root element of a document, by a parser that stops at a DTD before it declares anything.

    >>> radice_xml(b'<Flusso xmlns="urn:esempio"><Riga/></Flusso>')
    RadiceXML(spazio_nomi='urn:esempio', nome='Flusso')

    Args:
        inizio: the beginning of the file, `PROLOGO_MASSIMO` bytes or all of it.

    Raises:
        FileNonLeggibile: it is not XML, or has a DTD.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    trovata = RadiceXML("", "")

    def radice(elemento: str, _attributi: object) -> None:
        nonlocal trovata
        spazio, _, nome = elemento.rpartition(" ")
        trovata = RadiceXML(spazio, nome)
        raise _Trovata

    def dtd(*_: object) -> None:
        raise FileNonLeggibile(
            "dtd",
            "il file contiene una DTD (DOCTYPE), che non è ammessa: esportarlo senza",
            parser.CurrentLineNumber,
        )

    parser.StartElementHandler = radice
    parser.StartDoctypeDeclHandler = dtd
    try:
        parser.Parse(inizio[:PROLOGO_MASSIMO], False)
    except _Trovata:
        return trovata
    except (expat.ExpatError, ValueError, LookupError) as errore:
        raise FileNonLeggibile(
            "non_xml",
            "il file non è un documento XML: scegliere un altro file",
            getattr(errore, "lineno", None),
        ) from errore
    raise FileNonLeggibile(
        "non_xml", "il file non contiene un documento XML" if inizio else "il file è vuoto"
    )
