"""Pages of the funds: which criteria there are, what each would give, what was approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.base.visita import visita_corrente
from capofila.hooks import CriteriRiparto, Grandezza
from capofila.hooks.campi import Rifiuto, leggi_data, leggi_importo
from capofila.riparto import service
from capofila.riparto.calcolo import Esito, Traccia, congela
from capofila.spesa import service as spesa
from capofila.web.contesto import VoceMenu, anno_richiesto, costruisci_pagina, rispondi
from capofila.web.formati import importo
from capofila.web.pagina import Colonna

Richiesta = Request[Any, Any, Any]

MENU: Final = (
    VoceMenu(
        titolo="Riparto dei fondi", percorso="riparto", permesso="riparto.vedi",
        gruppo="Spesa sociale", icona="pa", ordine=48,
    ),
)  # fmt: skip
_VEDI: Final = {"permesso": "riparto.vedi", "unita": "lettura"}
_NUOVO: Final = "/{ambito:str}/riparto/nuovo/{anno:int}/{codice:str}"
Errori = list[tuple[str, str]]


def _base() -> str:
    return f"/{visita_corrente().nell_ambito.slug}/riparto"


@get("/{ambito:str}/riparto", opt=_VEDI)
async def elenco(request: Richiesta) -> Template:
    """The criteria for the funds of a year, and what was approved."""
    anno = anno_richiesto(request)
    return rispondi(
        request,
        "riparto/elenco.html",
        costruisci_pagina(
            request, "Riparto dei fondi", con_anno=True,
            sommario="Fra chi si divide un fondo, con quali criteri, e quanto tocca a ciascuno.",
        ),
        anno=anno,
        criteri=await service.criteri(anno),
        approvati=await service.approvati(),
        base=_base(),
        colonne=(
            Colonna("Fondo"), Colonna("Anno", tipo="numero"), Colonna("Versione", tipo="numero"),
            Colonna("Importo", tipo="numero"), Colonna("Atto"), Colonna("Stato"),
        ),
    )  # fmt: skip


class Scritto(msgspec.Struct, kw_only=True):
    """The form as it was typed, and what it says."""

    testi: Mapping[str, str]
    errori: Errori = []
    fondo: Decimal = Decimal(0)
    valori: dict[str, dict[str, Decimal]] = {}


class _Quadro(msgspec.Struct, frozen=True):
    """What the form is about: the criteria, those they are compared with, who and which figures."""

    anno: int
    scelti: CriteriRiparto
    altri: tuple[CriteriRiparto, ...]
    confronto: CriteriRiparto | None
    chi: tuple[service.Chi, ...]
    chiede: tuple[Grandezza, ...]


async def _quadro(anno: int, codice: str, confronta: str) -> _Quadro:
    scelti = await service.uno_dei_criteri(anno, codice)
    altri = tuple(
        uno
        for uno in await service.criteri(anno)
        if uno.codice != codice and (uno.fondo, uno.fra) == (scelti.fondo, scelti.fra)
        and uno.servizi == scelti.servizi
    )  # fmt: skip
    confronto = next((uno for uno in altri if uno.codice == confronta), None)
    if confronta and confronto is None:
        raise NonTrovato("I criteri con cui confrontare non ci sono: scegline dall’elenco.")
    chiede = {una.codice: una for una in await service.da_scrivere(scelti, anno)}
    for una in await service.da_scrivere(confronto, anno) if confronto else ():
        chiede.setdefault(una.codice, una)
    chi = await service.fra_chi(scelti, anno)
    return _Quadro(anno, scelti, altri, confronto, chi, tuple(chiede.values()))


def _leggi(testi: Mapping[str, str], quadro: _Quadro) -> Scritto:
    scritto = Scritto(testi=testi, errori=[], valori={})
    letto = leggi_importo(testi.get("importo", ""))
    if letto is None or isinstance(letto, Rifiuto):
        detto = "scriverlo, come 120000,00" if letto is None else letto.messaggio
        scritto.errori.append(("importo", f"Importo del fondo: {detto}"))
    else:
        scritto.fondo = Decimal(letto)
    for una in quadro.chiede:
        scritto.valori[una.codice] = {}
        for uno in quadro.chi:
            nome = f"v-{una.codice}-{uno.codice}"
            testo = testi.get(nome, "").strip()
            valore = {"si": "1", "no": "0"}.get(testo, testo) if una.si_no else testo
            cifra = leggi_importo(valore)
            if cifra is None or isinstance(cifra, Rifiuto):
                detto = "manca, se non ce n’è scrivere 0" if cifra is None else cifra.messaggio
                scritto.errori.append((nome, f"{una.denominazione} di {uno.nome}: {detto}"))
            else:
                scritto.valori[una.codice][uno.codice] = Decimal(cifra)
    return scritto


async def _nuovo(
    request: Richiesta,
    quadro: _Quadro,
    scritto: Scritto,
    vista: Traccia | None = None,
    altra: Traccia | None = None,
    stato: int = 200,
) -> Template:
    scelti, puo = quadro.scelti, visita_corrente().puo("riparto.approva")
    pagina = costruisci_pagina(
        request, f"{scelti.nome_fondo} {quadro.anno}", sommario=scelti.denominazione,
        briciole=[("Riparto dei fondi", f"{_base()}?anno={quadro.anno}")],
        con_errori=bool(scritto.errori),
    )  # fmt: skip
    return rispondi(
        request,
        "riparto/nuovo.html",
        pagina,
        stato=stato,
        quadro=quadro,
        scelti=scelti,
        testi=scritto.testi,
        errori=scritto.errori,
        sbagli=dict(reversed(scritto.errori)),
        vista=vista,
        altra=altra,
        visto=congela(vista)[1] if vista else "",
        atto=await service.atto_di(scelti, quadro.anno) if vista and puo else None,
        puo=puo,
        qui=f"{_base()}/nuovo/{quadro.anno}/{scelti.codice}",
        torna=f"{_base()}?anno={quadro.anno}",
        **(_tavola(vista.esito, altra.esito if altra else None) if vista else {}),
    )


def _tavola(esito: Esito, altro: Esito | None = None) -> dict[str, Any]:
    """The table of a riparto: a column a part, or the two results side by side."""
    titoli: tuple[str, ...] = ("Questi criteri", "Gli altri", "Differenza")
    righe: list[tuple[str, tuple[Decimal, ...]]]
    if altro is not None:
        di_la = {una.codice: una.importo for una in altro.assegnazioni}
        righe = [
            (u.nome, (u.importo, di_la[u.codice], u.importo - di_la[u.codice]))
            for u in esito.assegnazioni
        ]
    else:
        titoli = (*(parte.denominazione for parte in esito.assegnazioni[0].parti), "Riceve")
        righe = [
            (u.nome, (*(parte.importo for parte in u.parti), u.importo)) for u in esito.assegnazioni
        ]
    return {
        "colonne": [Colonna("A chi"), *(Colonna(titolo, tipo="numero") for titolo in titoli)],
        "righe": righe,
    }


@get(_NUOVO, opt=_VEDI)
async def nuovo(request: Richiesta, anno: FromPath[int], codice: FromPath[str]) -> Template:
    """The form of a fund: its amount, and the figures that the Ufficio di Piano knows."""
    confronta = request.query_params.get("confronta", "")
    return await _nuovo(
        request, await _quadro(anno, codice, confronta), Scritto(testi={"confronta": confronta})
    )


@post(_NUOVO, opt={"permesso": "riparto.vedi"}, status_code=200)
async def simula(
    request: Richiesta, anno: FromPath[int], codice: FromPath[str]
) -> Template | Redirect:
    """Show what everybody gets, and write nothing.

    Raises:
        NonTrovato: no such criteria for that year.
    """
    return await _prova(request, anno, codice)


@post(f"{_NUOVO}/approva", opt={"permesso": "riparto.approva"}, status_code=200)
async def approva(
    request: Richiesta, anno: FromPath[int], codice: FromPath[str]
) -> Template | Redirect:
    """Keep what was seen; what differs from it is shown again instead.

    Raises:
        NonTrovato: no such criteria for that year.
    """
    return await _prova(request, anno, codice, approva=True)


async def _prova(
    request: Richiesta, anno: int, codice: str, *, approva: bool = False
) -> Template | Redirect:
    testi = {
        nome: valore.replace("\0", "")[:300]
        for nome, valore in (await request.form()).multi_items()
        if isinstance(valore, str)
    }
    quadro = await _quadro(anno, codice, testi.get("confronta", ""))
    scritto = _leggi(testi, quadro)
    if scritto.errori:
        return await _nuovo(request, quadro, scritto, stato=422)
    vista: Traccia | None = None
    altra: Traccia | None = None
    try:
        vista = await service.simula(anno, quadro.scelti, scritto.fondo, scritto.valori)
        if quadro.confronto is not None:
            altra = await service.simula(anno, quadro.confronto, scritto.fondo, scritto.valori)
        if not approva or testi.get("visto") != congela(vista)[1]:
            return await _nuovo(request, quadro, scritto, vista, altra)
        async with unita_corrente().punto_di_ritorno():
            id_ = await service.approva(vista, _atto(testi))
    except (DatiNonValidi, Conflitto) as errore:
        scritto.errori.append(("", errore.messaggio))
        return await _nuovo(request, quadro, scritto, vista, altra, stato=422)
    await aggiungi_messaggio(
        "riuscito", f"Approvato: {importo(vista.esito.ripartito)} fra {len(quadro.chi)}."
    )
    return Redirect(f"{_base()}/{id_}", status_code=303)


def _atto(testi: Mapping[str, str]) -> service.Atto | None:
    giorno = leggi_data(testi.get("atto_data", ""))
    if giorno is None or isinstance(giorno, Rifiuto):
        return None
    return service.Atto(cita=testi.get("atto", ""), data=service.giorno(giorno))


@get("/{ambito:str}/riparto/{id_:int}", opt=_VEDI)
async def uno(request: Richiesta, id_: FromPath[int]) -> Template:
    """A riparto as it was approved."""
    approvato, traccia = await service.approvato(id_)
    return rispondi(
        request,
        "riparto/uno.html",
        costruisci_pagina(
            request, f"{approvato.nome_fondo} {approvato.anno}",
            sommario=traccia.criteri.denominazione,
            briciole=[("Riparto dei fondi", f"{_base()}?anno={approvato.anno}")],
        ),
        approvato=approvato,
        vista=traccia,
        uguale=service.rifatto_uguale(traccia),
        qui=f"{_base()}/{id_}",
        deliberazioni=f"/{visita_corrente().nell_ambito.slug}/deliberazioni",
        **_tavola(traccia.esito),
    )  # fmt: skip


@get("/{ambito:str}/riparto/{id_:int}/riparto.csv", opt=_VEDI)
async def in_csv(id_: FromPath[int]) -> Response[bytes]:
    """A riparto as it was approved, one figure a line."""
    approvato, traccia = await service.approvato(id_)
    return _file(approvato, spesa.csv_di([service.tavola(traccia)]), "text/csv", "csv")


@get("/{ambito:str}/riparto/{id_:int}/riparto.xlsx", opt=_VEDI)
async def in_xlsx(id_: FromPath[int]) -> Response[bytes]:
    """A riparto as it was approved, with its explanations."""
    approvato, traccia = await service.approvato(id_)
    documento = spesa.Documento(
        titolo=f"{approvato.nome_fondo} {approvato.anno}", sottotitolo=approvato.atto,
        tavole=[service.tavola(traccia)], note=service.spiegazioni(traccia),
    )  # fmt: skip
    return _file(approvato, spesa.xlsx_di(documento), spesa.XLSX, "xlsx")


def _file(
    approvato: service.Approvato, contenuto: bytes, tipo: str, estensione: str
) -> Response[bytes]:
    nome = f"riparto-{approvato.fondo}-{approvato.anno}-v{approvato.versione}.{estensione}"
    return Response(
        contenuto,
        media_type=tipo,
        headers={"Content-Disposition": f'attachment; filename="{nome}"'},
    )


ROTTE: Final[Sequence[Any]] = (elenco, nuovo, simula, approva, uno, in_csv, in_xlsx)

router = Router(path="/", route_handlers=[*ROTTE])
