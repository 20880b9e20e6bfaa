"""The comparison of 3, 100 and 600 invented ambiti, ten years each, against its own queries sent bare.

Its own queries are the statements that the page sends, all of them, sent again on connections without the
application: who the session is of, the figures, the names, the record of the reading, and what opens each
transaction (for whom: nothing could be read without it) and closes it; ``senza_transazioni`` is the ratio to
the others alone. A round measures every page and its queries once, in turn, so that a machine that slows
down slows all of them. The first page after a release (``prima``) is measured too.
"""

from __future__ import annotations

import asyncio
import copy
import gc
import itertools
import logging
import os
import statistics
import time
from pathlib import Path
from typing import Any, Final

import asyncpg

from capofila.accessi.service import aggiungi_utente, entra
from capofila.app import crea_app
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.impostazioni import impostazioni
from capofila.cli import _motore
from capofila.confronto import lettura
from capofila.web.assembla import assemble
from tests.bench import crescita
from tests.bench.misure import Figura

QUANTI = (3, 100, 600)
GIRI, SCALDA = 41, 4

# Each agency has ambiti of its own, all in the same tables: 13 comuni each, some 8,000 for 600.
_SEMINA = """
INSERT INTO comune (istat, nome, belfiore, provincia, latitudine, longitudine, fonte)
SELECT lpad((900000 + n)::text, 6, '0'), 'Comune inventato ' || n,
  chr(78 + n / 1000) || lpad((n % 1000)::text, 3, '0'), 'ZZ', 40 + (n % 700) / 100.0,
  8 + (n / 700) / 2.0, 'inventato' FROM generate_series(0, 13 * 703 - 1) n ON CONFLICT DO NOTHING;
INSERT INTO ambito (id, slug, nome, capofila, provincia)
SELECT 1000 + n, 'inventato-' || n, 'Ambito inventato ' || n, 'nessuno', 'ZZ'
FROM generate_series(0, 702) n;
INSERT INTO ats (id, slug, nome) VALUES (103, 'tre', 'ATS di 3'), (200, 'cento', 'ATS di 100'),
  (700, 'seicento', 'ATS di 600');
CREATE TEMP TABLE di AS SELECT 1000 + n AS ambito_id, n,
  CASE WHEN n < 3 THEN 103 WHEN n < 103 THEN 200 ELSE 700 END AS ats_id FROM generate_series(0, 702) n;
INSERT INTO convenzione (ambito_id, ats_id, dataset, soglia, dal, atto, atto_data)
SELECT ambito_id, ats_id, '{spesa}', 5, '2020-01-01', 'atto inventato', '2020-01-01' FROM di;
INSERT INTO pubblicazione (ambito_id, ats_id, dataset, anno, versione, soglia, fonte, metodo, atto,
  atto_data, voci, capoluogo, sha256)
SELECT ambito_id, ats_id, 'spesa', anno, 1, 5, 'Figure inventate', 'Figure inventate', 'atto inventato',
  '2020-01-01', '{"a1":"Area 1","a2":"Area 2","a3":"Area 3","a4":"Area 4","a5":"Area 5","a6":"Area 6",
  "a7":"Area 7","a8":"Area 8"}', lpad((900000 + n * 13)::text, 6, '0'), repeat('0', 64)
FROM di, generate_series(2015, 2024) anno;
INSERT INTO cifra_pubblicata (ambito_id, pubblicazione_id, riga, voce, misura, valore)
SELECT p.ambito_id, p.id, r.riga, v.voce, m.misura,
  r.peso * CASE m.misura WHEN 'abitanti' THEN 1000 + p.ambito_id % 97
    WHEN 'persone' THEN 10 + (p.ambito_id * 31 + p.anno * 7 + length(v.voce)) % 83
    ELSE (1000 + p.ambito_id % 97) * (60 + (p.ambito_id * 7919 + p.anno * 31 + length(v.voce) * 17) % 997 / 8.0) END
FROM pubblicazione p JOIN di USING (ambito_id),
  LATERAL (SELECT lpad((900000 + di.n * 13 + k)::text, 6, '0') AS riga, 1 + k AS peso
    FROM generate_series(0, 12) k UNION ALL VALUES ('tutti', 91), ('senza_capoluogo', 90)) r,
  (VALUES (''), ('a1'), ('a2'), ('a3'), ('a4'), ('a5'), ('a6'), ('a7'), ('a8')) v (voce),
  (VALUES ('persone'), ('spesa'), ('abitanti')) m (misura)
WHERE p.dataset = 'spesa' AND (m.misura <> 'abitanti' OR v.voce = '');
"""


