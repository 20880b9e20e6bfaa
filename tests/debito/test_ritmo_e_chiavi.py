"""Where the keys of the PDND come from, and how often an e-service may be called."""

from __future__ import annotations

import asyncio
import http.server
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.conftest import Banca
from tests.debito.pdnd_casi import (
    dichiara,
    e_un_problema,
    elenco,
    jwk,
    porta,
    scrivi_chiavi,
    voucher,
)
from tests.prestazioni.casi import ambiente

from capofila.app import crea_app
from capofila.base.database import MOTORE
from capofila.base.errori import ConfigurazioneNonSicura, ServizioNonDisponibile
from capofila.base.impostazioni import impostazioni
from capofila.base.ritmo import INTERVALLO, conta_chiamata
from capofila.debito import chiavi_pdnd
from capofila.debito.chiavi_pdnd import DURATA, RIPOSO, DaIndirizzo, fonte, preleva
from capofila.web.assembla import assemble

pytestmark = pytest.mark.anyio


def insieme(*nomi: str) -> bytes:
    return msgspec.json.encode({"keys": [jwk(nome) for nome in nomi]})


class Sito:
    """An address that gives what it is told, and counts who asks."""

    def __init__(self) -> None:
        self.dice: bytes | Exception = insieme("buona")
        self.chiesto = 0
        self.ora = 1000.0

    def __call__(self, indirizzo: str) -> bytes:
        self.chiesto += 1
        if isinstance(self.dice, Exception):
            raise self.dice
        return self.dice

    def fonte(self) -> DaIndirizzo:
        return DaIndirizzo("https://x", preleva=self, orologio=lambda: self.ora)


async def test_le_chiavi_si_prelevano_una_volta_e_di_nuovo_quando_sono_vecchie() -> None:
    sito = Sito()
    chiavi = sito.fonte()
    for _ in range(3):
        assert set(await chiavi.per("buona")) == {"buona"}
    assert sito.chiesto == 1
    sito.ora += DURATA
    sito.dice = insieme("buona", "nuova")
    assert set(await chiavi.per("buona")) == {"buona", "nuova"}
    assert sito.chiesto == 2


async def test_una_chiave_nuova_si_cerca_subito_e_una_inventata_al_piu_una_volta_al_minuto() -> (
    None
):
    sito = Sito()
    chiavi = sito.fonte()
    await chiavi.per("buona")
    sito.dice = insieme("nuova")
    for n in range(50):
        assert "nuova" not in await chiavi.per(f"inventata-{n}")
    assert sito.chiesto == 1
    sito.ora += RIPOSO
    assert "nuova" in await chiavi.per("nuova")
    for n in range(50):
        await chiavi.per(f"inventata-{n}")
    assert sito.chiesto == 2


async def test_molti_insieme_prelevano_una_volta_sola() -> None:
    sito = Sito()
    chiavi = sito.fonte()
    await asyncio.gather(*(chiavi.per("buona") for _ in range(30)))
    assert sito.chiesto == 1


