"""Pages of the accreditations: the register, unità d'offerta, domande, istruttoria, acts.

No address holds anything of a person or of an ente.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from litestar import Request, Router, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Response, Template

from capofila.accessi.service import aggiungi_messaggio, registra_lettura
from capofila.accreditamenti import calcolo, pratiche
from capofila.accreditamenti.calcolo import Risposta, SpecieAtto, Traccia
from capofila.accreditamenti.pratiche import Decisione, Domanda, DomandaNuova, Unita, UnitaNuova
from capofila.base.attivazioni import oggi
from capofila.base.database import unita_corrente
from capofila.base.documenti import DOCUMENTO_MASSIMO
from capofila.base.errori import ErroreCapofila, NonTrovato
from capofila.base.visita import visita_corrente
from capofila.hooks import (
    ProvaCifra,
    ProvaDocumento,
    ProvaPerUtenti,
    RegoleAccreditamento,
    RequisitoAccreditamento,
)
from capofila.hooks.campi import leggi_data
from capofila.hooks.tracciati import cella_csv
from capofila.territorio import service as territorio
from capofila.web.contesto import VoceMenu, come_file, costruisci_pagina, rispondi
from capofila.web.lettura import Lettura
from capofila.web.pagina import Colonna

Richiesta = Request[Any, Any, Any]

MENU: Final = (
    VoceMenu(
        titolo="Accreditamenti", percorso="accreditamenti", permesso="accreditamenti.vedi",
        gruppo="Prestazioni sociali", icona="check-circle", ordine=26,
    ),
)  # fmt: skip
_VEDI: Final = {"permesso": "accreditamenti.vedi"}
_ISTRUISCI: Final = {"permesso": "accreditamenti.istruisci"}
_DECIDI: Final = {"permesso": "accreditamenti.decidi"}
STATI: Final[Mapping[str, tuple[str, str]]] = {
    "in_istruttoria": ("In istruttoria", "corso"), "ritirata": ("Ritirata", "chiuso"),
    "negata": ("Negata", "chiuso"), "futura": ("Comincerà", "attesa"),
    "accreditata": ("Accreditata", "buono"), "sospesa": ("Sospesa", "attenzione"),
    "revocata": ("Revocata", "chiuso"), "scaduta": ("Scaduta", "chiuso"),
}  # fmt: skip
_REQUISITI: Final[Mapping[str, tuple[str, str]]] = {
    "rispettato": ("Rispettato", "buono"), "da_adeguare": ("Da adeguare", "attenzione"),
    "scaduto": ("Scaduto", "errore"), "non_rispettato": ("Non rispettato", "errore"),
}  # fmt: skip
_GIUDIZI: Final[Mapping[str, tuple[str, str]]] = {
    "accreditabile": ("Accreditabile", "buono"),
    "con_prescrizioni": ("Con prescrizioni", "attenzione"),
    "non_accreditabile": ("Non accreditabile", "errore"),
}
_ATTI: Final[Mapping[SpecieAtto, tuple[str, str, str]]] = {
    "concede": ("Accredita", "Le prescrizioni, se ci sono, diventano scadenze.", "Accreditamento"),
    "nega": ("Nega", "La domanda si chiude; se ne può presentare un’altra.", "Diniego"),
    "sospende": ("Sospende", "Fino a un atto che riattiva.", "Sospensione"),
    "riattiva": ("Riattiva", "Finisce la sospensione.", "Riattivazione"),
    "revoca": ("Revoca", "L’accreditamento finisce.", "Revoca"),
}
"""As the form asks, what follows, and as the register says it."""
_ACCETTA: Final = ".pdf,.odt,.ods,.docx,.xlsx,.txt,.csv"


def _base() -> str:
    return f"/{visita_corrente().nell_ambito.slug}/accreditamenti"


def _briciole(una: Domanda | Unita | None = None) -> list[tuple[str, str]]:
    sopra = [("Accreditamenti", _base())]
    if isinstance(una, Unita):
        return [*sopra, (una.denominazione, f"{_base()}/unita/{una.id}")]
    if una is not None:
        return [*sopra, (una.unita.denominazione, f"{_base()}/{una.id}")]
    return sopra


async def _comuni() -> dict[str, str]:
    """Names by Belfiore code of the comuni of the ambito."""
    return {uno.belfiore: uno.nome for uno in await territorio.membri(oggi())}


async def _inviati(request: Richiesta) -> tuple[Lettura, UploadFile | None]:
    """The texts of a form, and its file."""
    dati = await request.form()
    file = dati.get("file")
    testi = {nome: valore for nome, valore in dati.multi_items() if isinstance(valore, str)}
    return Lettura(testi), file if isinstance(file, UploadFile) and file.filename else None


def _giorno_chiesto(request: Richiesta, nome: str) -> date:
    """A day of the address, as 31/01/2025 or 2025-01-31; today when there is none that is one."""
    letto = leggi_data(request.query_params.get(nome, ""))
    return date.fromisoformat(letto) if isinstance(letto, str) else oggi()


def _mostra(
    request: Richiesta,
    template: str,
    titolo: str,
    lettura: Lettura | None = None,
    *,
    briciole: list[tuple[str, str]],
    sommario: str = "",
    stato: int = 200,
    **contesto: Any,
) -> Template:
    scritta = lettura or Lettura({})
    pagina = costruisci_pagina(
        request, titolo, briciole=briciole, con_errori=bool(scritta.errori), sommario=sommario
    )
    visita = visita_corrente()
    return rispondi(
        request, f"accreditamenti/{template}.html", pagina, stato=stato, testi=scritta.scritto,
        errori=list(scritta.errori.items()), sbagli=scritta.errori, base=_base(), stati=STATI,
        nomi_atti=_ATTI, requisiti_stati=_REQUISITI, giudizi=_GIUDIZI, in_parole=calcolo.in_parole,
        istruisci=visita.puo("accreditamenti.istruisci"), decidi=visita.puo("accreditamenti.decidi"),
        **contesto,
    )  # fmt: skip


# --- the register -------------------------------------------------------------------------------


def nell_albo(tutte: list[Domanda], giorno: date) -> list[Domanda]:
    """The accreditations of a day, those suspended too, by kind and name."""
    stanno = [una for una in tutte if una.nell_albo(giorno)]
    return sorted(stanno, key=lambda una: (una.tipologia, una.unita.denominazione, una.id))


@get("/{ambito:str}/accreditamenti", opt=_VEDI)
async def elenco(request: Richiesta) -> Template:
    """The register of a day; for the office also what is being examined, and what was closed."""
    giorno = _giorno_chiesto(request, "giorno")
    tutte = await pratiche.domande()
    in_corso = [u for u in tutte if u.stato(oggi()) in ("in_istruttoria", "futura")]
    chiuse = [u for u in tutte if u not in in_corso and not u.nell_albo(oggi())]
    return _mostra(
        request, "elenco", "Accreditamenti", briciole=[],
        sommario="L’albo delle unità d’offerta e dei servizi accreditati.",
        giorno=giorno, albo=nell_albo(tutte, giorno), in_corso=in_corso, chiuse=chiuse,
        oggi=oggi(), dichiarate=await pratiche.dichiarate(oggi()), comuni=await _comuni(),
        unita=await pratiche.tutte_le_unita(),
        colonne=(
            Colonna("Unità d’offerta"), Colonna("Ente gestore"), Colonna("Comune"),
            Colonna("Posti", tipo="numero"), Colonna("Fino al"), Colonna("Stato"),
        ),
    )  # fmt: skip


@get("/{ambito:str}/accreditamenti/albo.csv", opt=_VEDI, include_in_schema=False)
async def albo_csv(request: Richiesta) -> Response[bytes]:
    """The register of a day, an accreditation a line."""
    giorno = _giorno_chiesto(request, "giorno")
    comuni = await _comuni()
    righe = ["tipologia;unita_offerta;ente_gestore;comune;indirizzo;posti;dal;fino_al;stato;atto"]
    for una in nell_albo(await pratiche.domande(), giorno):
        concessa = una.atti[0]
        celle = (
            una.tipologia, una.unita.denominazione, una.unita.ente,
            comuni.get(una.unita.comune, una.unita.comune), una.unita.indirizzo,
            "" if una.posti is None else str(una.posti), f"{concessa.dal:%d/%m/%Y}",
            "" if concessa.scade is None else f"{concessa.scade:%d/%m/%Y}",
            STATI[una.stato(giorno)][0].lower(), concessa.atto,
        )  # fmt: skip
        righe.append(";".join(cella_csv(cella) for cella in celle))
    contenuto = "".join(f"{riga}\r\n" for riga in righe).encode("utf-8-sig")
    return come_file(contenuto, "text/csv", f"albo-accreditati-{giorno:%Y-%m-%d}.csv")


@get("/{ambito:str}/accreditamenti/requisiti/{codice:str}", opt=_VEDI)
async def requisiti(request: Richiesta, codice: FromPath[str]) -> Template:
    """What an unità d'offerta of a kind must have today."""
    regole = await pratiche.regole(codice, oggi())
    return _mostra(
        request, "requisiti", regole.unita, briciole=_briciole(), sommario="Che cosa si chiede per "
        "accreditare.", regole=regole, quali=calcolo.in_vigore(regole, oggi()), giorno=oggi(),
    )  # fmt: skip


