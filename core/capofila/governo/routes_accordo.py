"""Pages of the Accordo di Programma: read at a day, registered, adhered to, changed, published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, cast

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.attivazioni import oggi
from capofila.base.errori import Conflitto
from capofila.base.visita import visita_corrente
from capofila.governo import accordo as registro
from capofila.governo.composizione import Adesione, fine_del_mandato
from capofila.governo.patto import (
    COMUNI,
    PUBBLICAZIONE,
    SPECIE_ENTE,
    SPECIE_MODIFICA,
    Accordo,
    Firmatario,
    Modifica,
    SpecieEnte,
    SpecieModifica,
    StatoAccordo,
)
from capofila.governo.routes_organi import (
    Modulo,
    Richiesta,
    base,
    giorno_chiesto,
)
from capofila.territorio import service as territorio
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.lettura import Lettura

MENU: Final = VoceMenu(
    titolo="Accordo", percorso="accordo", permesso="adempimenti.vedi",
    gruppo="Governo", icona="file", ordine=42,
)  # fmt: skip
STATI: Final[Mapping[StatoAccordo, tuple[str, str]]] = {
    StatoAccordo.IN_VIGORE: ("In vigore", "buono"),
    StatoAccordo.FUTURO: ("Non ancora in vigore", "attesa"),
    StatoAccordo.SCADUTO: ("Scaduto", "chiuso"),
    StatoAccordo.NON_NOTO: ("Giorni non noti", "attenzione"),
}
ALTRI_FIRMATARI: Final = 6
"""How many enti that are not comuni the form has room for."""


def _qui(id_: int | None = None) -> str:
    return f"{base()}/accordo" + (f"/{id_}" if id_ is not None else "")


_BRICIOLE: Final = "Accordo di Programma"


async def _pagina(request: Richiesta, scelto: Accordo | None, tutti: Sequence[Accordo]) -> Template:
    giorno, errore = giorno_chiesto(request)
    pagina = costruisci_pagina(
        request,
        "Accordo di Programma",
        con_errori=bool(errore),
        sommario="Chi governa insieme, con quale atto e fino a quando.",
    )
    return rispondi(
        request,
        "governo/accordo.html",
        pagina,
        stato=422 if errore else 200,
        quadro=None if scelto is None else await registro.quadro(scelto, giorno),
        tutti=tutti,
        vigente=next((uno for uno in tutti if uno.vale(giorno)), None),
        stati=STATI,
        specie=SPECIE_ENTE,
        specie_modifica=SPECIE_MODIFICA,
        pubblicazione=PUBBLICAZIONE,
        giorno=giorno,
        errore=errore,
        base=_qui(),
        organi=f"{base()}/organi",
        scrivi=visita_corrente().puo("governo.scrivi"),
    )


@get("/{ambito:str}/accordo", opt={"permesso": "adempimenti.vedi", "unita": "lettura"})
async def accordo(request: Richiesta) -> Template:
    """The Accordo in force on a day, or the last one before it."""
    giorno, _ = giorno_chiesto(request)
    tutti = await registro.accordi()
    in_vigore = next((uno for uno in tutti if uno.vale(giorno)), None)
    prima = next((uno for uno in tutti if uno.dal is not None and uno.dal <= giorno), None)
    return await _pagina(request, in_vigore or prima or (tutti[-1] if tutti else None), tutti)


@get("/{ambito:str}/accordo/{id_:int}", opt={"permesso": "adempimenti.vedi", "unita": "lettura"})
async def uno(request: Richiesta, id_: FromPath[int]) -> Template:
    """One Accordo on a day."""
    return await _pagina(request, await registro.leggi(id_), await registro.accordi())


# ---- a new one ----


async def _modulo_accordo(
    request: Richiesta,
    testi: Mapping[str, str],
    errori: Sequence[tuple[str, str]] = (),
    stato: int = 200,
) -> Template:
    giorno = Lettura(testi).giorno("dal")
    pagina = costruisci_pagina(
        request, "Registra un Accordo", briciole=[(_BRICIOLE, _qui())], con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "governo/accordo_nuovo.html",
        pagina,
        stato=stato,
        testi=testi,
        errori=errori,
        sbagli=dict(errori),
        comuni=await _comuni(giorno),
        specie=[(nome, detto) for nome, detto in SPECIE_ENTE.items() if nome != "comune"],
        altri=range(1, ALTRI_FIRMATARI + 1),
        precedenti=[(a.id, a.titolo) for a in await registro.accordi()],
        azione=f"{_qui()}/nuovo",
        torna=_qui(),
    )


async def _comuni(giorno: date | None) -> list[tuple[str, str]]:
    return [(c.istat, c.nome) for c in await territorio.membri(giorno or oggi())]


@get("/{ambito:str}/accordo/nuovo", opt={"permesso": "governo.scrivi", "unita": "lettura"})
async def nuovo(request: Richiesta) -> Template:
    """The form of a new Accordo; all the comuni of the ambito are proposed as signatories."""
    testi = {f"comune-{istat}": "si" for istat, _ in await _comuni(None)}
    return await _modulo_accordo(request, testi | {"mesi": "36"})


@post("/{ambito:str}/accordo/nuovo", opt={"permesso": "governo.scrivi"}, status_code=200)
async def scrivi(request: Richiesta, data: Modulo) -> Template | Redirect:
    """Register an Accordo with who signed it."""
    lettura = Lettura(data)
    titolo = lettura.testo("titolo", 300, "Scrivi il titolo dell’Accordo.")
    organo = lettura.testo("organo", 200, "Scrivi chi ha stipulato o approvato l’atto.")
    numero = lettura.testo("numero", 40) or None
    del_giorno = lettura.giorno("data", "Scrivi la data dell’atto.")
    dal = lettura.giorno("dal", "Scrivi da quando vale.")
    al = lettura.giorno("al")
    mesi = lettura.scritto.get("mesi", "").strip()
    durata = int(mesi) if mesi.isascii() and mesi.isdigit() and 1 <= int(mesi) <= 240 else None
    if durata is None:
        lettura.errori["mesi"] = "Scrivi la durata in mesi, da 1 a 240."
    rinnova = lettura.scritto.get("rinnova", "")
    comuni = dict(await _comuni(dal))
    di_chi = [
        Firmatario(specie="comune", ente=nome, istat=istat)
        for istat, nome in comuni.items()
        if lettura.scritto.get(f"comune-{istat}")
    ]
    for n in range(1, ALTRI_FIRMATARI + 1):
        ente = lettura.testo(f"ente-{n}", 200)
        specie = lettura.scritto.get(f"specie-{n}", "altro")
        if ente:
            nota = specie if specie in SPECIE_ENTE and specie != "comune" else "altro"
            di_chi.append(Firmatario(specie=cast(SpecieEnte, nota), ente=ente))
    capofila = next((ente.id for ente in await territorio.enti() if ente.capofila), None)
    if capofila is None:
        lettura.errori["titolo"] = "L’ambito non ha un ente capofila: lo dichiara la sua cartella."
    if lettura.errori or dal is None or capofila is None or durata is None:
        return await _modulo_accordo(request, lettura.scritto, list(lettura.errori.items()), 422)
    tutti = await registro.accordi()
    precedente = next((a.id for a in tutti if str(a.id) == rinnova), None)
    try:
        id_ = await registro.registra_accordo(
            Accordo(
                codice=_codice(dal, {a.codice for a in tutti}), titolo=titolo,
                capofila_id=capofila, mesi=durata, dal=dal,
                al=al or fine_del_mandato(dal, durata), organo=organo, numero=numero,
                data=del_giorno, rinnova=precedente,
            ),
            di_chi,
        )  # fmt: skip
    except registro.AccordoRifiutato as rifiuto:
        return await _modulo_accordo(request, lettura.scritto, rifiuto.errori, rifiuto.stato)
    await aggiungi_messaggio("riuscito", "L’Accordo è registrato.")
    return Redirect(_qui(id_), status_code=303)


def _codice(dal: date, presi: set[str]) -> str:
    base_ = f"adp-{dal.year}"
    return next(
        nome
        for nome in (base_, *(f"{base_}-{n}" for n in range(2, len(presi) + 3)))
        if nome not in presi
    )


# ---- what is added to one ----


async def _modulo(
    request: Richiesta,
    id_: int,
    quale: str,
    titolo: str,
    testi: Mapping[str, str],
    errori: Sequence[tuple[str, str]] = (),
    stato: int = 200,
) -> Template:
    scelto = await registro.leggi(id_)
    contesto: dict[str, Any] = {}
    if quale == "adesione":
        contesto["settori"] = list(
            (await registro.settori(_giorno(testi, scelto), con_comuni=True)).items()
        )
        firmato = {uno.istat for uno in await registro.firmatari(id_)}
        contesto["comuni"] = [
            uno for uno in await _comuni(_giorno(testi, scelto)) if uno[0] not in firmato
        ]
    if quale == "modifica":
        contesto["specie"] = list(SPECIE_MODIFICA.items())
        contesto["comuni"] = await _comuni(_giorno(testi, scelto))
    pagina = costruisci_pagina(
        request, titolo, briciole=[(_BRICIOLE, _qui()), (scelto.titolo, _qui(id_))],
        con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        f"governo/accordo_{quale}.html",
        pagina,
        stato=stato,
        accordo=scelto,
        testi=testi,
        errori=errori,
        sbagli=dict(errori),
        pubblicazione=PUBBLICAZIONE,
        azione=request.url.path,
        torna=_qui(id_),
        **contesto,
    )


def _giorno(testi: Mapping[str, str], scelto: Accordo) -> date:
    letto = Lettura(testi).giorno("dal")
    if letto is not None:
        return letto
    return oggi() if scelto.vale(oggi()) or scelto.dal is None else scelto.dal


_ADERISCI: Final = "Registra un’adesione"
_MODIFICA: Final = "Registra una modifica"
_BURL: Final = "Pubblicazione sul BURL"


@get(
    "/{ambito:str}/accordo/{id_:int}/adesione",
    opt={"permesso": "governo.scrivi", "unita": "lettura"},
)
async def adesione(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of an adhesion."""
    return await _modulo(request, id_, "adesione", _ADERISCI, {})


