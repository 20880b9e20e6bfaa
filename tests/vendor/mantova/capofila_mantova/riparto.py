"""How the quotas of the comuni are shared: half in equal parts, half by a surface that is typed in."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from capofila.hooks import (
    CriteriRiparto,
    FraRiparto,
    Grandezza,
    OrigineGrandezza,
    QuotaRiparto,
)
from capofila_mantova.fonti import INVENTATO

CRITERI: Final = (
    CriteriRiparto(
        codice="mantova-quote",
        denominazione="Metà in parti uguali, metà per superficie",
        fondo="quote",
        nome_fondo="Quote dei comuni",
        fra=FraRiparto.COMUNI,
        grandezze=(
            Grandezza(
                codice="uguali", denominazione="parti uguali", origine=OrigineGrandezza.PARTI_UGUALI
            ),
            Grandezza(
                codice="superficie", denominazione="superficie in ettari",
                origine=OrigineGrandezza.INSERITA,
            ),
        ),
        quote=(
            QuotaRiparto(
                codice="uguali", denominazione="Parti uguali", peso=Decimal(1), grandezza="uguali"
            ),
            QuotaRiparto(
                codice="superficie", denominazione="Superficie", peso=Decimal(1),
                grandezza="superficie",
            ),
        ),
        fonte=INVENTATO,
    ),
)  # fmt: skip
