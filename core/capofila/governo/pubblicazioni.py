"""What a body shared by several ambiti has published, and what others have published for us.

A publication is a sealed copy: the rows of the body stay of the ambito that convenes it, and nobody
else reads them. It names who may read it, the database shows it to them alone, and it can be
withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec

from capofila.accessi.service import registra
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.base.righe import INTEGER
from capofila.governo.composizione import StatoSeggio
from capofila.governo.incarichi import chi_presiede, organo_del_giorno, titolari
from capofila.governo.rules import cita
from capofila.hooks import Organo
from capofila.territorio import service as territorio

SpeciePubblicazione = Literal["composizione", "seduta", "deliberazione"]


class SeggioPubblicato(msgspec.Struct, frozen=True, kw_only=True):
    """A seat as it is published."""

    seggio: str
    stato: str
    persona: str | None = None
    ente: str | None = None
    atto: str | None = None


class ComposizionePubblicata(msgspec.Struct, frozen=True, kw_only=True):
    """Who sat in a body on a day, as the others read it."""

    organo: str
    denominazione: str
    giorno: date
    presiede: str | None
    seggi: tuple[SeggioPubblicato, ...]
    fonte: str
    inventato: bool = False


class Pubblicazione(msgspec.Struct, frozen=True, kw_only=True):
    """A publication, without its content.

    Attributes:
        di: the name of the ambito that published it.
        propria: whether it is this one.
        seduta_id: the meeting that it is a copy of, by its number in the ambito that keeps it.
        destinatari: names of who reads it; empty for who reads and did not publish.
    """

    id: int
    organo: str
    specie: SpeciePubblicazione
    titolo: str
    giorno: date
    sha256: str
    pubblicata_il: datetime
    ritirata_il: datetime | None
    di: str
    propria: bool
    seduta_id: int | None = None
    destinatari: tuple[str, ...] = ()


async def destinatari(organo: Organo, ats: Sequence[str] = ()) -> tuple[list[int], list[int]]:
    """Who reads what a shared body publishes: the other ambiti on this platform, and agencies.

    Raises:
        DatiNonValidi: the body is of this ambito alone, or an agency does not exist.
    """
    unita = unita_corrente()
    if not organo.condiviso_tra:
        raise DatiNonValidi(f"«{organo.denominazione}» è di questo ambito soltanto.")
    altri = [
        uno.id
        for uno in await territorio.ambiti()
        if uno.slug in organo.condiviso_tra and uno.id != unita.ambito
    ]
    agenzie = await unita.righe("SELECT id FROM ats WHERE slug = ANY ($1::text[])", list(ats))
    if len(agenzie) < len(set(ats)):
        raise DatiNonValidi("Questa ATS non c’è: sceglila dall’elenco.")
    return altri, [riga["id"] for riga in agenzie]


async def agenzie_scelte(organo: str) -> list[str]:
    """The agencies that the last copy of a meeting of a body was for, by slug: whoever reads who sits
    in it was not given its meetings.
    """
    unita = unita_corrente()
    return [
        riga["slug"]
        for riga in await unita.righe(
            "SELECT slug FROM ats WHERE id = ANY ((SELECT p.ats FROM pubblicazione_organo p "
            "WHERE p.ambito_id = $1 AND p.organo = $2 AND p.specie = 'seduta' "
            "ORDER BY p.id DESC LIMIT 1)::smallint[]) ORDER BY slug",
            unita.ambito,
            organo,
        )
    ]


async def tolta_a_mano(seduta_id: int) -> bool:
    """Whether the copy of a meeting was withdrawn, and no other took its place."""
    unita = unita_corrente()
    tolta: bool | None = await unita.valore(
        "SELECT bool_and(ritirata_il IS NOT NULL) FROM pubblicazione_organo "
        "WHERE ambito_id = $1 AND seduta_id = $2",
        unita.ambito,
        seduta_id,
    )
    return bool(tolta)


async def pubblica(
    organo: Organo,
    specie: SpeciePubblicazione,
    titolo: str,
    giorno: date,
    contenuto: bytes,
    ats: Sequence[str] = (),
    *,
    seduta_id: int | None = None,
) -> int:
    """Publish something of a body to the ambiti that it is shared with, and to agencies.

    Args:
        organo: the body, which must be shared.
        specie: what it is.
        titolo: one line, for the lists.
        giorno: the day that it is about.
        contenuto: JSON, without personal data but the names of who holds a public office.
        ats: slugs of the agencies that read it too.
        seduta_id: the meeting that it is a copy of; the copy of before is withdrawn.

    Raises:
        DatiNonValidi: the body is of this ambito alone, an agency does not exist, or none of the
            others is on this platform.
    """
    unita = unita_corrente()
    altri, agenzie = await destinatari(organo, ats)
    if not altri and not agenzie:
        raise DatiNonValidi("Nessuno degli altri ambiti dell’organo usa questa piattaforma.")
    if seduta_id is not None:
        await unita.esegui(
            "UPDATE pubblicazione_organo SET ritirata_il = now() "
            "WHERE ambito_id = $1 AND seduta_id = $2 AND ritirata_il IS NULL",
            unita.ambito,
            seduta_id,
        )
    id_: int = await unita.valore(
        "INSERT INTO pubblicazione_organo (organo, specie, titolo, giorno, contenuto, sha256, "
        "ambiti, ats, seduta_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        organo.codice,
        specie,
        titolo,
        giorno,
        contenuto,
        sha256(contenuto).hexdigest(),
        altri,
        agenzie,
        seduta_id,
    )
    await registra("governo.pubblica", "pubblicazione_organo", str(id_), organo=organo.codice)
    return id_


_STATI: Final = {
    StatoSeggio.COPERTO: "coperto",
    StatoSeggio.DI_DIRITTO: "di diritto",
    StatoSeggio.DA_RATIFICARE: "da ratificare",
    StatoSeggio.VACANTE: "vacante",
    StatoSeggio.DECADUTO: "vacante",
    StatoSeggio.FUORI: "fuori dall’Accordo",
}


async def composizione(codice: str, giorno: date) -> tuple[Organo, ComposizionePubblicata]:
    """Who sits in a body on a day, as it would be published.

    Raises:
        NonTrovato: no active plugin declares the body for that day.
    """
    organo = await organo_del_giorno(codice, giorno)
    posti = await titolari(codice, giorno)
    _, presidente = await chi_presiede(codice, giorno)
    return organo, ComposizionePubblicata(
        organo=codice,
        denominazione=organo.denominazione,
        giorno=giorno,
        presiede=presidente.persona if presidente else None,
        seggi=tuple(
            SeggioPubblicato(
                seggio=uno.nome,
                stato=_STATI[uno.stato],
                persona=uno.persona,
                ente=uno.ente if uno.in_carica else None,
                atto=uno.incarico.cita() if uno.incarico and uno.in_carica else None,
            )
            for uno in posti
        ),
        fonte=cita(organo.fonte),
        inventato=any(uno.incarico is not None and uno.incarico.inventato for uno in posti),
    )


async def pubblica_composizione(codice: str, giorno: date, ats: Sequence[str] = ()) -> int:
    """Publish who sits in a shared body on a day.

    Raises:
        NonTrovato: no active plugin declares the body for that day.
        DatiNonValidi: as :func:`pubblica`, or no seat is held.
    """
    organo, chi = await composizione(codice, giorno)
    if not any(uno.persona for uno in chi.seggi):
        raise DatiNonValidi("Nessun seggio ha un titolare: non c’è nulla da pubblicare.")
    titolo = f"Composizione al {giorno:%d/%m/%Y}"
    return await pubblica(organo, "composizione", titolo, giorno, msgspec.json.encode(chi), ats)


_LEGGI: Final = (
    "SELECT p.id, p.organo, p.specie, p.titolo, p.giorno, p.sha256, p.pubblicata_il, "
    "p.ritirata_il, p.seduta_id, a.nome AS di, p.ambito_id IS NOT DISTINCT FROM $1 AS propria, "
    "CASE WHEN p.ambito_id IS NOT DISTINCT FROM $1 THEN ARRAY(SELECT b.nome FROM ambito b "
    "WHERE b.id = ANY (p.ambiti) ORDER BY b.nome) || ARRAY(SELECT t.nome FROM ats t "
    "WHERE t.id = ANY (p.ats) ORDER BY t.nome) ELSE '{}' END AS destinatari "
    "FROM pubblicazione_organo p JOIN ambito a ON a.id = p.ambito_id "
)


def _da(riga: Any) -> Pubblicazione:
    return Pubblicazione(**{**dict(riga), "destinatari": tuple(riga["destinatari"])})


async def pubblicazioni(
    organo: str | None = None, specie: SpeciePubblicazione | None = None
) -> list[Pubblicazione]:
    """What this ambito published, and what others or other ambiti published for whoever asks.

    The latest first, a hundred at most; of a meeting only the copy in force. In a unit of an
    agency, what was published for it.
    """
    unita = unita_corrente()
    return [
        _da(riga)
        for riga in await unita.righe(
            f"{_LEGGI} WHERE ($2::text IS NULL OR p.organo = $2) "
            "AND ($3::text IS NULL OR p.specie = $3) "
            "AND (p.seduta_id IS NULL OR p.ritirata_il IS NULL) "
            "ORDER BY p.giorno DESC, p.pubblicata_il DESC LIMIT 100",
            unita.contesto.ambito,
            organo,
            specie,
        )
    ]


async def della_seduta(seduta_id: int) -> Pubblicazione | None:
    """The copy of a meeting that is in force for whoever asks; None when there is none."""
    unita = unita_corrente()
    riga = None
    if seduta_id in INTEGER:
        riga = await unita.riga(
            f"{_LEGGI} WHERE p.seduta_id = $2 AND p.ritirata_il IS NULL",
            unita.contesto.ambito,
            seduta_id,
        )
    return None if riga is None else _da(riga)


async def leggi_pubblicazione(id_: int) -> tuple[Pubblicazione, bytes]:
    """A publication with its content.

    Raises:
        NonTrovato: none has this number, or it is not for whoever asks; which is not told.
    """
    unita = unita_corrente()
    righe = (
        await unita.righe(f"{_LEGGI} WHERE p.id = $2", unita.contesto.ambito, id_)
        if id_ in INTEGER
        else []
    )
    if not righe:
        raise NonTrovato("Questa pubblicazione non c’è, oppure è stata ritirata.")
    contenuto: bytes = await unita.valore(
        "SELECT contenuto FROM pubblicazione_organo WHERE id = $1", id_
    )
    return _da(righe[0]), contenuto


def leggi_composizione(contenuto: bytes) -> ComposizionePubblicata:
    """The content of a publication of who sits in a body."""
    return msgspec.json.decode(contenuto, type=ComposizionePubblicata)


async def ritira_pubblicazione(id_: int) -> str:
    """Withdraw a publication of this ambito: the others do not read it any more.

    Returns:
        The code of its body.

    Raises:
        NonTrovato: this ambito published none with this number.
        Conflitto: it was withdrawn already.
    """
    una, _ = await leggi_pubblicazione(id_)
    if not una.propria:
        raise NonTrovato("Questa pubblicazione non è di questo ambito.")
    if una.ritirata_il is not None:
        raise Conflitto("Questa pubblicazione è già ritirata.")
    unita = unita_corrente()
    await unita.esegui(
        "UPDATE pubblicazione_organo SET ritirata_il = now() WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        id_,
    )
    await registra("governo.ritira", "pubblicazione_organo", str(id_))
    return una.organo
