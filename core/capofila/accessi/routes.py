"""Log-in, choice of the ambito, own profile, audit of an ambito, accounts of the platform."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final

from litestar import Request, Router, get, post
from litestar.datastructures import Cookie, FormMultiDict
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Response, Template

from capofila.accessi import rules, service
from capofila.accessi.service import COOKIE, AccessoNegato, AccessoSospeso, DatiUtenteNonValidi
from capofila.base.errori import NonTrovato
from capofila.base.impostazioni import impostazioni
from capofila.base.visita import NOMI_RUOLO, Visita, visita_corrente
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.pagina import Ambito, Colonna

MENU: Final = (
    VoceMenu(
        titolo="Registro delle operazioni",
        percorso="registro",
        permesso="registro.vedi",
        gruppo="Ambito",
        icona="list",
        ordine=90,
    ),
    VoceMenu(
        titolo="Utenti",
        percorso="/amministrazione/utenti",
        permesso="piattaforma.amministra",
        gruppo="Piattaforma",
        icona="user",
        ordine=95,
    ),
)
"""The entries of this room in the menu."""

PER_PAGINA: Final = 50
_MODULO_PICCOLO: Final = 16 * 1024

Richiesta = Request[Any, Any, Any]
NumeroPagina = Annotated[int, QueryParameter(name="pagina", ge=1, le=100_000)]


def cookie_sessione(token: str) -> Cookie:
    """The session cookie: of this browser session, unreadable to scripts, of this site only."""
    return Cookie(
        key=COOKIE,
        value=token,
        path="/",
        httponly=True,
        samesite="lax",
        secure=impostazioni().https,
    )


def _cookie_tolto() -> Cookie:
    return Cookie(
        key=COOKIE,
        value="",
        path="/",
        httponly=True,
        samesite="lax",
        secure=impostazioni().https,
        max_age=0,
        expires=0,
    )


def _testo(modulo: FormMultiDict, nome: str) -> str:
    valore = modulo.get(nome, "")
    return valore if isinstance(valore, str) else ""


def _indirizzo(richiesta: Richiesta) -> str:
    return richiesta.client.host if richiesta.client is not None else ""


def _pagina_accesso(
    richiesta: Richiesta,
    stato: int = 200,
    *,
    avanti: str,
    nome_utente: str = "",
    attesa: int = 0,
) -> Template:
    conti = richiesta.app.state.get("conti_dimostrazione") or ()
    return rispondi(
        richiesta,
        "accesso.html",
        costruisci_pagina(richiesta, "Accedi", con_errori=stato >= 400),
        stato=stato,
        azione="/accesso",
        avanti="" if avanti == "/" else avanti,
        nome_utente=nome_utente,
        rifiutato=stato == 401,
        attesa=attesa,
        conti_dimostrazione=list(conti) if impostazioni().dimostrazione else [],
    )


@get("/accesso", opt={"permesso": "pubblico", "unita": "nessuna"}, include_in_schema=False)
async def pagina_accesso(request: Richiesta, poi: FromQuery[str] = "") -> Template:
    """The log-in; ``poi`` says where to go on."""
    return _pagina_accesso(request, avanti=rules.percorso_locale(poi))


@post(
    "/accesso",
    opt={"permesso": "pubblico", "unita": "nessuna"},
    request_max_body_size=_MODULO_PICCOLO,
    include_in_schema=False,
)
async def accedi(request: Richiesta) -> Response[Any]:
    """Log in with name and password."""
    modulo = await request.form()
    nome, avanti = _testo(modulo, "nome_utente"), rules.percorso_locale(_testo(modulo, "avanti"))
    try:
        ingresso = await service.entra(
            nome,
            _testo(modulo, "password"),
            _indirizzo(request),
            vecchio_token=request.cookies.get(COOKIE),
            traccia=visita_corrente().traccia,
        )
    except AccessoNegato:
        return _pagina_accesso(request, 401, avanti=avanti, nome_utente=nome[:120])
    except AccessoSospeso as errore:
        risposta = _pagina_accesso(
            request, 429, avanti=avanti, nome_utente=nome[:120], attesa=errore.attesa
        )
        risposta.headers["retry-after"] = str(errore.attesa)
        return risposta
    return Redirect(avanti, status_code=303, cookies=[cookie_sessione(ingresso.token)])


@post(
    "/esci",
    opt={"permesso": "pubblico", "unita": "nessuna"},
    request_max_body_size=_MODULO_PICCOLO,
    include_in_schema=False,
)
async def esci(request: Richiesta) -> Redirect:
    """Log out; also when the session had already ended."""
    await service.esci(request.cookies.get(COOKIE), traccia=visita_corrente().traccia)
    return Redirect(
        "/accesso",
        status_code=303,
        cookies=[_cookie_tolto()],
        # Cookies are left out: the CSRF one is needed by the page that comes next.
        headers={"Clear-Site-Data": '"cache", "storage"'},
    )


def _altre_mete(visita: Visita) -> list[Ambito]:
    """The places that are no ambito: the agencies, the administration of the platform."""
    mete = [
        Ambito(slug=slug, nome=nome, href=f"/ats/{slug}", ruolo=NOMI_RUOLO["analista_ats"])
        for _, slug, nome in visita.ats
    ]
    if visita.amministratore:
        mete.append(
            Ambito(
                slug="",
                nome="Amministrazione",
                href="/amministrazione/utenti",
                ruolo=NOMI_RUOLO["amministratore"],
            )
        )
    return mete


@get("/", opt={"permesso": "accesso", "unita": "lettura"}, include_in_schema=False)
async def casa(request: Richiesta) -> Response[Any]:
    """Choose where to work; with one place only, go there."""
    pagina = costruisci_pagina(request, "Scegli l’ambito")
    mete = [*pagina.ambiti, *_altre_mete(visita_corrente())]
    if len(mete) == 1:
        return Redirect(mete[0].href, status_code=303)
    return rispondi(request, "scelta_ambito.html", replace(pagina, ambiti=tuple(mete)))


def _pagina_profilo(
    richiesta: Richiesta, stato: int = 200, errori: dict[str, str] | None = None
) -> Template:
    return rispondi(
        richiesta,
        "accessi/profilo.html",
        costruisci_pagina(richiesta, "Il tuo profilo", con_errori=bool(errori)),
        stato=stato,
        errori=errori or {},
        incarichi=[
            (meta.nome, meta.ruolo)
            for meta in (*costruisci_pagina(richiesta, "").ambiti, *_altre_mete(visita_corrente()))
        ],
    )


@get("/profilo", opt={"permesso": "accesso", "unita": "lettura"}, include_in_schema=False)
async def profilo(request: Richiesta) -> Template:
    """Who I am here, and the form to change my password."""
    return _pagina_profilo(request)


@post(
    "/profilo",
    opt={"permesso": "accesso", "unita": "nessuna"},
    request_max_body_size=_MODULO_PICCOLO,
    include_in_schema=False,
)
async def cambia_parola(request: Richiesta) -> Response[Any]:
    """Change my password; my other sessions end."""
    modulo, visita = await request.form(), visita_corrente()
    nuova = _testo(modulo, "nuova")
    if nuova != _testo(modulo, "ripeti"):
        return _pagina_profilo(
            request, 422, {"ripeti": "Le due nuove password non sono uguali: scrivile di nuovo."}
        )
    try:
        ingresso = await service.cambia_parola(
            visita.utente_id or 0,
            _testo(modulo, "attuale"),
            nuova,
            _indirizzo(request),
            traccia=visita.traccia,
            messaggio=("riuscito", "La password è cambiata. Le altre tue sessioni sono finite."),
        )
    except DatiUtenteNonValidi as errore:
        return _pagina_profilo(request, 422, errore.campi)
    except AccessoSospeso as errore:
        return _pagina_profilo(request, 429, {"attuale": errore.messaggio})
    return Redirect("/profilo", status_code=303, cookies=[cookie_sessione(ingresso.token)])


@get(
    "/{ambito:str}/registro",
    opt={"permesso": "registro.vedi", "unita": "lettura"},
    include_in_schema=False,
)
async def registro(request: Richiesta, ambito: FromPath[str], numero: NumeroPagina = 1) -> Template:
    """The audit of the ambito, the newest first."""
    voci, totale = await service.leggi_registro(numero, PER_PAGINA)
    pagine = max(1, -(-totale // PER_PAGINA))
    if numero > pagine:
        raise NonTrovato("Il registro non ha così tante pagine.")
    return rispondi(
        request,
        "accessi/registro.html",
        costruisci_pagina(
            request,
            "Registro delle operazioni",
            sommario="Chi ha fatto che cosa, e quando. Nessuno può modificarlo.",
        ),
        operazioni=voci,
        totale=totale,
        numero=numero,
        pagine=pagine,
        per_pagina=PER_PAGINA,
        colonne=(
            Colonna("Quando"),
            Colonna("Chi"),
            Colonna("Operazione"),
            Colonna("Oggetto"),
            Colonna("Dettagli"),
        ),
    )


_RUOLI: Final = tuple((ruolo, NOMI_RUOLO[ruolo]) for ruolo in rules.RUOLI_CONFERIBILI)
_CAMPI_UTENTE: Final = ("nome_accesso", "nome", "ruolo", "ambito", "comune", "ats")
_CAMPI_INCARICO: Final = ("utente", "ruolo", "ambito", "comune", "ats")


async def _pagina_utenti(
    richiesta: Richiesta,
    stato: int = 200,
    *,
    valori: dict[str, str] | None = None,
    errori: dict[str, str] | None = None,
) -> Template:
    utenti = await service.elenca_utenti()
    ambiti, ats = await service.ambiti_e_ats()
    return rispondi(
        richiesta,
        "accessi/utenti.html",
        costruisci_pagina(
            richiesta,
            "Utenti della piattaforma",
            con_errori=bool(errori),
        ),
        stato=stato,
        utenti=utenti,
        persone=[(u.id, f"{u.nome} ({u.nome_accesso})") for u in utenti if u.attivo],
        nomi_ruolo=NOMI_RUOLO,
        ruoli=_RUOLI,
        ruoli_incarico=[r for r in _RUOLI if r[0] != "amministratore"],
        ambiti=ambiti,
        ats=ats,
        valori=valori or {},
        errori=errori or {},
        colonne=(
            Colonna("Persona"),
            Colonna("Nome utente"),
            Colonna("Incarichi"),
            Colonna("Ultimo accesso"),
            Colonna("Stato"),
            Colonna("Azioni"),
        ),
    )


@get(
    "/amministrazione/utenti",
    opt={"permesso": "piattaforma.amministra", "unita": "lettura"},
    include_in_schema=False,
)
async def utenti(request: Richiesta) -> Template:
    """The accounts of the platform, and the forms to add one or a charge."""
    return await _pagina_utenti(request)


@post(
    "/amministrazione/utenti",
    opt={"permesso": "piattaforma.amministra"},
    request_max_body_size=_MODULO_PICCOLO,
    include_in_schema=False,
)
async def nuovo_utente(request: Richiesta) -> Response[Any]:
    """Add an account with its first charge."""
    modulo = await request.form()
    valori = {campo: _testo(modulo, campo) for campo in _CAMPI_UTENTE}
    try:
        await service.aggiungi_utente(
            valori["nome_accesso"],
            valori["nome"],
            _testo(modulo, "parola"),
            valori["ruolo"] or None,
            valori["ambito"] or None,
            valori["comune"] or None,
            ats=valori["ats"] or None,
        )
    except DatiUtenteNonValidi as errore:
        return await _pagina_utenti(request, 422, valori=valori, errori=errore.campi)
    await service.aggiungi_messaggio(
        "riuscito", f"L'utente «{rules.normalizza_nome(valori['nome_accesso'])}» è stato creato."
    )
    return Redirect("/amministrazione/utenti", status_code=303)


@post(
    "/amministrazione/incarichi",
    opt={"permesso": "piattaforma.amministra"},
    request_max_body_size=_MODULO_PICCOLO,
    include_in_schema=False,
)
async def nuovo_incarico(request: Richiesta) -> Response[Any]:
    """Give an account one more charge."""
    modulo = await request.form()
    valori = {campo: _testo(modulo, f"incarico_{campo}") for campo in _CAMPI_INCARICO}
    try:
        if not valori["utente"].isascii() or not valori["utente"].isdigit():
            raise DatiUtenteNonValidi({"utente": "Scegli la persona a cui dare l'incarico."})
        await service.assegna_incarico(
            int(valori["utente"][:18]),
            valori["ruolo"],
            valori["ambito"] or None,
            valori["comune"] or None,
            ats=valori["ats"] or None,
        )
    except DatiUtenteNonValidi as errore:
        return await _pagina_utenti(
            request,
            422,
            valori={f"incarico_{campo}": valore for campo, valore in valori.items()},
            errori={f"incarico_{campo}": testo for campo, testo in errore.campi.items()},
        )
    await service.aggiungi_messaggio("riuscito", "L'incarico è stato assegnato.")
    return Redirect("/amministrazione/utenti", status_code=303)


@get(
    "/amministrazione/utenti/{utente:int}/disattiva",
    opt={"permesso": "piattaforma.amministra", "unita": "lettura"},
    include_in_schema=False,
)
async def chiedi_disattivazione(request: Richiesta, utente: FromPath[int]) -> Template:
    """Ask before an account is switched off."""
    scelto = next((u for u in await service.elenca_utenti() if u.id == utente and u.attivo), None)
    if scelto is None:
        raise NonTrovato("Questo utente non esiste, oppure è già disattivato.")
    return rispondi(
        request,
        "accessi/disattiva.html",
        costruisci_pagina(
            request, "Disattiva utente", briciole=[("Utenti", "/amministrazione/utenti")]
        ),
        scelto=scelto,
    )


@post(
    "/amministrazione/utenti/{utente:int}/disattiva",
    opt={"permesso": "piattaforma.amministra"},
    request_max_body_size=_MODULO_PICCOLO,
    include_in_schema=False,
)
async def disattiva(request: Richiesta, utente: FromPath[int]) -> Redirect:
    """Switch an account off; its sessions end at once."""
    await service.disattiva(utente)
    await service.aggiungi_messaggio("riuscito", "L'utente è stato disattivato.")
    return Redirect("/amministrazione/utenti", status_code=303)


router = Router(
    "/",
    route_handlers=[
        pagina_accesso,
        accedi,
        esci,
        casa,
        profilo,
        cambia_parola,
        registro,
        utenti,
        nuovo_utente,
        nuovo_incarico,
        chiedi_disattivazione,
        disattiva,
    ],
)
