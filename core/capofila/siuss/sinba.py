"""The SIUSS flow of the minors in charge (SINBA): fields, code lists and layout.

The file carries no codice fiscale: `id_beneficiario` is a pseudonym that the ambito keeps stable.

Sources: INPS schema SINBA.xsd (namespace http://inps.it/Casellario) and INPS technical
specification of the WaaS API 2.0.1 of 22/05/2025, annex C. Labels are shortened in our words. The
rules between fields come later; here are mandatory fields, lists, lengths and forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from capofila.hooks.campi import Campo, Tipo
from capofila.hooks.codifiche import Codifiche, ListaCodici
from capofila.hooks.flussi import Flusso, RegolaNome
from capofila.hooks.tracciati import Attributo, Elemento, Lista, TracciatoXML
from capofila.siuss.nomenclatore import (
    PRESTAZIONI,
    SI_NO_INPS,
    Prestazione,
    codici_della_lista,
    lista_dello_schema,
    tavola,
)
from capofila.siuss.prestazioni import IDENTIFICAZIONE, SPAZIO_NOMI

XSD: Final = "SINBA.xsd"
ST: Final = "INPS, specifica tecnica WaaS 2.0.1 del 22/05/2025, allegato C"


def _elenco(*etichette: str) -> dict[str, str]:
    return {str(n): etichetta for n, etichetta in enumerate(etichette, 1)}


_TITOLO_STUDIO: Final = _elenco(
    "nessun titolo", "licenza elementare", "licenza media", "qualifica professionale",
    "diploma superiore", "laurea",
)  # fmt: skip
_OCCUPAZIONE: Final = _elenco(
    "occupato", "disoccupato in cerca di nuova occupazione", "in cerca di prima occupazione",
    "casalinga/o", "studente", "ritirato dal lavoro", "inabile al lavoro", "altra condizione",
)  # fmt: skip
_CONSENSO: Final = _elenco("Consensuale", "Giudiziario")

_CODICI: Final[Mapping[str, Mapping[str, str]]] = {
    "CondizioneMinore": _elenco(
        "Non orfano", "Orfano di entrambi", "Orfano di padre", "Orfano di madre",
        "Genitori ignoti"),
    "LuogoVita": _elenco(
        "nella sua famiglia", "presso parenti", "in famiglia affidataria",
        "in struttura residenziale sociale", "in struttura residenziale sanitaria",
        "in istituto penale minorile", "con amici e conoscenti", "senza dimora"),
    "ScuolaFrequentata": _elenco(
        "nessuna scuola", "struttura", "asilo nido", "scuola dell'infanzia", "scuola primaria",
        "secondaria di I grado", "secondaria di II grado", "formazione professionale"),
    "CondizioneLavoro": _elenco(
        "inattivo", "occupato", "disoccupato in cerca di nuova occupazione",
        "in cerca di prima occupazione"),
    "TipoDisabilita": _elenco("Fisica", "Psichica", "Sensoriale", "Plurima"),
    "InvCivCertificazioni": _elenco(
        "invalidità civile parziale, almeno 75%", "invalidità totale con accompagnamento",
        "invalidità totale senza accompagnamento", "certificazione NPI", "L. 104"),
    "TitoloStudioPadre": _TITOLO_STUDIO,
    "TitoloStudioMadre": _TITOLO_STUDIO,
    "OccupazionePadre": _OCCUPAZIONE,
    "OccupazioneMadre": _OCCUPAZIONE,
    "FonteSegnalazione": _elenco(
        "servizio sociale della giustizia minorile", "altro servizio sociale",
        "servizi sanitari, medico, pediatra", "privato sociale e volontariato",
        "forze dell'ordine", "il beneficiario stesso", "genitori affidatari o tutore",
        "familiari conviventi", "parenti non conviventi", "tribunale ordinario",
        "autorità giudiziarie minorili", "professionista privato", "scuola",
        "vicini o conoscenti"),
    "ValutazioneMinore": _elenco(
        "nessuna problematica specifica", "problemi relazionali e comportamentali", "dipendenze",
        "presunto abbandono", "problemi sanitari",
        "violenza sessuale, prostituzione, tratta, pedopornografia",
        "altre violenze e maltrattamenti", "grave devianza", "problemi di autonomia, disabilità",
        "procedure penali", "gestante o madre minorenne", "minore straniero non accompagnato",
        "abbandono scolastico"),
    "ValutazioneFamigliaMinore": _elenco(
        "nessuna problematica specifica", "fragilità genitoriale, problemi socio-educativi",
        "dipendenza", "problemi psichiatrici", "altri problemi sanitari",
        "grave conflittualità familiare", "famiglia maltrattante", "famiglia abusante",
        "problemi giudiziari", "affido preadottivo fallito nel primo anno",
        "obblighi sanitari non adempiuti", "difficoltà economiche", "difficoltà abitative"),
    "AutoritaProvvedimento": _elenco(
        "Giudice tutelare", "Tribunale per i minori", "Procura per i minori",
        "Tribunale ordinario"),
    "PotestaTutela": _elenco(
        "potestà sospesa", "potestà decaduta", "prescrizioni ai genitori",
        "tutela a parenti o altri", "curatela"),
    "TipoProvvedimentoGiudiziario": _elenco(
        "adottabilità", "adozione nazionale", "adozione internazionale",
        "affidamento familiare", "affido al servizio sociale",
        "affidamento a un genitore in caso di separazione", "vigilanza",
        "post-adozione; allontanamento d'emergenza (art. 403 c.c.)"),
    "FormaInterventoAffido": _CONSENSO,
    "TipoInterventoAffido": _elenco("Intrafamiliare", "Eterofamiliare"),
    "DurataAffido": _elenco("Tempo pieno", "Tempo parziale"),
    "CarattereAffido": _elenco("Residenziale", "Diurno"),
    "EsitoAffido": _elenco(
        "rientro nella famiglia di origine", "affidamento ad altro nucleo", "adozione",
        "inserimento in struttura socio-educativa", "inserimento in struttura sanitaria",
        "vita in autonomia", "rimpatrio", "destinazione ignota", "altro"),
    "CarattereInserimentoResidenziale": _elenco(
        "familiare, accoglienza abitativa", "familiare, funzione tutelare",
        "familiare, funzione socio-educativa", "comunitario, accoglienza di emergenza",
        "comunitario, accoglienza abitativa", "comunitario, funzione tutelare",
        "comunitario, funzione socio-educativa", "comunitario, funzione educativa-psicologica",
        "comunitario, integrazione socio-sanitaria bassa",
        "comunitario, integrazione socio-sanitaria medio-alta"),
    "FormaInserimentoResidenziale": _CONSENSO,
    "TipoInserimentoResidenziale": _elenco("Con genitore", "Senza genitore"),
    "EsitoInserimentoStruttura": _elenco(
        "rientro nella famiglia di origine", "famiglia affidataria", "adozione",
        "altra struttura socio-educativa", "struttura sanitaria", "autonomia", "rimpatrio",
        "destinazione ignota", "altro"),
    "MotivazioneChiusuraCarico": _elenco(
        "altro ambito della stessa regione", "altro ambito di altra regione", "maggiore età",
        "bisogno risolto", "uscita chiesta dal minore o dalla famiglia", "rimpatrio",
        "irreperibilità", "decesso", "altro"),
    "SituazioneChiusuraCarico": _elenco(
        "nella famiglia di origine", "vita in autonomia", "resta in famiglia affidataria",
        "resta in struttura socio-assistenziale", "in struttura sanitaria",
        "adottato in una nuova famiglia", "in istituto penale", "destinazione ignota"),
    "CollaborazioniInterventi": _elenco(
        "SERT", "NPI", "psicologia", "clinica/DSM", "altri servizi sociali",
        "USSM Ministero della Giustizia", "scuola", "privato sociale, volontariato", "altro"),
    "FasciaEtaBeneficiario": _elenco(
        "0-3 anni", "3-6 anni", "6-9 anni", "9-12 anni", "12-15 anni", "15-18 anni"),
    "FasciaISEEBeneficiario": _elenco(
        "ISEE zero", "fino a 3.000 euro", "fino a 6.000 euro", "fino a 9.000 euro",
        "fino a 12.000 euro", "fino a 15.000 euro", "fino a 20.000 euro", "oltre 20.000 euro"),
}  # fmt: skip

COMPOSIZIONE_FAMIGLIA: Final = _elenco(
    "Madre", "Padre", "Fratelli o sorelle", "Nonno/a", "Compagno/a di un genitore",
    "Altri conviventi",
)  # fmt: skip

# attribute, label, kind ("" a code list), mandatory; in the order of the schema
_ATTRIBUTI: Final[tuple[tuple[str, str, str, bool], ...]] = (
    ("IDBeneficiario", "Pseudonimo del minore (mai il codice fiscale)", "testo", True),
    ("MinoreStranieroNoAcc", "Minore straniero non accompagnato (si/no)", "si_no", True),
    ("CondizioneMinore", "Condizione del minore", "", True),
    ("LuogoVita", "Luogo di vita", "", True),
    ("ScuolaFrequentata", "Scuola frequentata", "", True),
    ("CondizioneLavoro", "Condizione lavorativa", "", True),
    ("Disabilita", "Disabilità (si/no)", "si_no", True),
    ("TipoDisabilita", "Tipo di disabilità", "", False),
    ("InvCivCertificazioni", "Certificazione di invalidità", "", False),
    ("CodiceCittadinanzaPadre", "Cittadinanza del padre (ISO 3166)", "nazione", False),
    ("CodiceCittadinanzaMadre", "Cittadinanza della madre (ISO 3166)", "nazione", False),
    ("CodiceRegioneResidenzaPadre", "Regione di residenza del padre", "regione", False),
    ("CodiceRegioneResidenzaMadre", "Regione di residenza della madre", "regione", False),
    ("TitoloStudioPadre", "Titolo di studio del padre", "", False),
    ("TitoloStudioMadre", "Titolo di studio della madre", "", False),
    ("OccupazionePadre", "Occupazione del padre", "", False),
    ("OccupazioneMadre", "Occupazione della madre", "", False),
    ("DataPrimaSegnalazione", "Prima segnalazione (MM/AAAA)", "mese", True),
    ("FonteSegnalazione", "Fonte della segnalazione", "", True),
    ("ValutazioneMinore", "Valutazione del minore", "", True),
    ("ValutazioneFamigliaMinore", "Valutazione della famiglia", "", True),
    (
        "SegnalazioneAutoritaGiudiziaria",
        "Segnalato all'autorità giudiziaria (si/no)",
        "si_no",
        True,
    ),
    ("DataSegnalazione", "Segnalazione all'autorità (MM/AAAA)", "mese", False),
    ("ProvvedimentoGiudiziario", "Provvedimento giudiziario (si/no)", "si_no", True),
    ("DataProvvedimentoGiudiziario", "Data del provvedimento (MM/AAAA)", "mese", False),
    ("AutoritaProvvedimento", "Autorità del provvedimento", "", False),
    ("PotestaTutela", "Potestà e tutela", "", False),
    ("TipoProvvedimentoGiudiziario", "Tipo di provvedimento", "", False),
    ("FormaInterventoAffido", "Affido: forma", "", False),
    ("TipoInterventoAffido", "Affido: tipo", "", False),
    ("DurataAffido", "Affido: durata", "", False),
    ("CarattereAffido", "Affido: carattere", "", False),
    ("EsitoAffido", "Affido: esito", "", False),
    ("CarattereInserimentoResidenziale", "Inserimento residenziale: carattere", "", False),
    ("FormaInserimentoResidenziale", "Inserimento residenziale: forma", "", False),
    ("TipoInserimentoResidenziale", "Inserimento residenziale: tipo", "", False),
    ("EsitoInserimentoStruttura", "Inserimento residenziale: esito", "", False),
    ("MotivazioneChiusuraCarico", "Chiusura della presa in carico: motivo", "", False),
    ("SituazioneChiusuraCarico", "Chiusura della presa in carico: situazione", "", False),
    ("CollaborazioniInterventi", "Collaborazioni", "", False),
    ("NumeroComponentiISEE", "Componenti del nucleo ISEE", "componenti", False),
    ("FasciaEtaBeneficiario", "Fascia di età", "", True),
    ("FasciaISEEBeneficiario", "Fascia ISEE", "", False),
    ("AnnoNascita", "Anno di nascita", "anno", True),
    ("CodiceRegioneResidenza", "Regione di residenza", "regione", False),
    ("CodiceNazioneResidenza", "Nazione di residenza (ISO 3166)", "nazione", True),
)


def nome_campo(attributo: str) -> str:
    """The field of an attribute: TipoInterventoAffido becomes tipo_intervento_affido."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", attributo).lower()


