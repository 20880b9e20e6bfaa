"""Jobs through PostgreSQL, Valkey, S3 and Dramatiq as they are, and through their faults."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import dramatiq
import msgspec
import pytest
import redis
from tests.ponte import ponte

from capofila.base.archivio import Archivio
from capofila.base.database import MOTORE, Contesto
from capofila.base.errori import (
    ConfigurazioneNonSicura,
    Conflitto,
    DatiNonValidi,
    FuoriUnitaDiLavoro,
    NonTrovato,
)
from capofila.base.impostazioni import Impostazioni
from capofila.base.lavori import (
    AmbitoNonStabilito,
    Compito,
    ContestoDelLavoro,
    Stato,
    StatoLavoro,
    Tempi,
    crea_broker,
    elenco,
    lavoro,
    messaggio_dramatiq,
    riavvia,
    richiedi,
    stato,
)
from capofila.base.staffetta import Staffetta
from capofila.worker import avvia_worker

pytestmark = pytest.mark.anyio

VELOCI = Tempi(
    battito=0.3,
    stantio=2,
    rinvio=1,
    rinvio_massimo=4,
    giro=0.3,
    progresso=0.1,
    pausa_minima=0.4,
    pausa_massima=3,
    turno=0.5,
    grazia=1,
)
A = Contesto(ambito=1, utente=7)
B = Contesto(ambito=2, utente=8)

chiamate: Counter[str] = Counter()
momenti: dict[str, list[float]] = {}
al_lavoro: Counter[int] = Counter()
piu_insieme: Counter[int] = Counter()
archivi: dict[str, Archivio] = {}


@lavoro("prova.conta")
async def _conta(compito: Compito) -> dict[str, Any]:
    chiamate[str(compito.id)] += 1
    async with compito.unita(sola_lettura=True) as unita:
        ambiti = await unita.righe("SELECT DISTINCT ambito_id FROM lavoro")
        vedo = await unita.valore("SELECT current_setting('capofila.comune')")
    return {"ambiti": [r["ambito_id"] for r in ambiti], "utente": compito.utente, "comune": vedo}


@lavoro("prova.incerta", tentativi=4)
async def _incerta(compito: Compito) -> dict[str, Any]:
    momenti.setdefault(str(compito.id), []).append(time.monotonic())
    if compito.tentativo <= compito.parametri["falliti"]:
        raise ValueError("il codice RSSMRA80A01D142X non va")
    return {"tentativo": compito.tentativo}


@lavoro("prova.respinta")
async def _respinta(compito: Compito) -> None:
    chiamate[str(compito.id)] += 1
    raise DatiNonValidi("Tre prestazioni non hanno la data: correggile e riprova.")


@lavoro("prova.lunga")
async def _lunga(compito: Compito) -> dict[str, Any]:
    chiamate[str(compito.id)] += 1
    for fatto in range(compito.parametri["passi"]):
        await compito.avanza(fatto, totale=compito.parametri["passi"], fase="Si lavora")
        await asyncio.sleep(0.05)
    return {"tentativo": compito.tentativo}


@lavoro("prova.sola", uno_per_ambito=True)
async def _sola(compito: Compito) -> None:
    al_lavoro[compito.ambito] += 1
    piu_insieme[compito.ambito] = max(piu_insieme[compito.ambito], al_lavoro[compito.ambito])
    await asyncio.sleep(0.3)
    al_lavoro[compito.ambito] -= 1


@lavoro("prova.scaduta", limite=0.3, tentativi=1)
async def _scaduta(compito: Compito) -> None:
    await asyncio.sleep(60)


@lavoro("prova.carica", tentativi=8)
async def _carica(compito: Compito) -> dict[str, Any]:
    deposito = archivi["corrente"]
    bucket = await deposito.assicura_bucket("prova")
    async with await deposito.scrivi_a_flusso(bucket, "file", "application/xml") as scrittore:
        for passo in range(200):
            await scrittore.scrivi(bytes([passo]) * 65536)
            await asyncio.sleep(0.01)
            await compito.avanza(passo, totale=200)
        esito = await scrittore.chiudi()
    return {"byte": esito.byte, "tentativo": compito.tentativo}


@pytest.fixture(scope="module")
def guastabili() -> Iterator[Any]:
    """Services of this module's own, to be stopped and started again."""
    from capofila_embedded import Servizi

    cartella = Path(tempfile.mkdtemp(prefix="capofila-guasti-"))
    gestore = Servizi(cartella)
    try:
        stato_servizi = gestore.avvia()
        yield gestore, stato_servizi
    finally:
        gestore.ferma()
        shutil.rmtree(cartella, ignore_errors=True)


