"""A fourth distretto, with invented rules: see README.md."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from capofila.hooks import Adempimento, Codifiche, Flusso, Manifesto, Organo, Privacy, hookimpl
from capofila_mantova.adempimenti import ADEMPIMENTI
from capofila_mantova.flussi import FLUSSI
from capofila_mantova.fonti import LEGGE_REGIONALE
from capofila_mantova.organi import ORGANI

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
        contratto="1.5",
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
