"""SIUSS as a plugin: who it is, the two flows that it knows how to check, to write and to read.

Built in, but under the same contract as a vendor's: it uses nothing that a vendor does not have.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from capofila.hooks.atti import Atto, Specie
from capofila.hooks.codifiche import Codifiche, ListaCodici, VoceCodifica, ordine
from capofila.hooks.flussi import Flusso
from capofila.hooks.lettori import LettoreFlussi
from capofila.hooks.manifesto import Manifesto, Privacy
from capofila.hooks.marcatori import hookimpl
from capofila.siuss.lettura import CONTROLLI, RADICE, apri
from capofila.siuss.nomenclatore import prestazioni_in_vigore
from capofila.siuss.prestazioni import FLUSSO_PRESTAZIONI, flusso_prestazioni, liste_prestazioni
from capofila.siuss.sinba import FLUSSO_SINBA, flusso_sinba, liste_sinba

FLUSSI: Final[tuple[Flusso, ...]] = (FLUSSO_PRESTAZIONI, FLUSSO_SINBA)
"""The flows of an installation that has changed no list."""

LISTE: Final[tuple[ListaCodici, ...]] = (*liste_prestazioni(), *liste_sinba())

_DM_206: Final = Atto(
    specie=Specie.DECRETO,
    organo="Ministero del lavoro e delle politiche sociali",
    titolo="Regolamento sul Casellario dell'assistenza",
    numero="206",
    data=date(2014, 12, 16),
)
_DLGS_147: Final = Atto(
    specie=Specie.LEGGE,
    organo="Repubblica italiana",
    titolo="Decreto legislativo sul contrasto alla povertà",
    numero="147",
    data=date(2017, 9, 15),
    articolo="24",
)
_SPECIFICA: Final = Atto(
    specie=Specie.DISCIPLINARE,
    organo="INPS",
    titolo="Specifica tecnica delle API di conferimento dati al SIUSS",
    numero="2.0.1",
    data=date(2025, 5, 22),
)


@hookimpl
def manifesto() -> Manifesto:
    """See the contract."""
    return Manifesto(
        id="siuss",
        distretto=None,
        denominazione="SIUSS, Sistema informativo unitario dei servizi sociali (INPS)",
        versione="0.1.0",
        contratto="1.1",
        fornitore="Progetto Capofila",
        licenza="EUPL-1.2",
        fonti=(_DM_206, _DLGS_147, _SPECIFICA),
        privacy=Privacy(
            dati_personali=True,
            dichiarazione=(
                "Il plugin controlla e scrive i dati delle prestazioni sociali e dei minori in "
                "carico destinati a INPS. Non li conserva e non li trasmette: lo fa la piattaforma."
            ),
            categorie=(
                "codice fiscale",
                "dati anagrafici e residenza",
                "prestazioni sociali e importi",
                "condizioni di salute e non autosufficienza (SINA)",
                "situazione del minore (SINBA, senza codice fiscale)",
            ),
            destinatari=("INPS",),
            base_giuridica=_DM_206,
        ),
        descrizione="Flussi PS-PSA-SINA (prestazioni sociali) e SINBA (minori in carico).",
    )


@hookimpl
def codifiche() -> tuple[ListaCodici, ...]:
    """See the contract."""
    return LISTE


@hookimpl
def flussi(codifiche: Codifiche) -> tuple[Flusso, ...]:
    """See the contract."""
    return _flussi(tuple((lista.id, codifiche.get(lista.id, lista.voci)) for lista in LISTE))


@lru_cache(maxsize=4)
def _flussi(liste: tuple[tuple[str, tuple[VoceCodifica, ...]], ...]) -> tuple[Flusso, ...]:
    """The flows made from the lists; made once for the same ones."""
    codifiche = dict(liste)
    if all(codifiche[lista.id] == tuple(sorted(lista.voci, key=lambda v: ordine(v.codice)))
           for lista in LISTE):  # fmt: skip
        return FLUSSI
    prestazioni = prestazioni_in_vigore(codifiche)
    return (flusso_prestazioni(prestazioni, codifiche), flusso_sinba(prestazioni, codifiche))


@hookimpl
def lettori() -> tuple[LettoreFlussi, ...]:
    """See the contract."""
    return (
        LettoreFlussi(denominazione="flusso SIUSS", radice=RADICE, apri=apri, controlli=CONTROLLI),
    )
