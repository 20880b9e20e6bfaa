"""Meetings: prepared with their agenda and documents, called, revoked, published.

Runs inside a unit of work of the ambito. What happens in the room is in :mod:`capofila.governo.sala`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final, Literal

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base import documenti as archivi
from capofila.base.attivazioni import ROMA, oggi, plugin_attivi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.base.righe import INTEGER
from capofila.governo.albo import Albo, albo, regola_albo
from capofila.governo.competenze import ignota, materie_note, senza_competenza
from capofila.governo.conteggio import gia_dichiarate, regola_convocazione
from capofila.governo.feste import festivi
from capofila.governo.lettura import RegoleDate, leggi_regole
from capofila.governo.seduta import ConteggioRifiutato
from capofila.governo.termini import Preavviso, preavviso
from capofila.hooks import Organo
from capofila.territorio import service as territorio

Stato = Literal[
    "bozza", "convocata", "aperta", "deserta", "chiusa", "verbalizzata", "pubblicata", "revocata"
]
Convocazione = Literal[1, 2]
DOCUMENTI_MASSIMI: Final = 100
PUNTI_MASSIMI: Final = 100
PROPOSTE_MASSIME: Final = 20
"""On a point."""
EMENDAMENTI_MASSIMI: Final = 30
"""To a proposal."""


class Adunanza(msgspec.Struct, frozen=True, kw_only=True):
    """A stored meeting.

    Attributes:
        organo: the code of the body; ``denominazione`` its name on the day of the call.
        anno_pesi: the year of the inhabitants that weigh; None for the figures whose year no source
            states.
        regole: what the plugin leaves open, with its act, in the form of the file of a vote.
        convocata_il: the day on which the call left.
        motivo_termine: why it is to be published by another day than the rule of the body gives.
    """

    organo: str
    denominazione: str = ""
    giorno: date
    ora: time
    luogo: str
    seconda_giorno: date | None = None
    seconda_ora: time | None = None
    urgente: bool = False
    anno_pesi: int | None = None
    regole: dict[str, Any] = {}
    inventata: bool = False
    id: int = 0
    stato: Stato = "bozza"
    convocata_il: date | None = None
    pubblicare_entro: date | None = None
    motivo_termine: str | None = None
    pubblicata_il: date | None = None
    pubblicata_dove: str | None = None

    def inizio(self, convocazione: int = 1) -> datetime:
        """When a call begins."""
        giorno, ora = self.giorno, self.ora
        if convocazione == 2 and self.seconda_giorno and self.seconda_ora:
            giorno, ora = self.seconda_giorno, self.seconda_ora
        return datetime.combine(giorno, ora, ROMA)

    @property
    def modificabile(self) -> bool:
        """Whether points and proposals may still be added."""
        return self.stato in ("bozza", "convocata", "aperta")


class Emendamento(msgspec.Struct, frozen=True, kw_only=True):
    """An amendment to a proposal, in its order."""

    id: int
    proposta_id: int
    ordine: int
    testo: str
    proponente: str


class Proposta(msgspec.Struct, frozen=True, kw_only=True):
    """What is put to the vote.

    Attributes:
        materia: the code of the matter, as the bodies declare it.
        anno: the year that it is about.
        cessa_id: the deliberation that stops standing when this is approved, ``cessa`` how.
        motivazione: why the body deals with a matter that no source gives to any.
        segue_id: the vote that left places to be filled, of which this is the next.
    """

    materia: str
    oggetto: str
    testo: str = ""
    anno: int | None = None
    cessa_id: int | None = None
    cessa: Literal["annullata", "sostituita"] | None = None
    motivazione: str | None = None
    segue_id: int | None = None
    id: int = 0
    punto_id: int = 0
    seduta_id: int = 0
    emendamenti: tuple[Emendamento, ...] = ()


class Documento(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a meeting in the store."""

    id: int
    seduta_id: int
    punto_id: int | None
    specie: str
    nome: str
    media_type: str
    byte: int
    sha256: str
    bucket: str
    oggetto: str
    versione: str | None


