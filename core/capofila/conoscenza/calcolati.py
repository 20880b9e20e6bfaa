"""The indicators that the other rooms know: asked of their services, never kept here.

In a unit of work of the whole ambito, or narrowed to a comune: then of that comune.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from capofila.base.database import unita_corrente
from capofila.base.errori import NonTrovato
from capofila.compartecipazione import service as compartecipazione
from capofila.conoscenza.catalogo import Catalogo
from capofila.conoscenza.rules import AMBITO, Valore
from capofila.debito import service as debito
from capofila.hooks import CalcoloIndicatore
from capofila.prestazioni import service as prestazioni
from capofila.spesa import service as spesa
from capofila.territorio import service as territorio

_FONTI: Final[Mapping[str, str]] = {
    "spesa": "Rilevazione della spesa sociale in Capofila, schede dei comuni",
    "prestazioni": "Prestazioni sociali registrate in Capofila; chi ne ha due conta due volte",
    "compartecipazione": "Utenti dei servizi con una quota a loro carico, in Capofila, al 31 dicembre",
    "debito": "Registro delle trasmissioni in Capofila",
}
Somme = dict[tuple[str, str], Decimal]
"""By voce and territory."""


def da_calcolare(catalogo: Catalogo, codici: Iterable[str] | None = None) -> list[str]:
    """The computed indicators that are needed to show some, as themselves or as terms."""
    chiesti = [catalogo.uno(c) for c in (catalogo.per_codice if codici is None else codici)]
    termini = {t for uno in chiesti for t in (uno.codice, uno.sopra, uno.sotto) if t is not None}
    return [uno.codice for uno in catalogo.per_codice.values()
            if uno.codice in termini and uno.calcolo is not None]  # fmt: skip


async def calcola(catalogo: Catalogo, anni: Iterable[int], codici: Collection[str]) -> list[Valore]:
    """The figures of some computed indicators; a year of which a room has nothing has none."""
    trovati: list[Valore] = []
    calcoli = {c: calcolo for c in codici if (calcolo := catalogo.uno(c).calcolo) is not None}
    for anno in anni:
        fatte: dict[str, Somme] = {}
        for codice, calcolo in calcoli.items():
            stanza = calcolo.misura.partition(".")[0]
            if calcolo.misura not in fatte:
                fatte |= await _chiedi(stanza, anno)
            trovati += [
                Valore(codice=codice, anno=anno, territorio=dove, valore=valore,
                       fonte=_FONTI[stanza], calcolato=True)
                for dove, valore in _somma(calcolo, fatte[calcolo.misura]).items()
            ]  # fmt: skip
    return trovati


def _somma(calcolo: CalcoloIndicatore, somme: Somme) -> dict[str, Decimal]:
    """By territory, over the voci that are asked for."""
    trovate: dict[str, Decimal] = {}
    for (voce, dove), valore in somme.items():
        if not calcolo.voci or voce in calcolo.voci:
            trovate[dove] = trovate.get(dove, Decimal(0)) + valore
    return trovate


async def _chiedi(stanza: str, anno: int) -> dict[str, Somme]:
    """All the measures of a room."""
    match stanza:
        case "spesa":
            return await _spesa(anno)
        case "prestazioni":
            per_belfiore = (await territorio.mappa_comuni()).per_belfiore
            return {
                "prestazioni.utenti": {
                    (codice, per_belfiore[comune].istat): Decimal(quanti)
                    for comune, codice, _, quanti in await prestazioni.utenti_per_servizio(anno)
                    if comune in per_belfiore
                }
            }
        case "compartecipazione":
            return await _compartecipazione(anno)
        case _ if unita_corrente().contesto.comune:
            # What the ambito sends is of the ambito.
            return {"debito.invii": {}, "debito.accolti": {}}
        case _:
            invii: Somme = defaultdict(Decimal)
            accolti: Somme = defaultdict(Decimal)
            for uno in await debito.puntualita(anno):
                invii[uno.flusso, AMBITO] += uno.inviati
                accolti[uno.flusso, AMBITO] += uno.accolti
            return {"debito.invii": invii, "debito.accolti": accolti}


async def _spesa(anno: int) -> dict[str, Somme]:
    importi, utenti = Somme(), Somme()
    try:
        letta = await spesa.leggi(anno)
    except NonTrovato:
        return {"spesa.importo": importi, "spesa.utenti": utenti}
    for una in letta.somme:
        cella = (una.area, una.istat)
        importi[cella] = importi.get(cella, Decimal(0)) + una.spesa
        if una.utenti is not None:
            utenti[cella] = utenti.get(cella, Decimal(0)) + una.utenti
    return {"spesa.importo": importi, "spesa.utenti": utenti}


async def _compartecipazione(anno: int) -> dict[str, Somme]:
    fine, per_belfiore = date(anno, 12, 31), (await territorio.mappa_comuni()).per_belfiore
    persone, costi, quote = Somme(), Somme(), Somme()
    for servizio in await compartecipazione.servizi(fine):
        for comune, una in (await compartecipazione.omogeneita(servizio, fine)).comuni.items():
            if una.completi and comune in per_belfiore:
                cella = (servizio, per_belfiore[comune].istat)
                persone[cella], costi[cella], quote[cella] = (
                    Decimal(una.completi), una.costo_completi, una.quota_completi,
                )  # fmt: skip
    return {
        "compartecipazione.utenti": persone, "compartecipazione.costo": costi,
        "compartecipazione.quota": quote,
    }  # fmt: skip
