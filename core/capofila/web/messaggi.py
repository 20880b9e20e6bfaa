"""What an error page says: what happened, and what the reader can do about it.

Plain Italian, no blame, no jargon, nothing of the inside of the platform.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TestoErrore:
    """The words for one HTTP status.

    Attributes:
        codice: the status.
        titolo: what happened, in a few words.
        testo: what happened, in a sentence or two.
        rimedio: what to do now.
        assistenza: whether the page shows the trace to give to the support.
    """

    codice: int
    titolo: str
    testo: str
    rimedio: str
    assistenza: bool = False


_TESTI = (
    TestoErrore(
        400,
        "Richiesta non comprensibile",
        "I dati arrivati sono incompleti o scritti in una forma che non riconosciamo.",
        "Torna alla pagina precedente, controlla quello che hai inserito e riprova.",
    ),
    TestoErrore(
        401,
        "Serve l’accesso",
        "Non hai effettuato l’accesso, oppure la sessione è scaduta.",
        "Accedi di nuovo: tornerai alla pagina che stavi aprendo.",
    ),
    TestoErrore(
        403,
        "Non hai il permesso",
        "Il tuo ruolo in questo ambito non comprende questa pagina o questa operazione.",
        "Se ti serve per il tuo lavoro, chiedi all’Ufficio di Piano di aggiornare il tuo ruolo.",
    ),
    TestoErrore(
        404,
        "Pagina non trovata",
        "L’indirizzo non corrisponde a nessuna pagina che tu possa vedere. "
        "Forse è stato scritto male, oppure il contenuto è stato spostato.",
        "Controlla l’indirizzo, oppure riparti dalla pagina iniziale.",
    ),
    TestoErrore(
        405,
        "Operazione non prevista",
        "Questa pagina non si può aprire o inviare in questo modo.",
        "Torna alla pagina da cui sei partito e usa i pulsanti che vi trovi.",
    ),
    TestoErrore(
        409,
        "Nel frattempo qualcosa è cambiato",
        "Un’altra persona, o un’altra finestra, ha modificato gli stessi dati mentre li avevi "
        "aperti. La tua modifica non è stata salvata, per non cancellare la sua.",
        "Ricarica la pagina, controlla i dati aggiornati e ripeti la modifica se serve ancora.",
    ),
    TestoErrore(
        410,
        "Non è più pubblico",
        "Questi dati erano pubblici e non lo sono più: sono stati ritirati.",
        "Torna ai dati aperti e cerca la versione in vigore.",
    ),
    TestoErrore(
        413,
        "File troppo grande",
        "Il file supera la dimensione che la piattaforma accetta. Non è stato salvato nulla.",
        "Dividilo in più file, per esempio uno per comune o per periodo, e caricali uno per volta.",
    ),
    TestoErrore(
        422,
        "Dati da correggere",
        "Alcuni dati non rispettano le regole previste. Non è stato salvato nulla.",
        "Torna alla pagina precedente e correggi i campi segnalati.",
    ),
    TestoErrore(
        429,
        "Troppi tentativi",
        "Sono arrivate troppe richieste in poco tempo e, per sicurezza, ne sospendiamo altre.",
        "Aspetta qualche minuto e riprova.",
    ),
    TestoErrore(
        500,
        "Errore della piattaforma",
        "Qualcosa non ha funzionato da parte nostra. I dati che c’erano sono al sicuro: "
        "l’operazione interrotta non ha salvato nulla a metà.",
        "Riprova fra qualche minuto. Se succede ancora, scrivi all’assistenza indicando il codice "
        "qui sotto.",
        assistenza=True,
    ),
    TestoErrore(
        503,
        "Servizio momentaneamente non disponibile",
        "La piattaforma è in manutenzione, oppure uno dei servizi da cui dipende non risponde.",
        "Riprova fra qualche minuto. Il lavoro già accettato non va perso.",
        assistenza=True,
    ),
)

ERRORI = {testo.codice: testo for testo in _TESTI}


def error_text(codice: int) -> TestoErrore:
    """The words for a status; for one without its own, those of its class."""
    return ERRORI.get(codice) or ERRORI[500 if codice >= 500 else 400]
