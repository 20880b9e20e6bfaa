"""Comuni and their population; enti, sub-ambiti and dated membership of an ambito."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000003"
VERSION = "1.38.0"
DESCRIPTION = "Comuni, popolazione, enti, sub-ambiti, appartenenze"

SQL = r"""
-- Reference data of ISTAT and of the Agenzia delle Entrate, the same for every ambito. A comune
-- that ended stays, with its last day.
CREATE TABLE comune (
  istat char(6) PRIMARY KEY CHECK (istat ~ '^[0-9]{6}$'),
  nome text NOT NULL,
  belfiore char(4) NOT NULL CHECK (belfiore ~ '^[A-Z][0-9]{3}$'),
  provincia char(2) NOT NULL,
  cap char(5),
  latitudine numeric(8,5),
  longitudine numeric(8,5),
  dal date,
  al date,
  fonte text NOT NULL
);
CREATE UNIQUE INDEX ON comune (belfiore);
SELECT condividi('comune', 'SELECT, INSERT, UPDATE');
ALTER TABLE incarico ADD FOREIGN KEY (comune) REFERENCES comune;

-- The comune that ended and the one that took it in, from a day on.
CREATE TABLE fusione (
  istat_cessato char(6) NOT NULL REFERENCES comune,
  istat_nuovo char(6) NOT NULL REFERENCES comune,
  dal date NOT NULL,
  fonte text NOT NULL,
  PRIMARY KEY (istat_cessato, istat_nuovo)
);
SELECT condividi('fusione', 'SELECT, INSERT, UPDATE');

-- Residents of a comune in a year, by source; `anno` is null where the source does not state it.
CREATE TABLE popolazione (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  istat char(6) NOT NULL REFERENCES comune,
  anno smallint,
  residenti integer NOT NULL CHECK (residenti >= 0),
  fonte text NOT NULL,
  UNIQUE NULLS NOT DISTINCT (istat, anno, fonte)
);
SELECT condividi('popolazione', 'SELECT, INSERT, UPDATE');

-- A public body that acts in the ambito: a comune, an azienda, a union. `belfiore` is its code as
-- an ente of the INPS flow. `come_ricevuto`: its records from old software go out attribute for
-- attribute, faults included. `invio_proprio`: it sends its own flow, the ambito does not.
-- `mittente`: it sends the flow of all the others, by the hand of `cf_operatore`.
CREATE TABLE ente (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  tipo text NOT NULL CHECK (tipo IN ('comune', 'azienda', 'unione', 'ats', 'altro')),
  denominazione text NOT NULL CHECK (length(denominazione) BETWEEN 1 AND 200),
  sigla text CHECK (length(sigla) BETWEEN 1 AND 40),
  codice text COLLATE "C",
  istat char(6) REFERENCES comune,
  sede text,
  cf_operatore text,
  capofila boolean NOT NULL DEFAULT false,
  come_ricevuto boolean NOT NULL DEFAULT false,
  invio_proprio boolean NOT NULL DEFAULT false,
  mittente boolean NOT NULL DEFAULT false,
  operatore_dimostrativo boolean NOT NULL DEFAULT false,
  dal date,
  al date,
  fonte text,
  PRIMARY KEY (ambito_id, id),
  CHECK (tipo <> 'comune' OR istat IS NOT NULL)
);
CREATE UNIQUE INDEX ON ente (ambito_id, codice) WHERE codice IS NOT NULL;
CREATE UNIQUE INDEX ON ente (ambito_id, lower(denominazione));
CREATE UNIQUE INDEX ON ente (ambito_id) WHERE capofila;
CREATE UNIQUE INDEX ON ente (ambito_id) WHERE mittente;
SELECT proteggi('ente');

-- A group of comuni of the ambito: a sub-ambito of the agreement, or a zone that only serves to
-- represent them (the four of the Casalasco).
CREATE TABLE sub_ambito (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  tipo text NOT NULL DEFAULT 'sub_ambito' CHECK (tipo IN ('sub_ambito', 'zona')),
  codice text COLLATE "C" NOT NULL,
  nome text NOT NULL,
  referente char(6) REFERENCES comune,
  dal date,
  al date,
  fonte text,
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, codice)
);
SELECT proteggi('sub_ambito');

-- A comune belongs to the ambito, and to one of its sub-ambiti, from a day to a day; a null first
-- day is one that no source gives. The exclusion is checked at the end of the statement that moves
-- a border between two periods, which touches both.
CREATE TABLE appartenenza (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  istat char(6) NOT NULL REFERENCES comune,
  sub_ambito_id integer,
  dal date,
  al date,
  atto text,
  fonte text NOT NULL,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, sub_ambito_id) REFERENCES sub_ambito (ambito_id, id),
  CHECK (al IS NULL OR dal IS NULL OR al >= dal),
  CONSTRAINT appartenenza_senza_sovrapposizioni EXCLUDE USING gist
    (ambito_id WITH =, istat WITH =, daterange(dal, al, '[]') WITH &&) DEFERRABLE
);
SELECT proteggi('appartenenza');

-- The comuni of a union, as far as sources tell; `attestata_il` is the day of the source that names
-- them. Being in a union moves no function by itself: `funzione_unione` does.
CREATE TABLE componente_unione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  ente_id integer NOT NULL,
  istat char(6) NOT NULL REFERENCES comune,
  dal date,
  al date,
  attestata_il date,
  fonte text NOT NULL,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, ente_id) REFERENCES ente (ambito_id, id),
  CHECK (al IS NULL OR dal IS NULL OR al >= dal),
  CONSTRAINT componente_senza_sovrapposizioni EXCLUDE USING gist
    (ambito_id WITH =, ente_id WITH =, istat WITH =, daterange(dal, al, '[]') WITH &&) DEFERRABLE
);
SELECT proteggi('componente_unione');

-- A union of comuni takes over a function of a comune (Accordo 2015-2017, art. 19).
CREATE TABLE funzione_unione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  ente_id integer NOT NULL,
  istat char(6) NOT NULL REFERENCES comune,
  funzione text NOT NULL,
  dal date NOT NULL,
  al date,
  atto text,
  fonte text NOT NULL,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, ente_id) REFERENCES ente (ambito_id, id),
  CHECK (al IS NULL OR al >= dal),
  CONSTRAINT funzione_senza_sovrapposizioni EXCLUDE USING gist
    (ambito_id WITH =, istat WITH =, funzione WITH =, daterange(dal, al, '[]') WITH &&) DEFERRABLE
);
SELECT proteggi('funzione_unione');

-- What a reader of the territory has to know and no other row says: above all, doubts of sources.
CREATE TABLE nota_territorio (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  codice text COLLATE "C" NOT NULL,
  testo text NOT NULL,
  istat char(6) REFERENCES comune,
  dal date,
  al date,
  fonte text NOT NULL,
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, codice),
  CHECK (al IS NULL OR dal IS NULL OR al >= dal)
);
SELECT proteggi('nota_territorio');
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
