"""Whether somebody may be given a seat: who appoints, among whom, for which comune, after which act.

Every refusal carries the act that says so; what no source says is not refused. Pure.

Source: Accordo di Programma 2015-2017 of the ambito Cremasco, art. 4, 6-9, 12, 17 and 19, as its
plugin declares it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

import msgspec

from capofila.governo.competenze import puo_designare
from capofila.governo.composizione import (
    Adesione,
    Incarico,
    Titolare,
    Unita,
)
from capofila.hooks import Nomina, Organo, Per, Seggio

Rifiuti = list[tuple[str, str]]
"""(field of the form, words), an empty field for the whole."""


class Contorno(msgspec.Struct, frozen=True, kw_only=True):
    """What is known on the day of an appointment.

    Attributes:
        organi: the bodies of that day.
        unita: the comuni, sub-ambiti and zones of that day.
        incarichi: those of the body, so far.
        adesioni: those of the Accordo, so far.
        titolari: the seats of the body on that day.
        unioni: names of the unions, or who leads a convention, with the comuni that each stands for.
    """

    organi: Sequence[Organo] = ()
    unita: Mapping[Per, Sequence[Unita]] = {}
    incarichi: Sequence[Incarico] = ()
    adesioni: Sequence[Adesione] = ()
    titolari: Sequence[Titolare] = ()
    unioni: Mapping[str, Collection[str]] = {}


def stesso(uno: str | None, altro: str | None) -> bool:
    """Whether two names are the same but for spaces and capital letters."""
    return " ".join((uno or "").casefold().split()) == " ".join((altro or "").casefold().split())


def difetti_nomina(organo: Organo, nuovo: Incarico, contorno: Contorno) -> Rifiuti:
    """Why an appointment cannot be registered; none when it can."""
    trovati: Rifiuti = []
    if nuovo.al is not None and nuovo.al < nuovo.dal:
        trovati.append(("al", "La fine viene prima dell’inizio: correggi una delle due date."))
    if nuovo.data > nuovo.dal:
        trovati.append(
            ("data", "L’atto è di dopo il primo giorno dell’incarico: correggi una data.")
        )
    if nuovo.funzione != "componente":
        return trovati + _difetti_presidenza(organo, nuovo, contorno)
    seggio = next((uno for uno in organo.seggi if uno.categoria == nuovo.categoria), None)
    if seggio is None:
        return [
            *trovati,
            ("categoria", f"«{organo.denominazione}» non ha questo seggio: scegline uno."),
        ]
    unita = _unita(seggio, nuovo, contorno)
    if seggio.per is not Per.ORGANO and unita is None:
        return [*trovati, ("unita", "Scegli per quale comune o sub-ambito è il seggio.")]
    trovati += _chi_designa(organo, seggio, nuovo, contorno.organi)
    trovati += _fra_chi(organo, seggio, nuovo)
    trovati += _adesione(organo, seggio, nuovo, contorno.adesioni)
    if unita is not None:
        trovati += _di_quale_comune(organo, seggio, nuovo, unita, contorno.unioni)
    return trovati + _gia_seduto(nuovo, contorno.incarichi)


def _fonte(organo: Organo, seggio: Seggio) -> str:
    return (seggio.fonte or organo.fonte).cita()


def _unita(seggio: Seggio, nuovo: Incarico, contorno: Contorno) -> Unita | None:
    return next(
        (una for una in contorno.unita.get(seggio.per, ()) if una.codice == nuovo.unita), None
    )


def _chi_designa(
    organo: Organo, seggio: Seggio, nuovo: Incarico, organi: Iterable[Organo]
) -> Rifiuti:
    """Where a body of the ambito appoints, its act and no other's."""
    chi = seggio.designato_da
    if chi is None or stesso(chi, nuovo.designato_da):
        return []
    if not any(stesso(chi, uno.denominazione) for uno in organi):
        return []
    return [
        (
            "designato_da",
            f"Nomina «{chi}», e non «{nuovo.designato_da}». {_fonte(organo, seggio)}.",
        )
    ]


def _fra_chi(organo: Organo, seggio: Seggio, nuovo: Incarico) -> Rifiuti:
    if not seggio.eleggibili or any(stesso(una, nuovo.carica) for una in seggio.eleggibili):
        return []
    return [
        (
            "carica",
            f"Si nomina soltanto fra: {', '.join(seggio.eleggibili)}. {_fonte(organo, seggio)}.",
        )
    ]


def _adesione(
    organo: Organo, seggio: Seggio, nuovo: Incarico, adesioni: Iterable[Adesione]
) -> Rifiuti:
    if not seggio.solo_aderenti:
        return []
    adesione = next((una for una in adesioni if una.id == nuovo.adesione_id), None)
    if adesione is not None and adesione.settore != seggio.categoria:
        return [
            (
                "adesione_id",
                f"«{adesione.ente}» ha aderito per un altro settore. {_fonte(organo, seggio)}.",
            )
        ]
    aderisce = adesione is not None and adesione.vale(nuovo.dal)
    if puo_designare(seggio, adesione.dal if adesione and aderisce else None, nuovo.dal):
        return []
    return [
        (
            "adesione_id",
            "Designa e siede soltanto chi in quel giorno aderisce all’Accordo: registra prima "
            f"l’adesione con il suo atto. {_fonte(organo, seggio)}.",
        )
    ]


