"""The tables of a plugin and its jobs: declared, made and run by the platform.

A plugin writes no SQL. Its migrations are an ordered list of steps; the platform makes the tables of them
in the schema ``plugin_<id>``, each under the row-level security of the ambiti, and never the same
migration twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from capofila.hooks.atti import Dichiarazione, DichiarazioneErrata
from capofila.hooks.campi import Campo, Tipo
from capofila.hooks.pagine import ChiVede

NOME: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")
TIPI: Final = frozenset(
    {Tipo.TESTO, Tipo.CODICE, Tipo.INTERO, Tipo.IMPORTO, Tipo.DATA, Tipo.ANNO, Tipo.SI_NO}
)
"""Kinds of field that a table of a plugin may have."""
TESTO_MASSIMO: Final = 2000
COLONNE_MASSIME: Final = 60
RISERVATI: Final = frozenset({"ambito_id", "id", "scritta_da", "scritta_il", "ritirata_il"})
"""Columns that every table has by itself."""

RigaPlugin = Mapping[str, str | None]
"""A row: the canonical text of each field, None where it is empty."""


class Passo(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A step of a migration: the subclasses below."""


class NuovaTabella(Passo, frozen=True, kw_only=True, tag="nuova_tabella"):
    """A table.

    Attributes:
        tabella: its name in the schema of the plugin.
        denominazione: for people.
        campi: its columns.
        chi: who writes into it, by the form of a page.
        dati_personali: whether its rows are about persons; only pages of the Ufficio di Piano show it.
    """

    tabella: str
    denominazione: str
    campi: tuple[Campo, ...]
    chi: ChiVede = ChiVede.UFFICIO
    dati_personali: bool = False


class NuoveColonne(Passo, frozen=True, kw_only=True, tag="nuove_colonne"):
    """Columns that a table gets; none of them mandatory, since its rows are there already."""

    tabella: str
    campi: tuple[Campo, ...]


class NuovoIndice(Passo, frozen=True, kw_only=True, tag="nuovo_indice"):
    """An index; the ambito always comes first."""

    tabella: str
    campi: tuple[str, ...]


