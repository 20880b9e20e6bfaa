"""Records as PostgreSQL's COPY text: what an import sends to its temporary table."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from capofila.hooks import LottoPreparato
from capofila.prestazioni.rules import Collocazione

if TYPE_CHECKING:
    import polars as pl

COLONNE: Final = (
    "riga", "anno", "competenza", "comune_titolare", "ente_erogatore_id",
    "codice_fiscale", "cognome", "nome", "anno_nascita", "luogo_nascita", "genere",
    "cittadinanza", "seconda_cittadinanza", "comune_residenza", "nazione_residenza",
    "regione_residenza", "altri_indirizzi", "tipo_operazione", "codice_prestazione",
    "denominazione_prestazione", "protocollo_domanda", "prova_mezzi", "carattere", "data_evento",
    "data_inizio", "data_fine", "periodo_erogazione", "importo_mensile", "data_erogazione",
    "importo", "quota_ente", "quota_utente", "quota_ssn", "quota_richiesta", "soglia_isee",
    "dsu_protocollo", "dsu_anno", "dsu_data", "ore_mensili", "presa_in_carico", "area_utenza",
    "sina_mobilita", "sina_attivita_vita_quotidiana", "sina_disturbi_area_cognitiva",
    "sina_disturbi_comportamentali", "sina_necessita_cure_sanitarie", "sina_area_reddituale",
    "sina_area_supporto", "sina_fonte_derivazione_valutazione", "sina_strumento_valutazione",
    "sina_fonte_derivazione_invalidita", "sina_necessita_interventi_sociali",
    "sina_invalidita_civile", "forma_gruppo", "forma_riga",
)  # fmt: skip
"""Columns of `prestazione` that change from row to row, in the order of the COPY."""

_TESTI_LIBERI: Final = frozenset(
    {"cognome", "nome", "denominazione_prestazione", "protocollo_domanda", "dsu_protocollo",
     "altri_indirizzi", "forma_gruppo", "forma_riga"}
)  # fmt: skip


_SEMPRE: Final = frozenset({"riga", "anno", "codice_fiscale", "protocollo_domanda"})
"""Columns that are copied even when they do not change: duplicates are told by them."""


class Copia(msgspec.Struct):
    """What a COPY and the INSERT after it need.

    Attributes:
        colonne: columns of the text.
        testo: the rows, in PostgreSQL's COPY text format.
        quante: how many rows.
        fisse: columns that have one value throughout the block: not worth copying row by row.
    """

    colonne: list[str] = []
    testo: bytes = b""
    fisse: dict[str, str] = {}
    quante: int = 0


def di_lotto(lotto: LottoPreparato, collocazione: Collocazione, buone: Sequence[int]) -> Copia:
    """The good rows in PostgreSQL's COPY text format, without the columns that none fills."""
    tutte = len(buone) == len(lotto)
    copia = Copia(quante=len(buone))
    colonne: list[Sequence[str]] = []
    for nome in COLONNE:
        valori: Sequence[str | None]
        if nome == "riga":
            valori = [str(numero) for numero in lotto.numeri]
        elif nome == "forma_gruppo" or nome == "forma_riga":
            if lotto.forme is None:
                continue
            valori = lotto.forme[nome == "forma_riga"]
        else:
            valori = collocazione.colonna(nome, lotto)
        if not tutte:
            valori = [valori[i] for i in buone]
        primo = valori[0]
        # The ends tell most columns that vary from those that do not.
        if primo == valori[-1] and valori.count(primo) == len(valori) and nome not in _SEMPRE:
            if primo is not None:
                copia.fisse[nome] = primo
            continue
        copia.colonne.append(nome)
        colonne.append(_per_copia(valori, libera=nome in _TESTI_LIBERI))
    copia.testo = "\n".join(map("\t".join, zip(*colonne, strict=True))).encode() + b"\n"
    return copia


def _per_copia(valori: Sequence[str | None], *, libera: bool) -> Sequence[str]:
    """A column in COPY's text format: \\N for null, back-slashes doubled."""
    if libera and "\\" in "".join(filter(None, valori)):
        valori = [v and v.replace("\\", "\\\\") for v in valori]
    if not all(valori):
        return [r"\N" if v is None else v for v in valori]
    pieni: Sequence[str] = valori  # type: ignore[assignment]
    return pieni


def di_tavola(tavola: pl.DataFrame) -> Copia:
    """Plain rows: no text of theirs has to be escaped."""
    copia = Copia(quante=tavola.height)
    for nome in COLONNE:
        if nome not in tavola.columns:
            continue
        colonna = tavola[nome]
        vuote = colonna.null_count()
        if vuote == tavola.height:
            continue
        primo = colonna[0]
        if not vuote and nome not in _SEMPRE and primo == colonna[-1] and (colonna == primo).all():
            copia.fisse[nome] = primo
        else:
            copia.colonne.append(nome)
    testo = io.BytesIO()
    tavola.select(copia.colonne).write_csv(
        testo, include_header=False, separator="\t", quote_style="never", null_value=r"\N"
    )
    copia.testo = testo.getvalue()
    return copia
