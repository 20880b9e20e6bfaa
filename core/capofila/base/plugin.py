"""The plugin registry: who is installed, who may act, and one answer to one question.

Plugins come from the platform itself and from the distributions that declare the entry point
group ``capofila.distretti``. What is wrong with one of them is told at start, with its vendor's
name. Which of them act in an ambito on a day is told by the dated activations of that ambito,
given here as values: the registry knows no database.

Every hook is called for one plugin at a time, through a caller from which all the others are
removed: so each answer has an author, and an error has one too. The order of registration decides
nothing.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, ParamSpec, TypeVar

import msgspec
import pluggy

from capofila.base.errori import Conflitto, ErroreCapofila, NonTrovato
from capofila.base.modelli import prepara
from capofila.hooks import specifiche
from capofila.hooks.accreditamento import RegoleAccreditamento
from capofila.hooks.adempimenti import SCARTO_MASSIMO, Adempimento, Scadenza, scadenze
from capofila.hooks.atti import Dichiarazione, DichiarazioneErrata
from capofila.hooks.codifiche import ListaCodici, VoceCodifica, in_vigore
from capofila.hooks.flussi import Flusso
from capofila.hooks.graduatorie import Graduatoria
from capofila.hooks.indicatori import Indicatore
from capofila.hooks.lettori import (
    FileNonLeggibile,
    FlussoRicevuto,
    LettoreFlussi,
    RadiceXML,
    RecordLetto,
)
from capofila.hooks.manifesto import CONTRATTO, Manifesto, difetti
from capofila.hooks.marcatori import PROGETTO
from capofila.hooks.organi import Organo
from capofila.hooks.pagine import (
    BloccoModello,
    ChiVede,
    ModelloPlugin,
    PaginaPlugin,
    VoceMenuPlugin,
)
from capofila.hooks.prospetti import ProspettoSpesa, RapportoSpesa
from capofila.hooks.riparto import CriteriRiparto
from capofila.hooks.spesa import AggiuntaSpesa, ModuloSpesa, componi
from capofila.hooks.tabelle import LavoroPlugin, MigrazionePlugin, TabellaPlugin, tabelle
from capofila.hooks.tracciati import IntestazioneFlusso

GRUPPO: Final = "capofila.distretti"
"""Entry point group of the plugins."""

INTEGRATI: Final = ("capofila.siuss", "capofila.spesa_sociale")
"""Plugins that come with the platform, under the same contract as the others."""

Tenute = Mapping[str, Mapping[str, VoceCodifica | None]]
"""What an installation changed of the code lists: by list and code, None where it was withdrawn."""

_P = ParamSpec("_P")
_T = TypeVar("_T")
_D = TypeVar("_D", bound=Dichiarazione)


DELL_ANNO: Final[Mapping[str, type[Dichiarazione]]] = {
    "adempimenti": Adempimento,
    "moduli_spesa": ModuloSpesa,
    "aggiunte_spesa": AggiuntaSpesa,
    "prospetti_spesa": ProspettoSpesa,
    "rapporti_spesa": RapportoSpesa,
}
"""The hooks that are asked about a year, and what they declare: what a pinned year keeps."""


class Fissato(msgspec.Struct, frozen=True):
    """What a plugin declared about a year when that was pinned."""

    manifesto: Manifesto
    risposte: Mapping[str, tuple[Dichiarazione, ...]]
    impronta: str


@lru_cache(maxsize=256)
def leggi_fissato(testo: bytes, impronta: str) -> Fissato:
    """What was pinned, from the text that it was kept as.

    Raises:
        PluginInConflitto: the text is not the one of the digest.
    """
    if hashlib.sha256(testo).hexdigest() != impronta:
        raise PluginInConflitto(
            "Un anno fissato non è più com'era stato scritto: la sua impronta è diversa."
        )
    grezzi = msgspec.json.decode(testo, type=dict[str, msgspec.Raw])
    risposte = {
        hook: msgspec.json.decode(grezzi[hook], type=tuple[tipo, ...])  # type: ignore[valid-type]
        for hook, tipo in DELL_ANNO.items()
        if hook in grezzi
    }
    return Fissato(msgspec.json.decode(grezzi["manifesto"], type=Manifesto), risposte, impronta)


Fissati = Mapping[tuple[str, int], Fissato]
"""The pinned years of an ambito, by plugin and year."""


class PluginRifiutato(ErroreCapofila):
    """A plugin that cannot be taken in; the message names it, its vendor and every fault."""

    codice = "plugin_rifiutato"

    def __init__(self, plugin: str, fornitore: str, motivi: tuple[str, ...]) -> None:
        super().__init__(
            f"Il plugin «{plugin}» di {fornitore} non può essere caricato: {'; '.join(motivi)}."
        )
        self.plugin = plugin
        self.fornitore = fornitore
        self.motivi = motivi


class AvvioRifiutato(ErroreCapofila):
    """The platform does not start with these plugins; all the refusals at once."""

    codice = "avvio_rifiutato"

    def __init__(self, rifiuti: tuple[PluginRifiutato, ...]) -> None:
        super().__init__("\n".join(rifiuto.messaggio for rifiuto in rifiuti))
        self.rifiuti = rifiuti


class PluginInErrore(ErroreCapofila):
    """A plugin failed while it answered. The message holds no value that was given to it."""

    codice = "plugin_in_errore"

    def __init__(
        self,
        manifesto: Manifesto,
        hook: str,
        causa: str,
        punto: str | None = None,
        *,
        ingresso: str = "",
        impronta: str = "",
    ) -> None:
        dove = f" in {punto}" if punto else ""
        super().__init__(
            f"Il plugin «{manifesto.id}» {manifesto.versione} di {manifesto.fornitore} "
            f"non ha risposto a «{hook}»: {causa}{dove}."
        )
        self.plugin = manifesto.id
        self.versione = manifesto.versione
        self.fornitore = manifesto.fornitore
        self.hook = hook
        self.causa = causa
        """The type of the exception, or what is wrong with the answer."""
        self.punto = punto
        """Module and line where it was raised."""
        self.ingresso = ingresso
        """What it was given, in words that hold no value of a person."""
        self.impronta = impronta
        """The sha256 of what it was given; empty when it has none. Never shown: it is keyed first."""
        self.annotato = False
        """Whether it stands in the log of its ambito."""

    @classmethod
    def con_ingresso(
        cls, manifesto: Manifesto, hook: str, causa: str, punto: str | None, **valori: object
    ) -> PluginInErrore:
        """One that tells what it was given, without its values."""
        ingresso, impronta = _ingresso([*valori.items()])
        return cls(manifesto, hook, causa, punto, ingresso=ingresso, impronta=impronta)


class PluginInConflitto(Conflitto):
    """Two plugins answer a question that has one answer."""

    codice = "plugin_in_conflitto"


class PluginAssente(Conflitto):
    """An ambito relies on a plugin that is not installed here."""

    codice = "plugin_assente"


class Attivazione(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin acts in an ambito between two days, both included."""

    plugin: str
    dal: date
    al: date | None = None

    def attiva(self, giorno: date) -> bool:
        """Whether it holds on that day."""
        return self.dal <= giorno and (self.al is None or giorno <= self.al)


