"""Pages of the persons: the users of a service, one person with her ISEE, services and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, cast
from urllib.parse import urlencode

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio, registra_lettura
from capofila.base.attivazioni import oggi
from capofila.base.errori import Conflitto, ErroreCapofila
from capofila.base.visita import visita_corrente
from capofila.compartecipazione import decisioni, utenze
from capofila.compartecipazione.isee import Attestazione, SpecieISEE
from capofila.compartecipazione.lettera import UNITA
from capofila.compartecipazione.routes_adozioni import (
    Modulo,
    Richiesta,
    base,
    comuni_possibili,
    giorno_chiesto,
    servizi_del_giorno,
)
from capofila.compartecipazione.schemi import Schema
from capofila.hooks.campi import leggi_data
from capofila.web import formati
from capofila.web.contesto import (
    VoceMenu,
    costruisci_pagina,
    pagina_richiesta,
    rispondi,
    una_pagina,
)
from capofila.web.lettura import Lettura, persona_cercata
from capofila.web.pagina import Colonna

MENU: Final = VoceMenu(
    titolo="Utenti e quote", percorso="compartecipazione", permesso="compartecipazione.vedi",
    gruppo="Compartecipazione", icona="user", ordine=36,
)  # fmt: skip
_VEDI: Final = {"permesso": "compartecipazione.vedi"}
_SCRIVI: Final = {"permesso": "compartecipazione.scrivi"}
SPECIE: Final[Mapping[str, str]] = {
    "ordinario": "Ordinario",
    "minorenni": "Per minorenni",
    "sociosanitario": "Sociosanitario",
    "sociosanitario_residenze": "Sociosanitario residenze",
    "corrente": "Corrente",
    "universitario": "Universitario",
}
_QUALI: Final[Mapping[utenze.Quali, str]] = {
    "": "Tutte",
    "da_decidere": "Da decidere",
    "da_rivedere": decisioni.DA_RIVEDERE,
}
_COLONNE: Final = (
    Colonna("Persona"),
    Colonna("Comune"),
    Colonna("Servizio"),
    Colonna("Periodo"),
    Colonna("Quantità", tipo="numero"),
    Colonna("Quota decisa", tipo="numero"),
)


async def _servizi(giorno: date) -> tuple[Mapping[str, Schema], dict[str, str], str]:
    """Schemes and names by service, and what is wrong with them."""
    servizi, guasto = await servizi_del_giorno(giorno)
    return servizi, {nome: s.denominazione for nome, s in servizi.items()}, guasto


# ---- the list ----


@get("/{ambito:str}/compartecipazione", opt=_VEDI)
async def elenco(request: Richiesta) -> Template:
    """The users of the services on a day."""
    return await _elenco(request)


@get("/{ambito:str}/compartecipazione/cerca", opt={**_VEDI, "unita": "nessuna"})
async def torna_all_elenco() -> Redirect:
    """The address of a search, opened by itself: the search is not in it, the list is."""
    return Redirect(base(), status_code=303)


@post("/{ambito:str}/compartecipazione/cerca", opt=_VEDI, status_code=200)
async def cerca(request: Richiesta, data: Modulo) -> Template:
    """The services of a person: asked by POST, so that no name stands in an address."""
    persona, errore = persona_cercata(data)
    return await _elenco(request, persona, errore=errore)


async def _elenco(request: Richiesta, persona: str = "", *, errore: str = "") -> Template:
    giorno, errore_giorno = giorno_chiesto(request)
    _, nomi, guasto = await _servizi(giorno)
    comuni = await comuni_possibili()
    servizio = request.query_params.get("servizio", "")[:60]
    comune = request.query_params.get("comune", "")
    servizio = servizio if servizio in nomi else ""
    comune = comune if comune in dict(comuni) else ""
    chiesti = request.query_params.get("quali", "")
    quali = cast(utenze.Quali, chiesti if chiesti in _QUALI else "")
    numero = min(pagina_richiesta(request), 10_000)
    cercata = persona if persona and not errore else None
    righe = await utenze.elenco(
        giorno, servizio or None, comune or None, cercata, numero, "" if cercata else quali
    )
    await registra_lettura("compartecipazione.elenca", "assistito", None, righe=len(righe))
    pagina = costruisci_pagina(
        request, "Utenti e quote",
        sommario="Chi usa un servizio, e quanto è stato deciso che paghi.",
        con_errori=bool(errore or errore_giorno),
    )  # fmt: skip
    errori = [("persona", errore)] if errore else []
    errori += [("giorno", errore_giorno)] if errore_giorno else []
    return rispondi(
        request,
        "compartecipazione/utenti.html",
        pagina,
        stato=422 if errori else 200,
        **una_pagina(righe, utenze.PER_PAGINA, numero),
        errori=errori,
        sbagli=dict(errori),
        guasto=guasto,
        giorno=giorno,
        servizio=servizio,
        comune=comune,
        quali=quali,
        scelte=list(_QUALI.items()),
        da_rivedere=await utenze.da_rivedere(giorno, servizio or None, comune or None),
        persona=persona,
        cercata=cercata,
        servizi=list(nomi.items()),
        nomi=nomi,
        opzioni_comune=comuni,
        comuni=dict(comuni),
        colonne=_COLONNE,
        base=base(),
        scrivi=visita_corrente().puo("compartecipazione.scrivi"),
    )


# ---- a new person ----


@get("/{ambito:str}/compartecipazione/persone/nuova", opt={**_SCRIVI, "unita": "lettura"})
async def nuova(request: Richiesta) -> Template:
    """The form of a person."""
    return await _nuova(request, Lettura({}))


async def _nuova(request: Richiesta, lettura: Lettura, stato: int = 200) -> Template:
    comuni = await comuni_possibili()
    pagina = costruisci_pagina(
        request, "Nuova persona", briciole=[("Compartecipazione", base())],
        con_errori=bool(lettura.errori),
    )  # fmt: skip
    testi = {"comune": comuni[0][0] if len(comuni) == 1 else "", **lettura.scritto}
    return rispondi(
        request, "compartecipazione/persona_nuova.html", pagina, stato=stato, testi=testi,
        errori=list(lettura.errori.items()), sbagli=lettura.errori, comuni=comuni, base=base(),
    )  # fmt: skip


@post("/{ambito:str}/compartecipazione/persone/nuova", opt=_SCRIVI, status_code=200)
async def inserisci(request: Richiesta, data: Modulo) -> Template | Redirect:
    """Write a person down; one that is there is found."""
    lettura = Lettura(data)
    codice = lettura.codice_fiscale()
    cognome = lettura.testo("cognome", 36, "Scrivi il cognome.")
    nome = lettura.testo("nome", 36, "Scrivi il nome.")
    comune = lettura.scritto.get("comune", "")
    if comune not in dict(await comuni_possibili()):
        lettura.errori["comune"] = "Scegli il comune."
    if lettura.errori:
        return await _nuova(request, lettura, 422)
    id_ = await utenze.apri_assistito(comune, codice, cognome, nome)
    return Redirect(f"{base()}/persone/{id_}", status_code=303)


# ---- one person ----


@get("/{ambito:str}/compartecipazione/persone/{id_:int}", opt=_VEDI)
async def una(request: Richiesta, id_: FromPath[int]) -> Template:
    """A person: attestations, services, decisions."""
    chi = await utenze.assistito(id_)
    await registra_lettura("compartecipazione.consulta", "assistito", str(id_))
    servizi, nomi, guasto = await _servizi(oggi())
    decise = await decisioni.decisioni_di(id_)
    sue = await utenze.utenze_di(id_)
    pagina = costruisci_pagina(
        request, f"{chi.cognome} {chi.nome}", briciole=[("Compartecipazione", base())]
    )
    return rispondi(
        request,
        "compartecipazione/persona.html",
        pagina,
        chi=chi,
        comune=dict(await comuni_possibili()).get(chi.comune, chi.comune),
        attestazioni=await utenze.attestazioni(id_),
        utenze=sue,
        decise=decise,
        stati_decisione=decisioni.stati(decise, sue, oggi()),
        nomi=nomi,
        schemi=servizi,
        guasto=guasto,
        specie=SPECIE,
        unita=UNITA,
        oggi=oggi(),
        base=base(),
        scrivi=visita_corrente().puo("compartecipazione.scrivi"),
    )


def briciole_di(chi: utenze.Assistito) -> list[tuple[str, str]]:
    """The pages above those of a person."""
    return [
        ("Compartecipazione", base()),
        (f"{chi.cognome} {chi.nome}", f"{base()}/persone/{chi.id}"),
    ]


# ---- attestations ----


@get("/{ambito:str}/compartecipazione/persone/{id_:int}/isee", opt=_SCRIVI)
async def isee(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of an attestation."""
    return await _isee(request, id_, Lettura({"specie": "ordinario"}))


