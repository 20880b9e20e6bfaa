"""The services of this installation: the configured ones, those of a running ``capofila up``, or
embedded ones started for as long as a command needs them.

The embedded servers know nothing of Capofila. Here their database gets its roles, its migrations
and its passwords, which are made once and kept in the data folder, readable by its owner only.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

import msgspec

from capofila.base.errori import ConfigurazioneNonSicura, ServizioNonDisponibile
from capofila.base.impostazioni import cartella_dati, impostazioni

if TYPE_CHECKING:
    from capofila_embedded import StatoServizi

BANCA: Final = "capofila"
_FILE_SEGRETI: Final = "capofila.json"
_PR_SET_PDEATHSIG: Final = 1


class Segreti(msgspec.Struct):
    """What this installation made up for itself."""

    capofila_migra: str
    capofila_app: str
    capofila_ats: str
    capofila_relay: str
    capofila_backup: str
    segreto: str

    @classmethod
    def nuovi(cls) -> Segreti:
        """Fresh random ones."""
        return cls(*(secrets.token_urlsafe(32) for _ in cls.__struct_fields__))


def _segreti(cartella: Path) -> Segreti:
    file = cartella / _FILE_SEGRETI
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=Segreti)
    nuovi = Segreti.nuovi()
    descrittore = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descrittore, "wb") as uscita:
        uscita.write(msgspec.json.encode(nuovi))
    return nuovi


def _ambiente(stato: StatoServizi, segreti: Segreti) -> dict[str, str]:
    def indirizzo(ruolo: str) -> str:
        parola = getattr(segreti, f"capofila_{ruolo}")
        return (
            f"postgresql://capofila_{ruolo}:{parola}@{stato.postgres_host}:"
            f"{stato.postgres_port}/{BANCA}"
        )

    return {
        "CAPOFILA_DATABASE_URL": indirizzo("app"),
        "CAPOFILA_ATS_URL": indirizzo("ats"),
        "CAPOFILA_RELAY_URL": indirizzo("relay"),
        "CAPOFILA_MIGRAZIONI_URL": indirizzo("migra"),
        "CAPOFILA_BROKER_URL": stato.valkey_url,
        "CAPOFILA_S3_ENDPOINT": stato.s3_endpoint,
        "CAPOFILA_S3_ACCESS_KEY": stato.s3_access_key,
        "CAPOFILA_S3_SECRET_KEY": stato.s3_secret_key,
        "CAPOFILA_S3_HTTPS": "false",
        "CAPOFILA_HTTPS": "false",
        "CAPOFILA_SEGRETO": segreti.segreto,
    }


@contextmanager
def servizi(*, propri: bool = False) -> Iterator[bool]:
    """Make sure that the services are there, and that the settings name them.

    Of commands that run at once the first starts them, the others use them, and the first stops
    them when nobody does any more.

    Args:
        propri: own them: refuse those of another ``capofila up``.

    Yields:
        Whether they were started here, and end with the command.

    Raises:
        ServizioNonDisponibile: they cannot be started; the message says what to do.
    """
    if os.environ.get("CAPOFILA_DATABASE_URL"):
        yield False
        return
    try:
        from capofila_embedded import Servizi, ServiziNonAvviati
    except ImportError:
        raise ConfigurazioneNonSicura(
            "Manca CAPOFILA_DATABASE_URL e i servizi locali non sono installati: indica un "
            "PostgreSQL, oppure installa capofila-embedded."
        ) from None

    cartella = cartella_dati()
    cartella.mkdir(parents=True, exist_ok=True)
    gestore = Servizi(cartella)
    fine = time.monotonic() + ATTESA
    while True:
        # Shared: who started them waits for this command before stopping them.
        with nullcontext() if propri else _serratura(cartella, fcntl.LOCK_SH):
            in_corso = None if propri else Servizi.in_corso(cartella)
            if in_corso is not None:
                with _con_ambiente(_ambiente(in_corso, _segreti(cartella))):
                    yield False
                return
        with nullcontext() if propri else _serratura(cartella, fcntl.LOCK_EX):
            if not propri and Servizi.in_corso(cartella) is not None:
                continue
            try:
                stato = gestore.avvia()
            except ServiziNonAvviati as errore:
                # A «capofila up» that is starting will answer in a while.
                if propri or errore.codice != "occupata" or time.monotonic() > fine:
                    raise ServizioNonDisponibile(str(errore)) from None
            else:
                segreti = _segreti(cartella)
                try:
                    asyncio.run(_prepara_banca(stato, segreti))
                except BaseException:
                    gestore.ferma()
                    raise
                break
        time.sleep(0.2)
    try:
        with _con_ambiente(_ambiente(stato, segreti)):
            yield True
    finally:
        with nullcontext() if propri else _serratura(cartella, fcntl.LOCK_EX):
            gestore.ferma()


ATTESA: Final = 60.0
"""Seconds that a command waits for services that somebody else is starting."""


@contextmanager
def _serratura(cartella: Path, come: int) -> Iterator[None]:
    """Hold the lock of the commands of a data folder, waiting for it."""
    descrittore = os.open(cartella / "comandi", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descrittore, come)
        yield
    finally:
        # Told, and not left to the closing: a server that was started meanwhile has a copy.
        fcntl.flock(descrittore, fcntl.LOCK_UN)
        os.close(descrittore)


async def _prepara_banca(stato: StatoServizi, segreti: Segreti) -> None:
    from capofila.base.migrazione import migra
    from capofila.base.ruoli import ParoleChiave, prepara
    from capofila.estensioni.migra import migra_plugin

    parole = ParoleChiave(
        **{nome: getattr(segreti, nome) for nome in ParoleChiave.__struct_fields__}
    )
    await prepara(stato.postgres_dsn, BANCA, parole)
    indirizzo = _ambiente(stato, segreti)["CAPOFILA_MIGRAZIONI_URL"]
    await migra(indirizzo)
    await migra_plugin(indirizzo)


@contextmanager
def _con_ambiente(valori: Mapping[str, str]) -> Iterator[None]:
    prima = {nome: os.environ.get(nome) for nome in valori}
    os.environ.update({n: v for n, v in valori.items() if n not in os.environ})
    impostazioni.cache_clear()
    try:
        yield
    finally:
        for nome, valore in prima.items():
            if valore is None:
                os.environ.pop(nome, None)
            else:
                os.environ[nome] = valore
        impostazioni.cache_clear()


# --- processes that end with this one -----------------------------------------------------------


def _muori_col_genitore(genitore: int) -> None:
    """Between fork and exec: own session, and SIGTERM when the parent is gone."""
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != genitore:
        os._exit(1)


def avvia_processo(*argomenti: str) -> subprocess.Popen[bytes]:
    """Start a Python module of ours as a child that cannot outlive this process."""
    return subprocess.Popen(
        [sys.executable, "-m", *argomenti],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        preexec_fn=partial(_muori_col_genitore, os.getpid()),
    )


def avvia_web(porta: int, *, processi: int = 1) -> subprocess.Popen[bytes]:
    """The web server, on this machine only."""
    return avvia_processo(
        "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(porta),
        "--workers", str(processi), "--log-level", "warning", "--no-ws",
        "--workers-kill-timeout", "5s", "capofila.app:app",
    )  # fmt: skip


def avvia_worker() -> subprocess.Popen[bytes]:
    """The worker with its relay; it speaks only when something is wrong."""
    return avvia_processo("capofila.worker", "--senza-annunci")


def vigila(*processi: subprocess.Popen[bytes]) -> None:
    """Make sure that the children still run.

    Raises:
        ServizioNonDisponibile: one of them has ended by itself.
    """
    if any(processo.poll() is not None for processo in processi):
        raise ServizioNonDisponibile(
            "Il processo dei lavori è terminato da solo: leggi i messaggi qui sopra."
        )


def ferma_processi(*processi: subprocess.Popen[bytes]) -> None:
    """Ask the children to end, then make them."""
    for processo in processi:
        if processo.poll() is None:
            processo.terminate()
    limite = time.monotonic() + 15
    for processo in processi:
        try:
            processo.wait(max(0.1, limite - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(processo.pid, signal.SIGKILL)
            processo.wait()


def porta_libera(porta: int) -> bool:
    """Whether the web can listen there."""
    with socket.socket() as prova:
        prova.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            prova.bind(("127.0.0.1", porta))
        except OSError:
            return False
    return True


def attendi_porta(porta: int, processo: subprocess.Popen[bytes], secondi: float = 60) -> None:
    """Wait until the web answers.

    Raises:
        ServizioNonDisponibile: it ended, or takes too long.
    """
    limite = time.monotonic() + secondi
    while time.monotonic() < limite:
        if processo.poll() is not None:
            break
        with socket.socket() as prova:
            prova.settimeout(0.5)
            if prova.connect_ex(("127.0.0.1", porta)) == 0:
                return
        time.sleep(0.1)
    raise ServizioNonDisponibile("Il server web non si avvia: leggi i messaggi qui sopra.")


@contextmanager
def fino_a_interruzione() -> Iterator[Callable[[], bool]]:
    """SIGINT and SIGTERM end the wait instead of the process; yields whether one has come."""
    ricevuti: list[int] = []

    def segna(numero: int, _: FrameType | None) -> None:
        ricevuti.append(numero)

    prima = {s: signal.signal(s, segna) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(ricevuti)
    finally:
        for segnale, gestore in prima.items():
            signal.signal(segnale, gestore)
