"""The e-service that INPS calls, over the real application and database."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from lxml import etree
from tests.conftest import Banca
from tests.debito.pdnd_casi import (
    AUDIENCE,
    corsa,
    dichiara,
    documento_di,
    e_un_problema,
    elenco,
    intestazione_di,
    millisecondi,
    porta,
    pubblica_finti,
    pubblica_record,
    risposta_secondo_descrizione,
    scrivi_chiavi,
    secondo_descrizione,
    voucher,
)
from tests.prestazioni.casi import (
    ambiente,
    amministratore,
    banca_da,
    comanda,
    contesto,
    csv_di,
    interroga,
    prova,
    riga,
)
from tests.prestazioni.casi import porta as importa
from tests.siuss.casi import MINORE, controlla_schema

from capofila.app import crea_app
from capofila.base.database import MOTORE, Contesto, unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.impostazioni import impostazioni
from capofila.debito import pdnd
from capofila.debito.esiti import aggiorna_stato
from capofila.debito.pdnd import EService, EsitoFlusso, pubblica, ricevi_esiti, servi
from capofila.debito.waas import CORPO_MASSIMO
from capofila.siuss import FLUSSO_PRESTAZIONI, FLUSSO_SINBA
from capofila.web.assembla import assemble

pytestmark = pytest.mark.anyio

CHIAMA = "/waas/v1/{}/flussi"
ESITI = "/waas/v1/D142/esiti"


class INPS(httpx.AsyncClient):
    """INPS as it calls: with a new voucher each time unless told."""

    async def flussi(
        self, since: object = 0, codice: str = "D142", token: str | None = "nuovo", **altro: Any
    ) -> httpx.Response:
        token = voucher(codice) if token == "nuovo" else token
        parametri = {"since": since, **altro}
        return await self.get(
            CHIAMA.format(codice),
            params={n: str(v) for n, v in parametri.items() if v is not None},
            headers=porta(token),
        )

    async def esiti(
        self, *esiti: dict[str, Any], codice: str = "D142", **altro: Any
    ) -> httpx.Response:
        secondo_descrizione("ElencoEsiti", {"elenco_esiti": list(esiti)})
        return await self.notifica({"elenco_esiti": list(esiti)}, codice, **altro)

    async def notifica(
        self, corpo: object, codice: str = "D142", token: str | None = None, **altro: Any
    ) -> httpx.Response:
        grezzo = corpo if isinstance(corpo, bytes) else json.dumps(corpo).encode()
        intestazioni = {"content-type": "application/json", **porta(token or voucher(codice))}
        return await self.post(
            f"/waas/v1/{codice}/esiti", content=grezzo, headers=intestazioni | altro
        )


@pytest.fixture(scope="module")
def banca(servizi: Any, modello: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Banca]:
    """One database for the module; each test finds the tables of the e-service empty."""
    chiavi = scrivi_chiavi(tmp_path_factory.mktemp("pdnd") / "jwks.json")
    with banca_da(servizi, modello) as una, pytest.MonkeyPatch.context() as ambiente_di_prova:
        for nome, valore in ambiente(servizi, una, PDND_CHIAVI=str(chiavi)).items():
            ambiente_di_prova.setenv(nome, valore)
        impostazioni.cache_clear()
        yield una
    impostazioni.cache_clear()


@pytest.fixture(scope="module")
async def applicazione(banca: Banca) -> AsyncIterator[Litestar]:
    assemble()
    await MOTORE.apri({"app": banca.app}, massimo=6)
    yield crea_app()
    await MOTORE.chiudi()


@pytest.fixture
async def inps(applicazione: Litestar, banca: Banca) -> AsyncIterator[INPS]:
    """The caller; three e-services, of two enti of Crema and one of Cremona."""
    await comanda(banca.superutente, PULISCI)
    for codice in AUDIENCE:
        await dichiara(codice)
    trasporto = httpx.ASGITransport(applicazione, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with INPS(transport=trasporto, base_url="http://capofila.test") as cliente:
        yield cliente


PULISCI = """
SET session_replication_role = replica;
DELETE FROM flusso_pdnd; DELETE FROM prelievo; DELETE FROM voucher_usato; DELETE FROM esito_orfano;
DELETE FROM eservice; DELETE FROM comunicazione; DELETE FROM esportazione; DELETE FROM prestazione;
DELETE FROM scheda_sinba; DELETE FROM lotto; DELETE FROM registro;
"""


async def record(quanti: int, slug: str = "crema", **campi: str) -> list[int]:
    """Prestazioni in the tables, by id."""
    async with unita_di_lavoro(await contesto(slug)) as unita:
        esito = await importa(csv_di(*(riga(n + 1, **campi) for n in range(quanti))))
        assert esito.stato == "importato", esito.errori[:3]
        return [r["id"] for r in await unita.righe("SELECT id FROM prestazione ORDER BY id")]


async def pubblicati(quanti: int, slug: str = "crema", **altro: Any) -> None:
    async with unita_di_lavoro(await contesto(slug)) as unita:
        assert await pubblica_finti(unita, quanti, **altro) == quanti


async def tutti(inps: INPS, codice: str = "D142", **altro: Any) -> list[dict[str, str]]:
    """All the flows, as INPS pages through them."""
    presi: list[dict[str, str]] = []
    since = 0
    while pagina := elenco(await inps.flussi(since, codice, **altro)):
        presi += pagina
        since = millisecondi(pagina[-1])
    return presi


# What is served.


async def test_un_flusso_e_un_documento_buono_con_una_persona_e_una_prestazione(inps: INPS) -> None:
    ids = await record(3, denominazione_prestazione="Pasti d'Adda & <altri> “così”")
    async with unita_di_lavoro(await contesto("crema")) as unita:
        # Two records of one person in a row are two flows all the same.
        assert await pubblica_record(unita, [*reversed(ids), ids[0]]) == 4
    flussi = elenco(await inps.flussi())
    assert len(flussi) == 4
    oggi = datetime.now(UTC)
    for n, flusso in enumerate(flussi, 1):
        documento = documento_di(flusso)
        controlla_schema(documento, "PS_PSA_SINA201812.xsd")
        albero = etree.fromstring(documento)
        assert len(albero.findall("{*}Beneficiario/{*}PrestazioniSociali")) == 1
        nome = f"D142.PS.{oggi:%Y%m%d}.{1_000_000 + n}"
        identificazione = albero.find("{*}IdentificazioneFlusso")
        assert identificazione is not None
        assert identificazione.get("Nome") == flusso["id_flusso"] == nome
        assert (flusso["codice_ente"], flusso["tipo"]) == ("D142", "PS_PSA_SINA")
        assert flusso["denominazione_ente"] == "Comune di Crema"
    ordine = [etree.fromstring(documento_di(f)).find("{*}Beneficiario") for f in flussi]
    assert [b.get("CodiceFiscale") for b in ordine if b is not None] == [
        riga(n)["codice_fiscale"] for n in (3, 2, 1, 1)
    ]


async def test_anche_i_minori_un_flusso_ciascuno_senza_codice_fiscale(inps: INPS) -> None:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        lotto = await unita.valore(
            "INSERT INTO lotto (nome_file, formato, flusso, sha256, byte, stato, righe, valide) "
            "VALUES ('m', 'csv', 'siuss-sinba', repeat('0', 64), 1, 'importato', 1, 1) RETURNING id"
        )
        ids = [
            await unita.valore(
                "INSERT INTO scheda_sinba (lotto_id, riga, anno, ente_erogatore_id, comune_titolare, "
                "id_beneficiario, dati, conforme_a) SELECT $1, $2, 2025, id, 'D142', $3, $4, 1 "
                "FROM ente WHERE codice = 'D142' RETURNING id",
                lotto, n, f"M-{n}",
                json.dumps(dict(MINORE) | {
                    "id_beneficiario": f"M-{n}", "minore_straniero_no_acc": "no"}),
            )
            for n in range(2)
        ]  # fmt: skip
        await pubblica_record(unita, ids, flusso=FLUSSO_SINBA)
    flussi = elenco(await inps.flussi())
    assert [f["tipo"] for f in flussi] == ["SINBA", "SINBA"]
    for n, flusso in enumerate(flussi):
        controlla_schema(documento_di(flusso), "SINBA.xsd")
        assert f'IDBeneficiario="M-{n}"'.encode() in documento_di(flusso)
        assert flusso["id_flusso"].startswith("D142.SINBA.")


async def test_senza_flussi_l_elenco_e_vuoto(inps: INPS) -> None:
    assert (await inps.flussi()).content == b'{"elenco_flussi":[]}'
    await pubblicati(1)
    (flusso,) = elenco(await inps.flussi())
    assert elenco(await inps.flussi(millisecondi(flusso))) == []
    assert len(elenco(await inps.flussi(millisecondi(flusso) - 1))) == 1


async def test_il_limite_vale_dieci_se_manca_e_al_piu_cento(inps: INPS) -> None:
    await pubblicati(120)
    for altro, attesi in (
        ({}, 10), ({"limit": 0}, 0), ({"limit": 1}, 1), ({"limit": 100}, 100),
        ({"max_entries": 25}, 25), ({"limit": 3, "max_entries": 25}, 3), ({"altro": "x"}, 10),
    ):  # fmt: skip
        assert len(elenco(await inps.flussi(**altro))) == attesi, altro


@pytest.mark.parametrize(
    "query",
    ["", "limit=10", "since=", "since=-1", "since=1.5", "since=1e3", "since=abc", "since=%200",
     "since=0&since=1", f"since={10**20 + 1}", f"since={'9' * 400}", "since=٣", "since=0&limit=101",
     "since=0&limit=-1", "since=0&limit=", "since=0&limit=ten", "since=0&limit=1&limit=2",
     "since=0&max_entries=101", "since=0&limit=10&max_entries=x"],
)  # fmt: skip
async def test_una_richiesta_scritta_male_e_un_400(inps: INPS, query: str) -> None:
    risposta = await inps.get(f"/waas/v1/D142/flussi?{query}", headers=porta(voucher()))
    e_un_problema(risposta, 400)


@pytest.mark.parametrize("since", [0, 10**15, 253402300800000, 10**18, 10**20])
async def test_un_cursore_di_qualunque_anno_e_ammesso(inps: INPS, since: int) -> None:
    elenco(await inps.flussi(since))


async def test_una_risposta_non_cresce_oltre_misura_e_nulla_si_perde(
    inps: INPS, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pubblicati(30)
    uno = len(documento_di(elenco(await inps.flussi(limit=1))[0]))
    monkeypatch.setattr(pdnd, "BYTE_PER_RISPOSTA", 4 * uno + 50)
    assert 3 <= len(elenco(await inps.flussi(limit=100))) <= 4
    assert len({f["id_flusso"] for f in await tutti(inps, limit=100)}) == 30
    monkeypatch.setattr(pdnd, "BYTE_PER_RISPOSTA", 1)
    assert len(await tutti(inps, limit=100)) == 30


async def test_un_flusso_piu_grande_di_dieci_megabyte_non_si_pubblica(inps: INPS) -> None:
    grande = (
        "SELECT 1::bigint AS record_id, 'I'::text AS operazione, NULL::text AS gruppo, "
        "repeat('x', $1::int) AS riga, 'D142'::text AS titolare, 2025::smallint AS anno"
    )
    async with unita_di_lavoro(await contesto("crema")) as unita:
        ente = await unita.valore("SELECT id FROM ente WHERE codice = 'D142'")
        for lunghezza, passa in ((7_499_000, True), (7_500_001, False)):
            chiamata = pubblica(
                unita, ente=ente, esportazione=await corsa(unita), flusso=FLUSSO_PRESTAZIONI,
                intestazione=intestazione_di("D142"), selezione_sql=grande, valori=[lunghezza],
            )  # fmt: skip
            if passa:
                assert await chiamata == 1
            else:
                with pytest.raises(DatiNonValidi, match="10 MB"):
                    async with unita.punto_di_ritorno():
                        await chiamata
    assert len(elenco(await inps.flussi())[0]["flusso"]) > 9_990_000


# Publishing.


async def test_chi_non_ha_un_e_service_attivo_non_pubblica(inps: INPS) -> None:
    async with prova() as unita:
        await unita.esegui("UPDATE eservice SET attivo = false WHERE codice = 'D142'")
        for codice in ("D142", "A034"):
            with pytest.raises(DatiNonValidi, match="e-service attivo"):
                await pubblica_finti(unita, 1, codice=codice)


async def test_nulla_da_pubblicare_non_muove_nulla(inps: INPS) -> None:
    async with prova() as unita:
        assert await pubblica_finti(unita, 0) == 0
        assert await unita.valore("SELECT ultimo_ts FROM eservice WHERE codice = 'D142'") is None


async def test_i_numeri_di_un_giorno_finiscono_con_un_errore_chiaro(
    inps: INPS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdnd, "ULTIMO_NUMERO", pdnd.PRIMO_NUMERO + 9)
    async with prova() as unita:
        assert await pubblica_finti(unita, 7) == 7
        with pytest.raises(Conflitto, match="domani"):
            await pubblica_finti(unita, 4)
        assert await pubblica_finti(unita, 3) == 3


async def test_ogni_flusso_ha_la_sua_comunicazione_nella_stessa_transazione(inps: INPS) -> None:
    async with prova() as unita:
        run = await corsa(unita)
        await pubblica_finti(unita, 5)
        righe = await unita.righe(
            "SELECT c.prestazione_id, c.operazione, c.esito FROM comunicazione c "
            "WHERE c.flusso = 'siuss' AND c.esportazione_id <> $1 ORDER BY c.id",
            run,
        )
        assert [tuple(r) for r in righe] == [(n, "I", None) for n in range(5)]


async def test_un_flusso_pubblicato_non_cambia_piu_se_non_per_l_esito(inps: INPS) -> None:
    await pubblicati(1)
    for colonna in ("corpo", "ts", "id_flusso", "record_id", "byte", "ambito_id"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with prova() as unita:
                await unita.esegui(f"UPDATE flusso_pdnd SET {colonna} = {colonna}")
    for tabella in ("flusso_pdnd", "prelievo", "esito_orfano", "eservice"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with prova() as unita:
                await unita.esegui(f"DELETE FROM {tabella}")


# The cursor: nothing is skipped, nothing is given twice.

_PASSO = st.one_of(
    st.tuples(st.just("pubblica"), st.integers(1, 30), st.integers(-5_000, 5_000)),
    st.tuples(st.just("prendi"), st.integers(0, 100), st.just(0)),
)
INIZIO = datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)


@given(st.lists(_PASSO, min_size=1, max_size=25))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_comunque_si_alternino_pubblicare_e_prendere_nulla_si_salta_o_ripete(
    inps: INPS, passi: list[tuple[str, int, int]]
) -> None:
    """The clock goes where it likes, backwards too; many flows share the millisecond of their run."""
    orologio, since, messi = INIZIO, 0, 0
    presi: list[int] = []
    async with prova() as unita:
        riga_ = await unita.riga("SELECT * FROM eservice_di('D142')")
        eservice = EService(*riga_)

        async def prendi(quanti: int) -> int:
            nonlocal since
            righe = await servi(unita, eservice, since, quanti)
            assert len(righe) <= quanti
            for una in righe:
                assert una["ts"].microsecond % 1000 == 0
                ora = round((una["ts"] - pdnd.EPOCA) / timedelta(milliseconds=1))
                assert ora > since
                since = ora
                albero = etree.fromstring(una["corpo"].replace("<a>", "").replace(
                    "</Beneficiario>", "").encode())  # fmt: skip
                presi.append(int(str(albero.xpath("string(//*[local-name()='b']/@n)"))))
            return len(righe)

        for che_cosa, quanti, scarto in passi:
            if che_cosa == "pubblica":
                orologio += timedelta(milliseconds=scarto)
                await pubblica_finti(unita, quanti, messi, orologio)
                messi += quanti
            else:
                await prendi(quanti)
        while await prendi(7):
            pass
        assert presi == list(range(messi))
        nomi = await unita.righe("SELECT id_flusso FROM flusso_pdnd ORDER BY ts")
        assert len({n["id_flusso"] for n in nomi}) == messi


async def test_chi_pubblica_e_chi_prende_insieme_non_si_danno_fastidio(inps: INPS) -> None:
    """Real transactions side by side, some of which end late and some of which come to nothing."""
    caso = random.Random(7)
    attesi: list[int] = []
    finito = asyncio.Event()

    async def editore(numero: int) -> None:
        for volta in range(6):
            primo = numero * 100_000 + volta * 1_000
            quanti = caso.randint(1, 40)
            try:
                async with unita_di_lavoro(await contesto("crema")) as unita:
                    await pubblica_finti(unita, quanti, primo)
                    await asyncio.sleep(caso.random() / 50)
                    if caso.random() < 0.25:
                        raise LookupError
                attesi.extend(range(primo, primo + quanti))
            except LookupError:
                pass

    async def lettore() -> list[str]:
        since, presi = 0, []
        while True:
            ultimo_giro = finito.is_set()
            pagina = elenco(await inps.flussi(since, limit=caso.choice((1, 7, 100))))
            presi += [f["id_flusso"] for f in pagina]
            since = millisecondi(pagina[-1]) if pagina else since
            if ultimo_giro and not pagina:
                return presi

    lettori = [asyncio.create_task(lettore()) for _ in range(2)]
    await asyncio.gather(*(editore(n) for n in range(3)))
    finito.set()
    presi = await asyncio.gather(*lettori)
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True) as unita:
        righe = await unita.righe("SELECT id_flusso, record_id FROM flusso_pdnd ORDER BY ts")
    assert sorted(r["record_id"] for r in righe) == sorted(attesi)
    for suoi in presi:
        assert suoi == [r["id_flusso"] for r in righe]


async def test_due_che_pubblicano_su_un_istantanea_non_si_confondono(inps: INPS) -> None:
    """Under REPEATABLE READ whoever lost cannot know the other's last moment: it is refused."""

    async def secondo(via: asyncio.Event, pronto: asyncio.Event) -> None:
        async with unita_di_lavoro(await contesto("crema"), istantanea=True) as unita:
            await unita.valore("SELECT 1")
            pronto.set()
            await via.wait()
            await pubblica_finti(unita, 1)

    via, pronto = asyncio.Event(), asyncio.Event()
    opera = asyncio.create_task(secondo(via, pronto))
    await pronto.wait()
    await pubblicati(3)
    via.set()
    with pytest.raises(asyncpg.SerializationError):
        await opera


