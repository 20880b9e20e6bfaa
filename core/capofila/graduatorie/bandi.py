"""Bandi, their domande, approvals and what happens afterwards. Runs inside a unit of work of the ambito.

Names and codici fiscali stay in the domande: what is computed, frozen and published knows protocol
numbers only. Whoever works for one comune sees and writes the domande of that comune.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.base.righe import INTEGER, riga_numero
from capofila.governo.service import atto_in_vigore
from capofila.graduatorie import calcolo
from capofila.graduatorie.calcolo import Congelata, Esito, Evento, Iscritta, Posto, Richiesta
from capofila.hooks import Graduatoria, Manifesto

BANDI_MASSIMI: Final = 500


class BandoNuovo(msgspec.Struct, frozen=True, kw_only=True):
    """A bando to be opened.

    Attributes:
        giorno: the day on which the rules hold and seniority is counted to.
        disponibili: places; None when they have no limit.
        budget: euro; None when there is none.
        atto: the act that opens it, as it is cited; None to look for the one in force on the matter.
    """

    graduatoria: str
    titolo: str
    anno: int
    giorno: date
    disponibili: int | None = None
    budget: Decimal | None = None
    atto: str | None = None


class Bando(BandoNuovo, frozen=True, kw_only=True):
    """A bando as it is kept. ``domande`` are those that whoever looks may see."""

    id: int
    deliberazione_id: int | None
    seme: str | None
    domande: int
    approvata: bool


class DomandaNuova(msgspec.Struct, frozen=True, kw_only=True):
    """A domanda to be written down; ``domanda_id`` is that of the prestazioni, if it came from there."""

    comune: str
    protocollo: str
    presentata_il: date
    codice_fiscale: str
    cognome: str
    nome: str
    dati: dict[str, str]
    domanda_id: int | None = None


class DomandaBando(DomandaNuova, frozen=True, kw_only=True):
    """A domanda as it is kept."""

    id: int
    bando_id: int
    registrata_il: datetime
    ritirata_il: datetime | None = None

    @property
    def iscritta(self) -> Iscritta:
        """The same without who it is."""
        return Iscritta(
            protocollo=self.protocollo, presentata_il=self.presentata_il, dati=self.dati
        )


class Approvata(msgspec.Struct, frozen=True, kw_only=True):
    """An approved list: the rules, and each domanda by protocol number with its place and points.

    Attributes:
        richiesta: the rules and the limits, without what the domande say.
        esito: without the reasons, which tell what the domande say.
        annotata: the digest that the audit was told.
    """

    id: int
    bando_id: int
    organo: str
    numero: str
    data: date
    richiesta: Richiesta
    esito: Esito
    sha256: str
    approvata_il: datetime
    annotata: str | None

    @property
    def atto(self) -> str:
        """The act, as it is cited."""
        return f"{self.organo}, n. {self.numero} del {self.data:%d/%m/%Y}"


class Riprova(msgspec.Struct, frozen=True, kw_only=True):
    """A list done again from what was frozen.

    Attributes:
        integra: the bytes have their digest, and the audit has the same.
        uguale: the same list comes from them, and it is the one that was approved.
    """

    integra: bool
    uguale: bool
    cosa: Congelata


def _tutto_l_ambito() -> None:
    if unita_corrente().contesto.comune is not None:
        raise NonAutorizzato("La graduatoria è di tutto l’ambito: la tiene l’Ufficio di Piano.")


# --- bandi --------------------------------------------------------------------------------------

_BANDO: Final = (
    "SELECT b.id, b.graduatoria, b.titolo, b.anno, b.giorno, b.disponibili, b.budget, b.atto, "
    "b.deliberazione_id, b.seme, (SELECT count(*) FROM domanda_bando d WHERE d.ambito_id = b.ambito_id "
    "AND d.bando_id = b.id AND d.ritirata_il IS NULL) AS domande, "
    "EXISTS (SELECT 1 FROM graduatoria_approvata g WHERE g.ambito_id = b.ambito_id "
    "AND g.bando_id = b.id AND g.annullata_il IS NULL) AS approvata FROM bando b WHERE b.ambito_id = $1"
)


async def elenco() -> list[Bando]:
    """The bandi, the latest first."""
    unita = unita_corrente()
    righe = await unita.righe(
        f"{_BANDO} ORDER BY b.giorno DESC, b.id DESC LIMIT {BANDI_MASSIMI}", unita.ambito
    )
    return [Bando(**dict(riga)) for riga in righe]


async def leggi(id_: int, *, blocca: bool = False) -> Bando:
    """One bando; with ``blocca`` nobody writes it, nor its domande through here, until the end.

    Raises:
        NonTrovato: none has this number here.
    """
    if blocca and id_ in INTEGER:
        # The row itself is not written: a lock by its number makes approvals and writings take turns.
        await unita_corrente().esegui("SELECT pg_advisory_xact_lock(7043, $1)", id_)
    riga = await riga_numero(
        f"{_BANDO} AND b.id = $2",
        id_,
        "Questo bando non c’è: torna alle graduatorie.",
        numeri=INTEGER,
    )
    return Bando(**dict(riga))


async def dichiarate(giorno: date) -> tuple[Graduatoria, ...]:
    """The rules that the active plugins declare for a day."""
    return (await plugin_attivi(giorno)).graduatorie()


async def regole(codice: str, giorno: date) -> Graduatoria:
    """The declared rules of a list on a day.

    Raises:
        NonTrovato: no active plugin declares it for that day.
    """
    for una in await dichiarate(giorno):
        if una.codice == codice:
            return una
    raise NonTrovato(
        f"Nessun plugin attivo il {giorno:%d/%m/%Y} dichiara le regole «{codice}»: attivane uno, o "
        "scegli un altro giorno."
    )


async def dichiarata_da(codice: str, giorno: date) -> Manifesto:
    """The plugin that declares the rules of a list on a day.

    Raises:
        NonTrovato: none does.
    """
    return (await plugin_attivi(giorno)).manifesto_della_graduatoria(codice)


async def apri(nuovo: BandoNuovo) -> int:
    """Open a bando; without an act, the one that stands on the matter of its rules is cited.

    Raises:
        NonTrovato: the rules are not declared for that day.
        DatiNonValidi: a budget for rules without an amount.
    """
    _tutto_l_ambito()
    graduatoria = await regole(nuovo.graduatoria, nuovo.giorno)
    if nuovo.budget is not None and graduatoria.importo is None:
        raise DatiNonValidi(
            "In questa graduatoria le domande non hanno un importo: togli il budget."
        )
    atto, deliberazione = nuovo.atto, None
    if atto is None and graduatoria.materia is not None:
        trovato = await atto_in_vigore(graduatoria.materia, nuovo.anno, nuovo.giorno)
        if trovato is not None:
            atto, deliberazione = trovato.cita[:300], trovato.deliberazione_id
    id_: int = await unita_corrente().valore(
        "INSERT INTO bando (graduatoria, titolo, anno, giorno, disponibili, budget, atto, "
        "deliberazione_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
        nuovo.graduatoria, nuovo.titolo, nuovo.anno, nuovo.giorno, nuovo.disponibili, nuovo.budget,
        atto, deliberazione,
    )  # fmt: skip
    await registra("graduatorie.apri", "bando", str(id_))
    return id_


async def sorteggia(id_: int, seme: str) -> None:
    """Write down what was drawn in public; it may be written once, and not after the approval.

    Raises:
        NonTrovato: no such bando here.
        Conflitto: it was drawn already, or the list is approved.
    """
    _tutto_l_ambito()
    bando = await leggi(id_, blocca=True)
    if bando.seme is not None or bando.approvata:
        raise Conflitto("Il sorteggio è già stato fatto, oppure la graduatoria è già approvata.")
    unita = unita_corrente()
    await unita.esegui(
        "UPDATE bando SET seme = $3 WHERE ambito_id = $1 AND id = $2", unita.ambito, id_, seme
    )
    await registra("graduatorie.sorteggia", "bando", str(id_))


# --- domande ------------------------------------------------------------------------------------

_DOMANDA: Final = (
    "SELECT id, bando_id, comune, protocollo, presentata_il, codice_fiscale, cognome, nome, "
    "dati::text AS dati, domanda_id, registrata_il, ritirata_il FROM domanda_bando WHERE ambito_id = $1"
)


def _domanda(riga: Mapping[str, Any]) -> DomandaBando:
    dati = msgspec.json.decode(riga["dati"], type=dict[str, str])
    return DomandaBando(**{**dict(riga), "dati": dati})


async def domande_di(bando_id: int) -> list[DomandaBando]:
    """The domande of a bando that were not withdrawn, by protocol number."""
    unita = unita_corrente()
    righe = await unita.righe(
        f"{_DOMANDA} AND bando_id = $2 AND ritirata_il IS NULL ORDER BY protocollo "
        f"LIMIT {calcolo.DOMANDE_MASSIME}",
        unita.ambito,
        bando_id,
    )
    return [_domanda(riga) for riga in righe]


async def domanda(id_: int) -> DomandaBando:
    """One domanda.

    Raises:
        NonTrovato: none has this number here.
    """
    return _domanda(
        await riga_numero(f"{_DOMANDA} AND id = $2", id_, "Questa domanda non c’è: torna al bando.")
    )


async def _verifica(bando: Bando, dati: Mapping[str, str]) -> None:
    if bando.approvata:
        raise Conflitto("La graduatoria è approvata: le sue domande non si cambiano più.")
    graduatoria = await regole(bando.graduatoria, bando.giorno)
    errori = calcolo.difetti_dati(graduatoria, dati)
    if errori:
        raise DatiNonValidi(f"{errori[0][0]}: {errori[0][1]}")


async def iscrivi(bando_id: int, nuova: DomandaNuova) -> int:
    """Write a domanda down.

    Raises:
        NonTrovato: no such bando here.
        DatiNonValidi: what it says cannot be read.
        Conflitto: the bando has its protocol number or its person already, or is approved.
    """
    bando = await leggi(bando_id, blocca=True)
    await _verifica(bando, nuova.dati)
    unita = unita_corrente()
    if bando.domande >= calcolo.DOMANDE_MASSIME:
        raise Conflitto(f"Un bando ha al massimo {calcolo.DOMANDE_MASSIME} domande.")
    try:
        async with unita.punto_di_ritorno():
            id_: int = await unita.valore(
                "INSERT INTO domanda_bando (bando_id, comune, protocollo, presentata_il, "
                "codice_fiscale, cognome, nome, dati, domanda_id) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9) RETURNING id",
                bando_id, nuova.comune, nuova.protocollo, nuova.presentata_il,
                nuova.codice_fiscale, nuova.cognome, nuova.nome,
                msgspec.json.encode(nuova.dati).decode(), nuova.domanda_id,
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Conflitto(
            "Nel bando c’è già una domanda con questo protocollo, o di questa persona: cercala nell’elenco."
        ) from None
    except asyncpg.ObjectNotInPrerequisiteStateError:
        raise Conflitto("La graduatoria è approvata: non si aggiungono domande.") from None
    await registra("graduatorie.iscrivi", "domanda_bando", str(id_), bando=bando_id)
    return id_


async def correggi(
    id_: int, presentata_il: date, cognome: str, nome: str, dati: Mapping[str, str]
) -> DomandaBando:
    """Correct a domanda of a list that is not approved; the audit has who did.

    Raises:
        NonTrovato: no such domanda here.
        DatiNonValidi: what it says cannot be read.
        Conflitto: the list is approved, or it was withdrawn.
    """
    una = await domanda(id_)
    await _verifica(await leggi(una.bando_id, blocca=True), dati)
    if una.ritirata_il is not None:
        raise Conflitto("Questa domanda è stata ritirata.")
    unita = unita_corrente()
    await unita.esegui(
        "UPDATE domanda_bando SET presentata_il = $3, cognome = $4, nome = $5, dati = $6::text::jsonb "
        "WHERE ambito_id = $1 AND id = $2",
        unita.ambito, id_, presentata_il, cognome, nome,
        msgspec.json.encode(dict(dati)).decode(),
    )  # fmt: skip
    await registra("graduatorie.correggi", "domanda_bando", str(id_))
    return una


async def ritira(id_: int) -> DomandaBando:
    """Withdraw a domanda from a list that is not approved.

    Raises:
        NonTrovato: no such domanda here.
        Conflitto: the list is approved, or it was withdrawn already.
    """
    una = await domanda(id_)
    await _verifica(await leggi(una.bando_id, blocca=True), {})
    if una.ritirata_il is not None:
        raise Conflitto("Questa domanda è già stata ritirata.")
    unita = unita_corrente()
    await unita.esegui(
        "UPDATE domanda_bando SET ritirata_il = now() WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        id_,
    )
    await registra("graduatorie.ritira", "domanda_bando", str(id_))
    return una


# --- the list -----------------------------------------------------------------------------------


async def provvisoria(bando: Bando) -> Congelata:
    """The list as it would be approved now: of all the ambito.

    Raises:
        NonTrovato: the rules are not declared any more for its day.
        NonAutorizzato: whoever asks works for one comune.
    """
    _tutto_l_ambito()
    graduatoria = await regole(bando.graduatoria, bando.giorno)
    manifesto = await dichiarata_da(bando.graduatoria, bando.giorno)
    richiesta = Richiesta(
        graduatoria=graduatoria, giorno=bando.giorno, disponibili=bando.disponibili,
        budget=bando.budget, seme=bando.seme,
        # One that an upgrade of the plugin cannot read any more is as if it did not say it.
        domande=tuple(
            msgspec.structs.replace(
                una.iscritta,
                dati={
                    n: v for n, v in una.dati.items()
                    if not calcolo.difetti_dati(graduatoria, {n: v})
                },
            )
            for una in await domande_di(bando.id)
        ),
    )  # fmt: skip
    return await asyncio.to_thread(calcolo.congela, richiesta, manifesto.id, manifesto.versione)


_APPROVATA: Final = (
    "SELECT g.id, g.bando_id, g.organo, g.numero, g.data, g.regole, g.posti, g.sha256, "
    "g.approvata_il, (SELECT r.dettagli ->> 'impronta' FROM registro r WHERE r.ambito_id = g.ambito_id "
    "AND r.oggetto = 'graduatoria_approvata' AND r.oggetto_id = g.id::text "
    "AND r.azione = 'graduatorie.approva' ORDER BY r.id LIMIT 1) AS annotata "
    "FROM graduatoria_approvata g WHERE g.ambito_id = $1 AND g.bando_id = $2 "
    "AND g.annullata_il IS NULL"
)


async def approvata(bando_id: int) -> Approvata | None:
    """The approval that stands; None while there is none."""
    unita = unita_corrente()
    riga = await unita.riga(_APPROVATA, unita.ambito, bando_id)
    if riga is None:
        return None
    valori = dict(riga)
    try:
        return Approvata(
            richiesta=msgspec.json.decode(valori.pop("regole"), type=Richiesta),
            esito=msgspec.json.decode(valori.pop("posti"), type=Esito),
            **valori,
        )
    except msgspec.DecodeError:
        raise _alterata() from None


def _alterata() -> Conflitto:
    return Conflitto(
        "Ciò che è conservato di questa graduatoria è stato alterato e non si legge più: avvisa chi "
        "gestisce la piattaforma."
    )


async def rifai(una: Approvata) -> Riprova:
    """Do an approved list again from its bytes alone; no plugin is asked.

    Raises:
        NonAutorizzato: whoever asks works for one comune.
        Conflitto: the bytes are not those of a list any more.
    """
    _tutto_l_ambito()
    unita = unita_corrente()
    dati: bytes = await unita.valore(
        "SELECT congelata FROM graduatoria_congelata WHERE ambito_id = $1 AND approvata_id = $2",
        unita.ambito,
        una.id,
    )
    try:
        cosa = calcolo.scongela(dati)
    except msgspec.DecodeError:
        raise _alterata() from None
    uguale = await asyncio.to_thread(calcolo.rifai, cosa)
    vere = {hashlib.sha256(dati).hexdigest(), (una.annotata or "").replace(" ", "")}
    return Riprova(
        integra=vere == {una.sha256}, cosa=cosa,
        uguale=uguale and calcolo.senza_motivi(cosa.esito) == una.esito,
    )  # fmt: skip


async def approva(bando_id: int, organo: str, numero: str, data: date, vista: str) -> int:
    """Freeze the list by an act.

    Args:
        vista: the digest of the list that whoever approves has seen.

    Raises:
        NonTrovato: no such bando here, or its rules are not declared.
        Conflitto: it is approved already, has changed since it was seen, is empty, or wants a draw.
    """
    bando = await leggi(bando_id, blocca=True)
    if bando.approvata:
        raise Conflitto("La graduatoria è già approvata.")
    congelata = await provvisoria(bando)
    if not congelata.esito.posti:
        raise Conflitto("Non c’è nessuna domanda: non c’è niente da approvare.")
    if congelata.esito.da_sorteggiare:
        raise Conflitto("Ci sono domande pari in tutto: prima va fatto il sorteggio.")
    if congelata.impronta() != vista:
        raise Conflitto("Nel frattempo la graduatoria è cambiata: guardala di nuovo, poi approva.")
    id_: int = await unita_corrente().valore(
        "INSERT INTO graduatoria_approvata (bando_id, organo, numero, data, regole, posti, sha256) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        bando_id, organo, numero, data,
        msgspec.json.encode(msgspec.structs.replace(congelata.richiesta, domande=())),
        msgspec.json.encode(calcolo.senza_motivi(congelata.esito)), vista,
    )  # fmt: skip
    await unita_corrente().esegui(
        "INSERT INTO graduatoria_congelata (approvata_id, congelata) VALUES ($1, $2)",
        id_,
        congelata.in_byte(),
    )
    a_gruppi = " ".join(vista[n : n + 8] for n in range(0, len(vista), 8))
    await registra("graduatorie.approva", "graduatoria_approvata", str(id_), impronta=a_gruppi)
    return id_


async def annulla(bando_id: int, atto: str) -> None:
    """Take an approval back by another act: the bando is as before it, what was approved is kept.

    Raises:
        NonTrovato: no such bando here.
        Conflitto: none stands.
    """
    _tutto_l_ambito()
    await leggi(bando_id, blocca=True)
    una = await approvata(bando_id)
    if una is None:
        raise Conflitto("Non c’è un’approvazione da annullare.")
    unita = unita_corrente()
    await unita.esegui(
        "UPDATE graduatoria_approvata SET annullata_il = now(), annullata_atto = $3 "
        "WHERE ambito_id = $1 AND id = $2",
        unita.ambito, una.id, atto,
    )  # fmt: skip
    await registra("graduatorie.annulla", "graduatoria_approvata", str(una.id))


async def eventi(approvata_id: int) -> list[Evento]:
    """What happened after an approval, in its order."""
    unita = unita_corrente()
    return [
        Evento(**dict(riga))
        for riga in await unita.righe(
            "SELECT specie, giorno, atto, protocollo, disponibili, budget FROM scorrimento "
            "WHERE ambito_id = $1 AND approvata_id = $2 ORDER BY id",
            unita.ambito,
            approvata_id,
        )
    ]


async def scorri(bando_id: int, evento: Evento) -> None:
    """Register what frees or adds places: who waits moves up by itself.

    Raises:
        NonTrovato: no such bando here.
        Conflitto: the list is not approved, or who leaves is not in it any more.
        DatiNonValidi: an increase of what the bando does not limit, or a day before the approval or
            before another event.
    """
    _tutto_l_ambito()
    await leggi(bando_id, blocca=True)
    una = await approvata(bando_id)
    if una is None:
        raise Conflitto("La graduatoria non è approvata: non c’è niente da scorrere.")
    gia = await eventi(una.id)
    if evento.giorno < max((una.data, *(altro.giorno for altro in gia))):
        raise DatiNonValidi(
            "Il giorno viene prima dell’approvazione, o di un evento già registrato."
        )
    if evento.protocollo is not None:
        dopo = calcolo.dopo(una.richiesta, una.esito, gia)
        dentro = {p.protocollo for p in dopo.posti if p.stato in ("ammessa", "in_attesa")}
        if evento.protocollo not in dentro:
            raise Conflitto("Questa domanda non è più nella graduatoria: sceglila dall’elenco.")
    elif (evento.disponibili and una.richiesta.disponibili is None) or (
        evento.budget and una.richiesta.budget is None
    ):
        raise DatiNonValidi("Il bando non ha questo limite: non c’è niente da aumentare.")
    id_: int = await unita_corrente().valore(
        "INSERT INTO scorrimento (approvata_id, specie, giorno, atto, protocollo, disponibili, budget) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        una.id, evento.specie, evento.giorno, evento.atto, evento.protocollo, evento.disponibili,
        evento.budget,
    )  # fmt: skip
    await registra("graduatorie.scorri", "scorrimento", str(id_), bando=bando_id)


async def adesso(una: Approvata) -> Esito:
    """An approved list as it is after all that happened."""
    return await asyncio.to_thread(calcolo.dopo, una.richiesta, una.esito, await eventi(una.id))


def posto_di(esito: Esito, protocollo: str) -> Posto | None:
    """The place of a domanda."""
    return next((posto for posto in esito.posti if posto.protocollo == protocollo), None)
