"""One row of an ambito by its number."""

from __future__ import annotations

from typing import Any, Final

from capofila.base.database import unita_corrente
from capofila.base.errori import NonTrovato

# The numbers that a row may have; others come from an address typed by hand.
INTEGER: Final = range(1, 2**31)
BIGINT: Final = range(1, 2**63)


async def riga_numero(sql: str, id_: int, manca: str, *altri: Any, numeri: range = BIGINT) -> Any:
    """The row of a number, from a query by ambito (``$1``) and number (``$2``).

    Args:
        sql: the query.
        id_: the number; one that no row could have is not asked for.
        manca: what to do when it is not there.
        altri: what else the query asks (``$3`` and on).
        numeri: those that a row could have.

    Raises:
        NonTrovato: none has this number here.
    """
    unita = unita_corrente()
    riga = await unita.riga(sql, unita.ambito, id_, *altri) if id_ in numeri else None
    if riga is None:
        raise NonTrovato(manca)
    return riga
