"""What goes out of the survey of social spending: tables that are owed, reports of a distretto.

Both are made from the ledger by the platform: a plugin says which tables and of whom, never a
figure. A table that is owed is a file of the debito informativo without records, sent whole.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Final, Literal

import msgspec

from capofila.hooks.atti import Dichiarazione, DichiarazioneErrata
from capofila.hooks.flussi import RegolaNome

_TIPI: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}
_NON_IN_UN_FOGLIO: Final = frozenset("[]:*?/\\")
"""What the name of a sheet of a workbook cannot have."""
_CODICE: Final = re.compile("[a-z][a-z0-9-]{1,39}")
"""It stands in addresses, in the names of objects and on the command line."""


def _codice_buono(codice: str) -> None:
    if _CODICE.fullmatch(codice) is None:
        raise DichiarazioneErrata(
            f"«{codice[:60]}» non è un codice: da 2 a 40 lettere minuscole, cifre e trattini, con "
            "una lettera all'inizio."
        )


class ProspettoSpesa(Dichiarazione, frozen=True, kw_only=True, dict=True):
    """Tables of the survey that are owed to somebody, as one file.

    Attributes:
        codice: stable name, as used on the command line; no flow may have it.
        denominazione: for people, in Italian.
        destinatario: who receives it.
        versione_schema: version of the receiver's layout, or of ours where none is public.
        modulo: the `codice` of the form that has the tables.
        tavole: their `codice`, in order; a CSV has one.
        formato: a workbook has a sheet a table.
        regola_nome: how its files are called; by its `codice` in capitals unless told.
        nota: printed at the head of each sheet: what the file is not.
        trasmette: with its sending the sheets of the comuni are sent, with its outcome answered.
    """

    codice: str
    denominazione: str
    destinatario: str
    versione_schema: str
    modulo: str
    tavole: tuple[str, ...]
    formato: Literal["xlsx", "csv"]
    regola_nome: RegolaNome | None = None
    nota: str = ""
    trasmette: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _codice_buono(self.codice)
        if not self.tavole or len({*self.tavole}) < len(self.tavole):
            raise DichiarazioneErrata(
                f"Il prospetto «{self.codice}» ha almeno una tavola, e nessuna due volte."
            )
        if self.formato == "csv" and len(self.tavole) > 1:
            raise DichiarazioneErrata(
                f"Il prospetto «{self.codice}» è un CSV, che ha una tavola sola."
            )

    @property
    def id(self) -> str:
        """Its `codice`, as a flow has it."""
        return self.codice

    @property
    def estensione(self) -> str:
        """Of the file, without the dot."""
        return self.formato

    @property
    def media_type(self) -> str:
        """Of the file."""
        return _TIPI[self.formato]

    @property
    def fonti_normative(self) -> tuple[str, ...]:
        """What it comes from, as a flow has it."""
        return (self.fonte.cita(),)

    def serie(self, ente: str, giorno: date) -> str:
        """What the names of all its files of one ente and day begin with; see `RegolaNome`."""
        return self._nomi.serie(ente, giorno)

    def nome(self, ente: str, giorno: date, progressivo: int) -> str:
        """The name of a file, by its number among those of the day; see `RegolaNome`."""
        return self._nomi.nome(ente, giorno, progressivo)

    @cached_property
    def _nomi(self) -> RegolaNome:
        return self.regola_nome or RegolaNome(sigla=self.codice.upper())


class TavolaRapporto(StrEnum):
    """The figures that a section of a report shows."""

    GESTIONE = "gestione"
    """Spending, associata and diretta, with their shares."""
    ABITANTI = "abitanti"
    """Spending per inhabitant: of the whole, and least, mean, median and most of the comuni."""
    UTENTI = "utenti"
    """Users, spending of the comuni per user, what a user pays, its incidence."""
    AREE = "aree"
    """Spending by area."""
    AREE_E_SUB_AMBITI = "aree_e_sub_ambiti"
    """Spending by area, a column a sub-ambito."""
    QUOTE = "quote"
    """What each comune spends per inhabitant, associata and diretta."""
    ANNI = "anni"
    """The series of the years."""


class PerimetroRapporto(StrEnum):
    """Whose figures a section shows."""

    AMBITO = "ambito"
    SENZA_CAPOLUOGO = "senza_capoluogo"
    SUB_AMBITI = "sub_ambiti"
    COMUNI = "comuni"


class SezioneRapporto(msgspec.Struct, frozen=True, kw_only=True):
    """A table of a report.

    Attributes:
        titolo: in Italian; the first 31 characters name the sheet.
        perimetri: of whom, in order; those that an ambito does not have are left out. Areas and
            years are of the ambito, with a column without the capoluogo where it is named.
        voci: only these; all of them when empty.
        nota: what a reader must know, beside what the table says by itself.
    """

    tavola: TavolaRapporto
    titolo: str
    perimetri: tuple[PerimetroRapporto, ...]
    voci: tuple[str, ...] = ()
    nota: str = ""


class RapportoSpesa(Dichiarazione, frozen=True, kw_only=True):
    """A report of a distretto: tables of the analysis, chosen and put in order.

    Attributes:
        codice: stable name; it stands in the address of the page.
        denominazione: its title, in Italian.
        premessa: what it is modelled on, and what it leaves out.
    """

    codice: str
    denominazione: str
    sezioni: tuple[SezioneRapporto, ...]
    premessa: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        _codice_buono(self.codice)
        if not self.sezioni:
            raise DichiarazioneErrata(f"Il rapporto «{self.codice}» non ha sezioni.")
        titoli = [sezione.titolo[:31].lower() for sezione in self.sezioni]
        if (
            len({*titoli}) < len(titoli)
            or not all(titolo.strip() for titolo in titoli)
            or any({*titolo} & _NON_IN_UN_FOGLIO for titolo in titoli)
        ):
            raise DichiarazioneErrata(
                f"Nel rapporto «{self.codice}» ogni sezione ha un titolo suo, diverso dagli altri "
                "nei primi 31 caratteri e senza []:*?/\\ dentro."
            )
        for sezione in self.sezioni:
            if not sezione.perimetri or len({*sezione.perimetri}) < len(sezione.perimetri):
                raise DichiarazioneErrata(
                    f"Nel rapporto «{self.codice}» la sezione «{sezione.titolo}» ha almeno un "
                    "perimetro, e nessuno due volte."
                )
