"""The middleware: who may open what, and an answer that is never sent before its commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar, Request, get, post, websocket
from litestar.background_tasks import BackgroundTask
from litestar.connection import WebSocket
from litestar.response import Response, ServerSentEvent, Stream
from tests.accessi.conftest import Navigatore, Persone, nuovo, piccola_app
from tests.accessi.test_accesso import come_superutente

from capofila.accessi import service
from capofila.accessi.mezzo import PICCOLO_CORPO, MezzoAccessi, verifica_rotte
from capofila.base.database import MOTORE, Contesto, unita_corrente, unita_di_lavoro
from capofila.base.errori import ConfigurazioneNonSicura, Conflitto, FuoriUnitaDiLavoro
from capofila.base.visita import TIENI, Visita, visita_corrente

pytestmark = pytest.mark.anyio

CHI = (
    None, "nora.ness", "carlo.comu", "olga.oper", "rita.resp", "vera.cremo", "aldo.anal",
    "anna.ammi",
)  # fmt: skip
"""Nobody, no charge, comune, operatore, responsabile, responsabile of Cremona, ATS, platform."""

MATRICE: list[tuple[str, str, tuple[int, ...]]] = [
    ("GET", "/salute", (200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "/aperta", (200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "/accesso", (200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "/", (401, 200, 303, 303, 303, 303, 303, 303)),
    ("GET", "/profilo", (401, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "/crema/prestazioni", (401, 404, 200, 200, 200, 404, 404, 404)),
    ("POST", "/crema/prestazioni", (401, 404, 201, 201, 201, 404, 404, 404)),
    ("GET", "/crema/debito", (401, 404, 403, 200, 200, 404, 404, 404)),
    ("POST", "/crema/debito/invia", (401, 404, 403, 403, 201, 404, 404, 404)),
    ("GET", "/crema/gestione", (401, 404, 403, 403, 200, 404, 404, 404)),
    ("GET", "/crema/registro", (401, 404, 403, 403, 200, 404, 404, 404)),
    ("GET", "/cremona/registro", (401, 404, 404, 404, 404, 200, 404, 404)),
    ("GET", "/inesistente/registro", (401, 404, 404, 404, 404, 404, 404, 404)),
    ("GET", "/ats/valpadana", (401, 403, 403, 403, 403, 403, 200, 403)),
    ("GET", "/ats/altra", (401, 403, 403, 403, 403, 403, 404, 403)),
    ("GET", "/amministrazione/utenti", (401, 403, 403, 403, 403, 403, 403, 200)),
    ("POST", "/amministrazione/utenti", (401, 403, 403, 403, 403, 403, 403, 422)),
    ("POST", "/amministrazione/incarichi", (401, 403, 403, 403, 403, 403, 403, 422)),
    ("GET", "/amministrazione/utenti/1/disattiva", (401, 403, 403, 403, 403, 403, 403, 200)),
    ("POST", "/amministrazione/utenti/99/disattiva", (401, 403, 403, 403, 403, 403, 403, 404)),
]


async def test_ogni_ruolo_apre_solo_le_sue_pagine(naviga: Navigatore) -> None:
    app = piccola_app()
    clienti = [await naviga(chi, app) for chi in CHI]
    ottenuta = []
    for metodo, percorso, _ in MATRICE:
        risposte = [
            await cliente.request(
                metodo,
                percorso,
                headers={"accept": "application/json"},
                data={"x": "1"} if metodo == "POST" else None,
            )
            for cliente in clienti
        ]
        ottenuta.append((metodo, percorso, tuple(r.status_code for r in risposte)))
    assert ottenuta == MATRICE


def test_la_matrice_prova_ogni_rotta() -> None:
    """A route that is not in the matrix is one that nobody has tried to open."""
    from capofila.accessi.mezzo import _rotte

    fuori = {("POST", "/accesso"), ("POST", "/esci"), ("POST", "/profilo")}
    provate = {
        (metodo, len(percorso.strip("/").split("/")), percorso.rstrip("/").rsplit("/", 1)[-1])
        for metodo, percorso, _ in MATRICE
    }
    for percorso, metodi, _ in _rotte(piccola_app()):
        for metodo in metodi.split(","):
            if (metodo, percorso) in fuori:
                continue
            ultimo = percorso.rstrip("/").rsplit("/", 1)[-1]
            assert any(
                m == metodo
                and n == len(percorso.strip("/").split("/"))
                and (ultimo == u or ultimo.startswith("{"))
                for m, n, u in provate
            ), (metodo, percorso)


async def test_l_unita_agisce_per_la_persona_nell_ambito(
    naviga: Navigatore, persone: Persone, ambiti: dict[str, int]
) -> None:
    ufficio = await (await naviga("rita.resp")).get("/crema/prestazioni")
    assert ufficio.json() == {
        "ambito": ambiti["crema"], "comune": None, "utente": persone.responsabile
    }  # fmt: skip
    comune = await (await naviga("carlo.comu")).get("/crema/prestazioni")
    assert comune.json() == {"ambito": ambiti["crema"], "comune": "D142", "utente": persone.comune}
    assert (await (await naviga("aldo.anal")).get("/ats/valpadana")).json()["ats"] is not None


async def test_un_incarico_vale_solo_nei_suoi_giorni(naviga: Navigatore, banca: Any) -> None:
    cliente = await naviga("rita.resp")
    for dal, al, stato in (
        ("current_date - 9", "current_date - 2", 404),
        ("current_date + 2", "NULL", 404),
        ("current_date - 2", "current_date + 2", 200),
    ):
        await come_superutente(banca, f"UPDATE incarico SET dal = {dal}, al = {al}")
        risposta = await cliente.get("/crema/prestazioni")
        assert risposta.status_code == stato, (dal, al)


async def test_un_programma_riceve_401_una_persona_la_pagina_di_accesso(naviga: Navigatore) -> None:
    cliente = await naviga()
    programma = await cliente.get("/crema/prestazioni", headers={"accept": "application/json"})
    assert (programma.status_code, programma.json()["codice"]) == (401, "accesso_richiesto")
    persona = await cliente.get("/crema/prestazioni?persona=ROSSI")
    assert (persona.status_code, persona.headers["location"]) == (
        303, "/accesso?poi=/crema/prestazioni",
    )  # fmt: skip
    modulo = await cliente.post("/crema/prestazioni", data={"x": "1"})
    assert (modulo.status_code, modulo.headers["location"]) == (303, "/accesso")
    htmx = await cliente.get(
        "/crema/prestazioni",
        headers={
            "hx-request": "true",
            "hx-current-url": "http://capofila.test/crema/prestazioni?persona=ROSSI",
        },
    )
    assert (htmx.status_code, htmx.headers["hx-redirect"]) == (
        401, "/accesso?poi=/crema/prestazioni",
    )  # fmt: skip
    altrove = await cliente.get(
        "/crema/prestazioni",
        headers={"hx-request": "true", "hx-current-url": "http://capofila.test//altrove.example/"},
    )
    assert altrove.headers["hx-redirect"] == "/accesso"


# The unit of work.


@post("/{ambito:str}/scrivi", opt={"permesso": "prestazioni.importa"})
async def scrivi(request: Request[Any, Any, Any]) -> Response[Any]:
    """Write a row, then answer or fail as asked."""
    await service.registra("prova.scritta")
    come = request.query_params.get("come", "bene")
    if come == "errore":
        raise Conflitto("no")
    if come == "guasto":
        raise RuntimeError("guasto")
    request.state[TIENI] = come.startswith("tieni")
    if come == "tieni-guasto":
        raise RuntimeError("guasto")
    if come in ("stato", "tieni"):
        return Response({"no": 1}, status_code=422)
    if come == "rimanda":
        return Response("", status_code=303, headers={"location": "/"})
    if come == "ingoiato":
        try:
            await unita_corrente().valore("SELECT 1/0")
        except asyncpg.DivisionByZeroError:
            return Response({"bene": True})
    if come == "conferma":
        await unita_corrente().esegui("INSERT INTO rinviato VALUES (1), (1)")
    return Response({"bene": True}, background=BackgroundTask(_dopo, come))


_FATTO: list[str] = []


async def _dopo(come: str) -> None:
    _FATTO.append(come)


@pytest.fixture
async def rinviato(banca: Any) -> None:
    """A table whose constraint is checked at the commit only."""
    await come_superutente(
        banca, "CREATE TABLE rinviato (n int, UNIQUE (n) DEFERRABLE INITIALLY DEFERRED)"
    )
    await come_superutente(banca, "GRANT INSERT, SELECT ON rinviato TO capofila_app")


async def _scritte(banca: Any) -> int:
    righe = await come_superutente(banca, "SELECT 1 FROM registro WHERE azione = 'prova.scritta'")
    return len(righe)


@pytest.mark.usefixtures("rinviato")
@pytest.mark.parametrize(
    ("come", "stato", "righe"),
    [
        ("bene", 200, 1),
        ("rimanda", 303, 1),
        ("errore", 409, 0),
        ("stato", 422, 0),
        ("tieni", 422, 1),
        ("tieni-guasto", 500, 0),
        ("guasto", 500, 0),
        ("ingoiato", 500, 0),
        ("conferma", 500, 0),
    ],
)
async def test_si_salva_solo_se_la_risposta_e_buona(
    naviga: Navigatore, banca: Any, come: str, stato: int, righe: int
) -> None:
    _FATTO.clear()
    cliente = await naviga("rita.resp", piccola_app([scrivi]))
    risposta = await cliente.post(f"/crema/scrivi?come={come}")
    assert risposta.status_code in (stato, 201 if come == "bene" else stato)
    assert await _scritte(banca) == righe
    assert (["bene"] if come == "bene" else []) == _FATTO
    if come in ("conferma", "ingoiato"):
        assert risposta.json()["codice"] == "salvataggio_fallito"


@pytest.mark.usefixtures("rinviato")
async def test_quando_arriva_la_risposta_tutto_e_gia_salvato(
    naviga: Navigatore, banca: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at from inside the very call that sends the start of the answer."""
    viste: list[int] = []
    app = piccola_app([scrivi])

    async def guarda(scope: Any, receive: Any, send: Any) -> None:
        async def invia(messaggio: Any) -> None:
            if messaggio["type"] == "http.response.start":
                viste.append(await _scritte(banca))
            await send(messaggio)

        await app(scope, receive, invia)

    cliente = await naviga("rita.resp", guarda)  # type: ignore[arg-type]
    await cliente.post("/crema/scrivi")
    assert viste == [1]


