"""Reads an existing SIUSS file, of either kind, so that an ente can leave its old software.

Every record comes out twice: as raw text by field, for the same checks as any other input, and
verbatim, the two fragments rebuilt attribute for attribute (unknown ones included, and reported),
so that what is kept "as received" goes out again as it came in.

The file is a stranger's: it is read in constant memory, without DTD, entities or network, with
bounds on depth and sizes. Its shape is that of the declared layouts, which come from the INPS
schemas PS_PSA_SINA201812.xsd and SINBA.xsd.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO, Final, Literal, cast

import msgspec
from lxml import etree

from capofila.hooks.campi import Rifiuto, Tipo, leggi_belfiore, leggi_codice_fiscale
from capofila.hooks.catalogo import Voce
from capofila.hooks.flussi import ErroreRiga, Flusso, IntestazioneFlusso
from capofila.hooks.lettori import (
    PROLOGO_MASSIMO,
    FileNonLeggibile,
    FlussoRicevuto,
    RadiceXML,
    RecordLetto,
    radice_xml,
)
from capofila.hooks.tracciati import Elemento, Lista, Ripetuto, TracciatoXML, proteggi
from capofila.siuss.prestazioni import FLUSSO_PRESTAZIONI, SPAZIO_NOMI
from capofila.siuss.sinba import FLUSSO_SINBA

PROFONDITA_MASSIMA: Final = 12
ATTRIBUTI_MASSIMI: Final = 200
TESTO_MASSIMO: Final = 4000
"""Characters of one attribute or text: twenty times the longest the schemas admit."""
ELEMENTI_MASSIMI: Final = 2000
"""Elements inside one record, and records' siblings in the head of a person."""

Percorso = tuple[str, ...]


class _Mappa:
    """Where each attribute and each repeated child of a layout goes."""

    def __init__(self, flusso: Flusso) -> None:
        assert isinstance(flusso.tracciato, TracciatoXML)
        self.flusso = flusso
        self.attributi: dict[Percorso, dict[str, str]] = {}
        self.liste: dict[Percorso, tuple[str, str]] = {}
        self.ripetuti: dict[Percorso, tuple[str, dict[str, str]]] = {}
        self.foglie: set[Percorso] = set()
        tracciato = flusso.tracciato
        self.gruppo = tracciato.gruppo.nome if tracciato.gruppo else None
        self.riga = tracciato.riga.nome
        if tracciato.gruppo:
            self._visita(tracciato.gruppo, ())
        self._visita(tracciato.riga, ())
        self.tipi = {campo.nome: campo.tipo for campo in flusso.campi}

    def _visita(self, elemento: Elemento, sopra: Percorso) -> None:
        qui = (*sopra, elemento.nome)
        self.attributi[qui] = {a.nome: a.campo for a in elemento.attributi}
        for figlio in elemento.figli:
            match figlio:
                case Elemento():
                    self._visita(figlio, qui)
                case Lista():
                    self.liste[(*qui, figlio.contenitore)] = (figlio.elemento, figlio.campo)
                    self.attributi[(*qui, figlio.contenitore)] = {}
                    self.attributi[(*qui, figlio.contenitore, figlio.elemento)] = {}
                    self.foglie.add((*qui, figlio.contenitore, figlio.elemento))
                case Ripetuto():
                    voci = {a.nome: a.campo for a in figlio.attributi}
                    self.ripetuti[(*qui, figlio.elemento)] = (figlio.campo, voci)

    def raw(self, campo: str, valore: str) -> str:
        """The text for the reader of the field: two spellings that only XML has are undone."""
        match self.tipi[campo]:
            case Tipo.IMPORTO | Tipo.ORE:
                # xs:decimal: 2.5 and 2.500 are 2.50, and the point is never one of thousands.
                trovato = _DECIMALE.fullmatch(valore)
                if trovato is not None:
                    return f"{trovato[1]}.{(trovato[2] or '').ljust(2, '0')}"
            case Tipo.DATA:
                # xs:date may carry a time zone, which says nothing about a day in Italy.
                trovato = _DATA_CON_FUSO.fullmatch(valore)
                if trovato is not None:
                    return trovato[1]
            case _:
                pass
        return valore


