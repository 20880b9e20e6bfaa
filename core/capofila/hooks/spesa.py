"""The survey of the comuni's social spending, as declared data: a form, its crosswalks, its checks.

A form is declared for a year by one plugin; others add to it, and cannot change what it has. A
ledger of lines is filled in by it, and the crosswalks take a line to the codes of whoever is to
read it. What a source does not give has no code: the crosswalk answers None, and says so.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal

import msgspec

from capofila.hooks.adempimenti import RegolaData
from capofila.hooks.atti import Atto, Dichiarazione, DichiarazioneErrata, variante

FONTI: Final = "fonti"
"""In a check, all the sources of funds of the form together."""

IMPORTI: Final = ("spesa", "quota_utenti", "quota_ssn")
"""Amounts that every line has, beside one for each source of funds."""

UTENTI: Final = "utenti"


class CodiceSpesa(msgspec.Struct, frozen=True, kw_only=True):
    """A code of a form or of a classification, and where it was found."""

    codice: str
    denominazione: str
    fonte: Atto


class VoceSpesa(msgspec.Struct, frozen=True, kw_only=True):
    """Something that comuni spend on."""

    codice: str
    denominazione: str
    fonte: Atto
    aree: tuple[str, ...] = ()
    """The areas in which it may be entered; empty for all."""


class ClassificazioneSpesa(msgspec.Struct, frozen=True, kw_only=True):
    """The codes of somebody who reads the figures."""

    id: str
    denominazione: str
    destinatario: str
    codici: tuple[CodiceSpesa, ...]


class Raccordo(Dichiarazione, frozen=True, kw_only=True):
    """What an area, a voce or the two together are called in a classification.

    The most specific one decides: area and voce, then voce, then area.
    """

    classificazione: str
    codice: str | None
    """None where the sources leave it open."""
    area: str | None = None
    voce: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.area is None and self.voce is None:
            raise DichiarazioneErrata("Un raccordo parla di un'area, di una voce o di entrambe.")

    @property
    def precisione(self) -> int:
        """Greater is more specific."""
        return (self.area is not None) + 2 * (self.voce is not None)

    def riguarda(self, area: str, voce: str) -> bool:
        """Whether a line with these is meant."""
        return self.area in (None, area) and self.voce in (None, voce)


class ColonneTavola(StrEnum):
    """What the columns of a table are."""

    GESTIONE_E_MODALITA = "gestione_e_modalita"
    FRUITORI = "fruitori"
    """One column: the users."""
    CANALI = "canali"
    """Sources of funds, users and SSN."""
    COPERTURA = "copertura"
    """Users, spending, and the parts of it that the comuni, the users and the SSN pay."""


class TavolaSpesa(msgspec.Struct, frozen=True, kw_only=True):
    """A table that is made from the ledger: rows by a classification, columns by a dimension."""

    codice: str
    titolo: str
    righe: str
    """The id of a classification; lines that it leaves open stand in a row of their own."""
    colonne: ColonneTavola
    fonte: Atto
    per_voce: bool = False
    """Whether a row stands on those of the voci that it is made of."""


class Coppia(msgspec.Struct, frozen=True, tag="coppia"):
    """Where one column is more than zero, the other is too."""

    se: str
    allora: str


class SommaSpesa(msgspec.Struct, frozen=True, tag="somma"):
    """The addends make the total, or do not go beyond it."""

    addendi: tuple[str, ...]
    totale: str
    relazione: Literal["uguale", "non_oltre"] = "uguale"


class Variazione(msgspec.Struct, frozen=True, tag="variazione"):
    """A column is not far from last year's.

    Attributes:
        campo: the column.
        percento: how many percent of last year's value it may move, up or down.
        minimo: up to this difference (euro, or persons) nothing is said, whatever the percentage.
    """

    campo: str
    percento: Decimal
    minimo: Decimal


class Anomalia(msgspec.Struct, frozen=True, tag="anomalia"):
    """Spending per inhabitant is not far from that of comuni of the same class of population.

    Source of the method: B. Iglewicz, D. Hoaglin, How to Detect and Handle Outliers, 1993: the
    modified z-score 0.6745 * (x - median) / MAD.

    Attributes:
        soglia: the modified z-score beyond which it is told.
        classi: ends of the classes, included, in inhabitants, growing; the last one is open.
        comuni: with fewer in a class, nothing is said.
    """

    soglia: Decimal
    classi: tuple[int, ...]
    comuni: int


class LunghezzaTesto(msgspec.Struct, frozen=True, tag="testo"):
    """A text of the sheet has so many characters, where it is given."""

    campo: str
    minimo: int
    massimo: int


class GiornoTra(msgspec.Struct, frozen=True, tag="giorno"):
    """A day of the sheet falls between two, both included, where it is given."""

    campo: str
    dal: RegolaData | None = None
    al: RegolaData | None = None


ControlloSpesa = Coppia | SommaSpesa | Variazione | Anomalia | LunghezzaTesto | GiornoTra
"""The closed vocabulary of the checks."""


class RegolaSpesa(msgspec.Struct, frozen=True, kw_only=True):
    """A named check.

    Attributes:
        codice: stable name.
        gravita: an `errore` keeps the sheet from being complete, an `avviso` does not.
        campo: the column, or the field of the sheet, at which it is told.
        messaggio: Italian, says what to do.
    """

    codice: str
    gravita: Literal["errore", "avviso"]
    controllo: ControlloSpesa
    campo: str
    messaggio: str
    fonte: Atto

    @property
    def eccepibile(self) -> bool:
        """Whether a reason may stand for a remedy: an account that does not balance has none."""
        return not isinstance(self.controllo, SommaSpesa)


class CampoScheda(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a comune says once, beside its lines."""

    codice: str
    etichetta: str
    tipo: Literal["testo", "giorno"]
    fonte: Atto
    obbligatorio: bool = False


