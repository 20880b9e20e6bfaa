"""A run in several files whose worker is killed between two of them: the next one starts over and
writes the same."""

from __future__ import annotations

import asyncio
import signal
from uuid import UUID

import asyncpg
import pytest
from lxml import etree
from tests.conftest import Banca
from tests.debito.casi import (
    MORTO_DA_TEMPO,
    VELOCI,
    attendi,
    chiedi,
    com_e,
    importa,
    lavoratore_a_parte,
    officina,
)
from tests.prestazioni.casi import comanda, contesto, csv_di, interroga, riga
from tests.siuss.casi import NS, controlla_schema

from capofila.base.archivio import archivio
from capofila.base.database import MOTORE, unita_di_lavoro
from capofila.base.errori import NonTrovato
from capofila.base.impostazioni import impostazioni
from capofila.debito import responsabili, service
from capofila.debito.responsabili import FiltroRegistro
from capofila.debito.rules import Taglio

pytestmark = pytest.mark.anyio

PERSONE = 11
PER_FILE = 3


async def letto(bucket: str, oggetto: str, versione: str | None = None) -> bytes:
    pezzi = archivio().leggi_a_flusso(bucket, oggetto, versione)
    return b"".join([pezzo async for pezzo in pezzi])


async def nulla_si_vede(id_: str) -> None:
    """Of a run that is not sealed there is neither a file nor a part nor a manifest."""
    async with unita_di_lavoro(await contesto("crema")):
        trovata = await service.esportazione(UUID(id_))
        assert (trovata.stato, trovata.parti, trovata.sha256) == ("in_preparazione", 0, None)
        assert await service.parti(UUID(id_)) == []
        assert await service.sigillati(UUID(id_)) == []
        for numero in (None, 1, 2, 3):
            with pytest.raises(NonTrovato):
                await service.per_scaricare(UUID(id_), numero)
            with pytest.raises(NonTrovato):
                await service.manifesto_di(UUID(id_), numero)


async def test_il_lavoratore_ucciso_fra_due_file_e_il_prossimo_riscrive_gli_stessi(
    senza_lavoratore: dict[str, str], banca: Banca
) -> None:
    sbarra = await asyncpg.connect(banca.superutente)
    processo = None
    try:
        await MOTORE.apri({"app": banca.app}, massimo=3)
        try:
            await importa(csv_di(*(riga(n + 1) for n in range(PERSONE))))
            chiesta = await chiedi(taglio=Taglio(massimo_beneficiari=PER_FILE))
            bucket = await archivio().assicura_bucket("crema")
            # Whoever writes stops at the name of the third file: two of them are in the store.
            await sbarra.execute("BEGIN")
            await sbarra.execute(
                "INSERT INTO parte (ambito_id, esportazione_id, numero, nome_flusso) "
                "SELECT ambito_id, id, 3, 'occupato' FROM esportazione WHERE id = $1::uuid",
                UUID(chiesta.id),
            )
            processo = lavoratore_a_parte(senza_lavoratore)
            fermo = (
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
                "AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO parte%'"
            )
            async with asyncio.timeout(60):
                while not await interroga(banca.superutente, fermo):
                    await asyncio.sleep(0.1)
            processo.send_signal(signal.SIGKILL)
            processo.wait(10)
            await sbarra.execute("ROLLBACK")

            riservati = [
                r["nome_flusso"]
                for r in await interroga(
                    banca.superutente, "SELECT nome_flusso FROM parte ORDER BY numero"
                )
            ]
            primi = [chiesta.nome_flusso, *riservati]
            assert len(primi) == 2
            dove = [f"debito/siuss/2025/{nome}.xml" for nome in primi]
            prima = [await letto(bucket, oggetto) for oggetto in dove]
            await nulla_si_vede(chiesta.id)
            # Another run takes the next number while nobody works: what was named keeps its name.
            altra = await chiedi(nuova=True, taglio=Taglio())
        finally:
            await MOTORE.chiudi()
        await comanda(banca.superutente, *MORTO_DA_TEMPO)
        async with officina(impostazioni(), VELOCI):
            fine = await attendi(chiesta)
            intera = await attendi(altra)
            _, lavoro = await com_e(chiesta.id)
            assert (fine.stato, lavoro.stato, lavoro.tentativi) == ("sigillata", "riuscito", 2)
            async with unita_di_lavoro(await contesto("crema")):
                file = await service.parti(UUID(chiesta.id))
            nomi = [parte.nome_flusso for parte in file]
            assert nomi[:2] == primi
            assert altra.nome_flusso not in nomi
            assert len(set(nomi)) == len(nomi) == -(-PERSONE // PER_FILE)
            adesso = [
                await letto(bucket, parte.oggetto.oggetto, parte.oggetto.versione) for parte in file
            ]
            assert adesso[:2] == prima
            persone = []
            for xml, nome in zip(adesso, nomi, strict=True):
                controlla_schema(xml, "PS_PSA_SINA201812.xsd")
                albero = etree.fromstring(xml)
                testata = albero.find(f"{NS}IdentificazioneFlusso")
                assert testata is not None
                assert testata.get("Nome") == nome
                persone += [b.get("CodiceFiscale") for b in albero.iter(f"{NS}Beneficiario")]
            assert persone == sorted({riga(n + 1)["codice_fiscale"] for n in range(PERSONE)})
            assert (fine.righe, intera.righe) == (PERSONE, PERSONE)

            async with unita_di_lavoro(await contesto("crema")) as unita:
                assert await service.invia(UUID(chiesta.id), "portale", None) is None
                assert await unita.valore("SELECT count(*) FROM comunicazione") == PERSONE
                anno = await unita.valore("SELECT extract(year FROM now())::int")
                righe, totale = await responsabili.trasmissioni(FiltroRegistro(anno))
            assert [r["nome_flusso"] for r in righe] == nomi
            assert totale == len(nomi)
            # What the dead one left stands behind the version that was sealed, and is not locked.
            versioni = {
                (v.object_name, v.version_id): v.is_latest
                for v in await asyncio.to_thread(
                    lambda: list(
                        archivio().cliente.list_objects(
                            bucket, "debito/siuss/2025/", recursive=True, include_version=True
                        )
                    )
                )
            }
            for numero, parte in enumerate(file, 1):
                oggetto, versione = parte.oggetto.oggetto, parte.oggetto.versione
                assert versioni[oggetto, versione] == "true"
                sue = [v for nome, v in versioni if nome == oggetto]
                assert len(sue) == (2 if numero < 3 else 1)
                blocchi = {v: await archivio().bloccato_fino(bucket, oggetto, v) for v in sue}
                assert [v for v, fino in blocchi.items() if fino is not None] == [versione]
    finally:
        if processo is not None and processo.poll() is None:
            processo.kill()
        await sbarra.close()
