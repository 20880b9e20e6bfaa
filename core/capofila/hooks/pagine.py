"""What a plugin shows: pages of its own, entries of the menu, and the words of some places of the core.

All of it is declared. A page is a text in a small part of Jinja, which reads values and runs nothing:
see the documentation of the hook ``pagine`` for what may stand in it. Where a plugin is not active in an
ambito, none of it is there.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from capofila.hooks.atti import Dichiarazione, DichiarazioneErrata

CODICE: Final = re.compile(r"[a-z][a-z0-9-]{1,39}")
TESTO_MASSIMO: Final = 32_768
"""Characters of a template."""


class ChiVede(StrEnum):
    """Who opens a page of a plugin, and who writes into its tables."""

    AMBITO = "ambito"
    """Whoever has a charge in the ambito, the operators of the comuni too."""
    UFFICIO = "ufficio"
    """The Ufficio di Piano."""
    RESPONSABILE = "responsabile"
    """Who answers for the Ufficio di Piano."""


class DatiPagina(StrEnum):
    """What a page may read of the core, by the name that its template calls it."""

    SCADENZE = "scadenze"
    """The open deadlines of the next twelve months: ``titolo``, ``organo``, ``data``, ``stato``."""
    PRESTAZIONI = "prestazioni"
    """How many prestazioni the year has: a number; None beyond what is counted."""


class BloccoModello(StrEnum):
    """The places of the core whose words a plugin may give; a block has one author in an ambito."""

    CASA_AVVISO = "casa-avviso"
    """Above what is to be done, on the home of the ambito. Markup, as on a page."""
    LETTERA_QUOTA_INTESTAZIONE = "lettera-quota-intestazione"
    """Who writes the letter of a quota, instead of comune and ambito. Text."""
    LETTERA_QUOTA_CONGEDO = "lettera-quota-congedo"
    """After the figures of the letter of a quota. Text."""

    @property
    def marcato(self) -> bool:
        """Whether it is markup, and not plain text."""
        return self is BloccoModello.CASA_AVVISO


def _codice(codice: str, che_cosa: str) -> None:
    if not CODICE.fullmatch(codice):
        raise DichiarazioneErrata(
            f"«{codice}» non è un codice di {che_cosa}: da 2 a 40 lettere minuscole, cifre e trattini, "
            "con una lettera all'inizio."
        )


def _testo(testo: str, che_cosa: str) -> None:
    if not testo.strip() or len(testo) > TESTO_MASSIMO:
        raise DichiarazioneErrata(
            f"Il testo di {che_cosa} va da 1 a {TESTO_MASSIMO:,} caratteri.".replace(",", ".")
        )


class PaginaPlugin(Dichiarazione, frozen=True, kw_only=True):
    """A page, at ``/{ambito}/p/{plugin}/{codice}``.

    Attributes:
        codice: in the address.
        titolo: the ``h1``.
        modello: the template; empty for a page of tables only.
        sommario: a line under the title.
        chi: who may open it.
        dati: what its template reads of the core.
        tabelle: own tables that it shows, in this order, under the text.
    """

    codice: str
    titolo: str
    modello: str = ""
    sommario: str = ""
    chi: ChiVede = ChiVede.UFFICIO
    dati: tuple[DatiPagina, ...] = ()
    tabelle: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        _codice(self.codice, "pagina")
        if self.modello or not self.tabelle:
            _testo(self.modello, f"«{self.titolo}»")
        if len({*self.tabelle}) < len(self.tabelle):
            raise DichiarazioneErrata(f"«{self.titolo}» mostra due volte la stessa tabella.")


class VoceMenuPlugin(Dichiarazione, frozen=True, kw_only=True):
    """An entry of the menu of the ambito, for whoever may open its page.

    Attributes:
        codice: stable, of this plugin.
        titolo: what it says.
        pagina: the code of the page that it opens.
        ordine: its place among those of the plugins, from 1 to 99.
    """

    codice: str
    titolo: str
    pagina: str
    ordine: int = 50

    def __post_init__(self) -> None:
        super().__post_init__()
        _codice(self.codice, "voce del menu")
        if not 1 <= self.ordine <= 99 or not 1 <= len(self.titolo.strip()) <= 40:
            raise DichiarazioneErrata(
                f"La voce «{self.codice}» ha un titolo fino a 40 caratteri e un ordine da 1 a 99."
            )


class ModelloPlugin(Dichiarazione, frozen=True, kw_only=True):
    """The words of a place of the core, while they hold.

    Attributes:
        blocco: which place.
        modello: the template; it reads ``ambito`` and, on the letter, ``comune`` and ``servizio``.
    """

    blocco: BloccoModello
    modello: str

    def __post_init__(self) -> None:
        super().__post_init__()
        _testo(self.modello, f"«{self.blocco}»")

    @property
    def codice(self) -> str:
        """The name of the place."""
        return self.blocco.value
