"""The SIUSS flow of the prestazioni sociali (PS-PSA-SINA): fields, rules and layout.

Sources: INPS schema PS_PSA_SINA201812.xsd (namespace http://inps.it/Casellario), INPS technical
specification of the WaaS API 2.0.1 of 22/05/2025, annex B (called "ST 2.0.1" below); DM 206/2014.
Where the two disagree the specification wins, because it is the later and says what the schema
cannot: CaratterePrestazione is optional in the schema and mandatory there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from capofila.hooks.campi import (
    Campo,
    Copia,
    Costante,
    DaTabella,
    SePresente,
    Tipo,
)
from capofila.hooks.codifiche import Codifiche, ListaCodici, VoceCodifica
from capofila.hooks.flussi import Flusso, Operazione, RegolaNome, TaglioAnnuale
from capofila.hooks.regole import (
    OGGI,
    AlmenoUno,
    AnnoDelCodiceFiscale,
    Assente,
    CognomeDelCodiceFiscale,
    Controllo,
    DallaTabella,
    DataInCifre,
    E,
    EntroAnni,
    GenereDelCodiceFiscale,
    InOrdine,
    Lunghezza,
    LuogoDelCodiceFiscale,
    NomeDelCodiceFiscale,
    Non,
    NonPrima,
    O,
    OgniBlocco,
    Positivo,
    Presente,
    Regola,
    Se,
    SommaUguale,
    StessoAnno,
    TuttiONessuno,
    Uguale,
)
from capofila.hooks.tracciati import Attributo, Elemento, Lista, Ripetuto, TracciatoXML
from capofila.siuss.nomenclatore import (
    INPS_MSG_1244,
    LOMBARDIA_ISTAT,
    PRESTAZIONI,
    SI_NO_INPS,
    Prestazione,
    Regioni,
    codici_della_lista,
    della_lista,
    denominazioni,
    lista_con_evento,
    lista_con_sina,
    lista_dello_schema,
    lista_prestazioni,
    lista_regioni,
    lista_solo_in_carico,
    nel_tempo,
    regioni_in_vigore,
    regola_in_vigore,
    tavola,
)

SPAZIO_NOMI: Final = "http://inps.it/Casellario"
XSD: Final = "PS_PSA_SINA201812.xsd"
ST: Final = "INPS, specifica tecnica WaaS 2.0.1 del 22/05/2025, allegato B"

GENERE: Final = {"M": "Maschio", "F": "Femmina"}
GENERE_INPS: Final = {"M": "1", "F": "2"}
CARATTERE: Final = {"periodica": "Periodica", "occasionale": "Occasionale (unica soluzione)"}
CARATTERE_INPS: Final = {"periodica": "1", "occasionale": "2"}
PROVA_MEZZI: Final = {
    "1": "Soggetta a ISEE",
    "2": "Soggetta a prova dei mezzi diversa dall'ISEE",
    "3": "Di regola soggetta a ISEE, non per questo beneficiario",
    "4": "Non soggetta a prova dei mezzi",
}
AREA_UTENZA: Final = {
    "1": "Famiglia e minori",
    "2": "Disabilità e non autosufficienza",
    "3": "Povertà ed esclusione sociale",
}
OPERAZIONE: Final = {"I": "Inserimento", "C": "Cancellazione"}
INVALIDITA_CIVILE: Final = {
    "1": "Invalidità civile parziale, almeno 75%",
    "2": "Invalidità civile totale con indennità di accompagnamento",
    "3": "Invalidità civile totale senza indennità di accompagnamento",
    "4": "Certificazione NPI",
    "5": "L. 104, art. 3 comma 1",
    "6": "L. 104, art. 3 comma 3",
    "7": "L. 104, art. 12",
    "8": "L. 104, art. 13",
}

# field, attribute, label, mandatory in the block, codes
_SINA: Final[tuple[tuple[str, str, str, bool, dict[str, str]], ...]] = (
    ("sina_mobilita", "Mobilita", "SINA: mobilità", True,
     {"1": "Si sposta da solo", "2": "Si sposta assistito", "3": "Non si sposta"}),
    ("sina_attivita_vita_quotidiana", "AttivitaVitaQuotidiana",
     "SINA: attività della vita quotidiana", True,
     {"1": "Autonomo", "2": "Parzialmente dipendente", "3": "Totalmente dipendente"}),
    ("sina_disturbi_area_cognitiva", "DisturbiAreaCognitiva",
     "SINA: disturbi dell'area cognitiva", False,
     {"1": "Lievi", "2": "Moderati", "3": "Gravi"}),
    ("sina_disturbi_comportamentali", "DisturbiComportamentali",
     "SINA: disturbi comportamentali", True, {"1": "Assenti", "2": "Presenti"}),
    ("sina_necessita_cure_sanitarie", "NecessitaCureSanitarie",
     "SINA: necessità di cure sanitarie", False, {"1": "Bassa", "2": "Media", "3": "Alta"}),
    ("sina_area_reddituale", "AreaReddituale", "SINA: area reddituale", True,
     {"1": "Autonomo e in equilibrio", "2": "Riceve aiuto da parenti o altri",
      "3": "In bisogno e senza aiuti"}),
    ("sina_area_supporto", "AreaSupporto", "SINA: area di supporto", True,
     {"1": "Rete familiare o informale presente", "2": "Rete parziale o temporanea",
      "3": "Rete assente"}),
    ("sina_fonte_derivazione_valutazione", "FonteDerivazioneValutazione",
     "SINA: fonte della valutazione", True,
     {"1": "UVM", "2": "Cartella sociale", "3": "Altra documentazione", "4": "Raccolta diretta"}),
    ("sina_strumento_valutazione", "StrumentoValutazione",
     "SINA: strumento della valutazione", True,
     {"1": "SVAMA", "2": "AGED", "3": "RUG", "4": "SOSIA", "5": "Schema polare", "6": "Valgraf",
      "7": "Altro sistema di codifica"}),
    ("sina_fonte_derivazione_invalidita", "FonteDerivazioneInvalidita",
     "SINA: fonte dell'invalidità", False,
     {"1": "Certificazione verificata", "2": "Dichiarazione della persona"}),
)  # fmt: skip

SINA_OBBLIGATORI: Final = tuple(nome for nome, _, _, obbligatorio, _ in _SINA if obbligatorio)
SINA_CAMPI: Final = (
    *(nome for nome, *_ in _SINA),
    "sina_necessita_interventi_sociali",
    "sina_invalidita_civile",
)

GIORNI: Final = ("data_inizio", "data_erogazione", "data_evento")
"""The day of a record is the first of these that it has."""

_INDIRIZZO: Final = (
    Campo("regione", Tipo.CIFRE, "Regione", lunghezza=(2, 2), zeri=True, fonte=ST),
    Campo("comune", Tipo.COMUNE_ISTAT, "Comune (ISTAT)", fonte=ST),
    Campo("nazione", Tipo.CIFRE, "Nazione (ISO 3166)", obbligatorio=True, lunghezza=(3, 3),
          zeri=True, fonte=ST),
)  # fmt: skip


def _campi(prestazioni: tuple[Prestazione, ...], regioni: Regioni) -> tuple[Campo, ...]:
    codici = tavola(prestazioni)
    testo, importo, data, cifre = Tipo.TESTO, Tipo.IMPORTO, Tipo.DATA, Tipo.CIFRE
    return (
        Campo("comune_titolare", Tipo.BELFIORE, "Comune titolare (codice Belfiore)",
              obbligatorio=True, fonte="il comune di cui è la prestazione"),
        Campo("ente_erogatore", Tipo.ENTE, "Ente erogatore", lunghezza=(1, 100),
              predefinito=Copia("comune_titolare"), fonte="chi paga: il comune o l'azienda"),
        Campo("codice_fiscale", Tipo.CODICE_FISCALE, "Codice fiscale del beneficiario",
              obbligatorio=True, fonte=f"{ST}, tabella 5"),
        Campo("cognome", testo, "Cognome", obbligatorio=True, lunghezza=(1, 36),
              fonte=f"{ST}, tabella 6"),
        Campo("nome", testo, "Nome", obbligatorio=True, lunghezza=(1, 36),
              fonte=f"{ST}, tabella 6"),
        Campo("anno_nascita", Tipo.ANNO, "Anno di nascita", obbligatorio=True,
              fonte=f"{ST}, tabella 6"),
        Campo("luogo_nascita", Tipo.BELFIORE, "Luogo di nascita (codice Belfiore)",
              obbligatorio=True, fonte=f"{ST}, tabella 6"),
        Campo("genere", Tipo.CODICE, "Genere (M/F)", obbligatorio=True, codici=GENERE,
              varianti={"1": "M", "2": "F", "maschio": "M", "femmina": "F"},
              fonte=f"{ST}, tabella 6"),
        Campo("cittadinanza", cifre, "Cittadinanza (ISO 3166, 3 cifre; 990 se non disponibile)",
              obbligatorio=True, lunghezza=(3, 3), zeri=True, fonte=f"{ST}, tabella 6"),
        Campo("comune_residenza", Tipo.COMUNE_ISTAT, "Comune di residenza (codice ISTAT)",
              fonte=f"{ST}, tabella 7"),
        Campo("codice_prestazione", Tipo.CODICE, "Codice della prestazione", obbligatorio=True,
              codici=codici, fonte="DM 206/2014, tabella 1"),
        Campo("denominazione_prestazione", testo, "Denominazione della prestazione",
              obbligatorio=True, lunghezza=(1, 200),
              predefinito=DaTabella("codice_prestazione", denominazioni(prestazioni)),
              fonte=f"{ST}, tabella 9"),
        Campo("protocollo_domanda", testo, "Protocollo della domanda", obbligatorio=True,
              lunghezza=(1, 32), fonte=f"{ST}, tabella 9"),
        Campo("prova_mezzi", Tipo.CODICE, "Presenza della prova dei mezzi (1-4)",
              obbligatorio=True, codici=PROVA_MEZZI, fonte=f"{ST}, tabella 9"),
        Campo("carattere", Tipo.CODICE, "Carattere (periodica/occasionale)", obbligatorio=True,
              codici=CARATTERE,
              varianti={"1": "periodica", "2": "occasionale", "periodico": "periodica"},
              fonte=f"{ST}, tabella 9 (facoltativo nello schema)"),
        Campo("data_evento", data, "Data dell'evento", fonte=f"{ST}, tabella 9"),
        Campo("data_inizio", data, "Data di inizio", fonte=f"{ST}, tabella 9"),
        Campo("data_fine", data, "Data di fine", fonte=f"{ST}, tabella 9"),
        Campo("periodo_erogazione", Tipo.INTERO, "Periodo di erogazione (1-12)",
              lunghezza=(1, 12), fonte=f"{ST}, tabella 9"),
        Campo("importo_mensile", importo, "Importo mensile", positivo=True,
              fonte=f"{ST}, tabella 9"),
        Campo("data_erogazione", data, "Data di erogazione", fonte=f"{ST}, tabella 9"),
        Campo("importo", importo, "Importo della prestazione", positivo=True,
              fonte=f"{ST}, tabella 9"),
        Campo("quota_ente", importo, "Quota a carico dell'ente", fonte=f"{ST}, tabella 9"),
        Campo("quota_utente", importo, "Quota a carico dell'utente", fonte=f"{ST}, tabella 9"),
        Campo("quota_ssn", importo, "Quota a carico del SSN", fonte=f"{ST}, tabella 9"),
        Campo("quota_richiesta", importo, "Quota massima richiesta all'utente generico",
              fonte=f"{ST}, tabella 9"),
        Campo("soglia_isee", importo, "Soglia ISEE di accesso", fonte=f"{ST}, tabella 9"),
        Campo("dsu_protocollo", testo, "DSU: numero di protocollo", lunghezza=(1, 30),
              fonte=f"{ST}, tabella 9"),
        Campo("dsu_anno", Tipo.ANNO, "DSU: anno di protocollo", fonte=f"{ST}, tabella 9"),
        Campo("dsu_data", data, "DSU: data", fonte=f"{ST}, tabella 9"),
        Campo("ore_mensili", Tipo.ORE, "Ore di servizio al mese (HH,MM)", lunghezza=(0, 744),
              fonte=f"{ST}, tabella 9; 744 sono le ore di un mese di 31 giorni"),
        Campo("presa_in_carico", Tipo.SI_NO, "Presa in carico (si/no)", obbligatorio=True,
              fonte=f"{ST}, tabella 9"),
        Campo("area_utenza", Tipo.CODICE, "Area di utenza (1-3)", codici=AREA_UTENZA,
              fonte=f"{ST}, tabella 9"),
        Campo("seconda_cittadinanza", cifre, "Seconda cittadinanza (ISO 3166)",
              lunghezza=(3, 3), zeri=True, fonte=f"{ST}, tabella 6"),
        Campo("tipo_operazione", Tipo.CODICE, "Operazione (I inserimento, C cancellazione)",
              obbligatorio=True, codici=OPERAZIONE, predefinito=Costante("I"),
              fonte=f"{ST}, tabella 9"),
        Campo("nazione_residenza", cifre, "Nazione di residenza (ISO 3166; 380 Italia)",
              lunghezza=(3, 3), zeri=True, predefinito=SePresente("comune_residenza", "380"),
              fonte=f"{ST}, tabella 7"),
        Campo("regione_residenza", cifre,
              f"Regione di residenza (codifica DM 1986{regioni.lombardia(': ')})",
              lunghezza=(2, 2), zeri=True,
              predefinito=DaTabella("comune_residenza", regioni.prima, prefisso=3,
                                    giorni=GIORNI, poi=regioni.tabelle[1:]),
              fonte=f"{ST}, tabella 7 e nota 2 (tabella delle regioni dell'Agenzia delle Entrate)"),
        Campo("altri_indirizzi", Tipo.BLOCCHI, "Altri indirizzi (dal secondo al quinto)",
              lunghezza=(0, 4), sottocampi=_INDIRIZZO, fonte=f"{XSD}, Indirizzo 1..5"),
        *(Campo(nome, Tipo.CODICE, etichetta, codici=codici_sina, fonte=f"{ST}, tabella 10")
          for nome, _, etichetta, _, codici_sina in _SINA),
        Campo("sina_necessita_interventi_sociali", Tipo.LISTA_CODICI,
              "SINA: interventi sociali necessari", codici=codici, fonte=f"{ST}, paragrafo 5.1"),
        Campo("sina_invalidita_civile", Tipo.LISTA_CODICI, "SINA: invalidità civile",
              codici=INVALIDITA_CIVILE, fonte=f"{ST}, tabella 11"),
    )  # fmt: skip


LISTE: Final[Mapping[str, tuple[str, str, Mapping[str, str], str]]] = {
    "prova_mezzi": ("siuss-prova-mezzi", "Presenza della prova dei mezzi", PROVA_MEZZI,
                    f"{XSD}, PresenzaProvaMezzi"),
    "area_utenza": ("siuss-area-utenza", "Area di utenza", AREA_UTENZA, f"{XSD}, AreaUtenza"),
    **{nome: (f"siuss-{nome.replace('_', '-')}", etichetta, codici, f"{XSD}, {attributo}")
       for nome, attributo, etichetta, _, codici in _SINA},
    "sina_invalidita_civile": ("siuss-sina-invalidita-civile", "SINA: invalidità civile",
                               INVALIDITA_CIVILE, f"{XSD}, InvCiv"),
}  # fmt: skip
"""The code lists of the flow, by field: id, name, codes, source. Gender, carattere and operazione are
not among them: their codes are the program's own."""
_LISTE_IN_UN_CAMPO: Final = ("sina_invalidita_civile",)
"""Fields that hold several codes: whether each is in force is not looked at."""


