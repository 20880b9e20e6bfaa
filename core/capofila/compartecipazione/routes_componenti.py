"""The page of an ISEE's components: done again, compared with the attested one, and what would change."""

from __future__ import annotations

from datetime import date
from typing import Final

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio, registra_lettura
from capofila.base.attivazioni import oggi
from capofila.base.errori import Conflitto
from capofila.compartecipazione import componenti, isee, utenze
from capofila.compartecipazione.routes_adozioni import Modulo, Richiesta, base, servizi_del_giorno
from capofila.compartecipazione.routes_utenze import SPECIE, briciole_di
from capofila.web.contesto import costruisci_pagina, rispondi
from capofila.web.lettura import Lettura
from capofila.web.pagina import Colonna

_SCRIVI: Final = {"permesso": "compartecipazione.scrivi"}
_COLONNE: Final = (
    Colonna("Servizio"),
    Colonna("Con l’ISEE attestato", tipo="numero"),
    Colonna("Con questi componenti", tipo="numero"),
    Colonna("Differenza", tipo="numero"),
)


@get("/{ambito:str}/compartecipazione/isee/{id_:int}/componenti", opt=_SCRIVI)
async def modulo(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form, with the components that were kept; done again at once when there are some."""
    questa = await utenze.leggi_attestazione(id_)
    conservati = await componenti.leggi_conservati(id_)
    testi = {} if conservati is None else componenti.scrivi(conservati)
    testi["giorno"] = f"{max(questa.presentata, min(oggi(), questa.scade)):%d/%m/%Y}"
    return await _pagina(request, questa, Lettura(testi), conservati)


@post("/{ambito:str}/compartecipazione/isee/{id_:int}/componenti", opt=_SCRIVI, status_code=200)
async def prova(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """One more group of fields, the ISEE of what is written, or keep it."""
    questa = await utenze.leggi_attestazione(id_)
    lettura = Lettura(data)
    azione = lettura.scritto.get("azione", "")
    for nome, campo, massimo in (
        ("persona", "persone", componenti.PERSONE_MASSIME),
        ("immobile", "immobili", componenti.IMMOBILI_MASSIMI),
    ):
        if azione == nome:
            n = min(componenti.quanti(lettura, campo, massimo) + 1, massimo)
            lettura.scritto[campo] = str(n)
            return await _pagina(request, questa, lettura, None)
    dati = componenti.leggi(lettura)
    if dati is None or azione != "conserva":
        lettura.giorno("giorno", "Scrivi il giorno delle quote, come 01/03/2025.")
        return await _pagina(request, questa, lettura, dati, 422 if lettura.errori else 200)
    try:
        await componenti.conserva(id_, dati)
    except Conflitto as rifiuto:
        lettura.errori["componenti"] = rifiuto.messaggio
        return await _pagina(request, questa, lettura, None, 409)
    await aggiungi_messaggio("riuscito", "I componenti sono conservati con l’attestazione.")
    return Redirect(f"{base()}/isee/{id_}/componenti", status_code=303)


async def _pagina(
    request: Richiesta,
    questa: utenze.AttestazioneISEE,
    lettura: Lettura,
    dati: isee.Componenti | None,
    stato: int = 200,
) -> Template:
    chi = await utenze.assistito(questa.assistito_id)
    await registra_lettura("compartecipazione.consulta", "assistito", str(chi.id))
    conservati = await componenti.leggi_conservati(questa.id)
    fatto, prove, nomi = None, [], {}
    giorno: date | None = None if lettura.errori else lettura.giorno("giorno")
    if dati is not None and giorno is not None:
        fatto = isee.calcola(dati)
        prove = await componenti.prove(questa, fatto.isee, giorno)
        nomi = {n: s.denominazione for n, s in (await servizi_del_giorno(giorno))[0].items()}
    pagina = costruisci_pagina(
        request, "L’ISEE dai componenti", briciole=briciole_di(chi), con_errori=bool(lettura.errori),
        sommario="Rifai il conto con i dati della DSU, e prova che cosa cambia se ne cambia uno.",
    )  # fmt: skip
    return rispondi(
        request,
        "compartecipazione/componenti.html",
        pagina,
        stato=stato,
        questa=questa,
        specie=SPECIE[questa.specie],
        altre_regole=componenti.ALTRE_REGOLE.get(questa.specie, ""),
        testi=lettura.scritto,
        errori=list(lettura.errori.items()),
        sbagli=lettura.errori,
        fatto=fatto,
        chiesto=request.method == "POST",
        confronto=None if fatto is None else componenti.confronta(fatto, questa.valore),
        prima=None if conservati is None or conservati == dati else isee.calcola(conservati),
        conservati=conservati is not None,
        giorno=giorno,
        prove=prove,
        nomi=nomi,
        colonne=_COLONNE,
        persone=componenti.quanti(lettura, "persone", componenti.PERSONE_MASSIME),
        immobili=componenti.quanti(lettura, "immobili", componenti.IMMOBILI_MASSIMI),
        altre_persone=componenti.PERSONE_MASSIME,
        altri_immobili=componenti.IMMOBILI_MASSIMI,
        torna=f"{base()}/persone/{chi.id}",
        azione=f"{base()}/isee/{questa.id}/componenti",
    )


ROTTE: Final = (modulo, prova)
