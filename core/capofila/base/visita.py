"""Who is asking, from where in the platform, and what they may do: known once a request.

``accessi`` fills it from the session, the shell of the pages shows it, the routes ask it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final, Literal

import msgspec

from capofila.base.errori import AccessoRichiesto, NonAutorizzato, NonTrovato

Ruolo = Literal["responsabile_udp", "operatore_udp", "operatore_comune"]

NOMI_RUOLO: dict[str, str] = {
    "amministratore": "Amministrazione della piattaforma",
    "responsabile_udp": "Responsabile dell'Ufficio di Piano",
    "operatore_udp": "Operatore dell'Ufficio di Piano",
    "operatore_comune": "Operatore del comune",
    "analista_ats": "Analista ATS",
}


class AmbitoVisita(msgspec.Struct, frozen=True):
    """An ambito as the pages need it."""

    id: int
    slug: str
    nome: str
    ruolo: Ruolo | None = None
    comune: str | None = None
    """Belfiore code of the one comune that the person works for."""
    link_accessibilita: str | None = None
    link_privacy: str | None = None
    capofila: str = ""
    """Name of the lead body."""


class Visita(msgspec.Struct, frozen=True, kw_only=True):
    """One request, seen from the domain."""

    traccia: str
    utente_id: int | None = None
    utente_nome: str | None = None
    amministratore: bool = False
    ambito: AmbitoVisita | None = None
    ambiti: tuple[AmbitoVisita, ...] = ()
    ats: tuple[tuple[int, str, str], ...] = ()
    """(id, slug, name) of each agency that the person reads for."""
    permessi: frozenset[str] = frozenset()
    sessione: str | None = None
    messaggi: tuple[tuple[str, str], ...] = ()
    """(kind, text) shown once; kinds: ``riuscito``, ``avviso``, ``errore``, ``informazione``."""

    voci: tuple[tuple[str, str, str], ...] = ()
    """(title, address, permission) of the entries that the ambito's plugins add to the menu."""

    def puo(self, permesso: str) -> bool:
        """Whether the person may do this, in the ambito of this request."""
        return permesso in self.permessi

    def esigi(self, permesso: str) -> None:
        """Raise unless :meth:`puo`.

        Raises:
            AccessoRichiesto: nobody is logged in.
            NonAutorizzato: the person may not.
        """
        if self.utente_id is None:
            raise AccessoRichiesto("Per continuare entra con il tuo nome utente.")
        if permesso not in self.permessi:
            raise NonAutorizzato("Il tuo incarico in questo ambito non prevede questa operazione.")

    @property
    def nell_ambito(self) -> AmbitoVisita:
        """The ambito of this request.

        Raises:
            NonTrovato: the page is of no ambito.
        """
        if self.ambito is None:
            raise NonTrovato("Questa pagina appartiene a un ambito: scegline uno.")
        return self.ambito


TIENI: Final = "capofila_tieni"
"""In the state of a request: its unit of work is committed though the answer is a refusal."""

_visita: ContextVar[Visita | None] = ContextVar("capofila_visita", default=None)


def visita_corrente() -> Visita:
    """The request being served.

    Raises:
        AccessoRichiesto: there is none.
    """
    visita = _visita.get()
    if visita is None:
        raise AccessoRichiesto("Per continuare entra con il tuo nome utente.")
    return visita


def imposta_visita(visita: Visita | None) -> None:
    """Set by the middleware at the beginning and at the end of a request."""
    _visita.set(visita)
