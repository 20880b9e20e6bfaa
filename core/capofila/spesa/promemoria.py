"""Reminders to the comuni that have not sent their sheet: rows of an outbox, sent by a job.

Nothing of whom is written to stands in a job, in its message or in a log: the job names the survey,
and finds the rest in the tables of its ambito. Without an SMTP server nothing is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any, Final

from capofila.accessi.service import registra
from capofila.base import posta, promemoria
from capofila.base.attivazioni import oggi
from capofila.base.database import unita_corrente
from capofila.base.impostazioni import impostazioni
from capofila.base.lavori import Compito, lavoro, richiedi
from capofila.base.promemoria import Chiesti, Ultimo
from capofila.spesa.rilevazioni import (
    Rilevazione,
    Scheda,
    in_ritardo,
    rilevazione_con_id,
    rilevazioni,
    schede,
    ufficio_di_piano,
)

TIPO: Final = "spesa.promemoria"


async def recapiti() -> dict[str, str]:
    """The addresses that are held, by Belfiore code of the comune."""
    return await promemoria.leggi(promemoria.SPESA)


async def scrivi_recapiti(nuovi: Mapping[str, str]) -> None:
    """Keep the address of each comune that is named; an empty one is forgotten.

    Raises:
        DatiNonValidi: an address that is none.
    """
    ufficio_di_piano()
    await promemoria.scrivi(promemoria.SPESA, nuovi)
    await registra("spesa.recapiti", "recapito_spesa", None, comuni=len(nuovi))


async def chiedi(questa: Rilevazione) -> Chiesti:
    """Ask that the comuni that have not sent their sheet be written to, once a day each.

    Raises:
        Conflitto: this platform sends no e-mail.
    """
    unita = ufficio_di_piano()
    promemoria.esigi_la_posta()
    noti = await recapiti()
    in_attesa = await in_ritardo(questa.anno)
    quanti = 0
    for una in in_attesa:
        if una.comune not in noti:
            continue
        tag = await unita.esegui(
            "INSERT INTO promemoria_spesa (scheda_spesa_id, comune, giorno) VALUES ($1, $2, $3) "
            "ON CONFLICT (ambito_id, scheda_spesa_id, giorno) DO NOTHING",
            una.id, una.comune, oggi(),
        )  # fmt: skip
        quanti += int(tag.split()[-1])
    if quanti:
        await richiedi(TIPO, {"rilevazione": questa.id}, totale=quanti)
        await registra("spesa.promemoria", "rilevazione", str(questa.id), comuni=quanti)
    senza = tuple(una.nome for una in in_attesa if una.comune not in noti)
    return Chiesti(quanti=quanti, senza_recapito=senza)


async def del_giorno() -> int:
    """Ask for the reminders that fall today; returns how many. Does nothing without a server."""
    if not posta.configurata():
        return 0
    giorno = oggi()
    return sum(
        [(await chiedi(una)).quanti for una, _ in await rilevazioni() if giorno in una.promemoria]
    )


async def ultimi(anno: int) -> dict[int, Ultimo]:
    """The last reminder about each sheet of a year, by the sheet's id."""
    unita = unita_corrente()
    return {
        riga["id"]: Ultimo(giorno=riga["giorno"], stato=riga["stato"])
        for riga in await unita.righe(
            "SELECT DISTINCT ON (s.id) s.id, p.giorno, p.stato FROM promemoria_spesa p "
            "JOIN scheda_spesa s ON s.ambito_id = p.ambito_id AND s.id = p.scheda_spesa_id "
            "WHERE p.ambito_id = $1 AND s.anno = $2 ORDER BY s.id, p.giorno DESC",
            unita.ambito, anno,
        )
    }  # fmt: skip


@lavoro(TIPO, tentativi=5, uno_per_ambito=True)
async def invia(compito: Compito) -> dict[str, Any]:
    """Send the reminders of a survey that wait. Run again, it sends those that were not sent.

    Raises:
        ServizioNonDisponibile: the SMTP server does not answer; the rows wait for the next try.
    """
    async with compito.unita(sola_lettura=True) as unita:
        questa = await rilevazione_con_id(compito.parametri["rilevazione"])
        per_id = {una.id: una for una in await schede(questa.anno)}
        indirizzi = await recapiti()
        capofila = await unita.valore("SELECT nome FROM ambito WHERE id = $1", compito.ambito)
        slug = await unita.valore("SELECT slug FROM ambito WHERE id = $1", compito.ambito)
        attese = await unita.righe(
            "SELECT id, scheda_spesa_id FROM promemoria_spesa WHERE ambito_id = $1 "
            "AND stato = 'da_inviare' AND scheda_spesa_id = ANY ($2::integer[]) ORDER BY id",
            compito.ambito, [*per_id],
        )  # fmt: skip

    def lettera(riga: Mapping[str, Any]) -> tuple[EmailMessage, str | None]:
        una = per_id[riga["scheda_spesa_id"]]
        return _messaggio(questa, una, capofila, pagina_di(slug, una)), indirizzi.get(una.comune)

    return await posta.consegna(compito, "promemoria_spesa", attese, lettera)


def pagina_di(slug: str, una: Scheda) -> str:
    """The address of the page of a sheet, by which a link reaches it; empty when ours is not set.

    It names the ambito and a number: nothing of whom it is sent to.
    """
    dove = impostazioni().indirizzo
    return f"{dove}/{slug}/spesa/schede/{una.id}" if dove else ""


def _messaggio(questa: Rilevazione, una: Scheda, ambito: str, pagina: str) -> EmailMessage:
    comune, termine = una.nome, una.termine(questa)
    entro = "" if termine is None else f"Il termine è il {termine:%d/%m/%Y}.\n"
    return posta.messaggio(
        f"Spesa sociale {questa.anno}: scheda di {comune} da inviare",
        f"La scheda della spesa sociale del {questa.anno} del comune di {comune} non risulta ancora "
        f"inviata.\n{entro}\nPer compilarla e inviarla entrare in Capofila, "
        + (f"a questa pagina:\n{pagina}\n\n" if pagina else "alla voce «Spesa sociale». ")
        + f"Per chiedere una proroga scrivere all'Ufficio di Piano.\n\n{ambito}\n",
    )