def avvisi(contratto: str) -> tuple[str, ...]:
    """What whoever runs a plugin written for an older minor of the contract should know, in Italian."""
    if contratto == CONTRATTO:
        return ()
    return (
        f"È scritto per il contratto {contratto}: continua a funzionare con il {CONTRATTO} di questa "
        "piattaforma, ma non usa ciò che è venuto dopo. Chiedi al fornitore una versione aggiornata.",
    )


def _punto(traccia: TracebackType | None) -> str | None:
    """Module and line of the innermost frame: names of the code, never of the data."""
    if traccia is None:
        return None
    while traccia.tb_next is not None:
        traccia = traccia.tb_next
    return f"{traccia.tb_frame.f_globals.get('__name__', '?')}:{traccia.tb_lineno}"


def protetto(
    manifesto: Manifesto,
    hook: str,
    funzione: Callable[_P, _T],
    /,
    *args: _P.args,
    **kwargs: _P.kwargs,
) -> _T:
    """Run a plugin's function, such as one that its flow declares.

    Args:
        manifesto: whose function it is.
        hook: where it was declared, for the message.
        funzione: called with the rest.

    Raises:
        PluginInErrore: it raised, or answered with a coroutine. The original exception is not
            chained: its text may hold personal data.
    """
    causa: str
    punto: str | None
    try:
        risposta = funzione(*args, **kwargs)
    except (Exception, SystemExit) as errore:
        causa, punto = type(errore).__name__, _punto(errore.__traceback__)
    else:
        _rifiuta_asincrona(manifesto, hook, risposta)
        return risposta
    ingresso, impronta = _ingresso([("", uno) for uno in args] + [*kwargs.items()])
    # Raised outside the handler, so that the cause does not travel as the context either.
    raise PluginInErrore(manifesto, hook, causa, punto, ingresso=ingresso, impronta=impronta)


def _ingresso(valori: Sequence[tuple[str, object]]) -> tuple[str, str]:
    """What a function was given: words without values, and the digest of the values themselves."""
    parole = [
        f"{nome}: {_di_che_specie(uno)}" if nome else _di_che_specie(uno) for nome, uno in valori
    ]
    conto = hashlib.sha256()
    for nome, uno in valori:
        conto.update(f"{nome}=".encode())
        if isinstance(uno, io.IOBase) and uno.seekable():
            posto = uno.tell()
            uno.seek(0)
            while pezzo := uno.read(1 << 20):
                conto.update(pezzo if isinstance(pezzo, bytes) else str(pezzo).encode())
            uno.seek(posto)
            continue
        try:
            semplice = msgspec.to_builtins(uno, enc_hook=lambda altro: type(altro).__name__)
            conto.update(msgspec.json.encode(semplice, order="sorted"))
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            return "; ".join(parole), ""
    return "; ".join(parole), conto.hexdigest() if valori else ""


def _di_che_specie(valore: object) -> str:
    """A value, without itself: a year is the one that is told, since it is nobody's."""
    match valore:
        case bool() | None:
            return str(valore)
        case int() if 1900 <= valore <= 2100:
            return str(valore)
        case str() | bytes():
            return f"testo di {len(valore)} caratteri"
        case Mapping() | list() | tuple() | set() | frozenset():
            return f"{type(valore).__name__} di {len(valore)} elementi"
    return type(valore).__name__


def _difetto_modello(testo: str, nomi: set[str], *, marcato: bool) -> str:
    """What is wrong with a template; empty when nothing is, or when there is none."""
    if not testo:
        return ""
    try:
        letti = prepara(testo, marcato=marcato).nomi
    except DichiarazioneErrata as errore:
        return errore.messaggio
    ignoti = sorted(letti - nomi)
    return f"«{ignoti[0]}» non è fra i dati che dichiara" if ignoti else ""


def _rifiuta_asincrona(manifesto: Manifesto, hook: str, risposta: object) -> None:
    if not inspect.isawaitable(risposta) and not inspect.isasyncgen(risposta):
        return
    if inspect.iscoroutine(risposta):
        risposta.close()
    raise PluginInErrore(manifesto, hook, "la risposta è asincrona")


def _ben_fatto(valore: msgspec.Struct) -> bool:
    """Whether the fields of a declared value have their types, all the way down."""
    try:
        msgspec.convert(
            msgspec.to_builtins(valore, builtin_types=(date,)),
            type(valore),
            builtin_types=(date,),
        )
    except (msgspec.ValidationError, DichiarazioneErrata, TypeError):
        return False
    return True


def _controlla_hook(plugin: object) -> tuple[str, ...]:
    """What the functions of a plugin have wrong, in Italian."""
    prova = _gestore()
    try:
        prova.register(plugin)
    except pluggy.PluginValidationError:
        return ("un hook ha argomenti che la sua specifica non prevede",)
    motivi: list[str] = []
    try:
        prova.check_pending()
    except pluggy.PluginValidationError:
        motivi += [
            f"l'hook «{chiamante.name}» non esiste nel contratto"
            for chiamante in prova.get_hookcallers(plugin) or ()
            if not chiamante.has_spec()
            and any(not hook.optionalhook for hook in chiamante.get_hookimpls())
        ]
    for chiamante in prova.get_hookcallers(plugin) or ():
        proprie = chiamante.get_hookimpls()
        if len(proprie) > 1:
            motivi.append(f"l'hook «{chiamante.name}» è dato {len(proprie)} volte")
        for hook in proprie:
            if hook.opts.get("specname"):
                motivi.append(f"l'hook «{chiamante.name}» è una funzione con un altro nome")
            if hook.wrapper or hook.hookwrapper:
                motivi.append(
                    f"l'hook «{chiamante.name}» è un wrapper, che cambierebbe le risposte altrui"
                )
            if inspect.iscoroutinefunction(hook.function) or inspect.isasyncgenfunction(
                hook.function
            ):
                motivi.append(f"l'hook «{chiamante.name}» è asincrono")
    if not any(hook.name == "manifesto" for hook in prova.get_hookcallers(plugin) or ()):
        motivi.append("manca il manifesto")
    return tuple(motivi)


