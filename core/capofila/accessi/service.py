"""Log-in, sessions, accounts and the audit.

What a person does inside the platform happens in the unit of work of the request. Log-in is
different: it must be counted and written down also when it is refused, and checking a password
takes long enough that no connection should wait for it. So :func:`entra`, :func:`esci` and
:func:`cambia_parola` open short units of their own and are called outside any other.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
import re
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final

import asyncpg
import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from capofila.accessi import rules
from capofila.accessi.rules import Persona, Tentativi
from capofila.accessi.tables import Registro
from capofila.base.database import Contesto, UnitaDiLavoro, unita_corrente, unita_di_lavoro
from capofila.base.errori import (
    AccessoRichiesto,
    ConfigurazioneNonSicura,
    Conflitto,
    DatiNonValidi,
    NonTrovato,
    TroppeRichieste,
)
from capofila.base.impostazioni import impostazioni
from capofila.base.visita import AmbitoVisita, Ruolo, Visita

COOKIE: Final = "capofila_sessione"
INATTIVITA_MINUTI: Final = 120
"""A session that nobody uses for so long is over."""
_OGNI_MINUTI: Final = 1
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class AccessoNegato(AccessoRichiesto):
    """Name or password are wrong; which of the two is not told."""

    codice = "accesso_negato"


class AccessoSospeso(TroppeRichieste):
    """Too many tries: ``attesa`` seconds to wait."""

    codice = "accesso_sospeso"

    def __init__(self, attesa: int) -> None:
        super().__init__("Troppi tentativi di accesso: aspetta qualche minuto e riprova.")
        self.attesa = attesa


class DatiUtenteNonValidi(DatiNonValidi):
    """What was written about an account cannot be; ``campi`` says for each field why."""

    codice = "utente_non_valido"

    def __init__(self, campi: dict[str, str]) -> None:
        super().__init__(" ".join(campi.values()))
        self.campi = campi


class Ingresso(msgspec.Struct, frozen=True):
    """A log-in that succeeded: the token for the cookie, which is stored nowhere."""

    token: str
    utente_id: int


# Passwords: argon2id with the parameters of RFC 9106 for little memory. Two threads at most, so
# that a crowd at the door takes 128 MiB and not the whole machine.

_ARGON = PasswordHasher()
_FILONI = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


@cache
def _impronta_a_vuoto() -> str:
    """What an unknown name is checked against, so that it takes as long as a known one."""
    return _ARGON.hash(secrets.token_hex(16))


def _combacia(impronta: str | None, parola: str) -> bool:
    try:
        esatta = _ARGON.verify(impronta or _impronta_a_vuoto(), parola)
    except (Argon2Error, InvalidHashError):
        return False
    return esatta and impronta is not None


async def calcola_impronta(parola: str) -> str:
    """The argon2id digest of a password, computed off the event loop."""
    parola = rules.normalizza_parola(parola)
    return await asyncio.get_running_loop().run_in_executor(_FILONI, _ARGON.hash, parola)


async def _verifica_parola(impronta: str | None, parola: str) -> bool:
    parola = rules.normalizza_parola(parola)[: rules.LUNGHEZZA_MASSIMA + 1]
    return await asyncio.get_running_loop().run_in_executor(
        _FILONI, _combacia, impronta, parola.encode("utf-8", "replace").decode()
    )


# Sessions.


def impronta_sessione(token: str | None) -> str | None:
    """The digest under which a session is stored; None when this cannot be a token of ours."""
    if token is None or not _TOKEN.match(token):
        return None
    return hashlib.sha256(token.encode()).hexdigest()


_CHI = """
SELECT s.utente_id, u.nome, u.amministratore, s.messaggi,
  s.vista_il < now() - make_interval(mins => $3) AS da_segnare,
  coalesce((SELECT jsonb_agg(jsonb_build_array(a.id, a.slug, a.nome, i.ruolo, c.belfiore,
        a.link_accessibilita, a.link_privacy, a.capofila) ORDER BY a.nome)
    FROM incarico i JOIN ambito a ON a.id = i.ambito_id
    LEFT JOIN comune c ON c.istat = i.comune
    WHERE i.utente_id = s.utente_id
      AND (now() AT TIME ZONE 'Europe/Rome')::date BETWEEN i.dal AND coalesce(i.al, 'infinity')
  ), '[]') AS ambiti,
  coalesce((SELECT jsonb_agg(jsonb_build_array(t.id, t.slug, t.nome) ORDER BY t.nome)
    FROM incarico_ats i JOIN ats t ON t.id = i.ats_id
    WHERE i.utente_id = s.utente_id
      AND (now() AT TIME ZONE 'Europe/Rome')::date BETWEEN i.dal AND coalesce(i.al, 'infinity')
  ), '[]') AS ats
