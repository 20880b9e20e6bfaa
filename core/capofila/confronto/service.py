"""The door of the room: what an ambito releases, and what its agency reads of it."""

from __future__ import annotations

from capofila.confronto.aperti import apri as apri
from capofila.confronto.aperti import chiudi as chiudi
from capofila.confronto.aperti import tutti_i_titolari as tutti_i_titolari
from capofila.confronto.catalogo import mancanze as mancanze
from capofila.confronto.lettura import Domanda as Domanda
from capofila.confronto.lettura import confronto as confronto
from capofila.confronto.lettura import forma as forma
from capofila.confronto.pubblicazioni import convenzioni as convenzioni
from capofila.confronto.pubblicazioni import proponi as proponi
from capofila.confronto.pubblicazioni import pubblica as pubblica
from capofila.confronto.pubblicazioni import pubblicazioni as pubblicazioni
from capofila.confronto.pubblicazioni import registra_convenzione as registra_convenzione
from capofila.confronto.pubblicazioni import revoca_convenzione as revoca_convenzione
from capofila.confronto.pubblicazioni import ritira as ritira
from capofila.confronto.rules import DATASET as DATASET
from capofila.confronto.rules import LICENZE as LICENZE
from capofila.confronto.rules import PRIMO_ANNO as PRIMO_ANNO
from capofila.confronto.rules import ULTIMO_ANNO as ULTIMO_ANNO
