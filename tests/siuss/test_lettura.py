"""Existing SIUSS files: everything received comes out again, and what is hostile is refused."""

from __future__ import annotations

import base64
import gc
import io
import os
import re
from collections.abc import Iterator
from datetime import date
from itertools import chain
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tests.siuss.casi import BUONA, INTESTAZIONE, NS, assembla, documento, forme, prepara

from capofila.hooks.flussi import ErroreRiga, Preparatore
from capofila.hooks.lettori import FileNonLeggibile, RecordLetto
from capofila.siuss import (
    FLUSSI,
    FLUSSO_PRESTAZIONI,
    FLUSSO_SINBA,
    Lettura,
    controlla_intestazione,
    leggi,
    nome_file,
)

# Of the shape of a published sample, with faults of the same kinds: a wrong check digit in the
# person and in the operator, quotas short of the amount, a zero quota, amounts written as 0.0,
# a lone attribute before the others, blanks between the elements.
DI_PROVA = b"""<Flusso xmlns="http://inps.it/Casellario"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://inps.it/Casellario">
 <IdentificazioneFlusso Nome="Z999.PS.20240301.0000007">
  <Ente Denominazione="Ente di prova" Codice="Z999" CFOperatore="ZZZZZZ70A01Z999A" Indirizzo="Z999"/>
 </IdentificazioneFlusso>
 <!-- una persona di prova -->
 <Beneficiario CodiceFiscale="zzzyyy50b42z999z">
  <Anagrafica Nome="PROVA &quot;B&quot;" AnnoNascita="1950" Genere="2" CodiceCittadinanza="380"
     LuogoNascita="Z999" Cognome="D&apos;ESEMPIO"/>
  <Indirizzo CodiceComune="019036" CodiceNazione="380" CodiceRegione="10"/>
  <Indirizzo CodiceNazione="642"/>
  <PrestazioniSociali PresaCarico="1" AreaUtenza="2" CaratterePrestazione="1"
     DataInizioPrestazione="2024-01-10+01:00" ImportoMensile="150.5" ImportoQuotaEnte="100.0"
     ImportoQuotaUtente="20.25" ImportoQuotaSSN="0.0" PresenzaProvaMezzi="1"
     CodicePrestazione="A1.14" DenominazionePrestazione="Integrazione retta  di prova"
     ProtocolloDomanda="prova/1" OreServizioMensile="2.5" TipoOperazione="I">
   <SINA Mobilita="1" AttivitaVitaQuotidiana="2" DisturbiComportamentali="1" AreaReddituale="1"
      AreaSupporto="3" FonteDerivazioneValutazione="4" StrumentoValutazione="7">
    <NecessitaInterventiSociali>
     <CodicePrestazione>A2.17</CodicePrestazione>
     <CodicePrestazione>A2.18</CodicePrestazione>
    </NecessitaInterventiSociali>
    <InvaliditaCivile><InvCiv>2</InvCiv></InvaliditaCivile>
   </SINA>
  </PrestazioniSociali>
  <PrestazioniSociali PresaCarico="2" CaratterePrestazione="2" ImportoPrestazione="80.0"
     DataErogazionePrestazione="2024-02-01" PresenzaProvaMezzi="4" CodicePrestazione="A1.06"
     DenominazionePrestazione="Buoni spesa o buoni pasto" ProtocolloDomanda="prova/2"> </PrestazioniSociali>
 </Beneficiario>
</Flusso>
"""


def _prepara(lettura: Lettura, letti: list[RecordLetto]) -> tuple[list[ErroreRiga], list[str]]:
    flusso = next(f for f in FLUSSI if f.id == lettura.flusso_id)
    lotto = Preparatore(flusso, lettura.colonne).prepara([x.celle for x in letti])
    return lotto.errori, [e.codice for e in lotto.avvisi]


def _ricomponi(lettura: Lettura, letti: list[RecordLetto]) -> bytes:
    """The document as received, from the verbatim fragments."""
    pezzi = [lettura.testata.decode()]
    precedente: str | None = None
    for letto in letti:
        if letto.gruppo != precedente:
            pezzi += ["</Beneficiario>" if precedente else "", letto.gruppo or ""]
            precedente = letto.gruppo
        pezzi.append(letto.forma)
    return "".join([*pezzi, "</Beneficiario>" if precedente else "", "</Flusso>\n"]).encode()