Chiesta = tuple[str, str, str, tuple[Any, ...]]
"""Role, method of the connection, statement, parameters."""


class Spia:
    """Writes down every statement that the connections are given while it is open."""

    METODI = ("execute", "fetch", "fetchrow", "fetchval")

    def __init__(self) -> None:
        self.chieste: list[Chiesta] = []
        self._veri = {nome: getattr(asyncpg.Connection, nome) for nome in self.METODI}

    def __enter__(self) -> Spia:
        for nome, vero in self._veri.items():

            async def scritto(
                connessione: Any,
                sql: str,
                *valori: Any,
                _nome: str = nome,
                _vero: Any = vero,
                **altro: Any,
            ) -> Any:
                ruolo = connessione.get_settings().application_name.removeprefix("capofila-")
                self.chieste.append((ruolo, _nome, sql, valori))
                return await _vero(connessione, sql, *valori, **altro)

            setattr(asyncpg.Connection, nome, scritto)
        return self

    def __exit__(self, *_: object) -> None:
        for nome, vero in self._veri.items():
            setattr(asyncpg.Connection, nome, vero)


class Nude:
    """A connection of each role, without the application: what a page asks is asked of them."""

    def __init__(self, connessioni: dict[str, Any]) -> None:
        self._connessioni = connessioni

    @classmethod
    async def apri(cls) -> Nude:
        """Connect, as the application does."""
        valori = impostazioni()
        indirizzi = {"app": valori.database_url, "ats": valori.ats_url}
        return cls(
            {
                ruolo: await asyncpg.connect(
                    indirizzo, server_settings={"timezone": "UTC", "datestyle": "ISO"}
                )
                for ruolo, indirizzo in indirizzi.items()
            }
        )

    async def chiudi(self) -> None:
        """Disconnect."""
        for una in self._connessioni.values():
            await una.close()

    async def chiedi(self, chieste: list[Chiesta]) -> tuple[float, float]:
        """The statements one after the other: how long they take, and without those that only open
        and close the transactions."""
        tutte = senza = 0.0
        for ruolo, metodo, sql, valori in chieste:
            chiama = getattr(self._connessioni[ruolo], metodo)
            inizio = time.perf_counter()
            await chiama(sql, *valori)
            durata = time.perf_counter() - inizio
            tutte += durata
            if not sql.startswith(("BEGIN", "COMMIT")):
                senza += durata
        return tutte, senza


class _Pagina:
    """A page of the comparison, as its analyst opens it."""

    def __init__(self, app: Any, percorso: str, query: str, token: str) -> None:
        self._app, self._richiesta = app, {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": percorso, "raw_path": percorso.encode(), "root_path": "",
            "query_string": query.encode(), "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
            "headers": [
                (b"host", b"127.0.0.1"), (b"accept", b"text/html"),
                (b"cookie", f"capofila_sessione={token}".encode()),
            ],
        }  # fmt: skip
        self.chieste: list[Chiesta] = []
        self.intere: list[float] = []
        self.nude: list[float] = []
        self.sole: list[float] = []

    async def apri(self) -> float:
        """How long it takes, from the request to the last byte of the answer."""
        pezzi: list[bytes] = []

        async def ricevi() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def manda(messaggio: dict[str, Any]) -> None:
            assert messaggio.get("status", 200) == 200, messaggio
            pezzi.append(messaggio.get("body", b""))

        inizio = time.perf_counter()
        await self._app(dict(self._richiesta), ricevi, manda)
        durata = time.perf_counter() - inizio
        assert b"Ambito inventato" in b"".join(pezzi)
        return durata

    async def prima(self) -> float:
        """The same, nothing being kept."""
        lettura._quadri.clear()
        return await self.apri()


