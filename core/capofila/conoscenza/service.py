"""The door of the room: the catalogue, the figures and what is said of them."""

from __future__ import annotations

from capofila.conoscenza.catalogo import Catalogo as Catalogo
from capofila.conoscenza.catalogo import catalogo as catalogo
from capofila.conoscenza.consegne import dell_anno as dell_anno
from capofila.conoscenza.note import scrivi as scrivi_nota
from capofila.conoscenza.rilascio import DaRilasciare as DaRilasciare
from capofila.conoscenza.rilascio import Rilascio as Rilascio
from capofila.conoscenza.rilascio import da_rilasciare as da_rilasciare
from capofila.conoscenza.rilascio import senza_parte as senza_parte
from capofila.conoscenza.rules import AMBITO as AMBITO
from capofila.conoscenza.rules import Cifra as Cifra
from capofila.conoscenza.rules import Cifre as Cifre
from capofila.conoscenza.valori import Luoghi as Luoghi
from capofila.conoscenza.valori import annulla_lotto as annulla_lotto
from capofila.conoscenza.valori import cifre as cifre
from capofila.conoscenza.valori import importa as importa
from capofila.conoscenza.valori import lotti as lotti
from capofila.conoscenza.valori import luoghi as luoghi
from capofila.conoscenza.valori import valori as valori

__all__ = ["scrivi_nota"]