def _albero(contenuto: bytes) -> object:
    """All that a document says: names, attributes in order, texts that are not blank."""

    def nodo(e: etree._Element) -> object:
        testo = (e.text or "") if (e.text or "").strip() else ""
        return (e.tag, list(e.attrib.items()), testo, [nodo(f) for f in e])

    return nodo(etree.fromstring(contenuto, etree.XMLParser(remove_comments=True)))


def test_il_flusso_di_prova_torna_attributo_per_attributo() -> None:
    lettura = leggi(io.BytesIO(DI_PROVA))
    letti = list(lettura)
    assert _albero(_ricomponi(lettura, letti)) == _albero(DI_PROVA)
    assert lettura.flusso_id == "siuss"
    assert lettura.intestazione.nome == "Z999.PS.20240301.0000007"
    assert lettura.intestazione.ente_denominazione == "Ente di prova"
    assert [x.linea for x in letti] == [16, 28]
    assert letti[0].gruppo == letti[1].gruppo
    assert letti[0].gruppo is not None
    assert letti[0].gruppo.startswith('<Beneficiario CodiceFiscale="zzzyyy50b42z999z"><Anagrafica')
    assert "\n" not in letti[0].forma


def test_i_difetti_del_flusso_di_prova_sono_segnalati() -> None:
    lettura = leggi(io.BytesIO(DI_PROVA))
    errori, avvisi = _prepara(lettura, list(lettura))
    assert [(e.riga, e.colonna, e.codice) for e in errori] == [
        (2, "codice_fiscale", "codice_fiscale_controllo"),
        (2, "importo_mensile", "siuss-quote-mensile"),
        (3, "codice_fiscale", "codice_fiscale_controllo"),
    ]
    assert "120,25" in errori[1].messaggio
    assert "150,50" in errori[1].messaggio
    assert avvisi == ["siuss-quota-ssn-zero"]
    assert [(e.riga, e.colonna) for e in controlla_intestazione(lettura.intestazione)] == [
        (1, "cf_operatore")
    ]


def test_le_scritture_che_solo_l_xml_ammette_si_leggono_per_quel_che_valgono() -> None:
    lettura = leggi(io.BytesIO(DI_PROVA))
    primo = dict(zip(lettura.colonne, next(iter(lettura)).celle, strict=True))
    assert primo["data_inizio"] == "2024-01-10"
    assert primo["importo_mensile"] == "150.50"
    assert primo["ore_mensili"] == "2.50"
    assert primo["altri_indirizzi"] == '[{"nazione":"642"}]'
    assert primo["sina_necessita_interventi_sociali"] == "A2.17 A2.18"
    assert (primo["comune_titolare"], primo["ente_erogatore"]) == ("Z999", "Z999")


@pytest.mark.parametrize(
    ("importo", "codice"),
    [("1.2340", "importo_ambiguo"), ("-1", "importo_negativo"), ("1e2", "importo_non_leggibile")],
)
def test_un_importo_impossibile_resta_quello_ricevuto_ed_e_segnalato(
    importo: str, codice: str
) -> None:
    contenuto = DI_PROVA.replace(b'"150.5"', f'"{importo}"'.encode())
    lettura = leggi(io.BytesIO(contenuto))
    letti = list(lettura)
    errori, _ = _prepara(lettura, letti)
    assert (2, "importo_mensile", codice) in [(e.riga, e.colonna, e.codice) for e in errori] or (
        codice == "importo_ambiguo" and any(e.codice == "importo_decimali" for e in errori)
    )
    assert f'ImportoMensile="{importo}"' in letti[0].forma


def test_un_prefisso_al_posto_dello_spazio_dei_nomi_predefinito_e_lo_stesso() -> None:
    testo = documento(FLUSSO_PRESTAZIONI, prepara(FLUSSO_PRESTAZIONI, BUONA)).decode()
    con_prefisso = re.sub(r"<(/?)(\w)", r"<\1i:\2", testo).replace("xmlns=", "xmlns:i=")
    assert "<i:Beneficiario" in con_prefisso
    attesi, letti = (list(leggi(io.BytesIO(t.encode()))) for t in (testo, con_prefisso))
    assert letti == [msgspec.structs.replace(x, linea=letti[i].linea) for i, x in enumerate(attesi)]