_DECIMALE: Final = re.compile(r"\s*\+?([0-9]+)(?:\.([0-9]{0,2})0*)?\s*", re.ASCII)
_DATA_CON_FUSO: Final = re.compile(
    r"\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})\s*", re.ASCII
)

_PRESTAZIONI: Final = _Mappa(FLUSSO_PRESTAZIONI)
_SINBA: Final = _Mappa(FLUSSO_SINBA)
_INTESTAZIONE: Final = {
    "Codice": "ente_codice",
    "Denominazione": "ente_denominazione",
    "Indirizzo": "ente_indirizzo",
    "CFOperatore": "cf_operatore",
}

_XML: Final = "http://www.w3.org/XML/1998/namespace"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"


def _spazio_e_nome(nome: str) -> tuple[str, str]:
    if nome.startswith("{"):
        spazio, _, locale = nome[1:].partition("}")
        return spazio, locale
    return "", nome


def _nome(elemento: etree._Element) -> tuple[str, str]:
    return _spazio_e_nome(str(elemento.tag))


def _testo_attributi(elemento: etree._Element) -> str:
    pezzi: list[str] = []
    prefissi: dict[str, str] = {}
    for chiave, valore in elemento.attrib.items():
        spazio, nome = _spazio_e_nome(str(chiave))
        if spazio and spazio != _XML and spazio not in prefissi:
            prefissi[spazio] = "xsi" if spazio == _XSI else f"n{len(prefissi)}"
            pezzi.append(f' xmlns:{prefissi[spazio]}="{proteggi(spazio)}"')
        if spazio:
            nome = f"{'xml' if spazio == _XML else prefissi[spazio]}:{nome}"
        pezzi.append(f' {nome}="{proteggi(str(valore))}"')
    return "".join(pezzi)


def _testo_utile(testo: str | None) -> str:
    return testo if testo and testo.strip() else ""


def _verbatim(elemento: etree._Element, sopra: str, chiudi: bool = True) -> str:
    """The element as text, inside a parent whose default namespace is `sopra`."""
    spazio, nome = _nome(elemento)
    dichiarazione = "" if spazio == sopra else f' xmlns="{proteggi(spazio)}"'
    apertura = f"<{nome}{dichiarazione}{_testo_attributi(elemento)}"
    interno = proteggi(_testo_utile(elemento.text)) + "".join(
        _verbatim(figlio, spazio) + proteggi(_testo_utile(figlio.tail)) for figlio in elemento
    )
    if not chiudi:
        return f"{apertura}>{interno}"
    return f"{apertura}>{interno}</{nome}>" if interno else f"{apertura}/>"


class _Sorgente:
    """A binary stream whose first bytes were already looked at."""

    def __init__(self, inizio: bytes, flusso: BinaryIO) -> None:
        self._inizio = inizio
        self._flusso = flusso

    def read(self, quanti: int = -1) -> bytes:
        if self._inizio:
            if quanti < 0:
                tutto, self._inizio = self._inizio + self._flusso.read(), b""
                return tutto
            pezzo, self._inizio = self._inizio[:quanti], self._inizio[quanti:]
            return pezzo
        return self._flusso.read(quanti)


def _senza_dtd(flusso: BinaryIO) -> _Sorgente:
    """The stream, after a look at its beginning that refuses a DTD."""
    inizio = b""
    while len(inizio) < PROLOGO_MASSIMO and (pezzo := flusso.read(PROLOGO_MASSIMO - len(inizio))):
        inizio += pezzo
    radice_xml(inizio)
    return _Sorgente(inizio, flusso)


