"""A tiny site that shows every component of the shell, with invented data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, get, post
from litestar.exceptions import HTTPException
from litestar.response import Response, Template

from capofila.web import grafici
from capofila.web.ambiente import template_config
from capofila.web.errori import error_response, http_error
from capofila.web.formati import numero
from capofila.web.intestazioni import security_headers
from capofila.web.pagina import Ambito, Briciola, Colonna, Messaggio, Pagina, Utente, Voce
from capofila.web.statici import Statici

AMBITI = (
    Ambito(
        "crema",
        "Ambito di Crema",
        "/",
        "Comune di Crema",
        "Responsabile dell’Ufficio di Piano",
        "/accessibilita/crema",
        "/privacy/crema",
    ),
    Ambito("cremona", "Ambito di Cremona", "/?ambito=cremona", "Comune di Cremona", "Operatore"),
    Ambito(
        "casalmaggiore",
        "Ambito Oglio Po di Casalmaggiore",
        "/?ambito=casalmaggiore",
        "Consorzio Casalasco Servizi Sociali",
        "Operatore",
    ),
)
MENU = (
    Voce("Da fare oggi", "/oggi", icona="inbox", conteggio=12),
    Voce("Prestazioni", "/", True, "Debito informativo", "list"),
    Voce("Importazioni", "/importazioni", False, "Debito informativo", "upload"),
    Voce("Esportazioni", "/esportazioni", False, "Debito informativo", "download", 1),
    Voce("Scadenze", "/scadenze", False, "Debito informativo", "calendar"),
    Voce("Comuni e sub-ambiti", "/territorio", False, "Territorio", "map-marker"),
    Voce("Enti", "/enti", False, "Territorio", "pa"),
    Voce("Utenti e ruoli", "/utenti", False, "Amministrazione", "user"),
    Voce("Registro delle operazioni", "/registro", False, "Amministrazione", "note"),
)
COLONNE = (
    Colonna("Beneficiario", "beneficiario"),
    Colonna("Codice fiscale"),
    Colonna("Comune", "comune"),
    Colonna("Prestazione", "prestazione"),
    Colonna("Data", "data"),
    Colonna("Importo", "importo", "numero"),
    Colonna("Quota utente", "quota", "numero"),
    Colonna("Stato"),
)
STATI = (
    ("Valida", "buono"),
    ("Da completare", "attenzione"),
    ("Errata", "errore"),
    ("In attesa", "attesa"),
    ("In corso", "corso"),
    ("Bozza", "neutro"),
    ("Inviata", "chiuso"),
)
_COGNOMI = ("D’Angelo", "Bianchi Ferrari", "Șerban", "Rossi", "Müller", "Èrcoli", "El Amrani")
_COMUNI = ("Crema", "Bagnolo Cremasco", "Casaletto Ceredano", "Offanengo", "Pandino")
_PRESTAZIONI = (
    "Assistenza domiciliare (SAD)",
    "Retta per struttura residenziale",
    "Contributo economico a integrazione del reddito",
    "Centro diurno disabili",
)


@dataclass(frozen=True)
class Riga:
    nome: str
    codice: str
    comune: str
    prestazione: str
    giorno: date
    importo: Decimal
    quota: Decimal | None
    stato: tuple[str, str]


RIGHE = tuple(
    Riga(
        f"{_COGNOMI[n % 7]} {'Maria Grazia' if n % 2 else 'Ivo'}",
        f"RSSMRA{40 + n}A41D142K",
        _COMUNI[n % 5],
        _PRESTAZIONI[n % 4],
        date(2025, 1 + n % 12, 1 + n % 28),
        Decimal(n * 13717 % 250000) / 100 - (50 if n == 4 else 0),
        None if n % 6 == 5 else Decimal(n * 311 % 9000) / 100,
        STATI[n % 7],
    )
    for n in range(50)
)


def surroundings(request: Request[Any, Any, Any], titolo: str, **altro: Any) -> Pagina:
    url = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    valori: dict[str, Any] = {
        "titolo": titolo,
        "url": url,
        "ambito": AMBITI[0],
        "ambiti": AMBITI,
        "anno": int(request.query_params.get("anno", "2025")),
        "anni": (2026, 2025, 2024, 2023),
        "menu": MENU,
        "briciole": (Briciola("Ambito di Crema", "/"), Briciola(titolo)),
        "utente": Utente("Maria Cristina Bianchi", "Responsabile dell’Ufficio di Piano"),
        "csrf_token": "gettone",
        "dimostrazione": True,
        "aggiornato_il": date(2025, 11, 21),
    }
    return Pagina(**(valori | altro))


def _lista(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return {
        "pagina": surroundings(
            request,
            "Prestazioni sociali",
            sommario="Le prestazioni erogate dai comuni dell’ambito, per il Casellario "
            "dell’assistenza (SIUSS).",
        ),
        "righe": RIGHE,
        "colonne": COLONNE,
        "ordine": request.query_params.get("ordina", "-data"),
        "numero_pagina": int(request.query_params.get("pagina", "1")),
    }


@get("/", sync_to_thread=False)
def elenco(request: Request[Any, Any, Any]) -> Template:
    nome = "risultati" if request.headers.get("hx-request") else "elenco"
    return Template(f"prova/{nome}.html", context=_lista(request))


@get("/catalogo", sync_to_thread=False)
def catalogo(request: Request[Any, Any, Any]) -> Template:
    messaggi = tuple(
        Messaggio(tipo, testo)  # type: ignore[arg-type]
        for tipo, testo in (
            ("riuscito", "L’importazione è finita: 1.204 prestazioni registrate."),
            ("avviso", "Mancano 3 giorni alla scadenza del flusso SIUSS."),
            ("errore", "Il file non è stato caricato."),
            ("informazione", "I comuni fusi nel 2019 compaiono con il nome di oggi."),
        )
    )
    return Template(
        "prova/catalogo.html",
        context={
            "pagina": surroundings(request, "Catalogo", messaggi=messaggi, con_errori=True),
            "stati": STATI,
            "momento": datetime(2025, 3, 12, 13, 5, tzinfo=UTC),
            "colonne": COLONNE[:1] + COLONNE[4:],
            "righe": RIGHE[:5],
        },
    )


@get("/grafici", sync_to_thread=False)
def grafici_(request: Request[Any, Any, Any]) -> Template:
    importi = {"Anziani": (70, 50), "Disabili": (40, 0), "Minori e famiglia": (3, 90)}
    centri = {"Crema": (9.69, 45.36), "Pandino": (9.55, 45.41), "Soncino": (9.87, 45.40),
              "Offanengo": (9.74, 45.38), "Castelleone": (9.76, 45.30), "Bagnolo": (9.61, 45.36)}  # fmt: skip
    luoghi: dict[str, Any] = {n: {"type": "Point", "coordinates": p} for n, p in centri.items()}
    luoghi["Pandino"] = {
        "type": "Polygon",
        "coordinates": [
            [[9.53, 45.43], [9.58, 45.42], [9.57, 45.39], [9.52, 45.40], [9.53, 45.43]]
        ],
    }
    valori: dict[str, int | None] = {n: 80 + 7 * i for i, n in enumerate(centri)}
    valori["Soncino"] = None
    serie = [
        grafici.Serie(nome, {anno: None if anno == 2022 else inizio + 5 * (anno - 2019) - n * n
                             for anno in range(2019, 2026)})
        for n, (nome, inizio) in enumerate([("Ambito", 90), ("Senza", 80), ("Media", 70)])
    ]  # fmt: skip
    return Template(
        "prova/grafici.html",
        context={
            "pagina": surroundings(request, "Grafici"),
            "colonne": (Colonna("Area"), Colonna("Associata e singola"), Colonna("Spesa", tipo="numero")),
            "aree": [
                (nome, [Decimal(v) * 1000 for v in due], grafici.barra(due, 120))
                for nome, due in importi.items()
            ],
            "linee": grafici.linee(serie),
            "mappa": grafici.mappa(luoghi), "classi": grafici.classi(valori),
            "nomi": {n: n for n in valori}, "valori": valori,
            "formato": lambda v: f"{numero(Decimal(v), 0)} €",
            "indirizzo_di": lambda n: f"/?comune={n}",
        },
    )  # fmt: skip


@get("/accesso", sync_to_thread=False)
def accesso(request: Request[Any, Any, Any]) -> Template:
    rifiutato = "rifiutato" in request.query_params
    utenti = (("udp.crema", "Responsabile dell’Ufficio di Piano"), ("comune.crema", "Operatore"))
    return Template(
        "accesso.html",
        context={
            "pagina": Pagina(
                titolo="Accedi",
                csrf_token="gettone",
                dimostrazione=True,
                link_accessibilita="/accessibilita",
                link_privacy="/privacy",
            ),
            "azione": "/accesso",
            "nome_utente": "m.bianchi" if rifiutato else "",
            "rifiutato": rifiutato,
            "attesa": int(request.query_params.get("attesa", "0")),
            "avanti": "/crema",
            "conti_dimostrazione": () if "senza_conti" in request.query_params else utenti,
        },
    )


@get("/scelta", sync_to_thread=False)
def scelta(request: Request[Any, Any, Any]) -> Template:
    pagina = surroundings(
        request,
        "Scegli l’ambito",
        sommario="Lavori per più ambiti: da dove vuoi cominciare?",
        ambito=None,
        ambiti=() if "nessuno" in request.query_params else AMBITI,
        anno=None,
        menu=(),
        briciole=(),
    )
    return Template("scelta_ambito.html", context={"pagina": pagina})


@get("/errore/{codice:int}", sync_to_thread=False)
def errore(request: Request[Any, Any, Any]) -> Response[Any]:
    codice = int(request.path_params["codice"])
    return error_response(request, codice, traccia="4bf92f3577b34da6a3ce929d0e0e4736")


@post("/valida", sync_to_thread=False, status_code=422)
def valida() -> Template:
    return Template("prova/modulo_errato.html", status_code=422)


@post("/ricevuto", sync_to_thread=False)
def ricevuto(request: Request[Any, Any, Any]) -> dict[str, str | None]:
    return {"csrf": request.headers.get("x-csrftoken")}


@get("/rotto", sync_to_thread=False)
def rotto() -> None:
    raise RuntimeError("un guasto con il nome di Mario Rossi")


def _guasto(request: Request[Any, Any, Any], _: Exception) -> Response[Any]:
    return error_response(request, 500, traccia="4bf92f3577b34da6a3ce929d0e0e4736")


def build_app() -> Litestar:
    statici = Statici()
    return Litestar(
        [
            elenco,
            catalogo,
            grafici_,
            accesso,
            scelta,
            errore,
            valida,
            ricevuto,
            rotto,
            statici.handler(),
        ],
        template_config=template_config(
            statici, {"prova": Path(__file__).parent / "modelli"}, sviluppo=False
        ),
        before_send=[security_headers()],
        exception_handlers={HTTPException: http_error, 500: _guasto},
        openapi_config=None,
    )
