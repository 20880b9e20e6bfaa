"""Domande, what was decided of them, what was paid. Runs inside a unit of work of the ambito.

The periods of a domanda are the records in force that say the same comune, person, protocollo and
code: imported records belong to it without anybody saying so. A domanda that only its records tell
is listed and shown like the others; it is written down when something is added to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.righe import BIGINT, riga_numero
from capofila.prestazioni import decisioni as confronti
from capofila.prestazioni.consultazione import cerca_persona
from capofila.prestazioni.contabilita import (
    Pagamento,
    Periodo,
    Situazione,
    Somme,
    avviso_di_eccesso,
    periodo_di,
    situazioni,
    somme_di,
)

PER_PAGINA: Final = 50
Esito = Literal["accolta", "respinta", "rinunciata", "decaduta"]
ESITI: Final[dict[str, tuple[str, str]]] = {
    "accolta": ("Accolta", "buono"),
    "respinta": ("Respinta", "errore"),
    "rinunciata": ("Rinunciata", "chiuso"),
    "decaduta": ("Decaduta", "chiuso"),
    "": ("Senza decisione", "attesa"),
}
FILTRI: Final = {
    "senza_decisione": "Senza decisione",
    "accolta": "Accolte",
    "respinta": "Respinte",
    "chiusa": "Rinunciate o decadute",
    "da_pagare": "Con pagamenti che mancano",
    "non_torna": "Che non tornano con la decisione",
}
CONFRONTATE: Final = 20_000
"""The most domande that the last filter compares for a page, the latest."""
_PER_VOLTA: Final = 500


class Domanda(msgspec.Struct, frozen=True, kw_only=True):
    """A domanda as its page shows it; ``id`` is None while only its records tell of it."""

    id: int | None
    comune_titolare: str
    codice_fiscale: str
    cognome: str
    nome: str
    protocollo: str
    codice_prestazione: str
    presentata_il: date | None
    richiesta: str | None
    creata_il: datetime | None

    @property
    def chiave(self) -> tuple[str, str, str, str]:
        """What its records say too."""
        return (
            self.comune_titolare,
            self.codice_fiscale,
            self.protocollo,
            self.codice_prestazione,
        )


class Decisione(msgspec.Struct, frozen=True, kw_only=True):
    """What an act decided; amounts in euro."""

    esito: str
    atto_organo: str
    atto_numero: str
    atto_data: date
    dal: date | None = None
    al: date | None = None
    importo_mensile: Decimal | None = None
    importo: Decimal | None = None
    quota_ente: Decimal | None = None
    quota_utente: Decimal | None = None
    quota_ssn: Decimal | None = None
    presa_il: datetime | None = None
    persona: str | None = None

    @property
    def atto(self) -> confronti.Atto:
        """The decision as it counts."""
        importo = self.importo_mensile if self.importo_mensile is not None else self.importo
        return confronti.Atto(
            esito=self.esito,
            atto_data=self.atto_data,
            dal=self.dal,
            al=self.al,
            mensile=self.importo is None,
            somme=somme_di(
                importo or Decimal("0.00"), self.quota_ente, self.quota_utente, self.quota_ssn
            ),
        )


class Versato(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as it was registered."""

    id: int
    prestazione_id: int
    ente_erogatore_id: int
    competenza: date
    pagato_il: date
    importo: Decimal
    quota_ente: Decimal
    quota_utente: Decimal
    quota_ssn: Decimal
    mandato: str
    storna: int | None
    registrato_il: datetime
    persona: str | None = None

    @property
    def somme(self) -> Somme:
        """Its amounts together."""
        return Somme(
            importo=self.importo,
            quota_ente=self.quota_ente,
            quota_utente=self.quota_utente,
            quota_ssn=self.quota_ssn,
        )