FROM sessione s JOIN utente u ON u.id = s.utente_id
WHERE s.impronta = $1 AND u.attivo
  AND s.scade_il > now() AND s.vista_il > now() - make_interval(mins => $2)
"""
_AMBITI = msgspec.json.Decoder(
    tuple[
        tuple[int, str, str, Ruolo, str | None, str | None, str | None, str],
        ...,
    ]
)
_ATS = msgspec.json.Decoder(tuple[tuple[int, str, str], ...])
_MESSAGGI = msgspec.json.Decoder(tuple[tuple[str, str], ...])


async def riconosci(impronta: str) -> Persona | None:
    """Whoever this session belongs to, in a unit of that session; None when it has ended."""
    riga = await unita_corrente().riga(_CHI, impronta, INATTIVITA_MINUTI, _OGNI_MINUTI)
    if riga is None:
        return None
    return Persona(
        utente_id=riga["utente_id"],
        nome=riga["nome"],
        amministratore=riga["amministratore"],
        ambiti=tuple(AmbitoVisita(*campi) for campi in _AMBITI.decode(riga["ambiti"])),
        ats=_ATS.decode(riga["ats"]),
        messaggi=_MESSAGGI.decode(riga["messaggi"]),
        da_segnare=riga["da_segnare"],
    )


async def segna_uso(impronta: str) -> None:
    """Write down that a session is in use, in a unit of its own.

    Not in the request's: the row would stay locked until a long request ends, and the same
    person's other windows would wait for it.
    """
    async with unita_di_lavoro(Contesto(sessione=impronta)) as unita:
        await unita.esegui("UPDATE sessione SET vista_il = now() WHERE impronta = $1", impronta)


async def aggiungi_messaggio(tipo: str, testo: str) -> None:
    """Say something once, on the next page of this session.

    Args:
        tipo: ``riuscito``, ``avviso``, ``errore`` or ``informazione``.
    """
    unita = unita_corrente()
    if unita.contesto.sessione is not None:
        await unita.esegui(
            "UPDATE sessione SET messaggi = messaggi || jsonb_build_array("
            "jsonb_build_array($2::text, $3::text)) WHERE impronta = $1",
            unita.contesto.sessione,
            tipo,
            testo,
        )


async def togli_messaggi(impronta: str, quanti: int) -> None:
    """Take away the first messages, which have been shown; later ones stay."""
    await unita_corrente().esegui(
        "UPDATE sessione SET messaggi = coalesce((SELECT jsonb_agg(m ORDER BY n) FROM"
        " jsonb_array_elements(messaggi) WITH ORDINALITY AS e(m, n) WHERE n > $2), '[]')"
        " WHERE impronta = $1",
        impronta,
        quanti,
    )


def contesto_di(visita: Visita, **altro: Any) -> Contesto:
    """The context for a short unit that a stream or a background task opens for this visitor."""
    ambito = visita.ambito
    return Contesto(
        ambito=ambito.id if ambito else None,
        utente=visita.utente_id,
        comune=ambito.comune if ambito else None,
        traccia=visita.traccia,
        **altro,
    )


# Log-in.


def _chiave(genere: str, valore: str) -> str:
    segreto = impostazioni().segreto
    if not segreto:
        raise ConfigurazioneNonSicura("Manca CAPOFILA_SEGRETO: senza non si può accedere.")
    return hmac.new(segreto.encode(), f"{genere}:{valore}".encode(), hashlib.sha256).hexdigest()


class _Contati(msgspec.Struct, frozen=True):
    """The keys under which a try was counted, and whether one of them has just filled up."""

    nome: str
    indirizzo: str
    appena_sospeso: bool


async def _conta(unita: UnitaDiLavoro, nome: str, indirizzo: str) -> _Contati | int:
    """Count a try under its name and its address, both rows locked in one order.

    Returns:
        The keys, or the seconds to wait when the try may not be made (it is then not counted).
    """
    chiavi = {
        _chiave("nome", nome): rules.SOGLIA_NOME,
        _chiave("indirizzo", rules.rete(indirizzo)): rules.SOGLIA_INDIRIZZO,
    }
    esiti = await _conta_chiavi(unita, chiavi)
    if isinstance(esiti, int):
        return esiti
    chiave_nome, chiave_indirizzo = chiavi
    return _Contati(
        chiave_nome,
        chiave_indirizzo,
        any(esiti[chiave].quanti == soglia for chiave, soglia in chiavi.items()),
    )


async def _conta_chiavi(unita: UnitaDiLavoro, chiavi: dict[str, int]) -> dict[str, Tentativi] | int:
    """Count a try under some keys with their thresholds; the seconds to wait when it may not be made."""
    ora = datetime.now(UTC)
    righe = await unita.righe(
        "INSERT INTO tentativo_accesso AS t (chiave) SELECT c FROM unnest($1::text[]) c ORDER BY c"
        " ON CONFLICT (chiave) DO UPDATE SET tentativi = t.tentativi"
        " RETURNING chiave, tentativi, dal, bloccato_fino",
        list(chiavi),
    )
    esiti = {
        r["chiave"]: rules.tenta(
            Tentativi(r["tentativi"], r["dal"], r["bloccato_fino"]), ora, chiavi[r["chiave"]]
        )
        for r in righe
    }
    if attesa := max(secondi for _, secondi in esiti.values()):
        return attesa
    await unita.esegui(
        "UPDATE tentativo_accesso t SET tentativi = n.tentativi, dal = n.dal,"
        " bloccato_fino = n.fino FROM unnest($1::text[], $2::int[], $3::timestamptz[],"
        " $4::timestamptz[]) AS n(chiave, tentativi, dal, fino) WHERE t.chiave = n.chiave",
        list(esiti),
        [t.quanti for t, _ in esiti.values()],
        [t.dal for t, _ in esiti.values()],
        [t.bloccato_fino for t, _ in esiti.values()],
    )
    return {chiave: contato for chiave, (contato, _) in esiti.items()}


async def attesa_di(genere: str, indirizzo: str) -> int:
    """Seconds that an address must wait after too many wrong secrets of a kind; 0 when none."""
    fino: datetime | None = await unita_corrente().valore(
        "SELECT bloccato_fino FROM tentativo_accesso WHERE chiave = $1",
        _chiave(genere, rules.rete(indirizzo)),
    )
    return 0 if fino is None else max(0, math.ceil((fino - datetime.now(UTC)).total_seconds()))


async def conta_segreto_errato(genere: str, indirizzo: str) -> None:
    """Count a wrong secret of an address, as a wrong password is counted."""
    chiave = _chiave(genere, rules.rete(indirizzo))
    await _conta_chiavi(unita_corrente(), {chiave: rules.SOGLIA_INDIRIZZO})


async def _dimentica(unita: UnitaDiLavoro, contati: _Contati) -> None:
    """After a success: the name starts afresh; the address loses this one try only, so that an
    account of one's own does not open the way to the others."""
    await unita.esegui("DELETE FROM tentativo_accesso WHERE chiave = $1", contati.nome)
    await unita.esegui(
        "UPDATE tentativo_accesso SET tentativi = greatest(tentativi - 1, 0), bloccato_fino ="
        " CASE WHEN tentativi - 1 < $2 THEN NULL ELSE bloccato_fino END WHERE chiave = $1",
        contati.indirizzo,
        rules.SOGLIA_INDIRIZZO,
    )


