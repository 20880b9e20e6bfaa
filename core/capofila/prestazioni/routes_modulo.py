"""Entering a prestazione, correcting it, taking it away; drafts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio, registra_lettura
from capofila.base.errori import Conflitto
from capofila.base.visita import visita_corrente
from capofila.hooks import Flusso
from capofila.hooks.campi import leggi_codice_fiscale
from capofila.prestazioni import bozze, domande, modulo, versioni
from capofila.prestazioni.pagine import (
    Banco,
    Bozze,
    Tolta,
    chiedi_se_togliere,
    esiti,
    inviato,
    lasciato,
    metti_da_parte,
    mostra,
    motivo_scritto,
    numero_da,
    rotte_bozze,
    scelte,
)
from capofila.prestazioni.rules import FONTE
from capofila.prestazioni.service import flusso_attivo as flusso_attivo
from capofila.prestazioni.stati import comunicate
from capofila.territorio import service as territorio
from capofila.web.formati import ROMA

MOTIVI: Final = {
    "errore": "Inserita per errore",
    "doppia": "È doppia",
    "persona": "Riguarda un’altra persona",
    "revoca": "La concessione è stata revocata o annullata",
    "altro": "Altro",
}
IN_SERIE: Final = frozenset({"stessa_persona", "nuova"})
"""The buttons that go on to the next record."""


async def _banco() -> Banco:
    flusso = await flusso_attivo()
    comuni = await territorio.mappa_comuni()
    return Banco(flusso, comuni, modulo.componi(flusso, await scelte(comuni)), base())


def base() -> str:
    """The address of the prestazioni of this ambito."""
    return f"/{visita_corrente().nell_ambito.slug}/prestazioni"


def _mostra(
    request: Request[Any, Any, Any],
    banco: Banco,
    valori: Mapping[str, str],
    *,
    azione: str,
    sostituisce: int | None = None,
    bozza: int | None = None,
    esito: versioni.Salvataggio | None = None,
    fuoco: str = "",
    stato: int = 200,
    superata: str = "",
    motivo: str = "",
    nota: str = "",
    titolo: str = "",
    serie: str = "",
) -> Template:
    briciole = [("Prestazioni", base())]
    if sostituisce is not None:
        briciole.append(("La prestazione", f"{base()}/{sostituisce}"))
    return mostra(
        request,
        banco,
        banco.visto(valori, esito, fuoco),
        "prestazioni/modulo.html",
        titolo=titolo
        or ("Nuova prestazione" if sostituisce is None else "Correggi la prestazione"),
        briciole=briciole,
        stato=stato,
        superata=superata,
        azione=azione,
        correzione=sostituisce is not None,
        bozza=bozza,
        motivo=motivo,
        nota=nota,
        nascosti={nome: valori[nome] for nome in modulo.NASCOSTI if valori.get(nome)},
        serie=serie if serie in IN_SERIE else "",
    )


@get("/{ambito:str}/prestazioni/nuova", opt={"permesso": "prestazioni.scrivi"})
async def nuova(request: Request[Any, Any, Any]) -> Template:
    """An empty form, or one that goes on from the record just saved."""
    banco = await _banco()
    valori: dict[str, str] = {}
    fuoco = nota = serie = ""
    for parametro, dopo, ripresi, da, detto in (
        ("persona_di", "stessa_persona", modulo.STESSA_PERSONA, "protocollo_domanda",
         "La persona è quella della prestazione appena salvata: scrivi la nuova domanda."),
        ("dopo", "nuova", modulo.STESSA_SERIE, "codice_fiscale",
         "Comune, ente, prestazione e periodo sono quelli di prima: cambiali se serve. Con Invio si "
         "salva e si passa alla prossima."),
    ):  # fmt: skip
        if (id_ := numero_da(request.query_params.get(parametro))) is None:
            continue
        tutti = versioni.per_modulo(banco.flusso, await versioni.leggi(id_))
        tutti = {nome: tutti[nome] for nome in ripresi if nome in tutti}
        valori = modulo.da_mostrare(banco.flusso, tutti, banco.comuni)
        fuoco, nota, serie = da, detto, dopo
        if parametro == "persona_di":
            await registra_lettura("prestazioni.consulta", "prestazione", str(id_))
        elif (ultima := numero_da(request.query_params.get("fine_di"))) is not None:
            # A grant that was cut by years ends where its last record does.
            fine = versioni.per_modulo(banco.flusso, await versioni.leggi(ultima))
            fine = {n: v for n, v in fine.items() if n == "data_fine"}
            valori |= modulo.da_mostrare(banco.flusso, fine, banco.comuni)
        break
    if (numero := numero_da(request.query_params.get("domanda"))) is not None:
        una = await domande.leggi(numero)
        await registra_lettura("domande.consulta", "domanda", str(numero))
        valori = {
            "codice_fiscale": una.codice_fiscale, "cognome": una.cognome, "nome": una.nome,
            "comune_titolare": una.comune_titolare, "protocollo_domanda": una.protocollo,
            "codice_prestazione": una.codice_prestazione,
        }  # fmt: skip
        valori |= modulo.dal_codice_fiscale(
            una.codice_fiscale, datetime.now(ROMA).date(), banco.comuni
        )
        fuoco = "cittadinanza"
        nota = "I dati sono quelli della domanda; anno, luogo e genere vengono dal codice fiscale."
    comune = visita_corrente().nell_ambito.comune
    if comune is not None:
        valori.setdefault("comune_titolare", comune)
    return _mostra(
        request, banco, valori, azione=f"{base()}/nuova", fuoco=fuoco, nota=nota, serie=serie
    )


@post("/{ambito:str}/prestazioni/nuova", opt={"permesso": "prestazioni.scrivi"}, status_code=200)
async def inserisci(request: Request[Any, Any, Any]) -> Template | Redirect:
    """Save a new prestazione, or put it aside."""
    banco = await _banco()
    valori, altro = await inviato(request, banco.flusso)
    return await _salva(request, banco, valori, altro, None)


@get("/{ambito:str}/prestazioni/{id_:int}/correggi", opt={"permesso": "prestazioni.scrivi"})
async def correggi(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """The form with the values of a record in force."""
    banco = await _banco()
    riga = await versioni.leggi(id_)
    await registra_lettura("prestazioni.consulta", "prestazione", str(id_))
    valori = modulo.da_mostrare(banco.flusso, versioni.per_modulo(banco.flusso, riga), banco.comuni)
    superata = ""
    if riga["sostituita_lotto"] is not None:
        superata = await _indirizzo_che_vale(id_)
    return _mostra(
        request, banco, valori, azione=f"{base()}/{id_}/correggi", sostituisce=id_,
        stato=409 if superata else 200, superata=superata,
        nota=await _che_cosa_sara_detto(banco.flusso, id_),
    )  # fmt: skip


@post(
    "/{ambito:str}/prestazioni/{id_:int}/correggi",
    opt={"permesso": "prestazioni.scrivi"},
    status_code=200,
)
async def correggi_salva(
    request: Request[Any, Any, Any], id_: FromPath[int]
) -> Template | Redirect:
    """Save the next version of a record, or put it aside."""
    banco = await _banco()
    await versioni.leggi(id_)
    valori, altro = await inviato(request, banco.flusso)
    return await _salva(request, banco, valori, altro, id_)


async def _salva(
    request: Request[Any, Any, Any],
    banco: Banco,
    valori: dict[str, str],
    altro: Mapping[str, str],
    sostituisce: int | None,
) -> Template | Redirect:
    comune = visita_corrente().nell_ambito.comune
    bozza = numero_da(altro.get("bozza"))
    motivo = motivo_scritto(altro)
    qui = f"{base()}/nuova" if sostituisce is None else f"{base()}/{sostituisce}/correggi"
    if altro.get("azione") == "bozza":
        errori, _ = banco.messaggi(await banco.controlla(valori))
        if sostituisce is not None:
            valori[bozze.SOSTITUISCE] = str(sostituisce)
        quanti = sum(map(len, errori.values()))
        return await metti_da_parte(banco, valori, quanti, bozza=bozza, fonte=FONTE)
    try:
        esito = await versioni.salva(
            banco.flusso, banco.celle(valori), sostituisce=sostituisce, bozza=bozza, comune=comune,
            motivo=motivo,
        )  # fmt: skip
    except Conflitto:
        if sostituisce is None:
            raise
        superata = await _indirizzo_che_vale(sostituisce)
        return _mostra(
            request, banco, valori, azione=qui, sostituisce=sostituisce, bozza=bozza, stato=409,
            superata=superata, motivo=motivo,
        )  # fmt: skip
    if esito.errori:
        return _mostra(
            request, banco, valori, azione=qui, sostituisce=sostituisce, bozza=bozza, esito=esito,
            stato=422, motivo=motivo, serie=altro.get("azione", ""),
        )  # fmt: skip
    await _di_che_e_salvata(esito, corretta=sostituisce is not None)
    salvata = esito.prestazioni[0]
    poi = {
        "stessa_persona": f"{base()}/nuova?persona_di={salvata}",
        "nuova": f"{base()}/nuova?dopo={salvata}"
        + (f"&fine_di={esito.prestazioni[-1]}" if len(esito.prestazioni) > 1 else ""),
    }.get(altro.get("azione", ""), f"{base()}/{salvata}")
    return Redirect(poi, status_code=303)


async def _di_che_e_salvata(esito: versioni.Salvataggio, *, corretta: bool) -> None:
    if esito.invariata:
        await aggiungi_messaggio(
            "informazione", "Non è cambiato nulla: la prestazione era già così."
        )
        return
    if len(esito.prestazioni) > 1:
        numeri = ", ".join(str(id_) for id_ in esito.prestazioni)
        await aggiungi_messaggio(
            "riuscito",
            f"La concessione va oltre un anno solare: sono state salvate {len(esito.prestazioni)} "
            f"prestazioni, una per anno, con lo stesso protocollo (numeri {numeri}).",
        )
    elif corretta:
        await aggiungi_messaggio("riuscito", "La correzione è stata salvata come nuova versione.")
    else:
        await aggiungi_messaggio(
            "riuscito", f"La prestazione è stata salvata: è la numero {esito.prestazioni[0]}."
        )
    for voci in modulo.per_campo(esito.avvisi, {}).values():
        for testo in voci:
            await aggiungi_messaggio("avviso", testo)


async def _indirizzo_che_vale(id_: int) -> str:
    """Where the version in force is; the old record itself when it was taken away."""
    vale = await versioni.versione_che_vale(id_)
    return f"{base()}/{id_ if vale is None else vale}"


async def _che_cosa_sara_detto(flusso: Flusso, id_: int) -> str:
    """What saving a correction will make the program tell the receiver."""
    detta = (await comunicate(flusso.id, [id_])).get(id_)
    if detta is None or not detta.presente:
        return ""
    return (
        f"{flusso.destinatario} ha questa prestazione: dopo la correzione il prossimo invio annulla "
        "quella di prima e comunica quella nuova."
    )


@post(
    "/{ambito:str}/prestazioni/controlla",
    opt={"permesso": "prestazioni.scrivi"},
    status_code=200,
)
async def controlla(request: Request[Any, Any, Any]) -> Template:
    """What is wrong with a form that is being filled in: a message for each field reached."""
    banco = await _banco()
    valori, altro = await inviato(request, banco.flusso)
    proposti: dict[str, tuple[str, str]] = {}
    if lasciato(request) == "codice_fiscale":
        oggi = datetime.now(ROMA).date()
        scritto = valori.get("codice_fiscale", "")
        dal_codice = modulo.dal_codice_fiscale(scritto, oggi, banco.comuni)
        proposti = {nome: (v, "Dal codice fiscale: controlla.") for nome, v in dal_codice.items()}
        proposti |= {
            nome: (v, "Da una prestazione di prima: controlla.")
            for nome, v in (await _nota(banco, scritto)).items()
        }
        proposti = {
            nome: proposto
            for nome, proposto in proposti.items()
            if not valori.get(nome) and nome in banco.etichette
        }
    return esiti(
        request, banco, valori, await banco.controlla(valori), proposti,
        tutto=altro.get("tutto") == "si",
    )  # fmt: skip


async def _nota(banco: Banco, scritto: str) -> dict[str, str]:
    """What the last record of a person says of her, as a form shows it; nothing when there is none."""
    letto = leggi_codice_fiscale(scritto)
    if not isinstance(letto, str):
        return {}
    trovata = await versioni.persona_nota(letto)
    if trovata is None:
        return {}
    await registra_lettura("prestazioni.ritrova", "prestazione", str(trovata.prestazione))
    tutti = modulo.da_mostrare(
        banco.flusso, versioni.per_modulo(banco.flusso, trovata.riga), banco.comuni
    )
    return {nome: tutti[nome] for nome in modulo.DELLA_PERSONA if nome in tutti}


# --- taking away --------------------------------------------------------------------------------


@get("/{ambito:str}/prestazioni/{id_:int}/togli", opt={"permesso": "prestazioni.scrivi"})
async def togli(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """Ask before a record is taken away, and say what the receiver will be told."""
    riga = await versioni.leggi(id_)
    await registra_lettura("prestazioni.consulta", "prestazione", str(id_))
    return await _togli(request, riga, Tolta(motivi=MOTIVI))


async def _togli(
    request: Request[Any, Any, Any], riga: Mapping[str, Any], tolta: Tolta
) -> Template:
    flusso = await flusso_attivo()
    id_ = riga["id"]
    return chiedi_se_togliere(
        request, tolta, "prestazioni/togli.html", titolo="Togli la prestazione",
        briciole=[("Prestazioni", base()), ("La prestazione", f"{base()}/{id_}")],
        superata="" if riga["sostituita_lotto"] is None else await _indirizzo_che_vale(id_),
        prestazione=riga,
        detta=(await comunicate(flusso.id, [id_])).get(id_),
        destinatario=flusso.destinatario,
    )  # fmt: skip


@post(
    "/{ambito:str}/prestazioni/{id_:int}/togli",
    opt={"permesso": "prestazioni.scrivi"},
    status_code=200,
)
async def togli_davvero(
    request: Request[Any, Any, Any],
    id_: FromPath[int],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """Take a record away."""
    riga = await versioni.leggi(id_)
    tolta = Tolta.letta(MOTIVI, data, "prestazione")
    if tolta.errore:
        return await _togli(request, riga, tolta)
    try:
        await versioni.elimina(id_, tolta.motivo)
    except Conflitto:
        return await _togli(request, await versioni.leggi(id_), tolta)
    await aggiungi_messaggio("riuscito", "La prestazione è stata tolta. La sua storia resta qui.")
    return Redirect(f"{base()}/{id_}", status_code=303)


# --- drafts -------------------------------------------------------------------------------------


@get("/{ambito:str}/prestazioni/bozze/{id_:int}", opt={"permesso": "prestazioni.scrivi"})
async def una_bozza(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """Go on with a draft; its errors are shown at once."""
    banco = await _banco()
    valori = await bozze.leggi(id_)
    await registra_lettura("prestazioni.consulta_bozza", "bozza", str(id_))
    sostituisce = numero_da(valori.pop(bozze.SOSTITUISCE, ""))
    azione = f"{base()}/nuova" if sostituisce is None else f"{base()}/{sostituisce}/correggi"
    return _mostra(
        request, banco, valori, azione=azione, sostituisce=sostituisce, bozza=id_,
        esito=await banco.controlla(valori), titolo="Continua la bozza",
    )  # fmt: skip


def _di_chi(valori: Mapping[str, str]) -> str:
    nome = f"{valori.get('cognome', '')} {valori.get('nome', '')}".strip()
    return f"di {nome or 'senza nome'}"


BOZZE: Final = Bozze(
    fonte=FONTE,
    radice="prestazioni",
    titolo="Prestazioni",
    modello="prestazioni/bozze.html",
    colonne=("Persona", "Prestazione"),
    sommario="Prestazioni messe da parte: non entrano in nessun invio finché non le salvi.",
    nome=_di_chi,
    tante="Le prestazioni già salvate",
)

GESTORI: Final = [
    nuova, inserisci, correggi, correggi_salva, controlla, togli, togli_davvero, una_bozza,
    *rotte_bozze(BOZZE),
]  # fmt: skip
