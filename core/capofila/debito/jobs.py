"""The job that writes a file of the debito informativo: check, stream, seal.

One snapshot of the data serves the whole job. For the flow that stores the records
(`Flusso.principale`) each says under which version it passed the checks: PostgreSQL writes them in
the layout and streams them out of an index in the order of the file, and only a seam is put between
two persons. For any other flow, and where they were checked under older rules, records are prepared
again on the way. Memory is constant: what PostgreSQL sends goes, part by part, to the object store.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
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
from capofila.debito.resa_sql import espressioni, letterale
from capofila.debito.rules import Periodo, manifesto, nome_oggetto
from capofila.debito.service import TIPO_LAVORO, ultima_intestazione
from capofila.hooks import Flusso, IntestazioneFlusso, Preparatore, TracciatoXML
from capofila.prestazioni.service import riferimenti_dell_ambito, versione_in_vigore

RIGHE_PER_VOLTA: Final = 5000
RIGHE_COMPRESSE: Final = 50_000
"""From so many records on the object is stored compressed (``Content-Encoding: gzip``): a tenth of
the space and of the time; whoever reads it gets the file back, and the seal is of the file."""
_SEPARA = b"\x03"
_ILLEGGIBILE = b"?"
"""The code of whoever was received without a readable one: the element tells who it is."""


class _Conti(msgspec.Struct):
    """What has been written. Two persons are told apart by their code, and records come in its
    order: where the same person's data differ from record to record, the person is still one.
    """

    righe: int = 0
    beneficiari: int = 0
    escluse: int = 0
    persona: bytes = b""

    def conta(self, persona: bytes, gruppo: bytes) -> None:
        """Count the person of a record whose code or element is not that of the record before."""
        if persona == _ILLEGGIBILE:
            persona += gruppo
        if persona != self.persona:
            self.persona = persona
            self.beneficiari += 1


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
    conti = _Conti()
    async with compito.unita(istantanea=True, sola_lettura=True) as unita:
        dati_al: datetime = await unita.valore("SELECT now()")
        selezione = _Selezione(flusso, riga, versione)
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
                    "Nel periodo scelto non c'è nessuna prestazione da trasmettere: controlla il "
                    "periodo e l'ente."
                )
            if riga["lotto_ricevuto_id"] is not None and not conti.escluse:
                conti.beneficiari = await selezione.persone(unita)
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
            "avvisi = $10::jsonb, sigillata_il = $11 "
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


class Respinta(DatiNonValidi):
    """Records do not pass; ``avvisi`` tells how many for which reason."""

    def __init__(self, avvisi: list[dict[str, Any]]) -> None:
        super().__init__(" ".join(avviso["messaggio"] for avviso in avvisi))
        self.avvisi = avvisi


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


class _Selezione:
    """The records of one file, and how they come out of the database."""

    def __init__(self, flusso: Flusso, riga: Any, versione: int) -> None:
        self.flusso = flusso
        self.riga = riga
        self.versione = versione
        self.tabella = "scheda_sinba" if flusso.fonte == "sinba" else "prestazione"
        self.solo_membri = False

    def dove(self, da: int = 1) -> tuple[str, list[object]]:
        """The condition and its values: ambito, years, days, enti."""
        riga = self.riga
        valori: list[object] = [riga["ambito_id"]]
        if riga["lotto_ricevuto_id"] is not None:
            valori.append(riga["lotto_ricevuto_id"])
            return f"p.ambito_id = ${da} AND p.lotto_id = ${da + 1}", valori
        if self.tabella == "scheda_sinba":
            valori += [list(range(riga["dal"].year, riga["al"].year + 1)), riga["ente_id"]]
            giorni = f"p.anno = ANY(${da + 1}::smallint[]) AND ${da + 2}::int IS NOT NULL"
        else:
            anni = list(range(riga["dal"].year, riga["al"].year + 1))
            intero = (riga["dal"].month, riga["dal"].day, riga["al"].month, riga["al"].day) == (
                1, 1, 12, 31,
            )  # fmt: skip
            valori += [anni[0] if len(anni) == 1 else anni, riga["ente_id"]]
            segno = f"p.anno = ${da + 1}::smallint"
            if len(anni) > 1:
                segno = f"p.anno = ANY(${da + 1}::smallint[])"
            giorni = f"{segno} AND ${da + 2}::int IS NOT NULL"
            if not intero:
                valori += [riga["dal"], riga["al"]]
                giorni += f" AND p.competenza BETWEEN ${da + 3} AND ${da + 4}"
        enti = (
            f"p.ente_erogatore_id IN (SELECT id FROM ente e WHERE e.ambito_id = ${da} AND "
            f"(e.id = ${da + 2} OR (NOT e.invio_proprio AND NOT e.come_ricevuto AND EXISTS ("
            f"SELECT 1 FROM ente c WHERE c.ambito_id = ${da} AND c.id = ${da + 2} AND c.mittente))))"
        )
        membri = ""
        if self.solo_membri:
            membri = (
                " AND (p.come_ricevuto OR EXISTS (SELECT 1 FROM appartenenza a JOIN comune c "
                f"USING (istat) WHERE a.ambito_id = ${da} AND c.belfiore = p.comune_titolare "
                "AND daterange(a.dal, a.al, '[]') @> p.competenza))"
            )
        return f"p.ambito_id = ${da} AND {giorni} AND {enti}{membri}", valori

    async def verifica(self, unita: UnitaDiLavoro) -> tuple[int, int, list[dict[str, Any]]]:
        """Count the records, those to prepare again, and refuse those that do not belong here.

        The rules of a record were run when it came in, and its row says under which version; the
        rules that depend on the ambito are run now, on the data of this moment.
        """
        dove, valori = self.dove()
        if self.tabella == "scheda_sinba":
            gruppi = await unita.righe(
                f"SELECT conforme_a, come_ricevuto, count(*) AS righe FROM scheda_sinba p "
                f"WHERE {dove} GROUP BY 1, 2",
                *valori,
            )
            fuori = 0
        else:
            gruppi = await unita.righe(
                "SELECT comune_titolare, competenza, conforme_a, come_ricevuto, count(*) AS righe "
                f"FROM prestazione p WHERE {dove} GROUP BY 1, 2, 3, 4",
                *valori,
            )
            riferimenti = await riferimenti_dell_ambito(unita)
            fuori = sum(
                gruppo["righe"]
                for gruppo in gruppi
                if not gruppo["come_ricevuto"]
                and not riferimenti.membro(
                    gruppo["comune_titolare"], gruppo["competenza"].isoformat()
                )
            )
        totale = sum(gruppo["righe"] for gruppo in gruppi)
        if fuori and not self.riga["escludi_errate"]:
            raise Respinta(
                [{"codice": "comune_fuori_ambito", "righe": fuori,
                  "messaggio": f"{fuori} prestazioni hanno un comune titolare che in quella data non "
                  "fa parte dell'ambito: correggi l'appartenenza nel Territorio."}]
            )  # fmt: skip
        da_rifare = (
            totale
            if not self.flusso.principale or not isinstance(self.flusso.tracciato, TracciatoXML)
            else sum(
                gruppo["righe"]
                for gruppo in gruppi
                if gruppo["conforme_a"] != self.versione and not gruppo["come_ricevuto"]
            )
        )
        if fuori:
            self.solo_membri = True
            totale -= fuori
        ricevute = sum(
            gruppo["righe"]
            for gruppo in gruppi
            if gruppo["come_ricevuto"] and self.flusso.principale
        )
        avvisi = []
        if fuori:
            avvisi.append(
                {"codice": "comune_fuori_ambito", "righe": fuori,
                 "messaggio": f"{fuori} prestazioni restano fuori: il comune titolare in quella data "
                 "non fa parte dell'ambito."}
            )  # fmt: skip
        if self.riga["operatore_dimostrativo"] and not self.riga["intestazione"]:
            avvisi.append(
                {"codice": "operatore_dimostrativo", "righe": 0,
                 "messaggio": "Il codice fiscale dell'operatore che trasmette è inventato: prima di "
                 "inviare il file scrivi quello vero nella cartella dell'ambito."}
            )  # fmt: skip
        if ricevute:
            avvisi.append(
                {"codice": "come_ricevuto", "righe": ricevute,
                 "messaggio": f"{ricevute} record escono come ricevuti dal programma di origine, "
                 "senza correzioni."}
            )  # fmt: skip
        return totale, da_rifare, avvisi

    async def in_forma(
        self, unita: UnitaDiLavoro, conti: _Conti, scrittore: Any, compito: Compito
    ) -> None:
        """Stream the records in their layout, opening and closing an element for each person."""
        dove, valori = self.dove()
        chiusura = self.flusso.tracciato.chiusura_gruppo().encode()
        resto = precedente = testa = b""

        async def ricevi(dati: bytes) -> None:
            nonlocal resto, precedente, testa
            righe = (resto + dati).split(b"\n")
            resto = righe.pop()
            pezzi: list[bytes] = []
            for riga in righe:
                davanti, _, corpo = riga.rpartition(_SEPARA)
                if davanti != testa:
                    testa = davanti
                    persona, _, gruppo = davanti.partition(_SEPARA)
                    conti.conta(persona, gruppo)
                    if gruppo != precedente:
                        if precedente:
                            pezzi.append(chiusura)
                        pezzi.append(gruppo)
                        precedente = gruppo
                pezzi.append(corpo)
            conti.righe += len(righe)
            await scrittore.scrivi(b"".join(pezzi))
            await compito.avanza(conti.righe)

        # The order of the file is that of the unique index; the planner would rather sort.
        await unita.esegui(
            "SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; "
            "SET LOCAL enable_bitmapscan = off"
        )
        gruppo, record = espressioni(self.flusso, self._colonna)
        await unita.copia_da(
            f"SELECT {self._persona()}, "
            f"CASE WHEN forma_riga IS NULL THEN nullif({gruppo}, '') ELSE forma_gruppo END, "
            f"coalesce(forma_riga, {record}) "
            f"FROM {self.tabella} p WHERE {dove} ORDER BY {self._ordine()}",
            *valori,
            verso=ricevi,
            format="csv",
            delimiter=_SEPARA.decode(),
            quote="\x01",
        )
        if resto:
            raise RuntimeError("the last row of the stream was cut")
        if precedente:
            await scrittore.scrivi(chiusura)

    async def persone(self, unita: UnitaDiLavoro) -> int:
        """The persons of a received flow: its order may name one in two places."""
        dove, valori = self.dove()
        quante: int = await unita.valore(
            f"SELECT count(DISTINCT CASE {self._persona()} WHEN '?' THEN forma_gruppo "
            f"ELSE {self._persona()} END) FROM {self.tabella} p WHERE {dove}",
            *valori,
        )
        return quante

    def _persona(self) -> str:
        """Who a record is about; a pseudonym is any text, so it travels as a digest."""
        return "md5(id_beneficiario)" if self.tabella == "scheda_sinba" else "codice_fiscale"

    def _colonna(self, nome: str) -> str:
        """Where the value of a field stands."""
        if self.tabella == "scheda_sinba":
            return f"(p.dati ->> {letterale(nome)})"
        return f"p.{nome}::text"

    def _ordine(self) -> str:
        if self.riga["lotto_ricevuto_id"] is not None:
            return "riga"
        if self.tabella == "scheda_sinba":
            return "anno, id_beneficiario, ente_erogatore_id"
        return (
            "anno, codice_fiscale, protocollo_domanda, codice_prestazione, competenza, "
            "tipo_operazione, ente_erogatore_id"
        )

    async def preparate(
        self, unita: UnitaDiLavoro, conti: _Conti, avvisi: list[dict[str, Any]]
    ) -> AsyncIterator[bytes]:
        """Prepare every record again under the rules now in force."""
        dove, valori = self.dove()
        presenti = {
            riga["column_name"]
            for riga in await unita.righe(
                "SELECT column_name FROM information_schema.columns WHERE table_name = $1",
                self.tabella,
            )
        }
        nomi = [campo.nome for campo in self.flusso.campi]
        if self.tabella == "scheda_sinba":
            valori_campi = [self._colonna(nome) for nome in nomi]
        else:
            valori_campi = [
                "(SELECT left(e.denominazione, 100) FROM ente e WHERE e.ambito_id = p.ambito_id "
                "AND e.id = p.ente_erogatore_id)"
                if nome == "ente_erogatore"
                else self._colonna(nome)
                if nome in presenti
                else "NULL"
                for nome in nomi
            ]
        vuote = [f"coalesce({valore}, '')" for valore in valori_campi]
        preparatore = Preparatore(self.flusso, nomi)
        chiusura = self.flusso.tracciato.chiusura_gruppo().encode()
        precedente: bytes | None = None
        rotte: dict[str, int] = {}
        cursore = await unita.cursore(
            f"SELECT {', '.join(vuote)}, "
            f"p.come_ricevuto, p.forma_gruppo, p.forma_riga, {self._persona()} "
            f"FROM {self.tabella} p WHERE {dove} ORDER BY {self._ordine()}",
            *valori,
        )
        while righe := await cursore.fetch(RIGHE_PER_VOLTA):
            quante = len(nomi)
            lotto = preparatore.prepara([tuple(r)[:quante] for r in righe])
            nostre = zip(*preparatore.rendi(lotto), strict=True)
            # A record kept as received goes out whatever its faults; each other counts once a rule.
            fuori = {n for n, originale in zip(lotto.numeri, righe, strict=True)
                     if not (originale[quante] and self.flusso.principale)}  # fmt: skip
            for numero, codice in {(e.riga, e.codice) for e in lotto.errori}:
                if numero in fuori:
                    rotte[codice] = rotte.get(codice, 0) + 1
            pezzi: list[bytes] = []
            for originale, (gruppo, corpo) in zip(righe, nostre, strict=True):
                ricevuta = originale[quante] and self.flusso.principale
                if ricevuta:
                    gruppo, corpo = originale[quante + 1], originale[quante + 2]
                if corpo is None:
                    conti.escluse += 1
                    continue
                segno = (gruppo or "").encode()
                conti.conta(originale[quante + 3].encode(), segno)
                if segno != precedente:
                    if precedente:
                        pezzi.append(chiusura)
                    pezzi.append(segno)
                    precedente = segno
                pezzi.append(corpo.encode())
                conti.righe += 1
            yield b"".join(pezzi)
        if precedente:
            yield chiusura
        if conti.escluse:
            motivi = self._motivi(rotte, conti.escluse)
            if not self.riga["escludi_errate"]:
                raise Respinta(motivi)
            avvisi.extend(motivi)

    def _motivi(self, rotte: dict[str, int], escluse: int) -> list[dict[str, Any]]:
        per_codice = {regola.codice: regola for regola in self.flusso.regole}
        motivi = [
            {"codice": "escluse", "righe": escluse,
             "messaggio": f"{escluse} prestazioni non passano i controlli in vigore."}
        ]  # fmt: skip
        for codice, quante in sorted(rotte.items()):
            regola = per_codice.get(codice)
            fonte = f" ({regola.fonte})" if regola else ""
            motivi.append(
                {"codice": codice, "righe": quante,
                 "messaggio": f"Regola «{codice}»{fonte}: {quante} prestazioni."}
            )  # fmt: skip
        return motivi
