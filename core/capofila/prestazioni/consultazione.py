"""Finding prestazioni and imported files again. Runs inside a unit of work of the ambito."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from piccolo.columns.combination import And, WhereRaw

from capofila.base.database import unita_corrente
from capofila.base.errori import NonTrovato
from capofila.base.righe import INTEGER, riga_numero
from capofila.prestazioni.stati import condizione
from capofila.prestazioni.tables import Lotto, Prestazione

PER_PAGINA: Final = 50
"""What a number in an address may be: beyond, PostgreSQL has no row to look for."""
CONTEGGIO_MASSIMO: Final = 10_000
"""Beyond so many rows the page says «oltre 10.000»: counting a million takes longer than reading it."""
CONTEGGIO_PER_STATO: Final = 1_000
"""The same with a state, which is looked up in the communications of each row."""


class Filtro(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for. ``persona`` (a surname or a codice fiscale) never stands in an address.

    ``stato`` is one of :data:`capofila.prestazioni.stati.FILTRI`; it asks for the ``flusso`` by which
    records are communicated and its ``versione`` in force. Without it, the records in force.
    """

    anno: int
    comune: str | None = None
    codice: str | None = None
    carattere: str | None = None
    ente: int | None = None
    stato: str | None = None
    flusso: str = ""
    versione: int = 0
    persona: str | None = None


class RigaElenco(msgspec.Struct, frozen=True):
    """A prestazione as a list shows it; amounts in euro."""

    id: int
    cognome: str
    nome: str
    codice_fiscale: str
    codice_prestazione: str
    denominazione_prestazione: str | None
    protocollo_domanda: str
    comune_titolare: str
    ente_erogatore_id: int
    carattere: str | None
    data_inizio: date | None
    data_fine: date | None
    data_erogazione: date | None
    importo_mensile: Decimal | None
    importo: Decimal | None
    quota_ente: Decimal | None
    quota_utente: Decimal | None
    come_ricevuto: bool
    conforme_a: int | None
    sostituita_lotto: int | None

    @property
    def in_vigore(self) -> bool:
        """Whether no later version took its place, and nobody took it away."""
        return self.sostituita_lotto is None

    @property
    def dal(self) -> date | None:
        """First day: of the period, or of the payment."""
        return self.data_inizio or self.data_erogazione

    @property
    def quanto(self) -> Decimal | None:
        """What is paid a month, or once."""
        return self.importo_mensile if self.importo_mensile is not None else self.importo


_COLONNE: Final = tuple(getattr(Prestazione, nome) for nome in RigaElenco.__struct_fields__)


