"""Publishing a run by the PDND is a job: all of it or nothing, whatever dies on the way."""

from __future__ import annotations

import asyncio
import signal
from uuid import UUID

import asyncpg
import pytest
from tests.conftest import Banca
from tests.debito.casi import (
    MORTO_DA_TEMPO,
    VELOCI,
    com_e,
    esporta,
    importa,
    lavoratore_a_parte,
    officina,
)
from tests.debito.pdnd_casi import dichiara
from tests.prestazioni.casi import comanda, contesto, csv_di, interroga, riga

from capofila.base.database import MOTORE, unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.impostazioni import Impostazioni, impostazioni
from capofila.base.lavori import StatoLavoro
from capofila.base.lavori import stato as stato_lavoro
from capofila.debito import pdnd
from capofila.debito.service import (
    Esportazione,
    chiedi_pubblicazione,
    esportazione,
    registra_invio,
)

pytestmark = pytest.mark.anyio


async def mittente() -> str:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        codice: str = await unita.valore("SELECT codice FROM ente WHERE mittente")
    return codice


async def sigillata(quante: int = 5) -> Esportazione:
    """A sealed run of the ente that sends, which has an e-service."""
    await dichiara(await mittente())
    await importa(csv_di(*(riga(n + 1) for n in range(quante))))
    trovata = await esporta()
    assert trovata.stato == "sigillata"
    return trovata


async def chiedi_pdnd(trovata: Esportazione, protocollo: str | None = "P/7") -> Esportazione:
    async with unita_di_lavoro(await contesto("crema")):
        return await chiedi_pubblicazione(UUID(trovata.id), protocollo)


async def corrente(trovata: Esportazione) -> tuple[Esportazione, StatoLavoro]:
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        adesso = await esportazione(UUID(trovata.id))
        assert adesso.pubblicazione is not None
        lavoro = await stato_lavoro(UUID(adesso.pubblicazione))
        return await esportazione(UUID(trovata.id)), lavoro


async def finita(trovata: Esportazione) -> tuple[Esportazione, StatoLavoro]:
    async with asyncio.timeout(60):
        while not (fine := await corrente(trovata))[1].finito:
            await asyncio.sleep(0.05)
    return fine


async def conti(banca: Banca) -> tuple[int, int, int]:
    """Flows, communications and sendings that are committed."""
    (uno,) = await interroga(
        banca.superutente,
        "SELECT (SELECT count(*) FROM flusso_pdnd) a, (SELECT count(*) FROM comunicazione) b, "
        "(SELECT count(*) FROM invio) c",
    )
    return tuple(uno)  # type: ignore[return-value]


async def test_la_richiesta_si_accetta_subito_e_il_lavoro_pubblica_tutto_nell_ordine(
    lavora: Impostazioni, banca: Banca, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdnd, "FLUSSI_PER_VOLTA", 2)
    trovata = await sigillata(7)
    chiesta = await chiedi_pdnd(trovata)
    assert chiesta.stato == "in_pubblicazione"
    fine, lavoro = await finita(trovata)
    assert (fine.stato, lavoro.stato, lavoro.totale) == ("inviata", "riuscito", 7)
    assert await conti(banca) == (7, 7, 1)
    flussi = await interroga(
        banca.superutente,
        "SELECT f.ts, f.id_flusso, f.record_id, c.id, octet_length(f.corpo) = f.byte AS giusti "
        "FROM flusso_pdnd f JOIN comunicazione c ON c.prestazione_id = f.record_id ORDER BY f.ts",
    )
    assert all(f["giusti"] for f in flussi)
    for colonna in ("ts", "id_flusso", "id"):
        valori = [f[colonna] for f in flussi]
        assert valori == sorted(set(valori)), colonna
    numeri = [int(f["id_flusso"].rsplit(".", 1)[1]) for f in flussi]
    assert numeri == list(range(pdnd.PRIMO_NUMERO, pdnd.PRIMO_NUMERO + 7))
    (invio,) = await interroga(banca.superutente, "SELECT canale, protocollo FROM invio")
    assert tuple(invio) == ("pdnd", "P/7")


async def test_chiesta_due_volte_o_inviata_altrimenti_si_dice_di_no(lavora: Impostazioni) -> None:
    trovata = await sigillata()
    await chiedi_pdnd(trovata)
    with pytest.raises(Conflitto):
        await chiedi_pdnd(trovata)
    with pytest.raises(Conflitto):
        async with unita_di_lavoro(await contesto("crema")):
            await registra_invio(UUID(trovata.id), "portale", None)
    fine, _ = await finita(trovata)
    assert fine.stato == "inviata"


