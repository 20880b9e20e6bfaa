"""Pages of the decisions: the quota before it is decided, one decision, its letter, its record."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response, Template

from capofila.accessi.service import aggiungi_messaggio, registra_lettura
from capofila.base.attivazioni import oggi
from capofila.base.errori import Conflitto, ErroreCapofila
from capofila.base.visita import visita_corrente
from capofila.compartecipazione import decisioni, registro, utenze
from capofila.compartecipazione.calcolo import in_parole
from capofila.compartecipazione.lettera import UNITA, cifra, in_chiaro, lettera
from capofila.compartecipazione.routes_adozioni import (
    STATI,
    Modulo,
    Richiesta,
    base,
    comuni_possibili,
)
from capofila.compartecipazione.routes_utenze import SPECIE, briciole_di
from capofila.hooks import BloccoModello, Rifiuto
from capofila.hooks.campi import leggi_data, leggi_importo
from capofila.territorio import service as territorio
from capofila.web import formati
from capofila.web.blocchi import parole
from capofila.web.contesto import costruisci_pagina, rispondi
from capofila.web.lettura import Lettura

_VEDI: Final = {"permesso": "compartecipazione.vedi"}
_SCRIVI: Final = {"permesso": "compartecipazione.scrivi"}


async def _nome_comune(codice: str) -> str:
    return dict(await comuni_possibili()).get(codice, codice)


# ---- before it is decided ----


@get("/{ambito:str}/compartecipazione/utenze/{id_:int}/decidi", opt=_SCRIVI)
async def modulo(request: Richiesta, id_: FromPath[int]) -> Template:
    """What a user would pay from a day on, why, and the form of the act."""
    una = await utenze.leggi_utenza(id_)
    testo = request.query_params.get("dal", "")
    proposto = max(una.dal, min(oggi(), una.al or oggi()))
    return await _modulo(request, una, Lettura({"dal": testo or f"{proposto:%d/%m/%Y}"}))


async def _modulo(
    request: Richiesta, una: utenze.Utenza, lettura: Lettura, stato: int = 200
) -> Template:
    chi = await utenze.assistito(una.assistito_id)
    await registra_lettura("compartecipazione.consulta", "assistito", str(chi.id))
    giorno = leggi_data(lettura.scritto.get("dal", ""))
    vista, ostacolo = None, ""
    if isinstance(giorno, Rifiuto):
        lettura.errori.setdefault("dal", giorno.messaggio[:1].upper() + giorno.messaggio[1:])
    elif giorno is not None:
        try:
            vista = await decisioni.anteprima(una.id, date.fromisoformat(giorno))
        except utenze.DatiRifiutati as rifiuto:
            for campo, detto in rifiuto.errori:
                lettura.errori.setdefault(campo, detto)
        except ErroreCapofila as errore:
            # No scheme, or two: a stated outcome, not a closed door.
            ostacolo = errore.messaggio
    if lettura.errori and stato == 200:
        stato = 422
    pagina = costruisci_pagina(
        request, "Decidi la quota", briciole=briciole_di(chi), con_errori=bool(lettura.errori)
    )
    adozione = vista.vigenza.adozione if vista else None
    return rispondi(
        request,
        "compartecipazione/decidi.html",
        pagina,
        stato=stato,
        chi=chi,
        comune=await _nome_comune(chi.comune),
        utenza=una,
        vista=vista,
        ostacolo=vista.ostacolo if vista else ostacolo,
        motivo=in_parole(vista.motivo) if vista and vista.motivo else "",
        stato_adozione=STATI[adozione.stato if adozione else ""],
        testi=lettura.scritto,
        errori=list(lettura.errori.items()),
        sbagli=lettura.errori,
        specie=SPECIE,
        unita=UNITA,
        cifra=cifra,
        in_chiaro=in_chiaro,
        torna=f"{base()}/persone/{chi.id}",
        azione=f"{base()}/utenze/{una.id}/decidi",
        base=base(),
    )


@post("/{ambito:str}/compartecipazione/utenze/{id_:int}/decidi", opt=_SCRIVI, status_code=200)
async def decidi(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Decide, if what whoever decides has seen is what it is."""
    una = await utenze.leggi_utenza(id_)
    lettura = Lettura(data)
    giorno = lettura.giorno("dal", "Scrivi da quando vale la quota, come 01/01/2025.")
    organo = lettura.testo("organo", 120, "Scrivi chi ha deciso.")
    numero = lettura.testo("numero", 40, "Scrivi il numero dell’atto.")
    del_giorno = lettura.giorno("data", "Scrivi la data dell’atto.")
    if lettura.errori or giorno is None or del_giorno is None:
        return await _modulo(request, una, lettura, 422)
    atto = decisioni.Provvedimento(organo=organo, numero=numero, data=del_giorno)
    try:
        decisa = await decisioni.decidi(id_, giorno, atto, vista=lettura.scritto.get("vista", ""))
    except utenze.DatiRifiutati as rifiuto:
        lettura.errori |= dict(rifiuto.errori)
        return await _modulo(request, una, lettura, 422)
    except ErroreCapofila as rifiuto:
        lettura.errori["dal"] = rifiuto.messaggio
        return await _modulo(request, una, lettura, rifiuto.stato)
    await aggiungi_messaggio("riuscito", "La quota è decisa: scarica la lettera per la persona.")
    return Redirect(f"{base()}/decisioni/{decisa}", status_code=303)


