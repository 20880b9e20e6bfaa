"""What does not grow with the number of ambiti: an ambito's own pages, the next one, a migration.

Two databases side by side, one with three ambiti and one with six hundred (each provisioned as the one that
is measured, with thirteen comuni of its own; then with the rows that the first has in every other table), a
process each, which four times another takes the place of; what is measured is asked of the one and of the
other in turn. A figure is the median of the ratios of the rounds; it is missed when the whole interval in which it lies, 19 times out of 20, is above
what is asked.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

from capofila.dimostrazione import cartella_tenants
from tests.bench.misure import ANNO, SLUG, Figura, _entra, carica, genera

POCHI, MOLTI = 3, 600
VOLTE, GIRI, SCALDA = 4, 25, 5
TUTTI_I_GIRI = VOLTE * (GIRI + SCALDA)
PAGINE = {
    "prestazioni": f"/{SLUG}/prestazioni?anno={ANNO}",
    "territorio": f"/{SLUG}/territorio",
    "spesa": f"/{SLUG}/spesa?anno={ANNO}",
    "pubblicazioni": f"/{SLUG}/pubblicazioni",
}
# Those of the ambiti, some 8,000 for 600, with ten years of inhabitants.
_COMUNI: Final = """
INSERT INTO comune (istat, nome, belfiore, provincia, fonte)
SELECT lpad((800000 + n)::text, 6, '0'), 'Comune nuovo ' || n, chr(81 + n / 1000) || lpad((n % 1000)::text, 3, '0'),
  'ZZ', 'inventato' FROM generate_series(0, $1::integer - 1) n ON CONFLICT DO NOTHING
"""
_ABITANTI: Final = """
INSERT INTO popolazione (istat, anno, residenti, fonte)
SELECT istat, anno, 1000, 'inventata' FROM comune, generate_series(2016, 2025) anno
WHERE istat >= '800000' ON CONFLICT DO NOTHING
"""
_DDL: Final = """
CREATE TABLE prova_crescita (ambito_id smallint NOT NULL REFERENCES ambito, id integer NOT NULL,
  PRIMARY KEY (ambito_id, id));
