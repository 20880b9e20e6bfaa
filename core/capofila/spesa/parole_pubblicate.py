"""The published figures in words: what each is of, and what does not add up."""

from __future__ import annotations

from typing import Any, Final

from capofila.spesa.pubblicate import Chiave, Confronto
from capofila.web.formati import numero

TERRITORI: Final = {
    "casalmaggiore": "Casalasco", "crema": "Cremasco", "cremona": "Cremonese",
    "provincia": "Provincia di Cremona", "lombardia": "Lombardia", "italia": "Italia",
}  # fmt: skip
PERIMETRI: Final = {
    "intero": "", "senza_capoluogo": " senza Cremona", "dieci_servizi": ", dieci servizi",
    "comuni": ", comuni uno per uno",
}  # fmt: skip
MISURE: Final = {
    "totale": "Spesa totale", "aziende": "Spesa delle aziende", "comuni": "Spesa dei comuni",
    "associata": "Spesa associata", "diretta": "Spesa diretta", "utenti": "Utenti",
    "totale_pro_capite": "Spesa per abitante",
    "aziende_pro_capite": "Spesa delle aziende per abitante",
    "comuni_pro_capite": "Spesa dei comuni per abitante",
    "quota_aziende_pct": "Quota delle aziende", "quota_comuni_pct": "Quota dei comuni",
    "quota_associata_pct": "Quota associata", "pro_capite_media": "Spesa media per abitante",
    "pro_capite_minimo": "Spesa minima per abitante",
    "pro_capite_massimo": "Spesa massima per abitante",
    "comuni_per_utente": "Spesa dei comuni per utente",
    "quota_utenti_per_utente": "Quota pagata da un utente",
    "incidenza_utenti_pct": "Incidenza della quota degli utenti",
    "sostegno_reddito": "Sostegno al reddito",
    "sostegno_reddito_per_maggiorenne": "Sostegno al reddito per maggiorenne",
    "target_pct": "Quota della spesa",
}  # fmt: skip


def nome(chiave: Chiave) -> str:
    """What a published figure is of, in words."""
    _, dove, perimetro, misura = chiave
    prima, _, target = misura.partition("/")
    detta = f" per {target.replace('_', ' ')}" if target else ""
    return f"{TERRITORI[dove]}{PERIMETRI[perimetro]}: {MISURE[prima]}{detta}"


def unita(chiave: Chiave) -> str:
    """What a published figure is in: ``%``, ``€``, or nothing where it counts persons."""
    misura = chiave[3]
    return "%" if "_pct" in misura else "" if misura == "utenti" else "€"


def cifra(valore: Any, chiave: Chiave) -> str:
    """A figure with its unit, with the decimals that it has."""
    return f"{numero(valore)} {unita(chiave)}".strip()


def frase(uno: Confronto) -> str:
    """An identity that was computed again, with its difference."""
    primo = uno.identita.addendi[0]
    totale = uno.identita.totale
    chi = nome(totale) if isinstance(totale, tuple) else "Quote della spesa per target, insieme"
    return (
        f"{chi}: pubblicato {cifra(uno.pubblicato, primo)}, la somma dei {len(uno.identita.addendi)} "
        f"addendi pubblicati è {cifra(uno.calcolato, primo)} (differenza "
        f"{cifra(uno.differenza, primo)})."
    )