def _campo(attributo: str, etichetta: str, genere: str, obbligatorio: bool) -> Campo:
    nome, fonte = nome_campo(attributo), f"{XSD}, {attributo}; {ST}"
    match genere:
        case "testo":
            return Campo(nome, Tipo.TESTO, etichetta, obbligatorio, lunghezza=(1, 20), fonte=fonte)
        case "si_no":
            return Campo(nome, Tipo.SI_NO, etichetta, obbligatorio, fonte=fonte)
        case "mese":
            return Campo(nome, Tipo.MESE_ANNO, etichetta, obbligatorio, fonte=fonte)
        case "anno":
            return Campo(nome, Tipo.ANNO, etichetta, obbligatorio, fonte=fonte)
        case "componenti":
            return Campo(nome, Tipo.INTERO, etichetta, obbligatorio, lunghezza=(1, 9), fonte=fonte)
        case "nazione":
            return Campo(nome, Tipo.CIFRE, etichetta, obbligatorio, lunghezza=(3, 3), zeri=True,
                         fonte=fonte)  # fmt: skip
        case "regione":
            return Campo(nome, Tipo.CIFRE, etichetta, obbligatorio, lunghezza=(2, 2), zeri=True,
                         fonte=fonte)  # fmt: skip
        case _:
            return Campo(nome, Tipo.CODICE, etichetta, obbligatorio, codici=_CODICI[attributo],
                         fonte=fonte)  # fmt: skip


