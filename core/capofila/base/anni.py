"""Years of an ambito that are pinned: what a plugin declared about them stays as it was.

A plugin is upgraded for all ambiti at once, and a year that was begun under one version is not to change
with it. So what the plugin declares about a year is written down when the year is pinned, and answers in
its place from then on, also when the plugin is not installed any more. What is dated by day is not
pinned: bodies and rules of vote are frozen by the meetings, schemes by the decisions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from capofila.base.attivazioni import oggi, plugin_attivi, registro
from capofila.base.database import unita_corrente
from capofila.base.differenze import Differenza, differenze
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.plugin import DELL_ANNO, leggi_fissato

ANNI: Final = range(2004, 2101)


class AnnoFissato(msgspec.Struct, frozen=True, kw_only=True):
    """A year that was pinned: by which version, and when."""

    anno: int
    plugin: str
    versione: str
    contratto: str
    fissato_il: datetime


async def anni_fissati() -> list[AnnoFissato]:
    """Those of the current ambito, the last year first."""
    return [
        msgspec.convert(dict(riga), AnnoFissato)
        for riga in await unita_corrente().righe(
            "SELECT anno, plugin, versione, contratto, fissato_il FROM anno_fissato "
            "WHERE ambito_id = $1 ORDER BY anno DESC, plugin",
            unita_corrente().ambito,
        )
    ]


async def fissati_di_tutti(plugin: str) -> dict[str, tuple[int, ...]]:
    """The years that are pinned for a plugin, by slug of the ambito: for whoever runs the platform."""
    anni: dict[str, tuple[int, ...]] = {}
    for riga in await unita_corrente().righe(
        "SELECT a.slug, f.anno FROM anno_fissato f JOIN ambito a ON a.id = f.ambito_id "
        "WHERE f.plugin = $1 ORDER BY a.slug, f.anno",
        plugin,
    ):
        anni[riga["slug"]] = (*anni.get(riga["slug"], ()), riga["anno"])
    return anni


async def fissa(anno: int) -> list[str]:
    """Pin a year, for every plugin that acts today and is not pinned for it yet.

    Returns:
        The plugins that were pinned now, with their version.

    Raises:
        Conflitto: there is none left to pin, or the year cannot be.
        PluginInErrore: a plugin fails to answer.
    """
    if anno not in ANNI or anno > oggi().year + 1:
        raise Conflitto("Si fissa un anno passato, quello in corso o il prossimo.")
    unita = unita_corrente()
    gia = {uno.plugin for uno in await anni_fissati() if uno.anno == anno}
    fissati = []
    for manifesto in (await plugin_attivi()).manifesti:
        if manifesto.id in gia or not {*DELL_ANNO} & {*registro().hook(manifesto.id)}:
            continue
        risposte = risposte_dell_anno(manifesto.id, anno)
        testo = msgspec.json.encode({"manifesto": manifesto, **risposte}, order="sorted")
        impronta = hashlib.sha256(testo).hexdigest()
        leggi_fissato(testo, impronta)  # what could not be read again is not written
        await unita.esegui(
            "INSERT INTO anno_fissato (ambito_id, anno, plugin, versione, contratto, fornitore, risposte, "
            "sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            unita.ambito, anno, manifesto.id, manifesto.versione[:60], manifesto.contratto,
            manifesto.fornitore[:200], testo.decode(), impronta,
        )  # fmt: skip
        fissati.append(f"{manifesto.id} {manifesto.versione}")
    if not fissati:
        raise Conflitto(f"Il {anno} è già fissato per tutti i plugin attivi.")
    return fissati


def risposte_dell_anno(plugin: str, anno: int) -> dict[str, Any]:
    """What an installed plugin declares about a year today, by hook."""
    risposte = {
        hook: registro().chiama(plugin, hook, anno=anno)
        for hook in DELL_ANNO
        if hook in registro().hook(plugin)
    }
    return {hook: risposta for hook, risposta in risposte.items() if risposta is not None}


async def che_cosa_cambierebbe(anno: int, plugin: str) -> list[Differenza]:
    """What the installed version declares of a pinned year and the pinned one did not, and the reverse.

    Raises:
        NonTrovato: the year is not pinned for that plugin here.
        PluginAssente: it is not installed.
    """
    if anno not in ANNI:
        raise NonTrovato("Quest'anno non è fissato per questo plugin.")
    unita = unita_corrente()
    testo = await unita.valore(
        "SELECT risposte FROM anno_fissato WHERE ambito_id = $1 AND anno = $2 AND plugin = $3",
        unita.ambito, anno, plugin,
    )  # fmt: skip
    if testo is None:
        raise NonTrovato("Quest'anno non è fissato per questo plugin.")
    prima: Mapping[str, Any] = msgspec.json.decode(testo)
    dopo = {"manifesto": registro().manifesto(plugin), **risposte_dell_anno(plugin, anno)}
    return list(differenze(prima, msgspec.json.decode(msgspec.json.encode(dopo))))
