"""What the Cremasco adds to the survey of the social spending: services that its Piano di Zona names.

The Piano di Zona 2015-2017, annex 1 of the Accordo, counts them among the indicators of what people
are given. That each is a voce of the survey is our choice: no source has the list of the ambito. In
which area one is entered, and its codes for others, no source says either: it is left open.
"""

from __future__ import annotations

from typing import Final

from capofila.hooks import AggiuntaSpesa, VoceSpesa, variante
from capofila_crema.fonti import AL, PIANO, SEGUITO

_NOMI: Final = (
    ("affido", "Affido di minori"),
    ("crd", "Centri ricreativi diurni"),
    ("pasti_domicilio", "Pasti a domicilio"),
    ("telesoccorso", "Telesoccorso"),
    ("trasporto", "Trasporto di anziani e disabili"),
)


def aggiunta(anno: int) -> AggiuntaSpesa:
    """The voci of the spending of a year; what follows the Accordo is marked as a supposition."""
    fonte = PIANO if anno <= AL.year else variante(SEGUITO, nota=f"{SEGUITO.nota}; {PIANO.nota}")
    return AggiuntaSpesa(
        codice="crema-servizi-del-piano",
        modulo="spesa-sociale",
        voci=tuple(
            VoceSpesa(codice=codice, denominazione=nome, fonte=fonte) for codice, nome in _NOMI
        ),
        fonte=fonte,
    )
