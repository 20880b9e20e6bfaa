"""Rules over whole columns: for which rows a condition surely holds.

The vocabulary of `capofila.hooks.regole` becomes expressions of Polars. A condition is answered
twice: where it surely holds, and where it surely does not. Whatever is awkward to say by columns
is neither, and those rows are left to the function that checks them one by one. So nothing here
has to be complete, only right: what it is sure of is what `vale` says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Final, NamedTuple

import polars as pl

from capofila.hooks.campi import lettere_cognome, lettere_nome
from capofila.hooks.regole import (
    OGGI,
    AlmenoUno,
    AnniTra,
    AnnoDelCodiceFiscale,
    Assente,
    CognomeDelCodiceFiscale,
    Contiene,
    Controllo,
    DallaTabella,
    DataInCifre,
    E,
    EntroAnni,
    GenereDelCodiceFiscale,
    InOrdine,
    InVigore,
    Lunghezza,
    LuogoDelCodiceFiscale,
    NomeDelCodiceFiscale,
    Non,
    NonCodiceFiscale,
    NonPrima,
    O,
    OgniBlocco,
    Positivo,
    Presente,
    Regola,
    Se,
    SommaUguale,
    StessoAnno,
    Tra,
    TuttiONessuno,
    Uguale,
    Uno,
    campi_letti,
    foglie,
)

_SI: Final = pl.lit(True)
_NO: Final = pl.lit(False)

_LETTERE_COGNOME: Final = "lettere del cognome: "
_LETTERE_NOME: Final = "lettere del nome: "

Lettere = Callable[[str], tuple[str, ...]]
"""A name to what the letters of its codice fiscale may be."""


class Certezza(NamedTuple):
    """Two expressions without nulls; a row may be in neither.

    Attributes:
        vale: where the condition surely holds.
        cade: where it surely does not.
    """

    vale: pl.Expr
    cade: pl.Expr


class Colonne:
    """What conditions may read: columns that have a value somewhere; the others are absent.

    Args:
        presenti: names of the columns, those of :func:`colonne_di_lettere` among them.
        oggi: the day of the check (ISO).
    """

    def __init__(self, presenti: Collection[str], oggi: str | None = None) -> None:
        self._presenti = presenti
        self._oggi = oggi

    def __call__(self, campo: str) -> pl.Expr:
        """A column that is not absent."""
        return pl.lit(self._oggi) if campo == OGGI else pl.col(campo)

    def assente(self, campo: str) -> bool:
        """Whether no row has a value."""
        return self._oggi is None if campo == OGGI else campo not in self._presenti


def colonne_di_lettere(regole: Iterable[Regola]) -> dict[str, tuple[str, Lettere]]:
    """The columns that rules on names and codici fiscali want beside those of the file.

    Returns:
        By name of the column: the field of the name, and what gives its letters. A row is absent
        there when its name is, or when its letters are not one form only.
    """
    trovate: dict[str, tuple[str, Lettere]] = {}
    for regola in regole:
        for foglia in foglie(regola.controllo):
            match foglia:
                case CognomeDelCodiceFiscale(_, campo):
                    trovate[_LETTERE_COGNOME + campo] = (campo, lettere_cognome)
                case NomeDelCodiceFiscale(_, campo):
                    trovate[_LETTERE_NOME + campo] = (campo, lettere_nome)
    return trovate


def certezza(controllo: Controllo, colonne: Colonne) -> Certezza:
    """Where a condition holds and where it does not, as far as columns can tell."""
    x = colonne
    match controllo:
        case Presente(campo):
            return _decisa(_NO if colonne.assente(campo) else x(campo).is_not_null())
        case Assente(campo):
            return _decisa(_SI if colonne.assente(campo) else x(campo).is_null())
        case Uguale(campo, valore):
            return _decisa(
                _NO if colonne.assente(campo) else (x(campo) == valore).fill_null(value=False)
            )
        case Uno(campo, valori):
            return _decisa(
                _NO
                if colonne.assente(campo)
                else x(campo).is_in(list(valori)).fill_null(value=False)
            )
        case TuttiONessuno(campi):
            vuoti = [_SI if colonne.assente(campo) else x(campo).is_null() for campo in campi]
            return _decisa(_tutte([v == vuoti[0] for v in vuoti[1:]]))
        case AlmenoUno(campi):
            return _decisa(
                _una([x(campo).is_not_null() for campo in campi if not colonne.assente(campo)])
            )
        case Se(condizione, allora):
            prima, poi = certezza(condizione, colonne), certezza(allora, colonne)
            return Certezza(prima.cade | poi.vale, prima.vale & poi.cade)
        case E(termini):
            tutti = [certezza(termine, colonne) for termine in termini]
            return Certezza(_tutte([t.vale for t in tutti]), _una([t.cade for t in tutti]))
        case O(termini):
            tutti = [certezza(termine, colonne) for termine in termini]
            return Certezza(_una([t.vale for t in tutti]), _tutte([t.cade for t in tutti]))
        case Non(termine):
            vale, cade = certezza(termine, colonne)
            return Certezza(cade, vale)
        case SommaUguale(addendi, totale):
            if colonne.assente(totale):
                return _decisa(_SI)
            quote = [centesimi(x(a)).fill_null(0) for a in addendi if not colonne.assente(a)]
            somma = reduce(pl.Expr.__add__, quote, pl.lit(0, dtype=pl.Int64))
            return _decisa((somma == centesimi(x(totale))).fill_null(value=True))
        case InVigore(campo, giorni, periodi):
            return _in_vigore(campo, giorni, periodi, colonne)
    # The others are kept where something that they compare is absent.
    letti = campi_letti(controllo)
    if any(colonne.assente(campo) for campo in letti):
        return _decisa(_SI)
    manca = _una([x(campo).is_null() for campo in letti if campo != OGGI])
    vale, cade = _confronto(controllo, colonne)
    return Certezza(manca | vale.fill_null(value=False), ~manca & cade.fill_null(value=False))


def _confronto(controllo: Controllo, colonne: Colonne) -> Certezza:
    """The condition where all that it reads is there."""
    x = colonne
    match controllo:
        case Tra(campo, minimo, massimo):
            return _decisa(x(campo).is_between(pl.lit(minimo), pl.lit(massimo)))
        case Lunghezza(campo, meno, piu):
            return _decisa(x(campo).str.len_chars().is_between(meno, piu))
        case Positivo(campo):
            return _decisa(x(campo) != "0.00")
        case StessoAnno(primo, secondo):
            return _decisa(_anno(x(primo)) == _anno(x(secondo)))
        case NonPrima(campo, riferimento):
            y = x(riferimento)
            return _decisa(x(campo).str.head(y.str.len_chars()) >= y)
        case EntroAnni(primo, secondo, anni):
            distanza = _numero(_anno(x(primo))) - _numero(_anno(x(secondo)))
            return _decisa(distanza.is_between(-anni, anni))
        case InOrdine(prima, dopo):
            # Two whole days compare as text; months and years are left alone.
            a, b = x(prima), x(dopo)
            giorni = (a.str.len_chars() == 10) & (b.str.len_chars() == 10)
            return Certezza(giorni & (a <= b), giorni & (a > b))
        case AnnoDelCodiceFiscale(cf, anno):
            return _del_codice(x(cf), x(cf).str.slice(6, 2) == x(anno).str.slice(2, 2))
        case LuogoDelCodiceFiscale(cf, luogo):
            return _del_codice(x(cf), x(cf).str.slice(11, 4) == x(luogo))
        case GenereDelCodiceFiscale(cf, genere):
            decina, g = x(cf).str.slice(9, 1), x(genere)
            donna = decina.is_in(["4", "5", "6", "7"]) & (g == "F")
            return _del_codice(x(cf), donna | (decina.is_in(["0", "1", "2", "3"]) & (g == "M")))
        case DataInCifre(cf):
            return _del_codice(x(cf), x(cf).str.contains("^.{6}[0-9]{2}.[0-9]{2}"))
        case CognomeDelCodiceFiscale(cf, cognome):
            lettere = pl.col(_LETTERE_COGNOME + cognome)
            return _del_codice(x(cf), x(cf).str.slice(0, 3) == lettere)
        case NomeDelCodiceFiscale(cf, nome):
            return _del_codice(x(cf), x(cf).str.slice(3, 3) == pl.col(_LETTERE_NOME + nome))
        case NonCodiceFiscale(campo):
            return Certezza(x(campo).str.len_chars() != 16, _NO)
        case DallaTabella(campo, riferimento, tabella, prefisso):
            atteso = x(riferimento).str.head(prefisso).replace_strict(
                list(tabella), list(tabella.values()), default=None, return_dtype=pl.String
            )  # fmt: skip
            return _decisa((x(campo) == atteso).fill_null(value=True))
        case Contiene() | AnniTra() | OgniBlocco():
            return Certezza(_NO, _NO)
        case _:
            raise TypeError(f"not in the vocabulary: {type(controllo).__name__}")


def _decisa(vale: pl.Expr) -> Certezza:
    """A condition that columns tell for every row."""
    return Certezza(vale, ~vale)


def _del_codice(cf: pl.Expr, torna: pl.Expr) -> Certezza:
    """A comparison with a codice fiscale; where it fails, omocodia may be the reason."""
    return Certezza((cf.str.len_chars() != 16) | torna, _NO)


def _in_vigore(
    campo: str, giorni: Sequence[str], periodi: Mapping[str, tuple[str, str]], colonne: Colonne
) -> Certezza:
    presenti = [giorno for giorno in giorni if not colonne.assente(giorno)]
    if colonne.assente(campo) or not presenti or not periodi:
        return _decisa(_SI)
    codice = colonne(campo)
    giorno = pl.coalesce([colonne(nome) for nome in presenti])
    inizio, fine = (
        codice.replace_strict(
            list(periodi), [periodo[n] for periodo in periodi.values()],
            default=None, return_dtype=pl.String,
        )
        for n in (0, 1)
    )  # fmt: skip
    dentro = (inizio <= giorno) & ((fine == "") | (giorno <= fine))
    # Null: a code without a period, or a record without a day.
    return _decisa(dentro.fill_null(value=True))


def centesimi(importo: pl.Expr) -> pl.Expr:
    """Canonical amounts as whole cents."""
    return importo.str.replace(".", "", literal=True).cast(pl.Int64)


def _anno(giorno: pl.Expr) -> pl.Expr:
    return giorno.str.head(4)


def _numero(cifre: pl.Expr) -> pl.Expr:
    return cifre.cast(pl.Int32, strict=False)


def _tutte(condizioni: Sequence[pl.Expr]) -> pl.Expr:
    return reduce(and_, condizioni) if condizioni else _SI


def _una(condizioni: Sequence[pl.Expr]) -> pl.Expr:
    return reduce(or_, condizioni) if condizioni else _NO
