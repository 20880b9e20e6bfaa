"""What each role may do, what a password must be, how long to wait after failed log-ins.

Source: issue «The platform stands on real services», Accounts; OWASP Authentication Cheat Sheet.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from capofila.base.database import Contesto
from capofila.base.errori import NonAutorizzato, NonTrovato
from capofila.base.visita import AmbitoVisita, Ruolo, Visita
from capofila.hooks import ChiVede

PUBBLICO: Final = "pubblico"
"""The route serves anybody."""
ACCESSO: Final = "accesso"
"""The route serves whoever is logged in."""
PIATTAFORMA: Final = "piattaforma.amministra"
ATS: Final = "ats.leggi"

OPERATORE_COMUNE: Final = frozenset(
    {
        "accreditamenti.vedi",
        "ambito.vedi",
        "adempimenti.vedi",
        "compartecipazione.scrivi",
        "compartecipazione.vedi",
        "conoscenza.scrivi",
        "conoscenza.vedi",
        "debito.completezza",
        "graduatorie.scrivi",
        "graduatorie.vedi",
        "minori.scrivi",
        "minori.vedi",
        "prestazioni.importa",
        "prestazioni.scrivi",
        "prestazioni.vedi",
        "sedute.vedi",
        "spesa.scrivi",
        "spesa.vedi",
        "territorio.vedi",
    }
)
OPERATORE_UDP: Final = OPERATORE_COMUNE | {
    "accreditamenti.istruisci",
    "adempimenti.scrivi",
    "confronto.vedi",
    "debito.esito",
    "debito.esporta",
    "debito.scarica",
    "debito.vedi",
    "governo.scrivi",
    "governo.vedi",
    "graduatorie.governa",
    "lavori.riavvia",
    "lavori.vedi",
    "plugin.vedi",
    "riparto.vedi",
    "sedute.tieni",
    "spesa.governa",
}
RESPONSABILE_UDP: Final = OPERATORE_UDP | {
    "accreditamenti.decidi",
    "ambito.amministra",
    "confronto.pubblica",
    "debito.invia",
    "registro.vedi",
    "riparto.approva",
}

PERMESSI: Final[Mapping[Ruolo, frozenset[str]]] = {
    "responsabile_udp": RESPONSABILE_UDP,
    "operatore_udp": OPERATORE_UDP,
    "operatore_comune": OPERATORE_COMUNE,
}
"""What each role may do in the ambito of the charge."""

PER_CHI: Final[Mapping[ChiVede, str]] = {
    ChiVede.AMBITO: "ambito.vedi",
    ChiVede.UFFICIO: "plugin.vedi",
    ChiVede.RESPONSABILE: "ambito.amministra",
}
"""The permission that opens a page of a plugin."""

DI_AMBITO: Final = frozenset().union(*PERMESSI.values())
"""The permissions that exist only inside an ambito; their routes have ``{ambito}`` in the path."""

RUOLI_CONFERIBILI: Final = (
    "responsabile_udp",
    "operatore_udp",
    "operatore_comune",
    "analista_ats",
    "amministratore",
)


class Persona(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever a session belongs to, with all the charges valid today."""

    utente_id: int
    nome: str
    amministratore: bool
    ambiti: tuple[AmbitoVisita, ...]
    ats: tuple[tuple[int, str, str], ...]
    messaggi: tuple[tuple[str, str], ...]
    da_segnare: bool
    """The session's last use is to be written down."""


