"""A chart of a page as a PNG: the very drawing, with its title, legend and source, made by Typst."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from capofila.web.carta import disegna
from capofila.web.statici import CARTELLA

LARGHEZZA: Final = 480
_COSTANTI: Final = {"--linea-forte": "#75879a", "--linea": "#d3dce5", "--carta": "#fff"}
_REGOLA: Final = re.compile(r"^\.(?:serie|linea|punto|classe)(?:-\d)? \{[^}]*\}", re.MULTILINE)
_COLORE: Final = re.compile(r"^\.((?:serie|classe)-\d) \{ fill: (#[0-9a-f]{3,6})", re.MULTILINE)


@cache
def _foglio() -> tuple[str, dict[str, str]]:
    """The rules of the charts from the style sheet of the pages, and the colours of its classes."""
    testo = (CARTELLA / "capofila.css").read_text("utf-8")
    regole = "\n".join(_REGOLA.findall(testo)).replace("!important", "")
    for nome, valore in _COSTANTI.items():
        regole = regole.replace(f"var({nome})", valore)
    regole += (
        "\n.asse { stroke: #d3dce5; } .tacca { fill: #455a64; font-size: 13px; }"
        "\npath, circle { stroke: #fff; stroke-width: .8; }"
    )
    return regole, dict(_COLORE.findall(testo))


def png(
    svg: str, titolo: str, sottotitolo: str, note: Sequence[str], legenda: Sequence[tuple[str, str]]
) -> bytes:
    """The picture.

    Args:
        svg: the drawing, up to its end; what comes after is left out.
        legenda: class of a colour (``serie-1``, ``classe-3``) and what it stands for.
    """
    regole, colori = _foglio()
    disegno = svg[svg.index("<svg") : svg.index("</svg>") + len("</svg>")]
    disegno = disegno.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(
        ">", f"><style>{regole}</style>", 1
    )
    return disegna(
        (files(__package__) / "immagine.typ").read_bytes(),
        {
            "titolo": titolo,
            "sottotitolo": sottotitolo,
            "svg": disegno,
            "note": list(note),
            "legenda": [[colori.get(classe, "#ffffff"), testo] for classe, testo in legenda],
        },
    )
