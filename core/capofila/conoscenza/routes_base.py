"""What the pages of the room share: where they are, how a figure is written, what a form holds."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from litestar import Request

from capofila.base.visita import visita_corrente
from capofila.conoscenza.rules import Cifra, Territorio
from capofila.conoscenza.valori import Luoghi
from capofila.hooks import Indicatore
from capofila.web.formati import MANCA, importo, numero, parte_dell_anno, senza_zeri

Richiesta = Request[Any, Any, Any]
VEDI: Final = {"permesso": "conoscenza.vedi", "unita": "lettura"}
SCRIVI: Final = {"permesso": "conoscenza.scrivi"}
SCRIVI_LETTURA: Final = {"permesso": "conoscenza.scrivi", "unita": "lettura"}
NOME: Final = "Sistema di conoscenza"


def base() -> str:
    """The address of the room."""
    return f"/{visita_corrente().nell_ambito.slug}/conoscenza"


def scrivi_valore(indicatore: Indicatore, valore: Decimal | int | None) -> str:
    """A figure as the pages write it, with its unit where it is a sign."""
    if valore is None:
        return MANCA
    cifra = Decimal(valore)
    if indicatore.unita == "euro":
        return importo(cifra)
    detta = numero(senza_zeri(cifra))
    return f"{detta}%" if indicatore.unita == "percento" else detta


def mancano(cifra: Cifra, quanti: int) -> str:
    """Why there is no figure, in words; empty where there is one, or nobody gave any."""
    if cifra.valore is not None or not cifra.mancano:
        return ""
    return f"mancano {len(cifra.mancano)} comuni su {quanti}"


def per_mille(cifra: Cifra, indicatore: Indicatore, abitanti: int | None) -> Decimal | None:
    """Of a count of persons or families, how many by 1,000 inhabitants."""
    if cifra.valore is None or not abitanti or not indicatore.somma or not indicatore.persone:
        return None
    if indicatore.unita in (None, "euro"):
        return None
    return (cifra.valore * 1000 / abitanti).quantize(Decimal("0.01"))


def puo_scrivere() -> bool:
    """Whether it is the Ufficio di Piano that reads, and may write."""
    visita = visita_corrente()
    return visita.nell_ambito.comune is None and visita.puo("conoscenza.scrivi")


def noi(dove: Luoghi, solo: str | None) -> Territorio:
    """Whose figures a page is about: the ambito, or the comune that somebody works for.

    Raises:
        NonTrovato: the comune was not of the ambito in that year.
    """
    return dove.ambito if solo is None else dove.uno(solo)


def di_quando(cifra: Cifra) -> str:
    """The part of the year that a figure is of, in words; empty for the whole, or where there is none."""
    return parte_dell_anno(cifra.parte) if cifra.valore is not None else ""


async def modulo(request: Richiesta, massimo: int = 9000) -> dict[str, str]:
    """The fields of a form, each bounded."""
    dati: Mapping[str, Any] = await request.form()
    return {nome[:150]: v[:massimo] for nome, v in list(dati.items())[:500] if isinstance(v, str)}
