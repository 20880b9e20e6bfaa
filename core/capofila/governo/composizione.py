"""Who sits in a body on a day: its seats, their holders, what is vacant or has lapsed.

A seat is what the body declares, once for each comune, sub-ambito or zone it is counted over. Nobody
stores that one is vacant: it is a seat without a holder in office. Pure.

Source: Accordo di Programma 2015-2017 of the ambito Cremasco, art. 4-10 and 17, as its plugin
declares it.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Literal

import msgspec

from capofila.hooks import Atto, Organo, Per, Seggio

Funzione = Literal["componente", "presidenza", "sostituzione"]
FUNZIONI: Final[tuple[Funzione, ...]] = ("componente", "presidenza", "sostituzione")


class Unita(msgspec.Struct, frozen=True):
    """A comune (ISTAT), a sub-ambito or a zone (code), with its name.

    Attributes:
        referente: ISTAT code of the comune that leads a sub-ambito.
        comuni: ISTAT codes of those that make it up.
    """

    codice: str
    nome: str
    referente: str | None = None
    comuni: tuple[str, ...] = ()


class Adesione(msgspec.Struct, frozen=True, kw_only=True):
    """An ente adhered to the Accordo, in a sector, by an act.

    Attributes:
        accordo_al: the last day of the Accordo, which an adhesion does not outlive.
        istat: of a comune that did not sign and adhered.
    """

    id: int
    ente: str
    settore: str
    dal: date
    al: date | None = None
    organo: str
    numero: str | None = None
    data: date
    inventato: bool = False
    accordo_al: date | None = None
    istat: str | None = None

    def vale(self, giorno: date) -> bool:
        """Whether it holds on a day."""
        return self.dal <= giorno and all(
            fine is None or giorno <= fine for fine in (self.al, self.accordo_al)
        )

    def cita(self) -> str:
        """The act of adhesion."""
        return cita_atto(self.organo, self.numero, self.data)


class Incarico(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a seat, or presides, between two days, by an act.

    Attributes:
        unita: code of the comune, sub-ambito or zone of the seat.
        posto: tells the seats of one category and unit apart.
        ente: whom the holder comes from; ``istat`` when it is a comune.
        adesione_id: the adhesion by which a seat of the Terzo Settore was given.
        designato_da: who adopted the act.
        ratificato_il: when the body that has to ratified it.
    """

    id: int = 0
    organo: str
    funzione: Funzione = "componente"
    categoria: str | None = None
    unita: str | None = None
    posto: int = 1
    ente: str | None = None
    istat: str | None = None
    adesione_id: int | None = None
    persona: str
    carica: str | None = None
    sostituto: str | None = None
    dal: date
    al: date | None = None
    designato_da: str
    numero: str | None = None
    data: date
    ratificato_il: date | None = None
    ratifica: str | None = None
    cessazione: str | None = None
    inventato: bool = False
    ritirato: bool = False

    def vale(self, giorno: date) -> bool:
        """Whether it was given and had not ended on a day."""
        return not self.ritirato and self.dal <= giorno and (self.al is None or giorno <= self.al)

    def cita(self) -> str:
        """The act of the appointment."""
        return cita_atto(self.designato_da, self.numero, self.data)


def cita_atto(organo: str, numero: str | None, data: date | None) -> str:
    """An act as the pages print it.

    >>> cita_atto("Assemblea dei Sindaci", "4", date(2015, 6, 3))
    'Assemblea dei Sindaci, atto n. 4 del 03/06/2015'
    """
    numero = f"n. {numero} " if numero else ""
    giorno = f"del {data:%d/%m/%Y}" if data else "di data non nota"
    return f"{organo}, atto {numero}{giorno}"


class StatoSeggio(StrEnum):
    """What is known of a seat on a day."""

    COPERTO = "coperto"
    DI_DIRITTO = "di diritto"
    """Of a comune, which has it by being one: the name of who holds the office is not registered."""
    DA_RATIFICARE = "da ratificare"
    VACANTE = "vacante"
    DECADUTO = "decaduto"
    FUORI = "fuori dall’Accordo"
    """Of a comune that neither signed the Accordo in force nor adhered to it."""