def test_quel_che_lo_schema_non_ha_e_tenuto_e_segnalato() -> None:
    contenuto = (
        DI_PROVA.replace(b'Mobilita="1"', b'Mobilita="1" Colore="ro&amp;sso"')
        .replace(b'CodiceNazione="642"', b'CodiceNazione="642" Via="Roma"')
        .replace(b'Codice="Z999"', b'Codice="Z999" Partita="1"')
        .replace(b"<InvCiv>2</InvCiv>", b"<InvCiv>2</InvCiv><Nota xmlns='urn:x' a='1'>x</Nota>")
        .replace(b'PresaCarico="2"', b'xsi:nil="false" xml:lang="it" PresaCarico="2"')
    )
    lettura = leggi(io.BytesIO(contenuto))
    letti = list(lettura)
    assert lettura.ignoti == ("Ente/@Partita",)
    assert letti[0].ignoti == ("Indirizzo/@Via", "SINA/@Colore", "InvaliditaCivile/Nota")
    assert letti[1].ignoti == ("Indirizzo/@Via", "PrestazioniSociali/@nil",
                               "PrestazioniSociali/@lang")  # fmt: skip
    assert _albero(_ricomponi(lettura, letti)) == _albero(contenuto)


_valore = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\t\n\r&<>\"'"), max_size=40
).filter(lambda t: "\ufffe" not in t and "\uffff" not in t)


@given(st.dictionaries(st.from_regex(r"[A-Z][a-z]{1,8}", fullmatch=True), _valore, max_size=6),
       st.dictionaries(st.sampled_from(["CodicePrestazione", "ImportoMensile", "DataEvento"]),
                       _valore, max_size=3))  # fmt: skip
def test_qualunque_valore_ricevuto_torna_uguale(
    ignoti: dict[str, str], noti: dict[str, str]
) -> None:
    radice = etree.fromstring(DI_PROVA)
    prestazione = radice.find(f".//{NS}PrestazioniSociali")
    assert prestazione is not None
    for nome, valore in {**ignoti, **noti}.items():
        prestazione.set(nome, valore)
    contenuto = etree.tostring(radice, encoding="utf-8", xml_declaration=True)
    lettura = leggi(io.BytesIO(contenuto))
    letti = list(lettura)
    assert _albero(_ricomponi(lettura, letti)) == _albero(contenuto)


def _con_prologo(prologo: bytes) -> bytes:
    return prologo + DI_PROVA


_BOMBA = b'<!DOCTYPE Flusso [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
) + b"]>"  # fmt: skip


