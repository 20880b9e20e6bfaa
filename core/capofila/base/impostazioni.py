"""Settings, read once from the environment.

Every name begins with ``CAPOFILA_``. No secret has a default; ``capofila up`` makes its own
and keeps them in the data folder, readable by its owner only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from capofila.base.errori import ConfigurazioneNonSicura

MEBIBYTE = 1024 * 1024
CODICE_IPA = re.compile(r"[A-Za-z0-9_]{2,30}")
_INDIRIZZO = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*")


class Impostazioni(msgspec.Struct, frozen=True, kw_only=True):
    """What this process needs to reach its services and to behave.

    Sizes are in MiB, times in seconds.
    """

    database_url: str
    """The application's role: no superuser, not owner, no BYPASSRLS."""
    ats_url: str = ""
    """The role of the health agency: reads published tables only."""
    relay_url: str = ""
    """The role that sends committed jobs to the broker: sees the outbox only."""
    migrazioni_url: str = ""
    """The migrator's role; needed by ``capofila database migrate`` only."""
    broker_url: str = ""
    s3_endpoint: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_https: bool = True
    s3_regione: str = "us-east-1"
    s3_prefisso_bucket: str = "capofila"
    segreto: str = ""
    """Key of the CSRF token and of whatever is signed; at least 32 characters."""
    https: bool = True
    """Cookies are ``Secure`` and HSTS is sent; false only on 127.0.0.1."""
    dimostrazione: bool = False
    carico_massimo_mb: int = 100
    pool_massimo: int = 10
    sessione_ore: int = 10
    conservazione_anni: int = 10
    """How long what was sent stays under object lock."""
    filoni_lavoro: int = 2
    plugin_approvati: Literal["obbligo", "avviso"] = "avviso"
    """Whether a plugin that the index of approved wheels does not have may be activated: ``obbligo``
    refuses it, ``avviso`` says so and goes on. Those of the checkout that the platform runs from
    need no approval."""
    pdnd_chiavi: str = ""
    """Path of the JWKS with the public keys of the PDND; without it, or the next, no e-service answers."""
    pdnd_chiavi_url: str = ""
    """Address (https) where the PDND publishes that JWKS: fetched by ourselves, instead of the file."""
    pdnd_richieste_al_minuto: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 600
    """Calls of an e-service in a minute, of each ente; beyond, 429. 0 is no limit. No source gives
    the number: 600 is our choice, to be set to what the ente declares on the PDND."""
    pdnd_emittente: str = "interop.pagopa.it"
    """Who signs the vouchers (`iss`)."""
    pdnd_eta_massima: int = 86400
    """Seconds after which no voucher is good, whatever it says."""
    dati_aperti_al_minuto: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 120
    """Requests for open data in a minute, of each network address; beyond, 429. 0 is no limit."""
    dati_aperti_editore: str = ""
    """Who publishes the catalogue of open data of this installation; without it the catalogue does
    not say."""
    dati_aperti_editore_ipa: str = ""
    """The code of that publisher in the index of the public administrations (IPA), as ``c_d142``; without it
    the catalogue does not say."""
    smtp_url: str = ""
    """The server that sends e-mail: ``smtp://user:password@host:587`` (with STARTTLS) or ``smtps://``;
    without it nothing is sent."""
    smtp_mittente: str = ""
    """The address that e-mail comes from."""
    indirizzo: str = ""
    """Where this installation is reached, as ``https://capofila.ambito.it``: e-mail links to its
    pages by it. Without it they are named, not linked."""

    @property
    def carico_massimo(self) -> int:
        """Largest upload, in bytes."""
        return self.carico_massimo_mb * MEBIBYTE


def leggi_impostazioni(ambiente: Mapping[str, str]) -> Impostazioni:
    """Read the settings from an environment.

    Raises:
        ConfigurazioneNonSicura: a setting is missing or cannot be read; the message names it.
    """
    valori = {
        campo.name: ambiente[nome]
        for campo in msgspec.structs.fields(Impostazioni)
        if (nome := f"CAPOFILA_{campo.name.upper()}") in ambiente
    }
    if not valori.get("database_url"):
        raise ConfigurazioneNonSicura(
            "Manca CAPOFILA_DATABASE_URL: avvia «capofila up» oppure indica un database PostgreSQL."
        )
    try:
        impostazioni = msgspec.convert(valori, Impostazioni, strict=False)
    except msgspec.ValidationError as errore:
        raise ConfigurazioneNonSicura(f"Impostazione non leggibile: {errore}") from None
    if impostazioni.segreto and len(impostazioni.segreto) < 32:
        raise ConfigurazioneNonSicura("CAPOFILA_SEGRETO deve avere almeno 32 caratteri.")
    if impostazioni.indirizzo and not _INDIRIZZO.fullmatch(impostazioni.indirizzo):
        raise ConfigurazioneNonSicura(
            "CAPOFILA_INDIRIZZO si scrive come https://capofila.ambito.it, senza barra in fondo."
        )
    ipa = impostazioni.dati_aperti_editore_ipa
    if ipa and not (impostazioni.dati_aperti_editore and CODICE_IPA.fullmatch(ipa)):
        raise ConfigurazioneNonSicura(
            "CAPOFILA_DATI_APERTI_EDITORE_IPA si scrive come c_d142, insieme a CAPOFILA_DATI_APERTI_EDITORE."
        )
    return impostazioni


@lru_cache(maxsize=1)
def impostazioni() -> Impostazioni:
    """The settings of this process."""
    return leggi_impostazioni(os.environ)


def cartella_dati() -> Path:
    """Data folder of the embedded services (``CAPOFILA_DATA``, else ``.capofila`` here)."""
    return Path(os.environ.get("CAPOFILA_DATA", ".capofila")).expanduser().resolve()
