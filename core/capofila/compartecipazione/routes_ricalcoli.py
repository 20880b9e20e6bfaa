"""Pages of the quotas of all users at once: asked for, how far they are, what changes, decided together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, cast

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio, registra_lettura
from capofila.base.attivazioni import oggi
from capofila.base.errori import ErroreCapofila
from capofila.base.lavori import stato as stato_lavoro
from capofila.base.visita import visita_corrente
from capofila.compartecipazione import ricalcoli
from capofila.compartecipazione.calcolo import in_parole
from capofila.compartecipazione.decisioni import Provvedimento
from capofila.compartecipazione.ricalcoli import Quali
from capofila.compartecipazione.routes_adozioni import (
    Modulo,
    Richiesta,
    base,
    comuni_possibili,
    servizi_del_giorno,
)
from capofila.compartecipazione.utenze import DatiRifiutati
from capofila.hooks import Rifiuto
from capofila.hooks.campi import leggi_data
from capofila.web import formati
from capofila.web.contesto import (
    VoceMenu,
    costruisci_pagina,
    pagina_richiesta,
    rispondi,
    una_pagina,
)
from capofila.web.lettura import Lettura
from capofila.web.pagina import Colonna

MENU: Final = VoceMenu(
    titolo="Ricalcoli", percorso="compartecipazione/ricalcoli", permesso="compartecipazione.vedi",
    gruppo="Compartecipazione", icona="refresh", ordine=40,
)  # fmt: skip
_VEDI: Final = {"permesso": "compartecipazione.vedi"}
_SCRIVI: Final = {"permesso": "compartecipazione.scrivi"}
_QUALI: Final[Mapping[Quali, str]] = {
    "cambiano": "Quelle che cambiano",
    "nuove": "Quelle mai decise",
    "di_piu": "Chi pagherebbe di più",
    "di_meno": "Chi pagherebbe di meno",
    "senza_isee": "Chi non ha un ISEE utilizzabile",
    "non_calcolate": "Chi non ha una quota",
    "tutti": "Tutti",
}
_NON_DECISE: Final[Mapping[str, str]] = {
    "conflitto": "Non decisa: nel frattempo qualcosa è cambiato.",
    "senza_quota": "Non decisa: non c’è più una quota, o un’adozione su cui fondarla.",
}
_COLONNE: Final = (
    Colonna("Persona"),
    Colonna("Comune"),
    Colonna("Servizio"),
    Colonna("Decisa prima", tipo="numero"),
    Colonna("Quota ora", tipo="numero"),
    Colonna("Differenza", tipo="numero"),
    Colonna("Esito"),
)
_COLONNE_ELENCO: Final = (
    Colonna("Giorno"), Colonna("Servizio"), Colonna("Comuni"), Colonna("Chiesto"), Colonna("Stato"),
)  # fmt: skip


@get("/{ambito:str}/compartecipazione/ricalcoli", opt={**_VEDI, "unita": "lettura"})
async def elenco(request: Richiesta) -> Template:
    """The runs, the latest first, and the form of a new one."""
    return await _elenco(request, Lettura({"giorno": f"{oggi():%d/%m/%Y}"}))


async def _elenco(request: Richiesta, lettura: Lettura, stato: int = 200) -> Template:
    letto = leggi_data(lettura.scritto.get("giorno", ""))
    servizi, guasto = await servizi_del_giorno(
        date.fromisoformat(letto) if isinstance(letto, str) else oggi()
    )
    nomi = {nome: schema.denominazione for nome, schema in servizi.items()}
    pagina = costruisci_pagina(
        request, "Ricalcoli", briciole=[("Compartecipazione", base())],
        sommario="Le quote di tutti gli utenti in un giorno: si vede che cosa cambierebbe, e si decide dopo. "
        "Gli esiti si tengono sei mesi.",
        con_errori=bool(lettura.errori),
    )  # fmt: skip
    return rispondi(
        request, "compartecipazione/ricalcoli.html", pagina, stato=stato, guasto=guasto,
        righe=await ricalcoli.elenco(), nomi=nomi, comuni=dict(await comuni_possibili()),
        testi=lettura.scritto, errori=list(lettura.errori.items()), sbagli=lettura.errori,
        colonne=_COLONNE_ELENCO, base=base(), di_chi=_di_chi,
        scrivi=visita_corrente().puo("compartecipazione.scrivi"),
    )  # fmt: skip


def _di_chi(uno: ricalcoli.Ricalcolo, nomi: Mapping[str, str], comuni: Mapping[str, str]) -> str:
    servizio = "Tutti i servizi" if uno.servizio is None else nomi.get(uno.servizio, uno.servizio)
    dove = "tutti i comuni" if uno.comune is None else comuni.get(uno.comune, uno.comune)
    return f"{servizio}, {dove}"


@post("/{ambito:str}/compartecipazione/ricalcoli", opt=_SCRIVI, status_code=200)
async def chiedi(request: Richiesta, data: Modulo) -> Template | Redirect:
    """Ask for a run."""
    lettura = Lettura(data)
    giorno = lettura.giorno("giorno", "Scrivi il giorno, come 01/01/2025.")
    servizio = lettura.scritto.get("servizio", "")[:60]
    if lettura.errori or giorno is None:
        return await _elenco(request, lettura, 422)
    try:
        id_ = await ricalcoli.chiedi(servizio or None, giorno)
    except DatiRifiutati as rifiuto:
        lettura.errori |= dict(rifiuto.errori)
        return await _elenco(request, lettura, rifiuto.stato)
    except ErroreCapofila as rifiuto:
        if rifiuto.stato >= 500:
            raise
        lettura.errori["servizio"] = rifiuto.messaggio
        return await _elenco(request, lettura, rifiuto.stato)
    return Redirect(f"{base()}/ricalcoli/{id_}", status_code=303)


@get("/{ambito:str}/compartecipazione/ricalcoli/{id_:int}", opt=_VEDI)
async def uno(request: Richiesta, id_: FromPath[int]) -> Template:
    """A run: how far it is, then its outcomes."""
    return await _uno(request, id_, Lettura({}))


async def _uno(request: Richiesta, id_: int, lettura: Lettura, stato: int = 200) -> Template:
    questo = await ricalcoli.leggi(id_)
    lavoro = await stato_lavoro(questo.decide_lavoro_id or questo.lavoro_id)
    chiesto = request.query_params.get("quali", "")
    quali = cast(Quali, chiesto if chiesto in _QUALI else "cambiano")
    numero = min(pagina_richiesta(request), 10_000)
    conto, righe = None, []
    if questo.finito_il is not None:
        conto = await ricalcoli.conta(id_)
        righe = await ricalcoli.esiti(id_, quali, numero)
        await registra_lettura("compartecipazione.elenca", "assistito", None, righe=len(righe))
    servizi, _ = await servizi_del_giorno(questo.giorno)
    nomi = {nome: schema.denominazione for nome, schema in servizi.items()}
    comuni = dict(await comuni_possibili())
    visita = visita_corrente()
    pagina = costruisci_pagina(
        request, f"Quote il {formati.data(questo.giorno)}",
        briciole=[("Compartecipazione", base()), ("Ricalcoli", f"{base()}/ricalcoli")],
        sommario=_di_chi(questo, nomi, comuni) + ".", con_errori=bool(lettura.errori),
    )  # fmt: skip
    return rispondi(
        request,
        "compartecipazione/ricalcolo.html",
        pagina,
        frammento="compartecipazione/_ricalcolo.html",
        stato=stato,
        questo=questo,
        lavoro=lavoro,
        in_corso=not lavoro.finito,
        riavvia=f"/{visita.nell_ambito.slug}/lavori/{lavoro.id}/riavvia"
        if lavoro.stato == "fallito" and visita.puo("lavori.riavvia")
        else "",
        conto=conto,
        **una_pagina(righe, ricalcoli.PER_PAGINA, numero),
        quali=quali,
        scelte=list(_QUALI.items()),
        colonne=_COLONNE,
        nomi=nomi,
        comuni=comuni,
        perche=_perche,
        testi=lettura.scritto,
        errori=list(lettura.errori.items()),
        sbagli=lettura.errori,
        base=base(),
        qui=f"{base()}/ricalcoli/{id_}",
        scrivi=visita.puo("compartecipazione.scrivi"),
    )


def _perche(riga: ricalcoli.RigaEsito) -> str:
    """What is to be said beside a quota, or in its place."""
    detto = [in_parole(riga.motivo)] if riga.motivo else []
    if riga.supposta and riga.quota is not None:
        detto.append("L’adozione del comune non è registrata: la quota è supposta.")
    if riga.non_decisa:
        detto.append(_NON_DECISE.get(riga.non_decisa, "Non decisa: aprila e decidila da sola."))
    return " ".join(detto)


@post("/{ambito:str}/compartecipazione/ricalcoli/{id_:int}/decidi", opt=_SCRIVI, status_code=200)
async def decidi(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Ask that what changes be decided by one act."""
    lettura = Lettura(data)
    organo = lettura.testo("organo", 120, "Scrivi chi ha deciso.")
    numero = lettura.testo("numero", 40, "Scrivi il numero dell’atto.")
    letto: Any = leggi_data(lettura.scritto.get("data", ""))
    if isinstance(letto, Rifiuto) or letto is None:
        lettura.errori["data"] = "Scrivi la data dell’atto, come 31/01/2025."
    if lettura.errori:
        return await _uno(request, id_, lettura, 422)
    atto = Provvedimento(organo=organo, numero=numero, data=date.fromisoformat(letto))
    try:
        await ricalcoli.chiedi_decisioni(id_, atto)
    except ErroreCapofila as rifiuto:
        if rifiuto.stato not in (409, 422):
            raise
        lettura.errori[""] = rifiuto.messaggio
        return await _uno(request, id_, lettura, rifiuto.stato)
    await aggiungi_messaggio("riuscito", "Le decisioni si stanno registrando.")
    return Redirect(f"{base()}/ricalcoli/{id_}", status_code=303)


ROTTE: Final = (elenco, chiedi, uno, decidi)