class MigrazionePlugin(Dichiarazione, frozen=True, kw_only=True):
    """Steps that are done together, once. A migration that was released is never changed.

    Attributes:
        codice: four digits and a name, ``"0001_verbali"``; they are done in this order.
        passi: what is done.
    """

    codice: str
    passi: tuple[NuovaTabella | NuoveColonne | NuovoIndice, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.fullmatch(r"\d{4}_[a-z][a-z0-9_]{1,39}", self.codice) or not self.passi:
            raise DichiarazioneErrata(
                f"«{self.codice}» non è una migrazione: si chiama come «0001_verbali» e ha dei passi."
            )


class TabellaPlugin(msgspec.Struct, frozen=True, kw_only=True):
    """A table as its migrations make it."""

    codice: str
    denominazione: str
    campi: tuple[Campo, ...]
    indici: tuple[tuple[str, ...], ...] = ()
    chi: ChiVede = ChiVede.UFFICIO
    dati_personali: bool = False


def tabelle(migrazioni: Iterable[MigrazionePlugin]) -> dict[str, TabellaPlugin]:
    """The tables that come of some migrations, by name.

    Args:
        migrazioni: in their order.

    Raises:
        DichiarazioneErrata: a step makes no sense after those before it.
    """
    trovate: dict[str, TabellaPlugin] = {}
    ultima = ""
    for migrazione in migrazioni:
        if migrazione.codice[:4] <= ultima[:4]:
            raise DichiarazioneErrata(
                f"La migrazione «{migrazione.codice}» viene dopo «{ultima}» e ha un numero che non cresce."
            )
        ultima = migrazione.codice
        for passo in migrazione.passi:
            trovate[passo.tabella] = _dopo(trovate.get(passo.tabella), passo)
    return trovate


def _dopo(
    tabella: TabellaPlugin | None, passo: NuovaTabella | NuoveColonne | NuovoIndice
) -> TabellaPlugin:
    nome = passo.tabella
    if isinstance(passo, NuovaTabella):
        if tabella is not None or not NOME.fullmatch(nome) or not passo.denominazione.strip():
            raise DichiarazioneErrata(
                f"La tabella «{nome}» c'è già, oppure non ha un nome (lettere minuscole, cifre e _) e "
                "una denominazione."
            )
        _controlla(nome, passo.campi)
        return TabellaPlugin(
            codice=nome, denominazione=passo.denominazione, campi=passo.campi, chi=passo.chi,
            dati_personali=passo.dati_personali,
        )  # fmt: skip
    if tabella is None:
        raise DichiarazioneErrata(f"La tabella «{nome}» non c'è ancora.")
    if isinstance(passo, NuoveColonne):
        if any(campo.obbligatorio for campo in passo.campi):
            raise DichiarazioneErrata(
                f"Una colonna nuova di «{nome}» è obbligatoria: le righe che ci sono non l'hanno."
            )
        campi = (*tabella.campi, *passo.campi)
        _controlla(nome, campi)
        return msgspec.structs.replace(tabella, campi=campi)
    if not passo.campi or not {*passo.campi} <= {campo.nome for campo in tabella.campi}:
        raise DichiarazioneErrata(f"L'indice di «{nome}» è su colonne che la tabella non ha.")
    return msgspec.structs.replace(tabella, indici=(*tabella.indici, passo.campi))


def _controlla(tabella: str, campi: Sequence[Campo]) -> None:
    nomi = [campo.nome for campo in campi]
    if not 1 <= len(nomi) <= COLONNE_MASSIME or len({*nomi}) < len(nomi):
        raise DichiarazioneErrata(
            f"La tabella «{tabella}» ha da 1 a {COLONNE_MASSIME} colonne, ognuna una volta sola."
        )
    for campo in campi:
        if not NOME.fullmatch(campo.nome) or campo.nome in RISERVATI:
            raise DichiarazioneErrata(
                f"«{campo.nome}» non può essere una colonna di «{tabella}»: lettere minuscole, cifre e _, "
                "e non un nome che la piattaforma usa."
            )
        if campo.tipo not in TIPI:
            raise DichiarazioneErrata(
                f"La colonna «{campo.nome}» di «{tabella}» è di un tipo che le tabelle non hanno."
            )
        if campo.tipo is Tipo.TESTO and (campo.lunghezza or (0, TESTO_MASSIMO))[1] > TESTO_MASSIMO:
            raise DichiarazioneErrata(
                f"Il testo di «{campo.nome}» ha al massimo {TESTO_MASSIMO} caratteri."
            )
        if campo.tipo is Tipo.CODICE and not campo.codici:
            raise DichiarazioneErrata(f"La colonna «{campo.nome}» non dice i suoi codici.")
        if campo.predefinito is not None or campo.sottocampi:
            raise DichiarazioneErrata(
                f"La colonna «{campo.nome}» di «{tabella}» non ha predefiniti né sottocampi."
            )


class LavoroPlugin(Dichiarazione, frozen=True, kw_only=True):
    """A job: from the rows of one own table to rows that another one gets.

    Attributes:
        codice: stable, of this plugin.
        denominazione: for people.
        da: the table whose rows are read.
        verso: the table that gets the rows; those that it had of an earlier run are withdrawn.
        calcola: pure; from the rows to the new rows, each with the fields of the table.
        secondi: that it may take.
        megabyte: of memory that it may take.
    """

    codice: str
    denominazione: str
    da: str
    verso: str
    calcola: Callable[[Sequence[RigaPlugin]], Sequence[RigaPlugin]]
    secondi: int = 20
    megabyte: int = 512

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.fullmatch(r"[a-z][a-z0-9-]{1,39}", self.codice) or self.da == self.verso:
            raise DichiarazioneErrata(
                f"Il lavoro «{self.codice}» ha un codice, e due tabelle diverse: da cui legge, in cui "
                "scrive."
            )
        if not 1 <= self.secondi <= 120 or not 256 <= self.megabyte <= 1024:
            raise DichiarazioneErrata(
                f"Il lavoro «{self.codice}» ha da 1 a 120 secondi e da 256 a 1024 megabyte."
            )
