"""Records, documents and an independent check of the SIUSS files, for the tests of the flows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec
from hypothesis import strategies as st
from lxml import etree

from capofila.hooks.campi import carattere_controllo
from capofila.hooks.flussi import Flusso, IntestazioneFlusso, LottoPreparato, Preparatore
from capofila.siuss import FLUSSO_PRESTAZIONI, FLUSSO_SINBA, PRESTAZIONI
from capofila.siuss.nomenclatore import lista_con_evento, lista_solo_in_carico
from capofila.siuss.prestazioni import SINA_OBBLIGATORI

NS = "{http://inps.it/Casellario}"
SOLO_IN_CARICO = {voce.codice for voce in lista_solo_in_carico().voci}
CON_DATA_EVENTO = {voce.codice for voce in lista_con_evento().voci}

INTESTAZIONE = IntestazioneFlusso(
    "D142.PS.20250131.0000001", "D142", "Comune di Crema", "D142", "RSSMRA80A41D142Q"
)

BUONA: Mapping[str, str] = {
    "comune_titolare": "D142",
    "ente_erogatore": "Comunità Sociale Cremasca",
    "codice_fiscale": "RSSMRA80A41D142Q",
    "cognome": "Rossi",
    "nome": "Maria",
    "anno_nascita": "1980",
    "luogo_nascita": "D142",
    "genere": "F",
    "cittadinanza": "380",
    "comune_residenza": "019035",
    "codice_prestazione": "A2.07",
    "protocollo_domanda": "2025/1",
    "prova_mezzi": "1",
    "carattere": "periodica",
    "data_inizio": "2025-01-01",
    "data_fine": "2025-12-31",
    "importo_mensile": "312,40",
    "quota_ente": "200,00",
    "quota_utente": "112,40",
    "presa_in_carico": "si",
    "area_utenza": "1",
}
"""A good row, as an officer would write it."""

MINORE: Mapping[str, str] = {
    "comune_titolare": "D142",
    "id_beneficiario": "M-0001",
    "minore_straniero_no_acc": "no",
    "condizione_minore": "1",
    "luogo_vita": "1",
    "scuola_frequentata": "5",
    "condizione_lavoro": "1",
    "disabilita": "no",
    "data_prima_segnalazione": "03/2024",
    "fonte_segnalazione": "13",
    "valutazione_minore": "1",
    "valutazione_famiglia_minore": "2",
    "segnalazione_autorita_giudiziaria": "no",
    "provvedimento_giudiziario": "no",
    "fascia_eta_beneficiario": "3",
    "anno_nascita": "2017",
    "codice_regione_residenza": "10",
    "codice_nazione_residenza": "380",
    "prestazioni": "A2.02 A2.11",
    "composizione_famiglia": "1 3",
}


def prepara(flusso: Flusso, *righe: Mapping[str, str | None]) -> LottoPreparato:
    """Prepare records given by field."""
    colonne = [campo.nome for campo in flusso.campi]
    return Preparatore(flusso, colonne).prepara(
        [[riga.get(colonna) or "" for colonna in colonne] for riga in righe]
    )


def documento(flusso: Flusso, lotto: LottoPreparato) -> bytes:
    """The whole file of a lot without errors, one gruppo after another as an export does."""
    return assembla(flusso, zip(*forme(flusso, lotto), strict=True))


def forme(flusso: Flusso, lotto: LottoPreparato) -> tuple[list[str | None], list[str | None]]:
    """The fragments of a lot: gruppo and riga."""
    return Preparatore(flusso, ()).rendi(lotto)


def assembla(flusso: Flusso, forme: Iterable[tuple[str | None, str | None]]) -> bytes:
    tracciato, pezzi, precedente = flusso.tracciato, [], None
    for gruppo, riga in forme:
        assert riga is not None
        if gruppo != precedente:
            pezzi += [tracciato.chiusura_gruppo() if precedente else "", gruppo or ""]
            precedente = gruppo
        pezzi.append(riga)
    pezzi.append(tracciato.chiusura_gruppo() if precedente else "")
    return tracciato.testata(INTESTAZIONE) + "".join(pezzi).encode() + tracciato.coda()


# The shape of the two files written down a second time, by hand, from the schemas: attribute,
# pattern, and ! where it is mandatory. It shares nothing with the declared fields on purpose.
_CF = r"[A-Za-z]{6}\d{2}[A-Za-z]\d{2}[A-Za-z][A-Za-z0-9]{3}[A-Za-z]|\d{11} {0,5}"
_GIORNO, _EURO = r"\d{4}-\d\d-\d\d", r"\d+(\.\d+)?"
_FORME: dict[str, dict[str, str]] = {
    "Flusso": {},
    "IdentificazioneFlusso": {"Nome!": r".{0,50}"},
    "Ente": {"Codice!": r".{1,32}", "Denominazione": r".{1,100}", "Indirizzo!": r".{4}",
             "CFOperatore!": _CF},
    "Beneficiario": {"CodiceFiscale!": _CF},
    "Anagrafica": {"Cognome!": r".{1,36}", "Nome!": r".{1,36}", "AnnoNascita!": r"\d{4}",
                   "LuogoNascita!": r".{4}", "Genere!": "[12]", "CodiceCittadinanza!": r"\d{3}",
                   "CodiceSecondaCittadinanza": r"\d{3}"},
    "Indirizzo": {"CodiceRegione": r"\d\d", "CodiceComune": r"\d{6}", "CodiceNazione!": r"\d{3}"},
    "PrestazioniSociali": {
        "TipoOperazione": "[IC]", "PresenzaProvaMezzi!": "[1-4]", "CaratterePrestazione": "[12]",
        "NumeroProtocolloDSU": r".{0,30}", "AnnoProtocolloDSU": r"\d{4}", "DataDSU": _GIORNO,
        "CodicePrestazione!": r".{5,10}", "DenominazionePrestazione!": r".{10,200}",
        "ProtocolloDomanda!": r".{1,32}", "DataEvento": _GIORNO, "DataInizioPrestazione": _GIORNO,
        "DataFinePrestazione": _GIORNO, "DataErogazionePrestazione": _GIORNO,
        "ImportoPrestazione": _EURO, "PeriodoErogazione": r"[1-9]|1[0-2]", "ImportoMensile": _EURO,
        "ImportoQuotaEnte": _EURO, "ImportoQuotaUtente": _EURO, "ImportoQuotaSSN": _EURO,
        "ImportoQuotaRichiesta": _EURO, "ImportoSogliaISEE": _EURO,
        "OreServizioMensile": r"\d+\.[0-5]\d", "PresaCarico!": "[12]", "AreaUtenza": "[1-3]"},
    "SINA": {"Mobilita!": "[1-3]", "AttivitaVitaQuotidiana!": "[1-3]",
             "DisturbiAreaCognitiva": "[1-3]", "DisturbiComportamentali!": "[12]",
             "NecessitaCureSanitarie": "[1-3]", "AreaReddituale!": "[1-3]",
             "AreaSupporto!": "[1-3]", "FonteDerivazioneValutazione!": "[1-4]",
             "StrumentoValutazione!": "[1-7]", "FonteDerivazioneInvalidita": "[12]"},
    "SINBA": {
        "IDBeneficiario!": ".{1,20}", "MinoreStranieroNoAcc!": "[12]", "CondizioneMinore!": "[1-5]",
        "LuogoVita!": "[1-8]", "ScuolaFrequentata!": "[1-8]", "CondizioneLavoro!": "[1-4]",
        "Disabilita!": "[12]", "TipoDisabilita": "[1-4]", "InvCivCertificazioni": "[1-5]",
        "CodiceCittadinanzaPadre": r"\d{3}", "CodiceCittadinanzaMadre": r"\d{3}",
        "CodiceRegioneResidenzaPadre": r"\d\d", "CodiceRegioneResidenzaMadre": r"\d\d",
        "TitoloStudioPadre": "[1-6]", "TitoloStudioMadre": "[1-6]", "OccupazionePadre": "[1-8]",
        "OccupazioneMadre": "[1-8]", "DataPrimaSegnalazione!": r"(0[1-9]|1[0-2])/(19|20)\d\d",
        "FonteSegnalazione!": "[1-9]|1[0-4]", "ValutazioneMinore!": "[1-9]|1[0-3]",
        "ValutazioneFamigliaMinore!": "[1-9]|1[0-3]", "SegnalazioneAutoritaGiudiziaria!": "[12]",
        "DataSegnalazione": r"(0[1-9]|1[0-2])/(19|20)\d\d", "ProvvedimentoGiudiziario!": "[12]",
        "DataProvvedimentoGiudiziario": r"(0[1-9]|1[0-2])/(19|20)\d\d",
        "AutoritaProvvedimento": "[1-4]", "PotestaTutela": "[1-5]",
        "TipoProvvedimentoGiudiziario": "[1-8]", "FormaInterventoAffido": "[12]",
        "TipoInterventoAffido": "[12]", "DurataAffido": "[12]", "CarattereAffido": "[12]",
        "EsitoAffido": "[1-9]", "CarattereInserimentoResidenziale": "[1-9]|10",
        "FormaInserimentoResidenziale": "[12]", "TipoInserimentoResidenziale": "[12]",
        "EsitoInserimentoStruttura": "[1-9]", "MotivazioneChiusuraCarico": "[1-9]",
        "SituazioneChiusuraCarico": "[1-8]", "CollaborazioniInterventi": "[1-9]",
        "NumeroComponentiISEE": "[1-9]", "FasciaEtaBeneficiario!": "[1-6]",
        "FasciaISEEBeneficiario": "[1-8]", "AnnoNascita!": r"\d{4}",
        "CodiceRegioneResidenza": r"\d\d", "CodiceNazioneResidenza!": r"\d{3}"},
}  # fmt: skip
_FIGLI: dict[str, str] = {
    "Flusso": "IdentificazioneFlusso ((Beneficiario )+|(SINBA )+)",
    "IdentificazioneFlusso": "Ente ",
    "Beneficiario": "Anagrafica (Indirizzo ){1,5}(PrestazioniSociali )+",
    "PrestazioniSociali": "(SINA )?",
    "SINA": "(NecessitaInterventiSociali )?(InvaliditaCivile )?",
    "SINBA": "Prestazioni Famiglia ",
    "NecessitaInterventiSociali": "(CodicePrestazione )+",
    "Prestazioni": "(CodicePrestazione )+",
    "InvaliditaCivile": "(InvCiv )+",
    "Famiglia": "(ComposizioneFamiglia )+",
}
_TESTI = {"CodicePrestazione": ".{5,10}", "InvCiv": "[1-8]", "ComposizioneFamiglia": "[1-6]"}


def difetti_di_forma(contenuto: bytes) -> list[str]:
    """What in a document does not have the shape that the receiver wants."""
    difetti: list[str] = []
    for elemento in etree.fromstring(contenuto).iter():
        nome = str(elemento.tag).removeprefix(NS)
        forme = {k.rstrip("!"): v for k, v in _FORME.get(nome, {}).items()}
        for attributo, valore in elemento.attrib.items():
            forma = forme.get(str(attributo))
            if forma is None or not re.fullmatch(forma, str(valore), re.DOTALL):
                difetti.append(f"{nome}/@{attributo!s}={valore!r}")
        for obbligatorio in (k[:-1] for k in _FORME.get(nome, {}) if k.endswith("!")):
            if obbligatorio not in elemento.attrib:
                difetti.append(f"{nome} senza {obbligatorio}")
        figli = "".join(str(f.tag).removeprefix(NS) + " " for f in elemento)
        if not re.fullmatch(_FIGLI.get(nome, ""), figli):
            difetti.append(f"{nome} contiene {figli}")
        testo = elemento.text or ""
        if not re.fullmatch(_TESTI.get(nome, r"\s*"), testo):
            difetti.append(f"{nome}: testo {testo!r}")
    return difetti


def schema_inps(nome: str) -> etree.XMLSchema | None:
    """The INPS schema, when ``CAPOFILA_SIUSS_XSD`` names it or its folder."""
    dato = os.environ.get("CAPOFILA_SIUSS_XSD")
    if not dato:
        return None
    percorso = Path(dato) / nome if Path(dato).is_dir() else Path(dato).parent / nome
    return etree.XMLSchema(etree.parse(str(percorso)))


def controlla_schema(contenuto: bytes, nome: str) -> None:
    """Our own shape always; the INPS schema when it is given."""
    assert difetti_di_forma(contenuto) == []
    schema = schema_inps(nome)
    if schema is not None:
        schema.assertValid(etree.fromstring(contenuto))


_LETTERE = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_nomi = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Cn", "Co", "Zl", "Zp")),
    min_size=1, max_size=12,
).map(str.strip).filter(lambda t: t and t[0] not in "=+-@")  # fmt: skip


@st.composite
def codici_fiscali(estrai: st.DrawFn) -> tuple[str, str, str, str]:
    """A codice fiscale with year, place and gender; omocodia in the place at times."""
    anno = estrai(st.integers(1930, 1999))
    genere = estrai(st.sampled_from("MF"))
    giorno = estrai(st.integers(1, 28)) + (40 if genere == "F" else 0)
    luogo = "D" + estrai(st.integers(100, 999).map(str))
    scritto = luogo
    if estrai(st.booleans()):
        scritto = luogo[:3] + "LMNPQRSTUV"[int(luogo[3])]
    lettere = "".join(estrai(st.lists(_LETTERE, min_size=6, max_size=6)))
    mese = estrai(st.sampled_from("ABCDEHLMPRST"))
    primi = f"{lettere}{anno % 100:02d}{mese}{giorno:02d}{scritto}"
    return primi + carattere_controllo(primi), str(anno), luogo, genere


def _cent(c: int) -> str:
    return f"{c // 100}.{c % 100:02d}"


@st.composite
def prestazioni_valide(estrai: st.DrawFn) -> dict[str, str]:
    """A record, in canonical form, that keeps every rule."""
    cf, anno, luogo, genere = estrai(codici_fiscali())
    prestazione = estrai(st.sampled_from(PRESTAZIONI))
    record = {
        "comune_titolare": "D142", "ente_erogatore": "D142", "codice_fiscale": cf,
        "cognome": estrai(_nomi), "nome": estrai(_nomi), "anno_nascita": anno,
        "luogo_nascita": luogo, "genere": genere,
        "cittadinanza": estrai(st.integers(4, 990).map(lambda n: f"{n:03d}")),
        "codice_prestazione": prestazione.codice,
        "denominazione_prestazione": prestazione.denominazione or "Intervento non denominato",
        "protocollo_domanda": estrai(_nomi), "prova_mezzi": estrai(st.sampled_from("1234")),
        "tipo_operazione": estrai(st.sampled_from("IC")),
    }  # fmt: skip
    if estrai(st.booleans()):
        record |= {"comune_residenza": "019035", "nazione_residenza": "380",
                   "regione_residenza": "10"}  # fmt: skip
    else:
        record["nazione_residenza"] = "642"
    inizio = estrai(st.dates(date(2020, 1, 1), date(2026, 6, 30)))
    importo = estrai(st.integers(1, 500_000))
    if estrai(st.booleans()):
        record |= {"carattere": "periodica", "data_inizio": inizio.isoformat(),
                   "importo_mensile": _cent(importo)}  # fmt: skip
        if estrai(st.booleans()):
            record["data_fine"] = f"{inizio.year}-12-31"
            record["periodo_erogazione"] = estrai(st.integers(1, 12).map(str))
    else:
        record |= {"carattere": "occasionale", "data_erogazione": inizio.isoformat(),
                   "importo": _cent(importo)}  # fmt: skip
    if estrai(st.booleans()):
        utente = estrai(st.integers(0, importo - 1))
        record |= {"quota_ente": _cent(importo - utente), "quota_utente": _cent(utente)}
    if estrai(st.booleans()):
        record |= {"dsu_protocollo": estrai(_nomi), "dsu_anno": str(inizio.year),
                   "dsu_data": inizio.isoformat(), "soglia_isee": "20000.00"}  # fmt: skip
    if prestazione.codice in CON_DATA_EVENTO:
        record["data_evento"] = inizio.isoformat()
    if prestazione.codice in SOLO_IN_CARICO or estrai(st.booleans()):
        record |= {"presa_in_carico": "si", "area_utenza": estrai(st.sampled_from("123"))}
    else:
        record["presa_in_carico"] = "no"
    if estrai(st.booleans()):
        record["ore_mensili"] = f"{estrai(st.integers(0, 700))}.{estrai(st.integers(0, 59)):02d}"
    if estrai(st.booleans()):
        record |= dict.fromkeys(SINA_OBBLIGATORI, "1")
        record["sina_strumento_valutazione"] = estrai(st.sampled_from("1234567"))
        if estrai(st.booleans()):
            record["sina_necessita_interventi_sociali"] = "A2.17 A2.18"
            record["sina_invalidita_civile"] = estrai(st.sampled_from(["1", "1 6", "8 2"]))
    if estrai(st.booleans()):
        altri = estrai(st.lists(st.sampled_from(
            [{"nazione": "642"}, {"regione": "10", "comune": "019036", "nazione": "380"}]
        ), min_size=1, max_size=4))  # fmt: skip
        record["altri_indirizzi"] = msgspec.json.encode(altri).decode()
    return record


def _minore() -> st.SearchStrategy[dict[str, str]]:
    obbligatori: dict[str, st.SearchStrategy[str]] = {}
    facoltativi: dict[str, st.SearchStrategy[str]] = {}
    for campo in FLUSSO_SINBA.campi:
        if campo.nome in ("codice_fiscale", "ente_erogatore", "anno"):
            # Not of the layout: they do not come back.
            continue
        match campo.tipo.value:
            case "codice":
                valori = st.sampled_from(list(campo.codici or {}))
            case "si_no":
                valori = st.sampled_from(["si", "no"])
            case "mese_anno":
                valori = st.sampled_from(["01/2010", "12/2099"])
            case "cifre":
                valori = st.just("380" if campo.lunghezza == (3, 3) else "10")
            case "lista_codici":
                valori = st.lists(
                    st.sampled_from(list(campo.codici or {})), min_size=1, max_size=4, unique=True
                ).map(" ".join)
            case "intero":
                valori = st.sampled_from("19")
            case "anno":
                valori = st.sampled_from(["2008", "2025"])
            case "belfiore":
                valori = st.just("D142")
            case _:
                valori = _nomi
        serve = campo.obbligatorio or campo.nome in ("codice_regione_residenza", "id_beneficiario")
        (obbligatori if serve else facoltativi)[campo.nome] = valori
    return st.fixed_dictionaries(obbligatori, optional=facoltativi)


minori_validi = _minore()

LETTURE: Sequence[tuple[Flusso, str]] = (
    (FLUSSO_PRESTAZIONI, "PS_PSA_SINA201812.xsd"),
    (FLUSSO_SINBA, "SINBA.xsd"),
)
