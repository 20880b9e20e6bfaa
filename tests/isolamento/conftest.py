"""Two ambiti full of data, their people, and the real application over them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from argon2 import PasswordHasher
from litestar import Litestar
from tests.accessi.conftest import campo_nascosto
from tests.accreditamenti.casi import accredita
from tests.compartecipazione.casi import riempi
from tests.conftest import Banca
from tests.debito.casi import chiedi, esporta, importa, officina
from tests.debito.conftest import lavora
from tests.debito.pdnd_casi import dichiara, pubblica_finti
from tests.governo.adunanze import una_seduta
from tests.governo.organi_casi import popola
from tests.graduatorie.casi import riempi as riempi_graduatorie
from tests.prestazioni.casi import (
    ambiente,
    banca_da,
    codice_fiscale,
    contesto,
    csv_di,
    interroga,
    minore,
    modello,
    porta,
    riga,
)
from tests.riparto.casi import approvato
from tests.spesa.casi import a_carico_del_comune
from tests.spesa.casi import csv_di as csv_spesa
from tests.spesa.casi import porta as porta_spesa

from capofila.accessi import service
from capofila.app import crea_app
from capofila.base.database import MOTORE, Contesto, unita_di_lavoro
from capofila.base.impostazioni import impostazioni
from capofila.confronto import pubblicazioni
from capofila.conoscenza import consegne, note
from capofila.conoscenza import service as conoscenza
from capofila.debito.esiti import registra_esito
from capofila.debito.pdnd import EService, EsitoFlusso, ricevi_esiti, servi
from capofila.debito.responsabili import nomina
from capofila.debito.rules import Taglio
from capofila.debito.service import invia
from capofila.governo import scadenzario
from capofila.governo.avvisi import Recapito, scrivi_recapiti
from capofila.prestazioni import bozze, domande, versioni
from capofila.spesa import service as rilevazioni
from capofila.spesa.rules import RigaSpesa
from capofila.web.assembla import assemble

__all__ = ["lavora", "modello"]

PAROLA = "quattro parole messe a caso"
PERSONE = (
    ("rita.crema", "Rita Nostrana", "responsabile_udp", "crema", None),
    ("olga.crema", "Olga Nostrana", "operatore_udp", "crema", None),
    ("pia.pandino", "Pia Nostrana", "operatore_comune", "crema", "G306"),
    ("vera.cremona", "Vera Altruizia", "responsabile_udp", "cremona", None),
)


@dataclass
class Dati:
    """What an ambito holds, by id, and the strings by which its data are known."""

    slug: str
    segni: list[str]
    oggetti: dict[str, str] = field(default_factory=dict)
    file: bytes = b""


@dataclass
class Casa:
    banca: Banca
    app: Litestar
    nostri: Dati
    altrui: Dati


def _righe(slug: str, n: int) -> list[dict[str, str]]:
    """Good rows of an ambito, marked."""
    comune, istat, altro, nome = {
        "crema": ("D142", "019035", "G306", "Nostrana"),
        "cremona": ("D150", "019036", "D150", "Altruizia"),
    }[slug]
    return [
        riga(
            n + m, comune_titolare=comune if m else altro, ente_erogatore=comune,
            comune_residenza=istat, luogo_nascita=comune, cognome=nome, nome=f"Persona {nome}",
            codice_fiscale=codice_fiscale(n + m, luogo=comune), protocollo_domanda=f"{nome}/{m}",
        )
        for m in range(3)
    ]  # fmt: skip


async def _riempi(banca: Banca, slug: str, n: int) -> Dati:
    nome = {"crema": "Nostrana", "cremona": "Altruizia"}[slug]
    righe = _righe(slug, n)
    buono = await importa(csv_di(*righe), f"{nome}.csv", slug)
    async with unita_di_lavoro(await contesto(slug)):
        fermo = await porta(csv_di({**righe[0], "genere": f"X{nome}"}), f"{nome} da rifare.csv")
    titolare = righe[1]["comune_titolare"]
    await importa(csv_di(minore(n + 7, comune_titolare=titolare)), f"minori {nome}.csv", slug)
    fatta = await esporta(slug=slug)
    respinta = await esporta("2024", slug=slug)
    divisa = await esporta(slug=slug, nuova=True, taglio=Taglio(massimo_beneficiari=1))
    inviata = await esporta("2025", slug=slug, nuova=True, completa=True, taglio=Taglio())
    async with unita_di_lavoro(await contesto(slug)):
        await nomina("siuss", {"nome": f"Capo {nome}", "qualifica": "Responsabile", "email": "",
                               "atto": f"Decreto {nome}", "dal": "2026-01-01"})  # fmt: skip
        assert await invia(UUID(inviata.id), "portale", f"PROT-{nome}") is None
        await registra_esito(UUID(inviata.id), "scartata", f"Rifiuto {nome}")
    # A job that has given up, so that whoever may can start it again.
    fallita = await esporta("2023", slug=slug)
    await interroga(
        banca.superutente, "UPDATE lavoro SET stato = 'fallito' WHERE id = $1::uuid", fallita.lavoro
    )
    await _pubblica(slug, UUID(fatta.id), nome)
    spesa = await _spesa(slug, righe[1]["comune_residenza"], nome)
    termine = await _scadenza(slug, nome)
    async with unita_di_lavoro(await contesto(slug)) as unita:
        prestazione = await unita.valore(
            "SELECT max(id) FROM prestazione WHERE lotto_id = $1", buono
        )
        record = await versioni.leggi(prestazione)
        domanda = await domande.apri_da(record)
        pagamento = await domande.paga(
            domanda,
            domande.PagamentoNuovo(
                ente_erogatore_id=record["ente_erogatore_id"], competenza=date(2025, 1, 1),
                pagato_il=date(2025, 2, 1), importo=record["importo_mensile"],
                mandato=f"{nome}/1",
            ),
            date(2025, 12, 1),
        )  # fmt: skip
        bozza = await bozze.tieni(righe[1], 0, bozza=None, comune=None)
        scheda, pseudonimo = await unita.riga("SELECT id, id_beneficiario FROM scheda_sinba")
        bozza_minore = await bozze.tieni(
            {bozze.MINORE: pseudonimo, "comune_titolare": titolare}, 1, bozza=None, comune=None,
            fonte="sinba",
        )  # fmt: skip
        seduta = await una_seduta(nome)
        quote = await riempi(titolare, righe[1]["codice_fiscale"], nome)
        organi = await popola(nome)
        bando = await riempi_graduatorie(titolare, righe[1]["codice_fiscale"], nome)
        fondo = await approvato(slug, nome)
        accreditati = await accredita(slug, nome, titolare)
    quanto, istat = {"crema": ("8765.43", "019035"), "cremona": ("7654.32", "019036")}[slug]
    await porta_spesa(csv_spesa(a_carico_del_comune(2025, quanto, comune=istat)), 2025, slug=slug)
    spesa |= await _rilascia(slug, nome) | await _conosce(slug, nome, istat)
    segni = [nome, *(r["codice_fiscale"] for r in righe), codice_fiscale(n + 7),
             pseudonimo, str(fatta.sha256), fatta.id, respinta.id,
             divisa.id, inviata.id, str(divisa.sha256), str(inviata.sha256),
             str(fatta.lavoro), str(fallita.lavoro), (fatta.uri or "").split("/")[2],
             fatta.nome_flusso.rsplit(".", 1)[0],
             quanto.replace(".", ","), f"{quanto[0]}.{quanto[1:].replace('.', ',')}"]  # fmt: skip
    return Dati(
        slug,
        segni,
        {
            "prestazione": str(prestazione), "lotto": str(buono), "fermo": str(fermo.lotto),
            "bozza": str(bozza), "bozza_minore": str(bozza_minore),
            "domanda": str(domanda), "pagamento": str(pagamento),
            "esportazione": fatta.id, "divisa": divisa.id, "inviata": inviata.id,
            "lavoro": str(fallita.lavoro), "minore": str(scheda), **spesa, **termine,
            **seduta,
            **bando,
            **{f"{cosa}_quota": id_ for cosa, id_ in quote.items()}, **organi,
            **fondo, **accreditati,
        },
    )  # fmt: skip


async def _spesa(slug: str, istat: str, nome: str) -> dict[str, str]:
    """A survey of the social spending, with a remark in the sheet of a comune."""
    async with unita_di_lavoro(await contesto(slug)):
        rilevazione = await rilevazioni.apri(rilevazioni.Apertura(anno=2011))
        await rilevazioni.commenta(2011, istat, f"Commento {nome}")
        scheda = await rilevazioni.scheda(2011, istat)
        riga = RigaSpesa(
            comune="", area="anziani", voce="sad", gestione="associata", modalita="appalto",
            spesa=Decimal(90), fonti={"altri": Decimal(90)},
        )  # fmt: skip
        riparto = await rilevazioni.ripartisci(
            2011,
            rilevazioni.Riparto(descrizione=f"Riparto {nome}", riga=riga, chiave="parti_uguali"),
        )
        celle = [istat, "anziani", "sad", "singola", "diretta", "3", "3"]
        file = rilevazioni.FileSpesa(
            f"spesa {nome}.csv",
            ("comune;area;voce;gestione;modalita;spesa;altri\n" + ";".join(celle)).encode(),
        )
        lotto = (await rilevazioni.importa(file, 2011)).lotto
        carico = await rilevazioni.deposita(rilevazione, file)
    return {
        "rilevazione": str(rilevazione.id), "scheda_spesa": str(scheda.id),
        "riparto": str(riparto), "lotto_spesa": str(lotto), "carico": str(carico),
    }  # fmt: skip


async def _rilascia(slug: str, nome: str) -> dict[str, str]:
    """A convention with an agency, and the spending of a year released under it."""
    async with unita_di_lavoro(Contesto(amministratore=True)) as unita:
        await unita.esegui(
            "INSERT INTO ats (slug, nome) VALUES ('valpadana', 'ATS Val Padana') ON CONFLICT DO NOTHING"
        )
    async with unita_di_lavoro(await contesto(slug)):
        agenzia = (await pubblicazioni.agenzie())[0][0]
        atto = {"atto": f"Delibera {nome} n. 7", "atto_data": "2026-01-01"}
        convenzione = await pubblicazioni.registra_convenzione(
            {**atto, "ats": str(agenzia), "soglia": "5", "dal": "2026-01-01"}, ["spesa"]
        )
        uscita = await pubblicazioni.pubblica("spesa", 2025, convenzione, atto)
    return {"convenzione": str(convenzione), "pubblicazione": str(uscita)}


async def _conosce(slug: str, nome: str, istat: str) -> dict[str, str]:
    """Figures of an indicator, what is said of it, and who gives it."""
    async with unita_di_lavoro(await contesto(slug)):
        righe = f"codice;anno;territorio;valore;fonte\nVUL-B-21;2025;{istat};4;Fonte {nome}\n"
        esito = await conoscenza.importa(f"indicatori {nome}.csv", righe.encode())
        for specie, oggetto in (("sentito", "VUL-B-21"), ("panorama", "famiglie")):
            await note.scrivi(specie, oggetto, 2025, f"Nota {nome}", chi=nome)
        await note.scrivi("tema", "anno", 2025, f"Tema {nome}", chi=nome, focus="famiglie")
        await consegne.incarica("VUL-B-22", f"Ente {nome}")
    return {"lotto_indicatori": str(esito.lotto), "territorio": istat}


async def _scadenza(slug: str, nome: str) -> dict[str, str]:
    """A deadline of the ambito's own, with an address to write to."""
    async with unita_di_lavoro(await contesto(slug)):
        una = await scadenzario.aggiungi_termine(
            scadenzario.Termine(
                titolo=f"Termine {nome}", organo="ufficio-di-piano", anno=2025,
                giorno=date(2025, 6, 30), fonte=f"Atto {nome}",
            )
        )  # fmt: skip
        await scrivi_recapiti({"": Recapito(email=f"{nome.lower()}@ambito.example")})
    return {
        "termine_proprio": una.codice.removeprefix(scadenzario.PROPRIO),
        "adempimento_proprio": una.codice,
    }


