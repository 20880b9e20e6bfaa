"""Flows that INPS takes by itself (Welfare as a Service): published, served, answered.

INPS asks for the flows after a moment, its cursor, and takes each answer's last moment as the next
one. So the moments of an ente are whole milliseconds, never two alike, and grow in the order in which
transactions end: whoever publishes holds the row of the e-service until its transaction is over.

Source: INPS, Specifica tecnica v2.0.1 of 22/05/2025 and its OpenAPI description.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.debito.esiti import INVIATE
from capofila.hooks import Flusso, IntestazioneFlusso, TracciatoXML

TIPI: Final = {"PS": "PS_PSA_SINA", "SINBA": "SINBA"}
"""What the e-service calls a flow, by what its name calls it."""
PRIMO_NUMERO: Final = 1_000_001
"""Flows of the e-service are numbered from here, those that go by file from 1: no two of one name."""
ULTIMO_NUMERO: Final = 9_999_999
FLUSSI_MASSIMI: Final = 100
FLUSSI_PER_VOLTA: Final = 10_000
"""Flows of a run that one statement publishes; between one and the next the progress is told."""
_TANTI: Final = 1000
"""Flows of a run after which what the planner knew of the tables is no longer true."""
Avanza = Callable[[int, int | None, str], Awaitable[None]]
BYTE_PER_RISPOSTA: Final = 7_000_000
"""Bytes of XML in an answer, in base64 less than INPS's 10 MB; a larger flow goes alone."""
EPOCA: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDO: Final = timedelta(milliseconds=1)
_ULTIMO_GIORNO: Final = datetime(9999, 1, 1, tzinfo=UTC)
_NOME: Final = "\ue000"
"""Stands for the name of the flow while the head is written."""

CodiceEsito = Literal["OK", "DATI_NON_TROVATI", "RICHIESTA_INVALIDA", "ERRORE_GENERICO"]


class EService(msgspec.Struct, frozen=True):
    """An e-service that is called, as it must be known before there is a context."""

    ambito_id: int
    ente_id: int
    denominazione: str
    audience: str
    fruitore: str | None
    attivo: bool
    uso_voucher: str


class FlussoServito(msgspec.Struct, frozen=True):
    """A flow as INPS wants it; `flusso` becomes base64."""

    codice_ente: str
    denominazione_ente: str
    id_flusso: str
    tipo: str
    ts_flusso: str
    flusso: bytes


class Entries(msgspec.Struct, frozen=True):
    """The answer to `GET /flussi`."""

    elenco_flussi: list[FlussoServito]


_Momento = Annotated[datetime, msgspec.Meta(tz=True)]


class EsitoFlusso(msgspec.Struct, frozen=True):
    """What became of a flow at INPS."""

    id_flusso: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    tipo: Literal["PS_PSA_SINA", "SINBA"]
    ts_flusso: _Momento
    ts_acquisizione: _Momento
    codice_esito: CodiceEsito
    descrizione_esito: str | None = None
    id_acquisizione_siuss: str | None = None
    codice_siuss: str | int | None = None

    @property
    def numero(self) -> str:
        """What the SIUSS calls the flow that it took; the specification's own example (par. 3.4.2)
        has it as `codice_siuss`. With an outcome other than OK it means nothing, and is left out.
        """
        if self.codice_esito != "OK":
            return ""
        return self.id_acquisizione_siuss or str(self.codice_siuss or "")

    def __post_init__(self) -> None:
        """Refuse what the types do not."""
        for momento in (self.ts_flusso, self.ts_acquisizione):
            if not 2000 <= momento.year <= 2100:
                raise ValueError("data fuori dal tempo")


