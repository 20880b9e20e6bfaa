"""What two runs of a flow say differently: only in one, only in the other, in both but changed.

A record is the same in both when person, domanda, code, start and operation are (of a minor: id,
year, ente): what it says may have changed since. Rows of the ledger never change, so that the same
row is the same record at once and only the others are compared, field by field. All of it in the
database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.debito import prospetti
from capofila.debito.resa_sql import letterale
from capofila.debito.selezione import Selezione, tabella_di
from capofila.hooks import Flusso

PER_PAGINA: Final = 50
Genere = Literal["solo_a", "solo_b", "cambiate"]
GENERI: Final[tuple[Genere, ...]] = ("cambiate", "solo_a", "solo_b")
_CHIAVE: Final = {
    "prestazione": "codice_fiscale, protocollo_domanda, codice_prestazione, giorno, operazione",
    "scheda_sinba": "id_beneficiario, anno, ente_erogatore_id, operazione",
}
_DELLA_CHIAVE: Final = {
    "prestazione": "p.id, p.codice_fiscale, p.protocollo_domanda, p.codice_prestazione, "
    "coalesce(p.competenza, '-infinity') AS giorno",
    "scheda_sinba": "p.id, p.id_beneficiario, p.anno, p.ente_erogatore_id",
}
_NON_CAMBIANO: Final = {
    "prestazione": frozenset(
        {"codice_fiscale", "protocollo_domanda", "codice_prestazione", "tipo_operazione"}
    ),
    "scheda_sinba": frozenset({"codice_fiscale", "id_beneficiario", "anno", "ente_erogatore"}),
}
_VISTE: Final = {
    "prestazione": "q.id, q.cognome || ' ' || q.nome AS persona, q.codice_prestazione, "
    "q.protocollo_domanda, q.competenza",
    "scheda_sinba": "q.id, q.id_beneficiario AS persona, q.dati ->> 'prestazioni' AS "
    "codice_prestazione, q.anno::text AS protocollo_domanda, NULL AS competenza",
}
_ORDINE: Final = {"prestazione": "q.cognome, q.nome", "scheda_sinba": "q.id_beneficiario"}
_SEGNAPOSTO: Final = re.compile(r"\$(\d+)")


class Differenze(msgspec.Struct, frozen=True):
    """How many records differ, and how many are the same in both."""

    solo_a: int
    solo_b: int
    cambiate: int
    uguali: int


class Cambio(msgspec.Struct, frozen=True):
    """A field whose value changed."""

    etichetta: str
    prima: str
    dopo: str


class Differenza(msgspec.Struct, frozen=True, kw_only=True):
    """One record that differs; ``prestazione`` is the row to look at.

    Of a minor, ``persona`` is the pseudonym and ``protocollo_domanda`` the year.
    """

    prestazione: int
    persona: str
    codice_prestazione: str
    protocollo_domanda: str
    giorno: Any
    operazione: str
    cambi: tuple[Cambio, ...] = ()


def spostati(sql: str, di: int) -> str:
    """The same SQL with its placeholders moved on.

    >>> spostati("a = $1 AND b = $2", 3)
    'a = $4 AND b = $5'
    """
    return _SEGNAPOSTO.sub(lambda trovato: f"${int(trovato[1]) + di}", sql)


async def precedente(id_: UUID) -> UUID | None:
    """The run of the same flow and ente that was sent last before this one was asked for."""
    unita = unita_corrente()
    trovata: UUID | None = await unita.valore(
        "SELECT p.id FROM esportazione e JOIN esportazione p ON p.ambito_id = e.ambito_id "
        "AND p.flusso = e.flusso AND p.ente_id = e.ente_id AND p.id <> e.id "
        "AND p.richiesta_il < e.richiesta_il "
        "AND p.stato IN ('inviata', 'accolta', 'accolta_in_parte', 'scartata') "
        "WHERE e.ambito_id = $1 AND e.id = $2 ORDER BY p.richiesta_il DESC LIMIT 1",
        unita.ambito,
        id_,
    )
    return trovata


async def confrontabili(id_: UUID) -> list[tuple[str, str]]:
    """The other runs that this one can be compared with: id and name, the latest first."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT p.id::text, p.nome_flusso, p.periodo FROM esportazione e JOIN esportazione p "
        "ON p.ambito_id = e.ambito_id AND p.flusso = e.flusso AND p.id <> e.id "
        "AND p.sha256 IS NOT NULL AND p.stato <> 'superata' "
        "WHERE e.ambito_id = $1 AND e.id = $2 ORDER BY p.richiesta_il DESC LIMIT 100",
        unita.ambito,
        id_,
    )
    return [(r["id"], f"{r['nome_flusso']} ({r['periodo']})") for r in righe]