class Punto(msgspec.Struct, frozen=True, kw_only=True):
    """A point of the agenda."""

    id: int
    ordine: int
    titolo: str
    dopo_la_convocazione: bool
    proposte: tuple[Proposta, ...] = ()
    documenti: tuple[Documento, ...] = ()


def ufficio_di_piano() -> UnitaDiLavoro:
    """The unit of work of somebody who works for the whole ambito.

    Raises:
        NonAutorizzato: it is narrowed to one comune.
    """
    unita = unita_corrente()
    if unita.contesto.comune:
        raise NonAutorizzato("Questa operazione spetta all'Ufficio di Piano.")
    return unita


# --- reading ------------------------------------------------------------------------------------

_COLONNE: Final = ", ".join(Adunanza.__struct_fields__)


def _adunanza(riga: Mapping[str, Any]) -> Adunanza:
    valori = dict(riga)
    valori["regole"] = msgspec.json.decode(valori["regole"])
    return Adunanza(**valori)


async def adunanze(
    *, organo: str | None = None, stati: Sequence[str] = (), quante: int = 200
) -> list[Adunanza]:
    """The meetings of the ambito, the latest first.

    Args:
        organo: only of this body.
        stati: only in these states; all when empty.
        quante: at most.
    """
    unita = unita_corrente()
    return [
        _adunanza(riga)
        for riga in await unita.righe(
            f"SELECT {_COLONNE} FROM seduta WHERE ambito_id = $1 AND ($2::text IS NULL OR organo = $2) "
            "AND (cardinality($3::text[]) = 0 OR stato = ANY ($3)) "
            "ORDER BY giorno DESC, ora DESC, id DESC LIMIT $4",
            unita.ambito,
            organo,
            list(stati),
            quante,
        )
    ]


async def adunanza(id_: int) -> Adunanza:
    """One of them.

    Raises:
        NonTrovato: none has this number here.
    """
    unita = unita_corrente()
    riga = None
    if id_ in INTEGER:
        riga = await unita.riga(
            f"SELECT {_COLONNE} FROM seduta WHERE ambito_id = $1 AND id = $2", unita.ambito, id_
        )
    if riga is None:
        raise NonTrovato("Questa seduta non c'è: torna all'elenco.")
    return _adunanza(riga)


async def ordine_del_giorno(id_: int) -> list[Punto]:
    """The points of a meeting, with their proposals and documents."""
    unita = unita_corrente()
    emendamenti = [
        Emendamento(**dict(r))
        for r in await unita.righe(
            "SELECT id, proposta_id, ordine, testo, proponente FROM emendamento "
            "WHERE ambito_id = $1 AND seduta_id = $2 ORDER BY ordine",
            unita.ambito, id_,
        )
    ]  # fmt: skip
    proposte = [
        Proposta(
            **dict(r), emendamenti=tuple(e for e in emendamenti if e.proposta_id == r["id"])
        )
        for r in await unita.righe(
            "SELECT id, punto_id, seduta_id, materia, anno, oggetto, testo, cessa_id, cessa, "
            "motivazione, segue_id FROM proposta WHERE ambito_id = $1 AND seduta_id = $2 ORDER BY id",
            unita.ambito, id_,
        )
    ]  # fmt: skip
    allegati = await documenti(id_)
    return [
        Punto(
            **dict(r),
            proposte=tuple(p for p in proposte if p.punto_id == r["id"]),
            documenti=tuple(d for d in allegati if d.punto_id == r["id"]),
        )
        for r in await unita.righe(
            "SELECT id, ordine, titolo, dopo_la_convocazione FROM punto "
            "WHERE ambito_id = $1 AND seduta_id = $2 ORDER BY ordine",
            unita.ambito, id_,
        )
    ]  # fmt: skip


