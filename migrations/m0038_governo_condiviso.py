"""Published meetings, acts as proofs, the end of an extension, local holidays, comuni that adhere."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T09:30:00:000038"
VERSION = "1.40.0"
DESCRIPTION = "Governo: sedute pubblicate, prove con atto, fine di una proroga, feste locali"

SQL = r"""
-- A meeting of a shared body, published at each of its steps: the copy in force is one, and the one
-- before it is withdrawn. Who reads it finds it by the number of the meeting, which does not change.
ALTER TABLE pubblicazione_organo
  ADD seduta_id integer,
  ADD FOREIGN KEY (ambito_id, seduta_id) REFERENCES seduta (ambito_id, id),
  ADD CHECK (seduta_id IS NULL OR specie = 'seduta');
CREATE UNIQUE INDEX pubblicazione_di_una_seduta ON pubblicazione_organo (ambito_id, seduta_id)
  WHERE seduta_id IS NOT NULL AND ritirata_il IS NULL;

-- Why the minutes are published by another day than the rule gives.
ALTER TABLE seduta ADD motivo_termine text CHECK (length(motivo_termine) BETWEEN 3 AND 300);
GRANT UPDATE (motivo_termine) ON seduta TO capofila_app;

-- The act that proves a deadline, where it is one of the register.
ALTER TABLE adempimento_fatto
  ADD deliberazione_id integer,
  ADD FOREIGN KEY (ambito_id, deliberazione_id) REFERENCES deliberazione (ambito_id, id),
  ADD CHECK (deliberazione_id IS NULL OR specie_prova IS NOT DISTINCT FROM 'atto');

-- A comune that did not sign may adhere, by an act.
ALTER TABLE adesione ADD istat char(6) REFERENCES comune;

-- An extension that another act withdrew or annulled: from a day, and with what.
ALTER TABLE modifica_accordo
  ADD cessata_dal date,
  ADD cessata_con text CHECK (length(cessata_con) BETWEEN 3 AND 300),
  ADD CHECK ((cessata_dal IS NULL) = (cessata_con IS NULL)),
  ADD CHECK (cessata_dal IS NULL OR specie = 'proroga');
GRANT UPDATE (cessata_dal, cessata_con) ON modifica_accordo TO capofila_app;

-- The day on which the offices of a comune do not work, every year: its patron saint.
CREATE TABLE festa_locale (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  istat char(6) NOT NULL REFERENCES comune,
  mese smallint NOT NULL CHECK (mese BETWEEN 1 AND 12),
  giorno smallint NOT NULL CHECK (giorno BETWEEN 1 AND 31),
  nome text NOT NULL CHECK (length(nome) BETWEEN 1 AND 120),
  fonte text NOT NULL CHECK (length(fonte) BETWEEN 1 AND 600),
  PRIMARY KEY (ambito_id, id),
  UNIQUE (ambito_id, istat, mese, giorno)
);
SELECT proteggi('festa_locale', 'SELECT, INSERT, UPDATE, DELETE');
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