async def test_pubblicare_a_lungo_non_ferma_chi_prende(inps: INPS) -> None:
    await pubblicati(2)
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await pubblica_finti(unita, 2, 10)
        async with asyncio.timeout(5):
            assert len(elenco(await asyncio.create_task(inps.flussi()))) == 2


# Who may call.


async def test_senza_un_voucher_buono_non_si_ha_nulla_e_non_si_sa_perche(
    inps: INPS, caplog: pytest.LogCaptureFixture
) -> None:
    await pubblicati(1)
    parole = set()
    for token in (
        "a.b.c", voucher("G306"), voucher("D150"), voucher(kid="altra"), voucher(exp=1),
        voucher(typ="JWT"), voucher(iss="x"), voucher(jti=None), voucher(alg="RS512"),
    ):  # fmt: skip
        with caplog.at_level(logging.WARNING):
            for risposta in (
                await inps.flussi(token=token),
                await inps.notifica({}, token=token),
            ):
                problema = e_un_problema(risposta, 401)
                parole.add((problema["title"], problema["detail"]))
                assert risposta.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert token not in caplog.text
        assert all(pezzo not in caplog.text for pezzo in token.split(".") if len(pezzo) > 9)
    senza = await inps.flussi(token=None)
    problema = e_un_problema(senza, 401)
    assert senza.headers["www-authenticate"] == "Bearer"
    assert parole == {(problema["title"], problema["detail"])}
    async with prova() as unita:
        for tabella in ("prelievo", "voucher_usato", "esito_orfano"):
            assert await unita.valore(f"SELECT count(*) FROM {tabella}") == 0


