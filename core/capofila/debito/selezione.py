"""Which records a run says to the receiver, with which operation, and how they become text.

A run is *completa*, all the records in force, or of the *variazioni*: what the receiver does not
know yet. What it knows follows from the communications that were sent and not refused, row by row:

- in force, and its operation was not the last one said: the record, with its own operation;
- superseded or taken away, and the receiver has it: its cancellation, as it was sent, where the flow
  has one (the minors' has none: a later record takes the place of the earlier one);
- else nothing.

The same selection serves twice: when the run is sealed, on the snapshot of that moment, and when it
is sent, on the lotti that the run wrote down (docs/perche/siuss.md).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from capofila.base.database import UnitaDiLavoro
from capofila.base.errori import DatiNonValidi
from capofila.base.lavori import Compito
from capofila.debito.resa_sql import espressioni, letterale
from capofila.hooks import Flusso, PerFile, TracciatoXML
from capofila.prestazioni.service import FONTE_MINORI, riferimenti_dell_ambito

if TYPE_CHECKING:
    import polars as pl

    from capofila.debito.parti import Divisore
    from capofila.debito.per_colonne import Controllati

INSERIMENTO: Final = "I"
"""What a record says in a flow that has no operation."""
BLOCCO: Final = 256 * 1024
"""Bytes put together at a time; PostgreSQL sends some thirty rows in a piece."""
_VERO: Final = "t"
"""How PostgreSQL writes that something is so."""
_SEPARA: Final = b"\x03"
ILLEGGIBILE: Final = b"?"
"""The code of whoever was received without a readable one: the element tells who it is."""


class Conti(msgspec.Struct):
    """What went into a file. Two persons are told apart by their code, and records come in its
    order: where the same person's data differ from record to record, the person is still one.
    """

    righe: int = 0
    beneficiari: int = 0
    escluse: int = 0
    escluse_id: list[int] = msgspec.field(default_factory=list)
    persona: bytes = b""

    def conta(self, persona: bytes, gruppo: bytes) -> None:
        """Count the person of a record whose code or element is not that of the record before."""
        if persona == ILLEGGIBILE:
            persona += gruppo
        if persona != self.persona:
            self.persona = persona
            self.beneficiari += 1


class Respinta(DatiNonValidi):
    """Records do not pass; ``avvisi`` tells how many for which reason."""

    def __init__(self, avvisi: list[dict[str, Any]]) -> None:
        super().__init__(" ".join(avviso["messaggio"] for avviso in avvisi))
        self.avvisi = avvisi


class Selezione:
    """The records of one run, and how they come out of the database.

    Args:
        flusso: of the run.
        riga: the run, as its table has it.
        versione: of the flow now in force.
        note: whether anything was ever communicated of this flow; asked once, so that a first run
            pays nothing for the question.
        sigillata: select what the run saw when it was sealed.
    """

    def __init__(
        self,
        flusso: Flusso,
        riga: Mapping[str, Any],
        versione: int,
        *,
        note: bool = True,
        sigillata: bool = False,
    ) -> None:
        self.flusso = flusso
        self.riga = riga
        self.versione = versione
        self.note = note
        self.sigillata = sigillata
        self.tabella = tabella_di(flusso)
        self.ricevuta = riga["lotto_ricevuto_id"] is not None
        self.variazioni = riga["modo"] == "variazioni" and not self.ricevuta
        self.solo_membri = False
        self.lotti: str | None = None
        self.enti: list[int] = []

    @classmethod
    async def apri(
        cls,
        unita: UnitaDiLavoro,
        flusso: Flusso,
        riga: Mapping[str, Any],
        versione: int,
        *,
        sigillata: bool = False,
    ) -> Selezione:
        """A selection that knows its enti and whether anything was communicated before.

        The ente that sends for the ambito sends for all that do not send by themselves. They are
        looked up once: a join would look them up for every record.
        """
        note = await qualcosa_di_noto(unita, flusso)
        selezione = cls(flusso, riga, versione, note=note, sigillata=sigillata)
        selezione.enti = [
            ente["id"]
            for ente in await unita.righe(
                "SELECT e.id FROM ente e WHERE e.ambito_id = $1 AND (e.id = $2 OR "
                "(NOT e.invio_proprio AND NOT e.come_ricevuto AND EXISTS (SELECT 1 FROM ente c "
                "WHERE c.ambito_id = $1 AND c.id = $2 AND c.mittente))) ORDER BY e.id",
                riga["ambito_id"],
                riga["ente_id"],
            )
        ]
        return selezione

    # --- which records --------------------------------------------------------------------------

    def dove(self) -> tuple[str, list[object]]:
        """The condition and its values: ambito, years, days, enti, versions."""
        riga = self.riga
        valori: list[object] = [riga["ambito_id"]]

        def segno(valore: object, tipo: str) -> str:
            valori.append(valore)
            return f"${len(valori)}::{tipo}"

        if self.ricevuta:
            lotto = segno(riga["lotto_ricevuto_id"], "int")
            return f"p.ambito_id = $1 AND p.lotto_id = {lotto}", valori
        anni = list(range(riga["dal"].year, riga["al"].year + 1))
        condizioni = [
            "p.ambito_id = $1",
            f"p.anno = {segno(anni[0], 'smallint')}"
            if len(anni) == 1
            else f"p.anno = ANY({segno(anni, 'smallint[]')})",
        ]
        enti = segno(self.enti, "int[]")
        dal, al = riga["dal"], riga["al"]
        # A record of a minor has no day: it is of a whole year.
        if self.con_giorno and (dal.month, dal.day, al.month, al.day) != (1, 1, 12, 31):
            condizioni.append(f"p.competenza BETWEEN {segno(dal, 'date')} AND {segno(al, 'date')}")
        if self.sigillata:
            lotti = segno(riga["lotti"], "text::int4multirange")
            condizioni.append(f"p.lotto_id <@ {lotti}")
            condizioni.append(f"p.id <> ALL({segno(riga['escluse_id'], 'bigint[]')})")
            self.lotti = lotti
        condizioni.append(self._di_chi_invia(enti, segno))
        if self.solo_membri and self.con_giorno:
            condizioni.append(
                f"(p.come_ricevuto OR {self.superata} OR EXISTS (SELECT 1 FROM appartenenza a "
                "JOIN comune c USING (istat) WHERE a.ambito_id = $1 AND "
                "c.belfiore = p.comune_titolare AND daterange(a.dal, a.al, '[]') @> p.competenza))"
            )
        condizioni.append(self._da_dire(segno))
        return " AND ".join(condizioni), valori

    @property
    def con_giorno(self) -> bool:
        """Whether a record has a day of its own."""
        return self.tabella == "prestazione"

    @property
    def superata(self) -> str:
        """The condition that a record is no longer in force."""
        if self.ricevuta:
            return "false"
        if self.lotti is not None:
            return f"coalesce(p.sostituita_lotto <@ {self.lotti}, false)"
        return "p.sostituita_lotto IS NOT NULL"

    def _di_chi_invia(self, enti: str, segno: Any) -> str:
        """The condition that a record is of whoever sends this run.

        What is taken back is of whoever said it, also when the ente sends by itself since: the
        receiver has the record under that code.
        """
        suo = f"p.ente_erogatore_id = ANY({enti})"
        if not (self.variazioni and self.note):
            return suo
        detta_da = (
            "(SELECT e.ente_id FROM comunicazione c JOIN esportazione e "
            "ON e.ambito_id = c.ambito_id AND e.id = c.esportazione_id WHERE c.ambito_id = $1 AND "
            f"c.flusso = {segno(self.flusso.id, 'text')} AND c.prestazione_id = p.id AND "
            "c.esito IS DISTINCT FROM 'scartata' ORDER BY c.id DESC LIMIT 1)"
        )
        mittente = segno(self.riga["ente_id"], "int")
        return (
            f"CASE WHEN {self.superata} THEN coalesce({detta_da} = {mittente}, {suo}) "
            f"ELSE {suo} END"
        )

    def _da_dire(self, segno: Any) -> str:
        if not (self.variazioni and self.note):
            return f"NOT {self.superata}"
        ultima = (
            "(SELECT c.operazione FROM comunicazione c WHERE c.ambito_id = $1 AND "
            f"c.flusso = {segno(self.flusso.id, 'text')} AND c.prestazione_id = p.id AND "
            "c.esito IS DISTINCT FROM 'scartata' ORDER BY c.id DESC LIMIT 1)"
        )
        dichiarata = self.flusso.operazione
        assert dichiarata is not None
        inserita = letterale(dichiarata.inserimento)
        if dichiarata.campo is None:
            return f"NOT {self.superata} AND {ultima} IS DISTINCT FROM {inserita}"
        return (
            f"CASE WHEN {self.superata} THEN coalesce({ultima} = {inserita}, false) "
            f"ELSE {ultima} IS DISTINCT FROM p.{dichiarata.campo} END"
        )

    @property
    def operazione(self) -> str:
        """What a record says: its own operation, or that it is taken back."""
        dichiarata = self.flusso.operazione
        if dichiarata is None or dichiarata.campo is None:
            return letterale(INSERIMENTO)
        cancella = letterale(dichiarata.cancellazione)
        return f"CASE WHEN {self.superata} THEN {cancella} ELSE p.{dichiarata.campo}::text END"

    def ordine(self) -> str:
        """The order of the file; that of the unique index, an old version before the new one."""
        if self.ricevuta:
            return "riga, id"
        prima = "" if self.chiave is None else f"{self.chiave}, "
        return f"{prima}{self._ordine()}"

    @property
    def chiave(self) -> str | None:
        """SQL of what the records of a file have in common; None when a file is of any of them.

        A flow that was received is given back as it came.
        """
        if self.flusso.divisione is None or self.ricevuta:
            return None
        match self.flusso.divisione.per:
            case PerFile.ENTE:
                return (
                    "(SELECT e.codice FROM ente e WHERE e.ambito_id = p.ambito_id "
                    "AND e.id = p.ente_erogatore_id)"
                )
            case PerFile.COMUNE:
                return "p.comune_titolare::text"
            case PerFile.MESE:
                return "to_char(p.competenza, 'YYYY-MM')"
            case PerFile.TRIMESTRE:
                return "to_char(p.competenza, 'YYYY\"-T\"Q')"
        return None

    def _ordine(self) -> str:
        if self.tabella == "scheda_sinba":
            return "anno, id_beneficiario, ente_erogatore_id, sostituita_lotto"
        return (
            "anno, codice_fiscale, protocollo_domanda, codice_prestazione, competenza, "
            "sostituita_lotto, tipo_operazione"
        )

    # --- checking -------------------------------------------------------------------------------

    async def verifica(self, unita: UnitaDiLavoro) -> tuple[int, int, list[dict[str, Any]]]:
        """Count the records, those to prepare again, and refuse those that do not belong here.

        The rules of a record were run when it came in, and its row says under which version; the
        rules that depend on the ambito are run now, on the data of this moment. A cancellation
        repeats what was sent: it is not checked again.
        """
        dove, valori = self.dove()
        if self.tabella == "scheda_sinba":
            gruppi = await unita.righe(
                f"SELECT conforme_a, come_ricevuto, {self.superata} AS superata, count(*) AS righe "
                f"FROM scheda_sinba p WHERE {dove} GROUP BY 1, 2, 3",
                *valori,
            )
            fuori = 0
        else:
            gruppi = await unita.righe(
                "SELECT comune_titolare, conforme_a, come_ricevuto, "
                f"{self.superata} AS superata, count(*) AS righe, min(competenza) AS prima, "
                f"max(competenza) AS ultima FROM prestazione p WHERE {dove} GROUP BY 1, 2, 3, 4",
                *valori,
            )
            fuori = await self._fuori(unita, gruppi)
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
                if gruppo["conforme_a"] != self.versione
                and not (gruppo["come_ricevuto"] or gruppo["superata"])
            )
        )
        if fuori:
            self.solo_membri = True
            totale -= fuori
        return totale, da_rifare, self._avvisi(gruppi, fuori)

    async def _fuori(self, unita: UnitaDiLavoro, gruppi: list[Any]) -> int:
        """How many records have a comune that was not of the ambito on their day.

        Nearly always a comune is a member on all the days between the first and the last: only the
        others are asked for day by day.
        """
        riferimenti = await riferimenti_dell_ambito(unita)
        dubbi = {
            gruppo["comune_titolare"]
            for gruppo in gruppi
            if not (gruppo["come_ricevuto"] or gruppo["superata"])
            and not riferimenti.sempre_membri(
                [gruppo["comune_titolare"]],
                [gruppo["prima"].isoformat(), gruppo["ultima"].isoformat()],
            )
        }
        if not dubbi:
            return 0
        dove, valori = self.dove()
        giorni = await unita.righe(
            "SELECT comune_titolare, competenza, count(*) AS righe FROM prestazione p "
            f"WHERE {dove} AND NOT p.come_ricevuto AND NOT {self.superata} "
            f"AND p.comune_titolare = ANY(${len(valori) + 1}) GROUP BY 1, 2",
            *valori,
            sorted(dubbi),
        )
        return sum(
            giorno["righe"]
            for giorno in giorni
            if not riferimenti.membro(giorno["comune_titolare"], giorno["competenza"].isoformat())
        )

    def _avvisi(self, gruppi: list[Any], fuori: int) -> list[dict[str, Any]]:
        avvisi: list[dict[str, Any]] = []
        ricevute = sum(
            gruppo["righe"]
            for gruppo in gruppi
            if gruppo["come_ricevuto"] and self.flusso.principale
        )
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
        return avvisi

    # --- text -----------------------------------------------------------------------------------

    def colonna(self, nome: str) -> str:
        """Where the value of a field stands."""
        if self.tabella == "scheda_sinba":
            if nome in ("anno", "comune_titolare", "id_beneficiario"):
                return f"p.{nome}::text"
            return f"(p.dati ->> {letterale(nome)})"
        if self.flusso.operazione is not None and nome == self.flusso.operazione.campo:
            return f"({self.operazione})"
        return f"p.{nome}::text"

    def testi(self) -> tuple[str, str]:
        """SQL of what opens the element of the person, and of the record."""
        gruppo, record = espressioni(self.flusso, self.colonna)
        return (
            f"CASE WHEN forma_riga IS NULL THEN nullif({gruppo}, '') ELSE forma_gruppo END",
            f"coalesce({self.ricevuto}, {record})",
        )

    @property
    def ricevuto(self) -> str:
        """SQL of the text that a record came with; taken back, with the other operation in it."""
        operazione, tracciato = self.flusso.operazione, self.flusso.tracciato
        if (
            operazione is None
            or operazione.campo is None
            or not isinstance(tracciato, TracciatoXML)
            or self.superata == "false"
        ):
            return "forma_riga"
        (attributo,) = (a for a in tracciato.riga.attributi if a.campo == operazione.campo)
        prima = f"<{tracciato.riga.nome}"
        scritto = letterale(f' {attributo.nome}="{operazione.cancellazione}"')
        senza = f"regexp_replace(forma_riga, ' {attributo.nome}=\"[^\"]*\"', '')"
        return (
            f"CASE WHEN {self.superata} THEN {letterale(prima)} || {scritto} || "
            f"substr({senza}, {len(prima) + 1}) ELSE forma_riga END"
        )

    def persona(self) -> str:
        """SQL of who a record is about; a pseudonym is any text, so it travels as a digest."""
        return "md5(id_beneficiario)" if self.tabella == "scheda_sinba" else "codice_fiscale"

    async def persone(self, unita: UnitaDiLavoro) -> int:
        """The persons of a received flow: its order may name one in two places."""
        dove, valori = self.dove()
        quante: int = await unita.valore(
            f"SELECT count(DISTINCT CASE {self.persona()} WHEN '?' THEN forma_gruppo "
            f"ELSE {self.persona()} END) FROM {self.tabella} p WHERE {dove}",
            *valori,
        )
        return quante

    async def in_forma(
        self,
        unita: UnitaDiLavoro,
        conti: Conti,
        scrittore: Any,
        compito: Compito,
        divisore: Divisore | None = None,
    ) -> None:
        """Stream the records in their layout, opening and closing an element for each person.

        Args:
            scrittore: of the one file; with a divisore, none is written to here.
        """
        dove, valori = self.dove()
        chiusura = self.flusso.tracciato.chiusura_gruppo().encode()
        resto = precedente = testa = b""

        raccolti: list[bytes] = []
        quanti = 0

        async def ricevi(dati: bytes) -> None:
            nonlocal quanti
            raccolti.append(dati)
            quanti += len(dati)
            if quanti >= BLOCCO:
                await cuci()

        async def cuci() -> None:
            nonlocal resto, precedente, testa, quanti
            righe = b"".join([resto, *raccolti]).split(b"\n")
            raccolti.clear()
            quanti = 0
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

        async def dividi(dati: bytes) -> None:
            nonlocal resto
            assert divisore is not None
            righe = (resto + dati).split(b"\n")
            resto = righe.pop()
            terne = (riga.split(_SEPARA, 2) for riga in righe)
            await divisore.aggiungi((persona, g, corpo) for persona, g, corpo in terne)
            await compito.avanza(conti.righe)

        # The order of the file is that of the unique index; the planner would rather sort.
        await unita.esegui(
            "SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; "
            "SET LOCAL enable_bitmapscan = off"
        )
        gruppo, record = self.testi()
        await unita.copia_da(
            f"SELECT {self.persona()}, {gruppo}, {record} FROM {self.tabella} p WHERE {dove} "
            f"ORDER BY {self.ordine()}",
            *valori,
            verso=dividi if divisore else ricevi,
            format="csv",
            delimiter=_SEPARA.decode(),
            quote="\x01",
        )
        if divisore is None:
            await cuci()
        if resto:
            raise RuntimeError("the last row of the stream was cut")
        if precedente:
            await scrittore.scrivi(chiusura)

    async def controlla(
        self,
        unita: UnitaDiLavoro,
        ricevi: Callable[[Controllati, list[list[str]]], Awaitable[None]],
        altre: Sequence[str] = (),
    ) -> None:
        """Run every check and rule now in force over every record, in the order of the file.

        Args:
            unita: of the ambito.
            ricevi: gets the records some thousands at a time, with the values of `altre`.
            altre: SQL of what else is wanted of each record.
        """
        from capofila.debito.per_colonne import Controllore, leggi_per_colonne

        dove, valori = self.dove()
        controllore = Controllore(self.flusso)
        campi = await self._valori(unita, controllore.nomi)

        async def controlla(tavola: pl.DataFrame) -> None:
            colonne = tavola.get_columns()
            await ricevi(
                controllore.controlla(tavola.select(tavola.columns[: len(campi)])),
                [colonna.fill_null("").to_list() for colonna in colonne[len(campi) :]],
            )

        await leggi_per_colonne(
            unita,
            [*campi, *altre],
            f"FROM {self.tabella} p WHERE {dove} ORDER BY {self.ordine()}",
            valori,
            controlla,
        )

    async def preparate(
        self,
        unita: UnitaDiLavoro,
        conti: Conti,
        avvisi: list[dict[str, Any]],
        scrivi: Callable[[bytes], Awaitable[None]],
        divisore: Divisore | None = None,
    ) -> None:
        """Prepare every record again under the rules now in force.

        Args:
            unita: of the ambito.
            conti, avvisi: what is counted and remarked.
            scrivi: takes the text; with a divisore the records go to it, and nothing comes here
                but what tells how far it is.
            divisore: cuts the run into files.
        """
        # A record kept as received goes out whatever its faults, and a cancellation as it was sent.
        com_e, gruppo_com_e, riga_com_e = self.superata, "NULL", "NULL"
        if self.flusso.principale and isinstance(self.flusso.tracciato, TracciatoXML):
            gruppo_com_e, riga_com_e = self.testi()
            com_e = f"({self.superata} OR p.come_ricevuto)"
        chiusura = self.flusso.tracciato.chiusura_gruppo().encode()
        precedente: bytes | None = None
        rotte: dict[str, int] = {}

        async def ricevi(controllati: Controllati, altre: list[list[str]]) -> None:
            nonlocal precedente
            numeri, tenute, gruppi, testi, persone, chiavi = altre
            controllate = {n for n, t in enumerate(tenute, 1) if t != _VERO}
            for numero, codice in {(e.riga, e.codice) for e in controllati.errori}:
                if numero in controllate:
                    rotte[codice] = rotte.get(codice, 0) + 1
            pezzi: list[bytes] = []
            terne: list[tuple[bytes, bytes, bytes]] = []
            loro: list[str] = []
            nostri_gruppi, nostri_testi = controllati.rendi()
            for n, tenuta in enumerate(tenute):
                gruppo, corpo = (
                    (gruppi[n], testi[n])
                    if tenuta == _VERO
                    else (nostri_gruppi[n], nostri_testi[n])
                )
                if corpo is None:
                    conti.escluse += 1
                    conti.escluse_id.append(int(numeri[n]))
                    continue
                segno = (gruppo or "").encode()
                persona = persone[n].encode()
                if divisore is not None:
                    terne.append((persona, segno, corpo.encode()))
                    loro.append(chiavi[n])
                    continue
                conti.conta(persona, segno)
                if segno != precedente:
                    if precedente:
                        pezzi.append(chiusura)
                    pezzi.append(segno)
                    precedente = segno
                pezzi.append(corpo.encode())
                conti.righe += 1
            if divisore is not None:
                await divisore.aggiungi(terne, loro)
            await scrivi(b"".join(pezzi))

        await self.controlla(
            unita,
            ricevi,
            [
                "p.id",
                com_e,
                f"CASE WHEN {com_e} THEN {gruppo_com_e} END",
                f"CASE WHEN {com_e} THEN {riga_com_e} END",
                self.persona(),
                self.chiave or "NULL",
            ],
        )
        if precedente:
            await scrivi(chiusura)
        if conti.escluse:
            motivi = self._motivi(rotte, conti.escluse)
            if not self.riga["escludi_errate"]:
                raise Respinta(motivi)
            avvisi.extend(motivi)

    async def _valori(self, unita: UnitaDiLavoro, nomi: list[str]) -> list[str]:
        """The SQL of every field; one that the table does not have is NULL."""
        if self.tabella == "scheda_sinba":
            return [self.colonna(nome) for nome in nomi]
        presenti = {
            riga["column_name"]
            for riga in await unita.righe(
                "SELECT column_name FROM information_schema.columns WHERE table_name = $1",
                self.tabella,
            )
        }
        ente = (
            "(SELECT left(e.denominazione, 100) FROM ente e WHERE e.ambito_id = p.ambito_id "
            "AND e.id = p.ente_erogatore_id)"
        )
        return [
            ente if nome == "ente_erogatore" else self.colonna(nome) if nome in presenti else "NULL"
            for nome in nomi
        ]

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


def tabella_di(flusso: Flusso) -> str:
    """The table of the records that a flow says."""
    return "scheda_sinba" if flusso.fonte == FONTE_MINORI else "prestazione"


async def qualcosa_di_noto(unita: UnitaDiLavoro, flusso: Flusso) -> bool:
    """Whether anything of this flow was ever communicated by this ambito."""
    noto: bool = await unita.valore(
        "SELECT EXISTS (SELECT 1 FROM comunicazione WHERE ambito_id = $1 AND flusso = $2)",
        unita.ambito,
        flusso.id,
    )
    return noto


async def lotti_visti(unita: UnitaDiLavoro) -> str | None:
    """The lotti that this snapshot sees, as the text of a multirange."""
    testo: str | None = await unita.valore(
        "SELECT range_agg(int4range(id, id, '[]'))::text FROM lotto "
        "WHERE ambito_id = $1 AND stato = 'importato'",
        unita.ambito,
    )
    return testo


async def operazioni(unita: UnitaDiLavoro, selezione: Selezione) -> dict[str, int]:
    """How many records go out with each operation."""
    dove, valori = selezione.dove()
    return {
        riga["operazione"]: riga["quante"]
        for riga in await unita.righe(
            f"SELECT {selezione.operazione} AS operazione, count(*) AS quante "
            f"FROM {selezione.tabella} p WHERE {dove} GROUP BY 1",
            *valori,
        )
    }
