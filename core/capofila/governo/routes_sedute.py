"""Pages of the meetings: the list, the page of one for who is called to it, its preparation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from fractions import Fraction
from typing import Any, Final

import msgspec
from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Response, Template

from capofila.accessi.service import aggiungi_messaggio, ambiti_e_ats
from capofila.base import posta
from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.errori import ErroreCapofila, NonTrovato
from capofila.base.visita import visita_corrente
from capofila.governo import (
    chiamate,
    condivise,
    convocazioni,
    deliberazioni,
    pubblicazioni,
    regole_scritte,
    sala,
    sedute,
    verbali,
)
from capofila.governo.attese import prossime_sedute
from capofila.governo.competenze import materie_note
from capofila.governo.conteggio import QuorumContato, cifra
from capofila.governo.incarichi import titolari
from capofila.governo.regole_seduta import come_votare
from capofila.governo.seduta import AventeDiritto
from capofila.governo.sedute import Adunanza, Proposta
from capofila.governo.termini import Preavviso
from capofila.hooks import Organo
from capofila.territorio import service as territorio
from capofila.web.contesto import VoceMenu, come_file, costruisci_pagina, rispondi
from capofila.web.formati import data, numero
from capofila.web.lettura import Lettura
from capofila.web.pagina import Colonna

Richiesta = Request[Any, Any, Any]
Errori = list[tuple[str, str]]

VEDI: Final = {"permesso": "sedute.vedi", "unita": "lettura"}
TIENI: Final = {"permesso": "sedute.tieni"}
TIENI_LETTURA: Final = {"permesso": "sedute.tieni", "unita": "lettura"}

MENU: Final = VoceMenu(
    titolo="Sedute", percorso="sedute", permesso="sedute.vedi",
    gruppo="Governo", icona="comment", ordine=43,
)  # fmt: skip
STATI: Final[Mapping[str, tuple[str, str]]] = {
    "bozza": ("Bozza", "neutro"),
    "convocata": ("Convocata", "attesa"),
    "aperta": ("In corso", "corso"),
    "deserta": ("Deserta", "attenzione"),
    "chiusa": ("Chiusa", "chiuso"),
    "verbalizzata": ("Verbale pronto", "chiuso"),
    "pubblicata": ("Pubblicata", "buono"),
    "revocata": ("Revocata", "errore"),
}
ESITI: Final[Mapping[str, tuple[str, str]]] = {
    "approvata": ("Approvata", "buono"),
    "respinta": ("Respinta", "errore"),
    "non_determinabile": ("Esito non determinabile", "attenzione"),
    "eletti": ("Eletti", "buono"),
    "da_completare": ("Da completare", "attenzione"),
}
COLONNE: Final = (Colonna("Quando"), Colonna("Organo"), Colonna("Dove"), Colonna("Stato"))
_ORA: Final = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


def base() -> str:
    """The address of the room in this ambito."""
    return f"/{visita_corrente().nell_ambito.slug}/sedute"


async def inviati(request: Richiesta) -> dict[str, str]:
    """The texts of a form; of those with one name the last."""
    return {
        nome: valore.replace("\0", "")
        for nome, valore in (await request.form()).multi_items()
        if isinstance(valore, str)
    }


async def tutti_gli_inviati(request: Richiesta, nome: str) -> list[str]:
    """The texts of a form that have one name."""
    form = await request.form()
    return [valore[:200] for valore in form.getall(nome, []) if isinstance(valore, str)][:1000]


def ora_da(lettura: Lettura, nome: str, manca: str = "") -> time | None:
    """An hour as it is typed, 18:30 or 18.30."""
    testo = lettura.testo(nome, 10, manca)
    if not testo:
        return None
    trovata = _ORA.fullmatch(testo)
    if trovata is None:
        lettura.errori.setdefault(nome, "Scrivi l’ora come 18:30.")
        return None
    return time(int(trovata[1]), int(trovata[2]))


# ---- the list ----


@get("/{ambito:str}/sedute", opt=VEDI)
async def elenco(request: Richiesta) -> Template:
    """The meetings, the latest first; who works for a comune has first those it is called to."""
    organi = await _organi(oggi())
    scelto = request.query_params.get("organo", "")
    pagina = costruisci_pagina(
        request, "Sedute",
        sommario="Le riunioni degli organi: a che cosa si è chiamati, che cosa è stato deciso.",
    )  # fmt: skip
    tieni = visita_corrente().puo("sedute.tieni")
    viste = [
        una
        for una in await sedute.adunanze(organo=scelto[:60] or None)
        if tieni or una.convocata_il is not None
    ]
    sue = await chiamate.del_comune(viste)
    copie = [
        una
        for una in await pubblicazioni.pubblicazioni(scelto[:60] or None, "seduta")
        if not una.propria and una.seduta_id is not None
    ]
    altrove = await chiamate.condivise_del_comune(copie)
    tutte = sue is None or request.query_params.get("quali", "") == "tutte"
    mie = [una for una in viste if sue is None or una.id in sue]
    return rispondi(
        request,
        "governo/sedute.html",
        pagina,
        adunanze=viste if tutte else mie,
        prossima=None if sue is None else next(iter(await prossime_sedute(1)), None),
        radice=base().removesuffix("sedute"),
        di_un_comune=sue is not None,
        tutte=tutte,
        altre=len(viste) - len(mie),
        condivise=sorted(copie, key=lambda una: una.seduta_id not in altrove),
        altrove=altrove,
        organi=[(uno.codice, uno.denominazione) for uno in organi],
        nomi_organi={uno.codice: uno.denominazione for uno in organi},
        scelto=scelto,
        stati=STATI,
        colonne=COLONNE,
        base=base(),
        segreteria=tieni,
    )


async def _organi(giorno: date) -> list[Organo]:
    return list((await plugin_attivi(giorno)).organi())


# ---- one of them, for who is called to it ----


class MioSeggio(msgspec.Struct, frozen=True, kw_only=True):
    """The seat of the comune that somebody works for."""

    nome: str
    abitanti: int | None
    su: int | None
    quote: str = ""
    presenza: str


async def _mio(una: Adunanza, aperte: Sequence[sala.Apertura]) -> MioSeggio | None:
    belfiore = visita_corrente().nell_ambito.comune
    if belfiore is None:
        return None
    comune = (await territorio.mappa_comuni()).cerca(belfiore)
    istat = comune.istat if comune else ""
    try:
        seggi = await titolari(una.organo, una.giorno)
        del_giorno = (await sala.pesati(una.organo, una.giorno, una.anno_pesi))[0]
    except ErroreCapofila:  # the plugin that declared the body is no longer active
        seggi, del_giorno = (), ()
    aventi = aperte[-1].aventi_diritto if aperte else del_giorno
    chiavi = {istat, *(t.chiave for t in seggi if t.istat == istat)}
    mio = next((uno for uno in aventi if uno.id in chiavi), None)
    if mio is None:
        return None
    presenza = "La seduta non è ancora aperta."
    if aperte:
        ora = await sala.sala(una.id)
        # A proxy holds while its bearer is there.
        delegato = next((d.a for d in ora.seduta().deleghe if d.da == mio.id), None)
        nomi = {uno.id: uno.nome for uno in aventi}
        presenza = (
            "Presente." if mio.id in ora.presenti
            else f"Assente, con delega a {nomi[delegato]}." if delegato
            else "Assente."
        )  # fmt: skip
    pesi = [uno.abitanti for uno in aventi if uno.abitanti is not None]
    return MioSeggio(
        nome=mio.nome,
        abitanti=None if mio.abitanti is None else int(mio.abitanti),
        su=int(sum(pesi)) if pesi else None,
        quote=_quote(mio, aventi),
        presenza=presenza,
    )


def _quote(mio: AventeDiritto, aventi: Iterable[AventeDiritto]) -> str:
    """What a seat weighs by quotas, in words; empty where no quotas were frozen."""
    tutte = [uno.quote for uno in aventi if uno.quote is not None]
    if mio.quote is None:
        return ""
    return f"{numero(cifra(mio.quote))} quote su {numero(cifra(sum(tutte, Fraction(0))))}"


async def _preavviso(una: Adunanza) -> Preavviso | None:
    try:
        return await sedute.notifica(una) if una.convocata_il else None
    except ErroreCapofila:  # the plugin that declared the body is no longer active
        return None


async def _visibile(id_: int) -> Adunanza:
    """A meeting; who is called to it sees it when it is called."""
    una = await sedute.adunanza(id_)
    if una.convocata_il is None and not visita_corrente().puo("sedute.tieni"):
        raise NonTrovato("Questa seduta non c'è: torna all'elenco.")
    return una


async def _condivisione(una: Adunanza, segreteria: bool) -> dict[str, Any]:
    """Of a body that other ambiti share: the copy that they read, and the agencies that may."""
    organo = next((o for o in await _organi(una.giorno) if o.codice == una.organo), None)
    if organo is None or not organo.condiviso_tra or una.convocata_il is None:
        return {"condivisa": False}
    scelte = await pubblicazioni.agenzie_scelte(una.organo)
    return {
        "condivisa": True,
        "copia": await pubblicazioni.della_seduta(una.id),
        "agenzie": [
            (slug, nome, slug in scelte)
            for slug, nome in ((await ambiti_e_ats())[1] if segreteria else ())
        ],
    }


@get("/{ambito:str}/sedute/{id_:int}", opt=VEDI)
async def una_seduta(request: Richiesta, id_: FromPath[int]) -> Template:
    """What one is called to: when and where, documents, how we vote and why, what came out."""
    return await _una_seduta(request, id_, {}, [])


async def _una_seduta(
    request: Richiesta, id_: int, testi: Mapping[str, str], errori: Errori, stato: int = 200
) -> Template:
    una = await _visibile(id_)
    aperte = await sala.aperture(id_)
    punti = await sedute.ordine_del_giorno(id_)
    numero_legale, come = await come_votare(una, aperte, punti)
    fatte = await deliberazioni.votazioni(id_)
    quorum: QuorumContato | None = None
    if aperte and una.stato == "aperta":
        quorum = sala.quorum_di(una, await sala.sala(id_))
    documenti = await sedute.documenti(id_)
    segreteria = visita_corrente().puo("sedute.tieni")
    pagina = costruisci_pagina(
        request, f"{una.denominazione}, {data(una.giorno)}", briciole=[("Sedute", base())],
        con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "governo/seduta.html",
        pagina,
        stato=stato,
        testi=testi,
        errori=errori,
        sbagli=dict(errori),
        una=una,
        stati=STATI,
        esiti=ESITI,
        modi=verbali.MODI,
        voto_in_parole=verbali.voto_in_parole,
        punti=punti,
        generali=[d for d in documenti if d.punto_id is None and d.specie == "allegato"],
        verbale=next((d for d in documenti if d.specie == "verbale"), None),
        votazioni=fatte,
        per_proposta={v.proposta_id: v for v in fatte if v.emendamento_id is None},
        per_emendamento={v.emendamento_id: v for v in fatte if v.emendamento_id is not None},
        deliberate={d.votazione_id: d for d in await deliberazioni.della_seduta(id_)},
        come=come,
        numero_legale=numero_legale,
        quorum=quorum,
        apertura=aperte[-1] if aperte else None,
        nomi={uno.id: uno.nome for a in aperte for uno in a.aventi_diritto},
        mio=await _mio(una, aperte),
        preavviso=await _preavviso(una),
        base=base(),
        qui=f"{base()}/{id_}",
        registro=f"/{visita_corrente().nell_ambito.slug}/deliberazioni",
        segreteria=segreteria,
        albo=await sedute.albo_di(una),
        inviti=await convocazioni.inviti(id_),
        **await _condivisione(una, segreteria),
    )  # fmt: skip


@get("/{ambito:str}/sedute/{id_:int}/seduta.ics", opt=VEDI, include_in_schema=False)
async def calendario(id_: FromPath[int]) -> Response[bytes]:
    """The meeting for a calendar."""
    una = await _visibile(id_)
    foglio = convocazioni.calendario(
        una, await sedute.ordine_del_giorno(id_), visita_corrente().nell_ambito.slug
    )
    return come_file(foglio, "text/calendar; charset=utf-8", f"seduta-{id_}.ics")


@get("/{ambito:str}/sedute/documenti/{id_:int}", opt=VEDI, include_in_schema=False)
async def documento(id_: FromPath[int]) -> Response[bytes]:
    """A document of a meeting, checked by its digest."""
    uno, contenuto = await sedute.documento(id_)
    await _visibile(uno.seduta_id)
    return come_file(contenuto, uno.media_type, uno.nome)


# ---- preparing one ----


async def _modulo(
    request: Richiesta,
    testi: Mapping[str, str],
    errori: Errori,
    una: Adunanza | None = None,
    stato: int = 200,
) -> Template:
    organi = await _organi(oggi())
    titolo = "Prepara una seduta" if una is None else "Prepara la seduta"
    briciole = [("Sedute", base())]
    if una is not None:
        briciole.append((una.denominazione, f"{base()}/{una.id}"))
    pagina = costruisci_pagina(request, titolo, briciole=briciole, con_errori=bool(errori))
    anni = [
        ("" if anno is None else str(anno), "quelli di un anno non indicato" if anno is None else f"del {anno}")
        for anno in reversed(await sedute.anni_dei_pesi())
    ]  # fmt: skip
    return rispondi(
        request,
        "governo/seduta_prepara.html",
        pagina,
        stato=stato,
        una=una,
        testi=testi,
        errori=errori,
        sbagli=dict(reversed(errori)),
        organi=[(uno.codice, uno.denominazione) for uno in organi],
        anni=anni,
        categorie=[
            (seggio.categoria, seggio.denominazione)
            for uno in organi
            if uno.codice == (una.organo if una else testi.get("organo", ""))
            for seggio in uno.seggi
        ],
        scritte=regole_scritte,
        punti=await sedute.ordine_del_giorno(una.id) if una else [],
        generali=[d for d in await sedute.documenti(una.id) if d.punto_id is None] if una else [],
        materie=await materie(),
        nomi_materie=dict(await materie()),
        atti=[
            (str(d.id), f"{d.cita()}: {d.oggetto}"[:140])
            for d in (await deliberazioni.registro(organo=una.organo))[0]
            if d.fino is None
        ]
        if una
        else [],
        posta=posta.configurata(),
        stati=STATI,
        base=base(),
        qui=f"{base()}/{una.id}" if una else base(),
    )


async def materie() -> list[tuple[str, str]]:
    """The matters that the bodies have to do with: code and words."""
    return sorted(materie_note(await _organi(oggi())).items(), key=lambda coppia: coppia[1].lower())


def _leggi(testi: Mapping[str, str], organo: str | None = None) -> tuple[Adunanza | None, Errori]:
    lettura = Lettura(testi)
    chi = organo or lettura.testo("organo", 60, "Scegli l’organo.")
    giorno = lettura.giorno("giorno", "Scrivi il giorno, come 12/03/2026.")
    ora = ora_da(lettura, "ora", "Scrivi l’ora, come 18:30.")
    luogo = lettura.testo("luogo", 200, "Scrivi dove ci si riunisce.")
    seconda = lettura.giorno("seconda_giorno")
    seconda_ora = ora_da(lettura, "seconda_ora")
    anno = lettura.testo("anno_pesi", 4)
    if anno and not (anno.isdecimal() and len(anno) == 4):
        lettura.errori["anno_pesi"] = "Scegli l’anno dall’elenco."
    del_giorno = lettura.giorno("regola_data")
    for nome in ("regola_organo", "regola_titolo"):
        lettura.testo(nome, 200)
    scritti = {
        **lettura.scritto,
        "regola_data": "" if del_giorno is None else del_giorno.isoformat(),
    }
    regole = regole_scritte.da_modulo(scritti)
    if regole:
        for nome, detto in (
            ("organo", "chi ha adottato l’atto"),
            ("titolo", "come si chiama l’atto"),
        ):
            if not lettura.scritto.get(f"regola_{nome}", "").strip():
                lettura.errori.setdefault(
                    f"regola_{nome}", f"Una regola ha la sua fonte: scrivi {detto}."
                )
    if lettura.errori or giorno is None or ora is None:
        return None, list(lettura.errori.items())
    return Adunanza(
        organo=chi, giorno=giorno, ora=ora, luogo=luogo, seconda_giorno=seconda,
        seconda_ora=seconda_ora, urgente=testi.get("urgente") == "si",
        anno_pesi=int(anno) if anno else None, regole=regole,
    ), []  # fmt: skip


@get("/{ambito:str}/sedute/nuova", opt=TIENI_LETTURA)
async def nuova(request: Richiesta) -> Template:
    """The form of a meeting; its rules are those of the last one of the same body."""
    organo = request.query_params.get("organo", "")[:60]
    testi = {"organo": organo, "ora": "18:00"}
    if organo and (prima := await sedute.adunanze(organo=organo, quante=1)):
        testi |= {"luogo": prima[0].luogo, **regole_scritte.in_modulo(prima[0].regole)}
    return await _modulo(request, testi, [])


@post("/{ambito:str}/sedute/nuova", opt=TIENI, status_code=200)
async def crea(request: Richiesta) -> Template | Redirect:
    """Write a meeting down as a draft."""
    testi = await inviati(request)
    letta, errori = _leggi(testi)
    if letta is None:
        return await _modulo(request, testi, errori, stato=422)
    try:
        async with unita_corrente().punto_di_ritorno():
            id_ = await sedute.crea(letta)
    except ErroreCapofila as errore:
        return await _modulo(request, testi, [("", errore.messaggio)], stato=errore.stato)
    await aggiungi_messaggio("riuscito", "La seduta è in bozza: aggiungi l’ordine del giorno.")
    return Redirect(f"{base()}/{id_}/prepara", status_code=303)


def _testi(una: Adunanza) -> dict[str, str]:
    regole = regole_scritte.in_modulo(una.regole)
    if regole["regola_data"]:
        regole["regola_data"] = f"{date.fromisoformat(regole['regola_data']):%d/%m/%Y}"
    return {
        "organo": una.organo,
        "giorno": f"{una.giorno:%d/%m/%Y}",
        "ora": f"{una.ora:%H:%M}",
        "luogo": una.luogo,
        "seconda_giorno": f"{una.seconda_giorno:%d/%m/%Y}" if una.seconda_giorno else "",
        "seconda_ora": f"{una.seconda_ora:%H:%M}" if una.seconda_ora else "",
        "urgente": "si" if una.urgente else "",
        "anno_pesi": str(una.anno_pesi or ""),
        **regole,
    }


@get("/{ambito:str}/sedute/{id_:int}/prepara", opt=TIENI_LETTURA)
async def prepara(request: Richiesta, id_: FromPath[int]) -> Template:
    """The agenda, the proposals and the documents of a meeting; of a draft also its days and rules."""
    una = await sedute.adunanza(id_)
    return await _modulo(request, _testi(una), [], una)


@post("/{ambito:str}/sedute/{id_:int}/prepara", opt=TIENI, status_code=200)
async def scrivi(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Change a draft, or add to its agenda: the button says which."""
    una = await sedute.adunanza(id_)
    testi = await inviati(request)
    lettura = Lettura(testi)
    azione = testi.get("azione", "")
    try:
        async with unita_corrente().punto_di_ritorno():
            detto = await _aggiungi(request, una, azione, lettura, testi)
            if not lettura.errori:
                await condivise.aggiorna(id_)
    except sedute.MateriaRifiutata as errore:
        lettura.errori[errore.campo] = errore.messaggio
        detto = ""
    except ErroreCapofila as errore:
        lettura.errori.setdefault("", errore.messaggio)
        detto = ""
    if lettura.errori:
        campi = {**_testi(una), **testi}
        return await _modulo(request, campi, list(lettura.errori.items()), una, 422)
    await aggiungi_messaggio("riuscito", detto)
    return Redirect(f"{base()}/{id_}/prepara{_DOVE.get(azione, '')}", status_code=303)


