"""Warnings and reminders of the deadlines: rows of an outbox, sent by a job as one letter each.

Nothing of whom is written to stands in a job, in its message or in a log. Without an SMTP server,
or without an address, nothing is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from capofila.accessi.service import registra
from capofila.base import lavori, posta
from capofila.base.attivazioni import ROMA
from capofila.base.database import unita_corrente
from capofila.base.errori import DatiNonValidi, NonAutorizzato
from capofila.base.impostazioni import impostazioni
from capofila.base.lavori import Compito, lavoro, richiedi
from capofila.governo.adempimenti import (
    RESPONSABILE,
    SILENZIO,
    VICINO,
    Avviso,
    Istanza,
    avvisi_del_giorno,
    lettera,
)
from capofila.governo.scadenzario import istanze_fra, nome_organo, organi_noti

TIPO: Final = "governo.avvisi"
DALLE: Final = 7
"""The hour, in Italy, from which the letters of a day leave."""
_GUARDA: Final = timedelta(days=SILENZIO + 1)
_AVANTI: Final = timedelta(days=2 * 366)

Cadenza = Literal["giorno", "settimana"]
CADENZE: Final[Mapping[Cadenza, str]] = {
    "giorno": "Ogni giorno in cui c’è qualcosa",
    "settimana": "Una volta la settimana, il lunedì",
}


class Recapito(msgspec.Struct, frozen=True, kw_only=True):
    """Where the office of a body is written to, and how often."""

    email: str
    cadenza: Cadenza = "giorno"


async def recapiti() -> dict[str, Recapito]:
    """The addresses that are held, by code of the body."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT organo, email, cadenza FROM recapito_organo WHERE ambito_id = $1", unita.ambito
    )
    return {r["organo"]: Recapito(email=r["email"], cadenza=r["cadenza"]) for r in righe}


async def scrivi_recapiti(nuovi: Mapping[str, Recapito | None]) -> None:
    """Keep the address of each body that is named; of None it is forgotten.

    Raises:
        DatiNonValidi: an address that is none.
        NonAutorizzato: the unit is narrowed to one comune.
    """
    unita = unita_corrente()
    if unita.contesto.comune:
        raise NonAutorizzato("I recapiti li tiene l'Ufficio di Piano.")
    if not all(uno is None or posta.indirizzo_valido(uno.email) for uno in nuovi.values()):
        raise DatiNonValidi(
            "Un recapito non è un indirizzo di posta: scriverlo come ufficio@comune.it"
        )
    await unita.esegui(
        "DELETE FROM recapito_organo WHERE ambito_id = $1 AND organo = ANY ($2::text[])",
        unita.ambito, [organo for organo, uno in nuovi.items() if uno is None],
    )  # fmt: skip
    await unita.esegui_per_ognuna(
        "INSERT INTO recapito_organo (ambito_id, organo, email, cadenza) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (ambito_id, organo) DO UPDATE SET email = excluded.email, "
        "cadenza = excluded.cadenza, scritto_il = now()",
        [
            (unita.ambito, organo, uno.email, uno.cadenza)
            for organo, uno in nuovi.items()
            if uno is not None
        ],
    )
    await registra("adempimenti.recapiti", "recapito_organo", None, organi=len(nuovi))


async def del_giorno(adesso: datetime | None = None) -> int:
    """Write down what is to be told today, and ask that it be sent; returns how much is new.

    It may be asked as often as one likes: each warning is one row, and goes out once.
    """
    ora = (adesso or datetime.now(UTC)).astimezone(ROMA)
    noti = await recapiti() if posta.configurata() and ora.hour >= DALLE else {}
    if not noti:
        return 0
    unita, giorno = unita_corrente(), ora.date()
    nuovi = 0
    for avviso in avvisi_del_giorno(await istanze_fra(giorno - _GUARDA, giorno + _AVANTI), giorno):
        # A body without an address of its own is told through the responsible.
        chi = avviso.destinatario if avviso.destinatario in noti else RESPONSABILE
        if chi not in noti:
            continue
        tag = await unita.esegui(
            "INSERT INTO avviso_adempimento (adempimento, anno, specie, passo, destinatario, "
            "scadenza) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            avviso.codice, avviso.anno, avviso.specie, avviso.passo, chi, avviso.scadenza,
        )  # fmt: skip
        nuovi += int(tag.split()[-1])
    if nuovi or await _aspettano(giorno):
        await richiedi(TIPO, {"giorno": giorno.isoformat()}, chiave=giorno.isoformat())
    return nuovi


