"""The unit of work: each hazard of plain Piccolo, and that it cannot happen here.

Every scenario runs twice: on this engine, where it is refused or right, and on Piccolo's own,
where it goes wrong; so each of these tests would fail if the engine were Piccolo's.

Source: the traps reproduced on Piccolo 1.36 and 1.38.
"""

# ruff: noqa: PT012 - a unit of work that must fail is a block of several statements
from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from piccolo.columns import Integer, SmallInt, Text
from piccolo.engine.postgres import PostgresEngine
from piccolo.table import Table
from tests.ponte import ponte

from capofila.base.database import (
    MOTORE,
    Contesto,
    UnitaDiLavoro,
    _set_config,
    unita_corrente,
    unita_di_lavoro,
)
from capofila.base.errori import FuoriUnitaDiLavoro, SalvataggioFallito, ServizioNonDisponibile
from capofila.base.ruoli import rifiuta_ruolo_pericoloso

pytestmark = pytest.mark.anyio

CREMA = Contesto(ambito=1)
CREMONA = Contesto(ambito=2)
IMPOSTA = "SELECT set_config('capofila.ambito', '{}', true)"


class SubAmbito(Table, db=MOTORE, tablename="sub_ambito"):
    """A tenant table, on this engine."""

    ambito_id = SmallInt()
    id = Integer(primary_key=True)
    codice = Text()
    nome = Text()


class SubAmbitoSemplice(Table, tablename="sub_ambito"):
    """The same table, on Piccolo's engine."""

    ambito_id = SmallInt()
    id = Integer(primary_key=True)
    codice = Text()
    nome = Text()


def _configurazione(indirizzo: str) -> dict[str, Any]:
    parti = urlsplit(indirizzo)
    return {
        "host": parti.hostname,
        "port": parti.port,
        "user": parti.username,
        "password": parti.password,
        "database": parti.path.lstrip("/"),
    }


@pytest.fixture
async def due_ambiti(motore: Any, banca: Any) -> None:
    """Ambito 1 with one row, ambito 2 with three; a table checked only at the commit."""
    connessione = await asyncpg.connect(banca.superutente)
    await connessione.execute(
        "INSERT INTO ambito (id, slug, nome, capofila, provincia) VALUES"
        " (1, 'crema', 'Crema', 'Crema', 'CR'), (2, 'cremona', 'Cremona', 'Cremona', 'CR');"
        "INSERT INTO sub_ambito (ambito_id, codice, nome) VALUES (1, 'a', 'A'),"
        " (2, 'x', 'X'), (2, 'y', 'Y'), (2, 'z', 'Z');"
        "CREATE TABLE rinviato (n int, UNIQUE (n) DEFERRABLE INITIALLY DEFERRED);"
        "GRANT SELECT, INSERT ON rinviato TO capofila_app"
    )
    await connessione.close()


@pytest.fixture
async def semplice(due_ambiti: None, banca: Any) -> AsyncIterator[PostgresEngine]:
    """Piccolo's engine on the same database, as the same role, with a pool of two."""
    configurazione = _configurazione(banca.app)
    altro = PostgresEngine(config=configurazione)
    motore = PostgresEngine(config=configurazione, extra_nodes={"copia": altro})
    await motore.start_connection_pool(min_size=0, max_size=2)
    SubAmbitoSemplice._meta.db = motore
    yield motore
    assert motore.pool is not None
    motore.pool.terminate()


async def _codici(tabella: type[Table] = SubAmbito) -> list[str]:
    righe = await tabella.select(tabella._meta.get_column_by_name("codice"))
    return sorted(riga["codice"] for riga in righe)


# A query outside a unit.


