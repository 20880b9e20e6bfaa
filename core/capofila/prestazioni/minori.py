"""Records of minors (SINBA): entering, correcting and taking away, their story, the list.

As with a prestazione, a saving always adds a row. The flow has no cancellation: a record that is sent
again takes the place of the earlier one, and one that is taken away stays where it was sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from capofila.accessi.service import registra
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto
from capofila.base.righe import riga_numero
from capofila.hooks import Flusso
from capofila.prestazioni import bozze
from capofila.prestazioni.rules import FONTE_MINORI, Collocazione, Riferimenti
from capofila.prestazioni.schede import RIMASTA, inserisci, schede
from capofila.prestazioni.stati import FILTRI as FILTRI_PRESTAZIONI
from capofila.prestazioni.stati import STATI as STATI_PRESTAZIONI
from capofila.prestazioni.stati import Comunicata, condizione
from capofila.prestazioni.versioni import (
    Salvataggio,
    apri_salvataggio,
    controlla,
    sostituisci,
)

NON_C_E: Final = "Questa scheda non c'è: torna all'elenco dei minori."

STATI: Final[dict[str, tuple[str, str]]] = {
    **{n: STATI_PRESTAZIONI[n] for n in ("da_comunicare", "comunicata", "accolta", "scartata")},
    "sostituita": ("Sostituita", "neutro"),
    "rimasta": ("Tolta, INPS ce l’ha", "attenzione"),
    "tolta": ("Tolta", "neutro"),
}
"""Each state of a record in words, with the tone of its badge."""
FILTRI: Final[dict[str, str]] = {
    **{n: testo for n, testo in FILTRI_PRESTAZIONI.items() if n != "da_annullare"},
    "rimasta": "Tolte, INPS le ha ancora",
}


# --- one record ---------------------------------------------------------------------------------


class _Rinuncia(Exception):
    """Leaves the savepoint of a saving."""


async def salva(
    flusso: Flusso,
    valori: Mapping[str, str],
    riferimenti: Riferimenti,
    versione: int,
    *,
    sostituisce: int | None = None,
    minore: str | None = None,
    bozza: int | None = None,
    motivo: str = "",
) -> Salvataggio:
    """Write a record: a new one, or the next version of another.

    Args:
        flusso: of the minors.
        valori: the cells as typed, by field.
        riferimenti: the enti and comuni of the ambito.
        versione: of the flow in force.
        sostituisce: the record that it corrects; minor, year and ente stay what they are.
        minore: the id of the minor, when it is known from another record or from the draft.
        bozza: the draft that it comes from, thrown away when all went well.
        motivo: why it is corrected, for the history.

    Raises:
        NonTrovato: no such record here.
        Conflitto: it was corrected or taken away in the meantime.
    """
    unita = unita_corrente()
    vecchia = None if sostituisce is None else await _in_vigore(sostituisce)
    celle = dict(valori)
    if vecchia is not None:
        celle |= {"anno": str(vecchia["anno"]), "ente_erogatore": vecchia["ente"]}
        minore = vecchia["id_beneficiario"]
    if minore is not None:
        celle = {n: v for n, v in celle.items() if n != "codice_fiscale"}
        celle["id_beneficiario"] = minore
    collocazione = Collocazione(riferimenti)
    esito, lotto = controlla(flusso, celle, collocazione)
    if esito.errori:
        return esito
    (scheda,) = schede(lotto, collocazione, None, [0])
    if vecchia is not None and scheda.titolare == vecchia["comune_titolare"] and (
        scheda.dati == msgspec.json.decode(vecchia["dati"])
    ):  # fmt: skip
        return Salvataggio(prestazioni=[vecchia["id"]], avvisi=esito.avvisi, invariata=True)
    try:
        async with unita.punto_di_ritorno():
            salvataggio = await apri_salvataggio(unita, flusso.id, 1, scheda.titolare, motivo)
            if vecchia is not None:
                await sostituisci(unita, vecchia["id"], salvataggio, "scheda_sinba")
            esito.errori = await inserisci(unita, [scheda], lotto=salvataggio, versione=versione)
            if esito.errori:
                raise _Rinuncia
            if bozza is not None:
                await bozze.butta(bozza, FONTE_MINORI)
            esito.prestazioni = [
                await unita.valore(
                    "SELECT id FROM scheda_sinba WHERE ambito_id = $1 AND lotto_id = $2",
                    unita.ambito,
                    salvataggio,
                )
            ]
    except _Rinuncia:
        return esito
    azione = "minori.inserisci" if vecchia is None else "minori.correggi"
    await registra(azione, "scheda_sinba", str(esito.prestazioni[0]), sostituisce=sostituisce)
    return esito


async def elimina(id_: int, flusso: str, motivo: str = "") -> None:
    """Take a record away. The flow has no cancellation: what INPS holds, it holds.

    Raises:
        NonTrovato: no such record here.
        Conflitto: it is not in force.
    """
    unita = unita_corrente()
    vecchia = await _in_vigore(id_)
    async with unita.punto_di_ritorno():
        lotto = await apri_salvataggio(unita, flusso, 0, vecchia["comune_titolare"], motivo)
        await sostituisci(unita, id_, lotto, "scheda_sinba")
    await registra("minori.elimina", "scheda_sinba", str(id_))


async def _in_vigore(id_: int) -> Any:
    riga = await riga_numero(
        "SELECT s.*, coalesce(e.codice, left(e.denominazione, 100)) AS ente "
        "FROM scheda_sinba s JOIN ente e ON e.ambito_id = s.ambito_id "
        "AND e.id = s.ente_erogatore_id WHERE s.ambito_id = $1 AND s.id = $2 FOR UPDATE OF s",
        id_,
        NON_C_E,
    )
    if riga["sostituita_lotto"] is not None:
        raise Conflitto("Questa scheda è già stata corretta o tolta: apri la versione in vigore.")
    return riga


async def leggi(id_: int) -> dict[str, Any]:
    """All of a record, in force or not; its fields stand in ``valori``.

    Raises:
        NonTrovato: no such record here.
    """
    riga = await riga_numero(
        "SELECT s.*, coalesce(e.codice, left(e.denominazione, 100)) AS ente, "
        "e.denominazione AS nome_ente, l.nome_file, l.formato, l.caricato_il, "
        "l.id IS NOT NULL AS file_visibile FROM scheda_sinba s "
        "JOIN ente e ON e.ambito_id = s.ambito_id AND e.id = s.ente_erogatore_id "
        "LEFT JOIN lotto l ON l.ambito_id = s.ambito_id AND l.id = s.lotto_id "
        "WHERE s.ambito_id = $1 AND s.id = $2",
        id_,
        NON_C_E,
    )
    return _con_valori(dict(riga))


def _con_valori(riga: dict[str, Any]) -> dict[str, Any]:
    dati: dict[str, str] = msgspec.json.decode(riga["dati"])
    return riga | {
        "valori": dati
        | {
            "anno": str(riga["anno"]),
            "comune_titolare": riga["comune_titolare"],
            "ente_erogatore": riga["ente"],
            "id_beneficiario": riga["id_beneficiario"],
        }
    }


async def storia(riga: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The versions of a record, the oldest first: minor, year and ente are the same in all."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT s.*, coalesce(e.codice, left(e.denominazione, 100)) AS ente, l.caricato_il, "
        "l.formato, l.nome_file, l.motivo, u.nome AS persona, t.caricato_il AS tolta_il, "
        "t.motivo AS motivo_tolta, w.nome AS tolta_da FROM scheda_sinba s "
        "JOIN ente e ON e.ambito_id = s.ambito_id AND e.id = s.ente_erogatore_id "
        "LEFT JOIN lotto l ON l.ambito_id = s.ambito_id AND l.id = s.lotto_id "
        "LEFT JOIN lotto t ON t.ambito_id = s.ambito_id AND t.id = s.sostituita_lotto "
        "LEFT JOIN utente u ON u.id = l.caricato_da LEFT JOIN utente w ON w.id = t.caricato_da "
        "WHERE s.ambito_id = $1 AND s.anno = $2 AND s.id_beneficiario = $3 "
        "AND s.ente_erogatore_id = $4 ORDER BY s.id",
        unita.ambito,
        riga["anno"],
        riga["id_beneficiario"],
        riga["ente_erogatore_id"],
    )
    return [_con_valori(dict(una)) for una in righe]


async def altre(riga: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The other records in force of the same minor that the reader may see, the latest first."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT id, anno, comune_titolare FROM scheda_sinba WHERE ambito_id = $1 "
        "AND id_beneficiario = $2 AND id <> $3 AND sostituita_lotto IS NULL "
        "AND NOT (anno = $4 AND ente_erogatore_id = $5) ORDER BY anno DESC, id",
        unita.ambito,
        riga["id_beneficiario"],
        riga["id"],
        riga["anno"],
        riga["ente_erogatore_id"],
    )
    return [dict(una) for una in righe]


def stato_di(in_vigore: bool, comunicata: Comunicata | None, ultima_detta: bool) -> str:
    """The state of a record, one of :data:`STATI`.

    Args:
        in_vigore: nothing took its place.
        comunicata: what was said of it last.
        ultima_detta: of the versions of a record that is no longer there, it is the last one that
            the receiver was told.
    """
    if in_vigore:
        if comunicata is None:
            return "da_comunicare"
        return comunicata.esito or "comunicata"
    if comunicata is not None and comunicata.presente:
        return "rimasta" if ultima_detta else "sostituita"
    return "tolta" if ultima_detta else "sostituita"


# --- the list -----------------------------------------------------------------------------------


class Filtro(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for; ``minore`` is an id, never a codice fiscale.

    ``stato`` is one of :data:`FILTRI`; it asks for the ``flusso`` and its ``versione`` in force.
    """

    anno: int
    comune: str | None = None
    stato: str | None = None
    flusso: str = ""
    versione: int = 0
    minore: str | None = None