class ElencoEsiti(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /esiti`."""

    elenco_esiti: Annotated[list[EsitoFlusso], msgspec.Meta(max_length=100)] = []


# Publishing.


async def pubblica(
    unita: UnitaDiLavoro,
    *,
    ente: int,
    esportazione: UUID,
    flusso: Flusso,
    intestazione: IntestazioneFlusso,
    selezione_sql: str,
    valori: Sequence[object],
    adesso: datetime | None = None,
    avanza: Avanza | None = None,
) -> int:
    """Publish the records of a run, one flow each, and write down that they were communicated.

    The caller's transaction holds the e-service from here to its end, so that moments grow in the
    order of commit; under REPEATABLE READ the loser of two runs is refused by PostgreSQL.

    Args:
        unita: of the ambito, open for writing.
        ente: the id of the ente, which has an active e-service.
        esportazione: the run.
        flusso: with an XML layout and a name that INPS knows.
        intestazione: the head; its name is replaced by that of each flow.
        selezione_sql: a SELECT that yields, in the order in which INPS must take them, `record_id`
            (bigint), `operazione` (I or C), `gruppo` (what opens around the record, or NULL), `riga`
            (the record), `titolare` (Belfiore) and `anno` (of the record). Its parameters are ``$1`` … ``$n``.
        valori: their values.
        adesso: the moment; the database's clock when not given.
        avanza: told how many are published, of how many, and what is being done.

    Returns:
        How many flows were published.

    Raises:
        DatiNonValidi: the ente has no active e-service; a record is larger than INPS takes.
        Conflitto: more flows than INPS has numbers for in a day.
    """
    avanza = avanza or _nessuno
    tracciato = flusso.tracciato
    tipo = TIPI.get(flusso.regola_nome.sigla) if flusso.regola_nome else None
    if not isinstance(tracciato, TracciatoXML) or tipo is None:
        raise TypeError(f"{flusso.id}: INPS has no such flow")
    eservice = await eservice_attivo(unita, ente, tieni=True)
    if intestazione.ente_codice != eservice["codice"]:
        raise ValueError("the head is of another ente")
    if adesso is None:
        adesso = await unita.valore("SELECT clock_timestamp()")
    await avanza(0, None, "Selezione delle prestazioni")
    quante = await _prepara(unita, tracciato, selezione_sql, valori)
    if not quante:
        return 0
    inizio = primo_momento(eservice["ultimo_ts"], adesso, quante)
    serie = flusso.serie(eservice["codice"], adesso.astimezone(UTC).date())
    numero = await _primo_numero(unita, serie)
    if numero + quante - 1 > ULTIMO_NUMERO:
        raise Conflitto(
            "Per oggi i numeri dei flussi di questo ente sono finiti: pubblica il resto domani."
        )
    prima, dopo = _testata(tracciato, intestazione)
    for da in range(0, quante, FLUSSI_PER_VOLTA):
        await avanza(da, quante, "Pubblicazione dei flussi")
        try:
            await unita.esegui(
                _PUBBLICA,
                ente,
                flusso.id,
                tipo,
                esportazione,
                prima,
                dopo,
                serie,
                numero,
                inizio,
                da,
                min(da + FLUSSI_PER_VOLTA, quante),
            )
        except asyncpg.CheckViolationError as errore:
            if errore.constraint_name != "flusso_pdnd_10_mb":
                raise
            raise DatiNonValidi(
                "Una prestazione supera i 10 MB che INPS accetta per un flusso: trasmettila con un "
                "file."
            ) from None
    ultimo = inizio + (quante - 1) * _MILLISECONDO
    await unita.esegui(
        "UPDATE eservice SET ultimo_ts = $3 WHERE ambito_id = $1 AND ente_id = $2",
        unita.ambito,
        ente,
        ultimo,
    )
    if quante >= _TANTI:
        await unita.esegui("SELECT analizza_pubblicati()")
    await avanza(quante, quante, "Registrazione dell'invio")
    return quante


async def eservice_attivo(unita: UnitaDiLavoro, ente: int, *, tieni: bool = False) -> Any:
    """The e-service of an ente: its code, and the moment of its last flow.

    Args:
        tieni: hold its row to the end of the transaction.

    Raises:
        DatiNonValidi: the ente has none that is active.
    """
    eservice = await unita.riga(
        "SELECT codice, attivo, ultimo_ts FROM eservice WHERE ambito_id = $1 AND ente_id = $2"
        + (" FOR NO KEY UPDATE" if tieni else ""),
        unita.ambito,
        ente,
    )
    if eservice is None or not eservice["attivo"]:
        raise DatiNonValidi(
            "Questo ente non ha un e-service attivo: dichiaralo nella cartella dell'ambito "
            "(ambito.yaml, pdnd) e applicala di nuovo, oppure trasmetti con un file."
        )
    return eservice


async def _prepara(
    unita: UnitaDiLavoro, tracciato: TracciatoXML, selezione_sql: str, valori: Sequence[object]
) -> int:
    """Lay out the records of a run beside the tables, numbered from 0 in the order of the flows.

    From there they are published some thousands at a time, so that whoever waits sees how far it is;
    to select them again for each of those times would read everything as often.
    """
    n = len(valori)
    await unita.esegui("DROP TABLE IF EXISTS pg_temp.da_pubblicare")
    # The parameters of a query cannot stand in CREATE TABLE AS: first the columns, then the rows.
    await unita.esegui(
        "CREATE TEMP TABLE da_pubblicare (n bigint, record_id bigint, operazione text, titolare text, "
        "anno smallint, corpo text) ON COMMIT DROP"
    )
    tag = await unita.esegui(
        "INSERT INTO pg_temp.da_pubblicare SELECT row_number() OVER () - 1, record_id, operazione, "
        f"titolare, anno, coalesce(gruppo, '') || riga || ${n + 1}::text FROM ({selezione_sql}) q",
        *valori,
        tracciato.chiusura_gruppo() + tracciato.coda().decode(),
    )
    await unita.esegui("CREATE INDEX ON pg_temp.da_pubblicare (n)")
    return int(tag.split()[-1])


_PUBBLICA: Final = """
WITH pubblicati AS (
  INSERT INTO flusso_pdnd (ente_id, ts, id_flusso, flusso, tipo, record_id, operazione, corpo, byte,
    esportazione_id, comune_titolare)
  SELECT $1::int, $9::timestamptz + n::float8 * interval '1 millisecond', id_flusso, $2::text,
    $3::text, record_id, operazione, testo, octet_length(testo), $4::uuid, titolare
  FROM (
    SELECT q.*, $5::text || id_flusso || $6::text || corpo AS testo FROM (
      SELECT d.*, $7::text || to_char($8::int + n, 'FM0000000') AS id_flusso
      FROM pg_temp.da_pubblicare d WHERE n >= $10::bigint AND n < $11::bigint) q
  ) q
)
INSERT INTO comunicazione (flusso, prestazione_id, operazione, esportazione_id, comune_titolare, anno)
SELECT $2::text, record_id, operazione, $4::uuid, titolare, anno
FROM pg_temp.da_pubblicare WHERE n >= $10::bigint AND n < $11::bigint ORDER BY n
"""


async def _nessuno(fatto: int, totale: int | None, fase: str) -> None:
    """Nobody waits to hear how far it is."""


def primo_momento(ultimo: datetime | None, adesso: datetime, quante: int) -> datetime:
    """The moment of the first of so many flows: the last one is now, unless there is no room.

    Moments lie in the past as far as the ente's last flow allows, so that a large run does not
    reach into the future; a clock that went back changes nothing but the room.

    >>> giorno = datetime(2026, 3, 1, tzinfo=UTC)
    >>> primo_momento(None, giorno, 3).isoformat(timespec="milliseconds")
    '2026-02-28T23:59:59.998+00:00'
    >>> primo_momento(giorno, giorno, 3).isoformat(timespec="milliseconds")
    '2026-03-01T00:00:00.001+00:00'
    """
    tondo = adesso.replace(microsecond=adesso.microsecond // 1000 * 1000)
    primo = tondo - (quante - 1) * _MILLISECONDO
    return primo if ultimo is None else max(primo, ultimo + _MILLISECONDO)


async def _primo_numero(unita: UnitaDiLavoro, serie: str) -> int:
    """The first free number of the day."""
    usato: str | None = await unita.valore(
        "SELECT id_flusso FROM flusso_pdnd WHERE ambito_id = $1 AND id_flusso BETWEEN $2 AND $3 "
        "ORDER BY id_flusso DESC LIMIT 1",
        unita.ambito,
        f"{serie}{PRIMO_NUMERO:07d}",
        f"{serie}{ULTIMO_NUMERO:07d}",
    )
    return PRIMO_NUMERO if usato is None else int(usato.rsplit(".", 1)[1]) + 1


def _testata(tracciato: TracciatoXML, intestazione: IntestazioneFlusso) -> tuple[str, str]:
    """The head of a document, before and after the name of the flow."""
    con_segno = tracciato.testata(msgspec.structs.replace(intestazione, nome=_NOME)).decode()
    prima, dopo = con_segno.split(_NOME)
    return prima, dopo


# Being called.


async def eservice_di(unita: UnitaDiLavoro, codice: str) -> EService | None:
    """The e-service that answers to a code, whatever the ambito."""
    riga = await unita.riga("SELECT * FROM eservice_di($1)", codice)
    return None if riga is None else EService(*riga)


async def usa_voucher(unita: UnitaDiLavoro, impronta: str, scade: float) -> bool:
    """Remember a use of a voucher; false when it was made before.

    Two at the same moment: the second waits for the first one's transaction, and is refused unless
    that one came to nothing.
    """
    tag = await unita.esegui(
        "INSERT INTO voucher_usato (impronta, scade_il) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        impronta,
        EPOCA + timedelta(seconds=scade),
    )
    return tag == "INSERT 0 1"


async def pulisci_voucher() -> int:
    """Forget the vouchers that have ended, an hour later for clocks that differ."""
    unita = unita_corrente()
    tag = await unita.esegui(
        "DELETE FROM voucher_usato WHERE ambito_id = $1 AND scade_il < now() - interval '1 hour'",
        unita.ambito,
    )
    return int(tag.split()[-1])


def momento(millisecondi: int) -> datetime:
    """The moment of a cursor; those beyond every calendar are the end of ours.

    >>> momento(1696839476123).isoformat()
    '2023-10-09T08:17:56.123000+00:00'
    >>> momento(10**20).year
    9999
    """
    try:
        return min(EPOCA + timedelta(milliseconds=millisecondi), _ULTIMO_GIORNO)
    except OverflowError:
        return _ULTIMO_GIORNO


async def servi(unita: UnitaDiLavoro, eservice: EService, since: int, limite: int) -> list[Any]:
    """The flows after a moment, oldest first, and a row that says that they were taken.

    Args:
        since: Unix milliseconds; only later flows are given.
        limite: how many at most; fewer when they are large (:data:`BYTE_PER_RISPOSTA`).

    Returns:
        Rows for :func:`risposta`.
    """
    da = momento(since)
    righe = await unita.righe(
        "SELECT id_flusso, tipo, ts, corpo FROM ("
        "SELECT id_flusso, tipo, ts, corpo, byte, sum(byte) OVER (ORDER BY ts) - byte AS prima FROM ("
        "SELECT id_flusso, tipo, ts, corpo, byte FROM flusso_pdnd "
        "WHERE ambito_id = $1 AND ente_id = $2 AND ts > $3 ORDER BY ts LIMIT $4) q) q "
        "WHERE prima = 0 OR prima + byte <= $5 ORDER BY ts",
        unita.ambito,
        eservice.ente_id,
        da,
        limite,
        BYTE_PER_RISPOSTA,
    )
    # As with any reading, the commit does not wait for the disk; but where a voucher opens once, its
    # use must outlive a crash of the database (docs/perche/pdnd.md).
    attende = "on" if eservice.uso_voucher == "unico" else "off"
    await unita.esegui(
        "INSERT INTO prelievo (ente_id, da, fino, flussi) SELECT $1, $2, $3, $4 "
        f"WHERE set_config('synchronous_commit', '{attende}', true) <> ''",
        eservice.ente_id,
        da,
        righe[-1]["ts"] if righe else None,
        len(righe),
    )
    return righe


def risposta(codice: str, eservice: EService, righe: Iterable[Any]) -> bytes:
    """The JSON of the answer."""
    nome = eservice.denominazione[:256]
    return _SCRIVI.encode(
        Entries(
            [
                FlussoServito(codice, nome, id_flusso, tipo, istante(ts), corpo.encode())
                for id_flusso, tipo, ts, corpo in righe
            ]
        )
    )


_SCRIVI: Final = msgspec.json.Encoder()


def istante(ts: datetime) -> str:
    """A moment as INPS writes it: UTC, three digits of a second.

    >>> istante(datetime(2023, 11, 27, 11, 4, 56, 852000, tzinfo=UTC))
    '2023-11-27T11:04:56.852Z'
    """
    return ts.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Being answered.


async def ricevi_esiti(
    unita: UnitaDiLavoro, eservice: EService, codice: str, esiti: Sequence[EsitoFlusso]
) -> None:
    """Write down outcomes. Any order, any repetition, the same result: for each flow the answer
    with the latest `ts_acquisizione` stays (of two of one moment, the greater).

    An outcome of a flow that this ente never published is kept apart, as it came.
    """
    if not esiti:
        return
    # Two notifications about the same flows, in two orders, would wait for each other. And a hundred
    # flows of a million are looked up one by one: where the planner would rather read them all, it
    # has to be told its way (what it knows of the tables, `pubblica` saw to).
    await unita.esegui(
        "SELECT pg_advisory_xact_lock(7007, $1), set_config('enable_hashjoin', 'off', true), "
        "set_config('enable_mergejoin', 'off', true), set_config('enable_bitmapscan', 'off', true), "
        "set_config('enable_seqscan', 'off', true)",
        eservice.ente_id,
    )
    colonne: list[list[Any]] = [
        [_pulito(e.id_flusso) for e in esiti],
        [e.ts_acquisizione for e in esiti],
        [e.codice_esito for e in esiti],
        [_pulito(e.descrizione_esito or "")[:2000] for e in esiti],
        [_pulito(e.numero)[:200] for e in esiti],
        [e.tipo for e in esiti],
        [e.ts_flusso for e in esiti],
    ]
    arrivati = (
        "unnest($3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], "
        "$9::timestamptz[]) AS a(id_flusso, quando, codice, testo, numero, tipo, ts)"
    )
    di_chi = (unita.ambito, eservice.ente_id, *colonne)
    scritti = await unita.righe(
        f"""
        UPDATE flusso_pdnd f SET codice_esito = m.codice, descrizione_esito = nullif(m.testo, ''),
          id_acquisizione = nullif(m.numero, ''), ts_acquisizione = m.quando, esito_il = now()
        FROM (
          SELECT DISTINCT ON (id_flusso) id_flusso, quando, codice, testo, numero FROM {arrivati}
          ORDER BY id_flusso, quando DESC, codice COLLATE "C" DESC, testo COLLATE "C" DESC,
            numero COLLATE "C" DESC) m
        WHERE f.ambito_id = $1 AND f.ente_id + 0 = $2 AND f.id_flusso = m.id_flusso
          AND f.id_flusso = ANY($3::text[]) AND (f.ts_acquisizione IS NULL OR
            (m.quando, m.codice COLLATE "C", m.testo COLLATE "C", m.numero COLLATE "C") >
            (f.ts_acquisizione, f.codice_esito COLLATE "C",
             coalesce(f.descrizione_esito, '') COLLATE "C",
             coalesce(f.id_acquisizione, '') COLLATE "C"))
        RETURNING f.flusso, f.record_id, f.operazione, f.esportazione_id, m.codice, m.testo, m.quando
        """,
        *di_chi,
    )
    # One by one, and the run as a text, which no index has: so only the key is left to go by.
    await unita.esegui_per_ognuna(
        "UPDATE comunicazione SET esito = $6, esito_codice = $7, esito_testo = nullif($8, ''), "
        "esito_il = $9 WHERE ambito_id = $1 AND flusso = $2 AND prestazione_id = $3 "
        "AND operazione = $4 AND esportazione_id::text = $5",
        [
            (
                unita.ambito,
                riga["flusso"],
                riga["record_id"],
                riga["operazione"],
                str(riga["esportazione_id"]),
                "accolta" if riga["codice"] == "OK" else "scartata",
                riga["codice"],
                riga["testo"],
                riga["quando"],
            )
            for riga in scritti
        ],
    )
    orfani = await unita.esegui(
        f"""
        INSERT INTO esito_orfano (ente_id, id_flusso, tipo, ts_flusso, ts_acquisizione, codice_esito,
          descrizione_esito, id_acquisizione)
        SELECT $2, id_flusso, tipo, ts, quando, codice, nullif(testo, ''), nullif(numero, '')
        FROM {arrivati}
        WHERE NOT EXISTS (SELECT FROM flusso_pdnd f
          WHERE f.ambito_id = $1 AND f.ente_id + 0 = $2 AND f.id_flusso = a.id_flusso
            AND f.id_flusso = ANY($3::text[]))
        ON CONFLICT DO NOTHING
        """,
        *di_chi,
    )
    await aggiorna_stati(unita, sorted({riga["esportazione_id"] for riga in scritti}))
    await registra(
        "pdnd.esiti", "eservice", codice, ricevuti=len(esiti), orfani=int(orfani.split()[-1])
    )


def _pulito(testo: str) -> str:
    """PostgreSQL has no place for a NUL."""
    return testo.replace("\x00", "\ufffd")


async def aggiorna_stati(unita: UnitaDiLavoro, esportazioni: Sequence[UUID]) -> None:
    """Bring the runs to the state that their answers say, as `esiti.aggiorna_stato` does.

    That one counts; here a hundred answers of a million come at a time, and three looks into the
    index of the answers are enough.
    """
    attesa, accolta, scartata = (
        "EXISTS (SELECT FROM comunicazione c WHERE c.ambito_id = $1 "
        f"AND c.esportazione_id = e.id AND c.esito {condizione})"
        for condizione in ("IS NULL", "= 'accolta'", "= 'scartata'")
    )
    await unita.esegui(
        f"UPDATE esportazione e SET stato = CASE WHEN {accolta} AND {scartata} "
        f"THEN 'accolta_in_parte' WHEN {attesa} THEN 'inviata' WHEN {scartata} THEN 'scartata' "
        "ELSE 'accolta' END, esiti_il = clock_timestamp() "
        "WHERE e.ambito_id = $1 AND e.id = ANY($2::uuid[]) AND e.stato = ANY($3::text[])",
        unita.ambito,
        list(esportazioni),
        list(INVIATE),
    )


# What people see.


class StatoEService(msgspec.Struct, frozen=True, kw_only=True):
    """An e-service, for the page."""

    codice: str
    denominazione: str
    audience: str
    attivo: bool
    uso_voucher: str
    pubblicati_fino: datetime | None
    prelevati_fino: datetime | None
    chiamato_il: datetime | None


class FlussoPubblicato(msgspec.Struct, frozen=True, kw_only=True):
    """A published flow, for the page: never what it says of a person."""

    id_flusso: str
    codice: str
    operazione: str
    ts: datetime
    esportazione_id: UUID
    prelevato: bool
    codice_esito: str | None
    descrizione_esito: str | None
    id_acquisizione: str | None
    ts_acquisizione: datetime | None


class EsitoOrfano(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome of a flow that we do not know."""

    id_flusso: str
    codice: str
    codice_esito: str
    descrizione_esito: str | None
    ricevuto_il: datetime


async def eservices() -> list[StatoEService]:
    """The e-services of the ambito, by name of the ente."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT e.codice, n.denominazione, e.audience, e.attivo, e.uso_voucher, "
        "e.ultimo_ts AS pubblicati_fino, "
        "(SELECT max(p.fino) FROM prelievo p WHERE p.ambito_id = $1 AND p.ente_id = e.ente_id) "
        "AS prelevati_fino, "
        "(SELECT p.quando FROM prelievo p WHERE p.ambito_id = $1 AND p.ente_id = e.ente_id "
        "ORDER BY p.id DESC LIMIT 1) AS chiamato_il "
        "FROM eservice e JOIN ente n ON n.ambito_id = e.ambito_id AND n.id = e.ente_id "
        "WHERE e.ambito_id = $1 ORDER BY n.denominazione",
        unita.ambito,
    )
    return [StatoEService(**dict(riga)) for riga in righe]


async def ultimi_flussi(codice: str, quanti: int = 50, da: int = 0) -> list[FlussoPubblicato]:
    """The flows of an e-service, the latest first."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT f.id_flusso, e.codice, f.operazione, f.ts, f.esportazione_id, "
        "f.ts <= coalesce(p.fino, '-infinity') AS prelevato, f.codice_esito, f.descrizione_esito, "
        "f.id_acquisizione, f.ts_acquisizione FROM eservice e CROSS JOIN LATERAL ("
        "SELECT max(p.fino) AS fino FROM prelievo p "
        "WHERE p.ambito_id = e.ambito_id AND p.ente_id = e.ente_id) p "
        "JOIN flusso_pdnd f ON f.ambito_id = e.ambito_id AND f.ente_id = e.ente_id "
        "WHERE e.ambito_id = $1 AND e.codice = $2 ORDER BY f.ts DESC LIMIT $3 OFFSET $4",
        unita.ambito,
        codice,
        quanti,
        da,
    )
    return [FlussoPubblicato(**dict(riga)) for riga in righe]


async def esiti_orfani(quanti: int = 50) -> list[EsitoOrfano]:
    """Outcomes of unknown flows, the latest first."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT o.id_flusso, e.codice, o.codice_esito, o.descrizione_esito, o.ricevuto_il "
        "FROM esito_orfano o JOIN eservice e ON e.ambito_id = o.ambito_id AND e.ente_id = o.ente_id "
        "WHERE o.ambito_id = $1 ORDER BY o.ricevuto_il DESC, o.id_flusso LIMIT $2",
        unita.ambito,
        quanti,
    )
    return [EsitoOrfano(**dict(riga)) for riga in righe]
