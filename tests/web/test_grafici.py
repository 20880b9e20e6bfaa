"""The geometry of charts, on figures that are easy to check by hand and on any others."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.web.grafici import Curva, Serie, Tempo, barra, classi, curve, linee, mappa, tacche

CIFRE = st.decimals(min_value=-(10**12), max_value=10**12, places=2)
POSITIVE = st.decimals(min_value=0, max_value=10**12, places=2)


@given(st.lists(st.none() | POSITIVE, max_size=4), POSITIVE)
def test_una_barra_sta_nella_sua_cella(valori: list[Decimal | None], massimo: Decimal) -> None:
    tratti = barra(valori, massimo)
    assert all(t.larghezza >= 0 for t in tratti)
    assert sum(t.larghezza for t in tratti) <= 100.05
    assert [t.serie for t in tratti] == sorted({t.serie for t in tratti})


def test_una_barra_e_lunga_quanto_la_sua_parte() -> None:
    (uno, due) = barra([Decimal("12.5"), Decimal(25)], 100)
    assert (uno.inizio, uno.larghezza) == (0, 12.5)
    assert (due.inizio, due.larghezza) == (12.5, 25)
    assert barra([Decimal(3)], 0) == []
    assert barra([Decimal(-3), None], 10) == []


@given(CIFRE, CIFRE, st.integers(2, 8))
def test_le_tacche_contengono_gli_estremi_a_passi_uguali(
    uno: Decimal, altro: Decimal, quante: int
) -> None:
    basso, alto = sorted((uno, altro))
    segni = tacche(basso, alto, quante)
    assert segni[0] <= basso
    assert alto <= segni[-1]
    assert len({b - a for a, b in pairwise(segni)}) == 1
    assert len(segni) <= quante + 2


@pytest.mark.parametrize(
    ("estremi", "attese"),
    [
        ((0, 95), "0 25 50 75 100"),
        ((0, 4), "0 1 2 3 4"),
        ((0, 0), "0 0.25 0.5 0.75 1"),
        ((-30, 118), "-50 0 50 100 150"),
        ((0, 19084183), "0 5000000 10000000 15000000 20000000"),
    ],
)
def test_le_tacche_sono_cifre_tonde(estremi: tuple[int, int], attese: str) -> None:
    assert " ".join(map(str, tacche(*estremi))) == attese


def test_un_anno_senza_dati_interrompe_la_linea() -> None:
    grafico = linee([Serie("Spesa", {2019: 10, 2020: 20, 2021: None, 2022: 40, 2023: 0})])
    assert grafico is not None
    (una,) = grafico.linee
    assert [len(t.split()) for t in una.tratti] == [2, 2]
    assert [p.quando for p in una.punti] == ["2019", "2020", "2022", "2023"]
    assert una.punti[-1].y == grafico.base
    assert una.punti[0].x == grafico.sinistra
    assert una.punti[-1].x == grafico.destra
    # Twice the figure is twice as high over the base.
    alti = [grafico.base - p.y for p in una.punti]
    assert alti[1] == pytest.approx(2 * alti[0], abs=0.02)
    assert alti[2] == pytest.approx(4 * alti[0], abs=0.04)


def test_di_molti_anni_se_ne_scrivono_quanti_ci_stanno_e_sempre_l_ultimo() -> None:
    grafico = linee([Serie("Spesa", dict.fromkeys(range(1990, 2026), 1))])
    assert grafico is not None
    assert grafico.anni[-1][1] == 2025
    assert all(b[0] - a[0] >= 40 for a, b in pairwise(grafico.anni))
    assert linee([Serie("Spesa", {2020: None})]) is None


@pytest.mark.parametrize(
    ("parti", "anni", "scritte"),
    [
        (("S1", "S2"), 6, ("S1", "S2")),
        (("T1", "T2", "T3", "T4"), 2, ("T1", "T2", "T3", "T4")),
        (("T1", "T2", "T3", "T4"), 6, ("T1", "T3")),
        (tuple(map(str, range(1, 13))), 1, tuple(map(str, range(1, 13)))),
        (tuple(map(str, range(1, 13))), 6, ("1", "7")),
    ],
)
def test_delle_parti_degli_anni_si_scrivono_quelle_che_ci_stanno_le_stesse_di_ogni_anno(
    parti: tuple[str, ...], anni: int, scritte: tuple[str, ...]
) -> None:
    quando = range(2020 * len(parti), (2020 + anni) * len(parti))
    grafico = linee([Serie("Sfratti", dict.fromkeys(quando, 1))], Tempo(parti))
    assert grafico is not None
    assert tuple(detto for _, detto in grafico.parti) == scritte * anni
    assert all(b[0] - a[0] >= 30 for a, b in pairwise(grafico.parti))
    assert [anno for _, anno in grafico.anni] == [*range(2020, 2020 + anni)]
    # A year is written in the middle of its parts, between its bounds.
    bordi = [grafico.sinistra, *grafico.confini, grafico.destra]
    assert len(grafico.confini) == anni - 1
    for (inizio, fine), (x, _) in zip(pairwise(bordi), grafico.anni, strict=True):
        assert inizio < x < fine


def test_un_semestre_senza_cifra_interrompe_la_linea_e_ogni_punto_dice_di_quando_e() -> None:
    semestri = {4040: 3, 4041: 4, 4042: None, 4043: 9, 4044: None, 4045: None}
    grafico = linee(
        [Serie("Sfratti", semestri)],
        Tempo(("S1", "S2"), lambda q: f"{q % 2 + 1}° semestre {q // 2}"),
    )
    assert grafico is not None
    (una,) = grafico.linee
    # A figure between two holes is a point without a line; the holes at the end keep their room.
    assert [len(t.split()) for t in una.tratti] == [2]
    assert [p.quando for p in una.punti] == [
        "1° semestre 2020", "2° semestre 2020", "2° semestre 2021",
    ]  # fmt: skip
    assert una.punti[-1].x < grafico.destra
    assert "<title>Sfratti, 2° semestre 2021: 9</title>" in grafico.disegna(str)
    assert grafico.altezza > grafico.base + 40


@given(st.dictionaries(st.text(max_size=3), st.none() | st.integers(0, 30)), st.integers(1, 7))
def test_le_classi_tengono_insieme_gli_uguali_e_sono_in_ordine(
    valori: dict[str, int | None], quante: int
) -> None:
    fatte = classi(valori, quante)
    assert set(fatte.di) == {k for k, v in valori.items() if v is not None}
    assert set(fatte.di.values()) == set(range(1, len(fatte.limiti) + 1))
    assert len(fatte.limiti) <= quante
    for chiave, classe in fatte.di.items():
        basso, alto = fatte.limiti[classe - 1]
        assert basso <= (valori[chiave] or 0) <= alto
    assert all(prima[1] < dopo[0] for prima, dopo in pairwise(fatte.limiti))


def test_le_classi_hanno_circa_lo_stesso_numero_di_comuni() -> None:
    fatte = classi({str(n): n for n in range(10)})
    assert fatte.limiti == [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]


def test_la_mappa_ha_il_nord_in_alto_e_le_distanze_vere() -> None:
    def punto(x: float, y: float) -> dict[str, object]:
        return {"type": "Point", "coordinates": [x, y]}

    carta = mappa({"a": punto(9.5, 45.0), "b": punto(9.5, 45.1), "c": punto(9.7, 45.0)})
    assert carta is not None
    a, b, c = carta.forme
    assert b.y < a.y == c.y
    assert a.x == b.x < c.x
    # 0.1 degrees of latitude are 11.1 km, 0.2 of longitude 15.7 km.
    assert (c.x - a.x) / (a.y - b.y) == pytest.approx(15.7 / 11.1, rel=0.01)
    assert max(f.x for f in carta.forme) <= carta.larghezza
    assert max(f.y for f in carta.forme) <= carta.altezza


def test_la_mappa_disegna_anche_i_buchi_e_le_isole() -> None:
    quadro = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    buco = [[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]]
    lontano = [[x + 6, y] for x, y in quadro]
    carta = mappa({
        "bucato": {"type": "Polygon", "coordinates": [quadro, buco]},
        "isole": {"type": "MultiPolygon", "coordinates": [[quadro], [lontano]]},
    })  # fmt: skip
    assert carta is not None
    assert [f.tracciato.count("Z") for f in carta.forme] == [2, 2]
    assert mappa({}) is None
    with pytest.raises(ValueError, match="LineString"):
        mappa({"x": {"type": "LineString", "coordinates": quadro}})


def test_una_curva_segna_i_suoi_punti_e_si_interrompe_dove_manca_la_cifra() -> None:
    valori = {Decimal(0): 0, Decimal(3000): Decimal("2.19"), Decimal(6000): None, Decimal(9000): 5}
    grafico = curve([Curva("Quota", valori, frozenset([Decimal(3000)])), Curva("Vuota", {})])
    assert grafico is not None
    assert [valore for _, valore in grafico.colonne] == [0, 2000, 4000, 6000, 8000, 10000]
    assert [valore for _, valore in grafico.righe] == [0, 2, 4, 6]
    (numero, nome, tratti, punti), vuota = grafico.linee
    assert (numero, nome, len(tratti)) == (1, "Quota", 1)
    assert [(figura, valore) for _, _, figura, valore in punti] == [(3000, Decimal("2.19"))]
    assert tratti[0].split()[0] == f"{grafico.sinistra:g},{grafico.righe[0][0]:g}"
    assert vuota == (2, "Vuota", [], [])


def test_senza_cifre_non_c_e_curva() -> None:
    assert curve([]) is None
    assert curve([Curva("Vuota", {Decimal(1): None})]) is None
