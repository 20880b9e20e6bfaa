"""What a dataset says of a year, asked of the rooms: the snapshot that is about to be released.

Runs in a unit of work of the whole ambito.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from capofila.base.errori import NonTrovato
from capofila.compartecipazione import service as compartecipazione
from capofila.confronto import indicatori
from capofila.confronto.memoria import NIENTE, PERSONE, VALORE, Memoria
from capofila.confronto.rules import ABITANTI, SENZA_CAPOLUOGO, TUTTI, Cifra
from capofila.confronto.soppressione import TUTTE, Cella, Tavola, sopprimi
from capofila.conoscenza.service import Rilascio
from capofila.debito import service as debito
from capofila.governo import service as governo
from capofila.prestazioni import service as prestazioni
from capofila.spesa import service as spesa
from capofila.territorio import service as territorio

ZERO: Final = Decimal(0)


class Fotografia(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset of a year, before small cells are hidden.

    Attributes:
        voci: names of the columns, by code.
        misure: the counted cells of each measure, by comune (ISTAT code) and column; a comune that
            has none has no row.
        comuni: names by ISTAT code.
        abitanti: by ISTAT code; None where they are not held.
        solo_somme: measures that are not said of a comune in a column: a sum of zero would tell
            those that are hidden.
    """

    dataset: str
    anno: int
    voci: Mapping[str, str]
    misure: Mapping[str, Mapping[Cella, Decimal]]
    comuni: Mapping[str, str]
    abitanti: Mapping[str, int | None]
    capoluogo: str | None
    fonte: str
    metodo: str
    solo_somme: frozenset[str] = frozenset()

    @property
    def tavola(self) -> Tavola:
        """Rows and columns, with the sums that are released beside them."""
        righe = tuple(sorted({riga for celle in self.misure.values() for riga, _ in celle}))
        if not self.comuni:
            return Tavola(righe, tuple(sorted(self.voci)), {})
        sopra = dict.fromkeys(righe, TUTTI)
        if self.capoluogo in righe and len(righe) > 1:
            sopra = {
                **{r: TUTTI if r == self.capoluogo else SENZA_CAPOLUOGO for r in righe},
                SENZA_CAPOLUOGO: TUTTI,
            }
        return Tavola(righe, tuple(sorted(self.voci)), sopra)

    @property
    def contata(self) -> str:
        """The measure by which small cells are found; empty where nobody is counted."""
        return next((m for m in (PERSONE, VALORE) if m in self.misure), "")

    def cifre(self, soglia: int, prima: Memoria = NIENTE) -> tuple[Cifra, ...]:
        """The figures to be released, the small cells and those beside them hidden.

        Args:
            soglia: a cell with fewer persons is not shown.
            prima: what was said of them before.
        """
        tavola = self.tavola
        piene = {nome: tavola.completa(celle) for nome, celle in self.misure.items()}
        nascoste: frozenset[Cella] = frozenset()
        if PERSONE in piene:
            altri = [nome for nome in piene if nome != PERSONE]
            nascoste = sopprimi(
                tavola, piene[PERSONE], soglia, importi=[piene[nome] for nome in altri], gia=prima.nascoste,
                sapute=[prima.sapute(nome, piene[nome]) for nome in (PERSONE, *altri)],
            )  # fmt: skip
        uscite = []
        for riga, voce in tavola.celle:
            cella = (riga, voce)
            for nome, celle in piene.items():
                # An empty cell of a comune is not a figure: it says that there is nothing to say.
                if (
                    riga in self.comuni
                    and voce != TUTTE
                    and (nome in self.solo_somme or cella not in self.misure[nome])
                ):
                    continue
                valore = None if cella in nascoste else Decimal(celle[cella])
                uscite.append(Cifra(riga, voce, nome, valore, cella in nascoste))
        for riga in tavola.tutte_le_righe:
            residenti = self._abitanti(tavola, riga)
            if residenti is not None:
                uscite.append(Cifra(riga, TUTTE, ABITANTI, Decimal(residenti)))
        return tuple(sorted(uscite, key=lambda c: (c.riga, c.voce, c.misura)))

    def _abitanti(self, tavola: Tavola, riga: str) -> int | None:
        """Of a row; of a sum only where all its comuni have them."""
        if riga in tavola.righe:
            return self.abitanti.get(riga)
        di = [self._abitanti(tavola, r) for r, su in tavola.sopra.items() if su == riga]
        noti = [n for n in di if n is not None]
        return sum(noti) if len(noti) == len(di) else None


_ABITANTI: Final = (
    "Abitanti: quelli pubblicati dell'anno, dei comuni che hanno cifre; dove ne manca uno, quelli dell'ambito "
    "non si dicono."
)


class _Territorio(msgspec.Struct, frozen=True):
    comuni: dict[str, str]
    belfiore: dict[str, str]
    """ISTAT code by Belfiore code."""
    abitanti: dict[str, int | None]
    capoluogo: str | None
    fonti: str