def _attributo(attributo: str, genere: str) -> Attributo:
    return Attributo(attributo, nome_campo(attributo), SI_NO_INPS if genere == "si_no" else {})


_TRACCIATO: Final = TracciatoXML(
    spazio_nomi=SPAZIO_NOMI,
    radice="Flusso",
    intestazione=IDENTIFICAZIONE,
    riga=Elemento(
        "SINBA",
        tuple(_attributo(attributo, genere) for attributo, _, genere, _ in _ATTRIBUTI),
        (
            Lista("Prestazioni", "CodicePrestazione", "prestazioni"),
            Lista("Famiglia", "ComposizioneFamiglia", "composizione_famiglia"),
        ),
    ),
)


def _id_lista(attributo: str) -> str:
    return f"siuss-sinba-{nome_campo(attributo).replace('_', '-')}"


_ETICHETTE: Final = {attributo: etichetta for attributo, etichetta, *_ in _ATTRIBUTI}
_FAMIGLIA: Final = "ComposizioneFamiglia"


def liste_sinba() -> tuple[ListaCodici, ...]:
    """The lists that an installation keeps for this flow."""
    return (
        *(
            lista_dello_schema(
                _id_lista(attributo), f"SINBA: {_ETICHETTE[attributo]}", codici,
                f"{XSD}, {attributo}",
            )
            for attributo, codici in _CODICI.items()
        ),
        lista_dello_schema(
            _id_lista(_FAMIGLIA), "SINBA: Composizione della famiglia", COMPOSIZIONE_FAMIGLIA,
            f"{XSD}, {_FAMIGLIA}",
        ),
    )  # fmt: skip