class Fascicolo(msgspec.Struct, frozen=True, kw_only=True):
    """All of a domanda.

    Attributes:
        decisioni: the latest first: that one holds.
        record: the records in force, by id, for what the totals do not say.
        fuori: what was paid for months that no record holds any more.
        riscontri: what does not agree with what was decided.
        deciso: all that was decided; None while nobody did.
        libro: the same, as the comparisons read it.
    """

    domanda: Domanda
    decisioni: list[Decisione]
    record: Mapping[int, Mapping[str, Any]]
    situazioni: list[Situazione]
    pagamenti: list[Versato]
    fuori: Somme
    riscontri: list[confronti.Riscontro]
    deciso: Somme | None
    libro: confronti.Libro

    @property
    def esito(self) -> str:
        """The decision that holds; empty when there is none."""
        return self.decisioni[0].esito if self.decisioni else ""

    @property
    def stornati(self) -> set[int]:
        """Payments that were taken back."""
        return {p.storna for p in self.pagamenti if p.storna is not None}


class PagamentoNuovo(msgspec.Struct, frozen=True, kw_only=True):
    """A payment to be registered."""

    ente_erogatore_id: int
    competenza: date
    pagato_il: date
    importo: Decimal
    mandato: str
    quota_ente: Decimal | None = None
    quota_utente: Decimal | None = None
    quota_ssn: Decimal | None = None


class Eccesso(DatiNonValidi):
    """The payment goes beyond what was granted: somebody has to say that it is right."""

    codice = "oltre_il_concesso"


_DOMANDA: Final = ", ".join(f"d.{nome}" for nome in Domanda.__struct_fields__)
_DECISIONE: Final = ", ".join(
    f"x.{nome}" for nome in Decisione.__struct_fields__ if nome != "persona"
)
_VERSATO: Final = ", ".join(f"g.{nome}" for nome in Versato.__struct_fields__ if nome != "persona")


async def leggi(id_: int, *, blocca: bool = False) -> Domanda:
    """A domanda by itself.

    Raises:
        NonTrovato: there is none with this number here.
    """
    riga = await riga_numero(
        f"SELECT {_DOMANDA} FROM domanda d WHERE d.ambito_id = $1 AND d.id = $2"
        + (" FOR UPDATE" if blocca else ""),
        id_,
        "Questa domanda non c'è: torna all'elenco.",
    )
    return Domanda(**dict(riga))


_DEL_RECORD: Final = (
    "p.ambito_id = d.ambito_id AND p.comune_titolare = d.comune_titolare "
    "AND p.codice_fiscale = d.codice_fiscale AND p.protocollo_domanda = d.protocollo "
    "AND p.codice_prestazione = d.codice_prestazione AND p.sostituita_lotto IS NULL"
)


async def leggi_del_record(riga: Mapping[str, Any]) -> Domanda:
    """The domanda of a record, written down or not."""
    unita = unita_corrente()
    domanda = Domanda(
        id=None,
        comune_titolare=riga["comune_titolare"],
        codice_fiscale=riga["codice_fiscale"],
        cognome=riga["cognome"],
        nome=riga["nome"],
        protocollo=riga["protocollo_domanda"],
        codice_prestazione=riga["codice_prestazione"],
        presentata_il=None,
        richiesta=None,
        creata_il=None,
    )
    scritta: int | None = await unita.valore(
        "SELECT id FROM domanda WHERE ambito_id = $1 AND comune_titolare = $2 "
        "AND codice_fiscale = $3 AND protocollo = $4 AND codice_prestazione = $5",
        unita.ambito,
        *domanda.chiave,
    )
    return domanda if scritta is None else await leggi(scritta)


async def fascicolo(id_: int, oggi: date) -> Fascicolo:
    """A domanda with its decisions, periods and payments.

    Raises:
        NonTrovato: there is none with this number here.
    """
    return await fascicolo_di(await leggi(id_), oggi)


