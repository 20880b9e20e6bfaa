"""The call of a meeting: whom it is sent to, the message and its calendar invitation, sent by a job.

Nothing of whom is written to stands in a job, in its message or in a log: the job names the meeting,
and finds the rest in the tables of its ambito. Without an SMTP server nothing is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from email.message import EmailMessage
from typing import Any, Final

from icalendar import Calendar, Event

from capofila.accessi.service import registra
from capofila.base import posta
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.impostazioni import impostazioni
from capofila.base.lavori import Compito, lavoro, richiedi
from capofila.governo.incarichi import titolari
from capofila.governo.sedute import (
    Adunanza,
    Punto,
    adunanza,
    ordine_del_giorno,
    ufficio_di_piano,
)
from capofila.web.formati import data as in_data

TIPO: Final = "governo.convoca"
DURATA: Final = timedelta(hours=2)
"""How long a meeting takes in a calendar: the call does not say it."""


async def recapiti(organo: str) -> dict[str, str]:
    """The addresses that are held for a body, by seat."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT avente, email FROM recapito_seggio WHERE ambito_id = $1 AND organo = $2",
        unita.ambito,
        organo,
    )
    return {riga["avente"]: riga["email"] for riga in righe}


async def scrivi_recapiti(organo: str, nuovi: Mapping[str, str]) -> None:
    """Keep the address of each seat that is named; an empty one is forgotten.

    Raises:
        DatiNonValidi: an address that is none.
    """
    unita = ufficio_di_piano()
    if not all(not email or posta.indirizzo_valido(email) for email in nuovi.values()):
        raise DatiNonValidi(
            "Un recapito non è un indirizzo di posta: scriverlo come sindaco@comune.it"
        )
    await unita.esegui(
        "DELETE FROM recapito_seggio WHERE ambito_id = $1 AND organo = $2 "
        "AND avente = ANY ($3::text[])",
        unita.ambito, organo, [chi for chi, email in nuovi.items() if not email],
    )  # fmt: skip
    await unita.esegui_per_ognuna(
        "INSERT INTO recapito_seggio (organo, avente, email) VALUES ($1, $2, $3) "
        "ON CONFLICT (ambito_id, organo, avente) DO UPDATE SET email = excluded.email",
        [(organo, chi, email) for chi, email in nuovi.items() if email],
    )
    await registra("governo.recapiti", "recapito_seggio", organo, seggi=len(nuovi))


async def invita(id_: int) -> tuple[int, tuple[str, ...]]:
    """Ask that the call be sent to whoever holds a seat, once each.

    Returns:
        How many will be written to, and the names of the seats without an address.

    Raises:
        Conflitto: this platform sends no e-mail, or the meeting was not called.
    """
    unita = ufficio_di_piano()
    una = await adunanza(id_)
    if una.stato != "convocata":
        raise Conflitto("Si scrive per una seduta convocata e non ancora aperta.")
    if not posta.configurata():
        raise Conflitto("L'invio della posta non è configurato: chiedi a chi gestisce Capofila.")
    noti = await recapiti(una.organo)
    seduti = [uno for uno in await titolari(una.organo, una.giorno) if uno.in_carica]
    quanti = 0
    for uno in seduti:
        if uno.chiave in noti:
            tag = await unita.esegui(
                "INSERT INTO invito_seduta (seduta_id, avente) VALUES ($1, $2) "
                "ON CONFLICT (ambito_id, seduta_id, avente) DO NOTHING",
                id_, uno.chiave,
            )  # fmt: skip
            quanti += int(tag.split()[-1])
    if quanti:
        await richiedi(TIPO, {"seduta": id_}, totale=quanti)
        await registra("governo.invita", "seduta", str(id_), seggi=quanti)
    return quanti, tuple(uno.nome for uno in seduti if uno.chiave not in noti)


async def inviti(id_: int) -> dict[str, int]:
    """How many calls of a meeting wait, left and were refused, by state."""
    unita = unita_corrente()
    return {
        riga["stato"]: riga["quanti"]
        for riga in await unita.righe(
            "SELECT stato, count(*) AS quanti FROM invito_seduta "
            "WHERE ambito_id = $1 AND seduta_id = $2 GROUP BY stato",
            unita.ambito,
            id_,
        )
    }


