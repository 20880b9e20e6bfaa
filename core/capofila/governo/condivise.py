"""The meetings of a shared body, as the other ambiti and the agency read them: a sealed copy of each step.

What is copied is the state of a meeting: call, agenda with its documents, how one votes, outcomes,
deliberations, minutes. A draft, the register of the room and who voted what by seat are not.
"""

from __future__ import annotations

from datetime import date, time
from typing import Any, Final

import msgspec

from capofila.base.attivazioni import plugin_attivi
from capofila.base.errori import NonTrovato
from capofila.governo import deliberazioni, pubblicazioni, sala, sedute
from capofila.governo.conteggio import DECISIVI
from capofila.governo.pubblicazioni import Pubblicazione
from capofila.governo.regole_seduta import ComeSiVota, come_votare
from capofila.governo.sedute import Adunanza, Documento

MASSIMO: Final = 1_000_000
"""Bytes of a publication."""
PAROLE: Final = {
    "convocata": "convocata", "aperta": "in corso", "deserta": "deserta", "chiusa": "chiusa",
    "verbalizzata": "con il verbale", "pubblicata": "con il verbale pubblicato",
    "revocata": "revocata",
}  # fmt: skip


class AttoPubblicato(msgspec.Struct, frozen=True, kw_only=True):
    """A deliberation as it is published."""

    numero: int
    anno: int
    chiave: str
    propone: bool = False
    fino: date | None = None
    cessazione: str | None = None


class VotoPubblicato(msgspec.Struct, frozen=True, kw_only=True):
    """A vote as it is published: its outcome explained, never who voted what.

    Attributes:
        voti: empty: the page of a vote reads it.
    """

    risultato: str
    modo: str
    esito: dict[str, Any]
    voti: dict[str, Any] = {}


