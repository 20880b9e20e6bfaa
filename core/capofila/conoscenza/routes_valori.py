"""Pages that bring a file of figures in: its preview, its errors, its undoing.

Between the preview and the decision the file is nowhere but in the page: its figures, as text.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Response, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.errori import Conflitto, ErroreCapofila
from capofila.base.importazioni import LottoFoglio
from capofila.base.impostazioni import impostazioni
from capofila.conoscenza import modello, valori
from capofila.conoscenza.catalogo import catalogo
from capofila.conoscenza.routes_base import (
    NOME,
    SCRIVI,
    SCRIVI_LETTURA,
    Richiesta,
    base,
    modulo,
    scrivi_valore,
)
from capofila.conoscenza.rules import AMBITO, COLONNE, PROVINCIA, Letto
from capofila.spesa.service import XLSX
from capofila.territorio import service as territorio
from capofila.web.contesto import anno_richiesto, costruisci_pagina, rispondi
from capofila.web.fogli import COLONNE_ERRORI, COLONNE_LOTTI, MOSTRATI
from capofila.web.pagina import Colonna

_TESTO_MASSIMO: Final = 4_000_000
_COLONNE_PRIME: Final = (
    Colonna("Indicatore"), Colonna("Periodo"), Colonna("Territorio"),
    Colonna("Cifra", tipo="numero"), Colonna("Fonte"),
)  # fmt: skip


def _qui() -> str:
    return f"{base()}/importa"


async def _importa(request: Richiesta, errore: str = "", stato: int = 200) -> Template:
    limite = (await valori.ammessi()).del_comune
    return rispondi(
        request,
        "conoscenza/importa.html",
        costruisci_pagina(
            request, "Importa cifre", briciole=[(NOME, base())], con_errori=bool(errore), con_anno=True,
            sommario="Le cifre degli indicatori da un CSV, da Excel o da un foglio ODS.",
        ),
        anno=anno_richiesto(request),
        comune="" if limite is None else limite.nome,
        quanti=0 if limite is None else len(limite.codici),
        stato=stato,
        errore=errore,
        massimo=impostazioni().carico_massimo_mb,
        colonne_file=COLONNE,
        lotti=await valori.lotti(),
        colonne=COLONNE_LOTTI,
        base=base(),
        qui=_qui(),
    )  # fmt: skip


@get("/{ambito:str}/conoscenza/importa", opt=SCRIVI_LETTURA, include_in_schema=False)
async def importa(request: Richiesta) -> Template:
    """The form for a file, and the files brought in."""
    return await _importa(request)


@get("/{ambito:str}/conoscenza/importa/modello.csv", opt=SCRIVI_LETTURA, include_in_schema=False)
async def modello_csv(request: Richiesta) -> Response[bytes]:
    """The sheet of a year to be filled in."""
    anno = anno_richiesto(request)
    return _modello(modello.csv_di(await modello.dell_anno(anno)), "text/csv", f"{anno}.csv")


@get("/{ambito:str}/conoscenza/importa/modello.xlsx", opt=SCRIVI_LETTURA, include_in_schema=False)
async def modello_xlsx(request: Richiesta) -> Response[bytes]:
    """The same as a workbook."""
    anno = anno_richiesto(request)
    return _modello(modello.xlsx_di(await modello.dell_anno(anno)), XLSX, f"{anno}.xlsx")


def _modello(contenuto: bytes, tipo: str, fine: str) -> Response[bytes]:
    return Response(
        contenuto,
        media_type=tipo,
        headers={"Content-Disposition": f'attachment; filename="indicatori-da-riempire-{fine}"'},
    )


@post("/{ambito:str}/conoscenza/importa", opt=SCRIVI_LETTURA, status_code=200)
async def carica(request: Richiesta) -> Template:
    """Show what a file would bring, before anything is stored."""
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _importa(request, "Scegli un file da importare.", 422)
    nome = file.filename.replace("\\", "/").rsplit("/", 1)[-1]
    try:
        letto = await valori.leggi_file(nome, await file.read())
    except ErroreCapofila as errore:
        if errore.stato >= 500:
            raise
        return await _importa(request, errore.messaggio, errore.stato)
    return await _anteprima(request, nome, letto, 422 if letto.errori_totali else 200)


async def _anteprima(request: Richiesta, nome: str, letto: Letto, stato: int) -> Template:
    noto, per_istat = await catalogo(), (await territorio.mappa_comuni()).per_istat
    nomi = {AMBITO: "Ambito", PROVINCIA: "Provincia"}
    gia = {v.chiave for v in await valori.valori({a for _, a, _, _ in letto.valori})}
    return rispondi(
        request,
        "conoscenza/anteprima.html",
        costruisci_pagina(
            request, "Controlla il foglio", sommario=nome[:120], con_errori=stato >= 400,
            briciole=[(NOME, base()), ("Importa cifre", _qui())],
        ),
        stato=stato,
        nome=nome[:255],
        letto=letto,
        errori=letto.errori[:MOSTRATI],
        sostituite=len(gia & {*letto.valori}),
        prime=[
            (
                noto.uno(v.codice), v,
                nomi.get(v.territorio) or per_istat[v.territorio].nome,
                scrivi_valore(noto.uno(v.codice), v.valore),
            )
            for v in list(letto.valori.values())[:MOSTRATI]
        ],
        testo="" if letto.errori_totali else valori.righe_csv(letto.valori.values()),
        errori_testo=valori.errori_csv(letto).decode() if letto.errori_totali else "",
        colonne_errori=COLONNE_ERRORI,
        colonne_prime=_COLONNE_PRIME,
        qui=_qui(),
    )  # fmt: skip


@post("/{ambito:str}/conoscenza/importa/conferma", opt=SCRIVI, status_code=200)
async def conferma(request: Richiesta) -> Template | Redirect:
    """Store the figures of a file that was looked at."""
    campi = await modulo(request, _TESTO_MASSIMO)
    nome, contenuto = campi.get("nome", "") or "cifre.csv", campi.get("testo", "").encode()
    try:
        esito = await valori.importa(nome if nome.endswith(".csv") else f"{nome}.csv", contenuto)
    except ErroreCapofila as errore:
        if errore.stato >= 500:
            raise
        return await _importa(request, errore.messaggio, errore.stato)
    if esito.stato == "respinto":
        return await _anteprima(request, nome, await valori.leggi_file("cifre.csv", contenuto), 422)
    if esito.stato == "gia_importato":
        await aggiungi_messaggio("informazione", "Queste cifre erano già importate: nulla cambia.")
    else:
        await aggiungi_messaggio("riuscito", f"Cifre importate: {esito.importate}.")
    return Redirect(_qui(), status_code=303)


@post("/{ambito:str}/conoscenza/importa/errori.csv", opt=SCRIVI_LETTURA, status_code=200)
async def errori_csv(request: Richiesta) -> Response[bytes]:
    """What is wrong with a file, to correct the sheet row by row."""
    campi = await modulo(request, _TESTO_MASSIMO)
    return Response(
        ("\ufeff" + campi.get("errori", "").lstrip("\ufeff")).encode(),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="errori-indicatori.csv"'},
    )


async def _annulla(
    request: Richiesta, lotto: LottoFoglio, errore: str = "", stato: int = 200
) -> Template:
    return rispondi(
        request,
        "annulla_foglio.html",
        costruisci_pagina(
            request, "Annulla un’importazione", con_errori=bool(errore),
            briciole=[(NOME, base()), ("Importa cifre", _qui())],
        ),
        stato=stato, lotto=lotto, errore=errore, che_cosa="cifre",
        escono="Le cifre che il foglio ha portato se ne vanno",
        azione=f"{base()}/lotti/{lotto.id}/annulla", torna=_qui(),
    )  # fmt: skip


@get("/{ambito:str}/conoscenza/lotti/{id_:int}/annulla", opt=SCRIVI_LETTURA)
async def annulla_chiede(request: Richiesta, id_: FromPath[int]) -> Template:
    """Ask before a file is undone."""
    return await _annulla(request, await valori.lotto(id_))


@post("/{ambito:str}/conoscenza/lotti/{id_:int}/annulla", opt=SCRIVI, status_code=200)
async def annulla(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Take the figures of a file away, and put back those of before."""
    lotto = await valori.lotto(id_)
    try:
        await valori.annulla_lotto(id_)
    except Conflitto as errore:
        return await _annulla(request, lotto, errore.messaggio, 409)
    await aggiungi_messaggio(
        "riuscito", "L’importazione è annullata: le cifre di prima sono tornate."
    )
    return Redirect(_qui(), status_code=303)


ROTTE: Final[tuple[Any, ...]] = (
    importa, modello_csv, modello_xlsx, carica, conferma, errori_csv, annulla_chiede, annulla,
)  # fmt: skip
