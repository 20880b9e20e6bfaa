"""The register of the Accordi di Programma of an ambito: who signed, who adhered, what changed.

Runs inside a unit of work of the ambito. :func:`applica_accordi` reads ``accordo.yaml`` of the folder
of an ambito: what is already there is left as it is, since from then on it changes by acts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.dichiarato import CartellaNonValida, Raccolta, Voce, leggi_yaml
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.base.righe import INTEGER
from capofila.governo.composizione import Adesione, Titolare, Unita
from capofila.governo.incarichi import (
    adesioni,
    nel_patto,
    titolari_di,
    unita_del_giorno,
)
from capofila.governo.patto import (
    COMUNI,
    SPECIE_ENTE,
    Accordo,
    Firmatario,
    Modifica,
    Recepita,
    SpecieEnte,
    StatoAccordo,
    difetti_accordo,
    difetti_modifica,
    fine_proroga,
    recepite,
    stato_accordo,
    trasferimenti,
)
from capofila.hooks import Per
from capofila.territorio import service as territorio
from capofila.territorio.rules import Esercizio, FunzioneTrasferita, chi_esercita, vale

FIRMATARI_MASSIMI: Final = 500


class AccordoRifiutato(DatiNonValidi):
    """What was written does not hold together: ``errori`` are (field, words)."""

    codice = "accordo_rifiutato"

    def __init__(self, errori: Sequence[tuple[str, str]]) -> None:
        super().__init__(" ".join(testo for _, testo in errori))
        self.errori = list(errori)


# --- reading ------------------------------------------------------------------------------------

_COLONNE: Final = ", ".join(f"a.{nome}" for nome in Accordo.__struct_fields__ if nome != "capofila")
_LEGGI: Final = (
    f"SELECT {_COLONNE}, e.denominazione AS capofila FROM accordo a JOIN ente e "
    "ON e.ambito_id = a.ambito_id AND e.id = a.capofila_id WHERE a.ambito_id = $1"
)


def _da(riga: Mapping[str, Any]) -> Accordo:
    return Accordo(**{**dict(riga), "risorse": tuple(riga["risorse"])})


async def accordi() -> list[Accordo]:
    """All of the ambito, the latest first; those whose days are not known last."""
    unita = unita_corrente()
    return [
        _da(riga)
        for riga in await unita.righe(
            f"{_LEGGI} ORDER BY a.dal DESC NULLS LAST, a.id DESC", unita.ambito
        )
    ]


async def leggi(id_: int) -> Accordo:
    """One of them.

    Raises:
        NonTrovato: none has this number here.
    """
    unita = unita_corrente()
    riga = (
        await unita.riga(f"{_LEGGI} AND a.id = $2", unita.ambito, id_) if id_ in INTEGER else None
    )
    if riga is None:
        raise NonTrovato("Questo Accordo non c’è: torna al registro.")
    return _da(riga)


async def accordo_del_giorno(giorno: date) -> Accordo | None:
    """The one in force on a day; None when none is registered for it."""
    return next((uno for uno in await accordi() if uno.vale(giorno)), None)


async def firmatari(accordo: int) -> list[Firmatario]:
    """Who signed: the comuni first, by name."""
    unita = unita_corrente()
    return [
        Firmatario(**dict(riga))
        for riga in await unita.righe(
            f"SELECT {', '.join(Firmatario.__struct_fields__)} FROM firmatario "
            "WHERE ambito_id = $1 AND accordo_id = $2 ORDER BY specie <> 'comune', lower(ente)",
            unita.ambito,
            accordo,
        )
    ]


async def modifiche(accordo: int | None = None) -> list[Modifica]:
    """What changed, oldest first; what was withdrawn is left out."""
    unita = unita_corrente()
    return [
        Modifica(**{**dict(riga), "funzioni": tuple(riga["funzioni"])})
        for riga in await unita.righe(
            f"SELECT {', '.join(Modifica.__struct_fields__)} FROM modifica_accordo "
            "WHERE ambito_id = $1 AND ritirata_il IS NULL AND ($2::int IS NULL OR accordo_id = $2) "
            "ORDER BY dal, id",
            unita.ambito,
            accordo,
        )
    ]


class SubAmbitoVisto(msgspec.Struct, frozen=True, kw_only=True):
    """A sub-ambito on a day: who leads it, and its technical coordinator.

    Attributes:
        coordinatori: the seats that the comune which leads it, or its union, appoints to (art. 12:
            the technical coordinator sits in the Ufficio di Piano).
    """

    nome: str
    referente: str | None
    comuni: tuple[str, ...]
    coordinatori: tuple[Titolare, ...] = ()


class QuadroAccordo(msgspec.Struct, frozen=True, kw_only=True):
    """An Accordo as its page shows it for a day.

    Attributes:
        fuori: the comuni of the ambito that have no seat on the day: they neither signed the
            Accordo in force nor adhered to it.
    """

    accordo: Accordo
    stato: StatoAccordo
    giorno: date
    firmatari: tuple[Firmatario, ...]
    adesioni: tuple[Adesione, ...]
    settori: Mapping[str, str]
    modifiche: tuple[Modifica, ...]
    recepite: tuple[Recepita, ...]
    sub_ambiti: tuple[SubAmbitoVisto, ...]
    funzioni: tuple[FunzioneTrasferita, ...]
    comuni: Mapping[str, str]
    fuori: tuple[str, ...] = ()


async def quadro(accordo: Accordo, giorno: date) -> QuadroAccordo:
    """An Accordo on a day: who is in it, its sub-ambiti, what changed so far."""
    cambiate = await modifiche(accordo.id)
    mappa = (await territorio.mappa_comuni()).per_istat
    nomi = {istat: uno.nome for istat, uno in mappa.items()}
    funzioni = (*await territorio.funzioni_trasferite(), *trasferimenti(cambiate))
    aderenti = await adesioni()
    patto = await nel_patto(giorno, aderenti) if accordo.vale(giorno) else None
    return QuadroAccordo(
        fuori=()
        if patto is None
        else tuple(u.nome for u in await territorio.membri(giorno) if u.istat not in patto),
        accordo=accordo,
        stato=stato_accordo(accordo, giorno),
        giorno=giorno,
        firmatari=tuple(await firmatari(accordo.id)),
        adesioni=tuple(una for una in await adesioni(accordo.id) if una.vale(giorno)),
        settori=await settori(giorno, con_comuni=True),
        modifiche=tuple(cambiate),
        recepite=tuple(recepite(accordo, await territorio.appartenenze())),
        sub_ambiti=await _sub_ambiti(giorno, nomi),
        funzioni=tuple(una for una in funzioni if vale(una, giorno)),
        comuni=nomi,
    )


async def _sub_ambiti(giorno: date, nomi: Mapping[str, str]) -> tuple[SubAmbitoVisto, ...]:
    gruppi: Sequence[Unita] = (await unita_del_giorno(giorno))[Per.SUB_AMBITO]
    coordinatori: dict[str, list[Titolare]] = {}
    organi = (await plugin_attivi(giorno)).organi() if gruppi else ()
    posti = await titolari_di(organi, giorno)
    for organo in organi:
        di_referente = {uno.categoria for uno in organo.seggi if uno.di_referente}
        for titolare in posti[organo.codice]:
            if titolare.categoria in di_referente and titolare.unita:
                coordinatori.setdefault(titolare.unita.codice, []).append(titolare)
    return tuple(
        SubAmbitoVisto(
            nome=gruppo.nome,
            referente=nomi.get(gruppo.referente) if gruppo.referente else None,
            comuni=tuple(nomi.get(istat, istat) for istat in gruppo.comuni),
            coordinatori=tuple(coordinatori.get(gruppo.codice, ())),
        )
        for gruppo in gruppi
    )


async def settori(giorno: date, *, con_comuni: bool = False) -> dict[str, str]:
    """The sectors in which somebody may adhere: the seats that only who adhered appoints to.

    Args:
        giorno: the day.
        con_comuni: with the one of the comuni that did not sign, where a body has seats for them.
    """
    trovati: dict[str, str] = {}
    for organo in (await plugin_attivi(giorno)).organi():
        for seggio in organo.seggi:
            if con_comuni and seggio.per is Per.COMUNE:
                trovati[COMUNI] = "Comuni che non hanno firmato"
            # Where the number of seats is open (the Tavolo) the seat has the name of its sector.
            if seggio.solo_aderenti and (seggio.categoria not in trovati or seggio.numero is None):
                trovati[seggio.categoria] = seggio.denominazione
    return trovati


async def esercita(istat: str, funzione: str, giorno: date) -> Esercizio:
    """Who exercises a function of a comune on a day: itself, or who took its place in it (art. 19)."""
    tutte = (*await territorio.funzioni_trasferite(), *trasferimenti(await modifiche()))
    return chi_esercita(istat, funzione, giorno, tutte)


# --- writing ------------------------------------------------------------------------------------


async def registra_accordo(nuovo: Accordo, di_chi: Sequence[Firmatario]) -> int:
    """Write an Accordo down with who signed it.

    Returns:
        Its number.

    Raises:
        AccordoRifiutato: its days contradict themselves or another one, or nobody signed.
    """
    errori = difetti_accordo(nuovo, await accordi())
    if not di_chi:
        errori.append(("firmatari", "Scrivi chi l’ha firmato."))
    elif len(di_chi) > FIRMATARI_MASSIMI:
        errori.append(("firmatari", f"I firmatari sono più di {FIRMATARI_MASSIMI}."))
    elif len({uno.ente.casefold() for uno in di_chi}) < len(di_chi):
        errori.append(("altri", "Un firmatario è scritto due volte."))
    if errori:
        raise AccordoRifiutato(errori)
    try:
        async with unita_corrente().punto_di_ritorno():
            id_ = await _inserisci(
                "accordo",
                {n: getattr(nuovo, n) for n in _SCRITTE},
            )
    except (asyncpg.ExclusionViolationError, asyncpg.UniqueViolationError):
        raise AccordoRifiutato(
            [("dal", "Qualcuno ne ha appena registrato un altro per quei giorni: ricarica.")]
        ) from None
    colonne = [n for n in Firmatario.__struct_fields__ if n != "id"]
    segni = ", ".join(f"${n}" for n in range(2, len(colonne) + 2))
    await unita_corrente().esegui_per_ognuna(
        f"INSERT INTO firmatario (accordo_id, {', '.join(colonne)}) VALUES ($1, {segni})",
        [(id_, *(getattr(uno, n) for n in colonne)) for uno in di_chi],
    )
    await registra("governo.accordo", "accordo", str(id_))
    return id_


_SCRITTE: Final = tuple(n for n in Accordo.__struct_fields__ if n not in ("id", "capofila"))


async def _inserisci(tabella: str, valori: Mapping[str, object]) -> int:
    segni = ", ".join(f"${n}" for n in range(1, len(valori) + 1))
    id_: int = await unita_corrente().valore(
        f"INSERT INTO {tabella} ({', '.join(valori)}) VALUES ({segni}) RETURNING id",
        *valori.values(),
    )
    return id_


async def pubblica_sul_burl(id_: int, numero: str, data: date, *, per_estratto: bool) -> None:
    """Write where the Accordo was published.

    Raises:
        NonTrovato: none has this number here.
        AccordoRifiutato: the day is before the act.
    """
    uno = await leggi(id_)
    if uno.data is not None and data < uno.data:
        raise AccordoRifiutato(
            [("data", f"L’Accordo è del {uno.data:%d/%m/%Y}: la pubblicazione viene dopo.")]
        )
    unita = unita_corrente()
    await unita.esegui(
        "UPDATE accordo SET burl_numero = $3, burl_data = $4, burl_per_estratto = $5 "
        "WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        id_,
        numero,
        data,
        per_estratto,
    )
    await registra("governo.burl", "accordo", str(id_))


async def aderisci(accordo: int, nuova: Adesione) -> int:
    """Write an adhesion down.

    Raises:
        NonTrovato: there is no such Accordo.
        AccordoRifiutato: it is not in force on the first day, the sector is not one of its, or
            the ente adhered already.
    """
    uno = await leggi(accordo)
    errori: list[tuple[str, str]] = []
    if uno.dal is not None and not uno.vale(nuova.dal):
        errori.append(("dal", "In quel giorno l’Accordo non è in vigore: correggi la data."))
    if nuova.settore not in await settori(nuova.dal, con_comuni=True):
        errori.append(("settore", "Scegli un settore che abbia un seggio per chi aderisce."))
    if (nuova.settore == COMUNI) != (nuova.istat is not None):
        errori.append(("istat", "Scegli il comune, e soltanto per il settore dei comuni."))
    elif nuova.istat is not None:
        comuni = {u.istat: u.nome for u in await territorio.membri(nuova.dal)}
        if nuova.istat not in comuni:
            errori.append(("istat", "In quel giorno il comune non è dell’ambito."))
        elif nuova.istat in {f.istat for f in await firmatari(accordo)}:
            errori.append(("istat", "Questo comune ha firmato: il suo seggio c’è già."))
        else:
            nuova = msgspec.structs.replace(nuova, ente=comuni[nuova.istat])
    if nuova.data > nuova.dal:
        errori.append(("data", "L’atto è di dopo l’inizio dell’adesione: correggi una delle date."))
    if errori:
        raise AccordoRifiutato(errori)
    unita = unita_corrente()
    try:
        async with unita.punto_di_ritorno():
            id_ = await _inserisci(
                "adesione",
                {
                    "accordo_id": accordo,
                    **{
                        n: getattr(nuova, n)
                        for n in Adesione.__struct_fields__
                        if n not in ("id", "accordo_al")
                    },
                },
            )
    except asyncpg.UniqueViolationError:
        raise AccordoRifiutato(
            [
                (
                    "ente",
                    "Questo ente ha già un’adesione per il settore: se è finita, ritirala prima.",
                )
            ]
        ) from None
    await registra("governo.aderisci", "adesione", str(id_), settore=nuova.settore)
    return id_


async def leggi_adesione(id_: int) -> Adesione:
    """One of them.

    Raises:
        NonTrovato: none has this number here.
    """
    trovata = next((una for una in await adesioni() if una.id == id_), None)
    if trovata is None:
        raise NonTrovato("Questa adesione non c’è: torna all’Accordo.")
    return trovata


async def recedi(id_: int, al: date) -> None:
    """Write the last day of an adhesion: the seats given by it lapse the day after.

    Raises:
        NonTrovato: none has this number here.
        AccordoRifiutato: it had ended, or the day is before it began.
    """
    una = await leggi_adesione(id_)
    if una.al is not None:
        raise AccordoRifiutato([("al", f"È già finita il {una.al:%d/%m/%Y}.")])
    if al < una.dal:
        raise AccordoRifiutato([("al", f"Comincia il {una.dal:%d/%m/%Y}: correggi la data.")])
    await _aggiorna("adesione", id_, "al = $3", al)
    await registra("governo.recedi", "adesione", str(id_))


async def ritira_adesione(id_: int) -> None:
    """Take back one that was registered by mistake, unless a seat was given by it.

    Raises:
        NonTrovato: none has this number here.
        Conflitto: an appointment rests on it.
    """
    await leggi_adesione(id_)
    unita = unita_corrente()
    if await unita.valore(
        "SELECT count(*) FROM incarico_organo WHERE ambito_id = $1 AND adesione_id = $2 "
        "AND ritirato_il IS NULL",
        unita.ambito,
        id_,
    ):
        raise Conflitto(
            "Un incarico si fonda su questa adesione: se è finita scrivi l’ultimo giorno, oppure "
            "ritira prima l’incarico."
        )
    await _aggiorna("adesione", id_, "ritirata_il = now()")
    await registra("governo.ritira", "adesione", str(id_))


async def _aggiorna(tabella: str, id_: int, che_cosa: str, *valori: object) -> None:
    unita = unita_corrente()
    await unita.esegui(
        f"UPDATE {tabella} SET {che_cosa} WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        id_,
        *valori,
    )


async def modifica(nuova: Modifica) -> int:
    """Write a change down; an extension moves the last day of the Accordo.

    Raises:
        NonTrovato: there is no such Accordo.
        AccordoRifiutato: it does not hold together.
    """
    uno = await leggi(nuova.accordo_id)
    errori = difetti_modifica(uno, nuova, await accordi())
    if (
        nuova.specie == "subentro"
        and nuova.istat not in (await territorio.mappa_comuni()).per_istat
    ):
        errori.append(("istat", "Scegli il comune."))
    if errori:
        raise AccordoRifiutato(errori)
    id_ = await _inserisci(
        "modifica_accordo",
        {n: getattr(nuova, n) for n in Modifica.__struct_fields__ if n != "id"},
    )
    if nuova.specie == "proroga":
        await _aggiorna("accordo", uno.id, "al = $3", nuova.al)
    await registra("governo.modifica", "accordo", str(uno.id), specie=nuova.specie)
    return id_


async def ritira_modifica(id_: int) -> int:
    """Take back a change that was registered by mistake; an extension cannot be.

    Returns:
        The number of its Accordo.

    Raises:
        NonTrovato: none has this number here.
        Conflitto: it is an extension, which ends by an act: see :func:`cessa_proroga`.
    """
    una = await leggi_modifica(id_)
    if una.specie == "proroga":
        raise Conflitto("Una proroga finisce con un atto: registralo, con il giorno da cui vale.")
    await _aggiorna("modifica_accordo", id_, "ritirata_il = now()")
    await registra("governo.ritira", "modifica_accordo", str(id_))
    return una.accordo_id


async def leggi_modifica(id_: int) -> Modifica:
    """A change of an Accordo.

    Raises:
        NonTrovato: none has this number here, or it was withdrawn.
    """
    una = next((una for una in await modifiche() if una.id == id_), None)
    if una is None:
        raise NonTrovato("Questa modifica non c’è: torna all’Accordo.")
    return una


async def cessa_proroga(id_: int, dal: date, con: str) -> int:
    """Write that an act withdrew or annulled an extension: the last day of the Accordo comes back.

    Args:
        id_: the change.
        dal: the first day on which it does not hold; its own first day, or before, to annul it.
        con: the act.

    Returns:
        The number of its Accordo.

    Raises:
        NonTrovato: none has this number here.
        AccordoRifiutato: it is not the last extension in force, or the day of before is not known.
    """
    una = await leggi_modifica(id_)
    uno = await leggi(una.accordo_id)
    al, errori = fine_proroga(uno, una, await modifiche(una.accordo_id), dal)
    if errori:
        raise AccordoRifiutato(errori)
    await _aggiorna("modifica_accordo", id_, "cessata_dal = $3, cessata_con = $4", dal, con)
    await _aggiorna("accordo", uno.id, "al = $3", al)
    await registra("governo.cessa_proroga", "modifica_accordo", str(id_))
    return uno.id


# --- the folder of the ambito -------------------------------------------------------------------

_CODICE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_SPECIE: Final[Mapping[str, SpecieEnte]] = {nome: nome for nome in SPECIE_ENTE if nome != "comune"}


async def applica_accordi(cartella: Path) -> territorio.Applicazione | None:
    """Register the Accordi that the folder of an ambito declares, once each.

    Returns:
        What was added; None when the folder has no ``accordo.yaml``.

    Raises:
        CartellaNonValida: with every fault; nothing is stored.
    """
    raccolta = Raccolta(cartella.name)
    base = leggi_yaml(raccolta, cartella, "accordo.yaml", serve=False)
    if base is None:
        if raccolta.problemi:
            raise CartellaNonValida(raccolta.problemi)
        return None
    raccolta.fonti = base.mappa("fonti").chiavi()
    voci = base.elenco("accordi")
    base.tutto_letto()
    enti = await territorio.enti()
    capofila = next((ente for ente in enti if ente.capofila), None)
    if capofila is None:
        base.segnala("l'ambito non ha un ente capofila.")
        raise CartellaNonValida(raccolta.problemi)
    presenti = {uno.codice for uno in await accordi()}
    letti = [await _leggi_voce(voce, capofila.id) for voce in voci]
    if raccolta.problemi:
        raise CartellaNonValida(raccolta.problemi)
    esito = territorio.Applicazione(oggetto=f"Accordi di {cartella.name}")
    for accordo, di_chi in letti:
        if accordo.codice in presenti:
            esito.invariati += 1
            continue
        await registra_accordo(accordo, di_chi)
        esito.aggiunti += 1
        esito.frasi.append(f"Aggiunto: l'Accordo «{accordo.codice}», {len(di_chi)} firmatari.")
    return esito


async def _leggi_voce(voce: Voce, capofila: int) -> tuple[Accordo, list[Firmatario]]:
    dal, al = voce.periodo()
    atto = voce.mappa("atto")
    burl = voce.mappa("burl")
    accordo = Accordo(
        codice=voce.testo("codice", _CODICE, "adp-2015"),
        titolo=voce.testo("titolo"),
        capofila_id=capofila,
        mesi=voce.intero("mesi", 1, 240),
        dal=dal,
        al=al,
        organo=atto.testo("organo"),
        numero=atto.facoltativo("numero"),
        data=atto.data("data"),
        risorse=tuple(voce.testi("risorse")),
        burl_numero=burl.facoltativo("numero"),
        burl_data=burl.data("data"),
        fonte=voce.fonte(),
    )
    atto.tutto_letto()
    burl.tutto_letto()
    if (accordo.burl_numero is None) != (accordo.burl_data is None):
        burl.segnala("scrivi insieme il numero e la data, oppure nessuno dei due.")
    for campo, testo in difetti_accordo(accordo, ()):
        voce.segnala(testo, campo)
    parti = voce.mappa("firmatari")
    giorno = parti.data("comuni_del")
    di_chi = [
        Firmatario(specie="comune", ente=uno.nome, istat=uno.istat)
        for uno in (await territorio.membri(giorno) if giorno else ())
    ]
    for altro in parti.elenco("altri"):
        di_chi.append(
            Firmatario(specie=altro.scelta("specie", _SPECIE, "altro"), ente=altro.testo("ente"))
        )
        altro.tutto_letto()
    parti.tutto_letto()
    if not di_chi:
        parti.segnala("scrivi chi ha firmato: «comuni_del» con un giorno, «altri» con gli enti.")
    voce.tutto_letto()
    return accordo, di_chi
