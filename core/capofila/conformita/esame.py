"""An examination of a plugin: what is checked, what was found, and the process that does it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from capofila.base.plugin import avvisi

TEMPO: Final = 2.0
"""Seconds of processor that one answer of one hook may take."""

ATTESA: Final = 120
"""Seconds that the whole examination may take: a plugin that loops is stopped then."""

ANNI: Final = (1990, 2004, 2012, 2013, 2014, 2015, 2018, 2020, 2023, 2024, 2025, 2026, 2027, 2035)
"""Years that the hooks with a year are asked about."""


class Controllo(msgspec.Struct, frozen=True):
    """One thing that a plugin must keep.

    Attributes:
        nome: stable, for programs.
        chiede: what it asks, in Italian.
    """

    nome: str
    chiede: str


CONTROLLI: Final = (
    Controllo("importazione", "Si importa senza rete, processi, scritture."),
    Controllo("manifesto", "Il manifesto e gli hook sono quelli del contratto."),
    Controllo("forma", "Ogni risposta ha il tipo che la sua specifica chiede."),
    Controllo("determinismo", "A domanda uguale risposta uguale, anche in un altro processo."),
    Controllo("purezza", "Nessun hook tocca file, rete, database, orologio, ambiente o caso."),
    Controllo("tempo", f"Nessuna risposta prende più di {TEMPO:.0f} secondi."),
    Controllo("convivenza", "Sta accanto ai formati della piattaforma senza dare le stesse cose."),
    Controllo("fonti", "Ogni cosa dichiarata ha una fonte, e le ipotesi dicono su che cosa stanno."),
    Controllo("testi", "I testi per le persone ci sono tutti."),
    Controllo("flussi", "Ogni regola ha un esempio che la rispetta e uno che la viola; il file si "
              "scrive a pezzi."),
    Controllo("schemi", "Ogni schema si legge, ha parametri datati e un esito per ogni caso."),
    Controllo("graduatorie", "Ogni graduatoria si calcola in ogni giorno e si rifà uguale, con un motivo "
              "per ogni domanda."),
    Controllo("voti", "Ogni regola di voto si conta: tutti a favore non è respinta, tutti contro non "
              "è approvata."),
    Controllo("riparti", "Ogni riparto fa il fondo al centesimo, chiunque venga prima."),
    Controllo("accreditamenti", "Ogni accreditamento si valuta in ogni giorno, ha dei requisiti e si "
              "rifà uguale."),
)  # fmt: skip


class Difetto(msgspec.Struct, frozen=True):
    """Something that a plugin does not keep.

    Attributes:
        controllo: the name of the check.
        dove: the hook, the flow, the file.
        che_cosa: in Italian, with what to do when it is not plain.
    """

    controllo: str
    dove: str
    che_cosa: str


class Sondaggio(msgspec.Struct, frozen=True):
    """What the process that runs the plugin tells.

    Attributes:
        plugin, versione, contratto, fornitore: of the manifest; empty when there is none.
        hook: those that it has.
        difetti: what was found.
        impronte: digest of each answer, by question; the same in every process.
    """

    plugin: str = ""
    versione: str = ""
    contratto: str = ""
    fornitore: str = ""
    hook: tuple[str, ...] = ()
    difetti: tuple[Difetto, ...] = ()
    impronte: dict[str, str] = {}
    risposte: dict[str, Any] = {}
    """The answers themselves, and what each scheme makes of the cases that are tried; when asked for."""


class Esame(msgspec.Struct, frozen=True):
    """The outcome of an examination."""

    plugin: str
    versione: str
    contratto: str
    fornitore: str
    hook: tuple[str, ...]
    difetti: tuple[Difetto, ...]

    @property
    def conforme(self) -> bool:
        """Whether nothing was found."""
        return not self.difetti

    @property
    def avvisi(self) -> tuple[str, ...]:
        """What is no fault and should be known: it was written for an older minor of the contract."""
        return avvisi(self.contratto) if self.contratto else ()

    def di(self, controllo: str) -> tuple[Difetto, ...]:
        """What one check found."""
        return tuple(uno for uno in self.difetti if uno.controllo == controllo)


def esamina(modulo: str, percorsi: Sequence[Path] = (), *, attesa: float = ATTESA) -> Esame:
    """Examine an importable plugin, in two processes of its own.

    Args:
        modulo: importable name.
        percorsi: folders to look in before the installed packages.
        attesa: seconds after which it is stopped.
    """
    prima, dopo = (_sonda(modulo, percorsi, seme, attesa) for seme in ("0", "20250301"))
    difetti = [*prima.difetti]
    difetti += [
        Difetto("determinismo", domanda, "in un altro processo la risposta è un'altra")
        for domanda, impronta in prima.impronte.items()
        if dopo.impronte.get(domanda, impronta) != impronta
    ]
    gia = set(difetti)
    difetti += [uno for uno in dopo.difetti if uno not in gia and uno.controllo != "tempo"]
    return Esame(
        plugin=prima.plugin, versione=prima.versione, contratto=prima.contratto,
        fornitore=prima.fornitore, hook=prima.hook, difetti=tuple(difetti),
    )  # fmt: skip


def risposte(modulo: str, percorsi: Sequence[Path] = (), *, attesa: float = ATTESA) -> Sondaggio:
    """What a plugin answers to every question, without judging it: two versions are compared by it."""
    return _sonda(modulo, percorsi, "0", attesa, "--risposte")


def _sonda(
    modulo: str, percorsi: Sequence[Path], seme: str, attesa: float, *opzioni: str
) -> Sondaggio:
    """One process: its hash seed, its time zone and its folder are not those of the other."""
    ambiente = {
        "PYTHONPATH": os.pathsep.join([*map(str, percorsi), *sys.path]),
        "PYTHONHASHSEED": seme,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": os.defpath,
        "TZ": "UTC" if seme == "0" else "Pacific/Kiritimati",
        "LC_ALL": "C.UTF-8",
    }
    with TemporaryDirectory(prefix="capofila-esame-") as cartella:
        uscita = Path(cartella) / "esito.json"
        try:
            esito = subprocess.run(  # noqa: S603  (this interpreter, this module)
                [sys.executable, "-P", "-m", "capofila.conformita.sonda", modulo, str(uscita), *opzioni],
                cwd=cartella, env=ambiente, capture_output=True, text=True, timeout=attesa,
                check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return _fermato(f"non ha finito in {attesa:.0f} secondi ed è stato fermato")
        if not uscita.exists():
            ultima = (esito.stderr.strip().splitlines() or [""])[-1]
            return _fermato(f"il processo è finito con {esito.returncode} ({ultima[:200]})")
        return msgspec.json.decode(uscita.read_bytes(), type=Sondaggio)


def _fermato(perche: str) -> Sondaggio:
    return Sondaggio(difetti=(Difetto("tempo", "plugin", perche),))
