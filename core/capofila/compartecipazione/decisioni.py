"""Deciding what a person pays: a frozen quota, its act, and how it is done again from its bytes.

Runs inside a unit of work of the ambito. A decision is a row that nobody may change: it holds from its
first day, and from there takes the place of the one before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from capofila.accessi.service import registra
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.righe import riga_numero
from capofila.compartecipazione import calcolo
from capofila.compartecipazione.adozioni import Vigenza, vigente
from capofila.compartecipazione.calcolo import (
    Congelata,
    Motivo,
    Quota,
    chiede_isee,
    congela,
    in_parole,
    scongela,
)
from capofila.compartecipazione.catalogo import schema
from capofila.compartecipazione.utenze import (
    SCADE,
    Assistito,
    AttestazioneISEE,
    DatiRifiutati,
    Utenza,
    assistito,
    attestazioni,
    leggi_utenza,
    scegli,
)

DA_RIVEDERE: Final = "ISEE scaduto, da rivedere"


class NonSiDecide(DatiNonValidi):
    """There is no quota to decide: the reason is a stated outcome."""

    codice = "senza_quota"

    def __init__(self, testo: str, motivo: str) -> None:
        super().__init__(testo)
        self.motivo = motivo


class Anteprima(msgspec.Struct, frozen=True, kw_only=True):
    """What would be decided from a day on.

    Attributes:
        attestazione: the one that the case carries; None when the person showed none.
        congelata: the quota with all that it comes from; None when nothing can be computed.
        motivo: why there is no quota, or why it is the tariff without ISEE.
        ostacolo: why it cannot be decided, in words; empty when it can.
    """

    assistito: Assistito
    utenza: Utenza
    vigenza: Vigenza
    attestazione: AttestazioneISEE | None
    congelata: Congelata | None
    motivo: Motivo | None
    ostacolo: str

    @property
    def impronta(self) -> str:
        """The digest of what would be decided; empty when nothing would."""
        return "" if self.congelata is None else self.congelata.impronta()


class Provvedimento(msgspec.Struct, frozen=True, kw_only=True):
    """The act of a decision."""

    organo: str
    numero: str
    data: date


class Decisa(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as it is kept."""

    id: int
    utenza_id: int
    assistito_id: int
    comune: str
    servizio: str
    attestazione_id: int | None
    adozione_id: int
    dal: date
    stato: str
    quota: Decimal
    organo: str
    numero: str
    data: date
    sha256: str
    sostituisce: int | None
    presa_il: datetime
    persona: str | None
    congelata: bytes
    isee_fino_al: date | None = None
    """The last day of the ISEE that it rests on; None where it rests on none."""
    annotata: str | None = None
    """The digest that the audit was told when it was taken, by :func:`a_gruppi`."""

    @property
    def cosa(self) -> Congelata:
        """What was decided, read from its bytes.

        Raises:
            Conflitto: they are not those of a decision any more.
        """
        try:
            return scongela(self.congelata)
        except msgspec.DecodeError:
            raise Conflitto(
                "Ciò che è conservato di questa decisione è stato alterato e non si legge più: avvisa chi "
                "gestisce la piattaforma."
            ) from None


class Riprova(msgspec.Struct, frozen=True, kw_only=True):
    """A decision done again: whether its bytes are those of the digest, and the cents the same.

    Attributes:
        integra: its bytes have its digest, and that is the one in the audit, where it is there.
        annotata: the audit has the digest; decisions of before it was written there do not.
    """

    quota: Quota
    integra: bool
    uguale: bool
    annotata: bool = False


async def anteprima(utenza_id: int, giorno: date) -> Anteprima:
    """What a user would pay from a day on, and why; always a stated outcome.

    Raises:
        NonTrovato: no such user here, or no scheme of the service.
        DatiRifiutati: she is not a user on that day.
    """
    utenza = await leggi_utenza(utenza_id)
    if not utenza.vale(giorno):
        raise DatiRifiutati(
            [("dal", "In quel giorno la persona non ha il servizio: scegli un altro.")]
        )
    di_chi = await assistito(utenza.assistito_id)
    trovato = await schema(utenza.servizio, giorno)
    vigenza = await vigente(utenza.comune, utenza.servizio, giorno)
    scelta = scegli(await attestazioni(di_chi.id), giorno, trovato)
    caso = utenza.caso(giorno, None if scelta is None else scelta.mostrata)
    congelata = None if vigenza.risolto is None else congela(vigenza.risolto, caso)
    motivo = vigenza.motivo if congelata is None else congelata.quota.motivo
    ostacolo = ""
    if congelata is None or congelata.quota.importo is None:
        ostacolo = in_parole(motivo or "nessuno_schema")
    elif vigenza.supposta:
        ostacolo = (
            "Che cosa abbia fatto il comune di questo schema non è registrato: registra prima l'adozione, "
            "con il suo atto."
        )
    return Anteprima(
        assistito=di_chi, utenza=utenza, vigenza=vigenza, attestazione=scelta,
        congelata=congelata, motivo=motivo, ostacolo=ostacolo,
    )  # fmt: skip


