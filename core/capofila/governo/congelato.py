"""What is frozen: a meeting when it opens, a vote when it is counted. Bytes that count by themselves.

The bodies and their rules go in as they were declared that day, so that no plugin is needed to count
again years later. Fractions are written as texts. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final, TypeVar

import msgspec

from capofila.base.errori import Conflitto, NonTrovato
from capofila.governo.conteggio import Conteggio, conta
from capofila.governo.lettura import RegoleDate, Richiesta
from capofila.hooks import Organo

_T = TypeVar("_T")


class Regolamento(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a meeting: what the plugins declare, and what they leave open with its act.

    Attributes:
        date: the rules given for the meeting; the quorum is that of its call.
        plugin: the versions of the plugins that declared the bodies.
    """

    organi: tuple[Organo, ...]
    date: RegoleDate
    plugin: dict[str, str]

    def organo(self, codice: str) -> Organo:
        """One of the bodies.

        Raises:
            NonTrovato: it was not declared that day.
        """
        for uno in self.organi:
            if uno.codice == codice:
                return uno
        raise NonTrovato(f"Fra gli organi di quel giorno non c'è «{codice[:60]}».")


class Contata(msgspec.Struct, frozen=True, kw_only=True):
    """A vote with all that it was counted from, and its outcome as it is printed."""

    ambito: str
    richiesta: Richiesta
    regolamento: Regolamento
    esito: dict[str, Any]


def in_byte(valore: msgspec.Struct) -> bytes:
    """A frozen value; the same value always makes the same bytes."""
    return msgspec.json.encode(valore, enc_hook=_scrivi, order="deterministic")


def da_byte(contenuto: bytes, tipo: type[_T]) -> _T:
    """A frozen value, read back."""
    return msgspec.json.decode(contenuto, type=tipo, dec_hook=_leggi)


def impronta(contenuto: bytes) -> str:
    """The digest of what is frozen."""
    return sha256(contenuto).hexdigest()


def _scrivi(valore: Any) -> Any:
    if isinstance(valore, Fraction):
        return str(valore)
    raise NotImplementedError(type(valore).__name__)


def _leggi(tipo: type[Any], valore: Any) -> Any:
    if tipo is Fraction:
        return Fraction(valore)
    raise NotImplementedError(tipo.__name__)


def in_chiaro(conteggio: Conteggio) -> dict[str, Any]:
    """A count as plain values, as it is printed."""
    chiaro: dict[str, Any] = msgspec.json.decode(in_byte(conteggio))
    return chiaro


def conta_e_congela(
    ambito: str, richiesta: Richiesta, regolamento: Regolamento
) -> tuple[Conteggio, Contata]:
    """Count a vote by the frozen rules.

    Raises:
        ConteggioRifiutato: who votes is not entitled, or what was written contradicts the rules.
    """
    conteggio = conta(
        ambito,
        richiesta,
        regolamento.organi,
        plugin=regolamento.plugin,
        impronta=impronta(in_byte(richiesta)),
    )
    return conteggio, Contata(
        ambito=ambito, richiesta=richiesta, regolamento=regolamento, esito=in_chiaro(conteggio)
    )


class NonTorna(Conflitto):
    """A frozen vote, counted again, does not give what was stored: it was altered, or we were."""

    codice = "votazione_non_torna"


_DETTO: Final = frozenset({"spiegazione", "avvertenze", "decisivi"})


def _deciso(esito: Mapping[str, Any]) -> Mapping[str, Any]:
    """An outcome without the words around it: a later version may say better why, and who was
    decisive; what was decided, and every figure, must come out the same.
    """
    deciso = {nome: valore for nome, valore in esito.items() if nome not in _DETTO}
    condizioni = [
        {nome: valore for nome, valore in una.items() if nome not in _DETTO}
        for una in esito["condizioni"]
    ]
    return deciso | {"condizioni": condizioni}


def riconta(contenuto: bytes, impronta_attesa: str) -> Mapping[str, Any]:
    """A frozen vote, counted again from its bytes alone.

    Raises:
        NonTorna: the bytes are not those that were stored, or the outcome differs.
    """
    if impronta(contenuto) != impronta_attesa:
        raise NonTorna("La votazione conservata è stata alterata: l'impronta non torna.")
    contata = da_byte(contenuto, Contata)
    di_nuovo, _ = conta_e_congela(contata.ambito, contata.richiesta, contata.regolamento)
    if _deciso(in_chiaro(di_nuovo)) != _deciso(contata.esito):
        raise NonTorna("Contata di nuovo, la votazione dà un altro esito da quello conservato.")
    return contata.esito