@pytest.mark.usefixtures("due_ambiti")
async def test_fuori_da_un_unita_nessuna_query() -> None:
    with pytest.raises(FuoriUnitaDiLavoro):
        await _codici()
    with pytest.raises(FuoriUnitaDiLavoro):
        await SubAmbito.raw("SELECT 1")
    with pytest.raises(FuoriUnitaDiLavoro):
        await SubAmbito.alter().drop_table()
    with pytest.raises(FuoriUnitaDiLavoro):
        await MOTORE._run_in_new_connection("SELECT 1")
    with pytest.raises(FuoriUnitaDiLavoro):
        await MOTORE.start_connection_pool()
    with pytest.raises(FuoriUnitaDiLavoro):
        await asyncio.to_thread(lambda: SubAmbito.select().run_sync())
    async with unita_di_lavoro(CREMA):
        assert await _codici() == ["a"]


@pytest.mark.usefixtures("semplice")
async def test_piccolo_fuori_da_una_transazione_tace() -> None:
    """No error, and no rows: a page that says there is nothing."""
    assert await _codici(SubAmbitoSemplice) == []


# transaction() and atomic() outside.


@pytest.mark.usefixtures("due_ambiti")
async def test_transazioni_e_atomiche_solo_dentro_un_unita() -> None:
    with pytest.raises(FuoriUnitaDiLavoro):
        MOTORE.transaction()
    with pytest.raises(FuoriUnitaDiLavoro):
        MOTORE.atomic()
    async with unita_di_lavoro(CREMA):
        atomica = MOTORE.atomic()
        atomica.add(SubAmbito.update({SubAmbito.nome: "AA"}).where(SubAmbito.codice == "a"))
        await atomica.run()
        riga = await SubAmbito.select(SubAmbito.nome).first()
        assert riga == {"nome": "AA"}


async def test_piccolo_apre_transazioni_di_nessuno(semplice: PostgresEngine) -> None:
    async with semplice.transaction():
        assert await _codici(SubAmbitoSemplice) == []


# Another task.


@pytest.mark.usefixtures("due_ambiti")
async def test_da_un_altro_compito_nessuna_query() -> None:
    async with unita_di_lavoro(CREMA) as unita:
        esiti = await asyncio.gather(_codici(), _codici(), return_exceptions=True)
        assert [type(e) for e in esiti] == [FuoriUnitaDiLavoro] * 2
        with pytest.raises(FuoriUnitaDiLavoro):
            await asyncio.create_task(unita.valore("SELECT 1"))

        async def per_conto_suo() -> list[str]:
            async with unita_di_lavoro(CREMONA):
                return await _codici()

        assert await asyncio.create_task(per_conto_suo()) == ["x", "y", "z"]
        assert await _codici() == ["a"]


@pytest.mark.usefixtures("due_ambiti")
async def test_un_compito_che_dura_di_piu_non_usa_l_unita_finita() -> None:
    via = asyncio.Event()

    async def dopo() -> list[str]:
        await via.wait()
        return await _codici()

    async with unita_di_lavoro(CREMA) as unita:
        compito = asyncio.create_task(dopo())
    via.set()
    with pytest.raises(FuoriUnitaDiLavoro, match="finita"):
        await compito
    with pytest.raises(FuoriUnitaDiLavoro, match="finita"):
        await unita.valore("SELECT 1")


async def test_piccolo_lascia_che_i_compiti_si_scontrino(semplice: PostgresEngine) -> None:
    via = asyncio.Event()

    async def dopo() -> list[str]:
        await via.wait()
        return await _codici(SubAmbitoSemplice)

    async with semplice.transaction():
        await SubAmbitoSemplice.raw(IMPOSTA.format(1))
        compito = asyncio.create_task(dopo())
        esiti = await asyncio.gather(
            *(_codici(SubAmbitoSemplice) for _ in range(3)), return_exceptions=True
        )
        assert any("another operation" in str(esito) for esito in esiti)
    via.set()
    with pytest.raises(asyncpg.InterfaceError, match="released"):
        await compito


# Another node.


