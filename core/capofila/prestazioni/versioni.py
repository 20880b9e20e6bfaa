"""Entering a prestazione by hand, correcting it, taking it away: always a new row, never a change.

One saving is one lotto of format ``programma``: it brings the new version and supersedes the old
one at once. What the receiver must be told follows from there (docs/perche/siuss.md). What is not
ready yet waits as a draft (:mod:`capofila.prestazioni.bozze`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.righe import BIGINT, riga_numero
from capofila.hooks import ErroreRiga, Flusso, Preparatore
from capofila.hooks.campi import importo_leggibile
from capofila.prestazioni import bozze
from capofila.prestazioni.copia import COLONNE
from capofila.prestazioni.rules import Collocazione
from capofila.prestazioni.service import (
    ERRORE_DOPPIO,
    riferimenti_dell_ambito,
    versione_in_vigore,
)


class Salvataggio(msgspec.Struct):
    """What became of a form.

    Attributes:
        prestazioni: the records written: more than one when a grant goes over several years.
        errori: what keeps it out, by field; nothing was written then.
        avvisi: what deserves a look.
        invariata: the values are those of the record already: nothing was written.
    """

    prestazioni: list[int] = msgspec.field(default_factory=list)
    errori: list[ErroreRiga] = msgspec.field(default_factory=list)
    avvisi: list[ErroreRiga] = msgspec.field(default_factory=list)
    invariata: bool = False


class _Rinuncia(Exception):
    """Leaves the savepoint of a saving."""


def controlla(
    flusso: Flusso, valori: Mapping[str, str], collocazione: Collocazione
) -> tuple[Salvataggio, Any]:
    """Check a form, touching no database; the prepared lot goes with it."""
    nomi = [campo.nome for campo in flusso.campi]
    preparatore = Preparatore(flusso, nomi, oggi=oggi().isoformat(), taglia=True)
    lotto = preparatore.prepara([[valori.get(nome, "") for nome in nomi]], 1)
    esito = Salvataggio()
    if not lotto.numeri:
        esito.errori = [ErroreRiga(1, "", "", "nessuna_riga", "Il modulo è vuoto: compilalo.")]
        return esito, lotto
    errori = collocazione.colloca(lotto)
    esito.errori = [*lotto.errori, *errori]
    esito.avvisi = list(lotto.avvisi)
    return esito, lotto


async def salva(
    flusso: Flusso,
    valori: Mapping[str, str],
    *,
    sostituisce: int | None = None,
    bozza: int | None = None,
    comune: str | None = None,
    motivo: str = "",
) -> Salvataggio:
    """Write a prestazione: a new one, or the next version of another.

    Args:
        flusso: the flow whose fields the form has.
        valori: the cells as typed, by field.
        sostituisce: the record that it corrects.
        bozza: the draft that it comes from, thrown away when all went well.
        comune: Belfiore code of the only comune that is accepted.
        motivo: why it is corrected, for the history.

    Raises:
        NonTrovato: no such record here.
        Conflitto: it was corrected or taken away in the meantime.
    """
    unita = unita_corrente()
    vecchia = None if sostituisce is None else await _in_vigore(sostituisce)
    collocazione = Collocazione(await riferimenti_dell_ambito(unita, comune))
    esito, lotto = controlla(flusso, valori, collocazione)
    if esito.errori:
        return esito
    nuove = [
        {nome: collocazione.colonna(nome, lotto)[i] for nome in COLONNE if _scritta(nome)}
        for i in range(len(lotto))
    ]
    if vecchia is not None and len(nuove) == 1 and _uguali(vecchia, nuove[0]):
        esito.invariata = True
        esito.prestazioni = [vecchia["id"]]
        return esito
    versione = await versione_in_vigore(unita, flusso)
    try:
        async with unita.punto_di_ritorno():
            titolare = nuove[0]["comune_titolare"]
            lotto_id = await apri_salvataggio(unita, flusso.id, len(nuove), titolare, motivo)
            if vecchia is not None:
                await sostituisci(unita, vecchia["id"], lotto_id)
            for nuova in nuove:
                esito.prestazioni.append(await _aggiungi(unita, lotto_id, versione, nuova))
            if bozza is not None:
                await bozze.butta(bozza)
    except _Rinuncia:
        esito.prestazioni = []
        esito.errori = [
            ErroreRiga(1, "protocollo_domanda", valori.get("protocollo_domanda", ""), "duplicato",
                       ERRORE_DOPPIO)
        ]  # fmt: skip
        return esito
    for id_ in esito.prestazioni:
        azione = "prestazioni.inserisci" if vecchia is None else "prestazioni.correggi"
        await registra(azione, "prestazione", str(id_), sostituisce=sostituisce)
    return esito


async def elimina(id_: int, motivo: str = "") -> None:
    """Take a record away; if the receiver has it, the next run cancels it there.

    Args:
        id_: the record.
        motivo: why, for the history.

    Raises:
        NonTrovato: no such record here.
        Conflitto: it is not in force.
    """
    unita = unita_corrente()
    vecchia = await _in_vigore(id_)
    # The lotto of a file of the whole ambito is not for whoever works for one comune.
    flusso: str = await unita.valore(
        "SELECT coalesce((SELECT flusso FROM lotto WHERE ambito_id = $1 AND id = $2), "
        "(SELECT flusso FROM versione_flusso WHERE id = $3), '')",
        unita.ambito,
        vecchia["lotto_id"],
        vecchia["conforme_a"],
    )
    async with unita.punto_di_ritorno():
        lotto = await apri_salvataggio(unita, flusso, 0, vecchia["comune_titolare"], motivo)
        await sostituisci(unita, id_, lotto)
    await registra("prestazioni.elimina", "prestazione", str(id_))


async def leggi(id_: int) -> dict[str, Any]:
    """All of a record, in force or not; ``ente_erogatore`` as a form takes it.

    Raises:
        NonTrovato: no such record here.
    """
    righe = await leggi_tutte([id_])
    if not righe:
        raise NonTrovato("Questa prestazione non c'è: torna all'elenco.")
    return righe[0]


async def leggi_tutte(ids: list[int]) -> list[dict[str, Any]]:
    """All of some records; those that are not there are left out."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT p.*, coalesce(e.codice, left(e.denominazione, 100)) AS ente_erogatore, "
        "e.denominazione AS nome_ente FROM prestazione p "
        "JOIN ente e ON e.ambito_id = p.ambito_id AND e.id = p.ente_erogatore_id "
        "WHERE p.ambito_id = $1 AND p.id = ANY($2::bigint[]) ORDER BY p.id",
        unita.ambito,
        [id_ for id_ in ids if id_ in BIGINT],
    )
    return [dict(riga) for riga in righe]


