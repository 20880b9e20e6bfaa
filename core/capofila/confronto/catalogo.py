"""The catalogue of the open data, as DCAT-AP_IT: one list of triples, three ways of writing it. Pure.

Every subject has an address, so that a triple is a line: no blank nodes. What is not known (the code
of an ente in the index of the public administrations, whom to write to) is left out, not invented.

Sources: DCAT-AP_IT v1.1, the Italian profile of the metadata (AgID, «Linee guida per i cataloghi
dati»); W3C, RDF 1.1 Turtle, RDF/XML and JSON-LD 1.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from capofila.confronto.aperti import Insieme, Titolare
from capofila.confronto.rules import LICENZE

PREFISSI: Final = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatapit": "http://dati.gov.it/onto/dcatapit#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_AUTORITA: Final = "http://publications.europa.eu/resource/authority/"
TEMA: Final = f"{_AUTORITA}data-theme/SOCI"
"""Population and society: what everything here is about."""
_LINGUA: Final = f"{_AUTORITA}language/ITA"
_ANNUALE: Final = f"{_AUTORITA}frequency/ANNUAL"
FORMATI: Final = {
    "csv": ("CSV", "text/csv"),
    "json": ("JSON", "application/json"),
}
"""Of the files: the code of the European list, the media type."""


class Letterale(NamedTuple):
    """A literal; ``lingua`` or ``tipo`` (a prefixed name), or neither."""

    testo: str
    lingua: str = ""
    tipo: str = ""


Tripla = tuple[str, str, str | Letterale]
"""Subject (address), predicate (prefixed name), object: an address or a literal."""


_NON_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _it(testo: str) -> Letterale:
    return Letterale(_NON_XML.sub("", testo), lingua="it")


def _giorno(quando: Any) -> Letterale:
    return Letterale(quando.date().isoformat() if hasattr(quando, "date") else quando.isoformat(),
                 tipo="xsd:date")  # fmt: skip


def _tipi(soggetto: str, *tipi: str) -> list[Tripla]:
    return [(soggetto, "rdf:type", PREFISSI[p] + n) for p, n in (t.split(":") for t in tipi)]


def mancanze(titolari: Iterable[Titolare], editore: str = "", editore_ipa: str = "") -> list[str]:
    """What the profile asks for and nobody has said, in words: where to write it.

    Source: DCAT-AP_IT v1.1, where a publisher and a rights holder have a name and an identifier, and a
    dataset a contact point.
    """
    frasi = []
    if not editore:
        frasi.append("chi pubblica il catalogo (CAPOFILA_DATI_APERTI_EDITORE)")
    if not editore_ipa:
        frasi.append("il codice IPA di chi pubblica il catalogo (CAPOFILA_DATI_APERTI_EDITORE_IPA)")
    for uno in titolari:
        voci = [
            nome
            for nome, valore in (
                ("codice_ipa", uno.codice_ipa), ("contatto_dati", uno.contatto_dati)
            ) if not valore
        ]  # fmt: skip
        if voci:
            frasi.append(f"{uno.nome}: {' e '.join(voci)} di tenants/{uno.slug}/ambito.yaml")
    return frasi


def triple(
    sito: str, insiemi: Sequence[Insieme], editore: str = "", editore_ipa: str = ""
) -> list[Tripla]:
    """The catalogue.

    Args:
        sito: address of the installation, without the last slash.
        insiemi: what is open now.
        editore: who publishes the catalogue; empty when it is not known.
        editore_ipa: its code in the index of the public administrations; empty when it is not known.
    """
    catalogo = f"{sito}/dati-aperti"
    uscite: list[Tripla] = [
        *_tipi(catalogo, "dcat:Catalog", "dcatapit:Catalog"),
        (catalogo, "dct:title", _it("Dati aperti degli ambiti sociali")),
        (catalogo, "dct:description", _it(
            "Figure dei servizi sociali che gli ambiti hanno aperto a tutti, con la licenza e l'atto. "
            "Le celle di poche persone sono soppresse."
        )),
        (catalogo, "dct:language", _LINGUA),
        (catalogo, "foaf:homepage", catalogo),
        (catalogo, "dcat:themeTaxonomy", f"{_AUTORITA}data-theme"),
    ]  # fmt: skip
    if insiemi:
        uscite.append((catalogo, "dct:modified", _giorno(max(i.aperta_il for i in insiemi))))
    if editore:
        chi = f"{catalogo}#editore"
        uscite += [
            *_tipi(chi, "foaf:Agent", "dcatapit:Agent"),
            (chi, "foaf:name", _it(editore)),
            (catalogo, "dct:publisher", chi),
        ]
        if editore_ipa:
            uscite.append((chi, "dct:identifier", Letterale(editore_ipa)))
    for titolare in {i.titolare.id: i.titolare for i in insiemi}.values():
        uscite += _titolare(catalogo, titolare)
    for codice in {i.licenza for i in insiemi}:
        licenza = LICENZE[codice]
        uscite += [
            *_tipi(licenza.indirizzo, "dct:LicenseDocument", "dcatapit:LicenseDocument"),
            (licenza.indirizzo, "foaf:name", _it(licenza.nome)),
            (licenza.indirizzo, "owl:versionInfo", Letterale(licenza.versione)),
            (licenza.indirizzo, "dct:type", f"http://purl.org/adms/licencetype/{licenza.tipo}"),
        ]
    for questo in insiemi:
        uscite += _insieme(sito, questo)
    return uscite


def _di(catalogo: str, titolare: Titolare) -> str:
    return f"{catalogo}#{titolare.slug}"


def _titolare(catalogo: str, titolare: Titolare) -> list[Tripla]:
    chi = _di(catalogo, titolare)
    uscite: list[Tripla] = [
        *_tipi(chi, "foaf:Agent", "dcatapit:Agent"),
        (chi, "foaf:name", _it(f"{titolare.nome}, ente capofila {titolare.capofila}")),
    ]
    if titolare.codice_ipa:
        uscite.append((chi, "dct:identifier", Letterale(titolare.codice_ipa)))
    if titolare.contatto_dati:
        contatto = f"{chi}-contatto"
        uscite += [
            *_tipi(contatto, "vcard:Organization", "dcatapit:Organization"),
            (contatto, "vcard:fn", _it(titolare.nome)),
            (contatto, "vcard:hasEmail", f"mailto:{quote(titolare.contatto_dati, safe='@')}"),
        ]
    return uscite


def _insieme(sito: str, questo: Insieme) -> list[Tripla]:
    catalogo = f"{sito}/dati-aperti"
    qui, chi = f"{catalogo}/{questo.percorso}", _di(catalogo, questo.titolare)
    periodo = f"{qui}#periodo"
    uscite: list[Tripla] = [
        (catalogo, "dcat:dataset", qui),
        *_tipi(qui, "dcat:Dataset", "dcatapit:Dataset"),
        (qui, "dct:title", _it(questo.titolo)),
        (qui, "dct:description", _it(
            f"{questo.metodo} Fonte: {questo.fonte} Atto: {questo.atto}. Le celle con meno di "
            f"{questo.soglia} persone, e quelle da cui si ricaverebbero, sono soppresse."
        )),
        (qui, "dct:identifier", Letterale(questo.percorso)),
        (qui, "dct:issued", _giorno(questo.aperta_il)),
        (qui, "dct:modified", _giorno(questo.aperta_il)),
        (qui, "owl:versionInfo", Letterale(str(questo.versione))),
        (qui, "dcat:theme", TEMA),
        (qui, "dct:language", _LINGUA),
        (qui, "dct:accrualPeriodicity", _ANNUALE),
        (qui, "dct:rightsHolder", chi),
        (qui, "dct:publisher", chi),
        (qui, "dcat:landingPage", qui),
        (qui, "dct:temporal", periodo),
        *_tipi(periodo, "dct:PeriodOfTime"),
        (periodo, "dcat:startDate", Letterale(f"{questo.anno}-01-01", tipo="xsd:date")),
        (periodo, "dcat:endDate", Letterale(f"{questo.anno}-12-31", tipo="xsd:date")),
    ]  # fmt: skip
    if questo.titolare.contatto_dati:
        uscite.append((qui, "dcat:contactPoint", f"{chi}-contatto"))
    for formato, (codice, media) in FORMATI.items():
        file = f"{catalogo}/api/insiemi/{questo.percorso}/dati.{formato}"
        uscite += [
            (qui, "dcat:distribution", file),
            *_tipi(file, "dcat:Distribution", "dcatapit:Distribution"),
            (file, "dct:title", _it(f"{questo.titolo}: {codice}")),
            (file, "dct:description", _it(f"Tutte le cifre, una per riga, in {codice}.")),
            (file, "dcat:accessURL", qui),
            (file, "dcat:downloadURL", file),
            (file, "dct:format", f"{_AUTORITA}file-type/{codice}"),
            (file, "dcat:mediaType", f"https://www.iana.org/assignments/media-types/{media}"),
            (file, "dct:license", LICENZE[questo.licenza].indirizzo),
            (file, "dct:issued", _giorno(questo.aperta_il)),
            (file, "dct:modified", _giorno(questo.aperta_il)),
        ]
    return uscite


def _per_soggetto(quali: Iterable[Tripla]) -> dict[str, list[tuple[str, str | Letterale]]]:
    raccolte: dict[str, list[tuple[str, str | Letterale]]] = {}
    for soggetto, predicato, oggetto in quali:
        raccolte.setdefault(soggetto, []).append((predicato, oggetto))
    return raccolte


_FUGHE: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _in_turtle(cosa: str | Letterale) -> str:
    if isinstance(cosa, str):
        return f"<{cosa}>"
    detto = '"' + "".join(_FUGHE.get(c, c) for c in cosa.testo) + '"'
    if cosa.lingua:
        return f"{detto}@{cosa.lingua}"
    return f"{detto}^^{cosa.tipo}" if cosa.tipo else detto


def turtle(quali: Iterable[Tripla]) -> bytes:
    """As Turtle."""
    pezzi = [f"@prefix {p}: <{uno}> .\n" for p, uno in PREFISSI.items()]
    for soggetto, coppie in _per_soggetto(quali).items():
        corpo = " ;\n".join(f"  {predicato} {_in_turtle(oggetto)}" for predicato, oggetto in coppie)
        pezzi.append(f"\n<{soggetto}>\n{corpo} .\n")
    return "".join(pezzi).encode()


def rdf_xml(quali: Iterable[Tripla]) -> bytes:
    """As RDF/XML."""
    spazi = "".join(f"\n  xmlns:{p}={quoteattr(uno)}" for p, uno in PREFISSI.items())
    pezzi = [f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF{spazi}>\n']
    for soggetto, coppie in _per_soggetto(quali).items():
        pezzi.append(f"<rdf:Description rdf:about={quoteattr(soggetto)}>\n")
        for predicato, oggetto in coppie:
            if isinstance(oggetto, str):
                pezzi.append(f"  <{predicato} rdf:resource={quoteattr(oggetto)}/>\n")
                continue
            attributo = f" xml:lang={quoteattr(oggetto.lingua)}" if oggetto.lingua else ""
            if oggetto.tipo:
                prefisso, nome = oggetto.tipo.split(":")
                attributo = f" rdf:datatype={quoteattr(PREFISSI[prefisso] + nome)}"
            pezzi.append(f"  <{predicato}{attributo}>{escape(oggetto.testo)}</{predicato}>\n")
        pezzi.append("</rdf:Description>\n")
    return "".join((*pezzi, "</rdf:RDF>\n")).encode()


def json_ld(quali: Iterable[Tripla]) -> bytes:
    """As JSON-LD."""
    grafo = []
    for soggetto, coppie in _per_soggetto(quali).items():
        nodo: dict[str, Any] = {"@id": soggetto}
        for predicato, oggetto in coppie:
            if predicato == "rdf:type":
                nodo.setdefault("@type", []).append(oggetto)
                continue
            valore: dict[str, str] = {"@id": oggetto} if isinstance(oggetto, str) else {
                "@value": oggetto.testo,
                **({"@language": oggetto.lingua} if oggetto.lingua else {}),
                **({"@type": oggetto.tipo} if oggetto.tipo else {}),
            }  # fmt: skip
            nodo.setdefault(predicato, []).append(valore)
        grafo.append(nodo)
    return json.dumps({"@context": PREFISSI, "@graph": grafo}, ensure_ascii=False).encode()


SCRITTURE: Final = {
    "rdf": ("application/rdf+xml", rdf_xml),
    "ttl": ("text/turtle", turtle),
    "jsonld": ("application/ld+json", json_ld),
}
"""By the extension of the file: media type, and how it is written."""
