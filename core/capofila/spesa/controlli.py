"""What the checks of a form find in the sheet of a comune. Pure.

A finding stands at a cell, written area/voce/gestione/modalità/column; those that look at a whole
voce leave the ways empty, and those of the sheet have the field, or the column, alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from capofila.hooks import ModuloSpesa
from capofila.hooks.spesa import (
    Anomalia,
    Coppia,
    GiornoTra,
    LunghezzaTesto,
    RegolaSpesa,
    SommaSpesa,
    Variazione,
)
from capofila.spesa.rules import (
    ZERO,
    RigaSpesa,
    anomali,
    coppia_rispettata,
    giorno_ammesso,
    lunghezza_ammessa,
    somma_rispettata,
    variazione_ammessa,
)

SBILANCIO = "sbilancio"
OBBLIGATORIO = "campo_obbligatorio"


class Eccezione(msgspec.Struct, frozen=True, kw_only=True):
    """Why a finding is right as it is, for the values that it was found on."""

    regola: str
    cella: str
    valori: str
    motivo: str


class Rilievo(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a check found.

    Attributes:
        valori: what it was found on; an exception holds for these only.
        motivo: of the exception that explains it; None when nobody has.
    """

    regola: str
    gravita: Literal["errore", "avviso"]
    cella: str
    valori: str
    messaggio: str
    eccepibile: bool
    motivo: str | None = None

    @property
    def aperto(self) -> bool:
        """Whether it still waits for a remedy or a reason."""
        return self.motivo is None


class DaEsaminare(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet with what its checks compare it to.

    Attributes:
        righe: of the comune in the year; `prima`: in the year before, empty when there are none.
        valori: fields of the sheet.
        spese: total by comune of those that can be seen; `abitanti`: of the same year.
    """

    istat: str
    anno: int
    righe: tuple[RigaSpesa, ...]
    prima: tuple[RigaSpesa, ...] = ()
    valori: Mapping[str, str] = {}
    spese: Mapping[str, Decimal] = {}
    abitanti: Mapping[str, int] = {}


def chiave(riga: RigaSpesa) -> str:
    """What a line is about, as a cell without its column."""
    return f"{riga.area}/{riga.voce}/{riga.gestione}/{riga.modalita}"


def esamina(
    modulo: ModuloSpesa, scheda: DaEsaminare, eccezioni: Iterable[Eccezione] = ()
) -> list[Rilievo]:
    """Every finding of a sheet, those that were explained included, errors first."""
    spiegate = {(una.regola, una.cella, una.valori): una.motivo for una in eccezioni}
    trovati = [
        *(uno for regola in modulo.controlli for uno in _trova(regola, scheda)),
        *_sbilanci(modulo, scheda),
        *_mancanti(modulo, scheda),
    ]
    con_motivo = (
        msgspec.structs.replace(uno, motivo=spiegate.get((uno.regola, uno.cella, uno.valori)))
        if uno.eccepibile
        else uno
        for uno in trovati
    )
    return sorted(con_motivo, key=lambda uno: (uno.gravita != "errore", uno.cella, uno.regola))


def errori_aperti(rilievi: Iterable[Rilievo]) -> int:
    """How many keep the sheet from being complete."""
    return sum(uno.gravita == "errore" and uno.aperto for uno in rilievi)


def _rilievo(regola: RegolaSpesa, cella: str, valori: str) -> Rilievo:
    return Rilievo(
        regola=regola.codice, gravita=regola.gravita, cella=cella, valori=valori[:400],
        messaggio=regola.messaggio, eccepibile=regola.eccepibile,
    )  # fmt: skip


def _trova(regola: RegolaSpesa, scheda: DaEsaminare) -> Iterator[Rilievo]:
    controllo = regola.controllo
    match controllo:
        case SommaSpesa() | Coppia():
            for riga in scheda.righe:
                rispettata = (
                    somma_rispettata(controllo, riga)
                    if isinstance(controllo, SommaSpesa)
                    else coppia_rispettata(controllo, riga)
                )
                if not rispettata:
                    yield _rilievo(regola, f"{chiave(riga)}/{regola.campo}", _valori(riga))
        case Variazione():
            adesso, prima = (
                _per_voce(righe, controllo.campo) for righe in (scheda.righe, scheda.prima)
            )
            if not scheda.prima:
                return
            for voce in sorted({*adesso, *prima}):
                ora, allora = adesso.get(voce, ZERO), prima.get(voce, ZERO)
                if not variazione_ammessa(controllo, allora, ora):
                    yield _rilievo(regola, f"{voce}///{regola.campo}", f"{allora} {ora}")
        case Anomalia():
            z = anomali(controllo, scheda.spese, scheda.abitanti).get(scheda.istat)
            if z is not None:
                yield _rilievo(regola, regola.campo, str(scheda.spese[scheda.istat]))
        case LunghezzaTesto():
            testo = scheda.valori.get(controllo.campo, "")
            if not lunghezza_ammessa(controllo, testo):
                yield _rilievo(regola, regola.campo, testo)
        case GiornoTra():
            giorno = _giorno(scheda.valori.get(controllo.campo, ""))
            if giorno is not None and not giorno_ammesso(controllo, giorno, scheda.anno):
                yield _rilievo(regola, regola.campo, giorno.isoformat())


def _sbilanci(modulo: ModuloSpesa, scheda: DaEsaminare) -> Iterator[Rilievo]:
    """The identity holds whatever a form declares; a form that checks it says it in its words."""
    somme = [r.controllo for r in modulo.controlli if isinstance(r.controllo, SommaSpesa)]
    for riga in scheda.righe:
        if riga.sbilancio and all(somma_rispettata(una, riga) for una in somme):
            yield Rilievo(
                regola=SBILANCIO, gravita="errore", cella=f"{chiave(riga)}/spesa",
                valori=_valori(riga), eccepibile=False,
                messaggio="quote e fonti non fanno la spesa: correggere l'importo che manca o avanza",
            )  # fmt: skip


def _mancanti(modulo: ModuloSpesa, scheda: DaEsaminare) -> Iterator[Rilievo]:
    for campo in modulo.campi:
        testo = scheda.valori.get(campo.codice, "").strip()
        sbagliato = campo.tipo == "giorno" and testo and _giorno(testo) is None
        if sbagliato or (campo.obbligatorio and not testo):
            yield Rilievo(
                regola=OBBLIGATORIO, gravita="errore", cella=campo.codice, valori=testo[:400],
                eccepibile=False,
                messaggio=(
                    f"{campo.etichetta}: non è un giorno, scriverlo come 2025-03-31"
                    if sbagliato else f"{campo.etichetta}: scriverlo, il modulo lo chiede"
                ),
            )  # fmt: skip


def _valori(riga: RigaSpesa) -> str:
    fonti = " ".join(f"{nome}={riga.fonti[nome]}" for nome in sorted(riga.fonti))
    return f"{riga.utenti} {riga.spesa} {riga.quota_utenti} {riga.quota_ssn} {fonti}"


def _per_voce(righe: Iterable[RigaSpesa], campo: str) -> dict[str, Decimal]:
    somme: dict[str, Decimal] = {}
    for riga in righe:
        nome = f"{riga.area}/{riga.voce}"
        somme[nome] = somme.get(nome, ZERO) + (riga.valore(campo) or ZERO)
    return somme


def _giorno(testo: str) -> date | None:
    try:
        return date.fromisoformat(testo.strip())
    except ValueError:
        return None