# --- unità d'offerta ----------------------------------------------------------------------------


async def _modulo_unita(
    request: Richiesta, lettura: Lettura, una: Unita | None = None, stato: int = 200
) -> Template:
    comuni = await _comuni()
    if una is not None:
        comuni.setdefault(una.comune, una.comune)
    return _mostra(
        request, "unita_modulo", "Nuova unità d’offerta" if una is None else "Correggi",
        lettura, briciole=_briciole(una), stato=stato, una=una,
        comuni=sorted(comuni.items(), key=lambda coppia: coppia[1]),
        azione=f"{_base()}/unita/nuova" if una is None else f"{_base()}/unita/{una.id}/correggi",
        torna=_base() if una is None else f"{_base()}/unita/{una.id}",
    )  # fmt: skip


def _unita_scritta(lettura: Lettura) -> UnitaNuova:
    denominazione = lettura.testo("denominazione", 160, "Scrivi la denominazione.")
    ente = lettura.testo("ente", 160, "Scrivi l’ente gestore.")
    for nome, valore in (("denominazione", denominazione), ("ente", ente)):
        if len(valore) == 1:
            lettura.errori[nome] = "Il nome è troppo corto: almeno due caratteri."
    return UnitaNuova(
        denominazione=denominazione, ente=ente,
        codice_fiscale=lettura.codice_fiscale(manca="") or None,
        comune=lettura.testo("comune", 4, "Scegli il comune."),
        indirizzo=lettura.testo("indirizzo", 160), chiusa_il=lettura.giorno("chiusa_il"),
    )  # fmt: skip


