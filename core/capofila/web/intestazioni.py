"""Security headers, on every answer whoever made it (pages, errors, files, redirects).

They are added by a ``before_send`` hook of the app: unlike a middleware or ``after_request``, it
sees the answers that Litestar makes itself (404, 405, an exception in a middleware).

Source: Content Security Policy Level 3; AgID, Linee guida per lo sviluppo del software sicuro.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litestar.types import Message, Scope

CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "object-src 'none'",
    )
)
PERMESSI = ", ".join(
    f"{funzione}=()"
    for funzione in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "microphone",
        "payment",
        "usb",
    )
)
_SEMPRE = tuple(
    (nome.encode(), valore.encode())
    for nome, valore in (
        ("content-security-policy", CSP),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("permissions-policy", PERMESSI),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    )
)
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_NON_CONSERVARE = (b"cache-control", b"no-store")
_VARIA = (b"vary", b"hx-request")


def security_headers(*, https: bool = False) -> Callable[[Message, Scope], Awaitable[None]]:
    """The hook for ``Litestar(before_send=[…])``.

    A header that the answer already has is left as it is. Everything that is not a static file is
    marked ``no-store``: pages, fragments, JSON and downloads may all hold personal data.

    Args:
        https: the site is only reached by https, though this process may be behind a proxy that
            ends it; otherwise HSTS is sent when the request itself came by https.
    """

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        intestazioni = list(message.get("headers", ()))
        presenti = {nome.lower() for nome, _ in intestazioni}
        intestazioni += [coppia for coppia in _SEMPRE if coppia[0] not in presenti]
        if _NON_CONSERVARE[0] not in presenti:
            intestazioni += (_NON_CONSERVARE, _VARIA)
        if (https or scope.get("scheme") == "https") and _HSTS[0] not in presenti:
            intestazioni.append(_HSTS)
        message["headers"] = intestazioni

    return add
