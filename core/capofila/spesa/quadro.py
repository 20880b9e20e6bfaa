"""The comuni of a survey side by side: where each sheet is and what it waits for.

Runs inside a unit of work of the ambito; whoever works for one comune finds a single row. The
sheets are judged together, so that forty comuni cost as many queries as one.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from capofila.base.attivazioni import oggi
from capofila.base.database import unita_corrente
from capofila.spesa.controlli import DaEsaminare, Eccezione, errori_aperti, esamina
from capofila.spesa.rilevazioni import Rilevazione, Scheda, modulo_di, schede
from capofila.spesa.rules import ZERO, RigaSpesa
from capofila.spesa.schede import VALORI, abitanti_di, cambiate_dopo_approvazione, riga_da


class RigaQuadro(msgspec.Struct, frozen=True, kw_only=True):
    """One sheet, as the Ufficio di Piano looks at all of them.

    Attributes:
        righe: lines of the ledger, shares of the azienda included; `spesa` is their sum, in euro.
        errori, avvisi: findings that nobody has explained; `spiegati` those that somebody has.
        cambiate: cells that differ from what was approved; None when it never was.
        termine: its last day; None when the survey has none.
    """

    scheda: Scheda
    righe: int
    spesa: Decimal
    errori: int
    avvisi: int
    spiegati: int
    cambiate: int | None
    termine: date | None
    scaduta: bool


async def quadro(questa: Rilevazione) -> list[RigaQuadro]:
    """The sheets of a survey, by name of the comune."""
    unita = unita_corrente()
    anno, giorno = questa.anno, oggi()
    modulo = await modulo_di(anno, questa.modulo)
    righe: dict[tuple[int, str], list[RigaSpesa]] = {}
    for riga in await unita.righe(
        f"SELECT anno, {VALORI} FROM riga_spesa WHERE ambito_id = $1 AND anno IN ($2, $3)",
        unita.ambito, anno, anno - 1,
    ):  # fmt: skip
        righe.setdefault((riga["anno"], riga["comune"]), []).append(riga_da(riga))
    ragioni: dict[int, list[Eccezione]] = {}
    for riga in await unita.righe(
        "SELECT e.scheda_spesa_id, e.regola, e.cella, e.valori, e.motivo FROM eccezione_spesa e "
        "JOIN scheda_spesa s ON s.ambito_id = e.ambito_id AND s.id = e.scheda_spesa_id "
        "WHERE e.ambito_id = $1 AND s.anno = $2 ORDER BY e.id",
        unita.ambito, anno,
    ):  # fmt: skip
        valori = dict(riga)
        ragioni.setdefault(valori.pop("scheda_spesa_id"), []).append(Eccezione(**valori))
    somme = {
        istat: sum((riga.spesa for riga in sue), ZERO)
        for (di, istat), sue in righe.items()
        if di == anno
    }
    # A comune does not see the others' spending: it has nothing to be compared with.
    spese = {} if unita.contesto.comune else somme
    abitanti = await abitanti_di(anno, spese)
    cambiate = await cambiate_dopo_approvazione(anno)
    trovate = []
    for una in await schede(anno):
        sue = tuple(righe.get((anno, una.istat), ()))
        rilievi = esamina(
            modulo,
            DaEsaminare(
                istat=una.istat, anno=anno, valori=una.valori, righe=sue, spese=spese,
                prima=tuple(righe.get((anno - 1, una.istat), ())), abitanti=abitanti,
            ),
            ragioni.get(una.id, ()),
        )  # fmt: skip
        diverse = cambiate.get(una.istat)
        trovate.append(
            RigaQuadro(
                scheda=una, righe=len(sue), spesa=somme.get(una.istat, ZERO),
                errori=errori_aperti(rilievi),
                avvisi=sum(uno.gravita == "avviso" and uno.aperto for uno in rilievi),
                spiegati=sum(not uno.aperto for uno in rilievi),
                cambiate=None if diverse is None else len(diverse),
                termine=una.termine(questa), scaduta=una.scaduta(questa, giorno),
            )
        )  # fmt: skip
    return trovate
