"""Object storage: a bucket an ambito, files written as a stream, sent ones under lock.

The buckets are made with object lock and versioning, so that nothing written is ever overwritten
and what was sent cannot be deleted before its term, not even by us.

Writing takes the memory of a few parts whatever the size: the caller hands over pieces, one
thread digests them in their order (and compresses, when asked), two others send the full parts
while the caller goes on. A file that fits in one part goes by a single request. Nothing can be
seen in the store before :meth:`Scrittore.chiudi`.

The MinIO SDK is synchronous: everything runs in threads. Its multipart calls are protected
members, used here by a subclass, because ``put_object`` pulls from a blocking stream, copies each
part twice and leaves its threads behind after a failure.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Literal, ParamSpec, TypeVar

import certifi
import msgspec
import urllib3
from isal import isal_zlib
from minio import Minio
from minio.commonconfig import COMPLIANCE, ENABLED
from minio.datatypes import Part
from minio.error import MinioException, S3Error
from minio.retention import Retention
from minio.versioningconfig import VersioningConfig

from capofila.base.errori import (
    ConfigurazioneNonSicura,
    Conflitto,
    ErroreCapofila,
    NonTrovato,
    ServizioNonDisponibile,
)
from capofila.base.impostazioni import MEBIBYTE, Impostazioni, impostazioni
from capofila.base.telemetria import annota, inizia_span, misure, segna_errore

_log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

PARTE: Final = 16 * MEBIBYTE
"""Size of a part. S3 takes at most 10,000 of them: 160 GB a file."""
_BLOCCO: Final = MEBIBYTE
_IN_ATTESA: Final = 8
_NOME_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_MANCANTI = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchVersion", "NoSuchUpload"})
_SENZA_BLOCCO = frozenset(
    {
        "NoSuchObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
        "ObjectLockConfigurationNotFound",
    }
)
_DA_RIPROVARE = frozenset({"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout"})

Codifica = Literal["gzip"]


class OggettoScritto(msgspec.Struct, frozen=True, kw_only=True):
    """What is now in the store. ``byte`` and ``sha256`` are of the content, as given."""

    bucket: str
    oggetto: str
    versione: str | None
    etag: str
    byte: int
    sha256: str
    byte_archiviati: int
    """What it takes in the store: less than ``byte`` when compressed."""
    codifica: Codifica | None = None

    @property
    def uri(self) -> str:
        """Address of the object."""
        return f"s3://{self.bucket}/{self.oggetto}"


class _Cliente(Minio):
    """The SDK's client, with the steps of a multipart upload as calls of their own."""

    def inizia(self, bucket: str, oggetto: str, intestazioni: dict[str, str]) -> str:
        return str(self._create_multipart_upload(bucket, oggetto, dict(intestazioni)))

    def invia_parte(self, bucket: str, oggetto: str, invio: str, numero: int, dati: Any) -> Part:
        return Part(numero, self._upload_part(bucket, oggetto, dati, None, invio, numero))

    def completa(self, bucket: str, oggetto: str, invio: str, parti: list[Part]) -> Any:
        return self._complete_multipart_upload(bucket, oggetto, invio, parti)

    def abbandona(self, bucket: str, oggetto: str, invio: str) -> None:
        self._abort_multipart_upload(bucket, oggetto, invio)

    def invia_tutto(self, bucket: str, oggetto: str, dati: Any, testata: dict[str, str]) -> Any:
        return self._put_object(bucket, oggetto, dati, dict(testata))

    def sospesi(self, bucket: str) -> list[Any]:
        return list(self._list_multipart_uploads(bucket, max_uploads=1000).uploads)


