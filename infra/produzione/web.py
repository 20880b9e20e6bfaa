"""The web application behind the proxy of this folder: ``granian … web:app``.

The proxy's own address would be everybody's: whoever tries passwords would lock all the others out.
So the address and the scheme that the proxy tells are believed, from 127.0.0.1 only.
"""

from __future__ import annotations

from granian.utils.proxies import wrap_asgi_with_proxy_headers

from capofila.app import crea_app

app = wrap_asgi_with_proxy_headers(crea_app(), trusted_hosts="127.0.0.1")
