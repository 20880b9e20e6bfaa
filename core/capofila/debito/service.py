"""Asking for a file of the debito informativo, following it, registering its sending."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.archivio import archivio
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.base.impostazioni import impostazioni
from capofila.base.lavori import riavvia, richiedi
from capofila.base.lavori import stato as stato_lavoro
from capofila.debito import pdnd, prospetti
from capofila.debito.adempiuti import Inviato as Inviato
from capofila.debito.adempiuti import inviati as inviati
from capofila.debito.gia_inviate import ammesse as gia_inviate_ammesse
from capofila.debito.gia_inviate import annulla as annulla_gia_inviate
from capofila.debito.gia_inviate import del_file as gia_inviate_del_file
from capofila.debito.gia_inviate import segna as segna_gia_inviate
from capofila.debito.pdnd import Avanza
from capofila.debito.prospetti import Dichiarato as Dichiarato
from capofila.debito.prospetti import dichiarato as dichiarato
from capofila.debito.prospetti import noti as prospetti_noti
from capofila.debito.prospetti import trasmette as trasmette
from capofila.debito.resa_sql import letterale
from capofila.debito.responsabili import in_carica
from capofila.debito.rules import Periodo, Taglio, periodi_dell_anno, periodo
from capofila.debito.selezione import Selezione, operazioni, tabella_di
from capofila.hooks import Flusso, IntestazioneFlusso, ProspettoSpesa, impronta

TIPO_LAVORO = "debito.esporta"
TIPO_PUBBLICA = "debito.pubblica"
CANALI = ("portale", "pec", "pdnd", "altro")
STATI: Final = {
    "in_preparazione": ("In preparazione", "corso"),
    "respinta": ("Respinta", "errore"),
    "sigillata": ("Sigillata", "buono"),
    "superata": ("Superata", "attenzione"),
    "in_pubblicazione": ("In pubblicazione", "corso"),
    "inviata": ("Inviata", "chiuso"),
    "accolta": ("Accolta", "buono"),
    "accolta_in_parte": ("Accolta in parte", "attenzione"),
    "scartata": ("Scartata", "errore"),
    "corretta": ("Corretta", "buono"),
}
"""What a run is called on a page, and how it looks; ``corretta`` follows from the communications."""

_CORRETTA_IN: Final = (
    "(e.stato IN ('accolta_in_parte', 'scartata') AND NOT EXISTS (SELECT 1 FROM comunicazione c "
    "JOIN {tabella} p ON p.ambito_id = c.ambito_id AND p.id = c.prestazione_id "
    "WHERE c.ambito_id = e.ambito_id AND c.esportazione_id = e.id AND (c.esito IS NULL OR "
    "(c.esito = 'scartata' AND (c.operazione = 'C' OR p.sostituita_lotto IS NULL) "
    "AND NOT EXISTS (SELECT 1 FROM comunicazione d WHERE d.ambito_id = c.ambito_id "
    "AND d.flusso = c.flusso AND d.prestazione_id = c.prestazione_id "
    "AND d.operazione = c.operazione AND d.id > c.id AND d.esito IS DISTINCT FROM 'scartata')))))"
)


async def _corretta() -> str:
    """SQL that all that was refused of the run `e` was put right and said again."""
    tavole = (
        "(e.stato = 'scartata' AND EXISTS (SELECT 1 FROM esportazione d "
        "WHERE d.ambito_id = e.ambito_id AND d.flusso = e.flusso AND d.periodo = e.periodo "
        "AND d.stato = 'accolta' AND d.richiesta_il > e.richiesta_il))"
    )
    minori = [
        letterale(flusso.id)
        for flusso in (await plugin_attivi()).flussi()
        if tabella_di(flusso) == "scheda_sinba"
    ]
    prestazioni = _CORRETTA_IN.format(tabella="prestazione")
    if minori:
        schede = _CORRETTA_IN.format(tabella="scheda_sinba")
        di_minori = f"e.flusso IN ({', '.join(minori)})"
        prestazioni = f"CASE WHEN {di_minori} THEN {schede} ELSE {prestazioni} END"
    return f"(CASE WHEN e.prospetto THEN {tavole} ELSE {prestazioni} END)"


class Superata(Conflitto):
    """What a sealed file says is no longer what the receiver needs."""


class Esportazione(msgspec.Struct, kw_only=True):
    """A file of the debito informativo. Its JSON is a shape that scripts rely on.

    Attributes:
        stato: ``in_preparazione``, ``sigillata``, ``respinta``, ``superata`` (something was sent
            after it was sealed), ``in_pubblicazione`` (a job is publishing it by the PDND),
            ``inviata``, ``accolta``, ``accolta_in_parte`` or ``scartata``.
        modo: ``variazioni`` (what the receiver does not know yet) or ``completa``.
        uri: ``s3://bucket/oggetto`` of the sealed file; of the list of the digests when the run was
            cut into several files.
        parti: how many files the run was cut into; 0 is one whole file.
        pubblicazione: the job that publishes it by the PDND, the last that was asked for.
        corretta: all that the receiver refused was put right and said again.
        prospetto: it is a file of tables, which has no records.
        esito_testo: what the receiver said of it; of records each has its own.
        avvisi: reasons and remarks: ``codice``, ``messaggio``, ``righe``.
    """

    id: str
    ambito: str
    flusso: str
    periodo: str
    stato: str
    righe: int | None
    byte: int | None
    sha256: str | None
    uri: str | None
    avvisi: list[dict[str, Any]]
    nome_flusso: str = ""
    ente: str = ""
    versione_oggetto: str | None = None
    lavoro: str | None = None
    pubblicazione: str | None = None
    modo: str = "completa"
    inserimenti: int | None = None
    cancellazioni: int | None = None
    richiesta_il: datetime | None = None
    sigillata_il: datetime | None = None
    corretta: bool = False
    parti: int = 0
    massimo_byte: int | None = None
    massimo_beneficiari: int | None = None
    prospetto: bool = False
    esito_testo: str | None = None

    @property
    def stato_visto(self) -> str:
        """The state as :data:`STATI` tells it: what was refused may have been put right since."""
        return "corretta" if self.corretta else self.stato


class Filtro(msgspec.Struct, frozen=True):
    """Which runs a list shows; ``ente`` is the Belfiore code of the sender."""

    flusso: str | None = None
    stato: str | None = None
    ente: str | None = None


class Ente(msgspec.Struct, frozen=True):
    """The ente that sends a file."""

    id: int
    denominazione: str
    codice: str | None
    sede: str | None
    cf_operatore: str | None
    invio_proprio: bool
    operatore_dimostrativo: bool


async def chiedi_esportazione(
    flusso: Dichiarato,
    periodo_: Periodo,
    *,
    ente: str | None = None,
    escludi_errate: bool = False,
    ricevuto: int | None = None,
    nuova: bool = False,
    completa: bool = False,
    taglio: Taglio | None = None,
    giorno: date | None = None,
) -> Esportazione:
    """Ask for a file; a job of the worker will write it.

    When the same file was sealed already and no data came in since, that one is given back.

    Args:
        flusso: an active flow of this ambito, or tables that it owes; these have no records, so no
            choice about records can be made.
        periodo_: what the file is about.
        ente: Belfiore code or name of the ente that sends; when not given the ambito's *mittente*,
            which sends for all enti but those that send by themselves.
        escludi_errate: leave out records that no longer pass the checks, instead of refusing.
        ricevuto: a received flow to give back as it was, by its lotto.
        nuova: make another file even when nothing has changed.
        completa: all the records in force, also those that the receiver has already. A flow that
            cannot take records back is always sent whole.
        taglio: the size of the files, remembered for the next time; that of the last time when not
            given. A received flow is never cut.
        giorno: day in the name of the flow; today when not given.

    Raises:
        NonTrovato: no such ente.
        DatiNonValidi: the ente cannot send (no code, no operator), or tables are asked for as if
            they had records.
    """
    unita = unita_corrente()
    di_tavole = isinstance(flusso, ProspettoSpesa)
    if di_tavole:
        prospetti.controlla_richiesta(
            periodo_,
            escludi_errate=escludi_errate,
            ricevuto=ricevuto,
            divide=taglio is not None and taglio.divide,
        )
    if isinstance(flusso, Flusso) and ricevuto is not None:
        ente = await _ente_ricevuto(unita, flusso, ricevuto)
    mittente = await _mittente(unita, ente)
    if not mittente.codice:
        raise DatiNonValidi(
            f"«{mittente.denominazione}» non ha un codice Belfiore, che il flusso richiede: scegli "
            "come mittente un comune dell'ambito."
        )
    if (
        not di_tavole
        and ricevuto is None
        and not (mittente.cf_operatore or await ultima_intestazione(unita, mittente.codice))
    ):
        raise DatiNonValidi(
            f"Manca il codice fiscale dell'operatore che trasmette per «{mittente.denominazione}»: "
            "indicalo nella cartella dell'ambito (enti, trasmissione, cf_operatore) e applicala di nuovo."
        )
    modo, scelto = "completa", Taglio()
    if isinstance(flusso, ProspettoSpesa):
        impronta_dati = await prospetti.impronta_dati(flusso, mittente.codice, periodo_)
    else:
        if not (completa or ricevuto or flusso.operazione is None):
            modo = "variazioni"
        if taglio is not None:
            await _ricorda_taglio(unita, flusso.id, taglio)
        if ricevuto is None:
            scelto = taglio or await taglio_scelto(flusso.id)
        impronta_dati = await _impronta_dati(
            unita, flusso, mittente, ricevuto, escludi_errate, modo, scelto
        )
    await unita.esegui("SELECT pg_advisory_xact_lock(7001, $1::int)", unita.ambito)
    if not nuova and (
        gia := await unita.valore(
            "SELECT id FROM esportazione WHERE ambito_id = $1 AND flusso = $2 AND periodo = $3 "
            "AND ente_id = $4 AND impronta_dati = $5 AND stato NOT IN ('respinta', 'superata') "
            "ORDER BY richiesta_il DESC LIMIT 1",
            unita.ambito,
            flusso.id,
            periodo_.nome,
            mittente.id,
            impronta_dati,
        )
    ):
        trovata = await esportazione(gia)
        await _rimetti_in_coda(trovata)
        return trovata
    quando = giorno or datetime.now(UTC).date()
    ultimo = await ultimo_progressivo(unita, flusso.serie(mittente.codice, quando))
    id_: UUID = await unita.valore(
        "INSERT INTO esportazione (flusso, periodo, dal, al, ente_id, lotto_ricevuto_id, "
        "escludi_errate, nome_flusso, impronta_dati, modo, massimo_byte, massimo_beneficiari, "
        "prospetto) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id",
        flusso.id,
        periodo_.nome,
        periodo_.dal,
        periodo_.al,
        mittente.id,
        ricevuto,
        escludi_errate,
        flusso.nome(mittente.codice, quando, ultimo + 1),
        impronta_dati,
        modo,
        scelto.massimo_byte,
        scelto.massimo_beneficiari,
        di_tavole,
    )
    lavoro = await richiedi(TIPO_LAVORO, {"esportazione": str(id_)}, chiave=str(id_))
    await unita.esegui(
        "UPDATE esportazione SET lavoro_id = $3 WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        id_,
        lavoro,
    )
    await registra(
        "debito.esporta", "esportazione", str(id_), flusso=flusso.id, periodo=periodo_.nome
    )
    return await esportazione(id_)


async def ultimo_progressivo(unita: UnitaDiLavoro, serie: str) -> int:
    """The highest number that a file of this series has; asked under the lock of the names."""
    ultimo: int = await unita.valore(
        "SELECT coalesce(max(substr(nome_flusso, length($2) + 1)::int), 0) FROM ("
        "SELECT nome_flusso FROM esportazione WHERE ambito_id = $1 AND starts_with(nome_flusso, $2) "
        "UNION ALL SELECT nome_flusso FROM parte WHERE ambito_id = $1 "
        "AND starts_with(nome_flusso, $2)) t WHERE substr(nome_flusso, length($2) + 1) ~ '^[0-9]+$'",
        unita.ambito,
        serie,
    )
    return ultimo


async def taglio_scelto(flusso: str) -> Taglio:
    """The size at which the files of a flow are cut, as it was last chosen here."""
    unita = unita_corrente()
    riga = await unita.riga(
        "SELECT massimo_byte, massimo_beneficiari FROM taglio WHERE ambito_id = $1 AND flusso = $2",
        unita.ambito,
        flusso,
    )
    return Taglio() if riga is None else Taglio(**dict(riga))


async def _ricorda_taglio(unita: UnitaDiLavoro, flusso: str, taglio: Taglio) -> None:
    await unita.esegui(
        "INSERT INTO taglio (flusso, massimo_byte, massimo_beneficiari) VALUES ($1, $2, $3) "
        "ON CONFLICT (ambito_id, flusso) DO UPDATE SET massimo_byte = excluded.massimo_byte, "
        "massimo_beneficiari = excluded.massimo_beneficiari",
        flusso,
        taglio.massimo_byte,
        taglio.massimo_beneficiari,
    )


async def _rimetti_in_coda(trovata: Esportazione) -> None:
    """Ask again for a file whose job had given up: the request is a new try."""
    if trovata.stato != "in_preparazione" or trovata.lavoro is None:
        return
    lavoro = UUID(trovata.lavoro)
    if (await stato_lavoro(lavoro)).stato == "fallito":
        await riavvia(lavoro)
        await registra("lavori.riavvia", "lavoro", str(lavoro))


async def esportazione(id_: UUID) -> Esportazione:
    """One file.

    Raises:
        NonTrovato: no such file in this ambito.
    """
    trovate = await _esportazioni("AND e.id = $2", id_)
    if not trovate:
        raise NonTrovato("Questa esportazione non c'è: torna all'elenco del debito informativo.")
    return trovate[0]


async def esportazioni(
    quante: int = 50, da: int = 0, filtro: Filtro | None = None
) -> list[Esportazione]:
    """The files of the ambito, the latest first."""
    scelto = filtro or Filtro()
    condizioni, valori = "", [quante, da]
    for colonna, valore in (("e.flusso", scelto.flusso), ("n.codice", scelto.ente)):
        if valore is not None:
            valori.append(valore)  # type: ignore[arg-type]
            condizioni += f" AND {colonna} = ${len(valori) + 1}"
    if scelto.stato == "corretta":
        condizioni += f" AND {await _corretta()}"
    elif scelto.stato is not None:
        valori.append(scelto.stato)  # type: ignore[arg-type]
        condizioni += f" AND e.stato = ${len(valori) + 1}"
    return await _esportazioni(
        f"{condizioni} ORDER BY e.richiesta_il DESC, e.id LIMIT $2 OFFSET $3", *valori
    )


async def _esportazioni(coda: str, *valori: object) -> list[Esportazione]:
    unita = unita_corrente()
    righe = await unita.righe(
        f"SELECT e.*, {await _corretta()} AS corretta, (SELECT count(*) FROM parte x WHERE "
        "x.ambito_id = e.ambito_id AND x.esportazione_id = e.id AND x.sha256 IS NOT NULL) AS parti, "
        "a.slug, n.denominazione AS ente FROM esportazione e "
        "JOIN ambito a ON a.id = e.ambito_id "
        "JOIN ente n ON n.ambito_id = e.ambito_id AND n.id = e.ente_id "
        f"WHERE e.ambito_id = $1 {coda}",
        unita.ambito,
        *valori,
    )
    return [
        Esportazione(
            id=str(riga["id"]),
            ambito=riga["slug"],
            flusso=riga["flusso"],
            periodo=riga["periodo"],
            stato=riga["stato"],
            righe=riga["righe"],
            byte=riga["byte"],
            sha256=riga["sha256"],
            uri=f"s3://{riga['bucket']}/{riga['oggetto']}" if riga["sha256"] else None,
            avvisi=msgspec.json.decode(riga["avvisi"]),
            nome_flusso=riga["nome_flusso"],
            ente=riga["ente"],
            versione_oggetto=riga["versione_oggetto"],
            lavoro=None if riga["lavoro_id"] is None else str(riga["lavoro_id"]),
            pubblicazione=None
            if riga["pubblicazione_id"] is None
            else str(riga["pubblicazione_id"]),
            **{nome: riga[nome] for nome in _COME_SONO},
        )
        for riga in righe
    ]


_COME_SONO: Final = (
    "modo", "inserimenti", "cancellazioni", "richiesta_il", "sigillata_il", "corretta", "parti",
    "massimo_byte", "massimo_beneficiari", "prospetto", "esito_testo",
)  # fmt: skip


async def manifesto_di(id_: UUID, numero: int | None = None) -> dict[str, Any]:
    """The manifest of a sealed file, or of one of those that it was cut into.

    Raises:
        NonTrovato: no such file here, or not sealed yet.
    """
    unita = unita_corrente()
    if numero is None:
        testo = await unita.valore(
            "SELECT manifesto FROM esportazione WHERE ambito_id = $1 AND id = $2", unita.ambito, id_
        )
    else:
        testo = await unita.valore(
            "SELECT manifesto FROM parte WHERE ambito_id = $1 AND esportazione_id = $2 "
            "AND numero = $3::bigint",
            unita.ambito,
            id_,
            min(numero, 2**31),
        )
    if testo is None:
        raise NonTrovato("Il manifesto non c'è ancora: il file non è stato sigillato.")
    contenuto: dict[str, Any] = msgspec.json.decode(testo)
    return contenuto


class Oggetto(msgspec.Struct, frozen=True):
    """Where a sealed file stands, for whoever downloads it."""

    bucket: str
    oggetto: str
    versione: str | None
    nome_file: str
    byte: int


class Parte(msgspec.Struct, frozen=True, kw_only=True):
    """One of the files that a run was cut into."""

    numero: int
    nome_flusso: str
    righe: int
    beneficiari: int
    byte: int
    sha256: str
    oggetto: Oggetto


async def parti(id_: UUID) -> list[Parte]:
    """The files that a run was cut into; none when it is one file."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT numero, nome_flusso, righe, beneficiari, byte, sha256, bucket, oggetto, "
        "versione_oggetto FROM parte WHERE ambito_id = $1 AND esportazione_id = $2 "
        "AND sha256 IS NOT NULL ORDER BY numero",
        unita.ambito,
        id_,
    )
    return [
        Parte(
            **{
                n: r[n] for n in ("numero", "nome_flusso", "righe", "beneficiari", "byte", "sha256")
            },
            oggetto=_oggetto(r),
        )
        for r in righe
    ]