def ammetti(
    permesso: str,
    persona: Persona | None,
    *,
    traccia: str,
    sessione: str | None = None,
    ambito: str | None = None,
    ats: str | None = None,
) -> tuple[Visita, Contesto]:
    """Decide whether a request may go on, and for whom the unit of work then acts.

    Args:
        permesso: what the route asks for.
        persona: who is asking; None when nobody is logged in (only for public routes).
        ambito: slug of the ambito in the path, where the route has one.
        ats: slug of the agency in the path, where the route has one.

    Returns:
        The visit for the pages and the context for the database. An administrator of the platform
        acts as one only outside the ambiti: inside, only a charge counts.

    Raises:
        NonTrovato: the ambito does not exist or the person has no charge in it; which of the two
            is not told.
        NonAutorizzato: the role does not allow it.
    """
    contesto = Contesto(traccia=traccia)
    if persona is None:
        if permesso != PUBBLICO:
            raise NonAutorizzato("Per questa pagina serve l'accesso.")
        return Visita(traccia=traccia), contesto

    contesto = Contesto(traccia=traccia, utente=persona.utente_id, sessione=sessione)
    permessi = {ACCESSO}
    scelto: AmbitoVisita | None = None
    if permesso in DI_AMBITO:
        scelto = next((a for a in persona.ambiti if a.slug == ambito), None)
        if scelto is None or scelto.ruolo is None:
            raise NonTrovato("Questo ambito non esiste, oppure non hai un incarico in esso.")
        if scelto.ruolo == "operatore_comune" and scelto.comune is None:
            raise NonTrovato("Il tuo incarico non indica un comune: chiedi all'Ufficio di Piano.")
        permessi |= PERMESSI[scelto.ruolo]
        contesto = msgspec.structs.replace(contesto, ambito=scelto.id, comune=scelto.comune)
    else:
        if persona.amministratore:
            permessi.add(PIATTAFORMA)
            contesto = msgspec.structs.replace(contesto, amministratore=True)
        if persona.ats:
            permessi.add(ATS)
        if permesso == ATS and persona.ats:
            agenzia = next((a for a in persona.ats if a[1] == ats), None)
            if ats is None and len(persona.ats) == 1:
                agenzia = persona.ats[0]
            if agenzia is None:
                raise NonTrovato("Questa ATS non esiste, oppure non hai un incarico in essa.")
            contesto = msgspec.structs.replace(contesto, ats=agenzia[0])
    if permesso != PUBBLICO and permesso not in permessi:
        raise NonAutorizzato("Il tuo incarico non prevede questa operazione.")
    visita = Visita(
        traccia=traccia,
        utente_id=persona.utente_id,
        utente_nome=persona.nome,
        amministratore=persona.amministratore,
        ambito=scelto,
        ambiti=persona.ambiti,
        ats=persona.ats,
        permessi=frozenset(permessi),
        sessione=sessione,
        messaggi=persona.messaggi,
    )
    return visita, contesto


def percorso_locale(testo: str | None) -> str:
    """Where to go after the log-in: a path of this site without its query, else the home.

    >>> percorso_locale("/crema/prestazioni?cf=X")
    '/crema/prestazioni'
    >>> percorso_locale("//altrove.example/")
    '/'
    """
    if not testo or not testo.startswith("/") or len(testo) > 500:
        return "/"
    if testo.startswith("//") or "\\" in testo or any(ord(c) < 33 or ord(c) == 127 for c in testo):
        return "/"
    try:
        parti = urlsplit(testo)
    except ValueError:
        return "/"
    if parti.scheme or parti.netloc or parti.path.startswith("//"):
        return "/"
    percorso = quote(parti.path, safe="/%:@-._~!$&'()*+,;=")
    return "/" if percorso.startswith(("/accesso", "/esci")) else percorso


# Names and passwords.

NOME_ACCESSO: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,119}\Z")
SLUG_ATS: Final = re.compile(r"[a-z][a-z0-9-]{1,39}")
LUNGHEZZA_MINIMA: Final = 12
LUNGHEZZA_MASSIMA: Final = 256
_PAROLE_NOTE: Final = frozenset(
    {
        "abcdefghijkl",
        "ambitosociale",
        "amministratore",
        "benvenuto",
        "cambiami",
        "capofila",
        "changeme",
        "letmein",
        "parolachiave",
        "passwordpassword",
        "password",
        "pianodizona",
        "qwertyuiop",
        "qwertyuiopasdf",
        "qwerty",
        "segretissimo",
        "segreto",
        "serviziosociale",
        "servizisociali",
        "ufficiodipiano",
        "welcome",
    }
)


def normalizza_nome(nome: str) -> str:
    """The log-in name as it is stored: small letters, no blanks around."""
    return nome.strip().lower()


def difetto_nome_accesso(nome: str) -> str | None:
    """What is wrong with a log-in name, in words; None when nothing is."""
    if NOME_ACCESSO.match(nome):
        return None
    return (
        "Il nome utente ha da 2 a 120 caratteri: lettere minuscole senza accenti, cifre e i segni "
        "punto, trattino, trattino basso, chiocciola e più; il primo è una lettera o una cifra."
    )


def normalizza_parola(parola: str) -> str:
    """The password in one form, whatever the keyboard composed it of."""
    return unicodedata.normalize("NFKC", parola)


