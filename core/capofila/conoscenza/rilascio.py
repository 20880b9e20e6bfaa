"""What of a year may be released: figures that were given, of the ambito or of all its comuni.

What the rooms compute is not here: they release it themselves, and two patterns of hidden cells over the
same figures could be subtracted from each other. Why: docs/perche/conoscenza.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from capofila.conoscenza.catalogo import Catalogo, catalogo
from capofila.conoscenza.rules import AMBITO, Valore
from capofila.conoscenza.valori import Luoghi, luoghi, ufficio_di_piano, valori
from capofila.hooks import Indicatore
from capofila.web.formati import parte_dell_anno


class DaRilasciare(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of an indicator, in a year or in a part of it.

    Attributes:
        codice: as :func:`voce_di`.
        persone: small ones would show persons.
        comuni: by ISTAT code, of all the comuni or of none.
        ambito: its own figure, where the comuni have none.
    """

    codice: str
    nome: str
    persone: bool
    comuni: Mapping[str, Decimal]
    ambito: Decimal | None


class Rilascio(msgspec.Struct, frozen=True, kw_only=True):
    """A year.

    Attributes:
        rapporti: of each ratio, its name and its two terms, which are among the indicators.
        incompleti: codes of those that some comuni have and others have not.
    """

    indicatori: tuple[DaRilasciare, ...]
    rapporti: Mapping[str, tuple[str, str, str]]
    incompleti: tuple[str, ...]
    dove: Luoghi


def scegli(noto: Catalogo, dove: Luoghi, dati: list[Valore]) -> Rilascio:
    """What may be released of the figures of a year. Means and amounts go out of the ambito only."""
    per_voce: dict[tuple[str, str], dict[str, Decimal]] = {}
    for uno in dati:
        if uno.anno == dove.anno and uno.parte in noto.parti_o_niente(uno.codice):
            per_voce.setdefault((uno.codice, uno.parte), {})[uno.territorio] = uno.valore
    buoni: dict[str, DaRilasciare] = {}
    incompleti = []
    for (codice, parte), celle in per_voce.items():
        indicatore = noto.uno(codice)
        conta = indicatore.somma and indicatore.unita != "euro"
        comuni = {i: v for i, v in celle.items() if i in dove.comuni} if conta else {}
        voce = voce_di(codice, parte)
        if len(comuni) < len(dove.comuni):
            incompleti += [voce] if comuni else []
            comuni = {}
        if comuni or AMBITO in celle:
            buoni[voce] = DaRilasciare(
                codice=voce, nome=_nome(indicatore, parte, indicatore.unita), persone=indicatore.persone,
                comuni=comuni, ambito=None if comuni else celle.get(AMBITO),
            )  # fmt: skip
    rapporti = {}
    for u in noto.per_codice.values():
        for parte in noto.parti(u.codice):
            sopra, sotto = voce_di(u.sopra or "", parte), voce_di(u.sotto or "", parte)
            if sopra in buoni and sotto in buoni:
                rapporti[voce_di(u.codice, parte)] = (_nome(u, parte, "rapporto"), sopra, sotto)
    return Rilascio(
        indicatori=tuple(buoni[c] for c in sorted(buoni)),
        rapporti=rapporti,
        incompleti=tuple(sorted(incompleti)),
        dove=dove,
    )


def voce_di(codice: str, parte: str) -> str:
    """What the column of an indicator is called, in the release of a year: the same in every year."""
    return f"{codice}@{parte}" if parte else codice


def _nome(indicatore: Indicatore, parte: str, unita: str | None) -> str:
    detto = f"{indicatore.codice} {indicatore.denominazione}"
    if parte:
        detto += f", {parte_dell_anno(parte)}"
    return f"{detto} ({unita})" if unita else detto


def senza_parte(nome: str, parte: str) -> str:
    """What an indicator is called of the year, from the name of its column in a part of it.

    >>> senza_parte("VUL-B-21 Senza fissa dimora, 1° semestre (persone)", "S1")
    'VUL-B-21 Senza fissa dimora (persone)'
    """
    prima, _, dopo = nome.rpartition(f", {parte_dell_anno(parte)}") if parte else (nome, "", "")
    return prima + dopo


async def da_rilasciare(anno: int) -> Rilascio:
    """What may be released of a year, in a unit of work of the whole ambito."""
    ufficio_di_piano()
    return scegli(await catalogo(), await luoghi(anno), await valori([anno]))
