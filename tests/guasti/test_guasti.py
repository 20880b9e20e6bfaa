"""A service that stops, a worker that dies, a Ctrl-C: nothing is lost, nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from argon2 import PasswordHasher
from tests.accessi.conftest import campo_nascosto
from tests.conftest import MODELLO, PAROLE, Banca, _banca
from tests.debito.casi import VELOCI, attendi, chiedi, com_e, contenuto, importa, officina
from tests.prestazioni.casi import TENANTS, ambiente, amministratore, csv_di, interroga, riga

from capofila.accessi import service
from capofila.app import crea_app
from capofila.base.archivio import archivio
from capofila.base.database import MOTORE, Contesto, unita_di_lavoro
from capofila.base.impostazioni import impostazioni
from capofila.base.ruoli import prepara
from capofila.debito.service import Esportazione
from capofila.territorio.service import applica, applica_comuni
from capofila.web.assembla import assemble

PAROLA = "quattro parole messe a caso"


class Fragile(NamedTuple):
    """Services of this module's own, and who uses them."""

    gestore: Any
    banca: Banca
    variabili: dict[str, str]


@pytest.fixture(scope="module")
def fragile() -> Iterator[Fragile]:
    from capofila_embedded import Servizi

    assemble()
    cartella = Path(tempfile.mkdtemp(prefix="capofila-guasti-"))
    gestore = Servizi(cartella)
    try:
        servizi = gestore.avvia()
        banca = _banca(servizi, MODELLO)
        variabili = ambiente(servizi, banca)
        with pytest.MonkeyPatch.context() as prova:
            for nome, valore in variabili.items():
                prova.setenv(nome, valore)
            prova.setattr(
                service, "_ARGON", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
            )
            service._impronta_a_vuoto.cache_clear()
            impostazioni.cache_clear()
            asyncio.run(_semina(amministratore(servizi), banca))
            yield Fragile(gestore, banca, variabili)
        service._impronta_a_vuoto.cache_clear()
        impostazioni.cache_clear()
    finally:
        gestore.ferma()
        shutil.rmtree(cartella, ignore_errors=True)


async def _semina(indirizzo: str, banca: Banca) -> None:
    await prepara(indirizzo, banca.nome, PAROLE)
    # In a process of its own: Piccolo's engine is bound to the first database it migrates.
    subprocess.run(
        [sys.executable, "-m", "capofila.cli", "database", "migrate"],
        env={**os.environ, "CAPOFILA_MIGRAZIONI_URL": banca.migra},
        check=True,
        capture_output=True,
    )
    await MOTORE.apri({"app": banca.app}, massimo=2)
    try:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await applica_comuni(TENANTS / "comuni")
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await applica(TENANTS / "crema")
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await service.aggiungi_utente("rita", "Rita", PAROLA, "responsabile_udp", "crema", None)
        await importa(csv_di(riga(1), riga(2)))
    finally:
        await MOTORE.chiudi()


@pytest.fixture
async def al_lavoro(fragile: Fragile) -> AsyncIterator[httpx.AsyncClient]:
    """The worker in this process, and Rita before the pages; the services are up again after."""
    async with officina(impostazioni()):
        cliente = httpx.AsyncClient(
            transport=httpx.ASGITransport(crea_app(), raise_app_exceptions=False),  # type: ignore[arg-type]
            base_url="http://capofila.test", headers={"accept": "text/html"},
        )  # fmt: skip
        gettone = campo_nascosto((await cliente.get("/accesso")).text, "_csrf_token")
        cliente.headers["x-csrftoken"] = gettone
        entrata = await cliente.post("/accesso", data={"nome_utente": "rita", "password": PAROLA})
        assert entrata.status_code == 303
        yield cliente
        await cliente.aclose()
        for nome in ("postgres", "valkey", "s3"):
            await asyncio.to_thread(fragile.gestore.accendi, nome)


