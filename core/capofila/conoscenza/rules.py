"""Figures of the indicators, as they are read: given, summed over comuni, divided; and a file's rows. Pure.

A sum with a hole would pass for a figure, so there is none: it is told how many comuni are missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import partial
from typing import Final, Literal

import msgspec

from capofila.conoscenza.catalogo import LIVELLI, Catalogo
from capofila.hooks import ErroreRiga, Indicatore

AMBITO: Final = "ambito"
PROVINCIA: Final = "provincia"
ANNI: Final = range(1990, 2101)
COLONNE: Final = ("codice", "anno", "territorio", "valore", "fonte")
RIGHE_MASSIME: Final = 20_000
ERRORI_MOSTRATI: Final = 1000
VALORE_MASSIMO: Final = Decimal("99999999999999")
_NUMERO: Final = re.compile(r"[0-9]{1,14}(?:[.,][0-9]{1,4})?")
_MIGLIAIA: Final = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")

Chiave = tuple[str, int, str]
"""Indicator, year, territory: an ISTAT code, ``ambito`` or ``provincia``."""
Origine = Literal["dato", "somma", "rapporto", "calcolo"]


class Valore(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that somebody gave, or that a room computed."""

    codice: str
    anno: int
    territorio: str
    valore: Decimal
    fonte: str | None = None
    calcolato: bool = False

    @property
    def chiave(self) -> Chiave:
        """What it is found by."""
        return (self.codice, self.anno, self.territorio)


