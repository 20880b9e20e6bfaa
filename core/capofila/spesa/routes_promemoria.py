"""Pages of the reminders: whom each comune is written to at, and writing now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.spesa import service
from capofila.spesa.routes_rilevazioni import Errori, base, campi_inviati
from capofila.territorio import service as territorio
from capofila.web.contesto import costruisci_pagina, rispondi

Richiesta = Request[Any, Any, Any]


async def _comuni() -> list[tuple[str, str]]:
    """(Belfiore code, name) of the comuni that were ever of the ambito."""
    mappa = await territorio.mappa_comuni()
    trovati = {
        trovato.belfiore: trovato.nome
        for una in await territorio.appartenenze()
        if (trovato := mappa.cerca(una.istat)) is not None
    }
    return sorted(trovati.items(), key=lambda coppia: coppia[1])


async def _recapiti(
    request: Richiesta, scritti: Mapping[str, str], errori: Errori, stato: int = 200
) -> Template:
    pagina = costruisci_pagina(
        request, "Recapiti per i promemoria", briciole=[("Spesa sociale", base())],
        sommario="L’ufficio di ogni comune a cui si scrive quando la scheda tarda.",
        con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "spesa/recapiti.html",
        pagina,
        stato=stato,
        comuni=await _comuni(),
        scritti=scritti,
        errori=errori,
        sbagli=dict(errori),
        configurata=service.posta_configurata(),
        base=base(),
    )


@get("/{ambito:str}/spesa/recapiti", opt={"permesso": "spesa.governa", "unita": "lettura"})
async def recapiti(request: Richiesta) -> Template:
    """The addresses that are held."""
    return await _recapiti(request, await service.recapiti(), [])


@post("/{ambito:str}/spesa/recapiti", opt={"permesso": "spesa.governa"}, status_code=200)
async def scrivi(request: Richiesta) -> Template | Redirect:
    """Keep the addresses; one that is none is told at its comune, and nothing is kept."""
    testi = dict(await campi_inviati(request))
    comuni = await _comuni()
    scritti = {
        codice: testi[codice].strip()[:250] for codice, _ in comuni if codice in testi
    }  # fmt: skip
    errori: Errori = [
        (codice, f"{nome}: non è un indirizzo di posta, scriverlo come ufficio@comune.it")
        for codice, nome in comuni
        if (email := scritti.get(codice)) and not service.indirizzo_valido(email)
    ]
    if errori:
        return await _recapiti(request, scritti, errori, 422)
    await service.scrivi_recapiti(scritti)
    await aggiungi_messaggio("riuscito", "I recapiti sono salvati.")
    return Redirect(f"{base()}/recapiti", status_code=303)


@post("/{ambito:str}/spesa/rilevazioni/{id_:int}/promemoria", opt={"permesso": "spesa.governa"})
async def chiedi(id_: FromPath[int]) -> Redirect:
    """Write now to the comuni that have not sent their sheet."""
    chiesti = await service.chiedi_promemoria(await service.rilevazione_con_id(id_))
    if chiesti.quanti:
        await aggiungi_messaggio("riuscito", f"Promemoria in partenza: {chiesti.quanti}.")
    else:
        await aggiungi_messaggio("informazione", "Nessun promemoria da inviare oggi.")
    if chiesti.senza_recapito:
        await aggiungi_messaggio(
            "avviso", f"Senza recapito, non si scrive a: {', '.join(chiesti.senza_recapito)}."
        )
    return Redirect(f"{base()}/rilevazioni/{id_}", status_code=303)


ROTTE: Final = (recapiti, scrivi, chiedi)