@pytest.fixture
def casa(impostazioni_prova: Impostazioni, banca: Any) -> Impostazioni:
    """Settings of a database with two ambiti."""

    async def semina() -> None:
        connessione = await asyncpg.connect(banca.superutente)
        try:
            await connessione.execute(
                """
                INSERT INTO ambito (id, slug, nome, capofila, provincia)
                VALUES (1, 'prova', 'Prova', 'Prova', 'CR'), (2, 'altro', 'Altro', 'Altro', 'CR')
                """
            )
        finally:
            await connessione.close()

    asyncio.run(semina())
    chiamate.clear()
    momenti.clear()
    return impostazioni_prova


@asynccontextmanager
async def officina(valori: Impostazioni, tempi: Tempi = VELOCI) -> AsyncIterator[asyncio.Event]:
    """A worker in this process, as ``capofila.worker`` runs it."""
    arresto, pronto = asyncio.Event(), asyncio.Event()
    opera = asyncio.create_task(
        avvia_worker(valori, moduli=(), tempi=tempi, arresto=arresto, pronto=pronto.set)
    )
    attesa = asyncio.create_task(pronto.wait())
    await asyncio.wait({opera, attesa}, return_when=asyncio.FIRST_COMPLETED)
    if opera.done():
        attesa.cancel()
        opera.result()
    try:
        yield arresto
    finally:
        arresto.set()
        await opera


async def chiedi(tipo: str, contesto: Contesto = A, **parametri: Any) -> UUID:
    async with MOTORE.unita(contesto):
        return await richiedi(tipo, parametri)


async def com_e(lavoro_id: UUID, contesto: Contesto = A) -> StatoLavoro:
    async with MOTORE.unita(contesto, sola_lettura=True):
        return await stato(lavoro_id)


async def fino_a(
    lavoro_id: UUID, *attesi: Stato, contesto: Contesto = A, entro: float = 20
) -> StatoLavoro:
    fine = time.monotonic() + entro
    while True:
        corrente = await com_e(lavoro_id, contesto)
        if corrente.stato in attesi:
            return corrente
        assert time.monotonic() < fine, f"still {corrente.stato}: {corrente.errore}"
        await asyncio.sleep(0.03)


async def in_uscita() -> int:
    async with MOTORE.unita(A) as unita:
        return int(await unita.valore("SELECT count(*) FROM lavoro_uscita"))


# Asking.


async def test_a_request_rolled_back_asks_for_nothing(casa: Impostazioni) -> None:
    async with officina(casa):
        with contextlib.suppress(ZeroDivisionError):
            async with MOTORE.unita(A):
                chiesto = await richiedi("prova.conta", {})
                raise ZeroDivisionError
        await asyncio.sleep(1)
        assert not chiamate
        with pytest.raises(NonTrovato):
            await com_e(chiesto)


async def test_a_committed_request_runs_once_for_who_asked(casa: Impostazioni) -> None:
    async with officina(casa):
        inizio = time.monotonic()
        chi = Contesto(ambito=1, utente=7, comune="D142")
        async with MOTORE.unita(chi):
            chiesto = await richiedi("prova.conta", {"id": 3}, totale=10)
        finito = await fino_a(chiesto, "riuscito")
        assert time.monotonic() - inizio < 1.5, "woken by the commit"
        assert finito.esito == {"ambiti": [1], "utente": 7, "comune": "D142"}
        assert (finito.percentuale, finito.tentativi, finito.totale) == (100, 1, 10)
        assert finito.parametri == {"id": 3}
        assert await in_uscita() == 0
        await asyncio.sleep(1.5)
        assert chiamate[str(chiesto)] == 1


