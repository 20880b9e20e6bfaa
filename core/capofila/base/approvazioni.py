"""Which plugins may be activated: the index of the wheels that whoever runs the platform approved.

A wheel is known by its sha256; once installed only its files are there, so the index keeps the digest
of those too, and what is installed is compared by that. The plugins of the platform itself need no
approval.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import Distribution, entry_points
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
from packaging.version import InvalidVersion, Version

import capofila
from capofila.base.attivazioni import registro
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.plugin import GRUPPO

_DELL_INSTALLAZIONE: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
"""Files of a `dist-info` that the installer writes, and that no wheel has alike."""


DELLA_PIATTAFORMA: Final = "Della piattaforma"
APPROVATO: Final = "Approvato"
RITIRATO: Final = "Approvazione ritirata"
NON_APPROVATO: Final = "Non approvato"


class Approvazione(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the index.

    Attributes:
        contenuto: digest of the files, see :func:`impronta_contenuto`.
        sha256: of the wheel.
        motivo: why it was withdrawn.
    """

    plugin: str
    versione: str
    contenuto: str
    sha256: str
    fornitore: str
    contratto: str
    approvato_il: datetime | None = None
    ritirato_il: datetime | None = None
    motivo: str | None = None


def impronta_contenuto(file: Mapping[str, str]) -> str:
    """The digest of the files of a distribution.

    Args:
        file: sha256 of each, in hexadecimal, by its path in the wheel. Those that an installer
            writes, compiled files and scripts are left out.
    """
    righe = sorted(f"{nome} {sha256}\n" for nome, sha256 in file.items() if _conta(nome))
    return hashlib.sha256("".join(righe).encode()).hexdigest()


def _conta(nome: str) -> bool:
    parti = nome.split("/")
    if parti[0] == ".." or "__pycache__" in parti or nome.endswith(".pyc"):
        return False
    return not (parti[0].endswith(".dist-info") and parti[-1] in _DELL_INSTALLAZIONE)


def contenuto_installato(distribuzione: Distribution) -> str:
    """The digest of what is installed now, read file by file; a missing file has no digest."""
    return impronta_contenuto(
        {
            str(file): _sha256(Path(str(distribuzione.locate_file(file))))
            for file in distribuzione.files or ()
            if _conta(str(file))
        }
    )


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as aperto:
            return hashlib.file_digest(aperto, "sha256").hexdigest()
    except OSError:
        return "manca"


def installati() -> dict[str, Distribution]:
    """The distributions of the plugins that are no part of the platform, by plugin."""
    noti = {manifesto.id for manifesto in registro().manifesti()}
    return {
        punto.name: punto.dist
        for punto in entry_points(group=GRUPPO)
        if punto.dist is not None and punto.name in noti
    }


def _della_piattaforma(distribuzione: Distribution) -> bool:
    """Whether it is one of the checkout that the platform itself runs from: that is approved whole."""
    scritto = distribuzione.read_text("direct_url.json")
    indirizzo = msgspec.json.decode(scritto).get("url", "") if scritto else ""
    cartella = Path(unquote(urlsplit(indirizzo).path))
    plugin = Path(capofila.__file__).resolve().parents[2] / "plugins"
    return indirizzo.startswith("file://") and cartella.is_relative_to(plugin)


async def approvazioni() -> list[Approvazione]:
    """The whole index, by plugin, the newest first."""
    return [
        msgspec.convert(dict(riga), Approvazione)
        for riga in await unita_corrente().righe(
            "SELECT plugin, versione, contenuto, sha256, fornitore, contratto, approvato_il, "
            "ritirato_il, motivo FROM plugin_approvato ORDER BY plugin, approvato_il DESC"
        )
    ]


