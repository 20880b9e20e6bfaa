"""A wheel examined as it would be installed: unpacked into a folder of its own, and nothing else new."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import msgspec
from installer import install
from installer.destinations import SchemeDictionaryDestination
from installer.exceptions import InstallerError
from installer.sources import WheelFile
from packaging.requirements import InvalidRequirement, Requirement

from capofila.base.approvazioni import impronta_contenuto
from capofila.base.differenze import Differenza, differenze
from capofila.base.errori import DatiNonValidi
from capofila.base.plugin import GRUPPO
from capofila.conformita.esame import ATTESA, Difetto, Esame, Sondaggio, esamina, risposte

PESO_MASSIMO: Final = 64 * 1024 * 1024
"""Bytes that the files of a wheel may have, unpacked."""


_ROVINATA: Final = (
    BadZipFile, InstallerError, OSError, EOFError, KeyError, ValueError, AssertionError,
    NotImplementedError, zlib.error,
)  # fmt: skip
"""What the parts that open a wheel may raise of one that was damaged."""


class EsameRuota(msgspec.Struct, frozen=True):
    """The outcome of the examination of a wheel.

    Attributes:
        file: its name.
        sha256: of the wheel itself.
        contenuto: digest of its files, by which what is installed is known again.
        esami: one for each plugin that it has.
        difetti: of the distribution: what is wrong before any plugin is asked.
    """

    file: str
    sha256: str
    contenuto: str
    esami: tuple[Esame, ...]
    difetti: tuple[Difetto, ...] = ()

    @property
    def conforme(self) -> bool:
        """Whether nothing was found, and there is a plugin."""
        return not self.difetti and all(esame.conforme for esame in self.esami)


def esamina_ruota(ruota: Path, *, attesa: float = ATTESA) -> EsameRuota:
    """Examine every plugin of a wheel.

    Args:
        ruota: the wheel; nothing of it is installed in this environment.
        attesa: seconds that each examination may take.

    Raises:
        DatiNonValidi: the file is no wheel, or a damaged one.
    """
    sha256 = hashlib.sha256(ruota.read_bytes()).hexdigest() if ruota.is_file() else ""
    with _spacchettata(ruota) as cartella:
        (distribuzione,) = Distribution.discover(path=[str(cartella)])
        difetti = [*_requisiti(distribuzione), *_compilati(distribuzione)]
        punti = [punto for punto in distribuzione.entry_points if punto.group == GRUPPO]
        if not punti:
            difetti.append(
                Difetto("manifesto", "entry point", f"nessun entry point nel gruppo «{GRUPPO}»")
            )
        esami = () if difetti else tuple(
            esamina(punto.value, [cartella], attesa=attesa) for punto in punti
        )  # fmt: skip
        return EsameRuota(ruota.name, sha256, _contenuto(ruota), esami, tuple(difetti))


def _contenuto(ruota: Path) -> str:
    """The digest of the files of a wheel: the one that they have when it is installed."""
    with ZipFile(ruota) as archivio:
        return impronta_contenuto(
            {
                uno.filename: hashlib.sha256(archivio.read(uno)).hexdigest()
                for uno in archivio.infolist()
                if not uno.is_dir()
            }
        )


def confronta_ruote(prima: Path, dopo: Path) -> tuple[Differenza, ...]:
    """What would change from one version of a plugin to another: the same questions put to both.

    Raises:
        DatiNonValidi: one is no wheel, or has not one plugin, or they are of two plugins.
    """
    una, altra = _sondata(prima), _sondata(dopo)
    if una.plugin != altra.plugin:
        raise DatiNonValidi(
            f"«{prima.name}» è il plugin «{una.plugin}» e «{dopo.name}» è «{altra.plugin}»: si "
            "confrontano due versioni dello stesso plugin."
        )
    return tuple(differenze(una.risposte, altra.risposte))


def risposte_ruota(ruota: Path) -> dict[str, dict[str, Any]]:
    """What the plugins of a wheel answer to every question, by plugin: kept when it is approved.

    Raises:
        DatiNonValidi: the file is no wheel, or a damaged one.
    """
    with _spacchettata(ruota) as cartella:
        (distribuzione,) = Distribution.discover(path=[str(cartella)])
        sondaggi = [
            risposte(punto.value, [cartella])
            for punto in distribuzione.entry_points
            if punto.group == GRUPPO
        ]
    return {uno.plugin: uno.risposte for uno in sondaggi}


def _sondata(ruota: Path) -> Sondaggio:
    with _spacchettata(ruota) as cartella:
        (distribuzione,) = Distribution.discover(path=[str(cartella)])
        punti = [punto for punto in distribuzione.entry_points if punto.group == GRUPPO]
        if len(punti) != 1:
            raise DatiNonValidi(
                f"«{ruota.name}» ha {len(punti)} plugin: si confronta uno per volta."
            )
        sondaggio = risposte(punti[0].value, [cartella])
    if not sondaggio.plugin:
        raise DatiNonValidi(
            f"Il plugin di «{ruota.name}» non si può interrogare: «capofila plugin check» dice perché."
        )
    return sondaggio


@contextmanager
def _spacchettata(ruota: Path) -> Iterator[Path]:
    """The packages of a wheel in a folder, each file as its RECORD says; no scripts, no data."""
    with TemporaryDirectory(prefix="capofila-ruota-") as temporanea:
        cartella = Path(temporanea).resolve()
        schemi = {
            nome: str(cartella / ("pacchetti" if nome in ("purelib", "platlib") else nome))
            for nome in ("purelib", "platlib", "headers", "scripts", "data")
        }
        try:
            with ZipFile(ruota) as archivio:
                if sum(uno.file_size for uno in archivio.infolist()) > PESO_MASSIMO:
                    raise DatiNonValidi(f"«{ruota.name}» è troppo grande per un plugin.")
            with WheelFile.open(ruota) as origine:
                origine.validate_record()
                destinazione = SchemeDictionaryDestination(schemi, "python", "posix")
                install(origine, destinazione, {"INSTALLER": b"capofila"})
        except _ROVINATA as errore:
            if isinstance(errore, DatiNonValidi):
                raise
            raise DatiNonValidi(
                f"«{ruota.name}» non è una wheel intera ({type(errore).__name__}: {errore}): costruiscila "
                "di nuovo, per esempio con «python -m build --wheel»."
            ) from None
        yield cartella / "pacchetti"


def _compilati(distribuzione: Distribution) -> Iterator[Difetto]:
    """Machine code, of which no examination sees what it does."""
    for file in distribuzione.files or ():
        if file.suffix in (".so", ".pyd", ".dll", ".dylib", ".pyc"):
            yield Difetto(
                "manifesto", str(file), "è codice compilato: un plugin porta solo sorgenti"
            )


def _requisiti(distribuzione: Distribution) -> Iterator[Difetto]:
    """What it needs that this environment does not have: nothing is downloaded to examine it."""
    for scritto in distribuzione.requires or ():
        try:
            requisito = Requirement(scritto)
        except InvalidRequirement:
            yield Difetto("manifesto", "dipendenze", f"«{scritto}» non si legge")
            continue
        if requisito.marker is not None and not requisito.marker.evaluate({"extra": ""}):
            continue
        try:
            presente = version(requisito.name)
        except PackageNotFoundError:
            yield Difetto("manifesto", "dipendenze",
                          f"serve «{scritto}», che la piattaforma non installa")  # fmt: skip
            continue
        if not requisito.specifier.contains(presente, prereleases=True):
            yield Difetto("manifesto", "dipendenze",
                          f"serve «{scritto}», la piattaforma ha {presente}")  # fmt: skip
