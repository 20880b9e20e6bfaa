"""The files of the debito informativo: exports, their manifests, and their sending."""

from capofila.base.migrazione import da_sql

ID = "2026-11-22T12:00:00:000005"
VERSION = "1.38.0"
DESCRIPTION = "Esportazioni e invii"

SQL = r"""
CREATE TABLE esportazione (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  flusso text COLLATE "C" NOT NULL,
  periodo text COLLATE "C" NOT NULL,
  dal date NOT NULL,
  al date NOT NULL,
  ente_id integer NOT NULL,
  lotto_ricevuto_id integer,
  escludi_errate boolean NOT NULL DEFAULT false,
  nome_flusso text COLLATE "C" NOT NULL,
  stato text NOT NULL DEFAULT 'in_preparazione'
    CHECK (stato IN ('in_preparazione', 'sigillata', 'respinta', 'inviata')),
  righe bigint,
  byte bigint,
  sha256 char(64),
  bucket text,
  oggetto text,
  versione_oggetto text,
  manifesto jsonb,
  avvisi jsonb NOT NULL DEFAULT '[]',
  impronta_dati char(64),
  lavoro_id uuid,
  richiesta_da bigint DEFAULT utente_corrente(),
  richiesta_il timestamptz NOT NULL DEFAULT now(),
  sigillata_il timestamptz,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, ente_id) REFERENCES ente (ambito_id, id),
  FOREIGN KEY (ambito_id, lotto_ricevuto_id) REFERENCES lotto (ambito_id, id),
  FOREIGN KEY (ambito_id, lavoro_id) REFERENCES lavoro (ambito_id, id),
  CHECK (al >= dal),
  CHECK (stato NOT IN ('sigillata', 'inviata') OR (sha256 IS NOT NULL AND oggetto IS NOT NULL AND manifesto IS NOT NULL))
);
CREATE INDEX ON esportazione (ambito_id, richiesta_il DESC);
CREATE INDEX ON esportazione (ambito_id, nome_flusso);
SELECT proteggi('esportazione');

-- What was sent, when, by whom, and until when its object is locked. Rows are only added.
CREATE TABLE invio (
  ambito_id smallint NOT NULL REFERENCES ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  esportazione_id uuid NOT NULL,
  inviata_il timestamptz NOT NULL DEFAULT now(),
  canale text NOT NULL CHECK (canale IN ('portale', 'pec', 'altro')),
  protocollo text CHECK (length(protocollo) <= 120),
  inviata_da bigint DEFAULT utente_corrente(),
  bloccata_fino timestamptz NOT NULL,
  PRIMARY KEY (ambito_id, id),
  FOREIGN KEY (ambito_id, esportazione_id) REFERENCES esportazione (ambito_id, id)
);
SELECT proteggi('invio', 'SELECT, INSERT');
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
