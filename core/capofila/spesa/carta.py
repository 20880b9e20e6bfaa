"""The map of the comuni by what they spend, as the page and the paper draw it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from capofila.spesa.cifre import Lettura
from capofila.web import grafici


class Carta(msgspec.Struct, frozen=True, kw_only=True):
    """The map of the comuni, as pages and paper draw it.

    Attributes:
        dice: of what its colours are.
        valori: the figure of each comune; None without one.
        fonte: whose the boundaries are, and which comuni have none.
    """

    mappa: grafici.Mappa
    classi: grafici.Classi
    valori: dict[str, Decimal | None]
    nomi: dict[str, str]
    dice: str
    titolo: str
    fonte: str


def carta(letta: Lettura) -> Carta | None:
    """The comuni by what they spend per inhabitant, else by what they spend; None for fewer than two.

    Boundaries where they are loaded, else circles at the centres.
    """
    luoghi: dict[str, Any] = {
        istat: {"type": "Point", "coordinates": (float(c.longitudine), float(c.latitudine))}
        for istat, c in letta.comuni.items()
        if c.latitudine is not None and c.longitudine is not None
    } | letta.confini.geometrie
    disegno = grafici.mappa(luoghi) if len(luoghi) > 1 else None
    if disegno is None:
        return None
    per_abitante = any(uno.pro_capite is not None for uno in letta.cifre.per_comune)
    del_comune = {
        uno.istat: uno.pro_capite if per_abitante else uno.spesa for uno in letta.cifre.per_comune
    }
    valori = {istat: del_comune.get(istat) for istat in luoghi}
    dice = "Spesa per abitante dei comuni" if per_abitante else "Spesa dei comuni"
    di_chi = letta.confini.attribuzioni
    come = "con i loro confini" if di_chi else "un cerchio al centro di ognuno"
    fonte = [f"{'; '.join(di_chi)}."] if di_chi else []
    if len(luoghi) > len(letta.confini.geometrie):
        fonte += [
            "Un cerchio dove il confine non c'è." if di_chi else "I confini non sono caricati.",
            "Centri dei comuni da raccolte pubbliche di dati ISTAT.",
        ]
    if senza := sorted(c.nome for i, c in letta.comuni.items() if i not in luoghi):
        fonte.append(f"Senza coordinate: {', '.join(senza)}.")
    return Carta(
        mappa=disegno, classi=grafici.classi(valori), valori=valori,
        nomi={istat: letta.comuni[istat].nome for istat in luoghi}, dice=dice,
        titolo=f"{dice}, {come}; le cifre sono nella tabella che segue", fonte=" ".join(fonte),
    )  # fmt: skip
