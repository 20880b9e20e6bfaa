"""The sheet to be filled in: what whoever asks is to give of a year, with the figures that are there."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import xlsxwriter

from capofila.base.attivazioni import oggi
from capofila.conoscenza.catalogo import Catalogo, catalogo, livelli_di
from capofila.conoscenza.rules import (
    AMBITO,
    COLONNE,
    DENOMINAZIONE,
    PROVINCIA,
    DelComune,
    Territorio,
    Valore,
    fine,
)
from capofila.conoscenza.valori import Luoghi, ammessi, luoghi, valori
from capofila.hooks import Indicatore
from capofila.hooks.tracciati import cella_csv

TESTE: Final = (COLONNE[0], DENOMINAZIONE, *COLONNE[1:])
_NUMERI: Final = frozenset({"anno", "valore"})
_QUATTRO_DECIMALI: Final = re.compile(",[0-9]{4}$")

Riga = tuple[str, ...]
"""The cells of a row, as :data:`TESTE`."""


def righe(
    noto: Catalogo, dove: Luoghi, dati: Iterable[Valore], chi: DelComune | None, giorno: date,
    nomi_ambito: Collection[str] = (),
) -> list[Riga]:  # fmt: skip
    """What is to be filled in. Pure.

    Args:
        noto: the catalogue.
        dove: the territories of the year.
        dati: the figures that are there.
        chi: the comune that asks, with what it gives; None for the whole ambito.
        giorno: today: what is not over is not asked for, if it is not there.
        nomi_ambito: as in :class:`Ammessi`: a comune of that name is written by its code.
    """
    # Of the whole ambito, Crema would be read as the ambito.
    ambigui = nomi_ambito if chi is None else ()
    nomi = {AMBITO: AMBITO, PROVINCIA: PROVINCIA} | {
        i: i if t.nome.lower() in ambigui else t.nome for i, t in dove.comuni.items()
    }
    presenti: dict[tuple[str, str], list[Valore]] = {}
    for uno in dati:
        if uno.anno == dove.anno and (chi is None or uno.territorio == chi.istat):
            presenti.setdefault((uno.codice, uno.parte), []).append(uno)
    fatte: list[Riga] = []
    for indicatore in noto.per_codice.values():
        codice = indicatore.codice
        if indicatore.specie != "elementare" or (chi is not None and codice not in chi.codici):
            continue
        for parte in noto.parti(codice):
            trovati = [
                (v.territorio, _scritta(v.valore), v.fonte or "")
                for v in presenti.get((codice, parte), [])
            ]
            if dove.anno <= giorno.year and not (parte and fine(dove.anno, parte) >= giorno):
                con = {t for t, _, _ in trovati}
                trovati += [(t, "", "") for t in _da_chiedere(indicatore, dove, chi, con)]
            fatte += [
                (codice, indicatore.denominazione, str(dove.anno), parte, nomi.get(t, t), valore, fonte)
                for t, valore, fonte in trovati
            ]  # fmt: skip
    return fatte


def _scritta(valore: Decimal) -> str:
    """A figure that is read back: with three decimals it could be thousands.

    >>> _scritta(Decimal("4.0000")), _scritta(Decimal("12.5000")), _scritta(Decimal("0.1250"))
    ('4', '12,5', '0,1250')
    """
    intero, _, decimali = f"{valore:f}".partition(".")
    decimali = decimali.rstrip("0")
    decimali += "0" if len(decimali) == 3 else ""
    return f"{intero},{decimali}" if decimali else intero


def _da_chiedere(
    indicatore: Indicatore, dove: Luoghi, chi: DelComune | None, con: Collection[str]
) -> Sequence[str]:
    """Territories without a figure, by those that have one; a figure of the whole stands for all."""
    if chi is not None:
        return [chi.istat] if chi.istat in dove.comuni and chi.istat not in con else []
    if AMBITO in con or PROVINCIA in con:
        return []
    if any(t in dove.comuni for t in con):
        return [i for i in dove.comuni if i not in con]
    livelli = livelli_di(indicatore)
    insieme: dict[str, Territorio] = {AMBITO: dove.ambito, PROVINCIA: dove.provincia}
    return [t for t in insieme if t in livelli][:1] or [*dove.comuni]


async def dell_anno(anno: int) -> list[Riga]:
    """The rows of a year, for whoever asks: of a comune, only what that comune gives."""
    noto = await catalogo()
    quali = await ammessi(noto)
    return righe(
        noto, await luoghi(anno), await valori([anno]), quali.del_comune, oggi(), quali.nomi_ambito
    )


def csv_di(quali: Iterable[Riga]) -> bytes:
    """The sheet as a CSV."""
    linee = [";".join(map(cella_csv, riga)) for riga in (TESTE, *quali)]
    return "".join(f"{linea}\r\n" for linea in linee).encode("utf-8-sig")


def xlsx_di(quali: Iterable[Riga]) -> bytes:
    """The sheet as a workbook; a text stays a text."""
    uscita = io.BytesIO()
    with xlsxwriter.Workbook(
        uscita, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as cartella:
        cartella.set_properties({"title": "Cifre degli indicatori", "company": ""})
        grassetto = cartella.add_format({"bold": True})
        foglio = cartella.add_worksheet("Cifre")
        for posto, nome in enumerate(TESTE):
            foglio.write_string(0, posto, nome, grassetto)
        for numero, riga in enumerate(quali, 1):
            for posto, (nome, cella) in enumerate(zip(TESTE, riga, strict=True)):
                if nome in _NUMERI and cella and not _QUATTRO_DECIMALI.search(cella):
                    foglio.write_number(numero, posto, float(cella.replace(",", ".")))
                elif cella:
                    foglio.write_string(numero, posto, cella)
        foglio.set_column(0, len(TESTE) - 1, 14)
        foglio.set_column(1, 1, 48)
        foglio.freeze_panes(1, 0)
    return uscita.getvalue()
