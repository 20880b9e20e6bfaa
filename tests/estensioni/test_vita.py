"""The life of a plugin: a pinned year through an upgrade and a removal, tables that outlive it, purge."""

from __future__ import annotations

import sys
import sysconfig
from datetime import date
from typing import Any

import asyncpg
import msgspec
import pytest
from tests.estensioni.conftest import Casa, Entra

from capofila.base.anni import che_cosa_cambierebbe, fissa
from capofila.base.approvazioni import (
    Approvazione,
    approva,
    contenuto_installato,
    installati,
    ritira,
)
from capofila.base.attivazioni import plugin_attivi, registro
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.guasti import guasti
from capofila.base.lavori import REGISTRO, Compito
from capofila.base.plugin import PluginInErrore, Registro
from capofila.conformita.esame import risposte
from capofila.estensioni import jobs, tabelle
from capofila.estensioni.anteprima import anteprima
from capofila.estensioni.esecuzione import Recinto, Vietato
from capofila.estensioni.migra import elimina, migra_plugin
from capofila.estensioni.service import HOOK
from capofila.hooks import specifiche, variante
from capofila.pulizia import pulisci

pytestmark = pytest.mark.anyio


@pytest.fixture
def mio(casa: Casa) -> Contesto:
    return Contesto(ambito=casa.ambiti["mantova"])


def _senza() -> Registro:
    """The registry of a platform without the vendor's plugin."""
    return Registro.carica(distribuzioni=())


async def _titoli(anno: int) -> list[str]:
    attivi = await plugin_attivi()
    return [uno.titolo for uno in attivi.adempimenti(anno) if uno.codice.startswith("mantova")]


async def test_un_anno_fissato_non_cambia_con_la_versione_ne_senza_il_plugin(
    mio: Contesto, monkeypatch: pytest.MonkeyPatch, entra: Entra
) -> None:
    import capofila_mantova as plugin

    async with unita_di_lavoro(mio):
        prima = await _titoli(2024)
        assert prima
        assert "mantova 0.1.0" in await fissa(2024)
        with pytest.raises(Conflitto, match="già fissato"):
            await fissa(2024)
        assert await che_cosa_cambierebbe(2024, "mantova") == []
        with pytest.raises(NonTrovato):
            await che_cosa_cambierebbe(2023, "mantova")
    nuovi = tuple(variante(uno, titolo="Cambiato dal fornitore") for uno in plugin.ADEMPIMENTI)
    monkeypatch.setattr(plugin, "ADEMPIMENTI", nuovi)
    async with unita_di_lavoro(mio):
        assert await _titoli(2024) == prima
        assert {*await _titoli(2025)} == {"Cambiato dal fornitore"}
        (una, *_) = await che_cosa_cambierebbe(2024, "mantova")
        assert (una.domanda, una.dopo) == ("adempimenti", "Cambiato dal fornitore")
    pagina = await (await entra("ugo")).get("/mantova/plugin/anni/2024/mantova")
    assert "Cambiato dal fornitore" in pagina.text
    monkeypatch.setattr("capofila.base.attivazioni.registro", _senza)
    async with unita_di_lavoro(mio):
        assert await _titoli(2024) == prima
        assert await _titoli(2025) == []


async def test_chi_risponde_dell_ufficio_fissa_un_anno(entra: Entra) -> None:
    mara = await entra("mara")
    assert (await mara.vai("POST", "/mantova/plugin/anni", {"anno": "2022"})).status_code == 303
    pagina = (await mara.get("/mantova/plugin/anni")).text
    assert "Il 2022 è fissato" in pagina
    assert 'href="/mantova/plugin/anni/2022/mantova"' in pagina
    for anno in ("duemila", "2099"):
        await mara.vai("POST", "/mantova/plugin/anni", {"anno": anno})
    pagina = (await mara.get("/mantova/plugin/anni")).text
    assert "quattro cifre" in pagina
    assert "anno passato, quello in corso o il prossimo" in pagina
    ugo = await entra("ugo")
    assert "Fissa un anno" not in (await ugo.get("/mantova/plugin/anni")).text
    assert (await ugo.vai("POST", "/mantova/plugin/anni", {"anno": "2021"})).status_code == 403