async def test_il_voucher_di_un_ente_apre_solo_il_suo_e_service(inps: INPS) -> None:
    for codice, slug in (("D142", "crema"), ("G306", "crema"), ("D150", "cremona")):
        await pubblicati(1, slug, codice=codice)
    for mio in AUDIENCE:
        for altro in AUDIENCE:
            risposta = await inps.flussi(codice=altro, token=voucher(mio))
            if mio == altro:
                (flusso,) = elenco(risposta)
                assert flusso["codice_ente"] == mio
                assert flusso["id_flusso"].startswith(f"{mio}.")
            else:
                e_un_problema(risposta, 401)


@pytest.mark.parametrize("codice", ["Z999", "d142", "D1", "D142x", "%20", "019035", "crema"])
async def test_un_ente_che_non_c_e_si_rifiuta_come_un_voucher_sbagliato(
    inps: INPS, codice: str
) -> None:
    e_un_problema(
        await inps.get(f"/waas/v1/{codice}/flussi?since=0", headers=porta(voucher())), 401
    )
    e_un_problema(await inps.get(f"/waas/v1/{codice}/status"), 404)


async def test_lo_stesso_messaggio_con_lo_stesso_voucher_non_passa_due_volte(inps: INPS) -> None:
    await pubblicati(12)
    token = voucher()
    elenco(await inps.flussi(token=token))
    e_un_problema(await inps.flussi(token=token), 401)
    # The next page is another message; so is the same one with a new voucher.
    elenco(await inps.flussi(1, token=token))
    elenco(await inps.flussi(0, token=token, limit=11))
    elenco(await inps.flussi())
    notizia: dict[str, list[str]] = {"elenco_esiti": []}
    assert (await inps.notifica(notizia, token=token)).status_code == 204
    e_un_problema(await inps.notifica(notizia, token=token), 401)


