"""What the pages that bring a sheet in whole have in common: see ``fogli.html``."""

from __future__ import annotations

from typing import Final

from capofila.web.pagina import Colonna

MOSTRATI: Final = 50
"""Errors and remarks that the page shows; the file of the errors has them all."""
COLONNE_LOTTI: Final = (
    Colonna("File"),
    Colonna("Arrivato"),
    Colonna("Righe", tipo="numero"),
    Colonna("Importate", tipo="numero"),
    Colonna("Al posto di altre", tipo="numero"),
    Colonna("Che cosa fare"),
)
COLONNE_ERRORI: Final = (
    Colonna("Riga", tipo="numero"),
    Colonna("Colonna"),
    Colonna("Valore"),
    Colonna("Messaggio"),
)
