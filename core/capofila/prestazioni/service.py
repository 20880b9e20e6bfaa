"""Bringing prestazioni in, and finding them again. Runs inside a unit of work of the ambito.

An import is one transaction. Rows are read, checked and put in form a block at a time in a thread,
while the block before goes to the database: COPY into a temporary table (policies refuse it on a
protected one), then INSERT … SELECT under the policies. Nothing is stored unless every row is good
or the user keeps the good ones; in between, the file waits in its `lotto`, for a few days.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, TroppoGrande
from capofila.base.importazioni import nome_conservabile
from capofila.base.impostazioni import MEBIBYTE, impostazioni
from capofila.base.righe import INTEGER, riga_numero
from capofila.hooks import ErroreRiga, Flusso, LottoPreparato, Preparatore, impronta
from capofila.hooks.flussi import normalizza_nome
from capofila.prestazioni import consultazione, copia, lettura
from capofila.prestazioni import schede as dei_minori
from capofila.prestazioni.consultazione import CONTEGGIO_MASSIMO as CONTEGGIO_MASSIMO
from capofila.prestazioni.consultazione import cerca_persona as cerca_persona
from capofila.prestazioni.rules import FONTE as FONTE
from capofila.prestazioni.rules import FONTE_MINORI as FONTE_MINORI
from capofila.prestazioni.rules import Collocazione, Riferimenti, vicino
from capofila.prestazioni.rules import file_errori as file_errori
from capofila.prestazioni.rules import flusso_minori as flusso_minori
from capofila.prestazioni.rules import flusso_principale as flusso_principale
from capofila.prestazioni.schede import RIMASTA as RIMASTA
from capofila.territorio import service as territorio
from capofila.territorio.rules import Ente

if TYPE_CHECKING:
    from capofila.prestazioni.domande import Domanda
    from capofila.prestazioni.piane import Divise
    from capofila.prestazioni.versioni import Salvataggio

T = TypeVar("T")
Foglio = lettura.Foglio
PerColonne = lettura.PerColonne
DiCartella = lettura.DiCartella

ERRORI_MOSTRATI: Final = 1000
ERRORE_DOPPIO: Final = (
    "Prestazione già presente: stessa persona, domanda, codice e data di inizio. Togli la riga, "
    "oppure correggi la domanda o la data."
)
_BLOCCHI_PRONTI: Final = 3
"""Blocks that are read while the database takes one: it and the reader are not always as fast."""
ATTESA_DECISIONE: Final = timedelta(days=7)


class FileRicevuto(msgspec.Struct, frozen=True):
    """A file as it was uploaded or named on the command line."""

    nome: str
    contenuto: bytes


class EsitoImportazione(msgspec.Struct, kw_only=True):
    """What became of a file. Its JSON is a shape that scripts rely on.

    Attributes:
        righe: rows found.
        valide: rows without errors.
        importate: records stored, now or when the same file was brought in before. More than the
            rows when some of them were cut by calendar years.
        errori: what keeps rows out, at most a thousand of them.
        errori_totali: how many there are.
        avvisi: what deserves a look, at most a thousand; of one rule some hundreds, and then how
            many more there are.
        lotto: the file in Capofila; None on a trial.
        stato: ``importato``, ``da_decidere``, ``prova`` or ``gia_importato``.
        flusso: the flow that it was read and checked by.
    """

    righe: int = 0
    valide: int = 0
    importate: int = 0
    errori: list[ErroreRiga] = msgspec.field(default_factory=list)
    errori_totali: int = 0
    avvisi: list[ErroreRiga] = msgspec.field(default_factory=list)
    lotto: int | None = None
    stato: str = "importato"
    flusso: str = ""

    def aggiungi_errori(self, errori: Sequence[ErroreRiga]) -> None:
        """Count them all, keep the first."""
        self.errori_totali += len(errori)
        self.errori.extend(errori[: max(0, ERRORI_MOSTRATI - len(self.errori))])

    def aggiungi_avvisi(self, avvisi: Sequence[ErroreRiga]) -> None:
        """Keep the first."""
        self.avvisi.extend(avvisi[: max(0, ERRORI_MOSTRATI - len(self.avvisi))])


class Opzioni(msgspec.Struct, frozen=True, kw_only=True):
    """How to bring a file in.

    Attributes:
        solo_valide: keep the good rows, leave the others out.
        prova: check only, store nothing.
        gia_inviate: the receiver has these records, sent with the program used before.
        comune: Belfiore code of the only comune whose rows are accepted.
    """

    solo_valide: bool = False
    prova: bool = False
    gia_inviate: bool = False
    comune: str | None = None


class _Blocco(msgspec.Struct, kw_only=True):
    """A block ready for the database.

    Attributes:
        righe: rows found.
        valide: rows that can be stored.
        errori, avvisi: of the block.
        taciuti: remarks that were not written out, by rule.
        copie: the records to store.
        lotto: the rows that were prepared one by one.
        buone: places in it of those to store, when they are not in `copie`.
    """

    righe: int
    valide: int
    errori: list[ErroreRiga]
    avvisi: list[ErroreRiga]
    taciuti: Counter[str]
    copie: list[copia.Copia]
    lotto: LottoPreparato | None = None
    buone: Sequence[int] = ()
    schede: list[dei_minori.Scheda] = []


class Filo:
    """The one thread that reads a file from its first byte to its last.

    libxml2 keeps the names of a document in a dictionary of the thread that opened it: a parser
    that goes on in another thread of a pool frees what is not its own, and the process aborts.
    """

    def __init__(self) -> None:
        self._esecutore = ThreadPoolExecutor(1, thread_name_prefix="importa")

    def chiama(self, funzione: Callable[..., T], *valori: object) -> asyncio.Future[T]:
        """Run there; await the outcome."""
        return asyncio.get_running_loop().run_in_executor(self._esecutore, funzione, *valori)

    def chiudi(self) -> None:
        """Let the thread end."""
        self._esecutore.shutdown(wait=False, cancel_futures=True)


class _DaDecidere(Exception):
    """Leaves the savepoint of an import whose rows are not all good."""


async def importa(
    file: FileRicevuto, flussi: Mapping[str, Flusso], opzioni: Opzioni | None = None
) -> EsitoImportazione:
    """Bring a file of prestazioni in.

    Args:
        file: CSV, xlsx, ods, or an XML flow of the INPS.
        flussi: the flows that are active in the ambito, by id.
        opzioni: what to do with rows that are not good.

    Returns:
        What was found. ``stato`` is ``da_decidere`` when nothing was stored because of errors: the
        file waits, and :func:`decidi` keeps its good rows or throws it away.

    Raises:
        RichiestaNonValida, DatiNonValidi, TroppoGrande: the file as a whole cannot be read.
    """
    opzioni = opzioni or Opzioni()
    unita = unita_corrente()
    _verifica_misura(len(file.contenuto))
    sha256 = await asyncio.to_thread(_impronta_file, file.contenuto)
    if not opzioni.prova and (gia := await _gia_importato(unita, sha256)):
        return gia
    filo = Filo()
    try:
        return await _importa(unita, file, sha256, flussi, opzioni, filo)
    finally:
        filo.chiudi()


async def _importa(
    unita: UnitaDiLavoro,
    file: FileRicevuto,
    sha256: str,
    flussi: Mapping[str, Flusso],
    opzioni: Opzioni,
    filo: Filo,
) -> EsitoImportazione:
    formato = lettura.riconosci(file.nome, file.contenuto)
    riferimenti = await riferimenti_dell_ambito(unita, opzioni.comune)
    sorgente = await _sorgente(formato, file, flussi, riferimenti, filo)
    if opzioni.gia_inviate:
        # What the receiver knows is written by the room that talks to it, which stands on this one.
        from capofila.debito.service import gia_inviate_ammesse

        gia_inviate_ammesse(sorgente.flusso)
    esito = EsitoImportazione(flusso=sorgente.flusso.id)
    if sorgente.errori:
        esito.aggiungi_errori(sorgente.errori)
    esito.aggiungi_avvisi(sorgente.avvisi)

    versione = await _versione(unita, sorgente.flusso)
    arrivo = _Arrivo(unita, sorgente, riferimenti, versione, file, formato, sha256, opzioni, filo)
    try:
        async with unita.punto_di_ritorno():
            await arrivo.tutto(esito)
            if opzioni.prova or (esito.errori_totali and not opzioni.solo_valide):
                raise _DaDecidere
            if not esito.valide:
                raise _DaDecidere
            await arrivo.concludi(esito)
    except _DaDecidere:
        esito.importate = 0
        esito.lotto = None
        esito.stato = "prova"
        if not opzioni.prova:
            esito.stato = "da_decidere"
            esito.lotto = await arrivo.metti_in_attesa(esito)
    if not opzioni.prova:
        await registra(
            "prestazioni.importa",
            "lotto",
            str(esito.lotto),
            stato=esito.stato,
            righe=esito.righe,
            importate=esito.importate,
        )
    return esito


async def decidi(
    lotto_id: int, flussi: Mapping[str, Flusso], *, tieni_valide: bool, comune: str | None = None
) -> EsitoImportazione:
    """Keep the good rows of a file that waits, or throw it away.

    Raises:
        NonTrovato: no such file in this ambito.
        Conflitto: it was decided already, or it has expired.
    """
    unita = unita_corrente()
    lotto = await riga_numero(
        "SELECT id, nome_file, flusso, stato, contenuto, righe, valide, comune, gia_inviate, "
        "scade_il < now() AS scaduto FROM lotto WHERE ambito_id = $1 AND id = $2 FOR UPDATE",
        lotto_id,
        "Questa importazione non c'è: torna all'elenco.",
        numeri=INTEGER,
    )
    if lotto["stato"] != "da_decidere" or lotto["contenuto"] is None:
        raise Conflitto("Di questo file è già stato deciso: torna all'elenco delle importazioni.")
    if tieni_valide and lotto["scaduto"]:
        raise Conflitto("Questo file è scaduto senza una decisione: caricalo di nuovo.")
    if tieni_valide:
        file = FileRicevuto(lotto["nome_file"], bytes(lotto["contenuto"]))
        # The good rows are those that were counted: those of one comune, if its operator brought
        # the file in.
        opzioni = Opzioni(
            solo_valide=True, gia_inviate=lotto["gia_inviate"], comune=comune or lotto["comune"]
        )
        esito = await importa(file, flussi, opzioni)
        if esito.stato == "da_decidere":
            raise DatiNonValidi("Nessuna riga è importabile: correggi il file e caricalo di nuovo.")
    else:
        esito = EsitoImportazione(righe=lotto["righe"], valide=lotto["valide"], stato="annullato")
        esito.lotto, esito.flusso = lotto_id, lotto["flusso"]
    await unita.esegui(
        "UPDATE lotto SET stato = 'annullato', contenuto = NULL, errori = NULL, avvisi = NULL, "
        "deciso_il = now(), scade_il = NULL WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        lotto_id,
    )
    await registra("prestazioni.decidi", "lotto", str(lotto_id), tieni_valide=tieni_valide)
    return esito


async def quante(anno: int) -> int:
    """The prestazioni of a year, counted up to :data:`CONTEGGIO_MASSIMO` and one more."""
    return await consultazione.conta(consultazione.Filtro(anno=anno))


async def file_da_decidere() -> list[consultazione.LottoVisto]:
    """The files with errors on which nobody has decided yet, the latest first."""
    return await consultazione.da_decidere()


async def pulisci_scaduti() -> int:
    """Throw away the files that nobody decided upon in time; returns how many."""
    unita = unita_corrente()
    tag = await unita.esegui(
        "UPDATE lotto SET stato = 'annullato', contenuto = NULL, errori = NULL, avvisi = NULL, "
        "deciso_il = now(), scade_il = NULL "
        "WHERE ambito_id = $1 AND stato = 'da_decidere' AND scade_il < now()",
        unita.ambito,
    )
    return int(tag.split()[-1])


# --- how a file becomes rows --------------------------------------------------------------------


class Sorgente(msgspec.Struct, kw_only=True):
    """A file open for reading, whatever its format: blocks of prepared rows.

    Attributes:
        flusso: the flow that declares its fields and rules.
        blocchi: prepared lots, or lots whose plain rows are told apart; reading goes on in a thread.
        errori, avvisi: of the file as a whole.
        ente: the ente that an XML flow comes from.
        come_ricevuto: records are kept as they are, faults and all.
        intestazione: of an XML flow, kept to give it back.
    """

    flusso: Flusso
    blocchi: Iterator[LottoPreparato | Divise]
    errori: list[ErroreRiga] = msgspec.field(default_factory=list)
    avvisi: list[ErroreRiga] = msgspec.field(default_factory=list)
    ente: Ente | None = None
    come_ricevuto: bool = False
    intestazione: dict[str, str] | None = None


async def _sorgente(
    formato: lettura.Formato,
    file: FileRicevuto,
    flussi: Mapping[str, Flusso],
    riferimenti: Riferimenti,
    filo: Filo,
) -> Sorgente:
    if formato == "xml":
        from capofila.prestazioni.flussi_ricevuti import apri_flusso

        return await apri_flusso(file, flussi, riferimenti, filo)
    flusso = flusso_principale(flussi)
    if flusso is None:
        raise Conflitto(
            "Nessun plugin attivo in questo ambito dice come si importano le prestazioni: attiva "
            "nei plugin il flusso che le riguarda."
        )
    schede = flusso_minori(flussi)
    noti = _nomi(flusso)
    foglio = await filo.chiama(
        lettura.apri, formato, file.contenuto, [*noti, *(_nomi(schede) if schede else ())]
    )
    if schede is not None and _quanti(foglio, _nomi(schede)) > _quanti(foglio, noti):
        flusso, noti = schede, _nomi(schede)
    preparatore = Preparatore(flusso, foglio.colonne, oggi=oggi().isoformat(), taglia=True)
    errori = _errori_intestazione(preparatore, noti)
    avvisi = [
        ErroreRiga(1, nome, nome, "colonna_sconosciuta",
                   "Colonna non prevista: non viene importata." + vicino(nome, noti))
        for nome in preparatore.sconosciute
    ]  # fmt: skip
    if errori:
        return Sorgente(flusso=flusso, blocchi=iter(()), errori=errori, avvisi=avvisi)
    if flusso.fonte == FONTE_MINORI:
        return Sorgente(flusso=flusso, blocchi=lotti_di(preparatore, foglio), avvisi=avvisi)
    from capofila.prestazioni.piane import dividi  # and Polars with it

    blocchi = dividi(preparatore, foglio, riferimenti)
    return Sorgente(flusso=flusso, blocchi=blocchi, errori=errori, avvisi=avvisi)


def _nomi(flusso: Flusso) -> list[str]:
    """The names that the columns of a flow may have."""
    return [nome for campo in flusso.campi for nome in (campo.nome, *campo.alias)]


def _quanti(foglio: lettura.Foglio, noti: Sequence[str]) -> int:
    """How many columns of a table have one of these names: whose table it is."""
    return len({normalizza_nome(nome) for nome in foglio.colonne} & {*noti})


def _errori_intestazione(preparatore: Preparatore, noti: Sequence[str]) -> list[ErroreRiga]:
    errori = [
        ErroreRiga(1, nome, "", "colonna_mancante",
                   f"Manca la colonna «{nome}», obbligatoria: aggiungila all'intestazione.")
        for nome in preparatore.mancanti
    ]  # fmt: skip
    errori += [
        ErroreRiga(1, nome, nome, "colonna_doppia",
                   "Colonna presente due volte: lasciane una sola.")
        for nome in preparatore.doppie
    ]  # fmt: skip
    if len(preparatore.sconosciute) == len(preparatore.colonne):
        errori.insert(
            0,
            ErroreRiga(1, "", ";".join(preparatore.colonne)[:200], "intestazione",
                       "La prima riga non contiene i nomi delle colonne: controlla il separatore "
                       "(punto e virgola o virgola) e che l'intestazione ci sia."),
        )  # fmt: skip
    return errori


def apri_tabella(nome: str, contenuto: bytes, colonne: Sequence[str]) -> Foglio:
    """Open a table of another room: CSV, xlsx or ods, with the columns that it may have.

    Raises:
        RichiestaNonValida, DatiNonValidi, TroppoGrande: it cannot be read, or it is no table.
    """
    _verifica_misura(len(contenuto))
    formato = lettura.riconosci(nome, contenuto)
    if formato == "xml":
        raise DatiNonValidi("Serve una tabella: CSV, Excel (.xlsx) o ODS.")
    return lettura.apri(formato, contenuto, colonne)


def lotti_di(preparatore: Preparatore, foglio: lettura.Foglio) -> Iterator[LottoPreparato]:
    """The rows of a sheet, read and checked a block at a time.

    They are not put in form: the text of a minor's record has the pseudonym in it, which the database
    gives.
    """
    prima = 2
    for blocco in foglio.blocchi:
        if isinstance(blocco, lettura.PerColonne):
            lotto = preparatore.prepara_colonne(blocco.celle, range(prima, prima + len(blocco)))
        else:
            lotto = preparatore.prepara([*blocco], prima)
        prima += len(blocco)
        yield lotto


# --- how rows reach the database ----------------------------------------------------------------


class _Arrivo:
    """One import in its transaction."""

    def __init__(
        self,
        unita: UnitaDiLavoro,
        sorgente: Sorgente,
        riferimenti: Riferimenti,
        versione: int,
        file: FileRicevuto,
        formato: str,
        sha256: str,
        opzioni: Opzioni,
        filo: Filo,
    ) -> None:
        self.unita = unita
        self.filo = filo
        self.sorgente = sorgente
        self.riferimenti = riferimenti
        self.versione = versione
        self.file = file
        self.formato = formato
        self.sha256 = sha256
        self.opzioni = opzioni
        self.lotto_id = 0
        self.scrive = False

    async def tutto(self, esito: EsitoImportazione) -> None:
        """Read, check and insert every block; counts go into ``esito``."""
        self.lotto_id = await self._apri_lotto("importato")
        if self.sorgente.flusso.fonte != FONTE_MINORI:
            await self.unita.esegui(
                "DROP TABLE IF EXISTS pg_temp.ingresso; "
                "CREATE TEMP TABLE ingresso ON COMMIT DROP AS "
                f"SELECT {', '.join(copia.COLONNE)} FROM prestazione LIMIT 0"
            )
        taciuti: Counter[str] = Counter()
        prossimi = deque(self.filo.chiama(self._prossimo) for _ in range(_BLOCCHI_PRONTI))
        try:
            while (blocco := await prossimi[0]) is not None:
                prossimi.popleft()
                prossimi.append(self.filo.chiama(self._prossimo))
                esito.righe += blocco.righe
                esito.aggiungi_errori(blocco.errori)
                esito.aggiungi_avvisi(blocco.avvisi)
                taciuti += blocco.taciuti
                esito.valide += blocco.valide
                if self.opzioni.solo_valide or not esito.errori_totali:
                    doppi: list[ErroreRiga] = []
                    if blocco.copie:
                        doppi += await self._inserisci(blocco.copie)
                        esito.importate += sum(righe.quante for righe in blocco.copie)
                    if blocco.schede:
                        doppi += await self._inserisci_schede(blocco)
                        esito.importate += len(blocco.schede)
                    esito.importate -= len(doppi)
                    esito.valide -= len({errore.riga for errore in doppi})
                    esito.aggiungi_errori(doppi)
        finally:
            for prossimo in prossimi:
                prossimo.cancel()  # one that has begun goes on to its end, and the file is its
            await asyncio.wait([self.filo.chiama(int)])
        esito.avvisi.extend(_altri_avvisi(esito.avvisi, taciuti))
        if not esito.righe and not esito.errori_totali:
            esito.aggiungi_errori(
                [ErroreRiga(2, "", "", "nessuna_riga",
                            "Sotto l'intestazione non c'è nessuna riga: aggiungi i dati.")]
            )  # fmt: skip
        esito.errori.sort(key=lambda errore: errore.riga)

    async def concludi(self, esito: EsitoImportazione) -> None:
        """Write down what was stored; the same file waits no more."""
        await self._annulla_attesa()
        esito.lotto = self.lotto_id
        await self.unita.esegui(
            "UPDATE lotto SET righe = $3, valide = $4, importate = $5, errori_totali = $6, "
            "deciso_il = now() WHERE ambito_id = $1 AND id = $2",
            self.unita.ambito,
            self.lotto_id,
            esito.righe,
            esito.valide,
            esito.importate,
            esito.errori_totali,
        )
        if self.opzioni.gia_inviate:
            from capofila.debito.service import segna_gia_inviate

            await segna_gia_inviate(self.lotto_id, self.sorgente.flusso)

    async def metti_in_attesa(self, esito: EsitoImportazione) -> int:
        """Keep the file for whoever has to decide, once."""
        await self._annulla_attesa()
        lotto_id = await self._apri_lotto("da_decidere")
        await self.unita.esegui(
            "UPDATE lotto SET righe = $3, valide = $4, errori_totali = $5, errori = $6::jsonb, "
            "avvisi = $7::jsonb, contenuto = $8, scade_il = $9 WHERE ambito_id = $1 AND id = $2",
            self.unita.ambito,
            lotto_id,
            esito.righe,
            esito.valide,
            esito.errori_totali,
            _json_conservabile(esito.errori),
            _json_conservabile(esito.avvisi),
            self.file.contenuto,
            datetime.now(UTC) + ATTESA_DECISIONE,
        )
        return lotto_id

    async def _annulla_attesa(self) -> None:
        await self.unita.esegui(
            "UPDATE lotto SET stato = 'annullato', contenuto = NULL, errori = NULL, avvisi = NULL, "
            "deciso_il = now(), scade_il = NULL "
            "WHERE ambito_id = $1 AND sha256 = $2 AND stato = 'da_decidere'",
            self.unita.ambito,
            self.sha256,
        )

    async def _apri_lotto(self, stato: str) -> int:
        intestazione = self.sorgente.intestazione
        lotto_id: int = await self.unita.valore(
            "INSERT INTO lotto (nome_file, formato, flusso, sha256, byte, stato, righe, valide, "
            "intestazione, come_ricevuto, comune, gia_inviate) "
            "VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7::jsonb, $8, $9, $10) RETURNING id",
            nome_conservabile(self.file.nome),
            self.formato,
            self.sorgente.flusso.id,
            self.sha256,
            len(self.file.contenuto),
            stato,
            None if intestazione is None else msgspec.json.encode(intestazione).decode(),
            self.sorgente.come_ricevuto,
            self.opzioni.comune,
            self.opzioni.gia_inviate,
        )
        return lotto_id

    def _prossimo(self) -> _Blocco | None:
        """The next block, read and put in form; runs in a thread and touches no database."""
        letto = next(self.sorgente.blocchi, None)
        if letto is None:
            return None
        if isinstance(letto, LottoPreparato):
            return self._prepara(letto)
        quante = letto.piane.height
        blocco = (
            _Blocco(righe=0, valide=0, errori=[], avvisi=[], taciuti=Counter(), copie=[])
            if letto.altre is None
            else self._prepara(letto.altre)
        )
        blocco.righe += quante
        blocco.valide += quante
        blocco.taciuti += letto.taciuti
        if quante:
            blocco.copie.append(copia.di_tavola(letto.piane))
        return blocco

    def _prepara(self, lotto: LottoPreparato) -> _Blocco:
        collocazione = Collocazione(
            self.riferimenti, self.sorgente.ente, self.sorgente.come_ricevuto
        )
        errori = collocazione.colloca(lotto)
        errori = sorted([*lotto.errori, *errori], key=lambda errore: errore.riga)
        avvisi, buone = lotto.avvisi, collocazione.buone
        if self.sorgente.come_ricevuto:
            avvisi, errori = [*errori, *avvisi], []
        blocco = _Blocco(
            righe=lotto.righe,
            valide=lotto.quante_righe(buone),
            errori=errori,
            avvisi=avvisi,
            taciuti=Counter(lotto.taciuti),
            copie=[],
            lotto=lotto,
            buone=buone,
        )
        if self.sorgente.flusso.fonte == FONTE_MINORI:
            blocco.schede = dei_minori.schede(
                lotto, collocazione, self.sorgente.intestazione, buone
            )
        elif buone:
            blocco.copie.append(copia.di_lotto(lotto, collocazione, buone))
        return blocco

    async def _inserisci(self, copie: Sequence[copia.Copia]) -> list[ErroreRiga]:
        """Store the records of a block; returns those that were there already."""
        unita = self.unita
        sempre = (unita.ambito, self.lotto_id, self.versione, self.sorgente.come_ricevuto)
        nomi_sempre = "ambito_id, lotto_id, conforme_a, come_ricevuto"
        try:
            async with unita.punto_di_ritorno():
                for righe in copie:
                    await self._travasa(righe, "prestazione", nomi_sempre, sempre)
            return []
        except asyncpg.UniqueViolationError:
            pass
        # Letting PostgreSQL skip duplicates costs every row a second look at the index: only a block
        # that has some pays for it. Of two equal rows the first of the file is kept.
        nomi = ", ".join(copia.COLONNE)
        await unita.esegui(
            "TRUNCATE pg_temp.ingresso; "
            "CREATE TEMP TABLE IF NOT EXISTS tutte (LIKE ingresso) ON COMMIT DROP"
        )
        for righe in copie:
            await self._travasa(righe, "pg_temp.tutte")
        await unita.esegui(
            f"INSERT INTO prestazione ({nomi_sempre}, {nomi}) SELECT $1, $2, $3, $4, {nomi} "
            "FROM pg_temp.tutte ORDER BY riga, anno ON CONFLICT DO NOTHING",
            *sempre,
        )
        doppi = await self._doppi()
        await unita.esegui("TRUNCATE pg_temp.tutte")
        return doppi

    async def _travasa(
        self, righe: copia.Copia, dove: str, nomi: str = "", valori: Sequence[object] = ()
    ) -> None:
        """Send records to the temporary table, and from there to where they go, with some values
        that are the same for all.
        """
        unita = self.unita
        await unita.copia_in("ingresso", righe.colonne, _Pezzi(righe.testo), format="text")
        tutti = ", ".join(filter(None, (nomi, *righe.colonne, *righe.fisse)))
        da = ", ".join(
            (
                *(f"${n}" for n in range(2, len(valori) + 2)),
                *(f"i.{n}" for n in righe.colonne),
                *(f"f.{n}" for n in righe.fisse),
            )
        )
        await unita.esegui(
            f"INSERT INTO {dove} ({tutti}) SELECT {da} "
            "FROM jsonb_populate_record(NULL::pg_temp.ingresso, $1::jsonb) f, ingresso i",
            msgspec.json.encode(righe.fisse).decode(),
            *valori,
        )
        await unita.esegui("TRUNCATE pg_temp.ingresso")

    async def _doppi(self) -> list[ErroreRiga]:
        """The rows of the block that were not stored."""
        righe = await self.unita.righe(
            "SELECT i.riga, i.protocollo_domanda FROM pg_temp.tutte i WHERE NOT EXISTS ("
            "SELECT 1 FROM prestazione p WHERE p.ambito_id = $1 AND p.lotto_id = $2 "
            "AND p.riga = i.riga AND p.anno = i.anno AND p.codice_fiscale = i.codice_fiscale) "
            "ORDER BY i.riga",
            self.unita.ambito,
            self.lotto_id,
        )
        return [
            ErroreRiga(riga["riga"], "protocollo_domanda", riga["protocollo_domanda"], "duplicato",
                       ERRORE_DOPPIO)
            for riga in righe
        ]  # fmt: skip

    async def _inserisci_schede(self, blocco: _Blocco) -> list[ErroreRiga]:
        """Store a block of records of minors; returns those that could not be."""
        return await dei_minori.inserisci(
            self.unita,
            blocco.schede,
            lotto=self.lotto_id,
            versione=self.versione,
            come_ricevuto=self.sorgente.come_ricevuto,
        )


def _altri_avvisi(detti: Sequence[ErroreRiga], taciuti: Mapping[str, int]) -> Iterator[ErroreRiga]:
    """One line for the remarks of each rule that were too many to be written out."""
    ultimi = {avviso.codice: avviso for avviso in detti if avviso.codice in taciuti}
    for codice, ultimo in ultimi.items():
        yield ErroreRiga(
            ultimo.riga, ultimo.colonna, "", codice,
            "Dopo questa riga lo stesso avviso vale per un'altra."
            if taciuti[codice] == 1
            else f"Dopo questa riga lo stesso avviso vale per altre {taciuti[codice]}.",
        )  # fmt: skip


class _Pezzi:
    """Bytes in pieces, as asyncpg wants them."""

    def __init__(self, dati: bytes, pezzo: int = 1 << 19) -> None:
        self._dati, self._pezzo = memoryview(dati), pezzo

    async def __aiter__(self) -> Any:
        for inizio in range(0, len(self._dati), self._pezzo):
            yield bytes(self._dati[inizio : inizio + self._pezzo])


def _json_conservabile(voci: Sequence[ErroreRiga]) -> str:
    """Errors as JSON that PostgreSQL takes: it has no NUL, and a damaged file may."""
    return msgspec.json.encode(
        [
            ErroreRiga(
                v.riga,
                *(t.replace("\0", "\u2400") for t in (v.colonna, v.valore, v.codice, v.messaggio)),
            )
            if "\0" in f"{v.colonna}{v.valore}{v.messaggio}"
            else v
            for v in voci
        ]
    ).decode()


def _verifica_misura(byte: int) -> None:
    massimo = impostazioni().carico_massimo
    if byte > massimo:
        raise TroppoGrande(
            f"Il file è di {byte // MEBIBYTE} MB e il massimo è {massimo // MEBIBYTE}: dividilo in "
            "più file (per comune o per mese) e caricali uno alla volta."
        )


def _impronta_file(contenuto: bytes) -> str:
    return hashlib.sha256(contenuto).hexdigest()


async def _gia_importato(unita: UnitaDiLavoro, sha256: str) -> EsitoImportazione | None:
    riga = await unita.riga(
        "SELECT id, righe, valide, importate, flusso FROM lotto "
        "WHERE ambito_id = $1 AND sha256 = $2 AND stato = 'importato' ORDER BY id LIMIT 1",
        unita.ambito,
        sha256,
    )
    if riga is None:
        return None
    return EsitoImportazione(
        righe=riga["righe"],
        valide=riga["valide"],
        importate=riga["importate"],
        lotto=riga["id"],
        stato="gia_importato",
        flusso=riga["flusso"],
    )


async def _versione(unita: UnitaDiLavoro, flusso: Flusso) -> int:
    """The id of the rules and layout now in force, made on first sight."""
    segno = impronta(flusso)
    cerca = "SELECT id FROM versione_flusso WHERE flusso = $1 AND impronta = $2"
    trovata: int | None = await unita.valore(cerca, flusso.id, segno)
    if trovata is None:
        await unita.esegui(
            "INSERT INTO versione_flusso (flusso, impronta) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            flusso.id,
            segno,
        )
        trovata = await unita.valore(cerca, flusso.id, segno)
    assert trovata is not None
    return trovata


versione_in_vigore = _versione


async def riferimenti_dell_ambito(unita: UnitaDiLavoro, comune: str | None = None) -> Riferimenti:
    """What rows may refer to: the enti of the ambito and its comuni with their dates."""
    periodi: dict[str, list[tuple[date | None, date | None]]] = {}
    for riga in await unita.righe(
        "SELECT c.belfiore, a.dal, a.al FROM appartenenza a JOIN comune c USING (istat) "
        "WHERE a.ambito_id = $1",
        unita.ambito,
    ):
        periodi.setdefault(riga["belfiore"], []).append((riga["dal"], riga["al"]))
    return Riferimenti(await territorio.mappa_enti(), periodi, comune)


# --- for the other rooms ------------------------------------------------------------------------


async def flusso_attivo() -> Flusso:
    """The flow by which prestazioni are entered here.

    Raises:
        Conflitto: no active plugin has one.
    """
    flussi = {flusso.id: flusso for flusso in (await plugin_attivi()).flussi()}
    flusso = flusso_principale(flussi)
    if flusso is None:
        raise Conflitto(
            "Nessun plugin attivo in questo ambito dice come è fatta una prestazione: attiva nei "
            "plugin il flusso che le riguarda."
        )
    return flusso


async def in_vigore_di(
    codice_fiscale: str, comune: str, codice: str, dal: date, al: date
) -> list[Mapping[str, str]]:
    """The periodic records of a person, comune and code that hold on some day between two, by their start.

    Returns:
        The cells of each as a form has them, and its number as ``id``.
    """
    from capofila.prestazioni.versioni import per_modulo

    unita = unita_corrente()
    flusso = await flusso_attivo()
    return [
        {**per_modulo(flusso, dict(riga)), "id": str(riga["id"])}
        for riga in await unita.righe(
            "SELECT * FROM prestazione WHERE ambito_id = $1 AND codice_fiscale = $2 "
            "AND comune_titolare = $3 AND codice_prestazione = $4 AND sostituita_lotto IS NULL "
            "AND NOT come_ricevuto AND data_inizio IS NOT NULL AND data_inizio <= $6 "
            "AND (data_fine IS NULL OR data_fine >= $5) ORDER BY data_inizio, id",
            unita.ambito, codice_fiscale, comune, codice, dal, al,
        )
    ]  # fmt: skip


async def quote_mensili(
    codice: str, giorno: date
) -> list[tuple[str, int, Decimal, int, Decimal, Decimal]]:
    """What the periodic records of a code that hold on a day say of a month, by comune titolare.

    Returns:
        Belfiore code, records, their amounts in euro; of those that say what the person pays: how
        many, their amounts, what the persons pay.
    """
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT comune_titolare, count(*), sum(importo_mensile), count(quota_utente), "
        "coalesce(sum(importo_mensile) FILTER (WHERE quota_utente IS NOT NULL), 0), "
        "coalesce(sum(quota_utente), 0) FROM prestazione WHERE ambito_id = $1 "
        "AND codice_prestazione = $2 AND sostituita_lotto IS NULL AND NOT come_ricevuto "
        "AND importo_mensile > 0 AND data_inizio <= $3 AND (data_fine IS NULL OR data_fine >= $3) "
        "GROUP BY comune_titolare ORDER BY comune_titolare",
        unita.ambito, codice, giorno,
    )  # fmt: skip
    return [tuple(riga) for riga in righe]


async def utenti_per_servizio(anno: int) -> list[tuple[str, str, str, int]]:
    """How many persons have a record of a year in force, by comune titolare and code.

    Returns:
        Belfiore code, code of the prestazione, what it is called, persons.
    """
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT comune_titolare, codice_prestazione, "
        "coalesce(max(denominazione_prestazione), ''), count(DISTINCT codice_fiscale) "
        "FROM prestazione WHERE ambito_id = $1 AND anno = $2 AND sostituita_lotto IS NULL "
        "GROUP BY 1, 2 ORDER BY 1, 2",
        unita.ambito, anno,
    )  # fmt: skip
    return [tuple(riga) for riga in righe]


async def dati_della_persona(codice_fiscale: str) -> dict[str, str]:
    """What the last record of a person says of her, and what her codice fiscale does, as form cells."""
    from capofila.prestazioni import modulo, versioni

    dati = modulo.dal_codice_fiscale(codice_fiscale, oggi(), await territorio.mappa_comuni())
    nota = await versioni.persona_nota(codice_fiscale)
    if nota is not None:
        celle = versioni.per_modulo(await flusso_attivo(), nota.riga)
        dati |= {nome: celle[nome] for nome in modulo.STESSA_PERSONA if nome in celle}
    return dati


async def scrivi_record(
    celle: Mapping[str, str],
    *,
    sostituisce: int | None = None,
    motivo: str = "",
    prova: bool = False,
) -> Salvataggio:
    """Write a prestazione as its form would: a new one, or the next version of another.

    Args:
        celle: the fields as typed.
        sostituisce: the record that it corrects.
        motivo: why, for the history.
        prova: check only.

    Returns:
        What was written, or the errors by field.

    Raises:
        NonTrovato, Conflitto: the record to correct is not there, or not in force.
    """
    from capofila.prestazioni import modulo, versioni

    unita = unita_corrente()
    flusso = await flusso_attivo()
    lette = modulo.da_controllare(flusso, celle, await territorio.mappa_comuni())
    comune = unita.contesto.comune
    if prova:
        collocazione = Collocazione(await riferimenti_dell_ambito(unita, comune))
        return versioni.controlla(flusso, lette, collocazione)[0]
    return await versioni.salva(
        flusso, lette, sostituisce=sostituisce, comune=comune, motivo=motivo
    )


async def domanda(id_: int) -> Domanda:
    """A domanda that was written down, for the rooms that follow it up.

    Raises:
        NonTrovato: none has this number here.
    """
    from capofila.prestazioni import domande

    return await domande.leggi(id_)