@get("/{ambito:str}/accreditamenti/unita/nuova", opt=_ISTRUISCI)
async def nuova_unita(request: Richiesta) -> Template:
    """The form of an unità d'offerta."""
    return await _modulo_unita(request, Lettura({}))


@post("/{ambito:str}/accreditamenti/unita/nuova", opt=_ISTRUISCI, status_code=200)
async def scrivi_unita(request: Richiesta) -> Template | Redirect:
    """Write it down, or say why not."""
    lettura, _ = await _inviati(request)
    nuova = _unita_scritta(lettura)
    if not lettura.errori:
        try:
            id_ = await pratiche.scrivi_unita(nuova)
        except ErroreCapofila as rifiuto:
            lettura.errori["comune"] = rifiuto.messaggio
    if lettura.errori:
        return await _modulo_unita(request, lettura, stato=422)
    await aggiungi_messaggio("riuscito", "L’unità d’offerta è registrata: ora la sua domanda.")
    return Redirect(f"{_base()}/unita/{id_}/domande/nuova", status_code=303)


@get("/{ambito:str}/accreditamenti/unita/{id_:int}", opt=_VEDI)
async def una_unita(request: Richiesta, id_: FromPath[int]) -> Template:
    """An unità d'offerta and its domande."""
    una = await pratiche.unita_offerta(id_)
    return _mostra(
        request, "unita", una.denominazione, briciole=_briciole(), sommario=una.ente, una=una,
        domande=await pratiche.domande(id_), oggi=oggi(),
        comune=(await _comuni()).get(una.comune, una.comune),
    )  # fmt: skip


