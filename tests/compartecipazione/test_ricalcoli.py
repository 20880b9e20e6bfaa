"""The quotas of all users at once: those of one by one, by a job that bears to die, then decided together."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.impostazioni import Impostazioni
from capofila.base.lavori import StatoLavoro, stato
from capofila.compartecipazione import decisioni, ricalcoli, service
from capofila.compartecipazione.isee import SpecieISEE
from capofila.pulizia import pulisci
from tests.compartecipazione.casi import attesta, contesto, persona, registra
from tests.conftest import Banca
from tests.debito.casi import MORTO_DA_TEMPO, lavoratore_a_parte, officina
from tests.prestazioni.casi import interroga

pytestmark = pytest.mark.anyio

GIORNO = date(2025, 3, 1)
ATTO = service.Provvedimento(organo="Servizi sociali", numero="12", data=date(2025, 2, 20))
ADOTTA, VARIANTI, NON_ADOTTA, SUPPOSTA = "A076", "B881", "A570", "G306"


@pytest.fixture
async def lavoratore(impostazioni_prova: Impostazioni) -> AsyncIterator[None]:
    async with officina(impostazioni_prova):
        yield


async def popola(quanti: int, da: int = 0) -> list[int]:
    """Users of four comuni: each has done something else of the scheme, and their ISEE is of every kind."""
    async with unita_di_lavoro(await contesto("crema")):
        if not da:
            await registra(ADOTTA, dal=date(2024, 1, 1))
            await registra(
                VARIANTI, stato="adotta_con_varianti", dal=date(2025, 1, 1),
                varianti={"tariffa_massima": Decimal("22.5")},
            )  # fmt: skip
            await registra(NON_ADOTTA, stato="non_adotta", dal=date(2024, 1, 1))
        fatte = []
        for n in range(da, da + quanti):
            comune = (ADOTTA, VARIANTI, NON_ADOTTA, SUPPOSTA)[n % 4]
            una = await persona(
                n, comune, dal=date(2024, 1, 1), quantita=Decimal(4 + n % 9),
                costo=None if n % 5 == 0 else Decimal("24.60"),
            )  # fmt: skip
            fatte.append(una)
            valore = f"{2500 + 103 * n}.41"
            match n // 4 % 8:
                case 2:
                    pass
                case 3:
                    await attesta(una, valore, presentata=date(2024, 5, 1))
                case 5:
                    await attesta(una, valore, specie=SpecieISEE.MINORENNI)
                case 7:
                    await attesta(una, valore, omissioni=True)
                case _:
                    await attesta(una, valore)
        return fatte


async def concluso(lavoro: UUID, slug: str = "crema") -> StatoLavoro:
    for _ in range(300):
        async with unita_di_lavoro(await contesto(slug), sola_lettura=True):
            com_e = await stato(lavoro)
        if com_e.finito:
            return com_e
        await asyncio.sleep(0.1)
    raise AssertionError("the job did not end")


async def ricalcola(
    servizio: str | None = "sad", giorno: date = GIORNO, di: Contesto | None = None
) -> ricalcoli.Ricalcolo:
    di = di or await contesto("crema")
    async with unita_di_lavoro(di):
        questo = await ricalcoli.leggi(await ricalcoli.chiedi(servizio, giorno))
    finito = await concluso(questo.lavoro_id)
    assert finito.stato == "riuscito", finito.errore
    async with unita_di_lavoro(di, sola_lettura=True):
        return await ricalcoli.leggi(questo.id)


async def esiti(id_: int, **opzioni: Any) -> dict[int, ricalcoli.RigaEsito]:
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        return {uno.utenza_id: uno for uno in await ricalcoli.esiti(id_, **opzioni)}


async def test_gli_esiti_sono_quelli_di_uno_per_uno(lavoratore: None, banca: Banca) -> None:
    persone = await popola(32)
    questo = await ricalcola()
    trovati = await esiti(questo.id)
    assert set(trovati) == set(persone)
    async with unita_di_lavoro(await contesto("crema")):
        for una, esito in trovati.items():
            vista = await decisioni.anteprima(una, GIORNO)
            quota = vista.congelata.quota if vista.congelata else None
            assert esito.quota == (quota.importo if quota else None)
            assert esito.motivo == vista.motivo
            assert esito.stato == (quota.stato if quota else "non_calcolata")
            assert esito.supposta == vista.vigenza.supposta
        conto = await ricalcoli.conta(questo.id)
    # Nobody has a silent zero: who has no quota has a reason.
    assert conto.utenti == 32
    assert conto.non_calcolate == sum(e.quota is None for e in trovati.values()) > 6
    assert {e.motivo for e in trovati.values() if e.quota is None} == {
        "comune_non_adotta", "isee_mancante", "isee_scaduto", "isee_con_omissioni",
        "isee_di_altra_specie",
    }  # fmt: skip
    # All the services of the ambito say the same of this one; of one without a scheme it is said.
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await unita.esegui(
            "INSERT INTO utenza (assistito_id, comune, servizio, dal, quantita) "
            "SELECT assistito_id, comune, 'chiuso', dal, 1 FROM utenza WHERE id = $1",
            persone[0],
        )
    tutto = await ricalcola(None)
    di_tutti = await esiti(tutto.id)
    assert {u: (e.quota, e.motivo) for u, e in di_tutti.items() if u in trovati} == {
        u: (e.quota, e.motivo) for u, e in trovati.items()
    }
    [altro] = [e for u, e in di_tutti.items() if u not in trovati]
    assert (altro.servizio, altro.quota, altro.motivo) == ("chiuso", None, "nessuno_schema")
    [lavoro] = await interroga(
        banca.superutente, "SELECT parametri, esito FROM lavoro WHERE id = $1", questo.lavoro_id
    )
    assert json.loads(lavoro["parametri"]) == {}


async def test_cio_che_cambia_si_decide_insieme_e_si_rifa_dai_suoi_byte(
    lavoratore: None, banca: Banca, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "capofila")
    persone = await popola(16)
    async with unita_di_lavoro(await contesto("crema")):
        # One was decided last year, and pays by the tariffs of this one.
        await attesta(persone[4], "9000", presentata=date(2024, 1, 15))
        await decisioni.decidi(persone[4], date(2024, 2, 1), ATTO)
    questo = await ricalcola()
    prima = await esiti(questo.id)
    assert prima[persone[4]].prima is not None
    assert prima[persone[4]].quota != prima[persone[4]].prima
    cambiano = {u for u, e in prima.items() if e.quota is not None and not e.supposta}
    assert len(cambiano) > 3
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(service.DatiRifiutati, match="numero"):
            await ricalcoli.chiedi_decisioni(
                questo.id, service.Provvedimento(organo="X", numero="", data=GIORNO)
            )
        # After the run somebody's ISEE changes: what was seen is not what would be decided.
        mosso = max(cambiano - {persone[4]})
        await attesta(mosso, "3333.33", presentata=date(2025, 2, 15))
        await ricalcoli.chiedi_decisioni(questo.id, ATTO)
        with pytest.raises(Conflitto, match="già state decise"):
            await ricalcoli.chiedi_decisioni(questo.id, ATTO)
        deciso = (await ricalcoli.leggi(questo.id)).decide_lavoro_id
    assert deciso is not None
    assert (await concluso(deciso)).stato == "riuscito"
    dopo = await esiti(questo.id)
    assert {u for u, e in dopo.items() if e.decisione_id} == cambiano - {mosso}
    assert dopo[mosso].non_decisa == "conflitto"
    async with unita_di_lavoro(await contesto("crema")):
        for una in cambiano - {mosso}:
            id_ = dopo[una].decisione_id
            assert id_ is not None
            decisa = await decisioni.leggi(id_)
            assert (decisa.quota, decisa.dal, decisa.numero) == (dopo[una].quota, GIORNO, "12")
            rifatta = await decisioni.rifai(id_)
            assert rifatta.integra
            assert rifatta.uguale
        assert (await ricalcoli.leggi(questo.id)).deciso_il is not None
    # Done again nothing changes but for whom it was not decided.
    ancora = await ricalcola()
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        conto = await ricalcoli.conta(ancora.id)
    assert (conto.uguali, conto.da_decidere) == (len(cambiano) - 1, 1)
    # Nothing of anybody stands in the jobs and in the logs.
    lavori = await interroga(banca.superutente, "SELECT parametri, chiave, esito, fase FROM lavoro")
    for detto in (*(r.getMessage() for r in caplog.records), *(str(dict(r)) for r in lavori)):
        assert "Rossi" not in detto
        assert "Anna" not in detto


async def test_chi_lavora_per_un_comune_ricalcola_e_vede_il_suo(
    lavoratore: None, banca: Banca
) -> None:
    persone = await popola(8)
    suo = await contesto("crema", VARIANTI)
    questo = await ricalcola(di=suo)
    async with unita_di_lavoro(suo, sola_lettura=True):
        visti = await ricalcoli.esiti(questo.id)
        assert {e.utenza_id for e in visti} == {persone[1], persone[5]}
        assert [r.id for r in await ricalcoli.elenco()] == [questo.id]
    di_tutti = await ricalcola()
    async with unita_di_lavoro(suo, sola_lettura=True):
        with pytest.raises(NonTrovato):
            await ricalcoli.leggi(di_tutti.id)
    async with unita_di_lavoro(await contesto("cremona"), sola_lettura=True):
        with pytest.raises(NonTrovato):
            await ricalcoli.leggi(di_tutti.id)


async def test_due_che_chiedono_lo_stesso_attendono_lo_stesso(motore: Any) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        uno = await ricalcoli.chiedi("sad", GIORNO)
        assert await ricalcoli.chiedi("sad", GIORNO) == uno
        assert await ricalcoli.chiedi("sad", date(2025, 4, 1)) != uno
        with pytest.raises(NonTrovato):
            await ricalcoli.chiedi("inventato", GIORNO)
        with pytest.raises(service.DatiRifiutati):
            await ricalcoli.chiedi("sad", date(1900, 1, 1))
        with pytest.raises(Conflitto, match="non è finito"):
            await ricalcoli.chiedi_decisioni(uno, ATTO)


@pytest.fixture
def senza_lavoratore(servizi: Any, impostazioni_prova: Impostazioni) -> dict[str, str]:
    """The settings, for a worker that the test starts and kills."""
    return {n: v for n, v in os.environ.items() if n.startswith("CAPOFILA_")}


@pytest.mark.timeout(240)
async def test_un_esecutore_ucciso_non_perde_e_non_raddoppia(
    banca: Banca, senza_lavoratore: dict[str, str], motore: Any
) -> None:
    """Killed while it decides, then taken over by another: each user is decided once."""
    await popola(240)
    async with unita_di_lavoro(await contesto("crema")):
        questo = await ricalcoli.leggi(await ricalcoli.chiedi("sad", GIORNO))
    primo = await asyncio.to_thread(lavoratore_a_parte, senza_lavoratore)
    try:
        assert (await concluso(questo.lavoro_id)).stato == "riuscito"
        async with unita_di_lavoro(await contesto("crema")):
            conto = await ricalcoli.conta(questo.id)
            assert conto.da_decidere > 20
            await ricalcoli.chiedi_decisioni(questo.id, ATTO)
            deciso = (await ricalcoli.leggi(questo.id)).decide_lavoro_id
        assert deciso is not None
        for _ in range(1000):
            righe = await interroga(
                banca.superutente, "SELECT count(*) FROM ricalcolo_esito WHERE decisione_id > 0"
            )
            if righe[0]["count"] > 0:
                break
            await asyncio.sleep(0.01)
        primo.kill()
        primo.wait()
        for comando in MORTO_DA_TEMPO:
            await interroga(banca.superutente, comando)
        secondo = await asyncio.to_thread(lavoratore_a_parte, senza_lavoratore)
        try:
            assert (await concluso(deciso)).stato == "riuscito"
        finally:
            secondo.kill()
            secondo.wait()
    finally:
        primo.kill()
        primo.wait()
    [righe] = await interroga(
        banca.superutente,
        "SELECT count(*) AS decisioni, count(DISTINCT utenza_id) AS utenze FROM decisione_quota",
    )
    assert righe["decisioni"] == righe["utenze"] == conto.da_decidere
    async with unita_di_lavoro(await contesto("crema")):
        assert (await ricalcoli.conta(questo.id)).decise == conto.da_decidere
    # The run itself, done again by a message that comes twice, writes nothing.
    esiti_prima = await interroga(banca.superutente, "SELECT count(*) FROM ricalcolo_esito")
    assert esiti_prima[0]["count"] == 240


@pytest.mark.timeout(240)
async def test_un_esecutore_ucciso_mentre_scrive_gli_esiti_lascia_il_lavoro_intero_a_un_altro(
    banca: Banca, senza_lavoratore: dict[str, str], motore: Any
) -> None:
    persone = await popola(48)
    async with unita_di_lavoro(await contesto("crema")):
        questo = await ricalcoli.leggi(await ricalcoli.chiedi("sad", GIORNO))
    ferma = await asyncpg.connect(banca.superutente)
    primo = None
    try:
        tieni = ferma.transaction()
        await tieni.start()
        await ferma.execute("LOCK TABLE ricalcolo_esito IN SHARE MODE")
        primo = await asyncio.to_thread(lavoratore_a_parte, senza_lavoratore)
        for _ in range(1000):
            if await interroga(
                banca.superutente,
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND query LIKE 'INSERT INTO ricalcolo_esito%'",
            ):
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError("the worker never came to the writing")
        # It has computed everybody, and dies with its hand on the table.
        primo.kill()
        primo.wait()
        await tieni.rollback()
        assert await interroga(banca.superutente, "SELECT 1 FROM ricalcolo_esito") == []
        for comando in MORTO_DA_TEMPO:
            await interroga(banca.superutente, comando)
        secondo = await asyncio.to_thread(lavoratore_a_parte, senza_lavoratore)
        try:
            assert (await concluso(questo.lavoro_id)).stato == "riuscito"
        finally:
            secondo.kill()
            secondo.wait()
    finally:
        if primo is not None:
            primo.kill()
            primo.wait()
        await ferma.close()
    trovati = await esiti(questo.id)
    assert set(trovati) == set(persone)
    async with unita_di_lavoro(await contesto("crema")):
        for una, esito in trovati.items():
            vista = await decisioni.anteprima(una, GIORNO)
            quota = vista.congelata.quota if vista.congelata else None
            assert esito.quota == (quota.importo if quota else None)


async def test_gli_esiti_vecchi_si_tolgono_e_il_ricalcolo_lo_dice(
    lavoratore: None, banca: Banca
) -> None:
    await popola(8)
    vecchio, nuovo = await ricalcola(), await ricalcola(giorno=date(2025, 4, 1))
    passati = ricalcoli.CONSERVAZIONE + timedelta(minutes=1)
    await interroga(
        banca.superutente, "UPDATE ricalcolo SET finito_il = now() - $1::interval WHERE id = $2",
        passati, vecchio.id,
    )  # fmt: skip
    # Nobody takes outcomes away by hand: the database keeps them until the run says that they go.
    async with unita_di_lavoro(await contesto("crema")) as unita:
        assert await unita.esegui("DELETE FROM ricalcolo_esito") == "DELETE 0"
    await asyncio.gather(pulisci(), pulisci())
    assert await esiti(vecchio.id) == {}
    assert len(await esiti(nuovo.id)) == 8
    async with unita_di_lavoro(await contesto("crema")):
        assert (await ricalcoli.leggi(vecchio.id)).esiti_tolti_il is not None
        assert (await ricalcoli.leggi(nuovo.id)).esiti_tolti_il is None
        with pytest.raises(Conflitto, match="sono stati tolti"):
            await ricalcoli.chiedi_decisioni(vecchio.id, ATTO)
