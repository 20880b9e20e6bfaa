"""Piccolo tables of the accounts; the real definition is in ``migrations/m0002_accessi.py``.

``ambito_id`` is part of every key of a tenant table; Piccolo knows one column a key, so here it is
an ordinary column and every query names it.
"""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    BigInt,
    Boolean,
    Date,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from capofila.base.database import MOTORE


class Utente(Table, db=MOTORE, tablename="utente"):
    """An account of the platform; it belongs to no ambito."""

    id = BigInt(primary_key=True, null=False)
    nome_accesso = Text(unique=True)
    nome = Text()
    amministratore = Boolean()
    attivo = Boolean()
    creato_il = Timestamptz()
    ultimo_accesso_il = Timestamptz(null=True)


class Incarico(Table, db=MOTORE, tablename="incarico"):
    """What a person is in an ambito, from a day to a day."""

    ambito_id = SmallInt()
    id = Integer(primary_key=True)
    utente_id = BigInt()
    ruolo = Text()
    comune = Text(null=True)
    dal = Date()
    al = Date(null=True)


class Registro(Table, db=MOTORE, tablename="registro"):
    """Who did what in an ambito: rows are only added."""

    ambito_id = SmallInt()
    id = BigInt(primary_key=True)
    quando = Timestamptz()
    utente_id = BigInt(null=True)
    azione = Text()
    oggetto = Text(null=True)
    oggetto_id = Text(null=True)
    dettagli = JSONB()
    traccia = Text(null=True)
