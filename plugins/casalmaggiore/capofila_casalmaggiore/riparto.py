"""Criteria of allocation: no source of this distretto gives any. An example stands here, among services."""

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
    RestoRiparto,
    Specie,
    Trattenuta,
    VersoLimite,
    VoceRiparto,
)

CRITERI: Final = (
    CriteriRiparto(
        codice="casalmaggiore-fsr",
        denominazione="Fra i servizi, per costo e per utenti, fino a metà del costo",
        fondo="fsr",
        nome_fondo="Fondo sociale regionale",
        fra=FraRiparto.SERVIZI,
        servizi=(
            VoceRiparto(codice="nidi", denominazione="Asili nido e micronidi"),
            VoceRiparto(codice="cag", denominazione="Centri di aggregazione giovanile"),
            VoceRiparto(codice="adm", denominazione="Assistenza domiciliare minori"),
            VoceRiparto(codice="sad", denominazione="Servizio di assistenza domiciliare"),
            VoceRiparto(codice="cse", denominazione="Centri socio educativi"),
        ),
        grandezze=(
            Grandezza(
                codice="costo", denominazione="costo rendicontato, in euro",
                origine=OrigineGrandezza.INSERITA, scarto_anni=-1,
            ),
            Grandezza(
                codice="utenti", denominazione="utenti", origine=OrigineGrandezza.INSERITA,
                scarto_anni=-1,
            ),
        ),
        trattenute=(
            Trattenuta(
                codice="solidarieta", denominazione="fondo di solidarietà", valore=Decimal(5),
                percento=True,
            ),
        ),
        quote=(
            QuotaRiparto(
                codice="costo", denominazione="Costo", peso=Decimal(80), grandezza="costo"
            ),
            QuotaRiparto(
                codice="utenti", denominazione="Utenti", peso=Decimal(20), grandezza="utenti"
            ),
        ),
        limiti=(
            LimiteRiparto(
                denominazione="metà del costo", verso=VersoLimite.MASSIMO, valore=Decimal("0.5"),
                grandezza="costo",
            ),
        ),
        resto=RestoRiparto.AL_MAGGIORE,
        fonte=Atto(
            specie=Specie.DELIBERAZIONE,
            organo="Assemblea del consorzio",
            titolo="Criteri di riparto (esempio inventato)",
            ipotesi=True,
            nota="Dimostrazione: nessuna fonte pubblica dà i criteri di questo distretto.",
        ),
    ),
)  # fmt: skip