async def fascicolo_di(domanda: Domanda, oggi: date) -> Fascicolo:
    """A domanda with its decisions, periods and payments, whether it is written down or not."""
    unita = unita_corrente()
    id_ = domanda.id
    record = await unita.righe(
        "SELECT * FROM prestazione WHERE ambito_id = $1 AND comune_titolare = $2 "
        "AND codice_fiscale = $3 AND protocollo_domanda = $4 AND codice_prestazione = $5 "
        "AND sostituita_lotto IS NULL ORDER BY competenza, id",
        unita.ambito,
        *domanda.chiave,
    )
    decisioni = await unita.righe(
        f"SELECT {_DECISIONE}, u.nome AS persona FROM decisione x "
        "LEFT JOIN utente u ON u.id = x.presa_da "
        "WHERE x.ambito_id = $1 AND x.domanda_id = $2 ORDER BY x.id DESC",
        unita.ambito,
        id_,
    )
    pagamenti = [
        Versato(**dict(riga))
        for riga in await unita.righe(
            f"SELECT {_VERSATO}, u.nome AS persona FROM pagamento g "
            "LEFT JOIN utente u ON u.id = g.registrato_da "
            "WHERE g.ambito_id = $1 AND g.domanda_id = $2 ORDER BY g.competenza, g.id",
            unita.ambito,
            id_,
        )
    ]
    periodi = [periodo for riga in record if (periodo := _periodo(riga)) is not None]
    prese = [Decisione(**dict(riga)) for riga in decisioni]
    libro = confronti.Libro(
        atti=[decisione.atto for decisione in reversed(prese)],
        periodi=periodi,
        pagamenti=[Pagamento(competenza=p.competenza, somme=p.somme) for p in pagamenti],
    )
    viste, fuori = situazioni(periodi, libro.pagamenti, oggi)
    return Fascicolo(
        domanda=domanda,
        decisioni=prese,
        record={riga["id"]: dict(riga) for riga in record},
        situazioni=viste,
        pagamenti=pagamenti,
        fuori=fuori,
        riscontri=confronti.riscontri(libro),
        deciso=confronti.deciso(libro),
        libro=libro,
    )


def _periodo(riga: Mapping[str, Any]) -> Periodo | None:
    mensile = riga["importo_mensile"] is not None
    dal = riga["competenza"]
    importo = riga["importo_mensile"] if mensile else riga["importo"]
    if dal is None or importo is None:
        return None
    return Periodo(
        id=riga["id"], dal=dal, al=riga["data_fine"] if mensile else None, mensile=mensile,
        somme=somme_di(importo, riga["quota_ente"], riga["quota_utente"], riga["quota_ssn"]),
    )  # fmt: skip


async def apri(
    comune_titolare: str,
    codice_fiscale: str,
    cognome: str,
    nome: str,
    protocollo: str,
    codice_prestazione: str,
    presentata_il: date | None = None,
    richiesta: str = "",
) -> tuple[int, bool]:
    """Write a domanda down; one that is there already is found.

    Returns:
        Its number, and whether it is new.
    """
    unita = unita_corrente()
    chiave = (comune_titolare, codice_fiscale, protocollo, codice_prestazione)
    id_: int | None = await unita.valore(
        "INSERT INTO domanda (comune_titolare, codice_fiscale, protocollo, codice_prestazione, "
        "cognome, nome, presentata_il, richiesta) VALUES ($1, $2, $3, $4, $5, $6, $7, "
        "nullif($8, '')) ON CONFLICT DO NOTHING RETURNING id",
        *chiave,
        cognome,
        nome,
        presentata_il,
        richiesta,
    )
    if id_ is not None:
        await registra("domande.apri", "domanda", str(id_))
        return id_, True
    trovata: int = await unita.valore(
        "SELECT id FROM domanda WHERE ambito_id = $1 AND comune_titolare = $2 "
        "AND codice_fiscale = $3 AND protocollo = $4 AND codice_prestazione = $5",
        unita.ambito,
        *chiave,
    )
    return trovata, False


async def apri_da(riga: Mapping[str, Any]) -> int:
    """The domanda of a record, made on first sight."""
    id_, _ = await apri(
        riga["comune_titolare"], riga["codice_fiscale"], riga["cognome"], riga["nome"],
        riga["protocollo_domanda"], riga["codice_prestazione"],
    )  # fmt: skip
    return id_


async def decidi(id_: int, decisione: Decisione) -> None:
    """Write down what an act decided.

    Raises:
        NonTrovato: no such domanda here.
        DatiNonValidi: the decision does not hold together.
    """
    domanda = await leggi(id_, blocca=True)
    difetto = difetto_decisione(decisione)
    if difetto:
        raise DatiNonValidi(difetto[1])
    nomi = [n for n in Decisione.__struct_fields__ if n not in ("presa_il", "persona")]
    segni = ", ".join(f"${n}" for n in range(3, len(nomi) + 3))
    await unita_corrente().esegui(
        f"INSERT INTO decisione (domanda_id, comune_titolare, {', '.join(nomi)}) "
        f"VALUES ($1, $2, {segni})",
        id_,
        domanda.comune_titolare,
        *(getattr(decisione, nome) for nome in nomi),
    )
    await registra("domande.decidi", "domanda", str(id_), esito=decisione.esito)


