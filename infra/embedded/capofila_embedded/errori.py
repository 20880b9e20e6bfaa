"""The one error of this distribution, with a sentence for the person who reads it."""

from __future__ import annotations

from pathlib import Path


class ServiziNonAvviati(Exception):
    """The services, or one of them, cannot run.

    Attributes:
        codice: a stable code for programs: ``occupata`` (another owner), ``porta``,
            ``disco``, ``binario``, ``permessi``, ``segreti``, ``sistema``, ``tempo``, ``arresto``.
        servizio: the service concerned, or None when it is all of them.
        log: the log file whose end tells more, or None.
    """

    def __init__(
        self,
        messaggio: str,
        *,
        codice: str,
        servizio: str | None = None,
        log: Path | None = None,
    ) -> None:
        super().__init__(messaggio if log is None else f"{messaggio} Si veda la fine di {log}.")
        self.codice = codice
        self.servizio = servizio
        self.log = log