def liste_prestazioni() -> tuple[ListaCodici, ...]:
    """The lists that an installation keeps for this flow."""
    return (
        lista_prestazioni(),
        lista_regioni(),
        lista_solo_in_carico(),
        lista_con_sina(),
        lista_con_evento(),
        *(lista_dello_schema(*lista) for lista in LISTE.values()),
    )


_PERIODICA: Final = Uguale("carattere", "periodica")
_OCCASIONALE: Final = Uguale("carattere", "occasionale")
_QUOTE: Final = ("quota_ente", "quota_utente", "quota_ssn")
_DSU: Final = ("dsu_protocollo", "dsu_anno", "dsu_data")

_SINA_COMPLETA: Final = dict.fromkeys(SINA_OBBLIGATORI, "1")

ANNI_MASSIMI: Final = 10
"""Calendar years over which one grant may be cut. A longer one is more likely a wrong date."""

COERENZA: Final = "coerenza interna, non richiesta da INPS"
"""The source of a rule that is ours: what it finds is a remark."""

TAGLIO: Final = TaglioAnnuale(
    inizio="data_inizio",
    fine="data_fine",
    solo=("carattere", "periodica"),
    massimo=ANNI_MASSIMI,
    codice="siuss-divisa-per-anno",
    messaggio="la prestazione dura più anni: è stata divisa in {parti}, una per anno solare, con lo "
    "stesso protocollo di domanda e gli stessi importi mensili; non serve fare nulla",
    fonte=f"{ST}, tabella 9, DataFinePrestazione (stesso anno di DataInizioPrestazione)",
)


