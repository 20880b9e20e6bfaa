"""Sending e-mail: one server, given in the settings. Without one nothing is sent, and rooms say so."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.utils import parseaddr
from hashlib import sha256
from typing import Any, Final, Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib

from capofila.base.errori import ServizioNonDisponibile
from capofila.base.impostazioni import impostazioni
from capofila.base.lavori import Compito

_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")

_GUASTI: Final = (aiosmtplib.SMTPException, OSError)
"""What a server that does not answer raises; the text may quote an address, so it is never shown."""

Uscita = Literal["avviso_adempimento", "invito_seduta", "promemoria_indicatori", "promemoria_spesa"]
"""The tables of messages that wait: each row has a state and the moment when it left."""


def configurata() -> bool:
    """Whether this platform can send e-mail."""
    return bool(impostazioni().smtp_url and impostazioni().smtp_mittente)


def indirizzo_valido(email: str) -> bool:
    """Whether a text is an address that e-mail can be sent to, as far as its form tells."""
    return len(email) <= 200 and _EMAIL.fullmatch(email) is not None


def identifica(nuovo: EmailMessage, *parti: object) -> EmailMessage:
    """Give a message an identity that depends only on what it is about (RFC 5322, Message-ID).

    A message leaves at least once: a fall between sending it and writing that it left sends it again.
    Sent again it is the same message, and the program of who receives it can tell.

    Args:
        nuovo: the message.
        parti: what it is about: the table where it waited, the ambito, the rows. Only their digest
            is in the message.
    """
    impronta = sha256("\0".join(map(str, parti)).encode()).hexdigest()[:40]
    dominio = parseaddr(impostazioni().smtp_mittente or "")[1].rpartition("@")[2] or "capofila"
    del nuovo["Message-ID"]
    nuovo["Message-ID"] = f"<{impronta}@{dominio}>"
    return nuovo


def messaggio(oggetto: str, testo: str) -> EmailMessage:
    """A message from the platform, still without a recipient."""
    nuovo = EmailMessage()
    nuovo["From"] = impostazioni().smtp_mittente
    nuovo["Subject"] = oggetto
    nuovo.set_content(testo)
    return nuovo


@asynccontextmanager
async def server() -> AsyncIterator[aiosmtplib.SMTP]:
    """The server, connected.

    Raises:
        ServizioNonDisponibile: it does not answer; what had not left waits for the next try.
    """
    parti = urlsplit(impostazioni().smtp_url)
    cifrato = parti.scheme == "smtps"
    utente = unquote(parti.username) if parti.username else None
    try:
        async with aiosmtplib.SMTP(
            hostname=parti.hostname, port=parti.port or (465 if cifrato else 587), use_tls=cifrato,
            username=utente, password=unquote(parti.password) if parti.password else None,
            # A password never goes in the clear; without one, encryption is used where it is offered.
            start_tls=True if utente and not cifrato else (False if cifrato else None), timeout=30,
        ) as presso:  # fmt: skip
            yield presso
    except _GUASTI:
        raise ServizioNonDisponibile("Il server della posta non risponde.") from None


async def spedisci(presso: aiosmtplib.SMTP, nuovo: EmailMessage, a_chi: str) -> bool:
    """Send a message; False when that recipient is refused."""
    nuovo["To"] = a_chi
    try:
        await presso.send_message(nuovo)
    except aiosmtplib.SMTPRecipientsRefused:
        return False
    return True


async def segna(
    compito: Compito,
    uscita: Uscita,
    righe: Sequence[int],
    stato: Literal["inviato", "rifiutato", "superato"],
) -> None:
    """Write what became of some messages; confirms the job."""
    if not righe:
        return
    async with compito.unita() as unita:
        await compito.conferma(unita)
        await unita.esegui(
            f"UPDATE {uscita} SET stato = $3, inviato_il = now() "  # noqa: S608  (one of four names)
            "WHERE ambito_id = $1 AND id = ANY ($2::integer[])",
            compito.ambito, [*righe], stato,
        )  # fmt: skip


async def consegna(
    compito: Compito,
    uscita: Uscita,
    attese: Sequence[Mapping[str, Any]],
    lettera: Callable[[Mapping[str, Any]], tuple[EmailMessage, str | None]],
) -> dict[str, int]:
    """Send the messages that wait, one by one; each is marked as soon as it has left.

    Each leaves at least once, and is the same message if it leaves twice: see :func:`identifica`.

    Args:
        compito: the job that does it.
        uscita: where they wait.
        attese: the rows, each with its ``id``.
        lettera: of a row, the message and the address; without an address it is refused.

    Raises:
        ServizioNonDisponibile: the server does not answer.
    """
    esiti = {"inviati": 0, "rifiutati": 0}
    async with server() as presso:
        for numero, riga in enumerate(attese, 1):
            nuovo, a_chi = lettera(riga)
            identifica(nuovo, uscita, compito.ambito, riga["id"])
            accolto = a_chi is not None and await spedisci(presso, nuovo, a_chi)
            await segna(compito, uscita, [riga["id"]], "inviato" if accolto else "rifiutato")
            esiti["inviati" if accolto else "rifiutati"] += 1
            await compito.avanza(numero, totale=len(attese))
    return esiti
