"""Pages that bring a file of the social spending in: its columns, its preview, its undoing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Response, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.errori import Conflitto, ErroreCapofila
from capofila.base.impostazioni import impostazioni
from capofila.base.visita import visita_corrente
from capofila.spesa import griglia, service
from capofila.spesa.routes_rilevazioni import base, campi_inviati
from capofila.web.contesto import costruisci_pagina, rispondi
from capofila.web.fogli import COLONNE_ERRORI, COLONNE_LOTTI, MOSTRATI
from capofila.web.pagina import Colonna

Richiesta = Request[Any, Any, Any]

NOMI: Final[Mapping[str, str]] = {
    "anno": "Anno", "comune": "Comune", "area": "Area", "voce": "Voce", "gestione": "Gestione",
    "modalita": "Modalità",
}  # fmt: skip


def _briciole(anno: int, rilevazione_id: int) -> list[tuple[str, str]]:
    return [
        ("Spesa sociale", base()),
        (f"Rilevazione {anno}", f"{base()}/rilevazioni/{rilevazione_id}"),
    ]


async def _importa(
    request: Richiesta, questa: service.Rilevazione, errore: str = "", stato: int = 200
) -> Template:
    modulo = await service.modulo_di(questa.anno, questa.modulo)
    pagina = costruisci_pagina(
        request, "Importa un foglio", briciole=_briciole(questa.anno, questa.id),
        sommario=f"Porta le righe del {questa.anno} da un CSV, da Excel o da un foglio ODS.",
        con_errori=bool(errore),
    )  # fmt: skip
    return rispondi(
        request,
        "spesa/importa.html",
        pagina,
        stato=stato,
        rilevazione=questa,
        errore=errore,
        massimo=impostazioni().carico_massimo_mb,
        note=service.colonne_di(modulo),
        lotti=await service.lotti(questa.anno),
        colonne=COLONNE_LOTTI,
        un_comune=visita_corrente().nell_ambito.comune,
        qui=f"{base()}/rilevazioni/{questa.id}/importa",
        base=base(),
    )


@get("/{ambito:str}/spesa/rilevazioni/{id_:int}/importa", opt={"permesso": "spesa.scrivi"})
async def importa(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form for a file, and the files brought in."""
    return await _importa(request, await service.rilevazione_con_id(id_))


