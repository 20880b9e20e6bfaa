"""The quotas of all the users of a service, or of the ambito, on a day: asked for, computed, decided.

Runs inside a unit of work of the ambito, narrowed to one comune for whoever works for one: then only
its users are computed, and what is asked for all comuni is not shown. Jobs and their messages name
nothing: the job finds by its own id what was asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

import msgspec
import polars as pl

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, ErroreCapofila, NonTrovato
from capofila.base.lavori import Compito, lavoro, richiedi
from capofila.base.righe import riga_numero
from capofila.compartecipazione.adozioni import Vigenza, vigenze
from capofila.compartecipazione.catalogo import schema
from capofila.compartecipazione.decisioni import Atteso, Provvedimento, decidi, difetti_atto
from capofila.compartecipazione.massa import quote_di
from capofila.compartecipazione.utenti import casi_per, utenti
from capofila.compartecipazione.utenze import DatiRifiutati

TIPO: Final = "compartecipazione.ricalcola"
TIPO_DECIDI: Final = "compartecipazione.decidi"
PER_PAGINA: Final = 50
CONSERVAZIONE: Final = timedelta(days=180)
"""How long the outcomes of a run are kept after its end: they are of people, and no decision needs them."""
_NON_C_E: Final = "Questo ricalcolo non c'è: torna all'elenco."
_LOTTO: Final = 20_000
_DECISE_INSIEME: Final = 20

Quali = Literal["cambiano", "nuove", "di_piu", "di_meno", "senza_isee", "non_calcolate", "tutti"]


class Ricalcolo(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, and how far it is."""

    id: int
    comune: str | None
    servizio: str | None
    giorno: date
    lavoro_id: UUID
    richiesto_il: datetime
    finito_il: datetime | None
    organo: str | None
    numero: str | None
    data: date | None
    decide_lavoro_id: UUID | None
    deciso_il: datetime | None
    esiti_tolti_il: datetime | None
    """When its outcomes were thrown away, after :data:`CONSERVAZIONE`."""
    persona: str | None


class Conto(msgspec.Struct, frozen=True, kw_only=True):
    """How many outcomes of each kind; amounts in euro, of a month (of a year for yearly tariffs)."""

    utenti: int
    uguali: int
    di_piu: int
    di_meno: int
    nuove: int
    """A quota where none was decided."""
    senza_isee: int
    non_calcolate: int
    da_decidere: int
    decise: int
    non_decise: int
    supposte: int
    """They would be decided, and the adoption of the comune is not registered."""
    prima: Decimal
    """Of those who have a quota both ways."""
    dopo: Decimal