class Titolare(msgspec.Struct, frozen=True, kw_only=True):
    """A seat on a day, and who holds it.

    Attributes:
        chiave: the same for a seat on every day; for the seat of a comune, its ISTAT code.
        denominazione: of the seat, as the body declares it.
        unita: the comune, sub-ambito or zone of the seat.
        ente: whom it is of: the comune, the ente that adhered, who appointed; None when not known.
        istat: of the ente, when it is a comune.
        incarico: the appointment in office, or the last one when it lapsed; None when there is none.
        motivi: why it lapsed or cannot vote yet, and what is to be looked into, in Italian.
        adesione: the act of adhesion, where the seat asks for one.
        fonte: the act that gives the seat.
    """

    chiave: str
    categoria: str
    denominazione: str
    unita: Unita | None = None
    posto: int = 1
    stato: StatoSeggio
    ente: str | None = None
    istat: str | None = None
    incarico: Incarico | None = None
    motivi: tuple[str, ...] = ()
    adesione: str | None = None
    fonte: Atto

    @property
    def in_carica(self) -> bool:
        """Whether there is somebody who sits, or a comune whose office sits by right."""
        return self.stato in (StatoSeggio.COPERTO, StatoSeggio.DI_DIRITTO)

    @property
    def persona(self) -> str | None:
        """Who holds it, when in office and registered."""
        return self.incarico.persona if self.incarico and self.in_carica else None

    @property
    def nome(self) -> str:
        """The seat in a few words: the comune, or the category with its unit."""
        if self.istat and self.unita and self.unita.codice == self.istat:
            return self.unita.nome
        dove = f", {self.unita.nome}" if self.unita else ""
        return f"{self.denominazione}{dove}{f' ({self.posto})' if self.posto > 1 else ''}"


def chiave_seggio(categoria: str, unita: str | None, posto: int, per: Per) -> str:
    """The key of a seat."""
    if per is Per.COMUNE and unita and posto == 1:
        return unita
    return "-".join(filter(None, (categoria, unita, str(posto))))


def fine_del_mandato(dal: date, mesi: int) -> date:
    """The last day of a term of so many months.

    >>> fine_del_mandato(date(2015, 5, 1), 36)
    datetime.date(2018, 4, 30)
    >>> fine_del_mandato(date(2024, 1, 31), 1)
    datetime.date(2024, 2, 28)
    """
    anno, mese = divmod(dal.year * 12 + dal.month - 1 + mesi, 12)
    ultimo = monthrange(anno, mese + 1)[1]
    return date(anno, mese + 1, min(dal.day, ultimo)) - timedelta(days=1)


SENZA_FIRMA: Final = (
    "Il comune non ha firmato l’Accordo in vigore e non vi aderisce: senza, non ha un seggio."
)


def seggi(
    organo: Organo,
    giorno: date,
    unita: Mapping[Per, Sequence[Unita]],
    incarichi: Iterable[Incarico],
    adesioni: Iterable[Adesione] = (),
    nel_patto: frozenset[str] | None = None,
) -> tuple[Titolare, ...]:
    """The seats of a body on a day, in the order in which it declares them.

    Args:
        organo: in the version of that day.
        giorno: the day.
        unita: the comuni, sub-ambiti and zones of that day.
        incarichi: those of the body, past ones included.
        adesioni: those of the Accordo, past ones included.
        nel_patto: ISTAT codes of the comuni that signed the Accordo of the day or adhered to it;
            None where none is in force, and all sit.

    Returns:
        One for each seat; of a category whose number no source gives, one for each holder.
    """
    per_seggio: dict[tuple[str, str | None, int], list[Incarico]] = {}
    for incarico in incarichi:
        if incarico.funzione == "componente" and incarico.categoria and not incarico.ritirato:
            chiave = (incarico.categoria, incarico.unita, incarico.posto)
            per_seggio.setdefault(chiave, []).append(incarico)
    aderenti = {una.id: una for una in adesioni}
    trovati: list[Titolare] = []
    for seggio in organo.seggi:
        quali: Sequence[Unita | None] = (
            [None] if seggio.per is Per.ORGANO else list(unita.get(seggio.per, ()))
        )
        for una in quali:
            codice = una.codice if una else None
            if seggio.numero is None:
                posti = sorted(
                    posto for categoria, di, posto in per_seggio
                    if categoria == seggio.categoria and di == codice
                )  # fmt: skip
            else:
                posti = list(range(1, seggio.numero + 1))
            for posto in posti:
                dati = per_seggio.get((seggio.categoria, codice, posto), [])
                titolare = _titolare(organo, seggio, una, posto, giorno, dati, aderenti)
                if seggio.per is Per.COMUNE and nel_patto is not None and codice not in nel_patto:
                    titolare = msgspec.structs.replace(
                        titolare, stato=StatoSeggio.FUORI, motivi=(SENZA_FIRMA,)
                    )
                if seggio.numero is not None or titolare.stato is not StatoSeggio.VACANTE:
                    trovati.append(titolare)
    return tuple(trovati)