async def test_senza_e_service_si_dice_subito_e_spento_nel_frattempo_torna_sigillata(
    lavora: Impostazioni, banca: Banca
) -> None:
    await importa(csv_di(riga(1)))
    prima = await esporta()
    with pytest.raises(DatiNonValidi, match="e-service"):
        await chiedi_pdnd(prima)
    await dichiara(await mittente())
    # Asked while it was active, and switched off before the job begins: in one commit.
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await chiedi_pubblicazione(UUID(prima.id))
        await unita.esegui("UPDATE eservice SET attivo = false WHERE ambito_id = $1", unita.ambito)
    fine, lavoro = await finita(prima)
    assert (fine.stato, lavoro.stato) == ("sigillata", "respinto")
    assert "e-service" in (lavoro.errore or "")
    assert await conti(banca) == (0, 0, 0)
    await comanda(banca.superutente, "UPDATE eservice SET attivo = true")
    await chiedi_pdnd(prima)
    assert (await finita(prima))[0].stato == "inviata"


async def test_se_nel_frattempo_parte_altro_la_corsa_e_superata_e_nulla_si_pubblica(
    lavora: Impostazioni, banca: Banca
) -> None:
    trovata = await sigillata()
    altra = await esporta(nuova=True)
    # The other one is sent in the commit that asks for the publishing.
    async with unita_di_lavoro(await contesto("crema")):
        await chiedi_pubblicazione(UUID(trovata.id))
        await registra_invio(UUID(altra.id), "portale", None)
    fine, lavoro = await finita(trovata)
    assert (fine.stato, lavoro.stato) == ("superata", "respinto")
    assert (await conti(banca))[0] == 0


async def test_una_pagina_non_aspetta_chi_sta_pubblicando(
    lavora: Impostazioni, banca: Banca
) -> None:
    trovata = await sigillata()
    occupata = await asyncpg.connect(banca.superutente)
    try:
        async with unita_di_lavoro(await contesto("crema")) as unita:
            ambito = unita.ambito
        await occupata.execute(f"SELECT pg_advisory_lock(7002, {ambito})")
        with pytest.raises(Conflitto, match="attendi"):
            async with unita_di_lavoro(await contesto("crema")):
                await registra_invio(UUID(trovata.id), "portale", None)
    finally:
        await occupata.close()
    assert (await com_e(trovata.id))[0].stato == "sigillata"


async def test_il_lavoratore_ucciso_a_meta_non_lascia_nulla_e_il_prossimo_pubblica_una_volta(
    senza_lavoratore: dict[str, str], banca: Banca
) -> None:
    async with officina(impostazioni(), VELOCI):
        trovata = await sigillata(40)
    # Whoever publishes stops at the sending, all its flows being written and not committed.
    sbarra = await asyncpg.connect(banca.superutente)
    processo = None
    try:
        await sbarra.execute("BEGIN; LOCK TABLE invio IN EXCLUSIVE MODE")
        await MOTORE.apri({"app": banca.app}, massimo=3)
        try:
            await chiedi_pdnd(trovata)
            processo = lavoratore_a_parte(senza_lavoratore)
            fermo = (
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
                "AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO invio%'"
            )
            async with asyncio.timeout(60):
                while not await interroga(banca.superutente, fermo):
                    await asyncio.sleep(0.1)
            assert (await corrente(trovata))[0].stato == "in_pubblicazione"
            processo.send_signal(signal.SIGKILL)
            processo.wait(10)
            await sbarra.execute("ROLLBACK")
            assert (await corrente(trovata))[0].stato == "in_pubblicazione"
            assert await conti(banca) == (0, 0, 0)
        finally:
            await MOTORE.chiudi()
        await comanda(banca.superutente, *MORTO_DA_TEMPO)
        async with officina(impostazioni(), VELOCI):
            fine, lavoro = await finita(trovata)
    finally:
        if processo is not None and processo.poll() is None:
            processo.kill()
        await sbarra.close()
    assert (fine.stato, lavoro.stato, lavoro.tentativi) == ("inviata", "riuscito", 2)
    assert await conti(banca) == (40, 40, 1)
