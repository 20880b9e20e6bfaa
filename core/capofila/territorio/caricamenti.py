"""What the platform's administration loads about the comuni: inhabitants of a year, boundaries. Pure.

Both come from outside with a source that stays beside every figure and every map: nothing here
dates a figure that has no year, and nothing draws what a file does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from heapq import heapify, heappop, heappush
from typing import Any, Final

import msgspec

from capofila.base.errori import DatiNonValidi
from capofila.base.foglio_csv import CsvNonLeggibile, leggi_righe
from capofila.territorio.rules import Comune, Residenti, vale

BYTE_POPOLAZIONE: Final = 2 * 1024 * 1024
RIGHE_POPOLAZIONE: Final = 50_000
BYTE_CONFINI: Final = 20 * 1024 * 1024
COMUNI_CONFINI: Final = 9_000
"""More comuni than Italy has."""
PUNTI_CONFINI: Final = 300_000
ERRORI_MOSTRATI: Final = 20
FONTE: Final = (5, 300)
"""Least and most letters of a source."""
AREA_MINIMA: Final = 6e-7
"""Square degrees, some 5,000 square metres: about a tenth of a square unit of the maps."""
_ITALIA: Final = ((6.0, 19.0), (35.0, 48.0))
_CODICI: Final = ("istat", "com_istat_code", "pro_com_t", "pro_com")
"""The properties that the files of ISTAT and of openpolis keep the code in."""

Punto = tuple[float, float]


class FileNonValido(DatiNonValidi):
    """A file that is refused whole; `problemi` says what to mend."""

    def __init__(self, *problemi: str) -> None:
        self.problemi = problemi[:ERRORI_MOSTRATI]
        resto = len(problemi) - len(self.problemi)
        super().__init__(" ".join(self.problemi) + (f" E altri {resto}." if resto else ""))


def leggi_fonte(testo: str, campo: str) -> str:
    """A source or an attribution as it was typed, spaces made one.

    Raises:
        FileNonValido: too short to tell anything, or too long.
    """
    fonte = " ".join(testo.split())
    if not FONTE[0] <= len(fonte) <= FONTE[1]:
        raise FileNonValido(f"{campo}: da {FONTE[0]} a {FONTE[1]} caratteri.")
    return fonte


# Inhabitants.


class PopolazioneLetta(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a file; `fuori` are the comuni that this installation does not know."""

    righe: tuple[Residenti, ...]
    fuori: int


def leggi_popolazione(
    contenuto: bytes, fonte: str, comuni: Mapping[str, Comune]
) -> PopolazioneLetta:
    """Inhabitants by comune and year, of a CSV with the columns istat, anno, residenti.

    A file of all Italy may be given as it is: the comuni that are not here are counted, no more.

    Raises:
        FileNonValido: with what is wrong, by row; nothing is good until all of it is.
    """
    fonte = leggi_fonte(fonte, "Fonte")
    try:
        nomi, righe = leggi_righe(
            contenuto,
            ("istat", "anno", "residenti"),
            byte=BYTE_POPOLAZIONE,
            righe=RIGHE_POPOLAZIONE,
        )
    except CsvNonLeggibile as errore:
        raise FileNonValido(errore.messaggio) from None
    posti = {nome: nomi.index(nome) for nome in ("istat", "anno", "residenti")}
    problemi: list[str] = []
    lette: dict[tuple[str, int], Residenti] = {}
    fuori: set[str] = set()
    for numero, riga in enumerate(righe, 2):
        if not any(cella.strip() for cella in riga):
            continue
        istat, anno, residenti = (
            riga[posto].strip() if posto < len(riga) else "" for posto in posti.values()
        )
        # A spreadsheet takes the zero in front away.
        istat = istat.zfill(6) if istat.isascii() and istat.isdigit() else istat
        if re.fullmatch(r"[0-9]{6}", istat) is None:
            problemi.append(f"Riga {numero}: «{istat[:20]}» non è un codice ISTAT di sei cifre.")
        elif re.fullmatch(r"(18[6-9]|19[0-9]|20[0-9]|21[0-9])[0-9]", anno) is None:
            problemi.append(f"Riga {numero}: «{anno[:20]}» non è un anno; scriverlo come 2024.")
        elif re.fullmatch(r"[0-9]{1,3}(\.?[0-9]{3}){0,2}", residenti) is None:
            problemi.append(
                f"Riga {numero}: «{residenti[:20]}» non è un numero di residenti; come 9012."
            )
        elif istat not in comuni:
            fuori.add(istat)
        elif (istat, int(anno)) in lette:
            problemi.append(f"Riga {numero}: {comuni[istat].nome} nel {anno} c'è due volte.")
        elif not vale(comuni[istat], date(int(anno), 12, 31)):
            problemi.append(
                f"Riga {numero}: alla fine del {anno} {comuni[istat].nome} non esisteva."
            )
        else:
            lette[istat, int(anno)] = Residenti(
                istat=istat, anno=int(anno), residenti=int(residenti.replace(".", "")), fonte=fonte
            )
    if not problemi and not lette:
        problemi.append("Nessuna riga del file è di un comune di questa installazione.")
    if problemi:
        raise FileNonValido(*problemi)
    return PopolazioneLetta(righe=tuple(lette.values()), fuori=len(fuori))


