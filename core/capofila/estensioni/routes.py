"""Pages about the plugins of the installation, and the pages that plugins bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from litestar import Request, Router, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio, registra
from capofila.base.anni import anni_fissati, che_cosa_cambierebbe, fissa
from capofila.base.approvazioni import APPROVATO, DELLA_PIATTAFORMA
from capofila.base.attivazioni import oggi, registro
from capofila.base.errori import Conflitto
from capofila.base.guasti import GUASTO
from capofila.base.visita import visita_corrente
from capofila.estensioni import jobs, pagine, service
from capofila.estensioni.anteprima import anteprima
from capofila.estensioni.tabelle import RigheRifiutate
from capofila.hooks import CONTRATTO, Tipo
from capofila.web.contesto import VoceMenu, anno_richiesto, costruisci_pagina, rispondi
from capofila.web.pagina import Colonna

Richiesta = Request[Any, Any, Any]
Modulo = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
NUMERICI: Final = frozenset({Tipo.IMPORTO, Tipo.INTERO, Tipo.ANNO})
BASE: Final = "/amministrazione/plugin"
MENU: Final = (
    VoceMenu(
        titolo="Plugin", percorso=BASE, permesso="piattaforma.amministra",
        gruppo="Piattaforma", icona="plug", ordine=97,
    ),
)  # fmt: skip
_COLONNE_GUASTI: Final = (
    Colonna("Quando"),
    Colonna("Ambito"),
    Colonna("Versione"),
    Colonna("Domanda"),
    Colonna("Che cosa è successo"),
    Colonna("Volte", tipo="numero"),
)

_COLONNE_ANNI: Final = (
    Colonna("Anno", tipo="numero"),
    Colonna("Plugin"),
    Colonna("Versione"),
    Colonna("Fissato"),
    Colonna("Oggi"),
)
_COLONNE_DIFFERENZE: Final = (
    Colonna("Domanda"),
    Colonna("Dove"),
    Colonna("Fissato"),
    Colonna("Con la versione di oggi"),
)
_COLONNE_ANTEPRIMA: Final = (
    Colonna("Che cosa"),
    Colonna("Anni"),
    Colonna("Dove"),
    Colonna("Oggi"),
    Colonna("Con la versione nuova"),
)
MOSTRATE: Final = 500


@get(BASE, opt={"permesso": "piattaforma.amministra", "unita": "lettura"}, include_in_schema=False)
async def installati(request: Richiesta) -> Template:
    """All the plugins of the installation."""
    return rispondi(
        request,
        "estensioni/installati.html",
        costruisci_pagina(
            request, "Plugin",
            sommario="Tutti quelli installati: chi li scrive, che cosa portano, dove agiscono, quando "
            f"hanno fallito. Questa piattaforma parla il contratto {CONTRATTO}.",
        ),
        plugin=await service.installati(),
        buone=(APPROVATO, DELLA_PIATTAFORMA),
        colonne=_COLONNE_GUASTI,
    )  # fmt: skip


@get(
    BASE + "/{plugin:str}/{versione:str}",
    opt={"permesso": "piattaforma.amministra", "unita": "lettura"},
    include_in_schema=False,
)
async def prima_di_aggiornare(
    request: Richiesta, plugin: FromPath[str], versione: FromPath[str]
) -> Template:
    """What an approved version would change, ambito by ambito."""
    trovata = await anteprima(plugin, versione)
    manifesto = registro().manifesto(plugin)
    return rispondi(
        request,
        "estensioni/anteprima.html",
        costruisci_pagina(
            request, f"Dalla {trovata.installata} alla {trovata.nuova.versione}",
            briciole=[("Plugin", BASE)],
            sommario=f"Le stesse domande a due versioni di «{manifesto.denominazione}»: quella installata "
            "e quella approvata. Niente cambia finché la nuova non si installa.",
        ),
        trovata=trovata, colonne=_COLONNE_ANTEPRIMA, mostrate=MOSTRATE,
    )  # fmt: skip


async def _pagina(
    request: Richiesta,
    plugin: str,
    pagina: str,
    *,
    tabella: str = "",
    valori: Mapping[str, str] | None = None,
    errori: Mapping[str, str] | None = None,
) -> Template:
    visita = visita_corrente()
    vista = await pagine.mostra(visita, plugin, pagina, anno_richiesto(request))
    if vista.guasto is not None:
        request.state[GUASTO] = vista.guasto
    return rispondi(
        request,
        "estensioni/pagina.html",
        costruisci_pagina(
            request, vista.pagina.titolo, sommario=vista.pagina.sommario,
            con_anno=bool(vista.pagina.dati), con_errori=bool(errori),
        ),
        stato=500 if vista.guasto else 422 if errori else 200,
        vista=vista,
        lavori=await jobs.che_riempiono(plugin) if vista.tabelle else {},
        base=f"/{visita.nell_ambito.slug}/p/{plugin}/{pagina}",
        scritta=tabella,
        valori=valori or {},
        errori=errori or {},
        colonne={
            uno.tabella.codice: [
                *(
                    Colonna(c.etichetta, tipo="numero" if c.tipo in NUMERICI else "testo")
                    for c in uno.tabella.campi
                ),
                *([Colonna("Azioni")] if uno.scrive else []),
            ]
            for uno in vista.tabelle
        },
        numerici=NUMERICI,
    )  # fmt: skip


@get(
    "/{ambito:str}/p/{plugin:str}/{pagina:str}",
    opt={"permesso": "ambito.vedi", "unita": "lettura"},
    include_in_schema=False,
)
async def una_pagina(request: Richiesta, plugin: FromPath[str], pagina: FromPath[str]) -> Template:
    """A page of a plugin that is active in the ambito today."""
    return await _pagina(request, plugin, pagina)


@post(
    "/{ambito:str}/p/{plugin:str}/{pagina:str}/{tabella:str}",
    opt={"permesso": "ambito.vedi"},
    include_in_schema=False,
)
async def scrivi(
    request: Richiesta,
    plugin: FromPath[str],
    pagina: FromPath[str],
    tabella: FromPath[str],
    data: Modulo,
) -> Template | Redirect:
    """A row more in a table of the plugin."""
    try:
        await pagine.scrivi(visita_corrente(), plugin, pagina, tabella, data)
    except RigheRifiutate as rifiuto:
        return await _pagina(
            request, plugin, pagina, tabella=tabella, valori=data, errori=rifiuto.errori
        )
    await aggiungi_messaggio("riuscito", "La riga è aggiunta.")
    return _torna(plugin, pagina)


@post(
    "/{ambito:str}/p/{plugin:str}/{pagina:str}/{tabella:str}/{id_:int}/ritira",
    opt={"permesso": "ambito.vedi"},
    include_in_schema=False,
)
async def ritira(
    plugin: FromPath[str], pagina: FromPath[str], tabella: FromPath[str], id_: FromPath[int]
) -> Redirect:
    """Withdraw a row."""
    await pagine.ritira(visita_corrente(), plugin, pagina, tabella, id_)
    await aggiungi_messaggio("riuscito", "La riga è ritirata.")
    return _torna(plugin, pagina)


@post(
    "/{ambito:str}/p/{plugin:str}/{pagina:str}/{tabella:str}/calcola",
    opt={"permesso": "ambito.vedi"},
    include_in_schema=False,
)
async def calcola(plugin: FromPath[str], pagina: FromPath[str], tabella: FromPath[str]) -> Redirect:
    """Ask for the job that fills a table."""
    await jobs.chiedi(visita_corrente(), plugin, pagina, tabella)
    await aggiungi_messaggio("riuscito", "Il calcolo è chiesto: le righe nuove arrivano fra poco.")
    return _torna(plugin, pagina)


def _torna(plugin: str, pagina: str) -> Redirect:
    return Redirect(f"/{visita_corrente().nell_ambito.slug}/p/{plugin}/{pagina}", status_code=303)


@get("/{ambito:str}/plugin/anni", opt={"permesso": "plugin.vedi", "unita": "lettura"})
async def elenco_anni(request: Richiesta) -> Template:
    """The years that are pinned, and the form to pin one."""
    visita = visita_corrente()
    base = f"/{visita.nell_ambito.slug}/plugin"
    pagina = costruisci_pagina(
        request, "Anni fissati", briciole=[("Plugin", base)],
        sommario="Un anno fissato tiene ciò che i plugin ne dicono oggi (scadenze, moduli, prospetti e "
        "rapporti della spesa), anche quando arriva una versione nuova o il plugin non c’è più.",
    )  # fmt: skip
    return rispondi(
        request, "estensioni/anni.html", pagina,
        anni=await anni_fissati(), chiusi=await service.anni_da_fissare(), base=f"{base}/anni", oggi=oggi(),
        puo_fissare=visita.puo("ambito.amministra"),
        presenti={manifesto.id: manifesto for manifesto in registro().manifesti()},
        colonne=_COLONNE_ANNI,
    )  # fmt: skip


@post("/{ambito:str}/plugin/anni", opt={"permesso": "ambito.amministra"})
async def fissa_anno(data: Modulo) -> Redirect:
    """Pin a year."""
    elenco = f"/{visita_corrente().nell_ambito.slug}/plugin/anni"
    testo = data.get("anno", "").strip()
    if not (testo.isascii() and testo.isdigit() and len(testo) == 4):
        await aggiungi_messaggio("avviso", "Scrivi l’anno da fissare con quattro cifre.")
        return Redirect(elenco, status_code=303)
    try:
        fissati = await fissa(int(testo))
    except Conflitto as errore:
        await aggiungi_messaggio("avviso", errore.messaggio)
    else:
        await registra("plugin.fissa", "anno", testo, plugin=", ".join(fissati))
        await aggiungi_messaggio("riuscito", f"Il {testo} è fissato: {', '.join(fissati)}.")
    return Redirect(elenco, status_code=303)


@get(
    "/{ambito:str}/plugin/anni/{anno:int}/{plugin:str}",
    opt={"permesso": "plugin.vedi", "unita": "lettura"},
)
async def differenze_anno(
    request: Richiesta, anno: FromPath[int], plugin: FromPath[str]
) -> Template:
    """What the version of today would say of a pinned year."""
    base = f"/{visita_corrente().nell_ambito.slug}/plugin"
    trovate = await che_cosa_cambierebbe(anno, plugin)
    pagina = costruisci_pagina(
        request, f"Il {anno} fissato e la versione di oggi",
        briciole=[("Plugin", base), ("Anni fissati", f"{base}/anni")],
        sommario=f"Le stesse domande sul {anno} a ciò che è fissato e al plugin «{plugin}» installato oggi.",
    )  # fmt: skip
    return rispondi(
        request, "estensioni/differenze.html", pagina,
        differenze=trovate[:MOSTRATE], quante=len(trovate), colonne=_COLONNE_DIFFERENZE,
    )  # fmt: skip


router = Router(
    path="/",
    route_handlers=[
        installati, prima_di_aggiornare, una_pagina, scrivi, ritira, calcola, elenco_anni, fissa_anno,
        differenze_anno,
    ],
)  # fmt: skip