async def _nuova_sessione(unita: UnitaDiLavoro, utente_id: int, impronta: str) -> None:
    """Store a session; the unit already shows it (``Contesto.sessione``)."""
    await unita.esegui(
        "INSERT INTO sessione (impronta, utente_id, scade_il)"
        " VALUES ($1, $2, now() + make_interval(hours => $3))",
        impronta,
        utente_id,
        impostazioni().sessione_ore,
    )


async def entra(
    nome: str,
    parola: str,
    indirizzo: str,
    *,
    vecchio_token: str | None = None,
    traccia: str | None = None,
) -> Ingresso:
    """Log in: check, count, write down, open a new session and end the browser's old one.

    Args:
        indirizzo: the address that the request came from; only a keyed digest of it is stored.
        vecchio_token: the session cookie that came with the request, whatever it is.

    Raises:
        AccessoNegato: no such account, wrong password, account switched off: one and the same.
        AccessoSospeso: too many tries; nothing was checked.
    """
    nome = rules.normalizza_nome(nome)
    noto = rules.NOME_ACCESSO.match(nome) is not None
    accesso = nome if noto else None
    async with unita_di_lavoro(Contesto(accesso=accesso, traccia=traccia)) as unita:
        contati = await _conta(unita, nome[:200], indirizzo)
        riga = (
            None
            if isinstance(contati, int)
            else await unita.riga(
                "SELECT u.id, c.impronta, u.attivo, u.amministratore FROM utente u"
                " JOIN credenziale c ON c.utente_id = u.id WHERE u.nome_accesso = $1",
                nome if noto else "",
            )
        )
    if isinstance(contati, int):
        raise AccessoSospeso(contati)

    esatta = await _verifica_parola(riga and riga["impronta"], parola)
    if riga is None or not esatta or not riga["attivo"]:
        async with unita_di_lavoro(Contesto(traccia=traccia)):
            await registra("accesso.negato", "utente", riga and str(riga["id"]))
            if contati.appena_sospeso:
                await registra("accesso.sospeso", "utente", riga and str(riga["id"]))
        raise AccessoNegato("Nome utente o password non sono corretti.")

    nuova = None
    if _ARGON.check_needs_rehash(riga["impronta"]):
        nuova = await calcola_impronta(parola)
    await esci(vecchio_token, traccia=traccia)
    token = secrets.token_urlsafe(32)
    impronta = hashlib.sha256(token.encode()).hexdigest()
    contesto = Contesto(
        utente=riga["id"],
        sessione=impronta,
        amministratore=riga["amministratore"],
        traccia=traccia,
    )
    async with unita_di_lavoro(contesto) as unita:
        await _dimentica(unita, contati)
        attivo = await unita.esegui(
            "UPDATE utente SET ultimo_accesso_il = now() WHERE id = $1 AND attivo", riga["id"]
        )
        la_stessa = await unita.esegui(
            "UPDATE credenziale SET impronta = coalesce($2, impronta)"
            " WHERE utente_id = $1 AND impronta = $3",
            riga["id"],
            nuova,
            riga["impronta"],
        )
        if (attivo, la_stessa) != ("UPDATE 1", "UPDATE 1"):
            # Switched off, or the password changed, while it was being checked.
            raise AccessoNegato("Nome utente o password non sono corretti.")
        await _nuova_sessione(unita, riga["id"], impronta)
        await registra("accesso.riuscito", "utente", str(riga["id"]))
    return Ingresso(token, riga["id"])