async def test_due_volte_insieme_ne_passa_una(inps: INPS) -> None:
    token = voucher()
    risposte = await asyncio.gather(*(inps.flussi(token=token) for _ in range(6)))
    assert sorted(r.status_code for r in risposte) == [200] + [401] * 5


async def test_un_voucher_per_un_uso_solo_ne_ha_uno(inps: INPS) -> None:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await unita.esegui("UPDATE eservice SET uso_voucher = 'unico' WHERE codice = 'D142'")
    token = voucher()
    elenco(await inps.flussi(token=token))
    e_un_problema(await inps.flussi(1, token=token), 401)
    e_un_problema(await inps.notifica({}, token=token), 401)


async def test_una_richiesta_che_non_ha_fatto_nulla_non_consuma_il_voucher(inps: INPS) -> None:
    token = voucher()
    e_un_problema(await inps.flussi("x", token=token), 400)
    e_un_problema(await inps.flussi("x", token=token), 400)
    e_un_problema(await inps.notifica(b"{", token=token), 400)
    elenco(await inps.flussi(token=token))


async def test_i_voucher_finiti_si_dimenticano(inps: INPS) -> None:
    elenco(await inps.flussi())
    async with unita_di_lavoro(await contesto("crema")) as unita:
        assert await pdnd.pulisci_voucher() == 0
        await pdnd.usa_voucher(unita, "0" * 64, 1_000_000)
        assert await pdnd.pulisci_voucher() == 1
        assert await unita.valore("SELECT count(*) FROM voucher_usato") == 1