def _oggetto(riga: Any) -> Oggetto:
    return Oggetto(
        riga["bucket"],
        riga["oggetto"],
        riga["versione_oggetto"],
        f"{riga['nome_flusso']}.{riga['oggetto'].rsplit('.', 1)[-1]}",
        riga["byte"],
    )


async def sigillati(id_: UUID) -> list[tuple[str, str, str | None]]:
    """Bucket, name and version of every object that a sending locks."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT bucket, oggetto, versione_oggetto FROM (SELECT 0 AS numero, bucket, oggetto, "
        "versione_oggetto, sha256 FROM esportazione WHERE ambito_id = $1 AND id = $2 "
        "UNION ALL SELECT numero, bucket, oggetto, versione_oggetto, sha256 FROM parte "
        "WHERE ambito_id = $1 AND esportazione_id = $2) t WHERE sha256 IS NOT NULL ORDER BY numero",
        unita.ambito,
        id_,
    )
    return [(r["bucket"], r["oggetto"], r["versione_oggetto"]) for r in righe]


async def per_scaricare(id_: UUID, numero: int | None = None) -> Oggetto:
    """The place of a sealed file; the download is written in the audit.

    Args:
        id_: the run.
        numero: which of its files, when it was cut.

    Raises:
        NonTrovato: no such file here, or not sealed yet.
    """
    unita = unita_corrente()
    if numero is None:
        riga = await unita.riga(
            "SELECT bucket, oggetto, versione_oggetto, nome_flusso, byte FROM esportazione "
            "WHERE ambito_id = $1 AND id = $2 AND sha256 IS NOT NULL",
            unita.ambito,
            id_,
        )
    else:
        riga = await unita.riga(
            "SELECT bucket, oggetto, versione_oggetto, nome_flusso, byte FROM parte "
            "WHERE ambito_id = $1 AND esportazione_id = $2 AND numero = $3::bigint "
            "AND sha256 IS NOT NULL",
            unita.ambito,
            id_,
            min(numero, 2**31),
        )
    if riga is None:
        raise NonTrovato("Il file non c'è ancora: aspetta che sia sigillato.")
    await registra("debito.scarica", "esportazione", str(id_), parte=numero)
    return _oggetto(riga)


async def registra_invio(
    id_: UUID, canale: str, protocollo: str | None, *, avanza: Avanza | None = None
) -> datetime:
    """Write down that a sealed file was sent, and what it said; its object will be locked.

    Args:
        id_: the run.
        canale: of :data:`CANALI`; by the PDND each record becomes a flow.
        protocollo: what the receiver gave back.
        avanza: told how far the publishing by the PDND is.

    Returns:
        Until when the object must stay locked: the caller locks it in the store.

    Raises:
        Conflitto: it is not sealed, it was sent already, what it says has changed since, or another
            sending is being written at this moment.
        DatiNonValidi: an unknown channel; by the PDND, the ente has no active e-service or the flow
            cannot go that way.
    """
    unita = unita_corrente()
    await _soli(unita, "5s" if avanza is None else "9min")
    riga = await _da_inviare(unita, id_, ("sigillata", "in_pubblicazione"))
    if canale not in CANALI:
        raise DatiNonValidi("Scegli il canale: portale, PEC, PDND o altro.")
    if riga["stato"] == "in_pubblicazione" and canale != "pdnd":
        raise Conflitto("Questo file si sta già pubblicando sulla PDND.")
    await _scrivi_comunicazioni(unita, riga, avanza, via_pdnd=canale == "pdnd")
    responsabile = await in_carica(riga["flusso"])
    fino = datetime.now(UTC) + timedelta(days=365 * impostazioni().conservazione_anni)
    await unita.esegui(
        "INSERT INTO invio (esportazione_id, canale, protocollo, bloccata_fino, responsabile_id) "
        "VALUES ($1, $2, $3, $4, $5)",
        id_,
        canale,
        (protocollo or "").strip()[:120] or None,
        fino,
        None if responsabile is None else responsabile.id,
    )
    await unita.esegui(
        "UPDATE esportazione SET stato = 'inviata' WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        id_,
    )
    if riga["prospetto"]:
        await prospetti.dopo_invio(riga)
    await registra("debito.invia", "esportazione", str(id_), canale=canale)
    return fino


async def _soli(unita: UnitaDiLavoro, attesa: str) -> None:
    """One sending at a time writes what was said; a page does not wait for a long one, a job does.

    Raises:
        Conflitto: another one is at it.
    """
    try:
        async with unita.punto_di_ritorno():
            await unita.esegui("SELECT set_config('lock_timeout', $1, true)", attesa)
            await unita.esegui("SELECT pg_advisory_xact_lock(7002, $1::int)", unita.ambito)
            await unita.esegui("SET LOCAL lock_timeout = DEFAULT")
    except asyncpg.LockNotAvailableError:
        raise Conflitto("Si sta registrando un altro invio: attendi che finisca.") from None


async def _da_inviare(unita: UnitaDiLavoro, id_: UUID, stati: tuple[str, ...]) -> Any:
    riga = await unita.riga(
        "SELECT *, lotti::text AS lotti FROM esportazione WHERE ambito_id = $1 AND id = $2 FOR UPDATE",
        unita.ambito,
        id_,
    )
    if riga is None:
        raise NonTrovato("Questa esportazione non c'è: torna all'elenco del debito informativo.")
    if riga["stato"] not in stati:
        raise Conflitto("Si registra l'invio di un file sigillato e non ancora inviato.")
    return riga


async def chiedi_pubblicazione(id_: UUID, protocollo: str | None = None) -> Esportazione:
    """Ask that a sealed run be published by the PDND; a job of the worker will do it.

    Until the job ends the run is ``in_pubblicazione`` and the receiver sees nothing of it; then it is
    ``inviata``, or ``superata`` when something else was sent first. A refusal gives it back sealed.

    Raises:
        NonTrovato, Conflitto, DatiNonValidi: as :func:`registra_invio`.
    """
    unita = unita_corrente()
    riga = await _da_inviare(unita, id_, ("sigillata",))
    if riga["prospetto"]:
        raise DatiNonValidi(_NON_PER_PDND)
    flusso = (await plugin_attivi()).flusso(riga["flusso"])
    if flusso.operazione is None:
        raise DatiNonValidi(_NON_PER_PDND)
    await _mittente_pdnd(unita, riga["ente_id"])
    await pdnd.eservice_attivo(unita, riga["ente_id"])
    lavoro = await richiedi(
        TIPO_PUBBLICA,
        {"esportazione": str(id_), "protocollo": (protocollo or "").strip()[:120]},
        chiave=str(id_),
        totale=riga["righe"],
    )
    await unita.esegui(
        "UPDATE esportazione SET stato = 'in_pubblicazione', pubblicazione_id = $3 "
        "WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        id_,
        lavoro,
    )
    await registra("debito.pubblica", "esportazione", str(id_))
    return await esportazione(id_)


async def rinuncia_alla_pubblicazione(id_: UUID) -> None:
    """Give a run that was not published back as sealed, to be sent later or another way."""
    unita = unita_corrente()
    await unita.esegui(
        "UPDATE esportazione SET stato = 'sigillata' "
        "WHERE ambito_id = $1 AND id = $2 AND stato = 'in_pubblicazione'",
        unita.ambito,
        id_,
    )
    await registra("debito.pubblica", "esportazione", str(id_), riuscita=False)


async def segna_superata(id_: UUID) -> None:
    """Write down that a sealed file must not be sent any more: what it says was overtaken."""
    unita = unita_corrente()
    await unita.esegui(
        "UPDATE esportazione SET stato = 'superata' "
        "WHERE ambito_id = $1 AND id = $2 AND stato IN ('sigillata', 'in_pubblicazione')",
        unita.ambito,
        id_,
    )
    await registra("debito.supera", "esportazione", str(id_))


async def invia(
    id_: UUID, canale: str, protocollo: str | None, *, avanza: Avanza | None = None
) -> Superata | None:
    """Write down that a file was sent, and lock all its objects.

    By the PDND this publishes every record: whoever answers a page asks for it with
    :func:`chiedi_pubblicazione`.

    Returns:
        Why it cannot be sent any more, when it was overtaken: the caller commits that state.

    Raises:
        Conflitto, DatiNonValidi: as :func:`registra_invio`.
        NonTrovato: the store does not have the sealed version.
    """
    unita = unita_corrente()
    oggetti = await sigillati(id_)
    if any(versione is None for _, _, versione in oggetti):
        raise NonTrovato("L'archivio non ha la versione di questo file: esportalo di nuovo.")
    try:
        async with unita.punto_di_ritorno():
            fino = await registra_invio(id_, canale, protocollo, avanza=avanza)
    except Superata as errore:
        await segna_superata(id_)
        return errore
    for bucket, oggetto, versione in oggetti:
        await archivio().blocca(bucket, oggetto, str(versione), fino)
    return None


_NON_PER_PDND: Final = "Questo flusso non passa dalla PDND: invialo con un file."


async def _scrivi_comunicazioni(
    unita: UnitaDiLavoro, riga: Any, avanza: Avanza | None = None, *, via_pdnd: bool
) -> None:
    """What the file says, record by record, selected again as it was when the file was sealed.

    By the PDND each record becomes a flow that the receiver takes by itself.
    """
    if riga["prospetto"]:
        if via_pdnd:
            raise DatiNonValidi(_NON_PER_PDND)
        if perche := await prospetti.superato(unita, riga):
            raise Superata(perche)
        return
    flusso = (await plugin_attivi()).flusso(riga["flusso"])
    if flusso.operazione is None:
        if via_pdnd:
            raise DatiNonValidi(_NON_PER_PDND)
        return
    selezione = await Selezione.apri(unita, flusso, riga, 0, sigillata=True)
    selezione.solo_membri = riga["escludi_errate"]
    dette = await operazioni(unita, selezione)
    attese = {
        flusso.operazione.cancellazione: riga["cancellazioni"],
        flusso.operazione.inserimento: riga["inserimenti"],
    }
    if sum(dette.values()) != sum(attese.values()) or (
        selezione.variazioni and any(dette.get(o, 0) != n for o, n in attese.items())
    ):
        raise Superata(
            "Dopo che questo file è stato preparato è cambiato quello che il destinatario sa già: "
            "prepara il file di nuovo e invia quello."
        )
    dove, valori = selezione.dove()
    if flusso.operazione.campo is None and await _dette_piu_nuove(unita, flusso, dove, valori):
        raise Superata(
            "Dopo che questo file è stato preparato sono state inviate versioni più nuove delle sue "
            "schede: prepara il file di nuovo e invia quello."
        )
    if via_pdnd:
        await _pubblica(unita, riga, flusso, selezione, avanza)
        return
    da = len(valori)
    await unita.esegui(
        "INSERT INTO comunicazione (flusso, esportazione_id, prestazione_id, operazione, "
        f"comune_titolare, anno) SELECT ${da + 1}, ${da + 2}::uuid, p.id, {selezione.operazione}, "
        f"p.comune_titolare, p.anno FROM {selezione.tabella} p WHERE {dove} ORDER BY p.id",
        *valori,
        flusso.id,
        riga["id"],
    )


async def _mittente_pdnd(unita: UnitaDiLavoro, ente_id: int) -> Any:
    """The ente that sends, as the head of a flow needs it."""
    ente = await unita.riga(
        "SELECT codice, denominazione, sede, cf_operatore FROM ente WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        ente_id,
    )
    if ente is None or not ente["codice"] or not ente["cf_operatore"]:
        raise DatiNonValidi(
            "Per la PDND l'ente che trasmette deve avere codice Belfiore e operatore: indicali nella "
            "cartella dell'ambito e applicala di nuovo."
        )
    return ente


async def _pubblica(
    unita: UnitaDiLavoro,
    riga: Any,
    flusso: Flusso,
    selezione: Selezione,
    avanza: Avanza | None,
) -> None:
    ente = await _mittente_pdnd(unita, riga["ente_id"])
    dove, valori = selezione.dove()
    gruppo, record = selezione.testi()
    await pdnd.pubblica(
        unita,
        ente=riga["ente_id"],
        esportazione=riga["id"],
        flusso=flusso,
        intestazione=IntestazioneFlusso(
            nome=riga["nome_flusso"],
            ente_codice=ente["codice"],
            ente_denominazione=ente["denominazione"][:100],
            ente_indirizzo=ente["sede"] or ente["codice"],
            cf_operatore=ente["cf_operatore"],
        ),
        selezione_sql=f"SELECT p.id AS record_id, {selezione.operazione} AS operazione, "
        f"{gruppo} AS gruppo, {record} AS riga, p.comune_titolare AS titolare, p.anno AS anno "
        f"FROM {selezione.tabella} p WHERE {dove} ORDER BY {selezione.ordine()}",
        valori=valori,
        avanza=avanza,
    )


async def _dette_piu_nuove(
    unita: UnitaDiLavoro, flusso: Flusso, dove: str, valori: list[object]
) -> bool:
    """Whether the receiver was told a later version of a record that is about to be sent.

    Where a record takes the place of the earlier one of the same person, the order of the sendings
    is what the receiver ends up with.
    """
    trovata: bool = await unita.valore(
        f"SELECT EXISTS (SELECT 1 FROM scheda_sinba p JOIN scheda_sinba n "
        "ON n.ambito_id = p.ambito_id AND n.anno = p.anno AND n.id_beneficiario = p.id_beneficiario "
        "AND n.ente_erogatore_id = p.ente_erogatore_id AND n.id > p.id JOIN comunicazione c "
        f"ON c.ambito_id = n.ambito_id AND c.flusso = ${len(valori) + 1} "
        "AND c.prestazione_id = n.id AND c.esito IS DISTINCT FROM 'scartata' "
        f"WHERE {dove})",
        *valori,
        flusso.id,
    )
    return trovata


async def invii(id_: UUID) -> list[dict[str, Any]]:
    """The sendings of a file, with who answered for it and who wrote it down."""
    unita = unita_corrente()
    return [
        dict(riga)
        for riga in await unita.righe(
            "SELECT i.inviata_il, i.canale, i.protocollo, i.bloccata_fino, r.nome AS responsabile, "
            "r.qualifica, u.nome AS registrata_da FROM invio i "
            "LEFT JOIN responsabile_invio r ON r.ambito_id = i.ambito_id AND r.id = i.responsabile_id "
            "LEFT JOIN utente u ON u.id = i.inviata_da "
            "WHERE i.ambito_id = $1 AND i.esportazione_id = $2 ORDER BY i.inviata_il",
            unita.ambito,
            id_,
        )
    ]


class Puntualita(msgspec.Struct, frozen=True, kw_only=True):
    """How a period of a flow was sent: files sent, of them accepted (also in part), the last day of
    the period and the day of its first sending."""

    flusso: str
    periodo: str
    inviati: int
    accolti: int
    fine: date
    primo: date


async def puntualita(anno: int) -> list[Puntualita]:
    """How soon the flows of the periods that end in a year were sent, by flow and period."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT e.flusso, e.periodo, count(DISTINCT e.id)::int AS inviati, count(DISTINCT e.id) "
        "FILTER (WHERE e.stato IN ('accolta', 'accolta_in_parte'))::int AS accolti, e.al AS fine, "
        "min((i.inviata_il AT TIME ZONE 'Europe/Rome')::date) AS primo FROM esportazione e "
        "JOIN invio i ON i.ambito_id = e.ambito_id AND i.esportazione_id = e.id "
        "WHERE e.ambito_id = $1 AND e.al BETWEEN $2 AND $3 GROUP BY e.flusso, e.periodo, e.al "
        "ORDER BY e.flusso, e.al, e.periodo",
        unita.ambito, date(anno, 1, 1), date(anno, 12, 31),
    )  # fmt: skip
    return [Puntualita(**dict(riga)) for riga in righe]