_REGOLE: Final[tuple[Regola, ...]] = (
    Regola(
        "siuss-dsu-incompleta", "dsu_protocollo", TuttiONessuno(_DSU), "errore",
        "i tre dati della DSU (protocollo, anno, data) vanno scritti tutti oppure nessuno",
        f"{ST}, tabella 9, DSU",
        {"dsu_protocollo": "INPS-ISEE-2025-00000001X-00", "dsu_anno": "2025",
         "dsu_data": "2025-01-15"},
        {"dsu_protocollo": "INPS-ISEE-2025-00000001X-00"},
    ),
    Regola(
        "siuss-dsu-anno", "dsu_anno", StessoAnno("dsu_anno", "dsu_data"), "avviso",
        "l'anno di protocollo della DSU {dsu_anno} non è quello della sua data {dsu_data}: "
        "controllare l'attestazione",
        COERENZA,
        {"dsu_anno": "2025", "dsu_data": "2025-01-15"},
        {"dsu_anno": "2024", "dsu_data": "2025-01-15"},
    ),
    Regola(
        "siuss-dsu-senza-prova", "prova_mezzi",
        Non(E((Uguale("prova_mezzi", "4"), AlmenoUno(_DSU)))), "avviso",
        "ci sono i dati della DSU ma la prestazione è detta senza prova dei mezzi (4): controllare "
        "quale vale (1 se è stata chiesta l'ISEE)",
        f"{COERENZA}; i codici sono quelli di {XSD}, PresenzaProvaMezzi",
        {"prova_mezzi": "1", "dsu_protocollo": "INPS-ISEE-2025-00000001X-00"},
        {"prova_mezzi": "4", "dsu_protocollo": "INPS-ISEE-2025-00000001X-00"},
    ),
    Regola(
        "siuss-periodica-inizio", "data_inizio", Se(_PERIODICA, Presente("data_inizio")), "errore",
        "la prestazione è periodica: scrivere la data di inizio",
        f"{ST}, tabella 9, DataInizioPrestazione",
        {"carattere": "periodica", "data_inizio": "2025-01-01"}, {"carattere": "periodica"},
    ),
    Regola(
        "siuss-periodica-importo", "importo_mensile", Se(_PERIODICA, Presente("importo_mensile")),
        "errore", "la prestazione è periodica: scrivere l'importo mensile",
        f"{ST}, tabella 9, ImportoMensile",
        {"carattere": "periodica", "importo_mensile": "100.00"},
        {"carattere": "periodica", "importo": "100.00"},
    ),
    Regola(
        "siuss-occasionale-data", "data_erogazione", Se(_OCCASIONALE, Presente("data_erogazione")),
        "errore", "la prestazione è occasionale: scrivere la data di erogazione",
        f"{ST}, tabella 9, DataErogazionePrestazione",
        {"carattere": "occasionale", "data_erogazione": "2025-03-01"},
        {"carattere": "occasionale", "data_inizio": "2025-03-01"},
    ),
    Regola(
        "siuss-occasionale-importo", "importo", Se(_OCCASIONALE, Presente("importo")), "errore",
        "la prestazione è occasionale: scrivere l'importo della prestazione",
        f"{ST}, tabella 9, ImportoPrestazione",
        {"carattere": "occasionale", "importo": "250.00"},
        {"carattere": "occasionale", "importo_mensile": "250.00"},
    ),
    Regola(
        "siuss-periodica-con-erogazione", "data_erogazione",
        Non(E((_PERIODICA, Presente("data_erogazione")))), "avviso",
        "la prestazione è periodica ma c'è la data di erogazione {data_erogazione}, che è delle "
        "occasionali: toglierla, oppure correggere il carattere",
        f"{ST}, tabella 9, DataErogazionePrestazione (la vuole per le occasionali; non la vieta)",
        {"carattere": "periodica", "data_inizio": "2025-03-01"},
        {"carattere": "periodica", "data_erogazione": "2025-03-01"},
    ),
    Regola(
        "siuss-periodica-con-importo", "importo",
        Non(E((_PERIODICA, Presente("importo")))), "avviso",
        "la prestazione è periodica ma c'è l'importo {importo}, che è delle occasionali: toglierlo "
        "e scrivere quello mensile, oppure correggere il carattere",
        f"{ST}, tabella 9, ImportoPrestazione (lo vuole per le occasionali; non lo vieta)",
        {"carattere": "periodica", "importo_mensile": "100.00"},
        {"carattere": "periodica", "importo_mensile": "100.00", "importo": "1200.00"},
    ),
    Regola(
        "siuss-occasionale-con-inizio", "data_inizio",
        Non(E((_OCCASIONALE, Presente("data_inizio")))), "avviso",
        "la prestazione è occasionale ma c'è la data di inizio {data_inizio}, che è delle "
        "periodiche: toglierla (resta la data di erogazione), oppure correggere il carattere",
        f"{ST}, tabella 9, DataInizioPrestazione (la vuole per le periodiche; non la vieta)",
        {"carattere": "occasionale", "data_erogazione": "2025-03-01"},
        {"carattere": "occasionale", "data_erogazione": "2025-03-01", "data_inizio": "2025-03-01"},
    ),
    Regola(
        "siuss-occasionale-con-fine", "data_fine",
        Non(E((_OCCASIONALE, Presente("data_fine")))), "avviso",
        "la prestazione è occasionale ma c'è la data di fine {data_fine}, che è delle periodiche: "
        "toglierla, oppure correggere il carattere",
        f"{ST}, tabella 9, DataFinePrestazione e CaratterePrestazione",
        {"carattere": "occasionale", "data_erogazione": "2025-03-01"},
        {"carattere": "occasionale", "data_inizio": "2025-03-01", "data_fine": "2025-03-31"},
    ),
    Regola(
        "siuss-occasionale-con-mensile", "importo_mensile",
        Non(E((_OCCASIONALE, Presente("importo_mensile")))), "avviso",
        "la prestazione è occasionale ma c'è l'importo mensile {importo_mensile}, che è delle "
        "periodiche: toglierlo e scrivere l'importo della prestazione, oppure correggere il "
        "carattere",
        f"{ST}, tabella 9, ImportoMensile (lo vuole per le periodiche; non lo vieta)",
        {"carattere": "occasionale", "importo": "250.00"},
        {"carattere": "occasionale", "importo": "250.00", "importo_mensile": "250.00"},
    ),
    Regola(
        "siuss-occasionale-con-periodo", "periodo_erogazione",
        Non(E((_OCCASIONALE, Presente("periodo_erogazione")))), "avviso",
        "la prestazione è occasionale ma c'è il periodo di erogazione {periodo_erogazione}, che è "
        "delle periodiche: toglierlo, oppure correggere il carattere",
        f"{ST}, tabella 9, PeriodoErogazione e CaratterePrestazione",
        {"carattere": "periodica", "periodo_erogazione": "1"},
        {"carattere": "occasionale", "periodo_erogazione": "1"},
    ),
    Regola(
        "siuss-denominazione-corta", "denominazione_prestazione",
        Lunghezza("denominazione_prestazione", 10, 200), "errore",
        "il nome della prestazione «{denominazione_prestazione}» è troppo corto: INPS ne vuole uno "
        "di almeno 10 caratteri, scriverlo per esteso (per esempio «Mensa scolastica»)",
        f"{ST}, tabella 9, DenominazionePrestazione; {XSD}",
        {"denominazione_prestazione": "Asilo Nido"}, {"denominazione_prestazione": "Mensa"},
    ),
    Regola(
        "siuss-fine-senza-inizio", "data_inizio",
        Se(Presente("data_fine"), Presente("data_inizio")), "errore",
        "c'è la data di fine {data_fine} ma non quella di inizio: scriverla",
        f"{ST}, tabella 9, DataFinePrestazione",
        {"data_inizio": "2025-01-01", "data_fine": "2025-12-31"}, {"data_fine": "2025-12-31"},
    ),
    Regola(
        "siuss-fine-prima-inizio", "data_fine", NonPrima("data_fine", "data_inizio"), "errore",
        "la data di fine {data_fine} viene prima di quella di inizio {data_inizio}: correggere una "
        "delle due",
        f"coerenza interna ({ST}, tabella 9, DataFinePrestazione: chiede solo lo stesso anno)",
        {"data_inizio": "2025-01-01", "data_fine": "2025-12-31"},
        {"data_inizio": "2025-06-01", "data_fine": "2025-05-31"},
    ),
    Regola(
        "siuss-fine-altro-anno", "data_fine",
        Se(EntroAnni("data_inizio", "data_fine", ANNI_MASSIMI - 1),
           StessoAnno("data_inizio", "data_fine")),
        "errore",
        "la data di fine {data_fine} non è nell'anno di quella di inizio {data_inizio}: dividere "
        "la prestazione per anno solare, con lo stesso protocollo di domanda",
        f"{ST}, tabella 9, DataFinePrestazione (una periodica che arriva da un foglio la divide il "
        "programma)",
        {"data_inizio": "2025-01-01", "data_fine": "2025-12-31"},
        {"data_inizio": "2024-09-01", "data_fine": "2025-06-30"},
    ),
    Regola(
        "siuss-troppi-anni", "data_fine",
        EntroAnni("data_inizio", "data_fine", ANNI_MASSIMI - 1), "errore",
        "la prestazione va dal {data_inizio} al {data_fine}, più di dieci anni: controllare le due "
        "date; se sono giuste, scriverla in più righe con lo stesso protocollo di domanda",
        "plausibilità: il programma divide da sé una prestazione fino a dieci anni solari",
        {"data_inizio": "2016-03-01", "data_fine": "2025-12-31"},
        {"data_inizio": "2015-12-31", "data_fine": "2025-01-01"},
    ),
    Regola(
        "siuss-inizio-prima-nascita", "data_inizio", NonPrima("data_inizio", "anno_nascita"),
        "errore",
        "la data di inizio {data_inizio} viene prima dell'anno di nascita {anno_nascita}: "
        "correggere una delle due",
        "coerenza interna",
        {"data_inizio": "2025-01-01", "anno_nascita": "2025"},
        {"data_inizio": "1979-01-01", "anno_nascita": "1980"},
    ),
    Regola(
        "siuss-evento-prima-nascita", "data_evento", NonPrima("data_evento", "anno_nascita"),
        "errore",
        "la data dell'evento {data_evento} viene prima dell'anno di nascita {anno_nascita}: "
        "correggere una delle due",
        "coerenza interna",
        {"data_evento": "2025-01-01", "anno_nascita": "2025"},
        {"data_evento": "1979-01-01", "anno_nascita": "1980"},
    ),
    Regola(
        "siuss-erogazione-prima-nascita", "data_erogazione",
        NonPrima("data_erogazione", "anno_nascita"), "errore",
        "la data di erogazione {data_erogazione} viene prima dell'anno di nascita {anno_nascita}: "
        "correggere una delle due",
        "coerenza interna",
        {"data_erogazione": "2025-01-01", "anno_nascita": "2025"},
        {"data_erogazione": "1979-01-01", "anno_nascita": "1980"},
    ),
    Regola(
        "siuss-erogazione-futura", "data_erogazione", InOrdine("data_erogazione", OGGI), "avviso",
        "la data di erogazione {data_erogazione} non è ancora arrivata: controllare che il "
        "pagamento ci sia stato",
        COERENZA,
        {"data_erogazione": "2025-03-01", OGGI: "2025-03-01"},
        {"data_erogazione": "2025-03-02", OGGI: "2025-03-01"},
    ),
    Regola(
        "siuss-evento-lontano", "data_evento",
        E((EntroAnni("data_evento", "data_inizio", 5),
           EntroAnni("data_evento", "data_erogazione", 5))),
        "avviso",
        "la data dell'evento {data_evento} è lontana più di cinque anni dalla prestazione: "
        "controllarla",
        "plausibilità",
        {"data_evento": "2024-12-10", "data_inizio": "2025-01-01"},
        {"data_evento": "2004-12-10", "data_inizio": "2025-01-01"},
    ),
    Regola(
        "siuss-quote-mensile", "importo_mensile",
        Se(E((_PERIODICA, AlmenoUno(_QUOTE))), SommaUguale(_QUOTE, "importo_mensile")), "errore",
        "le quote fanno {somma} e l'importo mensile è {importo_mensile}: correggere le quote o "
        "l'importo, oppure togliere tutte le quote",
        f"{ST}, tabella 9, ImportoQuotaEnte e seguenti",
        {"carattere": "periodica", "importo_mensile": "1312.40", "quota_ente": "1200.00",
         "quota_utente": "112.40"},
        {"carattere": "periodica", "importo_mensile": "101.23", "quota_ente": "52.54",
         "quota_utente": "21.71"},
    ),
    Regola(
        "siuss-quote-prestazione", "importo",
        Se(E((_OCCASIONALE, AlmenoUno(_QUOTE))), SommaUguale(_QUOTE, "importo")), "errore",
        "le quote fanno {somma} e l'importo della prestazione è {importo}: correggere le quote o "
        "l'importo, oppure togliere tutte le quote",
        f"{ST}, tabella 9, ImportoQuotaEnte e seguenti",
        {"carattere": "occasionale", "importo": "1265.23", "quota_ente": "967.69",
         "quota_utente": "155.56", "quota_ssn": "141.98"},
        {"carattere": "occasionale", "importo": "100.00", "quota_ente": "100.00",
         "quota_ssn": "0.01"},
    ),
    Regola(
        "siuss-quota-ente-zero", "quota_ente", Positivo("quota_ente"), "avviso",
        "INPS vuole la quota dell'ente maggiore di zero: se non c'è, lasciare vuoto",
        f"{ST}, tabella 9, ImportoQuotaEnte (il flusso di esempio di INPS porta zero)",
        {"quota_ente": "0.01"}, {"quota_ente": "0.00"},
    ),
    Regola(
        "siuss-quota-ssn-zero", "quota_ssn", Positivo("quota_ssn"), "avviso",
        "INPS vuole la quota del SSN maggiore di zero: se non c'è, lasciare vuoto",
        f"{ST}, tabella 9, ImportoQuotaSSN (il flusso di esempio di INPS porta zero)",
        {"quota_ssn": "10.00"}, {"quota_ssn": "0.00"},
    ),
    Regola(
        "siuss-area-mancante", "area_utenza",
        Se(Uguale("presa_in_carico", "si"), Presente("area_utenza")), "errore",
        "la persona è presa in carico: scrivere l'area di utenza (1 famiglia e minori, 2 "
        "disabilità e non autosufficienza, 3 povertà)",
        f"{ST}, tabella 9, AreaUtenza",
        {"presa_in_carico": "si", "area_utenza": "2"}, {"presa_in_carico": "si"},
    ),
    Regola(
        "siuss-residenza-mancante", "comune_residenza", Presente("nazione_residenza"), "errore",
        "manca la residenza: scrivere il comune (codice ISTAT) oppure, per chi risiede all'estero, "
        "la nazione in nazione_residenza",
        f"{ST}, tabella 7, CodiceNazione",
        {"nazione_residenza": "642"}, {},
    ),
    Regola(
        "siuss-residenza-comune", "comune_residenza",
        Se(Uguale("nazione_residenza", "380"), Presente("comune_residenza")), "errore",
        "la persona risiede in Italia: scrivere il comune di residenza (codice ISTAT)",
        f"{ST}, tabella 7, CodiceComune",
        {"nazione_residenza": "380", "comune_residenza": "019035"}, {"nazione_residenza": "380"},
    ),
    Regola(
        "siuss-residenza-regione", "regione_residenza",
        Se(E((Uguale("nazione_residenza", "380"), Presente("comune_residenza"))),
           Presente("regione_residenza")),
        "errore",
        "non si sa di che regione è il comune {comune_residenza}: ricontrollare il codice ISTAT, "
        "oppure scrivere la regione in regione_residenza (due cifre, codifica INPS)",
        f"{ST}, tabella 7, CodiceRegione",
        {"nazione_residenza": "380", "comune_residenza": "019035", "regione_residenza": "10"},
        {"nazione_residenza": "380", "comune_residenza": "999001"},
    ),
    Regola(
        "siuss-residenza-estera", "nazione_residenza",
        O((Uguale("nazione_residenza", "380"), Assente("nazione_residenza"),
           Assente("comune_residenza"))),
        "errore",
        "la nazione di residenza {nazione_residenza} non è l'Italia ma c'è il comune italiano "
        "{comune_residenza}: togliere uno dei due",
        f"coerenza interna: i due si contraddicono ({ST}, tabella 7, non lo vieta)",
        {"nazione_residenza": "642"},
        {"nazione_residenza": "642", "comune_residenza": "019035"},
    ),
    Regola(
        "siuss-altri-indirizzi-incompleti", "altri_indirizzi",
        OgniBlocco("altri_indirizzi",
                   Se(Uguale("nazione", "380"), E((Presente("comune"), Presente("regione"))))),
        "errore",
        "un indirizzo in Italia (380) è senza comune o senza regione: scriverli tutti e due, oppure "
        "togliere quell'indirizzo",
        f"{ST}, tabella 7, CodiceRegione e CodiceComune",
        {"altri_indirizzi": '[{"regione":"10","comune":"019036","nazione":"380"}]'},
        {"altri_indirizzi": '[{"nazione":"642"},{"comune":"019036","nazione":"380"}]'},
    ),
    Regola(
        "siuss-altri-indirizzi-esteri", "altri_indirizzi",
        OgniBlocco("altri_indirizzi", O((Uguale("nazione", "380"), Assente("comune")))),
        "errore",
        "un indirizzo all'estero ha un comune italiano: togliere il comune, oppure scrivere 380 "
        "nella nazione",
        f"coerenza interna: i due si contraddicono ({ST}, tabella 7, non lo vieta)",
        {"altri_indirizzi": '[{"nazione":"642"}]'},
        {"altri_indirizzi": '[{"comune":"019036","nazione":"642"}]'},
    ),
    Regola(
        "siuss-sina-fonte-senza-invalidita", "sina_fonte_derivazione_invalidita",
        Se(Presente("sina_fonte_derivazione_invalidita"), Presente("sina_invalidita_civile")),
        "avviso",
        "c'è la fonte dell'invalidità ma non l'invalidità: scriverla, oppure togliere la fonte",
        f"{COERENZA}; {ST}, tabelle 10 e 11",
        {"sina_fonte_derivazione_invalidita": "1", "sina_invalidita_civile": "2"},
        {"sina_fonte_derivazione_invalidita": "1"},
    ),
    Regola(
        "siuss-sina-incompleta", "sina_mobilita",
        Se(AlmenoUno(SINA_CAMPI), E(tuple(Presente(nome) for nome in SINA_OBBLIGATORI))),
        "errore",
        "la parte SINA è incompleta: servono mobilità, vita quotidiana, disturbi comportamentali, "
        "area reddituale, area di supporto, fonte e strumento della valutazione (oppure togliere "
        "tutta la parte SINA)",
        f"{ST}, tabella 10",
        _SINA_COMPLETA,
        {**dict.fromkeys(SINA_OBBLIGATORI[1:], "1"), "sina_invalidita_civile": "2"},
    ),
    Regola(
        "siuss-cf-omocodia", "codice_fiscale", DataInCifre("codice_fiscale"), "errore",
        "lo schema INPS non accetta lettere di omocodia dentro la data di nascita del codice "
        "fiscale: chiedere a INPS come inviare questa persona, e tenerla fuori dal file",
        f"{XSD}, CodiceFiscale (lettere ammesse solo nel luogo di nascita)",
        {"codice_fiscale": "RSSMRA80A41D14NF"}, {"codice_fiscale": "RSSMRA80A4MDMQNB"},
    ),
    Regola(
        "siuss-cf-cognome", "cognome", CognomeDelCodiceFiscale("codice_fiscale", "cognome"),
        "avviso",
        "le prime tre lettere del codice fiscale {codice_fiscale} non sono quelle del cognome "
        "{cognome}: controllare (vale il cognome alla nascita; cognome e nome scambiati?)",
        "DM 23/12/1976, art. 2 e 3",
        {"codice_fiscale": "RSSMRA80A41D142Q", "cognome": "Rossi"},
        {"codice_fiscale": "RSSMRA80A41D142Q", "cognome": "Bianchi"},
    ),
    Regola(
        "siuss-cf-nome", "nome", NomeDelCodiceFiscale("codice_fiscale", "nome"), "avviso",
        "le lettere dalla quarta alla sesta del codice fiscale {codice_fiscale} non sono quelle del "
        "nome {nome}: controllare (valgono tutti i nomi, nell'ordine dell'atto di nascita)",
        "DM 23/12/1976, art. 2 e 4",
        {"codice_fiscale": "RSSMRA80A41D142Q", "nome": "Maria"},
        {"codice_fiscale": "RSSMRA80A41D142Q", "nome": "Anna"},
    ),
    Regola(
        "siuss-cf-anno", "anno_nascita", AnnoDelCodiceFiscale("codice_fiscale", "anno_nascita"),
        "avviso", "l'anno di nascita {anno_nascita} non è quello del codice fiscale: controllare",
        "DM 23/12/1976",
        {"codice_fiscale": "RSSMRA80A41D142Q", "anno_nascita": "1980"},
        {"codice_fiscale": "RSSMRA80A41D142Q", "anno_nascita": "1981"},
    ),
    Regola(
        "siuss-cf-luogo", "luogo_nascita", LuogoDelCodiceFiscale("codice_fiscale", "luogo_nascita"),
        "avviso",
        "il luogo di nascita {luogo_nascita} non è quello del codice fiscale: controllare",
        "DM 23/12/1976",
        {"codice_fiscale": "RSSMRA80A41D14NF", "luogo_nascita": "D142"},
        {"codice_fiscale": "RSSMRA80A41D142Q", "luogo_nascita": "D150"},
    ),
    Regola(
        "siuss-cf-genere", "genere", GenereDelCodiceFiscale("codice_fiscale", "genere"), "avviso",
        "il genere {genere} non è quello del codice fiscale: controllare",
        "DM 23/12/1976",
        {"codice_fiscale": "RSSMRA80A41D142Q", "genere": "F"},
        {"codice_fiscale": "RSSMRA80A41D142Q", "genere": "M"},
    ),
    Regola(
        "siuss-area-senza-presa", "area_utenza",
        Non(E((Uguale("presa_in_carico", "no"), Presente("area_utenza")))), "avviso",
        "c'è l'area di utenza ma la persona non è presa in carico: controllare quale vale",
        f"{COERENZA} ({ST}, tabella 9, AreaUtenza: la vuole in carico, altrimenti non la vieta)",
        {"presa_in_carico": "no"}, {"presa_in_carico": "no", "area_utenza": "1"},
    ),
)  # fmt: skip
"""The rules that do not depend on the table of the prestazioni."""