async def test_a_job_of_another_ambito_does_not_exist_here(casa: Impostazioni) -> None:
    async with officina(casa):
        chiesto = await chiedi("prova.conta")
        with pytest.raises(NonTrovato):
            await com_e(chiesto, B)
        async with MOTORE.unita(B):
            assert await elenco() == []
            with pytest.raises(NonTrovato):
                await riavvia(chiesto)
        await fino_a(chiesto, "riuscito")


async def test_asking_outside_a_unit_of_work_is_refused() -> None:
    with pytest.raises(FuoriUnitaDiLavoro):
        await richiedi("prova.conta", {})


async def test_the_same_key_asked_again_is_the_same_job_while_it_is_open(
    casa: Impostazioni, motore: Any
) -> None:
    async def con_chiave(contesto: Contesto, chiave: str) -> UUID:
        async with MOTORE.unita(contesto):
            return await richiedi("prova.conta", {}, chiave=chiave)

    primo = await con_chiave(A, "2025")
    insieme = await asyncio.gather(*(con_chiave(A, "2025") for _ in range(3)))
    assert set(insieme) == {primo}
    assert await con_chiave(A, "2024") != primo
    assert await con_chiave(B, "2025") != primo
    await motore.chiudi()
    async with officina(casa):
        await fino_a(primo, "riuscito")
        assert await con_chiave(A, "2025") != primo, "a job that has ended is done again when asked"


async def test_the_page_says_that_a_job_waits_for_the_queue(
    casa: Impostazioni, motore: Any
) -> None:
    chiesto = await chiedi("prova.conta")
    async with MOTORE.unita(A) as unita:
        await unita.esegui("UPDATE lavoro SET richiesto_il = now() - interval '1 minute'")
    fermo = await com_e(chiesto)
    assert not fermo.inviato
    assert "non risponde" in fermo.descrizione


# Once, and only once.


async def test_duplicate_messages_run_the_job_once(casa: Impostazioni) -> None:
    async with officina(casa):
        broker = crea_broker(casa)
        chiesto = await chiedi("prova.lunga", passi=15)
        for _ in range(5):
            broker.enqueue(messaggio_dramatiq(chiesto, 1, "prova.lunga", {}))
        await fino_a(chiesto, "riuscito")
        for _ in range(5):
            broker.enqueue(messaggio_dramatiq(chiesto, 1, "prova.lunga", {}))
        await asyncio.sleep(1)
        assert chiamate[str(chiesto)] == 1


async def test_a_message_for_the_wrong_ambito_runs_nothing(casa: Impostazioni) -> None:
    async with officina(casa):
        broker = crea_broker(casa)
        async with MOTORE.unita(A) as unita:
            chiesto = await richiedi("prova.conta", {})
            await unita.esegui("DELETE FROM lavoro_uscita")
        broker.enqueue(messaggio_dramatiq(chiesto, 2, "prova.conta", {}))
        broker.enqueue(messaggio_dramatiq(uuid4(), 1, "prova.conta", {}))
        await asyncio.sleep(1)
        assert not chiamate
        assert (await com_e(chiesto)).stato == "in_attesa"


async def test_two_relays_share_the_outbox(casa: Impostazioni) -> None:
    async with officina(casa):
        seconda = asyncio.create_task(Staffetta(casa.relay_url, crea_broker(casa), VELOCI).corri())
        try:
            chiesti = [await chiedi("prova.conta") for _ in range(20)]
            for chiesto in chiesti:
                await fino_a(chiesto, "riuscito")
        finally:
            seconda.cancel()
        assert set(chiamate.values()) == {1}


async def test_one_at_a_time_in_each_ambito(casa: Impostazioni) -> None:
    piu_insieme.clear()
    async with officina(msgspec.structs.replace(casa, filoni_lavoro=4)):
        chiesti = [(await chiedi("prova.sola", chi), chi) for chi in (A, A, A, B)]
        inizio = time.monotonic()
        for chiesto, chi in chiesti:
            assert (await fino_a(chiesto, "riuscito", contesto=chi)).tentativi == 1
        assert time.monotonic() - inizio < 5
    assert piu_insieme == {1: 1, 2: 1}