class RigaElenco(msgspec.Struct, frozen=True):
    """A record as the list shows it."""

    id: int
    id_beneficiario: str
    anno: int
    comune_titolare: str
    ente_erogatore_id: int
    anno_nascita: str | None
    fascia_eta: str | None
    luogo_vita: str | None
    prestazioni: str | None
    come_ricevuto: bool
    conforme_a: int | None
    sostituita_lotto: int | None
    caricato_il: datetime | None

    @property
    def in_vigore(self) -> bool:
        """Whether no later version took its place, and nobody took it away."""
        return self.sostituita_lotto is None


def _dove(filtro: Filtro) -> tuple[str, list[object]]:
    condizioni, valori = ["s.ambito_id = $1", "s.anno = $2"], [unita_corrente().ambito, filtro.anno]

    def aggiungi(sql: str, *altri: object) -> None:
        for valore in altri:
            valori.append(valore)  # type: ignore[arg-type]
            sql = sql.replace("{}", f"${len(valori)}", 1)
        condizioni.append(sql)

    if filtro.stato == "rimasta":
        aggiungi(RIMASTA, filtro.flusso, filtro.flusso)
    else:
        aggiungi("s.sostituita_lotto IS NULL")
        if filtro.stato:
            sql, suoi = condizione(filtro.stato, filtro.flusso, filtro.versione, tavola="s")
            aggiungi(sql, *suoi)
    if filtro.comune:
        aggiungi("s.comune_titolare = {}", filtro.comune)
    if filtro.minore is not None:
        aggiungi("s.id_beneficiario = {}", filtro.minore)
    return " AND ".join(condizioni), list(valori)