async def _territorio(anno: int) -> _Territorio:
    demografia = await territorio.demografia()
    fine = date(anno, 12, 31)
    quanti = {i: demografia.popolazione(i, fine, anno) for i in demografia.comuni}
    membri = {p.istat for p in await territorio.appartenenze()}
    guida = next((e.istat for e in await territorio.enti() if e.capofila), None)
    if guida is None:
        # A consortium leads: the most populous comune, whatever the year of the figure.
        note = [(r.residenti, i) for (i, _), r in demografia.residenti.items() if i in membri]
        guida = max(note)[1] if note else None
    return _Territorio(
        {i: c.nome for i, c in demografia.comuni.items()},
        {c.belfiore: i for i, c in demografia.comuni.items()},
        {i: None if q is None else q.residenti for i, q in quanti.items()},
        guida,
        "; ".join(
            dict.fromkeys(f for i, q in quanti.items() if q is not None and i in membri for f in q.fonti)
        ),
    )  # fmt: skip


async def _spesa(anno: int) -> Fotografia:
    letta = await spesa.leggi(anno)
    modulo = await spesa.modulo_se_c_e(anno, letta.modulo)
    nomi = {} if modulo is None else {a.codice: a.denominazione for a in modulo.aree}
    misure: dict[str, dict[Cella, Decimal]] = {PERSONE: {}, "spesa": {}, "associata": {}}
    for una in letta.somme:
        cella = (una.istat, una.area)
        for nome, quanto in (
            ("spesa", una.spesa),
            ("associata", una.spesa if una.gestione == "associata" else ZERO),
            (PERSONE, None if una.utenti is None else Decimal(una.utenti)),
        ):
            if quanto is not None:
                misure[nome][cella] = misure[nome].get(cella, ZERO) + quanto
    provvisorie = letta.provvisorie
    return Fotografia(
        dataset="spesa", anno=anno, misure=misure,
        voci={area: nomi.get(area, area) for area in sorted({a for _, a in misure["spesa"]})},
        comuni={istat: c.nome for istat, c in letta.comuni.items()},
        abitanti=letta.abitanti, capoluogo=letta.cifre.capoluogo, solo_somme=frozenset(["associata"]),
        fonte=f"{letta.fonte}.",
        metodo="Spesa lorda delle righe delle schede, con ciò che pagano utenti e SSN; utenti delle righe in "
        "cui si conoscono. "
        + (f"Cifre provvisorie: schede non ancora approvate, {provvisorie}. " if provvisorie else "")
        + _ABITANTI,
    )  # fmt: skip


async def _utenti(anno: int) -> Fotografia:
    dove = await _territorio(anno)
    righe = await prestazioni.utenti_per_servizio(anno)
    return Fotografia(
        dataset="utenti", anno=anno,
        misure={
            PERSONE: {(dove.belfiore[comune], codice): Decimal(n) for comune, codice, _, n in righe}
        },
        voci={codice: f"{codice} {nome}".strip() for _, codice, nome, _ in righe},
        comuni=dove.comuni, abitanti=dove.abitanti, capoluogo=dove.capoluogo,
        fonte=f"Prestazioni sociali del {anno} registrate in Capofila. Popolazione: "
        f"{dove.fonti or 'nessuna, per questo anno'}.",
        metodo="Persone diverse con una prestazione in vigore nell'anno, per comune titolare e prestazione "
        f"SIUSS: chi ne ha due conta due volte. {_ABITANTI}",
    )  # fmt: skip


async def _compartecipazione(anno: int) -> Fotografia:
    dove, giorno = await _territorio(anno), date(anno, 12, 31)
    misure: dict[str, dict[Cella, Decimal]] = {PERSONE: {}, "costo": {}, "quota": {}}
    voci = {}
    for servizio in await compartecipazione.servizi(giorno):
        letta = await compartecipazione.omogeneita(servizio, giorno)
        voci[servizio] = letta.denominazione
        for comune, una in letta.comuni.items():
            if una.completi:
                cella = (dove.belfiore[comune], servizio)
                misure[PERSONE][cella] = Decimal(una.completi)
                misure["costo"][cella] = una.costo_completi
                misure["quota"][cella] = una.quota_completi
    return Fotografia(
        dataset="compartecipazione", anno=anno, misure=misure, voci=voci, comuni=dove.comuni,
        abitanti=dove.abitanti, capoluogo=dove.capoluogo,
        fonte=f"Utenti dei servizi con una quota a loro carico, in Capofila, al 31 dicembre {anno}.",
        metodo="Utenti di cui si conoscono sia il costo sia la quota di un mese (di un anno per le tariffe "
        "annue): la quota decisa o, dove non c'è, quella che dà la regola.",
    )  # fmt: skip


_DEL_DEBITO: Final = ("invii", "accolti", "giorni", "periodi", "ritardo", "in_tempo", "con_termine")


