"""A file in JSON that somebody wrote by hand, in the form that a page of the documentation describes."""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec

from capofila.base.errori import DatiNonValidi

_T = TypeVar("_T")
_DOVE: Final = re.compile(r"at `(\$[^`]*)`")


def leggi_json(contenuto: bytes, forma: type[_T], *, massimo: int, che_cosa: str, guida: str) -> _T:
    """What a file says.

    Args:
        massimo: how large it may be, in bytes.
        che_cosa: what the file is, with its article, as in «una graduatoria».
        guida: the page with an example.

    Raises:
        DatiNonValidi: it is too large, or has not that form; where is said when it is known.
    """
    if len(contenuto) > massimo:
        raise DatiNonValidi(f"Il file è troppo grande: al massimo {massimo // 1_000_000} MB.")
    try:
        return msgspec.json.decode(contenuto, type=forma)
    except UnicodeDecodeError:
        raise DatiNonValidi(
            "Il file non è in UTF-8: salvalo di nuovo con quella codifica."
        ) from None
    except (msgspec.DecodeError, RecursionError) as errore:
        trovato = _DOVE.search(str(errore))
        dove = f" al posto «{trovato[1]}»" if trovato else ""
        raise DatiNonValidi(
            f"Il file non ha la forma di {che_cosa}{dove}: guarda l’esempio in {guida}."
        ) from None