async def esci(token: str | None, *, traccia: str | None = None) -> None:
    """End the session of a token; nothing happens when there is none."""
    impronta = impronta_sessione(token)
    if impronta is None:
        return
    async with unita_di_lavoro(Contesto(sessione=impronta, traccia=traccia)) as unita:
        if await unita.esegui("DELETE FROM sessione WHERE impronta = $1", impronta) == "DELETE 1":
            await registra("accesso.uscita")


async def cambia_parola(
    utente_id: int,
    attuale: str,
    nuova: str,
    indirizzo: str,
    *,
    traccia: str | None = None,
    messaggio: tuple[str, str] | None = None,
) -> Ingresso:
    """Change one's own password; every session of the person ends and a new one begins.

    Wrong tries count as those of the log-in do: a session left open is not a way to guess.

    Args:
        messaggio: kind and text to show on the next page.

    Raises:
        DatiUtenteNonValidi: the present password is wrong, or the new one breaks the rule.
        AccessoSospeso: too many tries.
    """
    async with unita_di_lavoro(Contesto(utente=utente_id, traccia=traccia)) as unita:
        riga = await unita.riga(
            "SELECT u.nome_accesso, u.nome, c.impronta, u.amministratore FROM utente u"
            " JOIN credenziale c ON c.utente_id = u.id WHERE u.id = $1 AND u.attivo",
            utente_id,
        )
        if riga is None:
            raise NonTrovato("Questo utente non è attivo.")
        contati = await _conta(unita, riga["nome_accesso"], indirizzo)
    if isinstance(contati, int):
        raise AccessoSospeso(contati)
    if not await _verifica_parola(riga["impronta"], attuale):
        raise DatiUtenteNonValidi({"attuale": "La password attuale non è corretta."})

    difetto = rules.difetto_parola(nuova, riga["nome_accesso"], riga["nome"])
    if difetto is None and rules.normalizza_parola(nuova) == rules.normalizza_parola(attuale):
        difetto = "La nuova password è uguale a quella attuale: scegline un'altra."
    impronta_parola = None if difetto else await calcola_impronta(nuova)
    token = secrets.token_urlsafe(32)
    impronta = hashlib.sha256(token.encode()).hexdigest()
    contesto = Contesto(
        utente=utente_id, sessione=impronta, amministratore=riga["amministratore"], traccia=traccia
    )
    async with unita_di_lavoro(contesto) as unita:
        await _dimentica(unita, contati)
        if impronta_parola is not None:
            await unita.esegui(
                "UPDATE credenziale SET impronta = $2, cambiata_il = now() WHERE utente_id = $1",
                utente_id,
                impronta_parola,
            )
            await unita.esegui("DELETE FROM sessione WHERE utente_id = $1", utente_id)
            await _nuova_sessione(unita, utente_id, impronta)
            if messaggio is not None:
                await aggiungi_messaggio(*messaggio)
            await registra("parola.cambiata", "utente", str(utente_id))
    if difetto is not None:
        raise DatiUtenteNonValidi({"nuova": difetto})
    return Ingresso(token, utente_id)