class RigaEsito(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one user, as a page shows it."""

    utenza_id: int
    assistito_id: int
    cognome: str
    nome: str
    comune: str
    servizio: str
    stato: str
    motivo: str | None
    quota: Decimal | None
    prima: Decimal | None
    supposta: bool
    decisione_id: int | None
    non_decisa: str | None


# --- asking -------------------------------------------------------------------------------------


async def chiedi(servizio: str | None, giorno: date) -> int:
    """Ask for the quotas of all users on a day; the same asked again while it is open is that one.

    Args:
        servizio: of one service; None for all that the ambito has.
        giorno: the day.

    Raises:
        NonTrovato, Conflitto: as :func:`capofila.compartecipazione.catalogo.schema`.
        DatiRifiutati: a day too far away.
    """
    if abs(giorno.year - oggi().year) > 20:
        raise DatiRifiutati([("giorno", "Scegli un giorno più vicino: al massimo vent’anni.")])
    if servizio is not None:
        await schema(servizio, giorno)
    unita = unita_corrente()
    lavoro_id = await richiedi(
        TIPO, {}, chiave=f"{servizio or '*'}/{giorno}/{unita.contesto.comune or '*'}"
    )
    id_: int | None = await unita.valore(
        "INSERT INTO ricalcolo (servizio, giorno, lavoro_id) VALUES ($1, $2, $3) "
        "ON CONFLICT (ambito_id, lavoro_id) DO NOTHING RETURNING id",
        servizio,
        giorno,
        lavoro_id,
    )
    if id_ is None:
        return (await _del_lavoro(lavoro_id)).id
    await registra("compartecipazione.ricalcola", "ricalcolo", str(id_), servizio=servizio or "")
    return id_


async def chiedi_decisioni(id_: int, atto: Provvedimento) -> None:
    """Ask that what changes be decided by one act, from the day of the run.

    Raises:
        NonTrovato: none has this number here.
        DatiRifiutati: the act does not hold together.
        Conflitto: it is not finished, or was decided already, or nothing changes.
    """
    unita = unita_corrente()
    if errori := difetti_atto(atto):
        raise DatiRifiutati(errori)
    await leggi(id_, blocca=True)
    questo = await leggi(id_)
    if questo.finito_il is None:
        raise Conflitto("Il ricalcolo non è finito: attendi la fine, poi decidi.")
    if questo.decide_lavoro_id is not None:
        raise Conflitto("Le quote di questo ricalcolo sono già state decise: rifallo e guarda.")
    if questo.esiti_tolti_il is not None:
        raise Conflitto("Gli esiti di questo ricalcolo sono stati tolti: rifallo, poi decidi.")
    quante = (await conta(id_)).da_decidere
    if not quante:
        raise Conflitto("Nessuna quota cambia, o nessuna si può decidere.")
    lavoro_id = await richiedi(TIPO_DECIDI, {}, chiave=str(id_), totale=quante)
    await unita.esegui(
        "UPDATE ricalcolo SET organo = $3, numero = $4, data = $5, decide_lavoro_id = $6 "
        "WHERE ambito_id = $1 AND id = $2",
        unita.ambito, id_, atto.organo, atto.numero, atto.data, lavoro_id,
    )  # fmt: skip
    await registra("compartecipazione.decidi_molte", "ricalcolo", str(id_), quante=quante)


# --- reading ------------------------------------------------------------------------------------

_LEGGI: Final = (
    "SELECT r.id, r.comune, r.servizio, r.giorno, r.lavoro_id, r.richiesto_il, r.finito_il, "
    "r.organo, r.numero, r.data, r.decide_lavoro_id, r.deciso_il, r.esiti_tolti_il, u.nome AS persona "
    "FROM ricalcolo r LEFT JOIN utente u ON u.id = r.richiesto_da WHERE r.ambito_id = $1"
)
_DIVERSA: Final = "e.quota IS DISTINCT FROM e.prima"
_DA_DECIDERE: Final = f"e.quota IS NOT NULL AND {_DIVERSA} AND NOT e.supposta"
_QUALI: Final[dict[Quali, str]] = {
    "cambiano": f"e.quota IS NOT NULL AND {_DIVERSA}",
    "nuove": "e.quota IS NOT NULL AND e.prima IS NULL",
    "di_piu": "e.quota > e.prima",
    "di_meno": "e.quota < e.prima",
    "senza_isee": "e.stato = 'senza_isee'",
    "non_calcolate": "e.stato = 'non_calcolata'",
    "tutti": "true",
}
QUALI: Final[Sequence[Quali]] = tuple(_QUALI)


async def leggi(id_: int, *, blocca: bool = False) -> Ricalcolo:
    """One of them.

    Raises:
        NonTrovato: none has this number here.
    """
    riga = await riga_numero(
        f"{_LEGGI} AND r.id = $2" + (" FOR UPDATE OF r" if blocca else ""), id_, _NON_C_E
    )
    return Ricalcolo(**dict(riga))


async def _del_lavoro(lavoro_id: UUID) -> Ricalcolo:
    unita = unita_corrente()
    riga = await unita.riga(
        f"{_LEGGI} AND (r.lavoro_id = $2 OR r.decide_lavoro_id = $2)", unita.ambito, lavoro_id
    )
    if riga is None:
        raise NonTrovato(_NON_C_E)
    return Ricalcolo(**dict(riga))


async def elenco(quanti: int = 50) -> list[Ricalcolo]:
    """The latest first."""
    unita = unita_corrente()
    righe = await unita.righe(f"{_LEGGI} ORDER BY r.id DESC LIMIT $2", unita.ambito, quanti)
    return [Ricalcolo(**dict(riga)) for riga in righe]


async def conta(id_: int) -> Conto:
    """How the outcomes of a run are."""
    unita = unita_corrente()
    riga = await unita.riga(
        "SELECT count(*) AS utenti, count(*) FILTER (WHERE e.quota = e.prima) AS uguali, "
        + ", ".join(
            f"count(*) FILTER (WHERE {_QUALI[quali]}) AS {quali}"
            for quali in ("di_piu", "di_meno", "nuove", "senza_isee", "non_calcolate")
        )
        + f", count(*) FILTER (WHERE {_DA_DECIDERE}) AS da_decidere, "
        f"count(*) FILTER (WHERE e.quota IS NOT NULL AND {_DIVERSA} AND e.supposta) AS supposte, "
        "count(e.decisione_id) AS decise, count(e.non_decisa) AS non_decise, "
        "coalesce(sum(e.prima) FILTER (WHERE e.quota IS NOT NULL AND e.prima IS NOT NULL), 0) AS prima, "
        "coalesce(sum(e.quota) FILTER (WHERE e.prima IS NOT NULL), 0) AS dopo "
        "FROM ricalcolo_esito e WHERE e.ambito_id = $1 AND e.ricalcolo_id = $2",
        unita.ambito,
        id_,
    )
    return Conto(**dict(riga))


async def esiti(id_: int, quali: Quali = "tutti", pagina: int = 1) -> list[RigaEsito]:
    """A page of the outcomes, by name; one more than a page when there are others."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT e.utenza_id, z.assistito_id, s.cognome, s.nome, e.comune, z.servizio, e.stato, "
        "e.motivo, e.quota, e.prima, e.supposta, e.decisione_id, e.non_decisa "
        "FROM ricalcolo_esito e JOIN utenza z ON z.ambito_id = e.ambito_id AND z.id = e.utenza_id "
        "JOIN assistito s ON s.ambito_id = z.ambito_id AND s.id = z.assistito_id "
        f"WHERE e.ambito_id = $1 AND e.ricalcolo_id = $2 AND {_QUALI[quali]} "
        f"ORDER BY s.cognome, s.nome, s.id, e.utenza_id LIMIT {PER_PAGINA + 1} "
        f"OFFSET {(pagina - 1) * PER_PAGINA}",
        unita.ambito,
        id_,
    )
    return [RigaEsito(**dict(riga)) for riga in righe]


