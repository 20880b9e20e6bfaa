"""The yearly deadlines."""

from __future__ import annotations

from typing import Final

from capofila.hooks import Adempimento, GiornoLavorativo, RegolaData
from capofila_mantova.fonti import INVENTATO

ADEMPIMENTI: Final = (
    Adempimento(
        codice="mantova-rendiconto",
        titolo="Approvazione del rendiconto dell'anno",
        organo="consulta",
        regola=RegolaData(mese=5, giorno=31, scarto_anni=1),
        lavorativo=GiornoLavorativo.SUCCESSIVO,
        preavvisi=(60, 30, 7),
        prova="Deliberazione della Consulta",
        fonte=INVENTATO,
    ),
)
