"""A file of the social spending brought in, and undone. Runs inside a unit of work of the ambito.

All or nothing. A line of the file takes the place of the one with the same key, and the lotto keeps
the lines of before: undoing it puts them back, if nobody has changed its own meanwhile.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import asyncpg
import msgspec
import polars as pl

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.importazioni import EsitoFoglio, LottoFoglio, nome_conservabile
from capofila.base.righe import INTEGER
from capofila.hooks import ModuloSpesa
from capofila.hooks.spesa import IMPORTI
from capofila.prestazioni.service import apri_tabella, file_errori
from capofila.spesa.foglio import Ammessi, Lettura, colonne_di, leggi, vuota
from capofila.spesa.rilevazioni import (
    Apertura,
    Scheda,
    apri,
    modulo_di,
    rilevazione,
    schede,
    togli_righe,
)
from capofila.spesa.rules import CENTESIMO
from capofila.territorio import service as territorio

_INGRESSO: Final = {
    "scheda_spesa_id": "integer", "istat": "char(6)", "comune": "text", "area": "text",
    "voce": "text", "gestione": "text", "modalita": "text", "utenti": "integer",
    "spesa": "numeric(14, 2)", "quota_utenti": "numeric(14, 2)", "quota_ssn": "numeric(14, 2)",
    "fonti": "jsonb", "riga": "integer",
}  # fmt: skip
_STESSA: Final = (
    "r.ambito_id = $1 AND r.anno = $2 AND r.istat = i.istat AND r.area = i.area "
    "AND r.voce = i.voce AND r.gestione = i.gestione AND r.modalita = i.modalita "
    "AND r.riparto_spesa_id = 0"
)


class FileSpesa(msgspec.Struct, frozen=True):
    """A file as it was uploaded or named on the command line."""

    nome: str
    contenuto: bytes


class OpzioniSpesa(msgspec.Struct, frozen=True, kw_only=True):
    """How to bring a file in.

    Attributes:
        prova: check only, store nothing: the preview.
        apri_se_manca: open the survey of that year, without a deadline, when there is none.
        mappa: column of the form by the name that it has in the file.
    """

    prova: bool = False
    apri_se_manca: bool = False
    mappa: Mapping[str, str] = {}


class LottoSpesa(LottoFoglio, frozen=True, kw_only=True):
    """A file of a year's survey."""

    anno: int


class _NonSiTiene(Exception):
    """Leaves the savepoint of an import that is not to be stored."""


async def importa(file: FileSpesa, anno: int, opzioni: OpzioniSpesa | None = None) -> EsitoFoglio:
    """Bring the lines of a year in, from a CSV, an xlsx or an ods.

    Raises:
        NonTrovato: no survey of that year, or no form for it.
        RichiestaNonValida, DatiNonValidi, TroppoGrande: the file as a whole cannot be read.
    """
    opzioni = opzioni or OpzioniSpesa()
    unita = unita_corrente()
    esito = EsitoFoglio()
    try:
        async with unita.punto_di_ritorno():
            await _importa(unita, file, anno, opzioni, esito)
            if esito.stato in ("respinto", "prova"):
                raise _NonSiTiene
    except _NonSiTiene:
        esito.importate = esito.sostituite = 0
        esito.lotto = None
    if esito.stato == "importato":
        await registra(
            "spesa.importa", "lotto_spesa", str(esito.lotto), anno=anno, righe=esito.righe,
            importate=esito.importate, sostituite=esito.sostituite,
        )  # fmt: skip
    return esito