def _regole_delle_regioni(regioni: Regioni) -> tuple[Regola, ...]:
    """The rules that depend on the table of the regions; none where it is empty."""
    if regioni.esempio is None:
        return ()
    comune, regione, dal = regioni.esempio
    altra = next(numero for numero in (LOMBARDIA_ISTAT, "01", "02") if numero != regione)
    giorno = {GIORNI[0]: dal} if dal else {}
    non_di_istat = regioni.lombardia(
        "; ", "" if LOMBARDIA_ISTAT in regioni.della_lombardia else f", non {LOMBARDIA_ISTAT}"
    )

    def indirizzo(numero: str) -> str:
        return f'[{{"regione":"{numero}","comune":"{comune}","nazione":"380"}}]'

    return (
        Regola(
            "siuss-residenza-regione-altra", "regione_residenza",
            nel_tempo(
                regioni, GIORNI,
                lambda tavola: DallaTabella("regione_residenza", "comune_residenza", tavola, 3),
            ),
            "avviso",
            "la regione {regione_residenza} non è quella del comune {comune_residenza} nella codifica "
            f"che INPS chiede (non è quella di ISTAT{non_di_istat}): lasciare vuota la regione, che "
            "si ricava dal comune, oppure correggere il comune",
            f"{ST}, tabella 7 e nota 2; i due flussi di esempio di INPS (provincia 068, regione 01); "
            "i numeri sono quelli della lista delle regioni di questa installazione",
            {"comune_residenza": comune, "regione_residenza": regione, **giorno},
            {"comune_residenza": comune, "regione_residenza": altra, **giorno},
        ),
        Regola(
            "siuss-altri-indirizzi-regione", "altri_indirizzi",
            nel_tempo(
                regioni, GIORNI,
                lambda tavola: OgniBlocco(
                    "altri_indirizzi", DallaTabella("regione", "comune", tavola, 3)
                ),
            ),
            "avviso",
            "un indirizzo ha una regione che non è quella del suo comune nella codifica che INPS "
            f"chiede (non è quella di ISTAT{non_di_istat}): correggere la regione o il comune",
            f"{ST}, tabella 7 e nota 2; i numeri sono quelli della lista delle regioni di questa "
            "installazione",
            {"altri_indirizzi": indirizzo(regione), **giorno},
            {"altri_indirizzi": indirizzo(altra), **giorno},
        ),
    )  # fmt: skip


