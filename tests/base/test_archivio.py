"""The object store, against a real one: streaming, digests, lock, faults, memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from capofila.base.archivio import Archivio
from capofila.base.errori import (
    ConfigurazioneNonSicura,
    Conflitto,
    NonTrovato,
    ServizioNonDisponibile,
)
from capofila.base.impostazioni import MEBIBYTE, Impostazioni

pytestmark = pytest.mark.anyio

PARTE = 5 * MEBIBYTE
_CASUALI = os.urandom(3 * PARTE + 7)


@pytest.fixture
async def archivio(impostazioni_prova: Impostazioni) -> AsyncIterator[Archivio]:
    deposito = Archivio(impostazioni_prova, parte=PARTE)
    yield deposito
    await deposito.chiudi()


async def _scrivi(
    archivio: Archivio, bucket: str, dati: bytes, nome: str = "file", **opzioni: object
) -> object:
    async with await archivio.scrivi_a_flusso(
        bucket, nome, "application/xml", **opzioni
    ) as scritto:  # type: ignore[arg-type]
        for inizio in range(0, len(dati), 99_991):
            await scritto.scrivi(dati[inizio : inizio + 99_991])
        return await scritto.chiudi()


async def _leggi(archivio: Archivio, bucket: str, nome: str, versione: str | None) -> bytes:
    return b"".join([pezzo async for pezzo in archivio.leggi_a_flusso(bucket, nome, versione)])


@pytest.mark.parametrize("byte", [0, 1, PARTE - 1, PARTE, PARTE + 1, 2 * PARTE, 3 * PARTE + 7])
async def test_what_is_written_is_read_back_with_its_size_and_digest(
    archivio: Archivio, byte: int
) -> None:
    bucket = await archivio.assicura_bucket("crema")
    dati = _CASUALI[:byte]
    esito = await _scrivi(archivio, bucket, dati)
    assert (esito.byte, esito.byte_archiviati) == (byte, byte)
    assert esito.sha256 == hashlib.sha256(dati).hexdigest()
    assert esito.versione
    assert ("-" in esito.etag) == (byte > PARTE), "one request up to a part, several above"
    assert await _leggi(archivio, bucket, "file", esito.versione) == dati


async def test_a_compressed_file_reads_as_it_was_given(archivio: Archivio) -> None:
    bucket = await archivio.assicura_bucket("crema")
    dati = b'<Prestazione Importo="312.40"/>\n' * 400_000
    esito = await _scrivi(archivio, bucket, dati, codifica="gzip")
    assert (esito.byte, esito.sha256) == (len(dati), hashlib.sha256(dati).hexdigest())
    assert esito.byte_archiviati < len(dati) / 20
    assert await _leggi(archivio, bucket, "file", esito.versione) == dati
    ancora = await _scrivi(archivio, bucket, dati, "altro", codifica="gzip")
    assert ancora.etag == esito.etag, "the same data gives the same bytes"


async def test_a_file_given_up_or_failed_halfway_leaves_nothing(archivio: Archivio) -> None:
    bucket = await archivio.assicura_bucket("crema")
    scrittore = await archivio.scrivi_a_flusso(bucket, "a", "application/xml")
    await scrittore.scrivi(_CASUALI)
    await scrittore.annulla()
    with contextlib.suppress(ZeroDivisionError):
        async with await archivio.scrivi_a_flusso(bucket, "b", "application/xml") as scrittore:
            await scrittore.scrivi(_CASUALI)
            raise ZeroDivisionError
    async with await archivio.scrivi_a_flusso(bucket, "c", "application/xml") as scrittore:
        await scrittore.scrivi(b"mai chiuso")
    for nome in "abc":
        assert not await archivio.esiste(bucket, nome)
    domani = datetime.now(UTC) + timedelta(days=1)
    assert await archivio.abbandona_sospesi(bucket, domani) == 0


async def test_parts_of_a_dead_worker_are_thrown_away(archivio: Archivio) -> None:
    bucket = await archivio.assicura_bucket("crema")
    invio = archivio.cliente.inizia(bucket, "orfano", {"Content-Type": "application/xml"})
    archivio.cliente.invia_parte(bucket, "orfano", invio, 1, _CASUALI[:PARTE])
    ieri, domani = (datetime.now(UTC) + timedelta(days=d) for d in (-1, 1))
    assert await archivio.abbandona_sospesi(bucket, ieri) == 0
    assert await archivio.abbandona_sospesi(bucket, domani) == 1
    assert await archivio.abbandona_sospesi(bucket, domani) == 0


async def test_what_is_under_lock_cannot_be_deleted_nor_unlocked(archivio: Archivio) -> None:
    bucket = await archivio.assicura_bucket("crema")
    esito = await archivio.scrivi(bucket, "inviato", b"<Flusso/>", "application/xml")
    assert esito.versione
    assert await archivio.bloccato_fino(bucket, "inviato", esito.versione) is None
    fino = (datetime.now(UTC) + timedelta(days=3650)).replace(microsecond=0)
    await archivio.blocca(bucket, "inviato", esito.versione, fino)
    assert await archivio.bloccato_fino(bucket, "inviato", esito.versione) == fino
    with pytest.raises(Conflitto):
        await archivio.elimina(bucket, "inviato", esito.versione)
    with pytest.raises(Conflitto):
        await archivio.blocca(bucket, "inviato", esito.versione, fino - timedelta(days=1))
    # Hidden or overwritten, the version stays.
    await archivio.elimina(bucket, "inviato")
    await archivio.scrivi(bucket, "inviato", b"altro", "application/xml")
    assert await _leggi(archivio, bucket, "inviato", esito.versione) == b"<Flusso/>"


async def test_an_unlocked_version_can_be_deleted(archivio: Archivio) -> None:
    bucket = await archivio.assicura_bucket("crema")
    esito = await archivio.scrivi(bucket, "bozza", b"x", "text/plain")
    await archivio.elimina(bucket, "bozza", esito.versione)
    assert not await archivio.esiste(bucket, "bozza", esito.versione)


async def test_a_bucket_without_lock_is_refused(archivio: Archivio) -> None:
    archivio.cliente.make_bucket(archivio.nome_bucket("vecchio"))
    with pytest.raises(ConfigurazioneNonSicura, match="object lock"):
        await archivio.assicura_bucket("vecchio")


async def test_a_name_that_cannot_be_a_bucket_is_refused(archivio: Archivio) -> None:
    with pytest.raises(ConfigurazioneNonSicura):
        await archivio.assicura_bucket("Non Va")


async def test_what_is_missing_is_missing(archivio: Archivio) -> None:
    bucket = await archivio.assicura_bucket("crema")
    with pytest.raises(NonTrovato):
        await _leggi(archivio, bucket, "nulla", None)
    assert not await archivio.esiste(bucket, "nulla")
    assert await archivio.salute() < 5


async def test_a_store_that_is_down_says_so_in_italian_and_soon(
    impostazioni_prova: Impostazioni,
) -> None:
    with socket.socket() as libero:
        libero.bind(("127.0.0.1", 0))
        porta = libero.getsockname()[1]
    spento = Archivio(
        msgspec.structs.replace(impostazioni_prova, s3_endpoint=f"127.0.0.1:{porta}"), parte=PARTE
    )
    inizio = time.monotonic()
    with pytest.raises(ServizioNonDisponibile, match="archivio dei file non risponde"):
        await spento.salute()
    for dati in (b"poco", _CASUALI):
        with pytest.raises(ServizioNonDisponibile):
            await _scrivi(spento, "x", dati)
    assert time.monotonic() - inizio < 15
    await spento.chiudi()


async def test_a_store_that_never_answers_is_not_waited_for_long(
    impostazioni_prova: Impostazioni,
) -> None:
    with socket.socket() as muto:
        muto.bind(("127.0.0.1", 0))
        muto.listen()
        archivio = Archivio(
            msgspec.structs.replace(
                impostazioni_prova, s3_endpoint=f"127.0.0.1:{muto.getsockname()[1]}"
            ),
            lettura=0.5,
            tentativi=1,
        )
        inizio = time.monotonic()
        with pytest.raises(ServizioNonDisponibile):
            await archivio.salute()
        assert time.monotonic() - inizio < 5
        await archivio.chiudi()


def test_the_memory_of_an_upload_does_not_grow_with_the_file(
    impostazioni_prova: Impostazioni,
) -> None:
    programma = textwrap.dedent("""
        import asyncio, os
        from capofila.base.archivio import archivio

        def picco():
            # Not ru_maxrss: a child inherits that of the process it was forked from.
            with open("/proc/self/status") as stato:
                return next(int(r.split()[1]) // 1024 for r in stato if r.startswith("VmHWM"))

        async def carica(mega):
            deposito = archivio()
            bucket = await deposito.assicura_bucket("memoria")
            pezzo = os.urandom(64 * 1024)
            async with await deposito.scrivi_a_flusso(bucket, "f", "application/xml") as s:
                for _ in range(mega * 16):
                    await s.scrivi(pezzo)
                return await s.chiudi()

        async def prova():
            await carica(1)
            prima = picco()
            esito = await carica(600)
            assert esito.byte == 600 * 1024 * 1024
            print(prima, picco())
            await archivio().chiudi()

        asyncio.run(prova())
    """)
    uscita = subprocess.run(
        [sys.executable, "-c", programma], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    prima, dopo = (int(mega) for mega in uscita.split())
    assert dopo - prima < 100, f"{prima} MiB before, {dopo} MiB at the peak"
    assert dopo < 200