async def test_il_database_che_cade_alla_conferma_non_da_un_successo(
    naviga: Navigatore, monkeypatch: pytest.MonkeyPatch
) -> None:
    @post("/{ambito:str}/cade", opt={"permesso": "prestazioni.importa"})
    async def cade() -> dict[str, bool]:
        unita_corrente().connessione.terminate()
        return {"bene": True}

    cliente = await naviga("rita.resp", piccola_app([cade]))
    risposta = await cliente.post("/crema/cade")
    assert (risposta.status_code, risposta.json()["codice"]) == (503, "servizio_non_disponibile")
    assert (await cliente.get("/crema/prestazioni")).status_code == 200


@pytest.mark.usefixtures("rinviato")
async def test_richieste_insieme_lasciano_intere_le_connessioni(
    naviga: Navigatore, banca: Any
) -> None:
    """Forty requests on four connections, every other one failing in its own way."""
    app = piccola_app([scrivi])
    cliente = await naviga("rita.resp", app)
    altro = await naviga("vera.cremo", app)
    modi = ["bene", "errore", "guasto", "conferma", "bene", "ingoiato", "bene", "stato"] * 5
    risposte = await asyncio.gather(
        *(
            (cliente if n % 2 == 0 else altro).post(
                f"/{'crema' if n % 2 == 0 else 'cremona'}/scrivi?come={come}"
            )
            for n, come in enumerate(modi)
        )
    )
    buone = sum(r.status_code < 400 for r in risposte)
    assert buone == 15
    righe = await come_superutente(
        banca,
        "SELECT a.slug, r.utente_id, count(*) AS n FROM registro r JOIN ambito a ON a.id ="
        " r.ambito_id WHERE azione = 'prova.scritta' GROUP BY 1, 2",
    )
    assert sum(r["n"] for r in righe) == 15
    assert len(righe) <= 2  # each ambito with its own person, never mixed
    pool = MOTORE._pools["app"]
    assert pool.get_size() - pool.get_idle_size() == 0