async def test_una_sessione_di_una_persona_non_serve_e_non_disturba(inps: INPS) -> None:
    intestazioni = {"cookie": "capofila_sessione=x; capofila_csrf=y"}
    risposta = await inps.get(CHIAMA.format("D142") + "?since=0", headers=intestazioni)
    e_un_problema(risposta, 401)
    risposta = await inps.get(
        CHIAMA.format("D142") + "?since=0", headers=intestazioni | porta(voucher())
    )
    elenco(risposta)
    assert "set-cookie" not in risposta.headers


async def test_solo_il_fruitore_dichiarato_chiama(inps: INPS) -> None:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await unita.esegui("UPDATE eservice SET fruitore = 'inps' WHERE codice = 'D142'")
    e_un_problema(await inps.flussi(), 401)
    elenco(await inps.flussi(token=voucher(consumerId="inps")))


# Outcomes.


def esito(
    flusso: dict[str, str], codice: str = "OK", minuto: int = 1, **altro: Any
) -> dict[str, Any]:
    """An outcome as INPS writes it."""
    detto = {
        "id_flusso": flusso["id_flusso"], "tipo": flusso["tipo"], "ts_flusso": flusso["ts_flusso"],
        "ts_acquisizione": f"2026-04-01T10:{minuto:02}:00.000Z", "codice_esito": codice,
    }  # fmt: skip
    if codice == "OK":
        detto["id_acquisizione_siuss"] = "22738"
    else:
        detto["descrizione_esito"] = f"Rifiutato: {codice}"
    return {n: v for n, v in (detto | altro).items() if v is not None}


async def stati(banca: Banca) -> list[tuple[Any, ...]]:
    """What became of each flow: on the flow and on its communication."""
    righe = await interroga(
        banca.superutente,
        "SELECT f.codice_esito, f.id_acquisizione, c.esito, c.esito_codice, c.esito_testo, "
        "f.ts_acquisizione = c.esito_il FROM flusso_pdnd f JOIN comunicazione c "
        "ON c.prestazione_id = f.record_id AND c.esportazione_id = f.esportazione_id ORDER BY f.ts",
    )
    return [tuple(r) for r in righe]


async def test_gli_esiti_arrivano_al_flusso_alla_comunicazione_e_alla_corsa(
    inps: INPS, banca: Banca
) -> None:
    ids = await record(4)
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await pubblica_record(unita, ids)
    flussi = elenco(await inps.flussi())
    codici = ("OK", "RICHIESTA_INVALIDA", "DATI_NON_TROVATI", "ERRORE_GENERICO")
    risposta = await inps.esiti(*(esito(f, c) for f, c in zip(flussi[:3], codici, strict=False)))
    assert (risposta.status_code, risposta.content) == (204, b"")
    (run,) = await interroga(banca.superutente, "SELECT stato, esiti_il FROM esportazione")
    # One accepted and two refused, one still to be answered: already accepted in part.
    assert run["stato"] == "accolta_in_parte"
    assert run["esiti_il"] is not None
    async with unita_di_lavoro(await contesto("crema")) as unita:
        for una in await unita.righe("SELECT id FROM esportazione"):
            await aggiorna_stato(unita, una["id"])
        assert await unita.valore("SELECT stato FROM esportazione") == run["stato"]
    await inps.esiti(esito(flussi[3], codici[3]))
    assert await stati(banca) == [
        ("OK", "22738", "accolta", "OK", None, True),
        *((c, None, "scartata", c, f"Rifiutato: {c}", True) for c in codici[1:]),
    ]
    (run,) = await interroga(banca.superutente, "SELECT stato FROM esportazione")
    assert run["stato"] == "accolta_in_parte"
    # A later answer changes the run too.
    await inps.esiti(*(esito(f, minuto=2) for f in flussi))
    (run,) = await interroga(banca.superutente, "SELECT stato FROM esportazione")
    assert run["stato"] == "accolta"
    await inps.esiti(*(esito(f, "ERRORE_GENERICO", minuto=3) for f in flussi))
    (run,) = await interroga(banca.superutente, "SELECT stato FROM esportazione")
    assert run["stato"] == "scartata"


_NOTIZIE = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["OK", "RICHIESTA_INVALIDA", "ERRORE_GENERICO"]),
        st.integers(0, 3),
        st.sampled_from(["", "a", "è"]),
    ),
    min_size=1,
    max_size=8,
)


@given(_NOTIZIE, st.integers(0, 10**6))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_gli_esiti_in_qualunque_ordine_e_quante_volte_si_vuole_dicono_lo_stesso(
    inps: INPS, notizie: list[tuple[int, str, int, str]], seme: int
) -> None:
    async def dopo(sequenza: list[list[tuple[int, str, int, str]]]) -> list[tuple[Any, ...]]:
        async with prova() as unita:
            await pubblica_finti(unita, 3)
            eservice = EService(*await unita.riga("SELECT * FROM eservice_di('D142')"))
            noti = [
                r["id_flusso"]
                for r in await unita.righe("SELECT id_flusso FROM flusso_pdnd ORDER BY ts")
            ]
            for insieme in sequenza:
                await ricevi_esiti(unita, eservice, "D142", [
                    EsitoFlusso(
                        noti[n], "PS_PSA_SINA", INIZIO, INIZIO + timedelta(minutes=m), codice,  # type: ignore[arg-type]
                        testo, "1" if codice == "OK" else None,
                    )
                    for n, codice, m, testo in insieme
                ])  # fmt: skip
            righe = await unita.righe(
                "SELECT f.record_id, f.codice_esito, f.descrizione_esito, f.ts_acquisizione, "
                "c.esito, c.esito_codice, c.esito_testo, c.esito_il FROM flusso_pdnd f "
                "JOIN comunicazione c ON c.prestazione_id = f.record_id ORDER BY 1"
            )
            return [tuple(r) for r in righe]

    in_ordine = await dopo([[una] for una in notizie])
    caso = random.Random(seme)
    mescolate = notizie + caso.sample(notizie, caso.randint(0, len(notizie)))
    caso.shuffle(mescolate)
    taglio = caso.randint(0, len(mescolate))
    assert await dopo([mescolate[:taglio], mescolate[taglio:]]) == in_ordine
    for n, _, minuto, _ in notizie:
        quando = in_ordine[n][3]
        assert quando is not None
        assert quando >= INIZIO + timedelta(minutes=minuto)