class PersonaNota(msgspec.Struct, frozen=True):
    """Somebody of whom there is a record already, as it was written last."""

    prestazione: int
    riga: Mapping[str, Any]


async def persona_nota(codice_fiscale: str) -> PersonaNota | None:
    """The last record in force of a codice fiscale, for the data of the person."""
    unita = unita_corrente()
    riga = await unita.riga(
        "SELECT * FROM prestazione WHERE ambito_id = $1 AND codice_fiscale = $2 "
        "AND sostituita_lotto IS NULL AND NOT come_ricevuto ORDER BY id DESC LIMIT 1",
        unita.ambito,
        codice_fiscale,
    )
    return None if riga is None else PersonaNota(riga["id"], dict(riga))


async def versione_che_vale(id_: int) -> int | None:
    """The record in force that a superseded one led to; None when it was taken away."""
    for versione in reversed(await storia(id_)):
        if versione["sostituita_lotto"] is None:
            trovata: int = versione["id"]
            return trovata
    return None


async def _in_vigore(id_: int) -> Any:
    riga = await riga_numero(
        "SELECT * FROM prestazione WHERE ambito_id = $1 AND id = $2 FOR UPDATE",
        id_,
        "Questa prestazione non c'è: torna all'elenco.",
    )
    if riga["sostituita_lotto"] is not None:
        raise Conflitto(
            "Questa prestazione è già stata corretta o tolta: apri la versione in vigore."
        )
    return riga


async def apri_salvataggio(
    unita: UnitaDiLavoro, flusso: str, quante: int, comune: str | None, motivo: str
) -> int:
    """The lotto of one saving of a form; ``quante`` are the records that it brings."""
    lotto: int = await unita.valore(
        "INSERT INTO lotto (nome_file, formato, flusso, sha256, byte, stato, righe, valide, "
        "importate, comune, motivo, deciso_il) VALUES ('modulo', 'programma', $1, $2, 0, "
        "'importato', $3, $3, $3, $4, nullif($5, ''), now()) RETURNING id",
        flusso,
        hashlib.sha256(uuid4().bytes).hexdigest(),
        quante,
        comune,
        motivo[:200],
    )
    return lotto


async def sostituisci(
    unita: UnitaDiLavoro, id_: int, lotto: int, tavola: str = "prestazione"
) -> None:
    """Say which lotto brought the next version of a record, or took it away."""
    await unita.esegui(
        f"UPDATE {tavola} SET sostituita_lotto = $3 WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        id_,
        lotto,
    )


def _scritta(nome: str) -> bool:
    return not nome.startswith("forma_") and nome != "riga"


