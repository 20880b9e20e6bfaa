"""Pages of the bodies: seats and who holds them, rules with their sources, appointments, publications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, cast
from urllib.parse import urlencode

from litestar import Request, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio, ambiti_e_ats
from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.base.errori import DatiNonValidi
from capofila.base.visita import visita_corrente
from capofila.governo import incarichi, pubblicazioni
from capofila.governo.composizione import (
    Funzione,
    Incarico,
    StatoSeggio,
    Titolare,
    Unita,
    presiede,
)
from capofila.governo.nomine import elenco_posti, seggio_presidente
from capofila.governo.parole import regole_viste
from capofila.governo.rules import mostra_organo
from capofila.hooks import Nomina, Organo, Per, Seggio
from capofila.territorio import service as territorio
from capofila.territorio.rules import normalizza
from capofila.web import formati
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.lettura import Lettura
from capofila.web.pagina import Colonna

Richiesta = Request[Any, Any, Any]
Modulo = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]

MENU: Final = VoceMenu(
    titolo="Organi", percorso="organi", permesso="adempimenti.vedi",
    gruppo="Governo", icona="pa", ordine=41,
)  # fmt: skip
STATI: Final[Mapping[StatoSeggio, tuple[str, str]]] = {
    StatoSeggio.COPERTO: ("In carica", "buono"),
    StatoSeggio.DI_DIRITTO: ("Di diritto", "neutro"),
    StatoSeggio.DA_RATIFICARE: ("Da ratificare", "attenzione"),
    StatoSeggio.VACANTE: ("Vacante", "errore"),
    StatoSeggio.DECADUTO: ("Decaduto", "errore"),
    StatoSeggio.FUORI: ("Fuori dall’Accordo", "attenzione"),
}
_COLONNE: Final = (
    Colonna("Seggio"), Colonna("Chi lo tiene"), Colonna("Stato"), Colonna("Atto"),
)  # fmt: skip
FUNZIONI: Final[Mapping[Funzione, str]] = {
    "componente": "Componente",
    "presidenza": "Presidenza",
    "sostituzione": "Sostituisce chi presiede",
}


def base() -> str:
    """The address of the ambito."""
    return f"/{visita_corrente().nell_ambito.slug}"


def giorno_chiesto(request: Richiesta) -> tuple[date, str]:
    """The day of the page, kept in the address; today when not given, with what is wrong with it."""
    scritto = request.query_params.get("giorno", "")
    if not scritto:
        return oggi(), ""
    lettura = Lettura({"giorno": scritto})
    letto = lettura.giorno("giorno")
    return letto or oggi(), lettura.errori.get("giorno", "")


def _al_giorno(giorno: date) -> str:
    return "" if giorno == oggi() else "?" + urlencode({"giorno": f"{giorno:%d/%m/%Y}"})


# ---- all of them, and one ----


@get("/{ambito:str}/organi", opt={"permesso": "adempimenti.vedi", "unita": "lettura"})
async def organi(request: Richiesta) -> Template:
    """The bodies of the ambito on a day: how many seats, how many are held."""
    giorno, errore = giorno_chiesto(request)
    dichiarati = (await plugin_attivi(giorno)).organi()
    unita = await incarichi.unita_del_giorno(giorno)
    posti = await incarichi.titolari_di(dichiarati, giorno)
    visti = [
        (mostra_organo(uno, giorno, len(unita[Per.COMUNE])), conteggi(posti[uno.codice]))
        for uno in dichiarati
    ]
    pagina = costruisci_pagina(
        request, "Organi", con_errori=bool(errore),
        sommario="Chi decide in questo ambito, chi ne fa parte e come vota.",
    )  # fmt: skip
    return rispondi(
        request,
        "governo/organi.html",
        pagina,
        stato=422 if errore else 200,
        organi=visti,
        ricevute=[una for una in await pubblicazioni.pubblicazioni() if not una.propria],
        giorno=giorno,
        errore=errore,
        al_giorno=_al_giorno(giorno),
        base=f"{base()}/organi",
    )


def conteggi(posti: Sequence[Titolare]) -> list[tuple[int, str, str]]:
    """How many seats are in each state, with its words and colour; those that are vacant last."""
    return [
        (quanti, *STATI[stato])
        for stato in STATI
        if (quanti := sum(uno.stato is stato for uno in posti))
    ]


@get("/{ambito:str}/organi/{codice:str}", opt={"permesso": "adempimenti.vedi", "unita": "lettura"})
async def organo(request: Richiesta, codice: FromPath[str]) -> Template:
    """A body on a day: its seats and holders, its rules with their sources, its history."""
    giorno, errore = giorno_chiesto(request)
    return await _pagina_organo(request, codice, giorno, errore)


FITTA_DA: Final = 14
"""Seats from which their list is dense: more than that are not read one by one on a phone."""


def trova(posti: Sequence[Titolare], cerca: str) -> list[Titolare]:
    """The seats whose name, holder or ente has some words in it, whatever case and accents."""
    parole = normalizza(cerca)
    return [
        uno
        for uno in posti
        if parole in normalizza(" ".join(filter(None, (uno.nome, uno.persona, uno.ente))))
    ]


async def _pagina_organo(
    request: Richiesta, codice: str, giorno: date, errore: str = "", guasto: str = ""
) -> Template:
    dichiarato = await incarichi.organo_del_giorno(codice, giorno)
    unita = await incarichi.unita_del_giorno(giorno)
    tutti = await incarichi.incarichi(codice)
    posti = await incarichi.titolari(codice, giorno)
    chiave, presidente = await incarichi.chi_presiede(codice, giorno)
    puo = visita_corrente().puo("governo.scrivi")
    cerca = request.query_params.get("cerca", "").strip()[:60]
    pagina = costruisci_pagina(
        request, dichiarato.denominazione,
        briciole=[("Organi", f"{base()}/organi{_al_giorno(giorno)}")],
        con_errori=bool(errore or guasto),
    )  # fmt: skip
    return rispondi(
        request,
        "governo/organo.html",
        pagina,
        stato=422 if errore or guasto else 200,
        organo=mostra_organo(dichiarato, giorno, len(unita[Per.COMUNE])),
        regole=regole_viste(dichiarato, giorno),
        posti=posti,
        fitta=len(posti) > FITTA_DA,
        cerca=cerca,
        visti=trova(posti, cerca),
        conteggi=conteggi(posti),
        presidente=presidente,
        seggio_presidente=next((uno for uno in posti if uno.chiave == chiave), None),
        sostituto=presiede(dichiarato, giorno, tutti, "sostituzione"),
        si_elegge=_si_registra(dichiarato),
        da_un_seggio=dichiarato.presidenza is not None
        and dichiarato.presidenza.categoria is not None,
        storia=list(reversed(tutti))[:200],
        nomi_seggi={uno.categoria: uno.denominazione for uno in dichiarato.seggi},
        aperti=[uno for uno in dichiarato.seggi if uno.numero is None],
        funzioni=FUNZIONI,
        pubblicate=await pubblicazioni.pubblicazioni(codice) if dichiarato.condiviso_tra else [],
        agenzie=(await ambiti_e_ats())[1] if dichiarato.condiviso_tra and puo else [],
        stati=STATI,
        colonne=_COLONNE,
        giorno=giorno,
        errore=errore,
        guasto=guasto,
        al_giorno=_al_giorno(giorno),
        base=f"{base()}/organi",
        scrivi=puo,
    )


# ---- an appointment ----


async def _modulo(
    request: Richiesta,
    codice: str,
    testi: Mapping[str, str],
    errori: Sequence[tuple[str, str]] = (),
    stato: int = 200,
) -> Template:
    giorno = _giorno_del_modulo(testi)
    dichiarato = await incarichi.organo_del_giorno(codice, giorno)
    unita = await incarichi.unita_del_giorno(giorno)
    scelto = testi.get("seggio", "")
    seggio, una, funzione = _seggio(dichiarato, unita, scelto)
    comuni = {c.codice: c.nome for c in unita[Per.COMUNE]}
    posti = await incarichi.titolari(codice, giorno)
    pagina = costruisci_pagina(
        request, "Registra una nomina",
        briciole=[("Organi", f"{base()}/organi"),
                  (dichiarato.denominazione, f"{base()}/organi/{codice}{_al_giorno(giorno)}")],
        con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "governo/nomina.html",
        pagina,
        stato=stato,
        organo=dichiarato,
        testi=_predefiniti(dichiarato, seggio, una, funzione) | dict(testi),
        errori=errori,
        sbagli=dict(errori),
        scelto=scelto,
        seggio=seggio,
        unita=una,
        funzione=funzione,
        nome_funzione=FUNZIONI[funzione],
        # With 48 seats of comuni the list is long, and it is a list that people know.
        possibili=[
            *elenco_posti(dichiarato, unita),
            *_funzioni_possibili(dichiarato),
        ],
        comuni=[(c, comuni.get(c, c)) for c in una.comuni] if una else [],
        eleggibili=[(e, e[:1].upper() + e[1:]) for e in (seggio.eleggibili if seggio else ())],
        referente=comuni.get(una.referente or "") if una else None,
        adesioni=[
            (a.id, f"{a.ente} (dal {formati.data(a.dal)})")
            for a in await incarichi.adesioni()
            if seggio is not None and a.settore == seggio.categoria
        ],
        membri=[
            (uno.chiave, f"{uno.nome}{f', {uno.persona}' if uno.persona else ''}")
            for uno in posti
            if uno.in_carica
            and not (
                funzione == "sostituzione" and uno.chiave == seggio_presidente(dichiarato, posti)
            )
        ],
        fonte=((seggio and seggio.fonte) or dichiarato.fonte).cita(),
        giorno=giorno,
        azione=f"{base()}/organi/{codice}/nomina",
        torna=f"{base()}/organi/{codice}{_al_giorno(giorno)}",
        accordo=f"{base()}/accordo{_al_giorno(giorno)}",
    )


def _giorno_del_modulo(testi: Mapping[str, str]) -> date:
    for nome in ("dal", "giorno"):
        letto = Lettura(testi).giorno(nome)
        if letto is not None:
            return letto
    return oggi()


def _si_registra(organo: Organo) -> bool:
    """Whether who presides is named by an act of its own: neither by right, nor by holding a seat."""
    presidenza = organo.presidenza
    return presidenza is None or (
        presidenza.nomina is not Nomina.DI_DIRITTO and presidenza.categoria is None
    )


def _funzioni_possibili(organo: Organo) -> list[tuple[str, str]]:
    presidenza = organo.presidenza
    trovate = []
    if _si_registra(organo):
        chi = presidenza.titolare if presidenza else "Chi presiede"
        trovate.append(("presidenza", f"Presidenza: {chi}"))
    if presidenza is not None and presidenza.sostituto:
        trovate.append(("sostituzione", f"Sostituzione: {presidenza.sostituto}"))
    return trovate


def _seggio(
    organo: Organo, unita: Mapping[Per, Sequence[Unita]], scelto: str
) -> tuple[Seggio | None, Unita | None, Funzione]:
    if scelto in ("presidenza", "sostituzione"):
        return None, None, cast(Funzione, scelto)
    categoria, _, codice = scelto.partition("/")
    seggio = next((uno for uno in organo.seggi if uno.categoria == categoria), None)
    if seggio is None:
        return None, None, "componente"
    una = next((u for u in unita.get(seggio.per, ()) if u.codice == codice), None)
    return (None if seggio.per is not Per.ORGANO and una is None else seggio), una, "componente"


def _predefiniti(
    organo: Organo, seggio: Seggio | None, unita: Unita | None, funzione: Funzione
) -> dict[str, str]:
    if funzione != "componente":
        return {"designato_da": organo.denominazione}
    if seggio is None:
        return {}
    presi = {"designato_da": seggio.designato_da or ""}
    if seggio.di_referente and unita is not None:
        presi |= {"istat": unita.referente or "", "designato_da": ""}
    if seggio.per is Per.COMUNE:
        presi |= {"carica": "Sindaco", "designato_da": "Proclamazione degli eletti"}
    return presi


@get(
    "/{ambito:str}/organi/{codice:str}/nomina",
    opt={"permesso": "governo.scrivi", "unita": "lettura"},
)
async def nomina(request: Richiesta, codice: FromPath[str]) -> Template:
    """The form of an appointment: first the seat, then who, by which act."""
    presi = {
        nome: valore
        for nome in ("seggio", "giorno")
        if (valore := request.query_params.get(nome, "")[:120])
    }
    return await _modulo(request, codice, presi)


@post(
    "/{ambito:str}/organi/{codice:str}/nomina",
    opt={"permesso": "governo.scrivi"},
    status_code=200,
)
async def scrivi(request: Richiesta, codice: FromPath[str], data: Modulo) -> Template | Redirect:
    """Write an appointment down, or say why not, with the article."""
    lettura = Lettura(data)
    giorno = _giorno_del_modulo(lettura.scritto)
    dichiarato = await incarichi.organo_del_giorno(codice, giorno)
    unita = await incarichi.unita_del_giorno(giorno)
    seggio, una, funzione = _seggio(dichiarato, unita, lettura.scritto.get("seggio", ""))
    if seggio is None and funzione == "componente":
        lettura.errori["seggio"] = "Scegli il seggio."
    persona = lettura.testo("persona", 120)
    membro = lettura.scritto.get("unita", "")[:60] if funzione != "componente" else ""
    if funzione != "componente" and not persona:
        posti = await incarichi.titolari(codice, giorno)
        persona = next((p.persona or "" for p in posti if p.chiave == membro), "")
    if not persona:
        lettura.errori["persona"] = "Scrivi chi è nominato."
    dal = lettura.giorno("dal", "Scrivi da quando, come 01/06/2025.")
    al = lettura.giorno("al")
    designato_da = lettura.testo("designato_da", 200, "Scrivi chi ha nominato o designato.")
    del_giorno = lettura.giorno("data", "Scrivi la data dell’atto.")
    testi = {
        nome: lettura.testo(nome, massimo) or None
        for nome, massimo in (("carica", 120), ("ente", 200), ("sostituto", 120), ("numero", 40))
    }
    adesione = lettura.scritto.get("adesione_id", "")
    if lettura.errori or dal is None or del_giorno is None:
        return await _modulo(request, codice, lettura.scritto, list(lettura.errori.items()), 422)
    istat = lettura.scritto.get("istat", "")
    nuovo = Incarico(
        organo=codice,
        funzione=funzione,
        categoria=seggio.categoria if seggio else None,
        unita=membro or (una.codice if una else None),
        istat=istat if istat in (await territorio.mappa_comuni()).per_istat else None,
        adesione_id=int(adesione) if adesione.isascii() and adesione.isdigit() else None,
        persona=persona,
        dal=dal,
        al=al,
        designato_da=designato_da,
        data=del_giorno,
        carica=testi["carica"],
        ente=testi["ente"],
        sostituto=testi["sostituto"],
        numero=testi["numero"],
    )
    try:
        await incarichi.assegna(nuovo)
    except incarichi.NominaRifiutata as rifiuto:
        return await _modulo(request, codice, lettura.scritto, rifiuto.errori, rifiuto.stato)
    await aggiungi_messaggio("riuscito", "La nomina è registrata.")
    return Redirect(f"{base()}/organi/{codice}{_al_giorno(dal)}", status_code=303)


# ---- one appointment ----


async def _pagina_incarico(
    request: Richiesta,
    id_: int,
    testi: Mapping[str, str],
    errori: Sequence[tuple[str, str]] = (),
    stato: int = 200,
) -> Template:
    uno = await incarichi.incarico(id_)
    dichiarato = await incarichi.organo_del_giorno(uno.organo, uno.dal)
    seggio = next((s for s in dichiarato.seggi if s.categoria == uno.categoria), None)
    torna = f"{base()}/organi/{uno.organo}"
    ratifica = None
    if seggio is not None and seggio.ratificato_da:
        ratifica = next(
            (
                altro.denominazione
                for altro in (await plugin_attivi(uno.dal)).organi()
                if altro.codice == seggio.ratificato_da
            ),
            seggio.ratificato_da,
        )
    pagina = costruisci_pagina(
        request, uno.persona,
        briciole=[("Organi", f"{base()}/organi"), (dichiarato.denominazione, torna)],
        con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "governo/incarico.html",
        pagina,
        stato=stato,
        uno=uno,
        seggio=seggio.denominazione if seggio else FUNZIONI[uno.funzione],
        ratifica=ratifica,
        testi=testi,
        errori=errori,
        sbagli=dict(errori),
        azione=f"{base()}/organi/incarichi/{id_}",
        torna=torna,
        scrivi=visita_corrente().puo("governo.scrivi"),
    )


@get(
    "/{ambito:str}/organi/incarichi/{id_:int}",
    opt={"permesso": "adempimenti.vedi", "unita": "lettura"},
)
async def incarico(request: Richiesta, id_: FromPath[int]) -> Template:
    """An appointment, with what may be done to it."""
    return await _pagina_incarico(request, id_, {})


@post(
    "/{ambito:str}/organi/incarichi/{id_:int}/cessa",
    opt={"permesso": "governo.scrivi"},
    status_code=200,
)
async def cessa(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Write the last day of an appointment."""
    lettura = Lettura(data)
    al = lettura.giorno("al", "Scrivi l’ultimo giorno, come 30/04/2025.")
    perche = lettura.testo("cessazione", 300, "Scrivi perché finisce, e con quale atto.")
    if lettura.errori or al is None:
        return await _pagina_incarico(
            request, id_, lettura.scritto, list(lettura.errori.items()), 422
        )
    try:
        await incarichi.cessa(id_, al, perche)
    except incarichi.NominaRifiutata as rifiuto:
        return await _pagina_incarico(request, id_, lettura.scritto, rifiuto.errori, rifiuto.stato)
    await aggiungi_messaggio("riuscito", "La fine dell’incarico è registrata.")
    return await _torna(id_)