async def test_due_notifiche_insieme_in_ordine_opposto_finiscono_entrambe(inps: INPS) -> None:
    await pubblicati(20)
    flussi = elenco(await inps.flussi(limit=20))
    for giro in range(4):
        detti = [esito(f, minuto=giro) for f in flussi]
        risposte = await asyncio.gather(inps.esiti(*detti), inps.esiti(*reversed(detti)))
        assert [r.status_code for r in risposte] == [204, 204]


@pytest.mark.parametrize("sa", ["niente", "di tabelle vuote", "di un altro ambito"])
async def test_una_notifica_legge_i_suoi_flussi_e_non_tutti(
    inps: INPS, banca: Banca, sa: str
) -> None:
    """Right after a run, whatever the planner knew of the tables before it."""
    if sa == "di un altro ambito":
        await pubblicati(2000, "cremona", codice="D150")
    if sa != "niente":
        await comanda(banca.superutente, "ANALYZE flusso_pdnd, comunicazione")
    await pubblicati(6000)
    async with unita_di_lavoro(await contesto("crema")) as unita:
        eservice = EService(*await unita.riga("SELECT * FROM eservice_di('D142')"))
        nomi = [r["id_flusso"] for r in await servi(unita, eservice, 0, 100)]
    lette = (
        "SELECT relname, seq_tup_read + coalesce(idx_tup_fetch, 0) AS righe "
        "FROM pg_stat_xact_user_tables WHERE relname IN ('flusso_pdnd', 'comunicazione')"
    )
    async with unita_di_lavoro(await contesto("crema")) as unita:
        # The connection still counts what it read before.
        prima = {r["relname"]: r["righe"] for r in await unita.righe(lette)}
        detti = [EsitoFlusso(nome, "PS_PSA_SINA", INIZIO, INIZIO, "OK") for nome in nomi]
        await ricevi_esiti(unita, eservice, "D142", detti)
        dopo = {r["relname"]: r["righe"] for r in await unita.righe(lette)}
    for tabella in ("flusso_pdnd", "comunicazione"):
        assert 100 <= dopo[tabella] - prima.get(tabella, 0) < 1000, (tabella, prima, dopo)


async def test_l_esito_di_un_flusso_sconosciuto_resta_e_si_vede(inps: INPS, banca: Banca) -> None:
    await pubblicati(1)
    (nostro,) = elenco(await inps.flussi())
    await pubblicati(1, codice="G306")
    (di_pandino,) = elenco(await inps.flussi(codice="G306"))
    ignoto = {**nostro, "id_flusso": "D142.PS.20200101.0000001\x00"}
    for _ in range(2):
        risposta = await inps.esiti(esito(nostro), esito(ignoto), esito(di_pandino))
        assert risposta.status_code == 204
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        orfani = await pdnd.esiti_orfani()
    assert {(o.codice, o.id_flusso) for o in orfani} == {
        ("D142", "D142.PS.20200101.0000001\ufffd"), ("D142", di_pandino["id_flusso"]),
    }  # fmt: skip
    # The flow of another ente of the same ambito is as it was.
    assert [s[0] for s in await stati(banca)] == ["OK", None]
    (voce,) = await interroga(
        banca.superutente,
        "SELECT dettagli FROM registro WHERE azione = 'pdnd.esiti' ORDER BY id LIMIT 1",
    )
    assert json.loads(voce["dettagli"]) == {"ricevuti": 3, "orfani": 2}


async def test_un_numero_di_troppo_o_con_l_altro_nome_non_ferma_la_notifica(
    inps: INPS, banca: Banca
) -> None:
    """The example of the specification (par. 3.4.2) calls the number `codice_siuss`, and repeats the
    ente; a number beside a refusal means nothing, and must not keep the other outcomes out.
    """
    ids = await record(3)
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await pubblica_record(unita, ids)
    uno, due, tre = elenco(await inps.flussi())
    altrimenti = {"codice_ente": "D142", "denominazione_ente": "x", "id_acquisizione_siuss": None}
    risposta = await inps.esiti(
        esito(uno, codice_siuss="22738", **altrimenti),
        esito(due, "ERRORE_GENERICO", id_acquisizione_siuss="9"),
        esito(tre, id_acquisizione_siuss="7" * 300),
    )
    assert risposta.status_code == 204
    assert [(s[0], s[1]) for s in await stati(banca)] == [
        ("OK", "22738"), ("ERRORE_GENERICO", None), ("OK", "7" * 200)
    ]  # fmt: skip


BUONO = {
    "id_flusso": "D142.PS.20260101.1000001", "tipo": "PS_PSA_SINA",
    "ts_flusso": "2026-01-01T10:00:00.000Z", "ts_acquisizione": "2026-01-02T10:00:00+01:00",
    "codice_esito": "OK", "descrizione_esito": "bene", "id_acquisizione_siuss": "1",
    "campo_nuovo": {"che": "ignoriamo"},
}  # fmt: skip


async def test_un_esito_completo_e_uno_minimo_sono_ammessi(inps: INPS) -> None:
    minimo = {
        n: BUONO[n] for n in ("id_flusso", "tipo", "ts_flusso", "ts_acquisizione", "codice_esito")
    }
    nulli = minimo | {"descrizione_esito": None, "id_acquisizione_siuss": None}
    for elenco_ in ([BUONO], [minimo], [nulli], [minimo | {"descrizione_esito": "x" * 9000}],
                    [BUONO] * 100, []):  # fmt: skip
        assert (await inps.notifica({"elenco_esiti": elenco_})).status_code == 204
    assert (await inps.notifica({})).status_code == 204


