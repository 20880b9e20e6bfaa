"""What is missing or unsafe in this installation (`capofila doctor`)."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import msgspec

from capofila.base.archivio import archivio
from capofila.base.attivazioni import registro
from capofila.base.database import MOTORE, Contesto, unita_di_lavoro
from capofila.base.errori import ErroreCapofila
from capofila.base.impostazioni import impostazioni
from capofila.base.ruoli import rifiuta_ruolo_pericoloso
from capofila.confronto import service as confronto


class Esame(msgspec.Struct, frozen=True):
    """One thing looked at."""

    cosa: str
    bene: bool
    messaggio: str


async def esamina() -> list[Esame]:
    """Look at settings, database, broker, store, plugins and what the open data do not say."""
    return [
        _segreto(), await _database(), _broker(), await _archivio(), _plugin(), await _dati_aperti(),
    ]  # fmt: skip


def _segreto() -> Esame:
    valori = impostazioni()
    if len(valori.segreto) < 32:
        return Esame("segreto", False, "CAPOFILA_SEGRETO manca o ha meno di 32 caratteri.")
    if not valori.https:
        return Esame("segreto", True, "presente; senza HTTPS: solo per questa macchina.")
    return Esame("segreto", True, "presente.")


async def _database() -> Esame:
    try:
        await MOTORE.apri({"app": impostazioni().database_url}, massimo=1)
        try:
            async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
                await rifiuta_ruolo_pericoloso(unita)
                ambiti = await unita.valore("SELECT count(*) FROM ambito")
        finally:
            await MOTORE.chiudi()
    except ErroreCapofila as errore:
        return Esame("database", False, errore.messaggio)
    return Esame("database", True, f"risponde, ruolo sicuro, {ambiti} ambiti.")


def _broker() -> Esame:
    parti = urlsplit(impostazioni().broker_url)
    if not parti.hostname:
        return Esame("broker", False, "CAPOFILA_BROKER_URL manca o non si legge.")
    try:
        with socket.create_connection((parti.hostname, parti.port or 6379), 3):
            return Esame("broker", True, "risponde.")
    except OSError:
        return Esame("broker", False, "non risponde: i lavori restano in coda finché non torna.")


async def _archivio() -> Esame:
    try:
        await archivio().salute()
    except ErroreCapofila as errore:
        return Esame("archivio", False, errore.messaggio)
    return Esame("archivio", True, "risponde.")


def _plugin() -> Esame:
    try:
        installati = registro().manifesti()
    except ErroreCapofila as errore:
        return Esame("plugin", False, errore.messaggio)
    return Esame("plugin", True, f"{len(installati)} installati e accettati.")


async def _dati_aperti() -> Esame:
    """What the catalogue leaves out since nobody said it: a strict reader of DCAT-AP_IT asks for it."""
    valori = impostazioni()
    try:
        await MOTORE.apri({"app": valori.database_url}, massimo=1)
        try:
            titolari = await confronto.tutti_i_titolari()
        finally:
            await MOTORE.chiudi()
    except ErroreCapofila as errore:
        return Esame("dati aperti", False, errore.messaggio)
    mancano = confronto.mancanze(
        titolari, valori.dati_aperti_editore, valori.dati_aperti_editore_ipa
    )
    if not mancano:
        return Esame("dati aperti", True, "il catalogo ha tutto ciò che DCAT-AP_IT chiede.")
    return Esame("dati aperti", True, f"il catalogo non dice {'; '.join(mancano)}.")