# Boundaries.


class Poligono(msgspec.Struct, frozen=True, tag="Polygon", tag_field="type"):
    """The rings of a comune: its border, then its holes."""

    coordinates: list[list[list[float]]]


class Poligoni(msgspec.Struct, frozen=True, tag="MultiPolygon", tag_field="type"):
    """A comune in pieces."""

    coordinates: list[list[list[list[float]]]]


class _Oggetto(msgspec.Struct, frozen=True):
    type: str
    properties: dict[str, Any] | None
    geometry: Poligono | Poligoni


class _Raccolta(msgspec.Struct, frozen=True):
    type: str
    features: list[_Oggetto]


class ConfiniLetti(msgspec.Struct, frozen=True, kw_only=True):
    """Boundaries by ISTAT code, simplified; `fuori` are comuni that this installation does not know.

    Attributes:
        punti: how many there are now; `punti_prima` in the file.
    """

    geometrie: Mapping[str, Poligono | Poligoni]
    fuori: int
    punti: int
    punti_prima: int


def leggi_confini(contenuto: bytes, comuni: Mapping[str, Comune]) -> ConfiniLetti:
    """The boundaries of a GeoJSON file, in degrees (WGS 84), simplified for a page.

    Each object is a Polygon or a MultiPolygon and names its comune by ISTAT code, in one of the
    properties that ISTAT and openpolis use.

    Raises:
        FileNonValido: it is not so, or too large; the message says what to do.
    """
    if len(contenuto) > BYTE_CONFINI:
        raise FileNonValido(f"Il file supera {BYTE_CONFINI // 1024 // 1024} MiB: semplificalo.")
    try:
        raccolta = msgspec.json.decode(contenuto.removeprefix(b"\xef\xbb\xbf"), type=_Raccolta)
    except (msgspec.DecodeError, RecursionError):
        raise FileNonValido(
            "Il file non è un GeoJSON con i soli poligoni dei comuni: serve una "
            "«FeatureCollection» di «Polygon» e «MultiPolygon»."
        ) from None
    if raccolta.type != "FeatureCollection" or not raccolta.features:
        raise FileNonValido("Il file non è una «FeatureCollection» con dei comuni.")
    if len(raccolta.features) > COMUNI_CONFINI:
        raise FileNonValido(f"Il file ha più di {COMUNI_CONFINI} oggetti: tieni i soli comuni.")
    problemi: list[str] = []
    geometrie: dict[str, Poligono | Poligoni] = {}
    visti: set[str] = set()
    prima = 0
    for numero, oggetto in enumerate(raccolta.features, 1):
        istat = _codice(oggetto.properties or {})
        anelli = [anello for poligono in _poligoni(oggetto.geometry) for anello in poligono]
        prima += sum(map(len, anelli))
        if prima > PUNTI_CONFINI:
            raise FileNonValido(f"Il file ha più di {PUNTI_CONFINI} punti: semplificalo.")
        perche = _difetto(anelli)
        if istat is None:
            problemi.append(
                f"Oggetto {numero}: manca il codice ISTAT di sei cifre, in una delle proprietà "
                f"{', '.join(_CODICI)}."
            )
        elif istat in visti:
            problemi.append(f"Oggetto {numero}: il comune {istat} c'è due volte.")
        elif perche:
            problemi.append(f"Oggetto {numero} ({istat}): {perche}.")
        elif istat in comuni:
            geometrie[istat] = _semplice(oggetto.geometry)
        visti.add(istat or "")
    if not problemi and not geometrie:
        problemi.append("Nessun oggetto del file è un comune di questa installazione.")
    if problemi:
        raise FileNonValido(*problemi)
    punti = sum(
        len(anello)
        for geometria in geometrie.values()
        for poligono in _poligoni(geometria)
        for anello in poligono
    )
    fuori = len(visti) - len(geometrie)
    return ConfiniLetti(geometrie=geometrie, fuori=fuori, punti=punti, punti_prima=prima)