def _gestore() -> pluggy.PluginManager:
    gestore = pluggy.PluginManager(PROGETTO)
    gestore.add_hookspecs(specifiche)
    return gestore


def _importa(nome: str, fornitore: str, importa: Callable[[], object]) -> object:
    try:
        return importa()
    except (Exception, SystemExit) as errore:
        # No data has been seen yet: the text of the error helps and harms nobody.
        motivo = f"l'importazione è fallita ({type(errore).__name__}: {errore})"
        raise PluginRifiutato(nome, fornitore, (motivo,)) from errore


def _presentazione(plugin: object) -> tuple[str, str] | None:
    """Id and vendor by the plugin's own word, when something else is wrong with it."""
    chiedi = getattr(plugin, "manifesto", None)
    try:
        manifesto = chiedi() if callable(chiedi) else None
    except (Exception, SystemExit):
        return None
    if inspect.iscoroutine(manifesto):
        manifesto.close()
    if not isinstance(manifesto, Manifesto) or not _ben_fatto(manifesto):
        return None
    return manifesto.id, manifesto.fornitore


def _chiedi_manifesto(plugin: object, nome: str, fornitore: str) -> Manifesto:
    solo = _gestore()
    solo.register(plugin)
    motivo: str
    try:
        (risposta,) = solo.hook.manifesto()
    except DichiarazioneErrata as errore:
        motivo = errore.messaggio.rstrip(".")
    except (Exception, SystemExit) as errore:
        motivo = f"il manifesto non si legge: {type(errore).__name__}"
    else:
        if isinstance(risposta, Manifesto) and _ben_fatto(risposta):
            return risposta
        if inspect.iscoroutine(risposta):
            risposta.close()
        motivo = "il manifesto non ha la forma che il contratto chiede"
    raise PluginRifiutato(nome, fornitore, (motivo,))


