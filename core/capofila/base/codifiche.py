"""The code lists that this installation keeps, read once a revision by each process.

Whoever asks for the active plugins learns the revision in force with them, so a change made by one
process is seen by all the others at their next unit of work, and costs them one query then.
"""

from __future__ import annotations

from typing import Final

from capofila.base.database import unita_corrente
from capofila.base.plugin import Tenute
from capofila.hooks.codifiche import VoceCodifica

NESSUNA: Final = ""
"""The revision of an installation that has changed nothing."""

_lette: dict[str, Tenute] = {NESSUNA: {}}
_RICORDATE: Final = 4


async def revisione() -> str:
    """The revision in force: number and moment of the last one."""
    trovata: str | None = await unita_corrente().valore(
        "SELECT id || ' ' || quando FROM codifica_revisione ORDER BY id DESC LIMIT 1"
    )
    return trovata or NESSUNA


async def tenute(revisione: str) -> Tenute:
    """What the installation changed up to a revision.

    Args:
        revisione: number and moment of the last one, as :func:`revisione` reads it;
            the moment tells two databases apart.
    """
    trovate = _lette.get(revisione)
    if trovate is None:
        trovate = await _leggi(int(revisione.split(" ", 1)[0]))
        for vecchia in [una for una in _lette if una][: max(0, len(_lette) - _RICORDATE)]:
            del _lette[vecchia]
        _lette[revisione] = trovate
    return trovate


async def _leggi(revisione: int) -> Tenute:
    liste: dict[str, dict[str, VoceCodifica | None]] = {}
    for riga in await unita_corrente().righe(
        "SELECT DISTINCT ON (lista, codice) lista, codice, etichetta, fonte, dal, al, ritirata "
        "FROM codifica WHERE revisione <= $1 ORDER BY lista, codice, revisione DESC",
        revisione,
    ):
        liste.setdefault(riga["lista"], {})[riga["codice"]] = (
            None
            if riga["ritirata"]
            else VoceCodifica(
                riga["codice"],
                riga["etichetta"],
                riga["fonte"],
                dal=riga["dal"] and riga["dal"].isoformat(),
                al=riga["al"] and riga["al"].isoformat(),
            )
        )
    return liste
