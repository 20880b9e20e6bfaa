"""The feed of the deadlines for calendar programs, at an address that is a secret.

The secret is shown once and kept as its digest. It opens the deadlines of one ambito, as long as
the person who made it has a charge there; nothing that people wrote as a proof is in the feed.

Source: RFC 5545 (iCalendar), RFC 7986 (name and refresh of a calendar), RFC 9110 (ETag).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from capofila.accessi.service import attesa_di, conta_segreto_errato, registra
from capofila.base.attivazioni import oggi
from capofila.base.database import Contesto, unita_corrente, unita_di_lavoro
from capofila.base.errori import NonTrovato, TroppeRichieste
from capofila.base.impostazioni import impostazioni
from capofila.governo.adempimenti import Istanza, spiega
from capofila.governo.feste import festivi
from capofila.governo.scadenzario import istanze_fra

_SEGRETO: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_GENERE: Final = "calendario"
INDIETRO: Final = timedelta(days=366)
AVANTI: Final = timedelta(days=2 * 366)
ORA_AVVISO: Final = timedelta(hours=9)
"""Of the day of a warning, on which the calendar rings."""


class Flusso(msgspec.Struct, frozen=True):
    """A feed with its validator."""

    contenuto: bytes
    etag: str


class Segreto(msgspec.Struct, frozen=True):
    """The feed that a person has in an ambito; its address is not known any more."""

    creato_il: datetime


async def mio() -> Segreto | None:
    """The feed of the person of this unit."""
    unita = unita_corrente()
    creato = await unita.valore(
        "SELECT creato_il FROM segreto_calendario WHERE ambito_id = $1 AND utente_id = $2 "
        "AND revocato_il IS NULL",
        unita.ambito, unita.contesto.utente,
    )  # fmt: skip
    return None if creato is None else Segreto(creato)


async def revoca() -> bool:
    """End the feed of the person of this unit; False when there was none."""
    unita = unita_corrente()
    tag = await unita.esegui(
        "UPDATE segreto_calendario SET revocato_il = now() WHERE ambito_id = $1 "
        "AND utente_id = $2 AND revocato_il IS NULL",
        unita.ambito, unita.contesto.utente,
    )  # fmt: skip
    tolto = not tag.endswith(" 0")
    if tolto:
        await registra("adempimenti.calendario.revoca", "segreto_calendario")
    return tolto


async def rigenera() -> str:
    """A new secret for the person of this unit; the one before opens nothing any more."""
    await revoca()
    nuovo = secrets.token_urlsafe(32)
    await unita_corrente().esegui(
        "INSERT INTO segreto_calendario (impronta) VALUES ($1)", _impronta(nuovo)
    )
    await registra("adempimenti.calendario", "segreto_calendario")
    return nuovo


def percorso(segreto: str) -> str:
    """The path of a feed."""
    return f"/calendario/{segreto}.ics"


def _impronta(segreto: str) -> str:
    return hashlib.sha256(segreto.encode()).hexdigest()


async def apri(nome: str, indirizzo: str, traccia: str) -> Flusso:
    """The feed of an address, in units of work of its own.

    Args:
        nome: the last part of the path, ``SECRET.ics``.
        indirizzo: where the request comes from: wrong secrets are counted by it.
        traccia: of the request.

    Raises:
        NonTrovato: no such feed, revoked, or its person has no charge in the ambito any more.
        TroppeRichieste: too many wrong secrets from there.
    """
    segreto = nome.removesuffix(".ics")
    async with unita_di_lavoro(Contesto(traccia=traccia), sola_lettura=True) as unita:
        attesa = await attesa_di(_GENERE, indirizzo)
        riga = None
        if not attesa and nome.endswith(".ics") and _SEGRETO.fullmatch(segreto):
            impronta = _impronta(segreto)
            riga = await unita.riga("SELECT * FROM calendario_di($1)", impronta)
            if riga is not None and not hmac.compare_digest(riga["impronta"], impronta):
                riga = None
    if attesa:
        raise TroppeRichieste("Troppi indirizzi sbagliati: riprova fra qualche minuto.")
    if riga is not None:
        contesto = Contesto(ambito=riga["ambito_id"], utente=riga["utente_id"], traccia=traccia)
        flusso = await _di(contesto)
        if flusso is not None:
            return flusso
    else:
        async with unita_di_lavoro(Contesto(traccia=traccia)):
            await conta_segreto_errato(_GENERE, indirizzo)
    raise NonTrovato("Questo calendario non c'è: creane uno nuovo dalla pagina delle scadenze.")


async def _di(contesto: Contesto) -> Flusso | None:
    """The feed for a person; None when the charge has ended."""
    async with unita_di_lavoro(contesto, sola_lettura=True) as unita:
        incarico = await unita.riga(
            "SELECT c.belfiore FROM incarico i JOIN utente u ON u.id = i.utente_id AND u.attivo "
            "LEFT JOIN comune c ON c.istat = i.comune "
            "WHERE i.ambito_id = $1 AND i.utente_id = $2 AND $3 BETWEEN i.dal "
            "AND coalesce(i.al, 'infinity'::date)",
            contesto.ambito, contesto.utente, oggi(),
        )  # fmt: skip
        if incarico is None:
            return None
        if incarico["belfiore"]:
            await unita.restringi(msgspec.structs.replace(contesto, comune=incarico["belfiore"]))
        nome, slug = await unita.riga(
            "SELECT nome, slug FROM ambito WHERE id = $1", contesto.ambito
        )
        giorno = oggi()
        istanze = await istanze_fra(giorno - INDIETRO, giorno + AVANTI)
        locali = await festivi(range(giorno.year - 2, giorno.year + 4))
    contenuto = componi(istanze, nome, slug, impostazioni().indirizzo, locali)
    return Flusso(contenuto, f'"{hashlib.sha256(contenuto).hexdigest()[:32]}"')


def componi(
    istanze: Iterable[Istanza],
    nome: str,
    slug: str,
    sito: str,
    festivi: frozenset[date] = frozenset(),
) -> bytes:
    """A calendar with one all-day event for each deadline that has a day. Pure.

    The same deadlines make the same bytes: a deadline keeps its UID when its day moves.

    Args:
        istanze: the deadlines.
        nome: of the ambito.
        slug: of the ambito.
        sito: address of the platform, empty when it is not known.
        festivi: local holidays, as given to compute the days.
    """
    from icalendar import Calendar  # brings the time zones of the world with it

    calendario = Calendar()
    calendario.add("prodid", "-//Capofila//Scadenze//IT")
    calendario.add("version", "2.0")
    calendario.add("calscale", "GREGORIAN")
    calendario.add("name", f"Scadenze · {nome}")
    calendario.add("x-wr-calname", f"Scadenze · {nome}")
    calendario.add("refresh-interval", timedelta(hours=12), {"value": "DURATION"})
    for una in sorted(istanze, key=lambda una: (una.anno, una.codice)):
        if una.data is not None:
            calendario.add_component(_evento(una, una.data, slug, sito, festivi))
    return bytes(calendario.to_ical())


def _evento(una: Istanza, giorno: date, slug: str, sito: str, festivi: frozenset[date]) -> Any:
    from icalendar import Alarm, Event

    evento = Event()
    evento.add("uid", f"{una.codice}-{una.anno}@{slug}.capofila")
    # When it was last written: for what nobody wrote, a moment that does not change.
    evento.add(
        "dtstamp", (una.fatto and una.fatto.scritto_il) or datetime(una.anno, 1, 1, tzinfo=UTC)
    )
    evento.add("dtstart", giorno)
    evento.add("dtend", giorno + timedelta(days=1))
    evento.add("transp", "TRANSPARENT")
    evento.add("sequence", una.fatto.numero if una.fatto else 0)
    non_dovuta = una.fatto is not None and una.fatto.esito == "non_dovuto"
    evento.add("status", "CANCELLED" if non_dovuta else "CONFIRMED")
    prima = "" if una.aperta else ("Non dovuto: " if non_dovuta else "Fatto: ")
    evento.add("summary", prima + una.titolo)
    fonte = una.fonte_testo or "non indicata"
    righe = [f"Risponde: {una.organo_nome}", f"Riguarda il {una.anno}", f"Fonte: {fonte}"]
    if una.ipotesi:
        righe.append("Ipotesi: l’atto in vigore non è stato reperito.")
    evento.add("description", "\n".join([*righe, *spiega(una, festivi)]))
    evento.add("categories", [una.organo_nome])
    if sito:
        evento.add("url", f"{sito}/{slug}/adempimenti/{una.codice}/{una.anno}")
    for avviso in una.avvisi if una.aperta else ():
        sveglia = Alarm()
        sveglia.add("action", "DISPLAY")
        sveglia.add("description", una.titolo)
        sveglia.add("trigger", avviso - giorno + ORA_AVVISO)
        evento.add_component(sveglia)
    return evento