def _codice(proprieta: Mapping[str, Any]) -> str | None:
    minuscole = {nome.lower(): valore for nome, valore in proprieta.items()}
    for nome in _CODICI:
        valore = minuscole.get(nome)
        if isinstance(valore, bool) or not isinstance(valore, str | int):
            continue
        testo = str(valore)[:20].zfill(6)
        if re.fullmatch(r"[0-9]{6}", testo):
            return testo
    return None


def _poligoni(geometria: Poligono | Poligoni) -> list[list[list[list[float]]]]:
    return [geometria.coordinates] if isinstance(geometria, Poligono) else geometria.coordinates


def _difetto(anelli: Sequence[Sequence[Sequence[float]]]) -> str:
    """What is wrong with the rings of a comune; empty when nothing is."""
    if not anelli:
        return "non ha nessun anello"
    (ovest, est), (sud, nord) = _ITALIA
    for anello in anelli:
        if any(len(punto) not in (2, 3) for punto in anello):
            return "un punto non ha longitudine e latitudine"
        if len(anello) < 4 or anello[0] != anello[-1]:
            return (
                "un anello non si chiude: l'ultimo punto è uguale al primo, e sono quattro almeno"
            )
        if any(not (ovest <= p[0] <= est and sud <= p[1] <= nord) for p in anello):
            return (
                "un punto è fuori dall'Italia: le coordinate vanno in gradi (WGS 84), prima la "
                "longitudine"
            )
    return ""


def _semplice(geometria: Poligono | Poligoni) -> Poligono | Poligoni:
    """The same with fewer points; pieces and holes too small to be seen go, the largest one stays."""
    ridotti = []
    for poligono in _poligoni(geometria):
        bordo, *buchi = (semplifica([(p[0], p[1]) for p in anello]) for anello in poligono)
        if len(bordo) >= 4:
            ridotti.append([bordo, *(buco for buco in buchi if len(buco) >= 4)])
    if not ridotti:
        grande = max(_poligoni(geometria), key=lambda poligono: _estensione(poligono[0]))
        ridotti = [[[(round(p[0], 4), round(p[1], 4)) for p in grande[0]]]]
    coordinate = [[[list(p) for p in anello] for anello in poligono] for poligono in ridotti]
    return Poligono(coordinate[0]) if len(coordinate) == 1 else Poligoni(coordinate)


def _estensione(anello: Sequence[Sequence[float]]) -> float:
    lati = [(min(v), max(v)) for v in ([p[0] for p in anello], [p[1] for p in anello])]
    return (lati[0][1] - lati[0][0]) * (lati[1][1] - lati[1][0])


def semplifica(anello: Sequence[Punto], minima: float = AREA_MINIMA) -> list[Punto]:
    """A closed ring without the points that hardly matter to its shape.

    Visvalingam and Whyatt (1993): the point that makes the smallest triangle with its neighbours
    goes first, until none makes one smaller than `minima`; the time does not depend on the shape.
    Four decimals, some ten metres. Fewer than four points when the whole ring is smaller than that.
    """
    quanti = len(anello) - 1
    prima, dopo = (
        [(i - 1) % quanti for i in range(quanti)],
        [(i + 1) % quanti for i in range(quanti)],
    )

    def area(i: int) -> float:
        (ax, ay), (bx, by), (cx, cy) = anello[prima[i]], anello[i], anello[dopo[i]]
        return abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2

    aree = [area(i) for i in range(quanti)]
    attesa = [(aree[i], i) for i in range(quanti)]
    heapify(attesa)
    restano, ultima = quanti, 0.0
    while attesa and restano > 2:
        quale, i = heappop(attesa)
        if quale != aree[i]:
            continue
        if quale >= minima:
            break
        # A point is never worth less than those that went before it.
        ultima = max(ultima, quale)
        aree[i] = -1.0
        restano -= 1
        for vicino in (prima[i], dopo[i]):
            prima[dopo[i]], dopo[prima[i]] = prima[i], dopo[i]
            aree[vicino] = max(area(vicino), ultima)
            heappush(attesa, (aree[vicino], vicino))
    tenuti = [anello[i] for i in range(quanti) if aree[i] >= 0]
    tondi = [(round(x, 4), round(y, 4)) for x, y in (*tenuti, *tenuti[:1])]
    return [punto for i, punto in enumerate(tondi) if not i or punto != tondi[i - 1]]
