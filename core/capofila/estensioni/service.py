"""The plugins of the installation as whoever runs it sees them. Runs inside a unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from capofila.base import approvazioni
from capofila.base.attivazioni import oggi, registro
from capofila.base.database import unita_corrente
from capofila.base.guasti import Guasto, guasti, guasti_di_tutti
from capofila.base.plugin import avvisi
from capofila.hooks import Manifesto

HOOK: Final = {
    "accreditamento": "requisiti di accreditamento",
    "adempimenti": "scadenze",
    "aggiunte_spesa": "aggiunte alla spesa sociale",
    "codifiche": "liste di codici",
    "criteri_riparto": "criteri di riparto dei fondi",
    "flussi": "flussi",
    "graduatorie": "graduatorie",
    "indicatori": "indicatori",
    "lavori": "lavori",
    "lettori": "lettori di file",
    "manifesto": "",
    "migrazioni": "tabelle proprie",
    "modelli": "testi di pagine e lettere",
    "moduli_spesa": "moduli della spesa sociale",
    "organi": "organi e voti",
    "pagine": "pagine",
    "prospetti_spesa": "prospetti della spesa",
    "rapporti_spesa": "rapporti della spesa",
    "schemi": "schemi di compartecipazione",
    "voci_menu": "voci del menu",
}
"""What a hook brings, for people; every hook is here."""


class Uso(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin in an ambito, between two days."""

    plugin: str
    ambito: str
    slug: str
    dal: date
    al: date | None

    @property
    def stato(self) -> tuple[str, str]:
        """In words, with the kind of the badge."""
        giorno = oggi()
        if giorno < self.dal:
            return "Comincerà", "attesa"
        if self.al is not None and self.al < giorno:
            return "Finito", "chiuso"
        return "Attivo", "buono"


class PluginInstallato(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin of the installation, or one that is used and is not there any more.

    Attributes:
        id: of the manifest.
        manifesto: None when it is not installed.
        approvazione: words of the index.
        porta: what it brings, for people.
        avvisi: what should be known of it.
        usi: the ambiti that it acts in, acted in, will act in.
        guasti: its failures, the last first.
        migrazioni: of its own tables: those done, of those declared.
    """

    id: str
    manifesto: Manifesto | None
    approvazione: str
    porta: tuple[str, ...]
    avvisi: tuple[str, ...]
    usi: tuple[Uso, ...]
    guasti: tuple[Guasto, ...]


async def installati() -> list[PluginInstallato]:
    """All of them, by id. For the administration of the platform, outside any ambito."""
    stati = await approvazioni.stati()
    usi = [
        msgspec.convert(dict(riga), Uso)
        for riga in await unita_corrente().righe(
            "SELECT t.plugin, a.nome AS ambito, a.slug, t.dal, t.al FROM attivazione t "
            "JOIN ambito a ON a.id = t.ambito_id ORDER BY t.plugin, a.nome, t.dal"
        )
    ]
    falliti = await guasti_di_tutti()
    presenti = {manifesto.id: manifesto for manifesto in registro().manifesti()}
    return [
        _installato(id, presenti.get(id), stati.get(id, ""), usi, falliti)
        for id in sorted({*presenti, *(uso.plugin for uso in usi)})
    ]


def _installato(
    id: str,
    manifesto: Manifesto | None,
    approvazione: str,
    usi: Sequence[Uso],
    falliti: Sequence[Guasto],
) -> PluginInstallato:
    return PluginInstallato(
        id=id,
        manifesto=manifesto,
        approvazione=approvazione,
        porta=() if manifesto is None else porta(id),
        avvisi=()
        if manifesto is None or approvazione == approvazioni.DELLA_PIATTAFORMA
        else avvisi(manifesto.contratto),
        usi=tuple(uso for uso in usi if uso.plugin == id),
        guasti=tuple(uno for uno in falliti if uno.plugin == id)[:20],
    )


def porta(id: str) -> tuple[str, ...]:
    """What a plugin brings, for people."""
    return tuple(sorted(nome for hook in registro().hook(id) if (nome := HOOK[hook])))


async def guasti_dell_ambito() -> list[Guasto]:
    """The failures of the plugins in the current ambito, the last first."""
    return await guasti()
