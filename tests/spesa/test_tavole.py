"""The figures of a small ledger, worked out by hand; the tables and the files that show them."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from tests.conftest import Banca
from tests.prestazioni.casi import contesto
from tests.spesa.casi import CREMA, PANDINO, SONCINO, a_carico_del_comune, csv_di, porta, riga

from capofila.base.database import unita_di_lavoro
from capofila.spesa import scarichi, service, tavole
from capofila.spesa.cifre import Filtro
from capofila.spesa.pdf import pdf_di
from capofila.spesa.tabelle import scrivi
from capofila.spesa.tavole import TavolaCifre

pytestmark = pytest.mark.anyio

# 2011 is the year whose inhabitants are held: the census gives Crema 33.091, Pandino 8.881,
# Soncino 7.576.
ANNO = 2011


async def _libro(anno: int) -> None:
    """Crema 1,000.50 associata for 12 users, 2,000 diretta; Pandino 300 diretta; Soncino 100."""
    await porta(
        csv_di(
            riga(anno),
            a_carico_del_comune(anno, "2000", area="disabili", gestione="singola", utenti=""),
            a_carico_del_comune(anno, "300", comune=PANDINO, gestione="singola", utenti="3"),
            a_carico_del_comune(anno, "100", comune=SONCINO, utenti="1"),
        ),
        anno,
    )


async def _leggi(anno: int, filtro: Filtro | None = None, comune: str | None = None) -> Any:
    async with unita_di_lavoro(await contesto("crema", comune=comune), sola_lettura=True):
        letta = await service.leggi(anno, filtro)
        modulo = await service.modulo_di(anno, letta.modulo)
        return letta, modulo, {t.codice: t for t in tavole.tavole(letta, modulo)}


def _valori(tavola: TavolaCifre) -> dict[str, tuple[Any, ...]]:
    return {riga.nome: riga.valori for riga in tavola.righe}


def _d(*cifre: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(c) for c in cifre)


async def test_ogni_cifra_si_rifa_a_mano_con_e_senza_il_capoluogo(ambiti: Banca) -> None:
    await _libro(ANNO)
    letta, modulo, viste = await _leggi(ANNO)
    gestione = _valori(viste["gestione"])
    # 1,000.50 + 100 associata out of 3,400.50; without Crema 100 out of 400.
    assert gestione["Ambito"] == _d("3400.50", "1100.50", "0.3236", "2300.00", "0.6764")
    assert gestione["Ambito senza Crema"] == _d("400.00", "100.00", "0.2500", "300.00", "0.7500")
    abitanti = _valori(viste["abitanti"])
    tutti = sum(letta.abitanti[i] for i in (CREMA, PANDINO, SONCINO))
    a_testa = sorted(
        spesa / letta.abitanti[i]
        for i, spesa in (
            (CREMA, Decimal("3000.5")),
            (PANDINO, Decimal(300)),
            (SONCINO, Decimal(100)),
        )
    )
    cent = Decimal("0.01")
    assert abitanti["Ambito"] == (
        tutti, (Decimal("3400.5") / tutti).quantize(cent), a_testa[0].quantize(cent),
        (sum(a_testa, Decimal(0)) / 3).quantize(cent), a_testa[1].quantize(cent),
        a_testa[2].quantize(cent),
    )  # fmt: skip
    # 16 users are known, of lines that cost the comuni 700 + 300 + 100; 200 out of 3,300 net of SSN.
    assert _valori(viste["utenti"])["Ambito"] == (16, *_d("68.75", "12.50", "200.00", "0.0606"))
    assert _valori(viste["aree"]) == {
        "Disabili": _d("2000.00", "0.5881", "0", "0.0000"),
        "Anziani": _d("1400.50", "0.4119", "400.00", "1.0000"),
    }
    fonti = _valori(viste["fonti"])
    assert fonti["Risorse del comune"][:2] == _d("2800.00", "0.8234")
    assert fonti["Quota del servizio sanitario"][:2] == _d("100.50", "0.0296")
    assert sum(v[0] for v in fonti.values()) == Decimal("3400.50")
    assert [r.nome for r in viste["comuni"].righe] == ["Crema", "Pandino", "Soncino"]
    mancanze = " ".join(tavole.mancanze(letta, modulo))
    assert "non si conoscono gli utenti: 1" in mancanze
    assert "e altri 33" in mancanze
    assert "Schede non ancora approvate: 48" in mancanze


async def test_il_filtro_stringe_tutte_le_cifre_e_un_comune_legge_solo_le_sue(
    ambiti: Banca,
) -> None:
    await _libro(2019)
    _, _, viste = await _leggi(2019, Filtro(sub_ambito="1"))
    assert _valori(viste["gestione"])["Sub-ambito 1"][0] == Decimal("300.00")
    assert viste["anni"].righe[-1].valori[0] == Decimal("300.00")
    _, _, viste = await _leggi(2019, Filtro(area="disabili"))
    assert _valori(viste["gestione"])["Ambito"][0] == Decimal("2000.00")
    letta, modulo, viste = await _leggi(2019, comune="G306")
    assert list(_valori(viste["comuni"])) == ["Pandino"]
    assert list(_valori(viste["gestione"])) == ["Pandino"]
    assert letta.cifre.capoluogo is None
    assert "Gli abitanti del 2019 non ci sono" in " ".join(tavole.mancanze(letta, modulo))


async def test_i_sub_ambiti_fanno_l_ambito_e_quello_del_capoluogo_sta_anche_senza(
    ambiti: Banca,
) -> None:
    await _libro(2018)
    await porta(csv_di(a_carico_del_comune(2018, "50", comune="019062")), 2018)
    letta, _, viste = await _leggi(2018)
    gestione = _valori(viste["gestione"])
    gruppi = letta.cifre.per_sub_ambito
    assert sum(g.misura.spesa for g in gruppi) == letta.cifre.totale.spesa
    assert len(gestione) >= 2 + len(gruppi)


async def test_i_comuni_si_ordinano_e_chi_non_ha_la_cifra_va_in_fondo(ambiti: Banca) -> None:
    await _libro(2017)
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        letta = await service.leggi(2017)

    def nomi(ordine: str) -> list[str]:
        viste = {t.codice: t for t in tavole.tavole(letta, None, ordine)}
        return [r.nome for r in viste["comuni"].righe]

    assert nomi("spesa") == ["Soncino", "Pandino", "Crema"]
    assert nomi("-spesa") == ["Crema", "Pandino", "Soncino"]
    assert nomi("-nome") == ["Soncino", "Pandino", "Crema"]
    assert nomi("-pro_capite") == nomi("nome") == ["Crema", "Pandino", "Soncino"]


async def test_i_file_portano_le_stesse_cifre_e_nessuna_formula(ambiti: Banca) -> None:
    await _libro(2016)
    letta, modulo, viste = await _leggi(2016)
    cattiva = TavolaCifre(
        codice="=1+1", titolo="Prova", testa="@chi", colonne=viste["gestione"].colonne,
        righe=tuple(tavole.RigaCifre("x", "=SOMMA(A1)", r.valori) for r in viste["gestione"].righe),
    )  # fmt: skip
    tutte = (*viste.values(), cattiva)
    lette = list(
        csv.DictReader(io.StringIO(scarichi.csv_di(tutte).decode("utf-8-sig")), delimiter=";")
    )
    assert {(r["tavola"], r["voce"], r["misura"]): r["valore"] for r in lette}[
        "gestione", "Ambito", "Quota associata"
    ] == "0,3236"
    assert not [v for r in lette for v in r.values() if v.startswith(("=", "@"))]
    documento = scarichi.Documento(
        titolo="Spesa sociale 2016", sottotitolo="", tavole=tutte,
        note=tavole.mancanze(letta, modulo),
    )  # fmt: skip
    cartella = openpyxl.load_workbook(io.BytesIO(scarichi.xlsx_di(documento)))
    assert cartella.sheetnames == [*(t.titolo for t in tutte), "Avvertenze"]
    foglio = cartella["Spesa e forma di gestione"]
    assert [c.value for c in foglio[5]] == ["Ambito", 3400.5, 1100.5, 0.3236, 2300, 0.6764]
    assert not [c for f in cartella for fila in f.iter_rows() for c in fila if c.data_type == "f"]
    pdf = pdf_di(documento, scrivi)
    assert pdf.startswith(b"%PDF-1.7")
    assert b"pdfuaid:part" in pdf


def test_un_numero_ha_nei_file_i_decimali_che_ha() -> None:
    una = TavolaCifre(
        codice="x", titolo="Prova", testa="Di chi",
        colonne=(tavole.ColonnaCifre("Persone", "numero"), tavole.ColonnaCifre("Ogni 1.000", "numero")),
        righe=(tavole.RigaCifre("a", "A", (Decimal("512.0000"), Decimal("12.3"))),),
    )  # fmt: skip
    assert [r.rsplit(";", 1)[1] for r in scarichi.csv_di([una]).decode().split("\r\n")[1:3]] == [
        "512", "12,3"
    ]  # fmt: skip
    documento = scarichi.Documento(titolo="Prova", sottotitolo="", tavole=[una], note=[])
    foglio = openpyxl.load_workbook(io.BytesIO(scarichi.xlsx_di(documento)))["Prova"]
    assert [c.number_format for c in foglio[5][1:]] == ["#,##0", "#,##0.0#"]


def test_nel_pdf_nulla_di_cio_che_e_scritto_e_codice() -> None:
    cattivo = '#panic("preso") $x$ *a* @b <c> \\u{41}'
    documento = scarichi.Documento(
        titolo=cattivo, sottotitolo=cattivo, note=[cattivo],
        tavole=[
            TavolaCifre(
                codice="x", titolo=cattivo, testa=cattivo, nota=cattivo,
                colonne=(tavole.ColonnaCifre(cattivo, "numero"),),
                righe=(tavole.RigaCifre("x", cattivo, (None,)),),
            )
        ],
    )  # fmt: skip
    assert pdf_di(documento, scrivi).startswith(b"%PDF")