class Lettura:
    """An open SIUSS file: its head at once, its records one by one by iteration (only once).

    Attributes:
        flusso_id: `siuss` or `siuss-sinba`.
        colonne: the columns of `RecordLetto.celle`: give them to the `Preparatore`.
        intestazione: the head, values as received (empty where missing).
        testata: the head verbatim, from the XML declaration to the first record.
        ignoti: attributes and elements of the head that the schema does not have.
    """

    def __init__(self, flusso: BinaryIO) -> None:
        self._mappa: _Mappa = _PRESTAZIONI
        self._primo: etree._Element | None = None
        self._eventi: Iterator[tuple[str, etree._Element]] = iter(
            etree.iterparse(
                _senza_dtd(flusso),
                events=("start", "end"),
                load_dtd=False,
                dtd_validation=False,
                attribute_defaults=False,
                resolve_entities=False,
                no_network=True,
                huge_tree=False,
                remove_comments=True,
                remove_pis=True,
            )
        )
        self._profondita = 0
        self._elementi = 0
        ignoti: list[str] = []
        self.intestazione = self._leggi_testa(ignoti)
        self.ignoti = tuple(ignoti)
        self.flusso_id: Literal["siuss", "siuss-sinba"] = (
            "siuss-sinba" if self._mappa is _SINBA else "siuss"
        )
        self.colonne: tuple[str, ...] = tuple(campo.nome for campo in self._mappa.flusso.campi)

    def _prossimo(self) -> tuple[str, etree._Element] | None:
        try:
            evento, elemento = next(self._eventi)
        except StopIteration:
            return None
        except etree.XMLSyntaxError as errore:
            linea = errore.lineno or _linea_dal_registro(errore)
            dove = f" (riga {linea} del file)" if linea else ""
            raise FileNonLeggibile(
                "xml_malformato",
                f"il file XML è interrotto o malformato{dove}: esportarlo di nuovo dal programma "
                "di origine",
                linea,
            ) from errore
        if evento == "start":
            self._profondita += 1
            self._elementi += 1
            self._limita(elemento)
        else:
            self._profondita -= 1
        return evento, elemento

    def _limita(self, elemento: etree._Element) -> None:
        troppo = None
        if self._profondita > PROFONDITA_MASSIMA:
            troppo = "elementi troppo annidati"
        elif self._elementi > ELEMENTI_MASSIMI:
            troppo = "troppi elementi in un solo record"
        elif len(elemento.attrib) > ATTRIBUTI_MASSIMI:
            troppo = "troppi attributi in un elemento"
        elif any(len(valore) > TESTO_MASSIMO for valore in elemento.attrib.values()):
            troppo = f"un attributo più lungo di {TESTO_MASSIMO} caratteri"
        if troppo is not None:
            linea = _linea(elemento)
            raise FileNonLeggibile(
                "limiti", f"il file contiene {troppo} (riga {linea} del file)", linea
            )

    def _limita_testi(self, elemento: etree._Element) -> None:
        for nodo in elemento.iter():
            if len(nodo.text or "") > TESTO_MASSIMO or len(nodo.tail or "") > 16 * TESTO_MASSIMO:
                linea = _linea(nodo)
                raise FileNonLeggibile(
                    "limiti", f"il file contiene un testo troppo lungo (riga {linea} del file)",
                    linea,
                )  # fmt: skip

    def _leggi_testa(self, ignoti: list[str]) -> IntestazioneFlusso:
        primo = self._prossimo()
        if primo is None:
            raise FileNonLeggibile("non_xml", "il file non contiene un documento XML")
        radice = primo[1]
        spazio, nome = _nome(radice)
        linea = _linea(radice)
        if nome != "Flusso":
            raise FileNonLeggibile(
                "radice",
                f"non è un flusso SIUSS: il primo elemento è «{nome}» invece di «Flusso»",
                linea,
            )
        if spazio != SPAZIO_NOMI:
            raise FileNonLeggibile(
                "spazio_nomi",
                f"non è un flusso SIUSS: lo spazio dei nomi è «{spazio}» invece di «{SPAZIO_NOMI}»",
                linea,
            )
        attributi_radice = _testo_attributi(radice)
        ignoti += [
            f"Flusso/@{_spazio_e_nome(str(a))[1]}"
            for a in radice.attrib
            if _spazio_e_nome(str(a))[0] != _XSI
        ]
        testa = ""
        valori = dict.fromkeys(
            ("nome", "ente_codice", "ente_denominazione", "ente_indirizzo", "cf_operatore"), ""
        )
        trovata = False
        while (evento := self._prossimo()) is not None:
            tipo, elemento = evento
            spazio, nome = _nome(elemento)
            if tipo == "start" and self._profondita == 2:
                if spazio == SPAZIO_NOMI and nome in (_PRESTAZIONI.gruppo, _SINBA.riga):
                    if not trovata:
                        break
                    self._primo = elemento
                    self._mappa = _SINBA if nome == _SINBA.riga else _PRESTAZIONI
                    self.testata = (
                        '<?xml version="1.0" encoding="UTF-8"?>\n'
                        f'<Flusso xmlns="{SPAZIO_NOMI}"{attributi_radice}>{testa}\n'
                    ).encode()
                    return IntestazioneFlusso(**valori)
            elif tipo == "end" and self._profondita == 1:
                self._limita_testi(elemento)
                testa += _verbatim(elemento, SPAZIO_NOMI)
                if spazio == SPAZIO_NOMI and nome == "IdentificazioneFlusso" and not trovata:
                    trovata = True
                    self._leggi_identificazione(elemento, valori, ignoti)
                else:
                    ignoti.append(f"Flusso/{nome}")
                _scarta(elemento)
            elif tipo == "end" and self._profondita == 0:
                break
        if not trovata:
            raise FileNonLeggibile(
                "identificazione", "nel flusso manca l'elemento IdentificazioneFlusso", linea
            )
        raise FileNonLeggibile(
            "flusso_vuoto",
            "il flusso non contiene né beneficiari né minori: non c'è nulla da importare",
        )

    def _leggi_identificazione(
        self, elemento: etree._Element, valori: dict[str, str], ignoti: list[str]
    ) -> None:
        for attributo, valore in elemento.attrib.items():
            if attributo == "Nome":
                valori["nome"] = str(valore)
            else:
                ignoti.append(f"IdentificazioneFlusso/@{_spazio_e_nome(str(attributo))[1]}")
        for n, figlio in enumerate(elemento):
            spazio, nome = _nome(figlio)
            if n or spazio != SPAZIO_NOMI or nome != "Ente":
                ignoti.append(f"IdentificazioneFlusso/{nome}")
                continue
            for attributo, valore in figlio.attrib.items():
                campo = _INTESTAZIONE.get(str(attributo))
                if campo is None:
                    ignoti.append(f"Ente/@{_spazio_e_nome(str(attributo))[1]}")
                else:
                    valori[campo] = str(valore)

    def __iter__(self) -> Iterator[RecordLetto]:
        """The records, in the order of the file.

        Raises:
            FileNonLeggibile: the file is broken further on, or its elements are out of order.
        """
        elemento = self._primo
        while elemento is not None:
            self._elementi = 0
            if _nome(elemento)[1] == _SINBA.riga:
                yield self._leggi_minore(elemento)
            else:
                yield from self._leggi_beneficiario(elemento)
            _scarta(elemento)
            elemento = self._prossimo_secondo()

    def _prossimo_secondo(self) -> etree._Element | None:
        """The next child of the root; None at the end."""
        while (evento := self._prossimo()) is not None:
            tipo, elemento = evento
            if tipo == "end":
                continue
            spazio, nome = _nome(elemento)
            atteso = self._mappa.gruppo or self._mappa.riga
            if spazio != SPAZIO_NOMI or nome != atteso:
                linea = _linea(elemento)
                raise FileNonLeggibile(
                    "ordine",
                    f"elemento «{nome}» fuori posto (riga {linea} del file): qui può stare solo "
                    f"«{atteso}»",
                    linea,
                )
            return elemento
        return None

    def _fine(self, profondita: int) -> etree._Element | None:
        """Read on to the end of the next child at this depth; None when the parent ends."""
        while (evento := self._prossimo()) is not None:
            tipo, elemento = evento
            if tipo == "end" and self._profondita == profondita:
                return elemento
            if tipo == "end" and self._profondita < profondita:
                return None
        raise FileNonLeggibile("xml_malformato", "il file XML è interrotto")

    def _leggi_minore(self, elemento: etree._Element) -> RecordLetto:
        while self._fine(2) is not None:
            pass
        valori: dict[str, str] = {}
        ignoti: list[str] = []
        self._limita_testi(elemento)
        self._estrai((self._mappa.riga,), elemento, valori, ignoti)
        forma = _verbatim(elemento, SPAZIO_NOMI)
        return self._record(elemento, valori, None, forma, ignoti)

    def _leggi_beneficiario(self, elemento: etree._Element) -> Iterator[RecordLetto]:
        mappa = self._mappa
        nome_gruppo = mappa.gruppo or ""
        valori: dict[str, str] = {}
        ignoti: list[str] = []
        self._estrai_attributi((nome_gruppo,), elemento, valori, ignoti)
        apertura = f"<{nome_gruppo}{_testo_attributi(elemento)}>"
        blocchi: dict[str, list[dict[str, str]]] = {}
        iniziata = False
        while (figlio := self._fine(2)) is not None:
            self._limita_testi(figlio)
            spazio, nome = _nome(figlio)
            if spazio == SPAZIO_NOMI and nome == mappa.riga:
                iniziata = True
                for campo, elenco in blocchi.items():
                    valori[campo] = msgspec.json.encode(elenco).decode()
                suoi, suoi_ignoti = dict(valori), list(ignoti)
                self._estrai((mappa.riga,), figlio, suoi, suoi_ignoti)
                forma = _verbatim(figlio, SPAZIO_NOMI)
                yield self._record(figlio, suoi, apertura, forma, suoi_ignoti)
                self._elementi = 0
            elif iniziata:
                linea = _linea(figlio)
                raise FileNonLeggibile(
                    "ordine",
                    f"elemento «{nome}» dopo le prestazioni del beneficiario (riga {linea} del "
                    "file): deve venire prima",
                    linea,
                )
            else:
                apertura += _verbatim(figlio, SPAZIO_NOMI)
                self._estrai_testa_gruppo((nome_gruppo, nome), figlio, valori, blocchi, ignoti)
            _scarta(figlio)
        if not iniziata:
            linea = _linea(elemento)
            raise FileNonLeggibile(
                "beneficiario_vuoto",
                f"un beneficiario non ha prestazioni (riga {linea} del file)",
                linea,
            )

    def _estrai_testa_gruppo(
        self,
        percorso: Percorso,
        figlio: etree._Element,
        valori: dict[str, str],
        blocchi: dict[str, list[dict[str, str]]],
        ignoti: list[str],
    ) -> None:
        """A child before the prestazioni: a second Indirizzo becomes a block of the field."""
        ripetuto = self._mappa.ripetuti.get(percorso)
        gia = f"{percorso[-1]}#"
        if ripetuto is not None and gia in blocchi:
            campo, voci = ripetuto
            blocco: dict[str, str] = {}
            for attributo, valore in figlio.attrib.items():
                voce = voci.get(str(attributo))
                if voce is None:
                    ignoti.append(f"{percorso[-1]}/@{_spazio_e_nome(str(attributo))[1]}")
                else:
                    blocco[voce] = str(valore)
            blocchi.setdefault(campo, []).append(blocco)
            return
        if ripetuto is not None:
            blocchi[gia] = []
        self._estrai(percorso, figlio, valori, ignoti)

    def _estrai_attributi(
        self,
        percorso: Percorso,
        elemento: etree._Element,
        valori: dict[str, str],
        ignoti: list[str],
    ) -> None:
        campi = self._mappa.attributi.get(percorso, {})
        for attributo, valore in elemento.attrib.items():
            campo = campi.get(str(attributo))
            if campo is None:
                ignoti.append(f"{percorso[-1]}/@{_spazio_e_nome(str(attributo))[1]}")
            else:
                valori[campo] = self._mappa.raw(campo, str(valore))

    def _estrai(
        self,
        percorso: Percorso,
        elemento: etree._Element,
        valori: dict[str, str],
        ignoti: list[str],
    ) -> None:
        """Take the values of an element of the layout and of what stands in it."""
        mappa = self._mappa
        if _nome(elemento)[0] != SPAZIO_NOMI or percorso not in mappa.attributi:
            ignoti.append("/".join(percorso[-2:]))
            return
        self._estrai_attributi(percorso, elemento, valori, ignoti)
        lista = mappa.liste.get(percorso)
        if percorso not in mappa.foglie and _testo_utile(elemento.text):
            ignoti.append(f"{percorso[-1]}/testo")
        for figlio in elemento:
            _, nome = _nome(figlio)
            if _testo_utile(figlio.tail):
                ignoti.append(f"{percorso[-1]}/testo")
            if lista is not None and nome == lista[0]:
                codice = (figlio.text or "").strip()
                valori[lista[1]] = f"{valori.get(lista[1], '')} {codice}".strip()
            self._estrai((*percorso, nome), figlio, valori, ignoti)

    def _record(
        self,
        elemento: etree._Element,
        valori: dict[str, str],
        gruppo: str | None,
        forma: str,
        ignoti: list[str],
    ) -> RecordLetto:
        # The schema has no owner of a prestazione: the ente that sends is taken for both.
        valori.setdefault("comune_titolare", self.intestazione.ente_codice)
        valori.setdefault("ente_erogatore", self.intestazione.ente_codice)
        return RecordLetto(
            linea=_linea(elemento),
            celle=tuple(valori.get(colonna, "") for colonna in self.colonne),
            gruppo=gruppo,
            forma=forma,
            ignoti=tuple(dict.fromkeys(ignoti)),
        )