async def esporta_dalla_pagina(pagine: httpx.AsyncClient, quando: str) -> Esportazione:
    """Ask for a file as Rita does; the request must be accepted."""
    risposta = await pagine.post("/crema/debito", data={"flusso": "siuss", "periodo": quando})
    assert risposta.status_code == 303, risposta.text
    return (await com_e(risposta.headers["location"].rsplit("/", 1)[1]))[0]


async def fino_a(vero: Callable[[], Any], entro: float = 20) -> Any:
    limite = time.monotonic() + entro
    while True:
        if trovato := await vero():
            return trovato
        assert time.monotonic() < limite, "it never came true"
        await asyncio.sleep(0.05)


@pytest.mark.anyio
async def test_con_le_code_ferme_la_richiesta_aspetta_lo_dice_e_poi_parte(
    fragile: Fragile, al_lavoro: httpx.AsyncClient
) -> None:
    await asyncio.to_thread(fragile.gestore.spegni, "valkey")
    chiesta = await esporta_dalla_pagina(al_lavoro, "2025-T1")
    await interroga(
        fragile.banca.superutente,
        "UPDATE lavoro SET richiesto_il = now() - interval '1 minute' WHERE id = $1::uuid",
        chiesta.lavoro,
    )
    pagina = await al_lavoro.get(f"/crema/debito/{chiesta.id}")
    assert pagina.status_code == 200
    assert "In attesa" in pagina.text
    assert "resta in coda e parte da solo" in pagina.text
    assert (await com_e(chiesta.id))[1].stato == "in_attesa"
    await asyncio.to_thread(fragile.gestore.accendi, "valkey")
    fatta = await attendi(chiesta)
    assert (fatta.stato, fatta.righe) == ("sigillata", 2)


@pytest.mark.anyio
async def test_con_l_archivio_fermo_si_ritenta_e_poi_si_sigilla(
    fragile: Fragile, al_lavoro: httpx.AsyncClient
) -> None:
    prima = await attendi(await esporta_dalla_pagina(al_lavoro, "2025-S1"))
    await asyncio.to_thread(fragile.gestore.spegni, "s3")
    scaricata = await al_lavoro.get(f"/crema/debito/{prima.id}/file")
    assert scaricata.status_code == 503
    assert "archivio dei file non risponde" in scaricata.text
    chiesta = await esporta_dalla_pagina(al_lavoro, "2025-01")

    async def ritenta() -> bool:
        return (await com_e(chiesta.id))[1].stato == "da_ritentare"

    await fino_a(ritenta)
    pagina = await al_lavoro.get(f"/crema/debito/{chiesta.id}")
    assert pagina.status_code == 200
    assert "resta in coda e parte da solo" in pagina.text
    assert "Il prossimo parte da solo" in pagina.text
    assert (await com_e(chiesta.id))[0].stato == "in_preparazione"
    await asyncio.to_thread(fragile.gestore.accendi, "s3")
    fatta = await attendi(chiesta)
    assert fatta.stato == "sigillata"
    assert (await com_e(chiesta.id))[1].tentativi > 1
    assert len(await contenuto(fatta)) == fatta.byte
    assert (await al_lavoro.get(f"/crema/debito/{prima.id}/file")).status_code == 200


@pytest.mark.anyio
async def test_senza_base_dati_la_pagina_lo_dice_in_italiano_e_poi_torna(
    fragile: Fragile, al_lavoro: httpx.AsyncClient
) -> None:
    assert (await al_lavoro.get("/crema/prestazioni?anno=2025")).status_code == 200
    await asyncio.to_thread(fragile.gestore.spegni, "postgres")
    for percorso in ("/crema/prestazioni?anno=2025", "/crema/debito", "/salute", "/crema/debito"):
        risposta = await al_lavoro.get(percorso)
        assert risposta.status_code == 503, percorso
        assert "Il database" in risposta.text
        assert 'lang="it"' in risposta.text
        assert "Traceback" not in risposta.text
    risposta = await al_lavoro.post(
        "/crema/importazioni", files={"file": ("a.csv", csv_di(riga(3)))}
    )
    assert risposta.status_code == 503
    await asyncio.to_thread(fragile.gestore.accendi, "postgres")

    async def risponde() -> bool:
        return (await al_lavoro.get("/crema/prestazioni?anno=2025")).status_code == 200

    await fino_a(risponde)
    fatta = await attendi(await esporta_dalla_pagina(al_lavoro, "2025-T2"))
    assert fatta.stato == "respinta"