CORPI_GUASTI: dict[str, object] = {
    "non è JSON": b"{", "vuoto": b"", "UTF-8 rotto": b'{"elenco_esiti": ["\xff"]}',
    "un elenco": [], "campo di troppo": {"elenco_esiti": [], "altro": 1},
    "non un elenco": {"elenco_esiti": {}}, "nullo": {"elenco_esiti": None},
    "centouno": {"elenco_esiti": [BUONO] * 101}, "profondo": b"[" * 100_000,
    **{f"senza {n}": {"elenco_esiti": [{k: v for k, v in BUONO.items() if k != n}]}
       for n in ("id_flusso", "tipo", "ts_flusso", "ts_acquisizione", "codice_esito")},
    **{f"{n} = {v!r}": {"elenco_esiti": [BUONO, BUONO | {n: v}]} for n, v in (
        ("tipo", "ALTRO"), ("codice_esito", "BENE"), ("codice_esito", "ok"), ("id_flusso", 1),
        ("id_flusso", ""), ("id_flusso", "x" * 201), ("ts_flusso", "2026-01-01"),
        ("ts_flusso", "2026-01-01T10:00:00"), ("ts_acquisizione", 1764000000),
        ("ts_acquisizione", "0001-01-01T00:00:00+23:00"), ("ts_flusso", "9999-12-31T23:59:59-23:00"),
        ("codice_esito", "FORSE"), ("id_acquisizione_siuss", 22738),
        ("descrizione_esito", ["x"]),
    )},
}  # fmt: skip


@pytest.mark.parametrize("guasto", CORPI_GUASTI)
async def test_una_notifica_fuori_schema_e_un_400_e_nulla_resta(
    inps: INPS, banca: Banca, guasto: str
) -> None:
    problema = e_un_problema(await inps.notifica(CORPI_GUASTI[guasto]), 400)
    assert "RSSMRA" not in problema["detail"]
    assert await interroga(banca.superutente, "SELECT 1 FROM esito_orfano") == []


async def test_il_luogo_dell_errore_si_dice_e_il_valore_no(inps: INPS) -> None:
    corpo = {"elenco_esiti": [BUONO, BUONO | {"tipo": "RSSMRA80A41D142Q"}]}
    dettaglio = e_un_problema(await inps.notifica(corpo), 400)["detail"]
    assert "$.elenco_esiti[1].tipo" in dettaglio or "$.elenco_esiti[...].tipo" in dettaglio
    assert "RSSMRA" not in dettaglio


async def test_una_notifica_troppo_grande_o_di_un_altro_formato_si_rifiuta(inps: INPS) -> None:
    e_un_problema(await inps.notifica(b" " * (CORPO_MASSIMO + 1)), 413)
    assert (await inps.notifica(b"{" + b" " * (CORPO_MASSIMO - 2) + b"}")).status_code == 204
    e_un_problema(await inps.notifica({}, **{"content-type": "text/plain"}), 415)

    async def a_pezzi() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 50_000

    risposta = await inps.post(
        ESITI, content=a_pezzi(), headers={"content-type": "application/json", **porta(voucher())}
    )
    e_un_problema(risposta, 413)


# Health, and what goes wrong.