def _di_quale_comune(
    organo: Organo,
    seggio: Seggio,
    nuovo: Incarico,
    unita: Unita,
    unioni: Mapping[str, Collection[str]],
) -> Rifiuti:
    """A seat of a sub-ambito is of one of its comuni; some of the one that leads it, or of its union."""
    if seggio.per is Per.COMUNE:
        return []
    if not seggio.di_referente:
        if nuovo.istat in unita.comuni:
            return []
        return [
            (
                "istat",
                f"Rappresenta {unita.nome}: scegli uno dei suoi comuni. {_fonte(organo, seggio)}.",
            )
        ]
    if unita.referente is None or nuovo.istat == unita.referente:
        return []
    dell_unione = next((c for nome, c in unioni.items() if stesso(nome, nuovo.ente)), ())
    if set(dell_unione) & set(unita.comuni):
        return []
    return [
        (
            "istat",
            f"Designa il comune referente di {unita.nome}, o l’unione che ne tiene il ruolo. "
            f"{_fonte(organo, seggio)}.",
        )
    ]


def _gia_seduto(nuovo: Incarico, incarichi: Iterable[Incarico]) -> Rifiuti:
    for altro in incarichi:
        if (
            altro.funzione == "componente"
            and not altro.ritirato
            and stesso(altro.persona, nuovo.persona)
            and stesso(altro.ente, nuovo.ente)
            and _insieme(altro, nuovo)
        ):
            return [("persona", "La stessa persona ha già un seggio di questo organo.")]
    return []


def _insieme(uno: Incarico, altro: Incarico) -> bool:
    return (uno.al is None or altro.dal <= uno.al) and (altro.al is None or uno.dal <= altro.al)


def posto_libero(seggio: Seggio, nuovo: Incarico, incarichi: Iterable[Incarico]) -> int | None:
    """The first seat of the category and unit that nobody holds while the appointment lasts.

    Returns:
        None when all are held.
    """
    presi = {
        altro.posto
        for altro in incarichi
        if altro.funzione == "componente"
        and not altro.ritirato
        and (altro.categoria, altro.unita) == (nuovo.categoria, nuovo.unita)
        and _insieme(altro, nuovo)
    }
    massimo = seggio.numero if seggio.numero is not None else len(presi) + 1
    return next((posto for posto in range(1, massimo + 1) if posto not in presi), None)


def _difetti_presidenza(organo: Organo, nuovo: Incarico, contorno: Contorno) -> Rifiuti:
    presidenza = organo.presidenza
    fonte = ((presidenza and presidenza.fonte) or organo.fonte).cita()
    if nuovo.funzione == "presidenza" and presidenza and presidenza.nomina is Nomina.DI_DIRITTO:
        return [("funzione", f"Presiede di diritto: {presidenza.titolare}. {fonte}.")]
    if nuovo.funzione == "presidenza" and presidenza and presidenza.categoria:
        return [("funzione", f"Presiede chi tiene il seggio: {presidenza.titolare}. {fonte}.")]
    fra_i_membri = nuovo.funzione == "sostituzione" or (
        presidenza is not None and presidenza.nomina is Nomina.ELETTA
    )
    if not fra_i_membri:
        return []
    seggio = next((uno for uno in contorno.titolari if uno.chiave == nuovo.unita), None)
    if seggio is None or not seggio.in_carica:
        return [("unita", f"Si sceglie fra i componenti in carica in quel giorno. {fonte}.")]
    if seggio.persona is not None and not stesso(seggio.persona, nuovo.persona):
        return [("persona", f"Quel seggio è di {seggio.persona}.")]
    di_diritto = seggio_presidente(organo, contorno.titolari)
    if nuovo.funzione == "sostituzione" and di_diritto == seggio.chiave:
        return [("unita", f"Chi presiede non sostituisce sé stesso. {fonte}.")]
    if not stesso(nuovo.designato_da, organo.denominazione):
        return [("designato_da", f"Sceglie «{organo.denominazione}», al suo interno. {fonte}.")]
    return []


def seggio_presidente(organo: Organo, titolari: Iterable[Titolare]) -> str | None:
    """The key of the seat whose holder presides: the one of the category that the body declares, or
    by right the mayor of the comune that it names; None where who presides is elected.
    """
    presidenza = organo.presidenza
    if presidenza is None:
        return None
    if presidenza.categoria is not None:
        return next((u.chiave for u in titolari if u.categoria == presidenza.categoria), None)
    di_diritto = presidenza.nomina is Nomina.DI_DIRITTO
    return seggio_nominato(organo, titolari) if di_diritto else None


def seggio_nominato(organo: Organo, titolari: Iterable[Titolare]) -> str | None:
    """The key of the seat of the mayor that the declaration names as who presides, if it does."""
    presidenza = organo.presidenza
    if presidenza is None:
        return None
    for uno in titolari:
        if uno.unita and stesso(presidenza.titolare, f"Sindaco del Comune di {uno.unita.nome}"):
            return uno.chiave
    return None


def difetti_ratifica(organo: Organo, incarico: Incarico, giorno: date) -> Rifiuti:
    """Why a ratification cannot be registered."""
    seggio = next((uno for uno in organo.seggi if uno.categoria == incarico.categoria), None)
    if seggio is None or seggio.ratificato_da is None:
        return [("", "Questo seggio non chiede una ratifica.")]
    if incarico.ratificato_il is not None:
        return [("", f"È già ratificato il {incarico.ratificato_il:%d/%m/%Y}.")]
    if giorno < incarico.data:
        return [("ratificato_il", "La ratifica viene dopo la designazione: correggi la data.")]
    return []


def elenco_posti(organo: Organo, unita: Mapping[Per, Sequence[Unita]]) -> list[tuple[str, str]]:
    """What an appointment may be for: (category and unit, words), for the form."""
    trovati = []
    for seggio in organo.seggi:
        if seggio.per is Per.ORGANO:
            trovati.append((seggio.categoria, seggio.denominazione))
            continue
        trovati += [
            (f"{seggio.categoria}/{una.codice}", f"{seggio.denominazione}: {una.nome}")
            for una in unita.get(seggio.per, ())
        ]
    return trovati