async def test_progress_is_seen_while_the_job_runs(casa: Impostazioni) -> None:
    async with officina(casa):
        chiesto = await chiedi("prova.lunga", passi=30)
        visti = set()
        while (corrente := await com_e(chiesto)).stato != "riuscito":
            if corrente.stato == "in_corso" and corrente.fase:
                visti.add(corrente.fatto)
                assert (corrente.totale, corrente.descrizione) == (30, "Si lavora")
            await asyncio.sleep(0.03)
        assert len(visti) > 3
        assert (corrente.fatto, corrente.totale) == (29, 30)


# Failing.


async def test_what_fails_twice_is_tried_again_with_growing_pauses(casa: Impostazioni) -> None:
    async with officina(casa):
        chiesto = await chiedi("prova.incerta", falliti=2)
        fra = await fino_a(chiesto, "da_ritentare")
        assert fra.riprova_il is not None
        assert "Errore imprevisto (ValueError)" in (fra.errore or "")
        assert "RSSMRA" not in (fra.errore or "")
        # A duplicate does not cut the pause short.
        crea_broker(casa).enqueue(messaggio_dramatiq(chiesto, 1, "prova.incerta", {}))
        finito = await fino_a(chiesto, "riuscito")
        assert (finito.tentativi, finito.errore, finito.esito) == (3, None, {"tentativo": 3})
        primo, secondo, terzo = momenti[str(chiesto)]
        assert 0.3 <= secondo - primo < 1.5
        assert 0.6 <= terzo - secondo < 2.5


def test_the_pause_grows_and_is_capped() -> None:
    tempi = Tempi(pausa_minima=5, pausa_massima=900)
    assert [3.75 <= tempi.pausa(1) <= 6.25, 30 <= tempi.pausa(4) <= 50] == [True, True]
    assert all(tempi.pausa(60) <= 900 * 1.25 for _ in range(50))
    assert len({tempi.pausa(3) for _ in range(5)}) > 1, "not all at the same moment"


async def test_a_dead_letter_is_seen_and_can_be_restarted(casa: Impostazioni) -> None:
    async with officina(casa):
        chiesto = await chiedi("prova.incerta", falliti=4)
        morto = await fino_a(chiesto, "fallito")
        assert (morto.tentativi, morto.finito) == (4, True)
        assert morto.traccia
        assert morto.traccia in (morto.errore or "")
        assert await in_uscita() == 0
        async with MOTORE.unita(A) as unita:
            assert [voce.id for voce in await elenco(stati=("fallito", "respinto"))] == [chiesto]
            await unita.esegui("""UPDATE lavoro SET parametri = '{"falliti": 1}'""")
            await riavvia(chiesto)
        finito = await fino_a(chiesto, "riuscito")
        assert finito.tentativi == 2
        async with MOTORE.unita(A):
            with pytest.raises(Conflitto):
                await riavvia(chiesto)


async def test_a_refusal_of_the_domain_is_not_tried_again(casa: Impostazioni) -> None:
    async with officina(casa):
        chiesto = await chiedi("prova.respinta")
        respinto = await fino_a(chiesto, "respinto", "da_ritentare", "fallito")
        assert respinto.stato == "respinto"
        assert respinto.errore == "Tre prestazioni non hanno la data: correggile e riprova."
        await asyncio.sleep(1)
        assert chiamate[str(chiesto)] == 1


async def test_a_job_that_takes_too_long_is_ended(casa: Impostazioni) -> None:
    async with officina(casa):
        finito = await fino_a(await chiedi("prova.scaduta"), "fallito")
        assert "tempo massimo" in (finito.errore or "")