@pytest.mark.parametrize(
    "guasto", [OSError(), TimeoutError(), b"<html>", b'{"keys": []}', ValueError()]
)
async def test_un_indirizzo_che_non_risponde_lascia_le_chiavi_di_prima(
    guasto: bytes | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    sito = Sito()
    chiavi = sito.fonte()
    await chiavi.per("buona")
    sito.ora += DURATA
    sito.dice = guasto
    assert set(await chiavi.per("buona")) == {"buona"}
    assert "non si prelevano" in caplog.text
    nuova = Sito()
    nuova.dice = guasto
    with pytest.raises(ServizioNonDisponibile):
        await nuova.fonte().per("buona")


@contextmanager
def servitore(risponde: Any) -> Iterator[str]:
    class Gestore(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            risponde(self)

        def log_message(self, *_: object) -> None:
            return None

    servizio = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gestore)
    servizio.daemon_threads = True
    filo = threading.Thread(target=servizio.serve_forever)
    filo.start()
    try:
        yield f"http://127.0.0.1:{servizio.server_port}/jwks.json"
    finally:
        servizio.shutdown()
        filo.join()
        servizio.server_close()


def _scrivi(gestore: Any, corpo: bytes, stato: int = 200, **intestazioni: str) -> None:
    gestore.send_response(stato)
    for nome, valore in intestazioni.items():
        gestore.send_header(nome, valore)
    gestore.end_headers()
    gestore.wfile.write(corpo)


def test_quel_che_si_preleva_ha_una_misura_un_tempo_e_un_solo_indirizzo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with servitore(lambda g: _scrivi(g, insieme("buona"))) as indirizzo:
        assert preleva(indirizzo) == insieme("buona")
    grande = b" " * (chiavi_pdnd.BYTE_MASSIMI + 1)
    with (
        servitore(lambda g: _scrivi(g, grande)) as indirizzo,
        pytest.raises(ValueError, match="mega"),
    ):
        preleva(indirizzo)
    for stato in (302, 404, 500):
        with (
            servitore(lambda g, s=stato: _scrivi(g, b"", s, Location="http://127.0.0.1:9/")) as via,
            pytest.raises(OSError, match=str(stato)),
        ):
            preleva(via)
    monkeypatch.setattr(chiavi_pdnd, "SECONDI_MASSIMI", 0.3)

    def goccia(gestore: Any) -> None:
        _scrivi(gestore, b"")
        for _ in range(20):
            time.sleep(0.1)
            try:
                gestore.wfile.write(b" ")
                gestore.wfile.flush()
            except OSError:
                return

    with servitore(goccia) as via, pytest.raises(TimeoutError):
        preleva(via)


def test_un_indirizzo_in_chiaro_non_si_configura(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPOFILA_DATABASE_URL", "x")
    monkeypatch.setenv("CAPOFILA_PDND_CHIAVI_URL", "http://interop.example/jwks.json")
    impostazioni.cache_clear()
    with pytest.raises(ConfigurazioneNonSicura, match="https"):
        fonte(impostazioni())
    impostazioni.cache_clear()


# Over the application.


@pytest.fixture
async def inps(
    servizi: Any, banca: Banca, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    file = scrivi_chiavi(tmp_path / "jwks.json")
    altro = {"PDND_CHIAVI": str(file), "PDND_RICHIESTE_AL_MINUTO": "3"}
    for nome, valore in ambiente(servizi, banca, **altro).items():
        monkeypatch.setenv(nome, valore)
    impostazioni.cache_clear()
    assemble()
    await MOTORE.apri({"app": banca.app}, massimo=4)
    for codice in ("D142", "G306"):
        await dichiara(codice)
    trasporto = httpx.ASGITransport(crea_app(), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=trasporto, base_url="http://capofila.test") as cliente:
        # Not across the end of a minute.
        if time.time() % INTERVALLO > INTERVALLO - 15:
            await asyncio.sleep(INTERVALLO - time.time() % INTERVALLO)
        yield cliente
    await MOTORE.chiudi()
    impostazioni.cache_clear()


async def flussi(inps: httpx.AsyncClient, codice: str = "D142", **altro: Any) -> httpx.Response:
    intestazioni = porta(altro.pop("token", None) or voucher(codice, **altro))
    return await inps.get(f"/waas/v1/{codice}/flussi?since=0", headers=intestazioni)


async def test_oltre_il_ritmo_si_dice_quando_riprovare_e_solo_di_quell_ente(
    inps: httpx.AsyncClient,
) -> None:
    # Who has no voucher of the PDND cannot use the calls up.
    for _ in range(5):
        e_un_problema(await flussi(inps, kid="sconosciuta"), 401)
    for _ in range(3):
        elenco(await flussi(inps))
    troppa = await flussi(inps)
    e_un_problema(troppa, 429)
    attesa = int(troppa.headers["retry-after"])
    assert 1 <= attesa <= INTERVALLO
    assert troppa.headers["x-ratelimit-limit"] == "3"
    assert troppa.headers["x-ratelimit-remaining"] == "0"
    assert int(troppa.headers["x-ratelimit-reset"]) == attesa
    elenco(await flussi(inps, "G306"))
    e_un_problema(await inps.get("/waas/v1/D142/status"), 200)


async def test_il_ritmo_e_uno_per_tutti_i_processi(inps: httpx.AsyncClient) -> None:
    def altrove() -> int:
        async def conta() -> int:
            ritmo = await conta_chiamata(
                impostazioni(), "pdnd", "D142", impostazioni().pdnd_richieste_al_minuto
            )
            assert ritmo is not None
            return ritmo.restano

        return asyncio.run(conta())

    elenco(await flussi(inps))
    # Another loop with connections of its own, as another process has.
    assert await asyncio.to_thread(altrove) == 1
    elenco(await flussi(inps))
    e_un_problema(await flussi(inps), 429)


async def test_senza_code_nessuno_si_rifiuta(
    inps: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CAPOFILA_BROKER_URL", "redis://127.0.0.1:9/0")
    impostazioni.cache_clear()
    for _ in range(6):
        elenco(await flussi(inps))
    assert caplog.text.count("non si contano") == 1


async def test_le_chiavi_prese_da_un_indirizzo_aprono_l_e_service(
    inps: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servitore(lambda g: _scrivi(g, insieme("buona"))) as indirizzo:
        monkeypatch.setenv("CAPOFILA_PDND_CHIAVI", "")
        monkeypatch.setenv("CAPOFILA_PDND_CHIAVI_URL", indirizzo)
        impostazioni.cache_clear()
        elenco(await flussi(inps))
        e_un_problema(await flussi(inps, kid="altra"), 401)
