"""The tables that are owed, from the ledger of a year: when they may be made, what is sent with them.

Runs inside a unit of work of the whole ambito. Tables are made when every sheet is approved; with
the sending of those that say so the sheets are sent too, and answered with their outcome.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from capofila.base.database import UnitaDiLavoro
from capofila.base.errori import NonTrovato
from capofila.hooks import ModuloSpesa, ProspettoSpesa
from capofila.spesa.prospetti import (
    Intesta,
    ProspettoNonPronto,
    SommeLibro,
    avviso,
    fai_tavola,
    scarti,
    scrivi,
)
from capofila.spesa.rilevazioni import (
    Scheda,
    modulo_di,
    rilevazione,
    schede,
    ufficio_di_piano,
)
from capofila.spesa.rules import RigaSpesa, Stato
from capofila.spesa.schede import APPROVATE, VALORI, passo, riga_da

QUANTI_SCARTI: Final = 20
VERIFICHE: Final = ("schede_approvate", "quadratura")
"""What is checked before the tables are sealed, as the manifest names it."""


class Preparato(msgspec.Struct, frozen=True, kw_only=True):
    """A file to be sealed.

    Attributes:
        righe: rows of its tables, without the totals.
        modulo_sha256: the digest of the form, with what the distretto adds.
        avvisi: what a reader must know.
    """

    contenuto: bytes
    righe: int
    modulo_sha256: str
    avvisi: list[dict[str, Any]]


async def impronta_del_libro(anno: int) -> str:
    """A digest of all the lines of a year, in any order of writing."""
    unita = ufficio_di_piano()
    testo = await unita.valore(
        "SELECT md5(coalesce(string_agg(concat_ws('|', istat, area, voce, gestione, modalita, "
        "riparto_spesa_id, coalesce(utenti::text, '-'), spesa, quota_utenti, quota_ssn, fonti), "
        "E'\\n' ORDER BY istat, area, voce, gestione, modalita, riparto_spesa_id), '')) "
        "FROM riga_spesa WHERE ambito_id = $1 AND anno = $2",
        unita.ambito, anno,
    )  # fmt: skip
    return str(testo)


async def impronta_del_prospetto(prospetto: ProspettoSpesa, anno: int) -> str:
    """A digest of all that decides the bytes of a file: declaration, form, ledger."""
    try:
        modulo = (await modulo_di(anno, prospetto.modulo)).impronta
    except NonTrovato:
        modulo = ""
    contenuto = [prospetto, modulo, anno, await impronta_del_libro(anno)]
    return hashlib.sha256(msgspec.json.encode(contenuto, order="deterministic")).hexdigest()


async def non_approvate(anno: int, *, blocca: bool = False) -> list[Scheda]:
    """The sheets that keep the tables from being made, by name of the comune."""
    return [una for una in await schede(anno, blocca=blocca) if una.stato not in APPROVATE]


async def prepara(prospetto: ProspettoSpesa, anno: int, ambito: str) -> Preparato:
    """The file of some tables of a year.

    Args:
        prospetto: which tables.
        anno: of the spending.
        ambito: its name, as the file has it.

    Raises:
        ProspettoNonPronto: there is no survey, sheets are not approved (which ones), or a table does
            not add up to the ledger.
    """
    unita = ufficio_di_piano()
    modulo = await _modulo(prospetto, anno)
    attesa = await non_approvate(anno)
    if attesa:
        raise ProspettoNonPronto(_da_approvare(attesa))
    libro = await _libro(unita, anno)
    if not libro.righe:
        raise ProspettoNonPronto(
            [avviso("nessuna_riga", f"Nel {anno} non c'è nessuna riga di spesa da riportare.")]
        )
    righe = [
        riga_da(riga)
        for riga in await unita.righe(
            f"SELECT {VALORI} FROM riga_spesa WHERE ambito_id = $1 AND anno = $2 "
            "ORDER BY istat, area, voce, gestione, modalita, riparto_spesa_id",
            unita.ambito, anno,
        )
    ]  # fmt: skip
    dichiarate = {tavola.codice: tavola for tavola in modulo.tavole}
    tavole = [fai_tavola(modulo, dichiarate[codice], righe, anno) for codice in prospetto.tavole]
    frasi = [
        frase
        for tavola in tavole
        for frase in scarti(tavola, dichiarate[tavola.codice].colonne, libro)
    ]
    if frasi:
        frasi = [*_codici_ignoti(modulo, righe), *frasi[:QUANTI_SCARTI]]
        raise ProspettoNonPronto([avviso("non_quadra", frase) for frase in frasi])
    note = dict.fromkeys([prospetto.nota] if prospetto.nota else [])
    for tavola in tavole:
        for nota in tavola.note:
            di_tutte = all(nota in altra.note for altra in tavole)
            note[nota if di_tutte else f"Tavola {tavola.codice}. {nota}"] = None
    if libro.senza_utenti:
        note[f"Righe di cui non si conoscono gli utenti: {libro.senza_utenti}."] = None
    return Preparato(
        contenuto=scrivi(prospetto, Intesta(ambito, anno), tavole),
        righe=sum(len(tavola.righe) for tavola in tavole),
        modulo_sha256=modulo.impronta,
        avvisi=[avviso("nota", nota) for nota in note],
    )


async def _modulo(prospetto: ProspettoSpesa, anno: int) -> ModuloSpesa:
    try:
        questa = await rilevazione(anno)
        modulo = await modulo_di(anno, questa.modulo)
    except NonTrovato as errore:
        raise ProspettoNonPronto([avviso("senza_rilevazione", errore.messaggio)]) from None
    if questa.modulo != prospetto.modulo:
        raise ProspettoNonPronto(
            [
                avviso(
                    "altro_modulo",
                    f"La rilevazione del {anno} è fatta con il modulo «{questa.modulo}», e questo "
                    f"prospetto è del modulo «{prospetto.modulo}».",
                )
            ]
        )
    return modulo


def _da_approvare(attesa: list[Scheda]) -> list[dict[str, Any]]:
    per_stato: dict[str, list[str]] = {}
    for una in attesa:
        per_stato.setdefault(una.stato.value, []).append(una.nome)
    return [
        avviso(
            "schede_da_approvare",
            f"La scheda di {nomi[0]} non è approvata: è {stato}. Va approvata nella rilevazione."
            if len(nomi) == 1
            else f"Non sono approvate {len(nomi)} schede in stato «{stato}»: {', '.join(nomi)}. "
            "Vanno approvate nella rilevazione.",
        )
        for stato, nomi in per_stato.items()
    ]


def _codici_ignoti(modulo: ModuloSpesa, righe: list[RigaSpesa]) -> list[str]:
    frasi = []
    for nome, usati, noti in (
        ("una gestione", {r.gestione for r in righe}, modulo.gestioni),
        ("una modalità", {r.modalita for r in righe}, modulo.modalita),
        ("una fonte", {f for r in righe for f, v in r.fonti.items() if v}, modulo.fonti),
    ):
        ignoti = sorted(usati - {uno.codice for uno in noti})
        if ignoti:
            frasi.append(
                f"Ci sono righe con {nome} che il modulo non prevede: {', '.join(ignoti)[:200]}. "
                "Riapri le schede e correggile, oppure attiva il plugin che la prevede."
            )
    return frasi


async def _libro(unita: UnitaDiLavoro, anno: int) -> SommeLibro:
    riga = await unita.riga(
        "SELECT count(*) AS righe, coalesce(sum(spesa), 0) AS spesa, "
        "coalesce(sum(quota_utenti), 0) AS quota_utenti, coalesce(sum(quota_ssn), 0) AS quota_ssn, "
        "coalesce(sum((SELECT sum(f.v::numeric) FROM jsonb_each_text(l.fonti) AS f (k, v))), 0) "
        "AS fonti, coalesce(sum(utenti), 0)::numeric AS utenti, "
        "count(*) FILTER (WHERE utenti IS NULL) AS senza_utenti "
        "FROM riga_spesa l WHERE ambito_id = $1 AND anno = $2",
        unita.ambito, anno,
    )  # fmt: skip
    return SommeLibro(**dict(riga or {}))


async def segna_trasmesse(anno: int, motivo: str) -> int:
    """Send the sheets that are approved; those that were sent already stay as they are.

    Returns:
        How many.
    """
    return await _tutte(anno, Stato.APPROVATA, "trasmetti", motivo)


async def segna_esito(anno: int, motivo: str) -> int:
    """Write the outcome at the sheets that were sent.

    Returns:
        How many.
    """
    return await _tutte(anno, Stato.TRASMESSA, "registra_esito", motivo)


async def _tutte(anno: int, da: Stato, azione: str, motivo: str) -> int:
    ufficio_di_piano()
    quali = [una for una in await schede(anno, blocca=True) if una.stato is da]
    for una in quali:
        await passo(anno, una.istat, azione, motivo[:2000])
    return len(quali)