async def _importa(
    unita: UnitaDiLavoro, file: FileSpesa, anno: int, opzioni: OpzioniSpesa, esito: EsitoFoglio
) -> None:
    try:
        questa = await rilevazione(anno)
    except NonTrovato:
        if not opzioni.apri_se_manca:
            raise
        questa = await apri(Apertura(anno=anno))
    modulo = await modulo_di(anno, questa.modulo)
    # Two files of one year wait for each other, and so does whoever would take a step meanwhile.
    elenco = await schede(anno, blocca=True)
    impronta = await asyncio.to_thread(_impronta, file.contenuto, opzioni.mappa)
    if not opzioni.prova and (gia := await _gia_importato(unita, anno, impronta)) is not None:
        esito.righe, esito.importate, esito.lotto = gia["righe"], gia["importate"], gia["id"]
        esito.valide, esito.stato = gia["importate"], "gia_importato"
        return
    giorno = oggi()
    ammessi = Ammessi(
        anno=anno, modulo=modulo, comune=await _cerca_comune(elenco),
        chiusi={
            una.istat: perche
            for una in elenco if (perche := una.chiusa(questa, giorno)) is not None
        },
    )  # fmt: skip
    letto = Lettura(tavola=vuota(modulo))
    pezzi = await asyncio.to_thread(_apri, file, ammessi, letto, opzioni.mappa)
    if opzioni.prova:
        await asyncio.to_thread(deque, pezzi, 0)
    else:
        await _copia(unita, pezzi, letto, elenco, modulo)
    esito.righe, esito.valide = letto.righe, letto.tavola.height
    esito.errori, esito.errori_totali, esito.avvisi = (
        letto.errori, letto.errori_totali, letto.avvisi,
    )  # fmt: skip
    if letto.errori_totali:
        esito.stato = "respinto"
        return
    if opzioni.prova:
        esito.stato = "prova"
        return
    await _scrivi(unita, file, anno, questa.id, impronta, letto, esito)


def _apri(
    file: FileSpesa, ammessi: Ammessi, letto: Lettura, mappa: Mapping[str, str]
) -> Iterator[pl.DataFrame]:
    noti = [*colonne_di(ammessi.modulo), *(nome.lower() for nome in mappa)]
    return leggi(apri_tabella(file.nome, file.contenuto, noti), ammessi, letto, mappa)


def _impronta(contenuto: bytes, mappa: Mapping[str, str]) -> str:
    calcolo = hashlib.sha256(contenuto)
    if mappa:
        calcolo.update(msgspec.json.encode(dict(mappa), order="deterministic"))
    return calcolo.hexdigest()


async def _gia_importato(unita: UnitaDiLavoro, anno: int, impronta: str) -> Any:
    """The lotto of the very same file, if its lines still stand as they came."""
    return await unita.riga(
        "SELECT l.id, l.righe, l.importate FROM lotto_spesa l WHERE l.ambito_id = $1 "
        "AND l.anno = $2 AND l.sha256 = $3 AND l.stato = 'importato' AND l.importate = "
        "(SELECT count(*) FROM riga_spesa r WHERE r.ambito_id = $1 AND r.anno = $2 "
        "AND r.lotto_spesa_id = l.id) ORDER BY l.id DESC LIMIT 1",
        unita.ambito, anno, impronta,
    )  # fmt: skip


async def _cerca_comune(elenco: Sequence[Scheda]) -> Any:
    """Finds the comune of a cell among those of the sheets: by ISTAT code first, Belfiore, name."""
    mappa = await territorio.mappa_comuni()
    presenti = {una.istat for una in elenco}

    def cerca(testo: str) -> str | None:
        # 019035 comes back from a spreadsheet as 19035.
        codice = testo.zfill(6) if testo.isascii() and testo.isdigit() else testo
        trovato = mappa.cerca(codice)
        return trovato.istat if trovato is not None and trovato.istat in presenti else None

    return cerca