async def proposta(id_: int) -> Proposta:
    """A proposal with its amendments.

    Raises:
        NonTrovato: none has this number here.
    """
    unita = unita_corrente()
    seduta_id = None
    if id_ in INTEGER:
        seduta_id = await unita.valore(
            "SELECT seduta_id FROM proposta WHERE ambito_id = $1 AND id = $2", unita.ambito, id_
        )
    if seduta_id is None:
        raise NonTrovato("Questa proposta non c'è: torna alla seduta.")
    return next(
        una for p in await ordine_del_giorno(seduta_id) for una in p.proposte if una.id == id_
    )


_LEGGI_DOCUMENTI: Final = (
    "SELECT id, seduta_id, punto_id, specie, nome, media_type, byte, sha256, bucket, oggetto, "
    "versione FROM documento_seduta WHERE ambito_id = $1"
)


async def documenti(id_: int) -> list[Documento]:
    """The files of a meeting."""
    unita = unita_corrente()
    return [
        Documento(**dict(riga))
        for riga in await unita.righe(
            f"{_LEGGI_DOCUMENTI} AND seduta_id = $2 ORDER BY id", unita.ambito, id_
        )
    ]


# --- writing before it opens --------------------------------------------------------------------


async def organo_del_giorno(codice: str, giorno: date) -> Organo:
    """A body as the plugins declare it for a day.

    Raises:
        DatiNonValidi: none declares it.
    """
    for uno in (await plugin_attivi(giorno)).organi():
        if uno.codice == codice:
            return uno
    raise DatiNonValidi(
        f"Il {giorno:%d/%m/%Y} nessun plugin attivo dichiara l'organo «{codice[:60]}»: sceglilo "
        "fra gli organi dell'ambito."
    )


def _controlla(una: Adunanza, organo: Organo) -> None:
    if (una.seconda_giorno is None) != (una.seconda_ora is None):
        raise DatiNonValidi(
            "Della seconda convocazione scrivi il giorno e l'ora, o nessuno dei due."
        )
    if una.seconda_giorno is not None and una.inizio(2) <= una.inizio(1):
        raise DatiNonValidi("La seconda convocazione viene dopo la prima: correggi giorno e ora.")
    trovati = [
        uno
        for convocazione in (1, 2)
        for uno in gia_dichiarate(
            organo, una.giorno, convocazione, regole_date(una.regole, convocazione)
        )
    ]
    if trovati:
        raise ConteggioRifiutato(trovati)


async def crea(una: Adunanza) -> int:
    """Write a meeting down as a draft.

    Raises:
        DatiNonValidi: the body is not declared that day, or what is written contradicts itself.
    """
    unita = ufficio_di_piano()
    organo = await organo_del_giorno(una.organo, una.giorno)
    _controlla(una, organo)
    id_: int = await unita.valore(
        "INSERT INTO seduta (organo, denominazione, giorno, ora, luogo, seconda_giorno, "
        "seconda_ora, urgente, anno_pesi, regole, inventata) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
        una.organo, organo.denominazione[:200], una.giorno, una.ora, una.luogo, una.seconda_giorno,
        una.seconda_ora, una.urgente, una.anno_pesi, msgspec.json.encode(una.regole).decode(),
        una.inventata,
    )  # fmt: skip
    await registra("governo.seduta", "seduta", str(id_), organo=una.organo)
    return id_