@lavoro(TIPO, tentativi=5, uno_per_ambito=True)
async def invia(compito: Compito) -> dict[str, Any]:
    """Send the calls of a meeting that wait. Run again, it sends those that were not sent.

    Raises:
        ServizioNonDisponibile: the SMTP server does not answer; the rows wait for the next try.
    """
    async with compito.unita(sola_lettura=True) as unita:
        una = await adunanza(compito.parametri["seduta"])
        punti = await ordine_del_giorno(una.id)
        indirizzi = await recapiti(una.organo)
        ambito = await unita.riga("SELECT nome, slug FROM ambito WHERE id = $1", compito.ambito)
        attese = await unita.righe(
            "SELECT id, avente FROM invito_seduta WHERE ambito_id = $1 AND seduta_id = $2 "
            "AND stato = 'da_inviare' ORDER BY id",
            compito.ambito, una.id,
        )  # fmt: skip
    return await posta.consegna(
        compito, "invito_seduta", attese,
        lambda riga: (
            messaggio(una, punti, ambito["nome"], ambito["slug"]), indirizzi.get(riga["avente"])
        ),
    )  # fmt: skip


def pagina_di(slug: str, una: Adunanza) -> str:
    """The address of the page of a meeting; empty when ours is not set."""
    dove = impostazioni().indirizzo
    return f"{dove}/{slug}/sedute/{una.id}" if dove else ""


def messaggio(una: Adunanza, punti: list[Punto], ambito: str, slug: str) -> EmailMessage:
    """The call, with its agenda and its calendar invitation."""
    giorno = f"{in_data(una.giorno)}, ore {una.ora:%H:%M}"
    elenco = "\n".join(f"{punto.ordine}. {punto.titolo}" for punto in punti)
    seconda = (
        f"In seconda convocazione: {in_data(una.seconda_giorno)}, ore {una.seconda_ora:%H:%M}.\n"
        if una.seconda_giorno and una.seconda_ora
        else ""
    )
    pagina = pagina_di(slug, una)
    nuovo = posta.messaggio(
        f"Convocazione: {una.denominazione}, {una.giorno:%d/%m/%Y}",
        f"Convocazione: {una.denominazione}.\n{giorno}, {una.luogo}.\n{seconda}\n"
        f"Ordine del giorno\n{elenco}\n\n"
        + (f"I documenti e come si vota sono qui:\n{pagina}\n\n" if pagina else "")
        + f"{ambito}\n",
    )
    nuovo.add_attachment(
        calendario(una, punti, slug), maintype="text", subtype="calendar",
        filename="convocazione.ics", params={"method": "PUBLISH"},
    )  # fmt: skip
    return nuovo


def calendario(una: Adunanza, punti: list[Punto], slug: str) -> bytes:
    """The meeting for a calendar (RFC 5545): each call is an event."""
    pagina = pagina_di(slug, una)
    foglio = Calendar()
    foglio.add("prodid", "-//Capofila//Sedute//IT")
    foglio.add("version", "2.0")
    foglio.add("method", "PUBLISH")
    for convocazione in (1, 2) if una.seconda_giorno else (1,):
        inizio = una.inizio(convocazione)
        evento = Event()
        evento.add("uid", f"seduta-{slug}-{una.id}-{convocazione}@capofila")
        evento.add("dtstamp", una.inizio())
        evento.add("dtstart", inizio)
        evento.add("dtend", inizio + DURATA)
        titolo = una.denominazione
        evento.add("summary", f"{titolo} (seconda convocazione)" if convocazione == 2 else titolo)
        evento.add("location", una.luogo)
        evento.add("description", "\n".join(f"{p.ordine}. {p.titolo}" for p in punti))
        evento.add("status", "CANCELLED" if una.stato == "revocata" else "CONFIRMED")
        if pagina:
            evento.add("url", pagina)
        foglio.add_component(evento)
    foglio.add_missing_timezones()
    return bytes(foglio.to_ical())