class Confronto:
    """Two runs of the same flow; made by :func:`confronta`."""

    def __init__(self, flusso: Flusso, sql: str, valori: list[object]) -> None:
        self.flusso = flusso
        self.tabella = tabella_di(flusso)
        self._valori = valori
        fissi = _NON_CAMBIANO[self.tabella]
        self._colonne = [campo for campo in flusso.campi if campo.nome not in fissi]
        self._con = sql

    async def conta(self, unita: UnitaDiLavoro) -> Differenze:
        """The counts."""
        diverse = " OR ".join(f"({espressione}) IS DISTINCT FROM ({altra})"
                              for espressione, altra in self._espressioni(await self._note(unita)))  # fmt: skip
        riga = await unita.riga(
            f"{self._con} SELECT count(*) FILTER (WHERE b_id IS NULL) AS solo_a, "
            "count(*) FILTER (WHERE a_id IS NULL) AS solo_b, "
            "count(*) FILTER (WHERE a_id IS NOT NULL AND b_id IS NOT NULL) AS entrambe, "
            f"(SELECT count(*) FROM insieme i JOIN {self.tabella} p "
            "ON p.ambito_id = $1 AND p.id = i.a_id "
            f"JOIN {self.tabella} q ON q.ambito_id = $1 AND q.id = i.b_id WHERE i.a_id <> i.b_id "
            f"AND ({diverse})) AS cambiate FROM insieme",
            *self._valori,
        )
        return Differenze(
            riga["solo_a"], riga["solo_b"], riga["cambiate"], riga["entrambe"] - riga["cambiate"]
        )

    async def elenco(
        self, unita: UnitaDiLavoro, genere: Genere, pagina: int = 1
    ) -> list[Differenza]:
        """A page of the records of one kind, by person."""
        note = await self._note(unita)
        coppie = self._espressioni(note)
        if genere == "cambiate":
            diverse = " OR ".join(f"({a}) IS DISTINCT FROM ({b})" for a, b in coppie)
            dove = f"i.a_id <> i.b_id AND ({diverse})"
            vista = "b_id"
            altra = f"JOIN {self.tabella} p ON p.ambito_id = $1 AND p.id = i.a_id "
        else:
            qui, dove = (
                ("a_id", "i.b_id IS NULL") if genere == "solo_a" else ("b_id", "i.a_id IS NULL")
            )
            vista, altra = qui, ""
        valori = f", ARRAY[{', '.join(a for a, _ in coppie)}] AS prima, ARRAY[" \
                 f"{', '.join(b for _, b in coppie)}] AS dopo" if altra else ""  # fmt: skip
        da = len(self._valori)
        righe = await unita.righe(
            f"{self._con} SELECT {_VISTE[self.tabella]}, i.operazione{valori} FROM insieme i "
            f"JOIN {self.tabella} q ON q.ambito_id = $1 AND q.id = i.{vista} {altra}WHERE {dove} "
            f"ORDER BY {_ORDINE[self.tabella]}, q.id LIMIT ${da + 1} OFFSET ${da + 2}",
            *self._valori,
            PER_PAGINA,
            (pagina - 1) * PER_PAGINA,
        )
        etichette = [campo.etichetta for campo in self._colonne if campo.nome in note]
        return [
            Differenza(
                prestazione=riga["id"],
                persona=riga["persona"],
                codice_prestazione=riga["codice_prestazione"],
                protocollo_domanda=riga["protocollo_domanda"],
                giorno=riga["competenza"],
                operazione=riga["operazione"],
                cambi=tuple(
                    Cambio(etichetta, prima or "—", dopo or "—")
                    for etichetta, prima, dopo in zip(
                        etichette, riga["prima"], riga["dopo"], strict=True
                    )
                    if prima != dopo
                )
                if altra
                else (),
            )
            for riga in righe
        ]

    async def _note(self, unita: UnitaDiLavoro) -> set[str]:
        if self.tabella == "scheda_sinba":
            return {campo.nome for campo in self._colonne}
        return {
            "ente_erogatore",
            *(
                riga["column_name"]
                for riga in await unita.righe(
                    "SELECT column_name FROM information_schema.columns "
                    "WHERE table_schema = 'public' AND table_name = 'prestazione'"
                )
            ),
        }

    def _espressioni(self, note: set[str]) -> list[tuple[str, str]]:
        def una(tavola: str, nome: str) -> str:
            if nome == "ente_erogatore":
                return (f"(SELECT e.denominazione FROM ente e WHERE e.ambito_id = $1 "
                        f"AND e.id = {tavola}.ente_erogatore_id)")  # fmt: skip
            if self.tabella == "scheda_sinba" and nome != "comune_titolare":
                return f"{tavola}.dati ->> {letterale(nome)}"
            return f"{tavola}.{nome}::text"

        return [
            (una("p", campo.nome), una("q", campo.nome))
            for campo in self._colonne
            if campo.nome in note
        ]