async def test_without_its_ambito_a_message_is_neither_sent_nor_run(casa: Impostazioni) -> None:
    async with officina(casa):
        broker = crea_broker(casa)
        chiesto = await chiedi("prova.lunga", passi=1)
        await fino_a(chiesto, "riuscito")
        buono = messaggio_dramatiq(chiesto, 1, "prova.conta", {})
        storti = [
            {"lavoro": str(chiesto), "tipo": "prova.conta"},
            {"lavoro": str(chiesto), "ambito": 0, "tipo": "prova.conta"},
            {"lavoro": "x", "ambito": 1, "tipo": "prova.conta"},
            {"lavoro": str(chiesto), "ambito": 1, "tipo": "prova.conta", "nome": "Rossi"},
        ]
        for kwargs in storti:
            with pytest.raises(AmbitoNonStabilito):
                broker.enqueue(buono.copy(kwargs=kwargs))
        # Past the sender's belt, the receiver's: the message goes to the dead letters, unread.
        broker.middleware[:] = [
            m for m in broker.middleware if not isinstance(m, ContestoDelLavoro)
        ]
        for kwargs in storti:
            broker.enqueue(buono.copy(kwargs=kwargs))
        morti = f"{broker.namespace}:lavori.XQ"
        fine = time.monotonic() + 5
        while broker.client.zcard(morti) < len(storti):
            assert time.monotonic() < fine
            await asyncio.sleep(0.05)
        assert not {c for c in chiamate if c != str(chiesto)}
        assert chiamate[str(chiesto)] == 1


async def test_the_context_is_the_first_middleware(casa: Impostazioni) -> None:
    assert isinstance(crea_broker(casa).middleware[0], ContestoDelLavoro)
    assert issubclass(AmbitoNonStabilito, dramatiq.middleware.MiddlewareError)


# Services that fall.


@pytest.fixture
def fragile(casa: Impostazioni, guastabili: Any) -> Impostazioni:
    """The settings with a broker and a store that the test may stop."""
    _, servizi = guastabili
    return msgspec.structs.replace(
        casa,
        broker_url=servizi.valkey_url,
        s3_endpoint=servizi.s3_endpoint,
        s3_access_key=servizi.s3_access_key,
        s3_secret_key=servizi.s3_secret_key,
    )


async def test_what_is_asked_while_the_broker_is_down_goes_when_it_is_back(
    fragile: Impostazioni, guastabili: Any, caplog: pytest.LogCaptureFixture
) -> None:
    gestore, _ = guastabili
    caplog.set_level(logging.INFO, "capofila")
    async with officina(fragile):
        await asyncio.to_thread(gestore.spegni, "valkey")
        try:
            chiesto = await chiedi("prova.conta")
            await asyncio.sleep(2.5)
            fermo = await com_e(chiesto)
            assert (fermo.stato, fermo.inviato) == ("in_attesa", False)
        finally:
            await asyncio.to_thread(gestore.accendi, "valkey")
        await fino_a(chiesto, "riuscito")
        assert chiamate[str(chiesto)] == 1
    righe = [r.getMessage() for r in caplog.records if r.name.endswith("staffetta")]
    assert [r.split(",")[0] for r in righe] == [
        "le code non rispondono",
        "le code rispondono di nuovo",
    ], "one line for each change"


async def test_losing_all_that_the_broker_holds_loses_no_job(fragile: Impostazioni) -> None:
    async with officina(fragile) as arresto:
        arresto.set()  # the worker is gone, with its relay
    broker = crea_broker(fragile)
    broker.declare_queue("lavori")
    await MOTORE.apri({"app": fragile.database_url})
    chiesti = [await chiedi("prova.conta") for _ in range(5)]
    staffetta = asyncio.create_task(Staffetta(fragile.relay_url, broker, VELOCI).corri())
    while not (await com_e(chiesti[-1])).inviato:
        await asyncio.sleep(0.05)
    staffetta.cancel()
    assert broker.do_qsize("lavori") >= 5
    cliente = redis.Redis.from_url(fragile.broker_url)
    cliente.flushall()
    assert broker.do_qsize("lavori") == 0
    await MOTORE.chiudi()
    async with officina(fragile):
        for chiesto in chiesti:
            await fino_a(chiesto, "riuscito")
    assert set(chiamate.values()) == {1}


async def test_a_store_that_falls_during_an_upload_is_waited_for(
    fragile: Impostazioni, guastabili: Any
) -> None:
    gestore, _ = guastabili
    archivi["corrente"] = Archivio(fragile, parte=5 * 1024 * 1024, lettura=5, tentativi=1)
    async with officina(fragile):
        chiesto = await chiedi("prova.carica")
        while (await com_e(chiesto)).fatto < 20:
            await asyncio.sleep(0.03)
        await asyncio.to_thread(gestore.spegni, "s3")
        try:
            fermo = await fino_a(chiesto, "da_ritentare")
            assert "archivio dei file non risponde" in (fermo.errore or "")
        finally:
            await asyncio.to_thread(gestore.accendi, "s3")
        finito = await fino_a(chiesto, "riuscito", entro=30)
        assert finito.esito is not None
        assert finito.esito["byte"] == 200 * 65536
        assert finito.esito["tentativo"] > 1
    await archivi["corrente"].chiudi()


