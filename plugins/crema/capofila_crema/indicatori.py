"""What the Cremasco adds to the catalogue: the waiting list for public housing, that the overview of annex
2 of the Accordo reports for Crema beside the yearly assignments. It is not in the lists of indicators."""

from __future__ import annotations

from typing import Final

from capofila.hooks import Indicatore, variante
from capofila_crema.fonti import ACCORDO

INDICATORI: Final = (
    Indicatore(
        codice="crema.erp_in_lista",
        denominazione="Persone in lista per un alloggio ERP",
        focus="vulnerabilita",
        dimensione="domanda",
        tema="Casa",
        luogo="Vulnerabilità ed emarginazione, 4. Panorama di sintesi, lettera A",
        definizione="Persone in lista di attesa per un alloggio di edilizia residenziale pubblica",
        unita="persone",
        fonte=variante(
            ACCORDO,
            titolo=f"{ACCORDO.titolo}, allegato 2 (focus tematici)",
            nota="il panorama dà per Crema una cifra arrotondata, senza l'anno: qui non è riportata",
        ),
    ),
)