def _solo_in_carico(nella_lista: Controllo, esempio: Mapping[str, str]) -> Regola:
    """Only for whoever is in charge."""
    return Regola(
        "siuss-solo-in-carico",
        "presa_in_carico",
        Se(nella_lista, Uguale("presa_in_carico", "si")),
        "errore",
        "la prestazione {codice_prestazione} si comunica solo per chi è preso in carico dal "
        "servizio sociale professionale: scrivere si in presa_in_carico se lo è, altrimenti "
        "togliere la riga",
        "nomenclatore del DM 206/2014, nota ai codici da A2.16 a A2.29 riportata da SISO 4.10.3",
        {**esempio, "presa_in_carico": "si"},
        {**esempio, "presa_in_carico": "no"},
    )


def _con_sina(nella_lista: Controllo, esempio: Mapping[str, str]) -> Regola:
    """With an evaluation, for whom it calls for one."""
    return Regola(
        "siuss-sina-mancante",
        "sina_mobilita",
        Se(
            E((Uguale("area_utenza", "2"), Uguale("presa_in_carico", "si"), nella_lista)),
            AlmenoUno(SINA_CAMPI),
        ),
        "avviso",
        "la persona è in carico per disabilità o non autosufficienza e la prestazione "
        "{codice_prestazione} si accompagna alla valutazione SINA, che manca: compilarla se la "
        "valutazione c'è",
        f"codici e persone: SISO 4.10.3; facoltativa per INPS ({ST}, tabella 8), perciò avviso",
        {**esempio, "area_utenza": "2", "presa_in_carico": "si", **_SINA_COMPLETA},
        {**esempio, "area_utenza": "2", "presa_in_carico": "si"},
    )


