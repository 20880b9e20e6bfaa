"""Documents on paper, as PDF that a screen reader can read (PDF/UA-1), and that lasts (PDF/A-3); pictures
of charts.

Typst makes them, in this process: one wheel, with its letters, and no library of the system. The
texts go in as data, so nothing that somebody wrote is ever run as markup.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

Norma = Literal["a-3a", "ua-1"]

LEGGIBILE: Final[tuple[Norma, ...]] = ("ua-1",)
DA_CONSERVARE: Final[tuple[Norma, ...]] = ("a-3a", "ua-1")
"""For what is kept for good; such a file may carry the data that it was made from."""

_SENZA_LETTERA: Final = re.compile(
    r'the text `"(?:\\u\{(?P<codice>[0-9a-f]+)\}|(?P<testo>.+?))"` could not be displayed'
)
_TENTATIVI: Final = 20
_NOTE: Final = re.compile("[^\n\t -~\u00a0-\u024f\u0370-\u03ff\u0400-\u04ff\u2010-\u2027€]")


def componi(modello: bytes, dati: dict[str, Any], norme: tuple[Norma, ...] = LEGGIBILE) -> bytes:
    """A document. A sign that the letters do not have, as an emoji, is written as its code, [U+1F600].

    Args:
        modello: a Typst source, which reads ``sys.inputs.dati``.
        dati: what it shows.
        norme: the standards that it is held to.
    """
    return _fai(modello, dati, format="pdf", pdf_standards=list(norme))


def disegna(modello: bytes, dati: dict[str, Any], punti_per_pollice: int = 144) -> bytes:
    """A picture (PNG) of one page; see :func:`componi`."""
    return _fai(modello, dati, format="png", ppi=punti_per_pollice)


def _fai(modello: bytes, dati: dict[str, Any], **come: Any) -> bytes:
    # Some 80 MB: it is loaded when somebody wants a document.
    import typst

    for _ in range(_TENTATIVI):
        try:
            return _componi(modello, dati, come)
        except typst.TypstError as errore:
            trovato = _SENZA_LETTERA.search(str(errore))
            if trovato is None:
                raise
            segno = chr(int(trovato["codice"], 16)) if trovato["codice"] else trovato["testo"]
        dati = _al_posto_di(dati, re.compile(re.escape(segno)))
    return _componi(modello, _al_posto_di(dati, _NOTE), come)


def _componi(modello: bytes, dati: dict[str, Any], come: dict[str, Any]) -> bytes:
    import typst

    return bytes(
        typst.compile(
            modello,
            ignore_system_fonts=True,
            sys_inputs={"dati": msgspec.json.encode(dati).decode()},
            **come,
        )
    )


def _al_posto_di(dati: Any, quali: re.Pattern[str]) -> Any:
    """The same data, with the code of each such sign in its place."""
    if isinstance(dati, str):
        return quali.sub(lambda t: "".join(f"[U+{ord(c):04X}]" for c in t[0]), dati)
    if isinstance(dati, dict):
        return {nome: _al_posto_di(valore, quali) for nome, valore in dati.items()}
    if isinstance(dati, list | tuple):
        return [_al_posto_di(valore, quali) for valore in dati]
    return dati