async def ultimo_atto() -> Decisione | None:
    """The last decision that whoever asks registered: one act often decides many domande."""
    unita = unita_corrente()
    riga = await unita.riga(
        f"SELECT {_DECISIONE} FROM decisione x WHERE x.ambito_id = $1 AND x.presa_da = $2 "
        "AND x.presa_il > now() - interval '12 hours' ORDER BY x.id DESC LIMIT 1",
        unita.ambito,
        unita.contesto.utente,
    )
    return None if riga is None else Decisione(**dict(riga))


def difetto_decisione(decisione: Decisione) -> tuple[str, str] | None:
    """What is wrong with a decision: the field and the words."""
    importi = [i for i in (decisione.importo_mensile, decisione.importo) if i is not None]
    quote = [q for q in (decisione.quota_ente, decisione.quota_utente, decisione.quota_ssn)
             if q is not None]  # fmt: skip
    if decisione.esito != "accolta":
        if importi or quote:
            return "esito", "Solo una domanda accolta ha importi e quote: toglili."
        return None
    if decisione.dal is None:
        return "dal", "Scrivi da quando decorre la concessione."
    if decisione.al is not None and decisione.al < decisione.dal:
        return "al", "La fine viene prima dell’inizio: correggi una delle due date."
    if len(importi) != 1:
        return "importo_mensile", "Scrivi l’importo mensile oppure quello una tantum, non entrambi."
    if importi[0] <= 0:
        return "importo_mensile", "L’importo deve essere maggiore di zero."
    if quote and sum(quote) != importi[0]:
        return "quota_ente", "Le quote insieme devono fare l’importo, oppure vanno lasciate vuote."
    return None


async def paga(id_: int, nuovo: PagamentoNuovo, oggi: date, *, oltre: bool = False) -> int:
    """Register a payment; returns its number.

    Args:
        id_: the domanda.
        nuovo: what was paid. Without quotas, they follow those of the period.
        oggi: the day of the totals.
        oltre: it may go beyond what was granted.

    Raises:
        NonTrovato: no such domanda here.
        DatiNonValidi: no period holds its month, or the quotas do not add up.
        Eccesso: it goes beyond what was granted and ``oltre`` was not said.
    """
    domanda = await leggi(id_, blocca=True)
    intero = await fascicolo(id_, oggi)
    periodo = periodo_di([s.periodo for s in intero.situazioni], nuovo.competenza)
    if periodo is None:
        raise DatiNonValidi(
            "Nessun periodo della domanda comprende questo mese: inserisci prima la prestazione."
        )
    somme = quote_del_pagamento(nuovo, periodo)
    (situazione,) = (s for s in intero.situazioni if s.periodo.id == periodo.id)
    avvisi = (
        avviso_di_eccesso(situazione, somme),
        confronti.avviso_di_eccesso(intero.libro, somme),
    )
    if any(avvisi) and not oltre:
        raise Eccesso(" ".join(filter(None, avvisi)))
    return await _aggiungi(domanda, periodo.id, nuovo, somme, None)


def quote_del_pagamento(nuovo: PagamentoNuovo, periodo: Periodo) -> Somme:
    """How a payment divides: as it says, or as its period does when the amount is the same.

    Raises:
        DatiNonValidi: the quotas do not make the amount, or nobody said how it divides.
    """
    dette = (nuovo.quota_ente, nuovo.quota_utente, nuovo.quota_ssn)
    if all(quota is None for quota in dette):
        if nuovo.importo == periodo.somme.importo:
            return periodo.somme
        if periodo.somme.quota_ente == periodo.somme.importo:
            return somme_di(nuovo.importo)
        raise DatiNonValidi(
            "L’importo è diverso da quello del periodo: scrivi come si divide fra le quote."
        )
    somme = somme_di(nuovo.importo, *dette)
    if somme.quota_ente + somme.quota_utente + somme.quota_ssn != somme.importo:
        raise DatiNonValidi("Le quote insieme devono fare l’importo pagato.")
    return somme


