"""The door of the room: funds shared by the criteria of the active plugins. Runs inside a unit of work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec

import capofila
from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.base.righe import INTEGER
from capofila.governo import service as governo
from capofila.hooks import CriteriRiparto, FraRiparto, Grandezza, OrigineGrandezza
from capofila.riparto.calcolo import (
    Beneficiario,
    RipartoNonPossibile,
    Traccia,
    calcola,
    congela,
    rifatto_uguale,
    rileggi,
)
from capofila.riparto.dati import DIMENSIONE_MASSIMA, leggi_dati
from capofila.spesa import service as spesa
from capofila.territorio import service as territorio
from capofila.web.formati import importo

__all__ = [
    "ANNI",
    "DIMENSIONE_MASSIMA",
    "Approvato",
    "Atto",
    "Chi",
    "Traccia",
    "approva",
    "approvati",
    "approvato",
    "atto_di",
    "beneficiari",
    "criteri",
    "da_scrivere",
    "forma",
    "fra_chi",
    "giorno",
    "leggi_dati",
    "rifatto_uguale",
    "simula",
    "spiegazioni",
    "tavola",
    "uno_dei_criteri",
]

ANNI: Final = range(1990, 2101)
_DUE: Final = Decimal("0.01")
Scritti = Mapping[str, Mapping[str, Decimal]]
"""What was typed in: by code of the quantity, then of the beneficiary."""


class Chi(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody among whom a fund is shared, with the comuni (ISTAT) of which it is made."""

    codice: str
    nome: str
    comuni: tuple[str, ...] = ()


class Atto(msgspec.Struct, frozen=True, kw_only=True):
    """By which act a riparto is approved; `cita` is how it is named."""

    cita: str
    data: date
    deliberazione_id: int | None = None


class Approvato(msgspec.Struct, frozen=True, kw_only=True):
    """A fund that was shared and approved.

    Attributes:
        ultimo: no later version took its place.
    """

    id: int
    fondo: str
    nome_fondo: str
    anno: int
    versione: int
    criteri: str
    importo: Decimal
    atto: str
    atto_data: date
    deliberazione_id: int | None
    sha256: str
    approvato_il: datetime
    ultimo: bool


def _ufficio() -> UnitaDiLavoro:
    unita = unita_corrente()
    if unita.contesto.comune:
        raise NonAutorizzato("Il riparto dei fondi è dell'Ufficio di Piano.")
    return unita


async def criteri(anno: int) -> tuple[CriteriRiparto, ...]:
    """The sets of criteria for the funds of a year, by code.

    Raises:
        DatiNonValidi: no such year.
    """
    if anno not in ANNI:
        raise DatiNonValidi(f"L'anno va dal {ANNI.start} al {ANNI.stop - 1}.")
    return (await plugin_attivi()).criteri_riparto(anno)


async def uno_dei_criteri(anno: int, codice: str) -> CriteriRiparto:
    """One of them.

    Raises:
        NonTrovato: no active plugin declares it for that year.
    """
    for uno in await criteri(anno):
        if uno.codice == codice:
            return uno
    raise NonTrovato(
        f"Nessun plugin attivo dichiara i criteri «{codice[:40]}» per i fondi del {anno}."
    )


async def fra_chi(scelti: CriteriRiparto, anno: int) -> tuple[Chi, ...]:
    """Among whom a fund of a year is shared, by name; services as they are listed."""
    if scelti.fra is FraRiparto.SERVIZI:
        return tuple(Chi(codice=una.codice, nome=una.denominazione) for una in scelti.servizi)
    fine = date(anno, 12, 31)
    comuni = {uno.istat: uno.nome for uno in await territorio.membri(fine)}
    soli = [Chi(codice=istat, nome=nome, comuni=(istat,)) for istat, nome in comuni.items()]
    if scelti.fra is FraRiparto.COMUNI:
        return tuple(sorted(soli, key=lambda uno: (uno.nome, uno.codice)))
    gruppi = (await territorio.appartenenze()).per_gruppo(fine)
    nomi = {uno.codice: uno.nome for uno in await territorio.sub_ambiti()}
    insieme = [
        Chi(codice=codice, nome=nomi.get(codice, codice), comuni=tuple(sorted(membri)))
        for codice, membri in gruppi.items()
        if codice is not None
    ]
    insieme += [uno for uno in soli if uno.codice in gruppi.get(None, ())]
    return tuple(sorted(insieme, key=lambda uno: (uno.nome, uno.codice)))


