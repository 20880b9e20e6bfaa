"""What changes from one version of a plugin to another: their answers to the same questions, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

_CHIAVI: Final = ("codice", "id", "nome", "categoria", "materia", "campo")
"""Fields by which the elements of a list are known again, whatever their order."""

MOSTRATI: Final = 300
"""Characters of a value that are shown."""


class Differenza(msgspec.Struct, frozen=True):
    """One thing that is not as before.

    Attributes:
        domanda: which hook, asked about what.
        dove: the way to the value.
        prima, dopo: as text; None where it is not there.
    """

    domanda: str
    dove: str
    prima: str | None
    dopo: str | None


def differenze(
    prima: Mapping[str, Any],
    dopo: Mapping[str, Any],
    *,
    mostra: Callable[[Any], Any] | None = None,
    una_volta: bool = True,
) -> Iterator[Differenza]:
    """The differences, in the order of the questions.

    Args:
        prima, dopo: answers by question.
        mostra: makes of a value what is shown of it; by default its JSON.
        una_volta: the same difference in the answers about several years is told once, for the first
            of them.
    """
    mostra = mostra or _mostra
    gia: set[tuple[str, str, str | None, str | None]] = set()
    for domanda in dict.fromkeys((*prima, *dopo)):
        for dove, una, altra in _fra(prima.get(domanda), dopo.get(domanda), ""):
            differenza = Differenza(domanda, dove, mostra(una), mostra(altra))
            if not una_volta:
                yield differenza
                continue
            chiave = (domanda.partition("(")[0], dove, differenza.prima, differenza.dopo)
            if chiave not in gia:
                gia.add(chiave)
                yield differenza


def _fra(una: Any, altra: Any, dove: str) -> Iterator[tuple[str, Any, Any]]:
    if una == altra:
        return
    if isinstance(una, Mapping) and isinstance(altra, Mapping):
        for chiave in dict.fromkeys((*una, *altra)):
            yield from _fra(
                una.get(chiave), altra.get(chiave), f"{dove}.{chiave}" if dove else chiave
            )
    elif _elenco(una) and _elenco(altra):
        prime, seconde = _per_nome(una), _per_nome(altra)
        for nome in dict.fromkeys((*prime, *seconde)):
            yield from _fra(prime.get(nome), seconde.get(nome), f"{dove}[{nome}]")
    else:
        yield dove, una, altra


def _elenco(valore: Any) -> bool:
    return isinstance(valore, Sequence) and not isinstance(valore, str)


def _per_nome(elenco: Sequence[Any]) -> dict[str, Any]:
    """The elements by what they are called, or by their place when a name is missing or repeated."""
    for chiave in _CHIAVI:
        nomi = [uno.get(chiave) if isinstance(uno, Mapping) else None for uno in elenco]
        if elenco and all(isinstance(nome, str) for nome in nomi) and len({*nomi}) == len(nomi):
            return dict(zip(map(str, nomi), elenco, strict=True))
    return {str(n): uno for n, uno in enumerate(elenco, 1)}


def _mostra(valore: Any) -> str | None:
    if valore is None:
        return None
    testo = (
        valore if isinstance(valore, str) else msgspec.json.encode(valore, order="sorted").decode()
    )
    return testo if len(testo) <= MOSTRATI else testo[:MOSTRATI] + "…"