# Accounts, in a unit of the platform's administration.


async def aggiungi_utente(
    nome_accesso: str,
    nome: str,
    parola: str,
    ruolo: str | None,
    ambito: str | None = None,
    comune: str | None = None,
    *,
    ats: str | None = None,
) -> int:
    """Make an account and, with a role, its first charge.

    Args:
        ruolo: one of :data:`rules.RUOLI_CONFERIBILI`; ``amministratore`` is of the platform and has
            no ambito, ``analista_ats`` has ``ats``; None for an account without a charge.
        ambito: slug.
        comune: Belfiore or ISTAT code, for ``operatore_comune``.

    Returns:
        The account's id.

    Raises:
        DatiUtenteNonValidi: what was written cannot be, field by field.
    """
    unita = unita_corrente()
    nome_accesso, nome = rules.normalizza_nome(nome_accesso), " ".join(nome.split())
    errori: dict[str, str] = {}
    if difetto := rules.difetto_nome_accesso(nome_accesso):
        errori["nome_accesso"] = difetto
    if not 1 <= len(nome) <= 120:
        errori["nome"] = "Scrivi nome e cognome della persona, al massimo 120 caratteri."
    if difetto := rules.difetto_parola(parola, nome_accesso, nome):
        errori["parola"] = difetto
    errori |= _difetti_incarico(ruolo, ambito, comune, ats)
    if errori:
        raise DatiUtenteNonValidi(errori)
    impronta = await calcola_impronta(parola)
    try:
        async with unita.punto_di_ritorno():
            utente_id: int = await unita.valore(
                "INSERT INTO utente (nome_accesso, nome, amministratore)"
                " VALUES ($1, $2, $3) RETURNING id",
                nome_accesso,
                nome,
                ruolo == "amministratore",
            )
    except asyncpg.UniqueViolationError:
        raise DatiUtenteNonValidi(
            {"nome_accesso": f"Il nome utente «{nome_accesso}» è già di un altro: scegline uno."}
        ) from None
    await unita.esegui(
        "INSERT INTO credenziale (utente_id, impronta) VALUES ($1, $2)", utente_id, impronta
    )
    await registra("utente.aggiunto", "utente", str(utente_id), ruolo=ruolo)
    if ruolo is not None and ruolo != "amministratore":
        await assegna_incarico(utente_id, ruolo, ambito, comune, ats=ats)
    return utente_id


