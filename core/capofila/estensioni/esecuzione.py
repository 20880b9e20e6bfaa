"""The process in which a job of a plugin runs: ``python -m capofila.estensioni.esecuzione``.

It gets the rows and gives rows back, by its standard input and output. It has no database, no setting of
the platform and no secret: its environment is empty, its time and its memory have a limit, it starts no
process, and an audit hook refuses the network, the other processes, and every file but the installed code,
to be read. That holds whoever forgets, and is a hurdle for whoever means harm: code that the installation
approved runs as its user, and Python cannot be made a prison. What it tries is a failure of its own.
"""

from __future__ import annotations

import importlib
import os
import resource
import sys
import sysconfig
import zoneinfo
from typing import Any, Final

import msgspec

ESITO_MASSIMO: Final = 32 * 1024 * 1024
"""Bytes of the rows that it may give back."""
FILE_MASSIMI: Final = 32
"""Files that may be open at once: its three, and the code that is imported."""


_RETE: Final = ("socket.", "ssl.", "urllib.", "http.", "ftplib.", "smtplib.", "imaplib.", "poplib.")
_ALTRO: Final = (
    "subprocess.", "pty.", "ctypes.", "multiprocessing.", "signal.", "fcntl.", "resource.", "syslog.",
    "sqlite3.", "shutil.", "tempfile.",
)  # fmt: skip
_CODICE: Final = ("stdlib", "platstdlib", "purelib", "platlib")
"""Where code is; the folder of the whole environment may have the settings beside it."""
_CARTELLE: Final = frozenset({"os.listdir", "os.scandir"})
_SENZA_DIRLO: Final = frozenset({"readline", "_dbm", "_gdbm", "_posixshmem"})
"""Modules that open files in C, of which the interpreter tells nothing."""
_INNOCUI: Final = frozenset({"os.putenv", "os.unsetenv"})
_SCRIVE: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Vietato(PermissionError):
    """The job tried what no job may do."""


class Recinto:
    """What a job may do of what the interpreter tells about; the first thing that it may not is kept."""

    def __init__(self) -> None:
        radici = {*sys.path, *map(sysconfig.get_path, _CODICE), *zoneinfo.TZPATH}
        self._radici = tuple(os.path.realpath(una) + os.sep for una in radici if una)
        self.visto = ""

    def __call__(self, evento: str, argomenti: tuple[Any, ...]) -> None:
        """An audit event.

        Raises:
            Vietato: when it may not be.
        """
        tentato = self._tentato(evento, argomenti)
        if tentato:
            self.visto = self.visto or tentato
            raise Vietato(tentato)

    def _tentato(self, evento: str, argomenti: tuple[Any, ...]) -> str:
        if evento.startswith(_RETE):
            return f"ha provato a usare la rete ({evento})"
        if evento.startswith(_ALTRO):
            return f"ha provato a uscire dal suo processo ({evento})"
        if evento == "open":
            return self._file(*argomenti[:3])
        if evento == "import" and argomenti[0] in _SENZA_DIRLO:
            return f"ha provato a usare i file per un'altra via ({argomenti[0]})"
        if evento in _CARTELLE:
            return "" if self._ammesso(argomenti[0]) else f"ha provato a guardare i file ({evento})"
        if evento.startswith("os.") and evento not in _INNOCUI:
            return f"ha provato a uscire dal suo processo ({evento})"
        return ""

    def _file(self, percorso: object, modo: object = None, segni: object = 0) -> str:
        scrive = (
            not {*modo}.isdisjoint("wax+") if isinstance(modo, str)
            else isinstance(segni, int) and bool(segni & _SCRIVE)
        )  # fmt: skip
        if scrive:
            return "ha provato a scrivere un file"
        return "" if self._ammesso(percorso) else "ha provato a leggere un file che non è codice"

    def _ammesso(self, percorso: object) -> bool:
        """Whether it is of the installed code. A relative path may be relative to anything."""
        if not isinstance(percorso, str | bytes | os.PathLike):
            return False
        testo = os.fsdecode(percorso)
        return os.path.isabs(testo) and (os.path.realpath(testo) + os.sep).startswith(self._radici)


class Chiesto(msgspec.Struct, frozen=True):
    """What is asked of it."""

    modulo: str
    lavoro: str
    righe: list[dict[str, str | None]]
    secondi: int
    megabyte: int


class Risposto(msgspec.Struct, frozen=True):
    """What it gives back: rows, or what went wrong and where, without values."""

    righe: list[dict[str, str | None]] = []
    causa: str = ""
    punto: str = ""


def esegui(chiesto: Chiesto, recinto: Recinto) -> Risposto:
    """Run the job's function on the rows."""
    risposto = _esegui(chiesto)
    return Risposto(causa=recinto.visto, punto=risposto.punto) if recinto.visto else risposto


def _esegui(chiesto: Chiesto) -> Risposto:
    try:
        plugin: Any = importlib.import_module(chiesto.modulo)
        (lavoro,) = (uno for uno in plugin.lavori() if uno.codice == chiesto.lavoro)
        righe = [dict(riga) for riga in lavoro.calcola(tuple(chiesto.righe))]
        return msgspec.convert({"righe": righe}, Risposto)
    except (Exception, SystemExit) as errore:
        traccia = errore.__traceback__
        while traccia is not None and traccia.tb_next is not None:
            traccia = traccia.tb_next
        punto = (
            f"{traccia.tb_frame.f_globals.get('__name__', '?')}:{traccia.tb_lineno}"
            if traccia
            else ""
        )
        # The name of a class that the plugin made could say anything, of the rows too.
        noto = next(una for una in type(errore).__mro__ if una.__module__ == "builtins")
        return Risposto(causa=noto.__name__, punto=punto)


def main() -> None:
    """Read what is asked, limit this process, answer."""
    chiesto = msgspec.json.decode(sys.stdin.buffer.read(), type=Chiesto)
    byte = chiesto.megabyte * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (byte, byte))
    resource.setrlimit(resource.RLIMIT_CPU, (chiesto.secondi, chiesto.secondi))
    for limite, quanto in (
        (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, FILE_MASSIMI),
    ):  # fmt: skip
        resource.setrlimit(limite, (quanto, quanto))
    uscita = sys.stdout.buffer
    sys.stdout = sys.stderr
    recinto = Recinto()
    sys.addaudithook(recinto)
    esito = msgspec.json.encode(esegui(chiesto, recinto))
    if len(esito) > ESITO_MASSIMO:
        esito = msgspec.json.encode(Risposto(causa="la risposta è troppo grande"))
    uscita.write(esito)
    uscita.flush()


if __name__ == "__main__":
    main()