async def storna(pagamento_id: int, mandato: str, oggi: date) -> int:
    """Take a payment back by another row; returns the domanda.

    Raises:
        NonTrovato: no such payment here.
        Conflitto: it was taken back already, or it takes another back.
    """
    unita = unita_corrente()
    numero, versato = await un_pagamento(pagamento_id)
    domanda = await leggi(numero, blocca=True)
    if versato.storna is not None:
        raise Conflitto("Questo è già uno storno: registra di nuovo il pagamento.")
    nuovo = PagamentoNuovo(
        ente_erogatore_id=versato.ente_erogatore_id, competenza=versato.competenza,
        pagato_il=oggi, importo=-versato.importo, mandato=mandato or versato.mandato,
    )  # fmt: skip
    try:
        async with unita.punto_di_ritorno():
            await _aggiungi(
                domanda, versato.prestazione_id, nuovo, versato.somme.per(-1), versato.id
            )
    except asyncpg.UniqueViolationError:
        raise Conflitto("Questo pagamento è già stato stornato.") from None
    return numero


async def un_pagamento(pagamento_id: int) -> tuple[int, Versato]:
    """A payment, and its domanda.

    Raises:
        NonTrovato: no such payment here.
    """
    riga = await riga_numero(
        f"SELECT g.domanda_id, {_VERSATO} FROM pagamento g WHERE g.ambito_id = $1 AND g.id = $2",
        pagamento_id,
        "Questo pagamento non c'è: torna alla domanda.",
    )
    valori = dict(riga)
    return valori.pop("domanda_id"), Versato(**valori)


async def _aggiungi(
    domanda: Domanda,
    prestazione_id: int,
    nuovo: PagamentoNuovo,
    somme: Somme,
    storno_di: int | None,
) -> int:
    id_: int = await unita_corrente().valore(
        "INSERT INTO pagamento (domanda_id, prestazione_id, comune_titolare, ente_erogatore_id, "
        "competenza, pagato_il, importo, quota_ente, quota_utente, quota_ssn, mandato, storna) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id",
        domanda.id,
        prestazione_id,
        domanda.comune_titolare,
        nuovo.ente_erogatore_id,
        nuovo.competenza,
        nuovo.pagato_il,
        somme.importo,
        somme.quota_ente,
        somme.quota_utente,
        somme.quota_ssn,
        nuovo.mandato,
        storno_di,
    )
    azione = "domande.paga" if storno_di is None else "domande.storna"
    await registra(azione, "pagamento", str(id_))
    return id_


# --- the list -----------------------------------------------------------------------------------


class RigaDomanda(msgspec.Struct, frozen=True, kw_only=True):
    """A domanda as a list shows it.

    Attributes:
        id: None while only its records tell of it; then ``record`` is the last of them.
    """

    id: int | None
    record: int | None
    cognome: str
    nome: str
    codice_fiscale: str
    protocollo: str
    codice_prestazione: str
    comune_titolare: str
    presentata_il: date | None
    esito: str | None
    maturato: Decimal
    pagato: Decimal