async def _aggiungi(
    unita: UnitaDiLavoro, lotto: int, versione: int, valori: Mapping[str, str | None]
) -> int:
    piene = {nome: valore for nome, valore in valori.items() if valore is not None}
    tipi = await _tipi(unita)
    segni = [f"${n}::text::{tipi[nome]}" for n, nome in enumerate(piene, 3)]
    try:
        async with unita.punto_di_ritorno():
            id_: int = await unita.valore(
                f"INSERT INTO prestazione (lotto_id, conforme_a, riga, {', '.join(piene)}) "
                f"VALUES ($1, $2, 1, {', '.join(segni)}) RETURNING id",
                lotto,
                versione,
                *piene.values(),
            )
    except asyncpg.UniqueViolationError:
        raise _Rinuncia from None
    return id_


async def _tipi(unita: UnitaDiLavoro) -> dict[str, str]:
    return {
        riga["nome"]: riga["tipo"]
        for riga in await unita.righe(
            "SELECT attname AS nome, format_type(atttypid, atttypmod) AS tipo FROM pg_attribute "
            "WHERE attrelid = 'prestazione'::regclass AND attnum > 0 AND NOT attisdropped"
        )
    }


def _uguali(vecchia: Mapping[str, Any], nuova: Mapping[str, str | None]) -> bool:
    return all(testo_di(vecchia[nome]) == valore for nome, valore in nuova.items())


def testo_di(valore: object) -> str | None:
    """A stored value in canonical form."""
    match valore:
        case None:
            return None
        case date():
            return valore.isoformat()
        case Decimal():
            return f"{valore:f}"
        case _:
            return str(valore)


def per_modulo(flusso: Flusso, riga: Mapping[str, Any]) -> dict[str, str]:
    """The values of a record as a form shows them."""
    valori: dict[str, str] = {}
    for campo in flusso.campi:
        testo = testo_di(riga.get(campo.nome))
        if testo is None:
            continue
        if campo.tipo.value == "importo":
            testo = importo_leggibile(testo)
        elif campo.tipo.value == "ore":
            testo = testo.replace(".", ",")
        valori[campo.nome] = testo
    return valori


# --- history ------------------------------------------------------------------------------------


async def storia(id_: int) -> list[dict[str, Any]]:
    """The versions of a record, the oldest first, each with what was communicated of it.

    A version hangs on the one before by the lotto that brought it and took the other away; a lotto
    of the program carries one saving.
    """
    unita = unita_corrente()
    righe = await unita.righe(
        "WITH RECURSIVE prima AS ("
        "  SELECT p.ambito_id, p.id, p.lotto_id, p.sostituita_lotto, 0 AS passi FROM prestazione p "
        "  WHERE p.ambito_id = $1 AND p.id = $2"
        "  UNION ALL SELECT p.ambito_id, p.id, p.lotto_id, p.sostituita_lotto, prima.passi + 1 "
        "  FROM prima JOIN lotto l ON l.ambito_id = prima.ambito_id AND l.id = prima.lotto_id "
        "  AND l.formato = 'programma' JOIN prestazione p ON p.ambito_id = prima.ambito_id "
        "  AND p.sostituita_lotto = prima.lotto_id WHERE prima.passi < 200"
        "), dopo AS ("
        "  SELECT ambito_id, id, lotto_id, sostituita_lotto, passi FROM prima WHERE passi = 0"
        "  UNION ALL SELECT p.ambito_id, p.id, p.lotto_id, p.sostituita_lotto, dopo.passi - 1 "
        "  FROM dopo JOIN prestazione p ON p.ambito_id = dopo.ambito_id "
        "  AND p.riga = 1 AND p.lotto_id = dopo.sostituita_lotto WHERE dopo.passi > -200"
        ") SELECT v.id, v.sostituita_lotto, min(v.passi) AS passi, l.caricato_il, l.formato, "
        "l.nome_file, l.motivo, u.nome AS persona, t.caricato_il AS tolta_il, "
        "t.motivo AS motivo_tolta, w.nome AS tolta_da "
        "FROM (SELECT * FROM prima UNION SELECT * FROM dopo) v "
        "LEFT JOIN lotto l ON l.ambito_id = v.ambito_id AND l.id = v.lotto_id "
        "LEFT JOIN lotto t ON t.ambito_id = v.ambito_id AND t.id = v.sostituita_lotto "
        "LEFT JOIN utente u ON u.id = l.caricato_da LEFT JOIN utente w ON w.id = t.caricato_da "
        "GROUP BY v.id, v.sostituita_lotto, l.caricato_il, l.formato, l.nome_file, l.motivo, "
        "u.nome, t.caricato_il, t.motivo, w.nome ORDER BY passi DESC, v.id",
        unita.ambito,
        id_,
    )
    return [dict(riga) for riga in righe]