class Registro:
    """The installed plugins."""

    def __init__(self) -> None:
        self._gestore = _gestore()
        self._manifesti: dict[str, Manifesto] = {}
        self._chiamanti: dict[tuple[str, str], pluggy.HookCaller] = {}
        self._insiemi: dict[
            tuple[frozenset[str], date, str, frozenset[tuple[str, int, str]]], PluginAttivi
        ] = {}
        self._liste: tuple[tuple[Manifesto, ListaCodici], ...] | None = None

    @classmethod
    def carica(
        cls,
        *,
        integrati: Iterable[str] = INTEGRATI,
        distribuzioni: Iterable[EntryPoint] | None = None,
    ) -> Registro:
        """Take in the built-in plugins and the installed distributions.

        Args:
            integrati: importable names of the built-in ones.
            distribuzioni: entry points; by default those installed in the group.

        Raises:
            AvvioRifiutato: at least one was refused. All are tried first.
        """
        registro = cls()
        rifiuti: list[PluginRifiutato] = []
        for nome in integrati:
            try:
                registro._carica_integrato(nome)
            except PluginRifiutato as rifiuto:
                rifiuti.append(rifiuto)
        punti = entry_points(group=GRUPPO) if distribuzioni is None else distribuzioni
        for punto in sorted(punti, key=lambda punto: (punto.name, punto.value)):
            try:
                registro._carica_distribuzione(punto)
            except PluginRifiutato as rifiuto:
                rifiuti.append(rifiuto)
        if rifiuti:
            raise AvvioRifiutato(tuple(rifiuti))
        return registro

    def _carica_integrato(self, nome: str) -> None:
        self._accogli(
            _importa(nome, "Capofila", lambda: importlib.import_module(nome)), nome, "Capofila"
        )

    def _carica_distribuzione(self, punto: EntryPoint) -> None:
        fornitore, versione = _della_distribuzione(punto)
        plugin = _importa(punto.name, fornitore, punto.load)
        self._accogli(plugin, punto.name, fornitore, id=punto.name, versione=versione)

    def registra(self, plugin: object) -> Manifesto:
        """Take in one plugin: a module, or an object with the hooks as its methods.

        Raises:
            PluginRifiutato: with every reason found.
        """
        nome = getattr(plugin, "__name__", type(plugin).__name__)
        return self._accogli(plugin, nome, "fornitore sconosciuto")

    def _accogli(
        self,
        plugin: object,
        nome: str,
        fornitore: str,
        *,
        id: str | None = None,
        versione: str | None = None,
    ) -> Manifesto:
        """Check and register. The manifest must say the ``id`` and ``versione`` that are given."""
        motivi = _controlla_hook(plugin)
        if motivi:
            raise PluginRifiutato(*(_presentazione(plugin) or (nome, fornitore)), motivi)
        manifesto = _chiedi_manifesto(plugin, nome, fornitore)
        motivi = difetti(manifesto)
        if id is not None and id != manifesto.id:
            motivi += (f"l'entry point si chiama «{id}» e il manifesto dice «{manifesto.id}»",)
        if versione is not None and versione != manifesto.versione:
            motivi += (
                f"il manifesto dice versione {manifesto.versione}, "
                f"la distribuzione installata è la {versione}",
            )
        altro = self._manifesti.get(manifesto.id)
        if altro is not None:
            motivi += (
                f"l'identificativo «{manifesto.id}» è già del plugin «{altro.denominazione}» "
                f"di {altro.fornitore}",
            )
        if motivi:
            raise PluginRifiutato(
                manifesto.id or nome, manifesto.fornitore.strip() or fornitore, motivi
            )
        self._gestore.register(plugin, name=manifesto.id)
        self._manifesti[manifesto.id] = manifesto
        # A caller made before would let the newcomer speak in another's name.
        self._chiamanti.clear()
        self._insiemi.clear()
        self._liste = None
        return manifesto

    def manifesti(self) -> tuple[Manifesto, ...]:
        """All that are installed, by id."""
        return tuple(self._manifesti[id] for id in sorted(self._manifesti))

    def manifesto(self, id: str) -> Manifesto:
        """One of them.

        Raises:
            PluginAssente: it is not installed.
        """
        try:
            return self._manifesti[id]
        except KeyError:
            raise PluginAssente(
                f"Il plugin «{id}» è attivo per questo ambito ma non è installato: "
                "va installato, oppure disattivato."
            ) from None

    def attivi(
        self,
        attivazioni: Iterable[Attivazione],
        giorno: date,
        tenute: Tenute | None = None,
        revisione: str = "",
        fissati: Fissati | None = None,
    ) -> PluginAttivi:
        """What the plugins active on a day have to say to one ambito.

        Args:
            attivazioni: those of the ambito, of any date.
            giorno: the day that is asked about.
            tenute: the code lists that the installation keeps; as the plugins declare them when
                not given.
            revisione: of `tenute`; the same text is the same content.
            fissati: the years that the ambito has pinned, of plugins that act that day.

        Raises:
            PluginAssente: one that is active on that day is not installed.
        """
        ids = frozenset(uno.plugin for uno in attivazioni if uno.attiva(giorno))
        segni = frozenset((*quale, uno.impronta) for quale, uno in (fissati or {}).items())
        chiave = (ids, giorno, revisione, segni)
        trovati = self._insiemi.get(chiave)
        if trovati is None:
            if len(self._insiemi) >= _INSIEMI_TENUTI:
                self._insiemi.clear()
            trovati = PluginAttivi(
                self,
                tuple(self.manifesto(id) for id in sorted(ids)),
                giorno,
                tenute or {},
                fissati or {},
            )
            self._insiemi[chiave] = trovati
        return trovati

    def verifica(self, attivazioni: Iterable[Attivazione], giorno: date) -> None:
        """Check an ambito's activations: at start, and before one is stored.

        Every set of plugins that acts together from ``giorno`` on is asked everything.

        Args:
            attivazioni: those of the ambito, with the new one.
            giorno: from when on; what was active before is history.

        Raises:
            PluginAssente: one that will be active is not installed.
            PluginInConflitto: two of them answer one question.
            PluginInErrore: one of them fails to answer.
        """
        tutte = tuple(attivazioni)
        for inizio in sorted({giorno, *(una.dal for una in tutte if una.dal > giorno)}):
            attivi = self.attivi(tutte, inizio)
            attivi.flussi()
            attivi.lettori()
            attivi.organi()
            attivi.adempimenti(inizio.year)
            attivi.moduli_spesa(inizio.year)
            attivi.prospetti_spesa(inizio.year)
            attivi.rapporti_spesa(inizio.year)
            attivi.graduatorie()
            attivi.pagine()
            attivi.voci_menu()
            attivi.lavori()
            for blocco in BloccoModello:
                attivi.modello(blocco)
            attivi.criteri_riparto(inizio.year)
            attivi.indicatori()
            attivi.accreditamento()

    def codifiche(self) -> tuple[tuple[Manifesto, ListaCodici], ...]:
        """The code lists that the installed plugins declare, active somewhere or not.

        Raises:
            PluginInErrore: one of them failed, or a list does not bear its plugin's name.
        """
        if self._liste is None:
            self._liste = tuple(
                (manifesto, lista)
                for manifesto in self.manifesti()
                for lista in self._liste_di(manifesto)
            )
        return self._liste

    def _liste_di(self, manifesto: Manifesto) -> tuple[ListaCodici, ...]:
        risposta = self.chiama(manifesto.id, "codifiche")
        if risposta is None:
            return ()
        if not isinstance(risposta, tuple) or not all(
            isinstance(lista, ListaCodici) and _ben_fatto(lista) for lista in risposta
        ):
            raise PluginInErrore(
                manifesto, "codifiche", "la risposta non è una tupla di ListaCodici"
            )
        ids = [lista.id for lista in risposta]
        if len({*ids}) < len(ids) or not all(id.startswith(f"{manifesto.id}-") for id in ids):
            raise PluginInErrore(
                manifesto, "codifiche",
                f"ogni lista ha un nome suo, che comincia con «{manifesto.id}-»",
            )  # fmt: skip
        return risposta

    def migrazioni(self, id: str) -> tuple[MigrazionePlugin, ...]:
        """The migrations of a plugin, in order.

        Raises:
            PluginInErrore: it failed, or they make no sense one after the other.
        """
        manifesto = self.manifesto(id)
        risposta = self.chiama(id, "migrazioni")
        if risposta is None:
            return ()
        if not isinstance(risposta, tuple) or not all(
            isinstance(una, MigrazionePlugin) and _ben_fatto(una) for una in risposta
        ):
            raise PluginInErrore(
                manifesto, "migrazioni", "la risposta non è una tupla di MigrazionePlugin"
            )
        try:
            tabelle(risposta)
        except DichiarazioneErrata as errore:
            causa = errore.messaggio.rstrip(".")
        else:
            return risposta
        raise PluginInErrore(manifesto, "migrazioni", causa)

    def tabelle(self, id: str) -> Mapping[str, TabellaPlugin]:
        """The tables of a plugin, as its migrations make them; see :meth:`migrazioni`."""
        return tabelle(self.migrazioni(id))

    def hook(self, id: str) -> tuple[str, ...]:
        """The hooks that a plugin has."""
        plugin = self._gestore.get_plugin(id)
        chiamanti = self._gestore.get_hookcallers(plugin) if plugin is not None else None
        return tuple(sorted(uno.name for uno in chiamanti or () if uno.has_spec()))

    def modulo(self, id: str) -> str:
        """The importable name of a plugin; empty for an object that is no module."""
        return getattr(self._gestore.get_plugin(id), "__name__", "")

    def mostra(self) -> bool:
        """Whether some plugin that is installed has entries of the menu."""
        return any("voci_menu" in self.hook(manifesto.id) for manifesto in self.manifesti())

    def chiama(self, id: str, hook: str, **argomenti: object) -> object:
        """Ask one plugin one hook; ``None`` when it does not implement it.

        Raises:
            PluginAssente: it is not installed.
            PluginInErrore: it failed.
        """
        manifesto = self.manifesto(id)
        risposte = protetto(manifesto, hook, self._chiamante(id, hook), **argomenti)
        if not risposte:
            return None
        _rifiuta_asincrona(manifesto, hook, risposte[0])
        return risposte[0]

    def _chiamante(self, id: str, hook: str) -> Callable[..., list[object]]:
        chiamante = self._chiamanti.get((id, hook))
        if chiamante is None:
            altri = [self._gestore.get_plugin(altro) for altro in self._manifesti if altro != id]
            chiamante = self._gestore.subset_hook_caller(hook, altri)
            self._chiamanti[id, hook] = chiamante
        return chiamante


