"""Pages of the waiting lists: bandi, domande, the list and its reasons, approval, what follows it.

The pages of a list show protocol numbers; the name stands on the page of one domanda, whose reading
is written down. No address holds anything of a person.
"""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

from litestar import Request, Router, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Response, Template

from capofila.accessi.service import aggiungi_messaggio, registra_lettura
from capofila.base.attivazioni import oggi
from capofila.base.errori import ErroreCapofila, NonTrovato
from capofila.base.visita import visita_corrente
from capofila.graduatorie import bandi, calcolo, scarichi
from capofila.graduatorie.bandi import Approvata, Bando, BandoNuovo, DomandaBando, DomandaNuova
from capofila.graduatorie.calcolo import Evento, Posto
from capofila.graduatorie.scarichi import STATI
from capofila.hooks import DatoDomanda, Graduatoria, Rifiuto, TipoDato
from capofila.hooks.campi import leggi_data, leggi_importo
from capofila.prestazioni import service as prestazioni
from capofila.territorio import service as territorio
from capofila.web import formati
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.lettura import Lettura
from capofila.web.pagina import Colonna

Richiesta = Request[Any, Any, Any]
Modulo = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]

MENU: Final = (
    VoceMenu(
        titolo="Graduatorie", percorso="graduatorie", permesso="graduatorie.vedi",
        gruppo="Prestazioni sociali", icona="list", ordine=24,
    ),
)  # fmt: skip
_VEDI: Final = {"permesso": "graduatorie.vedi"}
_SCRIVI: Final = {"permesso": "graduatorie.scrivi"}
_GOVERNA: Final = {"permesso": "graduatorie.governa"}
_COLONNE: Final = (
    Colonna("Posizione", tipo="numero"), Colonna("Domanda"), Colonna("Comune"),
    Colonna("Punti", tipo="numero"), Colonna("Esito"), Colonna("Perché"),
)  # fmt: skip
_SPECIE: Final = (
    ("rinuncia", "Rinuncia", "Una domanda lascia il posto, o l’attesa."),
    ("decadenza", "Decadenza", "Un atto la toglie dalla graduatoria."),
    ("aumento", "Più posti o più risorse", "Scrivi quanti in più."),
)
_PER_PAGINA: Final = 100
_POSTI_MASSIMI: Final = 100_000


def _base() -> str:
    return f"/{visita_corrente().nell_ambito.slug}/graduatorie"


def _di(bando: Bando) -> str:
    return f"{_base()}/{bando.id}"


def _briciole(bando: Bando | None = None) -> list[tuple[str, str]]:
    sopra = [("Graduatorie", _base())]
    return sopra if bando is None else [*sopra, (bando.titolo, _di(bando))]


async def _comuni(giorno: date) -> dict[str, str]:
    """Names by Belfiore code of the comuni of the ambito; one for whoever works for it."""
    solo = visita_corrente().nell_ambito.comune
    return {
        comune.belfiore: comune.nome
        for comune in await territorio.membri(giorno)
        if solo in (None, comune.belfiore)
    }


async def _regole(bando: Bando, una: Approvata | None) -> Graduatoria | None:
    """The rules of a bando: those approved with it, else those declared; None where nobody does."""
    if una is not None:
        return una.richiesta.graduatoria
    try:
        return await bandi.regole(bando.graduatoria, bando.giorno)
    except NonTrovato:
        return None


def _modulo(
    request: Richiesta,
    template: str,
    titolo: str,
    lettura: Lettura,
    *,
    briciole: list[tuple[str, str]],
    stato: int = 200,
    **contesto: Any,
) -> Template:
    """A page with a form: what was written, and what is wrong with it."""
    pagina = costruisci_pagina(
        request, titolo, briciole=briciole, con_errori=bool(lettura.errori)
    )  # fmt: skip
    return rispondi(
        request, f"graduatorie/{template}.html", pagina, stato=stato, testi=lettura.scritto,
        errori=list(lettura.errori.items()), sbagli=lettura.errori, base=_base(), **contesto,
    )  # fmt: skip


# --- bandi --------------------------------------------------------------------------------------