@pytest.mark.usefixtures("due_ambiti")
async def test_su_un_altro_nodo_nessuna_query() -> None:
    async with unita_di_lavoro(CREMA):
        with pytest.raises(FuoriUnitaDiLavoro, match="copia"):
            await SubAmbito.select().run(node="copia")
        with pytest.raises(FuoriUnitaDiLavoro, match="copia"):
            await SubAmbito.select().batch(node="copia")


async def test_piccolo_su_un_altro_nodo_esce_dalla_transazione(semplice: PostgresEngine) -> None:
    async with semplice.transaction():
        await SubAmbitoSemplice.raw(IMPOSTA.format(1))
        assert await SubAmbitoSemplice.select().run(node="copia") == []


# Nested.


@pytest.mark.usefixtures("due_ambiti")
async def test_un_unita_annidata_per_un_altro_contesto_e_rifiutata() -> None:
    async with unita_di_lavoro(CREMA):
        for altro in (CREMONA, Contesto(), Contesto(ambito=1, comune="D142")):
            with pytest.raises(FuoriUnitaDiLavoro):
                async with unita_di_lavoro(altro):
                    raise AssertionError("opened")
        assert await _codici() == ["a"]


async def test_piccolo_annidato_cambia_l_ambito_di_fuori(semplice: PostgresEngine) -> None:
    async with semplice.transaction():
        await SubAmbitoSemplice.raw(IMPOSTA.format(1))
        async with semplice.transaction():
            await SubAmbitoSemplice.raw(IMPOSTA.format(2))
        assert await _codici(SubAmbitoSemplice) == ["x", "y", "z"]


@pytest.mark.usefixtures("due_ambiti")
async def test_annidata_per_lo_stesso_contesto_e_un_punto_di_ritorno(banca: Any) -> None:
    for apri in (lambda: unita_di_lavoro(CREMA), MOTORE.transaction):
        async with unita_di_lavoro(CREMA) as unita:
            await unita.esegui("INSERT INTO sub_ambito (codice, nome) VALUES ('b', 'B')")
            with pytest.raises(asyncpg.UniqueViolationError):
                async with apri():
                    await unita.esegui("INSERT INTO sub_ambito (codice, nome) VALUES ('c', 'C')")
                    await unita.esegui("INSERT INTO sub_ambito (codice, nome) VALUES ('a', 'A')")
            assert await _codici() == ["a", "b"]
            async with apri():
                await unita.esegui("INSERT INTO sub_ambito (codice, nome) VALUES ('d', 'D')")
            assert await _codici() == ["a", "b", "d"]
        connessione = await asyncpg.connect(banca.superutente)
        assert await connessione.execute("DELETE FROM sub_ambito WHERE codice IN ('b', 'd')") == (
            "DELETE 2"
        )
        await connessione.close()


async def test_piccolo_annidato_non_ha_punti_di_ritorno(semplice: PostgresEngine) -> None:
    async with semplice.transaction():
        await SubAmbitoSemplice.raw(IMPOSTA.format(1))
        with pytest.raises(RuntimeError):
            async with semplice.transaction():
                await SubAmbitoSemplice.raw(
                    "INSERT INTO sub_ambito (codice, nome) VALUES ('b', 'B')"
                )
                raise RuntimeError
        assert await _codici(SubAmbitoSemplice) == ["a", "b"]


# Batches.


@pytest.mark.usefixtures("due_ambiti")
async def test_i_lotti_stanno_nella_transazione_e_lasciano_passare_gli_errori() -> None:
    async with unita_di_lavoro(CREMONA) as unita:
        await unita.esegui("INSERT INTO sub_ambito (codice, nome) VALUES ('w', 'W')")
        blocchi = []
        async with await SubAmbito.select().order_by(SubAmbito.codice).batch(batch_size=3) as lotti:
            async for righe in lotti:
                blocchi.append([riga["codice"] for riga in righe])
        assert blocchi == [["w", "x", "y"], ["z"]]
    with pytest.raises(RuntimeError, match="a metà"):
        async with unita_di_lavoro(CREMONA):
            async with await SubAmbito.select().batch() as lotti:
                async for _ in lotti:
                    raise RuntimeError("a metà")
    with pytest.raises(FuoriUnitaDiLavoro):
        await SubAmbito.select().batch()


