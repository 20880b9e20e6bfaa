"""The distretto of Casalmaggiore: its manifest, how its comuni decide together, its report.

What is known comes from the press of 2013 and 2014 on the Consorzio Casalasco Servizi Sociali
(Concass). Until then every comune had one vote. On 8 November 2013 the mayors agreed on votes
weighted by inhabitants and, in pacts among the members, on the consent of at least 11 of the 21
comuni besides: otherwise Casalmaggiore, Piadena and Gussola could have decided for all. On 2 April
2014 the new statute was still to be adopted; when it was is not known.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from capofila.hooks import (
    OLTRE_META,
    Atto,
    Base,
    CriteriRiparto,
    Manifesto,
    Materia,
    Nomina,
    Organo,
    Per,
    PerimetroRapporto,
    Presidenza,
    Privacy,
    RapportoSpesa,
    RegolaVoto,
    RegoleAccreditamento,
    Seggio,
    SezioneRapporto,
    Specie,
    TavolaRapporto,
    doppia_maggioranza,
    hookimpl,
    per_testa,
    pesato_per_abitanti,
    variante,
)
from capofila_casalmaggiore.accreditamento import REGOLE
from capofila_casalmaggiore.riparto import CRITERI

LEGGE_REGIONALE: Final = Atto(
    specie=Specie.LEGGE,
    organo="Regione Lombardia",
    titolo="Legge regionale 12 marzo 2008, n. 3",
    numero="3",
    data=date(2008, 3, 12),
    articolo="18",
)

LA_PROVINCIA: Final = Atto(
    specie=Specie.STAMPA,
    organo="La Provincia di Cremona",
    titolo="Concass, da consorzio ad azienda",
    data=date(2013, 11, 9),
    url="https://www.laprovinciacr.it/news/ogliopo/66407/Concass--da-consorzio-ad-azienda.html",
    nota="Riferisce l'assemblea dei sindaci dell'8 novembre 2013; statuto e patti non reperiti.",
)

OGLIO_PO_NEWS_2013: Final = Atto(
    specie=Specie.STAMPA,
    organo="OglioPoNews",
    titolo="La modifica dello statuto del Concass in consiglio comunale a Casalmaggiore",
    data=date(2013, 12, 24),
    url=(
        "https://oglioponews.it/2013/12/24/"
        "concass-la-modifica-statutaria-fa-discutere-in-consiglio-comunale"
    ),
    nota="Casalmaggiore pesa il 38,18 %, secondo gli abitanti; i comuni associati sono qui venti.",
)

OGLIO_PO_NEWS_2014: Final = Atto(
    specie=Specie.STAMPA,
    organo="OglioPoNews",
    titolo="Il nuovo statuto del Concass e il suo consiglio di amministrazione",
    data=date(2014, 4, 2),
    url="https://www.oglioponews.it/2014/04/02/concass-cambia-lo-statuto-fuori-dal-cda-i-sindaci/",
    nota="Lo statuto è annunciato come prossimo.",
)

ULTIMO_GIORNO_PER_TESTA: Final = OGLIO_PO_NEWS_2014.data
"""The last day on which a source still has the old statute in force."""

PRIMO_GIORNO_PESATO: Final = date(2014, 4, 3)

DECORRENZA: Final = variante(
    LA_PROVINCIA,
    ipotesi=True,
    nota=(
        "regola riferita dalla stampa nel 2013; il giorno in cui lo statuto è entrato in vigore "
        "non è noto e si conta da quello dopo l'ultima notizia che lo dà per prossimo"
    ),
)

MAGGIORANZA_DEL_PESO: Final = variante(
    LA_PROVINCIA,
    ipotesi=True,
    nota=(
        "la fonte parla di maggioranza qualificata senza misura; oltre la metà degli abitanti di "
        "tutti i comuni è la soglia più bassa, ed è compatibile con quanto dice: che tre comuni "
        "soli l'avrebbero raggiunta, e che Casalmaggiore pesa il 38,18 % di tutti"
    ),
)

FIGURE_2011: Final = Atto(
    specie=Specie.STUDIO,
    organo="Aziende sociali dei tre distretti (autore non indicato)",
    titolo="Il welfare dei tre distretti cremonesi, presentazione di marzo 2014",
    nota="Dà le quote per abitante dell'ambito intero, non quelle dei comuni.",
)

RAPPORTO: Final = RapportoSpesa(
    codice="spesa-quota-per-abitante",
    denominazione="La quota per abitante",
    premessa="Quanto spende ogni comune per abitante: insieme agli altri, attraverso il consorzio, e da "
    "solo. Le figure pubblicate del 2011 hanno le stesse tre quote per l'ambito intero: il dettaglio "
    "per comune è di questo rapporto.",
    sezioni=(
        SezioneRapporto(
            tavola=TavolaRapporto.QUOTE,
            titolo="Quota per abitante dei comuni",
            perimetri=(PerimetroRapporto.AMBITO, PerimetroRapporto.COMUNI),
        ),
        SezioneRapporto(
            tavola=TavolaRapporto.GESTIONE,
            titolo="Spesa e forma di gestione",
            perimetri=(PerimetroRapporto.AMBITO, PerimetroRapporto.COMUNI),
        ),
    ),
    fonte=FIGURE_2011,
)

ORGANI: Final = (
    Organo(
        codice="assemblea-dei-sindaci",
        denominazione="Assemblea dei Sindaci del Consorzio Casalasco Servizi Sociali (Concass)",
        seggi=(Seggio(categoria="sindaco", denominazione="Sindaco", numero=1, per=Per.COMUNE),),
        regole_voto=(
            RegolaVoto(
                condizioni=per_testa(fonte=LA_PROVINCIA),
                fonte=LA_PROVINCIA,
                valido_al=ULTIMO_GIORNO_PER_TESTA,
            ),
            RegolaVoto(
                condizioni=doppia_maggioranza(
                    peso=pesato_per_abitanti(
                        soglia=OLTRE_META, base=Base.AVENTI_DIRITTO, fonte=MAGGIORANZA_DEL_PESO
                    ),
                    soglia_teste=11,
                    fonte=LA_PROVINCIA,
                ),
                fonte=DECORRENZA,
                valido_dal=PRIMO_GIORNO_PESATO,
            ),
        ),
        materie=(
            Materia(
                codice="quota-dei-comuni",
                oggetto="Quota per abitante dei comuni",
                fonte=FIGURE_2011,
            ),
            Materia(codice="piano-di-zona", oggetto="Piano di Zona", fonte=LEGGE_REGIONALE),
            Materia(
                codice="statuto",
                oggetto="Statuto e patti fra i comuni associati",
                fonte=OGLIO_PO_NEWS_2013,
            ),
        ),
        fonte=LA_PROVINCIA,
    ),
    Organo(
        codice="consiglio-di-amministrazione",
        denominazione="Consiglio di amministrazione del Concass",
        seggi=(
            Seggio(
                categoria="presidente",
                denominazione="Presidente",
                designato_da="Comune di Casalmaggiore",
            ),
            Seggio(
                categoria="zona",
                denominazione="Componente indicato dai comuni della zona",
                numero=1,
                per=Per.ZONA,
                designato_da="Comuni della zona, una delle quattro",
            ),
        ),
        presidenza=Presidenza(
            titolare="Presidente", categoria="presidente", nomina=Nomina.DESIGNATA
        ),
        fonte=variante(
            OGLIO_PO_NEWS_2014,
            ipotesi=True,
            nota="composizione annunciata il 2 aprile 2014; si conta dal giorno dopo",
        ),
        valido_dal=PRIMO_GIORNO_PESATO,
    ),
)


SCHEMI: Final = tuple(sorted((Path(__file__).parent / "schemi").glob("*.yaml")))


@hookimpl
def manifesto() -> Manifesto:
    """See the contract."""
    return Manifesto(
        id="casalmaggiore",
        distretto="casalmaggiore",
        denominazione="Distretto di Casalmaggiore (ambito Casalasco)",
        versione="0.1.0",
        contratto="1.6",
        fornitore="Progetto Capofila",
        licenza="EUPL-1.2",
        fonti=(LEGGE_REGIONALE, LA_PROVINCIA, OGLIO_PO_NEWS_2013, OGLIO_PO_NEWS_2014, FIGURE_2011),
        privacy=Privacy(
            dati_personali=False,
            dichiarazione=(
                "Il plugin dichiara gli organi, il loro modo di votare e quali tavole di importi "
                "ha il suo rapporto: non riceve e non produce dati personali."
            ),
        ),
        descrizione=(
            "Assemblea con doppia maggioranza (abitanti e numero di comuni) e consiglio di "
            "amministrazione, noti dalla stampa del 2013 e 2014."
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