def _scarta(elemento: etree._Element) -> None:
    """Empty an element that has ended and take away those before it.

    The element itself must stay until the next one ends: the parser still holds it.
    """
    elemento.clear()
    genitore = elemento.getparent()
    assert genitore is not None
    while genitore[0] is not elemento:
        genitore.remove(genitore[0])


def _linea_dal_registro(errore: etree.XMLSyntaxError) -> int | None:
    """The line of an error that carries none of its own, such as an undeclared entity."""
    voci: Any = errore.error_log
    return next((int(voce.line) for voce in voci), None)


def _linea(elemento: etree._Element) -> int | None:
    """The line of an element. The parser stops counting at 65535."""
    linea = cast("int | None", elemento.sourceline)
    return linea if linea is not None and linea < 65535 else None


def leggi(flusso: BinaryIO) -> Lettura:
    """Open a SIUSS file.

    Raises:
        FileNonLeggibile: it is not XML, not SIUSS, has a DTD, or has no head or no records.
    """
    return Lettura(flusso)


RADICE: Final = RadiceXML(SPAZIO_NOMI, "Flusso")
"""The root element of both flows."""


def apri(flusso: BinaryIO) -> FlussoRicevuto:
    """Open a SIUSS file as the contract wants it.

    Raises:
        FileNonLeggibile: see :func:`leggi`.
    """
    lettura = leggi(flusso)
    return FlussoRicevuto(
        flusso=lettura.flusso_id,
        colonne=lettura.colonne,
        intestazione=lettura.intestazione,
        record=iter(lettura),
        testata=lettura.testata,
        difetti=tuple(controlla_intestazione(lettura.intestazione)),
        ignoti=lettura.ignoti,
    )


