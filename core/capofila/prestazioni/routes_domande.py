"""Pages of the domande: the list, one of them with its periods and payments, what is added to it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Request, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio, registra_lettura
from capofila.base.errori import DatiNonValidi, NonTrovato
from capofila.base.visita import visita_corrente
from capofila.hooks import Rifiuto
from capofila.hooks.campi import (
    importo_leggibile,
    leggi_codice_fiscale,
)
from capofila.prestazioni import domande, stati, versioni
from capofila.prestazioni.contabilita import Somme, prossimo_da_pagare
from capofila.prestazioni.pagine import comuni_titolari
from capofila.prestazioni.routes_modulo import flusso_attivo
from capofila.territorio import service as territorio
from capofila.web.contesto import costruisci_pagina, rispondi, una_pagina
from capofila.web.formati import ROMA
from capofila.web.lettura import Lettura, persona_cercata
from capofila.web.pagina import Colonna

Modulo = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]

COLONNE: Final = (
    Colonna("Persona"),
    Colonna("Domanda"),
    Colonna("Prestazione"),
    Colonna("Comune"),
    Colonna("Decisione"),
    Colonna("Maturato", tipo="numero"),
    Colonna("Pagato", tipo="numero"),
)
COLONNE_PERIODI: Final = (
    Colonna("Periodo"),
    Colonna("Stato"),
    Colonna("Importo", tipo="numero"),
    Colonna("Concesso", tipo="numero"),
    Colonna("Pagato", tipo="numero"),
    Colonna("Resta", tipo="numero"),
)
COLONNE_PAGAMENTI: Final = (
    Colonna("Competenza"),
    Colonna("Pagato il"),
    Colonna("Da chi"),
    Colonna("Mandato"),
    Colonna("Importo", tipo="numero"),
    Colonna("Ente", tipo="numero"),
    Colonna("Utente", tipo="numero"),
    Colonna("SSN", tipo="numero"),
    Colonna("Che cosa fare"),
)


def _oggi() -> date:
    return datetime.now(ROMA).date()


def _base() -> str:
    return f"/{visita_corrente().nell_ambito.slug}/domande"


async def _comuni() -> list[tuple[str, str]]:
    return comuni_titolari(
        await territorio.enti(),
        (await territorio.mappa_comuni()).per_belfiore,
        visita_corrente().nell_ambito.comune,
    )


@get("/{ambito:str}/domande", opt={"permesso": "prestazioni.vedi"})
async def elenco(request: Request[Any, Any, Any]) -> Template:
    """The domande, the latest first."""
    return await _elenco(request)


@get("/{ambito:str}/domande/cerca", opt={"permesso": "prestazioni.vedi", "unita": "nessuna"})
async def torna_all_elenco(request: Request[Any, Any, Any]) -> Redirect:
    """The address of a search, opened by itself: the search is not in it, the list is."""
    return Redirect(_base(), status_code=303)


@post("/{ambito:str}/domande/cerca", opt={"permesso": "prestazioni.vedi"}, status_code=200)
async def cerca(request: Request[Any, Any, Any], data: Modulo) -> Template:
    """The domande of a person: asked by POST, so that no name stands in an address."""
    persona, errore = persona_cercata(data)
    return await _elenco(request, persona, errore=errore)


async def _elenco(
    request: Request[Any, Any, Any], persona: str = "", *, errore: str = ""
) -> Template:
    filtro = request.query_params.get("filtro", "")
    filtro = filtro if filtro in domande.FILTRI else ""
    comuni = await _comuni()
    comune = request.query_params.get("comune", "")
    comune = comune if comune in dict(comuni) else ""
    testo = request.query_params.get("pagina", "1")
    numero = min(int(testo), 10_000) if testo.isascii() and testo.isdigit() and testo != "0" else 1
    cercata = persona if persona and not errore else None
    righe = await domande.elenco(filtro, comune or None, _oggi(), numero, cercata)
    await registra_lettura("domande.elenca", "domanda", None, righe=len(righe))
    visita = visita_corrente()
    pagina = costruisci_pagina(
        request, "Domande",
        sommario="Che cosa è stato chiesto, che cosa è stato deciso, che cosa è stato pagato.",
        con_errori=bool(errore),
    )  # fmt: skip
    scelte = {nome: v for nome, v in (("filtro", filtro), ("comune", comune)) if v}
    return rispondi(
        request,
        "prestazioni/domande.html",
        pagina,
        stato=422 if errore else 200,
        **una_pagina(righe, domande.PER_PAGINA, numero),
        filtro=filtro,
        comune=comune,
        filtri=list(domande.FILTRI.items()),
        confrontate=domande.CONFRONTATE,
        opzioni_comune=comuni,
        comuni=dict(comuni),
        colonne=COLONNE,
        esiti=domande.ESITI,
        base=_base(),
        persona=persona,
        cercata=bool(cercata),
        errore_persona=errore,
        cerca=f"{_base()}/cerca" + (f"?{urlencode(scelte)}" if scelte else ""),
        scrivi=visita.puo("prestazioni.scrivi"),
    )


# --- a new one ----------------------------------------------------------------------------------


@get("/{ambito:str}/domande/nuova", opt={"permesso": "prestazioni.scrivi"})
async def nuova(request: Request[Any, Any, Any]) -> Template:
    """A form: empty, or after another domanda with what a series of them has in common."""
    scritto: dict[str, str] = {}
    dopo = request.query_params.get("dopo", "")
    if dopo.isascii() and dopo.isdigit():
        prima = await domande.leggi(int(dopo))
        scritto = {
            "comune_titolare": prima.comune_titolare,
            "codice_prestazione": prima.codice_prestazione,
            "presentata_il": f"{prima.presentata_il:%d/%m/%Y}" if prima.presentata_il else "",
        }
    return await _modulo_domanda(request, Lettura(scritto), serie=bool(scritto))


async def _modulo_domanda(
    request: Request[Any, Any, Any], lettura: Lettura, stato: int = 200, *, serie: bool = False
) -> Template:
    flusso = await flusso_attivo()
    codici = flusso.campi_per_nome["codice_prestazione"].codici or {}
    pagina = costruisci_pagina(
        request, "Nuova domanda", briciole=[("Domande", _base())], con_errori=bool(lettura.errori)
    )
    return rispondi(
        request, "prestazioni/domanda_nuova.html", pagina, stato=stato, scritto=lettura.scritto,
        errori=lettura.errori, opzioni_comune=await _comuni(),
        opzioni_codice=[(codice, f"{codice} {nome}") for codice, nome in codici.items()],
        base=_base(), serie=serie,
    )  # fmt: skip


@post("/{ambito:str}/domande/persona", opt={"permesso": "prestazioni.scrivi"}, status_code=200)
async def persona(data: Modulo) -> Template:
    """Who a codice fiscale is, while the form is filled in: the name, and the domande there are."""
    scritto = data.get("codice_fiscale", "")
    letto = leggi_codice_fiscale(scritto)
    errore = ""
    nota: versioni.PersonaNota | None = None
    righe: list[domande.RigaDomanda] = []
    if isinstance(letto, Rifiuto):
        errore = letto.messaggio[:1].upper() + letto.messaggio[1:]
    elif letto is not None:
        nota = await versioni.persona_nota(letto)
        righe = await domande.elenco("", None, _oggi(), persona=letto)
        if nota is not None:
            await registra_lettura("domande.ritrova", "prestazione", None, righe=len(righe))
    return Template(
        "prestazioni/_persona.html",
        context={
            "errore": errore, "persona": nota, "righe": righe[:10], "scritto": data,
            "base": _base(),
        },
    )  # fmt: skip


@post("/{ambito:str}/domande/nuova", opt={"permesso": "prestazioni.scrivi"}, status_code=200)
async def inserisci(request: Request[Any, Any, Any], data: Modulo) -> Template | Redirect:
    """Write a domanda down."""
    lettura = Lettura(data)
    codice = lettura.codice_fiscale()
    cognome = lettura.testo("cognome", 36, "Scrivi il cognome.")
    nome = lettura.testo("nome", 36, "Scrivi il nome.")
    protocollo = lettura.testo("protocollo", 32, "Scrivi il protocollo della domanda.")
    presentata = lettura.giorno("presentata_il", "Scrivi quando è stata presentata.")
    richiesta = lettura.testo("richiesta", 500)
    comune = lettura.scritto.get("comune_titolare", "")
    if comune not in dict(await _comuni()):
        lettura.errori["comune_titolare"] = "Scegli il comune titolare."
    prestazione = lettura.scritto.get("codice_prestazione", "")
    flusso = await flusso_attivo()
    if prestazione not in (flusso.campi_per_nome["codice_prestazione"].codici or {}):
        lettura.errori["codice_prestazione"] = "Scegli la prestazione richiesta."
    serie = data.get("azione") == "nuova"
    if lettura.errori:
        return await _modulo_domanda(request, lettura, 422, serie=serie)
    id_, fatta = await domande.apri(
        comune, codice, cognome, nome, protocollo, prestazione, presentata, richiesta
    )
    await aggiungi_messaggio(
        *(("riuscito", "La domanda è stata registrata.") if fatta
          else ("informazione", "Questa domanda c’era già: non è stata scritta due volte."))
    )  # fmt: skip
    dove = f"nuova?dopo={id_}" if serie else str(id_)
    return Redirect(f"{_base()}/{dove}", status_code=303)


@post(
    "/{ambito:str}/prestazioni/{id_:int}/domanda",
    opt={"permesso": "prestazioni.scrivi"},
    status_code=200,
)
async def apri_da_prestazione(id_: FromPath[int], data: Modulo) -> Redirect:
    """The domanda of a record, written down to add something to it."""
    riga = await versioni.leggi(id_)
    poi = {"decisione": "/decisione", "pagamento": "/pagamento"}.get(data.get("azione", ""), "")
    return Redirect(f"{_base()}/{await domande.apri_da(riga)}{poi}", status_code=303)


@get("/{ambito:str}/prestazioni/{id_:int}/domanda", opt={"permesso": "prestazioni.vedi"})
async def di_una_prestazione(
    request: Request[Any, Any, Any], id_: FromPath[int]
) -> Template | Redirect:
    """The domanda of a record as its records tell it; where it is written down, that page."""
    domanda = await domande.leggi_del_record(await versioni.leggi(id_))
    if domanda.id is not None:
        return Redirect(f"{_base()}/{domanda.id}", status_code=303)
    await registra_lettura("prestazioni.consulta", "prestazione", str(id_))
    slug = visita_corrente().nell_ambito.slug
    return await _una(
        request, await domande.fascicolo_di(domanda, _oggi()), f"/{slug}/prestazioni/{id_}/domanda"
    )


# --- one of them --------------------------------------------------------------------------------


@get("/{ambito:str}/domande/{id_:int}", opt={"permesso": "prestazioni.vedi"})
async def una(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """A domanda with its decisions, periods and payments."""
    fascicolo = await domande.fascicolo(id_, _oggi())
    await registra_lettura("domande.consulta", "domanda", str(id_))
    return await _una(request, fascicolo, f"{_base()}/{id_}")


async def _una(
    request: Request[Any, Any, Any], fascicolo: domande.Fascicolo, base: str
) -> Template:
    flusso = await flusso_attivo()
    dette = await stati.comunicate(flusso.id, list(fascicolo.record))
    domanda = fascicolo.domanda
    mappa = (await territorio.mappa_comuni()).per_belfiore
    slug = visita_corrente().nell_ambito.slug
    codici = flusso.campi_per_nome["codice_prestazione"].codici or {}
    pagina = costruisci_pagina(
        request, f"Domanda {domanda.protocollo}", briciole=[("Domande", _base())],
        sommario=f"{domanda.cognome} {domanda.nome} · {domanda.codice_prestazione} "
        f"{codici.get(domanda.codice_prestazione, '')}".strip(),
    )  # fmt: skip
    totale = sum((s.concesso for s in fascicolo.situazioni), Somme())
    pagato = sum((s.pagato for s in fascicolo.situazioni), fascicolo.fuori)
    return rispondi(
        request,
        "prestazioni/domanda.html",
        pagina,
        fascicolo=fascicolo,
        domanda=domanda,
        comune=mappa[domanda.comune_titolare].nome
        if domanda.comune_titolare in mappa
        else domanda.comune_titolare,
        esiti=domande.ESITI,
        stati={
            id_record: stati.STATI[stati.stato_di(True, dette.get(id_record))]
            for id_record in fascicolo.record
        },
        enti={ente.id: ente.denominazione for ente in await territorio.enti()},
        totale=totale,
        pagato=pagato,
        residuo=(fascicolo.deciso or totale).importo - pagato.importo,
        manca=sum((max(s.maturato.importo - s.pagato.importo, Decimal(0)) for s in
                   fascicolo.situazioni), Decimal("0.00")),
        colonne_periodi=COLONNE_PERIODI,
        colonne_pagamenti=COLONNE_PAGAMENTI,
        prestazioni=f"/{slug}/prestazioni",
        base=base,
        pagamenti=f"/{slug}/pagamenti",
        scrivi=visita_corrente().puo("prestazioni.scrivi"),
    )  # fmt: skip


# --- decisions ----------------------------------------------------------------------------------


@get("/{ambito:str}/domande/{id_:int}/decisione", opt={"permesso": "prestazioni.scrivi"})
async def decisione(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """The form of a decision; the act is the last one that the same person registered today."""
    scritto: dict[str, str] = {}
    if (ultimo := await domande.ultimo_atto()) is not None:
        scritto = {
            "esito": ultimo.esito, "atto_organo": ultimo.atto_organo,
            "atto_numero": ultimo.atto_numero, "atto_data": f"{ultimo.atto_data:%d/%m/%Y}",
        }  # fmt: skip
    return await _modulo_decisione(request, id_, Lettura(scritto))


async def _modulo_decisione(
    request: Request[Any, Any, Any], id_: int, lettura: Lettura, stato: int = 200
) -> Template:
    domanda = (await domande.fascicolo(id_, _oggi())).domanda
    pagina = costruisci_pagina(
        request, "Registra la decisione", con_errori=bool(lettura.errori),
        briciole=[("Domande", _base()), (f"Domanda {domanda.protocollo}", f"{_base()}/{id_}")],
    )  # fmt: skip
    return rispondi(
        request, "prestazioni/decisione.html", pagina, stato=stato, scritto=lettura.scritto,
        errori=lettura.errori, torna=f"{_base()}/{id_}",
        ripreso=stato == 200 and bool(lettura.scritto),
        esiti=[(e, testo, "") for e, (testo, _) in domande.ESITI.items() if e],
    )  # fmt: skip


@post(
    "/{ambito:str}/domande/{id_:int}/decisione",
    opt={"permesso": "prestazioni.scrivi"},
    status_code=200,
)
async def decidi(
    request: Request[Any, Any, Any], id_: FromPath[int], data: Modulo
) -> Template | Redirect:
    """Write a decision down."""
    lettura = Lettura(data)
    esito = lettura.scritto.get("esito", "")
    if not esito or esito not in domande.ESITI:
        lettura.errori["esito"] = "Scegli l’esito."
    organo = lettura.testo("atto_organo", 120, "Scrivi chi ha deciso.")
    numero = lettura.testo("atto_numero", 40, "Scrivi il numero dell’atto.")
    giorno = lettura.giorno("atto_data", "Scrivi la data dell’atto.")
    nuova_ = domande.Decisione(
        esito=esito, atto_organo=organo, atto_numero=numero, atto_data=giorno or _oggi(),
        dal=lettura.giorno("dal"), al=lettura.giorno("al"),
        importo_mensile=lettura.importo("importo_mensile"), importo=lettura.importo("importo"),
        quota_ente=lettura.importo("quota_ente"), quota_utente=lettura.importo("quota_utente"),
        quota_ssn=lettura.importo("quota_ssn"),
    )  # fmt: skip
    if not lettura.errori and (difetto := domande.difetto_decisione(nuova_)):
        lettura.errori[difetto[0]] = difetto[1]
    if lettura.errori:
        return await _modulo_decisione(request, id_, lettura, 422)
    await domande.decidi(id_, nuova_)
    await aggiungi_messaggio("riuscito", "La decisione è stata registrata.")
    return Redirect(f"{_base()}/{id_}", status_code=303)


# --- payments -----------------------------------------------------------------------------------


@get("/{ambito:str}/domande/{id_:int}/pagamento", opt={"permesso": "prestazioni.scrivi"})
async def pagamento(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """The form of a payment, with what the next one would be."""
    fascicolo = await domande.fascicolo(id_, _oggi())
    scritto: dict[str, str] = {}
    prossimo = prossimo_da_pagare(
        [s.periodo for s in fascicolo.situazioni], fascicolo.libro.pagamenti
    )
    if prossimo is not None:
        periodo, mese = prossimo
        scritto["ente"] = str(fascicolo.record[periodo.id]["ente_erogatore_id"])
        scritto["importo"] = importo_leggibile(f"{periodo.somme.importo:.2f}")
        scritto["competenza"] = f"{mese:%m/%Y}"
    return await _modulo_pagamento(request, fascicolo, Lettura(scritto))


async def _modulo_pagamento(
    request: Request[Any, Any, Any],
    fascicolo: domande.Fascicolo,
    lettura: Lettura,
    stato: int = 200,
    eccesso: str = "",
) -> Template:
    domanda = fascicolo.domanda
    pagina = costruisci_pagina(
        request, "Registra un pagamento", con_errori=bool(lettura.errori or eccesso),
        briciole=[("Domande", _base()),
                  (f"Domanda {domanda.protocollo}", f"{_base()}/{domanda.id}")],
    )  # fmt: skip
    return rispondi(
        request, "prestazioni/pagamento.html", pagina, stato=stato, scritto=lettura.scritto,
        errori=lettura.errori, eccesso=eccesso, torna=f"{_base()}/{domanda.id}",
        opzioni_ente=[(ente.id, ente.denominazione) for ente in await territorio.enti()],
        periodi=fascicolo.situazioni,
    )  # fmt: skip


@post(
    "/{ambito:str}/domande/{id_:int}/pagamento",
    opt={"permesso": "prestazioni.scrivi"},
    status_code=200,
)
async def paga(
    request: Request[Any, Any, Any], id_: FromPath[int], data: Modulo
) -> Template | Redirect:
    """Register a payment; one beyond what was granted only when somebody says that it is right."""
    lettura = Lettura(data)
    fascicolo = await domande.fascicolo(id_, _oggi())
    enti = {str(ente.id): ente.id for ente in await territorio.enti()}
    ente = enti.get(lettura.scritto.get("ente", ""))
    if ente is None:
        lettura.errori["ente"] = "Scegli l’ente che ha pagato."
    competenza = lettura.mese("competenza", "Scrivi il mese a cui si riferisce.")
    pagato_il = lettura.giorno("pagato_il", "Scrivi quando è stato pagato.")
    importo = lettura.importo("importo", "Scrivi l’importo pagato.")
    mandato = lettura.testo("mandato", 40, "Scrivi il numero del mandato.")
    quote = {nome: lettura.importo(nome) for nome in ("quota_ente", "quota_utente", "quota_ssn")}
    if importo is not None and importo <= 0:
        lettura.errori["importo"] = "L’importo deve essere maggiore di zero."
    if lettura.errori or ente is None or competenza is None or pagato_il is None or importo is None:
        return await _modulo_pagamento(request, fascicolo, lettura, 422)
    nuovo = domande.PagamentoNuovo(
        ente_erogatore_id=ente, competenza=competenza, pagato_il=pagato_il, importo=importo,
        mandato=mandato, **quote,
    )  # fmt: skip
    try:
        await domande.paga(id_, nuovo, _oggi(), oltre=lettura.scritto.get("oltre") == "si")
    except domande.Eccesso as errore:
        return await _modulo_pagamento(request, fascicolo, lettura, 422, errore.messaggio)
    except DatiNonValidi as errore:
        lettura.errori["competenza" if "periodo della" in errore.messaggio else "importo"] = (
            errore.messaggio
        )
        return await _modulo_pagamento(request, fascicolo, lettura, 422)
    await aggiungi_messaggio("riuscito", "Il pagamento è stato registrato.")
    poi = "/pagamento" if data.get("azione") == "altro" else ""
    return Redirect(f"{_base()}/{id_}{poi}", status_code=303)


@get("/{ambito:str}/pagamenti/{id_:int}/storna", opt={"permesso": "prestazioni.scrivi"})
async def chiedi_storno(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """Ask before a payment is taken back."""
    numero, versato = await domande.un_pagamento(id_)
    if versato.storna is not None:
        raise NonTrovato("Questo è già uno storno: torna alla domanda.")
    torna = f"{_base()}/{numero}"
    pagina = costruisci_pagina(
        request, "Storna il pagamento", briciole=[("Domande", _base()), ("La domanda", torna)]
    )
    slug = visita_corrente().nell_ambito.slug
    return rispondi(
        request, "prestazioni/storna.html", pagina, versato=versato, torna=torna,
        azione=f"/{slug}/pagamenti/{id_}/storna",
    )  # fmt: skip


@post(
    "/{ambito:str}/pagamenti/{id_:int}/storna",
    opt={"permesso": "prestazioni.scrivi"},
    status_code=200,
)
async def storna(id_: FromPath[int], data: Modulo) -> Redirect:
    """Take a payment back by another row."""
    mandato = Lettura(data).testo("mandato", 40)[:40]
    numero = await domande.storna(id_, mandato, _oggi())
    await aggiungi_messaggio("riuscito", "Il pagamento è stato stornato con una riga contraria.")
    return Redirect(f"{_base()}/{numero}", status_code=303)


GESTORI: Final = [
    elenco, torna_all_elenco, cerca, nuova, persona, inserisci, apri_da_prestazione,
    di_una_prestazione, una, decisione, decidi, pagamento, paga,
    chiedi_storno, storna,
]  # fmt: skip
