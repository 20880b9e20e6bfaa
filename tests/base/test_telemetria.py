"""One trace from the page to the upload, and nobody's data in what leaves the process."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
import redis
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from capofila.base import telemetria
from capofila.base.archivio import archivio
from capofila.base.database import MOTORE, Contesto
from capofila.base.impostazioni import Impostazioni
from capofila.base.lavori import Compito, Tempi, crea_broker, lavoro, richiedi, stato
from capofila.base.telemetria import (
    Etichetta,
    MezzoTelemetria,
    RigaUnica,
    ammessi,
    avvia_telemetria,
    contesto_da,
    nel_contesto,
    nuova_traccia,
    span,
    spegni_telemetria,
    traccia_corrente,
    traccia_di,
    vettore,
)
from capofila.worker import avvia_worker

pytestmark = pytest.mark.anyio

CODICE_FISCALE = "RSSMRA80A01D142X"
COGNOME = "Xilofonieri"
IMPORTO = "48719.37"
SEGRETI = (CODICE_FISCALE, COGNOME, IMPORTO, CODICE_FISCALE.lower(), "48719")


@pytest.fixture
def raccolta() -> Iterator[tuple[InMemorySpanExporter, InMemoryMetricReader]]:
    """Telemetry on, into memory."""
    esportatore, lettore = InMemorySpanExporter(), InMemoryMetricReader()
    avvia_telemetria("prova", esportatore=esportatore, lettore=lettore)
    yield esportatore, lettore
    spegni_telemetria()


@contextmanager
def registro() -> Iterator[io.StringIO]:
    """What the log of a process says meanwhile, down to the last level."""
    testo = io.StringIO()
    gestore = logging.StreamHandler(testo)
    gestore.setFormatter(RigaUnica())
    radice = logging.getLogger()
    livelli = {nome: logging.getLogger(nome).level for nome in ("asyncio", "dramatiq", "urllib3")}
    prima, radice.level = radice.level, logging.DEBUG
    for nome in livelli:
        logging.getLogger(nome).setLevel(logging.DEBUG)
    radice.addHandler(gestore)
    try:
        yield testo
    finally:
        radice.removeHandler(gestore)
        radice.setLevel(prima)
        for nome, livello in livelli.items():
            logging.getLogger(nome).setLevel(livello)


@lavoro("prova.persone", tentativi=4)
async def _persone(compito: Compito) -> dict[str, Any]:
    """Fails in the three ways that quote values, then writes the file."""
    async with compito.unita() as unita:
        persona = await unita.riga("SELECT * FROM persona_di_prova")
        if compito.tentativo == 1:
            await unita.esegui(
                "INSERT INTO persona_di_prova (codice_fiscale, cognome, importo) "
                "VALUES ($1, $2, $3)",
                *(persona["codice_fiscale"], persona["cognome"], persona["importo"]),
            )
    if compito.tentativo == 2:
        raise ValueError(f"{persona['cognome']} {persona['codice_fiscale']}: {persona['importo']}")
    if compito.tentativo == 3:
        try:
            int(persona["codice_fiscale"])
        except ValueError as errore:
            raise KeyError(persona["cognome"]) from errore
    logging.getLogger("capofila.prova").info(
        "scrivo %s %s di %s", persona["codice_fiscale"], persona["importo"], persona["cognome"]
    )
    logging.getLogger("capofila.prova").info(f"scrivo {persona['cognome']} {IMPORTO}")
    logging.getLogger("libreria").warning("visto %r", dict(persona))
    await compito.avanza(1, totale=1, fase="Scrittura")
    bucket = await archivio().assicura_bucket("prova")
    async with await archivio().scrivi_a_flusso(bucket, "f.xml", "application/xml") as scrittore:
        await scrittore.scrivi(
            f"<p>{persona['codice_fiscale']} {persona['cognome']} {persona['importo']}</p>".encode()
        )
        await scrittore.chiudi()
    telemetria.misure().righe_esportate("siuss", 1)
    return {"righe": 1}


@pytest.fixture
async def dati(impostazioni_prova: Impostazioni, banca: Any) -> Impostazioni:
    """A table with one marked person."""
    capo = await asyncpg.connect(banca.superutente)
    try:
        await capo.execute(
            f"""
            SET ROLE capofila_owner;
            INSERT INTO ambito (id, slug, nome, capofila, provincia)
            VALUES (1, 'prova', 'Prova', 'Prova', 'CR');
            CREATE TABLE persona_di_prova (
              ambito_id smallint NOT NULL REFERENCES ambito, codice_fiscale text, cognome text,
              importo numeric, PRIMARY KEY (ambito_id, codice_fiscale));
            SELECT proteggi('persona_di_prova');
            INSERT INTO persona_di_prova VALUES (1, '{CODICE_FISCALE}', '{COGNOME}', {IMPORTO});
            """
        )
    finally:
        await capo.close()
    return impostazioni_prova


def _contenuto(cliente: Any, schema: str) -> str:
    """Everything that Valkey holds for this installation."""
    parti: list[str] = []
    for chiave in cliente.scan_iter(f"{schema}*"):
        tipo = cliente.type(chiave).decode()
        letto = {
            "none": lambda k: None,  # gone since the scan
            "hash": lambda k: cliente.hgetall(k),
            "list": lambda k: cliente.lrange(k, 0, -1),
            "set": lambda k: cliente.smembers(k),
            "zset": lambda k: cliente.zrange(k, 0, -1, withscores=True),
            "string": lambda k: cliente.get(k),
        }[tipo](chiave)
        parti.append(f"{chiave!r} {letto!r}")
    return "\n".join(parti)


async def test_one_trace_from_the_page_to_the_upload_and_nobody_in_it(
    dati: Impostazioni, raccolta: tuple[InMemorySpanExporter, InMemoryMetricReader]
) -> None:
    esportatore, lettore = raccolta
    tempi = Tempi(giro=0.2, pausa_minima=0.2, pausa_massima=0.4, progresso=0.1)
    arresto, pronto = asyncio.Event(), asyncio.Event()
    chiesto: list[UUID] = []
    tracce: list[str] = []
    cliente_valkey = redis.Redis.from_url(dati.broker_url)
    schema = crea_broker(dati).namespace
    visto_in_valkey: list[str] = []
    righe_uscita: list[str] = []

    async def pagina(scope: Any, riceve: Any, manda: Any) -> None:
        scope["path_template"] = "/{ambito}/persone/{codice}"
        async with MOTORE.unita(Contesto(ambito=1, traccia=traccia_corrente())) as unita:
            await unita.righe("SELECT * FROM persona_di_prova WHERE cognome = $1", COGNOME)
            chiesto.append(await richiedi("prova.persone", {"persona": 1}))
            tracce.append(traccia_corrente())
        await manda({"type": "http.response.start", "status": 202, "headers": []})
        await manda({"type": "http.response.body", "body": b""})

    with registro() as testo:
        opera = asyncio.create_task(
            avvia_worker(dati, moduli=(), tempi=tempi, arresto=arresto, pronto=pronto.set)
        )
        await asyncio.wait_for(pronto.wait(), 20)
        app = MezzoTelemetria()(pagina)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://prova"
        ) as pagine:
            risposta = await pagine.get(
                f"/prova/persone/{CODICE_FISCALE}?cognome={COGNOME}&importo={IMPORTO}",
                headers={
                    "baggage": f"cognome={COGNOME}",
                    "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
                },
            )
        assert risposta.status_code == 202
        fine = time.monotonic() + 20
        while True:
            visto_in_valkey.append(_contenuto(cliente_valkey, schema))
            async with MOTORE.unita(Contesto(ambito=1), sola_lettura=True) as unita:
                righe_uscita += [str(dict(r)) for r in await unita.righe("TABLE lavoro_uscita")]
                corrente = await stato(chiesto[0])
            if corrente.finito:
                break
            assert time.monotonic() < fine, corrente
            await asyncio.sleep(0.02)
        errori = [corrente.errore or ""]
        arresto.set()
        await opera
    assert (corrente.stato, corrente.tentativi) == ("riuscito", 4), "it failed in all three ways"

    spans = esportatore.get_finished_spans()
    nomi = {s.name for s in spans}
    assert {
        "GET /{ambito}/persone/{codice}",
        "lavoro.invia",
        "lavoro.esegui",
        "archivio.scrivi",
    } <= nomi
    della_pagina = [s for s in spans if s.name in nomi and s.context.trace_id == int(tracce[0], 16)]
    for nome in ("lavoro.invia", "lavoro.esegui", "lavoro.opera", "archivio.scrivi"):
        della_specie = [s for s in spans if s.name == nome]
        assert della_specie
        assert all(s in della_pagina for s in della_specie), f"{nome} is in another trace"
    assert len([s for s in spans if s.name == "lavoro.esegui"]) == 4
    assert tracce[0] != "a" * 32, "a client chose the trace"
    assert corrente.traccia == tracce[0]
    righe_log = testo.getvalue().splitlines()
    assert any(json.loads(r).get("traccia") == tracce[0] for r in righe_log)
    # The page, the four messages and the upload hang together.
    per_id = {s.context.span_id: s for s in della_pagina}
    carico = next(s for s in della_pagina if s.name == "archivio.scrivi")
    catena = [carico.name]
    while carico.parent is not None:
        carico = per_id[carico.parent.span_id]
        catena.append(carico.name)
    assert catena[-1] == "GET /{ambito}/persone/{codice}"
    assert {"lavoro.opera", "lavoro.esegui", "lavoro.invia"} <= set(catena)

    misurato = lettore.get_metrics_data()
    assert misurato is not None
    misure = misurato.to_json()
    for nome in ("capofila.http.durata", "capofila.lavori", "capofila.righe_esportate"):
        assert nome in misure
    usciti = {
        "span": "\n".join(s.to_json() for s in spans),
        "metric": misure,
        "log": testo.getvalue(),
        "outbox": "\n".join(righe_uscita),
        "message": "\n".join(visto_in_valkey),
        "error": "\n".join(errori),
    }
    assert str(chiesto[0]) in usciti["message"], "no message was ever seen"
    assert str(chiesto[0]) in usciti["outbox"]
    assert "UniqueViolationError[23505]" in usciti["log"]
    assert "ValueError" in usciti["log"]
    assert "KeyError < ValueError" in usciti["log"]
    for dove, contenuto in usciti.items():
        for segreto in SEGRETI:
            assert segreto not in contenuto, f"{segreto} in a {dove}"


async def test_a_span_says_only_what_the_list_allows(
    raccolta: tuple[InMemorySpanExporter, InMemoryMetricReader],
) -> None:
    esportatore, _ = raccolta
    with pytest.raises(ValueError, match="Rossi"):
        with span("prova", {"capofila.ambito": 3, "cognome": "Rossi", "capofila.flusso": "siuss"}):
            raise ValueError("Rossi")
    # Past the helper, straight to the SDK: the processor's list is the second belt.
    with telemetria._tracciatore.start_as_current_span(
        "Mario Rossi", attributes={"cognome": "Rossi", "capofila.ambito": 4}
    ) as diretto:
        diretto.add_event("Rossi", {"nome": "Rossi"})
        diretto.record_exception(ValueError("Rossi"))
    primo, secondo = esportatore.get_finished_spans()
    assert dict(primo.attributes or {}) == {
        "capofila.ambito": 3,
        "capofila.flusso": "siuss",
        "error.type": "ValueError",
    }
    assert (secondo.name, dict(secondo.attributes or {}), secondo.events) == (
        "senza_nome",
        {"capofila.ambito": 4},
        (),
    )
    assert "Rossi" not in primo.to_json() + secondo.to_json()


@pytest.mark.parametrize(
    ("nome", "valore"),
    [
        ("http.route", f"/prova/{CODICE_FISCALE}"),
        ("http.route", "/prova?cognome=Rossi"),
        ("capofila.flusso", "Rossi Mario"),
        ("capofila.flusso", CODICE_FISCALE.lower()),
        ("capofila.ambito", "1"),
        ("capofila.righe", Decimal("312.40")),
        ("capofila.lavoro", "Rossi"),
        ("enduser.id", "7"),
    ],
)
def test_these_never_become_attributes(nome: str, valore: object) -> None:
    assert ammessi({nome: valore}) == {}


def test_a_metric_keeps_its_listed_dimensions_only(
    raccolta: tuple[InMemorySpanExporter, InMemoryMetricReader],
) -> None:
    _, lettore = raccolta
    assert telemetria._contatore is not None
    telemetria._contatore.get_meter("altro").create_counter("altro").add(1, {"cognome": "Rossi"})
    misurato = lettore.get_metrics_data()
    assert misurato is not None
    assert "altro" in misurato.to_json()
    assert "Rossi" not in misurato.to_json()


async def test_without_a_collector_there_is_a_trace_id_all_the_same() -> None:
    visti: list[str] = []

    async def pagina(scope: Any, riceve: Any, manda: Any) -> None:
        visti.append(traccia_corrente())
        await asyncio.create_task(_altrove(visti))
        visti.append(traccia_di(vettore()))
        with nel_contesto(contesto_da(vettore())):
            visti.append(traccia_corrente())
        raise RuntimeError

    async def _altrove(visti: list[str]) -> None:
        visti.append(traccia_corrente())

    async def guscio(scope: Any, riceve: Any, manda: Any) -> None:
        try:
            await MezzoTelemetria()(pagina)(scope, riceve, manda)
        except RuntimeError:
            visti.append(traccia_corrente())  # where the page of the error is made

    await asyncio.create_task(guscio({"type": "http", "method": "GET"}, None, None))
    assert len(visti) == 5
    assert len(set(visti)) == 1
    assert len(visti[0]) == 32
    prima = set(visti)
    await asyncio.create_task(guscio({"type": "http", "method": "GET"}, None, None))
    assert len(set(visti) | prima) == 2, "each request has its own"
    with nuova_traccia() as traccia:
        assert traccia == traccia_corrente()


async def test_a_carrier_that_cannot_be_read_begins_a_new_trace() -> None:
    for portato in (
        None,
        {},
        {"traceparent": "Rossi"},
        {"traceparent": f"00-{'0' * 32}-{'1' * 16}-01"},
    ):
        with nel_contesto(contesto_da(portato)):
            assert int(traccia_corrente(), 16)


async def test_the_error_of_a_request_has_its_own_status(
    raccolta: tuple[InMemorySpanExporter, InMemoryMetricReader],
) -> None:
    from capofila.base.errori import NonTrovato

    async def pagina(scope: Any, riceve: Any, manda: Any) -> None:
        raise NonTrovato("non c'è")

    with pytest.raises(NonTrovato):
        await MezzoTelemetria()(pagina)({"type": "http", "method": "BREW"}, None, None)
    (visto,) = raccolta[0].get_finished_spans()
    assert dict(visto.attributes or {}) == {
        "http.request.method": "ALTRO",
        "http.route": "/{senza_rotta}",
        "http.response.status_code": 404,
    }


def _riga(*argomenti: Any, nome: str = "capofila.prova") -> dict[str, Any]:
    with registro() as testo:
        logging.getLogger(nome).error(*argomenti)
    riga: dict[str, Any] = json.loads(testo.getvalue())
    return riga


def test_a_log_line_prints_what_cannot_be_data() -> None:
    numero = uuid4()
    with registro() as testo:
        logging.getLogger("capofila.prova").error(
            "lavoro %s di %s: %d righe in %.1f s, %s e %s 100%%",
            *(numero, Etichetta("debito.esporta"), 7, 1.25, ValueError, ValueError("Rossi")),
        )
    riga = json.loads(testo.getvalue())
    assert riga["testo"] == (
        f"lavoro {numero} di debito.esporta: 7 righe in 1.250 s, ValueError e <ValueError> 100%"
    )
    assert (riga["livello"], riga["da"]) == ("ERROR", "capofila.prova")


def test_a_log_line_never_prints_what_may_be_data() -> None:
    cognome = "Rossi"
    with registro() as testo:
        prova = logging.getLogger("capofila.prova")
        prova.error("persona %s", cognome)
        prova.error("persona %(chi)s", {"chi": cognome})
        prova.error(f"persona {cognome}")
        prova.error("importo %s", Decimal("312.40"))
        prova.error("persona %s", Etichetta(CODICE_FISCALE))
        prova.error("persona %s", Etichetta(cognome))
        prova.error("a capo %s", "Rossi\nRossi")
        logging.getLogger("altrui").error("persona " + cognome)
        prova.error(ValueError(cognome))
    uscito = testo.getvalue()
    assert "Rossi" not in uscito
    assert "312" not in uscito
    assert CODICE_FISCALE not in uscito
    assert len(uscito.splitlines()) == 9, "one line each"


async def test_what_nobody_catches_is_logged_without_its_values() -> None:
    programma = textwrap.dedent("""
        import asyncio, threading
        from capofila.base.telemetria import avvia_telemetria
        avvia_telemetria("prova")

        def guasto():
            raise ValueError("Rossi")

        async def dimenticato():
            guasto()

        async def ciclo():
            asyncio.create_task(dimenticato())
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        class Distrutto:
            def __del__(self):
                guasto()

        threading.Thread(target=guasto).start()
        asyncio.run(ciclo())
        import gc; gc.collect()
        Distrutto()
        guasto()
    """)
    esito = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", programma], capture_output=True, text=True
    )
    assert esito.returncode == 1
    assert "Rossi" not in esito.stderr + esito.stdout
    righe = [json.loads(r) for r in esito.stderr.splitlines()]
    assert [r["errore"] for r in righe] == ["ValueError"] * 4
    assert all(r["dove"][-1].endswith("guasto") for r in righe)


def test_nothing_heavy_is_loaded_when_nothing_is_recorded() -> None:
    programma = (
        "import sys, capofila.worker; from capofila.base.telemetria import avvia_telemetria;"
        "assert not avvia_telemetria('prova');"
        "print(*[m for m in ('litestar', 'requests', 'opentelemetry.sdk.trace', 'lxml') "
        "if m in sys.modules])"
    )
    uscita = subprocess.run(
        [sys.executable, "-c", programma], capture_output=True, text=True, check=True
    ).stdout
    assert uscita.strip() == ""