_STESSA: Final = (
    "{0}.ambito_id = {1}.ambito_id AND {0}.codice_fiscale = {1}.codice_fiscale "
    "AND {0}.protocollo_domanda = {1}.protocollo_domanda "
    "AND {0}.codice_prestazione = {1}.codice_prestazione "
    "AND {0}.comune_titolare = {1}.comune_titolare AND {0}.sostituita_lotto IS NULL"
)
_MATURATO: Final = (
    # The same rule as contabilita.maturato: a test holds the two together.
    "SELECT coalesce(sum(CASE WHEN p.importo_mensile IS NOT NULL THEN p.importo_mensile * "
    "greatest(0, least((extract(year FROM $2::date) - extract(year FROM p.competenza)) * 12 "
    "+ extract(month FROM $2::date) - extract(month FROM p.competenza), "
    "CASE WHEN p.data_fine IS NULL THEN 13 - extract(month FROM p.competenza) ELSE "
    "(extract(year FROM p.data_fine) - extract(year FROM p.competenza)) * 12 "
    "+ extract(month FROM p.data_fine) - extract(month FROM p.competenza) + 1 END)) "
    "WHEN p.competenza <= $2::date THEN p.importo ELSE 0 END), 0) FROM prestazione p WHERE "
)
_SCRITTE: Final = (
    "SELECT d.id, NULL::bigint AS record, d.cognome, d.nome, d.codice_fiscale, d.protocollo, "
    "d.codice_prestazione, d.comune_titolare, d.presentata_il, "
    "(SELECT x.esito FROM decisione x WHERE x.ambito_id = d.ambito_id "
    "AND x.domanda_id = d.id ORDER BY x.id DESC LIMIT 1) AS esito, "
    f"({_MATURATO}{_DEL_RECORD})::numeric(14, 2) AS maturato, "
    "(SELECT coalesce(sum(g.importo), 0) FROM pagamento g WHERE g.ambito_id = d.ambito_id "
    "AND g.domanda_id = d.id)::numeric(14, 2) AS pagato "
    "FROM domanda d WHERE d.ambito_id = $1 AND ($3::text IS NULL OR d.comune_titolare = $3)"
)
_DAI_RECORD: Final = (
    # Its last record stands for it. Both conditions are one look at an index for each row read.
    "SELECT NULL::bigint AS id, r.id AS record, r.cognome, r.nome, r.codice_fiscale, "
    "r.protocollo_domanda AS protocollo, r.codice_prestazione, r.comune_titolare, "
    "NULL::date AS presentata_il, NULL::text AS esito, "
    f"({_MATURATO}{_STESSA.format('p', 'r')})::numeric(14, 2) AS maturato, "
    "0::numeric(14, 2) AS pagato FROM prestazione r WHERE r.ambito_id = $1 "
    "AND r.sostituita_lotto IS NULL AND ($3::text IS NULL OR r.comune_titolare = $3) "
    f"AND NOT EXISTS (SELECT 1 FROM prestazione q WHERE {_STESSA.format('q', 'r')} AND q.id > r.id) "
    "AND NOT EXISTS (SELECT 1 FROM domanda d WHERE d.ambito_id = r.ambito_id "
    "AND d.comune_titolare = r.comune_titolare AND d.codice_fiscale = r.codice_fiscale "
    "AND d.protocollo = r.protocollo_domanda AND d.codice_prestazione = r.codice_prestazione)"
)
_FILTRI: Final = {
    "senza_decisione": "q.esito IS NULL",
    "accolta": "q.esito = 'accolta'",
    "respinta": "q.esito = 'respinta'",
    "chiusa": "q.esito IN ('rinunciata', 'decaduta')",
    "da_pagare": "q.pagato < q.maturato AND q.esito IS DISTINCT FROM 'respinta'",
}


async def elenco(
    filtro: str, comune: str | None, oggi: date, pagina: int = 1, persona: str | None = None
) -> list[RigaDomanda]:
    """A page of domande; one more than a page when there are others.

    First those that somebody registered or opened, the latest first; then those that only their
    records tell of, by the latest record. A filter by decision or by what is missing of the
    payments is about the first ones; without a decision are all of the others.

    Args:
        filtro: one of :data:`FILTRI`, or nothing.
        comune: Belfiore code of the only comune that is asked for.
        oggi: the day of the totals.
        pagina: from 1.
        persona: a codice fiscale, or the first letters of a surname.
    """
    unita = unita_corrente()
    valori: list[object] = [unita.ambito, oggi, comune]
    salta = (pagina - 1) * PER_PAGINA
    chi = ""
    if persona:
        condizione, valore = cerca_persona(persona)
        valori.append(valore)
        chi = f" AND {{0}}.{condizione} $4"

    async def leggi_da(sql: str, dove: str, ordine: str, quante: int, da: int) -> list[RigaDomanda]:
        righe = await unita.righe(
            f"SELECT * FROM ({sql}) q WHERE {dove} ORDER BY {ordine} DESC "
            f"LIMIT {quante} OFFSET {da}",
            *valori,
        )
        return [RigaDomanda(**dict(riga)) for riga in righe]

    dove = _FILTRI.get(filtro, "true")
    scritte = _SCRITTE + chi.format("d")
    if filtro == "non_torna":
        ids = await _che_non_tornano(comune, chi.format("d"), valori[3:], salta + PER_PAGINA + 1)
        valori.append(ids[salta:])
        scritte += f" AND d.id = ANY(${len(valori)}::bigint[])"
        return await leggi_da(scritte, dove, "q.id", PER_PAGINA + 1, 0)
    righe = await leggi_da(scritte, dove, "q.id", PER_PAGINA + 1, salta)
    if len(righe) > PER_PAGINA or filtro not in ("", "senza_decisione"):
        return righe
    prima = salta + len(righe)
    if salta and not righe:
        prima = await unita.valore(f"SELECT count(*) FROM ({scritte}) q WHERE {dove}", *valori)
    return righe + await leggi_da(
        _DAI_RECORD + chi.format("r"), "true", "q.record", PER_PAGINA + 1 - len(righe),
        max(0, salta - prima),
    )  # fmt: skip


