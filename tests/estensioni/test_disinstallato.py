"""What was decided, approved, voted, shared and sealed while a plugin was there opens without it."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import pytest
from tests.accessi.conftest import campo_nascosto
from tests.compartecipazione.casi import attesta, persona, registra
from tests.compartecipazione.test_adozioni import ATTO
from tests.debito.casi import contenuto, esporta, importa
from tests.estensioni.conftest import Casa, disinstallato
from tests.governo.adunanze import aperta, decidi, tutti
from tests.isolamento.conftest import PAROLA, Navigatore
from tests.prestazioni.casi import codice_fiscale

from capofila.app import crea_app
from capofila.base.attivazioni import plugin_attivi, registro
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.errori import NonTrovato
from capofila.compartecipazione import decisioni, service
from capofila.debito.service import esportazione
from capofila.dimostrazione import genera_csv
from capofila.governo import deliberazioni, incarichi, sala, sedute, verbali
from capofila.governo.composizione import Incarico
from capofila.governo.sedute import Proposta
from capofila.graduatorie import bandi
from capofila.riparto import service as riparto

pytestmark = pytest.mark.anyio

COMUNI = [("D227", "020021"), ("E897", "020030"), ("G917", "020045"), ("H481", "020051")]
ANNO = 2025


class Fatto(NamedTuple):
    """What was done with the plugin: by number."""

    decisione: int
    flusso: str
    file: bytes
    seduta: int
    votazione: int
    documento: int
    riparto: int
    bando: int


async def _decisione() -> int:
    await registra("E897", dal=date(2025, 1, 1), data=date(2025, 1, 2))
    utenza = await persona(
        900, "E897", dal=date(2025, 1, 1), quantita=Decimal(10), costo=Decimal(25),
        punti=Decimal(21),
    )  # fmt: skip
    await attesta(utenza, "12000")
    return await service.decidi(utenza, date(2025, 3, 1), ATTO)


async def _seduta() -> tuple[int, int, int]:
    for posto in (1, 2, 3):
        await incarichi.assegna(
            Incarico(
                organo="consulta", categoria="terzo-settore", posto=posto, persona=f"Ida Terza {posto}",
                dal=date(2025, 1, 1), designato_da="Assemblea del Terzo Settore (inventata)",
                data=date(2025, 1, 1),
            )
        )  # fmt: skip
    id_, [proposta] = await aperta(
        Proposta(materia="piano-di-zona", anno=ANNO, oggetto="Piano di Zona (inventato)"),
        organo="consulta", giorno=date(2025, 6, 12),
    )  # fmt: skip
    votazione, deliberata = await decidi(id_, proposta, await tutti(id_))
    assert deliberata is not None
    await sala.chiudi(id_)
    return id_, votazione.id, await verbali.verbale(id_)


async def _riparto() -> int:
    criteri = await riparto.uno_dei_criteri(ANNO, "mantova-quote")
    ettari = {istat: Decimal(n * 100) for n, (_, istat) in enumerate(COMUNI, 1)}
    traccia = await riparto.simula(ANNO, criteri, Decimal("10000.01"), {"superficie": ettari})
    return await riparto.approva(
        traccia, riparto.Atto(cita="Atto inventato", data=date(ANNO, 3, 1))
    )


async def _bando() -> int:
    bando = await bandi.apri(
        bandi.BandoNuovo(
            graduatoria="mantova-nido", titolo="Nido, prova", anno=ANNO, giorno=date(ANNO, 7, 1),
            disponibili=1, atto="Determinazione inventata n. 1",
        )
    )  # fmt: skip
    for n, isee in enumerate(("9500.00", "8000.00"), 1):
        await bandi.iscrivi(
            bando,
            bandi.DomandaNuova(
                comune="E897", protocollo=f"{ANNO}/{n}", presentata_il=date(ANNO, 6, 2),
                codice_fiscale=codice_fiscale(n), cognome="Rossi", nome=f"Anna {n}",
                dati={"isee": isee, "mesi": "20", "lavoro": "si"},
            ),
        )  # fmt: skip
    vista = (await bandi.provvisoria(await bandi.leggi(bando))).impronta()
    await bandi.approva(bando, "Responsabile", "7", date(ANNO, 7, 10), vista)
    return bando


@pytest.fixture(scope="module")
async def fatto(casa: Casa) -> AsyncIterator[Fatto]:
    """An ambito's work with the plugin; then the plugin is taken away."""
    mio = Contesto(ambito=casa.ambiti["mantova"])
    async with unita_di_lavoro(mio):
        decisione = await _decisione()
    async with unita_di_lavoro(mio):
        seduta, votazione, documento = await _seduta()
    async with unita_di_lavoro(mio):
        diviso = await _riparto()
    async with unita_di_lavoro(mio):
        bando = await _bando()
    await importa(genera_csv("mantova", COMUNI, None, 12), slug="mantova")
    fatta = await esporta(str(ANNO), flusso="mantova-rendiconto", slug="mantova")
    assert fatta.righe == 12
    sigillato = await contenuto(fatta)
    with disinstallato():
        yield Fatto(decisione, fatta.id, sigillato, seduta, votazione, documento, diviso, bando)