@post(
    "/{ambito:str}/organi/incarichi/{id_:int}/ratifica",
    opt={"permesso": "governo.scrivi"},
    status_code=200,
)
async def ratifica(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Write that the body that must ratified an appointment."""
    lettura = Lettura(data)
    giorno = lettura.giorno("ratificato_il", "Scrivi il giorno della ratifica.")
    atto = lettura.testo("ratifica", 200, "Scrivi con quale atto o verbale.")
    if lettura.errori or giorno is None:
        return await _pagina_incarico(
            request, id_, lettura.scritto, list(lettura.errori.items()), 422
        )
    try:
        await incarichi.ratifica(id_, giorno, atto)
    except incarichi.NominaRifiutata as rifiuto:
        return await _pagina_incarico(request, id_, lettura.scritto, rifiuto.errori, rifiuto.stato)
    await aggiungi_messaggio("riuscito", "La ratifica è registrata.")
    return await _torna(id_)


@post(
    "/{ambito:str}/organi/incarichi/{id_:int}/ritira",
    opt={"permesso": "governo.scrivi"},
    status_code=200,
)
async def ritira(id_: FromPath[int]) -> Redirect:
    """Withdraw an appointment registered by mistake."""
    await incarichi.ritira_incarico(id_)
    await aggiungi_messaggio("riuscito", "L’incarico è ritirato.")
    return await _torna(id_)


async def _torna(id_: int) -> Redirect:
    uno = await incarichi.incarico(id_)
    return Redirect(f"{base()}/organi/{uno.organo}", status_code=303)


# ---- publications ----


@post(
    "/{ambito:str}/organi/{codice:str}/pubblica",
    opt={"permesso": "governo.scrivi"},
    status_code=200,
)
async def pubblica(request: Richiesta, codice: FromPath[str], data: Modulo) -> Template | Redirect:
    """Publish who sits in a shared body, for the other ambiti and the agencies chosen."""
    lettura = Lettura(data)
    giorno = lettura.giorno("giorno") or oggi()
    agenzie = [n.removeprefix("ats-") for n in data if n.startswith("ats-")][:20]
    try:
        await pubblicazioni.pubblica_composizione(codice, giorno, agenzie)
    except DatiNonValidi as rifiuto:
        return await _pagina_organo(request, codice, giorno, guasto=rifiuto.messaggio)
    await aggiungi_messaggio("riuscito", "La composizione è pubblicata.")
    return Redirect(f"{base()}/organi/{codice}{_al_giorno(giorno)}", status_code=303)


async def _pagina_pubblicazione(
    request: Richiesta, id_: int, su: str, torna: str, sedute: str
) -> Template | Redirect:
    una, contenuto = await pubblicazioni.leggi_pubblicazione(id_)
    if una.seduta_id is not None and una.ritirata_il is None and not una.propria:
        return Redirect(f"{sedute}/{una.seduta_id}", status_code=303)
    letta = pubblicazioni.leggi_composizione(contenuto) if una.specie == "composizione" else None
    titolo = letta.denominazione if letta else una.titolo
    pagina = costruisci_pagina(request, titolo, briciole=[(su, torna)], sommario=una.titolo)
    return rispondi(
        request,
        "governo/pubblicazione.html",
        pagina,
        una=una,
        letta=letta,
        colonne=[Colonna("Seggio"), Colonna("Chi lo tiene"), Colonna("Atto")],
        torna=torna,
        azione=None if not una.propria else f"{torna}/pubblicazioni/{id_}/ritira",
    )


@get(
    "/{ambito:str}/organi/pubblicazioni/{id_:int}",
    opt={"permesso": "adempimenti.vedi", "unita": "lettura"},
)
async def pubblicazione(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """A publication of this ambito, or of another one for it; a meeting has its own page."""
    return await _pagina_pubblicazione(
        request, id_, "Organi", f"{base()}/organi", f"{base()}/sedute/condivise"
    )


@post(
    "/{ambito:str}/organi/pubblicazioni/{id_:int}/ritira",
    opt={"permesso": "governo.scrivi"},
    status_code=200,
)
async def ritira_pubblicazione(id_: FromPath[int]) -> Redirect:
    """Withdraw a publication: nobody else reads it any more."""
    codice = await pubblicazioni.ritira_pubblicazione(id_)
    await aggiungi_messaggio("riuscito", "La pubblicazione è ritirata.")
    return Redirect(f"{base()}/organi/{codice}", status_code=303)


@get("/ats/{ats:str}/organi/{id_:int}", opt={"permesso": "ats.leggi", "unita": "lettura"})
async def pubblicazione_ats(
    request: Richiesta, ats: FromPath[str], id_: FromPath[int]
) -> Template | Redirect:
    """A publication for an agency."""
    organi = f"/ats/{ats}/organi"
    return await _pagina_pubblicazione(request, id_, "Organi in comune", organi, f"{organi}/sedute")


@get("/ats/{ats:str}/organi", opt={"permesso": "ats.leggi", "unita": "lettura"})
async def pubblicazioni_ats(request: Richiesta, ats: FromPath[str]) -> Template:
    """What the ambiti published of their shared bodies for an agency."""
    nome = next(nome for _, slug, nome in visita_corrente().ats if slug == ats)
    pagina = costruisci_pagina(
        request, "Organi in comune", briciole=[(nome, f"/ats/{ats}")],
        sommario="Gli organi condivisi dagli ambiti, come questi li hanno pubblicati per l’agenzia.",
    )  # fmt: skip
    return rispondi(
        request,
        "governo/pubblicazioni.html",
        pagina,
        pubblicate=await pubblicazioni.pubblicazioni(),
        base=f"/ats/{ats}/organi",
        torna=f"/ats/{ats}",
    )


ROTTE: Final = (
    organi, organo, nomina, scrivi, incarico, cessa, ratifica, ritira, pubblica, pubblicazione,
    ritira_pubblicazione, pubblicazioni_ats, pubblicazione_ats,
)  # fmt: skip
