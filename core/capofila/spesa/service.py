"""The door of the room: surveys, sheets, imports, analysis. Runs inside a unit of work."""

from __future__ import annotations

from capofila.spesa.carichi import Carico as Carico
from capofila.spesa.carichi import Colonne as Colonne
from capofila.spesa.carichi import butta as butta
from capofila.spesa.carichi import carico as carico
from capofila.spesa.carichi import conferma as conferma
from capofila.spesa.carichi import deposita as deposita
from capofila.spesa.carichi import dici_colonne as dici_colonne
from capofila.spesa.carichi import proposta as proposta
from capofila.spesa.carichi import prova as prova
from capofila.spesa.carichi import pulisci_carichi as pulisci_carichi
from capofila.spesa.cifre import Filtro as Filtro
from capofila.spesa.cifre import Lettura as Lettura
from capofila.spesa.cifre import analisi as analisi
from capofila.spesa.cifre import forma as forma
from capofila.spesa.cifre import leggi as leggi
from capofila.spesa.consegne import VERIFICHE as VERIFICHE
from capofila.spesa.consegne import Preparato as Preparato
from capofila.spesa.consegne import impronta_del_prospetto as impronta_del_prospetto
from capofila.spesa.consegne import non_approvate as non_approvate
from capofila.spesa.consegne import prepara as prepara_prospetto
from capofila.spesa.consegne import segna_esito as segna_esito
from capofila.spesa.consegne import segna_trasmesse as segna_trasmesse
from capofila.spesa.controlli import Rilievo as Rilievo
from capofila.spesa.controlli import errori_aperti as errori_aperti
from capofila.spesa.foglio import colonne_di as colonne_di
from capofila.spesa.importa import EsitoSpesa as EsitoSpesa
from capofila.spesa.importa import FileSpesa as FileSpesa
from capofila.spesa.importa import LottoSpesa as LottoSpesa
from capofila.spesa.importa import OpzioniSpesa as OpzioniSpesa
from capofila.spesa.importa import annulla_lotto as annulla_lotto
from capofila.spesa.importa import errori_csv as errori_csv
from capofila.spesa.importa import importa as importa
from capofila.spesa.importa import lotti as lotti
from capofila.spesa.importa import lotto_con_id as lotto_con_id
from capofila.spesa.promemoria import chiedi as chiedi_promemoria
from capofila.spesa.promemoria import configurato as posta_configurata
from capofila.spesa.promemoria import del_giorno as promemoria_del_giorno
from capofila.spesa.promemoria import indirizzo_valido as indirizzo_valido
from capofila.spesa.promemoria import recapiti as recapiti
from capofila.spesa.promemoria import scrivi_recapiti as scrivi_recapiti
from capofila.spesa.promemoria import ultimi as ultimi_promemoria
from capofila.spesa.quadro import RigaQuadro as RigaQuadro
from capofila.spesa.quadro import quadro as quadro
from capofila.spesa.rilevazioni import Apertura as Apertura
from capofila.spesa.rilevazioni import Rilevazione as Rilevazione
from capofila.spesa.rilevazioni import Scheda as Scheda
from capofila.spesa.rilevazioni import apri as apri
from capofila.spesa.rilevazioni import cambia_termini as cambia_termini
from capofila.spesa.rilevazioni import in_ritardo as in_ritardo
from capofila.spesa.rilevazioni import modulo_di as modulo_di
from capofila.spesa.rilevazioni import proroga as proroga
from capofila.spesa.rilevazioni import rilevazione as rilevazione
from capofila.spesa.rilevazioni import rilevazione_con_id as rilevazione_con_id
from capofila.spesa.rilevazioni import rilevazioni as rilevazioni
from capofila.spesa.rilevazioni import scheda as scheda
from capofila.spesa.rilevazioni import scheda_con_id as scheda_con_id
from capofila.spesa.rilevazioni import schede as schede
from capofila.spesa.riparti import CHIAVI as CHIAVI
from capofila.spesa.riparti import Riparto as Riparto
from capofila.spesa.riparti import RipartoVisto as RipartoVisto
from capofila.spesa.riparti import annulla_riparto as annulla_riparto
from capofila.spesa.riparti import anteprima as anteprima
from capofila.spesa.riparti import riparti as riparti
from capofila.spesa.riparti import ripartisci as ripartisci
from capofila.spesa.riparti import riparto_con_id as riparto_con_id
from capofila.spesa.scarichi import XLSX as XLSX
from capofila.spesa.scarichi import Documento as Documento
from capofila.spesa.scarichi import csv_di as csv_di
from capofila.spesa.scarichi import xlsx_di as xlsx_di
from capofila.spesa.schede import Chiave as Chiave
from capofila.spesa.schede import Commento as Commento
from capofila.spesa.schede import Passaggio as Passaggio
from capofila.spesa.schede import RigaVista as RigaVista
from capofila.spesa.schede import cambiate_dopo_approvazione as cambiate_dopo_approvazione
from capofila.spesa.schede import commenta as commenta
from capofila.spesa.schede import commenti as commenti
from capofila.spesa.schede import passaggi as passaggi
from capofila.spesa.schede import passo as passo
from capofila.spesa.schede import righe as righe
from capofila.spesa.schede import rilievi as rilievi
from capofila.spesa.schede import scrivi as scrivi
from capofila.spesa.schede import scrivi_valori as scrivi_valori
from capofila.spesa.schede import scrivibile as scrivibile
from capofila.spesa.schede import spiega as spiega
from capofila.spesa.schede import togli as togli
from capofila.spesa.tavole import ColonnaCifre as ColonnaCifre
from capofila.spesa.tavole import RigaCifre as RigaCifre
from capofila.spesa.tavole import TavolaCifre as TavolaCifre

__all__ = [
    "chiedi_promemoria", "posta_configurata", "prepara_prospetto", "promemoria_del_giorno",
    "ultimi_promemoria",
]  # fmt: skip
