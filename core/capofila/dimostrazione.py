"""Demonstration data: invented people, applications and spending, the real main job.

Everything is derived from a fixed seed, so that a second run makes the very same files, which the
import recognises. Names and surnames are common Italian ones put together at random; the codici
fiscali are computed from them and may by chance be somebody's: no other datum is.
"""

from __future__ import annotations

import csv
import io
import random
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.errori import NonTrovato
from capofila.hooks.campi import carattere_controllo, lettere_cognome, lettere_nome
from capofila.territorio.service import (
    carica_popolazione,
    comuni_alla_data,
    demografia,
    popolazione,
)

if TYPE_CHECKING:
    from capofila.compartecipazione.schemi import Schema

PAROLA: Final = "capofila-dimostrazione"
ANNO: Final = 2025
ANNI_SPESA: Final = (2023, 2024)
ANNI_INDICATORI: Final = (2022, 2023, 2024, 2025)
SPESA_APPROVATA: Final = {"casalmaggiore": 2023}
"""By ambito, a year whose sheets are all approved, so that its tables can be made."""
MOTIVO_INVENTATO: Final = "Dimostrazione: le cifre sono inventate, nessun comune le ha inviate."
_MESI: Final = "ABCDEHLMPRST"
"""The letter of a month in a codice fiscale."""
AMBITI: Final = ("crema", "cremona", "casalmaggiore")

# 1,150 is the number of applications that Crema's cartella sociale held in 2021 (seed 003); the
# other two are in proportion to their inhabitants.
RIGHE: Final = {"crema": 1150, "cremona": 1099, "casalmaggiore": 269}


class Account(msgspec.Struct, frozen=True):
    """A demonstration account."""

    nome_accesso: str
    nome: str
    ruolo: str
    descrizione: str
    ambito: str | None = None
    comune: str | None = None
    ats: str | None = None


ACCOUNT: Final = (
    Account("amministra", "Ada Amministra", "amministratore", "Amministrazione della piattaforma"),
    *(
        account
        for slug, nome in zip(AMBITI, ("Crema", "Cremona", "Casalmaggiore"), strict=True)
        for account in (
            Account(f"responsabile.{slug}", f"Rita Responsabile {nome}", "responsabile_udp",
                    f"Responsabile dell'Ufficio di Piano di {nome}", slug),
            Account(f"operatore.{slug}", f"Oreste Operatore {nome}", "operatore_udp",
                    f"Operatore dell'Ufficio di Piano di {nome}", slug),
        )
    ),
    Account("comune.pandino", "Carla Comune Pandino", "operatore_comune",
            "Operatore del Comune di Pandino (Crema)", "crema", "G306"),
    Account("analista.ats", "Anna Analista", "analista_ats", "Analista dell'ATS Val Padana",
            ats="val-padana"),
)  # fmt: skip

_NOMI_F = ("Maria", "Anna", "Giulia", "Francesca", "Elena", "Rosa", "Teresa", "Lucia", "Chiara",
           "Paola", "Silvia", "Fatima", "Olena", "Amina")  # fmt: skip
_NOMI_M = ("Giuseppe", "Antonio", "Luca", "Marco", "Paolo", "Andrea", "Carlo", "Pietro", "Matteo",
           "Davide", "Giovanni", "Singh", "Ion", "Ahmed")  # fmt: skip
_COGNOMI = ("Rossi", "Bianchi", "Ferrari", "Colombo", "Fontana", "Galli", "Conti", "Marchetti",
            "Rizzi", "Barbieri", "D'Angelo", "De Santis", "Lo Bianco", "Zaniboni", "Guerini",
            "Bergamaschi", "Cattaneo", "Denti", "Èzio", "Kaur", "Popescu", "Benali")  # fmt: skip

# code, periodic, monthly or single amount (least, most), whether it calls for SINA, area of use
_PRESTAZIONI: Final = (
    ("A2.07", True, (90, 640), True, "2"),
    ("A1.11", True, (100, 800), True, "2"),
    ("A2.02", True, (150, 900), False, "1"),
    ("A3.01", True, (300, 1400), False, "2"),
    ("A1.14", True, (400, 1900), True, "2"),
    ("A2.11", True, (200, 1100), False, "1"),
    ("A1.07", True, (80, 420), False, "1"),
    ("A1.04", False, (100, 1500), False, "3"),
    ("A1.05", False, (200, 2400), False, "3"),
    ("A1.16", False, (30, 260), False, "2"),
)


