"""Nobody sees, changes or even suspects what belongs to another ambito: every route is tried.

A route without a case here fails the first test: whoever adds one says what it is about.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import pytest
from litestar.routes import ASGIRoute, HTTPRoute
from tests.isolamento.conftest import Casa, Dati, Entra, fotografia
from tests.prestazioni.casi import codice_fiscale, contesto, csv_di, interroga, riga

from capofila.base.archivio import archivio
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import NonTrovato
from capofila.base.lavori import stato as stato_lavoro
from capofila.debito import service as debito
from capofila.prestazioni import consultazione

pytestmark = pytest.mark.anyio


class Caso(NamedTuple):
    """How a route is asked: its object, and the form that would do something."""

    oggetto: str | None = None
    modulo: dict[str, str] | None = None
    file: bool = False
    """Whether a file goes with the form."""
    mostra: bool = False
    """Whether the answer shows data of the ambito to whoever may see them."""


CASI: dict[tuple[str, str], Caso] = {
    ("GET", "/{ambito:str}"): Caso(mostra=True),
    ("GET", "/{ambito:str}/accreditamenti"): Caso(mostra=True),
    ("GET", "/{ambito:str}/accreditamenti/albo.csv"): Caso(mostra=True),
    ("GET", "/{ambito:str}/accreditamenti/requisiti/{codice:str}"): Caso("regole_accreditamento"),
    ("GET", "/{ambito:str}/accreditamenti/unita/nuova"): Caso(),
    ("POST", "/{ambito:str}/accreditamenti/unita/nuova"): Caso(modulo={"ente": "X"}),
    ("GET", "/{ambito:str}/accreditamenti/unita/{id_:int}"): Caso("unita_offerta", mostra=True),
    ("GET", "/{ambito:str}/accreditamenti/unita/{id_:int}/correggi"): Caso(
        "unita_offerta", mostra=True
    ),
    ("POST", "/{ambito:str}/accreditamenti/unita/{id_:int}/correggi"): Caso(
        "unita_offerta", {"denominazione": "X Y", "ente": "X Y", "comune": "D142"}
    ),
    ("GET", "/{ambito:str}/accreditamenti/unita/{id_:int}/domande/nuova"): Caso(
        "unita_offerta", mostra=True
    ),
    ("POST", "/{ambito:str}/accreditamenti/unita/{id_:int}/domande/nuova"): Caso(
        "unita_offerta",
        {"regole": "assistenza-domiciliare", "protocollo": "X", "presentata_il": "1/2/2025"},
    ),
    ("GET", "/{ambito:str}/accreditamenti/{id_:int}"): Caso("domanda_accreditamento", mostra=True),
    ("GET", "/{ambito:str}/accreditamenti/{id_:int}/istruttoria"): Caso(
        "domanda_accreditamento", mostra=True
    ),
    ("POST", "/{ambito:str}/accreditamenti/{id_:int}/istruttoria"): Caso(
        "domanda_accreditamento", {"valore-coordinatore": "no"}
    ),
    ("POST", "/{ambito:str}/accreditamenti/{id_:int}/documenti"): Caso(
        "domanda_accreditamento", {"requisito": "coordinatore"}, file=True
    ),
    ("GET", "/{ambito:str}/accreditamenti/documenti/{id_:int}"): Caso(
        "documento_accreditamento", mostra=True
    ),
    ("GET", "/{ambito:str}/accreditamenti/{id_:int}/ritira"): Caso(
        "domanda_accreditamento", mostra=True
    ),
    ("POST", "/{ambito:str}/accreditamenti/{id_:int}/ritira"): Caso("domanda_accreditamento", {}),
    ("GET", "/{ambito:str}/accreditamenti/{id_:int}/atto"): Caso(
        "domanda_accreditamento", mostra=True
    ),
    ("POST", "/{ambito:str}/accreditamenti/{id_:int}/atto"): Caso(
        "domanda_accreditamento",
        {
            "specie": "revoca",
            "dal": "1/2/2026",
            "atto": "Atto X",
            "atto_data": "1/2/2026",
            "motivazione": "Perché sì",
        },
    ),
    ("GET", "/{ambito:str}/accordo"): Caso(mostra=True),
    ("GET", "/{ambito:str}/accordo/nuovo"): Caso(),
    ("POST", "/{ambito:str}/accordo/nuovo"): Caso(modulo={"titolo": "X"}),
    ("GET", "/{ambito:str}/accordo/{id_:int}"): Caso("accordo", mostra=True),
    ("GET", "/{ambito:str}/accordo/{id_:int}/adesione"): Caso("accordo", mostra=True),
    ("POST", "/{ambito:str}/accordo/{id_:int}/adesione"): Caso(
        "accordo",
        {
            "ente": "X",
            "settore": "volontariato",
            "dal": "1/2/2025",
            "organo": "X",
            "data": "1/2/2025",
        },
    ),
    ("GET", "/{ambito:str}/accordo/{id_:int}/modifica"): Caso("accordo", mostra=True),
    ("POST", "/{ambito:str}/accordo/{id_:int}/modifica"): Caso(
        "accordo",
        {
            "specie": "altro",
            "descrizione": "X",
            "dal": "1/2/2025",
            "organo": "X",
            "data": "1/2/2025",
        },
    ),
    ("GET", "/{ambito:str}/accordo/{id_:int}/burl"): Caso("accordo", mostra=True),
    ("POST", "/{ambito:str}/accordo/{id_:int}/burl"): Caso(
        "accordo", {"numero": "1", "data": "1/2/2025"}
    ),
    ("GET", "/{ambito:str}/accordo/adesioni/{id_:int}"): Caso("adesione_accordo", mostra=True),
    ("POST", "/{ambito:str}/accordo/adesioni/{id_:int}/recedi"): Caso(
        "adesione_accordo", {"al": "1/2/2026"}
    ),
    ("POST", "/{ambito:str}/accordo/adesioni/{id_:int}/ritira"): Caso("adesione_accordo", {}),
    ("POST", "/{ambito:str}/accordo/modifiche/{id_:int}/ritira"): Caso("modifica_accordo", {}),
    ("GET", "/{ambito:str}/accordo/modifiche/{id_:int}/cessa"): Caso(
        "modifica_accordo", mostra=True
    ),
    ("POST", "/{ambito:str}/accordo/modifiche/{id_:int}/cessa"): Caso(
        "modifica_accordo", {"dal": "1/2/2026", "con": "Atto 1"}
    ),
    ("GET", "/{ambito:str}/organi/{codice:str}"): Caso(mostra=True),
    ("GET", "/{ambito:str}/organi/{codice:str}/nomina"): Caso(),
    ("POST", "/{ambito:str}/organi/{codice:str}/nomina"): Caso(modulo={"persona": "X"}),
    ("POST", "/{ambito:str}/organi/{codice:str}/pubblica"): Caso(modulo={}),
    ("GET", "/{ambito:str}/organi/incarichi/{id_:int}"): Caso("incarico_organo", mostra=True),
    ("POST", "/{ambito:str}/organi/incarichi/{id_:int}/cessa"): Caso(
        "incarico_organo", {"al": "1/2/2026", "cessazione": "X"}
    ),
    ("POST", "/{ambito:str}/organi/incarichi/{id_:int}/ratifica"): Caso(
        "incarico_organo", {"ratificato_il": "1/2/2026", "ratifica": "X"}
    ),
    ("POST", "/{ambito:str}/organi/incarichi/{id_:int}/ritira"): Caso("incarico_organo", {}),
    ("GET", "/{ambito:str}/organi/pubblicazioni/{id_:int}"): Caso(
        "pubblicazione_organo", mostra=True
    ),
    ("POST", "/{ambito:str}/organi/pubblicazioni/{id_:int}/ritira"): Caso(
        "pubblicazione_organo", {}
    ),
    ("GET", "/{ambito:str}/adempimenti"): Caso(mostra=True),
    ("GET", "/{ambito:str}/adempimenti/{codice:str}/{anno:int}"): Caso(
        "adempimento_proprio", mostra=True
    ),
    ("POST", "/{ambito:str}/adempimenti/{codice:str}/{anno:int}"): Caso(
        "adempimento_proprio",
        {"esito": "fatto", "giorno": "1/2/2025", "specie": "atto", "prova": "X 1", "numero": "1"},
    ),
    ("GET", "/{ambito:str}/adempimenti/nuovo"): Caso(),
    ("POST", "/{ambito:str}/adempimenti/nuovo"): Caso(modulo={"titolo": "X"}),
    ("GET", "/{ambito:str}/adempimenti/propri/{id_:int}/togli"): Caso(
        "termine_proprio", mostra=True
    ),
    ("POST", "/{ambito:str}/adempimenti/propri/{id_:int}/togli"): Caso(
        "termine_proprio", {"motivo": "Prova"}
    ),
    ("GET", "/{ambito:str}/adempimenti/recapiti"): Caso(mostra=True),
    ("POST", "/{ambito:str}/adempimenti/recapiti"): Caso(modulo={}),
    ("GET", "/{ambito:str}/adempimenti/calendario"): Caso(),
    ("POST", "/{ambito:str}/adempimenti/calendario"): Caso(modulo={"azione": "revoca"}),
    ("GET", "/{ambito:str}/graduatorie"): Caso(mostra=True),
    ("GET", "/{ambito:str}/graduatorie/nuovo"): Caso(),
    ("POST", "/{ambito:str}/graduatorie/nuovo"): Caso(modulo={"titolo": "X"}),
    ("GET", "/{ambito:str}/graduatorie/{id_:int}"): Caso("bando", mostra=True),
    ("POST", "/{ambito:str}/graduatorie/{id_:int}/sorteggio"): Caso("bando", {"seme": "7"}),
    ("GET", "/{ambito:str}/graduatorie/{id_:int}/domande/nuova"): Caso("bando", mostra=True),
    ("POST", "/{ambito:str}/graduatorie/{id_:int}/domande/nuova"): Caso("bando", {"cognome": "X"}),
    ("GET", "/{ambito:str}/graduatorie/domande/{id_:int}"): Caso("domanda_bando", mostra=True),
    ("GET", "/{ambito:str}/graduatorie/domande/{id_:int}/correggi"): Caso(
        "domanda_bando", mostra=True
    ),
    ("POST", "/{ambito:str}/graduatorie/domande/{id_:int}/correggi"): Caso(
        "domanda_bando", {"cognome": "X"}
    ),
    ("GET", "/{ambito:str}/graduatorie/domande/{id_:int}/ritira"): Caso(
        "domanda_bando", mostra=True
    ),
    ("POST", "/{ambito:str}/graduatorie/domande/{id_:int}/ritira"): Caso("domanda_bando", {}),
    ("GET", "/{ambito:str}/graduatorie/{id_:int}/approva"): Caso("bando", mostra=True),
    ("POST", "/{ambito:str}/graduatorie/{id_:int}/approva"): Caso(
        "bando", {"organo": "X", "numero": "1", "data": "1/2/2025", "vista": "x"}
    ),
    ("GET", "/{ambito:str}/graduatorie/{id_:int}/annulla"): Caso("bando", mostra=True),
    ("POST", "/{ambito:str}/graduatorie/{id_:int}/annulla"): Caso("bando", {"atto": "Atto X"}),
    ("GET", "/{ambito:str}/graduatorie/{id_:int}/scorrimento"): Caso("bando", mostra=True),
    ("POST", "/{ambito:str}/graduatorie/{id_:int}/scorrimento"): Caso(
        "bando", {"specie": "aumento", "disponibili": "1", "giorno": "1/2/2026", "atto": "Atto X"}
    ),
    ("GET", "/{ambito:str}/graduatorie/{id_:int}/pubblica.csv"): Caso("bando", mostra=True),
    ("GET", "/{ambito:str}/graduatorie/{id_:int}/pubblica.xlsx"): Caso("bando"),
    ("GET", "/{ambito:str}/graduatorie/{id_:int}/pubblica.pdf"): Caso("bando"),
    ("GET", "/{ambito:str}/compartecipazione"): Caso(mostra=True),
    ("GET", "/{ambito:str}/compartecipazione/cerca"): Caso(),
    ("POST", "/{ambito:str}/compartecipazione/cerca"): Caso(modulo={"persona": "Altruizia"}),
    ("GET", "/{ambito:str}/compartecipazione/adozioni"): Caso(),
    ("GET", "/{ambito:str}/compartecipazione/adozioni/nuova"): Caso(),
    ("POST", "/{ambito:str}/compartecipazione/adozioni/nuova"): Caso(modulo={"stato": "adotta"}),
    ("GET", "/{ambito:str}/compartecipazione/adozioni/{id_:int}/ritira"): Caso(
        "adozione_quota", mostra=True
    ),
    ("POST", "/{ambito:str}/compartecipazione/adozioni/{id_:int}/ritira"): Caso(
        "adozione_quota", {}
    ),
    ("GET", "/{ambito:str}/compartecipazione/schemi"): Caso(),
    ("GET", "/{ambito:str}/compartecipazione/schemi/uno"): Caso(),
    ("GET", "/{ambito:str}/compartecipazione/simulatore"): Caso(),
    ("POST", "/{ambito:str}/compartecipazione/simulatore"): Caso(modulo={"isee": "4500"}),
    ("GET", "/{ambito:str}/compartecipazione/simulatore/confronto"): Caso(),
    ("GET", "/{ambito:str}/compartecipazione/effetti"): Caso(),
    ("GET", "/{ambito:str}/compartecipazione/omogeneita"): Caso(),
    ("GET", "/{ambito:str}/compartecipazione/omogeneita.csv"): Caso(),
    ("GET", "/{ambito:str}/compartecipazione/omogeneita.xlsx"): Caso(),
    ("GET", "/{ambito:str}/compartecipazione/ricalcoli"): Caso(),
    ("POST", "/{ambito:str}/compartecipazione/ricalcoli"): Caso(
        modulo={"servizio": "pasti", "giorno": "1/2/2025"}
    ),
    ("GET", "/{ambito:str}/compartecipazione/ricalcoli/{id_:int}"): Caso(
        "ricalcolo_quota", mostra=True
    ),
    ("POST", "/{ambito:str}/compartecipazione/ricalcoli/{id_:int}/decidi"): Caso(
        "ricalcolo_quota", {"organo": "X", "numero": "1", "data": "1/2/2025"}
    ),
    ("GET", "/{ambito:str}/compartecipazione/persone/nuova"): Caso(),
    ("POST", "/{ambito:str}/compartecipazione/persone/nuova"): Caso(modulo={"cognome": "X"}),
    ("GET", "/{ambito:str}/compartecipazione/persone/{id_:int}"): Caso(
        "assistito_quota", mostra=True
    ),
    ("GET", "/{ambito:str}/compartecipazione/persone/{id_:int}/isee"): Caso(
        "assistito_quota", mostra=True
    ),
    ("POST", "/{ambito:str}/compartecipazione/persone/{id_:int}/isee"): Caso(
        "assistito_quota",
        {"specie": "ordinario", "valore": "9", "protocollo": "X", "presentata": "1/2/2025"},
    ),
    ("GET", "/{ambito:str}/compartecipazione/persone/{id_:int}/servizio"): Caso(
        "assistito_quota", mostra=True
    ),
    ("POST", "/{ambito:str}/compartecipazione/persone/{id_:int}/servizio"): Caso(
        "assistito_quota", {"servizio": "sad", "dal": "1/2/2025", "quantita": "3"}
    ),
    ("GET", "/{ambito:str}/compartecipazione/isee/{id_:int}/ritira"): Caso(
        "attestazione_quota", mostra=True
    ),
    ("POST", "/{ambito:str}/compartecipazione/isee/{id_:int}/ritira"): Caso(
        "attestazione_quota", {}
    ),
    ("GET", "/{ambito:str}/compartecipazione/isee/{id_:int}/componenti"): Caso(
        "attestazione_quota", mostra=True
    ),
    ("POST", "/{ambito:str}/compartecipazione/isee/{id_:int}/componenti"): Caso(
        "attestazione_quota", {"componenti": "1", "giorno": "1/3/2025", "azione": "conserva"}
    ),
    ("GET", "/{ambito:str}/compartecipazione/utenze/{id_:int}/chiudi"): Caso(
        "utenza_quota", mostra=True
    ),
    ("POST", "/{ambito:str}/compartecipazione/utenze/{id_:int}/chiudi"): Caso(
        "utenza_quota", {"al": "31/12/2025"}
    ),
    ("POST", "/{ambito:str}/compartecipazione/utenze/{id_:int}/ritira"): Caso("utenza_quota", {}),
    ("GET", "/{ambito:str}/compartecipazione/utenze/{id_:int}/decidi"): Caso(
        "utenza_quota", mostra=True
    ),
    ("POST", "/{ambito:str}/compartecipazione/utenze/{id_:int}/decidi"): Caso(
        "utenza_quota", {"dal": "1/2/2025", "organo": "X", "numero": "1", "data": "1/2/2025"}
    ),
    ("GET", "/{ambito:str}/compartecipazione/decisioni/{id_:int}"): Caso(
        "decisione_quota", mostra=True
    ),
    ("GET", "/{ambito:str}/compartecipazione/decisioni/{id_:int}/lettera.pdf"): Caso(
        "decisione_quota"
    ),
    ("GET", "/{ambito:str}/compartecipazione/decisioni/{id_:int}/prestazione"): Caso(
        "decisione_quota", mostra=True
    ),
    ("POST", "/{ambito:str}/compartecipazione/decisioni/{id_:int}/prestazione"): Caso(
        "decisione_quota", {"importo_mensile": "100"}
    ),
    ("GET", "/{ambito:str}/debito"): Caso(mostra=True),
    ("POST", "/{ambito:str}/debito"): Caso(modulo={"flusso": "siuss", "periodo": "2021"}),
    ("GET", "/{ambito:str}/debito/pdnd"): Caso(mostra=True),
    ("GET", "/{ambito:str}/debito/{id_:uuid}"): Caso("esportazione", mostra=True),
    ("GET", "/{ambito:str}/debito/{id_:uuid}/file"): Caso("esportazione", mostra=True),
    ("GET", "/{ambito:str}/debito/{id_:uuid}/invio"): Caso("esportazione", mostra=True),
    ("POST", "/{ambito:str}/debito/{id_:uuid}/invio"): Caso("esportazione", {"canale": "pec"}),
    ("GET", "/{ambito:str}/debito/{id_:uuid}/manifesto.json"): Caso("esportazione", mostra=True),
    ("GET", "/{ambito:str}/debito/{id_:uuid}/parti/{numero:int}/file"): Caso("divisa", mostra=True),
    ("GET", "/{ambito:str}/debito/{id_:uuid}/parti/{numero:int}/manifesto.json"): Caso(
        "divisa", mostra=True
    ),
    ("GET", "/{ambito:str}/debito/{id_:uuid}/esito"): Caso("inviata", mostra=True),
    ("POST", "/{ambito:str}/debito/{id_:uuid}/esito"): Caso("inviata", {"esito": "accolta"}),
    ("POST", "/{ambito:str}/debito/{id_:uuid}/esiti"): Caso("inviata", {}, file=True),
    ("GET", "/{ambito:str}/debito/{id_:uuid}/scartate"): Caso("inviata", mostra=True),
    ("GET", "/{ambito:str}/debito/{id_:uuid}/scartate.csv"): Caso("inviata", mostra=True),
    ("GET", "/{ambito:str}/debito/{id_:uuid}/confronto"): Caso("inviata", mostra=True),
    ("GET", "/{ambito:str}/debito/esiti-modello.csv"): Caso(),
    ("GET", "/{ambito:str}/debito/completezza"): Caso(),
    ("GET", "/{ambito:str}/debito/completezza.csv"): Caso(),
    ("GET", "/{ambito:str}/debito/responsabili"): Caso(mostra=True),
    ("POST", "/{ambito:str}/debito/responsabili"): Caso(modulo={"flusso": "siuss"}),
    ("GET", "/{ambito:str}/debito/trasmissioni"): Caso(mostra=True),
    ("GET", "/{ambito:str}/debito/trasmissioni.csv"): Caso(mostra=True),
    ("GET", "/{ambito:str}/plugin/anni"): Caso(),
    ("POST", "/{ambito:str}/plugin/anni"): Caso(modulo={"anno": "2025"}),
    ("GET", "/{ambito:str}/plugin/anni/{anno:int}/{plugin:str}"): Caso(),
    ("GET", "/{ambito:str}/p/{plugin:str}/{pagina:str}"): Caso(),
    ("POST", "/{ambito:str}/p/{plugin:str}/{pagina:str}/{tabella:str}"): Caso(modulo={"a": "X"}),
    ("POST", "/{ambito:str}/p/{plugin:str}/{pagina:str}/{tabella:str}/calcola"): Caso(modulo={}),
    ("POST", "/{ambito:str}/p/{plugin:str}/{pagina:str}/{tabella:str}/{id_:int}/ritira"): Caso(
        "fermo", {}
    ),
    ("GET", "/{ambito:str}/importazioni"): Caso(mostra=True),
    ("POST", "/{ambito:str}/importazioni"): Caso(modulo={}, file=True),
    ("GET", "/{ambito:str}/importazioni/{id_:int}"): Caso("fermo", mostra=True),
    ("POST", "/{ambito:str}/importazioni/{id_:int}/decidi"): Caso("fermo", {"azione": "scarta"}),
    ("POST", "/{ambito:str}/importazioni/{id_:int}/gia-inviate"): Caso(
        "fermo", {"azione": "segna"}
    ),
    ("GET", "/{ambito:str}/importazioni/{id_:int}/errori.csv"): Caso("fermo", mostra=True),
    ("GET", "/{ambito:str}/lavori"): Caso(mostra=True),
    ("POST", "/{ambito:str}/lavori/{id_:uuid}/riavvia"): Caso("lavoro", {}),
    ("GET", "/{ambito:str}/minori"): Caso(mostra=True),
    ("GET", "/{ambito:str}/minori/cerca"): Caso(),
    ("POST", "/{ambito:str}/minori/cerca"): Caso(modulo={"minore": codice_fiscale(500)}),
    ("GET", "/{ambito:str}/minori/modello.csv"): Caso(),
    ("GET", "/{ambito:str}/minori/nuova"): Caso(),
    ("POST", "/{ambito:str}/minori/nuova"): Caso(modulo={"luogo_vita": "1"}),
    ("POST", "/{ambito:str}/minori/controlla"): Caso(modulo={"luogo_vita": "1"}),
    ("GET", "/{ambito:str}/minori/{id_:int}"): Caso("minore", mostra=True),
    ("POST", "/{ambito:str}/minori/{id_:int}/persona"): Caso("minore", {}),
    ("GET", "/{ambito:str}/minori/{id_:int}/correggi"): Caso("minore", mostra=True),
    ("POST", "/{ambito:str}/minori/{id_:int}/correggi"): Caso(
        "minore", {"luogo_vita": "1", "azione": "bozza"}
    ),
    ("GET", "/{ambito:str}/minori/{id_:int}/codice-fiscale"): Caso("minore", mostra=True),
    ("POST", "/{ambito:str}/minori/{id_:int}/codice-fiscale"): Caso(
        "minore", {"codice_fiscale": codice_fiscale(501), "motivo": "errore"}
    ),
    ("GET", "/{ambito:str}/minori/bozze"): Caso(mostra=True),
    ("GET", "/{ambito:str}/minori/bozze/{id_:int}"): Caso("bozza_minore", mostra=True),
    ("POST", "/{ambito:str}/minori/bozze/{id_:int}/persona"): Caso(
        "bozza_minore", {"luogo_vita": "1"}
    ),
    ("GET", "/{ambito:str}/minori/bozze/{id_:int}/elimina"): Caso("bozza_minore", mostra=True),
    ("POST", "/{ambito:str}/minori/bozze/{id_:int}/elimina"): Caso("bozza_minore", {}),
    ("GET", "/{ambito:str}/minori/{id_:int}/togli"): Caso("minore", mostra=True),
    ("POST", "/{ambito:str}/minori/{id_:int}/togli"): Caso("minore", {"motivo": "altro"}),
    ("GET", "/{ambito:str}/organi"): Caso(),
    ("GET", "/{ambito:str}/plugin"): Caso(),
    ("GET", "/{ambito:str}/prestazioni"): Caso(mostra=True),
    ("GET", "/{ambito:str}/prestazioni/cerca"): Caso(),
    ("POST", "/{ambito:str}/prestazioni/cerca"): Caso(modulo={"persona": "Altruizia"}),
    ("GET", "/{ambito:str}/prestazioni/colonne"): Caso(),
    ("GET", "/{ambito:str}/prestazioni/modello.csv"): Caso(),
    ("GET", "/{ambito:str}/prestazioni/regole"): Caso(),
    ("GET", "/{ambito:str}/prestazioni/{id_:int}"): Caso("prestazione", mostra=True),
    ("GET", "/{ambito:str}/prestazioni/nuova"): Caso(),
    ("POST", "/{ambito:str}/prestazioni/nuova"): Caso(modulo={"cognome": "X", "azione": "bozza"}),
    ("POST", "/{ambito:str}/prestazioni/controlla"): Caso(modulo={"cognome": "X"}),
    ("GET", "/{ambito:str}/prestazioni/{id_:int}/correggi"): Caso("prestazione", mostra=True),
    ("POST", "/{ambito:str}/prestazioni/{id_:int}/correggi"): Caso(
        "prestazione", {"cognome": "X", "azione": "bozza"}
    ),
    ("GET", "/{ambito:str}/prestazioni/{id_:int}/togli"): Caso("prestazione", mostra=True),
    ("POST", "/{ambito:str}/prestazioni/{id_:int}/togli"): Caso("prestazione", {"motivo": "altro"}),
    ("GET", "/{ambito:str}/prestazioni/bozze"): Caso(mostra=True),
    ("GET", "/{ambito:str}/prestazioni/bozze/{id_:int}"): Caso("bozza", mostra=True),
    ("GET", "/{ambito:str}/prestazioni/bozze/{id_:int}/elimina"): Caso("bozza", mostra=True),
    ("POST", "/{ambito:str}/prestazioni/bozze/{id_:int}/elimina"): Caso("bozza", {}),
    ("GET", "/{ambito:str}/domande"): Caso(mostra=True),
    ("GET", "/{ambito:str}/domande/cerca"): Caso(),
    ("POST", "/{ambito:str}/domande/cerca"): Caso(modulo={"persona": "Altruizia"}),
    ("POST", "/{ambito:str}/domande/persona"): Caso(modulo={"codice_fiscale": "X"}),
    ("GET", "/{ambito:str}/prestazioni/{id_:int}/domanda"): Caso("prestazione"),
    ("GET", "/{ambito:str}/domande/nuova"): Caso(),
    ("POST", "/{ambito:str}/domande/nuova"): Caso(modulo={"cognome": "X"}),
    ("GET", "/{ambito:str}/domande/{id_:int}"): Caso("domanda", mostra=True),
    ("GET", "/{ambito:str}/domande/{id_:int}/decisione"): Caso("domanda", mostra=True),
    ("POST", "/{ambito:str}/domande/{id_:int}/decisione"): Caso(
        "domanda",
        {"esito": "respinta", "atto_organo": "UdP", "atto_numero": "1", "atto_data": "1/2/2025"},
    ),
    ("GET", "/{ambito:str}/domande/{id_:int}/pagamento"): Caso("domanda", mostra=True),
    ("POST", "/{ambito:str}/domande/{id_:int}/pagamento"): Caso("domanda", {"importo": "1,00"}),
    ("GET", "/{ambito:str}/pagamenti/{id_:int}/storna"): Caso("pagamento", mostra=True),
    ("POST", "/{ambito:str}/pagamenti/{id_:int}/storna"): Caso("pagamento", {}),
    ("POST", "/{ambito:str}/prestazioni/{id_:int}/domanda"): Caso("prestazione", {}),
    ("GET", "/{ambito:str}/conoscenza"): Caso(mostra=True),
    ("POST", "/{ambito:str}/conoscenza"): Caso(modulo={"testo": "Casa", "focus": "famiglie"}),
    ("GET", "/{ambito:str}/conoscenza/catalogo"): Caso(),
    ("GET", "/{ambito:str}/conoscenza/catalogo.csv"): Caso(),
    ("GET", "/{ambito:str}/conoscenza/consegne"): Caso(mostra=True),
    ("POST", "/{ambito:str}/conoscenza/consegne"): Caso(modulo={"azione": "recapiti"}),
    ("GET", "/{ambito:str}/conoscenza/focus/{focus:str}"): Caso(mostra=True),
    ("GET", "/{ambito:str}/conoscenza/importa"): Caso(mostra=True),
    ("POST", "/{ambito:str}/conoscenza/importa"): Caso(file=True),
    ("GET", "/{ambito:str}/conoscenza/importa/modello.csv"): Caso(),
    ("GET", "/{ambito:str}/conoscenza/importa/modello.xlsx"): Caso(),
    ("POST", "/{ambito:str}/conoscenza/importa/conferma"): Caso(modulo={"nome": "x", "testo": "y"}),
    ("POST", "/{ambito:str}/conoscenza/importa/errori.csv"): Caso(modulo={"errori": "x"}),
    ("GET", "/{ambito:str}/conoscenza/indicatori/{codice:str}"): Caso(mostra=True),
    ("POST", "/{ambito:str}/conoscenza/indicatori/{codice:str}"): Caso(
        modulo={"azione": "cifra", "valore": "1", "territorio": "ambito"}
    ),
    ("GET", "/{ambito:str}/conoscenza/lotti/{id_:int}/annulla"): Caso(
        "lotto_indicatori", mostra=True
    ),
    ("POST", "/{ambito:str}/conoscenza/lotti/{id_:int}/annulla"): Caso("lotto_indicatori", {}),
    ("GET", "/{ambito:str}/conoscenza/panorama/{focus:str}"): Caso(mostra=True),
    ("POST", "/{ambito:str}/conoscenza/panorama/{focus:str}"): Caso(modulo={"testo": "Casa"}),
    ("GET", "/{ambito:str}/conoscenza/profili"): Caso(),
    ("GET", "/{ambito:str}/conoscenza/profili/{territorio:str}"): Caso("territorio"),
    ("GET", "/{ambito:str}/conoscenza/profili/{territorio:str}/dati.csv"): Caso("territorio"),
    ("GET", "/{ambito:str}/conoscenza/profili/{territorio:str}/dati.xlsx"): Caso("territorio"),
    ("GET", "/{ambito:str}/pubblicazioni"): Caso(mostra=True),
    ("GET", "/{ambito:str}/pubblicazioni/anteprima"): Caso(),
    ("POST", "/{ambito:str}/pubblicazioni/anteprima"): Caso(modulo={"atto": "Delibera 1"}),
    ("POST", "/{ambito:str}/pubblicazioni/convenzioni"): Caso(modulo={"soglia": "5"}),
    ("GET", "/{ambito:str}/pubblicazioni/convenzioni/{id_:int}/revoca"): Caso(
        "convenzione", mostra=True
    ),
    ("POST", "/{ambito:str}/pubblicazioni/convenzioni/{id_:int}/revoca"): Caso(
        "convenzione", {"motivo": "provo a chiuderla"}
    ),
    ("GET", "/{ambito:str}/pubblicazioni/letture"): Caso(),
    ("GET", "/{ambito:str}/pubblicazioni/{id_:int}"): Caso("pubblicazione", mostra=True),
    ("GET", "/{ambito:str}/pubblicazioni/rilasci/{id_:uuid}"): Caso("lavoro"),
    ("GET", "/{ambito:str}/pubblicazioni/{id_:int}/apri"): Caso("pubblicazione"),
    ("POST", "/{ambito:str}/pubblicazioni/{id_:int}/apri"): Caso(
        "pubblicazione", {"licenza": "cc-by-4.0", "atto": "Determina 1", "atto_data": "2026-01-02"}
    ),
    ("GET", "/{ambito:str}/pubblicazioni/{id_:int}/chiudi"): Caso("pubblicazione"),
    ("POST", "/{ambito:str}/pubblicazioni/{id_:int}/chiudi"): Caso(
        "pubblicazione", {"motivo": "provo a toglierla"}
    ),
    ("GET", "/{ambito:str}/pubblicazioni/{id_:int}/ritira"): Caso("pubblicazione"),
    ("POST", "/{ambito:str}/pubblicazioni/{id_:int}/ritira"): Caso(
        "pubblicazione", {"motivo": "provo a toglierla"}
    ),
    ("GET", "/{ambito:str}/registro"): Caso(mostra=True),
    ("GET", "/{ambito:str}/deliberazioni"): Caso(mostra=True),
    ("GET", "/{ambito:str}/deliberazioni/{id_:int}"): Caso("deliberazione", mostra=True),
    ("POST", "/{ambito:str}/deliberazioni/{id_:int}/annulla"): Caso(
        "deliberazione", {"dal": "1/12/2025", "atto": "Sentenza"}
    ),
    ("GET", "/{ambito:str}/deliberazioni/precedenti"): Caso(mostra=True),
    ("POST", "/{ambito:str}/deliberazioni/precedenti"): Caso(modulo={"specie": "atto"}),
    ("POST", "/{ambito:str}/deliberazioni/precedenti/{id_:int}/ritira"): Caso("precedente", {}),
    ("POST", "/{ambito:str}/deliberazioni/precedenti/{id_:int}/annulla"): Caso(
        "precedente", {"dal": "01/02/2026", "atto": "Sentenza"}
    ),
    ("GET", "/{ambito:str}/organi/quote"): Caso(mostra=True),
    ("POST", "/{ambito:str}/organi/quote"): Caso(modulo={"anno": "2025"}),
    ("POST", "/{ambito:str}/organi/quote/{id_:int}/ritira"): Caso("atto_quote", {}),
    ("GET", "/{ambito:str}/sedute"): Caso(mostra=True),
    ("GET", "/{ambito:str}/sedute/nuova"): Caso(),
    ("POST", "/{ambito:str}/sedute/nuova"): Caso(modulo={"luogo": "X"}),
    ("GET", "/{ambito:str}/sedute/{id_:int}"): Caso("seduta", mostra=True),
    ("GET", "/{ambito:str}/sedute/{id_:int}/seduta.ics"): Caso("seduta", mostra=True),
    ("GET", "/{ambito:str}/sedute/{id_:int}/prepara"): Caso("seduta", mostra=True),
    ("POST", "/{ambito:str}/sedute/{id_:int}/prepara"): Caso(
        "seduta", {"azione": "punto", "titolo": "Un punto"}
    ),
    ("GET", "/{ambito:str}/sedute/{id_:int}/recapiti"): Caso("seduta"),
    ("POST", "/{ambito:str}/sedute/{id_:int}/recapiti"): Caso("seduta", {}),
    ("POST", "/{ambito:str}/sedute/{id_:int}/passo"): Caso("seduta", {"azione": "chiudi"}),
    ("GET", "/{ambito:str}/sedute/{id_:int}/banco"): Caso("seduta", mostra=True),
    ("POST", "/{ambito:str}/sedute/{id_:int}/banco"): Caso("seduta", {"azione": "entra"}),
    ("GET", "/{ambito:str}/sedute/documenti/{id_:int}"): Caso("documento_seduta", mostra=True),
    ("GET", "/{ambito:str}/sedute/condivise/{id_:int}"): Caso("seduta_condivisa", mostra=True),
    ("GET", "/{ambito:str}/sedute/condivise/{id_:int}/documenti/{numero:int}"): Caso(
        "seduta_condivisa", mostra=True
    ),
    ("GET", "/{ambito:str}/sedute/proposte/{id_:int}/voto"): Caso("proposta", mostra=True),
    ("POST", "/{ambito:str}/sedute/proposte/{id_:int}/voto"): Caso(
        "proposta", {"modo": "alzata", "altri": "favorevole"}
    ),
    ("GET", "/{ambito:str}/riparto"): Caso(mostra=True),
    ("GET", "/{ambito:str}/riparto/nuovo/{anno:int}/{codice:str}"): Caso("criteri"),
    ("POST", "/{ambito:str}/riparto/nuovo/{anno:int}/{codice:str}"): Caso("criteri", {}),
    ("POST", "/{ambito:str}/riparto/nuovo/{anno:int}/{codice:str}/approva"): Caso("criteri", {}),
    ("GET", "/{ambito:str}/riparto/{id_:int}"): Caso("riparto_fondo", mostra=True),
    ("GET", "/{ambito:str}/riparto/{id_:int}/riparto.csv"): Caso("riparto_fondo"),
    ("GET", "/{ambito:str}/riparto/{id_:int}/riparto.xlsx"): Caso("riparto_fondo"),
    ("GET", "/{ambito:str}/spesa/analisi"): Caso(mostra=True),
    ("GET", "/{ambito:str}/spesa/analisi.csv"): Caso(mostra=True),
    ("GET", "/{ambito:str}/spesa/analisi.pdf"): Caso(),
    ("GET", "/{ambito:str}/spesa/analisi.xlsx"): Caso(),
    ("GET", "/{ambito:str}/spesa/analisi/rapporto"): Caso(mostra=True),
    ("GET", "/{ambito:str}/spesa/analisi/rapporto.pdf"): Caso(),
    ("GET", "/{ambito:str}/spesa/analisi/rapporto.xlsx"): Caso(),
    ("GET", "/{ambito:str}/spesa/pubblicate"): Caso(),
    ("GET", "/{ambito:str}/territorio"): Caso(),
    ("GET", "/{ambito:str}/spesa"): Caso(),
    ("GET", "/{ambito:str}/spesa/nuova"): Caso(),
    ("POST", "/{ambito:str}/spesa/nuova"): Caso(modulo={"anno": "2012"}),
    ("GET", "/{ambito:str}/spesa/rilevazioni/{id_:int}"): Caso("rilevazione"),
    ("POST", "/{ambito:str}/spesa/rilevazioni/{id_:int}/termini"): Caso("rilevazione", {}),
    ("POST", "/{ambito:str}/spesa/rilevazioni/{id_:int}/passi"): Caso("rilevazione", {}),
    ("GET", "/{ambito:str}/spesa/schede/{id_:int}"): Caso("scheda_spesa", mostra=True),
    ("POST", "/{ambito:str}/spesa/schede/{id_:int}/righe"): Caso("scheda_spesa", {}),
    ("POST", "/{ambito:str}/spesa/schede/{id_:int}/aggiungi"): Caso(
        "scheda_spesa",
        {"area": "anziani", "voce": "sad", "gestione": "singola", "modalita": "diretta"},
    ),
    ("GET", "/{ambito:str}/spesa/schede/{id_:int}/togli"): Caso("scheda_spesa"),
    ("POST", "/{ambito:str}/spesa/schede/{id_:int}/togli"): Caso("scheda_spesa", {"riga": "x"}),
    ("POST", "/{ambito:str}/spesa/schede/{id_:int}/spiega"): Caso("scheda_spesa", {}),
    ("POST", "/{ambito:str}/spesa/schede/{id_:int}/commenta"): Caso("scheda_spesa", {"testo": "X"}),
    ("POST", "/{ambito:str}/spesa/schede/{id_:int}/campi"): Caso("scheda_spesa", {}),
    ("POST", "/{ambito:str}/spesa/schede/{id_:int}/passo"): Caso(
        "scheda_spesa", {"azione": "completa"}
    ),
    ("POST", "/{ambito:str}/spesa/schede/{id_:int}/proroga"): Caso("scheda_spesa", {}),
    ("GET", "/{ambito:str}/spesa/rilevazioni/{id_:int}/importa"): Caso("rilevazione", mostra=True),
    ("POST", "/{ambito:str}/spesa/rilevazioni/{id_:int}/importa"): Caso(
        "rilevazione", {}, file=True
    ),
    ("GET", "/{ambito:str}/spesa/carichi/{id_:int}"): Caso("carico", mostra=True),
    ("POST", "/{ambito:str}/spesa/carichi/{id_:int}/colonne"): Caso("carico", {}),
    ("POST", "/{ambito:str}/spesa/carichi/{id_:int}/decidi"): Caso("carico", {"azione": "butta"}),
    ("GET", "/{ambito:str}/spesa/carichi/{id_:int}/errori.csv"): Caso("carico"),
    ("GET", "/{ambito:str}/spesa/lotti/{id_:int}/annulla"): Caso("lotto_spesa", mostra=True),
    ("POST", "/{ambito:str}/spesa/lotti/{id_:int}/annulla"): Caso("lotto_spesa", {}),
    ("GET", "/{ambito:str}/spesa/rilevazioni/{id_:int}/riparti"): Caso("rilevazione", mostra=True),
    ("GET", "/{ambito:str}/spesa/rilevazioni/{id_:int}/riparti/nuovo"): Caso("rilevazione"),
    ("POST", "/{ambito:str}/spesa/rilevazioni/{id_:int}/riparti/nuovo"): Caso("rilevazione", {}),
    ("GET", "/{ambito:str}/spesa/recapiti"): Caso(),
    ("POST", "/{ambito:str}/spesa/recapiti"): Caso(modulo={}),
    ("POST", "/{ambito:str}/spesa/rilevazioni/{id_:int}/promemoria"): Caso("rilevazione", {}),
    ("GET", "/{ambito:str}/spesa/riparti/{id_:int}/annulla"): Caso("riparto", mostra=True),
    ("POST", "/{ambito:str}/spesa/riparti/{id_:int}/annulla"): Caso("riparto", {}),
}
ROTTE = list(CASI)
CON_OGGETTO = [rotta for rotta in ROTTE if CASI[rotta].oggetto]
LETTURE = [rotta for rotta in ROTTE if rotta[0] == "GET"]
PUBBLICHE = {
    ("GET", "/accesso"), ("POST", "/accesso"), ("POST", "/esci"), ("GET", "/salute"),
    ("GET", "/accessibilita"), ("GET", "/privacy"), ("asgi", "/static"),
    # They ask for a voucher of the PDND instead of a session: tests/debito/test_pdnd.py.
    ("GET", "/waas/v1/{codice_ente:str}/flussi"), ("POST", "/waas/v1/{codice_ente:str}/esiti"),
    ("GET", "/waas/v1/{codice_ente:str}/status"),
    # Its address is a secret of one person in one ambito: tests/governo/test_calendario.py.
    ("GET", "/calendario/{nome:str}"),
    # What an ambito opened to everybody: tests/confronto/test_aperti.py.
    ("GET", "/dati-aperti"), ("GET", "/dati-aperti/{slug:str}/{dataset:str}/{anno:int}"),
    ("GET", "/dati-aperti/catalogo.rdf"), ("GET", "/dati-aperti/catalogo.ttl"),
    ("GET", "/dati-aperti/catalogo.jsonld"), ("GET", "/dati-aperti/openapi.json"),
    ("GET", "/dati-aperti/api/insiemi"),
    *(("GET", f"/dati-aperti/api/insiemi/{{slug:str}}/{{dataset:str}}/{{anno:int}}/{dati}")
      for dati in ("dati.csv", "dati.json", "versioni/{versione:int}/dati.csv",
                   "versioni/{versione:int}/dati.json")),
}  # fmt: skip


def rotte(app: Any) -> Iterator[tuple[str, str, str]]:
    """(method, path, permission) of whatever answers."""
    for rotta in app.routes:
        if isinstance(rotta, HTTPRoute):
            for gestore in rotta.route_handlers:
                for metodo in {str(m) for m in gestore.http_methods} - {"OPTIONS"}:
                    yield metodo, rotta.path, str(gestore.opt.get("permesso"))
        elif isinstance(rotta, ASGIRoute):
            yield "asgi", rotta.path, str(rotta.route_handler.opt.get("permesso"))
        else:
            raise AssertionError(f"a route of another kind: {rotta.path}")


def indirizzo(rotta: tuple[str, str], slug: str, oggetto: str = "") -> str:
    percorso = rotta[1].replace("{ambito:str}", slug)
    for segnaposto in ("{id_:int}", "{id_:uuid}"):
        percorso = percorso.replace(segnaposto, oggetto)
    percorso = percorso.replace("/organi/{codice:str}", "/organi/assemblea-dei-sindaci")
    percorso = percorso.replace("/indicatori/{codice:str}", "/indicatori/VUL-B-21")
    percorso = percorso.replace("{focus:str}", "famiglie").replace("{territorio:str}", oggetto)
    percorso = percorso.replace("{codice:str}", oggetto).replace("{anno:int}", "2025")
    percorso = percorso.replace("{numero:int}", "1").replace("{plugin:str}", "crema")
    percorso = percorso.replace("{pagina:str}", "pagina").replace("{tabella:str}", "tabella")
    assert "{" not in percorso
    if percorso.endswith(("/trasmissioni", "/trasmissioni.csv")):
        return f"{percorso}?anno={datetime.now(UTC).year}"
    return percorso if rotta[0] == "POST" or "." in percorso else f"{percorso}?anno=2025"


async def prova(
    cliente: Any, rotta: tuple[str, str], slug: str, oggetto: str = "", n: int = 900
) -> httpx.Response:
    caso = CASI[rotta]
    file = ("nuovo.csv", csv_di(riga(n))) if caso.file else None
    risposta: httpx.Response = await cliente.vai(
        rotta[0], indirizzo(rotta, slug, oggetto), caso.modulo, file
    )
    return risposta


def senza_segni(risposta: httpx.Response, dati: Dati, *eccetto: str) -> None:
    testo = risposta.text + str(risposta.headers)
    for segno in dati.segni:
        assert segno in eccetto or segno not in testo, segno


async def test_ogni_rotta_di_un_ambito_ha_qui_il_suo_caso(casa: Casa) -> None:
    trovate = {(metodo, percorso) for metodo, percorso, _ in rotte(casa.app)}
    assert {r for r in trovate if "{ambito:" in r[1]} == set(CASI)


@pytest.mark.parametrize("rotta", ROTTE, ids=" ".join)
async def test_un_ambito_altrui_non_esiste(
    casa: Casa, entra: Entra, rotta: tuple[str, str]
) -> None:
    prima = await fotografia(casa.banca, "cremona")
    oggetto = casa.altrui.oggetti.get(CASI[rotta].oggetto or "", "")
    for chi in ("rita.crema", "olga.crema", "pia.pandino"):
        cliente = await entra(chi)
        risposta = await prova(cliente, rotta, "cremona", oggetto)
        assert risposta.status_code == 404
        senza_segni(risposta, casa.altrui, oggetto)
        # An ambito that exists and one that does not are refused with the same words.
        inesistente = await prova(cliente, rotta, "nessuno", oggetto)
        assert inesistente.status_code == 404
        assert _parole(risposta) == _parole(inesistente)
    assert await fotografia(casa.banca, "cremona") == prima


def _parole(risposta: httpx.Response) -> str:
    """The page without what changes each time."""
    from lxml import html

    principale = html.fromstring(risposta.text).xpath("//main")
    testo = " ".join(str(principale[0].text_content()).split())
    return re.sub(r"\b[0-9a-f]{32}\b", "", testo)


@pytest.mark.parametrize("rotta", CON_OGGETTO, ids=" ".join)
async def test_un_oggetto_altrui_non_esiste_nemmeno_dal_proprio_ambito(
    casa: Casa, entra: Entra, rotta: tuple[str, str]
) -> None:
    prima = await fotografia(casa.banca, "cremona"), await fotografia(casa.banca, "crema")
    altrui = casa.altrui.oggetti[CASI[rotta].oggetto or ""]
    risposta = await prova(await entra("rita.crema"), rotta, "crema", altrui)
    assert risposta.status_code == 404
    senza_segni(risposta, casa.altrui, altrui)
    assert (await fotografia(casa.banca, "cremona"), await fotografia(casa.banca, "crema")) == prima


@pytest.mark.parametrize("rotta", CON_OGGETTO, ids=" ".join)
async def test_un_oggetto_che_nessuno_ha_e_un_404_anche_con_un_numero_smisurato(
    entra: Entra, rotta: tuple[str, str]
) -> None:
    if "uuid" in rotta[1]:
        numeri = ["00000000-0000-4000-8000-000000000000", "x"]
    else:
        numeri = ["0", "-1", "999999999", "3000000000", "9" * 20, "9" * 400, "x"]
    for numero in numeri:
        risposta = await prova(await entra("rita.crema"), rotta, "crema", numero)
        assert risposta.status_code == 404, numero


@pytest.mark.parametrize("rotta", LETTURE, ids=" ".join)
async def test_nelle_proprie_pagine_non_c_e_nulla_d_altri(
    casa: Casa, entra: Entra, rotta: tuple[str, str]
) -> None:
    caso = CASI[rotta]
    for chi, nostri, altrui in (
        ("rita.crema", casa.nostri, casa.altrui),
        ("vera.cremona", casa.altrui, casa.nostri),
    ):
        oggetto = nostri.oggetti.get(caso.oggetto or "", "")
        risposta = await prova(await entra(chi), rotta, nostri.slug, oggetto)
        if rotta[1].endswith(
            # The publication is not open: there is nothing to close.
            ("cerca", "/domanda", "/schemi/uno", "/anteprima", "/pubblicazioni/{id_:int}/chiudi")
        ):
            atteso = 303
        elif rotta[1].endswith(
            ("{pagina:str}", "/anni/{anno:int}/{plugin:str}", "/rilasci/{id_:uuid}")
        ):
            # No plugin of these ambiti has pages, no year is pinned, and this job is no release.
            atteso = 404
        else:
            atteso = 200
        assert risposta.status_code == atteso
        senza_segni(risposta, altrui)
        if caso.mostra:
            assert any(segno in risposta.text for segno in nostri.segni), "the test proves nothing"


async def test_cercare_una_persona_d_altri_non_la_trova(casa: Casa, entra: Entra) -> None:
    for chi, slug, trovata in (("rita.crema", "crema", False), ("vera.cremona", "cremona", True)):
        for segno in ("Altruizia", casa.altrui.segni[1]):
            risposta = await (await entra(chi)).vai(
                "POST", f"/{slug}/prestazioni/cerca?anno=2025", {"persona": segno}
            )
            assert risposta.status_code == 200
            assert (casa.altrui.segni[1] in _parole(risposta)) is trovata


@pytest.mark.parametrize("filtro", ["comune", "ente", "codice", "anno", "carattere", "pagina"])
async def test_nessun_filtro_fa_vedere_le_prestazioni_d_altri(
    casa: Casa, entra: Entra, filtro: str
) -> None:
    async with unita_di_lavoro(await contesto("cremona")) as unita:
        ente = await unita.valore("SELECT id FROM ente WHERE codice = 'D150'")
    valori = {"comune": "D150", "ente": str(ente), "codice": "A2.07' OR true --", "anno": "2025",
              "carattere": "x", "pagina": "2"}  # fmt: skip
    cliente = await entra("rita.crema")
    risposta = await cliente.get(
        "/crema/prestazioni", params={"anno": "2025", filtro: valori[filtro]}
    )
    assert risposta.status_code == 200
    senza_segni(risposta, casa.altrui)


# --- who is not of the ambito -------------------------------------------------------------------


async def test_chi_non_e_entrato_va_all_accesso_da_ogni_pagina_non_pubblica(
    casa: Casa, entra: Entra
) -> None:
    cliente = await entra(None)
    provate = 0
    for metodo, percorso, permesso in rotte(casa.app):
        # A HEAD says less than its GET.
        chiesta = ("GET" if metodo == "HEAD" else metodo, percorso)
        assert (permesso == "pubblico") == (chiesta in PUBBLICHE), percorso
        if permesso == "pubblico":
            continue
        rotta = (metodo, percorso)
        if rotta in CASI:
            oggetto = casa.nostri.oggetti.get(CASI[rotta].oggetto or "", "")
            risposta = await prova(cliente, rotta, "crema", oggetto)
        else:
            preciso = re.sub(r"\{\w+:int\}", "1", percorso).replace("{ats:str}", "valpadana")
            risposta = await cliente.vai(metodo, preciso, {})
        assert risposta.status_code == 303, percorso
        assert risposta.headers["location"].split("?")[0] == "/accesso", percorso
        senza_segni(risposta, casa.nostri, *casa.nostri.oggetti.values())
        provate += 1
    assert provate > len(CASI)


@pytest.mark.parametrize("chi", ["aldo.ats", "anna.ammi"])
async def test_l_analista_e_l_amministratore_non_vedono_nessun_ambito(
    casa: Casa, entra: Entra, chi: str
) -> None:
    cliente = await entra(chi)
    prima = await fotografia(casa.banca, "crema")
    for rotta in ROTTE:
        for dati in (casa.nostri, casa.altrui):
            oggetto = dati.oggetti.get(CASI[rotta].oggetto or "", "")
            risposta = await prova(cliente, rotta, dati.slug, oggetto)
            assert risposta.status_code == 404, rotta
            senza_segni(risposta, dati, oggetto)
    risposta = await cliente.get("/profilo")
    assert risposta.status_code == 200
    senza_segni(risposta, casa.altrui)
    senza_segni(risposta, casa.nostri)
    assert await fotografia(casa.banca, "crema") == prima


async def test_chi_ha_un_solo_ambito_non_amministra_la_piattaforma(entra: Entra) -> None:
    for chi in ("rita.crema", "olga.crema", "pia.pandino", "aldo.ats"):
        cliente = await entra(chi)
        assert (await cliente.get("/amministrazione/utenti")).status_code == 403
        assert (await cliente.vai("POST", "/amministrazione/incarichi", {})).status_code == 403
        if chi != "aldo.ats":
            assert (await cliente.get("/ats/valpadana")).status_code == 403


NEGATI = {
    "olga.crema": {("GET", "/{ambito:str}/debito/{id_:uuid}/invio"),
                   ("POST", "/{ambito:str}/debito/{id_:uuid}/invio"),
                   ("POST", "/{ambito:str}/debito/responsabili"),
                   ("GET", "/{ambito:str}/registro")},
    "pia.pandino": {r for r in ROTTE if "completezza" not in r[1] and any(
        f"/{parte}" in r[1] for parte in ("debito", "lavori", "plugin", "registro", "spesa/nuova",
        "termini", "passi", "proroga", "riparti", "recapiti", "promemoria"))},
}  # fmt: skip


@pytest.mark.parametrize("chi", list(NEGATI))
async def test_nel_proprio_ambito_si_fa_solo_cio_che_l_incarico_prevede(
    casa: Casa, entra: Entra, chi: str
) -> None:
    cliente = await entra(chi)
    prima = await fotografia(casa.banca, "crema")
    for rotta in sorted(NEGATI[chi]):
        oggetto = casa.nostri.oggetti.get(CASI[rotta].oggetto or "", "")
        assert (await prova(cliente, rotta, "crema", oggetto)).status_code == 403, rotta
    assert await fotografia(casa.banca, "crema") == prima


async def test_chi_lavora_per_un_comune_vede_le_sue_righe_e_non_i_file_dell_ambito(
    casa: Casa, entra: Entra
) -> None:
    cliente = await entra("pia.pandino")
    elenco = await cliente.get("/crema/prestazioni?anno=2025")
    assert casa.nostri.segni[1] in elenco.text
    assert casa.nostri.segni[2] not in elenco.text
    di_crema = f"/crema/prestazioni/{casa.nostri.oggetti['prestazione']}"
    assert (await cliente.get(di_crema)).status_code == 404
    for lotto in ("lotto", "fermo"):
        for coda in ("", "/errori.csv"):
            risposta = await cliente.get(f"/crema/importazioni/{casa.nostri.oggetti[lotto]}{coda}")
            assert risposta.status_code == 404
        assert (await cliente.vai("POST", f"/crema/importazioni/{casa.nostri.oggetti[lotto]}/decidi",
                                  {"azione": "tieni"})).status_code == 404  # fmt: skip
    assert "Nostrana.csv" not in (await cliente.get("/crema/importazioni")).text


async def test_chi_lavora_per_un_comune_non_legge_la_spesa_degli_altri(entra: Entra) -> None:
    for via in ("analisi?anno=2025", "analisi.csv", "analisi?anno=2025&comune=019035"):
        risposta = await (await entra("pia.pandino")).get(f"/crema/spesa/{via}")
        assert risposta.status_code == (400 if "comune=" in via else 200)
        assert "8765,43" not in risposta.text
        assert "8.765,43" not in risposta.text


async def test_chi_e_un_minore_lo_sa_solo_chi_vede_la_sua_scheda(casa: Casa, entra: Entra) -> None:
    nostro, altrui = (f"/minori/{d.oggetti['minore']}/persona" for d in (casa.nostri, casa.altrui))
    cf = codice_fiscale(7)
    assert cf not in (await (await entra("rita.crema")).get("/crema/minori?anno=2025")).text
    assert cf in (await (await entra("rita.crema")).vai("POST", f"/crema{nostro}", {})).text
    # Of another comune, of another ambito: there is no such record.
    for chi, dove in (
        ("pia.pandino", f"/crema{nostro}"),
        ("rita.crema", f"/crema{altrui}"),
        ("rita.crema", f"/cremona{altrui}"),
        ("vera.cremona", f"/cremona{nostro}"),
    ):
        risposta = await (await entra(chi)).vai("POST", dove, {})
        assert risposta.status_code == 404
        assert cf not in risposta.text
    cerca = await (await entra("pia.pandino")).vai(
        "POST", "/crema/minori/cerca?anno=2025", {"minore": cf}
    )
    assert cerca.status_code == 200
    assert casa.nostri.segni[5] not in cerca.text
    async with unita_di_lavoro(await contesto("crema")) as unita:
        chieste = await unita.righe(
            "SELECT oggetto_id FROM registro WHERE azione = 'minori.persona'"
        )
    assert [riga["oggetto_id"] for riga in chieste] == [casa.nostri.segni[5]]


async def test_senza_il_gettone_del_modulo_nulla_si_fa(casa: Casa, entra: Entra) -> None:
    cliente = await entra("rita.crema")
    prima = await fotografia(casa.banca, "crema")
    for rotta in ROTTE:
        if rotta[0] != "POST":
            continue
        oggetto = casa.nostri.oggetti.get(CASI[rotta].oggetto or "", "")
        risposta = await cliente.post(
            indirizzo(rotta, "crema", oggetto), data=CASI[rotta].modulo or {}
        )
        assert risposta.status_code == 403, rotta
    assert await fotografia(casa.banca, "crema") == prima


# --- services and files -------------------------------------------------------------------------


async def test_i_servizi_stessi_non_trovano_cio_che_e_d_altri(casa: Casa) -> None:
    altrui = casa.altrui.oggetti
    esportazione = UUID(altrui["esportazione"])
    async with unita_di_lavoro(await contesto("crema")) as unita:
        for chiamata in (
            lambda: debito.esportazione(esportazione),
            lambda: debito.manifesto_di(esportazione),
            lambda: debito.per_scaricare(esportazione),
            lambda: debito.registra_invio(esportazione, "pec", None),
            lambda: stato_lavoro(UUID(altrui["lavoro"])),
            lambda: consultazione.dettaglio(int(altrui["prestazione"])),
            lambda: consultazione.lotto(int(altrui["lotto"])),
        ):
            with pytest.raises(NonTrovato):
                async with unita.punto_di_ritorno():
                    await chiamata()
        assert await debito.invii(esportazione) == []


async def test_il_file_che_si_scarica_e_il_proprio(casa: Casa, entra: Entra) -> None:
    for chi, dati in (("rita.crema", casa.nostri), ("vera.cremona", casa.altrui)):
        id_ = dati.oggetti["esportazione"]
        file = await (await entra(chi)).get(f"/{dati.slug}/debito/{id_}/file")
        manifesto = await (await entra(chi)).get(f"/{dati.slug}/debito/{id_}/manifesto.json")
        assert hashlib.sha256(file.content).hexdigest() == json.loads(manifesto.text)["sha256"]
        assert file.headers["content-length"] == str(len(file.content))
        assert dati.segni[1] in file.text


async def test_ogni_ambito_ha_il_suo_deposito_e_dentro_ci_sono_solo_i_suoi_file(casa: Casa) -> None:
    nomi = {slug: archivio().nome_bucket(slug) for slug in ("crema", "cremona")}
    assert len(set(nomi.values())) == 2
    for dati, altrui in ((casa.nostri, casa.altrui), (casa.altrui, casa.nostri)):
        oggetti = list(archivio().cliente.list_objects(nomi[dati.slug], recursive=True))
        assert len(oggetti) >= 2
        for oggetto in oggetti:
            pezzi = archivio().leggi_a_flusso(nomi[dati.slug], str(oggetto.object_name))
            contenuto = b"".join([p async for p in pezzi]).decode()
            assert any(segno in contenuto for segno in dati.segni)
            for segno in altrui.segni:
                assert segno not in contenuto
    righe = await interroga(
        casa.banca.superutente,
        "SELECT DISTINCT a.slug, e.bucket FROM esportazione e JOIN ambito a ON a.id = e.ambito_id "
        "WHERE e.bucket IS NOT NULL",
    )
    assert {(r["slug"], r["bucket"]) for r in righe} == set(nomi.items())


async def test_l_agenzia_legge_le_sole_pubblicazioni_che_la_nominano(
    casa: Casa, entra: Entra
) -> None:
    aldo = await entra("aldo.ats")
    nostra = casa.nostri.oggetti["pubblicazione_organo"]
    elenco = await aldo.vai("GET", "/ats/valpadana/organi")
    assert elenco.status_code == 200
    assert "Nostrana" not in elenco.text
    assert (await aldo.vai("GET", f"/ats/valpadana/organi/{nostra}")).status_code == 404
    await interroga(
        casa.banca.superutente,
        "UPDATE pubblicazione_organo SET ats = ARRAY[(SELECT id FROM ats WHERE slug = 'valpadana')] "
        "WHERE id = $1",
        int(nostra),
    )
    try:
        assert "Seduta Nostrana" in (await aldo.vai("GET", "/ats/valpadana/organi")).text
        letta = await aldo.vai("GET", f"/ats/valpadana/organi/{nostra}")
        assert letta.status_code == 200
        assert "Seduta Nostrana" in letta.text
        assert "Ritira" not in letta.text
        altrui = casa.altrui.oggetti["pubblicazione_organo"]
        assert (await aldo.vai("GET", f"/ats/valpadana/organi/{altrui}")).status_code == 404
    finally:
        await interroga(
            casa.banca.superutente,
            "UPDATE pubblicazione_organo SET ats = '{}' WHERE id = $1",
            int(nostra),
        )
