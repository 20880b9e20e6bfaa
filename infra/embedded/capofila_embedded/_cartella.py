"""The data folder: who owns it now, its secrets, its ports, its state.

serratura      flock of the owner, with its pid
stato.json     addresses, secrets and children of the running owner; absent at rest
segreti.json   passwords and keys, made once
porte.json     ports, used again at the next start when still free
log/           a file a service
postgres/ valkey/ s3/
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import secrets
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .errori import ServiziNonAvviati

LOCALHOST = "127.0.0.1"
FREE_SPACE_MIN = 512 * 1024**2
LOG_MAX = 10 * 1024**2
# Below the kernel's default range for outgoing connections, which would otherwise take a
# remembered port between two starts.
_PORTS = range(20_000, 32_700)
GRPC_OFFSET = 10_000

PORTE = (
    "postgres",
    "valkey",
    "s3",
    "s3_grpc",
    "master",
    "master_grpc",
    "volume",
    "volume_grpc",
    "filer",
    "filer_grpc",
    "admin",
)
SEGRETI = (
    "postgres",
    "valkey",
    "s3_access_key",
    "s3_secret_key",
    "s3_admin",
    "s3_write",
    "s3_read",
    "s3_filer_write",
    "s3_filer_read",
)


class Cartella:
    """One data folder, opened by one owner at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.log = self.path / "log"
        self.postgres = self.path / "postgres"
        self.valkey = self.path / "valkey"
        self.s3 = self.path / "s3"
        self._lock: int | None = None

    def create(self) -> None:
        """Make the folder, private to its user; check that it is ours and has room."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.log.mkdir(exist_ok=True, mode=0o700)
            # Others keep at most the right to pass, which the PostgreSQL user may need.
            self.path.chmod(0o700 | self.path.stat().st_mode & 0o001)
        except OSError as error:
            raise ServiziNonAvviati(
                f"La cartella dei dati {self.path} non si può usare ({error.strerror}): "
                "sceglierne una in cui l'utente può scrivere.",
                codice="permessi",
            ) from error
        free = shutil.disk_usage(self.path).free
        if free < FREE_SPACE_MIN:
            raise ServiziNonAvviati(
                f"Il disco di {self.path} è quasi pieno: restano {free // 1024**2} MiB, ne servono "
                f"almeno {FREE_SPACE_MIN // 1024**2}. Liberare spazio o scegliere un'altra "
                "cartella dei dati.",
                codice="disco",
            )

    def lock(self) -> None:
        """Become the owner of the folder, or tell who is."""
        descriptor = os.open(self.path / "serratura", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = os.read(descriptor, 32).decode(errors="replace").strip() or "sconosciuto"
            os.close(descriptor)
            if not isinstance(error, BlockingIOError):
                raise ServiziNonAvviati(
                    f"La cartella {self.path} non permette le serrature ({error.strerror}): "
                    "sceglierne una su un disco locale.",
                    codice="permessi",
                ) from error
            raise ServiziNonAvviati(
                f"I servizi di {self.path} sono già avviati dal processo {pid}: "
                "usare quelli, oppure fermarlo.",
                codice="occupata",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._lock = descriptor

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def secrets(self) -> dict[str, str]:
        """The passwords and keys of the folder, generated at its first start."""
        found = self._read("segreti.json")
        known = {name: str(found[name]) for name in SEGRETI if name in found}
        missing = [name for name in SEGRETI if name not in known]
        if missing:
            if self.postgres.exists() and "postgres" in missing:
                raise ServiziNonAvviati(
                    f"Manca la password della base dati: {self.path / 'segreti.json'} non c'è più "
                    "o è rovinato. Rimetterlo al suo posto da una copia, oppure usare "
                    "un'altra cartella dei dati.",
                    codice="segreti",
                )
            known |= {name: secrets.token_urlsafe(32) for name in missing}
            self.write("segreti.json", json.dumps(known, indent=1))
        return known

    def ports(self, *, forget: bool = False) -> dict[str, int]:
        """A free port a name; those of the last start when they are still free."""
        found = {} if forget else self._read("porte.json")
        chosen: dict[str, int] = {}
        with contextlib.ExitStack() as held:
            for name in PORTE:
                offset = GRPC_OFFSET if name == "admin" else 0
                remembered = found.get(name)
                candidates = [remembered] if isinstance(remembered, int) else []
                last = _PORTS.stop - offset
                candidates += random.sample(range(_PORTS.start, last), 500)
                for port in candidates:
                    if _hold(held, (port, port + offset) if offset else (port,)):
                        chosen[name] = port
                        break
                else:
                    raise ServiziNonAvviati(
                        f"Non ci sono porte libere fra {_PORTS.start} e {last}: chiudere qualche "
                        "programma e riprovare.",
                        codice="porta",
                    )
        self.write("porte.json", json.dumps(chosen, indent=1))
        return chosen

    def state(self) -> dict[str, Any]:
        """The state written by the last owner; empty when it stopped in order."""
        return self._read("stato.json")

    def write_state(self, state: dict[str, Any]) -> None:
        self.write("stato.json", json.dumps(state, indent=1))

    def forget_state(self) -> None:
        (self.path / "stato.json").unlink(missing_ok=True)

    def shorten(self, log: Path) -> None:
        """Put a log that has grown aside, keeping one old copy. Only while nobody writes it."""
        with contextlib.suppress(FileNotFoundError):
            if log.stat().st_size > LOG_MAX:
                log.replace(log.with_suffix(".log.1"))

    def write(self, name: str, text: str) -> Path:
        """Write a file that only its owner can read, whole or not at all."""
        target = self.path / name
        target.parent.mkdir(exist_ok=True, mode=0o700)
        fresh = target.with_name(target.name + ".nuovo")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(target)
        return target

    def _read(self, name: str) -> dict[str, Any]:
        try:
            content = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def _hold(held: contextlib.ExitStack, ports: Iterable[int]) -> bool:
    """Keep ports bound until all are chosen, so that none is chosen twice."""
    with contextlib.ExitStack() as trial:
        for port in ports:
            probe = trial.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOCALHOST, port))
                probe.listen(1)
            except OSError:
                return False
        held.push(trial.pop_all())
    return True