@get("/{ambito:str}/graduatorie", opt=_VEDI)
async def elenco(request: Richiesta) -> Template:
    """The bandi, the latest first."""
    pagina = costruisci_pagina(
        request, "Graduatorie", sommario="Bandi, domande e liste d’attesa dei servizi."
    )
    nomi = {una.codice: una for una in await bandi.dichiarate(oggi())}
    return rispondi(
        request, "graduatorie/elenco.html", pagina, bandi=await bandi.elenco(), nomi=nomi,
        colonne=(
            Colonna("Bando"), Colonna("Anno"), Colonna("Regole al"), Colonna("Posti o risorse"),
            Colonna("Domande", tipo="numero"), Colonna("Stato"),
        ),
        base=_base(), governa=visita_corrente().puo("graduatorie.governa"),
    )  # fmt: skip


@get("/{ambito:str}/graduatorie/nuovo", opt=_GOVERNA)
async def nuovo(request: Richiesta) -> Template:
    """The form of a bando."""
    adesso = oggi()
    scritti = {"giorno": f"{adesso:%d/%m/%Y}", "anno_bando": str(adesso.year)}
    return await _nuovo(request, Lettura(scritti))


async def _nuovo(request: Richiesta, lettura: Lettura, stato: int = 200) -> Template:
    letto = leggi_data(lettura.scritto.get("giorno", ""))
    giorno = date.fromisoformat(letto) if isinstance(letto, str) else oggi()
    dichiarate = await bandi.dichiarate(giorno)
    if len(dichiarate) == 1:
        lettura.scritto.setdefault("graduatoria", dichiarate[0].codice)
    return _modulo(
        request, "nuovo", "Apri un bando", lettura, briciole=_briciole(), stato=stato,
        dichiarate=[(una.codice, una.denominazione) for una in dichiarate], giorno=giorno,
    )  # fmt: skip


@post("/{ambito:str}/graduatorie/nuovo", opt=_GOVERNA, status_code=200)
async def apri(request: Richiesta, data: Modulo) -> Template | Redirect:
    """Open a bando, or say why not."""
    lettura = Lettura(data)
    titolo = lettura.testo("titolo", 160, "Scrivi il titolo del bando.")
    if titolo and len(titolo) < 3:
        lettura.errori["titolo"] = "Il titolo è troppo corto: almeno tre caratteri."
    graduatoria = lettura.testo("graduatoria", 60, "Scegli le regole.")
    giorno = lettura.giorno("giorno", "Scrivi il giorno delle regole, come 31/01/2025.")
    anno = lettura.intero("anno_bando", 2100)
    if anno is None or anno < 1990:
        lettura.errori.setdefault("anno_bando", "Scrivi l’anno, con quattro cifre.")
    disponibili = lettura.intero("disponibili", _POSTI_MASSIMI)
    budget = lettura.importo("budget")
    atto = lettura.testo("atto", 300) or None
    if atto is not None and len(atto) < 3:
        lettura.errori["atto"] = "Scrivi l’atto per intero."
    if lettura.errori or giorno is None or anno is None:
        return await _nuovo(request, lettura, 422)
    try:
        id_ = await bandi.apri(
            BandoNuovo(
                graduatoria=graduatoria, titolo=titolo, anno=anno, giorno=giorno,
                disponibili=disponibili, budget=budget, atto=atto,
            )
        )  # fmt: skip
    except ErroreCapofila as rifiuto:
        campo = "graduatoria" if isinstance(rifiuto, NonTrovato) else "budget"
        lettura.errori[campo] = rifiuto.messaggio
        return await _nuovo(request, lettura, 422)
    await aggiungi_messaggio("riuscito", "Il bando è aperto: ora si iscrivono le domande.")
    return Redirect(f"{_base()}/{id_}", status_code=303)


@get("/{ambito:str}/graduatorie/{id_:int}", opt=_VEDI)
async def uno(request: Richiesta, id_: FromPath[int]) -> Template:
    """A bando with its list: approved, or as it would be now; of one comune, its domande."""
    return await _uno(request, await bandi.leggi(id_), Lettura({}))