async def test_le_pagine_di_sola_lettura_non_possono_scrivere(naviga: Navigatore) -> None:
    @get("/{ambito:str}/leggi", opt={"permesso": "prestazioni.vedi", "unita": "lettura"})
    async def leggi() -> None:
        await service.registra("prova.scritta")

    @get("/{ambito:str}/consulta", opt={"permesso": "prestazioni.vedi"})
    async def consulta() -> None:
        await service.registra_lettura("prova.letta")

    cliente = await naviga("rita.resp", piccola_app([leggi, consulta]))
    assert (await cliente.get("/crema/leggi")).status_code == 500
    assert (await cliente.get("/crema/consulta")).status_code == 200


async def test_registra_lettura_non_aspetta_il_disco_e_registra_si(persone: Persone) -> None:
    async with unita_di_lavoro(Contesto(ambito=1)) as unita:
        await service.registra("prova.scritta")
        assert await unita.valore("SHOW synchronous_commit") == "on"
        await service.registra_lettura("prova.letta")
        assert await unita.valore("SHOW synchronous_commit") == "off"
    async with unita_di_lavoro(Contesto(ambito=1)) as unita:
        assert await unita.valore("SHOW synchronous_commit") == "on"
        assert len(await unita.righe("SELECT 1 FROM registro WHERE azione LIKE 'prova.%'")) == 2


