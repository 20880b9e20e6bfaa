"""The distretto of Crema: its manifest, its bodies, its yearly deadlines, what is paid for home
care, its report of the spending."""

from __future__ import annotations

from pathlib import Path

from capofila.hooks import Adempimento, Manifesto, Organo, Privacy, RapportoSpesa, hookimpl
from capofila_crema.adempimenti import ADEMPIMENTI
from capofila_crema.fonti import ACCORDO, LEGGE_REGIONALE, LINEE_INDIRIZZO, SEGUITO
from capofila_crema.organi import ORGANI
from capofila_crema.rapporti import RAPPORTO


@hookimpl
def manifesto() -> Manifesto:
    """See the contract."""
    return Manifesto(
        id="crema",
        distretto="crema",
        denominazione="Distretto di Crema (ambito Cremasco)",
        versione="0.1.0",
        contratto="1.4",
        fornitore="Progetto Capofila",
        licenza="EUPL-1.2",
        fonti=(ACCORDO, LEGGE_REGIONALE, LINEE_INDIRIZZO, SEGUITO),
        privacy=Privacy(
            dati_personali=False,
            dichiarazione=(
                "Il plugin dichiara organi e scadenze dell'ambito, e quali tavole di importi ha il "
                "suo rapporto: non riceve e non produce dati personali."
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
    return tuple(sorted((Path(__file__).parent / "schemi").glob("*.yaml")))


@hookimpl
def rapporti_spesa(anno: int) -> tuple[RapportoSpesa, ...]:
    """See the contract; the tables are the same for every year."""
    return (RAPPORTO,)
