"""What a hook does besides answering: files, network, processes, clock, environment, chance.

Two nets. The interpreter's audit events tell of files, sockets, processes and the like; the profiler
tells of calls that raise no event: the clock, the environment, random numbers. It is a help for whoever
means well and a hurdle for whoever does not: a plugin is code that the installation chose to run.
"""

from __future__ import annotations

import datetime
import os
import random
import secrets
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

_FILE: Final = ("open", "shutil.", "tempfile.", "glob.", "pathlib.", "mmap.")
_RETE: Final = ("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "ssl.")
_PROCESSI: Final = ("subprocess.", "pty.", "ctypes.", "signal.", "multiprocessing.")
_DATABASE: Final = ("sqlite3.", "dbm.")

_TEMPI: Final = frozenset(
    {
        "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
        "process_time", "localtime", "gmtime", "ctime", "strftime", "sleep",
    }
)  # fmt: skip
_ADESSO: Final = frozenset({"now", "today", "utcnow"})
_MODULO_OS: Final = os.getenv.__code__.co_filename
_SCRIVE: Final = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.truncate",
    "os.chmod",
    "os.link",
)
_AMBIENTE: Final = frozenset({"getenv", "getenvb", "__getitem__", "__iter__", "__len__", "copy"})
_DEL_CASO: Final = frozenset(
    os.path.realpath(str(modulo.__file__)) for modulo in (random, secrets, uuid)
)

_aperta: Guardia | None = None


class Guardia:
    """What was seen while it was on. `viste` has each thing once, in the order of the first time."""

    def __init__(self, *, importa: bool = False) -> None:
        self._importa = importa
        """While a plugin is imported it may read files: its own modules and data."""
        self.viste: dict[str, None] = {}

    def vedi(self, che_cosa: str) -> None:
        """Write something down."""
        self.viste.setdefault(che_cosa)

    def evento(self, evento: str, argomenti: tuple[Any, ...]) -> None:
        """An audit event."""
        if evento.startswith(_RETE):
            self.vedi(f"usa la rete ({evento})")
        elif evento.startswith((*_PROCESSI, "os.exec", "os.fork", "os.posix_s")):
            self.vedi(f"avvia altro ({evento})")
        elif evento == "os.system":
            self.vedi("avvia altro (os.system)")
        elif evento.startswith(_DATABASE):
            self.vedi(f"apre un database ({evento})")
        elif evento in ("os.putenv", "os.unsetenv"):
            self.vedi("cambia l'ambiente")
        elif self._importa:
            if evento in _SCRIVE or (evento == "open" and _per_scrivere(argomenti)):
                self.vedi(f"tocca i file ({evento})")
        elif evento.startswith((*_FILE, "os.")) and not _importando():
            self.vedi(f"tocca i file ({evento})")

    def profilo(self, quadro: FrameType, evento: str, argomento: Any) -> None:
        """A call, as the profiler tells it."""
        if self._importa:
            return
        if evento == "c_call":
            self._chiamata_c(argomento)
        elif evento == "call":
            codice = quadro.f_code
            if codice.co_filename == _MODULO_OS and codice.co_name in _AMBIENTE:
                self.vedi("legge le variabili d'ambiente")
            elif codice.co_filename in _DEL_CASO and not codice.co_name.startswith("<"):
                self.vedi("si affida al caso")

    def _chiamata_c(self, funzione: Any) -> None:
        nome, di = getattr(funzione, "__name__", ""), getattr(funzione, "__self__", None)
        if getattr(funzione, "__module__", None) == "time" and nome in _TEMPI:
            self.vedi(f"guarda l'orologio (time.{nome})")
        elif nome in _ADESSO and isinstance(di, type) and issubclass(di, datetime.date):
            self.vedi(f"guarda l'orologio ({di.__name__}.{nome})")
        elif isinstance(di, random.Random) or nome in ("urandom", "getrandom"):
            self.vedi("si affida al caso")
        elif nome in ("getcwd", "getpid", "gethostname", "uname", "stat", "lstat", "readlink"):
            self.vedi(f"chiede alla macchina ({nome})")


def _per_scrivere(argomenti: tuple[Any, ...]) -> bool:
    """Whether an `open` event, which has a path, a mode and flags, is about writing."""
    modo = argomenti[1] if len(argomenti) > 1 else None
    if isinstance(modo, str):
        return not {*modo}.isdisjoint("wax+")
    return bool(argomenti[2] & (os.O_WRONLY | os.O_RDWR)) if len(argomenti) > 2 else False


def _importando() -> bool:
    """Whether what happens is the import of a module: a late import is no fault."""
    quadro: FrameType | None = sys._getframe(2)
    while quadro is not None:
        if quadro.f_code.co_filename == "<frozen importlib._bootstrap_external>":
            return True
        quadro = quadro.f_back
    return False


def _revisore(evento: str, argomenti: tuple[Any, ...]) -> None:
    if _aperta is not None:
        _aperta.evento(evento, argomenti)


_messo = False


@contextmanager
def guarda(*, importa: bool = False) -> Iterator[Guardia]:
    """Watch what runs inside. Not to be nested, and in one thread.

    Args:
        importa: a plugin is being imported: reading files is how that works.
    """
    global _aperta, _messo
    if not _messo:
        sys.addaudithook(_revisore)
        _messo = True
    guardia = Guardia(importa=importa)
    _aperta = guardia
    sys.setprofile(guardia.profilo)
    try:
        yield guardia
    finally:
        sys.setprofile(None)
        _aperta = None


def secondi() -> float:
    """Seconds of processor used so far, for the time that a hook takes."""
    return time.process_time()
