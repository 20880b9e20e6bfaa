"""Start, watch and stop the three servers of a data folder."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import os
import platform
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, get_args
from urllib.parse import quote

from ._cartella import LOCALHOST, Cartella
from ._postgres import SUPERUSER, Postgres
from ._processi import Avviatore, Impronta, running_in, stop, stop_foreign
from ._s3 import S3
from ._servizio import Servizio
from ._valkey import Valkey
from .errori import ServiziNonAvviati

NomeServizio = Literal["postgres", "valkey", "s3"]

_TYPES: dict[NomeServizio, type[Servizio]] = {"postgres": Postgres, "valkey": Valkey, "s3": S3}
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class StatoServizi:
    """Where the running services are and how to get in. Its secrets are not in its repr."""

    postgres_host: str
    postgres_port: int
    postgres_superuser: str
    postgres_password: str = field(repr=False)
    valkey_url: str = field(repr=False)
    s3_endpoint: str
    s3_access_key: str = field(repr=False)
    s3_secret_key: str = field(repr=False)
    pid: int
    avviato: str

    @property
    def postgres_dsn(self) -> str:
        """The superuser's DSN of database ``postgres``, with its password."""
        who = f"{quote(self.postgres_superuser)}:{quote(self.postgres_password)}"
        return f"postgresql://{who}@{self.postgres_host}:{self.postgres_port}/postgres"


class _PortaOccupata(ServiziNonAvviati):
    """Somebody took a port between its choice and its use: worth another try with new ones."""


