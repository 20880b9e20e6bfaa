"""The distretto of Crema: its manifest, its bodies, its yearly deadlines, what is paid for home
care, a waiting list, its voci and its report of the spending, its indicators."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from capofila.hooks import (
    Adempimento,
    AggiuntaSpesa,
    CriteriRiparto,
    Graduatoria,
    Indicatore,
    Manifesto,
    Organo,
    Privacy,
    RapportoSpesa,
    RegoleAccreditamento,
    hookimpl,
)
from capofila_crema.accreditamento import REGOLE
from capofila_crema.adempimenti import ADEMPIMENTI
from capofila_crema.fonti import ACCORDO, LEGGE_REGIONALE, LINEE_INDIRIZZO, PIANO, SEGUITO
from capofila_crema.graduatorie import MISURA_B2
from capofila_crema.indicatori import INDICATORI
from capofila_crema.organi import ORGANI
from capofila_crema.rapporti import RAPPORTO
from capofila_crema.riparto import CRITERI
from capofila_crema.voci import aggiunta

SCHEMI: Final = tuple(sorted((Path(__file__).parent / "schemi").glob("*.yaml")))


@hookimpl
def manifesto() -> Manifesto:
    """See the contract."""
    return Manifesto(
        id="crema",
        distretto="crema",
        denominazione="Distretto di Crema (ambito Cremasco)",
        versione="0.1.0",
        contratto="1.6",
        fornitore="Progetto Capofila",
        licenza="EUPL-1.2",
        fonti=(ACCORDO, PIANO, LEGGE_REGIONALE, LINEE_INDIRIZZO, SEGUITO),
        privacy=Privacy(
            dati_personali=False,
            dichiarazione=(
                "Il plugin dichiara organi e scadenze dell'ambito, le voci che aggiunge alla spesa "
                "sociale e quali tavole di importi ha il suo rapporto: non riceve e non produce dati personali."
            ),
        ),
        descrizione=(
            "Organi e scadenze annuali dell'Accordo di Programma 2015-2017. Quanto segue la sua "
            "scadenza, il 30 aprile 2018, è segnato come ipotesi."
        ),
    )


@hookimpl
def organi() -> tuple[Organo, ...]:
    """See the contract."""
    return ORGANI


@hookimpl
def adempimenti(anno: int) -> tuple[Adempimento, ...]:
    """See the contract; the declarations are the same for every year."""
    return ADEMPIMENTI


@hookimpl
def schemi() -> tuple[Path, ...]:
    """See the contract."""
    return SCHEMI


@hookimpl
def graduatorie() -> tuple[Graduatoria, ...]:
    """See the contract; the points are a demonstration."""
    return (MISURA_B2,)


@hookimpl
def rapporti_spesa(anno: int) -> tuple[RapportoSpesa, ...]:
    """See the contract; the tables are the same for every year."""
    return (RAPPORTO,)


@hookimpl
def aggiunte_spesa(anno: int) -> tuple[AggiuntaSpesa, ...]:
    """See the contract; the Piano di Zona that names the services begins in 2015."""
    return (aggiunta(anno),) if anno >= 2015 else ()


@hookimpl
def criteri_riparto(anno: int) -> tuple[CriteriRiparto, ...]:
    """See the contract; demonstrations, because no source gives the criteria."""
    return CRITERI


@hookimpl
def indicatori() -> tuple[Indicatore, ...]:
    """See the contract."""
    return INDICATORI


@hookimpl
def accreditamento() -> tuple[RegoleAccreditamento, ...]:
    """See the contract; demonstrations, because no source gives the requirements."""
    return REGOLE
