"""The door of the room: surveys, sheets, imports, analysis. Runs inside a unit of work."""

from __future__ import annotations

from capofila.spesa.cifre import analisi as analisi
from capofila.spesa.cifre import forma as forma
from capofila.spesa.importa import EsitoSpesa as EsitoSpesa
from capofila.spesa.importa import FileSpesa as FileSpesa
from capofila.spesa.importa import LottoSpesa as LottoSpesa
from capofila.spesa.importa import OpzioniSpesa as OpzioniSpesa
from capofila.spesa.importa import annulla_lotto as annulla_lotto
from capofila.spesa.importa import importa as importa
from capofila.spesa.importa import lotti as lotti
from capofila.spesa.rilevazioni import Apertura as Apertura
from capofila.spesa.rilevazioni import Rilevazione as Rilevazione
from capofila.spesa.rilevazioni import Scheda as Scheda
from capofila.spesa.rilevazioni import apri as apri
from capofila.spesa.rilevazioni import cambia_termini as cambia_termini
from capofila.spesa.rilevazioni import in_ritardo as in_ritardo
from capofila.spesa.rilevazioni import proroga as proroga
from capofila.spesa.rilevazioni import rilevazione as rilevazione
from capofila.spesa.rilevazioni import rilevazioni as rilevazioni
from capofila.spesa.rilevazioni import scheda as scheda
from capofila.spesa.rilevazioni import schede as schede