async def decise_il(servizio: str, giorno: date) -> dict[int, tuple[int, Decimal]]:
    """What was decided and holds on a day, by person: number of the decision and quota."""
    unita = unita_corrente()
    return {
        riga["assistito_id"]: (riga["id"], riga["quota"])
        for riga in await unita.righe(
            "SELECT DISTINCT ON (z.assistito_id) z.assistito_id, d.id, d.quota "
            "FROM decisione_quota d JOIN utenza z ON z.ambito_id = d.ambito_id AND z.id = d.utenza_id "
            "WHERE d.ambito_id = $1 AND z.servizio = $2 AND d.dal <= $3 "
            "ORDER BY z.assistito_id, d.id DESC",
            unita.ambito, servizio, giorno,
        )
    }  # fmt: skip


async def pulisci_esiti() -> int:
    """Throw the outcomes away of the runs that ended long ago; returns of how many runs.

    One whose decisions are being taken is left alone.
    """
    unita = unita_corrente()
    finiti = await unita.righe(
        "UPDATE ricalcolo SET esiti_tolti_il = now() WHERE ambito_id = $1 "
        "AND esiti_tolti_il IS NULL AND finito_il < now() - $2::interval "
        "AND (decide_lavoro_id IS NULL OR deciso_il IS NOT NULL) RETURNING id",
        unita.ambito,
        CONSERVAZIONE,
    )
    await unita.esegui(
        "DELETE FROM ricalcolo_esito WHERE ambito_id = $1 AND ricalcolo_id = ANY ($2::bigint[])",
        unita.ambito,
        [riga["id"] for riga in finiti],
    )
    return len(finiti)


# --- the jobs -----------------------------------------------------------------------------------

_Esito = tuple[int, str, str, str | None, Decimal | None, Decimal | None, int | None, bool]
_COLONNE: Final = "utenza_id, comune, stato, motivo, quota, prima, decisione_prima, supposta"
_CALCOLATE: Final = ("utenza", "assistito", "comune", "stato", "motivo", "quota")
_TIPI: Final = ("bigint", "text", "text", "text", "numeric", "numeric", "bigint", "boolean")


@lavoro(TIPO, tentativi=5, uno_per_ambito=True)
async def ricalcola(compito: Compito) -> dict[str, Any]:
    """Compute the quotas of a run on one snapshot, and write them all at once.

    Whoever dies on the way has written nothing; done again when it is done it does nothing.
    """
    async with compito.unita(sola_lettura=True, istantanea=True):
        questo = await _del_lavoro(compito.id)
        trovati = [] if questo.finito_il else await calcola_tutti(questo, compito)
    if not questo.finito_il:
        async with compito.unita() as unita:
            await compito.avanza(len(trovati), fase="Scrittura degli esiti.")
            for lotto in _lotti(trovati, _LOTTO):
                await unita.esegui(
                    f"INSERT INTO ricalcolo_esito (ricalcolo_id, {_COLONNE}) SELECT $1, * FROM unnest("
                    + ", ".join(f"${n}::{tipo}[]" for n, tipo in enumerate(_TIPI, 2))
                    + ")",
                    questo.id,
                    *map(list, zip(*lotto, strict=True)),
                )
            await unita.esegui(
                "UPDATE ricalcolo SET finito_il = now() WHERE ambito_id = $1 AND id = $2",
                unita.ambito,
                questo.id,
            )
            await compito.conferma(unita)
    return {"ricalcolo": questo.id}


_T = TypeVar("_T")


def _lotti(tutti: Sequence[_T], quanti: int) -> Iterator[Sequence[_T]]:
    for inizio in range(0, len(tutti), quanti):
        yield tutti[inizio : inizio + quanti]


