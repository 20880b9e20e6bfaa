"""What a service is for the one who starts them all."""

from __future__ import annotations

import importlib.metadata
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from ._cartella import Cartella
from ._processi import Arresto, Utente
from .errori import ServiziNonAvviati


@dataclass(frozen=True, slots=True)
class Comando:
    """How to run a server in the foreground."""

    argv: Sequence[str]
    cwd: Path
    user: Utente | None = None
    environment: dict[str, str] = field(default_factory=dict)


class Servizio(ABC):
    """A server kept in a sub-folder of the data folder."""

    nome: ClassVar[str]
    eseguibile: ClassVar[str]
    """Name of the running executable, by which a left-over is recognised."""
    arresto: ClassVar[Arresto]
    segnale_orfano: ClassVar[signal.Signals]
    """What the kernel sends when the owner dies."""

    def __init__(self, cartella: Cartella, secrets: dict[str, str], ports: dict[str, int]) -> None:
        self.cartella = cartella
        self.secrets = secrets
        self.ports = ports
        self.log = cartella.log / f"{self.nome}.log"

    @property
    @abstractmethod
    def cwd(self) -> Path:
        """Where the server works."""

    @abstractmethod
    def prepare(self) -> Comando:
        """Write what the server reads at its start, and tell how to start it.

        Called when no other process uses the sub-folder.
        """

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server does its work for who has the right secret."""

    def forget(self) -> None:  # noqa: B027
        """Remove what the stopped server leaves outside the data folder."""

    def program(self, distribution: str, name: str) -> Path:
        """The executable of that name which an installed wheel brought along."""
        try:
            files = importlib.metadata.files(distribution) or []
        except importlib.metadata.PackageNotFoundError as error:
            raise self.missing(distribution, "il pacchetto non è installato") from error
        for file in files:
            found = Path(str(file.locate())).resolve()
            if file.name == name and os.access(found, os.X_OK):
                return found
        raise self.missing(distribution, f"{name} non si trova o non è eseguibile")

    def missing(self, distribution: str, detail: str) -> ServiziNonAvviati:
        return ServiziNonAvviati(
            f"Manca il programma di {self.nome} ({detail}): reinstallare il pacchetto "
            f"{distribution}, per esempio ripetendo «make setup».",
            codice="binario",
            servizio=self.nome,
        )
