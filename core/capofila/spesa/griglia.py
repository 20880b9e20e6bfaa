"""The grid of a sheet: its lines as cells that are typed in, each with what is to be said of it. Pure.

A line is named in the page by a short digest of what it is found by, so that ids hold while others
add lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from capofila.hooks import ModuloSpesa
from capofila.hooks.campi import Rifiuto, leggi_importo
from capofila.hooks.spesa import IMPORTI, UTENTI
from capofila.spesa.controlli import Rilievo
from capofila.spesa.rules import ZERO, RigaSpesa, sommate

NOMI: Final[Mapping[str, str]] = {
    UTENTI: "Utenti", "spesa": "Spesa", "quota_utenti": "Quota utenti", "quota_ssn": "Quota SSN",
}  # fmt: skip
PAROLE: Final[Mapping[str, tuple[str, str]]] = {
    "errore": ("Errore", "errore"),
    "avviso": ("Avviso", "attenzione"),
    "ragione": ("Con ragione", "buono"),
    "cambiata": ("Cambiata", "corso"),
    "commento": ("Commento", "neutro"),
}
"""What is said of a cell, and the kind of its badge, the gravest first."""


def colonne(modulo: ModuloSpesa) -> list[tuple[str, str]]:
    """The columns that are typed in: code and name."""
    return [*NOMI.items(), *((fonte.codice, fonte.denominazione) for fonte in modulo.fonti)]


def chiave_di(riga: RigaSpesa) -> str:
    """What a line is found by, as the first part of the name of its cells."""
    return f"{riga.area}/{riga.voce}/{riga.gestione}/{riga.modalita}"


def sigla(chiave: str, riparto: int | None = None) -> str:
    """The name of a line in the page."""
    return hashlib.sha256(f"{chiave}|{riparto or 0}".encode()).hexdigest()[:10]


def scomponi(chiave: str) -> tuple[str, str, str, str] | None:
    """Area, voce, gestione and modalità of a line; a voce may have a slash in it."""
    area, _, resto = chiave.partition("/")
    parti = resto.rsplit("/", 2)
    return (area, parti[0], parti[1], parti[2]) if len(parti) == 3 else None


class Cella(msgspec.Struct, kw_only=True):
    """A cell of the grid.

    Attributes:
        testo: as it is typed; `valore` as it is shown when it is not typed in.
        prima: last year's; None when there is no such line.
        segni: what is said of it, by the names of :data:`PAROLE`.
        errore: what is wrong with what was typed.
        rilievi: messages of its findings.
    """

    colonna: str
    etichetta: str
    id: str
    testo: str
    valore: Decimal | None
    prima: Decimal | None = None
    segni: list[str] = []
    errore: str = ""
    rilievi: list[str] = []

    @property
    def sbagliata(self) -> bool:
        """Whether it keeps the sheet from being complete."""
        return bool(self.errore) or "errore" in self.segni


class RigaGriglia(msgspec.Struct, kw_only=True):
    """A line of the grid.

    Attributes:
        versione: when it was last changed, by which a change of somebody else's is seen.
        riparto: the line of the azienda that it is a share of.
        sbilancio: spending less what pays for it, in euro.
        errore: why it was not saved, as a whole.
    """

    sigla: str
    chiave: str
    area: str
    voce: str
    gestione: str
    modalita: str
    celle: list[Cella]
    versione: str = ""
    riparto: int | None = None
    sbilancio: Decimal = ZERO
    errore: str = ""

    @property
    def modo(self) -> str:
        """How it was spent, in words."""
        return f"{self.gestione}, {self.modalita}".lower()


def testo_di(colonna: str, valore: Decimal | None) -> str:
    """A value as it is typed: 1234,56."""
    if valore is None:
        return ""
    if colonna == UTENTI:
        return str(int(valore))
    return f"{valore:.2f}".replace(".", ",") if valore else ""


def leggi_riga(
    istat: str, chiave: str, celle: Mapping[str, str], modulo: ModuloSpesa
) -> tuple[RigaSpesa | None, dict[str, str]]:
    """A line as it was typed, or what is wrong with it by column."""
    errori: dict[str, str] = {}
    importi: dict[str, Decimal] = {}
    utenti: int | None = None
    testo = celle.get(UTENTI, "").strip()
    if testo.isascii() and testo.isdigit() and len(testo) <= 8:
        utenti = int(testo)
    elif testo:
        errori[UTENTI] = "non è un numero intero: scriverlo come 12, o lasciare vuoto"
    for colonna in (*IMPORTI, *(fonte.codice for fonte in modulo.fonti)):
        letto = leggi_importo(celle.get(colonna, "")[:40])
        if isinstance(letto, Rifiuto):
            errori[colonna] = letto.messaggio
        else:
            importi[colonna] = Decimal(letto or "0.00")
    parti = scomponi(chiave)
    if errori or parti is None:
        return None, errori
    area, voce, gestione, modalita = parti
    return RigaSpesa(
        comune=istat, area=area, voce=voce, gestione=gestione, modalita=modalita, utenti=utenti,
        **{nome: importi[nome] for nome in IMPORTI},
        fonti={f.codice: importi[f.codice] for f in modulo.fonti if importi[f.codice]},
    ), {}  # fmt: skip


class Contorno(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of the cells of a sheet.

    Attributes:
        prima: last year's lines by key, added up.
        rilievi: findings by line and column.
        cambiate: cells that differ from what was approved.
        commenti: how many remarks by cell.
    """

    modulo: ModuloSpesa
    prima: Mapping[str, RigaSpesa] = {}
    rilievi: Mapping[tuple[str, str], Sequence[Rilievo]] = {}
    cambiate: frozenset[str] = frozenset()
    commenti: Mapping[str, int] = {}