_UCCISO = """
    import asyncio
    from capofila.base.archivio import Scrittore
    from capofila.base.impostazioni import impostazioni
    from capofila.worker import avvia_worker
    from tests.debito.casi import VELOCI

    async def mai(self):
        await asyncio.sleep(3600)

    Scrittore.chiudi = mai
    asyncio.run(avvia_worker(impostazioni(), tempi=VELOCI))
"""


@pytest.mark.anyio
async def test_il_lavoro_di_un_processo_ucciso_passa_a_un_altro_e_il_file_e_uno(
    fragile: Fragile,
) -> None:
    radice = Path(__file__).resolve().parents[2]
    ucciso = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_UCCISO)], cwd=radice,
        env={**os.environ, **fragile.variabili, "PYTHONPATH": str(radice)},
    )  # fmt: skip
    try:
        await MOTORE.apri({"app": fragile.banca.app}, massimo=2)
        try:
            chiesta = await chiedi("2025", nuova=True)

            async def al_sigillo() -> bool:
                lavoro = (await com_e(chiesta.id))[1]
                return lavoro.stato == "in_corso" and lavoro.fase == "Sigillo"

            await fino_a(al_sigillo)
        finally:
            await MOTORE.chiudi()
    finally:
        ucciso.kill()
        ucciso.wait()
    async with officina(impostazioni(), VELOCI):
        fatta = await attendi(chiesta)
        assert (fatta.stato, fatta.righe) == ("sigillata", 2)
        assert (await com_e(chiesta.id))[1].tentativi == 2
        bucket, _, oggetto = (fatta.uri or "").removeprefix("s3://").partition("/")
        versioni = [
            o for o in archivio().cliente.list_objects(bucket, prefix=oggetto, include_version=True)
            if o.object_name == oggetto
        ]  # fmt: skip
        assert [o.version_id for o in versioni] == [fatta.versione_oggetto]
    (sola,) = await interroga(
        fragile.banca.superutente,
        "SELECT count(*) AS quante FROM esportazione WHERE nome_flusso = $1", fatta.nome_flusso,
    )  # fmt: skip
    assert sola["quante"] == 1


# --- the whole, from the command line -----------------------------------------------------------


