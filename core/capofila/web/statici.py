"""Static files: named by their content, kept in memory, told to browsers to keep for a year.

The address of a file is ``/static/<path>?v=<hash>``; a new version of the file is a new address,
and any node serves any address, whatever version it runs. Fonts are asked for by the stylesheet,
without hash: their names carry their version. Any other address without hash is asked for again
after an hour.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from litestar.enums import ScopeType
from litestar.handlers import asgi

from capofila.web.assembla import is_assembled

if TYPE_CHECKING:
    from litestar.handlers import ASGIRouteHandler
    from litestar.types import HTTPScope, Receive, Scope, Send

CARTELLA = Path(__file__).resolve().parent / "static"
_COMPRIMIBILI = frozenset({".css", ".js", ".svg", ".txt"})
_TIPI = {".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
_PER_SEMPRE = b"public, max-age=31536000, immutable"
_UN_ORA = b"public, max-age=3600"


class TerzeMancanti(Exception):
    """The third-party assets have not been put together yet."""

    def __init__(self) -> None:
        super().__init__(
            "mancano i file di terze parti delle pagine: esegui «python -m capofila.web.assembla»"
        )


@dataclass(frozen=True, slots=True)
class _File:
    corpo: bytes
    compresso: bytes | None
    tipo: bytes
    impronta: str
    perpetuo: bool


class Statici:
    """The static files of a folder, read once.

    Args:
        cartella: the folder; files whose name starts with a dot are left out.
        prefisso: where they are served.

    Raises:
        TerzeMancanti: the third-party assets are missing or of another version.
    """

    def __init__(self, cartella: Path = CARTELLA, prefisso: str = "/static") -> None:
        if cartella == CARTELLA and not is_assembled():
            raise TerzeMancanti
        self._prefisso = prefisso
        self._file = {
            percorso.relative_to(cartella).as_posix(): _read(percorso)
            for percorso in sorted(cartella.rglob("*"))
            if percorso.is_file() and not percorso.name.startswith(".")
        }
        self._indirizzi = {
            nome: f"{prefisso}/{nome}?v={file.impronta}" for nome, file in self._file.items()
        }

    def url(self, nome: str) -> str:
        """The address of a file, with its hash; KeyError when there is no such file."""
        return self._indirizzi[nome]

    def font(self, nome: str) -> str:
        """The address of a file as a stylesheet asks for it, without hash, for ``preload``."""
        if nome not in self._file:
            raise KeyError(nome)
        return f"{self._prefisso}/{nome}"

    def handler(self) -> ASGIRouteHandler:
        """The Litestar handler that serves the files; it needs no log-in."""

        @asgi(
            self._prefisso,
            is_mount=True,
            opt={"permesso": "pubblico", "unita": "nessuna"},
            copy_scope=True,
        )
        async def statici(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == ScopeType.HTTP:
                await self._serve(scope, send)

        return statici

    async def _serve(self, scope: HTTPScope, send: Send) -> None:
        richieste = dict(scope["headers"])
        stato, intestazioni, corpo = self._answer(
            # Litestar hands a mount the rest of the path, with a slash at both ends.
            scope["path"].strip("/"),
            scope["method"],
            scope["query_string"],
            richieste.get(b"accept-encoding", b""),
            richieste.get(b"if-none-match", b""),
        )
        await send({"type": "http.response.start", "status": stato, "headers": intestazioni})
        if scope["method"] == "HEAD":
            corpo = b""
        await send({"type": "http.response.body", "body": corpo, "more_body": False})

    def _answer(
        self, nome: str, metodo: str, query: bytes, accetta: bytes, possiede: bytes
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        if metodo not in ("GET", "HEAD"):
            return 405, [(b"allow", b"GET, HEAD"), (b"content-length", b"0")], b""
        file = self._file.get(nome)
        if file is None:
            return 404, [(b"content-length", b"0")], b""
        impronta = file.impronta.encode()
        etichetta = b'"' + impronta + b'"'
        perpetuo = file.perpetuo or query == b"v=" + impronta
        intestazioni = [
            (b"cache-control", _PER_SEMPRE if perpetuo else _UN_ORA),
            (b"etag", etichetta),
            (b"vary", b"accept-encoding"),
        ]
        if possiede == etichetta:
            return 304, intestazioni, b""
        corpo = file.corpo
        if file.compresso is not None and b"gzip" in accetta:
            corpo = file.compresso
            intestazioni.append((b"content-encoding", b"gzip"))
        intestazioni.append((b"content-type", file.tipo))
        intestazioni.append((b"content-length", str(len(corpo)).encode()))
        return 200, intestazioni, corpo


def _read(percorso: Path) -> _File:
    corpo = percorso.read_bytes()
    tipo = _TIPI.get(percorso.suffix) or mimetypes.guess_type(percorso.name)[0]
    tipo = tipo or "application/octet-stream"
    comprimibile = percorso.suffix in _COMPRIMIBILI
    return _File(
        corpo=corpo,
        compresso=gzip.compress(corpo, 9, mtime=0) if comprimibile else None,
        tipo=(f"{tipo}; charset=utf-8" if tipo.startswith("text/") else tipo).encode(),
        impronta=hashlib.sha256(corpo).hexdigest()[:12],
        perpetuo=percorso.suffix == ".woff2",
    )
