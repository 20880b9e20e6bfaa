"""The voucher of the PDND (pattern AUTH_REST_01): is the caller let in, and until when.

A voucher is a JWT that the platform signs for a consumer of one e-service. Signatures are PyJWT's;
what a voucher must say is checked here, claim by claim, on typed values. The algorithm is taken from
our key and never from the token, so that neither `none` nor a public key used as a secret can pass.

Nothing here looks at the database: whether a voucher was used before is asked in `pdnd`.

Source: PDND, Manuale operativo, "Verifiche su un voucher Bearer da parte di un erogatore";
AgID, Linee guida interoperabilità, pattern AUTH_REST_01; RFC 8725; RFC 9068.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import jwt
import msgspec

from capofila.base.errori import ServizioNonDisponibile

LOG = logging.getLogger("capofila.pdnd")

TOLLERANZA: Final = 30
"""Seconds by which two clocks may differ."""
LUNGHEZZA_MASSIMA: Final = 8192
"""Characters of a voucher; those of the PDND have less than 1,500."""
_BEARER: Final = re.compile(r"[Bb]earer ([\w-]+\.[\w-]+\.[\w-]+)", re.ASCII)
_ALGORITMI: Final = {"RSA None": ("RS256", "PS256"), "EC P-256": ("ES256",)}
_TIPI: Final = frozenset({"at+jwt", "application/at+jwt"})
_FIRMA: Final = jwt.PyJWS(algorithms=["RS256", "PS256", "ES256"])


class VoucherRifiutato(Exception):
    """A voucher that opens nothing. `motivo` is for the log; the caller is never told."""

    def __init__(self, motivo: str) -> None:
        super().__init__(motivo)
        self.motivo = motivo


class Chiave(msgspec.Struct, frozen=True):
    """A public key and what it may have signed with."""

    chiave: jwt.PyJWK
    algoritmi: tuple[str, ...]


class Contenuto(msgspec.Struct):
    """The claims that are read. Those of the PDND that say more are left alone."""

    iss: str
    aud: str | list[str]
    exp: float
    nbf: float
    iat: float
    jti: str
    consumer: str | None = msgspec.field(name="consumerId", default=None)


class Voucher(msgspec.Struct, frozen=True):
    """What a good voucher leaves: its number, and when it ends (Unix time)."""

    jti: str
    scade: float


_LEGGI: Final = msgspec.json.Decoder(Contenuto)


def chiavi_da(contenuto: bytes) -> dict[str, Chiave]:
    """The keys of a JWKS by `kid`, those that may sign a voucher.

    Raises:
        ValueError: it is not a JWKS, or no key in it can be used.
    """
    trovate: dict[str, Chiave] = {}
    for voce in _voci(contenuto):
        kid = voce.get("kid")
        specie = f"{voce.get('kty')} {voce.get('crv')}"
        algoritmi: Iterable[str] = _ALGORITMI.get(specie, ())
        if voce.get("alg") is not None:
            algoritmi = [a for a in algoritmi if a == voce["alg"]]
        if not isinstance(kid, str) or not algoritmi or voce.get("use", "sig") != "sig":
            continue
        pubblica = {nome: valore for nome, valore in voce.items() if nome not in _SEGRETI}
        try:
            chiave = jwt.PyJWK(pubblica, algorithm=next(iter(algoritmi)))
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        if voce["kty"] == "RSA" and chiave.key.key_size < 2048:
            continue
        if kid in trovate:
            raise ValueError("two keys with one kid")
        trovate[kid] = Chiave(chiave, tuple(algoritmi))
    if not trovate:
        raise ValueError("no key that can be used")
    return trovate


_SEGRETI: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def _voci(contenuto: bytes) -> list[dict[str, Any]]:
    try:
        insieme = msgspec.json.decode(contenuto, type=dict[str, Any])
        return msgspec.convert(insieme.get("keys"), list[dict[str, Any]])
    except msgspec.MsgspecError as errore:
        raise ValueError("not a JWKS") from errore


class Chiavi:
    """The key set of a file, read again when the file changes.

    A file that turns unreadable leaves the keys that were there, and says so in the log once.
    """

    def __init__(self, percorso: str) -> None:
        self._percorso = Path(percorso)
        self._segno: tuple[int, int, int] | None = None
        self._chiavi: Mapping[str, Chiave] = {}

    def adesso(self) -> Mapping[str, Chiave]:
        """The keys by `kid`.

        Raises:
            ServizioNonDisponibile: there never was a key set to read.
        """
        try:
            stato = self._percorso.stat()
            segno = (stato.st_mtime_ns, stato.st_size, stato.st_ino)
        except OSError:
            segno = None
        if segno != self._segno:
            self._segno = segno
            try:
                self._chiavi = chiavi_da(self._percorso.read_bytes())
            except (OSError, ValueError):
                LOG.error("le chiavi della PDND non si leggono: controlla CAPOFILA_PDND_CHIAVI")
        if not self._chiavi:
            raise ServizioNonDisponibile(
                "Il servizio non ha le chiavi con cui controllare i voucher: riprova più tardi."
            )
        return self._chiavi


def dalla_intestazione(autorizzazione: str | None) -> str:
    """The token of an `Authorization` header.

    Raises:
        VoucherRifiutato: there is none.
    """
    trovato = _BEARER.fullmatch(autorizzazione or "")
    if trovato is None:
        raise VoucherRifiutato("assente")
    if len(trovato[1]) > LUNGHEZZA_MASSIMA:
        raise VoucherRifiutato("troppo_lungo")
    return trovato[1]


def kid_di(token: str) -> str | None:
    """The name of the key that a token says it was signed with; nothing of it is believed yet."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return kid if isinstance(kid, str) else None


