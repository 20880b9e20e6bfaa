"""The declaration of a waiting list refuses what could not be counted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from capofila.hooks import (
    Atto,
    CriterioPunti,
    DatoDomanda,
    DichiarazioneErrata,
    FasciaPunti,
    Graduatoria,
    Ogni,
    PuntiPerAnzianita,
    PuntiPerFasce,
    PuntiPerScelta,
    PuntiPerUno,
    PuntiSe,
    RequisitoAccesso,
    Spareggio,
    Specie,
    TipoDato,
    Verso,
)

ATTO = Atto(specie=Specie.REGOLAMENTO, organo="Comuni", titolo="Regolamento di prova")
ISEE = DatoDomanda(codice="isee", denominazione="ISEE", tipo=TipoDato.IMPORTO)
SOLA = DatoDomanda(codice="sola", denominazione="Vive sola", tipo=TipoDato.SI_NO)
NUCLEO = DatoDomanda(
    codice="nucleo", denominazione="Nucleo", tipo=TipoDato.SCELTA, scelte=(("a", "A"), ("b", "B"))
)
DAL = DatoDomanda(codice="dal", denominazione="Residente dal", tipo=TipoDato.DATA)


def criterio(misura: Any, codice: str = "uno", **campi: Any) -> CriterioPunti:
    return CriterioPunti(
        codice=codice, denominazione="Criterio", misura=misura, fonte=ATTO, **campi
    )


def requisito(dato: str, **campi: Any) -> RequisitoAccesso:
    return RequisitoAccesso(codice="req", denominazione="Requisito", dato=dato, fonte=ATTO, **campi)


BUONA: dict[str, Any] = {
    "codice": "prova", "denominazione": "Prova", "servizio": "Posto", "fonte": ATTO,
    "dati": (ISEE, SOLA, NUCLEO, DAL),
    "criteri": (criterio(PuntiSe(dato="sola", punti=Decimal(5))),),
}  # fmt: skip


def test_il_massimo_di_ogni_misura() -> None:
    fasce = (FasciaPunti(Decimal(10), Decimal(3)), FasciaPunti(None, Decimal(8)))
    misure = (
        (PuntiPerFasce(dato="isee", fasce=fasce), 8),
        (PuntiSe(dato="sola", punti=Decimal(5)), 5),
        (PuntiPerScelta(dato="nucleo", punti=(("a", Decimal(2)), ("b", Decimal(7)))), 7),
        (PuntiPerUno(dato="isee", punti=Decimal(1), massimo=Decimal(4)), 4),
        (
            PuntiPerAnzianita(dato="dal", punti=Decimal(1), ogni=Ogni.ANNO, massimo=Decimal(9)),
            9,
        ),
    )
    for misura, massimo in misure:
        (uno,) = Graduatoria(**{**BUONA, "criteri": (criterio(misura),)}).criteri
        assert uno.massimo == massimo


@pytest.mark.parametrize(
    ("campi", "frase"),
    [
        ({"codice": "Con spazi"}, "codice di una graduatoria"),
        ({"servizio": " "}, "un servizio"),
        ({"criteri": ()}, "non ha criteri"),
        ({"dati": (ISEE, ISEE, SOLA)}, "stesso codice"),
        ({"criteri": (criterio(PuntiSe(dato="sola", punti=Decimal(5)), codice="isee"),)},
         "stesso codice"),
        ({"criteri": (criterio(PuntiSe(dato="sola", punti=Decimal(5))),) * 2}, "due volte"),
        ({"criteri": (criterio(PuntiSe(dato="nulla", punti=Decimal(5))),)}, "non è un dato"),
        ({"criteri": (criterio(PuntiSe(dato="isee", punti=Decimal(5))),)}, "non può guardare"),
        ({"criteri": (criterio(PuntiSe(dato="sola", punti=Decimal(-5))),)}, "non sono cifre"),
        ({"criteri": (criterio(PuntiSe(dato="sola", punti=Decimal("NaN"))),)}, "non sono cifre"),
        ({"criteri": (criterio(PuntiPerFasce(dato="isee", fasce=())),)}, "non ha fasce"),
        ({"criteri": (criterio(PuntiPerFasce(dato="isee", fasce=(
            FasciaPunti(Decimal(9), Decimal(1)), FasciaPunti(Decimal(5), Decimal(2))))),)},
         "non crescono"),
        ({"criteri": (criterio(PuntiPerScelta(dato="nucleo", punti=(("z", Decimal(1)),))),)},
         "non dà punti alle scelte"),
        ({"requisiti": (requisito("isee"),)}, "non dice che cosa chiede"),
        ({"requisiti": (requisito("dal"),)}, "non può guardare a una data"),
        ({"requisiti": (requisito("isee", minimo=Decimal(5), massimo=Decimal(1)),)},
         "non vanno insieme"),
        ({"requisiti": (requisito("nucleo", fra=("z",)),)}, "che il dato non ha"),
        ({"requisiti": (requisito("sola", solo_se=("nucleo", "z")),)}, "vale solo per una scelta"),
        ({"spareggi": (Spareggio(di="nucleo", verso=Verso.IL_MINORE, denominazione="x",
                                 fonte=ATTO),)}, "non è un dato che si ordina"),
        ({"importo": "sola"}, "non è un dato che sia un importo"),
    ],
)  # fmt: skip
def test_cio_che_non_si_puo_contare_e_rifiutato(campi: dict[str, Any], frase: str) -> None:
    with pytest.raises(DichiarazioneErrata, match=frase):
        Graduatoria(**{**BUONA, **campi})


@pytest.mark.parametrize(
    ("campi", "frase"),
    [
        ({"codice": "presentata_il"}, "codice di un dato"),
        ({"tipo": TipoDato.SCELTA}, "se, e solo se"),
        ({"scelte": (("a", "A"),)}, "se, e solo se"),
        ({"tipo": TipoDato.SCELTA, "scelte": (("a", "A"), ("a", "B"))}, "ripete"),
    ],
)
def test_un_dato_che_non_si_puo_chiedere_e_rifiutato(campi: dict[str, Any], frase: str) -> None:
    valori = {"codice": "x", "denominazione": "X", "tipo": TipoDato.NUMERO}
    with pytest.raises(DichiarazioneErrata, match=frase):
        DatoDomanda(**{**valori, **campi})


def test_un_criterio_puo_cambiare_da_un_giorno() -> None:
    prima = criterio(PuntiSe(dato="sola", punti=Decimal(5)), valido_al=date(2025, 6, 30))
    dopo = criterio(PuntiSe(dato="sola", punti=Decimal(9)), valido_dal=date(2025, 7, 1))
    una = Graduatoria(**{**BUONA, "criteri": (prima, dopo)})
    assert [uno.massimo for uno in una.criteri if uno.vale(date(2025, 7, 1))] == [9]
