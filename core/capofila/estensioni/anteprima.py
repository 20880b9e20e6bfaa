"""What an approved version of a plugin would change where it acts, before anybody installs it.

The examination of a wheel leaves what the plugin answered to each question; the answers of the version
that is installed and those of the approved one are put side by side, in words. An ambito is not touched
by what regards years that it has pinned, or in which the plugin did not act there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from capofila.base.anni import fissati_di_tutti
from capofila.base.approvazioni import (
    Approvazione,
    approvazioni,
    contenuto_installato,
    installati,
    piu_nuove,
    risposte_tenute,
)
from capofila.base.attivazioni import oggi
from capofila.base.differenze import MOSTRATI, differenze
from capofila.base.errori import NonTrovato
from capofila.estensioni.service import HOOK, Uso, usi
from capofila.web.formati import data_breve, importo

_DOMANDA: Final = re.compile(r"([a-z_]+)\(([0-9]{4})\)")
_PASSO: Final = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")
_QUOTE: Final = "quote di "
_PAROLE: Final = {
    "manifesto": "Il plugin stesso",
    "codifiche(con una voce in più)": "Liste di codici, con un codice in più",
}


class Cambiamento(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that would not be as it is, in words.

    Attributes:
        che_cosa: what is asked about, such as «Scadenze».
        anni: those of which it would change; none where it does not go by year.
        dove: the way to it.
        prima, dopo: None where it is not there.
    """

    che_cosa: str
    anni: tuple[int, ...]
    dove: str
    prima: str | None
    dopo: str | None

    @property
    def quando(self) -> str:
        """The years, in words."""
        if len(self.anni) > 3:
            return f"dal {self.anni[0]} al {self.anni[-1]}"
        return ", ".join(map(str, self.anni))


class InUnAmbito(msgspec.Struct, frozen=True, kw_only=True):
    """What would change for an ambito.

    Attributes:
        fissati: its pinned years, which would not.
        da_fissare: years that have ended and are not pinned, when something would change by year.
    """

    uso: Uso
    fissati: tuple[int, ...]
    da_fissare: tuple[int, ...]
    cambiamenti: tuple[Cambiamento, ...]


