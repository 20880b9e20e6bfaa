"""Errors of the domain: a stable code, and a sentence in Italian for the person who reads it.

The status is what the web answers and the command line turns into: below 500 the domain says
no (exit 1), from 500 something is broken here.
"""

from __future__ import annotations


class ErroreCapofila(Exception):
    """A refusal that a person can act upon.

    Args:
        messaggio: Italian, says what to do.
        codice: a more precise name than that of the class.
    """

    codice = "errore"
    stato = 500

    def __init__(self, messaggio: str, codice: str = "") -> None:
        super().__init__(messaggio)
        self.messaggio = messaggio
        if codice:
            self.codice = codice


class RichiestaNonValida(ErroreCapofila):
    """What was asked cannot be read or makes no sense."""

    codice = "richiesta_non_valida"
    stato = 400


class AccessoRichiesto(ErroreCapofila):
    """Nobody is logged in, or the session has ended."""

    codice = "accesso_richiesto"
    stato = 401


class NonAutorizzato(ErroreCapofila):
    """The person is known and may not do this."""

    codice = "non_autorizzato"
    stato = 403


class NonTrovato(ErroreCapofila):
    """No such thing in this ambito (what exists elsewhere does not exist here)."""

    codice = "non_trovato"
    stato = 404


class Conflitto(ErroreCapofila):
    """The thing is in a state that does not allow this, or already exists."""

    codice = "conflitto"
    stato = 409


class NonPiuPubblico(ErroreCapofila):
    """It was public once, and was withdrawn or replaced."""

    codice = "non_piu_pubblico"
    stato = 410


class TroppoGrande(ErroreCapofila):
    """More data than is accepted at once."""

    codice = "troppo_grande"
    stato = 413


class DatiNonValidi(ErroreCapofila):
    """The data break a rule; the message says where and what to do."""

    codice = "dati_non_validi"
    stato = 422


class TroppeRichieste(ErroreCapofila):
    """Too many tries; wait."""

    codice = "troppe_richieste"
    stato = 429


class ServizioNonDisponibile(ErroreCapofila):
    """A service that we need does not answer now."""

    codice = "servizio_non_disponibile"
    stato = 503


class ConfigurazioneNonSicura(ErroreCapofila):
    """Capofila refuses to run like this; the message says what to change."""

    codice = "configurazione_non_sicura"
    stato = 500


class FuoriUnitaDiLavoro(ErroreCapofila):
    """A query outside a unit of work, from another task, on another node. A bug, never a user's fault."""

    codice = "fuori_unita_di_lavoro"
    stato = 500


class SalvataggioFallito(ErroreCapofila):
    """The unit of work could not be committed: nothing of it was saved."""

    codice = "salvataggio_fallito"
    stato = 500
