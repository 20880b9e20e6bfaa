"""The SQL of the plugins' tables, made of what they declare. Pure.

Names are checked by the declarations (small letters, digits, underscore) and quoted all the same; no text
of a plugin gets here. Every table is protected as those of the core are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from capofila.hooks import Campo, MigrazionePlugin, NuovaTabella, NuoveColonne, Tipo
from capofila.hooks.tabelle import TESTO_MASSIMO

SPECIE: Final = {
    Tipo.TESTO: "text", Tipo.CODICE: "text", Tipo.SI_NO: "text", Tipo.ANNO: "smallint",
    Tipo.INTERO: "bigint", Tipo.IMPORTO: "numeric(14,2)", Tipo.DATA: "date",
}  # fmt: skip
"""The type of the column of each kind of field."""


def schema_di(plugin: str) -> str:
    """The name of the schema of a plugin."""
    return f"plugin_{plugin}"


def nome_pieno(plugin: str, tabella: str) -> str:
    """A table with its schema, quoted."""
    return f'"{schema_di(plugin)}"."{tabella}"'


def impronta(migrazione: MigrazionePlugin) -> str:
    """The digest of what a migration does: its steps, not its source nor its days."""
    passi = msgspec.json.encode(migrazione.passi, order="sorted")
    return hashlib.sha256(passi).hexdigest()


def crea_schema(plugin: str) -> str:
    """The schema, which the application and the back-up may look into."""
    nome = schema_di(plugin)
    return (
        f'CREATE SCHEMA IF NOT EXISTS "{nome}";\n'
        f'GRANT USAGE ON SCHEMA "{nome}" TO capofila_app, capofila_backup;'
    )


def sql(plugin: str, migrazione: MigrazionePlugin) -> str:
    """The statements of a migration."""
    return "\n".join(_passi(plugin, migrazione))


def _passi(plugin: str, migrazione: MigrazionePlugin) -> Iterator[str]:
    for passo in migrazione.passi:
        tabella = nome_pieno(plugin, passo.tabella)
        if isinstance(passo, NuovaTabella):
            yield _tabella(tabella, passo.campi)
        elif isinstance(passo, NuoveColonne):
            for campo in passo.campi:
                yield f"ALTER TABLE {tabella} ADD COLUMN {_colonna(campo)};"
        else:
            colonne = ", ".join(f'"{nome}"' for nome in passo.campi)
            yield f"CREATE INDEX ON {tabella} (ambito_id, {colonne});"


def _tabella(tabella: str, campi: Iterable[Campo]) -> str:
    colonne = ",\n  ".join(_colonna(campo) for campo in campi)
    return f"""CREATE TABLE {tabella} (
  ambito_id smallint NOT NULL REFERENCES public.ambito,
  id integer GENERATED ALWAYS AS IDENTITY,
  {colonne},
  scritta_da bigint DEFAULT utente_corrente(),
  scritta_il timestamptz NOT NULL DEFAULT now(),
  ritirata_il timestamptz,
  PRIMARY KEY (ambito_id, id)
);
SELECT proteggi('{tabella}');
CREATE POLICY solo_ritirate ON {tabella} AS RESTRICTIVE FOR DELETE TO capofila_app
  USING (ritirata_il IS NOT NULL);"""


def _colonna(campo: Campo) -> str:
    specie = SPECIE[campo.tipo]
    obbligo = " NOT NULL" if campo.obbligatorio else ""
    massimo = 200
    if campo.tipo is Tipo.TESTO:
        massimo = (campo.lunghezza or (0, TESTO_MASSIMO))[1]
    limite = f' CHECK (length("{campo.nome}") <= {massimo})' if specie == "text" else ""
    return f'"{campo.nome}" {specie}{obbligo}{limite}'
