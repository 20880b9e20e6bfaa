"""Meetings and rules for the tests of the votes. Names and figures are invented unless a test says so."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from capofila.governo.seduta import AventeDiritto, Delega, Seduta
from capofila.governo.voti import Esito, Scelta, Scrutinio, Voto, decidi
from capofila.hooks import (
    Astensione,
    Atto,
    Base,
    Condizione,
    Deleghe,
    Interesse,
    Misura,
    Parita,
    Quorum,
    RegolaVoto,
    Soglia,
    Specie,
)

ATTO = Atto(specie=Specie.STATUTO, organo="Comuni", titolo="Statuto (inventato)", articolo="7")
GIORNO = date(2026, 5, 14)
SI, NO, AST = Scelta.FAVOREVOLE, Scelta.CONTRARIO, Scelta.ASTENUTO

_COMUNI = Path(__file__).resolve().parents[2] / "tenants"


def _righe(file: str) -> list[dict[str, str]]:
    with (_COMUNI / file).open(encoding="utf-8") as aperto:
        return list(csv.DictReader(aperto))


def _casalasco() -> dict[str, int]:
    residenti = {
        riga["istat"]: int(riga["residenti"])
        for riga in _righe("comuni/popolazione.csv")
        if riga["fonte"] == "ultima"
    }
    return {
        riga["nome"]: residenti[riga["istat"]]
        for riga in _righe("casalmaggiore/comuni.csv")
        if not riga["al"]
    }


CASALASCO: Mapping[str, int] = _casalasco()
"""The eighteen comuni of today with their residents, as the territory has them."""


def condizione(
    soglia: str = ">1/2",
    base: Base | None = Base.VOTANTI,
    misura: Misura = Misura.TESTE,
    **altro: Any,
) -> Condizione:
    """``>1/2`` is more than a half, ``2/3`` at least two thirds, ``11`` at least eleven."""
    stretta, cifra = soglia.startswith(">"), soglia.removeprefix(">")
    numero, _, sotto = cifra.partition("/")
    return Condizione(
        misura=misura,
        base=base,
        soglia=Soglia(frazione=(int(numero), int(sotto)), stretta=stretta)
        if sotto
        else Soglia(numero=int(numero), stretta=stretta),
        **altro,
    )


def regola(*condizioni: Condizione, **altro: Any) -> RegolaVoto:
    """A rule that leaves nothing open, unless a test opens it."""
    chiusa: dict[str, Any] = {
        "astensioni": Astensione.NON_VOTO, "parita": Parita.RESPINTA,
        "interesse": Interesse.CONTATO,
    }  # fmt: skip
    return RegolaVoto(condizioni=condizioni or (condizione(),), fonte=ATTO, **(chiusa | altro))


def quorum(*condizioni: Condizione, **altro: Any) -> Quorum:
    return Quorum(condizioni=condizioni, fonte=ATTO, **altro)


DELEGHE = Deleghe(ammesse=True, nel_quorum=True, fonte=ATTO)


def enti(n: int, **pesi: list[int]) -> tuple[AventeDiritto, ...]:
    """``a``, ``b``, …: with these weights, in order."""
    return tuple(
        AventeDiritto(
            id=chr(97 + i),
            nome=chr(65 + i),
            **{nome: Fraction(valori[i]) for nome, valori in pesi.items()},
        )
        for i in range(n)
    )


def seduta(
    aventi_diritto: tuple[AventeDiritto, ...], presenti: str | None = None, **altro: Any
) -> Seduta:
    """Everybody is there, or those of the letters."""
    ids = [uno.id for uno in aventi_diritto] if presenti is None else list(presenti)
    if "deleghe" in altro:
        altro["deleghe"] = tuple(Delega(da=coppia[0], a=coppia[1]) for coppia in altro["deleghe"])
    return Seduta(giorno=GIORNO, aventi_diritto=aventi_diritto, presenti=tuple(ids), **altro)


def voti(scritti: str) -> tuple[Voto, ...]:
    """``++-0`` is a and b in favour, c against, d abstains; a dot did not vote."""
    come = {"+": SI, "-": NO, "0": AST}
    return tuple(
        Voto.intero(chr(97 + i), come[segno]) for i, segno in enumerate(scritti) if segno != "."
    )


def vota(
    regola_: RegolaVoto, scritti: str | Scrutinio, seduta_: Seduta | None = None, **altro: Any
) -> Esito:
    dati = scritti if isinstance(scritti, Scrutinio) else voti(scritti)
    chi = seduta_ or seduta(enti(len(scritti) if isinstance(scritti, str) else 10))
    return decidi(chi, dati, regola=regola_, quorum=altro.pop("quorum", None), **altro)
