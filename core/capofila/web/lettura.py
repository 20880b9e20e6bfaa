"""Reading a short form: texts, days, amounts, with what is wrong by field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from capofila.hooks import Rifiuto
from capofila.hooks.campi import (
    leggi_codice_fiscale,
    leggi_data,
    leggi_importo,
    leggi_mese_anno,
    pulisci,
)
from capofila.web.formati import numero


def persona_cercata(dati: Mapping[str, str]) -> tuple[str, str]:
    """What was written to look for a person, and what is wrong with it, if anything is."""
    persona = (dati.get("persona") or "").replace("\0", "").strip()[:60]
    errore = "Scrivi almeno due lettere del cognome, o tutto il codice fiscale."
    return persona, "" if len(persona) >= 2 else errore


class Lettura:
    """Reads a short form; what is wrong is kept by field."""

    def __init__(self, dati: Mapping[str, str]) -> None:
        self.scritto = {n: v.replace("\0", "")[:500] for n, v in dati.items()}
        self.errori: dict[str, str] = {}

    def testo(self, nome: str, massimo: int, manca: str = "") -> str:
        """A text; ``manca`` is the error when it is empty."""
        valore = " ".join(self.scritto.get(nome, "").split())
        if not valore and manca:
            self.errori[nome] = manca
        elif len(valore) > massimo:
            self.errori[nome] = f"Il testo è troppo lungo: al massimo {massimo} caratteri."
        elif isinstance(pulisci(valore), Rifiuto):
            # A letter and a file would carry it, and show something else than what is kept.
            self.errori[nome] = (
                "Il testo ha un carattere invisibile o di controllo: riscrivilo a mano."
            )
        return valore

    def giorno(self, nome: str, manca: str = "") -> date | None:
        """A day."""
        letto = self._letto(nome, leggi_data(self.scritto.get(nome, "")), manca)
        return None if letto is None else date.fromisoformat(letto)

    def mese(self, nome: str, manca: str = "") -> date | None:
        """A month, as its first day; a whole date is read too."""
        scritto = self.scritto.get(nome, "")
        giorno = leggi_data(scritto)
        if isinstance(giorno, str):
            return date.fromisoformat(giorno).replace(day=1)
        letto = self._letto(nome, leggi_mese_anno(scritto), manca)
        return None if letto is None else date(int(letto[3:]), int(letto[:2]), 1)

    def importo(self, nome: str, manca: str = "") -> Decimal | None:
        """An amount in euro."""
        letto = self._letto(nome, leggi_importo(self.scritto.get(nome, "")), manca)
        return None if letto is None else Decimal(letto)

    def intero(self, nome: str, massimo: int) -> int | None:
        """A whole number from nought to ``massimo``."""
        testo = self.scritto.get(nome, "").strip()
        if not testo:
            return None
        if not (testo.isascii() and testo.isdigit() and len(testo) < 9 and int(testo) <= massimo):
            self.errori[nome] = f"Scrivi un numero intero, al massimo {numero(massimo)}."
            return None
        return int(testo)

    def codice_fiscale(
        self, nome: str = "codice_fiscale", manca: str = "Scrivi il codice fiscale."
    ) -> str:
        """A codice fiscale, which is asked for unless ``manca`` is empty; empty when it is wrong."""
        letto = leggi_codice_fiscale(self.scritto.get(nome, ""))
        return self._letto(nome, letto, manca) or ""

    def _letto(self, nome: str, letto: str | Rifiuto | None, manca: str) -> str | None:
        if isinstance(letto, Rifiuto):
            self.errori[nome] = letto.messaggio[:1].upper() + letto.messaggio[1:]
            return None
        if letto is None and manca:
            self.errori[nome] = manca
        return letto
