"""The users of the services: persons, the ISEE that they showed, what they use.

Runs inside a unit of work of the ambito, narrowed to one comune for whoever works for one. Persons
are kept as the ledger of the prestazioni keeps them; pages find them by a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.righe import riga_numero
from capofila.compartecipazione.adozioni import ritira
from capofila.compartecipazione.calcolo import QUANTITA_MASSIMA, Caso
from capofila.compartecipazione.catalogo import schema
from capofila.compartecipazione.isee import (
    DETTO,
    ISEE_MASSIMO,
    Attestazione,
    SpecieISEE,
    difetto,
    scade,
)
from capofila.compartecipazione.schemi import Schema
from capofila.prestazioni.service import cerca_persona
from capofila.territorio import service as territorio

PER_PAGINA: Final = 50
_CENTESIMI: Final = Decimal("0.01")


class Assistito(msgspec.Struct, frozen=True, kw_only=True):
    """A person, beside the comune of whose services she is a user."""

    id: int
    comune: str
    codice_fiscale: str
    cognome: str
    nome: str


class AttestazioneISEE(msgspec.Struct, frozen=True, kw_only=True):
    """An attestation as it is kept."""

    id: int
    assistito_id: int
    comune: str
    specie: SpecieISEE
    valore: Decimal
    protocollo: str
    presentata: date
    omissioni: bool
    ultimo_giorno: date | None = None
    """Where the attestation itself says one."""
    registrata_il: datetime | None = None
    ritirata_il: datetime | None = None
    usata: bool = False
    """A decision rests on it."""

    @property
    def mostrata(self) -> Attestazione:
        """As the computation reads it."""
        return Attestazione(
            valore=self.valore, specie=self.specie, protocollo=self.protocollo,
            presentata=self.presentata, ultimo_giorno=self.ultimo_giorno, omissioni=self.omissioni,
        )  # fmt: skip

    @property
    def scade(self) -> date:
        """Its last day."""
        return self.ultimo_giorno or scade(self.presentata, self.specie)


class Utenza(msgspec.Struct, frozen=True, kw_only=True):
    """A person in a service, between two days; quantities are of a month (of a year for yearly tariffs)."""

    assistito_id: int
    servizio: str
    dal: date
    al: date | None = None
    quantita: Decimal = Decimal(1)
    costo: Decimal | None = None
    """Of a unit, in euro."""
    punti: Decimal | None = None
    disponibile: Decimal | None = None
    condizioni: frozenset[str] = frozenset()
    id: int = 0
    comune: str = ""
    ritirata_il: datetime | None = None

    def vale(self, giorno: date) -> bool:
        """Whether she is a user on a day."""
        return (
            self.ritirata_il is None
            and self.dal <= giorno
            and (self.al is None or giorno <= self.al)
        )

    def caso(self, giorno: date, isee: Attestazione | None) -> Caso:
        """Her case on a day."""
        return Caso(
            giorno=giorno, isee=isee, quantita=self.quantita, costo=self.costo, punti=self.punti,
            disponibile=self.disponibile, condizioni=self.condizioni,
        )  # fmt: skip


def scegli(
    attestazioni: Iterable[AttestazioneISEE], giorno: date, schema: Schema
) -> AttestazioneISEE | None:
    """The attestation by which a quota is computed: one that can be used, the current one before the
    others, then the latest; when none can, the latest of those that were there.
    """
    viste = sorted(
        (a for a in attestazioni if a.ritirata_il is None), key=lambda a: (a.presentata, a.id)
    )
    buone = [
        a
        for a in viste
        if difetto(
            a.mostrata, giorno, schema.isee, accetta_omissioni=schema.accetta_omissioni
        ) is None
    ]  # fmt: skip
    if buone:
        return max(buone, key=lambda a: (a.specie is SpecieISEE.CORRENTE, a.presentata, a.id))
    passate = [a for a in viste if a.presentata <= giorno] or viste
    return passate[-1] if passate else None


class DatiRifiutati(DatiNonValidi):
    """A form that cannot be kept; ``errori`` are (field, words)."""

    def __init__(self, errori: Sequence[tuple[str, str]]) -> None:
        super().__init__(" ".join(testo for _, testo in errori))
        self.errori = list(errori)


# --- persons ------------------------------------------------------------------------------------

_ASSISTITO: Final = "s.id, s.comune, s.codice_fiscale, s.cognome, s.nome"


async def assistito(id_: int) -> Assistito:
    """One person.

    Raises:
        NonTrovato: none has this number here.
    """
    riga = await riga_numero(
        f"SELECT {_ASSISTITO} FROM assistito s WHERE s.ambito_id = $1 AND s.id = $2",
        id_,
        "Questa persona non c'è: torna all'elenco.",
    )
    return Assistito(**dict(riga))


async def apri_assistito(comune: str, codice_fiscale: str, cognome: str, nome: str) -> int:
    """A person of a comune, made on first sight; a codice fiscale that is there is found.

    Raises:
        DatiRifiutati: the comune is not of the ambito today.
    """
    unita = unita_corrente()
    trovato: int | None = await unita.valore(
        "SELECT id FROM assistito WHERE ambito_id = $1 AND comune = $2 AND codice_fiscale = $3",
        unita.ambito,
        comune,
        codice_fiscale,
    )
    if trovato is not None:
        return trovato
    istat = (await territorio.mappa_comuni()).istat(comune)
    if istat is None or not (await territorio.appartenenze()).per_comune.get(istat):
        raise DatiRifiutati([("comune", "Questo comune non è dell’ambito: scegline un altro.")])
    id_: int = await unita.valore(
        "INSERT INTO assistito (comune, codice_fiscale, cognome, nome) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (ambito_id, comune, codice_fiscale) DO UPDATE SET cognome = assistito.cognome "
        "RETURNING id",
        comune,
        codice_fiscale,
        cognome,
        nome,
    )
    await registra("compartecipazione.apri", "assistito", str(id_))
    return id_


# --- attestations -------------------------------------------------------------------------------

_ATTESTAZIONE: Final = (
    "t.id, t.assistito_id, t.comune, t.specie, t.valore, t.protocollo, t.presentata, t.omissioni, "
    "t.ultimo_giorno, t.registrata_il, t.ritirata_il"
)


SCADE: Final = (
    "coalesce(t.ultimo_giorno, CASE t.specie WHEN 'corrente' "
    "THEN (t.presentata + interval '6 months')::date "
    "ELSE make_date(extract(year FROM t.presentata)::int, 12, 31) END)"
)
"""The last day of an attestation ``t``, as :attr:`AttestazioneISEE.scade`."""


def _attestazione(riga: Any) -> AttestazioneISEE:
    valori = dict(riga)
    return AttestazioneISEE(**{**valori, "specie": SpecieISEE(valori["specie"])})


async def attestazioni(assistito_id: int) -> list[AttestazioneISEE]:
    """Those of a person, the latest first, withdrawn ones included."""
    unita = unita_corrente()
    return [
        _attestazione(riga)
        for riga in await unita.righe(
            f"SELECT {_ATTESTAZIONE}, EXISTS (SELECT 1 FROM decisione_quota d WHERE d.ambito_id = "
            "t.ambito_id AND d.attestazione_id = t.id) AS usata FROM attestazione_isee t "
            "WHERE t.ambito_id = $1 AND t.assistito_id = $2 ORDER BY t.presentata DESC, t.id DESC",
            unita.ambito,
            assistito_id,
        )
    ]


async def registra_attestazione(assistito_id: int, nuova: Attestazione) -> int:
    """Keep an attestation.

    Raises:
        NonTrovato: no such person here.
        DatiRifiutati: a value that is none, no protocol, no day, or one to come.
        Conflitto: it is there already.
    """
    di_chi = await assistito(assistito_id)
    errori: list[tuple[str, str]] = []
    if not nuova.valore.is_finite() or nuova.valore > ISEE_MASSIMO:
        errori.append(("valore", DETTO["isee_assurdo"]))
    elif nuova.valore < 0:
        errori.append(("valore", DETTO["isee_negativo"]))
    elif nuova.valore != nuova.valore.quantize(_CENTESIMI):
        errori.append(("valore", "Un ISEE ha al massimo due decimali."))
    if not 1 <= len(nuova.protocollo) <= 60:
        errori.append(("protocollo", "Scrivi il protocollo della DSU, al massimo 60 caratteri."))
    if nuova.presentata is None:
        errori.append(("presentata", "Scrivi il giorno della DSU, come 31/01/2025."))
    elif nuova.presentata > oggi() or nuova.presentata.year < 2015:
        errori.append(("presentata", "Il giorno della DSU è fra il 2015 e oggi: controllalo."))
    ultimo = nuova.ultimo_giorno
    if (
        ultimo is not None
        and nuova.presentata is not None
        and nuova.presentata <= oggi()
        and (not nuova.presentata <= ultimo <= date(nuova.presentata.year + 1, 12, 31))
    ):
        errori.append(
            ("ultimo_giorno", "L’ultimo giorno è dopo quello della DSU, entro l’anno dopo.")
        )
    if errori:
        raise DatiRifiutati(errori)
    unita = unita_corrente()
    try:
        async with unita.punto_di_ritorno():
            id_: int = await unita.valore(
                "INSERT INTO attestazione_isee (assistito_id, comune, specie, valore, protocollo, "
                "presentata, omissioni, ultimo_giorno) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
                di_chi.id, di_chi.comune, nuova.specie.value, nuova.valore, nuova.protocollo,
                nuova.presentata, nuova.omissioni, nuova.ultimo_giorno,
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Conflitto(
            "Di questa DSU c'è già l'attestazione: se è sbagliata ritirala, poi scrivila di nuovo."
        ) from None
    await registra("compartecipazione.attesta", "attestazione_isee", str(id_))
    return id_


async def leggi_attestazione(id_: int) -> AttestazioneISEE:
    """One of them.

    Raises:
        NonTrovato: none has this number here.
    """
    return _attestazione(
        await riga_numero(
            f"SELECT {_ATTESTAZIONE} FROM attestazione_isee t WHERE t.ambito_id = $1 AND t.id = $2",
            id_,
            "Questa attestazione non c'è: torna alla persona.",
        )
    )


async def ritira_attestazione(id_: int) -> int:
    """Take back one that was typed wrong; returns the person.

    Raises:
        NonTrovato: none has this number here.
        Conflitto: a decision rests on it, or it was withdrawn already.
    """
    una = await leggi_attestazione(id_)
    await ritira("attestazione_isee", id_)
    return una.assistito_id


# --- services -----------------------------------------------------------------------------------

_UTENZA: Final = (
    "z.id, z.assistito_id, z.comune, z.servizio, z.dal, z.al, z.quantita, z.costo, z.punti, "
    "z.disponibile, z.condizioni, z.ritirata_il"
)


def _utenza(riga: Mapping[str, Any]) -> Utenza:
    nomi = Utenza.__struct_fields__
    valori = {nome: riga[nome] for nome in nomi}
    return Utenza(**{**valori, "condizioni": frozenset(valori["condizioni"])})


async def utenze_di(assistito_id: int) -> list[Utenza]:
    """The services of a person, the latest first."""
    unita = unita_corrente()
    return [
        _utenza(riga)
        for riga in await unita.righe(
            f"SELECT {_UTENZA} FROM utenza z WHERE z.ambito_id = $1 AND z.assistito_id = $2 "
            "ORDER BY z.servizio, z.dal DESC, z.id DESC",
            unita.ambito,
            assistito_id,
        )
    ]


async def leggi_utenza(id_: int) -> Utenza:
    """One of them.

    Raises:
        NonTrovato: none has this number here.
    """
    return _utenza(
        await riga_numero(
            f"SELECT {_UTENZA} FROM utenza z WHERE z.ambito_id = $1 AND z.id = $2",
            id_,
            "Questa utenza non c'è: torna alla persona.",
        )
    )


def difetti_utenza(nuova: Utenza, schema: Schema) -> list[tuple[str, str]]:
    """What keeps it out: (field, words)."""
    errori: list[tuple[str, str]] = []
    if nuova.al is not None and nuova.al < nuova.dal:
        errori.append(("al", "La fine viene prima dell’inizio: correggi una delle due date."))
    if not nuova.quantita.is_finite() or not 0 < nuova.quantita <= QUANTITA_MASSIMA:
        errori.append(
            ("quantita", "La quantità deve essere maggiore di zero, e non oltre 100.000.")
        )
    for nome in ("quantita", "costo", "punti", "disponibile"):
        cifra = getattr(nuova, nome)
        if cifra is None or any(campo == nome for campo, _ in errori):
            continue
        if not cifra.is_finite() or not 0 <= cifra < 10**7:
            errori.append((nome, "Scrivi una cifra non negativa e meno di dieci milioni."))
        elif cifra != cifra.quantize(_CENTESIMI):
            errori.append((nome, "Scrivi al massimo due decimali."))
    if nuova.condizioni - schema.condizioni.keys():
        errori.append(("condizioni", "Una delle condizioni scelte non è di questo schema."))
    return errori


async def registra_utenza(nuova: Utenza) -> tuple[int, Utenza | None]:
    """A person becomes a user of a service; what was so before without an end ends the day before.

    Returns:
        Its number, and the one that it ended.

    Raises:
        NonTrovato: no such person here, or no scheme of the service.
        DatiRifiutati: it does not hold together.
        Conflitto: the person has that service on some of those days.
    """
    unita = unita_corrente()
    di_chi = await assistito(nuova.assistito_id)
    errori = difetti_utenza(nuova, await schema(nuova.servizio, nuova.dal))
    if errori:
        raise DatiRifiutati(errori)
    aperta = next(
        (
            una
            for una in await utenze_di(di_chi.id)
            if una.servizio == nuova.servizio and una.ritirata_il is None
            and una.al is None and una.dal < nuova.dal
        ),
        None,
    )  # fmt: skip
    try:
        async with unita.punto_di_ritorno():
            if aperta is not None:
                await _chiudi(aperta.id, nuova.dal - timedelta(days=1))
            id_: int = await unita.valore(
                "INSERT INTO utenza (assistito_id, comune, servizio, dal, al, quantita, costo, "
                "punti, disponibile, condizioni) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
                "RETURNING id",
                di_chi.id, di_chi.comune, nuova.servizio, nuova.dal, nuova.al, nuova.quantita,
                nuova.costo, nuova.punti, nuova.disponibile, sorted(nuova.condizioni),
            )  # fmt: skip
    except asyncpg.ExclusionViolationError:
        raise Conflitto(
            "In alcuni di quei giorni la persona ha già questo servizio: correggi le date, oppure "
            "chiudi il periodo che c'è."
        ) from None
    await registra("compartecipazione.utenza", "utenza", str(id_), servizio=nuova.servizio)
    return id_, aperta


async def chiudi_utenza(id_: int, al: date) -> Utenza:
    """Say the last day of a service.

    Raises:
        NonTrovato: none has this number here.
        DatiRifiutati: it had not begun.
        Conflitto: another period of the service would begin before.
    """
    una = await leggi_utenza(id_)
    if al < una.dal:
        raise DatiRifiutati([("al", "L’ultimo giorno viene prima del primo: correggilo.")])
    unita = unita_corrente()
    try:
        async with unita.punto_di_ritorno():
            await _chiudi(id_, al)
    except asyncpg.ExclusionViolationError:
        raise Conflitto("Dopo c'è già un altro periodo di questo servizio.") from None
    except asyncpg.ObjectNotInPrerequisiteStateError:
        raise Conflitto("Questo periodo è stato ritirato.") from None
    await registra("compartecipazione.chiudi", "utenza", str(id_))
    return una


async def ritira_utenza(id_: int) -> int:
    """Take back one that was registered by mistake; returns the person.

    Raises:
        NonTrovato: none has this number here.
        Conflitto: a decision rests on it, or it was withdrawn already.
    """
    una = await leggi_utenza(id_)
    await ritira("utenza", id_)
    return una.assistito_id


async def _chiudi(id_: int, al: date) -> None:
    unita = unita_corrente()
    await unita.esegui(
        "UPDATE utenza SET al = $3 WHERE ambito_id = $1 AND id = $2", unita.ambito, id_, al
    )


# --- the list -----------------------------------------------------------------------------------


class RigaUtente(msgspec.Struct, frozen=True, kw_only=True):
    """A user as a list shows her, with the quota decided that holds on the day."""

    assistito_id: int
    cognome: str
    nome: str
    codice_fiscale: str
    comune: str
    servizio: str | None
    dal: date | None
    al: date | None
    quantita: Decimal | None
    quota: Decimal | None
    decisa_dal: date | None
    isee_fino_al: date | None
    """The last day of the ISEE that the decision rests on; None where it rests on none."""


Quali = Literal["", "da_decidere", "da_rivedere"]
_DECISA: Final = (
    "LEFT JOIN LATERAL (SELECT x.quota, x.dal, x.attestazione_id FROM decisione_quota x "
    "JOIN utenza y ON y.ambito_id = x.ambito_id AND y.id = x.utenza_id "
    "WHERE y.ambito_id = z.ambito_id AND y.assistito_id = z.assistito_id "
    "AND y.servizio = z.servizio AND x.dal <= $2 ORDER BY x.id DESC LIMIT 1) d ON true "
    "LEFT JOIN attestazione_isee t ON t.ambito_id = z.ambito_id AND t.id = d.attestazione_id "
)
"""What was decided for a user ``z`` and holds on a day, and its ISEE."""
_QUALI: Final[Mapping[Quali, str]] = {
    "": "",
    "da_decidere": "AND z.id IS NOT NULL AND d.quota IS NULL ",
    "da_rivedere": f"AND {SCADE} < $2 ",
}
QUALI: Final[Sequence[Quali]] = tuple(_QUALI)


async def da_rivedere(giorno: date, servizio: str | None = None, comune: str | None = None) -> int:
    """How many users on a day pay a quota decided on an ISEE that has expired."""
    unita = unita_corrente()
    quanti: int = await unita.valore(
        "SELECT count(*) FROM (SELECT DISTINCT ON (z.assistito_id, z.servizio) z.assistito_id, "
        "z.servizio, d.attestazione_id FROM decisione_quota d "
        "JOIN utenza z ON z.ambito_id = d.ambito_id AND z.id = d.utenza_id "
        "WHERE d.ambito_id = $1 AND d.dal <= $2 AND ($3::text IS NULL OR z.servizio = $3) "
        "AND ($4::text IS NULL OR z.comune = $4) ORDER BY z.assistito_id, z.servizio, d.id DESC) x "
        f"JOIN attestazione_isee t ON t.ambito_id = $1 AND t.id = x.attestazione_id AND {SCADE} < $2 "
        "WHERE EXISTS (SELECT 1 FROM utenza z WHERE z.ambito_id = $1 AND z.assistito_id = x.assistito_id "
        "AND z.servizio = x.servizio AND z.ritirata_il IS NULL AND z.dal <= $2 "
        "AND (z.al IS NULL OR z.al >= $2))",
        unita.ambito, giorno, servizio, comune,
    )  # fmt: skip
    return quanti


async def elenco(
    giorno: date,
    servizio: str | None = None,
    comune: str | None = None,
    persona: str | None = None,
    pagina: int = 1,
    quali: Quali = "",
) -> list[RigaUtente]:
    """A page of the users on a day, by name; one more than a page when there are others.

    Args:
        giorno: the day; with a person all her services are listed, or she alone when she has none.
        servizio: of one service only.
        comune: of one comune only.
        persona: a codice fiscale, or the first letters of a surname.
        pagina: from 1.
        quali: those only whose quota was never decided, or rests on an ISEE that has expired.
    """
    unita = unita_corrente()
    valori: list[object] = [unita.ambito, giorno, servizio, comune]
    chi, unite = "AND z.dal <= $2 AND (z.al IS NULL OR z.al >= $2)", "JOIN"
    if persona:
        condizione, valore = cerca_persona(persona)
        valori.append(valore)
        chi, unite = f"AND s.{condizione} $5", "LEFT JOIN"
    righe = await unita.righe(
        "SELECT s.id AS assistito_id, s.cognome, s.nome, s.codice_fiscale, s.comune, z.servizio, "
        f"z.dal, z.al, z.quantita, d.quota, d.dal AS decisa_dal, {SCADE} AS isee_fino_al "
        "FROM assistito s "
        f"{unite} utenza z ON z.ambito_id = s.ambito_id AND z.assistito_id = s.id "
        f"AND z.ritirata_il IS NULL {_DECISA}"
        "WHERE s.ambito_id = $1 AND ($3::text IS NULL OR z.servizio = $3) "
        f"AND ($4::text IS NULL OR s.comune = $4) {chi} {_QUALI[quali]}"
        f"ORDER BY s.cognome, s.nome, s.id, z.servizio, z.dal DESC LIMIT {PER_PAGINA + 1} "
        f"OFFSET {(pagina - 1) * PER_PAGINA}",
        *valori,
    )
    return [RigaUtente(**dict(riga)) for riga in righe]
