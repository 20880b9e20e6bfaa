"""What a page needs to know about its surroundings: one object, ``pagina``, in every context.

The route (or a shared helper of the app) builds it; the templates only show it. Rooms and plugins
contribute entries of the menu through the app, never by editing a template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from urllib.parse import parse_qsl, quote_plus, urlsplit, urlunsplit

from markupsafe import Markup, escape

TipoMessaggio = Literal["riuscito", "avviso", "errore", "informazione"]


@dataclass(frozen=True, slots=True)
class Ambito:
    """An ambito as the header shows it.

    Attributes:
        slug: as in the address and on the command line (``crema``).
        nome: as the ambito calls itself.
        href: the same page, or the home, in that ambito.
        ente_capofila: the lead body, shown in the slim header.
        ruolo: what the user is in it, in words.
        link_accessibilita: its own declaration of accessibility.
        link_privacy: its own privacy notice.
    """

    slug: str
    nome: str
    href: str
    ente_capofila: str = ""
    ruolo: str = ""
    link_accessibilita: str = ""
    link_privacy: str = ""


@dataclass(frozen=True, slots=True)
class Utente:
    """Who is logged in."""

    nome: str
    ruolo: str = ""


@dataclass(frozen=True, slots=True)
class Voce:
    """One entry of the menu; entries with the same ``gruppo`` stand together, in order."""

    titolo: str
    href: str
    attiva: bool = False
    gruppo: str = ""
    icona: str = ""
    conteggio: int | None = None


@dataclass(frozen=True, slots=True)
class Briciola:
    """One step of the breadcrumbs; without ``href`` it is the current page."""

    titolo: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Messaggio:
    """What just happened, said once on the next page."""

    tipo: TipoMessaggio
    testo: str


@dataclass(frozen=True, slots=True)
class Colonna:
    """One column of a table.

    Attributes:
        titolo: the header.
        chiave: what the address is sorted by; empty when the column cannot be sorted.
        tipo: ``numero`` aligns header and cells on the right.
    """

    titolo: str
    chiave: str = ""
    tipo: Literal["testo", "numero"] = "testo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pagina:
    """The surroundings of one page.

    Attributes:
        titolo: the one ``h1`` and the start of the window title.
        url: path and query of this page; the year selector, the sort and paging links are it with
            one parameter changed.
        sommario: one line under the title.
        ambito: the current ambito, None outside one (log-in, choice of the ambito, administration).
        ambiti: those that the user may choose.
        anno: the current year, kept in the address as ``anno``.
        anni: those that may be chosen, in the order shown.
        menu: the navigation.
        briciole: the way here; the last one is this page.
        utente: None on pages without log-in.
        messaggi: flash messages.
        csrf_token: for the forms (hidden field ``_csrf_token``) and for HTMX (header).
        traccia: the trace id, shown on error pages for the support.
        dimostrazione: invented data: a banner says so on every page.
        aggiornato_il: when the data shown last changed.
        con_errori: the form on the page was refused; the window title says so first.
        link_accessibilita, link_privacy: of the platform, where the ambito has none.
        home: where the product name leads.
        esci: where the log-out form posts.
    """

    titolo: str
    url: str = "/"
    sommario: str = ""
    ambito: Ambito | None = None
    ambiti: Sequence[Ambito] = ()
    anno: int | None = None
    anni: Sequence[int] = ()
    menu: Sequence[Voce] = ()
    briciole: Sequence[Briciola] = ()
    utente: Utente | None = None
    messaggi: Sequence[Messaggio] = field(default_factory=tuple)
    csrf_token: str = ""
    traccia: str = ""
    dimostrazione: bool = False
    aggiornato_il: date | datetime | None = None
    con_errori: bool = False
    link_accessibilita: str = "/accessibilita"
    link_privacy: str = "/privacy"
    home: str = "/"
    esci: str = "/esci"

    @property
    def accessibilita(self) -> str:
        """The declaration of accessibility to link: the ambito's, else the platform's."""
        return (self.ambito and self.ambito.link_accessibilita) or self.link_accessibilita

    @property
    def privacy(self) -> str:
        """The privacy notice to link: the ambito's, else the platform's."""
        return (self.ambito and self.ambito.link_privacy) or self.link_privacy

    @property
    def menu_per_gruppo(self) -> list[tuple[str, list[Voce]]]:
        """The menu with entries of one group together, groups in order of first appearance."""
        gruppi: dict[str, list[Voce]] = {}
        for voce in self.menu:
            gruppi.setdefault(voce.gruppo, []).append(voce)
        return list(gruppi.items())


_PERCORSO = re.compile(r"/(?!/)[A-Za-z0-9_.~/-]*\Z")
_PIANO = re.compile(r"[A-Za-z0-9_.~-]*\Z")


def _in_query(testo: str) -> str:
    return testo if _PIANO.match(testo) else quote_plus(testo)


def with_parameters(url: str, /, **parametri: object) -> str:
    """The same address with some parameters of its query changed.

    A parameter given as None or as the empty string is taken out. The others keep their order.

    >>> with_parameters("/crema/prestazioni?anno=2025&pagina=3", anno=2024, pagina=None)
    '/crema/prestazioni?anno=2024'
    """
    nuovi = [(nome, str(v)) for nome, v in parametri.items() if v is not None and v != ""]
    percorso, prima = url, list[tuple[str, str]]()
    # A page has dozens of these addresses, most of them a plain path: it needs no taking apart.
    piano = _PERCORSO.match(url) is not None
    if not piano:
        parti = urlsplit(url)
        percorso = parti.path
        prima = [
            coppia
            for coppia in parse_qsl(parti.query, keep_blank_values=True)
            if coppia[0] not in parametri
        ]
    query = "&".join(f"{_in_query(n)}={_in_query(v)}" for n, v in prima + nuovi)
    if piano:
        return f"{percorso}?{query}" if query else percorso
    return urlunsplit(("", "", percorso, query, ""))


def options(opzioni: Iterable[tuple[object, object]], scelto: str) -> Markup:
    """The options of a list, put together here: a page has dozens of them."""
    return Markup(  # noqa: S704 - our own marks around escaped texts
        "".join(
            f'    <option value="{escape(codice)}"{" selected" if str(codice) == scelto else ""}>'
            f"{escape(testo)}</option>\n"
            for codice, testo in opzioni
        )
    )


def sort_link(url: str, chiave: str, ordine: str) -> tuple[str, str]:
    """Where a column header leads, and how the column is sorted now.

    Args:
        url: the address of the page.
        chiave: the column.
        ordine: the current order: a column, with ``-`` before it when descending.

    Returns:
        The address, and the value of ``aria-sort`` (empty when sorted by another column).
    """
    stato = {chiave: "ascending", f"-{chiave}": "descending"}.get(ordine, "")
    prossimo = f"-{chiave}" if stato == "ascending" else chiave
    return with_parameters(url, ordina=prossimo, pagina=None), stato


def page_numbers(pagina: int, pagine: int) -> list[int]:
    """The page numbers to show, 0 standing for a gap: first, last, and those around the current.

    >>> page_numbers(6, 20)
    [1, 0, 5, 6, 7, 0, 20]
    >>> page_numbers(1, 4)
    [1, 2, 3, 4]
    """
    scelte = sorted({1, pagine, *range(max(1, pagina - 1), min(pagine, pagina + 1) + 1)})
    numeri: list[int] = []
    for numero in scelte:
        if numeri and numero - numeri[-1] == 2:
            numeri.append(numero - 1)
        elif numeri and numero - numeri[-1] > 2:
            numeri.append(0)
        numeri.append(numero)
    return numeri