async def _che_non_tornano(
    comune: str | None, chi: str, valori: list[object], quante: int
) -> list[int]:
    """Domande with something that does not agree with what was decided, the latest first.

    The comparisons are those of :mod:`capofila.prestazioni.decisioni`, some hundred domande at a
    time, until there are enough or :data:`CONFRONTATE` were looked at.
    """
    unita = unita_corrente()
    trovate: list[int] = []
    ultima = BIGINT[-1]
    for _ in range(0, CONFRONTATE, _PER_VOLTA):
        ids = [
            riga["id"]
            for riga in await unita.righe(
                "SELECT d.id FROM domanda d WHERE d.ambito_id = $1 AND d.id < $2 "
                "AND ($3::text IS NULL OR d.comune_titolare = $3) AND EXISTS (SELECT 1 "
                "FROM decisione x WHERE x.ambito_id = d.ambito_id AND x.domanda_id = d.id)"
                f"{chi} ORDER BY d.id DESC LIMIT {_PER_VOLTA}",
                unita.ambito,
                ultima,
                comune,
                *valori,
            )
        ]
        libri = await _libri(ids)
        trovate += [id_ for id_ in ids if confronti.riscontri(libri[id_])]
        if len(ids) < _PER_VOLTA or len(trovate) >= quante:
            break
        ultima = ids[-1]
    return trovate[:quante]


async def _libri(ids: list[int]) -> dict[int, confronti.Libro]:
    """What the comparisons read, of several domande at once."""
    unita = unita_corrente()
    atti: dict[int, list[confronti.Atto]] = {id_: [] for id_ in ids}
    periodi: dict[int, list[Periodo]] = {id_: [] for id_ in ids}
    pagamenti: dict[int, list[Pagamento]] = {id_: [] for id_ in ids}
    for riga in await unita.righe(
        f"SELECT x.domanda_id, {_DECISIONE} FROM decisione x "
        "WHERE x.ambito_id = $1 AND x.domanda_id = ANY($2::bigint[]) ORDER BY x.id",
        unita.ambito,
        ids,
    ):
        valori = dict(riga)
        atti[valori.pop("domanda_id")].append(Decisione(**valori).atto)
    for riga in await unita.righe(
        "SELECT d.id AS domanda_id, p.id, p.competenza, p.data_fine, p.importo_mensile, p.importo, "
        f"p.quota_ente, p.quota_utente, p.quota_ssn FROM domanda d JOIN prestazione p ON {_DEL_RECORD} "
        "WHERE d.ambito_id = $1 AND d.id = ANY($2::bigint[]) ORDER BY p.competenza, p.id",
        unita.ambito,
        ids,
    ):
        if (periodo := _periodo(riga)) is not None:
            periodi[riga["domanda_id"]].append(periodo)
    for riga in await unita.righe(
        f"SELECT g.domanda_id, {_VERSATO} FROM pagamento g "
        "WHERE g.ambito_id = $1 AND g.domanda_id = ANY($2::bigint[]) ORDER BY g.competenza, g.id",
        unita.ambito,
        ids,
    ):
        valori = dict(riga)
        domanda = valori.pop("domanda_id")
        versato = Versato(**valori)
        pagamenti[domanda].append(Pagamento(competenza=versato.competenza, somme=versato.somme))
    return {
        id_: confronti.Libro(atti=atti[id_], periodi=periodi[id_], pagamenti=pagamenti[id_])
        for id_ in ids
    }
