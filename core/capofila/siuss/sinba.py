"""The SIUSS flow of the minors in charge (SINBA): fields, code lists and layout.

The file carries no codice fiscale: `id_beneficiario` is a pseudonym that the ambito keeps stable. A
record is entered by the person's codice fiscale, which is exchanged for it before anything is stored.
The layout has no operation: a record of a minor that is sent again takes the place of the earlier one.

Sources: INPS schema SINBA.xsd (namespace http://inps.it/Casellario) and INPS technical
specification of the WaaS API 2.0.1 of 22/05/2025, annex C. Labels are shortened in our words.

Between fields the specification says one thing only: the region of residence is mandatory in Italy.
That the file carries nobody's name comes from DM 206/2014, which wants these evaluations without the
identity of the minor. Every other rule here is ours, of coherence, and therefore a remark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from capofila.hooks.campi import Campo, Copia, Tipo
from capofila.hooks.codifiche import Codifiche, ListaCodici
from capofila.hooks.flussi import Flusso, Operazione, RegolaNome
from capofila.hooks.regole import (
    OGGI,
    AlmenoUno,
    AnniTra,
    AnnoDelCodiceFiscale,
    Assente,
    Contiene,
    Controllo,
    E,
    InOrdine,
    Non,
    NonCodiceFiscale,
    O,
    Presente,
    Regola,
    Se,
    TuttiONessuno,
    Uguale,
    Uno,
)
from capofila.hooks.tracciati import Attributo, Elemento, Lista, TracciatoXML
from capofila.siuss.nomenclatore import (
    LOMBARDE,
    LOMBARDIA_ISTAT,
    PRESTAZIONI,
    SI_NO_INPS,
    Prestazione,
    Regioni,
    codici_della_lista,
    lista_dello_schema,
    nel_tempo,
    regioni_in_vigore,
    regola_in_vigore,
    tavola,
)
from capofila.siuss.prestazioni import COERENZA, IDENTIFICAZIONE, SPAZIO_NOMI

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
    ("IDBeneficiario", "Pseudonimo del minore (mai il codice fiscale)", "testo", False),
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
    (
        "CodiceRegioneResidenzaPadre",
        "Regione di residenza del padre",
        "regione",
        False,
    ),
    (
        "CodiceRegioneResidenzaMadre",
        "Regione di residenza della madre",
        "regione",
        False,
    ),
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
    if "_regione_" in campo.nome:
        lombardia = regioni_in_vigore(codifiche).lombardia(" (", ")")
        return msgspec.structs.replace(campo, etichetta=f"{campo.etichetta}{lombardia}")
    voci = codifiche.get(f"siuss-sinba-{campo.nome.replace('_', '-')}")
    if voci is None:
        return campo
    return msgspec.structs.replace(campo, codici=codici_della_lista(voci))


_AFFIDO: Final = (
    "forma_intervento_affido", "tipo_intervento_affido", "durata_affido", "carattere_affido",
)  # fmt: skip
_INSERIMENTO: Final = (
    "carattere_inserimento_residenziale", "forma_inserimento_residenziale",
    "tipo_inserimento_residenziale",
)  # fmt: skip
_PROVVEDIMENTO: Final = (
    "data_provvedimento_giudiziario", "autorita_provvedimento", "tipo_provvedimento_giudiziario",
)  # fmt: skip
_FASCE: Final = {str(n): (3 * n - 3, 3 * n) for n in range(1, 7)}
"""Years of age, from and to, of each band."""
_MOLTI: Final = 200


def _se(campo: str, valore: str) -> Uguale:
    return Uguale(campo, valore)


def _coerenza(
    codice: str, campo: str, controllo: Controllo, messaggio: str, dove: str,
    valido: Mapping[str, str], errato: Mapping[str, str],
) -> Regola:  # fmt: skip
    return Regola(
        f"sinba-{codice}", campo, controllo, "avviso", messaggio,
        f"{COERENZA}; i campi sono quelli di {XSD}, {dove}", valido, errato,
    )  # fmt: skip


REGOLE: Final[tuple[Regola, ...]] = (
    Regola(
        "sinba-chi", "codice_fiscale", AlmenoUno(("codice_fiscale", "id_beneficiario")), "errore",
        "non si sa di chi è la scheda: scrivere il codice fiscale del minore, che non esce da qui, "
        "oppure lo pseudonimo con cui INPS lo conosce già",
        f"{XSD}, IDBeneficiario (obbligatorio)",
        {"codice_fiscale": "RSSMRA17A41D142E"}, {},
    ),
    _coerenza(
        "cf-anno", "anno_nascita", AnnoDelCodiceFiscale("codice_fiscale", "anno_nascita"),
        "l'anno di nascita {anno_nascita} non è quello del codice fiscale: controllare",
        "AnnoNascita (il codice fiscale secondo il DM 23/12/1976)",
        {"codice_fiscale": "RSSMRA17A41D142E", "anno_nascita": "2017"},
        {"codice_fiscale": "RSSMRA17A41D142E", "anno_nascita": "2016"},
    ),
    _coerenza(
        "anno-futuro", "anno", InOrdine("anno", OGGI),
        "l'anno della scheda {anno} non è ancora arrivato: controllarlo", "IdentificazioneFlusso",
        {"anno": "2025", OGGI: "2025-03-01"}, {"anno": "2026", OGGI: "2025-03-31"},
    ),
    Regola(
        "sinba-id-codice-fiscale", "id_beneficiario", NonCodiceFiscale("id_beneficiario"), "errore",
        "l'identificativo del minore è un codice fiscale: scrivere uno pseudonimo, che non lo "
        "lasci riconoscere",
        "DM 206/2014 (le valutazioni dei minori si comunicano senza l'identità del minore)",
        {"id_beneficiario": "M-0001"}, {"id_beneficiario": "RSSMRA17A41D142X"},
    ),
    Regola(
        "sinba-residenza-regione", "codice_regione_residenza",
        Se(_se("codice_nazione_residenza", "380"), Presente("codice_regione_residenza")), "errore",
        "il minore risiede in Italia: scrivere la regione di residenza (due cifre, codifica INPS)",
        f"{ST}, tabella 15, CodiceRegioneResidenza: obbligatorio in Italia (il flusso di esempio di "
        "INPS non ce l'ha e contraddice la specifica, che viene dopo)",
        {"codice_nazione_residenza": "380", "codice_regione_residenza": "10"},
        {"codice_nazione_residenza": "380"},
    ),
    _coerenza(
        "regione-estera", "codice_regione_residenza",
        O((_se("codice_nazione_residenza", "380"), Assente("codice_regione_residenza"))),
        "c'è la regione ma la nazione di residenza {codice_nazione_residenza} non è l'Italia: "
        "controllare quale vale", "CodiceNazioneResidenza",
        {"codice_nazione_residenza": "642"},
        {"codice_nazione_residenza": "642", "codice_regione_residenza": "10"},
    ),
    _coerenza(
        "disabilita-senza-tipo", "tipo_disabilita",
        Se(_se("disabilita", "si"), Presente("tipo_disabilita")),
        "il minore ha una disabilità: scriverne il tipo", "Disabilita e TipoDisabilita",
        {"disabilita": "si", "tipo_disabilita": "1"}, {"disabilita": "si"},
    ),
    _coerenza(
        "tipo-senza-disabilita", "disabilita",
        Se(AlmenoUno(("tipo_disabilita", "inv_civ_certificazioni")), _se("disabilita", "si")),
        "c'è il tipo di disabilità o una certificazione, ma la disabilità è detta no: controllare",
        "Disabilita, TipoDisabilita e InvCivCertificazioni",
        {"disabilita": "si", "tipo_disabilita": "1"},
        {"disabilita": "no", "inv_civ_certificazioni": "2"},
    ),
    _coerenza(
        "segnalazione-senza-data", "data_segnalazione",
        Se(_se("segnalazione_autorita_giudiziaria", "si"), Presente("data_segnalazione")),
        "il minore è stato segnalato all'autorità giudiziaria: scrivere quando (MM/AAAA)",
        "SegnalazioneAutoritaGiudiziaria e DataSegnalazione",
        {"segnalazione_autorita_giudiziaria": "si", "data_segnalazione": "04/2024"},
        {"segnalazione_autorita_giudiziaria": "si"},
    ),
    _coerenza(
        "data-senza-segnalazione", "segnalazione_autorita_giudiziaria",
        Se(Presente("data_segnalazione"), _se("segnalazione_autorita_giudiziaria", "si")),
        "c'è la data della segnalazione {data_segnalazione}, ma la segnalazione è detta no: "
        "controllare", "SegnalazioneAutoritaGiudiziaria e DataSegnalazione",
        {"segnalazione_autorita_giudiziaria": "no"},
        {"segnalazione_autorita_giudiziaria": "no", "data_segnalazione": "04/2024"},
    ),
    _coerenza(
        "provvedimento-incompleto", "tipo_provvedimento_giudiziario",
        Se(_se("provvedimento_giudiziario", "si"),
           E(tuple(Presente(nome) for nome in _PROVVEDIMENTO))),
        "c'è un provvedimento giudiziario: scriverne la data, l'autorità e il tipo",
        "ProvvedimentoGiudiziario e seguenti",
        {"provvedimento_giudiziario": "si", "data_provvedimento_giudiziario": "05/2024",
         "autorita_provvedimento": "2", "tipo_provvedimento_giudiziario": "4"},
        {"provvedimento_giudiziario": "si", "autorita_provvedimento": "2"},
    ),
    _coerenza(
        "dati-senza-provvedimento", "provvedimento_giudiziario",
        Non(E((_se("provvedimento_giudiziario", "no"),
               AlmenoUno((*_PROVVEDIMENTO, "potesta_tutela"))))),
        "ci sono dati di un provvedimento giudiziario, ma il provvedimento è detto no: controllare",
        "ProvvedimentoGiudiziario e seguenti",
        {"provvedimento_giudiziario": "no"},
        {"provvedimento_giudiziario": "no", "potesta_tutela": "1"},
    ),
    _coerenza(
        "giudiziario-senza-provvedimento", "provvedimento_giudiziario",
        Se(O((_se("forma_intervento_affido", "2"), _se("forma_inserimento_residenziale", "2"))),
           _se("provvedimento_giudiziario", "si")),
        "l'affido o l'inserimento è giudiziario, ma il provvedimento è detto no: controllare",
        "FormaInterventoAffido, FormaInserimentoResidenziale e ProvvedimentoGiudiziario",
        {"forma_intervento_affido": "1", "provvedimento_giudiziario": "no"},
        {"forma_intervento_affido": "2", "provvedimento_giudiziario": "no"},
    ),
    _coerenza(
        "affido-incompleto", "forma_intervento_affido", TuttiONessuno(_AFFIDO),
        "i dati dell'affido (forma, tipo, durata, carattere) vanno scritti tutti oppure nessuno",
        "FormaInterventoAffido e seguenti",
        dict.fromkeys(_AFFIDO, "1"), {"forma_intervento_affido": "1"},
    ),
    _coerenza(
        "esito-senza-affido", "esito_affido",
        Se(Presente("esito_affido"), AlmenoUno(_AFFIDO)),
        "c'è l'esito dell'affido ma non l'affido: scriverne forma, tipo, durata e carattere",
        "EsitoAffido", {**dict.fromkeys(_AFFIDO, "1"), "esito_affido": "1"}, {"esito_affido": "1"},
    ),
    _coerenza(
        "luogo-senza-affido", "luogo_vita",
        Se(_se("luogo_vita", "3"), AlmenoUno(_AFFIDO)),
        "il minore vive in una famiglia affidataria: scrivere i dati dell'affido",
        "LuogoVita e FormaInterventoAffido",
        {"luogo_vita": "3", **dict.fromkeys(_AFFIDO, "1")}, {"luogo_vita": "3"},
    ),
    _coerenza(
        "inserimento-incompleto", "carattere_inserimento_residenziale", TuttiONessuno(_INSERIMENTO),
        "i dati dell'inserimento residenziale (carattere, forma, tipo) vanno scritti tutti oppure "
        "nessuno", "CarattereInserimentoResidenziale e seguenti",
        dict.fromkeys(_INSERIMENTO, "1"), {"tipo_inserimento_residenziale": "2"},
    ),
    _coerenza(
        "esito-senza-inserimento", "esito_inserimento_struttura",
        Se(Presente("esito_inserimento_struttura"), AlmenoUno(_INSERIMENTO)),
        "c'è l'esito dell'inserimento ma non l'inserimento: scriverne carattere, forma e tipo",
        "EsitoInserimentoStruttura",
        {**dict.fromkeys(_INSERIMENTO, "1"), "esito_inserimento_struttura": "1"},
        {"esito_inserimento_struttura": "1"},
    ),
    _coerenza(
        "luogo-senza-inserimento", "luogo_vita",
        Se(Uno("luogo_vita", ("4", "5")), AlmenoUno(_INSERIMENTO)),
        "il minore vive in una struttura residenziale: scrivere i dati dell'inserimento",
        "LuogoVita e CarattereInserimentoResidenziale",
        {"luogo_vita": "4", **dict.fromkeys(_INSERIMENTO, "1")}, {"luogo_vita": "5"},
    ),
    _coerenza(
        "chiusura-incompleta", "motivazione_chiusura_carico",
        TuttiONessuno(("motivazione_chiusura_carico", "situazione_chiusura_carico")),
        "della chiusura della presa in carico servono il motivo e la situazione, oppure nessuno dei "
        "due", "MotivazioneChiusuraCarico e SituazioneChiusuraCarico",
        {"motivazione_chiusura_carico": "4", "situazione_chiusura_carico": "1"},
        {"motivazione_chiusura_carico": "4"},
    ),
    _coerenza(
        "chiusura-maggiore-eta", "motivazione_chiusura_carico",
        Se(_se("motivazione_chiusura_carico", "3"), _se("fascia_eta_beneficiario", "6")),
        "la presa in carico è chiusa per la maggiore età, ma la fascia di età "
        "{fascia_eta_beneficiario} è più bassa: controllare",
        "MotivazioneChiusuraCarico e FasciaEtaBeneficiario",
        {"motivazione_chiusura_carico": "3", "fascia_eta_beneficiario": "6"},
        {"motivazione_chiusura_carico": "3", "fascia_eta_beneficiario": "4"},
    ),
    _coerenza(
        "isee-incompleto", "fascia_isee_beneficiario",
        TuttiONessuno(("numero_componenti_isee", "fascia_isee_beneficiario")),
        "dell'ISEE servono il numero dei componenti e la fascia, oppure nessuno dei due",
        "NumeroComponentiISEE e FasciaISEEBeneficiario",
        {"numero_componenti_isee": "4", "fascia_isee_beneficiario": "2"},
        {"numero_componenti_isee": "4"},
    ),
    *(
        _coerenza(
            f"{nome.replace('_', '-')}-futura", nome, InOrdine(nome, OGGI),
            f"la data {{{nome}}} non è ancora arrivata: controllarla", attributo,
            {nome: "03/2025", OGGI: "2025-03-01"}, {nome: "04/2025", OGGI: "2025-03-31"},
        )
        for nome, attributo in (
            ("data_prima_segnalazione", "DataPrimaSegnalazione"),
            ("data_segnalazione", "DataSegnalazione"),
            ("data_provvedimento_giudiziario", "DataProvvedimentoGiudiziario"),
        )
    ),
    _coerenza(
        "segnalazione-prima-della-prima", "data_segnalazione",
        InOrdine("data_prima_segnalazione", "data_segnalazione"),
        "la segnalazione all'autorità {data_segnalazione} viene prima della prima segnalazione "
        "{data_prima_segnalazione}: controllare le due date",
        "DataPrimaSegnalazione e DataSegnalazione",
        {"data_prima_segnalazione": "03/2024", "data_segnalazione": "03/2024"},
        {"data_prima_segnalazione": "03/2024", "data_segnalazione": "12/2023"},
    ),
    _coerenza(
        "segnalazione-prima-nascita", "data_prima_segnalazione",
        InOrdine("anno_nascita", "data_prima_segnalazione"),
        "la prima segnalazione {data_prima_segnalazione} viene prima dell'anno di nascita "
        "{anno_nascita}: controllare", "AnnoNascita e DataPrimaSegnalazione",
        {"anno_nascita": "2024", "data_prima_segnalazione": "03/2024"},
        {"anno_nascita": "2025", "data_prima_segnalazione": "12/2024"},
    ),
    _coerenza(
        "maggiorenne", "anno_nascita",
        AnniTra("anno_nascita", "data_prima_segnalazione", -_MOLTI, 18),
        "alla prima segnalazione {data_prima_segnalazione} la persona, nata nel {anno_nascita}, era "
        "già maggiorenne: controllare", "AnnoNascita e DataPrimaSegnalazione",
        {"anno_nascita": "2006", "data_prima_segnalazione": "12/2024"},
        {"anno_nascita": "2005", "data_prima_segnalazione": "01/2024"},
    ),
    _coerenza(
        "fascia-eta", "fascia_eta_beneficiario",
        E(tuple(
            Se(_se("fascia_eta_beneficiario", fascia),
               E((AnniTra("anno_nascita", "data_prima_segnalazione", -_MOLTI, fino + 1),
                  AnniTra("anno_nascita", OGGI, da, _MOLTI))))
            for fascia, (da, fino) in _FASCE.items()
        )),
        "la fascia di età {fascia_eta_beneficiario} non torna con l'anno di nascita {anno_nascita} "
        "e la prima segnalazione {data_prima_segnalazione}: controllare",
        "FasciaEtaBeneficiario, AnnoNascita e DataPrimaSegnalazione",
        {"fascia_eta_beneficiario": "3", "anno_nascita": "2017",
         "data_prima_segnalazione": "03/2024", OGGI: "2025-03-01"},
        {"fascia_eta_beneficiario": "6", "anno_nascita": "2017",
         "data_prima_segnalazione": "03/2024", OGGI: "2025-03-01"},
    ),
    _coerenza(
        "straniero-non-accompagnato", "minore_straniero_no_acc",
        Se(_se("valutazione_minore", "12"), _se("minore_straniero_no_acc", "si")),
        "la valutazione dice minore straniero non accompagnato, e il campo dice no: controllare",
        "ValutazioneMinore e MinoreStranieroNoAcc",
        {"valutazione_minore": "12", "minore_straniero_no_acc": "si"},
        {"valutazione_minore": "12", "minore_straniero_no_acc": "no"},
    ),
    _coerenza(
        "non-accompagnato-in-famiglia", "luogo_vita",
        Non(E((_se("minore_straniero_no_acc", "si"), _se("luogo_vita", "1")))),
        "il minore è straniero non accompagnato ma vive nella sua famiglia: controllare",
        "MinoreStranieroNoAcc e LuogoVita",
        {"minore_straniero_no_acc": "si", "luogo_vita": "4"},
        {"minore_straniero_no_acc": "si", "luogo_vita": "1"},
    ),
    _coerenza(
        "orfano-di-madre", "composizione_famiglia",
        Non(E((Uno("condizione_minore", ("2", "4", "5")), Presente("composizione_famiglia"),
               Contiene("composizione_famiglia", ("1",))))),
        "la famiglia ha la madre, ma il minore è detto orfano di madre o di genitori ignoti: "
        "controllare", "CondizioneMinore e ComposizioneFamiglia",
        {"condizione_minore": "4", "composizione_famiglia": "2 3"},
        {"condizione_minore": "4", "composizione_famiglia": "1 3"},
    ),
    _coerenza(
        "orfano-di-padre", "composizione_famiglia",
        Non(E((Uno("condizione_minore", ("2", "3", "5")), Presente("composizione_famiglia"),
               Contiene("composizione_famiglia", ("2",))))),
        "la famiglia ha il padre, ma il minore è detto orfano di padre o di genitori ignoti: "
        "controllare", "CondizioneMinore e ComposizioneFamiglia",
        {"condizione_minore": "3", "composizione_famiglia": "1"},
        {"condizione_minore": "3", "composizione_famiglia": "1 2"},
    ),
    _coerenza(
        "scuola-eta", "scuola_frequentata",
        E((
            Se(_se("scuola_frequentata", "3"), Uno("fascia_eta_beneficiario", ("1", "2"))),
            Se(_se("scuola_frequentata", "4"), Uno("fascia_eta_beneficiario", ("1", "2", "3"))),
            Se(_se("scuola_frequentata", "5"),
               Uno("fascia_eta_beneficiario", ("2", "3", "4", "5"))),
            Se(_se("scuola_frequentata", "6"), Uno("fascia_eta_beneficiario", ("4", "5", "6"))),
            Se(Uno("scuola_frequentata", ("7", "8")),
               Uno("fascia_eta_beneficiario", ("5", "6"))),
        )),
        "la scuola {scuola_frequentata} non è di chi ha l'età della fascia "
        "{fascia_eta_beneficiario}: controllare quale vale",
        "ScuolaFrequentata e FasciaEtaBeneficiario",
        {"scuola_frequentata": "5", "fascia_eta_beneficiario": "3"},
        {"scuola_frequentata": "7", "fascia_eta_beneficiario": "1"},
    ),
    _coerenza(
        "lavoro-eta", "condizione_lavoro",
        Se(Uno("condizione_lavoro", ("2", "3", "4")), _se("fascia_eta_beneficiario", "6")),
        "il minore lavora o cerca lavoro, ma la fascia di età {fascia_eta_beneficiario} è sotto i "
        "15 anni: controllare", "CondizioneLavoro e FasciaEtaBeneficiario",
        {"condizione_lavoro": "2", "fascia_eta_beneficiario": "6"},
        {"condizione_lavoro": "2", "fascia_eta_beneficiario": "3"},
    ),
)  # fmt: skip


def _regole_delle_regioni(regioni: Regioni) -> tuple[Regola, ...]:
    """That nobody writes ISTAT's number of Lombardia; none where INPS's is the same."""
    insidiose = [(dal, numero) for dal, tavola in regioni.tabelle if (numero := _insidia(tavola))]
    if not insidiose:
        return ()
    dal, numero = insidiose[-1]
    giorno = {OGGI: dal} if dal else {}

    def non_di_istat(nome: str) -> Controllo:
        altro = Non(_se(nome, LOMBARDIA_ISTAT))
        return nel_tempo(regioni, (OGGI,), lambda tavola: altro if _insidia(tavola) else E(()))

    return tuple(
        _coerenza(
            f"{nome.replace('_', '-')}-istat", nome, non_di_istat(nome),
            f"nella codifica che INPS chiede la Lombardia è {numero}, e {LOMBARDIA_ISTAT} (il codice "
            "che le dà ISTAT) è un’altra regione: controllare quale vale",
            f"{attributo}; i numeri sono quelli della lista delle regioni di questa installazione",
            {nome: numero, **giorno}, {nome: LOMBARDIA_ISTAT, **giorno},
        )
        for attributo, _, genere, _ in _ATTRIBUTI
        if genere == "regione"
        for nome in (nome_campo(attributo),)
    )  # fmt: skip


def _insidia(tavola: Mapping[str, str]) -> str:
    """The number of Lombardia in a table, where it is not ISTAT's; empty otherwise."""
    numeri = {tavola[provincia] for provincia in LOMBARDE if provincia in tavola}
    return "" if LOMBARDIA_ISTAT in numeri else min(numeri, default="")


