"""SIUSS as a plugin: who it is, the two flows that it knows how to check, to write and to read.

Built in, but under the same contract as a vendor's: it uses nothing that a vendor does not have.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from capofila.hooks.atti import Atto, Specie
from capofila.hooks.flussi import Flusso
from capofila.hooks.lettori import LettoreFlussi
from capofila.hooks.manifesto import Manifesto, Privacy
from capofila.hooks.marcatori import hookimpl
from capofila.siuss.lettura import CONTROLLI, RADICE, apri
from capofila.siuss.prestazioni import FLUSSO_PRESTAZIONI
from capofila.siuss.sinba import FLUSSO_SINBA

FLUSSI: Final[tuple[Flusso, ...]] = (FLUSSO_PRESTAZIONI, FLUSSO_SINBA)

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
def flussi() -> tuple[Flusso, ...]:
    """See the contract."""
    return FLUSSI


@hookimpl
def lettori() -> tuple[LettoreFlussi, ...]:
    """See the contract."""
    return (
        LettoreFlussi(denominazione="flusso SIUSS", radice=RADICE, apri=apri, controlli=CONTROLLI),
    )
