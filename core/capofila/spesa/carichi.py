"""A file between its upload and its import: kept for a day, with what each of its columns is.

Runs inside a unit of work of the ambito.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final

import msgspec

from capofila.base.database import unita_corrente
from capofila.base.importazioni import EsitoFoglio, nome_conservabile
from capofila.base.righe import INTEGER, riga_numero
from capofila.hooks import ModuloSpesa
from capofila.prestazioni.service import DiCartella, Foglio, apri_tabella
from capofila.spesa.foglio import colonne_di, nome_colonna
from capofila.spesa.importa import FileSpesa, OpzioniSpesa, importa
from capofila.spesa.rilevazioni import Rilevazione, modulo_di

RIGHE_MOSTRATE: Final = 5
COLONNE_MASSIME: Final = 200


class Colonne(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a file.

    Attributes:
        nomi: as written in the file.
        prime: the first rows, as text.
    """

    nomi: list[str]
    prime: list[list[str]]


class Carico(msgspec.Struct, frozen=True, kw_only=True):
    """A file that waits."""

    id: int
    anno: int
    rilevazione_id: int
    file: FileSpesa
    mappa: dict[str, str]
    testa: Colonne
    caricato_il: datetime


async def deposita(questa: Rilevazione, file: FileSpesa) -> int:
    """Keep a file until it is decided upon; returns its id.

    Raises:
        RichiestaNonValida, DatiNonValidi, TroppoGrande: it cannot be read.
    """
    unita = unita_corrente()
    testa = await _testa(file, await modulo_di(questa.anno, questa.modulo))
    await pulisci_carichi()
    id_: int = await unita.valore(
        "INSERT INTO carico_spesa (rilevazione_id, anno, nome_file, contenuto, comune, testa) "
        "VALUES ($1, $2, $3, $4, $5, $6::jsonb) RETURNING id",
        questa.id, questa.anno, nome_conservabile(file.nome), file.contenuto,
        unita.contesto.comune, msgspec.json.encode(testa).decode(),
    )  # fmt: skip
    return id_


async def carico(id_: int) -> Carico:
    """A file that waits.

    Raises:
        NonTrovato: no such file, or its day is over.
    """
    riga = await riga_numero(
        "SELECT id, anno, rilevazione_id, nome_file, contenuto, mappa, testa, caricato_il "
        "FROM carico_spesa WHERE ambito_id = $1 AND id = $2 AND scade_il > now()",
        id_,
        "Questo file non aspetta più: caricalo di nuovo.",
        numeri=INTEGER,
    )
    return Carico(
        id=riga["id"], anno=riga["anno"], rilevazione_id=riga["rilevazione_id"],
        file=FileSpesa(riga["nome_file"], bytes(riga["contenuto"])),
        mappa=msgspec.json.decode(riga["mappa"], type=dict[str, str]),
        testa=msgspec.json.decode(riga["testa"], type=Colonne),
        caricato_il=riga["caricato_il"],
    )  # fmt: skip


async def dici_colonne(id_: int, mappa: Mapping[str, str]) -> None:
    """Say what the columns of a file are: the form's column by the file's name, empty for none."""
    unita = unita_corrente()
    await unita.esegui(
        "UPDATE carico_spesa SET mappa = $3::jsonb WHERE ambito_id = $1 AND id = $2",
        unita.ambito, id_, msgspec.json.encode(dict(mappa)).decode(),
    )  # fmt: skip


async def butta(id_: int) -> None:
    """Throw a file away."""
    unita = unita_corrente()
    await unita.esegui(
        "DELETE FROM carico_spesa WHERE ambito_id = $1 AND id = $2", unita.ambito, id_
    )


async def pulisci_carichi() -> int:
    """Throw the files away whose day is over; returns how many."""
    unita = unita_corrente()
    tag: str = await unita.esegui(
        "DELETE FROM carico_spesa WHERE ambito_id = $1 AND scade_il <= now()", unita.ambito
    )
    return int(tag.split()[-1])


async def _testa(file: FileSpesa, modulo: ModuloSpesa) -> Colonne:
    """The names of the columns of a file and its first rows."""
    return await asyncio.to_thread(_leggi_testa, file, modulo)


def _leggi_testa(file: FileSpesa, modulo: ModuloSpesa) -> Colonne:
    foglio: Foglio = apri_tabella(file.nome, file.contenuto, list(colonne_di(modulo)))
    nomi = [_scrivibile(nome)[:100] for nome in foglio.colonne[:COLONNE_MASSIME]]
    prime: list[list[str]] = []
    for blocco in foglio.blocchi:
        prime = [_testi(blocco, n, len(nomi)) for n in range(min(RIGHE_MOSTRATE, len(blocco)))]
        break
    return Colonne(nomi=nomi, prime=prime)


def _testi(blocco: Any, numero: int, quante: int) -> list[str]:
    celle = (
        blocco.testo(numero)
        if isinstance(blocco, DiCartella)
        else next(islice(iter(blocco), numero, None))
    )
    return [_scrivibile(cella)[:60] for cella in [*celle, *[""] * quante][:quante]]


def _scrivibile(cella: object) -> str:
    """A cell as the database can keep it."""
    return str(cella).replace("\0", "")


def proposta(nomi: list[str], modulo: ModuloSpesa, mappa: Mapping[str, str]) -> dict[str, str]:
    """What each column of a file is taken for: as it was said, else by its own name."""
    note = {*colonne_di(modulo)}
    return {
        nome: mappa.get(nome, trovato if trovato in note else "")
        for nome in nomi
        for trovato in (nome_colonna(nome),)
    }


async def prova(uno: Carico) -> EsitoFoglio:
    """What would become of a file, with what was said of its columns."""
    return await importa(uno.file, uno.anno, OpzioniSpesa(prova=True, mappa=uno.mappa))


async def conferma(uno: Carico) -> EsitoFoglio:
    """Bring a file in, and throw it away if it came in."""
    esito = await importa(uno.file, uno.anno, OpzioniSpesa(mappa=uno.mappa))
    if esito.stato != "respinto":
        await butta(uno.id)
    return esito