def regole_sinba(codifiche: Codifiche | None = None) -> tuple[Regola, ...]:
    """All the rules of the flow, with the lists in force.

    A record of this flow has no day of its own: that its codes are in force is asked of the day of
    the check.
    """
    dei_codici = (
        regola_in_vigore(
            f"sinba-{nome_campo(attributo).replace('_', '-')}-non-in-vigore",
            nome_campo(attributo), (OGGI,), voci,
        )
        for attributo in _CODICI
        if (voci := (codifiche or {}).get(_id_lista(attributo))) is not None
    )  # fmt: skip
    regioni = regioni_in_vigore(codifiche)
    return (
        *REGOLE,
        *_regole_delle_regioni(regioni),
        *(regola for regola in dei_codici if regola is not None),
    )


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
            Campo("ente_erogatore", Tipo.ENTE, "Ente che invia la scheda", lunghezza=(1, 100),
                  predefinito=Copia("comune_titolare"), fonte="chi segue il minore: il comune o "
                  "l'azienda"),
            Campo("anno", Tipo.ANNO, "Anno della scheda", fonte="il tracciato non ha un anno: dice "
                  "in quale invio sta la scheda; vuoto è l'anno in corso"),
            Campo("codice_fiscale", Tipo.CODICE_FISCALE, "Codice fiscale del minore (non esce)",
                  fonte="serve a riconoscere il minore; nel file c'è il suo pseudonimo"),
            *(_con_lista(_campo(*voce), codifiche or {}) for voce in _ATTRIBUTI),
            Campo("prestazioni", Tipo.LISTA_CODICI, "Prestazioni", obbligatorio=True,
                  codici=tavola(prestazioni), fonte=fonte),
            _con_lista(
                Campo("composizione_famiglia", Tipo.LISTA_CODICI, "Composizione della famiglia",
                      obbligatorio=True, codici=COMPOSIZIONE_FAMIGLIA, fonte=fonte),
                codifiche or {},
            ),
        ),
        regole=regole_sinba(codifiche),
        tracciato=_TRACCIATO,
        estensione="xml",
        media_type="application/xml",
        fonti_normative=("DM 16/12/2014 n. 206", "INPS, schema SINBA", ST),
        regola_nome=RegolaNome(sigla="SINBA", fonte=f"{ST}; tabelle 2 e 13, par. 3.2"),
        principale=True,
        operazione=Operazione(),
    )  # fmt: skip


FLUSSO_SINBA: Final = flusso_sinba()
