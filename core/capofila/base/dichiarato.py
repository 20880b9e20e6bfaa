"""Declared files: YAML, JSON and CSV read whole, checked whole, every fault with its place.

Scalars are read as text: a code beginning with zero is never a number. Keys given twice and keys
that nobody asked for are faults, since a misspelt one would otherwise be a fact silently lost.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from capofila.base.errori import DatiNonValidi

_T = TypeVar("_T")

DIMENSIONE_MASSIMA = 5_000_000
YAML_ILLEGGIBILE = "YAML non leggibile: controlla rientri, due punti e virgolette."


class Problema(msgspec.Struct, frozen=True, order=True):
    """What is wrong in a folder: where, and what to do."""

    file: str
    riga: int
    luogo: str
    motivo: str

    def __str__(self) -> str:
        dove = f"{self.file}, riga {self.riga}" if self.riga else self.file
        return f"{dove}{f' ({self.luogo})' if self.luogo else ''}: {self.motivo}"


class CartellaNonValida(DatiNonValidi):
    """A declared folder breaks the rules; nothing of it was stored."""

    def __init__(self, problemi: Iterable[Problema]) -> None:
        self.problemi = tuple(sorted(set(problemi)))
        n = len(self.problemi)
        quanti = "C'è un problema" if n == 1 else f"Ci sono {n} problemi"
        super().__init__(
            "\n".join(
                [
                    f"{quanti} nella cartella; non è stato salvato nulla.",
                    *(f"- {p}" for p in self.problemi),
                ]
            )
        )


# YAML with line numbers, text scalars and no key given twice.


class _Mappa(dict[str, Any]):
    riga = 0
    righe: dict[str, int]


class _Elenco(list[Any]):
    riga = 0


class _ChiaveErrata(yaml.MarkedYAMLError):
    """A fault that this module found, with its own sentence."""


class _Lettore(yaml.SafeLoader):
    """Scalars stay text; mappings and lists know their lines."""


_Lettore.yaml_implicit_resolvers = {}


def _costruisci_mappa(lettore: _Lettore, nodo: yaml.MappingNode) -> _Mappa:
    mappa = _Mappa()
    mappa.riga = nodo.start_mark.line + 1
    mappa.righe = {}
    for nodo_chiave, nodo_valore in nodo.value:
        if not isinstance(nodo_chiave, yaml.ScalarNode):
            raise _ChiaveErrata(
                problem="una chiave deve essere un testo.", problem_mark=nodo_chiave.start_mark
            )
        chiave = nodo_chiave.value
        if chiave in mappa:
            raise _ChiaveErrata(
                problem=f"la chiave «{chiave}» è scritta due volte: tienine una.",
                problem_mark=nodo_chiave.start_mark,
            )
        mappa[chiave] = lettore.construct_object(nodo_valore, deep=True)
        mappa.righe[chiave] = nodo_chiave.start_mark.line + 1
    return mappa


def _costruisci_elenco(lettore: _Lettore, nodo: yaml.SequenceNode) -> _Elenco:
    elenco = _Elenco(lettore.construct_object(v, deep=True) for v in nodo.value)
    elenco.riga = nodo.start_mark.line + 1
    return elenco


_Lettore.add_constructor("tag:yaml.org,2002:map", _costruisci_mappa)
_Lettore.add_constructor("tag:yaml.org,2002:seq", _costruisci_elenco)


# Reading, collecting every fault.


class Raccolta:
    """The faults found so far, and the values that could be read in spite of them."""

    def __init__(self, cartella: str) -> None:
        self.cartella = cartella
        self.problemi: list[Problema] = []
        self.fonti: Mapping[str, str] = {}

    def segnala(self, file: str, riga: int, motivo: str, luogo: str = "") -> None:
        self.problemi.append(Problema(f"{self.cartella}/{file}", riga, luogo, motivo))


class Voce:
    """One record, of a CSV row or of a YAML mapping: its fields, each read once, with its place."""

    def __init__(
        self,
        raccolta: Raccolta,
        file: str,
        valori: Mapping[str, Any],
        riga: int,
        luogo: str = "",
        righe: Mapping[str, int] | None = None,
    ) -> None:
        self._raccolta, self._file, self._valori = raccolta, file, valori
        self.riga, self._luogo, self._righe = riga, luogo, righe or {}
        self._letti: set[str] = set()
        self.valida = True

    def segnala(self, motivo: str, chiave: str = "") -> None:
        """Something is wrong here."""
        self.valida = False
        luogo = ".".join(parte for parte in (self._luogo, chiave) if parte)
        self._raccolta.segnala(self._file, self._righe.get(chiave, self.riga), motivo, luogo)

    def segnala_alla(self, riga: int, motivo: str, chiave: str = "") -> None:
        """Something is wrong at a line, which only what stands elsewhere shows."""
        self.valida = False
        self._raccolta.segnala(self._file, riga or self.riga, motivo, chiave)

    def nomi(self) -> list[str]:
        """The keys that it has."""
        return [*self._valori]

    def facoltativo(self, chiave: str) -> str | None:
        """A text, or None when it is missing or empty."""
        self._letti.add(chiave)
        valore = self._valori.get(chiave)
        if valore is None:
            return None
        if not isinstance(valore, str):
            self.segnala("qui ci vuole un solo valore.", chiave)
            return None
        testo = " ".join(valore.split())
        if testo.startswith("#"):
            self.segnala(
                "il valore comincia con «#»: se è un commento, mettilo su un'altra riga.", chiave
            )
        return testo or None

    def testo(self, chiave: str, forma: re.Pattern[str] | None = None, esempio: str = "") -> str:
        """A text that must be there, and have a form."""
        valore = self.facoltativo(chiave)
        if valore is None:
            self.segnala("manca: scrivi un valore.", chiave)
            return ""
        return self._nella_forma(chiave, valore, forma, esempio)

    def codice(self, chiave: str, forma: re.Pattern[str], esempio: str) -> str | None:
        """A text that may be missing, but has a form."""
        valore = self.facoltativo(chiave)
        return None if valore is None else self._nella_forma(chiave, valore, forma, esempio)

    def _nella_forma(
        self, chiave: str, valore: str, forma: re.Pattern[str] | None, esempio: str
    ) -> str:
        if forma is not None and not forma.fullmatch(valore):
            self.segnala(f"«{valore[:60]}» non va bene: scrivi per esempio {esempio}.", chiave)
        return valore

    def data(self, chiave: str) -> date | None:
        """A day, or None."""
        valore = self.facoltativo(chiave)
        if valore is None:
            return None
        try:
            letta = date.fromisoformat(valore)
            if letta.isoformat() != valore:  # 20250101, 2025-W01-1
                raise ValueError
            return letta
        except ValueError:
            self.segnala(f"«{valore}» non è una data: scrivila come 2015-05-01.", chiave)
            return None

    def data_certa(self, chiave: str) -> date:
        """A day that must be there."""
        valore = self.data(chiave)
        if valore is None:
            if not self._valori.get(chiave):
                self.segnala("manca: scrivi una data come 2015-05-01.", chiave)
            return date.min
        return valore

    def periodo(self) -> tuple[date | None, date | None]:
        """``dal`` and ``al``, in order."""
        dal, al = self.data("dal"), self.data("al")
        if dal is not None and al is not None and al < dal:
            self.segnala(f"finisce il {al}, prima di cominciare il {dal}.", "al")
        return dal, al

    def intero(self, chiave: str, minimo: int, massimo: int) -> int | None:
        """A whole number, or None."""
        valore = self.facoltativo(chiave)
        if valore is None:
            return None
        cifre = len(valore) < 19 and valore.isascii() and valore.isdigit()
        if not cifre or not minimo <= int(valore) <= massimo:
            self.segnala(
                f"«{valore[:60]}» non va bene: scrivi un numero intero fra {minimo} e {massimo}.",
                chiave,
            )
            return None
        return int(valore)

    def decimale(
        self, chiave: str, *, massimo: int, decimali: int, esempio: str, minimo: int | None = None
    ) -> Decimal | None:
        """A number with a point, or None; with no more decimals than these."""
        valore = self.facoltativo(chiave)
        if valore is None:
            return None
        try:
            # Python reads also 3_000 and the digits of other scripts.
            numero = Decimal(valore if valore.isascii() and "_" not in valore else "NaN")
        except InvalidOperation:
            numero = Decimal("NaN")
        basso = -massimo if minimo is None else minimo
        if not numero.is_finite() or not basso <= numero <= massimo:
            self.segnala(f"«{valore}» non va bene: scrivi per esempio {esempio}.", chiave)
            return None
        tondo = numero.quantize(Decimal(1).scaleb(-decimali))
        if tondo != numero:
            self.segnala(f"«{valore}» ha troppi decimali: scrivine {decimali} al più.", chiave)
            return None
        return tondo

    def scelta(self, chiave: str, ammessi: Mapping[str, _T], predefinito: _T) -> _T:
        """One of a few words."""
        valore = self.facoltativo(chiave)
        if valore is None:
            return predefinito
        if valore not in ammessi:
            self.segnala(f"«{valore}» non va bene: scegli fra {', '.join(ammessi)}.", chiave)
            return predefinito
        return ammessi[valore]

    def fonte(self, chiave: str = "fonte") -> str:
        """The source in full, from its key."""
        nome = self.testo(chiave)
        if nome and nome not in self._raccolta.fonti:
            self.segnala(f"la fonte «{nome}» non è fra le fonti dichiarate.", chiave)
        return self._raccolta.fonti.get(nome, "")

    def elenco(self, chiave: str) -> list[Voce]:
        """A list of mappings, each a record."""
        self._letti.add(chiave)
        voci: list[Voce] = []
        for numero, valore in enumerate(self._lista(chiave), 1):
            luogo = ".".join(p for p in (self._luogo, f"{chiave}[{numero}]") if p)
            if isinstance(valore, _Mappa):
                voci.append(
                    Voce(self._raccolta, self._file, valore, valore.riga, luogo, valore.righe)
                )
            else:
                self.segnala("ogni voce dell'elenco deve avere le sue chiavi.", chiave)
        return voci

    def testi(self, chiave: str) -> list[str]:
        """A list of texts."""
        self._letti.add(chiave)
        testi = []
        for valore in self._lista(chiave):
            if isinstance(valore, str) and valore.strip():
                testi.append(valore.strip())
            else:
                self.segnala("ogni voce dell'elenco deve essere un testo.", chiave)
        return testi

    def _lista(self, chiave: str) -> list[Any]:
        valore = self._valori.get(chiave)
        if valore is None or valore == "":
            return []
        if not isinstance(valore, list):
            self.segnala("qui ci vuole un elenco.", chiave)
            return []
        return valore

    def mappa(self, chiave: str) -> Voce:
        """A mapping inside this one; an empty one when it is missing."""
        self._letti.add(chiave)
        valore = self._valori.get(chiave)
        luogo = ".".join(p for p in (self._luogo, chiave) if p)
        if isinstance(valore, _Mappa):
            return Voce(self._raccolta, self._file, valore, valore.riga, luogo, valore.righe)
        if valore not in (None, ""):
            self.segnala("qui ci vogliono delle chiavi.", chiave)
        return Voce(self._raccolta, self._file, {}, self._righe.get(chiave, self.riga), luogo)

    def tutto_letto(self) -> None:
        """Report the keys that nobody asked for."""
        for chiave in self._valori:
            if chiave not in self._letti:
                self.segnala(
                    "chiave sconosciuta: controlla come è scritta, o toglila.", str(chiave)
                )

    def chiavi(self) -> dict[str, str]:
        """Every key with its text: for the sources."""
        return {chiave: self.testo(chiave) for chiave in self._valori}


def _testo_del_file(raccolta: Raccolta, radice: Path, file: str, *, serve: bool) -> str | None:
    percorso = radice / file
    try:
        if not percorso.is_file():
            if serve:
                raccolta.segnala(file, 0, "il file manca: aggiungilo.")
            return None
        if percorso.stat().st_size > DIMENSIONE_MASSIMA:
            raccolta.segnala(file, 0, "il file è troppo grande per una cartella di configurazione.")
            return None
        return percorso.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as errore:
        riga = errore.object[: errore.start].count(b"\n") + 1
        raccolta.segnala(file, riga, "il testo non è UTF-8: salva il file in UTF-8.")
    except OSError:
        raccolta.segnala(file, 0, "il file non si può leggere: controlla i permessi.")
    return None


def leggi_yaml(raccolta: Raccolta, radice: Path, file: str, *, serve: bool) -> Voce | None:
    testo = _testo_del_file(raccolta, radice, file, serve=serve)
    if testo is None:
        return None
    try:
        valore = yaml.load(testo, _Lettore)  # noqa: S506  (a SafeLoader with text scalars)
    except yaml.MarkedYAMLError as errore:
        segno = errore.problem_mark
        motivo = errore.problem if isinstance(errore, _ChiaveErrata) else None
        raccolta.segnala(file, segno.line + 1 if segno else 0, motivo or YAML_ILLEGGIBILE)
        return None
    except (yaml.YAMLError, RecursionError):
        raccolta.segnala(file, 0, YAML_ILLEGGIBILE)
        return None
    if not isinstance(valore, _Mappa):
        raccolta.segnala(file, 1, "il file deve contenere delle chiavi.")
        return None
    return Voce(raccolta, file, valore, valore.riga, "", valore.righe)


class _JsonErrato(ValueError):
    """A fault of a JSON text that the parser of Python lets pass."""


def leggi_json(raccolta: Raccolta, contenuto: bytes, file: str) -> Voce | None:
    """A JSON object as a record; figures as they are written, ``true`` as ``si``.

    A fault of the syntax has its line; one of what is said has its path, counted from 1.
    """

    def mappa(coppie: list[tuple[str, Any]]) -> _Mappa:
        trovata = _Mappa()
        trovata.righe = {}
        for chiave, valore in coppie:
            if chiave in trovata:
                raise _JsonErrato(f"la chiave «{chiave[:60]}» è scritta due volte: tienine una.")
            trovata[_scalare(chiave)] = _scalare(valore)
        return trovata

    def costante(nome: str) -> None:
        raise _JsonErrato(f"«{nome}» non è una cifra: scrivi un numero.")

    try:
        valore = json.loads(
            contenuto.decode("utf-8-sig"), object_pairs_hook=mappa, parse_int=str,
            parse_float=str, parse_constant=costante,
        )  # fmt: skip
    except json.JSONDecodeError as errore:
        raccolta.segnala(
            file, errore.lineno,
            f"JSON non leggibile alla colonna {errore.colno}: controlla virgole, virgolette e "
            "parentesi.",
        )  # fmt: skip
        return None
    except UnicodeDecodeError as errore:
        riga = errore.object[: errore.start].count(b"\n") + 1
        raccolta.segnala(file, riga, "il testo non è UTF-8: salva il file in UTF-8.")
        return None
    except _JsonErrato as errore:
        raccolta.segnala(file, 0, str(errore))
        return None
    except RecursionError:
        raccolta.segnala(file, 0, "JSON troppo annidato: controlla le parentesi.")
        return None
    if not isinstance(valore, _Mappa):
        raccolta.segnala(file, 1, "il file deve contenere delle chiavi, fra graffe.")
        return None
    return Voce(raccolta, file, valore, 0)


def _scalare(valore: Any) -> Any:
    if isinstance(valore, str) and not valore.isascii():
        try:
            valore.encode()
        except UnicodeEncodeError:
            raise _JsonErrato("c'è mezzo carattere, come «\\ud800»: riscrivilo.") from None
    if isinstance(valore, bool):
        return "si" if valore else "no"
    return [_scalare(uno) for uno in valore] if isinstance(valore, list) else valore


def leggi_csv(raccolta: Raccolta, radice: Path, file: str, colonne: Sequence[str]) -> list[Voce]:
    testo = _testo_del_file(raccolta, radice, file, serve=True)
    if testo is None:
        return []
    lettore = csv.reader(io.StringIO(testo, newline=""), strict=True)
    voci: list[Voce] = []
    try:
        intestazione = next(lettore, [])
        for nome in intestazione:
            if nome not in colonne:
                raccolta.segnala(file, 1, f"colonna sconosciuta «{nome}».")
        for nome in colonne:
            if nome not in intestazione:
                raccolta.segnala(file, 1, f"manca la colonna «{nome}».")
        if list(dict.fromkeys(intestazione)) != intestazione:
            raccolta.segnala(file, 1, "una colonna è ripetuta.")
        if set(intestazione) != set(colonne):
            return []
        for valori in lettore:
            if not any(valori):
                continue
            if len(valori) != len(intestazione):
                raccolta.segnala(
                    file,
                    lettore.line_num,
                    f"ci sono {len(valori)} valori, ne servono {len(intestazione)}.",
                )
                continue
            voci.append(
                Voce(raccolta, file, dict(zip(intestazione, valori, strict=True)), lettore.line_num)
            )
    except csv.Error:
        raccolta.segnala(file, lettore.line_num, "riga CSV non leggibile: controlla le virgolette.")
    return voci