async def _pagine(app: Any) -> dict[tuple[int, str], _Pagina]:
    pagine = {}
    for quanti, slug in zip(QUANTI, ("tre", "cento", "seicento"), strict=True):
        nome, parola = f"bench.{slug}", "cavallo batteria graffetta 42"
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await aggiungi_utente(nome, "Prova", parola, "analista_ats", None, None, ats=slug)
        token = (await entra(nome, parola, "127.0.0.1", traccia="0" * 32)).token
        percorso, query = f"/ats/{slug}/confronto", "dataset=spesa&anno=2024"
        pagine[quanti, "pagina"] = _Pagina(app, percorso, query, token)
        pagine[quanti, "tutti"] = _Pagina(app, percorso, f"{query}&tutti=si", token)
    # Both pages once more: how far the measure is from itself, and what they read is as warm in either.
    for quanti in (100, 600):
        uguale = copy.copy(pagine[quanti, "pagina"])
        uguale.intere, uguale.nude, uguale.sole = [], [], []
        pagine[quanti, "ancora"] = uguale
    return pagine


async def _semina() -> None:
    proprietario = await asyncpg.connect(os.environ["CAPOFILA_MIGRAZIONI_URL"])
    await proprietario.execute("SET ROLE capofila_owner")
    await proprietario.execute(_SEMINA)
    await proprietario.execute(
        "VACUUM ANALYZE cifra_pubblicata, pubblicazione, convenzione, ambito, comune"
    )
    await proprietario.close()


async def misura(figura: Figura) -> dict[tuple[int, str], tuple[float, float]]:
    """All the figures; the medians of each page and of its queries, in seconds."""
    os.environ["CAPOFILA_HTTPS"] = "false"
    impostazioni.cache_clear()
    assemble()
    await _semina()
    tempi: dict[tuple[int, str], tuple[float, float]] = {}
    logging.getLogger("capofila").setLevel(logging.WARNING)
    async with _motore():
        pagine, nude = await _pagine(crea_app()), await Nude.apri()
        for una in pagine.values():
            await una.apri()
            with Spia() as spia:
                await una.apri()
            una.chieste = spia.chieste
        ordine = list(pagine.values())
        for giro in range(GIRI + SCALDA):
            gc.collect()
            # Each is first as often as the others.
            ordine.append(ordine.pop(0))
            for una in ordine if giro % 2 else ordine[::-1]:
                durata, (bare, sole) = await una.apri(), await nude.chiedi(una.chieste)
                if giro >= SCALDA:
                    una.intere.append(durata)
                    una.nude.append(bare)
                    una.sole.append(sole)
        prime = {
            quale: statistics.median([await una.prima() for _ in range(5)])
            for quale, una in pagine.items()
        }
        await nude.chiudi()
    carico = f"{os.getloadavg()[0]:.1f}"
    for quale, una in pagine.items():
        if quale[1] == "ancora":
            continue
        tempi[quale] = statistics.median(una.intere), statistics.median(una.nude)
        intera, nuda = tempi[quale]
        figura(
            f"confronto di {quale[0]} ambiti, {quale[1]} / le sue query nude", intera / nuda, "≤ 2",
            intera <= 2 * nuda, ms=round(1000 * intera, 1), nude_ms=round(1000 * nuda, 1),
            senza_transazioni=round(intera / statistics.median(una.sole), 2),
            prima_ms=round(1000 * prime[quale], 1), giri=GIRI, carico=carico,
        )  # fmt: skip
    tutti = tempi[600, "tutti"][0] / tempi[100, "tutti"][0]
    figura("confronto: 600 ambiti tutti / 100 tutti", tutti, "≤ 3", tutti <= 3)
    cento = pagine[100, "pagina"].intere
    (pagina, basso, alto), (stessa, *_) = (
        crescita.mediana([a / b for a, b in zip(una.intere, cento, strict=True)])
        for una in (pagine[600, "pagina"], pagine[100, "ancora"])
    )
    figura(
        "confronto: una pagina di 600 / una di 100", pagina, "≤ 1, entro l'errore della misura",
        basso <= 1, fra=f"{basso:.3f} e {alto:.3f}", la_stessa_due_volte=round(stessa, 3),
        le_piu_brevi=round(min(pagine[600, "pagina"].intere) / min(cento), 3),
    )  # fmt: skip
    return tempi