def firmato(token: str, chiavi: Mapping[str, Chiave]) -> Contenuto:
    """What a voucher says, once its signature holds. It is asked before anything else is done.

    Raises:
        VoucherRifiutato: it cannot be read, or no key of ours signed it.
    """
    try:
        testata = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise VoucherRifiutato("illeggibile") from None
    if str(testata.get("typ", "")).lower() not in _TIPI:
        raise VoucherRifiutato("tipo")
    if "crit" in testata or "b64" in testata:
        raise VoucherRifiutato("estensioni")
    kid = testata.get("kid")
    chiave = chiavi.get(kid) if isinstance(kid, str) else None
    if chiave is None:
        raise VoucherRifiutato("chiave_sconosciuta")
    if testata.get("alg") not in chiave.algoritmi:
        raise VoucherRifiutato("algoritmo")
    try:
        contenuto = _FIRMA.decode(token, chiave.chiave.key, algorithms=list(chiave.algoritmi))
        return _LEGGI.decode(contenuto)
    except jwt.PyJWTError:
        raise VoucherRifiutato("firma") from None
    except (msgspec.MsgspecError, ValueError):
        raise VoucherRifiutato("contenuto") from None


def controlla(
    letto: Contenuto,
    *,
    emittente: str,
    audience: str,
    eta_massima: float,
    adesso: float,
    fruitore: str | None = None,
) -> Voucher:
    """Check each claim of a signed voucher.

    Args:
        letto: what it says.
        emittente: the `iss` that is believed.
        audience: what the e-service is called by; the voucher must be for it and nothing else.
        eta_massima: seconds from `iat` after which no voucher is good, whatever it says.
        adesso: Unix time.
        fruitore: the `consumerId` that may call, when it is declared.

    Raises:
        VoucherRifiutato: with the first fault found.
    """
    if letto.iss != emittente:
        raise VoucherRifiutato("emittente")
    if letto.aud not in (audience, [audience]):
        raise VoucherRifiutato("audience")
    if fruitore is not None and letto.consumer != fruitore:
        raise VoucherRifiutato("fruitore")
    if letto.exp <= adesso - TOLLERANZA:
        raise VoucherRifiutato("scaduto")
    if letto.nbf > adesso + TOLLERANZA or letto.iat > adesso + TOLLERANZA:
        raise VoucherRifiutato("non_ancora_valido")
    if letto.iat < adesso - eta_massima - TOLLERANZA:
        raise VoucherRifiutato("troppo_vecchio")
    if not 1 <= len(letto.jti) <= 200:
        raise VoucherRifiutato("senza_numero")
    return Voucher(letto.jti, min(letto.exp, letto.iat + eta_massima) + TOLLERANZA)


def impronta_uso(voucher: Voucher, richiesta: Iterable[bytes] | None) -> str:
    """What a use is remembered by.

    Args:
        voucher: a good one.
        richiesta: method, path, query and body; None where a voucher may be used only once.
    """
    somma = hashlib.sha256(hashlib.sha256(voucher.jti.encode()).digest())
    for pezzo in richiesta or ():
        somma.update(hashlib.sha256(pezzo).digest())
    return somma.hexdigest()
