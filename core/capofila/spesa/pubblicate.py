"""What others have published of the social spending: as printed, with its source, never mended.

Sources: the presentation on the welfare of the three distretti of Cremona (March 2014, figures of
2011) and «Insieme verso il Piano di Zona» (Cremona, 12 March 2015, figures of 2012). Figures stand at
the level at which they were published. Sums that should hold among them are declared below; one that
does not is told with its difference.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Final

import msgspec

from capofila.spesa.rules import ZERO, incidenza_utenti, percento

FONTI: Final = {
    "000": "Il welfare dei tre distretti cremonesi, presentazione, marzo 2014",
    "002": "Insieme verso il Piano di Zona, Comune di Cremona e Azienda Sociale Cremonese, "
    "12 marzo 2015",
}

Chiave = tuple[int, str, str, str]
"""Year, territory, perimeter, measure."""


class Figura(msgspec.Struct, frozen=True, kw_only=True):
    """A published number, with the decimals with which it was printed."""

    fonte: str
    anno: int
    territorio: str
    perimetro: str
    misura: str
    valore: Decimal

    @property
    def chiave(self) -> Chiave:
        """What it is the value of; each is published once."""
        return (self.anno, self.territorio, self.perimetro, self.misura)


class Identita(msgspec.Struct, frozen=True, kw_only=True):
    """Published figures that should make another one, or a number known by itself (100 %)."""

    addendi: tuple[Chiave, ...]
    totale: Chiave | Decimal


class Confronto(msgspec.Struct, frozen=True, kw_only=True):
    """An identity computed again."""

    identita: Identita
    pubblicato: Decimal
    calcolato: Decimal

    @property
    def differenza(self) -> Decimal:
        """What was published less what comes out; zero when it adds up."""
        return self.pubblicato - self.calcolato


@lru_cache(maxsize=1)
def figure() -> dict[Chiave, Figura]:
    """All that is published and held here."""
    testo = (files(__package__) / "pubblicate.csv").read_text("utf-8")
    lette = [
        Figura(
            fonte=FONTI[riga["fonte"]],
            anno=int(riga["anno"]),
            territorio=riga["territorio"],
            perimetro=riga["perimetro"],
            misura=riga["misura"],
            valore=Decimal(riga["valore"]),
        )
        for riga in csv.DictReader(testo.splitlines())
    ]
    return {una.chiave: una for una in lette}


_DISTRETTI: Final = ("casalmaggiore", "crema", "cremona")


def identita() -> tuple[Identita, ...]:
    """The sums that should hold."""
    return (
        *(
            Identita(
                addendi=tuple((2011, uno, "intero", misura) for uno in _DISTRETTI),
                totale=(2011, "provincia", "intero", misura),
            )
            for misura in ("totale", "aziende", "comuni")
        ),
        *(
            Identita(
                addendi=((2011, uno, "intero", "aziende"), (2011, uno, "intero", "comuni")),
                totale=(2011, uno, "intero", "totale"),
            )
            for uno in (*_DISTRETTI, "provincia")
        ),
        *(
            Identita(
                addendi=((2012, "cremona", uno, "associata"), (2012, "cremona", uno, "diretta")),
                totale=(2012, "cremona", uno, "totale"),
            )
            for uno in ("intero", "senza_capoluogo")
        ),
        Identita(
            addendi=tuple(k for k in sorted(figure()) if k[3].startswith("target_pct/")),
            totale=Decimal(100),
        ),
    )


def confronti() -> tuple[Confronto, ...]:
    """Every identity, computed again on the published figures."""
    note = figure()
    return tuple(
        Confronto(
            identita=una,
            pubblicato=una.totale if isinstance(una.totale, Decimal) else note[una.totale].valore,
            calcolato=sum((note[k].valore for k in una.addendi), Decimal(0)),
        )
        for una in identita()
    )


class Accanto(msgspec.Struct, frozen=True, kw_only=True):
    """A published figure beside the one that comes out of our own formulas.

    Attributes:
        calcolata: not rounded; None where there is nothing to compute it from.
        come: what it was computed from, in Italian.
        motivo: why it is not the published one, or cannot be computed; empty when it is the same.
    """

    figura: Figura
    calcolata: Decimal | None = None
    come: str = ""
    motivo: str = ""

    @property
    def differenza(self) -> Decimal | None:
        """What was published less what comes out, at the decimals that were printed."""
        if self.calcolata is None:
            return None
        return self.figura.valore - _come_stampata(self.calcolata, self.figura.valore)


def _come_stampata(valore: Decimal, modello: Decimal) -> Decimal:
    return valore.quantize(Decimal(1).scaleb(int(modello.as_tuple().exponent)), ROUND_HALF_UP)


CENSIMENTO_2011: Final[Mapping[tuple[str, str], int]] = {
    ("casalmaggiore", "intero"): 39_550,
    ("crema", "intero"): 161_155,
    ("cremona", "intero"): 156_918,
    ("cremona", "senza_capoluogo"): 87_329,
    ("provincia", "intero"): 357_623,
}
"""Inhabitants of the census of 2011, of the comuni that each distretto had then. Added up here, since
an ambito cannot read which comuni are another's; they are held against the comuni by a test."""