async def da_scrivere(scelti: CriteriRiparto, anno: int) -> tuple[Grandezza, ...]:
    """The quantities whose figures the Ufficio di Piano types in.

    What was assigned in a year of which nothing was approved here is among them.
    """
    return tuple(
        [
            una
            for una in scelti.grandezze
            if una.origine is OrigineGrandezza.INSERITA
            or (
                una.origine is OrigineGrandezza.ASSEGNATO
                and await _precedente(scelti, anno + una.scarto_anni) is None
            )
        ]
    )


async def beneficiari(
    scelti: CriteriRiparto, anno: int, scritti: Scritti
) -> tuple[tuple[Beneficiario, ...], dict[str, str]]:
    """Who shares the fund, with their figures, and where the figures of each quantity come from.

    A figure that is not held is left out: the computation names it.

    Raises:
        RipartoNonPossibile: there is no survey of the year that a quantity looks at.
    """
    chi = await fra_chi(scelti, anno)
    da_noi = {una.codice for una in await da_scrivere(scelti, anno)}
    valori: dict[str, Mapping[str, Decimal]] = {}
    fonti: dict[str, str] = {}
    for una in scelti.grandezze:
        if una.codice in da_noi:
            valori[una.codice] = scritti.get(una.codice, {})
            fonti[una.codice] = "Scritta dall’Ufficio di Piano"
        else:
            valori[una.codice], fonti[una.codice] = await _di(
                una, scelti, chi, anno + una.scarto_anni
            )
    return tuple(
        Beneficiario(
            codice=uno.codice, nome=uno.nome,
            valori={
                codice: delle[uno.codice] for codice, delle in valori.items() if uno.codice in delle
            },
        )
        for uno in chi
    ), fonti  # fmt: skip


async def _di(
    una: Grandezza, scelti: CriteriRiparto, chi: tuple[Chi, ...], anno: int
) -> tuple[dict[str, Decimal], str]:
    """The figures of a quantity of a year, by beneficiary, and where they come from."""
    match una.origine:
        case OrigineGrandezza.PARTI_UGUALI:
            return {uno.codice: Decimal(1) for uno in chi}, "Uno per ciascuno"
        case OrigineGrandezza.ABITANTI:
            return await _abitanti(chi, anno)
        case OrigineGrandezza.SPESA | OrigineGrandezza.ASSOCIATA:
            return await _spesa(chi, anno, associata=una.origine is OrigineGrandezza.ASSOCIATA)
        case OrigineGrandezza.CONSEGNA:
            return await _consegna(chi, anno)
        case _:
            prima = await _precedente(scelti, anno)
            if prima is None:  # pragma: no cover - then it is typed in
                return {}, ""
            avuti = {a.codice: a.importo for a in prima[1].esito.assegnazioni}
            return (
                {uno.codice: avuti.get(uno.codice, Decimal(0)) for uno in chi},
                f"Riparto del {anno} approvato in Capofila, versione {prima[0]}",
            )


async def _abitanti(chi: tuple[Chi, ...], anno: int) -> tuple[dict[str, Decimal], str]:
    demografia = await territorio.demografia()
    fine = date(anno, 12, 31)
    trovati = {
        istat: demografia.popolazione(istat, fine, anno) for uno in chi for istat in uno.comuni
    }
    quanti = {istat: una.residenti for istat, una in trovati.items() if una is not None}
    fonti = sorted({f for una in trovati.values() if una is not None for f in una.fonti})
    return {
        uno.codice: Decimal(sum(quanti[istat] for istat in uno.comuni))
        for uno in chi
        if {*uno.comuni} <= {*quanti}
    }, f"Popolazione al 31 dicembre {anno}: {'; '.join(fonti) or 'nessuna'}"


