"""Pages of the home of an ambito, of its jobs and of its plugins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template

from capofila.accessi.rules import percorso_locale
from capofila.accessi.service import aggiungi_messaggio
from capofila.base import lavori
from capofila.base.errori import Conflitto, RichiestaNonValida
from capofila.base.guasti import guasti
from capofila.base.visita import visita_corrente
from capofila.debito.service import STATI
from capofila.estensioni.service import anni_da_fissare
from capofila.gestione import service
from capofila.governo.service import distanza
from capofila.hooks import BloccoModello
from capofila.prestazioni.service import CONTEGGIO_MASSIMO
from capofila.web.blocchi import parole
from capofila.web.contesto import VoceMenu, anno_richiesto, costruisci_pagina, rispondi
from capofila.web.pagina import Colonna

MENU = (
    VoceMenu(
        titolo="Da fare oggi", percorso="", permesso="adempimenti.vedi", icona="inbox", ordine=10
    ),
    VoceMenu(
        titolo="Lavori", percorso="lavori", permesso="lavori.vedi",
        gruppo="Gestione", icona="settings", ordine=80,
    ),
    VoceMenu(
        titolo="Plugin", percorso="plugin", permesso="plugin.vedi",
        gruppo="Gestione", icona="plug", ordine=81,
    ),
)  # fmt: skip

PER_PAGINA: Final = 50
STATI_LAVORO: Final = {
    "in_attesa": ("In attesa", "attesa"),
    "in_corso": ("In corso", "corso"),
    "da_ritentare": ("Da ritentare", "attenzione"),
    "riuscito": ("Riuscito", "buono"),
    "respinto": ("Respinto", "attenzione"),
    "fallito": ("Fallito", "errore"),
}
_COLONNE_LAVORI: Final = (
    Colonna("Lavoro"),
    Colonna("Stato"),
    Colonna("Che cosa succede"),
    Colonna("Fatto", tipo="numero"),
    Colonna("Tentativi", tipo="numero"),
    Colonna("Richiesto"),
    Colonna("Finito"),
)

_COLONNE_GUASTI: Final = (
    Colonna("Quando"),
    Colonna("Plugin"),
    Colonna("Versione"),
    Colonna("Domanda"),
    Colonna("Che cosa è successo"),
    Colonna("Volte", tipo="numero"),
)


@get("/{ambito:str}", opt={"permesso": "adempimenti.vedi", "unita": "lettura"})
async def casa(request: Request[Any, Any, Any]) -> Template:
    """What waits for this person, and how the ambito stands."""
    visita = visita_corrente()
    ambito = visita.nell_ambito
    anno = anno_richiesto(request)
    pagina = costruisci_pagina(
        request, "Da fare oggi", con_anno=True, sommario=f"{ambito.nome}, {ambito.capofila}"
        if ambito.capofila
        else ambito.nome,
    )  # fmt: skip
    return rispondi(
        request,
        "gestione/casa.html",
        pagina,
        casa=await service.casa(visita, anno),
        anno=anno,
        massimo=CONTEGGIO_MASSIMO,
        stati=STATI,
        distanza=distanza,
        base=f"/{ambito.slug}",
        puo_importare=visita.puo("prestazioni.importa"),
        avviso=await parole(request, BloccoModello.CASA_AVVISO),
    )


@get("/{ambito:str}/lavori", opt={"permesso": "lavori.vedi", "unita": "lettura"})
async def elenco_lavori(request: Request[Any, Any, Any]) -> Template:
    """The jobs of the ambito, the last asked for first."""
    visita = visita_corrente()
    base = f"/{visita.nell_ambito.slug}"
    prima = _momento(request.query_params.get("prima"))
    trovati = await lavori.elenco(prima_di=prima, quanti=PER_PAGINA + 1)
    mostrati = trovati[:PER_PAGINA]
    pagina = costruisci_pagina(
        request, "Lavori",
        sommario="Quello che la piattaforma fa in sottofondo. Nessuna richiesta va persa: se un "
        "servizio non risponde, il lavoro aspetta e parte da solo.",
    )  # fmt: skip
    return rispondi(
        request,
        "gestione/lavori.html",
        pagina,
        frammento="gestione/_lavori.html",
        lavori=mostrati,
        nome_lavoro=service.nome_lavoro,
        prossima=mostrati[-1].richiesto_il.isoformat() if len(trovati) > PER_PAGINA else "",
        prima=prima,
        in_corso=any(not uno.finito for uno in mostrati),
        stati=STATI_LAVORO,
        colonne=_COLONNE_LAVORI,
        base=base,
        puo_riavviare=visita.puo("lavori.riavvia"),
    )


def _momento(testo: str | None) -> datetime | None:
    if not testo:
        return None
    try:
        # A plus sign that nobody escaped comes back as a blank.
        momento = datetime.fromisoformat(testo.replace(" ", "+"))
    except ValueError:
        momento = None
    if momento is None or momento.tzinfo is None:
        raise RichiestaNonValida("Il momento nell'indirizzo non è valido: torna all'elenco.")
    return momento


@post("/{ambito:str}/lavori/{id_:uuid}/riavvia", opt={"permesso": "lavori.riavvia"})
async def riavvia(
    id_: FromPath[UUID],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Put a failed job back in the queue."""
    elenco = f"/{visita_corrente().nell_ambito.slug}/lavori"
    try:
        await service.riavvia(id_)
    except Conflitto as errore:
        await aggiungi_messaggio("avviso", errore.messaggio)
    else:
        await aggiungi_messaggio("riuscito", "Il lavoro è di nuovo in coda.")
    poi = percorso_locale(data.get("poi"))
    return Redirect(elenco if poi == "/" else poi, status_code=303)


@get("/{ambito:str}/plugin", opt={"permesso": "plugin.vedi", "unita": "lettura"})
async def elenco_plugin(request: Request[Any, Any, Any]) -> Template:
    """The plugins that act in the ambito: who made them, by which acts, what they give."""
    pagina = costruisci_pagina(
        request, "Plugin",
        sommario="Le regole di questo ambito: chi le ha scritte, da quali atti vengono, che cosa "
        "fanno dei dati personali.",
    )  # fmt: skip
    return rispondi(
        request,
        "gestione/plugin.html",
        pagina,
        plugin=await service.plugin(),
        guasti=await guasti(30),
        da_fissare=await anni_da_fissare(),
        colonne_guasti=_COLONNE_GUASTI,
    )


router = Router(path="/", route_handlers=[casa, elenco_lavori, riavvia, elenco_plugin])