def conta_invii(
    inviati: Iterable[debito.Puntualita], termini: Mapping[tuple[str, str], date]
) -> dict[str, dict[str, int]]:
    """The measures of each flow. Pure.

    Args:
        inviati: how each period was sent.
        termini: the day by which, of the flows and periods for which one is declared.
    """
    per_flusso: dict[str, dict[str, int]] = {}
    for uno in inviati:
        sue = per_flusso.setdefault(uno.flusso, dict.fromkeys(_DEL_DEBITO, 0))
        sue["invii"] += uno.inviati
        sue["accolti"] += uno.accolti
        sue["giorni"] += (uno.primo - uno.fine).days
        sue["periodi"] += 1
        termine = termini.get((uno.flusso, uno.periodo))
        if termine is not None:
            # Before its day counts as that day: who is early does not make up for who is late.
            sue["ritardo"] += max(0, (uno.primo - termine).days)
            sue["in_tempo"] += uno.primo <= termine
            sue["con_termine"] += 1
    return per_flusso


async def _debito(anno: int) -> Fotografia:
    # The deadline of a period that ends in a year may fall in the next ones.
    scadenze = await governo.istanze_fra(date(anno, 1, 1), date(anno + 2, 12, 31))
    termini = {
        (una.flusso, una.periodo): una.data
        for una in scadenze
        if una.flusso is not None and una.data is not None
    }
    contati = conta_invii(await debito.puntualita(anno), termini)
    return Fotografia(
        dataset="debito", anno=anno, comuni={}, abitanti={}, capoluogo=None,
        misure={
            nome: {(TUTTI, flusso): Decimal(sue[nome]) for flusso, sue in contati.items()}
            for nome in _DEL_DEBITO
        },
        voci={flusso: flusso.upper() for flusso in contati},
        fonte=f"Registro delle trasmissioni in Capofila, periodi che finiscono nel {anno}; termini degli "
        "adempimenti dichiarati.",
        metodo="Per i flussi con un termine dichiarato, giorni dal termine al primo invio del periodo (zero "
        "se è arrivato prima) e periodi inviati entro il termine; per tutti, giorni dall'ultimo giorno del "
        "periodo al primo invio. File con esito di accoglimento, anche in parte, su quelli inviati.",
    )  # fmt: skip


class FotografiaIndicatori(Fotografia, frozen=True, kw_only=True):
    """The indicators of a year: as many tables as indicators."""

    rilascio: Rilascio

    @property
    def tavola(self) -> Tavola:
        """The comuni that have a figure of some indicator; each indicator has its own table."""
        con = {i for uno in self.rilascio.indicatori for i in uno.comuni}
        return Tavola(tuple(sorted(con)), (), {})

    def cifre(self, soglia: int, prima: Memoria = NIENTE) -> tuple[Cifra, ...]:
        """See :class:`Fotografia`."""
        return indicatori.cifre(self.rilascio, self.capoluogo, soglia, prima)


async def _indicatori(anno: int) -> Fotografia:
    letto = await indicatori.rilascio(anno)
    dove = letto.dove
    buchi = len(letto.incompleti)
    return FotografiaIndicatori(
        dataset="indicatori", anno=anno, rilascio=letto,
        voci={u.codice: u.nome for u in letto.indicatori}
        | {codice: nome for codice, (nome, _, _) in letto.rapporti.items()},
        misure={
            VALORE: {
                (riga, u.codice): valore
                for u in letto.indicatori
                for riga, valore in (u.comuni or {TUTTI: u.ambito or ZERO}).items()
            }
        },
        comuni={i: t.nome for i, t in dove.comuni.items()},
        abitanti={i: t.abitanti for i, t in dove.comuni.items()}, capoluogo=dove.capoluogo,
        fonte=f"Cifre degli indicatori del {anno} date all'ambito e tenute in Capofila; catalogo: allegato 2 "
        "dell'Accordo di Programma 2015-2017, con ciò che aggiungono i plugin. Popolazione: "
        f"{'; '.join(dove.fonti_abitanti) or 'nessuna, per questo anno'}.",
        metodo="Per comune, con le somme, gli indicatori che tutti i comuni hanno; se no la sola cifra data "
        "per l'ambito; medie e importi del solo ambito. I rapporti dividono due termini pubblicati. Ciò che le "
        "altre stanze calcolano si pubblica con i loro dati. "
        + (f"Non pubblicati perché mancano dei comuni: {buchi}. " if buchi else "") + _ABITANTI,
    )  # fmt: skip


_COME: Final[Mapping[str, Callable[[int], Awaitable[Fotografia]]]] = {
    "spesa": _spesa,
    "utenti": _utenti,
    "compartecipazione": _compartecipazione,
    "debito": _debito,
    "indicatori": _indicatori,
}


async def fotografa(dataset: str, anno: int) -> Fotografia:
    """The figures of now.

    Raises:
        NonTrovato: there is nothing to release of that year.
    """
    foto = await _COME[dataset](anno)
    if not any(foto.misure.values()):
        raise NonTrovato(
            f"Del {anno} non c'è ancora nulla da pubblicare in questo insieme di dati: scegli un altro anno."
        )
    return foto