async def test_un_flusso_non_trattiene_la_connessione(naviga: Navigatore) -> None:
    occupate: list[int] = []
    errori: list[str] = []

    async def righe() -> AsyncIterator[bytes]:
        pool = MOTORE._pools["app"]
        occupate.append(pool.get_size() - pool.get_idle_size())
        try:
            await unita_corrente().valore("SELECT 1")
        except FuoriUnitaDiLavoro as errore:
            errori.append(errore.codice)
        async with unita_di_lavoro(service.contesto_di(visita_corrente())) as unita:
            yield str(unita.ambito).encode()

    @get("/{ambito:str}/flusso", opt={"permesso": "prestazioni.vedi"})
    async def flusso() -> Stream:
        return Stream(righe())

    @get("/{ambito:str}/eventi", opt={"permesso": "prestazioni.vedi"})
    async def eventi() -> ServerSentEvent:
        return ServerSentEvent(righe())

    cliente = await naviga("rita.resp", piccola_app([flusso, eventi]))
    for percorso in ("/crema/flusso", "/crema/eventi"):
        risposta = await cliente.get(percorso)
        assert risposta.status_code == 200
        assert risposta.text
    assert occupate == [0, 0]
    assert errori == ["fuori_unita_di_lavoro"] * 2


async def test_senza_unita_il_gestore_apre_le_proprie(naviga: Navigatore) -> None:
    @get("/{ambito:str}/sola", opt={"permesso": "prestazioni.vedi", "unita": "nessuna"})
    async def sola() -> dict[str, Any]:
        with pytest.raises(FuoriUnitaDiLavoro):
            unita_corrente()
        async with unita_di_lavoro(service.contesto_di(visita_corrente())) as unita:
            return {"comune": unita.contesto.comune, "ambito": unita.ambito}

    cliente = await naviga("carlo.comu", piccola_app([sola]))
    assert (await cliente.get("/crema/sola")).json()["comune"] == "D142"
    assert (await cliente.get("/cremona/sola")).status_code == 404


async def test_la_visita_non_resta_dopo_la_richiesta(naviga: Navigatore) -> None:
    from capofila.base.errori import AccessoRichiesto

    await (await naviga("rita.resp")).get("/crema/prestazioni")
    with pytest.raises(AccessoRichiesto):
        visita_corrente()


