"""The report of the social spending by sub-ambito: art. 12 of the Accordo has the sub-ambiti."""

from __future__ import annotations

from typing import Final

from capofila.hooks import PerimetroRapporto, RapportoSpesa, SezioneRapporto, TavolaRapporto
from capofila_crema.fonti import accordo

_PER_SUB_AMBITO: Final = (PerimetroRapporto.AMBITO, PerimetroRapporto.SUB_AMBITI)

RAPPORTO: Final = RapportoSpesa(
    codice="spesa-per-sub-ambito",
    denominazione="La spesa sociale per sub-ambito",
    premessa="L'articolo 12 dell'Accordo conferma i sei sub-ambiti; quali tavole mostrare lo decide "
    "questo rapporto, perché l'Accordo non lo dice.",
    sezioni=(
        SezioneRapporto(
            tavola=TavolaRapporto.GESTIONE,
            titolo="Spesa e forma di gestione",
            perimetri=_PER_SUB_AMBITO,
        ),
        SezioneRapporto(
            tavola=TavolaRapporto.ABITANTI, titolo="Spesa per abitante", perimetri=_PER_SUB_AMBITO
        ),
        SezioneRapporto(
            tavola=TavolaRapporto.AREE_E_SUB_AMBITI,
            titolo="Aree nei sub-ambiti",
            perimetri=_PER_SUB_AMBITO,
        ),
        SezioneRapporto(
            tavola=TavolaRapporto.UTENTI,
            titolo="Utenti e compartecipazione",
            perimetri=_PER_SUB_AMBITO,
        ),
        SezioneRapporto(
            tavola=TavolaRapporto.ANNI,
            titolo="Negli anni",
            perimetri=(PerimetroRapporto.AMBITO, PerimetroRapporto.SENZA_CAPOLUOGO),
        ),
    ),
    fonte=accordo("12"),
)