def _con_evento(nella_lista: Controllo, esempio: Mapping[str, str]) -> Regola:
    """With the date of the event."""
    return Regola(
        "siuss-evento-richiesto",
        "data_evento",
        Se(nella_lista, Presente("data_evento")),
        "avviso",
        "manca la data dell'evento, che per la prestazione {codice_prestazione} è il giorno in cui "
        "il contributo per l'affitto è stato pagato: scriverla se si sa",
        f"{INPS_MSG_1244} (codice); la vuole SISO 4.10.3, per INPS è facoltativa ({ST}, tabella "
        "9), perciò avviso",
        {**esempio, "data_evento": "2025-03-01"},
        esempio,
    )


def _regole_dei_codici(
    prestazioni: tuple[Prestazione, ...], codifiche: Codifiche
) -> tuple[Regola, ...]:
    """The rules that depend on the table of the prestazioni, and on the lists of some of them."""
    codici = tuple(p.codice for p in prestazioni)
    regole = []
    for lista, regola in (
        (lista_solo_in_carico(), _solo_in_carico),
        (lista_con_sina(), _con_sina),
        (lista_con_evento(), _con_evento),
    ):
        if voci := codifiche.get(lista.id, lista.voci):
            prima = voci[0]
            esempio = {"codice_prestazione": prima.codice}
            if giorno := prima.dal or prima.al:
                esempio[GIORNI[0]] = giorno
            regole.append(regola(della_lista(codici, voci, GIORNI), esempio))
    tutte = [VoceCodifica(p.codice, p.denominazione, p.fonte, p.dal, p.al) for p in prestazioni]
    in_forza = regola_in_vigore("siuss-codice-non-in-vigore", "codice_prestazione", GIORNI, tutte)
    if in_forza is not None:
        regole.append(in_forza)
    return tuple(regole)