async def _mittente(unita: UnitaDiLavoro, ente: str | None) -> Ente:
    colonne = "id, denominazione, codice, sede, cf_operatore, invio_proprio, operatore_dimostrativo"
    if ente is None:
        riga = await unita.riga(
            f"SELECT {colonne} FROM ente WHERE ambito_id = $1 AND mittente", unita.ambito
        )
        if riga is None:
            raise NonTrovato("L'ambito non ha un ente che trasmette: indicalo in ambito.yaml.")
    else:
        riga = await unita.riga(
            f"SELECT {colonne} FROM ente WHERE ambito_id = $1 "
            "AND (codice = upper($2) OR lower(denominazione) = lower($2))",
            unita.ambito,
            ente.strip(),
        )
        if riga is None:
            raise NonTrovato(
                f"«{ente[:80]}» non è tra gli enti dell'ambito: usa il codice Belfiore o il nome "
                "come nella pagina Territorio."
            )
    return Ente(**dict(riga))


async def _ente_ricevuto(unita: UnitaDiLavoro, flusso: Flusso, lotto: int) -> str:
    """The code of the ente that a received flow came from.

    Raises:
        NonTrovato: no such received flow here.
        DatiNonValidi: it is of another flow.
    """
    riga = await unita.riga(
        "SELECT flusso, intestazione ->> 'ente_codice' AS codice FROM lotto "
        "WHERE ambito_id = $1 AND id = $2::bigint AND stato = 'importato' "
        "AND intestazione IS NOT NULL",
        unita.ambito,
        lotto,
    )
    if riga is None:
        raise NonTrovato(
            "Nessun flusso ricevuto ha questo numero: lo trovi nella pagina Importazioni."
        )
    if riga["flusso"] != flusso.id:
        raise DatiNonValidi(
            f"Quel file è un flusso «{riga['flusso']}»: scegli quello invece di «{flusso.id}»."
        )
    codice: str = riga["codice"]
    return codice