async def test_le_migrazioni_si_fanno_una_volta_e_non_si_riscrivono(
    casa: Casa, monkeypatch: pytest.MonkeyPatch
) -> None:
    import capofila_mantova as plugin

    assert await migra_plugin(casa.banca.migra) == []
    prima, seconda = plugin.MIGRAZIONI
    for rotte, frase in (
        ((variante(prima, passi=prima.passi[:1]), seconda), "è cambiata dopo essere stata fatta"),
        ((prima,), "non ha più la migrazione «0002_riepilogo»"),
    ):
        monkeypatch.setattr(plugin, "MIGRAZIONI", rotte)
        with pytest.raises(Conflitto, match=frase):
            await migra_plugin(casa.banca.migra)


async def test_le_righe_di_un_plugin_disinstallato_si_leggono_e_non_si_scrivono(
    casa: Casa, mio: Contesto
) -> None:
    tabella = registro().tabelle("mantova")["visite"]
    riga = {
        "giorno": "2025-01-02",
        "sede": "Casa Blu",
        "esito": "buono",
        "spesa": None,
        "note": None,
    }
    async with unita_di_lavoro(mio):
        await tabelle.aggiungi("mantova", tabella, [riga])
    await migra_plugin(casa.banca.migra, _senza())
    try:
        async with unita_di_lavoro(mio) as unita:
            tenuta = (await tabelle.tabelle_tenute())["mantova"]["visite"]
            assert tenuta == tabella
            assert "Casa Blu" in [r.valori["sede"] for r in await tabelle.righe("mantova", tenuta)]
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with unita.punto_di_ritorno():
                    await tabelle.aggiungi("mantova", tenuta, [riga])
        with pytest.raises(Conflitto, match="è installato"):
            await elimina(casa.banca.migra, "mantova")
        with pytest.raises(Conflitto, match="usa ancora"):
            await elimina(casa.banca.migra, "mantova", _senza())
        with pytest.raises(NonTrovato):
            await elimina(casa.banca.migra, "assente", _senza())
    finally:
        await migra_plugin(casa.banca.migra)
    async with unita_di_lavoro(mio):
        await tabelle.aggiungi("mantova", tabella, [riga])


def _compito(mio: Contesto) -> Any:
    """A job at hand, without the queue."""

    class Finto(Compito):
        async def conferma(self, unita: Any) -> None:
            return None

    from datetime import UTC, datetime
    from uuid import uuid4

    return Finto(
        id_=uuid4(), tipo="plugin.lavoro", parametri={"plugin": "mantova", "lavoro": "riepiloga"},
        tentativo=1, ultimo=True, preso_il=datetime.now(UTC), contesto=mio,
    )  # fmt: skip


CADUTE = {
    "solleva": ("raise ValueError('RSSMRA80A01D150J')", "ValueError"),
    "gira": ("\n    while True: pass", "fermato"),
    "mangia": ("return [{'anno': 'x' * 10**10}]", "MemoryError"),
    "scrive": ("open('{cartella}/scritto', 'w')", "scrivere un file"),
    "scrive di nascosto": (
        "\n    try: open('{cartella}/scritto', 'a')\n    except OSError: return []",
        "scrivere un file",
    ),
    "ruba": (
        "return [{'anno': open('/proc/%d/environ' % __import__('os').getppid()).read()}]",
        "leggere un file che non è codice",
    ),
    "ruba per via relativa": (
        "return [{'anno': open('etc/passwd').read()}]",
        "leggere un file che non è codice",
    ),
    "ruba per una via del C": (
        "\n    import readline\n    readline.read_history_file('/etc/passwd')",
        "usare i file per un'altra via (readline)",
    ),
    "non trova segreti": (
        "\n    import os\n    assert any('CAPOFILA' in nome for nome in os.environ)",
        "AssertionError",
    ),
    "elenca": ("__import__('os').listdir('/')", "guardare i file"),
    "telefona": ("__import__('socket').create_connection(('127.0.0.1', 9))", "usare la rete"),
    "telefona da sotto": ("__import__('_socket').socket()", "usare la rete"),
    "avvia": ("__import__('subprocess').run(['/bin/true'])", "uscire dal suo processo"),
    "si sdoppia": ("__import__('os').fork()", "uscire dal suo processo"),
    "uccide": ("\n    import os\n    os.kill(os.getppid(), 0)", "uscire dal suo processo"),
    "scende nel C": ("\n    import ctypes\n    ctypes.CDLL(None)", "uscire dal suo processo"),
    "si allarga": (
        "\n    import resource\n    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
        "uscire dal suo processo",
    ),
    "allaga": ("\n    import os\n    while True: os.write(1, b'x' * 65536)", "fermato"),
    "parla d'altro": (
        "\n    import os\n    os.write(1, b'x')\n    return []",
        "solo la sua risposta",
    ),
    "chiama l'errore col codice fiscale": (
        "raise type('RSSMRA80A01D150J', (KeyError,), {})()",
        "KeyError",
    ),
    "mente": ("return [{'anno': 'mai', 'visite': '1'}]", "una riga non va nella tabella: anno"),
    "tace": ("return None", "TypeError"),
}


