"""Rules as data: a small closed vocabulary, compiled to one function or interpreted.

A rule of a receiving authority is declared, never programmed: its code, the field it speaks of,
its condition, how grave it is, a message that says what to do, the source, an example that keeps
it and one that breaks it. So the rules can be listed on a page, hashed, tested by name, and run
fast: `compila` writes one straight-line Python function out of the vocabulary (values of the rules
enter it as constants, never as source text); `interpreta` says the same slowly and plainly, and is
the oracle of the tests.

Absent values: `Presente`, `Assente`, `Uguale`, `Uno` and `AlmenoUno` answer about them. Every other
condition compares values and is held to be kept when one that it needs is absent, because whether
a field may be absent is another rule's business.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from capofila.hooks.campi import (
    Campo,
    importo_leggibile,
    leggibile,
    lettere_cognome,
    lettere_nome,
    sembra_codice_fiscale,
    senza_omocodia,
)

OGGI: Final = "oggi"
"""A field that every record has without declaring it: the day of the check (ISO), given from outside
(`Preparatore`). Where it is not given, conditions on it are kept."""


class Controllo(msgspec.Struct, frozen=True, tag=True):
    """A condition on a record. The closed vocabulary is the subclasses below."""


class Presente(Controllo, frozen=True, tag="presente"):
    """The field has a value."""

    campo: str


class Assente(Controllo, frozen=True, tag="assente"):
    """The field has no value."""

    campo: str


class Uguale(Controllo, frozen=True, tag="uguale"):
    """The field has exactly this value."""

    campo: str
    valore: str


class Uno(Controllo, frozen=True, tag="uno"):
    """The field has one of these values."""

    campo: str
    valori: tuple[str, ...]


class Tra(Controllo, frozen=True, tag="tra"):
    """The value lies between two others, ends included: dates and years, which sort as text."""

    campo: str
    minimo: str
    massimo: str


class Lunghezza(Controllo, frozen=True, tag="lunghezza"):
    """The text has between so many and so many characters."""

    campo: str
    minimo: int
    massimo: int


class Positivo(Controllo, frozen=True, tag="positivo"):
    """The amount is greater than zero."""

    campo: str


class SommaUguale(Controllo, frozen=True, tag="somma_uguale"):
    """The amounts present add up to the total, to the cent."""

    addendi: tuple[str, ...]
    totale: str


class StessoAnno(Controllo, frozen=True, tag="stesso_anno"):
    """Two dates fall in the same calendar year."""

    primo: str
    secondo: str


class NonPrima(Controllo, frozen=True, tag="non_prima"):
    """The date (or its year, when the other is a year) does not come before the other."""

    campo: str
    riferimento: str


class EntroAnni(Controllo, frozen=True, tag="entro_anni"):
    """The years of two dates are at most so many apart."""

    primo: str
    secondo: str
    anni: int


class TuttiONessuno(Controllo, frozen=True, tag="tutti_o_nessuno"):
    """Either all of the fields have a value or none has."""

    campi: tuple[str, ...]


class AlmenoUno(Controllo, frozen=True, tag="almeno_uno"):
    """At least one of the fields has a value."""

    campi: tuple[str, ...]


class AnnoDelCodiceFiscale(Controllo, frozen=True, tag="cf_anno"):
    """The year of birth is the one in the codice fiscale (16 characters only)."""

    codice_fiscale: str
    anno: str


class LuogoDelCodiceFiscale(Controllo, frozen=True, tag="cf_luogo"):
    """The Belfiore code of birth is the one in the codice fiscale (16 characters only)."""

    codice_fiscale: str
    luogo: str


class GenereDelCodiceFiscale(Controllo, frozen=True, tag="cf_genere"):
    """The gender, M or F, is the one in the codice fiscale (16 characters only)."""

    codice_fiscale: str
    genere: str


class CognomeDelCodiceFiscale(Controllo, frozen=True, tag="cf_cognome"):
    """The first three letters of the codice fiscale are those of the surname (16 characters only).

    Source: DM 23/12/1976, art. 2 and 3. A name that has letters without a Latin form is left alone.
    """

    codice_fiscale: str
    cognome: str


class NomeDelCodiceFiscale(Controllo, frozen=True, tag="cf_nome"):
    """Letters four to six of the codice fiscale are those of the name (16 characters only).

    Source: DM 23/12/1976, art. 2 and 4, with the rule of the four consonants.
    """

    codice_fiscale: str
    nome: str


class NonCodiceFiscale(Controllo, frozen=True, tag="non_cf"):
    """The text does not have the form of a codice fiscale of 16 characters."""

    campo: str


class InVigore(Controllo, frozen=True, tag="in_vigore"):
    """The code is in force on the day of the record, which is the first of `giorni` that is there.

    Attributes:
        campo: the code.
        giorni: dates, in the order in which they are looked at.
        periodi: first and last day (ISO, empty where open) of the codes that have one. Any other
            code is always in force.
    """

    campo: str
    giorni: tuple[str, ...]
    periodi: Mapping[str, tuple[str, str]]


class InOrdine(Controllo, frozen=True, tag="in_ordine"):
    """The first of two days, months or years does not come after the second.

    They are compared by the coarser of the two: 03/2025 and 2025-03-15 are in order both ways.
    """

    prima: str
    dopo: str


class AnniTra(Controllo, frozen=True, tag="anni_tra"):
    """The years from one day, month or year to another are between so many and so many."""

    da: str
    a: str
    minimo: int
    massimo: int


class Contiene(Controllo, frozen=True, tag="contiene"):
    """A list of codes has at least one of these."""

    campo: str
    valori: tuple[str, ...]


class DallaTabella(Controllo, frozen=True, tag="dalla_tabella"):
    """The value is what a table gives for the beginning of another.

    Attributes:
        campo: the value.
        riferimento: the other field.
        tabella: values by its first characters; where it has nothing the condition is kept.
        prefisso: how many characters.
    """

    campo: str
    riferimento: str
    tabella: Mapping[str, str]
    prefisso: int


class OgniBlocco(Controllo, frozen=True, tag="ogni_blocco"):
    """Each element of `blocchi` keeps a condition on its own columns."""

    campo: str
    controllo: Controllo


class DataInCifre(Controllo, frozen=True, tag="cf_data_in_cifre"):
    """Omocodia did not reach the birth date inside the codice fiscale."""

    codice_fiscale: str


class Se(Controllo, frozen=True, tag="se"):
    """Where the condition holds, the consequence holds."""

    condizione: Controllo
    allora: Controllo


class E(Controllo, frozen=True, tag="e"):
    """All of them hold."""

    termini: tuple[Controllo, ...]


class O(Controllo, frozen=True, tag="o"):  # noqa: E742  (the Italian word)
    """At least one of them holds."""

    termini: tuple[Controllo, ...]


class Non(Controllo, frozen=True, tag="non"):
    """It does not hold."""

    termine: Controllo


Gravita = Literal["errore", "avviso"]


class Regola(msgspec.Struct, frozen=True):
    """A named rule.

    Attributes:
        codice: stable name, for programs, tests and links.
        campo: the field the message is shown at.
        controllo: what must hold.
        gravita: an `errore` keeps the record out of the file, an `avviso` does not.
        messaggio: Italian, says what to do. `{campo}` shows the value of a field as people write
            it, `{somma}` the sum of the first `SommaUguale` of the rule.
        fonte: where the rule comes from.
        esempio_valido: fields, in canonical form, of a record that keeps the rule.
        esempio_errato: fields, in canonical form, of a record that breaks it.
    """

    codice: str
    campo: str
    controllo: Controllo
    gravita: Gravita
    messaggio: str
    fonte: str
    esempio_valido: Mapping[str, str]
    esempio_errato: Mapping[str, str]


Record = Mapping[str, "str | None"]
"""A record in canonical form; a field that is not there is absent."""


def foglie(controllo: Controllo) -> Iterable[Controllo]:
    """The conditions that a condition is made of, connectives left out."""
    match controllo:
        case Se(condizione, allora):
            yield from foglie(condizione)
            yield from foglie(allora)
        case E(termini) | O(termini):
            for termine in termini:
                yield from foglie(termine)
        case Non(termine):
            yield from foglie(termine)
        case _:
            yield controllo


def campi_letti(controllo: Controllo) -> tuple[str, ...]:
    """The fields a condition reads, each once, in the order of first mention."""
    letti: dict[str, None] = {}
    for foglia in foglie(controllo):
        match foglia:
            case SommaUguale(addendi, totale):
                letti.update(dict.fromkeys((*addendi, totale)))
            case TuttiONessuno(campi) | AlmenoUno(campi):
                letti.update(dict.fromkeys(campi))
            case (
                StessoAnno(a, b)
                | NonPrima(a, b)
                | InOrdine(a, b)
                | EntroAnni(a, b, _)
                | AnniTra(a, b, _, _)
            ):
                letti.update(dict.fromkeys((a, b)))
            case (
                AnnoDelCodiceFiscale(a, b)
                | LuogoDelCodiceFiscale(a, b)
                | GenereDelCodiceFiscale(a, b)
                | CognomeDelCodiceFiscale(a, b)
                | NomeDelCodiceFiscale(a, b)
            ):
                letti.update(dict.fromkeys((a, b)))
            case InVigore(campo, giorni, _):
                letti.update(dict.fromkeys((campo, *giorni)))
            case DallaTabella(campo, riferimento, _, _):
                letti.update(dict.fromkeys((campo, riferimento)))
            case DataInCifre(a):
                letti[a] = None
            case (
                Presente(campo)
                | Assente(campo)
                | Uguale(campo, _)
                | Uno(campo, _)
                | Tra(campo, _, _)
                | Lunghezza(campo, _, _)
                | Positivo(campo)
                | Contiene(campo, _)
                | NonCodiceFiscale(campo)
                | OgniBlocco(campo, _)
            ):
                letti[campo] = None
            case _:
                raise TypeError(f"not in the vocabulary: {type(foglia).__name__}")
    return tuple(letti)


def _centesimi(canonico: str) -> int:
    return int(canonico.replace(".", ""))


def _ordinabile(giorno: str) -> str:
    """A day, a month or a year as text that sorts: 03/2025 becomes 2025-03."""
    return f"{giorno[3:]}-{giorno[:2]}" if giorno[2:3] == "/" else giorno


def _in_ordine(prima: str | None, dopo: str | None) -> bool:
    if prima is None or dopo is None:
        return True
    a, b = _ordinabile(prima), _ordinabile(dopo)
    lunghezza = min(len(a), len(b))
    return a[:lunghezza] <= b[:lunghezza]


def _anni_tra(da: str | None, a: str | None, minimo: int, massimo: int) -> bool:
    if da is None or a is None:
        return True
    return minimo <= int(_ordinabile(a)[:4]) - int(_ordinabile(da)[:4]) <= massimo


def _in_vigore(periodo: tuple[str, str], *giorni: str | None) -> bool:
    giorno = next((g for g in giorni if g is not None), None)
    return giorno is None or (periodo[0] <= giorno and (not periodo[1] or giorno <= periodo[1]))


def _ogni_blocco(controllo: Controllo, blocchi: str) -> bool:
    elementi = msgspec.json.decode(blocchi, type=list[dict[str, str | None]])
    return all(vale(controllo, elemento) for elemento in elementi)


def _contiene(lista: str | None, valori: Iterable[str]) -> bool:
    return lista is None or not {*lista.split(" ")}.isdisjoint(valori)


def vale(controllo: Controllo, record: Record) -> bool:
    """Whether a record keeps a condition. Plain and slow: the oracle of the compiled function."""
    valore = record.get
    match controllo:
        case Presente(campo):
            return valore(campo) is not None
        case Assente(campo):
            return valore(campo) is None
        case Uguale(campo, atteso):
            return valore(campo) == atteso
        case Uno(campo, valori):
            return valore(campo) in valori
        case TuttiONessuno(campi):
            return len({valore(campo) is None for campo in campi}) <= 1
        case AlmenoUno(campi):
            return any(valore(campo) is not None for campo in campi)
        case Se(condizione, allora):
            return vale(allora, record) if vale(condizione, record) else True
        case E(termini):
            return all(vale(termine, record) for termine in termini)
        case O(termini):
            return any(vale(termine, record) for termine in termini)
        case Non(termine):
            return not vale(termine, record)
        case SommaUguale(addendi, totale):
            atteso_c = valore(totale)
            presenti = [x for x in map(valore, addendi) if x is not None]
            return atteso_c is None or sum(map(_centesimi, presenti)) == _centesimi(atteso_c)
        case InVigore(campo, giorni, periodi):
            periodo = periodi.get(valore(campo) or "")
            return periodo is None or _in_vigore(periodo, *map(valore, giorni))
        case InOrdine(prima, dopo):
            return _in_ordine(valore(prima), valore(dopo))
        case AnniTra(da, a, almeno, al_piu):
            return _anni_tra(valore(da), valore(a), almeno, al_piu)
    letti = [valore(campo) for campo in campi_letti(controllo)]
    testi = [x for x in letti if x is not None]
    if len(testi) < len(letti):
        return True
    match controllo:
        case Tra(_, minimo, massimo):
            return minimo <= testi[0] <= massimo
        case Lunghezza(_, meno, piu):
            return meno <= len(testi[0]) <= piu
        case Positivo():
            return _centesimi(testi[0]) > 0
        case StessoAnno():
            return testi[0][:4] == testi[-1][:4]
        case NonPrima():
            return testi[0][: len(testi[-1])] >= testi[-1]
        case EntroAnni(_, _, anni):
            return abs(int(testi[0][:4]) - int(testi[-1][:4])) <= anni
        case AnnoDelCodiceFiscale() if len(testi[0]) == 16:
            return senza_omocodia(testi[0])[6:8] == testi[1][2:4]
        case LuogoDelCodiceFiscale() if len(testi[0]) == 16:
            return senza_omocodia(testi[0])[11:15] == testi[1]
        case GenereDelCodiceFiscale() if len(testi[0]) == 16:
            return ("F" if int(senza_omocodia(testi[0])[9:11]) > 40 else "M") == testi[1]
        case DataInCifre() if len(testi[0]) == 16:
            return (testi[0][6:8] + testi[0][9:11]).isdigit()
        case CognomeDelCodiceFiscale() if len(testi[0]) == 16:
            lettere = lettere_cognome(testi[1])
            return not lettere or testi[0][:3] in lettere
        case NomeDelCodiceFiscale() if len(testi[0]) == 16:
            lettere = lettere_nome(testi[1])
            return not lettere or testi[0][3:6] in lettere
        case NonCodiceFiscale():
            return not sembra_codice_fiscale(testi[0])
        case Contiene(_, valori):
            return _contiene(testi[0], valori)
        case DallaTabella(_, _, tabella, prefisso):
            return tabella.get(testi[-1][:prefisso], testi[0]) == testi[0]
        case OgniBlocco(_, interno):
            return _ogni_blocco(interno, testi[0])
    return True


def interpreta(regole: Sequence[Regola], record: Record) -> tuple[int, ...]:
    """The places in `regole` of the rules that a record breaks."""
    return tuple(i for i, regola in enumerate(regole) if not vale(regola.controllo, record))


Verifica = Callable[..., tuple[int, ...]]
"""Canonical values, in the order given to `compila`, to the places of the broken rules."""


_NOMI_TENUTI: Final = 20_000


class _Lettere(dict[str, "tuple[str, ...]"]):
    """The memo of the letters of names. It starts again when it is full."""

    __slots__ = ("calcola",)

    def __init__(self, calcola: Callable[[str], tuple[str, ...]]) -> None:
        super().__init__()
        self.calcola = calcola

    def __missing__(self, nome: str) -> tuple[str, ...]:
        if len(self) >= _NOMI_TENUTI:
            self.clear()
        self[nome] = lettere = self.calcola(nome)
        return lettere


_ADDENDI_ESATTI: Final = 20


class _Scrittura:
    """Turns conditions into expressions over v0, v1, …; values become constants k0, k1, …

    An equality that several rules ask is computed once, into c0, c1, …
    """

    def __init__(self, campi: Sequence[str], ripetute: Iterable[Uguale] = ()) -> None:
        self.posizione = {campo: f"v{i}" for i, campo in enumerate(campi)}
        self.costanti: dict[str, object] = {
            "_senza_omocodia": senza_omocodia,
            "_in_ordine": _in_ordine,
            "_anni_tra": _anni_tra,
            "_in_vigore": _in_vigore,
            "_ogni_blocco": _ogni_blocco,
            "_contiene": _contiene,
            "_sembra_cf": sembra_codice_fiscale,
        }
        self.comuni: dict[Uguale, str] = {}
        self.righe: list[str] = []
        for uguale in ripetute:
            espressione = self.espressione(uguale)
            self.comuni[uguale] = f"c{len(self.comuni)}"
            self.righe.append(f"    {self.comuni[uguale]} = {espressione}")

    def costante(self, valore: object) -> str:
        nome = f"k{len(self.costanti)}"
        self.costanti[nome] = valore
        return nome

    def _cent(self, v: str) -> str:
        return f"int({v}[:-3] + {v}[-2:])"

    def _somma_uguale(self, addendi: Sequence[str], totale: str) -> str:
        """Amounts have at most fourteen digits (NUMERIC(14,2)), all of which a double holds: the
        sum of a few of them is less than half a cent from the true one, and reading a double is
        three times faster than an integer without its point."""
        v = self.posizione
        if len(addendi) > _ADDENDI_ESATTI:
            somma = " + ".join(
                f"({self._cent(v[a])} if {v[a]} is not None else 0)" for a in addendi
            )
            return f"({v[totale]} is None or {somma} == {self._cent(v[totale])})"
        somma = " + ".join(f"(float({v[a]}) if {v[a]} is not None else 0.0)" for a in addendi)
        resto = f"-0.005 < {somma or '0.0'} - float({v[totale]}) < 0.005"
        return f"({v[totale]} is None or {resto})"

    def espressione(self, controllo: Controllo) -> str:
        v = self.posizione
        match controllo:
            case Presente(campo):
                return f"({v[campo]} is not None)"
            case Assente(campo):
                return f"({v[campo]} is None)"
            case Uguale(campo, valore):
                comune = self.comuni.get(controllo)
                return comune or f"({v[campo]} == {self.costante(valore)})"
            case Uno(campo, valori):
                return f"({v[campo]} in {self.costante(frozenset(valori))})"
            case Tra(campo, minimo, massimo):
                x, k, m = v[campo], self.costante(minimo), self.costante(massimo)
                return f"({x} is None or {k} <= {x} <= {m})"
            case Lunghezza(campo, meno, piu):
                x, k, m = v[campo], self.costante(meno), self.costante(piu)
                return f"({x} is None or {k} <= len({x}) <= {m})"
            case Positivo(campo):
                # Canonical amounts have one way to write zero.
                return f"({v[campo]} != {self.costante('0.00')})"
            case SommaUguale(addendi, totale):
                return self._somma_uguale(addendi, totale)
            case StessoAnno(primo, secondo):
                x, y = v[primo], v[secondo]
                return f"({x} is None or {y} is None or {x}[:4] == {y}[:4])"
            case NonPrima(campo, riferimento):
                x, y = v[campo], v[riferimento]
                return f"({x} is None or {y} is None or {x}[:len({y})] >= {y})"
            case EntroAnni(primo, secondo, anni):
                x, y, k = v[primo], v[secondo], self.costante(anni)
                uguali = f"{x}[:4] == {y}[:4] or -{k} <= int({x}[:4]) - int({y}[:4]) <= {k}"
                return f"({x} is None or {y} is None or {uguali})"
            case TuttiONessuno(campi):
                nomi = [v[c] for c in campi]
                primo = nomi[0] if nomi else "None"
                uguali = " and ".join(f"({n} is None) is ({primo} is None)" for n in nomi[1:])
                return f"({uguali or 'True'})"
            case AlmenoUno(campi):
                return f"({' or '.join(f'{v[c]} is not None' for c in campi) or 'False'})"
            case AnnoDelCodiceFiscale(cf, anno):
                x, y = v[cf], v[anno]
                return (
                    f"({x} is None or {y} is None or {x}[6:8] == {y}[2:4] or len({x}) != 16"
                    f" or _senza_omocodia({x})[6:8] == {y}[2:4])"
                )
            case LuogoDelCodiceFiscale(cf, luogo):
                x, y = v[cf], v[luogo]
                return (
                    f"({x} is None or {y} is None or {x}[11:15] == {y} or len({x}) != 16"
                    f" or _senza_omocodia({x})[11:15] == {y})"
                )
            case GenereDelCodiceFiscale(cf, genere):
                # The tens of the day, plus four for women; Q R S T stand for 4 5 6 7 in omocodia.
                x, y, k = v[cf], v[genere], self.costante("4567QRST")
                return (
                    f"({x} is None or {y} is None or len({x}) != 16"
                    f" or ('F' if {x}[9] in {k} else 'M') == {y})"
                )
            case DataInCifre(cf):
                x = v[cf]
                return (
                    f"({x} is None or len({x}) != 16 or {x}[6:8].isdigit() and {x}[9:11].isdigit())"
                )
            case CognomeDelCodiceFiscale(cf, cognome) | NomeDelCodiceFiscale(cf, cognome):
                del_cognome = isinstance(controllo, CognomeDelCodiceFiscale)
                k = self.costante(_Lettere(lettere_cognome if del_cognome else lettere_nome))
                x, y, dove = v[cf], v[cognome], "[:3]" if del_cognome else "[3:6]"
                return (
                    f"({x} is None or {y} is None or {x}{dove} in {k}[{y}] or len({x}) != 16"
                    f" or not {k}[{y}])"
                )
            case NonCodiceFiscale(campo):
                return f"({v[campo]} is None or not _sembra_cf({v[campo]}))"
            case InVigore(campo, giorni, periodi):
                x, k = v[campo], self.costante(dict(periodi))
                date = ", ".join(v[g] for g in giorni)
                return f"({x} not in {k} or _in_vigore({k}[{x}], {date}))"
            case InOrdine(prima, dopo):
                x, y = v[prima], v[dopo]
                subito = f"len({x}) == len({y}) == 10 and {x} <= {y}"
                return f"({x} is None or {y} is None or {subito} or _in_ordine({x}, {y}))"
            case AnniTra(da, a, minimo, massimo):
                k, m = self.costante(minimo), self.costante(massimo)
                return f"_anni_tra({v[da]}, {v[a]}, {k}, {m})"
            case Contiene(campo, valori):
                return f"_contiene({v[campo]}, {self.costante(frozenset(valori))})"
            case DallaTabella(campo, riferimento, tabella, prefisso):
                x, y, k = v[campo], v[riferimento], self.costante(dict(tabella))
                quanti = self.costante(prefisso)
                return f"({x} is None or {y} is None or {k}.get({y}[:{quanti}], {x}) == {x})"
            case OgniBlocco(campo, interno):
                x, k = v[campo], self.costante(interno)
                return f"({x} is None or _ogni_blocco({k}, {x}))"
            case Se(condizione, allora):
                return f"(not {self.espressione(condizione)} or {self.espressione(allora)})"
            case E(termini):
                return f"({' and '.join(map(self.espressione, termini)) or 'True'})"
            case O(termini):
                return f"({' or '.join(map(self.espressione, termini)) or 'False'})"
            case Non(termine):
                return f"(not {self.espressione(termine)})"
            case _:
                raise TypeError(f"not in the vocabulary: {type(controllo).__name__}")


_VUOTA: Final[tuple[int, ...]] = ()


def compila(regole: Sequence[Regola], campi: Sequence[str]) -> Verifica:
    """One function that runs all the rules over canonical values given in the order of `campi`.

    Raises:
        KeyError: a rule reads a field that is not among `campi`.
        TypeError: a condition is not of the vocabulary.
    """
    chieste = Counter(
        foglia
        for regola in regole
        for foglia in foglie(regola.controllo)
        if isinstance(foglia, Uguale)
    )
    scrittura = _Scrittura(campi, [uguale for uguale, volte in chieste.items() if volte > 1])
    righe = [
        f"def verifica({', '.join(scrittura.posizione.values())}):",
        "    rotte = []",
        *scrittura.righe,
    ]
    for i, regola in enumerate(regole):
        righe.append(f"    if not {scrittura.espressione(regola.controllo)}: rotte.append({i})")
    righe.append("    return tuple(rotte) if rotte else _VUOTA")
    spazio: dict[str, Any] = {**scrittura.costanti, "_VUOTA": _VUOTA}
    exec(compile("\n".join(righe), "<regole>", "exec"), spazio)  # noqa: S102
    verifica: Verifica = spazio["verifica"]
    return verifica


_SEGNAPOSTO: Final = re.compile(r"\{([a-z0-9_]+)\}")


def segnaposti(messaggio: str) -> tuple[str, ...]:
    """The names between braces in a message."""
    return tuple(_SEGNAPOSTO.findall(messaggio))


def componi_messaggio(regola: Regola, record: Record, campi: Mapping[str, Campo]) -> str:
    """The message of a broken rule, with the values and the sum it names."""

    def valore(trovato: re.Match[str]) -> str:
        nome = trovato[1]
        if nome == "somma":
            for foglia in foglie(regola.controllo):
                if isinstance(foglia, SommaUguale):
                    cent = sum(
                        _centesimi(x) for x in map(record.get, foglia.addendi) if x is not None
                    )
                    return importo_leggibile(f"{cent // 100}.{cent % 100:02d}")
        canonico = record.get(nome)
        if canonico is None or nome not in campi:
            return "(vuoto)"
        return leggibile(campi[nome], canonico)

    return _SEGNAPOSTO.sub(valore, regola.messaggio)