async def calcola_tutti(questo: Ricalcolo, compito: Compito | None = None) -> list[_Esito]:
    """The outcomes of a run, from what the unit of work shows."""
    nomi = [questo.servizio] if questo.servizio else await servizi_usati(questo.giorno)
    chi = {nome: await utenti(nome, questo.giorno) for nome in nomi}
    totale, fatti = sum(map(len, chi.values())), list[_Esito]()
    for nome, numeri in chi.items():
        prima = await decise_il(nome, questo.giorno)
        for lotto in _lotti(numeri, _LOTTO):
            presi, valgono = await quote_adesso(nome, questo.giorno, lotto)
            for uno in presi.select(_CALCOLATE).iter_rows():
                utenza, assistito, comune, stato, motivo, quota = uno
                decisione, decisa = prima.get(assistito, (None, None))
                importo = None if quota is None else Decimal(quota).scaleb(-2)
                fatti.append(
                    (utenza, comune, stato, motivo, importo, decisa, decisione,
                     valgono[comune].supposta)
                )  # fmt: skip
            if compito is not None:
                await compito.avanza(len(fatti), totale=totale, fase="Calcolo delle quote.")
    return fatti


async def servizi_usati(giorno: date) -> list[str]:
    """The services that somebody uses on a day, whether or not a scheme of them is there."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT DISTINCT z.servizio FROM utenza z WHERE z.ambito_id = $1 AND z.ritirata_il IS NULL "
        "AND z.dal <= $2 AND (z.al IS NULL OR z.al >= $2) ORDER BY 1",
        unita.ambito,
        giorno,
    )
    return [riga["servizio"] for riga in righe]


async def quote_adesso(
    servizio: str, giorno: date, fra: Sequence[int] | None = None
) -> tuple[pl.DataFrame, dict[str, Vigenza]]:
    """The users of a service on a day: case, quota in cents and its reason; what holds in each comune."""
    try:
        trovato = await schema(servizio, giorno)
    except NonTrovato:
        trovato = None
    presi = await casi_per(trovato, servizio, giorno, fra)
    comuni = presi["comune"].unique().to_list()
    valgono = {
        comune: Vigenza(comune=comune, servizio=servizio, giorno=giorno, motivo="nessuno_schema")
        for comune in comuni
    }
    if trovato is not None:
        valgono = await vigenze(servizio, giorno, comuni)
    return presi.hstack(quote_di(valgono, presi, giorno)), valgono


@lavoro(TIPO_DECIDI, tentativi=5, uno_per_ambito=True)
async def decidi_molte(compito: Compito) -> dict[str, Any]:
    """Decide what changes, some at a time. Run again, it goes on from those that are not decided."""
    async with compito.unita(sola_lettura=True) as unita:
        questo = await _del_lavoro(compito.id)
        fatte = (conto := await conta(questo.id)).decise + conto.non_decise
        restano = await unita.righe(
            "SELECT e.utenza_id, e.quota, e.decisione_prima FROM ricalcolo_esito e "
            f"WHERE e.ambito_id = $1 AND e.ricalcolo_id = $2 AND {_DA_DECIDERE} "
            "AND e.decisione_id IS NULL AND e.non_decisa IS NULL ORDER BY e.utenza_id",
            unita.ambito,
            questo.id,
        )
    assert questo.organo is not None
    assert questo.numero is not None
    assert questo.data is not None
    atto = Provvedimento(organo=questo.organo, numero=questo.numero, data=questo.data)
    for lotto in _lotti(restano, _DECISE_INSIEME):
        async with compito.unita() as unita:
            for riga in lotto:
                decisione, non_decisa = None, None
                try:
                    async with unita.punto_di_ritorno():
                        decisione = await decidi(
                            riga["utenza_id"], questo.giorno, atto,
                            atteso=Atteso(quota=riga["quota"], prima=riga["decisione_prima"]),
                        )  # fmt: skip
                except ErroreCapofila as errore:
                    if errore.stato >= 500:
                        raise
                    non_decisa = errore.codice
                await unita.esegui(
                    "UPDATE ricalcolo_esito SET decisione_id = $4, non_decisa = $5 "
                    "WHERE ambito_id = $1 AND ricalcolo_id = $2 AND utenza_id = $3",
                    unita.ambito, questo.id, riga["utenza_id"], decisione, non_decisa,
                )  # fmt: skip
            await compito.conferma(unita)
        fatte += len(lotto)
        await compito.avanza(fatte, fase="Registrazione delle decisioni.")
    async with compito.unita() as unita:
        await unita.esegui(
            "UPDATE ricalcolo SET deciso_il = now() WHERE ambito_id = $1 AND id = $2",
            unita.ambito,
            questo.id,
        )
        await compito.conferma(unita)
    return {"ricalcolo": questo.id}
