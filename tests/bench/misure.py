"""What `make bench` measures, one function a figure."""

from __future__ import annotations

import asyncio
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg

from capofila import locale
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import MOTORE, unita_di_lavoro
from capofila.base.impostazioni import impostazioni
from capofila.cli import _motore, applica_ambiti, chiedi_e_attendi, contesto_ambito
from capofila.debito.rules import periodo
from capofila.dimostrazione import cartella_tenants, genera_csv
from capofila.siuss.prestazioni import XSD

Figura = Callable[..., None]
SLUG = "crema"
ANNO = 2025


async def prepara() -> list[tuple[str, str]]:
    """Apply the ambito; returns its comuni."""
    async with _motore():
        await applica_ambiti([cartella_tenants() / SLUG])
        async with unita_di_lavoro(await contesto_ambito(SLUG)) as unita:
            righe = await unita.righe(
                "SELECT c.belfiore, c.istat FROM appartenenza a JOIN comune c USING (istat) "
                "WHERE a.ambito_id = $1 AND a.al IS NULL ORDER BY c.istat",
                unita.ambito,
            )
    return [(riga["belfiore"], riga["istat"]) for riga in righe]


def genera(comuni: list[tuple[str, str]], righe: int, lotto: str) -> bytes:
    """Invented rows; each lot has its own protocol numbers."""
    testo = genera_csv(f"{lotto}bench", comuni, "Comunità Sociale Cremasca", righe)
    return testo.replace(b";" + lotto[:1].upper().encode() + b"BE/", f";{lotto}/".encode())


async def _importa(file: bytes, nome: str) -> float:
    from capofila.prestazioni.service import FileRicevuto
    from capofila.prestazioni.service import importa as porta

    inizio = time.perf_counter()
    async with unita_di_lavoro(await contesto_ambito(SLUG)):
        flussi = {flusso.id: flusso for flusso in (await plugin_attivi()).flussi()}
        esito = await porta(FileRicevuto(nome, file), flussi)
    durata = time.perf_counter() - inizio
    if esito.errori_totali:
        raise RuntimeError(f"bench data refused: {esito.errori[0].codice}")
    return durata


async def carica(file: list[bytes]) -> None:
    """Bring files in, unmeasured."""
    async with _motore():
        for numero, uno in enumerate(file):
            await _importa(uno, f"carico-{numero}.csv")
    proprietario = await asyncpg.connect(os.environ["CAPOFILA_MIGRAZIONI_URL"])
    await proprietario.execute("VACUUM ANALYZE prestazione")
    await proprietario.close()


async def importa(file: bytes, figura: Figura) -> None:
    """Import of 100,000 checked rows against COPY of the same values into unprotected tables."""
    righe = file.count(b"\n") - 1
    async with _motore():
        tempi = []
        for giro in range(3):
            # The same file twice would be recognised: each round has its own protocol numbers.
            diverso = file if giro == 0 else file.replace(b";a/", f";a{giro}/".encode())
            tempi.append(await _importa(diverso, f"giro-{giro}.csv"))
            if giro < 2:
                await _svuota()
    nostro = statistics.median(tempi)
    for tavola, nudo in (await _copia_nuda()).items():
        figura(
            f"import {righe:,} righe / COPY in {tavola}".replace(",", "."), nudo / nostro, "≥ 0.20",
            nudo / nostro >= 0.20, righe_s=round(righe / nostro), copy_righe_s=round(righe / nudo),
        )  # fmt: skip


