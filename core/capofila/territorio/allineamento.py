"""How stored periods are brought to the declared ones without losing any.

Pure. Nothing is ever deleted: a period that the folder no longer declares is closed the day before
the one that takes its place, and stays as history. What cannot be told from a mistake (a period
that vanished and nothing follows) is a refusal, with the way to say what is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Generic, TypeVar

import msgspec

from capofila.territorio.rules import (
    UN_GIORNO,
    ConPeriodo,
    copre,
    in_parole,
    si_sovrappongono,
)

_P = TypeVar("_P", bound=ConPeriodo)


class Intervallo(msgspec.Struct, frozen=True):
    """Two days."""

    dal: date | None
    al: date | None


class Piano(msgspec.Struct, Generic[_P]):
    """What to do with the periods of one key, by the index of the stored ones."""

    aggiunte: list[_P] = []
    modifiche: list[tuple[int, _P]] = []
    chiusure: list[tuple[int, date]] = []
    invariati: int = 0
    rifiuti: list[str] = []


def _inizio(periodo: ConPeriodo) -> date:
    return periodo.dal or date.min


def _corregge(voluto: ConPeriodo, presente: ConPeriodo, voluti: Sequence[ConPeriodo]) -> bool:
    """Whether the first is the second with another first day.

    An earlier one is (its beginning became better known). A later one is only if the folder tells
    what there was in the days left behind; otherwise one thing ended and another began.
    """
    if _inizio(voluto) < _inizio(presente):
        return True
    return copre(voluti, Intervallo(presente.dal, _inizio(voluto) - UN_GIORNO))


def allinea(presenti: Sequence[ConPeriodo], voluti: Sequence[_P]) -> Piano[_P]:
    """Compare the stored periods of one key with the declared ones.

    A declared period is the stored one with the same first day, else the one whose beginning it
    corrects, else new.

    Args:
        presenti: as stored.
        voluti: as declared; they do not overlap one another.
    """
    piano: Piano[_P] = Piano()
    accoppiati: dict[int, _P] = {}
    liberi = sorted(voluti, key=_inizio)
    for indice, presente in enumerate(presenti):
        for voluto in liberi:
            if voluto.dal == presente.dal:
                accoppiati[indice] = voluto
                liberi.remove(voluto)
                break
    for indice, presente in enumerate(presenti):
        if indice in accoppiati:
            continue
        for voluto in liberi:
            if si_sovrappongono(voluto, presente) and _corregge(voluto, presente, voluti):
                accoppiati[indice] = voluto
                liberi.remove(voluto)
                break

    finali: list[Intervallo] = [Intervallo(voluto.dal, voluto.al) for voluto in voluti]
    for indice, presente in enumerate(presenti):
        if (voluto_suo := accoppiati.get(indice)) is not None:
            piano.modifiche.append((indice, voluto_suo))
            continue
        seguenti = [v for v in voluti if _inizio(v) > _inizio(presente)]
        prossimo = min(map(_inizio, seguenti), default=None)
        fine = presente.al
        if prossimo is not None and (fine is None or fine >= prossimo):
            fine = prossimo - UN_GIORNO
            piano.chiusure.append((indice, fine))
        elif fine is None:
            piano.rifiuti.append(
                f"il periodo {in_parole(presente)} era già registrato e non è più dichiarato: "
                "per chiuderlo lascia la riga e scrivi l'ultimo giorno in «al»"
            )
            continue
        else:
            piano.invariati += 1
        rimasto = Intervallo(presente.dal, fine)
        for altro in finali:
            if si_sovrappongono(rimasto, altro):
                piano.rifiuti.append(
                    f"il periodo dichiarato {in_parole(altro)} si sovrappone a quello già "
                    f"registrato {in_parole(rimasto)}: riporta anche questo nella cartella, con "
                    "le date giuste"
                )
                break
        finali.append(rimasto)
    piano.aggiunte.extend(liberi)
    return piano
