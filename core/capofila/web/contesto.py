"""The surroundings of a page, put together from the visit: menu, selectors, breadcrumbs, messages.

The rooms and the plugins register their entries of the menu here; a route calls
:func:`costruisci_pagina` and hands the result to its template as ``pagina``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from litestar import Request
from litestar.response import Response, Template
from litestar.utils.scope.state import ScopeState

from capofila.base.errori import RichiestaNonValida
from capofila.base.impostazioni import impostazioni
from capofila.base.visita import NOMI_RUOLO, TIENI, AmbitoVisita, Visita, visita_corrente
from capofila.web.pagina import Ambito, Briciola, Messaggio, Pagina, Utente, Voce

PRIMO_ANNO = 2011
"""The first year of which we hold a published figure."""


class VoceMenu(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the menu, shown to whoever may open it.

    Attributes:
        percorso: under the ambito (``prestazioni`` is ``/crema/prestazioni``); from the root when
            it begins with a slash.
        permesso: what opens it.
        ordine: its place within the menu.
    """

    titolo: str
    percorso: str
    permesso: str
    gruppo: str = ""
    icona: str = ""
    ordine: int = 100


_VOCI: list[VoceMenu] = []


def registra_menu(*voci: VoceMenu) -> None:
    """Add entries; an entry already there is left alone."""
    for voce in voci:
        if voce not in _VOCI:
            _VOCI.append(voce)
    _VOCI.sort(key=lambda voce: voce.ordine)


def anno_richiesto(request: Request[Any, Any, Any]) -> int:
    """The year of the page, kept in the address as ``anno``; the last one over when not given.

    Raises:
        RichiestaNonValida: it is not a year that we could hold.
    """
    testo = request.query_params.get("anno")
    corrente = date.today().year  # noqa: DTZ011 - a default, in the machine's own year
    if not testo:
        return corrente - 1
    if (
        not (testo.isascii() and testo.isdigit() and len(testo) == 4)
        or not 1900 <= int(testo) <= 2100
    ):
        raise RichiestaNonValida("L'anno nell'indirizzo non è valido: scegline uno dal selettore.")
    return int(testo)


def una_pagina(righe: Sequence[Any], quante: int, numero: int) -> dict[str, Any]:
    """A page of a list for its template, of which one row more than a page was read: whether others follow."""
    return {"righe": righe[:quante], "altre": len(righe) > quante, "numero": numero}


def pagina_richiesta(request: Request[Any, Any, Any]) -> int:
    """The page of a list, kept in the address as ``pagina``.

    Raises:
        RichiestaNonValida: it is not a number that a list could have.
    """
    testo = request.query_params.get("pagina", "1")
    if not (testo.isascii() and testo.isdigit() and len(testo) <= 6 and 1 <= int(testo) <= 100_000):
        raise RichiestaNonValida("Il numero di pagina nell'indirizzo non è valido.")
    return int(testo)


def costruisci_pagina(
    request: Request[Any, Any, Any],
    titolo: str,
    *,
    briciole: Sequence[tuple[str, str]] = (),
    sommario: str = "",
    con_anno: bool = False,
    aggiornato_il: date | datetime | None = None,
    con_errori: bool = False,
) -> Pagina:
    """The surroundings of this page.

    Args:
        request: the request being served.
        titolo: the ``h1``.
        briciole: (title, address) of the pages above this one, without the ambito's home.
        sommario: one line under the title.
        con_anno: show the selector of the year.
        aggiornato_il: when the data shown last changed.
        con_errori: the form on the page was refused.
    """
    visita = visita_corrente()
    ambito = visita.ambito
    percorso = request.url.path
    url = f"{percorso}?{request.url.query}" if request.url.query else percorso
    anno = anno_richiesto(request) if con_anno and ambito else None
    query = f"?anno={request.query_params['anno']}" if "anno" in request.query_params else ""
    passi = [Briciola(ambito.nome, f"/{ambito.slug}{query}")] if ambito else []
    passi += [Briciola(nome, indirizzo) for nome, indirizzo in briciole]
    passi.append(Briciola(titolo))
    if ambito and percorso.rstrip("/") == f"/{ambito.slug}":
        passi = []
    return Pagina(
        titolo=titolo,
        url=url,
        sommario=sommario,
        ambito=_ambito(ambito, f"/{ambito.slug}{query}") if ambito else None,
        ambiti=[_ambito(altro, _stessa_pagina(altro, ambito, url)) for altro in visita.ambiti],
        anno=anno,
        anni=_anni(anno) if anno else (),
        menu=_menu(visita, percorso, query),
        briciole=passi if len(passi) > 1 else (),
        utente=_utente(visita),
        messaggi=[Messaggio(tipo, testo) for tipo, testo in visita.messaggi],  # type: ignore[arg-type]
        csrf_token=csrf(request),
        traccia=visita.traccia,
        dimostrazione=impostazioni().dimostrazione,
        aggiornato_il=aggiornato_il,
        con_errori=con_errori,
    )


