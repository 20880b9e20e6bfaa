"""The process in which a job of a plugin runs: ``python -m capofila.estensioni.esecuzione``.

It gets the rows and gives rows back, by its standard input and output. It has no database, no setting of
the platform and no secret: its environment is empty, its time and its memory have a limit.
"""

from __future__ import annotations

import importlib
import resource
import sys
from typing import Any, Final

import msgspec

ESITO_MASSIMO: Final = 32 * 1024 * 1024
"""Bytes of the rows that it may give back."""


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


def esegui(chiesto: Chiesto) -> Risposto:
    """Run the job's function on the rows."""
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
        return Risposto(causa=type(errore).__name__, punto=punto)


def main() -> None:
    """Read what is asked, limit this process, answer."""
    chiesto = msgspec.json.decode(sys.stdin.buffer.read(), type=Chiesto)
    byte = chiesto.megabyte * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (byte, byte))
    resource.setrlimit(resource.RLIMIT_CPU, (chiesto.secondi, chiesto.secondi))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    uscita = sys.stdout.buffer
    sys.stdout = sys.stderr
    esito = msgspec.json.encode(esegui(chiesto))
    if len(esito) > ESITO_MASSIMO:
        esito = msgspec.json.encode(Risposto(causa="la risposta è troppo grande"))
    uscita.write(esito)
    uscita.flush()


if __name__ == "__main__":
    main()