@pytest.mark.parametrize(
    ("contenuto", "codice", "nel_messaggio"),
    [
        (b"", "non_xml", "vuoto"),
        (b"comune_titolare;codice_fiscale\n", "non_xml", "XML"),
        (b"PK\x03\x04\x00\x00", "non_xml", "XML"),
        (b"\x00" * 100, "non_xml", "XML"),
        (b"<?xml version='1.0' encoding='klingon'?><Flusso/>", "non_xml", "XML"),
        (b"<!-- " + b"x" * 200_000 + b" --><Flusso/>", "non_xml", "XML"),
        (b"<html><body/></html>", "radice", "«html»"),
        (b"<Flusso/>", "spazio_nomi", "http://inps.it/Casellario"),
        (b'<Flusso xmlns="http://inps.it/casellario"/>', "spazio_nomi", "inps.it/casellario"),
        (b'<Flusso xmlns="http://inps.it/Casellario"/>', "identificazione", "IdentificazioneFlusso"),
        (b'<Flusso xmlns="http://inps.it/Casellario"><Beneficiario/></Flusso>', "identificazione",
         "IdentificazioneFlusso"),
        (b'<Flusso xmlns="http://inps.it/Casellario"><IdentificazioneFlusso/></Flusso>', "flusso_vuoto",
         "nulla da importare"),
        (_con_prologo(b"<!DOCTYPE Flusso>"), "dtd", "DOCTYPE"),
        (_con_prologo(b'<!DOCTYPE Flusso SYSTEM "http://example.org/x.dtd">'), "dtd", "DOCTYPE"),
        (_con_prologo(_BOMBA), "dtd", "DOCTYPE"),
        (_con_prologo(b'<!DOCTYPE Flusso [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "dtd",
         "DOCTYPE"),
        (DI_PROVA[:1500], "xml_malformato", "riga"),
        (DI_PROVA.replace(b"</SINA>", b"</SINO>"), "xml_malformato", "riga 24"),
        (DI_PROVA.replace(b'"prova/1"', b'"&ignota;"'), "xml_malformato", "riga"),
        (DI_PROVA.replace(b"</Beneficiario>", b"<Indirizzo CodiceNazione='380'/></Beneficiario>"),
         "ordine", "«Indirizzo»"),
        (DI_PROVA.replace(b"</Flusso>", b"<Altro/></Flusso>"), "ordine", "«Altro»"),
        (DI_PROVA.replace(b"</Flusso>", b"<Beneficiario/></Flusso>"), "beneficiario_vuoto",
         "non ha prestazioni"),
        (DI_PROVA.replace(b'"prova/1"', b'"%s"' % (b"x" * 5000)), "limiti", "4000"),
        (DI_PROVA.replace(b"A2.17", b"x" * 5000), "limiti", "testo"),
        (DI_PROVA.replace(b"A2.17", b"<a>" * 30 + b"</a>" * 30), "limiti", "annidati"),
        (DI_PROVA.replace(b"A2.17", b"<a/>" * 3000), "limiti", "elementi"),
        (DI_PROVA.replace(b'"prova/1"', b'"prova/1" ' + b" ".join(
            b'a%d="1"' % n for n in range(300))), "limiti", "attributi"),
    ],
    ids=lambda valore: valore if isinstance(valore, str) else "",
)  # fmt: skip
def test_un_file_che_non_va_e_rifiutato_con_un_messaggio_e_il_posto(
    contenuto: bytes, codice: str, nel_messaggio: str
) -> None:
    with pytest.raises(FileNonLeggibile) as caso:
        list(leggi(io.BytesIO(contenuto)))
    assert caso.value.codice == codice
    assert nel_messaggio in caso.value.messaggio


@pytest.mark.parametrize("codifica", ["utf-16", "iso-8859-1", "utf-8-sig"])
def test_le_codifiche_dichiarate_si_leggono(codifica: str) -> None:
    dichiarata = codifica.removesuffix("-sig").upper()
    testo = DI_PROVA.decode().replace("PROVA &quot;B&quot;", "Nicolò")
    contenuto = f'<?xml version="1.0" encoding="{dichiarata}"?>{testo}'.encode(codifica)
    assert 'Nome="Nicolò"' in (next(iter(leggi(io.BytesIO(contenuto)))).gruppo or "")


class _Lungo(io.RawIOBase):
    """A file of many persons, made while it is read."""

    def __init__(self, persone: int, prestazioni: int) -> None:
        lotto = prepara(FLUSSO_PRESTAZIONI, BUONA)
        tracciato = FLUSSO_PRESTAZIONI.tracciato
        (gruppo,), (riga,) = forme(FLUSSO_PRESTAZIONI, lotto)
        assert gruppo is not None
        persona = [
            gruppo.encode(),
            *[f"{riga}\n".encode()] * prestazioni,
            tracciato.chiusura_gruppo().encode(),
        ]
        self._pezzi: Iterator[bytes] = chain(
            [tracciato.testata(INTESTAZIONE)], *[persona] * persone, [tracciato.coda()]
        )
        self._resto = b""

    def read(self, quanti: int = -1) -> bytes:
        while len(self._resto) < quanti:
            pezzo = next(self._pezzi, None)
            if pezzo is None:
                break
            self._resto += pezzo
        uscita, self._resto = self._resto[:quanti], self._resto[quanti:]
        return uscita


@pytest.mark.parametrize(("persone", "prestazioni"), [(12_000, 1), (1, 12_000)])
def test_la_memoria_non_cresce_con_il_file(persone: int, prestazioni: int) -> None:
    def picco(fattore: int) -> int:
        gc.collect()
        proprie = Path("/proc/self/statm")
        prima = int(proprie.read_text().split()[1])
        massimo = conta = 0
        for _ in leggi(_Lungo(max(persone // fattore, 1), max(prestazioni // fattore, 1))):  # type: ignore[arg-type]
            conta += 1
            if conta % 500 == 0:
                massimo = max(massimo, int(proprie.read_text().split()[1]) - prima)
        assert conta == persone * prestazioni // fattore
        return massimo * os.sysconf("SC_PAGE_SIZE")

    picco(12)
    # The tree is libxml2's memory: resident pages are measured. 12,000 elements kept would take
    # more than 20 MiB.
    assert picco(1) < 8 * 1024 * 1024


def test_il_nome_del_flusso_e_del_file_seguono_la_regola_di_inps() -> None:
    nome = FLUSSO_PRESTAZIONI.nome("D142", date(2025, 1, 31), 12)
    assert nome == "D142.PS.20250131.0000012"
    assert nome_file(nome) == "D142.PS.20250131.0000012.xml"
    assert nome_file("../x y") == ".._x_y.xml"
    sinba = FLUSSO_SINBA.nome("D142", date(2025, 1, 31), 1)
    assert sinba == "D142.SINBA.20250131.0000001"
    for flusso, suo in ((FLUSSO_PRESTAZIONI, nome), (FLUSSO_SINBA, sinba)):
        assert suo.startswith(flusso.serie("D142", date(2025, 1, 31)))
        assert flusso.regola_nome is not None
        assert "2.0.1" in flusso.regola_nome.fonte
        mia = msgspec.structs.replace(INTESTAZIONE, nome=suo, ente_codice="D142")
        assert controlla_intestazione(mia) == []
    for codice, progressivo in (("", 1), ("D.142", 1), ("x" * 33, 1), ("D142", 0), ("D142", 10**7)):
        with pytest.raises(ValueError, match=r"number|ente|longer"):
            FLUSSO_PRESTAZIONI.nome(codice, date(2025, 1, 31), progressivo)


@pytest.mark.parametrize(
    ("cambi", "attesi"),
    [
        ({}, []),
        ({"nome": ""}, [("nome", "nome_flusso")]),
        ({"nome": "D142.PS.20251331.0000001"}, [("nome", "nome_flusso")]),
        ({"nome": "D142.PS.ENTE.20160423.1"}, [("nome", "nome_flusso")]),
        ({"nome": "D150.PS.20250131.0000001"}, [("nome", "nome_flusso_ente")]),
        ({"ente_codice": "AZIENDA", "nome": "AZIENDA.PS.20250131.0000001"},
         [("ente_codice", "belfiore")]),
        ({"ente_indirizzo": ""}, [("ente_indirizzo", "belfiore")]),
        ({"ente_denominazione": ""}, []),
        ({"ente_denominazione": "x" * 101}, [("ente_denominazione", "lunghezza")]),
        ({"cf_operatore": ""}, [("cf_operatore", "obbligatorio")]),
        ({"cf_operatore": "RSSMRA80A41D142A"}, [("cf_operatore", "codice_fiscale_controllo")]),
    ],
    ids=str,
)  # fmt: skip
def test_i_difetti_dell_intestazione(cambi: dict[str, str], attesi: list[tuple[str, str]]) -> None:
    errori = controlla_intestazione(msgspec.structs.replace(INTESTAZIONE, **cambi))
    assert [(e.colonna, e.codice) for e in errori] == attesi
    assert all(e.riga == 1 for e in errori)


def _esempi_inps() -> list[bytes]:
    """The samples in the OpenAPI of the receiver, when ``CAPOFILA_SIUSS_ESEMPI`` has it."""
    cartella = os.environ.get("CAPOFILA_SIUSS_ESEMPI")
    if not cartella:
        return []
    testo = (Path(cartella) / "api-comuni.yaml").read_text(encoding="utf-8")
    blocchi = re.findall(r"[A-Za-z0-9+/=\n ]{400,}", testo)
    return [base64.b64decode(re.sub(r"\s", "", blocco)) for blocco in blocchi]


@pytest.mark.skipif(
    not os.environ.get("CAPOFILA_SIUSS_ESEMPI"), reason="CAPOFILA_SIUSS_ESEMPI is not set"
)
def test_i_tre_esempi_di_inps_tornano_uguali_e_con_i_loro_difetti() -> None:
    trovati = []
    for contenuto in _esempi_inps():
        lettura = leggi(io.BytesIO(contenuto))
        letti = list(lettura)
        assert _albero(_ricomponi(lettura, letti)) == _albero(contenuto)
        assert lettura.ignoti == ()
        assert all(x.ignoti == () for x in letti)
        errori, _ = _prepara(lettura, letti)
        testa = controlla_intestazione(lettura.intestazione)
        trovati.append((lettura.flusso_id, len(letti), sorted({e.codice for e in errori}),
                        [e.codice for e in testa]))  # fmt: skip
    assert trovati == [
        ("siuss", 3, ["codice_fiscale_controllo", "siuss-quote-mensile"],
         ["codice_fiscale_controllo"]),
        ("siuss-sinba", 1, ["sinba-residenza-regione"], []),
        ("siuss", 1, ["siuss-fine-altro-anno", "siuss-quote-mensile"], ["nome_flusso"]),
    ]  # fmt: skip


def test_le_forme_ricevute_e_quelle_nostre_stanno_nello_stesso_file() -> None:
    nostra = prepara(FLUSSO_PRESTAZIONI, BUONA)
    letti = list(leggi(io.BytesIO(DI_PROVA)))
    (gruppo,), (riga,) = forme(FLUSSO_PRESTAZIONI, nostra)
    tutte = [*((x.gruppo, x.forma) for x in letti), (gruppo, riga)]
    tornati = list(leggi(io.BytesIO(assembla(FLUSSO_PRESTAZIONI, tutte))))
    assert [(x.gruppo, x.forma) for x in tornati] == tutte
