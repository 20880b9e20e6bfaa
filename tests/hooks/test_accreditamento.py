"""The declaration of an accreditation refuses what could not be evaluated."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from capofila.hooks import (
    AreaRequisito,
    Atto,
    DichiarazioneErrata,
    ProvaCifra,
    ProvaDocumento,
    ProvaPerUtenti,
    ProvaSiNo,
    RegoleAccreditamento,
    RequisitoAccreditamento,
    Specie,
    variante,
)

ATTO = Atto(specie=Specie.REGOLAMENTO, organo="Comuni", titolo="Regolamento di prova")
UNO = RequisitoAccreditamento(
    codice="uno", denominazione="Uno", testo="Che ci sia.", area=AreaRequisito.GESTIONALE,
    prova=ProvaSiNo(), fonte=ATTO,
)  # fmt: skip
BUONE = RegoleAccreditamento(
    codice="nido", denominazione="Nido", unita="Asilo nido", requisiti=(UNO,), durata_mesi=36,
    preavviso_giorni=60, fonte=ATTO,
)  # fmt: skip


def test_due_versioni_di_un_requisito_stanno_in_giorni_diversi() -> None:
    prima = variante(UNO, valido_al=date(2025, 6, 30))
    dopo = variante(UNO, valido_dal=date(2025, 7, 1), prova=ProvaDocumento())
    assert variante(BUONE, requisiti=(prima, dopo)).requisiti == (prima, dopo)
    with pytest.raises(DichiarazioneErrata, match="due volte per gli stessi giorni"):
        variante(BUONE, requisiti=(prima, UNO))


@pytest.mark.parametrize(
    ("campi", "frase"),
    [
        ({"codice": "Con spazi"}, "non può essere il codice"),
        ({"unita": " "}, "un'unità d'offerta"),
        ({"requisiti": ()}, "nessun requisito"),
        ({"durata_mesi": 0}, "la durata"),
        ({"preavviso_giorni": -1}, "il preavviso"),
        ({"durata_mesi": None}, "nessuna durata"),
    ],
)
def test_regole_che_non_si_possono_usare_si_rifiutano(campi: dict[str, Any], frase: str) -> None:
    with pytest.raises(DichiarazioneErrata, match=frase):
        variante(BUONE, **campi)


@pytest.mark.parametrize(
    ("campi", "frase"),
    [
        ({"codice": "Uno"}, "un codice e una denominazione"),
        ({"testo": ""}, "non dice che cosa chiede"),
        ({"entro_giorni": 0}, "un numero di giorni"),
        ({"prova": ProvaDocumento(mesi=0)}, "fra 1 e 240 mesi"),
        ({"prova": ProvaCifra(unita="ore")}, "né un minimo né un massimo"),
        ({"prova": ProvaCifra(unita=" ", minimo=Decimal(1))}, "che cosa si conta"),
        ({"prova": ProvaCifra(unita="ore", minimo=Decimal(2), massimo=Decimal(1))}, "insieme"),
        ({"prova": ProvaCifra(unita="ore", minimo=Decimal("nan"))}, "confrontare"),
        ({"prova": ProvaPerUtenti(unita="x", minimo=Decimal("nan"))}, "confrontare"),
        ({"prova": ProvaPerUtenti(unita="x", minimo=Decimal(0))}, "quanti ogni quanti"),
        ({"prova": ProvaPerUtenti(unita="x", minimo=Decimal(1), ogni=0)}, "quanti ogni quanti"),
    ],
)
def test_un_requisito_che_non_si_puo_valutare_si_rifiuta(campi: dict[str, Any], frase: str) -> None:
    with pytest.raises(DichiarazioneErrata, match=frase):
        variante(BUONE, requisiti=(variante(UNO, **campi),))
