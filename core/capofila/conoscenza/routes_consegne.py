"""Pages of what has not been delivered: by whom, where they are written to, writing now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import get, post
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base import posta
from capofila.base.errori import Conflitto, RichiestaNonValida
from capofila.conoscenza import consegne, valori
from capofila.conoscenza.catalogo import FOCUS
from capofila.conoscenza.routes_base import (
    NOME,
    SCRIVI,
    VEDI,
    Richiesta,
    base,
    modulo,
    puo_scrivere,
)
from capofila.conoscenza.rules import lo_da_ogni_comune
from capofila.web.contesto import anno_richiesto, costruisci_pagina, rispondi
from capofila.web.formati import parte_dell_anno
from capofila.web.pagina import Colonna

_TITOLARI_MASSIMI: Final = 200


async def _consegne(
    request: Richiesta,
    errori: Mapping[str, str] | None = None,
    scritti: Mapping[str, str] | None = None,
    stato: int = 200,
) -> Template:
    anno = anno_richiesto(request)
    attese = await consegne.dell_anno(anno)
    dove, recapiti = await valori.luoghi(anno), await consegne.recapiti()
    ultimi = await consegne.ultimi(anno)
    per_titolare: dict[str, list[consegne.Attesa]] = {}
    for una in attese:
        if una.titolare and not lo_da_ogni_comune(una.titolare):
            per_titolare.setdefault(una.titolare, []).append(una)
    dei_comuni = [una for una in attese if lo_da_ogni_comune(una.titolare)]
    in_ritardo = consegne.destinatari(dei_comuni, dove)
    comuni = [
        (t, in_ritardo[chi], recapiti.get(chi), ultimi.get(chi))
        for t in dove.comuni.values()
        if (chi := f"{consegne.COMUNE_DI}{t.nome}") in in_ritardo
    ]
    return rispondi(
        request,
        "conoscenza/consegne.html",
        costruisci_pagina(
            request, "Che cosa manca", con_anno=True, briciole=[(NOME, base())], con_errori=bool(errori),
            sommario=f"Gli indicatori del {anno} che non sono arrivati, e chi li deve dare.",
        ),
        stato=stato,
        anno=anno,
        titolari=[
            (t, quali, [u for u in quali if not u.consegnato])
            for t, quali in sorted(per_titolare.items())
        ],
        di_nessuno=[u for u in attese if not u.titolare and not u.consegnato],
        arrivati=len([u for u in attese if u.consegnato]), attesi=len(attese),
        dei_comuni=dei_comuni, comuni=comuni, dove=dove, nome_parte=parte_dell_anno,
        recapiti=scritti if scritti is not None else recapiti, ultimi=ultimi,
        errori=errori or {}, focus=FOCUS,
        configurata=posta.configurata(),
        puo=puo_scrivere(),
        stati={"da_inviare": "in partenza", "inviato": "inviato", "rifiutato": "rifiutato"},
        base=base(), qui=f"{base()}/consegne?anno={anno}",
        colonne_comuni=(
            Colonna("Comune"), Colonna("Indicatori che mancano", tipo="numero"), Colonna("Recapito"),
            Colonna("Ultimo promemoria"),
        ),
        colonne=(Colonna("Indicatore"), Colonna("Focus"), Colonna("Che cosa manca")),
    )  # fmt: skip


@get("/{ambito:str}/conoscenza/consegne", opt=VEDI, include_in_schema=False)
async def elenco(request: Richiesta) -> Template:
    """What has not been delivered, by whom."""
    return await _consegne(request)


@post("/{ambito:str}/conoscenza/consegne", opt=SCRIVI, status_code=200)
async def cambia(request: Richiesta) -> Template | Redirect:
    """Keep the addresses, or write now to those who are late."""
    anno, campi = anno_richiesto(request), await modulo(request)
    if campi.get("azione") == "promemoria":
        try:
            chiesti = await consegne.chiedi(anno)
        except Conflitto as errore:
            return await _consegne(request, {"": errore.messaggio}, None, errore.stato)
        if chiesti.quanti:
            await aggiungi_messaggio("riuscito", f"Promemoria in partenza: {chiesti.quanti}.")
        else:
            await aggiungi_messaggio("informazione", "Nessun promemoria da inviare oggi.")
        if chiesti.senza_recapito:
            await aggiungi_messaggio(
                "avviso", f"Senza recapito, non si scrive a: {', '.join(chiesti.senza_recapito)}."
            )
        return Redirect(f"{base()}/consegne?anno={anno}", status_code=303)
    if campi.get("azione") != "recapiti":
        raise RichiestaNonValida("Non si capisce che cosa fare: torna alla pagina e riprova.")
    noti = {una.titolare for una in await consegne.dell_anno(anno) if una.titolare}
    scritti: dict[str, str] = {}
    errori: dict[str, str] = {}
    for n in range(_TITOLARI_MASSIMI):
        titolare, email = campi.get(f"titolare{n}", ""), campi.get(f"email{n}", "").strip()[:250]
        if titolare in noti:
            scritti[titolare] = email
            if email and not posta.indirizzo_valido(email):
                errori[f"email{n}"] = (
                    f"{titolare}: non è un indirizzo di posta, scriverlo come ufficio@ente.it"
                )
    if errori:
        return await _consegne(request, errori, scritti, 422)
    await consegne.scrivi_recapiti(scritti)
    await aggiungi_messaggio("riuscito", "I recapiti sono salvati.")
    return Redirect(f"{base()}/consegne?anno={anno}", status_code=303)


ROTTE: Final[tuple[Any, ...]] = (elenco, cambia)
