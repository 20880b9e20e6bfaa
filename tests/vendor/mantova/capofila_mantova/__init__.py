"""A fourth distretto, with invented rules: see README.md."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from capofila.hooks import (
    Adempimento,
    Codifiche,
    CriteriRiparto,
    Flusso,
    Graduatoria,
    Indicatore,
    LavoroPlugin,
    Manifesto,
    MigrazionePlugin,
    ModelloPlugin,
    Organo,
    PaginaPlugin,
    Privacy,
    VoceMenuPlugin,
    hookimpl,
)
from capofila_mantova.adempimenti import ADEMPIMENTI
from capofila_mantova.estensioni import LAVORI, MIGRAZIONI, MODELLI, PAGINE, VOCI
from capofila_mantova.flussi import FLUSSI
from capofila_mantova.fonti import INVENTATO, LEGGE_REGIONALE
from capofila_mantova.graduatorie import NIDO
from capofila_mantova.organi import ORGANI
from capofila_mantova.riparto import CRITERI

SCHEMI: Final = tuple(sorted((Path(__file__).parent / "schemi").glob("*.yaml")))
"""Found once, when the module is imported: a hook reads no folder."""


@hookimpl
def manifesto() -> Manifesto:
    """Who the plugin is."""
    return Manifesto(
        id="mantova",
        distretto="mantova",
        denominazione="Distretto di Mantova",
        versione="0.1.0",
        contratto="1.6",
        fornitore="Fornitore di prova",
        licenza="EUPL-1.2",
        fonti=(LEGGE_REGIONALE,),
        privacy=Privacy(
            dati_personali=True,
            dichiarazione=(
                "Plugin di prova. Il rendiconto contiene il protocollo della domanda e gli importi "
                "di ogni prestazione; il codice del plugin non riceve alcun dato."
            ),
            categorie=("protocollo della domanda", "importi"),
            destinatari=("Consulta di prova",),
            base_giuridica=LEGGE_REGIONALE,
        ),
    )


@hookimpl
def organi() -> tuple[Organo, ...]:
    """The bodies, in all their dated versions."""
    return ORGANI


@hookimpl
def adempimenti(anno: int) -> tuple[Adempimento, ...]:
    """The yearly deadlines."""
    return ADEMPIMENTI


@hookimpl
def flussi(codifiche: Codifiche) -> tuple[Flusso, ...]:
    """The files that the ambito owes."""
    return FLUSSI


@hookimpl
def schemi() -> tuple[Path, ...]:
    """What a person pays."""
    return SCHEMI


@hookimpl
def graduatorie() -> tuple[Graduatoria, ...]:
    """The rules of the waiting lists."""
    return (NIDO,)


@hookimpl
def pagine() -> tuple[PaginaPlugin, ...]:
    """The pages, where it is active."""
    return PAGINE


@hookimpl
def voci_menu() -> tuple[VoceMenuPlugin, ...]:
    """The entries of the menu."""
    return VOCI


@hookimpl
def modelli() -> tuple[ModelloPlugin, ...]:
    """The words of places of the core."""
    return MODELLI


@hookimpl
def migrazioni() -> tuple[MigrazionePlugin, ...]:
    """What makes its own tables."""
    return MIGRAZIONI


@hookimpl
def lavori() -> tuple[LavoroPlugin, ...]:
    """From the visits to their summary."""
    return LAVORI


@hookimpl
def criteri_riparto(anno: int) -> tuple[CriteriRiparto, ...]:
    """How the funds are shared, the same every year."""
    return CRITERI


@hookimpl
def indicatori() -> tuple[Indicatore, ...]:
    """What is known beside the common catalogue."""
    return (
        Indicatore(
            codice="mantova.orti_sociali",
            denominazione="Orti sociali assegnati",
            focus="vulnerabilita",
            dimensione="offerta",
            tema="Isolamento e povertà relazionale",
            luogo="indicatore inventato",
            unita="orti",
            livelli=("comune",),
            titolare="Comuni",
            persone=False,
            fonte=INVENTATO,
        ),
    )