def _con_lista(campo: Campo, codifiche: Codifiche) -> Campo:
    """The field with the codes that its list has in this installation."""
    voci = codifiche.get(f"siuss-sinba-{campo.nome.replace('_', '-')}")
    if voci is None:
        return campo
    return msgspec.structs.replace(campo, codici=codici_della_lista(voci))


def flusso_sinba(
    prestazioni: Iterable[Prestazione] = PRESTAZIONI, codifiche: Codifiche | None = None
) -> Flusso:
    """The flow, with the table of prestazioni and the lists of the installation.

    Args:
        prestazioni: the table; the seed unless told.
        codifiche: the other lists in force; those of the schema unless told.
    """
    fonte = f"{XSD}; {ST}"
    return Flusso(
        id="siuss-sinba",
        denominazione="SIUSS, minori in carico (SINBA)",
        destinatario="INPS",
        versione_schema="SINBA",
        fonte="sinba",
        campi=(
            Campo("comune_titolare", Tipo.BELFIORE, "Comune titolare (codice Belfiore)",
                  obbligatorio=True, fonte="il comune che ha in carico il minore"),
            *(_con_lista(_campo(*voce), codifiche or {}) for voce in _ATTRIBUTI),
            Campo("prestazioni", Tipo.LISTA_CODICI, "Prestazioni", obbligatorio=True,
                  codici=tavola(prestazioni), fonte=fonte),
            _con_lista(
                Campo("composizione_famiglia", Tipo.LISTA_CODICI, "Composizione della famiglia",
                      obbligatorio=True, codici=COMPOSIZIONE_FAMIGLIA, fonte=fonte),
                codifiche or {},
            ),
        ),
        regole=(),
        tracciato=_TRACCIATO,
        estensione="xml",
        media_type="application/xml",
        fonti_normative=("DM 16/12/2014 n. 206", "INPS, schema SINBA", ST),
        regola_nome=RegolaNome(sigla="SINBA", fonte=f"{ST}; tabelle 2 e 13, par. 3.2"),
        principale=True,
    )  # fmt: skip


FLUSSO_SINBA: Final = flusso_sinba()
