"""The hooks: reading this file is reading what a plugin can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capofila.hooks.marcatori import hookspec

if TYPE_CHECKING:
    from pathlib import Path

    from capofila.hooks.accreditamento import RegoleAccreditamento
    from capofila.hooks.adempimenti import Adempimento
    from capofila.hooks.codifiche import Codifiche, ListaCodici
    from capofila.hooks.flussi import Flusso
    from capofila.hooks.graduatorie import Graduatoria
    from capofila.hooks.indicatori import Indicatore
    from capofila.hooks.lettori import LettoreFlussi
    from capofila.hooks.manifesto import Manifesto
    from capofila.hooks.organi import Organo
    from capofila.hooks.pagine import ModelloPlugin, PaginaPlugin, VoceMenuPlugin
    from capofila.hooks.prospetti import ProspettoSpesa, RapportoSpesa
    from capofila.hooks.riparto import CriteriRiparto
    from capofila.hooks.spesa import AggiuntaSpesa, ModuloSpesa
    from capofila.hooks.tabelle import LavoroPlugin, MigrazionePlugin


@hookspec
def manifesto() -> Manifesto:  # type: ignore[empty-body]
    """Who the plugin is: identity, versions, vendor, legal sources, privacy."""


@hookspec
def codifiche() -> tuple[ListaCodici, ...]:  # type: ignore[empty-body]
    """The code lists of the receivers, which each installation keeps up to date."""


@hookspec
def flussi(codifiche: Codifiche) -> tuple[Flusso, ...]:  # type: ignore[empty-body]
    """The reporting flows that the plugin knows how to check and to write."""


@hookspec
def lettori() -> tuple[LettoreFlussi, ...]:  # type: ignore[empty-body]
    """The readers of the files that other programs have written."""


@hookspec
def adempimenti(anno: int) -> tuple[Adempimento, ...]:  # type: ignore[empty-body]
    """The yearly deadlines of what is about ``anno``."""


@hookspec
def organi() -> tuple[Organo, ...]:  # type: ignore[empty-body]
    """The bodies of the ambito, in all their dated versions."""


@hookspec
def moduli_spesa(anno: int) -> tuple[ModuloSpesa, ...]:  # type: ignore[empty-body]
    """The forms of the survey of social spending about ``anno``, each whole."""


@hookspec
def aggiunte_spesa(anno: int) -> tuple[AggiuntaSpesa, ...]:  # type: ignore[empty-body]
    """What is added to the forms of other plugins: own voci, crosswalks and checks."""


@hookspec
def schemi() -> tuple[Path, ...]:  # type: ignore[empty-body]
    """The files of the schemes of compartecipazione: what a person pays for a service, as YAML."""


@hookspec
def prospetti_spesa(anno: int) -> tuple[ProspettoSpesa, ...]:  # type: ignore[empty-body]
    """The files of tables about the social spending of ``anno`` that are owed to somebody."""


@hookspec
def rapporti_spesa(anno: int) -> tuple[RapportoSpesa, ...]:  # type: ignore[empty-body]
    """The reports that a distretto makes of the social spending of ``anno``."""


@hookspec
def graduatorie() -> tuple[Graduatoria, ...]:  # type: ignore[empty-body]
    """The rules of the waiting lists: admission, points, ties, in all their dated versions."""


@hookspec
def pagine() -> tuple[PaginaPlugin, ...]:  # type: ignore[empty-body]
    """The pages of the plugin, where it is active."""


@hookspec
def voci_menu() -> tuple[VoceMenuPlugin, ...]:  # type: ignore[empty-body]
    """The entries of the menu that open its pages."""


@hookspec
def modelli() -> tuple[ModelloPlugin, ...]:  # type: ignore[empty-body]
    """The words that the plugin gives to places of the core."""


@hookspec
def migrazioni() -> tuple[MigrazionePlugin, ...]:  # type: ignore[empty-body]
    """What makes the plugin's own tables, in order."""


@hookspec
def lavori() -> tuple[LavoroPlugin, ...]:  # type: ignore[empty-body]
    """The jobs of the plugin: from rows of an own table to rows of another."""


@hookspec
def criteri_riparto(anno: int) -> tuple[CriteriRiparto, ...]:  # type: ignore[empty-body]
    """The sets of criteria by which the funds of ``anno`` may be shared."""


@hookspec
def indicatori() -> tuple[Indicatore, ...]:  # type: ignore[empty-body]
    """The indicators that are added to the catalogue of the sistema di conoscenza."""


@hookspec
def accreditamento() -> tuple[RegoleAccreditamento, ...]:  # type: ignore[empty-body]
    """What unità d'offerta of each kind must have to be accredited, in all their dated versions."""
