"""Flows as an old software would write them, of the shape of the published ones."""

from __future__ import annotations

from lxml import etree
from tests.prestazioni.casi import codice_fiscale

BUONO = f"""<?xml version="1.0" encoding="UTF-8"?>
<Flusso xmlns="http://inps.it/Casellario"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://inps.it/Casellario x.xsd">
 <IdentificazioneFlusso Nome="D142.PS.20250301.0000007">
  <Ente Denominazione="Comune di &quot;Crema&quot; &amp; C." Codice="D142" CFOperatore="RSSMRA80A41D142Q" Indirizzo="D142"/>
 </IdentificazioneFlusso>
 <Beneficiario CodiceFiscale="{codice_fiscale(1)}">
  <Anagrafica Nome="Zoë" AnnoNascita="1980" Genere="2" CodiceCittadinanza="380"
     LuogoNascita="D142" Cognome="D&apos;ESEMPIO \\N 李"/>
  <Indirizzo CodiceComune="019036" CodiceNazione="380" CodiceRegione="10"/>
  <Indirizzo CodiceNazione="642"/>
  <PrestazioniSociali PresaCarico="1" AreaUtenza="2" CaratterePrestazione="1"
     DataInizioPrestazione="2025-01-10+01:00" ImportoMensile="150.5" ImportoQuotaEnte="130.250"
     ImportoQuotaUtente="20.25" PresenzaProvaMezzi="1"
     CodicePrestazione="A1.14" DenominazionePrestazione="Integrazione  retta di prova"
     ProtocolloDomanda="prova/1" OreServizioMensile="2.50" TipoOperazione="I">
   <SINA Mobilita="1" AttivitaVitaQuotidiana="2" DisturbiComportamentali="1" AreaReddituale="1"
      AreaSupporto="3" FonteDerivazioneValutazione="4" StrumentoValutazione="7">
    <NecessitaInterventiSociali>
     <CodicePrestazione>A2.17</CodicePrestazione>
     <CodicePrestazione>A2.18</CodicePrestazione>
    </NecessitaInterventiSociali>
    <InvaliditaCivile><InvCiv>2</InvCiv></InvaliditaCivile>
   </SINA>
  </PrestazioniSociali>
  <PrestazioniSociali PresaCarico="2" CaratterePrestazione="2" ImportoPrestazione="80.00"
     DataErogazionePrestazione="2025-02-01" PresenzaProvaMezzi="4" CodicePrestazione="A1.06"
     DenominazionePrestazione="Buoni spesa o buoni pasto" ProtocolloDomanda="prova/2"> </PrestazioniSociali>
 </Beneficiario>
 <Beneficiario CodiceFiscale="{codice_fiscale(2).lower()}">
  <Anagrafica Cognome="Rossi" Nome="Maria" AnnoNascita="1980" LuogoNascita="D142" Genere="2"
     CodiceCittadinanza="380"/>
  <Indirizzo CodiceNazione="642"/>
  <PrestazioniSociali PresenzaProvaMezzi="4" CaratterePrestazione="2" ImportoPrestazione="1"
     DataErogazionePrestazione="2025-03-01" CodicePrestazione="A1.06"
     DenominazionePrestazione="Buoni spesa o buoni pasto" ProtocolloDomanda="3" PresaCarico="2"/>
 </Beneficiario>
</Flusso>
""".encode()  # noqa: E501
"""Keeps every rule; writes amounts, dates and blanks in its own way."""

DIFETTOSO = (
    BUONO.replace(codice_fiscale(1).encode(), b"zzzyyy50b42z999z")
    .replace(b'ImportoQuotaEnte="130.250"', b'ImportoQuotaEnte="100.0" Vecchio="si"')
    .replace(b'ProtocolloDomanda="prova/1"', b'ProtocolloDomanda="prova/1&#10;&#9;bis"')
    .replace(b'ProtocolloDomanda="3"', b'ProtocolloDomanda=""')
    .replace(b'CFOperatore="RSSMRA80A41D142Q"', b'CFOperatore="ZZZZZZ70A01Z999A"')
    .replace(b">A2.17<", b">\n\tA2.17\n<")
    .replace(b"0000007", b"0000008")
)
"""The faults that real ones have: test persons, quotas that do not add up, an unknown attribute."""

SINBA = b"""<Flusso xmlns="http://inps.it/Casellario">
 <IdentificazioneFlusso Nome="D142.SINBA.20250301.0000001">
  <Ente Codice="D142" Denominazione="Comune di Crema" Indirizzo="D142" CFOperatore="RSSMRA80A41D142Q"/>
 </IdentificazioneFlusso>
 <SINBA IDBeneficiario="M-0002" MinoreStranieroNoAcc="2" CondizioneMinore="1" LuogoVita="1"
   ScuolaFrequentata="5" CondizioneLavoro="1" Disabilita="2" DataPrimaSegnalazione="03/2024"
   FonteSegnalazione="13" ValutazioneMinore="1" ValutazioneFamigliaMinore="2"
   SegnalazioneAutoritaGiudiziaria="2" ProvvedimentoGiudiziario="2" FasciaEtaBeneficiario="3"
   AnnoNascita="2017" CodiceRegioneResidenza="10" CodiceNazioneResidenza="380">
  <Prestazioni><CodicePrestazione>A2.02</CodicePrestazione></Prestazioni>
  <Famiglia><ComposizioneFamiglia>1</ComposizioneFamiglia><ComposizioneFamiglia>3</ComposizioneFamiglia></Famiglia>
 </SINBA>
 <SINBA IDBeneficiario="M-0001" MinoreStranieroNoAcc="2" CondizioneMinore="1" LuogoVita="1"
   ScuolaFrequentata="5" CondizioneLavoro="1" Disabilita="2" DataPrimaSegnalazione="03/2024"
   FonteSegnalazione="13" ValutazioneMinore="1" ValutazioneFamigliaMinore="2"
   SegnalazioneAutoritaGiudiziaria="2" ProvvedimentoGiudiziario="2" FasciaEtaBeneficiario="3"
   AnnoNascita="2017" CodiceRegioneResidenza="10" CodiceNazioneResidenza="380" NumeroComponentiISEE="4">
  <Prestazioni><CodicePrestazione>A2.02</CodicePrestazione></Prestazioni>
  <Famiglia><ComposizioneFamiglia>1</ComposizioneFamiglia></Famiglia>
 </SINBA>
</Flusso>
"""


def albero(contenuto: bytes) -> object:
    """All that a document says: names, attributes in order, texts that are not blank."""

    def nodo(e: etree._Element) -> object:
        testo = (e.text or "") if (e.text or "").strip() else ""
        return (e.tag, list(e.attrib.items()), testo, [nodo(f) for f in e])

    return nodo(etree.fromstring(contenuto, etree.XMLParser(remove_comments=True)))


def record(contenuto: bytes, senza: str = "") -> list[object]:
    """The persons of a flow, whatever their order."""
    _, _, _, figli = albero(contenuto)  # type: ignore[misc]
    return sorted(figli[1:], key=repr)