def per_chiave(righe: Iterable[RigaSpesa]) -> dict[str, RigaSpesa]:
    """Lines by what they are found by; those of a comune and the azienda's shares added up."""
    return {chiave_di(riga): riga for riga in sommate(righe)}


def dove(cella: str, chiavi: Collection[str]) -> tuple[str, str] | None:
    """The line and the column that a finding stands at; None when it is of the sheet as a whole.

    A finding on a whole voce stands at the first of its lines.
    """
    chiave, _, colonna = cella.rpartition("/")
    if chiave.endswith("//"):
        chiave = next((una for una in chiavi if una.startswith(chiave[:-1])), "")
    return (chiave, colonna) if chiave in chiavi else None


def per_cella(
    rilievi: Iterable[Rilievo], chiavi: Collection[str]
) -> dict[tuple[str, str], list[Rilievo]]:
    """The findings of the lines, by line and column."""
    trovati: dict[tuple[str, str], list[Rilievo]] = {}
    for uno in rilievi:
        posto = dove(uno.cella, chiavi)
        if posto is not None:
            trovati.setdefault(posto, []).append(uno)
    return trovati


def componi_riga(
    riga: RigaSpesa, contorno: Contorno, *, riparto: int | None = None, versione: str = ""
) -> RigaGriglia:
    """A line with what is to be said of each cell of it."""
    chiave = chiave_di(riga)
    nome = sigla(chiave, riparto)
    modulo = contorno.modulo
    prima = None if riparto else contorno.prima.get(chiave)
    celle = []
    for colonna, etichetta in colonne(modulo):
        suoi = [] if riparto else contorno.rilievi.get((chiave, colonna), [])
        segni = [
            *(uno.gravita if uno.aperto else "ragione" for uno in suoi),
            *(["cambiata"] if f"{riga.comune}/{chiave}/{colonna}" in contorno.cambiate else []),
            *(["commento"] if contorno.commenti.get(f"{chiave}/{colonna}") else []),
        ]
        celle.append(
            Cella(
                colonna=colonna, etichetta=etichetta, id=f"campo-{nome}-{colonna}",
                testo=testo_di(colonna, riga.valore(colonna)), valore=riga.valore(colonna),
                prima=None if prima is None else prima.valore(colonna),
                segni=[uno for uno in PAROLE if uno in segni],
                rilievi=[uno.messaggio for uno in suoi if uno.aperto],
            )
        )  # fmt: skip
    nomi = {
        gruppo: {uno.codice: uno.denominazione for uno in getattr(modulo, gruppo)}
        for gruppo in ("aree", "voci", "gestioni", "modalita")
    }
    return RigaGriglia(
        sigla=nome, chiave=chiave, celle=celle, versione=versione, riparto=riparto,
        sbilancio=riga.sbilancio,
        area=nomi["aree"].get(riga.area, riga.area), voce=nomi["voci"].get(riga.voce, riga.voce),
        gestione=nomi["gestioni"].get(riga.gestione, riga.gestione),
        modalita=nomi["modalita"].get(riga.modalita, riga.modalita),
    )  # fmt: skip


def totali(righe: Iterable[RigaSpesa], modulo: ModuloSpesa) -> dict[str, Decimal]:
    """The sum of each column; users that are not known are left out."""
    note = [*righe]
    return {
        colonna: sum((riga.valore(colonna) or ZERO for riga in note), ZERO)
        for colonna, _ in colonne(modulo)
    }