class ModuloSpesa(Dichiarazione, frozen=True, kw_only=True):
    """The form of a survey, whole."""

    codice: str
    denominazione: str
    aree: tuple[CodiceSpesa, ...]
    voci: tuple[VoceSpesa, ...]
    gestioni: tuple[CodiceSpesa, ...]
    modalita: tuple[CodiceSpesa, ...]
    fonti: tuple[CodiceSpesa, ...]
    """The sources of funds, without what users and SSN pay."""
    classificazioni: tuple[ClassificazioneSpesa, ...] = ()
    raccordi: tuple[Raccordo, ...] = ()
    tavole: tuple[TavolaSpesa, ...] = ()
    controlli: tuple[RegolaSpesa, ...] = ()
    campi: tuple[CampoScheda, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        _senza_doppi(self.codice, "l'area", [uno.codice for uno in self.aree])
        _senza_doppi(self.codice, "la voce", [uno.codice for uno in self.voci])
        _senza_doppi(self.codice, "la gestione", [uno.codice for uno in self.gestioni])
        _senza_doppi(self.codice, "la modalità", [uno.codice for uno in self.modalita])
        colonne = [UTENTI, FONTI, *IMPORTI, *(uno.codice for uno in self.fonti)]
        _senza_doppi(self.codice, "la colonna", colonne)
        _senza_doppi(self.codice, "la classificazione", [uno.id for uno in self.classificazioni])
        _senza_doppi(self.codice, "la tavola", [uno.codice for uno in self.tavole])
        _senza_doppi(self.codice, "il controllo", [uno.codice for uno in self.controlli])
        _senza_doppi(self.codice, "il campo", [uno.codice for uno in self.campi])
        for classificazione in self.classificazioni:
            _senza_doppi(
                classificazione.id, "il codice", [uno.codice for uno in classificazione.codici]
            )
        for voce in self.voci:
            _noti(f"la voce «{voce.codice}»", "area", voce.aree, {a.codice for a in self.aree})
        for tavola in self.tavole:
            _noti(
                f"la tavola «{tavola.codice}»", "classificazione", (tavola.righe,),
                {uno.id for uno in self.classificazioni},
            )  # fmt: skip
        self._controlla_raccordi()
        campi = {"testo": set[str](), "giorno": set[str]()}
        for campo in self.campi:
            campi[campo.tipo].add(campo.codice)
        for regola in self.controlli:
            letti, ammessi = _campi(regola.controllo), {*colonne}
            if isinstance(regola.controllo, LunghezzaTesto):
                ammessi = campi["testo"]
            elif isinstance(regola.controllo, GiornoTra):
                ammessi = campi["giorno"]
            _noti(f"il controllo «{regola.codice}»", "colonna", (*letti, regola.campo), ammessi)

    def _controlla_raccordi(self) -> None:
        per_classificazione = {
            uno.id: {codice.codice for codice in uno.codici} for uno in self.classificazioni
        }
        aree, voci = {uno.codice for uno in self.aree}, {uno.codice for uno in self.voci}
        visti: dict[tuple[str, str | None, str | None], list[Raccordo]] = {}
        for uno in self.raccordi:
            chi = f"un raccordo di «{self.codice}»"
            _noti(chi, "classificazione", (uno.classificazione,), per_classificazione)
            _noti(chi, "area", () if uno.area is None else (uno.area,), aree)
            _noti(chi, "voce", () if uno.voce is None else (uno.voce,), voci)
            if uno.codice is not None:
                _noti(chi, "codice", (uno.codice,), per_classificazione[uno.classificazione])
            altri = visti.setdefault((uno.classificazione, uno.area, uno.voce), [])
            if any(uno.si_sovrappone(altro) for altro in altri):
                raise DichiarazioneErrata(
                    f"Due raccordi con «{uno.classificazione}» dicono la stessa cosa per gli "
                    f"stessi giorni (area {uno.area or '-'}, voce {uno.voce or '-'})."
                )
            altri.append(uno)

    def raccordo(self, classificazione: str, area: str, voce: str, giorno: date) -> Raccordo | None:
        """What decides the code of a line, with its source; None when nothing is declared."""
        validi = [
            uno
            for uno in self.raccordi
            if uno.classificazione == classificazione
            and uno.riguarda(area, voce)
            and uno.vale(giorno)
        ]
        return max(validi, key=lambda uno: uno.precisione, default=None)

    def codice_di(self, classificazione: str, area: str, voce: str, giorno: date) -> str | None:
        """The code of a line in a classification on a day; None where it is open."""
        trovato = self.raccordo(classificazione, area, voce, giorno)
        return None if trovato is None else trovato.codice

    @property
    def impronta(self) -> str:
        """The sha256 of all that is declared: what a sheet was filled in by."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


class AggiuntaSpesa(Dichiarazione, frozen=True, kw_only=True):
    """What a distretto adds to the form of another plugin."""

    codice: str
    modulo: str
    """The ``codice`` of the form."""
    aree: tuple[CodiceSpesa, ...] = ()
    voci: tuple[VoceSpesa, ...] = ()
    modalita: tuple[CodiceSpesa, ...] = ()
    fonti: tuple[CodiceSpesa, ...] = ()
    classificazioni: tuple[ClassificazioneSpesa, ...] = ()
    raccordi: tuple[Raccordo, ...] = ()
    tavole: tuple[TavolaSpesa, ...] = ()
    controlli: tuple[RegolaSpesa, ...] = ()
    campi: tuple[CampoScheda, ...] = ()


def componi(modulo: ModuloSpesa, aggiunte: Iterable[AggiuntaSpesa]) -> ModuloSpesa:
    """The form with what was added to it, in the order of the additions' codes.

    Raises:
        DichiarazioneErrata: an addition is for another form, repeats a code, or would change what
            the form already says of its own areas and voci.
    """
    for una in sorted(aggiunte, key=lambda una: una.codice):
        if una.modulo != modulo.codice:
            raise DichiarazioneErrata(
                f"L'aggiunta «{una.codice}» è per il modulo «{una.modulo}», "
                f"non per «{modulo.codice}»."
            )
        _non_cambia(modulo, una)
        modulo = variante(
            modulo,
            **{
                nome: (*getattr(modulo, nome), *getattr(una, nome))
                for nome in (
                    *("aree", "voci", "modalita", "fonti", "classificazioni"),
                    *("raccordi", "tavole", "controlli", "campi"),
                )
            },
        )
    return modulo


def _non_cambia(modulo: ModuloSpesa, aggiunta: AggiuntaSpesa) -> None:
    proprie = {area.codice for area in aggiunta.aree} | {voce.codice for voce in aggiunta.voci}
    for nuovo in aggiunta.raccordi:
        if nuovo.area in proprie or nuovo.voce in proprie:
            continue
        for gia in modulo.raccordi:
            if (
                gia.classificazione == nuovo.classificazione
                and gia.codice is not None
                and gia.si_sovrappone(nuovo)
                and (None in (gia.area, nuovo.area) or gia.area == nuovo.area)
                and (None in (gia.voce, nuovo.voce) or gia.voce == nuovo.voce)
            ):
                raise DichiarazioneErrata(
                    f"L'aggiunta «{aggiunta.codice}» cambierebbe il codice «{gia.codice}» che il "
                    f"modulo «{modulo.codice}» dà in «{gia.classificazione}»."
                )


def _campi(controllo: ControlloSpesa) -> tuple[str, ...]:
    match controllo:
        case Coppia(se, allora):
            return (se, allora)
        case SommaSpesa(addendi, totale):
            return (*addendi, totale)
        case Anomalia():
            return ("spesa",)
        case _:
            return (controllo.campo,)


def _senza_doppi(chi: str, nome: str, codici: Iterable[str]) -> None:
    for codice, volte in Counter(codici).items():
        if not codice.strip():
            raise DichiarazioneErrata(f"In «{chi}» {nome} ha un codice vuoto.")
        if volte > 1:
            raise DichiarazioneErrata(f"In «{chi}» {nome} «{codice}» è data due volte.")


def _noti(chi: str, nome: str, codici: Iterable[str], ammessi: Iterable[str]) -> None:
    noti = {*ammessi}
    for codice in codici:
        if codice not in noti:
            raise DichiarazioneErrata(f"{chi[0].upper()}{chi[1:]} cita {nome} «{codice}», ignota.")
