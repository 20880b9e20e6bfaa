"""The catalogue: the indicators of annex 2 of the Accordo di Programma, and those that plugins add.

`indicatori.csv` has our own short wording. What the annex does not say is empty there; no indicator of
the annex has a frequency. A code that ends with a letter is a term of a ratio, which the annex does not
list by itself.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final, get_args

import msgspec

from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, NonTrovato
from capofila.hooks import (
    Atto,
    CalcoloIndicatore,
    DichiarazioneErrata,
    FrequenzaIndicatore,
    Indicatore,
    LivelloIndicatore,
    Specie,
    variante,
)

FOCUS: Final[Mapping[str, str]] = {
    "non_autosufficienza": "Non autosufficienza e disabilità",
    "famiglie": "Famiglie con minori",
    "vulnerabilita": "Vulnerabilità ed emarginazione",
}
COORDINA: Final[Mapping[str, str]] = {
    "non_autosufficienza": "Casalmaggiore", "famiglie": "Cremona", "vulnerabilita": "Crema",
}  # fmt: skip
"""The ambito that coordinates each focus."""
DIMENSIONI: Final[Mapping[str, str]] = {
    "bisogni": "Bisogni", "domanda": "Domanda", "offerta": "Offerta",
}  # fmt: skip
LIVELLI: Final[Mapping[str, str]] = {
    "comune": "Comune", "ambito": "Ambito", "provincia": "Provincia",
}  # fmt: skip
SPECIE: Final[Mapping[str, str]] = {
    "elementare": "Elementare", "rapporto": "Rapporto", "calcolato": "Calcolato da Capofila",
}  # fmt: skip

FREQUENZE: Final[Mapping[FrequenzaIndicatore, str]] = {
    "annuale": "Annuale", "semestrale": "Semestrale", "trimestrale": "Trimestrale", "mensile": "Mensile",
}  # fmt: skip
PARTI: Final[Mapping[FrequenzaIndicatore, tuple[str, ...]]] = {
    "annuale": ("",),
    "semestrale": ("S1", "S2"),
    "trimestrale": ("T1", "T2", "T3", "T4"),
    "mensile": tuple(f"{n:02}" for n in range(1, 13)),
}
"""The parts of a year that a figure is of, as the periods of the debito are named."""

ACCORDO: Final = Atto(
    specie=Specie.ACCORDO,
    organo="48 comuni dell'ambito Cremasco, ASL e Provincia di Cremona",
    titolo="Accordo di Programma per l'attuazione del Piano di Zona 2015-2017, allegato 2 (focus tematici)",
    data=date(2015, 4, 30),
)
_FOCUS_DI: Final = {"NAD": "non_autosufficienza", "FAM": "famiglie", "VUL": "vulnerabilita"}
_DIMENSIONE_DI: Final = {"B": "bisogni", "D": "domanda", "O": "offerta"}
_CAPITOLI: Final = {
    "bisogni": "1. Conoscenza dei bisogni", "domanda": "2. Conoscenza della domanda",
    "offerta": "3. Conoscenza dell'offerta",
}  # fmt: skip


class Catalogo(msgspec.Struct, frozen=True, dict=True):
    """The indicators in force, by code, in order."""

    per_codice: Mapping[str, Indicatore]

    def uno(self, codice: str) -> Indicatore:
        """One of them.

        Raises:
            NonTrovato: there is none with that code.
        """
        if (trovato := self.per_codice.get(codice)) is None:
            raise NonTrovato(f"L'indicatore «{codice[:60]}» non è nel catalogo: torna all'elenco.")
        return trovato

    def scelti(
        self, focus: str = "", dimensione: str = "", tema: str = "", *, termini: bool = False
    ) -> list[Indicatore]:
        """Those of a focus, a dimension, a theme; the terms that nobody lists only when asked for."""
        return [
            uno
            for uno in self.per_codice.values()
            if focus in ("", uno.focus)
            and dimensione in ("", uno.dimensione)
            and tema in ("", uno.tema)
            and (termini or not uno.termine)
        ]

    def parti(self, codice: str) -> tuple[str, ...]:
        """The parts of a year that an indicator is given of; of a ratio, its terms.

        Raises:
            NonTrovato: there is none with that code.
        """
        uno = self.uno(codice)
        return PARTI[(self.uno(uno.sopra) if uno.sopra else uno).frequenza or "annuale"]

    def parti_o_niente(self, codice: str) -> tuple[str, ...]:
        """The same; nothing of an indicator that is not in force."""
        return self.parti(codice) if codice in self.per_codice else ()

    def temi(self, focus: str) -> list[str]:
        """The themes of a focus, in order."""
        return list(dict.fromkeys(uno.tema for uno in self.scelti(focus)))


def _riga(riga: Mapping[str, str]) -> Indicatore:
    parti = riga["codice"].split("-")
    focus, dimensione = _FOCUS_DI[parti[0]], _DIMENSIONE_DI[parti[1]]
    misura, _, voci = riga["calcolo"].partition(":")
    valori: dict[str, Any] = {
        "codice": riga["codice"], "denominazione": riga["denominazione"], "focus": focus,
        "dimensione": dimensione, "tema": riga["tema"],
        "luogo": f"{FOCUS[focus]}, {_CAPITOLI[dimensione]}, {riga['tema']}",
        "definizione": riga["definizione"], "unita": riga["unita"] or None,
        "livelli": riga["livelli"].split("+") if riga["livelli"] else [],
        "banca_dati": riga["fonte_dati"] or None, "titolare": riga["titolare"] or None,
        "sopra": riga["sopra"] or None, "sotto": riga["sotto"] or None, "per": int(riga["per"] or 1),
        "persone": riga["persone"] == "si", "somma": riga["somma"] == "si",
        "termine": parti[2][-1].isalpha(),
    }  # fmt: skip
    if misura:
        valori["calcolo"] = {"misura": misura, "voci": voci.split("+") if voci else []}
    return msgspec.convert({**valori, "fonte": msgspec.to_builtins(ACCORDO)}, Indicatore)


@cache
def dell_allegato() -> tuple[Indicatore, ...]:
    """The indicators of annex 2, with the terms of its ratios."""
    testo = (files(__package__) / "indicatori.csv").read_text("utf-8")
    return tuple(map(_riga, csv.DictReader(testo.splitlines())))


def componi(indicatori: Iterable[Indicatore]) -> Catalogo:
    """Put the indicators together.

    Raises:
        DichiarazioneErrata: a code is given twice, or a ratio has a term that nobody gives.
    """
    per_codice: dict[str, Indicatore] = {}
    for uno in indicatori:
        if uno.codice in per_codice:
            raise DichiarazioneErrata(f"L'indicatore «{uno.codice}» è dato due volte.")
        per_codice[uno.codice] = uno
    for uno in per_codice.values():
        for termine in (uno.sopra, uno.sotto):
            if termine is None:
                continue
            if termine not in per_codice or per_codice[termine].specie == "rapporto":
                raise DichiarazioneErrata(
                    f"Il rapporto «{uno.codice}» ha per termine «{termine}», che non c'è o è un rapporto."
                )
        if uno.sopra and uno.sotto and (
            (per_codice[uno.sopra].frequenza or "annuale") != (per_codice[uno.sotto].frequenza or "annuale")
        ):  # fmt: skip
            raise DichiarazioneErrata(
                f"I termini del rapporto «{uno.codice}» non hanno la stessa frequenza."
            )
    return Catalogo(per_codice)


async def catalogo() -> Catalogo:
    """The catalogue of the ambito: the annex's, then what its plugins add.

    Where the source does not say how often an indicator is given, the ambito may have said it.

    Raises:
        Conflitto: what a plugin adds does not fit.
    """
    attivi = await plugin_attivi()
    aggiunti = [uno for uno in attivi.indicatori() if uno.vale(attivi.giorno)]
    unita = unita_corrente()
    dette = {
        r["codice"]: r["frequenza"]
        for r in await unita.righe(
            "SELECT codice, frequenza FROM incarico_indicatore WHERE ambito_id = $1 "
            "AND frequenza IS NOT NULL",
            unita.ambito,
        )
    }
    try:
        return componi(
            variante(uno, frequenza=dette[uno.codice])
            if uno.codice in dette and uno.frequenza is None and uno.specie == "elementare"
            else uno
            for uno in (*dell_allegato(), *aggiunti)
        )
    except DichiarazioneErrata as errore:
        raise Conflitto(f"{errore.messaggio} Avvisare chi fornisce il plugin.") from None


def livelli_di(indicatore: Indicatore) -> tuple[LivelloIndicatore, ...]:
    """The territories that it may be given of: all of them where the source does not say."""
    return indicatore.livelli or get_args(LivelloIndicatore)


__all__ = [
    "ACCORDO", "COORDINA", "DIMENSIONI", "FOCUS", "FREQUENZE", "LIVELLI", "PARTI", "SPECIE",
    "CalcoloIndicatore", "Catalogo", "catalogo", "componi", "dell_allegato", "livelli_di",
]  # fmt: skip