_DOVE: Final = {"punto": "#ordine", "togli": "#ordine", "proposta": "#ordine",
                "emendamento": "#ordine", "documento": "#ordine"}  # fmt: skip


async def _aggiungi(
    request: Richiesta, una: Adunanza, azione: str, lettura: Lettura, testi: Mapping[str, str]
) -> str:
    """Do what a button asks; what is wrong stays in the reading."""
    punto = lettura.scritto.get("punto", "")
    match azione:
        case "punto":
            titolo = lettura.testo("titolo", 300, "Scrivi il titolo del punto.")
            if len(titolo) < 3:
                lettura.errori.setdefault("titolo", "Scrivi il titolo del punto.")
            if not lettura.errori:
                await sedute.aggiungi_punto(una.id, titolo)
            return "Il punto è all’ordine del giorno."
        case "togli":
            await sedute.togli_punto(una.id, int(punto) if punto.isdecimal() else 0)
            return "Il punto è tolto."
        case "proposta":
            letta = _proposta(lettura, testi)
            if letta is not None:
                await sedute.aggiungi_proposta(int(punto) if punto.isdecimal() else 0, letta)
            return "La proposta è aggiunta."
        case "emendamento":
            testo = testi.get("emendamento", "").replace("\r\n", "\n").strip()
            if not 3 <= len(testo) <= 5000:
                lettura.errori["emendamento"] = "Scrivi l’emendamento, al massimo 5.000 caratteri."
            chi = lettura.testo("proponente", 200, "Scrivi chi lo propone.")
            quale = lettura.scritto.get("proposta", "")
            if not lettura.errori:
                await sedute.aggiungi_emendamento(
                    int(quale) if quale.isdecimal() else 0, testo, chi
                )
            return "L’emendamento è aggiunto: si vota prima della proposta."
        case "documento":
            file = (await request.form()).get("file")
            if not isinstance(file, UploadFile) or not file.filename:
                lettura.errori["file"] = "Scegli un file."
                return ""
            quale_punto = int(punto) if punto.isdecimal() else None
            await sedute.aggiungi_documento(una.id, quale_punto, file.filename, await file.read())
            return "Il documento è nell’archivio, con la sua impronta."
        case _:
            letta_, errori = _leggi(lettura.scritto, una.organo)
            lettura.errori |= dict(errori)
            if letta_ is not None:
                await sedute.correggi(una.id, letta_)
            return "La seduta è corretta."