def _tradotto(errore: BaseException) -> BaseException:
    """An error of the SDK or of the network as one of ours, without what it quotes."""
    if isinstance(errore, S3Error):
        if errore.code in _MANCANTI:
            return NonTrovato("Il file non è nell'archivio.")
        if errore.code == "AccessDenied":
            return Conflitto("L'archivio rifiuta: il file è bloccato, oppure mancano i permessi.")
        stato = getattr(errore.response, "status", 500)
        if errore.code not in _DA_RIPROVARE and stato < 500:
            return errore
    elif not isinstance(errore, (urllib3.exceptions.HTTPError, OSError, MinioException)):
        return errore
    return ServizioNonDisponibile(
        "L'archivio dei file non risponde. Quanto già salvato è al sicuro: riprova fra poco."
    )


class Archivio:
    """The object store of this installation.

    Args:
        valori: endpoint, keys, prefix of the buckets.
        parte: size of a part of a large upload, in bytes (at least 5 MiB, by S3's own rule).
        filoni: parts of one upload that are sent at the same time.
        connessione: seconds to wait for the store to accept a connection.
        lettura: seconds to wait for an answer.
        tentativi: how often a request is made again at once; longer faults are for the job's own
            retries.
    """

    def __init__(
        self,
        valori: Impostazioni,
        *,
        parte: int = PARTE,
        filoni: int = 2,
        connessione: float = 3.0,
        lettura: float = 30.0,
        tentativi: int = 2,
    ) -> None:
        if not valori.s3_endpoint:
            raise ConfigurazioneNonSicura("Manca CAPOFILA_S3_ENDPOINT: indica l'archivio S3.")
        self.parte, self.filoni = parte, filoni
        self._prefisso = valori.s3_prefisso_bucket
        self._rete = urllib3.PoolManager(
            maxsize=8,
            timeout=urllib3.Timeout(connect=connessione, read=lettura),
            retries=urllib3.Retry(
                total=tentativi, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)
            ),
            cert_reqs="CERT_REQUIRED",
            ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
        )
        self.cliente = _Cliente(
            valori.s3_endpoint,
            access_key=valori.s3_access_key,
            secret_key=valori.s3_secret_key,
            secure=valori.s3_https,
            region=valori.s3_regione,
            http_client=self._rete,
        )
        self._fili = ThreadPoolExecutor(8, thread_name_prefix="archivio")
        self._pronti: set[str] = set()

    async def chiudi(self) -> None:
        """Wait for what is being done, and let the connections go."""
        await asyncio.to_thread(self._fili.shutdown, wait=True, cancel_futures=True)
        self._rete.clear()

    async def _fai(self, funzione: Callable[P, T], *valori: P.args, **nomi: P.kwargs) -> T:
        ciclo = asyncio.get_running_loop()
        try:
            return await ciclo.run_in_executor(self._fili, lambda: funzione(*valori, **nomi))
        except Exception as errore:
            tradotto = _tradotto(errore)
        raise tradotto

    def nome_bucket(self, slug: str) -> str:
        """The bucket of an ambito, by its slug."""
        nome = f"{self._prefisso}-{slug}"
        if not _NOME_BUCKET.match(nome):
            raise ConfigurazioneNonSicura(
                f"«{nome}» non può essere il nome di un bucket: usa da 3 a 63 lettere minuscole, "
                "cifre e trattini in CAPOFILA_S3_PREFISSO_BUCKET."
            )
        return nome

    async def assicura_bucket(self, slug: str) -> str:
        """The bucket of an ambito, made where it is missing, with object lock and versioning.

        Raises:
            ConfigurazioneNonSicura: a bucket of that name exists without object lock.
            ServizioNonDisponibile: the store does not answer.
        """
        nome = self.nome_bucket(slug)
        if nome not in self._pronti:
            await self._fai(self._assicura, nome)
            self._pronti.add(nome)
        return nome

    def _assicura(self, nome: str) -> None:
        if not self.cliente.bucket_exists(nome):
            try:
                self.cliente.make_bucket(nome, object_lock=True)
            except S3Error as errore:
                if errore.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                    raise
        if self.cliente.get_bucket_versioning(nome).status != ENABLED:
            self.cliente.set_bucket_versioning(nome, VersioningConfig(ENABLED))
        try:
            self.cliente.get_object_lock_config(nome)
        except S3Error as errore:
            if errore.code not in _SENZA_BLOCCO:
                raise
            raise ConfigurazioneNonSicura(
                f"Il bucket «{nome}» esiste già senza blocco degli oggetti (object lock), che si "
                "può attivare solo alla creazione: svuotalo ed eliminalo, oppure cambia "
                "CAPOFILA_S3_PREFISSO_BUCKET."
            ) from None

    async def scrivi_a_flusso(
        self,
        bucket: str,
        oggetto: str,
        media_type: str,
        *,
        codifica: Codifica | None = None,
    ) -> Scrittore:
        """A writer for a file of unknown size.

        Use it with ``async with``, or call :meth:`Scrittore.annulla` when something fails.

        Args:
            bucket: as given by :meth:`assicura_bucket`.
            oggetto: name in the bucket.
            media_type: content type of the file.
            codifica: ``gzip`` stores it compressed (``Content-Encoding``): readers get the
                content back, size and digest are of the content.
        """
        return Scrittore(self, bucket, oggetto, media_type, codifica)

    async def scrivi(
        self, bucket: str, oggetto: str, dati: bytes, media_type: str
    ) -> OggettoScritto:
        """Write a small file at once."""
        async with await self.scrivi_a_flusso(bucket, oggetto, media_type) as scrittore:
            await scrittore.scrivi(dati)
            return await scrittore.chiudi()

    async def leggi_a_flusso(
        self,
        bucket: str,
        oggetto: str,
        versione: str | None = None,
        *,
        pezzo: int = 256 * 1024,
    ) -> AsyncIterator[bytes]:
        """The content of a file, piece by piece, as it was given to the writer.

        Raises:
            NonTrovato: no such file or version.
            ServizioNonDisponibile: the store does not answer, also half-way.
        """
        risposta = await self._fai(self.cliente.get_object, bucket, oggetto, version_id=versione)
        try:
            while dati := await self._fai(risposta.read, pezzo, decode_content=True):
                yield dati
        finally:
            risposta.close()
            risposta.release_conn()

    async def esiste(self, bucket: str, oggetto: str, versione: str | None = None) -> bool:
        """Whether a file is there."""
        try:
            await self._fai(self.cliente.stat_object, bucket, oggetto, version_id=versione)
        except NonTrovato:
            return False
        except S3Error as errore:
            if getattr(errore.response, "status", 0) in {400, 404}:
                return False
            raise
        return True

    async def blocca(self, bucket: str, oggetto: str, versione: str, fino: datetime) -> None:
        """Put a version under lock: until then nobody can delete it, or shorten the lock."""
        await self._fai(
            self.cliente.set_object_retention,
            bucket,
            oggetto,
            Retention(COMPLIANCE, fino.astimezone(UTC)),
            version_id=versione,
        )

    async def bloccato_fino(self, bucket: str, oggetto: str, versione: str) -> datetime | None:
        """Until when a version is under lock; None where it is not."""
        try:
            blocco = await self._fai(
                self.cliente.get_object_retention, bucket, oggetto, version_id=versione
            )
        except S3Error as errore:
            if errore.code in _SENZA_BLOCCO:
                return None
            raise
        fino: datetime | None = blocco.retain_until_date if blocco else None
        return fino

    async def elimina(self, bucket: str, oggetto: str, versione: str | None = None) -> None:
        """Delete a version for good; without one, hide the file behind a mark.

        Raises:
            Conflitto: the version is under lock.
        """
        await self._fai(self.cliente.remove_object, bucket, oggetto, version_id=versione)

    async def abbandona_sospesi(self, bucket: str, prima_di: datetime) -> int:
        """Throw away the parts of uploads that nobody will finish (a worker killed half-way).

        Returns:
            How many uploads were thrown away.
        """

        def butta() -> int:
            vecchi = [
                sospeso
                for sospeso in self.cliente.sospesi(bucket)
                if sospeso.initiated_time is not None and sospeso.initiated_time < prima_di
            ]
            for sospeso in vecchi:
                self.cliente.abbandona(bucket, sospeso.object_name, sospeso.upload_id)
            return len(vecchi)

        return await self._fai(butta)

    async def salute(self) -> float:
        """Seconds that the store takes to answer.

        Raises:
            ServizioNonDisponibile: it does not.
        """
        inizio = time.perf_counter()
        await self._fai(self.cliente.bucket_exists, self.nome_bucket("salute"))
        return time.perf_counter() - inizio