@post(
    "/{ambito:str}/spesa/rilevazioni/{id_:int}/importa",
    opt={"permesso": "spesa.scrivi"},
    status_code=200,
)
async def carica(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Take a file in, to be looked at before anything is stored."""
    questa = await service.rilevazione_con_id(id_)
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _importa(request, questa, "Scegli un file da importare.", 422)
    nome = file.filename.replace("\\", "/").rsplit("/", 1)[-1]
    ricevuto = service.FileSpesa(nome, await file.read())
    try:
        carico = await service.deposita(questa, ricevuto)
    except ErroreCapofila as errore:
        if errore.stato >= 500:
            raise
        return await _importa(request, questa, errore.messaggio, errore.stato)
    return Redirect(f"{base()}/carichi/{carico}", status_code=303)


async def _carico(request: Richiesta, uno: service.Carico, stato: int = 200) -> Template:
    questa = await service.rilevazione_con_id(uno.rilevazione_id)
    modulo = await service.modulo_di(uno.anno, questa.modulo)
    testa = uno.testa
    esito = await service.prova(uno)
    nomi = {**NOMI, **dict(griglia.colonne(modulo))}
    pagina = costruisci_pagina(
        request, "Controlla il foglio",
        briciole=[*_briciole(uno.anno, questa.id),
                  ("Importa un foglio", f"{base()}/rilevazioni/{questa.id}/importa")],
        sommario=uno.file.nome, con_errori=stato >= 400,
    )  # fmt: skip
    proposta = service.proposta(testa.nomi, modulo, uno.mappa)
    return rispondi(
        request,
        "spesa/carico.html",
        pagina,
        stato=stato,
        carico=uno,
        testa=testa,
        proposta=proposta,
        scelte=[(nome, nomi.get(nome, nome)) for nome in service.colonne_di(modulo)],
        mancano=[nomi.get(nome, nome) for nome in ("comune", "area", "voce", "gestione",
                 "modalita", "spesa") if nome not in proposta.values()],
        esito=esito,
        errori=esito.errori[:MOSTRATI],
        avvisi=esito.avvisi[:MOSTRATI],
        colonne_errori=COLONNE_ERRORI,
        colonne_prime=[Colonna(nome) for nome in testa.nomi],
        qui=f"{base()}/carichi/{uno.id}",
    )  # fmt: skip


@get("/{ambito:str}/spesa/carichi/{id_:int}", opt={"permesso": "spesa.scrivi"})
async def carico(request: Richiesta, id_: FromPath[int]) -> Template:
    """A file that waits: its columns, what would be stored of it, what is wrong."""
    return await _carico(request, await service.carico(id_))


@post("/{ambito:str}/spesa/carichi/{id_:int}/colonne", opt={"permesso": "spesa.scrivi"})
async def colonne(request: Richiesta, id_: FromPath[int]) -> Redirect:
    """Say what the columns of the file are."""
    uno = await service.carico(id_)
    questa = await service.rilevazione_con_id(uno.rilevazione_id)
    modulo = await service.modulo_di(uno.anno, questa.modulo)
    nomi = uno.testa.nomi
    note = {*service.colonne_di(modulo)}
    testi = dict(await campi_inviati(request))
    mappa = {
        nome: scelta if scelta in note else ""
        for n, nome in enumerate(nomi)
        if (scelta := testi.get(f"colonna{n}")) is not None
    }
    await service.dici_colonne(id_, mappa)
    return Redirect(f"{base()}/carichi/{id_}", status_code=303)


@post(
    "/{ambito:str}/spesa/carichi/{id_:int}/decidi",
    opt={"permesso": "spesa.scrivi"},
    status_code=200,
)
async def decidi(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Bring the file in, or throw it away."""
    uno = await service.carico(id_)
    elenco = f"{base()}/rilevazioni/{uno.rilevazione_id}/importa"
    if dict(await campi_inviati(request)).get("azione") != "importa":
        await service.butta(id_)
        await aggiungi_messaggio("informazione", "Il foglio è stato buttato: nulla è cambiato.")
        return Redirect(elenco, status_code=303)
    esito = await service.conferma(uno)
    if esito.stato == "respinto":
        return await _carico(request, uno, 422)
    if esito.stato == "gia_importato":
        await aggiungi_messaggio("informazione", "Questo foglio era già importato: nulla cambia.")
    else:
        await aggiungi_messaggio("riuscito", f"Righe importate: {esito.importate}.")
    return Redirect(elenco, status_code=303)


@get("/{ambito:str}/spesa/carichi/{id_:int}/errori.csv", opt={"permesso": "spesa.scrivi"})
async def errori_csv(id_: FromPath[int]) -> Response[bytes]:
    """What is wrong with the file, to correct the sheet row by row."""
    esito = await service.prova(await service.carico(id_))
    return Response(
        service.errori_csv(esito),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="errori-spesa-{id_}.csv"'},
    )


async def _annulla(
    request: Richiesta, lotto: service.LottoSpesa, errore: str = "", stato: int = 200
) -> Template:
    questa = await service.rilevazione(lotto.anno)
    pagina = costruisci_pagina(
        request, "Annulla un’importazione", briciole=_briciole(lotto.anno, questa.id),
        con_errori=bool(errore),
    )  # fmt: skip
    return rispondi(
        request,
        "annulla_foglio.html",
        pagina,
        stato=stato,
        lotto=lotto,
        escono="Le righe che il foglio ha portato escono dalle schede",
        che_cosa="righe",
        errore=errore,
        azione=f"{base()}/lotti/{lotto.id}/annulla",
        torna=f"{base()}/rilevazioni/{questa.id}/importa",
    )


@get("/{ambito:str}/spesa/lotti/{id_:int}/annulla", opt={"permesso": "spesa.scrivi"})
async def annulla_chiede(request: Richiesta, id_: FromPath[int]) -> Template:
    """Ask before a file is undone."""
    return await _annulla(request, await service.lotto_con_id(id_))


@post(
    "/{ambito:str}/spesa/lotti/{id_:int}/annulla", opt={"permesso": "spesa.scrivi"}, status_code=200
)
async def annulla(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Take the lines of a file away, and put back those of before."""
    lotto = await service.lotto_con_id(id_)
    try:
        await service.annulla_lotto(id_)
    except Conflitto as errore:
        return await _annulla(request, lotto, errore.messaggio, 409)
    await aggiungi_messaggio(
        "riuscito", "L’importazione è annullata: le righe di prima sono tornate."
    )
    questa = await service.rilevazione(lotto.anno)
    return Redirect(f"{base()}/rilevazioni/{questa.id}/importa", status_code=303)


ROTTE: Final = (
    importa, carica, carico, colonne, decidi, errori_csv, annulla_chiede, annulla,
)  # fmt: skip