def tabella(
    tempi: dict[tuple[int, str], tuple[float, float]], altre: list[tuple[str, float, float]]
) -> str:
    """How it grows, in lines of text."""
    righe = ["| ambiti | una pagina | sue query | tutti | sue query |", "|---|---|---|---|---|"]
    for quanti in QUANTI:
        celle = [f"{1000 * t:.0f} ms" for f in ("pagina", "tutti") for t in tempi[quanti, f]]
        righe.append(f"| {quanti} | {' | '.join(celle)} |")
    righe += ["", "| che cosa | con 3 ambiti | con 600 | volte |", "|---|---|---|---|"]
    righe += [
        f"| {nome} | {1000 * a:.1f} ms | {1000 * b:.1f} ms | {b / a:.2f} |" for nome, a, b in altre
    ]
    return "\n".join(righe)


_COLORI: Final = {"pagina": "#0066cc", "tutti": "#b3661a", "query": "#9aa7b3"}


def disegna(tempi: dict[tuple[int, str], tuple[float, float]]) -> str:
    """The chart of how it grows: for each number of ambiti the page and all of them, with their queries."""
    alto = max(t[0] for t in tempi.values())
    pezzi = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 560 300" role="img" '
        'font-family="sans-serif" font-size="12">',
        "<title>Il confronto con 3, 100 e 600 ambiti: millisecondi di una pagina, di tutti, e delle "
        "loro sole query</title>",
        '<rect width="560" height="300" fill="#fff"/>',
        '<line x1="40" y1="250" x2="550" y2="250" stroke="#455a64"/>',
    ]
    for n, quanti in enumerate(QUANTI):
        x = 60 + n * 170
        for m, (forma, parte) in enumerate(itertools.product(("pagina", "tutti"), (0, 1))):
            valore = tempi[quanti, forma][parte]
            altezza = 200 * valore / alto
            colore = _COLORI["query" if parte else forma]
            pezzi.append(
                f'<rect x="{x + m * 34}" y="{250 - altezza:.1f}" width="30" height="{altezza:.1f}" '
                f'fill="{colore}"/><text x="{x + m * 34 + 15}" y="{244 - altezza:.1f}" '
                f'text-anchor="middle">{1000 * valore:.0f}</text>'
            )
        pezzi.append(f'<text x="{x + 66}" y="268" text-anchor="middle">{quanti} ambiti</text>')
    legenda = (("pagina", "una pagina di 20"), ("tutti", "tutti"), ("query", "le sue sole query"))
    for n, (chiave, detto) in enumerate(legenda):
        x = 60 + n * 160
        pezzi.append(
            f'<rect x="{x}" y="280" width="12" height="12" fill="{_COLORI[chiave]}"/>'
            f'<text x="{x + 18}" y="290">{detto} (ms)</text>'
        )
    return "\n".join([*pezzi, "</svg>", ""])


def tutto(figura: Figura, comuni: list[tuple[str, str]], grafico: Path | None) -> None:
    """Run them, print how it grows, and keep the chart where it is asked for."""
    altre = crescita.tutto(figura, comuni)
    tempi = asyncio.run(misura(figura))
    print(tabella(tempi, altre), flush=True)
    if grafico is not None:
        grafico.write_text(disegna(tempi), "utf-8")
