"""Taking a sealed file out of the store, checking its digest on the way."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from uuid import UUID

from capofila.base.archivio import archivio
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.errori import ErroreCapofila, NonTrovato
from capofila.debito.parti import ImprontaRotta, zip_a_flusso
from capofila.debito.service import esportazione, parti, per_scaricare


class ImprontaDiversa(ErroreCapofila):
    """The bytes in the store are not those that were sealed."""

    codice = "impronta_diversa"
    stato = 500


async def scarica(id_: UUID, uscita: Path, slug: str | None = None) -> None:
    """Write a sealed file to disk; the file appears only when it is whole and right.

    A run that was cut into several files comes as one zip of them.

    Args:
        id_: the export.
        uscita: where to.
        slug: its ambito; every ambito is asked when not given.

    Raises:
        NonTrovato: no such sealed file.
        ImprontaDiversa: its digest is not that of its seal.
    """
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        ambiti = await unita.righe(
            "SELECT id FROM ambito WHERE $1::text IS NULL OR slug = $1 ORDER BY id", slug
        )
    for riga in ambiti:
        try:
            async with unita_di_lavoro(Contesto(ambito=riga["id"])):
                atteso = (await esportazione(id_)).sha256
                dove = await per_scaricare(id_)
                in_parti = await parti(id_)
        except NonTrovato:
            continue
        break
    else:
        raise NonTrovato("Nessun file sigillato ha questo numero.")
    provvisorio = uscita.with_name(f".{uscita.name}.parte")
    impronta = hashlib.sha256()
    try:
        with provvisorio.open("wb") as file:
            if in_parti:
                # The zip checks each file by its own digest.
                async for pezzo in zip_a_flusso(in_parti, dove.nome_file):
                    file.write(pezzo)
            else:
                async for pezzo in archivio().leggi_a_flusso(
                    dove.bucket, dove.oggetto, dove.versione
                ):
                    impronta.update(pezzo)
                    file.write(pezzo)
        if not in_parti and impronta.hexdigest() != atteso:
            raise ImprontaRotta(uscita.name)
        os.replace(provvisorio, uscita)
    except ImprontaRotta:
        raise ImprontaDiversa(
            "Il file nell'archivio non è quello che fu sigillato: non usarlo e avvisa chi "
            "gestisce l'archivio."
        ) from None
    finally:
        provvisorio.unlink(missing_ok=True)
