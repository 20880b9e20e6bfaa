"""The waiting list of a nursery, with invented points."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from capofila.hooks import (
    CriterioPunti,
    DatoDomanda,
    FasciaPunti,
    Graduatoria,
    PuntiPerFasce,
    PuntiSe,
    RequisitoAccesso,
    Spareggio,
    TipoDato,
    Verso,
)
from capofila_mantova.fonti import INVENTATO

NIDO: Final = Graduatoria(
    codice="mantova-nido",
    denominazione="Nido d'infanzia (inventata)",
    servizio="Posto al nido",
    fonte=INVENTATO,
    dimostrativa=True,
    dati=(
        DatoDomanda(codice="isee", denominazione="ISEE minorenni", tipo=TipoDato.IMPORTO),
        DatoDomanda(codice="mesi", denominazione="Età in mesi", tipo=TipoDato.NUMERO),
        DatoDomanda(codice="lavoro", denominazione="I genitori lavorano", tipo=TipoDato.SI_NO),
    ),
    requisiti=(
        RequisitoAccesso(
            codice="eta",
            denominazione="Da 3 a 36 mesi",
            dato="mesi",
            minimo=Decimal(3),
            massimo=Decimal(36),
            fonte=INVENTATO,
        ),
    ),
    criteri=(
        CriterioPunti(
            codice="reddito",
            denominazione="ISEE",
            fonte=INVENTATO,
            misura=PuntiPerFasce(
                dato="isee",
                fasce=(FasciaPunti(Decimal(9000), Decimal(12)), FasciaPunti(None, Decimal(4))),
            ),
        ),
        CriterioPunti(
            codice="genitori",
            denominazione="Genitori che lavorano",
            fonte=INVENTATO,
            misura=PuntiSe(dato="lavoro", punti=Decimal(8)),
        ),
    ),
    spareggi=(
        Spareggio(
            di="isee", verso=Verso.IL_MINORE, denominazione="l'ISEE più basso", fonte=INVENTATO
        ),
    ),
)