# ---- one decision ----


@get("/{ambito:str}/compartecipazione/decisioni/{id_:int}", opt=_VEDI)
async def una_decisione(request: Richiesta, id_: FromPath[int]) -> Template:
    """A decision with its trace, its proof, what came before and after, its records."""
    decisa = await decisioni.leggi(id_)
    chi = await utenze.assistito(decisa.assistito_id)
    await registra_lettura("compartecipazione.consulta", "decisione_quota", str(id_))
    tutte = await decisioni.decisioni_di(chi.id, decisa.servizio)
    cosa = decisa.cosa
    stato = decisioni.stati(tutte, await utenze.utenze_di(chi.id), oggi())[id_]
    pagina = costruisci_pagina(
        request, f"Quota dal {formati.data(decisa.dal)}", briciole=briciole_di(chi),
        sommario=f"{cosa.risolto.denominazione}, {chi.cognome} {chi.nome}",
    )  # fmt: skip
    return rispondi(
        request,
        "compartecipazione/decisione.html",
        pagina,
        decisa=decisa,
        cosa=cosa,
        chi=chi,
        comune=await _nome_comune(chi.comune),
        riprova=await decisioni.rifai(id_),
        motivo=in_parole(cosa.quota.motivo) if cosa.quota.motivo else "",
        altre=[altra for altra in tutte if altra.id != id_],
        stato_decisione=stato,
        da_rivedere=stato[0] == decisioni.DA_RIVEDERE,
        rivedi=visita_corrente().puo("compartecipazione.scrivi"),
        scritte=await registro.scritte(id_),
        perche_no=await registro.perche_no(decisa),
        specie=SPECIE,
        unita=UNITA,
        cifra=cifra,
        in_chiaro=in_chiaro,
        base=base(),
        prestazioni=f"/{visita_corrente().nell_ambito.slug}/prestazioni",
        scrivi=visita_corrente().puo("compartecipazione.scrivi")
        and visita_corrente().puo("prestazioni.scrivi"),
    )


@get(
    "/{ambito:str}/compartecipazione/decisioni/{id_:int}/lettera.pdf",
    opt=_VEDI,
    include_in_schema=False,
)
async def lettera_pdf(request: Richiesta, id_: FromPath[int]) -> Response[bytes]:
    """The letter; no name stands in the name of the file."""
    decisa = await decisioni.leggi(id_)
    chi = await utenze.assistito(decisa.assistito_id)
    await registra_lettura("compartecipazione.scarica", "decisione_quota", str(id_))
    comune, ambito = await _nome_comune(chi.comune), visita_corrente().nell_ambito.nome
    detto = {"comune": comune, "servizio": decisa.cosa.risolto.denominazione}
    mittente = await parole(request, BloccoModello.LETTERA_QUOTA_INTESTAZIONE, decisa.data, **detto)
    congedo = await parole(request, BloccoModello.LETTERA_QUOTA_CONGEDO, decisa.data, **detto)
    contenuto = await asyncio.to_thread(
        lettera, decisa, chi, comune, ambito, mittente=mittente, congedo=congedo
    )
    return Response(
        contenuto,
        media_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="quota-{id_}.pdf"'},
    )


