"""The plugins of the installation as whoever runs it sees them. Runs inside a unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from capofila.base import approvazioni
from capofila.base.anni import anni_fissati
from capofila.base.attivazioni import attivazioni, oggi, plugin_attivi, registro
from capofila.base.database import unita_corrente
from capofila.base.guasti import Guasto, guasti, guasti_di_tutti
from capofila.base.plugin import DELL_ANNO, avvisi
from capofila.hooks import Manifesto
from capofila.spesa import service as spesa

ANNI_PROPOSTI: Final = 3
"""Past years that are looked at, to propose that they be pinned."""
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
        nuove: approved versions that are newer than the one that is installed.
    """

    id: str
    manifesto: Manifesto | None
    approvazione: str
    porta: tuple[str, ...]
    avvisi: tuple[str, ...]
    usi: tuple[Uso, ...]
    guasti: tuple[Guasto, ...]
    nuove: tuple[approvazioni.Approvazione, ...] = ()


async def installati() -> list[PluginInstallato]:
    """All of them, by id. For the administration of the platform, outside any ambito."""
    stati = await approvazioni.stati()
    tutti = await usi()
    falliti = await guasti_di_tutti()
    nuove = approvazioni.piu_nuove(await approvazioni.approvazioni())
    presenti = {manifesto.id: manifesto for manifesto in registro().manifesti()}
    return [
        _installato(id, presenti.get(id), stati.get(id, ""), tutti, falliti, nuove)
        for id in sorted({*presenti, *(uso.plugin for uso in tutti)})
    ]


async def usi(plugin: str | None = None) -> list[Uso]:
    """Where the plugins act, acted and will act, or where one does; for the administration."""
    return [
        msgspec.convert(dict(riga), Uso)
        for riga in await unita_corrente().righe(
            "SELECT t.plugin, a.nome AS ambito, a.slug, t.dal, t.al FROM attivazione t "
            "JOIN ambito a ON a.id = t.ambito_id WHERE $1::text IS NULL OR t.plugin = $1 "
            "ORDER BY t.plugin, a.nome, t.dal",
            plugin,
        )
    ]


def _installato(
    id: str,
    manifesto: Manifesto | None,
    approvazione: str,
    usi: Sequence[Uso],
    falliti: Sequence[Guasto],
    nuove: Sequence[approvazioni.Approvazione],
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
        nuove=tuple(una for una in nuove if una.plugin == id),
    )


def porta(id: str) -> tuple[str, ...]:
    """What a plugin brings, for people."""
    return tuple(sorted(nome for hook in registro().hook(id) if (nome := HOOK[hook])))


class AnnoChiuso(msgspec.Struct, frozen=True, kw_only=True):
    """A year of the ambito that is over and is not pinned.

    Attributes:
        perche: how it is known to be over, in Italian.
        plugin: those that say something of it and are not pinned for it.
    """

    anno: int
    perche: str
    plugin: tuple[str, ...]


async def anni_da_fissare() -> list[AnnoChiuso]:
    """The years that are over and not pinned, the last first: those whose survey of the spending was
    passed on, and those that ended more than a year ago. Pinning cannot be undone, so a person does it.
    """
    trasmessi = {*await spesa.anni_trasmessi()}
    dal: dict[str, int] = {}
    for una in await attivazioni():
        dal[una.plugin] = min(una.dal.year, dal.get(una.plugin, 9999))
    gia = {(uno.anno, uno.plugin) for uno in await anni_fissati()}
    questo = oggi().year
    trovati = []
    for anno in range(questo - 1, questo - 1 - ANNI_PROPOSTI, -1):
        if anno not in trasmessi and anno > questo - 2:
            continue
        suoi = tuple(
            manifesto.denominazione
            for manifesto in (await plugin_attivi()).manifesti
            if (anno, manifesto.id) not in gia
            and dal[manifesto.id] <= anno
            and {*DELL_ANNO} & {*registro().hook(manifesto.id)}
        )
        if suoi:
            perche = (
                "la sua rilevazione della spesa è stata trasmessa" if anno in trasmessi
                else "è finito da più di un anno"
            )  # fmt: skip
            trovati.append(AnnoChiuso(anno=anno, perche=perche, plugin=suoi))
    return trovati


async def guasti_dell_ambito() -> list[Guasto]:
    """The failures of the plugins in the current ambito, the last first."""
    return await guasti()
