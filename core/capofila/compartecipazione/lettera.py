"""The letter of a decision, from what was frozen with it: no scheme and no plugin is needed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from capofila.compartecipazione.calcolo import in_parole
from capofila.compartecipazione.decisioni import Decisa
from capofila.compartecipazione.schemi import Letto, Valore
from capofila.compartecipazione.utenze import Assistito
from capofila.web import formati
from capofila.web.carta import componi

UNITA: Final[Mapping[str, str]] = {
    "ora": "ore al mese", "giorno": "giorni al mese", "pasto": "pasti al mese", "mese": "mesi",
    "accesso": "accessi al mese", "anno": "anni",
}  # fmt: skip
"""What a quantity is of, by the unit of the tariff."""


def cifre_lette(decisa: Decisa) -> list[Letto]:
    """The parameters that the computation read, each once, in their order."""
    righe = decisa.cosa.quota.traccia
    return list(dict.fromkeys(letto for riga in righe for letto in riga.letti))


def in_chiaro(nome: str) -> str:
    """The name of a parameter in words.

    >>> in_chiaro("isee_iniziale")
    'ISEE iniziale'
    """
    testo = nome.replace("_", " ").replace("-", " ")
    return (testo[:1].upper() + testo[1:]).replace("Isee", "ISEE").replace(" isee", " ISEE")


def cifra(letto: Letto | Valore) -> str:
    """A parameter as it is read: two decimals at least, and no zero beyond.

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> cifra(Letto("x", Decimal("3000"), date(2025, 1, 1), ""))
    '3.000,00'
    """
    esponente = letto.valore.normalize().as_tuple().exponent
    decimali = -esponente if isinstance(esponente, int) else 0
    return formati.numero(letto.valore, max(2, decimali))


def lettera(
    decisa: Decisa,
    di_chi: Assistito,
    comune: str,
    ambito: str,
    *,
    mittente: str | None = None,
    congedo: str | None = None,
) -> bytes:
    """The letter, as PDF/UA-1.

    Args:
        decisa: the decision.
        di_chi: whom it is about.
        comune: the name of the comune.
        ambito: the name of the ambito.
        mittente: who writes it, where a plugin says it otherwise.
        congedo: its last words, where a plugin gives them.
    """
    cosa = decisa.cosa
    risolto, caso, quota = cosa.risolto, cosa.caso, cosa.quota
    periodo = "in un anno" if risolto.unita == "anno" else "in un mese"
    note = []
    if quota.motivo is not None:
        note.append(in_parole(quota.motivo))
    if risolto.adozione is not None:
        note.append(f"Lo schema vale in questo comune per: {risolto.adozione}.")
    note.append(f"Formula in vigore dal {formati.data(risolto.dal)}: {risolto.atto}.")
    if caso.isee is not None and quota.stato == "calcolata":
        presentata = caso.isee.presentata
        note.append(
            f"ISEE {caso.isee.specie.value.replace('_', ' ')} di {formati.importo(caso.isee.valore)}"
            + (f", DSU del {formati.data(presentata)}" if presentata else "")
            + f", protocollo {caso.isee.protocollo}."
        )
    titolo = f"Quanto si paga: {risolto.denominazione}"
    return componi(
        (files(__package__) / "lettera.typ").read_bytes(),
        {
            "titolo": titolo,
            "piede": f"Decisione n. {decisa.id}",
            "mittente": mittente or f"Comune di {comune}, {ambito}",
            "congedo": congedo or "",
            "atto": f"{decisa.organo}, atto n. {decisa.numero} del {formati.data(decisa.data)}",
            "persona": f"{di_chi.cognome} {di_chi.nome}, codice fiscale {di_chi.codice_fiscale}",
            "sunto": f"Dal {formati.data(decisa.dal)} la quota è di {formati.importo(decisa.quota)} "
            f"{periodo}, per {formati.numero(caso.quantita.normalize())} {UNITA[risolto.unita]}.",
            "note": note,
            "passi": [riga.testo for riga in quota.traccia],
            "cifre": [
                [
                    in_chiaro(letto.nome), cifra(letto), formati.data_breve(letto.dal),
                    letto.atto,
                ]
                for letto in cifre_lette(decisa)
            ],
            "prova": "Questa quota è conservata con le regole, le cifre e il calcolo da cui viene: si può "
            "rifare al centesimo anche quando le regole saranno cambiate. L’impronta SHA-256 di ciò "
            "che è conservato:",
            "impronta": decisa.sha256,
        },
    )  # fmt: skip
