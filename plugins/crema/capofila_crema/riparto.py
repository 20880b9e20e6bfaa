"""Criteria of allocation: no source gives them, so one set stands here as an example that says so.

The Accordo di Programma 2015-2017 (art. 6) has the Assemblea decide where the FNPS, the FSR and the quotas
of the comuni go, and names no criterion; of the FSR of 2011 a summary is known (the cost that can be
admitted, half of the cost of the protection of minors), from which the shares cannot be computed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from capofila.hooks import (
    Atto,
    CriteriRiparto,
    FraRiparto,
    Grandezza,
    OrigineGrandezza,
    Premialita,
    Premio,
    QuotaRiparto,
    Specie,
)

ESEMPIO: Final = Atto(
    specie=Specie.DELIBERAZIONE,
    organo="Assemblea dei Sindaci",
    titolo="Criteri di riparto (esempio inventato)",
    ipotesi=True,
    nota="Dimostrazione: l'Accordo dice chi decide il riparto e non con quali criteri.",
)

CRITERI: Final = (
    CriteriRiparto(
        codice="crema-fnps",
        denominazione="Abitanti e spesa, con premialità per la gestione associata",
        fondo="fnps",
        nome_fondo="Fondo nazionale politiche sociali",
        fra=FraRiparto.COMUNI,
        grandezze=(
            Grandezza(
                codice="abitanti", denominazione="abitanti al 31 dicembre",
                origine=OrigineGrandezza.ABITANTI, scarto_anni=-1,
            ),
            Grandezza(
                codice="spesa", denominazione="spesa sociale", origine=OrigineGrandezza.SPESA,
                scarto_anni=-1,
            ),
            Grandezza(
                codice="associata", denominazione="quota di spesa in gestione associata",
                origine=OrigineGrandezza.ASSOCIATA, scarto_anni=-1,
            ),
            Grandezza(
                codice="puntuale", denominazione="rilevazione della spesa consegnata nei termini",
                origine=OrigineGrandezza.CONSEGNA, scarto_anni=-1,
            ),
        ),
        quote=(
            QuotaRiparto(
                codice="popolazione", denominazione="Popolazione", peso=Decimal(60),
                grandezza="abitanti",
            ),
            QuotaRiparto(
                codice="spesa", denominazione="Spesa sostenuta", peso=Decimal(30),
                grandezza="spesa",
            ),
        ),
        premialita=Premialita(
            peso=Decimal(10),
            per="abitanti",
            premi=(
                Premio(
                    codice="associata", denominazione="gestione associata", punti=Decimal(2),
                    grandezza="associata", minimo=Decimal(25),
                ),
                Premio(
                    codice="puntuale", denominazione="puntualità", punti=Decimal(1),
                    grandezza="puntuale", minimo=Decimal(1),
                ),
            ),
        ),
        materia="riparto-risorse",
        fonte=ESEMPIO,
    ),
    CriteriRiparto(
        codice="crema-fnps-abitanti",
        denominazione="Soltanto per abitanti",
        fondo="fnps",
        nome_fondo="Fondo nazionale politiche sociali",
        fra=FraRiparto.COMUNI,
        grandezze=(
            Grandezza(
                codice="abitanti", denominazione="abitanti al 31 dicembre",
                origine=OrigineGrandezza.ABITANTI, scarto_anni=-1,
            ),
        ),
        quote=(
            QuotaRiparto(
                codice="popolazione", denominazione="Popolazione", peso=Decimal(1),
                grandezza="abitanti",
            ),
        ),
        materia="riparto-risorse",
        fonte=ESEMPIO,
    ),
)  # fmt: skip