async def correggi(id_: int, una: Adunanza) -> None:
    """Change a draft.

    Raises:
        Conflitto: it was called already.
        DatiNonValidi: what is written contradicts itself.
    """
    unita = ufficio_di_piano()
    prima = await adunanza(id_)
    gia = "La seduta è già convocata e non si corregge: revocala e preparane un'altra."
    if prima.stato != "bozza":
        raise Conflitto(gia)
    _controlla(una, await organo_del_giorno(prima.organo, una.giorno))
    await _passo(
        unita.esegui(
            "UPDATE seduta SET giorno = $3, ora = $4, luogo = $5, seconda_giorno = $6, "
            "seconda_ora = $7, urgente = $8, anno_pesi = $9, regole = $10 "
            "WHERE ambito_id = $1 AND id = $2",
            unita.ambito, id_, una.giorno, una.ora, una.luogo, una.seconda_giorno, una.seconda_ora,
            una.urgente, una.anno_pesi, msgspec.json.encode(una.regole).decode(),
        ),
        gia,
    )  # fmt: skip


async def ritira_una_volta(tabella: str, id_: int, azione: str, perche_no: str) -> None:
    """Take back a row of the register of the body that was written by mistake; it stays, withdrawn.

    Args:
        tabella: one with ``ritirato_il``.
        id_: of the row.
        azione: as the audit writes it down.
        perche_no: said where there is no such row, or it was withdrawn.

    Raises:
        NonTrovato: with those words.
    """
    unita = ufficio_di_piano()
    tag = "UPDATE 0"
    if id_ in INTEGER:
        tag = await unita.esegui(
            f"UPDATE {tabella} SET ritirato_il = now() WHERE ambito_id = $1 AND id = $2 "
            "AND ritirato_il IS NULL",
            unita.ambito, id_,
        )  # fmt: skip
    if tag.endswith(" 0"):
        raise NonTrovato(perche_no)
    await registra(azione, tabella, str(id_))


async def _passo(comando: Any, perche_no: str) -> Any:
    """What a trigger refuses, in words. The unit goes on."""
    unita = unita_corrente()
    try:
        async with unita.punto_di_ritorno():
            return await comando
    except asyncpg.ObjectNotInPrerequisiteStateError:
        raise Conflitto(perche_no) from None


_FERMA: Final = "La seduta è già chiusa: nulla vi si aggiunge."


async def aggiungi_punto(id_: int, titolo: str) -> int:
    """Add a point at the end of the agenda.

    Raises:
        Conflitto: the meeting is over.
    """
    unita = ufficio_di_piano()
    una = await adunanza(id_)
    if len(await ordine_del_giorno(id_)) >= PUNTI_MASSIMI:
        raise DatiNonValidi(f"I punti sono già {PUNTI_MASSIMI}: convoca un'altra seduta.")
    return int(
        await _passo(
            unita.valore(
                "INSERT INTO punto (seduta_id, ordine, titolo, dopo_la_convocazione) "
                "SELECT $2, coalesce(max(ordine), 0) + 1, $3, $4 FROM punto "
                "WHERE ambito_id = $1 AND seduta_id = $2 RETURNING id",
                unita.ambito, id_, titolo, una.stato != "bozza",
            ),
            _FERMA,
        )
    )  # fmt: skip


async def togli_punto(id_: int, punto_id: int) -> None:
    """Take a point off a draft, with its proposals.

    Raises:
        Conflitto: the meeting was called, or the point has documents or amendments.
    """
    unita = ufficio_di_piano()
    perche_no = "Il punto non si toglie: la seduta è già convocata."
    try:
        for tabella, colonna in (("proposta", "punto_id"), ("punto", "id")):
            await _passo(
                unita.esegui(
                    f"DELETE FROM {tabella} WHERE ambito_id = $1 AND seduta_id = $2 AND {colonna} = $3",
                    unita.ambito, id_, punto_id,
                ),
                perche_no,
            )  # fmt: skip
    except asyncpg.ForeignKeyViolationError:
        raise Conflitto("Il punto ha già documenti o emendamenti: resta.") from None


class MateriaRifiutata(DatiNonValidi):
    """No plugin knows the matter, or nobody is given it and no reason is written: ``campo`` says which."""

    codice = "materia_rifiutata"

    def __init__(self, campo: str, messaggio: str) -> None:
        super().__init__(messaggio)
        self.campo = campo


