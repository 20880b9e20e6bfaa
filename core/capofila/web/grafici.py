"""The geometry of charts: what the macros of ``grafici.html`` draw.

Bars stand in the cells of a table, so that the figures are read by everybody and wrap on a phone;
lines and maps are SVG, each beside the table of the same figures. Nothing here rounds a figure:
only what is drawn is rounded, to a hundredth of a unit of the drawing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
from markupsafe import Markup, escape

Cifra = Decimal | int

_CENTO: Final = Decimal(100)
CLASSI: Final = 5
"""Classes of colour of a map: more of them are not told apart."""
LARGHEZZA: Final = 480
ALTEZZA: Final = 240
_SOPRA, _SOTTO, _SINISTRA, _DESTRA = 14, 30, 84, 20
_RIGA: Final = 18
"""What the years take under their parts."""
_COSENO: Final = math.cos(math.radians(45.2))
"""Of the latitude of the province: a degree of longitude is so much shorter there."""


class Tratto(msgspec.Struct, frozen=True):
    """A piece of a bar, in hundredths of the width of its cell."""

    inizio: float
    larghezza: float
    serie: int
    """1 for the first series: it has a colour and a pattern of its own."""


def barra(valori: Sequence[Cifra | None], massimo: Cifra) -> list[Tratto]:
    """The pieces of a bar, one after the other; what is missing or not above zero is not drawn.

    >>> barra([Decimal(30), None, Decimal(20)], 100)
    [Tratto(inizio=0.0, larghezza=30.0, serie=1), Tratto(inizio=30.0, larghezza=20.0, serie=3)]
    """
    tratti: list[Tratto] = []
    inizio = Decimal(0)
    for serie, valore in enumerate(valori, 1):
        if valore is None or valore <= 0 or massimo <= 0:
            continue
        fine = min(inizio + Decimal(valore) * 100 / massimo, _CENTO)
        if fine > inizio:
            tratti.append(Tratto(_tondo(inizio), _tondo(fine - inizio), serie))
        inizio = fine
    return tratti


def tacche(minimo: Cifra, massimo: Cifra, quante: int = 4) -> list[Decimal]:
    """Round figures that take in both ends, about as many as asked: 1, 2, 2.5 or 5 times a power of ten.

    >>> [str(t) for t in tacche(0, 95)]
    ['0', '25', '50', '75', '100']
    """
    basso, alto = Decimal(minimo), Decimal(massimo)
    if alto <= basso:
        alto = basso + 1
    grezzo = (alto - basso) / quante
    potenza = Decimal(1).scaleb(grezzo.adjusted())
    passo = next(
        potenza * m for m in map(Decimal, ("1", "2", "2.5", "5", "10")) if potenza * m >= grezzo
    )
    primo = (basso / passo).to_integral_value(rounding="ROUND_FLOOR")
    ultimo = (alto / passo).to_integral_value(rounding="ROUND_CEILING")
    return [_piano(passo * n) for n in range(int(primo), int(ultimo) + 1)]


def _piano(valore: Decimal) -> Decimal:
    """Without an exponent, and without zeros after the comma."""
    return (
        valore.quantize(Decimal(1)) if valore == valore.to_integral_value() else valore.normalize()
    )


class Serie(msgspec.Struct, frozen=True):
    """Figures over the years, or over their parts, numbered; one without a figure breaks the line."""

    nome: str
    valori: Mapping[int, Cifra | None]


class Tempo(msgspec.Struct, frozen=True):
    """How a number of a series is read: a year, or a part of one (``anno * len(parti) + n``).

    Attributes:
        parti: what each part of a year is called under the chart, in short; none for whole years.
        detto: what a number is called in full.
    """

    parti: Sequence[str] = ()
    detto: Callable[[int], str] = str


ANNI: Final = Tempo()


class PuntoLinea(msgspec.Struct, frozen=True):
    """One figure of a line, and of when it is."""

    x: float
    y: float
    quando: str
    valore: Cifra


class Linea(msgspec.Struct, frozen=True):
    """One series: the runs of it that have a figure, and its points."""

    nome: str
    numero: int
    tratti: list[str]
    """The ``points`` of a polyline each."""
    punti: list[PuntoLinea]


class Linee(msgspec.Struct, frozen=True):
    """A chart of lines, in the units of its ``viewBox``."""

    larghezza: int
    altezza: int
    righe: list[tuple[float, Decimal]]
    """(y, figure) of the horizontal lines of the scale."""
    anni: list[tuple[float, int]]
    linee: list[Linea]
    parti: list[tuple[float, str]] = []
    """(x, name) of the parts of the years, above the years."""
    confini: list[float] = []
    """Where a year ends and another begins, if they have parts."""
    raggio: int = 4
    """Of a point."""
    sinistra: float = _SINISTRA
    destra: float = LARGHEZZA - _DESTRA
    base: float = ALTEZZA - _SOTTO

    def disegna(self, formato: Callable[[Any], str]) -> Markup:
        """The scale, the years and the lines, put together here: a chart has dozens of points."""
        pezzi = []
        for y, valore in self.righe:
            pezzi.append(
                f'  <line class="asse" x1="{self.sinistra}" x2="{self.destra}" y1="{y}" y2="{y}"/>\n'
                f'  <text class="tacca" x="{self.sinistra - 6}" y="{y + 4}" text-anchor="end">'
                f"{escape(formato(valore))}</text>\n"
            )
        pezzi += [
            f'  <line class="asse" x1="{x}" x2="{x}" y1="{_SOPRA}" y2="{self.altezza - 6}"/>\n'
            for x in self.confini
        ]
        pezzi += [
            f'  <text class="tacca" x="{x}" y="{y}" text-anchor="middle">{escape(detto)}</text>\n'
            for y, scritte in ((self.base + 20, self.parti), (self.altezza - 10, self.anni))
            for x, detto in scritte
        ]
        for linea in self.linee:
            nome = escape(linea.nome)
            pezzi += [
                f'<polyline class="linea linea-{linea.numero}" points="{tratto}"/>'
                for tratto in linea.tratti
            ]
            pezzi += [
                f'<circle class="punto-{linea.numero}" cx="{p.x}" cy="{p.y}" r="{self.raggio}"><title>{nome}, '
                f"{escape(p.quando)}: {escape(formato(p.valore))}</title></circle>"
                for p in linea.punti
            ]
        return Markup("".join(pezzi))  # noqa: S704 - our own marks around escaped texts


def linee(serie: Sequence[Serie], tempo: Tempo = ANNI) -> Linee | None:
    """Lines over the years or their parts, the scale from zero (or below); None when there is no figure."""
    cifre = [v for una in serie for v in una.valori.values() if v is not None]
    if not cifre:
        return None
    scala = tacche(min(0, *cifre), max(0, *cifre))
    quando = sorted({q for una in serie for q in una.valori})
    larga, alta = LARGHEZZA - _SINISTRA - _DESTRA, ALTEZZA - _SOPRA - _SOTTO
    primo, campata = quando[0], quando[-1] - quando[0]
    in_alto, altezza = scala[-1], scala[-1] - scala[0]

    def x(posto: float) -> float:
        return _tondo(_SINISTRA + ((posto - primo) * larga / campata if campata else larga / 2))

    def y(valore: Cifra) -> float:
        return _tondo(_SOPRA + (in_alto - valore) * alta / altezza)

    disegnate = []
    for numero, una in enumerate(serie, 1):
        punti, tratti, corrente = [], [], list[str]()
        for quale in quando:
            valore = una.valori.get(quale)
            if valore is None:
                tratti.append(" ".join(corrente))
                corrente = []
                continue
            punti.append(PuntoLinea(x(quale), y(valore), tempo.detto(quale), valore))
            corrente.append(f"{punti[-1].x:g},{punti[-1].y:g}")
        tratti.append(" ".join(corrente))
        disegnate.append(Linea(una.nome, numero, [t for t in tratti if " " in t], punti))
    parti, confini, anni = _in_basso(quando, tempo, x)
    return Linee(
        larghezza=LARGHEZZA,
        altezza=ALTEZZA + (_RIGA if parti else 0),
        righe=[(y(t), t) for t in scala],
        anni=anni,
        parti=parti,
        confini=confini,
        # Seventy months would be a string of beads.
        raggio=2 if campata and larga / campata < 10 else 4,
        linee=disegnate,
    )


def _in_basso(
    quando: Sequence[int], tempo: Tempo, x: Callable[[float], float]
) -> tuple[list[tuple[float, str]], list[float], list[tuple[float, int]]]:
    """What is written under a chart: the parts, where a year ends, the years; as far apart as they need."""
    larga, quante = LARGHEZZA - _SINISTRA - _DESTRA, len(tempo.parti)
    if not quante:
        # The years are written as far apart as their four figures need.
        salto = -(-len(quando) * 44 // larga) or 1
        return [], [], [(x(anno), anno) for anno in quando[::-salto][::-1]]
    passo = larga / max(quando[-1] - quando[0], 1)
    # The same parts of every year, or none but the first.
    ogni = next(
        n for n in range(1, quante + 1) if quante % n == 0 and (n * passo >= 30 or n == quante)
    )
    parti = [(x(q), tempo.parti[q % quante]) for q in quando if q % quante % ogni == 0]
    dell_anno: dict[int, list[int]] = {}
    for q in quando:
        dell_anno.setdefault(q // quante, []).append(q)
    anni = [(x((sue[0] + sue[-1]) / 2), anno) for anno, sue in dell_anno.items()]
    return parti, [x(sue[0] - 0.5) for sue in [*dell_anno.values()][1:]], anni


class Curva(msgspec.Struct, frozen=True):
    """Figures by another figure; where there is none the line breaks."""

    nome: str
    valori: Mapping[Decimal, Cifra | None]
    segnati: frozenset[Decimal] = frozenset()
    """Where a point is drawn: those of the table."""


class Asse(msgspec.Struct, frozen=True):
    """A chart of curves, in the units of its ``viewBox``."""

    larghezza: int
    altezza: int
    righe: list[tuple[float, Decimal]]
    """(y, figure) of the horizontal lines of the scale."""
    colonne: list[tuple[float, Decimal]]
    """(x, figure) along the bottom."""
    linee: list[tuple[int, str, list[str], list[tuple[float, float, Decimal, Cifra]]]]
    """Number, name, polylines, points (x, y, figure along the bottom, figure) of each curve."""
    sinistra: float = _SINISTRA
    destra: float = LARGHEZZA - _DESTRA


def curve(serie: Sequence[Curva]) -> Asse | None:
    """Curves on two axes that begin at zero; None when there is no figure."""
    noti = [(x, y) for una in serie for x, y in una.valori.items() if y is not None]
    if not noti:
        return None
    in_basso = tacche(0, max(x for x, _ in noti), 5)
    in_alto = tacche(0, max(y for _, y in noti))
    larga, alta = LARGHEZZA - _SINISTRA - _DESTRA, ALTEZZA - _SOPRA - _SOTTO

    def dove_x(figura: Cifra) -> float:
        return _tondo(_SINISTRA + Decimal(figura) * larga / in_basso[-1])

    def dove_y(figura: Cifra) -> float:
        return _tondo(_SOPRA + (in_alto[-1] - figura) * alta / in_alto[-1])

    disegnate = []
    for numero, una in enumerate(serie, 1):
        tratti, punti, corrente = [], [], list[str]()
        for figura, valore in sorted(una.valori.items()):
            if valore is None:
                tratti.append(" ".join(corrente))
                corrente = []
                continue
            x, y = dove_x(figura), dove_y(valore)
            corrente.append(f"{x:g},{y:g}")
            if figura in una.segnati:
                punti.append((x, y, figura, valore))
        tratti.append(" ".join(corrente))
        disegnate.append((numero, una.nome, [t for t in tratti if " " in t], punti))
    return Asse(
        larghezza=LARGHEZZA, altezza=ALTEZZA,
        righe=[(dove_y(t), t) for t in in_alto], colonne=[(dove_x(t), t) for t in in_basso],
        linee=disegnate,
    )  # fmt: skip


class Classi(msgspec.Struct, frozen=True):
    """Classes of about as many values each; equal values are always in the same one."""

    limiti: list[tuple[Cifra, Cifra]]
    """The least and the greatest value of each, from the first."""
    di: dict[str, int]
    """The class of each, from 1; without a value there is none."""


def classi(valori: Mapping[str, Cifra | None], quante: int = CLASSI) -> Classi:
    """Put values in classes of colour, by rank.

    >>> classi({"a": 1, "b": 2, "c": 2, "d": 9, "e": None}, 2).di
    {'a': 1, 'b': 1, 'c': 1, 'd': 2}
    """
    note = sorted((v, k) for k, v in valori.items() if v is not None)
    di: dict[str, int] = {}
    limiti: list[tuple[Cifra, Cifra]] = []
    prima = -1
    for posto, (valore, chiave) in enumerate(note):
        if posto == 0 or valore != note[posto - 1][0]:
            classe = posto * quante // len(note)
            if classe != prima:
                limiti.append((valore, valore))
                prima = classe
        limiti[-1] = (limiti[-1][0], valore)
        di[chiave] = len(limiti)
    return Classi(limiti, di)


class Forma(msgspec.Struct, frozen=True):
    """A comune on the map: a path, or without boundaries a circle at its centre."""

    chiave: str
    tracciato: str = ""
    x: float = 0
    y: float = 0


class Mappa(msgspec.Struct, frozen=True):
    """A map, in the units of its ``viewBox``; north is up."""

    larghezza: int
    altezza: int
    forme: list[Forma]

    def disegna(
        self,
        classi: Classi,
        nomi: Mapping[str, str],
        valori: Mapping[str, Decimal | int | None],
        formato: Callable[[Any], str],
        href: Callable[[str], str] | None = None,
    ) -> Markup:
        """The shapes, each with what it says, put together here: there may be thousands.

        Args:
            classi: which class each key is in.
            nomi: what each is called.
            valori: its figure, or none.
            formato: how a figure is written.
            href: where each leads.
        """
        pezzi = []
        for forma in self.forme:
            valore = valori[forma.chiave]
            dice = escape(
                f"{nomi[forma.chiave]}: {'nessun dato' if valore is None else formato(valore)}"
            )
            classe = f'class="classe-{classi.di.get(forma.chiave, 0)}"'
            segno = (
                f'<path {classe} d="{forma.tracciato}"><title>{dice}</title></path>'
                if forma.tracciato
                else f'<circle {classe} cx="{forma.x}" cy="{forma.y}" r="7"><title>{dice}</title></circle>'
            )
            if href is not None:
                segno = f'<a href="{escape(href(forma.chiave))}" aria-label="{dice}">{segno}</a>'
            pezzi.append(segno)
        return Markup("".join(pezzi))  # noqa: S704 - our own marks around escaped texts


def mappa(luoghi: Mapping[str, Any], larghezza: int = LARGHEZZA) -> Mappa | None:
    """Shapes from GeoJSON geometries (Polygon, MultiPolygon, Point), by their key.

    Longitudes are shortened as at the latitude of the province, which is all the projection that a
    province needs. None without places.

    Raises:
        ValueError: a geometry of another kind.
    """
    anelli = {chiave: _anelli(geometria) for chiave, geometria in luoghi.items()}
    punti = [p for uno in anelli.values() for anello in uno for p in anello]
    if not punti:
        return None
    ovest, est = min(p[0] for p in punti), max(p[0] for p in punti)
    sud, nord = min(p[1] for p in punti), max(p[1] for p in punti)
    margine = 12
    utile = larghezza - 2 * margine
    scala = utile / (max(est - ovest, (nord - sud) / _COSENO / 2, 1e-6) * _COSENO)

    def dove(punto: Sequence[float]) -> tuple[float, float]:
        return (
            round(margine + (punto[0] - ovest) * _COSENO * scala, 1),
            round(margine + (nord - punto[1]) * scala, 1),
        )

    forme = []
    for chiave, uno in anelli.items():
        if len(uno) == 1 and len(uno[0]) == 1:
            x, y = dove(uno[0][0])
            forme.append(Forma(chiave, "", x, y))
            continue
        pezzi = []
        for anello in uno:
            passi = [dove(p) for p in anello]
            diversi = [p for i, p in enumerate(passi) if not i or p != passi[i - 1]]
            pezzi.append("M" + "L".join(f"{x:g} {y:g}" for x, y in diversi) + "Z")
        forme.append(Forma(chiave, "".join(pezzi)))
    return Mappa(larghezza, math.ceil((nord - sud) * scala + 2 * margine), forme)


def _anelli(geometria: Mapping[str, Any]) -> list[Sequence[Sequence[float]]]:
    match geometria.get("type"):
        case "Point":
            return [[geometria["coordinates"]]]
        case "Polygon":
            return list(geometria["coordinates"])
        case "MultiPolygon":
            return [anello for poligono in geometria["coordinates"] for anello in poligono]
        case altro:
            raise ValueError(f"a comune is a Point, a Polygon or a MultiPolygon, not {altro}")


def _tondo(valore: Decimal | float) -> float:
    return round(float(valore), 2)
