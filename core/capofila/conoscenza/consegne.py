"""What has not been delivered, by whom, and the reminders: rows of an outbox, sent by a job.

Who gives an indicator is what the ambito says, or the holder that the catalogue knows; where neither says,
nobody can be written to. The job names a year; to whom it writes is in the tables of its ambito.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from email.message import EmailMessage
from typing import Any, Final

import msgspec

from capofila.accessi.service import registra
from capofila.base import posta
from capofila.base.attivazioni import oggi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.impostazioni import impostazioni
from capofila.base.lavori import Compito, lavoro, richiedi
from capofila.conoscenza.catalogo import Catalogo, catalogo
from capofila.conoscenza.rules import AMBITO, PROVINCIA, Valore
from capofila.conoscenza.valori import Luoghi, luoghi, ufficio_di_piano, valori
from capofila.hooks import Indicatore

TIPO: Final = "conoscenza.promemoria"
NOME_MASSIMO: Final = 120


class Attesa(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator that somebody is to give, in a year.

    Attributes:
        titolare: who; None where nobody says.
        dati: how many comuni have it; of one that is given of the ambito or its province, 0 or 1.
        attesi: how many should.
        mancano: names of the comuni without it, where some have it.
    """

    indicatore: Indicatore
    titolare: str | None
    dati: int
    attesi: int
    mancano: tuple[str, ...] = ()

    @property
    def consegnato(self) -> bool:
        """Whether nothing of it is missing."""
        return self.dati >= self.attesi


def attese(
    noto: Catalogo, dove: Luoghi, dati: Sequence[Valore], incarichi: Mapping[str, str]
) -> list[Attesa]:
    """Every indicator that is given by somebody (neither divided nor computed), and how much of it is here.

    A figure of the ambito or of its province stands for the whole; where there is none, one of each
    comune is awaited, if some of them have it or the source wants it of them.
    """
    per_codice: dict[str, set[str]] = {}
    for uno in dati:
        if uno.anno == dove.anno:
            per_codice.setdefault(uno.codice, set()).add(uno.territorio)
    trovate = []
    for indicatore in noto.per_codice.values():
        if indicatore.specie != "elementare":
            continue
        presenti = per_codice.get(indicatore.codice, set())
        titolare = incarichi.get(indicatore.codice, indicatore.titolare)
        comuni = [i for i in dove.comuni if i in presenti]
        interi = presenti & {AMBITO, PROVINCIA}
        if not interi and (comuni or indicatore.livelli == ("comune",)):
            trovate.append(
                Attesa(
                    indicatore=indicatore, titolare=titolare, dati=len(comuni), attesi=len(dove.comuni),
                    mancano=tuple(t.nome for i, t in dove.comuni.items() if i not in presenti),
                )
            )  # fmt: skip
        else:
            trovate.append(
                Attesa(indicatore=indicatore, titolare=titolare, dati=1 if interi else 0, attesi=1)
            )
    return trovate


async def incarichi() -> dict[str, str]:
    """Who gives each indicator, as the ambito says, by code."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT codice, titolare FROM incarico_indicatore WHERE ambito_id = $1", unita.ambito
    )
    return {r["codice"]: r["titolare"] for r in righe}


async def dell_anno(anno: int, noto: Catalogo | None = None) -> list[Attesa]:
    """What is awaited of a year, delivered or not."""
    noto = noto or await catalogo()
    return attese(noto, await luoghi(anno), await valori([anno]), await incarichi())


async def incarica(codice: str, titolare: str) -> None:
    """Say who gives an indicator; an empty name leaves it to the catalogue.

    Raises:
        NonTrovato: no such indicator.
        DatiNonValidi: a name too short or too long.
    """
    unita, nome = ufficio_di_piano(), " ".join(titolare.split())
    (await catalogo()).uno(codice)
    if nome and not 2 <= len(nome) <= NOME_MASSIMO:
        raise DatiNonValidi(f"Il nome dell'ente va da 2 a {NOME_MASSIMO} caratteri.")
    await unita.esegui(
        "DELETE FROM incarico_indicatore WHERE ambito_id = $1 AND codice = $2", unita.ambito, codice
    )
    if nome:
        await unita.esegui(
            "INSERT INTO incarico_indicatore (codice, titolare) VALUES ($1, $2)", codice, nome
        )
    await registra("conoscenza.incarica", "incarico_indicatore", codice)


async def recapiti() -> dict[str, str]:
    """The addresses that are held, by holder."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT titolare, email FROM recapito_indicatori WHERE ambito_id = $1", unita.ambito
    )
    return {r["titolare"]: r["email"] for r in righe}


