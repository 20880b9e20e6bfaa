"""Seats and appointments of the bodies of an ambito.

Runs inside a unit of work of the ambito.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.base.righe import INTEGER
from capofila.governo.composizione import (
    SENZA_FIRMA,
    Adesione,
    Incarico,
    Titolare,
    Unita,
    presiede,
    seggi,
)
from capofila.governo.nomine import (
    Contorno,
    Rifiuti,
    difetti_nomina,
    difetti_ratifica,
    posto_libero,
    seggio_nominato,
    seggio_presidente,
    stesso,
)
from capofila.governo.patto import Accordo, comuni_nel_patto
from capofila.governo.seduta import AventeDiritto
from capofila.hooks import Organo, Per
from capofila.territorio import service as territorio
from capofila.territorio.rules import vale


async def organo_del_giorno(codice: str, giorno: date) -> Organo:
    """A body as it is dichiarato for a day.

    Raises:
        NonTrovato: no active plugin declares it for that day.
    """
    return (await plugin_attivi(giorno)).organo(codice)


async def unita_del_giorno(giorno: date) -> dict[Per, Sequence[Unita]]:
    """What seats are counted over: the comuni, sub-ambiti and zones of a day."""
    appartenenze = (await territorio.appartenenze()).per_gruppo(giorno)
    gruppi: dict[str, list[Unita]] = {"sub_ambito": [], "zona": []}
    for uno in await territorio.sub_ambiti():
        if vale(uno, giorno):
            comuni = appartenenze.get(uno.codice, ())
            gruppi[uno.tipo].append(Unita(uno.codice, uno.nome, uno.referente, comuni))
    return {
        Per.COMUNE: [Unita(uno.istat, uno.nome) for uno in await territorio.membri(giorno)],
        Per.SUB_AMBITO: gruppi["sub_ambito"],
        Per.ZONA: gruppi["zona"],
    }


async def nomi_delle_unita(giorno: date) -> dict[Per, tuple[str, ...]]:
    """The names of the units of a day, each once."""
    return {
        per: tuple(dict.fromkeys(una.nome for una in quali))
        for per, quali in (await unita_del_giorno(giorno)).items()
    }


_COLONNE: Final = ", ".join(
    nome for nome in Incarico.__struct_fields__ if nome != "ritirato"
)  # fmt: skip
_LEGGI: Final = (
    f"SELECT {_COLONNE}, ritirato_il IS NOT NULL AS ritirato FROM incarico_organo "
    "WHERE ambito_id = $1"
)


def _da(righe: Sequence[Mapping[str, Any]]) -> list[Incarico]:
    return [Incarico(**dict(riga)) for riga in righe]


async def incarichi(organo: str | None = None) -> list[Incarico]:
    """All that was registered for a body, or for all, the oldest first; withdrawn ones included."""
    unita = unita_corrente()
    return _da(
        await unita.righe(
            f"{_LEGGI} AND ($2::text IS NULL OR organo = $2) ORDER BY organo, dal, id",
            unita.ambito,
            organo,
        )
    )


async def incarico(id_: int) -> Incarico:
    """One of them.

    Raises:
        NonTrovato: none has this number here.
    """
    unita = unita_corrente()
    righe = await unita.righe(f"{_LEGGI} AND id = $2", unita.ambito, id_) if id_ in INTEGER else []
    if not righe:
        raise NonTrovato("Questo incarico non c'è: torna agli organi.")
    return _da(righe)[0]


async def adesioni(accordo: int | None = None) -> list[Adesione]:
    """The adhesions to an Accordo, or to all of the ambito, by ente; withdrawn ones are left out."""
    unita = unita_corrente()
    colonne = ", ".join(f"d.{n}" for n in Adesione.__struct_fields__ if n != "accordo_al")
    return [
        Adesione(**dict(riga))
        for riga in await unita.righe(
            f"SELECT {colonne}, a.al AS accordo_al FROM adesione d JOIN accordo a "
            "ON a.ambito_id = d.ambito_id AND a.id = d.accordo_id "
            "WHERE d.ambito_id = $1 AND d.ritirata_il IS NULL "
            "AND ($2::int IS NULL OR d.accordo_id = $2) ORDER BY d.settore, lower(d.ente), d.dal",
            unita.ambito,
            accordo,
        )
    ]


async def nel_patto(giorno: date, aderenti: Sequence[Adesione]) -> frozenset[str] | None:
    """The comuni that the Accordo of a day binds; None where none is in force, and all sit.

    Args:
        giorno: the day.
        aderenti: the adhesions of the ambito.
    """
    unita = unita_corrente()
    riga = await unita.riga(
        "SELECT a.id, a.codice, a.titolo, a.capofila_id, a.organo, a.dal, a.al, "
        "ARRAY(SELECT f.istat::text FROM firmatario f WHERE f.ambito_id = a.ambito_id "
        "AND f.accordo_id = a.id AND f.istat IS NOT NULL) AS comuni FROM accordo a "
        "WHERE a.ambito_id = $1 AND a.dal <= $2 AND (a.al IS NULL OR a.al >= $2)",
        unita.ambito, giorno,
    )  # fmt: skip
    if riga is None:
        return None
    accordo = Accordo(**{nome: valore for nome, valore in riga.items() if nome != "comuni"})
    fusioni = (await territorio.demografia()).fusioni
    return comuni_nel_patto(accordo, riga["comuni"], aderenti, giorno, fusioni)


async def titolari(organo: str, giorno: date) -> tuple[Titolare, ...]:
    """The seats of a body on a day, in the order of its declaration, each with who holds it.

    The seat of a comune is there by right, with the name of its mayor where that is registered.

    Args:
        organo: its code.
        giorno: the day; who lapsed or waits for a ratification on it does not hold the seat.

    Raises:
        NonTrovato: no active plugin declares the body for that day.
    """
    dichiarato = await organo_del_giorno(organo, giorno)
    return (await titolari_di([dichiarato], giorno))[organo]


async def titolari_di(organi: Sequence[Organo], giorno: date) -> dict[str, tuple[Titolare, ...]]:
    """The seats of several bodies on a day, by their code, in a fixed number of queries."""
    unita, aderenti = await unita_del_giorno(giorno), await adesioni()
    per_organo: dict[str, list[Incarico]] = {uno.codice: [] for uno in organi}
    for dato in await incarichi(organi[0].codice if len(organi) == 1 else None):
        if dato.organo in per_organo:
            per_organo[dato.organo].append(dato)
    patto = None
    if any(seggio.per is Per.COMUNE for uno in organi for seggio in uno.seggi):
        patto = await nel_patto(giorno, aderenti)
    return {
        uno.codice: seggi(uno, giorno, unita, per_organo[uno.codice], aderenti, patto)
        for uno in organi
    }


async def aventi_diritto(
    organo: str, giorno: date, anno_pesi: int | None = None
) -> tuple[AventeDiritto, ...]:
    """Who has a vote in a body on a day: one for each seat that is held.

    Args:
        organo: its code.
        giorno: the day.
        anno_pesi: with the inhabitants that the comuni had in this year, in their borders of the
            day; None for no weights. A comune whose figure is missing has none.

    Returns:
        One each, with the key of the seat as id: for the seat of a comune its ISTAT code. Vacant
        and lapsed seats are not among them.

    Raises:
        NonTrovato: no active plugin declares the body for that day.
    """
    demografia = await territorio.demografia() if anno_pesi is not None else None

    def abitanti(seggio: Titolare) -> Fraction | None:
        if demografia is None or seggio.istat is None:
            return None
        trovata = demografia.popolazione(seggio.istat, giorno, anno_pesi)
        return None if trovata is None else Fraction(trovata.residenti)

    return tuple(
        AventeDiritto(
            id=uno.chiave,
            nome=uno.nome,
            categoria=uno.categoria,
            abitanti=abitanti(uno),
            adesione=uno.adesione,
        )
        for uno in await titolari(organo, giorno)
        if uno.in_carica
    )


# --- appointments -------------------------------------------------------------------------------


class NominaRifiutata(DatiNonValidi):
    """It may not be: ``errori`` are (field, words), each with the act that says so."""

    codice = "nomina_rifiutata"

    def __init__(self, errori: Rifiuti) -> None:
        super().__init__(" ".join(testo for _, testo in errori))
        self.errori = errori


async def _contorno(organo: str, giorno: date) -> Contorno:
    unioni: dict[str, set[str]] = {}
    for una in await territorio.componenti_unioni():
        if vale(una, giorno):
            unioni.setdefault(una.unione, set()).add(una.istat)
    for subentro in await unita_corrente().righe(
        "SELECT ente, istat FROM modifica_accordo WHERE ambito_id = $1 AND specie = 'subentro' "
        "AND ritirata_il IS NULL AND dal <= $2 AND (al IS NULL OR al >= $2)",
        unita_corrente().ambito,
        giorno,
    ):
        unioni.setdefault(subentro["ente"], set()).add(subentro["istat"])
    return Contorno(
        organi=(await plugin_attivi(giorno)).organi(),
        unita=await unita_del_giorno(giorno),
        incarichi=await incarichi(organo),
        adesioni=await adesioni(),
        titolari=await titolari(organo, giorno),
        unioni=unioni,
    )


async def assegna(nuovo: Incarico) -> int:
    """Write an appointment down, in the first seat of its category and unit that is free.

    Args:
        nuovo: its ``posto`` is not read; of a seat of the Terzo Settore the ente is that of the
            adhesion, of the seat of a comune or of a referente the comune.

    Returns:
        Its number.

    Raises:
        NominaRifiutata: the body's rules do not allow it, or all the seats are held.
        NonTrovato: no active plugin declares the body for its first day.
    """
    organo = await organo_del_giorno(nuovo.organo, nuovo.dal)
    contorno = await _contorno(nuovo.organo, nuovo.dal)
    nuovo = _completa(organo, nuovo, contorno)
    errori = difetti_nomina(organo, nuovo, contorno)
    seggio = next((uno for uno in organo.seggi if uno.categoria == nuovo.categoria), None)
    if not errori and seggio is not None:
        posto = posto_libero(seggio, nuovo, contorno.incarichi)
        if posto is None:
            errori.append(("dal", _OCCUPATO))
        else:
            nuovo = msgspec.structs.replace(nuovo, posto=posto)
    if seggio is not None and seggio.per is Per.COMUNE:
        patto = await nel_patto(nuovo.dal, contorno.adesioni)
        if patto is not None and nuovo.unita not in patto:
            errori.append(("seggio", f"{SENZA_FIRMA} {(seggio.fonte or organo.fonte).cita()}."))
    if errori:
        raise NominaRifiutata(errori)
    valori = {nome: getattr(nuovo, nome) for nome in _SCRITTE}
    segni = ", ".join(f"${n}" for n in range(1, len(valori) + 1))
    unita = unita_corrente()
    try:
        async with unita.punto_di_ritorno():
            id_: int = await unita.valore(
                f"INSERT INTO incarico_organo ({', '.join(valori)}) VALUES ({segni}) RETURNING id",
                *valori.values(),
            )
    except asyncpg.ExclusionViolationError:
        raise NominaRifiutata([("dal", _OCCUPATO)]) from None
    await registra(
        "governo.nomina", "incarico_organo", str(id_), organo=nuovo.organo, seggio=nuovo.categoria
    )
    return id_


_OCCUPATO: Final = (
    "In quei giorni il seggio è di un’altra persona: registra prima la fine del suo incarico."
)
_SCRITTE: Final = tuple(
    nome for nome in Incarico.__struct_fields__ if nome not in ("id", "ritirato")
)


def _completa(organo: Organo, nuovo: Incarico, contorno: Contorno) -> Incarico:
    """The ente of a seat, where the seat says whose it is."""
    cambia = msgspec.structs.replace
    seggio = next((uno for uno in organo.seggi if uno.categoria == nuovo.categoria), None)
    if nuovo.funzione != "componente" or seggio is None or not seggio.solo_aderenti:
        nuovo = cambia(nuovo, adesione_id=None)
    if nuovo.funzione != "componente" or seggio is None:
        return nuovo
    nomi = {una.codice: una.nome for una in contorno.unita.get(Per.COMUNE, ())}
    if seggio.per is Per.COMUNE and nuovo.unita:
        return cambia(nuovo, istat=nuovo.unita, ente=nomi.get(nuovo.unita))
    if nuovo.adesione_id is not None:
        ente = next((una.ente for una in contorno.adesioni if una.id == nuovo.adesione_id), None)
        return cambia(nuovo, ente=ente or nuovo.ente)
    if seggio.di_referente and nuovo.istat is None and not nuovo.ente:
        gruppo = next(
            (una for una in contorno.unita.get(seggio.per, ()) if una.codice == nuovo.unita), None
        )
        nuovo = cambia(nuovo, istat=gruppo.referente if gruppo else None)
    if nuovo.istat is not None:
        return cambia(nuovo, ente=nomi.get(nuovo.istat, nuovo.ente))
    return nuovo


async def cessa(id_: int, al: date, cessazione: str) -> None:
    """Write the last day of an appointment, with why it ended and by which act.

    Raises:
        NonTrovato: none has this number here.
        NominaRifiutata: it was withdrawn or ends no later, or the day is before it began.
    """
    uno = await incarico(id_)
    if uno.ritirato or (uno.al is not None and uno.al <= al):
        raise NominaRifiutata([("al", "Questo incarico è già finito.")])
    if al < uno.dal:
        raise NominaRifiutata(
            [("al", f"L’incarico comincia il {uno.dal:%d/%m/%Y}: correggi la data.")]
        )
    await _cambia(id_, "al = $3, cessazione = $4", al, cessazione, azione="governo.cessa")


async def ratifica(id_: int, giorno: date, atto: str) -> None:
    """Write that the body that must ratified an appointment.

    Raises:
        NonTrovato: none has this number here.
        NominaRifiutata: the seat asks for none, it is there already, or comes before.
    """
    uno = await incarico(id_)
    errori = difetti_ratifica(await organo_del_giorno(uno.organo, uno.dal), uno, giorno)
    if errori:
        raise NominaRifiutata(errori)
    await _cambia(id_, "ratificato_il = $3, ratifica = $4", giorno, atto, azione="governo.ratifica")


async def ritira_incarico(id_: int) -> None:
    """Take back an appointment that was registered by mistake; it stays in the history.

    Raises:
        NonTrovato: none has this number here.
        Conflitto: it was withdrawn already.
    """
    if (await incarico(id_)).ritirato:
        raise Conflitto("Questo incarico è già ritirato.")
    await _cambia(id_, "ritirato_il = now()", azione="governo.ritira")


async def _cambia(id_: int, che_cosa: str, *valori: object, azione: str) -> None:
    unita = unita_corrente()
    await unita.esegui(
        f"UPDATE incarico_organo SET {che_cosa} WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        id_,
        *valori,
    )
    await registra(azione, "incarico_organo", str(id_))


async def chi_presiede(organo: str, giorno: date) -> tuple[str | None, Incarico | None]:
    """Who presides over a body on a day.

    Returns:
        The key of the seat that presides, by right or by election among the members, and the
        appointment of who presides or holds that seat; None for what is not known or has lapsed.

    Raises:
        NonTrovato: no active plugin declares the body for that day.
    """
    dichiarato = await organo_del_giorno(organo, giorno)
    posti = (await titolari_di([dichiarato], giorno))[organo]
    return _presiede(dichiarato, giorno, posti, await incarichi(organo))


def _presiede(
    dichiarato: Organo, giorno: date, posti: Sequence[Titolare], tutti: Sequence[Incarico]
) -> tuple[str | None, Incarico | None]:
    di_diritto = seggio_presidente(dichiarato, posti)
    if di_diritto is not None:
        seggio = next(uno for uno in posti if uno.chiave == di_diritto)
        return (di_diritto, seggio.incarico) if seggio.in_carica else (None, None)
    eletto = presiede(dichiarato, giorno, tutti)
    if eletto is None or eletto.unita is None:
        return None, eletto
    return (eletto.unita, eletto) if _siede(eletto, posti) else (None, None)


def _siede(eletto: Incarico, posti: Sequence[Titolare]) -> bool:
    """Whether who was chosen among the members still holds that very seat."""
    seduto = next((uno for uno in posti if uno.chiave == eletto.unita and uno.in_carica), None)
    return seduto is not None and stesso(seduto.persona or eletto.persona, eletto.persona)


class Presidenti(msgspec.Struct, frozen=True, kw_only=True):
    """The seats that have to do with the presidency of a body on a day; None for what is not known.

    Attributes:
        presidente: who presides, by right, by category or by election.
        sostituto: who was appointed to stand in, while holding the seat as when appointed.
        nominato: who the declaration names, where it does not say how they come to preside.
    """

    presidente: str | None
    sostituto: str | None
    nominato: str | None


async def presidenti(dichiarato: Organo, giorno: date) -> Presidenti:
    """Who presides and who stands in, for a body as it was declared or frozen."""
    posti = (await titolari_di([dichiarato], giorno))[dichiarato.codice]
    tutti = await incarichi(dichiarato.codice)
    sostituto = presiede(dichiarato, giorno, tutti, "sostituzione")
    return Presidenti(
        presidente=_presiede(dichiarato, giorno, posti, tutti)[0],
        sostituto=sostituto.unita if sostituto is not None and _siede(sostituto, posti) else None,
        nominato=seggio_nominato(dichiarato, posti),
    )