async def test_the_relay_outlives_its_connection(casa: Impostazioni, banca: Any) -> None:
    async with officina(casa):
        capo = await asyncpg.connect(banca.superutente)
        caduti = await capo.fetchval(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'capofila-staffetta'
            """
        )
        await capo.close()
        assert caduti == 1
        await fino_a(await chiedi("prova.conta"), "riuscito")


async def test_the_relay_outlives_a_connection_that_says_goodbye_before_it_ends(
    casa: Impostazioni, banca: Any
) -> None:
    """The server's last words come first: whoever asks in between gets asyncpg's internal error."""
    async with ponte(casa.relay_url) as sul_ponte:
        sul_ponte.finisce.clear()
        async with officina(msgspec.structs.replace(casa, relay_url=sul_ponte.url)):
            await fino_a(await chiedi("prova.conta"), "riuscito")
            capo = await asyncpg.connect(banca.superutente)
            await capo.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'capofila-staffetta'
                """
            )
            await capo.close()
            await asyncio.wait_for(sul_ponte.morta.wait(), 10)
            await fino_a(await chiedi("prova.conta"), "riuscito")


# Workers that end.

_PROGRAMMA = textwrap.dedent("""
    import asyncio, sys
    from capofila.base.impostazioni import impostazioni
    from capofila.base.lavori import Compito, Tempi, lavoro
    from capofila.base.telemetria import avvia_telemetria
    from capofila.worker import avvia_worker

    @lavoro("prova.lunga")
    async def lunga(compito: Compito):
        await compito.avanza(1, totale=2, fase="A metà")
        await asyncio.sleep(60)

    avvia_telemetria("capofila-worker")
    asyncio.run(avvia_worker(
        impostazioni(), moduli=(),
        tempi=Tempi(battito=0.3, stantio=2, rinvio=1, giro=0.3, progresso=0.1, grazia=0.5),
        pronto=lambda: print("pronto", flush=True),
    ))
""")