async def _copia_nuda() -> dict[str, float]:
    """How long COPY takes for the same values, into two tables that nothing protects.

    One is `prestazione` itself, keys and constraints, without its policies and triggers; the other
    has the same types and nothing else.
    """
    nuda = await asyncpg.connect(os.environ["CAPOFILA_MIGRAZIONI_URL"])
    try:
        await nuda.execute("VACUUM ANALYZE prestazione")
        tipi = {
            riga["nome"]: riga["tipo"]
            for riga in await nuda.fetch(
                "SELECT attname AS nome, format_type(atttypid, atttypmod) AS tipo FROM pg_attribute "
                "WHERE attrelid = 'prestazione'::regclass AND attnum > 0 AND NOT attisdropped"
            )
        }
        from capofila.siuss.plugin import FLUSSO_PRESTAZIONI

        scritte = [c.nome for c in FLUSSO_PRESTAZIONI.campi if c.nome in tipi]
        forme = ("forma_gruppo", "forma_riga")
        tavole = {
            "una tabella uguale senza politiche": (
                "LIKE prestazione INCLUDING ALL",
                [c for c in tipi if c != "id" and c not in forme],
            ),
            "una tabella di soli tipi": (", ".join(f"{c} {tipi[c]}" for c in scritte), scritte),
        }
        mediane = {}
        for nome, (forma, colonne) in tavole.items():
            valori, tempi = io.BytesIO(), []
            await nuda.copy_from_query(
                f"SELECT {', '.join(colonne)} FROM prestazione", output=valori, format="csv"
            )
            for _ in range(5):
                await nuda.execute(f"DROP TABLE IF EXISTS nuda; CREATE TABLE nuda ({forma})")
                valori.seek(0)
                inizio = time.perf_counter()
                await nuda.copy_to_table("nuda", source=valori, columns=colonne, format="csv")
                tempi.append(time.perf_counter() - inizio)
            mediane[nome] = statistics.median(tempi)
        await nuda.execute("DROP TABLE nuda")
    finally:
        await nuda.close()
    return mediane


async def _svuota() -> None:
    proprietario = await asyncpg.connect(os.environ["CAPOFILA_MIGRAZIONI_URL"])
    await proprietario.execute("TRUNCATE prestazione, conto_lotto CASCADE")
    await proprietario.close()


# --- export -------------------------------------------------------------------------------------