_NOME: Final = re.compile(
    r"(?P<ente>[^.]{1,32})\.(?:PS|PSA|SINA|SINBA)\.(?P<data>[0-9]{8})\.[0-9]{1,10}", re.ASCII
)


def nome_file(nome: str, estensione: str = "xml") -> str:
    """The name of the file of a flow: its identifier, without characters a disk would refuse."""
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', nome)}.{estensione}"


def controlla_intestazione(intestazione: IntestazioneFlusso) -> list[ErroreRiga]:
    """The faults of a head, at row 1. Whether the ente belongs to the ambito is checked elsewhere.

    Source: INPS technical specification 2.0.1, tables 2 and 3.
    """
    errori: list[ErroreRiga] = []

    def segnala(colonna: str, valore: str, codice: str, messaggio: str) -> None:
        errori.append(ErroreRiga(1, colonna, valore, codice, messaggio))

    nome = intestazione.nome
    trovato = _NOME.fullmatch(nome)
    if not nome or len(nome) > 50 or trovato is None or not _giorno(trovato["data"]):
        segnala(
            "nome", nome, "nome_flusso",
            "il nome del flusso non segue la regola di INPS: "
            "codice ente.PS (o SINBA).AAAAMMGG.progressivo, al più 50 caratteri",
        )  # fmt: skip
    elif trovato["ente"] != intestazione.ente_codice:
        segnala(
            "nome", nome, "nome_flusso_ente",
            f"il nome del flusso comincia con {trovato['ente']} e il codice dell'ente è "
            f"{intestazione.ente_codice}: devono essere uguali",
        )  # fmt: skip
    for colonna, etichetta in (
        ("ente_codice", "il codice dell'ente"),
        ("ente_indirizzo", "l'indirizzo dell'ente"),
    ):
        valore = getattr(intestazione, colonna)
        esito = leggi_belfiore(valore)
        if esito is None or isinstance(esito, Rifiuto):
            segnala(
                colonna, valore, "belfiore",
                f"{etichetta} deve essere un codice Belfiore (una lettera e tre cifre, come D142)",
            )  # fmt: skip
    if len(intestazione.ente_denominazione) > 100:
        segnala(
            "ente_denominazione", intestazione.ente_denominazione[:200], "lunghezza",
            "la denominazione dell'ente può avere al più 100 caratteri",
        )  # fmt: skip
    operatore = leggi_codice_fiscale(intestazione.cf_operatore)
    if operatore is None:
        segnala("cf_operatore", "", "obbligatorio", "manca il codice fiscale dell'operatore")
    elif isinstance(operatore, Rifiuto):
        segnala("cf_operatore", intestazione.cf_operatore, operatore.codice, operatore.messaggio)
    return errori