async def scrivi_recapiti(nuovi: Mapping[str, str]) -> None:
    """Keep the address of each holder that is named; an empty one is forgotten.

    Raises:
        DatiNonValidi: an address that is none.
    """
    unita = ufficio_di_piano()
    if not all(not email or posta.indirizzo_valido(email) for email in nuovi.values()):
        raise DatiNonValidi(
            "Un recapito non è un indirizzo di posta: scriverlo come ufficio@ente.it"
        )
    await unita.esegui(
        "DELETE FROM recapito_indicatori WHERE ambito_id = $1 AND titolare = ANY ($2::text[])",
        unita.ambito, [*nuovi],
    )  # fmt: skip
    pieni = {titolare: email for titolare, email in nuovi.items() if email}
    await unita.esegui(
        "INSERT INTO recapito_indicatori (titolare, email) SELECT * FROM unnest($1::text[], $2::text[])",
        [*pieni], [*pieni.values()],
    )  # fmt: skip
    await registra("conoscenza.recapiti", "recapito_indicatori", None, titolari=len(nuovi))


class Chiesti(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request: how many will be written to, and who cannot be."""

    quanti: int
    senza_recapito: tuple[str, ...] = ()


async def chiedi(anno: int) -> Chiesti:
    """Ask that whoever has not delivered be written to, once a day each.

    Raises:
        Conflitto: this platform sends no e-mail.
    """
    unita = ufficio_di_piano()
    if not posta.configurata():
        raise Conflitto("L'invio della posta non è configurato: chiedi a chi gestisce Capofila.")
    noti = await recapiti()
    in_ritardo = sorted(
        {u.titolare for u in await dell_anno(anno) if u.titolare and not u.consegnato}
    )
    quanti = 0
    for titolare in in_ritardo:
        if titolare in noti:
            tag = await unita.esegui(
                "INSERT INTO promemoria_indicatori (titolare, anno, giorno) VALUES ($1, $2, $3) "
                "ON CONFLICT (ambito_id, titolare, anno, giorno) DO NOTHING",
                titolare, anno, oggi(),
            )  # fmt: skip
            quanti += int(tag.split()[-1])
    if quanti:
        await richiedi(TIPO, {"anno": anno}, totale=quanti)
        await registra(
            "conoscenza.promemoria", "promemoria_indicatori", None, anno=anno, titolari=quanti
        )
    return Chiesti(quanti=quanti, senza_recapito=tuple(t for t in in_ritardo if t not in noti))


class Ultimo(msgspec.Struct, frozen=True, kw_only=True):
    """The last reminder to a holder."""

    giorno: date
    stato: str


async def ultimi(anno: int) -> dict[str, Ultimo]:
    """The last reminder about a year, by holder."""
    unita = unita_corrente()
    return {
        r["titolare"]: Ultimo(giorno=r["giorno"], stato=r["stato"])
        for r in await unita.righe(
            "SELECT DISTINCT ON (titolare) titolare, giorno, stato FROM promemoria_indicatori "
            "WHERE ambito_id = $1 AND anno = $2 ORDER BY titolare, giorno DESC",
            unita.ambito, anno,
        )
    }  # fmt: skip


@lavoro(TIPO, tentativi=5, uno_per_ambito=True)
async def invia(compito: Compito) -> dict[str, Any]:
    """Send the reminders of a year that wait. Run again, it sends those that were not sent.

    Raises:
        ServizioNonDisponibile: the SMTP server does not answer; the rows wait for the next try.
    """
    anno = compito.parametri["anno"]
    async with compito.unita(sola_lettura=True) as unita:
        mancano: dict[str, list[str]] = {}
        for una in await dell_anno(anno):
            if una.titolare and not una.consegnato:
                mancano.setdefault(una.titolare, []).append(
                    f"{una.indicatore.codice} {una.indicatore.denominazione}"
                )
        indirizzi = await recapiti()
        ambito = await unita.riga("SELECT nome, slug FROM ambito WHERE id = $1", compito.ambito)
        attesi = await unita.righe(
            "SELECT id, titolare FROM promemoria_indicatori WHERE ambito_id = $1 AND anno = $2 "
            "AND stato = 'da_inviare' ORDER BY id",
            compito.ambito, anno,
        )  # fmt: skip

    def lettera(riga: Mapping[str, Any]) -> tuple[EmailMessage, str | None]:
        quali = mancano.get(riga["titolare"], [])
        return _messaggio(anno, ambito["nome"], ambito["slug"], quali), indirizzi.get(
            riga["titolare"]
        )

    return await posta.consegna(compito, "promemoria_indicatori", attesi, lettera)


def _messaggio(anno: int, ambito: str, slug: str, quali: Sequence[str]) -> EmailMessage:
    dove = impostazioni().indirizzo
    elenco = "\n".join(f"- {uno}" for uno in quali) or "- nessuno: sono arrivati intanto"
    return posta.messaggio(
        f"Indicatori {anno}: che cosa manca",
        f"Per il sistema di conoscenza dell'ambito {ambito} mancano ancora, per il {anno}:\n\n{elenco}\n\n"
        "Si possono mandare come foglio all'Ufficio di Piano, con le colonne codice, anno, territorio e "
        "valore: cifre, nessun nome di persona."
        + (
            f"\nPer chi ha un accesso: {dove}/{slug}/conoscenza/consegne?anno={anno}"
            if dove
            else ""
        )
        + f"\n\n{ambito}\n",
    )