async def _uno(request: Richiesta, bando: Bando, lettura: Lettura, stato: int = 200) -> Template:
    una = await bandi.approvata(bando.id)
    graduatoria = await _regole(bando, una)
    domande = {d.protocollo: d for d in await bandi.domande_di(bando.id)}
    await registra_lettura("graduatorie.elenca", "bando", str(bando.id), righe=len(domande))
    intero = visita_corrente().nell_ambito.comune is None
    esito, riprova = calcolo.Esito(posti=()), None
    if una is not None:
        esito = await bandi.adesso(una)
        riprova = await bandi.rifai(una) if intero else None
    elif graduatoria is not None and intero:
        esito = (await bandi.provvisoria(bando)).esito
    testo = request.query_params.get("pagina", "1")
    numero = int(testo) if testo.isascii() and testo.isdigit() and 0 < len(testo) < 5 else 1
    da = (max(numero, 1) - 1) * _PER_PAGINA
    pagina = costruisci_pagina(
        request, bando.titolo, briciole=_briciole(), con_errori=bool(lettura.errori),
        sommario="Graduatoria approvata" if una else "Graduatoria provvisoria, non approvata",
    )  # fmt: skip
    return rispondi(
        request, "graduatorie/bando.html", pagina, stato=stato, bando=bando, approvata=una,
        graduatoria=graduatoria, esito=esito, riprova=riprova, domande=domande, intero=intero,
        posti=esito.posti[da : da + _PER_PAGINA], numero_pagina=max(numero, 1),
        perche_escluse={} if riprova is None else {
            posto.protocollo: posto.perche for posto in riprova.cosa.esito.posti if posto.motivi
        },
        pagine=-(-len(esito.posti) // _PER_PAGINA), per_pagina=_PER_PAGINA,
        eventi=[] if una is None else await bandi.eventi(una.id),
        comuni=await _comuni(bando.giorno), stati=STATI, colonne=_COLONNE, base=_base(),
        qui=_di(bando), in_punti=calcolo.in_punti, massimo=_massimo(graduatoria, bando.giorno),
        testi=lettura.scritto, errori=list(lettura.errori.items()), sbagli=lettura.errori,
        scrivi=visita_corrente().puo("graduatorie.scrivi"),
        governa=visita_corrente().puo("graduatorie.governa"),
    )  # fmt: skip


def _massimo(graduatoria: Graduatoria | None, giorno: date) -> Decimal:
    if graduatoria is None:
        return Decimal(0)
    return sum((uno.massimo for uno in graduatoria.criteri if uno.vale(giorno)), Decimal(0))


@post("/{ambito:str}/graduatorie/{id_:int}/sorteggio", opt=_GOVERNA, status_code=200)
async def sorteggio(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Write down what was drawn."""
    bando = await bandi.leggi(id_)
    lettura = Lettura(data)
    seme = lettura.testo("seme", 60, "Scrivi ciò che è stato estratto.")
    if lettura.errori:
        return await _uno(request, bando, lettura, 422)
    await bandi.sorteggia(id_, seme)
    await aggiungi_messaggio("riuscito", "Il sorteggio è fatto: l’ordine è definito.")
    return Redirect(_di(bando), status_code=303)


# --- domande ------------------------------------------------------------------------------------


def _valore_scritto(dato: DatoDomanda, testo: str | None) -> str:
    """A value as the form shows it."""
    if testo is None:
        return ""
    if dato.tipo is TipoDato.DATA:
        return f"{date.fromisoformat(testo):%d/%m/%Y}"
    return testo.replace(".", ",") if dato.tipo in (TipoDato.IMPORTO, TipoDato.NUMERO) else testo


def _dati_scritti(graduatoria: Graduatoria, lettura: Lettura) -> dict[str, str]:
    """What the fields ``dato-CODE`` say, in the form that is kept."""
    dati: dict[str, str] = {}
    for dato in graduatoria.dati:
        campo = f"dato-{dato.codice}"
        testo = lettura.scritto.get(campo, "").strip()
        if not testo:
            continue
        letto: str | Rifiuto | None = testo
        if dato.tipo is TipoDato.DATA:
            letto = leggi_data(testo)
        elif dato.tipo in (TipoDato.IMPORTO, TipoDato.NUMERO):
            letto = leggi_importo(testo)
        if isinstance(letto, Rifiuto):
            lettura.errori[campo] = letto.messaggio[:1].upper() + letto.messaggio[1:]
        elif letto is not None:
            motivo = calcolo.difetto_dato(dato, letto)
            if motivo is not None:
                lettura.errori[campo] = motivo
            dati[dato.codice] = letto
    return dati


@get("/{ambito:str}/graduatorie/{id_:int}/domande/nuova", opt=_SCRIVI)
async def nuova_domanda(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of a domanda; filled in from one of the prestazioni where its number is given."""
    bando = await bandi.leggi(id_)
    lettura = Lettura({})
    numero = request.query_params.get("domanda", "")
    if numero:
        presa = None
        if numero.isascii() and numero.isdigit() and len(numero) < 19:
            try:
                presa = await prestazioni.domanda(int(numero))
            except NonTrovato:
                presa = None
        if presa is None:
            lettura.errori["domanda"] = "Nessuna domanda ha questo numero: cercala in Domande."
        else:
            await registra_lettura("graduatorie.prendi", "domanda", numero)
            giorno = presa.presentata_il
            lettura = Lettura(
                {
                    "codice_fiscale": presa.codice_fiscale, "cognome": presa.cognome,
                    "nome": presa.nome, "protocollo": presa.protocollo,
                    "comune": presa.comune_titolare, "domanda_id": numero,
                    "presentata_il": f"{giorno:%d/%m/%Y}" if giorno else "",
                }
            )  # fmt: skip
        lettura.scritto["domanda"] = numero[:20]
    return await _domanda(request, bando, lettura, stato=422 if lettura.errori else 200)


async def _domanda(
    request: Richiesta,
    bando: Bando,
    lettura: Lettura,
    una: DomandaBando | None = None,
    *,
    stato: int = 200,
) -> Template:
    graduatoria = await _regole(bando, None)
    return _modulo(
        request, "domanda_modulo", "Nuova domanda" if una is None else "Correggi la domanda",
        lettura, briciole=_briciole(bando), stato=stato, bando=bando, una=una,
        graduatoria=graduatoria, comuni=sorted((await _comuni(bando.giorno)).items(),
                                              key=lambda coppia: coppia[1]),
        azione=f"{_di(bando)}/domande/nuova" if una is None
        else f"{_base()}/domande/{una.id}/correggi",
        torna=_di(bando) if una is None else f"{_base()}/domande/{una.id}", qui=_di(bando),
        TipoDato=TipoDato,
    )  # fmt: skip


def _persona(lettura: Lettura) -> tuple[str, str]:
    cognome = lettura.testo("cognome", 100, "Scrivi il cognome.")
    return cognome, lettura.testo("nome", 100, "Scrivi il nome.")


@post("/{ambito:str}/graduatorie/{id_:int}/domande/nuova", opt=_SCRIVI, status_code=200)
async def iscrivi(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Write a domanda down, or say why not."""
    bando = await bandi.leggi(id_)
    lettura = Lettura(data)
    graduatoria = await bandi.regole(bando.graduatoria, bando.giorno)
    codice = lettura.codice_fiscale()
    cognome, nome = _persona(lettura)
    protocollo = lettura.testo("protocollo", 32, "Scrivi il protocollo della domanda.")
    presentata = lettura.giorno("presentata_il", "Scrivi quando è stata presentata.")
    comune = lettura.scritto.get("comune", "")
    if comune not in await _comuni(bando.giorno):
        lettura.errori["comune"] = "Scegli il comune."
    numero = lettura.scritto.get("domanda_id", "")
    origine = int(numero) if numero.isascii() and numero.isdigit() and len(numero) < 19 else None
    dati = _dati_scritti(graduatoria, lettura)
    if lettura.errori or presentata is None:
        return await _domanda(request, bando, lettura, stato=422)
    try:
        if origine is not None:
            # One of another ambito or comune is not there, and cannot be pointed at.
            await prestazioni.domanda(origine)
        numero_nuovo = await bandi.iscrivi(
            id_,
            DomandaNuova(
                comune=comune, protocollo=protocollo, presentata_il=presentata,
                codice_fiscale=codice, cognome=cognome, nome=nome, dati=dati, domanda_id=origine,
            ),
        )  # fmt: skip
    except ErroreCapofila as rifiuto:
        lettura.errori["protocollo"] = rifiuto.messaggio
        return await _domanda(request, bando, lettura, stato=rifiuto.stato)
    await aggiungi_messaggio("riuscito", "La domanda è iscritta.")
    return Redirect(f"{_base()}/domande/{numero_nuovo}", status_code=303)


@get("/{ambito:str}/graduatorie/domande/{id_:int}", opt=_VEDI)
async def una_domanda(request: Richiesta, id_: FromPath[int]) -> Template:
    """A domanda: who, what it says, its points and why."""
    una = await bandi.domanda(id_)
    bando = await bandi.leggi(una.bando_id)
    await registra_lettura("graduatorie.consulta", "domanda_bando", str(id_))
    approvata = await bandi.approvata(bando.id)
    graduatoria = await _regole(bando, approvata)
    posto: Posto | None = None
    dettaglio: Posto | None = None
    if graduatoria is not None and una.ritirata_il is None:
        posto, dettaglio = await _posto(bando, approvata, graduatoria, una)
    pagina = costruisci_pagina(
        request, f"Domanda {una.protocollo}", briciole=_briciole(bando),
        sommario=f"{una.cognome} {una.nome}",
    )  # fmt: skip
    return rispondi(
        request, "graduatorie/domanda.html", pagina, una=una, bando=bando, approvata=approvata,
        graduatoria=graduatoria, posto=posto, dettaglio=dettaglio, stati=STATI, detto=calcolo.detto,
        in_punti=calcolo.in_punti, massimo=_massimo(graduatoria, bando.giorno),
        comune=(await _comuni(bando.giorno)).get(una.comune, una.comune), base=_base(),
        domande=f"/{visita_corrente().nell_ambito.slug}/domande",
        prestazioni=visita_corrente().puo("prestazioni.vedi"),
        scrivi=visita_corrente().puo("graduatorie.scrivi") and approvata is None
        and una.ritirata_il is None,
    )  # fmt: skip


async def _posto(
    bando: Bando, approvata: Approvata | None, graduatoria: Graduatoria, una: DomandaBando
) -> tuple[Posto | None, Posto]:
    """The place of a domanda now (None where the list is not known), and its points with the reasons."""
    da_sola = calcolo.calcola(
        calcolo.Richiesta(
            graduatoria=graduatoria, giorno=bando.giorno, budget=bando.budget,
            domande=(una.iscritta,),
        )
    ).posti[0]  # fmt: skip
    intero = visita_corrente().nell_ambito.comune is None
    if approvata is not None:
        posto = bandi.posto_di(await bandi.adesso(approvata), una.protocollo)
        if intero:
            cosa = (await bandi.rifai(approvata)).cosa
            da_sola = bandi.posto_di(cosa.esito, una.protocollo) or da_sola
        return posto, da_sola
    if not intero:
        return None, da_sola
    posto = bandi.posto_di((await bandi.provvisoria(bando)).esito, una.protocollo)
    return posto, posto or da_sola


@get("/{ambito:str}/graduatorie/domande/{id_:int}/correggi", opt=_SCRIVI)
async def correggi_modulo(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of a correction."""
    una = await bandi.domanda(id_)
    bando = await bandi.leggi(una.bando_id)
    await registra_lettura("graduatorie.consulta", "domanda_bando", str(id_))
    graduatoria = await _regole(bando, None)
    scritti = {
        "presentata_il": f"{una.presentata_il:%d/%m/%Y}", "cognome": una.cognome, "nome": una.nome,
        **{
            f"dato-{dato.codice}": _valore_scritto(dato, una.dati.get(dato.codice))
            for dato in (graduatoria.dati if graduatoria else ())
        },
    }  # fmt: skip
    return await _domanda(request, bando, Lettura(scritti), una)


@post("/{ambito:str}/graduatorie/domande/{id_:int}/correggi", opt=_SCRIVI, status_code=200)
async def correggi(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Correct a domanda, or say why not."""
    una = await bandi.domanda(id_)
    bando = await bandi.leggi(una.bando_id)
    lettura = Lettura(data)
    graduatoria = await bandi.regole(bando.graduatoria, bando.giorno)
    cognome, nome = _persona(lettura)
    presentata = lettura.giorno("presentata_il", "Scrivi quando è stata presentata.")
    dati = _dati_scritti(graduatoria, lettura)
    if lettura.errori or presentata is None:
        return await _domanda(request, bando, lettura, una, stato=422)
    try:
        await bandi.correggi(id_, presentata, cognome, nome, dati)
    except ErroreCapofila as rifiuto:
        lettura.errori["presentata_il"] = rifiuto.messaggio
        return await _domanda(request, bando, lettura, una, stato=rifiuto.stato)
    await aggiungi_messaggio("riuscito", "La domanda è corretta.")
    return Redirect(f"{_base()}/domande/{id_}", status_code=303)


def _conferma(
    request: Richiesta,
    titolo: str,
    domanda: str,
    bando: Bando,
    *,
    conseguenze: list[str],
    azione: str,
    torna: str,
    bottone: str,
) -> Template:
    pagina = costruisci_pagina(request, titolo, briciole=_briciole(bando))
    return rispondi(
        request, "graduatorie/conferma.html", pagina, domanda=domanda, conseguenze=conseguenze,
        azione=azione, torna=torna, conferma_con=bottone,
    )  # fmt: skip


@get("/{ambito:str}/graduatorie/domande/{id_:int}/ritira", opt=_SCRIVI)
async def ritira_modulo(request: Richiesta, id_: FromPath[int]) -> Template:
    """Ask before a domanda is withdrawn."""
    una = await bandi.domanda(id_)
    qui = f"{_base()}/domande/{id_}"
    return _conferma(
        request, "Ritira la domanda", f"Ritirare la domanda {una.protocollo}?",
        await bandi.leggi(una.bando_id),
        conseguenze=["Esce dalla graduatoria; resta scritta, con il giorno in cui è stata ritirata."],
        azione=f"{qui}/ritira", torna=qui, bottone="Ritira",
    )  # fmt: skip


@post("/{ambito:str}/graduatorie/domande/{id_:int}/ritira", opt=_SCRIVI, status_code=200)
async def ritira(id_: FromPath[int]) -> Redirect:
    """Withdraw a domanda."""
    una = await bandi.ritira(id_)
    await aggiungi_messaggio("riuscito", "La domanda è ritirata.")
    return Redirect(f"{_base()}/{una.bando_id}", status_code=303)


# --- approval and what follows ------------------------------------------------------------------


@get("/{ambito:str}/graduatorie/{id_:int}/approva", opt=_GOVERNA)
async def approva_modulo(request: Richiesta, id_: FromPath[int]) -> Template:
    """What would be approved, and the form of the act."""
    return await _approva(request, await bandi.leggi(id_), Lettura({}))


async def _approva(
    request: Richiesta, bando: Bando, lettura: Lettura, stato: int = 200
) -> Template:
    congelata = None if bando.approvata else await bandi.provvisoria(bando)
    return _modulo(
        request, "approva", "Approva la graduatoria", lettura, briciole=_briciole(bando),
        stato=stato, bando=bando, congelata=congelata, qui=_di(bando), stati=STATI,
    )  # fmt: skip


def _atto(lettura: Lettura) -> tuple[str, str, date | None]:
    return (
        lettura.testo("organo", 120, "Scrivi chi ha deciso."),
        lettura.testo("numero", 40, "Scrivi il numero dell’atto."),
        lettura.giorno("data", "Scrivi la data dell’atto."),
    )


@post("/{ambito:str}/graduatorie/{id_:int}/approva", opt=_GOVERNA, status_code=200)
async def approva(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Approve, if what whoever approves has seen is what it is."""
    bando = await bandi.leggi(id_)
    lettura = Lettura(data)
    organo, numero, giorno = _atto(lettura)
    if lettura.errori or giorno is None:
        return await _approva(request, bando, lettura, 422)
    try:
        await bandi.approva(id_, organo, numero, giorno, lettura.scritto.get("vista", ""))
    except ErroreCapofila as rifiuto:
        lettura.errori["organo"] = rifiuto.messaggio
        return await _approva(request, bando, lettura, rifiuto.stato)
    await aggiungi_messaggio("riuscito", "La graduatoria è approvata: si può pubblicare.")
    return Redirect(_di(bando), status_code=303)


@get("/{ambito:str}/graduatorie/{id_:int}/annulla", opt=_GOVERNA)
async def annulla_modulo(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of the act that takes an approval back."""
    bando = await bandi.leggi(id_)
    return _modulo(
        request, "annulla", "Annulla l’approvazione", Lettura({}), briciole=_briciole(bando),
        bando=bando, qui=_di(bando),
    )  # fmt: skip


@post("/{ambito:str}/graduatorie/{id_:int}/annulla", opt=_GOVERNA, status_code=200)
async def annulla(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Take an approval back."""
    bando = await bandi.leggi(id_)
    lettura = Lettura(data)
    atto = lettura.testo("atto", 300, "Scrivi l’atto che annulla l’approvazione.")
    if atto and len(atto) < 3:
        lettura.errori["atto"] = "Scrivi l’atto per intero."
    if not lettura.errori:
        try:
            await bandi.annulla(id_, atto)
        except ErroreCapofila as rifiuto:
            lettura.errori["atto"] = rifiuto.messaggio
    if lettura.errori:
        return _modulo(
            request, "annulla", "Annulla l’approvazione", lettura, briciole=_briciole(bando),
            stato=422, bando=bando, qui=_di(bando),
        )  # fmt: skip
    await aggiungi_messaggio("riuscito", "L’approvazione è annullata: ciò che era approvato resta.")
    return Redirect(_di(bando), status_code=303)


@get("/{ambito:str}/graduatorie/{id_:int}/scorrimento", opt=_GOVERNA)
async def scorrimento_modulo(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of what frees or adds places."""
    scritti = {"giorno": f"{oggi():%d/%m/%Y}"}
    return await _scorrimento(request, await bandi.leggi(id_), Lettura(scritti))


async def _scorrimento(
    request: Richiesta, bando: Bando, lettura: Lettura, stato: int = 200
) -> Template:
    una = await bandi.approvata(bando.id)
    dentro = [] if una is None else [
        (posto.protocollo, f"{posto.protocollo}, posizione {posto.posizione}, "
                           f"{STATI[posto.stato][0].lower()}")
        for posto in (await bandi.adesso(una)).posti
        if posto.stato in ("ammessa", "in_attesa")
    ]  # fmt: skip
    return _modulo(
        request, "scorrimento", "Scorrimento", lettura, briciole=_briciole(bando), stato=stato,
        bando=bando, approvata=una, dentro=dentro, specie=_SPECIE, qui=_di(bando),
    )  # fmt: skip


@post("/{ambito:str}/graduatorie/{id_:int}/scorrimento", opt=_GOVERNA, status_code=200)
async def scorri(request: Richiesta, id_: FromPath[int], data: Modulo) -> Template | Redirect:
    """Register it, or say why not."""
    bando = await bandi.leggi(id_)
    lettura = Lettura(data)
    specie = lettura.scritto.get("specie", "")
    giorno = lettura.giorno("giorno", "Scrivi da quando.")
    atto = lettura.testo("atto", 300, "Scrivi l’atto, o la comunicazione.")
    if atto and len(atto) < 3:
        lettura.errori["atto"] = "Scrivi l’atto per intero."
    disponibili, budget, protocollo = 0, Decimal(0), None
    if specie not in {codice for codice, _, _ in _SPECIE}:
        lettura.errori["specie"] = "Scegli che cosa è successo."
    elif specie == "aumento":
        disponibili = lettura.intero("disponibili", _POSTI_MASSIMI) or 0
        budget = lettura.importo("budget") or budget
        if not disponibili and budget <= 0:
            lettura.errori.setdefault(
                "disponibili", "Scrivi quanti posti, o quante risorse, in più."
            )
    else:
        protocollo = lettura.testo("protocollo", 32, "Scegli la domanda.")
    if lettura.errori or giorno is None:
        return await _scorrimento(request, bando, lettura, 422)
    try:
        await bandi.scorri(
            id_,
            Evento(
                specie=specie,  # type: ignore[arg-type]  # one of those of _SPECIE
                giorno=giorno, atto=atto, protocollo=protocollo, disponibili=disponibili,
                budget=budget,
            ),
        )  # fmt: skip
    except ErroreCapofila as rifiuto:
        lettura.errori["giorno"] = rifiuto.messaggio
        return await _scorrimento(request, bando, lettura, rifiuto.stato)
    await aggiungi_messaggio("riuscito", "È registrato: chi era in attesa è salito.")
    return Redirect(_di(bando), status_code=303)


# --- the public list ----------------------------------------------------------------------------


async def _pubblica(id_: int, come: str) -> tuple[Bando, scarichi.Pubblica]:
    bando = await bandi.leggi(id_)
    una = await bandi.approvata(id_)
    if una is None:
        raise NonTrovato("La graduatoria non è approvata: non c’è ancora niente da pubblicare.")
    await registra_lettura("graduatorie.scarica", "bando", str(id_), forma=come)
    graduatoria = una.richiesta.graduatoria
    note = [f"{graduatoria.servizio}. Regole al {formati.data(una.richiesta.giorno)}."]
    if graduatoria.dimostrativa:
        note.append("Graduatoria dimostrativa: i punteggi sono inventati.")
    eventi = await bandi.eventi(una.id)
    if eventi:
        note.append(f"Aggiornata agli scorrimenti fino al {formati.data(eventi[-1].giorno)}.")
    esito = await bandi.adesso(una)
    return bando, scarichi.Pubblica(
        titolo=bando.titolo, ambito=visita_corrente().nell_ambito.nome,
        atto=f"Approvata: {una.atto}", note=note, posti=esito.posti,
    )  # fmt: skip


def _file(bando: Bando, contenuto: bytes, tipo: str, estensione: str) -> Response[bytes]:
    nome = f"graduatoria-{bando.id}.{estensione}"
    return Response(
        contenuto, media_type=tipo,
        headers={"Content-Disposition": f'attachment; filename="{nome}"'},
    )  # fmt: skip


@get("/{ambito:str}/graduatorie/{id_:int}/pubblica.csv", opt=_VEDI, include_in_schema=False)
async def pubblica_csv(id_: FromPath[int]) -> Response[bytes]:
    """The public list, one domanda a line."""
    bando, che_cosa = await _pubblica(id_, "csv")
    return _file(bando, scarichi.csv_di(che_cosa), "text/csv", "csv")


@get("/{ambito:str}/graduatorie/{id_:int}/pubblica.xlsx", opt=_VEDI, include_in_schema=False)
async def pubblica_xlsx(id_: FromPath[int]) -> Response[bytes]:
    """The public list as a workbook."""
    bando, che_cosa = await _pubblica(id_, "xlsx")
    return _file(bando, scarichi.xlsx_di(che_cosa), scarichi.XLSX, "xlsx")


@get("/{ambito:str}/graduatorie/{id_:int}/pubblica.pdf", opt=_VEDI, include_in_schema=False)
async def pubblica_pdf(id_: FromPath[int]) -> Response[bytes]:
    """The public list on paper."""
    bando, che_cosa = await _pubblica(id_, "pdf")
    contenuto = await asyncio.to_thread(scarichi.pdf_di, che_cosa)
    return _file(bando, contenuto, "application/pdf", "pdf")


router = Router(
    path="/",
    route_handlers=[
        elenco, nuovo, apri, uno, sorteggio, nuova_domanda, iscrivi, una_domanda, correggi_modulo,
        correggi, ritira_modulo, ritira, approva_modulo, approva, annulla_modulo, annulla,
        scorrimento_modulo, scorri, pubblica_csv, pubblica_xlsx, pubblica_pdf,
    ],
)  # fmt: skip