def _giorno(aaaammgg: str) -> bool:
    try:
        date(int(aaaammgg[:4]), int(aaaammgg[4:6]), int(aaaammgg[6:]))
    except ValueError:
        return False
    return True


# --- what may be wrong with a file, by name -----------------------------------------------------

_ST: Final = "INPS, specifica tecnica WaaS 2.0.1 del 22/05/2025"
_XSD: Final = "schemi INPS PS_PSA_SINA201812.xsd e SINBA.xsd"
_NOSTRO: Final = "sicurezza: il file è di uno sconosciuto e si legge con limiti"

_TESTA: Final = (
    f'<Flusso xmlns="{SPAZIO_NOMI}"><IdentificazioneFlusso Nome="D142.PS.20250301.0000001">'
    '<Ente Codice="D142" Indirizzo="D142" CFOperatore="RSSMRA80A41D142Q"/></IdentificazioneFlusso>'
)
_BUONO: Final = (
    _TESTA + '<Beneficiario CodiceFiscale="RSSMRA80A41D142Q"><PrestazioniSociali/></Beneficiario>'
    "</Flusso>"
)


def _del_file(codice: str, messaggio: str, fonte: str, errato: str) -> Voce:
    return Voce(
        codice=codice, livello="file", gravita="errore", messaggio=messaggio, fonte=fonte,
        esempio_valido={"file": _BUONO}, esempio_errato={"file": errato},
    )  # fmt: skip


