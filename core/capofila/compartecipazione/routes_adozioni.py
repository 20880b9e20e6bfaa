"""Pages of the adoptions: comuni beside services, and the form of one with its variants."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, cast
from urllib.parse import urlencode

from litestar import Request, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.attivazioni import oggi
from capofila.base.errori import Conflitto, ErroreCapofila
from capofila.base.visita import visita_corrente
from capofila.compartecipazione import adozioni
from capofila.compartecipazione.lettera import in_chiaro
from capofila.compartecipazione.schemi import Schema
from capofila.hooks import Rifiuto
from capofila.hooks.campi import leggi_data
from capofila.territorio import service as territorio
from capofila.web import formati
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.lettura import Lettura
from capofila.web.pagina import Colonna

Richiesta = Request[Any, Any, Any]
Modulo = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]

MENU: Final = VoceMenu(
    titolo="Adozioni dei comuni", percorso="compartecipazione/adozioni",
    permesso="compartecipazione.vedi", gruppo="Compartecipazione", icona="pa", ordine=37,
)  # fmt: skip
STATI: Final[Mapping[str, tuple[str, str]]] = {
    "adotta": ("Adotta", "buono"),
    "adotta_con_varianti": ("Con varianti", "attenzione"),
    "non_adotta": ("Non adotta", "chiuso"),
    "": ("Non registrata", "neutro"),
}
_SCELTE: Final = (
    ("adotta", "Adotta lo schema dell’ambito", ""),
    ("adotta_con_varianti", "Adotta con varianti", "Scrivi sotto solo i valori diversi."),
    ("non_adotta", "Non adotta", "La tariffa del comune qui non è nota: nessuna quota si calcola."),
)


def base() -> str:
    """The address of the room in this ambito."""
    return f"/{visita_corrente().nell_ambito.slug}/compartecipazione"


async def comuni_possibili() -> list[tuple[str, str]]:
    """(Belfiore code, name) of the comuni that were ever of the ambito; one for whoever works for it."""
    mappa = await territorio.mappa_comuni()
    solo = visita_corrente().nell_ambito.comune
    trovati = {
        comune.belfiore: comune.nome
        for una in await territorio.appartenenze()
        if (comune := mappa.cerca(una.istat)) is not None and solo in (None, comune.belfiore)
    }
    return sorted(trovati.items(), key=lambda coppia: coppia[1])


async def servizi_del_giorno(giorno: date) -> tuple[Mapping[str, Schema], str]:
    """The schemes by service, and what is wrong with them: whoever looks must not find a closed door."""
    try:
        return await adozioni.servizi(giorno), ""
    except ErroreCapofila as errore:
        return {}, errore.messaggio


def giorno_chiesto(request: Richiesta, nome: str = "giorno") -> tuple[date, str]:
    """The day in the address, today without one; and what is wrong with it."""
    testo = request.query_params.get(nome, "")
    letto = leggi_data(testo)
    if isinstance(letto, Rifiuto):
        return oggi(), letto.messaggio[:1].upper() + letto.messaggio[1:]
    return (oggi() if letto is None else date.fromisoformat(letto)), ""


# ---- the matrix ----


@get(
    "/{ambito:str}/compartecipazione/adozioni",
    opt={"permesso": "compartecipazione.vedi", "unita": "lettura"},
)
async def matrice(request: Richiesta) -> Template:
    """What holds in each comune for each service on a day."""
    giorno, errore = giorno_chiesto(request)
    servizi, guasto = await servizi_del_giorno(giorno)
    per_cella = {(una.comune, una.servizio): una for una in await adozioni.del_giorno(giorno)}
    membri = {comune.belfiore for comune in await territorio.membri(giorno)}
    comuni = [coppia for coppia in await comuni_possibili() if coppia[0] in membri]
    nomi = {nome: s.denominazione for nome, s in servizi.items()}
    nomi |= {servizio: servizio for _, servizio in per_cella if servizio not in nomi}
    pagina = costruisci_pagina(
        request, "Adozioni dei comuni", briciole=[("Compartecipazione", base())],
        sommario=f"Che cosa ogni comune ha fatto degli schemi dell’ambito, il {formati.data(giorno)}.",
        con_errori=bool(errore),
    )  # fmt: skip
    return rispondi(
        request,
        "compartecipazione/adozioni.html",
        pagina,
        stato=422 if errore else 200,
        giorno=giorno,
        errore=errore,
        guasto=guasto,
        servizi=nomi,
        comuni=comuni,
        celle=per_cella,
        stati=STATI,
        colonne=[Colonna("Comune"), *(Colonna(nome) for nome in nomi.values())],
        base=base(),
        scrivi=visita_corrente().puo("compartecipazione.scrivi"),
    )


# ---- one of them ----


async def _modulo(
    request: Richiesta,
    testi: Mapping[str, str],
    errori: Sequence[tuple[str, str]],
    stato: int = 200,
) -> Template:
    comuni = await comuni_possibili()
    comune, servizio = testi.get("comune", ""), testi.get("servizio", "")
    letto = leggi_data(testi.get("dal", ""))
    giorno = date.fromisoformat(letto) if isinstance(letto, str) else oggi()
    servizi, guasto = await servizi_del_giorno(giorno)
    scelto = servizi.get(servizio)
    risolto = None if scelto is None else scelto.risolvi(giorno)
    storia = await adozioni.storia(comune, servizio) if comune in dict(comuni) and servizio else []
    pagina = costruisci_pagina(
        request, "Registra un’adozione",
        briciole=[("Compartecipazione", base()), ("Adozioni", f"{base()}/adozioni")],
        con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "compartecipazione/adozione.html",
        pagina,
        stato=stato,
        testi=testi,
        errori=errori,
        sbagli=dict(errori),
        guasto=guasto,
        comuni=comuni,
        servizi=[(nome, s.denominazione) for nome, s in servizi.items()],
        scelte=_SCELTE,
        schema=scelto,
        parametri=parametri_del_giorno(scelto, giorno),
        giorno=giorno,
        in_vigore=risolto is not None,
        storia=storia,
        nome_comune=dict(comuni).get(comune, ""),
        stati=STATI,
        in_chiaro=in_chiaro,
        base=base(),
        scrivi=visita_corrente().puo("compartecipazione.scrivi"),
    )


def parametri_del_giorno(schema: Schema | None, giorno: date) -> list[tuple[str, str, str]]:
    """Name, words and value on a day of what a comune may change."""
    if schema is None:
        return []
    formula = schema.formula(giorno) or schema.formule[-1]
    return [
        (nome, in_chiaro(nome), "" if valore is None else formati.numero(valore.valore))
        for nome in dict.fromkeys(formula.parametri())
        for valore in (schema.valore(nome, giorno),)
    ]


@get(
    "/{ambito:str}/compartecipazione/adozioni/nuova",
    opt={"permesso": "compartecipazione.scrivi", "unita": "lettura"},
)
async def nuova(request: Richiesta) -> Template:
    """The form; of a comune and a service it also shows what was registered before."""
    presi = {nome: request.query_params.get(nome, "") for nome in ("comune", "servizio", "dal")}
    servizi, _ = await servizi_del_giorno(oggi())
    if len(servizi) == 1:
        presi["servizio"] = presi["servizio"] or next(iter(servizi))
    comuni = await comuni_possibili()
    if len(comuni) == 1:
        presi["comune"] = comuni[0][0]
    return await _modulo(request, presi, [])


@post(
    "/{ambito:str}/compartecipazione/adozioni/nuova",
    opt={"permesso": "compartecipazione.scrivi"},
    status_code=200,
)
async def scrivi(request: Richiesta, data: Modulo) -> Template | Redirect:
    """Write an adoption down, or say why not."""
    lettura = Lettura(data)
    comune, servizio = lettura.scritto.get("comune", ""), lettura.scritto.get("servizio", "")
    stato = lettura.scritto.get("stato", "")
    if comune not in dict(await comuni_possibili()):
        lettura.errori["comune"] = "Scegli il comune."
    if not servizio:
        lettura.errori["servizio"] = "Scegli il servizio."
    if stato not in adozioni.STATI:
        lettura.errori["stato"] = "Scegli che cosa ha fatto il comune."
    dal = lettura.giorno("dal", "Scrivi da quando vale, come 01/01/2025.")
    al = lettura.giorno("al")
    organo = lettura.testo("organo", 120, "Scrivi chi ha deliberato.")
    numero = lettura.testo("numero", 40) or None
    del_giorno = lettura.giorno("data", "Scrivi la data dell’atto.")
    articolo = lettura.testo("articolo", 80) or None
    varianti = valori_scritti(lettura) if stato == "adotta_con_varianti" else {}
    if lettura.errori or dal is None or del_giorno is None:
        return await _modulo(request, lettura.scritto, list(lettura.errori.items()), 422)
    try:
        _, chiusa = await adozioni.registra_adozione(
            adozioni.Adozione(
                comune=comune, servizio=servizio, stato=cast(adozioni.StatoAdozione, stato),
                dal=dal, al=al, organo=organo, numero=numero, data=del_giorno, articolo=articolo,
                varianti=varianti,
            )
        )  # fmt: skip
    except adozioni.AdozioneRifiutata as rifiuto:
        return await _modulo(request, lettura.scritto, rifiuto.errori, rifiuto.stato)
    except ErroreCapofila as rifiuto:
        campo = "dal" if isinstance(rifiuto, Conflitto) else "servizio"
        return await _modulo(request, lettura.scritto, [(campo, rifiuto.messaggio)], rifiuto.stato)
    testo = "L’adozione è registrata."
    if chiusa is not None:
        testo += " Quella che valeva finisce il giorno prima."
    await aggiungi_messaggio("riuscito", testo)
    query = urlencode({"giorno": f"{dal:%d/%m/%Y}"})
    return Redirect(f"{base()}/adozioni?{query}", status_code=303)


_MIGLIAIA: Final = re.compile(r"\d{1,3}(\.\d{3})+")
"""A figure as the pages write it: 3.000 is three thousand."""


def valori_scritti(lettura: Lettura) -> dict[str, Decimal]:
    """The values typed in the fields ``variante-NAME``; an empty one is that of the scheme."""
    varianti: dict[str, Decimal] = {}
    for nome, testo in lettura.scritto.items():
        pulito = "".join(testo.split())
        if not nome.startswith("variante-") or not pulito:
            continue
        migliaia = "," in pulito or _MIGLIAIA.fullmatch(pulito)
        letto = pulito.replace(".", "").replace(",", ".") if migliaia else pulito
        try:
            varianti[nome.removeprefix("variante-")] = Decimal(letto)
        except ArithmeticError:
            lettura.errori[nome] = "Non è una cifra: scrivila come 2,19."
    return varianti


@get(
    "/{ambito:str}/compartecipazione/adozioni/{id_:int}/ritira",
    opt={"permesso": "compartecipazione.scrivi", "unita": "lettura"},
)
async def chiedi_ritira(request: Richiesta, id_: FromPath[int]) -> Template:
    """Ask before one is withdrawn."""
    una = await adozioni.leggi(id_)
    pagina = costruisci_pagina(
        request, "Ritira l’adozione",
        briciole=[("Compartecipazione", base()), ("Adozioni", f"{base()}/adozioni")],
    )  # fmt: skip
    return rispondi(
        request,
        "compartecipazione/ritira.html",
        pagina,
        domanda="Ritirare l’adozione registrata per errore?",
        cosa=f"{una.cita()}; {formati.periodo((una.dal, una.al))}.",
        conseguenze=[
            "Resta nella storia, e da ora non vale più in nessun giorno.",
            "Se è solo finita, registra quella che la segue: la chiude da sé.",
        ],
        azione=f"{base()}/adozioni/{id_}/ritira",
        torna=_di(una),
    )


def _di(una: adozioni.Adozione) -> str:
    return f"{base()}/adozioni/nuova?{urlencode({'comune': una.comune, 'servizio': una.servizio})}"


@post(
    "/{ambito:str}/compartecipazione/adozioni/{id_:int}/ritira",
    opt={"permesso": "compartecipazione.scrivi"},
    status_code=200,
)
async def ritira(id_: FromPath[int]) -> Redirect:
    """Withdraw one."""
    una = await adozioni.leggi(id_)
    await adozioni.ritira_adozione(id_)
    await aggiungi_messaggio("riuscito", "L’adozione è ritirata.")
    return Redirect(_di(una), status_code=303)


ROTTE: Final = (matrice, nuova, scrivi, chiedi_ritira, ritira)