@pytest.mark.parametrize("come", CADUTE)
async def test_un_lavoro_che_sbaglia_ferma_solo_se_stesso(
    come: str, mio: Contesto, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    corpo, causa = CADUTE[come]
    corpo = corpo.replace("{cartella}", str(tmp_path))
    assert jobs.TIPO in REGISTRO
    (tmp_path / "cattivo.py").write_text(
        "from capofila_mantova import *\n"
        "from capofila_mantova.estensioni import LAVORI\n"
        "from capofila.hooks import variante\n"
        f"def calcola(righe):\n    {corpo}\n"
        "def lavori():\n    return tuple(variante(u, calcola=calcola, secondi=2) for u in LAVORI)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    vero = registro()
    monkeypatch.setattr(vero, "modulo", lambda _: "cattivo")
    attivi = jobs.plugin_attivi

    async def corto() -> Any:
        trovati = await attivi()
        lavoro = trovati.lavoro

        def breve(plugin: str, codice: str) -> Any:
            manifesto, uno = lavoro(plugin, codice)
            return manifesto, variante(uno, secondi=2, megabyte=256)

        return type("Attivi", (), {"lavoro": staticmethod(breve)})()

    monkeypatch.setattr(jobs, "plugin_attivi", corto)
    with pytest.raises(PluginInErrore) as errore:
        await jobs.esegui(_compito(mio))
    assert causa in errore.value.causa
    assert errore.value.fornitore == "Fornitore di prova"
    assert "RSSMRA80A01D150J" not in f"{errore.value} {errore.value.ingresso} {errore.value.punto}"
    async with unita_di_lavoro(mio):
        assert await tabelle.righe("mantova", vero.tabelle("mantova")["riepilogo"]) == []


def test_un_lavoro_legge_il_codice_e_non_cio_che_gli_sta_accanto(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", [sysconfig.get_path("purelib")])
    recinto = Recinto()
    recinto("open", (f"{sysconfig.get_path('stdlib')}/os.py", "r", 0))
    with pytest.raises(Vietato, match="non è codice"):
        recinto("open", (f"{sysconfig.get_path('data')}/impostazioni.env", "r", 0))


async def test_un_guasto_si_conta_una_volta_al_giorno_per_ingresso(mio: Contesto) -> None:
    from capofila.base.guasti import annota

    manifesto = registro().manifesto("mantova")
    for valore in ("a", "a", "b"):
        await annota(mio, PluginInErrore.con_ingresso(manifesto, "prova", "X", None, riga=valore))
    async with unita_di_lavoro(mio):
        suoi = [g for g in await guasti() if g.hook == "prova"]
    assert sorted(g.volte for g in suoi) == [1, 2]
    assert {g.ingresso for g in suoi} == {"riga: testo di 1 caratteri"}
    assert len({g.impronta for g in suoi}) == 2


def test_ogni_hook_ha_un_nome_per_chi_legge() -> None:
    assert set(HOOK) == {n for n, f in vars(specifiche).items() if hasattr(f, "capofila_spec")}


def versione_nuova() -> tuple[dict[str, Any], dict[str, Any]]:
    """What the kit gets from the vendor's plugin, and what it would of a newer version of it."""
    prima = risposte("capofila_mantova").risposte
    dopo: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(prima))
    dopo["manifesto"]["versione"] = "0.2.0"
    for domanda in [d for d in dopo if d.startswith("adempimenti(")]:
        dopo[domanda][0]["titolo"] = "Titolo della versione nuova"
    quote = dopo["quote di sad.yaml"]
    quote[next(caso for caso, quota in quote.items() if not quota.startswith("nessuna"))] = (
        "1234.50"
    )
    return prima, dopo


async def test_prima_di_aggiornare_si_vede_che_cosa_cambierebbe_in_ogni_ambito(
    casa: Casa, mio: Contesto, entra: Entra
) -> None:
    prima, dopo = versione_nuova()
    contenuto = contenuto_installato(installati()["mantova"])

    def una(versione: str, contenuto: str) -> Approvazione:
        return Approvazione(
            plugin="mantova", versione=versione, contenuto=contenuto, sha256="0" * 64,
            fornitore="Fornitore di prova", contratto="1.6",
        )  # fmt: skip

    anna = await entra("anna")
    assert "che cosa cambierebbe" not in (await anna.get("/amministrazione/plugin")).text
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await approva(una("0.2.0", "b" * 64), dopo)
    assert "che cosa cambierebbe con la 0.2.0" in (await anna.get("/amministrazione/plugin")).text
    pagina = (await anna.get("/amministrazione/plugin/mantova/0.2.0")).text
    assert "capofila plugin approve" in pagina  # the installed one was never examined
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await approva(una("0.1.0", contenuto), prima)
        with pytest.raises(Conflitto, match="già approvata"):
            await approva(una("0.1.0", contenuto), prima)
    async with unita_di_lavoro(mio):
        await fissa(2023)
    async with unita_di_lavoro(Contesto(amministratore=True)):
        trovata = await anteprima("mantova", "0.2.0")
        for assente in (("mantova", "0.1.0"), ("mantova", "9"), ("assente", "0.2.0")):
            with pytest.raises(NonTrovato):
                await anteprima(*assente)
    (suo,) = trovata.ambiti
    assert suo.uso.slug == "mantova"
    (scadenza,) = (uno for uno in suo.cambiamenti if uno.che_cosa == "Scadenze")
    assert scadenza.dopo == "Titolo della versione nuova"
    assert scadenza.dove.endswith(", titolo")
    assert 2025 in scadenza.anni
    assert {2023, 2004}.isdisjoint(scadenza.anni)  # pinned; before the plugin acted
    assert 2023 in suo.fissati
    (quota,) = (uno for uno in suo.cambiamenti if uno.che_cosa == "Quanto si paga, schema sad")
    assert (quota.dopo or "").startswith("1.234,50")
    risposta = await anna.get("/amministrazione/plugin/mantova/0.2.0")
    for cosa in (
        "Titolo della versione nuova",
        "1.234,50",
        "Ambito di prova di Mantova",
        "il 2023",
    ):
        assert cosa in risposta.text, cosa
    assert (
        await (await entra("mara")).get("/amministrazione/plugin/mantova/0.2.0")
    ).status_code == 403
    assert (await anna.get("/amministrazione/plugin/mantova/0.3.0")).status_code == 404
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await ritira("mantova", "0.2.0", "Prova finita")
    assert "che cosa cambierebbe" not in (await anna.get("/amministrazione/plugin")).text


async def test_un_anno_chiuso_si_propone_di_fissarlo(
    casa: Casa, entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capofila.estensioni.service.oggi", lambda: date(2018, 5, 2))
    mara, ugo = await entra("mara"), await entra("ugo")
    base = "/mantova/plugin/anni"
    pagina = (await mara.get(base)).text
    for anno in (2015, 2016):
        assert f"Il {anno} è chiuso" in pagina
    assert "Il 2017 è chiuso" not in pagina  # its survey may still be going on
    assert "chiusi e non sono fissati" in (await mara.get("/mantova/plugin")).text
    suo = (await ugo.get(base)).text
    assert "Il 2016 è chiuso" in suo
    assert "Fissa il 2016" not in suo
    connessione = await asyncpg.connect(casa.banca.superutente)
    try:
        ambito = casa.ambiti["mantova"]
        rilevazione = await connessione.fetchval(
            "INSERT INTO rilevazione (ambito_id, anno, modulo, modulo_sha256, dal) "
            "VALUES ($1, 2017, 'prova', repeat('0', 64), '2018-01-01') RETURNING id", ambito,
        )  # fmt: skip
        await connessione.execute(
            "INSERT INTO scheda_spesa (ambito_id, rilevazione_id, anno, comune, istat, stato) "
            "VALUES ($1, $2, 2017, 'E897', '020030', 'trasmessa')", ambito, rilevazione,
        )  # fmt: skip
        assert "Il 2017 è chiuso" in (await mara.get(base)).text
        await connessione.execute("UPDATE scheda_spesa SET stato = 'riaperta' WHERE anno = 2017")
        assert "Il 2017 è chiuso" not in (await mara.get(base)).text
    finally:
        await connessione.execute("DELETE FROM scheda_spesa WHERE anno = 2017")
        await connessione.execute("DELETE FROM rilevazione WHERE anno = 2017")
        await connessione.close()
    assert (await mara.vai("POST", base, {"anno": "2016"})).status_code == 303
    pagina = (await mara.get(base)).text
    assert "Il 2016 è chiuso" not in pagina
    assert "Il 2015 è chiuso" in pagina


async def test_i_guasti_vecchi_e_le_righe_sostituite_si_buttano(casa: Casa, mio: Contesto) -> None:
    tabella = registro().tabelle("mantova")["riepilogo"]
    riga = {"anno": "2024", "visite": "1", "da_rivedere": "0", "spesa": None}
    visita = {
        "giorno": "2025-01-02",
        "sede": "Casa Gialla",
        "esito": "buono",
        "spesa": None,
        "note": None,
    }
    visite = registro().tabelle("mantova")["visite"]
    connessione = await asyncpg.connect(casa.banca.superutente)
    try:
        await connessione.execute(
            "TRUNCATE guasto_plugin, plugin_mantova.riepilogo, plugin_mantova.visite"
        )
        for _ in range(8):
            async with unita_di_lavoro(mio):
                await tabelle.ritira("mantova", tabella)
                await tabelle.aggiungi("mantova", tabella, [riga, riga])
        async with unita_di_lavoro(mio):
            await tabelle.aggiungi("mantova", visite, [visita, visita])
            await tabelle.ritira("mantova", visite)
        await connessione.execute(
            "UPDATE plugin_mantova.riepilogo SET ritirata_il = now() - interval '31 days' "
            "WHERE ritirata_il = (SELECT max(ritirata_il) FROM plugin_mantova.riepilogo)"
        )
        await connessione.execute(
            "UPDATE plugin_mantova.visite SET ritirata_il = now() - interval '1 year'"
        )
        await connessione.execute(
            "INSERT INTO guasto_plugin (ambito_id, plugin, versione, fornitore, hook, causa, ultimo, giorno) "
            "SELECT $1, 'mantova', '0.1.0', 'F', 'prova', 'n. ' || n, now() - interval '1 hour' * n * 2, "
            "current_date FROM generate_series(1, 1200) AS n", mio.ambito,
        )  # fmt: skip
        async with unita_di_lavoro(mio) as unita:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with unita.punto_di_ritorno():
                    await unita.esegui("TRUNCATE guasto_plugin")
            assert await unita.esegui(
                "DELETE FROM guasto_plugin WHERE ultimo > now() - interval '20 hours'"
            ) == "DELETE 0"  # fmt: skip
        await pulisci()
        assert await connessione.fetchval("SELECT count(*) FROM guasto_plugin") == 1000
        await connessione.execute(
            "UPDATE guasto_plugin SET ultimo = now() - interval '91 days' WHERE id % 2 = 0"
        )
        await pulisci()
        assert await connessione.fetchval("SELECT count(*) FROM guasto_plugin") == 500
        # Two of now, and the last five times of before, of which one was put back by a month.
        assert (
            await connessione.fetchval("SELECT count(*) FROM plugin_mantova.riepilogo") == 2 + 5 * 2
        )
        # What a person withdrew is not touched.
        assert await connessione.fetchval("SELECT count(*) FROM plugin_mantova.visite") == 2
        async with unita_di_lavoro(mio):
            assert len(await tabelle.righe("mantova", tabella)) == 2
    finally:
        await connessione.execute(
            "TRUNCATE guasto_plugin, plugin_mantova.riepilogo, plugin_mantova.visite"
        )
        await connessione.close()
