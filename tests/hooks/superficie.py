"""The public surface of the contract, written line by line: ``python -m tests.hooks.superficie``.

A file for each minor. The lines are what a plugin can see (names, fields with their types and
defaults, signatures, values of the enumerations) and, at the end, a digest of what each module does:
its syntax without the docstrings. So a change of the contract is a change of a file, and a minor
that is closed has its file's digest in the test.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import io
import pkgutil
import re
import tokenize
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec

import capofila.hooks
from capofila.hooks import CONTRATTO, specifiche

CARTELLA: Final = Path(__file__).resolve().parent / "superficie"

CHIUSI: Final = {
    "1.5": "f2f331a32091d6060a303ce42b5a3f2fb29a6c0b0cbcca3e9833d0dc55fa3c95",
}
"""The digest of the surface of each minor that is closed: those files never change again."""


def righe() -> list[str]:
    """The surface of today, sorted."""
    trovate = [f"hook {nome}{inspect.signature(funzione)}" for nome, funzione in _hook()]
    for nome in capofila.hooks.__all__:
        trovate += _di(nome, getattr(capofila.hooks, nome))
    for modulo in _moduli():
        trovate.append(f"semantica {modulo.stem} {_impronta(modulo)}")
    return sorted({*trovate})


def _hook() -> Iterator[tuple[str, object]]:
    for nome, funzione in vars(specifiche).items():
        if hasattr(funzione, "capofila_spec"):
            yield nome, funzione


def _di(nome: str, valore: object) -> Iterator[str]:
    if isinstance(valore, type) and issubclass(valore, msgspec.Struct):
        for campo in msgspec.structs.fields(valore):
            tipo = inspect.get_annotations(_dove(valore, campo.name))[campo.name]
            predefinito = "" if campo.required else f" = {_testo(campo.default)}"
            yield f"{nome}.{campo.name}: {tipo}{predefinito}"
        yield f"{nome} è una struttura"
    elif isinstance(valore, type) and issubclass(valore, Enum):
        yield from (f"{nome}.{voce.name} = {voce.value!r}" for voce in valore)
    elif inspect.isfunction(valore):
        yield f"{nome}{inspect.signature(valore)}".replace(repr(CONTRATTO), "CONTRATTO")
    elif inspect.ismodule(valore):
        for altro, contenuto in sorted(vars(valore).items()):
            if getattr(contenuto, "__module__", "") == valore.__name__ and altro[0] != "_":
                yield from _di(f"{nome}.{altro}", contenuto)
    else:
        yield f"{nome}: {type(valore).__name__}"


def _dove(struttura: type, campo: str) -> type:
    return next(c for c in struttura.__mro__ if campo in inspect.get_annotations(c))


def _testo(valore: object) -> str:
    """A default, the same in every process."""
    if valore is msgspec.NODEFAULT:
        return "…"
    if isinstance(valore, frozenset):
        return f"frozenset({sorted(map(str, valore))})"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(valore))


def _moduli() -> list[Path]:
    cartella = Path(str(capofila.hooks.__file__)).parent
    nomi = sorted(uno.name for uno in pkgutil.iter_modules([str(cartella)]))
    return [
        Path(str(importlib.import_module(f"capofila.hooks.{nome}").__file__))
        for nome in nomi
        # Its constant is the version itself, and the other two have nothing that acts.
        if nome not in ("specifiche", "marcatori")
    ]


def _impronta(modulo: Path) -> str:
    """The digest of what a module does: comments, docstrings and the version itself left out.

    Taken from the text, since the same syntax is spelled differently by different Pythons.
    """
    testo = modulo.read_text("utf-8")
    tolte: set[int] = set()
    for nodo in ast.walk(ast.parse(testo)):
        corpo = getattr(nodo, "body", None)
        for uno in corpo if isinstance(corpo, list) else ():
            if _muto(uno):
                tolte |= {*range(uno.lineno, (uno.end_lineno or uno.lineno) + 1)}
    righe = testo.splitlines()
    for pezzo in tokenize.generate_tokens(io.StringIO(testo).readline):
        if pezzo.type == tokenize.COMMENT:
            riga, colonna = pezzo.start
            righe[riga - 1] = righe[riga - 1][:colonna]
    piene = [r.rstrip() for n, r in enumerate(righe, 1) if n not in tolte and r.strip()]
    return hashlib.sha256("\n".join(piene).encode()).hexdigest()[:16]


def _muto(nodo: ast.stmt) -> bool:
    if isinstance(nodo, ast.Expr) and isinstance(nodo.value, ast.Constant):
        return isinstance(nodo.value.value, str)
    return isinstance(nodo, ast.AnnAssign) and getattr(nodo.target, "id", "") == "CONTRATTO"


def file(minore: str) -> Path:
    """Where the surface of a minor is written."""
    return CARTELLA / f"{minore}.txt"


def main() -> None:
    """Write the surface of the minor that is open."""
    if CONTRATTO in CHIUSI:
        raise SystemExit(f"Contract {CONTRATTO} is closed: raise CONTRATTO first.")
    file(CONTRATTO).write_text("\n".join([*righe(), ""]), "utf-8")


if __name__ == "__main__":
    main()