def _difetti_incarico(
    ruolo: str | None, ambito: str | None, comune: str | None, ats: str | None
) -> dict[str, str]:
    errori: dict[str, str] = {}
    if ruolo is None:
        return errori
    if ruolo not in rules.RUOLI_CONFERIBILI:
        errori["ruolo"] = f"Il ruolo «{ruolo}» non esiste: scegli fra quelli elencati."
    elif ruolo in rules.PERMESSI and not ambito:
        errori["ambito"] = "Scegli l'ambito di questo incarico."
    elif ruolo not in rules.PERMESSI and ambito:
        errori["ambito"] = "Questo ruolo non appartiene a un ambito: togli l'ambito."
    if ruolo == "operatore_comune" and not comune:
        errori["comune"] = "Indica il comune per cui la persona lavora."
    elif ruolo != "operatore_comune" and comune:
        errori["comune"] = "Solo l'operatore di un comune ha un comune: toglilo."
    if ruolo == "analista_ats" and not ats:
        errori["ats"] = "Scegli l'ATS di questo incarico."
    elif ruolo != "analista_ats" and ats:
        errori["ats"] = "Solo l'analista ha un'ATS: toglila."
    return errori


async def assegna_incarico(
    utente_id: int,
    ruolo: str,
    ambito: str | None = None,
    comune: str | None = None,
    *,
    ats: str | None = None,
    dal: date | None = None,
    al: date | None = None,
) -> None:
    """Give a person a charge, from a day (today) to a day (none).

    The unit then goes on as that ambito's, so that the ambito's own audit tells of it: one unit
    gives charges in one ambito.

    Raises:
        DatiUtenteNonValidi: what was written cannot be, or the person already has a charge there.
    """
    unita = unita_corrente()
    if errori := _difetti_incarico(ruolo, ambito, comune, ats):
        raise DatiUtenteNonValidi(errori)
    if ruolo == "amministratore":
        raise DatiUtenteNonValidi(
            {"ruolo": "L'amministrazione della piattaforma si dà solo creando l'utente."}
        )
    if dal is not None and al is not None and al < dal:
        raise DatiUtenteNonValidi({"al": "L'ultimo giorno non può venire prima del primo."})
    if not await unita.valore("SELECT true FROM utente WHERE id = $1 AND attivo", utente_id):
        raise DatiUtenteNonValidi({"utente": "Questo utente non esiste o non è attivo."})
    if ruolo == "analista_ats":
        await _assegna_ats(unita, utente_id, ats or "", dal, al)
        return
    ambito_id = await unita.valore("SELECT id FROM ambito WHERE slug = $1", ambito)
    if ambito_id is None:
        raise DatiUtenteNonValidi({"ambito": f"L'ambito «{ambito}» non esiste."})
    await unita.restringi(msgspec.structs.replace(unita.contesto, ambito=ambito_id))
    istat = None
    if comune:
        istat = await unita.valore(
            "SELECT c.istat FROM comune c JOIN appartenenza a ON a.istat = c.istat"
            " WHERE a.ambito_id = $2 AND (c.belfiore = $1 OR c.istat = $1)"
            " AND daterange(a.dal, a.al, '[]') @> (now() AT TIME ZONE 'Europe/Rome')::date",
            comune.strip().upper(),
            ambito_id,
        )
        if istat is None:
            raise DatiUtenteNonValidi(
                {"comune": f"«{comune}» non è il codice di un comune di questo ambito."}
            )
    try:
        async with unita.punto_di_ritorno():
            incarico_id = await unita.valore(
                "INSERT INTO incarico (ambito_id, utente_id, ruolo, comune, dal, al)"
                " VALUES ($1, $2, $3, $4, coalesce($5, current_date), $6) RETURNING id",
                ambito_id,
                utente_id,
                ruolo,
                istat,
                dal,
                al,
            )
    except asyncpg.ExclusionViolationError:
        raise DatiUtenteNonValidi(
            {"ambito": "La persona ha già un incarico in questo ambito negli stessi giorni."}
        ) from None
    await registra("incarico.assegnato", "incarico", str(incarico_id), ruolo=ruolo)


async def _assegna_ats(
    unita: UnitaDiLavoro, utente_id: int, ats: str, dal: date | None, al: date | None
) -> None:
    ats_id = await unita.valore("SELECT id FROM ats WHERE slug = $1", ats)
    if ats_id is None:
        raise DatiUtenteNonValidi({"ats": f"L'ATS «{ats}» non esiste."})
    try:
        async with unita.punto_di_ritorno():
            await unita.esegui(
                "INSERT INTO incarico_ats (ats_id, utente_id, dal, al)"
                " VALUES ($1, $2, coalesce($3, current_date), $4)",
                ats_id,
                utente_id,
                dal,
                al,
            )
    except asyncpg.UniqueViolationError:
        raise DatiUtenteNonValidi({"ats": "La persona ha già questo incarico."}) from None
    await registra("incarico.assegnato", "ats", str(ats_id), ruolo="analista_ats")