@get("/{ambito:str}/accreditamenti/unita/{id_:int}/correggi", opt=_ISTRUISCI)
async def correggi_modulo(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of a correction."""
    una = await pratiche.unita_offerta(id_)
    scritti = {
        "denominazione": una.denominazione, "ente": una.ente, "comune": una.comune,
        "codice_fiscale": una.codice_fiscale or "", "indirizzo": una.indirizzo,
        "chiusa_il": f"{una.chiusa_il:%d/%m/%Y}" if una.chiusa_il else "",
    }  # fmt: skip
    return await _modulo_unita(request, Lettura(scritti), una)


@post("/{ambito:str}/accreditamenti/unita/{id_:int}/correggi", opt=_ISTRUISCI, status_code=200)
async def correggi(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Correct it, or say why not."""
    una = await pratiche.unita_offerta(id_)
    lettura, _ = await _inviati(request)
    nuova = _unita_scritta(lettura)
    if not lettura.errori:
        try:
            await pratiche.correggi_unita(id_, nuova)
        except ErroreCapofila as rifiuto:
            lettura.errori["comune"] = rifiuto.messaggio
    if lettura.errori:
        return await _modulo_unita(request, lettura, una, 422)
    await aggiungi_messaggio("riuscito", "L’unità d’offerta è corretta.")
    return Redirect(f"{_base()}/unita/{id_}", status_code=303)


# --- domande ------------------------------------------------------------------------------------


async def _modulo_domanda(
    request: Richiesta, una: Unita, lettura: Lettura, stato: int = 200
) -> Template:
    letto = leggi_data(lettura.scritto.get("presentata_il", ""))
    giorno = date.fromisoformat(letto) if isinstance(letto, str) else oggi()
    dichiarate = await pratiche.dichiarate(giorno)
    return _mostra(
        request, "domanda_modulo", "Nuova domanda di accreditamento", lettura,
        briciole=_briciole(una), stato=stato, una=una, giorno=giorno,
        dichiarate=[(uno.codice, uno.denominazione) for uno in dichiarate],
    )  # fmt: skip


@get("/{ambito:str}/accreditamenti/unita/{id_:int}/domande/nuova", opt=_ISTRUISCI)
async def nuova_domanda(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of a domanda."""
    lettura = Lettura({"presentata_il": f"{oggi():%d/%m/%Y}"})
    return await _modulo_domanda(request, await pratiche.unita_offerta(id_), lettura)


@post("/{ambito:str}/accreditamenti/unita/{id_:int}/domande/nuova", opt=_ISTRUISCI, status_code=200)
async def presenta(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Write a domanda down, or say why not."""
    una = await pratiche.unita_offerta(id_)
    lettura, _ = await _inviati(request)
    regole = lettura.testo("regole", 40, "Scegli che cosa si accredita.")
    protocollo = lettura.testo("protocollo", 32, "Scrivi il protocollo.")
    presentata = lettura.giorno("presentata_il", "Scrivi quando è stata presentata.")
    posti = lettura.intero("posti", calcolo.UTENTI_MASSIMI)
    if lettura.errori or presentata is None:
        return await _modulo_domanda(request, una, lettura, 422)
    try:
        domanda = await pratiche.presenta(
            DomandaNuova(
                unita_id=id_, regole=regole, protocollo=protocollo, presentata_il=presentata,
                posti=posti,
            )
        )  # fmt: skip
    except ErroreCapofila as rifiuto:
        campo = "regole" if isinstance(rifiuto, NonTrovato) else "protocollo"
        lettura.errori[campo] = rifiuto.messaggio
        return await _modulo_domanda(request, una, lettura, rifiuto.stato)
    await aggiungi_messaggio("riuscito", "La domanda è registrata: ora le risposte dell’ente.")
    return Redirect(f"{_base()}/{domanda}/istruttoria", status_code=303)


@get("/{ambito:str}/accreditamenti/{id_:int}", opt=_VEDI)
async def una(request: Richiesta, id_: FromPath[int]) -> Template:
    """A domanda: how it stands, its acts, what is prescribed; for the office the requirements of a day."""
    domanda = await pratiche.domanda(id_)
    giorno, vista, decisa = _giorno_chiesto(request, "giorno"), None, None
    if visita_corrente().puo("accreditamenti.istruisci"):
        await registra_lettura("accreditamenti.consulta", "domanda_accreditamento", str(id_))
        vista = await _vista(domanda, giorno)
        decisa = await pratiche.congelata(domanda)
    return _mostra(
        request, "domanda", domanda.unita.denominazione, briciole=_briciole(),
        sommario=domanda.tipologia, una=domanda, stato_ora=domanda.stato(oggi()), giorno=giorno,
        vista=vista, decisa=decisa, oggi=oggi(),
        uguale=decisa is not None and calcolo.rifatta_uguale(decisa[0])
        and decisa[0].congela()[1] == decisa[1],
        prescrizioni=await pratiche.prescrizioni(domanda),
        annullate=await pratiche.annullate(domanda),
        documenti=await pratiche.documenti(id_),
        nomi_requisiti=_nomi(vista),
        comune=(await _comuni()).get(domanda.unita.comune, domanda.unita.comune),
        deliberazioni=f"/{visita_corrente().nell_ambito.slug}/deliberazioni",
        viva=domanda.stato(oggi()) in pratiche.VIVE,
    )  # fmt: skip


async def _vista(domanda: Domanda, giorno: date) -> Traccia | None:
    """The requirements of a day; None where nobody declares them and nothing was decided."""
    try:
        return await pratiche.vista(domanda, giorno)
    except NonTrovato:
        return None


def _nomi(vista: Traccia | None) -> dict[str, str]:
    if vista is None:
        return {}
    return {uno.codice: uno.denominazione for uno in vista.richiesta.regole.requisiti}


# --- istruttoria --------------------------------------------------------------------------------


def _campo(uno: RequisitoAccreditamento, che_cosa: str) -> str:
    return f"{che_cosa}-{uno.codice}"


def _scritti(risposte: Mapping[str, Risposta]) -> dict[str, str]:
    """Answers as the form shows them."""
    scritti: dict[str, str] = {}
    for codice, una_ in risposte.items():
        valori = {
            "valore": una_.valore.replace(".", ","),
            "utenti": "" if una_.utenti is None else str(una_.utenti),
            "dal": f"{una_.dal:%d/%m/%Y}" if una_.dal else "",
            "scade": f"{una_.scade:%d/%m/%Y}" if una_.scade else "",
        }
        scritti |= {f"{che_cosa}-{codice}": testo for che_cosa, testo in valori.items()}
    return scritti


def _risposta(lettura: Lettura, uno: RequisitoAccreditamento) -> Risposta | None:
    """What the fields of a requirement say; None where they are empty."""
    valore = lettura.scritto.get(_campo(uno, "valore"), "").strip()
    if isinstance(uno.prova, ProvaCifra | ProvaPerUtenti) and valore:
        valore = _cifra(valore)
    utenti = lettura.intero(_campo(uno, "utenti"), calcolo.UTENTI_MASSIMI)
    dal, scade = lettura.giorno(_campo(uno, "dal")), lettura.giorno(_campo(uno, "scade"))
    if not valore:
        if utenti is not None or dal is not None or scade is not None:
            lettura.errori.setdefault(_campo(uno, "valore"), "Manca la risposta.")
        return None
    risposta = Risposta(requisito=uno.codice, valore=valore, utenti=utenti, dal=dal, scade=scade)
    for campo, motivo in calcolo.difetti(uno, risposta).items():
        lettura.errori.setdefault(_campo(uno, campo), motivo)
    return risposta


def _cifra(testo: str) -> str:
    """An Italian figure as it is kept; what is none as it is."""
    pulito = testo.replace(" ", "")
    if "," in pulito:
        pulito = pulito.replace(".", "").replace(",", ".")
    elif pulito.count(".") and all(len(parte) == 3 for parte in pulito.split(".")[1:]):
        pulito = pulito.replace(".", "")
    try:
        cifra = Decimal(pulito)
    except ArithmeticError:
        return testo
    return f"{cifra.normalize():f}" if cifra.is_finite() else testo


async def _istruttoria(
    request: Richiesta,
    domanda: Domanda,
    regole: RegoleAccreditamento,
    lettura: Lettura,
    stato: int = 200,
) -> Template:
    documenti: dict[str, list[pratiche.Documento]] = {}
    for uno in await pratiche.documenti(domanda.id):
        documenti.setdefault(uno.requisito, []).append(uno)
    quali = calcolo.in_vigore(regole, oggi())
    return _mostra(
        request, "istruttoria", "Istruttoria", lettura, briciole=_briciole(domanda), stato=stato,
        sommario=f"{domanda.unita.denominazione}, {domanda.tipologia}", una=domanda, regole=regole,
        quali=[(uno, _forma(uno), documenti.get(uno.codice, [])) for uno in quali],
        scelte_requisiti=[(uno.codice, uno.denominazione) for uno in quali],
        viva=domanda.stato(oggi()) in pratiche.VIVE, accetta=_ACCETTA,
    )  # fmt: skip


def _forma(uno: RequisitoAccreditamento) -> str:
    match uno.prova:
        case ProvaDocumento():
            return "documento"
        case ProvaPerUtenti():
            return "per_utenti"
        case ProvaCifra():
            return "cifra"
        case _:
            return "si_no"


@get("/{ambito:str}/accreditamenti/{id_:int}/istruttoria", opt=_ISTRUISCI)
async def istruttoria(request: Richiesta, id_: FromPath[int]) -> Template:
    """The answers and the documents of a domanda."""
    domanda = await pratiche.domanda(id_)
    regole = await pratiche.regole_di(domanda)
    await registra_lettura("accreditamenti.consulta", "domanda_accreditamento", str(id_))
    lettura = Lettura(_scritti(await pratiche.risposte(id_)))
    return await _istruttoria(request, domanda, regole, lettura)


@post("/{ambito:str}/accreditamenti/{id_:int}/istruttoria", opt=_ISTRUISCI, status_code=200)
async def scrivi_istruttoria(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Write the answers down, or say which cannot be read."""
    domanda = await pratiche.domanda(id_)
    regole = await pratiche.regole_di(domanda)
    lettura, _ = await _inviati(request)
    dette = {uno.codice: _risposta(lettura, uno) for uno in calcolo.in_vigore(regole, oggi())}
    if lettura.errori:
        nomi = {uno.codice: uno.denominazione for uno in regole.requisiti}
        lettura.errori = {
            campo: f"{nomi[campo.partition('-')[2]]}: {motivo[:1].lower()}{motivo[1:]}"
            for campo, motivo in lettura.errori.items()
        }
        return await _istruttoria(request, domanda, regole, lettura, 422)
    try:
        await pratiche.scrivi_risposte(id_, dette)
    except ErroreCapofila as rifiuto:
        lettura.errori[""] = rifiuto.messaggio
        return await _istruttoria(request, domanda, regole, lettura, rifiuto.stato)
    await aggiungi_messaggio(
        "riuscito", "Le risposte sono registrate: qui sotto che cosa ne segue."
    )
    return Redirect(f"{_base()}/{id_}", status_code=303)


@post(
    "/{ambito:str}/accreditamenti/{id_:int}/documenti", opt=_ISTRUISCI, status_code=200,
    request_max_body_size=DOCUMENTO_MASSIMO + 1_000_000,
)  # fmt: skip
async def allega(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Put a document in the store, or say why not."""
    domanda = await pratiche.domanda(id_)
    regole = await pratiche.regole_di(domanda)
    lettura, file = await _inviati(request)
    requisito = lettura.testo("requisito", 40, "Scegli il requisito che il documento prova.")
    if file is None:
        lettura.errori["file"] = "Scegli un file."
    if not lettura.errori and file is not None:
        try:
            async with unita_corrente().punto_di_ritorno():
                await pratiche.allega(id_, requisito, file.filename, await file.read())
        except ErroreCapofila as rifiuto:
            lettura.errori["file"] = rifiuto.messaggio
    if lettura.errori:
        scritti = Lettura(_scritti(await pratiche.risposte(id_)) | lettura.scritto)
        scritti.errori = lettura.errori
        return await _istruttoria(request, domanda, regole, scritti, 422)
    await aggiungi_messaggio("riuscito", "Il documento è nell’archivio, con la sua impronta.")
    return Redirect(f"{_base()}/{id_}/istruttoria#documenti", status_code=303)


@get("/{ambito:str}/accreditamenti/documenti/{id_:int}", opt=_ISTRUISCI, include_in_schema=False)
async def documento(id_: FromPath[int]) -> Response[bytes]:
    """A document, checked by its digest."""
    uno, contenuto = await pratiche.documento(id_)
    await registra_lettura("accreditamenti.scarica", "documento_accreditamento", str(id_))
    return come_file(contenuto, uno.media_type, uno.nome)


@get("/{ambito:str}/accreditamenti/{id_:int}/ritira", opt=_ISTRUISCI)
async def ritira_modulo(request: Richiesta, id_: FromPath[int]) -> Template:
    """Ask before a domanda is withdrawn."""
    domanda = await pratiche.domanda(id_)
    return _mostra(
        request, "ritira", "Ritira la domanda", briciole=_briciole(domanda), una=domanda,
        qui=f"{_base()}/{id_}",
    )  # fmt: skip


@post("/{ambito:str}/accreditamenti/{id_:int}/ritira", opt=_ISTRUISCI, status_code=200)
async def ritira(id_: FromPath[int]) -> Redirect:
    """Withdraw a domanda."""
    await pratiche.ritira(id_)
    await aggiungi_messaggio("riuscito", "La domanda è ritirata.")
    return Redirect(f"{_base()}/{id_}", status_code=303)


# --- acts ---------------------------------------------------------------------------------------


async def _atto(
    request: Richiesta, domanda: Domanda, lettura: Lettura, stato: int = 200
) -> Template:
    letto = leggi_data(lettura.scritto.get("giorno", ""))
    giorno = date.fromisoformat(letto) if isinstance(letto, str) else oggi()
    vista = None if domanda.atti else await _vista(domanda, giorno)
    regole, trovato = None, None
    if domanda.ammessi:
        regole = vista.richiesta.regole if vista else await pratiche.regole_di(domanda)
        trovato = await pratiche.atto_di(domanda, regole)
    ammessi = [
        specie for specie in domanda.ammessi
        if not (
            specie == "concede" and vista and vista.esito.giudizio == "non_accreditabile"
        )
    ]  # fmt: skip
    return _mostra(
        request, "atto", "Registra un atto", lettura, briciole=_briciole(domanda), stato=stato,
        sommario=domanda.unita.denominazione, una=domanda, vista=vista, regole=regole,
        trovato=trovato, giorno=giorno, visto="" if vista is None else vista.congela()[1],
        specie=[(codice, *_ATTI[codice][:2]) for codice in ammessi],
        scelta=ammessi[0] if len(ammessi) == 1 else "", qui=f"{_base()}/{domanda.id}",
    )  # fmt: skip


@get("/{ambito:str}/accreditamenti/{id_:int}/atto", opt=_DECIDI)
async def atto_modulo(request: Richiesta, id_: FromPath[int]) -> Template:
    """What may be decided, upon what, and the form of the act."""
    domanda = await pratiche.domanda(id_)
    return await _atto(request, domanda, Lettura({"giorno": f"{oggi():%d/%m/%Y}"}))


@post("/{ambito:str}/accreditamenti/{id_:int}/atto", opt=_DECIDI, status_code=200)
async def registra_atto(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Register an act, if what whoever decides has seen is what it is."""
    domanda = await pratiche.domanda(id_)
    lettura, _ = await _inviati(request)
    scelta = next((una_ for una_ in _ATTI if una_ == lettura.scritto.get("specie")), None)
    if scelta is None:
        lettura.errori["specie"] = "Scegli che cosa fa l’atto."
    dal = lettura.giorno("dal", "Scrivi da quando ha effetto.")
    si_scrive = bool(domanda.ammessi) and (await pratiche.regole_di(domanda)).materia is None
    giorno = lettura.giorno("giorno")
    atto = lettura.testo("atto", 300, "Scrivi l’atto." if si_scrive else "")
    atto_data = lettura.giorno("atto_data", "Scrivi il giorno dell’atto." if si_scrive else "")
    motivazione = lettura.testo("motivazione", 500)
    if lettura.errori or dal is None or scelta is None:
        return await _atto(request, domanda, lettura, 422)
    decisione = Decisione(
        specie=scelta, dal=dal, atto=atto, atto_data=atto_data, motivazione=motivazione,
        giorno=giorno, vista=lettura.scritto.get("visto", ""),
    )  # fmt: skip
    try:
        async with unita_corrente().punto_di_ritorno():
            await pratiche.decidi(id_, decisione)
    except ErroreCapofila as rifiuto:
        lettura.errori["specie"] = rifiuto.messaggio
        return await _atto(request, await pratiche.domanda(id_), lettura, 422)
    await aggiungi_messaggio("riuscito", "L’atto è registrato.")
    return Redirect(f"{_base()}/{id_}", status_code=303)


router = Router(
    path="/",
    route_handlers=[
        elenco, albo_csv, requisiti, nuova_unita, scrivi_unita, una_unita, correggi_modulo, correggi,
        nuova_domanda, presenta, una, istruttoria, scrivi_istruttoria, allega, documento,
        ritira_modulo, ritira, atto_modulo, registra_atto,
    ],
)  # fmt: skip