@pytest.fixture
async def dentro(casa: Casa, fatto: Fatto) -> AsyncIterator[Navigatore]:
    """Who answers for the office, on a platform that starts without the plugin."""
    async with Navigatore(
        transport=httpx.ASGITransport(crea_app(), raise_app_exceptions=False),  # type: ignore[arg-type]
        base_url="http://capofila.test", headers={"accept": "text/html"},
    ) as cliente:  # fmt: skip
        cliente.gettone = campo_nascosto((await cliente.get("/accesso")).text, "_csrf_token")
        entrata = await cliente.vai("POST", "/accesso", {"nome_utente": "mara", "password": PAROLA})
        assert entrata.status_code == 303
        yield cliente


@pytest.fixture
def mio(casa: Casa) -> Contesto:
    return Contesto(ambito=casa.ambiti["mantova"])


async def test_il_plugin_non_c_e_piu_e_non_offre_niente(
    mio: Contesto, fatto: Fatto, dentro: Navigatore
) -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("capofila_mantova")
    assert "mantova" not in {manifesto.id for manifesto in registro().manifesti()}
    async with unita_di_lavoro(mio):
        attivi = await plugin_attivi()
        assert "consulta" not in {organo.codice for organo in attivi.organi()}
        assert not any("mantova" in flusso.id for flusso in attivi.flussi())
        with pytest.raises(NonTrovato):
            await riparto.uno_dei_criteri(ANNO, "mantova-quote")
    for percorso in ("p/mantova/visite", "riparto/nuovo/2025/mantova-quote"):
        assert (await dentro.get(f"/mantova/{percorso}")).status_code == 404, percorso
    assert "mantova/p/" not in (await dentro.get("/mantova")).text


async def test_una_quota_decisa_si_rifa_e_la_lettera_esce(
    mio: Contesto, fatto: Fatto, dentro: Navigatore
) -> None:
    async with unita_di_lavoro(mio):
        riprova = await decisioni.rifai(fatto.decisione)
    assert (riprova.integra, riprova.uguale) == (True, True)
    assert riprova.quota.importo == Decimal("94.00")
    pagina = await dentro.get(f"/mantova/compartecipazione/decisioni/{fatto.decisione}")
    assert pagina.status_code == 200
    assert "94,00" in pagina.text
    lettera = await dentro.get(
        f"/mantova/compartecipazione/decisioni/{fatto.decisione}/lettera.pdf"
    )
    assert lettera.status_code == 200
    assert lettera.content.startswith(b"%PDF")


async def test_un_flusso_sigillato_si_apre_e_si_scarica_com_era(
    mio: Contesto, fatto: Fatto, dentro: Navigatore
) -> None:
    async with unita_di_lavoro(mio):
        assert (await esportazione(UUID(fatto.flusso))).stato == "sigillata"
    for percorso in ("debito", f"debito/{fatto.flusso}", f"debito/{fatto.flusso}/manifesto.json"):
        assert (await dentro.get(f"/mantova/{percorso}")).status_code == 200, percorso
    file = await dentro.get(f"/mantova/debito/{fatto.flusso}/file")
    assert file.status_code == 200
    assert file.content == fatto.file
    assert file.content.startswith(b"T0E897")


async def test_una_seduta_si_riapre_i_voti_si_ricontano_e_il_verbale_si_scarica(
    mio: Contesto, fatto: Fatto, dentro: Navigatore
) -> None:
    async with unita_di_lavoro(mio):
        contata = await deliberazioni.ricontata(fatto.votazione)
        assert contata["esito"] == "approvata"
        assert (await sedute.adunanza(fatto.seduta)).organo == "consulta"
    for percorso in ("sedute", f"sedute/{fatto.seduta}", "deliberazioni"):
        pagina = await dentro.get(f"/mantova/{percorso}")
        assert pagina.status_code == 200, percorso
    pagina = await dentro.get(f"/mantova/sedute/{fatto.seduta}")
    assert "Piano di Zona (inventato)" in pagina.text
    verbale = await dentro.get(f"/mantova/sedute/documenti/{fatto.documento}")
    assert verbale.status_code == 200
    assert verbale.content.startswith(b"%PDF")


async def test_un_riparto_approvato_si_rifa_al_centesimo(
    mio: Contesto, fatto: Fatto, dentro: Navigatore
) -> None:
    async with unita_di_lavoro(mio):
        _, traccia = await riparto.approvato(fatto.riparto)
    assert riparto.rifatto_uguale(traccia)
    assert sum((una.importo for una in traccia.esito.assegnazioni), Decimal(0)) == Decimal(
        "10000.01"
    )
    for percorso in ("riparto", f"riparto/{fatto.riparto}", f"riparto/{fatto.riparto}/riparto.csv"):
        assert (await dentro.get(f"/mantova/{percorso}")).status_code == 200, percorso
    assert "3.250,0" in (await dentro.get(f"/mantova/riparto/{fatto.riparto}")).text


async def test_una_graduatoria_approvata_si_rifa_e_si_pubblica(
    mio: Contesto, fatto: Fatto, dentro: Navigatore
) -> None:
    async with unita_di_lavoro(mio):
        una = await bandi.approvata(fatto.bando)
        assert una is not None
        riprova: Any = await bandi.rifai(una)
        assert (riprova.integra, riprova.uguale) == (True, True)
        assert [(p.protocollo, p.stato) for p in una.esito.posti] == [
            ("2025/2", "ammessa"), ("2025/1", "in_attesa"),
        ]  # fmt: skip
    for percorso in ("graduatorie", f"graduatorie/{fatto.bando}"):
        assert (await dentro.get(f"/mantova/{percorso}")).status_code == 200, percorso
    csv = await dentro.get(f"/mantova/graduatorie/{fatto.bando}/pubblica.csv")
    assert csv.status_code == 200
    assert "2025/2" in csv.text