_QUOTE: Final = {
    "quota_aziende_pct": "aziende",
    "quota_comuni_pct": "comuni",
    "quota_associata_pct": "associata",
}
_PRO_CAPITE: Final = {
    "totale_pro_capite": "totale",
    "aziende_pro_capite": "aziende",
    "comuni_pro_capite": "comuni",
    "sostegno_reddito_per_maggiorenne": "sostegno_reddito",
}


def accanto(
    residenti: Mapping[tuple[str, str], int] = CENSIMENTO_2011,
) -> tuple[Accanto, ...]:
    """Every published figure, with what comes out of its terms where somebody gives them.

    Args:
        residenti: inhabitants by territory and perimeter, where they are held.
    """
    note = figure()
    return tuple(_accanto(una, note, residenti) for una in note.values())


def _accanto(
    una: Figura, note: Mapping[Chiave, Figura], residenti: Mapping[tuple[str, str], int]
) -> Accanto:
    def termine(misura: str) -> Decimal:
        return note[una.anno, una.territorio, una.perimetro, misura].valore

    if una.misura in _QUOTE:
        parte = _QUOTE[una.misura]
        return Accanto(
            figura=una,
            calcolata=termine(parte) * 100 / termine("totale"),
            come=f"{parte} / totale, come pubblicati",
        )
    if una.misura == "comuni_per_utente":
        return Accanto(
            figura=una,
            calcolata=termine("comuni") / termine("utenti"),
            come="spesa dei comuni / utenti, come pubblicati",
        )
    if una.misura == "incidenza_utenti_pct":
        utente = termine("quota_utenti_per_utente")
        incidenza = incidenza_utenti(termine("comuni_per_utente") + utente, utente, ZERO)
        return Accanto(
            figura=una,
            calcolata=None if incidenza is None else percento(incidenza, 1),
            come="quota di un utente / (spesa dei comuni per utente + quota di un utente)",
        )
    if una.misura in _PRO_CAPITE:
        return _a_testa(una, note, residenti)
    if una.perimetro == "comuni":
        return Accanto(figura=una, motivo="le spese dei singoli comuni non sono pubblicate")
    return Accanto(figura=una)


def _a_testa(
    una: Figura, note: Mapping[Chiave, Figura], residenti: Mapping[tuple[str, str], int]
) -> Accanto:
    importo = note.get((una.anno, una.territorio, una.perimetro, _PRO_CAPITE[una.misura]))
    quanti = residenti.get((una.territorio, una.perimetro))
    if importo is None:
        return Accanto(figura=una, motivo="la spesa da cui viene non è pubblicata")
    voluti = f"{importo.valore / una.valore:,.0f}".replace(",", ".")
    vuole = f"{una.valore:f}".replace(".", ",") + f" € vogliono circa {voluti} persone"
    if quanti is None:
        return Accanto(
            figura=una,
            motivo=f"la popolazione usata non è pubblicata ({vuole}), e qui non c'è",
        )
    abbiamo = f"{quanti:,}".replace(",", ".")
    motivo = f"la popolazione usata non è pubblicata: {vuole}, noi ne abbiamo {abbiamo}"
    if una.misura == "sostegno_reddito_per_maggiorenne":
        motivo = f"è riferita ai maggiorenni, che non abbiamo: {vuole}, i residenti sono {abbiamo}"
    elif una.anno != 2011:
        motivo += f" del 2011, non del {una.anno}"
    return Accanto(
        figura=una,
        calcolata=importo.valore / quanti,
        come=f"importo pubblicato / {abbiamo} residenti al censimento del 2011",
        motivo=motivo,
    )
