"""Criteria of allocation: the press says that the assembly decides the FSR, and not how; an example."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from capofila.hooks import (
    Atto,
    CriteriRiparto,
    FraRiparto,
    Grandezza,
    LimiteRiparto,
    OrigineGrandezza,
    QuotaRiparto,
    Specie,
    VersoLimite,
)

CRITERI: Final = (
    CriteriRiparto(
        codice="cremona-fna",
        denominazione="Abitanti e utenti, con una garanzia su quanto avuto l'anno prima",
        fondo="fna",
        nome_fondo="Fondo non autosufficienze",
        fra=FraRiparto.SUB_AMBITI,
        grandezze=(
            Grandezza(
                codice="uguali", denominazione="parti uguali", origine=OrigineGrandezza.PARTI_UGUALI
            ),
            Grandezza(
                codice="abitanti", denominazione="abitanti al 31 dicembre",
                origine=OrigineGrandezza.ABITANTI, scarto_anni=-1,
            ),
            Grandezza(
                codice="utenti", denominazione="persone seguite a domicilio",
                origine=OrigineGrandezza.INSERITA, scarto_anni=-1,
            ),
            Grandezza(
                codice="avuto", denominazione="quanto assegnato l'anno prima, in euro",
                origine=OrigineGrandezza.ASSEGNATO, scarto_anni=-1,
            ),
        ),
        quote=(
            QuotaRiparto(
                codice="uguali", denominazione="Parti uguali", peso=Decimal(1), grandezza="uguali"
            ),
            QuotaRiparto(
                codice="popolazione", denominazione="Popolazione", peso=Decimal(3),
                grandezza="abitanti",
            ),
            QuotaRiparto(
                codice="utenti", denominazione="Utenti", peso=Decimal(2), grandezza="utenti"
            ),
        ),
        limiti=(
            LimiteRiparto(
                denominazione="otto decimi dell'anno prima", verso=VersoLimite.MINIMO,
                valore=Decimal("0.8"), grandezza="avuto",
            ),
            LimiteRiparto(
                denominazione="sei decimi del fondo", verso=VersoLimite.MASSIMO, valore=Decimal(60),
                percento=True,
            ),
        ),
        fonte=Atto(
            specie=Specie.DELIBERAZIONE,
            organo="Assemblea dei Sindaci",
            titolo="Criteri di riparto (esempio inventato)",
            ipotesi=True,
            nota="Dimostrazione: nessuna fonte pubblica dà i criteri di questo distretto.",
        ),
    ),
)  # fmt: skip
