"""The process in which a plugin is examined: ``python -m capofila.conformita.sonda MODULE OUT``.

Nothing of it is imported by the platform: whatever the plugin does is done here.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from enum import Enum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

import msgspec

from capofila.base.plugin import GRUPPO, Attivazione, PluginAttivi, PluginRifiutato, Registro
from capofila.conformita import dichiarati
from capofila.conformita.esame import ANNI, TEMPO, Difetto, Sondaggio
from capofila.conformita.guardia import guarda, secondi
from capofila.hooks import (
    BloccoModello,
    Codifiche,
    DichiarazioneErrata,
    LavoroPlugin,
    Manifesto,
    VoceCodifica,
    specifiche,
)
from capofila.hooks.codifiche import in_vigore
from capofila.hooks.tabelle import tabelle

GIORNI: Final = tuple(date(anno, 7, 1) for anno in ANNI)


class Sonda:
    """One examination."""

    def __init__(self, modulo: str) -> None:
        self.modulo = modulo
        self.difetti: dict[Difetto, None] = {}
        self.impronte: dict[str, str] = {}
        self.risposte: dict[str, Any] = {}
        """Answers by question, as far as there are any."""

    def trova(self, controllo: str, dove: str, che_cosa: str) -> None:
        """Write a fault down, once."""
        self.difetti.setdefault(Difetto(controllo, dove, che_cosa))

    def esamina(self) -> Sondaggio:
        """All of it, as far as the plugin lets it."""
        plugin = self._importa()
        manifesto = None if plugin is None else self._accogli(plugin)
        if plugin is None or manifesto is None:
            return self._esito(None, ())
        hook = tuple(nome for nome in _hook() if hasattr(_di(plugin, nome), "capofila_impl"))
        for nome in hook:
            for domanda, argomenti in self._domande(plugin, nome):
                self._chiedi(nome, domanda, _di(plugin, nome), argomenti)
        for attivi in self._convivono(plugin, manifesto):
            self._forme(attivi, manifesto)
        self._lavori()
        for difetto in dichiarati.difetti(self.risposte):
            self.difetti.setdefault(difetto)
        return self._esito(manifesto, hook)

    def _esito(self, manifesto: Manifesto | None, hook: tuple[str, ...]) -> Sondaggio:
        m = manifesto
        return Sondaggio(
            plugin=m.id if m else "", versione=m.versione if m else "",
            contratto=m.contratto if m else "", fornitore=m.fornitore if m else "",
            hook=hook, difetti=tuple(self.difetti), impronte=self.impronte,
        )  # fmt: skip

    def _importa(self) -> object | None:
        try:
            with guarda(importa=True) as guardia:
                plugin = importlib.import_module(self.modulo)
        except (Exception, SystemExit) as errore:
            self.trova("importazione", self.modulo, f"{type(errore).__name__}: {errore}")
            return None
        for vista in guardia.viste:
            self.trova("importazione", self.modulo, f"mentre si importa {vista}")
        return plugin

    def _accogli(self, plugin: object) -> Manifesto | None:
        try:
            manifesto = Registro().registra(plugin)
        except PluginRifiutato as rifiuto:
            for motivo in rifiuto.motivi:
                self.trova("manifesto", "manifesto", motivo)
            return None
        for punto in entry_points(group=GRUPPO):
            if punto.value != self.modulo:
                continue
            if punto.name != manifesto.id:
                self.trova("manifesto", "entry point",
                           f"si chiama «{punto.name}», il manifesto dice «{manifesto.id}»")  # fmt: skip
            if punto.dist is not None and punto.dist.version != manifesto.versione:
                self.trova("manifesto", "versione",
                           f"la distribuzione è la {punto.dist.version}, il manifesto dice "
                           f"{manifesto.versione}")  # fmt: skip
        return manifesto

    # --- the questions --------------------------------------------------------------------------

    def _domande(self, plugin: object, hook: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What a hook is asked: each argument of its specification has its values here."""
        vuole = [*inspect.signature(_hook()[hook]).parameters]
        match vuole:
            case []:
                yield hook, {}
            case ["anno"]:
                for anno in ANNI:
                    yield f"{hook}({anno})", {"anno": anno}
            case ["codifiche"]:
                for come, liste in self._liste(plugin):
                    yield f"{hook}({come})", {"codifiche": liste}
            case _:  # pragma: no cover - a hook that this file does not know yet
                raise TypeError(f"no questions for {hook}({', '.join(vuole)})")

    def _liste(self, plugin: object) -> Iterator[tuple[str, Codifiche]]:
        """The code lists as they are declared, and with one code more in each."""
        chiedi = _di(plugin, "codifiche")
        proprie = tuple(chiedi()) if callable(chiedi) else ()
        integrate = [lista for _, lista in Registro.carica(distribuzioni=()).codifiche()]
        tutte = [*integrate, *(una for una in proprie if una not in integrate)]
        yield "come dichiarate", in_vigore(tutte, {})
        nuova = VoceCodifica("ZZ99", "Voce di prova", "prova", dal="2025-01-01")
        yield "con una voce in più", in_vigore(tutte, {una.id: {"ZZ99": nuova} for una in tutte})

    def _chiedi(
        self,
        hook: str,
        domanda: str,
        funzione: Callable[..., Any],
        argomenti: Mapping[str, Any],
        *posti: object,
    ) -> None:
        chiesti = {
            nome: valore
            for nome, valore in argomenti.items()
            if nome in inspect.signature(funzione).parameters
        }
        risposte = []
        for _ in range(2):
            inizio = secondi()
            errore: BaseException | None = None
            with guarda() as guardia:
                try:
                    risposte.append(funzione(*posti, **chiesti))
                except (Exception, SystemExit) as caduta:
                    errore = caduta
            for vista in guardia.viste:
                self.trova("purezza", hook, vista)
            if secondi() - inizio > TEMPO:
                self.trova("tempo", domanda, f"ha preso {secondi() - inizio:.1f} secondi")
            if errore is not None:
                self.trova("forma", domanda, f"solleva {type(errore).__name__}: {errore}")
                return
        prima, dopo = (impronta(una) for una in risposte)
        if prima != dopo:
            self.trova("determinismo", domanda, "chiesta due volte, risponde in due modi")
        self.impronte[domanda] = prima
        self.risposte[domanda] = risposte[0]

    def _lavori(self) -> None:
        """The functions of the jobs, as pure as the hooks, on no rows and on invented ones."""
        lavori = [uno for uno in self.risposte.get("lavori", ()) if isinstance(uno, LavoroPlugin)]
        try:
            sue = tabelle(self.risposte.get("migrazioni") or ())
        except DichiarazioneErrata:
            return  # told by the form of the answer
        for uno in lavori:
            if uno.da not in sue or uno.verso not in sue:
                continue
            for come, quante in (("senza righe", 0), ("con tre righe", 3)):
                righe = tuple(dichiarati.riga(sue[uno.da]) for _ in range(quante))
                domanda = f"lavoro {uno.codice}, {come}"
                self._chiedi("lavori", domanda, uno.calcola, {}, righe)
                for riga in self.risposte.get(domanda) or ():
                    for che_cosa in dichiarati.difetti_riga(sue[uno.verso], riga):
                        self.trova("forma", domanda, che_cosa)

    # --- with the platform ----------------------------------------------------------------------

    def _convivono(self, plugin: object, manifesto: Manifesto) -> Iterator[PluginAttivi]:
        """The plugin beside those of the platform, on the days that are asked about."""
        registro = Registro.carica(distribuzioni=())
        gia = {uno.id for uno in registro.manifesti()}
        if manifesto.id not in gia:
            registro.registra(plugin)
        attivazioni = [Attivazione(plugin=id, dal=date.min) for id in sorted(gia | {manifesto.id})]
        for giorno in GIORNI:
            yield registro.attivi(attivazioni, giorno)

    def _forme(self, attivi: PluginAttivi, manifesto: Manifesto) -> None:
        anno = attivi.giorno.year
        domande: tuple[tuple[str, Callable[[], object]], ...] = (
            ("flussi", attivi.flussi),
            ("lettori", attivi.lettori),
            ("organi", attivi.organi),
            ("schemi", attivi.schemi),
            ("graduatorie", attivi.graduatorie),
            ("adempimenti", lambda: attivi.scadenze(anno)),
            ("moduli_spesa", lambda: attivi.moduli_spesa(anno)),
            ("prospetti_spesa", lambda: attivi.prospetti_spesa(anno)),
            ("rapporti_spesa", lambda: attivi.rapporti_spesa(anno)),
            ("pagine", attivi.pagine),
            ("voci_menu", attivi.voci_menu),
            ("modelli", lambda: [attivi.modello(blocco) for blocco in BloccoModello]),
            ("migrazioni", lambda: attivi.tabelle_di(manifesto.id)),
            ("lavori", attivi.lavori),
            ("criteri_riparto", lambda: attivi.criteri_riparto(anno)),
            ("indicatori", attivi.indicatori),
            ("accreditamento", attivi.accreditamento),
        )
        for hook, chiedi in domande:
            try:
                chiedi()
            except Exception as errore:
                in_conflitto = getattr(errore, "codice", "") == "plugin_in_conflitto"
                self.trova(
                    "convivenza" if in_conflitto else "forma",
                    f"{hook}, {attivi.giorno:%d/%m/%Y}",
                    getattr(errore, "messaggio", f"{type(errore).__name__}: {errore}"),
                )