# ---- into the ledger ----


@get("/{ambito:str}/compartecipazione/decisioni/{id_:int}/prestazione", opt=_SCRIVI)
async def prestazione(request: Richiesta, id_: FromPath[int]) -> Template:
    """What the decision would become in the ledger."""
    decisa = await decisioni.leggi(id_)
    return await _prestazione(request, decisa, {}, [])


async def _prestazione(
    request: Richiesta,
    decisa: decisioni.Decisa,
    scritti: dict[str, str],
    errori: Sequence[tuple[str, str]],
    operazioni: Sequence[registro.Operazione] = (),
    stato: int = 200,
) -> Template:
    chi = await utenze.assistito(decisa.assistito_id)
    await registra_lettura("compartecipazione.consulta", "decisione_quota", str(decisa.id))
    perche = await registro.perche_no(decisa)
    nota = None if perche else await registro.base(decisa)
    pagina = costruisci_pagina(
        request, "La quota nelle prestazioni", con_errori=bool(errori),
        briciole=[*briciole_di(chi), ("La decisione", f"{base()}/decisioni/{decisa.id}")],
    )  # fmt: skip
    testi = {**(nota.proposti if nota else {}), **scritti}
    importo = leggi_importo(testi.get("importo_mensile", ""))
    enti = [
        (e.codice or e.denominazione[:100], e.denominazione) for e in await territorio.enti()
    ]  # fmt: skip
    return rispondi(
        request,
        "compartecipazione/prestazione.html",
        pagina,
        stato=stato,
        decisa=decisa,
        chi=chi,
        nota=nota,
        perche_no=perche,
        testi=testi,
        errori=errori,
        sbagli=dict(errori),
        operazioni=operazioni,
        importo=Decimal(importo) if isinstance(importo, str) else None,
        enti=enti,
        aree=await registro.aree() if nota else [],
        torna=f"{base()}/decisioni/{decisa.id}",
        azione=f"{base()}/decisioni/{decisa.id}/prestazione",
        puo=visita_corrente().puo("prestazioni.scrivi"),
    )


@post(
    "/{ambito:str}/compartecipazione/decisioni/{id_:int}/prestazione",
    opt={"permesso": "prestazioni.scrivi"},
    status_code=200,
)
async def prestazione_scrivi(
    request: Richiesta, id_: FromPath[int], data: Modulo
) -> Template | Redirect:
    """Look at what would be written, or write it."""
    decisa = await decisioni.leggi(id_)
    lettura = Lettura(data)
    scritti = {nome: lettura.scritto.get(nome, "") for nome in registro.CHIESTI}
    importo = lettura.importo("importo_mensile", "Scrivi il costo di un mese del servizio.")
    if importo is None:
        return await _prestazione(request, decisa, scritti, list(lettura.errori.items()), stato=422)
    try:
        operazioni = registro.piano(await registro.base(decisa), scritti, importo)
        errori = await registro.prova(operazioni)
        if errori:
            raise utenze.DatiRifiutati(errori)
        if data.get("azione") != "conferma":
            return await _prestazione(request, decisa, scritti, [], operazioni)
        fatte = await registro.scrivi(decisa, operazioni)
    except utenze.DatiRifiutati as rifiuto:
        return await _prestazione(request, decisa, scritti, _nei_campi(rifiuto.errori), stato=422)
    except Conflitto as rifiuto:
        return await _prestazione(request, decisa, scritti, [("", rifiuto.messaggio)], stato=409)
    numeri = ", ".join(str(numero) for numero in fatte)
    await aggiungi_messaggio("riuscito", f"La quota è nelle prestazioni (n. {numeri}).")
    return Redirect(f"{base()}/decisioni/{id_}", status_code=303)


def _nei_campi(errori: Sequence[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Errors of fields that the form does not ask for are of the form as a whole."""
    return [
        (campo, testo)
        if campo in registro.CHIESTI
        else ("", f"{in_chiaro(campo)}: {testo}" if campo else testo)
        for campo, testo in errori
    ]


ROTTE: Final = (modulo, decidi, una_decisione, lettera_pdf, prestazione, prestazione_scrivi)
