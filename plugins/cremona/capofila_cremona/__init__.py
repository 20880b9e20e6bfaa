"""The distretto of Cremona: its manifest, what is known of its bodies, its report of the spending.

Neither the Accordo di Programma nor the statute of the Azienda Sociale Cremonese was found. The
bodies are known from the press, each from the day that the report speaks of; no voting rule and no
yearly deadline is known, so none is declared.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from capofila.hooks import (
    Atto,
    Attribuzione,
    Competenza,
    CriteriRiparto,
    Elezione,
    Invitato,
    Manifesto,
    Materia,
    Organo,
    Per,
    PerimetroRapporto,
    Presidenza,
    Privacy,
    RapportoSpesa,
    RegoleAccreditamento,
    Seggio,
    SezioneRapporto,
    Specie,
    TavolaRapporto,
    hookimpl,
)
from capofila_cremona.accreditamento import REGOLE
from capofila_cremona.riparto import CRITERI

LEGGE_REGIONALE: Final = Atto(
    specie=Specie.LEGGE,
    organo="Regione Lombardia",
    titolo="Legge regionale 12 marzo 2008, n. 3",
    numero="3",
    data=date(2008, 3, 12),
    articolo="18",
)

CREMONAOGGI_COMITATO: Final = Atto(
    specie=Specie.STAMPA,
    organo="Cremonaoggi",
    titolo="Nomina del comitato ristretto dei sindaci dell'Azienda Sociale Cremonese",
    data=date(2019, 10, 3),
    url=(
        "https://cremonaoggi.it/2019/10/03/azienda-sociale-la-politica-trova-a-fatica-laccordo"
        "-sul-comitato-ristretto-dei-sindaci"
    ),
    nota="L'atto di nomina, del 2 ottobre 2019, non è stato reperito.",
)

CREMONAOGGI_ASSEMBLEA: Final = Atto(
    specie=Specie.STAMPA,
    organo="Cremonaoggi",
    titolo="Convocazione dell'assemblea dei sindaci del 29 ottobre 2019",
    url="https://cremonaoggi.it/?p=456793",
    nota="Ottobre 2019. Statuto e Accordo di Programma non sono stati reperiti.",
)

CREMONAOGGI_CDA: Final = Atto(
    specie=Specie.STAMPA,
    organo="Cremonaoggi",
    titolo="Il nuovo consiglio di amministrazione dell'Azienda Sociale Cremonese",
    data=date(2025, 8, 26),
    url=(
        "https://www.cremonaoggi.it/2025/08/26/azienda-sociale-cremonese-il-nuovo-cda-allopera"
        "-per-il-welfare-territoriale/"
    ),
    nota="Nomina del 18 luglio 2025, per cinque anni; l'atto non è stato reperito.",
)

PRESENTAZIONE: Final = Atto(
    specie=Specie.STUDIO,
    organo="Azienda Sociale Cremonese",
    titolo="La spesa sociale dei comuni, anno 2012 (Insieme verso il Piano di Zona)",
    data=date(2015, 3, 12),
)

_CON_E_SENZA: Final = (PerimetroRapporto.AMBITO, PerimetroRapporto.SENZA_CAPOLUOGO)

RAPPORTO: Final = RapportoSpesa(
    codice="spesa-con-e-senza-cremona",
    denominazione="La spesa sociale dei comuni, con e senza Cremona",
    premessa="Segue l'analisi presentata nel 2015 sulla spesa del 2012: ogni cifra anche senza il "
    "Comune di Cremona, che da solo è gran parte dell'ambito. Le cifre sono della rilevazione "
    "dell'anno scelto.",
    sezioni=(
        SezioneRapporto(
            tavola=TavolaRapporto.GESTIONE,
            titolo="Quanto si gestisce insieme",
            perimetri=_CON_E_SENZA,
        ),
        SezioneRapporto(
            tavola=TavolaRapporto.ABITANTI,
            titolo="La spesa per abitante",
            perimetri=_CON_E_SENZA,
        ),
        SezioneRapporto(
            tavola=TavolaRapporto.AREE,
            titolo="La spesa per target",
            perimetri=_CON_E_SENZA,
        ),
        SezioneRapporto(
            tavola=TavolaRapporto.UTENTI,
            titolo="La spesa dei comuni e utenti",
            perimetri=_CON_E_SENZA,
            voci=(
                "nido",
                "comunita_minori",
                "adm",
                "rsa",
                "cdi",
                "sad",
                "rsd",
                "cdd",
                "cse",
                "sadh",
            ),
            nota="Soltanto i dieci servizi della presentazione: nidi, comunità per minori, ADM, RSA, "
            "CDI, SAD, RSD, CDD, CSE, SADH.",
        ),
        SezioneRapporto(
            tavola=TavolaRapporto.GESTIONE,
            titolo="Il sostegno al reddito",
            perimetri=_CON_E_SENZA,
            voci=("sostegno_reddito",),
            nota="La presentazione lo divide anche per i maggiorenni, di cui qui non c'è il numero.",
        ),
    ),
    fonte=PRESENTAZIONE,
)

ORGANI: Final = (
    Organo(
        codice="assemblea-dei-sindaci",
        denominazione="Assemblea dei Sindaci",
        seggi=(Seggio(categoria="sindaco", denominazione="Sindaco", numero=1, per=Per.COMUNE),),
        # The source names who presides, not why: whether by right or elected is not known.
        presidenza=Presidenza(titolare="Sindaco del Comune di Cremona"),
        attribuzioni=(
            Attribuzione(
                materia="comitato-ristretto",
                competenza=Competenza.NOMINA,
                oggetto="Componenti del Comitato Ristretto",
                fonte=CREMONAOGGI_COMITATO,
            ),
            Attribuzione(
                materia="consiglio-di-amministrazione",
                competenza=Competenza.NOMINA,
                oggetto="Componenti del consiglio di amministrazione dell'azienda",
                fonte=CREMONAOGGI_CDA,
            ),
        ),
        materie=(
            Materia(codice="quota-dei-comuni", oggetto="Quota dei comuni nella gestione associata"),
            Materia(codice="piano-di-zona", oggetto="Piano di Zona", fonte=LEGGE_REGIONALE),
        ),
        elezioni=(
            Elezione(
                materia="comitato-ristretto",
                posti=2,
                per=Per.SUB_AMBITO,
                fonte=CREMONAOGGI_COMITATO,
                valido_dal=date(2019, 10, 2),
            ),
        ),
        fonte=CREMONAOGGI_ASSEMBLEA,
    ),
    Organo(
        codice="comitato-ristretto",
        denominazione="Comitato Ristretto dei Sindaci",
        seggi=(
            Seggio(
                categoria="componente",
                denominazione="Componente in rappresentanza del sub-ambito",
                numero=2,
                per=Per.SUB_AMBITO,
                designato_da="Assemblea dei Sindaci",
            ),
        ),
        invitati=(Invitato(denominazione="Un terzo sindaco del sub-ambito 2 (nel 2019)"),),
        fonte=CREMONAOGGI_COMITATO,
        valido_dal=date(2019, 10, 2),
    ),
    Organo(
        codice="consiglio-di-amministrazione",
        denominazione="Consiglio di amministrazione dell'Azienda Sociale Cremonese",
        seggi=(
            Seggio(categoria="presidente", denominazione="Presidente"),
            Seggio(
                categoria="consigliere",
                denominazione="Consigliere",
                numero=4,
                designato_da="Assemblea dei soci",
            ),
        ),
        presidenza=Presidenza(titolare="Presidente", categoria="presidente"),
        durata_mesi=60,
        fonte=CREMONAOGGI_CDA,
        valido_dal=date(2025, 7, 18),
    ),
)


SCHEMI: Final = tuple(sorted((Path(__file__).parent / "schemi").glob("*.yaml")))


@hookimpl
def manifesto() -> Manifesto:
    """See the contract."""
    return Manifesto(
        id="cremona",
        distretto="cremona",
        denominazione="Distretto di Cremona (ambito Cremonese)",
        versione="0.1.0",
        contratto="1.6",
        fornitore="Progetto Capofila",
        licenza="EUPL-1.2",
        fonti=(
            LEGGE_REGIONALE,
            CREMONAOGGI_ASSEMBLEA,
            CREMONAOGGI_COMITATO,
            CREMONAOGGI_CDA,
            PRESENTAZIONE,
        ),
        privacy=Privacy(
            dati_personali=False,
            dichiarazione=(
                "Il plugin dichiara gli organi dell'ambito, senza i nomi di chi ne fa parte, e quali "
                "tavole di importi ha il suo rapporto: non riceve e non produce dati personali."
            ),
        ),
        descrizione=(
            "Organi noti dalla stampa; Accordo di Programma e statuto non sono stati reperiti."
        ),
    )


@hookimpl
def organi() -> tuple[Organo, ...]:
    """See the contract."""
    return ORGANI


@hookimpl
def schemi() -> tuple[Path, ...]:
    """See the contract; demonstrations, because no source gives what is paid."""
    return SCHEMI


@hookimpl
def rapporti_spesa(anno: int) -> tuple[RapportoSpesa, ...]:
    """See the contract; the tables are the same for every year."""
    return (RAPPORTO,)


@hookimpl
def criteri_riparto(anno: int) -> tuple[CriteriRiparto, ...]:
    """See the contract; demonstrations, because no source gives the criteria."""
    return CRITERI


@hookimpl
def accreditamento() -> tuple[RegoleAccreditamento, ...]:
    """See the contract; demonstrations, because no source gives the requirements."""
    return REGOLE