_archivi: dict[Impostazioni, Archivio] = {}


def archivio() -> Archivio:
    """The object store of this process, by its settings."""
    valori = impostazioni()
    if valori not in _archivi:
        _archivi[valori] = Archivio(valori)
    return _archivi[valori]


class Scrittore:
    """Writes one file as a stream; made by :meth:`Archivio.scrivi_a_flusso`.

    Left without :meth:`chiudi`, or by an error, it stores nothing.
    """

    def __init__(
        self,
        archivio: Archivio,
        bucket: str,
        oggetto: str,
        media_type: str,
        codifica: Codifica | None,
    ) -> None:
        self._archivio, self._cliente = archivio, archivio.cliente
        self._bucket, self._oggetto, self._codifica = bucket, oggetto, codifica
        self._testata = {"Content-Type": media_type}
        if codifica:
            self._testata["Content-Encoding"] = codifica
        # On the side of the caller.
        self._pezzi: list[bytes] = []
        self._raccolti = 0
        self._posti = asyncio.Semaphore(_IN_ATTESA)
        self._ciclo = asyncio.get_running_loop()
        self._finito = False
        self._span = inizia_span("archivio.scrivi")
        # On the side of the thread that keeps the order.
        self._ordine = ThreadPoolExecutor(1, thread_name_prefix="archivio-ordine")
        self._sha256 = hashlib.sha256()
        self._compressore = isal_zlib.compressobj(1, isal_zlib.DEFLATED, 31) if codifica else None
        self._byte = 0
        self._archiviati = 0
        self._parte: bytearray | None = None
        self._pieno = 0
        self._liberi: list[bytearray] = []
        self._invio: str | None = None
        self._invii: list[Future[Part]] = []
        self._in_volo = threading.Semaphore(archivio.filoni)
        self._errore: BaseException | None = None

    async def __aenter__(self) -> Scrittore:
        return self

    async def __aexit__(
        self,
        classe: type[BaseException] | None,
        errore: BaseException | None,
        traccia: TracebackType | None,
    ) -> None:
        if not self._finito:
            if errore is not None:
                segna_errore(self._span, errore)
            await asyncio.shield(self.annulla())

    async def scrivi(self, dati: bytes) -> None:
        """Add a piece; waits only when the store is slower than the caller.

        Raises:
            ServizioNonDisponibile: the store has failed; the file is not stored.
        """
        if not dati:
            return
        self._pezzi.append(dati if type(dati) is bytes else bytes(dati))
        self._raccolti += len(dati)
        if self._raccolti >= _BLOCCO:
            await self._consegna()

    async def _consegna(self) -> None:
        if self._finito:
            raise RuntimeError("the writer is closed")
        if self._errore is not None:
            raise _tradotto(self._errore) from None
        pezzi, self._pezzi, self._raccolti = self._pezzi, [], 0
        await self._posti.acquire()
        self._ordine.submit(self._elabora, pezzi).add_done_callback(self._elaborato)

    def _elaborato(self, esito: Future[None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and the caller with it
            self._ciclo.call_soon_threadsafe(self._posti.release)

    def _elabora(self, pezzi: list[bytes]) -> None:
        if self._errore is not None:
            return
        try:
            for pezzo in pezzi:
                self._sha256.update(pezzo)
                self._byte += len(pezzo)
                self._accumula(self._compressore.compress(pezzo) if self._compressore else pezzo)
        except Exception as errore:
            self._errore = errore

    def _accumula(self, dati: bytes) -> None:
        """Copy into the current part; a full one leaves when the next byte comes."""
        vista = memoryview(dati)
        while vista:
            if self._parte is None:
                self._parte = self._liberi.pop() if self._liberi else bytearray()
            if self._pieno == self._archivio.parte:
                self._spedisci()
                continue
            quanti = min(len(vista), self._archivio.parte - self._pieno)
            fine = self._pieno + quanti
            # A buffer grows by appending, so that a small file takes little, and is used again.
            if fine > len(self._parte):
                del self._parte[self._pieno :]
                self._parte += vista[:quanti]
            else:
                self._parte[self._pieno : fine] = vista[:quanti]
            self._pieno = fine
            vista = vista[quanti:]

    def _spedisci(self) -> None:
        parte, quanti = self._parte, self._pieno
        if parte is None:
            return
        if self._invio is None:
            self._invio = self._cliente.inizia(self._bucket, self._oggetto, self._testata)
        self._in_volo.acquire()
        if self._errore is not None:
            self._in_volo.release()
            raise self._errore
        self._parte, self._pieno = None, 0
        self._archiviati += quanti
        numero = len(self._invii) + 1
        self._invii.append(
            self._archivio._fili.submit(self._invia, self._invio, numero, parte, quanti)
        )

    def _invia(self, invio: str, numero: int, parte: bytearray, quanti: int) -> Part:
        try:
            with memoryview(parte) as tutto, tutto[:quanti] as dati:
                esito = self._cliente.invia_parte(self._bucket, self._oggetto, invio, numero, dati)
            self._liberi.append(parte)
            return esito
        except BaseException as errore:
            self._errore = self._errore or errore
            raise
        finally:
            self._in_volo.release()

    def _concludi(self) -> Any:
        """Send the rest and close; in the thread that keeps the order, after all the pieces."""
        if self._errore is not None:
            raise self._errore
        if self._compressore:
            self._accumula(self._compressore.flush())
        if self._invio is None:
            resto = memoryview(self._parte or b"")[: self._pieno]
            self._archiviati = len(resto)
            return self._cliente.invia_tutto(self._bucket, self._oggetto, resto, self._testata)
        if self._pieno:
            self._spedisci()
        parti = [invio.result() for invio in self._invii]
        return self._cliente.completa(self._bucket, self._oggetto, self._invio, parti)

    async def chiudi(self) -> OggettoScritto:
        """Send the rest; now the file is in the store.

        Raises:
            ServizioNonDisponibile: the store has failed; the file is not stored.
        """
        if self._pezzi:
            await self._consegna()
        try:
            esito = await asyncio.wrap_future(self._ordine.submit(self._concludi))
        except Exception as errore:
            tradotto = _tradotto(errore)
            segna_errore(self._span, tradotto)
            await self.annulla()
        else:
            self._finito = True
            self._ordine.shutdown(wait=False)
            annota(
                self._span,
                {"capofila.byte": self._archiviati, "capofila.parti": max(1, len(self._invii))},
            )
            self._span.end()
            misure().byte_archiviati(self._archiviati)
            return OggettoScritto(
                bucket=self._bucket,
                oggetto=self._oggetto,
                versione=esito.version_id,
                etag=str(esito.etag or "").strip('"'),
                byte=self._byte,
                sha256=self._sha256.hexdigest(),
                byte_archiviati=self._archiviati,
                codifica=self._codifica,
            )
        raise tradotto

    async def annulla(self) -> None:
        """Give up: what was sent so far is thrown away."""
        if self._finito:
            return
        self._finito = True
        self._pezzi = []
        self._errore = self._errore or ErroreCapofila("Scrittura annullata.")
        self._span.end()

        def butta() -> None:
            self._ordine.shutdown(wait=True)
            for invio in self._invii:
                invio.exception()
            if self._invio is not None:
                self._cliente.abbandona(self._bucket, self._oggetto, self._invio)

        try:
            await asyncio.to_thread(butta)
        except Exception as errore:
            # The parts stay until abbandona_sospesi; the file does not exist all the same.
            _log.warning("caricamento non annullato nell'archivio: %s", type(errore))