async def _copia(
    unita: UnitaDiLavoro,
    pezzi: Iterator[pl.DataFrame],
    letto: Lettura,
    elenco: Sequence[Scheda],
    modulo: ModuloSpesa,
) -> None:
    """Read a file to its end, and leave its lines, if all are good, in `ingresso_spesa`.

    PostgreSQL takes the lines of a block while the next is read.
    """
    schede_di = pl.DataFrame(
        {
            "comune": [una.istat for una in elenco],
            "belfiore": [una.comune for una in elenco],
            "scheda_spesa_id": [una.id for una in elenco],
        }
    )

    async def testi(da: Iterable[pl.DataFrame]) -> AsyncIterator[bytes]:
        scritti = (_copiabile(uno, schede_di, modulo) for uno in da if not letto.errori_totali)
        while (testo := await asyncio.to_thread(next, scritti, None)) is not None:
            yield testo

    colonne = ", ".join(f"{nome} {tipo}" for nome, tipo in _INGRESSO.items())
    await unita.esegui(
        f"CREATE TEMP TABLE IF NOT EXISTS ingresso_spesa ({colonne}) ON COMMIT DROP; "
        "TRUNCATE pg_temp.ingresso_spesa"
    )
    await unita.copia_in("ingresso_spesa", [*_INGRESSO], testi(pezzi))
    if letto.sommate and not letto.errori_totali:
        await unita.esegui("TRUNCATE pg_temp.ingresso_spesa")
        await unita.copia_in("ingresso_spesa", [*_INGRESSO], testi([letto.tavola]))


async def _scrivi(
    unita: UnitaDiLavoro,
    file: FileSpesa,
    anno: int,
    rilevazione_id: int,
    impronta: str,
    letto: Lettura,
    esito: EsitoFoglio,
) -> None:
    prima = None
    if await unita.valore(
        "SELECT EXISTS (SELECT 1 FROM riga_spesa WHERE ambito_id = $1 AND anno = $2)",
        unita.ambito, anno,
    ):  # fmt: skip
        prima = await unita.valore(
            "SELECT jsonb_agg(to_jsonb(r)) FROM riga_spesa r JOIN pg_temp.ingresso_spesa i "
            f"ON {_STESSA}",
            unita.ambito, anno,
        )  # fmt: skip
        tag = await unita.esegui(
            f"DELETE FROM riga_spesa r USING pg_temp.ingresso_spesa i WHERE {_STESSA}",
            unita.ambito,
            anno,
        )
        esito.sostituite = int(tag.split()[-1])
    esito.lotto = await unita.valore(
        "INSERT INTO lotto_spesa (rilevazione_id, anno, nome_file, sha256, righe, importate, "
        "sostituite, avvisi, prima, comune) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, "
        "$9::jsonb, $10) RETURNING id",
        rilevazione_id, anno, nome_conservabile(file.nome), impronta, letto.righe,
        letto.tavola.height, esito.sostituite, msgspec.json.encode(letto.avvisi).decode(), prima,
        unita.contesto.comune,
    )  # fmt: skip
    nomi = ", ".join(_INGRESSO)
    tag = await unita.esegui(
        f"INSERT INTO riga_spesa (ambito_id, anno, lotto_spesa_id, {nomi}) "
        f"SELECT $1::smallint, $2::smallint, $3::integer, {nomi} FROM pg_temp.ingresso_spesa",
        unita.ambito,
        anno,
        esito.lotto,
    )
    esito.importate = int(tag.split()[-1])


def _copiabile(tavola: pl.DataFrame, schede_di: pl.DataFrame, modulo: ModuloSpesa) -> bytes:
    """Lines in the text format of COPY."""
    per_fonte = [
        pl.when(pl.col(fonte.codice) > 0).then(
            pl.concat_str(
                pl.lit(msgspec.json.encode(fonte.codice).decode() + ": "),
                _euro(fonte.codice).cast(pl.String),
            )
        )
        for fonte in modulo.fonti
    ]
    return tavola.join(schede_di, on="comune").select(
        "scheda_spesa_id", "comune", "belfiore", "area",
        # The only text that is not a code: no other may have what the format gives a meaning to.
        pl.col("voce").str.replace_all("\\", "\\\\", literal=True),
        "gestione", "modalita", "utenti", *map(_euro, IMPORTI),
        pl.concat_str(
            pl.lit("{"), pl.concat_str(per_fonte, separator=", ", ignore_nulls=True), pl.lit("}")
        ).alias("fonti"),
        "riga",
    ).write_csv(
        include_header=False, separator="\t", quote_style="never", null_value="\\N"
    ).encode()  # fmt: skip