class Servizi:
    """PostgreSQL, Valkey and S3 in a data folder, owned by this process.

    As a context manager it starts them and stops them. The servers die with the process that
    started them, also when it is killed.

    Args:
        data: the data folder; made when missing.
        attesa: seconds within which each service must answer.
    """

    def __init__(self, data: Path, *, attesa: float = 60.0) -> None:
        self._cartella = Cartella(data)
        self._attesa = attesa
        self._avviatore: Avviatore | None = None
        self._servizi: dict[NomeServizio, Servizio] = {}
        self._figli: dict[NomeServizio, subprocess.Popen[bytes]] = {}
        self._stato: StatoServizi | None = None
        self._mutex = threading.RLock()
        self._pid: int | None = None

    def __enter__(self) -> StatoServizi:
        return self.avvia()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ferma()

    def avvia(self) -> StatoServizi:
        """Start the three together and wait until each answers.

        Raises:
            ServiziNonAvviati: one of them cannot; none of them is left running.
        """
        with self._mutex:
            if self._stato is not None:
                return self._stato
            if platform.system() != "Linux":
                raise ServiziNonAvviati(
                    "I servizi incorporati funzionano solo su Linux: qui indicare a Capofila "
                    "servizi già esistenti.",
                    codice="sistema",
                )
            self._cartella.create()
            self._cartella.lock()
            self._pid = os.getpid()
            try:
                self._end_left_overs()
                secrets = self._cartella.secrets()
                self._avviatore = Avviatore()
                self._stato = stato = self._start_all(secrets)
                self._write_state()
            except OSError as error:
                self.ferma()
                raise ServiziNonAvviati(
                    f"Nella cartella dei dati {self._cartella.path} non si può scrivere "
                    f"({error.strerror or error}): controllare lo spazio e i permessi.",
                    codice="disco",
                ) from error
            except BaseException:
                self.ferma()
                raise
            return stato

    def ferma(self) -> None:
        """Stop what runs, in order, and leave the folder to the next owner. Idempotent."""
        if os.getpid() != self._pid:
            # A fork of the owner, or never started: the servers are not this process's to stop.
            return
        with self._mutex:
            self._stop_all()
            self._stato = None
            if self._avviatore is not None:
                self._avviatore.close()
                self._avviatore = None
                self._cartella.forget_state()
            self._cartella.unlock()
            self._pid = None

    def caduti(self) -> tuple[NomeServizio, ...]:
        """The services that ended by themselves and were not started again."""
        with self._mutex:
            return tuple(nome for nome, child in self._figli.items() if child.poll() is not None)

    def spegni(self, nome: NomeServizio) -> None:
        """Stop one service; the others go on. Nothing happens when it is already off."""
        with self._mutex:
            self._known(nome)
            self._stop_one(nome)
            self._write_state()

    def accendi(self, nome: NomeServizio) -> None:
        """Start one service again, on the same port with the same data; wait until it answers.

        Raises:
            ServiziNonAvviati: it cannot, for instance because its port was taken meanwhile.
        """
        with self._mutex:
            self._known(nome)
            child = self._figli.get(nome)
            if child is not None and child.poll() is None:
                return
            self._stop_one(nome)
            try:
                self._start_one(nome)
            except BaseException:
                self._stop_one(nome)
                raise
            finally:
                self._write_state()

    def riavvia(self, nome: NomeServizio) -> None:
        """``spegni`` and ``accendi``."""
        with self._mutex:
            self.spegni(nome)
            self.accendi(nome)

    @classmethod
    def in_corso(cls, data: Path) -> StatoServizi | None:
        """The services of a running owner of that folder, when all of them answer."""
        cartella = Cartella(data)
        content = cartella.state()
        try:
            owner = Impronta(**content["proprietario"])
            stato = StatoServizi(**content["stato"])
            secrets, ports = content["segreti"], content["porte"]
            if not owner.alive():
                return None
            services = [kind(cartella, secrets, ports) for kind in _TYPES.values()]
        except (KeyError, TypeError):
            return None
        with ThreadPoolExecutor(len(services)) as pool:
            return stato if all(pool.map(lambda service: service.answers(), services)) else None

    def _known(self, nome: str) -> None:
        if nome not in get_args(NomeServizio):
            raise ValueError(f"servizio sconosciuto: {nome!r}")
        if self._stato is None:
            raise ServiziNonAvviati(
                "I servizi non sono avviati: chiamare prima «avvia».", codice="arresto"
            )

    def _start_all(self, secrets: dict[str, str]) -> StatoServizi:
        for attempt in range(1, _ATTEMPTS + 1):
            ports = self._cartella.ports(forget=attempt > 1)
            self._servizi = {
                nome: kind(self._cartella, secrets, ports) for nome, kind in _TYPES.items()
            }
            try:
                self._in_parallel(self._start_one)
            except _PortaOccupata:
                if attempt == _ATTEMPTS:
                    raise
                self._stop_all()
            else:
                break
        return StatoServizi(
            postgres_host=LOCALHOST,
            postgres_port=ports["postgres"],
            postgres_superuser=SUPERUSER,
            postgres_password=secrets["postgres"],
            valkey_url=f"redis://:{quote(secrets['valkey'])}@{LOCALHOST}:{ports['valkey']}/0",
            s3_endpoint=f"{LOCALHOST}:{ports['s3']}",
            s3_access_key=secrets["s3_access_key"],
            s3_secret_key=secrets["s3_secret_key"],
            pid=os.getpid(),
            avviato=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )

    def _start_one(self, nome: NomeServizio) -> None:
        service = self._servizi[nome]
        try:
            command = service.prepare()
        except OSError as error:
            raise ServiziNonAvviati(
                f"{nome} non si può preparare in {service.cwd}: {error.strerror or error}. "
                "Controllare lo spazio e i permessi della cartella dei dati.",
                codice="disco",
                servizio=nome,
            ) from error
        self._cartella.shorten(service.log)
        offset = service.log.stat().st_size if service.log.exists() else 0
        assert self._avviatore is not None
        child = self._avviatore.start(
            command.argv,
            cwd=command.cwd,
            log=service.log,
            death_signal=service.segnale_orfano,
            user=command.user,
            environment=command.environment,
        )
        self._figli[nome] = child
        limit = time.monotonic() + self._attesa
        while not service.answers():
            if child.poll() is not None:
                raise self._why_ended(service, child.returncode, offset)
            if time.monotonic() > limit:
                raise ServiziNonAvviati(
                    f"{nome} non risponde dopo {self._attesa:.0f} secondi: la macchina può essere "
                    "troppo carica. Riprovare.",
                    codice="tempo",
                    servizio=nome,
                    log=service.log,
                )
            time.sleep(0.03)

    def _why_ended(self, service: Servizio, status: int, offset: int) -> ServiziNonAvviati:
        with service.log.open("rb") as file:
            file.seek(offset)
            told = file.read(1024**2).decode(errors="replace").lower()
        nome = service.nome
        if "address already in use" in told:
            return _PortaOccupata(
                f"La porta di {nome} è stata presa da un altro programma: chiuderlo e riprovare.",
                codice="porta",
                servizio=nome,
                log=service.log,
            )
        if "no space left on device" in told:
            return ServiziNonAvviati(
                f"{nome} non parte perché il disco è pieno: liberare spazio e riprovare.",
                codice="disco",
                servizio=nome,
                log=service.log,
            )
        if "permission denied" in told:
            return ServiziNonAvviati(
                f"{nome} non parte perché gli mancano dei permessi in {service.cwd}: ridare "
                "quella cartella all'utente che avvia i servizi, oppure usarne un'altra.",
                codice="permessi",
                servizio=nome,
                log=service.log,
            )
        return ServiziNonAvviati(
            f"{nome} si è fermato mentre partiva (stato {status}).",
            codice="arresto",
            servizio=nome,
            log=service.log,
        )

    def _stop_one(self, nome: NomeServizio) -> None:
        child = self._figli.pop(nome, None)
        if child is not None:
            stop(child, self._servizi[nome].arresto)
            self._servizi[nome].forget()

    def _stop_all(self) -> None:
        if self._figli:
            self._in_parallel(self._stop_one)

    def _in_parallel(self, action: Callable[[NomeServizio], None]) -> None:
        """Do it to each service; raise the first error when all are done."""
        with ThreadPoolExecutor(len(_TYPES)) as pool:
            done = [pool.submit(action, nome) for nome in self._servizi]
        errors = [error for future in done if (error := future.exception()) is not None]
        # A port that was taken is mended by another try; anything else is not.
        errors.sort(key=lambda error: isinstance(error, _PortaOccupata))
        for error in errors:
            raise error

    def _write_state(self) -> None:
        if self._stato is None:
            return
        first = next(iter(self._servizi.values()))
        owner = Impronta.of(os.getpid())
        children = {nome: Impronta.of(child.pid) for nome, child in self._figli.items()}
        state: dict[str, Any] = {
            "stato": dataclasses.asdict(self._stato),
            "proprietario": dataclasses.asdict(owner) if owner else None,
            "figli": {n: dataclasses.asdict(c) for n, c in children.items() if c is not None},
            "segreti": first.secrets,
            "porte": first.ports,
        }
        self._cartella.write_state(state)

    def _end_left_overs(self) -> None:
        """End what a crashed owner of this folder left running."""
        recorded = self._cartella.state().get("figli", {})
        for nome, kind in _TYPES.items():
            service_folder = self._cartella.path / nome
            processes = set(running_in(service_folder, kind.eseguibile))
            with contextlib.suppress(KeyError, TypeError):
                processes.add(Impronta(**recorded[nome]))
            if not stop_foreign(processes, kind.arresto):
                pids = ", ".join(str(process.pid) for process in processes)
                raise ServiziNonAvviati(
                    f"Un {nome} di prima usa ancora {service_folder} e non si lascia fermare "
                    f"(processo {pids}): fermarlo e riprovare.",
                    codice="occupata",
                    servizio=nome,
                )
        self._cartella.forget_state()
