"""Who a plugin is: its manifest, and the version of the contract that it speaks."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from capofila.hooks.atti import Atto, DichiarazioneErrata

CONTRATTO: Final = "1.6"
"""Version of this contract. The minor grows when something is added, the major when it breaks."""

_VERSIONE_CONTRATTO = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)")
_VERSIONE = re.compile(r"\d+(\.\d+){1,2}([.+-]?[0-9A-Za-z][0-9A-Za-z.+-]*)?")
_IDENTIFICATIVO = re.compile(r"[a-z][a-z0-9_]{1,30}")


class Privacy(msgspec.Struct, frozen=True, kw_only=True):
    """What the plugin does with personal data; the ambito's own register of processing cites it."""

    dati_personali: bool
    """Whether personal data reach the plugin's code or the files that it declares."""
    dichiarazione: str
    """In Italian, for the person who keeps the register of processing."""
    categorie: tuple[str, ...] = ()
    """Kinds of data: ``("codice fiscale", "valore ISEE")``."""
    destinatari: tuple[str, ...] = ()
    """Who receives the files."""
    base_giuridica: Atto | None = None


class Manifesto(msgspec.Struct, frozen=True, kw_only=True):
    """Identity card of a plugin. Building one checks nothing: :func:`difetti` does."""

    id: str
    """Lower case, digits and underscore; also the name of the entry point and of the schema."""
    distretto: str | None
    """The distretto it was made for; ``None`` for a national or regional format."""
    denominazione: str
    versione: str
    """The version of the distribution."""
    contratto: str
    """The version of the contract it was written against, such as ``"1.0"``."""
    fornitore: str
    licenza: str
    """An SPDX expression."""
    fonti: tuple[Atto, ...]
    """The acts that the plugin puts into rules; at least one that binds by itself."""
    privacy: Privacy
    descrizione: str = ""


def _versione_contratto(versione: str) -> tuple[int, int]:
    trovata = _VERSIONE_CONTRATTO.fullmatch(versione)
    if trovata is None:
        raise DichiarazioneErrata(
            f"«{versione}» non è una versione del contratto: si scrive come «{CONTRATTO}»."
        )
    return int(trovata[1]), int(trovata[2])


def contratto_compatibile(dichiarato: str, offerto: str = CONTRATTO) -> bool:
    """Whether a plugin written for one version of the contract runs on another.

    Args:
        dichiarato: the version in the plugin's manifest.
        offerto: the version that the platform offers.

    Returns:
        True when the major is the same and the plugin's minor is not newer than ours.

    Raises:
        DichiarazioneErrata: one of the two is not ``major.minor``.
    """
    maggiore, minore = _versione_contratto(dichiarato)
    nostro_maggiore, nostro_minore = _versione_contratto(offerto)
    return maggiore == nostro_maggiore and minore <= nostro_minore


def difetti(manifesto: Manifesto) -> tuple[str, ...]:
    """Everything that keeps a manifest from being accepted, in Italian; empty when it is good."""
    trovati: list[str] = []
    if not _IDENTIFICATIVO.fullmatch(manifesto.id):
        trovati.append(
            f"l'identificativo «{manifesto.id}» deve avere da 2 a 31 caratteri: lettere "
            "minuscole, cifre e _, con una lettera all'inizio"
        )
    if manifesto.distretto is not None and not _IDENTIFICATIVO.fullmatch(manifesto.distretto):
        trovati.append(f"il distretto «{manifesto.distretto}» non è un identificativo")
    trovati += [
        f"manca {nome}"
        for nome, valore in (
            ("la denominazione", manifesto.denominazione),
            ("il fornitore", manifesto.fornitore),
            ("la licenza", manifesto.licenza),
        )
        if not valore.strip()
    ]
    if not _VERSIONE.fullmatch(manifesto.versione):
        trovati.append(f"«{manifesto.versione}» non è una versione")
    try:
        if not contratto_compatibile(manifesto.contratto):
            trovati.append(
                f"è scritto per il contratto {manifesto.contratto}, "
                f"questa piattaforma offre il contratto {CONTRATTO}"
            )
    except DichiarazioneErrata as errore:
        trovati.append(errore.messaggio.rstrip("."))
    if not any(fonte.normativo for fonte in manifesto.fonti):
        trovati.append("manca una fonte normativa (notizie di stampa e ipotesi non bastano)")
    return tuple(trovati) + _difetti_privacy(manifesto.privacy)


def _difetti_privacy(privacy: Privacy) -> tuple[str, ...]:
    trovati: list[str] = []
    if not privacy.dichiarazione.strip():
        trovati.append("manca la dichiarazione sulla privacy")
    if privacy.dati_personali and not privacy.categorie:
        trovati.append("tratta dati personali e non dice quali categorie")
    if privacy.dati_personali and privacy.base_giuridica is None:
        trovati.append("tratta dati personali e non dice con quale base giuridica")
    return tuple(trovati)