class Anteprima(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison of what is installed with an approved version.

    Attributes:
        manca: why there is none, and what to do; empty when there is one.
        ambiti: those where the plugin acts or will act.
        altrove: without any ambito: everything that would change.
    """

    plugin: str
    installata: str
    nuova: Approvazione
    manca: str = ""
    ambiti: tuple[InUnAmbito, ...] = ()
    altrove: tuple[Cambiamento, ...] = ()


async def anteprima(plugin: str, versione: str) -> Anteprima:
    """What would change. For the administration of the platform, outside any ambito.

    Raises:
        NonTrovato: no newer version of that plugin, or not this one, is approved.
    """
    distribuzione = installati().get(plugin)
    nuova = next(
        (
            una
            for una in piu_nuove(await approvazioni())
            if (una.plugin, una.versione) == (plugin, versione)
        ),
        None,
    )
    if distribuzione is None or nuova is None:
        raise NonTrovato(
            "Questa versione non è fra quelle approvate più nuove di quella installata."
        )
    prima = await risposte_tenute(plugin, contenuto_installato(distribuzione))
    dopo = await risposte_tenute(plugin, nuova.contenuto)
    senza = distribuzione.version if prima is None else nuova.versione if dopo is None else ""
    if prima is None or dopo is None:
        return Anteprima(
            plugin=plugin, installata=distribuzione.version, nuova=nuova,
            manca=f"Della {senza} il registro non ha le risposte: chi ha la sua wheel la approva "
            "(anche di nuovo) con «capofila plugin approve», e qui compare il confronto. Con le due "
            "wheel alla mano lo fa anche «capofila plugin diff».",
        )  # fmt: skip
    tutti = confronta(prima, dopo)
    fissati = await fissati_di_tutti(plugin)
    return Anteprima(
        plugin=plugin, installata=distribuzione.version, nuova=nuova, altrove=tutti,
        ambiti=tuple(
            _in_un_ambito(uso, fissati.get(uso.slug, ()), tutti)
            for uso in await usi(plugin)
            if uso.al is None or uso.al >= oggi()
        ),
    )  # fmt: skip


def _in_un_ambito(uso: Uso, fissati: Iterable[int], tutti: Iterable[Cambiamento]) -> InUnAmbito:
    fermi = tuple(sorted(fissati))
    ultimo = 9999 if uso.al is None else uso.al.year
    suoi = []
    for uno in tutti:
        anni = tuple(a for a in uno.anni if a not in fermi and uso.dal.year <= a <= ultimo)
        if anni or not uno.anni:
            suoi.append(msgspec.structs.replace(uno, anni=anni))
    chiusi = range(max(uso.dal.year, oggi().year - 3), oggi().year)
    return InUnAmbito(
        uso=uso, fissati=fermi, cambiamenti=tuple(suoi),
        da_fissare=tuple(
            anno for anno in chiusi if anno not in fermi and any(uno.anni for uno in suoi)
        ),
    )  # fmt: skip


def confronta(prima: Mapping[str, Any], dopo: Mapping[str, Any]) -> tuple[Cambiamento, ...]:
    """The differences between two sets of answers, in words; one line for all its years."""
    trovati: dict[tuple[str, str, str | None, str | None], list[int]] = {}
    for una in differenze(prima, dopo, mostra=lambda v: v, una_volta=False):
        di_anno = _DOMANDA.fullmatch(una.domanda)
        chiave = (
            _che_cosa(di_anno[1] if di_anno else una.domanda), _dove(una.domanda, una.dove),
            _valore(una.domanda, una.prima), _valore(una.domanda, una.dopo),
        )  # fmt: skip
        trovati.setdefault(chiave, []).extend([int(di_anno[2])] if di_anno else [])
    return tuple(
        Cambiamento(
            che_cosa=che_cosa, anni=tuple(sorted(set(anni))), dove=dove, prima=una, dopo=altra
        )
        for (che_cosa, dove, una, altra), anni in trovati.items()
        if una != altra
    )


def _che_cosa(domanda: str) -> str:
    if domanda in _PAROLE:
        return _PAROLE[domanda]
    if domanda.startswith(_QUOTE):
        return f"Quanto si paga, schema {domanda.removeprefix(_QUOTE).removesuffix('.yaml')}"
    hook, _, come = domanda.partition("(")
    if come and "in più" in come:
        return f"{HOOK.get(hook, hook).capitalize()}, con un codice in più nelle liste"
    return (HOOK.get(hook) or hook.replace("_", " ")).capitalize()


def _dove(domanda: str, dove: str) -> str:
    if domanda.startswith(_QUOTE):
        return dove  # a case, already in words
    return ", ".join(
        f"«{nome}»" if nome else campo.replace("_", " ") for nome, campo in _PASSO.findall(dove)
    )


def _valore(domanda: str, valore: Any) -> str | None:
    if valore is None:
        return None
    if domanda.startswith(_QUOTE):
        try:
            return importo(Decimal(str(valore)))
        except InvalidOperation:
            return str(valore)
    testo = _in_parole(valore)
    return testo if len(testo) <= MOSTRATI else testo[:MOSTRATI] + "…"


def _in_parole(valore: Any) -> str:
    match valore:
        case None | "" | [] | {}:
            return "niente"
        case bool():
            return "sì" if valore else "no"
        case Mapping():
            return "; ".join(
                f"{chiave.replace('_', ' ')}: {_in_parole(uno)}"
                for chiave, uno in valore.items()
                if uno not in (None, "", [], {})
            )
        case list():
            return ", ".join(_in_parole(uno) for uno in valore)
        case str() if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", valore):
            return data_breve(date.fromisoformat(valore))
    return str(valore)