async def test_piccolo_a_lotti_perde_l_ambito_e_gli_errori(semplice: PostgresEngine) -> None:
    async with semplice.transaction():
        await SubAmbitoSemplice.raw(IMPOSTA.format(2))
        async with await SubAmbitoSemplice.select().batch() as lotti:
            assert [righe async for righe in lotti] == []
        async with await SubAmbitoSemplice.select().batch():
            raise RuntimeError("swallowed")


# A commit that fails.


async def _fallisci_la_conferma(unita: UnitaDiLavoro) -> None:
    await unita.esegui("INSERT INTO rinviato VALUES (1), (1)")


@pytest.mark.usefixtures("due_ambiti")
async def test_una_conferma_fallita_restituisce_la_connessione(banca: Any) -> None:
    await MOTORE.chiudi()
    await MOTORE.apri({"app": banca.app}, massimo=2)
    for _ in range(4):
        with pytest.raises(asyncpg.UniqueViolationError):
            async with unita_di_lavoro(CREMA) as unita:
                await _fallisci_la_conferma(unita)
        with pytest.raises(FuoriUnitaDiLavoro):
            unita_corrente()
    async with asyncio.timeout(5):
        async with unita_di_lavoro(CREMA):
            assert await _codici() == ["a"]


async def test_piccolo_dopo_due_conferme_fallite_e_senza_connessioni(
    semplice: PostgresEngine,
) -> None:
    async def fallisci() -> None:
        async with semplice.transaction():
            await SubAmbitoSemplice.raw("INSERT INTO rinviato VALUES (1), (1)")

    for _ in range(2):
        with pytest.raises(asyncpg.UniqueViolationError):
            await asyncio.create_task(fallisci())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.create_task(fallisci()), 1)


@pytest.mark.usefixtures("due_ambiti")
async def test_un_errore_ingoiato_non_diventa_un_successo() -> None:
    with pytest.raises(SalvataggioFallito):
        async with unita_di_lavoro(CREMA) as unita:
            await unita.esegui("INSERT INTO sub_ambito (codice, nome) VALUES ('b', 'B')")
            with contextlib.suppress(asyncpg.DivisionByZeroError):
                await unita.valore("SELECT 1/0")
    async with unita_di_lavoro(CREMA):
        assert await _codici() == ["a"]


async def test_piccolo_dopo_un_errore_ingoiato_dice_che_va_bene(semplice: PostgresEngine) -> None:
    async with semplice.transaction():
        await SubAmbitoSemplice.raw(IMPOSTA.format(1))
        await SubAmbitoSemplice.raw("INSERT INTO sub_ambito (codice, nome) VALUES ('b', 'B')")
        with contextlib.suppress(asyncpg.DivisionByZeroError):
            await SubAmbitoSemplice.raw("SELECT 1/0")
    async with semplice.transaction():
        await SubAmbitoSemplice.raw(IMPOSTA.format(1))
        assert await _codici(SubAmbitoSemplice) == ["a"]


# The rest of the contract.


@pytest.mark.usefixtures("due_ambiti")
async def test_un_errore_annulla_tutto() -> None:
    with pytest.raises(RuntimeError):
        async with unita_di_lavoro(CREMA) as unita:
            await unita.esegui("INSERT INTO sub_ambito (codice, nome) VALUES ('b', 'B')")
            raise RuntimeError
    async with unita_di_lavoro(CREMA):
        assert await _codici() == ["a"]