def _hook() -> dict[str, Callable[..., object]]:
    return {
        nome: funzione
        for nome, funzione in vars(specifiche).items()
        if hasattr(funzione, "capofila_spec")
    }


def _di(plugin: object, nome: str) -> Any:
    return getattr(plugin, nome, None)


def impronta(valore: object) -> str:
    """The sha256 of an answer: what it says, and not where it lies in memory."""
    return hashlib.sha256(
        msgspec.json.encode(msgspec.to_builtins(valore, enc_hook=_in_parole), order="sorted")
    ).hexdigest()


def _in_parole(valore: object) -> object:
    match valore:
        case Path():
            return valore.name
        case Enum():
            return valore.value
        case set() | frozenset():
            return sorted(map(repr, valore))
    if callable(valore):
        return f"{getattr(valore, '__module__', '')}.{getattr(valore, '__qualname__', '')}"
    return repr(type(valore))


def main(modulo: str, uscita: str, *opzioni: str) -> None:
    """Examine, and write what was found."""
    sonda = Sonda(modulo)
    sondaggio = sonda.esamina()
    if "--risposte" in opzioni:
        tutte = {
            domanda: msgspec.to_builtins(risposta, enc_hook=_in_parole)
            for domanda, risposta in sonda.risposte.items()
        }
        for file in sonda.risposte.get("schemi", ()):
            tutte[f"quote di {file.name}"] = dichiarati.quote(file)
        sondaggio = msgspec.structs.replace(sondaggio, risposte=tutte)
    Path(uscita).write_bytes(msgspec.json.encode(sondaggio))


if __name__ == "__main__":
    main(*sys.argv[1:])