class Trovate(msgspec.Struct, frozen=True):
    """A page of prestazioni, and how many there are: more than ``massimo`` are not counted."""

    righe: list[RigaElenco]
    totale: int
    massimo: int

    @property
    def oltre(self) -> bool:
        """Whether there are more than anybody counted."""
        return self.totale > self.massimo

    @property
    def pagine(self) -> int:
        """How many pages can be asked for."""
        return max(1, -(-min(self.totale, self.massimo) // PER_PAGINA))


async def trova(filtro: Filtro, pagina: int = 1) -> Trovate:
    """A page of prestazioni, the latest first, and how many there are.

    With a state they are looked for once, in whatever order PostgreSQL finds them soonest: in the
    order of the list it would read a million rows one by one to find the few that are not as they
    should be. Only where there are more of them than are counted, the order finds a page at once.
    """
    if not filtro.stato:
        return Trovate(await elenco(filtro, pagina), await conta(filtro), CONTEGGIO_MASSIMO)
    unita = unita_corrente()
    # Two long lists of ids are put side by side: on disk it takes four times as long.
    await unita.esegui("SET LOCAL work_mem = '64MB'")
    quante = CONTEGGIO_PER_STATO + 1
    trovate = Prestazione.select(Prestazione.id).where(_dove(filtro)).limit(quante)
    sql, valori = trovate.querystrings[0].compile_string()
    ids = sorted((riga["id"] for riga in await unita.righe(sql, *valori)), reverse=True)
    if len(ids) == quante:
        return Trovate(await elenco(filtro, pagina), quante, CONTEGGIO_PER_STATO)
    righe = await Prestazione.select(*_COLONNE).where(
        And(
            Prestazione.ambito_id == unita.ambito,
            WhereRaw("prestazione.id = ANY({}::bigint[])", _pagina_di(ids, pagina)),
        )
    )
    per_id = sorted(righe, key=lambda riga: riga["id"], reverse=True)
    return Trovate([RigaElenco(**riga) for riga in per_id], len(ids), CONTEGGIO_PER_STATO)


def _pagina_di(ids: list[int], pagina: int) -> list[int]:
    return ids[(pagina - 1) * PER_PAGINA : pagina * PER_PAGINA]


async def elenco(filtro: Filtro, pagina: int = 1) -> list[RigaElenco]:
    """A page of prestazioni, the latest first."""
    righe = (
        await Prestazione.select(*_COLONNE)
        .where(_dove(filtro))
        .order_by(Prestazione.id, ascending=False)
        .limit(PER_PAGINA)
        .offset((pagina - 1) * PER_PAGINA)
    )
    return [RigaElenco(**riga) for riga in righe]


async def conta(filtro: Filtro) -> int:
    """How many there are, counted up to :data:`CONTEGGIO_MASSIMO` and one more."""
    limitata = Prestazione.select(Prestazione.id).where(_dove(filtro)).limit(CONTEGGIO_MASSIMO + 1)
    sql, valori = limitata.querystrings[0].compile_string()
    quante: int = await unita_corrente().valore(f"SELECT count(*) FROM ({sql}) q", *valori)
    return quante


def _dove(filtro: Filtro) -> Any:
    unita = unita_corrente()
    condizioni: Any = And(Prestazione.ambito_id == unita.ambito, Prestazione.anno == filtro.anno)
    if filtro.stato == "da_annullare":
        condizioni = And(condizioni, Prestazione.sostituita_lotto.is_not_null())
    else:
        condizioni = And(condizioni, Prestazione.sostituita_lotto.is_null())
    if filtro.stato:
        sql, valori = condizione(filtro.stato, filtro.flusso, filtro.versione)
        condizioni = And(condizioni, WhereRaw(sql, *valori))
    if filtro.comune:
        condizioni = And(condizioni, Prestazione.comune_titolare == filtro.comune)
    if filtro.codice:
        condizioni = And(condizioni, Prestazione.codice_prestazione == filtro.codice)
    if filtro.carattere:
        condizioni = And(condizioni, Prestazione.carattere == filtro.carattere)
    if filtro.ente:
        condizioni = And(condizioni, Prestazione.ente_erogatore_id == filtro.ente)
    if filtro.persona:
        confronto, valore = cerca_persona(filtro.persona)
        condizioni = And(condizioni, WhereRaw(f"prestazione.{confronto} {{}}", valore))
    return condizioni


def cerca_persona(testo: str) -> tuple[str, str]:
    """Column and operator to look a person up by, and the value.

    >>> cerca_persona(" rssmra80a41d142q ")
    ('codice_fiscale =', 'RSSMRA80A41D142Q')
    >>> cerca_persona("D'Am_")
    ('cognome ILIKE', "D'Am\\\\_%")
    """
    testo = testo.strip()
    if len(testo) >= 11 and testo[0].isalnum() and any(c.isdigit() for c in testo):
        return "codice_fiscale =", testo.upper()
    modello = testo.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return "cognome ILIKE", modello + "%"


async def dettaglio(id_: int) -> dict[str, Any]:
    """All of one prestazione.

    Raises:
        NonTrovato: there is none with this number in the ambito.
    """
    riga = await riga_numero(
        "SELECT p.*, e.denominazione AS ente_erogatore, l.nome_file, l.formato, l.caricato_il, "
        "l.id IS NOT NULL AS file_visibile FROM prestazione p "
        "JOIN ente e ON e.ambito_id = p.ambito_id AND e.id = p.ente_erogatore_id "
        "LEFT JOIN lotto l ON l.ambito_id = p.ambito_id AND l.id = p.lotto_id "
        "WHERE p.ambito_id = $1 AND p.id = $2",
        id_,
        "Questa prestazione non c'è: torna all'elenco.",
    )
    return dict(riga)


class LottoVisto(msgspec.Struct, frozen=True):
    """A file brought in, as a list shows it."""

    id: int
    nome_file: str
    formato: str
    flusso: str
    stato: str
    righe: int
    valide: int
    importate: int
    errori_totali: int
    come_ricevuto: bool
    gia_inviate: bool
    caricato_il: datetime
    deciso_il: datetime | None


_COLONNE_LOTTO: Final = tuple(getattr(Lotto, nome) for nome in LottoVisto.__struct_fields__)


async def lotti(pagina: int = 1) -> list[LottoVisto]:
    """A page of imported files, the latest first; what was entered by hand is no file."""
    righe = (
        await Lotto.select(*_COLONNE_LOTTO)
        .where(And(Lotto.ambito_id == unita_corrente().ambito, Lotto.formato != "programma"))
        .order_by(Lotto.id, ascending=False)
        .limit(PER_PAGINA + 1)
        .offset((pagina - 1) * PER_PAGINA)
    )
    return [LottoVisto(**riga) for riga in righe]


async def da_decidere(quanti: int = 20) -> list[LottoVisto]:
    """The files with errors on which nobody has decided yet, the latest first."""
    righe = (
        await Lotto.select(*_COLONNE_LOTTO)
        .where(And(Lotto.ambito_id == unita_corrente().ambito, Lotto.stato == "da_decidere"))
        .order_by(Lotto.id, ascending=False)
        .limit(quanti)
    )
    return [LottoVisto(**riga) for riga in righe]


async def lotto(id_: int) -> tuple[LottoVisto, list[dict[str, Any]], list[dict[str, Any]]]:
    """One imported file, with the errors and remarks that are still kept.

    Raises:
        NonTrovato: there is none with this number in the ambito.
    """
    if id_ not in INTEGER:
        raise NonTrovato("Questa importazione non c'è: torna all'elenco.")
    riga = (
        await Lotto.select(*_COLONNE_LOTTO, Lotto.errori, Lotto.avvisi)
        .where(And(Lotto.ambito_id == unita_corrente().ambito, Lotto.id == id_))
        .first()
    )
    if riga is None:
        raise NonTrovato("Questa importazione non c'è: torna all'elenco.")
    errori = msgspec.json.decode(riga.pop("errori") or "[]")
    avvisi = msgspec.json.decode(riga.pop("avvisi") or "[]")
    return LottoVisto(**riga), errori, avvisi
