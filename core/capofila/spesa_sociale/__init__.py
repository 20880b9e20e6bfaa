"""The form of the survey of social spending, as a built-in plugin under the contract.

It has what the sources give: the areas and services published for Cremona in 2012, the three tables
of the regional guide, the areas of ISTAT, the SIUSS codes of the voci that are a prestazione by the
same name. The regional list of voci and the layout of its workbook are not public; which macro-activity
of the FNPS a voce is of is supposed: a distretto adds what it knows.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from capofila.hooks import (
    Anomalia,
    Atto,
    ClassificazioneSpesa,
    CodiceSpesa,
    ColonneTavola,
    Coppia,
    Manifesto,
    ModuloSpesa,
    Privacy,
    ProspettoSpesa,
    Raccordo,
    RegolaNome,
    RegolaSpesa,
    SommaSpesa,
    Specie,
    TavolaSpesa,
    Variazione,
    VoceSpesa,
    hookimpl,
    variante,
)

GUIDA: Final = Atto(
    specie=Specie.DISCIPLINARE,
    organo="Regione Lombardia",
    titolo="Guida alla compilazione della spesa sociale dei comuni, consuntivo 2010",
    nota="Se ne conosce l'indice: il tracciato e l'elenco delle voci non sono pubblici.",
)
CREMONA_2012: Final = Atto(
    specie=Specie.STUDIO,
    organo="Azienda Sociale Cremonese",
    titolo="La spesa sociale dei comuni, anno 2012 (Insieme verso il Piano di Zona)",
    data=date(2015, 3, 12),
)
ISTAT: Final = Atto(
    specie=Specie.DISCIPLINARE,
    organo="ISTAT",
    titolo="Interventi e servizi sociali dei comuni: codici di diffusione",
    nota="Codici della banca dati, non del questionario.",
)
INPS: Final = Atto(
    specie=Specie.DISCIPLINARE,
    organo="INPS",
    titolo="Lista delle prestazioni da erogare",
    nota="I codici sono quelli del DM 16 dicembre 2014, n. 206, tabella 1.",
)
FNPS: Final = Atto(
    specie=Specie.DISCIPLINARE,
    organo="Ministero del lavoro e delle politiche sociali",
    titolo="Fondo nazionale politiche sociali: macro-attività della rendicontazione (SIOSS)",
    nota="Dei cinque nomi i primi due sono stati letti in una fonte. I numeri sono nostri.",
)
PIATTAFORMA: Final = Atto(
    specie=Specie.STUDIO,
    organo="Progetto Capofila",
    titolo="Modulo della spesa sociale",
    ipotesi=True,
    nota="nessuna fonte pubblica lo dà: l'ambito lo conferma o lo cambia",
)


def _codici(*codici: tuple[str, str], fonte: Atto) -> tuple[CodiceSpesa, ...]:
    return tuple(CodiceSpesa(codice=c, denominazione=d, fonte=fonte) for c, d in codici)


_AREE: Final = _codici(
    ("minori_famiglia", "Minori e famiglia"), ("disabili", "Disabili"), ("anziani", "Anziani"),
    ("immigrazione", "Immigrazione"),
    ("emarginazione_poverta", "Emarginazione e povertà"),
    ("compartecipazione_sociosanitaria", "Compartecipazione alla spesa sociosanitaria"),
    ("servizi_sociali", "Servizi sociali (segretariato e funzionamento)"),
    fonte=CREMONA_2012,
) + _codici(
    ("dipendenze", "Dipendenze"), ("salute_mentale", "Salute mentale"),
    ("multiutenza", "Multiutenza"),
    fonte=PIATTAFORMA,
)  # fmt: skip

_VOCI: Final = tuple(
    VoceSpesa(codice=codice, denominazione=nome, fonte=CREMONA_2012)
    for codice, nome in (
        ("nido", "Nidi e micronidi"),
        ("comunita_minori", "Comunità per minori"),
        ("adm", "Assistenza domiciliare minori (ADM)"),
        ("rsa", "Residenze sanitarie assistenziali (RSA)"),
        ("cdi", "Centri diurni integrati (CDI)"),
        ("sad", "Servizio di assistenza domiciliare (SAD)"),
        ("rsd", "Residenze sanitarie per disabili (RSD)"),
        ("cdd", "Centri diurni per disabili (CDD)"),
        ("cse", "Centri socio-educativi (CSE)"),
        ("sadh", "Assistenza domiciliare per disabili (SADH)"),
        ("sostegno_reddito", "Sostegno al reddito"),
        ("segretariato", "Segretariato e funzionamento"),
    )
)

_SIUSS: Final = _codici(
    ("A1.04", "Contributi economici a integrazione del reddito familiare"),
    ("A2.07", "Assistenza domiciliare socio-assistenziale"),
    ("A3.03", "Asilo Nido"),
    fonte=INPS,
)

# Which voce is of which one is supposed. A nido has none: in Lombardy the fund does not pay it.
_MACRO: Final = variante(
    FNPS, ipotesi=True, nota="letto dal nome della macro-attività: l'ambito lo conferma o lo cambia"
)
_FNPS: Final = _codici(
    ("1", "Accesso, valutazione e progettazione"),
    ("2", "Misure per il sostegno e l'inclusione sociale"),
    fonte=FNPS,
) + _codici(
    ("3", "Interventi per favorire la domiciliarità"),
    ("4", "Centri servizi, diurni e semiresidenziali"),
    ("5", "Strutture comunitarie e residenziali"),
    fonte=_MACRO,
)
_MACRO_DELLE_VOCI: Final = {
    "1": ("segretariato",),
    "2": ("sostegno_reddito",),
    "3": ("adm", "sad", "sadh"),
    "4": ("cdi", "cdd", "cse"),
    "5": ("comunita_minori", "rsa", "rsd"),
}

_CLASSIFICAZIONI: Final = (
    ClassificazioneSpesa(
        id="istat_area", denominazione="Area di utenza ISTAT", destinatario="ISTAT",
        codici=_codici(
            ("FAM", "Famiglia e minori"), ("DIS", "Disabili"), ("ADD", "Dipendenze"),
            ("ELD", "Anziani"), ("IMMNOM", "Immigrati, Rom, Sinti, Caminanti"),
            ("POV", "Povertà, disagio adulti e senza dimora"), ("MULBEN", "Multiutenza"),
            fonte=ISTAT,
        ),
    ),
    ClassificazioneSpesa(
        id="siuss", denominazione="Prestazione SIUSS", destinatario="INPS", codici=_SIUSS
    ),
    ClassificazioneSpesa(
        id="fnps_macro", denominazione="Macro-attività FNPS",
        destinatario="Ministero del lavoro e delle politiche sociali", codici=_FNPS,
    ),
    ClassificazioneSpesa(
        id="regione_area", denominazione="Area della rilevazione regionale",
        destinatario="Regione Lombardia", codici=_AREE,
    ),
)  # fmt: skip

_RACCORDI: Final = (
    *(
        Raccordo(classificazione="istat_area", area=area, codice=codice, fonte=ISTAT)
        for area, codice in (
            ("minori_famiglia", "FAM"), ("disabili", "DIS"), ("dipendenze", "ADD"),
            ("anziani", "ELD"), ("immigrazione", "IMMNOM"), ("emarginazione_poverta", "POV"),
            ("multiutenza", "MULBEN"),
        )
    ),
    *(
        Raccordo(classificazione="siuss", voce=voce, codice=codice, fonte=INPS)
        for voce, codice in (("nido", "A3.03"), ("sad", "A2.07"), ("sostegno_reddito", "A1.04"))
    ),
    *(
        Raccordo(classificazione="fnps_macro", voce=voce, codice=codice, fonte=_MACRO)
        for codice, voci in _MACRO_DELLE_VOCI.items()
        for voce in voci
    ),
    *(
        Raccordo(classificazione="regione_area", area=a.codice, codice=a.codice, fonte=a.fonte)
        for a in _AREE
    ),
)  # fmt: skip

CONTROLLI: Final = (
    RegolaSpesa(
        codice="fonti_uguali_spesa", gravita="errore", campo="spesa", fonte=ISTAT,
        controllo=SommaSpesa(("quota_utenti", "quota_ssn", "fonti"), "spesa"),
        messaggio="quote e fonti non fanno la spesa: correggere l'importo che manca o avanza",
    ),
    RegolaSpesa(
        codice="utenti_senza_spesa", gravita="errore", campo="spesa", fonte=PIATTAFORMA,
        controllo=Coppia("utenti", "spesa"),
        messaggio="ci sono utenti e nessuna spesa: scrivere la spesa, o la ragione",
    ),
    RegolaSpesa(
        codice="variazione", gravita="avviso", campo="spesa", fonte=PIATTAFORMA,
        controllo=Variazione("spesa", percento=Decimal(30), minimo=Decimal(1000)),
        messaggio="la spesa è lontana da quella dell'anno prima: controllarla, o dire perché",
    ),
    RegolaSpesa(
        codice="anomalia", gravita="avviso", campo="spesa",
        fonte=variante(PIATTAFORMA, nota="soglia di Iglewicz e Hoaglin (1993); le classi di "
                       "popolazione sono nostre e l'ambito le conferma o le cambia"),
        controllo=Anomalia(soglia=Decimal("3.5"), classi=(2000, 5000, 15000), comuni=5),
        messaggio="la spesa per abitante è lontana da quella dei comuni simili: controllarla",
    ),
)  # fmt: skip

MODULO: Final = ModuloSpesa(
    codice="spesa-sociale",
    denominazione="Spesa sociale dei comuni",
    aree=_AREE,
    voci=_VOCI,
    gestioni=_codici(("singola", "Singola"), ("associata", "Associata"), fonte=GUIDA),
    modalita=_codici(
        ("diretta", "Diretta"), ("appalto", "Appalto"), ("convenzione", "Convenzione"),
        ("voucher", "Voucher"), ("trasferimento", "Trasferimento"), ("delega", "Delega"),
        fonte=PIATTAFORMA,
    ),
    fonti=_codici(
        ("risorse_comune", "Risorse del comune"), ("fsr", "Fondo sociale regionale"),
        ("fnps", "Fondo nazionale politiche sociali"),
        ("fna", "Fondo non autosufficienze"), ("altri", "Altri"),
        fonte=PIATTAFORMA,
    ),
    classificazioni=_CLASSIFICAZIONI,
    raccordi=_RACCORDI,
    tavole=(
        *(
            TavolaSpesa(codice=codice, titolo=titolo, righe="regione_area", colonne=colonne,
                        fonte=GUIDA, per_voce=True)
            for codice, titolo, colonne in (
                ("A", "Costi per tipologia di gestione", ColonneTavola.GESTIONE_E_MODALITA),
                ("B", "Totale fruitori", ColonneTavola.FRUITORI),
                ("C", "Canali di finanziamento a copertura dei costi", ColonneTavola.CANALI),
            )
        ),
        TavolaSpesa(codice="ISTAT", titolo="Utenti, spesa e compartecipazione per area di utenza",
                    righe="istat_area", colonne=ColonneTavola.COPERTURA, fonte=ISTAT),
        TavolaSpesa(codice="SIUSS", titolo="Utenti, spesa e compartecipazione per prestazione SIUSS",
                    righe="siuss", colonne=ColonneTavola.COPERTURA, fonte=INPS, per_voce=True),
        TavolaSpesa(codice="FNPS", titolo="Canali di finanziamento per macro-attività FNPS",
                    righe="fnps_macro", colonne=ColonneTavola.CANALI, fonte=FNPS, per_voce=True),
    ),
    controlli=CONTROLLI,
    fonte=GUIDA,
    valido_dal=date(2010, 1, 1),
)  # fmt: skip

PROSPETTI: Final = (
    ProspettoSpesa(
        codice="spesa-regione",
        denominazione="Spesa sociale: tavole regionali A, B e C",
        destinatario="Regione Lombardia",
        versione_schema="supporto-1",
        modulo="spesa-sociale",
        tavole=("A", "B", "C"),
        formato="xlsx",
        regola_nome=RegolaNome(sigla="SPESA-REG"),
        nota="Prospetto di supporto: il tracciato regionale non è pubblico. Le tre tavole hanno il "
        "titolo che dà loro la guida; righe, colonne e ordine sono supposti. Serve a riportare le "
        "cifre nel modello della Regione, non a sostituirlo.",
        trasmette=True,
        fonte=GUIDA,
        valido_dal=date(2010, 1, 1),
    ),
    ProspettoSpesa(
        codice="spesa-istat",
        denominazione="Spesa sociale: tavola con i codici ISTAT",
        destinatario="ISTAT",
        versione_schema="diffusione-1",
        modulo="spesa-sociale",
        tavole=("ISTAT",),
        formato="csv",
        regola_nome=RegolaNome(sigla="SPESA-ISTAT"),
        nota="I codici sono quelli con cui ISTAT diffonde i dati, non quelli del questionario.",
        fonte=ISTAT,
        valido_dal=date(2010, 1, 1),
    ),
    ProspettoSpesa(
        codice="spesa-fnps",
        denominazione="Spesa sociale: per macro-attività FNPS e prestazione SIUSS",
        destinatario="Ministero del lavoro e delle politiche sociali",
        versione_schema="supporto-1",
        modulo="spesa-sociale",
        tavole=("FNPS", "SIUSS"),
        formato="xlsx",
        regola_nome=RegolaNome(sigla="SPESA-FNPS"),
        nota="Prospetto di supporto: la rendicontazione del fondo si compila nel SIOSS, e il suo "
        "tracciato non è pubblico. Serve a riportare le cifre, non a sostituirla.",
        fonte=FNPS,
        valido_dal=date(2010, 1, 1),
    ),
)


@hookimpl
def manifesto() -> Manifesto:
    """See the contract."""
    return Manifesto(
        id="spesa_sociale",
        distretto=None,
        denominazione="Spesa sociale dei comuni",
        versione="0.1.0",
        contratto="1.4",
        fornitore="Progetto Capofila",
        licenza="EUPL-1.2",
        fonti=(GUIDA, ISTAT, INPS, FNPS, CREMONA_2012),
        privacy=Privacy(
            dati_personali=False,
            dichiarazione="Il modulo raccoglie importi e numeri di utenti per comune, nessun nome.",
        ),
        descrizione="Il modulo della rilevazione, i raccordi, i controlli e i prospetti dovuti.",
    )


@hookimpl
def moduli_spesa(anno: int) -> tuple[ModuloSpesa, ...]:
    """See the contract."""
    return (MODULO,) if anno >= 2010 else ()


@hookimpl
def prospetti_spesa(anno: int) -> tuple[ProspettoSpesa, ...]:
    """See the contract."""
    return PROSPETTI if anno >= 2010 else ()