_INSIEMI_TENUTI: Final = 1024


class PluginAttivi:
    """The plugins of one ambito on one day. A plugin that is not active cannot be reached here."""

    def __init__(
        self,
        registro: Registro,
        manifesti: tuple[Manifesto, ...],
        giorno: date,
        tenute: Tenute | None = None,
        fissati: Fissati | None = None,
    ) -> None:
        self._registro = registro
        self._fissati = fissati or {}
        self.manifesti = manifesti
        self.giorno = giorno
        self._tenute = tenute or {}
        self._trovati: list[tuple[Manifesto, Flusso]] | None = None

    def versioni(self) -> Mapping[str, str]:
        """Plugin ids and versions, as an export or a decision keeps them."""
        return {manifesto.id: manifesto.versione for manifesto in self.manifesti}

    def flussi(self) -> tuple[Flusso, ...]:
        """The flows on offer, by id."""
        return tuple(flusso for _, flusso in self._flussi())

    def flusso(self, id: str) -> Flusso:
        """One flow.

        Raises:
            NonTrovato: no active plugin offers it.
        """
        return self._uno_dei_flussi(id)[1]

    def manifesto_del_flusso(self, id: str) -> Manifesto:
        """Who offers a flow.

        Raises:
            NonTrovato: no active plugin offers it.
        """
        return self._uno_dei_flussi(id)[0]

    def lettori(self) -> tuple[LettoreFlussi, ...]:
        """What can be read of other programs, by root element."""
        return tuple(lettore for _, lettore in self._lettori())

    def lettore(self, radice: RadiceXML) -> LettoreProtetto:
        """The reader of the documents with that root element.

        Raises:
            NonTrovato: no active plugin reads them.
        """
        for manifesto, lettore in self._lettori():
            if lettore.radice == radice:
                return LettoreProtetto(manifesto, lettore)
        raise NonTrovato(
            f"Nessun plugin attivo in questo ambito legge i file che cominciano con "
            f"«{_radice(radice)}»."
        )

    def organi(self) -> tuple[Organo, ...]:
        """The bodies that exist on the day, by code."""
        return tuple(organo for organo in self._organi() if organo.vale(self.giorno))

    def organo(self, codice: str) -> Organo:
        """One body, as it is on the day.

        Raises:
            NonTrovato: no active plugin declares it for that day.
        """
        for organo in self.organi():
            if organo.codice == codice:
                return organo
        raise NonTrovato(
            f"L'organo «{codice}» non è previsto in questo ambito al {self.giorno:%d/%m/%Y}."
        )

    def adempimenti(self, anno: int) -> tuple[Adempimento, ...]:
        """What is declared for what is about a year, whether or not its day is in force."""
        return self._dichiarati("adempimenti", Adempimento, "l'adempimento", anno=anno)

    def scadenze(
        self,
        anno: int,
        festivi: frozenset[date] = frozenset(),
        fatti: Mapping[str, date] | None = None,
    ) -> tuple[Scadenza, ...]:
        """The dated deadlines of what is about a year; `fatti` as for `hooks.scadenze`."""
        return scadenze(self.adempimenti(anno), anno, festivi, fatti)

    def calendario(
        self,
        dal: date,
        al: date,
        festivi: frozenset[date] = frozenset(),
        fatti: Mapping[int, Mapping[str, date]] | None = None,
    ) -> tuple[Scadenza, ...]:
        """The deadlines that fall between two days, both included, whatever year they are about.

        Args:
            dal: the first day.
            al: the last one.
            festivi: local holidays to add to the national ones.
            fatti: the days on which they were done, by year of reference and code.
        """
        trovate = [
            scadenza
            for anno in range(dal.year - SCARTO_MASSIMO - 1, al.year + SCARTO_MASSIMO + 2)
            for scadenza in self.scadenze(anno, festivi, (fatti or {}).get(anno))
            if dal <= scadenza.data <= al
        ]
        return tuple(sorted(trovate, key=lambda scadenza: (scadenza.data, scadenza.adempimento)))

    def moduli_spesa(self, anno: int) -> tuple[ModuloSpesa, ...]:
        """The forms about a year, as they are at its end, with what the active plugins add.

        Raises:
            PluginInErrore: an addition does not fit the form.
            PluginInConflitto: two plugins give one form or one addition.
        """
        fine = date(anno, 12, 31)
        moduli = {
            uno.codice: uno
            for uno in self._dichiarati("moduli_spesa", ModuloSpesa, "il modulo", anno=anno)
            if uno.vale(fine)
        }
        aggiunte = self._dichiarati("aggiunte_spesa", AggiuntaSpesa, "l'aggiunta", anno=anno)
        for una in aggiunte:
            # One for a form that nobody gives this year waits, as a plugin for another region may.
            if una.modulo in moduli and una.vale(fine):
                moduli[una.modulo] = self._aggiungi(moduli[una.modulo], una, anno)
        return tuple(moduli[codice] for codice in sorted(moduli))

    def prospetti_spesa(self, anno: int) -> tuple[ProspettoSpesa, ...]:
        """The files of tables about the spending of a year, as they are at its end.

        Raises:
            PluginInErrore: one has the name of a flow, or a table that its form does not have.
            PluginInConflitto: two plugins give one.
        """
        fine = date(anno, 12, 31)
        moduli: dict[str, set[str]] | None = None
        flussi = {flusso.id for flusso in self.flussi()}
        trovati = []
        for uno in self._dichiarati("prospetti_spesa", ProspettoSpesa, "il prospetto", anno=anno):
            if not uno.vale(fine):
                continue
            if moduli is None:
                moduli = {m.codice: {t.codice for t in m.tavole} for m in self.moduli_spesa(anno)}
            causa = ""
            if uno.codice in flussi:
                causa = f"il prospetto «{uno.codice}» ha il nome di un flusso"
            elif not {*uno.tavole} <= moduli.get(uno.modulo, {*uno.tavole}):
                causa = f"il prospetto «{uno.codice}» vuole tavole che il suo modulo non ha"
            if causa:
                raise self._colpa("prospetti_spesa", ProspettoSpesa, uno.codice, causa, anno)
            # One for a form that nobody gives this year waits.
            if uno.modulo in moduli:
                trovati.append(uno)
        return tuple(trovati)

    def rapporti_spesa(self, anno: int) -> tuple[RapportoSpesa, ...]:
        """The reports about the spending of a year, as they are at its end.

        Raises:
            PluginInConflitto: two plugins give one.
        """
        fine = date(anno, 12, 31)
        return tuple(
            uno
            for uno in self._dichiarati("rapporti_spesa", RapportoSpesa, "il rapporto", anno=anno)
            if uno.vale(fine)
        )

    def criteri_riparto(self, anno: int) -> tuple[CriteriRiparto, ...]:
        """The criteria by which the funds of a year may be shared, as they are at its end.

        Raises:
            PluginInConflitto: two plugins give one.
        """
        fine = date(anno, 12, 31)
        return tuple(
            uno
            for uno in self._dichiarati("criteri_riparto", CriteriRiparto, "i criteri", anno=anno)
            if uno.vale(fine)
        )

    def indicatori(self) -> tuple[Indicatore, ...]:
        """What the active plugins add to the catalogue of indicators, in all its dated versions.

        Raises:
            PluginInErrore: a code does not begin with the plugin's name.
            PluginInConflitto: two plugins give one.
        """
        for manifesto, uno in self._risposte("indicatori", Indicatore):
            if not uno.codice.startswith(f"{manifesto.id}."):
                raise PluginInErrore(
                    manifesto, "indicatori",
                    f"il codice «{uno.codice}» non comincia con «{manifesto.id}.»",
                )  # fmt: skip
        return self._dichiarati("indicatori", Indicatore, "l'indicatore")

    def schemi(self) -> tuple[tuple[Manifesto, Path], ...]:
        """The files of the schemes of compartecipazione, and whose they are."""
        return tuple(self._risposte("schemi", Path))

    def graduatorie(self) -> tuple[Graduatoria, ...]:
        """The rules of the waiting lists that hold on the day, by code.

        Raises:
            PluginInConflitto: two plugins give one.
        """
        tutte = self._dichiarati("graduatorie", Graduatoria, "la graduatoria")
        return tuple(una for una in tutte if una.vale(self.giorno))

    def manifesto_della_graduatoria(self, codice: str) -> Manifesto:
        """Who declares the rules of a waiting list.

        Raises:
            NonTrovato: no active plugin does.
        """
        return self._manifesto_di("graduatorie", Graduatoria, "la graduatoria", codice)

    def accreditamento(self) -> tuple[RegoleAccreditamento, ...]:
        """The rules of accreditation that hold on the day, by code.

        Raises:
            PluginInConflitto: two plugins give one.
        """
        tutte = self._dichiarati("accreditamento", RegoleAccreditamento, "l'accreditamento")
        return tuple(una for una in tutte if una.vale(self.giorno))

    def manifesto_dell_accreditamento(self, codice: str) -> Manifesto:
        """Who declares the rules of an accreditation.

        Raises:
            NonTrovato: no active plugin does.
        """
        return self._manifesto_di(
            "accreditamento", RegoleAccreditamento, "l'accreditamento", codice
        )

    def _manifesto_di(self, hook: str, tipo: type[_D], nome: str, codice: str) -> Manifesto:
        for manifesto, una in self._risposte(hook, tipo):
            if una.codice == codice and una.vale(self.giorno):  # type: ignore[attr-defined]
                return manifesto
        raise NonTrovato(
            f"Nessun plugin attivo il {self.giorno:%d/%m/%Y} dichiara {nome} «{codice}»."
        )

    def tabelle_di(self, plugin: str) -> Mapping[str, TabellaPlugin]:
        """The own tables of a plugin that is active; see `Registro.migrazioni` for what it raises."""
        return self._registro.tabelle(plugin)

    def pagine(self) -> tuple[tuple[Manifesto, PaginaPlugin], ...]:
        """The pages of the plugins, each with its author; a code is of one plugin.

        Raises:
            PluginInErrore: a page has what pages may not have, or a table that is not of its plugin.
        """
        trovate = self._proprie("pagine", PaginaPlugin)
        for manifesto, pagina in trovate:
            sue = self._registro.tabelle(manifesto.id) if pagina.tabelle else {}
            causa = ""
            if not {*pagina.tabelle} <= {*sue}:
                causa = f"la pagina «{pagina.codice}» mostra una tabella che il plugin non ha"
            elif pagina.chi is ChiVede.AMBITO and any(
                sue[una].dati_personali for una in pagina.tabelle
            ):
                causa = (
                    f"la pagina «{pagina.codice}» mostra dati personali a chi non è dell'Ufficio"
                )
            else:
                causa = _difetto_modello(
                    pagina.modello, {"ambito", "anno", "tabelle", *pagina.dati}, marcato=True
                )
                causa = causa and f"la pagina «{pagina.codice}»: {causa}"
            if causa:
                raise PluginInErrore(manifesto, "pagine", causa)
        return trovate

    def pagina(self, plugin: str, codice: str) -> tuple[Manifesto, PaginaPlugin]:
        """One page.

        Raises:
            NonTrovato: the plugin is not active, or has no such page.
        """
        for manifesto, pagina in self._proprie("pagine", PaginaPlugin, plugin):
            if pagina.codice == codice:
                return manifesto, pagina
        raise NonTrovato("Questa pagina non esiste in questo ambito.")

    def voci_menu(self) -> tuple[tuple[Manifesto, VoceMenuPlugin, PaginaPlugin], ...]:
        """The entries of the menu, in their order, each with the page that it opens.

        Raises:
            PluginInErrore: one opens a page that its plugin does not have.
        """
        pagine = {
            (m.id, pagina.codice): pagina for m, pagina in self._proprie("pagine", PaginaPlugin)
        }
        trovate = []
        for manifesto, voce in self._proprie("voci_menu", VoceMenuPlugin):
            pagina = pagine.get((manifesto.id, voce.pagina))
            if pagina is None:
                causa = f"la voce «{voce.codice}» apre una pagina che il plugin non ha"
                raise PluginInErrore(manifesto, "voci_menu", causa)
            trovate.append((manifesto, voce, pagina))
        return tuple(sorted(trovate, key=lambda una: (una[1].ordine, una[0].id, una[1].codice)))

    def modello(self, blocco: BloccoModello) -> tuple[Manifesto, ModelloPlugin] | None:
        """The words of a place of the core; None where no plugin gives them.

        Raises:
            PluginInConflitto: two plugins do.
            PluginInErrore: they have what they may not have.
        """
        trovato = None
        for manifesto, uno in self._proprie("modelli", ModelloPlugin):
            if uno.blocco is not blocco:
                continue
            if trovato is not None:
                raise _conflitto("il modello", uno.codice, trovato[0], manifesto)
            causa = _difetto_modello(
                uno.modello, {"ambito", "comune", "servizio"}, marcato=blocco.marcato
            )
            if causa:
                raise PluginInErrore(manifesto, "modelli", f"«{uno.codice}»: {causa}")
            trovato = manifesto, uno
        return trovato

    def lavori(self) -> tuple[tuple[Manifesto, LavoroPlugin], ...]:
        """The jobs of the plugins, each with its author.

        Raises:
            PluginInErrore: one reads or writes a table that its plugin does not have.
        """
        trovati = self._proprie("lavori", LavoroPlugin)
        for manifesto, lavoro in trovati:
            if not {lavoro.da, lavoro.verso} <= {*self._registro.tabelle(manifesto.id)}:
                causa = f"il lavoro «{lavoro.codice}» usa una tabella che il plugin non ha"
                raise PluginInErrore(manifesto, "lavori", causa)
        return trovati

    def lavoro(self, plugin: str, codice: str) -> tuple[Manifesto, LavoroPlugin]:
        """One job.

        Raises:
            NonTrovato: the plugin is not active, or has no such job.
        """
        for manifesto, lavoro in self.lavori():
            if (manifesto.id, lavoro.codice) == (plugin, codice):
                return manifesto, lavoro
        raise NonTrovato("Questo lavoro non esiste in questo ambito.")

    def _proprie(
        self, hook: str, tipo: type[_D], di: str | None = None
    ) -> tuple[tuple[Manifesto, _D], ...]:
        """Declarations whose code is of their plugin, those in force on the day."""
        trovate: list[tuple[Manifesto, _D]] = []
        for manifesto, valore in self._risposte(hook, tipo):
            if di is not None and manifesto.id != di:
                continue
            # A function is no data: of a job only what is beside it is looked at.
            if not isinstance(valore, LavoroPlugin) and not _ben_fatto(valore):
                raise PluginInErrore(
                    manifesto, hook, f"un valore {tipo.__name__} ha campi del tipo sbagliato"
                )
            if not valore.vale(self.giorno):
                continue
            codice: str = valore.codice  # type: ignore[attr-defined]
            if any(m is manifesto and v.codice == codice for m, v in trovate):  # type: ignore[attr-defined]
                raise PluginInErrore(manifesto, hook, f"«{codice}» è dato due volte")
            trovate.append((manifesto, valore))
        return tuple(trovate)

    def _aggiungi(self, modulo: ModuloSpesa, aggiunta: AggiuntaSpesa, anno: int) -> ModuloSpesa:
        try:
            return componi(modulo, (aggiunta,))
        except DichiarazioneErrata as errore:
            causa = errore.messaggio.rstrip(".")
        raise self._colpa("aggiunte_spesa", AggiuntaSpesa, aggiunta.codice, causa, anno)

    def _colpa(
        self, hook: str, tipo: type[_D], codice: str, causa: str, anno: int
    ) -> PluginInErrore:
        """What is wrong with a declaration, said of the plugin that gives it."""
        autore = next(
            manifesto
            for manifesto, una in self._risposte(hook, tipo, anno=anno)
            if una.codice == codice  # type: ignore[attr-defined]
        )
        return PluginInErrore(autore, hook, causa)

    def _organi(self) -> tuple[Organo, ...]:
        return self._dichiarati("organi", Organo, "l'organo")

    def _chi_risponde(self, anno: object) -> tuple[Manifesto, ...]:
        """The active plugins; about a pinned year also those that are gone, as they were."""
        presenti = {manifesto.id for manifesto in self.manifesti}
        andati = [
            fissato.manifesto
            for (plugin, quando), fissato in sorted(self._fissati.items())
            if quando == anno and plugin not in presenti
        ]
        return (*self.manifesti, *andati)

    def _risposte(
        self, hook: str, tipo: type[_T], **argomenti: object
    ) -> Iterator[tuple[Manifesto, _T]]:
        anno = argomenti.get("anno")
        for manifesto in self._chi_risponde(anno):
            fissato = self._fissati.get((manifesto.id, anno)) if isinstance(anno, int) else None
            if fissato is not None and hook in DELL_ANNO:
                risposta: object = fissato.risposte.get(hook)
            else:
                risposta = self._registro.chiama(manifesto.id, hook, **argomenti)
            if risposta is None:
                continue
            if not isinstance(risposta, tuple) or not all(
                isinstance(valore, tipo) for valore in risposta
            ):
                raise PluginInErrore(
                    manifesto, hook, f"la risposta non è una tupla di {tipo.__name__}"
                )
            for valore in risposta:
                yield manifesto, valore

    def _flussi(self) -> list[tuple[Manifesto, Flusso]]:
        """Asked once: they are made from some hundreds of codes, and nothing of them can change."""
        if self._trovati is None:
            self._trovati = self._chiedi_flussi()
        return self._trovati

    def _chiedi_flussi(self) -> list[tuple[Manifesto, Flusso]]:
        trovati: dict[str, tuple[Manifesto, Flusso]] = {}
        principali: dict[str, Manifesto] = {}
        liste = in_vigore((lista for _, lista in self._registro.codifiche()), self._tenute)
        for manifesto, flusso in self._risposte("flussi", Flusso, codifiche=liste):
            if flusso.id in trovati:
                raise _conflitto("il flusso", flusso.id, trovati[flusso.id][0], manifesto)
            if not flusso.fonti_normative:
                raise PluginInErrore(
                    manifesto, "flussi", f"il flusso «{flusso.id}» non cita una fonte"
                )
            if flusso.principale:
                altro = principali.setdefault(flusso.fonte, manifesto)
                if altro is not manifesto:
                    raise _conflitto("il flusso principale di", flusso.fonte, altro, manifesto)
            trovati[flusso.id] = (manifesto, flusso)
        return [trovati[id] for id in sorted(trovati)]

    def _lettori(self) -> list[tuple[Manifesto, LettoreFlussi]]:
        trovati: dict[tuple[str, str], tuple[Manifesto, LettoreFlussi]] = {}
        for manifesto, lettore in self._risposte("lettori", LettoreFlussi):
            chiave = (lettore.radice.spazio_nomi, lettore.radice.nome)
            if chiave in trovati:
                radice = _radice(lettore.radice)
                raise _conflitto("il lettore di", radice, trovati[chiave][0], manifesto)
            trovati[chiave] = (manifesto, lettore)
        return [trovati[chiave] for chiave in sorted(trovati)]

    def _uno_dei_flussi(self, id: str) -> tuple[Manifesto, Flusso]:
        for manifesto, flusso in self._flussi():
            if flusso.id == id:
                return manifesto, flusso
        raise NonTrovato(
            f"Il flusso «{id}» non è attivo in questo ambito al {self.giorno:%d/%m/%Y}."
        )

    def _dichiarati(self, hook: str, tipo: type[_D], nome: str, **argomenti: Any) -> tuple[_D, ...]:
        """Declarations with a code; one plugin may give several versions that do not overlap."""
        trovati: dict[str, list[tuple[Manifesto, _D]]] = {}
        for manifesto, valore in self._risposte(hook, tipo, **argomenti):
            if not _ben_fatto(valore):
                raise PluginInErrore(
                    manifesto, hook, f"un valore {tipo.__name__} ha campi del tipo sbagliato"
                )
            codice: str = valore.codice  # type: ignore[attr-defined]
            versioni = trovati.setdefault(codice, [])
            for altro_manifesto, altro in versioni:
                if altro_manifesto.id != manifesto.id:
                    raise _conflitto(nome, codice, altro_manifesto, manifesto)
                if altro.si_sovrappone(valore):
                    raise PluginInErrore(
                        manifesto, hook, f"{nome} «{codice}» è dato due volte per gli stessi giorni"
                    )
            versioni.append((manifesto, valore))
        return tuple(
            valore
            for codice in sorted(trovati)
            for _, valore in sorted(
                trovati[codice], key=lambda coppia: coppia[1].valido_dal or date.min
            )
        )