SELECT proteggi('prova_crescita');
ALTER TABLE prestazione ADD prova_crescita text;
ALTER TABLE pubblicazione ADD prova_crescita integer CHECK (prova_crescita > 0);
"""
_DATI: Final = "CREATE INDEX prova_crescita ON prestazione (ambito_id, data_inizio, id)"
"""What a migration may do to the data: its time is theirs."""
_NON_SI_COPIANO: Final = (
    "incarico", "registro", "lavoro", "lavoro_uscita", "eservice", "segreto_calendario",
    "lettura_ats",
)  # fmt: skip
"""Of one person, of one address, or of no page."""


# In the process of a database.


def _cartella(n: int) -> Path:
    """The folder of an invented ambito of thirteen comuni."""
    qui = Path(tempfile.mkdtemp(prefix="capofila-bench-ambito-")) / f"nuovo-{n}"
    qui.mkdir()
    comuni = [f"{800000 + n * 13 + k:06d}" for k in range(13)]
    (qui / "ambito.yaml").write_text(
        f"slug: nuovo-{n}\nnome: Ambito nuovo {n}\nprovincia: ZZ\nfonte: prova\n"
        "fonti:\n  prova: Ambito inventato per le misure\n"
        f'enti:\n  capofila: "{comuni[0]}"\n'
    )
    righe = "".join(f"{c},Comune nuovo {int(c) - 800000},,,,,prova\n" for c in comuni)
    (qui / "comuni.csv").write_text(f"istat,nome,dal,al,sub_ambito,atto,fonte\n{righe}")
    return qui


async def _lavora() -> None:
    from capofila.app import crea_app
    from capofila.base.database import Contesto, unita_di_lavoro
    from capofila.base.migrazione import migra
    from capofila.cli import _motore
    from capofila.territorio.service import applica

    logging.getLogger("httpx").setLevel(logging.WARNING)
    ciclo = asyncio.get_running_loop()
    proprietario = await asyncpg.connect(os.environ["CAPOFILA_MIGRAZIONI_URL"])
    async with _motore():
        trasporto = httpx.ASGITransport(crea_app())  # type: ignore[arg-type]
        token = os.environ["BENCH_TOKEN"]
        async with httpx.AsyncClient(
            transport=trasporto, base_url="http://127.0.0.1", headers={"accept": "text/html"},
            cookies={"capofila_sessione": token}, timeout=60,
        ) as cliente:  # fmt: skip
            print("pronto", flush=True)
            while riga := await ciclo.run_in_executor(None, sys.stdin.readline):
                opera, valore = json.loads(riga)
                cartella = _cartella(valore) if opera == "applica" else None
                inizio = time.perf_counter()
                if opera == "pagina":
                    risposta = await cliente.get(valore)
                    assert risposta.status_code == 200, risposta.text[:500]
                elif cartella is not None:
                    async with unita_di_lavoro(Contesto(amministratore=True)):
                        await applica(cartella)
                elif opera == "migra":
                    await migra(os.environ["CAPOFILA_MIGRAZIONI_URL"])
                else:
                    transazione = proprietario.transaction()
                    await transazione.start()
                    await proprietario.execute(_DDL if opera == "ddl" else _DATI)
                    durata = time.perf_counter() - inizio
                    await transazione.rollback()
                    print(durata, flush=True)
                    continue
                print(time.perf_counter() - inizio, flush=True)
                if cartella is not None:
                    shutil.rmtree(cartella.parent)


class _Processo:
    """A process of a database; asked, it says how long it took."""

    def __init__(self, banca: str, token: str) -> None:
        ambiente = dict(os.environ)
        for nome in ("DATABASE", "ATS", "RELAY", "MIGRAZIONI"):
            intero = os.environ[f"CAPOFILA_{nome}_URL"]
            ambiente[f"CAPOFILA_{nome}_URL"] = f"{intero.rsplit('/', 1)[0]}/{banca}"
        self._processo = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.crescita"], env={**ambiente, "BENCH_TOKEN": token},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._leggi() == "pronto"

    def _leggi(self) -> str:
        assert self._processo.stdout is not None
        riga = self._processo.stdout.readline().strip()
        if not riga:
            raise RuntimeError("the process of a database ended")
        return riga

    def chiedi(self, opera: str, valore: Any = None) -> float:
        """How long it takes, in seconds."""
        assert self._processo.stdin is not None
        self._processo.stdin.write(json.dumps([opera, valore]) + "\n")
        self._processo.stdin.flush()
        return float(self._leggi())

    def ferma(self) -> None:
        """End it."""
        assert self._processo.stdin is not None
        self._processo.stdin.close()
        try:
            self._processo.wait(30)
        except subprocess.TimeoutExpired:
            self._processo.kill()
            self._processo.wait()


# Here.


def mediana(valori: list[float]) -> tuple[float, float, float]:
    """The median, and between which values it lies 19 times out of 20."""
    ordinati, quanti = sorted(valori), len(valori)
    scarto = 0.98 * quanti**0.5
    basso, alto = math.floor(quanti / 2 - scarto), math.ceil(quanti / 2 + scarto)
    return statistics.median(ordinati), ordinati[max(basso, 0)], ordinati[min(alto, quanti - 1)]


async def _prepara(dsn: str, banca: str, token: str) -> tuple[str, str]:
    """The two databases; their names."""
    pochi, molti = f"{banca}_pochi", f"{banca}_molti"
    c = await asyncpg.connect(dsn)
    for nome in (pochi, molti):
        await c.execute(f'DROP DATABASE IF EXISTS "{nome}"')
        await c.execute(f'CREATE DATABASE "{nome}" TEMPLATE "{banca}" OWNER capofila_owner')
        await c.execute(
            f'GRANT CONNECT, TEMPORARY ON DATABASE "{nome}" TO capofila_app, capofila_migra, '
            "capofila_ats, capofila_relay"
        )
    await c.close()
    for nome, quanti in ((pochi, POCHI), (molti, MOLTI)):
        await _riempi(f"{dsn.rsplit('/', 1)[0]}/{nome}", nome, quanti, token)
    return pochi, molti


async def _riempi(dsn: str, banca: str, quanti: int, token: str) -> None:
    """As many ambiti as asked, and the comuni of those that come next."""
    c = await asyncpg.connect(dsn)
    await c.execute(_COMUNI, 13 * (quanti + TUTTI_I_GIRI))
    mancano: int = quanti - await c.fetchval("SELECT count(*) FROM ambito")
    processo = _Processo(banca, token)
    for n in range(mancano):
        processo.chiedi("applica", n)
    processo.ferma()
    await _copia(c)
    await c.execute(_ABITANTI)
    # Nothing is left for the server to do while it is measured.
    await c.execute("VACUUM ANALYZE")
    await c.execute("CHECKPOINT")
    await c.close()


async def _copia(c: Any) -> None:
    """To every new ambito the rows of the first, in the tables where it has none. The ids are those of the
    first: what they refer to is not always there, and none of what is measured reads it."""
    primo = await c.fetchval("SELECT id FROM ambito WHERE slug = $1", SLUG)
    nuovi = [r["id"] for r in await c.fetch("SELECT id FROM ambito WHERE slug LIKE 'nuovo-%'")]
    await c.execute("SET session_replication_role = replica")
    tabelle = await c.fetch(
        "SELECT c.relname AS nome, (SELECT array_agg(quote_ident(a.attname)::text ORDER BY a.attnum) "
        "FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "AND a.attgenerated = '' AND a.attname <> 'ambito_id') AS colonne "
        "FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' "
        "AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'ambito_id')"
    )
    for nome, colonne in tabelle:
        if nome in _NON_SI_COPIANO or await c.fetchval(
            f"SELECT EXISTS (SELECT FROM {nome} WHERE ambito_id = ANY($1::smallint[]))", nuovi
        ):
            continue
        elenco = ", ".join(colonne)
        await c.execute(
            f"INSERT INTO {nome} (ambito_id, {elenco}) OVERRIDING SYSTEM VALUE "
            f"SELECT n, {elenco} FROM {nome}, unnest($1::smallint[]) n WHERE ambito_id = $2",
            nuovi, primo,
        )  # fmt: skip
    await c.execute("SET session_replication_role = DEFAULT")


def tutto(figura: Figura, comuni: list[tuple[str, str]]) -> list[tuple[str, float, float]]:
    """Run them; what was measured: name, seconds with few ambiti, with many."""
    from capofila.base.impostazioni import cartella_dati
    from capofila.cli import _motore, applica_ambiti
    from capofila_embedded import Servizi

    async def riempi() -> None:
        async with _motore():
            await applica_ambiti([cartella_tenants() / s for s in ("cremona", "casalmaggiore")])

    asyncio.run(carica([genera(comuni, 500, "c")]))
    asyncio.run(riempi())
    token = asyncio.run(_entra())
    stato = Servizi.in_corso(cartella_dati())
    assert stato is not None
    banca = os.environ["CAPOFILA_DATABASE_URL"].rsplit("/", 1)[1]
    nomi = asyncio.run(_prepara(stato.postgres_dsn, banca, token))
    opere: list[tuple[str, str, Any, float]] = [
        *((f"pagina «{n}»", "pagina", v, 1.10) for n, v in PAGINE.items()),
        ("un ambito nuovo", "applica", 0, 1.00),
        ("migrazione di tabelle", "ddl", None, 1.00),
        ("migrazione già fatta", "migra", None, 1.00),
    ]
    tempi: dict[str, tuple[list[float], list[float]]] = {o[0]: ([], []) for o in opere}
    dati: list[float] = []
    for volta in range(VOLTE):
        # Other processes each time: where one of them lies in memory is worth some hundredths.
        processi = [_Processo(nome, token) for nome in nomi]
        try:
            for nome, opera, valore, _ in opere:
                for giro in range(GIRI + SCALDA):
                    # In turn, and each first as often as second.
                    for quale in (0, 1) if giro % 2 else (1, 0):
                        che_cosa = valore
                        if opera == "applica":
                            che_cosa = (POCHI, MOLTI)[quale] + volta * (GIRI + SCALDA) + giro
                        durata = processi[quale].chiedi(opera, che_cosa)
                        if giro >= SCALDA:
                            tempi[nome][quale].append(durata)
            dati = [processo.chiedi("dati") for processo in processi]
        finally:
            for processo in processi:
                processo.ferma()
    uscite: list[tuple[str, float, float]] = []
    for nome, _, _, quanto in opere:
        pochi, molti = (statistics.median(t) for t in tempi[nome])
        uscite.append((nome, pochi, molti))
        # Of one round with the other: what slows the machine slows both.
        volte, basso, alto = mediana([m / p for p, m in zip(*tempi[nome], strict=True)])
        figura(
            f"{nome}: con {MOLTI} ambiti / con {POCHI}", volte, f"≤ {quanto:.2f}", basso <= quanto,
            fra=f"{basso:.3f} e {alto:.3f}", pochi_ms=round(1000 * pochi, 1),
            molti_ms=round(1000 * molti, 1), giri=VOLTE * GIRI, carico=f"{os.getloadavg()[0]:.1f}",
            le_piu_brevi=round(min(tempi[nome][1]) / min(tempi[nome][0]), 2),
        )  # fmt: skip
    for nome, durata in zip(("pochi", "molti"), dati, strict=True):
        print(f"  i dati di una migrazione, {nome}: {durata:.3f} s", flush=True)
    return uscite


if __name__ == "__main__":
    asyncio.run(_lavora())