def rispondi(
    request: Request[Any, Any, Any],
    template: str,
    pagina: Pagina,
    *,
    frammento: str | None = None,
    stato: int = 200,
    tieni: bool = False,
    **contesto: Any,
) -> Template:
    """A page; to HTMX, the fragment of it that was asked for, with the header's selector of the year.

    Args:
        request: the request being served.
        template: the whole page.
        pagina: its surroundings.
        frammento: template of the part that HTMX swaps, when the page has one.
        stato: HTTP status.
        tieni: whether what was written stays, though the answer is a refusal.
        contesto: what the template shows.
    """
    if tieni:
        request.state[TIENI] = True
    intera = request.headers.get("hx-request") != "true" or (
        request.headers.get("hx-history-restore-request") == "true"
    )
    if not intera and frammento is not None:
        template, contesto = "frammenti/parte.html", {"frammento": frammento, **contesto}
    return Template(
        template_name=template, context={"pagina": pagina, **contesto}, status_code=stato,
        media_type="text/html",
    )  # fmt: skip


def csrf(request: Request[Any, Any, Any]) -> str:
    """The token that forms of this page must carry."""
    gettone = ScopeState.from_scope(request.scope).csrf_token
    return gettone if isinstance(gettone, str) else ""


def _ambito(ambito: AmbitoVisita, href: str) -> Ambito:
    return Ambito(
        slug=ambito.slug,
        nome=ambito.nome,
        href=href,
        ente_capofila=ambito.capofila,
        ruolo=NOMI_RUOLO.get(ambito.ruolo or "", ""),
        link_accessibilita=ambito.link_accessibilita or "",
        link_privacy=ambito.link_privacy or "",
    )


def _stessa_pagina(altro: AmbitoVisita, corrente: AmbitoVisita | None, url: str) -> str:
    """The list page of the same room in another ambito; an object of ours does not exist there."""
    if corrente is None:
        return f"/{altro.slug}"
    parti = url.split("?", 1)
    stanza = parti[0].split("/")[2:3]
    query = f"?{parti[1]}" if len(parti) > 1 else ""
    return "/".join(["", altro.slug, *stanza]) + query


def _anni(scelto: int) -> list[int]:
    corrente = date.today().year  # noqa: DTZ011
    return sorted({scelto, *range(corrente - 5, corrente + 1)}, reverse=True)


def _menu(visita: Visita, percorso: str, query: str) -> list[Voce]:
    """The entries that the person may open; of those that the page stands under, the nearest is on."""
    aperte: list[tuple[VoceMenu, str, str]] = []
    for voce in _VOCI:
        if not visita.puo(voce.permesso):
            continue
        if voce.percorso.startswith("/"):
            aperte.append((voce, voce.percorso, voce.percorso))
        elif visita.ambito is not None:
            base = f"/{visita.ambito.slug}/{voce.percorso}".rstrip("/")
            aperte.append((voce, base, base + query))
    aperte += [
        (VoceMenu(titolo=titolo, percorso=href, permesso=permesso, gruppo="Del distretto", icona="plug"),
         href, href)
        for titolo, href, permesso in visita.voci
        if visita.puo(permesso)
    ]  # fmt: skip
    radice = f"/{visita.ambito.slug}" if visita.ambito else None
    sopra = [
        base
        for _, base, _ in aperte
        if percorso == base or (base != radice and percorso.startswith(base + "/"))
    ]
    attiva = max(sopra, key=len, default=None)
    return [
        Voce(voce.titolo, href, base == attiva, voce.gruppo, voce.icona)
        for voce, base, href in aperte
    ]


def _utente(visita: Visita) -> Utente | None:
    if visita.utente_nome is None:
        return None
    ruolo = visita.ambito.ruolo if visita.ambito else None
    if ruolo is None and visita.amministratore:
        ruolo_nome = NOMI_RUOLO["amministratore"]
    elif ruolo is None and visita.ats:
        ruolo_nome = NOMI_RUOLO["analista_ats"]
    else:
        ruolo_nome = NOMI_RUOLO.get(ruolo or "", "")
    return Utente(visita.utente_nome, ruolo_nome)


def come_file(contenuto: bytes, media_type: str, nome: str) -> Response[bytes]:
    """A file to be kept, under a name without surprises."""
    sicuro = re.sub(r"[^A-Za-z0-9._-]+", "-", nome)
    return Response(
        contenuto,
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{sicuro}"'},
    )
