"""Documents that somebody hands in: of a kind that is taken, in the store, checked by their digest."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import msgspec

from capofila.base.archivio import archivio
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.importazioni import nome_conservabile

DOCUMENTO_MASSIMO: Final = 20_000_000
TIPI_DOCUMENTO: Final[Mapping[str, str]] = {
    ".pdf": "application/pdf",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".txt": "text/plain",
    ".csv": "text/csv",
}


class Depositato(msgspec.Struct, frozen=True, kw_only=True):
    """A document in the store."""

    nome: str
    media_type: str
    byte: int
    sha256: str
    bucket: str
    oggetto: str
    versione: str | None


def nome_e_tipo(nome: str, contenuto: bytes) -> tuple[str, str]:
    """The name under which a document is kept, and its extension.

    Raises:
        DatiNonValidi: it is empty, too large, or of a kind that is not taken in.
    """
    nome = nome_conservabile(nome.replace("\\", "/").rsplit("/", 1)[-1].strip()[-150:])
    finale = next((f for f in TIPI_DOCUMENTO if nome.lower().endswith(f)), None)
    if finale is None or len(nome) <= len(finale):
        raise DatiNonValidi(
            f"Il file dev'essere di uno di questi tipi: {', '.join(TIPI_DOCUMENTO)}."
        )
    if not contenuto or len(contenuto) > DOCUMENTO_MASSIMO:
        raise DatiNonValidi("Il file è vuoto oppure supera i 20 MB.")
    return nome, finale


async def deposita(cartella: str, nome: str, contenuto: bytes) -> Depositato:
    """Put a document in the store of the ambito of this unit, under its digest.

    Raises:
        DatiNonValidi: see :func:`nome_e_tipo`.
    """
    nome, finale = nome_e_tipo(nome, contenuto)
    unita = unita_corrente()
    slug = await unita.valore("SELECT slug FROM ambito WHERE id = $1", unita.ambito)
    bucket = await archivio().assicura_bucket(slug)
    digest, tipo = sha256(contenuto).hexdigest(), TIPI_DOCUMENTO[finale]
    scritto = await archivio().scrivi(bucket, f"{cartella}/{digest}{finale}", contenuto, tipo)
    return Depositato(
        nome=nome, media_type=tipo, byte=len(contenuto), sha256=digest, bucket=bucket,
        oggetto=scritto.oggetto, versione=scritto.versione,
    )  # fmt: skip


async def contenuto_di(bucket: str, oggetto: str, versione: str | None, digest: str) -> bytes:
    """The bytes of a document.

    Raises:
        Conflitto: the store gives other bytes than were put in.
    """
    pezzi = [pezzo async for pezzo in archivio().leggi_a_flusso(bucket, oggetto, versione)]
    contenuto = b"".join(pezzi)
    if sha256(contenuto).hexdigest() != digest:
        raise Conflitto("Il file nell'archivio non è quello che vi fu messo: non usarlo.")
    return contenuto
