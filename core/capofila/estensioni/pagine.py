"""A page of a plugin, filled with the data that it declares. Inside a unit of work."""

from __future__ import annotations

from typing import Any

import msgspec
from markupsafe import Markup

from capofila.accessi.rules import PER_CHI
from capofila.accessi.service import registra
from capofila.base.attivazioni import plugin_attivi, registro
from capofila.base.errori import NonTrovato
from capofila.base.modelli import prepara
from capofila.base.plugin import PluginInErrore, protetto
from capofila.base.visita import AmbitoVisita, Visita
from capofila.estensioni import tabelle
from capofila.estensioni.tabelle import Riga
from capofila.governo import service as governo
from capofila.hooks import DatiPagina, Manifesto, PaginaPlugin, TabellaPlugin
from capofila.prestazioni import service as prestazioni


class TabellaVista(msgspec.Struct, frozen=True, kw_only=True):
    """A table on a page.

    Attributes:
        righe: None while the table was not made.
        scrive: whether who looks may write.
    """

    tabella: TabellaPlugin
    righe: list[Riga] | None
    scrive: bool


class PaginaVista(msgspec.Struct, frozen=True, kw_only=True):
    """A page, filled.

    Attributes:
        testo: None when its template failed: `guasto` then says how.
    """

    manifesto: Manifesto
    pagina: PaginaPlugin
    testo: Markup | None
    tabelle: list[TabellaVista]
    guasto: PluginInErrore | None = None


async def trova(visita: Visita, plugin: str, codice: str) -> tuple[Manifesto, PaginaPlugin]:
    """A page of a plugin that is active today, for whoever may open it.

    Raises:
        NonTrovato: it is not active here, or has no such page.
        NonAutorizzato: it is not for this person.
    """
    manifesto, pagina = (await plugin_attivi()).pagina(plugin, codice)
    visita.esigi(PER_CHI[pagina.chi])
    return manifesto, pagina


async def mostra(visita: Visita, plugin: str, codice: str, anno: int) -> PaginaVista:
    """A page, filled; see :func:`trova` for what it raises."""
    manifesto, pagina = await trova(visita, plugin, codice)
    sue = registro().tabelle(plugin) if pagina.tabelle else {}
    viste = [
        TabellaVista(
            tabella=sue[una],
            righe=await tabelle.righe(plugin, sue[una])
            if await tabelle.ci_sono(plugin, una)
            else None,
            scrive=visita.puo(PER_CHI[sue[una].chi]),
        )
        for una in pagina.tabelle
    ]
    if pagina.modello == "":
        return PaginaVista(manifesto=manifesto, pagina=pagina, testo=Markup(""), tabelle=viste)
    valori = {
        "ambito": _ambito(visita.nell_ambito),
        "anno": anno,
        "tabelle": {
            vista.tabella.codice: [riga.tipata(vista.tabella.campi) for riga in vista.righe or ()]
            for vista in viste
        },
        **await _dati(pagina, anno),
    }
    try:
        testo = protetto(manifesto, f"pagine/{codice}", prepara(pagina.modello).rendi, valori)
    except PluginInErrore as guasto:
        return PaginaVista(
            manifesto=manifesto, pagina=pagina, testo=None, tabelle=[], guasto=guasto
        )
    # The template was looked at tag by tag, and its values were escaped.
    return PaginaVista(manifesto=manifesto, pagina=pagina, testo=Markup(testo), tabelle=viste)  # noqa: S704


def _ambito(ambito: AmbitoVisita) -> dict[str, str]:
    return {"nome": ambito.nome, "capofila": ambito.capofila, "slug": ambito.slug}


async def _dati(pagina: PaginaPlugin, anno: int) -> dict[str, Any]:
    dati: dict[str, Any] = {}
    for uno in pagina.dati:
        match uno:
            case DatiPagina.SCADENZE:
                dati[uno.value] = [
                    {
                        "titolo": vista.una.titolo,
                        "organo": vista.una.organo_nome,
                        "data": vista.una.data,
                        "stato": vista.stato.replace("_", " "),
                    }
                    for vista in await governo.prossime_scadenze(366)
                ]
            case DatiPagina.PRESTAZIONI:
                quante = await prestazioni.quante(anno)
                dati[uno.value] = quante if quante <= prestazioni.CONTEGGIO_MASSIMO else None
    return dati


async def tabella_della_pagina(
    visita: Visita, plugin: str, codice: str, tabella: str
) -> TabellaPlugin:
    """A table that a page shows and that this person may write.

    Raises:
        NonTrovato: the plugin is not active, the page does not show it, or it was not made.
        NonAutorizzato: this person may not write.
    """
    _, pagina = await trova(visita, plugin, codice)
    if tabella not in pagina.tabelle or not await tabelle.ci_sono(plugin, tabella):
        raise NonTrovato("Questa tabella non esiste in questo ambito.")
    trovata = registro().tabelle(plugin)[tabella]
    visita.esigi(PER_CHI[trovata.chi])
    return trovata


async def scrivi(
    visita: Visita, plugin: str, codice: str, tabella: str, celle: dict[str, str]
) -> None:
    """Write a row by the form of a page.

    Raises:
        RigheRifiutate: with every field that is wrong.
    """
    trovata = await tabella_della_pagina(visita, plugin, codice, tabella)
    await tabelle.aggiungi(plugin, trovata, [tabelle.leggi_riga(trovata, celle)])
    await registra("plugin.scrivi", f"{plugin}.{tabella}")


async def ritira(visita: Visita, plugin: str, codice: str, tabella: str, id_: int) -> None:
    """Withdraw a row by the button of a page.

    Raises:
        NonTrovato: there is no such row here.
    """
    trovata = await tabella_della_pagina(visita, plugin, codice, tabella)
    await tabelle.ritira(plugin, trovata, id_)
    await registra("plugin.ritira", f"{plugin}.{tabella}", str(id_))
