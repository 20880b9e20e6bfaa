"""``python -m capofila_embedded DATA``: the services in the foreground until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from . import Servizi, ServiziNonAvviati


def main() -> int:
    """Run until SIGINT or SIGTERM.

    Returns:
        The exit status. 0: stopped on request; 1: one could not start, or ended by itself.
    """
    parser = argparse.ArgumentParser(
        prog="python -m capofila_embedded",
        description="Avvia PostgreSQL, Valkey e S3 in una cartella e li tiene accesi.",
    )
    parser.add_argument("data", type=Path, metavar="DATI", help="la cartella dei dati")
    data: Path = parser.parse_args().data

    end = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda *_: end.set())
    try:
        servizi = Servizi(data)
        with servizi as stato:
            print(f"PostgreSQL  {stato.postgres_host}:{stato.postgres_port}")
            print(f"Valkey      {stato.valkey_url.rpartition('@')[2]}")
            print(f"S3          {stato.s3_endpoint}")
            print("Ctrl-C per fermare.", flush=True)
            while not end.wait(1):
                if fallen := servizi.caduti():
                    print(
                        f"Si è fermato da sé: {', '.join(fallen)}. Si vedano i file in "
                        f"{data / 'log'}, poi riavviare.",
                        file=sys.stderr,
                    )
                    return 1
    except ServiziNonAvviati as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
