"""The comparison of 3, 100 and 600 invented ambiti, ten years each, against its own queries sent bare.

Its own queries are those that the page asks for, all of them: who the session is of, the figures, the
names, the record of the reading. A round measures every page and its queries once, in turn, so that a
machine that slows down slows all of them. The first page after a release (``prima``) is measured too.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import time
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

from capofila.accessi.service import aggiungi_utente, entra
from capofila.app import crea_app
from capofila.base.database import Contesto, UnitaDiLavoro, unita_di_lavoro
from capofila.base.impostazioni import impostazioni
from capofila.cli import _motore
from capofila.confronto import lettura
from capofila.web.assembla import assemble
from tests.bench import crescita
from tests.bench.misure import Figura

QUANTI = (3, 100, 600)
GIRI = 11

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
  r.peso * (1000 + (p.ambito_id * 7919 + p.anno * 31 + length(v.voce) * 17) % 9973)
FROM pubblicazione p JOIN di USING (ambito_id),
  LATERAL (SELECT lpad((900000 + di.n * 13 + k)::text, 6, '0') AS riga, 1 + k AS peso
    FROM generate_series(0, 12) k UNION ALL VALUES ('tutti', 91), ('senza_capoluogo', 90)) r,
  (VALUES (''), ('a1'), ('a2'), ('a3'), ('a4'), ('a5'), ('a6'), ('a7'), ('a8')) v (voce),
  (VALUES ('persone'), ('spesa'), ('abitanti')) m (misura)
WHERE p.dataset = 'spesa' AND (m.misura <> 'abitanti' OR v.voce = '');
"""


Chiesta = tuple[str, Contesto, str, tuple[Any, ...]]


class Spia:
    """Writes down what every unit of work is asked, as which role, while it is open."""

    METODI = ("righe", "riga", "valore", "esegui")

    def __init__(self) -> None:
        self.chieste: list[Chiesta] = []
        self._veri = {nome: getattr(UnitaDiLavoro, nome) for nome in self.METODI}

    def __enter__(self) -> Spia:
        for nome, vero in self._veri.items():

            async def scritto(unita: Any, sql: str, *valori: Any, _vero: Any = vero) -> Any:
                self.chieste.append((unita.ruolo, unita.contesto, sql, valori))
                return await _vero(unita, sql, *valori)

            setattr(UnitaDiLavoro, nome, scritto)
        return self

    def __exit__(self, *_: object) -> None:
        for nome, vero in self._veri.items():
            setattr(UnitaDiLavoro, nome, vero)


async def _nude(chieste: list[Chiesta]) -> float:
    """The queries alone, one after the other, for whom they were asked for."""
    durata = 0.0
    for (ruolo, contesto), sue in itertools.groupby(chieste, key=lambda c: c[:2]):
        async with unita_di_lavoro(contesto, ruolo=ruolo) as unita:  # type: ignore[arg-type]
            inizio = time.perf_counter()
            for _, _, sql, valori in sue:
                await unita.connessione.fetch(sql, *valori)
            durata += time.perf_counter() - inizio
    return durata


class _Pagina:
    """A page of the comparison, as its analyst opens it."""

    def __init__(self, cliente: httpx.AsyncClient, indirizzo: str) -> None:
        self._cliente, self._indirizzo = cliente, indirizzo
        self.chieste: list[Chiesta] = []
        self.intere: list[float] = []
        self.nude: list[float] = []

    async def apri(self) -> float:
        """How long it takes."""
        inizio = time.perf_counter()
        risposta = await self._cliente.get(self._indirizzo)
        durata = time.perf_counter() - inizio
        assert risposta.status_code == 200, risposta.text[:500]
        assert "Ambito inventato" in risposta.text
        return durata

    async def prima(self) -> float:
        """The same, nothing being kept."""
        lettura._quadri.clear()
        return await self.apri()


async def _pagine(trasporto: Any) -> tuple[dict[tuple[int, str], _Pagina], list[httpx.AsyncClient]]:
    pagine, clienti = {}, []
    for quanti, slug in zip(QUANTI, ("tre", "cento", "seicento"), strict=True):
        nome, parola = f"bench.{slug}", "cavallo batteria graffetta 42"
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await aggiungi_utente(nome, "Prova", parola, "analista_ats", None, None, ats=slug)
        token = (await entra(nome, parola, "127.0.0.1", traccia="0" * 32)).token
        cliente = httpx.AsyncClient(
            transport=trasporto, base_url="http://127.0.0.1", headers={"accept": "text/html"},
            cookies={"capofila_sessione": token}, timeout=60,
        )  # fmt: skip
        clienti.append(cliente)
        indirizzo = f"/ats/{slug}/confronto?dataset=spesa&anno=2024"
        pagine[quanti, "pagina"] = _Pagina(cliente, indirizzo)
        pagine[quanti, "tutti"] = _Pagina(cliente, f"{indirizzo}&tutti=si")
    return pagine, clienti


async def misura(figura: Figura) -> dict[tuple[int, str], tuple[float, float]]:
    """All the figures; the medians of each page and of its queries, in seconds."""
    os.environ["CAPOFILA_HTTPS"] = "false"
    impostazioni.cache_clear()
    assemble()
    proprietario = await asyncpg.connect(os.environ["CAPOFILA_MIGRAZIONI_URL"])
    await proprietario.execute("SET ROLE capofila_owner")
    await proprietario.execute(_SEMINA)
    await proprietario.execute(
        "VACUUM ANALYZE cifra_pubblicata, pubblicazione, convenzione, ambito, comune"
    )
    await proprietario.close()
    tempi: dict[tuple[int, str], tuple[float, float]] = {}
    async with _motore():
        pagine, clienti = await _pagine(httpx.ASGITransport(crea_app()))  # type: ignore[arg-type]
        for una in pagine.values():
            await una.apri()
            with Spia() as spia:
                await una.apri()
            una.chieste = spia.chieste
        for giro in range(GIRI + 2):
            for una in pagine.values() if giro % 2 else [*pagine.values()][::-1]:
                durata, bare = await una.apri(), await _nude(una.chieste)
                if giro > 1:
                    una.intere.append(durata)
                    una.nude.append(bare)
        for (quanti, forma), una in pagine.items():
            tempi[quanti, forma] = statistics.median(una.intere), statistics.median(una.nude)
            prime = statistics.median([await una.prima() for _ in range(5)])
            intera, nuda = tempi[quanti, forma]
            figura(
                f"confronto di {quanti} ambiti, {forma} / le sue query nude", intera / nuda, "≤ 2",
                intera <= 2 * nuda, ms=round(1000 * intera, 1), nude_ms=round(1000 * nuda, 1),
                prima_ms=round(1000 * prime, 1),
            )  # fmt: skip
        for cliente in clienti:
            await cliente.aclose()
    tutti = tempi[600, "tutti"][0] / tempi[100, "tutti"][0]
    figura("confronto: 600 ambiti tutti / 100 tutti", tutti, "≤ 3", tutti <= 3)
    pagina = tempi[600, "pagina"][0] / tempi[100, "pagina"][0]
    figura("confronto: una pagina di 600 / una di 100", pagina, "≤ 1", pagina <= 1)
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