def ragione(
    organi: Sequence[Organo], materia: str, motivazione: str | None, organo: str | None = None
) -> str | None:
    """Why a matter may be dealt with; None where a source gives it to a body.

    Args:
        organi: the bodies of the ambito on the day.
        materia: the code.
        motivazione: what the secretary wrote.
        organo: the body that would vote; None for an act that was voted elsewhere.

    Raises:
        MateriaRifiutata: no plugin knows the matter; or nobody is given it and nothing is written.
    """
    note = materie_note(organi)
    if materia not in note:
        raise MateriaRifiutata("materia", ignota(note, materia))
    if not senza_competenza(organi, materia, organo):
        return None
    scritta = " ".join((motivazione or "").split())
    if len(scritta) < 3 or len(scritta) > 500:
        raise MateriaRifiutata(
            "motivazione",
            f"Nessuna fonte dice chi decida su «{note[materia]}»: scrivi perché, e in base a che cosa, "
            "al massimo 500 caratteri. Resta nel verbale.",
        )
    return scritta


async def aggiungi_proposta(punto_id: int, nuova: Proposta) -> int:
    """Put a proposal on a point.

    Raises:
        NonTrovato: there is no such point, or no such deliberation to end.
        DatiNonValidi: the deliberation to end is of another body; no plugin knows the matter, or no
            source gives it to a body and no reason is written.
        Conflitto: the meeting is over.
    """
    unita = ufficio_di_piano()
    seduta_id = None
    if punto_id in INTEGER:
        seduta_id = await unita.valore(
            "SELECT seduta_id FROM punto WHERE ambito_id = $1 AND id = $2", unita.ambito, punto_id
        )
    if seduta_id is None:
        raise NonTrovato("Questo punto non c'è: torna alla seduta.")
    quante = await unita.valore(
        "SELECT count(*) FROM proposta WHERE ambito_id = $1 AND punto_id = $2",
        unita.ambito, punto_id,
    )  # fmt: skip
    if quante >= PROPOSTE_MASSIME:
        raise DatiNonValidi(
            f"Un punto ha al massimo {PROPOSTE_MASSIME} proposte: aggiungi un punto."
        )
    una = await adunanza(seduta_id)
    organi = (await plugin_attivi(una.giorno)).organi()
    motivazione = ragione(organi, nuova.materia, nuova.motivazione, una.organo)
    if nuova.cessa_id is not None:
        di_chi = nuova.cessa_id in INTEGER and await unita.valore(
            "SELECT organo FROM deliberazione WHERE ambito_id = $1 AND id = $2",
            unita.ambito, nuova.cessa_id,
        )  # fmt: skip
        if not di_chi:
            raise NonTrovato("La deliberazione da annullare o sostituire non c'è.")
        if di_chi != una.organo:
            raise DatiNonValidi(
                "Un organo annulla o sostituisce soltanto le sue deliberazioni: questa è di un altro."
            )
    return int(
        await _passo(
            unita.valore(
                "INSERT INTO proposta (seduta_id, punto_id, materia, anno, oggetto, testo, "
                "cessa_id, cessa, motivazione, segue_id) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
                seduta_id, punto_id, nuova.materia, nuova.anno, nuova.oggetto, nuova.testo,
                nuova.cessa_id, nuova.cessa, motivazione, nuova.segue_id,
            ),
            _FERMA,
        )
    )  # fmt: skip


