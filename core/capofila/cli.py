"""The command line: Italian nouns, English verbs. It assembles and decides nothing.

With ``--json`` standard output holds one JSON document and nothing else. Exit status: 0 done, 1 the
domain says no (with the reasons), 2 wrong usage.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import capofila
from capofila import locale
from capofila.base.attivazioni import plugin_attivi, registro
from capofila.base.database import MOTORE, Contesto, Ruolo, unita_di_lavoro
from capofila.base.errori import DatiNonValidi, ErroreCapofila, NonTrovato
from capofila.base.guasti import annota
from capofila.base.impostazioni import MEBIBYTE, impostazioni
from capofila.base.plugin import PluginInErrore
from capofila.base.ruoli import rifiuta_ruolo_pericoloso

T = TypeVar("T")
ERR = Console(stderr=True, highlight=False)
FUORI = Console(highlight=False, width=None if sys.stdout.isatty() else 132)


class Gruppo(click.Group):
    """A group whose commands turn a refusal of the domain into exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ErroreCapofila as errore:
            if _vuole_json(ctx):
                _stampa_json({"errore": errore.codice, "messaggio": errore.messaggio})
            ERR.print(f"[bold red]Errore:[/] {escape(errore.messaggio)}", soft_wrap=True)
            ctx.exit(1)


def _vuole_json(ctx: click.Context) -> bool:
    return "--json" in sys.argv


_IN_JSON = msgspec.json.Encoder(decimal_format="number")


def _stampa_json(valore: object) -> None:
    """One document; amounts are numbers, with the decimals that they have."""
    sys.stdout.write(msgspec.json.format(_IN_JSON.encode(valore), indent=2).decode() + "\n")
    sys.stdout.flush()


opzione_json = click.option("--json", "json_", is_flag=True, help="Un solo documento JSON.")
opzione_ambito = click.option("--ambito", required=True, help="L'ambito, come «crema».")