async def approva(una: Approvazione, risposte: Mapping[str, Any]) -> None:
    """Write a wheel into the index; one that was withdrawn is approved again.

    Args:
        una: the line.
        risposte: what the plugin answers to every question, to be compared with other versions.

    Raises:
        Conflitto: it is there already, with its answers.
    """
    scritta = await unita_corrente().valore(
        "INSERT INTO plugin_approvato (plugin, versione, contenuto, sha256, fornitore, contratto, "
        "risposte) VALUES ($1, $2, $3, $4, $5, $6, $7) "
        "ON CONFLICT (plugin, versione, contenuto) DO UPDATE "
        "SET ritirato_il = NULL, motivo = NULL, approvato_il = now(), risposte = excluded.risposte "
        "WHERE plugin_approvato.ritirato_il IS NOT NULL OR plugin_approvato.risposte IS NULL "
        "RETURNING true",
        una.plugin, una.versione, una.contenuto, una.sha256, una.fornitore, una.contratto,
        msgspec.json.encode(risposte, order="sorted").decode(),
    )  # fmt: skip
    if not scritta:
        raise Conflitto(f"La {una.versione} di «{una.plugin}» è già approvata.")


async def risposte_tenute(plugin: str, contenuto: str) -> dict[str, Any] | None:
    """What the files of a plugin answered when they were examined; None when nobody kept it."""
    testo = await unita_corrente().valore(
        "SELECT risposte FROM plugin_approvato WHERE plugin = $1 AND contenuto = $2 "
        "AND risposte IS NOT NULL ORDER BY approvato_il DESC LIMIT 1",
        plugin, contenuto,
    )  # fmt: skip
    return None if testo is None else msgspec.json.decode(testo, type=dict[str, Any])


def piu_nuove(tutte: Iterable[Approvazione]) -> list[Approvazione]:
    """Of the index, what is newer than the version that is installed here, the newest first."""
    presenti = installati()
    nuove = {
        (una.plugin, una.versione): una
        for una in sorted(tutte, key=lambda una: str(una.approvato_il))
        if una.ritirato_il is None
        and una.plugin in presenti
        and _versione(una.versione) > _versione(presenti[una.plugin].version)
    }
    return sorted(nuove.values(), key=lambda una: _versione(una.versione), reverse=True)


def _versione(scritta: str) -> Version:
    try:
        return Version(scritta)
    except InvalidVersion:
        return Version("0")


async def ritira(plugin: str, versione: str, motivo: str) -> None:
    """Withdraw the approval of a version: it can be activated no more; where it is active it stays.

    Raises:
        NonTrovato: it is not approved.
    """
    ritirate = await unita_corrente().righe(
        "UPDATE plugin_approvato SET ritirato_il = now(), motivo = $3 "
        "WHERE plugin = $1 AND versione = $2 AND ritirato_il IS NULL RETURNING plugin",
        plugin, versione, motivo,
    )  # fmt: skip
    if not ritirate:
        raise NonTrovato(f"La {versione[:60]} di «{plugin[:40]}» non è fra i plugin approvati.")


async def non_approvati(plugin: Iterable[str]) -> dict[str, str]:
    """Of some plugins, those that may not be activated, with the reason.

    Those of the platform itself, and those that are not installed here, are not among them.
    """
    presenti = installati()
    chiesti = {
        uno: presenti[uno]
        for uno in plugin
        if uno in presenti and not _della_piattaforma(presenti[uno])
    }
    if not chiesti:
        return {}
    buoni = {(a.plugin, a.contenuto) for a in await approvazioni() if a.ritirato_il is None}
    return {
        uno: f"la {distribuzione.version} installata non è fra quelle approvate: chi amministra la "
        "piattaforma la esamina e la approva con «capofila plugin approve»"
        for uno, distribuzione in chiesti.items()
        if (uno, contenuto_installato(distribuzione)) not in buoni
    }


async def stati() -> dict[str, str]:
    """How each installed plugin stands with the index, in words."""
    presenti = installati()
    tutte = await approvazioni()
    esito = {}
    for manifesto in registro().manifesti():
        distribuzione = presenti.get(manifesto.id)
        if distribuzione is None or _della_piattaforma(distribuzione):
            esito[manifesto.id] = DELLA_PIATTAFORMA
            continue
        contenuto = contenuto_installato(distribuzione)
        sue = [a for a in tutte if (a.plugin, a.contenuto) == (manifesto.id, contenuto)]
        if any(una.ritirato_il is None for una in sue):
            esito[manifesto.id] = APPROVATO
        else:
            esito[manifesto.id] = RITIRATO if sue else NON_APPROVATO
    return esito
