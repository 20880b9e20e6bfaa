"""The database writes a record as the layout does in Python, to the byte."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.prestazioni.casi import amministratore, interroga
from tests.siuss.casi import minori_validi, prestazioni_valide

from capofila.debito.resa_sql import espressioni, letterale
from capofila.hooks import Campo, Flusso, Preparatore, Tipo
from capofila.hooks.tracciati import (
    Attributo,
    ColonnaCSV,
    Elemento,
    Lista,
    Ripetuto,
    TracciatoCSV,
    TracciatoXML,
)
from capofila.siuss import FLUSSO_PRESTAZIONI, FLUSSO_SINBA

Record = Mapping[str, str | None]

OSTILI = st.text(
    st.sampled_from(list("&<>\"'\\%{}; \t\n\r\x85\u2028aà😀$1")), min_size=1, max_size=8
)

_TESTO = Campo("testo", Tipo.TESTO, "Testo")
_SOTTO = (Campo("a", Tipo.TESTO, "A"), Campo("b", Tipo.CIFRE, "B"))
FLUSSO = Flusso(
    id="prova", denominazione="Prova", destinatario="Nessuno", versione_schema="1",
    fonte="prestazioni",
    campi=(
        _TESTO, Campo("codice", Tipo.CODICE, "Codice", codici={"si": "Sì", "no": "No"}),
        Campo("lista", Tipo.LISTA_CODICI, "Lista", codici={"x": "X", "y": "Y"}),
        Campo("blocchi", Tipo.BLOCCHI, "Blocchi", sottocampi=_SOTTO),
        Campo("persona", Tipo.TESTO, "Persona"),
    ),
    regole=(),
    tracciato=TracciatoXML(
        "urn:prova", "Flusso", Elemento("Testa"),
        riga=Elemento("Riga", (Attributo("Testo", "testo"),), (
            Elemento("Vuoto", facoltativo=True),
            Elemento("Dentro", (Attributo("Codice", "codice", {"si": "1", "no": "d'oro"}),), (
                Lista("Voci", "V", "lista"),
                Elemento("Sotto", figli=(Ripetuto("B", "blocchi", (
                    Attributo("A", "a"), Attributo("B", "b"))),), facoltativo=True),
            ), facoltativo=True),
        )),
        gruppo=Elemento("Persona", (Attributo("Nome", "persona"),), (
            Elemento("Fisso", figli=(Elemento("Sempre"),)),)),
    ),
    estensione="xml", media_type="application/xml",
)  # fmt: skip

_record = st.fixed_dictionaries(
    {},
    optional={
        "testo": OSTILI,
        "persona": OSTILI,
        "codice": st.sampled_from(["si", "no"]),
        "lista": st.sampled_from(["x", "y", "x y"]),
        "blocchi": st.lists(
            st.fixed_dictionaries({"a": OSTILI}, optional={"b": st.just("01")}), min_size=1
        ).map(lambda b: msgspec.json.encode(b).decode()),
    },
)


@pytest.fixture(scope="module")
def indirizzo(servizi: Any) -> str:
    return amministratore(servizi)


def _in_sql(
    indirizzo: str, flusso: Flusso, record: Sequence[Record]
) -> list[tuple[str | None, str]]:
    gruppo, riga = espressioni(flusso, lambda nome: f"(p.dati ->> {letterale(nome)})")
    righe = asyncio.run(
        interroga(
            indirizzo,
            f"SELECT nullif({gruppo}, '') AS gruppo, {riga} AS riga "
            "FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS p(dati, n) ORDER BY n",
            msgspec.json.encode(record).decode(),
        )
    )
    return [(r["gruppo"], r["riga"]) for r in righe]


def _in_python(flusso: Flusso, record: Sequence[Record]) -> list[tuple[str | None, str | None]]:
    """Rendered from canonical values, without reading them first."""
    preparatore = Preparatore(flusso, [campo.nome for campo in flusso.campi])
    lotto = preparatore.prepara([])
    lotto.numeri = list(range(len(record)))
    lotto.colonne = {c.nome: [r.get(c.nome) for r in record] for c in flusso.campi}
    return list(zip(*preparatore.rendi(lotto), strict=True))


@settings(max_examples=60, deadline=None)
@given(st.lists(_record, min_size=1, max_size=40))
def test_ogni_forma_di_elemento_con_segni_ostili(indirizzo: str, record: list[Record]) -> None:
    assert _in_sql(indirizzo, FLUSSO, record) == _in_python(FLUSSO, record)


@settings(max_examples=30, deadline=None)
@given(st.lists(prestazioni_valide(), min_size=1, max_size=20))
def test_le_prestazioni(indirizzo: str, record: list[Record]) -> None:
    attese = _in_python(FLUSSO_PRESTAZIONI, record)
    assert _in_sql(indirizzo, FLUSSO_PRESTAZIONI, record) == attese


@settings(max_examples=30, deadline=None)
@given(st.lists(minori_validi, min_size=1, max_size=20))
def test_i_minori(indirizzo: str, record: list[Record]) -> None:
    assert _in_sql(indirizzo, FLUSSO_SINBA, record) == _in_python(FLUSSO_SINBA, record)


def test_molti_attributi_stanno_in_piu_chiamate(indirizzo: str) -> None:
    nomi = [f"c{n}" for n in range(250)]
    flusso = msgspec.structs.replace(
        FLUSSO,
        campi=tuple(Campo(nome, Tipo.TESTO, nome) for nome in nomi),
        tracciato=TracciatoXML(
            "urn:prova", "F", Elemento("T"), Elemento("R", tuple(Attributo(n, n) for n in nomi))
        ),
    )
    record = [dict.fromkeys(nomi, "v"), {nomi[100]: "<"}]
    assert _in_sql(indirizzo, flusso, record) == _in_python(flusso, record)


def test_un_csv_non_si_scrive_nella_base_dati() -> None:
    flusso = msgspec.structs.replace(
        FLUSSO, tracciato=TracciatoCSV((ColonnaCSV("Testo", "testo"),))
    )
    with pytest.raises(TypeError, match="only XML"):
        espressioni(flusso, str)