_INTESTAZIONE_BUONA: Final = {
    "nome": "D142.PS.20250301.0000001",
    "ente_codice": "D142",
    "ente_denominazione": "Comune di Crema",
    "ente_indirizzo": "D142",
    "cf_operatore": "RSSMRA80A41D142Q",
}


def _della_testa(codice: str, campo: str, messaggio: str, fonte: str, errato: str) -> Voce:
    return Voce(
        codice=codice, livello="file", gravita="errore", messaggio=messaggio, fonte=fonte,
        campi=(campo,), esempio_valido=_INTESTAZIONE_BUONA,
        esempio_errato={**_INTESTAZIONE_BUONA, campo: errato},
    )  # fmt: skip


CONTROLLI: Final[tuple[Voce, ...]] = (
    _del_file("non_xml", "il file non è un documento XML: scegliere un altro file", _XSD, "a;b;c"),
    _del_file("dtd", "il file contiene una DTD (DOCTYPE), che non è ammessa: esportarlo senza",
              _NOSTRO, "<!DOCTYPE Flusso>" + _BUONO),
    _del_file("xml_malformato",
              "il file XML è interrotto o malformato: esportarlo di nuovo dal programma di origine",
              _XSD, _BUONO.removesuffix("</Flusso>")),
    _del_file("limiti", "il file contiene elementi o testi oltre misura: controllare di aver "
              "esportato quello giusto", _NOSTRO,
              _BUONO.replace("<PrestazioniSociali/>",
                             "<PrestazioniSociali>" + "<a>" * 12 + "</a>" * 12
                             + "</PrestazioniSociali>")),
    _del_file("radice", "non è un flusso SIUSS: il primo elemento deve essere «Flusso»", _XSD,
              "<Altro/>"),
    _del_file("spazio_nomi", "non è un flusso SIUSS: lo spazio dei nomi deve essere quello di INPS",
              _XSD, '<Flusso xmlns="urn:altro"/>'),
    _del_file("identificazione", "nel flusso manca l'elemento IdentificazioneFlusso", _XSD,
              f'<Flusso xmlns="{SPAZIO_NOMI}"><Beneficiario/></Flusso>'),
    _del_file("flusso_vuoto",
              "il flusso non contiene né beneficiari né minori: non c'è nulla da importare", _XSD,
              _TESTA + "</Flusso>"),
    _del_file("ordine", "un elemento è fuori posto: esportare di nuovo il file, nell'ordine dello "
              "schema", _XSD, _BUONO.replace("</Flusso>", "<Nota/></Flusso>")),
    _del_file("beneficiario_vuoto", "un beneficiario non ha prestazioni: aggiungerle, oppure "
              "togliere il beneficiario", f"{_ST}, tabella 4",
              _BUONO.replace("<PrestazioniSociali/>", "<Anagrafica/>")),
    _della_testa("nome_flusso", "nome",
                 "il nome del flusso non segue la regola di INPS: codice ente.PS (o "
                 "SINBA).AAAAMMGG.progressivo, al più 50 caratteri",
                 f"{_ST}, tabelle 2 e 13", "D142-PS-2025"),
    _della_testa("nome_flusso_ente", "nome",
                 "il nome del flusso deve cominciare con il codice dell'ente che lo manda",
                 f"{_ST}, tabelle 2 e 13", "D150.PS.20250301.0000001"),
    _della_testa("belfiore", "ente_codice",
                 "deve essere un codice Belfiore (una lettera e tre cifre, come D142)",
                 f"{_ST}, tabella 3", "Crema"),
    _della_testa("lunghezza", "ente_denominazione",
                 "la denominazione dell'ente può avere al più 100 caratteri",
                 f"{_ST}, tabella 3", "C" * 101),
    _della_testa("obbligatorio", "cf_operatore", "manca il codice fiscale dell'operatore",
                 f"{_ST}, tabella 3", ""),
    _della_testa("codice_fiscale_forma", "cf_operatore",
                 "non è un codice fiscale: servono 16 caratteri (oppure 11 cifre)",
                 f"{_ST}, tabella 3", "RSSMRA80"),
    _della_testa("codice_fiscale_giorno", "cf_operatore",
                 "il giorno di nascita dentro il codice fiscale non esiste: ricontrollare il codice",
                 "DM 23/12/1976", "RSSMRA80A00D142Q"),
    _della_testa("codice_fiscale_controllo", "cf_operatore",
                 "il carattere di controllo del codice fiscale non torna: ricontrollare il codice",
                 "DM 23/12/1976", "RSSMRA80A41D142A"),
)  # fmt: skip
"""Every code of a `FileNonLeggibile` and of a fault of the head."""
