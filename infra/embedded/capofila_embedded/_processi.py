"""Processes: started so that they die with the owner, recognised without mistaking a reused pid."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("_figlio.py")
_PROC = Path("/proc")

Arresto = Sequence[tuple[signal.Signals, float]]
"""Signals to send in turn, each with the seconds to wait; SIGKILL follows the last."""


@dataclass(frozen=True, slots=True)
class Utente:
    """The system user as which a server runs, when not the present one."""

    nome: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Impronta:
    """A process, told apart from a later one with the same pid by its start in clock ticks."""

    pid: int
    inizio: int

    @classmethod
    def of(cls, pid: int) -> Impronta | None:
        """The living process with this pid; None when there is none (a zombie is not living)."""
        try:
            stat = (_PROC / str(pid) / "stat").read_text()
        except OSError:
            return None
        state, *fields = stat.rpartition(")")[2].split()
        return None if state in "ZX" else cls(pid, int(fields[18]))

    def alive(self) -> bool:
        return Impronta.of(self.pid) == self


class Avviatore:
    """Starts children from one thread that lives as long as they must.

    The kernel sends the parent-death signal when the *thread* that forked ends, so a child
    started from a short-lived worker thread would be ended at once.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="capofila-embedded")

    def start(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        log: Path,
        death_signal: signal.Signals,
        user: Utente | None = None,
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a command in a session of its own, so that Ctrl-C reaches only the owner."""

        def spawn() -> subprocess.Popen[bytes]:
            descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                return subprocess.Popen(
                    [
                        *(sys.executable, "-I", "-S", str(_LAUNCHER)),
                        *(str(os.getpid()), str(int(death_signal))),
                        *((str(user.uid), str(user.gid)) if user else ("-1", "-1")),
                        *command,
                    ],
                    cwd=cwd,
                    env=clean_environment(environment or {}),
                    stdin=subprocess.DEVNULL,
                    stdout=descriptor,
                    stderr=descriptor,
                    start_new_session=True,
                )
            finally:
                os.close(descriptor)

        return self._thread.submit(spawn).result()

    def close(self) -> None:
        """End the thread; children that still run get their parent-death signal."""
        self._thread.shutdown()


def clean_environment(extra: dict[str, str]) -> dict[str, str]:
    """An environment without the PG*, AWS_* and WEED_* variables of whoever started us."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "TZ": "UTC",
        **extra,
    }


def stop(child: subprocess.Popen[bytes], how: Arresto) -> None:
    """End a child and wait for its end."""
    for sign, seconds in how:
        child.send_signal(sign)
        try:
            child.wait(seconds)
            return
        except subprocess.TimeoutExpired:
            continue
    child.kill()
    child.wait()


def stop_foreign(processes: Iterable[Impronta], how: Arresto) -> bool:
    """End processes that are not our children. Returns whether all of them ended."""
    remaining = [process for process in processes if process.alive()]
    for sign, seconds in (*how, (signal.SIGKILL, 5.0)):
        for process in remaining:
            try:
                os.kill(process.pid, sign)
            except ProcessLookupError:
                continue
            except PermissionError:
                return False
        limit = time.monotonic() + seconds
        while remaining and time.monotonic() < limit:
            time.sleep(0.05)
            remaining = [process for process in remaining if process.alive()]
        if not remaining:
            return True
    return False


def running_in(folder: Path, executable: str) -> list[Impronta]:
    """Processes of that executable name that work in that folder."""
    found = []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            cwd = (entry / "cwd").readlink()
            name = (entry / "exe").readlink().name.removesuffix(" (deleted)")
        except OSError:
            continue
        if name == executable and cwd == folder:
            process = Impronta.of(int(entry.name))
            if process is not None:
                found.append(process)
    return found