def _euro(nome: str) -> pl.Expr:
    """Cents as euro."""
    return pl.col(nome).cast(pl.Decimal(18, 2)) * pl.lit(CENTESIMO)


def errori_csv(esito: EsitoFoglio) -> bytes:
    """What keeps a file out, and what deserves a look, as a CSV to work on."""
    return file_errori(map(msgspec.structs.asdict, (*esito.errori, *esito.avvisi)))


async def lotti(anno: int) -> list[LottoSpesa]:
    """The files brought in for a year, the latest first."""
    unita = unita_corrente()
    return [
        LottoSpesa(**dict(riga))
        for riga in await unita.righe(
            "SELECT l.id, l.anno, l.nome_file, l.stato, l.righe, l.importate, l.sostituite, "
            "l.caricato_il, l.stato = 'importato' AND l.importate = coalesce(r.quante, 0) "
            "AS annullabile FROM lotto_spesa l LEFT JOIN (SELECT lotto_spesa_id, count(*) AS quante "
            "FROM riga_spesa WHERE ambito_id = $1 AND anno = $2 GROUP BY 1) r "
            "ON r.lotto_spesa_id = l.id WHERE l.ambito_id = $1 AND l.anno = $2 "
            "ORDER BY l.id DESC LIMIT 200",
            unita.ambito, anno,
        )
    ]  # fmt: skip


async def lotto_con_id(lotto_id: int) -> LottoSpesa:
    """The file that an address names.

    Raises:
        NonTrovato: no such file here.
    """
    unita = unita_corrente()
    anno = await unita.valore(
        "SELECT anno FROM lotto_spesa WHERE ambito_id = $1 AND id = $2",
        unita.ambito, lotto_id if lotto_id in INTEGER else 0,
    )  # fmt: skip
    for lotto in [] if anno is None else await lotti(anno):
        if lotto.id == lotto_id:
            return lotto
    raise NonTrovato("Questa importazione non c'è: torna all'elenco.")


async def annulla_lotto(lotto_id: int) -> LottoSpesa:
    """Take the lines of a file away, and put back those that they took the place of.

    Raises:
        NonTrovato: no such file.
        Conflitto: undone already, a line of its was changed since, or a sheet is locked.
    """
    unita = unita_corrente()
    anno = (await lotto_con_id(lotto_id)).anno
    questa = await rilevazione(anno)
    per_id = {una.id: una for una in await schede(anno, blocca=True)}
    lotto = next(uno for uno in await lotti(anno) if uno.id == lotto_id)
    if lotto.stato != "importato":
        raise Conflitto("Questa importazione è già stata annullata.")
    if not lotto.annullabile:
        raise Conflitto(
            "Alcune righe di questo file sono state cambiate dopo: annullare prima le importazioni "
            "successive, oppure correggere le righe una per una."
        )
    await togli_righe(questa, per_id, "lotto_spesa_id", lotto_id)
    try:
        async with unita.punto_di_ritorno():
            await unita.esegui(
                "INSERT INTO riga_spesa SELECT p.* FROM lotto_spesa l, "
                "jsonb_populate_recordset(NULL::riga_spesa, l.prima) p "
                "WHERE l.ambito_id = $1 AND l.id = $2 AND l.prima IS NOT NULL",
                unita.ambito, lotto_id,
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Conflitto("Una riga di prima è stata scritta di nuovo: correggerla a mano.") from None
    await unita.esegui(
        "UPDATE lotto_spesa SET stato = 'annullato', prima = NULL, annullato_il = now() "
        "WHERE ambito_id = $1 AND id = $2",
        unita.ambito, lotto_id,
    )  # fmt: skip
    await registra("spesa.annulla_lotto", "lotto_spesa", str(lotto_id), anno=anno)
    return msgspec.structs.replace(lotto, stato="annullato", annullabile=False)
