"""Code lists that a plugin declares and an installation keeps: the reference tables of the receivers.

A receiver changes its codes more often than a plugin changes its version. So a plugin declares the
lists that its flows use, with what its sources give, and each installation may add codes, close them
on a day and correct labels; the flows are then made from the lists in force. What no source gives is
not declared; a code that is proved to exist but whose name is not known has no label, and stands as
«da caricare».
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

_PEZZI: Final = re.compile(r"([^0-9]*)([0-9]*)", re.ASCII)


class VoceCodifica(msgspec.Struct, frozen=True):
    """A code of a list.

    Attributes:
        codice: as the receiver writes it.
        etichetta: what it means; None when no source gave it.
        fonte: where the code was found.
        dal: first day of validity (ISO), None when not known.
        al: last day of validity (ISO), None when still in force.
    """

    codice: str
    etichetta: str | None
    fonte: str
    dal: str | None = None
    al: str | None = None

    @property
    def da_caricare(self) -> bool:
        """Whether its label is still to be found."""
        return self.etichetta is None


class ListaCodici(msgspec.Struct, frozen=True, kw_only=True):
    """A list that a plugin declares.

    Attributes:
        id: stable name, beginning with the id of the plugin and a hyphen.
        denominazione: for people, in Italian.
        fonte: who keeps the list.
        voci: what the plugin's sources give.
        forma: a regular expression for the codes.
        etichetta: least and most characters of a label.
        nota: what whoever edits it must know.
        supposta: why the codes declared are supposed and not known, where they are; empty otherwise.
            Each of them is to be confirmed until the installation writes it with its own source.
    """

    id: str
    denominazione: str
    fonte: str
    voci: tuple[VoceCodifica, ...]
    forma: str = r"[A-Za-z0-9.]{1,10}"
    etichetta: tuple[int, int] = (1, 200)
    nota: str = ""
    supposta: str = ""

    def da_confermare(self, voce: VoceCodifica) -> bool:
        """Whether a code stands as the plugin supposed it."""
        return bool(self.supposta) and voce in self.voci


Codifiche = Mapping[str, tuple[VoceCodifica, ...]]
"""The lists in force, by their id."""


def in_vigore(
    liste: Iterable[ListaCodici], tenute: Mapping[str, Mapping[str, VoceCodifica | None]]
) -> dict[str, tuple[VoceCodifica, ...]]:
    """The lists as an installation keeps them, each in the order of its codes.

    Args:
        liste: what the plugins declare.
        tenute: what the installation changed, by list and code; None where a code was withdrawn.
    """
    trovate = {}
    for lista in liste:
        voci: dict[str, VoceCodifica | None] = {voce.codice: voce for voce in lista.voci}
        voci.update(tenute.get(lista.id, {}))
        trovate[lista.id] = tuple(
            voce for codice in sorted(voci, key=ordine) if (voce := voci[codice]) is not None
        )
    return trovate


def ordine(codice: str) -> tuple[tuple[str, int], ...]:
    """Codes in the order in which people count: 2 before 10, A1.5 before A1.10."""
    return tuple(
        (lettere, int(cifre or -1)) for lettere, cifre in _PEZZI.findall(codice) if lettere or cifre
    )