async def _pubblica(slug: str, run: UUID, nome: str) -> None:
    """An e-service of the ambito with a flow of the run, and what INPS answered."""
    codice = {"crema": "D142", "cremona": "D150"}[slug]
    await dichiara(codice)
    async with unita_di_lavoro(await contesto(slug)) as unita:
        await pubblica_finti(unita, 1, codice=codice, run=run)
        eservice = EService(*await unita.riga("SELECT * FROM eservice_di($1)", codice))
        (id_flusso, tipo, ts, _), *_ = await servi(unita, eservice, 0, 10)
        for di_chi in (id_flusso, f"{codice}.PS.20200101.0000001"):
            scartato = EsitoFlusso(di_chi, tipo, ts, ts, "ERRORE_GENERICO", f"{nome} scartata")
            await ricevi_esiti(unita, eservice, codice, [scartato])


@pytest.fixture(scope="module")
def banca_piena(servizi: Any, modello: str) -> Iterator[Banca]:
    assemble()
    with banca_da(servizi, modello) as banca, pytest.MonkeyPatch.context() as prova:
        for nome, valore in ambiente(servizi, banca).items():
            prova.setenv(nome, valore)
        prova.setattr(service, "_ARGON", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        service._impronta_a_vuoto.cache_clear()
        impostazioni.cache_clear()
        yield banca
    service._impronta_a_vuoto.cache_clear()
    impostazioni.cache_clear()


@pytest.fixture(scope="module")
async def casa(banca_piena: Banca) -> AsyncIterator[Casa]:
    async with officina(impostazioni()):
        # The first lots and rows of the two have ids of different lengths and never the same.
        altrui = await _riempi(banca_piena, "cremona", 500)
        nostri = await _riempi(banca_piena, "crema", 0)
        await chiedi("2022", slug="cremona")
    app = crea_app()
    await MOTORE.apri({"app": banca_piena.app, "ats": banca_piena.ats}, massimo=4)
    for nome, chi, ruolo, slug, comune in PERSONE:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await service.aggiungi_utente(nome, chi, PAROLA, ruolo, slug, comune)
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await service.aggiungi_utente("aldo.ats", "Aldo Analista", PAROLA, "analista_ats", None,
                                      None, ats="valpadana")  # fmt: skip
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await service.aggiungi_utente(
            "anna.ammi", "Anna Ammi", PAROLA, "amministratore", None, None
        )
    yield Casa(banca_piena, app, nostri, altrui)
    await MOTORE.chiudi()


class Navigatore(httpx.AsyncClient):
    """A browser with its cookies; it sends the CSRF token as a form of ours does."""

    gettone = ""

    async def vai(
        self, metodo: str, percorso: str, modulo: dict[str, str] | None = None,
        file: tuple[str, bytes] | None = None,
    ) -> httpx.Response:  # fmt: skip
        if metodo == "GET":
            return await self.get(percorso)
        dati = {"_csrf_token": self.gettone, **(modulo or {})}
        caricati = {"file": file} if file else None
        return await self.request(metodo, percorso, data=dati, files=caricati)


Entra = Callable[[str | None], Awaitable[Navigatore]]


@pytest.fixture(scope="module")
async def entra(casa: Casa) -> AsyncIterator[Entra]:
    """Log a person in, as a browser does; None is nobody."""
    aperti: dict[str | None, Navigatore] = {}

    async def apri(nome: str | None) -> Navigatore:
        if nome not in aperti:
            cliente = Navigatore(
                transport=httpx.ASGITransport(casa.app, raise_app_exceptions=False),  # type: ignore[arg-type]
                base_url="http://capofila.test", headers={"accept": "text/html"},
            )  # fmt: skip
            cliente.gettone = campo_nascosto((await cliente.get("/accesso")).text, "_csrf_token")
            if nome is not None:
                risposta = await cliente.vai(
                    "POST", "/accesso", {"nome_utente": nome, "password": PAROLA}
                )
                assert risposta.status_code == 303, risposta.text
            aperti[nome] = cliente
        return aperti[nome]

    yield apri
    for cliente in aperti.values():
        await cliente.aclose()


async def fotografia(banca: Banca, slug: str) -> dict[str, str]:
    """A digest of every row of an ambito, table by table; the audit of readings is left out."""
    connessione = await asyncpg.connect(banca.superutente)
    try:
        ambito = await connessione.fetchval("SELECT id FROM ambito WHERE slug = $1", slug)
        tabelle = await connessione.fetch(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'ambito_id' "
            "AND table_schema = 'public' AND table_name <> 'registro'"
        )
        somma = "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM "
        return {
            tabella: await connessione.fetchval(f"{somma} {tabella} t WHERE ambito_id = $1", ambito)
            for (tabella,) in tabelle
        }
    finally:
        await connessione.close()
