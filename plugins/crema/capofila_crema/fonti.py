"""The acts of the ambito Cremasco that are known, and how far they reach.

The Accordo di Programma 2015-2017 has been read whole (articles 1 to 19). It lasts 36 months from
1 May 2015 (art. 16). Of what followed only this is known: an Accordo 2021-2023 among the same 48
comuni, the ATS della Val Padana and the ASST di Crema, whose articles we have not read. What holds
after 30 April 2018 is therefore declared apart, with a source marked as a supposition.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from capofila.hooks import Atto, Specie, variante

DAL: Final = date(2015, 5, 1)
AL: Final = date(2018, 4, 30)
SEGUITO_DAL: Final = date(2018, 5, 1)

ACCORDO: Final = Atto(
    specie=Specie.ACCORDO,
    organo="48 comuni dell'ambito Cremasco, ASL e Provincia di Cremona",
    titolo="Accordo di Programma per l'attuazione del Piano di Zona 2015-2017",
    data=date(2015, 4, 30),
)

PIANO: Final = Atto(
    specie=Specie.ACCORDO,
    organo="Assemblea dei Sindaci dell'ambito Cremasco",
    titolo="Piano di Zona 2015-2017 (allegato 1 dell'Accordo di Programma)",
    data=date(2015, 4, 30),
    nota="nomina i servizi fra gli indicatori; che siano voci della rilevazione è una scelta del plugin",
)

LEGGE_REGIONALE: Final = Atto(
    specie=Specie.LEGGE,
    organo="Regione Lombardia",
    titolo="Legge regionale 12 marzo 2008, n. 3",
    numero="3",
    data=date(2008, 3, 12),
    articolo="18",
)

LINEE_INDIRIZZO: Final = Atto(
    specie=Specie.DELIBERAZIONE,
    organo="Giunta regionale della Lombardia",
    titolo="Linee di indirizzo per la programmazione sociale locale 2015-2017",
    numero="X/2941",
    data=date(2014, 12, 19),
)

REGOLAMENTO_ASL: Final = Atto(
    specie=Specie.REGOLAMENTO,
    organo="ASL della Provincia di Cremona",
    titolo=(
        "Regolamento dell'Ufficio di supporto alla Conferenza dei Sindaci e alle Assemblee "
        "di distretto"
    ),
    numero="711",
    data=date(2011, 12, 29),
    nota="Richiamato dall'art. 6 dell'Accordo; il testo non è stato reperito.",
)

REGOLE_DEL_TAVOLO: Final = Atto(
    specie=Specie.REGOLAMENTO,
    organo="Tavolo Locale del Terzo Settore",
    titolo="Regole di funzionamento, di coordinamento e di ordine dei lavori",
    nota="Se le dà il Tavolo stesso, per l'art. 9 dell'Accordo; il testo non è stato reperito.",
)

SEGUITO: Final = Atto(
    specie=Specie.ACCORDO,
    organo="48 comuni dell'ambito Cremasco, ATS della Val Padana e ASST di Crema",
    titolo="Accordo di Programma 2021-2023 e rinnovi successivi al 30 aprile 2018",
    nota=(
        "si presume che gli accordi successivi confermino organi e ritmo del 2015; del testo "
        "2021-2023 sono noti soltanto i firmatari"
    ),
    ipotesi=True,
)


def accordo(articolo: str) -> Atto:
    """The Accordo of 2015 at one of its articles."""
    return variante(ACCORDO, articolo=articolo)


def seguito(atto: Atto) -> Atto:
    """What followed, at what an article of the Accordo of 2015 said."""
    return variante(SEGUITO, nota=f"{SEGUITO.nota}; nel 2015-2017 era l'art. {atto.articolo}")
