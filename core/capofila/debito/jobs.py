"""The job that writes a file of the debito informativo: check, stream, seal.

One snapshot of the data serves the whole job. For the flow that stores the records
(`Flusso.principale`) each says under which version it passed the checks: PostgreSQL writes them in
the layout and streams them out of an index in the order of the file, and only a seam is put between
two persons. For any other flow, and where they were checked under older rules, records are prepared
again on the way. Memory is constant: what PostgreSQL sends goes, part by part, to the object store.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

import capofila
from capofila.accessi.service import registra
from capofila.base.archivio import archivio
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import UnitaDiLavoro
from capofila.base.errori import DatiNonValidi, NonTrovato
from capofila.base.lavori import Compito, lavoro
from capofila.base.telemetria import misure
from capofila.debito.rules import Periodo, manifesto, nome_oggetto
from capofila.debito.selezione import Conti, Selezione, lotti_visti, operazioni, qualcosa_di_noto
from capofila.debito.service import TIPO_LAVORO, ultima_intestazione
from capofila.hooks import Flusso, IntestazioneFlusso
from capofila.prestazioni.service import versione_in_vigore

RIGHE_COMPRESSE: Final = 50_000
"""From so many records on the object is stored compressed (``Content-Encoding: gzip``): a tenth of
the space and of the time; whoever reads it gets the file back, and the seal is of the file."""


@lavoro(TIPO_LAVORO, tentativi=8, uno_per_ambito=True)
async def esporta(compito: Compito) -> dict[str, Any]:
    """Write, check and seal one file; doing it again writes the same bytes.

    Raises:
        DatiNonValidi: records do not pass the checks; the export is refused with the reasons.
        NonTrovato: the ambito of the job has no such export.
    """
    id_ = UUID(compito.parametri["esportazione"])
    async with compito.unita() as unita:
        riga = await unita.riga(
            "SELECT e.*, a.slug, n.denominazione, n.codice, n.sede, n.cf_operatore, "
            "n.operatore_dimostrativo, l.intestazione FROM esportazione e JOIN ambito a ON a.id = e.ambito_id "
            "JOIN ente n ON n.ambito_id = e.ambito_id AND n.id = e.ente_id "
            "LEFT JOIN lotto l ON l.ambito_id = e.ambito_id AND l.id = e.lotto_ricevuto_id "
            "WHERE e.ambito_id = $1 AND e.id = $2",
            compito.ambito,
            id_,
        )
        if riga is None:
            raise NonTrovato("L'esportazione di questo lavoro non è di questo ambito.")
        if riga["stato"] != "in_preparazione":
            return {"esportazione": str(id_), "stato": riga["stato"]}
        attivi = await plugin_attivi()
        flusso = attivi.flusso(riga["flusso"])
        versioni = dict(attivi.versioni())
        versione = await versione_in_vigore(unita, flusso)
    try:
        return await _scrivi(compito, riga, flusso, versione, versioni)
    except DatiNonValidi as errore:
        await _respingi(compito, id_, errore)
        raise


async def _scrivi(
    compito: Compito,
    riga: Any,
    flusso: Flusso,
    versione: int,
    versioni: dict[str, str],
) -> dict[str, Any]:
    id_ = riga["id"]
    periodo = Periodo(riga["periodo"], riga["dal"], riga["al"])
    async with compito.unita(sola_lettura=True) as unita:
        intestazione = await _intestazione(unita, riga)
    deposito = archivio()
    bucket = await deposito.assicura_bucket(riga["slug"])
    oggetto = nome_oggetto(flusso, periodo.nome, intestazione.nome)
    conti = Conti()
    async with compito.unita(istantanea=True, sola_lettura=True) as unita:
        dati_al: datetime = await unita.valore("SELECT now()")
        lotti = await lotti_visti(unita)
        note = await qualcosa_di_noto(unita, flusso)
        selezione = Selezione(flusso, riga, versione, note=note)
        totale, da_rifare, avvisi = await selezione.verifica(unita)
        await compito.avanza(0, totale=totale, fase="Scrittura del file")
        scrittore = await deposito.scrivi_a_flusso(
            bucket,
            oggetto,
            flusso.media_type,
            codifica="gzip" if totale > RIGHE_COMPRESSE else None,
        )
        try:
            await scrittore.scrivi(_testata(flusso, riga, intestazione))
            if da_rifare:
                pezzi = selezione.preparate(unita, conti, avvisi)
                async for pezzo in pezzi:
                    await scrittore.scrivi(pezzo)
                    await compito.avanza(conti.righe)
            else:
                await selezione.in_forma(unita, conti, scrittore, compito)
            if not conti.righe:
                raise DatiNonValidi(
                    "Dall'ultimo invio non è cambiato nulla nel periodo scelto: non c'è niente da "
                    "trasmettere."
                    if note and selezione.variazioni
                    else "Nel periodo scelto non c'è nessuna prestazione da trasmettere: controlla "
                    "il periodo e l'ente."
                )
            dette = await operazioni(unita, selezione) if note else {}
            await scrittore.scrivi(flusso.tracciato.coda())
            await compito.avanza(conti.righe, fase="Sigillo")
            sigillo = await scrittore.chiudi()
        except BaseException:
            await scrittore.annulla()
            raise

    adesso = datetime.now(UTC)
    contenuto = manifesto(
        flusso=flusso,
        esportazione=str(id_),
        ambito=riga["slug"],
        periodo_=periodo,
        intestazione=intestazione,
        conteggi={
            "righe": conti.righe,
            "beneficiari": conti.beneficiari,
            "cancellazioni": dette.get("C", 0),
            "escluse": conti.escluse,
            "byte": sigillo.byte,
            "byte_archiviati": sigillo.byte_archiviati,
        },
        sha256=sigillo.sha256,
        plugin=versioni,
        versione=capofila.__version__,
        dati_al=dati_al.isoformat(),
        creato_il=adesso.isoformat(),
        avvisi=avvisi,
    )
    await deposito.scrivi(
        bucket,
        f"{oggetto}.manifesto.json",
        msgspec.json.format(msgspec.json.encode(contenuto), indent=2),
        "application/json",
    )
    async with compito.unita() as unita:
        await compito.conferma(unita)
        await unita.esegui(
            "UPDATE esportazione SET stato = 'sigillata', righe = $3, byte = $4, sha256 = $5, "
            "bucket = $6, oggetto = $7, versione_oggetto = $8, manifesto = $9::jsonb, "
            "avvisi = $10::jsonb, sigillata_il = $11, lotti = $12::text::int4multirange, "
            "escluse_id = $13, cancellazioni = $14, inserimenti = $15 "
            "WHERE ambito_id = $1 AND id = $2 AND stato = 'in_preparazione'",
            compito.ambito,
            id_,
            conti.righe,
            sigillo.byte,
            sigillo.sha256,
            bucket,
            oggetto,
            sigillo.versione,
            msgspec.json.encode(contenuto).decode(),
            msgspec.json.encode(avvisi).decode(),
            adesso,
            lotti,
            conti.escluse_id,
            dette.get("C", 0),
            conti.righe - dette.get("C", 0),
        )
        await registra("debito.sigilla", "esportazione", str(id_), righe=conti.righe)
    misure().righe_esportate(flusso.id, conti.righe)
    return {"esportazione": str(id_), "stato": "sigillata", "righe": conti.righe}


async def _respingi(compito: Compito, id_: UUID, errore: DatiNonValidi) -> None:
    avvisi = getattr(errore, "avvisi", None) or [
        {"codice": errore.codice, "messaggio": errore.messaggio, "righe": 0}
    ]
    async with compito.unita() as unita:
        await compito.conferma(unita)
        await unita.esegui(
            "UPDATE esportazione SET stato = 'respinta', avvisi = $3::jsonb "
            "WHERE ambito_id = $1 AND id = $2 AND stato = 'in_preparazione'",
            unita.ambito,
            id_,
            msgspec.json.encode(avvisi).decode(),
        )


async def _intestazione(unita: UnitaDiLavoro, riga: Any) -> IntestazioneFlusso:
    """The identification of the flow.

    A received flow keeps its own; an ente without an operator that is kept as received goes on
    with the head of its last flow, under a new name; any other has its own data.
    """
    if riga["intestazione"]:
        return msgspec.json.decode(riga["intestazione"], type=IntestazioneFlusso)
    if not riga["cf_operatore"]:
        ultima = await ultima_intestazione(unita, riga["codice"])
        if ultima is not None:
            return msgspec.structs.replace(
                msgspec.json.decode(ultima, type=IntestazioneFlusso), nome=riga["nome_flusso"]
            )
    return IntestazioneFlusso(
        nome=riga["nome_flusso"],
        ente_codice=riga["codice"],
        ente_denominazione=riga["denominazione"][:100],
        ente_indirizzo=riga["sede"] or riga["codice"],
        cf_operatore=riga["cf_operatore"] or "",
    )


def _testata(flusso: Flusso, riga: Any, intestazione: IntestazioneFlusso) -> bytes:
    """The beginning of the file: the received one when a received flow is given back."""
    if riga["intestazione"]:
        testata = msgspec.json.decode(riga["intestazione"]).get("testata")
        if isinstance(testata, str):
            return testata.encode()
    return flusso.tracciato.testata(intestazione)
