"""The INPS SIUSS flows: PS-PSA-SINA (prestazioni sociali) and SINBA (minors in charge).

Pure: fields, rules, layouts and the reader of existing files. Sources: see the modules.
"""

from __future__ import annotations

from capofila.siuss.lettura import (
    Lettura,
    controlla_intestazione,
    leggi,
    nome_file,
)
from capofila.siuss.nomenclatore import PRESTAZIONI, Prestazione
from capofila.siuss.plugin import FLUSSI, codifiche, flussi, lettori, manifesto
from capofila.siuss.prestazioni import FLUSSO_PRESTAZIONI, flusso_prestazioni
from capofila.siuss.sinba import FLUSSO_SINBA, flusso_sinba

__all__ = [
    "FLUSSI",
    "FLUSSO_PRESTAZIONI",
    "FLUSSO_SINBA",
    "PRESTAZIONI",
    "Lettura",
    "Prestazione",
    "codifiche",
    "controlla_intestazione",
    "flussi",
    "flusso_prestazioni",
    "flusso_sinba",
    "leggi",
    "lettori",
    "manifesto",
    "nome_file",
]