class Atteso(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever decides many saw of one: the quota, and the decision whose place it would take."""

    quota: Decimal
    prima: int | None


def difetti_atto(atto: Provvedimento) -> list[tuple[str, str]]:
    """What keeps an act out: (field, words)."""
    return [
        (campo, f"{nome}, al massimo {massimo} caratteri.")
        for campo, nome, massimo in (
            ("organo", "Scrivi chi ha deciso", 120), ("numero", "Scrivi il numero dell’atto", 40),
        )
        if not 1 <= len(getattr(atto, campo)) <= massimo
    ]  # fmt: skip


async def decidi(
    utenza_id: int,
    giorno: date,
    atto: Provvedimento,
    *,
    vista: str | None = None,
    atteso: Atteso | None = None,
) -> int:
    """Decide what a user pays from a day on.

    Args:
        utenza_id: the user.
        giorno: the first day.
        atto: the act.
        vista: the digest of what whoever decides has seen; None when nobody looked.
        atteso: what was seen of one among many.

    Returns:
        The number of the decision; of the one in force when it is this one, by the same act.

    Raises:
        NonTrovato, DatiRifiutati: as :func:`anteprima`.
        NonSiDecide: there is no quota, or no adoption that it could rest on.
        Conflitto: what was seen has changed in the meantime.
    """
    unita = unita_corrente()
    if errori := difetti_atto(atto):
        raise DatiRifiutati(errori)
    # One decision of a person at a time: which one it takes the place of must be so at the end too.
    await unita.esegui(
        "SELECT 1 FROM assistito s JOIN utenza z ON z.ambito_id = s.ambito_id "
        "AND z.assistito_id = s.id WHERE s.ambito_id = $1 AND z.id = $2 FOR UPDATE OF s",
        unita.ambito,
        utenza_id,
    )
    vista_ora = await anteprima(utenza_id, giorno)
    congelata, adozione = vista_ora.congelata, vista_ora.vigenza.adozione
    if vista_ora.ostacolo or congelata is None or adozione is None:
        raise NonSiDecide(vista_ora.ostacolo, vista_ora.motivo or "adozione_non_registrata")
    if vista is not None and vista != vista_ora.impronta:
        raise Conflitto("Nel frattempo qualcosa è cambiato: guarda di nuovo la quota, poi decidi.")
    guarda = congelata.quota.stato == "calcolata" and chiede_isee(congelata.risolto)
    scelta = vista_ora.attestazione if guarda else None
    await _ferma(utenza_id, adozione.id, scelta)
    prima = in_vigore(await decisioni_di(vista_ora.assistito.id, vista_ora.utenza.servizio), giorno)
    adesso = (congelata.quota.importo, None if prima is None else prima.id)
    if atteso is not None and adesso != (atteso.quota, atteso.prima):
        raise Conflitto("Nel frattempo qualcosa è cambiato: rifai il calcolo, poi decidi.")
    dati = congelata.in_byte()
    if (
        prima is not None
        and (prima.utenza_id, prima.dal, prima.sha256) == (utenza_id, giorno, vista_ora.impronta)
        and (prima.organo, prima.numero, prima.data) == (atto.organo, atto.numero, atto.data)
    ):
        # The same act said twice, as by a double click.
        return prima.id
    id_: int = await unita.valore(
        "INSERT INTO decisione_quota (utenza_id, comune, attestazione_id, adozione_id, dal, stato, "
        "quota, organo, numero, data, congelata, sha256, sostituisce) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id",
        utenza_id, vista_ora.utenza.comune, None if scelta is None else scelta.id, adozione.id,
        giorno, congelata.quota.stato, congelata.quota.importo, atto.organo, atto.numero, atto.data,
        dati, hashlib.sha256(dati).hexdigest(), None if prima is None else prima.id,
    )  # fmt: skip
    await registra(
        "compartecipazione.decidi", "decisione_quota", str(id_), servizio=vista_ora.utenza.servizio,
        impronta=a_gruppi(vista_ora.impronta),
    )  # fmt: skip
    return id_


def a_gruppi(impronta: str) -> str:
    """A digest in groups of eight, as the audit keeps it: no run of it can look like a codice fiscale.

    >>> a_gruppi("00112233445566778899")
    '00112233 44556677 8899'
    """
    return " ".join(impronta[n : n + 8] for n in range(0, len(impronta), 8))


async def _ferma(utenza: int, adozione: int, scelta: AttestazioneISEE | None) -> None:
    """Nobody withdraws what the decision rests on before it is there.

    Raises:
        Conflitto: somebody just did.
    """
    unita = unita_corrente()
    da_fermare = [("utenza", utenza), ("adozione", adozione)]
    if scelta is not None:
        da_fermare.append(("attestazione_isee", scelta.id))
    for tabella, id_ in da_fermare:
        if not await unita.valore(
            f"SELECT true FROM {tabella} WHERE ambito_id = $1 AND id = $2 "
            "AND ritirata_il IS NULL FOR SHARE",
            unita.ambito,
            id_,
        ):
            raise Conflitto("Nel frattempo qualcosa è cambiato: guarda di nuovo la quota.")


_LEGGI: Final = (
    "SELECT d.id, d.utenza_id, z.assistito_id, d.comune, z.servizio, d.attestazione_id, "
    "d.adozione_id, d.dal, d.stato, d.quota, d.organo, d.numero, d.data, d.sha256, "
    "d.sostituisce, d.presa_il, u.nome AS persona, d.congelata, "
    f"{SCADE} AS isee_fino_al, (SELECT r.dettagli ->> 'impronta' FROM registro r "
    "WHERE r.ambito_id = d.ambito_id AND r.oggetto = 'decisione_quota' AND r.oggetto_id = d.id::text "
    "AND r.azione = 'compartecipazione.decidi' ORDER BY r.id LIMIT 1) AS annotata "
    "FROM decisione_quota d JOIN utenza z ON z.ambito_id = d.ambito_id AND z.id = d.utenza_id "
    "LEFT JOIN attestazione_isee t ON t.ambito_id = d.ambito_id AND t.id = d.attestazione_id "
    "LEFT JOIN utente u ON u.id = d.presa_da WHERE d.ambito_id = $1"
)


def _da(riga: Mapping[str, Any]) -> Decisa:
    return Decisa(**{**dict(riga), "congelata": bytes(riga["congelata"])})


async def leggi(id_: int) -> Decisa:
    """One decision.

    Raises:
        NonTrovato: none has this number here.
    """
    return _da(
        await riga_numero(
            f"{_LEGGI} AND d.id = $2", id_, "Questa decisione non c'è: torna alla persona."
        )
    )


async def decisioni_di(assistito_id: int, servizio: str | None = None) -> list[Decisa]:
    """All that was decided of a person, the latest first."""
    unita = unita_corrente()
    return [
        _da(riga)
        for riga in await unita.righe(
            f"{_LEGGI} AND z.assistito_id = $2 AND ($3::text IS NULL OR z.servizio = $3) "
            "ORDER BY d.id DESC",
            unita.ambito,
            assistito_id,
            servizio,
        )
    ]


def in_vigore(decise: Sequence[Decisa], giorno: date) -> Decisa | None:
    """The decision of one person and service that holds on a day: the last registered that has begun.

    Args:
        decise: the latest first.
        giorno: the day.
    """
    return next((una for una in decise if una.dal <= giorno), None)


def stati(
    decise: Sequence[Decisa], utenze: Sequence[Utenza], giorno: date
) -> dict[int, tuple[str, str]]:
    """Words and colour of the state of each decision of a person on a day.

    Args:
        decise: the latest first, of any service.
        utenze: her services.
        giorno: the day.
    """
    detti: dict[int, tuple[str, str]] = {}
    for una in decise:
        stesse = [d for d in decise if d.servizio == una.servizio]
        ultima = in_vigore(stesse, max(giorno, una.dal))
        if ultima is None or ultima.id != una.id:
            detti[una.id] = ("Sostituita", "neutro")
        elif una.dal > giorno:
            detti[una.id] = ("Da venire", "attesa")
        elif not any(z.servizio == una.servizio and z.vale(giorno) for z in utenze):
            detti[una.id] = ("Servizio finito", "chiuso")
        elif una.isee_fino_al is not None and una.isee_fino_al < giorno:
            detti[una.id] = (DA_RIVEDERE, "attenzione")
        else:
            detti[una.id] = ("In vigore", "buono")
    return detti


async def rifai(id_: int) -> Riprova:
    """Do a decision again from its bytes alone.

    Raises:
        NonTrovato: none has this number here.
    """
    return riprova(await leggi(id_))


def riprova(una: Decisa) -> Riprova:
    """The same of a decision that was read; bytes that are not those of the digest are not computed from.

    Raises:
        Conflitto: as :attr:`Decisa.cosa`.
    """
    cosa = una.cosa
    annotata = una.annotata is not None
    vere = {
        hashlib.sha256(una.congelata).hexdigest(),
        (una.annotata or una.sha256).replace(" ", ""),
    }
    if vere != {una.sha256}:
        return Riprova(quota=cosa.quota, integra=False, uguale=False, annotata=annotata)
    quota = calcolo.rifai(cosa)
    # To the cent, and not to the letter: the words of a step may be said better one day.
    return Riprova(
        quota=quota,
        integra=True,
        annotata=annotata,
        uguale=(quota.stato, quota.importo, quota.motivo)
        == (cosa.quota.stato, una.quota, cosa.quota.motivo)
        and quota.importo == cosa.quota.importo,
    )
