"""The acts that the declarations cite. All but the law are invented."""

from __future__ import annotations

from datetime import date
from typing import Final

from capofila.hooks import Atto, Specie

LEGGE_REGIONALE: Final = Atto(
    specie=Specie.LEGGE,
    organo="Regione Lombardia",
    titolo="Legge regionale 12 marzo 2008, n. 3",
    numero="3",
    data=date(2008, 3, 12),
    articolo="18",
)

INVENTATO: Final = Atto(
    specie=Specie.ACCORDO,
    organo="Comuni di prova della provincia di Mantova",
    titolo="Accordo inventato",
    ipotesi=True,
    nota="Regole inventate per provare un quarto distretto: nessun ente le ha adottate.",
)
