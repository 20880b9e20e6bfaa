"""The words that plugins give to places of the core; where none does, the core's own stay."""

from __future__ import annotations

from datetime import date
from typing import Any

from litestar import Request
from markupsafe import Markup

from capofila.base.attivazioni import plugin_attivi
from capofila.base.guasti import GUASTO
from capofila.base.modelli import prepara
from capofila.base.plugin import PluginInConflitto, PluginInErrore, protetto
from capofila.base.visita import visita_corrente
from capofila.hooks import BloccoModello


async def parole(
    request: Request[Any, Any, Any],
    blocco: BloccoModello,
    giorno: date | None = None,
    **valori: str,
) -> str | None:
    """The words of a place on a day; None where no plugin gives them, or the one that does fails.

    A plugin that fails here is written down, and the page goes on without it.

    Args:
        request: the request being served.
        blocco: the place.
        giorno: whose declarations count; today when not given.
        valori: what the template reads beside ``ambito``.
    """
    ambito = visita_corrente().nell_ambito
    try:
        trovato = (await plugin_attivi(giorno)).modello(blocco)
        if trovato is None:
            return None
        manifesto, uno = trovato
        testo = protetto(
            manifesto, f"modelli/{uno.codice}",
            prepara(uno.modello, marcato=blocco.marcato).rendi,
            {"ambito": {"nome": ambito.nome, "capofila": ambito.capofila, "slug": ambito.slug}, **valori},
        )  # fmt: skip
    except PluginInErrore as guasto:
        request.state[GUASTO] = guasto
        return None
    except PluginInConflitto:
        return None
    # Looked at tag by tag when it was declared, its values escaped.
    return Markup(testo) if blocco.marcato else " ".join(testo.split())  # noqa: S704