@pytest.mark.usefixtures("due_ambiti")
async def test_chi_viene_interrotto_non_salva_e_restituisce_la_connessione(banca: Any) -> None:
    await MOTORE.chiudi()
    await MOTORE.apri({"app": banca.app}, massimo=1)
    for istruzione in ("SELECT pg_sleep(30)", None):
        dentro = asyncio.Event()

        async def lavora(istruzione: str | None = istruzione, dentro: Any = dentro) -> None:
            async with unita_di_lavoro(CREMA) as unita:
                await unita.esegui("INSERT INTO sub_ambito (codice, nome) VALUES ('b', 'B')")
                dentro.set()
                if istruzione:
                    await unita.esegui(istruzione)
                await asyncio.sleep(30)

        compito = asyncio.create_task(lavora())
        await dentro.wait()
        compito.cancel()
        with pytest.raises(asyncio.CancelledError):
            await compito
        async with asyncio.timeout(5):
            async with unita_di_lavoro(CREMA):
                assert await _codici() == ["a"]


@pytest.mark.usefixtures("due_ambiti")
async def test_in_sola_lettura_non_si_scrive() -> None:
    async with unita_di_lavoro(CREMA, sola_lettura=True) as unita:
        assert await _codici() == ["a"]
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            async with unita.punto_di_ritorno():
                await unita.esegui("INSERT INTO sub_ambito (codice, nome) VALUES ('b', 'B')")


@pytest.mark.usefixtures("due_ambiti")
async def test_niente_del_contesto_resta_sulla_connessione(banca: Any) -> None:
    await MOTORE.chiudi()
    await MOTORE.apri({"app": banca.app}, massimo=1)
    pieno = Contesto(
        ambito=1, utente=2, comune="D142", ats=3, sessione="a" * 64, accesso="rita", traccia="t",
        amministratore=True,
    )  # fmt: skip
    nomi = list(pieno.impostazioni())
    leggi = "SELECT " + ", ".join(
        f"current_setting('{n}', true) AS s{i}" for i, n in enumerate(nomi)
    )
    async with unita_di_lavoro(pieno) as unita:
        assert all((await unita.riga(leggi)).values())
    async with unita_di_lavoro(Contesto()) as unita:
        assert not any((await unita.riga(leggi)).values())
        assert await _codici() == []


@pytest.mark.parametrize("veleno", ["1', 'x", "a'b", "a\\b", "a b", "è", "a\n"])
def test_il_contesto_non_porta_altro_sql(veleno: str) -> None:
    with pytest.raises(ValueError, match=r"capofila\.comune"):
        _set_config(Contesto(comune=veleno).impostazioni())


@pytest.mark.usefixtures("due_ambiti")
async def test_un_nome_qualunque_passa_intero_fino_al_database() -> None:
    nome = "o'brien è \\ ; DROP TABLE utente"
    async with unita_di_lavoro(Contesto(accesso=nome)) as unita:
        letto = await unita.valore(
            "SELECT convert_from(decode(current_setting('capofila.accesso'), 'hex'), 'UTF8')"
        )
        assert letto == nome


@pytest.mark.usefixtures("due_ambiti")
async def test_si_puo_restringere_ma_non_cambiare_ambito_o_persona() -> None:
    async with unita_di_lavoro(Contesto()) as unita:
        with pytest.raises(FuoriUnitaDiLavoro):
            assert unita.ambito
        await unita.restringi(CREMA)
        assert unita.ambito == 1
        assert await _codici() == ["a"]
        await unita.restringi(Contesto(ambito=1, utente=5))
        for altro in (CREMONA, Contesto(), Contesto(ambito=1), Contesto(ambito=1, utente=6)):
            with pytest.raises(FuoriUnitaDiLavoro):
                await unita.restringi(altro)
        assert await _codici() == ["a"]


@pytest.mark.usefixtures("due_ambiti")
async def test_senza_pool_per_un_ruolo_non_si_apre() -> None:
    await MOTORE.chiudi()
    with pytest.raises(FuoriUnitaDiLavoro):
        async with unita_di_lavoro(CREMA):
            raise AssertionError("opened")