def _titolare(
    organo: Organo,
    seggio: Seggio,
    unita: Unita | None,
    posto: int,
    giorno: date,
    incarichi: Sequence[Incarico],
    adesioni: Mapping[int, Adesione],
) -> Titolare:
    di_comune = unita is not None and seggio.per is Per.COMUNE
    vuoto = Titolare(
        chiave=chiave_seggio(seggio.categoria, unita.codice if unita else None, posto, seggio.per),
        categoria=seggio.categoria,
        denominazione=seggio.denominazione,
        unita=unita,
        posto=posto,
        stato=StatoSeggio.DI_DIRITTO if di_comune else StatoSeggio.VACANTE,
        ente=unita.nome if unita and di_comune else None,
        istat=unita.codice if unita and di_comune else None,
        fonte=seggio.fonte or organo.fonte,
    )
    incarico = max((uno for uno in incarichi if uno.dal <= giorno), key=_inizio, default=None)
    if incarico is None:
        return vuoto
    cambia = msgspec.structs.replace
    if not incarico.vale(giorno):
        if di_comune:
            return vuoto
        assert incarico.al is not None
        return cambia(
            vuoto,
            incarico=incarico,
            motivi=(f"Vacante dal {incarico.al + timedelta(days=1):%d/%m/%Y}.",),
        )
    adesione = adesioni.get(incarico.adesione_id) if incarico.adesione_id else None
    coperto = cambia(
        vuoto,
        incarico=incarico,
        ente=vuoto.ente or incarico.ente,
        istat=vuoto.istat or incarico.istat,
        adesione=adesione.cita() if adesione else None,
    )
    decaduto = _decadenza(organo, seggio, incarico, giorno, adesione)
    if decaduto:
        return cambia(coperto, stato=StatoSeggio.DECADUTO, motivi=(decaduto,))
    if seggio.ratificato_da and not (
        incarico.ratificato_il is not None and incarico.ratificato_il <= giorno
    ):
        return cambia(
            coperto,
            stato=StatoSeggio.DA_RATIFICARE,
            motivi=(f"Manca la ratifica: {(seggio.fonte or organo.fonte).cita()}.",),
        )
    return cambia(coperto, stato=StatoSeggio.COPERTO, motivi=_da_guardare(organo, incarico))


def _inizio(incarico: Incarico) -> tuple[date, int]:
    return (incarico.dal, incarico.id)


def _decadenza(
    organo: Organo, seggio: Seggio, incarico: Incarico, giorno: date, adesione: Adesione | None
) -> str | None:
    """Why who was appointed does not hold the seat any more."""
    if organo.durata_mesi is not None:
        fine = fine_del_mandato(incarico.dal, organo.durata_mesi)
        if fine < giorno:
            return f"Il mandato è finito il {fine:%d/%m/%Y}: {organo.fonte.cita()}."
    if seggio.solo_aderenti and (adesione is None or not adesione.vale(giorno)):
        fonte = (seggio.fonte or organo.fonte).cita()
        return (
            f"L'ente non aderisce all'Accordo, o non più: senza adesione non c'è seggio. {fonte}."
        )
    return None


def _da_guardare(organo: Organo, incarico: Incarico) -> tuple[str, ...]:
    """What does not end an appointment and asks to be looked into."""
    if organo.valido_dal is not None and incarico.dal < organo.valido_dal:
        return (
            f"Da confermare: è di prima del {organo.valido_dal:%d/%m/%Y}, da quando l'organo è "
            "composto come ora.",
        )
    return ()


def presiede(
    organo: Organo, giorno: date, incarichi: Iterable[Incarico], funzione: Funzione = "presidenza"
) -> Incarico | None:
    """Who presides over a body on a day, or stands in, when it was registered."""
    trovati = [uno for uno in incarichi if uno.funzione == funzione and uno.vale(giorno)]
    return max(trovati, key=_inizio, default=None)
