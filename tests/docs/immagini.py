"""The pictures of the documentation: which, of which page, who looks; and how they are made small.

``make immagini`` takes them with the browser of the tests, over demonstration data. The names are those of
the files in ``docs/immagini``.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

RADICE: Final = Path(__file__).resolve().parents[2]
CARTELLA: Final = RADICE / "docs" / "immagini"
BYTE_MASSIMI: Final = 60_000
LARGA, ALTA = 1100, 720
_FIRMA: Final = b"\x89PNG\r\n\x1a\n"


class Foto(NamedTuple):
    """A picture.

    Attributes:
        nome: of the file, without ``.png``.
        chi: the account.
        percorso: the page; its query too.
        segui: a link to follow from there, as a selector.
        scrivi: fields to fill, as selectors, with their text; then `premi` is pressed.
        cerca: what stands at the top of the picture, as a selector; the top of the page by default.
    """

    nome: str
    chi: str
    percorso: str
    segui: str = ""
    scrivi: tuple[tuple[str, str], ...] = ()
    premi: str = ""
    cerca: str = ""


FOTO: Final = (
    Foto("casa", "responsabile.crema", "/crema"),
    Foto("prestazioni", "operatore.crema", "/crema/prestazioni?anno=2025"),
    Foto("debito", "responsabile.crema", "/crema/debito?anno=2025"),
    Foto("scadenze", "responsabile.crema", "/crema/adempimenti"),
    Foto(
        "quota",
        "responsabile.crema",
        "/crema/compartecipazione/simulatore",
        scrivi=(("#campo-isee", "9000"), ("#campo-quantita", "20")),
        premi="Calcola",
    ),
    Foto(
        "graduatoria",
        "responsabile.crema",
        "/crema/graduatorie",
        segui="main a[href*='/graduatorie/']:not([href$='nuovo'])",
    ),
    Foto("analisi-spesa", "responsabile.crema", "/crema/spesa/analisi?anno=2024"),
    Foto(
        "seduta",
        "responsabile.casalmaggiore",
        "/casalmaggiore/sedute",
        segui="tr:has-text('Verbale pronto') th a",
        cerca="h2:has-text('Ordine del giorno')",
    ),
    Foto(
        "riparto",
        "responsabile.crema",
        "/crema/riparto/nuovo/2024/crema-fnps-abitanti",
        scrivi=(("#campo-importo", "120000"),),
        premi="Simula il riparto",
    ),
    Foto("conoscenza", "responsabile.crema", "/crema/conoscenza"),
    Foto("confronto", "analista.ats", "/ats/val-padana/confronto?dataset=spesa&anno=2024"),
    Foto("plugin", "amministra", "/amministrazione/plugin", cerca="#plugin-mantova"),
    Foto("anteprima", "amministra", "/amministrazione/plugin/mantova/0.2.0"),
)


def palette(png: bytes) -> bytes:
    """The same picture with 256 colours at most: the commonest, and the nearest of them for the others.

    Args:
        png: of eight bits a channel, red green blue with or without alpha, not interlaced.
    """
    larga, alta, canali, dati = _leggi(png)
    celle: dict[tuple[int, int, int], Counter[bytes]] = {}
    for posto in range(0, len(dati), canali):
        pixel = dati[posto : posto + 3]
        celle.setdefault((pixel[0] >> 3, pixel[1] >> 3, pixel[2] >> 3), Counter())[pixel] += 1
    prime = sorted(celle, key=lambda cella: (-celle[cella].total(), cella))[:256]
    colori = [celle[cella].most_common(1)[0][0] for cella in prime]
    indice = {cella: n for n, cella in enumerate(prime)}
    for cella, suoi in celle.items():
        if cella not in indice:
            pixel = suoi.most_common(1)[0][0]
            indice[cella] = min(
                range(len(colori)),
                key=lambda n: sum((a - b) ** 2 for a, b in zip(colori[n], pixel, strict=True)),
            )
    righe = bytearray()
    for riga in range(alta):
        inizio = riga * larga * canali
        righe.append(0)
        righe += bytes(
            indice[dati[p] >> 3, dati[p + 1] >> 3, dati[p + 2] >> 3]
            for p in range(inizio, inizio + larga * canali, canali)
        )
    return (
        _FIRMA
        + _pezzo(b"IHDR", struct.pack(">IIBBBBB", larga, alta, 8, 3, 0, 0, 0))
        + _pezzo(b"PLTE", b"".join(colori))
        + _pezzo(b"IDAT", zlib.compress(bytes(righe), 9))
        + _pezzo(b"IEND", b"")
    )


def misure(png: bytes) -> tuple[int, int, int]:
    """Width, height and kind of colour of a picture; 3 is a palette."""
    assert png.startswith(_FIRMA)
    larga, alta, _, colore = struct.unpack(">IIBB", png[16:26])
    return larga, alta, colore


def _pezzo(nome: bytes, dati: bytes) -> bytes:
    return struct.pack(">I", len(dati)) + nome + dati + struct.pack(">I", zlib.crc32(nome + dati))


def _leggi(png: bytes) -> tuple[int, int, int, bytes]:
    """Width, height, channels and the bytes of all the pixels."""
    larga, alta, colore = misure(png)
    canali = {2: 3, 6: 4}[colore]
    posto, compressi = 8, bytearray()
    while posto < len(png):
        lungo = struct.unpack(">I", png[posto : posto + 4])[0]
        if png[posto + 4 : posto + 8] == b"IDAT":
            compressi += png[posto + 8 : posto + 8 + lungo]
        posto += 12 + lungo
    grezzi, passo = zlib.decompress(bytes(compressi)), larga * canali
    sopra, tutti = bytearray(passo), bytearray()
    for n in range(alta):
        inizio = n * (passo + 1)
        sopra = _riga(
            grezzi[inizio], bytearray(grezzi[inizio + 1 : inizio + 1 + passo]), sopra, canali
        )
        tutti += sopra
    return larga, alta, canali, bytes(tutti)


def _riga(filtro: int, riga: bytearray, sopra: bytearray, canali: int) -> bytearray:
    """A line of pixels without its filter (PNG, section 9)."""
    for n in range(len(riga)) if filtro else ():
        a = riga[n - canali] if n >= canali else 0
        b = sopra[n]
        c = sopra[n - canali] if n >= canali else 0
        if filtro == 1:
            p = a
        elif filtro == 2:
            p = b
        elif filtro == 3:
            p = (a + b) // 2
        else:
            da_a, da_b, da_c = abs(b - c), abs(a - c), abs(a + b - 2 * c)
            p = a if da_a <= da_b and da_a <= da_c else b if da_b <= da_c else c
        riga[n] = (riga[n] + p) & 255
    return riga