class Cifra(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as it is read.

    Attributes:
        valore: None where there is none.
        mancano: of a sum, the comuni that have none (ISTAT codes); empty when nobody has.
    """

    valore: Decimal | None = None
    origine: Origine = "dato"
    fonte: str | None = None
    mancano: tuple[str, ...] = ()


class Territorio(msgspec.Struct, frozen=True, kw_only=True):
    """Something that figures are read of.

    Attributes:
        codice: as in :data:`Chiave`, or ``sub:`` and the code of a sub-ambito.
        comuni: those that it is made of, in the year; of a comune, itself.
        abitanti: of the year; None where those of a comune are not held.
    """

    codice: str
    nome: str
    comuni: tuple[str, ...]
    abitanti: int | None = None


class Cifre(msgspec.Struct, frozen=True):
    """The figures of some years, ready to be asked."""

    catalogo: Catalogo
    valori: Mapping[Chiave, Valore]

    @classmethod
    def da(cls, catalogo: Catalogo, valori: Iterable[Valore]) -> Cifre:
        """Put the figures together."""
        return cls(catalogo, {uno.chiave: uno for uno in valori})

    def di(self, codice: str, anno: int, dove: Territorio) -> Cifra:
        """The figure of an indicator in a year.

        A figure that was given of the territory itself comes before a sum.
        """
        indicatore = self.catalogo.uno(codice)
        if indicatore.sopra is not None and indicatore.sotto is not None:
            return _dividi(
                indicatore,
                self.di(indicatore.sopra, anno, dove),
                self.di(indicatore.sotto, anno, dove),
            )
        dato = self.valori.get((codice, anno, dove.codice))
        if dato is not None:
            return Cifra(
                valore=dato.valore,
                fonte=dato.fonte,
                origine="calcolo" if dato.calcolato else "dato",
            )
        if dove.codice in dove.comuni or dove.codice == PROVINCIA or not indicatore.somma:
            return Cifra()
        presenti = {
            c: v for c in dove.comuni if (v := self.valori.get((codice, anno, c))) is not None
        }
        if not presenti:
            return Cifra(origine="somma")
        mancano = tuple(c for c in dove.comuni if c not in presenti)
        if any(v.calcolato for v in presenti.values()):
            mancano = ()  # a room has nothing where there is nothing
        return Cifra(
            valore=None if mancano else sum((v.valore for v in presenti.values()), Decimal(0)),
            origine="somma", mancano=mancano,
            fonte="; ".join(dict.fromkeys(v.fonte for v in presenti.values() if v.fonte)) or None,
        )  # fmt: skip

    @property
    def anni(self) -> list[int]:
        """The years that have a figure."""
        return sorted({anno for _, anno, _ in self.valori})


def _dividi(indicatore: Indicatore, sopra: Cifra, sotto: Cifra) -> Cifra:
    mancano = tuple(dict.fromkeys((*sopra.mancano, *sotto.mancano)))
    fonti = "; ".join(dict.fromkeys(f for f in (sopra.fonte, sotto.fonte) if f)) or None
    return Cifra(
        valore=rapporto(sopra.valore, sotto.valore, indicatore.per), origine="rapporto", fonte=fonti,
        mancano=mancano,
    )  # fmt: skip


def rapporto(sopra: Decimal | None, sotto: Decimal | None, per: int = 1) -> Decimal | None:
    """A quotient, half up at the second place; None where a term is missing or the divisor is zero.

    >>> rapporto(Decimal(1), Decimal(8), 100)
    Decimal('12.50')
    """
    if sopra is None or not sotto:
        return None
    esatto = Fraction(sopra) * per / Fraction(sotto)
    return (Decimal(esatto.numerator) / Decimal(esatto.denominator)).quantize(
        Decimal("0.01"), ROUND_HALF_UP
    )


def leggi_valore(testo: str) -> Decimal:
    """A figure as somebody writes it: 1234, 12,5 or 12.5.

    Raises:
        ValueError: it is none, or it can be read in two ways; the message says what to do.
    """
    pulito = testo.strip().replace("\u00a0", "").replace(" ", "")
    if (
        "," in pulito
        and "." in pulito
        and re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,4}", pulito)
    ):
        pulito = pulito.replace(".", "")
    elif _MIGLIAIA.fullmatch(pulito):
        raise ValueError(
            "si legge in due modi: scriverlo senza punti delle migliaia, come 1234 o 12,5"
        )
    if not _NUMERO.fullmatch(pulito):
        raise ValueError(
            "non è una cifra: scrivere un numero non negativo, con 4 decimali al più, come 1234 o 12,5"
        )
    return Decimal(pulito.replace(",", "."))


class Ammessi(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows of a file may name.

    Attributes:
        comune: the ISTAT code that a text stands for, if it is a member in that year; None for others.
        ambito: what the ambito is called, beside ``ambito``.
    """

    catalogo: Catalogo
    comune: Callable[[str, int], str | None]
    nomi_ambito: frozenset[str] = frozenset()


class Letto(msgspec.Struct, kw_only=True):
    """What a file holds; ``errori`` are at most a thousand, ``errori_totali`` how many there are."""

    righe: int = 0
    valori: dict[Chiave, Valore] = {}
    errori: list[ErroreRiga] = []
    errori_totali: int = 0

    def errore(self, riga: int, colonna: str, valore: str, codice: str, messaggio: str) -> None:
        """Count it, keep it if it is among the first."""
        self.errori_totali += 1
        if len(self.errori) < ERRORI_MOSTRATI:
            self.errori.append(ErroreRiga(riga, colonna, valore[:60], codice, messaggio))


def leggi_righe(colonne: Sequence[str], righe: Iterable[Sequence[str]], ammessi: Ammessi) -> Letto:
    """Check the rows of a file; the first under the names is 2."""
    letto, dove = Letto(valori={}, errori=[]), [nome.strip().lower() for nome in colonne]
    for nome in ("codice", "anno", "valore"):
        if nome not in dove:
            letto.errore(1, nome, "", "manca_colonna", f"manca la colonna «{nome}»: aggiungerla")
    for nome in dove:
        if nome not in COLONNE:
            letto.errore(
                1, nome, nome, "colonna_ignota",
                f"colonna sconosciuta: le colonne sono {', '.join(COLONNE)}",
            )  # fmt: skip
    if len({*dove}) < len(dove):
        letto.errore(1, "", "", "colonna_doppia", "una colonna è scritta due volte: tenerne una")
    if letto.errori_totali:
        return letto
    viste: dict[Chiave, int] = {}
    for numero, celle in enumerate(righe, 2):
        if not any(c.strip() for c in celle):
            continue
        letto.righe += 1
        if letto.righe > RIGHE_MASSIME:
            letto.errore(numero, "", "", "troppe_righe",
                         f"il file ha più di {RIGHE_MASSIME} righe: dividerlo per anno")  # fmt: skip
            break
        if len(celle) > len(dove):
            letto.errore(numero, "", "", "celle_in_piu", "ci sono più celle che colonne")
            continue
        campi = dict.fromkeys(COLONNE, "") | {
            nome: cella.strip() for nome, cella in zip(dove, celle, strict=False)
        }
        valore = leggi_riga(campi, ammessi, partial(letto.errore, numero))
        if valore is None:
            continue
        if valore.chiave in viste:
            letto.errore(
                numero, "codice", campi["codice"], "doppia",
                f"la stessa cifra è già alla riga {viste[valore.chiave]}: tenerne una",
            )  # fmt: skip
            continue
        viste[valore.chiave] = numero
        letto.valori[valore.chiave] = valore
    if not letto.righe and not letto.errori_totali:
        letto.errore(2, "", "", "nessuna_riga", "il file non ha righe sotto i nomi delle colonne")
    return letto


def leggi_riga(
    campi: Mapping[str, str], ammessi: Ammessi, errore: Callable[[str, str, str, str], None]
) -> Valore | None:
    """A row, or the fields of a form; what is wrong is told to ``errore`` (column, cell, code, message)."""
    buono = True

    def sbaglia(colonna: str, codice: str, messaggio: str) -> None:
        nonlocal buono
        buono = False
        errore(colonna, campi[colonna], codice, messaggio)

    indicatore = ammessi.catalogo.per_codice.get(campi["codice"])
    if indicatore is None:
        sbaglia(
            "codice",
            "indicatore_ignoto",
            "non è nel catalogo: cercare il codice nel catalogo degli indicatori",
        )
    elif indicatore.specie == "rapporto":
        sbaglia(
            "codice", "rapporto",
            f"è un rapporto, che si calcola: portare i suoi termini, {indicatore.sopra} e {indicatore.sotto}",
        )  # fmt: skip
    elif indicatore.specie == "calcolato":
        sbaglia("codice", "calcolato", "lo calcola Capofila dalle altre stanze: toglierlo dal file")
    anno = int(campi["anno"]) if re.fullmatch("[0-9]{4}", campi["anno"]) else 0
    if anno not in ANNI:
        sbaglia("anno", "anno", f"non è un anno fra {ANNI[0]} e {ANNI[-1]}: scriverlo come 2024")
    livello, territorio = _territorio(campi["territorio"], anno, ammessi)
    if not livello and anno in ANNI:
        sbaglia("territorio", "territorio_ignoto",
                "non è un comune dell'ambito in quell'anno: scrivere un codice ISTAT o un nome, «ambito» o "
                "«provincia»")  # fmt: skip
    elif livello and indicatore is not None and not indicatore.ammette(livello):
        noti = ", ".join(LIVELLI[uno].lower() for uno in indicatore.livelli)
        sbaglia("territorio", "livello", f"questo indicatore si dà per: {noti}")
    valore = Decimal(0)
    try:
        valore = leggi_valore(campi["valore"])
    except ValueError as perche:
        sbaglia("valore", "valore", str(perche))
    fonte = campi["fonte"]
    if fonte and not 3 <= len(fonte) <= 300:
        sbaglia("fonte", "fonte", "va da 3 a 300 caratteri")
    if "\0" in fonte:
        sbaglia("fonte", "fonte", "ha un carattere che non si può conservare")
    if not buono:
        return None
    return Valore(
        codice=campi["codice"], anno=anno, territorio=territorio, valore=valore, fonte=fonte or None
    )


def _territorio(testo: str, anno: int, ammessi: Ammessi) -> tuple[str, str]:
    """Level and territory of a cell; an empty one is the ambito. Two empty texts when it is none."""
    basso = testo.lower()
    if basso in ("", AMBITO) or basso in ammessi.nomi_ambito:
        return AMBITO, AMBITO
    if basso == PROVINCIA:
        return PROVINCIA, PROVINCIA
    istat = ammessi.comune(testo, anno)
    return ("comune", istat) if istat else ("", "")