async def prepara_dimostrazione(
    tenants: Path | None,
    racconta: Callable[[str], None],
    vigila: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """Apply the three ambiti, make the accounts, bring the data in, write and seal the files.

    Args:
        tenants: folder of the ambiti; the one of the project when not given.
        racconta: told in Italian what is being done.
        vigila: called while a job is awaited; raises when the wait has become vain.

    Returns:
        One row an ambito, in the shape of an export with its ``durata`` in seconds.
    """
    from capofila.cli import applica_ambiti, chiedi_e_attendi, contesto_ambito
    from capofila.debito.rules import periodo
    from capofila.dimostrazione_accreditamenti import inventa_accreditamenti
    from capofila.dimostrazione_graduatorie import inventa_graduatorie
    from capofila.dimostrazione_sedute import inventa_sedute

    radice = tenants or cartella_tenants()
    esiti = []
    for applicazione in await applica_ambiti([radice / slug for slug in AMBITI]):
        racconta(applicazione.riassunto())
    await _account()
    racconta(f"{len(ACCOUNT)} account dimostrativi.")
    for anno in ANNI_SPESA:
        if await _inventa_popolazione(anno):
            racconta(f"Popolazione inventata del {anno}: nessuna di quell'anno è pubblicata qui.")
    for slug in AMBITI:
        contesto = await contesto_ambito(slug)
        importate = await _importa(contesto, slug)
        racconta(f"{slug}: {importate} prestazioni inventate.")
        spese = await _importa_spesa(contesto, slug)
        racconta(f"{slug}: {spese} righe di spesa sociale inventate.")
        if (anno_chiuso := SPESA_APPROVATA.get(slug)) is not None:
            schede = await _approva_spesa(contesto, anno_chiuso)
            racconta(f"{slug}: {schede} schede della spesa del {anno_chiuso} approvate, per prova.")
        utenti = await _quote(contesto, slug)
        racconta(f"{slug}: {utenti} utenti inventati dei servizi con una quota a loro carico.")
        if domande := await inventa_graduatorie(contesto):
            racconta(f"{slug}: {domande} domande inventate nelle graduatorie.")
        if domande := await inventa_accreditamenti(contesto):
            racconta(f"{slug}: {domande} domande di accreditamento inventate.")
        racconta(f"{slug}: {await _conoscenza(contesto, slug)} cifre inventate degli indicatori.")
        racconta(f"{slug}: {await _pubblica(contesto)} insiemi di figure pubblicati per l'ATS.")
        nominati = await _organi(contesto, slug)
        racconta(f"{slug}: {nominati} incarichi inventati negli organi.")
        racconta(f"{slug}: {await inventa_sedute(contesto, slug)} sedute inventate.")
        if quante := await _scadenze(contesto):
            racconta(f"{slug}: {quante} scadenze inventate o segnate come fatte, per mostrarle.")
        inizio = time.monotonic()
        esito = await chiedi_e_attendi(slug, "siuss", periodo(str(ANNO)), vigila=vigila)
        durata = round(time.monotonic() - inizio, 2)
        racconta(f"{slug}: {esito.nome_flusso} {esito.stato}.")
        esiti.append(
            {
                "id": esito.id,
                "ambito": esito.ambito,
                "flusso": esito.flusso,
                "periodo": esito.periodo,
                "stato": esito.stato,
                "righe": esito.righe,
                "byte": esito.byte,
                "sha256": esito.sha256,
                "uri": esito.uri,
                "avvisi": esito.avvisi,
                "durata": durata,
            }
        )
    return esiti


def cartella_tenants() -> Path:
    """The ambiti that come with the project, installed or in the repository.

    Raises:
        NonTrovato: they are not there.
    """
    pacchetto = Path(__file__).resolve().parent
    for cartella in (pacchetto / "_tenants", pacchetto.parents[1] / "tenants"):
        if cartella.is_dir():
            return cartella
    raise NonTrovato("La cartella tenants/ non c'è: indicala con --tenants.")


async def _account() -> None:
    from capofila.accessi.service import aggiungi_utente

    async with unita_di_lavoro(Contesto(amministratore=True)) as unita:
        await unita.esegui(
            "INSERT INTO ats (slug, nome) VALUES ('val-padana', 'ATS della Val Padana') "
            "ON CONFLICT (slug) DO NOTHING"
        )
        presenti = {
            riga["nome_accesso"] for riga in await unita.righe("SELECT nome_accesso FROM utente")
        }
    for conto in ACCOUNT:
        if conto.nome_accesso in presenti:
            continue
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await aggiungi_utente(
                conto.nome_accesso, conto.nome, PAROLA, conto.ruolo, conto.ambito, conto.comune,
                ats=conto.ats,
            )  # fmt: skip


async def _importa(contesto: Contesto, slug: str) -> int:
    from capofila.prestazioni.service import FileRicevuto, importa

    async with unita_di_lavoro(contesto) as unita:
        comuni = await unita.righe(
            "SELECT c.belfiore, c.istat FROM appartenenza a JOIN comune c USING (istat) "
            "WHERE a.ambito_id = $1 AND (a.al IS NULL OR a.al >= $2) "
            "AND (a.dal IS NULL OR a.dal <= $3) ORDER BY c.istat",
            unita.ambito,
            date(ANNO, 12, 31),
            date(ANNO, 1, 1),
        )
        azienda = await unita.valore(
            "SELECT denominazione FROM ente WHERE ambito_id = $1 AND tipo = 'azienda' "
            "ORDER BY denominazione LIMIT 1",
            unita.ambito,
        )
        flussi = {flusso.id: flusso for flusso in (await plugin_attivi()).flussi()}
        contenuto = genera_csv(
            slug, [(riga["belfiore"], riga["istat"]) for riga in comuni], azienda, RIGHE[slug]
        )
        esito = await importa(FileRicevuto(f"dimostrazione-{slug}-{ANNO}.csv", contenuto), flussi)
    if esito.errori:
        primo = esito.errori[0]
        raise RuntimeError(f"demonstration data: row {primo.riga}, {primo.colonna}: {primo.codice}")
    return esito.importate


FONTE_INVENTATA: Final = "Popolazione inventata per la dimostrazione, non è di ISTAT"


async def _inventa_popolazione(anno: int) -> bool:
    """Inhabitants of a year of which no figure is held, so that the pages have all their columns.

    They are near those of the census and say of themselves that they are invented; a file loaded by
    the administration takes their place.
    """
    async with unita_di_lavoro(Contesto(amministratore=True)):
        if await popolazione(anno):
            return False
        comuni, censite = await comuni_alla_data(date(anno, 12, 31)), await demografia()
        righe = []
        for comune in comuni:
            caso = random.Random(f"{comune.istat}-{anno}")  # noqa: S311 - invented data
            di_allora = censite.popolazione(comune.istat, date(anno, 12, 31), 2011)
            base = di_allora.residenti if di_allora else 1000
            righe.append(f"{comune.istat};{anno};{base * caso.randrange(940, 1060) // 1000}")
        contenuto = "\n".join(("istat;anno;residenti", *righe)).encode()
        await carica_popolazione(contenuto, FONTE_INVENTATA)
    return True


async def _importa_spesa(contesto: Contesto, slug: str) -> int:
    from capofila.spesa.rilevazioni import comuni_dell_anno
    from capofila.spesa.service import FileSpesa, OpzioniSpesa, importa, lotti

    importate = 0
    async with unita_di_lavoro(contesto):
        for anno in ANNI_SPESA:
            if gia := await lotti(anno):
                # Somebody may have worked on it: what was done stays.
                importate += sum(uno.importate for uno in gia if uno.stato == "importato")
                continue
            contenuto = genera_spesa(slug, await comuni_dell_anno(anno), anno)
            esito = await importa(
                FileSpesa(f"dimostrazione-spesa-{slug}-{anno}.csv", contenuto),
                anno,
                OpzioniSpesa(apri_se_manca=True),
            )
            if esito.errori:
                primo = esito.errori[0]
                raise RuntimeError(f"demonstration data: row {primo.riga}, {primo.codice}")
            importate += esito.importate
    return importate


async def _conoscenza(contesto: Contesto, slug: str) -> int:
    """Invented figures of some indicators, and what is said of them, once."""
    from capofila.conoscenza.service import importa, lotti, scrivi_nota
    from capofila.spesa.rilevazioni import comuni_dell_anno

    async with unita_di_lavoro(contesto):
        if gia := await lotti():
            return sum(uno.importate for uno in gia if uno.stato == "importato")
        comuni = await comuni_dell_anno(ANNI_SPESA[0])
        esito = await importa(
            f"dimostrazione-indicatori-{slug}.csv", genera_indicatori(slug, comuni, ANNI_INDICATORI)
        )
        if esito.errori:
            primo = esito.errori[0]
            raise RuntimeError(f"demonstration data: row {primo.riga}, {primo.codice}")
        for anno in ANNI_INDICATORI[-2:]:
            for specie, oggetto, focus, testo in _NOTE_INVENTATE:
                await scrivi_nota(specie, oggetto, anno, testo, chi="Dimostrazione", focus=focus)
    return esito.importate


async def _approva_spesa(contesto: Contesto, anno: int) -> int:
    """Take the sheets of a year that nobody has touched to approvata; returns how many are there."""
    from capofila.spesa.rules import Stato
    from capofila.spesa.service import passo, schede

    async with unita_di_lavoro(contesto):
        tutte = await schede(anno)
        for una in tutte:
            if una.stato is Stato.APERTA:
                for azione in ("completa", "invia", "verifica", "approva"):
                    await passo(anno, una.istat, azione, MOTIVO_INVENTATO)
        return len(tutte)


async def _quote(contesto: Contesto, slug: str) -> int:
    """Users of the services that the ambito has schemes of, with ISEE, adoptions and decisions, once."""
    from capofila.base.attivazioni import oggi
    from capofila.compartecipazione.service import servizi

    async with unita_di_lavoro(contesto) as unita:
        presenti: int = await unita.valore(
            "SELECT count(*) FROM utenza WHERE ambito_id = $1", unita.ambito
        )
        if presenti:
            return presenti
        comuni = [
            (riga["belfiore"], riga["istat"])
            for riga in await unita.righe(
                "SELECT c.belfiore, c.istat FROM appartenenza a JOIN comune c USING (istat) "
                "WHERE a.ambito_id = $1 AND a.al IS NULL AND c.al IS NULL ORDER BY c.istat",
                unita.ambito,
            )
        ]
        caso = random.Random(f"{slug}-quote")  # noqa: S311 - invented data
        noti = [uno for uno in comuni if uno[0] in _COMUNI_CON_ACCOUNT]
        altri = [uno for uno in comuni if uno not in noti]
        scelti = noti + caso.sample(altri, min(len(altri), 8 - len(noti)))
        fatti = 0
        for schema in (await servizi(date(ANNO, 1, 1))).values():
            await _adozioni(caso, schema, [belfiore for belfiore, _ in scelti], comuni)
            for numero in range(UTENTI[slug]):
                await _utente(caso, schema, scelti, numero, oggi())
                fatti += 1
    return fatti


async def _pubblica(contesto: Contesto) -> int:
    """A convention with the agency, and the invented figures released under it, once; the spending is
    open to everybody.
    """
    from capofila.base.attivazioni import oggi
    from capofila.confronto.service import (
        DATASET,
        LICENZE,
        apri,
        pubblica,
        pubblicazioni,
        registra_convenzione,
    )

    giorno = date(oggi().year, 1, 1).isoformat()
    atto = {"atto": "Delibera dell'Assemblea dei Sindaci, atto inventato n. 1", "atto_data": giorno}
    async with unita_di_lavoro(contesto) as unita:
        presenti = len(await pubblicazioni())
        if presenti:
            return presenti
        agenzia = await unita.valore("SELECT id FROM ats WHERE slug = 'val-padana'")
        convenzione = await registra_convenzione(
            {**atto, "ats": str(agenzia), "soglia": "5", "dal": giorno}, [*DATASET]
        )
        coppie = [
            *((dataset, anno) for dataset in ("spesa", "indicatori") for anno in ANNI_SPESA),
            ("compartecipazione", ANNO),
        ]
        for dataset, anno in coppie:
            id_ = await pubblica(dataset, anno, convenzione, atto)
            if dataset == "spesa":
                await apri(id_, {**atto, "licenza": next(iter(LICENZE))})
    return len(coppie)


async def _scadenze(contesto: Contesto) -> int:
    """Deadlines of the ambito's own, and what is declared done in time, late and not due, once."""
    from capofila.base.attivazioni import oggi
    from capofila.governo.scadenzario import (
        UFFICIO,
        Termine,
        aggiungi_termine,
        istanze_fra,
        segna,
    )
    from capofila.hooks import SpecieProva

    giorno = oggi()
    fonte = "Assemblea dei Sindaci, deliberazione inventata per la dimostrazione"
    async with unita_di_lavoro(contesto) as unita:
        if await unita.valore(
            "SELECT count(*) FROM termine_proprio WHERE ambito_id = $1", unita.ambito
        ):
            return 0
        fatte = 0
        for una in await istanze_fra(giorno.replace(year=giorno.year - 1, day=1), giorno):
            if una.data is None or una.sa:
                continue
            # In time, late, or left open: by the deadline, so that each is seen.
            quando = una.data + timedelta(days={"piano-operativo": -5, "report-annuale": 12}.get(
                una.codice, 999
            ))  # fmt: skip
            if quando <= giorno:
                await segna(
                    una.codice, una.anno, esito="fatto", giorno=quando, numero=1,
                    prova=f"Deliberazione inventata n. {una.data.month} del {quando:%d/%m/%Y}",
                    specie=SpecieProva.ATTO,
                )  # fmt: skip
                fatte += 1
        propri = (
            ("Invio a INPS delle prestazioni", giorno + timedelta(days=45), ANNO, "siuss"),
            ("Criteri e riparto del Fondo Sociale Regionale", giorno + timedelta(days=6),
             giorno.year, None),
            ("Verifica di metà anno del Piano di Zona", giorno - timedelta(days=9), giorno.year,
             None),
        )  # fmt: skip
        for titolo, quando, anno, flusso in propri:
            await aggiungi_termine(
                Termine(
                    titolo=f"{titolo} (termine inventato)", organo=UFFICIO, anno=anno,
                    giorno=quando, fonte=fonte, preavvisi=(30, 7), flusso=flusso,
                    periodo=None if flusso is None else str(anno),
                )
            )  # fmt: skip
    return fatte + len(propri)


_COMUNI_CON_ACCOUNT: Final = {conto.comune for conto in ACCOUNT if conto.comune}
UTENTI: Final = {"crema": 60, "cremona": 24, "casalmaggiore": 20}
"""Users of each service."""
_COSTI: Final = {"ora": "24.60", "pasto": "6.20", "giorno": "63.00"}
_QUANTE: Final = {"ora": (4, 30), "pasto": (8, 21), "giorno": (28, 32)}


async def _adozioni(
    caso: random.Random, schema: Schema, scelti: list[str], comuni: list[tuple[str, str]]
) -> None:
    """All adopt but one, one with variants, and of one nobody said what it did."""
    from capofila.compartecipazione.service import (
        Adozione,
        AdozioneRifiutata,
        StatoAdozione,
        registra_adozione,
    )

    for belfiore, _ in comuni:
        posto = scelti.index(belfiore) if belfiore in scelti else -1
        if posto == 3:
            continue
        stato: StatoAdozione = "non_adotta" if posto == 1 else "adotta"
        una = Adozione(
            comune=belfiore, servizio=schema.servizio, stato=stato, dal=date(ANNO, 1, 1),
            organo="Consiglio comunale, atto inventato", numero=str(caso.randrange(1, 80)),
            data=date(ANNO - 1, 12, caso.randrange(1, 24)),
        )  # fmt: skip
        if posto != 2:
            await registra_adozione(una)
            continue
        for nome in reversed(schema.parametri):
            valore = schema.valore(nome, date(ANNO, 1, 1))
            assert valore is not None
            meno = {nome: (valore.valore * Decimal("0.85")).quantize(Decimal("0.01"))}
            try:
                await registra_adozione(
                    msgspec.structs.replace(una, stato="adotta_con_varianti", varianti=meno)
                )
            except AdozioneRifiutata:
                continue
            break


async def _utente(
    caso: random.Random,
    schema: Schema,
    scelti: list[tuple[str, str]],
    numero: int,
    adesso: date,
) -> None:
    """A user with an ISEE of each year, and for most a decision of the first one."""
    from capofila.compartecipazione import service

    comune = scelti[min(caso.randrange(len(scelti)), caso.randrange(len(scelti)))]
    persona = _persona(caso, [comune])
    chi = await service.apri_assistito(
        comune[0], persona["codice_fiscale"], persona["cognome"], persona["nome"]
    )
    # Each comune pays something else for the same service.
    costo = Decimal(_COSTI.get(schema.unita, "80")) * (90 + 4 * scelti.index(comune)) / 100
    utenza = service.Utenza(
        assistito_id=chi, servizio=schema.servizio, dal=date(ANNO, 1, 1),
        quantita=Decimal(caso.randrange(*_QUANTE.get(schema.unita, (1, 2)))),
        costo=None if numero % 15 == 14 else costo.quantize(Decimal("0.01")),
        punti=Decimal(caso.randrange(100)), disponibile=Decimal(caso.randrange(900, 1700)),
        condizioni=frozenset([min(schema.condizioni)] if schema.condizioni and numero % 6 == 5 else []),
    )  # fmt: skip
    id_, _ = await service.registra_utenza(utenza)
    if numero % 12 == 7:
        return
    valore = Decimal(caso.randrange(120_000, 3_100_000)) / 100
    specie = min(schema.isee, key=lambda s: (s is not service.SpecieISEE.ORDINARIO, s))
    for anno in sorted({ANNO, adesso.year}):
        presentata = min(date(anno, 1, 7) + timedelta(days=caso.randrange(30)), adesso)
        await service.registra_attestazione(
            chi,
            service.Attestazione(
                valore=valore, specie=specie, presentata=presentata,
                protocollo=f"INPS-ISEE-{anno}-{caso.randrange(10**7, 10**8)}A-00",
                omissioni=numero % 20 == 11 and anno == ANNO,
            ),
        )  # fmt: skip
        valore = (valore * caso.randrange(94, 112) / 100).quantize(Decimal("0.01"))
    if numero % 3:
        with suppress(service.NonSiDecide):
            await service.decidi(
                id_, date(ANNO, 3, 1),
                service.Provvedimento(
                    organo="Servizi sociali, atto inventato", numero=str(100 + numero),
                    data=date(ANNO, 2, 20),
                ),
            )  # fmt: skip


async def _organi(contesto: Contesto, slug: str) -> int:
    """An invented Accordo in force, who adhered to it, and who sits in the bodies, once.

    Some seats are left vacant and one waits for its ratification, as in a real ambito.
    """
    from capofila.base.attivazioni import oggi
    from capofila.governo import dimostrazione

    async with unita_di_lavoro(contesto):
        caso = random.Random(f"{slug}-organi")  # noqa: S311 - invented data
        nomi = [f"{nome} {cognome}" for nome in (*_NOMI_F, *_NOMI_M) for cognome in _COGNOMI]
        return await dimostrazione.popola(caso.sample(nomi, 120), oggi())


# area, voce, gestione, modalità, euro (least, most), share of the users, of the SSN
_SPESE: Final = (
    ("anziani", "sad", "associata", "appalto", (8_000, 60_000), "0.20", "0"),
    ("anziani", "rsa", "singola", "convenzione", (5_000, 40_000), "0", "0"),
    ("disabili", "cdd", "associata", "convenzione", (10_000, 70_000), "0.10", "0.30"),
    ("minori_famiglia", "nido", "singola", "diretta", (12_000, 90_000), "0.30", "0"),
    ("minori_famiglia", "comunita_minori", "singola", "convenzione", (10_000, 80_000), "0", "0"),
    ("minori_famiglia", "adm", "associata", "delega", (3_000, 25_000), "0", "0"),
    ("emarginazione_poverta", "sostegno_reddito", "singola", "trasferimento", (1_000, 15_000), "0", "0"),
    ("servizi_sociali", "segretariato", "associata", "delega", (6_000, 30_000), "0", "0"),
)  # fmt: skip


_INDICATORI: Final = (
    ("VUL-B-21", "comune", 0, 9), ("VUL-B-31", "comune", 40, 300), ("FAM-B-01", "comune", 90, 600),
    ("FAM-B-03", "comune", 6, 60), ("VUL-B-01", "ambito", 120, 200), ("VUL-B-12", "ambito", 3000, 4500),
    ("VUL-D-01", "ambito", 350, 520), ("VUL-D-05", "ambito", 40, 90), ("VUL-D-11", "ambito", 200, 400),
    ("VUL-O-01", "ambito", 8, 20), ("VUL-O-02", "ambito", 25, 40), ("VUL-O-15", "ambito", 900, 1500),
    ("NAD-B-04", "ambito", 1500, 2600), ("NAD-D-05", "ambito", 20, 60), ("NAD-O-12", "ambito", 90, 130),
    ("NAD-O-13a", "ambito", 60, 90), ("FAM-B-05a", "ambito", 500, 700), ("FAM-B-05b", "ambito", 1500, 1900),
    ("FAM-D-03", "ambito", 60, 120), ("FAM-O-02", "ambito", 70, 130), ("FAM-O-10", "ambito", 15, 40),
    ("VUL-B-08a", "provincia", 5400, 6200), ("VUL-B-08b", "provincia", 19000, 21000),
)  # fmt: skip
"""Indicator, level, and between what and what an invented figure of it lies."""
_INVENTATA: Final = "Cifra inventata per la dimostrazione"
_Nota = tuple[Literal["sentito", "critica", "panorama", "tema"], str, str | None, str]
_NOTE_INVENTATE: Final[tuple[_Nota, ...]] = (
    ("tema", "anno", "vulnerabilita", "La casa (testo inventato per la dimostrazione)."),
    ("panorama", "vulnerabilita", None, "Testo inventato: le domande di alloggio superano le assegnazioni."),
    ("sentito", "VUL-B-01", None, "Testo inventato: chi perde la casa va prima dai parenti."),
    ("critica", "VUL-B-21", None, "Testo inventato: chi dorme in auto non è contato da nessuno."),
)  # fmt: skip


def genera_indicatori(slug: str, comuni: Sequence[str], anni: Sequence[int]) -> bytes:
    """A CSV of invented figures, always the same for the same arguments; every row says that it is."""
    righe = ["codice;anno;territorio;valore;fonte"]
    for codice, livello, minimo, massimo in _INDICATORI:
        for dove in comuni if livello == "comune" else (livello,):
            base = random.Random(f"{slug}-{codice}-{dove}").randrange(minimo, massimo)  # noqa: S311 - invented data
            for n, anno in enumerate(anni):
                passo = random.Random(f"{slug}-{codice}-{dove}-{anno}").randrange(-3, 5)  # noqa: S311
                righe.append(
                    f"{codice};{anno};{dove};{max(0, base + base * (passo + n) // 100)};{_INVENTATA}"
                )
    return "\r\n".join((*righe, "")).encode()


def genera_spesa(slug: str, comuni: Iterable[str], anno: int) -> bytes:
    """A CSV of invented social spending of one year, always the same for the same arguments.

    Args:
        slug: of the ambito; enters the seed.
        comuni: ISTAT codes.
        anno: of the spending; the amounts of one year are near those of the year before.
    """
    uscita = io.StringIO()
    penna = csv.writer(uscita, delimiter=";", lineterminator="\r\n")
    penna.writerow(
        ("anno", "comune", "area", "voce", "gestione", "modalita", "utenti", "spesa",
         "quota_utenti", "quota_ssn", "risorse_comune", "fsr", "fnps", "fna", "altri")
    )  # fmt: skip
    for comune in comuni:
        caso = random.Random(f"{slug}-{comune}")  # noqa: S311 - invented data
        cresce = Decimal(100 + random.Random(f"{slug}-{comune}-{anno}").randrange(-8, 12)) / 100  # noqa: S311
        for area, voce, gestione, modalita, (minimo, massimo), utenti, ssn in _SPESE:
            base, numero = caso.randrange(minimo, massimo), caso.randrange(3, 40)
            manca = caso.random() < 0.2
            totale = (base * cresce).quantize(Decimal("0.01"))
            quote = [(totale * Decimal(q)).quantize(Decimal("0.01")) for q in (utenti, ssn)]
            resto = totale - sum(quote)
            fondo = (resto * Decimal("0.15")).quantize(Decimal("0.01"))
            if not manca:
                penna.writerow(
                    (anno, comune, area, voce, gestione, modalita, numero,
                     *(_virgola(v) for v in (totale, *quote, resto - 2 * fondo, fondo, fondo)),
                     "", "")
                )  # fmt: skip
    return ("\ufeff" + uscita.getvalue()).encode()


def genera_csv(
    slug: str, comuni: list[tuple[str, str]], azienda: str | None, quante: int, seme: int = ANNO
) -> bytes:
    """A CSV of invented prestazioni of one year, always the same for the same arguments.

    Args:
        slug: of the ambito; enters the seed and the protocol numbers.
        comuni: Belfiore and ISTAT codes of the comuni titolari.
        azienda: name of the azienda that pays for part of them; None when there is none.
        quante: rows.
        seme: seed.
    """
    caso = random.Random(f"{slug}-{seme}")  # noqa: S311 - invented data
    uscita = io.StringIO()
    penna = csv.writer(uscita, delimiter=";", lineterminator="\r\n")
    penna.writerow(_COLONNE)
    numero = 0
    while numero < quante:
        persona = _persona(caso, comuni)
        for _ in range(min(caso.choice((1, 1, 2, 3)), quante - numero)):
            numero += 1
            penna.writerow(_prestazione(caso, slug, numero, persona, azienda))
    return ("\ufeff" + uscita.getvalue()).encode()


_COLONNE: Final = (
    "comune_titolare", "ente_erogatore", "codice_fiscale", "cognome", "nome", "anno_nascita",
    "luogo_nascita", "genere", "cittadinanza", "comune_residenza", "codice_prestazione",
    "denominazione_prestazione", "protocollo_domanda", "prova_mezzi", "carattere", "data_evento",
    "data_inizio", "data_fine", "periodo_erogazione", "importo_mensile", "data_erogazione",
    "importo", "quota_ente", "quota_utente", "quota_ssn", "quota_richiesta", "soglia_isee",
    "dsu_protocollo", "dsu_anno", "dsu_data", "ore_mensili", "presa_in_carico", "area_utenza",
    "sina_mobilita", "sina_attivita_vita_quotidiana", "sina_disturbi_comportamentali",
    "sina_area_reddituale", "sina_area_supporto", "sina_fonte_derivazione_valutazione",
    "sina_strumento_valutazione", "sina_invalidita_civile",
)  # fmt: skip


def _persona(caso: random.Random, comuni: list[tuple[str, str]]) -> dict[str, str]:
    genere: Literal["M", "F"] = caso.choice(("M", "F"))
    nome = caso.choice(_NOMI_F if genere == "F" else _NOMI_M)
    cognome = caso.choice(_COGNOMI)
    nascita = date(1932, 1, 1) + timedelta(days=caso.randrange(33_000))
    belfiore, istat = caso.choice(comuni)
    natale = caso.choice(comuni)[0]
    # A comune that came of a merger had nobody born in it yet.
    luogo = "D150" if natale == "M418" else natale
    giorno = nascita.day + (40 if genere == "F" else 0)
    primi = (
        lettere_cognome(cognome)[0]
        + lettere_nome(nome)[0]
        + f"{nascita:%y}{_MESI[nascita.month - 1]}{giorno:02d}{luogo}"
    )
    codice = primi + carattere_controllo(primi)
    return {
        "comune_titolare": belfiore,
        "codice_fiscale": codice,
        "cognome": cognome,
        "nome": nome,
        "anno_nascita": str(nascita.year),
        "luogo_nascita": codice[11:15],
        "genere": genere,
        "cittadinanza": "380",
        "comune_residenza": istat,
    }


def _prestazione(
    caso: random.Random, slug: str, numero: int, persona: dict[str, str], azienda: str | None
) -> list[str]:
    codice, periodica, (minimo, massimo), con_sina, area = caso.choice(_PRESTAZIONI)
    totale = Decimal(caso.randrange(minimo * 100, massimo * 100)) / 100
    utente = (totale * Decimal(caso.choice(("0", "0.15", "0.30", "0.45")))).quantize(
        Decimal("0.01")
    )
    isee = caso.random() < 0.7
    inizio = date(ANNO, 1, 1) + timedelta(days=caso.randrange(300))
    sina = con_sina and caso.random() < 0.6
    valori = {
        **persona,
        "ente_erogatore": azienda
        if azienda and caso.random() < 0.6
        else persona["comune_titolare"],
        "codice_prestazione": codice,
        "protocollo_domanda": f"{slug[:3].upper()}/{ANNO}/{numero:06d}",
        "prova_mezzi": "1" if isee else "4",
        "carattere": "periodica" if periodica else "occasionale",
        "data_evento": (inizio - timedelta(days=caso.randrange(1, 40))).isoformat(),
        "quota_ente": _virgola(totale - utente),
        "quota_utente": _virgola(utente),
        "presa_in_carico": "si",
        "area_utenza": area,
    }
    if periodica:
        fine = min(date(ANNO, 12, 31), inizio + timedelta(days=caso.choice((60, 120, 240, 400))))
        valori |= {
            "data_inizio": inizio.strftime("%d/%m/%Y"),
            "data_fine": fine.strftime("%d/%m/%Y"),
            "periodo_erogazione": "1",
            "importo_mensile": _virgola(totale),
        }
        if codice == "A2.07":
            valori["ore_mensili"] = (
                f"{caso.randrange(4, 40)},{caso.choice(('00', '15', '30', '45'))}"
            )
    else:
        valori |= {"data_erogazione": inizio.strftime("%d/%m/%Y"), "importo": _virgola(totale)}
    if isee:
        valori |= {
            "soglia_isee": caso.choice(("20000,00", "25000,00", "17000,00")),
            "dsu_protocollo": f"INPS-ISEE-{ANNO}-{caso.randrange(10**7, 10**8)}A-00",
            "dsu_anno": str(ANNO),
            "dsu_data": (inizio - timedelta(days=20)).isoformat()
            if inizio.timetuple().tm_yday > 25
            else f"{ANNO}-01-02",
        }
    if sina:
        valori |= {
            "sina_mobilita": caso.choice("123"),
            "sina_attivita_vita_quotidiana": caso.choice("123"),
            "sina_disturbi_comportamentali": caso.choice("12"),
            "sina_area_reddituale": caso.choice("123"),
            "sina_area_supporto": caso.choice("123"),
            "sina_fonte_derivazione_valutazione": caso.choice("1234"),
            "sina_strumento_valutazione": caso.choice("1247"),
            "sina_invalidita_civile": caso.choice(("1", "2", "3", "5 6")),
        }
    return [valori.get(nome, "") for nome in _COLONNE]


def _virgola(valore: Decimal) -> str:
    return f"{valore:.2f}".replace(".", ",")