@post(
    "/{ambito:str}/accordo/{id_:int}/adesione", opt={"permesso": "governo.scrivi"}, status_code=200
)
async def aderisci(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Register an adhesion with its act."""
    lettura = Lettura(data)
    del_comune = lettura.scritto.get("settore") == COMUNI
    istat = (lettura.scritto.get("istat") or None) if del_comune else None
    ente = istat or lettura.testo("ente", 200, "" if del_comune else "Scrivi chi aderisce.")
    dal = lettura.giorno("dal", "Scrivi da quando, come 15/05/2025.")
    al = lettura.giorno("al")
    organo = lettura.testo("organo", 200, "Scrivi chi ha deciso di aderire.")
    numero = lettura.testo("numero", 40) or None
    del_giorno = lettura.giorno("data", "Scrivi la data dell’atto.")
    errori = list(lettura.errori.items())
    if dal is not None and al is not None and al < dal:
        errori.append(("al", "La fine viene prima dell’inizio: correggi una delle due date."))
    if errori or dal is None or del_giorno is None:
        return await _modulo(request, id_, "adesione", _ADERISCI, lettura.scritto, errori, 422)
    try:
        await registro.aderisci(
            id_,
            Adesione(
                id=0, ente=ente, settore=lettura.scritto.get("settore", ""), dal=dal, al=al,
                organo=organo, numero=numero, data=del_giorno, istat=istat,
            ),
        )  # fmt: skip
    except registro.AccordoRifiutato as rifiuto:
        return await _modulo(
            request, id_, "adesione", _ADERISCI, lettura.scritto, rifiuto.errori, rifiuto.stato
        )
    await aggiungi_messaggio("riuscito", "L’adesione è registrata.")
    return Redirect(_qui(id_), status_code=303)


@get(
    "/{ambito:str}/accordo/{id_:int}/modifica",
    opt={"permesso": "governo.scrivi", "unita": "lettura"},
)
async def modifica(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of a change during the Accordo."""
    return await _modulo(request, id_, "modifica", _MODIFICA, {})


@post(
    "/{ambito:str}/accordo/{id_:int}/modifica", opt={"permesso": "governo.scrivi"}, status_code=200
)
async def cambia(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Register a change with its act."""
    lettura = Lettura(data)
    specie = lettura.scritto.get("specie", "")
    if specie not in SPECIE_MODIFICA:
        lettura.errori["specie"] = "Scegli che cosa cambia."
    descrizione = lettura.testo("descrizione", 500, "Scrivi che cosa cambia.")
    dal = lettura.giorno("dal", "Scrivi da quando vale.")
    al = lettura.giorno("al")
    organo = lettura.testo("organo", 200, "Scrivi chi ha deciso.")
    numero = lettura.testo("numero", 40) or None
    del_giorno = lettura.giorno("data", "Scrivi la data dell’atto.")
    ente = lettura.testo("ente", 200) or None
    funzioni = lettura.scritto.get("funzioni", "").split(",")
    if lettura.errori or dal is None or del_giorno is None:
        return await _modulo(
            request, id_, "modifica", _MODIFICA, lettura.scritto, list(lettura.errori.items()), 422
        )
    subentro = specie == "subentro"
    try:
        await registro.modifica(
            Modifica(
                accordo_id=id_, specie=cast(SpecieModifica, specie), dal=dal, al=al,
                descrizione=descrizione,
                istat=(lettura.scritto.get("istat") or None) if subentro else None,
                ente=ente if subentro else None,
                funzioni=tuple(f.strip() for f in funzioni if f.strip())[:30] if subentro else (),
                organo=organo, numero=numero, data=del_giorno,
            )
        )  # fmt: skip
    except registro.AccordoRifiutato as rifiuto:
        return await _modulo(
            request, id_, "modifica", _MODIFICA, lettura.scritto, rifiuto.errori, rifiuto.stato
        )
    await aggiungi_messaggio("riuscito", "La modifica è registrata.")
    return Redirect(_qui(id_), status_code=303)


@get("/{ambito:str}/accordo/{id_:int}/burl", opt={"permesso": "governo.scrivi", "unita": "lettura"})
async def burl(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of the publication."""
    return await _modulo(request, id_, "burl", _BURL, {})


@post("/{ambito:str}/accordo/{id_:int}/burl", opt={"permesso": "governo.scrivi"}, status_code=200)
async def pubblica(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Register where the Accordo was published."""
    lettura = Lettura(data)
    numero = lettura.testo("numero", 60, "Scrivi il numero e la serie del Bollettino.")
    giorno = lettura.giorno("data", "Scrivi il giorno del Bollettino.")
    if lettura.errori or giorno is None:
        return await _modulo(
            request, id_, "burl", _BURL, lettura.scritto, list(lettura.errori.items()), 422
        )
    try:
        await registro.pubblica_sul_burl(
            id_, numero, giorno, per_estratto="per_estratto" in lettura.scritto
        )
    except registro.AccordoRifiutato as rifiuto:
        return await _modulo(
            request, id_, "burl", _BURL, lettura.scritto, rifiuto.errori, rifiuto.stato
        )
    await aggiungi_messaggio("riuscito", "La pubblicazione è registrata.")
    return Redirect(_qui(id_), status_code=303)


# ---- an adhesion that ends, what was registered by mistake ----


async def _pagina_adesione(
    request: Richiesta,
    id_: int,
    testi: Mapping[str, str],
    errori: Sequence[tuple[str, str]] = (),
    stato: int = 200,
) -> Template:
    una = await registro.leggi_adesione(id_)
    pagina = costruisci_pagina(
        request, una.ente, briciole=[(_BRICIOLE, _qui())], con_errori=bool(errori),
        sommario="Adesione all’Accordo di Programma",
    )  # fmt: skip
    return rispondi(
        request,
        "governo/adesione.html",
        pagina,
        stato=stato,
        una=una,
        testi=testi,
        errori=errori,
        sbagli=dict(errori),
        azione=f"{_qui()}/adesioni/{id_}",
        torna=_qui(),
        scrivi=visita_corrente().puo("governo.scrivi"),
    )


@get(
    "/{ambito:str}/accordo/adesioni/{id_:int}",
    opt={"permesso": "adempimenti.vedi", "unita": "lettura"},
)
async def un_adesione(request: Richiesta, id_: FromPath[int]) -> Template:
    """An adhesion, with what may be done to it."""
    return await _pagina_adesione(request, id_, {})


@post(
    "/{ambito:str}/accordo/adesioni/{id_:int}/recedi",
    opt={"permesso": "governo.scrivi"},
    status_code=200,
)
async def recedi(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Write the last day of an adhesion."""
    lettura = Lettura(data)
    al = lettura.giorno("al", "Scrivi l’ultimo giorno, come 30/04/2025.")
    if lettura.errori or al is None:
        return await _pagina_adesione(
            request, id_, lettura.scritto, list(lettura.errori.items()), 422
        )
    try:
        await registro.recedi(id_, al)
    except registro.AccordoRifiutato as rifiuto:
        return await _pagina_adesione(request, id_, lettura.scritto, rifiuto.errori, rifiuto.stato)
    await aggiungi_messaggio("riuscito", "La fine dell’adesione è registrata.")
    return Redirect(_qui(), status_code=303)


@post(
    "/{ambito:str}/accordo/adesioni/{id_:int}/ritira",
    opt={"permesso": "governo.scrivi"},
    status_code=200,
)
async def ritira_adesione(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Withdraw an adhesion registered by mistake."""
    try:
        await registro.ritira_adesione(id_)
    except Conflitto as rifiuto:
        return await _pagina_adesione(request, id_, {}, [("", rifiuto.messaggio)], rifiuto.stato)
    await aggiungi_messaggio("riuscito", "L’adesione è ritirata.")
    return Redirect(_qui(), status_code=303)


@post(
    "/{ambito:str}/accordo/modifiche/{id_:int}/ritira",
    opt={"permesso": "governo.scrivi"},
    status_code=200,
)
async def ritira_modifica(id_: FromPath[int]) -> Redirect:
    """Withdraw a change registered by mistake."""
    accordo_id = await registro.ritira_modifica(id_)
    await aggiungi_messaggio("riuscito", "La modifica è ritirata.")
    return Redirect(_qui(accordo_id), status_code=303)


async def _pagina_proroga(
    request: Richiesta,
    id_: int,
    testi: Mapping[str, str],
    errori: Sequence[tuple[str, str]] = (),
    stato: int = 200,
) -> Template:
    una = await registro.leggi_modifica(id_)
    pagina = costruisci_pagina(
        request, "La proroga non vale più", briciole=[(_BRICIOLE, _qui(una.accordo_id))],
        sommario=una.descrizione, con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "governo/accordo_proroga.html",
        pagina,
        stato=stato,
        una=una,
        testi=testi,
        errori=errori,
        sbagli=dict(errori),
        azione=f"{_qui()}/modifiche/{id_}/cessa",
        torna=_qui(una.accordo_id),
    )


@get(
    "/{ambito:str}/accordo/modifiche/{id_:int}/cessa",
    opt={"permesso": "governo.scrivi", "unita": "lettura"},
)
async def proroga(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of the act that withdraws or annuls an extension."""
    return await _pagina_proroga(request, id_, {})


@post(
    "/{ambito:str}/accordo/modifiche/{id_:int}/cessa",
    opt={"permesso": "governo.scrivi"},
    status_code=200,
)
async def cessa_proroga(
    request: Richiesta, id_: FromPath[int], data: Modulo
) -> Template | Redirect:
    """Write that an extension does not hold any more, by which act."""
    await registro.leggi_modifica(id_)
    lettura = Lettura(data)
    dal = lettura.giorno("dal", "Scrivi da quando non vale, come 01/05/2018.")
    con = lettura.testo("con", 300, "Scrivi l’atto che la revoca o la annulla.")
    if con and len(con) < 3:
        lettura.errori["con"] = "Scrivi l’atto con organo, numero e data."
    if lettura.errori or dal is None:
        return await _pagina_proroga(
            request, id_, lettura.scritto, list(lettura.errori.items()), 422
        )
    try:
        accordo_id = await registro.cessa_proroga(id_, dal, con)
    except registro.AccordoRifiutato as rifiuto:
        return await _pagina_proroga(request, id_, lettura.scritto, rifiuto.errori, rifiuto.stato)
    await aggiungi_messaggio(
        "riuscito", "La fine della proroga è registrata: la scadenza è tornata."
    )
    return Redirect(_qui(accordo_id), status_code=303)


ROTTE: Final = (
    accordo, uno, nuovo, scrivi, adesione, aderisci, modifica, cambia, burl, pubblica, un_adesione,
    recedi, ritira_adesione, ritira_modifica, proroga, cessa_proroga,
)  # fmt: skip