def _proposta(lettura: Lettura, testi: Mapping[str, str]) -> Proposta | None:
    oggetto = lettura.testo("oggetto", 500, "Scrivi l’oggetto della proposta.")
    if oggetto and len(oggetto) < 3:
        lettura.errori["oggetto"] = "Scrivi l’oggetto con almeno tre caratteri."
    materia = lettura.testo("materia", 60, "Scegli la materia.")
    anno = lettura.testo("anno", 4)
    if anno and not (anno.isdecimal() and 1990 <= int(anno) <= 2100):
        lettura.errori["anno"] = "Scrivi l’anno con quattro cifre, o lascialo vuoto."
    if len(testi.get("testo", "")) > 20_000:
        lettura.errori["testo"] = "Il testo supera i 20.000 caratteri: mettilo in un documento."
    motivazione = lettura.testo("motivazione", 500)
    cessa_id, cessa = lettura.scritto.get("cessa_id", ""), lettura.scritto.get("cessa", "")
    if lettura.errori:
        return None
    return Proposta(
        materia=materia,
        anno=int(anno) if anno else None,
        oggetto=oggetto,
        testo=testi.get("testo", "").replace("\r\n", "\n").strip(),
        motivazione=motivazione or None,
        cessa_id=int(cessa_id) if cessa_id.isdecimal() else None,
        cessa=("annullata" if cessa == "annullata" else "sostituita")
        if cessa_id.isdecimal()
        else None,
    )