class Installazione:
    """A data folder and the commands run on it, with all that they leave running."""

    def __init__(self, dati: Path) -> None:
        self.dati = dati
        self.ambiente = {
            **{n: v for n, v in os.environ.items() if not n.startswith("CAPOFILA_")},
            "CAPOFILA_DATA": str(dati),
        }
        with socket.socket() as libera:
            libera.bind(("127.0.0.1", 0))
            self.porta = int(libera.getsockname()[1])

    def avvia(self, *argomenti: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "capofila.cli", *argomenti], env=self.ambiente,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def processi(self) -> list[str]:
        """Whatever still runs for this folder: the command line of each."""
        trovati = []
        segno = str(self.dati).encode()
        for voce in Path("/proc").iterdir():
            if not voce.name.isdigit() or int(voce.name) == os.getpid():
                continue
            try:
                riga_ = (voce / "cmdline").read_bytes()
                if (voce / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                    continue
                posto = os.readlink(voce / "cwd").encode()
                if segno in riga_ or segno in (voce / "environ").read_bytes() or segno in posto:
                    trovati.append(riga_.replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
        return trovati

    def attendi_nessuno(self, secondi: float) -> None:
        limite = time.monotonic() + secondi
        while rimasti := self.processi():
            assert time.monotonic() < limite, rimasti
            time.sleep(0.1)
        with socket.socket() as prova:
            prova.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            prova.bind(("127.0.0.1", self.porta))

    def attendi_pagine(self, processo: subprocess.Popen[bytes]) -> None:
        limite = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"http://127.0.0.1:{self.porta}/salute").status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            assert processo.poll() is None, processo.communicate()[1].decode()
            assert time.monotonic() < limite
            time.sleep(0.1)


@pytest.fixture(scope="module")
def installazione() -> Iterator[Installazione]:
    cartella = Path(tempfile.mkdtemp(prefix="capofila-installazione-"))
    # The servers of a superuser's folder run as another user, who has to be able to pass.
    cartella.chmod(0o755)
    casa = Installazione(cartella / "dati")
    yield casa
    casa.attendi_nessuno(10)
    shutil.rmtree(cartella, ignore_errors=True)


FORMA = {"id", "ambito", "flusso", "periodo", "stato", "righe", "byte", "sha256", "uri", "avvisi"}


def _demo(casa: Installazione) -> list[dict[str, Any]]:
    processo = casa.avvia("demo", "--exit", "--json")
    uscita, errore = processo.communicate(timeout=120)
    assert processo.returncode == 0, errore.decode()
    casa.attendi_nessuno(5)
    letto: list[dict[str, Any]] = json.loads(uscita)
    return letto


def test_la_dimostrazione_fatta_due_volte_da_gli_stessi_sigilli_e_non_lascia_processi(
    installazione: Installazione,
) -> None:
    una, due = _demo(installazione), _demo(installazione)
    assert [u["ambito"] for u in una] == ["crema", "cremona", "casalmaggiore"]
    assert [u["righe"] for u in una] == [1150, 1099, 269]
    for prima, dopo in zip(una, due, strict=True):
        assert set(prima) >= FORMA
        assert prima["stato"] == "sigillata"
        assert {n: prima[n] for n in FORMA} == {n: dopo[n] for n in FORMA}


def test_ctrl_c_ferma_tutto_e_libera_la_porta(installazione: Installazione) -> None:
    processo = installazione.avvia("up", "--port", str(installazione.porta))
    installazione.attendi_pagine(processo)
    assert len(installazione.processi()) >= 6
    processo.send_signal(signal.SIGINT)
    _, errore = processo.communicate(timeout=30)
    assert processo.returncode == 0, errore.decode()
    assert b"Traceback" not in errore
    installazione.attendi_nessuno(3)


def test_un_processo_ucciso_non_lascia_orfani(installazione: Installazione) -> None:
    processo = installazione.avvia("up", "--port", str(installazione.porta))
    installazione.attendi_pagine(processo)
    processo.kill()
    processo.communicate(timeout=10)
    installazione.attendi_nessuno(15)


def test_ctrl_c_durante_la_dimostrazione_ferma_tutto(installazione: Installazione) -> None:
    processo = installazione.avvia("demo", "--port", str(installazione.porta))
    limite = time.monotonic() + 60
    while not any("capofila.worker" in p for p in installazione.processi()):
        assert time.monotonic() < limite
        time.sleep(0.1)
    time.sleep(0.5)
    processo.send_signal(signal.SIGINT)
    _, errore = processo.communicate(timeout=60)
    assert b"Traceback" not in errore, errore.decode()
    installazione.attendi_nessuno(5)


def test_la_porta_occupata_si_dice_prima_di_avviare_altro(installazione: Installazione) -> None:
    with socket.socket() as occupata:
        occupata.bind(("127.0.0.1", installazione.porta))
        occupata.listen()
        processo = installazione.avvia("up", "--port", str(installazione.porta))
        _, errore = processo.communicate(timeout=30)
    assert processo.returncode == 2
    assert "occupata" in errore.decode()
    assert installazione.processi() == []