async def aggiungi_ats(slug: str, nome: str) -> int:
    """Make a health agency, for which analysts may then be given a charge.

    Args:
        slug: as in the address: lower case, digits and hyphens.
        nome: as people call it.

    Raises:
        DatiNonValidi: slug or name cannot be.
        Conflitto: there is one with this slug already.
    """
    unita = unita_corrente()
    slug, nome = slug.strip().lower(), " ".join(nome.split())
    if rules.SLUG_ATS.fullmatch(slug) is None:
        raise DatiNonValidi(
            f"«{slug[:40]}» non può stare in un indirizzo: usa lettere minuscole, cifre e trattini, "
            "come «val-padana»."
        )
    if not 1 <= len(nome) <= 120:
        raise DatiNonValidi("Scrivi il nome dell'ATS, al massimo 120 caratteri.")
    ats_id: int | None = await unita.valore(
        "INSERT INTO ats (slug, nome) VALUES ($1, $2) ON CONFLICT (slug) DO NOTHING RETURNING id",
        slug,
        nome,
    )
    if ats_id is None:
        raise Conflitto(f"L'ATS «{slug}» c'è già.")
    await registra("ats.aggiunta", "ats", str(ats_id))
    return ats_id


async def disattiva(utente_id: int) -> None:
    """Switch an account off and end its sessions at once. What it did stays in the audit.

    Raises:
        NonTrovato: no such account.
        DatiUtenteNonValidi: it is the last active administrator, or one's own account.
    """
    unita = unita_corrente()
    if utente_id == unita.contesto.utente:
        raise DatiUtenteNonValidi(
            {"utente": "Non puoi disattivare te stesso: chiedilo a un altro amministratore."}
        )
    # Two administrators who switch each other off at the same time must not both succeed.
    attivi = await unita.righe(
        "SELECT id FROM utente WHERE amministratore AND attivo ORDER BY id FOR UPDATE"
    )
    if [r["id"] for r in attivi] == [utente_id]:
        raise DatiUtenteNonValidi(
            {"utente": "È l'unico amministratore attivo: prima nominane un altro."}
        )
    tag = await unita.esegui("UPDATE utente SET attivo = false WHERE id = $1", utente_id)
    if tag != "UPDATE 1":
        raise NonTrovato("Questo utente non esiste.")
    await unita.esegui("DELETE FROM sessione WHERE utente_id = $1", utente_id)
    await registra("utente.disattivato", "utente", str(utente_id))


class UtenteInElenco(msgspec.Struct, frozen=True):
    """An account as the administration lists it; each charge is (place, role, comune or None)."""

    id: int
    nome_accesso: str
    nome: str
    amministratore: bool
    attivo: bool
    ultimo_accesso_il: datetime | None
    incarichi: tuple[tuple[str, str, str | None], ...]


async def elenca_utenti() -> list[UtenteInElenco]:
    """Every account with its charges of today, for the platform's administration."""
    righe = await unita_corrente().righe(
        """
        SELECT u.id, u.nome_accesso, u.nome, u.amministratore, u.attivo, u.ultimo_accesso_il,
          coalesce((SELECT jsonb_agg(jsonb_build_array(x.luogo, x.ruolo, x.comune) ORDER BY x.luogo)
            FROM (
              SELECT a.nome AS luogo, i.ruolo, c.nome AS comune, i.dal, i.al FROM incarico i
                JOIN ambito a ON a.id = i.ambito_id LEFT JOIN comune c ON c.istat = i.comune
                WHERE i.utente_id = u.id
              UNION ALL
              SELECT t.nome, 'analista_ats', NULL, i.dal, i.al FROM incarico_ats i
                JOIN ats t ON t.id = i.ats_id WHERE i.utente_id = u.id
            ) x WHERE (now() AT TIME ZONE 'Europe/Rome')::date
                BETWEEN x.dal AND coalesce(x.al, 'infinity')), '[]') AS incarichi
        FROM utente u ORDER BY u.attivo DESC, u.nome, u.id
        """
    )
    decodifica = msgspec.json.Decoder(tuple[tuple[str, str, str | None], ...])
    return [
        UtenteInElenco(
            id=riga["id"],
            nome_accesso=riga["nome_accesso"],
            nome=riga["nome"],
            amministratore=riga["amministratore"],
            attivo=riga["attivo"],
            ultimo_accesso_il=riga["ultimo_accesso_il"],
            incarichi=decodifica.decode(riga["incarichi"]),
        )
        for riga in righe
    ]