def difetto_parola(parola: str, *nomi: str) -> str | None:
    """What is wrong with a new password, in words; None when nothing is.

    Args:
        nomi: log-in name and name of the person, which a password must not contain.
    """
    parola = normalizza_parola(parola)
    if len(parola) < LUNGHEZZA_MINIMA:
        return f"La password ha almeno {LUNGHEZZA_MINIMA} caratteri: per esempio quattro parole."
    if len(parola) > LUNGHEZZA_MASSIMA:
        return f"La password ha al massimo {LUNGHEZZA_MASSIMA} caratteri."
    minuscola = parola.casefold()
    pezzi = {p for nome in nomi for p in re.split(r"[\W_]+", nome.casefold()) if len(p) >= 4}
    if any(pezzo in minuscola for pezzo in pezzi):
        return "La password non contiene il tuo nome né il tuo nome utente: scegline un'altra."
    sole_lettere = "".join(c for c in minuscola if c.isalpha())
    if (
        len(set(minuscola)) < 5
        or sole_lettere in _PAROLE_NOTE
        or (not sole_lettere and minuscola in "01234567890123456789012345678909876543210987654321")
    ):
        return "Questa password è fra le più facili da indovinare: scegline un'altra."
    return None


# Waiting after failed log-ins.

FINESTRA: Final = timedelta(minutes=15)
SOGLIA_NOME: Final = 5
SOGLIA_INDIRIZZO: Final = 20
_PRIMA_ATTESA: Final = 60
_ATTESA_MASSIMA: Final = 15 * 60


class Tentativi(msgspec.Struct, frozen=True):
    """The tries counted under one key."""

    quanti: int
    dal: datetime
    bloccato_fino: datetime | None = None


def tenta(prima: Tentativi | None, ora: datetime, soglia: int) -> tuple[Tentativi, int]:
    """Count one more try, before it is known how it ends: so tries made together count too.

    The try that reaches the threshold is still made; the next one waits one minute, the one after
    it two, and so on up to fifteen. A quarter of an hour without tries and all is forgotten.

    Returns:
        The count to store, and the seconds to wait: 0 when the try may go on.
    """
    if prima is not None and prima.bloccato_fino is not None and prima.bloccato_fino > ora:
        attesa = prima.bloccato_fino - ora
        return prima, max(1, -(-int(attesa.total_seconds() * 1000) // 1000))
    if prima is None or max(prima.dal, prima.bloccato_fino or prima.dal) + FINESTRA <= ora:
        prima = Tentativi(0, ora)
    quanti = prima.quanti + 1
    bloccato = prima.bloccato_fino
    if quanti >= soglia:
        secondi = min(_PRIMA_ATTESA * 2 ** min(quanti - soglia, 10), _ATTESA_MASSIMA)
        bloccato = ora + timedelta(seconds=secondi)
    return Tentativi(quanti, prima.dal, bloccato), 0


def rete(indirizzo: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one customer of IPv6 has."""
    try:
        letto = ipaddress.ip_address(indirizzo)
    except ValueError:
        return "sconosciuto"
    if isinstance(letto, ipaddress.IPv6Address):
        if letto.ipv4_mapped is not None:
            return str(letto.ipv4_mapped)
        return str(ipaddress.ip_network((letto, 64), strict=False))
    return str(letto)


# The audit.

_CHIAVI_PERSONALI: Final = re.compile(
    r"(\b|_)(cf|codice_?fiscale|cognome|nome|nominativo|indirizzo|telefono|email|e_mail|pec|iban|"
    r"nascita|genere|cittadinanza|residenza|diagnosi|isee|importo|quota|parola|password|token)"
    r"(\b|_)",
    re.IGNORECASE,
)
_CODICE_FISCALE: Final = re.compile(
    r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]", re.IGNORECASE
)
_AMMESSE: Final = frozenset({"nome_flusso"})


def verifica_dettagli(dettagli: Mapping[str, Any]) -> None:
    """Refuse personal data in the audit: it says what was done to which row, not who the row is.

    Raises:
        ValueError: a key names personal data, or a value holds a codice fiscale. A bug.
    """
    for chiave, valore in dettagli.items():
        if chiave not in _AMMESSE and _CHIAVI_PERSONALI.search(chiave):
            raise ValueError(f"the audit holds no personal data: {chiave!r}")
        if not isinstance(valore, str | int | bool | list | tuple | None):
            raise ValueError(f"{chiave!r}: the audit holds words and whole numbers")
        if _CODICE_FISCALE.search(str(valore)):
            raise ValueError(f"{chiave!r} holds a codice fiscale")