@click.group(cls=Gruppo, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(capofila.__version__, prog_name="capofila")
def main() -> None:
    """Capofila, la piattaforma comune degli ambiti dei Piani di Zona."""


# --- running things against the services --------------------------------------------------------


@asynccontextmanager
async def _motore() -> AsyncIterator[None]:
    valori = impostazioni()
    ruoli: dict[Ruolo, str] = {"app": valori.database_url}
    if valori.ats_url:
        ruoli["ats"] = valori.ats_url
    await MOTORE.apri(ruoli, massimo=4)
    try:
        async with unita_di_lavoro(Contesto()) as unita:
            await rifiuta_ruolo_pericoloso(unita)
        yield
    finally:
        await MOTORE.chiudi()


def esegui(azione: Callable[[], Awaitable[T]]) -> T:
    """Run against the services, starting them for as long as it takes when nobody does."""

    async def tutto() -> T:
        async with _motore():
            try:
                return await azione()
            except PluginInErrore as errore:
                await annota(_ambito_di_cui_si_tratta.get() or Contesto(), errore)
                raise

    with locale.servizi():
        return asyncio.run(tutto())


_ambito_di_cui_si_tratta: ContextVar[Contesto | None] = ContextVar("capofila_cli", default=None)
"""The ambito that the command is about, once it is known: a plugin that fails is written there."""


async def contesto_ambito(slug: str) -> Contesto:
    """The context of an ambito, for whoever works at the machine itself.

    Raises:
        NonTrovato: no such ambito.
    """
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        riga = await unita.riga("SELECT id FROM ambito WHERE slug = $1", slug)
        if riga is None:
            slugs = [r["slug"] for r in await unita.righe("SELECT slug FROM ambito ORDER BY 1")]
            noti = (
                f" Ci sono: {', '.join(slugs)}."
                if slugs
                else (
                    " Nessun ambito è stato ancora applicato: capofila ambito apply tenants/crema."
                )
            )
            raise NonTrovato(f"L'ambito «{slug[:40]}» non c'è.{noti}")
    contesto = Contesto(ambito=riga["id"], traccia=os.urandom(16).hex())
    _ambito_di_cui_si_tratta.set(contesto)
    return contesto


# --- services -----------------------------------------------------------------------------------


@main.command()
@click.option("--port", default=8000, show_default=True, help="Porta del web su 127.0.0.1.")
def up(port: int) -> None:
    """Avvia servizi locali, web e worker; Ctrl-C ferma tutto."""
    _servi(port)


def _servi(porta: int, prima: Callable[..., None] | None = None) -> None:
    if not locale.porta_libera(porta):
        raise click.UsageError(
            f"La porta {porta} è occupata: ferma il programma che la usa, oppure scegli --port."
        )
    with locale.fino_a_interruzione() as interrotto, locale.servizi(propri=True):
        processi = [locale.avvia_worker()]
        try:
            if prima is not None:
                prima(*processi)
            web = locale.avvia_web(porta)
            processi.append(web)
            locale.attendi_porta(porta, web)
            ERR.print(
                f"\nCapofila risponde su [bold]http://127.0.0.1:{porta}[/]. Ctrl-C per fermare."
            )
            while not interrotto():
                time.sleep(0.2)
                if any(processo.poll() is not None for processo in processi):
                    ERR.print("[bold red]Un processo è terminato da solo: fermo tutto.[/]")
                    break
        finally:
            ERR.print("Fermo tutto…")
            locale.ferma_processi(*processi)


@main.command()
@click.option("--exit", "esci", is_flag=True, help="Fai tutto e termina, senza servire pagine.")
@click.option("--port", default=8000, show_default=True)
@click.option("--tenants", type=click.Path(exists=True, file_okay=False, path_type=Path))
@opzione_json
def demo(esci: bool, port: int, tenants: Path | None, json_: bool) -> None:
    """Servizi, i tre ambiti, dati dimostrativi inventati, il lavoro principale."""
    from capofila.dimostrazione import ACCOUNT, PAROLA, prepara_dimostrazione

    os.environ["CAPOFILA_DIMOSTRAZIONE"] = "true"

    def lavora(*processi: Any) -> None:
        esiti = asyncio.run(
            _con_motore(
                lambda: prepara_dimostrazione(tenants, _racconta, lambda: locale.vigila(*processi))
            )
        )
        if json_:
            _stampa_json(esiti)
            return
        tabella = Table(title="Debito informativo sigillato", title_justify="left")
        for nome in ("ambito", "flusso", "periodo", "righe", "byte", "sha256 e oggetto", "durata"):
            lato = "right" if nome in ("righe", "byte", "durata") else "left"
            tabella.add_column(nome, justify=lato, overflow="fold")  # type: ignore[arg-type]
        for uno in esiti:
            tabella.add_row(
                uno["ambito"], uno["flusso"], uno["periodo"], str(uno["righe"]), str(uno["byte"]),
                f"{uno['sha256']}\n{uno['uri']}", f"{uno['durata']} s", end_section=True,
            )  # fmt: skip
        FUORI.print(tabella)
        conti = Table(title=f"Account dimostrativi (parola chiave: {PAROLA})", title_justify="left")
        conti.add_column("nome utente")
        conti.add_column("ruolo")
        for conto in ACCOUNT:
            conti.add_row(conto.nome_accesso, conto.descrizione)
        FUORI.print(conti)

    if esci:
        with locale.servizi() as avviati:
            processi = [locale.avvia_worker()] if avviati else []
            try:
                lavora(*processi)
            finally:
                locale.ferma_processi(*processi)
    else:
        _servi(port, lavora)


async def _con_motore(azione: Callable[[], Awaitable[T]]) -> T:
    async with _motore():
        return await azione()


def _racconta(testo: str) -> None:
    ERR.print(f"[dim]·[/] {testo}")


@main.command()
def worker() -> None:
    """Il processo dei lavori, con i servizi configurati nell'ambiente."""
    from capofila.worker import main as avvia

    raise SystemExit(avvia())


@main.command()
@opzione_json
def doctor(json_: bool) -> None:
    """Che cosa manca o non è sicuro qui."""
    from capofila.diagnosi import esamina

    with locale.servizi():
        esiti = asyncio.run(esamina())
    if json_:
        _stampa_json(esiti)
    else:
        for esito in esiti:
            segno = "[green]✓[/]" if esito.bene else "[bold red]✗[/]"
            FUORI.print(f"{segno} {esito.cosa}: {esito.messaggio}", soft_wrap=True)
    if not all(esito.bene for esito in esiti):
        raise SystemExit(1)


@main.group()
def database() -> None:
    """Ruoli e migrazioni del database."""


@database.command("prepare")
@click.option("--nome", default="capofila", show_default=True, help="Il database da creare.")
def database_prepare(nome: str) -> None:
    """Crea ruoli e database; l'indirizzo del superutente è in CAPOFILA_SUPERUTENTE_URL.

    Le parole chiave dei ruoli si leggono da CAPOFILA_PAROLA_MIGRA, _APP, _ATS, _RELAY, _BACKUP.
    """
    from capofila.base.ruoli import CON_ACCESSO, ParoleChiave, prepara

    indirizzo = os.environ.get("CAPOFILA_SUPERUTENTE_URL", "")
    valori = {
        ruolo: os.environ.get(f"CAPOFILA_PAROLA_{ruolo.removeprefix('capofila_').upper()}", "")
        for ruolo in CON_ACCESSO
    }
    mancanti = [ruolo for ruolo, parola in valori.items() if len(parola) < 16]
    if not indirizzo or mancanti:
        raise click.UsageError(
            "Servono CAPOFILA_SUPERUTENTE_URL e una parola chiave di almeno 16 caratteri per ogni "
            f"ruolo{': manca per ' + ', '.join(mancanti) if mancanti else ''}."
        )
    asyncio.run(prepara(indirizzo, nome, ParoleChiave(**valori)))
    ERR.print(f"Ruoli e database «{nome}» pronti.")


@database.command("migrate")
def database_migrate() -> None:
    """Applica le migrazioni mancanti, con il ruolo di CAPOFILA_MIGRAZIONI_URL."""
    from capofila.base.migrazione import migra
    from capofila.estensioni.migra import migra_plugin

    with locale.servizi():
        indirizzo = os.environ.get("CAPOFILA_MIGRAZIONI_URL")
        if not indirizzo:
            raise click.UsageError("Serve CAPOFILA_MIGRAZIONI_URL.")
        fatte = asyncio.run(migra(indirizzo))
        nuove = asyncio.run(migra_plugin(indirizzo))
    ERR.print(f"Migrazioni in vigore: {len(fatte)}.")
    for una in nuove:
        ERR.print(f"Fatta la migrazione {escape(una)} di un plugin.")


# --- ambiti, people, plugins --------------------------------------------------------------------


@main.group()
def ambito() -> None:
    """Gli ambiti e la loro configurazione."""


@ambito.command("list")
@opzione_json
def ambito_list(json_: bool) -> None:
    """Gli ambiti della piattaforma."""
    from capofila.territorio.service import ambiti

    async def leggi() -> Sequence[Any]:
        async with unita_di_lavoro(Contesto(), sola_lettura=True):
            return await ambiti()

    trovati = esegui(leggi)
    if json_:
        _stampa_json([{"ambito": a.slug, "nome": a.nome, "capofila": a.capofila} for a in trovati])
        return
    for uno in trovati:
        click.echo(f"{uno.slug}\t{uno.nome}\t{uno.capofila}")


@ambito.command("apply")
@click.argument(
    "cartelle",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@opzione_json
def ambito_apply(cartelle: tuple[Path, ...], json_: bool) -> None:
    """Applica la configurazione dichiarata di uno o più ambiti; ripeterla non cambia nulla."""
    esiti = esegui(lambda: applica_ambiti(cartelle))
    if json_:
        _stampa_json(esiti)
        return
    for esito in esiti:
        ERR.print(esito.riassunto(), soft_wrap=True)
        for frase in [*esito.frasi[:10], *esito.avvisi[:10]]:
            ERR.print(f"  · {frase}", soft_wrap=True)


async def applica_ambiti(cartelle: Sequence[Path]) -> list[Any]:
    """Apply folders of ambiti, with the shared comuni that stand beside them."""
    from capofila.governo.service import applica_accordi
    from capofila.territorio.service import applica, applica_comuni

    esiti: list[Any] = []
    for comuni in sorted({cartella.resolve().parent / "comuni" for cartella in cartelle}):
        if comuni.is_dir():
            async with unita_di_lavoro(Contesto(amministratore=True)):
                esiti.append(await applica_comuni(comuni))
    for cartella in cartelle:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            esiti.append(await applica(cartella.resolve()))
            if (accordi := await applica_accordi(cartella.resolve())) is not None:
                esiti.append(accordi)
    return esiti


@main.group()
def ats() -> None:
    """Le agenzie sanitarie (ATS) che leggono ciò che gli ambiti pubblicano."""


@ats.command("list")
@opzione_json
def ats_list(json_: bool) -> None:
    """Le ATS della piattaforma."""
    from capofila.accessi.service import ambiti_e_ats

    async def leggi() -> Sequence[tuple[str, str]]:
        async with unita_di_lavoro(Contesto(), sola_lettura=True):
            return (await ambiti_e_ats())[1]

    trovate = esegui(leggi)
    if json_:
        _stampa_json([{"ats": slug, "nome": nome} for slug, nome in trovate])
        return
    for slug, nome in trovate:
        click.echo(f"{slug}\t{nome}")


@ats.command("add")
@click.argument("slug")
@click.option("--nome", required=True, help="Come si chiama, per esteso.")
def ats_add(slug: str, nome: str) -> None:
    """Aggiunge un'ATS; poi si aggiungono i suoi analisti, con «utente add»."""
    from capofila.accessi.service import aggiungi_ats

    async def aggiungi() -> None:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await aggiungi_ats(slug, nome)

    esegui(aggiungi)
    ERR.print(f"Aggiunta «{slug}».")


@main.group()
def utente() -> None:
    """Le persone che usano la piattaforma."""


@utente.command("add")
@click.argument("nome_accesso")
@click.option("--nome", required=True, help="Nome e cognome, come si vede nelle pagine.")
@click.option(
    "--ruolo",
    required=True,
    type=click.Choice(
        ["amministratore", "responsabile_udp", "operatore_udp", "operatore_comune", "analista_ats"]
    ),
)
@click.option("--ambito", "slug", help="L'ambito dell'incarico.")
@click.option("--comune", help="Codice Belfiore o nome del comune, per operatore_comune.")
@click.option("--ats", help="L'ATS, per analista_ats.")
def utente_add(
    nome_accesso: str, nome: str, ruolo: str, slug: str | None, comune: str | None, ats: str | None
) -> None:  # fmt: skip
    """Aggiunge una persona; la parola chiave si scrive al terminale o arriva da standard input."""
    from capofila.accessi.service import aggiungi_utente

    if sys.stdin.isatty():
        parola = getpass.getpass("Parola chiave: ")
        if getpass.getpass("Di nuovo: ") != parola:
            raise click.UsageError("Le due parole chiave non sono uguali.")
    else:
        parola = sys.stdin.readline().rstrip("\n")

    async def aggiungi() -> None:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await aggiungi_utente(
                nome_accesso, nome, parola, ruolo=ruolo, ambito=slug, comune=comune, ats=ats
            )

    esegui(aggiungi)
    ERR.print(f"Aggiunto «{nome_accesso}».")


@main.group()
def plugin() -> None:
    """I plugin installati."""


@plugin.command("list")
@opzione_json
def plugin_list(json_: bool) -> None:
    """I plugin installati, con versione e fornitore."""
    manifesti = registro().manifesti()
    if json_:
        _stampa_json(
            [
                {"id": m.id, "denominazione": m.denominazione, "versione": m.versione,
                 "contratto": m.contratto, "fornitore": m.fornitore, "licenza": m.licenza}
                for m in manifesti
            ]
        )  # fmt: skip
        return
    for m in manifesti:
        click.echo(f"{m.id}\t{m.versione}\t{m.fornitore}\t{m.denominazione}")


@plugin.command("new")
@click.argument("nome")
@click.argument("cartella", type=click.Path(path_type=Path, file_okay=False))
@click.option("--distretto", prompt="Nome del distretto", help="Per esteso, come «Mantova».")
@click.option("--capofila", "comune", prompt="Comune capofila", help="Il nome del comune.")
@click.option("--istat", prompt="Codice ISTAT del comune", help="Sei cifre, come 020030.")
@click.option("--belfiore", prompt="Codice catastale del comune", help="Come E897.")
@click.option("--provincia", prompt="Sigla della provincia", help="Come MN.")
@click.option("--cap", prompt="CAP del comune", help="Come 46100.")
@click.option("--fornitore", prompt="Chi scrive il plugin", help="Il nome di chi lo fornisce.")
@click.option("--licenza", default="EUPL-1.2", show_default=True, help="Espressione SPDX.")
def plugin_new(nome: str, cartella: Path, comune: str, **altro: str) -> None:
    """Scrivi un plugin nuovo, che funziona così com'è, da riempire con gli atti del distretto."""
    from capofila.conformita.nuovo import Progetto, crea

    scritti = crea(Progetto(id=nome, capofila=comune, **altro), cartella)
    ERR.print(f"Scritti {len(scritti)} file in {escape(str(cartella))}. Si comincia dal README.md.")


@plugin.command("check")
@click.argument("wheel", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@opzione_json
def plugin_check(wheel: Path, json_: bool) -> None:
    """Esamina una wheel senza installarla: il contratto, le fonti, la purezza di ogni risposta."""
    from capofila.conformita import CONTROLLI
    from capofila.conformita.ruota import esamina_ruota

    esito = esamina_ruota(wheel)
    if json_:
        noti = {esame.plugin: esame.avvisi for esame in esito.esami}
        _stampa_json({**msgspec.to_builtins(esito), "conforme": esito.conforme, "avvisi": noti})
        sys.exit(0 if esito.conforme else 1)
    FUORI.print(f"{escape(esito.file)}\nsha256 {esito.sha256}", soft_wrap=True)
    for difetto in esito.difetti:
        FUORI.print(f"[red]✗[/] {escape(difetto.dove)}: {escape(difetto.che_cosa)}", soft_wrap=True)
    for esame in esito.esami:
        FUORI.print(
            f"\n[bold]{escape(esame.plugin)}[/] {escape(esame.versione)} di "
            f"{escape(esame.fornitore)}, contratto {escape(esame.contratto)}",
            soft_wrap=True,
        )
        for avviso in esame.avvisi:
            FUORI.print(f"[yellow]![/] {escape(avviso)}", soft_wrap=True)
        for controllo in CONTROLLI:
            trovati = esame.di(controllo.nome)
            segno = "[red]✗[/]" if trovati else "[green]✓[/]"
            FUORI.print(f"{segno} {controllo.nome:14} {controllo.chiede}", soft_wrap=True)
            for difetto in trovati:
                FUORI.print(
                    f"    {escape(difetto.dove)}: {escape(difetto.che_cosa)}", soft_wrap=True
                )
    if not esito.conforme:
        FUORI.print("\nIl plugin non è conforme.")
        sys.exit(1)
    FUORI.print("\nIl plugin è conforme.")


@plugin.command("diff")
@click.argument("prima", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("dopo", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@opzione_json
def plugin_diff(prima: Path, dopo: Path, json_: bool) -> None:
    """Che cosa cambierebbe da una versione di un plugin a un'altra: le stesse domande a tutte e due."""
    from capofila.conformita.ruota import confronta_ruote

    trovate = confronta_ruote(prima, dopo)
    if json_:
        _stampa_json(trovate)
        return
    for una in trovate:
        FUORI.print(f"[bold]{escape(una.domanda)}[/] {escape(una.dove)}", soft_wrap=True)
        FUORI.print(f"  [red]-[/] {escape(una.prima or 'niente')}", soft_wrap=True)
        FUORI.print(f"  [green]+[/] {escape(una.dopo or 'niente')}", soft_wrap=True)
    FUORI.print(f"{len(trovate)} differenze." if trovate else "Nessuna differenza.")


@plugin.command("approve")
@click.argument("wheel", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def plugin_approve(wheel: Path) -> None:
    """Esamina una wheel e la mette fra quelle che si possono attivare."""
    from capofila.base.approvazioni import Approvazione, approva
    from capofila.conformita.ruota import esamina_ruota, risposte_ruota

    esito = esamina_ruota(wheel)
    if not esito.conforme:
        raise DatiNonValidi(
            f"«{esito.file}» non è conforme: «capofila plugin check» dice che cosa non va. Non è stata "
            "approvata."
        )
    risposte = risposte_ruota(wheel)

    async def scrivi() -> None:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            for esame in esito.esami:
                await approva(
                    Approvazione(
                        plugin=esame.plugin, versione=esame.versione, contenuto=esito.contenuto,
                        sha256=esito.sha256, fornitore=esame.fornitore, contratto=esame.contratto,
                    ),
                    risposte[esame.plugin],
                )  # fmt: skip

    esegui(scrivi)
    for esame in esito.esami:
        ERR.print(f"Approvata la {escape(esame.versione)} di «{escape(esame.plugin)}».")


@plugin.command("withdraw")
@click.argument("nome")
@click.argument("versione")
@click.option("--motivo", required=True, help="Perché, da 5 a 300 caratteri.")
def plugin_withdraw(nome: str, versione: str, motivo: str) -> None:
    """Ritira un'approvazione: non si attiva più; dove è già attivo resta finché non lo si chiude."""
    from capofila.base.approvazioni import ritira

    if not 5 <= len(motivo.strip()) <= 300:
        raise click.BadParameter("il motivo va da 5 a 300 caratteri", param_hint="--motivo")

    async def scrivi() -> None:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await ritira(nome, versione, motivo.strip())

    esegui(scrivi)
    ERR.print(f"Ritirata la {escape(versione)} di «{escape(nome)}».")


@plugin.command("approved")
@opzione_json
def plugin_approved(json_: bool) -> None:
    """Le wheel che si possono attivare, e quelle ritirate con il motivo."""
    from capofila.base.approvazioni import approvazioni

    async def leggi() -> Sequence[Any]:
        async with unita_di_lavoro(Contesto(), sola_lettura=True):
            return await approvazioni()

    trovate = esegui(leggi)
    if json_:
        _stampa_json(trovate)
        return
    for una in trovate:
        stato = f"ritirata: {una.motivo}" if una.ritirato_il else "approvata"
        click.echo(f"{una.plugin}\t{una.versione}\t{una.fornitore}\t{stato}\t{una.sha256}")


@plugin.command("migrate")
@click.option(
    "--dalla-copia", is_flag=True, help="Mentre si rimette una copia: quelle che dichiara."
)
def plugin_migrate(dalla_copia: bool) -> None:
    """Crea e aggiorna le tabelle proprie dei plugin, con il ruolo di CAPOFILA_MIGRAZIONI_URL."""
    from capofila.estensioni.migra import migra_plugin, ricrea

    with locale.servizi():
        nuove = asyncio.run((ricrea if dalla_copia else migra_plugin)(_migrazioni()))
    for una in nuove:
        ERR.print(f"Fatta: {escape(una)}.")
    ERR.print(f"Migrazioni dei plugin fatte ora: {len(nuove)}.")


@plugin.command("purge")
@click.argument("nome")
@click.confirmation_option(prompt="Le righe di tutti gli ambiti si perdono. Procedo?")
def plugin_purge(nome: str) -> None:
    """Cancella le tabelle di un plugin disinstallato, con le loro righe in tutti gli ambiti."""
    from capofila.estensioni.migra import elimina

    with locale.servizi():
        asyncio.run(elimina(_migrazioni(), nome))
    ERR.print(f"Cancellate le tabelle di «{escape(nome)}».")


@plugin.command("pin")
@click.option("--ambito", "slug", required=True, help="L'ambito, come «crema».")
@click.option("--anno", type=int, required=True, help="L'anno, come 2025.")
def plugin_pin(slug: str, anno: int) -> None:
    """Fissa un anno di un ambito: ciò che i plugin ne dicono oggi resta, qualunque versione arrivi."""
    from capofila.base.anni import fissa

    async def scrivi() -> list[str]:
        async with unita_di_lavoro(await contesto_ambito(slug)):
            return await fissa(anno)

    for uno in esegui(scrivi):
        ERR.print(f"Fissato il {anno} di {escape(uno)}.")


def _migrazioni() -> str:
    indirizzo = os.environ.get("CAPOFILA_MIGRAZIONI_URL")
    if not indirizzo:
        raise click.UsageError("Serve CAPOFILA_MIGRAZIONI_URL.")
    return indirizzo


# --- prestazioni --------------------------------------------------------------------------------


@main.group()
def prestazioni() -> None:
    """Le prestazioni sociali."""


@prestazioni.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@opzione_ambito
@click.option("--dry-run", "prova", is_flag=True, help="Controlla soltanto.")
@click.option(
    "--solo-valide", is_flag=True, help="Tieni le righe buone anche se altre hanno errori."
)
@click.option(
    "--gia-inviate",
    is_flag=True,
    help="Il destinatario le ha già: le ha inviate il programma di prima.",
)
@opzione_json
def prestazioni_import(
    file: Path, ambito: str, prova: bool, solo_valide: bool, gia_inviate: bool, json_: bool
) -> None:
    """Importa un CSV, un Excel, un ODS o il flusso XML di un altro programma, come SIUSS."""
    from capofila.prestazioni.service import FileRicevuto, Opzioni, importa

    contenuto = _leggi_file(file)

    async def lavora() -> Any:
        contesto = await contesto_ambito(ambito)
        async with unita_di_lavoro(contesto):
            flussi = {flusso.id: flusso for flusso in (await plugin_attivi()).flussi()}
            return await importa(
                FileRicevuto(file.name, contenuto),
                flussi,
                Opzioni(prova=prova, solo_valide=solo_valide, gia_inviate=gia_inviate),
            )

    esito = esegui(lavora)
    if json_:
        _stampa_json(esito)
    else:
        _racconta_righe(esito)
        ERR.print(
            f"Righe {esito.righe}, valide {esito.valide}, importate {esito.importate}, "
            f"errori {esito.errori_totali}: {_NOMI_STATO[esito.stato]}",
            soft_wrap=True,
        )
    if esito.errori_totali and not (solo_valide and esito.importate):
        raise SystemExit(1)


def _racconta_righe(esito: Any) -> None:
    """The first remarks and errors of an import, with their place."""
    for avviso in esito.avvisi[:20]:
        ERR.print(
            f"[yellow]riga {avviso.riga}[/] {avviso.colonna}: {escape(avviso.messaggio)}",
            soft_wrap=True,
        )
    for errore in esito.errori[:50]:
        valore = f" «{escape(errore.valore)}»" if errore.valore else ""
        ERR.print(
            f"[red]riga {errore.riga}[/] {errore.colonna}{valore}: {escape(errore.messaggio)}",
            soft_wrap=True,
        )


_NOMI_STATO = {
    "respinto": "nulla è stato importato; correggi il file e importalo di nuovo.",
    "importato": "importato.",
    "da_decidere": "nulla è stato importato; correggi il file, oppure --solo-valide.",
    "prova": "prova, nulla è stato importato.",
    "gia_importato": "questo file era già stato importato, nulla è cambiato.",
}


def _leggi_file(file: Path) -> bytes:
    from capofila.base.errori import TroppoGrande

    if not file.is_file():
        raise NonTrovato(f"Il file «{file}» non c'è: controlla il nome e la cartella.")
    massimo_mb = int(os.environ.get("CAPOFILA_CARICO_MASSIMO_MB", "100"))
    if file.stat().st_size > massimo_mb * MEBIBYTE:
        raise TroppoGrande(
            f"Il file è di {file.stat().st_size // MEBIBYTE} MB e il massimo è {massimo_mb}: dividilo "
            "in più file (per comune o per mese) e importali uno alla volta."
        )
    return file.read_bytes()


# --- data of the comuni -------------------------------------------------------------------------


@main.group()
def comuni() -> None:
    """Popolazione e confini dei comuni, uguali per tutti gli ambiti."""


_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@comuni.command("popolazione")
@click.argument("file", type=_FILE)
@click.option(
    "--fonte", required=True, help="Chi l'ha pubblicata e dove: resta accanto alle cifre."
)
def comuni_popolazione(file: Path, fonte: str) -> None:
    """Carica i residenti da un CSV con le colonne istat, anno, residenti."""
    from capofila.territorio.service import carica_popolazione

    async def lavora() -> Any:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            return await carica_popolazione(_leggi_file(file), fonte)

    esito = esegui(lavora)
    for anno, quanti in esito.anni.items():
        ERR.print(f"Popolazione del {anno}: {quanti} comuni.")
    if esito.fuori:
        ERR.print(f"Comuni non di questa installazione, lasciati fuori: {esito.fuori}.")


@comuni.command("confini")
@click.argument("file", type=_FILE)
@click.option("--attribuzione", required=True, help="Scritta accanto a ogni mappa.")
def comuni_confini(file: Path, attribuzione: str) -> None:
    """Carica i confini da un GeoJSON, al posto di quelli che ci sono."""
    from capofila.territorio.service import carica_confini

    async def lavora() -> Any:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            return await carica_confini(_leggi_file(file), attribuzione)

    ERR.print(f"Confini caricati: {esegui(lavora)} comuni.")


# --- spesa sociale ------------------------------------------------------------------------------


@main.group()
def spesa() -> None:
    """La spesa sociale dei comuni."""


@spesa.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@opzione_ambito
@click.option("--anno", required=True, type=int, help="L'anno della spesa, come 2024.")
@click.option("--dry-run", "prova", is_flag=True, help="Controlla soltanto.")
@click.option(
    "--colonna",
    "colonne",
    multiple=True,
    metavar="NOME=COLONNA",
    help="Come si chiama nel file una colonna, per esempio «Spesa lorda=spesa»; si può ripetere.",
)
@opzione_json
def spesa_import(
    file: Path, ambito: str, anno: int, prova: bool, colonne: tuple[str, ...], json_: bool
) -> None:
    """Importa un CSV, un Excel o un ODS di un anno; se la rilevazione non c'è, la apre."""
    from capofila.spesa.service import FileSpesa, OpzioniSpesa, importa

    coppie = [colonna.rpartition("=") for colonna in colonne]
    if any(not da or not a for da, _, a in coppie):
        raise click.UsageError("--colonna si scrive NOME=COLONNA.")
    contenuto = _leggi_file(file)

    async def lavora() -> Any:
        async with unita_di_lavoro(await contesto_ambito(ambito)):
            return await importa(
                FileSpesa(file.name, contenuto),
                anno,
                OpzioniSpesa(prova=prova, apri_se_manca=True, mappa={da: a for da, _, a in coppie}),
            )

    esito = esegui(lavora)
    if json_:
        _stampa_json(esito)
    _racconta_righe(esito)
    ERR.print(
        f"Righe {esito.righe}, valide {esito.valide}, importate {esito.importate}, "
        f"errori {esito.errori_totali}: {_NOMI_STATO[esito.stato]}",
        soft_wrap=True,
    )
    if esito.errori_totali:
        raise SystemExit(1)


@spesa.command("analisi")
@opzione_ambito
@click.option("--anno", required=True, type=int, help="L'anno della spesa, come 2024.")
@opzione_json
def spesa_analisi(ambito: str, anno: int, json_: bool) -> None:
    """Le cifre di un anno: totale, quota associata, per abitante, per area, per comune."""
    from capofila.spesa.service import analisi, forma

    async def leggi() -> Any:
        async with unita_di_lavoro(await contesto_ambito(ambito), sola_lettura=True):
            return await analisi(anno)

    cifre = esegui(leggi)
    if json_:
        _stampa_json(forma(ambito, cifre))
    else:
        for nome, una in (("totale", cifre.totale), ("senza capoluogo", cifre.senza_capoluogo)):
            click.echo(
                f"{nome}\t{una.spesa}\tassociata {una.associata} ({una.quota_associata or '—'})\t"
                f"per abitante {una.pro_capite.valore or '—'}"
            )
        for parte in cifre.per_area:
            click.echo(f"{parte.codice}\t{parte.spesa}\t{parte.quota or '—'}")
    for comuni, detto in (
        (cifre.mancano, "Comuni della rilevazione senza cifre"),
        (cifre.senza_popolazione, f"Comuni di cui manca la popolazione del {anno}"),
    ):
        if comuni:
            ERR.print(f"· {detto}: {len(comuni)} ({', '.join(comuni)}).", soft_wrap=True)


# --- confronto ----------------------------------------------------------------------------------


@main.group()
def confronto() -> None:
    """Gli ambiti a confronto, sulle figure che ognuno ha pubblicato per un'ATS."""


@confronto.command("show")
@click.argument("dataset")
@click.option("--ats", required=True, help="L'ATS che legge, come «val-padana».")
@click.option("--anno", required=True, type=int, help="L'anno delle figure, come 2024.")
@click.option("--indicatore", default="", help="La misura, come «pro_capite»; la prima, se manca.")
@click.option(
    "--voce",
    default="",
    help="Un'area o un servizio; tutti insieme, se manca. Un indicatore va detto.",
)
@click.option("--senza-capoluoghi", is_flag=True, help="Gli ambiti senza il loro capoluogo.")
@opzione_json
def confronto_show(
    dataset: str,
    ats: str,
    anno: int,
    indicatore: str,
    voce: str,
    senza_capoluoghi: bool,
    json_: bool,
) -> None:
    """Posto e scarto dalla media di ogni ambito, e le figure già pubblicate; la lettura si annota."""
    from capofila.confronto import service

    quale = service.DATASET.get(dataset)
    if quale is None:
        raise click.UsageError(f"DATASET è uno fra: {', '.join(service.DATASET)}.")
    scelto = quale.indicatore(indicatore)
    if scelto is None:
        noti = ", ".join(i.codice for i in quale.indicatori)
        raise click.UsageError(f"--indicatore è uno fra: {noti}.")
    if not service.PRIMO_ANNO <= anno <= service.ULTIMO_ANNO:
        raise click.UsageError(
            f"--anno è un anno dal {service.PRIMO_ANNO} al {service.ULTIMO_ANNO}."
        )
    domanda = service.Domanda(
        dataset=quale, anno=anno, indicatore=scelto, voce=voce,
        perimetro="senza_capoluogo" if senza_capoluoghi else "tutti",
    )  # fmt: skip

    async def leggi() -> Any:
        async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
            id_ = await unita.valore("SELECT id FROM ats WHERE slug = $1", ats)
        if id_ is None:
            raise NonTrovato(f"L'ATS «{ats[:40]}» non c'è: «capofila ats list» le elenca.")
        return await service.confronto(
            Contesto(ats=id_, traccia=os.urandom(16).hex()), domanda, intero=True,
            che_cosa=f"Riga di comando: {quale.nome} {anno}, {scelto.nome}",
        )  # fmt: skip

    letto = esegui(leggi)
    if letto.voci and voce not in {*letto.voci, *([""] if quale.totale else [])}:
        raise click.UsageError(f"--voce è una fra: {', '.join(letto.voci)}.")
    if json_:
        _stampa_json(service.forma(ats, letto))
        return
    if not letto.uscite:
        ERR.print(f"· Nessun ambito ha pubblicato questi dati per il {anno}.")
    for posto in letto.in_pagina:
        click.echo(
            f"{posto.posto or '—'}\t{posto.chiave}\t{'—' if posto.valore is None else posto.valore}\t"
            f"{'—' if posto.scarto is None else posto.scarto}"
        )
    if letto.pubblicate is not None:
        for nome, cifra, _ in letto.pubblicate.figure:
            click.echo(f"pubblicata\t{nome}\t{cifra}")
        for frase in letto.pubblicate.storte:
            ERR.print(f"· {escape(frase)}", soft_wrap=True)


# --- sistema di conoscenza ------------------------------------------------------------------------


@main.group()
def conoscenza() -> None:
    """Gli indicatori del territorio: bisogni, domanda, offerta."""


@conoscenza.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@opzione_ambito
@click.option("--dry-run", "prova", is_flag=True, help="Controlla soltanto.")
@opzione_json
def conoscenza_import(file: Path, ambito: str, prova: bool, json_: bool) -> None:
    """Importa le cifre di un CSV, un Excel o un ODS: codice, anno, territorio, valore, fonte."""
    from capofila.conoscenza.service import importa

    contenuto = _leggi_file(file)

    async def lavora() -> Any:
        async with unita_di_lavoro(await contesto_ambito(ambito)):
            return await importa(file.name, contenuto, prova=prova)

    esito = esegui(lavora)
    if json_:
        _stampa_json(esito)
    _racconta_righe(esito)
    ERR.print(
        f"Righe {esito.righe}, cifre {esito.valide}, importate {esito.importate}, "
        f"errori {esito.errori_totali}: {_NOMI_STATO[esito.stato]}",
        soft_wrap=True,
    )
    if esito.errori_totali:
        raise SystemExit(1)


# --- compartecipazione --------------------------------------------------------------------------


class _Decimale(click.ParamType[Decimal]):
    """A figure with a point or a comma."""

    name = "cifra"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """See click."""
        if re.fullmatch(r"[0-9]{1,3}([.,][0-9]{3})+", str(value)):
            # 4.500 would be four and a half, where who writes it means thousands.
            self.fail(f"«{value}» si legge in due modi: si scrive 4500, o 4.5.", param, ctx)
        try:
            return value if isinstance(value, Decimal) else Decimal(str(value).replace(",", "."))
        except InvalidOperation:
            self.fail(f"«{value}» non è una cifra: si scrive come 4500 o 4500.50.", param, ctx)


_CIFRA = _Decimale()
_GIORNO = click.DateTime(formats=["%Y-%m-%d"])


@main.group()
def compartecipazione() -> None:
    """Quanto paga una persona per un servizio."""


@compartecipazione.command("compute")
@opzione_ambito
@click.option("--servizio", required=True, help="Il servizio, come «sad».")
@click.option("--isee", type=_CIFRA, help="Il valore dell'ISEE; senza, la tariffa senza ISEE.")
@click.option("--data", "giorno", type=_GIORNO, required=True, help="Il giorno, come 2025-03-01.")
@click.option("--quantita", type=_CIFRA, default="1", help="Ore, giorni, pasti o mesi.")
@click.option("--costo", type=_CIFRA, help="Il costo di un'unità, dove lo schema vi guarda.")
@click.option("--punti", type=_CIFRA, help="I punti della valutazione.")
@click.option("--disponibile", type=_CIFRA, help="Di quanto la persona dispone in un mese.")
@click.option("--condizione", "condizioni", multiple=True, help="Una condizione; si può ripetere.")
@click.option("--specie", default="ordinario", help="La specie di ISEE.")
@click.option("--dsu", type=_GIORNO, help="Il giorno della DSU.")
@click.option("--omissioni", is_flag=True, help="L'ISEE ha omissioni o difformità.")
@click.option("--comune", help="Il comune (nome o codice): con ciò che ha adottato in quel giorno.")
@opzione_json
def compartecipazione_compute(
    ambito: str,
    servizio: str,
    isee: Decimal | None,
    giorno: datetime,
    quantita: Decimal,
    costo: Decimal | None,
    punti: Decimal | None,
    disponibile: Decimal | None,
    condizioni: tuple[str, ...],
    specie: str,
    dsu: datetime | None,
    omissioni: bool,
    comune: str | None,
    json_: bool,
) -> None:
    """Calcola quanto paga una persona, e spiega perché."""
    from capofila.compartecipazione.service import (
        Attestazione,
        Caso,
        SpecieISEE,
        in_parole,
        quota,
        quota_del_comune,
        racconta,
    )
    from capofila.territorio.service import mappa_comuni
    from capofila.web.formati import importo

    specie_ = {s.value: s for s in SpecieISEE}.get(specie)
    if specie_ is None:
        raise click.UsageError(f"--specie è una fra {', '.join(s.value for s in SpecieISEE)}.")
    mostrato = None if isee is None else Attestazione(
        valore=isee, specie=specie_, presentata=dsu.date() if dsu else None, omissioni=omissioni
    )  # fmt: skip
    caso = Caso(
        giorno=giorno.date(), isee=mostrato, quantita=quantita, costo=costo, punti=punti,
        disponibile=disponibile, condizioni=frozenset(condizioni),
    )  # fmt: skip

    async def lavora() -> Any:
        async with unita_di_lavoro(await contesto_ambito(ambito), sola_lettura=True):
            if comune is None:
                schema, congelata = await quota(servizio, caso)
                return schema, None, congelata
            trovato = (await mappa_comuni()).cerca(comune)
            if trovato is None:
                raise NonTrovato(f"Non c'è nessun comune «{comune}»: scrivine il nome o il codice.")
            return await quota_del_comune(servizio, trovato.belfiore, caso)

    schema, vigenza, congelata = esegui(lavora)
    fatta = racconta(schema, caso, congelata, vigenza)
    if vigenza is not None and vigenza.supposta:
        ERR.print(
            "· Che cosa abbia adottato questo comune non è registrato: si suppone lo schema dell'ambito.",
            soft_wrap=True,
        )
    if json_:
        _stampa_json(fatta)
    else:
        for riga in fatta["traccia"]:
            click.echo(f"- {riga['testo']}")
        if fatta["quota"] is not None:
            click.echo(f"Quota: {importo(fatta['quota'])}")
    if fatta["motivo"] is not None:
        ERR.print(escape(in_parole(fatta["motivo"])), soft_wrap=True)
    if fatta["quota"] is None:
        raise SystemExit(1)


# --- graduatorie --------------------------------------------------------------------------------


@main.group()
def graduatorie() -> None:
    """Le graduatorie dei servizi."""


@graduatorie.command("compute")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@opzione_ambito
@opzione_json
def graduatorie_compute(file: Path, ambito: str, json_: bool) -> None:
    """Calcola la graduatoria descritta in un file, e spiega i punti di ogni domanda."""
    from capofila.graduatorie.service import DIMENSIONE_MASSIMA, calcola_file, in_punti, racconta

    if file.stat().st_size > DIMENSIONE_MASSIMA:
        raise DatiNonValidi("Il file è troppo grande: al massimo 20 MB.")
    contenuto = file.read_bytes()

    async def lavora() -> Any:
        async with unita_di_lavoro(await contesto_ambito(ambito), sola_lettura=True):
            return await calcola_file(contenuto)

    congelata = esegui(lavora)
    if json_:
        _stampa_json(racconta(congelata))
    else:
        for posto in congelata.esito.posti:
            click.echo(
                f"{posto.posizione or '—'}\t{posto.protocollo}\t{in_punti(posto.punti)}\t{posto.stato}"
            )
            for punteggio in posto.punteggi:
                click.echo(f"  - {punteggio.denominazione}: {punteggio.perche}")
            for motivo in posto.motivi:
                click.echo(f"  - {motivo}")
    if congelata.esito.da_sorteggiare:
        ERR.print("· Ci sono domande pari in tutto: serve un sorteggio («seme»).", soft_wrap=True)


# --- accreditamenti -----------------------------------------------------------------------------


@main.group()
def accreditamenti() -> None:
    """L'accreditamento delle unità d'offerta."""


@accreditamenti.command("compute")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@opzione_ambito
@opzione_json
def accreditamenti_compute(file: Path, ambito: str, json_: bool) -> None:
    """Confronta le risposte di un file con i requisiti, e spiega l'esito; non salva nulla."""
    from capofila.accreditamenti.service import DIMENSIONE_MASSIMA, racconta, valuta_file

    if file.stat().st_size > DIMENSIONE_MASSIMA:
        raise DatiNonValidi("Il file è troppo grande: al massimo un megabyte.")
    contenuto = file.read_bytes()

    async def lavora() -> Any:
        async with unita_di_lavoro(await contesto_ambito(ambito), sola_lettura=True):
            return await valuta_file(contenuto)

    traccia = esegui(lavora)
    if json_:
        _stampa_json(racconta(traccia))
    else:
        click.echo(traccia.esito.perche)
        for voce in traccia.esito.voci:
            click.echo(f"- {voce.denominazione}: {voce.stato.replace('_', ' ')}. {voce.perche}")
    if traccia.richiesta.regole.dimostrativa:
        ERR.print("· Requisiti dimostrativi: nessuna fonte reperita li dà.", soft_wrap=True)


# --- riparto ------------------------------------------------------------------------------------


@main.group()
def riparto() -> None:
    """I fondi, e fra chi si dividono."""


@riparto.command("compute")
@opzione_ambito
@click.option("--anno", required=True, type=int, help="L'anno del fondo, come 2025.")
@click.option("--criteri", "codice", required=True, help="I criteri, come «crema-fnps».")
@click.option("--importo", "fondo", type=_CIFRA, required=True, help="Il fondo, in euro.")
@click.option(
    "--dati",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Un CSV delle cifre che i criteri chiedono: codice;grandezza;…",
)
@opzione_json
def riparto_compute(
    ambito: str, anno: int, codice: str, fondo: Decimal, dati: Path | None, json_: bool
) -> None:
    """Simula un riparto e spiega la cifra di ciascuno; non salva nulla."""
    from capofila.riparto import service
    from capofila.web.formati import importo

    contenuto = b""
    if dati is not None:
        with dati.open("rb") as aperto:
            contenuto = aperto.read(service.DIMENSIONE_MASSIMA + 1)

    async def lavora() -> Any:
        scritti = service.leggi_dati(contenuto) if dati is not None else {}
        async with unita_di_lavoro(await contesto_ambito(ambito), sola_lettura=True):
            scelti = await service.uno_dei_criteri(anno, codice)
            return await service.simula(anno, scelti, fondo, scritti)

    traccia = esegui(lavora)
    if json_:
        _stampa_json(service.forma(traccia))
        return
    for una in traccia.esito.assegnazioni:
        click.echo(f"{una.codice}\t{una.nome}\t{importo(una.importo)}")
    for frase in service.spiegazioni(traccia):
        click.echo(f"- {frase}")


# --- governo ------------------------------------------------------------------------------------


@main.group()
def governo() -> None:
    """Gli organi dell'ambito e le loro decisioni."""


@governo.command("tally")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@opzione_ambito
@opzione_json
def governo_tally(file: Path, ambito: str, json_: bool) -> None:
    """Conta un voto descritto in un file, e spiega l'esito."""
    from capofila.governo.service import DIMENSIONE_MASSIMA, SENZA_ESITO, conta_voti

    with file.open("rb") as aperto:
        # One byte more than is taken: a huge file is refused without being read.
        contenuto = aperto.read(DIMENSIONE_MASSIMA + 1)

    async def lavora() -> Any:
        async with unita_di_lavoro(await contesto_ambito(ambito), sola_lettura=True):
            return await conta_voti(ambito, contenuto)

    contato = esegui(lavora)
    if json_:
        _stampa_json(contato)
    else:
        for frase in contato.spiegazione:
            click.echo(f"- {frase}")
        for avviso in contato.avvertenze:
            ERR.print(escape(avviso), soft_wrap=True)
    if contato.esito in SENZA_ESITO:
        raise SystemExit(1)


# --- codifiche ----------------------------------------------------------------------------------


@main.group()
def codifiche() -> None:
    """Le liste di codici di chi riceve i flussi."""


@codifiche.command("list")
@click.argument("lista", required=False)
@opzione_json
def codifiche_list(lista: str | None, json_: bool) -> None:
    """Le liste di codici, oppure i codici di una."""
    from capofila.codifiche.service import apri, elenco

    async def leggi() -> Any:
        async with unita_di_lavoro(Contesto(amministratore=True), sola_lettura=True):
            if lista is None:
                return [
                    {"lista": una.id, "denominazione": una.denominazione, "plugin": una.plugin,
                     "codici": una.codici, "da_caricare": una.da_caricare,
                     "da_confermare": una.da_confermare, "modificata_il": una.modificata_il}
                    for una in await elenco()
                ]  # fmt: skip
            aperta = await apri(lista)
            return [
                {"codice": voce.codice, "etichetta": voce.etichetta, "dal": voce.dal,
                 "al": voce.al, "fonte": voce.fonte, "da_caricare": voce.da_caricare,
                 "da_confermare": aperta.dichiarata.da_confermare(voce)}
                for voce in aperta.voci
            ]  # fmt: skip

    trovate = esegui(leggi)
    if json_:
        _stampa_json(trovate)
        return
    for una in trovate:
        if lista is None:
            click.echo(f"{una['lista']}\t{una['codici']}\t{una['denominazione']}")
        else:
            validita = f"{una['dal'] or ''}–{una['al'] or ''}".strip("–")
            resta = "\tda confermare" if una["da_confermare"] else ""
            click.echo(f"{una['codice']}\t{una['etichetta'] or 'da caricare'}\t{validita}{resta}")


@codifiche.command("import")
@click.argument("lista")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--dry-run", "prova", is_flag=True, help="Mostra soltanto che cosa cambierebbe.")
@opzione_json
def codifiche_import(lista: str, file: Path, prova: bool, json_: bool) -> None:
    """Aggiunge e corregge i codici di una lista da un CSV; gli altri restano come sono."""
    from capofila.codifiche.rules import differenze, leggi_csv
    from capofila.codifiche.service import apri, salva

    contenuto = _leggi_file(file)

    async def lavora() -> Any:
        async with unita_di_lavoro(Contesto(amministratore=True)):
            aperta = await apri(lista)
            voci, errori = leggi_csv(aperta.dichiarata, contenuto)
            diverse = differenze(aperta.voci, voci)
            if not errori and not prova:
                await salva(lista, voci, "comando")
        return {
            "lista": lista, "aggiunti": len(diverse.aggiunte), "cambiati": len(diverse.cambiate),
            "uguali": diverse.uguali, "scritto": not errori and not prova, "errori": errori,
        }  # fmt: skip

    esito = esegui(lavora)
    if json_:
        _stampa_json(esito)
    else:
        for errore in esito["errori"][:50]:
            ERR.print(
                f"[red]riga {errore.riga}[/] {errore.colonna}: {errore.messaggio}", soft_wrap=True
            )
        ERR.print(
            f"Nuovi {esito['aggiunti']}, cambiati {esito['cambiati']}, già così {esito['uguali']}: "
            + ("scritto." if esito["scritto"] else "non è cambiato nulla."),
            soft_wrap=True,
        )
    if esito["errori"]:
        raise SystemExit(1)


@codifiche.command("export")
@click.argument("lista")
@click.option(
    "-o", "uscita", type=click.Path(dir_okay=False, path_type=Path), help="Il file da scrivere."
)
@opzione_json
def codifiche_export(lista: str, uscita: Path | None, json_: bool) -> None:
    """Scrive una lista in CSV, nella forma in cui si importa; senza -o sullo standard output."""
    from capofila.codifiche.rules import csv_di
    from capofila.codifiche.service import apri

    async def leggi() -> Any:
        async with unita_di_lavoro(Contesto(amministratore=True), sola_lettura=True):
            return (await apri(lista)).voci

    voci = esegui(leggi)
    contenuto = csv_di(voci)
    if uscita is not None:
        uscita.write_bytes(contenuto)
    if json_:
        _stampa_json({"lista": lista, "codici": len(voci), "file": uscita and str(uscita)})
    elif uscita is None:
        sys.stdout.buffer.write(contenuto)
    else:
        ERR.print(f"{len(voci)} codici in {uscita}.", soft_wrap=True)


# --- debito informativo -------------------------------------------------------------------------


@main.group()
def debito() -> None:
    """Il debito informativo."""


@debito.command("list")
@opzione_ambito
@opzione_json
def debito_list(ambito: str, json_: bool) -> None:
    """I file prodotti per un ambito."""
    from capofila.debito.service import esportazioni

    async def leggi() -> Any:
        async with unita_di_lavoro(await contesto_ambito(ambito), sola_lettura=True):
            return await esportazioni(1000)

    trovate = esegui(leggi)
    if json_:
        _stampa_json([_riassunto(e) for e in trovate])
        return
    for e in trovate:
        click.echo(f"{e.id}\t{e.flusso}\t{e.periodo}\t{e.stato}\t{e.righe or '—'}\t{e.nome_flusso}")


def _riassunto(e: Any) -> dict[str, Any]:
    """The shape that scripts rely on, with the name of the flow."""
    return {
        "id": e.id, "ambito": e.ambito, "flusso": e.flusso, "periodo": e.periodo,
        "stato": e.stato, "righe": e.righe, "byte": e.byte, "sha256": e.sha256, "uri": e.uri,
        "avvisi": e.avvisi, "nome_flusso": e.nome_flusso, "ente": e.ente, "modo": e.modo,
        "inserimenti": e.inserimenti, "cancellazioni": e.cancellazioni, "parti": e.parti,
    }  # fmt: skip


@debito.command("export")
@click.argument("flusso")
@opzione_ambito
@click.option("--periodo", "testo_periodo", required=True, help="2025, 2025-03, 2025-T1 o 2025-S1.")
@click.option(
    "--ente", help="Codice Belfiore o nome dell'ente che trasmette; quello dell'ambito se manca."
)
@click.option(
    "--escludi-errate", is_flag=True, help="Lascia fuori i record che non passano più i controlli."
)
@click.option(
    "--ricevuto", type=int, help="Restituisci com'era il flusso ricevuto con questo lotto."
)
@click.option("--nuova", is_flag=True, help="Scrivi un nuovo file anche se nulla è cambiato.")
@click.option(
    "--completa",
    is_flag=True,
    help="Tutte le prestazioni in vigore, anche quelle che il destinatario ha già.",
)
@click.option("--massimo-mb", help="Dividi in file di tanti megabyte al massimo; 0: un solo file.")
@click.option(
    "--massimo-beneficiari",
    help="Dividi in file di tanti beneficiari al massimo; 0: un solo file.",
)
@opzione_json
def debito_export(
    flusso: str,
    ambito: str,
    testo_periodo: str,
    ente: str | None,
    escludi_errate: bool,
    ricevuto: int | None,
    nuova: bool,
    completa: bool,
    massimo_mb: str | None,
    massimo_beneficiari: str | None,
    json_: bool,
) -> None:
    """Scrive e sigilla un file del debito informativo, e ne aspetta la fine."""
    from capofila.debito.rules import Taglio, periodo, taglio

    quando = periodo(testo_periodo)
    scelto: Taglio | None = None
    if massimo_mb is not None or massimo_beneficiari is not None:
        scelto = taglio(
            *(("" if testo in (None, "0") else str(testo))
              for testo in (massimo_mb, massimo_beneficiari))
        )  # fmt: skip

    async def tutto() -> Any:
        async with _motore():
            return await chiedi_e_attendi(
                ambito, flusso, quando, mostra=not json_, vigila=lambda: locale.vigila(*processi),
                ente=ente, escludi_errate=escludi_errate, ricevuto=ricevuto, nuova=nuova,
                completa=completa, taglio=scelto,
            )  # fmt: skip

    with locale.servizi() as avviati:
        processi = [locale.avvia_worker()] if avviati else []
        try:
            esito = asyncio.run(tutto())
        finally:
            locale.ferma_processi(*processi)
    if json_:
        _stampa_json(_riassunto(esito))
    else:
        ERR.print(
            f"{esito.nome_flusso}: {esito.stato}, {esito.righe or 0} righe, {esito.uri or ''}",
            soft_wrap=True,
        )
        for avviso in esito.avvisi:
            ERR.print(f"· {avviso['messaggio']}", soft_wrap=True)
    if esito.stato not in ("sigillata", "inviata"):
        raise SystemExit(1)


async def chiedi_e_attendi(
    slug: str,
    flusso: str,
    quando: Any,
    *,
    mostra: bool = False,
    vigila: Callable[[], None] = lambda: None,
    **opzioni: Any,
) -> Any:
    """Ask for a file and wait until its job has ended, showing its progress.

    Args:
        vigila: called while waiting; raises when the wait has become vain.
    """
    from capofila.debito.service import chiedi_esportazione, dichiarato

    contesto = await contesto_ambito(slug)
    async with unita_di_lavoro(contesto):
        chiesta = await chiedi_esportazione(await dichiarato(flusso, quando), quando, **opzioni)
    corrente, lavoro = await _attendi(contesto, chiesta.id, "in_preparazione", mostra, vigila)
    if corrente.stato == "in_preparazione":
        raise ErroreLavoro(
            f"Il lavoro non è riuscito ({lavoro.errore or 'errore inatteso'}): riprova dalla "
            "pagina Lavori, oppure con «capofila debito export» dopo aver controllato i servizi."
        )
    return corrente


async def pubblica_e_attendi(
    slug: str,
    id_: UUID,
    protocollo: str | None,
    *,
    mostra: bool = False,
    vigila: Callable[[], None] = lambda: None,
) -> Any:
    """Ask that a run be published by the PDND and wait until its job has ended.

    Args:
        vigila: called while waiting; raises when the wait has become vain.

    Raises:
        ErroreCapofila: it was not published; the message says why and what to do.
    """
    from capofila.debito.service import Superata, chiedi_pubblicazione

    contesto = await contesto_ambito(slug)
    async with unita_di_lavoro(contesto):
        await chiedi_pubblicazione(id_, protocollo)
    corrente, lavoro = await _attendi(contesto, str(id_), "in_pubblicazione", mostra, vigila)
    if corrente.stato == "in_pubblicazione":
        raise ErroreLavoro(
            f"La pubblicazione si è fermata ({lavoro.errore or 'errore inatteso'}) e non è stato "
            "pubblicato nulla: riavviala dalla pagina del file dopo aver controllato i servizi."
        )
    if corrente.stato == "superata":
        raise Superata(lavoro.errore)
    if corrente.stato == "sigillata":
        raise DatiNonValidi(lavoro.errore)
    return corrente


async def _attendi(
    contesto: Contesto, id_: str, stato: str, mostra: bool, vigila: Callable[[], None]
) -> tuple[Any, Any]:
    """A run and its job, once the run has left this state or the job has given up."""
    from capofila.base.lavori import stato as stato_lavoro
    from capofila.debito.service import esportazione

    barra = Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f} righe"),
        TimeElapsedColumn(), console=ERR, disable=not (mostra and ERR.is_terminal),
    )  # fmt: skip
    with barra:
        compito = barra.add_task("In attesa", total=None)
        while True:
            async with unita_di_lavoro(contesto, sola_lettura=True):
                corrente = await esportazione(UUID(id_))
                suo = corrente.pubblicazione if stato == "in_pubblicazione" else corrente.lavoro
                # The job first: when it has ended, the file is as it left it.
                lavoro = await stato_lavoro(UUID(suo)) if suo else None
                corrente = await esportazione(UUID(id_))
            if lavoro is not None:
                barra.update(
                    compito, description=lavoro.fase or "In attesa", completed=lavoro.fatto,
                    total=lavoro.totale,
                )  # fmt: skip
            fermo = lavoro is not None and lavoro.stato == "fallito"
            if fermo or (corrente.stato != stato and (lavoro is None or lavoro.finito)):
                return corrente, lavoro
            vigila()
            await asyncio.sleep(0.1)


class ErroreLavoro(ErroreCapofila):
    """A job that ended badly."""

    codice = "lavoro_fallito"
    stato = 500


@debito.command("download")
@click.argument("id_", metavar="ID", type=click.UUID)
@click.option("-o", "uscita", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--ambito", help="L'ambito; si cerca in tutti se manca.")
def debito_download(id_: UUID, uscita: Path, ambito: str | None) -> None:
    """Scarica un file sigillato e ne verifica l'impronta."""
    from capofila.debito.scarico import scarica

    esegui(lambda: scarica(id_, uscita, ambito))
    ERR.print(f"Scritto {uscita}, impronta verificata.")


@debito.command("invia")
@click.argument("id_", metavar="ID", type=click.UUID)
@opzione_ambito
@click.option(
    "--canale",
    required=True,
    type=click.Choice(["portale", "pec", "pdnd", "altro"]),
    help="Come è stato inviato; con pdnd lo pubblica Capofila, e il comando ne aspetta la fine.",
)
@click.option("--protocollo", help="Il protocollo o la ricevuta del destinatario.")
@opzione_json
def debito_invia(id_: UUID, ambito: str, canale: str, protocollo: str | None, json_: bool) -> None:
    """Registra che un file sigillato è stato inviato, e lo blocca nell'archivio."""
    from capofila.debito.service import esportazione, invia

    async def registra() -> Any:
        async with unita_di_lavoro(await contesto_ambito(ambito)):
            superata = await invia(id_, canale, protocollo)
            return superata, await esportazione(id_)

    async def pubblica() -> Any:
        async with _motore():
            return None, await pubblica_e_attendi(
                ambito, id_, protocollo, mostra=not json_,
                vigila=lambda: locale.vigila(*processi),
            )  # fmt: skip

    if canale == "pdnd":
        with locale.servizi() as avviati:
            processi = [locale.avvia_worker()] if avviati else []
            try:
                superata, trovata = asyncio.run(pubblica())
            finally:
                locale.ferma_processi(*processi)
    else:
        superata, trovata = esegui(registra)
    if superata is not None:
        raise superata
    if json_:
        _stampa_json(_riassunto(trovata))
    else:
        ERR.print(f"{trovata.nome_flusso}: inviata.", soft_wrap=True)


@debito.command("gia-inviate")
@click.argument("lotto", type=int)
@opzione_ambito
@click.option("--annulla", is_flag=True, help="Togli il segno: sono di nuovo da comunicare.")
@opzione_json
def debito_gia_inviate(lotto: int, ambito: str, annulla: bool, json_: bool) -> None:
    """Segna le prestazioni di un file importato come già inviate con il programma di prima."""
    from capofila.debito.service import gia_inviate_del_file

    async def segna() -> Any:
        async with unita_di_lavoro(await contesto_ambito(ambito)):
            return await gia_inviate_del_file(lotto, togli=annulla)

    quante, flusso = esegui(segna)
    if json_:
        _stampa_json(
            {"lotto": lotto, "flusso": flusso.id, "prestazioni": quante, "gia_inviate": not annulla}
        )
        return
    ERR.print(
        f"{quante} prestazioni del file {lotto}: "
        + ("di nuovo da comunicare." if annulla else f"{flusso.destinatario} le ha già."),
        soft_wrap=True,
    )


@debito.command("esito")
@click.argument("id_", metavar="ID", type=click.UUID)
@opzione_ambito
@click.option(
    "--esito", type=click.Choice(["accolta", "scartata"]), help="Uno per tutte le prestazioni."
)
@click.option("--testo", help="Le parole del destinatario, con --esito.")
@click.option(
    "--elenco",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Un CSV, Excel o ODS con l'esito di ogni prestazione.",
)
@click.option("--altre-accolte", is_flag=True, help="Quelle che l'elenco non nomina sono accolte.")
@opzione_json
def debito_esito(
    id_: UUID,
    ambito: str,
    esito: Any,
    testo: str | None,
    elenco: Path | None,
    altre_accolte: bool,
    json_: bool,
) -> None:
    """Registra la risposta del destinatario: per tutto il file, o prestazione per prestazione."""
    from capofila.debito.esiti import EsitoLista, importa_esiti, registra_esito, riepilogo

    if (esito is None) == (elenco is None):
        raise click.UsageError("Indica --esito oppure --elenco.")
    contenuto = b"" if elenco is None else _leggi_file(elenco)

    async def registra() -> Any:
        letto = EsitoLista()
        async with unita_di_lavoro(await contesto_ambito(ambito)):
            if elenco is None:
                await registra_esito(id_, esito, testo)
            else:
                letto = await importa_esiti(
                    id_, elenco.name, contenuto, altre_accolte=altre_accolte
                )
            return letto, await riepilogo(id_)

    letto, ora = esegui(registra)
    if json_:
        _stampa_json(
            {"righe": letto.righe, "scritte": letto.scritte, "errori": letto.errori,
             "accolte": ora.accolte, "scartate": ora.scartate, "in_attesa": ora.in_attesa,
             "da_rimandare": ora.da_rimandare}
        )  # fmt: skip
    else:
        for errore in letto.errori[:50]:
            ERR.print(
                f"[red]riga {errore.riga}[/] {errore.colonna}: {errore.messaggio}", soft_wrap=True
            )
        ERR.print(
            f"Accolte {ora.accolte}, scartate {ora.scartate}, in attesa {ora.in_attesa}.",
            soft_wrap=True,
        )
    if letto.errori:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
