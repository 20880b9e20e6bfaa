"""What the receiver answered, written at the records it is about.

An answer comes for a whole run, or as a list of the records that were refused. It changes nothing
that was sent: a refused record is simply said again by the next run, as it is then.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, NonTrovato
from capofila.debito import prospetti
from capofila.debito.selezione import tabella_di
from capofila.hooks import ErroreRiga
from capofila.hooks.campi import Campo, Rifiuto, Tipo, lettore
from capofila.prestazioni.service import Foglio, apri_tabella

Esito = Literal["accolta", "scartata"]
INVIATE: Final = ("inviata", "accolta", "accolta_in_parte", "scartata")

CAMPI: Final = (
    Campo("codice_fiscale", Tipo.CODICE_FISCALE, "Codice fiscale", obbligatorio=True),
    Campo("protocollo_domanda", Tipo.TESTO, "Protocollo della domanda", obbligatorio=True,
          lunghezza=(1, 32)),
    Campo("codice_prestazione", Tipo.TESTO, "Codice della prestazione", obbligatorio=True,
          lunghezza=(5, 10)),
    Campo("data", Tipo.DATA, "Data di inizio o di erogazione", obbligatorio=True),
    Campo("operazione", Tipo.CODICE, "Operazione (I o C)", codici={"I": "I", "C": "C"}),
    Campo("esito", Tipo.CODICE, "Esito", obbligatorio=True,
          codici={"accolta": "Accolta", "scartata": "Scartata"},
          varianti={"ok": "accolta", "accolto": "accolta", "scartato": "scartata",
                    "ko": "scartata"}),
    Campo("codice_esito", Tipo.TESTO, "Codice dell'esito", lunghezza=(1, 40)),
    Campo("messaggio", Tipo.TESTO, "Messaggio", lunghezza=(1, 2000)),
)  # fmt: skip
"""Columns of a list of answers; the receiver gives none that is known, so this one is ours."""
_SCHEDE: Final = "scheda_sinba"
CAMPI_MINORI: Final = (
    Campo("id_beneficiario", Tipo.TESTO, "Pseudonimo del minore", obbligatorio=True,
          lunghezza=(1, 20)),
    *(campo for campo in CAMPI if campo.nome in ("esito", "codice_esito", "messaggio")),
)  # fmt: skip
"""Those of a list about minors: the file has no other name for them."""


class Riepilogo(msgspec.Struct, frozen=True):
    """How many operations of a run were answered, and how.

    Attributes:
        da_rimandare: refused ones whose record still has to be said to the receiver.
    """

    accolte: int
    scartate: int
    in_attesa: int
    da_rimandare: int

    @property
    def corretta(self) -> bool:
        """Whether all that was refused has been put right and said again."""
        return self.scartate > 0 and self.da_rimandare == 0


async def tabella_della_corsa(id_: UUID) -> str:
    """The table of the records that a run says."""
    unita = unita_corrente()
    flusso = await unita.valore(
        "SELECT flusso FROM esportazione WHERE ambito_id = $1 AND id = $2", unita.ambito, id_
    )
    attivi = {attivo.id: attivo for attivo in (await plugin_attivi()).flussi()}
    return tabella_di(attivi[flusso]) if flusso in attivi else "prestazione"


def campi_di(tabella: str) -> tuple[Campo, ...]:
    """The columns of a list of answers about the records of a table."""
    return CAMPI_MINORI if tabella == _SCHEDE else CAMPI


class EsitoLista(msgspec.Struct):
    """What became of a list of answers."""

    righe: int = 0
    scritte: int = 0
    errori: list[ErroreRiga] = msgspec.field(default_factory=list)


async def riepilogo(id_: UUID) -> Riepilogo:
    """The answers to a run; tables are answered as a whole."""
    unita = unita_corrente()
    if await prospetti.e_prospetto(id_):
        stato = await unita.valore(
            "SELECT stato FROM esportazione WHERE ambito_id = $1 AND id = $2", unita.ambito, id_
        )
        return Riepilogo(
            int(stato == "accolta"), int(stato == "scartata"), int(stato == "inviata"), 0
        )
    tabella = await tabella_della_corsa(id_)
    riga = await unita.riga(
        "SELECT count(*) FILTER (WHERE esito = 'accolta') AS accolte, "
        "count(*) FILTER (WHERE esito = 'scartata') AS scartate, "
        "count(*) FILTER (WHERE esito IS NULL) AS in_attesa, "
        # Records are looked at only for what was refused: the others may be a million.
        f"(SELECT count(*) FROM comunicazione c LEFT JOIN {tabella} p "
        "ON p.ambito_id = c.ambito_id AND p.id = c.prestazione_id "
        "WHERE c.ambito_id = $1 AND c.esportazione_id = $2 AND c.esito = 'scartata' "
        "AND NOT EXISTS (SELECT 1 FROM comunicazione d "
        "WHERE d.ambito_id = c.ambito_id AND d.flusso = c.flusso "
        "AND d.prestazione_id = c.prestazione_id AND d.operazione = c.operazione AND d.id > c.id "
        "AND d.esito IS DISTINCT FROM 'scartata') "
        "AND (c.operazione = 'C' OR p.sostituita_lotto IS NULL)) AS da_rimandare "
        "FROM comunicazione WHERE ambito_id = $1 AND esportazione_id = $2",
        unita.ambito,
        id_,
    )
    return Riepilogo(**dict(riga or {}))


async def registra_esito(id_: UUID, esito: Esito, testo: str | None = None) -> Riepilogo:
    """One answer for all the operations of a run that have none yet; of tables, for the file.

    Raises:
        Conflitto: the run was not sent, or every record of it has its answer.
    """
    unita = unita_corrente()
    riga = await _inviata(unita, id_)
    if riga["prospetto"]:
        if riga["stato"] != "inviata":
            raise Conflitto("Questo file ha già il suo esito.")
        await prospetti.registra_esito(riga, esito, testo)
        await registra("debito.esito", "esportazione", str(id_), esito=esito)
        return await riepilogo(id_)
    tag = await unita.esegui(
        "UPDATE comunicazione SET esito = $3, esito_testo = $4, esito_il = now() "
        "WHERE ambito_id = $1 AND esportazione_id = $2 AND esito IS NULL",
        unita.ambito,
        id_,
        esito,
        (testo or "").strip()[:2000] or None,
    )
    quante = int(tag.split()[-1])
    if not quante:
        raise Conflitto("Ogni record di questo file ha già il suo esito.")
    await registra("debito.esito", "esportazione", str(id_), esito=esito, righe=quante)
    return await aggiorna_stato(unita, id_)


async def importa_esiti(
    id_: UUID, nome: str, contenuto: bytes, *, altre_accolte: bool = False
) -> EsitoLista:
    """Answers record by record, from a table (CSV, xlsx, ods) with the columns of
    :func:`campi_di`.

    All or nothing: a row that finds no record, or two, keeps the whole list out.

    Args:
        id_: the run.
        nome, contenuto: the file.
        altre_accolte: what the list does not name was accepted.

    Raises:
        Conflitto: the run was not sent.
        DatiNonValidi: it is of tables, which have no records.
        RichiestaNonValida, DatiNonValidi, TroppoGrande: the file cannot be read.
    """
    unita = unita_corrente()
    if (await _inviata(unita, id_))["prospetto"]:
        raise prospetti.rifiuta_record("si registra un esito solo, per tutto il file")
    tabella = await tabella_della_corsa(id_)
    campi = campi_di(tabella)
    foglio = apri_tabella(nome, contenuto, [campo.nome for campo in campi])
    letti, elenco = _leggi(foglio, campi)
    if elenco.errori:
        return elenco
    chiave = "id_beneficiario" if tabella == _SCHEDE else "protocollo_domanda"
    with contextlib.suppress(_Errate):
        async with unita.punto_di_ritorno():
            trovate_per_riga = await _scrivi(unita, id_, [valori for _, valori in letti], tabella)
            for (numero, valori), trovate in zip(letti, trovate_per_riga, strict=True):
                if trovate != 1:
                    elenco.errori.append(
                        ErroreRiga(numero, chiave, valori[chiave] or "",
                                   "esito_ambiguo" if trovate else "esito_senza_prestazione",
                                   _NON_UNA[tabella, bool(trovate)])
                    )  # fmt: skip
            if elenco.errori:
                raise _Errate
            elenco.scritte = len(letti)
            if altre_accolte:
                await unita.esegui(
                    "UPDATE comunicazione SET esito = 'accolta', esito_il = now() "
                    "WHERE ambito_id = $1 AND esportazione_id = $2 AND esito IS NULL",
                    unita.ambito,
                    id_,
                )
            await registra("debito.esito", "esportazione", str(id_), righe=elenco.scritte)
            await aggiorna_stato(unita, id_)
    return elenco


_NON_UNA: Final = {
    (
        "prestazione",
        False,
    ): "Nel file inviato non c'è questa prestazione: controlla codice fiscale, "
    "protocollo, codice e data.",
    (
        "prestazione",
        True,
    ): "Nel file inviato ci sono sia l'inserimento sia la cancellazione: scrivi "
    "l'operazione (I o C).",
    (_SCHEDE, False): "Nel file inviato non c'è questo minore: controlla lo pseudonimo.",
    (_SCHEDE, True): "Nel file inviato questo minore ha più schede, di più enti: registra un esito "
    "per tutte.",
}


class _Errate(Exception):
    """Leaves the savepoint of a list that does not fit the run."""


def _leggi(
    foglio: Foglio, campi: tuple[Campo, ...]
) -> tuple[list[tuple[int, dict[str, str | None]]], EsitoLista]:
    elenco = EsitoLista()
    posizioni = {nome.strip().lower(): n for n, nome in enumerate(foglio.colonne)}
    elenco.errori += [
        ErroreRiga(1, campo.nome, "", "colonna_mancante",
                   f"Manca la colonna «{campo.nome}», obbligatoria: aggiungila all'intestazione.")
        for campo in campi if campo.obbligatorio and campo.nome not in posizioni
    ]  # fmt: skip
    lettori = {campo.nome: lettore(campo) for campo in campi if campo.nome in posizioni}
    letti: list[tuple[int, dict[str, str | None]]] = []
    numero = 1
    for blocco in foglio.blocchi:
        for riga in blocco:
            numero += 1
            if elenco.errori and elenco.errori[0].riga == 1:
                continue
            if not any(cella.strip() for cella in riga):
                continue
            elenco.righe += 1
            valori: dict[str, str | None] = {campo.nome: None for campo in campi}
            for nome, leggi in lettori.items():
                cella = riga[posizioni[nome]] if posizioni[nome] < len(riga) else ""
                letto = leggi(cella)
                if isinstance(letto, Rifiuto):
                    elenco.errori.append(
                        ErroreRiga(numero, nome, cella[:200], letto.codice, letto.messaggio)
                    )
                else:
                    valori[nome] = letto
            elenco.errori += [
                ErroreRiga(numero, campo.nome, "", "obbligatorio",
                           f"manca un dato obbligatorio: {campo.etichetta}")
                for campo in campi
                if campo.obbligatorio and valori[campo.nome] is None
                and not any(e.riga == numero and e.colonna == campo.nome for e in elenco.errori)
            ]  # fmt: skip
            letti.append((numero, valori))
    if not elenco.righe and not elenco.errori:
        elenco.errori.append(
            ErroreRiga(2, "", "", "nessuna_riga", "Sotto l'intestazione non c'è nessuna riga.")
        )
    return letti, elenco


_CHIAVE: Final = (
    "codice_fiscale",
    "protocollo_domanda",
    "codice_prestazione",
    "data",
    "operazione",
)
_VALORI: Final = ("esito", "codice_esito", "messaggio")
RIGHE_PER_VOLTA: Final = 5000


async def _scrivi(
    unita: UnitaDiLavoro, id_: UUID, righe: Sequence[Mapping[str, str | None]], tabella: str
) -> list[int]:
    """Write the answers of a list, some thousands at a time.

    Returns:
        For each row how many operations of the run it could be about; only where it is one, it was
        written, and of two rows about the same operation the later one.
    """
    # Some thousands of a million are looked up one by one, whatever the planner thinks it knows.
    await _a_uno_a_uno(unita, si=True)
    quante: list[int] = []
    for da in range(0, len(righe), RIGHE_PER_VOLTA):
        blocco = righe[da : da + RIGHE_PER_VOLTA]
        trovate = await _CERCA[tabella](unita, id_, blocco)
        quante += (len(trovate.get(n, ())) for n in range(len(blocco)))
        await _aggiorna(
            unita,
            {ops[0]: blocco[n] for n, ops in sorted(trovate.items()) if len(ops) == 1},
        )
    await _a_uno_a_uno(unita, si=False)
    return quante


async def _a_uno_a_uno(unita: UnitaDiLavoro, *, si: bool) -> None:
    modi = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan")
    await unita.esegui(
        "SELECT " + ", ".join(f"set_config('{modo}', $1, true)" for modo in modi),
        "off" if si else "on",
    )


Operazione = tuple[str, int, int]
"""The key of a communication within the ambito: flusso, record, id."""


async def _cerca(
    unita: UnitaDiLavoro, id_: UUID, righe: Sequence[Mapping[str, str | None]]
) -> dict[int, list[Operazione]]:
    """The operations of the run that each row could be about, by its place.

    A record is found by the year of its day, as its index is; one that was received otherwise is
    found by all the rest, which takes longer.
    """
    trovate: dict[int, list[Operazione]] = {}
    for anno in ("AND p.anno = extract(year FROM v.data) ", ""):
        posti = [n for n in range(len(righe)) if n not in trovate]
        if not posti:
            break
        for riga in await unita.righe(
            "SELECT v.n, c.flusso, c.prestazione_id, c.id "
            "FROM unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::text[]::date[], "
            "$8::text[]) AS v(n, codice_fiscale, protocollo, codice, data, operazione) "
            f"JOIN prestazione p ON p.ambito_id = $1 {anno}"
            "AND p.codice_fiscale = v.codice_fiscale AND p.protocollo_domanda = v.protocollo "
            "AND p.codice_prestazione = v.codice AND p.competenza = v.data "
            "JOIN comunicazione c ON c.ambito_id = p.ambito_id AND c.prestazione_id = p.id "
            "AND c.flusso = (SELECT flusso FROM esportazione WHERE ambito_id = $1 AND id = $2) "
            "WHERE c.esportazione_id = $2 AND c.operazione = coalesce(v.operazione, c.operazione) "
            "ORDER BY v.n, c.id",
            unita.ambito,
            id_,
            posti,
            *([righe[n][nome] for n in posti] for nome in _CHIAVE),
        ):
            trovate.setdefault(riga["n"], []).append(
                (riga["flusso"], riga["prestazione_id"], riga["id"])
            )
    return trovate


async def _cerca_minori(
    unita: UnitaDiLavoro, id_: UUID, righe: Sequence[Mapping[str, str | None]]
) -> dict[int, list[Operazione]]:
    """The same about minors, who have a pseudonym and nothing else."""
    trovate: dict[int, list[Operazione]] = {}
    for riga in await unita.righe(
        "SELECT v.n, c.flusso, c.prestazione_id, c.id "
        "FROM unnest($3::int[], $4::text[]) AS v(n, id_beneficiario) "
        "JOIN scheda_sinba p ON p.ambito_id = $1 AND p.id_beneficiario = v.id_beneficiario "
        "JOIN comunicazione c ON c.ambito_id = p.ambito_id AND c.prestazione_id = p.id "
        "AND c.flusso = (SELECT flusso FROM esportazione WHERE ambito_id = $1 AND id = $2) "
        "WHERE c.esportazione_id = $2 ORDER BY v.n, c.id",
        unita.ambito,
        id_,
        range(len(righe)),
        [riga["id_beneficiario"] for riga in righe],
    ):
        trovate.setdefault(riga["n"], []).append(
            (riga["flusso"], riga["prestazione_id"], riga["id"])
        )
    return trovate


_CERCA: Final = {"prestazione": _cerca, _SCHEDE: _cerca_minori}


async def _aggiorna(
    unita: UnitaDiLavoro, detti: Mapping[Operazione, Mapping[str, str | None]]
) -> None:
    await unita.esegui(
        "UPDATE comunicazione c SET esito = v.esito, esito_codice = v.codice, "
        "esito_testo = v.testo, esito_il = now() "
        "FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[]) "
        "AS v(flusso, prestazione_id, id, esito, codice, testo) "
        "WHERE c.ambito_id = $1 AND c.flusso = v.flusso AND c.prestazione_id = v.prestazione_id "
        "AND c.id = v.id",
        unita.ambito,
        *([op[n] for op in detti] for n in range(3)),
        *([riga[nome] for riga in detti.values()] for nome in _VALORI),
    )


async def _inviata(unita: UnitaDiLavoro, id_: UUID) -> Any:
    riga = await unita.riga(
        "SELECT id, stato, prospetto, flusso, nome_flusso, dal FROM esportazione "
        "WHERE ambito_id = $1 AND id = $2 FOR UPDATE",
        unita.ambito,
        id_,
    )
    if riga is None:
        raise NonTrovato("Questa esportazione non c'è: torna all'elenco del debito informativo.")
    if riga["stato"] not in INVIATE:
        raise Conflitto("L'esito si scrive dopo l'invio: registra prima l'invio del file.")
    return riga


async def aggiorna_stato(unita: UnitaDiLavoro, id_: UUID) -> Riepilogo:
    """Give a run the state that follows from its answers."""
    esito = await riepilogo(id_)
    if esito.in_attesa:
        stato = "accolta_in_parte" if esito.accolte and esito.scartate else "inviata"
    elif esito.scartate:
        stato = "accolta_in_parte" if esito.accolte else "scartata"
    else:
        stato = "accolta"
    await unita.esegui(
        "UPDATE esportazione SET stato = $3, esiti_il = clock_timestamp() "
        "WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        id_,
        stato,
    )
    return esito


_ORDINE: Final = {"prestazione": "p.cognome, p.nome", _SCHEDE: "p.id_beneficiario"}


async def risposte(id_: UUID, pagina: int = 1, per_pagina: int = 50) -> list[dict[str, Any]]:
    """The refused operations of a run, with the record they are about."""
    unita = unita_corrente()
    tabella = await tabella_della_corsa(id_)
    chi = (
        "p.id_beneficiario, p.anno, p.dati ->> 'prestazioni' AS prestazioni"
        if tabella == _SCHEDE
        else "p.cognome, p.nome, p.codice_prestazione, p.protocollo_domanda, p.competenza"
    )
    righe = await unita.righe(
        f"SELECT c.operazione, c.esito_codice, c.esito_testo, c.esito_il, p.id, {chi}, "
        f"p.sostituita_lotto FROM comunicazione c JOIN {tabella} p ON p.ambito_id = c.ambito_id "
        "AND p.id = c.prestazione_id WHERE c.ambito_id = $1 AND c.esportazione_id = $2 "
        f"AND c.esito = 'scartata' ORDER BY {_ORDINE[tabella]}, p.id, c.id LIMIT $3 OFFSET $4",
        unita.ambito,
        id_,
        per_pagina + 1,
        (pagina - 1) * per_pagina,
    )
    return [dict(riga) for riga in righe]


async def tutte_le_scartate(id_: UUID) -> AsyncIterator[list[dict[str, Any]]]:
    """All the refused operations of a run, some hundred at a time, with the columns of a list."""
    unita = unita_corrente()
    tabella = await tabella_della_corsa(id_)
    chi = (
        "p.id_beneficiario, p.anno, p.comune_titolare, p.id AS scheda"
        if tabella == _SCHEDE
        else "p.codice_fiscale, p.cognome, p.nome, p.protocollo_domanda, p.codice_prestazione, "
        "p.competenza AS data, p.comune_titolare, p.id AS prestazione"
    )
    cursore = await unita.cursore(
        f"SELECT {chi}, c.operazione, c.esito, c.esito_codice AS codice_esito, "
        f"c.esito_testo AS messaggio FROM comunicazione c JOIN {tabella} p "
        "ON p.ambito_id = c.ambito_id "
        "AND p.id = c.prestazione_id WHERE c.ambito_id = $1 AND c.esportazione_id = $2 "
        f"AND c.esito = 'scartata' ORDER BY {_ORDINE[tabella]}, p.id, c.id",
        unita.ambito,
        id_,
    )
    while righe := await cursore.fetch(1000):
        yield [dict(riga) for riga in righe]