async def elenco(filtro: Filtro, pagina: int = 1, per_pagina: int = 50) -> list[RigaElenco]:
    """A page of records, the latest first."""
    dove, valori = _dove(filtro)
    righe = await unita_corrente().righe(
        "SELECT s.id, s.id_beneficiario, s.anno, s.comune_titolare, s.ente_erogatore_id, "
        "s.dati ->> 'anno_nascita' AS anno_nascita, "
        "s.dati ->> 'fascia_eta_beneficiario' AS fascia_eta, s.dati ->> 'luogo_vita' AS luogo_vita, "
        "s.dati ->> 'prestazioni' AS prestazioni, s.come_ricevuto, s.conforme_a, "
        "s.sostituita_lotto, l.caricato_il FROM scheda_sinba s "
        "LEFT JOIN lotto l ON l.ambito_id = s.ambito_id AND l.id = s.lotto_id "
        f"WHERE {dove} ORDER BY s.id DESC LIMIT ${len(valori) + 1} OFFSET ${len(valori) + 2}",
        *valori,
        per_pagina,
        (pagina - 1) * per_pagina,
    )
    return [RigaElenco(**dict(riga)) for riga in righe]


async def conta(filtro: Filtro) -> int:
    """How many there are."""
    dove, valori = _dove(filtro)
    quante: int = await unita_corrente().valore(
        f"SELECT count(*) FROM scheda_sinba s WHERE {dove}", *valori
    )
    return quante


async def rimaste(flusso: str, ids: Sequence[int]) -> set[int]:
    """Those of some records that were taken away while the receiver has them."""
    unita = unita_corrente()
    sql = RIMASTA.replace("{}", "$2")
    return {
        riga["id"]
        for riga in await unita.righe(
            f"SELECT s.id FROM scheda_sinba s WHERE s.ambito_id = $1 AND s.id = ANY($3::bigint[]) "
            f"AND {sql}",
            unita.ambito,
            flusso,
            list(ids),
        )
    }