# ---- the addresses ----


async def _recapiti(
    request: Richiesta, una: Adunanza, scritti: Mapping[str, str], errori: Errori, stato: int = 200
) -> Template:
    pagina = costruisci_pagina(
        request, "Recapiti per le convocazioni",
        briciole=[("Sedute", base()), (una.denominazione, f"{base()}/{una.id}")],
        sommario=f"A chi si scrive per convocare: {una.denominazione}.", con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "governo/recapiti_seggi.html",
        pagina,
        stato=stato,
        seggi=[uno for uno in await titolari(una.organo, una.giorno) if uno.in_carica],
        scritti=scritti,
        errori=errori,
        sbagli=dict(errori),
        configurata=posta.configurata(),
        qui=f"{base()}/{una.id}",
    )


@get("/{ambito:str}/sedute/{id_:int}/recapiti", opt=TIENI_LETTURA)
async def recapiti(request: Richiesta, id_: FromPath[int]) -> Template:
    """The addresses that are held for the body of a meeting."""
    una = await sedute.adunanza(id_)
    return await _recapiti(request, una, await convocazioni.recapiti(una.organo), [])


@post("/{ambito:str}/sedute/{id_:int}/recapiti", opt=TIENI, status_code=200)
async def scrivi_recapiti(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Keep the addresses; one that is none is told at its seat, and nothing is kept."""
    una = await sedute.adunanza(id_)
    testi = await inviati(request)
    seggi = [uno for uno in await titolari(una.organo, una.giorno) if uno.in_carica]
    scritti = {u.chiave: testi[u.chiave].strip()[:250] for u in seggi if u.chiave in testi}
    errori: Errori = [
        (uno.chiave, f"{uno.nome}: non è un indirizzo di posta, scriverlo come sindaco@comune.it")
        for uno in seggi
        if (email := scritti.get(uno.chiave)) and not posta.indirizzo_valido(email)
    ]
    if errori:
        return await _recapiti(request, una, scritti, errori, 422)
    await convocazioni.scrivi_recapiti(una.organo, scritti)
    await aggiungi_messaggio("riuscito", "I recapiti sono salvati.")
    return Redirect(f"{base()}/{id_}", status_code=303)


# ---- its life ----


@post("/{ambito:str}/sedute/{id_:int}/passo", opt=TIENI, status_code=200)
async def passo(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """The next step of a meeting: the button says which; a refusal is said on its page, with what
    was typed.
    """
    lettura = Lettura(await inviati(request))
    azione = lettura.scritto.get("azione", "")
    dove = "/banco" if azione in ("apri", "deserta") else ""
    try:
        async with unita_corrente().punto_di_ritorno():
            detto = await _fai(id_, azione, lettura)
            if not lettura.errori and azione != "condividi":
                await condivise.aggiorna(id_)
    except ErroreCapofila as errore:
        if errore.stato in (403, 404) or errore.stato >= 500:
            raise
        if azione == "deserta":
            await aggiungi_messaggio("errore", errore.messaggio[:900])
            return Redirect(f"{base()}/{id_}/banco", status_code=303)
        return await _una_seduta(
            request, id_, lettura.scritto, [("", errore.messaggio)], errore.stato
        )
    if lettura.errori:
        return await _una_seduta(request, id_, lettura.scritto, list(lettura.errori.items()), 422)
    await aggiungi_messaggio("riuscito", detto)
    return Redirect(f"{base()}/{id_}{dove}", status_code=303)


async def _fai(id_: int, azione: str, lettura: Lettura) -> str:
    match azione:
        case "convoca":
            il = lettura.giorno("convocata_il")
            if lettura.errori:
                return ""
            chiamata = await sedute.convoca(id_, il)
            if chiamata.in_tempo is False:
                await aggiungi_messaggio(
                    "avviso", "La convocazione è tardiva: la seduta non potrà decidere nulla."
                )
            return "La seduta è convocata."
        case "invita":
            quanti, senza = await convocazioni.invita(id_)
            if senza:
                await aggiungi_messaggio(
                    "avviso", f"Senza recapito, non si scrive a: {', '.join(senza)}."
                )
            return f"Convocazioni in partenza: {quanti}." if quanti else "Nessuna da inviare."
        case "revoca":
            await sedute.revoca(id_)
            return "La convocazione è revocata: avvisa chi era stato chiamato."
        case "apri":
            await sala.apri(id_)
            return "La seduta è aperta: chi ha diritto, pesi e regole sono fissati."
        case "deserta":
            await sala.dichiara_deserta(id_)
            return "La seduta è dichiarata deserta."
        case "chiudi":
            await sala.chiudi(id_)
            return "La seduta è chiusa: ora si prepara il verbale."
        case "verbale":
            entro = lettura.giorno("pubblicare_entro")
            motivo = lettura.testo("motivo_termine", 300)
            if lettura.errori:
                return ""
            await verbali.verbale(id_, pubblicare_entro=entro, motivo=motivo)
            return "Il verbale è pronto e sigillato con la sua impronta."
        case "pubblica":
            il = lettura.giorno("pubblicata_il", "Scrivi il giorno della pubblicazione.")
            dove = lettura.testo("pubblicata_dove", 200, "Scrivi dove è pubblicato.")
            if lettura.errori or il is None:
                return ""
            await sedute.pubblica(id_, il, dove)
            return "La pubblicazione è registrata."
        case "condividi":
            scelte = [n.removeprefix("ats-") for n in lettura.scritto if n.startswith("ats-")]
            if await condivise.aggiorna(id_, scelte[:20]) is None:
                lettura.errori[""] = "Nessun altro usa questa piattaforma: non c’è chi legga."
            return "La seduta è pubblicata com’è ora per chi condivide l’organo."
        case _:
            lettura.errori[""] = "Questo passo non c’è."
            return ""


ROTTE: Final = (
    elenco, una_seduta, calendario, documento, nuova, crea, prepara, scrivi, recapiti,
    scrivi_recapiti, passo,
)  # fmt: skip