async def _spesa(
    chi: tuple[Chi, ...], anno: int, *, associata: bool
) -> tuple[dict[str, Decimal], str]:
    try:
        cifre = {uno.istat: uno for uno in (await spesa.analisi(anno)).per_comune}
    except NonTrovato as errore:
        raise RipartoNonPossibile(errore.messaggio) from None
    valori = {}
    for uno in chi:
        if not {*uno.comuni} <= {*cifre}:
            continue
        tutta = sum((cifre[istat].spesa for istat in uno.comuni), Decimal(0))
        insieme = sum((cifre[istat].associata for istat in uno.comuni), Decimal(0))
        quota = (insieme * 100 / tutta).quantize(_DUE, ROUND_HALF_UP) if tutta else Decimal(0)
        valori[uno.codice] = quota if associata else tutta
    return valori, f"Rilevazione della spesa sociale del {anno} in Capofila"


async def _consegna(chi: tuple[Chi, ...], anno: int) -> tuple[dict[str, Decimal], str]:
    try:
        puntuali = await spesa.consegnate_nei_termini(anno)
    except NonTrovato as errore:
        raise RipartoNonPossibile(errore.messaggio) from None
    return {
        uno.codice: Decimal(all(puntuali[istat] for istat in uno.comuni))
        for uno in chi
        if {*uno.comuni} <= {*puntuali}
    }, f"Passaggi della rilevazione della spesa sociale del {anno} in Capofila"


async def _precedente(scelti: CriteriRiparto, anno: int) -> tuple[int, Traccia] | None:
    """The last riparto approved of the same fund in a year, among the same kind of beneficiaries."""
    unita = unita_corrente()
    riga = await unita.riga(
        "SELECT versione, traccia FROM riparto_fondo WHERE ambito_id = $1 AND fondo = $2 "
        "AND anno = $3 ORDER BY versione DESC LIMIT 1",
        unita.ambito, scelti.fondo, anno,
    )  # fmt: skip
    if riga is None:
        return None
    traccia = rileggi(riga["traccia"])
    return (riga["versione"], traccia) if traccia.criteri.fra is scelti.fra else None


async def simula(anno: int, scelti: CriteriRiparto, fondo: Decimal, scritti: Scritti) -> Traccia:
    """Share a fund, and write nothing.

    Raises:
        RipartoNonPossibile: see :func:`capofila.riparto.calcolo.calcola`.
    """
    _ufficio()
    chi, fonti = await beneficiari(scelti, anno, scritti)
    return Traccia(
        anno=anno, criteri=scelti, importo=fondo, beneficiari=chi, fonti=fonti,
        plugin=dict((await plugin_attivi()).versioni()), capofila=capofila.__version__,
        esito=calcola(scelti, fondo, chi),
    )  # fmt: skip


async def atto_di(scelti: CriteriRiparto, anno: int) -> Atto | None:
    """The act on the matter of the criteria that stands today; None when there is none.

    A matter of which the criteria do not speak has none either: the act is then typed in.
    """
    if scelti.materia is None:
        return None
    trovato = await governo.atto_in_vigore(scelti.materia, anno, oggi())
    if trovato is None:
        return None
    return Atto(cita=trovato.cita, data=trovato.giorno, deliberazione_id=trovato.deliberazione_id)


async def approva(traccia: Traccia, scritto: Atto | None = None) -> int:
    """Keep a riparto as it was simulated; returns its id.

    Args:
        traccia: what was simulated, and seen.
        scritto: the act as it was typed in, where the criteria do not say on which matter a body
            decides.

    Raises:
        Conflitto: no act of a body on the matter stands.
        DatiNonValidi: the act that was typed in is not one.
    """
    unita = _ufficio()
    scelti, anno = traccia.criteri, traccia.anno
    atto = await atto_di(scelti, anno)
    if scelti.materia is None:
        atto = scritto
        if atto is None or not 5 <= len(atto.cita.strip()) <= 300 or atto.data > oggi():
            raise DatiNonValidi(
                "Scrivi l’atto che approva il riparto, da 5 a 300 caratteri, e il suo giorno, non "
                "dopo oggi."
            )
    if atto is None:
        raise Conflitto(
            f"Nessun atto in vigore su «{scelti.materia}» per il {anno}: la deliberazione va votata "
            "in una seduta, o registrata fra gli atti precedenti, e poi il riparto si approva."
        )
    testo, sha256 = congela(traccia)
    await unita.esegui("SELECT pg_advisory_xact_lock(7042, $1::int)", unita.ambito)
    id_: int = await unita.valore(
        "INSERT INTO riparto_fondo (fondo, nome_fondo, anno, versione, criteri, importo, atto, "
        "atto_data, deliberazione_id, traccia, sha256) SELECT $2, $3, $4, "
        "1 + coalesce((SELECT max(versione) FROM riparto_fondo WHERE ambito_id = $1 AND fondo = $2 "
        "AND anno = $4), 0), $5, $6, $7, $8, $9, $10, $11 RETURNING id",
        unita.ambito, scelti.fondo, scelti.nome_fondo, anno, scelti.codice, traccia.importo,
        atto.cita.strip(), atto.data, atto.deliberazione_id, testo, sha256,
    )  # fmt: skip
    await registra("riparto.approva", "riparto_fondo", str(id_), fondo=scelti.fondo, anno=anno)
    return id_