async def riempi(comuni: list[tuple[str, str]], quante: int) -> None:
    """Bring rows in until there are so many."""
    async with _motore():
        async with unita_di_lavoro(await contesto_ambito(SLUG)) as unita:
            presenti: int = await unita.valore(
                "SELECT count(*) FROM prestazione WHERE ambito_id = $1", unita.ambito
            )
        mancanti = quante - presenti
        lotti = [f"{chr(98 + n)}{presenti}" for n in range(-(-mancanti // 100_000))]
        print(f"· {mancanti} righe da inventare e importare", flush=True)
        with ProcessPoolExecutor(1) as altro:
            futuri = [
                altro.submit(genera, comuni, min(100_000, mancanti - 100_000 * n), lotto)
                for n, lotto in enumerate(lotti)
            ]
            for lotto, futuro in zip(lotti, futuri, strict=True):
                file = await asyncio.to_thread(futuro.result)
                await _importa(file, f"carico-{lotto}.csv")
    proprietario = await asyncpg.connect(os.environ["CAPOFILA_MIGRAZIONI_URL"])
    await proprietario.execute("VACUUM ANALYZE prestazione")
    await proprietario.close()


def esporta(righe: int, figura: Figura) -> None:
    """Export, checks, sealing and upload included, against a plain lxml writer to a local file."""
    worker = locale.avvia_worker()
    try:
        time.sleep(3)
        giri = []
        for _ in range(3):
            giri.append(asyncio.run(_esporta()))
        picco = _picco(worker.pid)
    finally:
        locale.ferma_processi(worker)
    durata, byte = statistics.median(giro[0] for giro in giri), giri[0][1]
    with tempfile.TemporaryDirectory() as cartella:
        esito = subprocess.run(
            [sys.executable, "-m", "tests.bench.lxml_semplice", os.environ["CAPOFILA_MIGRAZIONI_URL"],
             str(ANNO), str(Path(cartella) / "semplice.xml")],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    lette, totale, scrittura = (float(v) for v in esito.stdout.split())
    assert int(lette) == righe, (lette, righe)
    figura(
        f"export {righe:,} / lxml che legge e scrive".replace(",", "."), totale / durata, "≥ 5",
        totale / durata >= 5, righe_s=round(righe / durata), secondi=round(durata, 2),
        MB=round(byte / 1e6), lxml_righe_s=round(righe / totale),
    )  # fmt: skip
    figura(
        f"export {righe:,} / lxml che scrive soltanto".replace(",", "."), scrittura / durata, "≥ 5",
        scrittura / durata >= 5, lxml_righe_s=round(righe / scrittura),
    )  # fmt: skip
    figura(
        f"picco del worker a {righe:,} righe, MiB".replace(",", "."), picco, "< 250", picco < 250
    )


async def _esporta() -> tuple[float, int]:
    async with _motore():
        esito = await chiedi_e_attendi(SLUG, "siuss", periodo(str(ANNO)), nuova=True)
        if esito.stato != "sigillata":
            raise RuntimeError(f"export ended as {esito.stato}: {esito.avvisi}")
        async with unita_di_lavoro(await contesto_ambito(SLUG)) as unita:
            secondi = await unita.valore(
                "SELECT extract(epoch FROM finito_il - iniziato_il) FROM lavoro "
                "WHERE ambito_id = $1 AND id = $2",
                unita.ambito,
                esito.lavoro,
            )
    return float(secondi), int(esito.byte)


# --- rules --------------------------------------------------------------------------------------


def regole(righe: int, figura: Figura) -> None:
    """Every check and rule over the stored records, against lxml on the file of the same records.

    lxml parses the file and, when `CAPOFILA_SIUSS_XSD` names INPS's schema or its folder, validates
    it: without one it only parses, and the figure says so. What is measured of ours is the pass of an
    export whose rules have changed (`Selezione.controlla`), reading from PostgreSQL included.
    """
    schema = Path(os.environ.get("CAPOFILA_SIUSS_XSD", ""))
    if schema.is_dir():
        schema = schema / XSD
    con_schema = schema.is_file()
    with tempfile.TemporaryDirectory() as cartella:
        file = Path(cartella) / "flusso.xml"
        asyncio.run(_scrivi_flusso(righe, file))
        nostri, altrui = [], []
        for _ in range(3):
            nostri.append(asyncio.run(_controlla(righe)))
            esito = subprocess.run(
                [sys.executable, "-m", "tests.bench.lxml_controlla", str(file),
                 *([str(schema)] if con_schema else [])],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            altrui.append(tuple(float(v) for v in esito.stdout.split()))
    nostro = statistics.median(nostri)
    lettura = statistics.median(lettura for lettura, _ in altrui)
    convalida = statistics.median(convalida for _, convalida in altrui)
    loro = lettura + convalida
    come = "che legge e convalida" if con_schema else "che legge soltanto, senza schema"
    figura(
        f"regole su {righe:,} / lxml {come}".replace(",", "."), loro / nostro, "≥ 1",
        loro >= nostro, righe_s=round(righe / nostro), lxml_righe_s=round(righe / loro),
        lxml_lettura_s=round(lettura, 2), lxml_convalida_s=round(convalida, 2),
        secondi=round(nostro, 2),
    )  # fmt: skip


async def _scrivi_flusso(righe: int, file: Path) -> None:
    """The records as the receiver gets them, in one file."""
    from capofila.debito.selezione import Conti
    from capofila.hooks import IntestazioneFlusso
    from capofila.siuss.plugin import FLUSSO_PRESTAZIONI as flusso

    conti = Conti()
    with file.open("wb") as aperto:

        async def scrivi(pezzo: bytes) -> None:
            aperto.write(pezzo)

        aperto.write(
            flusso.tracciato.testata(
                IntestazioneFlusso("D142.PS.20260301.0000001", "D142", "Comune di Crema", "D142",
                                   "PRVPTR70A01D142C")
            )
        )  # fmt: skip
        async with _motore(), unita_di_lavoro(await contesto_ambito(SLUG)) as unita:
            await (await _tutte(unita)).preparate(unita, conti, [], scrivi)
        aperto.write(flusso.tracciato.coda())
    assert conti.righe == righe, (conti.righe, righe)


async def _tutte(unita: Any) -> Any:
    """Every record of the year that the ambito's sender says."""
    from capofila.debito.selezione import Selezione
    from capofila.siuss.plugin import FLUSSO_PRESTAZIONI

    mittente = await unita.valore(
        "SELECT id FROM ente WHERE ambito_id = $1 AND mittente", unita.ambito
    )
    corsa = {
        "ambito_id": unita.ambito, "ente_id": mittente, "lotto_ricevuto_id": None,
        "modo": "completa", "dal": date(ANNO, 1, 1), "al": date(ANNO, 12, 31),
        "escludi_errate": False,
    }  # fmt: skip
    return await Selezione.apri(unita, FLUSSO_PRESTAZIONI, corsa, 0)


async def _controlla(righe: int) -> float:
    viste = errori = 0

    async def conta(controllati: Any, _: Any) -> None:
        nonlocal viste, errori
        viste += controllati.quanti
        errori += len(controllati.errori)

    async with _motore(), unita_di_lavoro(await contesto_ambito(SLUG)) as unita:
        selezione = await _tutte(unita)
        inizio = time.perf_counter()
        await selezione.controlla(unita, conta)
        durata = time.perf_counter() - inizio
    assert (viste, errori) == (righe, 0)
    return durata


def _picco(pid: int) -> float:
    """Peak resident memory of a process and its children, MiB."""
    for riga in Path(f"/proc/{pid}/status").read_text().splitlines():
        if riga.startswith("VmHWM"):
            return int(riga.split()[1]) / 1024
    raise RuntimeError("VmHWM not found")


# --- row-level security -------------------------------------------------------------------------


async def rls(figura: Figura) -> None:
    """The same queries on the protected table, and on a copy without policies by a plain filter.

    The best of many alternate runs of each: what else the machine does only makes them longer.
    """
    proprietario = await asyncpg.connect(os.environ["CAPOFILA_MIGRAZIONI_URL"])
    await proprietario.execute(
        "DROP TABLE IF EXISTS piana; CREATE TABLE piana (LIKE prestazione INCLUDING ALL EXCLUDING IDENTITY); "
        "INSERT INTO piana SELECT (p).* FROM (SELECT p FROM prestazione p ORDER BY id) q; "
        "GRANT SELECT ON piana TO capofila_app"
    )
    await proprietario.execute("VACUUM ANALYZE prestazione")
    await proprietario.execute("VACUUM ANALYZE piana")
    interrogazioni = {
        "somma": "SELECT sum(quota_ente), count(*) FROM {t} WHERE {ambito} anno = 2025",
        "pagina": "SELECT id, cognome, nome, codice_fiscale, importo_mensile FROM {t} "
        "WHERE {ambito} anno = 2025 ORDER BY id DESC LIMIT 50",
        "gruppi": "SELECT comune_titolare, count(*), sum(quota_utente) FROM {t} "
        "WHERE {ambito} anno = 2025 GROUP BY 1",
    }
    async with _motore():
        async with unita_di_lavoro(await contesto_ambito(SLUG), sola_lettura=True) as unita:
            await unita.esegui("SET LOCAL max_parallel_workers_per_gather = 0")
            for nome, sql in interrogazioni.items():
                filtro = f"ambito_id = {unita.ambito} AND"
                modi = {
                    "filtro": sql.format(t="piana", ambito=filtro),
                    "politiche": sql.format(t="prestazione", ambito=""),
                    "entrambi": sql.format(t="prestazione", ambito=filtro),
                }
                tempi: dict[str, list[float]] = {modo: [] for modo in modi}
                for giro in range(2000 if nome == "pagina" else 120):
                    for modo in sorted(modi, reverse=giro % 2 == 0):
                        inizio = time.perf_counter()
                        await unita.righe(modi[modo])
                        tempi[modo].append(time.perf_counter() - inizio)
                migliori = {modo: min(durate) for modo, durate in tempi.items()}
                rapporto = migliori["politiche"] / migliori["filtro"]
                figura(
                    f"row-level security, {nome}", rapporto, "≤ 1.05", rapporto <= 1.05,
                    con_il_filtro_in_piu=round(migliori["entrambi"] / migliori["filtro"], 3),
                    ms=round(1000 * migliori["filtro"], 2),
                )  # fmt: skip
    await proprietario.execute("DROP TABLE piana")
    await proprietario.close()


# --- page ---------------------------------------------------------------------------------------


def pagina(figura: Figura) -> None:
    """A page of 50 rows, logged in, against a bare handler with the same query and template."""
    os.environ["CAPOFILA_DIMOSTRAZIONE"] = "true"
    impostazioni.cache_clear()
    token = asyncio.run(_entra())
    nostra, nuda = 18641, 18642
    processi = [
        locale.avvia_web(nostra),
        locale.avvia_processo(
            "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(nuda),
            "--workers", "1", "--log-level", "warning", "--no-ws", "tests.bench.nudo:app",
        ),
    ]  # fmt: skip
    try:
        for porta, processo in zip((nostra, nuda), processi, strict=True):
            locale.attendi_porta(porta, processo)
        via = f"/{SLUG}/prestazioni?anno={ANNO}"
        richieste = {
            nostra: f"GET {via} HTTP/1.1\r\nHost: 127.0.0.1:{nostra}\r\nCookie: capofila_sessione={token}\r\n\r\n",
            nuda: f"GET {via} HTTP/1.1\r\nHost: 127.0.0.1:{nuda}\r\n\r\n",
        }
        tassi: dict[int, list[float]] = {nostra: [], nuda: []}
        for giro in range(6):
            for porta in (nostra, nuda):
                tasso = asyncio.run(
                    _carico(porta, richieste[porta].encode(), 1.0 if giro == 0 else 4.0)
                )
                if giro:
                    tassi[porta].append(tasso)
    finally:
        locale.ferma_processi(*processi)
    a, b = statistics.median(tassi[nostra]), statistics.median(tassi[nuda])
    figura("pagina di 50 righe / handler nudo", a / b, "≥ 0.50", a / b >= 0.50,
           pagine_s=round(a, 1), nude_s=round(b, 1))  # fmt: skip


async def _entra() -> str:
    from capofila.accessi.service import aggiungi_utente, entra
    from capofila.base.database import Contesto

    async with _motore():
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await aggiungi_utente(
                "bench", "Prova Misure", "cavallo batteria graffetta 42", "responsabile_udp", SLUG
            )
        return (
            await entra("bench", "cavallo batteria graffetta 42", "127.0.0.1", traccia="0" * 32)
        ).token


async def _carico(porta: int, richiesta: bytes, secondi: float, quanti: int = 4) -> float:
    """Answers a second over keep-alive connections; every answer must be a whole 200."""
    fine = time.perf_counter() + secondi
    fatte = 0

    async def uno() -> None:
        nonlocal fatte
        lettore, scrittore = await asyncio.open_connection("127.0.0.1", porta, limit=1 << 22)
        while time.perf_counter() < fine:
            scrittore.write(richiesta)
            testata = await lettore.readuntil(b"\r\n\r\n")
            if b" 200 " not in testata[:20]:
                raise RuntimeError(testata[:200])
            lunghezza = int(
                next(
                    r for r in testata.lower().split(b"\r\n") if r.startswith(b"content-length")
                ).split(b":")[1]
            )
            corpo = await lettore.readexactly(lunghezza)
            if corpo.count(b"<tr>") < 50:
                raise RuntimeError("a page without its rows")
            fatte += 1
        scrittore.close()

    inizio = time.perf_counter()
    await asyncio.gather(*(uno() for _ in range(quanti)))
    return fatte / (time.perf_counter() - inizio)


__all__ = ["MOTORE"]