# The audit.


async def registra(
    azione: str, oggetto: str | None = None, oggetto_id: str | None = None, **dettagli: Any
) -> None:
    """Add a row to the audit of the unit's ambito, or to the platform's where it has none.

    Raises:
        ValueError: the details hold personal data.
    """
    await _aggiungi(azione, oggetto, oggetto_id, dettagli, "")


async def registra_lettura(
    azione: str, oggetto: str | None = None, oggetto_id: str | None = None, **dettagli: Any
) -> None:
    """Write down that something was read or taken away.

    The route's unit is ``scrittura``, and its commit does not wait for the disk: a crash within
    the same instant may lose the row, which a reading can bear and a page of every day must.
    """
    await _aggiungi(
        azione,
        oggetto,
        oggetto_id,
        dettagli,
        " WHERE set_config('synchronous_commit', 'off', true) <> ''",
    )


async def _aggiungi(
    azione: str, oggetto: str | None, oggetto_id: str | None, dettagli: dict[str, Any], dove: str
) -> None:
    rules.verifica_dettagli(dettagli)
    unita = unita_corrente()
    tabella = "registro" if unita.contesto.ambito is not None else "registro_piattaforma"
    await unita.esegui(
        f"INSERT INTO {tabella} (azione, oggetto, oggetto_id, dettagli)"
        f" SELECT $1::text, $2::text, $3::text, $4::jsonb{dove}",
        azione,
        oggetto,
        oggetto_id,
        msgspec.json.encode(dettagli).decode(),
    )


class VoceRegistro(msgspec.Struct, frozen=True):
    """A row of the audit; ``chi`` is None for what the platform did by itself."""

    quando: datetime
    chi: str | None
    azione: str
    oggetto: str | None
    oggetto_id: str | None
    dettagli: str


async def leggi_registro(pagina: int, per_pagina: int = 50) -> tuple[list[VoceRegistro], int]:
    """A page of the ambito's audit, the newest first, and how many rows there are in all."""
    unita = unita_corrente()
    totale = await Registro.count().where(Registro.ambito_id == unita.ambito)
    righe = await unita.righe(
        """
        SELECT r.quando, coalesce(u.nome, 'utente ' || r.utente_id) AS chi, r.azione, r.oggetto,
          r.oggetto_id, r.dettagli::text AS dettagli
        FROM (SELECT * FROM registro WHERE ambito_id = $1
              ORDER BY ambito_id DESC, id DESC LIMIT $2 OFFSET $3) r
        LEFT JOIN utente u ON u.id = r.utente_id ORDER BY r.id DESC
        """,
        unita.ambito,
        per_pagina,
        (pagina - 1) * per_pagina,
    )
    return [VoceRegistro(*r) for r in righe], totale


async def elimina_scaduti() -> tuple[int, int]:
    """Delete ended sessions and forgotten tries, in a unit of its own; returns how many of each."""
    async with unita_di_lavoro(Contesto()) as unita:
        sessioni = await unita.esegui("DELETE FROM sessione WHERE scade_il < now()")
        tentativi = await unita.esegui(
            "DELETE FROM tentativo_accesso"
            " WHERE greatest(dal, bloccato_fino) < now() - $1::interval",
            rules.FINESTRA,
        )
    return _quanti(sessioni), _quanti(tentativi)


def _quanti(tag: str) -> int:
    return int(tag.rsplit(" ", 1)[-1])


async def ambiti_e_ats() -> tuple[Sequence[tuple[str, str]], Sequence[tuple[str, str]]]:
    """(slug, name) of each ambito and of each agency, for the forms of the administration."""
    unita = unita_corrente()
    ambiti = await unita.righe("SELECT slug, nome FROM ambito ORDER BY nome")
    ats = await unita.righe("SELECT slug, nome FROM ats ORDER BY nome")
    return [tuple(r) for r in ambiti], [tuple(r) for r in ats]