_ELENCO: Final = (
    "SELECT id, fondo, nome_fondo, anno, versione, criteri, importo, atto, atto_data, "
    "deliberazione_id, sha256, approvato_il, versione = max(versione) OVER (PARTITION BY fondo, anno) "
    "AS ultimo FROM riparto_fondo WHERE ambito_id = $1"
)


async def approvati() -> list[Approvato]:
    """What was approved, the latest years first, of each fund the last version first."""
    unita = _ufficio()
    return [
        Approvato(**dict(riga))
        for riga in await unita.righe(
            f"{_ELENCO} ORDER BY anno DESC, nome_fondo, versione DESC LIMIT 1000", unita.ambito
        )
    ]


async def approvato(id_: int) -> tuple[Approvato, Traccia]:
    """One of them, with the computation as it was.

    Raises:
        NonTrovato: there is none here.
    """
    unita = _ufficio()
    testo = await unita.valore(
        "SELECT traccia FROM riparto_fondo WHERE ambito_id = $1 AND id = $2",
        unita.ambito, id_ if id_ in INTEGER else 0,
    )  # fmt: skip
    for uno in [] if testo is None else await approvati():
        if uno.id == id_:
            return uno, rileggi(testo)
    raise NonTrovato("Questo riparto non c’è: torna all’elenco.")


def giorno(iso: str) -> date:
    """A day that was read of a form."""
    return date.fromisoformat(iso)


def tavola(traccia: Traccia) -> spesa.TavolaCifre:
    """A riparto as a table of figures: a column a part, and what each receives."""
    esito = traccia.esito
    titoli = [parte.denominazione for parte in esito.assegnazioni[0].parti]
    return spesa.TavolaCifre(
        codice="riparto", titolo="Riparto", testa="A chi",
        colonne=tuple(spesa.ColonnaCifre(titolo, "importo") for titolo in (*titoli, "Riceve")),
        righe=tuple(
            spesa.RigaCifre(
                una.codice, una.nome, (*(parte.importo for parte in una.parti), una.importo)
            )
            for una in esito.assegnazioni
        ),
    )  # fmt: skip


def spiegazioni(traccia: Traccia) -> list[str]:
    """All the words of a riparto: for everybody, then of each."""
    esito = traccia.esito
    frasi = [f"Criteri: {traccia.criteri.fonte.cita()}", *esito.note]
    frasi += [
        f"Trattenuto: {una.denominazione}, {importo(una.importo)}" for una in esito.trattenute
    ]
    for una in esito.assegnazioni:
        frasi += [f"{una.nome}: {parte.spiegazione}" for parte in una.parti]
        frasi += [f"{una.nome}: {nota}" for nota in una.note]
    return frasi


def forma(traccia: Traccia) -> dict[str, Any]:
    """A riparto as the command line prints it."""
    esito = traccia.esito
    return {
        "anno": traccia.anno,
        "fondo": traccia.criteri.fondo,
        "criteri": traccia.criteri.codice,
        "ipotesi": traccia.criteri.ipotesi,
        "fonte": traccia.criteri.fonte.cita(),
        "importo": esito.importo,
        "ripartito": esito.ripartito,
        "avanzo": esito.avanzo or Decimal(0),
        "trattenute": esito.trattenute,
        "assegnazioni": esito.assegnazioni,
        "note": esito.note,
        "fonti": traccia.fonti,
        "sha256": congela(traccia)[1],
    }