async def _isee(request: Richiesta, id_: int, lettura: Lettura, stato: int = 200) -> Template:
    chi = await utenze.assistito(id_)
    await registra_lettura("compartecipazione.consulta", "assistito", str(id_))
    pagina = costruisci_pagina(
        request, "Nuova attestazione ISEE", briciole=briciole_di(chi),
        con_errori=bool(lettura.errori),
    )  # fmt: skip
    return rispondi(
        request, "compartecipazione/isee.html", pagina, stato=stato, testi=lettura.scritto,
        errori=list(lettura.errori.items()), sbagli=lettura.errori, specie=list(SPECIE.items()),
        torna=f"{base()}/persone/{id_}", azione=f"{base()}/persone/{id_}/isee",
    )  # fmt: skip


@post("/{ambito:str}/compartecipazione/persone/{id_:int}/isee", opt=_SCRIVI, status_code=200)
async def isee_scrivi(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Keep an attestation."""
    await utenze.assistito(id_)
    lettura = Lettura(data)
    specie = lettura.scritto.get("specie", "")
    if specie not in SPECIE:
        lettura.errori["specie"] = "Scegli la specie."
    valore = lettura.importo("valore", "Scrivi il valore dell’ISEE.")
    protocollo = lettura.testo("protocollo", 60, "Scrivi il protocollo della DSU.")
    presentata = lettura.giorno("presentata", "Scrivi il giorno della DSU, come 31/01/2025.")
    ultimo_giorno = lettura.giorno("ultimo_giorno")
    if lettura.errori or valore is None:
        return await _isee(request, id_, lettura, 422)
    try:
        await utenze.registra_attestazione(
            id_,
            Attestazione(
                valore=valore, specie=SpecieISEE(specie), protocollo=protocollo,
                presentata=presentata, ultimo_giorno=ultimo_giorno,
                omissioni=bool(lettura.scritto.get("omissioni")),
            ),
        )  # fmt: skip
    except utenze.DatiRifiutati as rifiuto:
        lettura.errori |= dict(rifiuto.errori)
        return await _isee(request, id_, lettura, 422)
    except Conflitto as rifiuto:
        lettura.errori["protocollo"] = rifiuto.messaggio
        return await _isee(request, id_, lettura, 409)
    await aggiungi_messaggio("riuscito", "L’attestazione è registrata.")
    return Redirect(f"{base()}/persone/{id_}", status_code=303)


def _chiedi(
    request: Richiesta, chi: utenze.Assistito, titolo: str, domanda: str, cosa: str, azione: str,
    *conseguenze: str,
) -> Template:  # fmt: skip
    pagina = costruisci_pagina(request, titolo, briciole=briciole_di(chi))
    return rispondi(
        request, "compartecipazione/ritira.html", pagina, domanda=domanda, cosa=cosa,
        conseguenze=conseguenze, azione=azione, torna=f"{base()}/persone/{chi.id}",
    )  # fmt: skip


@get("/{ambito:str}/compartecipazione/isee/{id_:int}/ritira", opt=_SCRIVI)
async def isee_chiedi(request: Richiesta, id_: FromPath[int]) -> Template:
    """Ask before an attestation is withdrawn."""
    questa = await utenze.leggi_attestazione(id_)
    chi = await utenze.assistito(questa.assistito_id)
    await registra_lettura("compartecipazione.consulta", "assistito", str(chi.id))
    return _chiedi(
        request, chi, "Ritira l’attestazione", "Ritirare l’attestazione scritta per errore?",
        f"{SPECIE[questa.specie]}, {formati.importo(questa.valore)}, DSU del "
        f"{formati.data(questa.presentata)}, protocollo {questa.protocollo}.",
        f"{base()}/isee/{id_}/ritira",
        "Resta nella storia della persona, e nessun calcolo la guarda più.",
        "Non si può ritirare se una decisione vi si fonda.",
    )  # fmt: skip


@post("/{ambito:str}/compartecipazione/isee/{id_:int}/ritira", opt=_SCRIVI, status_code=200)
async def isee_ritira(id_: FromPath[int]) -> Redirect:
    """Withdraw an attestation."""
    chi = await utenze.ritira_attestazione(id_)
    await aggiungi_messaggio("riuscito", "L’attestazione è ritirata.")
    return Redirect(f"{base()}/persone/{chi}", status_code=303)


# ---- services ----


@get("/{ambito:str}/compartecipazione/persone/{id_:int}/servizio", opt=_SCRIVI)
async def servizio(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of a service; of one that the person has, with what it is now."""
    chiesto = request.query_params.get("servizio", "")[:60]
    testi = {"servizio": chiesto}
    for una_ in await utenze.utenze_di((await utenze.assistito(id_)).id):
        if una_.servizio == chiesto and una_.ritirata_il is None:
            for nome in ("quantita", "costo", "punti", "disponibile"):
                cifra = getattr(una_, nome)
                testi[nome] = "" if cifra is None else formati.numero(cifra)
            testi |= {f"condizione-{nome}": "si" for nome in una_.condizioni}
            break
    return await _servizio(request, id_, Lettura(testi))


async def _servizio(request: Richiesta, id_: int, lettura: Lettura, stato: int = 200) -> Template:
    chi = await utenze.assistito(id_)
    await registra_lettura("compartecipazione.consulta", "assistito", str(id_))
    letto = leggi_data(lettura.scritto.get("dal", ""))
    servizi, nomi, guasto = await _servizi(
        date.fromisoformat(letto) if isinstance(letto, str) else oggi()
    )
    scelto = lettura.scritto.get("servizio", "")
    if not scelto and len(servizi) == 1:
        scelto = next(iter(servizi))
    pagina = costruisci_pagina(
        request, "Un servizio della persona", briciole=briciole_di(chi),
        con_errori=bool(lettura.errori),
    )  # fmt: skip
    return rispondi(
        request, "compartecipazione/servizio.html", pagina, stato=stato,
        testi={**lettura.scritto, "servizio": scelto}, errori=list(lettura.errori.items()),
        sbagli=lettura.errori, servizi=list(nomi.items()), guasto=guasto,
        condizioni={
            nome: detta
            for s in ([servizi[scelto]] if scelto in servizi else servizi.values())
            for nome, detta in s.condizioni.items()
        },
        unita="; ".join(f"{s.denominazione}: {UNITA[s.unita]}" for s in servizi.values()),
        torna=f"{base()}/persone/{id_}", azione=f"{base()}/persone/{id_}/servizio",
    )  # fmt: skip


@post("/{ambito:str}/compartecipazione/persone/{id_:int}/servizio", opt=_SCRIVI, status_code=200)
async def servizio_scrivi(
    request: Richiesta, id_: FromPath[int], data: Modulo
) -> Template | Redirect:
    """The person has a service from a day, or has it otherwise."""
    await utenze.assistito(id_)
    lettura = Lettura(data)
    scelto = lettura.testo("servizio", 60, "Scegli il servizio.")
    dal = lettura.giorno("dal", "Scrivi da quando, come 01/01/2025.")
    al = lettura.giorno("al")
    quantita = lettura.importo("quantita", "Scrivi quante unità al mese.")
    costo, punti = lettura.importo("costo"), lettura.importo("punti")
    disponibile = lettura.importo("disponibile")
    if lettura.errori or dal is None or quantita is None:
        return await _servizio(request, id_, lettura, 422)
    try:
        _, chiusa = await utenze.registra_utenza(
            utenze.Utenza(
                assistito_id=id_, servizio=scelto, dal=dal, al=al, quantita=quantita,
                condizioni=frozenset(
                    nome.removeprefix("condizione-")
                    for nome, valore in lettura.scritto.items()
                    if nome.startswith("condizione-") and valore
                ),
                costo=costo,
                punti=punti,
                disponibile=disponibile,
            )
        )  # fmt: skip
    except utenze.DatiRifiutati as rifiuto:
        lettura.errori |= dict(rifiuto.errori)
        return await _servizio(request, id_, lettura, 422)
    except ErroreCapofila as rifiuto:
        lettura.errori["dal" if isinstance(rifiuto, Conflitto) else "servizio"] = rifiuto.messaggio
        return await _servizio(request, id_, lettura, rifiuto.stato)
    testo = "Il servizio è registrato."
    if chiusa is not None:
        testo += " Com’era prima vale fino al giorno precedente."
    await aggiungi_messaggio("riuscito", testo)
    return Redirect(f"{base()}/persone/{id_}", status_code=303)


@get("/{ambito:str}/compartecipazione/utenze/{id_:int}/chiudi", opt=_SCRIVI)
async def chiudi(request: Richiesta, id_: FromPath[int]) -> Template:
    """Ask for the last day of a service."""
    return await _chiudi(request, id_, Lettura({}))


async def _chiudi(request: Richiesta, id_: int, lettura: Lettura, stato: int = 200) -> Template:
    questa = await utenze.leggi_utenza(id_)
    chi = await utenze.assistito(questa.assistito_id)
    await registra_lettura("compartecipazione.consulta", "assistito", str(chi.id))
    pagina = costruisci_pagina(
        request, "Fine del servizio", briciole=briciole_di(chi), con_errori=bool(lettura.errori)
    )
    return rispondi(
        request, "compartecipazione/chiudi.html", pagina, stato=stato, utenza=questa,
        testi=lettura.scritto, errori=list(lettura.errori.items()), sbagli=lettura.errori,
        torna=f"{base()}/persone/{chi.id}", azione=f"{base()}/utenze/{id_}",
    )  # fmt: skip


@post("/{ambito:str}/compartecipazione/utenze/{id_:int}/chiudi", opt=_SCRIVI, status_code=200)
async def chiudi_scrivi(
    request: Richiesta, id_: FromPath[int], data: Modulo
) -> Template | Redirect:
    """Write the last day of a service."""
    await utenze.leggi_utenza(id_)
    lettura = Lettura(data)
    al = lettura.giorno("al", "Scrivi l’ultimo giorno, come 31/12/2025.")
    if al is None:
        return await _chiudi(request, id_, lettura, 422)
    try:
        questa = await utenze.chiudi_utenza(id_, al)
    except (utenze.DatiRifiutati, Conflitto) as rifiuto:
        lettura.errori["al"] = rifiuto.messaggio
        return await _chiudi(request, id_, lettura, rifiuto.stato)
    await aggiungi_messaggio("riuscito", f"Il servizio finisce il {formati.data(al)}.")
    return Redirect(f"{base()}/persone/{questa.assistito_id}", status_code=303)


@post("/{ambito:str}/compartecipazione/utenze/{id_:int}/ritira", opt=_SCRIVI, status_code=200)
async def utenza_ritira(id_: FromPath[int]) -> Redirect:
    """Withdraw a period of a service that was registered by mistake."""
    chi = await utenze.ritira_utenza(id_)
    await aggiungi_messaggio("riuscito", "Il periodo è ritirato.")
    return Redirect(f"{base()}/persone/{chi}", status_code=303)


def a_decidere(utenza_id: int, giorno: date) -> str:
    """The address where a quota is looked at from a day on."""
    return f"{base()}/utenze/{utenza_id}/decidi?{urlencode({'dal': f'{giorno:%d/%m/%Y}'})}"


ROTTE: Final = (
    elenco, torna_all_elenco, cerca, nuova, inserisci, una, isee, isee_scrivi, isee_chiedi,
    isee_ritira, servizio, servizio_scrivi, chiudi, chiudi_scrivi, utenza_ritira,
)  # fmt: skip