async def aggiungi_emendamento(proposta_id: int, testo: str, proponente: str) -> int:
    """Add an amendment after the others; they are voted in this order, before the proposal.

    Raises:
        NonTrovato: there is no such proposal.
        Conflitto: the meeting is over, or the proposal was voted.
    """
    unita = ufficio_di_piano()
    una = await proposta(proposta_id)
    votata = await unita.valore(
        "SELECT true FROM votazione WHERE ambito_id = $1 AND proposta_id = $2 "
        "AND emendamento_id IS NULL",
        unita.ambito, proposta_id,
    )  # fmt: skip
    if votata:
        raise Conflitto("La proposta è già votata: un emendamento viene prima.")
    if len(una.emendamenti) >= EMENDAMENTI_MASSIMI:
        raise DatiNonValidi(
            f"Gli emendamenti sono già {EMENDAMENTI_MASSIMI}: riscrivi la proposta."
        )
    return int(
        await _passo(
            unita.valore(
                "INSERT INTO emendamento (seduta_id, proposta_id, ordine, testo, proponente) "
                "VALUES ($1, $2, $3, $4, $5) RETURNING id",
                una.seduta_id, proposta_id, len(una.emendamenti) + 1, testo, proponente,
            ),
            _FERMA,
        )
    )  # fmt: skip


async def aggiungi_documento(
    id_: int, punto_id: int | None, nome: str, contenuto: bytes, *, specie: str = "allegato"
) -> int:
    """Put a file in the store, and on a meeting or one of its points.

    Raises:
        DatiNonValidi: it is empty, too large, or of a kind that is not taken in.
        Conflitto: the meeting is over.
    """
    unita = ufficio_di_piano()
    una = await adunanza(id_)
    archivi.nome_e_tipo(nome, contenuto)
    if len(await documenti(id_)) >= DOCUMENTI_MASSIMI:
        raise DatiNonValidi(f"Una seduta ha al massimo {DOCUMENTI_MASSIMI} documenti.")
    if una.stato in ("verbalizzata", "pubblicata", "revocata"):
        raise Conflitto(_FERMA)
    scritto = await archivi.deposita(f"governo/sedute/{id_}/{specie}", nome, contenuto)
    return int(
        await _passo(
            unita.valore(
                "INSERT INTO documento_seduta (seduta_id, punto_id, specie, nome, media_type, byte, "
                "sha256, bucket, oggetto, versione) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
                "RETURNING id",
                id_, punto_id, specie, *msgspec.structs.astuple(scritto),
            ),
            _FERMA,
        )
    )  # fmt: skip


async def documento(id_: int) -> tuple[Documento, bytes]:
    """A file of a meeting, its bytes checked by their digest.

    Raises:
        NonTrovato: none has this number here.
        Conflitto: the store gives other bytes than were put in.
    """
    unita = unita_corrente()
    riga = None
    if id_ in INTEGER:
        riga = await unita.riga(f"{_LEGGI_DOCUMENTI} AND id = $2", unita.ambito, id_)
    if riga is None:
        raise NonTrovato("Questo documento non c'è: torna alla seduta.")
    uno = Documento(**dict(riga))
    return uno, await contenuto_di(uno)


async def contenuto_di(uno: Documento) -> bytes:
    """The bytes of a file in the store.

    Raises:
        Conflitto: the store gives other bytes than were put in.
    """
    return await archivi.contenuto_di(uno.bucket, uno.oggetto, uno.versione, uno.sha256)


# --- the rules of the meeting -------------------------------------------------------------------


def regole_date(regole: Mapping[str, Any], convocazione: int) -> RegoleDate:
    """The rules that the plugin leaves open, as they are for a call.

    Raises:
        ConteggioRifiutato: they cannot be read, with every place.
    """
    if not regole:
        return RegoleDate()
    scelte = {n: v for n, v in regole.items() if n not in ("quorum", "quorum_seconda")}
    quorum = regole.get("quorum_seconda" if convocazione == 2 else "quorum")
    if quorum is not None:
        scelte["quorum"] = quorum
    return leggi_regole(msgspec.json.encode({"regole": scelte}))


async def anni_dei_pesi() -> list[int | None]:
    """The years of which figures of inhabitants are held; None for those without a stated year."""
    return list((await territorio.demografia()).anni)


# --- calling ------------------------------------------------------------------------------------