async def test_chi_manda_piano_non_occupa_connessioni(naviga: Navigatore) -> None:
    """The body arrives while no connection is taken, and the handler still finds all of it."""
    app = piccola_app([ricevi])
    occupate: list[int] = []

    async def corpo() -> AsyncIterator[bytes]:
        for _ in range(4):
            await asyncio.sleep(0)
            pool = MOTORE._pools["app"]
            occupate.append(pool.get_size() - pool.get_idle_size())
            yield b"x" * (PICCOLO_CORPO // 2)

    cliente = await naviga("rita.resp", app)
    risposta = await cliente.post(
        "/crema/ricevi", content=corpo(), headers={"content-type": "application/octet-stream"}
    )
    assert risposta.json() == {"byte": PICCOLO_CORPO * 2}
    assert occupate == [0] * 4


@post("/{ambito:str}/ricevi", opt={"permesso": "prestazioni.importa"})
async def ricevi(request: Request[Any, Any, Any]) -> dict[str, int]:
    """Count what was sent."""
    modulo = await request.form()
    if modulo:
        return {"byte": len(await modulo["file"].read())}
    return {"byte": len(await request.body())}


async def test_un_file_arriva_intero_al_gestore(naviga: Navigatore) -> None:
    cliente = await naviga("rita.resp", piccola_app([ricevi]))
    for quanti in (10, PICCOLO_CORPO * 3):
        risposta = await cliente.post(
            "/crema/ricevi", files={"file": ("a.csv", b"x" * quanti, "text/csv")}
        )
        assert risposta.json() == {"byte": quanti}


@pytest.mark.parametrize(
    ("chi", "percorso", "stato"),
    [
        (None, "/crema/ricevi", 401),
        ("vera.cremo", "/crema/ricevi", 404),
        ("olga.oper", "/crema/debito/invia", 403),
    ],
)
async def test_un_corpo_grande_si_riceve_solo_da_chi_puo(
    naviga: Navigatore, chi: str | None, percorso: str, stato: int
) -> None:
    letti = 0

    async def corpo() -> AsyncIterator[bytes]:
        nonlocal letti
        for _ in range(100):
            letti += 1
            yield b"x" * PICCOLO_CORPO

    cliente = await naviga(chi, piccola_app([ricevi]))
    risposta = await cliente.post(percorso, content=corpo(), headers={"accept": "application/json"})
    assert (risposta.status_code, letti) == (stato, 0)


async def test_quante_volte_si_va_al_database(
    naviga: Navigatore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begin with the context, who asks, for whom we act, and the commit: four trips a request."""
    cliente = await naviga("rita.resp")
    await cliente.get("/crema/prestazioni")
    andate: list[str] = []

    for nome in ("execute", "fetch", "fetchrow", "fetchval"):
        originale = getattr(asyncpg.Connection, nome)

        def conta(originale: Any = originale) -> Any:
            async def con_conto(self: Any, sql: str, *valori: Any, **altro: Any) -> Any:
                andate.append(sql.split(maxsplit=1)[0].rstrip(";"))
                return await originale(self, sql, *valori, **altro)

            return con_conto

        monkeypatch.setattr(asyncpg.Connection, nome, conta())
    assert (await cliente.get("/crema/prestazioni")).status_code == 200
    assert andate == ["BEGIN", "SELECT", "SELECT", "COMMIT"]
    andate.clear()
    assert (await cliente.get("/salute")).status_code == 200
    assert andate == []


async def test_i_messaggi_si_dicono_una_volta(naviga: Navigatore) -> None:
    @post("/{ambito:str}/dici", opt={"permesso": "prestazioni.importa"})
    async def dici() -> None:
        await service.aggiungi_messaggio("riuscito", "Primo detto")
        await service.aggiungi_messaggio("avviso", "Secondo detto")

    cliente = await naviga("rita.resp", piccola_app([dici]))
    await cliente.post("/crema/dici")
    frammento = await cliente.get("/profilo", headers={"hx-request": "true"})
    assert frammento.status_code == 200
    prima = (await cliente.get("/profilo")).text
    assert prima.index("Primo detto") < prima.index("Secondo detto")
    assert "Primo detto" not in (await cliente.get("/profilo")).text


async def test_lo_stesso_utente_in_due_finestre_non_si_aspetta(
    naviga: Navigatore, banca: Any
) -> None:
    """A long writing request of a session does not stop the other requests of it."""
    aperto, lascia = asyncio.Event(), asyncio.Event()

    @post("/{ambito:str}/lunga", opt={"permesso": "prestazioni.importa"})
    async def lunga() -> None:
        await service.registra("prova.scritta")
        aperto.set()
        await lascia.wait()

    cliente = await naviga("rita.resp", piccola_app([lunga]))
    await come_superutente(banca, "UPDATE sessione SET vista_il = now() - interval '5 minutes'")
    in_corso = asyncio.create_task(cliente.post("/crema/lunga"))
    await aperto.wait()
    await come_superutente(banca, "UPDATE sessione SET vista_il = now() - interval '5 minutes'")
    risposta = await asyncio.wait_for(cliente.get("/crema/prestazioni"), 5)
    assert risposta.status_code == 200
    lascia.set()
    assert (await in_corso).status_code == 201


# What may start.


@get("/muta")
async def muta() -> None: ...


@get("/errata", opt={"permesso": "prestazioni.vede"})
async def errata() -> None: ...


@get("/fuori", opt={"permesso": "prestazioni.vedi"})
async def fuori() -> None: ...


@get("/mezza", opt={"permesso": "accesso", "unita": "mezza"})
async def mezza() -> None: ...


@websocket("/presa", opt={"permesso": "pubblico"})
async def presa(socket: WebSocket[Any, Any, Any]) -> None: ...


@pytest.mark.parametrize(
    ("rotta", "parole"),
    [
        (muta, "manca «permesso»"),
        (errata, "nessun ruolo ha il permesso «prestazioni.vede»"),
        (fuori, "il percorso non ha «ambito»"),
        (mezza, "non può essere «mezza»"),
        (presa, "websocket"),
    ],
)
def test_non_si_avvia_con_una_rotta_che_non_dice_chi_puo(rotta: Any, parole: str) -> None:
    app = Litestar([rotta], openapi_config=None)
    with pytest.raises(ConfigurazioneNonSicura, match=parole):
        verifica_rotte(app)


def test_le_pagine_di_openapi_non_sfuggono() -> None:
    with pytest.raises(ConfigurazioneNonSicura, match="/schema"):
        verifica_rotte(Litestar([]))


async def test_una_rotta_muta_non_serve_nessuno(naviga: Navigatore) -> None:
    """Also if nobody called verifica_rotte."""
    from tests.accessi.conftest import rispondi

    from capofila.base.errori import ErroreCapofila

    app = Litestar(
        [muta], middleware=[MezzoAccessi()], exception_handlers={ErroreCapofila: rispondi}  # type: ignore[dict-item]
    )  # fmt: skip
    assert (await (await naviga("rita.resp", app)).get("/muta")).status_code == 403
    assert (await (await naviga(None, app)).options("/muta")).status_code == 204


# The pages.


async def test_il_registro_si_legge_a_pagine_e_non_si_cambia(
    naviga: Navigatore, persone: Persone, ambiti: dict[str, int], banca: Any
) -> None:
    contesto = Contesto(ambito=ambiti["crema"], utente=persone.responsabile)
    async with unita_di_lavoro(contesto):
        for numero in range(55):
            await service.registra("prova.scritta", "cosa", str(numero), giro=numero)
    async with unita_di_lavoro(Contesto(ambito=ambiti["cremona"])):
        await service.registra("prova.altrove")
    cliente = await naviga("rita.resp")
    prima = await cliente.get("/crema/registro")
    assert prima.status_code == 200
    assert "Rita Resp" in prima.text
    assert "cosa 54" in prima.text
    assert "cosa 0<" not in prima.text
    assert "prova.altrove" not in prima.text
    seconda = await cliente.get("/crema/registro?pagina=2")
    assert "cosa 0<" in seconda.text
    assert (await cliente.get("/crema/registro?pagina=9")).status_code == 404
    assert (await cliente.get("/crema/registro?pagina=0")).status_code == 400

    for tabella, contesto in (
        ("registro", Contesto(ambito=ambiti["crema"], amministratore=True)),
        ("registro_piattaforma", Contesto(amministratore=True)),
    ):
        for comando in (
            f"UPDATE {tabella} SET azione = 'altra cosa'",
            f"DELETE FROM {tabella}",
            f"TRUNCATE {tabella}",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with unita_di_lavoro(contesto) as unita:
                    await unita.esegui(comando)
            # Not by who may do everything else, either: the trigger says no.
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="non si modifica"):
                await come_superutente(banca, comando)


async def test_il_registro_non_accoglie_dati_personali(persone: Persone) -> None:
    async with unita_di_lavoro(Contesto(ambito=1)) as unita:
        with pytest.raises(ValueError, match="personal"):
            await service.registra("prova.scritta", codice_fiscale="x")
        assert await unita.valore("SELECT count(*) FROM registro WHERE azione='prova.scritta'") == 0


async def test_la_traccia_della_richiesta_arriva_al_registro(naviga: Navigatore) -> None:
    visite: list[Visita] = []

    @post("/{ambito:str}/traccia", opt={"permesso": "prestazioni.importa"})
    async def traccia() -> dict[str, Any]:
        visite.append(visita_corrente())
        await service.registra("prova.scritta")
        return {
            "scritta": await unita_corrente().valore(
                "SELECT traccia FROM registro WHERE azione = 'prova.scritta'"
            )
        }

    cliente = await naviga("rita.resp", piccola_app([traccia]))
    risposta = await cliente.post("/crema/traccia")
    assert risposta.json() == {"scritta": visite[0].traccia}
    assert len(visite[0].traccia) == 32


async def test_chi_ha_piu_posti_sceglie(naviga: Navigatore, persone: Persone) -> None:
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await service.assegna_incarico(persone.responsabile, "operatore_udp", "cremona")
    pagina = await (await naviga("rita.resp")).get("/")
    assert pagina.status_code == 200
    for href in ('href="/crema"', 'href="/cremona"'):
        assert href in pagina.text
    assert "amministrazione" not in pagina.text
    analista = await (await naviga("aldo.anal")).get("/")
    assert analista.headers["location"] == "/ats/valpadana"
    ammi = await (await naviga("anna.ammi")).get("/")
    assert ammi.headers["location"] == "/amministrazione/utenti"
    assert "nessun ambito" in (await (await naviga("nora.ness")).get("/")).text


async def test_l_amministratore_aggiunge_persone_e_incarichi(
    naviga: Navigatore, persone: Persone, ambiti: dict[str, int], banca: Any
) -> None:
    cliente = await naviga("anna.ammi")
    modulo = {
        "nome": "Pia Nuova", "nome_accesso": "pia.nuova", "parola": "un cavallo verde e lento",
        "ruolo": "operatore_comune", "ambito": "crema", "comune": "d142", "ats": "",
    }  # fmt: skip
    for guasto, campo in (
        ({"parola": "corta"}, "parola"),
        ({"nome_accesso": "rita.resp"}, "nome_accesso"),
        ({"comune": "D150"}, "comune"),
        ({"comune": ""}, "comune"),
        ({"ambito": ""}, "ambito"),
        ({"ambito": "inesistente"}, "ambito"),
        ({"ruolo": "imperatore"}, "ruolo"),
        ({"ruolo": "responsabile_udp"}, "comune"),
    ):
        rifiuto = await cliente.post("/amministrazione/utenti", data=modulo | guasto)
        assert rifiuto.status_code == 422, guasto
        assert f'id="campo-{campo}-errore"' in rifiuto.text, guasto
        assert "Pia Nuova" in rifiuto.text
        assert "un cavallo" not in rifiuto.text
    assert (
        await come_superutente(banca, "SELECT 1 FROM utente WHERE nome_accesso='pia.nuova'") == []
    )

    fatto = await cliente.post("/amministrazione/utenti", data=modulo)
    assert fatto.status_code == 303
    elenco = await cliente.get("/amministrazione/utenti")
    assert "«pia.nuova» è stato creato" in elenco.text
    assert "Ambito Cremasco: Operatore del comune (Crema)" in elenco.text
    (riga,) = await come_superutente(banca, "SELECT id FROM utente WHERE nome_accesso='pia.nuova'")
    (voce,) = await come_superutente(
        banca,
        "SELECT utente_id, dettagli::text AS d FROM registro"
        " WHERE ambito_id = $1 AND azione = 'incarico.assegnato' ORDER BY id DESC LIMIT 1",
        ambiti["crema"],
    )
    assert tuple(voce) == (persone.amministratore, '{"ruolo": "operatore_comune"}')

    incarico = {
        "incarico_utente": str(riga["id"]), "incarico_ruolo": "operatore_udp",
        "incarico_ambito": "cremona", "incarico_comune": "", "incarico_ats": "",
    }  # fmt: skip
    assert (await cliente.post("/amministrazione/incarichi", data=incarico)).status_code == 303
    doppio = await cliente.post("/amministrazione/incarichi", data=incarico)
    assert doppio.status_code == 422
    assert 'id="campo-incarico_ambito-errore"' in doppio.text

    chiede = await cliente.get(f"/amministrazione/utenti/{riga['id']}/disattiva")
    assert "Disattivare Pia Nuova?" in chiede.text
    via = await cliente.post(f"/amministrazione/utenti/{riga['id']}/disattiva")
    assert via.status_code == 303
    assert "Disattivato" in (await cliente.get("/amministrazione/utenti")).text
    se_stesso = await cliente.post(f"/amministrazione/utenti/{persone.amministratore}/disattiva")
    assert se_stesso.status_code == 422


async def test_chi_non_amministra_non_si_promuove(persone: Persone) -> None:
    """Whatever the code asks for, the database says no."""
    async with unita_di_lavoro(Contesto(ambito=1, utente=persone.operatore)) as unita:
        assert await unita.esegui("UPDATE incarico SET ruolo = ruolo WHERE ambito_id = 2") == (
            "UPDATE 0"
        )
        assert (
            await unita.esegui(
                "UPDATE utente SET attivo = false WHERE id = $1", persone.responsabile
            )
            == "UPDATE 0"
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unita.punto_di_ritorno():
                await unita.esegui(
                    "UPDATE utente SET amministratore = true WHERE id = $1", persone.operatore
                )


async def test_ognuno_vede_solo_la_propria_sessione(persone: Persone) -> None:
    from tests.accessi.conftest import PAROLA

    await service.entra("rita.resp", PAROLA, "192.0.2.1")
    await service.entra("vera.cremo", PAROLA, "192.0.2.1")
    async with unita_di_lavoro(Contesto(utente=persone.responsabile, ambito=1)) as unita:
        righe = await unita.righe("SELECT utente_id FROM sessione")
        assert [r["utente_id"] for r in righe] == [persone.responsabile]
    async with unita_di_lavoro(Contesto()) as unita:
        assert await unita.righe("SELECT * FROM sessione") == []
        assert await unita.righe("SELECT * FROM utente") == []
        assert await unita.righe("SELECT * FROM incarico") == []


async def test_la_persona_di_una_sessione_la_trova_il_database(persone: Persone) -> None:
    from tests.accessi.conftest import PAROLA

    token = (await service.entra("rita.resp", PAROLA, "192.0.2.1")).token
    impronta = service.impronta_sessione(token)
    async with unita_di_lavoro(Contesto(sessione=impronta)) as unita:
        assert await unita.valore("SELECT utente_corrente()") == persone.responsabile
    async with unita_di_lavoro(Contesto(sessione="0" * 64)) as unita:
        assert await unita.valore("SELECT utente_corrente()") is None


async def test_una_persona_senza_incarichi_si_crea(persone: Persone) -> None:
    assert await nuovo("zoe.zero", None) > 0


async def test_il_client_httpx_non_segue_i_rimandi(naviga: Navigatore) -> None:
    """The tests above rely on it."""
    assert isinstance(await naviga(), httpx.AsyncClient)
    assert (await naviga()).follow_redirects is False