def regole_prestazioni(
    prestazioni: Iterable[Prestazione] = PRESTAZIONI, codifiche: Codifiche | None = None
) -> tuple[Regola, ...]:
    """All the rules of the flow, with a table of prestazioni and the other lists in force."""
    delle_liste = [
        regola_in_vigore(f"siuss-{campo.replace('_', '-')}-non-in-vigore", campo, GIORNI, voci)
        for campo, (id_, *_) in LISTE.items()
        if campo not in _LISTE_IN_UN_CAMPO and (voci := (codifiche or {}).get(id_)) is not None
    ]
    return (
        *_REGOLE,
        *_regole_delle_regioni(regioni_in_vigore(codifiche)),
        *_regole_dei_codici(tuple(prestazioni), codifiche or {}),
        *(regola for regola in delle_liste if regola is not None),
    )


IDENTIFICAZIONE: Final = Elemento(
    "IdentificazioneFlusso",
    (Attributo("Nome", "nome"),),
    (
        Elemento(
            "Ente",
            (
                Attributo("Codice", "ente_codice"),
                Attributo("Denominazione", "ente_denominazione"),
                Attributo("Indirizzo", "ente_indirizzo"),
                Attributo("CFOperatore", "cf_operatore"),
            ),
        ),
    ),
)
"""The head, equal in the two flows."""

