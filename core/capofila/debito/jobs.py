"""The jobs of the debito informativo: a file is checked, streamed and sealed; a run is published.

One snapshot of the data serves the whole job. For the flow that stores the records
(`Flusso.principale`) each says under which version it passed the checks: PostgreSQL writes them in
the layout and streams them out of an index in the order of the file, and only a seam is put between
two persons. For any other flow, and where they were checked under older rules, records are prepared
again on the way. Memory is constant: what PostgreSQL sends goes, part by part, to the object store.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec

import capofila
from capofila.accessi.service import registra
from capofila.base.archivio import Codifica, archivio
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import UnitaDiLavoro
from capofila.base.errori import DatiNonValidi, ErroreCapofila, NonTrovato
from capofila.base.lavori import Compito, lavoro
from capofila.base.telemetria import misure
from capofila.debito import prospetti
from capofila.debito.involucri import AVVOLTO, Foglio, avvolgi
from capofila.debito.parti import Aperta, Divisore, Scritta, elenco_impronte
from capofila.debito.rules import (
    Periodo,
    Taglio,
    manifesto,
    nome_oggetto,
    regole_di,
    taglio_del_flusso,
)
from capofila.debito.selezione import Conti, Selezione, lotti_visti, operazioni
from capofila.debito.service import (
    TIPO_LAVORO,
    TIPO_PUBBLICA,
    esportazione,
    invia,
    rinuncia_alla_pubblicazione,
    ultima_intestazione,
    ultimo_progressivo,
)
from capofila.hooks import (
    Flusso,
    IntestazioneFlusso,
    ProspettoSpesa,
    TracciatoPdf,
    TracciatoXlsx,
    TracciatoXML,
)
from capofila.prestazioni.service import versione_in_vigore
from capofila.spesa import service as spesa

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
        periodo = Periodo(riga["periodo"], riga["dal"], riga["al"])
        flusso = await prospetti.dichiarato(riga["flusso"], periodo)
        versioni = dict(attivi.versioni())
        versione = 0
        if isinstance(flusso, Flusso):
            versione = await versione_in_vigore(unita, flusso)
    try:
        if isinstance(flusso, ProspettoSpesa):
            return await _scrivi_prospetto(compito, riga, flusso, versioni)
        return await _scrivi(compito, riga, flusso, versione, versioni)
    except DatiNonValidi as errore:
        await _respingi(compito, id_, errore)
        raise


@lavoro(TIPO_PUBBLICA, tentativi=8, uno_per_ambito=True)
async def pubblica(compito: Compito) -> dict[str, Any]:
    """Publish a run by the PDND and write down its sending: all of it, or nothing.

    One transaction does everything, so that the receiver never finds half a run and whoever dies on
    the way has done nothing; doing it again when it is done does nothing.

    Raises:
        ErroreCapofila: it cannot be published; the run is sealed as before.
    """
    id_ = UUID(compito.parametri["esportazione"])
    try:
        async with compito.unita() as unita:
            if (stato := (await esportazione(id_)).stato) != "in_pubblicazione":
                return {"esportazione": str(id_), "stato": stato}
            superata = await invia(
                id_, "pdnd", compito.parametri["protocollo"] or None, avanza=compito.avanza
            )
            await compito.conferma(unita)
    except ErroreCapofila as errore:
        if errore.stato < 500:
            async with compito.unita() as unita:
                await compito.conferma(unita)
                await rinuncia_alla_pubblicazione(id_)
        raise
    if superata is not None:
        raise superata
    return {"esportazione": str(id_), "stato": "inviata"}


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
    scelto = Taglio(riga["massimo_byte"], riga["massimo_beneficiari"])
    # What was received is given back as it came.
    taglio = scelto if riga["lotto_ricevuto_id"] else taglio_del_flusso(scelto, flusso)
    avvolto = isinstance(flusso.tracciato, TracciatoXlsx | TracciatoPdf)
    conti = Conti()
    scrittore: Foglio | None = None
    divisore: Divisore | None = None
    scritte: list[Scritta] = []
    async with compito.unita(istantanea=True, sola_lettura=True) as unita:
        dati_al: datetime = await unita.valore("SELECT now()")
        lotti = await lotti_visti(unita)
        selezione = await Selezione.apri(unita, flusso, riga, versione)
        totale, da_rifare, avvisi = await selezione.verifica(unita)
        await compito.avanza(0, totale=totale, fase="Scrittura del file")
        codifica: Codifica | None = None
        if totale > RIGHE_COMPRESSE and not avvolto:
            codifica = "gzip"

        async def apri(numero: int) -> Aperta:
            nome = intestazione.nome
            if numero > 1:
                # In a task of its own, which has no unit yet: this one only reads.
                nome = await asyncio.create_task(_riserva_nome(compito, riga, flusso, numero))
            dove = nome_oggetto(flusso, periodo.nome, nome)
            foglio = avvolgi(
                flusso,
                await deposito.scrivi_a_flusso(bucket, dove, flusso.media_type, codifica=codifica),
            )
            testata = _testata(flusso, riga, msgspec.structs.replace(intestazione, nome=nome))
            await foglio.scrivi(testata)
            return Aperta(nome, dove, foglio, len(testata) + (AVVOLTO if avvolto else 0))

        try:
            if taglio.divide:
                divisore = Divisore(
                    taglio, flusso.tracciato.coda(), flusso.tracciato.chiusura_gruppo().encode(),
                    apri, conti,
                )  # fmt: skip
            else:
                scrittore = (await apri(1)).scrittore
            in_sql = isinstance(flusso.tracciato, TracciatoXML) and selezione.chiave is None
            if da_rifare or not in_sql:

                async def scrivi(pezzo: bytes) -> None:
                    if scrittore is not None:
                        await scrittore.scrivi(pezzo)
                    await compito.avanza(conti.righe)

                await selezione.preparate(unita, conti, avvisi, scrivi, divisore)
            else:
                await selezione.in_forma(unita, conti, scrittore, compito, divisore)
            if divisore is not None:
                scritte = await divisore.fine()
            if not conti.righe:
                raise DatiNonValidi(
                    "Dall'ultimo invio non è cambiato nulla nel periodo scelto: non c'è niente da "
                    "trasmettere."
                    if selezione.note and selezione.variazioni
                    else "Nel periodo scelto non c'è nessuna prestazione da trasmettere: controlla "
                    "il periodo e l'ente."
                )
            ordine_suo = selezione.ricevuta or selezione.chiave is not None
            if ordine_suo and not conti.escluse:
                conti.beneficiari = await selezione.persone(unita)
            dette = await operazioni(unita, selezione) if selezione.note else {}
            if scrittore is not None:
                await scrittore.scrivi(flusso.tracciato.coda())
            await compito.avanza(conti.righe, fase="Sigillo")
            if scrittore is not None:
                sigillo = await scrittore.chiudi()
        except BaseException:
            if scrittore is not None:
                await scrittore.annulla()
            if divisore is not None:
                await divisore.annulla()
            raise

    adesso = datetime.now(UTC)
    comune = partial(
        manifesto,
        flusso=flusso,
        esportazione=str(id_),
        ambito=riga["slug"],
        periodo_=periodo,
        plugin=versioni,
        versione=capofila.__version__,
        dati_al=dati_al.isoformat(),
        creato_il=adesso.isoformat(),
        avvisi=avvisi,
        regole=regole_di(flusso),
    )
    byte, archiviati = 0, 0
    altro: dict[str, Any] = {}
    manifesti: list[dict[str, Any]] = []
    if len(scritte) == 1:
        sigillo = scritte[0].sigillo
    elif scritte:
        file = [
            (scritta.sigillo.sha256, f"{scritta.nome}.{flusso.estensione}") for scritta in scritte
        ]
        oggetto = f"{oggetto.rsplit('.', 1)[0]}.sha256"
        sigillo = await deposito.scrivi(bucket, oggetto, elenco_impronte(file), "text/plain")
        byte = sum(scritta.sigillo.byte for scritta in scritte)
        archiviati = sum(scritta.sigillo.byte_archiviati for scritta in scritte)
        altro["parti"] = [
            {"numero": s.numero, "nome_flusso": s.nome, "sha256": s.sigillo.sha256, "righe": s.righe,
             "beneficiari": s.beneficiari, "byte": s.sigillo.byte,
             **({"chiave": s.chiave} if s.chiave else {})}
            for s in scritte
        ]  # fmt: skip
        for scritta in scritte:
            manifesti.append(
                comune(
                    intestazione=msgspec.structs.replace(intestazione, nome=scritta.nome),
                    conteggi={
                        "righe": scritta.righe,
                        "beneficiari": scritta.beneficiari,
                        "byte": scritta.sigillo.byte,
                        "byte_archiviati": scritta.sigillo.byte_archiviati,
                    },
                    sha256=scritta.sigillo.sha256,
                    parte={"numero": scritta.numero, "di": len(scritte),
                           **({"chiave": scritta.chiave} if scritta.chiave else {}),
                           "insieme": intestazione.nome, "impronta_insieme": sigillo.sha256},
                )
            )  # fmt: skip
            await _scrivi_manifesto(bucket, scritta.oggetto, manifesti[-1])
    contenuto = comune(
        intestazione=intestazione,
        conteggi={
            "righe": conti.righe,
            "beneficiari": conti.beneficiari,
            "cancellazioni": dette.get("C", 0),
            "escluse": conti.escluse,
            "byte": byte or sigillo.byte,
            "byte_archiviati": archiviati or sigillo.byte_archiviati,
        },
        sha256=sigillo.sha256,
        **altro,
    )
    await _scrivi_manifesto(bucket, oggetto, contenuto)
    async with compito.unita() as unita:
        await compito.conferma(unita)
        await _sigilla(
            unita,
            contenuto,
            Posto(bucket, oggetto, sigillo.versione),
            avvisi,
            lotti=lotti,
            escluse=conti.escluse_id,
            cancellazioni=dette.get("C", 0),
        )
        for scritta, suo in zip(scritte, manifesti, strict=False):
            await _sigilla_parte(unita, id_, scritta, suo)
        await registra(
            "debito.sigilla", "esportazione", str(id_), righe=conti.righe, file=len(manifesti) or 1
        )
    misure().righe_esportate(flusso.id, conti.righe)
    return {"esportazione": str(id_), "stato": "sigillata", "righe": conti.righe}


class Posto(msgspec.Struct, frozen=True):
    """Where a sealed file stands in the store."""

    bucket: str
    oggetto: str
    versione: str | None


async def _sigilla(
    unita: UnitaDiLavoro,
    contenuto: dict[str, Any],
    posto: Posto,
    avvisi: list[dict[str, Any]],
    *,
    lotti: str | None = None,
    escluse: list[int] | None = None,
    cancellazioni: int | None = None,
    impronta_dati: str | None = None,
) -> None:
    """Write down that a run is sealed, and under which manifest; tables have no operations."""
    righe = contenuto["conteggi"]["righe"]
    await unita.esegui(
        "UPDATE esportazione SET stato = 'sigillata', righe = $3, byte = $4, sha256 = $5, "
        "bucket = $6, oggetto = $7, versione_oggetto = $8, manifesto = $9::jsonb, "
        "avvisi = $10::jsonb, sigillata_il = $11, lotti = $12::text::int4multirange, "
        "escluse_id = $13, cancellazioni = $14, inserimenti = $15, "
        "impronta_dati = coalesce($16, impronta_dati) "
        "WHERE ambito_id = $1 AND id = $2 AND stato = 'in_preparazione'",
        unita.ambito,
        UUID(contenuto["esportazione"]),
        righe,
        contenuto["conteggi"]["byte"],
        contenuto["sha256"],
        posto.bucket,
        posto.oggetto,
        posto.versione,
        msgspec.json.encode(contenuto).decode(),
        msgspec.json.encode(avvisi).decode(),
        datetime.fromisoformat(contenuto["creato_il"]),
        lotti,
        escluse or [],
        cancellazioni,
        None if cancellazioni is None else righe - cancellazioni,
        impronta_dati,
    )


async def _scrivi_prospetto(
    compito: Compito, riga: Any, prospetto: ProspettoSpesa, versioni: dict[str, str]
) -> dict[str, Any]:
    """Make the tables and seal them, as a file of records is."""
    periodo = Periodo(riga["periodo"], riga["dal"], riga["al"])
    await compito.avanza(0, fase="Tavole")
    async with compito.unita(istantanea=True, sola_lettura=True) as unita:
        dati_al: datetime = await unita.valore("SELECT now()")
        nome = await unita.valore("SELECT nome FROM ambito WHERE id = $1", unita.ambito)
        pronto = await spesa.prepara_prospetto(prospetto, periodo.dal.year, nome)
        # What was asked for may have changed until now: the seal is of what is in the file.
        impronta_dati = await prospetti.impronta_dati(prospetto, riga["codice"], periodo)
        intestazione = await _intestazione(unita, riga)
    deposito = archivio()
    bucket = await deposito.assicura_bucket(riga["slug"])
    oggetto = nome_oggetto(prospetto, periodo.nome, riga["nome_flusso"])
    await compito.avanza(pronto.righe, fase="Sigillo")
    sigillo = await deposito.scrivi(bucket, oggetto, pronto.contenuto, prospetto.media_type)
    contenuto = manifesto(
        flusso=prospetto,
        esportazione=str(riga["id"]),
        ambito=riga["slug"],
        periodo_=periodo,
        intestazione=msgspec.structs.replace(intestazione, nome=riga["nome_flusso"]),
        conteggi={
            "righe": pronto.righe,
            "byte": sigillo.byte,
            "byte_archiviati": sigillo.byte_archiviati,
        },
        sha256=sigillo.sha256,
        regole={"impronta": pronto.modulo_sha256, "verificate": [*spesa.VERIFICHE]},
        plugin=versioni,
        versione=capofila.__version__,
        dati_al=dati_al.isoformat(),
        creato_il=datetime.now(UTC).isoformat(),
        avvisi=pronto.avvisi,
    )
    await _scrivi_manifesto(bucket, oggetto, contenuto)
    async with compito.unita() as unita:
        await compito.conferma(unita)
        await _sigilla(
            unita,
            contenuto,
            Posto(bucket, oggetto, sigillo.versione),
            pronto.avvisi,
            impronta_dati=impronta_dati,
        )
        await registra(
            "debito.sigilla", "esportazione", str(riga["id"]), righe=pronto.righe, file=1
        )
    misure().righe_esportate(prospetto.id, pronto.righe)
    return {"esportazione": str(riga["id"]), "stato": "sigillata", "righe": pronto.righe}


async def _scrivi_manifesto(bucket: str, oggetto: str, contenuto: dict[str, Any]) -> None:
    await archivio().scrivi(
        bucket,
        f"{oggetto}.manifesto.json",
        msgspec.json.format(msgspec.json.encode(contenuto), indent=2),
        "application/json",
    )


async def _riserva_nome(compito: Compito, riga: Any, flusso: Flusso, numero: int) -> str:
    """The name of a further file of a run: the next one of its day, kept for when it is redone."""
    async with compito.unita() as unita:
        await compito.conferma(unita)
        await unita.esegui("SELECT pg_advisory_xact_lock(7001, $1::int)", unita.ambito)
        nome: str | None = await unita.valore(
            "SELECT nome_flusso FROM parte WHERE ambito_id = $1 AND esportazione_id = $2 "
            "AND numero = $3",
            unita.ambito,
            riga["id"],
            numero,
        )
        if nome is None:
            giorno = flusso.giorno_del_nome(riga["nome_flusso"], riga["codice"])
            ultimo = await ultimo_progressivo(unita, flusso.serie(riga["codice"], giorno))
            nome = flusso.nome(riga["codice"], giorno, ultimo + 1)
            await unita.esegui(
                "INSERT INTO parte (esportazione_id, numero, nome_flusso) VALUES ($1, $2, $3)",
                riga["id"],
                numero,
                nome,
            )
    return nome


async def _sigilla_parte(
    unita: UnitaDiLavoro, id_: UUID, scritta: Scritta, contenuto: dict[str, Any]
) -> None:
    await unita.esegui(
        "INSERT INTO parte (esportazione_id, numero, nome_flusso, righe, beneficiari, byte, sha256, "
        "bucket, oggetto, versione_oggetto, manifesto) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb) "
        "ON CONFLICT (ambito_id, esportazione_id, numero) DO UPDATE SET righe = excluded.righe, "
        "beneficiari = excluded.beneficiari, byte = excluded.byte, sha256 = excluded.sha256, "
        "bucket = excluded.bucket, oggetto = excluded.oggetto, "
        "versione_oggetto = excluded.versione_oggetto, manifesto = excluded.manifesto",
        id_,
        scritta.numero,
        scritta.nome,
        scritta.righe,
        scritta.beneficiari,
        scritta.sigillo.byte,
        scritta.sigillo.sha256,
        scritta.sigillo.bucket,
        scritta.oggetto,
        scritta.sigillo.versione,
        msgspec.json.encode(contenuto).decode(),
    )


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