async def test_un_database_che_non_risponde_lo_dice() -> None:
    with pytest.raises(ServizioNonDisponibile):
        await MOTORE.apri({"app": "postgresql://x:y@127.0.0.1:9/nessuno"})


@pytest.mark.usefixtures("due_ambiti")
async def test_una_connessione_caduta_lo_dice_e_la_prossima_va() -> None:
    async with unita_di_lavoro(CREMA) as unita:
        pid = await unita.valore("SELECT pg_backend_pid()")
        assert pid
    for titolare in MOTORE._pools["app"]._holders:
        if titolare._con is not None:
            titolare._con._transport.abort()
    try:
        async with unita_di_lavoro(CREMA):
            assert await _codici() == ["a"]
    except ServizioNonDisponibile:
        async with unita_di_lavoro(CREMA):
            assert await _codici() == ["a"]


# Unsafe roles.


@pytest.mark.parametrize(
    ("chi", "motivo"),
    [
        ("superutente", "superutente"),
        ("migra", "possiede tabelle"),
        ("scavalca", "BYPASSRLS"),
        ("erede", "superutente"),
    ],
)
async def test_non_si_lavora_con_un_ruolo_che_scavalca_le_regole(
    motore: Any, banca: Any, chi: str, motivo: str
) -> None:
    amministra = await asyncpg.connect(banca.superutente)
    nome = f"prova_{chi}_{banca.nome[-6:]}"
    indirizzo = getattr(banca, chi, None)
    try:
        if indirizzo is None:
            await amministra.execute(
                f"CREATE ROLE {nome} LOGIN PASSWORD 'x'"
                + (" BYPASSRLS" if chi == "scavalca" else "")
            )
            await amministra.execute(f"GRANT CONNECT ON DATABASE {banca.nome} TO {nome}")
            await amministra.execute(f"GRANT USAGE ON SCHEMA public TO {nome}")
            if chi == "erede":
                await amministra.execute(f"GRANT postgres TO {nome}")
            parti = urlsplit(banca.app)
            indirizzo = f"postgresql://{nome}:x@{parti.hostname}:{parti.port}{parti.path}"
        await motore.chiudi()
        await motore.apri({"app": indirizzo})
        async with unita_di_lavoro(Contesto()) as unita:
            with pytest.raises(Exception, match=motivo):
                await rifiuta_ruolo_pericoloso(unita)
        await motore.chiudi()
    finally:
        if getattr(banca, chi, None) is None:
            await amministra.execute(f"DROP OWNED BY {nome}; DROP ROLE {nome}")
        await amministra.close()


async def test_il_ruolo_dell_applicazione_va_bene(motore: Any) -> None:
    async with unita_di_lavoro(Contesto()) as unita:
        await rifiuta_ruolo_pericoloso(unita)


async def test_una_richiesta_annullata_mentre_si_apre_non_lascia_una_transazione(
    banca: Any,
) -> None:
    """The server has begun, the answer is still under way: nobody knows that there is something to undo."""
    detti: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, caso: detti.append(caso["message"]))
    async with ponte(banca.app) as sul_ponte:
        await MOTORE.chiudi()
        await MOTORE.apri({"app": sul_ponte.url}, massimo=1)
        try:
            async with unita_di_lavoro(CREMA) as unita:
                prima = await unita.valore("SELECT pg_backend_pid()")

            async def visita() -> None:
                async with unita_di_lavoro(CREMA):
                    await asyncio.sleep(60)

            sul_ponte.passano.clear()
            aperta = asyncio.create_task(visita())
            await sul_ponte.trattenuta.wait()
            aperta.cancel()
            await asyncio.sleep(0)
            sul_ponte.passano.set()
            with contextlib.suppress(asyncio.CancelledError):
                await aperta
            async with unita_di_lavoro(CREMONA) as unita:
                assert await unita.valore("SELECT pg_backend_pid()") == prima
                assert await unita.valore("SELECT current_setting('capofila.ambito')") == "2"
        finally:
            await MOTORE.chiudi()
    assert detti == []
