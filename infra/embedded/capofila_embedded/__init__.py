"""PostgreSQL, Valkey and an S3 server from wheels, in a data folder.

>>> from capofila_embedded import Servizi
>>> with Servizi(Path("dati")) as stato:  # doctest: +SKIP
...     connect(stato.postgres_dsn)
"""

from .errori import ServiziNonAvviati
from .servizi import NomeServizio, Servizi, StatoServizi

__all__ = ["NomeServizio", "Servizi", "ServiziNonAvviati", "StatoServizi"]
