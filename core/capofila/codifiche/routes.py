"""Pages of the code lists, for the platform's administration: look, add, correct, close, import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Annotated, Any, Final

from litestar import Request, Router, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Response, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.attivazioni import oggi
from capofila.codifiche import service
from capofila.codifiche.rules import (
    BYTE_MASSIMI,
    COLONNE,
    csv_di,
    differenze,
    leggi_csv,
    leggi_voce,
    stato,
)
from capofila.codifiche.service import ListaAperta
from capofila.hooks import VoceCodifica
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.formati import periodo
from capofila.web.pagina import Colonna

BASE: Final = "/amministrazione/codifiche"
MENU: Final = (
    VoceMenu(
        titolo="Codifiche",
        percorso=BASE,
        permesso="piattaforma.amministra",
        gruppo="Piattaforma",
        icona="list",
        ordine=96,
    ),
)
_OPT: Final = {"permesso": "piattaforma.amministra"}
_LETTURA: Final = {**_OPT, "unita": "lettura"}
_MODULO: Final = 16 * 1024
_ORIGINI: Final = {
    "programma": "Come nel programma",
    "pagina": "Da questa pagina",
    "file": "Da un file",
    "comando": "Dalla riga di comando",
}
_COLONNE_LISTE: Final = (
    Colonna("Lista"),
    Colonna("Plugin"),
    Colonna("Codici", tipo="numero"),
    Colonna("Da completare"),
    Colonna("Modificata"),
)
_COLONNE_CODICI: Final = (
    Colonna("Codice"),
    Colonna("Denominazione"),
    Colonna("Validità"),
    Colonna("Stato"),
    Colonna("Fonte"),
    Colonna("Azioni"),
)
_COLONNE_STORIA: Final = (
    Colonna("Quando"),
    Colonna("Chi"),
    Colonna("Come"),
    Colonna("Che cosa"),
)
_COLONNE_ERRORI: Final = (
    Colonna("Riga", tipo="numero"),
    Colonna("Colonna"),
    Colonna("Valore"),
    Colonna("Messaggio"),
)
_COLONNE_DIFFERENZE: Final = (
    Colonna("Codice"),
    Colonna("Che cosa cambia"),
    Colonna("Denominazione"),
    Colonna("Validità"),
    Colonna("Fonte"),
)

Richiesta = Request[Any, Any, Any]
Modulo = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]


def _validita(voce: VoceCodifica) -> str:
    """When a code is in force, in words."""
    if voce.dal is None and voce.al is None:
        return "Sempre"
    dal, al = (giorno and date.fromisoformat(giorno) for giorno in (voce.dal, voce.al))
    testo = periodo((dal or None, al or None))
    return f"{testo[:1].upper()}{testo[1:]}"


def _stato(lista: ListaAperta) -> Callable[[VoceCodifica], tuple[str, str]]:
    return partial(stato, lista.dichiarata, oggi=oggi().isoformat())


@get(BASE, opt=_LETTURA, include_in_schema=False)
async def elenco(request: Richiesta) -> Template:
    """The lists that the plugins declare."""
    return rispondi(
        request,
        "codifiche/elenco.html",
        costruisci_pagina(
            request, "Codifiche",
            sommario="Le liste di codici di chi riceve i flussi. Valgono per tutti gli ambiti: una "
            "modifica si vede dal controllo successivo.",
        ),
        liste=await service.elenco(),
        base=BASE,
        colonne=_COLONNE_LISTE,
    )  # fmt: skip


async def _lista(
    request: Richiesta,
    lista: ListaAperta,
    stato_http: int = 200,
    *,
    valori: Mapping[str, str] | None = None,
    errori: Mapping[str, str] | None = None,
    errore_file: str = "",
) -> Template:
    return rispondi(
        request,
        "codifiche/lista.html",
        costruisci_pagina(
            request, lista.dichiarata.denominazione, briciole=[("Codifiche", BASE)],
            con_errori=bool(errori or errore_file),
        ),
        stato=stato_http,
        lista=lista,
        stato_di=_stato(lista),
        validita=_validita,
        valori=valori or {},
        errori=errori or {},
        errore_file=errore_file,
        origini=_ORIGINI,
        base=f"{BASE}/{lista.dichiarata.id}",
        colonne=_COLONNE_CODICI,
        colonne_storia=_COLONNE_STORIA,
        colonne_file=", ".join(COLONNE),
    )  # fmt: skip


@get(f"{BASE}/{{lista:str}}", opt=_LETTURA, include_in_schema=False)
async def una(request: Richiesta, lista: FromPath[str]) -> Template:
    """One list: its codes, the forms to change it, its history."""
    return await _lista(request, await service.apri(lista))


@post(f"{BASE}/{{lista:str}}", opt=_OPT, request_max_body_size=_MODULO, include_in_schema=False)
async def aggiungi(request: Richiesta, lista: FromPath[str], data: Modulo) -> Template | Redirect:
    """Add a code."""
    aperta = await service.apri(lista)
    voce, errori = leggi_voce(aperta.dichiarata, data)
    if voce is not None and any(altra.codice == voce.codice for altra in aperta.voci):
        errori = {"codice": "Il codice c'è già: aprilo dalla lista per correggerlo."}
    if voce is None or errori:
        return await _lista(request, aperta, 422, valori=data, errori=errori)
    await service.salva(lista, [voce], "pagina")
    await aggiungi_messaggio("riuscito", f"Il codice {voce.codice} è stato aggiunto.")
    return Redirect(f"{BASE}/{lista}", status_code=303)


async def _codice(
    request: Richiesta,
    aperta: ListaAperta,
    voce: VoceCodifica,
    stato_http: int = 200,
    *,
    valori: Mapping[str, str] | None = None,
    errori: Mapping[str, str] | None = None,
) -> Template:
    id_ = aperta.dichiarata.id
    return rispondi(
        request,
        "codifiche/codice.html",
        costruisci_pagina(
            request, f"Codice {voce.codice}", sommario=voce.etichetta or "", con_errori=bool(errori),
            briciole=[("Codifiche", BASE), (aperta.dichiarata.denominazione, f"{BASE}/{id_}")],
        ),
        stato=stato_http,
        lista=aperta,
        voce=voce,
        stato_di=_stato(aperta),
        validita=_validita,
        valori=valori or {
            "etichetta": voce.etichetta or "", "dal": voce.dal or "", "al": voce.al or "",
            "fonte": voce.fonte,
        },
        errori=errori or {},
        storia=await service.storia(id_, voce.codice),
        origini=_ORIGINI,
        base=f"{BASE}/{id_}",
        colonne_storia=_COLONNE_STORIA,
    )  # fmt: skip


@get(f"{BASE}/{{lista:str}}/codici/{{codice:str}}", opt=_LETTURA, include_in_schema=False)
async def un_codice(request: Richiesta, lista: FromPath[str], codice: FromPath[str]) -> Template:
    """One code: the form to correct or close it, and what it was."""
    aperta = await service.apri(lista)
    return await _codice(request, aperta, aperta.voce(codice))


@post(
    f"{BASE}/{{lista:str}}/codici/{{codice:str}}",
    opt=_OPT,
    request_max_body_size=_MODULO,
    include_in_schema=False,
)
async def correggi(
    request: Richiesta, lista: FromPath[str], codice: FromPath[str], data: Modulo
) -> Template | Redirect:
    """Correct or close a code."""
    aperta = await service.apri(lista)
    prima = aperta.voce(codice)
    voce, errori = leggi_voce(aperta.dichiarata, {**data, "codice": codice})
    if voce is None:
        return await _codice(request, aperta, prima, 422, valori=data, errori=errori)
    if await service.salva(lista, [voce], "pagina"):
        await aggiungi_messaggio("riuscito", f"Il codice {codice} è stato aggiornato.")
    else:
        await aggiungi_messaggio("informazione", "Non è cambiato nulla.")
    return Redirect(f"{BASE}/{lista}/codici/{codice}", status_code=303)


@get(f"{BASE}/{{lista:str}}/codici/{{codice:str}}/ritira", opt=_LETTURA, include_in_schema=False)
async def chiedi_ritiro(
    request: Richiesta, lista: FromPath[str], codice: FromPath[str]
) -> Template:
    """Ask before a code is withdrawn."""
    aperta = await service.apri(lista)
    voce = aperta.voce(codice)
    return rispondi(
        request,
        "codifiche/ritira.html",
        costruisci_pagina(
            request, f"Ritira il codice {codice}", sommario=voce.etichetta or "",
            briciole=[("Codifiche", BASE), (aperta.dichiarata.denominazione, f"{BASE}/{lista}")],
        ),
        voce=voce,
        base=f"{BASE}/{lista}",
    )  # fmt: skip


@post(
    f"{BASE}/{{lista:str}}/codici/{{codice:str}}/ritira",
    opt=_OPT,
    request_max_body_size=_MODULO,
    include_in_schema=False,
)
async def ritira(request: Richiesta, lista: FromPath[str], codice: FromPath[str]) -> Redirect:
    """Withdraw a code that was entered by mistake."""
    await service.ritira(lista, codice, "pagina")
    await aggiungi_messaggio("riuscito", f"Il codice {codice} è stato ritirato.")
    return Redirect(f"{BASE}/{lista}", status_code=303)


@post(
    f"{BASE}/{{lista:str}}/importa",
    opt={**_OPT, "unita": "lettura"},
    request_max_body_size=2 * BYTE_MASSIMI,
    include_in_schema=False,
    status_code=200,
)
async def anteprima(
    request: Richiesta,
    lista: FromPath[str],
    data: Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Template:
    """Show what a file would change, before anything is changed."""
    aperta = await service.apri(lista)
    file = data.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _lista(request, aperta, 422, errore_file="Scegli un file da importare.")
    contenuto = await file.read()
    return _anteprima(request, aperta, contenuto, file.filename)


def _anteprima(
    request: Richiesta, aperta: ListaAperta, contenuto: bytes, nome: str, stato_http: int = 200
) -> Template:
    voci, errori = leggi_csv(aperta.dichiarata, contenuto)
    id_ = aperta.dichiarata.id
    return rispondi(
        request,
        "codifiche/anteprima.html",
        costruisci_pagina(
            request, "Che cosa cambia", con_errori=bool(errori),
            sommario=nome.replace("\\", "/").rsplit("/", 1)[-1][:120],
            briciole=[("Codifiche", BASE), (aperta.dichiarata.denominazione, f"{BASE}/{id_}")],
        ),
        stato=422 if errori else stato_http,
        errori=errori,
        differenze=differenze(aperta.voci, voci),
        validita=_validita,
        testo="" if errori else contenuto.decode("utf-8-sig"),
        base=f"{BASE}/{id_}",
        colonne_errori=_COLONNE_ERRORI,
        colonne=_COLONNE_DIFFERENZE,
    )  # fmt: skip


@post(
    f"{BASE}/{{lista:str}}/importa/conferma",
    opt=_OPT,
    request_max_body_size=4 * BYTE_MASSIMI,
    include_in_schema=False,
)
async def importa(request: Richiesta, lista: FromPath[str], data: Modulo) -> Template | Redirect:
    """Write the codes of a file that was looked at."""
    aperta = await service.apri(lista)
    contenuto = data.get("testo", "").encode()
    voci, errori = leggi_csv(aperta.dichiarata, contenuto)
    if errori:
        return _anteprima(request, aperta, contenuto, "", 422)
    quanti = await service.salva(lista, voci, "file")
    await aggiungi_messaggio(
        "riuscito",
        "È stato aggiornato 1 codice."
        if quanti == 1
        else f"Sono stati aggiornati {quanti} codici.",
    )
    return Redirect(f"{BASE}/{lista}", status_code=303)


@get(f"{BASE}/{{lista:str}}/codici.csv", opt=_LETTURA, include_in_schema=False)
async def esporta(lista: FromPath[str]) -> Response[bytes]:
    """The list as a CSV."""
    aperta = await service.apri(lista)
    return Response(
        csv_di(aperta.voci),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{aperta.dichiarata.id}.csv"'},
    )


router = Router(
    path="/",
    route_handlers=[
        elenco, una, aggiungi, un_codice, correggi, chiedi_ritiro, ritira, anteprima, importa,
        esporta,
    ],
)  # fmt: skip
