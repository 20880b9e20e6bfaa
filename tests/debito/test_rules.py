"""Periods, names and the manifest of a file."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.base.errori import DatiNonValidi
from capofila.debito.rules import (
    Periodo,
    manifesto,
    nome_oggetto,
    periodi_dell_anno,
    periodo,
    regole_di,
)
from capofila.hooks import IntestazioneFlusso, impronta
from capofila.siuss import FLUSSO_PRESTAZIONI


@pytest.mark.parametrize(
    ("testo", "dal", "al"),
    [
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025-02", date(2025, 2, 1), date(2025, 2, 28)),
        ("2025-12", date(2025, 12, 1), date(2025, 12, 31)),
        ("2025-T1", date(2025, 1, 1), date(2025, 3, 31)),
        ("2025-T4", date(2025, 10, 1), date(2025, 12, 31)),
        ("2025-S1", date(2025, 1, 1), date(2025, 6, 30)),
        (" 2025-s2 ", date(2025, 7, 1), date(2025, 12, 31)),
    ],
)
def test_un_periodo_e_un_anno_un_mese_un_trimestre_o_un_semestre(
    testo: str, dal: date, al: date
) -> None:
    assert periodo(testo) == Periodo(testo.strip().upper(), dal, al)


@pytest.mark.parametrize(
    "testo",
    ["", "25", "2025-13", "2025-00", "2025-1", "2025-T5", "2025-T0", "2025-S3", "1825", "2025/03",
     "2025-03-01", "٢٠٢٥", "2025-T1'; DROP", "x" * 1000],
)  # fmt: skip
def test_ogni_altra_scrittura_si_rifiuta_dicendo_come_si_scrive(testo: str) -> None:
    with pytest.raises(DatiNonValidi, match=r"2025-03.*2025-T1.*2025-S1") as caso:
        periodo(testo)
    assert len(caso.value.messaggio) < 200


@given(st.integers(1900, 2099))
def test_mesi_trimestri_e_semestri_coprono_l_anno_senza_sovrapporsi(anno: int) -> None:
    for segno, quanti in (("S", 2), ("T", 4), ("", 12)):
        nomi = [
            n
            for n in periodi_dell_anno(anno)[1:]
            if n[5:6] == segno or (not segno and n[5:].isdigit())
        ]
        parti = [periodo(nome) for nome in nomi]
        assert len(parti) == quanti
        assert (parti[0].dal, parti[-1].al) == (date(anno, 1, 1), date(anno, 12, 31))
        for prima, dopo in pairwise(parti):
            assert dopo.dal == prima.al + timedelta(days=1)


def test_l_oggetto_sta_sotto_il_suo_flusso_e_il_suo_periodo() -> None:
    assert nome_oggetto(FLUSSO_PRESTAZIONI, "2025-T1", "D142.PS.20260301.0000001") == (
        "debito/siuss/2025-T1/D142.PS.20260301.0000001.xml"
    )


def test_il_manifesto_dice_che_cosa_prova_il_file_e_non_chi_trasmette() -> None:
    fatto = manifesto(
        regole=regole_di(FLUSSO_PRESTAZIONI),
        flusso=FLUSSO_PRESTAZIONI, esportazione="e", ambito="crema", periodo_=periodo("2025-T1"),
        intestazione=IntestazioneFlusso("n", "D142", "Comune di Crema", "D142", "RSSMRA80A41D142Q"),
        conteggi={"righe": 1}, sha256="ab", plugin={"siuss": "1"}, versione="0.1",
        dati_al="2026-01-01T00:00:00+00:00", creato_il="2026-01-01T00:00:01+00:00", avvisi=[],
    )  # fmt: skip
    assert fatto["periodo"] == {"nome": "2025-T1", "dal": "2025-01-01", "al": "2025-03-31"}
    assert fatto["regole"]["impronta"] == impronta(FLUSSO_PRESTAZIONI)
    assert fatto["regole"]["verificate"] == [r.codice for r in FLUSSO_PRESTAZIONI.regole]
    assert fatto["versione_schema"] == "201812"
    assert "RSSMRA80A41D142Q" not in str(fatto)
