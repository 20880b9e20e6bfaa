"""The figure of the e-service: a hundred flows of a million, at any place of the backlog."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from capofila import locale
from capofila.base.impostazioni import impostazioni
from capofila.debito.pdnd import _testata
from capofila.hooks import IntestazioneFlusso, Preparatore, TracciatoXML
from capofila.siuss import FLUSSO_PRESTAZIONI

Figura = Callable[..., None]
CODICE = "D142"
AUDIENCE = "https://capofila.example/waas/v1/D142"
PRIMO = datetime(2026, 3, 1, tzinfo=UTC)
PRIMO_MS = int(PRIMO.timestamp() * 1000)
GIRI, SCALDA = 300, 30
NOSTRA, NUDA = 18643, 18644


async def riempi(quanti: int) -> int:
    """Publish so many flows by one statement; returns the bytes of one."""
    prima, dopo = _documento()
    proprietario = await asyncpg.connect(os.environ["CAPOFILA_MIGRAZIONI_URL"])
    try:
        ente = await proprietario.fetchrow(
            "SELECT ambito_id, id FROM ente WHERE codice = $1 LIMIT 1", CODICE
        )
        await proprietario.execute(
            "INSERT INTO eservice (ambito_id, ente_id, codice, audience, attivo) "
            "VALUES ($1, $2, $3, $4, true) ON CONFLICT DO NOTHING",
            *ente, CODICE, AUDIENCE,
        )  # fmt: skip
        run = await proprietario.fetchval(
            "INSERT INTO esportazione (ambito_id, flusso, periodo, dal, al, ente_id, nome_flusso) "
            "VALUES ($1, 'siuss', '2025', '2025-01-01', '2025-12-31', $2, 'D142.PS.20260301.0000001') "
            "RETURNING id",
            *ente,
        )  # fmt: skip
        # The keys are checked once at the end instead of a million times.
        await proprietario.execute(
            "ALTER TABLE flusso_pdnd DROP CONSTRAINT flusso_pdnd_ambito_id_ente_id_fkey, "
            "DROP CONSTRAINT flusso_pdnd_ambito_id_esportazione_id_fkey"
        )
        await proprietario.execute(
            "INSERT INTO flusso_pdnd (ambito_id, ente_id, ts, id_flusso, flusso, tipo, record_id, "
            "operazione, corpo, byte, esportazione_id, comune_titolare) "
            "SELECT $1, $2, ts, nome, 'siuss', 'PS_PSA_SINA', n, 'I', $4 || nome || $5, "
            "octet_length($4 || nome || $5), $3, 'D142' FROM ("
            "SELECT n, $7::timestamptz + n * interval '1 ms' AS ts, 'D142.PS.20260301.' || 1000000 + n "
            "AS nome FROM generate_series(1, $6::int) n) q",
            *ente, run, prima, dopo, quanti, PRIMO,
        )  # fmt: skip
        await proprietario.execute(
            "ALTER TABLE flusso_pdnd ADD FOREIGN KEY (ambito_id, ente_id) REFERENCES eservice, "
            "ADD FOREIGN KEY (ambito_id, esportazione_id) REFERENCES esportazione"
        )
        await proprietario.execute("VACUUM ANALYZE flusso_pdnd")
        return int(await proprietario.fetchval("SELECT max(byte) FROM flusso_pdnd"))
    finally:
        await proprietario.close()


def _documento() -> tuple[str, str]:
    """A whole document of one prestazione, before and after its name."""
    colonne = [campo.nome for campo in FLUSSO_PRESTAZIONI.campi]
    valori = {
        "comune_titolare": "D142", "ente_erogatore": "Comunità Sociale Cremasca",
        "codice_fiscale": "RSSMRA80A41D142Q", "cognome": "Rossi", "nome": "Maria",
        "anno_nascita": "1980", "luogo_nascita": "D142", "genere": "F", "cittadinanza": "380",
        "comune_residenza": "019035", "codice_prestazione": "A2.07",
        "protocollo_domanda": "CRE/2025/000123", "prova_mezzi": "1", "carattere": "periodica",
        "data_inizio": "2025-01-01", "data_fine": "2025-12-31", "importo_mensile": "312,40",
        "quota_ente": "200,00", "quota_utente": "112,40", "presa_in_carico": "si",
        "area_utenza": "2",
    }  # fmt: skip
    preparatore = Preparatore(FLUSSO_PRESTAZIONI, colonne)
    lotto = preparatore.prepara([[valori.get(nome, "") for nome in colonne]])
    gruppi, righe = preparatore.rendi(lotto)
    tracciato = FLUSSO_PRESTAZIONI.tracciato
    assert isinstance(tracciato, TracciatoXML)
    testa = IntestazioneFlusso("x", CODICE, "Comune di Crema", CODICE, "PRVPTR70A01D142C")
    prima, dopo = _testata(tracciato, testa)
    chiusura = tracciato.chiusura_gruppo() + tracciato.coda().decode()
    return prima, f"{dopo}{gruppi[0]}{righe[0]}{chiusura}"


def _voucher(quanti: int, file: Path) -> list[str]:
    """Vouchers signed beforehand, a different one for each request."""
    chiave = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pubblica = {**RSAAlgorithm.to_jwk(chiave.public_key(), as_dict=True), "kid": "bench"}
    file.write_text(json.dumps({"keys": [pubblica]}))
    ora = int(time.time())
    detto = {"iss": "interop.pagopa.it", "aud": AUDIENCE, "iat": ora, "nbf": ora, "exp": ora + 3600}
    testata = {"kid": "bench", "typ": "at+jwt"}
    return [
        jwt.encode({**detto, "jti": str(uuid4())}, chiave, "RS256", headers=testata)
        for _ in range(quanti)
    ]


async def _misura(
    porte: tuple[int, int], posti: dict[str, int], vouchers: list[str]
) -> dict[tuple[int, str], float]:
    """Median seconds of an answer, by server and place: one request of each in turn."""
    connessioni = {
        porta: await asyncio.open_connection("127.0.0.1", porta, limit=1 << 22) for porta in porte
    }
    tempi: dict[tuple[int, str], list[float]] = {(p, n): [] for p in porte for n in posti}
    visti: dict[str, set[bytes]] = {nome: set() for nome in posti}
    for giro in range(GIRI + SCALDA):
        chiavi = list(tempi)
        # The order turns, so that nobody always comes after the same one.
        for porta, nome in chiavi[giro % len(chiavi) :] + chiavi[: giro % len(chiavi)]:
            lettore, scrittore = connessioni[porta]
            richiesta = (
                f"GET /waas/v1/{CODICE}/flussi?since={posti[nome]}&limit=100 HTTP/1.1\r\n"
                f"Host: 127.0.0.1:{porta}\r\nAuthorization: Bearer {vouchers.pop()}\r\n\r\n"
            ).encode()
            inizio = time.perf_counter()
            scrittore.write(richiesta)
            testata = await lettore.readuntil(b"\r\n\r\n")
            if b" 200 " not in testata[:20]:
                raise RuntimeError(testata[:200])
            (riga,) = (r for r in testata.lower().split(b"\r\n") if r.startswith(b"content-length"))
            corpo = await lettore.readexactly(int(riga.split(b":")[1]))
            durata = time.perf_counter() - inizio
            if giro >= SCALDA:
                tempi[porta, nome].append(durata)
            else:
                visti[nome].add(corpo)
    for _, scrittore in connessioni.values():
        scrittore.close()
    for nome, corpi in visti.items():
        if len(corpi) != 1 or corpi.pop().count(b"id_flusso") != 100:
            raise RuntimeError(f"{nome}: the two do not give the same hundred flows")
    return {chiave: statistics.median(volte) for chiave, volte in tempi.items()}


def flussi(quanti: int, figura: Figura) -> None:
    """GET /flussi?limit=100 against a bare handler, and against itself elsewhere in the backlog."""
    inizio = time.perf_counter()
    byte = asyncio.run(riempi(quanti))
    print(f"· {quanti} flussi pubblicati in {time.perf_counter() - inizio:.0f} s", flush=True)
    posti = {"inizio": 0, "mezzo": PRIMO_MS + quanti // 2, "fine": PRIMO_MS + quanti - 100}
    with tempfile.TemporaryDirectory() as cartella:
        file = Path(cartella) / "jwks.json"
        vouchers = _voucher(2 * len(posti) * (GIRI + SCALDA), file)
        os.environ["CAPOFILA_PDND_CHIAVI"] = str(file)
        # Counted as always, and never too many.
        os.environ["CAPOFILA_PDND_RICHIESTE_AL_MINUTO"] = "100000"
        impostazioni.cache_clear()
        processi = [
            locale.avvia_web(NOSTRA),
            locale.avvia_processo(
                "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(NUDA),
                "--workers", "1", "--log-level", "warning", "--no-ws", "tests.bench.nudo_pdnd:app",
            ),
        ]  # fmt: skip
        try:
            for porta, processo in zip((NOSTRA, NUDA), processi, strict=True):
                locale.attendi_porta(porta, processo)
            mediane = asyncio.run(_misura((NOSTRA, NUDA), posti, vouchers))
        finally:
            locale.ferma_processi(*processi)
    nostre = [mediane[NOSTRA, nome] for nome in posti]
    rapporto = max(mediane[NOSTRA, nome] / mediane[NUDA, nome] for nome in posti)
    dettagli = {f"{nome}_ms": round(1000 * mediane[NOSTRA, nome], 2) for nome in posti}
    nude = {f"nudo_{nome}_ms": round(1000 * mediane[NUDA, nome], 2) for nome in posti}
    figura(
        "GET /flussi, 100 di " + f"{quanti:,}".replace(",", ".") + " / handler nudo", rapporto, "≤ 3",
        rapporto <= 3, byte_flusso=byte, **dettagli, **nude,
    )  # fmt: skip
    scarto = max(nostre) / min(nostre)
    figura("GET /flussi, il posto più lento / il più veloce", scarto, "≤ 1.10", scarto <= 1.10)