async def notifica(una: Adunanza, chiamata: date | None = None) -> Preavviso:
    """Whether a call is, or would be, in time; None where no source gives a notice."""
    organo = await organo_del_giorno(una.organo, una.giorno)
    regola = regola_convocazione(organo, una.giorno)
    return preavviso(
        regola, chiamata or una.convocata_il or oggi(), una.giorno, urgente=una.urgente,
        festivi=await festivi_del_preavviso(una.giorno),
    )  # fmt: skip


async def festivi_del_preavviso(giorno: date) -> frozenset[date]:
    """The local holidays by which the notice of a meeting is counted back from the day of its first call."""
    return await festivi([giorno.year])


async def convoca(id_: int, il: date | None = None) -> Preavviso:
    """Call a meeting: from now on its days and rules stay.

    Args:
        il: when the call left, when it was by other means; today without it.

    Returns:
        Whether it is in time. A late call is taken in, and then nothing can be decided.

    Raises:
        Conflitto: it was called already.
        DatiNonValidi: nothing is on its agenda, or it left after the meeting.
    """
    unita = ufficio_di_piano()
    una = await adunanza(id_)
    giorno = il or oggi()
    if una.stato != "bozza":
        raise Conflitto("La seduta è già convocata.")
    if giorno > min(una.giorno, oggi()):
        raise DatiNonValidi(
            "La convocazione parte prima della seduta, e non in un giorno a venire."
        )
    if not await ordine_del_giorno(id_):
        raise DatiNonValidi("L'ordine del giorno è vuoto: aggiungi almeno un punto.")
    await unita.esegui(
        "UPDATE seduta SET stato = 'convocata', convocata_il = $3 WHERE ambito_id = $1 AND id = $2",
        unita.ambito, id_, giorno,
    )  # fmt: skip
    await registra("governo.convoca", "seduta", str(id_))
    return await notifica(una, giorno)


async def va_a(id_: int, stato: Stato, perche_no: str, **altro: Any) -> None:
    unita = ufficio_di_piano()
    await adunanza(id_)
    campi = "".join(f", {nome} = ${posto}" for posto, nome in enumerate(altro, 4))
    await _passo(
        unita.esegui(
            f"UPDATE seduta SET stato = $3{campi} WHERE ambito_id = $1 AND id = $2",
            unita.ambito, id_, stato, *altro.values(),
        ),
        perche_no,
    )  # fmt: skip
    await registra(f"governo.{stato}", "seduta", str(id_))


async def revoca(id_: int) -> None:
    """Take back a meeting that was not opened.

    Raises:
        Conflitto: it was opened.
    """
    await va_a(id_, "revocata", "La seduta è stata aperta: non si revoca più.")


async def albo_di(una: Adunanza) -> Albo | None:
    """What the body declares of the publication of the acts of a meeting; None where nothing does."""
    unita = unita_corrente()
    tenuta = await unita.valore(
        "SELECT max(giorno) FROM apertura_seduta WHERE ambito_id = $1 AND seduta_id = $2",
        unita.ambito, una.id,
    )  # fmt: skip
    giorno: date = tenuta or una.giorno
    regole = {uno.codice: uno.albo for uno in (await plugin_attivi(giorno)).organi()}
    return albo(regola_albo(regole.get(una.organo, ()), giorno), giorno, una.pubblicata_il)


# --- ending -------------------------------------------------------------------------------------


async def pubblica(id_: int, il: date, dove: str) -> None:
    """Write down that the minutes were published.

    Raises:
        Conflitto: there are none yet.
        DatiNonValidi: the day is yet to come.
    """
    if il > oggi():
        raise DatiNonValidi("Il giorno della pubblicazione non può essere a venire.")
    await va_a(
        id_, "pubblicata", "Si pubblica dopo il verbale: prepara prima quello.",
        pubblicata_il=il, pubblicata_dove=dove,
    )  # fmt: skip