async def ultima_intestazione(unita: UnitaDiLavoro, codice: str) -> str | None:
    """The head (JSON) of the last flow received from an ente that is kept as received."""
    testo: str | None = await unita.valore(
        "SELECT intestazione FROM lotto WHERE ambito_id = $1 AND stato = 'importato' "
        "AND come_ricevuto AND intestazione ->> 'ente_codice' = $2 ORDER BY id DESC LIMIT 1",
        unita.ambito,
        codice,
    )
    return testo


async def _impronta_dati(
    unita: UnitaDiLavoro,
    flusso: Flusso,
    ente: Ente,
    ricevuto: int | None,
    escludi: bool,
    modo: str,
    taglio: Taglio,
) -> str:
    """A digest of all that decides the content.

    Records are only added, a lotto at a time; which of them go into the file depends on the enti
    that send by themselves and on the comuni that are members.
    """
    territorio = await unita.valore(
        "SELECT md5(coalesce((SELECT string_agg(concat_ws(',', id, invio_proprio, come_ricevuto, "
        "mittente, codice), ';' ORDER BY id) FROM ente WHERE ambito_id = $1), '') || '|' || "
        "coalesce((SELECT string_agg(concat_ws(',', istat, coalesce(dal::text, '-'), "
        "coalesce(al::text, '-')), ';' ORDER BY istat, dal, al) FROM appartenenza "
        "WHERE ambito_id = $1), ''))",
        unita.ambito,
    )
    lotti = await unita.riga(
        "SELECT count(*) AS quanti, coalesce(max(id), 0) AS ultimo FROM lotto "
        "WHERE ambito_id = $1 AND stato = 'importato'",
        unita.ambito,
    )
    detto = None
    if modo == "variazioni":
        detto = await unita.valore(
            "SELECT concat_ws(',', (SELECT count(*) FROM invio WHERE ambito_id = $1), "
            "(SELECT max(esiti_il) FROM esportazione WHERE ambito_id = $1), "
            "(SELECT string_agg(id::text, ' ' ORDER BY id) FROM lotto "
            "WHERE ambito_id = $1 AND gia_inviate))",
            unita.ambito,
        )
    contenuto = [
        modo,
        detto,
        flusso.id,
        impronta(flusso),
        msgspec.structs.asdict(ente),
        lotti["quanti"],
        lotti["ultimo"],
        territorio,
        ricevuto,
        escludi,
        *([msgspec.structs.astuple(taglio)] if taglio.divide else []),
    ]
    return hashlib.sha256(msgspec.json.encode(contenuto)).hexdigest()


__all__ = [
    "STATI",
    "Esportazione",
    "Filtro",
    "Oggetto",
    "Parte",
    "Superata",
    "annulla_gia_inviate",
    "chiedi_esportazione",
    "chiedi_pubblicazione",
    "dichiarato",
    "esportazione",
    "esportazioni",
    "gia_inviate_ammesse",
    "gia_inviate_del_file",
    "invia",
    "invii",
    "manifesto_di",
    "parti",
    "per_scaricare",
    "periodi_dell_anno",
    "periodo",
    "prospetti_noti",
    "registra_invio",
    "rinuncia_alla_pubblicazione",
    "segna_gia_inviate",
    "taglio_scelto",
    "trasmette",
]
