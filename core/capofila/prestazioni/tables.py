"""Tables of the prestazioni, as Piccolo sees them; the real definition is in the migrations."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    BigInt,
    Boolean,
    Bytea,
    Char,
    Date,
    Integer,
    Numeric,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from capofila.base.database import MOTORE


class Lotto(Table, db=MOTORE, tablename="lotto"):
    """A file brought in, and what was decided of it."""

    ambito_id = SmallInt()
    id = Integer(primary_key=True)
    nome_file = Text()
    formato = Text()
    flusso = Text()
    sha256 = Char(length=64)
    byte = BigInt()
    stato = Text()
    righe = Integer()
    valide = Integer()
    importate = Integer()
    errori_totali = Integer()
    errori = JSONB(null=True)
    avvisi = JSONB(null=True)
    contenuto = Bytea(null=True)
    intestazione = JSONB(null=True)
    come_ricevuto = Boolean()
    comune = Text(null=True)
    gia_inviate = Boolean()
    caricato_da = BigInt(null=True)
    caricato_il = Timestamptz()
    deciso_il = Timestamptz(null=True)
    scade_il = Timestamptz(null=True)


class Prestazione(Table, db=MOTORE, tablename="prestazione"):
    """A prestazione sociale as it was granted; the columns that the pages read."""

    ambito_id = SmallInt()
    id = BigInt(primary_key=True)
    lotto_id = Integer()
    riga = Integer()
    anno = SmallInt()
    competenza = Date(null=True)
    comune_titolare = Text()
    ente_erogatore_id = Integer()
    codice_fiscale = Text()
    cognome = Text()
    nome = Text()
    codice_prestazione = Text()
    denominazione_prestazione = Text(null=True)
    protocollo_domanda = Text()
    carattere = Text(null=True)
    data_inizio = Date(null=True)
    data_fine = Date(null=True)
    data_erogazione = Date(null=True)
    importo_mensile = Numeric(null=True)
    importo = Numeric(null=True)
    quota_ente = Numeric(null=True)
    quota_utente = Numeric(null=True)
    quota_ssn = Numeric(null=True)
    presa_in_carico = Text(null=True)
    come_ricevuto = Boolean()
    conforme_a = Integer(null=True)
    sostituita_lotto = Integer(null=True)


class SchedaSinba(Table, db=MOTORE, tablename="scheda_sinba"):
    """A record of the SINBA flow, under a pseudonym."""

    ambito_id = SmallInt()
    id = BigInt(primary_key=True)
    lotto_id = Integer()
    anno = SmallInt()
    id_beneficiario = Text()
    ente_erogatore_id = Integer()
    come_ricevuto = Boolean()
    sostituita_lotto = Integer(null=True)