_TRACCIATO: Final = TracciatoXML(
    spazio_nomi=SPAZIO_NOMI,
    radice="Flusso",
    intestazione=IDENTIFICAZIONE,
    gruppo=Elemento(
        "Beneficiario",
        (Attributo("CodiceFiscale", "codice_fiscale"),),
        (
            Elemento(
                "Anagrafica",
                (
                    Attributo("Cognome", "cognome"),
                    Attributo("Nome", "nome"),
                    Attributo("AnnoNascita", "anno_nascita"),
                    Attributo("LuogoNascita", "luogo_nascita"),
                    Attributo("Genere", "genere", GENERE_INPS),
                    Attributo("CodiceCittadinanza", "cittadinanza"),
                    Attributo("CodiceSecondaCittadinanza", "seconda_cittadinanza"),
                ),
            ),
            Elemento(
                "Indirizzo",
                (
                    Attributo("CodiceRegione", "regione_residenza"),
                    Attributo("CodiceComune", "comune_residenza"),
                    Attributo("CodiceNazione", "nazione_residenza"),
                ),
            ),
            Ripetuto(
                "Indirizzo",
                "altri_indirizzi",
                (
                    Attributo("CodiceRegione", "regione"),
                    Attributo("CodiceComune", "comune"),
                    Attributo("CodiceNazione", "nazione"),
                ),
            ),
        ),
    ),
    riga=Elemento(
        "PrestazioniSociali",
        (
            Attributo("TipoOperazione", "tipo_operazione"),
            Attributo("PresenzaProvaMezzi", "prova_mezzi"),
            Attributo("CaratterePrestazione", "carattere", CARATTERE_INPS),
            Attributo("NumeroProtocolloDSU", "dsu_protocollo"),
            Attributo("AnnoProtocolloDSU", "dsu_anno"),
            Attributo("DataDSU", "dsu_data"),
            Attributo("CodicePrestazione", "codice_prestazione"),
            Attributo("DenominazionePrestazione", "denominazione_prestazione"),
            Attributo("ProtocolloDomanda", "protocollo_domanda"),
            Attributo("DataEvento", "data_evento"),
            Attributo("DataInizioPrestazione", "data_inizio"),
            Attributo("DataFinePrestazione", "data_fine"),
            Attributo("DataErogazionePrestazione", "data_erogazione"),
            Attributo("ImportoPrestazione", "importo"),
            Attributo("PeriodoErogazione", "periodo_erogazione"),
            Attributo("ImportoMensile", "importo_mensile"),
            Attributo("ImportoQuotaEnte", "quota_ente"),
            Attributo("ImportoQuotaUtente", "quota_utente"),
            Attributo("ImportoQuotaSSN", "quota_ssn"),
            Attributo("ImportoQuotaRichiesta", "quota_richiesta"),
            Attributo("ImportoSogliaISEE", "soglia_isee"),
            Attributo("OreServizioMensile", "ore_mensili"),
            Attributo("PresaCarico", "presa_in_carico", SI_NO_INPS),
            Attributo("AreaUtenza", "area_utenza"),
        ),
        (
            Elemento(
                "SINA",
                tuple(Attributo(attributo, nome) for nome, attributo, *_ in _SINA),
                (
                    Lista(
                        "NecessitaInterventiSociali",
                        "CodicePrestazione",
                        "sina_necessita_interventi_sociali",
                    ),
                    Lista("InvaliditaCivile", "InvCiv", "sina_invalidita_civile"),
                ),
                facoltativo=True,
            ),
        ),
    ),
)


def _con_lista(campo: Campo, codifiche: Codifiche) -> Campo:
    """The field with the codes that its list has in this installation."""
    voci = codifiche.get(LISTE[campo.nome][0]) if campo.nome in LISTE else None
    if voci is None:
        return campo
    return msgspec.structs.replace(campo, codici=codici_della_lista(voci))


def flusso_prestazioni(
    prestazioni: Iterable[Prestazione] = PRESTAZIONI, codifiche: Codifiche | None = None
) -> Flusso:
    """The flow, with the table of prestazioni and the lists of the installation.

    Args:
        prestazioni: the table; the seed unless told.
        codifiche: the other lists in force; those of the schema unless told.
    """
    prestazioni = tuple(prestazioni)
    campi = _campi(prestazioni, regioni_in_vigore(codifiche))
    return Flusso(
        id="siuss",
        denominazione="SIUSS, prestazioni sociali (PS-PSA-SINA)",
        destinatario="INPS",
        versione_schema="201812",
        fonte="prestazioni",
        campi=tuple(_con_lista(campo, codifiche or {}) for campo in campi),
        regole=regole_prestazioni(prestazioni, codifiche),
        tracciato=_TRACCIATO,
        estensione="xml",
        media_type="application/xml",
        fonti_normative=(
            "DM 16/12/2014 n. 206",
            "D.lgs. 15/9/2017 n. 147, art. 24",
            "INPS, schema PS_PSA_SINA201812",
            ST,
        ),
        regola_nome=RegolaNome(sigla="PS", fonte=f"{ST}; tabelle 2 e 13, par. 3.2"),
        principale=True,
        taglio=TAGLIO,
        operazione=Operazione(campo="tipo_operazione"),
    )


FLUSSO_PRESTAZIONI: Final = flusso_prestazioni()