async def test_lo_stato_dice_se_una_chiamata_sarebbe_servita(
    inps: INPS, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "correttamente" in e_un_problema(await inps.get("/waas/v1/D142/status"), 200)["detail"]
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await unita.esegui("UPDATE eservice SET attivo = false WHERE codice = 'D142'")
    assert "sospeso" in e_un_problema(await inps.get("/waas/v1/D142/status"), 503)["detail"]
    risposta = await inps.flussi()
    assert "sospeso" in e_un_problema(risposta, 503)["detail"]
    assert risposta.headers["retry-after"] == "60"
    e_un_problema(await inps.flussi(token=voucher("G306")), 401)
    with monkeypatch.context() as senza:
        senza.setenv("CAPOFILA_PDND_CHIAVI", "")
        impostazioni.cache_clear()
        for risposta in (
            await inps.get("/waas/v1/G306/status"),
            await inps.flussi(codice="G306"),
        ):
            assert "chiavi" in e_un_problema(risposta, 503)["detail"]
    impostazioni.cache_clear()


async def test_senza_database_si_risponde_503_e_poi_di_nuovo(
    inps: INPS, banca: Banca, servizi: Any
) -> None:
    chiuso = f"ALTER DATABASE {banca.nome} ALLOW_CONNECTIONS"
    via = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{banca.nome}'"
    await comanda(amministratore(servizi), f"{chiuso} false", via)
    try:
        risposte = (await inps.get("/waas/v1/D142/status"), await inps.flussi())
    finally:
        await comanda(amministratore(servizi), f"{chiuso} true")
    for risposta in risposte:
        e_un_problema(risposta, 503)
        assert risposta.headers["retry-after"] == "60"
    e_un_problema(await inps.get("/waas/v1/D142/status"), 200)
    elenco(await inps.flussi())


@pytest.mark.parametrize(
    ("metodo", "percorso", "stato"),
    [("GET", "/waas/v1/D142", 404), ("GET", "/waas/v1/D142/altro", 404), ("GET", "/waas/", 404),
     ("GET", "/waas/v2/D142/flussi", 404), ("POST", "/waas/v1/D142/flussi", 405),
     ("GET", "/waas/v1/D142/esiti", 405), ("DELETE", "/waas/v1/D142/status", 405)],
)  # fmt: skip
async def test_anche_cio_che_non_c_e_e_un_problema_e_non_una_pagina(
    inps: INPS, metodo: str, percorso: str, stato: int
) -> None:
    e_un_problema(await inps.request(metodo, percorso, headers=porta(voucher())), stato)


OPERAZIONI = (("GET", "flussi"), ("POST", "esiti"), ("GET", "status"))


async def test_ogni_risposta_di_ogni_operazione_e_nella_forma_che_inps_descrive(
    inps: INPS, monkeypatch: pytest.MonkeyPatch, banca: Banca
) -> None:
    """Every status that an operation can answer with: body, type and headers by the description.

    Without the description (CAPOFILA_SIUSS_OPENAPI) the statuses and the shape of a problem are
    checked all the same.
    """
    await pubblicati(3)
    visti: dict[tuple[str, str], set[int]] = {o: set() for o in OPERAZIONI}

    async def chiama(
        metodo: str, risorsa: str, atteso: int, *, codice: str = "D142", query: str | None = None,
        token: str | None = "", corpo: bytes = b'{"elenco_esiti": []}',
        tipo: str = "application/json",
    ) -> httpx.Response:  # fmt: skip
        di_serie = "since=0" if risorsa == "flussi" else ""
        risposta = await inps.request(
            metodo, f"/waas/v1/{codice}/{risorsa}?{di_serie if query is None else query}",
            headers={"content-type": tipo, **porta(voucher("D142") if token == "" else token)},
            content=corpo if metodo == "POST" else None,
        )  # fmt: skip
        assert risposta.status_code == atteso, (metodo, risorsa, risposta.text)
        if atteso not in (200, 204):
            e_un_problema(risposta, atteso)
        risposta_secondo_descrizione(metodo, risorsa, risposta)
        if (metodo, risorsa) in visti:
            visti[metodo, risorsa].add(atteso)
        return risposta

    await chiama("GET", "flussi", 200)
    await chiama("GET", "flussi", 200, query=f"since={10**20}")
    await chiama("GET", "flussi", 400, query="since=ieri")
    await chiama("POST", "esiti", 204)
    await chiama("POST", "esiti", 400, corpo=b"[]")
    await chiama("POST", "esiti", 413, corpo=b" " * (CORPO_MASSIMO + 1))
    await chiama("POST", "esiti", 415, tipo="text/plain")
    await chiama("GET", "status", 200)
    await chiama("GET", "status", 404, codice="Z999")
    for metodo, risorsa in (("GET", "flussi"), ("POST", "esiti")):
        for token in (None, "x.y.z", voucher("G306"), voucher("D142", exp=1)):
            rifiutata = await chiama(metodo, risorsa, 401, token=token)
            assert rifiutata.headers["www-authenticate"].startswith("Bearer")
    for metodo, risorsa in (("POST", "flussi"), ("GET", "esiti"), ("PUT", "status")):
        assert (await chiama(metodo, risorsa, 405)).headers["allow"]

    with monkeypatch.context() as lento:
        lento.setenv("CAPOFILA_PDND_RICHIESTE_AL_MINUTO", "1")
        impostazioni.cache_clear()
        await inps.flussi()  # The one of this minute.
        for metodo, risorsa in (("GET", "flussi"), ("POST", "esiti")):
            await chiama(metodo, risorsa, 429)
    impostazioni.cache_clear()

    with monkeypatch.context() as guasto:

        async def rompi(*_: object) -> None:
            raise RuntimeError("un guasto")

        for nome in ("servi", "ricevi_esiti", "eservice_di"):
            with guasto.context() as uno:
                uno.setattr(pdnd, nome, rompi)
                for metodo, risorsa in OPERAZIONI:
                    if nome == "eservice_di" or (nome == "servi") == (risorsa == "flussi"):
                        if nome != "eservice_di" and risorsa == "status":
                            continue
                        await chiama(metodo, risorsa, 500)

    await comanda(banca.superutente, "UPDATE eservice SET attivo = false WHERE codice = 'D142'")
    for metodo, risorsa in OPERAZIONI:
        await chiama(metodo, risorsa, 503)

    assert visti == {
        ("GET", "flussi"): {200, 400, 401, 429, 500, 503},
        ("POST", "esiti"): {204, 400, 401, 413, 415, 429, 500, 503},
        ("GET", "status"): {200, 404, 500, 503},
    }


async def test_di_chi_si_parla_non_esce_ne_nei_registri_ne_nelle_tracce(
    inps: INPS, caplog: pytest.LogCaptureFixture, banca: Banca
) -> None:
    ids = await record(1)
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await pubblica_record(unita, ids)
    with caplog.at_level(logging.DEBUG):
        (flusso,) = elenco(await inps.flussi())
        await inps.esiti(
            esito(flusso, "RICHIESTA_INVALIDA", descrizione_esito="Rossi Maria errata")
        )
    for segno in (riga(1)["codice_fiscale"], "Rossi", flusso["flusso"][:40]):
        assert segno not in "\n".join(
            r.getMessage() for r in caplog.records if r.name.startswith("capofila")
        )
    registrate = await interroga(banca.superutente, "SELECT dettagli::text FROM registro")
    assert all("Rossi" not in r["dettagli"] for r in registrate)


# What people see.


async def test_lo_stato_dei_flussi_si_vede(inps: INPS) -> None:
    await pubblicati(3)
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        (crema, pandino) = await pdnd.eservices()
        assert (crema.codice, pandino.codice) == ("D142", "G306")
        assert crema.pubblicati_fino is not None
        assert crema.prelevati_fino is crema.chiamato_il is None
    flussi = elenco(await inps.flussi(limit=2))
    await inps.esiti(esito(flussi[0]))
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        visti = await pdnd.ultimi_flussi("D142")
        assert [(v.prelevato, v.codice_esito) for v in visti] == [
            (False, None), (True, None), (True, "OK"),
        ]  # fmt: skip
        assert visti[2].id_acquisizione == "22738"
        (crema, _) = await pdnd.eservices()
        assert crema.prelevati_fino == visti[1].ts
        assert crema.chiamato_il is not None
        assert await pdnd.ultimi_flussi("D150") == []
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        assert await unita.righe("SELECT 1 FROM flusso_pdnd") == []
