"""The page of the quotas of the comuni: read by year, typed or brought as a CSV with their act."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.attivazioni import oggi
from capofila.base.database import unita_corrente
from capofila.base.errori import ErroreCapofila
from capofila.base.visita import visita_corrente
from capofila.governo import quote
from capofila.governo.conteggio import cifra
from capofila.governo.quote import QuoteRegistrate
from capofila.governo.routes_sedute import Errori, Richiesta, inviati
from capofila.territorio import service as territorio
from capofila.web.contesto import costruisci_pagina, rispondi
from capofila.web.formati import numero
from capofila.web.lettura import Lettura
from capofila.web.pagina import Colonna

FILE_MASSIMO: Final = 200_000
COLONNE: Final = (Colonna("Comune"), Colonna("Quote", tipo="numero"))


def _qui() -> str:
    return f"/{visita_corrente().nell_ambito.slug}/organi/quote"


async def _pagina(
    request: Richiesta, testi: Mapping[str, str], errori: Errori, stato: int = 200
) -> Template:
    mappa = (await territorio.mappa_comuni()).per_istat
    nomi = {istat: uno.nome for istat, uno in mappa.items()}
    pagina = costruisci_pagina(
        request, "Quote dei comuni",
        briciole=[("Organi", _qui().removesuffix("/quote"))],
        sommario="Quanto ha ogni comune nell’azienda o nell’ente che gestisce i servizi, con il suo "
        "atto. Pesano i voti dove la regola di un organo lo dice, e si fissano all’apertura.",
        con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "governo/quote.html",
        pagina,
        stato=stato,
        registrate=[
            (una, [(nomi.get(istat, istat), numero(cifra(q))) for istat, q in una.quote.items()],
             numero(cifra(sum(una.quote.values(), start=quote.ZERO))))
            for una in await quote.quote_registrate()
        ],
        colonne=COLONNE,
        testi=testi,
        errori=errori,
        sbagli=dict(errori),
        scrivi=visita_corrente().puo("governo.scrivi"),
        qui=_qui(),
    )  # fmt: skip


@get("/{ambito:str}/organi/quote", opt={"permesso": "adempimenti.vedi", "unita": "lettura"})
async def elenco(request: Richiesta) -> Template:
    """The quotas that are registered, by year."""
    comuni = sorted(uno.nome for uno in await territorio.membri(oggi()))
    return await _pagina(request, {"quote": "\n".join(f"{nome}; " for nome in comuni)}, [])


async def _file(request: Richiesta) -> tuple[str, str]:
    """The text of the file that was sent, and what is wrong with it."""
    mandato = (await request.form()).get("file")
    if not isinstance(mandato, UploadFile) or not mandato.filename:
        return "", ""
    contenuto = await mandato.read(FILE_MASSIMO + 1)
    if len(contenuto) > FILE_MASSIMO:
        return "", "Il file supera i 200 kB: tienine solo comune e quota."
    try:
        return contenuto.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return "", "Il file non è un testo in UTF-8: salvalo come CSV UTF-8."


@post("/{ambito:str}/organi/quote", opt={"permesso": "governo.scrivi"}, status_code=200)
async def registra(request: Richiesta) -> Template | Redirect:
    """Write the quotas of a year down; of a form with faults nothing is kept."""
    testi = await inviati(request)
    lettura = Lettura({nome: valore for nome, valore in testi.items() if nome != "quote"})
    anno = lettura.testo("anno", 4, "Scrivi l’anno di cui sono le quote.")
    if anno and not (anno.isdecimal() and 1990 <= int(anno) <= 2100):
        lettura.errori["anno"] = "Scrivi l’anno con quattro cifre."
    ente = lettura.testo("ente", 200, "Scrivi l’azienda o l’ente di cui sono le quote.")
    organo = lettura.testo("organo", 200, "Scrivi chi ha adottato l’atto.")
    numero_atto = lettura.testo("numero", 60)
    data_atto = lettura.giorno("data", "Scrivi la data dell’atto.")
    del_file, guasto = await _file(request)
    scritte: dict[str, Decimal] = {}
    if guasto:
        lettura.errori["file"] = guasto
    else:
        giorno = oggi() if "anno" in lettura.errori or not anno else date(int(anno), 12, 31)
        comuni = {
            uno.istat: uno.nome for g in (giorno, oggi()) for uno in await territorio.membri(g)
        }
        testo = del_file or testi.get("quote", "")[:FILE_MASSIMO]
        scritte, sbagli = quote.leggi_quote(testo, comuni)
        if sbagli:
            altri = len(sbagli) - 8
            lettura.errori["file" if del_file else "quote"] = " ".join(sbagli[:8]) + (
                f" E altri {altri}." if altri > 0 else ""
            )
    if not lettura.errori and data_atto is not None:
        try:
            async with unita_corrente().punto_di_ritorno():
                await quote.registra_quote(
                    QuoteRegistrate(
                        id=0, anno=int(anno), ente=ente, organo=organo, numero=numero_atto or None,
                        data=data_atto,
                    ),
                    scritte,
                )  # fmt: skip
        except ErroreCapofila as errore:
            if errore.stato == 403 or errore.stato >= 500:
                raise
            lettura.errori[""] = errore.messaggio
    if lettura.errori:
        return await _pagina(request, testi, list(lettura.errori.items()), 422)
    await aggiungi_messaggio("riuscito", f"Le quote del {anno} sono registrate.")
    return Redirect(_qui(), status_code=303)


@post(
    "/{ambito:str}/organi/quote/{id_:int}/ritira",
    opt={"permesso": "governo.scrivi"},
    status_code=200,
)
async def ritira(id_: FromPath[int]) -> Redirect:
    """Take back quotas that were registered by mistake."""
    await quote.ritira_quote(id_)
    await aggiungi_messaggio(
        "riuscito", "Le quote sono ritirate: le sedute già aperte tengono quelle di allora."
    )
    return Redirect(_qui(), status_code=303)


ROTTE: Final = (elenco, registra, ritira)