class PropostaPubblicata(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal; ``testo`` is empty when the whole would be too long for a publication."""

    oggetto: str
    testo: str = ""
    anno: int | None = None
    emendamenti: tuple[str, ...] = ()
    come: ComeSiVota
    voto: VotoPubblicato | None = None
    atto: AttoPubblicato | None = None


class PuntoPubblicato(msgspec.Struct, frozen=True, kw_only=True):
    """A point of the agenda; ``documenti`` are places in the documents of the meeting, from 1."""

    ordine: int
    titolo: str
    dopo_la_convocazione: bool = False
    documenti: tuple[int, ...] = ()
    proposte: tuple[PropostaPubblicata, ...] = ()


class SedutaPubblicata(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting as the others read it."""

    organo: str
    denominazione: str
    stato: str
    giorno: date
    ora: time
    luogo: str
    seconda_giorno: date | None = None
    seconda_ora: time | None = None
    urgente: bool = False
    convocata_il: date | None = None
    pubblicare_entro: date | None = None
    pubblicata_il: date | None = None
    pubblicata_dove: str | None = None
    inventata: bool = False
    numero_legale: ComeSiVota
    punti: tuple[PuntoPubblicato, ...] = ()
    documenti: tuple[Documento, ...] = ()
    testi_omessi: bool = False


async def fotografa(id_: int) -> SedutaPubblicata:
    """A meeting of this ambito as the others would read it now.

    Raises:
        NonTrovato: there is none of this number, or it was not called yet.
    """
    una = await sedute.adunanza(id_)
    if una.convocata_il is None:
        raise NonTrovato("Questa seduta non è convocata: non c’è nulla da far leggere.")
    punti = await sedute.ordine_del_giorno(id_)
    # The minutes say how each one voted: the others read them from when everybody does.
    documenti = [
        uno
        for uno in await sedute.documenti(id_)
        if uno.specie != "verbale" or una.stato == "pubblicata"
    ]
    posti = {uno.id: posto for posto, uno in enumerate(documenti, 1)}
    numero_legale, come = await come_votare(una, await sala.aperture(id_), punti)
    # While the room is at work nothing is final: outcomes are read from when it is closed.
    finita = una.stato in ("chiusa", "verbalizzata", "pubblicata")
    fatte = {
        v.proposta_id: v
        for v in (await deliberazioni.votazioni(id_) if finita else ())
        if v.emendamento_id is None
    }
    atti = {d.votazione_id: d for d in await deliberazioni.della_seduta(id_)}
    return SedutaPubblicata(
        **{nome: getattr(una, nome) for nome in _COPIATI},
        numero_legale=numero_legale,
        documenti=tuple(documenti),
        punti=tuple(
            PuntoPubblicato(
                ordine=punto.ordine,
                titolo=punto.titolo,
                dopo_la_convocazione=punto.dopo_la_convocazione,
                documenti=tuple(posti[d.id] for d in punto.documenti),
                proposte=tuple(
                    PropostaPubblicata(
                        oggetto=p.oggetto,
                        testo=p.testo,
                        anno=p.anno,
                        emendamenti=tuple(
                            f"Emendamento {e.ordine}, di {e.proponente}: {e.testo}"
                            for e in p.emendamenti
                        ),
                        come=come[p.id],
                        voto=_voto(fatte.get(p.id)),
                        atto=_atto(atti.get(fatte[p.id].id)) if p.id in fatte else None,
                    )
                    for p in punto.proposte
                ),
            )
            for punto in punti
        ),
    )


_COPIATI: Final = (
    "organo", "denominazione", "stato", "giorno", "ora", "luogo", "seconda_giorno", "seconda_ora",
    "urgente", "convocata_il", "pubblicare_entro", "pubblicata_il", "pubblicata_dove", "inventata",
)  # fmt: skip


def _voto(uno: deliberazioni.Votazione | None) -> VotoPubblicato | None:
    if uno is None:
        return None
    letti = {nome: uno.esito[nome] for nome in ("spiegazione", "voti", "avvertenze")}
    # Who was decisive for what was approved was in favour.
    letti["spiegazione"] = [una for una in letti["spiegazione"] if not una.startswith(DECISIVI)]
    return VotoPubblicato(risultato=uno.risultato, modo=uno.modo, esito=letti)


def _atto(uno: deliberazioni.Deliberazione | None) -> AttoPubblicato | None:
    if uno is None:
        return None
    return AttoPubblicato(
        numero=uno.numero, anno=uno.anno, chiave=uno.chiave, propone=uno.propone, fino=uno.fino,
        cessazione=uno.cessazione,
    )  # fmt: skip


def in_byte(una: SedutaPubblicata) -> bytes:
    """The content of a publication; without the texts of the proposals where it would be too long."""
    contenuto = msgspec.json.encode(una)
    if len(contenuto) <= MASSIMO:
        return contenuto
    cambia = msgspec.structs.replace
    punti = tuple(
        cambia(
            punto,
            proposte=tuple(cambia(p, testo="", emendamenti=()) for p in punto.proposte),
        )
        for punto in una.punti
    )
    return msgspec.json.encode(cambia(una, punti=punti, testi_omessi=True))


async def aggiorna(id_: int, ats: list[str] | None = None) -> int | None:
    """Publish a meeting of a shared body as it is now, in the place of the copy of before.

    Args:
        id_: the meeting.
        ats: slugs of the agencies that read it; without, those of the last meeting of the body.

    Returns:
        The number of the publication; None when there is nobody to read it: the body is of this
        ambito alone, nobody else is on this platform, it was not called, or somebody withdrew it
        and nobody chose to share it again.

    Raises:
        DatiNonValidi: an agency does not exist.
    """
    una = await sedute.adunanza(id_)
    if una.convocata_il is None:
        return None
    dichiarati = (await plugin_attivi(una.giorno)).organi()
    organo = next((o for o in dichiarati if o.codice == una.organo), None)
    if organo is None or not organo.condiviso_tra:
        return None
    if ats is None and await pubblicazioni.tolta_a_mano(id_):
        return None
    agenzie = await pubblicazioni.agenzie_scelte(una.organo) if ats is None else ats
    if not any(await pubblicazioni.destinatari(organo, agenzie)):
        return None
    return await pubblicazioni.pubblica(
        organo, "seduta", titolo(una), una.giorno, in_byte(await fotografa(id_)), agenzie,
        seduta_id=id_,
    )  # fmt: skip


async def aggiorna_per_atto(id_: int | None) -> None:
    """Publish again the meeting of a deliberation that stopped standing; nothing without one.

    An act ends long after its meeting, or by another one: whoever reads the copy would not know it.
    """
    if id_ is not None:
        await aggiorna((await deliberazioni.deliberazione(id_)).seduta_id)


def titolo(una: Adunanza) -> str:
    """One line for the lists."""
    return f"Seduta del {una.giorno:%d/%m/%Y}, ore {una.ora:%H:%M}, {PAROLE.get(una.stato, '')}"


async def leggi(id_: int) -> tuple[Pubblicazione, SedutaPubblicata]:
    """The copy in force of a meeting, for whoever it was published to.

    Args:
        id_: the number of the meeting in the ambito that keeps the body.

    Raises:
        NonTrovato: there is none, or it is not for whoever asks; which is not told.
    """
    una = await pubblicazioni.della_seduta(id_)
    if una is None:
        raise NonTrovato("Questa seduta non c’è, oppure la sua pubblicazione è stata ritirata.")
    _, contenuto = await pubblicazioni.leggi_pubblicazione(una.id)
    return una, msgspec.json.decode(contenuto, type=SedutaPubblicata)


async def documento(id_: int, numero: int) -> tuple[Documento, bytes]:
    """A file of a published meeting, its bytes checked by their digest.

    The object is in the store of the ambito that keeps the body: the publication, which the
    database shows to those it names and to nobody else, is what gives the right to it.

    Raises:
        NonTrovato: the meeting is not for whoever asks, or has no such file.
        Conflitto: the store gives other bytes than were put in.
    """
    _, letta = await leggi(id_)
    if not 1 <= numero <= len(letta.documenti):
        raise NonTrovato("Questo documento non c’è: torna alla seduta.")
    uno = letta.documenti[numero - 1]
    return uno, await sedute.contenuto_di(uno)


async def di_altri(dal: date) -> list[tuple[Pubblicazione, SedutaPubblicata]]:
    """The meetings, from a day on, of the shared bodies that other ambiti keep, as published here."""
    return [
        await leggi(una.seduta_id)
        for una in await pubblicazioni.pubblicazioni(specie="seduta")
        if not una.propria and una.seduta_id is not None and una.giorno >= dal
    ]