@asynccontextmanager
async def processo() -> AsyncIterator[subprocess.Popen[str]]:
    figlio = subprocess.Popen(
        [sys.executable, "-c", _PROGRAMMA],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    try:
        assert figlio.stdout is not None
        assert (await asyncio.to_thread(figlio.stdout.readline)) == "pronto\n"
        yield figlio
    finally:
        if figlio.poll() is None:
            figlio.kill()
        await asyncio.to_thread(figlio.communicate)


async def test_a_job_of_a_killed_worker_is_taken_over(casa: Impostazioni) -> None:
    async with processo() as figlio:
        await MOTORE.apri({"app": casa.database_url})
        chiesto = await chiedi("prova.lunga", passi=2)
        await fino_a(chiesto, "in_corso")
        await asyncio.sleep(0.7)
        figlio.send_signal(signal.SIGKILL)
        await asyncio.to_thread(figlio.wait)
    assert (await com_e(chiesto)).stato == "in_corso"
    await MOTORE.chiudi()
    async with officina(casa):
        finito = await fino_a(chiesto, "riuscito")
        assert finito.esito == {"tentativo": 2}
    assert chiamate[str(chiesto)] == 1


async def test_a_worker_told_to_stop_gives_its_job_back(casa: Impostazioni) -> None:
    async with processo() as figlio:
        rss = int(Path(f"/proc/{figlio.pid}/status").read_text().split("VmRSS:")[1].split()[0])
        assert rss < 150 * 1024, f"{rss // 1024} MiB at rest"
        await MOTORE.apri({"app": casa.database_url})
        chiesto = await chiedi("prova.lunga", passi=2)
        await fino_a(chiesto, "in_corso")
        inizio = time.monotonic()
        figlio.send_signal(signal.SIGTERM)
        _, righe = await asyncio.to_thread(figlio.communicate)
        assert figlio.returncode == 0, righe
        assert time.monotonic() - inizio < 5
    reso = await com_e(chiesto)
    assert (reso.stato, reso.tentativi) == ("da_ritentare", 0)
    assert "worker fermato" in righe
    await MOTORE.chiudi()
    async with officina(casa):
        assert (await fino_a(chiesto, "riuscito")).esito == {"tentativo": 1}


async def test_a_job_that_ends_in_time_is_not_given_back(casa: Impostazioni) -> None:
    async with officina(casa) as arresto:
        chiesto = await chiedi("prova.lunga", passi=10)
        await fino_a(chiesto, "in_corso")
        arresto.set()
        await asyncio.sleep(0)
    await MOTORE.apri({"app": casa.database_url})
    assert (await com_e(chiesto)).stato == "riuscito"
    await MOTORE.chiudi()


async def test_a_job_that_kills_its_workers_ends_as_a_dead_letter(
    casa: Impostazioni, motore: Any
) -> None:
    chiesto = await chiedi("prova.conta")
    async with MOTORE.unita(A) as unita:
        await unita.esegui(
            "UPDATE lavoro SET stato = 'in_corso', tentativi = 5, battito_il = now() - "
            "interval '1 hour', iniziato_il = now() - interval '2 hours'"
        )
    await motore.chiudi()
    async with officina(casa):
        morto = await fino_a(chiesto, "fallito")
        assert "interrotto più volte" in (morto.errore or "")
        assert not chiamate


async def test_who_lost_the_job_must_not_commit(casa: Impostazioni) -> None:
    fatti: list[Callable[[], None]] = []

    @lavoro("prova.persa")
    async def persa(compito: Compito) -> None:
        async with MOTORE.unita(A) as unita:
            await compito.conferma(unita)
        async with MOTORE.unita(Contesto(ambito=1)) as unita:  # as another worker would
            await unita.esegui("UPDATE lavoro SET iniziato_il = clock_timestamp()")
        async with MOTORE.unita(A) as unita:
            await unita.esegui("UPDATE ambito SET nome = 'Non deve restare' WHERE id = 1")
            await compito.conferma(unita)
        fatti.append(lambda: None)

    async with officina(casa):
        chiesto = await chiedi("prova.persa")
        await asyncio.sleep(1)
        async with MOTORE.unita(A) as unita:
            assert await unita.valore("SELECT nome FROM ambito WHERE id = 1") == "Prova"
        assert (await com_e(chiesto)).stato == "in_corso", "it belongs to the other worker"
        assert not fatti


async def test_an_unsafe_role_is_refused(casa: Impostazioni, banca: Any) -> None:
    for campo in ("database_url", "relay_url"):
        with pytest.raises(ConfigurazioneNonSicura):
            async with officina(msgspec.structs.replace(casa, **{campo: banca.superutente})):
                pass
    with pytest.raises(ConfigurazioneNonSicura, match="CAPOFILA_RELAY_URL"):
        async with officina(msgspec.structs.replace(casa, relay_url="")):
            pass


async def test_the_relay_sees_the_outbox_and_nothing_else(casa: Impostazioni, motore: Any) -> None:
    await chiedi("prova.conta", A)
    await chiedi("prova.conta", B)
    capo = await asyncpg.connect(casa.relay_url)
    try:
        assert await capo.fetchval("SELECT count(*) FROM lavoro_uscita") == 2
        for vietata in (
            "SELECT 1 FROM lavoro",
            "SELECT 1 FROM prestazione",
            "SELECT 1 FROM ambito",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await capo.execute(vietata)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await capo.execute("UPDATE lavoro_uscita SET tipo = 'altro'")
    finally:
        await capo.close()


async def test_the_list_is_paged_by_moment(casa: Impostazioni, motore: Any) -> None:
    chiesti = [await chiedi("prova.conta") for _ in range(5)]
    async with MOTORE.unita(A):
        prima = await elenco(quanti=3)
        dopo = await elenco(prima_di=prima[-1].richiesto_il)
        assert [voce.id for voce in prima + dopo] == chiesti[::-1]
        assert await elenco(tipo="prova.altro") == []
        assert all(voce.richiesto_il > datetime.now(UTC) - timedelta(minutes=1) for voce in prima)