async def _aspettano(giorno: date) -> bool:
    """Whether something waits for a letter, and none was tried today."""
    unita = unita_corrente()
    if not await unita.valore(
        "SELECT EXISTS (SELECT FROM avviso_adempimento WHERE ambito_id = $1 "
        "AND stato = 'da_inviare')",
        unita.ambito,
    ):
        return False
    ultimi = await lavori.elenco(tipo=TIPO, quanti=1)
    return not any(uno.richiesto_il.astimezone(ROMA).date() >= giorno for uno in ultimi)


class _Lettera(msgspec.Struct):
    """What goes to one address."""

    nomi: list[str]
    righe: list[int]
    voci: dict[tuple[str, int], tuple[Istanza, Avviso]]
    organi: set[str]


@lavoro(TIPO, tentativi=5, uno_per_ambito=True)
async def invia(compito: Compito) -> dict[str, Any]:
    """Send what waits, one letter an address. Run again, it sends what was not sent.

    A letter leaves at least once; the same warnings are the same message, by its Message-ID.

    Raises:
        ServizioNonDisponibile: the SMTP server does not answer; the rows wait for the next try.
    """
    giorno = date.fromisoformat(compito.parametri["giorno"])
    async with compito.unita(sola_lettura=True) as unita:
        nome, slug = await unita.riga("SELECT nome, slug FROM ambito WHERE id = $1", compito.ambito)
        istanze = await istanze_fra(giorno - _GUARDA, giorno + _AVANTI)
        attese = await unita.righe(
            "SELECT id, adempimento, anno, specie, passo, destinatario, scadenza "
            "FROM avviso_adempimento WHERE ambito_id = $1 AND stato = 'da_inviare' ORDER BY id",
            compito.ambito,
        )
        lettere, vani = _componi(attese, istanze, await recapiti(), await organi_noti(), giorno)
    esiti = {"lettere": 0, "avvisi": 0, "rifiutati": 0, "superati": len(vani)}
    await posta.segna(compito, "avviso_adempimento", vani, "superato")
    if not lettere:
        return esiti
    indirizzo = f"{impostazioni().indirizzo}/{slug}/adempimenti" if impostazioni().indirizzo else ""
    async with posta.server() as server:
        for a_chi, una in lettere.items():
            poi = [
                altra
                for altra in istanze
                if altra.aperta and altra.data is not None
                and giorno <= altra.data <= giorno + timedelta(days=VICINO)
                and (altra.organo in una.organi or RESPONSABILE in una.organi)
                and (altra.codice, altra.anno) not in una.voci
            ]  # fmt: skip
            testi = lettera(nome, ", ".join(una.nomi), [*una.voci.values()], poi, giorno, indirizzo)
            questa = posta.identifica(
                posta.messaggio(*testi), "avviso_adempimento", compito.ambito, *sorted(una.righe)
            )
            accolta = await posta.spedisci(server, questa, a_chi)
            await posta.segna(
                compito, "avviso_adempimento", una.righe, "inviato" if accolta else "rifiutato"
            )
            esiti["lettere"] += accolta
            esiti["avvisi" if accolta else "rifiutati"] += len(una.righe)
            await compito.avanza(esiti["lettere"], totale=len(lettere))
    return esiti


def _componi(
    attese: Sequence[Any],
    istanze: Sequence[Istanza],
    noti: Mapping[str, Recapito],
    nomi: Mapping[str, str],
    giorno: date,
) -> tuple[dict[str, _Lettera], list[int]]:
    """The letters by address, and the rows that there is nothing to tell of any more."""
    per_chiave = {(una.codice, una.anno, una.data): una for una in istanze if una.aperta}
    lettere: dict[str, _Lettera] = {}
    vani = []
    for riga in attese:
        una = per_chiave.get((riga["adempimento"], riga["anno"], riga["scadenza"]))
        chi = noti.get(riga["destinatario"])
        if una is None or chi is None:
            vani.append(riga["id"])
            continue
        if chi.cadenza == "settimana" and riga["specie"] == "preavviso" and giorno.weekday() != 0:
            continue
        nome = (
            nome_organo(riga["destinatario"], nomi)
            if riga["destinatario"] != RESPONSABILE
            else "Responsabile dell’Ufficio di Piano"
        )
        questa = lettere.setdefault(chi.email, _Lettera([], [], {}, set()))
        if nome not in questa.nomi:
            questa.nomi.append(nome)
        questa.organi.add(riga["destinatario"])
        questa.righe.append(riga["id"])
        questa.voci[una.codice, una.anno] = (
            una,
            Avviso(
                codice=una.codice, anno=una.anno, specie=riga["specie"], passo=riga["passo"],
                destinatario=riga["destinatario"], scadenza=riga["scadenza"],
            ),
        )  # fmt: skip
    return lettere, vani