_NON_IN_UN_FRAMMENTO: Final = re.compile("[\x00-\x1f]")
"""Fragments travel one to a line, with a mark between the two of a record."""


class LettoreProtetto:
    """A plugin's reader, run so that what it does wrong has an author and tells no data.

    What it cannot read is told by `FileNonLeggibile`, as the contract says.
    """

    def __init__(self, manifesto: Manifesto, lettore: LettoreFlussi) -> None:
        self.manifesto = manifesto
        self.lettore = lettore

    def apri(self, file: BinaryIO) -> FlussoRicevuto:
        """Open a file.

        Raises:
            FileNonLeggibile: the reader says so.
            PluginInErrore: it failed.
        """
        ricevuto = self._chiama(self.lettore.apri, file)
        if (
            not isinstance(ricevuto, FlussoRicevuto)
            or not isinstance(ricevuto.intestazione, IntestazioneFlusso)
            or not _ben_fatto(ricevuto.intestazione)
        ):
            raise PluginInErrore(self.manifesto, "lettori", "il file aperto non ha la sua forma")
        return ricevuto

    def record(self, ricevuto: FlussoRicevuto, quanti: int) -> list[RecordLetto]:
        """The next records; none at the end.

        Raises:
            FileNonLeggibile: the reader says so.
            PluginInErrore: it failed, or a record cannot be used.
        """
        letti: list[RecordLetto] = self._chiama(lambda: list(islice(ricevuto.record, quanti)))
        difetto = None
        if not {*map(type, letti)} <= {RecordLetto} or not {
            *map(type, chain.from_iterable(uno.celle for uno in letti))
        } <= {str}:
            difetto = "un record non ha la sua forma"
        elif any((uno.forma is None) != (ricevuto.testata is None) for uno in letti):
            difetto = "la testata e i record non sono tutti nel tracciato del flusso"
        elif any(
            _NON_IN_UN_FRAMMENTO.search(f"{uno.gruppo or ''}{uno.forma or ''}") for uno in letti
        ):
            difetto = "un frammento contiene un a capo o un altro carattere di controllo"
        if difetto is not None:
            raise PluginInErrore(self.manifesto, "lettori", difetto)
        return letti

    def _chiama(self, funzione: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        def con_rifiuto(*args: _P.args, **kwargs: _P.kwargs) -> _T | FileNonLeggibile:
            try:
                return funzione(*args, **kwargs)
            except FileNonLeggibile as rifiuto:
                return rifiuto

        esito = protetto(self.manifesto, "lettori", con_rifiuto, *args, **kwargs)
        if isinstance(esito, FileNonLeggibile):
            raise esito
        return esito


def _radice(radice: RadiceXML) -> str:
    """A root element, for people."""
    if not radice.spazio_nomi:
        return radice.nome
    return f"{radice.nome}, spazio dei nomi {radice.spazio_nomi}"


def _conflitto(nome: str, codice: str, uno: Manifesto, altro: Manifesto) -> PluginInConflitto:
    if uno.id == altro.id:
        return PluginInConflitto(
            f"Il plugin «{uno.id}» di {uno.fornitore} dà due volte {nome} «{codice}»."
        )
    return PluginInConflitto(
        f"{nome[0].upper()}{nome[1:]} «{codice}» è dato da due plugin attivi insieme: "
        f"«{uno.id}» di {uno.fornitore} e «{altro.id}» di {altro.fornitore}. "
        "Uno dei due va disattivato."
    )


def _della_distribuzione(punto: EntryPoint) -> tuple[str, str | None]:
    """Vendor and version as the distribution's metadata give them."""
    distribuzione = punto.dist
    if distribuzione is None:
        return "fornitore sconosciuto", None
    metadati = distribuzione.metadata
    for voce in ("Author", "Maintainer", "Author-email", "Maintainer-email"):
        if voce in metadati:
            return metadati[voce], distribuzione.version
    return f"fornitore sconosciuto (distribuzione {metadati['Name']})", distribuzione.version
