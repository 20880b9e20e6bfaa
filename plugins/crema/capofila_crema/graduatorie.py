"""A waiting list for the Misura B2, to show how one works.

Admission follows the thresholds that other comuni and another health agency published for 2025; that
the Cremasco has the same ones is supposed. No source gives the points: they are invented.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from capofila.hooks import (
    Atto,
    CriterioPunti,
    DatoDomanda,
    FasciaPunti,
    Graduatoria,
    Ogni,
    PuntiPerAnzianita,
    PuntiPerFasce,
    PuntiPerScelta,
    PuntiPerUno,
    RequisitoAccesso,
    Spareggio,
    Specie,
    TipoDato,
    Verso,
)

DAL: Final = date(2025, 1, 1)

AVVISI_B2: Final = Atto(
    specie=Specie.STAMPA,
    organo="Comune di Arcore e ATS di Brescia",
    titolo="Misura B2, avvisi per il 2025",
    nota=(
        "le soglie sono quelle che altri comuni e un’altra ATS hanno pubblicato per il 2025; che "
        "valgano anche nell’ambito Cremasco è supposto"
    ),
    ipotesi=True,
)

INVENTATO: Final = Atto(
    specie=Specie.REGOLAMENTO,
    organo="Nessun ente",
    titolo="Punteggi dimostrativi della Misura B2",
    nota="nessuna fonte pubblica dà i punteggi: sono inventati per mostrare una graduatoria",
    ipotesi=True,
)


def _requisito(codice: str, denominazione: str, dato: str, **campi: object) -> RequisitoAccesso:
    return RequisitoAccesso(
        codice=codice, denominazione=denominazione, dato=dato, fonte=AVVISI_B2, **campi  # type: ignore[arg-type]
    )  # fmt: skip


MISURA_B2: Final = Graduatoria(
    codice="misura-b2",
    denominazione="Misura B2 (esempio dimostrativo)",
    servizio="Buono o voucher della Misura B2",
    fonte=INVENTATO,
    valido_dal=DAL,
    dimostrativa=True,
    importo="richiesto",
    dati=(
        DatoDomanda(
            codice="eta", denominazione="Età", tipo=TipoDato.SCELTA,
            scelte=(("adulto", "Adulta o anziana"), ("minore", "Minore")),
        ),
        DatoDomanda(
            codice="isee", denominazione="ISEE", tipo=TipoDato.IMPORTO,
            aiuto="Sociosanitario per adulti e anziani, ordinario per i minori.",
        ),
        DatoDomanda(
            codice="gravita", denominazione="Condizione accertata", tipo=TipoDato.SCELTA,
            scelte=(
                ("l104", "Gravità, legge 104/1992 art. 3 comma 3"),
                ("accompagnamento", "Indennità di accompagnamento"),
                ("nessuna", "Nessuna delle due"),
            ),
        ),
        DatoDomanda(codice="domicilio", denominazione="Vive al domicilio", tipo=TipoDato.SI_NO),
        DatoDomanda(
            codice="progetto", denominazione="Valutata, con Progetto Individuale", tipo=TipoDato.SI_NO
        ),
        DatoDomanda(
            codice="bisogno", denominazione="Attività quotidiane perdute", tipo=TipoDato.NUMERO,
            aiuto="Da 0 a 6, dalla valutazione.",
        ),
        DatoDomanda(
            codice="nucleo", denominazione="Nucleo familiare", tipo=TipoDato.SCELTA,
            scelte=(
                ("sola", "Vive sola"), ("anziani", "Con soli anziani"), ("altri", "Con altri"),
            ),
        ),
        DatoDomanda(codice="residente", denominazione="Residente nell’ambito dal", tipo=TipoDato.DATA),
        DatoDomanda(
            codice="richiesto", denominazione="Importo per tutto il periodo", tipo=TipoDato.IMPORTO
        ),
    ),
    requisiti=(
        _requisito(
            "isee-adulti", "ISEE sociosanitario fino a 25.000 €", "isee",
            massimo=Decimal(25_000), solo_se=("eta", "adulto"),
        ),
        _requisito(
            "isee-minori", "ISEE ordinario fino a 40.000 €", "isee",
            massimo=Decimal(40_000), solo_se=("eta", "minore"),
        ),
        _requisito("eta", "Età indicata", "eta", fra=("adulto", "minore")),
        _requisito(
            "gravita", "Gravità o indennità di accompagnamento", "gravita",
            fra=("l104", "accompagnamento"),
        ),
        _requisito("domicilio", "Vive al domicilio", "domicilio"),
        _requisito("progetto", "Valutazione e Progetto Individuale", "progetto"),
    ),
    criteri=(
        CriterioPunti(
            codice="punti-isee", denominazione="Fascia di ISEE", fonte=INVENTATO,
            misura=PuntiPerFasce(
                dato="isee",
                fasce=(
                    FasciaPunti(Decimal(6_000), Decimal(20)),
                    FasciaPunti(Decimal(12_000), Decimal(14)),
                    FasciaPunti(Decimal(18_000), Decimal(8)),
                    FasciaPunti(None, Decimal(2)),
                ),
            ),
        ),
        CriterioPunti(
            codice="punti-bisogno", denominazione="Bisogno di aiuto", fonte=INVENTATO,
            misura=PuntiPerUno(dato="bisogno", punti=Decimal(5), massimo=Decimal(30)),
        ),
        CriterioPunti(
            codice="punti-nucleo", denominazione="Nucleo familiare", fonte=INVENTATO,
            misura=PuntiPerScelta(
                dato="nucleo", punti=(("sola", Decimal(10)), ("anziani", Decimal(6)))
            ),
        ),
        CriterioPunti(
            codice="punti-residenza", denominazione="Anzianità di residenza", fonte=INVENTATO,
            misura=PuntiPerAnzianita(
                dato="residente", punti=Decimal("0.5"), ogni=Ogni.ANNO, massimo=Decimal(5)
            ),
        ),
    ),
    spareggi=(
        Spareggio(
            di="punti-bisogno", verso=Verso.IL_MAGGIORE, denominazione="il bisogno di aiuto maggiore",
            fonte=INVENTATO,
        ),
        Spareggio(
            di="isee", verso=Verso.IL_MINORE, denominazione="l’ISEE più basso", fonte=INVENTATO
        ),
        Spareggio(
            di="presentata_il", verso=Verso.IL_MINORE, denominazione="la domanda presentata prima",
            fonte=INVENTATO,
        ),
    ),
)  # fmt: skip
