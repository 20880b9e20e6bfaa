"""The quotas of many people at once: the same steps and the same cents as :mod:`calcolo`, by columns.

A formula becomes expressions on whole numbers. Where it divides the people (below the first node,
between two of them) each part is a branch with a denominator of its own, so that nothing is rounded
but where a step rounds. Where the figures might not fit 63 bits all is computed in 127.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec
import polars as pl

from capofila.base.errori import DatiNonValidi
from capofila.compartecipazione.calcolo import IMPORTO_MASSIMO, QUANTITA_MASSIMA
from capofila.compartecipazione.isee import ISEE_MASSIMO
from capofila.compartecipazione.schemi import (
    Arrotonda,
    Esente,
    Fasce,
    Fissa,
    Forma,
    Gradino,
    MinimoGarantito,
    Percentuale,
    PerQuantita,
    Proporzionale,
    Punti,
    Riduzione,
    Risolto,
    Tetto,
    Tratti,
)

if TYPE_CHECKING:
    from capofila.compartecipazione.schemi import Letto

CENTO: Final = 100
COLONNE: Final[tuple[str, ...]] = ("isee", "quantita", "costo", "punti", "disponibile")
"""Columns of a block, in hundredths: cents, or hundredths of a unit. Only `isee` may be empty, and
`costo` where the scheme has one."""
_LIMITI: Final = {
    "isee": int(ISEE_MASSIMO * CENTO), "quantita": int(QUANTITA_MASSIMA * CENTO),
    "costo": int(IMPORTO_MASSIMO * CENTO), "punti": int(IMPORTO_MASSIMO * CENTO),
    "disponibile": int(IMPORTO_MASSIMO * CENTO),
}  # fmt: skip


class _Ramo(msgspec.Struct):
    """People who take the same way: a condition, and their figure as a numerator over a denominator.

    The numerator is a measure by a constant plus another: the constants of many steps become one.
    """

    dove: pl.Expr
    misura: pl.Expr | None = None
    """None where the figure is the same for all."""
    per: int = 0
    piu: int = 0
    massimo: int = 0
    """No numerator is greater."""
    denominatore: int = 1
    finito: bool = False
    """Nothing more is done for them."""
    per_tutte: bool = False
    passato: int = 0
    """The greatest figure on the way."""

    def diventa(
        self, misura: pl.Expr | None, massimo: int, denominatore: int, per: int = 1, piu: int = 0
    ) -> None:
        """Another figure."""
        self.misura, self.per, self.piu = misura, per, piu
        self.massimo, self.denominatore = massimo, denominatore
        self.passato = max(self.passato, massimo, denominatore, massimo - piu)

    def moltiplica(self, per: int, denominatore: int = 1) -> None:
        """So many times the figure."""
        self.diventa(
            self.misura, self.massimo * per, self.denominatore * denominatore,
            self.per * per, self.piu * per,
        )  # fmt: skip

    def numeratore(self, tipo: pl.DataType) -> pl.Expr:
        """The expression of it."""
        if self.misura is None:
            return pl.lit(self.piu, tipo)
        volte = self.misura if self.per == 1 else self.misura * self.per
        return volte + self.piu if self.piu else volte


def quote(risolto: Risolto, casi: pl.DataFrame) -> pl.Series:
    """The quota of each case in cents; empty where :func:`calcolo.calcola` gives none by this ISEE.

    Who has no ISEE pays the tariff without ISEE, where the scheme has one. Whether an ISEE can be used
    on the day is told before: one that cannot is left empty.

    Args:
        risolto: a scheme on a day.
        casi: whole numbers, by :data:`COLONNE`; a column that is not there is nobody's. Each condition
            of the scheme may be a column of booleans by its name.

    Raises:
        DatiNonValidi: a figure out of bounds, or a formula that whole numbers cannot hold.
    """
    massimi = {nome: _massimo(casi[nome], nome) for nome in COLONNE if nome in casi.columns}
    for tipo, limite in ((pl.Int64, 1 << 62), (pl.Int128, 1 << 126)):
        conto = _Conto(risolto, casi.columns, massimi, tipo())
        esito = conto.tutto(risolto)
        if conto.passato < limite:
            # By pieces that stay in the caches, on all the processors.
            return casi.lazy().select(esito.alias("quota")).collect(engine="streaming")["quota"]
    raise DatiNonValidi("Le cifre di questo schema sono troppo grandi per calcolarle insieme.")


def _massimo(colonna: pl.Series, nome: str) -> int:
    """The greatest figure of a column.

    Raises:
        DatiNonValidi: one is below its least or beyond its most.
    """
    basso, alto = colonna.min(), colonna.max()
    if not isinstance(basso, int) or not isinstance(alto, int):
        return 0
    if basso < (nome == "quantita") or alto > _LIMITI[nome]:
        raise DatiNonValidi(f"Nella colonna «{nome}» c'è una cifra negativa o smisurata.")
    return alto


def in_centesimi(valori: Iterable[Decimal | None]) -> pl.Series:
    """A column of a block from amounts that have two decimals at most."""
    return pl.Series([None if v is None else int(v.scaleb(2)) for v in valori], dtype=pl.Int64)


class _Conto:
    def __init__(
        self, risolto: Risolto, colonne: Sequence[str], massimi: dict[str, int], tipo: pl.DataType
    ) -> None:
        self._letti: dict[str, Letto] = risolto.letti
        self._colonne = frozenset(colonne)
        self._massimi, self._tipo = massimi, tipo
        self._costo_dichiarato = risolto.costo
        self._rami: list[_Ramo] = []
        self._conclusi: list[_Ramo] = []

    def tutto(self, risolto: Risolto) -> pl.Expr:
        """The quota of each case, in cents."""
        con_isee = (
            self._colonna("isee").is_not_null() if "isee" in self._colonne else pl.lit(value=False)
        )
        if not any(isinstance(p, Esente | Tratti | Fasce | Proporzionale) for p in risolto.passi):
            con_isee = pl.lit(value=True)
        self._rami = [_Ramo(con_isee)]
        for passo in risolto.passi:
            self.fai(passo)
        if risolto.senza_isee is not None:
            self.senza_isee(risolto, ~con_isee)
        return self.centesimi()

    @property
    def passato(self) -> int:
        """The greatest figure that any branch meets on its way."""
        return max(ramo.passato for ramo in [*self._conclusi, *self._rami])

    def _fisso(self, ramo: _Ramo, valore: Fraction) -> _Ramo:
        ramo.diventa(None, valore.numerator, valore.denominator, 0, valore.numerator)
        return ramo

    def _leggi(self, nome: str) -> Fraction:
        return Fraction(self._letti[nome].valore)

    def _colonna(self, nome: str) -> pl.Expr:
        if nome not in self._colonne:
            raise DatiNonValidi(f"Lo schema guarda alla colonna «{nome}», che non c'è.")
        return pl.col(nome).cast(self._tipo)

    def senza_isee(self, risolto: Risolto, dove: pl.Expr) -> None:
        assert risolto.senza_isee is not None
        self._conclusi += self._rami
        tariffa = self._leggi(risolto.senza_isee)
        self._rami = [self._fisso(_Ramo(dove), tariffa)]
        for passo in risolto.passi:
            if isinstance(passo, Tetto | PerQuantita | Arrotonda):
                self.fai(passo)

    def fai(self, passo: Forma) -> None:
        """Do one step on every branch that goes on."""
        nuovi: list[_Ramo] = []
        for ramo in self._rami:
            nuovi += [ramo] if ramo.finito else self._su(ramo, passo)
        self._rami = self._uniti(nuovi) if isinstance(passo, Arrotonda) else nuovi

    def _su(self, ramo: _Ramo, passo: Forma) -> list[_Ramo]:
        match passo:
            case Esente(fino_a=fino_a):
                sotto = self._colonna("isee") <= _centesimi(self._leggi(fino_a))
                fuori = _Ramo(ramo.dove & sotto, finito=True)
                ramo.dove = ramo.dove & ~sotto
                return [fuori, ramo]
            case Fissa(tariffa=tariffa):
                return [self._fisso(ramo, self._leggi(tariffa))]
            case Tratti():
                return self._tratti(ramo, passo)
            case Fasce(modo="intera"):
                return self._gradini(ramo, passo.fasce, self._colonna("isee"))
            case Fasce(modo="percentuale"):
                gradini = self._gradini(ramo, passo.fasce, self._colonna("isee"))
                return [
                    self._del_costo(uno, Fraction(uno.piu, uno.denominatore)) for uno in gradini
                ]
            case Punti(fasce=fasce):
                return self._gradini(ramo, fasce, self._colonna("punti"))
            case Fasce():
                return self._progressiva(ramo, passo)
            case Percentuale(percento=percento):
                return [self._del_costo(ramo, self._leggi(percento))]
            case Proporzionale():
                return self._proporzionale(ramo, passo)
            case Riduzione(percento=percento, se=se):
                if se not in self._colonne:
                    return [ramo]
                parte = (CENTO - self._leggi(percento)) / CENTO
                altro = msgspec.structs.replace(ramo, dove=ramo.dove & pl.col(se))
                ramo.dove = ramo.dove & ~pl.col(se)
                altro.moltiplica(parte.numerator, parte.denominator)
                return [ramo, altro]
            case MinimoGarantito(importo=importo):
                minimo = self._leggi(importo)
                resto = self._colonna("disponibile") * minimo.denominator - minimo.numerator * CENTO
                resto = pl.when(resto > 0).then(resto).otherwise(0)
                massimo = self._massimi["disponibile"] * minimo.denominator
                return self._non_oltre(ramo, resto, massimo, CENTO * minimo.denominator)
            case Tetto(importo=None):
                costo, massimo = self._costo()
                if not ramo.per_tutte or "quantita" not in self._colonne:
                    return self._non_oltre(ramo, costo, massimo, CENTO)
                return self._non_oltre(
                    ramo, costo * self._colonna("quantita"),
                    massimo * self._massimi["quantita"], CENTO * CENTO,
                )  # fmt: skip
            case Tetto(importo=importo):
                tetto = self._leggi(importo or "")
                return self._non_oltre(
                    ramo, pl.lit(tetto.numerator, self._tipo), tetto.numerator, tetto.denominator
                )
            case PerQuantita():
                return [self._per_quantita(ramo)]
            case Arrotonda(decimali=decimali):
                return [self._arrotonda(ramo, decimali)]
        raise AssertionError(passo)  # pragma: no cover

    def _costo(self) -> tuple[pl.Expr, int]:
        """The cost of a unit in cents, the scheme's where a case has none of its own; and its greatest."""
        if self._costo_dichiarato is None:
            return self._colonna("costo"), self._massimi["costo"]
        suo = int(self._leggi(self._costo_dichiarato) * CENTO)
        if "costo" not in self._colonne:
            return pl.lit(suo, self._tipo), suo
        return self._colonna("costo").fill_null(suo), max(suo, self._massimi["costo"])

    def _del_costo(self, ramo: _Ramo, percento: Fraction) -> _Ramo:
        costo, massimo = self._costo()
        ramo.diventa(
            costo, massimo * percento.numerator, CENTO * CENTO * percento.denominator,
            percento.numerator,
        )  # fmt: skip
        return ramo

    def _tratti(self, ramo: _Ramo, passo: Tratti) -> list[_Ramo]:
        isee = self._colonna("isee")
        nodi = [(_centesimi(self._leggi(n.isee)), self._leggi(n.tariffa)) for n in passo.nodi]
        (inizio, prima), (fine, ultima) = nodi[0], nodi[-1]
        sotto = isee <= inizio if passo.sotto == "esente" else isee < inizio
        primo = self._fisso(
            msgspec.structs.replace(ramo, dove=ramo.dove & sotto),
            Fraction(0) if passo.sotto == "esente" else prima,
        )
        rami = [primo]
        for (da, bassa), (a, alta) in pairwise(nodi):
            dentro = (isee <= a) & ~sotto if da == inizio else (isee > da) & (isee <= a)
            comune = math.lcm(bassa.denominator, alta.denominator)
            passo_, base = int((alta - bassa) * comune), int(bassa * comune)
            uno = msgspec.structs.replace(ramo, dove=ramo.dove & dentro)
            uno.diventa(
                isee, int(alta * comune) * (a - da), comune * (a - da),
                passo_, base * (a - da) - da * passo_,
            )  # fmt: skip
            rami.append(uno)
        oltre = msgspec.structs.replace(ramo, dove=ramo.dove & (isee > fine))
        return [*rami, self._fisso(oltre, ultima)]

    def _gradini(self, ramo: _Ramo, fasce: tuple[Gradino, ...], misura: pl.Expr) -> list[_Ramo]:
        rami, resto = [], ramo.dove
        for gradino in fasce:
            dentro = (
                pl.lit(value=True)
                if gradino.fino_a is None
                else misura <= _centesimi(self._leggi(gradino.fino_a))
            )
            uno = msgspec.structs.replace(ramo, dove=resto & dentro)
            rami.append(self._fisso(uno, self._leggi(gradino.tariffa)))
            resto = resto & ~dentro
        return rami

    def _progressiva(self, ramo: _Ramo, passo: Fasce) -> list[_Ramo]:
        isee, da, fatto = self._colonna("isee"), 0, Fraction(0)
        rami, resto = [], ramo.dove
        for gradino in passo.fasce:
            parte = self._leggi(gradino.tariffa) / CENTO
            a = None if gradino.fino_a is None else _centesimi(self._leggi(gradino.fino_a))
            dentro = pl.lit(value=True) if a is None else isee <= a
            comune = math.lcm(parte.denominator, fatto.denominator)
            uno = msgspec.structs.replace(ramo, dove=resto & dentro)
            per = int(parte * comune)
            piu = int(fatto * comune) - da * per
            uno.diventa(isee, max(0, self._massimi["isee"] * per + piu), comune * CENTO, per, piu)
            rami.append(uno)
            resto = resto & ~dentro
            if a is not None:
                fatto, da = fatto + (a - da) * parte, a
        return rami

    def _proporzionale(self, ramo: _Ramo, passo: Proporzionale) -> list[_Ramo]:
        isee, (costo, massimo) = self._colonna("isee"), self._costo()
        finale = _centesimi(self._leggi(passo.isee_finale))
        minima = Fraction(0) if passo.minima is None else self._leggi(passo.minima) / CENTO
        minima = min(minima, Fraction(1)) if finale else Fraction(1)
        basso, alto = isee < math.ceil(minima * finale), isee > finale
        sotto = msgspec.structs.replace(ramo, dove=ramo.dove & basso & ~alto)
        sotto.diventa(
            costo, massimo * minima.numerator, CENTO * minima.denominator,
            minima.numerator,
        )  # fmt: skip
        mezzo = msgspec.structs.replace(ramo, dove=ramo.dove & ~basso & ~alto)
        mezzo.diventa(costo * isee, massimo * max(finale, 1), CENTO * max(finale, 1))
        sopra = msgspec.structs.replace(ramo, dove=ramo.dove & alto)
        sopra.diventa(costo, massimo, CENTO)
        return [sotto, mezzo, sopra]

    def _per_quantita(self, ramo: _Ramo) -> _Ramo:
        ramo.per_tutte = True
        if "quantita" in self._colonne:
            ramo.diventa(
                ramo.numeratore(self._tipo) * self._colonna("quantita"),
                ramo.massimo * self._massimi["quantita"],
                ramo.denominatore * CENTO,
            )
        return ramo

    def centesimi(self) -> pl.Expr:
        """The quota of whoever a branch takes in, in cents."""
        esito = pl.lit(None, pl.Int64)
        for ramo in [*self._conclusi, *self._rami]:
            if not ramo.per_tutte and ramo.massimo:
                self._per_quantita(ramo)
            quota = self._arrotonda(ramo, 2).numeratore(self._tipo)
            esito = pl.when(ramo.dove).then(quota.cast(pl.Int64)).otherwise(esito)
        return esito

    def _uniti(self, rami: list[_Ramo]) -> list[_Ramo]:
        """One branch for all that go on over the same denominator: what follows is done once for them."""
        uniti: dict[tuple[int, bool], _Ramo] = {}
        for ramo in rami:
            altro = uniti.setdefault((ramo.denominatore, ramo.finito), ramo)
            if altro is not ramo:
                passato = max(altro.passato, ramo.passato)
                mio, suo = ramo.numeratore(self._tipo), altro.numeratore(self._tipo)
                altro.diventa(
                    pl.when(ramo.dove).then(mio).otherwise(suo),
                    max(altro.massimo, ramo.massimo), ramo.denominatore,
                )  # fmt: skip
                altro.dove, altro.passato = altro.dove | ramo.dove, passato
        return [*uniti.values()]

    def _non_oltre(
        self, ramo: _Ramo, tetto: pl.Expr, massimo: int, denominatore: int
    ) -> list[_Ramo]:
        comune = math.lcm(ramo.denominatore, denominatore)
        suo = comune // denominatore
        ramo.moltiplica(comune // ramo.denominatore)
        quota, altro = ramo.numeratore(self._tipo), tetto * suo
        ramo.diventa(
            pl.when(quota > altro).then(altro).otherwise(quota),
            min(ramo.massimo, massimo * suo), comune,
        )  # fmt: skip
        ramo.passato = max(ramo.passato, massimo * suo)
        return [ramo]

    def _arrotonda(self, ramo: _Ramo, decimali: int) -> _Ramo:
        """Half-up to so many tenths of tenths: (n + den div 2) div den; the figures are never negative."""
        unita: int = 10**decimali
        comune = math.gcd(unita, ramo.denominatore)
        intero = ramo.denominatore // comune
        ramo.moltiplica(unita // comune)
        if intero > 1:
            ramo.passato = max(ramo.passato, ramo.massimo + intero)
            ramo.piu += intero // 2
            if ramo.misura is None:
                ramo.piu //= intero
            else:
                ramo.diventa(
                    ramo.numeratore(self._tipo) // intero, ramo.massimo // intero + 1, unita
                )
        ramo.denominatore = unita
        return ramo


def _centesimi(valore: Fraction) -> int:
    """A threshold in cents; finer ones would not change who is below them."""
    return math.floor(valore * CENTO)
