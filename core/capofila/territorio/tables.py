"""Tables of the territory, as Piccolo sees them; the real definition is in the migrations."""

from __future__ import annotations

from piccolo.columns import (
    Boolean,
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


class Ambito(Table, db=MOTORE, tablename="ambito"):
    """A tenant of the platform."""

    id = SmallInt(primary_key=True)
    slug = Text()
    nome = Text()
    capofila = Text()
    provincia = Char(length=2)
    link_accessibilita = Text(null=True)
    link_privacy = Text(null=True)
    codice_ipa = Text(null=True)
    contatto_dati = Text(null=True)
    fonte = Text(null=True)
    creato_il = Timestamptz()


class Comune(Table, db=MOTORE, tablename="comune"):
    """A comune of today or of yesterday; the same for every ambito."""

    istat = Char(length=6, primary_key=True)
    nome = Text()
    belfiore = Char(length=4)
    provincia = Char(length=2)
    cap = Char(length=5, null=True)
    latitudine = Numeric(digits=(8, 5), null=True)
    longitudine = Numeric(digits=(8, 5), null=True)
    dal = Date(null=True)
    al = Date(null=True)
    fonte = Text()


class Fusione(Table, db=MOTORE, tablename="fusione"):
    """What became of a comune that ended. Its key in the database has both codes."""

    istat_cessato = Char(length=6, primary_key=True)
    istat_nuovo = Char(length=6)
    dal = Date()
    fonte = Text()


class Popolazione(Table, db=MOTORE, tablename="popolazione"):
    """Inhabitants of a comune in a year, by source."""

    id = Integer(primary_key=True)
    istat = Char(length=6)
    anno = SmallInt(null=True)
    residenti = Integer()
    fonte = Text()


class Ente(Table, db=MOTORE, tablename="ente"):
    """A public body that acts in the ambito."""

    ambito_id = SmallInt()
    id = Integer(primary_key=True)
    tipo = Text()
    denominazione = Text()
    sigla = Text(null=True)
    codice = Text(null=True)
    istat = Char(length=6, null=True)
    sede = Text(null=True)
    cf_operatore = Text(null=True)
    capofila = Boolean()
    come_ricevuto = Boolean()
    invio_proprio = Boolean()
    mittente = Boolean()
    operatore_dimostrativo = Boolean()
    dal = Date(null=True)
    al = Date(null=True)
    fonte = Text(null=True)


class SubAmbito(Table, db=MOTORE, tablename="sub_ambito"):
    """A group of comuni of the ambito."""

    ambito_id = SmallInt()
    id = Integer(primary_key=True)
    tipo = Text()
    codice = Text()
    nome = Text()
    referente = Char(length=6, null=True)
    dal = Date(null=True)
    al = Date(null=True)
    fonte = Text(null=True)


class Appartenenza(Table, db=MOTORE, tablename="appartenenza"):
    """A comune belongs to the ambito, and to one of its groups, from a day to a day."""

    ambito_id = SmallInt()
    id = Integer(primary_key=True)
    istat = Char(length=6)
    sub_ambito_id = Integer(null=True)
    dal = Date(null=True)
    al = Date(null=True)
    atto = Text(null=True)
    fonte = Text()


class ComponenteUnione(Table, db=MOTORE, tablename="componente_unione"):
    """A comune is in a union."""

    ambito_id = SmallInt()
    id = Integer(primary_key=True)
    ente_id = Integer()
    istat = Char(length=6)
    dal = Date(null=True)
    al = Date(null=True)
    attestata_il = Date(null=True)
    fonte = Text()


class FunzioneUnione(Table, db=MOTORE, tablename="funzione_unione"):
    """A comune transferred a function to a union."""

    ambito_id = SmallInt()
    id = Integer(primary_key=True)
    ente_id = Integer()
    istat = Char(length=6)
    funzione = Text()
    dal = Date()
    al = Date(null=True)
    atto = Text(null=True)
    fonte = Text()


class NotaTerritorio(Table, db=MOTORE, tablename="nota_territorio"):
    """What a reader of the territory has to know and no other row says."""

    ambito_id = SmallInt()
    id = Integer(primary_key=True)
    codice = Text()
    testo = Text()
    istat = Char(length=6, null=True)
    dal = Date(null=True)
    al = Date(null=True)
    fonte = Text()


TABELLE: tuple[type[Table], ...] = (
    Ambito,
    Comune,
    Fusione,
    Popolazione,
    Ente,
    SubAmbito,
    Appartenenza,
    ComponenteUnione,
    FunzioneUnione,
    NotaTerritorio,
)