async def confronta(a: UUID, b: UUID) -> Confronto:
    """Compare two runs.

    Raises:
        NonTrovato: one of them is not there.
        DatiNonValidi: they are of different flows, or of one whose records cannot be compared.
        Conflitto: one is not sealed, or was overtaken: what it said cannot be selected again.
    """
    unita = unita_corrente()
    righe = {
        riga["id"]: riga
        for riga in await unita.righe(
            "SELECT *, lotti::text AS lotti FROM esportazione WHERE ambito_id = $1 "
            "AND id = ANY($2::uuid[])",
            unita.ambito,
            [a, b],
        )
    }
    if a not in righe or b not in righe:
        raise NonTrovato("Uno dei due file non c'è: torna all'elenco del debito informativo.")
    if righe[a]["flusso"] != righe[b]["flusso"]:
        raise DatiNonValidi("Si confrontano due file dello stesso flusso.")
    if righe[a]["prospetto"]:
        raise prospetti.rifiuta_record("non c'è nulla da confrontare riga per riga")
    flusso = (await plugin_attivi()).flusso(righe[a]["flusso"])
    if flusso.operazione is None:
        raise DatiNonValidi("I file di questo flusso non si confrontano record per record.")
    pezzi: list[str] = []
    valori: list[object] = [unita.ambito]
    for riga in (righe[a], righe[b]):
        sql, suoi = await _contenuto(unita, flusso, riga)
        pezzi.append(spostati(sql, len(valori)))
        valori += suoi
    con = (
        f"WITH a AS ({pezzi[0]}), b AS ({pezzi[1]}), insieme AS (SELECT a.id AS a_id, b.id AS b_id, "
        f"operazione FROM a FULL JOIN b USING ({_CHIAVE[tabella_di(flusso)]}))"
    )
    return Confronto(flusso, con, valori)


async def _contenuto(
    unita: UnitaDiLavoro, flusso: Flusso, riga: Mapping[str, Any]
) -> tuple[str, list[object]]:
    """SQL of the records of a run with their key, and its values."""
    tabella = tabella_di(flusso)
    chiave = _DELLA_CHIAVE[tabella]
    if riga["stato"] in ("inviata", "accolta", "accolta_in_parte", "scartata"):
        return (
            f"SELECT {chiave}, c.operazione FROM comunicazione c JOIN {tabella} p "
            "ON p.ambito_id = c.ambito_id AND p.id = c.prestazione_id "
            "WHERE c.ambito_id = $1 AND c.esportazione_id = $2::uuid",
            [unita.ambito, riga["id"]],
        )
    if riga["stato"] not in ("sigillata", "in_pubblicazione"):
        raise Conflitto(
            "Si confrontano file sigillati o inviati: di un file superato non si può più dire che "
            "cosa conteneva."
        )
    selezione = await Selezione.apri(unita, flusso, riga, 0, sigillata=True)
    selezione.solo_membri = riga["escludi_errate"]
    dove, valori = selezione.dove()
    return (
        f"SELECT {chiave}, {selezione.operazione} AS operazione FROM {tabella} p WHERE {dove}",
        valori,
    )
