"""What becomes of a sheet that is brought in whole or not at all, and the sheets that were."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from capofila.hooks import ErroreRiga


class EsitoFoglio(msgspec.Struct, kw_only=True):
    """What became of a file. Its JSON is a shape that scripts rely on.

    Attributes:
        righe: rows found.
        valide: what can be stored of them.
        importate: how many were stored, now or when the same file was brought in before.
        sostituite: how many of them took the place of another.
        errori: at most a thousand; ``errori_totali`` says how many there are.
        avvisi: what deserves a look.
        lotto: the file in Capofila; None when nothing was stored.
        stato: ``importato``, ``respinto``, ``prova`` or ``gia_importato``.
    """

    righe: int = 0
    valide: int = 0
    importate: int = 0
    sostituite: int = 0
    errori: list[ErroreRiga] = []
    errori_totali: int = 0
    avvisi: list[ErroreRiga] = []
    lotto: int | None = None
    stato: Literal["importato", "respinto", "prova", "gia_importato"] = "importato"


class LottoFoglio(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was brought in.

    Attributes:
        annullabile: nothing of it was changed or taken away since.
        di_chi: the comune that brought it in; empty for the Ufficio di Piano, or where it is not told.
    """

    id: int
    nome_file: str
    stato: str
    righe: int
    importate: int
    sostituite: int
    caricato_il: datetime
    annullabile: bool
    di_chi: str = ""


def nome_conservabile(nome: str) -> str:
    """The name of a file as it can be stored."""
    return "".join(c if c.isprintable() else "\ufffd" for c in nome)[-255:] or "file"
